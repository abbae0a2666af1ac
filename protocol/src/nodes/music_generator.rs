//! Music Generator: composes a track from words.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `music_generator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::MusicGenerator,
    id: "music_generator",
    title: "Music Generator",
    description: "Composes a track from words.",
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
    text_hint: "Describe the music…",
    has_negative: false,
    has_items: false,
    counted: true,
    makes: Makes::Lasting,
};
