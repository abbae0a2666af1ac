//! Compacting a document's log into one snapshot.

use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::ids::CanvasId;
use yrs::updates::decoder::Decode as _;
use yrs::{ReadTxn as _, StateVector, Transact as _, Update};

use super::mend::{self, Loaded};
use super::store::{Store, StoreError};

/// Compacts a canvas's log into one snapshot, from the log itself: no room is asked or held up. Gives the ids of what turned
/// out to be damaged and was set aside: then the snapshot lacks it, and only the room, if there is one, still has it.
pub(crate) async fn compact(
    store: Arc<dyn Store>,
    canvas: CanvasId,
) -> Result<Vec<String>, StoreError> {
    for doubt in [false, true] {
        let Loaded::Document(stored) = mend::load(&*store, &canvas, doubt).await? else { break };
        if !stored.set_aside.is_empty() || stored.tail.0 == 0 {
            return Ok(stored.set_aside);
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
    Ok(Vec::new())
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
