//! Hills, trees and reeds that several scenes have.

use super::plan::Scene;
use crate::math::{Rng, fbm, lerp, noise};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::words::{Motif, Place, Time};
use tiny_skia::BlendMode;

/// A smooth crest of hills across the picture.
pub(super) fn crest(w: f32, y: f32, reach: f32, waves: f32, seed: u64) -> Vec<(f32, f32)> {
    (0..=48)
        .map(|i| {
            let f = i as f32 / 48.0;
            (w * (f * 1.04 - 0.02), y - reach * (0.5 + 0.5 * fbm(f * waves + 0.37, 0.0, 3, seed)))
        })
        .collect()
}

/// One range of mountains, `distance` away: every summit has a lit and a shaded side, a broken line between, and snow.
pub(super) fn peaks(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    base: f32,
    reach: f32,
    distance: f32,
    seed: u64,
) {
    let (w, u) = (b.w, b.u);
    let mut rng = Rng::new(seed);
    let count = ((w / reach * 1.5) as usize).clamp(3, 14);
    let mut list: Vec<(f32, f32)> = (0..count)
        .map(|i| {
            let f = (i as f32 + 0.5 + rng.bell() * 0.3) / count as f32;
            // Highest away from the light, so that it is seen.
            let away = ((f - s.light.0 / w).abs() * 1.3).min(1.0);
            (f * w, reach * (0.38 + 0.34 * rng.unit() + 0.3 * away))
        })
        .collect();
    list.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rock = s.far(s.pal.shade.mix(s.pal.land, 0.3), distance);
    let lit = rock.mix(s.pal.glow, 0.34 * (1.0 - distance * 0.5)).lift(0.03);
    let dark = rock.mix(s.pal.near, 0.3 * (1.0 - distance));
    let foot = s.far(s.pal.shade, (distance + 0.2).min(0.97)).mix(s.haze(), 0.6);
    let white = Rgb::hex(0xf6f8fa)
        .tint(s.pal.glow, 0.5)
        .mix(s.pal.sky[1], if s.night() { 0.5 } else { 0.08 });
    let snow = s.far(white, distance * 0.6);
    let cold = s.far(white.mix(s.pal.sky[0], 0.42), distance * 0.6);
    for (x, tall) in list {
        let seed = rng.bits();
        let half = tall * (0.95 + 0.4 * rng.unit());
        let slope = |side: f32, t: f32| {
            let rough =
                fbm(t * 6.0 + side * 9.0, tall / u, 3, seed) * tall * 0.055 * (t * 6.0).min(1.0);
            (x + side * half * crate::math::pow(t, 1.12), base - tall * (1.0 - t) + rough)
        };
        let divide = |t: f32| {
            let zig = noise(t * 7.0, 5.0, seed) * half * 0.16 * (t * 4.0).min(1.0);
            (x - s.side * half * 0.14 * t + zig, base - tall * (1.0 - t))
        };
        for (side, tone) in [(s.side, lit), (-s.side, dark)] {
            let mut points: Vec<(f32, f32)> =
                (0..=18).map(|k| slope(side, k as f32 / 18.0)).collect();
            points.extend((0..=18).rev().map(|k| divide(k as f32 / 18.0)));
            b.fill(
                Shape::polygon(&points),
                &Ink::down(base - tall, base, &[tone, tone.mix(foot, 0.3), foot]),
            );
            if tall < reach * 0.5 && s.place != Place::Snow {
                continue;
            }
            let line = 0.3 + 0.12 * noise(tall, side, seed);
            let mut cap: Vec<(f32, f32)> =
                (0..=8).map(|k| slope(side, line * k as f32 / 8.0)).collect();
            for k in (0..9).rev() {
                let f = (k as f32 + 0.5) / 9.0;
                let (a, c) = (divide(line), slope(side, line));
                let tooth = if k % 2 == 0 { 0.55 } else { -0.12 };
                cap.push((
                    lerp(a.0, c.0, f),
                    lerp(a.1, c.1, f)
                        + tall * 0.11 * tooth * (0.6 + noise(f * 5.0, side, seed).abs()),
                ));
            }
            cap.extend((0..=8).rev().map(|k| divide(line * k as f32 / 8.0)));
            let tone = if side == s.side { snow } else { cold };
            b.fill(Shape::polygon(&cap), &Ink::flat(tone));
        }
    }
}

