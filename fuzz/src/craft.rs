//! Makes up histories: honest updates of two replicas, and crafted ones whose structs have random places among what is
//! there, are sent again, longer than they were, or in part.

use gesso_protocol::wire::guard::{Content, Id, Kind, Scan};
use gesso_protocol::wire::read::{write_buf, write_var};
use std::collections::BTreeMap;
use yrs::updates::decoder::Decode as _;
use yrs::{
    Any, Array as _, ArrayPrelim, Doc, Map as _, MapPrelim, Out, ReadTxn as _, Text as _,
    TextPrelim, Transact as _, Update,
};

/// Clients of crafted updates are below this, those of honest ones above.
pub(crate) const CRAFTED_BELOW: u64 = 100;
const KEYS: [&str; 3] = ["a", "b", "text"];
const ROOTS: [&str; 5] = ["nodes", "edges", "meta", "runs", "results"];

/// A generator of random numbers (SplitMix64): the same seed gives the same history everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x1000_0001).wrapping_add(77))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[derive(Debug, Clone)]
enum Place {
    Root(&'static str, Option<&'static str>),
    Inside(Id, Option<&'static str>),
    Beside(Option<Id>, Option<Id>),
    /// Collected: no place.
    Nowhere,
}

#[derive(Debug, Clone)]
struct Made {
    id: Id,
    len: u32,
    kind: u8,
    place: Place,
    content: Vec<u8>,
}

#[derive(Debug, Default)]
struct Crafted {
    sections: Vec<Vec<Made>>,
    deletions: Vec<(Id, u32)>,
}

fn write_id(out: &mut Vec<u8>, id: Id) {
    write_var(out, id.client);
    write_var(out, u64::from(id.clock));
}

fn write_made(out: &mut Vec<u8>, made: &Made) {
    let key = |out: &mut Vec<u8>, key: &Option<&str>| {
        if let Some(key) = key {
            write_buf(out, key.as_bytes());
        }
    };
    let flag = |key: &Option<&str>| if key.is_some() { 0x20 } else { 0 };
    match &made.place {
        Place::Nowhere => {
            out.push(0);
            write_var(out, u64::from(made.len));
            return;
        }
        Place::Root(name, named) => {
            out.extend([made.kind | flag(named), 1]);
            write_buf(out, name.as_bytes());
            key(out, named);
        }
        Place::Inside(parent, named) => {
            out.extend([made.kind | flag(named), 0]);
            write_id(out, *parent);
            key(out, named);
        }
        Place::Beside(left, right) => {
            let flags =
                if left.is_some() { 0x80 } else { 0 } | if right.is_some() { 0x40 } else { 0 };
            out.push(made.kind | flags);
            for id in [left, right].into_iter().flatten() {
                write_id(out, *id);
            }
        }
    }
    out.extend_from_slice(&made.content);
}

impl Crafted {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let sections: Vec<&Vec<Made>> =
            self.sections.iter().filter(|section| !section.is_empty()).collect();
        write_var(&mut out, sections.len() as u64);
        for section in sections {
            write_var(&mut out, section.len() as u64);
            write_id(&mut out, section[0].id);
            for made in section {
                write_made(&mut out, made);
            }
        }
        let mut by_client: BTreeMap<u64, Vec<(u32, u32)>> = BTreeMap::new();
        for (id, len) in &self.deletions {
            by_client.entry(id.client).or_default().push((id.clock, *len));
        }
        write_var(&mut out, by_client.len() as u64);
        for (client, ranges) in by_client {
            write_var(&mut out, client);
            write_var(&mut out, ranges.len() as u64);
            for (start, len) in ranges {
                write_var(&mut out, u64::from(start));
                write_var(&mut out, u64::from(len));
            }
        }
        out
    }
}

struct Maker {
    random: Random,
    known: Vec<Made>,
    clocks: BTreeMap<u64, u32>,
}

