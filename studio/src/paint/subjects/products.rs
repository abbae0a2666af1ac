//! Goods: shoes, bags, packages, presents and other things that are sold.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

pub(super) fn sneaker(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let white = p.tone(0xf6f1e8);
    let deep = tone.mix(p.look.ink, 0.38);
    p.shape(Shape::oval(4.0, 0.0, 78.0, 4.0), &Ink::Flat(p.look.ink, 0.35));
    // The tongue and the far side of the collar.
    p.fill(
        "M-30 -68 C-28 -78 -22 -88 -15 -90 C-9 -91 -4 -87 -4 -82 L2 -66 L-20 -58 Z",
        &Ink::down(-90.0, -60.0, &[tone.mix(white, 0.45), deep]),
    );
    p.fill(
        "M-64 -68 C-54 -60 -34 -60 -22 -70 L-28 -74 C-40 -70 -54 -72 -62 -78 Z",
        &Ink::flat(deep.mix(p.look.ink, 0.45)),
    );
    p.fill(
        "M-67 -16 C-72 -34 -71 -54 -68 -72 C-67 -79 -61 -82 -58 -77 C-52 -66 -38 -64 -28 -70 C-23 -73 -20 -77 -17 -79 C-14 -80 -11 -79 -9 -76 L13 -50 C19 -44 30 -41 42 -39 C62 -36 76 -29 79 -14 Z",
        &Ink::down(-80.0, -14.0, &[tone.mix(Rgb::WHITE, 0.22), tone, tone.mix(p.look.ink, 0.3)]),
    );
    // Toe, heel and the band on the side.
    p.fill(
        "M43 -39 C62 -36 76 -29 79 -14 L46 -14 C39 -21 38 -31 43 -39 Z",
        &Ink::down(-39.0, -14.0, &[white, white.mix(tone, 0.35)]),
    );
    p.fill("M-67 -16 C-72 -34 -71 -54 -68 -72 C-67 -77 -64 -80 -61 -79 C-60 -62 -52 -50 -43 -40 C-38 -32 -38 -24 -40 -16 Z", &Ink::down(-78.0, -16.0, &[tone.mix(white, 0.2), deep]));
    p.fill(
        "M-30 -15 C-22 -32 -8 -44 4 -50 L15 -44 C2 -38 -6 -28 -12 -15 Z",
        &Ink::down(-50.0, -15.0, &[white, white.mix(tone, 0.25)]),
    );
    // The lacing.
    p.fill("M-17 -79 C-14 -80 -11 -79 -9 -76 L13 -50 C19 -44 30 -41 38 -39.5 L26 -31 C14 -33 5 -38 -2 -46 L-25 -71.500 Z", &Ink::down(-80.0, -31.0, &[tone.mix(Rgb::WHITE, 0.12), deep]));
    for k in 0..6 {
        let t = k as f32 / 5.0;
        let (x, y) = (-13.0 + 38.0 * t - 4.0 * t * t, -73.0 + 42.0 * t - 6.0 * t * t);
        p.line(
            &[(x - 8.5, y + 4.5), (x, y - 0.5), (x + 6.5, y - 2.0)],
            &Ink::flat(deep.mix(p.look.ink, 0.4)),
            3.6,
        );
        p.line(&[(x - 8.5, y + 3.7), (x, y - 1.3), (x + 6.5, y - 2.8)], &Ink::flat(white), 2.7);
    }
    p.stroke(
        "M-62 -79 C-54 -66 -40 -63 -28 -69 C-23 -72 -20 -76 -17 -78.500",
        &Ink::flat(tone.mix(Rgb::WHITE, 0.35)),
        3.4,
    );
    p.stroke(
        "M-38 -17 C-36 -26 -36 -32 -41 -39 C-50 -49 -57 -60 -59 -74 M44 -16 C37 -22 36 -31 41 -38",
        &Ink::Flat(p.look.ink, 0.22),
        0.8,
    );
    // The sole, with the light along its upper edge.
    p.fill(
        "M-71 -5 C-73 -13 -71 -18 -67 -18.500 C-30 -13 10 -15 40 -15 C56 -15 72 -18 80 -17 C85 -14 86 -8 83 -4 C81 -1 76 0 70 0 L-62 0 C-67 0 -70 -1 -71 -5 Z",
        &Ink::down(-18.0, 0.0, &[white.mix(Rgb::WHITE, 0.5), white, white.mix(p.look.ink, 0.35)]),
    );
    p.stroke("M-70 -8 C-30 -5 20 -6 84 -8", &Ink::Flat(tone, 0.9), 1.8);
    for k in 0..16 {
        let x = -62.0 + k as f32 * 8.8;
        p.line(&[(x, -3.2), (x + 2.5, 0.0)], &Ink::Flat(p.look.ink, 0.3), 1.0);
    }
    p.stroke("M52 -33 C62 -31 69 -27 72 -21", &Ink::Flat(Rgb::WHITE, 0.7), 1.8);
    p.stroke("M-63 -66 C-66 -52 -66 -38 -63 -24", &Ink::Flat(Rgb::WHITE, 0.3), 2.0);
}

