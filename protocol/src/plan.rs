//! The plan of a run: its steps, in which order, with what, at which price; or why there is none (R-RUN-1 to
//! R-RUN-8). The browser's preview and the server's execution are the same plan.

mod build;
mod check;
mod cost;
mod facts;
mod index;
mod known;
mod model;
mod outdated;
mod retry;
#[cfg(test)]
mod tests;
mod units;

pub use build::{active_nodes, model_of, plan};
pub use cost::{Made, charge};
pub use index::{StepIndex, UnitIndex};
pub use model::{
    ExistingOutput, InputBinding, InputSource, LINKS_MAX, Mode, Plan, PlannedInput, ReadyItem,
    ReusedItem, Source, Step, TEXT_BYTES_MAX, Target, UNITS_MAX, Unit,
};
pub use outdated::outdated;
pub use retry::{Past, PastItem, Retry};
pub use units::Units;
