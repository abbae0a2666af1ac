//! Whole sync stories: convergence, saving, forged outcomes, gaps, slow readers.

use gesso_protocol::ids::NodeId;

use super::*;

#[test]
fn two_pages_converge_and_are_told_what_is_saved() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| set(txn, "meta", "name", "Alpha"));
    world.act(b, |txn| set(txn, "meta", "description", "by b"));
    let state = world.assert_converged();
    assert_eq!(state["meta"]["name"], "Alpha");
    assert_eq!(state["meta"]["description"], "by b");
    // Each sent its answer to the room's step 1 and one update.
    assert_eq!((world.pages[a].saved, world.pages[b].saved), (2, 2));
    assert_eq!(world.reloaded(), state);
}

#[test]
fn nothing_is_called_saved_before_it_is_durable() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    world.is_durable = false;
    let before = world.pages[a].saved;
    world.act(a, |txn| set(txn, "meta", "name", "Alpha"));
    world.act(a, |txn| set(txn, "meta", "name", "Beta"));
    assert_eq!(world.pages[a].saved, before);
    let persisted = world.core.persisted();
    world.core.durable(persisted - 1);
    world.turn();
    assert_eq!(world.pages[a].saved, before + 1);
    world.core.durable(persisted);
    world.turn();
    assert_eq!(world.pages[a].saved, before + 2);
}

#[test]
fn a_message_that_changes_nothing_is_counted_too() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let frame = world.edit(a, |txn| set(txn, "meta", "name", "Alpha"));
    world.send(a, frame.clone());
    world.send(a, frame);
    assert_eq!(world.pages[a].saved, 3);
    assert_eq!(world.log.len(), 1);
}

#[test]
fn what_one_page_sent_is_not_sent_back_to_it_alone() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let (got_a, got_b) = (world.pages[a].received, world.pages[b].received);
    world.act(a, |txn| set(txn, "meta", "name", "Alpha"));
    // The sender gets its count, the other the update.
    assert_eq!(world.pages[a].received, got_a + 1);
    assert_eq!(world.pages[b].received, got_b + 1);
}

#[test]
fn a_flush_of_many_writers_is_one_update_for_all() {
    let mut world = World::new();
    let pages: Vec<usize> = (0..5).map(|_| world.join(CanvasRole::Editor)).collect();
    let logged = world.log.len();
    for page in &pages {
        let key = format!("k{page}");
        let frame = world.edit(*page, |txn| set(txn, "meta", &key, "x"));
        world.core.frames(world.pages[*page].conn, &[frame.into()], 1);
    }
    world.turn();
    assert_eq!(world.log.len(), logged + 1);
    world.assert_converged();
    assert_eq!(world.reloaded(), json(&world.core.doc));
}

fn server_result(world: &mut World, node: &str, state: &'static str) {
    let node = node.to_owned();
    world.core.write(move |txn| {
        let results = txn.get_or_insert_map("results");
        results.insert(
            txn,
            node,
            MapPrelim::from([
                ("state", Any::from(state)),
                ("items", Any::from(vec![Any::from(1.0)])),
            ]),
        );
    });
    world.turn();
}

#[test]
fn forged_outcomes_heal_on_every_replica_also_the_forgers() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    server_result(&mut world, "n1", "completed");
    server_result(&mut world, "n2", "running");
    let truth = world.assert_converged();

    // Overwrites one, removes one, changes inside of one, adds one, and adds a run; all with a permitted edit.
    world.act(a, |txn| {
        set(txn, "meta", "name", "mine");
        let results = txn.get_or_insert_map("results");
        results.insert(txn, "n1", MapPrelim::from([("state", "idle")]));
        results.insert(txn, "forged", MapPrelim::from([("state", "completed")]));
        set(txn, "runs", "r1", "forged");
    });
    let healed = world.assert_converged();
    assert_eq!(healed["results"], truth["results"]);
    assert_eq!(healed["runs"], truth["runs"]);
    assert_eq!(healed["meta"]["name"], "mine");

    world.act(b, |txn| {
        let results = txn.get_or_insert_map("results");
        results.remove(txn, "n2");
        let Some(Out::YMap(n1)) = results.get(txn, "n1") else { panic!("n1 is there") };
        n1.insert(txn, "state", "failed");
        n1.remove(txn, "items");
    });
    let healed = world.assert_converged();
    assert_eq!(healed["results"], truth["results"]);
    assert_eq!(world.checks, 2);
    assert_eq!(world.reloaded(), healed);
    assert!(world.pages.iter().all(|page| page.denied.is_empty() && page.closed.is_none()));
}

