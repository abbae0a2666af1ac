//! Everything that the driver of a run and its calls work with.

use std::sync::Arc;
use std::time::Duration;

use gesso_protocol::plan::{Plan, StepIndex, Units};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::commit::GroupCommit;
use super::event::Mailbox;
use super::limits::RunLimits;
use super::progress::Progress;
use super::scheduler::{Scheduler, Slot};
use crate::assets::Blobs;
use crate::db::Db;
use crate::db::runs::{Changes, RecordError, RunRow};
use crate::events::Events;
use crate::failpoint::Failpoints;
use crate::providers::Providers;
use crate::room::RoomHandle;

/// Wait before a failed write to the database is tried again, in ms.
const DB_RETRY_MS: u64 = 1_000;

/// The services that all runs of this server work with.
#[derive(Clone)]
pub(super) struct Services {
    pub(super) db: Db,
    pub(super) blobs: Blobs,
    pub(super) providers: Providers,
    pub(super) events: Events,
    pub(super) failpoints: Failpoints,
    pub(super) scheduler: Scheduler,
    pub(super) commit: GroupCommit,
    pub(super) limits: RunLimits,
    /// Where calls run, so that the server can wait for them.
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

/// A run in hand, as its calls see it.
pub(super) struct RunContext {
    pub(super) services: Services,
    pub(super) row: RunRow,
    pub(super) room: RoomHandle,
    pub(super) plan: Arc<Plan>,
    pub(super) units: Arc<Units>,
    pub(super) fence: i64,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) progress: Progress,
}

impl RunContext {
    /// The lane in which calls of a step wait for a slot.
    pub(super) fn lane(&self, step: StepIndex) -> String {
        let planned = &self.plan.steps[step.at()];
        match self.services.providers.get(&planned.provider) {
            Some(provider) => provider.lane(&planned.model).to_owned(),
            None => planned.provider.clone(),
        }
    }

    /// The slot that the grant of a call of this step has taken.
    pub(super) fn slot(&self, step: StepIndex) -> Slot {
        self.services.scheduler.slot(&self.lane(step), &self.row.person)
    }

    /// No changes yet, of this run as it is in hand here.
    pub(super) fn no_changes(&self) -> Changes {
        Changes::of(&self.row, self.fence)
    }

    /// Passes a failpoint; `false` when this server is dead from here on.
    pub(super) fn pass(&self, name: &'static str) -> bool {
        self.services.failpoints.pass(name);
        !self.services.failpoints.is_dead()
    }

    /// Repeats a write until the database takes it: a full disk or a lost connection must not decide how a
    /// paid run ends. `false` when the server stops meanwhile or another one has taken the run over.
    pub(super) async fn persist(&self, changes: Changes) -> bool {
        loop {
            if self.services.failpoints.is_dead() {
                return false;
            }
            match self.services.commit.record(changes.clone()).await {
                Ok(()) => return true,
                Err(RecordError::Fenced(run)) => {
                    tracing::warn!(run = run.as_str(), "another server has taken the run over");
                    return false;
                }
                Err(RecordError::Db(error)) => {
                    tracing::error!(%error, run = self.row.id.as_str(), "a run cannot be recorded, trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(DB_RETRY_MS)) => {}
                () = self.services.shutdown.cancelled() => return false,
            }
        }
    }
}
