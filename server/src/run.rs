//! Runs: started against the document as it is at that moment, driven to their end whatever happens to
//! browsers, taken up again after a restart.

mod book;
pub mod core;
mod driver;
mod invoke;
mod leftovers;
mod mailbox;
mod progress;
pub mod queue;
mod recorder;
mod start;
mod turn;
mod turnstile;

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use gesso_protocol::api::Estimate;
use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::graph::Graph;
use gesso_protocol::plan::{Plan, Target, plan};
use gesso_protocol::problem::{ErrorCode, Refusal};
use gesso_protocol::schema::{self, Canvas, RunStatus};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assets::Blobs;
use crate::clock::{fresh_id, now_ms};
use crate::db::late::{LateRow, TakeError};
use crate::db::runs::RunRow;
use crate::db::{Db, DbError};
use crate::events::Events;
use crate::failpoint::Failpoints;
use crate::providers::Providers;
use crate::readers::{Place, ReadError};
use crate::room::{RoomError, RoomHandle, Rooms};
use driver::{Driver, Opened};
use leftovers::unreadable;
use mailbox::{Event, Mailbox};
use recorder::Recorder;
use turnstile::Turnstile;

pub use driver::item_body;
pub use mailbox::Decision;
pub use start::Asked;

/// How often ending runs are looked at, in ms.
const END_POLL_MS: u64 = 20;
/// How long ending runs are waited for, in ms.
const END_MAX_MS: u64 = 10_000;
/// How often a driver that is about to leave is looked at, in ms.
const LEFT_POLL_MS: u64 = 1;
/// How long that is waited for, in ms.
const LEFT_MAX_MS: u64 = 2_000;
/// How often positions in the queue are told, in ms.
const QUEUE_TOLD_MS: u64 = 200;
/// How long a server has a run in hand without renewing that, in ms.
const LEASE_MS: i64 = 30_000;
/// How often runs are looked for that nobody drives, in ms.
const SWEEP_MS: u64 = 5_000;

/// Why a run could not be started or changed.
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
    /// The canvas could not be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn refuse<T>(code: ErrorCode, detail: impl Into<String>) -> Result<T, RunError> {
    Err(Refusal::new(code, detail).into())
}

/// All runs of this server.
#[derive(Clone)]
pub struct Runs {
    inner: Arc<Inner>,
}

/// What runs work with.
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
    /// Where a test may kill them.
    pub failpoints: Failpoints,
    /// Makes drivers leave their runs where they stand.
    pub shutdown: CancellationToken,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) rooms: Rooms,
    pub(crate) blobs: Blobs,
    pub(crate) providers: Providers,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) events: Events,
    pub(crate) failpoints: Failpoints,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
    recorder: Recorder,
    turnstile: Turnstile,
    driven: DashMap<String, Arc<Mailbox>>,
    /// Runs whose driver fell, and how often.
    falls: DashMap<String, u32>,
    /// Held while a run is taken up: two drivers of this server would put each other out of the queue.
    taking_up: tokio::sync::Mutex<()>,
    /// This server's name in leases.
    owner: String,
}

impl Inner {
    /// A server with a SQLite folder has it to itself: the folder is locked.
    fn is_alone(&self) -> bool {
        matches!(self.db, Db::Sqlite { .. })
    }
}

impl Runs {
    /// With everything they work with. Call it inside a tokio runtime: it starts the task that tells positions
    /// and renews leases.
    pub fn new(setup: RunsSetup) -> Self {
        let RunsSetup { db, rooms, blobs, providers, catalog, events, failpoints, shutdown } =
            setup;
        let inner = Inner {
            recorder: Recorder::new(db.clone(), failpoints.is_doubled()),
            turnstile: Turnstile::new(&providers),
            db,
            rooms,
            blobs,
            providers,
            catalog,
            events,
            failpoints,
            tasks: TaskTracker::new(),
            shutdown,
            driven: DashMap::new(),
            falls: DashMap::new(),
            taking_up: tokio::sync::Mutex::default(),
            owner: fresh_id(),
        };
        let runs = Self { inner: Arc::new(inner) };
        runs.inner.tasks.spawn(runs.clone().keep_house());
        runs
    }