#[test]
fn what_somebody_chooses_to_show_is_noticed() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    world.act(a, |txn| {
        let node = MapPrelim::from([("text", TextPrelim::new("a fox"))]);
        txn.get_or_insert_map("nodes").insert(txn, "n1", node);
        let comment = MapPrelim::from([("output", MapPrelim::from([("", "no choice")]))]);
        txn.get_or_insert_map("comments").insert(txn, "c1", comment);
    });
    assert_eq!(world.choices, 0);
    let output = |txn: &mut TransactionMut<'_>, id: &str| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.get(txn, id).unwrap().cast::<MapRef>().unwrap().insert(
            txn,
            "output",
            MapPrelim::default(),
        )
    };
    world.act(a, |txn| {
        output(txn, "n1").insert(txn, "", "a choice");
    });
    assert_eq!(world.choices, 1);
    // With the node that it belongs to, as after hours offline.
    world.act(a, |txn| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.insert(txn, "n2", MapPrelim::default());
        output(txn, "n2").insert(txn, "", "a choice");
        set(txn, "meta", "name", "mine");
    });
    assert_eq!(world.choices, 2);
}

#[test]
fn a_node_that_becomes_another_kind_has_its_outcome_looked_up() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let kind = |txn: &mut TransactionMut<'_>, kind: &str| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.get(txn, "n1").unwrap().cast::<MapRef>().unwrap().insert(txn, "kind", kind);
    };
    world.act(a, |txn| {
        txn.get_or_insert_map("nodes").insert(txn, "n1", MapPrelim::default());
        kind(txn, "text");
    });
    assert_eq!(world.checks, 0);
    world.act(a, |txn| kind(txn, "image_generator"));
    assert_eq!(world.checks, 1);
}

#[test]
fn after_twenty_forgeries_in_a_minute_the_forger_is_closed() {
    let mut world = World::new();
    let (a, _) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    for round in 0..20 {
        world.act(a, |txn| set(txn, "runs", &format!("r{round}"), "forged"));
    }
    assert_eq!(world.pages[a].closed, None);
    world.act(a, |txn| set(txn, "runs", "one more", "forged"));
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::NOT_ALLOWED);
    assert_eq!(world.assert_converged()["runs"], serde_json::json!({}));
}

#[test]
fn an_edit_over_http_cannot_forge_either() {
    let mut world = World::new();
    world.join(CanvasRole::Editor);
    world.core.edit(|txn| {
        set(txn, "meta", "name", "over http");
        set(txn, "results", "n", "forged");
    });
    world.turn();
    let state = world.assert_converged();
    assert_eq!(state["meta"]["name"], "over http");
    assert_eq!(state["results"], serde_json::json!({}));
}

#[test]
fn a_commenter_writes_comments_and_nothing_else() {
    let mut world = World::new();
    let (editor, commenter) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Commenter));
    world.act(editor, |txn| set(txn, "meta", "name", "kept"));
    world.act(commenter, |txn| {
        set(txn, "comments", "c1", "hello");
        set(txn, "meta", "name", "changed");
    });
    let state = world.assert_converged();
    assert_eq!(state["comments"]["c1"], "hello");
    assert_eq!(state["meta"]["name"], "kept");
}

#[test]
fn a_commenter_changes_nothing_that_other_programs_keep() {
    let mut world = World::new();
    let (editor, commenter) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Commenter));
    world.act(editor, |txn| {
        set(txn, "x-shots", "one", "kept");
        yrs::Array::push_back(&txn.get_or_insert_array("x-list"), txn, "kept");
    });
    world.act(commenter, |txn| {
        set(txn, "x-shots", "one", "changed");
        set(txn, "comments", "c1", "hello");
        yrs::Array::remove(&txn.get_or_insert_array("x-list"), txn, 0);
    });
    assert_eq!(world.pages[commenter].closed, None);
    assert_eq!(world.assert_converged()["comments"]["c1"], "hello");
    for doc in [world.core.doc.clone(), world.pages[commenter].doc.clone()] {
        let (shots, list) = (doc.get_or_insert_map("x-shots"), doc.get_or_insert_array("x-list"));
        let txn = doc.transact();
        assert_eq!(yrs::Map::get(&shots, &txn, "one"), Some(Out::from("kept")));
        assert_eq!(yrs::Array::len(&list, &txn), 1);
    }
    // A root of their own could not be taken back: it is refused.
    world.act(commenter, |txn| set(txn, "x-mine", "one", "new"));
    assert!(matches!(world.pages[commenter].closed, Some((close::NOT_ALLOWED, _))));
    assert!(world.core.doc.transact().get_map("x-mine").is_none());
}

