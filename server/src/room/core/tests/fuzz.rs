//! Random pages, random trouble: the room converges, and bytes that were tampered with never break it.

use super::*;
use proptest::prelude::*;
use yrs::{Array as _, ArrayPrelim};

#[derive(Debug, Clone)]
enum Step {
    Set {
        page: usize,
        root: usize,
        key: u8,
        value: String,
    },
    Type {
        page: usize,
        at: u8,
        text: String,
    },
    Nest {
        page: usize,
        key: u8,
    },
    Remove {
        page: usize,
        root: usize,
        key: u8,
    },
    /// The server writes a result with maps in it and a generation, as a run does.
    Outcome {
        key: u8,
        value: u8,
    },
    /// A page changes what is inside of them.
    Forge {
        page: usize,
        key: u8,
        how: u8,
    },
    Offline {
        page: usize,
    },
    Online {
        page: usize,
    },
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let page = 0usize..3;
    prop_oneof![
        4 => (page.clone(), 0usize..7, 0u8..4, "[a-z]{0,6}")
            .prop_map(|(page, root, key, value)| Step::Set { page, root, key, value }),
        4 => (page.clone(), any::<u8>(), "[a-z文]{1,5}").prop_map(|(page, at, text)| Step::Type { page, at, text }),
        2 => (page.clone(), 0u8..4).prop_map(|(page, key)| Step::Nest { page, key }),
        2 => (page.clone(), 0usize..7, 0u8..4).prop_map(|(page, root, key)| Step::Remove { page, root, key }),
        3 => (0u8..4, any::<u8>()).prop_map(|(key, value)| Step::Outcome { key, value }),
        4 => (page.clone(), 0u8..4, 0u8..8).prop_map(|(page, key, how)| Step::Forge { page, key, how }),
        1 => page.clone().prop_map(|page| Step::Offline { page }),
        2 => page.prop_map(|page| Step::Online { page }),
        1 => Just(Step::Crash),
    ]
}

fn root(at: usize) -> &'static str {
    PEOPLE_ROOTS.into_iter().chain(SERVER_ROOTS).nth(at).unwrap()
}

/// Three people, each with a replica that outlives its connections.
struct Life {
    world: World,
    docs: Vec<Doc>,
    /// The page of each, while it is online.
    pages: [Option<usize>; 3],
}

impl Life {
    fn new() -> Self {
        let limits = RoomLimits { violations_per_minute: usize::MAX, ..limits() };
        let mut life = Self {
            world: World::with(limits, no_repair),
            docs: (1..=3).map(page_doc).collect(),
            pages: [None; 3],
        };
        (0..3).for_each(|who| life.connect(who));
        life
    }

    fn connect(&mut self, who: usize) {
        if self.pages[who].is_some() {
            return;
        }
        let page = self.world.pages.len();
        let conn = ConnId(page as u64 + 1);
        self.world.core.join(conn, CanvasRole::Editor, "", true, 1).unwrap();
        let doc = self.docs[who].clone();
        let step1 = Frame::SyncStep1(&doc.transact().state_vector().encode_v1()).encode();
        let page_state = Page {
            conn,
            doc,
            denied: Vec::new(),
            roles: Vec::new(),
            closed: None,
            saved: 0,
            received: 0,
        };
        self.world.pages.push(page_state);
        self.world.send(page, step1);
        // What the page answers to the room's step 1 is fanned out too.
        self.world.turn();
        self.pages[who] = Some(page);
    }

    fn disconnect(&mut self, who: usize) {
        if let Some(page) = self.pages[who].take() {
            self.world.core.leave(self.world.pages[page].conn, 1);
            self.world.pages[page].closed = Some((1000, String::new()));
        }
    }

