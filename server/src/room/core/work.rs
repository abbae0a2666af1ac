//! CPU time that a writer's updates may take. The cost of an update cannot be told from its bytes alone (a struct may
//! split a long one, or walk over many concurrent ones), so it is measured while it is applied, piece by piece.

use super::super::limits::RoomLimits;
use bytes::Bytes;

/// CPU time of this thread, in us; only differences count.
pub(crate) fn thread_cpu_us() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    (time.tv_sec as u64) * 1_000_000 + (time.tv_nsec as u64) / 1_000
}

/// The part of a CPU time that is beyond the ordinary for these updates, in us.
pub(crate) fn excess_us(cpu_us: u64, updates: &[Bytes], limits: &RoomLimits) -> u64 {
    let mut spending = Work::default().begin(0, 0, limits);
    updates.iter().for_each(|update| spending.allow(update.len()));
    spending.excess_us(cpu_us)
}

/// CPU time that one writer has spent, in a token bucket: it earns with time and with what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Work {
    spent_us: u64,
    at_ms: u64,
    /// CPU time that updates which are not finished may still take, in us.
    credit_us: u64,
}

impl Work {
    /// Begins to count, at a time and at a reading of the CPU clock.
    pub(super) fn begin(self, now_ms: u64, cpu_us: u64, limits: &RoomLimits) -> Spending {
        let spending = self.spending(now_ms, cpu_us, limits.work_us_per_second);
        Spending {
            burst_us: limits.work_burst_us,
            us_per_kilobyte: limits.work_us_per_kilobyte,
            us_per_update: limits.work_us_per_update,
            ..spending
        }
    }

    /// The same for reading awareness, of which nothing is free.
    pub(super) fn hear(self, now_ms: u64, cpu_us: u64, limits: &RoomLimits) -> Spending {
        let spending = self.spending(now_ms, cpu_us, limits.awareness_us_per_second);
        Spending { burst_us: limits.awareness_burst_us, ..spending }
    }

    fn spending(self, now_ms: u64, cpu_us: u64, us_per_second: u64) -> Spending {
        let earned = now_ms.saturating_sub(self.at_ms) * us_per_second / 1_000;
        Spending {
            before_us: self.spent_us.saturating_sub(earned),
            at_ms: now_ms,
            began_us: cpu_us,
            allowed_us: self.credit_us,
            burst_us: 0,
            us_per_kilobyte: 0,
            us_per_update: 0,
        }
    }
}

/// A writer's work while it is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spending {
    before_us: u64,
    at_ms: u64,
    began_us: u64,
    allowed_us: u64,
    burst_us: u64,
    us_per_kilobyte: u64,
    us_per_update: u64,
}

impl Spending {
    /// An update of so many bytes was sent: what it takes in the ordinary does not count.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowed_us +=
            self.us_per_update + (bytes as u64 * self.us_per_kilobyte).div_ceil(1_000);
    }

    /// The CPU time it took beyond what is allowed, in us.
    pub(super) fn excess_us(&self, cpu_us: u64) -> u64 {
        cpu_us.saturating_sub(self.began_us).saturating_sub(self.allowed_us)
    }

    fn spent_us(&self, cpu_us: u64) -> u64 {
        self.before_us + self.excess_us(cpu_us)
    }

    /// True if it was too much.
    pub(super) fn is_over(&self, cpu_us: u64) -> bool {
        self.spent_us(cpu_us) > self.burst_us
    }

    /// Returns the account to remember; of the credit of updates only where one of them is not finished.
    pub(super) fn end(&self, cpu_us: u64, is_unfinished: bool) -> Work {
        let taken = cpu_us.saturating_sub(self.began_us);
        let credit_us = if is_unfinished { self.allowed_us.saturating_sub(taken) } else { 0 };
        Work { spent_us: self.spent_us(cpu_us), at_ms: self.at_ms, credit_us }
    }
}
