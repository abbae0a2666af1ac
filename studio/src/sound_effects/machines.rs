//! Engines, vehicles, alarms and broken signals.

use super::stage::{Stage, burst, glide, modal, mono, wander, warm};
use super::things::thump;
use crate::math::smoothstep;
use crate::sound::filter::{Biquad, Svf};
use crate::sound::osc::{Phase, decay, turn};
use gesso_media::WorkError;

type Done = Result<(), WorkError>;

pub(super) fn engine(s: &mut Stage<'_>) -> Done {
    let small = s.says(&["motorcycle", "motorbike", "scooter", "moped", "chainsaw", "mower"]);
    let base = if small { 62.0 } else { 34.0 } * s.mods.pitch * s.mods.pace;
    let revs = s.says(&["accelerating", "accelerate", "racing", "race", "revving", "rev", "sport"]);
    let seed = s.rng.bits();
    let seconds = s.seconds();
    let (mut noise, mut phase, mut half) = (s.noise(), Phase::default(), Phase(0.3));
    let (mut pipe, mut box_, mut air) =
        (Svf::default(), Svf::default(), Biquad::bandpass(900.0, 0.5));
    s.texture(|t| {
        let up = if revs { 1.0 + 1.9 * smoothstep(0.0, 0.8, t / seconds) } else { 1.0 };
        let hz = base * up * (1.0 + 0.02 * wander(t, 9.0, seed) + 0.05 * wander(t, 0.6, seed ^ 1));
        let fire = phase.saw(hz * 2.0) * 0.7 + half.saw(hz) * 0.6;
        let x = warm(2.5 * (fire + 0.25 * noise.pink()));
        let y = pipe.run(x, 190.0 + hz * 3.0, 1.6).0 + 0.5 * box_.run(x, 480.0 + hz * 2.0, 2.0).1;
        let y = y + 0.06 * up * air.run(noise.white());
        (y, y * 0.96)
    })
}

pub(super) fn horn(s: &mut Stage<'_>) -> Done {
    let ship = s.says(&["ship", "boat", "fog", "foghorn", "ferry"]);
    let (tones, held, every): (&[f32], f32, f32) =
        if ship { (&[73.4, 98.0, 110.0], 2.2, 3.6) } else { (&[415.0, 523.0], 0.55, 0.95) };
    for t in s.again(every, Some(if ship { 1 } else { 2 })) {
        let mut phases = [Phase::default(), Phase(0.3), Phase(0.6)];
        let mut body = Svf::default();
        let blow = mono(held, |x| {
            let sum: f32 = tones.iter().zip(&mut phases).map(|(hz, phase)| phase.saw(*hz)).sum();
            let level = smoothstep(0.0, 0.04, x) * smoothstep(held, held - 0.08, x);
            warm(body.run(sum, tones[0] * 4.0, 1.2).0 * 1.6) * level
        });
        s.put(&blow, t, 0.7, 0.0)?;
    }
    Ok(())
}

pub(super) fn train(s: &mut Stage<'_>) -> Done {
    let (mut a, mut b, seed) = (s.noise(), s.noise(), s.rng.bits());
    let mut low = [Svf::default(), Svf::default()];
    let mut squeal = Svf::default();
    s.texture(|t| {
        let sway = 1.0 + 0.2 * wander(t, 1.3, seed);
        let rail = 0.05 * squeal.run(a.white(), 2900.0 + 300.0 * wander(t, 0.8, seed ^ 1), 9.0).1;
        (
            0.9 * low[0].run(a.brown(), 300.0, 0.7).0 * sway + rail,
            0.9 * low[1].run(b.brown(), 300.0, 0.7).0 * sway + rail,
        )
    })?;
    for t in s.again(0.84, None) {
        for (late, gain) in [(0.0, 1.0), (0.11, 0.85), (0.36, 0.8), (0.47, 0.7)] {
            let clack = modal(&[(235.0, 0.5, 0.1), (540.0, 0.4, 0.08), (1170.0, 0.2, 0.05)], 0.15);
            s.put(&clack, t + late / s.mods.pace, 0.5 * gain, 0.0)?;
            s.put(&thump(70.0, 0.1), t + late / s.mods.pace, 0.6 * gain, 0.0)?;
        }
    }
    if s.says(&["whistle", "horn", "steam"]) {
        let mut phases = [Phase::default(), Phase(0.2), Phase(0.5)];
        let mut noise = s.noise();
        let toot = mono(1.4, |t| {
            let sum: f32 = [466.0, 554.0, 740.0]
                .iter()
                .zip(&mut phases)
                .map(|(hz, p)| p.triangle(hz * (1.0 - 0.06 * decay(t, 0.2))))
                .sum();
            (sum * 0.4 + 0.15 * noise.pink()) * smoothstep(0.0, 0.08, t) * smoothstep(1.4, 1.2, t)
        });
        s.put(&toot, 0.3, 0.5, -0.1)?;
    }
    Ok(())
}