    fn edit(&mut self, who: usize, f: impl FnOnce(&mut TransactionMut<'_>)) {
        match self.pages[who] {
            Some(page) => self.world.act(page, f),
            None => f(&mut self.docs[who].transact_mut()),
        }
    }

    /// The room dies without a word and is loaded from its log under a new id.
    fn crash(&mut self, own: u32) {
        let durable = json(&self.world.core.doc);
        let core = Core::open(
            &self.world.log,
            Vec::new(),
            own,
            self.world.core.limits.clone(),
            no_repair,
            1,
        )
        .unwrap();
        self.world.core = core;
        assert_eq!(json(&self.world.core.doc), durable, "what was durable is there");
        for who in 0..3 {
            if let Some(page) = self.pages[who].take() {
                self.world.pages[page].closed = Some((1006, String::new()));
            }
        }
    }
}

fn outcome(doc: &Doc) -> serde_json::Value {
    let state = json(doc);
    SERVER_ROOTS
        .into_iter()
        .map(|root| (root.to_owned(), state[root].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Writes as a run does: a new map with a map in it, and one more generation.
fn write_outcome(txn: &mut TransactionMut<'_>, key: &str, value: u8) {
    let results = txn.get_or_insert_map("results");
    let result = results.insert(txn, key, MapPrelim::from([("state", "completed")]));
    let items = result.insert(txn, "items", MapPrelim::default());
    items.insert(txn, "", i64::from(value));
    let generations = txn.get_or_insert_map("generations");
    let history = match generations.get(txn, key) {
        Some(Out::YArray(history)) => history,
        _ => generations.insert(txn, key, ArrayPrelim::default()),
    };
    history.push_back(txn, i64::from(value));
}

/// Writes, as nobody but the server may, inside of what the server wrote.
fn forge(txn: &mut TransactionMut<'_>, key: &str, how: u8) {
    let (results, generations) =
        (txn.get_or_insert_map("results"), txn.get_or_insert_map("generations"));
    match (how, results.get(txn, key), generations.get(txn, key)) {
        (0, Some(Out::YMap(result)), _) => {
            result.insert(txn, "state", "forged");
        }
        (1, Some(Out::YMap(result)), _) => {
            result.remove(txn, "items");
        }
        (2, Some(Out::YMap(result)), _) => {
            result.insert(txn, "items", MapPrelim::from([("", "forged")]));
        }
        (3, _, Some(Out::YArray(history))) => {
            history.insert(txn, 0, "forged");
        }
        (4, _, Some(Out::YArray(history))) if history.len(txn) > 0 => history.remove(txn, 0),
        (5, _, _) => {
            generations.remove(txn, key);
        }
        (6, _, _) => {
            results.insert(txn, key, MapPrelim::from([("state", "forged")]));
        }
        _ => {
            results.remove(txn, key);
            results.insert(txn, key, "forged");
            generations.insert(txn, key, ArrayPrelim::from(["forged"]));
        }
    }
}

fn play(steps: Vec<Step>) -> Life {
    let mut life = Life::new();
    let mut truth = outcome(&life.world.core.doc);
    for (at, step) in steps.into_iter().enumerate() {
        if let Step::Outcome { key, value } = step {
            life.world.core.write(|txn| write_outcome(txn, &format!("k{key}"), value));
            life.world.turn();
            truth = outcome(&life.world.core.doc);
            continue;
        }
        take(&mut life, step, at);
        assert_eq!(outcome(&life.world.core.doc), truth, "the outcome is the server's");
    }
    life
}

fn take(life: &mut Life, step: Step, at: usize) {
    match step {
        Step::Outcome { .. } => {}
        Step::Forge { page, key, how } => {
            life.edit(page, |txn| forge(txn, &format!("k{key}"), how))
        }
        Step::Set { page, root: at, key, value } => {
            life.edit(page, |txn| set(txn, root(at), &format!("k{key}"), &value));
        }
        Step::Remove { page, root: at, key } => life.edit(page, |txn| {
            let map = txn.get_or_insert_map(root(at));
            map.remove(txn, &format!("k{key}"));
        }),
        Step::Nest { page, key } => life.edit(page, |txn| {
            let map = txn.get_or_insert_map("nodes");
            map.insert(txn, format!("k{key}"), MapPrelim::from([("kind", "text")]));
        }),
        Step::Type { page, at, text } => life.edit(page, |txn| {
            let map = txn.get_or_insert_map("meta");
            match map.get(txn, "text") {
                Some(Out::YText(found)) => {
                    let index = u32::from(at) % (found.len(txn) + 1);
                    found.insert(txn, index, &text);
                }
                _ => drop(map.insert(txn, "text", TextPrelim::new(text))),
            }
        }),
        Step::Offline { page } => life.disconnect(page),
        Step::Online { page } => life.connect(page),
        Step::Crash => life.crash(1_000 + at as u32),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn three_people_converge_through_disconnects_and_crashes(steps in proptest::collection::vec(step(), 1..60)) {
        let mut life = play(steps);
        for who in 0..3 {
            life.disconnect(who);
        }
        // Twice: what the last one brought reaches the first.
        for _ in 0..2 {
            (0..3).for_each(|who| life.connect(who));
        }
        let state = life.world.assert_converged();
        prop_assert_eq!(life.world.reloaded(), state);
        prop_assert_eq!(life.world.core.broken(), None);
        for page in life.world.pages.iter().filter(|page| page.closed.is_none()) {
            prop_assert!(page.denied.is_empty(), "{:?}", page.denied);
        }
    }

    #[test]
    fn flipped_bits_never_break_the_room(
        steps in proptest::collection::vec(step(), 1..20),
        flips in proptest::collection::vec((any::<usize>(), 0u8..8), 1..4),
        edit in "[a-z]{0,9}",
    ) {
        let mut life = play(steps);
        (0..3).for_each(|who| life.connect(who));
        let page = life.pages[0].unwrap();
        let mut frame = life.world.edit(page, |txn| {
            set(txn, "meta", "k", &edit);
            let map = txn.get_or_insert_map("nodes");
            map.insert(txn, "n", MapPrelim::from([("kind", "text")]));
            map.remove(txn, "k1");
        });
        for (at, bit) in flips {
            let at = at % frame.len();
            frame[at] ^= 1 << bit;
        }
        let conn = life.world.pages[page].conn;
        life.world.core.frames(conn, &[frame.into()], 1);
        life.world.core.flush(1);
        life.world.core.take_effects();
        prop_assert_eq!(life.world.core.broken(), None);
        // Others go on.
        let other = life.pages[1].unwrap();
        life.world.act(other, |txn| set(txn, "meta", "after", "fine"));
        let after = json(&life.world.core.doc);
        prop_assert_eq!(&after["meta"]["after"], "fine");
    }
}
