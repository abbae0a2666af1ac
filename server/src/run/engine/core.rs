//! The next effects of a run, as a pure function of its plan and of what became of its units so far. A unit is one item
//! of one step; each goes on the moment its own inputs are there, so that item 1 may be steps ahead of item 2.
//!
//! Invariant: imports `gesso_protocol` and `std` only; no clock, no input or output, nothing recursive.

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use gesso_protocol::plan::{InputBinding, Plan, StepIndex, UnitIndex, Units};
use gesso_protocol::problem::quoted;
use gesso_protocol::schema::{Failure, NodeState, RunStatus};

use super::end::End;
use super::tally::Tally;

/// Something to do, told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the model of this unit as soon as it is its turn.
    Ready(UnitIndex),
    /// This unit no longer waits for its turn.
    Withdraw(UnitIndex),
    /// Stop the call that is under way.
    Abort(UnitIndex),
    /// This unit ended without a call.
    Ended(UnitIndex, End),
    /// All candidates of this step are there: ask a person about these.
    Review {
        /// The step.
        step: StepIndex,
        /// The candidates.
        units: Vec<UnitIndex>,
    },
    /// All units of this step have ended.
    StepEnded {
        /// The step.
        step: StepIndex,
        /// State.
        state: NodeState,
        /// The failure, if any.
        error: Option<Failure>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Pending,
    /// The inputs are there; it waits for its turn, or, as a candidate, for the others.
    Ready,
    Running,
    Paused,
    Ended(End),
}

/// Where a run stands.
#[derive(Debug)]
pub struct Core {
    plan: Arc<Plan>,
    units: Arc<Units>,
    states: Vec<State>,
    /// Number of its picks that each unit still waits for.
    waits: Vec<u32>,
    /// Unit → (unit that waits for it, which of its results).
    dependents: Vec<Vec<(UnitIndex, Option<u32>)>>,
    /// Step → units that wait for all of it.
    batch_dependents: Vec<Vec<UnitIndex>>,
    tallies: Vec<Tally>,
    /// Units whose end stands in the records already.
    recorded: Vec<bool>,
    steps_recorded: Vec<bool>,
    ended_now: VecDeque<UnitIndex>,
    effects: Vec<Effect>,
    open: usize,
    ready: usize,
    running: usize,
    paused: usize,
    begun: bool,
    stop_on_error: bool,
    cancelled: bool,
    was_cancelled: bool,
    /// True if everything that waited was stopped after a failure.
    halts: bool,
    /// The first failure in plan order, of this run's own calls.
    failure: Option<(UnitIndex, Failure)>,
}

/// The recorded state of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It ended; `here` where it did so in this run.
    Ended {
        /// The way it ended.
        end: End,
        /// True if this run called it, rather than taking it over.
        here: bool,
    },
    /// It waits for a person.
    Paused,
}

impl Core {
    /// A run as its records tell: units without one are pending, and so are those that were running when a
    /// server died. `steps_ended` are the steps whose end is recorded.
    pub fn new(
        plan: Arc<Plan>,
        units: Arc<Units>,
        records: &[Option<Recorded>],
        steps_ended: &[bool],
        stop_on_error: bool,
    ) -> Self {
        let count = units.all.len();
        let mut core = Self {
            states: vec![State::Pending; count],
            waits: vec![0; count],
            dependents: vec![Vec::new(); count],
            batch_dependents: vec![Vec::new(); plan.steps.len()],
            tallies: units.of_step.iter().map(|range| Tally::of(range.len() as u32)).collect(),
            recorded: vec![false; count],
            steps_recorded: steps_ended.to_vec(),
            ended_now: VecDeque::new(),
            effects: Vec::new(),
            open: count,
            ready: 0,
            running: 0,
            paused: 0,
            begun: false,
            stop_on_error,
            cancelled: false,
            was_cancelled: false,
            halts: false,
            failure: None,
            plan,
            units,
        };
        core.steps_recorded.resize(core.plan.steps.len(), false);
        core.link();
        core.restore(records);
        core
    }

