//! Runs that nobody drives: whatever left them behind, they are found while the server works, and taken up or ended with
//! nothing held.

use gesso_protocol::ids::CanvasId;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, NodeState, RunStatus};

use super::driver::Opened;
use super::runs::Runs;
use crate::clock::now_ms;
use crate::db::DbError;
use crate::db::runs::{
    Changes, InvocationRow, RecordError, RunRow, StatusChange, StepChange, StepRow, UnitChange,
};
use crate::room::RoomError;

/// Number of times a run is taken up whose driver falls.
const FALLS_MAX: u32 = 3;

impl Runs {
    /// Takes up every run that a stopped server left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recover(&self) -> Result<usize, DbError> {
        self.inner.services.db.forget_late(now_ms()).await?;
        self.inner.services.db.purge_deleted(None).await?;
        let unfinished = self.inner.services.db.unfinished_runs().await?;
        let count = unfinished.len();
        for run in unfinished {
            self.take_up(run).await?;
        }
        Ok(count)
    }

    /// Takes up a run where its records stand, unless another server has it in hand.
    pub(super) async fn take_up(&self, run: RunRow) -> Result<(), DbError> {
        let _one_by_one = self.inner.taking_up.lock().await;
        if self.inner.driven.contains_key(&run.id) {
            return Ok(());
        }
        let now = now_ms();
        let (owner, until) = (self.inner.owner.as_str(), self.lease_until(now));
        let taken = self
            .inner
            .services
            .db
            .take_run(&run.id, owner, until, now, self.inner.is_alone())
            .await?;
        let Some(fence) = taken else { return Ok(()) };
        let id = run.id.clone();
        // What is recorded may have changed between the list and the lease.
        let Some(run) = self.inner.services.db.run(&id).await? else { return Ok(()) };
        let cancelled = run.cancel_requested != 0;
        let error = match self.inner.rooms.open(&run.canvas).await {
            Ok(room) => match Opened::read(&self.inner.services, run.clone(), room, fence).await {
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
        tracing::error!(error, run = id.as_str(), "a run cannot be taken up");
        // Whoever stops it need not wait until its canvas can be opened.
        if cancelled { self.end_taken(run, fence, None).await } else { Ok(()) }
    }

    /// Looks for runs that are recorded as under way and that nobody drives, and takes them up. Removes what deleted
    /// canvases left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep(&self) -> Result<(), DbError> {
        if self.inner.services.failpoints.is_dead() {
            return Ok(());
        }
        for run in self.inner.services.db.open_runs().await? {
            let is_mine = self.inner.is_alone() || run.owner == self.inner.owner;
            if !is_mine || self.inner.driven.contains_key(&run.id) {
                continue;
            }
            let falls = self.inner.falls.get(&run.id).map_or(0, |falls| *falls);
            let Some(run) = self.inner.services.db.run(&run.id).await? else { continue };
            if falls >= FALLS_MAX {
                self.end_left(run, Some(fallen())).await?;
            } else {
                self.take_up(run).await?;
            }
        }
        self.inner.services.db.purge_deleted(Some(now_ms())).await?;
        Ok(())
    }

    /// Ends a run in its records, whoever has it in hand: stopped, or failed where something is wrong with it.
    pub(super) async fn end_left(
        &self,
        run: RunRow,
        failure: Option<Failure>,
    ) -> Result<(), DbError> {
        let _one_by_one = self.inner.taking_up.lock().await;
        let now = now_ms();
        let taken = self
            .inner
            .services
            .db
            .take_run(&run.id, &self.inner.owner, self.lease_until(now), now, true)
            .await?;
        match taken {
            Some(fence) => self.end_taken(run, fence, failure).await,
            None => Ok(()),
        }
    }

    /// The same for one that is taken under this fence.
    async fn end_taken(
        &self,
        run: RunRow,
        fence: i64,
        failure: Option<Failure>,
    ) -> Result<(), DbError> {
        let steps = self.inner.services.db.steps(&run.id).await?;
        let units = self.inner.services.db.invocations(&run.id).await?;
        let changes = ended(&run, fence, &steps, &units, failure);
        match self.inner.services.db.record(&[changes], now_ms()).await {
            Ok(()) => {}
            // Somebody else took it meanwhile.
            Err(RecordError::Fenced(_)) => return Ok(()),
            Err(RecordError::Db(error)) => return Err(error),
        }
        self.inner.falls.remove(&run.id);
        tracing::warn!(
            run = run.id.as_str(),
            canvas = run.canvas.as_str(),
            "a run that nobody drove was ended"
        );
        self.show_outcome(&run.canvas).await;
        self.inner.services.events.changed(&run.canvas);
        Ok(())
    }

    /// Brings a document in line with the records, where it can be opened.
    async fn show_outcome(&self, canvas: &CanvasId) {
        let shown = async {
            let room = self.inner.rooms.open(canvas).await?;
            room.check_outcome().await
        };
        if let Err(error) = shown.await {
            // The document is brought in line when its room loads.
            tracing::debug!(%error, canvas = canvas.as_str(), "an ended run cannot be shown");
        }
    }
}

/// Everything that has not ended ends, and what was held is released.
fn ended(
    run: &RunRow,
    fence: i64,
    steps: &[StepRow],
    units: &[InvocationRow],
    failure: Option<Failure>,
) -> Changes {
    let now = now_ms();
    let state = if failure.is_some() { NodeState::Failed } else { NodeState::Cancelled };
    let unit = |row: &InvocationRow| UnitChange {
        node: row.node.clone(),
        item: row.item.clone(),
        n: u32::try_from(row.n).unwrap_or_default(),
        state,
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        provider: row.provider.clone(),
        job: row.job.clone(),
        seed: row.seed,
        hold: Money(row.hold),
        cost: Money::ZERO,
        error: failure.clone(),
        generations: row.generation_ids(),
        reused: row.reused != 0,
        fingerprint: row.fingerprint.clone(),
        started_at: row.started_at,
        finished_at: Some(now),
    };
    let step = |row: &StepRow| StepChange {
        node: row.node.clone(),
        state,
        started_at: row.started_at,
        finished_at: Some(now),
        cost: Money(row.cost),
        error: failure.clone(),
        fingerprint: row.fingerprint.clone(),
    };
    let status = if failure.is_some() { RunStatus::Failed } else { RunStatus::Cancelled };
    Changes {
        status: Some(StatusChange {
            status,
            started_at: run.started_at,
            finished_at: Some(now),
            error: failure.clone(),
        }),
        steps: steps.iter().filter(|row| row.state().is_active()).map(step).collect(),
        units: units.iter().filter(|row| row.state().is_active()).map(unit).collect(),
        ..Changes::of(run, fence)
    }
}

/// Why a run is ended whose records cannot be read.
fn unreadable(why: &str) -> Failure {
    Failure {
        node: None,
        code: "internal".to_owned(),
        detail: format!("What was recorded of it cannot be read: {why}."),
        hint: "Run it again. What had not ended was not charged.".to_owned(),
    }
}

fn fallen() -> Failure {
    Failure {
        node: None,
        code: "internal".to_owned(),
        detail: "The server failed at it several times.".to_owned(),
        hint: "Run it again; if it stays so, ask whoever runs the server to look at its log."
            .to_owned(),
    }
}
