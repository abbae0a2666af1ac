//! Devices and instruments.

use tiny_skia::Transform;

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

/// The path of a rectangle with round corners.
fn slab(x: f32, y: f32, w: f32, h: f32, r: f32) -> Shape {
    let (k, right, low) = (r * 0.448, x + w, y + h);
    Shape::svg(&format!(
        "M{} {y} L{} {y} C{} {y} {right} {} {right} {} L{right} {} C{right} {} {} {low} {} {low} L{} {low} C{} {low} {x} {} {x} {} L{x} {} C{x} {} {} {y} {} {y} Z",
        x + r,
        right - r,
        right - k,
        y + k,
        y + r,
        low - r,
        low - k,
        right - k,
        right - r,
        x + r,
        x + k,
        low - k,
        low - r,
        y + r,
        y + k,
        x + k,
        x + r
    ))
}

pub(super) fn watch(p: &mut Pen<'_, '_>) {
    let strap = p.look.accent;
    let steel = p.tone(0xd4d6d8);
    let hide = p.round(-17.0, 17.0, strap);
    p.fill("M-12 -108 C-12 -111 12 -111 12 -108 L16 -74 L-16 -74 Z M-16 -30 L16 -30 L12 0 C12 3 -12 3 -12 0 Z", &hide);
    for side in [-1.0_f32, 1.0] {
        for k in 0..10 {
            let y = -104.0 + k as f32 * 3.2;
            let x = side * (10.4 + (y + 108.0) * 0.11);
            p.line(&[(x, y), (x + side * 0.1, y + 1.6)], &Ink::Flat(Rgb::WHITE, 0.45), 0.6);
            let y = -27.0 + k as f32 * 2.8;
            let x = side * (14.2 - (y + 30.0) * 0.12);
            p.line(&[(x, y), (x, y + 1.4)], &Ink::Flat(Rgb::WHITE, 0.45), 0.6);
        }
    }
    for y in [-7.0, -13.0, -19.0] {
        p.shape(Shape::oval(0.0, y, 1.3, 1.7), &Ink::Flat(p.look.ink, 0.65));
    }
    let metal = Ink::across(
        -32.0,
        32.0,
        &[
            steel.mix(p.look.ink, 0.55),
            steel,
            Rgb::WHITE.mix(steel, 0.3),
            steel.mix(p.look.ink, 0.15),
            steel.mix(p.look.ink, 0.6),
        ],
    );
    p.fill("M-18 -84 L-13 -84 L-11 -70 L-21 -70 Z M18 -84 L13 -84 L11 -70 L21 -70 Z M-21 -34 L-11 -34 L-13 -20 L-18 -20 Z M21 -34 L11 -34 L13 -20 L18 -20 Z", &metal);
    p.shape(slab(29.0, -56.0, 6.5, 8.0, 2.0), &metal);
    p.shape(slab(27.0, -68.5, 5.0, 6.0, 1.6), &metal);
    p.shape(slab(27.0, -41.5, 5.0, 6.0, 1.6), &metal);
    p.shape(Shape::circle(0.0, -52.0, 31.0), &metal);
    p.shape(
        Shape::circle(0.0, -52.0, 28.4),
        &Ink::down(-80.0, -24.0, &[steel.mix(p.look.ink, 0.5), steel.mix(Rgb::WHITE, 0.6)]),
    );
    let face = p.tone(0x16202e).mix(strap, 0.16);
    p.shape(
        Shape::circle(0.0, -52.0, 26.4),
        &Ink::Round {
            centre: (8.0 * p.side, -62.0),
            radius: 44.0,
            stops: vec![
                (0.0, face.lift(0.16), 1.0),
                (0.6, face, 1.0),
                (1.0, face.lift(-0.06), 1.0),
            ],
        },
    );
    let pale = p.tone(0xf7f1e4);
    for k in 0..60_u8 {
        let a = f32::from(k).mul_add(6.0_f32.to_radians(), 0.0);
        let (sin, cos) = (crate::math::sin(a), -crate::math::cos(a));
        let hour = k % 5 == 0;
        let inner = if hour { 20.0 } else { 23.4 };
        let ink = if hour { Ink::flat(pale) } else { Ink::Flat(pale, 0.6) };
        p.line(
            &[(sin * inner, -52.0 + cos * inner), (sin * 24.8, -52.0 + cos * 24.8)],
            &ink,
            if hour { 1.7 } else { 0.45 },
        );
    }
    for (x, y) in [(-9.5, -52.0), (9.5, -52.0), (0.0, -41.5)] {
        p.shape(Shape::circle(x, y, 6.0), &Ink::Flat(pale, 0.16));
        p.stroke(&format!("M{x} {y} L{} {}", x + 2.2, y - 3.6), &Ink::Flat(pale, 0.85), 0.6);
    }
    p.stroke("M0 -52 L-11.500 -58.800", &Ink::flat(pale), 2.6);
    p.stroke("M0 -52 L15.500 -61.500", &Ink::flat(pale), 1.9);
    p.stroke("M-3 -46 L6 -72", &Ink::flat(p.tone(0xe8623a)), 0.8);
    p.shape(Shape::circle(0.0, -52.0, 2.2), &Ink::flat(p.tone(0xe8623a)));
    p.fill(
        "M-20 -68.500 C-13 -78 4 -80 13 -75 C0 -74 -12 -66 -19 -50 C-24 -56 -24 -62 -20 -68.500 Z",
        &Ink::Flat(Rgb::WHITE, 0.16),
    );
}