    /// Tells positions in the queue, renews leases, takes up runs of servers that are gone.
    async fn keep_house(self) {
        let mut told = tokio::time::interval(Duration::from_millis(QUEUE_TOLD_MS));
        let mut lease = tokio::time::interval(Duration::from_millis(LEASE_MS as u64 / 3));
        let mut sweep = tokio::time::interval(Duration::from_millis(SWEEP_MS));
        for timer in [&mut told, &mut lease, &mut sweep] {
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                _ = told.tick() => self.inner.turnstile.tell(),
                _ = lease.tick(), if !self.inner.is_alone() => {
                    if let Err(error) = self.keep_leases().await {
                        tracing::warn!(%error, "leases cannot be renewed");
                    }
                }
                _ = sweep.tick() => {
                    if let Err(error) = self.sweep().await {
                        tracing::warn!(%error, "leftovers cannot be looked for");
                    }
                }
                () = self.inner.shutdown.cancelled() => return,
            }
        }
    }

    async fn keep_leases(&self) -> Result<(), DbError> {
        let now = now_ms();
        self.inner.db.renew_leases(&self.inner.owner, now + LEASE_MS).await?;
        for run in self.inner.db.expired_runs(now).await? {
            self.take_up(run).await?;
        }
        Ok(())
    }

    /// What a run would do and cost; nothing is changed.
    ///
    /// # Errors
    /// What a run would be refused for.
    pub async fn estimate(&self, canvas: &str, target: &Target) -> Result<Estimate, RunError> {
        let room = self.inner.rooms.open(canvas).await?;
        let (_, Planned { plan, .. }) = self.plan(&room, target).await?;
        Ok(Estimate::of(&plan))
    }

    /// Reads the document as it is and plans a run of it, away from the threads that serve connections.
    async fn plan(&self, room: &RoomHandle, target: &Target) -> Result<(Place, Planned), RunError> {
        let place = self.inner.rooms.readers().place().await?;
        let copy = room.copy().await?;
        let (inner, target) = (Arc::clone(&self.inner), target.clone());
        let planning = move || {
            let canvas = copy.canvas()?;
            let graph = Graph::materialize(&canvas);
            let usable = |model: &Model| inner.providers.usable(model);
            let plan = plan(&canvas, &graph, &inner.catalog, &target, &usable)?;
            Ok::<_, RunError>(Planned { canvas, graph, plan })
        };
        let (place, planned) = place.run(planning).await?;
        Ok((place, planned?))
    }

    /// Takes a run in hand.
    fn drive(&self, opened: Opened) {
        let (row, mailbox) = (opened.row(), opened.mailbox());
        if row.cancel_requested != 0 {
            mailbox.push(Event::Cancel);
        }
        let waits = (row.place, row.waiting != 0);
        self.inner.turnstile.enter(&row.id, &row.person, waits, mailbox, opened.room());
        let in_hand = InHand::take(&self.inner, &row.id, mailbox);
        let driver = self.inner.tasks.spawn(Driver::new(opened).drive());
        let inner = Arc::clone(&self.inner);
        self.inner.tasks.spawn(async move {
            if driver.await.is_err_and(|error| error.is_panic()) {
                // The sweep takes it up again, some times.
                *inner.falls.entry(in_hand.run.clone()).or_default() += 1;
                tracing::error!(run = in_hand.run, "a driver fell");
            } else {
                inner.falls.remove(&in_hand.run);
            }
            inner.turnstile.leave(&in_hand.run);
            drop(in_hand);
        });
    }

    /// Stops a run. Stopping one that has ended changes nothing; one that nobody drives is ended all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, run: &str) -> Result<(), DbError> {
        if self.inner.db.request_cancel(run).await?
            && !self.tell(run, Event::Cancel)
            && let Some(run) = self.inner.db.run(run).await?
        {
            self.take_up(run).await?;
        }
        Ok(())
    }

    fn tell(&self, run: &str, event: Event) -> bool {
        let mailbox = self.inner.driven.get(run).map(|mailbox| Arc::clone(&mailbox));
        mailbox.is_some_and(|mailbox| mailbox.push(event).is_none())
    }

    /// Decides about the candidates of an evaluator; durable when it returns.
    ///
    /// # Errors
    /// `conflict` where nothing waits for a decision, `not_found` or `bad_request` where it makes no sense.
    pub async fn review(&self, run: &str, decision: Decision) -> Result<(), RunError> {
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
        if !self.inner.db.set_waiting(&run.id, held).await? {
            return refuse(ErrorCode::Conflict, "The run waits no more; stop it instead.");
        }
        self.inner.turnstile.hold(&run.id, held);
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
        after: Option<&str>,
    ) -> Result<(), RunError> {
        check_own(run, person)?;
        let Some(moves) = self.inner.turnstile.place_after(&run.id, after) else {
            let detail = "Only one's own runs that still wait can be put in order.";
            return refuse(ErrorCode::Conflict, detail);
        };
        for (run, place) in moves {
            self.inner.db.set_place(&run, place).await?;
        }
        Ok(())
    }

    /// Where a run waits in the queue, from 1.
    pub fn position(&self, run: &str) -> Option<u32> {
        self.inner.turnstile.position(run)
    }

    /// Takes over a result that came after it was stopped, for its price.
    ///
    /// # Errors
    /// `not_found` where it is gone, `insufficient_credits` where the balance is too small.
    pub async fn take_late(&self, late: &LateRow) -> Result<(), RunError> {
        let taken = match self.inner.db.take_late(&late.id, now_ms()).await {
            Ok(taken) => taken,
            Err(TakeError::Db(error)) => return Err(error.into()),
            Err(TakeError::Gone) => {
                let detail = "There is no such late result: it was taken over or has expired.";
                return refuse(ErrorCode::NotFound, detail);
            }
            Err(TakeError::InsufficientCredits) => {
                let detail = "It costs more than is left. Ask for a grant.";
                return refuse(ErrorCode::InsufficientCredits, detail);
            }
        };
        let room = self.inner.rooms.open(&late.canvas).await?;
        let steps = self.inner.db.steps(&late.run).await?;
        let step = steps.into_iter().find(|step| step.node == late.node);
        let (node, kind) = (late.node.clone(), step.map(|step| step.kind).unwrap_or_default());
        let made = taken.1.generations;
        room.write(move |txn| {
            if schema::is_kind(txn, &node, &kind) {
                schema::put_generations(txn, &node, &made);
            }
        })
        .await?;
        Ok(())
    }

    /// Stops all runs of a canvas and waits until they have ended, so that nothing stays held for them. What has not
    /// ended by itself after a while is ended in the records.
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
        match tokio::time::timeout(Duration::from_millis(END_MAX_MS), ended).await {
            Ok(ended) => ended,
            Err(_) => {
                for run in self.inner.db.unfinished_runs_of(canvas).await? {
                    self.end_left(run, None).await?;
                }
                Ok(())
            }
        }
    }

    /// Takes up every run that a stopped server left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recover(&self) -> Result<usize, DbError> {
        self.inner.db.forget_late(now_ms()).await?;
        self.inner.db.purge_deleted(None).await?;
        let unfinished = self.inner.db.unfinished_runs().await?;
        let count = unfinished.len();
        for run in unfinished {
            self.take_up(run).await?;
        }
        Ok(count)
    }

    /// Takes up a run where its records stand, unless another server has it in hand.
    async fn take_up(&self, run: RunRow) -> Result<(), DbError> {
        let _one_by_one = self.inner.taking_up.lock().await;
        if self.inner.driven.contains_key(&run.id) {
            return Ok(());
        }
        let now = now_ms();
        let (owner, until) = (self.inner.owner.as_str(), now + LEASE_MS);
        let taken =
            self.inner.db.take_run(&run.id, owner, until, now, self.inner.is_alone()).await?;
        let Some(fence) = taken else { return Ok(()) };
        let id = run.id.clone();
        // What is recorded may have changed between the list and the lease.
        let Some(run) = self.inner.db.run(&id).await? else { return Ok(()) };
        let cancelled = run.cancel_requested != 0;
        let error = match self.inner.rooms.open(&run.canvas).await {
            Ok(room) => match Opened::read(&self.inner, run.clone(), room, fence).await {
                Ok(opened) => {
                    self.drive(opened);
                    return Ok(());
                }
                // It is in the records, and will be after the next start too.
                Err(DbError::Row { why, .. }) => {
                    return self.end_taken(run, fence, Some(unreadable(&why))).await;
                }
                Err(error) => error.to_string(),
            },
            Err(RoomError::NotFound | RoomError::Deleted) => {
                return self.end_taken(run, fence, None).await;
            }
            Err(error) => error.to_string(),
        };
        tracing::error!(error, run = id, "a run cannot be taken up");
        // Whoever stops it need not wait until its canvas can be opened.
        if cancelled { self.end_taken(run, fence, None).await } else { Ok(()) }
    }

    /// Waits until a run that has ended stands so in the document too: whoever is told of its end finds its results
    /// there.
    pub async fn left(&self, run: &str) {
        let left = async {
            while self.inner.driven.contains_key(run) {
                tokio::time::sleep(Duration::from_millis(LEFT_POLL_MS)).await;
            }
        };
        tokio::time::timeout(Duration::from_millis(LEFT_MAX_MS), left).await.ok();
    }

    /// How many runs are in hand.
    pub fn active(&self) -> usize {
        self.inner.driven.len()
    }

    /// Waits until every driver has left its run, to be taken up again after the restart.
    pub async fn stopped(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        // Nobody drives them here any more: the next server need not wait until the leases end.
        if let Err(error) = self.inner.db.renew_leases(&self.inner.owner, 0).await {
            tracing::warn!(%error, "leases cannot be given back");
        }
    }
}

/// What a run is planned from, and its plan.
struct Planned {
    canvas: Canvas,
    graph: Graph,
    plan: Plan,
}

/// A run that this server has in hand, or is about to. However that ends, others can take it up after it.
struct InHand {
    inner: Arc<Inner>,
    run: String,
}

impl InHand {
    fn take(inner: &Arc<Inner>, run: &str, mailbox: &Arc<Mailbox>) -> Self {
        inner.driven.insert(run.to_owned(), Arc::clone(mailbox));
        Self { inner: Arc::clone(inner), run: run.to_owned() }
    }

    /// Somebody else has it in hand from here on.
    fn passed_on(mut self) {
        self.run.clear();
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.inner.driven.remove(&self.run);
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
