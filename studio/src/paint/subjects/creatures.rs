//! People and animals.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

pub(super) fn person(p: &mut Pen<'_, '_>) {
    let coat = p.round(-15.0, 15.0, p.look.accent.mix(p.look.ink, 0.3));
    let ink = Ink::flat(p.look.ink);
    p.fill("M-7 -36 L-9 0 L-2 0 L0 -30 L3 0 L10 0 L7 -36 Z", &ink);
    p.fill("M-5 -82 C-13 -80 -15 -70 -15 -58 L-17 -32 C-6 -28 6 -28 17 -32 L14 -58 C15 -70 12 -80 5 -82 Z", &coat);
    p.fill("M-13 -74 C-19 -62 -20 -50 -18 -40 L-14 -40 C-14 -52 -13 -62 -10 -70 Z M13 -74 C19 -62 20 -50 18 -40 L14 -40 C14 -52 13 -62 10 -70 Z", &coat);
    p.fill(
        "M-9 -84 C-4 -80 4 -80 9 -84 C10 -79 8 -76 0 -76 C-8 -76 -10 -79 -9 -84 Z",
        &Ink::flat(p.look.accent),
    );
    p.shape(Shape::oval(0.0, -90.0, 7.0, 8.6), &ink);
    let x = p.side * 4.0;
    p.shape(Shape::oval(x, -90.0, 2.6, 6.4), &Ink::Flat(p.look.body, 0.4));
}

/// A head in profile, looking right, with shoulders.
pub(super) fn portrait(p: &mut Pen<'_, '_>) {
    let dark = p.look.ink;
    let bun = p.rng.chance(0.5);
    // Drawn 200 high from the crown (y 12) to the shoulders (y 200), centred on x 160.
    let saved = p.place;
    p.place =
        p.place.pre_concat(tiny_skia::Transform::from_row(0.53, 0.0, 0.0, 0.53, -84.0, -100.0));
    let ink = Ink::down(20.0, 200.0, &[dark, dark.mix(p.look.accent, 0.35)]);
    if bun {
        p.fill("M113 72c-16-2-26 10-22 26 3 14 16 22 30 20-10-12-14-28-8-46z", &ink);
        p.shape(Shape::circle(92.0, 86.0, 20.0), &ink);
    } else {
        p.fill("M112 60c-22 6-34 40-28 74 4 22 18 34 34 36 8-30 10-70 6-100z", &ink);
    }
    p.fill("M84 200c6-34 26-46 42-52 8-4 10-10 9-18-20-12-28-34-22-58 6-26 28-42 56-38 24 3 38 18 40 36l3 14c2 6 8 12 10 17 1 3-1 5-5 6l1 8c0 3-1 4-3 5l1 5c-1 6-6 11-16 11l-14-1c-2 8 0 16 6 22 16 5 30 16 36 43z", &ink);
    // The light catches brow, nose and lips.
    p.stroke(
        "M208 69l4 15c2 6 8 12 10 17 1 3-1 5-5 6l1 8c0 3-1 4-3 5l1 5c-1 6-6 10-15 11",
        &Ink::Flat(p.look.lamp, 0.75),
        1.8,
    );
    p.stroke("M192 157c16 5 30 16 36 42", &Ink::Flat(p.look.lamp, 0.45), 1.6);
    p.stroke("M178 36c14 4 25 13 29 27", &Ink::Flat(p.look.lamp, 0.4), 1.4);
    p.place = saved;
}

