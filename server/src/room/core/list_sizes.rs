//! Of how many items the lists of a document consist, at most.
//!
//! A new item may have to be compared with every other of its list before its place is known, in one go that nothing can
//! interrupt: here, in Yjs, and in every browser that gets it. So the items of one list are bounded. A small document
//! cannot hold a list that is too long, so lists are counted only in a large one.

use std::hash::{BuildHasher as _, RandomState};

use gesso_protocol::wire::guard::places::{List, Placed};

/// Lists whose hashes agree in so many bits are counted as one.
const HASH_BITS: u32 = 16;
/// Counts that were added up are above the truth (items grow together); they are counted anew after this part of the
/// most a list may have was added.
const COUNT_PART: usize = 16;

/// The memory of a shared type, in that of other items.
const TYPE_WEIGHT: usize = 4;

/// Returns the memory of an item, in units of the smallest item's.
pub(super) const fn weight(is_type: bool) -> usize {
    if is_type { TYPE_WEIGHT } else { 1 }
}

/// Upper bounds of the items of every list.
#[derive(Debug, Default)]
pub(super) struct ListSizes {
    /// Of all lists together.
    total: usize,
    /// The memory of all of them, in units of what the smallest takes.
    weight: usize,
    /// Items added since the lists were counted.
    added: usize,
    /// By a part of the list's hash; empty while they were never counted.
    counts: Vec<u32>,
    hashes: RandomState,
}

impl ListSizes {
    fn bucket(&self, list: List) -> usize {
        (self.hashes.hash_one(list) >> (u64::BITS - HASH_BITS)) as usize
    }

    /// New elements came into a list: one item, and one that was cut in two.
    pub(super) fn insert(&mut self, list: List, is_type: bool) {
        self.weight += weight(is_type) - 1;
        self.add(list, 2);
    }

    /// A range was deleted from within an item: it is one more now.
    pub(super) fn cut(&mut self, list: List) {
        self.add(list, 1);
    }

    fn add(&mut self, list: List, items: u32) {
        self.total += items as usize;
        self.weight += items as usize;
        self.added += items as usize;
        if !self.counts.is_empty() {
            let bucket = self.bucket(list);
            self.counts[bucket] = self.counts[bucket].saturating_add(items);
        }
    }

    /// True if new elements, and items that are cut in two, might make a list longer than `most` items.
    pub(super) fn is_over(&self, placed: &[Placed], cuts: &[List], most: usize) -> bool {
        if self.total + 2 * placed.len() + cuts.len() <= most {
            return false;
        }
        if self.counts.is_empty() {
            return true;
        }
        let lists = placed.iter().filter_map(|new| Some(new.place?.list));
        let mut buckets: Vec<usize> = lists.map(|list| self.bucket(list)).collect();
        for same in cuts.chunk_by(|a, b| a == b) {
            buckets.extend(std::iter::repeat_n(self.bucket(same[0]), same.len()));
        }
        buckets.sort_unstable();
        let is_long = |same: &[usize]| self.counts[same[0]] as usize + same.len() > most;
        buckets.chunk_by(|a, b| a == b).any(is_long)
    }

    /// True if with new elements of such a weight the document might have more than `most`.
    pub(super) fn is_weight_over(&self, new: usize, most: usize) -> bool {
        self.weight + new > most
    }

    /// True if counting anew may say something else.
    pub(super) fn is_worth_counting(&self, most: usize) -> bool {
        self.counts.is_empty() || self.added > most / COUNT_PART
    }

    /// Takes over what was counted: the list of every item, and whether it is a shared type.
    pub(super) fn count(&mut self, items: impl Iterator<Item = (List, bool)>) {
        self.counts.clear();
        self.counts.resize(1 << HASH_BITS, 0);
        (self.total, self.weight, self.added) = (0, 0, 0);
        for (list, is_type) in items {
            let bucket = self.bucket(list);
            self.counts[bucket] += 1;
            self.total += 1;
            self.weight += weight(is_type);
        }
    }

    /// An update was refused for it: those who try again are not refused for ever for what was added up.
    pub(super) fn refuse(&mut self, placed: usize) {
        self.added += placed;
    }
}
