//! Image Generator: makes pictures from words, reference pictures, or both.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `image_generator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::ImageGenerator,
    id: "image_generator",
    title: "Image Generator",
    description: "Makes pictures from words, reference pictures, or both.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: true },
        PortSpec { name: "references", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: true },
    ],
    outputs: &[
        OutputSpec { name: "image", ty: PortType::Fixed(DataType::Image) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Describe the picture…",
    has_negative: true,
    has_items: false,
    counted: true,
    makes: Makes::File,
};
