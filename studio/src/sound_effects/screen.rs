//! Sounds of screens, games and machines that do not exist.

use super::stage::{Stage, bump, burst, glide, modal, mono, wander, warm};
use crate::math::smoothstep;
use crate::sound::filter::Svf;
use crate::sound::osc::{Phase, decay, turn};
use crate::sound::{frames, hz};
use gesso_media::WorkError;

type Done = Result<(), WorkError>;

/// A soft mallet on a note.
fn mallet(note: f32, seconds: f32) -> Vec<f32> {
    let base = hz(note);
    modal(
        &[
            (base, 0.6, seconds),
            (base * 2.0, 0.18, seconds * 0.6),
            (base * 3.93, 0.2, seconds * 0.22),
            (base * 9.2, 0.05, seconds * 0.08),
        ],
        seconds,
    )
}

/// Notes one after the other.
fn tune(s: &mut Stage<'_>, notes: &[f32], every: f32, fall: f32) -> Done {
    let up = 12.0 * libm::log2f(s.mods.pitch);
    let shift = [0.0, 2.0, -3.0, 4.0, -1.0][s.rng.below(5)] + up;
    for t in s.again(2.4, Some(1)) {
        for (n, note) in notes.iter().enumerate() {
            let pan = -0.15 + 0.3 * n as f32 / notes.len() as f32;
            s.put(&mallet(note + shift, fall), t + n as f32 * every / s.mods.pace, 0.6, pan)?;
        }
    }
    Ok(())
}

pub(super) fn click(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.5, Some(1)) {
        let tick = burst(&mut s.rng, 0.006, 3600.0 * s.mods.pitch, 0.8);
        s.put(&tick, t, 0.6, 0.0)?;
        let body =
            modal(&[(1480.0 * s.mods.pitch, 0.5, 0.03), (2960.0 * s.mods.pitch, 0.25, 0.02)], 0.05);
        s.put(&body, t, 0.6, 0.0)?;
    }
    Ok(())
}

pub(super) fn pop(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.5, Some(1)) {
        let base = 330.0 * s.mods.pitch * s.rng.range(0.9, 1.15);
        s.put(&glide(0.09, base, base * 2.7, |x| bump(x, 0.06) * decay(x, 1.4)), t, 0.9, 0.0)?;
        let lip = burst(&mut s.rng, 0.004, 2400.0, 0.7);
        s.put(&lip, t, 0.2, 0.0)?;
    }
    Ok(())
}

pub(super) fn notification(s: &mut Stage<'_>) -> Done {
    let songs: [&[f32]; 4] =
        [&[83.0, 88.0], &[76.0, 83.0, 88.0], &[88.0, 84.0], &[79.0, 84.0, 83.0, 88.0]];
    let song = songs[s.rng.below(4)];
    tune(s, song, 0.13, 1.1)
}

pub(super) fn success(s: &mut Stage<'_>) -> Done {
    tune(s, &[72.0, 76.0, 79.0, 84.0], 0.09, 1.2)?;
    tune_sparkle(s, 0.36)
}

fn tune_sparkle(s: &mut Stage<'_>, from: f32) -> Done {
    for n in 0..7 {
        let note = [96.0, 100.0, 103.0, 108.0][s.rng.below(4)];
        let pan = s.rng.range(-0.6, 0.6);
        s.put(&mallet(note, 0.5), from + n as f32 * 0.05, 0.08, pan)?;
    }
    Ok(())
}

