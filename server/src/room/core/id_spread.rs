//! How client ids spread over a hash table that uses them as they are, as those of yrs do. Ids that somebody chose to
//! share their last bits would make every look into it a long one, for as long as the document lives.

/// Ids below which nothing is worth a check.
const FREE: usize = 1_024;
/// Neighbouring buckets that are counted as one window.
const WINDOW: usize = 64;
/// Most ids that may belong into one window when they come together: hash tables fill 56 of its buckets, and random ids
/// hardly ever double that.
const WINDOW_MOST: u32 = 4 * WINDOW as u32;
/// The same where one comes alone, as a person's page does: they would be shut out where somebody filled windows.
const WINDOW_MOST_ALONE: u32 = 4 * WINDOW_MOST;

/// Counts of client ids by the buckets into which they belong.
#[derive(Debug, Default)]
pub(super) struct IdSpread {
    /// Of each window; none for a small document.
    windows: Vec<u32>,
    /// Ids for which the table has room.
    room: usize,
}

impl IdSpread {
    fn for_ids(count: usize) -> Self {
        if count < FREE {
            return Self { windows: Vec::new(), room: FREE };
        }
        // A table of the standard library has a power of two of buckets, at most seven of eight in use.
        let buckets = (count * 8 / 7).next_power_of_two();
        Self { windows: vec![0; buckets / WINDOW], room: buckets / 8 * 7 }
    }

    /// Counts a new id; `all` are the ids with it, `count` of them.
    pub(super) fn add(&mut self, client: u64, all: impl Iterator<Item = u64>, count: usize) {
        if count <= self.room {
            self.count(client);
            return;
        }
        *self = Self::for_ids(count);
        for client in all {
            self.count(client);
        }
    }

    fn count(&mut self, client: u64) {
        let buckets = (self.windows.len() * WINDOW) as u64;
        if buckets > 0 {
            self.windows[(client & (buckets - 1)) as usize / WINDOW] += 1;
        }
    }

    /// True if the ids that are there (`held`) and new ones would crowd in one part of the table.
    pub(super) fn is_crowded_with(
        &self,
        new: &[u64],
        held: impl ExactSizeIterator<Item = u64>,
    ) -> bool {
        let count = held.len() + new.len();
        if new.is_empty() || count < FREE {
            return false;
        }
        let mut spread = Self::for_ids(count);
        if spread.windows.len() == self.windows.len() {
            spread.windows.clone_from(&self.windows);
        } else {
            held.for_each(|client| spread.count(client));
        }
        let most = if new.len() == 1 { WINDOW_MOST_ALONE } else { WINDOW_MOST };
        let before = spread.windows.clone();
        new.iter().for_each(|client| spread.count(*client));
        let is_crowded = |(after, before): (&u32, &u32)| *after > most && after > before;
        spread.windows.iter().zip(&before).any(is_crowded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(ids: &[u64]) -> IdSpread {
        let mut spread = IdSpread::default();
        for (at, client) in ids.iter().enumerate() {
            spread.add(*client, ids[..=at].iter().copied(), at + 1);
        }
        spread
    }

    fn is_crowded(held: &[u64], new: &[u64]) -> bool {
        spread(held).is_crowded_with(new, held.iter().copied())
    }

    /// A generator of 32 random bits (the multiplier is Knuth's, of MMIX).
    fn random(count: u64) -> Vec<u64> {
        let next = |state: u64| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::iter::successors(Some(1), |state| Some(next(*state)))
            .map(|state: u64| state >> 32)
            .take(count as usize)
            .collect()
    }

    #[test]
    fn random_ids_and_rows_of_ids_pass() {
        assert!(!is_crowded(&random(100_000), &random(3_000)));
        let row: Vec<u64> = (1..=50_000).collect();
        assert!(!is_crowded(&row, &(50_001..60_000).collect::<Vec<_>>()));
        assert!(!is_crowded(&[], &row));
    }

    #[test]
    fn ids_with_the_same_last_bits_are_found() {
        let alike: Vec<u64> = (0..2_000).map(|at| at << 16).collect();
        assert!(is_crowded(&[], &alike));
        let mut held = random(20_000);
        assert!(is_crowded(&held, &alike[..300]));
        assert!(!is_crowded(&held, &alike[..100]));
        held.extend(&alike[..200]);
        assert!(is_crowded(&held, &alike[200..300]));
    }

    #[test]
    fn few_ids_and_ids_beside_a_crowd_pass() {
        let alike: Vec<u64> = (0..1_000).map(|at| at << 16).collect();
        assert!(!is_crowded(&[], &alike));
        // What a document held before this was counted does not close it to others.
        let mut held = alike;
        held.extend(random(1_000));
        assert!(!is_crowded(&held, &[4_093]));
        assert!(is_crowded(&held, &[5_000 << 16, 5_001 << 16]));
    }

    #[test]
    fn somebody_who_comes_alone_finds_a_place_where_others_filled_it() {
        let mut held: Vec<u64> = (0..256).map(|at| at << 20).collect();
        held.extend(random(4_000));
        assert!(is_crowded(&held, &[300 << 20, 301 << 20]));
        assert!(!is_crowded(&held, &[300 << 20]));
        held.extend((256..1_100).map(|at| at << 20));
        assert!(is_crowded(&held, &[2_000 << 20]));
    }

    #[test]
    fn what_was_counted_one_by_one_is_what_there_is() {
        let ids = random(5_000);
        let mut whole = IdSpread::for_ids(ids.len());
        ids.iter().for_each(|client| whole.count(*client));
        assert_eq!(spread(&ids).windows, whole.windows);
    }
}
