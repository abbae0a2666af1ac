//! Updates that are refused before the document sees them.

use super::*;
use gesso_protocol::wire::guard::TYPE_MAX_DEPTH;

fn closed_with(world: &World, page: usize) -> u16 {
    world.pages[page].closed.as_ref().map_or(0, |(code, _)| *code)
}

#[test]
fn the_rooms_own_id_is_refused_and_what_the_room_wrote_is_not() {
    let mut world = World::new();
    let (a, _) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.core.write(|txn| set(txn, "results", "n", "x"));
    world.turn();
    // Sent back by a page, as every step 2 does: held already, so nothing.
    let whole = world.pages[a].doc.transact().encode_diff_v1(&StateVector::default());
    world.send(a, Frame::SyncStep2(&whole).encode());
    assert_eq!(closed_with(&world, a), 0);

    let thief = page_doc(900);
    thief.transact_mut().apply_update(Update::decode_v1(&whole).unwrap()).unwrap();
    let before = thief.transact().state_vector();
    thief.get_or_insert_map("meta").insert(&mut thief.transact_mut(), "name", "stolen");
    let update = thief.transact().encode_diff_v1(&before);
    world.send(a, Frame::Update(&update).encode());
    assert_eq!(closed_with(&world, a), close::REFUSED);
    assert_eq!(world.pages[a].denied.len(), 1);
    assert_eq!(json(&world.core.doc)["meta"], serde_json::json!({}));
}

#[test]
fn random_bytes_end_the_connection_with_1007_and_nobody_elses() {
    let mut world = World::new();
    let (a, b, c) = (
        world.join(CanvasRole::Editor),
        world.join(CanvasRole::Editor),
        world.join(CanvasRole::Editor),
    );
    world.send(a, vec![0, 2, 9, 1, 2, 3]);
    assert_eq!(closed_with(&world, a), close::MALFORMED);
    world.send(b, Frame::Update(&[7, 7, 7]).encode());
    assert_eq!(closed_with(&world, b), close::MALFORMED);
    assert_eq!(world.pages[b].denied.len(), 1);
    world.act(c, |txn| set(txn, "meta", "name", "still here"));
    assert_eq!(world.assert_converged()["meta"]["name"], "still here");
}

#[test]
fn a_giant_nested_array_ends_with_1008() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let mut update = vec![1, 1, 1, 0, 8 | 0x20, 1, 4];
    update.extend(b"meta");
    update.extend([1, b'k', 1]);
    for _ in 0..100_000 {
        update.extend([117, 1]);
    }
    update.extend([126, 0]);
    world.send(a, Frame::Update(&update).encode());
    assert_eq!(closed_with(&world, a), close::REFUSED);
}

/// One map put into the one before it (`parent`, or the root), as one struct of client 50.
fn one_level(clock: u32, parent: Option<u32>) -> Vec<u8> {
    let mut update = vec![1, 1, 50];
    write_var(&mut update, u64::from(clock));
    update.push(7 | 0x20);
    match parent {
        None => {
            update.extend([1, 4]);
            update.extend(b"meta");
        }
        Some(parent) => {
            update.extend([0, 50]);
            write_var(&mut update, u64::from(parent));
        }
    }
    update.extend([1, b'k', 1, 0]);
    update
}

#[test]
fn types_one_level_deeper_with_every_update_stop_at_the_limit() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let mut taken = 0;
    for level in 0..10_000u32 {
        world.send(a, Frame::Update(&one_level(level, level.checked_sub(1))).encode());
        if world.pages[a].closed.is_some() {
            break;
        }
        taken += 1;
    }
    assert_eq!(taken, TYPE_MAX_DEPTH);
    assert_eq!(closed_with(&world, a), close::REFUSED);
    // And deleting the outermost does no harm.
    let b = world.join(CanvasRole::Editor);
    world.act(b, |txn| drop(txn.get_or_insert_map("meta").remove(txn, "k")));
    assert_eq!(world.assert_converged()["meta"], serde_json::json!({}));
}

