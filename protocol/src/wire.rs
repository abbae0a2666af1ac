//! Messages of `/sync/{canvas}`: those of y-protocols, exactly as `y-websocket` writes them.
//!
//! One WebSocket message carries one frame; bytes after it are ignored, as `y-websocket` does.
//!
//! ```
//! use gesso_protocol::wire::Frame;
//! let bytes = Frame::Update(&[0, 0]).encode();
//! assert_eq!(Frame::decode(&bytes), Ok(Frame::Update(&[0, 0])));
//! ```
//!
//! [`guard`] checks a Yjs update before the CRDT library sees it, [`merge`] joins updates without
//! decoding their content, [`salvage`] reads what is left of damaged ones, [`awareness`] reads and writes the states
//! inside [`Frame::Awareness`].

pub mod awareness;
pub mod guard;
pub mod merge;
pub mod read;
pub mod salvage;

use read::{ReadError, Reader, write_buf, write_var};
use thiserror::Error;

/// y-protocols: a sync message (step 1, step 2 or an update) follows.
const SYNC: u64 = 0;
/// y-protocols: an awareness update follows.
const AWARENESS: u64 = 1;
/// y-protocols: permission denied (0, with a reason) or granted (1) follows.
const AUTH: u64 = 2;
/// y-protocols: the sender asks for every awareness state.
const QUERY_AWARENESS: u64 = 3;
/// Gesso: how many of the receiver's update messages are durable; only where `?saved=1` was asked.
const SAVED: u64 = 100;
/// Gesso: the receiver's role on the canvas; only where `?saved=1` was asked.
const ROLE: u64 = 101;

const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;

const DENIED: u64 = 0;
const GRANTED: u64 = 1;

