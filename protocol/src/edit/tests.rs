use serde_json::json;
use yrs::Transact as _;

use super::*;

fn run(edits: Value) -> Result<(Canvas, Vec<Option<String>>), Refusal> {
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
    let checked = check(&schema::read_canvas(&txn), &edits, &assets, &mut fresh)?;
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
