//! Steps, doors, blows and other things of a house.

use super::stage::{Stage, Throat, burst, glide, modal, mono, wander, warm};
use crate::math::{Rng, smoothstep};
use crate::sound::filter::{Biquad, Svf};
use crate::sound::osc::{Noise, decay, turn};
use gesso_media::WorkError;

type Done = Result<(), WorkError>;

/// A soft low blow.
pub(super) fn thump(hz: f32, seconds: f32) -> Vec<f32> {
    glide(seconds, hz * 1.7, hz * 0.8, |x| (x * 60.0).min(1.0) * decay(x, 0.8))
}

/// Many small grains: gravel, snow, paper.
fn crunch(rng: &mut Rng, seconds: f32, grains: usize, (low, high): (f32, f32)) -> Vec<f32> {
    let mut out = vec![0.0; crate::sound::frames(seconds + 0.05)];
    for _ in 0..grains {
        let at = crate::sound::frames(seconds * rng.unit());
        let (hz, gain) = (rng.range(low, high), rng.range(0.1, 1.0));
        let grain_s = rng.range(0.004, 0.02);
        for (sample, grain) in out[at..].iter_mut().zip(burst(rng, grain_s, hz, 1.0)) {
            *sample += gain * grain;
        }
    }
    out
}

pub(super) fn footsteps(s: &mut Stage<'_>) -> Done {
    let every = if s.says(&["running", "run"]) { 0.33 } else { 0.56 };
    for (n, t) in s.again(every, None).into_iter().enumerate() {
        let pan = if n % 2 == 0 { -0.12 } else { 0.12 };
        let force = s.rng.range(0.8, 1.0) * (1.0 + 0.4 * s.mods.heavy);
        let rng = &mut s.rng;
        let (body, top) = if rng_says(s.words, &["gravel", "stone", "pebble"]) {
            (thump(80.0, 0.08), crunch(rng, 0.16, 46, (1200.0, 6000.0)))
        } else if rng_says(s.words, &["snow", "ice"]) {
            (thump(70.0, 0.1), crunch(rng, 0.24, 90, (500.0, 2600.0)))
        } else if rng_says(s.words, &["grass", "leave", "leaf", "forest", "sand"]) {
            (thump(65.0, 0.1), crunch(rng, 0.22, 60, (2500.0, 8000.0)))
        } else if rng_says(s.words, &["wood", "wooden", "floor", "stair", "parquet"]) {
            let ring = modal(
                &[(165.0, 0.5, 0.12), (290.0, 0.35, 0.09), (520.0, 0.2, 0.06), (910.0, 0.1, 0.04)],
                0.2,
            );
            (ring, burst(rng, 0.02, 1500.0, 0.7))
        } else if rng_says(s.words, &["metal", "metallic"]) {
            let ring = modal(
                &[(310.0, 0.3, 0.4), (733.0, 0.3, 0.5), (1290.0, 0.2, 0.35), (2470.0, 0.1, 0.2)],
                0.6,
            );
            (ring, burst(rng, 0.02, 3000.0, 0.7))
        } else if rng_says(s.words, &["water", "puddle", "mud"]) {
            (thump(75.0, 0.08), crunch(rng, 0.2, 30, (600.0, 2200.0)))
        } else {
            (thump(95.0, 0.07), burst(rng, 0.035, 2100.0, 0.6))
        };
        s.put(&body, t, 0.8 * force, pan)?;
        s.put(&top, t + 0.012, 0.35 * force, pan)?;
        let scuff = burst(&mut s.rng, 0.06, 3400.0, 0.5);
        s.put(&scuff, t + 0.09 / s.mods.pace, 0.05 * force, pan)?;
    }
    Ok(())
}

fn rng_says(words: &[String], any: &[&str]) -> bool {
    words
        .iter()
        .any(|word| any.contains(&word.as_str()) || any.contains(&word.trim_end_matches('s')))
}

