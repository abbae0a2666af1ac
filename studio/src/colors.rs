//! Colours by name: one value of each for every model, in `vocabulary/colors.toml`.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// `0xrrggbb`, sRGB.
pub(crate) type Hex = u32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    colors: HashMap<String, String>,
    also_things: HashMap<String, String>,
}

struct Table {
    colors: HashMap<String, Hex>,
    also_things: HashMap<String, Hex>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("../vocabulary/colors.toml")).expect("a test reads the table");
    let values = |list: HashMap<String, String>| {
        let value = |hex: String| Hex::from_str_radix(&hex, 16).expect("a test reads the table");
        list.into_iter().map(|(name, hex)| (name, value(hex))).collect()
    };
    Table { colors: values(file.colors), also_things: values(file.also_things) }
});

/// The colours that are named by words which mean nothing else, as (word, value).
pub(crate) fn unambiguous() -> impl Iterator<Item = (&'static str, Hex)> {
    TABLE.colors.iter().map(|(name, hex)| (name.as_str(), *hex))
}

/// The colour a word names where no plant, fruit or metal can be meant: `rose` is one.
pub(crate) fn named(word: &str) -> Option<Hex> {
    TABLE.colors.get(word).or_else(|| TABLE.also_things.get(word)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_read_and_named_once() {
        assert!(unambiguous().count() > 50);
        assert_eq!((named("red"), named("rose")), (Some(0xc83a32), Some(0xe06c8c)));
        assert_eq!(named("boat"), None);
        assert!(TABLE.also_things.keys().all(|word| !TABLE.colors.contains_key(word)));
        for (word, hex) in unambiguous() {
            assert!(hex <= 0xff_ffff, "{word}");
        }
    }
}