#[test]
fn a_viewer_sees_everything_and_is_told_that_it_may_not_write() {
    let mut world = World::new();
    let (editor, viewer) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Viewer));
    world.act(editor, |txn| set(txn, "meta", "name", "seen"));
    assert_eq!(json(&world.pages[viewer].doc)["meta"]["name"], "seen");
    assert!(world.pages[viewer].denied.is_empty());
    world.act(viewer, |txn| set(txn, "meta", "name", "mine"));
    assert_eq!(world.pages[viewer].denied.len(), 1);
    assert_eq!(world.pages[viewer].closed, None);
    assert_eq!(json(&world.core.doc)["meta"]["name"], "seen");
}

#[test]
fn a_role_that_changes_counts_at_once_and_is_told() {
    let mut world = World::new();
    let (editor, page) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let conn = world.pages[page].conn;
    world.act(page, |txn| set(txn, "meta", "name", "mine"));
    world.core.set_role(conn, CanvasRole::Commenter, world.now_ms);
    world.act(page, |txn| {
        set(txn, "meta", "name", "still mine");
        set(txn, "comments", "c1", "hello");
    });
    let state = world.assert_converged();
    assert_eq!(
        (&state["meta"]["name"], &state["comments"]["c1"]),
        (&"mine".into(), &"hello".into())
    );
    world.core.set_role(conn, CanvasRole::Owner, world.now_ms);
    world.act(page, |txn| set(txn, "meta", "name", "mine again"));
    assert_eq!(world.assert_converged()["meta"]["name"], "mine again");
    world.core.set_role(conn, CanvasRole::Viewer, world.now_ms);
    world.act(page, |txn| set(txn, "meta", "name", "refused"));
    assert_eq!(json(&world.core.doc)["meta"]["name"], "mine again");
    assert_eq!(world.pages[page].roles, ["editor", "commenter", "owner", "viewer"]);
    assert_eq!((world.pages[page].denied.len(), &world.pages[page].closed), (1, &None));
    // Whoever sees nothing any more is out, and nobody else is.
    world.core.end_access(conn, world.now_ms);
    world.turn();
    assert!(matches!(world.pages[page].closed, Some((close::NOT_ALLOWED, _))));
    assert_eq!(world.pages[editor].closed, None);
}

#[test]
fn what_waits_when_its_writer_becomes_a_viewer_is_not_called_saved() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let saved = world.pages[a].saved;
    world.edit(a, |txn| set(txn, "meta", "one", "1"));
    let second = world.edit(a, |txn| set(txn, "meta", "two", "2"));
    world.send(a, second);
    world.core.set_role(world.pages[a].conn, CanvasRole::Viewer, world.now_ms);
    world.turn();
    assert!(matches!(world.pages[a].closed, Some((close::REFUSED, _))));
    assert_eq!(world.pages[a].saved, saved.max(1));
}

#[test]
fn a_gap_waits_for_what_fills_it_and_holds_the_count_back() {
    let mut world = World::new();
    let (a, _) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let first = world.edit(a, |txn| set(txn, "meta", "one", "1"));
    let second = world.edit(a, |txn| set(txn, "meta", "two", "2"));
    let third = world.edit(a, |txn| set(txn, "meta", "three", "3"));
    world.send(a, third);
    world.send(a, second);
    assert_eq!(world.pages[a].saved, 1, "only the answer to step 1");
    assert!(!world.core.doc.transact().has_missing_updates());
    world.send(a, first);
    assert_eq!(world.pages[a].saved, 4);
    assert_eq!(world.assert_converged()["meta"]["three"], "3");
}

