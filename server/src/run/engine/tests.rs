//! Stories of small runs, written as what becomes of their units.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::ids::NodeId;
use gesso_protocol::lineage::Lineage;
use gesso_protocol::plan::{
    ExistingOutput, InputSource, Mode, Plan, PlannedInput, ReadyItem, Source, Step, StepIndex,
    UnitIndex,
};
use gesso_protocol::pricing::{Milli, Money};
use gesso_protocol::schema::{Failure, ItemContent, NodeState, RunStatus};

use super::*;

/// A plan from words such as `g<-l u<-g*`: `l` is a list of `items` entries, `*` hands over a whole batch, `e…` are
/// evaluators.
fn plan(text: &str, items: u32) -> Arc<Plan> {
    let mut plan = Plan {
        mode: Mode::Workflow,
        node: None,
        nodes: Vec::new(),
        steps: Vec::new(),
        ready: Vec::new(),
        reuses: false,
    };
    let entry = |n| ReadyItem {
        key: Lineage::none().with("l", format!("{n}")).to_string(),
        content: ItemContent::Text(format!("{n}")),
        id: format!("{n}"),
    };
    plan.ready.push(ExistingOutput {
        node: NodeId::new("l"),
        port: "items".to_owned(),
        items: (0..items).map(entry).collect(),
    });
    for word in text.split_whitespace() {
        let (node, inputs) = word.split_once("<-").unwrap_or((word, ""));
        let source = |from: &str| {
            let (name, all) = from.strip_suffix('*').map_or((from, false), |name| (name, true));
            let from = match plan.steps.iter().position(|step: &Step| step.node.as_str() == name) {
                Some(at) => InputSource::Step(StepIndex::new(at as u32)),
                None => InputSource::Ready(0),
            };
            Source { from, port: "image".to_owned(), all }
        };
        let sources: Vec<Source> =
            inputs.split(',').filter(|i| !i.is_empty()).map(source).collect();
        plan.steps.push(Step {
            node: NodeId::new(node),
            kind: if node.starts_with('e') { "evaluator" } else { "assistant" }.to_owned(),
            title: node.to_uppercase(),
            model: String::new(),
            version: String::new(),
            provider: String::new(),
            params: BTreeMap::new(),
            price: None,
            seconds_per_character: None,
            factor: Milli::ONE,
            count: 1,
            send_all: false,
            batch: None,
            angles: Vec::new(),
            own_text: "go".to_owned(),
            negative: String::new(),
            inputs: vec![PlannedInput { port: "images".to_owned(), sources }],
            kept: BTreeMap::new(),
            seeds: BTreeMap::new(),
            invocations: 1,
            cost: Money::ZERO,
            exact: true,
        });
    }
    Arc::new(plan)
}

fn core_of(plan: &Arc<Plan>, stop: bool) -> Core {
    Core::new(Arc::clone(plan), Arc::new(plan.units()), &[], &[], stop)
}

fn core(text: &str, items: u32) -> Core {
    core_of(&plan(text, items), false)
}

/// The name of a unit: its node and what it has of the list.
fn name(core: &Core, unit: UnitIndex) -> String {
    let unit = &core.units().all[unit.at()];
    let item = unit.lineage.origin("l").unwrap_or_default();
    format!("{}{item}", core.plan().steps[unit.step.at()].node)
}

fn unit(core: &Core, wanted: &str) -> UnitIndex {
    UnitIndex::each()
        .take(core.units().all.len())
        .find(|at| name(core, *at) == wanted)
        .expect("there is one")
}

