//! Runs as people see them: prices, steps, batches, decisions.

pub mod batch;
pub mod confirm;
pub mod list;
pub mod menu;
pub mod panel;
pub mod review;
pub mod step;
