//! Wild animals.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

fn eyes(p: &mut Pen<'_, '_>, x: f32, y: f32, r: f32) {
    for at in [-x, x] {
        p.shape(Shape::oval(at, y, r, r * 1.15), &Ink::flat(p.look.ink));
        p.shape(Shape::circle(at + r * 0.35, y - r * 0.4, r * 0.34), &Ink::flat(Rgb::WHITE));
    }
}

/// Sitting, from the front.
pub(super) fn rabbit(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let body = p.round(-28.0, 28.0, coat);
    let pale = coat.mix(p.tone(0xfff8ee), 0.65);
    let pink = p.tone(0xe2a49c);
    p.shape(Shape::circle(27.0, -9.0, 8.0), &Ink::flat(pale));
    p.fill("M-21 0 C-32 -6 -31 -26 -22 -40 C-17 -48 17 -48 22 -40 C31 -26 32 -6 21 0 Z", &body);
    p.fill("M-9 -42 C-14 -28 -12 -12 0 -7 C12 -12 14 -28 9 -42 Z", &Ink::Flat(pale, 0.75));
    p.fill("M-26 0 C-29 -7 -24 -11 -16 -10 C-9 -9 -7 -4 -8 0 Z M26 0 C29 -7 24 -11 16 -10 C9 -9 7 -4 8 0 Z", &Ink::flat(coat.mix(pale, 0.35)));
    for side in [-1.0_f32, 1.0] {
        let s = |x: f32| x * side;
        p.fill(
            &format!(
                "M{} -70 C{} -84 {} -104 {} -109 C{} -111 {} -94 {} -70 Z",
                s(3.0),
                s(2.0),
                s(8.0),
                s(15.0),
                s(24.0),
                s(20.0),
                s(15.0)
            ),
            &body,
        );
        p.fill(
            &format!(
                "M{} -72 C{} -86 {} -100 {} -104 C{} -102 {} -90 {} -72 Z",
                s(6.5),
                s(6.5),
                s(11.0),
                s(15.5),
                s(19.0),
                s(16.0),
                s(12.5)
            ),
            &Ink::Flat(pink, 0.7),
        );
        p.fill(
            &format!(
                "M{} 0 C{} -10 {} -22 {} -27 C{} -22 {} -8 {} 0 Z",
                s(2.0),
                s(1.0),
                s(2.0),
                s(5.0),
                s(9.0),
                s(10.0),
                s(9.5)
            ),
            &Ink::flat(coat.mix(pale, 0.25)),
        );
    }
    p.fill("M0 -79 C15 -80 23 -70 23 -60 C23 -47 12 -41 0 -41 C-12 -41 -23 -47 -23 -60 C-23 -70 -15 -80 0 -79 Z", &p.round(-25.0, 25.0, coat.lift(0.02)));
    p.shape(Shape::oval(-5.5, -50.0, 7.5, 6.2), &Ink::flat(pale));
    p.shape(Shape::oval(5.5, -50.0, 7.5, 6.2), &Ink::flat(pale));
    eyes(p, 12.5, -63.0, 3.5);
    p.fill("M-3.200 -56 C-1 -57 1 -57 3.200 -56 C2.500 -53.500 1 -52.500 0 -52.500 C-1 -52.500 -2.500 -53.500 -3.200 -56 Z", &Ink::flat(pink.mix(p.look.ink, 0.15)));
    p.stroke(
        "M0 -52.500 L0 -49.500 C-2 -47 -5 -47.500 -6 -49 M0 -49.500 C2 -47 5 -47.500 6 -49",
        &Ink::Flat(p.look.ink, 0.6),
        0.8,
    );
    p.stroke(
        "M-9 -51 L-27 -54 M-9 -49 L-26 -47 M9 -51 L27 -54 M9 -49 L26 -47",
        &Ink::Flat(Rgb::WHITE, 0.6),
        0.5,
    );
}

