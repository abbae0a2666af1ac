//! Files on their way to and from the server.

pub mod download;
pub mod progress;
pub mod queue;
pub mod upload;
