//! Status of a node, and of each of its items, as people see it: one word, one shape, one colour.

use gesso_protocol::nodes::{self, NodeSpec};
use gesso_protocol::schema::{ItemResult, Node, NodeResult, NodeState};

use super::words::ordinal;

/// The status of a node or an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeStatus {
    /// Not run.
    #[default]
    Idle,
    /// It waits.
    Pending,
    /// It is being made.
    Running,
    /// It failed for a moment and is tried again by itself.
    Retrying,
    /// It is there.
    Completed,
    /// It is there, taken over from an earlier run, free.
    Reused,
    /// It failed; of an item: a hole.
    Failed,
    /// Stopped.
    Cancelled,
    /// A person must decide.
    Paused,
    /// Something before it failed.
    Blocked,
    /// It is there, and something it was made from changed since.
    Outdated,
    /// It is there and is never run again.
    Locked,
}

impl NodeStatus {
    /// Of an item.
    pub fn of_item(item: &ItemResult) -> Self {
        let code = item.error.as_ref().map_or("", |e| e.code.as_str());
        let is_retried = item.state == NodeState::Running && code == "retrying";
        let is_blocked = item.state == NodeState::Idle && item.error.is_some();
        let is_reused = item.state == NodeState::Completed && item.reused;
        match (is_retried, is_blocked, is_reused) {
            (true, _, _) => Self::Retrying,
            (_, true, _) => Self::Blocked,
            (_, _, true) => Self::Reused,
            (false, false, false) => Self::from(item.state),
        }
    }

    /// Name in the page: `data-state` and `data-s`, which style sheets know.
    pub fn id(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Reused => "reused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Outdated => "outdated",
            Self::Locked => "locked",
        }
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "Not run",
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Retrying => "Trying again",
            Self::Completed => "Completed",
            Self::Reused => "Reused, free",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Paused => "Review needed",
            Self::Blocked => "Blocked",
            Self::Outdated => "Outdated",
            Self::Locked => "Locked",
        }
    }

    /// True if an item can be tried again by itself.
    pub fn can_retry(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled | Self::Blocked)
    }

    /// True if an item's result is there.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Reused)
    }
}

impl From<NodeState> for NodeStatus {
    fn from(state: NodeState) -> Self {
        match state {
            NodeState::Idle => Self::Idle,
            NodeState::Pending => Self::Pending,
            NodeState::Running => Self::Running,
            NodeState::Completed => Self::Completed,
            NodeState::Failed => Self::Failed,
            NodeState::Cancelled => Self::Cancelled,
            NodeState::Paused => Self::Paused,
        }
    }
}

/// The status that a card shows of its node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardStatus {
    /// The node's (`data-state`).
    pub status: NodeStatus,
    /// The shape and colour beside the word: where items differ, that of the one to look at.
    pub mark: NodeStatus,
    /// The word; empty where nothing is to be said.
    pub word: String,
    /// Changes since the result, where it is outdated.
    pub reasons: Vec<&'static str>,
    /// From 0 to 1 while it runs, where the server told.
    pub progress: Option<f64>,
}

impl CardStatus {
    /// A status with its own mark.
    pub fn new(status: NodeStatus, word: impl Into<String>) -> Self {
        Self { status, mark: status, word: word.into(), ..Self::default() }
    }

    /// Of a node. `queued`: the place of its run in the queue, from 1; `progress`: as the server tells it, from 0 to 1;
    /// `outdated`: what changed since its result, asked only of one that is complete.
    pub fn of(
        node: &Node,
        result: Option<&NodeResult>,
        queued: Option<u64>,
        progress: Option<f64>,
        outdated: impl FnOnce() -> Vec<&'static str>,
    ) -> Self {
        let state = result.map_or(NodeState::Idle, |result| result.state);
        let runs = nodes::spec(&node.kind).is_some_and(NodeSpec::runs);
        if node.locked && runs && !state.is_active() {
            return Self::new(NodeStatus::Locked, NodeStatus::Locked.word());
        }
        let status = NodeStatus::from(state);
        match (state, result) {
            (NodeState::Completed, Some(result)) => Self::completed(result, outdated()),
            (NodeState::Idle, result) => {
                let code = result.and_then(|r| r.error.as_ref()).map_or("", |e| e.code.as_str());
                if code == "blocked" {
                    let word = NodeStatus::Blocked.word().to_owned();
                    return Self { mark: NodeStatus::Blocked, word, ..Self::default() };
                }
                Self::default()
            }
            (NodeState::Pending, _) => {
                let word = queued.map(|place| format!("Queued, {}", ordinal(place)));
                Self::new(status, word.unwrap_or_else(|| status.word().to_owned()))
            }
            (NodeState::Running, result) => {
                let mark = match result.map(|result| &result.items) {
                    Some(items) if items.len() == 1 => {
                        items.values().map(NodeStatus::of_item).next().unwrap_or(status)
                    }
                    Some(_) | None => status,
                };
                let mark = if mark == NodeStatus::Retrying { mark } else { status };
                Self { mark, progress, ..Self::new(status, mark.word()) }
            }
            (
                NodeState::Completed | NodeState::Failed | NodeState::Cancelled | NodeState::Paused,
                _,
            ) => Self::new(status, status.word()),
        }
    }

