//! The shared types of a canvas that people write into.

use yrs::{Map as _, MapRef, ReadTxn, TextRef};

/// A node's Y.Map.
pub fn node_map<T: ReadTxn>(txn: &T, id: &str) -> Option<MapRef> {
    txn.get_map("nodes")?.get(txn, id)?.cast().ok()
}

/// The Y.Text of a node: `text` or `negative`, or of a list item: `items/{item id}`.
pub fn text_of<T: ReadTxn>(txn: &T, node: &str, field: &str) -> Option<TextRef> {
    let map = node_map(txn, node)?;
    match field.strip_prefix("items/") {
        Some(item) => {
            let items: MapRef = map.get(txn, "items")?.cast().ok()?;
            let item: MapRef = items.get(txn, item)?.cast().ok()?;
            item.get(txn, "text")?.cast().ok()
        }
        None => map.get(txn, field)?.cast().ok(),
    }
}

/// Number of entries `nodes` has, whatever they are.
pub fn node_count<T: ReadTxn>(txn: &T) -> usize {
    txn.get_map("nodes").map_or(0, |nodes| nodes.len(txn) as usize)
}

/// True if anything stands under a key of a root, whatever it is.
pub fn stands<T: ReadTxn>(txn: &T, root: &str, key: &str) -> bool {
    txn.get_map(root).is_some_and(|map| map.contains_key(txn, key))
}
