//! Cuts an update into updates that can be integrated one after the other.
//!
//! Integrating an update can take longer than linear: an item splits the one its neighbour is in, walks over
//! concurrent items, and removing merged structs moves the ones behind them. A caller who applies pieces can look at
//! the clock in between and stop. Cutting also puts right what costs memory or time for nothing: neighbouring
//! collected structs become one, and what is deleted already is left out.

use super::places::Placed;
use super::{Deletion, Id, Kind, Scan, Struct};
use crate::wire::read::write_var;

/// Most work of a piece, in units of [`Weigh`]; a single struct may be more.
pub const PIECE_MAX_WORK: u64 = 4_096;

/// Knowledge of a replica about the work that references make.
pub trait Weigh {
    /// Number of elements that may have to be moved to split the one at `id`; 0 where nothing is split.
    fn span(&self, id: Id) -> u64;
}

/// Elements that are moved in about the time one struct takes.
const ELEMENTS_A_STRUCT: u64 = 256;

/// The work of one struct: itself, and splitting at its neighbours.
fn work(found: &Struct<'_>, weigh: &impl Weigh) -> u64 {
    match found.kind {
        Kind::Gc | Kind::Skip => 1,
        Kind::Item { origin, right_origin, .. } => {
            let spans = [origin, right_origin].into_iter().flatten().map(|id| weigh.span(id));
            1 + spans.sum::<u64>() / ELEMENTS_A_STRUCT
        }
    }
}

/// One deletion of so many goes first, so that what the others split is short.
const COARSE_STEP: usize = 512;

/// Deletions in an order in which splitting long items costs little. Each split copies what follows it in its item, so
/// thousands from left to right in one long text are quadratic. Therefore the last and every [`COARSE_STEP`]th go
/// first, halves before quarters; the others follow from left to right, which moves no structs behind them. The number
/// of those that go first is also returned.
fn coarse_first(deletions: &[Deletion]) -> (Vec<Deletion>, usize) {
    let sections = || deletions.chunk_by(|a, b| a.client == b.client);
    let pick = |section: &[Deletion], coarse: bool| -> Vec<Deletion> {
        let last = section.len() - 1;
        let is_coarse =
            |at: usize| last >= COARSE_STEP && (at.is_multiple_of(COARSE_STEP) || at == last);
        (0..=last).filter(|at| is_coarse(*at) == coarse).map(|at| section[at]).collect()
    };
    let mut ordered = Vec::with_capacity(deletions.len());
    for section in sections() {
        halves_first(&pick(section, true), &mut ordered);
    }
    let coarse = ordered.len();
    ordered.extend(sections().flat_map(|section| pick(section, false)));
    (ordered, coarse)
}

/// The middle one, then those of the left half likewise, then those of the right.
fn halves_first(sorted: &[Deletion], out: &mut Vec<Deletion>) {
    if let Some(middle) = sorted.get(sorted.len() / 2) {
        out.push(*middle);
        halves_first(&sorted[..sorted.len() / 2], out);
        halves_first(&sorted[sorted.len() / 2 + 1..], out);
    }
}

/// An update on its way into a document, piece by piece.
pub struct Pieces<'s, 'a> {
    scan: &'s Scan<'a>,
    order: &'s [usize],
    placed: &'s [Placed],
    /// As [`coarse_first`] puts them.
    deletions: Vec<Deletion>,
    coarse: usize,
    at: usize,
    deleted: usize,
}

/// A part of an update that can be integrated by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// A Yjs v1 update.
    pub bytes: Vec<u8>,
    /// Number of its bytes, from the first, that tell its structs; the others tell its deletions.
    pub structs_len: usize,
    /// True if some of its items are held in part.
    pub is_overlapping: bool,
    /// Which of the new elements it brings, as a range of the places.
    pub placed: std::ops::Range<usize>,
}

impl Piece {
    /// What it inserts, without what it deletes, as a Yjs v1 update; `None` if it inserts nothing.
    #[must_use]
    pub fn insertions(mut self) -> Option<Vec<u8>> {
        if self.placed.is_empty() {
            return None;
        }
        self.bytes.truncate(self.structs_len);
        write_deletions(&mut self.bytes, &[]);
        Some(self.bytes)
    }
}

impl<'s, 'a> Pieces<'s, 'a> {
    /// Cuts an update: `order` are its new structs in the order in which they can be integrated, `placed` where each
    /// goes, `deletions` what is to be deleted after them.
    #[must_use]
    pub fn new(
        scan: &'s Scan<'a>,
        order: &'s [usize],
        placed: &'s [Placed],
        deletions: &[Deletion],
    ) -> Self {
        let (deletions, coarse) = coarse_first(deletions);
        Self { scan, order, placed, deletions, coarse, at: 0, deleted: 0 }
    }

