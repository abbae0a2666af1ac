//! Why a room could not do what was asked of it.

use crate::room::core::Refusal;
use crate::room::store::StoreError;

/// Why a room could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RoomError {
    /// There is no such canvas.
    #[error("there is no such canvas")]
    NotFound,
    /// The canvas was deleted.
    #[error("the canvas was deleted")]
    Deleted,
    /// Document could not be loaded.
    #[error("the document could not be loaded: {0}")]
    Load(String),
    /// The log failed.
    #[error("the document's log failed: {0}")]
    Store(#[from] StoreError),
    /// The update or the connection was refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The room ended or was loaded anew meanwhile; opening it again is safe, repeating a write is up to the caller.
    #[error("the room was closed meanwhile")]
    Closed,
}
