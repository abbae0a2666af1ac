//! Detection of speech in a sound, by what can be measured: speech comes in syllables with pauses between, is nearly
//! the same in both channels, and goes to and fro between voiced and hissing sounds.

use crate::film::{SAMPLES_PER_S, Sound};

/// The length of a window, in samples: 25 ms.
const WINDOW: usize = SAMPLES_PER_S as usize / 40;

/// True if it is likely to be speech.
pub(super) fn is_likely(sound: &Sound) -> bool {
    let windows: Vec<(f32, f32)> = sound.samples.chunks_exact(WINDOW).map(window).collect();
    let loudest = windows.iter().map(|(level, _)| *level).fold(0.0, f32::max);
    if windows.len() < 20 || loudest < 0.003 {
        return false;
    }
    let mean = windows.iter().map(|(level, _)| level).sum::<f32>() / windows.len() as f32;
    // Scheirer and Slaney (1997): the share of quiet windows is far higher in speech than in music.
    let quiet = windows.iter().filter(|(level, _)| *level < 0.5 * mean).count() as f32;
    let quiet = quiet / windows.len() as f32;
    let heard: Vec<f32> =
        windows.iter().filter(|(level, _)| *level > 0.1 * mean).map(|(_, rate)| *rate).collect();
    let rate = heard.iter().sum::<f32>() / heard.len().max(1) as f32;
    let spread =
        heard.iter().map(|r| (r - rate) * (r - rate)).sum::<f32>() / heard.len().max(1) as f32;
    let varied = spread.sqrt() / rate.max(1e-4);
    quiet > 0.25 && varied > 0.45 && sides(sound) < 0.25 && (0.006..0.2).contains(&rate)
}

/// Level of a window and how often it crosses zero, a sample.
fn window(samples: &[[i16; 2]]) -> (f32, f32) {
    let mono = |s: &[i16; 2]| (f32::from(s[0]) + f32::from(s[1])) / 65_536.0;
    let (mut sum, mut crossings, mut last) = (0.0_f32, 0.0_f32, 0.0_f32);
    for sample in samples.iter().map(mono) {
        sum += sample * sample;
        if sample * last < 0.0 {
            crossings += 1.0;
        }
        last = sample;
    }
    ((sum / samples.len() as f32).sqrt(), crossings / samples.len() as f32)
}

/// Returns the difference of the channels, against what they share.
fn sides(sound: &Sound) -> f32 {
    let (mut side, mut middle) = (0.0_f64, 1e-9_f64);
    for [l, r] in &sound.samples {
        let (l, r) = (f64::from(*l), f64::from(*r));
        side += (l - r) * (l - r);
        middle += (l + r) * (l + r);
    }
    (side / middle).sqrt() as f32
}
