//! List: holds several texts or files; everything after it runs once for each of them.

use super::{Family, Makes, NodeKind, NodeSpec, OutputSpec, PortType};

/// Specification of `list` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::List,
    id: "list",
    title: "List",
    description: "Holds several texts or files; everything after it runs once for each of them.",
    family: Family::Bring,
    inputs: &[],
    outputs: &[
        OutputSpec { name: "items", ty: PortType::OfItems },
    ],
    own_text: None,
    source: true,
    has_text: false,
    text_hint: "",
    has_negative: false,
    has_items: true,
    counted: false,
    makes: Makes::Unknown,
};
