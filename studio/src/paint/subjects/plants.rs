//! Plants: trees, flowers, leaves and fruit.

use super::pen::Pen;
use crate::math::{cos, sin};
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

/// One leaf pointing up from (0, 0), 112 long.
const LEAF: &str = "M0 0C-34-30-30-78 0-112 30-78 34-30 0 0z";
const VEINS: &str =
    "M0 0V-104M0-24l16-15M0-24l-16-15M0-46l18-17M0-46l-18-17M0-68l13-13M0-68l-13-13";

pub(super) fn tree(p: &mut Pen<'_, '_>) {
    let bark = p.round(-6.0, 6.0, p.look.ink.mix(Rgb::hex(0x6a4630), 0.45));
    p.fill("M-6 0 C-3 -14 -4 -26 -5 -40 L5 -40 C4 -26 3 -12 7 0 Z", &bark);
    p.stroke("M0 -34 C-8 -44 -14 -48 -20 -58 M1 -36 C8 -46 14 -50 20 -58", &bark, 2.6);
    let crown = p.look.accent;
    let mut blobs = Vec::new();
    for i in 0..26 {
        let angle = i as f32 * 2.4;
        let reach = 4.0 + i as f32 * 1.05;
        let (jx, jy) = (p.rng.bell() * 4.0, p.rng.bell() * 4.0);
        blobs.push((
            cos(angle) * reach * 1.12 + jx,
            -66.0 + sin(angle) * reach * 0.85 + jy,
            p.rng.range(7.0, 13.0),
        ));
    }
    for (layer, tone) in [
        (0.0, crown.mix(p.look.ink, 0.55)),
        (3.5, crown.mix(p.look.ink, 0.2)),
        (7.0, crown.mix(Rgb::WHITE, 0.18)),
    ] {
        for (x, y, r) in &blobs {
            let shrink = 1.0 - layer * 0.085;
            let (x, y) = (x + p.side * layer * 0.8, y - layer);
            if layer < 5.0 || (x * p.side > -6.0 && *r > 8.0) {
                p.shape(Shape::circle(x, y, r * shrink), &Ink::flat(tone));
            }
        }
    }
}

pub(super) fn pine(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    p.shape(Shape::rect(-2.4, -12.0, 4.8, 12.0), &Ink::flat(p.look.ink));
    let light = p.side;
    for i in 0..6 {
        let t = i as f32 / 5.0;
        let (y, half) = (-8.0 - t * 66.0, 27.0 * (1.0 - t * 0.78));
        let (top, droop) = (y - 28.0 + t * 3.0, 3.0 + p.rng.unit() * 3.0);
        let whole = [
            (0.0, top),
            (half * 0.45, y - 9.0),
            (half, y + droop),
            (half * 0.35, y - 1.0),
            (0.0, y + 2.0),
            (-half * 0.35, y - 1.0),
            (-half, y + droop),
            (-half * 0.45, y - 9.0),
        ];
        p.shape(Shape::polygon(&whole), &Ink::flat(tone.mix(p.look.ink, 0.5 - t * 0.15)));
        let lit = [
            (0.0, top),
            (half * 0.45 * light, y - 9.0),
            (half * light, y + droop),
            (half * 0.35 * light, y - 1.0),
            (half * 0.1 * light, y - 8.0),
        ];
        p.shape(Shape::polygon(&lit), &Ink::Flat(tone.mix(p.look.body, 0.25), 0.75));
    }
}

pub(super) fn palm(p: &mut Pen<'_, '_>) {
    let bark = p.look.ink.mix(Rgb::hex(0x7a5436), 0.35);
    p.fill("M-5 0 C-3 -30 2 -56 12 -80 L16 -78 C8 -54 5 -28 6 0 Z", &p.round(-6.0, 16.0, bark));
    let tone = p.look.accent;
    for (i, angle) in
        [-168.0_f32, -140.0, -112.0, -78.0, -48.0, -22.0, 6.0, 190.0].into_iter().enumerate()
    {
        let a = angle.to_radians();
        let (reach, fall) = (40.0 + p.rng.bell() * 5.0, 20.0 + 6.0 * cos(a).abs());
        let tip = (14.0 + cos(a) * reach, -80.0 + sin(a) * reach * 0.55 + fall * 0.75);
        let crest = (14.0 + cos(a) * reach * 0.55, -80.0 + sin(a) * reach * 0.8 - 8.0);
        let leaf = format!(
            "M14 -80 Q{} {} {} {} Q{} {} 14 -80 Z",
            crest.0,
            crest.1,
            tip.0,
            tip.1,
            crest.0,
            crest.1 + 13.0
        );
        p.fill(&leaf, &Ink::flat(tone.mix(p.look.ink, if i % 2 == 0 { 0.5 } else { 0.2 })));
    }
    for (x, y) in [(11.0, -77.0), (16.0, -75.0)] {
        p.shape(Shape::circle(x, y, 3.4), &Ink::flat(bark.mix(p.look.ink, 0.4)));
    }
}

