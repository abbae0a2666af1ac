//! Changes that people are told of while they look: of the workflow list, and of their notifications.

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

/// Tells listeners what happened.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Notice>,
}

impl Events {
    /// With no listener yet.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(KEPT).0 }
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
