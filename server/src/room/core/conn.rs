//! A connection, as the core of a room sees it.

use crate::room::core::work::Work;
use bytes::Bytes;
use gesso_protocol::api::accounts::CanvasRole;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// An update that waits for what it builds on.
pub(super) struct PendingUpdate {
    pub(super) number: u64,
    pub(super) bytes: Bytes,
    pub(super) since_ms: u64,
    /// It was written just now, so its ids are the writer's own.
    pub(super) is_live: bool,
}

/// Key of a pending update: the client and the clock it waits for, and its number.
pub(super) type PendingAt = (u64, u32, u64);

/// The client and the clock that an update waits for which waits for nothing but its turn.
pub(super) const READY: (u64, u32) = (0, 0);

/// True if an update waits for its turn alone. Then its bytes are still counted among what its connection sent.
pub(super) const fn is_ready(at: &PendingAt) -> bool {
    at.0 == READY.0 && at.1 == READY.1
}

impl PendingUpdate {
    /// Returns the bytes it counts for: its own, and what is kept of it beside them.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }
}

pub(super) struct Conn {
    pub(super) role: CanvasRole,
    pub(super) person: Arc<str>,
    pub(super) wants_saved: bool,
    /// Update messages received.
    pub(super) received: u64,
    /// Pending updates by what they wait for, and the bytes of those that wait for a gap.
    pub(super) pending: BTreeMap<PendingAt, PendingUpdate>,
    pub(super) pending_bytes: usize,
    /// Counts that become `saved` when the log is durable up to a number.
    pub(super) promises: VecDeque<(u64, u64)>,
    pub(super) promised: u64,
    /// Everybody's awareness is due.
    pub(super) wants_everybody: bool,
    /// An answer to a step 1 that is due: the clocks it holds of the clients that the room holds, sorted.
    pub(super) wants: Option<Vec<(u64, u32)>>,
    /// An answer is under way; the next waits for it.
    pub(super) answering: bool,
    /// Updates go to it: its first step 1 was answered, or it did not ask for so long that it will not.
    pub(super) is_open: bool,
    pub(super) joined_ms: u64,
    /// CPU time of its updates.
    pub(super) work: Work,
    /// CPU time of its awareness and state vectors.
    pub(super) heard: Work,
    /// When it wrote where only the server writes, in ms.
    pub(super) violations: VecDeque<u64>,
}

impl Conn {
    /// True if an update of it waits for its turn alone.
    pub(super) fn is_unfinished(&self) -> bool {
        self.pending.first_key_value().is_some_and(|(at, _)| is_ready(at))
    }

    /// Keeps an update at what it waits for.
    pub(super) fn hold_back(&mut self, client: u64, clock: u32, pending: PendingUpdate) {
        let at = (client, clock, pending.number);
        if !is_ready(&at) {
            self.pending_bytes += pending.size();
        }
        self.pending.insert(at, pending);
    }

    /// Takes an update back.
    pub(super) fn take_pending(&mut self, at: &PendingAt) -> Option<PendingUpdate> {
        let pending = self.pending.remove(at)?;
        if !is_ready(at) {
            self.pending_bytes -= pending.size();
        }
        Some(pending)
    }

    /// Update messages settled (applied or refused), in arrival order.
    pub(super) fn settled(&self) -> u64 {
        self.pending
            .values()
            .map(|pending| pending.number)
            .min()
            .map_or(self.received, |first| first - 1)
    }
}
