//! Plays a history into a room: connections come and go, the server writes, the room is loaded anew.

use std::fmt;

use bytes::Bytes;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::doc::{PEOPLE_ROOTS, SERVER_ROOTS};
use gesso_protocol::wire::Frame;
use gesso_protocol::wire::guard::{Kind, Scan};
use serde_json::{Map, Value, json};
use yrs::{Array as _, GetString as _, Map as _, Out, ReadTxn as _, TransactionMut, WriteTxn as _};

use crate::craft::{CRAFTED_BELOW, Random};
use crate::report::{complain, to_hex};
use crate::room::core::{ConnId, Core, Effect, Part};
use crate::room::limits::RoomLimits;

/// Counts over all histories.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    histories: u64,
    updates: u64,
    refused: u64,
    /// Rooms that broke, or differ from themselves after a reload.
    pub(crate) broken: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, updates, refused, broken } = self;
        write!(f, "{histories} histories, {updates} updates, {refused} refused, {broken} broken")
    }
}

fn limits() -> RoomLimits {
    RoomLimits {
        has_accounts: true,
        violations_per_minute: usize::MAX,
        work_burst_us: u64::MAX,
        ..RoomLimits::default()
    }
}

/// Fate of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is in the log, or was known.
    Saved,
    Refused,
    /// It waits for what it builds on.
    Waits,
}

struct Game {
    core: Core,
    log: Vec<Bytes>,
    next_own: u32,
    next_conn: u64,
    refused: u64,
    /// Everything that a replica elsewhere has seen, in order: what was sent and what the room made of it.
    seen: Vec<String>,
    /// Descriptions of what broke.
    faults: Vec<String>,
}

