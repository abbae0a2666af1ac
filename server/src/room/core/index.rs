//! The room's own knowledge of its document, to judge an update without asking yrs: where every held element is, and
//! what is deleted. Kept as runs, so that it is small beside the document (see [`Run`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::id_spread::IdSpread;
use super::list_sizes::ListSizes;
use gesso_protocol::wire::guard::order::{Fit, Need, fit, order};
use gesso_protocol::wire::guard::pieces::Weigh;
use gesso_protocol::wire::guard::places::{
    Deleted, Held, Inside, List, Owner, Place, Placed, Rules, SharedType, places,
};
use gesso_protocol::wire::guard::{Content, Deletion, GuardError, Id, Kind, Scan};
use yrs::{ClientID, ReadTxn, StateVector};

/// In [`Run::owner`]: the list belongs to a root type, whose hash is in `owner_clock`.
const ROOT: u32 = u32::MAX;
/// In [`Run::flags`]: the elements are collected; nothing else is known of them.
const GONE: u16 = 1 << 15;
/// In [`Run::flags`]: the one element is a shared type, whose reference stands in the bits of [`TYPE_REF`].
const TYPE: u16 = 1 << 14;
/// The type reference of a shared type.
const TYPE_REF: u16 = 0x00f0;
/// Depth of the list's type below its root.
const DEPTH: u16 = 0x000f;
/// An update with so many deletions is no person's, who could not go on deleting: what it cuts counts as new.
const DELETIONS_BY_HAND: usize = 1_024;

/// Neighbouring elements of one client that are in one list. 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// The first clock; the run ends where the next begins.
    start: u32,
    /// The lane of the client that made the list's type, or [`ROOT`].
    owner: u32,
    owner_clock: u32,
    /// The list's key, hashed; 0 for a sequence.
    key: u32,
    flags: u16,
}

/// One client's elements.
#[derive(Debug, Default)]
struct Lane {
    client: u64,
    /// The clock after the last.
    clock: u32,
    runs: Vec<Run>,
    /// Deleted ranges, start to end, neither overlapping nor touching.
    deleted: BTreeMap<u32, u32>,
}

impl Lane {
    fn run(&self, clock: u32) -> Option<(usize, &Run)> {
        let after = self.runs.partition_point(|run| run.start <= clock);
        let at = after.checked_sub(1)?;
        Some((at, &self.runs[at]))
    }

    /// The run of a living element of a text or an array.
    fn sequence(&self, clock: u32) -> Option<&Run> {
        let (_, run) = self.run(clock)?;
        let is_value = run.key == 0 && run.flags & (GONE | TYPE) == 0 && clock < self.clock;
        (is_value && !self.is_deleted(clock)).then_some(run)
    }

    fn is_deleted(&self, clock: u32) -> bool {
        self.deleted.range(..=clock).next_back().is_some_and(|(_, end)| clock < *end)
    }

    fn delete(&mut self, mut start: u32, mut end: u32) {
        if let Some((before, until)) = self.deleted.range(..=start).next_back()
            && *until >= start
        {
            (start, end) = (*before, end.max(*until));
        }
        while let Some((next, until)) = self.deleted.range(start..).next()
            && *next <= end
        {
            end = end.max(*until);
            let next = *next;
            self.deleted.remove(&next);
        }
        self.deleted.insert(start, end);
    }

    /// The parts of a range that are not deleted.
    fn alive(&self, start: u32, end: u32, found: &mut impl FnMut(u32, u32)) {
        let mut at = start;
        if let Some((_, until)) = self.deleted.range(..=start).next_back() {
            at = at.max(*until);
        }
        for (next, until) in self.deleted.range(start..end) {
            if at < *next {
                found(at, *next);
            }
            at = at.max(*until);
        }
        if at < end {
            found(at, end);
        }
    }
}

/// Where the elements of the document are.
#[derive(Debug, Default)]
pub(super) struct Index {
    lanes: Vec<Lane>,
    by_client: HashMap<u64, u32>,
    spread: IdSpread,
    /// Names are hashed under a key of this room, so that nobody can look for two with one hash.
    names: RandomState,
    /// Sizes of its lists.
    pub(super) sizes: ListSizes,
    /// The root types that something is or was in, by the hashes of their names.
    roots: BTreeSet<u32>,
}

