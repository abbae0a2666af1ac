//! Things to eat.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

pub(super) fn burger(p: &mut Pen<'_, '_>) {
    let bun = p.look.accent;
    let crust = bun.mix(p.tone(0x6a3514), 0.5);
    p.fill(
        "M-52 -18 L52 -18 C53 -6 46 0 36 0 L-36 0 C-46 0 -53 -6 -52 -18 Z",
        &Ink::down(-18.0, 0.0, &[bun.mix(Rgb::WHITE, 0.3), bun, crust]),
    );
    let leaf = p.tone(0x6faa3c);
    p.fill("M-58 -24 C-54 -14 -48 -14 -43 -20 C-37 -11 -30 -12 -26 -20 C-20 -11 -12 -12 -8 -20 C-2 -10 6 -11 10 -20 C16 -11 24 -12 28 -20 C33 -12 40 -12 44 -20 C49 -14 56 -14 58 -25 Z", &Ink::down(-26.0, -11.0, &[leaf.mix(p.look.ink, 0.25), leaf, leaf.mix(Rgb::WHITE, 0.35)]));
    let meat = p.tone(0x5f2f1c);
    p.fill(
        "M-53 -42 C-58 -40 -58 -25 -52 -23 L52 -23 C58 -25 58 -40 53 -42 Z",
        &Ink::down(
            -42.0,
            -22.0,
            &[meat.mix(Rgb::hex(0xb06a3c), 0.4), meat, meat.mix(p.look.ink, 0.5)],
        ),
    );
    let mut rng = p.rng.fork("meat");
    for _ in 0..46 {
        let (x, y) = (rng.range(-52.0, 52.0), rng.range(-36.0, -25.0));
        p.shape(
            Shape::oval(x, y, rng.range(0.8, 2.0), rng.range(0.6, 1.2)),
            &Ink::Flat(if rng.chance(0.5) { p.look.ink } else { Rgb::hex(0xc08050) }, 0.3),
        );
    }
    let cheese = p.tone(0xf7b733);
    p.fill("M-56 -45 L56 -45 L50 -39 L40 -37 C37 -36 38 -27 33 -27 C28 -27 30 -37 24 -37 L6 -38 L-10 -22 C-13 -20 -16 -22 -18 -24 L-32 -38 L-50 -40 Z", &Ink::down(-45.0, -22.0, &[cheese.mix(Rgb::WHITE, 0.35), cheese, cheese.mix(p.tone(0xd07a1a), 0.5)]));
    let red = p.tone(0xd8412f);
    for x in [-29.0, 27.0] {
        p.fill(
            &format!(
                "M{} -47 C{} -52 {} -52 {} -47 C{} -42 {} -42 {} -47 Z",
                x - 25.0,
                x - 22.0,
                x + 22.0,
                x + 25.0,
                x + 22.0,
                x - 22.0,
                x - 25.0
            ),
            &Ink::down(-52.0, -43.0, &[red.mix(Rgb::WHITE, 0.25), red]),
        );
    }
    p.fill("M-55 -52 C-50 -46 -44 -46 -38 -51 C-31 -45 -24 -46 -18 -51 C-11 -45 -4 -46 2 -51 C8 -45 16 -46 22 -51 C28 -45 35 -46 40 -51 C45 -46 51 -46 55 -52 L50 -57 L-50 -57 Z", &Ink::down(-57.0, -46.0, &[leaf.mix(p.look.ink, 0.2), leaf.mix(Rgb::WHITE, 0.3)]));
    p.fill(
        "M-54 -54 C-56 -80 -32 -96 0 -96 C32 -96 56 -80 54 -54 C36 -50 -36 -50 -54 -54 Z",
        &Ink::Round {
            centre: (22.0 * p.side, -88.0),
            radius: 78.0,
            stops: vec![
                (0.0, bun.mix(Rgb::hex(0xfff0c8), 0.65), 1.0),
                (0.35, bun, 1.0),
                (0.8, crust, 1.0),
                (1.0, crust.mix(p.look.ink, 0.3), 1.0),
            ],
        },
    );
    let seed = p.tone(0xfff1cf);
    for (x, y, turn) in [
        (-34.0, -72.0, -50.0),
        (-24.0, -82.0, -30.0),
        (-14.0, -73.0, 10.0),
        (-7.0, -87.0, -20.0),
        (3.0, -77.0, 30.0),
        (11.0, -89.0, 60.0),
        (20.0, -75.0, -10.0),
        (26.0, -84.0, 40.0),
        (36.0, -73.0, 65.0),
        (-42.0, -64.0, 70.0),
        (-2.0, -67.0, -60.0),
        (30.0, -64.0, 20.0),
        (-22.0, -64.0, 30.0),
        (43.0, -63.0, -40.0),
        (12.0, -65.0, 75.0),
    ] {
        p.turned(
            Shape::oval(0.6, 1.0, 1.7, 2.9),
            &Ink::Flat(crust.mix(p.look.ink, 0.3), 0.6),
            x,
            y,
            turn,
            1.0,
        );
        p.turned(Shape::oval(0.0, 0.0, 1.6, 2.8), &Ink::flat(seed), x, y, turn, 1.0);
    }
    let edge = p.side.signum();
    p.stroke(
        &format!(
            "M{} -84 C{} -79 {} -72 {} -66",
            34.0 * edge,
            41.0 * edge,
            45.0 * edge,
            47.0 * edge
        ),
        &Ink::Flat(Rgb::WHITE, 0.4),
        3.0,
    );
}