pub(super) fn gallop(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.52, None) {
        for (late, gain) in [(0.0, 0.7), (0.1, 0.9), (0.2, 1.0)] {
            let hz = s.rng.range(85.0, 110.0);
            s.put(&thump(hz, 0.1), t + late / s.mods.pace, gain, 0.0)?;
            let clop = burst(&mut s.rng, 0.03, 900.0, 1.5);
            s.put(&clop, t + late / s.mods.pace, 0.4 * gain, 0.1)?;
        }
    }
    Ok(())
}

pub(super) fn knock(s: &mut Stage<'_>) -> Done {
    let count = s.mods.count.unwrap_or(3);
    s.mods.count = None;
    let groups = s.again(2.4, None);
    for group in groups {
        for n in 0..count {
            let t = group + n as f32 * 0.21 / s.mods.pace;
            let bend = s.rng.range(0.97, 1.03) * s.mods.pitch;
            let wood: Vec<_> = [
                (142.0, 0.8, 0.14),
                (231.0, 0.6, 0.11),
                (377.0, 0.4, 0.08),
                (612.0, 0.25, 0.06),
                (1180.0, 0.12, 0.03),
            ]
            .iter()
            .map(|(hz, level, fall)| (hz * bend, *level, *fall))
            .collect();
            let gain = s.rng.range(0.75, 1.0);
            s.put(&modal(&wood, 0.25), t, gain, 0.0)?;
            let hit = burst(&mut s.rng, 0.01, 2200.0, 0.7);
            s.put(&hit, t, 0.35 * gain, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn creak(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.6, None) {
        let (seed, mut throat) = (s.rng.bits(), Throat::new(4));
        let mut phase = 0.0_f32;
        let mut noise = s.noise();
        let creak = mono(1.7, |t| {
            let x = t / 1.7;
            // The hinge sticks and slips; the slower it turns, the slower it slips.
            let slips = 34.0 + 70.0 * (0.5 + 0.5 * wander(t, 2.2, seed)) * (0.4 + x);
            phase += slips / crate::sound::SR;
            let slip = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase -= libm::floorf(phase);
            let bend = 1.0 + 0.22 * wander(t, 1.6, seed ^ 1);
            let formants = [430.0 * bend, 960.0 * bend, 1720.0 * bend, 2900.0 * bend];
            let level = smoothstep(0.0, 0.15, x)
                * smoothstep(1.0, 0.8, x)
                * (0.6 + 0.5 * wander(t, 5.0, seed ^ 2));
            throat.run(slip * 6.0 + 0.03 * noise.white(), &formants, 14.0) * level
        });
        s.put(&creak, t, 1.0, 0.0)?;
    }
    Ok(())
}

pub(super) fn slam(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.5, Some(1)) {
        s.put(&thump(62.0, 0.35), t, 1.0, 0.0)?;
        let wood = modal(
            &[(118.0, 0.6, 0.3), (190.0, 0.5, 0.25), (331.0, 0.3, 0.16), (540.0, 0.2, 0.1)],
            0.5,
        );
        s.put(&wood, t, 0.8, 0.0)?;
        let air = burst(&mut s.rng, 0.12, 900.0, 0.4);
        s.put(&air, t, 0.9, 0.0)?;
        let latch = modal(&[(1900.0, 0.3, 0.08), (3350.0, 0.2, 0.06)], 0.15);
        s.put(&latch, t + 0.05, 0.25, 0.1)?;
    }
    Ok(())
}

pub(super) fn glass(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.2, Some(1)) {
        let hit = burst(&mut s.rng, 0.09, 4200.0, 0.4);
        s.put(&hit, t, 0.9, 0.0)?;
        for _ in 0..110 {
            let late = s.rng.unit() * s.rng.unit() * 1.1;
            let hz = s.rng.range(1900.0, 9500.0);
            let fall = s.rng.range(0.05, 0.35);
            let shard = modal(
                &[(hz, 0.5, fall), (hz * 1.47, 0.3, fall * 0.7), (hz * 2.09, 0.15, fall * 0.5)],
                fall,
            );
            let gain = s.rng.range(0.03, 0.3) * (1.0 - 0.6 * late);
            let pan = s.rng.range(-0.8, 0.8);
            s.put(&shard, t + late, gain, pan)?;
        }
    }
    Ok(())
}

pub(super) fn explosion(s: &mut Stage<'_>) -> Done {
    let size = 1.0 + 0.4 * s.mods.heavy;
    for t in s.again(3.2, Some(1)) {
        let (mut noise, mut low, mut deep) = (s.noise(), Svf::default(), Svf::default());
        let blast = mono(3.0 * size, |t| {
            let hz = 160.0 + 6500.0 * decay(t, 0.7);
            let front = low.run(noise.white(), hz, 0.6).0 * decay(t, 1.1 * size) * 4.0;
            let rumble = deep.run(noise.brown(), 110.0, 0.7).0 * decay(t, 3.4 * size) * 3.0;
            warm((front + rumble) * 1.6) * (t * 1500.0).min(1.0)
        });
        s.put(&blast, t, 0.9, 0.0)?;
        s.put(&glide(1.4, 95.0, 26.0, |x| (x * 200.0).min(1.0) * decay(x, 1.0)), t, 0.9, 0.0)?;
        for _ in 0..40 {
            let late = 0.3 + s.rng.unit() * 1.6;
            let hz = s.rng.range(400.0, 3000.0);
            let bit = burst(&mut s.rng, 0.03, hz, 1.0);
            let (gain, pan) = (s.rng.range(0.02, 0.1), s.rng.range(-0.9, 0.9));
            s.put(&bit, t + late, gain, pan)?;
        }
    }
    Ok(())
}

pub(super) fn gunshot(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.6, Some(1)) {
        let (mut noise, mut low) = (s.noise(), Svf::default());
        let shot = mono(0.7, |t| {
            let front = low.run(noise.white(), 300.0 + 9000.0 * decay(t, 0.12), 0.6).0;
            warm(front * 6.0 * decay(t, 0.25) + 0.3 * noise.pink() * decay(t, 0.7))
                * (t * 4000.0).min(1.0)
        });
        s.put(&shot, t, 1.0, 0.0)?;
        s.put(&thump(85.0, 0.15), t, 0.8, 0.0)?;
    }
    Ok(())
}

