//! How large the document is, and whether there is room for more.

use bytes::Bytes;
use gesso_protocol::wire::guard::Scan;
use gesso_protocol::wire::guard::places::Placed;
use yrs::{ReadTxn as _, StateVector, TransactionMut};

use super::Core;
use super::index::Admitted;
use super::list_sizes::{ListSizes, weight};

/// Least bytes of the document's limit that an item takes: the memory of the shortest. A shared type takes four times
/// that.
const ITEM_BYTES: usize = 160;
/// The part of its limit by which a document may grow before it is measured again.
const MEASURE_PART: usize = 64;
/// Time without measuring after a measurement, as a multiple of what that took.
const REST_FACTOR: u64 = 20;

impl Core {
    /// True if new elements would make a list longer than it may be. Counting adds up to more than there is, so before
    /// that is said it is counted anew, once for every so many items.
    pub(super) fn is_list_full(
        &mut self,
        open: Option<&TransactionMut<'_>>,
        admitted: &Admitted,
    ) -> bool {
        let most = self.limits.list_items_max;
        let Admitted { placed, cuts, .. } = admitted;
        self.is_over(open, placed.len() + cuts.len(), most, |sizes| {
            sizes.is_over(placed, cuts, most)
        })
    }

    /// True if a bound of items is passed, also once they were counted anew: what was added up is above the truth. `new`: how
    /// many items are to come.
    fn is_over(
        &mut self,
        open: Option<&TransactionMut<'_>>,
        new: usize,
        most: usize,
        over: impl Fn(&ListSizes) -> bool,
    ) -> bool {
        if !over(&self.index.sizes) {
            return false;
        }
        if self.index.sizes.is_worth_counting(most) {
            let state = self.encoded(open);
            if let Ok(scan) = Scan::read(&state) {
                self.index.count_lists(&scan);
            }
        }
        let is_over = over(&self.index.sizes);
        if is_over {
            self.index.sizes.refuse(new);
        }
        is_over
    }

    /// True if the document with these new items takes more memory than its limit stands for.
    pub(super) fn is_too_heavy(
        &mut self,
        open: Option<&TransactionMut<'_>>,
        admitted: &Admitted,
    ) -> bool {
        let Admitted { placed, cuts, .. } = admitted;
        let most = self.limits.document_max_bytes / ITEM_BYTES;
        let is_there = |new: &&Placed| new.place.is_some();
        let placed = placed.iter().filter(is_there).map(|new| weight(new.type_ref.is_some()));
        let new = placed.sum::<usize>() + cuts.len();
        self.is_over(open, new, most, |sizes| sizes.is_weight_over(new, most))
    }

    /// True if so many bytes more are too many. What was written adds up to more than what there is, so near the
    /// limit the document is measured: once for every so many bytes that were written, and where something was deleted
    /// as often as takes little of the time.
    pub(super) fn is_full(&mut self, open: Option<&TransactionMut<'_>>, bytes: usize) -> bool {
        let max = self.limits.document_max_bytes;
        if self.document_bytes + bytes <= max {
            return false;
        }
        let has_grown = self.document_bytes - self.measured.bytes > max / MEASURE_PART;
        let may_have_shrunk =
            self.measured.has_deleted && self.measured.heard_ms >= self.measured.again_ms;
        if has_grown || may_have_shrunk {
            let began = (self.meter)();
            self.measured.bytes = self.encoded(open).len();
            self.document_bytes = self.measured.bytes;
            self.measured.has_deleted = false;
            let took_ms = (self.meter)().saturating_sub(began) / 1_000;
            self.measured.again_ms = self.measured.heard_ms + took_ms * REST_FACTOR;
        }
        self.document_bytes + bytes > max
    }

    /// The whole document as one update, as far as it is written: a transaction that is open has it to itself.
    fn encoded(&self, open: Option<&TransactionMut<'_>>) -> Bytes {
        match open {
            Some(txn) => txn.encode_diff_v1(&StateVector::default()).into(),
            None => self.encode_state(),
        }
    }
}
