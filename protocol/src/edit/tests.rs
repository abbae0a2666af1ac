use serde_json::json;
use yrs::Transact as _;

use super::*;
use proptest::prelude::*;
use yrs::TransactionMut;

fn run(edits: Value) -> Result<(Canvas, Vec<Option<String>>), Refusal> {
    run_within(edits, 20_000)
}

fn run_within(edits: Value, nodes_max: usize) -> Result<(Canvas, Vec<Option<String>>), Refusal> {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    let edits = parse(&edits)?;
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        format!("fresh{number}")
    };
    let image = AssetRef {
        id: "pic".to_owned(),
        ty: Some(crate::values::DataType::Image),
        mime: "image/png".to_owned(),
        width: Some(8),
        height: Some(8),
        duration: None,
        name: String::new(),
    };
    let assets = [("pic".to_owned(), image)].into();
    let checked = check(&schema::read_canvas(&txn), &edits, &assets, nodes_max, &mut fresh)?;
    checked.apply(&mut txn);
    Ok((schema::read_canvas(&txn), checked.ids))
}

#[test]
fn a_chain_in_one_request() {
    let (canvas, ids) = run(json!([
        {"op": "set_meta", "name": "Chain"},
        {"op": "add_node", "id": "t", "kind": "text", "text": "a lighthouse", "pos": [1, 2]},
        {"op": "add_node", "kind": "image_generator", "settings": {"aspect_ratio": "16:9"}},
        {"op": "connect", "from": ["t", "text"], "to": ["fresh1", "prompt"]},
        {"op": "move", "node": "t", "pos": [3, 4.5]},
        {"op": "set", "node": "fresh1", "settings": {"aspect_ratio": null, "count": 2}, "title": "Pic"},
    ]))
    .unwrap();
    assert_eq!(
        ids[1..4],
        [Some("t".into()), Some("fresh1".into()), Some("fresh1:prompt:t:text".into())]
    );
    assert_eq!(canvas.meta.name, "Chain");
    assert_eq!(canvas.nodes["t"].pos, [3.0, 4.5]);
    assert_eq!(canvas.nodes["fresh1"].settings, [("count".to_owned(), json!(2))].into());
    assert_eq!(canvas.nodes["fresh1"].shown_title(), "Pic");
    assert_eq!(Graph::materialize(&canvas).edges().count(), 1);
}

#[test]
fn lists_and_assets_are_filled_in() {
    let (canvas, _) = run(json!([
        {"op": "add_node", "id": "l", "kind": "list", "items": ["one", {"id": "b", "asset": "pic"}]},
        {"op": "add_node", "id": "u", "kind": "upload", "asset": "pic"},
        {"op": "add_node", "id": "s", "kind": "image_upscaler"},
        {"op": "connect", "from": ["u", "asset"], "to": ["s", "image"]},
    ]))
    .unwrap();
    assert_eq!(canvas.nodes["l"].items.len(), 2);
    assert_eq!(canvas.nodes["u"].asset.as_ref().unwrap().width, Some(8));
}

#[test]
fn refusals_name_the_edit() {
    let text = json!({"op": "add_node", "id": "t", "kind": "text"});
    let up = |id: &str| json!({"op": "add_node", "id": id, "kind": "image_upscaler"});
    let wire =
        |a: &str, b: &str| json!({"op": "connect", "from": [a, "image"], "to": [b, "image"]});
    for (edits, code) in [
        (json!({}), ErrorCode::BadRequest),
        (json!([{"op": "explode"}]), ErrorCode::BadRequest),
        (json!([{"op": "add_node", "kind": "nope"}]), ErrorCode::BadRequest),
        (json!([{"op": "add_node", "kind": "text", "pos": ["a", 1]}]), ErrorCode::BadRequest),
        (json!([{"op": "add_node", "kind": "text", "colour": "red"}]), ErrorCode::BadRequest),
        (json!([{"op": "add_node", "kind": "text", "id": "Bad Id"}]), ErrorCode::BadRequest),
        (json!([text, text]), ErrorCode::Conflict),
        (json!([{"op": "remove_node", "node": "t"}]), ErrorCode::NotFound),
        (json!([{"op": "disconnect", "key": "t"}]), ErrorCode::NotFound),
        (json!([{"op": "add_node", "kind": "upload", "asset": "none"}]), ErrorCode::NotFound),
        (json!([up("a"), wire("a", "a")]), ErrorCode::InvalidEdge),
        (json!([up("a"), up("b"), wire("a", "b"), wire("b", "a")]), ErrorCode::CycleDetected),
        (
            json!([text, up("a"), {"op": "connect", "from": ["t", "text"], "to": ["a", "image"]}]),
            ErrorCode::TypeMismatch,
        ),
    ] {
        let refusal = run(edits.clone()).unwrap_err();
        assert_eq!(refusal.code, code, "{edits} {}", refusal.detail);
    }
}

