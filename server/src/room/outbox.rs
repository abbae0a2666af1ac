//! What waits to be sent to one connection: bounded in bytes, and never a reason to wait for the room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use super::core::Covers;

/// The next thing a connection's sender has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send this frame.
    Frame(Bytes),
    /// Send this answer to a step 1, then tell the room.
    Answer(Bytes),
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
    close: Option<(u16, String)>,
    is_gone: bool,
}

/// The queue of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
    max_bytes: usize,
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), max_bytes }
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
        if state.missed.is_none() && state.bytes + frame.len() > self.max_bytes {
            let mut missed = BTreeMap::new();
            for item in &state.queue {
                note(&mut missed, item.covers.as_ref());
            }
            state.queue.retain(|item| item.is_answer);
            state.bytes = 0;
            state.missed = Some(missed);
            state.lagging_since_ms.get_or_insert(now_ms);
        }
        if let Some(missed) = &mut state.missed {
            note(missed, covers.as_ref());
        } else {
            state.bytes += frame.len();
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

    /// What is to be done next, if anything, without waiting.
    pub(crate) fn try_next(&self) -> Option<Next> {
        let mut state = self.state();
        if let Some(item) = state.queue.pop_front() {
            if item.is_answer {
                return Some(Next::Answer(item.frame));
            }
            state.bytes -= item.frame.len();
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

    /// What is to be done next.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.wake.notified().await;
        }
    }

    /// Whether the connection is to be closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.state().close.is_some()
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
    use std::sync::Arc;

    fn covers(client: u64, start: u32) -> Option<Covers> {
        Some(Arc::from([(client, start)]))
    }

    #[test]
    fn above_the_bound_the_queue_is_lost_and_what_it_carried_is_known() {
        let outbox = Outbox::new(10);
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
        let outbox = Outbox::new(10);
        outbox.push(Bytes::from_static(b"why"), None, 0);
        outbox.close(1008, "because".to_owned());
        outbox.push(Bytes::from_static(b"late"), None, 0);
        assert!(matches!(outbox.try_next(), Some(Next::Frame(_))));
        assert_eq!(outbox.try_next(), Some(Next::Close(1008, "because".to_owned())));
    }
}
