//! Pictures of nothing but colour and form, for words that name no thing.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use crate::math::{Rng, cos, fbm, lerp, sin};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::words::Time;
use gesso_media::WorkError;

const SETS: [[u32; 6]; 8] = [
    [0x1f2a44, 0x2f5d73, 0x6fa3a0, 0xe8c79a, 0xe8875a, 0xb8433f],
    [0x2b1a3a, 0x5a2a5f, 0xb0476b, 0xe8805f, 0xf6c177, 0xfdf0d5],
    [0x12312f, 0x1f5f54, 0x58947a, 0xb9c98f, 0xf0e2b0, 0xe09a4a],
    [0x10233f, 0x1f4a7a, 0x4f86b8, 0xa8cbdc, 0xf2efe2, 0xf0a860],
    [0x3a2420, 0x7a3f2c, 0xc0703f, 0xe5a86a, 0xf3dcb4, 0x5f7f78],
    [0x20243a, 0x44507a, 0x8a8fc0, 0xd6c0d8, 0xf6e4dc, 0xe88f8a],
    [0x14262a, 0x2a5058, 0x7f9f8f, 0xd8cfae, 0xf2b84a, 0xd85a3a],
    [0x2a1420, 0x6a1f3a, 0xb83a4a, 0xf07a5a, 0xf8c9a0, 0x3f8a94],
];

fn colors(s: &Scene<'_>, rng: &mut Rng) -> Vec<Rgb> {
    let set = SETS[rng.below(SETS.len())].map(Rgb::hex);
    let turn = rng.bell() * 26.0;
    let mut list: Vec<Rgb> = set.iter().map(|c| c.turn(turn).tint(s.pal.sky[2], 0.16)).collect();
    for (i, named) in s.intent.colors.iter().enumerate() {
        let many = s.intent.colors.len();
        for (k, c) in list.iter_mut().enumerate() {
            if k % many == i {
                *c = if k == 3 { *named } else { c.tint(*named, 0.85) };
            }
        }
    }
    if s.time == Time::Night {
        list = list.into_iter().map(|c| c.lift(-0.08)).collect();
    }
    // Moods and references reached the palette: what they did to its sky is done here too.
    list.into_iter()
        .enumerate()
        .map(|(i, c)| {
            c.tint(s.pal.sky[i.min(3)].mix(s.pal.accent, if i > 3 { 0.6 } else { 0.1 }), 0.3)
        })
        .collect()
}

