//! Cuts a large update into small ones that can be applied one after the other, without knowing who will apply them.
//!
//! Whoever judges an update reads all of it first. Of a large one that is applied in turns with what others write, each
//! turn would read it again; of its parts, each is read once. A part holds structs in an order in which they can be
//! integrated, each together with what the update deletes of it, so that a part is judged as it was within the whole.

use super::order::{Need, order};
use super::places::Deleted;
use super::{Deletion, GuardError, Id, Kind, Parent, Scan, Section, Struct};
use crate::wire::merge::write_deletions;
use crate::wire::read::write_var;
use std::collections::BTreeMap;
use std::ops::Range;

/// Size of a part, in bytes; one whose last struct is longer is larger by that.
pub const PART_BYTES: usize = 256 << 10;
/// Most deletions in one part of elements that the update does not bring.
const PART_DELETIONS: usize = 32 << 10;

/// An update in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Yjs v1 updates that say together what the whole says, to be applied in this order.
    pub parts: Vec<Vec<u8>>,
    /// Clocks that have to be held before the first one.
    pub needs: Vec<Need>,
    /// Clocks that are held after the last one, of the clients it brings something of.
    pub brings: Vec<Need>,
    /// The entries of the root map `nodes` it makes, without those that follow another of its key.
    pub nodes: Vec<Id>,
}

/// Cuts an update; `None` where it is short, or has holes: then it is applied whole or not at all.
///
/// # Errors
/// As [`Scan::read`].
pub fn cut(bytes: &[u8]) -> Result<Option<Cut>, GuardError> {
    cut_to(bytes, PART_BYTES)
}

fn cut_to(bytes: &[u8], most: usize) -> Result<Option<Cut>, GuardError> {
    let scan = Scan::read(bytes)?;
    if bytes.len() <= most {
        return Ok(None);
    }
    let first = |client: u64| scan.section(client).map_or(u32::MAX, |section| section.start);
    let Some(order) = order(&scan, first) else { return Ok(None) };
    let cutter = Cutter { scan: &scan, deleted: Deleted::of(&scan.deletions) };
    let mut parts = cutter.foreign_deletions();
    let mut rest = &order[..];
    while !rest.is_empty() {
        let mut size = 0;
        let fits = rest.iter().take_while(|at| {
            let is_begun = size > 0;
            size += scan.bytes(**at).len();
            !is_begun || size <= most
        });
        let (part, after) = rest.split_at(fits.count());
        parts.push(cutter.part(part.to_vec()));
        rest = after;
    }
    let brings = |section: &Section| Need { client: section.client, clock: section.end };
    let brings = scan.sections.iter().map(brings).collect();
    Ok(Some(Cut { parts, needs: cutter.needs(), brings, nodes: cutter.nodes() }))
}

struct Cutter<'s, 'a> {
    scan: &'s Scan<'a>,
    deleted: Deleted,
}

impl Cutter<'_, '_> {
    /// Returns the deletions of elements that the update does not bring, encoded as updates.
    fn foreign_deletions(&self) -> Vec<Vec<u8>> {
        let mut foreign = Vec::new();
        for Deletion { client, start, end } in self.deleted.ranges().iter().copied() {
            let own = self.scan.section(client).map_or(end..end, |own| own.start..own.end);
            let before = Deletion { client, start, end: end.min(own.start) };
            let after = Deletion { client, start: start.max(own.end), end };
            foreign.extend([before, after].into_iter().filter(|range| range.start < range.end));
        }
        foreign
            .chunks(PART_DELETIONS)
            .map(|deletions| {
                let mut out = vec![0];
                write_deletions(&mut out, deletions.to_vec());
                out
            })
            .collect()
    }

    fn part(&self, mut structs: Vec<usize>) -> Vec<u8> {
        // By client, higher ones first, as every encoder does; within a client the order is that of the clocks.
        structs.sort_by_key(|at| {
            let (id, _) = self.scan.extent(*at);
            (std::cmp::Reverse(id.client), id.clock)
        });
        let client = |at: &usize| self.scan.extent(*at).0.client;
        let sections = || structs.chunk_by(|a, b| client(a) == client(b));
        let mut out = Vec::new();
        write_var(&mut out, sections().count() as u64);
        let mut deletions = Vec::new();
        for section in sections() {
            let (first, _) = self.scan.extent(section[0]);
            write_var(&mut out, section.len() as u64);
            write_var(&mut out, first.client);
            write_var(&mut out, u64::from(first.clock));
            for at in section {
                let (id, len) = self.scan.extent(*at);
                if self.scan.get(*at).kind == Kind::Gc {
                    out.push(0);
                    write_var(&mut out, u64::from(len));
                } else {
                    out.extend_from_slice(self.scan.bytes(*at));
                }
                self.deleted_in(id, id.clock..id.clock + len, &mut deletions);
            }
        }
        write_deletions(&mut out, deletions);
        out
    }

    /// Adds the update's deletions within a range of one client's elements.
    fn deleted_in(&self, Id { client, .. }: Id, range: Range<u32>, found: &mut Vec<Deletion>) {
        let all = self.deleted.ranges();
        let from = all.partition_point(|one| (one.client, one.end) <= (client, range.start));
        let within = all[from..]
            .iter()
            .take_while(|one| one.client == client && one.start < range.end)
            .map(|one| Deletion {
                client,
                start: one.start.max(range.start),
                end: one.end.min(range.end),
            });
        found.extend(within);
    }

    /// Returns what it needs: of each client the clock after the elements that it builds on or deletes and does not
    /// bring, and, where it does not begin at a client's first element, the clock at which it begins.
    fn needs(&self) -> Vec<Need> {
        let mut needs: BTreeMap<u64, u32> = BTreeMap::new();
        let mut need = |client: u64, clock: u32| {
            let section = self.scan.section(client);
            if section.is_none_or(|section| clock > section.end || clock <= section.start) {
                let most = needs.entry(client).or_default();
                *most = clock.max(*most);
            }
        };
        for section in &self.scan.sections {
            need(section.client, section.start);
        }
        for Struct { kind, .. } in self.scan.structs() {
            let Kind::Item { origin, right_origin, parent, .. } = kind else { continue };
            let parent = match parent {
                Parent::Item(id) => Some(id),
                Parent::Sibling | Parent::Root(_) => None,
            };
            for id in [origin, right_origin, parent].into_iter().flatten() {
                need(id.client, id.clock + 1);
            }
        }
        for Deletion { client, end, .. } in self.deleted.ranges() {
            need(*client, *end);
        }
        needs.into_iter().map(|(client, clock)| Need { client, clock }).collect()
    }

    fn nodes(&self) -> Vec<Id> {
        let is_node = |found: &Struct<'_>| {
            matches!(found.kind, Kind::Item { parent: Parent::Root("nodes"), key: Some(_), .. })
        };
        self.scan.structs().filter(is_node).map(|found| found.id).collect()
    }
}

#[cfg(test)]
mod tests;
