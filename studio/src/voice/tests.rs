use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use gesso_protocol::catalog::Catalog;
use serde_json::Value;

use super::*;
use crate::models;
use crate::sound::testing::{Heard, tools};
use gesso_media::Programs;

fn speak(text: &str, settings: &[(&str, Value)]) -> Result<Heard, WorkError> {
    let (tools, _dir) = tools();
    let job = Job {
        model: "studio-voice".to_owned(),
        prompt: text.to_owned(),
        params: settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        ..Job::default()
    };
    models::compute(&job, &tools, &Control::none()).map(|made| Heard::of(&made[0]))
}

#[test]
fn a_voice_is_even_and_begins_and_ends_in_silence() {
    let heard =
        speak("The lighthouse stands on a cliff. Its lamp is warm.\n\nThe sea is calm.", &[])
            .unwrap();
    assert!((-18.6..-17.4).contains(&heard.lufs()), "{} LUFS", heard.lufs());
    assert!(heard.true_peak_db() <= -1.0, "{} dBTP", heard.true_peak_db());
    assert!((4.0..12.0).contains(&heard.seconds()), "{} s", heard.seconds());
    assert!(heard.ends() < 0.003);
}

#[test]
fn speed_and_pitch_are_heard() {
    let text = "How long does it take to say this?";
    let normal = speak(text, &[]).unwrap();
    let slow = speak(text, &[("speed", 0.5.into())]).unwrap();
    let fast = speak(text, &[("speed", 2.0.into())]).unwrap();
    assert!(slow.seconds() > normal.seconds() * 1.4 && fast.seconds() < normal.seconds() * 0.75);
    let low = speak(text, &[("pitch", (-1.0).into())]).unwrap();
    let high = speak(text, &[("pitch", 1.0.into())]).unwrap();
    assert!(high.pitch_hz() > low.pitch_hz() * 1.15, "{} {}", low.pitch_hz(), high.pitch_hz());
}

#[test]
fn every_voice_and_language_of_the_catalogue_speaks_in_its_own_way() {
    let catalog = Catalog::read(models::CATALOG).unwrap();
    let params = &catalog.model("studio-voice").unwrap().params;
    let values = |key: &str| -> Vec<String> {
        params[key].values.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("voice"), VOICES.iter().map(|v| v.name).collect::<Vec<_>>());
    assert_eq!(values("language"), LANGUAGES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let mut heard = BTreeSet::new();
    for voice in values("voice") {
        let spoken = speak("Hello", &[("voice", voice.clone().into())]).unwrap();
        assert!(
            heard.insert(spoken.left.iter().map(|s| s.to_bits()).collect::<Vec<_>>()),
            "{voice}"
        );
    }
    let mut languages = BTreeSet::new();
    for language in values("language") {
        let spoken = speak("12", &[("language", language.clone().into())]).unwrap();
        languages.insert(spoken.left.iter().map(|s| s.to_bits()).collect::<Vec<_>>());
    }
    // Some neighbours count alike; that nearly none do shows that each code is understood.
    assert!(languages.len() + 8 > LANGUAGES.len(), "{} of {}", languages.len(), LANGUAGES.len());
}

#[test]
fn markup_is_read_and_orders_nothing() {
    let said = speak("<break time='3s'/> a", &[]).unwrap();
    let words = speak("break time 3 s a", &[]).unwrap();
    assert!(said.seconds() > words.seconds() * 0.7, "the markup is read");
    assert!(said.seconds() < words.seconds() + 2.5, "and not obeyed");
}

#[test]
fn what_cannot_be_spoken_is_refused() {
    for text in ["", "   \n", "…!?", "🙂"] {
        assert!(matches!(speak(text, &[]), Err(WorkError::Refused(_))), "{text}");
    }
    // Before any of it is spoken.
    let lines = speak(&"1\n".repeat(PIECES_MAX + 1), &[]).unwrap_err().to_string();
    assert!(lines.contains("2001 sentences and lines"), "{lines}");
    let dir = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(Programs::default(), dir.path()).unwrap();
    let job = Job { model: "studio-voice".into(), prompt: "Hello".into(), ..Job::default() };
    let error = models::compute(&job, &tools, &Control::none()).unwrap_err();
    assert_eq!(error, WorkError::Missing(Program::EspeakNg));
}

#[test]
fn long_scripts_report_and_stop() {
    let (tools, _dir) = tools();
    let job = Job {
        model: "studio-voice".into(),
        prompt: "One more sentence. ".repeat(60),
        ..Job::default()
    };
    let steps = AtomicUsize::new(0);
    let progress = |_: f32| {
        steps.fetch_add(1, Ordering::Relaxed);
    };
    let cancelled = || steps.load(Ordering::Relaxed) > 5;
    let control = Control { progress: &progress, cancelled: &cancelled };
    assert_eq!(models::compute(&job, &tools, &control).unwrap_err(), WorkError::Cancelled);
    assert!(steps.load(Ordering::Relaxed) < 10);
}
