//! Lip Sync: moves the mouth in a video or a picture to a voice.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `lip_sync` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::LipSync,
    id: "lip_sync",
    title: "Lip Sync",
    description: "Moves the mouth in a video or a picture to a voice.",
    family: Family::Transform,
    inputs: &[
        PortSpec { name: "video", ty: PortType::Fixed(DataType::Video), need: Need::OneOf, many: false },
        PortSpec { name: "image", ty: PortType::Fixed(DataType::Image), need: Need::OneOf, many: false },
        PortSpec { name: "audio", ty: PortType::Fixed(DataType::Audio), need: Need::Required, many: false },
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
    makes: Makes::AsLongAsInputs,
};