pub(super) fn fireworks(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.6, None) {
        let pan = s.rng.range(-0.6, 0.6);
        let hz = s.rng.range(900.0, 1400.0);
        s.put(&glide(0.7, hz, hz * 2.0, |x| x * (1.0 - x)), t, 0.12, pan)?;
        s.put(&thump(60.0, 0.5), t + 0.75, 1.0, pan)?;
        let bang = burst(&mut s.rng, 0.35, 700.0, 0.4);
        s.put(&bang, t + 0.75, 0.9, pan)?;
        for _ in 0..70 {
            let late = 0.9 + s.rng.unit() * 0.9;
            let hz = s.rng.range(3000.0, 9000.0);
            let pop = burst(&mut s.rng, 0.01, hz, 1.0);
            let (gain, side) = (s.rng.range(0.03, 0.2), pan + s.rng.range(-0.3, 0.3));
            s.put(&pop, t + late, gain, side)?;
        }
    }
    Ok(())
}

pub(super) fn whoosh(s: &mut Stage<'_>) -> Done {
    let seconds = 0.8 / s.mods.pace;
    for (n, t) in s.again(1.3, Some(1)).into_iter().enumerate() {
        let (mut noise, mut band) = (s.noise(), Svf::default());
        let top = s.mods.pitch * s.rng.range(2200.0, 3200.0);
        let rush = mono(seconds, |t| {
            let x = t / seconds;
            let hz = 260.0 + top * smoothstep(0.0, 0.55, x) * smoothstep(1.1, 0.5, x);
            let level = smoothstep(0.0, 0.5, x) * smoothstep(1.0, 0.55, x);
            3.0 * band.run(noise.pink(), hz, 1.6).1 * level * level
        });
        let way = if n % 2 == 0 { 1.0 } else { -1.0 };
        // It passes from one side to the other.
        let at = crate::sound::frames(t);
        for (i, sample) in rush.iter().enumerate() {
            if i % 64 == 0 {
                s.control.check()?;
            }
            let x = way * (2.0 * i as f32 / rush.len() as f32 - 1.0);
            if let (Some(l), Some(r)) = (s.out.left.get_mut(at + i), s.out.right.get_mut(at + i)) {
                *l += sample * (0.5 - 0.4 * x);
                *r += sample * (0.5 + 0.4 * x);
            }
        }
    }
    Ok(())
}