pub(super) fn handbag(p: &mut Pen<'_, '_>) {
    let hide = p.look.accent;
    let deep = hide.mix(p.look.ink, 0.42);
    let gold = p.tone(0xe3bd6a);
    p.stroke("M-27 -56 C-31 -112 31 -112 27 -56", &Ink::flat(deep), 6.4);
    p.stroke("M-28 -58 C-31 -111 30 -111 27 -60", &Ink::flat(hide.mix(Rgb::WHITE, 0.1)), 3.4);
    p.fill(
        "M-47 -60 L47 -60 C52 -60 54 -57 54.500 -53 L62 -9 C63 -3 58 0 53 0 L-53 0 C-58 0 -63 -3 -62 -9 L-54.500 -53 C-54 -57 -52 -60 -47 -60 Z",
        &p.round(-62.0, 62.0, hide.mix(p.look.ink, 0.12)),
    );
    p.fill(
        "M-61 -14 L61 -14 L62 -9 C63 -3 58 0 53 0 L-53 0 C-58 0 -63 -3 -62 -9 Z",
        &Ink::down(-14.0, 0.0, &[deep, deep.mix(p.look.ink, 0.4)]),
    );
    p.fill(
        "M-54 -46 L54 -46 L53 -30 C42 -16 18 -12 0 -12 C-18 -12 -42 -16 -53 -30 Z",
        &Ink::Flat(p.look.ink, 0.3),
    );
    p.fill(
        "M-47 -61 L47 -61 C53 -61 55 -57 55 -53 L53 -34 C42 -20 18 -16 0 -16 C-18 -16 -42 -20 -53 -34 L-55 -53 C-55 -57 -53 -61 -47 -61 Z",
        &Ink::down(-61.0, -16.0, &[hide.mix(Rgb::WHITE, 0.3), hide, hide.mix(p.look.ink, 0.22)]),
    );
    for k in 0..27 {
        let t = k as f32 / 26.0 * 2.0 - 1.0;
        let y = -19.5 - 15.0 * t * t * t * t;
        let slope = -3.2 * t * t * t;
        let x = t * 49.0;
        p.line(
            &[(x - 1.1, y - slope * 0.2), (x + 1.1, y + slope * 0.2)],
            &Ink::Flat(Rgb::WHITE, 0.45),
            0.6,
        );
    }
    let metal =
        Ink::down(-30.0, -8.0, &[gold.mix(Rgb::WHITE, 0.6), gold, gold.mix(p.look.ink, 0.35)]);
    p.fill("M-8 -29 L8 -29 C10 -29 11 -28 11 -26 L11 -15 C11 -10 6 -8 0 -8 C-6 -8 -11 -10 -11 -15 L-11 -26 C-11 -28 -10 -29 -8 -29 Z", &metal);
    p.shape(Shape::circle(0.0, -18.5, 3.4), &Ink::flat(gold.mix(p.look.ink, 0.55)));
    p.stroke("M-7 -26 L7 -26", &Ink::Flat(Rgb::WHITE, 0.8), 1.0);
    for x in [-27.5, 27.5] {
        p.stroke(&format!("M{x} -62 L{x} -55"), &Ink::flat(deep), 8.0);
        p.shape(Shape::circle(x, -58.0, 4.6), &metal);
        p.shape(Shape::circle(x, -58.0, 2.2), &Ink::flat(deep.mix(p.look.ink, 0.5)));
    }
    let edge = p.side.signum();
    p.stroke(
        &format!("M{} -56 L{} -38", 48.0 * edge, 47.0 * edge),
        &Ink::Flat(Rgb::WHITE, 0.4),
        2.4,
    );
}

