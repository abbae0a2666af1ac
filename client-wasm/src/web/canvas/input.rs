//! Pointer, keyboard and files dropped, turned into actions.

pub mod drag;
pub mod drop;
pub mod keyboard;
pub mod open_context;
pub mod pointer;
pub mod target;
