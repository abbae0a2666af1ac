//! Ports and cards at a place of the canvas, told from the document alone.

use gesso_protocol::nodes;
use gesso_protocol::schema::Canvas;

use super::card_layout::port_y;
use super::editor::{PortRef, Side};
use super::geometry::{Point, Rect};
use super::index::SpatialIndex;

/// The port whose middle is nearest to a point and not farther than `reach`, all in canvas units.
pub fn port_near(canvas: &Canvas, index: &SpatialIndex, at: Point, reach: f64) -> Option<PortRef> {
    let mut best: Option<(f64, PortRef)> = None;
    for id in index.query(Rect::new(at.x, at.y, 0.0, 0.0).grown(reach)) {
        let Some(node) = canvas.nodes.get(&id) else { continue };
        let Some(spec) = nodes::spec(&node.kind) else { continue };
        let Some(rect) = index.get(&id) else { continue };
        let ins = spec.inputs.iter().map(|port| (Side::In, port.name));
        for (side, port) in ins.chain(spec.outputs.iter().map(|port| (Side::Out, port.name))) {
            let x = if side == Side::In { rect.x } else { rect.right() };
            let middle = Point::new(x, rect.y + port_y(&node.kind, side, port));
            let distance = middle.distance(at);
            if distance <= reach && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, PortRef { node: id.clone(), side, port: port.to_owned() }));
            }
        }
    }
    best.map(|(_, port)| port)
}

/// Where a port is on the canvas.
pub fn place_of(canvas: &Canvas, index: &SpatialIndex, port: &PortRef) -> Option<Point> {
    let (node, rect) = (canvas.nodes.get(&port.node)?, index.get(&port.node)?);
    let x = if port.side == Side::In { rect.x } else { rect.right() };
    Some(Point::new(x, rect.y + port_y(&node.kind, port.side, &port.port)))
}

/// The card at a point, topmost first; a group only where no card is.
pub fn card_at(canvas: &Canvas, index: &SpatialIndex, at: Point) -> Option<String> {
    index
        .query(Rect::new(at.x, at.y, 0.0, 0.0))
        .into_iter()
        .filter_map(|id| canvas.nodes.get(&id))
        .max_by(|a, b| (a.kind != "group", &a.z, &a.id).cmp(&(b.kind != "group", &b.z, &b.id)))
        .map(|node| node.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::Node;

    /// Nodes: id, kind, z, rectangle.
    fn canvas(nodes: &[(&str, &str, &str, Rect)]) -> (Canvas, SpatialIndex) {
        let (mut canvas, mut index) = (Canvas::default(), SpatialIndex::default());
        for (id, kind, z, rect) in nodes {
            let node = Node {
                id: (*id).to_owned(),
                kind: (*kind).to_owned(),
                z: (*z).to_owned(),
                ..Node::default()
            };
            canvas.nodes.insert((*id).to_owned(), node);
            index.set(id, *rect);
        }
        (canvas, index)
    }

    #[test]
    fn the_nearest_port_within_reach_is_hit() {
        let (canvas, index) = canvas(&[
            ("a", "text", "a", Rect::new(0.0, 0.0, 256.0, 120.0)),
            ("b", "image_generator", "b", Rect::new(300.0, 0.0, 264.0, 330.0)),
        ]);
        let out = port_near(&canvas, &index, Point::new(260.0, 62.0), 14.0).unwrap();
        assert_eq!((&*out.node, out.side, &*out.port), ("a", Side::Out, "text"));
        assert_eq!(port_near(&canvas, &index, Point::new(278.0, 62.0), 14.0), None);
        // Between two ports of one card the nearer one.
        let inputs = nodes::spec("image_generator").unwrap().inputs;
        let (first, second) = (inputs[0].name, inputs[1].name);
        let middle = |port| 330.0_f64.min(port_y("image_generator", Side::In, port));
        let near = |y| port_near(&canvas, &index, Point::new(300.0, y), 40.0).unwrap().port;
        assert_eq!(near(middle(first) + 10.0), first);
        assert_eq!(near(middle(second) - 10.0), second);
    }

    #[test]
    fn the_topmost_card_is_hit_and_a_group_only_where_no_card_is() {
        let (canvas, index) = canvas(&[
            ("low", "text", "a", Rect::new(0.0, 0.0, 100.0, 100.0)),
            ("high", "text", "b", Rect::new(50.0, 50.0, 100.0, 100.0)),
            ("frame", "group", "z", Rect::new(-50.0, -50.0, 300.0, 300.0)),
        ]);
        let at = |x, y| card_at(&canvas, &index, Point::new(x, y));
        assert_eq!(at(75.0, 75.0).as_deref(), Some("high"));
        assert_eq!(at(10.0, 10.0).as_deref(), Some("low"));
        assert_eq!(at(200.0, 200.0).as_deref(), Some("frame"));
        assert_eq!(at(900.0, 900.0), None);
    }
}
