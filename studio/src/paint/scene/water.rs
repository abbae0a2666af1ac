//! Seas, coasts, islands and lakes.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use super::terrain;
use crate::math::{Rng, fbm, lerp, noise, smoothstep};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::subjects;
use crate::paint::words::{Air, Mood, Motif, Place};
use gesso_media::WorkError;

/// Open sea, with a cliff on a coast or an island with palms.
pub(super) fn sea(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("sea");
    for i in 0..2 {
        let tone = s.far(s.pal.shade, 0.9 - i as f32 * 0.13);
        let base = s.horizon + u * 0.004;
        let crest = terrain::crest(
            w,
            base - u * (0.006 - i as f32 * 0.003),
            u * (0.04 - i as f32 * 0.014),
            2.2 + i as f32,
            rng.bits(),
        );
        b.fill(
            Shape::hill(&crest, base),
            &Ink::down(base - u * 0.07, base, &[tone, tone.mix(s.haze(), 0.5)]),
        );
    }
    if s.place == Place::Island && !s.intent.shows(Motif::Lighthouse) {
        island(s, b, &mut rng);
    }
    if s.cast.contains(&Motif::Bridge) {
        span(s, b);
    }
    water(s, b, s.horizon, h)?;
    b.cut(0.5);
    b.at(0.5)?;
    let coast = s.place == Place::Coast;
    let mut boats = usize::from(s.cast.contains(&Motif::Boat));
    if !coast && s.place == Place::Sea && s.cast.is_empty() {
        boats = 1;
    }
    for i in 0..boats {
        let hero = !coast;
        let size = u * if hero { 0.27 } else { 0.1 };
        let x = if hero { w * 0.5 - s.side * w * 0.1 } else { s.light.0 + s.side * w * 0.02 };
        let y = s.horizon + (h - s.horizon) * if hero { 0.3 } else { 0.1 } + i as f32;
        float(s, b, Motif::Boat, x, y, size);
    }
    for motif in s.cast.iter().copied().filter(|m| matches!(m, Motif::Balloon)) {
        s.put(b, motif, w * 0.5 - s.side * w * 0.2, h * 0.44, u * 0.26, 0.15);
    }
    if s.intent.shows(Motif::Bird) || s.rng.fork("gulls").chance(0.6) {
        sky::flock(
            s,
            b,
            w * 0.5 + s.side * w * 0.04,
            s.horizon * 0.5,
            if s.intent.shows(Motif::Bird) { 12 } else { 5 },
        );
    }
    if coast {
        cliff(s, b)?;
    } else {
        let on_water = |m: &Motif| {
            !matches!(
                m,
                Motif::Boat
                    | Motif::Balloon
                    | Motif::Bird
                    | Motif::Bridge
                    | Motif::Palm
                    | Motif::Fish
            )
        };
        if let Some(hero) = s.cast.iter().copied().find(|m| on_water(m) && s.place != Place::Island)
        {
            shore(s, b, hero);
        }
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// Something that floats, with its reflection.
fn float(s: &Scene<'_>, b: &mut Brush<'_>, motif: Motif, x: f32, y: f32, size: f32) {
    let look = s.look(motif);
    let flip = s.side < 0.0;
    let wet = look.veiled(s.pal.sky[1].mix(s.pal.near, 0.4), 0.55);
    b.soft(b.u * 0.003, BlendMode::SourceOver, 0.55, |b| {
        subjects::mirror(b, motif, x, y, size, flip, &wet, &s.rng.fork("subject"));
    });
    b.soft(b.u * 0.004, BlendMode::SourceOver, 0.5, |b| {
        b.fill(Shape::oval(x, y + size * 0.015, size * 0.62, size * 0.03), &Ink::flat(s.pal.near));
    });
    subjects::draw(b, motif, x, y, size, flip, &look, &s.rng.fork("subject"));
    let ripple = s.pal.sky[3].mix(Rgb::WHITE, 0.2);
    let mut rng = s.rng.fork("wake");
    for i in 0..7 {
        let (dx, half) = (rng.bell() * size * 0.6, size * rng.range(0.08, 0.26));
        b.fill(
            Shape::oval(x + dx, y + size * 0.035 * (i as f32 + 0.6), half, b.u * 0.0011),
            &Ink::Flat(ripple, 0.42),
        );
    }
}

/// Water from `top` to `bottom`: what stands above it mirrored, darker towards us, moved by waves.
pub(super) fn water(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    top: f32,
    bottom: f32,
) -> Result<(), WorkError> {
    let p = &s.pal;
    let deep = p.sky[0].mix(p.sky[1], 0.4).mix(p.near, 0.35);
    let far = p.sky[2].mix(p.sky[1], 0.35);
    b.cut(0.3);
    let rough = if s.intent.air(Air::Storm) {
        3.2
    } else if s.intent.has(Mood::Calm) {
        0.7
    } else {
        1.0
    };
    let seed = s.rng.fork("waves").bits();
    let (w, u) = (b.sheet.width() as usize, b.u);
    let (first, last) = (top.max(1.0) as usize, (bottom as usize).min(b.sheet.height() as usize));
    let source = b.seen(first);
    for y in first..last {
        if y % 64 == 0 {
            b.check()?;
        }
        let depth = (y - first) as f32;
        let t = depth / (bottom - top).max(1.0);
        // Waves grow towards us, and their slopes look further up the sky.
        let scale = u * lerp(0.004, 0.05, t);
        let reach =
            depth * 1.18 + noise(depth / (scale * 0.5) + 3.0, 1.5, seed) * scale * 0.35 * rough;
        let from = (first as f32 - 1.0 - reach).clamp(0.0, first as f32 - 1.0) as usize;
        let body = far.mix(deep, smoothstep(0.0, 0.9, t));
        let mirrored = lerp(0.74, 0.26, smoothstep(0.0, 1.0, t));
        let tone = [body.r, body.g, body.b].map(|c| c * 255.0);
        let row = &mut b.sheet.data_mut()[y * w * 4..(y + 1) * w * 4];
        for x in 0..w {
            let wave = noise(x as f32 / (scale * 5.0), depth / (scale * 0.62), seed ^ 1);
            let sx = (x as f32 + wave * scale * 0.6 * rough).clamp(0.0, w as f32 - 1.0) as usize;
            let fine = noise(x as f32 / (scale * 1.4 + 2.0), depth / (scale * 0.2 + 1.0), seed ^ 2);
            let lift = ((wave * 0.7 + fine * 0.75) * scale * rough) as isize;
            let sy = (from as isize + lift).clamp(0, first as isize - 1) as usize;
            let src = &source[(sy * w + sx) * 4..];
            let light = 1.0 + wave * 0.07 * rough.min(2.0);
            for c in 0..3 {
                row[x * 4 + c] = ((f32::from(src[c]) * mirrored + tone[c] * (1.0 - mirrored))
                    * light)
                    .clamp(0.0, 255.0) as u8;
            }
            row[x * 4 + 3] = 255;
        }
    }
    crests(s, b, top, bottom, rough);
    glitter(s, b, top, bottom);
    let tone = s.haze().lift(0.03);
    sky::veil(b, top, u * 0.014, tone, 0.45);
    Ok(())
}

/// Thin bright and dark strokes that make a surface.
fn crests(s: &Scene<'_>, b: &mut Brush<'_>, top: f32, bottom: f32, rough: f32) {
    let mut rng = s.rng.fork("crests");
    let count = (b.w / b.u * 120.0 * rough.max(0.8)) as usize;
    for i in 0..count {
        let t = rng.unit();
        let y = top + (bottom - top) * t * t.max(0.1);
        let t = (y - top) / (bottom - top);
        let (half, thick) = (
            b.u * lerp(0.006, 0.05, t) * rng.range(0.5, 1.4),
            b.u * lerp(0.0004, 0.0022, t) * rough.min(2.0) + 0.2,
        );
        let ink = if i % 2 == 0 {
            Ink::Flat(s.pal.sky[3].mix(s.pal.glow, 0.4), 0.17)
        } else {
            Ink::Flat(s.pal.near, 0.13)
        };
        b.fill(Shape::oval(rng.unit() * b.w, y, half, thick), &ink);
    }
}

/// The path of light on the water, under sun or moon.
fn glitter(s: &Scene<'_>, b: &mut Brush<'_>, top: f32, bottom: f32) {
    if s.intent.air(Air::Storm) || s.intent.air(Air::Rain) {
        return;
    }
    let mut rng = s.rng.fork("glitter");
    let u = b.u;
    let strength = s.pal.glow_strength;
    let x = s.light.0;
    let tone = s.pal.glow.mix(s.pal.light, 0.45);
    b.soft(u * 0.03, BlendMode::Screen, 0.5 * strength, |b| {
        let shape = Shape::polygon(&[
            (x - u * 0.025, top),
            (x + u * 0.025, top),
            (x + u * 0.15, bottom),
            (x - u * 0.15, bottom),
        ]);
        b.fill(
            shape,
            &Ink::Line {
                from: (0.0, top),
                to: (0.0, bottom),
                stops: vec![(0.0, tone, 0.85), (1.0, tone, 0.12)],
            },
        );
    });
    let mut y = top + u * 0.003;
    while y < bottom {
        let t = (y - top) / (bottom - top);
        let half = u * lerp(0.014, 0.11, t);
        for _ in 0..3 {
            let (dx, len) = (rng.bell() * half * 0.9, half * rng.range(0.12, 0.62));
            let alpha = lerp(0.9, 0.28, t) * rng.range(0.35, 1.0) * (0.35 + 0.65 * strength);
            b.fill(
                Shape::oval(
                    x + dx,
                    y + rng.bell() * u * 0.003,
                    len,
                    u * lerp(0.0009, 0.0026, t) + 0.15,
                ),
                &Ink::Flat(tone, alpha),
            );
        }
        y += u * lerp(0.0055, 0.016, t);
    }
}

/// A headland in front, for whoever stands on it: by right a lighthouse.
fn cliff(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let out = -s.side;
    let mut rng = s.rng.fork("cliff");
    let edge = if out > 0.0 { w } else { 0.0 };
    // Its profile from the outer edge of the picture down into the water.
    let reach = (u * 1.16).min(w * 0.74);
    let top = s.horizon - u * 0.13;
    let flat = 0.3;
    let seed = rng.bits();
    let rise = |f: f32| -> f32 {
        let t = smoothstep(flat, 1.04, f);
        // Shoulders on the way down.
        let step = crate::math::sin(t * 15.0 + 0.6) * 0.032 * (1.0 - t);
        top + (h - top) * (0.035 * (f / flat).min(1.0) + 0.965 * crate::math::pow(t, 0.92) + step)
    };
    let points: Vec<(f32, f32)> = (0..=90)
        .map(|i| {
            let f = i as f32 / 90.0;
            let rough =
                fbm(f * 13.0, 0.0, 4, seed) * u * lerp(0.01, 0.032, smoothstep(flat, 0.7, f));
            (edge - out * reach * f, rise(f) + rough)
        })
        .collect();
    let mut body = points.clone();
    body.push((edge - out * reach * 1.02, h + 2.0));
    body.push((edge, h + 2.0));
    let dark = s.pal.near;
    let lit = s.pal.shade.mix(dark, 0.3).mix(s.pal.glow, 0.16);
    b.soft(u * 0.02, BlendMode::SourceOver, 0.35, |b| {
        b.fill(Shape::polygon(&body), &Ink::flat(s.pal.near));
    });
    let (from, to) =
        ((edge - out * reach, s.horizon), (edge - out * reach * 0.25, s.horizon + u * 0.5));
    b.fill(
        Shape::polygon(&body),
        &Ink::Line {
            from,
            to,
            stops: (0..=5).map(|i| (i as f32 / 5.0, lit.mix(dark, i as f32 / 5.0), 1.0)).collect(),
        },
    );
    strata(s, b, &points, &mut rng);
    // The light on its upper edge.
    let rim: Vec<(f32, f32)> = points.iter().copied().filter(|q| q.1 < h).collect();
    b.stroke(Shape::open(&rim), &Ink::Flat(s.pal.glow, 0.4), u * 0.0022);
    foam(s, b, &points, &mut rng);
    b.at(0.6)?;
    let stand = |f: f32| points[((f * 90.0) as usize).min(90)];
    let hero = s
        .cast
        .iter()
        .copied()
        .find(|m| {
            !matches!(m, Motif::Boat | Motif::Bird | Motif::Lamp | Motif::Lantern | Motif::Balloon)
        })
        .unwrap_or(Motif::Lighthouse);
    let (x, y) = stand(0.27);
    let size = match hero {
        Motif::Lighthouse | Motif::Castle => u * 0.42,
        Motif::House | Motif::Tree | Motif::Pine => u * 0.24,
        _ => u * 0.16,
    }
    .min((y * 0.86).max(u * 0.1));
    grass(s, b, &points, &mut rng);
    if hero == Motif::Lighthouse {
        let (hx, hy) = stand(0.11);
        s.put(b, Motif::House, hx, hy + u * 0.006, u * 0.085, 0.1);
        beam(s, b, x, y - size * 0.835, out);
        s.put(b, hero, x, y + u * 0.01, size, 0.0);
        let lamp_y = y + u * 0.01 - size * 0.835;
        b.glow(x, lamp_y, u * 0.3, s.pal.lamp, 0.5);
        b.glow(x, lamp_y, u * 0.07, s.pal.lamp.mix(Rgb::WHITE, 0.5), 0.9);
        if let Some(second) = s.cast.iter().copied().find(|m| {
            matches!(
                m,
                Motif::Person | Motif::Dog | Motif::Fox | Motif::Cat | Motif::Tree | Motif::Pine
            )
        }) {
            let (px, py) = stand(0.5);
            s.put(
                b,
                second,
                px,
                py + u * 0.008,
                u * 0.02 * (1.0 + subjects::natural_size(second)),
                0.0,
            );
        }
    } else {
        s.put(b, hero, x, y + u * 0.01, size, 0.0);
    }
    Ok(())
}

/// Ledges of rock following the slope: each has an edge that catches the light and a shadow under it.
fn strata(s: &Scene<'_>, b: &mut Brush<'_>, crest: &[(f32, f32)], rng: &mut Rng) {
    let (u, h) = (b.u, b.h);
    let out = -s.side;
    for k in 1..16 {
        let drop = u * 0.042 * k as f32;
        let seed = rng.bits();
        let mut from = rng.below(26);
        while from < 84 {
            let len = 7 + rng.below(20);
            let line: Vec<(f32, f32)> = (from..=(from + len).min(88))
                .map(|i| {
                    let (x, y) = crest[i];
                    (x + out * drop * 0.5, y + drop + fbm(i as f32 * 0.16, 0.0, 3, seed) * u * 0.03)
                })
                .filter(|q| q.1 < h + u * 0.1)
                .collect();
            if line.len() > 3 {
                let fade = 1.0 - k as f32 / 17.0;
                let mut ledge = line.clone();
                ledge.extend(line.iter().rev().enumerate().map(|(i, q)| {
                    (
                        q.0 + out * u * 0.008,
                        q.1 + u * (0.01 + 0.022 * noise(i as f32 * 0.5, 2.0, seed).abs()),
                    )
                }));
                b.fill(Shape::polygon(&ledge), &Ink::Flat(s.pal.near, 0.24 * fade));
                b.stroke(Shape::open(&line), &Ink::Flat(s.pal.glow, 0.07 * fade), u * 0.0014);
            }
            from += len + 2 + rng.below(16);
        }
    }
}

fn foam(s: &Scene<'_>, b: &mut Brush<'_>, crest: &[(f32, f32)], rng: &mut Rng) {
    let u = b.u;
    let out = s.side;
    let tone = s.pal.sky[3].mix(Rgb::WHITE, 0.4);
    for q in crest.iter().skip(40).filter(|q| q.1 > s.horizon + u * 0.03) {
        for _ in 0..3 {
            let (dx, half) = (out * u * rng.range(0.0, 0.035), u * rng.range(0.004, 0.02));
            b.fill(
                Shape::oval(q.0 + dx, q.1 + u * rng.range(-0.004, 0.012), half, u * 0.0014),
                &Ink::Flat(tone, rng.range(0.1, 0.4)),
            );
        }
    }
}

fn grass(s: &Scene<'_>, b: &mut Brush<'_>, crest: &[(f32, f32)], rng: &mut Rng) {
    let u = b.u;
    for q in crest.iter().take(46) {
        for _ in 0..5 {
            let (x, tall) = (q.0 + rng.bell() * u * 0.012, u * rng.range(0.004, 0.014));
            let lean = rng.bell() * tall * 0.5;
            b.stroke(
                Shape::open(&[(x, q.1 + u * 0.006), (x + lean, q.1 + u * 0.004 - tall)]),
                &Ink::Flat(s.pal.near.mix(s.pal.glow, rng.range(0.02, 0.25)), 0.9),
                u * 0.0014,
            );
        }
    }
}

/// Two beams of a lighthouse, the longer one over the sea.
fn beam(s: &Scene<'_>, b: &mut Brush<'_>, x: f32, y: f32, out: f32) {
    let (w, u) = (b.w, b.u);
    let tone = s.pal.lamp.mix(Rgb::WHITE, 0.45);
    let strength = if s.pal.dim { 0.8 } else { 0.2 };
    b.soft(u * 0.006, BlendMode::Screen, strength, |b| {
        for (way, reach, open, alpha) in [(-out, w * 0.9, 0.085, 0.8), (out, w * 0.5, 0.1, 0.4)] {
            let (far, dip) = (x + way * reach, y - reach * 0.045);
            let shape = Shape::polygon(&[
                (x, y - u * 0.008),
                (far, dip - reach * open),
                (far, dip + reach * open),
                (x, y + u * 0.008),
            ]);
            let stops = vec![(0.0, tone, alpha), (0.25, tone, alpha * 0.5), (1.0, tone, 0.0)];
            b.fill(shape, &Ink::Line { from: (x, y), to: (far, dip), stops: stops.clone() });
            let core = Shape::polygon(&[
                (x, y - u * 0.005),
                (far, dip - reach * open * 0.35),
                (far, dip + reach * open * 0.35),
                (x, y + u * 0.005),
            ]);
            b.fill(
                core,
                &Ink::Line {
                    from: (x, y),
                    to: (far, dip),
                    stops: stops.iter().map(|(at, c, a)| (*at, *c, a * 0.6)).collect(),
                },
            );
        }
    });
}

fn island(s: &Scene<'_>, b: &mut Brush<'_>, rng: &mut Rng) {
    let (w, u) = (b.w, b.u);
    let x = w * 0.5 - s.side * w * 0.13;
    let y = s.horizon + u * 0.006;
    let half = u * 0.36;
    let hill: Vec<(f32, f32)> = (0..=20)
        .map(|i| {
            let f = i as f32 / 10.0 - 1.0;
            (
                x + f * half,
                y - (1.0 - f * f).max(0.0)
                    * u
                    * 0.1
                    * (1.0 + 0.25 * noise(f * 3.0, 0.0, rng.bits() & 0xff)),
            )
        })
        .collect();
    let green = s.far(s.pal.shade, 0.18);
    b.fill(
        Shape::hill(&hill, y),
        &Ink::down(y - u * 0.1, y, &[green.mix(s.pal.glow, 0.15), green.mix(s.pal.near, 0.35)]),
    );
    b.fill(Shape::oval(x, y, half * 1.18, u * 0.014), &Ink::flat(s.far(s.pal.land, 0.1)));
    for (dx, size) in [(-0.6, 0.24), (-0.3, 0.34), (0.02, 0.27), (0.4, 0.36), (0.62, 0.22)] {
        let look = s.look(Motif::Palm).veiled(s.haze(), 0.12);
        subjects::draw(
            b,
            Motif::Palm,
            x + dx * half,
            y - u * 0.02,
            u * size * 0.85,
            dx < 0.1,
            &look,
            &s.rng.fork(if dx < 0.0 { "a" } else { "b" }),
        );
    }
    if let Some(hero) = s.cast.iter().copied().find(|m| {
        !matches!(m, Motif::Palm | Motif::Boat | Motif::Bird | Motif::Fish | Motif::Balloon)
    }) {
        s.put(b, hero, x + half * 0.2, y, u * 0.17, 0.05);
    }
}

/// A suspension bridge over the water at the horizon.
fn span(s: &Scene<'_>, b: &mut Brush<'_>) {
    let (w, u) = (b.w, b.u);
    let y = s.horizon - u * 0.075;
    let tone = Ink::flat(
        s.far(s.intent.worn(Motif::Bridge).unwrap_or(s.pal.accent).mix(s.pal.near, 0.45), 0.2),
    );
    let towers = [w * 0.5 - u * 0.42, w * 0.5 + u * 0.42];
    b.fill(Shape::rect(0.0, y, w, u * 0.014), &tone);
    for x in towers {
        for dx in [-0.014, 0.014] {
            b.fill(Shape::rect(x + u * dx - u * 0.005, y - u * 0.27, u * 0.01, u * 0.36), &tone);
        }
        for k in 0..4 {
            b.fill(
                Shape::rect(
                    x - u * 0.019,
                    y - u * (0.265 - k as f32 * 0.075),
                    u * 0.038,
                    u * 0.012,
                ),
                &tone,
            );
        }
    }
    let cable = |x: f32| {
        let f = ((x - w * 0.5) / (u * 0.42)).abs();
        if f <= 1.0 {
            y - u * (0.02 + 0.24 * f * f)
        } else {
            y - u * 0.26 * (1.0 - ((f - 1.0) / 1.1).min(1.0))
        }
    };
    let steps = (w / (u * 0.024)) as usize;
    let points: Vec<(f32, f32)> =
        (0..=steps).map(|i| i as f32 / steps as f32 * w).map(|x| (x, cable(x))).collect();
    b.stroke(Shape::open(&points), &tone, u * 0.0045);
    for (x, cy) in &points {
        b.stroke(Shape::open(&[(*x, *cy), (*x, y)]), &tone, u * 0.0013);
    }
    if s.pal.dim {
        for (x, _) in points.iter().step_by(2) {
            b.glow(*x, y - u * 0.008, u * 0.02, s.pal.lamp, 0.8);
        }
    }
}

/// A strip of shore in front of the water with a subject on it.
fn shore(s: &Scene<'_>, b: &mut Brush<'_>, hero: Motif) {
    let (w, h, u) = (b.w, b.h, b.u);
    let seed = s.rng.fork("shore").bits();
    let line: Vec<(f32, f32)> = (0..=24)
        .map(|i| {
            let f = i as f32 / 24.0;
            (f * w, h - u * (0.1 + 0.09 * noise(f * 2.2, 0.0, seed) - 0.05 * s.side * (f - 0.5)))
        })
        .collect();
    let sand = s.pal.near.mix(s.pal.land, 0.35);
    b.fill(
        Shape::hill(&line, h + 2.0),
        &Ink::down(h - u * 0.2, h, &[sand.mix(s.pal.glow, 0.15), s.pal.near]),
    );
    b.stroke(Shape::curve(&line), &Ink::Flat(s.pal.sky[3].mix(Rgb::WHITE, 0.4), 0.5), u * 0.003);
    let x = w * 0.5 - s.side * w * 0.2;
    let y = line[((x / w * 24.0) as usize).min(24)].1 + u * 0.03;
    s.put(b, hero, x, y, u * (0.12 + 0.06 * subjects::natural_size(hero).min(5.0)), 0.0);
}

/// A lake or river among hills.
pub(super) fn lake(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("lake");
    terrain::peaks(s, b, s.horizon + u * 0.01, u * 0.3, 0.72, rng.bits());
    for i in 0..3 {
        let t = i as f32 / 2.0;
        let tone = s.far(s.pal.shade, 0.62 - 0.28 * t);
        let crest = terrain::crest(
            w,
            s.horizon - u * (0.085 - t * 0.055),
            u * 0.05,
            2.0 + t * 2.0,
            rng.bits(),
        );
        b.fill(
            Shape::hill(&crest, s.horizon + 2.0),
            &Ink::down(s.horizon - u * 0.13, s.horizon, &[tone, tone.mix(s.haze(), 0.35)]),
        );
    }
    terrain::tree_line(s, b, s.horizon + u * 0.002, u * 0.05, 0.34, &mut rng);
    if s.cast.contains(&Motif::Bridge) && !s.intent.places.contains(&Place::Sea) {
        s.put(b, Motif::Bridge, w * 0.5, s.horizon + u * 0.01, u * 0.24, 0.16);
    }
    if let Some(hero) =
        s.cast.iter().copied().find(|m| matches!(m, Motif::House | Motif::Castle | Motif::Tent))
    {
        s.put(b, hero, w * 0.5 - s.side * w * 0.16, s.horizon + u * 0.004, u * 0.16, 0.08);
    }
    b.at(0.4)?;
    water(s, b, s.horizon, h)?;
    b.cut(0.5);
    b.at(0.65)?;
    if s.cast.contains(&Motif::Boat) {
        float(
            s,
            b,
            Motif::Boat,
            w * 0.5 - s.side * w * 0.08,
            s.horizon + (h - s.horizon) * 0.36,
            u * 0.24,
        );
    }
    if s.intent.shows(Motif::Bird) {
        sky::flock(s, b, w * 0.5, s.horizon * 0.45, 10);
    }
    let others = |m: &Motif| {
        !matches!(
            m,
            Motif::House
                | Motif::Castle
                | Motif::Tent
                | Motif::Boat
                | Motif::Bird
                | Motif::Bridge
                | Motif::Fish
                | Motif::Pine
                | Motif::Tree
        )
    };
    if let Some(hero) = s.cast.iter().copied().find(others) {
        shore(s, b, hero);
    }
    b.cut(0.8);
    terrain::reeds(s, b, &mut rng);
    sky::weather(s, b);
    b.at(0.8)
}
