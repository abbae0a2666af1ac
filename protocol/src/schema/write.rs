//! People's writes. Each works inside the caller's transaction, so that what belongs together is one step of
//! undo and one message. None of them judges: [`crate::edit`] and [`crate::graph`] do.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use yrs::{
    Any, Map as _, MapPrelim, MapRef, Out, ReadTxn, TextPrelim, TransactionMut, WriteTxn as _,
};

use super::model::{Edge, ItemContent, ListItem, Node};
use super::read::{read_edge, read_node};
use super::repair::{node_part, shared_map};
use super::shared::node_map;
use super::shown::lines;
use crate::nodes;
use crate::order;
use crate::values::{AssetRef, json_to_any};

/// An entry of a new list.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    /// Id within the list.
    pub id: String,
    /// Content.
    pub content: ItemContent,
}

/// Contents of a new node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewNode {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Top left corner in canvas units.
    pub pos: [f64; 2],
    /// Width and height.
    pub size: Option<[f64; 2]>,
    /// Place in the stacking order; `None`: on top.
    pub z: Option<String>,
    /// The group it sits in.
    pub parent: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Colour.
    pub color: Option<String>,
    /// True if it is locked.
    pub locked: bool,
    /// True if clients keep it where it is.
    pub fixed: bool,
    /// Settings.
    pub settings: Vec<(String, Value)>,
    /// Text.
    pub text: String,
    /// Negative prompt.
    pub negative: String,
    /// The entries of a list, in order.
    pub items: Vec<NewItem>,
    /// Asset of an upload or media node.
    pub asset: Option<AssetRef>,
}

/// An edge to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The node and output it comes from.
    pub from: (String, String),
    /// The node and input it goes to.
    pub to: (String, String),
    /// True if the whole batch arrives at once.
    pub items_all: bool,
}

impl NewNode {
    /// A node as it would be made again: all that people wrote, without what they chose among its results.
    pub fn of(node: &Node) -> Self {
        let item = |item: &ListItem| NewItem { id: item.id.clone(), content: item.content.clone() };
        Self {
            id: node.id.clone(),
            kind: node.kind.clone(),
            pos: node.pos,
            size: node.size,
            z: Some(node.z.clone()),
            parent: node.parent.clone(),
            title: node.title.clone(),
            color: node.color.clone(),
            locked: node.locked,
            fixed: node.fixed,
            settings: node.settings.clone().into_iter().collect(),
            text: node.text.clone(),
            negative: node.negative.clone(),
            items: node.items.iter().map(item).collect(),
            asset: node.asset.clone(),
        }
    }
}

impl Connection {
    /// An edge as it would be made again.
    pub fn of(edge: &Edge) -> Self {
        Self {
            from: (edge.from_node.clone(), edge.from_port.clone()),
            to: (edge.to_node.clone(), edge.to_port.clone()),
            items_all: edge.items_all,
        }
    }
}

/// The highest `z` of all nodes.
pub fn top_z<T: ReadTxn>(txn: &T) -> String {
    let Some(nodes) = txn.get_map("nodes") else { return String::new() };
    nodes
        .iter(txn)
        .filter_map(|(_, node)| {
            let z = node.cast::<MapRef>().ok()?.get(txn, "z")?;
            if let Out::Any(Any::String(z)) = z { Some(z.to_string()) } else { None }
        })
        .max()
        .unwrap_or_default()
}

