//! The picture editor.

pub mod desk;
pub mod engine;
pub mod save;
pub mod stage;
pub mod tools;
pub mod view;
