//! Runs: started against the document as it is at that moment, driven to their end whatever happens to
//! browsers, taken up again after a restart.

mod attempt;
mod changes;
mod commit;
mod context;
mod driver;

pub mod engine;
mod error;
mod event;
mod late;
mod leases;
mod limits;
mod outcome;
mod progress;
mod recover;
mod results;
mod retry;
mod runs;
pub mod scheduler;
mod start;
mod state;

pub use error::RunError;
pub use event::Decision;
pub use limits::RunLimits;
pub use runs::{Runs, RunsSetup};
pub use start::StartRequest;
