use serde_json::Value;

use super::*;
use crate::models;
use crate::sound::testing::{Heard, tools};

fn hear_seed(prompt: &str, settings: &[(&str, Value)], seed: u64) -> Heard {
    let (tools, _dir) = tools();
    let params = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let job =
        Job { model: "studio-music".into(), prompt: prompt.into(), params, seed, ..Job::default() };
    Heard::of(&models::compute(&job, &tools, &Control::none()).unwrap()[0])
}

fn hear(prompt: &str, settings: &[(&str, Value)]) -> Heard {
    hear_seed(prompt, settings, 7)
}

/// Beats a minute, by how well the rises of loudness repeat.
fn tempo(heard: &Heard, near: std::ops::Range<f64>) -> f64 {
    const HOP: usize = 240;
    // The kick alone: what lies low.
    let mut mono = heard.mono();
    Biquad::lowpass(90.0, 0.7).all(&mut mono);
    let levels: Vec<f32> = mono
        .chunks(HOP)
        .map(|c| (c.iter().map(|s| s * s).sum::<f32>() / HOP as f32).sqrt())
        .collect();
    let rises: Vec<f32> = levels.windows(2).map(|w| (w[1] - w[0]).max(0.0)).collect();
    let lag = |bpm: f64| (60.0 / bpm * 48_000.0 / HOP as f64).round() as usize;
    let same = |lag: usize| rises.iter().zip(&rises[lag..]).map(|(a, b)| a * b).sum::<f32>();
    let best =
        (lag(near.end)..=lag(near.start)).max_by(|a, b| same(*a).total_cmp(&same(*b))).unwrap();
    60.0 * 48_000.0 / HOP as f64 / best as f64
}

#[test]
fn every_genre_is_as_long_and_loud_as_it_should_be() {
    for style in style::STYLES {
        let name = style.words.first().copied().unwrap_or("nothing");
        let heard = hear(name, &[("duration", 5.into())]);
        assert!((heard.seconds() - 5.0).abs() < 1e-6, "{name}");
        assert!((-17.0..-15.2).contains(&heard.lufs()), "{name}: {} LUFS", heard.lufs());
        assert!(heard.true_peak_db() <= -1.0, "{name}: {} dBTP", heard.true_peak_db());
        assert!(heard.ends() < 0.01, "{name} clicks: {}", heard.ends());
    }
}

#[test]
fn the_tempo_is_kept() {
    // Whole bars, so that a loop need not bend it.
    for (bpm, seconds) in [(100.0, 12), (128.0, 15)] {
        let settings = [("duration", seconds.into()), ("tempo", bpm.into()), ("loop", true.into())];
        let heard = hear("techno without bass", &settings);
        let found = tempo(&heard, bpm * 0.8..bpm * 1.25);
        assert!((found - bpm).abs() < 2.5, "{found} for {bpm}");
    }
}

#[test]
fn all_notes_are_in_the_key_and_the_end_is_its_root() {
    for (seed, minor) in [(1, true), (2, false), (3, true)] {
        let words = if minor { "cinematic in D minor" } else { "pop in D major" };
        let mut brief = Brief::of(words, 0.0, "auto", "auto", &mut Rng::new(seed));
        let form = form(&mut brief, 40.0, false);
        let score = Composer::new(&brief, form, &Rng::new(seed)).score();
        let scale: &[i32] = if minor { &[2, 4, 5, 7, 9, 10, 0] } else { &[2, 4, 6, 7, 9, 11, 1] };
        for part in &score.parts {
            assert!(!part.notes.is_empty(), "{:?}", part.voice);
            for note in &part.notes {
                assert!(scale.contains(&note.pitch.rem_euclid(12)), "{:?} {note:?}", part.voice);
            }
        }
        let bass = score.parts.last().unwrap();
        let last = bass.notes.iter().max_by(|a, b| a.at.total_cmp(&b.at)).unwrap();
        assert!(last.pitch.rem_euclid(12) == 2 && Some(last.at) == form.close);
    }
}

#[test]
fn chords_lead_into_each_other_and_the_motif_returns() {
    let mut brief =
        Brief::of("classical piano in C major, 80 bpm", 0.0, "auto", "auto", &mut Rng::new(4));
    let form = form(&mut brief, 60.0, false);
    let score = Composer::new(&brief, form, &Rng::new(4)).score();
    let melody = &score.parts[1];
    let rhythm = |bar: f32| -> Vec<i32> {
        let inside = melody.notes.iter().filter(|n| (bar * 4.0..bar * 4.0 + 8.0).contains(&n.at));
        inside.map(|n| ((n.at - bar * 4.0) * 100.0).round() as i32).collect()
    };
    assert!(!rhythm(2.0).is_empty());
    assert_eq!(rhythm(2.0), rhythm(8.0), "the motif comes back");
}

#[test]
fn drums_stay_away_when_they_are_not_wanted() {
    let with = hear("pop at 120 bpm", &[("duration", 8.into())]);
    let without = hear("pop at 120 bpm without drums", &[("duration", 8.into())]);
    assert!(with.brightness_hz() > without.brightness_hz() * 1.2);
}

#[test]
fn a_loop_is_whole_bars_and_has_no_seam() {
    for prompt in ["house", "ambient", "lo-fi"] {
        let heard = hear(prompt, &[("duration", 8.into()), ("loop", true.into())]);
        assert!((heard.seconds() - 8.0).abs() < 1e-6);
        for channel in [&heard.left, &heard.right] {
            let usual = channel.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
            let seam = (channel[0] - channel[channel.len() - 1]).abs();
            assert!(seam <= usual, "{prompt}: {seam} {usual}");
        }
    }
}

#[test]
fn the_seed_decides() {
    let short = [("duration", Value::from(4))];
    assert_eq!(hear_seed("jazz", &short, 5), hear_seed("jazz", &short, 5));
    assert_ne!(hear_seed("jazz", &short, 5), hear_seed("jazz", &short, 6));
}

#[test]
fn a_stop_is_heard() {
    let (tools, _dir) = tools();
    let job = Job {
        model: "studio-music".into(),
        prompt: "orchestral".into(),
        params: [("duration".to_owned(), 180.into())].into(),
        ..Job::default()
    };
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let cancelled = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 30;
    let control = Control { progress: &|_| {}, cancelled: &cancelled };
    assert_eq!(models::compute(&job, &tools, &control).unwrap_err(), WorkError::Cancelled);
}