/// A bunch of flowers of three kinds.
pub(super) fn flowers(p: &mut Pen<'_, '_>) {
    let green = p.look.shade.tint(Rgb::hex(0x4a8a54), 0.7);
    let heads = [
        (0.0, -84.0, 17.0),
        (-25.0, -66.0, 14.0),
        (26.0, -70.0, 14.5),
        (-10.0, -50.0, 10.0),
        (14.0, -46.0, 9.0),
    ];
    for (i, (x, y, _)) in heads.iter().enumerate() {
        p.line(
            &[(x * 0.08, 0.0), (x * 0.3, y * 0.5), (*x, *y)],
            &Ink::flat(green.mix(p.look.ink, 0.25)),
            1.9,
        );
        let way = if i % 2 == 0 { 1.0 } else { -1.0 };
        p.turned(
            Shape::svg(LEAF),
            &Ink::flat(green.lift(0.04 * way)),
            x * 0.22,
            y * 0.3,
            58.0 * way + x,
            0.26,
        );
    }
    for (i, (x, y, r)) in heads.into_iter().enumerate() {
        let tone = match i % 3 {
            0 => p.look.accent,
            1 => p.look.accent.mix(Rgb::WHITE, 0.35),
            _ => p.look.accent.turn(28.0),
        };
        let petals = 7 + i % 3;
        for ring in [1.0, 0.7] {
            for k in 0..petals {
                let angle = (k as f32 + ring) * 360.0 / petals as f32 + i as f32 * 13.0;
                let petal = Shape::svg("M0 0 C-9 -6 -8 -19 0 -22 C8 -19 9 -6 0 0 Z");
                let ink = Ink::Line {
                    from: (0.0, 0.0),
                    to: (0.0, -22.0),
                    stops: vec![
                        (0.0, tone.mix(p.look.ink, 0.35), 1.0),
                        (1.0, if ring < 1.0 { tone.mix(Rgb::WHITE, 0.2) } else { tone }, 1.0),
                    ],
                };
                p.turned(petal, &ink, x, y, angle, r * ring / 19.0);
            }
        }
        p.shape(
            Shape::circle(x, y, r * 0.26),
            &Ink::flat(p.look.lamp.mix(Rgb::hex(0xb0702a), 0.35)),
        );
    }
}

/// Large leaves fanned out, with veins; the sizes are those of a whole picture's hero.
pub(super) fn leaf_fan(p: &mut Pen<'_, '_>, tone: Rgb, vein: Rgb) {
    for (i, (x, turn, scale)) in [
        (-30.0, -40.0, 0.62),
        (30.0, 38.0, 0.66),
        (-16.0, -19.0, 0.78),
        (17.0, 21.0, 0.8),
        (0.0, 0.0, 0.92),
    ]
    .into_iter()
    .enumerate()
    {
        let shade =
            tone.lift([-0.02, 0.08, 0.04, -0.06, -0.1][i]).turn([14.0, -8.0, 4.0, 8.0, 0.0][i]);
        let turn = turn + p.rng.bell() * 5.0;
        let ink = Ink::across(-30.0, 30.0, &[shade.lift(0.035), shade.lift(-0.035)]);
        p.turned(Shape::svg(LEAF), &ink, x * 0.4, 0.0, turn, scale);
        let place = tiny_skia::Transform::from_scale(scale, scale)
            .post_concat(tiny_skia::Transform::from_rotate(turn))
            .post_concat(tiny_skia::Transform::from_translate(x * 0.4, 0.0))
            .post_concat(p.place);
        p.b.stroke_at(Shape::svg(VEINS), &Ink::Flat(vein, 0.6), 1.4, place);
    }
}

/// A plant in a pot.
pub(super) fn potted(p: &mut Pen<'_, '_>) {
    let tone = p.look.shade.tint(Rgb::hex(0x3f8a5a), 0.8).with_lightness(0.5);
    let saved = p.place;
    p.place = p.place.pre_concat(tiny_skia::Transform::from_row(0.72, 0.0, 0.0, 0.72, 0.0, -26.0));
    leaf_fan(p, tone, tone.mix(Rgb::WHITE, 0.55));
    p.place = saved;
    let pot = p.round(-19.0, 19.0, p.look.accent);
    p.fill("M-18 -28 L18 -28 L13 0 L-13 0 Z", &pot);
    p.fill("M-20 -33 L20 -33 L20 -26 L-20 -26 Z", &p.round(-20.0, 20.0, p.look.accent.lift(0.05)));
}

pub(super) fn fruit(p: &mut Pen<'_, '_>) {
    let a = p.look.accent;
    let bowl = p.round(-62.0, 62.0, p.look.body);
    let pieces = [
        (-34.0, -52.0, 20.0, a),
        (34.0, -52.0, 20.0, a.turn(40.0)),
        (0.0, -58.0, 23.0, a.turn(22.0).lift(0.06)),
        (-14.0, -82.0, 18.0, a.turn(50.0).lift(0.03)),
        (19.0, -80.0, 17.0, a.turn(-12.0)),
    ];
    for (x, y, r, tone) in pieces {
        let centre = (x + p.side * r * 0.35, y - r * 0.4);
        let ball = Ink::Round {
            centre,
            radius: r * 1.7,
            stops: vec![
                (0.0, tone.mix(Rgb::WHITE, 0.4), 1.0),
                (0.4, tone, 1.0),
                (1.0, tone.mix(p.look.ink, 0.6), 1.0),
            ],
        };
        p.shape(Shape::circle(x, y, r), &ball);
        p.line(
            &[(x, y - r * 0.86), (x + 2.0, y - r * 1.2)],
            &Ink::flat(p.look.ink.mix(Rgb::hex(0x6a4a2a), 0.5)),
            1.6,
        );
        p.turned(
            Shape::svg(LEAF),
            &Ink::flat(Rgb::hex(0x4f8a54).mix(p.look.ink, 0.15)),
            x + 2.0,
            y - r * 1.08,
            62.0,
            0.13,
        );
    }
    p.fill("M-64 -46 C-60 -16 -36 -6 -18 -4 L-20 0 L20 0 L18 -4 C36 -6 60 -16 64 -46 Z", &bowl);
    p.shape(Shape::oval(0.0, -46.0, 64.0, 5.0), &Ink::Flat(Rgb::WHITE, 0.25));
}
