//! Things people made.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

pub(super) fn boat(p: &mut Pen<'_, '_>) {
    let ink = Ink::flat(p.look.ink);
    let sail = p.round(-40.0, 44.0, p.look.body);
    let jib = p.round(4.0, 50.0, p.look.body.mix(p.look.shade, 0.25));
    p.line(&[(0.0, -12.0), (0.0, -102.0)], &ink, 1.8);
    p.fill("M-3 -98 C-12 -70 -28 -42 -44 -24 C-28 -20 -14 -20 -3 -21 Z", &sail);
    p.fill("M4 -92 C16 -70 32 -44 46 -24 C32 -22 16 -22 4 -24 Z", &jib);
    p.stroke("M-44 -22 L0 -19", &ink, 1.4);
    let hull = p.round(-54.0, 58.0, p.look.accent);
    p.fill(
        "M-52 -14 C-20 -11 24 -11 60 -18 C54 -6 46 0 36 1 L-38 1 C-46 0 -51 -6 -52 -14 Z",
        &hull,
    );
    p.fill(
        "M-52 -14 C-20 -11 24 -11 60 -18 L58 -14.5 C24 -7.5 -20 -7.5 -51.4 -10.5 Z",
        &Ink::flat(p.look.body.mix(p.look.ink, 0.15)),
    );
    p.fill("M2 -102 L16 -98 L2 -94 Z", &Ink::flat(p.look.accent));
}

pub(super) fn bottle(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let glass = p.round(-34.0, 34.0, tone);
    let cap = p.round(-16.0, 16.0, p.look.ink.mix(p.look.accent, 0.3));
    p.fill("M-34 -10 C-34 -3 -30 0 -24 0 L24 0 C30 0 34 -3 34 -10 L34 -54 C34 -62 28 -66 20 -66 L-20 -66 C-28 -66 -34 -62 -34 -54 Z", &glass);
    p.fill(
        "M-28 -10 C-28 -7 -26 -5 -23 -5 L23 -5 C26 -5 28 -7 28 -10 L28 -46 L-28 -46 Z",
        &Ink::Line {
            from: (0.0, -46.0),
            to: (0.0, -5.0),
            stops: vec![(0.0, tone.lift(-0.12), 0.55), (1.0, tone.lift(-0.25), 0.45)],
        },
    );
    p.stroke("M-28 -46 L28 -46", &Ink::Flat(Rgb::WHITE, 0.35), 0.8);
    p.fill("M-9 -66 L9 -66 L9 -73 L-9 -73 Z", &Ink::flat(tone.mix(Rgb::WHITE, 0.45).saturate(0.6)));
    p.fill("M-15 -73 L15 -73 C16.500 -73 17 -74 17 -76 L17 -96 C17 -98 16 -99 14 -99 L-14 -99 C-16 -99 -17 -98 -17 -96 L-17 -76 C-17 -74 -16.500 -73 -15 -73 Z", &cap);
    p.fill("M-14 -20 L14 -20 L14 -37 L-14 -37 Z", &Ink::Flat(Rgb::hex(0xfff6ec), 0.9));
    p.stroke("M-8 -31 L8 -31 M-5 -26 L5 -26", &Ink::Flat(p.look.ink, 0.55), 1.0);
    let x = if p.side < 0.0 { -29.0 } else { 25.0 };
    p.shape(Shape::rect(x, -58.0, 4.0, 50.0), &Ink::Flat(Rgb::WHITE, 0.5));
    p.shape(Shape::rect(x * 0.5, -96.0, 2.4, 20.0), &Ink::Flat(Rgb::WHITE, 0.3));
}

