//! Reading the document. Total: what does not have the expected form is left out.

use std::collections::BTreeMap;

use serde_json::Value;
use yrs::{Any, Array as _, GetString as _, Map as _, MapRef, Out, ReadTxn};

use super::{
    Canvas, Chosen, Edge, Failure, Generation, ItemContent, ItemResult, ListItem, Meta, Node,
    NodeResult, NodeState, OutputChoice, RunInfo, RunStatus,
};
use crate::pricing::Money;
use crate::values::{AssetRef, any_to_json};

fn child_map<T: ReadTxn>(txn: &T, root: &str, key: &str) -> Option<MapRef> {
    as_map(txn.get_map(root)?.get(txn, key)?)
}

fn as_map(out: Out) -> Option<MapRef> {
    out.cast::<MapRef>().ok()
}

fn plain<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<Value> {
    plain_value(map.get(txn, key)?)
}

/// What is no shared type and not undefined.
fn plain_value(out: Out) -> Option<Value> {
    let Out::Any(any) = out else { return None };
    if any == Any::Undefined { None } else { Some(any_to_json(&any)) }
}

fn string<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<String> {
    let Out::Any(Any::String(text)) = map.get(txn, key)? else { return None };
    Some(text.to_string())
}

fn integer<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<i64> {
    plain(txn, map, key)?.as_i64()
}

/// A Y.Text (or a plain string a foreign writer put there) without trailing newlines.
fn text<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> String {
    let mut text = match map.get(txn, key) {
        Some(Out::YText(text)) => text.get_string(txn),
        Some(Out::Any(Any::String(text))) => text.to_string(),
        _ => String::new(),
    };
    text.truncate(text.trim_end_matches('\n').len());
    text
}

fn pair<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<[f64; 2]> {
    let value = plain(txn, map, key)?;
    let [a, b] = value.as_array()?.as_slice() else { return None };
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    (a.abs() < 1e9 && b.abs() < 1e9).then_some([a, b])
}

fn entries<T: ReadTxn>(txn: &T, map: &MapRef) -> BTreeMap<String, Out> {
    map.iter(txn).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Everything.
pub fn read_canvas<T: ReadTxn>(txn: &T) -> Canvas {
    let mut canvas = Canvas { meta: read_meta(txn), ..Canvas::default() };
    for id in keys(txn, "nodes") {
        if let Some(node) = read_node(txn, &id) {
            canvas.nodes.insert(id, node);
        }
    }
    for key in keys(txn, "edges") {
        if let Some(edge) = read_edge(txn, &key) {
            canvas.edges.insert(key, edge);
        }
    }
    for id in keys(txn, "results") {
        if let Some(result) = read_result(txn, &id) {
            canvas.results.insert(id, result);
        }
    }
    for id in keys(txn, "generations") {
        canvas.generations.insert(id.clone(), read_generations(txn, &id));
    }
    for id in keys(txn, "runs") {
        if let Some(run) = read_run(txn, &id) {
            canvas.runs.insert(id, run);
        }
    }
    canvas
}

fn keys<T: ReadTxn>(txn: &T, root: &str) -> Vec<String> {
    txn.get_map(root)
        .map(|map| map.keys(txn).map(str::to_owned).collect::<Vec<_>>())
        .unwrap_or_default()
}

/// `meta`.
pub fn read_meta<T: ReadTxn>(txn: &T) -> Meta {
    let Some(map) = txn.get_map("meta") else { return Meta::default() };
    Meta {
        name: string(txn, &map, "name").unwrap_or_default(),
        description: string(txn, &map, "description").unwrap_or_default(),
    }
}

/// One node; `None` when there is none of that id or it has no kind.
pub fn read_node<T: ReadTxn>(txn: &T, id: &str) -> Option<Node> {
    if !crate::ids::is_id(id) {
        return None;
    }
    let map = child_map(txn, "nodes", id)?;
    let settings = map.get(txn, "settings").and_then(as_map);
    Some(Node {
        id: id.to_owned(),
        kind: string(txn, &map, "kind")?,
        pos: pair(txn, &map, "pos").unwrap_or_default(),
        size: pair(txn, &map, "size").filter(|[w, h]| *w > 0.0 && *h > 0.0),
        z: string(txn, &map, "z").unwrap_or_default(),
        parent: string(txn, &map, "parent"),
        title: string(txn, &map, "title"),
        color: string(txn, &map, "color"),
        locked: plain(txn, &map, "locked") == Some(Value::Bool(true)),
        settings: settings.map(|settings| plain_entries(txn, &settings)).unwrap_or_default(),
        text: text(txn, &map, "text"),
        negative: text(txn, &map, "negative"),
        items: read_items(txn, &map),
        asset: plain(txn, &map, "asset").as_ref().and_then(AssetRef::from_value),
        output: read_output(txn, &map),
        stars: map
            .get(txn, "stars")
            .and_then(as_map)
            .map(|stars| plain_entries(txn, &stars))
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, starred)| *starred == Value::Bool(true))
            .map(|(id, _)| id)
            .collect(),
    })
}

