//! Compacting a document's log into one snapshot.

use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::ids::CanvasId;
use yrs::updates::decoder::Decode as _;
use yrs::{ReadTxn as _, StateVector, Transact as _, Update};

use super::core::{excess_us, thread_cpu_us};
use super::limits::RoomLimits;
use super::mend::{self, Loaded};
use super::store::{Store, StoreError};

/// The outcome of compacting.
#[derive(Debug, Default)]
pub(crate) struct Compacted {
    /// Ids of what turned out to be damaged and was set aside: the snapshot lacks it, and only the room, if there is one,
    /// still has it.
    pub(crate) lost: Vec<String>,
    /// CPU time that opening the document takes beyond the ordinary, in us, where that was measured.
    pub(crate) opening_us: Option<u64>,
}

/// Compacts a canvas's log into one snapshot, from the log itself: no room is asked or held up.
pub(crate) async fn compact(
    store: Arc<dyn Store>,
    canvas: CanvasId,
) -> Result<Compacted, StoreError> {
    for doubt in [false, true] {
        let Loaded::Document(stored) = mend::load(&*store, &canvas, doubt).await? else { break };
        if !stored.set_aside.is_empty() || stored.tail.0 == 0 {
            return Ok(Compacted { lost: stored.set_aside, opening_us: None });
        }
        let seq = stored.seq;
        let merged = tokio::task::spawn_blocking(move || merge(&stored.updates))
            .await
            .unwrap_or_else(|error| Err(StoreError::Unreadable(error.to_string())));
        match merged {
            Ok(snapshot) => {
                store.compact(&canvas, seq, &snapshot).await?;
                break;
            }
            Err(error) if doubt => return Err(error),
            Err(error) => tracing::error!(%canvas, %error, "a document's log is looked through"),
        }
    }
    Ok(Compacted::default())
}

/// Puts a room's document, all of the log up to `seq`, in place of that log, and measures what opening it takes.
pub(crate) async fn put_snapshot(
    store: Arc<dyn Store>,
    canvas: CanvasId,
    seq: i64,
    snapshot: Bytes,
    limits: RoomLimits,
) -> Result<Compacted, StoreError> {
    let document = snapshot.clone();
    let measured = tokio::task::spawn_blocking(move || {
        let updates = [document];
        let began = thread_cpu_us();
        let opened = open(&updates)?;
        let taken = thread_cpu_us() - began;
        drop(opened);
        Ok(excess_us(taken, &updates, &limits))
    });
    let measured =
        measured.await.unwrap_or_else(|error| Err(StoreError::Unreadable(error.to_string())))?;
    store.compact(&canvas, seq, &snapshot).await?;
    Ok(Compacted { lost: Vec::new(), opening_us: Some(measured) })
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