#[test]
fn a_gap_filled_by_somebody_else_is_noticed() {
    let mut world = World::new();
    let a = world.join(CanvasRole::Editor);
    let first = world.edit(a, |txn| set(txn, "meta", "one", "1"));
    let second = world.edit(a, |txn| set(txn, "meta", "two", "2"));
    world.send(a, second);
    // The page reconnected elsewhere and its first update comes on another connection.
    let other = ConnId(77);
    world.core.join(other, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    world.core.frames(other, &[first.into()], world.now_ms);
    world.now_ms += 1_000;
    world.core.tick(world.now_ms);
    assert_eq!(json(&world.core.doc)["meta"]["two"], "2");
    assert_eq!(world.pages[a].closed, None);
}

#[test]
fn a_gap_that_nobody_fills_ends_with_1008() {
    let mut world = World::new();
    let (a, _) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let _lost = world.edit(a, |txn| set(txn, "meta", "one", "1"));
    let second = world.edit(a, |txn| set(txn, "meta", "two", "2"));
    world.send(a, second);
    world.now_ms += 9_999;
    world.core.tick(world.now_ms);
    world.turn();
    assert_eq!(world.pages[a].closed, None);
    world.now_ms += 1;
    world.core.tick(world.now_ms);
    world.turn();
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::REFUSED);
    assert_eq!(world.pages[a].denied.len(), 1);
}

#[test]
fn too_much_behind_a_gap_ends_with_1008() {
    let mut world = World::with(RoomLimits { gap_max_bytes: 300, ..limits() }, no_repair);
    let a = world.join(CanvasRole::Editor);
    let _lost = world.edit(a, |txn| set(txn, "meta", "one", "1"));
    for round in 0..20 {
        let frame =
            world.edit(a, |txn| set(txn, "meta", &format!("k{round}"), "a value of some length"));
        world.send(a, frame);
    }
    assert_eq!(world.pages[a].closed.as_ref().unwrap().0, close::REFUSED);
}

#[test]
fn a_slow_reader_gets_one_diff_from_where_it_was() {
    use crate::room::outbox::{Next, Outbox};
    let mut world = World::new();
    let (fast, slow) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let (conn, outbox) = (world.pages[slow].conn, Outbox::alone(2_000));
    let doc = world.pages[slow].doc.clone();
    for round in 0..200 {
        let frame = world.edit(fast, |txn| {
            set(txn, "meta", &format!("k{}", round % 17), "some text to fill the queue")
        });
        world.core.frames(world.pages[fast].conn, &[frame.into()], world.now_ms);
        world.core.flush(world.now_ms);
        for effect in world.core.take_effects() {
            match effect {
                Effect::Send { conn: to, frame, covers } if to == conn => {
                    outbox.push(frame, covers, world.now_ms)
                }
                other @ (Effect::Send { .. }
                | Effect::Answer { .. }
                | Effect::Close { .. }
                | Effect::Persist { .. }
                | Effect::CheckOutcome
                | Effect::ChoicesChanged
                | Effect::Said { .. }
                | Effect::Recovered(_)) => world.perform(other),
            }
        }
        // It takes one frame now and then.
        if round % 50 == 10
            && outbox.lagging_since_ms().is_none()
            && let Some(Next::Frame(frame)) = outbox.try_next()
        {
            let Frame::Update(update) = Frame::decode(&frame).unwrap() else { continue };
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        }
    }
    assert!(outbox.lagging_since_ms().is_some());
    assert_ne!(json(&doc), json(&world.core.doc));
    loop {
        match outbox.try_next() {
            None => break,
            Some(Next::Drained) => {
                let missed = outbox.resume();
                world.core.resync(conn, &missed);
                world.core.flush(world.now_ms);
                for effect in world.core.take_effects() {
                    match effect {
                        Effect::Answer { frame, .. } => outbox.push_answer(frame),
                        Effect::Send { frame, covers, .. } => {
                            outbox.push(frame, covers, world.now_ms)
                        }
                        Effect::Close { .. }
                        | Effect::Persist { .. }
                        | Effect::CheckOutcome
                        | Effect::ChoicesChanged
                        | Effect::Said { .. }
                        | Effect::Recovered(_) => panic!("nothing else happens"),
                    }
                }
            }
            Some(Next::Pong(_)) => panic!("nobody pinged"),
            Some(Next::Frame(frame) | Next::Answer(frame)) => {
                if let Frame::Update(update) = Frame::decode(&frame).unwrap() {
                    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
                }
            }
            Some(Next::Close(..)) => panic!("it was closed"),
        }
    }
    world.assert_converged();
}