/// Sitting, from the front.
pub(super) fn bear(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let body = p.round(-40.0, 40.0, coat);
    let muzzle = coat.mix(p.tone(0xf3dcb8), 0.55);
    let dark = coat.mix(p.look.ink, 0.55);
    p.fill("M-30 0 C-44 -8 -42 -36 -31 -52 C-22 -60 22 -60 31 -52 C42 -36 44 -8 30 0 Z", &body);
    p.fill("M-15 -52 C-24 -34 -20 -12 0 -8 C20 -12 24 -34 15 -52 Z", &Ink::Flat(muzzle, 0.42));
    for side in [-1.0_f32, 1.0] {
        let s = |x: f32| x * side;
        p.fill(
            &format!(
                "M{} -50 C{} -42 {} -22 {} -16 C{} -10 {} -12 {} -20 C{} -30 {} -40 {} -48 Z",
                s(27.0),
                s(42.0),
                s(42.0),
                s(31.0),
                s(24.0),
                s(16.0),
                s(19.0),
                s(22.0),
                s(21.0),
                s(22.0)
            ),
            &Ink::flat(coat.mix(p.look.ink, 0.2)),
        );
        p.fill(
            &format!(
                "M{} 0 C{} -14 {} -20 {} -18 C{} -16 {} -4 {} 0 Z",
                s(12.0),
                s(11.0),
                s(22.0),
                s(31.0),
                s(41.0),
                s(43.0),
                s(38.0)
            ),
            &Ink::flat(coat.mix(p.look.ink, 0.12)),
        );
        p.shape(Shape::oval(s(27.0), -8.0, 8.2, 7.2), &Ink::flat(muzzle.mix(p.look.ink, 0.12)));
        p.shape(Shape::circle(s(24.0), -94.0, 10.5), &Ink::flat(coat.mix(p.look.ink, 0.1)));
        p.shape(Shape::circle(s(24.0), -93.0, 6.0), &Ink::Flat(muzzle, 0.6));
    }
    p.fill("M0 -101 C20 -101 33 -90 33 -74 C33 -56 18 -48 0 -48 C-18 -48 -33 -56 -33 -74 C-33 -90 -20 -101 0 -101 Z", &p.round(-36.0, 36.0, coat.lift(0.02)));
    p.shape(
        Shape::oval(0.0, -63.0, 16.5, 12.5),
        &Ink::down(-76.0, -50.0, &[muzzle.mix(Rgb::WHITE, 0.25), muzzle]),
    );
    p.fill("M-7 -72 C-3 -74.500 3 -74.500 7 -72 C7.500 -67.500 3 -64.500 0 -64.500 C-3 -64.500 -7.500 -67.500 -7 -72 Z", &Ink::flat(p.look.ink));
    p.shape(Shape::oval(-2.0, -71.5, 2.2, 0.9), &Ink::Flat(Rgb::WHITE, 0.5));
    p.stroke(
        "M0 -64.500 L0 -60 C-3 -56 -8 -57 -9 -59.500 M0 -60 C3 -56 8 -57 9 -59.500",
        &Ink::flat(dark),
        1.3,
    );
    eyes(p, 14.5, -79.0, 3.2);
    let mut rng = p.rng.fork("fur");
    for _ in 0..46 {
        let (x, y) = (rng.bell() * 30.0, rng.range(-46.0, -10.0));
        p.line(&[(x, y), (x + x * 0.02, y + 4.0)], &Ink::Flat(dark, 0.16), 0.8);
    }
}

