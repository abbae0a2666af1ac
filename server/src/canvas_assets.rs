//! Files of canvases as they were a moment ago, for guests, who may see no others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use gesso_protocol::ids::CanvasId;

/// Time for which the files of a canvas are remembered.
const KEPT: Duration = Duration::from_secs(3);
/// So many canvases are remembered before old ones are forgotten.
const REMEMBERED_MAX: usize = 200;

/// Ids of files by canvas.
#[derive(Debug, Default)]
pub struct CanvasAssets {
    seen: DashMap<CanvasId, (Instant, Arc<BTreeSet<String>>)>,
}

impl CanvasAssets {
    /// The files of a canvas, where they were looked up a moment ago.
    pub(crate) fn of(&self, canvas: &CanvasId) -> Option<Arc<BTreeSet<String>>> {
        let entry = self.seen.get(canvas).filter(|entry| entry.0.elapsed() < KEPT)?;
        Some(Arc::clone(&entry.1))
    }

    /// Remembers them.
    pub(crate) fn remember(
        &self,
        canvas: &CanvasId,
        ids: BTreeSet<String>,
    ) -> Arc<BTreeSet<String>> {
        if self.seen.len() >= REMEMBERED_MAX {
            self.seen.retain(|_, (at, _)| at.elapsed() < KEPT);
        }
        let ids = Arc::new(ids);
        self.seen.insert(canvas.clone(), (Instant::now(), Arc::clone(&ids)));
        ids
    }
}
