//! Runs: started against the document as it is at that moment, driven to their end whatever happens to
//! browsers, taken up again after a restart.

pub mod core;
mod driver;
mod invoke;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use gesso_protocol::api::{Estimate, RunStarted};
use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::graph::Graph;
use gesso_protocol::plan::{Plan, PlannedContent, Source, Target, plan};
use gesso_protocol::pricing::Money;
use gesso_protocol::problem::{ErrorCode, NodeProblem, Refusal};
use gesso_protocol::schema::{self, Canvas, RunStatus};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assets::Blobs;
use crate::clock::{fresh_id, now_ms};
use crate::db::idempotency::Keep;
use crate::db::runs::{NewRun, RunRow, StartError};
use crate::db::{Db, DbError};
use crate::events::Events;
use crate::providers::Providers;
use crate::room::{RoomError, RoomHandle, Rooms};

/// How often ending runs are looked at, in ms.
const END_POLL_MS: u64 = 20;
/// How long ending runs are waited for, in ms.
const END_MAX_MS: u64 = 10_000;

/// Why a run could not be started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not right; nothing happened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The room failed.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The same request came twice at once; its answer is kept.
    #[error("the request was repeated")]
    Repeated,
}

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

/// All runs of this server.
#[derive(Clone)]
pub struct Runs {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) rooms: Rooms,
    pub(crate) blobs: Blobs,
    pub(crate) providers: Providers,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) events: Events,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
    driven: DashMap<String, CancellationToken>,
}

impl Runs {
    /// With everything it works with. `shutdown` makes drivers leave their runs where they stand.
    pub fn new(
        db: Db,
        rooms: Rooms,
        blobs: Blobs,
        providers: Providers,
        catalog: Arc<Catalog>,
        events: Events,
        shutdown: CancellationToken,
    ) -> Self {
        let inner = Inner {
            db,
            rooms,
            blobs,
            providers,
            catalog,
            events,
            tasks: TaskTracker::new(),
            shutdown,
            driven: DashMap::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What a run would do and cost; nothing is changed.
    ///
    /// # Errors
    /// What a run would be refused for.
    pub async fn estimate(&self, canvas: &str, target: &Target) -> Result<Estimate, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (_, _, plan) = self.plan(&room, target).await?;
        Ok(Estimate::of(&plan))
    }

    async fn plan(
        &self,
        room: &RoomHandle,
        target: &Target,
    ) -> Result<(Canvas, Graph, Plan), RunError> {
        let canvas = room.read(|txn| schema::read_canvas(txn)).await?;
        let graph = Graph::materialize(&canvas);
        let usable = |model: &Model| self.inner.providers.usable(model);
        let plan = plan(&canvas, &graph, &self.inner.catalog, target, &usable)?;
        Ok((canvas, graph, plan))
    }

    /// Starts a run.
    ///
    /// # Errors
    /// See [`RunError`]; nothing happened then.
    pub async fn start(&self, canvas: &str, asked: Asked) -> Result<RunStarted, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (_, graph, mut plan) = self.plan(&room, &asked.target).await?;
        let active: BTreeSet<String> =
            self.inner.db.active_nodes(canvas).await?.into_iter().collect();
        plan.check_idle(&graph, &active)?;
        self.own_records(&mut plan).await?;
        let estimate = Estimate::of(&plan);
        if let Some(max) = asked.max_cost.filter(|max| estimate.cost > *max) {
            let detail = format!(
                "It can cost up to {} credits, more than your limit of {max}. Raise the limit or run less.",
                estimate.cost
            );
            return Err(Refusal::new(ErrorCode::CostExceeded, detail).into());
        }
        let id = fresh_id();
        let answer = RunStarted {
            id: id.clone(),
            status: RunStatus::Queued,
            cost: estimate.cost,
            steps: estimate.steps,
        };
        let body = serde_json::to_string(&answer).map_err(DbError::row("idempotency"))?;
        let new = NewRun {
            id,
            canvas: canvas.to_owned(),
            person: asked.person,
            person_name: asked.person_name,
            stop_on_error: asked.stop_on_error,
            retry_of: None,
            keep: asked.keep.map(|keep| (keep, body)),
        };
        let started = self
            .inner
            .db
            .start_run(&new, &plan, now_ms())
            .await
            .map_err(|error| self.refused(error, &graph, answer.cost))?;
        let (info, results) = (started.run.info(), started.results);
        let shown = room.write(move |txn| {
            schema::put_run(txn, &info);
            for (node, result) in &results {
                schema::put_result(txn, node, result);
            }
        });
        if let Err(error) = shown.await {
            // The run is recorded and goes on; the document is brought in line when its room loads.
            tracing::error!(%error, canvas, "a started run could not be shown");
        }
        self.inner.events.changed(canvas);
        self.drive(started.run, plan, room);
        Ok(answer)
    }