pub(super) fn chair(p: &mut Pen<'_, '_>) {
    let cloth = p.look.accent;
    let (light, dark) = (cloth.mix(Rgb::WHITE, 0.16), cloth.mix(p.look.ink, 0.45));
    p.stroke(
        "M-34 -20 L-40 0 M34 -20 L40 0 M-22 -18 L-25 -2 M22 -18 L25 -2",
        &Ink::flat(p.look.ink.mix(Rgb::hex(0x5a3a24), 0.4)),
        4.0,
    );
    p.fill(
        "M-41 -70 C-41 -88 -31 -98 -14 -98 L14 -98 C31 -98 41 -88 41 -70 L47 -20 L-47 -20 Z",
        &Ink::down(-98.0, -20.0, &[light, cloth, dark]),
    );
    p.fill(
        "M-30 -66 C-30 -80 -22 -86 -10 -86 L10 -86 C22 -86 30 -80 30 -66 L34 -30 L-34 -30 Z",
        &Ink::down(-86.0, -30.0, &[cloth.lift(-0.03), dark]),
    );
    p.stroke(
        "M-18 -68 L-20 -36 M0 -70 L0 -36 M18 -68 L20 -36",
        &Ink::Flat(dark.lift(-0.08), 0.5),
        1.2,
    );
    p.fill("M-56 -40 C-56 -53 -36 -53 -34 -40 L-30 -26 L30 -26 L34 -40 C36 -53 56 -53 56 -40 L56 -24 C56 -13 48 -9 36 -9 L-36 -9 C-48 -9 -56 -13 -56 -24 Z", &Ink::down(-50.0, -9.0, &[light, cloth, dark]));
    p.fill(
        "M-33 -33 L33 -33 C40 -33 40 -20 33 -20 L-33 -20 C-40 -20 -40 -33 -33 -33 Z",
        &Ink::down(-33.0, -20.0, &[light.mix(Rgb::WHITE, 0.22), cloth]),
    );
    let edge = p.side.signum();
    p.stroke(
        &format!(
            "M{} -92 C{} -92 {} -84 {} -66",
            16.0 * edge,
            30.0 * edge,
            37.0 * edge,
            39.0 * edge
        ),
        &Ink::Flat(Rgb::WHITE, 0.28),
        2.2,
    );
}

pub(super) fn lamp(p: &mut Pen<'_, '_>) {
    let ink = Ink::flat(p.look.ink);
    p.line(&[(0.0, -3.0), (0.0, -66.0)], &ink, 2.2);
    p.shape(Shape::oval(0.0, -2.0, 17.0, 3.4), &ink);
    let lamp = p.look.lamp;
    p.glow(0.0, -70.0, 150.0, lamp, 0.75);
    let shade = Ink::Line {
        from: (0.0, -98.0),
        to: (0.0, -62.0),
        stops: vec![
            (0.0, p.look.accent.mix(lamp, 0.35), 1.0),
            (0.6, lamp.mix(Rgb::WHITE, 0.3), 1.0),
            (1.0, lamp.mix(Rgb::WHITE, 0.75), 1.0),
        ],
    };
    p.fill("M-15 -98 L15 -98 L29 -62 L-29 -62 Z", &shade);
    p.stroke("M-15 -98 L15 -98 M-29 -62 L29 -62", &Ink::Flat(p.look.ink, 0.5), 1.2);
}

pub(super) fn lantern(p: &mut Pen<'_, '_>) {
    let ink = Ink::flat(p.look.ink);
    let lamp = p.look.lamp;
    p.glow(0.0, -42.0, 210.0, lamp, 0.9);
    p.stroke("M-14 -84 C-14 -104 14 -104 14 -84", &ink, 2.4);
    p.fill("M-24 -70 L-12 -86 L12 -86 L24 -70 Z", &ink);
    let glass = Ink::Round {
        centre: (0.0, -36.0),
        radius: 40.0,
        stops: vec![
            (0.0, Rgb::WHITE, 1.0),
            (0.3, lamp.mix(Rgb::WHITE, 0.7), 1.0),
            (0.7, lamp, 1.0),
            (1.0, lamp.mix(p.look.accent, 0.5), 1.0),
        ],
    };
    p.fill("M-21 -70 L21 -70 L18 -12 L-18 -12 Z", &glass);
    p.fill(
        "M0 -52 C8 -40 10 -32 6 -25 C3 -20 -3 -20 -6 -25 C-10 -32 -8 -40 0 -52 Z",
        &Ink::flat(Rgb::hex(0xfffbe8)),
    );
    p.stroke(
        "M-21 -70 L-18 -12 M21 -70 L18 -12 M-7 -70 L-6 -12 M7 -70 L6 -12 M-19.500 -42 L19.500 -42",
        &ink,
        1.8,
    );
    p.fill("M-24 0 L-20 -13 L20 -13 L24 0 Z", &ink);
}

