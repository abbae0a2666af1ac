use gesso_protocol::schema::{Connection, NewNode, NodeResult, NodeState};
use proptest::prelude::*;
use serde_json::json;
use yrs::{GetString as _, Text as _};

use super::*;
use crate::core::textdiff;

fn page(client: u32) -> Replica {
    Replica::new(client, "canvas", Arc::new(|| 1))
}

fn node(id: &str, kind: &str) -> NewNode {
    NewNode { id: id.to_owned(), kind: kind.to_owned(), ..NewNode::default() }
}

fn exchange(a: &mut Replica, b: &mut Replica) {
    let (va, vb) = (a.state_vector(), b.state_vector());
    let (da, db) = (a.diff(&vb).expect("a vector"), b.diff(&va).expect("a vector"));
    b.apply(&da).expect("an update");
    a.apply(&db).expect("an update");
}

#[test]
fn the_plain_copy_follows_and_says_what_changed() {
    let mut a = page(1);
    let (_, changes) = a.edit(|txn| {
        schema::add_node(txn, &node("t", "text"));
        schema::add_node(txn, &node("g", "image_generator"));
        schema::connect(
            txn,
            &Connection {
                from: ("t".into(), "text".into()),
                to: ("g".into(), "prompt".into()),
                items_all: false,
            },
        );
    });
    assert_eq!(changes.nodes, BTreeSet::from(["g".to_owned(), "t".to_owned()]));
    assert_eq!(changes.edges.len(), 1);
    assert_eq!(a.edges_by_node()["t"].len(), 1);
    let changes = a.edit_text("t", "text", &Edit { at: 0, delete: 0, insert: "a lamp\n".into() });
    assert_eq!(changes.nodes, BTreeSet::from(["t".to_owned()]));
    assert_eq!(a.canvas().nodes["t"].text, "a lamp");
    assert_eq!(a.text("t", "text").as_deref(), Some("a lamp\n"));
    let (_, changes) = a.edit(|txn| schema::remove_nodes(txn, &["t".to_owned()]));
    assert_eq!(changes.removed[0].text, "a lamp");
    assert!(a.edges_by_node()["g"].is_empty());
    let txn = a.doc.transact();
    assert_eq!(*a.canvas(), schema::read_canvas(&txn));
}

/// A card that only moved is not drawn anew; formats are in no plain copy, and it is drawn all the same.
#[test]
fn a_move_is_told_from_every_other_change() {
    let (mut a, mut b) = (page(1), page(2));
    let (_, changes) = a.edit(|txn| schema::add_node(txn, &node("t", "text")));
    assert!(changes.moved.is_empty() && !changes.is_of_places_alone());
    let (_, changes) = a.edit(|txn| schema::set_pos(txn, "t", [10.0, 10.0]));
    assert!(changes.moved.contains("t") && changes.is_of_places_alone());
    a.edit_text("t", "text", &Edit { at: 0, delete: 0, insert: "a lamp".into() });
    exchange(&mut a, &mut b);
    let bold = |txn: &mut TransactionMut<'_>| {
        let text = schema::text_of(txn, "t", "text").unwrap();
        text.format(txn, 0, 1, [("bold".into(), true.into())].into());
    };
    for edit in [true, false] {
        let (_, changes) = b.edit(|txn| {
            schema::set_pos(txn, "t", [20.0, if edit { 1.0 } else { 2.0 }]);
            if edit {
                bold(txn);
            } else {
                schema::set_node_value(txn, "t", "title", &json!("Lamp"));
            }
        });
        assert!(changes.moved.is_empty() && !changes.is_of_places_alone(), "{changes:?}");
    }
    let both = a.apply(&b.diff(&a.state_vector()).unwrap()).unwrap();
    assert!(both.nodes.contains("t") && both.moved.is_empty());
    let (_, changes) = a.edit(|txn| schema::remove_node(txn, "t"));
    assert!(changes.moved.is_empty());
}

