//! Starting a run, and trying one again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::api::{Estimate, RunStarted};
use gesso_protocol::graph::Graph;
use gesso_protocol::ids::{CanvasId, NodeId, RunId};
use gesso_protocol::plan::{Plan, StepIndex, Target, Unit, Units};
use gesso_protocol::pricing::Money;
use gesso_protocol::problem::{ErrorCode, Refusal, quoted};
use gesso_protocol::schema::{self, Canvas, ItemResult, NodeResult, NodeState, RunStatus};

use super::driver::Opened;
use super::error::{RunError, refuse};
use super::event::Mailbox;
use super::runs::{InHand, Planned, Runs};
use crate::clock::{fresh_id, now_ms};
use crate::db::DbError;
use crate::db::generations::is_candidate;
use crate::db::idempotency::Keep;
use crate::db::runs::{NewInvocation, NewRun, NewStep, StartError};
use crate::failpoint;
use crate::readers::Place;

/// Who asks for a run, and how.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// Who.
    pub person: String,
    /// Their name.
    pub person_name: String,
    /// The nodes it covers.
    pub target: Target,
    /// Refuse it where it could cost more.
    pub max_cost: Option<Money>,
    /// True if nothing new starts after a failure.
    pub stop_on_error: bool,
    /// For a request that may be repeated.
    pub keep: Option<Keep>,
}

impl Runs {
    /// Starts a run.
    ///
    /// # Errors
    /// See [`RunError`]; nothing happened then.
    pub async fn start(
        &self,
        canvas: &CanvasId,
        asked: StartRequest,
    ) -> Result<RunStarted, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (place, planned) = self.plan(canvas, &room, &asked.person, &asked.target).await?;
        self.begin(canvas, asked, (place, planned), None).await
    }

    pub(super) async fn begin(
        &self,
        canvas: &CanvasId,
        asked: StartRequest,
        (place, Planned { canvas: held, graph, plan }): (Place, Planned),
        retry_of: Option<RunId>,
    ) -> Result<RunStarted, RunError> {
        let active: BTreeSet<NodeId> =
            self.inner.services.db.active_nodes(canvas).await?.into_iter().collect();
        plan.check_idle(&graph, &active)?;
        let estimate = Estimate::of(&plan);
        if let Some(max) = asked.max_cost.filter(|max| estimate.cost > *max) {
            let detail = format!(
                "It can cost up to {} credits, more than your limit of {max}. Raise the limit or run less.",
                estimate.cost
            );
            return refuse(ErrorCode::CostExceeded, detail);
        }
        let id = RunId::new(fresh_id());
        let answer = RunStarted {
            id: id.to_string(),
            status: RunStatus::Queued,
            cost: estimate.cost,
            steps: estimate.steps,
        };
        let keep = match asked.keep {
            Some(keep) => {
                let body = serde_json::to_string(&answer).map_err(DbError::row("idempotency"))?;
                Some((keep, body))
            }
            None => None,
        };
        let new = NewRun {
            id,
            canvas: canvas.clone(),
            person: asked.person,
            person_name: asked.person_name,
            mode: plan.mode.id().to_owned(),
            node: plan.node.clone(),
            nodes: plan.nodes.clone(),
            stop_on_error: asked.stop_on_error,
            retry_of,
            owner: self.inner.owner.clone(),
            lease_until: self.lease_until(now_ms()),
            hold: answer.cost,
            keep,
        };
        let writing = move || {
            let snapshot = serde_json::to_string(&plan);
            let units = plan.units();
            (plan, snapshot, units)
        };
        let (place, (plan, snapshot, units)) = place.run(writing).await?;
        let snapshot = snapshot.map_err(DbError::row("runs"))?;
        let (steps, invocations) = rows(&plan, &units, &held);
        drop(place);
        let parts: i64 = invocations.iter().map(|invocation| invocation.hold.0).sum();
        if parts != new.hold.0 {
            // What a run holds and its invocations do not would never be released, and the other way round be another's.
            tracing::error!(
                canvas = canvas.as_str(),
                parts,
                whole = new.hold.0,
                "a price is not the sum of its parts"
            );
            let detail = "The price of this run could not be told. Nothing was started or charged.";
            return refuse(ErrorCode::Internal, detail);
        }
        // Whoever stops it the moment it is recorded is heard.
        let mailbox = Arc::new(Mailbox::default());
        let in_hand = InHand::take(&self.inner, &new.id, &mailbox);
        let started =
            self.inner.services.db.start_run(&new, &snapshot, &steps, &invocations, now_ms()).await;
        let run = started.map_err(|error| refused(error, &graph, answer.cost))?;
        if !self.passes(failpoint::RUN_RECORDED) {
            return Ok(answer);
        }
        let room = self.inner.rooms.open(canvas).await?;
        let info = run.info();
        let results = results(&run.id, &plan, &units, &invocations);
        // Waited for, so that everybody sees the nodes pending before they are anything else.
        let shown = room.write(move |txn| {
            schema::put_run(txn, &info);
            for (node, result) in &results {
                // It may have been replaced since the document was read.
                if result.kind.as_ref().is_none_or(|kind| schema::is_kind(txn, node.as_str(), kind))
                {
                    schema::put_result(txn, node.as_str(), result);
                }
            }
        });
        if let Err(error) = shown.await {
            // The run is recorded and goes on; the document is brought in line when its room loads.
            tracing::error!(%error, canvas = canvas.as_str(), "a started run could not be shown");
        }
        self.inner.services.events.changed(canvas);
        if self.passes(failpoint::RUN_SHOWN) {
            drop(steps);
            let run = (run, room, 0);
            self.drive(Opened::fresh(
                &self.inner.services,
                run,
                plan,
                units,
                &invocations,
                mailbox,
            ));
            in_hand.passed_on();
        }
        Ok(answer)
    }

    fn passes(&self, name: &'static str) -> bool {
        self.inner.services.failpoints.pass(name);
        !self.inner.services.failpoints.is_dead()
    }
}

