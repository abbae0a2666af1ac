//! One turn of a driver: everything that changed since the last one, recorded at once and shown at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::ids::{NodeId, RunId};
use gesso_protocol::plan::{StepIndex, UnitIndex};
use gesso_protocol::schema::{self, Generation, ItemResult, NodeState, RunInfo};
use serde_json::Value;
use yrs::TransactionMut;

use super::engine::Core;
use super::state::RunState;
use crate::db::assets::AssetRow;
use crate::db::generations::is_candidate;
use crate::db::late::LateRow;
use crate::db::runs::{Changes, NewGeneration, ReviewRow, RunRow, StatusChange, StepChange};

/// Of a larger batch only the results of this many first items stand in the document (R-DOC-30).
pub(super) const SHOWN_ITEMS_MAX: u32 = 200;

/// The changes of one turn.
#[derive(Default)]
pub(super) struct ChangeSet {
    pub(super) units: BTreeSet<UnitIndex>,
    pub(super) steps: BTreeSet<StepIndex>,
    /// Generations that units made, with what made them.
    pub(super) generations: Vec<(UnitIndex, Arc<[Generation]>, Arc<str>)>,
    pub(super) assets: Vec<AssetRow>,
    pub(super) review: Option<ReviewRow>,
    pub(super) late: Vec<LateRow>,
    pub(super) status: Option<StatusChange>,
}

impl ChangeSet {
    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
            && self.steps.is_empty()
            && self.status.is_none()
            && self.late.is_empty()
    }

    /// For the database.
    pub(super) fn for_database(
        &self,
        run: &RunRow,
        fence: i64,
        core: &Core,
        state: &RunState,
    ) -> Changes {
        let plan = core.plan();
        let node_of = |unit: UnitIndex| &plan.steps[core.units().all[unit.at()].step.at()].node;
        let generations = self.generations.iter().flat_map(|(unit, made, with)| {
            let new = |generation: &Generation| NewGeneration {
                node: node_of(*unit).clone(),
                generation: generation.clone(),
                made_with: Arc::clone(with),
            };
            made.iter().map(new)
        });
        Changes {
            status: self.status.clone(),
            steps: self.steps.iter().map(|step| state.step_change(*step)).collect(),
            units: self.units.iter().map(|unit| state.unit_change(*unit)).collect(),
            generations: generations.collect(),
            assets: self.assets.clone(),
            review: self.review.clone(),
            late: self.late.clone(),
            ..Changes::of(run, fence)
        }
    }

    /// For the document.
    pub(super) fn shown(&self, info: Option<RunInfo>, core: &Core, state: &RunState) -> Shown {
        let plan = core.plan();
        let mut nodes: BTreeMap<StepIndex, ShownNode> = BTreeMap::new();
        for unit in &self.units {
            let planned = &core.units().all[unit.at()];
            let item = state.item(*unit);
            // What was left out or not accepted is no part of the result.
            let dropped = item.state == NodeState::Idle && item.error.is_none();
            let is_review = plan.steps[planned.step.at()].is_review();
            let gone = dropped || (is_review && !is_candidate(item.state));
            let shown = nodes.entry(planned.step).or_default();
            shown.items.push((planned.key.clone(), (!gone).then_some(item)));
        }
        for (unit, made, _) in &self.generations {
            let planned = &core.units().all[unit.at()];
            if planned.n < SHOWN_ITEMS_MAX {
                nodes.entry(planned.step).or_default().generations.extend(made.iter().cloned());
            }
        }
        for step in &self.steps {
            let shown = nodes.entry(*step).or_default();
            shown.step = Some(state.step_change(*step));
        }
        let named = nodes
            .into_iter()
            .map(|(step, shown)| {
                let step = &plan.steps[step.at()];
                (step.node.clone(), step.kind.clone(), shown)
            })
            .collect();
        Shown { info, nodes: named }
    }
}

#[derive(Default)]
struct ShownNode {
    step: Option<StepChange>,
    items: Vec<(String, Option<ItemResult>)>,
    generations: Vec<Generation>,
}

/// Changes that are to be written into the document.
pub(super) struct Shown {
    info: Option<RunInfo>,
    /// Node, the kind it had when the run was asked for, and what is new of it.
    nodes: Vec<(NodeId, String, ShownNode)>,
}

impl Shown {
    pub(super) fn write(self, run: &RunId, txn: &mut TransactionMut<'_>) {
        if let Some(info) = &self.info {
            schema::put_run(txn, info);
        }
        for (id, kind, shown) in &self.nodes {
            let node = id.as_str();
            // What a deleted node made stays in the library and its history, also where another one has its id.
            if !schema::is_kind(txn, node, kind) {
                continue;
            }
            // Also where another run has the node in hand by now: that one may have taken it over.
            schema::append_generations(txn, node, &shown.generations);
            if !schema::is_result_of(txn, id, run) {
                continue;
            }
            for (key, item) in &shown.items {
                match item {
                    Some(item) => schema::set_item(txn, node, key, item),
                    None => schema::remove_item_result(txn, node, key),
                }
            }
            if let Some(step) = &shown.step {
                schema::set_result_keys(txn, node, &step_keys(step));
                if !step.state.is_active() {
                    schema::trim_generations(txn, node);
                }
            }
        }
    }
}

fn step_keys(step: &StepChange) -> [(&'static str, Value); 6] {
    let at = |value: Option<i64>| value.map_or(Value::Null, Value::from);
    let error = step.error.as_ref().map(serde_json::to_value);
    [
        ("state", step.state.id().into()),
        ("error", error.and_then(Result::ok).unwrap_or(Value::Null)),
        ("started_at", at(step.started_at)),
        ("finished_at", at(step.finished_at)),
        ("cost", step.cost.to_json()),
        ("fingerprint", step.fingerprint.clone().map_or(Value::Null, Value::from)),
    ]
}
