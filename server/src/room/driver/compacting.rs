//! When a room's log is compacted, and what becomes of what that finds.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;

use super::super::compact::{Compacted, compact, put_snapshot};
use super::{Driver, Waiter};

/// For every so many bytes of a document its log is compacted that much less often.
const COMPACT_SHARE_BYTES: u64 = 1 << 20;

impl Driver {
    /// Compacting reads the whole document: the larger it is, the more edits share the price of it.
    pub(super) fn is_compaction_due(&self) -> bool {
        let limits = &self.setup.limits;
        let document = self.core.document_bytes() as u64;
        let updates = limits.compact_updates * (1 + document / COMPACT_SHARE_BYTES);
        self.tail.0 >= updates || self.tail.1 >= limits.compact_bytes.max(document / 2)
    }

    pub(super) fn is_compacting(&self) -> bool {
        self.compacting.as_ref().is_some_and(|task| !task.is_finished())
    }

    pub(super) fn start_compacting(&mut self) {
        if self.is_compacting() {
            return;
        }
        self.tail = (0, 0);
        let (store, canvas) = (Arc::clone(&self.setup.store), self.setup.canvas.clone());
        let usage = Arc::clone(&self.setup.usage);
        self.compacting = Some(tokio::spawn(async move {
            let _turn = usage.heavy.acquire().await;
            compact(store, canvas.clone()).await.unwrap_or_else(|error| {
                tracing::error!(%canvas, %error, "a document's log could not be compacted");
                Compacted::default()
            })
        }));
    }

    /// Puts the document as it is, all of which was just handed to the log, in place of the log, and measures what opening
    /// it takes: writing took so long that reading the log would take long too.
    pub(super) fn start_measuring(&mut self) {
        if self.is_compacting() || self.core.broken().is_some() {
            return;
        }
        self.core.begin_measuring();
        self.tail = (0, 0);
        let (store, canvas) = (Arc::clone(&self.setup.store), self.setup.canvas.clone());
        let (usage, seq) = (Arc::clone(&self.setup.usage), self.seq);
        let (snapshot, limits) = (self.core.encode_state(), self.setup.limits.clone());
        let (done, durable) = oneshot::channel();
        let told: Waiter = Box::new(move |result| drop(done.send(result)));
        if self.core.persisted() <= self.durable {
            told(Ok(()));
        } else {
            self.waiters.push((self.core.persisted(), told));
        }
        self.compacting = Some(tokio::spawn(async move {
            // A row that is not in the log yet would come behind the snapshot that holds it.
            let Ok(Ok(())) = durable.await else { return Compacted::default() };
            let _turn = usage.heavy.acquire().await;
            put_snapshot(store, canvas.clone(), seq, snapshot, limits).await.unwrap_or_else(|error| {
                tracing::error!(%canvas, %error, "a document could not be put in place of its log");
                Compacted::default()
            })
        }));
    }

    /// Stores the whole document once more if compacting found damage on disk: this room still has what was lost.
    pub(super) fn look_after_compacting(&mut self) {
        let Some(task) = self.compacting.take_if(|task| task.is_finished()) else { return };
        let Compacted { lost, opening_us } =
            task.now_or_never().and_then(Result::ok).unwrap_or_default();
        self.core.measured(opening_us);
        if !lost.is_empty() {
            self.core.persist_whole(lost);
            self.is_dirty = true;
        }
    }

    /// Notes that what stood aside is in the document again, once that is durable.
    pub(super) fn recovered(&mut self, ids: Vec<String>) {
        let (store, canvas) = (Arc::clone(&self.setup.store), self.setup.canvas.clone());
        self.fresh.push(Box::new(move |durable| {
            if durable.is_ok() {
                tokio::spawn(async move {
                    if let Err(error) = store.recovered(&canvas, &ids).await {
                        tracing::error!(%canvas, %error, "what came back could not be noted");
                    }
                });
            }
        }));
        self.is_dirty = true;
    }
}
