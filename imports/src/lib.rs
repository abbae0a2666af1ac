//! The import graph of a crate's files: an edge from every file to the files that define what it names.
//!
//! Names are followed through re-exports to the file that defines them. A re-export is an edge of its own: a file that
//! hands on what another defines depends on it. Tests (`#[cfg(test)]`) are left out: they know everybody.

mod circles;
mod krate;
mod paths;

pub use circles::{Graph, circles};
pub use krate::{Crate, ReadError};