#[test]
fn awareness_is_the_newest_of_each_and_goes_with_its_connection() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let entry = |client, clock, state: &str| {
        let payload = awareness::encode([awareness::Entry { client, clock, state }].into_iter());
        Bytes::from(Frame::Awareness(&payload).encode())
    };
    let conn = world.pages[a].conn;
    let frames: Vec<Bytes> =
        (1..=50).map(|clock| entry(1, clock, &format!("{{\"x\":{clock}}}"))).collect();
    world.core.frames(conn, &frames, world.now_ms);
    world.core.flush(world.now_ms);
    let told = states_for(&mut world, b);
    assert_eq!(told, [vec![(1, 50, "{\"x\":50}".to_owned())]]);

    // Somebody else cannot speak for it, nor remove it.
    let other = world.pages[b].conn;
    world.core.frames(other, &[entry(1, 60, "{\"x\":0}"), entry(1, 70, "null")], world.now_ms);
    world.core.flush(world.now_ms);
    assert!(states_for(&mut world, a).is_empty());

    world.core.leave(conn, world.now_ms);
    world.core.flush(world.now_ms);
    assert_eq!(states_for(&mut world, b), [vec![(1, 50, "null".to_owned())]]);
    // A late echo of the state it had does not bring it back, not even from a second tab of the same person.
    let tab = ConnId(77);
    world.core.join(tab, CanvasRole::Editor, "person 0", false, world.now_ms).unwrap();
    for echo in [other, tab] {
        world.core.frames(echo, &[entry(1, 50, "{\"x\":50}")], world.now_ms);
        world.core.flush(world.now_ms);
        assert!(states_for(&mut world, b).is_empty());
    }
    // The person comes back with a newer one.
    world.core.frames(tab, &[entry(1, 51, "{\"x\":51}")], world.now_ms);
    world.core.flush(world.now_ms);
    assert_eq!(states_for(&mut world, b), [vec![(1, 51, "{\"x\":51}".to_owned())]]);
}

fn states_for(world: &mut World, page: usize) -> Vec<Vec<(u64, u32, String)>> {
    let conn = world.pages[page].conn;
    let mut told = Vec::new();
    for effect in world.core.take_effects() {
        let Effect::Send { conn: to, frame, .. } = effect else { continue };
        let Frame::Awareness(payload) = Frame::decode(&frame).unwrap() else { continue };
        if to == conn {
            let entries = awareness::decode(payload, 100).unwrap();
            let entries = entries.into_iter().filter(|entry| entry.client != 900);
            told.push(
                entries.map(|entry| (entry.client, entry.clock, entry.state.to_owned())).collect(),
            );
        }
    }
    told.retain(|entries: &Vec<_>| !entries.is_empty());
    told
}

#[test]
fn the_server_is_a_participant_and_renews_itself() {
    let mut world = World::new();
    world.join(CanvasRole::Editor);
    world.core.set_progress(&NodeId::new("n1"), Some(0.5));
    world.core.flush(world.now_ms);
    let own = |world: &mut World| {
        let effects = world.core.take_effects();
        effects.into_iter().find_map(|effect| {
            let Effect::Send { frame, .. } = effect else { return None };
            let Frame::Awareness(payload) = Frame::decode(&frame).unwrap() else { return None };
            let entries = awareness::decode(payload, 9).unwrap();
            Some((
                entries[0].clock,
                serde_json::from_str::<serde_json::Value>(entries[0].state).unwrap(),
            ))
        })
    };
    let (clock, state) = own(&mut world).unwrap();
    assert_eq!(state, serde_json::json!({"server": true, "progress": {"n1": 0.5}, "queue": {}}));
    world.core.tick(world.now_ms + 15_000);
    world.core.flush(world.now_ms + 15_000);
    assert_eq!(own(&mut world).unwrap().0, clock + 1);
}

#[test]
fn a_state_that_is_not_renewed_goes_after_30_s() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    let payload =
        awareness::encode([awareness::Entry { client: 1, clock: 1, state: "{}" }].into_iter());
    world.send(a, Frame::Awareness(&payload).encode());
    world.now_ms += 30_001;
    world.core.tick(world.now_ms);
    world.core.flush(world.now_ms);
    assert_eq!(states_for(&mut world, b), [vec![(1, 1, "null".to_owned())]]);
}

