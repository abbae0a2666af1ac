//! The graph as everybody reads it: materialized from a document, total on any document (R-GRAPH-12).

mod connect;
mod flow;
mod materialize;
#[cfg(test)]
mod tests;

pub use connect::{Drag, Fit, fitting_input, fitting_output};
pub(crate) use flow::History;
pub use flow::{FlowItem, flow, newest_generation, replaced, shown_generation};
pub use materialize::{Graph, GraphEdge, camera_angles};
