//! Frames that wait to be sent to one connection: bounded in bytes, and never a reason to wait for the room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use super::budget::Outflow;
use super::core::Covers;

/// Bytes that a queued frame costs besides its own.
const FRAME_BYTES: usize = 96;
/// So much may always wait for a connection, however much waits for others, in bytes.
const FLOOR_BYTES: usize = 16 << 10;

/// The next thing a connection's sender has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send this frame.
    Frame(Bytes),
    /// Send this answer to a step 1, then tell the room.
    Answer(Bytes),
    /// Answer a ping with its payload.
    Pong(Bytes),
    /// The queue was lost and has drained: ask the room for a fresh diff. Nothing comes before it.
    Drained,
    /// Send a close frame and end.
    Close(u16, String),
}

#[derive(Debug)]
struct Item {
    frame: Bytes,
    covers: Option<Covers>,
    is_answer: bool,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    /// Bytes of the queue that count against the bound.
    bytes: usize,
    /// The queue was lost: for each client the first clock of what was dropped.
    missed: Option<BTreeMap<u64, u32>>,
    lagging_since_ms: Option<u64>,
    /// The room was asked for the diff that makes up for what was lost.
    is_asked: bool,
    /// The newest ping that was not answered; older ones need no answer (RFC 6455).
    pong: Option<Bytes>,
    close: Option<(u16, String)>,
    /// The other side closes.
    is_hung_up: bool,
    is_gone: bool,
}

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
    max_bytes: usize,
    /// Where what waits is counted besides: with the person and with all.
    outflow: [Arc<Outflow>; 2],
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize, outflow: [Arc<Outflow>; 2]) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), max_bytes, outflow }
    }

    /// One that is counted with nobody else's.
    #[cfg(test)]
    pub(crate) fn alone(max_bytes: usize) -> Self {
        let usage = super::budget::Usage::new(&super::limits::RoomLimits::default());
        let ticket = usage.admit("").expect("there is room for one");
        Self::new(max_bytes, ticket.outflow.clone())
    }

    /// True if so many bytes may wait, of which `more` are new.
    fn has_room(&self, bytes: usize, more: usize) -> bool {
        bytes <= self.max_bytes
            && (bytes <= FLOOR_BYTES || self.outflow.iter().all(|flow| flow.has_room(more)))
    }

    fn count(&self, state: &mut State, bytes: usize) {
        state.bytes += bytes;
        self.outflow.iter().for_each(|flow| flow.add(bytes));
    }

    fn uncount(&self, state: &mut State, bytes: usize) {
        state.bytes -= bytes;
        self.outflow.iter().for_each(|flow| flow.remove(bytes));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// Queues a frame. Above the bound the queue is dropped, and what it carried is noted.
    pub(crate) fn push(&self, frame: Bytes, covers: Option<Covers>, now_ms: u64) {
        let mut state = self.state();
        if state.close.is_some() {
            return;
        }
        let cost = frame.len() + FRAME_BYTES;
        if state.missed.is_none() && !self.has_room(state.bytes + cost, cost) {
            let mut missed = BTreeMap::new();
            for item in &state.queue {
                note(&mut missed, item.covers.as_ref());
            }
            state.queue.retain(|item| item.is_answer);
            let bytes = state.bytes;
            self.uncount(&mut state, bytes);
            state.missed = Some(missed);
            state.lagging_since_ms.get_or_insert(now_ms);
        }
        if let Some(missed) = &mut state.missed {
            note(missed, covers.as_ref());
        } else {
            self.count(&mut state, cost);
            state.queue.push_back(Item { frame, covers, is_answer: false });
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Queues an answer to a step 1, or the diff after a lost queue: outside of the bound.
    pub(crate) fn push_answer(&self, frame: Bytes) {
        let mut state = self.state();
        if state.close.is_none() {
            state.queue.push_back(Item { frame, covers: None, is_answer: true });
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Closes after what is queued already; a queue that was lost is not waited for.
    pub(crate) fn close(&self, code: u16, reason: String) {
        let mut state = self.state();
        if state.missed.is_some() {
            state.queue.clear();
        }
        state.close.get_or_insert((code, reason));
        drop(state);
        self.wake.notify_one();
    }

    /// The other side closes: nothing more is sent but the answer to that.
    pub(crate) fn hang_up(&self, code: u16) {
        self.state().is_hung_up = true;
        self.give_up(code, String::new());
    }

    /// Closes without what is queued.
    pub(crate) fn give_up(&self, code: u16, reason: String) {
        let mut state = self.state();
        state.queue = VecDeque::new();
        let bytes = state.bytes;
        self.uncount(&mut state, bytes);
        state.close.get_or_insert((code, reason));
        drop(state);
        self.wake.notify_one();
    }

    /// True if the other side closes.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.state().is_hung_up
    }

    /// Answers a ping as soon as something can be sent.
    pub(crate) fn pong(&self, payload: Bytes) {
        self.state().pong = Some(payload);
        self.wake.notify_one();
    }

    /// The socket is gone: the room may forget the connection.
    pub(crate) fn mark_gone(&self) {
        self.state().is_gone = true;
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.state().is_gone
    }

    /// Since when the connection has been behind, if it is.
    pub(crate) fn lagging_since_ms(&self) -> Option<u64> {
        self.state().lagging_since_ms
    }

    /// Returns the next thing to do, if anything, without waiting.
    pub(crate) fn try_next(&self) -> Option<Next> {
        let mut state = self.state();
        if let Some(payload) = state.pong.take() {
            return Some(Next::Pong(payload));
        }
        if let Some(item) = state.queue.pop_front() {
            if state.queue.is_empty() {
                // A quiet connection holds no memory.
                state.queue = VecDeque::new();
            }
            if item.is_answer {
                return Some(Next::Answer(item.frame));
            }
            self.uncount(&mut state, item.frame.len() + FRAME_BYTES);
            return Some(Next::Frame(item.frame));
        }
        if let Some((code, reason)) = state.close.clone() {
            return Some(Next::Close(code, reason));
        }
        if state.missed.is_none() || state.is_asked {
            return None;
        }
        state.is_asked = true;
        Some(Next::Drained)
    }

    /// For each client the first clock of what was dropped; from here on frames are queued again. The diff that
    /// makes up for it has to be queued next: a replica takes updates in order.
    pub(crate) fn resume(&self) -> BTreeMap<u64, u32> {
        let mut state = self.state();
        state.is_asked = false;
        state.lagging_since_ms = None;
        state.missed.take().unwrap_or_default()
    }

    /// Waits for the next thing to do.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.wake.notified().await;
        }
    }

    /// True if the connection is to be closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.state().close.is_some()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let bytes = self.state().bytes;
        self.outflow.iter().for_each(|flow| flow.remove(bytes));
    }
}

