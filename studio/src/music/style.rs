//! The style of the music that the words of a prompt ask for: genre, mood, tempo, key and instruments.

use crate::math::Rng;
use crate::words::split;

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Voice {
    Piano,
    EPiano,
    Organ,
    Guitar,
    Drive,
    Harp,
    Strings,
    Choir,
    Pad,
    Brass,
    Flute,
    Reed,
    Bell,
    Mallet,
    Lead,
    Chip,
    Upright,
    Synth,
    Sub,
}

/// Layout of the chords in a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comp {
    Held,
    Blocks,
    Broken,
    Arp8,
    Arp16,
    Offbeat,
    Strum,
    Jazz,
    Stabs,
}

/// Movement of the bass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Low {
    Drone,
    Roots,
    Pulse,
    Offbeat,
    Walk,
    Funk,
    Trap,
}

/// Drums on sixteen steps: `x` a blow, `o` a soft one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kit {
    pub(super) kick: &'static str,
    pub(super) snare: &'static str,
    pub(super) hat: &'static str,
    pub(super) open: &'static str,
    /// Clap instead of snare.
    pub(super) clap: bool,
    /// Deep and long kick.
    pub(super) deep: bool,
}

/// A genre.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) words: &'static [&'static str],
    pub(super) bpm: (f32, f32),
    pub(super) minor: f32,
    /// Chords as steps of the scale, one a bar; for major and for minor.
    pub(super) major_chords: &'static [[usize; 4]],
    pub(super) minor_chords: &'static [[usize; 4]],
    pub(super) sevenths: bool,
    pub(super) swing: f32,
    pub(super) chords: (Voice, Comp),
    pub(super) pad: Option<Voice>,
    pub(super) lead: Option<Voice>,
    pub(super) bass: (Voice, Low),
    pub(super) kit: Option<Kit>,
    /// Strength by which the kick pushes the rest down, 0 to 1.
    pub(super) pump: f32,
    /// Amount of room.
    pub(super) wet: f32,
    /// Notes of the melody, from 0 (few, long) to 1.
    pub(super) busy: f32,
    /// Dull and worn like a tape.
    pub(super) tape: bool,
}

const POP: &[[usize; 4]] = &[[0, 4, 5, 3], [0, 5, 3, 4], [3, 0, 4, 5], [0, 3, 5, 4]];
const SAD: &[[usize; 4]] = &[[0, 5, 2, 6], [0, 3, 5, 6], [0, 5, 3, 6], [0, 2, 6, 3]];
const SLOW: &[[usize; 4]] = &[[0, 3, 0, 4], [0, 2, 3, 3], [0, 5, 3, 0]];
const DARK: &[[usize; 4]] = &[[0, 0, 5, 5], [0, 5, 0, 6], [0, 3, 0, 5]];
const JAZZ: &[[usize; 4]] = &[[1, 4, 0, 5], [0, 5, 1, 4], [2, 5, 1, 4]];
const JAZZ_MINOR: &[[usize; 4]] = &[[0, 3, 6, 2], [0, 5, 3, 6]];

const FOUR: Kit = Kit {
    kick: "x...x...x...x...",
    snare: "....x.......x...",
    hat: "..o...o...o...o.",
    open: "..x...x...x...x.",
    clap: true,
    deep: false,
};
const ROCK: Kit = Kit {
    kick: "x.......x.x.....",
    snare: "....x.......x...",
    hat: "x.o.x.o.x.o.x.o.",
    open: "................",
    clap: false,
    deep: false,
};
const SOFT: Kit = Kit {
    kick: "x.........o.....",
    snare: "....o.......o...",
    hat: "o.o.o.o.o.o.o.o.",
    open: "................",
    clap: false,
    deep: false,
};
const HOP: Kit = Kit {
    kick: "x..o......x..o..",
    snare: "....x.......x...",
    hat: "x.o.x.o.x.o.x.oo",
    open: "......x.........",
    clap: false,
    deep: false,
};
const TRAP: Kit = Kit {
    kick: "x......x..x.....",
    snare: "........x.......",
    hat: "x.o.x.o.x.oox.oo",
    open: "..............x.",
    clap: true,
    deep: true,
};
const BRUSH: Kit = Kit {
    kick: "o.......o.......",
    snare: "....o..o....o..o",
    hat: "x...x..ox...x..o",
    open: "................",
    clap: false,
    deep: false,
};
const FUNK: Kit = Kit {
    kick: "x..x..x...x..o..",
    snare: "....x..o.o..x..o",
    hat: "x.oxx.o.x.oxx.o.",
    open: "..............o.",
    clap: false,
    deep: false,
};
const EPIC: Kit = Kit {
    kick: "x.....x.x.......",
    snare: "............o...",
    hat: "................",
    open: "................",
    clap: false,
    deep: true,
};
const MARCH: Kit = Kit {
    kick: "x...o...x...o...",
    snare: "....x.......x...",
    hat: "..o...o...o...o.",
    open: "................",
    clap: true,
    deep: false,
};

