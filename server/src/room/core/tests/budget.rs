//! The costs one writer may cause: work, memory, and what waits.

use super::*;
use std::cell::Cell;

thread_local! {
    static READINGS: Cell<u64> = const { Cell::new(0) };
}
/// Time that the clock below says passes between two looks at it, in us.
const READING_US: u64 = 1_000;

/// A CPU clock that counts how often it is looked at.
fn counting() -> u64 {
    READINGS.set(READINGS.get() + 1);
    READINGS.get() * READING_US
}

fn world(limits: RoomLimits) -> World {
    let mut world = World::with(limits, no_repair);
    READINGS.set(0);
    world.core.meter = counting;
    world
}

/// `count` values of client 50 in a root sequence, each one beside the one before it: behind it with [`AFTER`], before it
/// with [`BEFORE`], where none can be joined with its neighbour.
fn values(count: u32, side: u8) -> Vec<u8> {
    let mut out = vec![1];
    write_var(&mut out, u64::from(count));
    out.extend([50, 0]);
    for at in 0..count {
        if at == 0 {
            out.extend([8, 1, 1, b'y', 1, 126]);
        } else {
            out.extend([8 | side, 50]);
            write_var(&mut out, u64::from(at - 1));
            out.extend([1, 126]);
        }
    }
    out.push(0);
    out
}

/// An item says what is before it.
const AFTER: u8 = 0x80;
/// An item says what is behind it.
const BEFORE: u8 = 0x40;

/// As many items, each of which splits one long one in the middle of what is left of it.
fn splits(count: u32) -> Vec<u8> {
    let mut out = vec![2];
    write_var(&mut out, u64::from(count));
    out.extend([51, 0]);
    for at in (0..count).rev() {
        out.extend([8 | 0x40, 50]);
        write_var(&mut out, u64::from(at));
        out.extend([1, 126]);
    }
    out.extend([1, 50, 0, 8, 1, 1, b'y']);
    write_var(&mut out, u64::from(count));
    out.extend(std::iter::repeat_n(126, count as usize));
    out.push(0);
    out
}

#[test]
fn an_update_that_takes_too_long_is_stopped_and_what_was_taken_is_sound() {
    let mut world =
        world(RoomLimits { work_burst_us: 20 * READING_US, work_us_per_kilobyte: 200, ..limits() });
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.send(a, Frame::Update(&splits(60_000)).encode());
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::REFUSED, "{reason}");
    assert!(reason.contains("time"), "{reason}");
    // What it may take at once and what its bytes earn, and not what it would take.
    assert!(READINGS.get() < 200, "it was looked at {} times", READINGS.get());
    assert_eq!(world.core.broken(), None);
    world.act(b, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["meta"]["name"], "goes on");
    assert_eq!(world.reloaded()["meta"]["name"], "goes on");
}

#[test]
fn a_document_that_takes_long_to_open_takes_ordinary_updates_alone() {
    let most = 20_000 * READING_US;
    let limits = RoomLimits { work_burst_us: u64::MAX - 1, opening_max_us: most, ..limits() };
    let mut world = world(limits);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let splits = |world: &mut World, page: usize| {
        world.send(page, Frame::Update(&splits(4_000)).encode());
        world.pages[page].closed.take().map(|(code, _)| code)
    };
    // Its cost is added up until it is worth measuring.
    assert_eq!(splits(&mut world, a), None);
    world.core.opening.add(most / 2);
    assert!(world.core.is_opening_to_be_measured());
    world.core.begin_measuring();
    world.core.measured(Some(most + 1));
    // What takes little is taken, what takes more than ordinary updates is not, from whoever it comes.
    world.act(b, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.pages[b].closed, None);
    let more = (0..200).fold(vec![1, 0xc8, 1, 52, 0], |mut out, at: u32| {
        out.extend([8 | 0x40, 50]);
        write_var(&mut out, u64::from(at * 3 + 1));
        out.extend([1, 126]);
        out
    });
    world.send(b, Frame::Update(&[more, vec![0]].concat()).encode());
    let (code, reason) = world.pages[b].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT);
    assert!(reason.contains("duplicate"), "{reason}");
    assert_eq!(world.reloaded()["meta"]["name"], "goes on");
}