pub(super) fn headphones(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let dark = p.tone(0x2a2a30);
    let steel = p.tone(0xcfd2d4);
    p.stroke(
        "M-41 -46 C-52 -120 52 -120 41 -46",
        &Ink::across(
            -46.0,
            46.0,
            &[tone.mix(p.look.ink, 0.35), tone.mix(Rgb::WHITE, 0.2), tone.mix(p.look.ink, 0.4)],
        ),
        8.5,
    );
    p.stroke("M-33 -78 C-22 -100 22 -100 33 -78", &Ink::flat(dark.mix(tone, 0.1)), 6.5);
    p.stroke("M-36 -86 C-24 -109 10 -108 24 -98", &Ink::Flat(Rgb::WHITE, 0.4), 1.6);
    for side in [-1.0_f32, 1.0] {
        let s = |x: f32| x * side;
        p.line(&[(s(42.0), -64.0), (s(42.0), -40.0)], &Ink::flat(steel), 4.4);
        p.line(&[(s(41.2), -64.0), (s(41.2), -40.0)], &Ink::flat(steel.mix(Rgb::WHITE, 0.6)), 1.2);
        // The cushion towards the ear, then the shell.
        p.fill(
            &format!(
                "M{} -54 C{} -58 {} -58 {} -48 L{} -12 C{} -2 {} -2 {} -6 Z",
                s(37.0),
                s(30.0),
                s(21.0),
                s(20.0),
                s(20.0),
                s(21.0),
                s(30.0),
                s(37.0)
            ),
            &Ink::across(
                s(20.0),
                s(38.0),
                &[dark.mix(Rgb::WHITE, 0.22), dark, dark.mix(p.look.ink, 0.4)],
            ),
        );
        p.line(
            &[(s(25.0), -50.0), (s(24.0), -30.0), (s(25.0), -10.0)],
            &Ink::Flat(p.look.ink, 0.35),
            1.0,
        );
        let near = side * p.side > 0.0;
        let shell = if near {
            [tone, tone.mix(Rgb::WHITE, 0.35)]
        } else {
            [tone.mix(p.look.ink, 0.2), tone.mix(p.look.ink, 0.5)]
        };
        p.fill(
            &format!("M{} -58 L{} -58 C{} -58 {} -46 {} -30 C{} -14 {} -2 {} -2 L{} -2 C{} -2 {} -4 {} -7 L{} -53 C{} -56 {} -58 {} -58 Z", s(40.0), s(43.0), s(54.0), s(58.0), s(58.0), s(58.0), s(54.0), s(43.0), s(40.0), s(37.0), s(36.0), s(36.0), s(36.0), s(36.0), s(37.0), s(40.0)),
            &Ink::across(s(36.0), s(58.0), &shell),
        );
        p.stroke(
            &format!("M{} -55 L{} -5", s(40.0), s(40.0)),
            &Ink::Flat(steel.mix(Rgb::WHITE, 0.4), 0.7),
            1.4,
        );
        p.stroke(
            &format!("M{} -49 C{} -40 {} -22 {} -12", s(51.0), s(54.0), s(54.0), s(51.0)),
            &Ink::Flat(Rgb::WHITE, if near { 0.55 } else { 0.16 }),
            1.8,
        );
    }
}

