//! The items of a node's result: their order, names and states, and what each shows.

use gesso_protocol::graph::{replaced, shown_generation};
use gesso_protocol::schema::{
    Canvas, Failure, Generation, ItemContent, ItemResult, NodeResult, NodeState,
};
use gesso_protocol::values::AssetRef;

use super::status::NodeStatus;
use super::words::line;

/// The longest name of an item, in characters.
const LABEL_MAX: usize = 60;

/// The content that is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Showing {
    /// A file.
    Asset(AssetRef),
    /// A text.
    Text(String),
    /// Nothing.
    #[default]
    Nothing,
}

impl Showing {
    fn of(made: &Generation) -> Self {
        match (made.asset_ref(), &made.text) {
            (Some(asset), _) => Self::Asset(asset),
            (None, Some(text)) => Self::Text(text.clone()),
            (None, None) => Self::Nothing,
        }
    }

    fn of_content(content: &ItemContent) -> Self {
        match content {
            ItemContent::Text(text) => Self::Text(text.clone()),
            ItemContent::Asset(asset) => Self::Asset(asset.clone()),
        }
    }
}

/// One item as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Key.
    pub key: String,
    /// Position, from 1.
    pub n: usize,
    /// Name of the thing it was made from, where that has one.
    pub label: String,
    /// Status, as people see it.
    pub status: NodeStatus,
    /// The content it shows.
    pub showing: Showing,
    /// The generation that is shown.
    pub generation: Option<String>,
    /// Why it failed, waits or was blocked.
    pub error: Option<Failure>,
}

/// True if an item belongs to what is shown: of a completed node, what was stopped hangs on a candidate that was not
/// accepted, and is no part of it.
fn counts(result: &NodeResult, item: &ItemResult) -> bool {
    result.state != NodeState::Completed || item.state != NodeState::Cancelled
}

/// The item keys of a node's result, in order; none outside a batch.
pub fn batch_keys(canvas: &Canvas, node: &str) -> Vec<String> {
    let Some(result) = canvas.results.get(node) else { return Vec::new() };
    let shown = result.items.iter().filter(|(_, item)| counts(result, item));
    let mut items: Vec<(u32, &String)> = shown.map(|(key, item)| (item.n, key)).collect();
    if items.len() < 2 && items.iter().all(|(_, key)| key.is_empty()) {
        return Vec::new();
    }
    items.sort_unstable();
    items.into_iter().map(|(_, key)| key.clone()).collect()
}

/// One item; `n` is its place among all.
pub fn item(canvas: &Canvas, node: &str, key: &str, n: usize) -> Option<Item> {
    let result = canvas.results.get(node)?.items.get(key)?;
    let evaluator = canvas.nodes.get(node).is_some_and(|n| n.kind == "evaluator");
    let generation = if evaluator {
        result.generations.first().cloned()
    } else {
        shown_generation(canvas, node, key).map(|g| g.id.clone())
    };
    Some(Item {
        key: key.to_owned(),
        n,
        label: label(canvas, key),
        status: NodeStatus::of_item(result),
        showing: showing(canvas, node, key),
        generation,
        error: result.error.clone(),
    })
}

/// One result of a node, where its results are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResultRef {
    /// Number of its item, from 1.
    pub n: usize,
    /// Key of its item.
    pub key: String,
    /// Which of several results of the item it is, from 1, and its generation; `None` where it is the only one.
    pub one: Option<(usize, String)>,
}

/// The results of a node, item by item: all that the newest invocation of each made.
pub fn result_refs(canvas: &Canvas, node: &str) -> Vec<ResultRef> {
    let mut keys = batch_keys(canvas, node);
    if keys.is_empty() {
        keys.push(String::new());
    }
    let refs = keys.into_iter().enumerate().flat_map(|(at, key)| {
        let made = several(canvas, node, &key);
        let new = |one| ResultRef { n: at + 1, key: key.clone(), one };
        if made.is_empty() {
            return vec![new(None)];
        }
        let each = made.iter().enumerate();
        each.map(|(nth, id)| new(Some((nth + 1, (*id).to_owned())))).collect()
    });
    refs.collect()
}

