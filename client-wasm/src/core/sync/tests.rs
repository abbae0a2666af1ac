use std::collections::VecDeque;
use std::sync::Arc;

use gesso_protocol::schema::{self, Message, NewNode, Place};
use proptest::prelude::*;

use super::*;
use crate::core::textdiff::Edit;

/// A page, and the server's end of its connection: a replica that answers as the room does.
struct Page {
    sync: SyncClient,
    replica: Replica,
    outbox: VecDeque<Vec<u8>>,
    connected: bool,
}

fn replica(client: u32) -> Replica {
    Replica::new(client, "canvas", Arc::new(|| 0))
}

impl Page {
    fn new(client: u32) -> Self {
        Self {
            sync: SyncClient::default(),
            replica: replica(client),
            outbox: VecDeque::new(),
            connected: false,
        }
    }

    fn event(&mut self, event: &Event<'_>, now: u64) -> Vec<Action> {
        let actions = self.sync.handle(event, &mut self.replica, now, 0.5);
        let mut is_fresh = false;
        for action in &actions {
            match action {
                Action::Send(bytes) => self.outbox.push_back(bytes.clone()),
                Action::Connect => self.connected = true,
                Action::Disconnect => self.connected = false,
                Action::Post(_)
                | Action::Draw(_)
                | Action::Presence
                | Action::Told(_)
                | Action::Role(..) => {}
                Action::Fresh(_) => is_fresh = true,
            }
        }
        if is_fresh {
            self.replica = replica(self.replica.client() + 100);
        }
        actions
    }

    fn comment(&mut self, id: &str) {
        let message =
            Message { by: "p".to_owned(), text: "Hm".to_owned(), at: 1, ..Message::default() };
        self.replica.edit(|txn| schema::add_thread(txn, id, &Place::Pos([0.0, 0.0]), &message));
    }

    fn write(&mut self, id: &str, x: f64) {
        self.replica.edit(|txn| {
            let node = NewNode {
                id: id.to_owned(),
                kind: "text".to_owned(),
                pos: [x, 0.0],
                ..NewNode::default()
            };
            schema::add_node(txn, &node);
        });
    }
}

/// The room: applies, fans out, counts.
struct Server {
    replica: Replica,
    counts: Vec<u64>,
    role: &'static str,
}

impl Server {
    fn connect(&mut self, page: &mut Page, at: usize) {
        self.counts[at] = 0;
        page.event(&Event::Wake, 0);
        page.event(&Event::Opened, 0);
        page.event(&Event::Frame(&Frame::Role(self.role).encode()), 0);
        let hello = Frame::SyncStep1(&self.replica.state_vector()).encode();
        page.event(&Event::Frame(&hello), 0);
    }

    fn pump(&mut self, pages: &mut [Page]) {
        for page in pages.iter_mut() {
            page.event(&Event::Tick, 1);
        }
        for at in 0..pages.len() {
            while let Some(bytes) = pages[at].outbox.pop_front() {
                let answer = match Frame::decode(&bytes).expect("pages send frames") {
                    Frame::SyncStep1(vector) => {
                        Frame::SyncStep2(&self.replica.diff(vector).expect("a state vector"))
                            .encode()
                    }
                    Frame::SyncStep2(update) | Frame::Update(update) => {
                        self.replica.apply(update).expect("an update");
                        self.counts[at] += 1;
                        let update = Frame::Update(update).encode();
                        for (other, page) in pages.iter_mut().enumerate() {
                            if other != at && *page.sync.phase() == Phase::Live {
                                page.event(&Event::Frame(&update), 1);
                            }
                        }
                        Frame::Saved(self.counts[at]).encode()
                    }
                    Frame::Awareness(_)
                    | Frame::Denied(_)
                    | Frame::Granted
                    | Frame::Role(_)
                    | Frame::Unknown(_)
                    | Frame::QueryAwareness
                    | Frame::Saved(_) => continue,
                };
                pages[at].event(&Event::Frame(&answer), 1);
            }
        }
    }

    fn settle(&mut self, pages: &mut [Page]) {
        for _ in 0..3 {
            self.pump(pages);
        }
    }
}

fn two() -> (Server, Vec<Page>) {
    (
        Server { replica: replica(99), counts: vec![0; 2], role: "owner" },
        vec![Page::new(1), Page::new(2)],
    )
}

