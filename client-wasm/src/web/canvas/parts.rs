//! Parts that several views share.

pub mod face;
pub mod price;
pub mod status_mark;
