//! Every byte of small logs is damaged, and rows are lost, cut off, emptied and mixed up.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use gesso_protocol::ids::CanvasId;
use yrs::updates::decoder::Decode as _;
use yrs::{Doc, Map as _, MapPrelim, ReadTxn as _, StateVector, Transact as _, Update};

use super::*;

static CANVAS: LazyLock<CanvasId> = LazyLock::new(|| CanvasId::new("canvas"));
/// Writers that know nothing of each other, and what each adds, in this order.
const HISTORY: [(u64, &str); 9] = [
    (301_111, "ada-one"),
    (502_222, "bob-one"),
    (301_111, "ada-two"),
    (703_333, "cleo-one"),
    (502_222, "bob-two"),
    (703_333, "cleo-two"),
    (301_111, "ada-three"),
    (502_222, "bob-three"),
    (703_333, "cleo-three"),
];

fn updates() -> Vec<Vec<u8>> {
    let mut docs: BTreeMap<u64, Doc> = BTreeMap::new();
    let write = |(client, name): &(u64, &str)| {
        let doc =
            docs.entry(*client).or_insert_with(|| gesso_protocol::doc::open(*client as u32, ""));
        let nodes = doc.get_or_insert_map("nodes");
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        let node = nodes.insert(&mut txn, *name, MapPrelim::from([("title", *name)]));
        // What is written over is deleted: every update has a delete set too.
        node.insert(&mut txn, "title", format!("{name}, changed"));
        node.insert(&mut txn, "x", 1.5);
        drop(txn);
        doc.transact().encode_diff_v1(&before)
    };
    HISTORY.iter().map(write).collect()
}

fn row(seq: i64, data: &[u8], is_signed: bool) -> LogRow {
    let checksum = is_signed.then(|| checksum::of(&CANVAS, seq, data));
    LogRow { seq, data: Some(data.to_vec()), checksum }
}

/// The history as rows, the first `compacted` of them as a snapshot.
fn log(compacted: usize, is_signed: bool) -> StoredLog {
    let updates = updates();
    let doc = gesso_protocol::doc::open(1, "");
    for update in &updates[..compacted] {
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }
    let state = doc.transact().encode_diff_v1(&StateVector::default());
    let rest = updates.iter().enumerate().skip(compacted);
    StoredLog {
        snapshot: (compacted > 0).then(|| LogRow {
            checksum: is_signed.then(|| checksum::of_state(&CANVAS, compacted as i64, &state)),
            ..row(compacted as i64, &state, false)
        }),
        rows: rest.map(|(at, update)| row(at as i64 + 1, update, is_signed)).collect(),
        waiting: Vec::new(),
        clients: Vec::new(),
    }
}

fn names(snapshot: &[u8]) -> BTreeSet<String> {
    let core = fresh(&[Bytes::copy_from_slice(snapshot)]).expect("what was put together opens");
    core.read(|txn| {
        let nodes = txn.get_map("nodes");
        nodes.map(|nodes| nodes.keys(txn).map(str::to_owned).collect()).unwrap_or_default()
    })
}

fn all_but(lost: impl Fn(usize) -> bool) -> BTreeSet<String> {
    let kept = HISTORY.iter().enumerate().filter(|(at, _)| !lost(*at));
    kept.map(|(_, (_, name))| (*name).to_owned()).collect()
}

/// The rows that are lost with a row: it, and those its writer wrote after it.
fn lost_with(row: usize) -> impl Fn(usize) -> bool {
    move |at| at >= row && HISTORY[at].0 == HISTORY[row].0
}

fn data(row: &mut LogRow) -> &mut Vec<u8> {
    row.data.as_mut().unwrap()
}

fn reasons(mend: &Mend) -> Vec<(i64, DamageReason)> {
    mend.aside.iter().map(|item| (item.seq, item.reason)).collect()
}