const BASE: Style = Style {
    words: &[],
    bpm: (90.0, 110.0),
    minor: 0.4,
    major_chords: POP,
    minor_chords: SAD,
    sevenths: false,
    swing: 0.0,
    chords: (Voice::Piano, Comp::Broken),
    pad: Some(Voice::Pad),
    lead: Some(Voice::Bell),
    bass: (Voice::Synth, Low::Roots),
    kit: Some(SOFT),
    pump: 0.0,
    wet: 0.25,
    busy: 0.5,
    tape: false,
};

/// The genre of an index; the last is for words that name none.
pub(super) const STYLES: &[Style] = &[
    Style {
        words: &["ambient", "atmospheric", "drone", "soundscape", "dreamy", "space", "floating"],
        bpm: (60.0, 74.0),
        major_chords: SLOW,
        sevenths: true,
        chords: (Voice::Pad, Comp::Held),
        pad: Some(Voice::Choir),
        lead: Some(Voice::Bell),
        bass: (Voice::Sub, Low::Drone),
        kit: None,
        wet: 0.6,
        busy: 0.1,
        ..BASE
    },
    Style {
        words: &[
            "meditation",
            "meditative",
            "yoga",
            "spa",
            "zen",
            "sleep",
            "relaxation",
            "lullaby",
            "healing",
        ],
        bpm: (52.0, 62.0),
        minor: 0.2,
        major_chords: SLOW,
        chords: (Voice::Harp, Comp::Arp8),
        pad: Some(Voice::Pad),
        lead: Some(Voice::Flute),
        bass: (Voice::Sub, Low::Drone),
        kit: None,
        wet: 0.6,
        busy: 0.15,
        ..BASE
    },
    Style {
        words: &["horror", "scary", "creepy", "haunted", "nightmare", "eerie"],
        bpm: (56.0, 70.0),
        minor: 1.0,
        minor_chords: DARK,
        chords: (Voice::Strings, Comp::Held),
        pad: Some(Voice::Choir),
        lead: Some(Voice::Bell),
        bass: (Voice::Sub, Low::Drone),
        kit: None,
        wet: 0.6,
        busy: 0.15,
        ..BASE
    },
    Style {
        words: &[
            "cinematic",
            "epic",
            "trailer",
            "film",
            "movie",
            "heroic",
            "adventure",
            "dramatic",
            "battle",
        ],
        bpm: (84.0, 100.0),
        minor: 0.85,
        chords: (Voice::Strings, Comp::Arp16),
        pad: Some(Voice::Choir),
        lead: Some(Voice::Brass),
        bass: (Voice::Upright, Low::Pulse),
        kit: Some(EPIC),
        wet: 0.45,
        busy: 0.3,
        ..BASE
    },
    Style {
        words: &["orchestral", "orchestra", "symphony", "symphonic", "classical orchestra"],
        bpm: (84.0, 108.0),
        minor: 0.4,
        chords: (Voice::Strings, Comp::Blocks),
        pad: Some(Voice::Strings),
        lead: Some(Voice::Flute),
        bass: (Voice::Upright, Low::Roots),
        kit: None,
        wet: 0.45,
        busy: 0.5,
        ..BASE
    },
    Style {
        words: &["lofi", "lo-fi", "chillhop", "study", "chill", "chillout"],
        bpm: (72.0, 86.0),
        minor: 0.5,
        major_chords: JAZZ,
        minor_chords: JAZZ_MINOR,
        sevenths: true,
        swing: 0.18,
        chords: (Voice::EPiano, Comp::Jazz),
        pad: None,
        lead: Some(Voice::Piano),
        bass: (Voice::Sub, Low::Roots),
        kit: Some(HOP),
        wet: 0.2,
        busy: 0.35,
        tape: true,
        pump: 0.15,
    },
    Style {
        words: &["synthwave", "retrowave", "outrun", "80s", "eighties", "neon"],
        bpm: (96.0, 112.0),
        minor: 0.9,
        chords: (Voice::Lead, Comp::Arp16),
        pad: Some(Voice::Pad),
        lead: Some(Voice::Lead),
        bass: (Voice::Synth, Low::Pulse),
        kit: Some(ROCK),
        pump: 0.35,
        wet: 0.3,
        busy: 0.45,
        ..BASE
    },
    Style {
        words: &["techno", "trance", "rave", "industrial"],
        bpm: (126.0, 134.0),
        minor: 1.0,
        minor_chords: DARK,
        chords: (Voice::Synth, Comp::Stabs),
        pad: Some(Voice::Pad),
        lead: Some(Voice::Lead),
        bass: (Voice::Synth, Low::Offbeat),
        kit: Some(FOUR),
        pump: 0.7,
        wet: 0.25,
        busy: 0.4,
        ..BASE
    },
    Style {
        words: &["house", "edm", "dance", "disco", "club", "electronic", "deep"],
        bpm: (120.0, 126.0),
        minor: 0.7,
        sevenths: true,
        chords: (Voice::EPiano, Comp::Offbeat),
        pad: Some(Voice::Pad),
        lead: Some(Voice::Lead),
        bass: (Voice::Synth, Low::Offbeat),
        kit: Some(FOUR),
        pump: 0.6,
        wet: 0.25,
        busy: 0.45,
        ..BASE
    },
    Style {
        words: &["trap", "drill", "808"],
        bpm: (136.0, 146.0),
        minor: 1.0,
        minor_chords: DARK,
        chords: (Voice::Bell, Comp::Arp8),
        pad: Some(Voice::Choir),
        lead: Some(Voice::Flute),
        bass: (Voice::Sub, Low::Trap),
        kit: Some(TRAP),
        pump: 0.25,
        wet: 0.25,
        busy: 0.35,
        ..BASE
    },
    Style {
        words: &["hip-hop", "hiphop", "hip", "rap", "boom", "beat", "beats"],
        bpm: (84.0, 94.0),
        minor: 0.8,
        sevenths: true,
        swing: 0.14,
        chords: (Voice::EPiano, Comp::Stabs),
        pad: None,
        lead: Some(Voice::Reed),
        bass: (Voice::Upright, Low::Funk),
        kit: Some(HOP),
        wet: 0.15,
        busy: 0.35,
        ..BASE
    },
    Style {
        words: &["rock", "punk", "metal", "grunge", "indie"],
        bpm: (116.0, 138.0),
        minor: 0.6,
        chords: (Voice::Drive, Comp::Strum),
        pad: None,
        lead: Some(Voice::Drive),
        bass: (Voice::Upright, Low::Pulse),
        kit: Some(ROCK),
        wet: 0.15,
        busy: 0.55,
        ..BASE
    },
    Style {
        words: &["jazz", "swing", "bebop", "bossa", "lounge", "blues", "noir"],
        bpm: (104.0, 136.0),
        minor: 0.3,
        major_chords: JAZZ,
        minor_chords: JAZZ_MINOR,
        sevenths: true,
        swing: 0.3,
        chords: (Voice::Piano, Comp::Jazz),
        pad: None,
        lead: Some(Voice::Reed),
        bass: (Voice::Upright, Low::Walk),
        kit: Some(BRUSH),
        wet: 0.2,
        busy: 0.65,
        ..BASE
    },
    Style {
        words: &["classical", "romantic", "baroque", "waltz", "nocturne", "sonata"],
        bpm: (70.0, 96.0),
        chords: (Voice::Piano, Comp::Broken),
        pad: None,
        lead: Some(Voice::Piano),
        bass: (Voice::Piano, Low::Roots),
        kit: None,
        wet: 0.35,
        busy: 0.55,
        ..BASE
    },
    Style {
        words: &["folk", "acoustic", "country", "campfire", "celtic", "singer"],
        bpm: (92.0, 112.0),
        minor: 0.2,
        chords: (Voice::Guitar, Comp::Strum),
        pad: None,
        lead: Some(Voice::Flute),
        bass: (Voice::Upright, Low::Roots),
        kit: Some(SOFT),
        wet: 0.2,
        busy: 0.5,
        ..BASE
    },
    Style {
        words: &["chiptune", "8-bit", "8bit", "16-bit", "game", "arcade", "retro", "nes"],
        bpm: (128.0, 150.0),
        minor: 0.4,
        chords: (Voice::Chip, Comp::Arp16),
        pad: None,
        lead: Some(Voice::Chip),
        bass: (Voice::Chip, Low::Pulse),
        kit: Some(ROCK),
        wet: 0.05,
        busy: 0.75,
        ..BASE
    },
    Style {
        words: &["funk", "funky", "groove", "soul", "motown"],
        bpm: (100.0, 114.0),
        minor: 0.6,
        minor_chords: DARK,
        sevenths: true,
        swing: 0.08,
        chords: (Voice::EPiano, Comp::Stabs),
        pad: Some(Voice::Organ),
        lead: Some(Voice::Brass),
        bass: (Voice::Synth, Low::Funk),
        kit: Some(FUNK),
        wet: 0.12,
        busy: 0.5,
        ..BASE
    },
    Style {
        words: &[
            "corporate",
            "uplifting",
            "inspiring",
            "motivational",
            "business",
            "technology",
            "advert",
            "commercial",
            "presentation",
            "optimistic",
        ],
        bpm: (108.0, 122.0),
        minor: 0.0,
        chords: (Voice::Piano, Comp::Arp8),
        pad: Some(Voice::Strings),
        lead: Some(Voice::Mallet),
        bass: (Voice::Synth, Low::Pulse),
        kit: Some(MARCH),
        wet: 0.3,
        busy: 0.4,
        pump: 0.15,
        ..BASE
    },
    Style {
        words: &["pop", "happy", "summer", "upbeat", "fun", "cheerful", "party"],
        bpm: (104.0, 122.0),
        minor: 0.15,
        chords: (Voice::Piano, Comp::Blocks),
        pad: Some(Voice::Pad),
        lead: Some(Voice::Lead),
        bass: (Voice::Synth, Low::Pulse),
        kit: Some(ROCK),
        wet: 0.22,
        busy: 0.6,
        pump: 0.25,
        ..BASE
    },
    BASE,
];