pub(super) fn can(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let steel = p.tone(0xd9dde0);
    let metal = p.round(-25.0, 25.0, steel);
    p.fill("M-22 -96 L22 -96 L27 -88 L27 -7 L21 0 L-21 0 L-27 -7 L-27 -88 Z", &metal);
    p.fill("M-27 -88 L27 -88 L27 -8 C14 -4 -14 -4 -27 -8 Z", &p.round(-27.0, 27.0, tone));
    p.fill(
        "M-27 -88 C-14 -84 14 -84 27 -88 L22 -95 L-22 -95 Z",
        &p.round(-27.0, 27.0, tone.mix(p.look.ink, 0.15)),
    );
    // A label: a sun over a wave, a name and the small print.
    let pale = p.tone(0xfff6e6);
    let second = tone.turn(46.0).mix(pale, 0.25);
    p.shape(Shape::circle(0.0, -58.0, 15.5), &p.round(-20.0, 20.0, pale));
    p.fill(
        "M-27 -54 C-18 -62 -9 -62 0 -54 C9 -46 18 -46 27 -54 L27 -40 C14 -36 -14 -36 -27 -40 Z",
        &p.round(-27.0, 27.0, second),
    );
    p.fill(
        "M-27 -47 C-18 -55 -9 -55 0 -47 C9 -39 18 -39 27 -47 L27 -40 C14 -36 -14 -36 -27 -40 Z",
        &p.round(-27.0, 27.0, tone.mix(p.look.ink, 0.35)),
    );
    p.stroke("M-15 -29 C-6 -27.500 6 -27.500 15 -29", &Ink::Flat(pale, 0.95), 3.6);
    p.stroke(
        "M-10 -22 C-4 -21 4 -21 10 -22 M-7 -17 C-3 -16.500 3 -16.500 7 -17",
        &Ink::Flat(pale, 0.7),
        1.2,
    );
    let x = if p.side < 0.0 { -19.0 } else { 14.0 };
    p.shape(Shape::rect(x, -86.0, 5.0, 79.0), &Ink::Flat(Rgb::WHITE, 0.38));
    p.shape(
        Shape::rect(x + if p.side < 0.0 { 7.0 } else { -3.5 }, -85.5, 1.6, 79.0),
        &Ink::Flat(Rgb::WHITE, 0.2),
    );
    p.shape(Shape::oval(0.0, -96.5, 22.5, 3.8), &Ink::flat(steel.mix(Rgb::WHITE, 0.5)));
    p.shape(Shape::oval(0.0, -96.2, 20.0, 2.9), &p.round(-20.0, 20.0, steel.mix(p.look.ink, 0.2)));
    p.shape(Shape::oval(2.0, -96.0, 6.5, 1.3), &Ink::flat(steel.mix(Rgb::WHITE, 0.4)));
    let mut rng = p.rng.fork("dew");
    for _ in 0..26 {
        let (x, y, r) = (rng.bell() * 22.0, rng.range(-84.0, -10.0), rng.range(0.5, 1.3));
        p.shape(Shape::oval(x, y, r, r * 1.2), &Ink::Flat(Rgb::WHITE, 0.42));
        p.shape(Shape::oval(x + 0.2, y + r * 0.5, r * 0.7, r * 0.5), &Ink::Flat(p.look.ink, 0.18));
    }
}

