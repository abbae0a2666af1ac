//! The server's writes: `results`, `generations`, `runs`. The database is their truth; these functions bring
//! the document in line with it, writing only what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use yrs::{
    Any, Array as _, ArrayPrelim, ArrayRef, Map as _, MapPrelim, MapRef, Out, ReadTxn,
    TransactionMut, WriteTxn as _,
};

use super::model::{Generation, ItemResult, NodeResult, RunInfo};
use super::read::read_choices;
use super::read::{read_generations, read_result, read_run};
use crate::ids::{NodeId, RunId};
use crate::nodes::NodeKind;
use crate::values::json_to_any;

/// Number of a node's generations that stay in the document, besides those that something names.
pub const GENERATIONS_KEPT: usize = 50;
/// Number of ended runs that stay in the document.
pub const RUNS_KEPT: usize = 20;

fn result_map(txn: &TransactionMut<'_>, id: &str) -> Option<MapRef> {
    txn.get_map("results")?.get(txn, id)?.cast().ok()
}

fn to_any<T: serde::Serialize>(value: &T) -> Any {
    json_to_any(&serde_json::to_value(value).unwrap_or(Value::Null))
}

/// Lays a *new* entry at `results[id]`, so that the old one is collected whole.
pub fn put_result(txn: &mut TransactionMut<'_>, id: &str, result: &NodeResult) {
    let mut keys: Vec<(&str, Value)> =
        vec![("state", json!(result.state.id())), ("cost", result.cost.to_json())];
    let optional = [
        ("error", result.error.as_ref().map(|error| json!(error))),
        ("run", result.run.as_ref().map(|run| json!(run))),
        ("kind", result.kind.as_ref().map(|kind| json!(kind))),
        ("started_at", result.started_at.map(|at| json!(at))),
        ("finished_at", result.finished_at.map(|at| json!(at))),
        ("fingerprint", result.fingerprint.as_ref().map(|f| json!(f))),
    ];
    keys.extend(optional.into_iter().filter_map(|(key, value)| Some((key, value?))));
    let mut prelim: MapPrelim =
        keys.iter().map(|(key, value)| (*key, json_to_any(value))).collect();
    let items: MapPrelim =
        result.items.iter().map(|(key, item)| (key.as_str(), to_any(item))).collect();
    prelim.insert("items".into(), items.into());
    txn.get_or_insert_map("results").insert(txn, id, prelim);
}

/// Sets keys of an existing result; null removes one.
pub fn set_result_keys(txn: &mut TransactionMut<'_>, id: &str, keys: &[(&str, Value)]) {
    let Some(map) = result_map(txn, id) else { return };
    for (key, value) in keys {
        if value.is_null() {
            map.remove(txn, key);
        } else {
            map.try_update(txn, *key, json_to_any(value));
        }
    }
}

/// Sets one item of an existing result.
pub fn set_item(txn: &mut TransactionMut<'_>, id: &str, key: &str, item: &ItemResult) {
    let items = result_map(txn, id).and_then(|map| map.get(txn, "items")?.cast::<MapRef>().ok());
    if let Some(items) = items {
        items.try_update(txn, key, to_any(item));
    }
}

/// Removes one item of an existing result.
pub fn remove_item_result(txn: &mut TransactionMut<'_>, id: &str, key: &str) {
    let items = result_map(txn, id).and_then(|map| map.get(txn, "items")?.cast::<MapRef>().ok());
    if let Some(items) = items {
        items.remove(txn, key);
    }
}

/// True if what stands at `results[id]` is of this run.
pub fn is_result_of(txn: &TransactionMut<'_>, id: &NodeId, run: &RunId) -> bool {
    let held = result_map(txn, id.as_str()).and_then(|map| map.get(txn, "run"));
    matches!(held, Some(Out::Any(Any::String(held))) if *held == *run.as_str())
}

fn generation_array(txn: &mut TransactionMut<'_>, id: &str) -> ArrayRef {
    let map = txn.get_or_insert_map("generations");
    match map.get(txn, id) {
        Some(Out::YArray(array)) => array,
        _ => map.insert(txn, id, ArrayPrelim::default()),
    }
}

