//! Where tones and noise come from.

use std::sync::OnceLock;

use super::SR;
use crate::math::{Rng, lerp};

const TABLE: usize = 4096;

/// Sine of turns (1 is a full turn), from a table; exact to about 1e-6.
pub(crate) fn turn(turns: f32) -> f32 {
    static SINES: OnceLock<Vec<f32>> = OnceLock::new();
    let sines = SINES.get_or_init(|| {
        (0..=TABLE)
            .map(|i| libm::sin(std::f64::consts::TAU * i as f64 / TABLE as f64) as f32)
            .collect()
    });
    let place = (turns - libm::floorf(turns)) * TABLE as f32;
    let at = (place as usize).min(TABLE - 1);
    lerp(sines[at], sines[at + 1], place - at as f32)
}

/// A phase that runs from 0 to 1 and begins again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase(pub(crate) f32);

impl Phase {
    /// The phase now; then on by one sample.
    pub(crate) fn step(&mut self, hz: f32) -> f32 {
        let now = self.0;
        self.0 += hz / SR;
        self.0 -= libm::floorf(self.0);
        now
    }

    pub(crate) fn sine(&mut self, hz: f32) -> f32 {
        turn(self.step(hz))
    }

    /// A sawtooth whose step is rounded (V. Välimäki, “Antialiasing oscillators”, 2007).
    pub(crate) fn saw(&mut self, hz: f32) -> f32 {
        let dt = hz / SR;
        let t = self.step(hz);
        2.0 * t - 1.0 - blep(t, dt)
    }

    /// A pulse, high for the part `width` of its period.
    pub(crate) fn pulse(&mut self, hz: f32, width: f32) -> f32 {
        let dt = hz / SR;
        let t = self.step(hz);
        let fall = t - width;
        let fall = fall - libm::floorf(fall);
        (if t < width { 1.0 } else { -1.0 }) + blep(t, dt) - blep(fall, dt)
    }

    pub(crate) fn triangle(&mut self, hz: f32) -> f32 {
        let t = self.step(hz);
        4.0 * (t - libm::floorf(t + 0.5)).abs() - 1.0
    }
}

fn blep(t: f32, dt: f32) -> f32 {
    if t < dt {
        let x = t / dt;
        x + x - x * x - 1.0
    } else if t > 1.0 - dt {
        let x = (t - 1.0) / dt;
        x * x + x + x + 1.0
    } else {
        0.0
    }
}

/// Noise.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    rng: Rng,
    pink: [f32; 3],
    brown: f32,
}

impl Noise {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self { rng: Rng::new(rng.bits()), pink: [0.0; 3], brown: 0.0 }
    }

    pub(crate) fn white(&mut self) -> f32 {
        self.rng.unit() * 2.0 - 1.0
    }

    /// 3 dB less an octave (P. Kellet's economy filter).
    pub(crate) fn pink(&mut self) -> f32 {
        let white = self.white();
        self.pink[0] = 0.997_65 * self.pink[0] + white * 0.099_046;
        self.pink[1] = 0.963 * self.pink[1] + white * 0.296_516_4;
        self.pink[2] = 0.57 * self.pink[2] + white * 1.052_691_3;
        (self.pink[0] + self.pink[1] + self.pink[2] + white * 0.1848) * 0.25
    }

    /// 6 dB less an octave.
    pub(crate) fn brown(&mut self) -> f32 {
        self.brown = 0.996 * self.brown + 0.06 * self.white();
        self.brown
    }
}

/// An attack, a decay to a level that is held, a release; times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adsr {
    pub(crate) attack: f32,
    pub(crate) decay: f32,
    pub(crate) sustain: f32,
    pub(crate) release: f32,
}

impl Adsr {
    /// The level `t` seconds after the beginning of a note that is held for `held` seconds.
    pub(crate) fn at(&self, t: f32, held: f32) -> f32 {
        let level = |t: f32| {
            if t < self.attack {
                t / self.attack
            } else {
                let x = libm::expf(-4.0 * (t - self.attack) / self.decay.max(0.001));
                self.sustain + (1.0 - self.sustain) * x
            }
        };
        if t < held {
            level(t)
        } else {
            let over = (t - held) / self.release.max(0.001);
            level(held) * (1.0 - over).max(0.0) * libm::expf(-3.0 * over)
        }
    }
}

/// A decay to a thousandth in `seconds`.
pub(crate) fn decay(t: f32, seconds: f32) -> f32 {
    libm::expf(-6.9 * t / seconds)
}
