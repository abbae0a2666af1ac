//! Calls of a room to whoever owns it.

use std::error::Error as StdError;

use futures_util::future::BoxFuture;
use gesso_protocol::ids::CanvasId;
use yrs::TransactionMut;

/// A write that rewrites what differs from the database, in one of the server's transactions.
pub type OutcomeWrite = Box<dyn FnOnce(&mut TransactionMut<'_>) + Send>;

/// Calls of a room to the rest of the server.
pub trait RoomHooks: Send + Sync + 'static {
    /// The database's truth of a canvas's outcome, as a write that rewrites what differs from it. Asked when a
    /// room loads and after somebody else wrote to a root of the server. `chosen` are generations that people's
    /// choices name.
    fn outcome<'a>(
        &'a self,
        canvas: &'a CanvasId,
        chosen: Vec<String>,
    ) -> BoxFuture<'a, Result<OutcomeWrite, Box<dyn StdError + Send + Sync>>>;

    /// Tells that the document, and with it the canvas's row, changed; at most once in
    /// [`RoomLimits::tell_ms`](super::RoomLimits::tell_ms).
    fn edited(&self, canvas: &CanvasId);
}
