//! The sounds of a mix: settings that hold one value for each wire, read leniently and written so that a sound
//! connected later has its default.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::core::wire_order::with_moved;

/// A setting with one value for each sound.
pub struct Part {
    /// Its name.
    pub key: &'static str,
    /// Words for it.
    pub label: &'static str,
    /// Of a sound for which nothing is said.
    pub default: f64,
    /// The largest value.
    pub most: f64,
}

/// How loud each is.
pub const VOLUMES: Part = Part { key: "volumes", label: "Volume", default: 1.0, most: 4.0 };
/// When each begins and how it fades, in seconds.
pub const TIMES: [Part; 3] = [
    Part { key: "offsets", label: "Starts at", default: 0.0, most: 3600.0 },
    Part { key: "fade_in", label: "Fade in", default: 0.0, most: 60.0 },
    Part { key: "fade_out", label: "Fade out", default: 0.3, most: 60.0 },
];
/// Which of them is the voice, counted from 1; 0 where the mixer listens for speech.
pub const VOICE: &str = "voice_track";

/// The settings to write when the sound at one place moves to another, so that each keeps its own.
#[must_use]
pub fn moved(
    settings: &BTreeMap<String, Value>,
    count: usize,
    from: usize,
    to: usize,
) -> Vec<(&'static str, Value)> {
    let mut changed = Vec::new();
    for part in [&VOLUMES].into_iter().chain(&TIMES) {
        let text = settings.get(part.key).and_then(Value::as_str).unwrap_or_default();
        let values = read(text, count, part.default);
        let after = with_moved(values.clone(), from, to);
        if after != values {
            changed.push((part.key, json!(join(&after, part.default))));
        }
    }
    let voice = settings.get(VOICE).and_then(Value::as_u64).unwrap_or(0) as usize;
    let order = with_moved((1..=count).collect(), from, to);
    if let Some(at) = order.iter().position(|sound| *sound == voice).filter(|at| at + 1 != voice) {
        changed.push((VOICE, json!(at + 1)));
    }
    changed
}

/// One value for each sound, as the mixer reads it: a single number is for all of them, a place left empty and
/// whatever is not written has the default.
#[must_use]
pub fn read(text: &str, count: usize, default: f64) -> Vec<f64> {
    let words: Vec<&str> = text.split([',', ';']).map(str::trim).collect();
    let value = |word: &str| word.parse::<f64>().ok().filter(|v| v.is_finite()).unwrap_or(default);
    (0..count)
        .map(|n| match words.as_slice() {
            [one] => value(one),
            all => all.get(n).map_or(default, |word| value(word)),
        })
        .collect()
}

/// The setting with another value for one sound; empty once all are the default.
#[must_use]
pub fn write(text: &str, count: usize, default: f64, at: usize, value: f64) -> String {
    let mut values = read(text, count, default);
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
    join(&values, default)
}

/// Values as the setting holds them.
fn join(values: &[f64], default: f64) -> String {
    let is_default = |v: f64| (v - default).abs() < 1e-9;
    if values.iter().all(|v| is_default(*v)) {
        return String::new();
    }
    let words: Vec<String> =
        values.iter().map(|v| if is_default(*v) { String::new() } else { short(*v) }).collect();
    // A single number would be for every sound that is connected later.
    if words.len() == 1 { format!("{},", words[0]) } else { words.join(",") }
}

/// With at most three digits after the point.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_all_and_gaps_have_the_default() {
        assert_eq!(read("", 2, 1.0), [1.0, 1.0]);
        assert_eq!(read("0.5", 2, 1.0), [0.5, 0.5]);
        assert_eq!(read("0.5,", 2, 1.0), [0.5, 1.0]);
        assert_eq!(read(" 0.5 ; x ,2, 3", 3, 1.0), [0.5, 1.0, 2.0]);
    }

    #[test]
    fn every_sound_keeps_its_own_when_one_moves() {
        let settings: BTreeMap<String, Value> = [
            ("volumes".to_owned(), json!("0.5,,2")),
            ("offsets".to_owned(), json!("4")),
            ("voice_track".to_owned(), json!(3)),
        ]
        .into();
        let changed = moved(&settings, 3, 2, 0);
        assert_eq!(changed, [("volumes", json!("2,0.5,")), (VOICE, json!(1))]);
        assert!(moved(&settings, 3, 1, 1).is_empty());
    }

    #[test]
    fn what_is_written_is_read_and_a_new_sound_has_the_default() {
        let one = write("", 1, 1.0, 0, 0.25);
        assert_eq!(read(&one, 3, 1.0), [0.25, 1.0, 1.0]);
        let two = write(&one, 3, 1.0, 2, 1.75);
        assert_eq!(read(&two, 3, 1.0), [0.25, 1.0, 1.75]);
        assert_eq!(write(&write(&two, 3, 1.0, 0, 1.0), 3, 1.0, 2, 1.0), "");
        assert_eq!(write("0.5", 2, 1.0, 1, 2.0), "0.5,2");
    }
}
