//! Why a run is not started or changed.

use gesso_protocol::problem::{ErrorCode, Refusal};

use crate::db::DbError;
use crate::readers::ReadError;
use crate::room::RoomError;

/// Why a run could not be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not right; nothing happened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The room failed.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The same request came twice at once; its answer is kept.
    #[error("the request was repeated")]
    Repeated,
    /// The canvas could not be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

pub(super) fn refuse<T>(code: ErrorCode, detail: impl Into<String>) -> Result<T, RunError> {
    Err(Refusal::new(code, detail).into())
}
