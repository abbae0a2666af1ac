//! Sky, sun, moon, stars, clouds and what falls from them.

use tiny_skia::BlendMode;

use super::plan::Scene;
use crate::math::{cos, lerp, sin};
use crate::paint::brush::{Brush, Ink, Shape, Stop};
use crate::paint::color::Rgb;
use crate::paint::subjects;
use crate::paint::words::{Air, Motif, Place, Style, Time};
use gesso_media::WorkError;

/// The whole sky down to the horizon, with its light.
pub(super) fn sky(s: &Scene<'_>, b: &mut Brush<'_>) {
    b.wash(&Ink::down(0.0, s.horizon, &s.pal.sky));
    if s.night() || (s.intent.air(Air::Stars) && s.time != Time::Day) {
        stars(s, b, 1.0);
    }
    luminary(s, b);
    clouds(s, b);
}

/// Sun or moon and its glow.
pub(super) fn luminary(s: &Scene<'_>, b: &mut Brush<'_>) {
    let (x, y) = s.light;
    let p = &s.pal;
    let strength = p.glow_strength;
    let banned = &s.intent.without.air;
    let hidden = banned.contains(&if s.night() { Air::Moon } else { Air::Sun })
        || s.intent.air(Air::Storm)
        || (s.intent.air(Air::Rain) && !s.intent.air(Air::Moon));
    b.glow(x, y, b.u * 0.95, p.glow, strength * 0.75);
    if hidden {
        return;
    }
    b.glow(x, y, s.disc * 4.6, p.glow, strength * 0.75);
    if s.time == Time::Dusk && !s.intent.air(Air::Sun) {
        return;
    }
    let face = if s.night() {
        Ink::Round {
            centre: (x - s.disc * 0.3, y - s.disc * 0.3),
            radius: s.disc * 1.6,
            stops: vec![
                (0.0, Rgb::WHITE, 1.0),
                (0.6, p.light, 1.0),
                (1.0, p.light.mix(p.sky[2], 0.3), 1.0),
            ],
        }
    } else {
        Ink::Round {
            centre: (x, y),
            radius: s.disc,
            stops: vec![
                (0.0, Rgb::WHITE, 1.0),
                (0.75, p.light, 1.0),
                (1.0, p.light.mix(p.glow, 0.35), 1.0),
            ],
        }
    };
    b.fill(Shape::circle(x, y, s.disc), &face);
    if s.night() {
        for (dx, dy, r) in [
            (-0.25, -0.1, 0.24),
            (0.3, 0.25, 0.17),
            (0.12, -0.42, 0.12),
            (-0.35, 0.4, 0.12),
            (0.45, -0.18, 0.09),
        ] {
            b.fill(
                Shape::circle(x + dx * s.disc, y + dy * s.disc, r * s.disc),
                &Ink::Flat(p.sky[2], 0.13),
            );
        }
    }
}

/// Stars, fewer towards the horizon.
pub(super) fn stars(s: &Scene<'_>, b: &mut Brush<'_>, share: f32) {
    if s.intent.without.air.contains(&Air::Stars) {
        return;
    }
    let mut rng = s.rng.fork("stars");
    let count = (b.w * b.h / (b.u * b.u) * 260.0 * share) as usize;
    for i in 0..count {
        let (x, t) = (rng.unit() * b.w, rng.unit());
        let y = t * t.max(0.25) * s.horizon;
        let r = b.u * rng.range(0.0006, 0.0017) + 0.25;
        let fade = (1.0 - y / s.horizon).clamp(0.0, 1.0) * rng.range(0.25, 1.0);
        let tone = if rng.chance(0.3) { Rgb::hex(0xffe8c8) } else { Rgb::hex(0xe8f0ff) };
        b.fill(Shape::circle(x, y, r), &Ink::Flat(tone, fade));
        if i % 29 == 0 {
            b.glow(x, y, r * 7.0, tone, 0.5 * fade);
        }
    }
}

