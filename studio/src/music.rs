//! Music: a score is composed by rules from what the words ask for, played by synthesized instruments, mixed in stereo
//! and brought to an even loudness.

mod compose;
mod play;
mod style;

use std::collections::BTreeMap;

use crate::math::{Rng, noise};
use crate::sound::filter::Biquad;
use crate::sound::loudness::normalise;
use crate::sound::osc::decay;
use crate::sound::room::{Reverb, Room, chorus, echo};
use crate::sound::{RATE, SR, Stereo, frames};
use crate::unread::{self, Vocabulary};
use crate::{Job, Made};
use gesso_media::{Control, ToolRunner, WorkError};

use compose::{Composer, Drum, Form, Part, Score};
use style::{Brief, Voice};

/// Loudness of music, in LUFS.
const LUFS: f32 = -16.0;
/// Most that the limiter takes off, in decibels.
const SQUEEZE_DB: f32 = 10.0;
/// Ringing after the last bar of a loop, in seconds; it is heard when the loop begins again.
const RING_S: f32 = 3.0;

/// The words it understands.
pub(crate) const VOCABULARY: Vocabulary =
    Vocabulary { lack: "Not played", words: unread::plain_words, knows: style::knows };

/// The model `studio-music`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let seconds = job.number("duration", 20.0).clamp(4.0, 180.0) as f32;
    let looped = job.flag("loop");
    control.at(0.0)?;
    let rng = Rng::new(job.seed);
    let tempo = job.number("tempo", 0.0) as f32;
    let mut brief =
        Brief::of(&job.prompt, tempo, job.text("mood"), job.text("key"), &mut rng.fork("brief"));
    let form = form(&mut brief, seconds, looped);
    let score = Composer::new(&brief, form, &rng).score();
    let len = frames(seconds);
    let room = if looped { len + frames(RING_S) } else { len };
    let mut mix = control.part(0.0, 0.75, |control| mixed(&score, &brief, room, &rng, control))?;
    if looped {
        mix.fade(0, frames(0.6));
        mix = mix.wrapped(len);
    }
    if brief.style.tape {
        tape(&mut mix, &rng, looped);
    }
    filtered(&mut mix, &Biquad::highpass(28.0, 0.7), looped);
    if !looped {
        let close = form.close.map_or(seconds, |beat| beat * 60.0 / brief.bpm);
        mix.fade(frames(0.004), frames((seconds - close) * 0.7).min(len / 3));
    }
    control.part(0.75, 1.0, |control| normalise(&mut mix, LUFS, SQUEEZE_DB, control))?;
    if !looped {
        mix.fade(frames(0.002), frames(0.02));
    }
    control.at(1.0)?;
    Ok(vec![Made::audio("audio/wav", mix.wav()?, len as f64 / f64::from(RATE))])
}

/// A loop is whole bars long, so its tempo gives way a little; a piece keeps its tempo and closes on a strong beat early
/// enough to ring out.
fn form(brief: &mut Brief, seconds: f32, looped: bool) -> Form {
    let beats = seconds * brief.bpm / 60.0;
    if looped {
        let bars = (beats / 4.0).round().max(1.0);
        brief.bpm = bars * 240.0 / seconds;
        return Form { beats: bars * 4.0, close: None };
    }
    let tail_s = (0.16 * seconds).clamp(1.4, 4.5);
    let close = libm::floorf((beats - tail_s * brief.bpm / 60.0) / 2.0) * 2.0;
    Form { beats, close: Some(close.max(2.0).min(libm::floorf(beats - 0.5))) }
}