#[test]
fn long_rows_of_edits_take_linear_time() {
    use crate::steps::{assert_linear, of};

    let add = |at: usize| json!({"op": "add_node", "id": format!("e{at}"), "kind": "evaluator"});
    let wire = |from: usize, to: usize| {
        let (from, to) = (format!("e{from}"), format!("e{to}"));
        json!({"op": "connect", "from": [from, "output"], "to": [to, "candidates"]})
    };
    assert_linear("a chain, link by link", 200, |length| {
        let mut edits = vec![json!({"op": "add_node", "id": "t", "kind": "text"}), add(0)];
        edits.push(json!({"op": "connect", "from": ["t", "text"], "to": ["e0", "candidates"]}));
        edits.extend((1..length).flat_map(|at| [add(at), wire(at - 1, at)]));
        of(|| run(json!(edits)).unwrap()).1
    });
    assert_linear("a chain from its end", 200, |length| {
        let mut edits: Vec<Value> = (0..length).map(add).collect();
        edits.extend((1..length).rev().map(|at| wire(at - 1, at)));
        of(|| run(json!(edits)).unwrap()).1
    });
    assert_linear("many wires into one input, and away again", 200, |wires| {
        let mut edits = vec![add(0)];
        edits.extend((1..wires).flat_map(|at| [add(at), wire(at, 0)]));
        edits.extend((1..wires).map(|at| json!({"op": "remove_node", "node": format!("e{at}")})));
        of(|| run(json!(edits)).unwrap()).1
    });
}

#[test]
fn a_loop_is_judged_by_what_is_left_in_the_end() {
    let up = |id: &str| json!({"op": "add_node", "id": id, "kind": "image_upscaler"});
    let wire =
        |a: &str, b: &str| json!({"op": "connect", "from": [a, "image"], "to": [b, "image"]});
    let turned = json!([
        up("a"),
        up("b"),
        wire("a", "b"),
        {"op": "disconnect", "key": "b:image"},
        wire("b", "a"),
    ]);
    assert_eq!(run(turned).unwrap().0.edges.keys().collect::<Vec<_>>(), ["a:image"]);
    let refusal = run(json!([up("a"), up("b"), wire("a", "b"), wire("b", "a")])).unwrap_err();
    assert!(refusal.detail.starts_with("Edit 3: "), "{}", refusal.detail);
    assert_eq!(refusal.nodes.len(), 1);
    let removed = json!([
        up("a"),
        up("b"),
        wire("a", "b"),
        {"op": "remove_node", "node": "a"},
        {"op": "disconnect", "key": "b:image"},
    ]);
    assert_eq!(run(removed).unwrap_err().code, ErrorCode::NotFound, "its wires went with it");
}

/// A value in arrays and objects so many deep.
fn nested(levels: usize) -> Value {
    (0..levels).fold(
        json!(1),
        |inner, level| {
            if level % 2 == 0 { json!([inner]) } else { json!({"k": inner}) }
        },
    )
}

