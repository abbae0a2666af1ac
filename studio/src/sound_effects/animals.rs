//! Voices of animals.

use super::stage::{Stage, Throat, bump, burst, glide, mono, wander, warm};
use crate::math::{lerp, smoothstep};
use crate::sound::osc::{Phase, decay, turn};
use gesso_media::WorkError;

type Done = Result<(), WorkError>;

pub(super) fn birds(s: &mut Stage<'_>) -> Done {
    // A few birds, each with its own song, place and pitch.
    for bird in 0..5 {
        let base = s.rng.range(2300.0, 5200.0) * s.mods.pitch;
        let (pan, gain) = (s.rng.range(-0.85, 0.85), s.rng.range(0.25, 0.8));
        let notes = 2 + s.rng.below(5);
        let song: Vec<(f32, f32, f32)> = (0..notes)
            .map(|_| (s.rng.range(0.75, 1.35), s.rng.range(0.7, 1.5), s.rng.range(0.04, 0.14)))
            .collect();
        let trill = s.rng.chance(0.4);
        let mut times = s.now_and_then(0.45 * s.mods.pace);
        // Somebody sings from the beginning.
        times.insert(0, 0.1 + 0.5 * bird as f32);
        for t in times {
            let mut at = t + bird as f32 * 0.1;
            for (from, to, seconds) in &song {
                let chirp = glide(*seconds, base * from, base * from * to, |x| {
                    bump(x, 0.25) * if trill { 0.6 + 0.4 * turn(x * seconds * 55.0) } else { 1.0 }
                });
                s.put(&chirp, at, gain * 0.5, pan)?;
                at += seconds * 1.35;
            }
        }
    }
    Ok(())
}

/// A cry with harmonics through a throat: pitch and mouth as functions of 0 to 1.
fn cry(
    s: &mut Stage<'_>,
    seconds: f32,
    pitch: impl Fn(f32) -> f32,
    mouth: impl Fn(f32) -> [f32; 3],
    rough: f32,
) -> Vec<f32> {
    let (mut noise, mut phase, mut throat, seed) =
        (s.noise(), Phase::default(), Throat::new(3), s.rng.bits());
    mono(seconds, |t| {
        let x = t / seconds;
        let hz = pitch(x) * (1.0 + 0.015 * wander(t, 18.0, seed));
        let buzz = phase.saw(hz) * (1.0 - rough) + noise.white() * rough;
        warm(1.8 * throat.run(buzz, &mouth(x), 5.0))
            * smoothstep(0.0, 0.08, x)
            * smoothstep(1.0, 0.75, x)
    })
}

pub(super) fn gulls(s: &mut Stage<'_>) -> Done {
    let mut times = s.now_and_then(0.5 * s.mods.pace);
    times.insert(0, 0.15);
    for t in times {
        let (pan, gain) = (s.rng.range(-0.8, 0.8), s.rng.range(0.2, 0.7));
        let base = s.rng.range(850.0, 1150.0);
        let cries = 1 + s.rng.below(4);
        for n in 0..cries {
            let seconds = s.rng.range(0.22, 0.42);
            let call = cry(
                s,
                seconds,
                |x| base * (0.85 + 0.5 * bump(x, 0.3)),
                |_| [1500.0, 2700.0, 4200.0],
                0.08,
            );
            s.put(&call, t + n as f32 * 0.43, gain, pan)?;
        }
    }
    Ok(())
}

pub(super) fn crickets(s: &mut Stage<'_>) -> Done {
    for _ in 0..5 {
        let (hz, pan, gain) =
            (s.rng.range(3900.0, 5100.0), s.rng.range(-0.9, 0.9), s.rng.range(0.08, 0.3));
        let (every, late) = (s.rng.range(0.42, 0.75), s.rng.unit());
        let (gl, gr) = (gain * (0.5 - 0.5 * pan), gain * (0.5 + 0.5 * pan));
        let mut phase = Phase::default();
        let pace = s.mods.pace;
        s.texture(|t| {
            let x = ((t * pace + late) / every).fract() * every;
            let pulse = if x < 0.11 {
                (turn(x * 27.0 - 0.25) * 0.5 + 0.5)
                    * smoothstep(0.0, 0.01, x)
                    * smoothstep(0.11, 0.1, x)
            } else {
                0.0
            };
            let y = phase.sine(hz) * pulse * pulse;
            (y * gl, y * gr)
        })?;
    }
    Ok(())
}

pub(super) fn dog(s: &mut Stage<'_>) -> Done {
    let small = s.says(&["small", "puppy", "little"]);
    let scale = if small { 1.7 } else { 1.0 } * s.mods.pitch;
    for t in s.again(0.62, None) {
        let force = s.rng.range(0.85, 1.15) * scale;
        let bark = cry(
            s,
            0.19,
            |x| force * lerp(330.0, 190.0, x) * (1.0 + 0.35 * bump(x, 0.2)),
            |x| [lerp(760.0, 520.0, x) * scale.sqrt(), 1350.0 * scale.sqrt(), 2600.0],
            0.28,
        );
        s.put(&bark, t, 1.0, 0.0)?;
        let growl = cry(s, 0.08, |_| 90.0 * force, |_| [480.0, 1000.0, 2200.0], 0.4);
        s.put(&growl, (t - 0.05).max(0.0), 0.3, 0.0)?;
    }
    Ok(())
}

