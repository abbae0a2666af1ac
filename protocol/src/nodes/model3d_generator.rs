//! 3D Generator: makes a 3D model from pictures or words.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `model3d_generator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Model3dGenerator,
    id: "model3d_generator",
    title: "3D Generator",
    description: "Makes a 3D model from pictures or words.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "image", ty: PortType::Fixed(DataType::Image), need: Need::OneOf, many: true },
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OneOf, many: false },
    ],
    outputs: &[
        OutputSpec { name: "model3d", ty: PortType::Fixed(DataType::Model3d) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Describe the model…",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::File,
};
