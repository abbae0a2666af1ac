//! Nodes on the clipboard: plain JSON, so that they can be pasted into other canvases, and read by people. What was
//! written of a node is copied as it stands in the document: formats, embeds and what this version does not know too.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::graph::newest_generation;
use gesso_protocol::lineage::Lineage;
use gesso_protocol::order;
use gesso_protocol::schema::{self, Canvas, Chosen, Content, Edge};
use serde_json::{Value, json};
use yrs::{TransactionMut, WriteTxn as _};

use super::doc::Replica;
use super::geometry::Rect;

/// The version of the JSON.
const VERSION: i64 = 2;
/// The size of a card whose size nobody set.
const CARD: [f64; 2] = [256.0, 240.0];

/// Nodes and edges that were copied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clip {
    /// By id, in stacking order.
    nodes: Vec<(String, Content)>,
    /// By key, in order.
    edges: Vec<(String, Content)>,
}

impl Clip {
    /// Nodes of a canvas with the wires between them and those that come in from outside, in stacking order.
    pub fn of(page: &Replica, ids: &BTreeSet<String>) -> Self {
        let canvas = page.canvas();
        let mut nodes: Vec<(&str, &str)> = ids
            .iter()
            .filter_map(|id| canvas.nodes.get(id))
            .map(|node| (node.z.as_str(), node.id.as_str()))
            .collect();
        nodes.sort_unstable();
        let mut edges: Vec<&Edge> = canvas
            .edges
            .values()
            .filter(|edge| ids.contains(&edge.to_node) && !edge.is_plain)
            .collect();
        edges.sort_by(|a, b| (&a.z, &a.key).cmp(&(&b.z, &b.key)));
        let node = |(_, id): (&str, &str)| {
            let mut content = page.content("nodes", id)?;
            choose_again(canvas, id, &mut content);
            Some((id.to_owned(), content))
        };
        Self {
            nodes: nodes.into_iter().filter_map(node).collect(),
            edges: edges
                .into_iter()
                .filter_map(|edge| Some((edge.key.clone(), page.content("edges", &edge.key)?)))
                .collect(),
        }
    }

    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The box around what was copied, from the sizes known of the nodes.
    pub fn bounds(&self) -> Option<Rect> {
        Rect::around(self.nodes.iter().map(|(_, node)| {
            let [x, y] = pair(node, "pos").unwrap_or_default();
            let [w, h] = pair(node, "size").filter(|[w, h]| *w > 0.0 && *h > 0.0).unwrap_or(CARD);
            Rect::new(x, y, w, h)
        }))
    }

    /// As text for the clipboard: what people look for first, then all of it.
    pub fn to_json(&self) -> String {
        let node = |(id, content): &(String, Content)| {
            Some(json!({
                "id": id, "kind": content.value("kind"), "title": content.value("title"),
                "text": content.text("text"), "content": content.to_json()?,
            }))
        };
        let edge = |(key, content): &(String, Content)| {
            Some(json!({"key": key, "content": content.to_json()?}))
        };
        let nodes: Vec<Value> = self.nodes.iter().filter_map(node).collect();
        let edges: Vec<Value> = self.edges.iter().filter_map(edge).collect();
        json!({"gesso": VERSION, "nodes": nodes, "edges": edges}).to_string()
    }

