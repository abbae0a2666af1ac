//! Sound effects: what the words name is synthesized layer by layer, put into the room they name, and brought to an even
//! loudness.

mod animals;
mod machines;
mod nature;
mod screen;
mod stage;
mod things;
mod words;

use crate::math::Rng;
use crate::sound::filter::Biquad;
use crate::sound::loudness::normalise;
use crate::sound::room::{Room, echo, reverb};
use crate::sound::{RATE, SR, Stereo, db, frames};
use crate::unread::{self, Vocabulary};
use crate::{Job, Made};
use gesso_media::{Control, ToolRunner, WorkError};

use stage::{Mods, Stage};
use words::{Asked, CATEGORIES};

/// Loudness of an effect, in LUFS.
const LUFS: f32 = -18.0;
/// So much of the peaks may be taken off to reach it: a knock stays a knock.
const SQUEEZE_DB: f32 = 5.0;

/// The words it understands.
pub(crate) const VOCABULARY: Vocabulary =
    Vocabulary { lack: "Not heard", words: unread::plain_words, knows: words::knows };

/// The model `studio-foley`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let seconds = job.number("duration", 4.0).clamp(0.5, 60.0) as f32;
    let looped = job.flag("loop");
    let len = frames(seconds);
    control.at(0.0)?;
    let asked = words::asked(&job.prompt);
    let steady = asked.iter().any(is_steady);
    let overlap = match (looped, steady) {
        (false, _) => 0,
        (true, true) => frames((seconds * 0.25).min(1.5)),
        (true, false) => frames((seconds * 0.1).min(0.12)),
    };
    let rng = Rng::new(job.seed);
    let mut mix = Stereo::silent(len + overlap);
    for (n, layer) in asked.iter().enumerate() {
        let (from, to) = (n as f32 / asked.len() as f32, (n + 1) as f32 / asked.len() as f32);
        control.at(0.7 * from)?;
        let mut sound = control.part(0.7 * from, 0.7 * to, |control| {
            build(layer, len + overlap, rng.fork(&format!("layer {n}")), control)
        })?;
        let behind = if asked.len() > 1 && is_steady(layer) { 0.75 } else { 1.0 };
        sound.gain(0.1 * behind * db(-9.0 * layer.mods.distant) / level(&sound).max(1e-6));
        mix.add(&sound, 0, 1.0);
    }
    control.at(0.7)?;
    let all: Vec<String> = words::clauses(&job.prompt).into_iter().flatten().collect();
    place(&mut mix, &all);
    // Nothing below hearing: it would only cost loudness.
    Biquad::highpass(24.0, 0.7).all(&mut mix.left);
    Biquad::highpass(24.0, 0.7).all(&mut mix.right);
    control.at(0.8)?;
    if looped {
        mix = mix.looped(overlap);
    } else {
        fade(&mut mix, steady);
    }
    control.part(0.8, 1.0, |control| normalise(&mut mix, LUFS, SQUEEZE_DB, control))?;
    if !looped {
        fade(&mut mix, false);
    }
    control.at(1.0)?;
    Ok(vec![Made::audio("audio/wav", mix.wav()?, len as f64 / f64::from(RATE))])
}

fn is_steady(layer: &Asked) -> bool {
    layer.category.is_none_or(|n| CATEGORIES[n].steady)
}

fn fade(mix: &mut Stereo, steady: bool) {
    let len = mix.len();
    if steady {
        mix.fade(frames(0.15).min(len / 8), frames(0.5).min(len / 5));
    } else {
        mix.fade(frames(0.003), frames(0.12).min(len / 6));
    }
}

fn build(layer: &Asked, len: usize, rng: Rng, control: &Control<'_>) -> Result<Stereo, WorkError> {
    let mut stage =
        Stage { rng, mods: layer.mods, words: &layer.words, out: Stereo::silent(len), control };
    match layer.category {
        Some(n) => (CATEGORIES[n].build)(&mut stage)?,
        None => nature::ambience(&mut stage)?,
    }
    let mut sound = stage.out;
    far(&mut sound, layer.mods);
    Ok(sound)
}

/// Makes a distant sound duller, with more of it from the walls than from itself.
fn far(sound: &mut Stereo, mods: Mods) {
    if mods.distant <= 0.0 {
        return;
    }
    let hz = 9000.0 - 7600.0 * mods.distant.min(1.0);
    Biquad::lowpass(hz, 0.6).all(&mut sound.left);
    Biquad::lowpass(hz, 0.6).all(&mut sound.right);
    reverb(sound, Room { seconds: 1.8, ..Room::HALL }, 0.7 * mods.distant);
}

/// The room the words name; else a little air.
fn place(mix: &mut Stereo, words: &[String]) {
    let says = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    if says(&["cave", "cavern", "tunnel", "dungeon", "canyon", "sewer"]) {
        reverb(mix, Room::CAVE, 0.75);
    } else if says(&[
        "church",
        "cathedral",
        "hall",
        "temple",
        "arena",
        "stadium",
        "warehouse",
        "hangar",
    ]) {
        reverb(mix, Room::HALL, 0.6);
    } else if says(&[
        "corridor",
        "hallway",
        "bathroom",
        "garage",
        "stairwell",
        "basement",
        "kitchen",
    ]) {
        reverb(mix, Room::STUDIO, 0.5);
    } else if says(&["outdoor", "outside", "field", "dry", "close", "ui", "interface"]) {
        // Nothing answers there.
    } else {
        reverb(mix, Room::SMALL, 0.1);
    }
    if says(&["echo", "echoing", "echoes"]) {
        echo(mix, 0.33, 0.45, 0.5);
    }
}

/// The loudest 0.2 s, as the root of its mean square.
fn level(sound: &Stereo) -> f32 {
    let n = (0.2 * SR) as usize;
    let both = sound.left.chunks(n).zip(sound.right.chunks(n));
    let powers = both.map(|(l, r)| l.iter().chain(r).map(|s| s * s).sum::<f32>() / (2 * n) as f32);
    powers.fold(0.0_f32, f32::max).sqrt()
}

#[cfg(test)]
mod tests;
