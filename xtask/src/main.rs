//! Build, run and test Gesso.
fn main() {}
