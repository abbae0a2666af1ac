//! Buildings.

use super::pen::Pen;
use crate::paint::brush::{Ink, Shape};
use crate::paint::color::Rgb;

pub(super) fn lighthouse(p: &mut Pen<'_, '_>) {
    let wall = p.look.body;
    let ink = Ink::flat(p.look.ink);
    let tower = p.round(-11.0, 11.0, wall);
    p.fill("M-11 0 L-6.4 -74 L6.4 -74 L11 0 Z", &tower);
    let band = p.round(-11.0, 11.0, p.look.accent);
    p.fill("M-9.6 -22 L-8.5 -40 L8.5 -40 L9.6 -22 Z", &band);
    p.fill("M-7.4 -58 L-6.5 -72 L6.5 -72 L7.4 -58 Z", &band);
    for (x, y) in [(-1.0, -14.0), (1.0, -49.0)] {
        p.fill(
            &format!(
                "M{} {y} L{} {} L{} {} L{} {y} Z",
                x - 1.3,
                x - 1.3,
                y - 5.0,
                x + 1.3,
                y - 5.0,
                x + 1.3
            ),
            &ink,
        );
    }
    p.fill("M-9.5 -74 L9.5 -74 L8.5 -76.5 L-8.5 -76.5 Z", &ink);
    for x in [-8.6, -4.3, 0.0, 4.3, 8.6] {
        p.line(&[(x, -76.0), (x, -80.0)], &ink, 0.5);
    }
    p.line(&[(-8.8, -80.0), (8.8, -80.0)], &ink, 0.6);
    let lamp = p.look.lamp;
    let glass = Ink::Round {
        centre: (0.0, -83.5),
        radius: 8.0,
        stops: vec![
            (0.0, Rgb::WHITE, 1.0),
            (0.5, lamp.mix(Rgb::WHITE, 0.5), 1.0),
            (1.0, lamp, 1.0),
        ],
    };
    p.shape(Shape::rect(-5.0, -90.0, 10.0, 13.6), &glass);
    for x in [-5.0, -1.8, 1.8, 5.0] {
        p.line(&[(x, -90.0), (x, -76.5)], &ink, 0.7);
    }
    p.fill(
        "M-6.6 -89.6 C-6 -95 -3 -98 0 -99 C3 -98 6 -95 6.6 -89.6 Z",
        &Ink::flat(p.look.accent.mix(p.look.ink, 0.55)),
    );
    p.line(&[(0.0, -99.0), (0.0, -103.5)], &ink, 0.9);
}

pub(super) fn house(p: &mut Pen<'_, '_>) {
    let wall = p.round(-40.0, 40.0, p.look.body);
    let roof = Ink::flat(p.look.accent.mix(p.look.ink, 0.45));
    let trim = Ink::flat(p.look.ink.mix(p.look.body, 0.12));
    p.fill("M20 -62 L31 -62 L31 -92 L20 -92 Z", &trim);
    p.fill("M-40 0 L-40 -48 L40 -48 L40 0 Z", &wall);
    p.fill("M-16 -47 L6 -80 L28 -47 Z", &wall);
    p.fill("M-50 -44 L-34 -78 L6 -78 L20 -78 L50 -44 Z", &roof);
    p.fill("M-24 -42 L0 -82 L24 -42 L18 -42 L0 -70 L-18 -42 Z", &trim);
    p.fill("M-18 -42 L0 -70 L18 -42 Z", &wall);
    p.window(-5.0, -57.0, 10.0, 11.0);
    p.window(-31.0, -34.0, 14.0, 15.0);
    p.window(17.0, -34.0, 14.0, 15.0);
    for x in [-24.0, 24.0] {
        p.line(&[(x, -34.0), (x, -19.0)], &trim, 1.3);
        p.line(&[(x - 7.0, -26.5), (x + 7.0, -26.5)], &trim, 1.3);
    }
    p.fill("M-8 0 L-8 -28 C-8 -32 8 -32 8 -28 L8 0 Z", &trim);
    p.fill("M-44 0 L-44 -3 L44 -3 L44 0 Z", &trim);
}