#[test]
fn what_a_room_would_refuse_is_refused_first() {
    let node = |key: &str, value: Value| json!([{"op": "add_node", "id": "g", "kind": "image_generator", key: value}]);
    let deep = |levels| json!({"x": nested(levels)});
    run(node("settings", deep(32))).unwrap();
    let choice = |chosen: Value| json!({"": {"use": chosen}});
    let long = "k".repeat(201);
    for edits in [
        node("settings", deep(33)),
        node("settings", deep(100)),
        node("settings", json!({long: 1})),
        node("settings", json!({"": 1})),
        node("settings", json!({"x": "nul \u{0}"})),
        node("settings", json!({"nul \u{0}": 1})),
        node("text", json!("nul \u{0}")),
        node("asset", nested(40)),
        node("pos", json!([1e300, 0])),
        node("pos", nested(40)),
        node("size", json!([-1, 4])),
        node("z", json!("~")),
        node("z", json!("a".repeat(257))),
        node("output", choice(nested(33))),
        node("output", choice(json!({"generation": [1]}))),
        node("output", choice(json!({"generation": "g", "asset": "pic"}))),
        node("output", json!({"": 7})),
        node("stars", json!({"Not An Id": true})),
        node("stars", json!({"g": {"deep": nested(33)}})),
        json!([{"op": "add_node", "kind": "list", "items": [nested(40)]}]),
        json!([{"op": "set_meta", "name": nested(40)}]),
        json!([{"op": "set_meta", "name": "x".repeat(201)}]),
        json!([{"op": "set_meta", "name": " \n "}]),
        json!([{"op": "set_meta", "description": "x".repeat(5_001)}]),
        json!([{"op": "connect", "from": nested(40), "to": ["g", "prompt"]}]),
    ] {
        let refusal = run(edits.clone()).map(|_| edits).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::BadRequest);
        assert!(refusal.detail.starts_with("Edit 1: "), "{}", refusal.detail);
        assert!(refusal.detail.len() < 400, "{}", refusal.detail);
    }
}

#[test]
fn a_canvas_holds_so_many_nodes_whatever_they_are() {
    let add = || json!({"op": "add_node", "kind": "text"});
    let full: Vec<Value> = (0..20).map(|_| add()).collect();
    run_within(json!(full), 20).unwrap();
    let more = [full.clone(), vec![add()]].concat();
    assert_eq!(run_within(json!(more), 20).unwrap_err().code, ErrorCode::TooLarge);
    let one_out = [full, vec![json!({"op": "remove_node", "node": "fresh1"}), add()]].concat();
    run_within(json!(one_out), 20).unwrap();
}

#[test]
fn carriage_returns_stay_outside() {
    let (canvas, _) = run(json!([
        {"op": "set_meta", "name": "One\r\nline", "description": "two\r\nlines\r"},
        {"op": "add_node", "id": "t", "kind": "text", "text": "a\r\nb\rc", "title": "x\r\ny"},
        {"op": "add_node", "id": "g", "kind": "assistant", "settings": {"instructions": "be\r\nbrief"}},
        {"op": "add_node", "id": "l", "kind": "list", "items": ["1\r\n2", {"text": "3\r4"}]},
        {"op": "set", "node": "g", "text": "p\r\nq"},
    ]))
    .unwrap();
    let all = serde_json::to_string(&canvas).unwrap();
    assert!(!all.contains("\\r"), "{all}");
    assert_eq!(canvas.nodes["t"].text, "a\nb\nc");
    assert_eq!(canvas.nodes["g"].text, "p\nq");
    assert_eq!(canvas.nodes["g"].settings["instructions"], "be\nbrief");
}

