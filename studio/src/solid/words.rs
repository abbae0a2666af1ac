//! What a sentence asks to be built: things, how many, how large, of which colour and material, and where.

use super::kinds::{self, Thing};
use crate::paint::decode_channel;

/// How a thing stands to the one named before it.
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

const COLORS: [(&str, u32); 34] = [
    ("red", 0xd8_2c_2c),
    ("crimson", 0xa8_1c_34),
    ("orange", 0xf0_86_1e),
    ("yellow", 0xf5_c8_1f),
    ("green", 0x3a_9a_4a),
    ("lime", 0x9a_d0_2e),
    ("olive", 0x007a_7a32),
    ("mint", 0x9a_dc_c0),
    ("teal", 0x18_86_86),
    ("turquoise", 0x30_c0_b8),
    ("cyan", 0x2c_bc_dc),
    ("blue", 0x2a_5c_d0),
    ("navy", 0x1c_2a_5c),
    ("purple", 0x7c_3a_b4),
    ("violet", 0x8a_4a_d0),
    ("lilac", 0xbc_9c_dc),
    ("lavender", 0xb8_a8_e0),
    ("magenta", 0xd0_2c_9c),
    ("pink", 0xf0_8c_b0),
    ("rose", 0xe0_6c_8c),
    ("brown", 0x7a_4c_2c),
    ("tan", 0xc8_a0_74),
    ("beige", 0xe0_d0_b0),
    ("cream", 0xf2_e8_d0),
    ("ivory", 0xf2_ec_dc),
    ("white", 0xf0_f0_ee),
    ("black", 0x22_22_26),
    ("grey", 0x8c_8c_90),
    ("gray", 0x8c_8c_90),
    ("gold", 0xe0_a8_34),
    ("golden", 0xe0_a8_34),
    ("silver", 0xc8_cc_d0),
    ("copper", 0xcc_78_50),
    ("bronze", 0xa4_70_3c),
];

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

/// What a text asks for; empty where it names nothing known.
pub(super) fn wishes(text: &str) -> Vec<Wish> {
    const MOST: usize = 12;
    let lower: String = text.chars().take(4000).collect::<String>().to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
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
        if let Some((_, rgb)) = COLORS.iter().find(|(name, _)| name == word) {
            next.color = Some(hex(*rgb));
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
