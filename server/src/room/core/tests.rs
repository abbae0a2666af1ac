use super::*;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::doc::{PEOPLE_ROOTS, SERVER_ROOTS};
use gesso_protocol::schema::{self, Message};
use gesso_protocol::wire::read::write_var;
use yrs::{
    Any, GetString as _, Map as _, MapPrelim, MapRef, Out, Text as _, TextPrelim, TransactionMut,
    WriteTxn as _,
};

mod authors;
mod budget;
mod fuzz;
mod guard;
mod hostile;
mod ids;
mod rules;
mod size;
mod stories;

fn no_repair(_: &mut TransactionMut<'_>, _: &str) -> bool {
    false
}

fn limits() -> RoomLimits {
    RoomLimits::default()
}

/// A browser: a replica of its own and what the room sent it.
struct Page {
    conn: ConnId,
    doc: Doc,
    denied: Vec<String>,
    roles: Vec<String>,
    closed: Option<(u16, String)>,
    saved: u64,
    received: usize,
}

/// A room with pages on it; frames travel at once.
struct World {
    core: Core,
    pages: Vec<Page>,
    log: Vec<Bytes>,
    now_ms: u64,
    checks: usize,
    choices: usize,
    said: Vec<(String, Message)>,
    /// True if what is persisted becomes durable at once.
    is_durable: bool,
}

fn page_doc(client: u32) -> Doc {
    gesso_protocol::doc::open(client, "page")
}

impl World {
    fn new() -> Self {
        Self::with(limits(), no_repair)
    }

    fn with(limits: RoomLimits, repair: Repair) -> Self {
        Self::of(Core::open(&[], Vec::new(), 900, limits, repair, 1).unwrap())
    }

    /// A room that nobody is in yet.
    fn of(core: Core) -> Self {
        Self {
            core,
            pages: Vec::new(),
            log: Vec::new(),
            now_ms: 1,
            checks: 0,
            choices: 0,
            said: Vec::new(),
            is_durable: true,
        }
    }

    fn join(&mut self, role: CanvasRole) -> usize {
        let at = self.pages.len();
        let conn = ConnId(at as u64 + 1);
        let doc = page_doc(at as u32 + 1);
        self.core.join(conn, role, &format!("person {at}"), true, self.now_ms).unwrap();
        self.pages.push(Page {
            conn,
            doc,
            denied: Vec::new(),
            roles: Vec::new(),
            closed: None,
            saved: 0,
            received: 0,
        });
        let step1 =
            Frame::SyncStep1(&self.pages[at].doc.transact().state_vector().encode_v1()).encode();
        self.send(at, step1);
        at
    }

    fn send(&mut self, page: usize, frame: Vec<u8>) {
        self.core.frames(self.pages[page].conn, &[frame.into()], self.now_ms);
        self.turn();
    }

    /// One flush of the room, and everybody takes what it sent.
    fn turn(&mut self) {
        loop {
            while self.core.is_unfinished() {
                self.core.go_on(self.now_ms);
            }
            self.core.flush(self.now_ms);
            let effects = self.core.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.perform(effect);
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Send { conn, frame, .. } => self.deliver(conn, &frame),
            Effect::Answer { conn, frame } => {
                self.deliver(conn, &frame);
                self.core.answered(conn);
            }
            Effect::Close { conn, code, reason } => self.page(conn).closed = Some((code, reason)),
            Effect::Persist { number, update } => {
                self.log.push(update);
                if self.is_durable {
                    self.core.durable(number);
                }
            }
            Effect::CheckOutcome => self.checks += 1,
            Effect::ChoicesChanged => self.choices += 1,
            Effect::Said { thread, message } => self.said.push((thread, message)),
            Effect::Recovered(ids) => panic!("nothing stood aside: {ids:?}"),
        }
    }

    fn page(&mut self, conn: ConnId) -> &mut Page {
        self.pages.iter_mut().find(|page| page.conn == conn).unwrap()
    }

    fn deliver(&mut self, conn: ConnId, frame: &[u8]) {
        let page = self.page(conn);
        page.received += 1;
        match Frame::decode(frame).unwrap() {
            Frame::SyncStep1(vector) => {
                let vector = StateVector::decode_v1(vector).unwrap();
                let missing = page.doc.transact().encode_diff_v1(&vector);
                let answer: Bytes = Frame::SyncStep2(&missing).encode().into();
                self.core.frames(conn, &[answer], self.now_ms);
            }
            Frame::SyncStep2(update) | Frame::Update(update) => {
                page.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
            }
            Frame::Denied(reason) => page.denied.push(reason.to_owned()),
            Frame::Saved(count) => page.saved = count,
            Frame::Awareness(payload) => drop(awareness::decode(payload, 1_000).unwrap()),
            Frame::Role(role) => page.roles.push(role.to_owned()),
            frame @ (Frame::Granted | Frame::QueryAwareness | Frame::Unknown(_)) => {
                panic!("a page got {frame:?}")
            }
        }
    }

    /// Edits a page's replica and gives the frame that says so.
    fn edit(&mut self, page: usize, f: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let doc = self.pages[page].doc.clone();
        let mut txn = doc.transact_mut();
        f(&mut txn);
        Frame::Update(&txn.encode_update_v1()).encode()
    }

    /// Edits a page's replica and tells the room.
    fn act(&mut self, page: usize, f: impl FnOnce(&mut TransactionMut<'_>)) {
        let frame = self.edit(page, f);
        self.send(page, frame);
    }

    /// The document of every replica that is connected, and the room's, as JSON; all the same.
    fn assert_converged(&self) -> serde_json::Value {
        let room = json(&self.core.doc);
        for page in self.pages.iter().filter(|page| page.closed.is_none()) {
            assert_eq!(json(&page.doc), room, "page {:?} differs from the room", page.conn);
            assert!(!page.doc.transact().has_missing_updates());
        }
        room
    }

    /// The room as it would be after a crash: from what is in the log.
    fn reloaded(&self) -> serde_json::Value {
        json(&load(&self.log, 901).unwrap().0)
    }
}

fn json(doc: &Doc) -> serde_json::Value {
    let txn = doc.transact();
    let mut roots = serde_json::Map::new();
    for name in PEOPLE_ROOTS.into_iter().chain(SERVER_ROOTS) {
        let map = txn.get_map(name).unwrap();
        roots.insert(
            name.to_owned(),
            serde_json::to_value(yrs::types::ToJson::to_json(&map, &txn)).unwrap(),
        );
    }
    roots.into()
}

fn set(txn: &mut TransactionMut<'_>, root: &str, key: &str, value: &str) {
    let map = txn.get_or_insert_map(root);
    map.insert(txn, key, value);
}