/// Bands of cloud lit from the side of the light.
pub(super) fn clouds(s: &Scene<'_>, b: &mut Brush<'_>) {
    if s.intent.without.air.contains(&Air::Clouds) {
        return;
    }
    let mut rng = s.rng.fork("clouds");
    let heavy = s.intent.air(Air::Storm) || s.intent.air(Air::Clouds) || s.intent.air(Air::Rain);
    let count = if heavy {
        16
    } else if s.night() {
        4
    } else {
        7
    };
    let p = s.pal.clone();
    let flat = s.intent.style(Style::Flat);
    let (w, h, u, horizon, light) = (b.w, b.h, b.u, s.horizon, s.light);
    let opacity = if heavy { 0.8 } else { 0.55 };
    let blur = if flat { u * 0.0015 } else { u * 0.007 };
    b.soft(blur, BlendMode::SourceOver, opacity, |b| {
        for _ in 0..count {
            let (cx, t) = (rng.unit() * w * 1.2 - w * 0.1, rng.range(0.08, 0.92));
            let y = horizon * if heavy { t * 0.75 } else { t };
            let near = 1.0 - y / horizon;
            let half = u * rng.range(0.14, 0.36) * lerp(1.0, 1.35, near);
            let thick = half * lerp(0.035, 0.14, near) * if heavy { 1.7 } else { 1.0 };
            let gap = 1.0 - ((cx - light.0).abs() / w).min(1.0);
            let at = (y / horizon * 3.0).clamp(0.0, 2.99);
            let sky = p.sky[at as usize].mix(p.sky[at as usize + 1], at.fract());
            let bright = sky.mix(p.glow, (0.25 + 0.45 * gap) * p.glow_strength).lift(if heavy {
                -0.03
            } else {
                0.04
            });
            let low = if heavy { sky.lift(-0.1) } else { sky.mix(bright, 0.35) };
            for k in 0..9 {
                let f = k as f32 / 8.0 * 2.0 - 1.0;
                let swell = (1.0 - f * f).max(0.0);
                let r = thick * (0.35 + swell * rng.range(0.7, 1.3));
                let stops: Vec<Stop> =
                    vec![(0.0, bright, 0.75), (0.55, low, 0.6), (1.0, low, 0.12)];
                let ink = Ink::Line { from: (0.0, y - r), to: (0.0, y + thick * 0.7), stops };
                b.fill(
                    Shape::oval(cx + f * half, y - r * 0.25, half * rng.range(0.16, 0.3), r * 0.8),
                    &ink,
                );
            }
            b.fill(
                Shape::oval(cx, y + thick * 0.25, half * 1.12, thick * 0.32),
                &Ink::Flat(low, 0.7),
            );
        }
    });
    let _ = h;
}

/// A veil of light or fog lying at a height.
pub(super) fn veil(b: &mut Brush<'_>, y: f32, reach: f32, tone: Rgb, strength: f32) {
    let stops = vec![(0.0, tone, 0.0), (0.5, tone, strength), (1.0, tone, 0.0)];
    let w = b.w;
    b.fill(
        Shape::rect(0.0, y - reach, w, reach * 2.0),
        &Ink::Line { from: (0.0, y - reach), to: (0.0, y + reach), stops },
    );
}

/// True if snow is named with a place that has none of its own.
fn snowed_on(s: &Scene<'_>) -> bool {
    s.intent.places.contains(&Place::Snow)
        && matches!(s.place, Place::Forest | Place::Street | Place::City)
}

