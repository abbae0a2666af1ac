//! Evaluator: waits for a person to choose what flows on.

use super::{Family, Makes, Need, NodeKind, NodeSpec, OutputSpec, PortSpec, PortType};

/// Specification of `evaluator` nodes.
pub const SPEC: NodeSpec = NodeSpec {
    kind: NodeKind::Evaluator,
    id: "evaluator",
    title: "Evaluator",
    description: "Waits for a person to choose what flows on.",
    family: Family::Organise,
    inputs: &[
        PortSpec { name: "candidates", ty: PortType::OfCandidates, need: Need::Required, many: true },
    ],
    outputs: &[
        OutputSpec { name: "output", ty: PortType::OfCandidates },
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