/// The picture on a display: hills under a sun in the colours of the thing.
fn display(p: &mut Pen<'_, '_>, (x, y, w, h): (f32, f32, f32, f32), r: f32) {
    let tone = p.look.accent;
    let (high, low) = (tone.with_lightness(0.5).turn(-30.0), tone.with_lightness(0.82).turn(24.0));
    p.shape(slab(x, y, w, h, r), &Ink::down(y, y + h, &[high, tone.with_lightness(0.66), low]));
    let side = w.min(h);
    p.shape(Shape::circle(x + w * 0.62, y + h * 0.56, side * 0.17), &Ink::flat(Rgb::hex(0xfff3d8)));
    for (k, t) in [0.66, 0.76, 0.86].into_iter().enumerate() {
        let (a, c) = (y + h * t, y + h * (t - 0.09));
        let dark = tone.with_lightness(0.52 - 0.11 * k as f32).turn(-24.0);
        let flip = if k % 2 == 0 { (a, c) } else { (c, a) };
        p.fill(
            &format!("M{x} {} C{} {} {} {} {} {} L{} {} C{} {} {} {} {} {} L{} {} C{x} {} {x} {} {x} {} Z", flip.0, x + w * 0.3, flip.1 - h * 0.06, x + w * 0.6, flip.0 + h * 0.04, x + w, flip.1, x + w, y + h - r, x + w, y + h - r * 0.45, x + w - r * 0.45, y + h, x + w - r, y + h, x + r, y + h, y + h, y + h - r * 0.45, y + h - r),
            &Ink::flat(dark),
        );
    }
    if p.look.lit {
        p.glow(x + w / 2.0, y + h / 2.0, w.max(h) * 0.8, tone.with_lightness(0.75), 0.3);
    }
}

pub(super) fn phone(p: &mut Pen<'_, '_>) {
    let tone = p.look.accent;
    let dark = p.tone(0x17181c);
    let saved = p.place;
    // One from the back, behind.
    p.place = saved
        .pre_concat(Transform::from_rotate(9.0).post_concat(Transform::from_translate(21.0, -1.5)));
    p.shape(
        slab(-25.0, -100.0, 50.0, 101.0, 9.0),
        &p.round(-26.0, 26.0, tone.mix(p.look.ink, 0.1)),
    );
    p.shape(slab(-20.0, -95.0, 21.0, 23.0, 6.0), &Ink::flat(tone.mix(Rgb::WHITE, 0.22)));
    for (x, y) in [(-14.0, -89.0), (-14.0, -78.0), (-5.0, -83.5)] {
        p.shape(Shape::circle(x, y, 4.3), &Ink::flat(dark));
        p.shape(Shape::circle(x, y, 2.4), &Ink::flat(dark.mix(Rgb::hex(0x4a5a8a), 0.6)));
        p.shape(Shape::circle(x - 1.0, y - 1.2, 0.8), &Ink::Flat(Rgb::WHITE, 0.8));
    }
    p.place = saved.pre_concat(
        Transform::from_rotate(-4.0).post_concat(Transform::from_translate(-10.0, -1.0)),
    );
    p.shape(slab(-24.0, -101.5, 53.0, 104.0, 10.0), &Ink::Flat(p.look.ink, 0.35));
    p.shape(
        slab(-27.0, -102.0, 54.0, 104.0, 10.0),
        &p.round(-27.0, 27.0, tone.mix(p.tone(0xd8dadc), 0.4)),
    );
    p.shape(slab(-25.6, -100.6, 51.2, 101.2, 8.8), &Ink::flat(dark));
    display(p, (-23.4, -98.4, 46.8, 96.8), 6.8);
    p.shape(slab(-7.0, -95.5, 14.0, 4.2, 2.1), &Ink::flat(dark));
    p.stroke("M-9 -82 L9 -82", &Ink::Flat(Rgb::WHITE, 0.95), 5.2);
    p.stroke("M-6 -74.500 L6 -74.500", &Ink::Flat(Rgb::WHITE, 0.75), 1.4);
    for k in 0..4 {
        p.shape(
            slab(-19.6 + k as f32 * 10.2, -15.0, 8.2, 8.2, 2.3),
            &Ink::Flat(Rgb::WHITE, if k == 1 { 0.95 } else { 0.62 }),
        );
    }
    p.stroke("M-7 -4.300 L7 -4.300", &Ink::Flat(Rgb::WHITE, 0.9), 0.9);
    p.fill(
        "M-23 -92 C-23 -96 -20.500 -98.400 -17 -98.400 L10 -98.400 L-23 -36 Z",
        &Ink::Flat(Rgb::WHITE, 0.1),
    );
    p.place = saved;
}

