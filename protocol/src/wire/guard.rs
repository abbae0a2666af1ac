//! The guard: reads a Yjs v1 update before the CRDT library does, and says what is in it.
//!
//! yrs 0.28.1 recurses over nested values and nested types, reserves what a length claims, and reads
//! some content differently than Yjs. What passes here is complete (every length is true), bounded in
//! depth, and means the same to yrs and to Yjs. Refused beyond what is malformed: content no modern
//! Yjs writes or that the two read differently (legacy JSON content, weak links, type references
//! unknown to Yjs), and a client that appears twice.
//!
//! [`order`] says whether the update can be integrated whole and in which order, [`places`] into which lists its
//! elements would go and whether yrs survives that, [`pieces`] cuts it into updates of bounded work, [`cut`] a large one
//! into ones that are judged by themselves.

pub mod cut;
pub mod order;
pub mod pieces;
pub mod places;

use super::awareness::json_depth;
use super::read::{ReadError, Reader, write_var};
use serde::de::IgnoredAny;
use std::ops::Range;
use thiserror::Error;

/// Greatest depth of a value (Any or JSON) (R-SYNC-32, R-DOC-40).
pub const VALUE_MAX_DEPTH: usize = 32;
/// Greatest depth of a shared type below its root type (R-SYNC-32, R-DOC-40).
pub const TYPE_MAX_DEPTH: u32 = 8;
/// The largest clock: yrs computes with 31 bits.
const CLOCK_MAX: u32 = i32::MAX as u32;
/// Yjs client ids are at most 53 bits.
const CLIENT_MAX: u64 = (1 << 53) - 1;

/// Number of structs that an update may have however short it is.
const STRUCTS_FREE: usize = 256 * 1024;
/// Average size that the structs above that must have, in bytes. In memory one takes about 180, so that a sender of
/// five-byte structs would fill it forty times as fast as they send. The shortest of a Yjs client, the remains of an
/// overwritten value, has nine.
const STRUCT_MIN_BYTES: usize = 8;

const HAS_ORIGIN: u8 = 0b1000_0000;
const HAS_RIGHT_ORIGIN: u8 = 0b0100_0000;
const HAS_KEY: u8 = 0b0010_0000;
const KIND: u8 = 0b0001_1111;
/// The kind of an item whose content is gone.
const DELETED: u8 = 1;

/// The id of one struct element: who made it and its place among what they made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The Yjs client id.
    pub client: u64,
    /// The clock, in elements.
    pub clock: u32,
}

/// Where an item says it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent<'a> {
    /// Not written: the same as that of its origin (or right origin).
    Sibling,
    /// A root type, by name.
    Root(&'a str),
    /// A shared type, by the id of the item that holds it.
    Item(Id),
}

/// Content of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing any more.
    Deleted,
    /// Bytes.
    Binary,
    /// Text.
    String,
    /// A JSON value inside text.
    Embed,
    /// The start or end of a formatting in text.
    Format,
    /// A shared type, by its Yjs type reference (0 array, 1 map, 2 text, 3 to 6 XML).
    Type(u8),
    /// Plain values.
    Any,
    /// A subdocument.
    Doc,
}

/// Kind of a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Collected: only its length is known.
    Gc,
    /// A hole: the update does not say what is here.
    Skip,
    /// An item.
    Item {
        /// Left neighbour when it was written.
        origin: Option<Id>,
        /// Right neighbour when it was written.
        right_origin: Option<Id>,
        /// The type it is in.
        parent: Parent<'a>,
        /// Key, where it is a map entry that says so.
        key: Option<&'a str>,
        /// Content.
        content: Content,
    },
}

/// One struct of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struct<'a> {
    /// First id.
    pub id: Id,
    /// Number of elements; 0 is an empty item that every reader ignores.
    pub len: u32,
    /// Kind.
    pub kind: Kind<'a>,
}

impl Struct<'_> {
    /// The clock after its last element.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.id.clock + self.len
    }
}

/// Stored part of a struct: the place it is read again from. An update may be all structs of five bytes, so this is
/// small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    clock: u32,
    len: u32,
    /// First byte.
    at: u32,
    section: u32,
}

