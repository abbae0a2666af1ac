//! The guard: reads a Yjs v1 update before the CRDT library does, and says what is in it.
//!
//! yrs 0.28.1 recurses over nested values and nested types, reserves what a length claims, and reads
//! some content differently than Yjs. What passes here is complete (every length is true), bounded in
//! depth, and means the same to yrs and to Yjs. Refused beyond what is malformed: content no modern
//! Yjs writes or that the two read differently (legacy JSON content, weak links, type references
//! unknown to Yjs), and a client that appears twice.
//!
//! [`order`] says whether the update can be integrated whole, [`depth`] how deep its types would sit.

pub mod depth;
pub mod order;

use super::awareness::json_depth;
use super::read::{ReadError, Reader};
use serde::de::IgnoredAny;
use std::ops::Range;
use thiserror::Error;

/// How deep a value (Any or JSON) may nest (DESIGN §6).
pub const VALUE_MAX_DEPTH: usize = 32;
/// How deep a shared type may sit below a root type (DESIGN §6).
pub const TYPE_MAX_DEPTH: u32 = 8;
/// The largest clock: yrs computes with 31 bits.
const CLOCK_MAX: u32 = i32::MAX as u32;
/// Yjs client ids are at most 53 bits.
const CLIENT_MAX: u64 = (1 << 53) - 1;

const HAS_ORIGIN: u8 = 0b1000_0000;
const HAS_RIGHT_ORIGIN: u8 = 0b0100_0000;
const HAS_KEY: u8 = 0b0010_0000;
const KIND: u8 = 0b0001_1111;

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

/// What an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Nothing any more.
    Deleted,
    /// Bytes.
    Binary,
    /// Text.
    String(&'a str),
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

/// What kind of struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Collected: only its length is known.
    Gc,
    /// A hole: the update does not say what is here.
    Skip,
    /// An item.
    Item {
        /// Its left neighbour when it was written.
        origin: Option<Id>,
        /// Its right neighbour when it was written.
        right_origin: Option<Id>,
        /// The type it is in.
        parent: Parent<'a>,
        /// Its key, where it is a map entry that says so.
        key: Option<&'a str>,
        /// What it holds.
        content: Content<'a>,
    },
}

/// One struct of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struct<'a> {
    /// Its first id.
    pub id: Id,
    /// How many elements; 0 is an empty item that every reader ignores.
    pub len: u32,
    /// What it is.
    pub kind: Kind<'a>,
}

impl Struct<'_> {
    /// The clock after its last element.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.id.clock + self.len
    }
}

/// What an update brings of one client: a contiguous run of structs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The client.
    pub client: u64,
    /// The first clock.
    pub start: u32,
    /// The clock after the last.
    pub end: u32,
    /// Its structs, as a range of [`Scan::structs`].
    pub structs: Range<usize>,
    /// Its encoded structs, as a range of the update's bytes.
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
    /// What it brings, one section a client, in the order written.
    pub sections: Vec<Section>,
    /// Every struct, section by section.
    pub structs: Vec<Struct<'a>>,
    /// What it deletes, as written.
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
    /// Its structs wait for each other across more clients than can be untangled in reasonable time.
    #[error("the update's dependencies are too entangled")]
    Entangled,
}

impl<'a> Scan<'a> {
    /// Reads a whole update. Allocates in proportion to what is really there, never to what a length
    /// claims, and does not recurse.
    ///
    /// # Errors
    /// [`GuardError`]; bytes after the delete set are malformed too.
    pub fn read(bytes: &'a [u8]) -> Result<Self, GuardError> {
        let mut reader = Reader::new(bytes);
        let mut scan = Scan::default();
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
            let (from, first) = (reader.position(), scan.structs.len());
            let mut clock = start;
            for _ in 0..count {
                let found = read_struct(&mut reader, Id { client, clock })?;
                clock = clock
                    .checked_add(found.len)
                    .filter(|end| *end <= CLOCK_MAX)
                    .ok_or(ReadError::Number)?;
                scan.structs.push(found);
            }
            let structs = first..scan.structs.len();
            scan.sections.push(Section {
                client,
                start,
                end: clock,
                structs,
                bytes: from..reader.position(),
            });
        }
        scan.read_deletions(&mut reader)?;
        if reader.remaining() == 0 { Ok(scan) } else { Err(ReadError::End.into()) }
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