pub(super) fn laptop(p: &mut Pen<'_, '_>) {
    let shell = p.tone(0xcfd2d6).mix(p.look.accent, 0.1);
    let dark = p.tone(0x1a1b20);
    p.shape(
        slab(-63.0, -95.0, 126.0, 84.0, 5.0),
        &Ink::down(-95.0, -11.0, &[shell.mix(Rgb::WHITE, 0.3), shell]),
    );
    p.shape(slab(-61.4, -93.4, 122.8, 81.4, 4.0), &Ink::flat(dark));
    display(p, (-58.0, -89.6, 116.0, 72.0), 1.6);
    p.shape(slab(-58.0, -89.6, 116.0, 4.2, 1.0), &Ink::Flat(Rgb::WHITE, 0.3));
    // A window with a chart of bars.
    p.shape(slab(-49.0, -78.0, 44.0, 38.0, 2.4), &Ink::Flat(Rgb::hex(0xfffaf2), 0.94));
    p.stroke("M-45 -73 L-28 -73", &Ink::Flat(dark, 0.75), 2.0);
    p.stroke("M-45 -68.500 L-18 -68.500", &Ink::Flat(dark, 0.35), 1.0);
    for (k, tall) in [8.0, 13.0, 10.0, 18.0, 15.0].into_iter().enumerate() {
        p.shape(
            Shape::rect(-45.0 + k as f32 * 7.6, -43.5 - tall, 5.0, tall),
            &Ink::flat(p.look.accent.turn(k as f32 * 12.0)),
        );
    }
    p.fill("M-58 -88 L-6 -88 L-50 -18 L-58 -18 Z", &Ink::Flat(Rgb::WHITE, 0.07));
    p.fill(
        "M-63 -11 L63 -11 L80 -3 L-80 -3 Z",
        &Ink::down(-11.0, -3.0, &[shell.mix(p.look.ink, 0.22), shell.mix(Rgb::WHITE, 0.2)]),
    );
    for k in 0..3 {
        let (y, half) = (-9.6 + k as f32 * 1.7, 55.0 + k as f32 * 3.0);
        p.line(&[(-half, y), (half, y)], &Ink::Flat(dark, 0.75), 1.15);
    }
    p.fill("M-14 -4.800 L14 -4.800 L15 -3.300 L-15 -3.300 Z", &Ink::Flat(p.look.ink, 0.18));
    p.fill(
        "M-80 -3 L80 -3 L80 -2 C80 -0.500 78 0 75 0 L-75 0 C-78 0 -80 -0.500 -80 -2 Z",
        &Ink::down(-3.0, 0.0, &[shell.mix(Rgb::WHITE, 0.4), shell.mix(p.look.ink, 0.4)]),
    );
}

