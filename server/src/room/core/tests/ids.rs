//! Client ids belong to who writes under them.

use super::*;

/// An update that sets `meta.KEY` under the id of another replica, building on all that it holds.
fn forgery(world: &World, as_page: usize, key: &str) -> Vec<u8> {
    let victim = &world.pages[as_page].doc;
    let client = victim.client_id().get() as u32;
    let copy = page_doc(client);
    let state = victim.transact().encode_diff_v1(&StateVector::default());
    copy.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let before = copy.transact().state_vector();
    copy.get_or_insert_map("meta").insert(&mut copy.transact_mut(), key, "forged");
    Frame::Update(&copy.transact().encode_diff_v1(&before)).encode()
}

#[test]
fn what_others_write_under_a_persons_id_does_not_take_the_place_of_what_the_person_writes() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    let violation = forgery(&world, a, "stolen");
    world.send(b, violation);
    world.act(a, |txn| set(txn, "meta", "second", "mine"));
    assert_eq!(world.pages[a].saved, 3, "the answer to step 1 and two edits");
    let room = json(&world.core.doc);
    assert_eq!(room["meta"], serde_json::json!({"first": "mine", "second": "mine"}));
    assert_eq!(world.reloaded()["meta"], room["meta"]);
}

#[test]
fn ids_stay_with_a_person_who_is_away() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    let violation = forgery(&world, a, "stolen");
    let offline = world.edit(a, |txn| set(txn, "meta", "offline", "mine"));
    world.core.leave(world.pages[a].conn, world.now_ms);
    world.send(b, violation);
    assert_eq!(json(&world.core.doc)["meta"], serde_json::json!({"first": "mine"}));
    // Nobody fills the gap: whoever sent it is told.
    world.now_ms += limits().gap_max_ms + 1;
    world.core.tick(world.now_ms);
    world.turn();
    assert_eq!(world.pages[b].closed.as_ref().unwrap().0, close::REFUSED);
    // The person comes back with another connection and what was written offline.
    let again = ConnId(77);
    world.core.join(again, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    world.pages[a].conn = again;
    world.send(a, offline);
    assert_eq!(json(&world.core.doc)["meta"]["offline"], "mine");
}

#[test]
fn what_is_too_large_for_a_frame_may_be_posted_by_its_person_and_by_nobody_else() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    let frame = world.edit(a, |txn| set(txn, "meta", "second", "mine"));
    let Ok(Frame::Update(update)) = Frame::decode(&frame) else { panic!("an edit is an update") };
    let refused = world.core.post(update, "person 1", true, world.now_ms).unwrap_err();
    assert_eq!(refused.code, close::REFUSED);
    world.core.post(update, "person 0", true, world.now_ms).unwrap();
    assert_eq!(json(&world.core.doc)["meta"]["second"], "mine");
}

#[test]
fn what_a_page_relays_is_taken_once_its_owner_brought_it() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    let own = world.edit(a, |txn| set(txn, "meta", "second", "mine"));
    // The two pages have a way of their own, as with a WebRTC provider beside this one.
    world.send(b, own.clone());
    assert_eq!(world.pages[b].closed, None);
    assert_eq!(json(&world.core.doc)["meta"], serde_json::json!({"first": "mine"}));
    world.send(a, own);
    world.core.tick(world.now_ms);
    world.turn();
    assert_eq!(world.pages[b].saved, 2, "nothing of it waits any more");
    assert_eq!(json(&world.core.doc)["meta"]["second"], "mine");
}

fn states(world: &World, client: u64) -> Option<String> {
    world.core.presence.state(client)
}

fn says(client: u64, clock: u32, state: &str) -> Vec<u8> {
    let entry = awareness::Entry { client, clock, state };
    Frame::Awareness(&awareness::encode([entry].into_iter())).encode()
}