#[test]
fn so_many_pages_may_write_and_those_who_did_go_on() {
    let mut world = World::with(RoomLimits { client_ids_max: 3, ..limits() }, no_repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "name", "first"));
    world.act(b, |txn| set(txn, "meta", "name", "second"));
    world.act(a, |txn| set(txn, "meta", "name", "third"));
    let c = world.join(CanvasRole::Editor);
    world.act(c, |txn| set(txn, "meta", "other", "last"));
    let d = world.join(CanvasRole::Editor);
    world.act(d, |txn| set(txn, "meta", "other", "one more"));
    let (code, reason) = world.pages[d].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT);
    assert!(reason.contains("duplicate"), "{reason}");
    world.act(a, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["meta"]["name"], "goes on");
    assert_eq!(world.reloaded()["meta"]["other"], "last");
}

#[test]
fn client_ids_that_end_alike_are_refused_once_they_are_many() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let mut alike = Vec::new();
    write_var(&mut alike, 2_000);
    for client in 1..=2_000_u64 {
        alike.push(1);
        write_var(&mut alike, client << 20);
        alike.extend([0, 8, 1, 1, b'y', 1, 126]);
    }
    alike.push(0);
    world.send(a, Frame::Update(&alike).encode());
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::REFUSED);
    assert!(reason.contains("random"), "{reason}");
    world.act(b, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["meta"]["name"], "goes on");
}

#[test]
fn pieces_grow_with_what_is_sent_and_not_faster() {
    let pieces = |update: &[u8]| {
        let mut world = world(RoomLimits { work_burst_us: u64::MAX, ..limits() });
        let a = world.join(CanvasRole::Editor);
        let before = READINGS.get();
        world.send(a, Frame::Update(update).encode());
        assert_eq!(world.pages[a].closed, None);
        READINGS.get() - before
    };
    // An ordinary update is cut into few: their size doubles.
    assert!(pieces(&values(4_000, AFTER)) < 40, "{}", pieces(&values(4_000, AFTER)));
    // One that splits is cut finer the more there is to be moved, so that the clock is looked at in time.
    let (small, large) = (pieces(&splits(2_000)), pieces(&splits(40_000)));
    assert!(large > small * 20, "{small} and {large}");
}

#[test]
fn time_and_bytes_are_earned() {
    let limits = RoomLimits {
        work_burst_us: 1_000,
        work_us_per_second: 500,
        work_us_per_update: 0,
        work_us_per_kilobyte: 100,
        ..limits()
    };
    let mut spending = Work::default().begin(0, 0, &limits);
    spending.allow(10_000);
    assert!(!spending.is_over(2_000), "a thousand for its bytes, a thousand at once");
    assert!(spending.is_over(2_001));
    let work = spending.end(2_000, false);
    assert!(work.begin(0, 0, &limits).is_over(1), "nothing is left");
    assert!(!work.begin(1_000, 0, &limits).is_over(500), "a second brings half of it");
    assert!(work.begin(1_000, 0, &limits).is_over(501));
}

#[test]
fn what_waits_for_a_gap_does_not_hold_its_frame() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    // Client 50 from clock 5 on, in a frame of a megabyte: what is behind the update is ignored.
    let mut frame = Frame::Update(&[1, 1, 50, 5, 8, 1, 1, b'y', 1, 126, 0]).encode();
    frame.resize(1 << 20, 0);
    let frame = Bytes::from(frame);
    world.core.frames(world.pages[a].conn, std::slice::from_ref(&frame), 1);
    assert_eq!(world.core.conns[&world.pages[a].conn].pending.len(), 1);
    assert!(frame.is_unique(), "somebody holds the frame");
}