pub(super) fn car(p: &mut Pen<'_, '_>) {
    let paint = p.look.accent;
    let body =
        Ink::down(-60.0, -8.0, &[paint.mix(Rgb::WHITE, 0.25), paint, paint.mix(p.look.ink, 0.55)]);
    let ink = Ink::flat(p.look.ink);
    p.shape(Shape::oval(0.0, 0.0, 88.0, 5.0), &Ink::Flat(p.look.ink, 0.45));
    p.fill("M-86 -12 L-86 -26 C-86 -36 -76 -40 -60 -43 L-38 -66 C-34 -70 -28 -72 -20 -72 L20 -72 C30 -72 36 -69 42 -63 L60 -44 C76 -42 86 -38 86 -26 L86 -12 C86 -9 84 -8 80 -8 L-80 -8 C-84 -8 -86 -9 -86 -12 Z", &body);
    let glass = Ink::down(
        -68.0,
        -44.0,
        &[p.look.body.mix(Rgb::WHITE, 0.2), p.look.shade.mix(p.look.ink, 0.4)],
    );
    p.fill("M-50 -45 L-33 -63 C-30 -66 -27 -67 -22 -67 L-3 -67 L-3 -45 Z M4 -45 L4 -67 L19 -67 C27 -67 32 -65 37 -60 L50 -45 Z", &glass);
    p.stroke("M0 -43 L0 -12 M-84 -28 L84 -28", &Ink::Flat(p.look.ink, 0.35), 1.2);
    p.stroke("M8 -38 L18 -38", &Ink::Flat(Rgb::WHITE, 0.6), 1.6);
    for x in [-50.0, 50.0] {
        p.shape(Shape::circle(x, -12.0, 16.0), &ink);
        p.shape(Shape::circle(x, -12.0, 8.5), &Ink::flat(p.look.body.mix(p.look.ink, 0.25)));
        p.shape(Shape::circle(x, -12.0, 3.0), &ink);
    }
    p.shape(Shape::oval(83.0, -31.0, 3.2, 4.6), &Ink::flat(p.look.lamp.mix(Rgb::WHITE, 0.5)));
    p.shape(Shape::oval(-84.0, -31.0, 2.2, 4.0), &Ink::flat(Rgb::hex(0xe2402f)));
    if p.look.lit {
        p.glow(86.0, -31.0, 70.0, p.look.lamp, 0.9);
        p.glow(-86.0, -31.0, 30.0, Rgb::hex(0xff4a30), 0.7);
    }
}

pub(super) fn balloon(p: &mut Pen<'_, '_>) {
    let (a, c) = (p.look.accent, p.look.body);
    let whole = "M0 -104 C34 -104 47 -78 39 -55 C32 -37 14 -26 9 -18 L-9 -18 C-14 -26 -32 -37 -39 -55 C-47 -78 -34 -104 0 -104 Z";
    p.fill(whole, &p.round(-42.0, 42.0, a));
    p.fill("M0 -104 C15 -104 21 -78 17 -55 C14 -37 6 -26 3 -18 L-3 -18 C-6 -26 -14 -37 -17 -55 C-21 -78 -15 -104 0 -104 Z", &p.round(-42.0, 42.0, c));
    for (side, x) in [(-1.0, -29.0), (1.0, 29.0)] {
        p.fill(
            &format!("M0 -104 C{} -104 {} -78 {} -55 C{} -40 {} -27 {} -18 L{} -18 C{} -26 {} -37 {} -55 C{} -78 {} -104 0 -104 Z", 26.0 * side, 1.16 * x, x, 0.85 * x, 9.0 * side, 6.5 * side, 9.0 * side, 14.0 * side, 32.0 * side, 39.0 * side, 47.0 * side, 34.0 * side),
            &p.round(-42.0, 42.0, c.mix(a, 0.35)),
        );
    }
    let ink = Ink::flat(p.look.ink);
    p.stroke("M-8 -18 L-5 -8 M8 -18 L5 -8 M0 -18 L0 -8", &ink, 0.7);
    p.fill(
        "M-6.500 -8.500 L6.500 -8.500 L5.500 0 L-5.500 0 Z",
        &Ink::flat(p.look.ink.mix(Rgb::hex(0x8a5a34), 0.6)),
    );
    if p.look.lit {
        p.glow(0.0, -28.0, 60.0, p.look.lamp, 0.6);
    }
}

