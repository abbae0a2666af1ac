//! Filters.

use std::f32::consts::FRAC_1_SQRT_2;

use biquad::{Biquad as _, Coefficients, DirectForm2Transposed, Type};

use super::SR;

/// A filter of two poles (R. Bristow-Johnson, “Cookbook formulae for audio EQ biquad filter coefficients”).
#[derive(Clone, Debug)]
pub(crate) struct Biquad(DirectForm2Transposed<f32>);

impl Biquad {
    /// Returns the coefficients of a filter; frequencies that the rate cannot carry are taken for the nearest that it can.
    fn coefficients(filter: Type<f32>, hz: f32, q: f32, rate: f32) -> Coefficients<f32> {
        // As a part of half the rate.
        let frequency = hz.clamp(5.0, rate * 0.48) / rate * 2.0;
        Coefficients::from_normalized_params(filter, frequency, q)
            .expect("the frequency is below half the rate, and no caller has a quality of 0")
    }

    fn new(coefficients: Coefficients<f32>) -> Self {
        Self(DirectForm2Transposed::<f32>::new(coefficients))
    }

    pub(crate) fn lowpass(hz: f32, q: f32) -> Self {
        Self::new(Self::coefficients(Type::LowPass, hz, q, SR))
    }

    pub(crate) fn highpass(hz: f32, q: f32) -> Self {
        Self::highpass_at(hz, q, SR)
    }

    /// A high-pass for another rate.
    pub(crate) fn highpass_at(hz: f32, q: f32, rate: f32) -> Self {
        Self::new(Self::coefficients(Type::HighPass, hz, q, rate))
    }

    /// Lets a band through, whose middle keeps its level.
    pub(crate) fn bandpass(hz: f32, q: f32) -> Self {
        // The cookbook's other band-pass lifts the middle by `q`.
        let lifted = Self::coefficients(Type::BandPass, hz, q, SR);
        Self::new(Coefficients { b0: lifted.b0 / q, b2: lifted.b2 / q, ..lifted })
    }

    /// Lifts or lowers a band by decibels, for any rate.
    pub(crate) fn bell_at(hz: f32, q: f32, gain_db: f32, rate: f32) -> Self {
        Self::new(Self::coefficients(Type::PeakingEQ(gain_db), hz, q, rate))
    }

    /// Lifts or lowers everything above a frequency by decibels, for any rate.
    pub(crate) fn high_shelf_at(hz: f32, gain_db: f32, rate: f32) -> Self {
        Self::new(Self::coefficients(Type::HighShelf(gain_db), hz, FRAC_1_SQRT_2, rate))
    }

    /// Lifts or lowers everything below a frequency by decibels, for any rate.
    pub(crate) fn low_shelf_at(hz: f32, gain_db: f32, rate: f32) -> Self {
        Self::new(Self::coefficients(Type::LowShelf(gain_db), hz, FRAC_1_SQRT_2, rate))
    }

    pub(crate) fn run(&mut self, x: f32) -> f32 {
        self.0.run(x)
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
