//! The players: every instrument is a few oscillators, filters and strings.

use super::compose::Drum;
use super::style::Voice;
use crate::math::{Rng, smoothstep};
use crate::sound::filter::{Biquad, Pole, Svf};
use crate::sound::osc::{Adsr, Noise, Phase, decay, turn};
use crate::sound::{SR, frames, hz};

/// One note, `held` seconds long and then let go.
pub(super) fn note(voice: Voice, pitch: i32, held: f32, hard: f32, rng: &mut Rng) -> Vec<f32> {
    let f = hz(pitch as f32);
    match voice {
        Voice::Piano => piano(f, held, hard),
        Voice::EPiano => epiano(f, held, hard),
        Voice::Organ => organ(f, held),
        Voice::Guitar => string(f, held, 0.55, 2.4, rng),
        Voice::Harp => string(f, held + 1.2, 0.35, 2.0, rng),
        Voice::Upright => string(f, held, 0.16, 1.6, rng),
        Voice::Drive => drive(f, held, rng),
        Voice::Strings => bowed(f, held, 0.14, 2600.0, 1.4),
        Voice::Pad => bowed(f, held, 0.5, 1100.0, 1.8),
        Voice::Choir => choir(f, held),
        Voice::Brass => brass(f, held, hard),
        Voice::Flute => flute(f, held, rng),
        Voice::Reed => reed(f, held, rng),
        Voice::Bell => {
            struck(f, &[(1.0, 0.6, 2.4), (2.756, 0.25, 1.3), (5.404, 0.12, 0.6), (8.93, 0.05, 0.3)])
        }
        Voice::Mallet => struck(f, &[(1.0, 0.7, 0.7), (3.93, 0.25, 0.2), (9.4, 0.08, 0.08)]),
        Voice::Lead => synth(f, held, 2600.0, 1.6),
        Voice::Chip => chip(f, held),
        Voice::Synth => synth(f, held, 900.0, 2.2),
        Voice::Sub => sub(f, held),
    }
}

fn play(seconds: f32, mut f: impl FnMut(f32) -> f32) -> Vec<f32> {
    (0..frames(seconds)).map(|i| f(i as f32 / SR)).collect()
}

/// Partials a little sharper the higher they are, as stiff strings have them; high ones die first.
fn piano(f: f32, held: f32, hard: f32) -> Vec<f32> {
    let ring = (6.5 * (220.0 / f).powf(0.45)).clamp(0.8, 9.0);
    let seconds = (held + 0.35).min(ring);
    let mut out = vec![0.0; frames(seconds)];
    for k in 1..=9_u16 {
        let n = f32::from(k);
        let partial = f * n * (1.0 + 0.000_35 * n * n).sqrt();
        if partial > 12_000.0 {
            break;
        }
        let level = libm::powf(n, -1.25 - 0.5 * (1.0 - hard)) * if k == 7 { 0.3 } else { 1.0 };
        let fall = ring / (1.0 + 0.45 * (n - 1.0));
        for (i, sample) in out.iter_mut().enumerate() {
            let t = i as f32 / SR;
            // Two strings beat against each other.
            let both = turn(partial * t) + 0.5 * turn(partial * 1.0007 * t + 0.2);
            *sample += 0.4 * level * both * (0.65 * decay(t, fall * 0.35) + 0.35 * decay(t, fall));
        }
    }
    for (i, sample) in out.iter_mut().enumerate() {
        let t = i as f32 / SR;
        let damper = if t < held { 1.0 } else { decay(t - held, 0.4) };
        *sample *= (t * 350.0).min(1.0) * damper * smoothstep(seconds, seconds - 0.05, t);
    }
    out
}

/// Two sine waves, one bending the other (J. Chowning, 1973).
fn epiano(f: f32, held: f32, hard: f32) -> Vec<f32> {
    let seconds = held + 0.5;
    play(seconds, |t| {
        let bark = turn(14.0 * f * t) * 0.05 * decay(t, 0.25);
        let bend = turn(f * t) * (0.12 + 0.2 * hard) * decay(t, 1.6);
        let level = decay(t, 3.5) * (t * 400.0).min(1.0);
        let damper = if t < held { 1.0 } else { decay(t - held, 0.4) };
        (0.8 * turn(f * t + bend) + bark)
            * level
            * damper
            * (1.0 + 0.12 * turn(4.6 * t))
            * smoothstep(seconds, seconds - 0.03, t)
    })
}

