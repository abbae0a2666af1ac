use proptest::prelude::*;
use serde_json::{Value, json};
use yrs::updates::decoder::Decode as _;
use yrs::{
    Any, Array as _, ArrayPrelim, Doc, GetString as _, Map as _, MapPrelim, MapRef, Out,
    ReadTxn as _, StateVector, Text as _, TextPrelim, Transact as _, Update, WriteTxn as _,
    XmlElementPrelim, XmlFragment as _, XmlTextPrelim,
};

use super::*;
use crate::graph::Graph;
use crate::values::json_to_any;

fn node(id: &str, kind: &str) -> NewNode {
    NewNode { id: id.to_owned(), kind: kind.to_owned(), ..NewNode::default() }
}

fn replica(client: u32, of: &Doc) -> Doc {
    let doc = crate::doc::open(client, "test");
    exchange(of, &doc);
    doc
}

fn exchange(from: &Doc, to: &Doc) {
    let update = from.transact().encode_state_as_update_v1(&StateVector::default());
    let update = Update::decode_v1(&update).expect("an update of ours");
    to.transact_mut().apply_update(update).expect("it applies");
}

#[test]
fn what_is_written_is_read() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    let list = NewNode {
        items: vec![
            NewItem { id: "b".into(), content: ItemContent::Text("first".into()) },
            NewItem { id: "a".into(), content: ItemContent::Text("second".into()) },
        ],
        settings: vec![("count".into(), json!(2))],
        title: Some("Shots".into()),
        pos: [1.5, -2.0],
        ..node("l", "list")
    };
    add_node(&mut txn, &list);
    add_node(&mut txn, &NewNode { text: "a fox\n".into(), ..node("g", "image_generator") });
    let read = read_canvas(&txn);
    assert_eq!(read.nodes["l"].items.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(read.nodes["l"].pos, [1.5, -2.0]);
    assert_eq!(read.nodes["l"].settings["count"], json!(2));
    assert_eq!(read.nodes["g"].text, "a fox", "trailing newlines do not count");
    assert!(read.nodes["g"].z > read.nodes["l"].z, "the newer one is on top");
    let text = text_of(&txn, "g", "text").unwrap();
    splice_text(&mut txn, &text, "a 🦊 fox");
    assert_eq!(read_node(&txn, "g").unwrap().text, "a 🦊 fox");
}

#[test]
fn a_deleted_node_takes_its_edges_along() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    add_node(&mut txn, &node("a", "image_upscaler"));
    add_node(&mut txn, &node("b", "image_upscaler"));
    let ends = |a: &str, b: &str| Connection {
        from: (a.into(), "image".into()),
        to: (b.into(), "image".into()),
        items_all: false,
    };
    assert_eq!(connect(&mut txn, &ends("a", "b")).as_deref(), Some("b:image"));
    remove_nodes(&mut txn, &["a".to_owned()]);
    assert!(read_canvas(&txn).edges.is_empty());
}

#[test]
fn missing_types_are_added_once() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    let nodes = txn.get_or_insert_map("nodes");
    nodes.insert(&mut txn, "g", MapPrelim::from([("kind", "image_generator"), ("text", "plain")]));
    assert!(repair(&mut txn, "g"));
    assert!(!repair(&mut txn, "g"));
    assert_eq!(read_node(&txn, "g").unwrap().text, "plain", "what was there is kept");
    assert!(text_of(&txn, "g", "negative").is_some());
    let bare = nodes.insert(&mut txn, "bare", MapPrelim::default());
    assert!(!repair(&mut txn, "bare"), "its kind may still come, with parts of its own");
    bare.insert(&mut txn, "kind", "list");
    bare.insert(&mut txn, "settings", json_to_any(&json!({"batch": "pair_shortest"})));
    bare.insert(
        &mut txn,
        "items",
        json_to_any(&json!({"a": {"z": "V", "text": "one\r\ntwo"}, "b": 1})),
    );
    assert!(repair(&mut txn, "bare"));
    assert!(!repair(&mut txn, "bare"));
    let read = read_node(&txn, "bare").unwrap();
    assert_eq!(read.settings["batch"], "pair_shortest");
    assert_eq!(read.items[0].content, ItemContent::Text("one\ntwo".into()));
    assert!(text_of(&txn, "bare", "items/a").is_some(), "it can be typed in");
}