#[test]
fn two_pages_converge_and_say_saved_only_after_the_count() {
    let (mut server, mut pages) = two();
    for (at, page) in pages.iter_mut().enumerate() {
        server.connect(page, at);
    }
    server.settle(&mut pages);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
    pages[0].write("a", 5.0);
    pages[0].event(&Event::Tick, 2);
    assert_eq!(pages[0].sync.saving(), Saving::Unsaved);
    server.settle(&mut pages);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
    assert_eq!(pages[1].replica.canvas().nodes["a"].pos, [5.0, 0.0]);
}

#[test]
fn edits_made_offline_are_counted_kept_and_carried_by_the_next_handshake() {
    let (mut server, mut pages) = two();
    for (at, page) in pages.iter_mut().enumerate() {
        server.connect(page, at);
    }
    server.settle(&mut pages);
    pages[0].event(&Event::Closed { code: 1006, reason: "" }, 10);
    pages[0].write("a", 1.0);
    pages[0].write("b", 2.0);
    pages[0].event(&Event::Tick, 11);
    assert_eq!(pages[0].sync.saving().words(), "Offline, 2 changes kept");
    pages[1].write("c", 3.0);
    server.settle(&mut pages[1..]);
    assert!(
        pages[0].event(&Event::Tick, 10_000).contains(&Action::Connect),
        "it tries again by itself"
    );
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
    for page in &pages {
        assert_eq!(page.replica.canvas().nodes.len(), 3);
    }
}

#[test]
fn the_wait_grows_and_stays_bounded() {
    let mut page = Page::new(1);
    let mut waits = Vec::new();
    for _ in 0..12 {
        page.event(&Event::Wake, 0);
        page.event(&Event::Closed { code: 1006, reason: "" }, 0);
        if let Phase::Waiting { until_ms } = page.sync.phase() {
            waits.push(*until_ms);
        }
    }
    assert_eq!(waits.len(), 12);
    assert!(waits.windows(2).all(|w| w[0] <= w[1]) && waits[11] <= RETRY_MS_MAX);
}

#[test]
fn close_codes_say_what_they_mean() {
    for (code, word) in
        [(4404, "no canvas"), (4409, "deleted"), (4403, "may not"), (4401, "signed in")]
    {
        let mut page = Page::new(1);
        page.event(&Event::Wake, 0);
        page.event(&Event::Closed { code, reason: "" }, 0);
        let Phase::Ended(ending) = page.sync.phase() else { panic!("{code} ends it") };
        assert!(ending.words().contains(word), "{ending:?}");
    }
    let mut page = Page::new(1);
    page.event(&Event::Wake, 0);
    let actions = page.event(&Event::Closed { code: 1008, reason: "gap" }, 0);
    assert!(actions.iter().any(|a| matches!(a, Action::Fresh(why) if why.contains("gap"))));
}

#[test]
fn a_replica_too_large_for_a_frame_is_posted() {
    let (mut server, mut pages) = two();
    pages[0].write("a", 0.0);
    let edit = Edit { at: 0, delete: 0, insert: "x".repeat(STEP2_BYTES_MAX + 1) };
    pages[0].replica.edit_text("a", "text", &edit);
    pages[0].event(&Event::Wake, 0);
    pages[0].event(&Event::Opened, 0);
    pages[0].event(&Event::Frame(&Frame::Role("editor").encode()), 0);
    let hello = Frame::SyncStep1(&server.replica.state_vector()).encode();
    let actions = pages[0].event(&Event::Frame(&hello), 0);
    let posted = actions.iter().find_map(|a| if let Action::Post(u) = a { Some(u) } else { None });
    server.replica.apply(posted.expect("it is posted")).expect("an update");
    pages[0].event(&Event::Posted(true), 1);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn replicas_converge_through_losses_of_connection(
        steps in prop::collection::vec((0usize..2, 0u8..5, 0u32..12, "[a-z😀]{0,3}"), 1..40)
    ) {
        let (mut server, mut pages) = two();
        pages[0].write("shared", 0.0);
        for (at, page) in pages.iter_mut().enumerate() {
            server.connect(page, at);
        }
        server.settle(&mut pages);
        for (who, what, at, text) in steps {
            match what {
                0 => pages[who].write(&format!("n{at}"), f64::from(at)),
                1 | 2 => {
                    let edit = Edit { at, delete: u32::from(what) - 1, insert: text };
                    pages[who].replica.edit_text("shared", "text", &edit);
                }
                3 => {
                    pages[who].outbox.clear();
                    pages[who].event(&Event::Closed { code: 1006, reason: "" }, 5);
                }
                _ => {
                    if matches!(pages[who].sync.phase(), Phase::Waiting { .. }) {
                        server.connect(&mut pages[who], who);
                    }
                    server.pump(&mut pages);
                }
            }
        }
        for (at, page) in pages.iter_mut().enumerate() {
            if matches!(page.sync.phase(), Phase::Waiting { .. }) {
                server.connect(page, at);
            }
        }
        server.settle(&mut pages);
        prop_assert_eq!(pages[0].replica.canvas(), pages[1].replica.canvas());
        prop_assert_eq!(pages[0].replica.canvas(), server.replica.canvas());
        prop_assert_eq!(pages[0].sync.saving(), Saving::Saved);
    }
}

