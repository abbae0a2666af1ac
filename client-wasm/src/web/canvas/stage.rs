//! The canvas itself: cards and wires in view.

pub mod edges;
pub mod lod_painter;
pub mod minimap;
pub mod viewport;
