//! Video Generator: makes a short video from words, pictures and sound.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `video_generator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::VideoGenerator,
    id: "video_generator",
    title: "Video Generator",
    description: "Makes a short video from words, pictures and sound.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: true },
        PortSpec { name: "start_frame", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: false },
        PortSpec { name: "end_frame", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: false },
        PortSpec { name: "references", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: true },
        PortSpec { name: "audio", ty: PortType::Fixed(DataType::Audio), need: Need::Optional, many: false },
    ],
    outputs: &[
        OutputSpec { name: "video", ty: PortType::Fixed(DataType::Video) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Describe the scene…",
    has_negative: true,
    has_items: false,
    counted: true,
    makes: Makes::Lasting,
};
