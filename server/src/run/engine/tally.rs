//! The ends of the units of one step, and the state of the step that follows from them.

use gesso_protocol::problem::quoted;
use gesso_protocol::schema::{Failure, NodeState};

use super::end::End;

#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) total: u32,
    /// Units that have not ended.
    pub(super) left: u32,
    /// Candidates that are there and have not ended.
    pub(super) arrived: u32,
    /// True if a person was asked.
    pub(super) asked: bool,
    pub(super) completed: u32,
    pub(super) failed: u32,
    pub(super) cancelled: u32,
    pub(super) blocked: u32,
    /// The first failure of a call.
    failure: Option<Failure>,
    /// Why something of it was left out or never started.
    pub(super) lost: Option<Failure>,
}

impl Tally {
    pub(super) fn of(total: u32) -> Self {
        Self { total, left: total, ..Self::default() }
    }

    pub(super) fn count(&mut self, end: &End) {
        self.left -= 1;
        match end {
            End::Completed { .. } => self.completed += 1,
            End::Failed(failure) => {
                self.failed += 1;
                self.failure.get_or_insert_with(|| failure.clone());
            }
            End::Blocked(failure) => {
                self.blocked += 1;
                self.lost.get_or_insert_with(|| failure.clone());
            }
            End::Cancelled => self.cancelled += 1,
            End::Dropped(_) => {}
        }
    }

    /// The state of the step once all its units have ended, with what went wrong.
    pub(super) fn outcome(&self, title: &str, is_review: bool) -> (NodeState, Option<Failure>) {
        let none_asked = is_review && !self.asked && self.total > 0 && self.completed == 0;
        if self.cancelled > 0 && (is_review || self.completed + self.failed == 0) {
            return (NodeState::Cancelled, None);
        }
        if none_asked {
            return (NodeState::Idle, self.lost.clone());
        }
        if is_review || self.completed == self.total {
            return (NodeState::Completed, None);
        }
        if self.completed > 0 {
            return (NodeState::Completed, self.partial(title));
        }
        if self.failed > 0 {
            return (NodeState::Failed, self.all_failed());
        }
        (NodeState::Idle, self.lost.clone())
    }

    /// Returns the failure that says which items are missing of a step that has some results.
    fn partial(&self, title: &str) -> Option<Failure> {
        let cause = self.failure.as_ref().or(self.lost.as_ref());
        let parts =
            [(self.failed, "failed"), (self.blocked, "did not start"), (self.cancelled, "stopped")];
        let told: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, how)| format!("{count} of {} items {how}", self.total))
            .collect();
        if self.failed + self.blocked == 0 {
            return None;
        }
        let why = cause.map(|cause| format!(": {}", cause.detail)).unwrap_or_default();
        Some(Failure {
            node: cause.and_then(|cause| cause.node.clone()),
            code: "partial".to_owned(),
            detail: format!("{}{why}", told.join(", ")),
            hint: format!(
                "Retry the failed items of {}; the others stay as they are.",
                quoted(title)
            ),
        })
    }

    fn all_failed(&self) -> Option<Failure> {
        let first = self.failure.clone()?;
        if self.total == 1 {
            return Some(first);
        }
        let detail = format!("All {} items failed: {}", self.total, first.detail);
        Some(Failure { detail, ..first })
    }
}
