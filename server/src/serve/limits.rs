//! The limits of connections.

use crate::defaults;
use std::time::Duration;

/// Limits of connections, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// The most connections at once, sockets included.
    pub connections_max: usize,
    /// Most time the head of a request may take, and a connection may wait for its next request.
    pub head: Duration,
    /// Most time the other side may take nothing of an answer.
    pub write_stall: Duration,
    /// Most time that requests under way are waited for when the server stops.
    pub drain: Duration,
    /// Most time rooms may then take to be flushed.
    pub flush: Duration,
    /// Most time that what is still open may take to end after that.
    pub farewell: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: defaults::connections::CONNECTIONS_MAX,
            head: defaults::connections::HEAD,
            write_stall: defaults::connections::WRITE_STALL,
            drain: defaults::connections::DRAIN,
            flush: defaults::connections::FLUSH,
            farewell: defaults::connections::FAREWELL,
        }
    }
}
