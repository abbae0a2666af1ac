//! Flow out of a node right now: the content it holds, or the chosen results of its items.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::lineage::Lineage;
use crate::nodes::{self, NodeKind};
use crate::schema::{
    Canvas, Chosen, Generation, ItemContent, ItemResult, Node, NodeResult, NodeState,
};
use crate::steps;
use crate::values::AssetRef;

/// One item on a wire.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowItem {
    /// The item's key: `""` outside a batch, else its origins.
    pub key: String,
    /// Text or asset.
    pub content: ItemContent,
    /// The generation it is, unless it is a source's or replaced.
    pub generation: Option<String>,
    /// Id by which an evaluator names it: its generation, else its asset, else the entry or node that holds it.
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

/// Results of a node, found by item and by id: for whoever looks at many of its items.
pub(crate) struct History<'a> {
    node: Option<&'a Node>,
    result: Option<&'a NodeResult>,
    /// Item key → the newest of it.
    newest: BTreeMap<&'a str, &'a Generation>,
    by_id: BTreeMap<&'a str, &'a Generation>,
    /// Item key, output and run → the newest of those.
    of_port: BTreeMap<(&'a str, &'a str, &'a str), &'a Generation>,
}

impl<'a> History<'a> {
    /// Of one node.
    pub(crate) fn of(canvas: &'a Canvas, node: &str) -> Self {
        let made = canvas.generations.get(node).map(Vec::as_slice).unwrap_or_default();
        steps::note(made.len());
        Self {
            node: canvas.nodes.get(node),
            result: canvas.results.get(node),
            newest: made.iter().map(|made| (made.key.as_str(), made)).collect(),
            // Of several with one id the first counts.
            by_id: made.iter().rev().map(|made| (made.id.as_str(), made)).collect(),
            of_port: made
                .iter()
                .map(|made| ((made.key.as_str(), made.port.as_str(), made.run.as_str()), made))
                .collect(),
        }
    }

    /// A generation of it.
    pub(crate) fn made(&self, id: &str) -> Option<&'a Generation> {
        steps::note(1);
        self.by_id.get(id).copied()
    }

    /// The generation of an item that is shown and flows.
    pub(crate) fn shown(&self, key: &str) -> Option<&'a Generation> {
        steps::note(1);
        match self.choice(key) {
            Some(Chosen::Generation(id)) => return self.made(id),
            Some(Chosen::Asset(_) | Chosen::Nothing) => return None,
            None => {}
        }
        let listed = self.result.and_then(|result| result.items.get(key));
        listed
            .and_then(|item| item.generations.first())
            .and_then(|id| self.made(id))
            .or_else(|| self.newest.get(key).copied())
    }

    /// Somebody's choice for an item, where it counts (R-DOC-17).
    fn choice(&self, key: &str) -> Option<&'a Chosen> {
        let node = self.node?;
        let choice = node.output.get(key)?;
        if let Chosen::Asset(asset) = &choice.chosen
            && nodes::spec(&node.kind).is_some_and(|spec| !spec.may_show(asset.ty))
        {
            return None;
        }
        let newest = self.newest.get(key).map(|generation| generation.id.as_str());
        (choice.after.as_deref() == newest).then_some(&choice.chosen)
    }

    /// Returns the asset that somebody put in the place of an item's results, while nothing newer came.
    pub(crate) fn replaced(&self, key: &str) -> Option<&'a AssetRef> {
        match self.choice(key)? {
            Chosen::Asset(asset) => Some(asset),
            Chosen::Generation(_) | Chosen::Nothing => None,
        }
    }
}

/// The newest generation of an item of a node.
pub fn newest_generation<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a Generation> {
    canvas.generations.get(node)?.iter().rfind(|generation| generation.key == key)
}

/// The generation of an item that is shown and flows: the one somebody chose, while nothing newer came,
/// else the first of the newest invocation. `None` when there is none, it was reset or replaced.
pub fn shown_generation<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a Generation> {
    History::of(canvas, node).shown(key)
}

/// Returns the asset that somebody put in the place of an item's results, while nothing newer came.
pub fn replaced<'a>(canvas: &'a Canvas, node: &str, key: &str) -> Option<&'a AssetRef> {
    // Most nodes have none: reading a history takes longer.
    canvas.nodes.get(node)?.output.get(key)?;
    History::of(canvas, node).replaced(key)
}

