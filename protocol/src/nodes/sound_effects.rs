//! Sound Effects: makes foley and ambience from words.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `sound_effects` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::SoundEffects,
    id: "sound_effects",
    title: "Sound Effects",
    description: "Makes foley and ambience from words.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: false },
    ],
    outputs: &[
        OutputSpec { name: "audio", ty: PortType::Fixed(DataType::Audio) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Describe the sound…",
    has_negative: false,
    has_items: false,
    counted: true,
    makes: Makes::Lasting,
};
