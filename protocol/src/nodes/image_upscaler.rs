//! Image Upscaler: makes a picture larger and sharper.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `image_upscaler` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::ImageUpscaler,
    id: "image_upscaler",
    title: "Image Upscaler",
    description: "Makes a picture larger and sharper.",
    family: Family::Transform,
    inputs: &[
        PortSpec { name: "image", ty: PortType::Fixed(DataType::Image), need: Need::Required, many: false },
    ],
    outputs: &[
        OutputSpec { name: "image", ty: PortType::Fixed(DataType::Image) },
    ],
    own_text: None,
    source: false,
    has_text: false,
    text_hint: "",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::File,
};
