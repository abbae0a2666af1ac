//! The voiceover: espeak-ng speaks sentence by sentence, and what it says is cleaned, given a little room and brought to
//! an even loudness.

mod script;

use crate::math::smoothstep;
use crate::sound::filter::Biquad;
use crate::sound::loudness::{Meter, MonoOut};
use crate::sound::room::{Reverb, Room};
use crate::sound::{RATE, Resampler, db, frames};
use crate::{Job, Made};
use gesso_media::Talk;
use gesso_media::{Control, Program, ToolRunner, WorkError};

use script::Pause;

/// Sample rate of espeak-ng, in Hz.
const SPOKEN_RATE: u32 = 22_050;
/// Loudness of a voice, in LUFS.
const LUFS: f32 = -18.0;
/// The longest script, in characters.
pub(crate) const CHARS_MAX: usize = 50_000;
/// The longest speech, in seconds: an hour is 350 MB.
const SECONDS_MAX: usize = 3600;
/// The most sentences and lines of a script. Each is spoken by itself, which takes time also where it is short.
const PIECES_MAX: usize = 2_000;

/// Languages of the catalogue, and what espeak-ng 1.51 calls them.
const LANGUAGES: &[(&str, &str)] = &[
    ("English (US)", "en-us"),
    ("English (UK)", "en-gb"),
    ("English (UK, RP)", "en-gb-x-rp"),
    ("English (Scotland)", "en-gb-scotland"),
    ("English (Caribbean)", "en-029"),
    ("German", "de"),
    ("French", "fr-fr"),
    ("French (Belgium)", "fr-be"),
    ("French (Switzerland)", "fr-ch"),
    ("Spanish (Spain)", "es"),
    ("Spanish (Latin America)", "es-419"),
    ("Italian", "it"),
    ("Portuguese (Portugal)", "pt"),
    ("Portuguese (Brazil)", "pt-br"),
    ("Dutch", "nl"),
    ("Danish", "da"),
    ("Swedish", "sv"),
    ("Norwegian", "nb"),
    ("Finnish", "fi"),
    ("Icelandic", "is"),
    ("Estonian", "et"),
    ("Latvian", "lv"),
    ("Lithuanian", "lt"),
    ("Polish", "pl"),
    ("Czech", "cs"),
    ("Slovak", "sk"),
    ("Slovenian", "sl"),
    ("Croatian", "hr"),
    ("Serbian", "sr"),
    ("Bosnian", "bs"),
    ("Macedonian", "mk"),
    ("Bulgarian", "bg"),
    ("Romanian", "ro"),
    ("Hungarian", "hu"),
    ("Greek", "el"),
    ("Albanian", "sq"),
    ("Ukrainian", "uk"),
    ("Russian", "ru"),
    ("Turkish", "tr"),
    ("Irish", "ga"),
    ("Welsh", "cy"),
    ("Catalan", "ca"),
    ("Basque", "eu"),
    ("Arabic", "ar"),
    ("Persian", "fa"),
    ("Hindi", "hi"),
    ("Bengali", "bn"),
    ("Tamil", "ta"),
    ("Indonesian", "id"),
    ("Malay", "ms"),
    ("Vietnamese", "vi"),
    ("Korean", "ko"),
    ("Chinese (Mandarin)", "cmn"),
    ("Swahili", "sw"),
    ("Afrikaans", "af"),
    ("Esperanto", "eo"),
    ("Latin", "la"),
];

/// A voice of the catalogue.
struct Voice {
    name: &'static str,
    /// Variant in espeak-ng.
    variant: &'static str,
    /// Added to the pitch from 0 to 99.
    pitch: f64,
    /// Added above 5 kHz, in decibels.
    bright_db: f32,
}

const fn voice(name: &'static str, variant: &'static str, pitch: f64, bright_db: f32) -> Voice {
    Voice { name, variant, pitch, bright_db }
}

