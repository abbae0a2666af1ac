//! Comments stand in the name of who wrote them.

use gesso_protocol::schema::{Message, Place, add_thread, read_thread, remove_message, reply};
use gesso_protocol::values::json_to_any;
use yrs::undo::UndoManager;

use super::*;

fn world() -> World {
    World::with(RoomLimits { has_accounts: true, ..limits() }, no_repair)
}

fn said(by: usize, text: &str) -> Message {
    Message {
        by: format!("person {by}"),
        name: "Somebody".to_owned(),
        at: 7,
        text: text.to_owned(),
        mentions: Vec::new(),
    }
}

/// Texts of a thread of the room.
fn texts(world: &World, id: &str) -> Vec<String> {
    let thread = read_thread(&world.core.doc.transact(), id);
    thread.into_iter().flat_map(|thread| thread.messages).map(|said| said.text).collect()
}

fn at() -> Place {
    Place::Pos([1.0, 2.0])
}

#[test]
fn a_comment_in_the_name_of_another_is_taken_out_and_its_writers_own_stays() {
    let mut world = world();
    let (mara, jonas) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Commenter));
    world.act(mara, |txn| add_thread(txn, "t", &at(), &said(0, "hold it steady")));
    world.act(jonas, |txn| {
        reply(txn, "t", &said(1, "mine"));
        reply(txn, "t", &said(0, "I agree with everything"));
        add_thread(txn, "forged", &at(), &said(0, "delete it all"));
        add_thread(txn, "own", &at(), &said(1, "over here"));
    });
    assert_eq!(texts(&world, "t"), ["hold it steady", "mine"]);
    assert_eq!(texts(&world, "own"), ["over here"]);
    let comments = world.assert_converged()["comments"].clone();
    assert_eq!(comments.as_object().unwrap().len(), 2, "{comments}");
    assert_eq!(world.reloaded()["comments"], comments);
    let words: Vec<&str> = world.said.iter().map(|(_, said)| said.text.as_str()).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    // An editor speaks for themselves too.
    world.act(mara, |txn| {
        reply(txn, "own", &said(1, "not mine"));
    });
    assert_eq!(texts(&world, "own"), ["over here"]);
    world.assert_converged();
}

#[test]
fn what_another_program_wrote_plainly_is_held_to_its_writer_too() {
    let mut world = world();
    let (mara, jonas) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let plain = |messages: serde_json::Value| {
        json_to_any(&serde_json::json!({"pos": [1, 2], "messages": messages}))
    };
    let (own, forged) = (said(1, "mine"), said(0, "not mine"));
    world.act(jonas, |txn| {
        let comments = txn.get_or_insert_map("comments");
        comments.insert(txn, "both", plain(serde_json::json!([own, forged])));
        comments.insert(txn, "one", plain(serde_json::json!([forged])));
    });
    assert_eq!(texts(&world, "both"), ["mine"]);
    assert!(!world.assert_converged()["comments"].as_object().unwrap().contains_key("one"));
    // The rest of a thread stays where it was pinned, and can be answered.
    world.act(mara, |txn| {
        reply(txn, "both", &said(0, "now it is"));
    });
    assert_eq!(texts(&world, "both"), ["mine", "now it is"]);
}

#[test]
fn who_goes_on_in_the_names_of_others_is_closed() {
    let mut world = world();
    let jonas = world.join(CanvasRole::Commenter);
    for n in 0..25 {
        let id = format!("t{n}");
        world.act(jonas, |txn| add_thread(txn, &id, &at(), &said(9, "forged")));
    }
    assert!(matches!(world.pages[jonas].closed, Some((close::NOT_ALLOWED, _))));
    assert_eq!(json(&world.core.doc)["comments"], serde_json::json!({}));
}

#[test]
fn what_somebody_took_away_comes_back_by_their_undo() {
    let mut world = world();
    let (mara, jonas) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(mara, |txn| {
        add_thread(txn, "t", &at(), &said(0, "first"));
        reply(txn, "t", &said(0, "second"));
    });
    let doc = world.pages[jonas].doc.clone();
    let mut undo: UndoManager<()> = UndoManager::new();
    undo.expand_scope(&doc, &doc.get_or_insert_map("comments"));
    world.act(jonas, |txn| {
        let gone = said(0, "second");
        remove_message(txn, "t", &gone);
    });
    assert_eq!(texts(&world, "t"), ["first"]);
    let before = doc.transact().state_vector();
    assert!(undo.undo_blocking());
    let update = doc.transact().encode_diff_v1(&before);
    world.send(jonas, Frame::Update(&update).encode());
    assert_eq!(texts(&world, "t"), ["first", "second"]);
    world.assert_converged();
}

#[test]
fn where_nobody_signs_in_names_are_free() {
    let mut world = World::new();
    let page = world.join(CanvasRole::Owner);
    world.act(page, |txn| add_thread(txn, "t", &at(), &said(7, "a script's")));
    assert_eq!(texts(&world, "t"), ["a script's"]);
    assert!(world.said.is_empty());
}
