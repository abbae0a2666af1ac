//! The harness: a real server on a port of its own, a remote service that does what the prompt says, and a client.

mod conformance;
mod drop;
mod fake;
mod server;

pub use conformance::{Sample, conforms};
pub use drop::dropped_after;
pub use fake::{CATALOG, Purchase, World};
pub use server::{Database, Remains, TestServer, databases};

/// A client of HTTP where no server is started in this process, which sets TLS up.
pub fn http() -> reqwest::Client {
    gesso_server::outgoing::install_tls();
    reqwest::Client::new()
}
