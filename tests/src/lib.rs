//! The harness: a real server on a port of its own, a remote service that does what the prompt says, and a client.

mod drop;
mod fake;
mod server;

pub use drop::dropped_after;
pub use fake::{Purchase, World};
pub use server::{Database, Remains, TestServer, databases};
