//! Measuring the loudness of a sound, and making it as loud as it should be without clipping.

use std::collections::VecDeque;
use std::sync::OnceLock;

use ebur128::{EbuR128, Mode};

use super::{RATE, Stereo, WavOut, db, frames};
use gesso_media::{Control, WorkError};

/// No true peak lies above this, in dBTP. A tenth below the promise, for meters that look closer.
const CEILING_DB: f32 = -1.1;
/// Frames that are measured between two looks at the control.
const BLOCK: usize = 48_000;

/// Measures integrated loudness piece by piece (EBU R 128).
pub(crate) struct Meter(EbuR128);

impl Meter {
    /// For so many channels at a rate in Hz.
    pub(crate) fn new(channels: u32, rate: u32) -> Result<Self, WorkError> {
        Ok(Self(EbuR128::new(channels, rate, Mode::I).map_err(|e| wrong(&e))?))
    }

    pub(crate) fn hear(&mut self, channels: &[&[f32]]) -> Result<(), WorkError> {
        self.0.add_frames_planar_f32(channels).map_err(|e| wrong(&e))
    }

    /// In LUFS, to a hundredth; `None` where there is too little to measure.
    pub(crate) fn lufs(&self) -> Result<Option<f32>, WorkError> {
        let lufs = self.0.loudness_global().map_err(|e| wrong(&e))?;
        // The library's logarithms may differ in the last bit between machines: our results must not.
        Ok(lufs.is_finite().then(|| (lufs * 100.0).round() as f32 / 100.0))
    }
}

fn wrong(error: &ebur128::Error) -> WorkError {
    WorkError::Internal(error.to_string())
}

/// The integrated loudness of a sound in LUFS. One too short to be measured is measured as if it went on and on.
pub(crate) fn loudness(sound: &Stereo, control: &Control<'_>) -> Result<Option<f32>, WorkError> {
    if sound.len() == 0 {
        return Ok(None);
    }
    let mut meter = Meter::new(2, RATE)?;
    let times = frames(0.8).div_ceil(sound.len());
    for _ in 0..times.max(1) {
        for at in (0..sound.len()).step_by(BLOCK) {
            control.check()?;
            let end = (at + BLOCK).min(sound.len());
            meter.hear(&[&sound.left[at..end], &sound.right[at..end]])?;
        }
    }
    meter.lufs()
}

/// Brings a sound to a loudness in LUFS. No more than `squeeze_db` of its peaks is taken off on the way: a single knock
/// stays a knock and is quieter by the meter.
///
/// # Errors
/// [`WorkError::Cancelled`].
pub(crate) fn normalise(
    sound: &mut Stereo,
    lufs: f32,
    squeeze_db: f32,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let Some(mut now) = loudness(sound, control)? else { return Ok(()) };
    let most = db(CEILING_DB + squeeze_db) / sound.peak().max(1e-9);
    let dry = sound.clone();
    let mut gain = 1.0_f32;
    for _ in 0..3 {
        gain = (gain * db(lufs - now)).min(most);
        let mut limiter = Limiter::new();
        let mut n = 0;
        let delay = Limiter::DELAY;
        for i in 0..dry.len() + delay {
            if i % BLOCK == 0 {
                control.check()?;
            }
            let (l, r) = if i < dry.len() { (dry.left[i], dry.right[i]) } else { (0.0, 0.0) };
            let (l, r) = limiter.run(l * gain, r * gain);
            if i >= delay {
                (sound.left[n], sound.right[n]) = (l, r);
                n += 1;
            }
        }
        let Some(after) = loudness(sound, control)? else { return Ok(()) };
        now = after;
        // Limiting takes loudness away: once more with what is missing.
        if (lufs - now).abs() < 0.1 || gain >= most {
            break;
        }
    }
    Ok(())
}

/// Keeps true peaks (of the sound between the samples, ITU-R BS.1770 Annex 2) below the ceiling, by looking ahead.
pub(crate) struct Limiter {
    past: VecDeque<(f32, f32)>,
    /// Gains wanted for the samples ahead, smallest first: the index and the gain.
    wanted: VecDeque<(usize, f32)>,
    window: VecDeque<f32>,
    sum: f64,
    held: f32,
    n: usize,
    near: [[f32; TAPS]; 2],
}