#[test]
fn depth_is_known_after_a_reload_and_through_siblings() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    for level in 0..TYPE_MAX_DEPTH {
        world.send(a, Frame::Update(&one_level(level, level.checked_sub(1))).encode());
    }
    let core = Core::open(&world.log, Vec::new(), 901, limits(), no_repair, 1).unwrap();
    let mut world = World::of(core);
    let b = world.join(CanvasRole::Editor);
    // Under the deepest: too deep, also after the reload.
    world.send(b, Frame::Update(&one_level(TYPE_MAX_DEPTH, Some(TYPE_MAX_DEPTH - 1))).encode());
    assert_eq!(closed_with(&world, b), close::REFUSED);
    // In the place of the deepest (an item that names no parent, only its origin): as deep as that, so fine.
    let c = world.join(CanvasRole::Editor);
    let last = TYPE_MAX_DEPTH - 1;
    let sibling = |clock: u32| {
        let mut update = vec![1, 1, 51];
        write_var(&mut update, u64::from(clock));
        update.extend([7 | 0x80, 50]);
        write_var(&mut update, u64::from(last));
        update.extend([1, 0]);
        update
    };
    world.send(c, Frame::Update(&sibling(0)).encode());
    assert_eq!(closed_with(&world, c), 0);
    // But not one more inside of it.
    world.send(c, Frame::Update(&[1, 1, 51, 1, 7 | 0x20, 0, 51, 0, 1, b'k', 1, 0]).encode());
    assert_eq!(closed_with(&world, c), close::REFUSED);
}

#[test]
fn a_parent_that_is_no_type_is_refused_and_the_room_goes_on() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "name", "a plain value"));
    // Client 1 clock 0 is that value; a struct that claims to be inside of it.
    world.send(a, Frame::Update(&[1, 1, 60, 0, 8 | 0x20, 0, 1, 0, 1, b'k', 1, 126, 0]).encode());
    assert_eq!(closed_with(&world, a), close::MALFORMED);
    assert_eq!(world.core.broken(), None);
    world.act(b, |txn| set(txn, "meta", "more", "fine"));
    assert_eq!(world.assert_converged()["meta"]["more"], "fine");
}

#[test]
fn nodes_and_bytes_are_limited_with_4413() {
    let mut world = World::with(RoomLimits { nodes_max: 3, ..limits() }, no_repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let add = |id: &str| {
        let id = id.to_owned();
        move |txn: &mut TransactionMut<'_>| {
            txn.get_or_insert_map("nodes").insert(txn, id, MapPrelim::from([("kind", "text")]));
        }
    };
    for id in ["n1", "n2", "n3"] {
        world.act(a, add(id));
    }
    world.act(a, |txn| drop(txn.get_or_insert_map("nodes").remove(txn, "n1")));
    world.act(a, add("n4"));
    assert_eq!(closed_with(&world, a), 0);
    world.act(b, add("n5"));
    assert_eq!(closed_with(&world, b), close::DOCUMENT_LIMIT);
    assert_eq!(world.assert_converged()["nodes"].as_object().unwrap().len(), 3);

    let mut world = World::with(RoomLimits { document_max_bytes: 1_000, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    world.act(a, |txn| set(txn, "meta", "k", &"x".repeat(900)));
    assert_eq!(closed_with(&world, a), 0);
    // An edit over HTTP is judged by the same limit, and one that adds nothing is welcome.
    assert_eq!(world.core.has_room_for(900).unwrap_err().code, close::DOCUMENT_LIMIT);
    assert_eq!(world.core.has_room_for(0), Ok(()));
    assert_eq!(world.core.has_room_for(1), Ok(()));
    world.act(a, |txn| set(txn, "meta", "l", &"x".repeat(900)));
    assert_eq!(closed_with(&world, a), close::DOCUMENT_LIMIT);
}

#[test]
fn a_write_that_panics_breaks_the_core_and_not_the_process() {
    let mut world = World::new();
    assert_eq!(world.core.write(|_| -> u8 { panic!("on purpose") }), None);
    assert!(world.core.broken().is_some());
}

#[test]
fn a_posted_update_obeys_the_same_rules() {
    let mut world = World::new();
    world.join(CanvasRole::Editor);
    let source = page_doc(70);
    source.get_or_insert_map("meta").insert(&mut source.transact_mut(), "name", "posted");
    source.get_or_insert_map("runs").insert(&mut source.transact_mut(), "r", "forged");
    let update = source.transact().encode_diff_v1(&StateVector::default());
    assert_eq!(world.core.post(&update, "a", true, 1), Ok(Part::Last));
    world.turn();
    let state = world.assert_converged();
    assert_eq!(state["meta"]["name"], "posted");
    assert_eq!(state["runs"], serde_json::json!({}));
    assert_eq!(world.core.post(&[1, 2, 3], "a", true, 1).unwrap_err().code, close::MALFORMED);
    assert_eq!(
        world.core.post(&[0, 1, 71, 1, 0, 5], "a", true, 1).unwrap_err().code,
        close::REFUSED
    );
}
