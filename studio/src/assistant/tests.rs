use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::{Content, Input};
use gesso_media::{Programs, RgbaImage};

fn ask(prompt: &str, settings: Value, inputs: Vec<Input>, seed: u64) -> Result<String, WorkError> {
    let dir = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(Programs::default(), dir.path()).unwrap();
    let params = serde_json::from_value(settings).unwrap();
    let job = Job { prompt: prompt.to_owned(), params, inputs, seed, ..Job::default() };
    let made = compute(&job, &tools, &Control::none())?.remove(0);
    let Content::Text(text) = made.content else { panic!("a text") };
    Ok(text)
}

fn picture(paint: impl Fn(u32, u32) -> [u8; 4]) -> Vec<Input> {
    let picture = RgbaImage::from_fn(120, 80, |x, y| paint(x, y).into());
    let bytes = gesso_media::encode_png(&picture).unwrap();
    vec![Input::new("images", bytes)]
}

#[test]
fn what_is_connected_and_said_decides_the_task() {
    let sky = || picture(|_, y| if y < 40 { [90, 150, 230, 255] } else { [40, 110, 50, 255] });
    let said = ask("", json!({}), sky(), 1).unwrap();
    assert!(said.contains("120 × 80") && said.contains("blue") && said.contains("green"), "{said}");
    let expanded = ask("a red fox", json!({}), vec![], 1).unwrap();
    assert!(expanded.starts_with("A red fox, ") && expanded.len() > 60, "{expanded}");
    let varied = ask("Give me three variations of a red fox", json!({}), vec![], 1).unwrap();
    assert_eq!(varied.lines().count(), 3);
    let ideas =
        ask("A small roastery by the sea\n\nGive me four ideas", json!({}), vec![], 1).unwrap();
    assert_eq!(ideas.lines().count(), 4);
    assert!(ideas.contains("a small roastery by the sea"), "{ideas}");
    assert!(ask("Translate this to French", json!({}), vec![], 1).unwrap().contains("cannot"));
    assert!(ask("", json!({}), vec![], 1).unwrap().contains("nothing to work with"));
}

#[test]
fn variations_differ_and_keep_the_subject() {
    let text = ask("ten variations of a lighthouse", json!({}), vec![], 7).unwrap();
    let lines: BTreeSet<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10);
    for line in &lines {
        assert!(line.starts_with("A lighthouse, "), "{line}");
    }
    assert_eq!(text, ask("ten variations of a lighthouse", json!({}), vec![], 7).unwrap());
    assert_ne!(text, ask("ten variations of a lighthouse", json!({}), vec![], 8).unwrap());
}

#[test]
fn what_is_said_already_is_not_contradicted() {
    let text = ask("a boat on a lake at night, watercolour, close-up, calm", json!({}), vec![], 3)
        .unwrap();
    for against in ["sun", "midday", "oil painting", "wide shot"] {
        assert!(!text.contains(against), "{text}");
    }
}

#[test]
fn a_summary_is_shorter_and_made_of_the_text() {
    let text: String = (100..140)
        .map(|n| {
            format!(
                "The harbour has its boat {n} beside quay{n} and shed{n}. Song{n} and drum{n}. "
            )
        })
        .collect();
    let summary = ask(&text, json!({"length": "short"}), vec![], 1).unwrap();
    assert!(summary.len() < text.len() / 10);
    for sentence in summary::sentences(&summary) {
        assert!(text.contains(&sentence), "{sentence}");
        assert!(sentence.contains("harbour"), "{sentence}");
    }
    assert_eq!(summary::sentences("Mr. B. Kay went. He had 3.5 left… Why? “So.”").len(), 5);
}

#[test]
fn palettes_are_named_as_people_name_them() {
    for (rgb, name) in [
        (0xff0000, "red"),
        (0x00a000, "green"),
        (0x0020c0, "blue"),
        (0x101010, "black"),
        (0xffffff, "white"),
        (0xff8c1a, "orange"),
        (0xffe600, "yellow"),
        (0x7a4f32, "brown"),
        (0x808080, "grey"),
        (0x8a2be2, "violet"),
        (0x1d8a8a, "teal"),
    ] {
        let named = look::color_name(crate::paint::color::Rgb::hex(rgb));
        assert!(named.contains(name), "{rgb:06x} is {named}, not {name}");
    }
}

#[test]
fn long_and_strange_texts_are_read() {
    let long = "word and another. ".repeat(20_000);
    assert!(!ask(&long, json!({}), vec![], 1).unwrap().is_empty());
    for text in ["…", "🦊🦊🦊", "describe", "\u{0}", "5", "variations of", "a: b: c:"] {
        assert!(!ask(text, json!({}), vec![], 1).unwrap().is_empty(), "{text}");
        for mode in ["describe", "expand", "variations", "ideas", "refine", "summarise"] {
            assert!(
                !ask(text, json!({"mode": mode}), vec![], 1).unwrap().is_empty(),
                "{text} {mode}"
            );
        }
    }
    let broken = vec![Input::new("images", b"\x89PNG\r\n\x1a\n".to_vec())];
    assert!(matches!(ask("", json!({}), broken, 1), Err(WorkError::Media(_))));
    let film = vec![Input::new("videos", b"x".to_vec())];
    assert!(ask("", json!({}), film, 1).unwrap().contains("ffmpeg"));
    let dot = picture(|_, _| [9, 9, 9, 255]);
    assert!(ask("", json!({}), dot, 1).unwrap().contains("black"));
}
