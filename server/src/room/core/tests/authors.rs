//! Comments stand in the name of who wrote them.

use gesso_protocol::schema::{Message, Place, add_thread, read_thread, remove_message, reply};
use gesso_protocol::values::json_to_any;
use yrs::Array as _;
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
    // The rest of a thread stays as it was, for everybody.
    world.act(mara, |txn| set(txn, "meta", "name", "goes on"));
    assert_eq!(world.assert_converged()["comments"]["both"]["pos"], serde_json::json!([1, 2]));
}

#[test]
fn a_thread_that_is_shown_later_is_held_to_its_writers_all_the_same() {
    let mut world = world();
    let (mara, jonas) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Commenter));
    for (n, place) in [None, Some("x"), Some("")].into_iter().enumerate() {
        let id = format!("t{n}");
        world.act(jonas, |txn| {
            add_thread(txn, &id, &at(), &said(0, "forged"));
            let thread = txn.get_or_insert_map("comments").get(txn, &id).unwrap();
            let thread: MapRef = thread.cast().unwrap();
            match place {
                None => drop(thread.remove(txn, "pos")),
                Some(place) => drop(thread.insert(txn, "pos", place)),
            }
        });
    }
    assert_eq!(world.assert_converged()["comments"], serde_json::json!({}));
    // What is no message is taken out as well, also where a reader of its own would show it.
    world.act(mara, |txn| add_thread(txn, "t", &at(), &said(0, "first")));
    let odd = [
        serde_json::json!({"by": "person 0", "name": "Mara", "at": 1, "text": 7}),
        serde_json::json!([{"by": "person 0", "text": "nested"}]),
        serde_json::json!("person 0: plain"),
    ];
    for odd in odd {
        world.act(jonas, |txn| {
            let thread = txn.get_or_insert_map("comments").get(txn, "t").unwrap();
            let thread: MapRef = thread.cast().unwrap();
            let array: yrs::ArrayRef = thread.get(txn, "messages").unwrap().cast().unwrap();
            array.push_back(txn, json_to_any(&odd));
        });
    }
    world.act(jonas, |txn| {
        let thread = txn.get_or_insert_map("comments").get(txn, "t").unwrap();
        let thread: MapRef = thread.cast().unwrap();
        let array: yrs::ArrayRef = thread.get(txn, "messages").unwrap().cast().unwrap();
        array.push_back(txn, MapPrelim::from([("by", "person 0"), ("text", "a map")]));
    });
    let thread = world.assert_converged()["comments"]["t"].clone();
    assert_eq!(thread["messages"].as_array().unwrap().len(), 1, "{thread}");
    assert_eq!(texts(&world, "t"), ["first"]);
}

#[test]
fn what_somebody_said_is_not_put_elsewhere_or_said_again() {
    let mut world = world();
    let (mara, jonas) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Commenter));
    world.act(mara, |txn| add_thread(txn, "lunch", &at(), &said(0, "Yes, do it!")));
    world.act(jonas, |txn| add_thread(txn, "money", &at(), &said(1, "May I delete it all?")));
    world.act(jonas, |txn| {
        reply(txn, "money", &said(0, "Yes, do it!"));
        reply(txn, "lunch", &said(0, "Yes, do it!"));
    });
    assert_eq!(texts(&world, "money"), ["May I delete it all?"]);
    assert_eq!(texts(&world, "lunch"), ["Yes, do it!"]);
    world.assert_converged();
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