#[test]
fn undo_takes_back_ones_own_step_and_nothing_else() {
    let (mut a, mut b) = (page(1), page(2));
    a.edit(|txn| schema::add_node(txn, &node("n", "image_generator")));
    exchange(&mut a, &mut b);
    a.stop_undo();
    a.edit(|txn| schema::set_pos(txn, "n", [10.0, 10.0]));
    a.stop_undo();
    b.edit(|txn| schema::set_setting(txn, "n", "seed", &json!(4)));
    exchange(&mut a, &mut b);
    // The server's results come from outside, in roots that are not in scope.
    b.edit(|txn| {
        let result = NodeResult { state: NodeState::Completed, ..NodeResult::default() };
        schema::put_result(txn, "n", &result);
    });
    exchange(&mut a, &mut b);
    let changes = a.undo().expect("one step is there");
    assert!(changes.local && changes.nodes.contains("n"));
    let n = &a.canvas().nodes["n"];
    assert_eq!(n.pos, [0.0, 0.0]);
    assert_eq!(n.settings["seed"], json!(4), "somebody else's edit stays");
    assert_eq!(a.canvas().results["n"].state, NodeState::Completed, "results stay");
    a.redo().expect("it can be done again");
    assert_eq!(a.canvas().nodes["n"].pos, [10.0, 10.0]);
    exchange(&mut a, &mut b);
    assert_eq!(a.canvas(), b.canvas());
}

#[test]
fn undo_of_a_deletion_brings_text_and_wires_back() {
    let (mut a, mut b) = (page(1), page(2));
    a.edit(|txn| {
        schema::add_node(txn, &NewNode { text: "fog".into(), ..node("t", "text") });
        schema::add_node(txn, &node("g", "image_generator"));
        schema::connect(
            txn,
            &Connection {
                from: ("t".into(), "text".into()),
                to: ("g".into(), "prompt".into()),
                items_all: false,
            },
        );
    });
    exchange(&mut a, &mut b);
    a.stop_undo();
    a.edit(|txn| schema::remove_nodes(txn, &["t".to_owned()]));
    exchange(&mut a, &mut b);
    assert_eq!(b.canvas().nodes.len(), 1);
    a.undo().expect("one step is there");
    exchange(&mut a, &mut b);
    assert_eq!(b.canvas().nodes["t"].text, "fog");
    assert_eq!(b.canvas().edges.len(), 1);
    assert_eq!(a.canvas(), b.canvas());
}

#[test]
fn a_place_stays_with_its_letter() {
    let (mut a, mut b) = (page(1), page(2));
    a.edit(|txn| schema::add_node(txn, &NewNode { text: "one two".into(), ..node("t", "text") }));
    exchange(&mut a, &mut b);
    let place = a.place("t", "text", 4).expect("the text is there");
    b.edit_text("t", "text", &Edit { at: 0, delete: 0, insert: "😀 ".into() });
    exchange(&mut a, &mut b);
    assert_eq!(a.find_place("t", "text", &place), Some(7));
    assert_eq!(b.find_place("t", "text", &place), Some(7));
}

/// A text with what a text field does not show: embeds, and line ends as on Windows.
fn with_hidden(page: &mut Replica) {
    use yrs::Any;
    page.edit(|txn| {
        schema::add_node(txn, &node("t", "text"));
        let text = schema::text_of(txn, "t", "text").expect("it has a text");
        text.insert(txn, 0, "one\r\ntwo\r\nthree");
        text.insert_embed(txn, 2, Any::from(true));
    });
}

#[test]
fn two_people_typing_around_what_is_not_shown_double_no_words() {
    let (mut a, mut b) = (page(1), page(2));
    with_hidden(&mut a);
    exchange(&mut a, &mut b);
    // As a text field does it: what it shows is compared with what it showed.
    for (who, wanted) in [(&mut a, "one!\ntwo\nthree"), (&mut b, "one\ntwo\nthree?")] {
        let shown = who.text("t", "text").expect("it is there");
        assert_eq!(shown, "one\ntwo\nthree");
        let edit = textdiff::diff(&shown, wanted, None).expect("they differ");
        who.edit_text("t", "text", &edit);
        assert_eq!(who.text("t", "text").as_deref(), Some(wanted));
    }
    exchange(&mut a, &mut b);
    for who in [&a, &b] {
        assert_eq!(who.text("t", "text").as_deref(), Some("one!\ntwo\nthree?"));
        assert_eq!(who.canvas().nodes["t"].text, "one!\ntwo\nthree?");
        let txn = who.doc.transact();
        let text = schema::text_of(&txn, "t", "text").expect("it is there");
        assert_eq!(text.get_string(&txn), "one!\r\ntwo\r\nthree?", "what nobody touched stays");
        assert_eq!(text.len(&txn), 18, "so does the embed");
    }
    b.edit_text("t", "text", &Edit { at: 9, delete: 0, insert: "x\r\ny".into() });
    assert_eq!(b.text("t", "text").as_deref(), Some("one!\ntwo\nx\nythree?"));
}