/// Structs of one client in an update: a contiguous run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The client.
    pub client: u64,
    /// The first clock.
    pub start: u32,
    /// The clock after the last.
    pub end: u32,
    /// Structs, as a range of the update's; neighbouring collected ones are one.
    pub structs: Range<usize>,
    /// Number of structs it is written as.
    pub written: usize,
    /// Encoded structs, as a range of the update's bytes.
    pub bytes: Range<usize>,
}

/// A range of deleted elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deletion {
    /// Whose elements.
    pub client: u64,
    /// The first clock.
    pub start: u32,
    /// The clock after the last.
    pub end: u32,
}

/// An update that passed, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan<'a> {
    /// Sections, one a client, in the order written.
    pub sections: Vec<Section>,
    /// Their indexes in the falling order of their clients; empty where they were written in that order.
    falling: Vec<u32>,
    /// Every struct, section by section.
    slots: Vec<Slot>,
    bytes: &'a [u8],
    /// Deletions, as written.
    pub deletions: Vec<Deletion>,
}

/// Why an update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GuardError {
    /// Not an update.
    #[error("malformed update: {0}")]
    Malformed(#[from] ReadError),
    /// A value nests deeper than [`VALUE_MAX_DEPTH`].
    #[error("a value is nested more than 32 deep")]
    ValueTooDeep,
    /// A shared type would sit deeper than [`TYPE_MAX_DEPTH`].
    #[error("a shared type is more than 8 deep")]
    TypeTooDeep,
    /// Content that is no JSON where JSON is due.
    #[error("malformed update: invalid JSON")]
    Json,
    /// A struct, content or type that Yjs and yrs do not both know.
    #[error("malformed update: unknown content")]
    UnknownContent,
    /// A struct or a deletion without a length.
    #[error("malformed update: empty struct")]
    Empty,
    /// One client twice.
    #[error("malformed update: a client appears twice")]
    RepeatedClient,
    /// The structs wait for each other across more clients than can be untangled in reasonable time.
    #[error("the update's dependencies are too entangled")]
    Entangled,
    /// More structs than its bytes allow.
    #[error("the update is cut too fine")]
    TooFine,
    /// A subdocument: yrs 0.28.1 reads freed memory when what holds it is deleted.
    #[error("a canvas holds no subdocuments; put a Y.Map or a plain value there")]
    Subdocument,
    /// Several elements under one key of which some would stay: only the last can be the key's value.
    #[error("malformed update: several values at once under one key")]
    KeyedRun,
    /// An item between neighbours of two lists.
    #[error("malformed update: an item between two lists")]
    TwoLists,
    /// The rest of an item that is held in part, in another list than the held part.
    #[error("malformed update: an item that goes on in another list")]
    OtherList,
    /// An item inside of something that is no shared type.
    #[error("malformed update: a parent is no type")]
    NoType,
    /// Text, an embed or a formatting in a list that holds no text.
    #[error("malformed update: text outside of a text")]
    StrayText,
}

impl GuardError {
    /// True if a well-meaning client may have sent it, so that it is a refusal rather than malformed bytes.
    #[must_use]
    pub fn is_policy(self) -> bool {
        matches!(self, Self::ValueTooDeep | Self::TypeTooDeep | Self::Entangled | Self::Subdocument)
    }
}

