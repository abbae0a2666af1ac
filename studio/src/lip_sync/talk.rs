//! Openness and roundness of a mouth while a sound is heard: from its loudness and its brightness alone.

use crate::film::{Reel, SAMPLES_PER_S, Sound};
use crate::math::smoothstep;

/// A mouth at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    /// 0 closed, 1 wide open.
    pub(crate) open: f32,
    /// 0 wide, 1 round.
    pub(crate) round: f32,
}

/// A mouth for each frame.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    shapes: Vec<Shape>,
}

/// Loudness in decibels below full scale, and brightness in Hz: the root mean square frequency, which is the square
/// root of the energy of the slope over that of the sound.
fn heard(sound: &Sound, from: usize, to: usize) -> (f32, f32) {
    let (mut energy, mut slope) = (1e-10_f64, 0.0_f64);
    for at in from..to {
        let now = f64::from(sound.mono(at));
        let step = now - f64::from(sound.mono(at.saturating_sub(1)));
        energy += now * now;
        slope += step * step;
    }
    let count = to.saturating_sub(from).max(1) as f64;
    let loud = 10.0 * libm::log10(energy / count);
    let bright = libm::sqrt(slope / energy) * f64::from(SAMPLES_PER_S) / std::f64::consts::TAU;
    (loud as f32, bright as f32)
}

impl Talk {
    pub(crate) fn hear(sound: &Sound, reel: &Reel) -> Self {
        let step = f64::from(SAMPLES_PER_S) / reel.rate.per_second();
        // At least 40 ms, so that a deep voice's single waves are not taken for syllables.
        let half = step.max(f64::from(SAMPLES_PER_S) * 0.04) / 2.0;
        let length = sound.samples.len();
        let frames: Vec<(f32, f32)> = (0..reel.frames)
            .map(|n| {
                let middle = (f64::from(n) + 0.5) * step;
                let index = |at: f64| (at.max(0.0) as usize).min(length);
                heard(sound, index(middle - half), index(middle + half))
            })
            .collect();
        let mut sorted: Vec<f32> = frames.iter().map(|(loud, _)| *loud).collect();
        sorted.sort_by(f32::total_cmp);
        let top = sorted.get(sorted.len() * 95 / 100).copied().unwrap_or(-100.0);
        let raw: Vec<Shape> = frames
            .iter()
            .map(|(loud, bright)| {
                // What is a whisper beside the loudest is a pause; a recording of nothing stays one.
                let open = if top < -58.0 { 0.0 } else { smoothstep(top - 24.0, top + 1.0, *loud) };
                let hiss = smoothstep(3000.0, 6500.0, *bright);
                Shape {
                    open: open * (1.0 - 0.55 * hiss),
                    round: smoothstep(1300.0, 450.0, *bright),
                }
            })
            .collect();
        let at = |n: i64| raw.get(n.max(0) as usize).copied().unwrap_or_default();
        let shapes = (0..raw.len() as i64)
            .map(|n| {
                let (before, now, after) = (at(n - 1), at(n), at(n + 1));
                let mean =
                    |f: fn(&Shape) -> f32| 0.22 * f(&before) + 0.56 * f(&now) + 0.22 * f(&after);
                Shape { open: mean(|s| s.open), round: mean(|s| s.round) }
            })
            .collect();
        Self { shapes }
    }

    pub(crate) fn at(&self, frame: u32) -> Shape {
        self.shapes.get(frame as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::film::Rate;

    fn spoken(samples: Vec<[i16; 2]>) -> Talk {
        let sound = Sound { samples };
        let rate = Rate::whole(25);
        let reel = Reel { width: 2, height: 2, rate, frames: rate.frames(sound.seconds()) };
        Talk::hear(&sound, &reel)
    }

    #[test]
    fn silence_and_faint_noise_keep_the_mouth_closed() {
        let talk = spoken(vec![[0; 2]; 48_000]);
        assert!((0..25).all(|n| talk.at(n).open == 0.0));
        let talk = spoken((0..48_000).map(|i| [(i * 7919 % 21) as i16 - 10; 2]).collect());
        assert!((0..25).all(|n| talk.at(n).open < 0.01));
    }

    #[test]
    fn loud_is_open_and_deep_is_round() {
        let wave = |hz: f64, level: f64, i: usize| {
            let at = i as f64 / 48_000.0;
            [(libm::sin(at * hz * std::f64::consts::TAU) * level) as i16; 2]
        };
        let deep = spoken(
            (0..48_000).map(|i| wave(200.0, if i < 24_000 { 0.0 } else { 12_000.0 }, i)).collect(),
        );
        assert!(deep.at(5).open < 0.01 && deep.at(20).open > 0.8);
        assert!(deep.at(20).round > 0.9);
        let bright = spoken((0..48_000).map(|i| wave(7000.0, 12_000.0, i)).collect());
        assert!(bright.at(12).round < 0.1 && bright.at(12).open < 0.6);
    }
}
