//! The import graph of a crate's files: an edge from every file to the files that define what it names.
//!
//! Names are followed through re-exports to the file that defines them. A re-export is an edge of its own: a file that
//! hands on what another defines depends on it. Tests (`#[cfg(test)]`) are left out: they know everybody.

mod circles;
mod krate;
mod paths;

pub use circles::circles;
pub use krate::{Crate, ReadError};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// For each file, relative to the folder of the crate's root, the files it imports from.
pub type Graph = BTreeMap<PathBuf, BTreeSet<PathBuf>>;