pub(super) fn aeroplane(s: &mut Stage<'_>) -> Done {
    let seconds = s.seconds();
    let (mut a, mut b) = (s.noise(), s.noise());
    let (mut low, mut whine) = ([Svf::default(), Svf::default()], [Phase::default(), Phase(0.4)]);
    s.texture(|t| {
        // It comes, passes over and goes: higher before, lower after.
        let x = t / seconds;
        let near = libm::expf(-18.0 * (x - 0.5) * (x - 0.5));
        let doppler = 1.15 - 0.3 * smoothstep(0.3, 0.7, x);
        let level = 0.25 + 0.75 * near;
        let hz = (350.0 + 2600.0 * near) * doppler;
        let tone =
            0.02 * (whine[0].sine(1850.0 * doppler) + whine[1].sine(2410.0 * doppler)) * near;
        let pan = 0.6 * (x - 0.5);
        let l = low[0].run(a.pink(), hz, 0.6).0 + tone;
        let r = low[1].run(b.pink(), hz, 0.6).0 + tone;
        (l * level * (1.0 - pan), r * level * (1.0 + pan))
    })
}

pub(super) fn helicopter(s: &mut Stage<'_>) -> Done {
    let (mut noise, mut low, mut rotor) = (s.noise(), Svf::default(), Phase::default());
    let rate = 11.5 * s.mods.pace;
    let mut turbine = Phase::default();
    s.texture(|t| {
        let x = rotor.step(rate);
        let chop = decay(x, 0.55) * (x * 30.0).min(1.0);
        let y = low.run(noise.pink(), 240.0 + 1500.0 * chop, 0.8).0 * (0.15 + 1.4 * chop);
        let y = y + 0.02 * turbine.saw(840.0) + 0.3 * chop * turn(27.0 * t);
        (y, y * 0.95)
    })
}

pub(super) fn siren(s: &mut Stage<'_>) -> Done {
    let two = s.says(&["ambulance", "european", "fire"]);
    let pace = s.mods.pace;
    let (mut phase, mut body) = (Phase::default(), Svf::default());
    s.texture(|t| {
        let hz = if two {
            if (t * pace * 0.9).fract() < 0.5 { 440.0 } else { 587.0 }
        } else {
            let x = (t * pace * 0.25).fract();
            620.0
                + 760.0
                    * (if x < 0.4 {
                        smoothstep(0.0, 0.4, x)
                    } else {
                        1.0 - smoothstep(0.4, 1.0, x)
                    })
        };
        let y = warm(1.6 * body.run(phase.saw(hz), 1700.0, 1.4).0) * 0.5;
        (y, y)
    })
}