#[test]
fn choices_are_written_with_the_facts_of_their_files() {
    let (canvas, _) = run(json!([
        {"op": "add_node", "id": "g", "kind": "image_generator", "stars": {"g1": true},
         "output": {"": {"use": {"asset": "pic"}, "after": "g1"}}},
        {"op": "add_node", "id": "h", "kind": "image_generator"},
        {"op": "set", "node": "h", "output": {"": {"use": {"generation": "g1"}}, "l=a": {"use": null}}},
        {"op": "set", "node": "h", "output": {"l=a": null}},
    ]))
    .unwrap();
    let choice = &canvas.nodes["g"].output[""];
    assert_eq!(choice.after.as_deref(), Some("g1"));
    assert!(matches!(&choice.chosen, schema::Chosen::Asset(asset) if asset.width == Some(8)));
    assert!(canvas.nodes["g"].stars.contains("g1"));
    assert_eq!(canvas.nodes["h"].output.len(), 1);
    let unknown = json!([{"op": "add_node", "kind": "image_generator",
        "output": {"": {"use": {"asset": "none"}}}}]);
    assert_eq!(run(unknown).unwrap_err().code, ErrorCode::NotFound);
    for op in [
        json!({"op": "add_node", "kind": "sound_effects", "output": {"": {"use": {"asset": "pic"}}}}),
        json!({"op": "set", "node": "s", "output": {"": {"use": {"asset": "pic"}}}}),
    ] {
        let add = json!({"op": "add_node", "id": "s", "kind": "sound_effects"});
        let refusal = run(json!([add, op])).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::TypeMismatch, "{}", refusal.detail);
    }
}

/// Writes entries under `nodes` and `edges` as a foreign writer may have put them.
fn foreign(txn: &mut TransactionMut<'_>) {
    use yrs::{Any, Map as _, MapPrelim, WriteTxn as _};
    let nodes = txn.get_or_insert_map("nodes");
    let any = |value: Value| crate::values::json_to_any(&value);
    nodes.insert(txn, "p", any(json!({"kind": "text", "pos": [1, 2], "text": "words"})));
    nodes.insert(txn, "five", 5);
    nodes.insert(txn, "bare", MapPrelim::default());
    nodes.insert(txn, "Bad Id", MapPrelim::from([("kind", "text")]));
    let node = nodes.insert(txn, "n", MapPrelim::from([("kind", "image_generator")]));
    node.insert(txn, "settings", any(json!({"seed": 4, "x-mine": {"a": 1}})));
    node.insert(txn, "stars", any(json!({"g1": true})));
    node.insert(txn, "text", "two\r\nlines");
    let edges = txn.get_or_insert_map("edges");
    let ends = json!({"from_node": "n", "from_port": "image", "to_node": "n", "to_port": "prompt"});
    edges.insert(txn, "n:prompt", any(ends));
    edges.insert(txn, "odd", Any::Null);
}

#[test]
fn plain_values_are_seen_counted_and_removed() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    foreign(&mut txn);
    let canvas = schema::read_canvas(&txn);
    for id in ["p", "five", "bare"] {
        assert_eq!(canvas.nodes[id].kind, UNREADABLE, "{id}");
    }
    assert_eq!(canvas.nodes["p"].pos, [1.0, 2.0]);
    assert_eq!(schema::node_count(&txn), 5);
    let graph = Graph::materialize(&canvas);
    let told =
        |name: &str| graph.problems().iter().any(|p| p.detail.contains(&format!("“{name}”")));
    assert!(["p", "five", "bare", "Bad Id", "odd"].into_iter().all(told));
    assert!(graph.problems().iter().any(|p| p.detail.contains("plain value")), "the edge n:prompt");
    assert_eq!(graph.edges().count(), 0);
    let refused = |edits: Value, max: usize| {
        let edits = parse(&edits).unwrap();
        check(&canvas, &edits, &BTreeMap::new(), max, &mut || "fresh".into()).unwrap_err().code
    };
    let add = json!([{"op": "add_node", "kind": "text"}]);
    assert_eq!(refused(add, 5), ErrorCode::TooLarge);
    let set = json!([{"op": "set", "node": "p", "title": "x"}]);
    assert_eq!(refused(set, 9), ErrorCode::BadRequest);
    let mut edits: Vec<Value> = ["p", "five", "bare", "Bad Id"]
        .into_iter()
        .map(|id| json!({"op": "remove_node", "node": id}))
        .collect();
    edits.extend(["n:prompt", "odd"].map(|key| json!({"op": "disconnect", "key": key})));
    let edits = parse(&json!(edits)).unwrap();
    let checked = check(&canvas, &edits, &BTreeMap::new(), 5, &mut || "fresh".into()).unwrap();
    checked.apply(&mut txn);
    let left = schema::read_canvas(&txn);
    assert_eq!(left.nodes.keys().collect::<Vec<_>>(), ["n"]);
    assert!(left.edges.is_empty() && left.odd_edges.is_empty() && left.odd_nodes.is_empty());
}

