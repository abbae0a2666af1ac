//! A face seen from the front, as an illustrator simplifies it.

use super::super::brush::{Ink, Shape};
use super::super::color::Rgb;
use super::pen::Pen;

/// Features of the person shown, as the words say them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traits {
    beard: bool,
    long_hair: bool,
    bald: bool,
    old: bool,
    glasses: bool,
    cap: bool,
    crown: bool,
    helmet: bool,
    hair: Option<u32>,
}

impl Traits {
    /// Reads them; what is not said stays open.
    pub(crate) fn of(words: &[String]) -> Self {
        let said = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
        let hair = [
            (0xa8502a, ["ginger", "redhead", "auburn"]),
            (0xd8b060, ["blond", "blonde", "golden"]),
            (0x22201f, ["brunette", "raven", "dark-haired"]),
        ];
        Self {
            beard: said(&[
                "beard",
                "bearded",
                "moustache",
                "wizard",
                "viking",
                "captain",
                "santa",
                "dwarf",
            ]),
            long_hair: said(&[
                "woman", "girl", "lady", "queen", "princess", "mother", "bride", "witch", "elf",
            ]),
            bald: said(&["bald", "monk"]),
            old: said(&[
                "old",
                "elderly",
                "grandmother",
                "grandfather",
                "wizard",
                "santa",
                "ancient",
            ]),
            glasses: said(&["glasses", "spectacles", "professor", "librarian", "scientist"]),
            cap: said(&["captain", "sailor", "hat", "cap", "pilot", "conductor"]),
            crown: said(&["king", "queen", "crown", "prince", "princess"]),
            helmet: said(&["astronaut", "cosmonaut", "spaceman"]),
            hair: hair.iter().find(|(_, names)| said(names)).map(|(color, _)| *color),
        }
    }
}

const SKINS: [u32; 6] = [0xf2cfb4, 0xe6b48f, 0xd49a70, 0xb67a50, 0x8d5a3b, 0x6b432c];
const HAIRS: [u32; 6] = [0x2a2220, 0x4a3226, 0x6f4a2e, 0x8f6238, 0xb98a4e, 0x30303a];

struct Colors {
    skin: Rgb,
    shade: Rgb,
    hair: Rgb,
    cloth: Rgb,
    lips: Rgb,
}

/// Draws it: shoulders on y 0, the crown at about y −94.
pub(crate) fn face(p: &mut Pen<'_, '_>, traits: Traits) {
    let skin = Rgb::hex(SKINS[p.rng.below(SKINS.len())]);
    let hair = match (traits.hair, traits.old) {
        (Some(color), _) => Rgb::hex(color),
        (None, true) => Rgb::hex(0xd8d6d2),
        (None, false) => Rgb::hex(HAIRS[p.rng.below(HAIRS.len())]),
    };
    let cloth = if traits.helmet { Rgb::hex(0xe8eaee) } else { p.look.accent };
    let c = Colors {
        skin,
        shade: skin.mix(Rgb::hex(0x7a2f2a), 0.22).lift(-0.05),
        hair,
        cloth,
        lips: skin.mix(Rgb::hex(0xb03a3a), 0.5),
    };
    let long = traits.long_hair || (!traits.beard && !traits.bald && p.rng.chance(0.35));
    if traits.helmet {
        p.shape(
            Shape::circle(0.0, -58.0, 41.0),
            &Ink::across(-41.0, 41.0, &[Rgb::hex(0xf4f5f7), Rgb::hex(0xb8bec8)]),
        );
        p.shape(Shape::circle(0.0, -57.0, 34.0), &Ink::flat(Rgb::hex(0x1c2a44)));
    } else if long && !traits.bald {
        p.fill(
            "M-26 -62C-32 -98 32 -98 26 -62C32 -42 31 -24 25 -12L-25 -12C-31 -24 -32 -42 -26 -62Z",
            &Ink::down(-92.0, -12.0, &[c.hair, c.hair.lift(-0.08)]),
        );
    }
    body(p, &c);
    head(p, &c);
    if traits.beard {
        p.fill(
            "M-22.5 -58C-23 -34 -15 -23 0 -22C15 -23 23 -34 22.5 -58C19 -48 13 -46 8 -46C4 -47 -4 -47 -8 -46C-13 -46 -19 -48 -22.5 -58Z",
            &Ink::down(-50.0, -22.0, &[c.hair, c.hair.lift(-0.06)]),
        );
    }
    features(p, &c, traits);
    if !traits.bald && !traits.helmet {
        let top = if long {
            "M-24 -56C-28 -86 -14 -95 0 -95C16 -95 28 -84 24 -56C23 -70 14 -78 2 -80C-8 -78 -22 -72 -24 -56Z"
        } else {
            "M-23 -60C-27 -86 -14 -94 1 -94C17 -94 27 -82 23 -60C21 -70 17 -75 9 -77C-2 -73 -13 -75 -18 -70C-21 -67 -22 -64 -23 -60Z"
        };
        p.fill(top, &Ink::across(-26.0, 26.0, &[c.hair.lift(0.05), c.hair.lift(-0.05)]));
    }
    worn(p, traits);
}

fn body(p: &mut Pen<'_, '_>, c: &Colors) {
    p.fill("M-11 -40L11 -40L13 -20L-13 -20Z", &Ink::down(-40.0, -22.0, &[c.shade, c.skin]));
    p.fill(
        "M-50 4C-49 -16 -32 -22 -13 -26C-8 -17 8 -17 13 -26C32 -22 49 -16 50 4Z",
        &Ink::across(-50.0, 50.0, &[c.cloth.lift(0.05), c.cloth.lift(-0.1)]),
    );
    p.stroke("M-13 -26C-8 -17 8 -17 13 -26", &Ink::flat(c.cloth.lift(-0.16)), 1.6);
}