pub(super) fn camera(p: &mut Pen<'_, '_>) {
    let hide = p.look.accent;
    let steel = p.tone(0xd8d4cc);
    let dark = p.tone(0x1b1c20);
    p.stroke("M-56 -50 C-76 -34 -74 -4 -52 -1", &Ink::flat(hide.mix(p.look.ink, 0.5)), 3.4);
    p.fill(
        "M-20 -78 L-13 -92 C-12 -94 -10 -95 -8 -95 L16 -95 C18 -95 20 -94 21 -92 L28 -78 Z",
        &Ink::down(-95.0, -76.0, &[steel.mix(Rgb::WHITE, 0.5), steel]),
    );
    p.shape(slab(-46.0, -86.0, 15.0, 9.0, 2.0), &p.round(-46.0, -31.0, steel));
    p.shape(slab(36.0, -84.0, 14.0, 7.0, 2.0), &p.round(36.0, 50.0, steel.mix(p.look.ink, 0.2)));
    p.shape(slab(-58.0, -79.0, 116.0, 79.0, 9.0), &p.round(-60.0, 60.0, steel));
    p.shape(Shape::rect(-58.0, -60.0, 116.0, 46.0), &p.round(-60.0, 60.0, hide));
    let mut rng = p.rng.fork("grain");
    for _ in 0..170 {
        let (x, y) = (rng.range(-56.0, 56.0), rng.range(-58.5, -15.5));
        p.shape(Shape::circle(x, y, rng.range(0.35, 0.8)), &Ink::Flat(p.look.ink, 0.16));
    }
    p.stroke("M-58 -60 L58 -60 M-58 -14 L58 -14", &Ink::Flat(p.look.ink, 0.4), 1.0);
    p.shape(
        slab(-10.0, -92.0, 28.0, 11.0, 1.6),
        &Ink::down(-92.0, -81.0, &[dark.mix(Rgb::hex(0x7a9ab0), 0.5), dark]),
    );
    p.shape(
        slab(36.0, -73.0, 14.0, 9.0, 2.0),
        &Ink::down(-73.0, -64.0, &[Rgb::hex(0xfff4dc).mix(steel, 0.3), steel.mix(p.look.ink, 0.3)]),
    );
    p.shape(Shape::circle(-44.0, -69.0, 3.0), &Ink::flat(p.tone(0xc8402f)));
    let (x, y) = (4.0, -37.0);
    p.shape(Shape::circle(x + 2.0, y + 3.0, 35.0), &Ink::Flat(p.look.ink, 0.35));
    for (r, ink) in [
        (
            34.0,
            Ink::across(
                x - 34.0,
                x + 34.0,
                &[
                    steel.mix(p.look.ink, 0.45),
                    steel.mix(Rgb::WHITE, 0.5),
                    steel.mix(p.look.ink, 0.35),
                ],
            ),
        ),
        (31.0, Ink::flat(dark)),
        (26.0, Ink::down(y - 26.0, y + 26.0, &[dark.mix(Rgb::WHITE, 0.3), dark])),
        (22.5, Ink::flat(dark.mix(p.look.ink, 0.4))),
    ] {
        p.shape(Shape::circle(x, y, r), &ink);
    }
    for k in 0..40_u8 {
        let a = f32::from(k) * 9.0_f32.to_radians();
        let (sin, cos) = (crate::math::sin(a), crate::math::cos(a));
        p.line(
            &[(x + sin * 27.5, y + cos * 27.5), (x + sin * 30.0, y + cos * 30.0)],
            &Ink::Flat(Rgb::WHITE, 0.22),
            0.9,
        );
    }
    p.shape(
        Shape::circle(x, y, 19.0),
        &Ink::Round {
            centre: (x - 6.0, y - 7.0),
            radius: 30.0,
            stops: vec![
                (0.0, Rgb::hex(0x7fa6c8), 1.0),
                (0.35, Rgb::hex(0x3a4a86), 1.0),
                (0.7, Rgb::hex(0x1c1a34), 1.0),
                (1.0, Rgb::hex(0x0c0b16), 1.0),
            ],
        },
    );
    p.shape(Shape::circle(x, y, 9.0), &Ink::Flat(Rgb::hex(0x0a0a12), 0.65));
    p.shape(Shape::oval(x - 7.0, y - 8.5, 5.0, 3.6), &Ink::Flat(Rgb::WHITE, 0.75));
    p.shape(Shape::circle(x + 8.0, y + 8.0, 2.4), &Ink::Flat(Rgb::hex(0xd89ad0), 0.6));
}