fn steam(p: &mut Pen<'_, '_>, y: f32) {
    let rise = |x: f32, y: f32| {
        format!(
            "M{x} {y} C{} {} {} {} {x} {} C{} {} {} {} {} {}",
            x - 9.0,
            y - 9.0,
            x + 9.0,
            y - 15.0,
            y - 24.0,
            x - 8.0,
            y - 31.0,
            x + 5.0,
            y - 36.0,
            x + 1.0,
            y - 43.0
        )
    };
    for (x, dy) in [(-15.0, 0.0), (3.0, -5.0), (20.0, 1.0)] {
        for (width, alpha) in [(7.0, 0.06), (3.6, 0.12)] {
            p.stroke(&rise(x, y + dy), &Ink::Flat(Rgb::WHITE, alpha), width);
        }
    }
}

/// A bowl of noodles with egg, seaweed and onions.
pub(super) fn noodles(p: &mut Pen<'_, '_>) {
    let clay = p.look.accent;
    let pale = p.tone(0xf7ead4);
    steam(p, -66.0);
    // Seaweed behind the rim.
    p.fill(
        "M24 -50 L30 -86 L50 -80 L48 -48 Z",
        &Ink::down(-86.0, -48.0, &[p.tone(0x3a5038), p.tone(0x1c2a20)]),
    );
    p.fill(
        "M14 -50 L15 -82 L34 -82 L34 -48 Z",
        &Ink::down(-82.0, -48.0, &[p.tone(0x4a6244), p.tone(0x223024)]),
    );
    p.shape(Shape::oval(0.0, -50.0, 62.0, 17.0), &Ink::flat(clay.mix(Rgb::WHITE, 0.3)));
    p.shape(Shape::oval(0.0, -49.0, 57.0, 14.0), &Ink::flat(clay.mix(p.look.ink, 0.5)));
    let broth = p.tone(0xc9813a);
    p.shape(
        Shape::oval(0.0, -47.5, 55.0, 12.6),
        &Ink::down(
            -60.0,
            -36.0,
            &[broth.mix(p.look.ink, 0.35), broth, broth.mix(Rgb::hex(0xffdf9a), 0.35)],
        ),
    );
    let noodle = p.tone(0xf3d488);
    let mut rng = p.rng.fork("noodles");
    for k in 0..26 {
        let (x, y) = (rng.range(-34.0, 18.0), -51.0 + k as f32 * 0.42 + rng.bell());
        let (reach, bend) = (rng.range(12.0, 22.0), rng.range(-7.0, 7.0));
        let line = [
            (x - reach, y + 2.0),
            (x - reach * 0.3, y - bend),
            (x + reach * 0.4, y + bend * 0.6),
            (x + reach, y + 1.0),
        ];
        p.line(&line, &Ink::Flat(broth.mix(p.look.ink, 0.35), 0.8), 3.0);
        p.line(&line, &Ink::flat(noodle.lift(rng.bell() * 0.03)), 2.1);
    }
    for (x, y) in [(-30.0, -50.0), (-13.0, -54.0)] {
        p.shape(Shape::oval(x, y + 1.2, 12.0, 7.2), &Ink::Flat(p.look.ink, 0.3));
        p.shape(Shape::oval(x, y, 12.0, 7.2), &Ink::flat(p.tone(0xfffaf0)));
        p.shape(
            Shape::oval(x + 0.6, y + 0.2, 6.6, 4.2),
            &Ink::down(y - 4.0, y + 4.0, &[p.tone(0xffc44a), p.tone(0xec8a22)]),
        );
        p.shape(Shape::oval(x - 1.4, y - 1.4, 1.7, 0.9), &Ink::Flat(Rgb::WHITE, 0.7));
    }
    p.shape(Shape::oval(17.0, -51.5, 10.5, 6.2), &Ink::flat(p.tone(0xfdf2ee)));
    p.stroke("M11 -51.500 C11 -55 22 -55.500 22.500 -51.500 C22 -48.500 14.500 -48.500 14.500 -51.300 C15 -53 19 -53 19 -51.500", &Ink::flat(p.tone(0xe8789a)), 1.4);
    for _ in 0..22 {
        let (x, y) = (rng.range(-6.0, 40.0), rng.range(-47.0, -39.5));
        let tone = p.tone(if rng.chance(0.5) { 0x7fbf4a } else { 0x4f9a3c });
        p.shape(Shape::oval(x, y, 2.2, 1.4), &Ink::flat(tone));
        p.shape(Shape::oval(x, y, 1.0, 0.6), &Ink::flat(tone.mix(Rgb::WHITE, 0.6)));
    }
    p.fill("M-62 -50 C-59 -36 59 -36 62 -50 C60 -24 42 -7 23 -5 L21 0 L-21 0 L-23 -5 C-42 -7 -60 -24 -62 -50 Z", &p.round(-62.0, 62.0, clay));
    p.fill(
        "M-62 -50 C-59 -36 59 -36 62 -50 L61.500 -46 C56 -32 -56 -32 -61.500 -46 Z",
        &Ink::flat(clay.mix(Rgb::WHITE, 0.35)),
    );
    p.stroke("M-57 -33 C-44 -21 44 -21 57 -33", &Ink::Flat(pale, 0.85), 1.6);
    p.stroke("M-53 -27 C-40 -16 40 -16 53 -27", &Ink::Flat(pale, 0.55), 0.9);
    p.fill("M-23 -5 L23 -5 L21 0 L-21 0 Z", &Ink::Flat(p.look.ink, 0.25));
    let wood = p.tone(0xb3312b);
    for dy in [0.0, 6.5] {
        p.line(
            &[(-2.0, -55.0 + dy), (-82.0, -84.0 + dy * 0.5)],
            &Ink::flat(wood.mix(p.look.ink, 0.35)),
            3.4,
        );
        p.line(
            &[(-2.0, -55.8 + dy), (-82.0, -84.8 + dy * 0.5)],
            &Ink::flat(wood.mix(Rgb::WHITE, 0.12)),
            2.0,
        );
    }
    let edge = p.side.signum();
    p.stroke(
        &format!(
            "M{} -38 C{} -28 {} -20 {} -14",
            55.0 * edge,
            51.0 * edge,
            44.0 * edge,
            36.0 * edge
        ),
        &Ink::Flat(Rgb::WHITE, 0.45),
        3.0,
    );
}

