//! Limits of the attempts and waits of runs.

use crate::defaults;

/// Limits of the attempts of calls, and durations of calls, leases and late results; all configurable.
#[derive(Clone, Copy, Debug)]
pub struct RunLimits {
    /// Number of times a call is tried in all.
    pub attempts_max: u32,
    /// Time before the second attempt, in ms; twice as long before each further one. Up to half of this value is added
    /// by chance.
    pub backoff_ms: u64,
    /// The longest that a provider can have a call wait, in ms.
    pub retry_after_max_ms: u64,
    /// Most time one attempt may take, in ms.
    pub call_max_ms: u64,
    /// Time a server has a run in hand without renewing its lease, in ms.
    pub lease_ms: i64,
    /// Time the result of a call that was stopped is kept aside, in ms.
    pub late_kept_ms: i64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            attempts_max: defaults::runs::ATTEMPTS_MAX,
            backoff_ms: defaults::runs::BACKOFF_MS,
            retry_after_max_ms: defaults::runs::RETRY_AFTER_MAX_MS,
            call_max_ms: defaults::runs::CALL_MAX_MS,
            lease_ms: defaults::runs::LEASE_MS,
            late_kept_ms: defaults::runs::LATE_KEPT_MS,
        }
    }
}
