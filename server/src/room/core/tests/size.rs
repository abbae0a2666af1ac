//! The limit of a document: what it is measured by, and when.

use super::*;

const LIMIT: usize = 1024 * 1024;

fn world() -> World {
    World::with(RoomLimits { document_max_bytes: LIMIT, ..limits() }, no_repair)
}

/// A card is dragged: each move writes over the one before, so that the document stays small while what was written adds
/// up to its limit. Moves come in bursts, several in one transaction of the room.
#[test]
fn a_burst_at_the_limit_is_measured_with_what_is_under_way() {
    let mut world = world();
    let page = world.join(CanvasRole::Editor);
    let mut moves = 0_usize;
    for _ in 0..1_000 {
        let burst: Vec<Bytes> = (0..50)
            .map(|_| {
                moves += 1;
                world.edit(page, |txn| set(txn, "meta", "pos", &format!("{moves:0>900}"))).into()
            })
            .collect();
        let conn = world.pages[page].conn;
        world.core.frames(conn, &burst, world.now_ms);
        world.turn();
        assert_eq!(world.pages[page].closed, None, "after {moves} moves");
        if moves * 900 > 3 * LIMIT {
            break;
        }
    }
    let state = world.assert_converged();
    assert!(state["meta"]["pos"].as_str().unwrap().ends_with(&moves.to_string()));
    assert!(world.core.encode_state().len() < LIMIT / 10);
}

#[test]
fn a_full_document_has_room_again_once_something_was_taken_away() {
    let mut world = world();
    let page = world.join(CanvasRole::Editor);
    let piece = "x".repeat(100_000);
    let mut pieces = 0;
    while world.pages[page].closed.is_none() {
        let key = format!("p{pieces}");
        world.act(page, |txn| set(txn, "meta", &key, &piece));
        pieces += 1;
        assert!(pieces < 100, "the limit holds");
    }
    let (code, why) = world.pages[page].closed.clone().unwrap();
    assert_eq!(code, close::DOCUMENT_LIMIT);
    assert!(why.contains("take large texts or nodes away"), "{why}");
    // Somebody with a fresh replica takes things away; at once others may write again.
    let page = world.join(CanvasRole::Editor);
    world.now_ms += 60_000;
    world.act(page, |txn| {
        let meta = txn.get_or_insert_map("meta");
        for key in 0..5 {
            meta.remove(txn, &format!("p{key}"));
        }
    });
    world.act(page, |txn| set(txn, "meta", "new", &piece));
    assert_eq!(world.pages[page].closed, None);
    assert_eq!(json(&world.core.doc)["meta"]["new"], piece);
    // To measure again and again for nothing is not to be had: it rests in proportion to what it takes.
    assert!(world.core.has_room_for(1_000).is_ok());
    assert!(world.core.has_room_for(LIMIT).is_err());
}
