//! The signs that can be drawn: the glyphs of `vocabulary/glyphs.toml`.

use crate::words::singulars;
use serde::Deserialize;
use std::sync::LazyLock;

/// Which of the drawing's colours a part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Main,
    Second,
    Light,
    Dark,
    Accent,
}

/// A closed path of one colour, in a box of 100 × 100 that stands on y = 92.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) role: Role,
    /// As in the attribute `d` of SVG.
    pub(super) path: String,
}

/// One sign.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Glyph {
    /// Name, as an id in the drawing.
    pub(super) id: String,
    /// The words that ask for it, separated by spaces.
    words: String,
    /// From back to front.
    pub(super) parts: Vec<Part>,
}

#[derive(Deserialize)]
struct File {
    glyph: Vec<Glyph>,
}

static GLYPHS: LazyLock<Vec<Glyph>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../vocabulary/glyphs.toml"))
        .expect("a test reads the glyphs");
    file.glyph
});

/// Every sign. The first one of a word counts.
pub(super) fn all() -> &'static [Glyph] {
    &GLYPHS
}

/// The glyphs that words ask for, in the order of the words, each once.
pub(super) fn asked(words: &[String]) -> Vec<&'static Glyph> {
    let mut found: Vec<&'static Glyph> = Vec::new();
    for word in words {
        let forms: Vec<String> = singulars(word).collect();
        let is_meant = |known: &str| forms.iter().any(|form| form == known);
        let glyph = GLYPHS.iter().find(|glyph| glyph.words.split(' ').any(is_meant));
        if let Some(glyph) = glyph
            && found.iter().all(|other| other.id != glyph.id)
        {
            found.push(glyph);
        }
    }
    found
}