fn note(missed: &mut BTreeMap<u64, u32>, covers: Option<&Covers>) {
    for (client, start) in covers.into_iter().flat_map(|covers| covers.iter()) {
        let first = missed.entry(*client).or_insert(*start);
        *first = (*first).min(*start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(max_bytes: usize) -> Outbox {
        Outbox::alone(max_bytes)
    }

    fn covers(client: u64, start: u32) -> Option<Covers> {
        Some(Arc::from([(client, start)]))
    }

    #[test]
    fn above_the_bound_the_queue_is_lost_and_what_it_carried_is_known() {
        let outbox = outbox(10 + FRAME_BYTES);
        outbox.push(Bytes::from_static(b"12345"), covers(1, 7), 100);
        outbox.push_answer(Bytes::from_static(b"an answer outside of the bound"));
        outbox.push(Bytes::from_static(b"123456"), covers(1, 9), 101);
        outbox.push(Bytes::from_static(b"1"), covers(2, 0), 102);
        assert_eq!(outbox.lagging_since_ms(), Some(101));
        assert!(matches!(outbox.try_next(), Some(Next::Answer(_))));
        assert_eq!(outbox.try_next(), Some(Next::Drained));
        assert_eq!(outbox.try_next(), None);
        outbox.push(Bytes::from_static(b"1"), covers(3, 5), 103);
        assert_eq!(outbox.try_next(), None, "nothing comes before the diff");
        assert_eq!(outbox.resume(), BTreeMap::from([(1, 7), (2, 0), (3, 5)]));
        assert_eq!(outbox.lagging_since_ms(), None);
        outbox.push(Bytes::from_static(b"again"), None, 103);
        assert!(matches!(outbox.try_next(), Some(Next::Frame(_))));
    }

    #[test]
    fn a_close_comes_after_what_was_queued_before_it() {
        let outbox = outbox(10 + FRAME_BYTES);
        outbox.push(Bytes::from_static(b"why"), None, 0);
        outbox.close(1008, "because".to_owned());
        outbox.push(Bytes::from_static(b"late"), None, 0);
        assert!(matches!(outbox.try_next(), Some(Next::Frame(_))));
        assert_eq!(outbox.try_next(), Some(Next::Close(1008, "because".to_owned())));
    }
}