pub(super) fn failure(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.6, Some(1)) {
        for (late, base) in [(0.0, 233.0), (0.17, 165.0)] {
            let (mut phase, mut low) = (Phase::default(), Svf::default());
            let tone = mono(0.24, |x| {
                low.run(phase.pulse(base * s.mods.pitch, 0.4), 1500.0, 0.9).0
                    * smoothstep(0.0, 0.008, x)
                    * decay(x, 0.4)
            });
            s.put(&tone, t + late, 0.6, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn coin(s: &mut Stage<'_>) -> Done {
    if s.says(&["real", "metal", "drop", "falling", "table"]) {
        for t in s.again(1.4, Some(1)) {
            let mut at = t;
            let mut gap = 0.22;
            for n in 0..9 {
                let ring =
                    modal(&[(4820.0, 0.4, 0.35), (7340.0, 0.3, 0.3), (10_900.0, 0.15, 0.2)], 0.4);
                s.put(&ring, at, 0.7 / (1.0 + n as f32 * 0.5), 0.1)?;
                at += gap;
                gap *= 0.72;
            }
        }
        return Ok(());
    }
    for t in s.again(1.0, Some(1)) {
        for (late, note, seconds) in [(0.0, 83.0, 0.09), (0.085, 88.0, 0.55)] {
            let mut phase = Phase::default();
            let base = hz(note) * s.mods.pitch;
            let tone = mono(seconds, |x| {
                phase.pulse(base, 0.5) * decay(x, seconds * 1.2) * (x * 900.0).min(1.0)
            });
            s.put(&tone, t + late, 0.4, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn laser(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.45, None) {
        let (mut phase, mut low) = (Phase::default(), Svf::default());
        let top = s.rng.range(2200.0, 3400.0) * s.mods.pitch;
        let shot = mono(0.3, |x| {
            let f = 160.0 + top * decay(x, 0.22);
            low.run(phase.saw(f) + 0.5 * turn(f * 0.5 * x), f * 2.5, 2.0).0
                * decay(x, 0.35)
                * (x * 800.0).min(1.0)
        });
        let pan = s.rng.range(-0.5, 0.5);
        s.put(&shot, t, 0.7, pan)?;
    }
    Ok(())
}

pub(super) fn robot(s: &mut Stage<'_>) -> Done {
    let seconds = s.seconds();
    let mut t = 0.03;
    while t < seconds {
        let held = s.rng.range(0.04, 0.16);
        let from = s.rng.range(350.0, 2400.0) * s.mods.pitch;
        let to = from * s.rng.range(0.5, 2.0);
        let ring = s.rng.range(20.0, 90.0);
        let chirp = glide(held, from, to, |x| bump(x, 0.1) * (0.7 + 0.3 * turn(x * held * ring)));
        s.put(&chirp, t, 0.6, 0.0)?;
        let servo = glide(held, 180.0, 260.0, |x| bump(x, 0.5));
        s.put(&servo, t, 0.12, 0.1)?;
        t += held + if s.rng.chance(0.2) { 0.35 } else { s.rng.range(0.01, 0.08) } / s.mods.pace;
    }
    Ok(())
}

pub(super) fn spaceship(s: &mut Stage<'_>) -> Done {
    let (seed, base) = (s.rng.bits(), s.rng.range(48.0, 62.0) * s.mods.pitch);
    let mut saws = [Phase(0.1), Phase(0.4), Phase(0.7), Phase(0.9)];
    let (mut low, mut noise, mut air) =
        ([Svf::default(), Svf::default()], s.noise(), Svf::default());
    s.texture(|t| {
        let a = saws[0].saw(base) + saws[1].saw(base * 1.007);
        let b = saws[2].saw(base * 0.994) + saws[3].saw(base * 1.5);
        let f = 260.0 + 140.0 * wander(t, 0.35, seed) + 60.0 * turn(0.9 * t);
        let wind = 0.05 * air.run(noise.pink(), 1900.0 + 700.0 * wander(t, 0.2, seed ^ 1), 2.5).1;
        (
            0.35 * low[0].run(a + 0.4 * b, f, 1.6).0 + wind,
            0.35 * low[1].run(b + 0.4 * a, f * 1.04, 1.6).0 + wind,
        )
    })
}

pub(super) fn sparkle(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.2, None) {
        for n in 0..26 {
            let x = n as f32 / 26.0;
            let scale = [0.0, 2.0, 4.0, 7.0, 9.0];
            let step = (x * 12.0) as usize + s.rng.below(3);
            let note = 81.0 + scale[step % 5] + 12.0 * (step / 5) as f32;
            let base = hz(note) * s.mods.pitch;
            let bell = modal(
                &[(base, 0.4, 0.7), (base * 2.756, 0.2, 0.35), (base * 5.404, 0.08, 0.15)],
                0.8,
            );
            let (late, pan) = (0.9 * x + s.rng.range(0.0, 0.04), s.rng.range(-0.8, 0.8));
            s.put(&bell, t + late, 0.1 + 0.3 * x * (1.2 - x), pan)?;
        }
    }
    Ok(())
}

pub(super) fn jump(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.7, Some(1)) {
        let mut phase = Phase::default();
        let hop = mono(0.26, |x| {
            phase.pulse(220.0 * s.mods.pitch * libm::exp2f(x * 6.0), 0.5)
                * decay(x, 0.35)
                * (x * 900.0).min(1.0)
        });
        s.put(&hop, t, 0.5, 0.0)?;
    }
    Ok(())
}

pub(super) fn powerup(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.6, Some(1)) {
        for (n, note) in [60.0, 64.0, 67.0, 72.0, 76.0, 79.0, 84.0, 88.0].into_iter().enumerate() {
            let mut phase = Phase::default();
            let base = hz(note) * s.mods.pitch;
            let tone =
                mono(0.13, |x| phase.pulse(base, 0.25) * decay(x, 0.2) * (x * 900.0).min(1.0));
            s.put(&tone, t + n as f32 * 0.065, 0.45, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn glitch(s: &mut Stage<'_>) -> Done {
    let seconds = s.seconds();
    let mut t = 0.02;
    while t < seconds {
        let held = s.rng.range(0.01, 0.09);
        let base = s.rng.range(60.0, 4000.0);
        let crush = s.rng.range(2.0, 40.0);
        let (mut noise, mut phase, mut kept) = (s.noise(), Phase::default(), 0.0);
        let mut n = 0.0;
        let noisy = s.rng.chance(0.4);
        let mut bit = mono(held, |_| {
            n += 1.0;
            if n >= crush {
                n = 0.0;
                kept = if noisy { noise.white() } else { phase.pulse(base * crush, 0.5) };
            }
            warm(kept)
        });
        let edge = frames(0.0006);
        let len = bit.len();
        for i in 0..edge.min(len) {
            bit[i] *= i as f32 / edge as f32;
            bit[len - 1 - i] *= i as f32 / edge as f32;
        }
        let pan = s.rng.range(-0.8, 0.8);
        let gain = s.rng.range(0.2, 0.7);
        s.put(&bit, t, gain, pan)?;
        t += held + if s.rng.chance(0.3) { s.rng.range(0.05, 0.35) } else { 0.0 };
    }
    Ok(())
}