impl Maker {
    fn value(&mut self, out: &mut Vec<u8>, depth: u8) {
        match *self.random.pick(&[126u8, 121, 120, 125, 119, 118, 117, 116, 123]) {
            125 => out.extend([125, self.random.below(60) as u8]),
            119 => {
                out.push(119);
                write_buf(out, self.random.pick(&["", "x", "é"]).as_bytes());
            }
            kind @ (117 | 118) => {
                out.push(kind);
                let count = if depth > 2 { 0 } else { self.random.below(3) };
                write_var(out, count as u64);
                for at in 0..count {
                    if kind == 118 {
                        write_buf(out, format!("q{at}").as_bytes());
                    }
                    self.value(out, depth + 1);
                }
            }
            116 => out.extend([116, 1, 7]),
            123 => out.extend([123, 63, 240, 0, 0, 0, 0, 0, 0]),
            plain => out.push(plain),
        }
    }

    /// Kind, number of elements and bytes of a content.
    fn content(&mut self, is_keyed: bool) -> (u8, u32, Vec<u8>) {
        let kinds: &[u8] = if is_keyed {
            &[1, 3, 4, 7, 7, 7, 7, 8, 8, 8, 8, 9, 5, 6]
        } else {
            &[1, 3, 4, 4, 4, 5, 6, 6, 7, 7, 7, 8, 8, 8, 9]
        };
        let kind = *self.random.pick(kinds);
        let count = 1 + self.random.below(3) as u32;
        let mut out = Vec::new();
        let len = match kind {
            1 => {
                write_var(&mut out, u64::from(count));
                count
            }
            3 => {
                out.extend([1, 9]);
                1
            }
            4 => {
                let text = *self.random.pick(&["ab", "x", "abcd", "😀", "é"]);
                write_buf(&mut out, text.as_bytes());
                text.encode_utf16().count() as u32
            }
            5 => {
                write_buf(&mut out, self.random.pick(&["{}", "1", "[1]"]).as_bytes());
                1
            }
            6 => {
                write_buf(&mut out, self.random.pick(&["bold", "link"]).as_bytes());
                write_buf(&mut out, self.random.pick(&["true", "null", "\"u\""]).as_bytes());
                1
            }
            7 => {
                let type_ref = *self.random.pick(&[0u8, 1, 1, 1, 2, 2, 3, 4, 6]);
                out.push(type_ref);
                if type_ref == 3 {
                    write_buf(&mut out, b"div");
                }
                1
            }
            8 => {
                write_var(&mut out, u64::from(count));
                for _ in 0..count {
                    self.value(&mut out, 0);
                }
                count
            }
            _ => {
                write_buf(&mut out, self.random.pick(&["g", "h"]).as_bytes());
                out.extend([118, 0]);
                1
            }
        };
        (kind, len, out)
    }

    fn some(&mut self) -> Option<Id> {
        let count = self.known.len();
        if count == 0 {
            return None;
        }
        let at = if self.random.chance(60) {
            count - 1 - self.random.below(count.min(6))
        } else {
            self.random.below(count)
        };
        let Made { id, len, .. } = self.known[at];
        let inside = if len > 1 { self.random.below(len as usize) as u32 } else { 0 };
        Some(Id { client: id.client, clock: id.clock + inside })
    }

    fn some_type(&mut self) -> Option<Id> {
        let types: Vec<Id> =
            self.known.iter().filter(|made| made.kind == 7).map(|made| made.id).collect();
        if self.random.chance(60) { types.last().copied() } else { types.first().copied() }
    }

