//! The clock and the source of ids: the two things that `gesso_protocol` takes as arguments.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A fresh lower-case ULID.
pub fn fresh_id() -> String {
    gesso_protocol::ids::ulid(now_ms().unsigned_abs(), rand::random())
}
