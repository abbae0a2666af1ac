//! The clock of rooms and sockets.

use std::time::Instant;

/// Milliseconds since the process began to count.
pub(crate) fn now_ms() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    // Never 0, so that a difference to "never" is never small.
    START.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}
