//! Sound that is computed here: a stereo buffer at 48 kHz and what every model of sound does with it.

pub(crate) mod filter;
pub(crate) mod loudness;
pub(crate) mod osc;
pub(crate) mod room;
#[cfg(test)]
pub(crate) mod testing;

use crate::math::{cos, sin};
use gesso_media::WorkError;

/// Frames a second.
pub(crate) const RATE: u32 = 48_000;
/// Frames a second, for arithmetic.
pub(crate) const SR: f32 = RATE as f32;

/// The number of frames in so many seconds.
pub(crate) fn frames(seconds: f32) -> usize {
    libm::roundf(seconds.max(0.0) * SR) as usize
}

/// An amplitude from decibels.
pub(crate) fn db(decibels: f32) -> f32 {
    libm::exp2f(decibels / 6.020_6)
}

/// The frequency in Hz of a MIDI note; 69 is 440 Hz.
pub(crate) fn hz(note: f32) -> f32 {
    440.0 * libm::exp2f((note - 69.0) / 12.0)
}

/// Two channels of the same length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stereo {
    pub(crate) left: Vec<f32>,
    pub(crate) right: Vec<f32>,
}

impl Stereo {
    pub(crate) fn silent(frames: usize) -> Self {
        Self { left: vec![0.0; frames], right: vec![0.0; frames] }
    }

    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }

    pub(crate) fn each(&mut self, mut f: impl FnMut(usize, &mut f32, &mut f32)) {
        for (i, (l, r)) in self.left.iter_mut().zip(&mut self.right).enumerate() {
            f(i, l, r);
        }
    }

    /// Adds one channel at a place from -1 (left) to 1 (right), of equal power everywhere; what reaches over the end
    /// is left out.
    pub(crate) fn put(&mut self, mono: &[f32], at: usize, gain: f32, pan: f32) {
        let angle = (pan.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
        let (left, right) = (gain * cos(angle), gain * sin(angle));
        let end = (at + mono.len()).min(self.len());
        for (i, sample) in (at..end).zip(mono) {
            self.left[i] += left * sample;
            self.right[i] += right * sample;
        }
    }

    /// Adds another sound; what reaches over the end is left out.
    pub(crate) fn add(&mut self, other: &Self, at: usize, gain: f32) {
        let end = (at + other.len()).min(self.len());
        for i in at..end {
            self.left[i] += gain * other.left[i - at];
            self.right[i] += gain * other.right[i - at];
        }
    }

    pub(crate) fn gain(&mut self, gain: f32) {
        self.each(|_, l, r| {
            *l *= gain;
            *r *= gain;
        });
    }

    /// The largest sample of both channels.
    pub(crate) fn peak(&self) -> f32 {
        self.left.iter().chain(&self.right).fold(0.0, |peak, s| s.abs().max(peak))
    }

    /// Fades in and out along half a cosine, so that neither end clicks.
    pub(crate) fn fade(&mut self, fade_in: usize, fade_out: usize) {
        let len = self.len();
        let shape =
            |i: usize, n: usize| 0.5 - 0.5 * cos(std::f32::consts::PI * i as f32 / n as f32);
        self.each(|i, l, r| {
            let mut gain = 1.0;
            if i < fade_in {
                gain *= shape(i, fade_in);
            }
            if len - 1 - i < fade_out {
                gain *= shape(len - 1 - i, fade_out);
            }
            *l *= gain;
            *r *= gain;
        });
    }

    /// Folds the last frames over the first, with equal power, so that the end meets the beginning. The result is
    /// shorter by `overlap`, which is at most half the sound.
    pub(crate) fn looped(mut self, overlap: usize) -> Self {
        let len = self.len() - overlap.min(self.len() / 2);
        let overlap = self.len() - len;
        for channel in [&mut self.left, &mut self.right] {
            for i in 0..overlap {
                let angle = std::f32::consts::FRAC_PI_2 * (i as f32 + 0.5) / overlap as f32;
                channel[i] = channel[i] * sin(angle) + channel[len + i] * cos(angle);
            }
            channel.truncate(len);
        }
        self
    }

    /// Adds what reaches over `len` to the beginning, as it would sound the next time round.
    pub(crate) fn wrapped(mut self, len: usize) -> Self {
        for channel in [&mut self.left, &mut self.right] {
            for i in len..channel.len() {
                let tail = channel[i];
                channel[(i - len) % len] += tail;
            }
            channel.truncate(len);
        }
        self
    }

    /// As a WAV file of 16 bits.
    ///
    /// # Errors
    /// When it is longer than the format can say.
    pub(crate) fn wav(&self) -> Result<Vec<u8>, WorkError> {
        let mut out = WavOut::new(2, self.len())?;
        for (l, r) in self.left.iter().zip(&self.right) {
            out.push(*l);
            out.push(*r);
        }
        Ok(out.done())
    }
}