pub(super) fn cat(s: &mut Stage<'_>) -> Done {
    if s.says(&["purr", "purring"]) {
        let (mut noise, mut throat) = (s.noise(), Throat::new(2));
        return s.texture(|t| {
            let breath = 0.55 + 0.45 * turn(0.42 * t);
            let pulse = decay((t * 25.0).fract(), 0.6);
            let y = throat.run(noise.brown() * pulse + 0.4 * pulse, &[130.0, 420.0], 2.0) * breath;
            (y, y)
        });
    }
    for t in s.again(1.7, None) {
        let base = s.rng.range(420.0, 560.0) * s.mods.pitch;
        let meow = cry(
            s,
            0.85,
            |x| base * (1.0 + 0.45 * bump(x, 0.35)),
            // “M”, “ee”, “ow”: the mouth opens and closes again.
            |x| {
                [
                    lerp(380.0, 950.0, bump(x, 0.45)),
                    lerp(2400.0, 1300.0, smoothstep(0.2, 0.9, x)),
                    3300.0,
                ]
            },
            0.05,
        );
        s.put(&meow, t, 0.9, 0.0)?;
    }
    Ok(())
}

pub(super) fn frogs(s: &mut Stage<'_>) -> Done {
    for t in s.again(0.95, None) {
        let (base, pan) = (s.rng.range(330.0, 520.0) * s.mods.pitch, s.rng.range(-0.5, 0.5));
        let (mut phase, mut throat) = (Phase::default(), Throat::new(2));
        let croak = mono(0.42, |t| {
            let pulse = decay((t * 42.0).fract(), 0.5);
            throat.run(phase.saw(base), &[base * 1.9, base * 4.1], 6.0)
                * pulse
                * smoothstep(0.0, 0.05, t)
                * smoothstep(0.42, 0.33, t)
        });
        s.put(&croak, t, 0.9, pan)?;
    }
    Ok(())
}

pub(super) fn bees(s: &mut Stage<'_>) -> Done {
    for bee in 0..7 {
        let (seed, base) = (s.rng.bits(), s.rng.range(165.0, 250.0) * s.mods.pitch);
        let (mut phase, mut throat) = (Phase(bee as f32 / 7.0), Throat::new(2));
        s.texture(|t| {
            let near = (0.35 + 0.75 * wander(t, 0.6, seed)).max(0.03);
            let pan = wander(t, 0.4, seed ^ 1);
            let hz =
                base * (1.0 + 0.07 * wander(t, 2.5, seed ^ 2) + 0.02 * wander(t, 19.0, seed ^ 3));
            let y = throat.run(phase.saw(hz), &[620.0, 1900.0], 1.6) * near * near * 0.5;
            (y * (1.0 - 0.8 * pan), y * (1.0 + 0.8 * pan))
        })?;
    }
    Ok(())
}

pub(super) fn owl(s: &mut Stage<'_>) -> Done {
    for t in s.again(3.2, None) {
        let mut noise = s.noise();
        for (late, seconds) in [(0.0, 0.22), (0.45, 0.16), (0.68, 0.5)] {
            let mut phase = Phase::default();
            let hoot = mono(seconds, |t| {
                let x = t / seconds;
                let hz = 360.0 * s.mods.pitch * (1.0 + 0.08 * bump(x, 0.4));
                let tone = phase.sine(hz);
                (tone + 0.15 * tone * tone + 0.03 * noise.pink())
                    * smoothstep(0.0, 0.2, x)
                    * smoothstep(1.0, 0.6, x)
            });
            s.put(&hoot, t + late, 0.8, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn wolf(s: &mut Stage<'_>) -> Done {
    for t in s.again(3.4, None) {
        let (base, pan) = (s.rng.range(330.0, 430.0) * s.mods.pitch, s.rng.range(-0.5, 0.5));
        let howl = cry(
            s,
            2.8,
            |x| {
                base * (0.75 + 0.45 * smoothstep(0.0, 0.25, x) - 0.25 * smoothstep(0.6, 1.0, x))
                    * (1.0 + 0.012 * turn(x * 14.0))
            },
            |x| [450.0 + 300.0 * bump(x, 0.4), 950.0, 2500.0],
            0.02,
        );
        s.put(&howl, t, 0.8, pan)?;
    }
    Ok(())
}

pub(super) fn cow(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.6, None) {
        let moo = cry(
            s,
            1.6,
            |x| 118.0 * s_pitch(x),
            |x| [lerp(260.0, 560.0, smoothstep(0.1, 0.4, x)), 900.0, 2300.0],
            0.04,
        );
        s.put(&moo, t, 0.9, 0.0)?;
    }
    Ok(())
}

fn s_pitch(x: f32) -> f32 {
    1.0 + 0.25 * bump(x, 0.4)
}

pub(super) fn rooster(s: &mut Stage<'_>) -> Done {
    for t in s.again(3.5, None) {
        for (late, seconds, hz) in
            [(0.0, 0.16, 620.0), (0.2, 0.14, 760.0), (0.37, 0.2, 880.0), (0.6, 0.9, 980.0)]
        {
            let call = cry(
                s,
                seconds,
                |x| hz * (0.85 + 0.25 * bump(x, 0.3)),
                |_| [1250.0, 2500.0, 3900.0],
                0.1,
            );
            s.put(&call, t + late, 0.8, 0.0)?;
        }
    }
    Ok(())
}

pub(super) fn monster(s: &mut Stage<'_>) -> Done {
    for t in s.again(2.8, None) {
        let pitch = s.mods.pitch;
        for (n, pan) in [-0.4, 0.4].into_iter().enumerate() {
            let roar = cry(
                s,
                1.9,
                |x| (62.0 + 9.0 * n as f32) * pitch * (0.8 + 0.6 * bump(x, 0.25)),
                |x| [lerp(350.0, 720.0, bump(x, 0.3)), 1150.0, 2100.0],
                0.45,
            );
            s.put(&roar, t, 0.9, pan)?;
        }
        let spit = burst(&mut s.rng, 0.3, 1800.0, 0.5);
        s.put(&spit, t + 0.2, 0.1, 0.0)?;
    }
    Ok(())
}