#[test]
fn plain_parts_of_a_node_keep_their_values_when_it_is_edited() {
    for edit in [
        json!({"settings": {"count": 2}}),
        json!({"title": "x"}),
        json!({"text": "two\nlines!"}),
        json!({"stars": {"g2": true}}),
    ] {
        let doc = crate::doc::open(1, "test");
        let mut txn = doc.transact_mut();
        foreign(&mut txn);
        let canvas = schema::read_canvas(&txn);
        assert_eq!(canvas.nodes["n"].settings["seed"], json!(4), "a plain object is read");
        let mut set = edit.clone();
        set["op"] = json!("set");
        set["node"] = json!("n");
        let edits = parse(&json!([set])).unwrap();
        let checked = check(&canvas, &edits, &BTreeMap::new(), 9, &mut || "f".into()).unwrap();
        checked.apply(&mut txn);
        let node = schema::read_node(&txn, "n").unwrap();
        assert_eq!(node.settings["seed"], json!(4), "{edit}");
        assert_eq!(node.settings["x-mine"], json!({"a": 1}), "{edit}");
        assert!(node.stars.contains("g1"), "{edit}");
        assert!(node.text.starts_with("two\nlines"), "{edit}");
        assert_eq!(node.settings.get("count"), edit.pointer("/settings/count"));
    }
}

/// Long rows of edits of any mixture take time in proportion to their number: what is kept up to date between them
/// reads as what is made anew.
#[test]
fn edits_in_a_row_are_seen_by_those_after_them() {
    let (canvas, _) = run(json!([
        {"op": "add_node", "id": "t", "kind": "text", "text": "x"},
        {"op": "add_node", "id": "a", "kind": "image_generator"},
        {"op": "connect", "from": ["t", "text"], "to": ["a", "prompt"]},
        {"op": "add_node", "id": "u", "kind": "upload"},
        {"op": "add_node", "id": "b", "kind": "image_upscaler"},
        {"op": "connect", "from": ["u", "asset"], "to": ["b", "image"]},
        {"op": "set", "node": "u", "asset": "pic"},
        {"op": "connect", "from": ["a", "image"], "to": ["b", "image"]},
        {"op": "remove_node", "node": "a"},
        {"op": "add_node", "id": "a", "kind": "image_upscaler"},
        {"op": "connect", "from": ["b", "image"], "to": ["a", "image"]},
        {"op": "disconnect", "key": "a:image"},
        {"op": "connect", "from": ["a", "image"], "to": ["b", "image"]},
    ]))
    .unwrap();
    assert_eq!(canvas.edges.keys().collect::<Vec<_>>(), ["b:image"]);
    assert_eq!(canvas.edges["b:image"].from_node, "a");
    let wrong = run(json!([
        {"op": "add_node", "id": "u", "kind": "upload"},
        {"op": "add_node", "id": "v", "kind": "voiceover"},
        {"op": "connect", "from": ["u", "asset"], "to": ["v", "text"]},
        {"op": "set", "node": "u", "asset": "pic"},
        {"op": "connect", "from": ["u", "asset"], "to": ["v", "text"]},
    ]));
    assert_eq!(wrong.unwrap_err().code, ErrorCode::TypeMismatch);
}

