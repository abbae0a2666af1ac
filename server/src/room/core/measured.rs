//! What was measured of the document, and when.

/// The size of the document when it was last measured, in encoded bytes, and what has happened since.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) bytes: usize,
    /// True if something was deleted since.
    pub(super) has_deleted: bool,
    /// When an update last came, in ms.
    pub(super) heard_ms: u64,
    /// From when on it may be measured for what was deleted, in ms.
    pub(super) again_ms: u64,
}