const TAPS: usize = 12;
const AHEAD: usize = 144;
/// Share of the missing gain that comes back with each sample.
const RELEASE: f32 = 0.000_25;

impl Limiter {
    /// Frames between what goes in and what comes out.
    pub(crate) const DELAY: usize = AHEAD + TAPS / 2;

    pub(crate) fn new() -> Self {
        Self {
            past: VecDeque::from(vec![(0.0, 0.0); Self::DELAY]),
            wanted: VecDeque::new(),
            window: VecDeque::from(vec![1.0; AHEAD]),
            sum: AHEAD as f64,
            held: 1.0,
            n: 0,
            near: [[0.0; TAPS]; 2],
        }
    }

    pub(crate) fn run(&mut self, l: f32, r: f32) -> (f32, f32) {
        let ceiling = db_ceiling();
        let mut peak = 0.0_f32;
        for (near, sample) in self.near.iter_mut().zip([l, r]) {
            near.copy_within(1.., 0);
            near[TAPS - 1] = sample;
            let loudest = near.iter().fold(0.0_f32, |m, s| m.max(s.abs()));
            peak = peak.max(loudest.min(near[TAPS / 2].abs().max(near[TAPS / 2 - 1].abs())));
            // Between samples it rises to at most about twice the samples around.
            if loudest * 2.0 > ceiling {
                for phase in phases() {
                    let between: f32 = phase.iter().zip(near.iter()).map(|(a, b)| a * b).sum();
                    peak = peak.max(between.abs());
                }
            }
        }
        let want = if peak > ceiling { ceiling / peak } else { 1.0 };
        while self.wanted.back().is_some_and(|(_, gain)| *gain >= want) {
            self.wanted.pop_back();
        }
        self.wanted.push_back((self.n, want));
        while self.wanted.front().is_some_and(|(n, _)| n + AHEAD < self.n) {
            self.wanted.pop_front();
        }
        self.n += 1;
        let least = self.wanted.front().map_or(1.0, |(_, gain)| *gain);
        self.held =
            if least < self.held { least } else { self.held + (least - self.held) * RELEASE };
        let old = self.window.pop_front().unwrap_or(1.0);
        self.window.push_back(self.held);
        self.sum += f64::from(self.held) - f64::from(old);
        let gain = (self.sum / AHEAD as f64) as f32;
        self.past.push_back((l, r));
        let (l, r) = self.past.pop_front().unwrap_or_default();
        (l * gain, r * gain)
    }
}

fn db_ceiling() -> f32 {
    static CEILING: OnceLock<f32> = OnceLock::new();
    *CEILING.get_or_init(|| db(CEILING_DB))
}

/// A windowed sinc at a quarter, a half and three quarters between the two middle samples.
fn phases() -> &'static [[f32; TAPS]; 3] {
    static PHASES: OnceLock<[[f32; TAPS]; 3]> = OnceLock::new();
    PHASES.get_or_init(|| {
        [0.25, 0.5, 0.75].map(|shift| {
            let mut taps = [0.0; TAPS];
            for (k, tap) in taps.iter_mut().enumerate() {
                let x = k as f64 - (TAPS / 2 - 1) as f64 - shift;
                let sinc = libm::sin(std::f64::consts::PI * x) / (std::f64::consts::PI * x);
                let window =
                    0.5 + 0.5 * libm::cos(std::f64::consts::PI * x / (TAPS / 2 + 1) as f64);
                *tap = (sinc * window) as f32;
            }
            taps
        })
    })
}

/// One channel, given piece by piece, limited and written as WAV.
pub(crate) struct MonoOut {
    limiter: Limiter,
    out: WavOut,
    skip: usize,
}

impl MonoOut {
    pub(crate) fn new(frames: usize) -> Result<Self, WorkError> {
        Ok(Self { limiter: Limiter::new(), out: WavOut::new(1, frames)?, skip: Limiter::DELAY })
    }

    pub(crate) fn push(&mut self, sample: f32) {
        let (sample, _) = self.limiter.run(sample, sample);
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            self.out.push(sample);
        }
    }

    pub(crate) fn done(mut self) -> Vec<u8> {
        for _ in 0..Limiter::DELAY {
            self.push(0.0);
        }
        self.out.done()
    }
}