/// A carton from its corner, printed.
pub(super) fn carton(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let pale = p.tone(0xfff4e4);
    let lit_right = p.side > 0.0;
    let (front, flank) = if lit_right {
        (tone.mix(p.look.ink, 0.18), tone.mix(Rgb::WHITE, 0.16))
    } else {
        (tone.mix(Rgb::WHITE, 0.1), tone.mix(p.look.ink, 0.42))
    };
    p.fill("M-44 -86 L14 -92 L44 -87 L-12 -80 Z", &Ink::flat(tone.mix(Rgb::WHITE, 0.42)));
    p.fill(
        "M-44 -86 L12 -80 L12 2 L-44 -6 Z",
        &Ink::down(-86.0, 2.0, &[front.lift(0.04), front, front.lift(-0.05)]),
    );
    p.fill(
        "M12 -80 L44 -87 L44 -7 L12 2 Z",
        &Ink::down(-87.0, 2.0, &[flank.lift(0.03), flank.lift(-0.05)]),
    );
    p.fill("M-44 -86 L14 -92 L44 -87 L12 -80 Z", &Ink::flat(tone.mix(Rgb::WHITE, 0.36)));
    p.stroke("M-16 -88.500 L26 -83.300", &Ink::Flat(p.look.ink, 0.22), 0.8);
    // Print, in the slant of the front.
    let saved = p.place;
    p.place = p.place.pre_concat(tiny_skia::Transform::from_row(1.0, 0.107, 0.0, 1.0, 0.0, 0.0));
    let second = tone.turn(50.0).mix(pale, 0.2);
    p.shape(Shape::circle(-16.0, -50.0, 17.0), &Ink::flat(pale));
    p.fill("M-33 -50 C-33 -59.400 -25.400 -67 -16 -67 C-6.600 -67 1 -59.400 1 -50 C-5 -56 -10 -56 -16 -50 C-22 -44 -27 -44 -33 -50 Z", &Ink::flat(second));
    p.shape(Shape::rect(-36.0, -26.0, 32.0, 4.4), &Ink::flat(pale));
    p.shape(Shape::rect(-36.0, -18.5, 22.0, 1.8), &Ink::Flat(pale, 0.75));
    p.shape(Shape::rect(-36.0, -14.5, 26.0, 1.8), &Ink::Flat(pale, 0.75));
    p.shape(Shape::rect(-36.0, -76.0, 14.0, 3.0), &Ink::Flat(pale, 0.9));
    p.place = saved.pre_concat(tiny_skia::Transform::from_row(1.0, -0.24, 0.0, 1.0, 0.0, 0.0));
    p.shape(Shape::rect(16.0, -58.0, 24.0, 32.0), &Ink::Flat(pale, 0.85));
    for k in 0..5 {
        p.shape(
            Shape::rect(19.0, -54.0 + k as f32 * 4.6, if k % 2 == 0 { 18.0 } else { 13.0 }, 1.5),
            &Ink::Flat(p.look.ink, 0.45),
        );
    }
    for k in 0..9 {
        let wide = if k % 3 == 0 { 1.5 } else { 0.7 };
        p.shape(Shape::rect(19.0 + k as f32 * 2.0, -8.0, wide, 7.0), &Ink::Flat(pale, 0.8));
    }
    p.place = saved;
    p.stroke("M12 -80 L12 2", &Ink::Flat(Rgb::WHITE, 0.35), 0.9);
}

