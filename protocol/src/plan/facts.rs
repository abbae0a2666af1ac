//! Facts that checks and prices ask of the content on a connection: counted once for each thing that is there,
//! however many calls get it.

use super::model::ExistingOutput;
use crate::lineage::Lineage;
use crate::schema::{Generation, ItemContent};
use crate::steps;

/// Facts about some content, taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Number of texts and files.
    pub(super) count: usize,
    /// True if there is a file or a text that is not blank.
    pub(super) filled: bool,
    /// The characters of its texts, without blanks around them.
    pub(super) characters: usize,
    /// The bytes of its texts.
    pub(super) bytes: usize,
    /// The length of the longest sound or film, in ms.
    pub(super) longest_ms: Option<i64>,
    /// Width and height of the first of it, in pixels.
    pub(super) size_px: Option<(u32, u32)>,
}

impl Facts {
    fn of_text(text: &str) -> Self {
        steps::note(text.len());
        let trimmed = text.trim();
        Self {
            count: 1,
            filled: !trimmed.is_empty(),
            characters: trimmed.chars().count(),
            bytes: text.len(),
            ..Self::default()
        }
    }

    fn of_file(duration_s: Option<f64>, size_px: Option<(u32, u32)>) -> Self {
        let longest_ms = duration_s.map(milliseconds);
        Self { count: 1, filled: true, longest_ms, size_px, ..Self::default() }
    }

    /// Of one thing.
    pub(super) fn of(content: &ItemContent) -> Self {
        match content {
            ItemContent::Text(text) => Self::of_text(text),
            ItemContent::Asset(asset) => {
                Self::of_file(asset.duration, asset.width.zip(asset.height))
            }
        }
    }

    /// Of what a generation gives; `None` where a foreign writer made it up.
    pub(super) fn of_generation(made: &Generation) -> Option<Self> {
        match &made.text {
            Some(text) => Some(Self::of_text(text)),
            None => {
                made.asset.as_ref()?;
                Some(Self::of_file(made.duration, made.width.zip(made.height)))
            }
        }
    }

    /// Of several things, in order.
    pub(super) fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let mut together = Self::default();
        for facts in all {
            together.add(facts);
        }
        together
    }

    /// Adds what comes after it.
    pub(super) fn add(&mut self, after: Self) {
        if self.count == 0 {
            self.size_px = after.size_px;
        }
        self.count = self.count.saturating_add(after.count);
        self.filled |= after.filled;
        self.characters = self.characters.saturating_add(after.characters);
        self.bytes = self.bytes.saturating_add(after.bytes);
        self.longest_ms = self.longest_ms.max(after.longest_ms);
    }
}

/// Facts about an output that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReadyFacts {
    /// Item by item.
    pub(super) each: Vec<Facts>,
    /// Together.
    pub(super) all: Facts,
    /// Where each item comes from.
    pub(super) lineages: Vec<Lineage>,
}

impl ReadyFacts {
    pub(super) fn of(ready: &ExistingOutput) -> Self {
        let each: Vec<Facts> = ready.items.iter().map(|item| Facts::of(&item.content)).collect();
        let lineages = ready.items.iter().map(|item| Lineage::parse(&item.key)).collect();
        Self { all: Facts::of_all(each.iter().copied()), each, lineages }
    }
}

/// A length in whole ms, rounded up; what is no length is none.
pub(super) fn milliseconds(duration_s: f64) -> i64 {
    // `as` saturates, and nothing that is not a number is left.
    (duration_s.max(0.0) * 1000.0).ceil() as i64
}
