//! Space.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use crate::math::{cos, fbm, sin};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::subjects;
use crate::paint::words::Motif;
use gesso_media::WorkError;

/// A nebula, stars, a great planet and what flies before it.
pub(super) fn space(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let p = &s.pal;
    let mut rng = s.rng.fork("space");
    let deep = p.sky[0].lift(-0.05);
    b.wash(&Ink::Line {
        from: (0.0, 0.0),
        to: (w, h),
        stops: vec![(0.0, deep, 1.0), (0.5, p.sky[1].lift(-0.03), 1.0), (1.0, deep, 1.0)],
    });
    let tones = [p.accent, p.sky[2].saturate(1.6).lift(0.05), p.glow, p.accent.turn(70.0)];
    let seed = rng.bits();
    for i in 0..3 {
        b.check()?;
        let tone = tones[i % tones.len()];
        b.soft(u * 0.05, BlendMode::Screen, 0.62, |b| {
            for k in 0..46 {
                let t = k as f32 / 45.0;
                let angle = s.side * 0.55;
                let drift = fbm(t * 3.0 + i as f32 * 5.0, i as f32, 3, seed) * u * 0.3;
                let (x, y) = (
                    w * t * 1.1 - w * 0.05 + drift * sin(angle),
                    h * (0.5 - (t - 0.5) * angle) + drift * cos(angle),
                );
                let r = u * (0.05 + 0.11 * (0.5 + 0.5 * fbm(t * 7.0, i as f32 + 4.0, 2, seed)));
                b.fill(
                    Shape::oval(x, y, r * 1.5, r),
                    &Ink::Round {
                        centre: (x, y),
                        radius: r * 1.5,
                        stops: vec![(0.0, tone, 0.24), (1.0, tone, 0.0)],
                    },
                );
            }
        });
    }
    b.cut(0.0);
    b.at(0.35)?;
    let count = (w * h / (u * u) * 620.0) as usize;
    for i in 0..count {
        let (x, y) = (rng.unit() * w, rng.unit() * h);
        let r = u * rng.range(0.0005, 0.0016) + 0.2;
        let tone = [Rgb::WHITE, Rgb::hex(0xffe6c4), Rgb::hex(0xcfe2ff)][rng.below(3)];
        b.fill(Shape::circle(x, y, r), &Ink::Flat(tone, rng.range(0.2, 1.0)));
        if i % 70 == 0 {
            b.glow(x, y, u * 0.02, tone, 0.65);
            b.stroke(
                Shape::open(&[(x - u * 0.012, y), (x + u * 0.012, y)]),
                &Ink::Flat(tone, 0.4),
                u * 0.0009,
            );
            b.stroke(
                Shape::open(&[(x, y - u * 0.012), (x, y + u * 0.012)]),
                &Ink::Flat(tone, 0.4),
                u * 0.0009,
            );
        }
    }
    b.cut(0.25);
    b.at(0.5)?;
    if !s.cast.contains(&Motif::Planet) {
        world(s, b)?;
    }
    b.cut(0.6);
    let mut look = s.look(Motif::Planet);
    look.ink = deep;
    look.body = Rgb::hex(0xf2ead8);
    let mut cast = s.cast.clone();
    cast.sort_by_key(|motif| *motif != Motif::Planet);
    for (i, motif) in cast.into_iter().enumerate() {
        look.accent = s.intent.worn(motif).unwrap_or(tones[(i * 2) % tones.len()]);
        let (x, y, size) = match motif {
            Motif::Planet => (w * 0.5 + s.side * w * 0.16, h * 0.5 + u * 0.3, u * 0.72),
            Motif::Rocket => (w * 0.5 - s.side * w * 0.2, h * 0.62, u * 0.34),
            _ => (w * 0.5 - s.side * w * (0.1 + 0.1 * i as f32), h * 0.64, u * 0.3),
        };
        look.lit = true;
        subjects::draw(b, motif, x, y, size, s.side > 0.0, &look, &s.rng.fork("hero"));
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// The limb of a planet rising over a lower corner, and a moon.
fn world(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let p = &s.pal;
    let r = u * 0.95;
    let (x, y) = (w * 0.5 + s.side * w * 0.2, h + r * 0.52);
    let tone = p.accent.mix(p.sky[2], 0.5);
    let lit = (x - s.side * r * 0.35, y - r * 0.75);
    b.glow(x, y, r * 1.34, p.glow, 0.9);
    let stops = vec![
        (0.0, tone.mix(Rgb::WHITE, 0.4), 1.0),
        (0.3, tone, 1.0),
        (0.62, tone.mix(p.near, 0.62), 1.0),
        (1.0, p.near, 1.0),
    ];
    b.fill(Shape::circle(x, y, r), &Ink::Round { centre: lit, radius: r * 1.15, stops });
    let seed = s.rng.fork("world").bits();
    for i in 0..16 {
        b.check()?;
        let f = i as f32 / 15.0;
        let cy = y - r * (0.92 - f * 0.55);
        let half = libm::sqrtf((r * r - (cy - y) * (cy - y)).max(0.0)) * 0.96;
        let band: Vec<(f32, f32)> = (0..=24)
            .map(|k| {
                let t = k as f32 / 24.0 * 2.0 - 1.0;
                (x + t * half, cy + t * t * r * 0.05 + fbm(t * 4.0, f * 6.0, 3, seed) * r * 0.02)
            })
            .collect();
        let ink = if i % 3 == 0 { Ink::Flat(Rgb::WHITE, 0.09) } else { Ink::Flat(p.near, 0.1) };
        b.stroke(Shape::curve(&band), &ink, u * 0.018 * (0.4 + fbm(f * 9.0, 2.0, 2, seed).abs()));
    }
    b.stroke(
        Shape::circle(x, y, r),
        &Ink::Line {
            from: lit,
            to: (x, y + r),
            stops: vec![(0.0, Rgb::WHITE, 0.75), (0.6, p.glow, 0.25), (1.0, p.glow, 0.0)],
        },
        u * 0.005,
    );
    let (mx, my, mr) = (w * 0.5 - s.side * w * 0.3, h * 0.2, u * 0.05);
    let moon = Ink::Round {
        centre: (mx + s.side * mr * 0.4, my + mr * 0.4),
        radius: mr * 1.7,
        stops: vec![
            (0.0, p.light, 1.0),
            (0.5, p.light.mix(p.sky[1], 0.5), 1.0),
            (1.0, p.near, 1.0),
        ],
    };
    b.glow(mx, my, mr * 3.0, p.light, 0.3);
    b.fill(Shape::circle(mx, my, mr), &moon);
    Ok(())
}
