//! The document log behind the rooms: loading, group commit, folding.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::clock::now_ms;
use crate::db::log::{Append as AppendRow, Mend, SetAside, StoredLog};
use crate::db::{Db, DbError};

/// How many appends may wait for the log writer.
const APPENDS_MAX: usize = 4_096;
/// The most bytes of one transaction of the log writer.
const BATCH_MAX_BYTES: usize = 16 << 20;

/// Why a document could not be loaded or stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("{0}")]
    Database(Arc<DbError>),
    /// What is stored cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The log writer has ended.
    #[error("the server is shutting down")]
    Ended,
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// What stands at a canvas's id.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// Nothing, ever.
    Nothing,
    /// A canvas that was deleted.
    Deleted,
    /// A document, as it is stored.
    Document(StoredLog),
}

/// One update on its way into the log.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) canvas: Arc<str>,
    pub(crate) seq: i64,
    pub(crate) data: Bytes,
    /// Told when it is durable, or why it is not.
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

/// Where documents are stored.
pub(crate) trait Store: Send + Sync + 'static {
    fn load<'a>(&'a self, canvas: &'a str) -> BoxFuture<'a, Result<Found, StoreError>>;
    /// Appends in one transaction; durable when it returns.
    fn append<'a>(&'a self, batch: &'a [Append]) -> BoxFuture<'a, Result<(), StoreError>>;
    fn fold<'a>(
        &'a self,
        canvas: &'a str,
        seq: i64,
        snapshot: &'a [u8],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Puts a log right; false where it was folded meanwhile.
    fn mend<'a>(
        &'a self,
        canvas: &'a str,
        mend: &'a Mend,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
    /// Sets aside copies of what was damaged, where the log cannot be put right.
    fn set_aside<'a>(
        &'a self,
        canvas: &'a str,
        aside: &'a [SetAside],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// What stood aside is in the document again.
    fn recovered<'a>(
        &'a self,
        canvas: &'a str,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl Store for Db {
    fn load<'a>(&'a self, canvas: &'a str) -> BoxFuture<'a, Result<Found, StoreError>> {
        Box::pin(async move {
            match self.canvas(canvas).await? {
                None => return Ok(Found::Nothing),
                Some(row) if row.deleted_at.is_some() => return Ok(Found::Deleted),
                Some(_) => {}
            }
            Ok(Found::Document(self.read_log(canvas).await?))
        })
    }

    fn append<'a>(&'a self, batch: &'a [Append]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let rows: Vec<AppendRow<'_>> = batch
                .iter()
                .map(|append| AppendRow {
                    canvas: &append.canvas,
                    seq: append.seq,
                    data: &append.data,
                })
                .collect();
            Ok(self.append_log(&rows).await?)
        })
    }

    fn fold<'a>(
        &'a self,
        canvas: &'a str,
        seq: i64,
        snapshot: &'a [u8],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { Ok(self.fold_log(canvas, seq, snapshot).await?) })
    }

    fn mend<'a>(
        &'a self,
        canvas: &'a str,
        mend: &'a Mend,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.mend_log(canvas, mend, now_ms()).await?) })
    }

    fn set_aside<'a>(
        &'a self,
        canvas: &'a str,
        aside: &'a [SetAside],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { Ok(Self::set_aside(self, canvas, aside, now_ms()).await?) })
    }

    fn recovered<'a>(
        &'a self,
        canvas: &'a str,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { Ok(Self::recovered(self, canvas, ids, now_ms()).await?) })
    }
}

/// Starts the one task that writes the log for all rooms: what waits while a transaction commits goes into the next.
pub(crate) fn spawn_log_writer(store: Arc<dyn Store>) -> mpsc::Sender<Append> {
    let (sender, receiver) = mpsc::channel(APPENDS_MAX);
    tokio::spawn(write_log(store, receiver));
    sender
}

async fn write_log(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Append>) {
    // Canvases with an update that could not be stored, by its place: nothing after it may be stored before it.
    let mut failed: HashMap<Arc<str>, i64> = HashMap::new();
    while let Some(first) = receiver.recv().await {
        let mut bytes = first.data.len();
        let mut batch = vec![first];
        while bytes < BATCH_MAX_BYTES
            && let Ok(next) = receiver.try_recv()
        {
            bytes += next.data.len();
            batch.push(next);
        }
        if !failed.is_empty() {
            let (late, rest): (Vec<Append>, Vec<Append>) = batch.into_iter().partition(|append| {
                failed.get(&append.canvas).is_some_and(|seq| append.seq > *seq)
            });
            for append in late {
                append.done.send(Err(after_failure())).ok();
            }
            batch = rest;
        }
        if batch.is_empty() {
            continue;
        }
        if store.append(&batch).await.is_ok() {
            for append in batch {
                failed.remove(&append.canvas);
                // A room that no longer listens has been given up and will load from the log.
                append.done.send(Ok(())).ok();
            }
        } else {
            one_by_one(&*store, batch, &mut failed).await;
        }
    }
}

fn after_failure() -> StoreError {
    StoreError::Unreadable("an earlier update could not be stored".to_owned())
}

/// One canvas's trouble is not everybody's: what cannot go together is tried alone.
async fn one_by_one(store: &dyn Store, batch: Vec<Append>, failed: &mut HashMap<Arc<str>, i64>) {
    for append in batch {
        if failed.get(&append.canvas).is_some_and(|seq| append.seq > *seq) {
            append.done.send(Err(after_failure())).ok();
            continue;
        }
        let result = store.append(std::slice::from_ref(&append)).await;
        if result.is_ok() {
            failed.remove(&append.canvas);
        } else {
            failed.insert(Arc::clone(&append.canvas), append.seq);
        }
        append.done.send(result).ok();
    }
}
