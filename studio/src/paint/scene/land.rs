//! Mountains, dunes, fields, snow, and the parts other scenes borrow from them.

use super::dunes;
use super::plan::Scene;
use super::sky;
use super::terrain::{conifer, crest, peaks, shadow, tree_line};
use crate::math::{Rng, lerp, noise};
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::subjects;
use crate::paint::words::{Mood, Motif, Place};
use gesso_media::WorkError;

/// Ranges one behind the other with mist between, and whoever looks at them.
pub(super) fn mountains(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("mountains");
    let tall = (h - s.horizon * 0.3).min(u * 0.9);
    peaks(s, b, s.horizon, tall * 0.62, 0.72, rng.bits());
    sky::veil(b, s.horizon - u * 0.01, u * 0.1, s.haze(), 0.6);
    peaks(s, b, s.horizon + tall * 0.12, tall * 0.46, 0.45, rng.bits());
    sky::veil(b, s.horizon + tall * 0.1, u * 0.08, s.haze(), 0.5);
    b.cut(0.3);
    b.at(0.4)?;
    let water = s.intent.places.iter().any(|p| matches!(p, Place::River | Place::Sea));
    if water {
        let shore = s.horizon + (h - s.horizon) * 0.3;
        tree_line(s, b, shore, u * 0.07, 0.25, &mut rng);
        super::water::water(s, b, shore, h)?;
    } else {
        for i in 0..3 {
            b.check()?;
            let t = i as f32 / 2.0;
            let y = lerp(s.horizon + tall * 0.15, h - u * 0.08, t);
            let tone = s.far(s.pal.shade.mix(s.pal.near, 0.35 + t * 0.35), 0.34 * (1.0 - t));
            let hills = crest(w, y, u * 0.1, 2.4, rng.bits());
            b.fill(
                Shape::hill(&hills, h + 2.0),
                &Ink::down(
                    y - u * 0.1,
                    h,
                    &[tone.mix(s.pal.glow, 0.08), tone.mix(s.pal.near, 0.6)],
                ),
            );
            if i < 2 {
                for q in hills.iter().filter(|q| noise(q.0 / u * 4.0, t, 5) > -0.25) {
                    for _ in 0..5 {
                        conifer(
                            b,
                            q.0 + rng.bell() * u * 0.05,
                            q.1 + u * rng.range(0.008, 0.04),
                            u * lerp(0.045, 0.1, t) * rng.range(0.6, 1.2),
                            &Ink::flat(tone.mix(s.pal.near, 0.35)),
                        );
                    }
                }
                sky::veil(b, y + u * 0.07, u * 0.05, s.haze(), 0.3 * (1.0 - t));
            }
        }
    }
    b.cut(0.65);
    b.at(0.65)?;
    stage(s, b, h - u * 0.11, &mut rng)?;
    sky::weather(s, b);
    b.at(0.8)
}

/// Sets the subjects on a line of ground, the hero on a third of the width.
fn stage(s: &Scene<'_>, b: &mut Brush<'_>, y: f32, rng: &mut Rng) -> Result<(), WorkError> {
    let (w, u) = (b.w, b.u);
    let mut x = w * 0.5 - s.side * w * 0.17;
    for (i, motif) in s.cast.iter().copied().enumerate() {
        b.check()?;
        match motif {
            Motif::Bird => {
                sky::flock(s, b, w * 0.5, s.horizon * 0.45, 9);
                continue;
            }
            Motif::Balloon => {
                s.put(b, motif, w * 0.5 - s.side * w * 0.12, s.horizon * 0.8, u * 0.36, 0.08);
                s.put(b, motif, w * 0.5 + s.side * w * 0.08, s.horizon * 0.56, u * 0.13, 0.4);
                s.put(b, motif, w * 0.5 - s.side * w * 0.3, s.horizon * 0.62, u * 0.09, 0.55);
                continue;
            }
            Motif::Flower if s.place != Place::Snow && s.place != Place::Mountains => continue,
            Motif::Fish | Motif::Planet => continue,
            Motif::Pine | Motif::Tree | Motif::Palm if i > 0 && s.cast[0] != Motif::Flower => {
                for k in 0..4 {
                    let (dx, size) = (rng.range(-0.4, 0.4) * w, u * rng.range(0.16, 0.26));
                    s.put(b, motif, w * 0.5 + dx, y + u * 0.012 * k as f32, size, 0.06);
                }
                continue;
            }
            Motif::Rocket => {
                s.put(b, motif, x, s.horizon * 0.7, u * 0.4, 0.0);
                continue;
            }
            _ => {}
        }
        let size =
            u * match motif {
                Motif::Castle | Motif::Lighthouse => 0.44,
                Motif::Tree | Motif::Pine | Motif::Palm => 0.46,
                Motif::House => 0.25,
                Motif::Person => 0.17,
                Motif::Bridge => 0.2,
                Motif::Tent => 0.17,
                Motif::Flower | Motif::Fox | Motif::Cat | Motif::Dog | Motif::Rabbit => 0.26,
                Motif::Elephant | Motif::Deer | Motif::Bear => 0.32,
                _ => 0.24,
            } * if i == 0 { 1.0 } else { 0.72 };
        shadow(s, b, x, y, size);
        s.put(b, motif, x, y, size, 0.0);
        x += s.side * w * 0.2 + rng.bell() * w * 0.02;
    }
    Ok(())
}

