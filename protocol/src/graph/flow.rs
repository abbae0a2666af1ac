//! What flows out of a node right now: what it holds, or the chosen results of what it last made.

use std::collections::BTreeSet;

use crate::lineage::Lineage;
use crate::nodes::{self, NodeKind, NodeSpec};
use crate::schema::{Canvas, Chosen, Generation, ItemContent, ItemResult, Node, NodeState};
use crate::values::AssetRef;

/// One item on a wire.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowItem {
    /// The item's key: `""` outside a batch, else its origins.
    pub key: String,
    /// What it is.
    pub content: ItemContent,
    /// The generation it is, unless it is a source's or replaced.
    pub generation: Option<String>,
    /// What an evaluator names it by: its generation, else its asset, else the entry or node that holds it.
    pub id: String,
}

impl FlowItem {
    fn held(key: String, content: &ItemContent, holder: &str) -> Self {
        let id = match content {
            ItemContent::Asset(asset) => asset.id.clone(),
            ItemContent::Text(_) => holder.to_owned(),
        };
        Self { key, content: content.clone(), generation: None, id }
    }

    fn made(key: String, made: &Generation) -> Option<Self> {
        let id = made.id.clone();
        Some(Self { key, content: made.content()?, generation: Some(id.clone()), id })
    }
}

/// The newest generation of an item of a node.
pub fn newest_generation<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a Generation> {
    canvas.generations.get(node)?.iter().rfind(|generation| generation.key == key)
}

/// The generation of an item that is shown and flows: the one somebody chose, while nothing newer came,
/// else the first of the newest invocation. `None` when there is none, it was reset or replaced.
pub fn shown_generation<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a Generation> {
    let made = canvas.generations.get(node)?;
    match choice(canvas, node, key) {
        Some(Chosen::Generation(id)) => {
            return made.iter().find(|generation| generation.id == *id);
        }
        Some(Chosen::Asset(_) | Chosen::Nothing) => return None,
        None => {}
    }
    let listed = canvas.results.get(node).and_then(|result| result.items.get(key));
    listed
        .and_then(|item| item.generations.first())
        .and_then(|id| made.iter().find(|generation| generation.id == *id))
        .or_else(|| newest_generation(canvas, node, key))
}

/// Somebody's choice for an item, where it counts.
fn choice<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a Chosen> {
    let choice = canvas.nodes.get(node)?.output.get(key)?;
    let newest = newest_generation(canvas, node, key).map(|generation| generation.id.as_str());
    (choice.after.as_deref() == newest).then_some(&choice.chosen)
}

/// What somebody put in the place of an item's results, while nothing newer came.
pub fn replaced<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a AssetRef> {
    match choice(canvas, node, key)? {
        Chosen::Asset(asset) => Some(asset),
        Chosen::Generation(_) | Chosen::Nothing => None,
    }
}

/// Whether a node passes on everything an invocation made, each as an item of its own.
pub fn sends_all(node: &Node, spec: &NodeSpec) -> bool {
    spec.counted && node.settings.get("send_all").and_then(serde_json::Value::as_bool) == Some(true)
}

/// What flows out of a port now, item by item; nothing where there is nothing.
pub fn flow(canvas: &Canvas, id: &str, port: &str) -> Vec<FlowItem> {
    let Some(node) = canvas.nodes.get(id) else { return Vec::new() };
    let Some(spec) = nodes::spec(&node.kind) else { return Vec::new() };
    if spec.has_items {
        return list_flow(node);
    }
    if spec.source {
        let held = match (&node.asset, spec.has_text) {
            (_, true) if !node.text.trim().is_empty() => ItemContent::Text(node.text.clone()),
            (Some(asset), false) => ItemContent::Asset(asset.clone()),
            _ => return Vec::new(),
        };
        return vec![FlowItem::held(String::new(), &held, id)];
    }
    let items = results(canvas, id);
    if spec.kind == NodeKind::Evaluator {
        let accepted = |(key, item): (&str, Option<&ItemResult>)| {
            let item = item.filter(|item| item.state == NodeState::Completed)?;
            candidate(canvas, id, key, item.generations.first()?)
        };
        return items.into_iter().filter_map(accepted).collect();
    }
    let all = sends_all(node, spec);
    let flowing = items.into_iter().flat_map(|(key, item)| match item {
        Some(item) if all && item.generations.len() > 1 => each_made(canvas, id, key, item),
        _ => item_flow(canvas, id, port, key).into_iter().collect(),
    });
    if spec.kind == NodeKind::CameraAngles && port.ends_with("_frame") {
        return frames(id, flowing.collect(), port == "start_frame");
    }
    flowing.collect()
}

