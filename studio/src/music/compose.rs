//! The score: sections, chords that lead into each other, a motif that returns, a bass and drums.

use super::style::{Brief, Comp, Low, Voice};
use crate::math::Rng;

const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];

/// A note; times in beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Note {
    pub(super) at: f32,
    pub(super) held: f32,
    pub(super) pitch: i32,
    pub(super) gain: f32,
}

/// The part of one player.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) voice: Voice,
    pub(super) notes: Vec<Note>,
    pub(super) gain: f32,
    pub(super) pan: f32,
    /// Amount of room, multiplied by that of the style.
    pub(super) wet: f32,
    /// True if the kick pushes it down.
    pub(super) pumped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Drum {
    Kick,
    Deep,
    Snare,
    Clap,
    Hat,
    Open,
    Crash,
    Tom,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) parts: Vec<Part>,
    /// The drum, its beat and how hard.
    pub(super) drums: Vec<(Drum, f32, f32)>,
}

/// Which players a bar has.
#[derive(Clone, Copy, Debug)]
struct Bar {
    drums: f32,
    bass: bool,
    lead: bool,
    chords: bool,
    /// Another progression for the middle.
    other: bool,
    /// A new part begins here.
    first: bool,
    /// The last before a new part.
    last: bool,
}

/// Length in beats, and the beat on which the closing chord is struck; a loop has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) beats: f32,
    pub(super) close: Option<f32>,
}

pub(super) struct Composer<'a> {
    brief: &'a Brief,
    rng: Rng,
    bars: Vec<Bar>,
    /// Steps of the scale, a bar each.
    steps: Vec<usize>,
    form: Form,
}

impl<'a> Composer<'a> {
    pub(super) fn new(brief: &'a Brief, form: Form, rng: &Rng) -> Self {
        let mut rng = rng.fork("score");
        let end = form.close.unwrap_or(form.beats);
        let count = (end / 4.0).ceil().max(1.0) as usize;
        let bars = sections(count, form.close.is_none(), &mut rng);
        let pool = if brief.minor { brief.style.minor_chords } else { brief.style.major_chords };
        let main = pool[rng.below(pool.len())];
        let other = pool[rng.below(pool.len())];
        let steps = bars
            .iter()
            .enumerate()
            .map(|(n, bar)| if bar.other { other } else { main }[n % 4])
            .collect();
        Self { brief, rng, bars, steps, form }
    }

    pub(super) fn score(mut self) -> Score {
        let style = &self.brief.style;
        let mut score = Score::default();
        let chords = self.chords();
        let (comp_voice, comp) = style.chords;
        let comp_notes = self.comp(&chords, comp);
        let part =
            |voice, notes, gain, pan, wet, pumped| Part { voice, notes, gain, pan, wet, pumped };
        score.parts.push(part(comp_voice, comp_notes, 0.5, -0.18, 0.9, true));
        if let Some(voice) = style.pad {
            let notes = self.pad(&chords);
            score.parts.push(part(voice, notes, 0.34, 0.1, 1.3, true));
        }
        if let (Some(voice), true) = (style.lead, self.brief.melody) {
            let notes = self.melody(&chords);
            score.parts.push(part(voice, notes, 0.62, 0.12, 1.1, false));
        }
        if self.brief.bass {
            let (voice, low) = style.bass;
            let notes = self.bass(low);
            score.parts.push(part(voice, notes, 0.8, 0.0, 0.08, true));
        }
        if self.brief.drums {
            self.drums(&mut score);
        }
        for part in &mut score.parts {
            let swing = style.swing;
            for note in &mut part.notes {
                note.at = swung(note.at, swing);
            }
            part.notes.retain(|note| note.at < self.form.beats);
        }
        score
    }

    /// The pitch of a step of the scale; 7 is an octave above 0.
    fn pitch(&self, step: i32) -> i32 {
        let scale = if self.brief.minor { MINOR } else { MAJOR };
        self.brief.root + 12 * step.div_euclid(7) + scale[step.rem_euclid(7) as usize]
    }