/// Dunes with a lit and a shaded face and one small figure.
pub(super) fn dunes(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("dunes");
    for i in 0..3 {
        let t = i as f32 / 2.0;
        let tone = s.far(s.pal.land.mix(s.pal.shade, 0.25), 0.85 - 0.3 * t);
        let y = s.horizon + u * 0.035 * t + u * 0.012;
        b.fill(
            Shape::hill(&crest(w, y, u * (0.04 + 0.03 * t), 1.8 + t, rng.bits()), h),
            &Ink::down(
                y - u * 0.06,
                y + u * 0.12,
                &[tone.mix(s.pal.glow, 0.2), tone.mix(s.pal.shade, 0.15)],
            ),
        );
    }
    b.cut(0.4);
    b.at(0.35)?;
    let stand = dunes::great(s, b, &mut rng)?;
    b.cut(0.7);
    b.at(0.6)?;
    let hero = s.cast.first().copied().unwrap_or(Motif::Person);
    match hero {
        Motif::Balloon | Motif::Bird | Motif::Rocket | Motif::Planet => {
            stage(s, b, stand.1, &mut rng)?
        }
        _ => {
            let size = u * match hero {
                Motif::Person => 0.085,
                Motif::House | Motif::Tent | Motif::Car => 0.13,
                Motif::Castle | Motif::Lighthouse | Motif::Tree | Motif::Palm => 0.3,
                _ => 0.2,
            };
            shadow(s, b, stand.0, stand.1 + u * 0.004, size * 1.5);
            s.put(b, hero, stand.0, stand.1 + u * 0.004, size, 0.0);
            for (i, extra) in s.cast.iter().copied().enumerate().skip(1) {
                s.put(
                    b,
                    extra,
                    stand.0 - s.side * u * 0.14 * i as f32,
                    stand.1 + u * 0.02,
                    u * 0.07 * subjects::natural_size(extra).clamp(0.8, 3.0),
                    0.0,
                );
            }
        }
    }
    sky::weather(s, b);
    b.at(0.8)
}

/// Rolling country: fields, meadows, gardens, snow.
pub(super) fn field(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    sky::sky(s, b);
    b.cut(0.0);
    b.at(0.2)?;
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("field");
    let snow = s.place == Place::Snow || s.intent.places.contains(&Place::Snow);
    if snow || rng.chance(0.45) {
        peaks(s, b, s.horizon + u * 0.02, u * 0.26, 0.82, rng.bits());
    }
    let layers = 5;
    for i in 0..layers {
        b.check()?;
        let t = i as f32 / (layers - 1) as f32;
        let y = lerp(s.horizon + u * 0.02, h - u * 0.05, t * t * 0.35 + t * 0.65);
        let hills = crest(w, y, u * lerp(0.06, 0.12, t), 1.6 + rng.unit(), rng.bits());
        let base = if i % 2 == 0 {
            s.pal.land
        } else {
            s.pal.land.mix(s.pal.shade, if snow { 0.28 } else { 0.5 })
        };
        let tone = s.far(base, 0.74 * (1.0 - t));
        let low = s.far(base.mix(s.pal.shade, 0.6), 0.5 * (1.0 - t));
        b.fill(
            Shape::hill(&hills, h + 2.0),
            &Ink::down(
                y - u * 0.1,
                y + u * 0.26,
                &[tone.mix(s.pal.glow, 0.2 * s.pal.glow_strength), low],
            ),
        );
        b.stroke(Shape::curve(&hills), &Ink::Flat(s.pal.glow, 0.22 * t), u * 0.0016);
        if !snow && s.place == Place::Field && i > 0 {
            furrows(s, b, &hills, t, i);
        }
        if i == 1 || i == 2 {
            for q in hills.iter().filter(|q| noise(q.0 / u * 3.0, t * 7.0, 11) > 0.05) {
                let tone = Ink::flat(s.far(s.pal.shade.mix(s.pal.near, 0.5), 0.55 * (1.0 - t)));
                if snow || s.place != Place::Garden {
                    conifer(
                        b,
                        q.0 + rng.bell() * u * 0.02,
                        q.1 + u * 0.012,
                        u * lerp(0.03, 0.12, t) * rng.range(0.7, 1.2),
                        &tone,
                    );
                } else {
                    b.fill(
                        Shape::oval(q.0, q.1, u * 0.035 * (0.6 + t), u * 0.025 * (0.6 + t)),
                        &tone,
                    );
                }
            }
        }
        if i == 1 || i == 3 {
            b.cut(t * 0.8);
        }
        if i == 3 {
            let x = w * 0.5 - s.side * w * 0.17;
            let at = hills.iter().fold(hills[0], |best, q| {
                if (q.0 - x).abs() < (best.0 - x).abs() { *q } else { best }
            });
            let flowers = s.cast.iter().all(|m| *m == Motif::Flower);
            if flowers && !snow {
                shadow(s, b, at.0, at.1 + u * 0.02, u * 0.3);
                s.put(b, Motif::Tree, at.0, at.1 + u * 0.025, u * 0.3, 0.05);
            } else if s.cast.is_empty() {
                s.put(b, Motif::House, at.0, at.1 + u * 0.02, u * 0.15, 0.05);
            } else {
                stage(s, b, at.1 + u * 0.03, &mut rng)?;
            }
        }
    }
    b.at(0.65)?;
    if !snow {
        blooms(s, b, &mut rng);
    }
    sky::weather(s, b);
    b.at(0.8)
}

