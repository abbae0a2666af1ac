//! Integration tests: the real server over real sockets, on every database there is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod archive;
mod assets;
mod batches;
mod comments;
mod contract;
mod damage;
mod http;
mod kills;
mod kinds;
mod leftovers;
mod limits;
mod names;
mod order;
mod problems;
mod providers;
mod proxy;
mod queue;
mod random;
mod restart;
mod rights;
mod runs;
mod service;
mod stalls;
mod tls;
mod workspaces;