pub(super) fn impact(s: &mut Stage<'_>) -> Done {
    let size = 1.0 + 0.5 * s.mods.heavy;
    for t in s.again(1.6, Some(1)) {
        let deep = s.says(&["cinematic", "boom", "trailer", "deep", "epic"]);
        let (hz, seconds) = if deep { (52.0, 1.8) } else { (88.0 / size, 0.3 * size) };
        s.put(&thump(hz * s.mods.pitch, seconds), t, 1.0, 0.0)?;
        let slap = burst(&mut s.rng, 0.06, 1300.0, 0.4);
        s.put(&slap, t, 0.8, 0.0)?;
        let body = burst(&mut s.rng, 0.16 * size, 260.0, 0.6);
        s.put(&body, t, 0.8, 0.0)?;
        if s.says(&["metal", "metallic", "anvil", "sword"]) {
            let ring = modal(
                &[
                    (523.0, 0.3, 1.4),
                    (1187.0, 0.3, 1.1),
                    (2093.0, 0.25, 0.9),
                    (3371.0, 0.2, 0.7),
                    (5230.0, 0.1, 0.4),
                ],
                1.6,
            );
            s.put(&ring, t, 0.7, 0.1)?;
        }
    }
    Ok(())
}

pub(super) fn sword(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.9, None) {
        let bend = s.rng.range(0.9, 1.15);
        let partials: Vec<_> = [
            (1870.0, 0.4, 0.9),
            (2960.0, 0.35, 0.8),
            (4410.0, 0.3, 0.6),
            (6120.0, 0.2, 0.5),
            (7900.0, 0.1, 0.3),
        ]
        .iter()
        .map(|(hz, level, fall)| (hz * bend, *level, *fall))
        .collect();
        s.put(&modal(&partials, 1.0), t, 0.7, 0.0)?;
        let scrape = burst(&mut s.rng, 0.12, 5200.0, 0.6);
        s.put(&scrape, t, 0.6, 0.0)?;
    }
    Ok(())
}

pub(super) fn bell(s: &mut Stage<'_>) -> Done {
    let small =
        s.says(&["small", "hand", "door", "doorbell", "ding", "bicycle", "reception", "school"]);
    let (hz, fall, every) = if small { (1180.0, 1.6, 1.4) } else { (262.0, 4.5, 2.4) };
    let hz = hz * s.mods.pitch;
    for (n, t) in s.again(every, None).into_iter().enumerate() {
        let down = if s.says(&["doorbell"]) && n % 2 == 1 { 0.794 } else { 1.0 };
        let partials: Vec<_> = [
            (0.5, 0.35, 1.0),
            (1.0, 0.5, 0.9),
            (1.19, 0.4, 0.7),
            (1.5, 0.2, 0.5),
            (2.0, 0.45, 0.55),
            (2.51, 0.18, 0.35),
            (3.01, 0.15, 0.28),
            (4.1, 0.1, 0.18),
            (5.43, 0.06, 0.1),
        ]
        .iter()
        .map(|(ratio, level, share)| (hz * down * ratio, *level, fall * share))
        .collect();
        s.put(&modal(&partials, fall), t, 0.6, 0.0)?;
        let clang = burst(&mut s.rng, 0.02, hz * 5.0, 0.8);
        s.put(&clang, t, 0.15, 0.0)?;
    }
    Ok(())
}

pub(super) fn chimes(s: &mut Stage<'_>) -> Done {
    for t in s.now_and_then(2.4 * s.mods.pace) {
        let note = [0.0, 2.0, 4.0, 7.0, 9.0, 12.0, 14.0][s.rng.below(7)];
        let hz = crate::sound::hz(84.0 + note) * s.mods.pitch;
        let tube = modal(&[(hz, 0.5, 2.2), (hz * 2.76, 0.25, 1.2), (hz * 5.4, 0.1, 0.6)], 2.4);
        let (gain, pan) = (s.rng.range(0.1, 0.5), s.rng.range(-0.7, 0.7));
        s.put(&tube, t, gain, pan)?;
    }
    Ok(())
}

