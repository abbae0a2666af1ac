//! The document log behind the rooms: loading, group commit, compacting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::schema::Meta;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::core::Claim;
use crate::clock::now_ms;
use crate::db::log::{Append as AppendRow, Mend, SetAside, StoredLog};
use crate::db::{Db, DbError};

/// Most appends that may wait for the log writer.
const APPENDS_MAX: usize = 4_096;
/// The most bytes of one transaction of the log writer.
const BATCH_MAX_BYTES: usize = 16 << 20;
/// The shortest time between two commits of what the server itself does not wait for. A quiet log commits at once; with
/// the fan-out's tick before it, nothing that was sent is in memory alone for more than 100 ms.
const COMMIT_INTERVAL: Duration = Duration::from_millis(60);

/// Why a document could not be loaded or stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("{0}")]
    Database(Arc<DbError>),
    /// The stored document cannot be read.
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

/// The stored state of a canvas's id.
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
    pub(crate) canvas: CanvasId,
    /// The loaded room that it comes from ([`Core::id`](super::core::Core::id)).
    pub(crate) room: u64,
    pub(crate) seq: i64,
    pub(crate) data: Bytes,
    /// When the document changed, in ms since 1970.
    pub(crate) at: i64,
    /// Name and description that the list of canvases has from then on, where they are others than before.
    pub(crate) listed: Option<Meta>,
    /// Owners of client ids, to be stored with it.
    pub(crate) claims: Vec<Claim>,
    /// The server itself waits for it: it is not gathered with others.
    pub(crate) is_awaited: bool,
    /// Told when it is durable, or why it is not.
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

/// Where documents are stored.
pub(crate) trait Store: Send + Sync + 'static {
    fn load<'a>(&'a self, canvas: &'a CanvasId) -> BoxFuture<'a, Result<Found, StoreError>>;
    /// Appends in one transaction; durable when it returns.
    fn append<'a>(&'a self, batch: &'a [Append]) -> BoxFuture<'a, Result<(), StoreError>>;
    fn compact<'a>(
        &'a self,
        canvas: &'a CanvasId,
        seq: i64,
        snapshot: &'a [u8],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Puts a log right; false where it was compacted meanwhile.
    fn mend<'a>(
        &'a self,
        canvas: &'a CanvasId,
        mend: &'a Mend,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
    /// Sets aside copies of what was damaged, where the log cannot be put right.
    fn set_aside<'a>(
        &'a self,
        canvas: &'a CanvasId,
        aside: &'a [SetAside],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Marks rows that stood aside as being in the document again.
    fn recovered<'a>(
        &'a self,
        canvas: &'a CanvasId,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

fn as_row(claim: &Claim) -> (i64, &str) {
    (claim.client.cast_signed(), &claim.person)
}

impl Store for Db {
    fn load<'a>(&'a self, canvas: &'a CanvasId) -> BoxFuture<'a, Result<Found, StoreError>> {
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
                    at: append.at,
                    listed: append.listed.as_ref(),
                    clients: append.claims.iter().map(as_row).collect(),
                })
                .collect();
            Ok(self.append_log(&rows).await?)
        })
    }

    fn compact<'a>(
        &'a self,
        canvas: &'a CanvasId,
        seq: i64,
        snapshot: &'a [u8],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { Ok(self.compact_log(canvas, seq, snapshot).await?) })
    }

    fn mend<'a>(
        &'a self,
        canvas: &'a CanvasId,
        mend: &'a Mend,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.mend_log(canvas, mend, now_ms()).await?) })
    }

    fn set_aside<'a>(
        &'a self,
        canvas: &'a CanvasId,
        aside: &'a [SetAside],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { Ok(Self::set_aside(self, canvas, aside, now_ms()).await?) })
    }

    fn recovered<'a>(
        &'a self,
        canvas: &'a CanvasId,
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

/// Updates that could not be stored. Nothing that the same room wrote after one may be stored: it builds on it. A room
/// that was loaded since then builds on what is stored, which may be more than the database could say.
#[derive(Debug, Default)]
struct Failures(HashMap<CanvasId, (u64, i64)>);

impl Failures {
    /// True if an update comes after one of its room that could not be stored.
    fn precede(&self, append: &Append) -> bool {
        self.0
            .get(&append.canvas)
            .is_some_and(|(room, seq)| *room == append.room && append.seq > *seq)
    }

