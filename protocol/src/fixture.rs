//! Small canvases for tests, written as one line: `t:text, g:image_generator`.

use proptest::prelude::*;

use crate::catalog::Catalog;
use crate::schema::{Canvas, Edge, Node};

/// A canvas of these nodes, `id:kind` each; text nodes hold their id.
pub(crate) fn canvas(nodes: &str) -> Canvas {
    let mut canvas = Canvas::default();
    for entry in nodes.split(',') {
        let (id, kind) = entry.trim().split_once(':').expect("id:kind");
        let text = if kind == "text" { id.to_owned() } else { String::new() };
        let node = Node { id: id.to_owned(), kind: kind.to_owned(), text, ..Node::default() };
        canvas.nodes.insert(node.id.clone(), node);
    }
    canvas
}

/// Adds an edge `node.port` → `node.port`, whether it makes sense or not.
pub(crate) fn edge(canvas: &mut Canvas, from: &str, to: &str) -> Edge {
    let split = |end: &str| {
        let (node, port) = end.split_once('.').expect("node.port");
        (node.to_owned(), port.to_owned())
    };
    let ((from_node, from_port), (to_node, to_port)) = (split(from), split(to));
    let kind = canvas.nodes.get(&to_node).map(|node| node.kind.clone()).unwrap_or_default();
    let key = crate::schema::edge_key(&kind, (&from_node, &from_port), (&to_node, &to_port))
        .unwrap_or_else(|| format!("{to_node}:{to_port}"));
    let z = format!("{:04}", canvas.edges.len());
    let edge =
        Edge { key, from_node, from_port, to_node, to_port, z, items_all: false, is_plain: false };
    canvas.edges.insert(edge.key.clone(), edge.clone());
    edge
}

/// Any canvas of up to twelve nodes with any edges, sound or not.
pub(crate) fn any_canvas() -> impl Strategy<Value = Canvas> {
    let kinds: Vec<&'static str> =
        crate::nodes::SPECS.iter().map(|spec| spec.id).chain(["from_the_future"]).collect();
    let node = (proptest::sample::select(kinds), any::<bool>(), "[a-z ]{0,8}");
    let end = 0_usize..14;
    let ports =
        vec!["text", "image", "prompt", "references", "candidates", "output", "items", "video"];
    let port = proptest::sample::select(ports);
    let edges = proptest::collection::vec((end.clone(), port.clone(), end, port), 0..24);
    (proptest::collection::vec(node, 0..12), edges).prop_map(|(nodes, edges)| {
        let mut canvas = Canvas::default();
        for (i, (kind, locked, text)) in nodes.into_iter().enumerate() {
            let id = format!("n{i}");
            let node =
                Node { id: id.clone(), kind: kind.to_owned(), locked, text, ..Node::default() };
            canvas.nodes.insert(id, node);
        }
        for (from, out, to, port) in edges {
            edge(&mut canvas, &format!("n{from}.{out}"), &format!("n{to}.{port}"));
        }
        canvas
    })
}

/// The models of the studio, as a catalogue of tests.
pub(crate) fn catalog() -> Catalog {
    let texts = [
        include_str!("../../studio/catalog/assistant.toml"),
        include_str!("../../studio/catalog/motion.toml"),
        include_str!("../../studio/catalog/pictures.toml"),
        include_str!("../../studio/catalog/solid.toml"),
        include_str!("../../studio/catalog/sound.toml"),
        include_str!("../../studio/catalog/upscale.toml"),
    ];
    Catalog::read(&texts).expect("the catalogue of the studio is sound")
}
