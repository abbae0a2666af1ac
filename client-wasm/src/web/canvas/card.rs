//! A node on the canvas.

pub mod angles;
pub mod batch_badge;
pub mod candidates;
pub mod chips;
pub mod footer;
pub mod list;
pub mod media;
pub mod pairing;
pub mod ports;
pub mod requirements;
pub mod rich;
pub mod status;
pub mod text;
pub mod view;
