//! The wires that suggest themselves where a card was put down: to a matching port close by, or into a wire it lies on.

use std::collections::BTreeSet;

use gesso_protocol::graph::{Drag as WireDrag, Graph};
use gesso_protocol::nodes;
use gesso_protocol::schema::Canvas;

use super::editor::{PortRef, Side};
use super::geometry::{Point, wire_near};
use super::hit_test::place_of;
use super::index::SpatialIndex;

/// Two ports that are so near to each other suggest a wire, in canvas units.
const NEAR: f64 = 140.0;
/// A wire that passes so near to the middle of a card suggests to go through it, in canvas units.
const UNDER: f64 = 28.0;

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The connections to make, each an output and an input.
    pub wires: Vec<(PortRef, PortRef)>,
    /// The connection they replace.
    pub replaces: Option<String>,
}

/// What suggests itself for a node that was put down; nothing for one that is connected where it would be.
pub fn suggest(
    canvas: &Canvas,
    graph: &Graph,
    index: &SpatialIndex,
    id: &str,
) -> Option<Suggestion> {
    let world = World { canvas, graph, index };
    world.through(id).or_else(|| world.beside(id))
}

struct World<'c> {
    canvas: &'c Canvas,
    graph: &'c Graph,
    index: &'c SpatialIndex,
}

