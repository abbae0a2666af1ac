//! The things that a sentence asks to be built: which, how many, how large, of which colour and material, and where.

use super::kinds::{self, Thing};
use crate::colors;
use crate::paint::decode_channel;
use crate::words::split;

/// Placement of a thing relative to the one named before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Beside,
    On,
    Above,
    Under,
    Behind,
    Before,
}

/// A surface asked for by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stuff {
    Metal,
    Glass,
    Wood,
    Stone,
    Matte,
    Glow,
}

/// One thing asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wish {
    pub(super) thing: Thing,
    pub(super) count: usize,
    pub(super) size: f32,
    /// Linear.
    pub(super) color: Option<[f32; 3]>,
    pub(super) stuff: Option<Stuff>,
    /// To the thing before it.
    pub(super) relation: Relation,
}

/// A linear colour from six hexadecimal digits.
pub(super) fn hex(rgb: u32) -> [f32; 3] {
    [rgb >> 16, rgb >> 8, rgb].map(|v| decode_channel((v & 255) as f32 / 255.0))
}

fn stuff(word: &str) -> Option<Stuff> {
    Some(match word {
        "metal" | "metallic" | "steel" | "iron" | "chrome" | "gold" | "golden" | "silver"
        | "copper" | "bronze" | "brass" | "aluminium" | "aluminum" => Stuff::Metal,
        "glass" | "crystal" | "transparent" | "clear" | "ice" => Stuff::Glass,
        "wood" | "wooden" | "oak" | "walnut" => Stuff::Wood,
        "stone" | "marble" | "concrete" | "clay" | "ceramic" => Stuff::Stone,
        "matte" | "rubber" | "felt" | "paper" => Stuff::Matte,
        "glowing" | "neon" | "luminous" | "shining" => Stuff::Glow,
        _ => return None,
    })
}

fn size(word: &str) -> Option<f32> {
    Some(match word {
        "tiny" | "mini" => 0.4,
        "small" | "little" => 0.65,
        "big" | "large" => 1.5,
        "huge" | "giant" | "enormous" => 2.2,
        _ => return None,
    })
}

fn number(word: &str) -> Option<usize> {
    const NAMES: [&str; 10] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let named = NAMES.iter().position(|name| *name == word).map(|i| i + 1);
    named.or_else(|| word.parse().ok().filter(|n| (1..=1000).contains(n))).map(|n| n.min(12))
}

/// True if a word means something to it.
pub(super) fn knows(word: &str) -> bool {
    kinds::named(word).is_some()
        || stuff(word).is_some()
        || size(word).is_some()
        || number(word).is_some()
        || colors::named(word).is_some()
}

/// Returns the things that a text asks for, at most twelve; empty where it names nothing known.
pub(super) fn wishes(text: &str) -> Vec<Wish> {
    const MOST: usize = 12;
    let lower: String = text.chars().take(4000).collect::<String>().to_lowercase();
    let words: Vec<&str> = split(&lower, &[]).collect();
    let mut out: Vec<Wish> = Vec::new();
    let blank = Wish {
        thing: Thing::Cube,
        count: 1,
        size: 1.0,
        color: None,
        stuff: None,
        relation: Relation::Beside,
    };
    let mut next = blank.clone();
    for (i, word) in words.iter().enumerate() {
        if out.len() == MOST {
            break;
        }
        if let Some(thing) = kinds::named(word) {
            // “Ice crystal” and “glass bottle” name what a thing is of; “crystal” alone is a thing.
            out.push(Wish { thing, ..std::mem::replace(&mut next, blank.clone()) });
            continue;
        }
        if let Some(stuff) = stuff(word) {
            next.stuff = Some(stuff);
        }
        if let Some(rgb) = colors::named(word) {
            next.color = Some(hex(rgb));
        } else if let Some(size) = size(word) {
            next.size = size;
        } else if let Some(count) = number(word) {
            next.count = count;
        }
        let relation = match *word {
            "on" | "upon" | "onto" | "atop" => Some(Relation::On),
            "above" | "over" => Some(Relation::Above),
            "under" | "below" | "beneath" => Some(Relation::Under),
            "behind" => Some(Relation::Behind),
            "front" if i > 0 && words[i - 1] == "in" => Some(Relation::Before),
            "beside" | "near" | "and" | "with" | "next" | "by" => Some(Relation::Beside),
            _ => None,
        };
        if let Some(relation) = relation.filter(|_| !out.is_empty()) {
            next = Wish { relation, ..blank.clone() };
        }
    }
    out
}
