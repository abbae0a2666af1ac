//! Forests and the world under water.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use super::terrain;
use crate::math::{lerp, noise};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::subjects;
use crate::paint::words::{Air, Mood, Motif, Place};
use gesso_media::WorkError;

/// Trunks in the mist, one layer behind the other, and light between them.
pub(super) fn forest(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let p = &s.pal;
    let mut rng = s.rng.fork("forest");
    let autumn = s.intent.has(Mood::Autumn);
    let air =
        if autumn { s.haze().mix(Rgb::hex(0xf0b070), 0.5) } else { s.haze().tint(p.land, 0.35) };
    let snow = s.intent.places.contains(&Place::Snow);
    let white = if s.night() { Rgb::hex(0xb4c6de) } else { Rgb::hex(0xf4f8fb) }.tint(p.glow, 0.3);
    let air = if snow { air.mix(white, 0.35) } else { air };
    let ground = h * 0.8;
    b.wash(&Ink::down(
        0.0,
        ground,
        &[p.sky[1].tint(p.shade, 0.3), p.sky[2].tint(p.shade, 0.2), air],
    ));
    if s.night() {
        sky::stars(s, b, 0.5);
    }
    let light = (s.light.0, h * 0.34);
    b.glow(light.0, light.1, u * 0.95, p.glow, 0.9 * p.glow_strength + 0.1);
    b.fill(Shape::circle(light.0, light.1, s.disc), &Ink::Flat(p.light, 0.85));
    let layers = 6;
    for i in 0..layers {
        b.check()?;
        if i % 2 == 0 {
            b.cut(i as f32 / layers as f32);
        }
        let t = i as f32 / (layers - 1) as f32;
        let base = lerp(ground - u * 0.13, h + u * 0.03, t);
        let tone =
            p.shade.mix(p.near, 0.25 + 0.6 * t).mix(air, crate::math::pow(1.0 - t, 1.2) * 0.84);
        let hills = terrain::crest(w, base, u * 0.05, 2.0, rng.bits());
        let count = (w / u * lerp(26.0, 5.0, t)) as usize;
        let gap = if i >= layers - 2 { 0.3 } else { 0.0 };
        for k in 0..count {
            let f = (k as f32 + rng.range(0.1, 0.9)) / count as f32;
            if (f - 0.5 + s.side * 0.04).abs() < gap {
                continue;
            }
            let tall = u * lerp(0.3, 1.05, t) * rng.range(0.7, 1.25);
            let y = base + u * 0.01;
            let leaf = if autumn {
                Rgb::hex(0xd0662c)
                    .turn(rng.bell() * 34.0)
                    .mix(p.near, 0.12 + 0.42 * t)
                    .mix(air, (1.0 - t) * 0.66)
            } else if snow {
                white.mix(tone, 0.08).mix(air, (1.0 - t) * 0.6)
            } else {
                tone
            };
            if (k + i) % 3 == 0 && i > 0 && i < layers - 1 {
                trunk(b, f * w, y, tall * 1.6, u * lerp(0.006, 0.022, t), &Ink::flat(tone));
            } else {
                terrain::conifer(
                    b,
                    f * w,
                    y,
                    tall,
                    &Ink::down(
                        y - tall,
                        y,
                        &[leaf, leaf.mix(tone, 0.5), tone.mix(air, 0.3 * (1.0 - t))],
                    ),
                );
            }
        }
        let earth = if snow {
            [white.mix(air, (1.0 - t) * 0.5), white.mix(p.shade, 0.45)]
        } else {
            [tone.mix(p.glow, 0.12), tone.mix(p.near, 0.5)]
        };
        b.fill(Shape::hill(&hills, h + 2.0), &Ink::down(base - u * 0.04, h, &earth));
        if i < layers - 2 {
            sky::veil(b, base - u * 0.02, u * 0.12, air.mix(p.glow, 0.25), 0.4 * (1.0 - t * 0.7));
        }
        if i == 2 && !s.night() {
            let spread = if s.side > 0.0 { (1.5, 2.5) } else { (0.6, 1.6) };
            sky::rays(b, light, u * 1.2, spread, 11, p.glow, 0.42 * p.glow_strength, &mut rng);
        }
        if i == 3 {
            path(s, b, base, air);
        }
        if i == layers - 2 {
            cast(s, b, base);
        }
    }
    b.at(0.7)?;
    if !snow {
        ferns(s, b, &mut rng);
    }
    if !snow && (s.night() || s.intent.air(Air::Stars)) {
        fireflies(b, &mut rng);
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// Small lights between the trees at night.
fn fireflies(b: &mut Brush<'_>, rng: &mut crate::math::Rng) {
    let (w, h, u) = (b.w, b.h, b.u);
    for _ in 0..26 {
        b.glow(
            rng.unit() * w,
            lerp(h * 0.5, h * 0.95, rng.unit()),
            u * rng.range(0.008, 0.022),
            Rgb::hex(0xf4ffa8),
            0.8,
        );
    }
}

fn trunk(b: &mut Brush<'_>, x: f32, y: f32, tall: f32, half: f32, ink: &Ink) {
    if b.without.contains(&Motif::Tree) {
        return;
    }
    b.fill(
        Shape::polygon(&[
            (x - half * 1.6, y + half),
            (x - half * 0.8, y - tall * 0.1),
            (x - half * 0.5, y - tall),
            (x + half * 0.5, y - tall),
            (x + half * 0.8, y - tall * 0.1),
            (x + half * 1.6, y + half),
        ]),
        ink,
    );
    for k in 0..5 {
        let (dir, at) = (if k % 2 == 0 { 1.0 } else { -1.0 }, y - tall * (0.35 + 0.12 * k as f32));
        b.stroke(
            Shape::curve(&[
                (x, at),
                (x + dir * half * 3.0, at - half * 2.4),
                (x + dir * half * 5.0, at - half * 2.8),
            ]),
            ink,
            half * 0.36,
        );
    }
}

fn path(s: &Scene<'_>, b: &mut Brush<'_>, base: f32, air: Rgb) {
    let (w, h, u) = (b.w, b.h, b.u);
    let x = w * 0.5 + s.side * u * 0.06;
    let shape = Shape::svg(&format!(
        "M{} {} C{} {} {} {} {} {} L{} {} C{} {} {} {} {} {} Z",
        x - u * 0.012,
        base - u * 0.02,
        x - u * 0.16,
        base + u * 0.07,
        x + u * 0.1,
        base + u * 0.1,
        x - u * 0.3,
        h + 2.0,
        x + u * 0.2,
        h + 2.0,
        x + u * 0.22,
        base + u * 0.1,
        x - u * 0.05,
        base + u * 0.06,
        x + u * 0.014,
        base - u * 0.02
    ));
    b.fill(
        shape,
        &Ink::Line {
            from: (0.0, base),
            to: (0.0, h),
            stops: vec![
                (0.0, air.mix(s.pal.glow, 0.5), 0.85),
                (1.0, s.pal.land.mix(s.pal.near, 0.4), 0.75),
            ],
        },
    );
}

fn cast(s: &Scene<'_>, b: &mut Brush<'_>, base: f32) {
    let (w, u) = (b.w, b.u);
    for (i, motif) in s.cast.iter().copied().enumerate() {
        if matches!(motif, Motif::Pine | Motif::Tree | Motif::Fish) {
            continue;
        }
        if motif == Motif::Bird {
            sky::flock(s, b, w * 0.5, b.h * 0.28, 7);
            continue;
        }
        let size = u * match motif {
            Motif::House | Motif::Castle | Motif::Lighthouse => 0.3,
            Motif::Fox | Motif::Cat | Motif::Dog | Motif::Rabbit => 0.3,
            Motif::Deer | Motif::Bear | Motif::Elephant => 0.34,
            Motif::Person => 0.2,
            Motif::Tent => 0.2,
            _ => 0.24,
        };
        let x = w * 0.5 - s.side * u * (0.06 - 0.28 * i as f32);
        let y = base + u * 0.015;
        terrain::shadow(s, b, x, y, size);
        s.put(b, motif, x, y, size, 0.0);
        if matches!(motif, Motif::Fox) {
            b.glow(x, y - size * 0.5, size * 0.9, s.pal.glow, 0.14);
        }
    }
}

fn ferns(s: &Scene<'_>, b: &mut Brush<'_>, rng: &mut crate::math::Rng) {
    let (w, h, u) = (b.w, b.h, b.u);
    for k in 0..(w / u * 16.0) as usize {
        let corner = rng.unit() * 0.36;
        let x = if k % 2 == 0 { corner * w } else { w - corner * w };
        let (tall, lean) = (u * rng.range(0.07, 0.17) * (1.1 - corner * 2.0), rng.bell() * u * 0.1);
        let tone = Ink::flat(s.pal.near.mix(s.pal.shade, rng.range(0.05, 0.4)));
        let point = |t: f32| (x + lean * t * t, h + u * 0.01 - tall * t * (1.0 - t * 0.2));
        b.stroke(
            Shape::curve(&[point(0.0), point(0.35), point(0.7), point(1.0)]),
            &tone,
            u * 0.0022,
        );
        for j in 2..14 {
            let t = j as f32 / 14.0;
            let (px, py) = point(t);
            let len = tall * 0.3 * (1.0 - t * 0.85);
            b.stroke(
                Shape::open(&[(px - len, py - len * 0.35), (px, py), (px + len, py - len * 0.35)]),
                &tone,
                u * 0.0018,
            );
        }
    }
}

/// Light falling through water on fish and weeds.
pub(super) fn underwater(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("underwater");
    let p = &s.pal;
    let own =
        |hex: u32| p.sky[1].mix(Rgb::hex(hex), if s.intent.colors.is_empty() { 0.8 } else { 0.35 });
    let (top, middle, deep) = (own(0x8fdfe0), own(0x1f86a0), own(0x0a2f4a));
    b.wash(&Ink::down(0.0, h, &[top, middle, middle.mix(deep, 0.6), deep]));
    let sun = (w * (0.5 + s.side * 0.2), -u * 0.12);
    b.glow(sun.0, 0.0, u * 0.9, Rgb::hex(0xf4fff0), 0.75);
    sky::rays(b, sun, h * 1.15, (0.9, 2.25), 16, Rgb::hex(0xe8fff4), 0.5, &mut rng);
    b.cut(0.0);
    b.at(0.3)?;
    for i in 0..3 {
        b.check()?;
        let t = i as f32 / 2.0;
        let tone = deep.mix(middle, 0.62 * (1.0 - t));
        let y = h * lerp(0.8, 0.97, t);
        b.fill(
            Shape::hill(&terrain::crest(w, y, u * 0.16, 3.0, rng.bits()), h + 2.0),
            &Ink::down(y - u * 0.15, h, &[tone.lift(0.04), tone.lift(-0.05)]),
        );
        for _ in 0..(w / u * 9.0) as usize {
            let (x, tall) = (rng.unit() * w, u * rng.range(0.1, 0.34) * (0.5 + t * 0.6));
            let sway = u * rng.bell() * 0.07;
            let points: Vec<(f32, f32)> = (0..6)
                .map(|k| {
                    let f = k as f32 / 5.0;
                    (x + sway * f + noise(f * 3.0, x, 4) * u * 0.02, y + u * 0.03 - tall * f)
                })
                .collect();
            let coral = if rng.chance(0.3) {
                p.accent.turn(rng.bell() * 40.0).mix(tone, 0.55 - 0.35 * t)
            } else {
                tone.lift(0.03)
            };
            b.stroke(
                Shape::curve(&points),
                &Ink::flat(coral),
                u * rng.range(0.006, 0.014) * (0.6 + t * 0.5),
            );
        }
    }
    b.cut(0.5);
    b.at(0.5)?;
    let look = s.look(Motif::Fish);
    for i in 0..16 {
        let (x, y) =
            (w * 0.5 + s.side * w * 0.2 + rng.bell() * w * 0.34, h * 0.34 + rng.bell() * h * 0.2);
        subjects::draw(
            b,
            Motif::Fish,
            x,
            y,
            u * rng.range(0.025, 0.055),
            s.side > 0.0,
            &look.veiled(middle, 0.5 + 0.2 * rng.unit()),
            &s.rng.fork(if i % 2 == 0 { "a" } else { "b" }),
        );
    }
    let size = u * 0.34;
    let hero = s.cast.iter().copied().find(|m| *m != Motif::Fish);
    let mut bright = look.clone();
    bright.accent = s.intent.worn(Motif::Fish).unwrap_or(Rgb::hex(0xf08a3a));
    if let Some(hero) = hero {
        s.put(b, hero, w * 0.5 + s.side * u * 0.2, h * 0.86, u * 0.3, 0.35);
    }
    for (dx, dy, scale) in [(0.0, 0.0, 1.0), (0.3, 0.17, 0.5), (-0.26, 0.2, 0.42)] {
        subjects::draw(
            b,
            Motif::Fish,
            w * 0.5 - s.side * u * (0.06 + dx),
            h * 0.62 + u * dy,
            size * scale,
            s.side > 0.0,
            &bright.veiled(middle, (1.0 - scale) * 0.5),
            &s.rng.fork("hero"),
        );
    }
    for _ in 0..40 {
        let (x, y, r) =
            (w * 0.5 + rng.bell() * w * 0.46, rng.unit() * h, u * rng.range(0.0015, 0.008));
        b.stroke(Shape::circle(x, y, r), &Ink::Flat(Rgb::WHITE, 0.4), u * 0.001 + 0.15);
        b.fill(Shape::circle(x - r * 0.3, y - r * 0.3, r * 0.3), &Ink::Flat(Rgb::WHITE, 0.55));
    }
    b.soft(u * 0.02, BlendMode::Screen, 0.3, |b| {
        b.fill(Shape::rect(0.0, 0.0, w, u * 0.03), &Ink::flat(top))
    });
    b.at(0.8)
}
