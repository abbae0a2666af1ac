//! Camera Angles: shows one picture from other camera positions.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};
use crate::values::DataType;

/// Specification of `camera_angles` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::CameraAngles,
    id: "camera_angles",
    title: "Camera Angles",
    description: "Shows one picture from other camera positions.",
    family: Family::Transform,
    inputs: &[
        PortSpec { name: "image", ty: PortType::Fixed(DataType::Image), need: Need::Required, many: false },
    ],
    outputs: &[
        OutputSpec { name: "image", ty: PortType::Fixed(DataType::Image) },
        OutputSpec { name: "start_frame", ty: PortType::Fixed(DataType::Image) },
        OutputSpec { name: "end_frame", ty: PortType::Fixed(DataType::Image) },
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
