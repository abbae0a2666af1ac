use super::*;
use crate::wire::guard::order::{Fit, fit};
use proptest::prelude::*;
use yrs::types::ToJson as _;
use yrs::updates::decoder::Decode as _;
use yrs::{
    ClientID, Doc, GetString as _, Map as _, MapPrelim, ReadTxn as _, Snapshot, StateVector,
    Text as _, TextPrelim, Transact as _, Update, WriteTxn as _,
};

#[derive(Debug, Clone)]
enum Step {
    Node(u8, u8),
    Write(u8, u16, String),
    Erase(u8, u16, u16),
    Remove(u8, u8),
    Meet(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..3u8;
    let step = prop_oneof![
        (who.clone(), 0..5u8).prop_map(|(who, node)| Step::Node(who, node)),
        (who.clone(), any::<u16>(), "[a-z\u{e9}]{1,12}")
            .prop_map(|(who, at, s)| Step::Write(who, at, s)),
        (who.clone(), any::<u16>(), any::<u16>())
            .prop_map(|(who, at, len)| Step::Erase(who, at, len)),
        (who.clone(), 0..5u8).prop_map(|(who, node)| Step::Remove(who, node)),
        (who.clone(), who).prop_map(|(from, to)| Step::Meet(from, to)),
    ];
    prop::collection::vec(step, 1..60)
}

fn state(doc: &Doc, since: &StateVector) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(since)
}

fn give(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
}

/// Returns a document's content: its values, and which elements it holds and has deleted. Two documents of the same
/// content may be encoded differently: which neighbours yrs joins to one struct depends on what it applied at once.
fn said(doc: &Doc) -> (yrs::Any, Snapshot) {
    let txn = doc.transact();
    (doc.to_json(&txn), txn.snapshot())
}

fn take(docs: &[Doc], step: &Step) {
    let doc = |who: u8| &docs[who as usize];
    match step {
        Step::Node(who, node) => {
            let mut txn = doc(*who).transact_mut();
            let nodes = txn.get_or_insert_map("nodes");
            let made = nodes.insert(
                &mut txn,
                format!("n{node}"),
                MapPrelim::from([("x", i32::from(*node))]),
            );
            made.insert(&mut txn, "text", TextPrelim::new("begin"));
        }
        Step::Write(who, at, text) => {
            let mut txn = doc(*who).transact_mut();
            let root = txn.get_or_insert_text("text");
            let at = u32::from(*at) % (root.get_string(&txn).chars().count() as u32 + 1);
            let at =
                root.get_string(&txn).chars().take(at as usize).map(|c| c.len_utf8() as u32).sum();
            root.insert(&mut txn, at, text);
        }
        Step::Erase(who, at, len) => {
            let mut txn = doc(*who).transact_mut();
            let root = txn.get_or_insert_text("text");
            let text = root.get_string(&txn);
            let bounds: Vec<u32> =
                text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect();
            let from = usize::from(*at) % bounds.len();
            let to = (from + usize::from(*len) % 8).min(bounds.len() - 1);
            root.remove_range(&mut txn, bounds[from], bounds[to] - bounds[from]);
        }
        Step::Remove(who, node) => {
            let mut txn = doc(*who).transact_mut();
            let nodes = txn.get_or_insert_map("nodes");
            nodes.remove(&mut txn, &format!("n{node}"));
        }
        Step::Meet(from, to) => {
            let held = doc(*to).transact().state_vector();
            let update = state(doc(*from), &held);
            if from != to {
                give(doc(*to), &update);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_parts_say_what_the_whole_says(steps in steps(), most in 16..200usize, early in 0..60usize) {
        let docs: Vec<Doc> = (1..4).map(Doc::with_client_id).collect();
        let reader = || {
            let doc = Doc::with_client_id(9);
            doc.get_or_insert_map("nodes");
            doc.get_or_insert_text("text");
            doc
        };
        let (parted, whole) = (reader(), reader());
        for (at, step) in steps.iter().enumerate() {
            take(&docs, step);
            if at == early {
                let update = state(&docs[0], &StateVector::default());
                give(&parted, &update);
                give(&whole, &update);
            }
        }
        let update = state(&docs[0], &parted.transact().state_vector());
        let Some(cut) = cut_to(&update, most).unwrap() else { return Ok(()) };
        let held = parted.transact().state_vector();
        for Need { client, clock } in &cut.needs {
            prop_assert!(held.get(&ClientID::new(*client)) >= *clock);
        }
        for part in &cut.parts {
            let scan = Scan::read(part).unwrap();
            let held = parted.transact().state_vector();
            let fits = fit(&scan, |client| held.get(&ClientID::new(client))).unwrap();
            prop_assert!(matches!(fits, Fit::Whole(_)), "{fits:?}");
            give(&parted, part);
        }
        give(&whole, &update);
        prop_assert_eq!(said(&parted), said(&whole));
        // What others wrote at the same time finds its place among the same elements.
        for other in &docs[1..] {
            let theirs = state(other, &StateVector::default());
            give(&parted, &theirs);
            give(&whole, &theirs);
            prop_assert_eq!(said(&parted), said(&whole));
        }
    }
}

#[test]
fn what_has_to_be_held_is_said() {
    let doc = Doc::with_client_id(5);
    let text = doc.get_or_insert_text("text");
    text.push(&mut doc.transact_mut(), "held ");
    let held = doc.transact().state_vector();
    text.push(&mut doc.transact_mut(), &"new ".repeat(40));
    let update = state(&doc, &held);
    let cut = cut_to(&update, 16).unwrap().unwrap();
    assert_eq!(cut.needs, [Need { client: 5, clock: 5 }]);
}

#[test]
fn nodes_are_counted_and_a_short_update_is_left_whole() {
    let doc = Doc::with_client_id(5);
    let nodes = doc.get_or_insert_map("nodes");
    for at in 0..20 {
        nodes.insert(&mut doc.transact_mut(), format!("n{at}"), MapPrelim::default());
    }
    let update = state(&doc, &StateVector::default());
    assert_eq!(cut(&update), Ok(None));
    let cut = cut_to(&update, 64).unwrap().unwrap();
    assert_eq!(cut.nodes.len(), 20);
    assert!(cut.parts.len() > 2 && cut.parts.iter().all(|part| part.len() < 100), "{cut:?}");
}

#[test]
fn an_update_with_a_hole_is_left_whole() {
    // Client 1: a value, a hole of three, a value.
    let mut update = vec![1, 3, 1, 0];
    update.extend([8, 1, 1, b'y', 1, 126]);
    update.extend([10, 3]);
    update.extend([8, 1, 1, b'y', 1, 126]);
    update.push(0);
    assert_eq!(cut_to(&update, 4), Ok(None));
}