pub(super) fn cat(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let body = p.round(-32.0, 30.0, coat);
    p.stroke("M20 -6 C44 0 54 -16 46 -30 C42 -38 46 -46 54 -44", &body, 7.5);
    p.fill("M-22 0 C-34 -2 -36 -20 -30 -34 C-26 -46 -18 -52 -14 -58 L14 -58 C20 -52 26 -38 28 -24 C29 -10 27 -2 22 0 Z", &body);
    p.fill(
        "M-7 -54 C-12 -36 -9 -18 0 -10 C9 -18 12 -36 7 -54 Z",
        &Ink::Flat(coat.mix(Rgb::WHITE, 0.5), 0.6),
    );
    p.fill("M-22 -78 C-24 -88 -22 -98 -19 -104 C-14 -100 -10 -96 -8 -92 C-4 -93.500 4 -93.500 8 -92 C10 -96 14 -100 19 -104 C22 -98 24 -88 22 -78 C22 -64 12 -54 0 -54 C-12 -54 -22 -64 -22 -78 Z", &p.round(-24.0, 24.0, coat.lift(0.02)));
    p.fill("M-18 -98 C-15 -95 -13 -92 -12 -89 L-19 -84 C-20 -90 -19.500 -94 -18 -98 Z M18 -98 C15 -95 13 -92 12 -89 L19 -84 C20 -90 19.500 -94 18 -98 Z", &Ink::Flat(Rgb::hex(0xd99a8c), 0.55));
    let eye = if p.look.lit { p.look.lamp } else { Rgb::hex(0xd8c050) };
    for x in [-9.0, 9.0] {
        p.shape(Shape::oval(x, -76.0, 4.6, 4.2), &Ink::flat(eye));
        p.shape(Shape::oval(x, -76.0, 1.5, 3.8), &Ink::flat(p.look.ink));
        p.shape(Shape::circle(x + 1.2, -77.6, 0.9), &Ink::flat(Rgb::WHITE));
    }
    p.fill("M-2.600 -68.500 L2.600 -68.500 L0 -65.500 Z", &Ink::flat(Rgb::hex(0xc87a6c)));
    p.stroke(
        "M0 -65.500 C-1 -62 -5 -62 -6 -64 M0 -65.500 C1 -62 5 -62 6 -64",
        &Ink::Flat(p.look.ink, 0.7),
        0.8,
    );
    p.stroke(
        "M-11 -66 L-28 -69 M-11 -64 L-27 -62 M11 -66 L28 -69 M11 -64 L27 -62",
        &Ink::Flat(Rgb::WHITE, 0.55),
        0.55,
    );
    p.stroke(
        "M-10 -1 C-11 -10 -10 -18 -8 -24 M10 -1 C11 -10 10 -18 8 -24",
        &Ink::Flat(p.look.ink, 0.4),
        1.2,
    );
}

pub(super) fn dog(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let body = p.round(-34.0, 34.0, coat);
    p.stroke("M-24 -6 C-40 -6 -48 -18 -45 -31", &body, 6.0);
    p.fill("M-26 0 C-34 -10 -28 -28 -18 -40 C-12 -50 -12 -58 -12 -66 C-13 -80 -6 -91 7 -92 C15 -92.500 21 -89 23 -84 L38 -77 C42 -75 42 -67 36 -65.500 L23 -63 C21 -58 19 -54 19 -48 C22 -34 22 -18 20 -6 L27 -4 C30 -2 29 0 26 0 Z", &body);
    p.fill(
        "M14 -50 C20 -36 20 -20 18 -10 C10 -16 8 -36 14 -50 Z",
        &Ink::Flat(coat.mix(Rgb::WHITE, 0.5), 0.5),
    );
    p.fill(
        "M-4 -88 C-16 -86 -19 -68 -13 -57 C-6 -56 0 -68 2 -84 Z",
        &Ink::flat(coat.mix(p.look.ink, 0.5)),
    );
    p.shape(Shape::oval(38.0, -74.5, 3.8, 3.2), &Ink::flat(p.look.ink));
    p.shape(Shape::circle(15.5, -79.0, 2.5), &Ink::flat(p.look.ink));
    p.shape(Shape::circle(16.3, -79.8, 0.8), &Ink::flat(Rgb::WHITE));
    p.stroke("M37 -67 C30 -66 27 -67 25 -70", &Ink::Flat(p.look.ink, 0.6), 1.0);
    p.stroke(
        "M-12 -54 C-4 -49 10 -48 19 -52",
        &Ink::flat(p.look.lamp.mix(Rgb::hex(0xc23a2f), 0.7)),
        3.6,
    );
    p.stroke(
        "M4 -2 C5 -14 6 -24 8 -32 M-10 -1 C-4 -6 -4 -16 -8 -22",
        &Ink::Flat(p.look.ink, 0.35),
        1.2,
    );
}

