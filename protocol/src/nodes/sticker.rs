//! Sticker: a visual marker; never runs.

use super::{Family, Makes, NodeKind, NodeSpec};

/// Specification of `sticker` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Sticker,
    id: "sticker",
    title: "Sticker",
    description: "A visual marker; never runs.",
    family: Family::Organise,
    inputs: &[],
    outputs: &[],
    own_text: None,
    source: false,
    has_text: false,
    text_hint: "",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::Unknown,
};
