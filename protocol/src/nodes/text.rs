//! Text: writes prompts, scripts and notes; what it holds flows to any number of nodes.

use super::{Family, Makes, NodeKind, NodeSpec, OutputSpec, PortType};
use crate::values::DataType;

/// Specification of `text` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Text,
    id: "text",
    title: "Text",
    description: "Writes prompts, scripts and notes; what it holds flows to any number of nodes.",
    family: Family::Bring,
    inputs: &[],
    outputs: &[
        OutputSpec { name: "text", ty: PortType::Fixed(DataType::Text) },
    ],
    own_text: None,
    source: true,
    has_text: true,
    text_hint: "Write something…",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::Unknown,
};