    /// Reads what [`Clip::to_json`] wrote; `None` for any other text. What does not fit is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        if value.get("gesso")?.as_i64()? != VERSION {
            return None;
        }
        let list = |name: &str, key: &str| -> Vec<(String, Content)> {
            let entries = value.get(name).and_then(Value::as_array).into_iter().flatten();
            let entry = |entry: &Value| {
                let name = entry.get(key)?.as_str()?.to_owned();
                Some((name, Content::parse(entry.get("content")?)?))
            };
            entries.filter_map(entry).collect()
        };
        Some(Self { nodes: list("nodes", "id"), edges: list("edges", "key") })
    }

    /// Adds what was copied under fresh ids, moved by `by`, on top of everything. Wires from outside come along
    /// with `incoming` where their source is on this canvas. Answers the ids of the new nodes.
    pub fn paste(
        &self,
        txn: &mut TransactionMut<'_>,
        canvas: &Canvas,
        by: [f64; 2],
        incoming: bool,
        mut fresh: impl FnMut() -> String,
    ) -> Vec<String> {
        let ids: BTreeMap<&str, String> =
            self.nodes.iter().map(|(id, _)| (id.as_str(), fresh())).collect();
        let mut added = Vec::new();
        let mut z = schema::top_z(txn);
        for (id, content) in &self.nodes {
            let id = &ids[id.as_str()];
            let mut copy = content.clone();
            let [x, y] = pair(content, "pos").unwrap_or_default();
            copy.set("pos", &json!([x + by[0], y + by[1]]));
            z = order::after(&z);
            copy.set("z", &json!(z));
            // A copy is there to be put somewhere.
            copy.set("fixed", &Value::Null);
            // A copy stays in the group only where the group is there (copied along, or on this canvas).
            let parent = content.value("parent");
            let parent = parent.as_ref().and_then(Value::as_str).and_then(|parent| {
                let here = canvas.nodes.contains_key(parent).then(|| parent.to_owned());
                ids.get(parent).cloned().or(here)
            });
            copy.set("parent", &parent.map_or(Value::Null, Value::from));
            copy.choose_again(|item, choice| Some((renamed(item, &ids), choice)));
            let nodes = txn.get_or_insert_map("nodes");
            copy.put(txn, &nodes, id);
            schema::repair(txn, id);
            added.push(id.clone());
        }
        for (key, content) in &self.edges {
            let end = |key: &str| content.value(key)?.as_str().map(str::to_owned);
            let (Some(from), Some(to)) = (end("from_node"), end("to_node")) else { continue };
            let (Some(output), Some(input)) = (end("from_port"), end("to_port")) else { continue };
            let from_here = match ids.get(from.as_str()) {
                Some(id) => id.clone(),
                None if incoming && canvas.nodes.contains_key(&from) => from.clone(),
                None => continue,
            };
            let Some(to_here) = ids.get(to.as_str()) else { continue };
            let here = if *key == format!("{to}:{input}") {
                format!("{to_here}:{input}")
            } else if *key == format!("{to}:{input}:{from}:{output}") {
                format!("{to_here}:{input}:{from_here}:{output}")
            } else {
                // It contradicts its key: nobody follows it.
                continue;
            };
            let mut copy = content.clone();
            copy.set("from_node", &json!(from_here));
            copy.set("to_node", &json!(to_here));
            let edges = txn.get_or_insert_map("edges");
            copy.put(txn, &edges, &here);
        }
        added
    }
}

/// Of what somebody chose to show of a node only files in the place of results are meant for a copy, which made nothing
/// yet, and only while they count.
fn choose_again(canvas: &Canvas, id: &str, content: &mut Content) {
    let Some(node) = canvas.nodes.get(id) else { return };
    content.choose_again(|item, mut choice| {
        let known = node.output.get(item)?;
        let newest = newest_generation(canvas, id, item).map(|made| made.id.as_str());
        if !matches!(known.chosen, Chosen::Asset(_)) || known.after.as_deref() != newest {
            return None;
        }
        choice.as_object_mut()?.insert("after".to_owned(), Value::Null);
        Some((item.to_owned(), choice))
    });
}

/// The key of an item with the origins that were copied along named as their copies.
fn renamed(item: &str, ids: &BTreeMap<&str, String>) -> String {
    Lineage::parse(item).renamed(|node| ids.get(node).cloned()).to_string()
}

fn pair(content: &Content, key: &str) -> Option<[f64; 2]> {
    let value = content.value(key)?;
    let [a, b] = value.as_array()?.as_slice() else { return None };
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    (a.abs() < 1e9 && b.abs() < 1e9).then_some([a, b])
}

#[cfg(test)]
mod tests;
