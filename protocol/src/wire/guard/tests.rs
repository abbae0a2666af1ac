use super::order::{Fit, Need, fit};
use super::places::{Held, Inside, Place, Placed, Rules, places};
use super::*;
use crate::wire::merge::merge;
use crate::wire::read::{write_buf, write_var};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{
    Any, Array as _, ArrayPrelim, Doc, GetString as _, Map as _, MapPrelim, OffsetKind, Options,
    ReadTxn as _, StateVector, Text as _, TextPrelim, Transact as _, Update, WriteTxn as _,
};

fn doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(yrs::ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    Doc::with_options(options)
}

fn state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

/// One struct by client 1 at clock 0 in the root map `r`, key `k`, with this content.
fn item(info: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![1, 1, 1, 0, info | 0b0010_0000, 1, 1, b'r', 1, b'k'];
    out.extend_from_slice(content);
    out.push(0);
    out
}

fn nested_any(depth: usize) -> Vec<u8> {
    let mut content = vec![1];
    for _ in 0..depth {
        content.extend([117, 1]);
    }
    content.push(126);
    content
}

#[test]
fn values_nest_up_to_32() {
    let fine = item(8, &nested_any(32));
    assert!(Scan::read(&fine).is_ok());
    assert!(Update::decode_v1(&fine).is_ok());
    assert_eq!(Scan::read(&item(8, &nested_any(33))), Err(GuardError::ValueTooDeep));
    assert_eq!(Scan::read(&item(8, &nested_any(100_000))), Err(GuardError::ValueTooDeep));
    let mut json = Vec::new();
    write_buf(&mut json, format!("{}{}", "[".repeat(40), "]".repeat(40)).as_bytes());
    assert_eq!(Scan::read(&item(5, &json)), Err(GuardError::ValueTooDeep));
}