/// Conifers in a row, standing on `y`.
pub(super) fn tree_line(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    y: f32,
    tall: f32,
    distance: f32,
    rng: &mut Rng,
) {
    let tone = Ink::flat(s.far(s.pal.shade.mix(s.pal.near, 0.55), distance));
    let seed = rng.bits();
    let mut x = -tall * 0.2;
    while x < b.w + tall * 0.2 {
        let t = tall * rng.range(0.4, 1.0) * (0.62 + 0.38 * noise(x / (tall * 5.0), 0.0, seed));
        conifer(b, x, y + tall * 0.05, t, &tone);
        x += tall * rng.range(0.1, 0.3);
    }
    let w = b.w;
    b.fill(Shape::rect(0.0, y - tall * 0.12, w, tall * 0.16), &tone);
}

/// One conifer as a silhouette.
pub(super) fn conifer(b: &mut Brush<'_>, x: f32, y: f32, tall: f32, tone: &Ink) {
    if b.without.contains(&Motif::Pine) || b.without.contains(&Motif::Tree) {
        return;
    }
    let half = tall * 0.19;
    let mut points = vec![(x, y - tall)];
    let tiers = 6;
    for k in 1..=tiers {
        let t = k as f32 / tiers as f32;
        points.push((x + half * t, y - tall * (1.0 - t * 0.93)));
        points.push((x + half * t * 0.55, y - tall * (1.0 - t * 0.93) - tall * 0.012));
    }
    for k in (1..=tiers).rev() {
        let t = k as f32 / tiers as f32;
        points.push((x - half * t * 0.55, y - tall * (1.0 - t * 0.93) - tall * 0.012));
        points.push((x - half * t, y - tall * (1.0 - t * 0.93)));
    }
    b.fill(Shape::polygon(&points), tone);
    b.fill(Shape::rect(x - tall * 0.012, y - tall * 0.1, tall * 0.024, tall * 0.1), tone);
}

/// Grasses leaning in from the lower corners.
pub(super) fn reeds(s: &Scene<'_>, b: &mut Brush<'_>, rng: &mut Rng) {
    let (w, h, u) = (b.w, b.h, b.u);
    let count = (w / u * 60.0) as usize;
    for _ in 0..count {
        let corner = rng.unit() * rng.unit();
        let x = if rng.chance(0.5) { corner * w * 0.34 } else { w - corner * w * 0.34 };
        let (tall, lean) = (u * rng.range(0.05, 0.2) * (1.0 - corner * 0.7), rng.bell() * u * 0.05);
        let tone = s.pal.near.mix(s.pal.shade, rng.range(0.0, 0.3));
        b.stroke(
            Shape::curve(&[(x, h + 2.0), (x + lean * 0.2, h - tall * 0.6), (x + lean, h - tall)]),
            &Ink::flat(tone),
            u * 0.0024,
        );
        if rng.chance(0.22) {
            b.fill(
                Shape::oval(x + lean, h - tall, u * 0.0034, u * 0.013),
                &Ink::flat(tone.mix(s.pal.glow, 0.15)),
            );
        }
    }
}

/// The soft shadow thrown away from the light.
pub(super) fn shadow(s: &Scene<'_>, b: &mut Brush<'_>, x: f32, y: f32, size: f32) {
    let long = if s.time == Time::Day { 0.3 } else { 0.75 };
    b.soft(b.u * 0.006, BlendMode::SourceOver, 0.4, |b| {
        b.fill(
            Shape::oval(x - s.side * size * long * 0.5, y, size * long * 0.6, size * 0.035),
            &Ink::flat(s.pal.near),
        );
    });
}