pub(super) fn clock(s: &mut Stage<'_>) -> Done {
    for (n, t) in s.again(0.5, None).into_iter().enumerate() {
        let bend = if n % 2 == 0 { 1.0 } else { 0.82 };
        let t = 0.03 + n as f32 * 0.5 / s.mods.pace + 0.0 * t;
        let tick = modal(
            &[
                (2350.0 * bend, 0.5, 0.03),
                (3900.0 * bend, 0.35, 0.02),
                (5700.0 * bend, 0.2, 0.015),
                (820.0 * bend, 0.25, 0.05),
            ],
            0.08,
        );
        s.put(&tick, t, 0.8, 0.0)?;
        let click = burst(&mut s.rng, 0.004, 5000.0, 0.7);
        s.put(&click, t, 0.25, 0.0)?;
    }
    Ok(())
}

pub(super) fn heartbeat(s: &mut Stage<'_>) -> Done {
    let every = 0.86 / s.mods.pace;
    let beats = (s.seconds() / every).ceil() as usize;
    for n in 0..s.mods.count.unwrap_or(beats).min(beats) {
        let t = 0.04 + n as f32 * every;
        s.put(&thump(52.0, 0.2), t, 1.0, 0.0)?;
        s.put(&thump(64.0, 0.15), t + 0.27 * every.min(1.0), 0.65, 0.0)?;
    }
    let mut low = Biquad::lowpass(400.0, 0.7);
    for i in 0..s.out.len() {
        let sample = low.run(warm(3.0 * s.out.left[i]));
        (s.out.left[i], s.out.right[i]) = (sample, sample);
    }
    Ok(())
}

pub(super) fn typing(s: &mut Stage<'_>) -> Done {
    let old = s.says(&["typewriter"]);
    let mut t = 0.03;
    let seconds = s.seconds();
    while t < seconds {
        let pan = s.rng.range(-0.3, 0.3);
        let gain = s.rng.range(0.5, 1.0);
        let hz = s.rng.range(1700.0, 3200.0);
        let down = burst(&mut s.rng, 0.012, hz, 0.8);
        s.put(&down, t, 0.6 * gain, pan)?;
        s.put(&thump(if old { 240.0 } else { 160.0 }, 0.03), t, 0.35 * gain, pan)?;
        if old {
            let type_bar =
                modal(&[(1450.0, 0.4, 0.06), (2780.0, 0.3, 0.05), (4630.0, 0.2, 0.03)], 0.1);
            s.put(&type_bar, t + 0.01, 0.6 * gain, pan)?;
        }
        let up = burst(&mut s.rng, 0.006, hz * 1.5, 0.8);
        s.put(&up, t + 0.07, 0.2 * gain, pan)?;
        let space =
            if s.rng.chance(0.12) { s.rng.range(0.25, 0.6) } else { s.rng.range(0.08, 0.2) };
        t += space / s.mods.pace;
    }
    Ok(())
}

pub(super) fn shutter(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.9, Some(1)) {
        for (late, hz, gain) in
            [(0.0, 2600.0, 1.0), (0.012, 4200.0, 0.6), (0.085, 1900.0, 0.9), (0.1, 3600.0, 0.5)]
        {
            let click = burst(&mut s.rng, 0.018, hz, 0.7);
            s.put(&click, t + late, gain, 0.0)?;
        }
        s.put(&thump(210.0, 0.03), t, 0.4, 0.0)?;
        let motor = burst(&mut s.rng, 0.07, 1100.0, 2.0);
        s.put(&motor, t + 0.02, 0.2, 0.0)?;
    }
    Ok(())
}

pub(super) fn paper(s: &mut Stage<'_>) -> Done {
    for t in s.again(1.2, None) {
        let rustle = crunch(&mut s.rng, 0.7, 130, (1800.0, 8500.0));
        let pan = s.rng.range(-0.3, 0.3);
        s.put(&rustle, t, 0.6, pan)?;
    }
    Ok(())
}