    fn refused(&self, error: StartError, graph: &Graph, cost: Money) -> RunError {
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
                format!("“{}” is in another run. Wait for it or stop it.", graph.title(&node)),
            ),
        };
        Refusal::new(code, detail).into()
    }

    /// Replaces what the document says of assets by the server's own records.
    async fn own_records(&self, plan: &mut Plan) -> Result<(), RunError> {
        let mut problems = Vec::new();
        for step in &mut plan.steps {
            for input in &mut step.inputs {
                for source in &mut input.sources {
                    let Source::Ready(PlannedContent::Asset(asset)) = source else { continue };
                    match self.inner.db.asset(&asset.id).await? {
                        Some(row) => *asset = row.reference(),
                        None => problems.push(NodeProblem {
                            node: step.node.clone(),
                            port: Some(input.port.clone()),
                            code: ErrorCode::NotFound,
                            detail: format!(
                                "“{}” gets a file that this server does not have. Upload it again.",
                                step.title
                            ),
                        }),
                    }
                }
            }
        }
        Refusal::of_nodes(problems).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    fn drive(&self, run: RunRow, plan: Plan, room: RoomHandle) {
        let cancel = CancellationToken::new();
        if run.cancel_requested != 0 {
            cancel.cancel();
        }
        self.inner.driven.insert(run.id.clone(), cancel.clone());
        let inner = Arc::clone(&self.inner);
        self.inner.tasks.spawn(async move {
            let id = run.id.clone();
            driver::drive(Arc::clone(&inner), run, plan, room, cancel).await;
            inner.driven.remove(&id);
        });
    }

    /// Stops a run. Stopping one that has ended changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, run: &str) -> Result<(), DbError> {
        if self.inner.db.request_cancel(run).await?
            && let Some(driven) = self.inner.driven.get(run)
        {
            driven.cancel();
        }
        Ok(())
    }

    /// Stops all runs of a canvas and waits until they have ended, so that nothing stays held for them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all(&self, canvas: &str) -> Result<(), DbError> {
        for run in self.inner.db.unfinished_runs_of(canvas).await? {
            self.cancel(&run.id).await?;
        }
        let ended = async {
            while !self.inner.db.unfinished_runs_of(canvas).await?.is_empty() {
                tokio::time::sleep(Duration::from_millis(END_POLL_MS)).await;
            }
            Ok(())
        };
        tokio::time::timeout(Duration::from_millis(END_MAX_MS), ended).await.unwrap_or(Ok(()))
    }

    /// Takes up every run that a stopped server left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recover(&self) -> Result<usize, DbError> {
        let unfinished = self.inner.db.unfinished_runs().await?;
        let count = unfinished.len();
        for run in unfinished {
            let id = run.id.clone();
            match (run.plan(), self.inner.rooms.open(&run.canvas).await) {
                (Ok(plan), Ok(room)) => self.drive(run, plan, room),
                (Err(error), _) => tracing::error!(%error, run = id, "a run cannot be taken up"),
                (_, Err(error)) => tracing::error!(%error, run = id, "a run cannot be taken up"),
            }
        }
        Ok(count)
    }

    /// How many runs are in hand.
    pub fn active(&self) -> usize {
        self.inner.driven.len()
    }

    /// Waits until every driver has left its run, to be taken up again after the restart.
    pub async fn stopped(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}