/// All parts played and mixed.
fn mixed(
    score: &Score,
    brief: &Brief,
    len: usize,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<Stereo, WorkError> {
    let beat_s = 60.0 / brief.bpm;
    let pump = pump(score, brief, len, beat_s);
    let (mut mix, mut send) = (Stereo::silent(len), Stereo::silent(len));
    let count = (score.parts.len() + 2) as f32;
    for (n, part) in score.parts.iter().enumerate() {
        let mut played = control.part(n as f32 / count, (n + 1) as f32 / count, |control| {
            played(part, len, beat_s, &rng.fork(&format!("part {n}")), control)
        })?;
        if let (true, Some(pump)) = (part.pumped, &pump) {
            played.each(|i, l, r| {
                *l *= pump[i];
                *r *= pump[i];
            });
        }
        // Every player as loud as its place in the mix says, however loud its instrument is.
        let gain = 0.11 * part.gain / level(&played).max(1e-5);
        mix.add(&played, 0, gain);
        send.add(&played, 0, gain * part.wet * brief.style.wet);
    }
    control.at((count - 2.0) / count)?;
    let drums = drums(score, len, beat_s, rng, control)?;
    mix.add(&drums, 0, 0.26);
    send.add(&drums, 0, 0.03);
    control.at((count - 1.0) / count)?;
    let room =
        if brief.style.wet > 0.4 { Room { seconds: 3.4, ..Room::HALL } } else { Room::STUDIO };
    mix.add(&Reverb::answer(room, &send), 0, 1.1);
    Ok(mix)
}

/// One part in stereo.
fn played(
    part: &Part,
    len: usize,
    beat_s: f32,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<Stereo, WorkError> {
    let mut mono = vec![0.0_f32; len];
    let mut kept: BTreeMap<(i32, u32), Vec<f32>> = BTreeMap::new();
    let mut own = rng.fork("touch");
    for (n, note) in part.notes.iter().enumerate() {
        control.at(n as f32 / part.notes.len() as f32)?;
        let held = (note.held * beat_s).clamp(0.05, 12.0);
        let key = (note.pitch, (held * 200.0) as u32);
        // What was played before is played alike: it is the bulk of the work.
        if kept.len() > 64 && !kept.contains_key(&key) {
            kept.clear();
        }
        let sound = kept
            .entry(key)
            .or_insert_with(|| play::note(part.voice, note.pitch, held, 0.6, &mut own));
        // A human hand is a few milliseconds off.
        let human = if part.voice == Voice::Chip { 0.0 } else { 0.003 * (own.bell() + 1.0) };
        let at = frames((note.at * beat_s + human).max(0.0));
        for (out, sample) in mono.iter_mut().skip(at).zip(sound.iter()) {
            *out += note.gain * sample;
        }
    }
    let wide = matches!(
        part.voice,
        Voice::Pad | Voice::Strings | Voice::Choir | Voice::EPiano | Voice::Lead | Voice::Organ
    );
    let mut out = if wide {
        chorus(&mono, 0.6, 0.002, 0.011)
    } else {
        let mut out = Stereo::silent(len);
        out.put(&mono, 0, 1.0, part.pan);
        out
    };
    if matches!(part.voice, Voice::Lead | Voice::Bell | Voice::Flute) {
        echo(&mut out, beat_s * 0.75, 0.35, 0.22);
    }
    if !matches!(part.voice, Voice::Sub | Voice::Synth | Voice::Upright) {
        Biquad::highpass(110.0, 0.7).all(&mut out.left);
        Biquad::highpass(110.0, 0.7).all(&mut out.right);
    }
    Ok(out)
}

fn drums(
    score: &Score,
    len: usize,
    beat_s: f32,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<Stereo, WorkError> {
    let mut out = Stereo::silent(len);
    let mut rng = rng.fork("drums");
    let mut kit: BTreeMap<(Drum, usize), Vec<f32>> = BTreeMap::new();
    for (n, (drum, beat, hard)) in score.drums.iter().enumerate() {
        control.check()?;
        // Three of each, so that rolls do not sound like a machine gun.
        let blow = kit.entry((*drum, n % 3)).or_insert_with(|| play::drum(*drum, &mut rng));
        let (gain, pan) = match drum {
            Drum::Kick | Drum::Deep => (1.0, 0.0),
            Drum::Snare | Drum::Clap => (0.75, 0.04),
            Drum::Hat => (0.5, 0.3),
            Drum::Open => (0.4, 0.3),
            Drum::Crash => (0.55, -0.35),
            Drum::Tom => (0.8, -0.2),
        };
        out.put(blow, frames(beat * beat_s), gain * hard, pan);
    }
    Ok(out)
}

/// Returns the gain that the kick leaves the others at every frame; `None` where nothing pumps.
fn pump(score: &Score, brief: &Brief, len: usize, beat_s: f32) -> Option<Vec<f32>> {
    let depth = brief.style.pump;
    let kicks: Vec<usize> = score
        .drums
        .iter()
        .filter(|(drum, ..)| matches!(drum, Drum::Kick | Drum::Deep))
        .map(|(_, beat, _)| frames(beat * beat_s))
        .collect();
    if depth <= 0.0 || kicks.is_empty() {
        return None;
    }
    let mut gains = vec![1.0_f32; len];
    for kick in kicks {
        for (i, gain) in gains.iter_mut().enumerate().skip(kick).take(frames(0.5)) {
            let t = (i - kick) as f32 / SR;
            let attack = (t * 250.0).min(1.0);
            *gain = gain.min(1.0 - depth * attack * decay(t, 0.55));
        }
    }
    Some(gains)
}

/// The level of what is not silence, as the root of its mean square.
fn level(sound: &Stereo) -> f32 {
    let blocks = sound.left.chunks(4800).zip(sound.right.chunks(4800));
    let powers: Vec<f32> = blocks
        .map(|(l, r)| l.iter().chain(r).map(|s| s * s).sum::<f32>() / (2 * l.len()) as f32)
        .collect();
    let top = powers.iter().fold(0.0_f32, |m, p| m.max(*p));
    let loud: Vec<f32> = powers.into_iter().filter(|p| *p > 0.05 * top).collect();
    (loud.iter().sum::<f32>() / loud.len().max(1) as f32).sqrt()
}

/// Filters both channels; a loop is heard by the filter before it begins, as it will be when it comes round.
fn filtered(mix: &mut Stereo, filter: &Biquad, looped: bool) {
    for channel in [&mut mix.left, &mut mix.right] {
        let mut filter = filter.clone();
        if looped {
            let from = channel.len().saturating_sub(RATE as usize);
            for sample in &channel[from..] {
                filter.run(*sample);
            }
        }
        filter.all(channel);
    }
}

/// An old tape: its top is gone, it crackles, and its speed wavers.
fn tape(mix: &mut Stereo, rng: &Rng, looped: bool) {
    let mut own = rng.fork("tape");
    let seed = own.bits();
    let len = mix.len();
    filtered(mix, &Biquad::lowpass(5200.0, 0.7), looped);
    for channel in [&mut mix.left, &mut mix.right] {
        if !looped {
            let dry = channel.clone();
            for (i, sample) in channel.iter_mut().enumerate() {
                let t = i as f32 / SR;
                let back = 90.0 + 60.0 * noise(t * 0.9, 0.3, seed);
                let place = (i as f32 - back).max(0.0);
                let at = place as usize;
                let next = dry[(at + 1).min(len - 1)];
                *sample = dry[at] + (next - dry[at]) * (place - at as f32);
            }
        }
    }
    let clicks = len / 4000;
    for _ in 0..clicks {
        let at = own.below(len);
        let gain = 0.012 * own.unit() * own.unit() + 0.001;
        for k in 0..40.min(len - at) {
            let fall = own.sign() * gain * (1.0 - k as f32 / 40.0);
            mix.left[at + k] += fall;
            mix.right[at + k] += fall * 0.8;
        }
    }
}

#[cfg(test)]
mod tests;
