//! The maintenance of runs: positions in the queue are told, leases renewed, runs of servers that are gone taken up.

use std::time::Duration;

use super::runs::Runs;
use crate::clock::now_ms;
use crate::db::DbError;

/// Interval at which positions in the queue are told, in ms.
const QUEUE_TOLD_MS: u64 = 200;
/// Interval at which runs are looked for that nobody drives, in ms.
const SWEEP_MS: u64 = 5_000;

impl Runs {
    /// Tells positions in the queue, renews leases, takes up runs of servers that are gone.
    pub(super) async fn maintain(self) {
        let mut told = tokio::time::interval(Duration::from_millis(QUEUE_TOLD_MS));
        let mut lease = tokio::time::interval(Duration::from_millis(
            (self.inner.services.limits.lease_ms as u64 / 3).max(1),
        ));
        let mut sweep = tokio::time::interval(Duration::from_millis(SWEEP_MS));
        for timer in [&mut told, &mut lease, &mut sweep] {
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                _ = told.tick() => self.inner.services.scheduler.tell(),
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
                () = self.inner.services.shutdown.cancelled() => return,
            }
        }
    }

    async fn keep_leases(&self) -> Result<(), DbError> {
        let now = now_ms();
        self.inner.services.db.renew_leases(&self.inner.owner, self.lease_until(now)).await?;
        for run in self.inner.services.db.expired_runs(now).await? {
            self.take_up(run).await?;
        }
        Ok(())
    }
}