const VOICES: &[Voice] = &[
    voice("James (male, calm)", "m3", 0.0, -2.0),
    voice("Arthur (male, deep)", "m1", -8.0, -2.5),
    voice("Henry (male, bright)", "m4", 4.0, -1.0),
    voice("Marco (male, young)", "m7", 6.0, -1.5),
    voice("Victor (male, firm)", "m2", -4.0, -2.0),
    voice("Emma (female, calm)", "f2", 0.0, -2.0),
    voice("Clara (female, warm)", "f3", -6.0, -2.5),
    voice("Sofia (female, bright)", "f4", 6.0, -1.0),
    voice("Nora (female, soft)", "f5", 0.0, -3.0),
    voice("Walter (old man)", "grandpa", 0.0, -2.0),
    voice("Rose (old woman)", "grandma", 0.0, -2.0),
    voice("Silas (whisper, low)", "whisper", 0.0, -3.0),
    voice("Wren (whisper, high)", "whisperf", 0.0, -3.0),
    voice("Unit 7 (robot)", "robosoft3", 0.0, 0.0),
];

/// The model `studio-voice`.
pub(crate) fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let text = script::plain(&job.prompt);
    if !text.chars().any(char::is_alphanumeric) {
        return Err(WorkError::Refused(
            "There is nothing to speak: write the words of the voiceover, or connect a text."
                .to_owned(),
        ));
    }
    let speaker = Speaker::of(job);
    let pieces = script::pieces(&text);
    if pieces.len() > PIECES_MAX {
        return Err(WorkError::Refused(format!(
            "This script has {} sentences and lines; one voiceover speaks at most {PIECES_MAX}. Split it over several nodes.",
            pieces.len()
        )));
    }
    let mut take = Take::new(speaker.voice.bright_db);
    let total: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    let (mut done, mut heard) = (0, false);
    for (n, piece) in pieces.iter().enumerate() {
        control.at(0.85 * done as f32 / total.max(1) as f32)?;
        let spoken = speaker.speak(&piece.text, tools, control)?;
        let spoken = trimmed(&spoken);
        heard |= !spoken.is_empty();
        take.hear(spoken);
        if n + 1 < pieces.len() && !spoken.is_empty() {
            take.pause(piece.pause.seconds() / speaker.speed);
        }
        done += piece.text.len();
        if take.samples.len() > SECONDS_MAX * SPOKEN_RATE as usize {
            return Err(WorkError::Refused(
                "This voiceover would last more than an hour. Split the script over several nodes, or raise the speed.".to_owned(),
            ));
        }
    }
    if !heard {
        return Err(WorkError::Refused(format!(
            "Nothing in this script can be spoken in {}. Choose the language it is written in.",
            speaker.language
        )));
    }
    let (bytes, seconds) = control.part(0.85, 1.0, |control| take.finish(control))?;
    control.at(1.0)?;
    Ok(vec![Made::audio("audio/wav", bytes, seconds)])
}

/// Who speaks, and how.
struct Speaker {
    language: &'static str,
    code: &'static str,
    voice: &'static Voice,
    /// 1 is normal.
    speed: f64,
    /// From 0 to 99.
    pitch: i64,
}

impl Speaker {
    fn of(job: &Job) -> Self {
        let (language, code) = LANGUAGES
            .iter()
            .find(|(name, _)| *name == job.text("language"))
            .unwrap_or(&LANGUAGES[0]);
        let voice =
            VOICES.iter().find(|voice| voice.name == job.text("voice")).unwrap_or(&VOICES[0]);
        let pitch = 50.0 + voice.pitch + 40.0 * job.number("pitch", 0.0).clamp(-1.0, 1.0);
        Self {
            language,
            code,
            voice,
            speed: job.number("speed", 1.0).clamp(0.5, 2.0),
            pitch: (pitch.round() as i64).clamp(0, 99),
        }
    }

    /// Returns the speech of espeak-ng, samples from -1 to 1.
    fn speak(
        &self,
        text: &str,
        tools: &ToolRunner,
        control: &Control<'_>,
    ) -> Result<Vec<f32>, WorkError> {
        let mut command = tools.command(Program::EspeakNg)?;
        command.args(["-b", "1", "-z", "--stdin", "--stdout"]);
        command.args(["-v", &format!("{}+{}", self.code, self.voice.variant)]);
        // Normal is a little slower than its own 175 words a minute, which sounds hasty.
        command.args(["-s", &format!("{:.0}", 160.0 * self.speed)]);
        command.args(["-p", &self.pitch.to_string()]);
        let mut text = Some(format!("{text}\n").into_bytes());
        let mut feed = || Ok(text.take());
        let mut wav = Vec::new();
        let mut bytes = |piece: Vec<u8>| {
            wav.extend_from_slice(&piece);
            Ok(())
        };
        let talk = Talk { feed: Some(&mut feed), bytes: Some(&mut bytes), ..Talk::default() };
        tools.run(Program::EspeakNg, command, talk, control)?;
        // A stream's header cannot say its length: all that follows it is sound.
        let samples = wav.get(44..).unwrap_or_default();
        Ok(samples
            .chunks_exact(2)
            .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0)
            .collect())
    }
}