/// A mood: words, minor or major, how fast, how loud the drums.
const MOODS: &[(&str, &[&str], f32, f32)] = &[
    (
        "happy",
        &["happy", "joyful", "cheerful", "fun", "playful", "bright", "sunny", "upbeat"],
        0.0,
        1.06,
    ),
    (
        "calm",
        &[
            "calm", "peaceful", "relaxing", "relaxed", "gentle", "soft", "quiet", "soothing",
            "serene",
        ],
        0.2,
        0.86,
    ),
    (
        "sad",
        &[
            "sad",
            "melancholic",
            "melancholy",
            "lonely",
            "emotional",
            "nostalgic",
            "somber",
            "heartbroken",
        ],
        1.0,
        0.86,
    ),
    ("dark", &["dark", "mysterious", "sinister", "scary", "evil", "ominous", "gloomy"], 1.0, 0.94),
    ("tense", &["tense", "suspense", "suspenseful", "anxious", "urgent", "thriller"], 1.0, 1.04),
    (
        "energetic",
        &["energetic", "driving", "powerful", "fast", "intense", "action", "sport", "workout"],
        0.6,
        1.1,
    ),
    ("epic", &["epic", "heroic", "triumphant", "grand", "majestic"], 0.7, 1.0),
    ("romantic", &["romantic", "love", "tender", "warm", "sentimental"], 0.15, 0.92),
    ("dreamy", &["dreamy", "ethereal", "floating", "magical", "hopeful", "wonder"], 0.25, 0.92),
];

