//! The domain of Gesso: the shared document, the node kinds, the model catalogue, the graph, plans, prices,
//! fingerprints and the wire. It compiles to native and to wasm32, so that the browser refuses, previews and
//! quotes exactly what the server refuses, runs and charges.
//!
//! There is no clock, no randomness, no input or output here: times (`now_ms`) and ids are arguments. Nothing
//! in here fails on what users or foreign clients put into a document; problems are values.
#![warn(missing_docs)]

pub mod api;
pub mod catalog;
pub mod doc;
pub mod edit;
pub mod fold;
pub mod graph;
pub mod ids;
pub mod invocation;
pub mod lineage;
pub mod names;
pub mod nodes;
pub mod order;
pub mod plan;
pub mod pricing;
pub mod problem;
pub mod schema;
mod steps;
pub mod template;
pub mod values;
pub mod wire;

#[cfg(test)]
mod fixture;