    fn completed(result: &NodeResult, reasons: Vec<&'static str>) -> Self {
        if !reasons.is_empty() {
            return Self {
                reasons,
                ..Self::new(NodeStatus::Outdated, NodeStatus::Outdated.word())
            };
        }
        let items: Vec<NodeStatus> = result.items.values().map(NodeStatus::of_item).collect();
        let failed = items.iter().filter(|item| **item == NodeStatus::Failed).count();
        let (mark, word) = if failed > 0 {
            (NodeStatus::Failed, format!("{failed} failed"))
        } else if !items.is_empty() && items.iter().all(|item| *item == NodeStatus::Reused) {
            (NodeStatus::Reused, NodeStatus::Reused.word().to_owned())
        } else {
            (NodeStatus::Completed, NodeStatus::Completed.word().to_owned())
        };
        Self { mark, ..Self::new(NodeStatus::Completed, word) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::Failure;

    fn node(kind: &str) -> Node {
        Node { kind: kind.to_owned(), ..Node::default() }
    }

    fn item(state: NodeState, code: &str, reused: bool) -> ItemResult {
        let failure = || Failure { code: code.to_owned(), ..Failure::default() };
        ItemResult {
            state,
            reused,
            error: (!code.is_empty()).then(failure),
            ..ItemResult::default()
        }
    }

    fn result(state: NodeState, items: &[ItemResult]) -> NodeResult {
        let items = items.iter().enumerate().map(|(n, item)| (n.to_string(), item.clone()));
        NodeResult { state, items: items.collect(), ..NodeResult::default() }
    }

    /// Status, mark and word of an image node.
    fn told(result: &NodeResult) -> (&'static str, &'static str, String) {
        let card = CardStatus::of(&node("image_generator"), Some(result), None, None, Vec::new);
        (card.status.id(), card.mark.id(), card.word)
    }

    #[test]
    fn what_was_never_run_says_nothing_and_what_is_blocked_says_so() {
        assert_eq!(told(&result(NodeState::Idle, &[])), ("idle", "idle", String::new()));
        let error = Some(Failure { code: "blocked".to_owned(), ..Failure::default() });
        let blocked = NodeResult { error, ..NodeResult::default() };
        assert_eq!(told(&blocked), ("idle", "blocked", "Blocked".to_owned()));
    }

    #[test]
    fn a_queued_node_tells_its_place_and_a_running_one_its_progress() {
        let of = |state, queued, progress| {
            let result = result(state, &[]);
            CardStatus::of(&node("image_generator"), Some(&result), queued, progress, Vec::new)
        };
        assert_eq!(of(NodeState::Pending, Some(3), None).word, "Queued, 3rd");
        assert_eq!(of(NodeState::Pending, None, None).word, "Pending");
        assert_eq!(of(NodeState::Running, None, Some(0.4)).progress, Some(0.4));
        assert_eq!(of(NodeState::Completed, None, Some(0.4)).progress, None);
    }

    #[test]
    fn a_lone_item_that_is_tried_again_is_told_on_the_card() {
        let again = item(NodeState::Running, "retrying", false);
        let lone = result(NodeState::Running, std::slice::from_ref(&again));
        assert_eq!(told(&lone), ("running", "retrying", "Trying again".to_owned()));
        let two = result(NodeState::Running, &[again.clone(), again]);
        assert_eq!(told(&two), ("running", "running", "Running".to_owned()));
    }

    #[test]
    fn a_batch_with_holes_counts_them_and_one_taken_over_whole_is_free() {
        let done = item(NodeState::Completed, "", false);
        let hole = item(NodeState::Failed, "provider", false);
        let reused = item(NodeState::Completed, "", true);
        let of = |items: &[ItemResult]| told(&result(NodeState::Completed, items));
        assert_eq!(of(&[done.clone(), hole]), ("completed", "failed", "1 failed".to_owned()));
        assert_eq!(
            of(&[reused.clone(), reused.clone()]),
            ("completed", "reused", "Reused, free".to_owned())
        );
        assert_eq!(of(&[reused, done]), ("completed", "completed", "Completed".to_owned()));
    }

    #[test]
    fn an_outdated_result_says_what_changed_unless_it_is_locked_or_running() {
        let changed = || vec!["prompt"];
        let of = |locked, state| {
            let node = Node { locked, ..node("image_generator") };
            CardStatus::of(&node, Some(&result(state, &[])), None, None, changed)
        };
        let outdated = of(false, NodeState::Completed);
        assert_eq!((outdated.status, outdated.reasons), (NodeStatus::Outdated, vec!["prompt"]));
        assert_eq!(of(true, NodeState::Completed).status, NodeStatus::Locked);
        assert_eq!(of(true, NodeState::Running).status, NodeStatus::Running);
        // What does not run cannot be locked: a flag on it says nothing.
        let note = Node { locked: true, ..node("sticky_note") };
        assert_eq!(CardStatus::of(&note, None, None, None, changed).status, NodeStatus::Idle);
    }
}