#[test]
fn a_place_is_found_among_what_is_not_shown() {
    let mut a = page(1);
    with_hidden(&mut a);
    for offset in 0..=13 {
        let place = a.place("t", "text", offset).expect("the text is there");
        assert_eq!(a.find_place("t", "text", &place), Some(offset));
    }
    let place = a.place("t", "text", 8).expect("the text is there");
    a.edit_text("t", "text", &Edit { at: 1, delete: 4, insert: "😀".into() });
    assert_eq!(a.text("t", "text").as_deref(), Some("o😀wo\nthree"));
    assert_eq!(a.find_place("t", "text", &place), Some(6));
}

#[test]
fn what_cannot_be_read_is_known_until_it_is_gone() {
    use gesso_protocol::values::json_to_any;
    use yrs::{Map as _, WriteTxn as _};
    let (mut a, mut b) = (page(1), page(2));
    a.edit(|txn| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.insert(txn, "p", json_to_any(&json!({"kind": "text", "pos": [3, 4]})));
        nodes.insert(txn, "Bad Id", 1);
        txn.get_or_insert_map("edges").insert(txn, "odd", 1);
    });
    exchange(&mut a, &mut b);
    for who in [&a, &b] {
        assert_eq!(who.canvas().nodes["p"].kind, schema::UNREADABLE);
        assert_eq!(who.canvas().nodes["p"].pos, [3.0, 4.0]);
        assert_eq!(*who.canvas(), schema::read_canvas(&who.doc.transact()));
        assert_eq!((who.canvas().odd_nodes.len(), who.canvas().odd_edges.len()), (1, 1));
    }
    b.edit(|txn| {
        schema::remove_nodes(txn, &["p".to_owned(), "Bad Id".to_owned()]);
        schema::disconnect(txn, "odd");
    });
    exchange(&mut a, &mut b);
    assert_eq!(*a.canvas(), Canvas::default());
    assert_eq!(a.canvas(), b.canvas());
}

#[test]
fn garbage_is_refused_and_changes_nothing() {
    let mut a = page(1);
    a.edit(|txn| schema::add_node(txn, &node("t", "text")));
    let before = a.encode();
    assert!(a.apply(&[1, 2, 3, 250, 250]).is_err());
    assert_eq!(a.encode(), before);
}

proptest! {
    /// Two people type in one prompt; each field's edits come from comparing values, as in the browser.
    #[test]
    fn two_people_typing_converge(
        turns in prop::collection::vec((any::<bool>(), "[ab 😀é\n]{0,10}", 0u32..10, any::<bool>()), 1..24)
    ) {
        let (mut a, mut b) = (page(1), page(2));
        a.edit(|txn| schema::add_node(txn, &NewNode { text: "start".into(), ..node("t", "text") }));
        exchange(&mut a, &mut b);
        for (first, wanted, caret, sync) in turns {
            let who = if first { &mut a } else { &mut b };
            let before = who.text("t", "text").expect("the text is there");
            if let Some(edit) = textdiff::diff(&before, &wanted, Some(caret)) {
                who.edit_text("t", "text", &edit);
            }
            prop_assert_eq!(who.text("t", "text"), Some(wanted));
            if sync {
                exchange(&mut a, &mut b);
            }
        }
        exchange(&mut a, &mut b);
        prop_assert_eq!(a.text("t", "text"), b.text("t", "text"));
        // Taking everything back ends in one and the same text too.
        while a.undo().is_some() {}
        while b.undo().is_some() {}
        exchange(&mut a, &mut b);
        prop_assert_eq!(a.canvas(), b.canvas());
    }
}
