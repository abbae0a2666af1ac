//! Weather, water and fire.

use super::stage::{Stage, bump, burst, glide, mono, wander};
use crate::math::smoothstep;
use crate::sound::filter::{Biquad, Svf};
use crate::sound::osc::decay;
use gesso_media::WorkError;

type Done = Result<(), WorkError>;

pub(super) fn rain(s: &mut Stage<'_>) -> Done {
    let heavy = 1.0 + 0.7 * s.mods.heavy;
    let (mut a, mut b, seed) = (s.noise(), s.noise(), s.rng.bits());
    let mut high = [Biquad::highpass(700.0 / heavy, 0.6), Biquad::highpass(700.0 / heavy, 0.6)];
    let mut low = [Biquad::lowpass(9000.0, 0.6), Biquad::lowpass(9000.0, 0.6)];
    s.texture(|t| {
        let gust = 0.22 * heavy * (1.0 + 0.25 * wander(t, 0.35, seed));
        let mut side = |n: usize, x: f32| low[n].run(high[n].run(x)) * gust;
        (side(0, a.pink()), side(1, b.pink()))
    })?;
    drops(s, 90.0 * heavy * heavy, (1400.0, 6500.0), 0.10)
}

/// Small drops on something hard.
fn drops(s: &mut Stage<'_>, rate: f32, (low, high): (f32, f32), gain: f32) -> Done {
    for t in s.now_and_then(rate) {
        let hz = s.rng.range(low, high);
        let drop = if s.rng.chance(0.5) {
            glide(0.02, hz, hz * 1.3, |x| bump(x, 0.08) * decay(x, 0.8))
        } else {
            burst(&mut s.rng, 0.012, hz, 2.0)
        };
        let (gain, pan) = (gain * s.rng.range(0.15, 1.0), s.rng.range(-0.9, 0.9));
        s.put(&drop, t, gain, pan)?;
    }
    Ok(())
}

pub(super) fn thunder(s: &mut Stage<'_>) -> Done {
    for (n, t) in s.again(5.5, None).into_iter().enumerate() {
        let at = t + if n == 0 { 0.1 } else { s.rng.range(0.0, 1.5) };
        if s.mods.distant < 0.5 {
            for k in 0..6 {
                let crack = burst(&mut s.rng, 0.35, 2600.0 / (1.0 + k as f32 * 0.5), 0.5);
                let (late, pan) = (s.rng.range(0.0, 0.25), s.rng.range(-0.5, 0.5));
                s.put(&crack, at + late, 0.7 / (1.0 + k as f32), pan)?;
            }
        }
        for side in [-0.6, 0.0, 0.6] {
            let (mut noise, seed) = (s.noise(), s.rng.bits());
            let mut low = Svf::default();
            let roll = mono(5.0, |t| {
                let claps = (0.35 + 0.9 * wander(t, 3.2, seed)).max(0.0);
                let level = smoothstep(0.0, 0.15, t) * decay(t, 6.0) * smoothstep(5.0, 3.4, t);
                let hz = 90.0 + 420.0 * decay(t, 1.8);
                2.2 * low.run(noise.brown(), hz, 0.7).0 * claps * level
            });
            s.put(&roll, at + 0.02, 1.0, side)?;
        }
    }
    Ok(())
}

pub(super) fn wind(s: &mut Stage<'_>) -> Done {
    let howl = if s.says(&["howling", "howl", "storm", "blizzard", "cold"]) { 7.0 } else { 2.2 };
    let force = 1.0 + 0.5 * s.mods.heavy;
    let seeds = [s.rng.bits(), s.rng.bits(), s.rng.bits()];
    let (mut noises, mut bands, mut lows) = (
        [s.noise(), s.noise()],
        [Svf::default(), Svf::default()],
        [Svf::default(), Svf::default()],
    );
    s.texture(|t| {
        let gust = 0.55 + 0.45 * wander(t, 0.3, seeds[2]) + 0.2 * wander(t, 1.1, seeds[2] ^ 1);
        let mut side = |n: usize| {
            let hz = force * (420.0 + 330.0 * gust + 120.0 * wander(t, 0.7, seeds[n]));
            let x = noises[n].pink();
            let band = bands[n].run(x, hz, howl).1;
            (band + 0.5 * lows[n].run(x, 180.0, 0.7).0) * (0.25 + gust.max(0.0))
        };
        (side(0), side(1))
    })
}

