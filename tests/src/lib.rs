//! The harness: a real server on a port of its own, a provider that does what the prompt says, and a client.

mod fake;
mod server;

pub use fake::Fake;
pub use server::{Database, TestServer, databases};
