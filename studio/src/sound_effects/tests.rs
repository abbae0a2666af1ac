use serde_json::Value;

use super::*;
use crate::models;
use crate::sound::testing::{Heard, tools};

fn hear_seed(prompt: &str, settings: &[(&str, Value)], seed: u64) -> Heard {
    let (tools, _dir) = tools();
    let params = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let job =
        Job { model: "studio-foley".into(), prompt: prompt.into(), params, seed, ..Job::default() };
    Heard::of(&models::compute(&job, &tools, &Control::none()).unwrap()[0])
}

fn hear(prompt: &str, settings: &[(&str, Value)]) -> Heard {
    hear_seed(prompt, settings, 3)
}

#[test]
fn every_category_sounds_within_the_limits() {
    for (n, category) in CATEGORIES.iter().enumerate() {
        let name = category.names[0];
        let heard = hear(name, &[("duration", 1.5.into())]);
        assert!((heard.seconds() - 1.5).abs() < 1e-6, "{name}: {} s", heard.seconds());
        assert!(heard.true_peak_db() <= -1.0, "{name}: {} dBTP", heard.true_peak_db());
        let lufs = heard.lufs();
        let fits = if category.steady {
            (-18.7..-17.3).contains(&lufs)
        } else {
            (-36.0..-16.8).contains(&lufs)
        };
        assert!(
            fits || heard.true_peak_db() > -2.0,
            "{n} {name}: {lufs} LUFS, {} dBTP",
            heard.true_peak_db()
        );
        assert!(heard.ends() < 0.02, "{name} clicks: {}", heard.ends());
    }
}

#[test]
fn categories_differ() {
    let mut heard: Vec<_> = ["thunder", "wind", "rain", "bird", "glass break", "cricket"]
        .into_iter()
        .map(|name| (name, hear(name, &[("duration", 2.into())]).brightness_hz()))
        .collect();
    let dull = heard.iter().find(|(name, _)| *name == "wind").unwrap().1;
    let bright = heard.iter().find(|(name, _)| *name == "cricket").unwrap().1;
    assert!(bright > 4.0 * dull, "{heard:?}");
    heard.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert!(heard.windows(2).all(|pair| pair[1].1 > pair[0].1 * 1.02), "{heard:?}");
}

#[test]
fn the_words_count_and_place() {
    // As many knocks as asked for: the rises of the envelope.
    let strikes = |heard: &Heard| {
        let levels: Vec<f32> = heard
            .mono()
            .chunks(480)
            .map(|c| c.iter().fold(0.0, |m: f32, s| m.max(s.abs())))
            .collect();
        let top = levels.iter().fold(0.0_f32, |m, s| m.max(*s));
        let mut quiet = true;
        let mut count = 0;
        for level in levels {
            if quiet && level > 0.5 * top {
                (quiet, count) = (false, count + 1);
            } else if level < 0.25 * top {
                quiet = true;
            }
        }
        count
    };
    assert_eq!(strikes(&hear("five knocks", &[("duration", 2.into())])), 5);
    assert_eq!(strikes(&hear("two knocks, dry", &[("duration", 2.into())])), 2);
    let near = hear("dog bark", &[]).brightness_hz();
    let far = hear("distant dog bark", &[]).brightness_hz();
    assert!(far < near * 0.8, "{far} {near}");
    let tail = |heard: &Heard| heard.mono()[120_000..].iter().map(|s| s * s).sum::<f32>();
    assert!(tail(&hear("hit in a cave", &[])) > 10.0 * tail(&hear("hit, dry", &[])));
}

#[test]
fn a_loop_has_no_seam() {
    for prompt in ["rain", "sea waves", "spaceship hum", "footsteps on wood"] {
        let heard = hear(prompt, &[("duration", 3.into()), ("loop", true.into())]);
        assert!((heard.seconds() - 3.0).abs() < 1e-6);
        for channel in [&heard.left, &heard.right] {
            let usual = channel.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
            let seam = (channel[0] - channel[channel.len() - 1]).abs();
            assert!(seam <= usual, "{prompt}: {seam} {usual}");
            let power = |part: &[f32]| part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32;
            let (head, tail) = (power(&channel[..4800]), power(&channel[channel.len() - 4800..]));
            if prompt != "footsteps on wood" {
                assert!(head < 6.0 * tail && tail < 6.0 * head, "{prompt}: {head} {tail}");
            }
        }
    }
}

#[test]
fn the_seed_decides() {
    let long = [("duration", Value::from(1))];
    assert_eq!(hear_seed("rain and birds", &long, 5), hear_seed("rain and birds", &long, 5));
    assert_ne!(hear_seed("rain and birds", &long, 5), hear_seed("rain and birds", &long, 6));
}

#[test]
fn odd_words_and_lengths_make_a_sound() {
    for (prompt, seconds) in [
        ("", 0.5),
        ("🙂 !!!", 0.5),
        ("zxqv", 0.5),
        (&"rain ".repeat(3000)[..], 0.5),
        ("no rain", 0.5),
    ] {
        let heard = hear(prompt, &[("duration", seconds.into())]);
        assert!((heard.seconds() - seconds).abs() < 1e-6 && heard.lufs() > -40.0);
    }
}

#[test]
fn a_stop_is_heard() {
    let (tools, _dir) = tools();
    let job = Job {
        model: "studio-foley".into(),
        prompt: "rain, crowd, bees, birds, fire".into(),
        params: [("duration".to_owned(), 60.into())].into(),
        ..Job::default()
    };
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let cancelled = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 20;
    let control = Control { progress: &|_| {}, cancelled: &cancelled };
    assert_eq!(models::compute(&job, &tools, &control).unwrap_err(), WorkError::Cancelled);
}
