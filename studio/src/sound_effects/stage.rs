//! Where one layer of a sound effect is built.

use crate::math::{Rng, noise};
use crate::sound::filter::{Biquad, Svf};
use crate::sound::osc::{Noise, decay, turn};
use crate::sound::{SR, Stereo, frames};
use gesso_media::{Control, WorkError};

/// Changes that adjectives make to a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mods {
    /// 0 is near, 1 far.
    pub(super) distant: f32,
    /// From -1 (soft, light) to 1 (heavy).
    pub(super) heavy: f32,
    /// Speed, 1 is normal.
    pub(super) pace: f32,
    /// Pitch, 1 is normal.
    pub(super) pitch: f32,
    /// Number of times, where a number is said.
    pub(super) count: Option<usize>,
}

impl Default for Mods {
    fn default() -> Self {
        Self { distant: 0.0, heavy: 0.0, pace: 1.0, pitch: 1.0, count: None }
    }
}

pub(super) struct Stage<'a> {
    pub(super) rng: Rng,
    pub(super) mods: Mods,
    /// The words of the clause, for surfaces and kinds.
    pub(super) words: &'a [String],
    pub(super) out: Stereo,
    pub(super) control: &'a Control<'a>,
}

impl Stage<'_> {
    pub(super) fn seconds(&self) -> f32 {
        self.out.len() as f32 / SR
    }

    pub(super) fn says(&self, any: &[&str]) -> bool {
        self.words.iter().any(|word| any.contains(&word.trim_end_matches('s')))
    }

    /// Adds to every frame.
    pub(super) fn texture(
        &mut self,
        mut f: impl FnMut(f32) -> (f32, f32),
    ) -> Result<(), WorkError> {
        for i in 0..self.out.len() {
            if i % 24_000 == 0 {
                self.control.check()?;
            }
            let (l, r) = f(i as f32 / SR);
            self.out.left[i] += l;
            self.out.right[i] += r;
        }
        Ok(())
    }

    pub(super) fn put(
        &mut self,
        mono: &[f32],
        at_s: f32,
        gain: f32,
        pan: f32,
    ) -> Result<(), WorkError> {
        self.control.check()?;
        self.out.put(mono, frames(at_s), gain, pan);
        Ok(())
    }

    /// Times in seconds of what happens now and then, `rate` times a second on average.
    pub(super) fn now_and_then(&mut self, rate: f32) -> Vec<f32> {
        let mut times = Vec::new();
        let mut t = 0.0;
        while t < self.seconds() && times.len() < 60_000 {
            t += -libm::logf(1.0 - self.rng.unit()) / rate.max(0.01);
            times.push(t);
        }
        times
    }

    /// Times of what happens again and again, or as often as was said; never all at once.
    pub(super) fn again(&mut self, every_s: f32, unsaid: Option<usize>) -> Vec<f32> {
        let every = every_s / self.mods.pace;
        let seconds = self.seconds();
        let count = self.mods.count.or(unsaid);
        let most = ((self.seconds() - 0.05) / every).ceil().max(1.0) as usize;
        (0..count.unwrap_or(most).min(most))
            .map(|n| (n, (0.03 + n as f32 * every + self.rng.bell() * 0.03 * every).max(0.02)))
            // What would be cut off by the end does not begin.
            .filter(|(n, t)| *n == 0 || t + 0.5 * every < seconds)
            .map(|(_, t)| t)
            .collect()
    }

    pub(super) fn noise(&mut self) -> Noise {
        Noise::new(&mut self.rng)
    }
}

/// A sound of one channel.
pub(super) fn mono(seconds: f32, mut f: impl FnMut(f32) -> f32) -> Vec<f32> {
    (0..frames(seconds)).map(|i| f(i as f32 / SR)).collect()
}

/// Returns the ringing of a struck body, from its partials: a frequency in Hz, a level and a decay in seconds each.
pub(super) fn modal(partials: &[(f32, f32, f32)], seconds: f32) -> Vec<f32> {
    let mut out = vec![0.0; frames(seconds)];
    for (n, (hz, level, fall)) in partials.iter().enumerate() {
        if *hz > SR * 0.45 {
            continue;
        }
        for (i, sample) in out.iter_mut().enumerate() {
            let t = i as f32 / SR;
            if t > fall * 1.6 {
                break;
            }
            *sample += level * decay(t, *fall) * turn(hz * t + n as f32 * 0.13);
        }
    }
    // No step at the strike.
    for (i, sample) in out.iter_mut().take(24).enumerate() {
        *sample *= i as f32 / 24.0;
    }
    out
}

/// A short noise around a frequency, that dies away.
pub(super) fn burst(rng: &mut Rng, seconds: f32, hz: f32, q: f32) -> Vec<f32> {
    let mut noise = Noise::new(rng);
    let mut band = Biquad::bandpass(hz, q);
    let gain = 1.0 + q;
    mono(seconds, |t| gain * band.run(noise.white()) * decay(t, seconds) * (t * 2000.0).min(1.0))
}

/// A tone that glides from one frequency to another, louder and quieter as `level` says of 0 to 1.
pub(super) fn glide(
    seconds: f32,
    from_hz: f32,
    to_hz: f32,
    level: impl Fn(f32) -> f32,
) -> Vec<f32> {
    let mut phase = 0.0_f32;
    mono(seconds, |t| {
        let x = t / seconds;
        phase += from_hz * libm::powf(to_hz / from_hz, x) / SR;
        phase -= libm::floorf(phase);
        turn(phase) * level(x)
    })
}

/// Up within `rise` of it, then down: what most tones do. `x` goes from 0 to 1.
pub(super) fn bump(x: f32, rise: f32) -> f32 {
    if x < rise { x / rise } else { ((1.0 - x) / (1.0 - rise)).max(0.0) }
}

/// Something that wanders between -1 and 1, `hz` times a second or so.
pub(super) fn wander(t: f32, hz: f32, seed: u64) -> f32 {
    noise(t * hz, 0.37, seed)
}

/// A throat: a buzz through the resonances of a mouth, in Hz.
pub(super) struct Throat {
    mouths: Vec<Svf>,
}

impl Throat {
    pub(super) fn new(count: usize) -> Self {
        Self { mouths: vec![Svf::default(); count] }
    }

    pub(super) fn run(&mut self, x: f32, formants: &[f32], q: f32) -> f32 {
        let each = self.mouths.iter_mut().zip(formants).enumerate();
        each.map(|(n, (mouth, hz))| mouth.run(x, *hz, q).1 / (1.0 + n as f32 * 0.7)).sum()
    }
}

/// Bends peaks over softly.
pub(super) fn warm(x: f32) -> f32 {
    x / (1.0 + x.abs())
}
