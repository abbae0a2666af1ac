//! The material before the assistant.

use crate::assistant::look::{Look, Motion};

/// Length of the text that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    Medium,
    Long,
}

/// The connected pictures and films, as far as they were measured.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) pictures: Vec<Look>,
    pub(super) films: Vec<(Look, Motion)>,
    /// Films that could not be looked at for want of a program.
    pub(super) unseen: usize,
}