/// The additions of an update, and how they can be integrated.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// New structs, in an order in which they can be integrated, and where each goes.
    pub(super) order: Vec<usize>,
    pub(super) placed: Vec<Placed>,
    /// Deletions of elements that are not deleted yet.
    pub(super) deletions: Vec<Deletion>,
    /// The list of every item that the deletions cut in two, where there are more than [`DELETIONS_BY_HAND`].
    pub(super) cuts: Vec<List>,
    /// Most new entries of `nodes` that it makes.
    pub(super) nodes: usize,
}

impl Admitted {
    /// True if it says nothing new.
    pub(super) fn is_known(&self) -> bool {
        self.order.is_empty() && self.deletions.is_empty()
    }
}

/// The index's verdict on an update.
#[derive(Debug)]
pub(super) enum Verdict {
    Fits(Admitted),
    /// It builds on something that is not held.
    Gap(Need),
}

impl Held for Index {
    fn clock(&self, client: u64) -> u32 {
        self.lane(client).map_or(0, |lane| lane.clock)
    }

    fn place(&self, id: Id) -> Option<Place> {
        let (_, run) = self.lane(id.client)?.run(id.clock)?;
        if run.flags & GONE != 0 {
            return None;
        }
        Some(Place { list: self.list(run), depth: (run.flags & DEPTH) as u8 })
    }

    fn inside(&self, id: Id) -> Inside {
        let Some(lane) = self.lane(id.client) else { return Inside::Gone };
        let Some((_, run)) = lane.run(id.clock) else { return Inside::Gone };
        if run.flags & GONE != 0 {
            Inside::Gone
        } else if run.flags & TYPE != 0 {
            Inside::Type(SharedType {
                depth: (run.flags & DEPTH) as u8 + 1,
                type_ref: ((run.flags & TYPE_REF) >> TYPE_REF.trailing_zeros()) as u8,
            })
        } else if lane.is_deleted(id.clock) {
            Inside::Gone
        } else {
            Inside::Value
        }
    }

    fn is_deleted(&self, id: Id) -> bool {
        self.lane(id.client).is_some_and(|lane| lane.is_deleted(id.clock))
    }

    fn hash(&self, name: &str) -> u32 {
        (self.names.hash_one(name) as u32).max(1)
    }
}

/// Measures how much has to be moved to split at an id: at most the run it is in.
pub(super) struct Spans<'i, 's, 'a> {
    pub(super) index: &'i Index,
    pub(super) scan: &'s Scan<'a>,
}

impl Weigh for Spans<'_, '_, '_> {
    fn span(&self, id: Id) -> u64 {
        if let Some(at) = self.scan.find(id) {
            return u64::from(self.scan.extent(at).1 - 1);
        }
        let Some(lane) = self.index.lane(id.client) else { return 0 };
        let Some((at, run)) = lane.run(id.clock) else { return 0 };
        let end = lane.runs.get(at + 1).map_or(lane.clock, |next| next.start);
        u64::from(end.saturating_sub(run.start).saturating_sub(1))
    }
}

impl Index {
    fn lane(&self, client: u64) -> Option<&Lane> {
        self.by_client.get(&client).map(|at| &self.lanes[*at as usize])
    }

    fn lane_of(&mut self, client: u64) -> u32 {
        let next = self.lanes.len() as u32;
        let at = *self.by_client.entry(client).or_insert(next);
        if at == next {
            self.lanes.push(Lane { client, ..Lane::default() });
            let all = self.lanes.iter().map(|lane| lane.client);
            self.spread.add(client, all, self.lanes.len());
        }
        at
    }

    /// The clock after the last held element of a client.
    pub(super) fn clock(&self, client: u64) -> u32 {
        Held::clock(self, client)
    }

    /// Number of client ids that something is held of.
    pub(super) fn clients(&self) -> usize {
        self.lanes.len()
    }

    /// Returns the state vector of the document.
    pub(super) fn state_vector(&self) -> StateVector {
        self.lanes.iter().map(|lane| (ClientID::new(lane.client), lane.clock)).collect()
    }