impl<'a> Scan<'a> {
    /// Reads a whole update. Allocates in proportion to what is really there, never to what a length
    /// claims, and does not recurse.
    ///
    /// # Errors
    /// [`GuardError`]; bytes after the delete set are malformed too.
    pub fn read(bytes: &'a [u8]) -> Result<Self, GuardError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(ReadError::Number.into());
        }
        let mut reader = Reader::new(bytes);
        let mut scan = Scan { bytes, ..Scan::default() };
        let clients = reader.var_u32()?;
        let mut seen = Seen::default();
        for _ in 0..clients {
            let count = reader.var_u32()?;
            let client = read_client(&mut reader)?;
            let start = reader.var_u32()?;
            if start > CLOCK_MAX {
                return Err(ReadError::Number.into());
            }
            seen.add(client)?;
            scan.read_section(&mut reader, Id { client, clock: start }, count)?;
        }
        scan.index_sections();
        scan.read_deletions(&mut reader)?;
        if reader.remaining() == 0 { Ok(scan) } else { Err(ReadError::End.into()) }
    }

    fn index_sections(&mut self) {
        let client = |at: u32| self.sections[at as usize].client;
        if !self.sections.is_sorted_by(|a, b| a.client > b.client) {
            let mut falling: Vec<u32> = (0..self.sections.len() as u32).collect();
            falling.sort_unstable_by_key(|at| std::cmp::Reverse(client(*at)));
            self.falling = falling;
        }
    }

    fn read_section(
        &mut self,
        reader: &mut Reader<'a>,
        start: Id,
        count: u32,
    ) -> Result<(), GuardError> {
        let (from, first) = (reader.position(), self.slots.len());
        let section = u32::try_from(self.sections.len()).ok().ok_or(ReadError::Number)?;
        let mut clock = start.clock;
        let mut is_after_gc = false;
        for _ in 0..count {
            let at = reader.position() as u32;
            let (len, kind) = read_struct(reader)?;
            let end = clock.checked_add(len).filter(|end| *end <= CLOCK_MAX);
            let end = end.ok_or(ReadError::Number)?;
            let is_gc = kind == Kind::Gc;
            match self.slots.last_mut() {
                Some(last) if is_gc && is_after_gc => last.len += len,
                Some(_) | None => self.slots.push(Slot { clock, len, at, section }),
            }
            is_after_gc = is_gc;
            clock = end;
            if self.slots.len() > STRUCTS_FREE + reader.position() / STRUCT_MIN_BYTES {
                return Err(GuardError::TooFine);
            }
        }
        self.sections.push(Section {
            client: start.client,
            start: start.clock,
            end: clock,
            structs: first..self.slots.len(),
            written: count as usize,
            bytes: from..reader.position(),
        });
        Ok(())
    }

    fn read_deletions(&mut self, reader: &mut Reader<'a>) -> Result<(), GuardError> {
        let mut seen = Seen::default();
        for _ in 0..reader.var_u32()? {
            let client = read_client(reader)?;
            seen.add(client)?;
            for _ in 0..reader.var_u32()? {
                let start = reader.var_u32()?;
                let len = reader.var_u32()?;
                if len == 0 {
                    return Err(GuardError::Empty);
                }
                let end = start
                    .checked_add(len)
                    .filter(|end| *end <= CLOCK_MAX)
                    .ok_or(ReadError::Number)?;
                self.deletions.push(Deletion { client, start, end });
            }
        }
        Ok(())
    }

    /// True if the update says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.deletions.is_empty()
    }

    /// Number of structs it has, neighbouring collected ones counted as one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// One of its structs.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn get(&self, at: usize) -> Struct<'a> {
        let Slot { clock, len, at, section } = self.slots[at];
        let id = Id { client: self.sections[section as usize].client, clock };
        let mut reader = Reader::new(&self.bytes[at as usize..]);
        let kind = read_head(&mut reader).unwrap_or(Kind::Gc);
        Struct { id, len, kind }
    }

    /// The id and the number of elements of a struct, without looking at the struct itself.
    #[must_use]
    pub fn extent(&self, at: usize) -> (Id, u32) {
        let Slot { clock, len, section, .. } = self.slots[at];
        (Id { client: self.sections[section as usize].client, clock }, len)
    }

    /// The bytes of a struct; of collected ones, those of all that are one.
    #[must_use]
    pub fn bytes(&self, at: usize) -> &'a [u8] {
        let slot = self.slots[at];
        let section = &self.sections[slot.section as usize];
        let end = if at + 1 < section.structs.end {
            self.slots[at + 1].at as usize
        } else {
            section.bytes.end
        };
        &self.bytes[slot.at as usize..end]
    }

    /// Appends a struct in the same place, of the same length, whose content is gone.
    fn write_tombstone(&self, at: usize, out: &mut Vec<u8>) {
        let bytes = self.bytes(at);
        let mut reader = Reader::new(bytes);
        // It was read before, so it can be read.
        if read_head(&mut reader).is_err() {
            return;
        }
        out.push((bytes[0] & !KIND) | DELETED);
        out.extend_from_slice(&bytes[1..reader.position()]);
        write_var(out, u64::from(self.slots[at].len));
    }

    /// Every struct, section by section.
    pub fn structs(&self) -> impl Iterator<Item = Struct<'a>> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The section of a client.
    #[must_use]
    pub fn section(&self, client: u64) -> Option<&Section> {
        if self.falling.is_empty() {
            let at = self.sections.binary_search_by(|section| client.cmp(&section.client)).ok()?;
            return Some(&self.sections[at]);
        }
        let client_at = |at: &u32| self.sections[*at as usize].client;
        let at = self.falling.binary_search_by(|at| client.cmp(&client_at(at))).ok()?;
        Some(&self.sections[self.falling[at] as usize])
    }

    /// The index of the struct that holds an id.
    #[must_use]
    pub fn find(&self, id: Id) -> Option<usize> {
        let section = self.section(id.client).filter(|s| (s.start..s.end).contains(&id.clock))?;
        let structs = &self.slots[section.structs.clone()];
        let after = structs.partition_point(|found| found.clock <= id.clock);
        // Among structs that start at one clock all but the last are empty.
        after.checked_sub(1).map(|at| section.structs.start + at)
    }
}