pub(super) fn fox(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let cream = Ink::flat(Rgb::hex(0xf7ead8).mix(coat, 0.1));
    let body = p.round(-30.0, 50.0, coat);
    p.fill("M12 0 C44 6 62 -14 54 -44 C49 -60 37 -57 38 -43 C39 -27 28 -16 12 -14 Z", &body);
    p.fill("M54 -44 C49 -60 37 -57 38 -43 C42 -37 49 -38 54 -44 Z", &cream);
    p.fill("M-17 0 C-27 -16 -21 -42 -11 -58 L11 -58 C21 -42 27 -16 17 0 Z", &body);
    p.fill("M-8 -56 C-12 -38 -6 -24 0 -18 C6 -24 12 -38 8 -56 Z", &cream);
    p.fill("M-27 -76 C-28 -88 -27 -98 -25 -106 C-18 -101 -13 -95 -10 -89 C-4 -91 4 -91 10 -89 C13 -95 18 -101 25 -106 C27 -98 28 -88 27 -76 C22 -66 10 -58 0 -50 C-10 -58 -22 -66 -27 -76 Z", &p.round(-27.0, 27.0, coat.lift(0.02)));
    p.fill("M-27 -76 C-18 -77 -9 -71 0 -54 C9 -71 18 -77 27 -76 C22 -66 10 -58 0 -50 C-10 -58 -22 -66 -27 -76 Z", &cream);
    p.fill("M-23 -98 C-19 -95 -16 -91 -14 -87 L-22 -83 C-23.500 -88 -23.500 -93 -23 -98 Z M23 -98 C19 -95 16 -91 14 -87 L22 -83 C23.500 -88 23.500 -93 23 -98 Z", &Ink::Flat(p.look.ink, 0.75));
    for x in [-10.5, 10.5] {
        p.shape(Shape::oval(x, -75.5, 2.4, 3.1), &Ink::flat(p.look.ink));
        p.shape(Shape::circle(x + 0.8, -76.6, 0.8), &Ink::flat(Rgb::WHITE));
    }
    p.shape(Shape::oval(0.0, -54.0, 3.6, 2.8), &Ink::flat(p.look.ink));
    p.fill("M-16 0 C-17 -8 -13 -14 -10 -16 C-6 -12 -6 -4 -6 0 Z M16 0 C17 -8 13 -14 10 -16 C6 -12 6 -4 6 0 Z", &Ink::flat(p.look.ink.mix(coat, 0.25)));
}

/// One bird on the wing.
pub(super) fn bird(p: &mut Pen<'_, '_>) {
    let body = p.round(-80.0, 80.0, p.look.accent);
    p.fill("M-92 -66 C-66 -88 -34 -82 -12 -58 L10 -58 C30 -84 62 -96 96 -84 C68 -78 46 -60 30 -40 C18 -30 2 -28 -10 -34 C-28 -52 -58 -66 -92 -66 Z", &body);
    p.fill("M-34 -36 C-22 -52 4 -60 26 -52 C34 -56 42 -54 46 -48 L58 -44 L46 -42 C38 -28 8 -20 -12 -26 L-52 -14 C-48 -24 -42 -32 -34 -36 Z", &p.round(-50.0, 50.0, p.look.body));
    p.shape(Shape::circle(40.0, -48.0, 1.8), &Ink::flat(p.look.ink));
    p.fill("M45 -48 L59 -44 L46 -42 Z", &Ink::flat(p.look.lamp));
}

pub(super) fn fish(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let body =
        Ink::down(-80.0, -20.0, &[tone.mix(p.look.ink, 0.35), tone, tone.mix(Rgb::WHITE, 0.55)]);
    let fin = Ink::Flat(tone.turn(18.0).lift(0.04), 0.85);
    p.fill("M-46 -50 C-60 -60 -72 -76 -84 -80 C-78 -62 -76 -56 -72 -50 C-76 -44 -78 -36 -84 -20 C-70 -26 -60 -40 -46 -50 Z", &fin);
    p.fill("M-20 -74 C-6 -98 26 -94 32 -84 C22 -80 16 -76 10 -74 Z M-8 -26 C-12 -14 -24 -8 -30 -8 C-28 -16 -26 -24 -20 -30 Z", &fin);
    p.fill("M-50 -50 C-28 -82 26 -84 58 -50 C26 -18 -28 -20 -50 -50 Z", &body);
    for (x, h) in [(-20.0, 20.0), (0.0, 23.0), (20.0, 19.0)] {
        p.line(
            &[(x, -50.0 - h), (x + 6.0, -50.0), (x, -50.0 + h)],
            &Ink::Flat(p.look.ink, 0.16),
            6.0,
        );
    }
    p.fill("M10 -46 C2 -38 -4 -34 -14 -34 C-12 -42 -6 -50 6 -52 Z", &fin);
    p.stroke("M34 -68 C28 -56 28 -44 34 -32", &Ink::Flat(p.look.ink, 0.3), 1.2);
    p.shape(Shape::circle(43.0, -55.0, 4.4), &Ink::flat(Rgb::WHITE));
    p.shape(Shape::circle(44.0, -55.0, 2.6), &Ink::flat(p.look.ink));
}
