//! A run's rows as its driver has them in hand: what is recorded, plus what the next record will hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{InputBinding, Plan, StepIndex, UnitIndex, Units};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation, ItemContent, ItemResult, NodeState};

use super::engine::{End, Recorded};
use crate::db::runs::{InvocationRow, NewInvocation, StepChange, StepRow, UnitChange};

/// A unit's row.
#[derive(Clone, Debug, Default)]
pub(super) struct UnitState {
    pub(super) state: NodeState,
    pub(super) attempts: u32,
    pub(super) job: Option<String>,
    pub(super) seed: i64,
    pub(super) cost: Money,
    pub(super) error: Option<Failure>,
    pub(super) generations: Vec<String>,
    pub(super) reused: bool,
    pub(super) fingerprint: Option<String>,
    pub(super) started_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
}

/// A step's row.
#[derive(Clone, Debug, Default)]
pub(super) struct StepState {
    pub(super) state: NodeState,
    pub(super) started_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    pub(super) cost: Money,
    pub(super) error: Option<Failure>,
    pub(super) fingerprint: Option<String>,
}

/// All rows of a run.
pub(super) struct RunState {
    plan: Arc<Plan>,
    all: Arc<Units>,
    pub(super) units: Vec<UnitState>,
    pub(super) steps: Vec<StepState>,
    /// Generations of each unit, once they are there.
    made: Vec<Option<Arc<[Generation]>>>,
}

impl RunState {
    fn empty(plan: &Arc<Plan>, units: &Arc<Units>) -> Self {
        let pending = StepState { state: NodeState::Pending, ..StepState::default() };
        Self {
            plan: Arc::clone(plan),
            all: Arc::clone(units),
            units: vec![UnitState::default(); units.all.len()],
            steps: vec![pending; plan.steps.len()],
            made: vec![None; units.all.len()],
        }
    }

    /// Of a run that was just recorded with these units.
    pub(super) fn fresh(
        plan: &Arc<Plan>,
        units: &Arc<Units>,
        invocations: &[NewInvocation],
    ) -> Self {
        let mut state = Self::empty(plan, units);
        for (note, range) in state.steps.iter_mut().zip(&units.of_step) {
            let mine = &units.all[range.start as usize..range.end as usize];
            if !mine.is_empty() && mine.iter().all(|unit| unit.kept) {
                note.state = NodeState::Completed;
            }
        }
        // The units are recorded in their order; only candidates have no row yet.
        let mut rows = invocations.iter().peekable();
        for (at, unit) in units.all.iter().enumerate() {
            let step = &plan.steps[unit.step.at()];
            let is_row = |row: &&NewInvocation| row.node == step.node && row.item == unit.key;
            let Some(row) = rows.next_if(is_row) else { continue };
            state.units[at] = UnitState {
                state: row.state,
                seed: row.seed,
                error: row.error.clone(),
                generations: row.generations.clone(),
                reused: row.reused,
                fingerprint: row.fingerprint.clone(),
                ..UnitState::default()
            };
            if let Some(kept) = step.kept.get(&unit.key) {
                state.made[at] = Some(kept.generations.as_slice().into());
            }
        }
        state
    }

