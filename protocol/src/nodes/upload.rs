//! Upload: holds a file from the computer: picture, video, sound, vector or 3D model.

use super::{Family, Makes, NodeKind, NodeSpec, OutputSpec, PortType};

/// Specification of `upload` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Upload,
    id: "upload",
    title: "Upload",
    description: "Holds a file from the computer: picture, video, sound, vector or 3D model.",
    family: Family::Bring,
    inputs: &[],
    outputs: &[
        OutputSpec { name: "asset", ty: PortType::OfAsset },
    ],
    own_text: None,
    source: true,
    has_text: false,
    text_hint: "",
    has_negative: false,
    has_items: false,
    counted: false,
    makes: Makes::Unknown,
};