impl World<'_> {
    fn ports(&self, id: &str, side: Side) -> Vec<PortRef> {
        let Some(spec) = self.canvas.nodes.get(id).and_then(|node| nodes::spec(&node.kind)) else {
            return Vec::new();
        };
        let names: Vec<&str> = match side {
            Side::In => spec.inputs.iter().map(|port| port.name).collect(),
            Side::Out => spec.outputs.iter().map(|port| port.name).collect(),
        };
        let port = |name: &str| PortRef { node: id.to_owned(), side, port: name.to_owned() };
        names.into_iter().map(port).collect()
    }

    /// True if nothing arrives at an input yet.
    fn is_free(&self, input: &PortRef) -> bool {
        self.graph.sources(&input.node, &input.port).next().is_none()
    }

    fn fits(&self, output: &PortRef, input: &PortRef) -> bool {
        WireDrag::from_output(self.graph, &output.node, &output.port)
            .fits(self.graph, &input.node, &input.port)
            .is_ok()
    }

    /// Nodes that a wire leads to or comes from.
    fn neighbours(&self, id: &str) -> BTreeSet<&str> {
        let before = self.graph.incoming(id).map(|found| &*found.edge.from_node);
        before.chain(self.graph.outgoing(id).map(|found| &*found.edge.to_node)).collect()
    }

    /// The nearest pair of ports that fit, of this node and of one close by, the output to the left of the input.
    fn beside(&self, id: &str) -> Option<Suggestion> {
        let rect = self.index.get(id)?;
        let others = self.index.query(rect.grown(NEAR));
        let mut best: Option<(f64, PortRef, PortRef)> = None;
        let mut consider = |output: PortRef, input: PortRef| {
            let place = |port: &PortRef| place_of(self.canvas, self.index, port);
            let (Some(from), Some(to)) = (place(&output), place(&input)) else { return };
            let distance = from.distance(to);
            let is_nearer = best.as_ref().is_none_or(|(least, ..)| distance < *least);
            if distance <= NEAR
                && from.x <= to.x
                && is_nearer
                && self.is_free(&input)
                && self.fits(&output, &input)
            {
                best = Some((distance, output, input));
            }
        };
        let neighbours = self.neighbours(id);
        for other in others.iter().filter(|other| *other != id && !neighbours.contains(&***other)) {
            for (from, to) in [(other.as_str(), id), (id, other.as_str())] {
                for output in self.ports(from, Side::Out) {
                    for input in self.ports(to, Side::In) {
                        consider(output.clone(), input);
                    }
                }
            }
        }
        let (_, output, input) = best?;
        Some(Suggestion { wires: vec![(output, input)], replaces: None })
    }

    /// A wire under the middle of a node without wires that can go through it.
    fn through(&self, id: &str) -> Option<Suggestion> {
        let is_connected =
            self.graph.incoming(id).next().is_some() || self.graph.outgoing(id).next().is_some();
        if is_connected {
            return None;
        }
        let middle: Point = self.index.get(id)?.center();
        self.graph.edges().find_map(|found| {
            let edge = &found.edge;
            let (output, input) = (PortRef::output_of(edge), PortRef::input_of(edge));
            let place = |port: &PortRef| place_of(self.canvas, self.index, port);
            let near = wire_near(place(&output)?, place(&input)?, middle);
            if near.distance > UNDER || near.end().is_some() {
                return None;
            }
            let into =
                self.ports(id, Side::In).into_iter().find(|port| self.fits(&output, port))?;
            let out = self.ports(id, Side::Out).into_iter().find(|port| self.fits(port, &input))?;
            Some(Suggestion {
                wires: vec![(output, into), (out, input)],
                replaces: Some(edge.key.clone()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::card_layout::port_y;
    use super::super::geometry::Rect;
    use super::*;
    use gesso_protocol::schema::{Edge, Node};

    /// Nodes (id, kind, place) and edges (key, from, output, to, input).
    fn suggested(
        nodes: &[(&str, &str, Rect)],
        edges: &[(&str, &str, &str, &str, &str)],
        id: &str,
    ) -> Option<(Vec<String>, Option<String>)> {
        let (mut canvas, mut index) = (Canvas::default(), SpatialIndex::default());
        for (id, kind, rect) in nodes {
            let node = Node { id: (*id).into(), kind: (*kind).into(), ..Node::default() };
            canvas.nodes.insert((*id).into(), node);
            index.set(id, *rect);
        }
        for (key, from, output, to, input) in edges {
            let edge = Edge {
                key: (*key).into(),
                from_node: (*from).into(),
                from_port: (*output).into(),
                to_node: (*to).into(),
                to_port: (*input).into(),
                ..Edge::default()
            };
            canvas.edges.insert((*key).into(), edge);
        }
        let graph = Graph::materialize(&canvas);
        let found = suggest(&canvas, &graph, &index, id)?;
        let wire =
            |(a, b): &(PortRef, PortRef)| format!("{}.{}-{}.{}", a.node, a.port, b.node, b.port);
        Some((found.wires.iter().map(wire).collect(), found.replaces))
    }

    fn at(x: f64, y: f64) -> Rect {
        Rect::new(x, y, 256.0, 120.0)
    }

    #[test]
    fn a_card_beside_a_port_that_fits_suggests_a_wire_in_either_direction() {
        let nodes = [("t", "text", at(0.0, 0.0)), ("i", "image_generator", at(340.0, 0.0))];
        let wanted = Some((vec!["t.text-i.prompt".to_owned()], None));
        assert_eq!(suggested(&nodes, &[], "t"), wanted);
        assert_eq!(suggested(&nodes, &[], "i"), wanted);
        // Connected already, too far, on the wrong side, or of another type: nothing.
        assert_eq!(
            suggested(&nodes, &[("i:prompt:t:text", "t", "text", "i", "prompt")], "t"),
            None
        );
        let far = [("t", "text", at(0.0, 0.0)), ("i", "image_generator", at(800.0, 0.0))];
        assert_eq!(suggested(&far, &[], "t"), None);
        let behind = [("t", "text", at(340.0, 0.0)), ("i", "image_generator", at(0.0, 0.0))];
        assert_eq!(suggested(&behind, &[], "t"), None);
        let other = [("t", "text", at(0.0, 0.0)), ("u", "image_upscaler", at(340.0, 0.0))];
        assert_eq!(suggested(&other, &[], "t"), None);
    }

    #[test]
    fn a_card_on_a_wire_suggests_to_go_between() {
        let ends = [
            port_y("image_generator", Side::Out, "image"),
            port_y("video_generator", Side::In, "start_frame"),
        ];
        let under = at(700.0, (ends[0] + ends[1]) / 2.0 - 60.0);
        let nodes = [
            ("a", "image_generator", at(0.0, 0.0)),
            ("v", "video_generator", at(1_400.0, 0.0)),
            ("u", "image_upscaler", under),
        ];
        let edge = ("v:start_frame", "a", "image", "v", "start_frame");
        let wanted = vec!["a.image-u.image".to_owned(), "u.image-v.start_frame".to_owned()];
        let replaces = Some("v:start_frame".to_owned());
        assert_eq!(suggested(&nodes, &[edge], "u"), Some((wanted, replaces)));
        // What does not fit between, or lies beside the wire, suggests nothing.
        let text = [nodes[0], nodes[1], ("u", "text", under)];
        assert_eq!(suggested(&text, &[edge], "u"), None);
        let beside = [nodes[0], nodes[1], ("u", "image_upscaler", at(700.0, 500.0))];
        assert_eq!(suggested(&beside, &[edge], "u"), None);
    }
}