pub(super) fn donut(p: &mut Pen<'_, '_>) {
    let icing = p.look.accent;
    let dough = p.tone(0xd9974e);
    let y = -48.0;
    p.shape(
        Shape::circle(0.0, y, 48.0),
        &Ink::Round {
            centre: (16.0 * p.side, y - 16.0),
            radius: 74.0,
            stops: vec![
                (0.0, dough.mix(Rgb::WHITE, 0.3), 1.0),
                (0.6, dough, 1.0),
                (1.0, dough.mix(p.tone(0x5a2c10), 0.7), 1.0),
            ],
        },
    );
    // The edge of the icing runs in drops.
    let edge: Vec<(f32, f32)> = (0..72)
        .map(|k| {
            let a = k as f32 * 5.0_f32.to_radians();
            let r = 41.5
                + 2.2 * crate::math::sin(a * 7.0 + 0.6)
                + 1.3 * crate::math::sin(a * 12.0 + 2.0);
            (r * crate::math::cos(a), y + r * crate::math::sin(a))
        })
        .collect();
    let low: Vec<(f32, f32)> = edge.iter().map(|q| (q.0, q.1 + 1.6)).collect();
    p.shape(Shape::polygon(&low), &Ink::Flat(p.look.ink, 0.3));
    p.shape(
        Shape::polygon(&edge),
        &Ink::Round {
            centre: (18.0 * p.side, y - 20.0),
            radius: 72.0,
            stops: vec![
                (0.0, icing.mix(Rgb::WHITE, 0.45), 1.0),
                (0.45, icing, 1.0),
                (1.0, icing.mix(p.look.ink, 0.35), 1.0),
            ],
        },
    );
    p.shape(Shape::circle(0.0, y, 17.5), &Ink::flat(icing.mix(p.look.ink, 0.22)));
    p.shape(
        Shape::circle(0.0, y + 0.6, 15.6),
        &Ink::down(y - 16.0, y + 16.0, &[dough.mix(p.tone(0x5a2c10), 0.75), dough]),
    );
    p.shape(Shape::circle(0.0, y + 1.6, 12.4), &Ink::flat(p.look.shade.mix(p.look.ink, 0.45)));
    p.stroke("M-28 -70 C-18 -80 8 -84 24 -74", &Ink::Flat(Rgb::WHITE, 0.4), 3.4);
    let mut rng = p.rng.fork("sprinkles");
    for k in 0..54 {
        let a = (k as f32 * 137.5).to_radians();
        let r = 21.5 + 17.0 * rng.unit();
        let (x, cy) = (r * crate::math::cos(a), y + r * crate::math::sin(a));
        let turn = rng.range(0.0, 180.0_f32).to_radians();
        let (dx, dy) = (2.2 * crate::math::cos(turn), 2.2 * crate::math::sin(turn));
        let tone = p.tone([0xfff3d6, 0x4fb6c8, 0xf6c33c, 0x7a57c0, 0x62b35a, 0xf47c4a][k % 6]);
        p.line(
            &[(x - dx, cy - dy + 0.7), (x + dx, cy + dy + 0.7)],
            &Ink::Flat(p.look.ink, 0.25),
            1.9,
        );
        p.line(&[(x - dx, cy - dy), (x + dx, cy + dy)], &Ink::flat(tone), 1.8);
    }
}

