use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::Input;
use gesso_media::RgbaImage;

fn job(prompt: &str, settings: Value) -> Job {
    let params: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
    Job { prompt: prompt.to_owned(), params, seed: 3, ..Job::default() }
}

fn drawn(job: &Job) -> String {
    let dir = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(gesso_media::Programs::default(), dir.path()).unwrap();
    let made = compute(job, &tools, &Control::none()).unwrap().remove(0);
    let Content::File { bytes, kind, .. } = made.content else { panic!("a file") };
    assert_eq!(kind, MediaKind::Svg);
    String::from_utf8(bytes).unwrap()
}

fn colors(svg: &str) -> BTreeSet<&str> {
    svg.match_indices("=\"#")
        .filter_map(|(at, _)| svg.get(at + 2..at + 9))
        .filter(|c| !c.contains('"'))
        .collect()
}

const STYLES: [&str; 7] = ["auto", "icon", "line", "flat", "badge", "pattern", "abstract"];

#[test]
fn every_style_and_shape_is_a_sound_small_drawing() {
    let prompts = [
        "logo of a coffee shop by the sea",
        "a fox in a snowy forest at night",
        "</title><script>alert(1)</script>",
        "",
        "xyzzy & \"quotes\" <b>",
        "city skyline, mountains, two birds",
    ];
    for prompt in prompts {
        for style in STYLES {
            for (aspect, (w, h)) in
                [("1:1", (512.0, 512.0)), ("16:9", (683.0, 384.0)), ("9:16", (384.0, 683.0))]
            {
                let svg = drawn(&job(prompt, json!({"style": style, "aspect_ratio": aspect})));
                let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
                assert_eq!((tree.size().width(), tree.size().height()), (w, h));
                assert!(svg.len() < 40_000, "{style}: {} bytes", svg.len());
                assert!(tree.root().has_children(), "{style} {prompt}");
                let addresses = svg.matches("http").count();
                assert_eq!(addresses, 1, "only the name of the format");
                assert!(
                    !svg.contains("<script") && !svg.contains("style=") && !svg.contains("NaN")
                );
            }
        }
    }
}

#[test]
fn the_same_seed_draws_the_same_and_another_differs() {
    let first = job("a rocket", json!({"style": "flat"}));
    assert_eq!(drawn(&first), drawn(&first));
    let other = Job { seed: 4, ..first.clone() };
    assert_ne!(drawn(&first), drawn(&other));
}

#[test]
fn named_colours_and_their_number_are_kept() {
    let svg = drawn(&job("a red heart icon", json!({"style": "icon", "colors": 3})));
    assert!(svg.contains("#c83a32"), "{svg}");
    assert!(colors(&svg).len() <= 3, "{:?}", colors(&svg));
    assert!(drawn(&job("heart", json!({"colors": 2, "style": "pattern"}))).contains("heart"));
}

#[test]
fn what_is_unwanted_is_left_out() {
    let mut wish = job("a boat and a bird", json!({"style": "pattern"}));
    assert!(drawn(&wish).contains("id=\"bird\""));
    wish.negative = "birds".to_owned();
    let svg = drawn(&wish);
    assert!(!svg.contains("id=\"bird\"") && svg.contains("id=\"boat\""));
}

#[test]
fn a_reference_gives_its_colours() {
    let blue = RgbaImage::from_fn(32, 32, |x, _| {
        if x < 20 { [20, 40, 200, 255] } else { [240, 240, 250, 255] }.into()
    });
    let mut wish = job("a tree", json!({"style": "icon"}));
    wish.inputs.push(Input::new("references", gesso_media::encode_png(&blue).unwrap()));
    let with = drawn(&wish);
    let strong = |svg: &str| {
        colors(svg).iter().any(|c| {
            let part = |at: usize| i32::from_str_radix(&c[at..at + 2], 16).unwrap();
            part(5) > part(1) + 80 && part(5) > part(3) + 60
        })
    };
    assert!(strong(&with), "{with}");
    wish.inputs[0] = Input::new("references", b"no picture".to_vec());
    let dir = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(gesso_media::Programs::default(), dir.path()).unwrap();
    assert!(matches!(compute(&wish, &tools, &Control::none()), Err(WorkError::Media(_))));
}
