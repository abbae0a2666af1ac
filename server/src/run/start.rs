//! Starting a run, and trying one again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::api::{EditedGeneration, Estimate, GenerationBody, RunStarted};
use gesso_protocol::graph::Graph;
use gesso_protocol::plan::{Past, PastItem, Plan, Retry, Target, Unit, Units};
use gesso_protocol::pricing::Money;
use gesso_protocol::problem::{ErrorCode, NodeProblem, Refusal, quoted};
use gesso_protocol::schema::{
    self, Canvas, Generation, ItemContent, ItemResult, NodeResult, NodeState, RunStatus,
};

use super::driver::Opened;
use super::mailbox::Mailbox;
use super::{InHand, LEASE_MS, Planned, RunError, Runs, refuse};
use crate::clock::{fresh_id, now_ms};
use crate::db::DbError;
use crate::db::generations::{MadeWith, is_candidate};
use crate::db::idempotency::Keep;
use crate::db::runs::{NewInvocation, NewRun, NewStep, RunRow, StartError};
use crate::failpoint;
use crate::readers::Place;

/// Who asks for a run, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub person: String,
    /// Their name.
    pub person_name: String,
    /// What it covers.
    pub target: Target,
    /// Refuse it where it could cost more.
    pub max_cost: Option<Money>,
    /// Whether nothing new starts after a failure.
    pub stop_on_error: bool,
    /// For a request that may be repeated.
    pub keep: Option<Keep>,
}