/// Adds a node with the Y types of its kind.
pub fn add_node(txn: &mut TransactionMut<'_>, node: &NewNode) {
    let z = node.z.clone().unwrap_or_else(|| order::after(&top_z(txn)));
    let mut plain: Vec<(&str, Value)> =
        vec![("kind", json!(node.kind)), ("pos", json!(node.pos)), ("z", json!(z))];
    if let Some(size) = node.size {
        plain.push(("size", json!(size)));
    }
    let texts = [("parent", &node.parent), ("title", &node.title), ("color", &node.color)];
    plain.extend(texts.into_iter().filter_map(|(k, v)| v.as_ref().map(|v| (k, json!(v)))));
    let flags = [("locked", node.locked), ("fixed", node.fixed)];
    plain.extend(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(k, _)| (k, json!(true))));
    if let Some(asset) = &node.asset {
        plain.push(("asset", asset.to_value()));
    }
    let prelim: MapPrelim = plain.iter().map(|(k, v)| (*k, json_to_any(v))).collect();
    let map = txn.get_or_insert_map("nodes").insert(txn, node.id.as_str(), prelim);
    let settings: MapPrelim =
        node.settings.iter().map(|(k, v)| (k.as_str(), json_to_any(v))).collect();
    map.insert(txn, "settings", settings);
    map.insert(txn, "output", MapPrelim::default());
    let Some(spec) = nodes::spec(&node.kind) else { return };
    if spec.has_text {
        map.insert(txn, "text", TextPrelim::new(lines(&node.text)));
    }
    if spec.has_negative {
        map.insert(txn, "negative", TextPrelim::new(lines(&node.negative)));
    }
    if spec.has_items {
        let items = map.insert(txn, "items", MapPrelim::default());
        let mut z = String::new();
        for item in &node.items {
            z = order::after(&z);
            insert_item(txn, &items, item, &z);
        }
    }
}

fn insert_item(txn: &mut TransactionMut<'_>, items: &MapRef, item: &NewItem, z: &str) {
    let map = items.insert(txn, item.id.as_str(), MapPrelim::from([("z", z)]));
    match &item.content {
        ItemContent::Text(text) => {
            map.insert(txn, "text", TextPrelim::new(lines(text)));
        }
        ItemContent::Asset(asset) => {
            map.insert(txn, "asset", json_to_any(&asset.to_value()));
        }
    }
}

fn items_map(txn: &mut TransactionMut<'_>, node: &str) -> Option<MapRef> {
    node_part(txn, node, "items")
}

/// Replaces all entries of a list.
pub fn set_items(txn: &mut TransactionMut<'_>, node: &str, new: &[NewItem]) {
    let Some(items) = items_map(txn, node) else { return };
    clear_items(txn, node, &items);
    add_items(txn, node, new);
}

/// Removes the entries of a list in their order: see [`clear_in_order`].
fn clear_items(txn: &mut TransactionMut<'_>, node: &str, items: &MapRef) {
    for item in read_node(txn, node).map(|read| read.items).unwrap_or_default() {
        items.remove(txn, &item.id);
    }
    items.clear(txn);
}

/// Removes the entries of a map in the order of their keys, which is about that in which they were written. In the order
/// of its hashes each deletion would be put between those of the others, and thousands be quadratic.
fn clear_in_order(txn: &mut TransactionMut<'_>, map: &MapRef) {
    let mut keys: Vec<String> = map.keys(txn).map(str::to_owned).collect();
    keys.sort_unstable();
    for key in keys {
        map.remove(txn, &key);
    }
}

/// Appends entries to a list.
pub fn add_items(txn: &mut TransactionMut<'_>, node: &str, new: &[NewItem]) {
    insert_items(txn, node, usize::MAX, new);
}

/// Puts entries into a list, the first one at a place from 0; at its end where it is shorter.
pub fn insert_items(txn: &mut TransactionMut<'_>, node: &str, at: usize, new: &[NewItem]) {
    let Some(read) = read_node(txn, node) else { return };
    let (before, after) = read.items.split_at(at.min(read.items.len()));
    let Some(items) = items_map(txn, node) else { return };
    let mut z = before.last().map(|item| item.z.clone()).unwrap_or_default();
    let next = after.first().map(|item| item.z.as_str());
    for item in new {
        z = key_between(&z, next);
        insert_item(txn, &items, item, &z);
    }
    keep_behind(txn, &items, &z, after);
}