pub(super) fn cup(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let body = p.round(-36.0, 36.0, tone);
    p.shape(Shape::oval(0.0, -3.0, 62.0, 8.0), &p.round(-62.0, 62.0, tone.mix(Rgb::WHITE, 0.2)));
    p.shape(Shape::oval(0.0, -5.0, 40.0, 4.4), &Ink::Flat(p.look.ink, 0.3));
    p.stroke("M32 -48 C58 -54 58 -18 28 -20", &body, 6.5);
    p.fill("M-37 -58 C-37 -24 -28 -6 -14 -5 L14 -5 C28 -6 37 -24 37 -58 Z", &body);
    p.shape(Shape::oval(0.0, -58.0, 37.0, 7.5), &Ink::flat(tone.mix(Rgb::WHITE, 0.35)));
    p.shape(
        Shape::oval(0.0, -57.0, 33.0, 5.6),
        &Ink::down(-62.0, -52.0, &[Rgb::hex(0x4a2a1a), Rgb::hex(0x8a5230)]),
    );
    p.stroke(
        "M-12 -68 C-22 -80 0 -86 -10 -100 M8 -70 C-2 -82 20 -88 10 -106",
        &Ink::Flat(Rgb::WHITE, 0.22),
        4.0,
    );
}

pub(super) fn planet(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let x = -22.0 * -p.side;
    let ball = Ink::Round {
        centre: (x, -66.0),
        radius: 74.0,
        stops: vec![
            (0.0, tone.mix(Rgb::WHITE, 0.5), 1.0),
            (0.4, tone, 1.0),
            (0.8, tone.mix(p.look.ink, 0.75), 1.0),
            (1.0, p.look.ink, 1.0),
        ],
    };
    p.glow(x * 0.6, -54.0, 120.0, tone, 0.35);
    p.shape(Shape::circle(0.0, -50.0, 42.0), &ball);
    for (y, half, a) in
        [(-68.0, 37.0, 0.16), (-58.0, 41.0, 0.1), (-40.0, 40.0, 0.18), (-27.0, 34.0, 0.1)]
    {
        p.shape(Shape::oval(0.0, y, half, 3.4), &Ink::Flat(p.look.body, a));
    }
    p.stroke(
        "M-41 -40 C-74 -30 -84 -20 -70 -19 C-50 -18 50 -48 72 -70 C84 -84 66 -80 40 -66",
        &Ink::Flat(p.look.body.mix(Rgb::WHITE, 0.3), 0.75),
        3.4,
    );
    p.stroke(
        "M-39 -34 C-60 -27 -70 -24 -62 -24 C-40 -24 44 -52 62 -68",
        &Ink::Flat(p.look.accent, 0.7),
        1.6,
    );
}

pub(super) fn rocket(p: &mut Pen<'_, '_>) {
    let hull = p.round(-14.0, 14.0, p.look.body);
    let fin = p.round(-26.0, 26.0, p.look.accent);
    p.glow(0.0, 4.0, 70.0, p.look.lamp, 0.9);
    p.fill(
        "M-8 -14 C-14 6 -6 20 0 34 C6 20 14 6 8 -14 Z",
        &Ink::down(-14.0, 34.0, &[Rgb::WHITE, p.look.lamp, Rgb::hex(0xf0622f)]),
    );
    p.fill(
        "M-13 -36 C-24 -28 -27 -16 -26 -8 L-10 -16 Z M13 -36 C24 -28 27 -16 26 -8 L10 -16 Z",
        &fin,
    );
    p.fill("M0 -104 C14 -90 18 -64 12 -14 L-12 -14 C-18 -64 -14 -90 0 -104 Z", &hull);
    p.fill("M0 -104 C7 -97 11 -88 13 -78 L-13 -78 C-11 -88 -7 -97 0 -104 Z", &fin);
    p.shape(Shape::circle(0.0, -60.0, 6.6), &Ink::flat(p.look.ink));
    p.shape(Shape::circle(0.0, -60.0, 4.8), &Ink::flat(Rgb::hex(0x8fd0e6)));
    p.fill("M-7 -14 L7 -14 L5 -8 L-5 -8 Z", &Ink::flat(p.look.ink));
}
