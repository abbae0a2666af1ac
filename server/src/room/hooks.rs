//! Calls of a room to whoever owns it.

use std::error::Error as StdError;

use futures_util::future::BoxFuture;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::schema::{Message, Outcome};

/// Calls of a room to the rest of the server.
pub trait RoomHooks: Send + Sync + 'static {
    /// The database's truth of a canvas's outcome. Asked when a room loads and after somebody else wrote to a root of
    /// the server. `chosen` are generations that people's choices name.
    fn outcome<'a>(
        &'a self,
        canvas: &'a CanvasId,
        chosen: Vec<String>,
    ) -> BoxFuture<'a, Result<Outcome, Box<dyn StdError + Send + Sync>>>;

    /// Tells that somebody wrote a comment on a canvas where people sign in.
    fn said(&self, canvas: &CanvasId, thread: String, message: Message);

    /// Tells that the document, and with it the canvas's row, changed; at most once in
    /// [`RoomLimits::tell_ms`](super::RoomLimits::tell_ms).
    fn edited(&self, canvas: &CanvasId);
}