impl Pause {
    fn seconds(self) -> f64 {
        match self {
            Self::Breath => 0.14,
            Self::Sentence => 0.38,
            Self::Paragraph => 0.85,
        }
    }
}

/// Without the silence at both ends.
fn trimmed(samples: &[f32]) -> &[f32] {
    const QUIET: f32 = 0.004;
    const MARGIN: usize = 260;
    let Some(first) = samples.iter().position(|s| s.abs() > QUIET) else { return &[] };
    let last = samples.iter().rposition(|s| s.abs() > QUIET).unwrap_or(first);
    &samples[first.saturating_sub(MARGIN)..(last + MARGIN * 3).min(samples.len())]
}

/// The speech so far, cleaned, at the rate at which it is spoken.
struct Take {
    samples: Vec<i16>,
    filters: [Biquad; 4],
    room: Reverb,
}

impl Take {
    fn new(bright_db: f32) -> Self {
        let rate = SPOKEN_RATE as f32;
        let filters = [
            Biquad::highpass_at(75.0, 0.707, rate),
            Biquad::low_shelf_at(240.0, 2.0, rate),
            Biquad::bell_at(2900.0, 0.9, -2.0, rate),
            Biquad::high_shelf_at(5000.0, bright_db, rate),
        ];
        // Its numbers are for 48 kHz: at this rate all takes a little more than twice as long.
        let room = Room { seconds: 0.16, bright_hz: 9000.0, before: 0.004, size: 0.22 };
        let mut take = Self { samples: Vec::new(), filters, room: Reverb::new(room) };
        take.pause(0.05);
        take
    }

    fn push(&mut self, sample: f32) {
        let dry = self.filters.iter_mut().fold(sample, |s, filter| filter.run(s));
        let (l, r) = self.room.run(dry);
        let value = 0.5 * dry + 0.035 * (l + r);
        self.samples.push((value.clamp(-1.0, 1.0) * 32_767.0) as i16);
    }

    fn hear(&mut self, spoken: &[f32]) {
        let len = spoken.len() as f32;
        for (i, sample) in spoken.iter().enumerate() {
            let ends =
                smoothstep(0.0, 120.0, i as f32) * smoothstep(0.0, 400.0, len - 1.0 - i as f32);
            self.push(sample * ends);
        }
    }

    fn pause(&mut self, seconds: f64) {
        for _ in 0..(seconds * f64::from(SPOKEN_RATE)) as usize {
            self.push(0.0);
        }
    }

    /// The file and its seconds.
    fn finish(mut self, control: &Control<'_>) -> Result<(Vec<u8>, f64), WorkError> {
        self.pause(0.25);
        let mut meter = Meter::new(1, SPOKEN_RATE)?;
        let mut block = Vec::with_capacity(SPOKEN_RATE as usize);
        let float = |s: &i16| f32::from(*s) / 32_768.0;
        // One word is measured as if it were said again and again.
        let times = (SPOKEN_RATE as usize).div_ceil(self.samples.len());
        for _ in 0..times {
            for second in self.samples.chunks(SPOKEN_RATE as usize) {
                control.check()?;
                block.clear();
                block.extend(second.iter().map(float));
                meter.hear(&[&block])?;
            }
        }
        control.at(0.4)?;
        // The limiter takes about as much off again.
        let gain = meter.lufs()?.map_or(1.0, |lufs| db((LUFS + 0.2 - lufs).min(30.0)));
        let resampler = Resampler::new(SPOKEN_RATE as usize, RATE as usize);
        let len = resampler.frames(self.samples.len());
        let mut out = MonoOut::new(len)?;
        let ends = frames(0.01);
        let input = |i: usize| self.samples.get(i).map(float);
        for n in 0..len {
            if n % RATE as usize == 0 {
                control.at(0.4 + 0.6 * n as f32 / len as f32)?;
            }
            let edge = (n.min(len - 1 - n) as f32 / ends as f32).min(1.0);
            out.push(resampler.at(input, n) * gain * edge);
        }
        Ok((out.done(), len as f64 / f64::from(RATE)))
    }
}

#[cfg(test)]
mod tests;