/// A tube that stands on its cap.
pub(super) fn tube(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let pale = p.tone(0xfff6ec);
    p.fill(
        "M-15 -19 L15 -19 L14 -2 C14 0 12 0 11 0 L-11 0 C-12 0 -14 0 -14 -2 Z",
        &p.round(-16.0, 16.0, p.tone(0xe9dccb)),
    );
    for k in 0..9 {
        let x = -12.0 + k as f32 * 3.0;
        p.line(&[(x, -17.0), (x * 0.95, -2.0)], &Ink::Flat(p.look.ink, 0.16), 0.8);
    }
    p.fill(
        "M-28 -96 L28 -96 C28 -66 24 -40 19 -20 C8 -17 -8 -17 -19 -20 C-24 -40 -28 -66 -28 -96 Z",
        &p.round(-27.0, 27.0, tone),
    );
    p.fill(
        "M-28 -104 L28 -104 L28 -95 L-28 -95 Z",
        &p.round(-28.0, 28.0, tone.mix(Rgb::WHITE, 0.18)),
    );
    for k in 0..19 {
        let x = -26.5 + k as f32 * 2.95;
        p.line(&[(x, -103.0), (x, -96.0)], &Ink::Flat(p.look.ink, 0.14), 0.7);
    }
    p.fill("M-13 -78 L13 -78 L11 -44 L-11 -44 Z", &Ink::Flat(pale, 0.94));
    p.shape(Shape::circle(0.0, -67.0, 5.0), &Ink::flat(tone.turn(40.0)));
    p.stroke("M-7 -56.500 L7 -56.500", &Ink::Flat(p.look.ink, 0.7), 1.8);
    p.stroke(
        "M-5 -51.500 L5 -51.500 M-3.500 -48.500 L3.500 -48.500",
        &Ink::Flat(p.look.ink, 0.45),
        0.8,
    );
    p.stroke("M-9 -32 C-4 -31 4 -31 9 -32", &Ink::Flat(pale, 0.8), 1.4);
    let x = if p.side < 0.0 { -1.0 } else { 1.0 };
    p.stroke(
        &format!("M{} -90 C{} -66 {} -44 {} -26", x * 21.0, x * 20.5, x * 18.0, x * 14.5),
        &Ink::Flat(Rgb::WHITE, 0.5),
        3.4,
    );
}

pub(super) fn gift(p: &mut Pen<'_, '_>) {
    let paper = p.look.accent;
    let ribbon = if paper.lightness() > 0.75 { p.tone(0xc8434a) } else { p.tone(0xf8e7c6) };
    let band = p.round(-50.0, 50.0, ribbon);
    p.fill(
        "M-42 -52 L42 -52 L42 -3 C42 -1 41 0 39 0 L-39 0 C-41 0 -42 -1 -42 -3 Z",
        &p.round(-44.0, 44.0, paper),
    );
    for (x, y) in
        [(-30.0, -38.0), (-20.0, -20.0), (-33.0, -8.0), (22.0, -36.0), (33.0, -22.0), (21.0, -9.0)]
    {
        p.shape(Shape::circle(x, y, 2.6), &Ink::Flat(paper.mix(Rgb::WHITE, 0.55), 0.7));
    }
    p.fill("M-42 -52 L42 -52 L42 -46 C20 -43 -20 -43 -42 -46 Z", &Ink::Flat(p.look.ink, 0.28));
    p.fill("M-9 -52 L9 -52 L9 0 L-9 0 Z", &band);
    p.fill(
        "M-47 -70 C-47 -72 -46 -73 -44 -73 L44 -73 C46 -73 47 -72 47 -70 L47 -51 L-47 -51 Z",
        &p.round(-48.0, 48.0, paper.mix(Rgb::WHITE, 0.1)),
    );
    p.fill("M-9 -73 L9 -73 L9 -51 L-9 -51 Z", &band);
    p.stroke("M-47 -51.500 L47 -51.500", &Ink::Flat(p.look.ink, 0.2), 1.0);
    for side in [-1.0_f32, 1.0] {
        let at = |x: f32| x * side;
        p.fill(
            &format!(
                "M0 -74 C{} -70 {} -58 {} -50 L{} -55 L{} -46 C{} -58 {} -68 0 -76 Z",
                at(10.0),
                at(18.0),
                at(22.0),
                at(27.0),
                at(32.0),
                at(30.0),
                at(18.0)
            ),
            &Ink::flat(ribbon.mix(p.look.ink, 0.25)),
        );
        p.fill(
            &format!(
                "M0 -76 C{} -84 {} -104 {} -104 C{} -104 {} -80 {} -76 C{} -72 {} -73 0 -76 Z",
                at(6.0),
                at(22.0),
                at(34.0),
                at(46.0),
                at(44.0),
                at(30.0),
                at(20.0),
                at(8.0)
            ),
            &Ink::down(
                -104.0,
                -72.0,
                &[ribbon.mix(Rgb::WHITE, 0.35), ribbon, ribbon.mix(p.look.ink, 0.3)],
            ),
        );
        p.fill(
            &format!(
                "M{} -78 C{} -84 {} -94 {} -95 C{} -95 {} -84 {} -79 C{} -76 {} -76 {} -78 Z",
                at(10.0),
                at(16.0),
                at(24.0),
                at(31.0),
                at(37.0),
                at(36.0),
                at(28.0),
                at(22.0),
                at(14.0),
                at(10.0)
            ),
            &Ink::flat(ribbon.mix(p.look.ink, 0.5)),
        );
    }
    p.fill("M-8 -83 C-3 -85 3 -85 8 -83 C10 -79 10 -74 8 -70 C3 -68 -3 -68 -8 -70 C-10 -74 -10 -79 -8 -83 Z", &Ink::down(-84.0, -69.0, &[ribbon.mix(Rgb::WHITE, 0.4), ribbon, ribbon.mix(p.look.ink, 0.25)]));
}