const VOICES: &[(&[&str], Voice)] = &[
    (&["piano", "keys", "pianos"], Voice::Piano),
    (&["rhodes", "epiano", "wurlitzer"], Voice::EPiano),
    (&["organ", "hammond"], Voice::Organ),
    (&["guitar", "guitars", "ukulele", "banjo"], Voice::Guitar),
    (&["harp", "kalimba", "koto"], Voice::Harp),
    (&["strings", "violin", "violins", "cello", "viola"], Voice::Strings),
    (&["choir", "vocals", "voices", "vocal"], Voice::Choir),
    (&["pad", "pads"], Voice::Pad),
    (&["brass", "trumpet", "trumpets", "horns", "horn", "trombone"], Voice::Brass),
    (&["flute", "whistle", "recorder", "ocarina"], Voice::Flute),
    (&["sax", "saxophone", "clarinet", "oboe"], Voice::Reed),
    (&["bell", "bells", "celesta", "glockenspiel"], Voice::Bell),
    (&["marimba", "xylophone", "mallets", "vibraphone"], Voice::Mallet),
    (&["synth", "synths", "synthesizer", "lead"], Voice::Lead),
];

/// Words of the tempo, the key and the players that belong to no style.
const TERMS: &str = "slow slowly fast quick minor major bpm sharp flat solo unaccompanied drum drums percussion beat beats \
     bass basses melody lead tune key tempo";

