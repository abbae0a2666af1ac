//! A new run of what failed in an earlier one, from the same snapshot and seeds (R-RUN-41).

use std::collections::BTreeMap;

use super::index::StepIndex;
use super::model::{InputBinding, Plan, ReusedItem, Unit};
use super::units::Units;
use crate::ids::NodeId;
use crate::problem::{ErrorCode, Refusal};
use crate::schema::{Failure, Generation, NodeState};

/// Item of an earlier run, as it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastItem {
    /// State.
    pub state: NodeState,
    /// Generations it consists of.
    pub generations: Vec<Generation>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Seed.
    pub seed: Option<i64>,
}

/// End of an earlier run: node → item key → item. An evaluator that was decided has its accepted candidates, and an
/// entry even if there are none.
pub type Past = BTreeMap<NodeId, BTreeMap<String, PastItem>>;

/// Part of it that is tried again: everything that gave nothing, or only a node, or only some of its items; and
/// everything that depends on that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// The node.
    pub node: Option<NodeId>,
    /// Item keys of that node.
    pub items: Vec<String>,
}

impl Plan {
    /// The plan of a retry.
    ///
    /// # Errors
    /// `bad_request` where there is nothing to try again, `not_found` where the run has no such node.
    pub fn retry(&self, past: &Past, which: &Retry) -> Result<Self, Refusal> {
        if let Some(node) = which.node.as_ref().filter(|node| self.step(node.as_str()).is_none()) {
            let detail = format!("The run has no step for {node}.");
            return Err(Refusal::new(ErrorCode::NotFound, detail));
        }
        let units = self.units();
        let mut fates: Vec<Fate> = Vec::with_capacity(units.all.len());
        let mut again = 0;
        for unit in &units.all {
            let fate = self.fate(unit, &fates, &units, past, which);
            again += usize::from(matches!(fate, Fate::Again));
            fates.push(fate);
        }
        if again == 0 {
            let detail = "Nothing of it failed or was blocked. There is nothing to try again.";
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        let mut plan = self.clone();
        plan.reuses = true;
        for step in &mut plan.steps {
            (step.kept, step.seeds) = (BTreeMap::new(), BTreeMap::new());
        }
        for (unit, fate) in units.all.iter().zip(fates) {
            let step = &mut plan.steps[unit.step.at()];
            let before = past.get(&step.node).and_then(|items| items.get(&unit.key));
            let (generations, error) = match fate {
                Fate::Again => {
                    if let Some(seed) = before.and_then(|item| item.seed) {
                        step.seeds.insert(unit.key.clone(), seed);
                    }
                    continue;
                }
                Fate::Done => {
                    (before.map(|item| item.generations.clone()).unwrap_or_default(), None)
                }
                Fate::Left => (Vec::new(), None),
                Fate::Hole => (Vec::new(), before.and_then(|item| item.error.clone())),
            };
            let kept_before = self.steps[unit.step.at()].kept.get(&unit.key);
            let flows = Some(kept_before.map_or(step.count, ReusedItem::flows));
            let kept = ReusedItem { generations, error, flows };
            step.kept.insert(unit.key.clone(), kept);
        }
        plan.price();
        Ok(plan)
    }

    fn fate(&self, unit: &Unit, fates: &[Fate], units: &Units, past: &Past, which: &Retry) -> Fate {
        let step = &self.steps[unit.step.at()];
        let items = past.get(&step.node);
        let before = items.and_then(|items| items.get(&unit.key));
        if before.is_some_and(|item| item.state == NodeState::Completed) {
            return Fate::Done;
        }
        let (mut hole, mut left, mut again) = (false, false, false);
        for pick in &unit.picks {
            let (range, is_review) = match *pick {
                InputBinding::Unit { unit, .. } => (unit.at()..unit.at() + 1, false),
                // An evaluator leaves holes out of its batch.
                InputBinding::AllOf(step) => {
                    let range = units.of_step[step.at()].clone();
                    let range = range.start as usize..range.end as usize;
                    (range, self.steps[step.at()].is_review())
                }
                InputBinding::Ready { .. } | InputBinding::AllReady(_) => continue,
            };
            let of = fates.get(range).unwrap_or_default();
            let is_left = |fate: &Fate| *fate == Fate::Left || (is_review && *fate == Fate::Hole);
            hole |= !is_review && of.contains(&Fate::Hole);
            left |= !of.is_empty() && of.iter().all(is_left);
            again |= of.contains(&Fate::Again);
        }
        if hole {
            return Fate::Hole;
        }
        // A candidate that was not accepted is decided.
        if left || (step.is_review() && items.is_some() && !again) {
            return Fate::Left;
        }
        if again {
            return Fate::Again;
        }
        let asked = match &which.node {
            None => true,
            Some(node) => {
                *node == step.node && (which.items.is_empty() || which.items.contains(&unit.key))
            }
        };
        if asked { Fate::Again } else { Fate::Hole }
    }

    /// Brings invocations and costs in line with what is kept.
    fn price(&mut self) {
        let units = self.units();
        for (at, step) in StepIndex::each().zip(&mut self.steps) {
            let mine = units.step(at);
            let called = mine.iter().filter(|unit| !unit.kept).count() as u32;
            step.invocations = if step.is_review() { called.min(1) } else { called };
            step.cost = mine.iter().map(|unit| unit.hold).sum();
            step.exact = mine.iter().all(|unit| unit.exact);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is there.
    Done,
    /// It is tried again.
    Again,
    /// It gave nothing and nobody asks for it.
    Hole,
    /// Nobody accepted it, or what it depends on: no part of any batch.
    Left,
}