fn head(p: &mut Pen<'_, '_>, c: &Colors) {
    for x in [-22.5, 22.5] {
        p.shape(Shape::oval(x, -56.0, 4.2, 6.4), &Ink::flat(c.shade));
    }
    let lit =
        if p.side < 0.0 { [c.skin.lift(0.03), c.shade] } else { [c.shade, c.skin.lift(0.03)] };
    p.fill(
        "M-22.5 -62C-23 -86 23 -86 22.5 -62C22.5 -44 13 -29 0 -29C-13 -29 -22.5 -44 -22.5 -62Z",
        &Ink::across(-24.0, 24.0, &[lit[0].mix(c.skin, 0.5), c.skin, lit[1].mix(c.skin, 0.45)]),
    );
    for x in [-13.0, 13.0] {
        p.shape(Shape::oval(x, -49.0, 5.0, 3.2), &Ink::Flat(Rgb::hex(0xd8605a), 0.16));
    }
}

fn features(p: &mut Pen<'_, '_>, c: &Colors, traits: Traits) {
    let dark = Rgb::hex(0x241a18);
    const EYES: [u32; 4] = [0x4a3222, 0x3a6a8a, 0x4a7a4a, 0x2e2a28];
    let iris = Rgb::hex(EYES[p.rng.below(EYES.len())]);
    for x in [-9.0_f32, 9.0] {
        p.shape(Shape::oval(x, -60.0, 5.0, 3.3), &Ink::flat(Rgb::hex(0xfbf7f2)));
        p.shape(Shape::circle(x, -60.0, 2.7), &Ink::flat(iris));
        p.shape(Shape::circle(x, -60.0, 1.4), &Ink::flat(dark));
        p.shape(Shape::circle(x - 0.9, -61.0, 0.8), &Ink::flat(Rgb::WHITE));
        let lid =
            format!("M{} -60.5C{} -64.500 {} -64.500 {} -60.5", x - 5.4, x - 3.0, x + 3.0, x + 5.4);
        p.stroke(&lid, &Ink::flat(dark), 1.1);
        let brow =
            format!("M{} -67C{} -69.500 {} -69.500 {} -67", x - 6.0, x - 2.0, x + 2.0, x + 6.0);
        p.stroke(&brow, &Ink::flat(c.hair.mix(dark, 0.35)), 1.9);
        if traits.glasses {
            let place = p.place;
            p.b.stroke_at(Shape::oval(x, -60.0, 7.5, 7.0), &Ink::flat(dark), 1.2, place);
        }
    }
    if traits.glasses {
        p.stroke("M-1.5 -60.5L1.5 -60.5", &Ink::flat(dark), 1.2);
    }
    p.stroke(
        "M1 -59C0 -53 3.5 -50 2.5 -48C1 -46.500 -1.500 -46.500 -3 -47.500",
        &Ink::flat(c.shade.lift(-0.08)),
        1.3,
    );
    p.fill("M-9.5 -40.5C-5 -41.800 -2 -42 0 -40.800C2 -42 5 -41.800 9.500 -40.500C5 -34.500 -5 -34.500 -9.500 -40.500Z", &Ink::flat(c.lips));
    p.stroke(
        "M-10.5 -41.2C-5 -37.200 5 -37.200 10.500 -41.200",
        &Ink::flat(c.lips.lift(-0.18)),
        0.9,
    );
}

fn worn(p: &mut Pen<'_, '_>, traits: Traits) {
    if traits.cap {
        let (navy, gold) = (Rgb::hex(0x1f2c4a), Rgb::hex(0xe0b04a));
        p.fill(
            "M-29 -82C-30 -102 30 -102 29 -82L24 -73L-24 -73Z",
            &Ink::down(-100.0, -73.0, &[Rgb::hex(0xf4f2ec), Rgb::hex(0xd8d4ca)]),
        );
        p.fill("M-25 -80L25 -80L24 -71L-24 -71Z", &Ink::flat(navy));
        p.fill(
            "M-25 -72C-12 -77 12 -77 25 -72C16 -65 -16 -65 -25 -72Z",
            &Ink::flat(navy.lift(-0.07)),
        );
        p.shape(Shape::circle(0.0, -81.0, 4.2), &Ink::flat(gold));
    }
    if traits.crown {
        p.fill(
            "M-21 -80L-24 -99L-12 -90L0 -103L12 -90L24 -99L21 -80Z",
            &Ink::down(-103.0, -80.0, &[Rgb::hex(0xf6d77a), Rgb::hex(0xc98f2a)]),
        );
        for (x, y) in [(-11.0, -84.5), (0.0, -86.0), (11.0, -84.5)] {
            p.shape(Shape::circle(x, y, 2.2), &Ink::flat(Rgb::hex(0xb0304a)));
        }
    }
    if traits.helmet {
        p.shape(Shape::circle(0.0, -57.0, 34.0), &Ink::Flat(Rgb::hex(0x6f9fd8), 0.14));
        p.stroke("M-24 -76C-18 -86 -8 -89 0 -89", &Ink::Flat(Rgb::WHITE, 0.7), 2.4);
        p.stroke(
            "M-34 -57A34 34 0 1 0 34 -57A34 34 0 1 0 -34 -57",
            &Ink::flat(Rgb::hex(0x9aa2b0)),
            2.2,
        );
    }
}
