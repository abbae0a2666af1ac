//! Words of prompts by meaning: scenes from `vocabulary/scenes.toml`, and the colours every model shares.

use super::senses::{Air, Mood, Motif, Place, Sense, Style, Time};
use crate::colors;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Stems, separated by spaces, by what they mean.
type Stems<T> = BTreeMap<T, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenes {
    places: Stems<Place>,
    motifs: Stems<Motif>,
    times: Stems<Time>,
    air: Stems<Air>,
    moods: Stems<Mood>,
    styles: Stems<Style>,
}

static SENSES: LazyLock<HashMap<String, Vec<Sense>>> = LazyLock::new(|| {
    let scenes: Scenes = toml::from_str(include_str!("../../../vocabulary/scenes.toml"))
        .expect("a test reads the vocabulary");
    let mut senses = HashMap::new();
    add(&mut senses, scenes.places, Sense::P);
    add(&mut senses, scenes.motifs, Sense::M);
    add(&mut senses, scenes.times, Sense::T);
    add(&mut senses, scenes.air, Sense::A);
    add(&mut senses, scenes.moods, Sense::D);
    add(&mut senses, scenes.styles, Sense::S);
    for (word, hex) in colors::unambiguous() {
        senses.entry(word.to_owned()).or_default().push(Sense::C(hex));
    }
    senses
});

fn add<T: Copy>(
    senses: &mut HashMap<String, Vec<Sense>>,
    stems: Stems<T>,
    sense: impl Fn(T) -> Sense,
) {
    for (meaning, stems) in stems {
        for stem in stems.split(' ') {
            senses.entry(stem.to_owned()).or_default().push(sense(meaning));
        }
    }
}

/// Everything a stem means: places first, then motifs, times, air, moods, styles and its colour.
pub(super) fn senses(stem: &str) -> &'static [Sense] {
    SENSES.get(stem).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
pub(super) fn stems() -> impl Iterator<Item = &'static String> {
    SENSES.keys()
}
