//! What counts as much work for a room, and where it is done: beside the tasks of the thread it runs on.

use tokio::runtime::RuntimeFlavor;

use super::core::Core;

/// From how many bytes of a document on even a small update may take long.
const WALKED_BYTES: usize = 4 << 20;
/// From how many bytes on what somebody sent is much: it waits for a turn of its own.
pub(super) const LARGE_BYTES: usize = 64 * 1024;

/// The bytes that are worked on where so many are given: where much is held, a single one may be walked to for long.
pub(super) fn work_of(bytes: usize, core: &Core) -> usize {
    if core.document_bytes() >= WALKED_BYTES { usize::MAX } else { bytes }
}

/// Does work with so many bytes; much of it beside the tasks of the thread it runs on and not before them.
pub(super) fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let flavor = tokio::runtime::Handle::current().runtime_flavor();
    if bytes >= LARGE_BYTES && flavor == RuntimeFlavor::MultiThread {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
