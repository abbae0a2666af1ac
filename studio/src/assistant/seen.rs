//! What the assistant has before it.

use crate::assistant::look::{Look, Motion};

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    Medium,
    Long,
}

/// What is connected, as far as it was measured.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) pictures: Vec<Look>,
    pub(super) films: Vec<(Look, Motion)>,
    /// Films that could not be looked at for want of a program.
    pub(super) unseen: usize,
}