/// Walking to the right.
pub(super) fn elephant(p: &mut Pen<'_, '_>) {
    let hide = p.look.accent;
    let far = hide.mix(p.look.ink, 0.42);
    let tone =
        Ink::down(-92.0, 0.0, &[hide.mix(Rgb::WHITE, 0.22), hide, hide.mix(p.look.ink, 0.35)]);
    let ivory = p.tone(0xfbf2dd);
    p.fill("M-34 -34 L-34 -4 C-34 -1 -20 -1 -20 -4 L-16 -34 Z M24 -36 L26 -4 C26 -1 40 -1 40 -4 L40 -40 Z", &Ink::flat(far));
    p.stroke("M-56 -60 C-64 -50 -63 -38 -61 -30", &Ink::flat(far), 2.4);
    p.line(&[(-61.0, -31.0), (-60.0, -23.0)], &Ink::flat(p.look.ink), 3.4);
    p.fill("M-54 -30 C-62 -60 -48 -84 -16 -87 C0 -88 12 -86 22 -86 C34 -96 54 -92 60 -76 C64 -64 62 -52 64 -40 C65 -28 68 -22 72 -19 C76 -17 79 -19 79 -23 L84 -23 C85 -14 79 -9 72 -10 C61 -12 55 -24 53 -38 C50 -44 44 -48 38 -48 C32 -44 26 -40 25 -32 L24 -4 C24 0 5 0 5 -4 L3 -30 C-6 -27 -18 -27 -28 -30 L-31 -4 C-31 0 -51 0 -51 -4 Z", &tone);
    p.fill(
        "M-28 -30 C-24 -42 -26 -52 -34 -60 M25 -32 C26 -40 22 -46 18 -50",
        &Ink::Flat(p.look.ink, 0.0),
    );
    p.stroke(
        "M-29 -30 C-25 -38 -25 -46 -30 -54 M4 -31 C2 -38 3 -44 6 -48",
        &Ink::Flat(p.look.ink, 0.22),
        1.3,
    );
    p.fill(
        "M48 -52 C52 -40 60 -34 70 -34 C66 -42 60 -46 56 -54 Z",
        &Ink::down(-54.0, -34.0, &[ivory, ivory.mix(p.look.ink, 0.2)]),
    );
    p.fill("M30 -84 C16 -92 -2 -86 -4 -68 C-6 -52 4 -38 18 -40 C26 -42 30 -50 34 -58 C38 -66 36 -78 30 -84 Z", &Ink::Flat(p.look.ink, 0.25));
    p.fill("M31 -85 C18 -93 1 -87 -1 -70 C-3 -54 6 -41 19 -43 C26 -45 30 -52 35 -60 C38 -68 37 -79 31 -85 Z", &Ink::across(-2.0, 36.0, &[hide.mix(Rgb::WHITE, 0.3), hide.mix(Rgb::WHITE, 0.1), hide.mix(p.look.ink, 0.15)]));
    p.fill("M26 -78 C16 -84 7 -78 6 -67 C5 -57 10 -50 18 -52 C23 -54 26 -60 28 -66 C30 -72 29 -76 26 -78 Z", &Ink::Flat(p.tone(0xd99a90), 0.3));
    p.shape(Shape::oval(47.0, -71.0, 2.3, 2.8), &Ink::flat(p.look.ink));
    p.shape(Shape::circle(47.7, -72.0, 0.8), &Ink::flat(Rgb::WHITE));
    p.stroke("M43 -76 C46 -78 50 -77 52 -75", &Ink::Flat(p.look.ink, 0.3), 1.0);
    for k in 0..7 {
        let t = k as f32 / 6.0;
        let (x, y) = (54.0 + t * 6.0, -56.0 + t * 32.0);
        p.line(&[(x, y), (x + 7.5 - t * 2.0, y - 1.5 + t * 1.0)], &Ink::Flat(p.look.ink, 0.2), 0.9);
    }
    for x in [-47.0, -41.5, -36.0, 9.0, 14.5, 20.0] {
        p.shape(Shape::oval(x, -2.6, 2.2, 1.7), &Ink::flat(ivory.mix(hide, 0.35)));
    }
    p.stroke("M-50 -62 C-42 -78 -28 -84 -10 -85", &Ink::Flat(Rgb::WHITE, 0.3), 1.8);
}