#[test]
fn nodes_without_their_types_get_them_from_the_room() {
    let mut world = World::with(limits(), schema::repair);
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.insert(txn, "n1", MapPrelim::from([("kind", "text")]));
    });
    let state = world.assert_converged();
    let node = &state["nodes"]["n1"];
    assert!(
        node["settings"].is_object() && node["output"].is_object() && node["text"].is_string(),
        "{node}"
    );
    // Text typed into it by both converges.
    for page in [a, b] {
        world.act(page, |txn| {
            let nodes = txn.get_or_insert_map("nodes");
            let Some(Out::YMap(node)) = nodes.get(txn, "n1") else { panic!("no node") };
            let Some(Out::YText(text)) = node.get(txn, "text") else { panic!("no text") };
            text.insert(txn, 0, "hi ");
        });
    }
    assert_eq!(world.assert_converged()["nodes"]["n1"]["text"], "hi hi ");
}

#[test]
fn texts_typed_at_once_converge() {
    let mut world = World::new();
    let (a, b) = (world.join(CanvasRole::Editor), world.join(CanvasRole::Editor));
    world.act(a, |txn| {
        let nodes = txn.get_or_insert_map("nodes");
        nodes.insert(txn, "n", TextPrelim::new("base"));
    });
    let type_at = |text: &'static str| {
        move |txn: &mut TransactionMut<'_>| {
            let nodes = txn.get_or_insert_map("nodes");
            let Some(Out::YText(found)) = nodes.get(txn, "n") else { panic!("no text") };
            found.insert(txn, 2, text);
        }
    };
    let (from_a, from_b) = (world.edit(a, type_at("AAA")), world.edit(b, type_at("BBB")));
    world.send(a, from_a);
    world.send(b, from_b);
    world.assert_converged();
    let doc = world.core.doc.clone();
    let nodes = doc.get_or_insert_map("nodes");
    let Some(Out::YText(text)) = nodes.get(&doc.transact(), "n") else { panic!("no text") };
    assert_eq!(text.get_string(&doc.transact()).len(), 10);
}

#[test]
fn a_room_takes_only_so_many() {
    let mut world = World::with(RoomLimits { clients_max: 2, ..limits() }, no_repair);
    world.join(CanvasRole::Editor);
    world.join(CanvasRole::Editor);
    let refused = world.core.join(ConnId(9), CanvasRole::Editor, "late", false, 1).unwrap_err();
    assert_eq!(refused.code, close::TRY_LATER);
}

/// A canvas of so many nodes, and a page on it.
fn canvas_of(nodes: u32) -> (World, usize) {
    let mut world = World::with(limits(), schema::repair);
    let page = world.join(CanvasRole::Editor);
    world.act(page, |txn| {
        let map = txn.get_or_insert_map("nodes");
        for node in 0..nodes {
            let entry = map.insert(txn, format!("node{node}"), MapPrelim::from([("kind", "text")]));
            entry.insert(txn, "pos", Any::from(vec![Any::from(f64::from(node)), Any::from(0.0)]));
            entry.insert(
                txn,
                "settings",
                MapPrelim::from([("model", "studio-painter"), ("aspect_ratio", "16:9")]),
            );
            entry.insert(txn, "output", MapPrelim::default());
            entry.insert(
                txn,
                "text",
                TextPrelim::new("A lighthouse on a cliff above a calm sea at dusk"),
            );
        }
    });
    assert_eq!(world.pages[page].closed, None);
    (world, page)
}

/// The middle of what one dragged node costs the room, in µs, from frame to effects.
fn cost_of_an_edit(nodes: u32) -> u128 {
    let (mut world, page) = canvas_of(nodes);
    let conn = world.pages[page].conn;
    let mut costs: Vec<u128> = (0..301)
        .map(|round| {
            let frame: Bytes = world
                .edit(page, |txn| {
                    let map = txn.get_or_insert_map("nodes");
                    let Some(Out::YMap(node)) = map.get(txn, "node7") else { panic!("no node") };
                    node.insert(
                        txn,
                        "pos",
                        Any::from(vec![Any::from(f64::from(round)), Any::from(1.0)]),
                    );
                })
                .into();
            let start = std::time::Instant::now();
            world.core.frames(conn, &[frame], 1);
            world.core.flush(1);
            let cost = start.elapsed().as_micros();
            world.core.take_effects();
            cost
        })
        .collect();
    costs.sort_unstable();
    costs[costs.len() / 2]
}

#[test]
fn what_an_edit_costs_does_not_grow_with_the_document() {
    let (small, large) = (cost_of_an_edit(20), cost_of_an_edit(5_000));
    println!("an edit costs {small} µs among 20 nodes and {large} µs among 5,000");
    assert!(large < small * 4 + 100, "{large} µs against {small} µs");
}