/// Reads a state vector (the payload of a step 1): client and the clock after what is held of it.
///
/// # Errors
/// [`GuardError::Malformed`], [`GuardError::RepeatedClient`].
pub fn read_state_vector(bytes: &[u8]) -> Result<Vec<(u64, u32)>, GuardError> {
    let mut reader = Reader::new(bytes);
    let mut entries = Vec::new();
    for _ in 0..reader.var_u32()? {
        let client = read_client(&mut reader)?;
        let clock = reader.var_u32()?;
        if clock > CLOCK_MAX {
            return Err(ReadError::Number.into());
        }
        entries.push((client, clock));
    }
    if reader.remaining() > 0 {
        return Err(ReadError::End.into());
    }
    entries.sort_unstable();
    let is_repeated = entries.windows(2).any(|pair| pair[0].0 == pair[1].0);
    if is_repeated { Err(GuardError::RepeatedClient) } else { Ok(entries) }
}

/// Notices a client that appears twice; cheap for the falling order every encoder writes.
#[derive(Default)]
struct Seen {
    last: Option<u64>,
    all: Option<std::collections::BTreeSet<u64>>,
    falling: Vec<u64>,
}

impl Seen {
    fn add(&mut self, client: u64) -> Result<(), GuardError> {
        if self.all.is_none() && self.last.is_none_or(|last| client < last) {
            self.last = Some(client);
            self.falling.push(client);
            return Ok(());
        }
        let falling = std::mem::take(&mut self.falling);
        let all = self.all.get_or_insert_with(|| falling.into_iter().collect());
        if all.insert(client) { Ok(()) } else { Err(GuardError::RepeatedClient) }
    }
}

fn read_client(reader: &mut Reader<'_>) -> Result<u64, ReadError> {
    let client = reader.var_u64()?;
    if client > CLIENT_MAX { Err(ReadError::Number) } else { Ok(client) }
}

fn read_id(reader: &mut Reader<'_>) -> Result<Id, ReadError> {
    let client = read_client(reader)?;
    let clock = reader.var_u32()?;
    if clock > CLOCK_MAX { Err(ReadError::Number) } else { Ok(Id { client, clock }) }
}

/// Reads a struct whole: how many elements, and what it is.
pub(super) fn read_struct<'a>(reader: &mut Reader<'a>) -> Result<(u32, Kind<'a>), GuardError> {
    let kind = read_head(reader)?;
    let len = match kind {
        Kind::Gc | Kind::Skip => reader.var_u32()?,
        Kind::Item { content, .. } => return Ok((read_content(reader, content)?, kind)),
    };
    if len == 0 { Err(GuardError::Empty) } else { Ok((len, kind)) }
}