    fn link(&mut self) {
        let units = Arc::clone(&self.units);
        for (at, unit) in UnitIndex::each().zip(&units.all) {
            for pick in &unit.picks {
                match *pick {
                    InputBinding::Unit { unit, nth } => self.dependents[unit.at()].push((at, nth)),
                    InputBinding::AllOf(step) => self.batch_dependents[step.at()].push(at),
                    InputBinding::Ready { .. } | InputBinding::AllReady(_) => continue,
                }
                self.waits[at.at()] += 1;
            }
        }
    }

    fn restore(&mut self, records: &[Option<Recorded>]) {
        for (at, record) in records.iter().enumerate() {
            self.recorded[at] = matches!(record, Some(Recorded::Ended { .. }));
        }
        for (at, record) in UnitIndex::each().zip(records) {
            match record {
                Some(Recorded::Ended { end, here }) => {
                    let called = matches!(end, End::Completed { .. } | End::Failed(_));
                    self.begun |= *here && called && !self.is_review(at);
                    self.end(at, end.clone(), *here);
                }
                Some(Recorded::Paused) => {
                    self.set(at, State::Paused);
                    self.tally(at).asked = true;
                }
                None => {}
            }
        }
        for step in StepIndex::each().take(self.plan.steps.len()) {
            if self.units.of_step[step.at()].is_empty() {
                self.step_ended(step);
            }
        }
        self.settle();
        let idle: Vec<UnitIndex> = UnitIndex::each()
            .zip(&self.states)
            .filter(|(at, state)| **state == State::Pending && self.waits[at.at()] == 0)
            .map(|(at, _)| at)
            .collect();
        for unit in idle {
            self.arrived(unit);
        }
        self.settle();
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Units.
    pub fn units(&self) -> &Arc<Units> {
        &self.units
    }

    /// Takes the effects that are due now.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// True if a unit is under way.
    pub fn is_running(&self, unit: UnitIndex) -> bool {
        self.states.get(unit.at()) == Some(&State::Running)
    }

    /// True if a unit has ended.
    pub fn has_ended(&self, unit: UnitIndex) -> bool {
        matches!(self.states.get(unit.at()), Some(State::Ended(_)))
    }

    /// The candidates of a step that wait for a person.
    pub fn candidates(&self, step: StepIndex) -> Vec<UnitIndex> {
        let places = self.units.places(step);
        places.filter(|unit| self.states[unit.at()] == State::Paused).collect()
    }

    /// It is the turn of a unit: answers whether it still wants it.
    pub fn begin(&mut self, unit: UnitIndex) -> bool {
        if self.states.get(unit.at()) != Some(&State::Ready) {
            return false;
        }
        self.begun = true;
        self.set(unit, State::Running);
        true
    }

    /// A call ended. The first end counts.
    pub fn ended(&mut self, unit: UnitIndex, end: End) {
        self.end(unit, end, true);
        self.settle();
    }

    /// A person decided about the candidates of a step: these are accepted. Answers every candidate with its end.
    pub fn decided(&mut self, step: StepIndex, accepted: &[UnitIndex]) -> Vec<(UnitIndex, End)> {
        let decided: Vec<(UnitIndex, End)> = self
            .candidates(step)
            .into_iter()
            .map(|unit| match accepted.contains(&unit) {
                true => (unit, End::Completed { made: 1 }),
                false => (unit, End::Dropped(None)),
            })
            .collect();
        for (unit, end) in &decided {
            self.end(*unit, end.clone(), true);
        }
        self.settle();
        decided
    }

    /// Somebody stopped the run.
    pub fn cancel(&mut self) {
        if std::mem::replace(&mut self.cancelled, true) {
            return;
        }
        for unit in UnitIndex::each().take(self.states.len()) {
            match self.states[unit.at()] {
                State::Running => self.effects.push(Effect::Abort(unit)),
                State::Pending | State::Ready | State::Paused => self.stop(unit, End::Cancelled),
                State::Ended(_) => {}
            }
        }
        self.settle();
    }

    /// True if somebody stopped the run.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// The status of the run as it stands.
    pub fn status(&self) -> RunStatus {
        if self.open == 0 {
            return match &self.failure {
                Some(_) => RunStatus::Failed,
                None if self.was_cancelled => RunStatus::Cancelled,
                None => RunStatus::Succeeded,
            };
        }
        if self.running > 0 || (self.begun && self.ready > 0) {
            RunStatus::Running
        } else if self.ready > 0 {
            RunStatus::Queued
        } else {
            RunStatus::Paused
        }
    }

    /// Why the run failed.
    pub fn error(&self) -> Option<Failure> {
        let (unit, failure) = self.failure.as_ref()?;
        let step = &self.plan.steps[self.units.all[unit.at()].step.at()];
        Some(Failure { node: Some(step.node.to_string()), ..failure.clone() })
    }

    fn step_of(&self, unit: UnitIndex) -> StepIndex {
        self.units.all[unit.at()].step
    }

    fn tally(&mut self, unit: UnitIndex) -> &mut Tally {
        let step = self.step_of(unit).at();
        &mut self.tallies[step]
    }

    fn is_review(&self, unit: UnitIndex) -> bool {
        self.plan.steps[self.step_of(unit).at()].is_review()
    }

    fn set(&mut self, unit: UnitIndex, state: State) {
        let is_review = self.is_review(unit);
        let slot = &mut self.states[unit.at()];
        let before = std::mem::replace(slot, state.clone());
        for (state, change) in [(&before, false), (&state, true)] {
            let counter = match state {
                State::Ready if !is_review => &mut self.ready,
                State::Running => &mut self.running,
                State::Paused => &mut self.paused,
                State::Pending | State::Ready | State::Ended(_) => continue,
            };
            *counter = if change { *counter + 1 } else { *counter - 1 };
        }
    }

    /// Everything a unit waited for is there.
    fn arrived(&mut self, unit: UnitIndex) {
        if self.states[unit.at()] != State::Pending {
            return;
        }
        if self.cancelled {
            self.stop(unit, End::Cancelled);
        } else if let Some(blocked) = self.halted() {
            self.stop(unit, blocked);
        } else if self.is_review(unit) {
            self.set(unit, State::Ready);
            self.tally(unit).arrived += 1;
            self.ask(self.step_of(unit));
        } else {
            self.set(unit, State::Ready);
            self.effects.push(Effect::Ready(unit));
        }
    }

    /// Returns the end of a unit that must not start, once something failed in a run that stops then.
    fn halted(&self) -> Option<End> {
        let (unit, _) = self.failure.as_ref().filter(|_| self.stop_on_error)?;
        Some(End::Blocked(self.blocked(self.step_of(*unit))))
    }

    /// Asks a person once each candidate of a step is there or left out.
    fn ask(&mut self, step: StepIndex) {
        let tally = &mut self.tallies[step.at()];
        if tally.asked || tally.arrived == 0 || tally.arrived < tally.left {
            return;
        }
        tally.asked = true;
        let places = self.units.places(step);
        let units: Vec<UnitIndex> =
            places.filter(|unit| self.states[unit.at()] == State::Ready).collect();
        for unit in &units {
            self.set(*unit, State::Paused);
        }
        self.effects.push(Effect::Review { step, units });
    }

    /// Ends a unit that was not called.
    fn stop(&mut self, unit: UnitIndex, end: End) {
        if self.states[unit.at()] == State::Ready && !self.is_review(unit) {
            self.effects.push(Effect::Withdraw(unit));
        }
        self.end(unit, end, true);
    }

    fn end(&mut self, unit: UnitIndex, end: End, here: bool) {
        let was_running = match &self.states[unit.at()] {
            State::Ended(_) => return,
            State::Running => true,
            State::Pending | State::Ready | State::Paused => false,
        };
        if here {
            match &end {
                End::Failed(failure) => {
                    if self.failure.as_ref().is_none_or(|(first, _)| unit < *first) {
                        self.failure = Some((unit, failure.clone()));
                    }
                }
                End::Cancelled if self.cancelled => self.was_cancelled = true,
                End::Completed { .. } | End::Blocked(_) | End::Cancelled | End::Dropped(_) => {}
            }
        }
        let was_ready = self.states[unit.at()] == State::Ready;
        let was_asked = self.states[unit.at()] == State::Paused;
        if was_ready && self.is_review(unit) {
            self.tally(unit).arrived -= 1;
        }
        self.set(unit, State::Ended(end.clone()));
        self.open -= 1;
        self.tally(unit).count(&end);
        let told = was_running || was_asked || self.recorded[unit.at()];
        if !told || (was_asked && matches!(end, End::Cancelled | End::Blocked(_))) {
            self.effects.push(Effect::Ended(unit, end));
        }
        self.ended_now.push_back(unit);
    }

    /// Lets everything follow from what has ended.
    fn settle(&mut self) {
        while let Some(unit) = self.ended_now.pop_front() {
            let State::Ended(end) = self.states[unit.at()].clone() else { continue };
            if matches!(end, End::Failed(_)) && self.stop_on_error && !self.halts {
                self.halts = true;
                self.halt();
            }
            for (dependent, nth) in std::mem::take(&mut self.dependents[unit.at()]) {
                match &end {
                    End::Completed { made } if nth.unwrap_or(0) < *made => self.fulfil(dependent),
                    End::Completed { .. } | End::Failed(_) => {
                        let by = self.step_of(unit);
                        self.lose(dependent, End::Blocked(self.blocked(by)));
                    }
                    End::Blocked(failure) | End::Dropped(Some(failure)) => {
                        self.lose(dependent, End::Blocked(failure.clone()));
                    }
                    End::Cancelled | End::Dropped(None) => self.lose(dependent, End::Cancelled),
                }
            }
            let step = self.step_of(unit);
            if self.tallies[step.at()].left == 0 {
                self.step_ended(step);
            } else if self.plan.steps[step.at()].is_review() {
                self.ask(step);
            }
        }
    }

    fn fulfil(&mut self, unit: UnitIndex) {
        let waits = &mut self.waits[unit.at()];
        *waits = waits.saturating_sub(1);
        if *waits == 0 {
            self.arrived(unit);
        }
    }

    /// Something a unit waited for will not come. A candidate is left out, anything else cannot go on.
    fn lose(&mut self, unit: UnitIndex, end: End) {
        if self.states[unit.at()] != State::Pending {
            return;
        }
        if self.is_review(unit) && !self.cancelled {
            let lost = end.failure().cloned();
            self.tally(unit).lost = lost.clone();
            self.stop(unit, End::Dropped(lost));
        } else {
            self.stop(unit, if self.cancelled { End::Cancelled } else { end });
        }
    }

    fn halt(&mut self) {
        for unit in UnitIndex::each().take(self.states.len()) {
            let waiting = match self.states[unit.at()] {
                State::Pending | State::Ready | State::Paused => true,
                State::Running | State::Ended(_) => false,
            };
            if waiting && let Some(blocked) = self.halted() {
                self.stop(unit, blocked);
            }
        }
    }

    fn step_ended(&mut self, step: StepIndex) {
        let at = step.at();
        let title = &self.plan.steps[at].title;
        let is_review = self.plan.steps[at].is_review();
        let (state, error) = self.tallies[at].outcome(title, is_review);
        if !std::mem::replace(&mut self.steps_recorded[at], true) {
            self.effects.push(Effect::StepEnded { step, state, error });
        }
        let batch = std::mem::take(&mut self.batch_dependents[at]);
        if batch.is_empty() {
            return;
        }
        let tally = &self.tallies[at];
        // What nobody accepted is no hole: the batch is what is left of it.
        let whole = tally.failed + tally.blocked == 0 && (tally.completed > 0 || tally.total == 0);
        let loss = match (tally.cancelled > 0 || is_review, &tally.lost) {
            (true, None) => End::Cancelled,
            (_, Some(root)) if tally.failed == 0 => End::Blocked(root.clone()),
            _ => End::Blocked(self.blocked(step)),
        };
        for unit in batch {
            if whole {
                self.fulfil(unit);
            } else {
                self.lose(unit, loss.clone());
            }
        }
    }

    fn blocked(&self, step: StepIndex) -> Failure {
        let step = &self.plan.steps[step.at()];
        let title = quoted(&step.title);
        Failure {
            node: Some(step.node.to_string()),
            code: "blocked".to_owned(),
            detail: format!("blocked by {title}"),
            hint: format!("Fix {title} and retry. Nothing was charged for this."),
        }
    }
}