pub(super) fn crown(p: &mut Pen<'_, '_>) {
    let gold = p.look.accent;
    let (bright, deep) = (gold.mix(Rgb::WHITE, 0.6), gold.mix(p.look.ink, 0.5));
    let shine = Ink::across(
        -58.0,
        58.0,
        &[deep, gold, bright, gold, deep.mix(gold, 0.4), gold, bright, deep],
    );
    p.fill("M-46 -20 C-30 -30 30 -30 46 -20 L52 -58 C40 -52 34 -48 26 -38 L0 -74 L-26 -38 C-34 -48 -40 -52 -52 -58 Z", &Ink::flat(deep.mix(p.look.ink, 0.35)));
    p.fill("M-48 -4 L-60 -70 C-50 -62 -40 -52 -31 -36 C-24 -50 -16 -66 0 -92 C16 -66 24 -50 31 -36 C40 -52 50 -62 60 -70 L48 -4 C20 5 -20 5 -48 -4 Z", &shine);
    p.stroke("M-60 -70 C-50 -62 -40 -52 -31 -36 C-24 -50 -16 -66 0 -92 C16 -66 24 -50 31 -36 C40 -52 50 -62 60 -70", &Ink::Flat(bright, 0.9), 1.4);
    p.fill(
        "M-50.500 -18 C-20 -8 20 -8 50.500 -18 L48 -3 C20 6 -20 6 -48 -3 Z",
        &Ink::across(-52.0, 52.0, &[deep, gold, bright, gold, deep]),
    );
    p.stroke("M-50 -18 C-20 -8 20 -8 50 -18 M-48 -4 C-20 5 20 5 48 -4", &Ink::Flat(deep, 0.8), 1.1);
    let gems = [
        (0xc8324a, 0.0, -4.5),
        (0x2f6fc0, -23.0, -6.8),
        (0x2f6fc0, 23.0, -6.8),
        (0x2f9a6a, -41.0, -10.0),
        (0x2f9a6a, 41.0, -10.0),
    ];
    for (hex, x, y) in gems {
        let stone = p.tone(hex);
        p.shape(Shape::oval(x, y, 5.6, 5.0), &Ink::flat(deep));
        p.shape(
            Shape::oval(x, y, 4.6, 4.1),
            &Ink::down(
                y - 4.0,
                y + 4.0,
                &[stone.mix(Rgb::WHITE, 0.5), stone, stone.mix(p.look.ink, 0.3)],
            ),
        );
        p.shape(Shape::oval(x - 1.4, y - 1.6, 1.2, 0.8), &Ink::Flat(Rgb::WHITE, 0.9));
    }
    for (x, y) in [(-60.0, -73.0), (0.0, -96.0), (60.0, -73.0)] {
        p.shape(
            Shape::circle(x, y, 6.0),
            &Ink::Round {
                centre: (x - 2.0, y - 2.5),
                radius: 8.0,
                stops: vec![
                    (0.0, Rgb::WHITE, 1.0),
                    (0.45, gold.mix(Rgb::WHITE, 0.3), 1.0),
                    (1.0, deep, 1.0),
                ],
            },
        );
    }
    let stone = p.tone(0xc8324a);
    p.fill("M0 -60 L7 -47 L0 -32 L-7 -47 Z", &Ink::flat(deep));
    p.fill(
        "M0 -57 L5 -47 L0 -35 L-5 -47 Z",
        &Ink::across(-5.0, 5.0, &[stone.mix(Rgb::WHITE, 0.5), stone, stone.mix(p.look.ink, 0.4)]),
    );
    p.glow(-8.0, -62.0, 26.0, bright, 0.3);
}