/// True if a word means something to the composer.
pub(super) fn knows(word: &str) -> bool {
    STYLES.iter().any(|style| style.words.contains(&word))
        || MOODS.iter().any(|(name, words, ..)| *name == word || words.contains(&word))
        || VOICES.iter().any(|(words, _)| words.contains(&word))
        || TERMS.split_ascii_whitespace().any(|term| term == word)
}

/// All that the composer is told.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) style: Style,
    pub(super) bpm: f32,
    /// MIDI note of the key, from 54 to 65.
    pub(super) root: i32,
    pub(super) minor: bool,
    pub(super) drums: bool,
    pub(super) bass: bool,
    pub(super) melody: bool,
}

impl Brief {
    /// From the words and the settings; `tempo` 0 and `mood` `auto` leave it to the words.
    pub(super) fn of(prompt: &str, tempo: f32, mood: &str, key: &str, rng: &mut Rng) -> Self {
        let (said, left_out) = words(prompt);
        let says = |any: &[&str]| said.iter().any(|word| any.contains(&word.as_str()));
        let without = |any: &[&str]| left_out.iter().any(|word| any.contains(&word.as_str()));
        let score =
            |style: &Style| said.iter().filter(|w| style.words.contains(&w.as_str())).count();
        let best = STYLES.iter().map(score).max().unwrap_or_default();
        let mut style = match STYLES.iter().find(|style| score(style) == best) {
            Some(style) if best > 0 => style.clone(),
            _ => default_style(mood),
        };
        let mood = MOODS.iter().find(|(name, ..)| *name == mood).or_else(|| {
            MOODS
                .iter()
                .find(|(_, words, ..)| said.iter().any(|word| words.contains(&word.as_str())))
        });
        let minor_chance = mood.map_or(style.minor, |(_, _, minor, _)| *minor);
        let mut minor = rng.unit() < minor_chance;
        let pace = mood.map_or(1.0, |(.., pace)| *pace);
        let mut bpm = rng.range(style.bpm.0, style.bpm.1) * pace;
        bpm *= if says(&["slow", "slowly"]) {
            0.82
        } else if says(&["fast", "quick"]) {
            1.18
        } else {
            1.0
        };
        if let Some(said) = bpm_in(prompt) {
            bpm = said;
        }
        if tempo > 0.0 {
            bpm = tempo;
        }
        let mut root = 54 + rng.below(12) as i32;
        let key = if key.is_empty() || key == "auto" {
            key_in(prompt)
        } else {
            key_in(&format!("in {key}"))
        };
        if let Some((pitch, is_minor)) = key {
            root = 54 + (pitch - 54).rem_euclid(12);
            minor = is_minor.unwrap_or(minor);
        } else if says(&["minor"]) {
            minor = true;
        } else if says(&["major"]) {
            minor = false;
        }
        let asked: Vec<Voice> =
            VOICES.iter().filter(|(words, _)| says(words)).map(|(_, voice)| *voice).collect();
        seat(&mut style, &asked);
        for (words, voice) in VOICES {
            if without(words) {
                dismiss(&mut style, *voice);
            }
        }
        let solo = says(&["solo", "unaccompanied"]) && !asked.is_empty();
        let drums = !without(&["drum", "drums", "percussion", "beat", "beats"]) && !solo;
        if drums && style.kit.is_none() && says(&["drum", "drums", "percussion", "beat", "beats"]) {
            style.kit = Some(SOFT);
        }
        if solo {
            style.chords.0 = asked[0];
            style.lead = Some(asked[0]);
            style.pad = None;
        }
        Self {
            style,
            bpm: bpm.clamp(40.0, 220.0),
            root,
            minor,
            drums,
            bass: !without(&["bass", "basses"]) && (!solo || asked[0] == Voice::Piano),
            melody: !without(&["melody", "lead", "tune"]),
        }
    }
}