#[test]
fn only_what_differs_from_the_truth_is_rewritten() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    add_node(&mut txn, &node("g", "image_generator"));
    let made = Generation { id: "g1".into(), run: "r".into(), ..Generation::default() };
    let run = RunInfo { id: "r".into(), number: 1, ..RunInfo::default() };
    let truth = Outcome {
        results: [("g".to_owned(), NodeResult::default())].into(),
        generations: [("g".to_owned(), vec![made])].into(),
        runs: [("r".to_owned(), run)].into(),
        ..Outcome::default()
    };
    assert_eq!(truth.lay(&mut txn), 3);
    assert_eq!(truth.lay(&mut txn), 0);
    let results = txn.get_or_insert_map("results");
    let result: MapRef = results.get(&txn, "g").unwrap().cast().unwrap();
    result.insert(&mut txn, "state", "completed");
    results.insert(&mut txn, "forged", MapPrelim::from([("state", "completed")]));
    assert_eq!(truth.lay(&mut txn), 2);
    assert_eq!(read_canvas(&txn).results, truth.results);
}

#[test]
fn the_newest_runs_are_kept_of_those_that_have_ended() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    let run =
        |n: i64, status| RunInfo { id: format!("r{n}"), number: n, status, ..RunInfo::default() };
    for n in 1..=25 {
        put_run(&mut txn, &run(n, RunStatus::Running));
    }
    assert_eq!(read_canvas(&txn).runs.len(), 25, "all that go on");
    for n in 1..=25 {
        put_run(&mut txn, &run(n, RunStatus::Succeeded));
    }
    let runs = read_canvas(&txn).runs;
    assert_eq!(runs.len(), RUNS_KEPT);
    assert!(runs.values().all(|run| run.number > 5), "{runs:?}");
}

#[test]
fn generations_are_kept_while_something_names_them() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    add_node(&mut txn, &node("g", "image_generator"));
    set_output(&mut txn, "g", "", Some((json!({"generation": "g1"}), Some("g59"))));
    for n in 0..60 {
        let made = Generation { id: format!("g{n}"), ..Generation::default() };
        put_generations(&mut txn, "g", &[made.clone(), made]);
    }
    let kept = read_generations(&txn, "g");
    assert_eq!(kept.len(), GENERATIONS_KEPT + 1);
    assert_eq!((kept[0].id.as_str(), kept[1].id.as_str()), ("g1", "g10"));
    let made = |n: u32| Generation { id: format!("g{n}"), ..Generation::default() };
    let shown = [("g".to_owned(), [1].into_iter().chain(10..60).map(made).collect())].into();
    let truth = Outcome { generations: shown, ..Outcome::default() };
    assert_eq!(truth.lay(&mut txn), 0, "it stands there already");
}