#[test]
fn a_sound_log_is_left_alone() {
    for (compacted, is_signed) in [(0, true), (6, true), (0, false), (6, false), (9, true)] {
        let log = log(compacted, is_signed);
        assert!(is_sound(&CANVAS, &log));
        assert_eq!(examine(&CANVAS, &log), []);
        let mend = mend(&CANVAS, &log);
        assert_eq!((mend.seq, &mend.aside), (9, &Vec::new()));
        assert_eq!(names(&mend.snapshot), all_but(|_| false));
    }
}

#[test]
fn a_single_wrong_byte_is_put_right() {
    for compacted in [0, 6] {
        let sound = log(compacted, true);
        for damaged in 0..sound.rows.len() + usize::from(compacted > 0) {
            let find = |log: &StoredLog| -> LogRow {
                log.rows.iter().chain(&log.snapshot).nth(damaged).unwrap().clone()
            };
            for at in (damaged % 3..find(&sound).data.unwrap().len()).step_by(3) {
                let mut log = sound.clone();
                data(log.rows.iter_mut().chain(&mut log.snapshot).nth(damaged).unwrap())[at] ^=
                    0x41;
                assert!(!is_sound(&CANVAS, &log));
                let mend = mend(&CANVAS, &log);
                assert_eq!(names(&mend.snapshot), all_but(|_| false), "row {damaged}, byte {at}");
                let row = find(&log);
                assert_eq!(reasons(&mend), [(row.seq, DamageReason::Repaired)]);
                assert_eq!(Some(&mend.aside[0].data), row.data.as_ref());
            }
        }
    }
}

/// Changes a byte and one beside it.
fn spoil(data: &mut [u8], at: usize, bit: u8) {
    let beside = if at ^ 1 < data.len() { at ^ 1 } else { at - 1 };
    data[at] ^= bit;
    data[beside] ^= 0x10;
}

#[test]
fn wrong_bytes_of_a_row_lose_that_row_and_what_builds_on_it() {
    for (damaged, _) in HISTORY.iter().enumerate() {
        let sound = log(0, true);
        for at in (damaged % 4..sound.rows[damaged].data.as_ref().unwrap().len()).step_by(4) {
            for bit in [1, 0x80] {
                let mut log = sound.clone();
                spoil(data(&mut log.rows[damaged]), at, bit);
                let mend = mend(&CANVAS, &log);
                assert_eq!(
                    names(&mend.snapshot),
                    all_but(lost_with(damaged)),
                    "row {damaged}, byte {at}"
                );
                let mut due: Vec<_> = (damaged + 1..HISTORY.len())
                    .filter(|later| HISTORY[*later].0 == HISTORY[damaged].0)
                    .map(|later| (later as i64 + 1, DamageReason::BuildsOnLost))
                    .collect();
                due.insert(0, (damaged as i64 + 1, DamageReason::Altered));
                assert_eq!(reasons(&mend), due);
                assert_eq!(Some(&mend.aside[0].data), log.rows[damaged].data.as_ref());
                assert_eq!(mend.seq, 9);
            }
        }
    }
}

#[test]
fn any_flipped_byte_of_a_row_without_a_checksum_takes_nothing_from_others() {
    for (damaged, _) in HISTORY.iter().enumerate() {
        let sound = log(0, false);
        let bytes = sound.rows[damaged].data.clone().unwrap();
        let deletions = Scan::read(&bytes).unwrap().sections[0].bytes.end;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut log = sound.clone();
                data(&mut log.rows[damaged])[at] ^= 1 << bit;
                let mend = mend(&CANVAS, &log);
                let found = names(&mend.snapshot);
                // A deletion that was changed where nothing tells so deletes what its writer made.
                let is_own = |row: usize| at >= deletions && HISTORY[row].0 == HISTORY[damaged].0;
                let expected = all_but(|row| lost_with(damaged)(row) || is_own(row));
                assert!(found.is_superset(&expected), "{damaged} {at} {bit}: {found:?}");
                let now = log.rows[damaged].data.as_ref();
                let is_kept = mend.aside.iter().any(|item| Some(&item.data) == now);
                assert!(is_kept || Scan::read(now.unwrap()).is_ok());
            }
        }
    }
}