/// A genre for a mood where no genre is named.
fn default_style(mood: &str) -> Style {
    let word = match mood {
        "happy" => "pop",
        "calm" | "dreamy" => "ambient",
        "dark" | "tense" | "epic" => "cinematic",
        "energetic" => "house",
        "romantic" | "sad" => "classical",
        _ => return BASE,
    };
    STYLES.iter().find(|style| style.words.contains(&word)).cloned().unwrap_or(BASE)
}

/// Gives those who were asked for a place: melodies to those who sing, chords to the others.
fn seat(style: &mut Style, asked: &[Voice]) {
    use Voice as V;
    for voice in asked {
        let sings = matches!(voice, V::Brass | V::Flute | V::Reed | V::Lead | V::Bell | V::Mallet);
        let plays = [Some(style.chords.0), style.pad, style.lead].contains(&Some(*voice));
        if plays {
            continue;
        }
        if sings {
            style.lead = Some(*voice);
        } else if matches!(voice, V::Strings | V::Choir | V::Pad | V::Organ) {
            style.pad = Some(*voice);
        } else {
            style.chords.0 = *voice;
            style.chords.1 = match (voice, style.chords.1) {
                (V::Guitar, Comp::Held | Comp::Blocks) => Comp::Strum,
                (V::Piano | V::Harp, Comp::Held) => Comp::Arp8,
                (_, comp) => comp,
            };
        }
    }
}

/// Sends somebody away; another takes the chords, nobody the rest.
fn dismiss(style: &mut Style, voice: Voice) {
    if style.chords.0 == voice {
        style.chords.0 = if voice == Voice::Piano { Voice::EPiano } else { Voice::Piano };
    }
    style.pad = style.pad.filter(|pad| *pad != voice);
    style.lead = style.lead.filter(|lead| *lead != voice);
}

/// The words that are said, and those that are to be left out.
fn words(prompt: &str) -> (Vec<String>, Vec<String>) {
    let text: String = prompt.chars().take(4000).collect::<String>().to_lowercase();
    let (mut said, mut left_out) = (Vec::new(), Vec::new());
    for clause in text.split([',', ';', '.', '!', '?', '\n']) {
        let mut negated = false;
        for word in split(clause, &['-']) {
            match word {
                "no" | "without" | "not" => negated = true,
                "with" | "but" | "just" | "only" => negated = false,
                word if negated => left_out.push(word.to_owned()),
                word => said.push(word.to_owned()),
            }
        }
    }
    (said, left_out)
}

/// The number before “bpm”.
fn bpm_in(prompt: &str) -> Option<f32> {
    let text = prompt.to_lowercase();
    let before = &text[..text.find("bpm")?];
    let digits: String = before.trim_end().chars().rev().take_while(char::is_ascii_digit).collect();
    let bpm: f32 = digits.chars().rev().collect::<String>().parse().ok()?;
    (40.0..=220.0).contains(&bpm).then_some(bpm)
}

/// A key such as “in A minor” or “F# major”: the pitch, and whether it is minor where that is said.
fn key_in(prompt: &str) -> Option<(i32, Option<bool>)> {
    let words: Vec<&str> = prompt.split([' ', ',', '.', '\n']).filter(|w| !w.is_empty()).collect();
    for (n, word) in words.iter().enumerate() {
        let before = n.checked_sub(1).map(|n| words[n].to_lowercase()).unwrap_or_default();
        let next = words.get(n + 1).map(|next| next.to_lowercase()).unwrap_or_default();
        let mode = match next.as_str() {
            "minor" | "min" => Some(true),
            "major" | "maj" => Some(false),
            _ => None,
        };
        if mode.is_none() && !matches!(before.as_str(), "in" | "key" | "of") {
            continue;
        }
        let mut chars = word.chars();
        let pitch = match chars.next()?.to_ascii_uppercase() {
            'C' => 60,
            'D' => 62,
            'E' => 64,
            'F' => 65,
            'G' => 67,
            'A' => 69,
            'B' => 71,
            _ => continue,
        };
        let rest: String = chars.collect();
        let (shift, mode) = match rest.as_str() {
            "" => (0, mode),
            "#" | "♯" | "-sharp" => (1, mode),
            "b" | "♭" | "-flat" => (-1, mode),
            "m" => (0, Some(true)),
            "#m" => (1, Some(true)),
            "bm" => (-1, Some(true)),
            _ => continue,
        };
        // “In a …” is no key.
        if mode.is_none() && *word == "a" {
            continue;
        }
        return Some((pitch + shift, mode));
    }
    None
}

#[cfg(test)]
mod tests;
