//! The runs of this server: which it has in hand, and what people may ask of them.

use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

use dashmap::DashMap;
use gesso_protocol::api::Estimate;
use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::graph::Graph;
use gesso_protocol::ids::{CanvasId, RunId};
use gesso_protocol::plan::{Plan, Target, plan};
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::{Canvas, RunStatus};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::commit::GroupCommit;
use super::context::Services;
use super::driver::{Driver, Opened};
use super::error::{RunError, refuse};
use super::event::{Decision, Event, Mailbox};
use super::limits::RunLimits;
use super::scheduler::Scheduler;
use crate::assets::Blobs;
use crate::clock::fresh_id;
use crate::db::runs::RunRow;
use crate::db::{Db, DbError};
use crate::events::Events;
use crate::failpoint::Failpoints;
use crate::providers::Providers;
use crate::readers::Place;
use crate::room::{RoomHandle, Rooms};
/// Interval at which ending runs are looked at, in ms.
const END_POLL_MS: u64 = 20;
/// Most time that ending runs are waited for, in ms.
const END_MAX_MS: u64 = 10_000;
/// Interval at which a driver that is about to leave is looked at, in ms.
const LEFT_POLL_MS: u64 = 1;
/// Most time that is waited for it, in ms.
const LEFT_MAX_MS: u64 = 2_000;

/// All runs of this server.
#[derive(Clone)]
pub struct Runs {
    pub(super) inner: Arc<Inner>,
}

/// The things that runs work with.
pub struct RunsSetup {
    /// Their records.
    pub db: Db,
    /// The documents they are shown in.
    pub rooms: Rooms,
    /// Where results are stored.
    pub blobs: Blobs,
    /// Who computes.
    pub providers: Providers,
    /// The models.
    pub catalog: Arc<Catalog>,
    /// Who is told that lists changed.
    pub events: Events,
    /// Limits of their attempts and waits.
    pub limits: RunLimits,
    /// Where a test may kill them.
    pub failpoints: Failpoints,
    /// Makes drivers leave their runs where they stand.
    pub shutdown: CancellationToken,
}

pub(super) struct Inner {
    pub(super) services: Services,
    pub(super) rooms: Rooms,
    pub(super) catalog: Arc<Catalog>,
    pub(super) driven: DashMap<RunId, Arc<Mailbox>>,
    /// Runs whose driver fell, and how often.
    pub(super) falls: DashMap<RunId, u32>,
    /// Held while a run is taken up: two drivers of this server would put each other out of the queue.
    pub(super) taking_up: tokio::sync::Mutex<()>,
    /// This server's name in leases.
    pub(super) owner: String,
}

impl Inner {
    /// A server with a SQLite folder has it to itself: the folder is locked.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self.services.db, Db::Sqlite { .. })
    }
}

impl Runs {
    /// With everything they work with. Call it inside a tokio runtime: it starts the task that tells positions
    /// and renews leases.
    pub fn new(setup: RunsSetup) -> Self {
        let RunsSetup {
            db,
            rooms,
            blobs,
            providers,
            catalog,
            events,
            limits,
            failpoints,
            shutdown,
        } = setup;
        let services = Services {
            commit: GroupCommit::new(db.clone(), failpoints.is_doubled()),
            scheduler: Scheduler::new(&providers),
            db,
            blobs,
            providers,
            events,
            limits,
            failpoints,
            tasks: TaskTracker::new(),
            shutdown,
        };
        let inner = Inner {
            services,
            rooms,
            catalog,
            driven: DashMap::new(),
            falls: DashMap::new(),
            taking_up: tokio::sync::Mutex::default(),
            owner: fresh_id(),
        };
        let runs = Self { inner: Arc::new(inner) };
        runs.inner.services.tasks.spawn(runs.clone().maintain());
        runs
    }

    /// Until when a run that is taken or kept in hand now is this server's.
    pub(super) fn lease_until(&self, now: i64) -> i64 {
        now + self.inner.services.limits.lease_ms
    }

