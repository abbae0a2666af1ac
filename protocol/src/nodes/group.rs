//! Group: holds nodes together so that they move as one.

use super::{Family, Makes, NodeKind, NodeSpec};

/// Specification of `group` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Group,
    id: "group",
    title: "Group",
    description: "Holds nodes together so that they move as one.",
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