/// Reads what a struct is, up to its length or content.
fn read_head<'a>(reader: &mut Reader<'a>) -> Result<Kind<'a>, GuardError> {
    let info = reader.byte()?;
    match info & KIND {
        kind @ (0 | 10) => {
            if info != kind {
                return Err(GuardError::UnknownContent);
            }
            Ok(if kind == 0 { Kind::Gc } else { Kind::Skip })
        }
        kind => {
            let origin = (info & HAS_ORIGIN != 0).then(|| read_id(reader)).transpose()?;
            let right_origin =
                (info & HAS_RIGHT_ORIGIN != 0).then(|| read_id(reader)).transpose()?;
            let (mut parent, mut key) = (Parent::Sibling, None);
            if origin.is_none() && right_origin.is_none() {
                parent = if reader.var_u32()? == 1 {
                    Parent::Root(reader.string()?)
                } else {
                    Parent::Item(read_id(reader)?)
                };
                if info & HAS_KEY != 0 {
                    key = Some(reader.string()?);
                }
            }
            let content = match kind {
                1 => Content::Deleted,
                3 => Content::Binary,
                4 => Content::String,
                5 => Content::Embed,
                6 => Content::Format,
                7 => Content::Type(reader.byte()?),
                8 => Content::Any,
                9 => Content::Doc,
                _ => return Err(GuardError::UnknownContent),
            };
            Ok(Kind::Item { origin, right_origin, parent, key, content })
        }
    }
}

/// Reads a content; gives how many elements it has.
fn read_content(reader: &mut Reader<'_>, content: Content) -> Result<u32, GuardError> {
    Ok(match content {
        Content::Deleted => reader.var_u32()?,
        Content::Binary => {
            reader.buf()?;
            1
        }
        Content::String => {
            let text = reader.string()?;
            let units: usize = text.chars().map(char::len_utf16).sum();
            u32::try_from(units).ok().ok_or(ReadError::Number)?
        }
        Content::Embed => {
            check_json(reader.string()?)?;
            1
        }
        Content::Format => {
            reader.string()?;
            check_json(reader.string()?)?;
            1
        }
        Content::Type(type_ref) => {
            match type_ref {
                0..=2 | 4 | 6 => {}
                // An element's name. A hook (5) has one too, which yrs does not read.
                3 => drop(reader.string()?),
                _ => return Err(GuardError::UnknownContent),
            }
            1
        }
        Content::Any => {
            let count = reader.var_u32()?;
            for _ in 0..count {
                skip_any(reader)?;
            }
            count
        }
        Content::Doc => {
            reader.string()?;
            skip_any(reader)?;
            1
        }
    })
}

fn check_json(text: &str) -> Result<(), GuardError> {
    if json_depth(text) > VALUE_MAX_DEPTH {
        return Err(GuardError::ValueTooDeep);
    }
    serde_json::from_str::<IgnoredAny>(text).map(drop).ok().ok_or(GuardError::Json)
}

/// Skips one lib0 `any`, counting its nesting.
fn skip_any(reader: &mut Reader<'_>) -> Result<(), GuardError> {
    // What is still to be read of every open array (false) or map (true).
    let mut open: Vec<(usize, bool)> = Vec::new();
    loop {
        match reader.byte()? {
            120 | 121 | 126 | 127 => {}
            125 => reader.skip_var_int()?,
            124 => drop(reader.take(4)?),
            122 | 123 => drop(reader.take(8)?),
            119 => drop(reader.string()?),
            116 => drop(reader.buf()?),
            kind @ (117 | 118) => {
                // Each element takes at least a byte, so a true count is within what is left.
                let count = reader.read_len()?;
                if open.len() == VALUE_MAX_DEPTH {
                    return Err(GuardError::ValueTooDeep);
                }
                open.push((count, kind == 118));
            }
            _ => return Err(GuardError::UnknownContent),
        }
        loop {
            match open.last_mut() {
                None => return Ok(()),
                Some((0, _)) => drop(open.pop()),
                Some((left, is_map)) => {
                    *left -= 1;
                    if *is_map {
                        reader.string()?;
                    }
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
