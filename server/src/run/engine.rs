//! The next effects of a run, as a pure function of its plan and of what became of its units so far.

mod core;
mod end;
mod tally;

pub use core::{Core, Effect, Recorded};
pub use end::End;
