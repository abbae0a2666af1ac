//! The limits of connections.

use crate::defaults;
use std::time::Duration;

/// How connections are held, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// The most connections at once, sockets included.
    pub connections_max: usize,
    /// How long the head of a request may take, and how long a connection may wait for its next one.
    pub head: Duration,
    /// How long the other side may take nothing of an answer.
    pub write_stall: Duration,
    /// How long requests that are under way are waited for when the server stops.
    pub drain: Duration,
    /// How long rooms may take to be flushed then.
    pub flush: Duration,
    /// How long what is still open may take to end after that.
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