/// A hardcover standing, seen from its spine's corner.
pub(super) fn book(p: &mut Pen<'_, '_>) {
    let cloth = p.look.accent;
    let pale = p.tone(0xf6ead2);
    let gold = p.tone(0xf0d290);
    let spine =
        if p.side < 0.0 { cloth.mix(Rgb::WHITE, 0.12) } else { cloth.mix(p.look.ink, 0.45) };
    // Pages above, then spine and cover.
    p.fill("M-34 -98 L-22 -101 L38 -95 L30 -90 Z", &Ink::flat(cloth.mix(p.look.ink, 0.55)));
    p.fill("M-29 -97.500 L-20 -99.500 L35 -94.500 L31 -91 Z", &Ink::flat(pale));
    for k in 0..5 {
        let t = k as f32 / 5.0;
        p.line(
            &[(-28.0 + 8.0 * t, -97.6 - 1.6 * t), (31.0 + 3.6 * t, -91.6 - 2.6 * t)],
            &Ink::Flat(p.look.ink, 0.14),
            0.5,
        );
    }
    p.fill(
        "M-38 -97 C-36 -98.500 -32 -98 -24 -95 L-24 2 C-32 0 -36 -1 -38 -3 Z",
        &Ink::across(-38.0, -24.0, &[spine.lift(-0.05), spine.lift(0.05), spine.lift(-0.06)]),
    );
    p.fill(
        "M-24 -95 L36 -90 L36 -4 L-24 2 Z",
        &Ink::across(
            -24.0,
            36.0,
            &[cloth.mix(p.look.ink, 0.2), cloth, cloth.mix(Rgb::WHITE, 0.14)],
        ),
    );
    p.stroke("M-21 -94.700 L-21 1.700", &Ink::Flat(p.look.ink, 0.25), 1.6);
    p.stroke("M-14 -87 L29 -83.500 L29 -11 L-14 -6.500 Z", &Ink::Flat(gold, 0.85), 1.0);
    p.fill("M7 -73 C20 -72 26 -62 24 -53 C22 -44 14 -40 7 -40 C0 -40 -8 -44 -9 -54 C-10 -64 -4 -73 7 -73 Z", &Ink::Flat(gold, 0.95));
    p.fill("M-9 -54 C-3 -59 2 -59 8 -54 C14 -49 19 -49 24 -53 C22 -44 14 -40 7 -40 C0 -40 -8 -44 -9 -54 Z", &Ink::flat(cloth.mix(p.look.ink, 0.3)));
    p.stroke("M-6 -31 L21 -30.500", &Ink::flat(gold), 2.6);
    p.stroke("M-1 -24.500 L16 -24.500", &Ink::Flat(gold, 0.8), 1.3);
    for y in [-84.0, -78.0, -16.0, -10.0] {
        p.line(&[(-37.5, y - 1.5), (-25.0, y + 0.8)], &Ink::Flat(gold, 0.9), 1.2);
    }
    p.line(&[(-31.0, -62.0), (-31.0, -38.0)], &Ink::Flat(gold, 0.9), 3.0);
    p.fill("M22 -3 L26 -3.400 L26 10 L24 7 L22 10 Z", &Ink::flat(p.tone(0xc23a3a)));
}