/// The id of an entry of `generations`.
fn generation_id(held: Out) -> Option<String> {
    let Out::Any(Any::Map(map)) = held else { return None };
    let Any::String(id) = map.get("id")? else { return None };
    Some(id.to_string())
}

/// Appends what a node made and leaves out what is there already. [`trim_generations`] keeps it short.
pub fn append_generations(txn: &mut TransactionMut<'_>, id: &str, new: &[Generation]) {
    if new.is_empty() {
        return;
    }
    let array = generation_array(txn, id);
    let mut known: BTreeSet<String> = array.iter(txn).filter_map(generation_id).collect();
    let fresh: Vec<Any> =
        new.iter().filter(|made| known.insert(made.id.clone())).map(to_any).collect();
    if !fresh.is_empty() {
        array.insert_range(txn, array.len(txn), fresh);
    }
}

/// Drops the oldest generations of a node above [`GENERATIONS_KEPT`] that neither an item nor a choice names.
pub fn trim_generations(txn: &mut TransactionMut<'_>, id: &str) {
    let array = generation_array(txn, id);
    trim(txn, id, &array);
}

/// Appends what a node made and keeps its list short.
pub fn put_generations(txn: &mut TransactionMut<'_>, id: &str, new: &[Generation]) {
    append_generations(txn, id, new);
    trim_generations(txn, id);
}

/// True if there is a node of that id and kind. What was made for a node lands on no other that took its id.
pub fn is_kind(txn: &impl ReadTxn, id: &str, kind: &str) -> bool {
    kind_of(txn, id).is_some_and(|held| held == kind)
}

fn kind_of(txn: &impl ReadTxn, id: &str) -> Option<String> {
    let kind = super::node_map(txn, id)?.get(txn, "kind")?;
    if let Out::Any(Any::String(kind)) = kind { Some(kind.to_string()) } else { None }
}

/// Takes away what stands at a node and was made for one of another kind, whose id it has.
pub(super) fn drop_of_other_kind(txn: &mut TransactionMut<'_>, id: &str, kind: &str) {
    let made_for = result_map(txn, id).and_then(|map| map.get(txn, "kind"));
    if let Some(Out::Any(Any::String(made_for))) = made_for
        && &*made_for != kind
    {
        txn.get_or_insert_map("results").remove(txn, id);
        remove_generations(txn, id);
    }
}

fn is_evaluator(txn: &TransactionMut<'_>, id: &str) -> bool {
    is_kind(txn, id, NodeKind::Evaluator.spec().id)
}

/// The generations that people's choices name, on all nodes.
pub fn chosen_generations(txn: &impl ReadTxn) -> Vec<String> {
    let Some(nodes) = txn.get_map("nodes") else { return Vec::new() };
    let ids: Vec<String> = nodes.keys(txn).map(str::to_owned).collect();
    let choices = ids.iter().flat_map(|id| read_choices(txn, id));
    choices.filter_map(|(_, choice)| choice.chosen.generation().map(str::to_owned)).collect()
}

/// The generations that people's choices name and that their nodes do not have in the document (R-DOC-30).
pub fn unheld_choices(txn: &impl ReadTxn) -> BTreeSet<String> {
    let Some(nodes) = txn.get_map("nodes") else { return BTreeSet::new() };
    let ids: Vec<String> = nodes.keys(txn).map(str::to_owned).collect();
    let mut unheld = BTreeSet::new();
    for id in ids {
        let choices = read_choices(txn, &id);
        if choices.is_empty() {
            continue;
        }
        let made = txn.get_map("generations").and_then(|map| map.get(txn, &id));
        let made = made.and_then(|made| made.cast::<ArrayRef>().ok());
        let made = made.iter().flat_map(|made| made.iter(txn));
        let held: BTreeSet<String> = made.filter_map(generation_id).collect();
        let chosen = choices.values().filter_map(|choice| choice.chosen.generation());
        unheld.extend(chosen.filter(|id| !held.contains(*id)).map(str::to_owned));
    }
    unheld
}