    /// Whether the update says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.structs.is_empty() && self.deletions.is_empty()
    }

    /// The section of a client.
    #[must_use]
    pub fn section(&self, client: u64) -> Option<&Section> {
        // Yjs writes clients in falling order; anything else is rare enough for a walk.
        self.sections
            .binary_search_by(|section| client.cmp(&section.client))
            .map(|at| &self.sections[at])
            .ok()
            .or_else(|| self.sections.iter().find(|section| section.client == client))
    }

    /// The index in [`Scan::structs`] of the struct that holds an id.
    #[must_use]
    pub fn find(&self, id: Id) -> Option<usize> {
        let section = self.section(id.client).filter(|s| (s.start..s.end).contains(&id.clock))?;
        let structs = &self.structs[section.structs.clone()];
        let after = structs.partition_point(|found| found.id.clock <= id.clock);
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
    let mut seen = Seen::default();
    for _ in 0..reader.var_u32()? {
        let client = read_client(&mut reader)?;
        seen.add(client)?;
        let clock = reader.var_u32()?;
        if clock > CLOCK_MAX {
            return Err(ReadError::Number.into());
        }
        entries.push((client, clock));
    }
    if reader.remaining() == 0 { Ok(entries) } else { Err(ReadError::End.into()) }
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

fn read_struct<'a>(reader: &mut Reader<'a>, id: Id) -> Result<Struct<'a>, GuardError> {
    let info = reader.byte()?;
    match info & KIND {
        kind @ (0 | 10) => {
            if info != kind {
                return Err(GuardError::UnknownContent);
            }
            let len = reader.var_u32()?;
            if len == 0 {
                return Err(GuardError::Empty);
            }
            Ok(Struct { id, len, kind: if kind == 0 { Kind::Gc } else { Kind::Skip } })
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
            let (len, content) = read_content(reader, kind)?;
            Ok(Struct { id, len, kind: Kind::Item { origin, right_origin, parent, key, content } })
        }
    }
}

fn read_content<'a>(reader: &mut Reader<'a>, kind: u8) -> Result<(u32, Content<'a>), GuardError> {
    Ok(match kind {
        1 => (reader.var_u32()?, Content::Deleted),
        3 => {
            reader.buf()?;
            (1, Content::Binary)
        }
        4 => {
            let text = reader.string()?;
            let units: usize = text.chars().map(char::len_utf16).sum();
            (u32::try_from(units).ok().ok_or(ReadError::Number)?, Content::String(text))
        }
        5 => {
            check_json(reader.string()?)?;
            (1, Content::Embed)
        }
        6 => {
            reader.string()?;
            check_json(reader.string()?)?;
            (1, Content::Format)
        }
        7 => {
            let type_ref = reader.byte()?;
            match type_ref {
                0..=2 | 4 | 6 => {}
                3 | 5 => {
                    // An element's or a hook's name; yrs keeps none for a hook, Yjs reads one.
                    if type_ref == 5 {
                        return Err(GuardError::UnknownContent);
                    }
                    reader.string()?;
                }
                _ => return Err(GuardError::UnknownContent),
            }
            (1, Content::Type(type_ref))
        }
        8 => {
            let count = reader.var_u32()?;
            for _ in 0..count {
                skip_any(reader)?;
            }
            (count, Content::Any)
        }
        9 => {
            reader.string()?;
            skip_any(reader)?;
            (1, Content::Doc)
        }
        _ => return Err(GuardError::UnknownContent),
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