pub(super) fn waves(s: &mut Stage<'_>) -> Done {
    let calm = 1.0 - 0.35 * s.mods.heavy;
    let period = 7.0 * calm / s.mods.pace;
    let (mut a, mut b, mut deep) = (s.noise(), s.noise(), s.noise());
    let seed = s.rng.bits();
    let mut low = [Svf::default(), Svf::default(), Svf::default()];
    s.texture(|t| {
        // Two trains of waves that are not in step.
        let mut level = 0.0_f32;
        for (n, scale) in [(0.0, 1.0), (0.45, 0.7)] {
            let place = t / period + n + 0.12 * wander(t, 0.12, seed ^ n.to_bits() as u64) + 0.25;
            let x = place - place.floor();
            let swell = smoothstep(0.0, 0.42, x) * (1.0 - smoothstep(0.46, 1.0, x)).powi(2);
            level = level.max(swell * scale);
        }
        let hz = 350.0 + 6000.0 * level * level;
        let pan = 0.25 * wander(t, 0.2, seed ^ 7);
        let l = low[0].run(a.pink(), hz, 0.6).0;
        let r = low[1].run(b.pink(), hz, 0.6).0;
        let roar = 0.35 * low[2].run(deep.brown(), 220.0, 0.6).0;
        let foam = 0.1 + 0.9 * level;
        (roar + l * foam * (1.0 + pan), roar + r * foam * (1.0 - pan))
    })
}

pub(super) fn river(s: &mut Stage<'_>) -> Done {
    let force = 1.0 + 0.6 * s.mods.heavy;
    let (mut a, mut b) = (s.noise(), s.noise());
    let mut band = [Biquad::bandpass(1100.0, 0.4), Biquad::bandpass(1300.0, 0.4)];
    s.texture(|_| (0.12 * force * band[0].run(a.pink()), 0.12 * force * band[1].run(b.pink())))?;
    babble(s, 70.0 * force, (350.0, 1900.0), 0.16)
}

/// Bubbles that rise and burst: sine waves whose pitch goes up.
fn babble(s: &mut Stage<'_>, rate: f32, (low, high): (f32, f32), gain: f32) -> Done {
    for t in s.now_and_then(rate) {
        let x = s.rng.unit();
        let hz = low * (high / low).powf(x * x);
        let seconds = s.rng.range(0.02, 0.09);
        let rise = s.rng.range(1.05, 1.6);
        let bubble = glide(seconds, hz, hz * rise, |x| bump(x, 0.1) * decay(x, 1.3));
        let (gain, pan) = (gain * s.rng.range(0.1, 1.0), s.rng.range(-0.8, 0.8));
        s.put(&bubble, t, gain, pan)?;
    }
    Ok(())
}

pub(super) fn bubbles(s: &mut Stage<'_>) -> Done {
    babble(s, 14.0 * s.mods.pace, (280.0, 1500.0), 0.5)
}

pub(super) fn drop(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.1, None) {
        let late = s.rng.range(0.0, 0.25);
        let hz = 720.0 * s.mods.pitch * s.rng.range(0.8, 1.3);
        let tick = burst(&mut s.rng, 0.006, 3800.0, 1.0);
        s.put(&tick, t + late, 0.15, 0.0)?;
        let ring = glide(0.16, hz, hz * 1.9, |x| bump(x, 0.03) * decay(x, 1.1));
        let pan = s.rng.range(-0.3, 0.3);
        s.put(&ring, t + late + 0.015, 0.8, pan)?;
    }
    Ok(())
}