/// The results of an item that has more than one to show.
fn several<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Vec<&'a str> {
    let evaluator = canvas.nodes.get(node).is_some_and(|n| n.kind == "evaluator");
    let item = canvas.results.get(node).and_then(|result| result.items.get(key));
    let Some(item) = item.filter(|_| !evaluator && replaced(canvas, node, key).is_none()) else {
        return Vec::new();
    };
    if item.generations.len() < 2 {
        return Vec::new();
    }
    let held = canvas.generations.get(node).map(Vec::as_slice).unwrap_or_default();
    let is_held = |id: &&str| held.iter().any(|made| made.id == *id);
    let made: Vec<&str> = item.generations.iter().map(String::as_str).filter(is_held).collect();
    if made.len() > 1 { made } else { Vec::new() }
}

/// The results that a preview of a node goes through: those of the newest run where there are several, else all that
/// were ever made.
pub fn gallery(canvas: &Canvas, node: &str) -> Vec<ResultRef> {
    let refs = result_refs(canvas, node);
    if refs.len() > 1 {
        return refs;
    }
    let made = canvas.generations.get(node).map(Vec::as_slice).unwrap_or_default();
    if made.len() < 2 || replaced(canvas, node, "").is_some() {
        return refs;
    }
    let each = made.iter().enumerate();
    each.map(|(at, made)| ResultRef {
        n: 1,
        key: made.key.clone(),
        one: Some((at + 1, made.id.clone())),
    })
    .collect()
}

/// True if a result is what its item shows and passes on.
pub fn is_shown(canvas: &Canvas, node: &str, result: &ResultRef) -> bool {
    result.one.as_ref().is_none_or(|(_, id)| {
        shown_generation(canvas, node, &result.key).is_some_and(|shown| shown.id == *id)
    })
}

/// The item as one of its results.
pub fn item_as(canvas: &Canvas, node: &str, result: &ResultRef) -> Option<Item> {
    let found = item(canvas, node, &result.key, result.n)?;
    let Some((nth, id)) = &result.one else { return Some(found) };
    let names = [found.label.clone(), format!("Result {nth}")];
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    Some(Item {
        label: names.join(" · "),
        showing: shown_as(canvas, node, result),
        generation: Some(id.clone()),
        ..found
    })
}

/// The content of one result.
pub fn shown_as(canvas: &Canvas, node: &str, result: &ResultRef) -> Showing {
    let Some((_, id)) = &result.one else { return showing(canvas, node, &result.key) };
    let made = canvas.generations.get(node).and_then(|all| all.iter().find(|made| made.id == *id));
    made.map(Showing::of).unwrap_or_default()
}

/// Returns the content that an item of a node shows: the one put in its place, else the generation that flows.
pub fn showing(canvas: &Canvas, node: &str, key: &str) -> Showing {
    if canvas.nodes.get(node).is_some_and(|n| n.kind == "evaluator") {
        let item = canvas.results.get(node).and_then(|r| r.items.get(key));
        let id = item.and_then(|i| i.generations.first());
        return id.map(|id| candidate(canvas, id)).unwrap_or_default();
    }
    if let Some(asset) = replaced(canvas, node, key) {
        return Showing::Asset(asset.clone());
    }
    shown_generation(canvas, node, key).map(Showing::of).unwrap_or_default()
}

