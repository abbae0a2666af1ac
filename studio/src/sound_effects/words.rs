//! Which words make which sounds.

use super::stage::{Mods, Stage};
use super::{animals, machines, nature, screen, things};
use crate::words::{singulars, split};
use gesso_media::WorkError;

/// Builds one layer.
pub(super) type Build = fn(&mut Stage<'_>) -> Result<(), WorkError>;

/// A sound that has a name.
pub(super) struct Category {
    /// Names it goes by; of a name of several words all must stand together.
    pub(super) names: &'static [&'static str],
    pub(super) build: Build,
    /// Goes on and on, instead of happening.
    pub(super) steady: bool,
}

const fn steady(names: &'static [&'static str], build: Build) -> Category {
    Category { names, build, steady: true }
}

const fn happens(names: &'static [&'static str], build: Build) -> Category {
    Category { names, build, steady: false }
}

/// Every sound that has a name.
pub(super) const CATEGORIES: &[Category] = &[
    steady(&["rain", "raining", "rainfall", "drizzle", "downpour", "shower"], nature::rain),
    happens(&["thunder", "thunderstorm", "lightning", "storm"], nature::thunder),
    steady(&["wind", "windy", "breeze", "gust", "blizzard"], nature::wind),
    steady(&["sea", "ocean", "wave", "surf", "beach", "shore"], nature::waves),
    steady(
        &["river", "stream", "brook", "creek", "waterfall", "fountain", "running water"],
        nature::river,
    ),
    steady(&["fire", "campfire", "fireplace", "flame", "bonfire", "burning"], nature::fire),
    steady(&["leave", "rustling", "rustle", "foliage"], nature::leaves),
    happens(&["water drop", "drop of water", "drip", "dripping", "droplet", "leak"], nature::drop),
    happens(&["splash", "dive", "plunge"], nature::splash),
    steady(&["bubble", "bubbling", "boiling", "underwater", "aquarium"], nature::bubbles),
    happens(&["footstep", "step", "walking", "walk", "running", "boots"], things::footsteps),
    happens(&["gallop", "galloping", "horse", "hoof", "hooves"], things::gallop),
    happens(&["knock", "knocking"], things::knock),
    happens(&["creak", "creaking", "creaky", "squeak", "door opening", "door open"], things::creak),
    happens(&["slam", "door close", "door closing", "door shut", "door"], things::slam),
    happens(
        &[
            "glass break",
            "breaking glass",
            "glass shatter",
            "shatter",
            "shattering",
            "glass",
            "window break",
        ],
        things::glass,
    ),
    happens(
        &["explosion", "explode", "exploding", "bomb", "blast", "detonation"],
        things::explosion,
    ),
    happens(&["gunshot", "gun", "pistol", "rifle", "shot"], things::gunshot),
    happens(&["firework", "fireworks", "firecracker"], things::fireworks),
    happens(&["whoosh", "swoosh", "swish", "transition", "swipe"], things::whoosh),
    happens(
        &["impact", "hit", "punch", "thud", "boom", "slap", "crash", "braam", "bang"],
        things::impact,
    ),
    happens(&["sword", "blade", "clash"], things::sword),
    happens(&["bell", "church bell", "doorbell", "ding", "gong", "toll"], things::bell),
    steady(&["wind chime", "chime", "chimes"], things::chimes),
    happens(&["clock", "tick", "ticking", "clock tick", "tock", "metronome"], things::clock),
    happens(&["heartbeat", "heart", "heart beat", "pulse"], things::heartbeat),
    happens(&["keyboard", "typing", "typewriter", "keystroke", "keyboard typing"], things::typing),
    happens(&["shutter", "camera shutter", "camera", "photo", "snapshot"], things::shutter),
    happens(&["paper", "page", "page turn", "crumple", "newspaper"], things::paper),
    happens(&["drum roll", "drumroll", "snare"], things::drum_roll),
    steady(&["applause", "clapping", "clap", "ovation"], things::applause),
    steady(
        &[
            "crowd",
            "people talking",
            "chatter",
            "restaurant",
            "cafe",
            "audience",
            "cheer",
            "market",
            "murmur",
            "babble",
        ],
        things::crowd,
    ),
    steady(&["breath", "breathing", "breathe", "snoring", "snore"], things::breathing),
    steady(
        &[
            "engine",
            "car",
            "motor",
            "motorcycle",
            "motorbike",
            "truck",
            "chainsaw",
            "traffic",
            "tractor",
            "vehicle",
        ],
        machines::engine,
    ),
    happens(
        &["car horn", "honk", "honking", "horn", "foghorn", "ship horn", "ship"],
        machines::horn,
    ),
    steady(&["train", "railway", "locomotive", "subway", "rail"], machines::train),
    steady(
        &["aeroplane", "airplane", "plane", "jet", "aircraft", "flyby", "rocket"],
        machines::aeroplane,
    ),
    steady(&["helicopter", "chopper", "drone", "propeller"], machines::helicopter),
    steady(&["siren", "police", "ambulance", "fire engine"], machines::siren),
    happens(&["alarm", "alarm clock", "alert", "warning"], machines::alarm),
    happens(&["beep", "bleep", "heart monitor"], machines::beep),
    happens(&["phone", "telephone", "phone ring", "ringtone", "ringing", "ring"], machines::phone),
    steady(&["vinyl", "vinyl crackle", "record player", "crackle", "gramophone"], machines::vinyl),
    steady(
        &["static", "radio", "white noise", "tv noise", "interference", "noise"],
        machines::static_noise,
    ),
    steady(
        &[
            "fan",
            "air conditioner",
            "ventilation",
            "fridge",
            "vacuum",
            "server room",
            "hum",
            "room tone",
            "dishwasher",
        ],
        machines::fan,
    ),
    happens(&["steam", "hiss", "spray", "pressure"], machines::steam),
    steady(&["electricity", "electric", "zap", "spark", "buzz", "tesla"], machines::zap),
    happens(
        &["riser", "rise", "build up", "buildup", "tension rise", "downer", "powerdown"],
        machines::riser,
    ),
    steady(
        &["bird", "birdsong", "songbird", "chirp", "chirping", "tweet", "dawn chorus"],
        animals::birds,
    ),
    steady(&["gull", "seagull"], animals::gulls),
    steady(&["cricket", "cicada", "insect", "night"], animals::crickets),
    happens(&["dog", "bark", "barking", "dog bark", "puppy"], animals::dog),
    happens(&["cat", "meow", "kitten", "purr", "purring"], animals::cat),
    happens(&["frog", "toad", "croak", "croaking"], animals::frogs),
    steady(&["bee", "fly", "mosquito", "wasp", "swarm", "buzzing"], animals::bees),
    happens(&["owl", "hoot"], animals::owl),
    happens(&["wolf", "howl", "wolve", "coyote"], animals::wolf),
    happens(&["cow", "moo", "cattle"], animals::cow),
    happens(&["rooster", "cock", "chicken"], animals::rooster),
    happens(
        &["monster", "growl", "roar", "dragon", "lion", "beast", "zombie", "dinosaur", "bear"],
        animals::monster,
    ),
    happens(&["click", "ui click", "button", "tap", "mouse click", "switch"], screen::click),
    happens(&["pop", "ui pop", "plop"], screen::pop),
    happens(&["notification", "message", "reminder", "ping"], screen::notification),
    happens(
        &["success", "correct", "complete", "win", "victory", "level up", "achievement", "confirm"],
        screen::success,
    ),
    happens(
        &["error", "wrong", "fail", "failure", "denied", "gameover", "buzzer"],
        screen::failure,
    ),
    happens(&["coin", "money", "cash", "coins"], screen::coin),
    happens(&["laser", "blaster", "ray gun", "phaser"], screen::laser),
    happens(&["robot", "droid", "android", "computer", "servo"], screen::robot),
    steady(
        &["spaceship", "spaceship hum", "starship", "space", "reactor", "sci fi", "scifi"],
        screen::spaceship,
    ),
    happens(
        &[
            "sparkle",
            "magic",
            "magical",
            "fairy",
            "spell",
            "twinkle",
            "shimmer",
            "glitter",
            "magic sparkle",
        ],
        screen::sparkle,
    ),
    happens(&["jump", "hop", "bounce"], screen::jump),
    happens(&["power up", "powerup", "upgrade", "arcade"], screen::powerup),
    happens(&["glitch", "data", "malfunction"], screen::glitch),
];

