//! Measurements of sounds for tests, with other means than those that made them.

use ebur128::{EbuR128, Mode};
use tempfile::TempDir;

use crate::{Content, Made};
use gesso_media::{Programs, ToolRunner};

pub(crate) fn tools() -> (ToolRunner, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (ToolRunner::new(Programs::find(), dir.path()).unwrap(), dir)
}

/// A decoded result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) left: Vec<f32>,
    pub(crate) right: Vec<f32>,
    pub(crate) channels: usize,
}

impl Heard {
    pub(crate) fn of(made: &Made) -> Self {
        let Content::File { bytes, duration_s, mime, .. } = &made.content else {
            panic!("no file")
        };
        assert_eq!((*mime, made.port), ("audio/wav", "audio"));
        let mut reader = hound::WavReader::new(&bytes[..]).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.sample_rate, spec.bits_per_sample), (48_000, 16));
        let all: Vec<f32> =
            reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        let channels = usize::from(spec.channels);
        let side = |n: usize| all.iter().skip(n).step_by(channels).copied().collect::<Vec<_>>();
        let heard = Self { left: side(0), right: side(channels - 1), channels };
        let told = duration_s.unwrap();
        assert!(
            (heard.seconds() - told).abs() < 1e-4,
            "{} s, but {told} s are told",
            heard.seconds()
        );
        heard
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.left.len() as f64 / 48_000.0
    }

    fn meter(&self, mode: Mode) -> EbuR128 {
        let mut meter = EbuR128::new(self.channels as u32, 48_000, mode).unwrap();
        let both = [&self.left[..], &self.right[..]];
        meter.add_frames_planar_f32(&both[..self.channels]).unwrap();
        meter
    }

    pub(crate) fn lufs(&self) -> f64 {
        self.meter(Mode::I).loudness_global().unwrap()
    }

    pub(crate) fn true_peak_db(&self) -> f64 {
        let meter = self.meter(Mode::TRUE_PEAK);
        let peak =
            (0..self.channels as u32).map(|c| meter.true_peak(c).unwrap()).fold(0.0, f64::max);
        20.0 * peak.log10()
    }

    /// The largest sample in the first and last half millisecond.
    pub(crate) fn ends(&self) -> f32 {
        let n = self.left.len();
        let both = self.left.iter().zip(&self.right).enumerate();
        both.filter(|(i, _)| *i < 24 || *i >= n - 24)
            .fold(0.0, |m, (_, (l, r))| m.max(l.abs()).max(r.abs()))
    }

    pub(crate) fn mono(&self) -> Vec<f32> {
        self.left.iter().zip(&self.right).map(|(l, r)| 0.5 * (l + r)).collect()
    }

    /// The fundamental that most of the sound has, from 60 to 500 Hz, by autocorrelation.
    pub(crate) fn pitch_hz(&self) -> f64 {
        let mono = self.mono();
        let mut found: Vec<f64> = mono
            .chunks_exact(2400)
            .filter(|part| part.iter().map(|s| s * s).sum::<f32>() > 2400.0 * 0.005)
            .map(|part| {
                let same = |lag: usize| -> f32 {
                    let pairs = part.iter().zip(&part[lag..]);
                    pairs.map(|(a, b)| a * b).sum::<f32>() / (part.len() - lag) as f32
                };
                let best = (96..800).max_by(|a, b| same(*a).total_cmp(&same(*b))).unwrap();
                48_000.0 / best as f64
            })
            .collect();
        found.sort_by(f64::total_cmp);
        found[found.len() / 2]
    }

    /// The middle of the spectrum's power in Hz, from how fast the sound changes (the ratio of the power of its slope
    /// to its own, which is the spectrum's second moment).
    pub(crate) fn brightness_hz(&self) -> f64 {
        let mono = self.mono();
        let power: f64 = mono.iter().map(|s| f64::from(*s).powi(2)).sum();
        let slope: f64 = mono.windows(2).map(|w| f64::from(w[1] - w[0]).powi(2)).sum();
        (slope / power).sqrt() * 48_000.0 / std::f64::consts::TAU
    }
}