    /// A chord for each bar: the tones of each are the nearest to those of the one before.
    fn chords(&self) -> Vec<Vec<i32>> {
        let mut before: Vec<i32> = Vec::new();
        let size = if self.brief.style.sevenths { 4 } else { 3 };
        let mut chords = Vec::new();
        let closing = self.form.close.map(|_| 0);
        for step in self.steps.iter().copied().chain(closing) {
            let tones: Vec<i32> = (0..size).map(|k| self.pitch(step as i32 + 2 * k)).collect();
            let mut best: Option<(i32, Vec<i32>)> = None;
            for turn in 0..size as usize {
                for octave in -1..=1 {
                    let mut tones = tones.clone();
                    for tone in tones.iter_mut().take(turn) {
                        *tone += 12;
                    }
                    for tone in &mut tones {
                        *tone += 12 * octave;
                    }
                    tones.sort_unstable();
                    // Around middle C, and near to what was.
                    let middle: i32 = tones.iter().map(|tone| (tone - 62).abs()).sum();
                    let moved: i32 = tones.iter().zip(&before).map(|(a, b)| (a - b).abs()).sum();
                    let cost = middle + 3 * moved;
                    if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                        best = Some((cost, tones));
                    }
                }
            }
            before = best.map(|(_, tones)| tones).unwrap_or_default();
            chords.push(before.clone());
        }
        chords
    }

    /// Where music goes on: bars with their first beat and their beats until the close.
    fn spans(&self) -> Vec<(usize, Bar, f32, f32)> {
        let end = self.form.close.unwrap_or(self.form.beats);
        let bars = self.bars.iter().enumerate();
        bars.map(|(n, bar)| (n, *bar, n as f32 * 4.0, (end - n as f32 * 4.0).min(4.0))).collect()
    }

    fn comp(&mut self, chords: &[Vec<i32>], comp: Comp) -> Vec<Note> {
        let mut notes = Vec::new();
        let up_down = self.rng.chance(0.5);
        for (n, bar, first, beats) in self.spans() {
            if !bar.chords {
                continue;
            }
            let chord = &chords[n];
            let all = |notes: &mut Vec<Note>, at: f32, held: f32, gain: f32, spread: f32| {
                if at < beats {
                    for (k, pitch) in chord.iter().enumerate() {
                        let at = first + at + spread * k as f32;
                        notes.push(Note { at, held: held.min(beats), pitch: *pitch, gain });
                    }
                }
            };
            match comp {
                Comp::Held => all(&mut notes, 0.0, 4.0, 0.7, 0.0),
                Comp::Blocks => (0..4).for_each(|b| {
                    all(&mut notes, b as f32, 0.9, if b == 0 { 0.8 } else { 0.6 }, 0.0)
                }),
                Comp::Offbeat => {
                    [0.5, 1.5, 2.5, 3.25].iter().for_each(|b| all(&mut notes, *b, 0.4, 0.7, 0.0))
                }
                Comp::Stabs => {
                    [0.0, 0.75, 2.5].iter().for_each(|b| all(&mut notes, *b, 0.3, 0.7, 0.0))
                }
                Comp::Jazz => {
                    let late = self.rng.chance(0.5);
                    all(&mut notes, 0.0, 1.3, 0.7, 0.01);
                    all(&mut notes, if late { 2.5 } else { 1.5 }, 1.0, 0.6, 0.01);
                }
                Comp::Strum => {
                    for (b, gain) in
                        [(0.0, 0.9), (1.0, 0.6), (1.5, 0.5), (2.5, 0.55), (3.0, 0.7), (3.5, 0.45)]
                    {
                        all(&mut notes, b, 0.9, gain, 0.022);
                    }
                }
                Comp::Broken | Comp::Arp8 | Comp::Arp16 => {
                    let step = if comp == Comp::Arp16 { 0.25 } else { 0.5 };
                    let mut tones = chord.clone();
                    tones.push(chord[0] + 12);
                    let order: &[usize] = match (comp, up_down) {
                        (Comp::Broken, _) => &[0, 2, 1, 2],
                        (_, true) => &[0, 1, 2, 3, 2, 1],
                        (_, false) => &[0, 1, 2, 3],
                    };
                    for k in 0..(beats / step).round() as usize {
                        let gain = if k % 4 == 0 { 0.75 } else { 0.5 } * self.rng.range(0.9, 1.05);
                        let pitch = tones[order[k % order.len()] % tones.len()];
                        notes.push(Note {
                            at: first + k as f32 * step,
                            held: step * 1.6,
                            pitch,
                            gain,
                        });
                    }
                }
            }
        }
        self.close(&mut notes, chords.last(), 0.8);
        notes
    }

    /// The closing chord, where there is one.
    fn close(&self, notes: &mut Vec<Note>, chord: Option<&Vec<i32>>, gain: f32) {
        if let (Some(at), Some(chord)) = (self.form.close, chord) {
            let held = self.form.beats - at;
            for (k, pitch) in chord.iter().take(3).enumerate() {
                notes.push(Note { at: at + 0.03 * k as f32, held, pitch: *pitch, gain });
            }
        }
    }

    fn pad(&self, chords: &[Vec<i32>]) -> Vec<Note> {
        let mut notes = Vec::new();
        for (n, _, first, beats) in self.spans() {
            for pitch in &chords[n] {
                notes.push(Note { at: first, held: beats, pitch: *pitch, gain: 0.6 });
            }
        }
        self.close(&mut notes, chords.last(), 0.6);
        notes
    }

    /// A motif of two bars and its answers: rhythm returns, pitches follow the chords.
    fn melody(&mut self, chords: &[Vec<i32>]) -> Vec<Note> {
        let busy = self.brief.style.busy;
        let rhythm = |rng: &mut Rng| -> Vec<(f32, f32)> {
            let mut at = if rng.chance(0.25) { 0.5 } else { 0.0 };
            let mut cell = Vec::new();
            while at < 7.0 {
                let held = match rng.unit() {
                    x if x < busy * 0.65 => 0.5,
                    x if x < 0.35 + busy * 0.4 => 1.0,
                    x if x < 0.8 => 1.5,
                    _ if busy < 0.4 => 3.0,
                    _ => 2.0,
                };
                if rng.unit() < 0.55 + 0.4 * busy {
                    cell.push((at, held));
                }
                at += held;
            }
            cell
        };
        let shape = |rng: &mut Rng, n: usize| -> Vec<i32> {
            let mut step = [0, 2, 4][rng.below(3)];
            (0..n)
                .map(|_| {
                    let jump = [-2, -1, -1, 1, 1, 2, 0, 3][rng.below(8)];
                    step = (step + jump).clamp(-2, 8);
                    step
                })
                .collect()
        };
        let cells: Vec<_> = (0..2)
            .map(|_| {
                let cell = rhythm(&mut self.rng);
                let steps = shape(&mut self.rng, cell.len());
                (cell, steps)
            })
            .collect();
        let mut notes = Vec::new();
        for (n, bar, first, _) in self.spans() {
            if n % 2 == 1 || !bar.lead {
                continue;
            }
            // A A B A: the third pair of bars says something else.
            let (cell, steps) = &cells[usize::from(n / 2 % 4 == 2)];
            for ((at, held), step) in cell.iter().zip(steps) {
                let beat = first + at;
                let Some(chord) = chords.get((beat / 4.0) as usize) else { continue };
                if beat >= self.form.close.unwrap_or(self.form.beats) {
                    continue;
                }
                let mut pitch = self.pitch(step + 7);
                // On the strong beats it stands on a tone of the chord.
                if at.fract() == 0.0 {
                    let near = |tone: &i32| {
                        let octaves = ((pitch - tone) as f32 / 12.0).round() as i32;
                        tone + 12 * octaves
                    };
                    pitch = chord
                        .iter()
                        .map(near)
                        .min_by_key(|tone| (tone - pitch).abs())
                        .unwrap_or(pitch);
                }
                let gain = self.rng.range(0.65, 0.85) + if *at == 0.0 { 0.1 } else { 0.0 };
                notes.push(Note { at: beat, held: held * 0.95, pitch, gain });
            }
        }
        if let Some(at) = self.form.close {
            let held = self.form.beats - at;
            notes.push(Note { at, held, pitch: self.pitch(7), gain: 0.75 });
        }
        notes
    }

    fn bass(&mut self, low: Low) -> Vec<Note> {
        let mut notes = Vec::new();
        let down = |pitch: i32| 33 + (pitch - 33).rem_euclid(12);
        for (n, bar, first, beats) in self.spans() {
            if !bar.bass {
                continue;
            }
            let step = self.steps[n] as i32;
            let root = down(self.pitch(step));
            let fifth = down(self.pitch(step + 4));
            let next = self.steps.get(n + 1).map_or(0, |s| *s as i32);
            let toward = down(self.pitch(next + if next > step { -1 } else { 1 }));
            let line: Vec<(f32, f32, i32)> = match low {
                Low::Drone => vec![(0.0, 4.0, root)],
                Low::Roots => vec![
                    (0.0, 2.4, root),
                    (2.5, 1.4, if self.rng.chance(0.5) { fifth } else { root }),
                ],
                Low::Pulse => (0..8).map(|k| (k as f32 * 0.5, 0.42, root)).collect(),
                Low::Offbeat => (0..4)
                    .map(|k| (k as f32 + 0.5, 0.4, if k == 3 { fifth } else { root }))
                    .collect(),
                Low::Walk => {
                    let third = down(self.pitch(step + 2));
                    vec![
                        (0.0, 0.95, root),
                        (1.0, 0.95, third),
                        (2.0, 0.95, fifth),
                        (3.0, 0.95, toward),
                    ]
                }
                Low::Funk => vec![
                    (0.0, 0.7, root),
                    (0.75, 0.2, root),
                    (1.5, 0.4, root + 12),
                    (2.5, 0.4, root),
                    (3.0, 0.2, fifth),
                    (3.5, 0.4, toward),
                ],
                Low::Trap => vec![
                    (0.0, 1.6, root),
                    (1.75, 0.7, root),
                    (2.5, 1.4, if n % 4 == 3 { fifth } else { root }),
                ],
            };
            for (at, held, pitch) in line {
                if at < beats {
                    let gain = if at == 0.0 { 0.9 } else { 0.75 };
                    notes.push(Note { at: first + at, held: held.min(beats - at), pitch, gain });
                }
            }
        }
        if let Some(at) = self.form.close {
            let pitch = down(self.pitch(0));
            notes.push(Note { at, held: self.form.beats - at, pitch, gain: 0.85 });
        }
        notes
    }

    fn drums(&mut self, score: &mut Score) {
        let Some(kit) = self.brief.style.kit else { return };
        let kick = if kit.deep { Drum::Deep } else { Drum::Kick };
        let snare = if kit.clap { Drum::Clap } else { Drum::Snare };
        for (_, bar, first, beats) in self.spans() {
            if bar.drums <= 0.0 {
                continue;
            }
            if bar.first {
                score.drums.push((Drum::Crash, first, 0.6));
            }
            let rows = [
                (kit.kick, kick),
                (kit.snare, snare),
                (kit.hat, Drum::Hat),
                (kit.open, Drum::Open),
            ];
            for (row, drum) in rows {
                for (k, step) in row.bytes().enumerate() {
                    let at = k as f32 * 0.25;
                    let fill = bar.last && at >= 3.0;
                    // Few bars have only the cymbals: before the others come in.
                    let thin =
                        bar.drums < 0.5 && !matches!(drum, Drum::Hat | Drum::Kick | Drum::Deep);
                    if step == b'.' || at >= beats || thin || (fill && drum == Drum::Hat) {
                        continue;
                    }
                    let gain = if step == b'x' { 1.0 } else { 0.5 } * self.rng.range(0.88, 1.0);
                    score.drums.push((drum, swung(first + at, self.brief.style.swing), gain));
                }
            }
            if bar.last && beats >= 4.0 && bar.drums > 0.5 {
                for k in 0..4 {
                    let drum = if kit.clap {
                        snare
                    } else if k < 2 {
                        Drum::Snare
                    } else {
                        Drum::Tom
                    };
                    score.drums.push((drum, first + 3.0 + 0.25 * k as f32, 0.45 + 0.15 * k as f32));
                }
            }
        }
        if let Some(at) = self.form.close {
            score.drums.push((kick, at, 1.0));
            score.drums.push((Drum::Crash, at, 0.8));
        }
    }
}