#[test]
fn lengths_that_are_not_there_are_refused() {
    for content in [
        &[0xff, 0xff, 0xff, 0xff, 0x0f][..],
        &[1, 117, 0xff, 0xff, 0xff, 0x7f],
        &[1, 118, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[1, 119, 200],
    ] {
        assert!(Scan::read(&item(8, content)).is_err());
    }
    assert!(Scan::read(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
    assert!(read_state_vector(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
    assert_eq!(Scan::read(&item(4, &[2, 0xc3, 0x28])), Err(GuardError::Malformed(ReadError::Utf8)));
}

#[test]
fn what_the_two_libraries_read_differently_is_refused() {
    // Legacy JSON content, weak links, subdocument and undefined type references, flags on a GC.
    assert_eq!(Scan::read(&item(2, &[1, 1, b'1'])), Err(GuardError::UnknownContent));
    for type_ref in [5, 7, 9, 15] {
        assert_eq!(Scan::read(&item(7, &[type_ref])), Err(GuardError::UnknownContent));
    }
    assert_eq!(Scan::read(&[1, 1, 1, 0, 0x20, 1, 0]), Err(GuardError::UnknownContent));
    assert_eq!(Scan::read(&[1, 1, 1, 0, 0, 0, 0]), Err(GuardError::Empty));
    assert_eq!(Scan::read(&[2, 1, 1, 0, 0, 1, 1, 1, 5, 0, 1, 0]), Err(GuardError::RepeatedClient));
    assert!(
        Scan::read(&[1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 1, 0]).is_err(),
        "a clock above 31 bits"
    );
}

#[test]
fn a_formatting_under_a_key_is_refused() {
    let keyed = item(6, &[4, b'b', b'o', b'l', b'd', 4, b't', b'r', b'u', b'e']);
    assert_eq!(placed(&keyed), Err(GuardError::UnknownContent));
    // The same where the key is only inherited from the neighbour.
    let mut inherited = vec![1, 2, 1, 0, 8 | 0x20, 1, 1, b'r', 1, b'k', 1, 126, 6 | 0x80, 1, 0];
    inherited.extend([1, b'b', 4, b't', b'r', b'u', b'e', 0]);
    assert_eq!(placed(&inherited), Err(GuardError::UnknownContent));
}

/// A replica that holds nothing.
struct Nothing;
impl Held for Nothing {
    fn clock(&self, _: u64) -> u32 {
        0
    }
    fn place(&self, _: Id) -> Option<Place> {
        None
    }
    fn inside(&self, _: Id) -> Inside {
        Inside::Gone
    }
    fn is_deleted(&self, _: Id) -> bool {
        false
    }
    fn hash(&self, name: &str) -> u32 {
        name.bytes().fold(7u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) | 1
    }
}

/// Where the elements of an update go that builds on nothing.
fn placed(bytes: &[u8]) -> Result<Vec<Placed>, GuardError> {
    let scan = Scan::read(bytes)?;
    match fit(&scan, |_| 0)? {
        Fit::Whole(order) => places(&scan, &order, &Nothing, Rules::Apply),
        Fit::Gap(need) => panic!("a gap: {need:?}"),
    }
}

fn is_whole(fit: Result<Fit, GuardError>) -> bool {
    matches!(fit, Ok(Fit::Whole(_)))
}

fn gap(client: u64, clock: u32) -> Result<Fit, GuardError> {
    Ok(Fit::Gap(Need { client, clock }))
}

/// Maps in maps, all in one update, as one replica writes them.
fn nested_maps(depth: u32) -> Vec<u8> {
    let mut out = Vec::new();
    write_var(&mut out, 1);
    write_var(&mut out, u64::from(depth));
    out.extend([1, 0]);
    for level in 0..depth {
        out.push(7 | 0b0010_0000);
        if level == 0 {
            out.extend([1, 1, b'r']);
        } else {
            out.extend([0, 1]);
            write_var(&mut out, u64::from(level - 1));
        }
        out.extend([1, b'k', 1]);
    }
    out.push(0);
    out
}

#[test]
fn types_nest_up_to_8() {
    let fine = nested_maps(8);
    // The eighth is in the seventh.
    assert_eq!(placed(&fine).unwrap().last().unwrap().place.unwrap().depth, 7);
    for depth in [9, 10_000] {
        assert_eq!(placed(&nested_maps(depth)), Err(GuardError::TypeTooDeep));
    }
}

#[test]
fn gaps_are_seen_in_clocks_origins_and_deletions() {
    let first = doc(1);
    let text = first.get_or_insert_text("t");
    text.insert(&mut first.transact_mut(), 0, "hello");
    let before = first.transact().state_vector();
    text.insert(&mut first.transact_mut(), 5, " world");
    let later = first.transact().encode_state_as_update_v1(&before);
    let scan = Scan::read(&later).unwrap();
    assert_eq!(fit(&scan, |_| 0), gap(1, 5));
    assert!(is_whole(fit(&scan, |_| 5)));

    let second = doc(2);
    second.transact_mut().apply_update(Update::decode_v1(&state(&first)).unwrap()).unwrap();
    let before = second.transact().state_vector();
    second.get_or_insert_text("t").insert(&mut second.transact_mut(), 3, "X");
    let foreign = second.transact().encode_state_as_update_v1(&before);
    let scan = Scan::read(&foreign).unwrap();
    assert_eq!(fit(&scan, |client| if client == 1 { 3 } else { 0 }), gap(1, 4));
    assert!(is_whole(fit(&scan, |client| if client == 1 { 11 } else { 0 })));

    let deletion = Scan::read(&[0, 1, 9, 1, 0, 1]).unwrap();
    assert_eq!(fit(&deletion, |_| 0), gap(9, 1));
    assert!(is_whole(fit(&deletion, |_| 1)));
}

#[test]
fn an_update_of_many_clients_waiting_for_each_other_is_walked_quickly() {
    // Client n has one item whose origin is client n + 1: yrs takes the highest first, so all is in order.
    // The other way round, each waits for the one below.
    let clients = 3_000u64;
    let mut out = Vec::new();
    write_var(&mut out, clients);
    for client in (1..=clients).rev() {
        out.push(1);
        write_var(&mut out, client);
        out.push(0);
        if client == 1 {
            out.extend([4, 1, 1, b't', 1, b'a']);
        } else {
            out.push(4 | 0b1000_0000);
            write_var(&mut out, client - 1);
            out.extend([0, 1, b'a']);
        }
    }
    out.push(0);
    let scan = Scan::read(&out).unwrap();
    assert_eq!(fit(&scan, |_| 0), Err(GuardError::Entangled));
}

/// One random edit: what kind, where, how much.
type Edit = (u8, u8, u8);

fn edit(doc: &Doc, (kind, at, amount): Edit) {
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("text");
    let map = txn.get_or_insert_map("map");
    let array = txn.get_or_insert_array("array");
    let key = format!("k{}", at % 5);
    match kind % 9 {
        0 => {
            let index = u32::from(at) % (text.len(&txn) + 1);
            text.insert(&mut txn, index, "aé文b");
        }
        1 => {
            let len = text.len(&txn);
            if len > 0 {
                let index = u32::from(at) % len;
                text.remove_range(&mut txn, index, u32::from(amount).min(len - index).max(1));
            }
        }
        2 => drop(map.insert(&mut txn, key, i64::from(amount))),
        3 => drop(map.insert(
            &mut txn,
            key,
            MapPrelim::from([("in", Any::from(vec![Any::Null, Any::from(1.5)]))]),
        )),
        4 => drop(map.remove(&mut txn, &key)),
        5 => drop(array.push_back(&mut txn, ArrayPrelim::from(["x", "y"]))),
        6 => {
            let len = array.len(&txn);
            if len > 0 {
                array.remove(&mut txn, u32::from(at) % len);
            }
        }
        7 => drop(map.insert(&mut txn, key, TextPrelim::new("in🙂ner"))),
        _ => {
            let len = text.len(&txn);
            let attrs = [("bold".into(), Any::Bool(amount % 2 == 0))].into_iter().collect();
            if len > 1 {
                text.format(&mut txn, 0, len / 2, attrs);
            }
        }
    }
}

fn edits() -> impl Strategy<Value = Vec<(u8, Edit)>> {
    proptest::collection::vec((0u8..3, any::<Edit>()), 1..40)
}

/// Applies edits to three replicas that now and then take over each other's state; returns every update.
fn play(edits: &[(u8, Edit)]) -> (Vec<Doc>, Vec<Vec<u8>>) {
    let docs: Vec<Doc> = (1..=3).map(doc).collect();
    let mut updates = Vec::new();
    for (at, (who, what)) in edits.iter().enumerate() {
        let doc = &docs[usize::from(*who)];
        let before = doc.transact().state_vector();
        edit(doc, *what);
        updates.push(doc.transact().encode_state_as_update_v1(&before));
        if at % 4 == 3 {
            let other = &docs[usize::from(who + 1) % 3];
            let missing =
                doc.transact().encode_state_as_update_v1(&other.transact().state_vector());
            other.transact_mut().apply_update(Update::decode_v1(&missing).unwrap()).unwrap();
            updates.push(missing);
        }
    }
    (docs, updates)
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(scan) = Scan::read(&bytes) {
            prop_assert!(scan.len() + scan.deletions.len() <= bytes.len());
            if let Ok(Fit::Whole(order)) = fit(&scan, |_| 0) {
                drop(places(&scan, &order, &Nothing, Rules::Apply));
            }
            prop_assert!(Update::decode_v1(&bytes).is_ok());
        }
        drop(read_state_vector(&bytes));
    }

    #[test]
    fn every_update_of_yrs_passes_with_its_ranges(edits in edits()) {
        let (_, updates) = play(&edits);
        for bytes in &updates {
            let scan = Scan::read(bytes).unwrap();
            let update = Update::decode_v1(bytes).unwrap();
            let lower: BTreeMap<u64, u32> =
                update.state_vector_lower().iter().map(|(client, clock)| (client.get(), *clock)).collect();
            let found: BTreeMap<u64, u32> = scan.sections.iter().map(|s| (s.client, s.start)).collect();
            prop_assert_eq!(found, lower);
            for section in &scan.sections {
                let ranges = update.insertions(true);
                let end = ranges.get(&yrs::ClientID::new(section.client)).map(|ranges| {
                    ranges.iter().map(|(range, ())| range.end).max().unwrap_or_default()
                });
                prop_assert_eq!(Some(section.end), end);
            }
            let mut deleted: Vec<Deletion> = Vec::new();
            for (client, ranges) in update.delete_set().iter() {
                deleted.extend(ranges.iter().map(|range| Deletion {
                    client: client.get(), start: range.start, end: range.end,
                }));
            }
            deleted.sort_unstable();
            let mut ours = scan.deletions.clone();
            ours.sort_unstable();
            prop_assert_eq!(ours, deleted);
        }
    }

    #[test]
    fn whole_means_that_yrs_keeps_nothing_pending(edits in edits(), order in any::<u64>()) {
        let (_, mut updates) = play(&edits);
        // Shuffle a little: some updates now come before what they build on.
        let len = updates.len();
        for at in 0..len / 3 {
            updates.swap(at, (order as usize).wrapping_mul(at + 7) % len);
        }
        let replica = doc(77);
        for bytes in &updates {
            let scan = Scan::read(bytes).unwrap();
            let held = replica.transact().state_vector();
            let fits = fit(&scan, |client| held.get(&yrs::ClientID::new(client))).unwrap();
            if matches!(fits, Fit::Whole(_)) {
                replica.transact_mut().apply_update(Update::decode_v1(bytes).unwrap()).unwrap();
                prop_assert!(!replica.transact().has_missing_updates());
            }
        }
    }

    #[test]
    fn flipped_bits_never_get_past_the_guard_into_a_panic(edits in edits(), at: usize, bit in 0u8..8) {
        let (docs, updates) = play(&edits);
        let mut bytes = updates.last().unwrap().clone();
        if !bytes.is_empty() {
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
        }
        if let Ok(scan) = Scan::read(&bytes) {
            let replica = doc(99);
            replica.transact_mut().apply_update(Update::decode_v1(&state(&docs[0])).unwrap()).unwrap();
            let held = replica.transact().state_vector();
            if is_whole(fit(&scan, |client| held.get(&yrs::ClientID::new(client))))
                && let Ok(update) = Update::decode_v1(&bytes)
            {
                drop(replica.transact_mut().apply_update(update));
            }
        }
    }

    #[test]
    fn merged_updates_say_the_same(edits in edits()) {
        let source = doc(5);
        let mut updates: Vec<Vec<u8>> = Vec::new();
        for (_, what) in &edits {
            let mut txn = source.transact_mut();
            txn.get_or_insert_text("text");
            drop(txn);
            let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let sink = std::sync::Arc::clone(&seen);
            source.observe_update_v1("test", move |_, event| sink.lock().unwrap().push(event.update.clone())).unwrap();
            edit(&source, *what);
            updates.append(&mut seen.lock().unwrap());
        }
        let parts: Vec<&[u8]> = updates.iter().map(Vec::as_slice).collect();
        let merged = merge(&parts).unwrap();
        Scan::read(&merged).unwrap();
        let replica = doc(6);
        replica.transact_mut().apply_update(Update::decode_v1(&merged).unwrap()).unwrap();
        let (a, b) = (source.transact(), replica.transact());
        prop_assert_eq!(a.state_vector().encode_v1(), b.state_vector().encode_v1());
        let text = |txn: &yrs::Transaction<'_>| txn.get_text("text").map(|text| text.get_string(txn)).unwrap_or_default();
        prop_assert_eq!(text(&a), text(&b));
    }
}

/// Returns the content of a replica of [`play`], however its text is cut into items.
fn said(doc: &Doc) -> String {
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("text");
    let (map, array) = (txn.get_or_insert_map("map"), txn.get_or_insert_array("array"));
    // Without its formats: each of these replicas takes away those it finds to be of no effect.
    let text = text.get_string(&txn);
    let keys: BTreeMap<String, String> =
        map.iter(&txn).map(|(key, value)| (key.to_owned(), value.to_string(&txn))).collect();
    let values: Vec<String> = array.iter(&txn).map(|value| value.to_string(&txn)).collect();
    let vector: BTreeMap<u64, u32> =
        txn.state_vector().iter().map(|(client, clock)| (client.get(), *clock)).collect();
    format!("{text} {keys:?} {values:?} {vector:?}")
}

/// Cuts an update that builds on nothing into pieces of at most so many structs.
fn cut(bytes: &[u8], most: usize) -> Vec<Vec<u8>> {
    struct Light;
    impl pieces::Weigh for Light {
        fn span(&self, _: Id) -> u64 {
            0
        }
    }
    let scan = Scan::read(bytes).unwrap();
    let order = order::order(&scan, |_| 0).unwrap();
    let placed = places(&scan, &order, &Nothing, Rules::Trust).unwrap();
    let deleted = places::Deleted::of(&scan.deletions);
    let mut pieces = pieces::Pieces::new(&scan, &order, &placed, deleted.ranges());
    std::iter::from_fn(|| pieces.next(most, &Light)).map(|piece| piece.bytes).collect()
}

proptest! {
    #[test]
    fn pieces_say_what_the_whole_says(edits in edits(), most in 1usize..9) {
        let (docs, _) = play(&edits);
        for source in &docs {
            let whole = state(source);
            let replica = doc(78);
            for piece in cut(&whole, most) {
                let scan = Scan::read(&piece).unwrap();
                prop_assert!(scan.len() + scan.deletions.len() <= most);
                replica.transact_mut().apply_update(Update::decode_v1(&piece).unwrap()).unwrap();
                prop_assert!(!replica.transact().has_missing_updates());
            }
            prop_assert_eq!(said(&replica), said(source));
        }
    }
}

#[test]
fn deleting_every_second_letter_copies_little() {
    // What splitting one long text copies: at each end of a deletion, everything behind it in its item.
    let letters = 200_000;
    let deletions: Vec<Deletion> =
        (0..letters / 2).map(|at| Deletion { client: 7, start: 2 * at, end: 2 * at + 1 }).collect();
    let scan = Scan::read(&[0, 0]).unwrap();
    let mut pieces = pieces::Pieces::new(&scan, &[], &[], &deletions);
    let mut ends = BTreeSet::from([0, letters]);
    let (mut copied, mut deleted) = (0, BTreeSet::new());
    struct Items<'e>(&'e BTreeSet<u32>);
    impl pieces::Weigh for Items<'_> {
        fn span(&self, id: Id) -> u64 {
            let begin = self.0.range(..=id.clock).next_back().unwrap();
            u64::from(self.0.range(id.clock + 1..).next().unwrap() - begin - 1)
        }
    }
    while let Some(piece) = {
        let items = Items(&ends);
        pieces.next(4_096, &items)
    } {
        for Deletion { start, end, .. } in Scan::read(&piece.bytes).unwrap().deletions {
            for split in [start, end] {
                if !ends.contains(&split) {
                    copied += ends.range(split..).next().unwrap() - split;
                    ends.insert(split);
                }
            }
            assert!(deleted.insert(start));
        }
    }
    assert_eq!(deleted.len(), deletions.len());
    // From left to right it is 10,000,000,000.
    assert!(copied < 1_000 * letters, "{copied}");
}

#[test]
fn neighbouring_collected_structs_are_one() {
    // A million of one element each: in memory and in the document they are one.
    let count = 1_000_000u32;
    let mut out = vec![1];
    write_var(&mut out, u64::from(count));
    out.extend([7, 0]);
    for _ in 0..count {
        out.extend([0, 1]);
    }
    out.push(0);
    let scan = Scan::read(&out).unwrap();
    assert_eq!((scan.len(), scan.sections[0].end, scan.sections[0].written), (1, count, 1_000_000));
    let pieces = cut(&out, 4_096);
    assert_eq!(pieces.len(), 1);
    assert!(pieces[0].len() < 16, "{} bytes", pieces[0].len());
}

#[test]
fn an_update_of_the_shortest_structs_is_refused_before_it_fills_the_memory() {
    // Values of four bytes each, one beside the other.
    let count = 1_000_000u32;
    let mut out = vec![1];
    write_var(&mut out, u64::from(count));
    out.extend([7, 0, 1, 1, 1, b'a', 1]);
    for _ in 1..count {
        out.extend([0x81, 7, 0, 1]);
    }
    out.push(0);
    assert_eq!(Scan::read(&out), Err(GuardError::TooFine));
}

#[test]
fn sections_are_found_in_whatever_order_they_were_written() {
    for clients in [[7, 5, 3], [3, 5, 7], [5, 7, 3]] {
        let mut update = vec![3];
        clients.iter().for_each(|client| update.extend([1, *client, 0, 8, 1, 1, b'y', 1, 126]));
        update.push(0);
        let scan = Scan::read(&update).unwrap();
        for client in 0..10 {
            let found = scan.section(client).map(|section| section.client);
            assert_eq!(found, clients.contains(&(client as u8)).then_some(client), "{clients:?}");
        }
    }
}