/// Gives an entry of a list another place, counted from 0 among the others.
pub fn move_item(txn: &mut TransactionMut<'_>, node: &str, item: &str, at: usize) {
    let Some(read) = read_node(txn, node) else { return };
    let others: Vec<ListItem> = read.items.into_iter().filter(|other| other.id != item).collect();
    let (before, after) = others.split_at(at.min(others.len()));
    let Some(items) = items_map(txn, node) else { return };
    let low = before.last().map(|item| item.z.clone()).unwrap_or_default();
    let z = key_between(&low, after.first().map(|item| item.z.as_str()));
    if let Some(map) = shared_map(txn, &items, item) {
        map.insert(txn, "z", z.as_str());
        keep_behind(txn, &items, &z, after);
    }
}

/// A key after `low` and, where there is room, before the next one.
fn key_between(low: &str, next: Option<&str>) -> String {
    next.and_then(|next| order::between(low, next)).unwrap_or_else(|| order::after(low))
}

/// Gives entries new keys that do not come after a key, though they are to: those of two writers may be equal.
fn keep_behind(txn: &mut TransactionMut<'_>, items: &MapRef, z: &str, after: &[ListItem]) {
    let mut last = z.to_owned();
    for item in after {
        if item.z > last {
            return;
        }
        last = order::after(&last);
        if let Some(map) = shared_map(txn, items, &item.id) {
            map.insert(txn, "z", last.as_str());
        }
    }
}

/// Removes an entry of a list.
pub fn remove_item(txn: &mut TransactionMut<'_>, node: &str, item: &str) {
    if let Some(items) = items_map(txn, node) {
        items.remove(txn, item);
    }
}

/// Removes entries of `nodes`, whatever they are, and the edges that touch them.
pub fn remove_nodes(txn: &mut TransactionMut<'_>, ids: &[String]) {
    let edges = edges_of(txn, ids);
    let map = txn.get_or_insert_map("edges");
    for key in edges {
        map.remove(txn, &key);
    }
    for id in ids {
        remove_node(txn, id);
    }
}

/// Removes whatever stands under a key of `nodes`, and no edge.
pub fn remove_node(txn: &mut TransactionMut<'_>, id: &str) {
    if let Some(node) = node_map(txn, id) {
        for part in ["settings", "output", "stars"] {
            if let Some(Out::YMap(part)) = node.get(txn, part) {
                clear_in_order(txn, &part);
            }
        }
        if let Some(Out::YMap(items)) = node.get(txn, "items") {
            clear_items(txn, id, &items);
        }
    }
    txn.get_or_insert_map("nodes").remove(txn, id);
}

/// The keys of all edges that touch one of `ids`.
pub fn edges_of<T: ReadTxn>(txn: &T, ids: &[String]) -> Vec<String> {
    let Some(map) = txn.get_map("edges") else { return Vec::new() };
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let mut keys: Vec<String> = map
        .keys(txn)
        .filter(|key| {
            read_edge(txn, key).is_some_and(|edge| {
                ids.contains(&&*edge.from_node) || ids.contains(&&*edge.to_node)
            })
        })
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys
}

/// Sets a plain key of a node (`title`, `color`, `parent`, `size`, `z`, `locked`, `fixed`, `asset`); null removes it.
pub fn set_node_value(txn: &mut TransactionMut<'_>, id: &str, key: &str, value: &Value) {
    let Some(map) = node_map(txn, id) else { return };
    if value.is_null() {
        map.remove(txn, key);
    } else {
        map.try_update(txn, key, json_to_any(value));
    }
}

/// Moves a node.
pub fn set_pos(txn: &mut TransactionMut<'_>, id: &str, pos: [f64; 2]) {
    set_node_value(txn, id, "pos", &json!(pos));
}

/// Sets one setting; null removes it.
pub fn set_setting(txn: &mut TransactionMut<'_>, id: &str, key: &str, value: &Value) {
    let Some(settings) = node_part(txn, id, "settings") else { return };
    if value.is_null() {
        settings.remove(txn, key);
    } else {
        settings.try_update(txn, key, json_to_any(value));
    }
}