#[test]
fn wrong_bytes_of_a_snapshot_leave_the_writers_beside_them_whole() {
    /// Bytes that are checked together in a small snapshot.
    const PIECE: usize = 16;
    for is_signed in [true, false] {
        let sound = log(6, is_signed);
        let bytes = sound.snapshot.clone().unwrap().data.unwrap();
        let scan = Scan::read(&bytes).unwrap();
        let (mut whole, mut doubtful) = (0, 0);
        for at in 0..bytes.len() - 1 {
            for bit in [0, 1, 3, 7] {
                let mut log = sound.clone();
                let snapshot = data(log.snapshot.as_mut().unwrap());
                if is_signed {
                    spoil(snapshot, at, 1 << bit);
                } else {
                    snapshot[at] ^= 1 << bit;
                }
                let mend = mend(&CANVAS, &log);
                let found = names(&mend.snapshot);
                let piece = if is_signed {
                    at / PIECE * PIECE..(at / PIECE + 1) * PIECE
                } else {
                    at..at + 1
                };
                let mut begin = 0;
                let mut touched = BTreeSet::new();
                for section in &scan.sections {
                    // Where nothing tells which byte is wrong, it may hide where the next writer's begin.
                    let is_behind = !is_signed && !touched.is_empty();
                    if is_behind || piece.start < section.bytes.end && begin < piece.end {
                        touched.insert(section.client);
                    }
                    begin = section.bytes.end;
                }
                let lost = |row: usize| touched.contains(&HISTORY[row].0);
                // A deletion that was changed where nothing tells so deletes.
                let is_deletion = !is_signed && touched.is_empty();
                assert!(
                    is_deletion || found.is_superset(&all_but(lost)),
                    "byte {at}, bit {bit}: {found:?}"
                );
                whole += usize::from(found == all_but(|_| false));
                doubtful += usize::from(reasons(&mend).contains(&(6, DamageReason::Doubtful)));
                let kept = mend
                    .aside
                    .iter()
                    .any(|item| Some(&item.data) == log.snapshot.as_ref().unwrap().data.as_ref());
                assert!(kept || !is_signed, "byte {at}, bit {bit}: {:?}", reasons(&mend));
            }
        }
        // Much is content: then all is there, and said to be doubtful.
        assert!(whole > bytes.len() / 2, "{whole} of {}", bytes.len() * 4);
        assert_eq!(doubtful > 0, is_signed);
    }
}

#[test]
fn a_snapshot_that_ends_too_early_is_opened_as_far_as_it_goes() {
    let sound = log(6, true);
    let bytes = sound.snapshot.clone().unwrap().data.unwrap();
    let mut counts = Vec::new();
    for len in 0..bytes.len() {
        let mut log = sound.clone();
        data(log.snapshot.as_mut().unwrap()).truncate(len);
        let mend = mend(&CANVAS, &log);
        counts.push(names(&mend.snapshot).len());
        assert_eq!(mend.aside[0].data, bytes[..len]);
    }
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(counts.last(), Some(&HISTORY.len()), "only the deletions are cut off");
}