/// One message of the sync connection, borrowing its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The sender's state vector (lib0 v1): "send me what I lack".
    SyncStep1(&'a [u8]),
    /// A Yjs v1 update answering a step 1.
    SyncStep2(&'a [u8]),
    /// A Yjs v1 update.
    Update(&'a [u8]),
    /// An awareness update, see [`awareness`].
    Awareness(&'a [u8]),
    /// The last write of the receiver was refused, for this reason (y-protocols `auth`, permission denied).
    Denied(&'a str),
    /// y-protocols `auth` with permission granted; Gesso never sends it.
    Granted,
    /// "Send me everybody's awareness."
    QueryAwareness,
    /// So many of the receiver's update messages (step 2 and update) are durable, counted from its connecting.
    Saved(u64),
    /// The receiver's role on the canvas, by its name: sent first of all, and again when it changes.
    Role(&'a str),
    /// A message type this version does not know; to be ignored.
    Unknown(u64),
}

/// Why a message is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed sync message: {0}")]
pub struct WireError(#[from] ReadError);

impl<'a> Frame<'a> {
    /// Reads one WebSocket message. Never panics and allocates nothing.
    ///
    /// # Errors
    /// When a length points outside the message, a number is no varuint of 64 bits, or a reason is
    /// not UTF-8. Unknown types are [`Frame::Unknown`], not errors.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        Ok(match reader.var_u64()? {
            SYNC => match reader.var_u64()? {
                STEP_1 => Frame::SyncStep1(reader.buf()?),
                STEP_2 => Frame::SyncStep2(reader.buf()?),
                UPDATE => Frame::Update(reader.buf()?),
                _ => Frame::Unknown(SYNC),
            },
            AWARENESS => Frame::Awareness(reader.buf()?),
            AUTH => match reader.var_u64()? {
                DENIED => Frame::Denied(reader.string()?),
                _ => Frame::Granted,
            },
            QUERY_AWARENESS => Frame::QueryAwareness,
            SAVED => Frame::Saved(reader.var_u64()?),
            ROLE => Frame::Role(reader.string()?),
            other => Frame::Unknown(other),
        })
    }

    /// The bytes of one WebSocket message. [`Frame::Unknown`] gives only its type.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload_len() + 12);
        match *self {
            Frame::SyncStep1(body) => sync(&mut out, STEP_1, body),
            Frame::SyncStep2(body) => sync(&mut out, STEP_2, body),
            Frame::Update(body) => sync(&mut out, UPDATE, body),
            Frame::Awareness(body) => {
                write_var(&mut out, AWARENESS);
                write_buf(&mut out, body);
            }
            Frame::Denied(reason) => {
                write_var(&mut out, AUTH);
                write_var(&mut out, DENIED);
                write_buf(&mut out, reason.as_bytes());
            }
            Frame::Granted => {
                write_var(&mut out, AUTH);
                write_var(&mut out, GRANTED);
            }
            Frame::QueryAwareness => write_var(&mut out, QUERY_AWARENESS),
            Frame::Saved(count) => {
                write_var(&mut out, SAVED);
                write_var(&mut out, count);
            }
            Frame::Role(role) => {
                write_var(&mut out, ROLE);
                write_buf(&mut out, role.as_bytes());
            }
            Frame::Unknown(kind) => write_var(&mut out, kind),
        }
        out
    }

    fn payload_len(&self) -> usize {
        match *self {
            Frame::SyncStep1(body)
            | Frame::SyncStep2(body)
            | Frame::Update(body)
            | Frame::Awareness(body) => body.len(),
            Frame::Denied(reason) => reason.len(),
            Frame::Role(role) => role.len(),
            Frame::Granted | Frame::QueryAwareness | Frame::Saved(_) | Frame::Unknown(_) => 0,
        }
    }
}

fn sync(out: &mut Vec<u8>, step: u64, body: &[u8]) {
    write_var(out, SYNC);
    write_var(out, step);
    write_buf(out, body);
}

/// Close codes of the sync connection (R-SYNC-70) with the reasons sent beside them.
pub mod close {
    /// A text frame arrived; the protocol is binary.
    pub const TEXT_FRAME: u16 = 1003;
    /// Bytes that are no frame or no update.
    pub const MALFORMED: u16 = 1007;
    /// A gap that was not filled in time, or a refused write.
    pub const REFUSED: u16 = 1008;
    /// A frame above the limit.
    pub const TOO_LARGE: u16 = 1009;
    /// The server restarts or reloads the room; connect again.
    pub const RESTART: u16 = 1012;
    /// Too slow for what it is sent, or the room is full; connect again later.
    pub const TRY_LATER: u16 = 1013;
    /// Not signed in.
    pub const NOT_SIGNED_IN: u16 = 4401;
    /// Signed in, but not allowed.
    pub const NOT_ALLOWED: u16 = 4403;
    /// No such canvas.
    pub const NOT_FOUND: u16 = 4404;
    /// The canvas was deleted while open.
    pub const DELETED: u16 = 4409;
    /// The document or its number of nodes is at the limit.
    pub const DOCUMENT_LIMIT: u16 = 4413;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_are_byte_for_byte_those_of_y_websocket() {
        assert_eq!(Frame::SyncStep1(&[0]).encode(), [0, 0, 1, 0]);
        assert_eq!(Frame::SyncStep2(&[0, 0]).encode(), [0, 1, 2, 0, 0]);
        assert_eq!(Frame::Update(&[0, 0]).encode(), [0, 2, 2, 0, 0]);
        assert_eq!(Frame::Awareness(&[0]).encode(), [1, 1, 0]);
        assert_eq!(Frame::Denied("no").encode(), [2, 0, 2, b'n', b'o']);
        assert_eq!(Frame::QueryAwareness.encode(), [3]);
        assert_eq!(Frame::Saved(300).encode(), [100, 0xac, 0x02]);
        assert_eq!(Frame::Role("viewer").encode(), b"\x65\x06viewer");
    }

    #[test]
    fn unknown_types_are_ignored_and_broken_ones_are_errors() {
        assert_eq!(Frame::decode(&[77, 1, 2]), Ok(Frame::Unknown(77)));
        assert_eq!(Frame::decode(&[0, 9]), Ok(Frame::Unknown(0)));
        assert!(Frame::decode(&[]).is_err());
        assert!(Frame::decode(&[0, 2, 200, 1, 5]).is_err());
        assert!(Frame::decode(&[2, 0, 1, 0xff]).is_err());
        assert!(Frame::decode(&[0xff; 11]).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(frame) = Frame::decode(&bytes)
                && !matches!(frame, Frame::Unknown(_))
            {
                let again = frame.encode();
                prop_assert_eq!(Frame::decode(&again), Ok(frame));
            }
        }

        #[test]
        fn every_frame_comes_back(body in proptest::collection::vec(any::<u8>(), 0..300), count: u64, reason: String) {
            for frame in [
                Frame::SyncStep1(&body), Frame::SyncStep2(&body), Frame::Update(&body),
                Frame::Awareness(&body), Frame::Denied(&reason), Frame::Saved(count), Frame::Role(&reason),
                Frame::QueryAwareness, Frame::Granted,
            ] {
                let bytes = frame.encode();
                prop_assert_eq!(Frame::decode(&bytes), Ok(frame));
            }
        }
    }
}