/// Returns the items that flow out of a port now; nothing where there is nothing. `all`: every result of an invocation
/// flows, each as an item of its own.
pub fn flow(canvas: &Canvas, id: &str, port: &str, all: bool) -> Vec<FlowItem> {
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
    steps::note(items.len());
    if spec.kind == NodeKind::Evaluator {
        let accepted = |(key, item): (&'_ str, Option<&ItemResult>)| {
            let item = item.filter(|item| item.state == NodeState::Completed)?;
            Some((key.to_owned(), item.generations.first()?.clone()))
        };
        return candidates(canvas, id, items.into_iter().filter_map(accepted).collect());
    }
    let history = History::of(canvas, id);
    let flowing = items.into_iter().flat_map(|(key, item)| match item {
        Some(item) if all && item.generations.len() > 1 => each_made(&history, id, key, item),
        _ => item_flow(&history, id, port, key).into_iter().collect(),
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

/// The items of a node in order. Where no run has left any: those for which a file was chosen, else the one outside a
/// batch, if it made something.
fn results<'a>(canvas: &'a Canvas, id: &str) -> Vec<(&'a str, Option<&'a ItemResult>)> {
    if let Some(result) =
        canvas.results.get(id).filter(|result| result.run.is_some() || !result.items.is_empty())
    {
        let mut items: Vec<(&str, &ItemResult)> =
            result.items.iter().map(|(key, item)| (key.as_str(), item)).collect();
        items.sort_unstable_by_key(|(key, item)| (item.n, *key));
        return items.into_iter().map(|(key, item)| (key, Some(item))).collect();
    }
    let chosen = canvas.nodes.get(id).into_iter().flat_map(|node| &node.output);
    let files = chosen.filter(|(_, choice)| matches!(choice.chosen, Chosen::Asset(_)));
    let keys: Vec<_> = files.map(|(key, _)| (key.as_str(), None)).collect();
    if keys.is_empty() { vec![("", None)] } else { keys }
}

fn each_made(history: &History<'_>, id: &str, key: &str, item: &ItemResult) -> Vec<FlowItem> {
    let lineage = Lineage::parse(key);
    let each = item.generations.iter().enumerate().filter_map(|(nth, generation)| {
        let made = history.made(generation)?;
        FlowItem::made(lineage.with(id, nth.to_string()).to_string(), made)
    });
    each.collect()
}

fn item_flow(history: &History<'_>, id: &str, port: &str, key: &str) -> Option<FlowItem> {
    if let Some(asset) = history.replaced(key) {
        let content = ItemContent::Asset(asset.clone());
        return Some(FlowItem::held(key.to_owned(), &content, id));
    }
    let shown = history.shown(key)?;
    let made = (shown.port != port)
        .then(|| history.of_port.get(&(key, port, shown.run.as_str())).copied())
        .flatten();
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

/// The most evaluators in a row through which candidates are followed to where they are held.
const EVALUATORS_MAX: usize = 100;

/// Returns the candidates that an evaluator accepted (item key, and the id it is named by), wherever they were made
/// or held.
fn candidates(canvas: &Canvas, evaluator: &str, accepted: Vec<(String, String)>) -> Vec<FlowItem> {
    if accepted.is_empty() {
        return Vec::new();
    }
    let mut left: BTreeSet<&str> = accepted.iter().map(|(_, id)| id.as_str()).collect();
    let mut made: BTreeMap<&str, &Generation> = BTreeMap::new();
    let mut held: BTreeMap<&str, ItemContent> = BTreeMap::new();
    // What another evaluator passed on was made or held before it.
    let (mut seen, mut evaluators) = (BTreeSet::from([evaluator]), VecDeque::from([evaluator]));
    let mut passed = 0;
    while let Some(evaluator) = evaluators.pop_front().filter(|_| passed < EVALUATORS_MAX) {
        passed += 1;
        // Edges whose key says something else do not count.
        let from = format!("{evaluator}:");
        let edges = canvas.edges.range(from.clone()..);
        let edges = edges.take_while(|(key, _)| key.starts_with(&from)).map(|(_, edge)| edge);
        for edge in edges.filter(|edge| edge.to_node == evaluator) {
            let Some(node) = canvas.nodes.get(&edge.from_node) else { continue };
            steps::note(1);
            if !seen.insert(&node.id) {
                continue;
            }
            if nodes::spec(&node.kind).is_some_and(|spec| spec.kind == NodeKind::Evaluator) {
                evaluators.push_back(&node.id);
                continue;
            }
            let of_node = canvas.generations.get(&node.id).into_iter().flatten();
            for generation in of_node.filter(|generation| left.contains(generation.id.as_str())) {
                steps::note(1);
                made.entry(&generation.id).or_insert(generation);
            }
            holds(node, &left, &mut held);
        }
        left.retain(|id| !made.contains_key(id) && !held.contains_key(id));
        if left.is_empty() {
            break;
        }
    }
    if !left.is_empty() {
        // Over a wire that is gone.
        for generation in canvas.generations.values().flatten() {
            steps::note(1);
            if left.contains(generation.id.as_str()) {
                made.entry(&generation.id).or_insert(generation);
            }
        }
    }
    let flowing = accepted.iter().filter_map(|(key, id)| {
        let key = key.clone();
        match (made.get(id.as_str()), held.get(id.as_str())) {
            (Some(made), _) => FlowItem::made(key, made),
            (None, Some(content)) => {
                let content = content.clone();
                Some(FlowItem { key, content, generation: None, id: id.clone() })
            }
            (None, None) => None,
        }
    });
    flowing.collect()
}

/// Adds those of the wanted things that a node holds.
fn holds<'a>(node: &'a Node, wanted: &BTreeSet<&str>, held: &mut BTreeMap<&'a str, ItemContent>) {
    let mut hold = |id: &'a str, content: ItemContent| {
        held.entry(id).or_insert(content);
    };
    for item in &node.items {
        steps::note(1);
        let id = match &item.content {
            ItemContent::Asset(asset) => asset.id.as_str(),
            ItemContent::Text(_) => item.id.as_str(),
        };
        if wanted.contains(id) {
            hold(id, item.content.clone());
        }
    }
    let chosen = node.output.values().filter_map(|choice| match &choice.chosen {
        Chosen::Asset(asset) => Some(asset),
        Chosen::Generation(_) | Chosen::Nothing => None,
    });
    for asset in node.asset.iter().chain(chosen).filter(|asset| wanted.contains(&*asset.id)) {
        hold(&asset.id, ItemContent::Asset(asset.clone()));
    }
    if wanted.contains(node.id.as_str()) {
        hold(&node.id, ItemContent::Text(node.text.clone()));
    }
}