/// Writes 16-bit WAV, with a dither of half a step that hides the steps of quiet fades.
pub(crate) struct WavOut {
    bytes: Vec<u8>,
    noise: u32,
}

impl WavOut {
    /// For exactly so many frames.
    ///
    /// # Errors
    /// When that is longer than the format can say.
    pub(crate) fn new(channels: u16, frames: usize) -> Result<Self, WorkError> {
        let size = (frames as u64)
            .checked_mul(u64::from(channels) * 2)
            .and_then(|size| u32::try_from(size).ok())
            .filter(|size| *size < u32::MAX - 36)
            .ok_or_else(|| {
                WorkError::Refused("This is too long for one sound file; ask for less.".to_owned())
            })?;
        let mut bytes = Vec::with_capacity(44 + size as usize);
        let step = channels * 2;
        bytes.extend_from_slice(b"RIFF");
        bytes.extend_from_slice(&(size + 36).to_le_bytes());
        bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
        bytes.extend_from_slice(&channels.to_le_bytes());
        bytes.extend_from_slice(&RATE.to_le_bytes());
        bytes.extend_from_slice(&(RATE * u32::from(step)).to_le_bytes());
        bytes.extend_from_slice(&step.to_le_bytes());
        bytes.extend_from_slice(b"\x10\0data");
        bytes.extend_from_slice(&size.to_le_bytes());
        Ok(Self { bytes, noise: 0x1234_5678 })
    }

    pub(crate) fn push(&mut self, sample: f32) {
        // Xorshift (Marsaglia 2003): white enough for dither.
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        let dither = (self.noise >> 8) as f32 / 16_777_216.0 - 0.5;
        // Silence stays silence.
        let value =
            if sample.abs() < 1e-6 { 0.0 } else { sample.clamp(-1.0, 1.0) * 32_766.0 + dither };
        self.bytes.extend_from_slice(&(libm::roundf(value) as i16).to_le_bytes());
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.bytes
    }
}

/// One channel resampled from another rate by a windowed sinc of 32 taps, in pieces.
pub(crate) struct Resampler {
    /// Taps of each phase.
    table: Vec<[f32; 32]>,
    from: usize,
    to: usize,
}

impl Resampler {
    /// Between two rates in Hz.
    pub(crate) fn new(from: usize, to: usize) -> Self {
        let divisor = gcd(from, to);
        let (from, to) = (from / divisor, to / divisor);
        let cut = 0.94 * (to as f64 / from as f64).min(1.0);
        let table = (0..to)
            .map(|phase| {
                let shift = phase as f64 / to as f64;
                let mut taps = [0.0_f32; 32];
                for (k, tap) in taps.iter_mut().enumerate() {
                    let x = k as f64 - 15.0 - shift;
                    let sinc = if x.abs() < 1e-9 {
                        cut
                    } else {
                        libm::sin(std::f64::consts::PI * cut * x) / (std::f64::consts::PI * x)
                    };
                    // Blackman's window.
                    let w = std::f64::consts::PI * (x / 16.0).clamp(-1.0, 1.0);
                    let window = 0.42 + 0.5 * libm::cos(w) + 0.08 * libm::cos(2.0 * w);
                    *tap = (sinc * window) as f32;
                }
                taps
            })
            .collect();
        Self { table, from, to }
    }

    /// Returns the number of frames that come out of so many.
    pub(crate) fn frames(&self, input: usize) -> usize {
        (input as u64 * self.to as u64 / self.from as u64) as usize
    }

    /// The frame `n` of the result.
    pub(crate) fn at(&self, input: impl Fn(usize) -> Option<f32>, n: usize) -> f32 {
        let place = n as u64 * self.from as u64;
        let (base, phase) = ((place / self.to as u64) as usize, (place % self.to as u64) as usize);
        let taps = &self.table[phase];
        let mut sum = 0.0;
        for (k, tap) in taps.iter().enumerate() {
            if let Some(sample) = (base + k).checked_sub(15).and_then(&input) {
                sum += tap * sample;
            }
        }
        sum
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
