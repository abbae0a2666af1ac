//! Comments: pins on the canvas and the thread of one.

pub mod pins;
pub mod thread;
