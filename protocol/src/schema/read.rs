//! Reading the document. Total: what does not have the expected form is left out.

use std::collections::BTreeMap;

use serde_json::Value;
use yrs::{Any, Array as _, GetString as _, Map as _, MapRef, Out, ReadTxn};

use super::model::{
    Canvas, Chosen, Edge, Failure, Generation, ItemContent, ItemResult, ListItem, Meta, Node,
    NodeResult, NodeState, OutputChoice, RunInfo, RunStatus, UNREADABLE,
};
use super::shown::lines;
use crate::names;
use crate::pricing::Money;
use crate::steps;
use crate::values::{AssetRef, any_to_json};

/// A map as a document holds it: a Y.Map, or the plain object that a foreign writer put in its place.
pub(super) enum Held {
    Shared(MapRef),
    Plain(BTreeMap<String, Any>),
}

impl Held {
    pub(super) fn of(out: Out) -> Option<Self> {
        if let Out::Any(Any::Map(map)) = out {
            return Some(Self::Plain(map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()));
        }
        out.cast::<MapRef>().ok().map(Self::Shared)
    }

    pub(super) fn get<T: ReadTxn>(&self, txn: &T, key: &str) -> Option<Out> {
        match self {
            Self::Shared(map) => map.get(txn, key),
            Self::Plain(map) => map.get(key).cloned().map(Out::Any),
        }
    }

    fn map<T: ReadTxn>(&self, txn: &T, key: &str) -> Option<Self> {
        Self::of(self.get(txn, key)?)
    }

    pub(super) fn entries<T: ReadTxn>(&self, txn: &T) -> BTreeMap<String, Out> {
        match self {
            Self::Shared(map) => map.iter(txn).map(|(k, v)| (k.to_owned(), v)).collect(),
            Self::Plain(map) => map.iter().map(|(k, v)| (k.clone(), Out::Any(v.clone()))).collect(),
        }
    }
}

/// An entry of a root that the server writes: what is no Y.Map there is forged.
fn outcome<T: ReadTxn>(txn: &T, root: &str, key: &str) -> Option<Held> {
    txn.get_map(root)?.get(txn, key)?.cast::<MapRef>().ok().map(Held::Shared)
}

fn plain<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> Option<Value> {
    plain_value(map.get(txn, key)?)
}

/// Returns a plain value; `None` for a shared type and for undefined.
fn plain_value(out: Out) -> Option<Value> {
    let Out::Any(any) = out else { return None };
    if any == Any::Undefined { None } else { Some(any_to_json(&any)) }
}

fn string<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> Option<String> {
    let Out::Any(Any::String(text)) = map.get(txn, key)? else { return None };
    Some(text.to_string())
}

fn integer<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> Option<i64> {
    plain(txn, map, key)?.as_i64()
}

/// A Y.Text (or a plain string a foreign writer put there) without trailing newlines, its line ends line feeds.
fn text<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> String {
    let text = match map.get(txn, key) {
        Some(Out::YText(text)) => text.get_string(txn),
        Some(Out::Any(Any::String(text))) => text.to_string(),
        _ => String::new(),
    };
    let mut text = lines(&text).into_owned();
    text.truncate(text.trim_end_matches('\n').len());
    text
}

fn pair<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> Option<[f64; 2]> {
    let value = plain(txn, map, key)?;
    let [a, b] = value.as_array()?.as_slice() else { return None };
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    (a.abs() < 1e9 && b.abs() < 1e9).then_some([a, b])
}