/// One of five kinds of composition.
pub(super) fn compose(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    // The words choose the kind, the seed its making.
    let mut words = Rng::new(s.intent.hash).fork("abstract");
    let kind = words.below(5);
    let list = colors(s, &mut words);
    let mut rng = s.rng.fork("abstract");
    match kind {
        0 => strata(s, b, &list, &mut rng)?,
        1 => arcs(s, b, &list, &mut rng)?,
        2 => ribbons(b, &list, &mut rng)?,
        3 => orbs(s, b, &list, &mut rng)?,
        _ => petals(b, &list, &mut rng)?,
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// Cut paper: waves over waves, each with its shadow.
fn strata(s: &Scene<'_>, b: &mut Brush<'_>, list: &[Rgb], rng: &mut Rng) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    b.wash(&Ink::down(0.0, h, &[list[4].lift(0.03), list[3]]));
    let (x, y, r) = (w * (0.5 + s.side * 0.17), h * 0.3, u * 0.15);
    b.glow(x, y, r * 3.0, list[4].mix(Rgb::WHITE, 0.4), 0.6);
    b.fill(Shape::circle(x, y, r), &Ink::down(y - r, y + r, &[list[5].lift(0.06), list[5]]));
    let layers = 9;
    for i in 0..layers {
        if i % 2 == 1 {
            b.cut(0.1 * i as f32);
        }
        b.at(0.2 + 0.06 * i as f32)?;
        let t = i as f32 / (layers - 1) as f32;
        let at = t * 3.0;
        let tone = list[3 - (at as usize).min(2)].mix(list[2 - (at as usize).min(2)], at.fract());
        let (base, seed) = (lerp(h * 0.36, h * 0.98, t), rng.bits());
        let points: Vec<(f32, f32)> = (0..=40)
            .map(|k| {
                let f = k as f32 / 40.0;
                (
                    w * (f * 1.04 - 0.02),
                    base + fbm(f * 2.2 * (w / u).min(2.0), 0.0, 2, seed) * u * 0.17
                        + (f - 0.5) * s.side * u * 0.14 * if i % 2 == 0 { 1.0 } else { -0.6 },
                )
            })
            .collect();
        let lifted: Vec<(f32, f32)> = points.iter().map(|(x, y)| (*x, y - u * 0.006)).collect();
        b.soft(u * 0.022, BlendMode::SourceOver, 0.42, |b| {
            b.fill(Shape::hill(&lifted, h + 4.0), &Ink::flat(list[0].lift(-0.08)))
        });
        b.fill(
            Shape::hill(&points, h + 4.0),
            &Ink::down(base - u * 0.15, base + u * 0.35, &[tone.lift(0.035), tone.lift(-0.03)]),
        );
        b.stroke(Shape::curve(&points), &Ink::Flat(Rgb::WHITE, 0.2), u * 0.0018);
    }
    Ok(())
}

/// Concentric arches and discs, as in a modern poster.
fn arcs(s: &Scene<'_>, b: &mut Brush<'_>, list: &[Rgb], rng: &mut Rng) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    b.wash(&Ink::down(0.0, h, &[list[4], list[4].mix(list[3], 0.5)]));
    let sets = [
        (w * (0.5 - s.side * 0.22), h * 0.86, u * 0.56, 6),
        (w * (0.5 + s.side * 0.3), h * 0.98, u * 0.42, 5),
        (w * (0.5 + s.side * 0.2), h * 0.3, u * 0.2, 3),
    ];
    for (n, (x, y, reach, rings)) in sets.into_iter().enumerate() {
        b.cut(0.2 * n as f32);
        b.at(0.2 + 0.15 * n as f32)?;
        let order = rng.below(6);
        b.soft(u * 0.02, BlendMode::SourceOver, 0.3, |b| {
            b.fill(Shape::circle(x - s.side * u * 0.012, y + u * 0.012, reach), &Ink::flat(list[0]))
        });
        for k in 0..rings {
            let r = reach * (1.0 - k as f32 / rings as f32);
            let tone = list[(k * 2 + order + n) % list.len()];
            b.fill(
                Shape::circle(x, y, r),
                &Ink::Line {
                    from: (x + s.side * r, y - r),
                    to: (x - s.side * r, y + r),
                    stops: vec![(0.0, tone.lift(0.05), 1.0), (1.0, tone.lift(-0.04), 1.0)],
                },
            );
        }
    }
    let ground = h * 0.87;
    b.fill(Shape::rect(0.0, ground, w, h), &Ink::down(ground, h, &[list[0].lift(0.04), list[0]]));
    for k in 0..7 {
        let y = ground + (h - ground) * (k as f32 + 0.6) / 7.5;
        b.stroke(Shape::open(&[(0.0, y), (w, y)]), &Ink::Flat(list[(k + 2) % 6], 0.5), u * 0.003);
    }
    b.fill(Shape::circle(w * (0.5 - s.side * 0.34), h * 0.2, u * 0.055), &Ink::flat(list[5]));
    Ok(())
}

/// Silken ribbons running across.
fn ribbons(b: &mut Brush<'_>, list: &[Rgb], rng: &mut Rng) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    b.wash(&Ink::Line {
        from: (0.0, 0.0),
        to: (w, h),
        stops: vec![(0.0, list[0].lift(-0.03), 1.0), (1.0, list[1].lift(-0.05), 1.0)],
    });
    for band in 0..6 {
        if band % 3 == 0 {
            b.cut(0.1 * band as f32);
        }
        b.at(0.2 + 0.09 * band as f32)?;
        let seed = rng.bits();
        let (from, to) = (list[(band + 1) % 6], list[(band + 2) % 6]);
        let base = h * lerp(0.12, 0.95, band as f32 / 5.0);
        let slope = rng.bell() * h * 0.24;
        let threads = 46;
        for k in 0..threads {
            let t = k as f32 / (threads - 1) as f32;
            let points: Vec<(f32, f32)> = (0..=30)
                .map(|i| {
                    let f = i as f32 / 30.0;
                    let twist = sin(f * 5.2 + seed as f32 % 6.0) * 0.5 + 0.5;
                    (
                        w * (f * 1.1 - 0.05),
                        base + slope * (f - 0.5)
                            + fbm(f * 2.0, t * 0.35, 2, seed) * u * 0.24
                            + (t - 0.5) * u * (0.05 + 0.2 * twist),
                    )
                })
                .collect();
            let sheen = sin(t * std::f32::consts::PI);
            b.stroke(
                Shape::curve(&points),
                &Ink::Flat(from.mix(to, t).lift(0.14 * sheen - 0.05), 0.72),
                u * 0.0056,
            );
        }
    }
    b.glow(w * 0.7, h * 0.25, u * 0.8, list[4], 0.35);
    Ok(())
}