pub(super) fn cake(p: &mut Pen<'_, '_>) {
    let icing = p.look.accent;
    let cream = p.tone(0xfff1de);
    // The stand, the sponge in layers, the icing that runs down.
    p.fill(
        "M-8 -16 L8 -16 L11 -3 C18 -2 24 -1 26 0 L-26 0 C-24 -1 -18 -2 -11 -3 Z",
        &p.round(-26.0, 26.0, cream.mix(p.look.shade, 0.15)),
    );
    p.shape(
        Shape::oval(0.0, -16.0, 58.0, 6.4),
        &p.round(-58.0, 58.0, cream.mix(p.look.shade, 0.2)),
    );
    p.shape(Shape::oval(0.0, -17.6, 58.0, 6.0), &Ink::flat(cream.mix(Rgb::WHITE, 0.4)));
    let sponge = p.tone(0xd79a58);
    p.fill("M-44 -66 L44 -66 L44 -20 C28 -14 -28 -14 -44 -20 Z", &p.round(-46.0, 46.0, sponge));
    for y in [-50.0, -34.0] {
        p.fill(
            &format!(
                "M-44 {y} C-28 {} 28 {} 44 {y} L44 {} C28 {} -28 {} -44 {} Z",
                y + 6.0,
                y + 6.0,
                y + 5.0,
                y + 11.0,
                y + 11.0,
                y + 5.0
            ),
            &p.round(-46.0, 46.0, cream),
        );
    }
    p.fill("M-45 -68 L45 -68 L45 -50 C45 -44 38 -44 38 -50 C38 -55 33 -55 32 -49 C31 -38 23 -38 22 -47 C21 -53 15 -52 14 -45 C13 -33 4 -33 3 -45 C2 -52 -4 -51 -5 -45 C-6 -39 -13 -39 -14 -46 C-15 -52 -20 -51 -21 -46 C-22 -34 -31 -35 -32 -48 C-33 -54 -38 -54 -38 -50 C-38 -45 -45 -45 -45 -51 Z", &p.round(-46.0, 46.0, icing));
    p.shape(
        Shape::oval(0.0, -68.0, 45.0, 9.5),
        &Ink::down(-78.0, -58.0, &[icing.mix(Rgb::WHITE, 0.5), icing.mix(Rgb::WHITE, 0.22)]),
    );
    for (x, color) in [(-16.0, 0x5fb6c4), (0.0, 0xf2b53c), (16.0, 0xe8789a)] {
        let foot = -69.0 - (1.0 - (x / 16.0_f32).abs()) * 1.5;
        let stick = p.round(x - 2.2, x + 2.2, p.tone(color));
        p.shape(Shape::rect(x - 2.0, foot - 20.0, 4.0, 20.0), &stick);
        for k in 0..3 {
            let y = foot - 4.0 - k as f32 * 6.0;
            p.line(&[(x - 2.0, y), (x + 2.0, y - 2.6)], &Ink::Flat(Rgb::WHITE, 0.75), 1.2);
        }
        p.glow(x, foot - 27.0, 26.0, p.look.lamp, 0.7);
        p.fill(
            &format!(
                "M{x} {} C{} {} {} {} {x} {} C{} {} {} {} {x} {} Z",
                foot - 33.0,
                x + 4.4,
                foot - 27.0,
                x + 3.4,
                foot - 21.0,
                foot - 21.0,
                x - 3.4,
                foot - 21.0,
                x - 4.4,
                foot - 27.0,
                foot - 33.0
            ),
            &Ink::down(
                foot - 33.0,
                foot - 21.0,
                &[Rgb::hex(0xff9a3a), Rgb::hex(0xffd45a), Rgb::hex(0xfffbe0)],
            ),
        );
    }
    let berry = p.tone(0xc92f42);
    for (x, y) in
        [(-36.0, -70.0), (-25.0, -65.5), (-9.0, -62.8), (9.0, -62.8), (25.0, -65.5), (36.0, -70.0)]
    {
        p.shape(Shape::oval(x, y + 1.0, 6.6, 4.0), &Ink::flat(cream));
        p.shape(Shape::oval(x, y - 1.2, 4.6, 3.0), &Ink::flat(cream.mix(Rgb::WHITE, 0.6)));
        p.shape(
            Shape::circle(x, y - 5.4, 4.0),
            &Ink::Round {
                centre: (x + p.side, y - 6.8),
                radius: 5.4,
                stops: vec![
                    (0.0, berry.mix(Rgb::WHITE, 0.6), 1.0),
                    (0.4, berry, 1.0),
                    (1.0, berry.mix(p.look.ink, 0.45), 1.0),
                ],
            },
        );
    }
}

