//! The signals of one node, and what a card is drawn from.

use std::sync::Arc;

use gesso_protocol::schema::{Generation, Node, NodeResult, NodeState};
use leptos::prelude::*;

use crate::core::geometry::Point;

/// The node and its outcome, from which a card is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeView {
    /// The node.
    pub node: Node,
    /// Result.
    pub result: Option<NodeResult>,
    /// Generations it made, oldest first.
    pub generations: Vec<Generation>,
}

impl NodeView {
    /// The state people see, before locks and outdated results are looked at.
    pub fn state(&self) -> NodeState {
        self.result.as_ref().map_or(NodeState::Idle, |r| r.state)
    }
}

/// The signals of one node. Position and size have their own, so that moving a card draws nothing else.
#[derive(Clone)]
pub struct NodeSignals {
    /// Content.
    pub view: ArcRwSignal<Arc<NodeView>>,
    /// Top left corner, in canvas units.
    pub pos: ArcRwSignal<Point>,
    /// Width and height on the canvas, as measured.
    pub size: ArcRwSignal<(f64, f64)>,
}