pub(super) fn splash(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.8, Some(1)) {
        for side in [-0.6, 0.6] {
            let (mut noise, mut low) = (s.noise(), Svf::default());
            let rush = mono(0.9, |t| {
                let level = smoothstep(0.0, 0.02, t) * decay(t, 0.9);
                low.run(noise.pink(), 600.0 + 6500.0 * decay(t, 0.5), 0.6).0 * level * 2.0
            });
            s.put(&rush, t, 0.6, side)?;
        }
        for _ in 0..50 {
            let hz = s.rng.range(500.0, 2600.0);
            let blip = glide(0.05, hz, hz * 1.4, |x| bump(x, 0.1) * decay(x, 1.2));
            let late = 0.05 + s.rng.unit() * s.rng.unit() * 0.9;
            let (gain, pan) = (s.rng.range(0.02, 0.14), s.rng.range(-0.8, 0.8));
            s.put(&blip, t + late, gain, pan)?;
        }
    }
    Ok(())
}

pub(super) fn fire(s: &mut Stage<'_>) -> Done {
    let force = 1.0 + 0.5 * s.mods.heavy;
    let (mut a, mut b, seed) = (s.noise(), s.noise(), s.rng.bits());
    let mut low = [Biquad::lowpass(420.0, 0.6), Biquad::lowpass(420.0, 0.6)];
    let mut hiss = Biquad::bandpass(3200.0, 0.5);
    s.texture(|t| {
        let flame = force * (0.8 + 0.5 * wander(t, 5.0, seed) + 0.3 * wander(t, 0.7, seed ^ 1));
        let air = 0.03 * hiss.run(a.white());
        (low[0].run(a.brown()) * flame * 0.5 + air, low[1].run(b.brown()) * flame * 0.5 + air)
    })?;
    for t in s.now_and_then(16.0 * force) {
        let big = s.rng.chance(0.12);
        let (hz, seconds) =
            (s.rng.range(900.0, 6000.0), s.rng.range(0.003, if big { 0.04 } else { 0.012 }));
        let pop = burst(&mut s.rng, seconds, hz, 1.2);
        let gain = s.rng.range(0.1, 0.5) * if big { 1.4 } else { 0.7 };
        let pan = s.rng.range(-0.7, 0.7);
        s.put(&pop, t, gain, pan)?;
    }
    Ok(())
}

pub(super) fn leaves(s: &mut Stage<'_>) -> Done {
    let seed = s.rng.bits();
    for t in s.now_and_then(140.0) {
        let gust = (0.45 + 0.6 * wander(t, 0.5, seed)).max(0.02);
        let hz = s.rng.range(2500.0, 8000.0);
        let rustle = burst(&mut s.rng, 0.03, hz, 0.8);
        let (gain, pan) = (gust * s.rng.range(0.02, 0.25), s.rng.range(-0.9, 0.9));
        s.put(&rustle, t, gain, pan)?;
    }
    Ok(())
}

/// Air of a place nobody named: what the mood says, and nothing that has a name.
pub(super) fn ambience(s: &mut Stage<'_>) -> Done {
    let dark = s.says(&[
        "dark",
        "scary",
        "horror",
        "night",
        "tense",
        "mysteriou",
        "evil",
        "creepy",
        "sad",
    ]);
    let (notes, bright): (&[f32], f32) = if dark {
        (&[36.0, 43.0, 44.0, 51.0], 350.0)
    } else {
        (&[48.0, 55.0, 60.0, 64.0, 71.0], 900.0)
    };
    let (mut a, mut b, seed) = (s.noise(), s.noise(), s.rng.bits());
    let shift = s.rng.below(5) as f32;
    let mut low = [Svf::default(), Svf::default()];
    s.texture(|t| {
        let (mut l, mut r) = (0.0, 0.0);
        for (n, note) in notes.iter().enumerate() {
            let level = (0.5 + 0.5 * wander(t, 0.23, seed ^ n as u64)).max(0.0);
            let hz = crate::sound::hz(note + shift);
            l += level * crate::sound::osc::turn(hz * 0.998 * t + 0.1 * n as f32);
            r += level * crate::sound::osc::turn(hz * 1.002 * t + 0.3 * n as f32);
        }
        let hz = bright * (1.0 + 0.5 * wander(t, 0.4, seed ^ 99));
        (
            0.05 * l + 0.5 * low[0].run(a.pink(), hz, 0.8).0,
            0.05 * r + 0.5 * low[1].run(b.pink(), hz, 0.8).0,
        )
    })
}
