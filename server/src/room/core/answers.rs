//! Encoded answers to a step 1, shared by all who ask with the same replica, and counted with those of other rooms.

use bytes::Bytes;
use gesso_protocol::wire::Frame;
use yrs::{ClientID, Doc, ReadTxn as _, StateVector, Transact as _};

use super::Budget;

/// Number of different answers that are kept for others who ask the same.
const KEPT_MAX: usize = 4;
/// Time an answer is kept after somebody asked for it, in ms.
const KEPT_MS: u64 = 1_000;

/// State vector of somebody who asks: clients the room knows, sorted, with the clocks both hold.
type Vector = Vec<(u64, u32)>;

/// See the module.
pub(super) struct Answers {
    budget: Budget,
    /// While nothing changes, the newest last.
    kept: Vec<(Vector, Bytes)>,
    asked_ms: u64,
}

impl Answers {
    pub(super) fn new(budget: Budget, now_ms: u64) -> Self {
        Self { budget, kept: Vec::new(), asked_ms: now_ms }
    }

    /// Counts with all rooms from here on.
    pub(super) fn count_in(&mut self, budget: &Budget) {
        self.budget = budget.clone();
        // What is kept is counted anew.
        for (_, frame) in &mut self.kept {
            if let Some(share) = self.budget.try_take(frame.len()) {
                *frame = share.wrap(std::mem::take(frame));
            }
        }
    }

    /// Keeps the whole document, just encoded.
    pub(super) fn keep_whole(&mut self, state: &[u8]) {
        let frame = Frame::SyncStep2(state).encode();
        let frame = self.count(frame);
        self.kept.push((Vector::new(), frame));
    }

    /// The step 2 for somebody who holds this, of a document of about so many bytes; `None` while too much of others
    /// waits to be sent.
    pub(super) fn get(
        &mut self,
        held: Vector,
        doc: &Doc,
        document_bytes: usize,
        now_ms: u64,
    ) -> Option<Bytes> {
        self.asked_ms = now_ms;
        if let Some((_, frame)) = self.kept.iter().find(|(known, _)| *known == held) {
            return Some(frame.clone());
        }
        let share = self.budget.try_take(document_bytes)?;
        let vector: StateVector =
            held.iter().map(|(client, clock)| (ClientID::new(*client), *clock)).collect();
        let frame = share.hold(Frame::SyncStep2(&doc.transact().encode_diff_v1(&vector)).encode());
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push((held, frame.clone()));
        Some(frame)
    }

    /// True if a diff of a document of so many bytes may be encoded.
    pub(super) fn have_room(&self, document_bytes: usize) -> bool {
        self.budget.try_take(document_bytes).is_some()
    }

    /// Counts what was encoded otherwise, as far as there is room.
    pub(super) fn count(&self, frame: Vec<u8>) -> Bytes {
        match self.budget.try_take(frame.len()) {
            Some(share) => share.hold(frame),
            None => frame.into(),
        }
    }

    /// The document changed.
    pub(super) fn forget(&mut self) {
        self.kept = Vec::new();
    }

    /// Forgets answers that nobody asks for any more.
    pub(super) fn tick(&mut self, now_ms: u64) {
        if self.asked_ms + KEPT_MS <= now_ms {
            self.forget();
        }
    }
}

/// The update inside a step 2, as a part of its bytes.
pub(super) fn update_of(frame: &Bytes) -> Bytes {
    match Frame::decode(frame) {
        Ok(Frame::SyncStep2(update)) => frame.slice_ref(update),
        Ok(_) | Err(_) => Bytes::new(),
    }
}