#[test]
fn the_id_that_a_person_is_shown_under_is_theirs_before_they_write() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let id = world.pages[a].doc.client_id().get();
    world.send(a, says(id, 1, "{\"user\":\"a\"}"));
    let violation = forgery(&world, a, "stolen");
    world.send(b, violation);
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    assert_eq!(json(&world.core.doc)["meta"], serde_json::json!({"first": "mine"}));
    assert_eq!(world.pages[a].saved, 2, "the answer to step 1 and an edit");
}

#[test]
fn nobody_else_speaks_for_somebody_who_is_away() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.send(a, says(500, 3, "{\"user\":\"a\"}"));
    world.core.leave(world.pages[a].conn, world.now_ms);
    world.send(b, says(500, 90, "{\"user\":\"b\"}"));
    assert_eq!(states(&world, 500), None);
    let again = ConnId(77);
    world.core.join(again, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    world.pages[a].conn = again;
    world.send(a, says(500, 4, "{\"user\":\"a\"}"));
    assert_eq!(states(&world, 500).as_deref(), Some("{\"user\":\"a\"}"));
}

#[test]
fn somebody_who_comes_back_hears_that_they_are_gone_and_says_otherwise() {
    let mut world = World::new();
    let (a, _) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.send(a, says(500, 3, "{\"user\":\"a\"}"));
    world.core.leave(world.pages[a].conn, world.now_ms);
    world.turn();
    let again = ConnId(77);
    world.core.join(again, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    world.pages[a].conn = again;
    world.core.flush(world.now_ms);
    let heard = world.core.take_effects().into_iter().any(|effect| {
        if let Effect::Send { conn, frame, .. } = effect
            && conn == again
            && let Frame::Awareness(payload) = Frame::decode(&frame).unwrap()
        {
            let entries = awareness::decode(payload, 1_000).unwrap();
            entries.iter().any(|entry| entry.client == 500 && entry.is_gone() && entry.clock >= 3)
        } else {
            false
        }
    });
    assert!(heard);
    // The clock of y-protocols goes up by one when somebody hears that of themselves.
    world.send(a, says(500, 4, "{\"user\":\"a\"}"));
    assert!(states(&world, 500).is_some());
}

#[test]
fn an_old_connection_that_ends_late_does_not_take_its_person_along() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    world.send(a, says(500, 3, "{\"user\":\"a\"}"));
    let old = world.pages[a].conn;
    let again = ConnId(77);
    world.core.join(again, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    world.pages[a].conn = again;
    world.send(a, says(500, 3, "{\"user\":\"a\"}"));
    world.core.leave(old, world.now_ms);
    assert!(states(&world, 500).is_some());
}

#[test]
fn nobody_is_shown_under_an_id_that_somebody_else_has_written_under() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let id = world.pages[a].doc.client_id().get();
    world.act(a, |txn| set(txn, "meta", "first", "mine"));
    world.send(b, says(id, 9, "{\"user\":\"b\"}"));
    assert_eq!(states(&world, id), None);
    world.act(a, |txn| set(txn, "meta", "second", "mine"));
    let both = serde_json::json!({"first": "mine", "second": "mine"});
    assert_eq!(json(&world.core.doc)["meta"], both);
    world.send(a, says(id, 1, "{\"user\":\"a\"}"));
    assert_eq!(states(&world, id).as_deref(), Some("{\"user\":\"a\"}"));
}

#[test]
fn nobody_else_speaks_for_the_server() {
    let mut world = World::new();
    let page = world.join(CanvasRole::Viewer);
    for (clock, state) in [
        (1, r#"{"server":true,"progress":{"n":0.5}}"#),
        (2, r#"{"\u0073erver":true,"queue":{"r":1}}"#),
    ] {
        world.send(page, says(7, clock, state));
        assert_eq!(states(&world, 7), None, "{state}");
    }
    let own = r#"{"user":{"name":"a server of coffee"}}"#;
    world.send(page, says(7, 3, own));
    assert_eq!(states(&world, 7).as_deref(), Some(own));
}