    /// True if everything was given out.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == self.order.len() && self.deleted == self.deletions.len()
    }

    /// The next piece, of at most `most` structs and deletions; `None` after the last.
    pub fn next(&mut self, most: usize, weigh: &impl Weigh) -> Option<Piece> {
        if self.is_done() {
            return None;
        }
        let from = self.at;
        let mut spent = 0;
        while self.at < self.order.len() && self.at - from < most {
            spent += work(&self.scan.get(self.order[self.at]), weigh);
            if spent > PIECE_MAX_WORK && self.at > from {
                break;
            }
            self.at += 1;
        }
        let first = self.deleted;
        if self.at == self.order.len() {
            // Within a piece they are sorted, so those that go first need pieces of their own.
            let end = if first < self.coarse { self.coarse } else { self.deletions.len() };
            while self.deleted < end && (self.at - from) + (self.deleted - first) < most {
                let Deletion { client, start, end } = self.deletions[self.deleted];
                let ends = [start, end - 1].map(|clock| weigh.span(Id { client, clock }));
                spent += 1 + ends.iter().sum::<u64>() / ELEMENTS_A_STRUCT;
                if spent > PIECE_MAX_WORK && (self.deleted > first || self.at > from) {
                    break;
                }
                self.deleted += 1;
            }
        }
        let mut bytes = Vec::new();
        self.write_structs(&mut bytes, from..self.at);
        let structs_len = bytes.len();
        write_deletions(&mut bytes, &self.deletions[first..self.deleted]);
        let placed = from..self.at;
        let is_overlapping = placed.clone().any(|at| self.is_held_in_part(at));
        Some(Piece { bytes, structs_len, is_overlapping, placed })
    }

    fn is_held_in_part(&self, at: usize) -> bool {
        let found = self.structure(at);
        found.kind != Kind::Gc && found.id != self.placed[at].id
    }

    fn write_structs(&self, out: &mut Vec<u8>, range: std::ops::Range<usize>) {
        // By client, higher ones first, as every encoder does; within a client the order is that of the clocks.
        let mut all: Vec<usize> = range.collect();
        all.sort_by_key(|at| {
            let id = self.placed[*at].id;
            (std::cmp::Reverse(id.client), id.clock)
        });
        let client = |at: usize| self.placed[at].id.client;
        write_var(out, all.chunk_by(|a, b| client(*a) == client(*b)).count() as u64);
        for section in all.chunk_by(|a, b| client(*a) == client(*b)) {
            let runs = Runs { pieces: self, section };
            runs.write(out);
        }
    }

    fn structure(&self, at: usize) -> Struct<'a> {
        self.scan.get(self.order[at])
    }
}

/// The structs of one client in a piece.
struct Runs<'p, 's, 'a> {
    pieces: &'p Pieces<'s, 'a>,
    section: &'p [usize],
}

impl Runs<'_, '_, '_> {
    /// Neighbouring collected structs become one.
    fn write(&self, out: &mut Vec<u8>) {
        let is_gc = |at: usize| self.pieces.structure(at).kind == Kind::Gc;
        let runs = || self.section.chunk_by(|a, b| is_gc(*a) && is_gc(*b));
        let Some(first) = self.section.first() else { return };
        // A collected struct begins where it is not held yet; an item is cut by whoever integrates it.
        let start = |at: usize| {
            if is_gc(at) { self.pieces.placed[at].id } else { self.pieces.structure(at).id }
        };
        write_var(out, runs().count() as u64);
        write_var(out, start(*first).client);
        write_var(out, u64::from(start(*first).clock));
        for run in runs() {
            match run {
                [only] if !is_gc(*only) => {
                    let at = self.pieces.order[*only];
                    if self.pieces.placed[*only].is_stillborn {
                        self.pieces.scan.write_tombstone(at, out);
                    } else {
                        out.extend_from_slice(self.pieces.scan.bytes(at));
                    }
                }
                collected => {
                    let len = collected.iter().map(|at| self.pieces.placed[*at].len).sum::<u32>();
                    out.push(0);
                    write_var(out, u64::from(len));
                }
            }
        }
    }
}

fn write_deletions(out: &mut Vec<u8>, deletions: &[Deletion]) {
    let mut sorted = deletions.to_vec();
    sorted.sort_unstable_by_key(|deletion| (deletion.client, deletion.start));
    let sections = || sorted.chunk_by(|a, b| a.client == b.client);
    write_var(out, sections().count() as u64);
    for section in sections() {
        write_var(out, section[0].client);
        write_var(out, section.len() as u64);
        for Deletion { start, end, .. } in section {
            write_var(out, u64::from(*start));
            write_var(out, u64::from(end - start));
        }
    }
}
