//! What the guard has to know of the document in order to judge an update without asking yrs.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use gesso_protocol::wire::guard::depth::{self, Held, NewType, Place};
use gesso_protocol::wire::guard::order::{Fit, fit};
use gesso_protocol::wire::guard::{Content, GuardError, Id, Kind, Parent, Scan};
use yrs::types::TypeRef;
use yrs::{Assoc, BranchID, ClientID, ReadTxn, StateVector, StickyIndex};

/// How often one update may ask the document for the parent of an element: each asking walks a list.
const MAX_LOOKUPS: u32 = 2_048;
/// Marks a type that is deleted: nothing is in it any more, but its siblings' depth is still known by it.
const DEAD: u8 = 0x80;
/// Marks a type that is the value of a key.
const KEYED: u8 = 0x40;
/// The depth.
const DEPTH: u8 = 0x3f;

/// Clocks and shared types of the document as it is.
#[derive(Debug, Default)]
pub(super) struct Index {
    clocks: HashMap<u64, u32>,
    /// The depth of each shared type below its root, by client and clock.
    types: BTreeMap<(u64, u32), u8>,
}

/// What an update would add, as far as the room has to remember it.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    clocks: Vec<(u64, u32)>,
    types: Vec<NewType>,
    /// How many new entries of `nodes` it makes, at most.
    pub(super) nodes: usize,
    /// Whether it brings a struct that was not held.
    pub(super) is_news: bool,
}

/// What the index says about an update.
#[derive(Debug)]
pub(super) enum Verdict {
    Fits(Admitted),
    /// It builds on something of this client that is not held.
    Gap(u64),
}

struct View<'a, T> {
    index: &'a Index,
    txn: &'a T,
    lookups: Cell<u32>,
}

impl<T: ReadTxn> Held for View<'_, T> {
    fn type_depth(&self, id: Id) -> Option<u32> {
        let depth = *self.index.types.get(&(id.client, id.clock))?;
        (depth & DEAD == 0).then_some(u32::from(depth & DEPTH))
    }

    fn place(&self, id: Id) -> Option<Place> {
        if let Some(known) = self.index.types.get(&(id.client, id.clock)) {
            let depth = u32::from(known & DEPTH).saturating_sub(1);
            return Some(Place { depth, is_keyed: known & KEYED != 0 });
        }
        self.lookups.set(self.lookups.get() + 1);
        if self.lookups.get() > MAX_LOOKUPS {
            return None;
        }
        let at =
            StickyIndex::from_id(yrs::ID::new(ClientID::new(id.client), id.clock), Assoc::After);
        let parent = at.get_offset(self.txn)?.branch;
        // A map has only keys; a sequence with attributes is taken for a sequence.
        let is_keyed = matches!(parent.type_ref(), TypeRef::Map);
        let depth = match parent.id() {
            BranchID::Root(_) => 0,
            BranchID::Nested(parent) => {
                let known = self.index.types.get(&(parent.client.get(), parent.clock))?;
                u32::from(known & DEPTH)
            }
        };
        Some(Place { depth, is_keyed })
    }

    fn clock(&self, client: u64) -> u32 {
        self.index.clock(client)
    }
}

impl Index {
    /// The clock after the last held element of a client.
    pub(super) fn clock(&self, client: u64) -> u32 {
        self.clocks.get(&client).copied().unwrap_or(0)
    }

    /// What the document holds, as a state vector.
    pub(super) fn state_vector(&self) -> StateVector {
        self.clocks.iter().map(|(client, clock)| (ClientID::new(*client), *clock)).collect()
    }

    /// Judges an update: whether it can be integrated whole, and what it would add.
    pub(super) fn admit(&self, scan: &Scan<'_>, txn: &impl ReadTxn) -> Result<Verdict, GuardError> {
        if let Fit::Gap(client) = fit(scan, |client| self.clock(client))? {
            return Ok(Verdict::Gap(client));
        }
        let view = View { index: self, txn, lookups: Cell::new(0) };
        let types = depth::new_types(scan, &view)?;
        if view.lookups.get() > MAX_LOOKUPS {
            return Err(GuardError::Entangled);
        }
        let mut admitted = Admitted { types, ..Admitted::default() };
        for section in &scan.sections {
            if section.end > self.clock(section.client) {
                admitted.is_news = true;
                admitted.clocks.push((section.client, section.end));
            }
        }
        if !admitted.types.is_empty() {
            let new = scan.structs.iter().filter(|found| found.end() > self.clock(found.id.client));
            admitted.nodes = new.filter(|found| is_node(&found.kind)).count();
        }
        Ok(Verdict::Fits(admitted))
    }

    /// Remembers what an update that was admitted adds.
    pub(super) fn commit(&mut self, admitted: Admitted) {
        self.clocks.extend(admitted.clocks);
        self.types.extend(admitted.types.iter().map(entry));
    }

    /// Remembers an update of which the document took only a part.
    pub(super) fn commit_part(&mut self, admitted: Admitted, txn: &impl ReadTxn) {
        let held = txn.state_vector();
        let clock = |client: u64| held.get(&ClientID::new(client));
        let clocks = admitted
            .clocks
            .into_iter()
            .map(|(client, end)| (client, end.min(clock(client))))
            .collect();
        let types =
            admitted.types.into_iter().filter(|new| new.id.clock < clock(new.id.client)).collect();
        self.commit(Admitted { clocks, types, ..Admitted::default() });
    }

    /// Takes over what a transaction did: what it deleted, and what the room itself wrote in it.
    pub(super) fn absorb(&mut self, scan: &Scan<'_>, txn: &impl ReadTxn) {
        let view = View { index: self, txn, lookups: Cell::new(0) };
        // The room's own writes are shallow; were they not, their types would only be unknown parents.
        let types = depth::new_types(scan, &view).unwrap_or_default();
        self.types.extend(types.iter().map(entry));
        for section in &scan.sections {
            let clock = self.clocks.entry(section.client).or_default();
            *clock = (*clock).max(section.end);
        }
        for deletion in &scan.deletions {
            let range = (deletion.client, deletion.start)..(deletion.client, deletion.end);
            for (_, depth) in self.types.range_mut(range) {
                *depth |= DEAD;
            }
        }
    }
}

fn entry(new: &NewType) -> ((u64, u32), u8) {
    let keyed = if new.is_keyed { KEYED } else { 0 };
    // At most 8 deep.
    ((new.id.client, new.id.clock), (new.depth as u8 & DEPTH) | keyed)
}

/// Whether a struct is a new entry of the root map `nodes`.
fn is_node(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Item { parent: Parent::Root("nodes"), content: Content::Type(_), .. })
}