/// Rain, snow, fog and lightning in front of everything.
pub(super) fn weather(s: &Scene<'_>, b: &mut Brush<'_>) {
    let mut rng = s.rng.fork("weather");
    let (w, h, u) = (b.w, b.h, b.u);
    if s.intent.air(Air::Fog) {
        let tone = s.haze().lift(0.03);
        for i in 0..4 {
            let y = s.horizon + (i as f32 - 0.8) * h * 0.09 + rng.bell() * h * 0.02;
            veil(b, y, h * 0.1, tone, 0.5 - i as f32 * 0.09);
        }
    }
    if s.intent.air(Air::Storm) {
        lightning(s, b);
    }
    if s.intent.air(Air::Rain) || s.intent.air(Air::Storm) {
        let count = (w * h / (u * u) * 420.0) as usize;
        for _ in 0..count {
            let (x, y, len) = (rng.unit() * w * 1.1, rng.unit() * h, u * rng.range(0.015, 0.05));
            let ink = Ink::Flat(s.pal.sky[3].mix(Rgb::WHITE, 0.35), rng.range(0.05, 0.22));
            b.stroke(Shape::open(&[(x, y), (x - len * 0.22, y + len)]), &ink, u * 0.0011 + 0.2);
        }
    }
    if s.intent.air(Air::Snowfall) || snowed_on(s) {
        let count = (w * h / (u * u) * 260.0) as usize;
        for i in 0..count {
            let (x, y) = (rng.unit() * w, rng.unit() * h);
            let r =
                u * if i % 24 == 0 { rng.range(0.004, 0.008) } else { rng.range(0.001, 0.0032) };
            b.fill(
                Shape::circle(x, y, r),
                &Ink::Flat(Rgb::WHITE, if i % 24 == 0 { 0.35 } else { rng.range(0.4, 0.95) }),
            );
        }
    }
}

fn lightning(s: &Scene<'_>, b: &mut Brush<'_>) {
    let mut rng = s.rng.fork("lightning");
    let u = b.u;
    let (mut x, mut y) = (s.light.0, s.horizon * 0.12);
    b.glow(x, y, u * 0.6, Rgb::hex(0xcfdcff), 0.35);
    let mut points = vec![(x, y)];
    while y < s.horizon {
        x += rng.bell() * u * 0.05;
        y += u * rng.range(0.02, 0.06);
        points.push((x, y));
    }
    for (width, alpha) in [(0.012, 0.16), (0.006, 0.3), (0.0026, 1.0)] {
        b.stroke(Shape::open(&points), &Ink::Flat(Rgb::hex(0xf2f4ff), alpha), u * width);
    }
    if let Some(start) = points.get(points.len() / 2).copied() {
        let fork: Vec<(f32, f32)> = (0..6)
            .map(|i| {
                (
                    start.0 + i as f32 * u * 0.022 * s.side + rng.bell() * u * 0.012,
                    start.1 + i as f32 * u * 0.028,
                )
            })
            .collect();
        b.stroke(Shape::open(&fork), &Ink::Flat(Rgb::hex(0xf2f4ff), 0.75), u * 0.0016);
    }
}

/// Distant birds.
pub(super) fn flock(s: &Scene<'_>, b: &mut Brush<'_>, x: f32, y: f32, count: usize) {
    if b.without.contains(&Motif::Bird) {
        return;
    }
    let mut rng = s.rng.fork("flock");
    let u = b.u;
    let ink = Ink::Flat(s.pal.near.mix(s.pal.sky[1], 0.25), 0.85);
    for i in 0..count {
        let (bx, by) = (x + rng.bell() * u * 0.16, y + rng.bell() * u * 0.06);
        let size = u * rng.range(0.008, 0.017) * if i == 0 { 1.4 } else { 1.0 };
        let lift = rng.range(0.25, 0.6);
        let shape = Shape::curve(&[
            (bx - size, by - size * lift),
            (bx - size * 0.35, by - size * lift * 1.1),
            (bx, by),
            (bx + size * 0.35, by - size * lift * 1.1),
            (bx + size, by - size * lift),
        ]);
        b.stroke(shape, &ink, size * 0.14 + 0.3);
    }
}

