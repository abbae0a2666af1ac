//! The end of a unit.

use gesso_protocol::schema::{Failure, NodeState};

/// The end of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With results.
    Completed {
        /// Number of results.
        made: u32,
    },
    /// It failed.
    Failed(Failure),
    /// It never started, because something it depends on gave nothing.
    Blocked(Failure),
    /// Somebody stopped it, or rejected what it depends on.
    Cancelled,
    /// A candidate that was not accepted, or left out for this reason; no part of the result.
    Dropped(Option<Failure>),
}

impl End {
    /// The state it is recorded as. A dropped candidate is idle without an error.
    pub fn state(&self) -> NodeState {
        match self {
            Self::Completed { .. } => NodeState::Completed,
            Self::Failed(_) => NodeState::Failed,
            Self::Blocked(_) | Self::Dropped(_) => NodeState::Idle,
            Self::Cancelled => NodeState::Cancelled,
        }
    }

    /// Why it gave nothing.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Blocked(failure) => Some(failure),
            Self::Completed { .. } | Self::Cancelled | Self::Dropped(_) => None,
        }
    }
}