fn organ(f: f32, held: f32) -> Vec<f32> {
    let shape = Adsr { attack: 0.012, decay: 0.1, sustain: 0.9, release: 0.09 };
    play(held + 0.12, |t| {
        let bars = [(0.5, 0.3), (1.0, 0.5), (1.5, 0.2), (2.0, 0.3), (3.0, 0.14), (4.0, 0.1)];
        let sum: f32 =
            bars.iter().map(|(n, level)| level * turn(f * n * t + 0.004 * turn(6.2 * t))).sum();
        0.7 * sum * shape.at(t, held)
    })
}

/// A plucked string (K. Karplus and A. Strong, 1983), tuned between samples.
fn string(f: f32, held: f32, bright: f32, ring: f32, rng: &mut Rng) -> Vec<f32> {
    let period = SR / f - 0.5;
    let n = (period as usize).max(2);
    let frac = period - n as f32;
    let mut noise = Noise::new(rng);
    let mut dull = Pole::new(800.0 + 9000.0 * bright);
    let mut line: Vec<f32> = (0..=n).map(|_| dull.run(noise.white())).collect();
    let mean = line.iter().sum::<f32>() / line.len() as f32;
    let top = line.iter().fold(0.01_f32, |m, s| m.max((s - mean).abs()));
    line.iter_mut().for_each(|s| *s = (*s - mean) / top);
    let loss = libm::expf(-6.9 / (f * ring));
    let mut at = 0;
    let mut last = 0.0;
    let seconds = held + 0.25;
    let len = line.len();
    play(seconds, |t| {
        let now = line[at];
        let next = line[(at + 1) % len];
        let out = now + (next - now) * (1.0 - frac);
        line[at] = loss * 0.5 * (out + last);
        last = out;
        at = (at + 1) % len;
        let damper = if t < held { 1.0 } else { decay(t - held, 0.35) };
        0.9 * out * damper * (t * 600.0).min(1.0) * smoothstep(seconds, seconds - 0.03, t)
    })
}

/// An overdriven guitar: string and fifth into a soft wall, through a cabinet.
fn drive(f: f32, held: f32, rng: &mut Rng) -> Vec<f32> {
    let a = string(f, held, 0.5, 4.0, rng);
    let mut cabinet = [Biquad::lowpass(3600.0, 0.8), Biquad::highpass(90.0, 0.7)];
    a.iter()
        .map(|x| {
            let x = 9.0 * x;
            let hot = x / (1.0 + x.abs());
            let [low, high] = &mut cabinet;
            0.55 * high.run(low.run(hot))
        })
        .collect()
}

fn bowed(f: f32, held: f32, attack: f32, bright: f32, open: f32) -> Vec<f32> {
    let shape =
        Adsr { attack: attack.min(held * 0.6), decay: 0.5, sustain: 0.85, release: 0.25 + attack };
    let mut saws = [Phase(0.1), Phase(0.45), Phase(0.8)];
    let mut low = Biquad::lowpass(bright + f * open, 0.6);
    play(held + 0.3 + attack, |t| {
        let sway = 1.0 + 0.003 * turn(5.1 * t) * smoothstep(0.1, 0.6, t);
        let sum = saws[0].saw(f * sway) + saws[1].saw(f * 1.004 * sway) + saws[2].saw(f * 0.9965);
        0.24 * low.run(sum) * shape.at(t, held)
    })
}

