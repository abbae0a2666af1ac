//! Where things are on a card: its size, and where its ports sit. Wires are drawn from this alone, without asking the
//! browser, so that a wire is right in the frame in which its node moved.

use gesso_protocol::nodes::{self, NodeSpec, PortType};
use gesso_protocol::schema::Node;

use crate::core::editor::Side;

/// Canvas units between two ports of one side.
const PORT_GAP: f64 = 32.0;

/// Width of a card that nobody resized.
pub fn width(node: &Node) -> f64 {
    if let Some([w, _]) = node.size {
        return w;
    }
    match node.kind.as_str() {
        "text" | "list" => 256.0,
        "sticky_note" => 208.0,
        "sticker" => 64.0,
        "group" => 420.0,
        _ => 264.0,
    }
}

/// A guess at the height of a card that was not measured yet.
pub fn guessed_height(node: &Node) -> f64 {
    if let Some([_, h]) = node.size {
        return h;
    }
    match node.kind.as_str() {
        "text" | "sticky_note" => 120.0,
        "sticker" => 64.0,
        "group" => 280.0,
        // From there on its entries scroll.
        "list" => 120.0 + 32.0 * node.items.len().min(11) as f64,
        _ => 330.0,
    }
}

/// True if `size` gives the height too: elsewhere the content does.
pub fn tall(kind: &str) -> bool {
    matches!(kind, "group" | "sticker")
}

fn first_port(spec: &NodeSpec) -> f64 {
    let media = spec.runs() || matches!(spec.id, "upload" | "media");
    if media { 88.0 } else { 60.0 }
}

/// Units from the top of the card to the middle of a port.
pub fn port_y(kind: &str, side: Side, port: &str) -> f64 {
    let Some(spec) = nodes::spec(kind) else { return 60.0 };
    let at = match side {
        Side::In => spec.inputs.iter().position(|p| p.name == port),
        Side::Out => spec.outputs.iter().position(|p| p.name == port),
    };
    first_port(spec) + PORT_GAP * at.unwrap_or_default() as f64
}

/// The type a card is painted in: that of its main output, or of what it holds.
pub fn main_type(node: &Node) -> &'static str {
    let Some(spec) = nodes::spec(&node.kind) else { return "any" };
    match spec.outputs.first().map(|o| o.ty) {
        Some(PortType::Fixed(ty)) => ty.id(),
        Some(PortType::OfAsset) => {
            node.asset.as_ref().and_then(|a| a.ty).map_or("any", |ty| ty.id())
        }
        Some(PortType::OfItems) => {
            node.items.first().and_then(|i| i.content.ty()).map_or("any", |ty| ty.id())
        }
        Some(PortType::OfCandidates) | None => "any",
    }
}

/// A port's name for people.
pub fn port_label(name: &str) -> String {
    crate::core::words::sentence(&name.replace('_', " "))
}