/// The awareness states that a page sent: clock and state.
fn said(page: &mut Page) -> Vec<(u32, String)> {
    let frames: Vec<Vec<u8>> = page.outbox.drain(..).collect();
    let mut said = Vec::new();
    for bytes in &frames {
        if let Frame::Awareness(payload) = Frame::decode(bytes).expect("pages send frames") {
            let states = awareness::decode(payload, 10).expect("that can be read");
            said.extend(states.iter().map(|told| (told.clock, told.state.to_owned())));
        }
    }
    said
}

#[test]
fn whoever_comes_back_says_so_with_a_newer_clock() {
    let (mut server, mut pages) = two();
    let page = &mut pages[0];
    page.sync.set_state(r#"{"user":{}}"#.to_owned());
    server.connect(page, 0);
    let first = said(page).last().expect("it says who it is").0;
    page.event(&Event::Closed { code: 1006, reason: "" }, 10);
    server.connect(page, 0);
    let back = said(page);
    assert!(back.iter().all(|(clock, _)| *clock > first), "{back:?}");
    let last = back.last().expect("it says it again").0;
    // Its old connection ended late, or it was silent for too long: others were told that it is gone.
    for (told, state, answers) in [
        (last, "null", true),
        (last, "null", false),
        (last + 7, r#"{"user":{"name":"of old"}}"#, true),
        (last, "null", false),
    ] {
        let frame = awareness_frame(1, told, state);
        page.event(&Event::Frame(&frame), 20);
        let answer = said(page);
        assert_eq!(!answer.is_empty(), answers, "{told} {state}: {answer:?}");
        for (clock, state) in answer {
            assert!(clock > told);
            assert_eq!(state, r#"{"user":{}}"#);
        }
    }
}

/// True if a page sent something that writes.
fn writes(page: &Page) -> bool {
    let is_write = |bytes: &Vec<u8>| {
        matches!(Frame::decode(bytes), Ok(Frame::SyncStep2(_) | Frame::Update(_)))
    };
    page.outbox.iter().any(is_write)
}

fn told(page: &mut Page, role: &str) -> Vec<Action> {
    page.event(&Event::Frame(&Frame::Role(role).encode()), 3)
}

#[test]
fn nothing_is_written_before_the_role_is_told() {
    let (server, mut pages) = two();
    let page = &mut pages[0];
    page.write("a", 1.0);
    page.event(&Event::Wake, 0);
    page.event(&Event::Opened, 0);
    let hello = Frame::SyncStep1(&server.replica.state_vector()).encode();
    page.event(&Event::Frame(&hello), 0);
    page.event(&Event::Tick, 1);
    assert!(!writes(page));
    let actions = told(page, "editor");
    assert!(actions.contains(&Action::Role(None, CanvasRole::Editor)));
    assert!(writes(page));
    assert_eq!(*page.sync.phase(), Phase::Live);
    assert!(told(page, "editor").is_empty(), "the same once more is no news");
}

#[test]
fn who_may_only_look_connects_and_sends_nothing() {
    let (mut server, mut pages) = two();
    server
        .replica
        .apply(&{
            pages[1].write("a", 1.0);
            pages[1].replica.encode()
        })
        .expect("an update");
    server.role = "viewer";
    server.connect(&mut pages[0], 0);
    assert!(!writes(&pages[0]));
    server.settle(&mut pages[..1]);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
    assert_eq!(pages[0].replica.canvas().nodes.len(), 1);
}

#[test]
fn edits_that_a_lower_role_does_not_allow_are_kept_aside_and_the_canvas_comes_anew() {
    let (mut server, mut pages) = two();
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    pages[0].write("a", 1.0);
    let actions = told(&mut pages[0], "viewer");
    assert!(actions.contains(&Action::Role(Some(CanvasRole::Owner), CanvasRole::Viewer)));
    let why =
        actions.iter().find_map(|a| if let Action::Fresh(why) = a { Some(why) } else { None });
    assert!(why.is_some_and(|why| why.contains("1 change of yours")), "{actions:?}");
    assert!(actions.contains(&Action::Disconnect));
    pages[0].outbox.clear();
    pages[0].event(&Event::Closed { code: 1006, reason: "" }, 4);
    assert_eq!(pages[0].sync.saving(), Saving::Unsaved, "that is no loss of connection");
    assert!(pages[0].event(&Event::Tick, 4).contains(&Action::Connect), "at once");
    server.role = "viewer";
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
    assert!(server.replica.canvas().nodes.is_empty() && pages[0].replica.canvas().nodes.is_empty());
}

#[test]
fn a_lower_role_leaves_the_connection_where_everything_is_saved() {
    let (mut server, mut pages) = two();
    server.connect(&mut pages[0], 0);
    pages[0].write("a", 1.0);
    server.settle(&mut pages[..1]);
    let actions = told(&mut pages[0], "viewer");
    assert_eq!(actions, [Action::Role(Some(CanvasRole::Owner), CanvasRole::Viewer)]);
    assert_eq!(*pages[0].sync.phase(), Phase::Live);
    let actions = told(&mut pages[0], "editor");
    assert_eq!(actions, [Action::Role(Some(CanvasRole::Viewer), CanvasRole::Editor)]);
}

#[test]
fn a_commenters_comments_go_out_and_nothing_else_of_theirs() {
    let (mut server, mut pages) = two();
    server.role = "commenter";
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    pages[0].event(&Event::Closed { code: 1006, reason: "" }, 5);
    pages[0].comment("t");
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    assert_eq!(server.replica.threads().len(), 1);
    pages[0].event(&Event::Closed { code: 1006, reason: "" }, 5);
    pages[0].comment("u");
    pages[0].write("a", 1.0);
    pages[0].event(&Event::Wake, 6);
    pages[0].event(&Event::Opened, 6);
    assert!(told(&mut pages[0], "commenter").iter().any(|a| matches!(a, Action::Fresh(_))));
}

#[test]
fn a_right_that_ended_keeps_what_was_not_sent_aside_and_may_come_back() {
    let (mut server, mut pages) = two();
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    pages[0].write("a", 1.0);
    let actions = pages[0].event(&Event::Closed { code: 4403, reason: "" }, 5);
    assert!(actions.iter().any(|a| matches!(a, Action::Fresh(why) if why.contains("1 change"))));
    assert_eq!(pages[0].sync.saving(), Saving::Ended(Ending::NoRight));
    assert!(!pages[0].sync.loaded(), "what one may not see any more is not shown");
    assert!(pages[0].event(&Event::Tick, 60_000).is_empty());
    assert!(pages[0].event(&Event::Reopen, 60_001).contains(&Action::Connect));
    server.role = "editor";
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    assert_eq!(pages[0].sync.saving(), Saving::Saved);
}

#[test]
fn who_is_signed_out_keeps_what_was_not_sent() {
    let (mut server, mut pages) = two();
    server.connect(&mut pages[0], 0);
    server.settle(&mut pages[..1]);
    pages[0].write("a", 1.0);
    let actions = pages[0].event(&Event::Closed { code: 4401, reason: "" }, 5);
    assert!(!actions.iter().any(|a| matches!(a, Action::Fresh(_))));
    assert_eq!(pages[0].sync.unsaved(), 1);
    assert_eq!(pages[0].sync.saving(), Saving::Ended(Ending::SignedOut));
}