#[test]
fn edits_weigh_what_they_add() {
    let of = |edits: Value| weight(&parse(&edits).unwrap());
    let words = "x".repeat(1_000);
    for adds in [
        json!([{"op": "add_node", "kind": "text", "text": words}]),
        json!([{"op": "set", "node": "n", "settings": {"x": {"deep": words}}}]),
        json!([{"op": "set", "node": "n", "title": words}]),
        json!([{"op": "add_node", "kind": "list", "items": [words]}]),
        json!([{"op": "set_meta", "description": words}]),
    ] {
        assert!((1_000..1_500).contains(&of(adds.clone())), "{adds}");
    }
    let takes = json!([{"op": "remove_node", "node": "n"}, {"op": "disconnect", "key": "k"}]);
    assert_eq!(of(takes), 0);
}

/// Edits of few nodes by few keys, many of which write over others.
fn edits_of_few() -> impl Strategy<Value = Vec<Value>> {
    let edit = (0..2u8, 0..8u8, 0..4u8).prop_map(|(node, what, value)| {
        let node = format!("n{node}");
        let set = |key: &str, value: Value| json!({"op": "set", "node": node, key: value});
        match what {
            0 => json!({"op": "remove_node", "node": node}),
            1 => json!({"op": "add_node", "kind": "image_generator", "id": node, "text": "new"}),
            2 => set("text", json!(format!("text {value}"))),
            3 => set("negative", json!(format!("not {value}"))),
            4 => set("settings", json!({ "count": value + 1 })),
            5 => set("settings", json!({ "count": null, "seed": value })),
            6 => set("title", if value == 0 { Value::Null } else { json!(format!("T{value}")) }),
            _ => json!({"op": "move", "node": node, "pos": [value, 0]}),
        }
    });
    prop::collection::vec(edit, 1..40)
}

proptest! {
    /// One request says what the same edits say one by one.
    #[test]
    fn what_is_written_over_is_left_out_and_nothing_else(edits in edits_of_few()) {
        let doc = crate::doc::open(1, "test");
        let (mut held, mut one_by_one) = (Canvas::default(), Vec::new());
        for edit in edits {
            // One that is refused by itself would take the others with it.
            let parsed = parse(&json!([edit])).unwrap();
            let Ok(checked) = check(&held, &parsed, &BTreeMap::new(), 100, &mut String::new) else {
                continue;
            };
            let mut txn = yrs::Transact::transact_mut(&doc);
            checked.apply(&mut txn);
            held = schema::read_canvas(&txn);
            one_by_one.push(edit);
        }
        let at_once = crate::doc::open(1, "test");
        let parsed = parse(&json!(one_by_one)).unwrap();
        let checked = check(&Canvas::default(), &parsed, &BTreeMap::new(), 100, &mut String::new);
        let mut txn = yrs::Transact::transact_mut(&at_once);
        checked.unwrap().apply(&mut txn);
        let mut said = schema::read_canvas(&txn);
        // Keys of the stack are counted from the highest there is, which may be another one.
        for (id, node) in &mut said.nodes {
            node.z.clone_from(&held.nodes[id].z);
        }
        prop_assert_eq!(format!("{said:?}"), format!("{held:?}"));
    }
}

#[test]
fn a_text_that_is_set_often_is_written_once() {
    let mut edits = vec![json!({"op": "add_node", "kind": "text", "id": "t"})];
    let set = |n: u32| json!({"op": "set", "node": "t", "text": format!("text {n}"), "title": "T"});
    edits.extend((0..1_000).map(set));
    let parsed = parse(&json!(edits)).unwrap();
    let checked = check(&Canvas::default(), &parsed, &BTreeMap::new(), 100, &mut String::new);
    let doc = crate::doc::open(1, "test");
    let mut txn = yrs::Transact::transact_mut(&doc);
    checked.unwrap().apply(&mut txn);
    assert_eq!(schema::read_canvas(&txn).nodes["t"].text, "text 999");
    let update = txn.encode_update_v1();
    assert!(update.len() < 300, "{} bytes for a text of eight letters", update.len());
}