pub(super) fn robot(p: &mut Pen<'_, '_>) {
    let paint = p.look.accent;
    let shell = p.look.body;
    let dark = p.tone(0x1d2230);
    let light = if p.look.lit { p.look.lamp } else { Rgb::hex(0x7fe6e6) };
    let limb = p.round(-48.0, 48.0, shell.mix(p.look.ink, 0.3));
    p.stroke("M-12 -20 L-12 -6 M12 -20 L12 -6", &limb, 7.0);
    p.fill("M-23 0 C-23 -8 -18 -9 -12 -9 C-6 -9 -3 -7 -3 0 Z M23 0 C23 -8 18 -9 12 -9 C6 -9 3 -7 3 0 Z", &p.round(-24.0, 24.0, paint));
    p.stroke("M-27 -42 C-39 -40 -41 -30 -39 -22 M27 -42 C39 -44 45 -54 43 -63", &limb, 6.5);
    p.shape(Shape::circle(-39.0, -19.0, 5.6), &p.round(-45.0, -33.0, paint));
    p.shape(Shape::circle(43.5, -66.0, 5.6), &p.round(38.0, 49.0, paint));
    p.fill("M-26 -46 C-26 -53 -20 -54 0 -54 C20 -54 26 -53 26 -46 L23 -22 C22 -16 16 -14 0 -14 C-16 -14 -22 -16 -23 -22 Z", &p.round(-27.0, 27.0, shell));
    p.fill(
        "M-24.500 -32 L24.500 -32 L23 -22 C22 -16 16 -14 0 -14 C-16 -14 -22 -16 -23 -22 Z",
        &p.round(-27.0, 27.0, paint),
    );
    p.shape(Shape::circle(0.0, -40.0, 5.4), &Ink::flat(dark));
    p.shape(Shape::circle(0.0, -40.0, 3.4), &Ink::flat(light));
    p.glow(0.0, -40.0, 16.0, light, 0.6);
    p.stroke("M-8 -54 L8 -54", &Ink::flat(dark), 5.0);
    p.line(&[(0.0, -98.0), (0.0, -107.0)], &Ink::flat(dark.mix(shell, 0.3)), 1.8);
    p.shape(Shape::circle(0.0, -109.0, 3.4), &Ink::flat(p.tone(0xf0623a)));
    p.shape(slab(-38.0, -87.0, 10.0, 18.0, 4.0), &p.round(-38.0, -28.0, paint));
    p.shape(slab(28.0, -87.0, 10.0, 18.0, 4.0), &p.round(28.0, 38.0, paint));
    p.shape(
        slab(-33.0, -99.0, 66.0, 43.0, 16.0),
        &p.round(-34.0, 34.0, shell.mix(Rgb::WHITE, 0.12)),
    );
    p.shape(
        slab(-26.5, -92.0, 53.0, 30.0, 11.0),
        &Ink::down(-92.0, -62.0, &[dark.mix(Rgb::hex(0x4a5a80), 0.35), dark]),
    );
    for x in [-11.5, 11.5] {
        p.shape(slab(x - 3.6, -84.5, 7.2, 11.0, 3.6), &Ink::flat(light));
        p.glow(x, -79.0, 17.0, light, 0.55);
    }
    p.stroke("M-5 -69.500 C-2 -67 2 -67 5 -69.500", &Ink::flat(light), 1.6);
    p.stroke("M-21 -87 C-18 -90 -12 -90.500 -4 -90.500", &Ink::Flat(Rgb::WHITE, 0.3), 1.4);
    let edge = p.side.signum();
    p.stroke(
        &format!(
            "M{} -93 C{} -90 {} -84 {} -74",
            22.0 * edge,
            28.0 * edge,
            30.0 * edge,
            30.0 * edge
        ),
        &Ink::Flat(Rgb::WHITE, 0.6),
        2.0,
    );
}