#[test]
fn many_small_updates_that_wait_are_counted_with_what_they_take() {
    let mut world = World::with(RoomLimits { gap_max_bytes: 64 * 1_024, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    let mut sent = 0;
    while world.pages[a].closed.is_none() {
        world.send(a, Frame::Update(&[1, 1, 50, 5, 8, 1, 1, b'y', 1, 126, 0]).encode());
        sent += 1;
        assert!(sent < 2_000);
    }
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::REFUSED);
}

#[test]
fn what_waits_is_tried_when_what_it_waits_for_is_there_and_not_before() {
    let mut world = world(RoomLimits { work_burst_us: u64::MAX, ..limits() });
    let a = world.join(CanvasRole::Editor);
    // A thousand updates that all wait for the last element of client 50.
    let behind = |client: u64| {
        let mut out = vec![1, 1];
        write_var(&mut out, client);
        out.extend([0, 8 | 0x80, 50]);
        write_var(&mut out, 199);
        out.extend([1, 126, 0]);
        out
    };
    for client in 1_000..2_000 {
        world.send(a, Frame::Update(&behind(client)).encode());
    }
    READINGS.set(0);
    for at in 0..200u32 {
        let mut one = vec![1, 1, 50];
        write_var(&mut one, u64::from(at));
        if at == 0 {
            one.extend([8, 1, 1, b'y', 1, 126, 0]);
        } else {
            one.extend([8 | 0x80, 50]);
            write_var(&mut one, u64::from(at - 1));
            one.extend([1, 126, 0]);
        }
        world.send(a, Frame::Update(&one).encode());
    }
    assert!(READINGS.get() < 10_000, "looked at {} times", READINGS.get());
    assert!(world.core.conns[&world.pages[a].conn].pending.is_empty());
    assert_eq!(world.core.index.clock(1_999), 1);
}

#[test]
fn awareness_ids_that_come_and_go_leave_nothing_behind() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let max = limits().awareness_ids_max;
    for round in 0..20u64 {
        for (clock, state) in [(1, "{\"cursor\":1}"), (2, "null")] {
            let entries: Vec<awareness::Entry<'_>> = (0..500)
                .map(|at| awareness::Entry { client: 10_000 + round * 500 + at, clock, state })
                .collect();
            let payload = awareness::encode(entries.into_iter());
            world.send(a, Frame::Awareness(&payload).encode());
        }
    }
    // The room's own, and what one connection may speak for.
    assert!(world.core.presence.len() <= max + 1, "{}", world.core.presence.len());
    assert_eq!(world.pages[b].closed, None);
}

#[test]
fn who_floods_awareness_is_closed_and_who_speaks_is_not() {
    let limits =
        RoomLimits { awareness_burst_us: 4 * READING_US, awareness_us_per_second: 0, ..limits() };
    let mut world = world(limits);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let say = |world: &mut World, page: usize, clock: u32| {
        let entry = awareness::Entry { client: 70 + page as u64, clock, state: "{}" };
        let payload = awareness::encode(std::iter::once(entry));
        world.send(page, Frame::Awareness(&payload).encode());
    };
    // A page asks once when it joins.
    for clock in 1..=3 {
        say(&mut world, a, clock);
        say(&mut world, b, clock);
    }
    assert_eq!((&world.pages[a].closed, &world.pages[b].closed), (&None, &None));
    say(&mut world, a, 4);
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::REFUSED, "{reason}");
    assert!(reason.contains("awareness"), "{reason}");
    assert_eq!(world.pages[b].closed, None);
    // So does what it says it holds.
    world.send(b, Frame::SyncStep1(&[0]).encode());
    let (code, reason) = world.pages[b].closed.clone().unwrap();
    assert_eq!(code, close::REFUSED, "{reason}");
    assert!(reason.contains("state vectors"), "{reason}");
}