pub(super) fn castle(p: &mut Pen<'_, '_>) {
    let roof = Ink::flat(p.look.accent.mix(p.look.ink, 0.4));
    let ink = Ink::flat(p.look.ink);
    let towers = [
        (-44.0, 13.0, 52.0),
        (44.0, 13.0, 48.0),
        (-20.0, 15.0, 74.0),
        (22.0, 17.0, 66.0),
        (2.0, 14.0, 92.0),
    ];
    let (lit, body) = (p.look.lit, p.look.body);
    let keep = p.round(-46.0, 46.0, body);
    for (x, w, top) in [towers[4], towers[2], towers[3]] {
        turret(p, x, w, top, &roof);
    }
    p.shape(Shape::rect(-46.0, -34.0, 92.0, 34.0), &keep);
    for i in 0..12 {
        p.shape(Shape::rect(-46.0 + i as f32 * 8.0, -38.5, 4.6, 5.0), &keep);
    }
    for (x, w, top) in [towers[0], towers[1]] {
        turret(p, x, w, top, &roof);
    }
    p.fill("M-9 0 L-9 -16 C-9 -26 9 -26 9 -16 L9 0 Z", &ink);
    if lit {
        for (x, y) in [
            (2.0, -78.0),
            (-20.0, -60.0),
            (22.0, -52.0),
            (-26.0, -22.0),
            (26.0, -22.0),
            (-44.0, -38.0),
        ] {
            p.window(x - 1.6, y, 3.2, 6.0);
        }
    }
}

fn turret(p: &mut Pen<'_, '_>, x: f32, w: f32, top: f32, roof: &Ink) {
    let body = p.round(x - w / 2.0, x + w / 2.0, p.look.body);
    p.shape(Shape::rect(x - w / 2.0, -top, w, top), &body);
    p.shape(Shape::rect(x - w * 0.6, -top - 2.0, w * 1.2, 5.0), &body);
    p.shape(
        Shape::polygon(&[
            (x - w * 0.66, -top - 2.0),
            (x, -top - w * 1.7),
            (x + w * 0.66, -top - 2.0),
        ]),
        roof,
    );
    let flag = Ink::flat(p.look.accent);
    p.line(&[(x, -top - w * 1.7), (x, -top - w * 2.1)], roof, 0.7);
    p.shape(
        Shape::polygon(&[(x, -top - w * 2.1), (x + 6.0, -top - w * 1.95), (x, -top - w * 1.8)]),
        &flag,
    );
}

/// A stone bridge with three arches.
pub(super) fn arch(p: &mut Pen<'_, '_>) {
    let stone = p.round(-150.0, 150.0, p.look.body);
    p.fill(
        "M-170 -52 C-100 -78 100 -78 170 -52 L170 0 L136 0 C136 -46 76 -46 76 0 L52 0 C52 -56 -52 -56 -52 0 L-76 0 C-76 -46 -136 -46 -136 0 L-170 0 Z",
        &stone,
    );
    p.stroke(
        "M-170 -56 C-100 -82 100 -82 170 -56",
        &Ink::flat(p.look.ink.mix(p.look.body, 0.3)),
        4.0,
    );
    for x in [-110.0_f32, -36.0, 36.0, 110.0] {
        let y = -80.0 + (x / 110.0).powi(2) * 12.0;
        p.line(&[(x, y + 6.0), (x, y - 18.0)], &Ink::flat(p.look.ink), 1.8);
        if p.look.lit {
            p.shape(Shape::circle(x, y - 20.0, 3.0), &Ink::flat(p.look.lamp.mix(Rgb::WHITE, 0.4)));
            p.glow(x, y - 20.0, 30.0, p.look.lamp, 0.7);
        }
    }
}

pub(super) fn tent(p: &mut Pen<'_, '_>) {
    let (lit, lamp) = (p.look.lit, p.look.lamp);
    let cloth = if lit {
        Ink::Round {
            centre: (0.0, -20.0),
            radius: 90.0,
            stops: vec![
                (0.0, lamp.mix(Rgb::WHITE, 0.35), 1.0),
                (0.5, p.look.accent.mix(lamp, 0.4), 1.0),
                (1.0, p.look.accent.mix(p.look.ink, 0.4), 1.0),
            ],
        }
    } else {
        p.round(-70.0, 70.0, p.look.accent)
    };
    if lit {
        p.glow(0.0, -30.0, 190.0, lamp, 0.55);
    }
    p.fill("M-76 0 C-50 -30 -20 -70 0 -98 C24 -66 50 -30 76 0 Z", &cloth);
    p.fill(
        "M0 -98 C-6 -60 -14 -28 -24 0 L24 0 C16 -30 6 -62 0 -98 Z",
        &Ink::Flat(p.look.ink, if lit { 0.45 } else { 0.75 }),
    );
    p.stroke("M-4 -106 L0 -98 L4 -106 M0 -98 C24 -66 50 -30 76 0", &Ink::flat(p.look.ink), 1.6);
}