/// Writes what to show and pass on of an item: `use` is `{"generation": id}`, `{"asset": {…}}` or null;
/// `after` the item's newest generation. `None` takes the choice back.
pub fn set_output(
    txn: &mut TransactionMut<'_>,
    id: &str,
    item: &str,
    choice: Option<(Value, Option<&str>)>,
) {
    let Some(output) = node_part(txn, id, "output") else { return };
    match choice {
        Some((chosen, after)) => {
            output.insert(txn, item, json_to_any(&json!({"use": chosen, "after": after})));
        }
        None => {
            output.remove(txn, item);
        }
    }
}

/// Marks a generation as a favourite, or no longer.
pub fn set_star(txn: &mut TransactionMut<'_>, id: &str, generation: &str, starred: bool) {
    let Some(map) = node_map(txn, id) else { return };
    let stars = match node_part(txn, id, "stars") {
        Some(stars) => stars,
        None if starred => map.insert(txn, "stars", MapPrelim::default()),
        None => return,
    };
    if starred {
        stars.insert(txn, generation, true);
    } else {
        stars.remove(txn, generation);
    }
}

/// Sets `meta.name` or `meta.description`.
pub fn set_meta(txn: &mut TransactionMut<'_>, key: &str, value: &str) {
    txn.get_or_insert_map("meta").try_update(txn, key, value);
}

/// Writes the version of the schema into a new document.
pub fn mark_schema(txn: &mut TransactionMut<'_>) {
    txn.get_or_insert_map("meta").try_update(txn, "schema", crate::doc::SCHEMA_VERSION);
}

/// The key of an edge into `to` (R-DOC-22): the port alone where it takes one connection. `None` when the
/// kind of the node has no such input.
pub fn edge_key(to_kind: &str, from: (&str, &str), to: (&str, &str)) -> Option<String> {
    let port = nodes::spec(to_kind)?.input(to.1)?;
    Some(if port.many {
        format!("{}:{}:{}:{}", to.0, to.1, from.0, from.1)
    } else {
        format!("{}:{}", to.0, to.1)
    })
}

/// Writes an edge, replacing the one on a port that takes one connection. `None` when the input does not exist.
pub fn connect(txn: &mut TransactionMut<'_>, connection: &Connection) -> Option<String> {
    let to = &connection.to;
    let last = edges_of(txn, std::slice::from_ref(&to.0))
        .iter()
        .filter_map(|key| read_edge(txn, key))
        .filter(|edge| edge.to_node == to.0 && edge.to_port == to.1)
        .map(|edge| edge.z)
        .max()
        .unwrap_or_default();
    connect_at(txn, connection, &order::after(&last))
}

/// As [`connect`], at a place among the sources of the input that the caller knows.
pub fn connect_at(
    txn: &mut TransactionMut<'_>,
    connection: &Connection,
    z: &str,
) -> Option<String> {
    let Connection { from, to, items_all } = connection;
    // The kind alone: a node's text can be large, and it can have thousands of connections.
    let Some(Out::Any(Any::String(kind))) = node_map(txn, &to.0)?.get(txn, "kind") else {
        return None;
    };
    let key = edge_key(&kind, (&from.0, &from.1), (&to.0, &to.1))?;
    let mut prelim = MapPrelim::from([
        ("from_node", from.0.as_str()),
        ("from_port", from.1.as_str()),
        ("to_node", to.0.as_str()),
        ("to_port", to.1.as_str()),
        ("z", z),
    ]);
    if *items_all {
        prelim.insert("items".into(), "all".into());
    }
    txn.get_or_insert_map("edges").insert(txn, key.as_str(), prelim);
    Some(key)
}

/// Removes an edge.
pub fn disconnect(txn: &mut TransactionMut<'_>, key: &str) {
    txn.get_or_insert_map("edges").remove(txn, key);
}