pub(super) fn umbrella(p: &mut Pen<'_, '_>) {
    let cloth = p.look.accent;
    p.line(&[(0.0, -52.0), (0.0, -8.0)], &Ink::flat(p.look.ink.mix(p.look.body, 0.25)), 2.2);
    p.stroke("M0 -14 L0 -7 C0 2 13 2 13 -7", &Ink::flat(p.tone(0x8a5a34)), 4.0);
    p.fill(
        "M-64 -46 C-50 -40 50 -40 64 -46 C52 -54 -52 -54 -64 -46 Z",
        &Ink::flat(cloth.mix(p.look.ink, 0.62)),
    );
    let gores: [(&str, f32); 5] = [
        ("M0 -98 C-34 -98 -60 -74 -64 -45 C-58 -52 -46 -52 -40 -44 C-38 -66 -22 -92 0 -98 Z", 0.9),
        ("M0 -98 C-22 -92 -38 -66 -40 -44 C-34 -52 -20 -52 -14 -43 C-14 -66 -8 -90 0 -98 Z", 0.45),
        ("M0 -98 C-8 -90 -14 -66 -14 -43 C-8 -51 8 -51 14 -43 C14 -66 8 -90 0 -98 Z", 0.0),
        ("M0 -98 C8 -90 14 -66 14 -43 C20 -52 34 -52 40 -44 C38 -66 22 -92 0 -98 Z", -0.45),
        ("M0 -98 C22 -92 38 -66 40 -44 C46 -52 58 -52 64 -45 C60 -74 34 -98 0 -98 Z", -0.9),
    ];
    for (k, (gore, at)) in gores.into_iter().enumerate() {
        let turned = at * -p.side;
        let tone = if turned < 0.0 {
            cloth.mix(p.look.ink, -turned * 0.42)
        } else {
            cloth.mix(Rgb::WHITE, turned * 0.28)
        };
        let tone = if k % 2 == 1 { tone.mix(p.look.body, 0.12) } else { tone };
        p.fill(
            gore,
            &Ink::down(
                -98.0,
                -42.0,
                &[tone.mix(Rgb::WHITE, 0.16), tone, tone.mix(p.look.ink, 0.14)],
            ),
        );
    }
    p.stroke("M0 -98 C-22 -92 -38 -66 -40 -44 M0 -98 C-8 -90 -14 -66 -14 -43 M0 -98 C8 -90 14 -66 14 -43 M0 -98 C22 -92 38 -66 40 -44", &Ink::Flat(p.look.ink, 0.3), 0.8);
    p.line(&[(0.0, -97.0), (0.0, -105.0)], &Ink::flat(p.look.ink), 2.0);
}

pub(super) fn heart(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let x = 20.0 * p.side;
    p.glow(0.0, -50.0, 90.0, tone, 0.22);
    p.fill(
        "M0 0 C-14 -16 -52 -38 -52 -70 C-52 -90 -38 -100 -25 -100 C-12 -100 -4 -92 0 -82 C4 -92 12 -100 25 -100 C38 -100 52 -90 52 -70 C52 -38 14 -16 0 0 Z",
        &Ink::Round {
            centre: (x, -76.0),
            radius: 88.0,
            stops: vec![(0.0, tone.mix(Rgb::WHITE, 0.55), 1.0), (0.28, tone.mix(Rgb::WHITE, 0.12), 1.0), (0.6, tone, 1.0), (1.0, tone.mix(p.look.ink, 0.62), 1.0)],
        },
    );
    let edge = p.side.signum();
    p.stroke(
        &format!(
            "M{} -88 C{} -96 {} -90 {} -74",
            20.0 * edge,
            32.0 * edge,
            42.0 * edge,
            43.0 * edge
        ),
        &Ink::Flat(Rgb::WHITE, 0.65),
        4.2,
    );
    p.shape(Shape::circle(42.0 * edge, -64.0, 2.2), &Ink::Flat(Rgb::WHITE, 0.6));
    p.stroke(
        &format!(
            "M{} -52 C{} -34 {} -20 {} -10",
            -46.0 * edge,
            -38.0 * edge,
            -20.0 * edge,
            -6.0 * edge
        ),
        &Ink::Flat(tone.mix(Rgb::WHITE, 0.4), 0.35),
        2.0,
    );
}