/// Soft spheres floating over a glow.
fn orbs(s: &Scene<'_>, b: &mut Brush<'_>, list: &[Rgb], rng: &mut Rng) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    b.wash(&Ink::Line {
        from: (w * (0.5 + s.side * 0.5), 0.0),
        to: (w * (0.5 - s.side * 0.5), h),
        stops: vec![(0.0, list[3], 1.0), (0.5, list[2], 1.0), (1.0, list[1], 1.0)],
    });
    b.soft(u * 0.11, BlendMode::SourceOver, 0.9, |b| {
        for k in 0..7 {
            let (x, y, r) = (rng.unit() * w, rng.unit() * h, u * rng.range(0.15, 0.4));
            b.fill(Shape::circle(x, y, r), &Ink::Flat(list[k % 6], 0.7));
        }
    });
    let mut placed: Vec<(f32, f32, f32)> = Vec::new();
    for k in 0..60 {
        let r = u * if placed.is_empty() { 0.25 } else { rng.range(0.02, 0.13) };
        let (x, y) = if placed.is_empty() {
            (w * (0.5 - s.side * 0.08), h * 0.52)
        } else {
            (rng.unit() * w, rng.unit() * h)
        };
        if placed
            .iter()
            .any(|p| (p.0 - x) * (p.0 - x) + (p.1 - y) * (p.1 - y) < (p.2 + r) * (p.2 + r) * 1.1)
        {
            continue;
        }
        b.check()?;
        placed.push((x, y, r));
        let tone = list[(k + 4) % 6];
        b.soft(u * 0.025, BlendMode::SourceOver, 0.35, |b| {
            b.fill(Shape::oval(x - s.side * r * 0.25, y + r * 0.5, r, r * 0.8), &Ink::flat(list[0]))
        });
        let stops = vec![
            (0.0, tone.mix(Rgb::WHITE, 0.6), 1.0),
            (0.25, tone.lift(0.06), 1.0),
            (0.7, tone.mix(list[0], 0.45), 1.0),
            (0.95, tone.mix(list[0], 0.6), 1.0),
            (1.0, tone.mix(list[3], 0.35), 1.0),
        ];
        b.fill(
            Shape::circle(x, y, r),
            &Ink::Round { centre: (x + s.side * r * 0.4, y - r * 0.45), radius: r * 1.5, stops },
        );
    }
    Ok(())
}

/// A turning rosette of translucent leaves.
fn petals(b: &mut Brush<'_>, list: &[Rgb], rng: &mut Rng) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let centre = (w * (0.5 + rng.bell() * 0.08), h * (0.5 + rng.bell() * 0.06));
    b.wash(&Ink::Round {
        centre,
        radius: w.max(h) * 0.75,
        stops: vec![(0.0, list[1].lift(0.03), 1.0), (1.0, list[0].lift(-0.04), 1.0)],
    });
    let rings = 8;
    for ring in 0..rings {
        if ring % 3 == 0 {
            b.cut(0.1 * ring as f32);
        }
        b.at(0.2 + 0.07 * ring as f32)?;
        let t = ring as f32 / (rings - 1) as f32;
        let reach = u * lerp(0.78, 0.08, t);
        let count = 13 + (rings - ring);
        let at = t * 4.0;
        let tone = list[1 + at as usize].mix(list[(2 + at as usize).min(5)], at.fract());
        for k in 0..count {
            let a = (k as f32 + ring as f32 * 0.5 + rng.bell() * 0.06) / count as f32
                * std::f32::consts::TAU;
            let open = std::f32::consts::TAU / count as f32 * 0.95;
            let p = |r: f32, angle: f32| (centre.0 + cos(angle) * r, centre.1 + sin(angle) * r);
            let (tip, left, right) =
                (p(reach, a), p(reach * 0.66, a - open), p(reach * 0.66, a + open));
            let shape = Shape::svg(&format!(
                "M{} {} Q{} {} {} {} Q{} {} {} {} Z",
                centre.0,
                centre.1,
                left.0,
                left.1,
                tip.0,
                tip.1,
                right.0,
                right.1,
                centre.0,
                centre.1
            ));
            b.fill(
                shape,
                &Ink::Line {
                    from: centre,
                    to: tip,
                    stops: vec![
                        (0.0, tone.mix(list[0], 0.6), 0.9),
                        (0.75, tone, 0.92),
                        (1.0, tone.lift(0.09), 0.95),
                    ],
                },
            );
        }
    }
    b.glow(centre.0, centre.1, u * 0.4, list[4], 0.85);
    Ok(())
}