    /// Judges an update: whether it can be integrated whole and safely, and what it would add.
    pub(super) fn admit(&self, scan: &Scan<'_>) -> Result<Verdict, GuardError> {
        let order = match fit(scan, |client| self.clock(client))? {
            Fit::Gap(need) => return Ok(Verdict::Gap(need)),
            Fit::Whole(order) => order,
        };
        let placed = places(scan, &order, self, Rules::Apply)?;
        let nodes = Owner::Root(self.hash("nodes"));
        let is_node = |placed: &&Placed| {
            !placed.is_deleted
                && placed
                    .place
                    .is_some_and(|place| place.list.owner == nodes && place.list.key != 0)
        };
        let nodes = placed.iter().filter(is_node).count();
        let mut deletions = Vec::new();
        for range in Deleted::of(&scan.deletions).ranges() {
            let mut found = |start, end| {
                deletions.push(Deletion { client: range.client, start, end });
            };
            match self.lane(range.client) {
                Some(lane) => lane.alive(range.start, range.end, &mut found),
                None => found(range.start, range.end),
            }
        }
        let mut cuts = Vec::new();
        if deletions.len() > DELETIONS_BY_HAND {
            cuts.extend(deletions.iter().flat_map(|deletion| self.cuts(deletion)));
        }
        Ok(Verdict::Fits(Admitted { order, placed, deletions, cuts, nodes }))
    }

    /// The lists in which a deletion of living elements may cut an item in two: at an end where the elements on both
    /// sides live in one sequence.
    fn cuts(&self, deletion: &Deletion) -> impl Iterator<Item = List> {
        let Deletion { client, start, end } = *deletion;
        let lane = self.lane(client);
        let cut = move |clock: u32| {
            let run = lane?.sequence(clock.checked_sub(1)?)?;
            let next = lane?.sequence(clock)?;
            (Run { start: run.start, ..*next } == *run).then(|| self.list(run))
        };
        [start, end].into_iter().filter_map(cut)
    }

    fn list(&self, run: &Run) -> List {
        let owner = if run.owner == ROOT {
            Owner::Root(run.owner_clock)
        } else {
            let client = self.lanes[run.owner as usize].client;
            Owner::Item(Id { client, clock: run.owner_clock })
        };
        List { owner, key: run.key }
    }

    /// True if what was placed is an entry of the map `output` of a node: what somebody shows and passes on.
    pub(super) fn is_choice(&self, placed: &Placed) -> bool {
        let Some(Owner::Item(output)) = placed.place.map(|place| place.list.owner) else {
            return false;
        };
        let Some(Place { list: List { owner: Owner::Item(node), key }, .. }) = self.place(output)
        else {
            return false;
        };
        key == self.hash("output") && self.is_held_node(node)
    }

    /// True if what was placed gives a node that is held already another kind.
    pub(super) fn is_kind_of_held(&self, placed: &Placed) -> bool {
        let Some(Place { list: List { owner: Owner::Item(node), key }, .. }) = placed.place else {
            return false;
        };
        key == self.hash("kind") && self.is_held_node(node)
    }

    /// True if that is an entry of `nodes` which is held.
    fn is_held_node(&self, id: Id) -> bool {
        self.place(id).is_some_and(|place| place.list.owner == Owner::Root(self.hash("nodes")))
    }

    /// Remembers elements that the document took, in the order in which it took them.
    pub(super) fn commit(&mut self, placed: &[Placed]) {
        for new in placed {
            self.add(new);
        }
    }

    /// Remembers those of an update's elements that the document took although it refused the update.
    pub(super) fn commit_part(&mut self, placed: &[Placed], txn: &impl ReadTxn) {
        let held = txn.state_vector();
        for new in placed {
            let clock = held.get(&ClientID::new(new.id.client));
            let len = new.len.min(clock.saturating_sub(new.id.clock));
            self.add(&Placed { len, ..*new });
        }
    }

    fn add(&mut self, new: &Placed) {
        let lane = self.lane_of(new.id.client) as usize;
        let end = new.id.clock + new.len;
        if new.len == 0 || end <= self.lanes[lane].clock {
            return;
        }
        if let Some(place) = new.place {
            self.sizes.insert(place.list, new.type_ref.is_some());
        }
        let mut run = match new.place {
            None => Run { start: 0, owner: ROOT, owner_clock: 0, key: 0, flags: GONE },
            Some(Place { list: List { owner, key }, depth }) => {
                let (owner, owner_clock) = match owner {
                    Owner::Root(hash) => (ROOT, hash),
                    Owner::Item(id) => (self.lane_of(id.client), id.clock),
                };
                Run { start: 0, owner, owner_clock, key, flags: u16::from(depth) & DEPTH }
            }
        };
        if let Some(type_ref) = new.type_ref {
            run.flags |= TYPE | (u16::from(type_ref) << TYPE_REF.trailing_zeros()) & TYPE_REF;
        }
        let lane = &mut self.lanes[lane];
        run.start = lane.clock;
        lane.clock = end;
        let is_same = lane
            .runs
            .last()
            .is_some_and(|last| last.flags & TYPE == 0 && Run { start: run.start, ..*last } == run);
        if !is_same {
            if run.owner == ROOT && run.flags & GONE == 0 {
                self.roots.insert(run.owner_clock);
            }
            lane.runs.push(run);
        }
    }