impl Runs {
    /// Starts a run.
    ///
    /// # Errors
    /// See [`RunError`]; nothing happened then.
    pub async fn start(&self, canvas: &str, asked: Asked) -> Result<RunStarted, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (place, mut planned) = self.plan(&room, &asked.target).await?;
        self.own_records(&mut planned.plan).await?;
        self.begin(canvas, asked, (place, planned), None).await
    }

    /// Starts a new run of what failed or was blocked in one that has ended.
    ///
    /// # Errors
    /// See [`RunError`]; nothing happened then.
    pub async fn retry(
        &self,
        run: &RunRow,
        which: &Retry,
        asked: Asked,
    ) -> Result<RunStarted, RunError> {
        if !run.status().is_terminal() {
            return refuse(ErrorCode::Conflict, "The run has not ended. Wait for it or stop it.");
        }
        let room = self.inner.rooms.open(&run.canvas).await?;
        let place = self.inner.rooms.readers().place().await?;
        let copy = room.copy().await?;
        let plan = run.plan()?;
        let past = self.past(run, &plan).await?;
        let which = which.clone();
        let planning = move || {
            let canvas = copy.canvas()?;
            let graph = Graph::materialize(&canvas);
            let plan = plan.retry(&past, &which)?;
            Ok::<_, RunError>(Planned { canvas, graph, plan })
        };
        let (place, planned) = place.run(planning).await?;
        self.begin(&run.canvas, asked, (place, planned?), Some(run.id.clone())).await
    }

    /// How a run ended, item by item.
    async fn past(&self, run: &RunRow, plan: &Plan) -> Result<Past, DbError> {
        let rows = self.inner.db.invocations(&run.id).await?;
        let decided: BTreeSet<String> =
            self.inner.db.review_of(&run.id).await?.into_iter().map(|review| review.node).collect();
        let ids: Vec<String> = rows.iter().flat_map(|row| row.generation_ids()).collect();
        let made = self.inner.db.generations_by_id(&run.canvas, &ids).await?;
        let made: BTreeMap<String, Generation> =
            made.into_iter().map(|(_, made)| (made.id.clone(), made)).collect();
        let mut past = Past::new();
        for node in &decided {
            past.entry(node.clone()).or_default();
        }
        let reviews = reviews(plan);
        for row in rows {
            let is_review = reviews.contains(row.node.as_str());
            if is_review && !decided.contains(&row.node) && row.state() != NodeState::Completed {
                continue;
            }
            let generation = |id: String| match made.get(&id) {
                Some(made) => made.clone(),
                None => Generation { id, ..Generation::default() },
            };
            let item = PastItem {
                state: row.state(),
                generations: row.generation_ids().into_iter().map(generation).collect(),
                error: row.failure(),
                seed: Some(row.seed),
            };
            past.entry(row.node.clone()).or_default().insert(row.item.clone(), item);
        }
        Ok(past)
    }

    /// Adds a picture that somebody edited to what a node made: the newest, free.
    ///
    /// # Errors
    /// `not_found` where the generation or the picture is unknown.
    pub async fn add_edited(
        &self,
        canvas: &str,
        node: &str,
        edited: &EditedGeneration,
        by: &str,
    ) -> Result<GenerationBody, RunError> {
        let before = self.inner.db.generation_of(canvas, node, &edited.from).await?;
        let Some(before) = before else {
            return refuse(ErrorCode::NotFound, format!("There is no result {}.", edited.from));
        };
        let Some(asset) = self.inner.db.asset(&edited.asset).await? else {
            return refuse(ErrorCode::NotFound, format!("There is no asset {}.", edited.asset));
        };
        let asset = asset.reference();
        let source = before.generation;
        if asset.ty != source.ty {
            let detail = "An edited result has the type of what it was made from.";
            return refuse(ErrorCode::TypeMismatch, detail);
        }
        let generation = Generation {
            id: fresh_id(),
            run: String::new(),
            key: source.key.clone(),
            port: source.port.clone(),
            at: now_ms(),
            by: by.to_owned(),
            seed: None,
            // It still is what these inputs and settings led to: editing it makes nothing outdated.
            fingerprint: source.fingerprint.clone(),
            ..Generation::of_asset(&asset)
        };
        let made_with = MadeWith {
            model: before.model,
            version: before.version,
            settings: serde_json::json!({"edited_from": source.id}),
            prompt: before.prompt,
            negative: before.negative,
            inputs: before.inputs,
        };
        self.inner.db.add_generation(canvas, node, &generation, &made_with).await?;
        let room = self.inner.rooms.open(canvas).await?;
        let (id, shown) = (node.to_owned(), generation.clone());
        room.write(move |txn| {
            if schema::node_map(txn, &id).is_some() {
                schema::put_generations(txn, &id, std::slice::from_ref(&shown));
            }
        })
        .await?;
        Ok(GenerationBody {
            generation,
            model: made_with.model,
            version: made_with.version,
            settings: made_with.settings,
            prompt: made_with.prompt,
            negative: made_with.negative,
            inputs: made_with.inputs,
        })
    }

    async fn begin(
        &self,
        canvas: &str,
        asked: Asked,
        (place, Planned { canvas: held, graph, plan }): (Place, Planned),
        retry_of: Option<String>,
    ) -> Result<RunStarted, RunError> {
        let active: BTreeSet<String> =
            self.inner.db.active_nodes(canvas).await?.into_iter().collect();
        plan.check_idle(&graph, &active)?;
        let estimate = Estimate::of(&plan);
        if let Some(max) = asked.max_cost.filter(|max| estimate.cost > *max) {
            let detail = format!(
                "It can cost up to {} credits, more than your limit of {max}. Raise the limit or run less.",
                estimate.cost
            );
            return refuse(ErrorCode::CostExceeded, detail);
        }
        let id = fresh_id();
        let answer = RunStarted {
            id: id.clone(),
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
            canvas: canvas.to_owned(),
            person: asked.person,
            person_name: asked.person_name,
            mode: plan.mode.id().to_owned(),
            node: plan.node.clone(),
            nodes: plan.nodes.clone(),
            stop_on_error: asked.stop_on_error,
            retry_of,
            owner: self.inner.owner.clone(),
            lease_until: now_ms() + LEASE_MS,
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
        // Whoever stops it the moment it is recorded is heard.
        let mailbox = Arc::new(Mailbox::default());
        let in_hand = InHand::take(&self.inner, &new.id, &mailbox);
        let started =
            self.inner.db.start_run(&new, &snapshot, &steps, &invocations, now_ms()).await;
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
                if result.kind.as_ref().is_none_or(|kind| schema::is_kind(txn, node, kind)) {
                    schema::put_result(txn, node, result);
                }
            }
        });
        if let Err(error) = shown.await {
            // The run is recorded and goes on; the document is brought in line when its room loads.
            tracing::error!(%error, canvas, "a started run could not be shown");
        }
        self.inner.events.changed(canvas);
        if self.passes(failpoint::RUN_SHOWN) {
            drop(steps);
            let run = (run, room, 0);
            self.drive(Opened::fresh(&self.inner, run, plan, units, &invocations, mailbox));
            in_hand.passed_on();
        }
        Ok(answer)
    }

    fn passes(&self, name: &'static str) -> bool {
        self.inner.failpoints.pass(name);
        !self.inner.failpoints.is_dead()
    }

    /// Replaces what the document says of assets by the server's own records.
    async fn own_records(&self, plan: &mut Plan) -> Result<(), RunError> {
        let mut unknown: BTreeSet<u32> = BTreeSet::new();
        for (at, ready) in (0_u32..).zip(&mut plan.ready) {
            for item in &mut ready.items {
                let ItemContent::Asset(asset) = &mut item.content else { continue };
                match self.inner.db.asset(&asset.id).await? {
                    Some(row) => *asset = row.reference(),
                    None => {
                        unknown.insert(at);
                    }
                }
            }
        }
        let mut problems = Vec::new();
        for step in &plan.steps {
            for input in &step.inputs {
                let lacks = input.sources.iter().any(|source| match source.from {
                    gesso_protocol::plan::From::Ready(at) => unknown.contains(&at),
                    gesso_protocol::plan::From::Step(_) => false,
                });
                if lacks {
                    problems.push(NodeProblem {
                        node: step.node.clone(),
                        port: Some(input.port.clone()),
                        code: ErrorCode::NotFound,
                        detail: format!(
                            "{} gets a file that this server does not have. Upload it again.",
                            quoted(&step.title)
                        ),
                    });
                }
            }
        }
        Refusal::of_nodes(problems).map_or(Ok(()), |refusal| Err(refusal.into()))
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
            format!("{} is in another run. Wait for it or stop it.", quoted(graph.title(&node))),
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
    for (at, step) in (0_u32..).zip(&plan.steps) {
        let mine = units.step(at);
        let kept = !mine.is_empty() && mine.iter().all(|unit| unit.kept);
        steps.push(NewStep {
            node: &step.node,
            kind: &step.kind,
            title: &step.title,
            model: &step.model,
            state: if kept { NodeState::Completed } else { NodeState::Pending },
            invocations: step.invocations,
            hold: step.cost,
            fingerprint: None,
        });
        let before = canvas.results.get(&step.node);
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
    let step = &plan.steps[unit.step as usize];
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
fn reviews(plan: &Plan) -> BTreeSet<&str> {
    let reviews = plan.steps.iter().filter(|step| step.is_review());
    reviews.map(|step| step.node.as_str()).collect()
}

/// What stands in the document when a run has just taken its nodes in hand.
fn results(
    run: &str,
    plan: &Plan,
    units: &Units,
    invocations: &[NewInvocation],
) -> Vec<(String, NodeResult)> {
    let mut results: BTreeMap<&str, NodeResult> = BTreeMap::new();
    for (at, step) in (0_u32..).zip(&plan.steps) {
        let mine = units.step(at);
        if mine.is_empty() || mine.iter().any(|unit| !unit.kept) {
            let state = NodeState::Pending;
            let result = NodeResult {
                state,
                run: Some(run.to_owned()),
                kind: Some(step.kind.clone()),
                ..NodeResult::default()
            };
            results.insert(&step.node, result);
        }
    }
    let reviews = reviews(plan);
    for row in invocations {
        let Some(result) = results.get_mut(row.node.as_str()) else { continue };
        let dropped = row.state == NodeState::Idle && row.error.is_none();
        let is_review = reviews.contains(row.node.as_str());
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
    results.into_iter().map(|(node, result)| (node.to_owned(), result)).collect()
}
