//! Filters.

use super::SR;
use crate::math::{cos, sin};

/// A filter of two poles (R. Bristow-Johnson, “Cookbook formulae for audio EQ biquad filter coefficients”).
#[derive(Clone, Debug)]
pub(crate) struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    z: [f32; 2],
}

impl Biquad {
    fn of(b: [f32; 3], a: [f32; 3]) -> Self {
        let n = 1.0 / a[0];
        Self { b: b.map(|v| v * n), a: [a[1] * n, a[2] * n], z: [0.0; 2] }
    }

    fn angle(hz: f32, rate: f32, q: f32) -> (f32, f32) {
        let w = std::f32::consts::TAU * hz.clamp(5.0, rate * 0.48) / rate;
        (cos(w), sin(w) / (2.0 * q))
    }

    pub(crate) fn lowpass(hz: f32, q: f32) -> Self {
        let (c, alpha) = Self::angle(hz, SR, q);
        let b = (1.0 - c) / 2.0;
        Self::of([b, 1.0 - c, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    pub(crate) fn highpass(hz: f32, q: f32) -> Self {
        Self::highpass_at(hz, q, SR)
    }

    /// A high-pass for another rate.
    pub(crate) fn highpass_at(hz: f32, q: f32, rate: f32) -> Self {
        let (c, alpha) = Self::angle(hz, rate, q);
        let b = f32::midpoint(1.0, c);
        Self::of([b, -1.0 - c, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// Lets a band through, whose middle keeps its level.
    pub(crate) fn bandpass(hz: f32, q: f32) -> Self {
        let (c, alpha) = Self::angle(hz, SR, q);
        Self::of([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// Lifts or lowers a band by decibels, for any rate.
    pub(crate) fn bell_at(hz: f32, q: f32, gain_db: f32, rate: f32) -> Self {
        let (c, alpha) = Self::angle(hz, rate, q);
        let a = super::db(gain_db / 2.0);
        Self::of(
            [1.0 + alpha * a, -2.0 * c, 1.0 - alpha * a],
            [1.0 + alpha / a, -2.0 * c, 1.0 - alpha / a],
        )
    }

    /// Lifts or lowers everything above a frequency by decibels, for any rate.
    pub(crate) fn high_shelf_at(hz: f32, gain_db: f32, rate: f32) -> Self {
        let (c, alpha) = Self::angle(hz, rate, 0.707);
        let a = super::db(gain_db / 2.0);
        let k = 2.0 * a.sqrt() * alpha;
        Self::of(
            [
                a * ((a + 1.0) + (a - 1.0) * c + k),
                -2.0 * a * ((a - 1.0) + (a + 1.0) * c),
                a * ((a + 1.0) + (a - 1.0) * c - k),
            ],
            [
                (a + 1.0) - (a - 1.0) * c + k,
                2.0 * ((a - 1.0) - (a + 1.0) * c),
                (a + 1.0) - (a - 1.0) * c - k,
            ],
        )
    }

    /// Lifts or lowers everything below a frequency by decibels, for any rate.
    pub(crate) fn low_shelf_at(hz: f32, gain_db: f32, rate: f32) -> Self {
        let (c, alpha) = Self::angle(hz, rate, 0.707);
        let a = super::db(gain_db / 2.0);
        let k = 2.0 * a.sqrt() * alpha;
        Self::of(
            [
                a * ((a + 1.0) - (a - 1.0) * c + k),
                2.0 * a * ((a - 1.0) - (a + 1.0) * c),
                a * ((a + 1.0) - (a - 1.0) * c - k),
            ],
            [
                (a + 1.0) + (a - 1.0) * c + k,
                -2.0 * ((a - 1.0) + (a + 1.0) * c),
                (a + 1.0) + (a - 1.0) * c - k,
            ],
        )
    }

    pub(crate) fn run(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.z[0];
        self.z[0] = self.b[1] * x - self.a[0] * y + self.z[1];
        self.z[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    pub(crate) fn all(mut self, samples: &mut [f32]) {
        for sample in samples {
            *sample = self.run(*sample);
        }
    }
}

/// A filter whose frequency may move at every sample (A. Simper, “Linear trapezoidal integrated SVF”, 2013).
#[derive(Clone, Debug, Default)]
pub(crate) struct Svf {
    s1: f32,
    s2: f32,
}

impl Svf {
    /// Low, band and high part; `q` from 0.5 to 30. The band's middle keeps its level.
    pub(crate) fn run(&mut self, x: f32, hz: f32, q: f32) -> (f32, f32, f32) {
        let angle = std::f32::consts::PI * (hz / SR).clamp(0.000_1, 0.45);
        // The tangent, as sine over cosine of the fast table would be too coarse near 0.
        let g = libm::tanf(angle);
        let k = 1.0 / q;
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        let v3 = x - self.s2;
        let v1 = a1 * self.s1 + a2 * v3;
        let v2 = self.s2 + a2 * self.s1 + g * a2 * v3;
        self.s1 = 2.0 * v1 - self.s1;
        self.s2 = 2.0 * v2 - self.s2;
        (v2, k * v1, x - k * v1 - v2)
    }
}

/// A follower of one pole: smooths steps and takes the edge off.
#[derive(Clone, Debug)]
pub(crate) struct Pole {
    k: f32,
    y: f32,
}

impl Pole {
    pub(crate) fn new(hz: f32) -> Self {
        Self { k: 1.0 - libm::expf(-std::f32::consts::TAU * hz / SR), y: 0.0 }
    }

    pub(crate) fn run(&mut self, x: f32) -> f32 {
        self.y += self.k * (x - self.y);
        self.y
    }
}