pub(super) fn alarm(s: &mut Stage<'_>) -> Done {
    let hz = 1960.0 * s.mods.pitch;
    for t in s.again(1.0, None) {
        for n in 0..4 {
            let mut phase = Phase::default();
            let beep = mono(0.09, |x| {
                phase.pulse(hz, 0.5) * smoothstep(0.0, 0.004, x) * smoothstep(0.09, 0.082, x)
            });
            s.put(&beep, t + n as f32 * 0.13, 0.5, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn beep(s: &mut Stage<'_>) -> Done {
    let hz = 1000.0 * s.mods.pitch;
    for t in s.again(1.0, None) {
        let beep =
            mono(0.18, |x| turn(hz * x) * smoothstep(0.0, 0.006, x) * smoothstep(0.18, 0.165, x));
        s.put(&beep, t, 0.7, 0.0)?;
    }
    Ok(())
}

pub(super) fn phone(s: &mut Stage<'_>) -> Done {
    let old = s.says(&["old", "vintage", "rotary", "retro", "landline"]);
    for t in s.again(if old { 3.0 } else { 2.2 }, None) {
        if old {
            for n in 0..24 {
                let hz = if n % 2 == 0 { 1320.0 } else { 1575.0 };
                let ding =
                    modal(&[(hz, 0.5, 0.5), (hz * 2.71, 0.3, 0.25), (hz * 4.9, 0.12, 0.12)], 0.6);
                s.put(&ding, t + n as f32 * 0.05, 0.35, 0.0)?;
            }
        } else {
            for (n, note) in [88.0, 92.0, 95.0, 92.0, 88.0, 95.0].into_iter().enumerate() {
                let hz = crate::sound::hz(note);
                let tone =
                    modal(&[(hz, 0.5, 0.35), (hz * 2.0, 0.2, 0.2), (hz * 4.0, 0.1, 0.1)], 0.4);
                s.put(&tone, t + n as f32 * 0.14, 0.6, 0.0)?;
            }
        }
    }
    Ok(())
}

pub(super) fn vinyl(s: &mut Stage<'_>) -> Done {
    let (mut noise, mut hiss) = (s.noise(), Biquad::highpass(2500.0, 0.6));
    s.texture(|t| {
        let y = 0.02 * hiss.run(noise.pink()) + 0.012 * turn(33.0 * t) + 0.01 * noise.brown();
        (y, y * 0.9)
    })?;
    for t in s.now_and_then(17.0) {
        let hz = s.rng.range(1500.0, 7000.0);
        let tick = burst(&mut s.rng, 0.003, hz, 0.7);
        let gain = 0.04 + 0.5 * s.rng.unit().powi(5);
        let pan = s.rng.range(-0.6, 0.6);
        s.put(&tick, t, gain, pan)?;
    }
    // The same scratch comes round 33⅓ times a minute.
    for t in s.again(1.8, None) {
        let pop = burst(&mut s.rng, 0.006, 1300.0, 0.7);
        s.put(&pop, t, 0.35, 0.1)?;
    }
    Ok(())
}

pub(super) fn static_noise(s: &mut Stage<'_>) -> Done {
    let (mut a, mut b, seed) = (s.noise(), s.noise(), s.rng.bits());
    let mut band = [Svf::default(), Svf::default()];
    s.texture(|t| {
        let cut = if wander(t, 7.0, seed) > 0.62 { 0.15 } else { 1.0 };
        let hz = 2400.0 + 1400.0 * wander(t, 1.7, seed ^ 3);
        let (l, r) = (a.white(), b.white());
        (
            0.3 * cut * (l * 0.5 + band[0].run(l, hz, 1.5).1),
            0.3 * cut * (r * 0.5 + band[1].run(r, hz, 1.5).1),
        )
    })
}

pub(super) fn fan(s: &mut Stage<'_>) -> Done {
    let (mut a, mut b) = (s.noise(), s.noise());
    let mut low = [Biquad::lowpass(900.0, 0.6), Biquad::lowpass(900.0, 0.6)];
    let pace = s.mods.pace;
    s.texture(|t| {
        let blade = 1.0 + 0.2 * turn(17.0 * pace * t);
        let hum = 0.06 * turn(100.0 * t) + 0.03 * turn(200.0 * t) + 0.012 * turn(400.0 * t);
        (0.4 * blade * low[0].run(a.pink()) + hum, 0.4 * blade * low[1].run(b.pink()) + hum)
    })
}

pub(super) fn steam(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.2, None) {
        let (mut noise, mut high) = (s.noise(), Biquad::highpass(2200.0, 0.7));
        let hiss =
            mono(1.5, |x| high.run(noise.white()) * smoothstep(0.0, 0.05, x) * decay(x, 1.6));
        s.put(&hiss, t, 0.5, 0.0)?;
    }
    Ok(())
}

pub(super) fn zap(s: &mut Stage<'_>) -> Done {
    let (mut noise, seed) = (s.noise(), s.rng.bits());
    let mut phase = Phase::default();
    s.texture(|t| {
        let arc = if wander(t, 13.0, seed) > 0.0 { 1.0 } else { 0.2 };
        let buzz = phase.saw(100.0);
        let y = warm(3.0 * buzz * noise.white().abs() + 0.4 * buzz) * arc * 0.5;
        (y, y)
    })?;
    for t in s.now_and_then(9.0) {
        let snap = burst(&mut s.rng, 0.01, 5200.0, 0.5);
        let pan = s.rng.range(-0.5, 0.5);
        s.put(&snap, t, 0.8, pan)?;
    }
    Ok(())
}

pub(super) fn riser(s: &mut Stage<'_>) -> Done {
    let seconds = (s.seconds() - 0.4).max(0.3);
    let (mut noise, mut band, mut saws) =
        (s.noise(), Svf::default(), [Phase::default(), Phase(0.5)]);
    let down = s.says(&["downer", "down", "falling", "powerdown"]);
    let rise = mono(seconds, |t| {
        let x = if down { 1.0 - t / seconds } else { t / seconds };
        let hz = 110.0 * libm::exp2f(3.0 * x);
        let tone = 0.3 * (saws[0].saw(hz) + saws[1].saw(hz * 1.01));
        band.run(tone + noise.pink(), 200.0 + 7000.0 * x * x, 1.4).0
            * (0.08 + x * x)
            * smoothstep(seconds, seconds - 0.03, t)
    });
    s.put(&rise, 0.0, 0.8, 0.0)?;
    if !down {
        s.put(
            &glide(0.4, 120.0, 35.0, |x| (x * 90.0).min(1.0) * decay(x, 0.9)),
            seconds,
            1.0,
            0.0,
        )?;
    }
    Ok(())
}