fn choir(f: f32, held: f32) -> Vec<f32> {
    let shape = Adsr { attack: 0.35_f32.min(held * 0.5), decay: 0.6, sustain: 0.85, release: 0.6 };
    let mut saws = [Phase(0.0), Phase(0.3), Phase(0.7)];
    // “Ah”.
    let mut mouth = [
        Biquad::bandpass(680.0, 3.5),
        Biquad::bandpass(1120.0, 5.0),
        Biquad::bandpass(2750.0, 7.0),
    ];
    let mut body = Biquad::lowpass(500.0, 0.6);
    play(held + 0.65, |t| {
        let sway = 1.0 + 0.004 * turn(4.7 * t);
        let sum = saws[0].saw(f * sway) + saws[1].saw(f * 1.006) + saws[2].saw(f * 0.995 * sway);
        let [a, b, c] = &mut mouth;
        (0.5 * a.run(sum) + 0.3 * b.run(sum) + 0.12 * c.run(sum) + 0.18 * body.run(sum))
            * shape.at(t, held)
    })
}

fn brass(f: f32, held: f32, hard: f32) -> Vec<f32> {
    let shape = Adsr { attack: 0.06, decay: 0.25, sustain: 0.75, release: 0.12 };
    let (mut saws, mut low) = ([Phase(0.0), Phase(0.4)], Svf::default());
    play(held + 0.16, |t| {
        let level = shape.at(t, held);
        let sum = saws[0].saw(f * (1.0 - 0.01 * decay(t, 0.1))) + saws[1].saw(f * 1.003);
        0.4 * low.run(sum, f * (1.0 + (3.0 + 3.0 * hard) * level), 0.8).0 * level
    })
}

fn flute(f: f32, held: f32, rng: &mut Rng) -> Vec<f32> {
    let shape = Adsr { attack: 0.06, decay: 0.2, sustain: 0.9, release: 0.12 };
    let (mut noise, mut air) = (Noise::new(rng), Biquad::bandpass(f * 2.0, 1.5));
    let mut phase = Phase::default();
    play(held + 0.16, |t| {
        let sway = 1.0 + 0.004 * turn(5.2 * t) * smoothstep(0.15, 0.6, t);
        let x = phase.step(f * sway);
        let tone = turn(x) + 0.22 * turn(2.0 * x) + 0.07 * turn(3.0 * x);
        (0.6 * tone + 0.12 * air.run(noise.white()))
            * shape.at(t, held)
            * (1.0 + 0.06 * turn(5.2 * t))
    })
}

fn reed(f: f32, held: f32, rng: &mut Rng) -> Vec<f32> {
    let shape = Adsr { attack: 0.035, decay: 0.2, sustain: 0.8, release: 0.09 };
    let (mut noise, mut body, mut phase) =
        (Noise::new(rng), Biquad::bell_at(1250.0, 1.2, 6.0, SR), Phase::default());
    let mut low = Biquad::lowpass(1400.0 + f * 2.5, 0.7);
    play(held + 0.12, |t| {
        let sway = (1.0 + 0.005 * turn(5.4 * t) * smoothstep(0.2, 0.7, t))
            * (1.0 - 0.015 * decay(t, 0.12));
        let x = phase.pulse(f * sway, 0.32) + 0.06 * noise.white();
        0.3 * body.run(low.run(x)) * shape.at(t, held)
    })
}

fn struck(f: f32, partials: &[(f32, f32, f32)]) -> Vec<f32> {
    let seconds = partials.iter().fold(0.0_f32, |m, (_, _, fall)| m.max(*fall));
    play(seconds, |t| {
        let sum: f32 = partials
            .iter()
            .filter(|(n, ..)| f * n < 15_000.0)
            .map(|(n, level, fall)| level * turn(f * n * t) * decay(t, *fall))
            .sum();
        sum * (t * 900.0).min(1.0)
    })
}

fn synth(f: f32, held: f32, bright: f32, q: f32) -> Vec<f32> {
    let shape = Adsr { attack: 0.006, decay: 0.3, sustain: 0.6, release: 0.1 };
    let (mut saws, mut low) = ([Phase(0.0), Phase(0.5)], Svf::default());
    let mut under = Phase::default();
    play(held + 0.14, |t| {
        let sum = saws[0].saw(f) + saws[1].saw(f * 1.006) + 0.6 * under.pulse(f * 0.5, 0.5);
        let open = f + bright * (0.3 + 0.9 * decay(t, 0.5));
        0.3 * low.run(sum, open, q).0 * shape.at(t, held)
    })
}

