//! Nodes that come, go and are replaced, as the document's observer sees it.

use std::sync::{Arc, Mutex};

use gesso_protocol::doc::PEOPLE_ROOTS;
use yrs::types::EntryChange;
use yrs::{Doc, Map as _, Observable as _, Transact as _};

/// The change of an entry of `nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeChange {
    Inserted,
    Replaced,
    Removed,
}

/// Ids of nodes and what happened to them, as the document's observer saw it.
pub(super) type NodeChanges = Arc<Mutex<Vec<(String, NodeChange)>>>;

/// Watches the nodes of a document from now on, and counts them.
pub(super) fn watch(doc: &Doc) -> (NodeChanges, usize) {
    let nodes = doc.get_or_insert_map(PEOPLE_ROOTS[1]);
    let node_changes = NodeChanges::default();
    let sink = Arc::clone(&node_changes);
    nodes.observe("room", move |txn, event| {
        let mut changes = sink.lock().expect("no holder panics");
        let mut found: Vec<(String, NodeChange)> = event
            .keys(txn)
            .iter()
            .map(|(key, change)| {
                let change = match change {
                    EntryChange::Inserted(_) => NodeChange::Inserted,
                    EntryChange::Updated(..) => NodeChange::Replaced,
                    EntryChange::Removed(_) => NodeChange::Removed,
                };
                (key.to_string(), change)
            })
            .collect();
        found.sort_unstable();
        changes.append(&mut found);
    });
    let count = nodes.len(&doc.transact()) as usize;
    (node_changes, count)
}
