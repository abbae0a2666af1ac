//! The brief of a drawing.

use crate::math::Rng;
use crate::paint::words;
use crate::vector::inks::Inks;

/// Intent, glyphs and inks that a drawing is made from.
pub(super) struct Brief {
    pub(super) intent: words::Intent,
    /// The glyphs asked for; never empty.
    pub(super) glyphs: Vec<&'static super::glyphs::Glyph>,
    /// True if the words named one of them.
    pub(super) named: bool,
    pub(super) inks: Inks,
    pub(super) rng: Rng,
}
