//! Comments: pins on the canvas and the thread of one.

pub mod linked;
pub mod naming;
pub mod pins;
pub mod thread;