    /// From the rows of a run; `made` finds generations by their ids.
    pub(super) fn open(
        plan: &Arc<Plan>,
        units: &Arc<Units>,
        steps: &[StepRow],
        invocations: &[InvocationRow],
        made: impl Fn(&str) -> Option<Generation>,
    ) -> Self {
        let mut state = Self::empty(plan, units);
        let of_node: BTreeMap<&NodeId, &StepRow> =
            steps.iter().map(|row| (&row.node, row)).collect();
        for (note, step) in state.steps.iter_mut().zip(&plan.steps) {
            let Some(row) = of_node.get(&step.node) else { continue };
            *note = StepState {
                state: row.state(),
                started_at: row.started_at,
                finished_at: row.finished_at,
                cost: Money(row.cost),
                error: row.failure(),
                fingerprint: row.fingerprint.clone(),
            };
        }
        let by_key: BTreeMap<(&NodeId, &str), &InvocationRow> =
            invocations.iter().map(|row| ((&row.node, row.item.as_str()), row)).collect();
        for (at, unit) in units.all.iter().enumerate() {
            let step = &plan.steps[unit.step.at()];
            let Some(row) = by_key.get(&(&step.node, unit.key.as_str())) else { continue };
            state.units[at] = UnitState {
                state: row.state(),
                attempts: row.attempts as u32,
                job: row.job.clone(),
                seed: row.seed,
                cost: Money(row.cost),
                error: row.failure(),
                generations: row.generation_ids(),
                reused: row.reused != 0,
                fingerprint: row.fingerprint.clone(),
                started_at: row.started_at,
                finished_at: row.finished_at,
            };
            if let Some(kept) = step.kept.get(&unit.key) {
                state.made[at] = Some(kept.generations.as_slice().into());
            } else if row.state() == NodeState::Completed {
                let ids = row.generation_ids();
                let stub = |id: &String| Generation { id: id.clone(), ..Generation::default() };
                let each = ids.iter().map(|id| made(id).unwrap_or_else(|| stub(id)));
                state.made[at] = Some(each.collect());
            }
        }
        state
    }

    /// Returns the records, as the core takes them.
    pub(super) fn recorded(&self) -> Vec<Option<Recorded>> {
        let ended = |at: usize, end| {
            let here = !self.all.all[at].kept;
            Some(Recorded::Ended { end, here })
        };
        let failure = |note: &UnitState| note.error.clone().unwrap_or_else(unknown);
        self.units
            .iter()
            .enumerate()
            .map(|(at, note)| match note.state {
                NodeState::Completed => {
                    let made = self.made[at].as_ref().map_or(0, |made| made.len() as u32);
                    ended(at, End::Completed { made })
                }
                NodeState::Failed => ended(at, End::Failed(failure(note))),
                NodeState::Cancelled => ended(at, End::Cancelled),
                NodeState::Idle => match &note.error {
                    Some(blocked) => ended(at, End::Blocked(blocked.clone())),
                    // A candidate has no row of its own before its turn.
                    None if self.is_candidate(at) && note.finished_at.is_none() => None,
                    None => ended(at, End::Dropped(None)),
                },
                NodeState::Paused => Some(Recorded::Paused),
                NodeState::Pending | NodeState::Running => None,
            })
            .collect()
    }

    fn is_candidate(&self, at: usize) -> bool {
        let unit = &self.all.all[at];
        self.plan.steps[unit.step.at()].is_review() && !unit.kept
    }

    /// Sets the generations of a unit.
    pub(super) fn set_made(&mut self, unit: UnitIndex, made: Arc<[Generation]>) {
        self.made[unit.at()] = Some(made);
    }

    /// Returns the contents on a pick; nothing where it gave nothing.
    pub(super) fn contents(&self, pick: &InputBinding) -> Vec<ItemContent> {
        let mut pick = *pick;
        loop {
            match pick {
                InputBinding::Ready { ready, item } => {
                    let items = self.plan.ready.get(ready as usize).map(|ready| &ready.items);
                    let item = items.and_then(|items| items.get(item as usize));
                    return item.map(|item| item.content.clone()).into_iter().collect();
                }
                InputBinding::AllReady(ready) => {
                    let items = self.plan.ready.get(ready as usize).map(|ready| &ready.items);
                    return items.into_iter().flatten().map(|item| item.content.clone()).collect();
                }
                InputBinding::Unit { unit, nth } => {
                    let at = unit.at();
                    let step = &self.plan.steps[self.all.all[at].step.at()];
                    // What an evaluator lets through is what was on its own input.
                    match self.all.all[at].picks.first() {
                        Some(through) if step.is_review() => pick = *through,
                        _ => return self.flowing(unit, nth),
                    }
                }
                InputBinding::AllOf(step) => return self.batch(step),
            }
        }
    }

