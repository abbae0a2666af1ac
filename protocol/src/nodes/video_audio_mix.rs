//! Video Audio Mix: lays one or more tracks under a video.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `video_audio_mix` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::VideoAudioMix,
    id: "video_audio_mix",
    title: "Video Audio Mix",
    description: "Lays one or more tracks under a video.",
    family: Family::Transform,
    inputs: &[
        PortSpec { name: "video", ty: PortType::Fixed(DataType::Video), need: Need::Required, many: false },
        PortSpec { name: "audio", ty: PortType::Fixed(DataType::Audio), need: Need::Required, many: true },
    ],
    outputs: &[
        OutputSpec { name: "video", ty: PortType::Fixed(DataType::Video) },
    ],
    own_text: None,
    source: false,
    has_text: false,
    text_hint: "",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::Unknown,
};
