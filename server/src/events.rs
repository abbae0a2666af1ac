//! Changes that people are told of while they look: of the workflow list, and of their notifications.

use std::sync::Arc;

use dashmap::DashMap;
use gesso_protocol::ids::CanvasId;
use tokio::sync::broadcast;

/// Number of changes a slow listener may lag behind; then it reads the list anew.
const KEPT: usize = 256;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A canvas or a run of it changed.
    Canvas(CanvasId),
    /// There is a new notification for this person.
    Notified(String),
}

/// The most streams of events of one person.
const STREAMS_PERSON_MAX: usize = 64;

/// Tells listeners what happened.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Notice>,
    streams: Arc<DashMap<String, usize>>,
}

/// A stream of events that counts as long as this lives.
#[derive(Debug)]
pub struct StreamTicket {
    streams: Arc<DashMap<String, usize>>,
    person: String,
}

impl Drop for StreamTicket {
    fn drop(&mut self) {
        if let Some(mut count) = self.streams.get_mut(&self.person) {
            *count -= 1;
        }
        self.streams.remove_if(&self.person, |_, count| *count == 0);
    }
}

impl Events {
    /// With no listener yet.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(KEPT).0, streams: Arc::default() }
    }

    /// A canvas or a run of it changed.
    pub fn changed(&self, canvas: &CanvasId) {
        self.send(Notice::Canvas(canvas.clone()));
    }

    /// There is a new notification for a person.
    pub fn notified(&self, person: &str) {
        self.send(Notice::Notified(person.to_owned()));
    }

    fn send(&self, notice: Notice) {
        // Nobody listening is fine.
        let _listeners = self.sender.send(notice).unwrap_or(0);
    }

    /// Counts a stream of a person; `None` where they have as many as may be.
    pub fn admit(&self, person: &str) -> Option<StreamTicket> {
        let mut count = self.streams.entry(person.to_owned()).or_default();
        if *count >= STREAMS_PERSON_MAX {
            return None;
        }
        *count += 1;
        Some(StreamTicket { streams: Arc::clone(&self.streams), person: person.to_owned() })
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Notice> {
        self.sender.subscribe()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_so_many_streams_and_others_have_theirs() {
        let events = Events::new();
        let mut held: Vec<StreamTicket> =
            (0..STREAMS_PERSON_MAX).map(|_| events.admit("ada").unwrap()).collect();
        assert!(events.admit("ada").is_none());
        assert!(events.admit("bob").is_some());
        held.pop();
        assert!(events.admit("ada").is_some());
        drop(held);
        assert!(events.streams.is_empty());
    }
}