    /// Takes over what a transaction did: what it deleted, and what the room itself wrote in it.
    pub(super) fn absorb(&mut self, scan: &Scan<'_>) {
        // What is the room's own has no gap; were there one, its elements would count as collected.
        let order = order(scan, |client| self.clock(client)).unwrap_or_default();
        if let Ok(placed) = places(scan, &order, self, Rules::Trust) {
            self.commit(&placed);
        }
        for section in &scan.sections {
            let lane = self.lane_of(section.client) as usize;
            let rest = section.end.saturating_sub(self.lanes[lane].clock);
            let id = Id { client: section.client, clock: self.lanes[lane].clock };
            self.add(&Placed {
                id,
                len: rest,
                place: None,
                type_ref: None,
                is_deleted: true,
                is_stillborn: false,
            });
        }
        for deletion @ Deletion { client, start, end } in &scan.deletions {
            let cuts: Vec<List> = self.cuts(deletion).collect();
            for list in cuts {
                self.sizes.cut(list);
            }
            let lane = self.lane_of(*client) as usize;
            self.lanes[lane].delete(*start, *end);
        }
    }

    /// Returns those clients of new elements of whom nothing is held.
    fn new_clients(&self, placed: &[Placed]) -> Vec<u64> {
        let is_new = |client: &u64| self.lane(*client).is_none();
        let new: BTreeSet<u64> = placed.iter().map(|new| new.id.client).filter(is_new).collect();
        new.into_iter().collect()
    }

    /// Number of client ids there would be with these new elements, `None` if the new ones were crowded in hash tables.
    pub(super) fn clients_with(&self, placed: &[Placed]) -> Option<usize> {
        let new = self.new_clients(placed);
        let held = self.lanes.iter().map(|lane| lane.client);
        let is_crowded = self.spread.is_crowded_with(&new, held);
        (!is_crowded).then_some(self.lanes.len() + new.len())
    }

    /// Number of root types there would be with these new elements.
    pub(super) fn roots_with(&self, placed: &[Placed]) -> usize {
        let root = |new: &Placed| match new.place?.list.owner {
            Owner::Root(hash) => Some(hash),
            Owner::Item(_) => None,
        };
        let is_new = |hash: &u32| !self.roots.contains(hash);
        let new: BTreeSet<u32> = placed.iter().filter_map(root).filter(is_new).collect();
        self.roots.len() + new.len()
    }

    /// True if one of these new elements is the first of a root type that is not the comments.
    pub(super) fn founds_root(&self, placed: &[Placed]) -> bool {
        let comments = self.hash("comments");
        placed.iter().filter_map(|new| new.place).any(|place| match place.list.owner {
            Owner::Root(hash) => hash != comments && !self.roots.contains(&hash),
            Owner::Item(_) => false,
        })
    }

    /// Counts how long the lists are, from the document as it is.
    pub(super) fn count_lists(&mut self, state: &Scan<'_>) {
        let is_type = |kind| matches!(kind, Kind::Item { content: Content::Type(_), .. });
        let items = state.structs();
        let items =
            items.filter_map(|found| Some((self.place(found.id)?.list, is_type(found.kind))));
        let items: Vec<(List, bool)> = items.collect();
        self.sizes.count(items.into_iter());
    }

    /// Gives back the room that growing left over.
    pub(super) fn shrink(&mut self) {
        self.lanes.shrink_to_fit();
        self.by_client.shrink_to_fit();
        for lane in &mut self.lanes {
            lane.runs.shrink_to_fit();
        }
    }

    /// Returns the memory it takes, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let lane = |lane: &Lane| {
            lane.runs.capacity() * size_of::<Run>() + lane.deleted.len() * 2 * size_of::<u32>()
        };
        self.lanes.iter().map(lane).sum::<usize>()
            + self.lanes.capacity() * size_of::<Lane>()
            + self.by_client.capacity() * 2 * size_of::<u64>()
    }
}
