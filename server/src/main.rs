//! The `gesso` command.
fn main() {}