#[test]
fn the_document_limit_counts_what_there_is() {
    let mut world = World::with(RoomLimits { document_max_bytes: 20_000, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    // A hundred times as much as may be is written, and most of it written over.
    for round in 0..400 {
        world.act(a, |txn| set(txn, "meta", "k", &format!("{round}{}", "x".repeat(5_000))));
    }
    assert_eq!(world.pages[a].closed, None);
    world.act(a, |txn| set(txn, "meta", "l", &"x".repeat(10_000)));
    assert_eq!(world.pages[a].closed, None);
    world.act(a, |txn| set(txn, "meta", "m", &"x".repeat(10_000)));
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::DOCUMENT_LIMIT);
}

#[test]
fn a_long_row_that_waited_for_a_gap_is_applied_in_parts() {
    let mut world = world(RoomLimits { work_burst_us: 10_000_000, ..limits() });
    let a = world.join(CanvasRole::Editor);
    let mut write = |n| world.edit(a, |txn| set(txn, "meta", &format!("k{n}"), "v")).into();
    let frames: Vec<Bytes> = (0..300).map(&mut write).collect();
    let conn = world.pages[a].conn;
    // Backwards: everything waits for the first.
    let looks = READINGS.get();
    for frame in frames.iter().skip(1).rev() {
        world.core.frames(conn, std::slice::from_ref(frame), 2);
    }
    let waiting = READINGS.get() - looks;
    assert!(waiting < 300 * 8, "what waits is looked at by its need alone: {waiting}");
    let looks = READINGS.get();
    world.core.frames(conn, std::slice::from_ref(&frames[0]), 2);
    let mut parts = 1;
    let mut last = READINGS.get();
    assert!(last - looks < 40, "the first part: {}", last - looks);
    while world.core.is_unfinished() {
        world.core.go_on(2);
        assert!(READINGS.get() - last < 40, "each part is bounded");
        last = READINGS.get();
        parts += 1;
    }
    assert!(parts > 10, "{parts}");
    world.turn();
    let meta = json(&world.core.doc)["meta"].clone();
    assert_eq!(meta.as_object().unwrap().len(), 300);
    assert_eq!(world.pages[a].closed, None);
}

/// One update that sets many keys.
fn many_keys(world: &mut World, page: usize, keys: usize) -> Vec<u8> {
    world.edit(page, |txn| {
        for n in 0..keys {
            set(txn, "meta", &format!("k{n}"), "v");
        }
    })
}

#[test]
fn a_large_update_is_applied_in_parts_and_others_write_in_between() {
    let mut world = world(RoomLimits { work_us_per_kilobyte: 1_000_000, ..limits() });
    let a = world.join(CanvasRole::Editor);
    let b = world.join(CanvasRole::Editor);
    let large: Bytes = many_keys(&mut world, a, 20_000).into();
    let small: Bytes = world.edit(b, |txn| set(txn, "meta", "small", "v")).into();
    let (of_a, of_b) = (world.pages[a].conn, world.pages[b].conn);
    world.core.batch(&[(of_a, vec![large])], 2);
    assert!(world.core.is_unfinished_of(of_a));
    let held = |world: &World| json(&world.core.doc)["meta"].as_object().unwrap().len();
    let first = held(&world);
    assert!((1..20_000).contains(&first), "{first} keys in the first part");
    world.core.batch(&[(of_b, vec![small])], 2);
    assert_eq!(held(&world), first + 1, "what is small does not wait for what is large");
    let mut parts = 1;
    while world.core.is_unfinished() {
        assert_eq!(world.core.conns[&of_a].settled(), 1, "the update is not whole yet");
        world.core.go_on(2);
        parts += 1;
    }
    assert!(parts > 2, "{parts}");
    assert_eq!(held(&world), 20_001);
    world.turn();
    assert_eq!(world.pages[a].closed, None);
    assert_eq!(world.pages[a].saved, 2, "it is saved once all of it is");
}

#[test]
fn several_large_updates_take_turns_and_keep_their_order() {
    let mut world = world(RoomLimits { work_us_per_kilobyte: 1_000_000, ..limits() });
    let pages = [world.join(CanvasRole::Editor), world.join(CanvasRole::Editor)];
    let mut batch = Vec::new();
    for page in pages {
        let large: Bytes = many_keys(&mut world, page, 10_000).into();
        let last: Bytes = world.edit(page, |txn| set(txn, "meta", "k1", "last")).into();
        batch.push((world.pages[page].conn, vec![large, last]));
    }
    world.core.batch(&batch, 2);
    let unfinished = pages.map(|page| world.core.is_unfinished_of(world.pages[page].conn));
    assert_eq!(unfinished, [true, true]);
    while world.core.is_unfinished() {
        world.core.go_on(2);
    }
    world.turn();
    assert_eq!(json(&world.core.doc)["meta"]["k1"], "last");
    for page in pages {
        assert_eq!((world.pages[page].saved, &world.pages[page].closed), (3, &None));
    }
}

#[test]
fn a_large_post_goes_in_in_parts() {
    let mut world = world(RoomLimits { work_us_per_kilobyte: 1_000_000, ..limits() });
    let a = world.join(CanvasRole::Editor);
    let large = many_keys(&mut world, a, 20_000);
    let Ok(Frame::Update(large)) = Frame::decode(&large) else { panic!("an update") };
    let mut parts = 1;
    while world.core.post(large, "a", parts == 1, 2).unwrap() == Part::Further {
        parts += 1;
    }
    assert!(parts > 2, "{parts}");
    assert_eq!(json(&world.core.doc)["meta"].as_object().unwrap().len(), 20_000);
}

#[test]
fn a_long_log_of_a_small_document_leaves_room() {
    let mut world = World::with(RoomLimits { document_max_bytes: 20_000, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    for round in 0..40 {
        world.act(a, |txn| set(txn, "meta", "k", &format!("{round}{}", "x".repeat(5_000))));
    }
    let written: usize = world.log.iter().map(Bytes::len).sum();
    assert!(written > 200_000, "{written}");
    let limits = RoomLimits { document_max_bytes: 20_000, ..limits() };
    let mut core = Core::open(&world.log, Vec::new(), 901, limits, no_repair, 1).unwrap();
    let doc = gesso_protocol::doc::open(77, "c");
    let write = |key: &str| {
        let mut txn = doc.transact_mut();
        set(&mut txn, "meta", key, &"x".repeat(10_000));
        txn.encode_update_v1()
    };
    core.post(&write("l"), "a", true, 2).unwrap();
    core.flush(2);
    let refused = core.post(&write("m"), "a", true, 3).unwrap_err();
    assert_eq!(refused.code, close::DOCUMENT_LIMIT);
}

#[test]
fn plain_values_among_the_nodes_count() {
    let mut world = World::with(RoomLimits { nodes_max: 10, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    for at in 0..10 {
        world.act(a, |txn| set(txn, "nodes", &format!("n{at}"), "plain"));
        assert_eq!(world.pages[a].closed, None);
    }
    world.act(a, |txn| set(txn, "nodes", "n10", "plain"));
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::DOCUMENT_LIMIT);
}

#[test]
fn knowing_where_everything_is_takes_little() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    for at in 0..20 {
        world.act(a, |txn| {
            let nodes = txn.get_or_insert_map("nodes");
            let node = nodes.insert(txn, format!("node{at}"), MapPrelim::default());
            node.insert(txn, "kind", "text");
            node.insert(txn, "pos", vec![f64::from(at), 0.0]);
            node.insert(txn, "settings", MapPrelim::from([("model", "m"), ("seed", "1")]));
            node.insert(txn, "text", TextPrelim::new("A prompt of some length, typed once."));
        });
    }
    let core = Core::open(&world.log, Vec::new(), 901, limits(), no_repair, 1).unwrap();
    // An eighth of what yrs itself takes for such a document (131 KB).
    assert!(core.index.bytes() < 16 * 1_024, "{} bytes", core.index.bytes());
}

#[test]
fn a_list_of_too_many_pieces_is_refused_and_others_go_on() {
    let limits = || RoomLimits { list_items_max: 1_000, ..limits() };
    let mut world = World::with(limits(), no_repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.send(a, Frame::Update(&values(900, BEFORE)).encode());
    assert_eq!(world.pages[a].closed, None);
    world.send(a, Frame::Update(&values(1_100, BEFORE)).encode());
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT, "{reason}");
    assert!(reason.contains("more than 1000 pieces"), "{reason}");
    world.act(b, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["meta"]["name"], "goes on");
    // What is stored counts as well.
    let mut core = Core::open(&world.log, Vec::new(), 901, limits(), no_repair, 1).unwrap();
    let more = values(1_100, BEFORE);
    assert_eq!(core.post(&more, "a", true, 2).unwrap_err().code, close::DOCUMENT_LIMIT);
}

#[test]
fn what_was_written_often_and_became_one_is_no_long_list() {
    let mut world = World::with(RoomLimits { list_items_max: 64, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    for round in 0..500 {
        world.act(a, |txn| set(txn, "meta", "k", &round.to_string()));
        assert_eq!(world.pages[a].closed, None, "{round}");
    }
    // One text in which every second character is removed is many.
    world.act(a, |txn| txn.get_or_insert_text("t").push(txn, &"x".repeat(400)));
    for at in 0..200 {
        world.act(a, |txn| txn.get_or_insert_text("t").remove_range(txn, at, 1));
    }
    assert_eq!(world.pages[a].closed, None, "what only deletes is never refused");
    world.act(a, |txn| txn.get_or_insert_text("t").push(txn, "y"));
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::DOCUMENT_LIMIT);
}

#[test]
fn thousands_of_deletions_count_the_pieces_they_make() {
    let mut world = World::with(RoomLimits { list_items_max: 4_000, ..limits() }, no_repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(b, |txn| txn.get_or_insert_text("t").push(txn, &"x".repeat(10_000)));
    let every_second = |world: &mut World, letters: u32| {
        let since = world.pages[a].doc.transact().state_vector();
        let text = world.pages[a].doc.get_or_insert_text("t");
        let mut txn = world.pages[a].doc.transact_mut();
        for at in 0..letters / 2 {
            text.remove_range(&mut txn, at, 1);
        }
        drop(txn);
        world.pages[a].doc.transact().encode_diff_v1(&since)
    };
    let update = every_second(&mut world, 2_800);
    world.send(a, Frame::Update(&update).encode());
    assert_eq!(world.pages[a].closed, None, "2,800 pieces are no 4,000");
    let update = every_second(&mut world, 8_600);
    world.send(a, Frame::Update(&update).encode());
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT, "{reason}");
    // Nobody else has to suffer for it; and who deletes all of it makes no pieces.
    world.act(b, |txn| {
        let text = txn.get_or_insert_text("t");
        let len = text.len(txn);
        text.remove_range(txn, 0, len);
    });
    assert_eq!(world.pages[b].closed, None);
    world.act(b, |txn| txn.get_or_insert_text("t").push(txn, "y"));
    world.assert_converged();
    let text = world.core.doc.get_or_insert_text("t");
    assert_eq!(text.get_string(&world.core.doc.transact()), "y");
}

#[test]
fn a_large_post_that_cannot_be_applied_is_refused_before_its_first_part() {
    let mut world = World::with(RoomLimits { nodes_max: 10, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    world.act(a, |txn| set(txn, "meta", "name", "c"));
    let doc = gesso_protocol::doc::open(77, "c");
    let long = "x".repeat(100_000);
    let cut_of = |f: &dyn Fn(&mut TransactionMut<'_>, &str)| {
        let since = doc.transact().state_vector();
        for round in ["a", "b", "c", "d"] {
            f(&mut doc.transact_mut(), round);
        }
        let update = doc.transact().encode_diff_v1(&since);
        gesso_protocol::wire::guard::cut::cut(&update).unwrap().unwrap()
    };
    let held = cut_of(&|txn, round| set(txn, "meta", &format!("held {round}"), &long));
    assert_eq!(world.core.check_parts(&held, "a"), Ok(()));
    let gap = cut_of(&|txn, round| set(txn, "meta", &format!("other {round}"), &long));
    assert_eq!(world.core.check_parts(&gap, "a").unwrap_err().code, close::REFUSED);
    for (at, part) in held.parts.iter().chain(&gap.parts).enumerate() {
        assert_eq!(world.core.post(part, "a", true, 2), Ok(Part::Last), "{at}");
    }
    assert_eq!(json(&world.core.doc)["meta"]["other d"], long);
    let nodes = cut_of(&|txn, round| {
        for at in 0..3 {
            set(txn, "nodes", &format!("n{at}{round}"), &long);
        }
    });
    assert_eq!(world.core.check_parts(&nodes, "a").unwrap_err().code, close::DOCUMENT_LIMIT);
}

#[test]
fn a_document_of_very_many_root_types_or_items_is_refused() {
    let limits = || RoomLimits { roots_max: 20, document_max_bytes: 128_000, ..limits() };
    let mut world = World::with(limits(), no_repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    // One element in each of so many root types.
    let roots = |client: u8, count: u8| {
        let mut out = vec![1, count, client, 0];
        for at in 0..count {
            out.extend([8, 1, 2, b'r', at, 1, 126]);
        }
        out.push(0);
        out
    };
    world.send(a, Frame::Update(&roots(50, 15)).encode());
    assert_eq!(world.pages[a].closed, None);
    world.send(a, Frame::Update(&roots(50, 30)).encode());
    let (code, reason) = world.pages[a].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT, "{reason}");
    assert!(reason.contains("root types"), "{reason}");
    world.act(b, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["meta"]["name"], "goes on");
    // Nine bytes an item, of which a thousand may be there.
    let c = world.join(CanvasRole::Editor);
    let items = many_keys(&mut world, c, 1_200);
    let Ok(Frame::Update(items)) = Frame::decode(&items) else { panic!("an update") };
    assert!(items.len() < 128_000, "{}", items.len());
    world.send(c, Frame::Update(items).encode());
    assert_eq!(world.pages[c].closed.as_ref().unwrap().0, close::DOCUMENT_LIMIT);
    world.act(b, |txn| set(txn, "meta", "name", "goes on still"));
    assert_eq!(world.pages[b].closed, None);
}