    fn add(&mut self, append: &Append) {
        self.0.insert(append.canvas.clone(), (append.room, append.seq));
    }

    /// An update of that canvas is stored.
    fn end(&mut self, append: &Append) {
        self.0.remove(&append.canvas);
    }
}

async fn write_log(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Append>) {
    let mut failures = Failures::default();
    let mut committed: Option<Instant> = None;
    while let Some(first) = receiver.recv().await {
        let due = committed.map_or_else(Instant::now, |at| at + COMMIT_INTERVAL);
        let mut batch = gather(first, &mut receiver, due).await;
        if !failures.0.is_empty() {
            let (late, rest): (Vec<Append>, Vec<Append>) =
                batch.into_iter().partition(|append| failures.precede(append));
            for append in late {
                append.done.send(Err(after_failure())).ok();
            }
            batch = rest;
        }
        if batch.is_empty() {
            continue;
        }
        let appended = store.append(&batch).await;
        committed = Some(Instant::now());
        if appended.is_ok() {
            for append in batch {
                failures.end(&append);
                // A room that no longer listens has been given up and will load from the log.
                append.done.send(Ok(())).ok();
            }
        } else {
            one_by_one(&*store, batch, &mut failures).await;
        }
    }
}

/// Gathers the appends of one transaction: all that come until then, or that are there when something is awaited.
async fn gather(first: Append, receiver: &mut mpsc::Receiver<Append>, due: Instant) -> Vec<Append> {
    let (mut bytes, mut is_awaited) = (first.data.len(), first.is_awaited);
    let mut batch = vec![first];
    while bytes < BATCH_MAX_BYTES {
        let next = match receiver.try_recv() {
            Ok(next) => Some(next),
            Err(_) if is_awaited => None,
            Err(_) => timeout_at(due, receiver.recv()).await.ok().flatten(),
        };
        let Some(next) = next else { break };
        bytes += next.data.len();
        is_awaited |= next.is_awaited;
        batch.push(next);
    }
    batch
}

fn after_failure() -> StoreError {
    StoreError::Unreadable("an earlier update could not be stored".to_owned())
}

/// One canvas's trouble is not everybody's: what cannot go together is tried alone.
async fn one_by_one(store: &dyn Store, batch: Vec<Append>, failures: &mut Failures) {
    for append in batch {
        if failures.precede(&append) {
            append.done.send(Err(after_failure())).ok();
            continue;
        }
        let result = store.append(std::slice::from_ref(&append)).await;
        if result.is_ok() {
            failures.end(&append);
        } else {
            failures.add(&append);
        }
        append.done.send(result).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(seq: i64, is_awaited: bool) -> Append {
        let (done, _) = oneshot::channel();
        Append {
            canvas: CanvasId::new("c"),
            room: 1,
            seq,
            data: Bytes::from_static(b"x"),
            at: 0,
            listed: None,
            claims: Vec::new(),
            is_awaited,
            done,
        }
    }

    async fn seqs(first: Append, receiver: &mut mpsc::Receiver<Append>, due: Instant) -> Vec<i64> {
        gather(first, receiver, due).await.iter().map(|append| append.seq).collect()
    }

    #[tokio::test]
    async fn what_is_awaited_takes_along_what_waits_and_waits_for_nothing() {
        let (sender, mut receiver) = mpsc::channel(8);
        let hour = Instant::now() + Duration::from_secs(3_600);
        sender.send(append(2, false)).await.unwrap();
        assert_eq!(seqs(append(1, true), &mut receiver, hour).await, [1, 2]);
        // Nobody waits for the first; the third ends the gathering.
        let sending = async {
            for seq in [4, 5] {
                tokio::task::yield_now().await;
                sender.send(append(seq, seq == 5)).await.unwrap();
            }
        };
        let (gathered, ()) = tokio::join!(seqs(append(3, false), &mut receiver, hour), sending);
        assert_eq!(gathered, [3, 4, 5]);
    }

    #[tokio::test]
    async fn a_quiet_log_is_written_at_once() {
        let (sender, mut receiver) = mpsc::channel(8);
        assert_eq!(seqs(append(1, false), &mut receiver, Instant::now()).await, [1]);
        // And at the end of the server nothing is waited for.
        drop(sender);
        let hour = Instant::now() + Duration::from_secs(3_600);
        assert_eq!(seqs(append(2, false), &mut receiver, hour).await, [2]);
    }
}
