//! What a run does next, as a pure function of its plan and the states of its steps.
//!
//! Invariant: imports `gesso_protocol` and `std` only; no clock, no input or output.

use std::collections::BTreeMap;

use gesso_protocol::plan::Plan;
use gesso_protocol::schema::{Failure, NodeState, RunStatus};

/// Where a run stands.
#[derive(Clone, Debug)]
pub struct Progress {
    plan: Plan,
    states: BTreeMap<String, NodeState>,
    /// Why a step failed, the first in plan order.
    failures: BTreeMap<String, Failure>,
    stop_on_error: bool,
    cancelled: bool,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Call the model of this node.
    Start(String),
    /// This node will not start, because `by` gave no result.
    Block {
        /// The node.
        node: String,
        /// What it waited for.
        by: String,
    },
    /// This node was stopped before it started.
    Cancel(String),
    /// Stop the call that is under way.
    Abort(String),
    /// Everything has ended.
    Finish(RunStatus, Option<Failure>),
}

impl Progress {
    /// A run as its records tell: steps without a state are pending.
    pub fn new(plan: Plan, states: BTreeMap<String, NodeState>, stop_on_error: bool) -> Self {
        let mut all: BTreeMap<String, NodeState> =
            plan.steps.iter().map(|step| (step.node.clone(), NodeState::Pending)).collect();
        // What was running when a server died starts again: its invocation's record decides how.
        all.extend(states.into_iter().map(|(node, state)| {
            let again = state == NodeState::Running;
            (node, if again { NodeState::Pending } else { state })
        }));
        Self { plan, states: all, failures: BTreeMap::new(), stop_on_error, cancelled: false }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A step changed its state; a terminal one never changes again.
    pub fn set(&mut self, node: &str, state: NodeState, failure: Option<Failure>) {
        if let Some(held) = self.states.get_mut(node)
            && !ended(*held)
        {
            *held = state;
            if let Some(failure) = failure.filter(|_| state == NodeState::Failed) {
                self.failures.insert(node.to_owned(), failure);
            }
        }
    }

    /// Somebody stopped the run.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// Whether somebody stopped the run.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// What to do now. Idempotent: an action is repeated until its effect was reported with [`Self::set`].
    pub fn next(&self) -> Vec<Action> {
        let halted = self.stop_on_error && self.failed();
        let mut actions = Vec::new();
        for step in &self.plan.steps {
            let node = step.node.clone();
            match self.states.get(&step.node) {
                Some(NodeState::Pending) if self.cancelled => actions.push(Action::Cancel(node)),
                Some(NodeState::Running) if self.cancelled => actions.push(Action::Abort(node)),
                Some(NodeState::Pending) => {
                    let lost = step.waits_for().into_iter().find(|on| self.gave_nothing(on));
                    if let Some(by) = lost {
                        actions.push(Action::Block { node, by: by.to_owned() });
                    } else if halted {
                        let by = self.failures.keys().next().cloned().unwrap_or_default();
                        actions.push(Action::Block { node, by });
                    } else if step
                        .waits_for()
                        .into_iter()
                        .all(|on| self.is(on, NodeState::Completed))
                    {
                        actions.push(Action::Start(node));
                    }
                }
                _ => {}
            }
        }
        if self.states.values().all(|state| ended(*state)) {
            actions.push(self.finish());
        }
        actions
    }

    fn is(&self, node: &str, state: NodeState) -> bool {
        self.states.get(node) == Some(&state)
    }

    fn gave_nothing(&self, node: &str) -> bool {
        self.states.get(node).is_some_and(|state| ended(*state) && *state != NodeState::Completed)
    }

    fn failed(&self) -> bool {
        self.states.values().any(|state| *state == NodeState::Failed)
    }

    fn finish(&self) -> Action {
        if self.failed() {
            let first = self.plan.steps.iter().find_map(|step| {
                let failure = self.failures.get(&step.node)?;
                Some(Failure { node: Some(step.node.clone()), ..failure.clone() })
            });
            return Action::Finish(RunStatus::Failed, first);
        }
        let cancelled = self.states.values().any(|state| *state == NodeState::Cancelled);
        let status = if cancelled { RunStatus::Cancelled } else { RunStatus::Succeeded };
        Action::Finish(status, None)
    }
}

/// Whether a step will not change any more; `idle` is how a blocked one ends.
fn ended(state: NodeState) -> bool {
    match state {
        NodeState::Idle | NodeState::Completed | NodeState::Failed | NodeState::Cancelled => true,
        NodeState::Pending | NodeState::Running | NodeState::Paused => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gesso_protocol::plan::{Mode, PlannedInput, Source, Step};
    use gesso_protocol::pricing::Money;

    use super::*;

    /// A plan from `node<-input,input` words.
    fn plan(text: &str) -> Plan {
        let step = |word: &str| {
            let (node, inputs) = word.split_once("<-").unwrap_or((word, ""));
            let source =
                |from: &str| Source::Step { node: from.to_owned(), port: "image".to_owned() };
            let sources = inputs.split(',').filter(|i| !i.is_empty()).map(source).collect();
            Step {
                node: node.to_owned(),
                kind: "image_upscaler".to_owned(),
                title: String::new(),
                model: String::new(),
                version: String::new(),
                provider: String::new(),
                params: BTreeMap::new(),
                count: 1,
                own_text: String::new(),
                negative: String::new(),
                inputs: vec![PlannedInput { port: "image".to_owned(), sources }],
                invocations: 1,
                cost: Money(1),
                exact: true,
            }
        };
        let steps = text.split_whitespace().map(step).collect();
        Plan { mode: Mode::Workflow, node: None, steps }
    }

    fn progress(text: &str, stop: bool) -> Progress {
        Progress::new(plan(text), BTreeMap::new(), stop)
    }

    fn fail(progress: &mut Progress, node: &str) {
        let failure = Failure { code: "internal".to_owned(), ..parts() };
        progress.set(node, NodeState::Failed, Some(failure));
    }

    fn parts() -> Failure {
        Failure { node: None, code: String::new(), detail: String::new(), hint: String::new() }
    }

    fn start(node: &str) -> Action {
        Action::Start(node.to_owned())
    }

    #[test]
    fn a_step_starts_when_its_inputs_are_there() {
        let mut run = progress("a b c<-a d<-b,c", false);
        assert_eq!(run.next(), [start("a"), start("b")]);
        run.set("a", NodeState::Running, None);
        run.set("b", NodeState::Completed, None);
        assert_eq!(run.next(), []);
        run.set("a", NodeState::Completed, None);
        assert_eq!(run.next(), [start("c")]);
        run.set("c", NodeState::Completed, None);
        run.set("d", NodeState::Completed, None);
        assert_eq!(run.next(), [Action::Finish(RunStatus::Succeeded, None)]);
    }

    #[test]
    fn independent_branches_finish_after_a_failure() {
        let mut run = progress("a b<-a c<-b x", false);
        fail(&mut run, "a");
        let block = Action::Block { node: "b".to_owned(), by: "a".to_owned() };
        assert_eq!(run.next(), [block, start("x")]);
        run.set("b", NodeState::Idle, None);
        assert_eq!(run.next()[0], Action::Block { node: "c".to_owned(), by: "b".to_owned() });
        run.set("c", NodeState::Idle, None);
        run.set("x", NodeState::Completed, None);
        let Action::Finish(status, Some(error)) = run.next().remove(0) else { panic!("no end") };
        assert_eq!((status, error.node.as_deref()), (RunStatus::Failed, Some("a")));
    }

    #[test]
    fn stop_on_error_starts_nothing_new() {
        let mut run = progress("a x", true);
        fail(&mut run, "a");
        assert_eq!(run.next(), [Action::Block { node: "x".to_owned(), by: "a".to_owned() }]);
    }

    #[test]
    fn cancelling_keeps_what_is_completed() {
        let mut run = progress("a b<-a c<-b", false);
        run.set("a", NodeState::Completed, None);
        run.set("b", NodeState::Running, None);
        run.cancel();
        let expected = [Action::Abort("b".to_owned()), Action::Cancel("c".to_owned())];
        assert_eq!(run.next(), expected);
        run.set("b", NodeState::Cancelled, None);
        run.set("b", NodeState::Completed, None);
        run.set("c", NodeState::Cancelled, None);
        assert_eq!(run.next(), [Action::Finish(RunStatus::Cancelled, None)]);
    }

    #[test]
    fn a_dead_servers_running_step_starts_again() {
        let states = [("a".to_owned(), NodeState::Completed), ("b".to_owned(), NodeState::Running)];
        let run = Progress::new(plan("a b<-a"), states.into(), false);
        assert_eq!(run.next(), [start("b")]);
    }
}