fn furrows(s: &Scene<'_>, b: &mut Brush<'_>, hills: &[(f32, f32)], t: f32, nth: usize) {
    let (w, h, u) = (b.w, b.h, b.u);
    let vanish = w * (0.5 + s.side * (0.15 - nth as f32 * 0.12));
    let tone = s.pal.shade.mix(s.pal.near, 0.2);
    for k in (0..hills.len()).step_by(2) {
        let (x, y) = hills[k];
        let end = (x + (x - vanish) * 1.3, (y + u * 0.3).min(h + u * 0.1));
        let ink = Ink::Line {
            from: (x, y),
            to: end,
            stops: vec![(0.0, tone, 0.02), (0.5, tone, 0.2 * t), (1.0, tone, 0.1 * t)],
        };
        b.stroke(
            Shape::curve(&[
                (x, y + u * 0.004),
                ((x + end.0) / 2.0 - (x - vanish) * 0.25, (y + end.1) / 2.0),
                end,
            ]),
            &ink,
            u * 0.0045 * (0.4 + t),
        );
    }
}

/// Grass and flowers at our feet.
fn blooms(s: &Scene<'_>, b: &mut Brush<'_>, rng: &mut Rng) {
    if b.without.contains(&Motif::Flower) {
        return;
    }
    let (w, h, u) = (b.w, b.h, b.u);
    let flowery =
        s.place == Place::Garden || s.intent.shows(Motif::Flower) || s.intent.has(Mood::Spring);
    let count = (w / u * if flowery { 420.0 } else { 260.0 }) as usize;
    let worn = s.intent.worn(Motif::Flower).unwrap_or(s.pal.accent);
    for i in 0..count {
        let t = i as f32 / count as f32;
        let (x, y) = (rng.unit() * w, h - u * 0.1 * (1.0 - t) + u * 0.03);
        let (tall, lean) = (u * rng.range(0.025, 0.085) * (0.6 + t * 0.6), rng.bell() * u * 0.02);
        let tone =
            s.pal.shade.mix(s.pal.near, rng.range(0.2, 0.8)).mix(s.pal.glow, rng.range(0.0, 0.15));
        b.stroke(
            Shape::curve(&[(x, y), (x + lean * 0.3, y - tall * 0.6), (x + lean, y - tall)]),
            &Ink::flat(tone),
            u * 0.0021,
        );
        if rng.chance(if flowery { 0.4 } else { 0.1 }) {
            let petal = worn.turn(rng.bell() * 26.0).mix(s.pal.glow, rng.range(0.0, 0.45));
            let r = u * rng.range(0.004, 0.0095);
            for k in 0..5 {
                let a = k as f32 * 1.2566 + x;
                b.fill(
                    Shape::circle(
                        x + lean + crate::math::cos(a) * r,
                        y - tall + crate::math::sin(a) * r * 0.8,
                        r * 0.72,
                    ),
                    &Ink::flat(petal),
                );
            }
            b.fill(Shape::circle(x + lean, y - tall, r * 0.5), &Ink::flat(s.pal.lamp));
        }
    }
}