/// The generations of a node that its items or somebody's choices name.
fn named(txn: &TransactionMut<'_>, id: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    // An evaluator names what other nodes made.
    let holders = txn.get_map("results");
    let holders: Vec<String> =
        holders.iter().flat_map(|map| map.keys(txn)).map(str::to_owned).collect();
    for holder in holders {
        let own = holder == id;
        if own || is_evaluator(txn, &holder) {
            let items = read_result(txn, &holder).unwrap_or_default().items.into_values();
            named.extend(items.flat_map(|item| item.generations));
        }
    }
    let choices = read_choices(txn, id).into_values();
    named.extend(choices.filter_map(|choice| choice.chosen.generation().map(str::to_owned)));
    named
}

fn trim(txn: &mut TransactionMut<'_>, id: &str, array: &ArrayRef) {
    let surplus = (array.len(txn) as usize).saturating_sub(GENERATIONS_KEPT);
    if surplus == 0 {
        return;
    }
    let named = named(txn, id);
    let held = read_generations(txn, id);
    let unnamed: Vec<u32> = (0_u32..)
        .zip(held.iter())
        .take(held.len().saturating_sub(GENERATIONS_KEPT))
        .filter(|(_, generation)| !named.contains(&generation.id))
        .map(|(at, _)| at)
        .collect();
    for at in unnamed.into_iter().rev() {
        array.remove(txn, at);
    }
}

/// Removes the generations of a node from the document.
pub fn remove_generations(txn: &mut TransactionMut<'_>, id: &str) {
    txn.get_or_insert_map("generations").remove(txn, id);
}

/// Writes an entry of `runs`, only the keys that differ, and drops the oldest ended ones above [`RUNS_KEPT`].
pub fn put_run(txn: &mut TransactionMut<'_>, run: &RunInfo) {
    let value = serde_json::to_value(run).unwrap_or(Value::Null);
    let Value::Object(mut keys) = value else { return };
    keys.remove("id");
    let runs = txn.get_or_insert_map("runs");
    match runs.get(txn, &run.id).and_then(|out| out.cast::<MapRef>().ok()) {
        Some(map) => {
            for (key, value) in &keys {
                map.try_update(txn, key.as_str(), json_to_any(value));
            }
            // It may be the one too many among those that have ended.
            if run.status.is_terminal() {
                drop_old_runs(txn, &runs);
            }
        }
        None => {
            let prelim: MapPrelim =
                keys.iter().map(|(k, v)| (k.as_str(), json_to_any(v))).collect();
            runs.insert(txn, run.id.as_str(), prelim);
            drop_old_runs(txn, &runs);
        }
    }
}

fn drop_old_runs(txn: &mut TransactionMut<'_>, runs: &MapRef) {
    let ids: Vec<String> = runs.keys(txn).map(str::to_owned).collect();
    let mut ended: Vec<(i64, String)> = ids
        .into_iter()
        .filter_map(|id| read_run(txn, &id))
        .filter(|run| run.status.is_terminal())
        .map(|run| (run.number, run.id))
        .collect();
    ended.sort();
    let surplus = ended.len().saturating_sub(RUNS_KEPT);
    for (_, id) in ended.into_iter().take(surplus) {
        runs.remove(txn, &id);
    }
}

/// Takes results and generations of nodes that are gone out of the document (R-DOC-28); they come back from the
/// database if the node does. Answers the ids of those nodes.
pub fn forget_nodes(txn: &mut TransactionMut<'_>) -> BTreeSet<String> {
    let nodes = txn.get_or_insert_map("nodes");
    let mut forgotten = BTreeSet::new();
    for root in ["results", "generations"] {
        let map = txn.get_or_insert_map(root);
        let gone: Vec<String> =
            map.keys(txn).filter(|id| !nodes.contains_key(txn, id)).map(str::to_owned).collect();
        for id in gone {
            map.remove(txn, &id);
            forgotten.insert(id);
        }
    }
    forgotten
}

