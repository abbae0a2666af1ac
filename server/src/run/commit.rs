//! Group commit: what several runs change while a transaction commits goes into the next one, together.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::clock::now_ms;
use crate::db::Db;
use crate::db::runs::{Changes, RecordError};

/// The most records of one transaction.
const GROUP_MAX: usize = 64;

type Waiting = (Changes, oneshot::Sender<Result<(), RecordError>>);

/// Records what runs change.
#[derive(Clone)]
pub(super) struct GroupCommit {
    db: Db,
    waiting: Arc<Mutex<Vec<Waiting>>>,
    /// Held by whoever commits for all that wait.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Write everything twice, for tests.
    is_doubled: bool,
}

impl GroupCommit {
    pub(super) fn new(db: Db, is_doubled: bool) -> Self {
        Self { db, waiting: Arc::default(), turn: Arc::default(), is_doubled }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        // Nothing panics while it is held.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records changes; durable when it returns.
    ///
    /// # Errors
    /// When nothing of them was written.
    pub(super) async fn record(&self, changes: Changes) -> Result<(), RecordError> {
        let (done, mut recorded) = oneshot::channel();
        self.waiting().push((changes, done));
        loop {
            let turn = self.turn.lock().await;
            if let Ok(result) = recorded.try_recv() {
                return result;
            }
            let group: Vec<Waiting> = {
                let mut waiting = self.waiting();
                let count = waiting.len().min(GROUP_MAX);
                waiting.drain(..count).collect()
            };
            self.commit(group).await;
            drop(turn);
            if let Ok(result) = recorded.try_recv() {
                return result;
            }
        }
    }

    async fn commit(&self, group: Vec<Waiting>) {
        let (changes, waiting): (Vec<Changes>, Vec<_>) = group.into_iter().unzip();
        if changes.len() > 1 && self.write(&changes).await.is_ok() {
            for done in waiting {
                done.send(Ok(())).ok();
            }
            return;
        }
        // One run's trouble is not everybody's: what cannot go together is tried alone.
        for (changes, done) in changes.iter().zip(waiting) {
            done.send(self.write(std::slice::from_ref(changes)).await).ok();
        }
    }

    async fn write(&self, changes: &[Changes]) -> Result<(), RecordError> {
        if self.is_doubled {
            self.db.record(changes, now_ms()).await?;
        }
        self.db.record(changes, now_ms()).await
    }
}