/// An acoustic guitar, a little aslant.
pub(super) fn guitar(p: &mut Pen<'_, '_>) {
    let wood = p.look.accent;
    let dark = p.tone(0x3a2218);
    let pale = p.tone(0xf6e9cf);
    let saved = p.place;
    p.place = saved
        .pre_concat(Transform::from_rotate(8.0).post_concat(Transform::from_translate(-6.0, -1.5)));
    let body = "M0 0 C-17 1 -26 -7 -25 -19 C-24 -28 -17 -30 -17 -36 C-17 -41 -20 -43 -19 -50 C-18 -57 -10 -60 0 -60 C10 -60 18 -57 19 -50 C20 -43 17 -41 17 -36 C17 -30 24 -28 25 -19 C26 -7 17 1 0 0 Z";
    p.place = p.place.pre_concat(Transform::from_translate(2.2 * -p.side, 0.6));
    p.fill(body, &Ink::flat(wood.mix(dark, 0.75)));
    p.place = p.place.pre_concat(Transform::from_translate(-2.2 * -p.side, -0.6));
    p.fill(
        body,
        &Ink::Round {
            centre: (0.0, -28.0),
            radius: 42.0,
            stops: vec![
                (0.0, wood.mix(pale, 0.45), 1.0),
                (0.45, wood.mix(Rgb::WHITE, 0.1), 1.0),
                (0.85, wood.mix(dark, 0.35), 1.0),
                (1.0, wood.mix(dark, 0.65), 1.0),
            ],
        },
    );
    p.stroke(body, &Ink::Flat(pale, 0.85), 1.0);
    for k in 0..9 {
        let x = -18.0 + k as f32 * 4.5;
        p.line(&[(x, -4.0 - x.abs() * 0.1), (x * 0.9, -24.0)], &Ink::Flat(dark, 0.08), 0.8);
    }
    p.fill("M7 -29 C14 -30 17 -24 16 -17 C14 -12 8 -14 6 -20 Z", &Ink::Flat(dark, 0.6));
    p.shape(Shape::circle(0.0, -35.0, 9.4), &Ink::flat(pale));
    p.shape(Shape::circle(0.0, -35.0, 8.6), &Ink::flat(wood.mix(dark, 0.5)));
    p.shape(Shape::circle(0.0, -35.0, 7.4), &Ink::flat(dark.mix(p.look.ink, 0.7)));
    p.shape(slab(-9.0, -15.5, 18.0, 3.6, 1.2), &Ink::flat(dark));
    p.fill(
        "M-3.600 -98 L3.600 -98 L4.300 -44 L-4.300 -44 Z",
        &p.round(-4.5, 4.5, dark.mix(wood, 0.2)),
    );
    for k in 0..14 {
        let y = -96.0 + 52.0 * (1.0 - crate::math::pow(0.93, k as f32)) / 0.64;
        p.line(&[(-3.7, y), (3.7, y)], &Ink::Flat(pale, 0.75), 0.5);
        if [2, 4, 6, 8].contains(&k) {
            p.shape(Shape::circle(0.0, y + 1.6, 0.8), &Ink::flat(pale));
        }
    }
    p.fill(
        "M-3.600 -97 L-6 -101 L-5.400 -116 C-3 -118 3 -118 5.400 -116 L6 -101 L3.600 -97 Z",
        &p.round(-6.0, 6.0, wood.mix(dark, 0.45)),
    );
    for k in 0..3 {
        let y = -113.0 + k as f32 * 4.6;
        p.shape(Shape::oval(-8.0, y, 2.2, 1.4), &Ink::flat(pale));
        p.shape(Shape::oval(8.0, y, 2.2, 1.4), &Ink::flat(pale));
    }
    for k in 0..6 {
        let t = k as f32 / 5.0 * 2.0 - 1.0;
        p.line(&[(t * 2.7, -98.0), (t * 4.4, -14.0)], &Ink::Flat(pale, 0.85), 0.35);
    }
    p.stroke("M-20 -10 C-16 -4 -8 -2.500 0 -2.500", &Ink::Flat(Rgb::WHITE, 0.3), 1.4);
    p.place = saved;
}