/// A stag standing, looking to the right.
pub(super) fn deer(p: &mut Pen<'_, '_>) {
    let coat = p.look.accent;
    let far = Ink::flat(coat.mix(p.look.ink, 0.5));
    let pale = coat.mix(p.tone(0xfff3df), 0.65);
    let horn = p.tone(0xd9b98a);
    p.fill("M-20 -40 L-23 -20 L-19 0 L-15 0 L-17 -20 L-10 -40 Z M22 -40 L23 -20 L21 0 L25 0 L27 -20 L27 -44 Z", &far);
    p.fill("M-34 -56 C-40 -56 -42 -48 -40 -43 C-36 -44 -34 -48 -33 -50 Z", &Ink::flat(pale));
    p.fill("M-35 -52 C-36 -60 -28 -64 -18 -62 C-8 -60 2 -59 11 -62 C17 -66 19 -76 22 -84 C24 -90 32 -92 36 -88 L49 -79 C52 -77 51 -73 48 -72.500 L37 -72 C34 -68 34 -58 32 -51 C31 -45 28 -41 25 -38 L22 -20 L21 -2 L22 0 L15.500 0 L15.500 -20 L13 -36 C4 -33 -8 -33 -17 -36 C-21 -32 -26 -27 -28 -21 L-26 -2 L-25 0 L-31.500 0 L-33 -20 C-33 -28 -36 -36 -36.500 -42 Z", &Ink::down(-90.0, 0.0, &[coat.mix(Rgb::WHITE, 0.2), coat, coat.mix(p.look.ink, 0.35)]));
    p.fill(
        "M32 -51 C31 -45 28 -41 25 -38 C22 -46 25 -58 30 -68 C33 -66 33 -58 32 -51 Z",
        &Ink::Flat(pale, 0.6),
    );
    p.fill("M-16 -36 C-8 -33 4 -33 13 -36 C4 -39 -8 -39 -16 -36 Z", &Ink::Flat(pale, 0.55));
    p.fill(
        "M22 -85 C14 -90 8 -90 6 -87 C9 -82 16 -79 22 -81 Z",
        &Ink::flat(coat.mix(p.look.ink, 0.2)),
    );
    p.fill(
        "M19 -84.500 C14 -87.500 11 -88 9 -86.500 C11 -84 15 -82.500 19 -82.500 Z",
        &Ink::Flat(pale, 0.6),
    );
    let antler = "M26 -89 C20 -100 12 -106 13 -120 M21 -98 C14 -100 8 -104 4 -112 M15 -108 C20 -111 22 -116 22 -121";
    p.stroke("M31 -90 C34 -101 44 -106 45 -120 M35 -99 C41 -101 47 -105 52 -112 M43 -109 C38 -112 36 -117 36 -121", &Ink::flat(horn.mix(p.look.ink, 0.3)), 2.5);
    p.stroke(antler, &Ink::flat(horn.mix(p.look.ink, 0.15)), 2.8);
    p.stroke(antler, &Ink::flat(horn.mix(Rgb::WHITE, 0.25)), 1.2);
    p.shape(Shape::oval(35.0, -82.5, 1.9, 2.1), &Ink::flat(p.look.ink));
    p.shape(Shape::circle(35.6, -83.3, 0.6), &Ink::flat(Rgb::WHITE));
    p.shape(Shape::oval(49.0, -76.0, 2.2, 2.0), &Ink::flat(p.look.ink));
    p.stroke("M47 -73 C43 -73 41 -74 39 -75.500", &Ink::Flat(p.look.ink, 0.5), 0.8);
    p.stroke(
        "M13 -36 C12 -44 14 -52 18 -56 M-17 -36 C-14 -44 -16 -52 -22 -57",
        &Ink::Flat(p.look.ink, 0.2),
        1.2,
    );
    p.fill(
        "M15.500 -4 L21.300 -4 L22 0 L15.500 0 Z M-31.700 -4 L-26.200 -4 L-25 0 L-31.500 0 Z",
        &Ink::flat(p.look.ink),
    );
    p.stroke("M-30 -61 C-22 -63 -6 -59 10 -61.500", &Ink::Flat(Rgb::WHITE, 0.3), 1.3);
}
