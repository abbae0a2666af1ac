//! Comments: pins on the canvas and the thread of one.

pub mod linked;
pub mod pins;
pub mod thread;