/// A layer that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Place in [`CATEGORIES`]; none for what has no name.
    pub(super) category: Option<usize>,
    pub(super) mods: Mods,
    pub(super) words: Vec<String>,
}

/// Most layers at once.
const LAYERS_MAX: usize = 8;

/// The layers a prompt asks for, in its order.
pub(super) fn asked(prompt: &str) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    for clause in clauses(prompt) {
        let mut mods = mods_of(&clause);
        let found = found_in(&clause);
        // What follows without a name, as in “a storm, far away”, is about what came before.
        if found.is_empty() {
            if let (Some(last), true) = (asked.last_mut(), mods != Mods::default()) {
                last.mods = merged(last.mods, mods);
                last.words.extend(clause);
            }
            continue;
        }
        // One number counts one sound: “three knocks and a bell” are in two clauses anyway.
        for category in found {
            if asked.len() < LAYERS_MAX
                && asked.iter().all(|other| other.category != Some(category))
            {
                asked.push(Asked { category: Some(category), mods, words: clause.clone() });
                mods.count = None;
            }
        }
    }
    if asked.is_empty() {
        let words: Vec<String> = clauses(prompt).into_iter().flatten().collect();
        asked.push(Asked { category: None, mods: mods_of(&words), words });
    }
    asked
}

/// The parts of a prompt that speak of one thing each, in lower-case words; those after “no” and “without” are left out.
pub(super) fn clauses(prompt: &str) -> Vec<Vec<String>> {
    let text: String = prompt.chars().take(4000).collect::<String>().to_lowercase();
    let mut clauses = vec![Vec::new()];
    let mut skip = false;
    for part in text.split_inclusive([',', ';', '.', '!', '?', '\n', ':', '+', '&', '(', ')']) {
        for word in split(part, &['\'']) {
            match word {
                "no" | "without" | "not" => {
                    skip = true;
                    clauses.push(Vec::new());
                }
                "with" | "and" | "then" | "while" | "plus" | "over" | "under" | "but"
                | "behind" => {
                    // “No wind and rain” leaves out both.
                    skip &= word == "and";
                    clauses.push(Vec::new());
                }
                _ if skip => {}
                _ => clauses
                    .last_mut()
                    .expect("one is there from the beginning")
                    .push(word.to_owned()),
            }
        }
        if !part.ends_with(char::is_alphanumeric) {
            skip = false;
            clauses.push(Vec::new());
        }
    }
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

/// The categories a clause names, the longest name first at each word.
fn found_in(clause: &[String]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < clause.len() {
        let mut best: Option<(usize, usize)> = None;
        for (n, category) in CATEGORIES.iter().enumerate() {
            for name in category.names {
                let words: Vec<&str> = name.split(' ').collect();
                let fits = clause.len() - at >= words.len()
                    && words.iter().zip(&clause[at..]).all(|(name, word)| same(name, word));
                if fits && best.is_none_or(|(len, _)| words.len() > len) {
                    best = Some((words.len(), n));
                }
            }
        }
        let Some((len, category)) = best else {
            at += 1;
            continue;
        };
        found.push(category);
        at += len;
    }
    // “Footsteps running in a forest” walk; a thing that is opened, closed or knocked at is no second door.
    let is = |n: usize, name: &str| CATEGORIES[n].names.contains(&name);
    let generic = |n: usize| {
        ["door", "glass", "camera", "ring", "step", "night", "fly", "noise", "hum", "storm"]
            .iter()
            .any(|g| is(n, g))
    };
    if found.len() > 1 && found.iter().any(|n| !generic(*n)) {
        let named: Vec<usize> = clause_nouns(clause);
        found.retain(|n| !generic(*n) || named.contains(n));
    }
    found
}

/// Categories named by more than their generic word.
fn clause_nouns(clause: &[String]) -> Vec<usize> {
    let generic =
        ["door", "glass", "camera", "ring", "step", "night", "fly", "noise", "hum", "storm"];
    let mut named = Vec::new();
    for (n, category) in CATEGORIES.iter().enumerate() {
        let mut names = category.names.iter().filter(|name| !generic.contains(name));
        if names.any(|name| clause.iter().any(|word| same(name, word))) {
            named.push(n);
        }
    }
    named
}

fn same(name: &str, word: &str) -> bool {
    word.chars().next() == name.chars().next() && singulars(word).any(|form| form == name)
}

/// True if a word means something to it.
pub(super) fn knows(word: &str) -> bool {
    let names = CATEGORIES.iter().flat_map(|category| category.names);
    let is_name = names.flat_map(|name| name.split(' ')).any(|name| same(name, word));
    is_name || mods_of(&[word.to_owned()]) != Mods::default()
}

fn merged(a: Mods, b: Mods) -> Mods {
    Mods {
        distant: a.distant.max(b.distant),
        heavy: (a.heavy + b.heavy).clamp(-1.0, 1.0),
        pace: a.pace * b.pace,
        pitch: a.pitch * b.pitch,
        count: a.count.or(b.count),
    }
}

fn mods_of(words: &[String]) -> Mods {
    let mut mods = Mods::default();
    for word in words {
        match word.as_str() {
            "distant" | "far" | "faraway" | "away" | "faint" | "muffled" | "background" => {
                mods.distant = 1.0
            }
            "heavy" | "hard" | "loud" | "strong" | "big" | "huge" | "massive" | "powerful"
            | "intense" | "giant" | "rough" | "stormy" | "large" | "violent" => {
                mods.heavy = (mods.heavy + 0.8).min(1.0)
            }
            "soft" | "gentle" | "light" | "quiet" | "calm" | "small" | "little" | "tiny"
            | "subtle" | "mild" | "short" => mods.heavy = (mods.heavy - 0.7).max(-1.0),
            "fast" | "quick" | "rapid" | "hurried" | "frantic" | "racing" => mods.pace *= 1.6,
            "slow" | "slowly" | "lazy" | "relaxed" | "sleepy" => mods.pace *= 0.62,
            "high" | "bright" | "squeaky" => mods.pitch *= 1.4,
            "low" | "deep" | "dark" => mods.pitch *= 0.72,
            "single" | "one" | "once" => mods.count = Some(1),
            "two" | "twice" | "double" => mods.count = Some(2),
            "three" | "thrice" | "triple" => mods.count = Some(3),
            "four" => mods.count = Some(4),
            "five" => mods.count = Some(5),
            "six" => mods.count = Some(6),
            "seven" => mods.count = Some(7),
            "eight" => mods.count = Some(8),
            "ten" => mods.count = Some(10),
            _ => {
                if let Some(n) = word.parse::<usize>().ok().filter(|n| (1..=40).contains(n)) {
                    mods.count = Some(n);
                }
            }
        }
    }
    mods
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prompt: &str) -> Vec<&'static str> {
        asked(prompt).iter().map(|a| a.category.map_or("?", |n| CATEGORIES[n].names[0])).collect()
    }

    #[test]
    fn words_become_layers() {
        for (prompt, layers) in [
            ("Heavy rain with distant thunder", &["rain", "thunder"][..]),
            ("Calm sea waves with distant birds", &["sea", "bird"]),
            ("three knocks on a wooden door", &["knock"]),
            ("A door creaking open slowly", &["creak"]),
            ("slamming the door", &["slam"]),
            ("breaking glass", &["glass break"]),
            ("footsteps on gravel, no wind", &["footstep"]),
            ("Phone ring", &["phone"]),
            ("UI click", &["click"]),
            ("camera shutter", &["shutter"]),
            ("church bell", &["bell"]),
            ("crickets at night", &["cricket"]),
            ("something nobody knows", &["?"]),
            ("", &["?"]),
        ] {
            assert_eq!(names(prompt), layers, "{prompt}");
        }
    }

    #[test]
    fn adjectives_stay_with_their_nouns() {
        let layers = asked("Heavy rain with distant thunder and 5 slow footsteps");
        assert!(layers[0].mods.heavy > 0.0 && layers[0].mods.distant == 0.0);
        assert!(layers[1].mods.distant > 0.0 && layers[1].mods.heavy == 0.0);
        assert!(layers[2].mods.count == Some(5) && layers[2].mods.pace < 1.0);
    }

    #[test]
    fn every_name_finds_its_own_sound() {
        for (n, category) in CATEGORIES.iter().enumerate() {
            for name in category.names {
                assert!(asked(name).iter().any(|a| a.category == Some(n)), "{name}");
            }
        }
    }
}