    fn flowing(&self, unit: UnitIndex, nth: Option<u32>) -> Vec<ItemContent> {
        let made = self.made[unit.at()].as_deref().unwrap_or_default();
        let one = made.get(nth.unwrap_or(0) as usize);
        one.and_then(Generation::content).into_iter().collect()
    }

    fn batch(&self, step: StepIndex) -> Vec<ItemContent> {
        let planned = &self.plan.steps[step.at()];
        let mut all = Vec::new();
        for unit in self.all.places(step) {
            let Some(made) = &self.made[unit.at()] else { continue };
            if planned.send_all {
                all.extend(made.iter().filter_map(Generation::content));
            } else if !made.is_empty() {
                all.extend(self.contents(&InputBinding::Unit { unit, nth: None }));
            }
        }
        all
    }

    /// Returns the id by which an evaluator names a candidate.
    pub(super) fn candidate_id(&self, unit: UnitIndex) -> String {
        let mut pick = self.all.all[unit.at()].picks.first().copied();
        loop {
            match pick {
                Some(InputBinding::Ready { ready, item }) => {
                    let items = self.plan.ready.get(ready as usize).map(|ready| &ready.items);
                    let item = items.and_then(|items| items.get(item as usize));
                    return item.map(|item| item.id.clone()).unwrap_or_default();
                }
                Some(InputBinding::Unit { unit, nth }) => {
                    let at = unit.at();
                    if self.plan.steps[self.all.all[at].step.at()].is_review() {
                        pick = self.all.all[at].picks.first().copied();
                        continue;
                    }
                    let made = self.made[at].as_deref().unwrap_or_default();
                    let one = made.get(nth.unwrap_or(0) as usize);
                    return one.map(|made| made.id.clone()).unwrap_or_default();
                }
                Some(InputBinding::AllReady(_) | InputBinding::AllOf(_)) | None => {
                    return String::new();
                }
            }
        }
    }

    /// A unit as it is to be recorded.
    pub(super) fn unit_change(&self, unit: UnitIndex) -> UnitChange {
        let (planned, note) = (&self.all.all[unit.at()], self.units[unit.at()].clone());
        let step = &self.plan.steps[planned.step.at()];
        UnitChange {
            node: step.node.clone(),
            item: planned.key.clone(),
            n: planned.n,
            state: note.state,
            attempts: note.attempts,
            provider: step.provider.clone(),
            job: note.job,
            seed: note.seed,
            hold: planned.hold,
            cost: note.cost,
            error: note.error,
            generations: note.generations,
            reused: note.reused,
            fingerprint: note.fingerprint,
            started_at: note.started_at,
            finished_at: note.finished_at,
        }
    }

    /// A step as it is to be recorded.
    pub(super) fn step_change(&self, step: StepIndex) -> StepChange {
        let note = self.steps[step.at()].clone();
        StepChange {
            node: self.plan.steps[step.at()].node.clone(),
            state: note.state,
            started_at: note.started_at,
            finished_at: note.finished_at,
            cost: note.cost,
            error: note.error,
            fingerprint: note.fingerprint,
        }
    }

    /// A unit as it stands in the document.
    pub(super) fn item(&self, unit: UnitIndex) -> ItemResult {
        let note = &self.units[unit.at()];
        ItemResult {
            n: self.all.all[unit.at()].n,
            state: note.state,
            generations: note.generations.clone(),
            reused: note.reused,
            error: note.error.clone(),
        }
    }

    /// Returns the cost of the run so far.
    pub(super) fn cost(&self) -> Money {
        self.steps.iter().map(|step| step.cost).sum()
    }
}

fn unknown() -> Failure {
    Failure {
        node: None,
        code: "internal".to_owned(),
        detail: "It failed.".to_owned(),
        hint: "Retry it. Nothing was charged for it.".to_owned(),
    }
}