fn list_flow(node: &Node) -> Vec<FlowItem> {
    let batch = node.items.len() > 1;
    let key = |item: &str| match batch {
        true => Lineage::none().with(&node.id, item).to_string(),
        false => String::new(),
    };
    let items = node.items.iter();
    items.map(|item| FlowItem::held(key(&item.id), &item.content, &item.id)).collect()
}

/// The items of a node in order. Where no run has left any: the one outside a batch, if it made or was given
/// something.
fn results<'a>(canvas: &'a Canvas, id: &str) -> Vec<(&'a str, Option<&'a ItemResult>)> {
    if let Some(result) =
        canvas.results.get(id).filter(|result| result.run.is_some() || !result.items.is_empty())
    {
        let mut items: Vec<(&str, &ItemResult)> =
            result.items.iter().map(|(key, item)| (key.as_str(), item)).collect();
        items.sort_unstable_by_key(|(key, item)| (item.n, *key));
        return items.into_iter().map(|(key, item)| (key, Some(item))).collect();
    }
    vec![("", None)]
}

fn each_made(canvas: &Canvas, id: &str, key: &str, item: &ItemResult) -> Vec<FlowItem> {
    let lineage = Lineage::parse(key);
    let made = canvas.generations.get(id).map(Vec::as_slice).unwrap_or_default();
    let each = item.generations.iter().enumerate().filter_map(|(nth, generation)| {
        let made = made.iter().find(|made| made.id == *generation)?;
        FlowItem::made(lineage.with(id, nth.to_string()).to_string(), made)
    });
    each.collect()
}

fn item_flow(canvas: &Canvas, id: &str, port: &str, key: &str) -> Option<FlowItem> {
    if let Some(Chosen::Asset(asset)) = choice(canvas, id, key) {
        let content = ItemContent::Asset(asset.clone());
        return Some(FlowItem::held(key.to_owned(), &content, id));
    }
    let shown = shown_generation(canvas, id, key)?;
    let same = |made: &&Generation| made.key == key && made.port == port && made.run == shown.run;
    let made = canvas.generations.get(id)?.iter().rfind(same).filter(|_| shown.port != port);
    FlowItem::made(key.to_owned(), made.unwrap_or(shown))
}

/// The first or the last angle of each picture that went into a camera.
fn frames(id: &str, angles: Vec<FlowItem>, first: bool) -> Vec<FlowItem> {
    let mut seen = BTreeSet::new();
    let mut frames = Vec::new();
    let ordered: Box<dyn Iterator<Item = FlowItem>> =
        if first { Box::new(angles.into_iter()) } else { Box::new(angles.into_iter().rev()) };
    for angle in ordered {
        let key = Lineage::parse(&angle.key).without(id).to_string();
        if seen.insert(key.clone()) {
            frames.push(FlowItem { key, ..angle });
        }
    }
    if !first {
        frames.reverse();
    }
    frames
}

/// What an evaluator accepted, wherever it was made or held.
fn candidate(canvas: &Canvas, evaluator: &str, key: &str, id: &str) -> Option<FlowItem> {
    let key = key.to_owned();
    let sources = canvas.edges.values().filter(|edge| edge.to_node == evaluator);
    let mut held = None;
    for edge in sources {
        let made = canvas.generations.get(&edge.from_node).into_iter().flatten();
        if let Some(made) = made.into_iter().find(|made| made.id == id) {
            return FlowItem::made(key, made);
        }
        let node = canvas.nodes.get(&edge.from_node)?;
        let entry = node.items.iter().find(|item| match &item.content {
            ItemContent::Asset(asset) => asset.id == id,
            ItemContent::Text(_) => item.id == id,
        });
        held = held.or_else(|| entry.map(|item| item.content.clone()));
        let asset = node.asset.iter().find(|asset| asset.id == id);
        held = held.or_else(|| asset.map(|asset| ItemContent::Asset(asset.clone())));
        if node.id == id {
            held = held.or_else(|| Some(ItemContent::Text(node.text.clone())));
        }
        let replaced = node.output.values().find_map(|choice| match &choice.chosen {
            Chosen::Asset(asset) if asset.id == id => Some(ItemContent::Asset(asset.clone())),
            Chosen::Asset(_) | Chosen::Generation(_) | Chosen::Nothing => None,
        });
        held = held.or(replaced);
    }
    if let Some(content) = held {
        return Some(FlowItem { key, content, generation: None, id: id.to_owned() });
    }
    // Through another evaluator, or over a wire that is gone.
    let made = canvas.generations.values().flatten().find(|made| made.id == id)?;
    FlowItem::made(key, made)
}