/// The database's truth of a canvas's outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Entries of `results`.
    pub results: BTreeMap<String, NodeResult>,
    /// Entries of `generations`, oldest first: the newest [`GENERATIONS_KEPT`] of a node and those that something
    /// names.
    pub generations: BTreeMap<String, Vec<Generation>>,
    /// The kind of node that a generation was made for, where that is known; an edited one is of the kind of the one
    /// before it.
    pub kinds: BTreeMap<String, String>,
    /// Entries of `runs`.
    pub runs: BTreeMap<String, RunInfo>,
}

impl Outcome {
    /// Returns those of a node's generations that were made for one of this kind.
    fn generations_of(&self, id: &str, kind: &str) -> Vec<Generation> {
        let all = self.generations.get(id).into_iter().flatten();
        let is_of_kind =
            |made: &&Generation| self.kinds.get(&made.id).is_none_or(|made_for| made_for == kind);
        all.filter(is_of_kind).cloned().collect()
    }

    /// The nodes that it has something for and that the document does not have.
    pub fn absent_nodes(&self, txn: &impl ReadTxn) -> BTreeSet<String> {
        let ids = self.results.keys().chain(self.generations.keys());
        ids.filter(|id| super::node_map(txn, id).is_none()).cloned().collect()
    }

    /// Adds what the document does not have of what can no longer change: results that have ended, and generations.
    /// Nothing that it has is rewritten, so that this may be older than the newest write of the server.
    pub fn add_lasting(&self, txn: &mut TransactionMut<'_>) {
        for (id, result) in &self.results {
            let is_missing = !result.state.is_active()
                && result.kind.as_ref().is_some_and(|kind| is_kind(txn, id, kind))
                && result_map(txn, id).is_none();
            if is_missing {
                put_result(txn, id, result);
            }
        }
        for id in self.generations.keys() {
            let Some(kind) = kind_of(txn, id) else { continue };
            let mut generations = self.generations_of(id, &kind);
            let held = read_generations(txn, id);
            let held_ids: BTreeSet<&str> = held.iter().map(|made| made.id.as_str()).collect();
            if generations.iter().all(|made| held_ids.contains(made.id.as_str())) {
                continue;
            }
            let read: BTreeSet<String> = generations.iter().map(|made| made.id.clone()).collect();
            // What is held and was not read is newer.
            generations.extend(held.into_iter().filter(|made| !read.contains(&made.id)));
            remove_generations(txn, id);
            put_generations(txn, id, &generations);
        }
    }

    /// Rewrites what differs from it in the document, of nodes that exist. Answers how many entries it wrote.
    pub fn lay(&self, txn: &mut TransactionMut<'_>) -> usize {
        let mut written = remove_foreign(txn, "results", |id| self.results.contains_key(id))
            + remove_foreign(txn, "generations", |id| self.generations.contains_key(id))
            + remove_foreign(txn, "runs", |id| self.runs.contains_key(id));
        for id in self.results.keys().chain(self.generations.keys()) {
            if let Some(kind) = kind_of(txn, id) {
                drop_of_other_kind(txn, id, &kind);
            }
        }
        for (id, run) in &self.runs {
            if read_run(txn, id).as_ref() != Some(run) {
                txn.get_or_insert_map("runs").remove(txn, id);
                put_run(txn, run);
                written += 1;
            }
        }
        for (id, result) in &self.results {
            let exists = match &result.kind {
                Some(kind) => is_kind(txn, id, kind),
                None => kind_of(txn, id).is_some(),
            };
            if exists && read_result(txn, id).as_ref() != Some(result) {
                put_result(txn, id, result);
                written += 1;
            }
        }
        for id in self.generations.keys() {
            let Some(kind) = kind_of(txn, id) else { continue };
            let generations = self.generations_of(id, &kind);
            if read_generations(txn, id) != generations {
                remove_generations(txn, id);
                append_generations(txn, id, &generations);
                written += 1;
            }
        }
        written
    }
}

fn remove_foreign(txn: &mut TransactionMut<'_>, root: &str, known: impl Fn(&str) -> bool) -> usize {
    let map = txn.get_or_insert_map(root);
    let foreign: Vec<String> = map.keys(txn).filter(|id| !known(id)).map(str::to_owned).collect();
    for id in &foreign {
        map.remove(txn, id);
    }
    foreign.len()
}