fn chip(f: f32, held: f32) -> Vec<f32> {
    let mut phase = Phase::default();
    let held = held * 0.9;
    play(held + 0.02, |t| {
        let level = (0.45 + 0.55 * decay(t, 0.5))
            * (t * 1500.0).min(1.0)
            * smoothstep(held + 0.02, held, t);
        0.38 * phase.pulse(f * (1.0 + 0.004 * turn(6.0 * t) * smoothstep(0.15, 0.3, t)), 0.25)
            * level
    })
}

fn sub(f: f32, held: f32) -> Vec<f32> {
    let shape = Adsr { attack: 0.012, decay: 0.5, sustain: 0.75, release: 0.12 };
    play(held + 0.16, |t| {
        let x = turn(f * t) + 0.18 * turn(2.0 * f * t) + 0.06 * turn(3.0 * f * t);
        0.8 * x * shape.at(t, held)
    })
}

/// One blow of a drum.
pub(super) fn drum(drum: Drum, rng: &mut Rng) -> Vec<f32> {
    let mut noise = Noise::new(rng);
    match drum {
        Drum::Kick | Drum::Deep => {
            let (long, low) = if drum == Drum::Deep { (0.9, 42.0) } else { (0.32, 50.0) };
            let mut phase = Phase::default();
            let mut click = Biquad::highpass(1800.0, 0.7);
            play(long, |t| {
                let f = low + 130.0 * decay(t, 0.09) + 300.0 * decay(t, 0.02);
                let body = phase.sine(f) * decay(t, long * 1.1);
                (1.1 * body + 0.2 * click.run(noise.white()) * decay(t, 0.02))
                    * smoothstep(long, long * 0.8, t)
            })
        }
        Drum::Snare => {
            let mut wires = Biquad::highpass(1500.0, 0.6);
            play(0.26, |t| {
                let skin = 0.45 * turn(186.0 * t) * decay(t, 0.12)
                    + 0.25 * turn(331.0 * t) * decay(t, 0.08);
                let hiss = 0.5 * wires.run(noise.white()) * decay(t, 0.22);
                (skin + hiss) * (t * 2500.0).min(1.0)
            })
        }
        Drum::Clap => {
            let mut band = Biquad::bandpass(1350.0, 0.9);
            play(0.3, |t| {
                let hands: f32 = [0.0, 0.011, 0.023]
                    .iter()
                    .filter(|late| t >= **late)
                    .map(|late| decay(t - late, 0.02))
                    .sum();
                1.7 * band.run(noise.white())
                    * (hands * 0.7 + 0.4 * decay(t, 0.25))
                    * (t * 2500.0).min(1.0)
            })
        }
        Drum::Hat | Drum::Open => {
            let long = if drum == Drum::Hat { 0.06 } else { 0.32 };
            let mut high = Biquad::highpass(7200.0, 0.8);
            play(long, |t| {
                let metal: f32 = [3170.0, 4431.0, 5390.0, 6673.0]
                    .iter()
                    .map(|f| if turn(f * t) > 0.0 { 0.25 } else { -0.25 })
                    .sum();
                0.4 * high.run(noise.white() + metal) * decay(t, long) * (t * 3000.0).min(1.0)
            })
        }
        Drum::Crash => {
            let mut high = Biquad::highpass(3800.0, 0.6);
            play(1.8, |t| {
                0.4 * high.run(noise.white())
                    * decay(t, 1.9)
                    * (t * 900.0).min(1.0)
                    * smoothstep(1.8, 1.2, t)
            })
        }
        Drum::Tom => {
            let mut phase = Phase::default();
            play(0.4, |t| {
                0.9 * phase.sine(95.0 + 60.0 * decay(t, 0.12))
                    * decay(t, 0.4)
                    * (t * 1500.0).min(1.0)
            })
        }
    }
}
