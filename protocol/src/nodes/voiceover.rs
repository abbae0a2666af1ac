//! Voiceover: speaks a script.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `voiceover` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Voiceover,
    id: "voiceover",
    title: "Voiceover",
    description: "Speaks a script.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "text", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: false },
    ],
    outputs: &[
        OutputSpec { name: "audio", ty: PortType::Fixed(DataType::Audio) },
    ],
    own_text: Some("text"),
    source: false,
    has_text: true,
    text_hint: "What should be said?",
    has_negative: false,
    has_items: false,
    counted: true,
    makes: Makes::Spoken,
};