pub(super) fn drum_roll(s: &mut Stage<'_>) -> Done {
    let end = (s.seconds() - 1.2).max(s.seconds() * 0.6);
    let mut t = 0.02;
    while t < end {
        let x = t / end;
        snare(s, t, 0.25 + 0.55 * x)?;
        t += 0.042 * s.rng.range(0.93, 1.07) / s.mods.pace;
    }
    snare(s, end, 1.0)?;
    s.put(&thump(60.0, 0.3), end, 1.0, 0.0)?;
    let mut noise = Noise::new(&mut s.rng);
    let mut high = Biquad::highpass(3500.0, 0.6);
    let cymbal = mono(1.6, |t| high.run(noise.white()) * decay(t, 1.7) * (t * 500.0).min(1.0));
    s.put(&cymbal, end, 0.4, 0.2)
}

fn snare(s: &mut Stage<'_>, t: f32, gain: f32) -> Done {
    let wires = burst(&mut s.rng, 0.09, 3000.0, 0.3);
    let mut skin = modal(&[(185.0, 0.5, 0.08), (331.0, 0.3, 0.06)], 0.1);
    for (sample, wire) in skin.iter_mut().zip(&wires) {
        *sample = *sample * 0.5 + wire * 0.8;
    }
    s.put(&skin, t, gain, 0.0)
}

pub(super) fn applause(s: &mut Stage<'_>) -> Done {
    let size = if s.mods.heavy < 0.0 { 30.0 } else { 130.0 + 90.0 * s.mods.heavy };
    for t in s.now_and_then(size) {
        let hz = s.rng.range(700.0, 2600.0);
        let clap = burst(&mut s.rng, 0.022, hz, 1.1);
        let (gain, pan) = (s.rng.range(0.08, 0.5), s.rng.range(-0.9, 0.9));
        s.put(&clap, t, gain, pan)?;
    }
    if s.says(&["cheer", "cheering", "ovation", "concert", "stadium"]) {
        crowd(s)?;
    }
    Ok(())
}

pub(super) fn crowd(s: &mut Stage<'_>) -> Done {
    for voice in 0..14 {
        let (seed, base) = (s.rng.bits(), s.rng.range(95.0, 230.0));
        let pan = s.rng.range(-0.85, 0.85);
        let (gl, gr) = (0.5 - 0.45 * pan, 0.5 + 0.45 * pan);
        let mut throat = Throat::new(3);
        let mut phase = crate::sound::osc::Phase(voice as f32 * 0.07);
        let mut noise = s.noise();
        s.texture(|t| {
            let syllable = (0.2 + wander(t, 4.2, seed)).max(0.0)
                * (0.55 + 0.6 * wander(t, 0.4, seed ^ 5)).max(0.0);
            if syllable < 0.001 {
                return (0.0, 0.0);
            }
            let vowel = wander(t, 3.0, seed ^ 2);
            let formants =
                [520.0 + 230.0 * vowel, 1400.0 - 500.0 * wander(t, 3.4, seed ^ 3), 2500.0];
            let hz = base * (1.0 + 0.12 * wander(t, 1.5, seed ^ 4));
            let x =
                throat.run(phase.saw(hz) + 0.15 * noise.white(), &formants, 5.0) * syllable * 0.35;
            (x * gl, x * gr)
        })?;
    }
    let (mut a, mut b) = (s.noise(), s.noise());
    let mut band = [Biquad::bandpass(600.0, 0.4), Biquad::bandpass(600.0, 0.4)];
    s.texture(|_| (0.03 * band[0].run(a.pink()), 0.03 * band[1].run(b.pink())))
}

pub(super) fn breathing(s: &mut Stage<'_>) -> Done {
    let every = 3.2 / s.mods.pace;
    let (mut noise, mut throat) = (s.noise(), Throat::new(3));
    s.texture(|t| {
        let x = t / every - libm::floorf(t / every);
        let (level, formants) = if x < 0.42 {
            (turn(x / 0.84).max(0.0), [700.0, 1900.0, 3800.0])
        } else {
            (0.7 * turn((x - 0.46) / 1.08).max(0.0), [450.0, 1200.0, 2600.0])
        };
        let y = throat.run(noise.white(), &formants, 2.0) * level * level;
        (y, y)
    })
}
