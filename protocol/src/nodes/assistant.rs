//! Assistant: writes and refines prompts, describes pictures and videos, suggests directions.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `assistant` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Assistant,
    id: "assistant",
    title: "Assistant",
    description: "Writes and refines prompts, describes pictures and videos, suggests directions.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: true },
        PortSpec { name: "images", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: true },
        PortSpec { name: "videos", ty: PortType::Fixed(DataType::Video), need: Need::Optional, many: true },
    ],
    outputs: &[
        OutputSpec { name: "text", ty: PortType::Fixed(DataType::Text) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Ask for something…",
    has_negative: false,
    has_items: false,
    counted: true,
    makes: Makes::Unknown,
};