/// The second of two eighths comes later.
fn swung(at: f32, swing: f32) -> f32 {
    let part = at - libm::floorf(at);
    let late = if (part - 0.5).abs() < 0.01 { swing * 0.5 } else { 0.0 };
    at + late
}

/// An introduction, a theme, something else in the middle, the theme again: as far as there is room.
fn sections(count: usize, looped: bool, rng: &mut Rng) -> Vec<Bar> {
    let long = count >= 8;
    let intro = if looped || count < 5 {
        0
    } else if count >= 24 {
        4
    } else {
        2
    };
    let middle = if count >= 14 {
        intro + (count - intro) / 2 / 4 * 4..intro + ((count - intro) / 2 / 4 * 4 + 4)
    } else {
        0..0
    };
    let quiet_middle = rng.chance(0.6);
    (0..count)
        .map(|n| {
            let in_intro = n < intro;
            let in_middle = middle.contains(&n);
            let next = n + 1;
            let edge = next == intro || next == middle.start || next == middle.end;
            Bar {
                drums: if in_intro {
                    if n + 1 == intro { 0.3 } else { 0.0 }
                } else if in_middle && quiet_middle {
                    0.3
                } else {
                    1.0
                },
                bass: !in_intro,
                lead: !(in_intro || in_middle && quiet_middle),
                chords: true,
                other: in_middle,
                first: n > 0 && (n == intro || n == middle.end),
                last: long && (edge || next % 8 == 0 || next == count),
            }
        })
        .collect()
}
