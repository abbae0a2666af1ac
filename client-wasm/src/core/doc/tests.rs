use gesso_protocol::schema::{Connection, NewNode, NodeResult, NodeState};
use proptest::prelude::*;
use serde_json::json;

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
    assert_eq!(a.edges_at("t").count(), 1);
    let changes = a.edit_text("t", "text", &Edit { at: 0, delete: 0, insert: "a lamp\n".into() });
    assert_eq!(changes.nodes, BTreeSet::from(["t".to_owned()]));
    assert_eq!(a.canvas().nodes["t"].text, "a lamp");
    assert_eq!(a.text("t", "text").as_deref(), Some("a lamp\n"));
    let (_, changes) = a.edit(|txn| schema::remove_nodes(txn, &["t".to_owned()]));
    assert_eq!(changes.removed[0].text, "a lamp");
    assert_eq!(a.edges_at("g").count(), 0);
    let txn = a.doc.transact();
    assert_eq!(*a.canvas(), schema::read_canvas(&txn));
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
    assert_eq!(a.find_place(&place), Some(7));
    assert_eq!(b.find_place(&place), Some(7));
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
