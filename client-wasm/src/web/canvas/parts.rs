//! Parts that several views share.

pub mod face;
pub mod status_mark;