fn plain_entries<T: ReadTxn>(txn: &T, map: &MapRef) -> BTreeMap<String, Value> {
    entries(txn, map)
        .into_iter()
        .filter_map(|(key, value)| Some((key, plain_value(value)?)))
        .collect()
}

fn read_items<T: ReadTxn>(txn: &T, node: &MapRef) -> Vec<ListItem> {
    let Some(map) = node.get(txn, "items").and_then(as_map) else { return Vec::new() };
    let mut items: Vec<ListItem> = entries(txn, &map)
        .into_iter()
        .filter(|(id, _)| crate::ids::is_id(id))
        .filter_map(|(id, value)| {
            let item = as_map(value)?;
            let asset = plain(txn, &item, "asset").as_ref().and_then(AssetRef::from_value);
            let content = match asset {
                Some(asset) => ItemContent::Asset(asset),
                None => ItemContent::Text(text(txn, &item, "text")),
            };
            Some(ListItem { id, z: string(txn, &item, "z").unwrap_or_default(), content })
        })
        .collect();
    items.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
    items
}

fn read_output<T: ReadTxn>(txn: &T, node: &MapRef) -> BTreeMap<String, OutputChoice> {
    let Some(map) = node.get(txn, "output").and_then(as_map) else { return BTreeMap::new() };
    plain_entries(txn, &map)
        .into_iter()
        .filter_map(|(key, value)| {
            let wished = value.get("use")?;
            let chosen = if wished.is_null() {
                Chosen::Nothing
            } else if let Some(id) = wished.get("generation").and_then(Value::as_str) {
                Chosen::Generation(id.to_owned())
            } else {
                Chosen::Asset(AssetRef::from_value(wished.get("asset")?)?)
            };
            let after = value.get("after").and_then(Value::as_str).map(str::to_owned);
            Some((key, OutputChoice { chosen, after }))
        })
        .collect()
}

/// One edge as written; `None` when it is missing or lacks an end.
pub fn read_edge<T: ReadTxn>(txn: &T, key: &str) -> Option<Edge> {
    let map = child_map(txn, "edges", key)?;
    Some(Edge {
        key: key.to_owned(),
        from_node: string(txn, &map, "from_node")?,
        from_port: string(txn, &map, "from_port")?,
        to_node: string(txn, &map, "to_node")?,
        to_port: string(txn, &map, "to_port")?,
        z: string(txn, &map, "z").unwrap_or_default(),
        items_all: string(txn, &map, "items").as_deref() == Some("all"),
    })
}

fn failure<T: ReadTxn>(txn: &T, map: &MapRef, key: &str) -> Option<Failure> {
    let value = plain(txn, map, key)?;
    serde_json::from_value(value).ok()
}

/// A node's entry in `results`.
pub fn read_result<T: ReadTxn>(txn: &T, id: &str) -> Option<NodeResult> {
    let map = child_map(txn, "results", id)?;
    let items = map.get(txn, "items").and_then(as_map);
    Some(NodeResult {
        state: string(txn, &map, "state")
            .and_then(|state| NodeState::from_id(&state))
            .unwrap_or_default(),
        error: failure(txn, &map, "error"),
        run: string(txn, &map, "run"),
        started_at: integer(txn, &map, "started_at"),
        finished_at: integer(txn, &map, "finished_at"),
        cost: plain(txn, &map, "cost").and_then(|v| Money::from_json(&v)).unwrap_or_default(),
        fingerprint: string(txn, &map, "fingerprint"),
        items: items
            .map(|items| plain_entries(txn, &items))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(key, value)| {
                Some((key, serde_json::from_value::<ItemResult>(value).ok()?))
            })
            .collect(),
    })
}

/// What a node made, oldest first.
pub fn read_generations<T: ReadTxn>(txn: &T, id: &str) -> Vec<Generation> {
    let Some(Out::YArray(array)) = txn.get_map("generations").and_then(|map| map.get(txn, id))
    else {
        return Vec::new();
    };
    array.iter(txn).filter_map(|out| serde_json::from_value(plain_value(out)?).ok()).collect()
}

/// An entry of `runs`.
pub fn read_run<T: ReadTxn>(txn: &T, id: &str) -> Option<RunInfo> {
    let map = child_map(txn, "runs", id)?;
    Some(RunInfo {
        id: id.to_owned(),
        number: integer(txn, &map, "number").unwrap_or_default(),
        status: string(txn, &map, "status").and_then(|status| RunStatus::from_id(&status))?,
        mode: string(txn, &map, "mode").unwrap_or_default(),
        node: string(txn, &map, "node"),
        by: string(txn, &map, "by").unwrap_or_default(),
        created_at: integer(txn, &map, "created_at").unwrap_or_default(),
        started_at: integer(txn, &map, "started_at"),
        finished_at: integer(txn, &map, "finished_at"),
        cost: plain(txn, &map, "cost").and_then(|v| Money::from_json(&v)).unwrap_or_default(),
        error: failure(txn, &map, "error"),
        retry_of: string(txn, &map, "retry_of"),
    })
}