/// Everything.
pub fn read_canvas<T: ReadTxn>(txn: &T) -> Canvas {
    let mut canvas = Canvas { meta: read_meta(txn), ..Canvas::default() };
    for id in keys(txn, "nodes") {
        match read_node(txn, &id) {
            Some(node) => drop(canvas.nodes.insert(id, node)),
            None => drop(canvas.odd_nodes.insert(id)),
        }
    }
    for key in keys(txn, "edges") {
        match read_edge(txn, &key) {
            Some(edge) => drop(canvas.edges.insert(key, edge)),
            None => drop(canvas.odd_edges.insert(key)),
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
    let Some(map) = txn.get_map("meta").map(Held::Shared) else { return Meta::default() };
    let text = |key: &str| string(txn, &map, key).unwrap_or_default();
    Meta {
        name: names::shortened(&text("name"), names::NAME_CHARS_MAX),
        description: names::shortened_text(&text("description"), names::DESCRIPTION_CHARS_MAX),
    }
}

/// One node; `None` when there is nothing under that id, or it is no id. What is no node (a plain value, a Y type
/// without a kind) is one of kind [`UNREADABLE`], so that it is seen and can be removed.
pub fn read_node<T: ReadTxn>(txn: &T, id: &str) -> Option<Node> {
    if !crate::ids::is_id(id) {
        return None;
    }
    let out = txn.get_map("nodes")?.get(txn, id)?;
    let Some(map) = Held::of(out) else {
        return Some(Node { id: id.to_owned(), kind: UNREADABLE.to_owned(), ..Node::default() });
    };
    let kind = match &map {
        Held::Shared(_) => string(txn, &map, "kind"),
        Held::Plain(_) => None,
    };
    let settings = map.map(txn, "settings");
    Some(Node {
        id: id.to_owned(),
        kind: kind.unwrap_or_else(|| UNREADABLE.to_owned()),
        pos: pair(txn, &map, "pos").unwrap_or_default(),
        size: pair(txn, &map, "size").filter(|[w, h]| *w > 0.0 && *h > 0.0),
        z: string(txn, &map, "z").unwrap_or_default(),
        parent: string(txn, &map, "parent"),
        title: string(txn, &map, "title"),
        color: string(txn, &map, "color"),
        locked: plain(txn, &map, "locked") == Some(Value::Bool(true)),
        fixed: plain(txn, &map, "fixed") == Some(Value::Bool(true)),
        settings: settings.map(|settings| plain_entries(txn, &settings)).unwrap_or_default(),
        text: text(txn, &map, "text"),
        negative: text(txn, &map, "negative"),
        items: read_items(txn, &map),
        asset: plain(txn, &map, "asset").as_ref().and_then(AssetRef::from_value),
        output: read_output(txn, &map),
        stars: map
            .map(txn, "stars")
            .map(|stars| plain_entries(txn, &stars))
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, starred)| *starred == Value::Bool(true))
            .map(|(id, _)| id)
            .collect(),
    })
}

/// Reads the choices of a node's outputs; empty where there is no such node.
pub(super) fn read_choices<T: ReadTxn>(txn: &T, id: &str) -> BTreeMap<String, OutputChoice> {
    let nodes = if crate::ids::is_id(id) { txn.get_map("nodes") } else { None };
    let node = nodes.and_then(|nodes| nodes.get(txn, id)).and_then(Held::of);
    node.map(|node| read_output(txn, &node)).unwrap_or_default()
}

fn plain_entries<T: ReadTxn>(txn: &T, map: &Held) -> BTreeMap<String, Value> {
    let entries = map.entries(txn);
    steps::note(entries.len());
    entries.into_iter().filter_map(|(key, value)| Some((key, plain_value(value)?))).collect()
}

fn read_items<T: ReadTxn>(txn: &T, node: &Held) -> Vec<ListItem> {
    let Some(map) = node.map(txn, "items") else { return Vec::new() };
    let mut items: Vec<ListItem> = map
        .entries(txn)
        .into_iter()
        .filter(|(id, _)| crate::ids::is_id(id))
        .filter_map(|(id, value)| {
            let item = Held::of(value)?;
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

fn read_output<T: ReadTxn>(txn: &T, node: &Held) -> BTreeMap<String, OutputChoice> {
    let Some(map) = node.map(txn, "output") else { return BTreeMap::new() };
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
    let map = Held::of(txn.get_map("edges")?.get(txn, key)?)?;
    Some(Edge {
        key: key.to_owned(),
        from_node: string(txn, &map, "from_node")?,
        from_port: string(txn, &map, "from_port")?,
        to_node: string(txn, &map, "to_node")?,
        to_port: string(txn, &map, "to_port")?,
        z: string(txn, &map, "z").unwrap_or_default(),
        items_all: string(txn, &map, "items").as_deref() == Some("all"),
        is_plain: matches!(map, Held::Plain(_)),
    })
}

fn failure<T: ReadTxn>(txn: &T, map: &Held, key: &str) -> Option<Failure> {
    let value = plain(txn, map, key)?;
    serde_json::from_value(value).ok()
}

/// A node's entry in `results`.
pub fn read_result<T: ReadTxn>(txn: &T, id: &str) -> Option<NodeResult> {
    let map = outcome(txn, "results", id)?;
    let items = map.map(txn, "items").filter(|items| matches!(items, Held::Shared(_)));
    Some(NodeResult {
        state: string(txn, &map, "state")
            .and_then(|state| NodeState::from_id(&state))
            .unwrap_or_default(),
        error: failure(txn, &map, "error"),
        run: string(txn, &map, "run"),
        kind: string(txn, &map, "kind"),
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

/// Reads the generations of a node, oldest first.
pub fn read_generations<T: ReadTxn>(txn: &T, id: &str) -> Vec<Generation> {
    let Some(Out::YArray(array)) = txn.get_map("generations").and_then(|map| map.get(txn, id))
    else {
        return Vec::new();
    };
    array.iter(txn).filter_map(|out| serde_json::from_value(plain_value(out)?).ok()).collect()
}

/// An entry of `runs`.
pub fn read_run<T: ReadTxn>(txn: &T, id: &str) -> Option<RunInfo> {
    let map = outcome(txn, "runs", id)?;
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
