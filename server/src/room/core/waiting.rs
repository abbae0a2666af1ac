//! An update that stands aside because it builds on what was lost.

use bytes::Bytes;

/// Something that waits.
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) update: Bytes,
    /// Clients and clocks, one of which has to be held before trying is of any use; empty: never tried.
    pub(super) waits: Vec<(u64, u32)>,
}
