//! The canvas in the browser.

pub mod core;
