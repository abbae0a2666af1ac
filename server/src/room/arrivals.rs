//! Frames that wait for a room: one list, taken whole. It holds no memory while nothing waits.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::budget::Hold;
use super::core::ConnId;
use super::limits::RoomLimits;

/// A frame of a connection.
pub(crate) struct Arrived {
    pub(crate) conn: ConnId,
    pub(crate) bytes: Bytes,
    /// Place among what waits, until it is applied: in this room, and with its connection, person and process.
    pub(crate) place: (OwnedSemaphorePermit, Hold),
}

/// Frames that connections sent and the room has not taken yet.
pub(crate) struct Arrivals {
    waiting: Mutex<Vec<Arrived>>,
    wake: Notify,
    /// Bytes that may still wait.
    free: Arc<Semaphore>,
    /// Least and most bytes that a frame counts for.
    counted: (usize, usize),
}

impl Arrivals {
    pub(crate) fn new(limits: &RoomLimits) -> Self {
        let max = limits.inbox_max_bytes.min(Semaphore::MAX_PERMITS);
        let least = (max / limits.inbox_max_messages.max(1)).max(1);
        Self {
            waiting: Mutex::default(),
            wake: Notify::new(),
            free: Arc::new(Semaphore::new(max)),
            counted: (least, max),
        }
    }

    /// A frame with its place; waits while too much waits already.
    pub(crate) async fn admit(&self, conn: ConnId, bytes: Bytes, hold: Hold) -> Arrived {
        let (least, most) = self.counted;
        let size = u32::try_from(bytes.len().clamp(least, most)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.free).acquire_many_owned(size).await;
        let permit = permit.expect("it is never closed");
        Arrived { conn, bytes, place: (permit, hold) }
    }

    /// Puts a frame last.
    pub(crate) fn push(&self, frame: Arrived) {
        self.waiting.lock().expect("no holder panics").push(frame);
        self.wake.notify_one();
    }

    /// Everything that waits, oldest first.
    pub(crate) fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut *self.waiting.lock().expect("no holder panics"))
    }

    /// Waits until something waits.
    pub(crate) async fn some(&self) {
        while self.waiting.lock().expect("no holder panics").is_empty() {
            self.wake.notified().await;
        }
    }
}