/// A whole pizza on a board, seen from above its edge.
pub(super) fn pizza(p: &mut Pen<'_, '_>) {
    let crust = p.look.accent;
    let brown = p.tone(0x8a4a1c);
    let wood = p.tone(0xa9713f);
    let y = -33.0;
    p.shape(Shape::oval(0.0, y + 8.0, 76.0, 36.0), &Ink::flat(wood.mix(p.look.ink, 0.45)));
    p.shape(
        Shape::oval(0.0, y + 4.0, 76.0, 36.0),
        &Ink::across(-76.0, 76.0, &[wood.mix(Rgb::WHITE, 0.12), wood, wood.mix(p.look.ink, 0.2)]),
    );
    p.shape(Shape::oval(0.0, y + 2.5, 68.0, 32.0), &Ink::Flat(p.look.ink, 0.35));
    p.shape(
        Shape::oval(0.0, y, 68.0, 31.5),
        &Ink::down(y - 31.0, y + 31.0, &[crust.mix(brown, 0.25), crust, crust.mix(brown, 0.6)]),
    );
    p.shape(
        Shape::oval(0.0, y - 2.4, 66.5, 29.5),
        &Ink::down(y - 31.0, y + 29.0, &[crust, crust.mix(Rgb::WHITE, 0.25)]),
    );
    let mut rng = p.rng.fork("pizza");
    for _ in 0..44 {
        let a = rng.range(0.0, std::f32::consts::TAU);
        let (x, cy) = (62.5 * crate::math::cos(a), y - 1.8 + 27.5 * crate::math::sin(a));
        p.shape(
            Shape::oval(x, cy, rng.range(1.4, 4.0), rng.range(0.8, 1.9)),
            &Ink::Flat(brown, rng.range(0.2, 0.65)),
        );
    }
    p.shape(Shape::oval(0.0, y - 2.0, 58.5, 25.0), &Ink::flat(p.tone(0xc53a22)));
    let cheese = p.tone(0xf8cf6a);
    p.shape(
        Shape::oval(0.0, y - 2.4, 56.0, 23.4),
        &Ink::down(
            y - 25.0,
            y + 22.0,
            &[cheese.mix(brown, 0.12), cheese, cheese.mix(Rgb::WHITE, 0.25)],
        ),
    );
    for k in 0..34 {
        let (a, r) = (k as f32 * 2.4, libm::sqrtf((k as f32 + 0.5) / 34.0));
        let (x, cy) = (52.0 * r * crate::math::cos(a), y - 2.4 + 21.0 * r * crate::math::sin(a));
        p.shape(
            Shape::oval(x, cy, rng.range(3.0, 7.0), rng.range(1.4, 3.0)),
            &Ink::Flat(if k % 3 == 0 { p.tone(0xe0742a) } else { p.tone(0xfff0c4) }, 0.4),
        );
    }
    let cut = |t: f32| (67.0 * crate::math::cos(t), y - 1.5 + 30.0 * crate::math::sin(t));
    for k in 0..4 {
        let a = 0.3 + k as f32 * 0.785;
        let (from, to) = (cut(a), cut(a + std::f32::consts::PI));
        p.line(&[from, to], &Ink::Flat(p.tone(0x9a3a1a), 0.5), 0.9);
    }
    let sausage = p.tone(0xb8322a);
    for k in 0..11 {
        let (a, r) = (k as f32 * 2.4 + 0.5, libm::sqrtf((k as f32 + 0.6) / 12.0));
        let (x, cy) = (46.0 * r * crate::math::cos(a), y - 2.6 + 18.5 * r * crate::math::sin(a));
        p.shape(Shape::oval(x, cy + 0.9, 8.6, 4.4), &Ink::Flat(p.look.ink, 0.3));
        p.shape(Shape::oval(x, cy, 8.4, 4.2), &Ink::flat(sausage.mix(p.look.ink, 0.25)));
        p.shape(
            Shape::oval(x, cy - 0.3, 7.4, 3.5),
            &Ink::down(cy - 4.0, cy + 4.0, &[sausage.mix(Rgb::WHITE, 0.22), sausage]),
        );
        for (dx, dy) in [(-3.0, 0.6), (2.4, -1.0), (0.6, 1.6)] {
            p.shape(Shape::oval(x + dx, cy + dy, 0.9, 0.5), &Ink::Flat(Rgb::hex(0xf4b09a), 0.7));
        }
    }
    let basil = p.tone(0x3f8a3a);
    for (x, cy, turn) in [
        (-24.0, -42.0, 60.0),
        (-18.0, -38.0, 130.0),
        (22.0, -27.0, 20.0),
        (28.0, -29.0, -70.0),
        (-6.0, -19.0, 100.0),
        (4.0, -50.0, 75.0),
    ] {
        p.turned(
            Shape::svg("M0 0 C-6 -4 -6 -12 0 -17 C6 -12 6 -4 0 0 Z"),
            &Ink::down(-17.0, 0.0, &[basil.mix(Rgb::WHITE, 0.3), basil.mix(p.look.ink, 0.15)]),
            x,
            cy,
            turn,
            0.62,
        );
    }
}