/// Returns the effects that are due, as words.
fn told(core: &mut Core) -> String {
    let effects = core.take_effects();
    let word = |effect: &Effect| match effect {
        Effect::Ready(unit) => format!("+{}", name(core, *unit)),
        Effect::Withdraw(unit) => format!("-{}", name(core, *unit)),
        Effect::Abort(unit) => format!("x{}", name(core, *unit)),
        Effect::Ended(unit, end) => format!("{}:{}", name(core, *unit), end.state().id()),
        Effect::Review { step, units } => {
            format!("{}?{}", core.plan().steps[step.at()].node, units.len())
        }
        Effect::StepEnded { step, state, .. } => {
            format!("[{} {}]", core.plan().steps[step.at()].node, state.id())
        }
    };
    effects.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn complete(core: &mut Core, wanted: &str) -> String {
    let unit = unit(core, wanted);
    assert!(core.begin(unit), "{wanted} is not ready");
    core.ended(unit, End::Completed { made: 1 });
    told(core)
}

fn fail(core: &mut Core, wanted: &str) -> String {
    let unit = unit(core, wanted);
    assert!(core.begin(unit), "{wanted} is not ready");
    let failure = Failure {
        node: None,
        code: "rejected".to_owned(),
        detail: "No.".to_owned(),
        hint: "Write another one.".to_owned(),
    };
    core.ended(unit, End::Failed(failure));
    told(core)
}

#[test]
fn a_step_starts_when_its_inputs_are_there() {
    let mut run = core("a b c<-a d<-b,c", 0);
    assert_eq!((told(&mut run).as_str(), run.status()), ("+a +b", RunStatus::Queued));
    assert_eq!(complete(&mut run, "b"), "[b completed]");
    assert_eq!(complete(&mut run, "a"), "+c [a completed]");
    assert_eq!(complete(&mut run, "c"), "+d [c completed]");
    assert_eq!(complete(&mut run, "d"), "[d completed]");
    assert_eq!(run.status(), RunStatus::Succeeded);
}

#[test]
fn items_are_pipelined() {
    let mut run = core("g<-l u<-g", 3);
    assert_eq!(told(&mut run), "+g0 +g1 +g2");
    assert_eq!(complete(&mut run, "g1"), "+u1");
    assert_eq!(complete(&mut run, "u1"), "", "two steps ahead of the others");
    assert_eq!(complete(&mut run, "g0"), "+u0");
    assert_eq!(complete(&mut run, "g2"), "+u2 [g completed]");
}

#[test]
fn a_hole_stops_its_item_alone() {
    let mut run = core("g<-l u<-g s<-u*", 3);
    told(&mut run);
    assert_eq!(fail(&mut run, "g1"), "u1:idle");
    complete(&mut run, "g0");
    assert_eq!(complete(&mut run, "g2"), "+u2 [g completed]");
    complete(&mut run, "u0");
    assert_eq!(complete(&mut run, "u2"), "[u completed] s:idle [s idle]", "nobody pays for half");
    assert_eq!(run.status(), RunStatus::Failed);
    assert_eq!(run.error().unwrap().node.as_deref(), Some("g"));
}

#[test]
fn a_step_with_holes_counts_them() {
    let mut run = core("g<-l", 2);
    told(&mut run);
    fail(&mut run, "g0");
    let unit = unit(&run, "g1");
    run.begin(unit);
    run.ended(unit, End::Completed { made: 1 });
    let Some(Effect::StepEnded { state, error: Some(error), .. }) = run.take_effects().pop() else {
        panic!("no end")
    };
    assert_eq!((state, error.code.as_str()), (NodeState::Completed, "partial"));
    assert!(error.detail.starts_with("1 of 2 items failed: No."), "{}", error.detail);
}

#[test]
fn independent_branches_finish_after_a_failure() {
    let mut run = core("a b<-a c<-b x", 0);
    told(&mut run);
    assert_eq!(fail(&mut run, "a"), "b:idle [a failed] c:idle [b idle] [c idle]");
    assert_eq!(
        (complete(&mut run, "x").as_str(), run.status()),
        ("[x completed]", RunStatus::Failed)
    );
}

#[test]
fn stop_on_error_starts_nothing_new() {
    let mut run = core_of(&plan("a x y z<-y", 0), true);
    told(&mut run);
    let y = unit(&run, "y");
    assert!(run.begin(y));
    assert_eq!(fail(&mut run, "a"), "-x x:idle z:idle [a failed] [x idle] [z idle]");
    run.ended(y, End::Completed { made: 1 });
    assert_eq!((told(&mut run).as_str(), run.status()), ("[y completed]", RunStatus::Failed));
}

#[test]
fn cancelling_keeps_what_is_completed() {
    let mut run = core("a b<-a c<-b", 0);
    told(&mut run);
    complete(&mut run, "a");
    let b = unit(&run, "b");
    run.begin(b);
    run.cancel();
    run.cancel();
    assert_eq!(told(&mut run), "xb c:cancelled [c cancelled]");
    run.ended(b, End::Cancelled);
    run.ended(b, End::Completed { made: 1 });
    assert_eq!((told(&mut run).as_str(), run.status()), ("[b cancelled]", RunStatus::Cancelled));
}

#[test]
fn an_evaluator_asks_once_all_candidates_are_there_or_lost() {
    let mut run = core("g<-l e<-g u<-e", 3);
    told(&mut run);
    complete(&mut run, "g0");
    assert_eq!(fail(&mut run, "g1"), "e1:idle u1:idle", "blocked, not rejected");
    assert_eq!(complete(&mut run, "g2"), "e?2 [g completed]");
    assert_eq!(run.status(), RunStatus::Paused);
    let (step, e2) = (StepIndex::new(1), unit(&run, "e2"));
    let decided = run.decided(step, &[e2]);
    assert_eq!(decided.len(), 2);
    assert_eq!(told(&mut run), "u0:cancelled [e completed] +u2");
    assert!(run.decided(step, &[e2]).is_empty(), "one decision");
    complete(&mut run, "u2");
    assert_eq!(run.status(), RunStatus::Failed, "g1 failed");
}

#[test]
fn a_rejection_cancels_what_follows_and_is_no_failure() {
    let mut run = core("g e<-g u<-e", 0);
    told(&mut run);
    complete(&mut run, "g");
    run.decided(StepIndex::new(1), &[]);
    assert_eq!(told(&mut run), "u:cancelled [e completed] [u cancelled]");
    assert_eq!((run.status(), run.error()), (RunStatus::Succeeded, None));
}

#[test]
fn a_run_is_taken_up_where_its_records_stand() {
    let plan = plan("g<-l u<-g", 2);
    let units = Arc::new(plan.units());
    let done = |end| Some(Recorded::Ended { end, here: true });
    let completed = || done(End::Completed { made: 1 });
    let records = [completed(), None, completed(), None];
    let mut run = Core::new(Arc::clone(&plan), Arc::clone(&units), &records, &[], false);
    assert_eq!((told(&mut run).as_str(), run.status()), ("+g1", RunStatus::Running));
    complete(&mut run, "g1");
    complete(&mut run, "u1");
    assert_eq!(run.status(), RunStatus::Succeeded);
    // Ended altogether, but for the record of it.
    let records = [completed(), completed(), completed(), completed()];
    let mut run = Core::new(plan, units, &records, &[true, true], false);
    assert_eq!((told(&mut run).as_str(), run.status()), ("", RunStatus::Succeeded));
}

#[test]
fn a_decision_alone_does_not_begin_a_run_that_is_taken_up() {
    let plan = plan("e<-l u<-l", 1);
    let units = Arc::new(plan.units());
    let decided = Recorded::Ended { end: End::Completed { made: 1 }, here: true };
    let records = [Some(decided), None];
    let core = Core::new(Arc::clone(&plan), units, &records, &[true, false], false);
    assert_eq!(core.status(), RunStatus::Queued, "whoever holds it back can let it go");
}

#[test]
fn an_empty_batch_completes_with_nothing() {
    let mut run = core("g<-l u<-g", 0);
    assert_eq!(told(&mut run), "[g completed] [u completed]");
    assert_eq!(run.status(), RunStatus::Succeeded);
}
