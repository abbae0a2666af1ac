//! What flows out of a node right now: what it holds, or the chosen results of what it last made.

use crate::nodes;
use crate::schema::{Canvas, Chosen, Generation, ItemContent};

/// One item on a wire.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowItem {
    /// The item's key: `""` outside a batch, else its origins.
    pub key: String,
    /// What it is.
    pub content: ItemContent,
    /// The generation it is, unless it is a source's or replaced.
    pub generation: Option<String>,
}

fn content_of(generation: &Generation) -> Option<ItemContent> {
    match &generation.text {
        Some(text) => Some(ItemContent::Text(text.clone())),
        None => generation.asset_ref().map(ItemContent::Asset),
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

/// What flows out of a port now, item by item; nothing where there is nothing.
pub fn flow(canvas: &Canvas, id: &str, port: &str) -> Vec<FlowItem> {
    let Some(node) = canvas.nodes.get(id) else { return Vec::new() };
    let Some(spec) = nodes::spec(&node.kind) else { return Vec::new() };
    let single = |content| vec![FlowItem { key: String::new(), content, generation: None }];
    if spec.has_items {
        let batch = node.items.len() > 1;
        let key = |item: &str| if batch { format!("{id}={item}") } else { String::new() };
        let items = node.items.iter();
        return items
            .map(|item| FlowItem {
                key: key(&item.id),
                content: item.content.clone(),
                generation: None,
            })
            .collect();
    }
    if spec.source {
        return match (&node.asset, spec.has_text) {
            (_, true) if !node.text.trim().is_empty() => {
                single(ItemContent::Text(node.text.clone()))
            }
            (Some(asset), false) => single(ItemContent::Asset(asset.clone())),
            _ => Vec::new(),
        };
    }
    let mut keys: Vec<(u32, &str)> = canvas
        .results
        .get(id)
        .map(|result| result.items.iter().map(|(key, item)| (item.n, key.as_str())).collect())
        .unwrap_or_default();
    for key in node.output.keys() {
        if !keys.iter().any(|(_, known)| known == key) {
            keys.push((u32::MAX, key));
        }
    }
    if keys.is_empty() && canvas.generations.contains_key(id) {
        keys.push((0, ""));
    }
    keys.sort_unstable();
    keys.into_iter().filter_map(|(_, key)| item_flow(canvas, id, port, key)).collect()
}

fn item_flow(canvas: &Canvas, id: &str, port: &str, key: &str) -> Option<FlowItem> {
    let key = key.to_owned();
    if let Some(Chosen::Asset(asset)) = choice(canvas, id, &key) {
        return Some(FlowItem {
            key,
            content: ItemContent::Asset(asset.clone()),
            generation: None,
        });
    }
    let shown = shown_generation(canvas, id, &key)?;
    let made = if shown.port.is_empty() || shown.port == port {
        shown
    } else {
        let siblings = canvas.generations.get(id)?;
        siblings.iter().rfind(|g| g.key == key && g.port == port && g.run == shown.run)?
    };
    Some(FlowItem { content: content_of(made)?, generation: Some(made.id.clone()), key })
}
