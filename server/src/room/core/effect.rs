//! Input and output of the core of a room.

use bytes::Bytes;
use gesso_protocol::schema::Message;
use std::sync::Arc;

/// A connection, numbered by the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnId(pub(crate) u64);

/// Where a frame that is dropped or sent late leaves its receiver: for each client, the first clock it lacks.
pub(crate) type Covers = Arc<[(u64, u32)]>;

/// Something the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Queue a frame for a connection. `covers` is there when it carries document updates.
    Send { conn: ConnId, frame: Bytes, covers: Option<Covers> },
    /// Queue an answer that does not count against the queue's bound.
    Answer { conn: ConnId, frame: Bytes },
    /// Close a connection; the core has forgotten it already.
    Close { conn: ConnId, code: u16, reason: String },
    /// Make this update durable; then call [`Core::durable`](super::Core::durable) with its number.
    Persist { number: u64, update: Bytes },
    /// Somebody wrote where only the server writes: lay the database's truth over the document.
    CheckOutcome,
    /// Somebody chose what a node shows and passes on, which the document may not hold.
    ChoicesChanged,
    /// Somebody wrote a comment.
    Said { thread: String, message: Message },
    /// Updates that stood aside under these ids are in the document again.
    Recovered(Vec<String>),
}

/// Why an update or a connection was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The close code that goes with it.
    pub code: u16,
    /// Text for the sender.
    pub reason: String,
}

impl Refusal {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Which part of a posted update went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The last one: it is in whole.
    Last,
    /// One that others follow.
    Further,
}
