use super::*;
use std::collections::BTreeMap;
use yrs::updates::decoder::Decode as _;
use yrs::{
    Doc, GetString as _, Map as _, ReadTxn as _, StateVector, Text as _, Transact as _, Update,
};

fn held(doc: &Doc) -> BTreeMap<u64, u32> {
    let vector = doc.transact().state_vector();
    vector.iter().map(|(client, clock)| (client.get(), *clock)).collect()
}

fn split(update: &[u8], doc: &Doc) -> Split {
    let held = held(doc);
    Salvage::of_update(update).unwrap().split(|client| held.get(&client).copied().unwrap_or(0))
}

fn apply(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    assert!(!doc.transact().has_missing_updates());
}

/// A writer, and its updates one by one.
fn writes(client: u32, from: Option<&Doc>, keys: &[&str]) -> (Doc, Vec<Vec<u8>>) {
    let doc = crate::doc::open(client, "");
    if let Some(from) = from {
        apply(&doc, &from.transact().encode_diff_v1(&StateVector::default()));
    }
    let map = doc.get_or_insert_map("nodes");
    let text = doc.get_or_insert_text("text");
    let write = |key: &&str| {
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        map.insert(&mut txn, *key, "a value");
        text.insert(&mut txn, 0, key);
        drop(txn);
        doc.transact().encode_diff_v1(&before)
    };
    let updates = keys.iter().map(write).collect();
    (doc, updates)
}

#[test]
fn what_builds_on_nothing_lost_fits_and_the_rest_waits() {
    let (ada, first) = writes(11, None, &["one", "two"]);
    let (bob, second) = writes(22, Some(&ada), &["three"]);
    let whole = bob.transact().encode_diff_v1(&StateVector::default());
    let empty = crate::doc::open(1, "");
    let all = split(&whole, &empty);
    assert_eq!((all.rest, all.waits), (None, vec![]));
    let replica = crate::doc::open(2, "");
    apply(&replica, &all.fits.unwrap());
    assert_eq!(
        replica.transact().encode_diff_v1(&StateVector::default()),
        bob.transact().encode_diff_v1(&StateVector::default())
    );
    // Ada's second update is lost: Bob's key stands alone, his text was put before hers.
    apply(&empty, &first[0]);
    let parts = split(&second[0], &empty);
    assert_eq!(parts.waits, [(11, 1 + 3 + 1)]);
    let waits = parts.rest.unwrap();
    apply(&empty, &parts.fits.unwrap());
    let map = empty.get_or_insert_map("nodes");
    assert!(map.contains_key(&empty.transact(), "three"));
    // It comes back.
    apply(&empty, &first[1]);
    let back = split(&waits, &empty);
    assert_eq!(back.rest, None);
    apply(&empty, &back.fits.unwrap());
    let text = empty.get_or_insert_text("text");
    assert_eq!(text.get_string(&empty.transact()), "threetwoone");
}

#[test]
fn deletions_wait_for_what_they_delete() {
    let (ada, first) = writes(11, None, &["one", "two"]);
    let before = ada.transact().state_vector();
    let text = ada.get_or_insert_text("text");
    text.remove_range(&mut ada.transact_mut(), 0, 6);
    let deletion = ada.transact().encode_diff_v1(&before);
    let replica = crate::doc::open(2, "");
    apply(&replica, &first[0]);
    let parts = split(&deletion, &replica);
    apply(&replica, &parts.fits.unwrap());
    let there = replica.get_or_insert_text("text");
    assert_eq!(there.get_string(&replica.transact()), "");
    apply(&replica, &first[1]);
    assert_eq!(there.get_string(&replica.transact()), "two");
    apply(&replica, &split(&parts.rest.unwrap(), &replica).fits.unwrap());
    assert_eq!(there.get_string(&replica.transact()), "");
}

#[test]
fn whatever_stands_in_the_bytes_reading_ends_and_what_is_read_is_an_update() {
    let (ada, _) = writes(11, None, &["one", "two"]);
    let (bob, _) = writes(22, Some(&ada), &["three", "four"]);
    let state = bob.transact().encode_diff_v1(&StateVector::default());
    let mut salvaged = 0;
    for at in 0..state.len() {
        for value in 0..=255 {
            let mut bytes = state.clone();
            bytes[at] = value;
            let salvage = Salvage::of_state(&bytes, |_| true);
            let parts = salvage.split(|_| 0);
            if let Some(fits) = &parts.fits {
                let scan = Scan::read(fits).unwrap();
                let fit = crate::wire::guard::order::fit(&scan, |_| 0);
                assert!(
                    matches!(fit, Ok(crate::wire::guard::order::Fit::Whole(_))),
                    "{at} {value}: {fit:?}"
                );
                salvaged += usize::from(!salvage.is_whole());
            }
            if let Some(rest) = &parts.rest {
                Scan::read(rest).unwrap();
            }
        }
    }
    assert!(salvaged > state.len(), "{salvaged}");
}

#[test]
fn noise_is_nothing() {
    for len in 0..64 {
        for byte in [0, 1, 7, 0x7f, 0x80, 0xff] {
            let bytes = vec![byte; len];
            let split = Salvage::of_state(&bytes, |_| true).split(|_| 0);
            assert!(split.fits.is_none_or(|fits| Scan::read(&fits).is_ok()));
        }
    }
}
