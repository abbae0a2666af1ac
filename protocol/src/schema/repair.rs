//! Giving a node the Y types of its kind, and turning plain values that stand in their place into them.

use yrs::{Any, Map as _, MapPrelim, MapRef, Out, TextPrelim, TransactionMut};

use super::model::UNREADABLE;
use super::read::Held;
use super::read::read_node;
use super::shared::node_map;
use super::shown::lines;
use crate::nodes;

/// The Y.Map under a key. A plain object there becomes one, with its values.
pub(super) fn shared_map(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) -> Option<MapRef> {
    match Held::of(map.get(txn, key)?)? {
        Held::Shared(shared) => Some(shared),
        Held::Plain(plain) => {
            let shared = map.insert(txn, key, MapPrelim::default());
            for (key, value) in plain {
                shared.insert(txn, key, value);
            }
            Some(shared)
        }
    }
}

/// A node's Y.Map under a key, as [`shared_map`].
pub(super) fn node_part(txn: &mut TransactionMut<'_>, id: &str, key: &str) -> Option<MapRef> {
    let node = node_map(txn, id)?;
    shared_map(txn, &node, key)
}

/// Adds the Y types that a node of its kind must have and lacks (R-DOC-15), keeping what
/// plain values stand in their place. Answers whether anything was missing.
pub fn repair(txn: &mut TransactionMut<'_>, id: &str) -> bool {
    let Some(map) = node_map(txn, id) else { return false };
    // Whoever makes a node in several steps has not said yet what it is.
    let Some(node) = read_node(txn, id).filter(|node| node.kind != UNREADABLE) else {
        return false;
    };
    super::outcome::drop_of_other_kind(txn, id, &node.kind);
    let spec = nodes::spec(&node.kind);
    let mut missing = false;
    let mut maps = vec!["settings", "output"];
    if spec.is_some_and(|spec| spec.has_items) {
        maps.push("items");
    }
    for key in maps {
        missing |= complete_map(txn, &map, key);
    }
    if matches!(map.get(txn, "stars"), Some(Out::Any(Any::Map(_)))) {
        missing |= complete_map(txn, &map, "stars");
    }
    if spec.is_some_and(|spec| spec.has_items) {
        missing |= complete_items(txn, &map);
    }
    let texts = [
        ("text", spec.is_some_and(|spec| spec.has_text)),
        ("negative", spec.is_some_and(|spec| spec.has_negative)),
    ];
    for (key, wanted) in texts {
        missing |= wanted && complete_text(txn, &map, key);
    }
    missing
}

fn complete_map(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) -> bool {
    if matches!(map.get(txn, key), Some(Out::YMap(_))) {
        return false;
    }
    if shared_map(txn, map, key).is_none() {
        map.insert(txn, key, MapPrelim::default());
    }
    true
}

fn complete_text(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) -> bool {
    let text = match map.get(txn, key) {
        Some(Out::YText(_)) => return false,
        Some(Out::Any(Any::String(text))) => lines(&text).into_owned(),
        _ => String::new(),
    };
    map.insert(txn, key, TextPrelim::new(text));
    true
}

/// Entries of a list that are plain objects become Y.Maps; what reads as a text becomes a Y.Text.
fn complete_items(txn: &mut TransactionMut<'_>, node: &MapRef) -> bool {
    let Some(Out::YMap(items)) = node.get(txn, "items") else { return false };
    let mut missing = false;
    for (id, item) in Held::Shared(items.clone()).entries(txn) {
        let is_plain = matches!(item, Out::Any(Any::Map(_)));
        let Some(item) = shared_map(txn, &items, &id) else { continue };
        missing |= is_plain;
        if matches!(item.get(txn, "text"), Some(Out::Any(Any::String(_)))) {
            missing |= complete_text(txn, &item, "text");
        }
    }
    missing
}