fn refused(error: StartError, graph: &Graph, cost: Money) -> RunError {
    let (code, detail) = match error {
        StartError::Db(error) => return RunError::Db(error),
        StartError::Repeated => return RunError::Repeated,
        StartError::NoCanvas => (ErrorCode::NotFound, "There is no such canvas.".to_owned()),
        StartError::InsufficientCredits => (
            ErrorCode::InsufficientCredits,
            format!(
                "It can cost {cost} credits, which is more than is left. Ask for a grant or run less."
            ),
        ),
        StartError::Busy(node) => (
            ErrorCode::UpstreamInProgress,
            format!(
                "{} is in another run. Wait for it or stop it.",
                quoted(graph.title(node.as_str()))
            ),
        ),
    };
    Refusal::new(code, detail).into()
}

/// The rows of a run to be. What items made before stays named, so that it goes on to be shown and to flow until
/// something newer comes.
fn rows<'a>(
    plan: &'a Plan,
    units: &Units,
    canvas: &Canvas,
) -> (Vec<NewStep<'a>>, Vec<NewInvocation>) {
    let mut steps = Vec::with_capacity(plan.steps.len());
    let mut invocations = Vec::with_capacity(units.all.len());
    for (at, step) in StepIndex::each().zip(&plan.steps) {
        let mine = units.step(at);
        let kept = !mine.is_empty() && mine.iter().all(|unit| unit.kept);
        steps.push(NewStep {
            node: step.node.clone(),
            kind: &step.kind,
            title: &step.title,
            model: &step.model,
            state: if kept { NodeState::Completed } else { NodeState::Pending },
            invocations: step.invocations,
            hold: step.cost,
            fingerprint: None,
        });
        let before = canvas.results.get(step.node.as_str());
        for unit in mine {
            let row = match step.kept.get(&unit.key) {
                Some(kept) => NewInvocation {
                    state: match (&kept.error, kept.generations.is_empty()) {
                        (_, false) => NodeState::Completed,
                        (_, true) => NodeState::Idle,
                    },
                    generations: kept.generations.iter().map(|made| made.id.clone()).collect(),
                    fingerprint: kept.generations.first().map(|made| made.fingerprint.clone()),
                    reused: true,
                    error: kept.error.clone(),
                    ..invocation(plan, unit)
                },
                // A candidate has a row once it waits for a person.
                None if step.is_review() => continue,
                None => {
                    let item = before.and_then(|result| result.items.get(&unit.key));
                    NewInvocation {
                        generations: item.map(|item| item.generations.clone()).unwrap_or_default(),
                        ..invocation(plan, unit)
                    }
                }
            };
            invocations.push(row);
        }
    }
    (steps, invocations)
}

fn invocation(plan: &Plan, unit: &Unit) -> NewInvocation {
    let step = &plan.steps[unit.step.at()];
    let recorded = step.seeds.get(&unit.key).copied();
    NewInvocation {
        node: step.node.clone(),
        item: unit.key.clone(),
        n: unit.n,
        state: NodeState::Pending,
        provider: step.provider.clone(),
        seed: recorded
            .or_else(|| step.wished_seed())
            .unwrap_or_else(|| i64::from(rand::random::<u32>())),
        hold: unit.hold,
        generations: Vec::new(),
        reused: false,
        fingerprint: None,
        error: None,
    }
}

/// The nodes of a plan where a person decides.
pub(super) fn reviews(plan: &Plan) -> BTreeSet<&NodeId> {
    let reviews = plan.steps.iter().filter(|step| step.is_review());
    reviews.map(|step| &step.node).collect()
}

/// Returns the results that stand in the document when a run has just taken its nodes in hand.
fn results(
    run: &RunId,
    plan: &Plan,
    units: &Units,
    invocations: &[NewInvocation],
) -> Vec<(NodeId, NodeResult)> {
    let mut results: BTreeMap<&NodeId, NodeResult> = BTreeMap::new();
    for (at, step) in StepIndex::each().zip(&plan.steps) {
        let mine = units.step(at);
        if mine.is_empty() || mine.iter().any(|unit| !unit.kept) {
            let state = NodeState::Pending;
            let result = NodeResult {
                state,
                run: Some(run.to_string()),
                kind: Some(step.kind.clone()),
                ..NodeResult::default()
            };
            results.insert(&step.node, result);
        }
    }
    let reviews = reviews(plan);
    for row in invocations {
        let Some(result) = results.get_mut(&row.node) else { continue };
        let dropped = row.state == NodeState::Idle && row.error.is_none();
        let is_review = reviews.contains(&row.node);
        if dropped || (is_review && !is_candidate(row.state)) {
            continue;
        }
        let item = ItemResult {
            n: row.n,
            state: row.state,
            generations: row.generations.clone(),
            reused: row.reused,
            error: row.error.clone(),
        };
        result.items.insert(row.item.clone(), item);
    }
    results.into_iter().map(|(node, result)| (node.clone(), result)).collect()
}
