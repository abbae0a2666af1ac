use std::sync::Arc;

use gesso_protocol::schema::{Connection, Generation, NewItem, NewNode, UNREADABLE, text_of};
use gesso_protocol::schema::{ItemContent, node_map, put_generations, set_output, set_star};
use gesso_protocol::values::json_to_any;
use yrs::{Map as _, MapPrelim, Text as _, TextPrelim};

use super::*;

fn node(id: &str, kind: &str) -> NewNode {
    NewNode { id: id.into(), kind: kind.into(), ..NewNode::default() }
}

fn wire(txn: &mut TransactionMut<'_>, from: [&str; 2], to: [&str; 2]) {
    let connection = Connection {
        from: (from[0].into(), from[1].into()),
        to: (to[0].into(), to[1].into()),
        items_all: false,
    };
    schema::connect(txn, &connection);
}

fn filled() -> Replica {
    let mut page = Replica::new(1, "canvas", Arc::new(|| 1));
    page.edit(|txn| {
        schema::add_node(txn, &NewNode { text: "fog".into(), ..node("t", "text") });
        schema::add_node(txn, &node("g", "image_generator"));
        schema::add_node(txn, &node("u", "image_upscaler"));
        wire(txn, ["t", "text"], ["g", "prompt"]);
        wire(txn, ["g", "image"], ["u", "image"]);
    });
    page
}

fn paste(page: &mut Replica, clip: &Clip, incoming: bool) -> Vec<String> {
    let before = page.canvas().clone();
    let mut n = before.nodes.len();
    let (added, _) = page.edit(|txn| {
        clip.paste(txn, &before, [10.0, 20.0], incoming, || {
            n += 1;
            format!("n{n}")
        })
    });
    added
}

#[test]
fn copies_travel_as_json_and_keep_the_wires_between_them() {
    let mut page = filled();
    let ids = BTreeSet::from(["g".to_owned(), "u".to_owned()]);
    let clip = Clip::parse(&Clip::of(&page, &ids).to_json()).expect("own JSON");
    assert_eq!(clip, Clip::of(&page, &ids));
    for (incoming, wires) in [(false, 1), (true, 2)] {
        let before = page.canvas().clone();
        let added = paste(&mut page, &clip, incoming);
        assert_eq!(added.len(), 2);
        assert_eq!(page.canvas().nodes[&added[0]].pos, [10.0, 20.0]);
        assert_eq!(page.canvas().edges.len(), before.edges.len() + wires);
        let graph = gesso_protocol::graph::Graph::materialize(page.canvas());
        assert!(graph.problems().is_empty());
        assert!(graph.sources(&added[1], "image").any(|edge| edge.edge.from_node == added[0]));
    }
}

/// A page with everything that a plain copy of a node would lose.
fn rich() -> Replica {
    let mut page = filled();
    page.edit(|txn| {
        let list = vec![
            NewItem { id: "a".into(), content: ItemContent::Text("one".into()) },
            NewItem { id: "b".into(), content: ItemContent::Text("two".into()) },
        ];
        schema::add_node(txn, &NewNode { items: list, ..node("l", "list") });
        wire(txn, ["l", "items"], ["g", "prompt"]);
        let text = text_of(txn, "t", "text").expect("it has a text");
        text.format(txn, 0, 2, [("bold".into(), true.into())].into());
        text.insert_embed(txn, 1, json_to_any(&json!({"image": "x"})));
        let item = text_of(txn, "l", "items/a").expect("so has its entry");
        item.format(txn, 0, 3, [("italic".into(), true.into())].into());
        let map = node_map(txn, "t").expect("it is there");
        map.insert(txn, "x-note", json_to_any(&json!({"mine": [1, null]})));
        let inner = map.insert(txn, "x-type", MapPrelim::default());
        inner.insert(txn, "text", TextPrelim::new("deep"));
        set_star(txn, "g", "g1", true);
        let nodes = txn.get_or_insert_map("nodes");
        nodes.insert(txn, "future", MapPrelim::from([("kind", "future_kind")]));
        nodes.insert(txn, "plain", json_to_any(&json!({"kind": "text", "pos": [1, 2]})));
        let edges = txn.get_or_insert_map("edges");
        let edge = edges.get(txn, "g:prompt:t:text").and_then(|edge| edge.cast().ok());
        let edge: yrs::MapRef = edge.expect("a wire is a map");
        edge.insert(txn, "x-edge", 1);
        let made =
            |key: &str| Generation { id: "g1".into(), key: key.into(), ..Generation::default() };
        put_generations(txn, "g", &[made("l=a")]);
        let asset = json!({"asset": {"id": "pic", "type": "image", "mime": "image/png"}});
        set_output(txn, "g", "l=a", Some((asset.clone(), Some("g1"))));
        set_output(txn, "g", "l=b", Some((asset, Some("old"))));
        set_output(txn, "g", "", Some((json!({"generation": "g1"}), None)));
    });
    page
}

#[test]
fn a_copy_keeps_what_this_version_does_not_draw() {
    let page = rich();
    let ids: BTreeSet<String> = page.canvas().nodes.keys().cloned().collect();
    assert!(ids.contains("plain"));
    let direct = Clip::of(&page, &ids);
    let by_text = Clip::parse(&direct.to_json()).expect("own JSON");
    for clip in [direct, by_text] {
        let mut page = rich();
        let added = paste(&mut page, &clip, true);
        let copy = |kind: &str| {
            let mut copies = added.iter().filter(|id| page.canvas().nodes[*id].kind == kind);
            copies.next().expect("it was copied").clone()
        };
        let stripped = |id: &str| {
            let mut content = page.content("nodes", id).expect("it is there");
            for key in ["pos", "z"] {
                content.set(key, &Value::Null);
            }
            content.choose_again(|_, _| None);
            content
        };
        for (id, kind) in
            [("t", "text"), ("l", "list"), ("g", "image_generator"), ("plain", UNREADABLE)]
        {
            assert_eq!(stripped(id), stripped(&copy(kind)), "{id}");
        }
        let (g, l, t) = (copy("image_generator"), copy("list"), copy("text"));
        let output = &page.canvas().nodes[&g].output;
        assert_eq!(output.keys().collect::<Vec<_>>(), [&format!("{l}=a")], "what counted, alone");
        assert_eq!(output[&format!("{l}=a")].after, None);
        let edge = page.content("edges", &format!("{g}:prompt:{t}:text")).expect("a wire");
        assert_eq!(edge.value("x-edge"), Some(json!(1)));
        assert_eq!(page.canvas().nodes[&copy("future_kind")].settings.len(), 0);
    }
}

#[test]
fn other_text_is_no_clip() {
    for text in ["hello", "{}", "[1]", "{\"gesso\": 3, \"nodes\": []}"] {
        assert_eq!(Clip::parse(text), None);
    }
    let odd = r#"{"gesso": 2, "nodes": [{"id": "a"}, {"id": "b", "content": {"who": 1}}, 7]}"#;
    assert!(Clip::parse(odd).expect("a clip").is_empty());
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let content = json!({"map": {"kind": {"v": "text"}, "x": {"v": deep}}});
    let text = json!({"gesso": 2, "nodes": [{"id": "a", "content": content}]}).to_string();
    assert!(Clip::parse(&text).expect("a clip").is_empty(), "no room would take it");
}