pub(super) fn ice_cream(p: &mut Pen<'_, '_>) {
    let berry = p.look.accent;
    let waffle = p.tone(0xdc9a4c);
    let dark = p.tone(0x8f5522);
    p.fill(
        "M-23 -54 L23 -54 L2.500 -1 C1.500 0.500 -1.500 0.500 -2.500 -1 Z",
        &p.round(-22.0, 22.0, waffle),
    );
    for k in 0..9 {
        let t = -24.0 + k as f32 * 6.0;
        let clip = |x: f32, y: f32| {
            let half = 22.5 * (-y / 54.0).clamp(0.04, 1.0);
            x.clamp(-half, half)
        };
        let steps: Vec<(f32, f32)> = (0..=9)
            .map(|i| -54.0 + 6.0 * i as f32)
            .map(|y| (clip(t + (y + 54.0) * 0.42, y), y))
            .collect();
        let other: Vec<(f32, f32)> = steps.iter().map(|q| (-q.0, q.1)).collect();
        for line in [&steps, &other] {
            p.line(line, &Ink::Flat(dark, 0.55), 1.0);
        }
    }
    let scoop = |p: &mut Pen<'_, '_>, x: f32, y: f32, r: f32, tone: Rgb| {
        let ball = Ink::Round {
            centre: (x + r * 0.4 * p.side, y - r * 0.45),
            radius: r * 1.65,
            stops: vec![
                (0.0, tone.mix(Rgb::WHITE, 0.5), 1.0),
                (0.4, tone, 1.0),
                (1.0, tone.mix(p.look.ink, 0.5), 1.0),
            ],
        };
        let mut edge: Vec<(f32, f32)> = (0..=24)
            .map(|k| std::f32::consts::PI + k as f32 * 0.1309)
            .map(|a| (x + r * crate::math::cos(a), y + r * crate::math::sin(a)))
            .collect();
        for k in 0..=28 {
            let f = 1.0 - k as f32 / 14.0;
            let ruffle =
                2.0 * crate::math::sin(k as f32 * 1.7) + 1.0 * crate::math::sin(k as f32 * 0.9);
            edge.push((
                x + f * r * 1.1,
                y + r * 0.34 * libm::sqrtf((1.0 - f * f).max(0.0)) + ruffle + 2.5,
            ));
        }
        p.shape(Shape::polygon(&edge), &ball);
        let mut rng = p.rng.fork("scoop");
        for _ in 0..26 {
            let (a, d) = (rng.range(0.0, std::f32::consts::TAU), r * 0.9 * rng.unit());
            p.shape(
                Shape::oval(
                    x + d * crate::math::cos(a),
                    y - r * 0.1 + d * 0.8 * crate::math::sin(a),
                    rng.range(0.8, 2.4),
                    rng.range(0.4, 0.9),
                ),
                &Ink::Flat(if rng.chance(0.5) { Rgb::WHITE } else { p.look.ink }, 0.12),
            );
        }
    };
    let (vanilla, mint) = (p.tone(0xfbeecb), p.tone(0xa9dcc0));
    scoop(p, -14.0, -61.0, 18.0, vanilla);
    scoop(p, 14.0, -61.0, 18.0, mint);
    scoop(p, 0.0, -82.0, 19.5, berry);
    p.fill(
        "M-24 -55 C-12 -49 12 -49 24 -55 L23 -51 C12 -45 -12 -45 -23 -51 Z",
        &p.round(-24.0, 24.0, waffle.mix(Rgb::WHITE, 0.15)),
    );
    p.stroke("M3 -103 C5 -110 10 -113 14 -113", &Ink::flat(p.tone(0x5a7a34)), 1.2);
    let cherry = p.tone(0xc4263a);
    p.shape(
        Shape::circle(2.0, -102.0, 5.4),
        &Ink::Round {
            centre: (2.0 + 2.0 * p.side, -104.0),
            radius: 7.0,
            stops: vec![
                (0.0, cherry.mix(Rgb::WHITE, 0.65), 1.0),
                (0.4, cherry, 1.0),
                (1.0, cherry.mix(p.look.ink, 0.5), 1.0),
            ],
        },
    );
}