    /// Returns the steps and the cost of a run; nothing is changed.
    ///
    /// # Errors
    /// A reason for which a run would be refused.
    pub async fn estimate(
        &self,
        canvas: &CanvasId,
        person: &str,
        target: &Target,
    ) -> Result<Estimate, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (_, Planned { plan, .. }) = self.plan(canvas, &room, person, target).await?;
        Ok(Estimate::of(&plan))
    }

    /// Reads the document as it is and plans a run of it, away from the threads that serve connections.
    pub(super) async fn plan(
        &self,
        id: &CanvasId,
        room: &RoomHandle,
        person: &str,
        target: &Target,
    ) -> Result<(Place, Planned), RunError> {
        let place = self.inner.rooms.readers().place(person).await?;
        let copy = room.copy().await?;
        let (place, canvas) = place.run(move || copy.canvas()).await?;
        let mut canvas = canvas?;
        let completed = self.inner.services.db.complete(id, &mut canvas).await?;
        if completed.has_chosen {
            // Who chose it is to see it, too.
            room.check_outcome().await?;
        }
        let (inner, target) = (Arc::clone(&self.inner), target.clone());
        let planning = move || {
            let graph = Graph::materialize(&canvas);
            let usable = |model: &Model| inner.services.providers.usable(model);
            let plan = plan(&canvas, &graph, &inner.catalog, &target, &usable)?;
            plan.check_assets(&completed.unknown_assets)?;
            Ok::<_, RunError>(Planned { canvas, graph, plan })
        };
        let (place, planned) = place.run(planning).await?;
        Ok((place, planned?))
    }

    /// Takes a run in hand.
    pub(super) fn drive(&self, opened: Opened) {
        let (row, mailbox) = (opened.row(), opened.mailbox());
        if row.cancel_requested != 0 {
            mailbox.push(Event::Cancel);
        }
        let waits = (row.place, row.waiting != 0);
        self.inner.services.scheduler.enter(&row.id, &row.person, waits, mailbox, opened.room());
        let in_hand = InHand::take(&self.inner, &row.id, mailbox);
        let span = tracing::info_span!("run", run = row.id.as_str(), canvas = row.canvas.as_str());
        let driver = Driver::new(opened).drive().instrument(span);
        let driver = self.inner.services.tasks.spawn(driver);
        let inner = Arc::clone(&self.inner);
        self.inner.services.tasks.spawn(async move {
            if driver.await.is_err_and(|error| error.is_panic()) {
                // The sweep takes it up again, some times.
                *inner.falls.entry(in_hand.run.clone()).or_default() += 1;
                tracing::error!(run = in_hand.run.as_str(), "a driver fell");
            } else {
                inner.falls.remove(&in_hand.run);
            }
            inner.services.scheduler.leave(&in_hand.run);
            drop(in_hand);
        });
    }

    /// Stops a run. Stopping one that has ended changes nothing; one that nobody drives is ended all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, run: &RunId) -> Result<(), DbError> {
        if self.inner.services.db.request_cancel(run).await?
            && !self.tell(run, Event::Cancel)
            && let Some(run) = self.inner.services.db.run(run).await?
        {
            self.take_up(run).await?;
        }
        Ok(())
    }

    pub(super) fn tell(&self, run: &RunId, event: Event) -> bool {
        let mailbox = self.inner.driven.get(run).map(|mailbox| Arc::clone(&mailbox));
        mailbox.is_some_and(|mailbox| mailbox.push(event).is_none())
    }

    /// Decides about the candidates of an evaluator; durable when it returns.
    ///
    /// # Errors
    /// `conflict` where nothing waits for a decision, `not_found` or `bad_request` where it makes no sense.
    pub async fn review(&self, run: &RunId, decision: Decision) -> Result<(), RunError> {
        let (reply, decided) = oneshot::channel();
        if self.tell(run, Event::Review { decision, reply })
            && let Ok(result) = decided.await
        {
            return Ok(result?);
        }
        refuse(ErrorCode::Conflict, "The run has ended; nothing waits for a review.")
    }

    /// Holds a waiting run back, or lets it go on.
    ///
    /// # Errors
    /// `forbidden` where it is somebody else's, `conflict` where it waits no more.
    pub async fn hold(&self, run: &RunRow, person: &str, held: bool) -> Result<(), RunError> {
        check_own(run, person)?;
        if !self.inner.services.db.set_waiting(&run.id, held).await? {
            return refuse(ErrorCode::Conflict, "The run waits no more; stop it instead.");
        }
        self.inner.services.scheduler.hold(&run.id, held);
        Ok(())
    }

    /// Puts a waiting run after another of the same person, or first.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub async fn place(
        &self,
        run: &RunRow,
        person: &str,
        after: Option<&RunId>,
    ) -> Result<(), RunError> {
        check_own(run, person)?;
        let Some(moves) = self.inner.services.scheduler.place_after(&run.id, after) else {
            let detail = "Only one's own runs that still wait can be put in order.";
            return refuse(ErrorCode::Conflict, detail);
        };
        for (run, place) in moves {
            self.inner.services.db.set_place(&run, place).await?;
        }
        Ok(())
    }

    /// Where a run waits in the queue, from 1.
    pub fn position(&self, run: &RunId) -> Option<u32> {
        self.inner.services.scheduler.position(run)
    }

    /// Stops all runs of a canvas and waits until they have ended, so that nothing stays held for them. What has not
    /// ended by itself after a while is ended in the records.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all(&self, canvas: &CanvasId) -> Result<(), DbError> {
        for run in self.inner.services.db.unfinished_runs_of(canvas).await? {
            self.cancel(&run.id).await?;
        }
        let ended = async {
            while !self.inner.services.db.unfinished_runs_of(canvas).await?.is_empty() {
                tokio::time::sleep(Duration::from_millis(END_POLL_MS)).await;
            }
            Ok(())
        };
        match tokio::time::timeout(Duration::from_millis(END_MAX_MS), ended).await {
            Ok(ended) => ended,
            Err(_) => {
                for run in self.inner.services.db.unfinished_runs_of(canvas).await? {
                    self.end_left(run, None).await?;
                }
                Ok(())
            }
        }
    }

    /// Waits until a run that has ended stands so in the document too: whoever is told of its end finds its results
    /// there.
    pub async fn left(&self, run: &RunId) {
        let left = async {
            while self.inner.driven.contains_key(run) {
                tokio::time::sleep(Duration::from_millis(LEFT_POLL_MS)).await;
            }
        };
        tokio::time::timeout(Duration::from_millis(LEFT_MAX_MS), left).await.ok();
    }

    /// Returns the number of runs in hand.
    pub fn active(&self) -> usize {
        self.inner.driven.len()
    }

    /// Waits until every driver has left its run, to be taken up again after the restart.
    pub async fn stopped(&self) {
        self.inner.services.tasks.close();
        self.inner.services.tasks.wait().await;
        // Nobody drives them here any more: the next server need not wait until the leases end.
        if let Err(error) = self.inner.services.db.renew_leases(&self.inner.owner, 0).await {
            tracing::warn!(%error, "leases cannot be given back");
        }
    }
}