/// Returns the content of an evaluator's candidate: a generation anywhere, or what a node or list holds.
pub fn candidate(canvas: &Canvas, id: &str) -> Showing {
    if let Some(made) = canvas.generations.values().flatten().find(|made| made.id == id) {
        return Showing::of(made);
    }
    for node in canvas.nodes.values() {
        let held = node.items.iter().find(|item| match &item.content {
            ItemContent::Asset(asset) => asset.id == id,
            ItemContent::Text(_) => item.id == id,
        });
        if let Some(held) = held {
            return Showing::of_content(&held.content);
        }
        if let Some(asset) = node.asset.as_ref().filter(|asset| asset.id == id) {
            return Showing::Asset(asset.clone());
        }
        if node.id == id && !node.text.trim().is_empty() {
            return Showing::Text(node.text.clone());
        }
    }
    Showing::Nothing
}

/// Returns the name of an item: the entry of the list, the angle, which of several results.
pub fn label(canvas: &Canvas, key: &str) -> String {
    let origin = |part: &str| {
        let (node, id) = part.split_once('=')?;
        let node = canvas.nodes.get(node)?;
        if let Some(entry) = node.items.iter().find(|item| item.id == id) {
            return Some(match &entry.content {
                ItemContent::Text(text) => line(text, LABEL_MAX),
                ItemContent::Asset(asset) => line(&asset.name, LABEL_MAX),
            });
        }
        match id.parse::<usize>() {
            Ok(nth) if node.kind == "evaluator" => Some(format!("From input {}", nth + 1)),
            Ok(nth) if node.kind != "list" => Some(format!("Result {}", nth + 1)),
            _ if node.kind == "list" => None,
            _ => Some(line(&id.replace('_', " "), LABEL_MAX)),
        }
    };
    let names: Vec<String> =
        key.split(',').filter_map(origin).filter(|name| !name.is_empty()).collect();
    names.join(" · ")
}

/// Number of items in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub total: usize,
    /// Results of all of them.
    pub results: usize,
    /// Made or taken over.
    pub done: usize,
    /// Being made, also for the second time.
    pub running: usize,
    /// Holes.
    pub failed: usize,
    /// Behind a hole.
    pub blocked: usize,
    /// Stopped.
    pub cancelled: usize,
    /// Candidates that wait for a person.
    pub paused: usize,
}

impl Counts {
    /// Of a node's result.
    pub fn of(canvas: &Canvas, node: &str) -> Self {
        let mut counts = Self::default();
        let Some(result) = canvas.results.get(node) else { return counts };
        for (key, item) in result.items.iter().filter(|(_, item)| self::counts(result, item)) {
            counts.total += 1;
            counts.results += several(canvas, node, key).len().max(1);
            match NodeStatus::of_item(item) {
                NodeStatus::Completed | NodeStatus::Reused => counts.done += 1,
                NodeStatus::Running | NodeStatus::Retrying => counts.running += 1,
                NodeStatus::Failed => counts.failed += 1,
                NodeStatus::Blocked => counts.blocked += 1,
                NodeStatus::Cancelled => counts.cancelled += 1,
                NodeStatus::Paused => counts.paused += 1,
                NodeStatus::Idle
                | NodeStatus::Pending
                | NodeStatus::Outdated
                | NodeStatus::Locked => {}
            }
        }
        counts
    }

    /// "3 done, 1 running, 1 failed".
    pub fn sentence(&self) -> String {
        let parts = [
            (self.done, "done"),
            (self.running, "running"),
            (self.failed, "failed"),
            (self.blocked, "blocked"),
            (self.cancelled, "cancelled"),
            (self.paused, "to review"),
        ];
        let told: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if told.is_empty() { format!("{} waiting", self.total) } else { told.join(", ") }
    }

    /// Returns the text of the badge: "4 of 6", or "6 items" when all are there; with two results each "6 items ×2".
    pub fn badge(&self) -> String {
        let Self { total, results, done, .. } = *self;
        match (total, results / total.max(1)) {
            _ if done < total => format!("{done} of {total}"),
            (1, each) => format!("×{each}"),
            (_, 1) if results == total => format!("{total} items"),
            (_, each) if results == total * each => format!("{total} items ×{each}"),
            _ => format!("{total} items, {results} results"),
        }
    }
}

#[cfg(test)]
mod tests;
