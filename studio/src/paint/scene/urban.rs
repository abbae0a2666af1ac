//! Cities from afar and streets from within.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use crate::math::{Rng, lerp};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::subjects;
use crate::paint::words::{Air, Mood, Motif, Place};
use gesso_media::WorkError;

/// The colours windows are lit in.
fn window_tone(s: &Scene<'_>, rng: &mut Rng) -> Rgb {
    let neon = s.intent.has(Mood::Neon);
    match rng.below(8) {
        0 => s.pal.accent.mix(Rgb::WHITE, 0.2),
        1 if neon => Rgb::hex(0x3ff0e8),
        2 => Rgb::hex(0x9fc4ff),
        3 => s.pal.lamp.mix(Rgb::WHITE, 0.4),
        _ => s.pal.lamp,
    }
}

/// A skyline in layers, with water before it if the words have any.
pub(super) fn city(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("city");
    let water =
        s.intent.places.iter().any(|p| matches!(p, Place::Sea | Place::River | Place::Coast))
            || s.cast.contains(&Motif::Bridge)
            || s.cast.contains(&Motif::Boat);
    let ground = if water { s.horizon } else { h };
    for layer in 0..4 {
        b.check()?;
        let t = layer as f32 / 3.0;
        let tone = s.far(s.pal.shade.mix(s.pal.near, 0.25 + 0.65 * t), 0.78 * (1.0 - t));
        let base = if water { ground } else { lerp(s.horizon, h, 0.15 + 0.85 * t) };
        let reach = if water { 1.0 } else { 1.2 };
        row(
            s,
            b,
            base,
            u * lerp(0.52, 0.26, t) * reach,
            u * lerp(0.055, 0.1, t),
            tone,
            t,
            &mut rng,
        );
        if layer % 2 == 1 && !water {
            b.cut(0.3 + 0.5 * t);
        }
        if layer < 3 {
            sky::veil(b, base - u * 0.05, u * 0.12, s.haze(), 0.34 * (1.0 - t));
        }
    }
    b.at(0.5)?;
    if water {
        super::water::water(s, b, ground, h)?;
    }
    for motif in s.cast.iter().copied() {
        match motif {
            Motif::Balloon => {
                s.put(b, motif, w * 0.5 - s.side * w * 0.16, s.horizon * 0.52, u * 0.3, 0.1)
            }
            Motif::Bird => sky::flock(s, b, w * 0.5, s.horizon * 0.3, 11),
            Motif::Boat => {
                s.put(b, motif, w * 0.5 - s.side * w * 0.12, lerp(ground, h, 0.4), u * 0.24, 0.0)
            }
            Motif::Bridge => s.put(b, motif, w * 0.5, lerp(ground, h, 0.16), u * 0.24, 0.1),
            _ => {
                let y = h - u * 0.05;
                let roof = s.pal.near;
                b.fill(
                    Shape::rect(0.0, y, w, h - y + 1.0),
                    &Ink::down(y, h, &[roof.mix(s.pal.shade, 0.25), roof]),
                );
                b.stroke(Shape::open(&[(0.0, y), (w, y)]), &Ink::Flat(s.pal.glow, 0.4), u * 0.002);
                s.put(
                    b,
                    motif,
                    w * 0.5 - s.side * w * 0.15,
                    y,
                    u * (0.14 + 0.05 * subjects::natural_size(motif).min(4.0)),
                    0.0,
                );
            }
        }
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// A row of houses with roofs of several kinds and their windows.
fn row(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    base: f32,
    tall: f32,
    wide: f32,
    tone: Rgb,
    near: f32,
    rng: &mut Rng,
) {
    let mut x = -wide * 0.4;
    let centre = b.w * (0.5 - s.side * 0.1);
    while x < b.w {
        let width = wide * rng.range(0.6, 1.4);
        let hill = 1.0 - ((x - centre).abs() / b.w).min(1.0) * 0.55;
        let height = tall * rng.range(0.32, 1.0) * hill;
        let top = base - height;
        let face = Ink::down(top, base, &[tone, tone.mix(s.haze(), 0.26 * (1.0 - near))]);
        b.fill(Shape::rect(x, top, width, height + 2.0), &face);
        match rng.below(6) {
            0 => b.fill(
                Shape::rect(x + width * 0.2, top - tall * 0.06, width * 0.6, tall * 0.07),
                &face,
            ),
            1 => b.fill(
                Shape::polygon(&[
                    (x, top + 1.0),
                    (x + width, top - tall * 0.08),
                    (x + width, top + 1.0),
                ]),
                &face,
            ),
            2 => {
                b.fill(
                    Shape::rect(x + width * 0.32, top - tall * 0.1, width * 0.36, tall * 0.11),
                    &face,
                );
                b.fill(
                    Shape::rect(x + width * 0.48, top - tall * 0.22, width * 0.04, tall * 0.13),
                    &face,
                );
            }
            _ => {}
        }
        b.fill(
            Shape::rect(if s.side > 0.0 { x + width * 0.9 } else { x }, top, width * 0.1, height),
            &Ink::Flat(s.pal.glow, 0.12),
        );
        windows(s, b, (x, top, width, height), near, rng);
        x += width * rng.range(0.82, 1.08);
    }
}

fn windows(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    (x, top, width, height): (f32, f32, f32, f32),
    near: f32,
    rng: &mut Rng,
) {
    let u = b.u;
    let cell = u * lerp(0.011, 0.021, near);
    let share = if s.pal.dim { lerp(0.16, 0.36, near) } else { 0.55 };
    let columns = ((width - cell * 0.6) / cell) as usize;
    let rows = ((height / cell) as usize).min(60);
    let pad = (width - columns as f32 * cell) / 2.0;
    for r in 1..rows {
        for c in 0..columns {
            if !rng.chance(share) {
                continue;
            }
            let (wx, wy) = (x + pad + c as f32 * cell + cell * 0.26, top + r as f32 * cell);
            let (tone, alpha) = if s.pal.dim {
                (window_tone(s, rng), rng.range(0.35, 0.95) * lerp(0.55, 1.0, near))
            } else {
                (s.pal.sky[1].mix(s.pal.near, 0.35), 0.35)
            };
            b.fill(Shape::rect(wx, wy, cell * 0.46, cell * 0.6), &Ink::Flat(tone, alpha));
            if s.pal.dim && near > 0.6 && rng.chance(0.04) {
                b.glow(wx + cell * 0.2, wy + cell * 0.3, cell * 2.0, tone, 0.6);
            }
        }
    }
}

/// A street seen along its middle.
pub(super) fn street(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("street");
    let vanish = (w * (0.5 + s.side * 0.06), s.horizon);
    row(s, b, s.horizon + u * 0.01, u * 0.3, u * 0.06, s.far(s.pal.shade, 0.72), 0.2, &mut rng);
    b.glow(vanish.0, vanish.1, u * 0.5, s.pal.glow, 0.5);
    let road = s.pal.near.mix(s.pal.shade, 0.35);
    b.fill(
        Shape::rect(0.0, s.horizon, w, h - s.horizon),
        &Ink::down(s.horizon, h, &[road.mix(s.haze(), 0.5), road, s.pal.near]),
    );
    let edge = w * 0.62;
    for side in [-1.0_f32, 1.0] {
        b.check()?;
        facade(s, b, vanish, side, edge, &mut rng);
    }
    b.at(0.45)?;
    wet(s, b)?;
    // Kerbs and the line in the middle.
    for side in [-1.0_f32, 1.0] {
        let far = (vanish.0 + side * u * 0.02, vanish.1);
        let near = (w * 0.5 + side * edge * 0.72, h);
        b.fill(
            Shape::polygon(&[
                far,
                near,
                (near.0 + side * u * 0.3, h),
                (far.0 + side * u * 0.01, far.1),
            ]),
            &Ink::Flat(s.pal.near.mix(s.pal.shade, 0.45), 0.72),
        );
        b.stroke(Shape::open(&[far, near]), &Ink::Flat(s.pal.glow, 0.35), u * 0.003);
    }
    for k in 0..9 {
        let (t0, t1) = (
            crate::math::pow((k as f32 + 0.2) / 9.0, 1.8),
            crate::math::pow((k as f32 + 0.72) / 9.0, 1.8),
        );
        let at = |t: f32, side: f32| {
            (lerp(vanish.0, w * 0.5, t) + side * u * 0.011 * t, lerp(vanish.1, h, t))
        };
        b.fill(
            Shape::polygon(&[at(t0, -1.0), at(t0, 1.0), at(t1, 1.0), at(t1, -1.0)]),
            &Ink::Flat(s.pal.light, 0.42),
        );
    }
    b.cut(0.5);
    lamps(s, b, vanish, edge);
    b.at(0.65)?;
    b.cut(0.75);
    for (i, motif) in s.cast.iter().copied().enumerate() {
        let t = if i == 0 { 0.5 } else { 0.3 };
        let x = lerp(vanish.0, w * 0.5 - s.side * w * (0.16 - i as f32 * 0.3), t * 1.3);
        let y = lerp(s.horizon, h, t);
        match motif {
            Motif::Bird => sky::flock(s, b, w * 0.5, s.horizon * 0.35, 7),
            Motif::Balloon => s.put(b, motif, vanish.0, s.horizon * 0.55, u * 0.24, 0.2),
            _ => s.put(
                b,
                motif,
                x,
                y,
                u * if motif == Motif::Car {
                    0.26
                } else {
                    0.2 + 0.03 * subjects::natural_size(motif)
                },
                0.0,
            ),
        }
    }
    if s.cast.is_empty() {
        s.put(
            b,
            Motif::Person,
            lerp(vanish.0, w * 0.46, 0.5),
            lerp(s.horizon, h, 0.34),
            u * 0.17,
            0.0,
        );
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// The houses of one side, getting smaller towards the vanishing point.
fn facade(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    vanish: (f32, f32),
    side: f32,
    edge: f32,
    rng: &mut Rng,
) {
    let (w, h, u) = (b.w, b.h, b.u);
    let count = 7;
    let at = |t: f32, height: f32| {
        let x = lerp(vanish.0 + side * u * 0.035, w * 0.5 + side * edge, t);
        let ground = lerp(vanish.1, h * 1.08, t * 0.8);
        (x, lerp(vanish.1, ground - height * (0.08 + t), 1.0))
    };
    for k in 0..count {
        let (t0, t1) = (
            crate::math::pow(k as f32 / count as f32, 1.6),
            crate::math::pow((k as f32 + 1.0) / count as f32, 1.6) * 1.001,
        );
        let tall = u * rng.range(0.75, 1.25);
        let tone = s.far(
            s.pal.shade.mix(s.pal.near, rng.range(0.3, 0.62)).tint(s.pal.accent, 0.08 * rng.unit()),
            0.7 * (1.0 - t1),
        );
        let quad = [at(t0, tall), at(t1, tall), at(t1, 0.0), at(t0, 0.0)];
        b.fill(
            Shape::polygon(&quad),
            &Ink::across(quad[0].0, quad[1].0, &[tone.mix(s.pal.glow, 0.14), tone]),
        );
        let (columns, floors) = (4, 9);
        for c in 0..columns {
            let (c0, c1) = (
                lerp(t0, t1, (c as f32 + 0.25) / columns as f32),
                lerp(t0, t1, (c as f32 + 0.72) / columns as f32),
            );
            for f in 0..floors {
                let (y0, y1) = (
                    (f as f32 + 0.75) / (floors as f32 + 0.6) * tall,
                    (f as f32 + 1.25) / (floors as f32 + 0.6) * tall,
                );
                let shop = f == 0;
                let lit = s.pal.dim && rng.chance(if shop { 0.85 } else { 0.3 });
                let (window, alpha) = if lit {
                    (window_tone(s, rng), if shop { 0.95 } else { rng.range(0.45, 0.9) })
                } else {
                    (s.pal.near.mix(s.pal.sky[1], 0.3), 0.55)
                };
                let (low, high) = if shop { (y0 * 0.2, y1 * 0.95) } else { (y0, y1) };
                b.fill(
                    Shape::polygon(&[at(c0, high), at(c1, high), at(c1, low), at(c0, low)]),
                    &Ink::Flat(window, alpha),
                );
                if lit && shop {
                    let (x, y) = at((c0 + c1) / 2.0, (low + high) / 2.0);
                    b.glow(x, y, u * 0.13 * (t1 + 0.12), window, 0.45);
                }
            }
        }
        if s.intent.has(Mood::Neon) || rng.chance(0.35) && s.pal.dim {
            let sign = if rng.chance(0.5) { s.pal.accent } else { s.pal.glow };
            let (x, y) = at(lerp(t0, t1, 0.12), tall * rng.range(0.3, 0.55));
            let (sw, sh) = (u * 0.035 * (t1 + 0.15), u * 0.12 * (t1 + 0.15));
            b.fill(Shape::rect(x - sw / 2.0, y, sw, sh), &Ink::flat(sign.mix(Rgb::WHITE, 0.25)));
            b.glow(x, y + sh / 2.0, sh * 2.0, sign, 0.75);
        }
    }
}

/// The road mirrors what is above it, more when it is wet.
fn wet(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let rain = s.intent.air(Air::Rain) || s.intent.air(Air::Storm) || s.intent.has(Mood::Neon);
    let strength = if rain { 0.62 } else { 0.26 };
    let seed = s.rng.fork("wet").bits();
    let (w, h) = (b.sheet.width() as usize, b.sheet.height() as usize);
    let first = (s.horizon as usize).clamp(1, h - 1);
    let source = b.seen(first);
    let u = b.u;
    for y in first..h {
        if y % 64 == 0 {
            b.check()?;
        }
        let depth = (y - first) as f32;
        let row = &mut b.sheet.data_mut()[y * w * 4..(y + 1) * w * 4];
        for x in 0..w {
            let ripple = crate::math::noise(x as f32 / (u * 0.03), depth / (u * 0.006), seed);
            let pool = crate::math::smoothstep(
                -0.35,
                0.5,
                crate::math::noise(x as f32 / (u * 0.3), depth / (u * 0.07), seed ^ 9),
            );
            let sx = (x as f32 + ripple * depth * 0.03).clamp(0.0, w as f32 - 1.0) as usize;
            let sy = (first as f32 - 1.0 - depth * 1.05 + ripple * u * 0.02)
                .clamp(0.0, first as f32 - 1.0) as usize;
            let mix = strength * lerp(0.35, 1.0, pool);
            for c in 0..3 {
                let (road, sky) =
                    (f32::from(row[x * 4 + c]), f32::from(source[(sy * w + sx) * 4 + c]));
                row[x * 4 + c] =
                    (road * (1.0 - mix * 0.75) + sky * mix * 0.8).clamp(0.0, 255.0) as u8;
            }
            row[x * 4 + 3] = 255;
        }
    }
    Ok(())
}

fn lamps(s: &Scene<'_>, b: &mut Brush<'_>, vanish: (f32, f32), edge: f32) {
    let (w, h, u) = (b.w, b.h, b.u);
    for k in 0..5 {
        let t = crate::math::pow((k as f32 + 0.9) / 5.2, 1.7);
        for side in [-1.0_f32, 1.0] {
            let x = lerp(vanish.0 + side * u * 0.03, w * 0.5 + side * edge * 0.74, t);
            let y = lerp(vanish.1, h, t * 0.97);
            let tall = u * (0.05 + 0.62 * t);
            let arm = -side * tall * 0.16;
            let ink = Ink::flat(s.far(s.pal.near, 0.45 * (1.0 - t)));
            b.stroke(
                Shape::curve(&[
                    (x, y),
                    (x, y - tall * 0.9),
                    (x + arm * 0.3, y - tall),
                    (x + arm, y - tall),
                ]),
                &ink,
                u * 0.0085 * (0.12 + t),
            );
            b.fill(
                Shape::oval(x + arm, y - tall + u * 0.004 * t, tall * 0.035, tall * 0.014),
                &Ink::flat(s.pal.lamp.mix(Rgb::WHITE, 0.5)),
            );
            if s.pal.dim {
                b.glow(x + arm, y - tall, tall * 0.55, s.pal.lamp, 0.75);
                b.soft(u * 0.012, BlendMode::Screen, 0.3, |b| {
                    b.fill(
                        Shape::oval(x + arm, y + tall * 0.1, tall * 0.22, tall * 0.05),
                        &Ink::flat(s.pal.lamp),
                    );
                });
            }
        }
    }
}
