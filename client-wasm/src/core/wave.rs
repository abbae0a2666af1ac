//! The picture of a sound: bars from the peaks the server measured, and times as clocks.

use serde::Deserialize;

/// `GET /api/assets/{id}/waveform`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Wave {
    /// Length, in seconds.
    pub duration: f64,
    /// Loudness over time, 0 to 255.
    pub peaks: Vec<u8>,
}

/// The height of the picture, in its own units.
pub const HEIGHT: f64 = 32.0;
/// From one bar to the next, in the same units.
pub const PITCH: f64 = 3.0;
/// The width of a bar.
const BAR: f64 = 2.0;

/// `n` bars, each the loudest of what it stands for, 0 to 1. Quiet sounds are raised, so that they are seen.
pub fn bars(peaks: &[u8], n: usize) -> Vec<f64> {
    if peaks.is_empty() || n == 0 {
        return vec![0.0; n];
    }
    let top = f64::from(peaks.iter().copied().max().unwrap_or(0)).max(24.0);
    (0..n)
        .map(|i| {
            let from = i * peaks.len() / n;
            let to = ((i + 1) * peaks.len() / n).max(from + 1).min(peaks.len());
            let peak = peaks[from..to].iter().copied().max().unwrap_or(0);
            f64::from(peak) / top
        })
        .collect()
}

/// The bars as the `d` of an SVG path, around the middle line.
pub fn path(bars: &[f64]) -> String {
    use std::fmt::Write as _;
    let mut d = String::new();
    for (i, bar) in bars.iter().enumerate() {
        // Silence is a dot.
        let h = (bar.clamp(0.0, 1.0) * HEIGHT).max(BAR);
        let (x, y) = (i as f64 * PITCH, (HEIGHT - h) / 2.0);
        // A string takes everything.
        let _written = write!(d, "M{x:.0} {y:.1}h{BAR:.0}v{h:.1}h-{BAR:.0}z");
    }
    d
}

/// "0:07", "12:30", "1:02:03".
pub fn clock(seconds: f64) -> String {
    let whole = if seconds.is_finite() { seconds.max(0.0) as u64 } else { 0 };
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// A length for people: "0:07", and "0.4 s" for what is over at once.
pub fn length(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 1.0 { format!("{seconds:.1} s") } else { clock(seconds) }
}

/// Returns the seconds that an arrow key seeks.
pub fn stride(duration: f64) -> f64 {
    (duration / 20.0).clamp(0.25, 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_the_loudest_and_cover_everything() {
        let mut peaks = vec![10u8; 400];
        peaks[399] = 200;
        let few = bars(&peaks, 40);
        assert_eq!(few.len(), 40);
        assert_eq!(few[39], 1.0);
        assert!(few[..39].iter().all(|b| *b < 0.1));
    }

    #[test]
    fn fewer_peaks_than_bars_are_repeated_and_nothing_is_silence() {
        assert_eq!(bars(&[100, 200], 4), vec![0.5, 0.5, 1.0, 1.0]);
        assert_eq!(bars(&[], 3), vec![0.0; 3]);
        assert!(bars(&[200], 0).is_empty());
    }

    #[test]
    fn a_hum_is_not_shown_as_a_shout() {
        assert!(bars(&[3, 4, 3], 3).iter().all(|b| *b < 0.2));
    }

    #[test]
    fn silence_is_a_row_of_dots() {
        assert_eq!(path(&[0.0, 1.0]), "M0 15.0h2v2.0h-2zM3 0.0h2v32.0h-2z");
    }

    #[test]
    fn times_read_as_clocks() {
        assert_eq!(clock(7.9), "0:07");
        assert_eq!(clock(750.0), "12:30");
        assert_eq!(clock(3723.0), "1:02:03");
        assert_eq!(clock(f64::NAN), "0:00");
        assert_eq!(length(0.42), "0.4 s");
        assert_eq!(stride(2.0), 0.25);
        assert_eq!(stride(1000.0), 5.0);
    }
}