#[test]
fn edits_of_a_node_that_holds_much_take_time_in_proportion() {
    let doc = crate::doc::open(1, "test");
    let apply = |edits: Value| {
        let edits = parse(&edits).unwrap();
        let mut txn = doc.transact_mut();
        let canvas = schema::read_canvas(&txn);
        let mut ids = 0..;
        let mut fresh = || format!("id{}", ids.next().unwrap());
        let checked = check(&canvas, &edits, &BTreeMap::new(), 1_000, &mut fresh).unwrap();
        crate::steps::of(|| checked.apply(&mut txn)).1
    };
    let settings: serde_json::Map<String, Value> =
        (0..3_000).map(|n| (format!("k{n:05}"), json!(n))).collect();
    apply(json!([{"op": "add_node", "kind": "text", "id": "a", "settings": settings}]));
    let one = apply(json!([{"op": "set", "node": "a", "settings": {"z": 0}}]));
    let set = |n: i32| json!({"op": "set", "node": "a", "pos": [n, n], "settings": {"z": n}});
    let many = apply((1..=500).map(set).collect());
    assert!(one > 2_000, "{one} steps count nothing");
    assert!(many < one + 1_000, "{one} steps for one edit, {many} for 500");
    // All of it can be taken away again, and the last of what was set counts.
    let read = schema::read_node(&doc.transact(), "a").unwrap();
    assert_eq!((read.pos, read.settings.len()), ([500.0, 500.0], 3_001));
    apply(json!([{"op": "remove_node", "node": "a"}]));
    assert!(schema::read_node(&doc.transact(), "a").is_none());
}

#[test]
fn texts_name_a_node_by_its_new_title() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    let apply = |txn: &mut TransactionMut<'_>, edits: Value| {
        let edits = parse(&edits).unwrap();
        let canvas = schema::read_canvas(txn);
        check(&canvas, &edits, &BTreeMap::new(), 9, &mut String::new).unwrap().apply(txn);
    };
    apply(
        &mut txn,
        json!([
            {"op": "add_node", "id": "fox", "kind": "text", "text": "a fox", "title": "Fox"},
            {"op": "add_node", "id": "p", "kind": "image_generator"},
            {"op": "add_node", "id": "q", "kind": "image_generator"},
            {"op": "connect", "from": ["fox", "text"], "to": ["p", "prompt"]},
        ]),
    );
    let mention = schema::Format { mention: Some("fox".to_owned()), ..Default::default() };
    let bold = schema::Format { bold: true, ..mention.clone() };
    let plain = schema::Format::default();
    let pieces = |parts: &[(&str, &schema::Format)]| -> Vec<schema::Piece> {
        let piece = |(text, format): &(&str, &schema::Format)| schema::Piece {
            text: (*text).to_owned(),
            format: (*format).clone(),
        };
        parts.iter().map(piece).collect()
    };
    let written = pieces(&[
        ("😀 ", &plain),
        ("@F", &mention),
        ("ox", &bold),
        (" and ", &plain),
        ("@Fox", &bold),
    ]);
    for node in ["p", "q"] {
        let text = schema::text_of(&txn, node, "text").unwrap();
        schema::replace_with_pieces(&mut txn, &text, (0, 0), &written);
    }
    let read = |txn: &TransactionMut<'_>, node: &str| {
        schema::read_pieces(txn, &schema::text_of(txn, node, "text").unwrap())
    };
    apply(&mut txn, json!([{"op": "set", "node": "fox", "title": "The hare"}]));
    let renamed =
        [("😀 ", &plain), ("@The hare", &mention), (" and ", &plain), ("@The hare", &bold)];
    assert_eq!(read(&txn, "p"), pieces(&renamed));
    assert_eq!(read(&txn, "q"), written, "it is not connected");
    apply(&mut txn, json!([{"op": "set", "node": "fox", "title": null}]));
    assert_eq!(schema::read_canvas(&txn).nodes["p"].text, "😀 @Text and @Text");
}