/// What was read before the newest write brings what lasts and takes nothing back.
#[test]
fn what_lasts_is_added_before_what_is_newer() {
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    for id in ["g", "busy", "again"] {
        add_node(&mut txn, &node(id, "image_generator"));
    }
    let made = |id: &str| Generation { id: id.into(), ..Generation::default() };
    let result =
        |state| NodeResult { state, kind: Some("image_generator".into()), ..NodeResult::default() };
    put_result(&mut txn, "again", &result(NodeState::Running));
    put_generations(&mut txn, "g", &[made("g3")]);
    let read = Outcome {
        results: [
            ("g".to_owned(), result(NodeState::Completed)),
            ("busy".to_owned(), result(NodeState::Running)),
            ("again".to_owned(), result(NodeState::Completed)),
            ("gone".to_owned(), result(NodeState::Completed)),
        ]
        .into(),
        generations: [("g".to_owned(), ["g0", "g1", "g2"].map(made).into())].into(),
        kinds: [("g0".to_owned(), "svg_generator".to_owned())].into(),
        ..Outcome::default()
    };
    read.add_lasting(&mut txn);
    let ids: Vec<String> = read_generations(&txn, "g").into_iter().map(|made| made.id).collect();
    assert_eq!(ids, ["g1", "g2", "g3"]);
    let results = read_canvas(&txn).results;
    assert_eq!(results["g"].state, NodeState::Completed);
    assert_eq!(results["again"].state, NodeState::Running, "it was started since");
    assert_eq!(results.len(), 2, "{results:?}");
    assert_eq!(read.absent_nodes(&txn), ["gone".to_owned()].into());
}

/// Anything a foreign writer may put under a key.
fn any_value() -> impl Strategy<Value = Any> {
    let plain = prop_oneof![
        Just(Any::Null),
        Just(Any::Undefined),
        any::<bool>().prop_map(Any::from),
        any::<f64>().prop_map(Any::from),
        "[a-z:]{0,6}".prop_map(Any::from),
        Just(Any::from(vec![0_u8, 255])),
    ];
    plain.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| Any::Array(items.into())),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Any::Map(std::sync::Arc::new(map.into_iter().collect()))),
        ]
    })
}

const KEYS: [&str; 16] = [
    "kind",
    "pos",
    "size",
    "settings",
    "text",
    "items",
    "asset",
    "output",
    "from_node",
    "to_node",
    "from_port",
    "to_port",
    "state",
    "status",
    "name",
    "z",
];

proptest! {
    /// Reading, materializing and repairing are total, whatever a document holds.
    #[test]
    fn any_document_can_be_read(
        writes in proptest::collection::vec(
            (0_usize..7, "[a-c]{1,2}", 0_usize..16, any_value(), 0_u8..5),
            0..40,
        )
    ) {
        let doc = crate::doc::open(1, "test");
        let mut txn = doc.transact_mut();
        let roots = [crate::doc::PEOPLE_ROOTS.as_slice(), &crate::doc::SERVER_ROOTS].concat();
        for (root, id, key, value, shape) in writes {
            let map = txn.get_or_insert_map(roots[root]);
            let entry = match map.get(&txn, &id).and_then(|out| out.cast::<MapRef>().ok()) {
                Some(entry) => entry,
                None if shape == 0 => {
                    map.insert(&mut txn, id.as_str(), value);
                    continue;
                }
                None => map.insert(&mut txn, id.as_str(), MapPrelim::from([("kind", "list")])),
            };
            match shape {
                1 => { entry.insert(&mut txn, KEYS[key], TextPrelim::new("words")); }
                2 => { entry.insert(&mut txn, KEYS[key], MapPrelim::from([("a", value)])); }
                3 => {
                    let array = entry.insert(&mut txn, KEYS[key], ArrayPrelim::default());
                    array.push_back(&mut txn, value);
                }
                _ => { entry.insert(&mut txn, KEYS[key], value); }
            }
        }
        let canvas = read_canvas(&txn);
        let graph = Graph::materialize(&canvas);
        for id in canvas.nodes.keys() {
            let port = graph.spec(id).and_then(|spec| spec.outputs.first()).map_or("", |o| o.name);
            crate::graph::flow(&canvas, id, port, true);
            repair(&mut txn, id);
        }
        Outcome::default().lay(&mut txn);
        prop_assert!(read_canvas(&txn).results.is_empty());
    }

    /// An input that takes one connection is one key, so two people wiring it at once leave one edge.
    #[test]
    fn two_people_wiring_one_input_leave_one_edge(first in 2_u32..1000, second in 1000_u32..2000) {
        let base = crate::doc::open(1, "test");
        {
            let mut txn = base.transact_mut();
            for id in ["a", "b"] { add_node(&mut txn, &node(id, "image_generator")); }
            add_node(&mut txn, &node("u", "image_upscaler"));
        }
        let (one, two) = (replica(first, &base), replica(second, &base));
        for (doc, from) in [(&one, "a"), (&two, "b")] {
            let ends = Connection {
                from: (from.into(), "image".into()),
                to: ("u".into(), "image".into()),
                items_all: false,
            };
            connect(&mut doc.transact_mut(), &ends);
        }
        exchange(&one, &two);
        exchange(&two, &one);
        let (left, right) = (read_canvas(&one.transact()), read_canvas(&two.transact()));
        prop_assert_eq!(&left.edges, &right.edges);
        prop_assert_eq!(left.edges.len(), 1);
        let graph = Graph::materialize(&left);
        prop_assert_eq!(graph.sources("u", "image").count(), 1);
        prop_assert!(graph.problems().is_empty());
    }
}

