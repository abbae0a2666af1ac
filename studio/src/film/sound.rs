//! Sound beside a film: cut or looped to its length, and how loud it is when.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use gesso_media::WorkError;

/// Of every sound here.
pub(crate) const SAMPLES_PER_S: u32 = 48_000;

/// Sound as left and right samples.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sound {
    pub(crate) samples: Vec<[i16; 2]>,
}

impl Sound {
    pub(crate) fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(SAMPLES_PER_S)
    }

    /// Both channels together at a sample, from -1 to 1.
    pub(crate) fn mono(&self, at: usize) -> f32 {
        self.samples.get(at).map_or(0.0, |[l, r]| (f32::from(*l) + f32::from(*r)) / 65_536.0)
    }

    /// Root mean square from one second to another, 0 to 1.
    pub(crate) fn loudness(&self, from_s: f64, to_s: f64) -> f32 {
        let index =
            |s: f64| ((s.max(0.0) * f64::from(SAMPLES_PER_S)) as usize).min(self.samples.len());
        let (from, to) = (index(from_s), index(to_s));
        if to <= from {
            return 0.0;
        }
        let sum: f64 = (from..to).map(|i| f64::from(self.mono(i)) * f64::from(self.mono(i))).sum();
        libm::sqrt(sum / (to - from) as f64) as f32
    }

    /// The sound of exactly `seconds`: cut with a fade, or begun again where it ends, each seam faded over.
    pub(crate) fn fitted(&self, seconds: f64) -> Self {
        let count = libm::round(seconds * f64::from(SAMPLES_PER_S)) as usize;
        let own = self.samples.len();
        if own == 0 {
            return Self { samples: vec![[0; 2]; count] };
        }
        let seam = (SAMPLES_PER_S as usize / 8).min(own / 4);
        let step = (own - seam).max(1);
        let tail = (SAMPLES_PER_S as usize / 2).min(count / 4).max(1);
        let cut = count < own || own < count;
        let samples = (0..count).map(|i| {
            let (mut at, mut round) = (i, 0);
            if own < count && i >= own - seam {
                round = i / step;
                at = i - round * step;
            }
            let gain_in = if round > 0 && at < seam { at as f32 / seam as f32 } else { 1.0 };
            let end = if cut { ((count - i) as f32 / tail as f32).min(1.0) } else { 1.0 };
            let channel = |c: usize| {
                let fresh = f32::from(self.samples.get(at).map_or(0, |s| s[c])) * gain_in;
                let old = if gain_in < 1.0 {
                    f32::from(self.samples.get(at + step).map_or(0, |s| s[c])) * (1.0 - gain_in)
                } else {
                    0.0
                };
                ((fresh + old) * end).clamp(-32_768.0, 32_767.0) as i16
            };
            [channel(0), channel(1)]
        });
        Self { samples: samples.collect() }
    }

    /// Writes `count` samples as WAV, silence where there are no more.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn write_wav(&self, path: &Path, count: usize) -> Result<(), WorkError> {
        let mut out = BufWriter::new(std::fs::File::create(path)?);
        let length = count as u32 * 4;
        out.write_all(b"RIFF")?;
        out.write_all(&(36 + length).to_le_bytes())?;
        out.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x02\0")?;
        out.write_all(&SAMPLES_PER_S.to_le_bytes())?;
        out.write_all(&(SAMPLES_PER_S * 4).to_le_bytes())?;
        out.write_all(b"\x04\0\x10\0data")?;
        out.write_all(&length.to_le_bytes())?;
        for i in 0..count {
            let [left, right] = self.samples.get(i).copied().unwrap_or_default();
            out.write_all(&left.to_le_bytes())?;
            out.write_all(&right.to_le_bytes())?;
        }
        Ok(out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_sound_goes_on_and_a_long_one_is_faded_out() {
        let level = |count: usize| Sound { samples: vec![[8000, -8000]; count] };
        let second = SAMPLES_PER_S as usize;
        let looped = level(second).fitted(3.0);
        assert_eq!(looped.samples.len(), 3 * second);
        for at in [100, second - 100, second + 50, 2 * second] {
            let [l, r] = looped.samples[at];
            assert!((l - 8000).abs() < 60 && (r + 8000).abs() < 60, "{at}: {l} {r}");
        }
        let cut = level(4 * second).fitted(2.0);
        assert_eq!(cut.samples.len(), 2 * second);
        assert_eq!(cut.samples[second][0], 8000);
        assert!(cut.samples[2 * second - 5][0].abs() < 40);
        assert_eq!(level(2 * second).fitted(2.0).samples[2 * second - 1], [8000, -8000]);
        assert_eq!(Sound::default().fitted(0.5).samples.len(), second / 2);
    }
}