/// The things a run is planned from, and its plan.
pub(super) struct Planned {
    pub(super) canvas: Canvas,
    pub(super) graph: Graph,
    pub(super) plan: Plan,
}

/// A run that this server has in hand, or is about to. However that ends, others can take it up after it.
pub(super) struct InHand {
    inner: Arc<Inner>,
    run: RunId,
    /// True once somebody else has it in hand.
    is_passed_on: bool,
}

impl InHand {
    pub(super) fn take(inner: &Arc<Inner>, run: &RunId, mailbox: &Arc<Mailbox>) -> Self {
        inner.driven.insert(run.clone(), Arc::clone(mailbox));
        Self { inner: Arc::clone(inner), run: run.clone(), is_passed_on: false }
    }

    /// Somebody else has it in hand from here on.
    pub(super) fn passed_on(mut self) {
        self.is_passed_on = true;
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if !self.is_passed_on {
            self.inner.driven.remove(&self.run);
        }
    }
}

fn check_own(run: &RunRow, person: &str) -> Result<(), RunError> {
    if run.person != person {
        let detail = format!("The run is {}'s; only they can hold or move it.", run.person_name);
        return refuse(ErrorCode::Forbidden, detail);
    }
    if run.status() != RunStatus::Queued {
        return refuse(ErrorCode::Conflict, "The run waits no more; stop it instead.");
    }
    Ok(())
}