/// Everything a canvas may hold that people wrote.
fn full() -> Doc {
    use yrs::{Text as _, XmlFragmentPrelim};
    let doc = crate::doc::open(1, "test");
    let mut txn = doc.transact_mut();
    add_node(&mut txn, &NewNode { text: "hello world\nline".into(), ..node("t", "text") });
    let list = vec![NewItem { id: "i1".into(), content: ItemContent::Text("one".into()) }];
    add_node(&mut txn, &NewNode { items: list, ..node("l", "list") });
    add_node(&mut txn, &node("g", "image_generator"));
    connect(
        &mut txn,
        &Connection {
            from: ("t".into(), "text".into()),
            to: ("g".into(), "prompt".into()),
            items_all: true,
        },
    );
    let edges = txn.get_or_insert_map("edges");
    let edge: MapRef = edges.get(&txn, "g:prompt:t:text").unwrap().cast().unwrap();
    edge.insert(&mut txn, "x-edge", 1);
    edges.insert(&mut txn, "plain", Any::from(7));
    let text = text_of(&txn, "t", "text").unwrap();
    text.format(&mut txn, 0, 5, [("bold".into(), true.into())].into());
    text.format(&mut txn, 6, 5, [("link".into(), "https://a.b".into())].into());
    text.format(&mut txn, 11, 1, [("block".into(), "h1".into())].into());
    text.insert_embed(&mut txn, 3, Any::from(vec![Any::from("picture")]));
    let _: MapRef = text.insert_embed(&mut txn, 5, MapPrelim::from([("in", "text")]));
    let item = text_of(&txn, "l", "items/i1").unwrap();
    item.format(&mut txn, 0, 3, [("italic".into(), true.into())].into());
    let map = node_map(&txn, "t").unwrap();
    map.insert(&mut txn, "x-note", Any::from(vec![Any::Null, Any::from(vec![1_u8, 2])]));
    let inner = map.insert(&mut txn, "x-types", MapPrelim::default());
    inner.insert(&mut txn, "list", ArrayPrelim::from([1, 2]));
    inner.insert(&mut txn, "text", TextPrelim::new("deep"));
    inner.insert(&mut txn, "xml", XmlFragmentPrelim::default());
    set_star(&mut txn, "g", "g1", true);
    let nodes = txn.get_or_insert_map("nodes");
    nodes.insert(&mut txn, "plain", json_to_any(&json!({"kind": "text", "pos": [1, 2]})));
    let future = nodes.insert(&mut txn, "f", MapPrelim::from([("kind", "future_kind")]));
    future.insert(
        &mut txn,
        "payload",
        MapPrelim::from([("deep", json_to_any(&json!([1, {"a": null}])))]),
    );
    let comments = txn.get_or_insert_map("comments");
    let thread = comments.insert(&mut txn, "c1", MapPrelim::from([("pos", vec![1, 2])]));
    thread.insert(&mut txn, "messages", ArrayPrelim::from([json_to_any(&json!({"text": "hi"}))]));
    let meta = txn.get_or_insert_map("meta");
    meta.insert(&mut txn, "name", "Old");
    meta.insert(&mut txn, "x-meta", "kept");
    txn.get_or_insert_map("flow").insert(&mut txn, "in", json_to_any(&json!({"role": "input"})));
    let made = Generation { id: "g1".into(), ..Generation::default() };
    put_generations(&mut txn, "g", &[made]);
    let asset = json!({"asset": {"id": "pic", "type": "image", "mime": "image/png"}});
    set_output(&mut txn, "g", "", Some((asset.clone(), Some("g1"))));
    set_output(&mut txn, "g", "l=a", Some((asset, Some("g1"))));
    set_output(&mut txn, "g", "l=b", Some((json!({"generation": "g1"}), Some("g1"))));
    drop(txn);
    doc
}

