//! Nodes on the clipboard: plain JSON, so that they can be pasted into other canvases, and read by people.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::schema::{self, Canvas, Connection, ItemContent, NewItem, NewNode, Node};
use gesso_protocol::values::AssetRef;
use serde_json::{Value, json};
use yrs::TransactionMut;

use super::geometry::Rect;

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clip {
    nodes: Vec<NewNode>,
    edges: Vec<Connection>,
}

impl Clip {
    /// Nodes of a canvas with the wires between them and those that come in from outside, in stacking order.
    pub fn of(canvas: &Canvas, ids: &BTreeSet<String>) -> Self {
        let mut nodes: Vec<&Node> = ids.iter().filter_map(|id| canvas.nodes.get(id)).collect();
        nodes.sort_by(|a, b| (&a.z, &a.id).cmp(&(&b.z, &b.id)));
        let mut edges: Vec<&schema::Edge> =
            canvas.edges.values().filter(|edge| ids.contains(&edge.to_node)).collect();
        edges.sort_by(|a, b| (&a.z, &a.key).cmp(&(&b.z, &b.key)));
        Self {
            nodes: nodes.into_iter().map(NewNode::of).collect(),
            edges: edges.into_iter().map(Connection::of).collect(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The box around what was copied, from the sizes known of the nodes.
    pub fn bounds(&self) -> Option<Rect> {
        Rect::around(self.nodes.iter().map(|node| {
            let [w, h] = node.size.unwrap_or([256.0, 240.0]);
            Rect::new(node.pos[0], node.pos[1], w, h)
        }))
    }

    /// As text for the clipboard.
    pub fn to_json(&self) -> String {
        let nodes: Vec<Value> = self
            .nodes
            .iter()
            .map(|node| {
                let items: Vec<Value> = node
                    .items
                    .iter()
                    .map(|item| match &item.content {
                        ItemContent::Text(text) => json!({"text": text}),
                        ItemContent::Asset(asset) => json!({"asset": asset.to_value()}),
                    })
                    .collect();
                json!({
                    "id": node.id, "kind": node.kind, "pos": node.pos, "size": node.size, "parent": node.parent,
                    "title": node.title, "color": node.color, "locked": node.locked,
                    "settings": node.settings.iter().cloned().collect::<BTreeMap<_, _>>(),
                    "text": node.text, "negative": node.negative, "items": items,
                    "asset": node.asset.as_ref().map(AssetRef::to_value),
                })
            })
            .collect();
        let edges: Vec<Value> = self
            .edges
            .iter()
            .map(|edge| json!({"from": edge.from, "to": edge.to, "all": edge.items_all}))
            .collect();
        json!({"gesso": 1, "nodes": nodes, "edges": edges}).to_string()
    }

    /// Reads what [`Clip::to_json`] wrote; `None` for any other text. What does not fit is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        if value.get("gesso")?.as_i64()? != 1 {
            return None;
        }
        let nodes = value.get("nodes")?.as_array()?.iter().filter_map(read_node).collect();
        let edges = value
            .get("edges")
            .and_then(Value::as_array)
            .map(|edges| edges.iter().filter_map(read_edge).collect())
            .unwrap_or_default();
        Some(Self { nodes, edges })
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
            self.nodes.iter().map(|node| (node.id.as_str(), fresh())).collect();
        let mut added = Vec::new();
        for node in &self.nodes {
            let id = ids[node.id.as_str()].clone();
            // A copy stays in the group only where the group is there (copied along, or on this canvas).
            let parent = node.parent.as_deref().and_then(|parent| {
                ids.get(parent)
                    .cloned()
                    .or_else(|| canvas.nodes.contains_key(parent).then(|| parent.to_owned()))
            });
            let copy = NewNode {
                id: id.clone(),
                pos: [node.pos[0] + by[0], node.pos[1] + by[1]],
                z: None,
                parent,
                items: node
                    .items
                    .iter()
                    .map(|item| NewItem { id: fresh(), content: item.content.clone() })
                    .collect(),
                ..node.clone()
            };
            schema::add_node(txn, &copy);
            added.push(id);
        }
        for edge in &self.edges {
            let from = match ids.get(edge.from.0.as_str()) {
                Some(id) => id.clone(),
                None if incoming && canvas.nodes.contains_key(&edge.from.0) => edge.from.0.clone(),
                None => continue,
            };
            let Some(to) = ids.get(edge.to.0.as_str()) else { continue };
            let connection = Connection {
                from: (from, edge.from.1.clone()),
                to: (to.clone(), edge.to.1.clone()),
                items_all: edge.items_all,
            };
            schema::connect(txn, &connection);
        }
        added
    }
}

fn pair(value: Option<&Value>) -> Option<[f64; 2]> {
    let [a, b] = value?.as_array()?.as_slice() else { return None };
    Some([a.as_f64()?, b.as_f64()?])
}

fn read_node(value: &Value) -> Option<NewNode> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let settings = value.get("settings").and_then(Value::as_object);
    let items = value.get("items").and_then(Value::as_array);
    Some(NewNode {
        id: text("id")?,
        kind: text("kind")?,
        pos: pair(value.get("pos")).unwrap_or_default(),
        size: pair(value.get("size")).filter(|[w, h]| *w > 0.0 && *h > 0.0),
        z: None,
        parent: text("parent"),
        title: text("title"),
        color: text("color"),
        locked: value.get("locked") == Some(&Value::Bool(true)),
        settings: settings
            .map(|s| s.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
            .unwrap_or_default(),
        text: text("text").unwrap_or_default(),
        negative: text("negative").unwrap_or_default(),
        items: items
            .into_iter()
            .flatten()
            .filter_map(|item| {
                let content = match item.get("asset").and_then(AssetRef::from_value) {
                    Some(asset) => ItemContent::Asset(asset),
                    None => ItemContent::Text(item.get("text")?.as_str()?.to_owned()),
                };
                Some(NewItem { id: String::new(), content })
            })
            .collect(),
        asset: value.get("asset").and_then(AssetRef::from_value),
    })
}

fn read_edge(value: &Value) -> Option<Connection> {
    let end = |key: &str| -> Option<(String, String)> {
        let [node, port] = value.get(key)?.as_array()?.as_slice() else { return None };
        Some((node.as_str()?.to_owned(), port.as_str()?.to_owned()))
    };
    let items_all = value.get("all") == Some(&Value::Bool(true));
    Some(Connection { from: end("from")?, to: end("to")?, items_all })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doc::Replica;
    use std::sync::Arc;

    fn filled() -> Replica {
        let mut page = Replica::new(1, "canvas", Arc::new(|| 1));
        let node = |id: &str, kind: &str| NewNode {
            id: id.into(),
            kind: kind.into(),
            ..NewNode::default()
        };
        page.edit(|txn| {
            schema::add_node(txn, &NewNode { text: "fog".into(), ..node("t", "text") });
            schema::add_node(txn, &node("g", "image_generator"));
            schema::add_node(txn, &node("u", "image_upscaler"));
            for (from, out, to, port) in
                [("t", "text", "g", "prompt"), ("g", "image", "u", "image")]
            {
                let connection = Connection {
                    from: (from.into(), out.into()),
                    to: (to.into(), port.into()),
                    items_all: false,
                };
                schema::connect(txn, &connection);
            }
        });
        page
    }

    #[test]
    fn copies_travel_as_json_and_keep_the_wires_between_them() {
        let mut page = filled();
        let ids = BTreeSet::from(["g".to_owned(), "u".to_owned()]);
        let clip = Clip::parse(&Clip::of(page.canvas(), &ids).to_json()).expect("own JSON");
        for (incoming, wires) in [(false, 1), (true, 2)] {
            let before = page.canvas().clone();
            let mut n = before.nodes.len();
            let (added, _) = page.edit(|txn| {
                clip.paste(txn, &before, [10.0, 20.0], incoming, || {
                    n += 1;
                    format!("n{n}")
                })
            });
            assert_eq!(added.len(), 2);
            assert_eq!(page.canvas().nodes[&added[0]].pos, [10.0, 20.0]);
            assert_eq!(page.canvas().edges.len(), before.edges.len() + wires);
        }
    }

    #[test]
    fn other_text_is_no_clip() {
        for text in ["hello", "{}", "[1]", "{\"gesso\": 2, \"nodes\": []}"] {
            assert_eq!(Clip::parse(text), None);
        }
    }
}
