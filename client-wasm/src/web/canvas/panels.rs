//! The panels beside the canvas.

pub mod arrivals;
pub mod compare;
pub mod controls;
pub mod history;
pub mod inspector;
pub mod library;
pub mod tracks;
