//! The harness: a real server on a port of its own, a remote service that does what the prompt says, and a client.

mod conformance;
mod drop;
mod fake;
mod server;

pub use conformance::{Sample, conforms};
pub use drop::dropped_after;
pub use fake::{CATALOG, Purchase, World};
pub use server::{Database, Remains, TestServer, databases};
