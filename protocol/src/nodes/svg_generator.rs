//! SVG Generator: draws vector graphics from words.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `svg_generator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::SvgGenerator,
    id: "svg_generator",
    title: "SVG Generator",
    description: "Draws vector graphics from words.",
    family: Family::Generate,
    inputs: &[
        PortSpec { name: "prompt", ty: PortType::Fixed(DataType::Text), need: Need::OrOwnText, many: true },
        PortSpec { name: "references", ty: PortType::Fixed(DataType::Image), need: Need::Optional, many: true },
    ],
    outputs: &[
        OutputSpec { name: "svg", ty: PortType::Fixed(DataType::Svg) },
    ],
    own_text: Some("prompt"),
    source: false,
    has_text: true,
    text_hint: "Describe the drawing…",
    has_negative: false,
    has_items: false,
    counted: true,
    makes: Makes::File,
};
