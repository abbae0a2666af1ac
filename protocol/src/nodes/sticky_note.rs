//! Sticky Note: a note for people; never runs.

use super::{Family, Makes, NodeKind, NodeSpec};

/// Specification of `sticky_note` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::StickyNote,
    id: "sticky_note",
    title: "Sticky Note",
    description: "A note for people; never runs.",
    family: Family::Organise,
    inputs: &[],
    outputs: &[],
    own_text: None,
    source: false,
    has_text: true,
    text_hint: "Write a note…",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::Unknown,
};