/// A scene that is sky alone: a sea of clouds, and what flies over it.
pub(super) fn aloft(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky(s, b);
    b.cut(0.0);
    b.at(0.3)?;
    let mut rng = s.rng.fork("aloft");
    let (w, h, u) = (b.w, b.h, b.u);
    for layer in 0..6 {
        b.check()?;
        let t = layer as f32 / 5.0;
        let y = h * lerp(0.6, 0.98, t);
        let top = s.haze().mix(s.pal.light, 0.45).mix(s.pal.sky[1], t * 0.55);
        let low = s.pal.sky[1].mix(s.haze(), 0.5 - t * 0.4);
        b.soft(u * 0.006, BlendMode::SourceOver, 0.95, |b| {
            let count = (16.0 * w / u) as usize;
            for _ in 0..count {
                let (cx, r) = (rng.unit() * w, u * rng.range(0.04, 0.1) * (0.55 + t));
                let cy = y + rng.bell() * u * 0.025;
                let ink = Ink::Line {
                    from: (0.0, cy - r),
                    to: (0.0, cy + r),
                    stops: vec![(0.0, top, 1.0), (0.9, low, 1.0), (1.0, low, 1.0)],
                };
                b.fill(Shape::oval(cx, cy, r * 1.25, r), &ink);
            }
            b.fill(
                Shape::rect(0.0, y + u * 0.03, w, h),
                &Ink::down(y, y + h * 0.2, &[top.mix(low, 0.6), low]),
            );
        });
    }
    b.cut(0.55);
    b.at(0.6)?;
    let hero = s.cast.first().copied().unwrap_or(Motif::Bird);
    let size = u * match hero {
        Motif::Bird => 0.3,
        Motif::Balloon => 0.42,
        Motif::Castle | Motif::House | Motif::Lighthouse => 0.4,
        _ => 0.3,
    };
    let x = w * 0.5 - s.side * w * 0.12;
    let y = h * 0.44 + size * 0.5;
    match hero {
        Motif::Castle | Motif::House | Motif::Lighthouse | Motif::Tree => {
            let rock = [
                (x - size * 0.7, y),
                (x + size * 0.7, y),
                (x + size * 0.4, y + size * 0.3),
                (x + size * 0.1, y + size * 0.62),
                (x - size * 0.2, y + size * 0.4),
                (x - size * 0.5, y + size * 0.2),
            ];
            b.fill(
                Shape::polygon(&rock),
                &Ink::down(y, y + size * 0.6, &[s.pal.shade, s.pal.near]),
            );
            b.fill(Shape::oval(x, y, size * 0.7, size * 0.05), &Ink::flat(s.pal.land));
            s.put(b, hero, x, y, size, 0.05);
        }
        _ => subjects::draw(b, hero, x, y, size, s.side > 0.0, &s.look(hero), &s.rng.fork("hero")),
    }
    if hero == Motif::Balloon {
        s.put(b, Motif::Balloon, x + s.side * w * 0.24, y - size * 0.4, size * 0.35, 0.4);
        s.put(b, Motif::Balloon, x - s.side * w * 0.2, y + size * 0.1, size * 0.22, 0.6);
    }
    flock(s, b, w * 0.5 + s.side * w * 0.18, h * 0.3, 9);
    weather(s, b);
    b.at(0.8)
}

/// Rays spreading from a point, softly.
pub(super) fn rays(
    b: &mut Brush<'_>,
    from: (f32, f32),
    reach: f32,
    spread: (f32, f32),
    count: usize,
    tone: Rgb,
    strength: f32,
    rng: &mut crate::math::Rng,
) {
    let u = b.u;
    b.soft(u * 0.012, BlendMode::Screen, strength, |b| {
        for _ in 0..count {
            let angle = rng.range(spread.0, spread.1);
            let width = rng.range(0.012, 0.05);
            let point = |a: f32| (from.0 + cos(a) * reach, from.1 + sin(a) * reach);
            let ink = Ink::Round {
                centre: from,
                radius: reach,
                stops: vec![(0.0, tone, 0.55), (0.4, tone, 0.25), (1.0, tone, 0.0)],
            };
            b.fill(Shape::polygon(&[from, point(angle - width), point(angle + width)]), &ink);
        }
    });
}
