//! The document log behind the rooms: loading, group commit, folding.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use yrs::updates::decoder::Decode as _;
use yrs::{ReadTxn as _, StateVector, Transact as _, Update};

use crate::db::log::Append as AppendRow;
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

/// A document as stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    /// Snapshot and updates, oldest first.
    pub(crate) updates: Vec<Bytes>,
    /// The last place in the log.
    pub(crate) seq: i64,
    /// How many rows follow the snapshot, and their bytes.
    pub(crate) tail: (u64, u64),
}

/// What stands at a canvas's id.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// Nothing, ever.
    Nothing,
    /// A canvas that was deleted.
    Deleted,
    /// A document.
    Document(Stored),
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
}

impl Store for Db {
    fn load<'a>(&'a self, canvas: &'a str) -> BoxFuture<'a, Result<Found, StoreError>> {
        Box::pin(async move {
            match self.canvas(canvas).await? {
                None => return Ok(Found::Nothing),
                Some(row) if row.deleted_at.is_some() => return Ok(Found::Deleted),
                Some(_) => {}
            }
            let (snapshot, rows) = self.read_log(canvas).await?;
            let mut stored =
                Stored { seq: snapshot.as_ref().map_or(0, |row| row.seq), ..Stored::default() };
            stored.updates.extend(snapshot.map(|row| Bytes::from(row.data)));
            for row in rows {
                if row.seq != stored.seq + 1 {
                    return Err(StoreError::Unreadable(format!(
                        "the log misses update {}",
                        stored.seq + 1
                    )));
                }
                stored.seq = row.seq;
                stored.tail.0 += 1;
                stored.tail.1 += row.data.len() as u64;
                stored.updates.push(row.data.into());
            }
            Ok(Found::Document(stored))
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

/// Folds a canvas's log into one snapshot, from the log itself: no room is asked or held up.
pub(crate) async fn fold(store: Arc<dyn Store>, canvas: Arc<str>) -> Result<(), StoreError> {
    let Found::Document(stored) = store.load(&canvas).await? else { return Ok(()) };
    if stored.tail.0 == 0 {
        return Ok(());
    }
    let seq = stored.seq;
    let snapshot = tokio::task::spawn_blocking(move || merge(&stored.updates))
        .await
        .map_err(|error| StoreError::Unreadable(error.to_string()))??;
    store.fold(&canvas, seq, &snapshot).await
}

/// Merges updates into one, with what was deleted collected.
fn merge(updates: &[Bytes]) -> Result<Vec<u8>, StoreError> {
    Ok(open(updates)?.transact().encode_diff_v1(&StateVector::default()))
}

/// A document made of updates, to read.
pub(crate) fn open(updates: &[Bytes]) -> Result<yrs::Doc, StoreError> {
    let unreadable = |error: String| StoreError::Unreadable(error);
    // A replica that only reads: its id never gets into the document.
    let doc = gesso_protocol::doc::open(0, "");
    for bytes in updates {
        let update = Update::decode_v1(bytes).map_err(|error| unreadable(error.to_string()))?;
        // A transaction each, as when they were written: what one deletes is collected before the next.
        let mut txn = doc.transact_mut();
        txn.apply_update(update).map_err(|error| unreadable(error.to_string()))?;
    }
    if doc.transact().has_missing_updates() {
        return Err(unreadable("its log has a gap".to_owned()));
    }
    Ok(doc)
}