#[test]
fn rows_that_are_lost_cut_off_or_emptied_are_told_and_the_rest_is_opened() {
    for is_signed in [true, false] {
        for damaged in 0..HISTORY.len() - 1 {
            let all = log(0, is_signed);
            let mut removed = all.clone();
            removed.rows.remove(damaged);
            let mut zeros = all.clone();
            data(&mut zeros.rows[damaged]).fill(0);
            let mut short_zeros = all.clone();
            *data(&mut short_zeros.rows[damaged]) = vec![0, 0];
            let mut empty = all.clone();
            data(&mut empty.rows[damaged]).clear();
            let mut cut = all.clone();
            let half = data(&mut cut.rows[damaged]).len() / 2;
            data(&mut cut.rows[damaged]).truncate(half);
            let mut unread = all.clone();
            unread.rows[damaged].data = None;
            for log in [removed, zeros, short_zeros, empty, cut, unread] {
                let mend = mend(&CANVAS, &log);
                assert_eq!(names(&mend.snapshot), all_but(lost_with(damaged)), "row {damaged}");
                let told = mend.aside.iter().find(|item| item.seq == damaged as i64 + 1).unwrap();
                assert_ne!(told.reason, DamageReason::BuildsOnLost);
                assert_eq!((told.rows, mend.seq), (1, 9));
            }
        }
    }
}

#[test]
fn a_missing_stretch_is_one_entry() {
    let mut log = log(0, true);
    log.rows.drain(1..8);
    let mend = mend(&CANVAS, &log);
    assert_eq!(reasons(&mend)[0], (2, DamageReason::Missing));
    assert_eq!(mend.aside[0].rows, 7);
    assert_eq!(names(&mend.snapshot), BTreeSet::from(["ada-one".to_owned()]));
}

#[test]
fn rows_that_changed_places_are_put_back() {
    for (one, other) in [(0, 2), (1, 8), (3, 4)] {
        let mut with_checksums = log(0, true);
        let (a, b) = (with_checksums.rows[one].clone(), with_checksums.rows[other].clone());
        with_checksums.rows[one] = LogRow { seq: a.seq, ..b.clone() };
        with_checksums.rows[other] = LogRow { seq: b.seq, ..a.clone() };
        let mut without = log(0, true);
        without.rows[one].data = b.data;
        without.rows[other].data = a.data;
        let mut unsigned = without.clone();
        unsigned.rows.iter_mut().for_each(|row| row.checksum = None);
        for log in [with_checksums, without, unsigned] {
            let mend = mend(&CANVAS, &log);
            assert_eq!(names(&mend.snapshot), all_but(|_| false));
            assert_eq!(mend.aside, []);
        }
    }
}

#[test]
fn a_row_that_was_written_over_another_is_known() {
    let mut log = log(0, true);
    let copy = log.rows[2].clone();
    log.rows[5] = LogRow { seq: log.rows[5].seq, ..copy };
    let mend = mend(&CANVAS, &log);
    assert_eq!(names(&mend.snapshot), all_but(lost_with(5)));
    assert_eq!(reasons(&mend)[0], (6, DamageReason::Missing));
}

#[test]
fn a_row_of_another_canvas_is_not_taken() {
    let mut log = log(0, true);
    let bytes = log.rows[4].data.clone().unwrap();
    log.rows[4].checksum = Some(checksum::of(&CanvasId::new("another"), 5, &bytes));
    let mend = mend(&CANVAS, &log);
    assert_eq!(reasons(&mend)[0], (5, DamageReason::Altered));
}

#[test]
fn damaged_places_and_checksums_lose_nothing() {
    let mut far = log(0, true);
    far.rows[8].seq = i64::MAX;
    let mut snapshot = log(6, true);
    snapshot.snapshot.as_mut().unwrap().seq = i64::MAX - 1;
    let mut negative = log(0, false);
    negative.rows[0].seq = -4;
    let mut sums = log(6, true);
    for (at, row) in sums.rows.iter_mut().chain(&mut sums.snapshot).enumerate() {
        row.checksum.as_mut().unwrap()[at * 4] ^= 4;
    }
    for mut log in [far, snapshot, negative, sums] {
        log.rows.sort_by_key(|row| row.seq);
        let mend = mend(&CANVAS, &log);
        assert_eq!(names(&mend.snapshot), all_but(|_| false));
        assert!((8..=9).contains(&mend.seq), "{}", mend.seq);
        assert!(mend.aside.iter().all(|item| item.data.is_empty()), "{:?}", reasons(&mend));
    }
}