#[test]
fn a_copy_keeps_all_that_people_wrote() {
    let doc = full();
    let copied = copy_canvas(&doc.transact());
    let copy = crate::doc::open(2, "test");
    copied.paste(&mut copy.transact_mut());
    let (old, new) = (doc.transact(), copy.transact());
    for root in ["nodes", "edges", "comments", "flow"] {
        let of = |map: MapRef, id: &str, txn: &yrs::Transaction<'_>| {
            let out = map.get(txn, id)?;
            let mut content = Content::read(txn, &out)?;
            content.choose_again(|_, _| None);
            Some(content)
        };
        let (left, right) = (old.get_map(root).unwrap(), new.get_map(root).unwrap());
        assert_eq!(left.len(&old), right.len(&new), "{root}");
        for id in left.keys(&old) {
            assert_eq!(of(left.clone(), id, &old), of(right.clone(), id, &new), "{root} {id}");
        }
    }
    let meta = new.get_map("meta").unwrap();
    assert_eq!(meta.keys(&new).collect::<Vec<_>>(), ["x-meta"]);
    let read = read_canvas(&new);
    assert!(read.generations.is_empty() && read.results.is_empty());
    let outputs = &read.nodes["g"].output;
    assert_eq!(outputs[""].after, None, "what counted counts in the copy");
    assert_eq!(outputs["l=a"].after.as_deref(), Some("g1"), "what did not, does not");
    assert_eq!(outputs["l=b"].chosen, Chosen::Generation("g1".into()));
    let shown = crate::graph::flow(&read, "g", "image", false);
    assert!(matches!(&shown[0].content, ItemContent::Asset(asset) if asset.id == "pic"));
}

#[test]
fn a_copy_holds_what_stands_in_roots_without_keys() {
    // As it arrives in a room: nobody says what type a root is.
    let written = crate::doc::open(1, "");
    {
        let mut txn = written.transact_mut();
        let list = txn.get_or_insert_array("x-list");
        list.push_back(&mut txn, 1);
        list.push_back(&mut txn, json_to_any(&json!({"a": [2]})));
        list.push_back(&mut txn, MapPrelim::from([("k", "v")]));
        list.push_back(&mut txn, "words");
        let text = txn.get_or_insert_text("x-text");
        text.insert(&mut txn, 0, "hello");
        text.format(&mut txn, 0, 2, [("bold".into(), true.into())].into());
        let page = txn.get_or_insert_xml_fragment("x-page");
        page.push_back(&mut txn, XmlElementPrelim::empty("p"));
        page.push_back(&mut txn, XmlTextPrelim::new("end"));
    }
    let arrived = crate::doc::open(2, "");
    let state = written.transact().encode_state_as_update_v1(&StateVector::default());
    arrived.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let copy = crate::doc::open(3, "");
    copy_canvas(&arrived.transact()).paste(&mut copy.transact_mut());
    let txn = copy.transact();
    let list = Content::read(&txn, &Out::YArray(txn.get_array("x-list").unwrap())).unwrap();
    let wanted =
        json!({"list": [{"v": 1}, {"v": {"a": [2]}}, {"map": {"k": {"v": "v"}}}, {"v": "words"}]});
    assert_eq!(list.to_json().unwrap(), wanted);
    let text = Content::read(&txn, &Out::YText(txn.get_text("x-text").unwrap())).unwrap();
    let wanted = json!({"text": [[{"v": "he"}, {"bold": true}], [{"v": "llo"}, {}]]});
    assert_eq!(text.to_json().unwrap(), wanted);
    let page = txn.get_xml_fragment("x-page").unwrap();
    assert_eq!(page.get_string(&txn), "<p></p>end");
}

