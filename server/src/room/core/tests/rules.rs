//! The rules that keep yrs sound, with the updates that were found to break it.

use super::*;
use gesso_protocol::wire::guard::GuardError;

/// A history: Yjs updates in hexadecimal, in order.
fn history(json: &str) -> Vec<Vec<u8>> {
    let lines: Vec<String> = serde_json::from_str(json).unwrap();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    lines.iter().map(|line| line.as_bytes().chunks(2).map(byte).collect()).collect()
}

/// Sends each update from a connection of its own; the reasons of those that were refused.
fn play(updates: &[Vec<u8>]) -> (World, Vec<String>) {
    let mut world =
        World::with(RoomLimits { violations_per_minute: usize::MAX, ..limits() }, schema::repair);
    let mut refused = Vec::new();
    for (at, update) in updates.iter().enumerate() {
        let conn = ConnId(1_000 + at as u64);
        world.core.join(conn, CanvasRole::Editor, "", false, 1).unwrap();
        let frame: Bytes = Frame::Update(update).encode().into();
        world.core.frames(conn, &[frame], 1);
        world.core.flush(1);
        for effect in world.core.take_effects() {
            match effect {
                Effect::Persist { number, update } => {
                    world.log.push(update);
                    world.core.durable(number);
                }
                Effect::Close { reason, .. } => refused.push(reason),
                Effect::Send { .. }
                | Effect::Answer { .. }
                | Effect::CheckOutcome
                | Effect::ChoicesChanged
                | Effect::Said { .. }
                | Effect::Recovered(_) => {}
            }
        }
        world.core.leave(conn, 1);
        assert_eq!(world.core.broken(), None);
    }
    drop(schema::read_canvas(&world.core.doc.transact()));
    assert_eq!(world.reloaded(), json(&world.core.doc));
    (world, refused)
}

#[test]
fn what_was_found_to_free_memory_in_use_is_refused() {
    let said = |error: GuardError| vec![error.to_string()];
    for (name, file, expected) in [
        ("key of the wrong neighbour", include_str!("cases/min_B.json"), GuardError::TwoLists),
        ("halves under a key", include_str!("cases/min_A.json"), GuardError::KeyedRun),
        ("halves under a key, at once", include_str!("cases/min_A1.json"), GuardError::KeyedRun),
        ("a subdocument", include_str!("cases/min_subdoc_legit.json"), GuardError::Subdocument),
        ("a held head elsewhere", include_str!("cases/min_E.json"), GuardError::OtherList),
    ] {
        let (_, refused) = play(&history(file));
        assert_eq!(refused, said(expected), "{name}");
    }
    // Around a gap; a gap waits and never enters the document.
    let (world, refused) = play(&history(include_str!("cases/min_D.json")));
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!(json(&world.core.doc)["nodes"], serde_json::json!({}));
}

#[test]
fn what_was_found_to_kill_the_process_leaves_the_room_whole() {
    for file in [
        include_str!("cases/crash-six-updates.json"),
        include_str!("cases/crash-eighteen-updates.json"),
    ] {
        let (mut world, refused) = play(&history(file));
        assert!(!refused.is_empty());
        let honest = world.join(CanvasRole::Editor);
        world.act(honest, |txn| set(txn, "meta", "honest", "fine"));
        assert_eq!(world.assert_converged()["meta"]["honest"], "fine");
    }
}

/// One struct of client 60 at this clock; `place` is what stands between its first byte and its content.
fn one(clock: u8, info: u8, place: &[u8], content: &[u8]) -> Vec<u8> {
    let mut out = vec![1, 1, 60, clock, info];
    out.extend_from_slice(place);
    out.extend_from_slice(content);
    out.push(0);
    out
}

#[test]
fn each_rule_holds_through_a_reload() {
    let map =
        |clock: u8, key: u8| one(clock, 7 | 0x20, &[1, 4, b'm', b'e', b't', b'a', 1, key], &[1]);
    let inside = |clock: u8, parent: u8, content: &[u8]| {
        one(clock, 8 | 0x20, &[0, 60, parent, 1, b'k'], content)
    };
    let base = [map(0, b'a'), map(1, b'b'), inside(2, 0, &[1, 126]), inside(3, 1, &[1, 126])];
    let (world, refused) = play(&base);
    assert_eq!(refused, Vec::<String>::new());
    let crafted = [
        // Between an entry of one map and one of another.
        (one(4, 8 | 0xc0, &[60, 2, 60, 3], &[1, 126]), GuardError::TwoLists),
        // Two values under the key that its neighbour has.
        (one(4, 8 | 0x80, &[60, 2], &[2, 126, 126]), GuardError::KeyedRun),
        // Inside of a value.
        (one(4, 8 | 0x20, &[0, 60, 2, 1, b'k'], &[1, 126]), GuardError::NoType),
        // Text among the elements of a map.
        (one(4, 4, &[0, 60, 0], &[1, b'x']), GuardError::StrayText),
    ];
    for (update, expected) in crafted {
        for stored in [world.log.clone(), vec![world.core.encode_state()]] {
            let mut core = Core::open(&stored, Vec::new(), 901, limits(), no_repair, 1).unwrap();
            assert_eq!(core.post(&update, "a", true, 1).unwrap_err().reason, expected.to_string());
            assert_eq!(core.broken(), None);
        }
    }
}

#[test]
fn several_values_under_a_key_pass_where_all_of_them_are_deleted() {
    // As a client writes that collected what it overwrote: the tombstones of two values are one struct.
    let update = [
        1,
        2,
        60,
        0,
        1 | 0x20,
        1,
        4,
        b'm',
        b'e',
        b't',
        b'a',
        1,
        b'k',
        2,
        8 | 0x80,
        60,
        1,
        1,
        126,
        1,
        60,
        1,
        0,
        2,
    ];
    let (world, refused) = play(&[update.to_vec()]);
    assert_eq!(refused, Vec::<String>::new());
    assert!(json(&world.core.doc)["meta"].as_object().unwrap().contains_key("k"));
}

#[test]
fn what_was_written_into_something_deleted_meanwhile_is_taken() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| {
        let nodes = txn.get_or_insert_map("nodes");
        let node = nodes.insert(txn, "n", MapPrelim::default());
        node.insert(txn, "text", TextPrelim::new("words"));
    });
    // Typed and set while another deletes the node: both arrive after it.
    let late = world.edit(b, |txn| {
        let Some(Out::YMap(node)) = txn.get_or_insert_map("nodes").get(txn, "n") else { panic!() };
        let Some(Out::YText(text)) = node.get(txn, "text") else { panic!() };
        text.insert(txn, 2, "XX");
        node.insert(txn, "title", "late");
    });
    world.act(a, |txn| drop(txn.get_or_insert_map("nodes").remove(txn, "n")));
    world.send(b, late);
    assert_eq!(world.pages[b].closed, None);
    assert_eq!(world.assert_converged()["nodes"], serde_json::json!({}));
}