impl Game {
    fn new() -> Self {
        let core = open(&[], 70_000);
        Self {
            core,
            log: Vec::new(),
            next_own: 70_001,
            next_conn: 1,
            refused: 0,
            seen: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// One flush; says what came of the connection that wrote.
    fn turn(&mut self) -> Fate {
        let mut fate = Fate::Waits;
        while self.core.is_unfinished() {
            self.core.go_on(1);
        }
        self.core.flush(1);
        loop {
            let effects = self.core.take_effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                match effect {
                    Effect::Persist { number, update } => {
                        self.seen.push(to_hex(&update));
                        self.log.push(update);
                        self.core.durable(number);
                    }
                    Effect::Close { .. } => fate = Fate::Refused,
                    Effect::Send { frame, .. } => {
                        if let Ok(Frame::Saved(_)) = Frame::decode(&frame) {
                            fate = Fate::Saved;
                        }
                    }
                    Effect::Answer { .. }
                    | Effect::CheckOutcome
                    | Effect::ChoicesChanged
                    | Effect::Said { .. }
                    | Effect::Recovered(_) => {}
                }
            }
        }
        if let Some(why) = self.core.broken() {
            self.faults.push(why.to_owned());
        }
        fate
    }

    /// Sends an update from a connection of its own.
    fn send(&mut self, update: &[u8]) {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        if self.core.join(conn, CanvasRole::Editor, "somebody", true, 1).is_err() {
            return;
        }
        let at = self.seen.len();
        let frame: Bytes = Frame::SyncStep2(update).encode().into();
        self.core.batch(&[(conn, vec![frame])], 1);
        match self.turn() {
            Fate::Saved => self.seen.insert(at, to_hex(update)),
            Fate::Refused => self.refused += 1,
            Fate::Waits => {}
        }
        self.core.leave(conn, 1);
    }

    fn reload(&mut self) {
        if std::env::var_os("FUZZ_LOG").is_some() {
            for update in &self.log {
                eprintln!("log {}", to_hex(update));
            }
        }
        let before = content(&self.core);
        self.core = open(&self.log, self.next_own);
        self.next_own += 1;
        if content(&self.core) != before {
            self.faults.push("it is another document after a reload".to_owned());
        }
    }

    fn report(&mut self, seed: u64, updates: usize, tally: &mut Tally) -> Value {
        tally.histories += 1;
        tally.updates += updates as u64;
        tally.refused += self.refused;
        tally.broken += u64::from(!self.faults.is_empty());
        for fault in &self.faults {
            complain(seed, fault);
        }
        json!({
            "seed": seed,
            "seen": self.seen,
            "log": self.log.iter().map(|update| to_hex(update)).collect::<Vec<_>>(),
            "state": to_hex(&self.core.encode_state()),
            "content": content(&self.core),
            "refused": self.refused,
            "crossed": self.log.iter().any(|update| may_cross(update)),
            "faults": self.faults,
        })
    }
}

/// True if a crafted item names both neighbours. Where the right one is on the left of the left one (which no client
/// writes, and which cannot be told without walking the list) yrs and Yjs put the item in different places.
fn may_cross(update: &[u8]) -> bool {
    Scan::read(update).is_ok_and(|scan| {
        scan.structs().any(|found| {
            found.id.client < CRAFTED_BELOW
                && matches!(found.kind, Kind::Item { origin: Some(_), right_origin: Some(_), .. })
        })
    })
}

fn open(log: &[Bytes], own: u32) -> Core {
    Core::open(log, Vec::new(), own, limits(), gesso_protocol::schema::repair, 1)
        .expect("the log opens")
}

/// Crafted updates, with everything a room goes through between them.
pub(crate) fn crafted(seed: u64, updates: &[Vec<u8>], tally: &mut Tally) -> Value {
    let mut random = Random::new(seed ^ 0x5eed);
    let mut game = Game::new();
    for update in updates {
        if random.chance(15) {
            let mut is_first = true;
            while game.core.post(update, "poster", is_first, 1) == Ok(Part::Further) {
                is_first = false;
                game.turn();
            }
            game.turn();
        } else {
            game.send(update);
        }
        if random.chance(20) {
            game.core.write(|txn| serve(txn, &mut random));
            game.turn();
        }
        if random.chance(20) {
            game.core.encode_state();
            game.core.read(|txn| drop(gesso_protocol::schema::read_canvas(txn)));
        }
        if random.chance(10) {
            game.reload();
        }
    }
    game.reload();
    game.turn();
    game.report(seed, updates.len(), tally)
}

/// Honest updates: none may be refused; what waits for a gap is sent again until all is there.
pub(crate) fn honest(seed: u64, updates: &[Vec<u8>], tally: &mut Tally) -> Value {
    let mut game = Game::new();
    // Whatever came too early waits with its connection in the server; here it is sent again.
    for _ in 0..3 {
        for update in updates {
            game.send(update);
        }
    }
    if game.refused > 0 {
        game.faults.push(format!("{} honest updates were refused", game.refused));
    }
    game.reload();
    game.report(seed, updates.len(), tally)
}

/// A write of the server's own.
fn serve(txn: &mut TransactionMut<'_>, random: &mut Random) {
    let key = ["a", "b", "text"][random.below(3)];
    let results = txn.get_or_insert_map("results");
    match random.below(3) {
        0 => drop(results.insert(txn, key, random.below(9) as i64)),
        1 => drop(results.insert(txn, key, yrs::MapPrelim::from([("state", "idle")]))),
        _ => drop(results.remove(txn, key)),
    }
}

/// Returns the content of the document, as any reader would see it. Nothing and `null` are the same here: Yjs and yrs
/// differ in which of them they give for content that nobody writes.
fn content(core: &Core) -> Value {
    core.read(|txn| {
        let mut roots = Map::new();
        for name in PEOPLE_ROOTS.into_iter().chain(SERVER_ROOTS) {
            if let Some(map) = txn.get_map(name) {
                roots.insert(name.to_owned(), value(txn, &Out::YMap(map)));
            }
        }
        Value::Object(roots)
    })
}

fn value(txn: &yrs::Transaction<'_>, out: &Out) -> Value {
    match out {
        Out::Any(any) => plain(any),
        Out::YMap(map) => {
            let entries = map.iter(txn).map(|(key, out)| (key.to_owned(), value(txn, &out)));
            Value::Object(entries.filter(|(_, value)| !value.is_null()).collect())
        }
        Out::YArray(array) => {
            let entries: Vec<Out> = array.iter(txn).collect();
            entries.iter().map(|out| value(txn, out)).collect()
        }
        Out::YText(text) => Value::String(text.get_string(txn)),
        Out::YXmlElement(_)
        | Out::YXmlFragment(_)
        | Out::YXmlText(_)
        | Out::YDoc(_)
        | Out::UndefinedRef(_) => Value::String("?".to_owned()),
    }
}

fn plain(any: &yrs::Any) -> Value {
    match any {
        yrs::Any::Null | yrs::Any::Undefined => Value::Null,
        yrs::Any::Bool(value) => json!(value),
        yrs::Any::Number(yrs::any::Number::Int(value)) => json!(value),
        yrs::Any::Number(yrs::any::Number::Float(value)) => {
            // As JavaScript writes it: a whole number has no point.
            if value.fract() == 0.0 { json!(*value as i64) } else { json!(value) }
        }
        yrs::Any::String(value) => json!(&**value),
        yrs::Any::Buffer(_) => json!("bytes"),
        yrs::Any::Array(values) => values.iter().map(plain).collect(),
        yrs::Any::Map(values) => {
            let entries = values.iter().map(|(key, any)| (key.clone(), plain(any)));
            Value::Object(entries.filter(|(_, value)| !value.is_null()).collect())
        }
    }
}
