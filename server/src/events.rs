//! Changes of the workflow list, told to everybody who looks at it.

use gesso_protocol::ids::CanvasId;
use tokio::sync::broadcast;

/// Number of changes a slow listener may lag behind; then it reads the list anew.
const KEPT: usize = 256;

/// Tells listeners which canvases changed.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<CanvasId>,
}

impl Events {
    /// With no listener yet.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(KEPT).0 }
    }

    /// A canvas or a run of it changed.
    pub fn changed(&self, canvas: &CanvasId) {
        // Nobody listening is fine.
        let _listeners = self.sender.send(canvas.clone()).unwrap_or(0);
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<CanvasId> {
        self.sender.subscribe()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}
