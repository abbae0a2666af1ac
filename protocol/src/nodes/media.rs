//! Media: holds something picked from the library.

use super::{Family, Makes, NodeKind, NodeSpec, OutputSpec, PortType};

/// Specification of `media` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Media,
    id: "media",
    title: "Media",
    description: "Holds something picked from the library.",
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