#[test]
fn content_travels_as_json_within_what_a_room_takes() {
    let doc = full();
    let txn = doc.transact();
    let nodes = txn.get_map("nodes").unwrap();
    for id in ["t", "l", "g", "f", "plain"] {
        let content = Content::read(&txn, &nodes.get(&txn, id).unwrap()).unwrap();
        let json = content.to_json().unwrap();
        let read = Content::parse(&json).unwrap();
        assert_eq!(read.to_json().unwrap(), json, "{id}");
        if id != "t" {
            assert_eq!(read, content, "{id}: all but bytes and XML is plain");
        }
    }
    let deep = |wrap: fn(Value) -> Value, levels: usize, last: Value| {
        Content::parse(&(0..levels).fold(last, |inner, _| wrap(inner)))
    };
    let map = |inner: Value| json!({"map": {"k": inner}});
    assert!(deep(map, 8, json!({"v": 1})).is_some());
    assert!(deep(map, 9, json!({"v": 1})).is_none(), "types are at most eight deep");
    let array = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(Content::parse(&json!({"v": array(32)})).is_some());
    assert!(Content::parse(&json!({"v": array(33)})).is_none(), "values are at most 32 deep");
    for odd in [json!(1), json!({}), json!({"map": []}), json!({"text": [[1]]}), json!({"who": 1})]
    {
        assert!(Content::parse(&odd).is_none(), "{odd}");
    }
}

proptest! {
    /// Entries come where they are put, whatever keys the others have: those of two writers may be equal.
    #[test]
    fn entries_of_a_list_come_where_they_are_put(
        keys in prop::collection::vec("[0a]{0,2}", 0..6),
        steps in prop::collection::vec((any::<bool>(), 0..8usize, 0..8usize, 1..3usize), 1..8),
    ) {
        let doc = crate::doc::open(1, "test");
        let mut txn = doc.transact_mut();
        let new = |id: String| NewItem { id, content: ItemContent::Text(String::new()) };
        let items = (0..keys.len()).map(|n| new(format!("i{n}"))).collect();
        add_node(&mut txn, &NewNode { items, ..node("l", "list") });
        let map: MapRef = repair::node_part(&mut txn, "l", "items").unwrap();
        for (n, key) in keys.iter().enumerate() {
            let item = map.get(&txn, &format!("i{n}")).unwrap().cast::<MapRef>().unwrap();
            item.insert(&mut txn, "z", key.as_str());
        }
        let order = |txn: &yrs::TransactionMut<'_>| -> Vec<String> {
            read_node(txn, "l").unwrap().items.into_iter().map(|item| item.id).collect()
        };
        let mut wanted = order(&txn);
        for (step, (is_new, at, which, count)) in steps.into_iter().enumerate() {
            if is_new || wanted.is_empty() {
                let ids: Vec<String> = (0..count).map(|n| format!("s{step}-{n}")).collect();
                let items: Vec<NewItem> = ids.iter().cloned().map(new).collect();
                insert_items(&mut txn, "l", at, &items);
                let at = at.min(wanted.len());
                wanted.splice(at..at, ids);
            } else {
                let id = wanted.remove(which % wanted.len());
                move_item(&mut txn, "l", &id, at);
                wanted.insert(at.min(wanted.len()), id);
            }
            prop_assert_eq!(order(&txn), wanted.clone());
        }
    }
}