    fn made(&mut self, id: Id) -> Made {
        if self.random.chance(3) {
            let len = 1 + self.random.below(3) as u32;
            return Made { id, len, kind: 0, place: Place::Nowhere, content: Vec::new() };
        }
        let (mut left, mut right) = (None, None);
        if self.random.chance(50) {
            left = if self.random.chance(70) { self.some() } else { None };
            right = if self.random.chance(45) { self.some() } else { None };
        }
        let place = if left.is_some() || right.is_some() {
            Place::Beside(left, right)
        } else {
            let key = self.random.chance(65).then(|| *self.random.pick(&KEYS));
            match self.some_type() {
                Some(parent) if self.random.chance(70) => {
                    let parent = if self.random.chance(96) { Some(parent) } else { self.some() };
                    Place::Inside(parent.unwrap_or(id), key)
                }
                Some(_) | None => Place::Root(self.random.pick::<&'static str>(&ROOTS), key),
            }
        };
        let is_keyed = matches!(place, Place::Root(_, Some(_)) | Place::Inside(_, Some(_)));
        let (kind, len, content) = self.content(is_keyed);
        Made { id, len, kind, place, content }
    }

    /// Some of what a client wrote once more, the last of it perhaps longer than it was; where it goes on.
    fn again(&mut self, client: u64, section: &mut Vec<Made>) -> Option<u32> {
        let mine: Vec<Made> =
            self.known.iter().filter(|made| made.id.client == client).cloned().collect();
        let from = mine.len().checked_sub(1 + self.random.below(mine.len().min(3)))?;
        let mut at = mine[from].id.clock;
        for made in &mine[from..] {
            if made.id.clock == at {
                section.push(made.clone());
                at += made.len;
            }
        }
        if let Some(last) = section.last_mut()
            && self.random.chance(60)
            && matches!(last.kind, 1 | 4 | 8)
        {
            last.len += 1 + self.random.below(2) as u32;
            last.content.clear();
            match last.kind {
                4 => write_buf(&mut last.content, "w".repeat(last.len as usize).as_bytes()),
                kind => {
                    write_var(&mut last.content, u64::from(last.len));
                    if kind == 8 {
                        last.content.extend(std::iter::repeat_n(126, last.len as usize));
                    }
                }
            }
        }
        if self.random.chance(15)
            && let Some(first) = section.first().cloned()
        {
            let other = self.made(first.id);
            let is_shorter = other.len != first.len;
            section[0] = other;
            if is_shorter {
                section.truncate(1);
            }
        }
        self.known.extend(section.iter().cloned());
        section.last().map(|last| last.id.clock + last.len)
    }

    fn update(&mut self) -> Crafted {
        let mut update = Crafted::default();
        for _ in 0..1 + self.random.below(2) {
            let client = 1 + self.random.below(4) as u64;
            if update.sections.iter().any(|section| section[0].id.client == client) {
                continue;
            }
            let mut clock = self.clocks.get(&client).copied().unwrap_or(0);
            let mut section = Vec::new();
            if self.random.chance(25)
                && let Some(end) = self.again(client, &mut section)
            {
                clock = end;
            }
            for _ in 0..1 + self.random.below(4) {
                let made = self.made(Id { client, clock });
                clock += made.len;
                self.known.push(made.clone());
                section.push(made);
            }
            let known = self.clocks.entry(client).or_default();
            *known = (*known).max(clock);
            update.sections.push(section);
        }
        // Higher clients first, as every encoder writes them.
        update.sections.sort_by_key(|section| std::cmp::Reverse(section[0].id.client));
        let count = if self.random.chance(45) { 1 + self.random.below(2) } else { 0 };
        for _ in 0..count {
            if let Some(id) = self.some() {
                update.deletions.push((id, 1 + self.random.below(3) as u32));
            }
        }
        update
    }
}

/// Writes something into a replica.
fn write(doc: &Doc, random: &mut Random) {
    let root = doc.get_or_insert_map(*random.pick(&ROOTS));
    let mut txn = doc.transact_mut();
    let key = *random.pick(&KEYS);
    let nested: Vec<Out> = root.iter(&txn).map(|(_, value)| value).collect();
    match random.below(8) {
        0 => drop(root.insert(&mut txn, key, random.below(9) as i64)),
        1 => drop(root.remove(&mut txn, key)),
        2 => drop(root.insert(&mut txn, key, MapPrelim::from([("b", Any::Null)]))),
        3 => drop(root.insert(&mut txn, key, TextPrelim::new("hello"))),
        4 => drop(root.insert(&mut txn, key, ArrayPrelim::from([1, 2, 3]))),
        _ => {
            for value in nested {
                write_nested(&mut txn, random, key, &value);
            }
        }
    }
}

fn write_nested(
    txn: &mut yrs::TransactionMut<'_>,
    random: &mut Random,
    key: &'static str,
    value: &Out,
) {
    match value {
        Out::YMap(map) if random.chance(50) => drop(map.insert(txn, key, 1)),
        Out::YMap(map) => drop(map.remove(txn, key)),
        Out::YText(text) => {
            let len = text.len(txn);
            if len > 1 && random.chance(30) {
                let bold = [("bold".into(), Any::Bool(true))].into_iter().collect();
                text.format(txn, 0, len - 1, bold);
            } else if len > 0 && random.chance(60) {
                text.remove_range(txn, random.below(len as usize) as u32, 1);
            } else {
                text.insert(txn, len, "zz");
            }
        }
        Out::YArray(array) => {
            let len = array.len(txn);
            if len > 0 && random.chance(60) {
                array.remove(txn, random.below(len as usize) as u32);
            } else {
                array.insert(txn, len, 1);
            }
        }
        Out::Any(_)
        | Out::YXmlElement(_)
        | Out::YXmlFragment(_)
        | Out::YXmlText(_)
        | Out::YDoc(_)
        | Out::UndefinedRef(_) => {}
    }
}

/// Returns the updates, one by one, of two replicas that use the library as it is meant.
fn honest(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    let docs: Vec<Doc> =
        [901, 902].map(|client| gesso_protocol::doc::open(client, "fuzz")).into_iter().collect();
    let mut updates = Vec::new();
    for _ in 0..count {
        let who = random.below(2);
        let before = docs[who].transact().state_vector();
        write(&docs[who], random);
        let update = docs[who].transact().encode_diff_v1(&before);
        if random.chance(70)
            && let Ok(update) = Update::decode_v1(&update)
        {
            drop(docs[1 - who].transact_mut().apply_update(update));
        }
        updates.push(update);
    }
    updates
}

/// Returns the structs of an update as those that build on them know them.
fn known(update: &[u8]) -> Vec<Made> {
    let Ok(scan) = Scan::read(update) else { return Vec::new() };
    let made = |found: gesso_protocol::wire::guard::Struct<'_>| {
        let kind = match found.kind {
            Kind::Item { content: Content::Type(_), .. } => 7,
            Kind::Item { .. } => 8,
            Kind::Gc | Kind::Skip => 0,
        };
        Made { id: found.id, len: found.len, kind, place: Place::Nowhere, content: Vec::new() }
    };
    scan.structs().map(made).collect()
}

/// The history of a seed: Yjs updates in the order in which they arrive.
pub(crate) fn history(seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    let mut history = Vec::new();
    if random.chance(40) {
        let count = 2 + random.below(8);
        history = honest(&mut random, count);
    }
    let known = history.iter().flat_map(|update| known(update)).collect();
    let count = 2 + random.below(14);
    let mut maker = Maker { random, known, clocks: BTreeMap::new() };
    for _ in 0..count {
        let update = maker.update().encode();
        let at = if maker.random.chance(75) {
            history.len()
        } else {
            maker.random.below(history.len() + 1)
        };
        history.insert(at, update);
    }
    if maker.random.chance(15) && history.len() > 2 {
        let (a, b) = (maker.random.below(history.len()), maker.random.below(history.len()));
        history.swap(a, b);
    }
    if maker.random.chance(20) {
        let again = maker.random.pick(&history).clone();
        history.push(again);
    }
    history
}
