use crate::film::Rate;
use std::sync::atomic::{AtomicBool, Ordering};

use image::Rgba;
use serde_json::{Value, json};

use super::*;
use crate::film::Probe;
use crate::{Content, Input};
use gesso_media::Programs;

/// A round thing before a wall above a floor.
fn still(w: u32, h: u32, at: f32) -> RgbaImage {
    RgbaImage::from_fn(w, h, |x, y| {
        let (u, v) = (x as f32 / w as f32, y as f32 / h as f32);
        let (a, b) = ((u - at) * w as f32 / h as f32, v - 0.55);
        if a * a + b * b < 0.05 {
            Rgba([210, 90, (60.0 + 80.0 * v) as u8, 255])
        } else if v > 0.7 {
            Rgba([120, 100, (90.0 + 40.0 * u) as u8, 255])
        } else {
            Rgba([(170.0 + 60.0 * u) as u8, 190, 205, 255])
        }
    })
}

fn png(picture: &RgbaImage) -> Vec<u8> {
    gesso_media::encode_png(picture).unwrap()
}

fn job(prompt: &str, settings: Value, inputs: Vec<(&str, Vec<u8>)>) -> Job {
    let mut params: std::collections::BTreeMap<String, Value> =
        json!({"aspect_ratio": "auto", "resolution": "480p", "duration": 1, "fps": 12, "camera": "push in", "motion": 0.5, "loop": false})
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .collect();
    params.extend(settings.as_object().unwrap().clone());
    let input = |(port, bytes): (&str, Vec<u8>)| Input::new(port, bytes);
    Job {
        model: "studio-motion".to_owned(),
        prompt: prompt.to_owned(),
        params,
        inputs: inputs.into_iter().map(input).collect(),
        seed: 4,
        ..Job::default()
    }
}

fn tools() -> (ToolRunner, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (ToolRunner::new(Programs::find(), dir.path()).unwrap(), dir)
}

struct Seen {
    bytes: Vec<u8>,
    size: (u32, u32),
    probe: Probe,
    frames: Vec<Vec<u8>>,
}

fn seen(job: &Job) -> Seen {
    let (tools, _dir) = tools();
    let none = Control::none();
    let made = compute(job, &tools, &none).unwrap();
    let [Made { port: "video", content: Content::File { bytes, size_px, duration_s, mime, .. } }] =
        made.as_slice()
    else {
        panic!("{made:?}");
    };
    assert_eq!(*mime, "video/mp4");
    let size = size_px.unwrap();
    let source = Source::open(bytes, &tools, &none).unwrap();
    let probe = source.about();
    assert_eq!(probe.size_px, Some(size));
    assert!((probe.duration_s - duration_s.unwrap()).abs() < 0.06, "{probe:?}");
    let mut frames = Vec::new();
    let mut take = |frame: Vec<u8>| {
        frames.push(frame);
        Ok(())
    };
    source.frames(size, probe.rate.unwrap(), 1000, &tools, &none, &mut take).unwrap();
    Seen { bytes: bytes.clone(), size, probe, frames }
}

fn off(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

fn rgb(picture: &RgbaImage, w: u32, h: u32) -> Vec<u8> {
    let fitted = image::imageops::resize(picture, w, h, image::imageops::FilterType::CatmullRom);
    fitted.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect()
}

#[test]
fn words_become_a_moving_scene_without_sound() {
    let settings = json!({"aspect_ratio": "16:9", "fps": 24, "duration": 1.5});
    let film = seen(&job("snowy mountains at night", settings, vec![]));
    assert_eq!(film.size, (854, 480));
    assert_eq!(film.probe.rate, Some(Rate::whole(24)));
    assert_eq!(film.frames.len(), 36);
    assert!(!film.probe.has_sound);
    for pair in film.frames.windows(2) {
        assert!(off(&pair[0], &pair[1]) > 0.05, "every frame moves");
    }
    assert!(off(&film.frames[0], &film.frames[35]) > 2.0);
}

#[test]
fn a_picture_is_where_the_film_begins() {
    let picture = still(320, 240, 0.4);
    let film = seen(&job("", json!({"camera": "orbit"}), vec![("start_frame", png(&picture))]));
    assert_eq!(film.size, (640, 480));
    assert!(off(&film.frames[0], &rgb(&picture, 640, 480)) < 2.5);
    assert!(off(&film.frames[0], &film.frames[11]) > 1.0);
    let again = seen(&job("", json!({"camera": "orbit"}), vec![("start_frame", png(&picture))]));
    assert_eq!(film.bytes, again.bytes);
}

#[test]
fn two_frames_are_the_first_and_the_last_of_the_film() {
    let night = RgbaImage::from_fn(320, 240, |x, y| {
        if (x / 17 + y / 29) % 3 == 0 {
            Rgba([250, 240, 120, 255])
        } else {
            Rgba([14, 16, 50, 255])
        }
    });
    let first = still(320, 240, 0.35);
    for (what, last) in [("the same scene", still(320, 240, 0.45)), ("another scene", night)] {
        let film = seen(&job(
            "snow",
            json!({}),
            vec![("start_frame", png(&first)), ("end_frame", png(&last))],
        ));
        assert!(off(&film.frames[0], &rgb(&first, 640, 480)) < 3.0, "{what}");
        assert!(
            off(&film.frames[11], &rgb(&last, 640, 480)) < 5.0,
            "{what}: {}",
            off(&film.frames[11], &rgb(&last, 640, 480))
        );
        assert!(off(&film.frames[5], &film.frames[0]) > 1.0, "{what}");
    }
}

#[test]
fn a_loop_goes_on_without_a_jump() {
    let picture = png(&still(320, 240, 0.5));
    for references in [
        vec![("references", picture.clone())],
        vec![("references", picture), ("references", png(&still(200, 200, 0.3)))],
    ] {
        let film = seen(&job(
            "rain",
            json!({"loop": true, "camera": "pan left", "motion": 1}),
            references,
        ));
        let frames = &film.frames;
        let steps: Vec<f64> = frames.windows(2).map(|pair| off(&pair[0], &pair[1])).collect();
        let most = steps.iter().copied().fold(0.0, f64::max);
        let seam = off(&frames[frames.len() - 1], &frames[0]);
        assert!(seam < most * 1.4 + 0.5, "{seam} after {steps:?}");
    }
}

#[test]
fn sound_is_laid_under_and_cut_to_the_picture() {
    let (tools, _dir) = tools();
    // Any film with sound will do as a sound file.
    let tone = Sound {
        samples: (0..14_400)
            .map(|i| [(libm::sin(f64::from(i) * 0.05) * 9000.0) as i16; 2])
            .collect(),
    };
    let reel = Reel { width: 16, height: 16, rate: Rate::whole(10), frames: 3 };
    let mut black = |_: u32, _: &mut [u8]| Ok(());
    let sound = encode(&reel, Some(&tone), &tools, &Control::none(), &mut black).unwrap();
    let film = seen(&job(
        "",
        json!({}),
        vec![("start_frame", png(&still(64, 64, 0.5))), ("audio", sound)],
    ));
    assert!(film.probe.has_sound);
    let heard = Source::open(&film.bytes, &tools, &Control::none())
        .unwrap()
        .sound(9.0, &tools, &Control::none())
        .unwrap();
    assert!((heard.seconds() - 1.0).abs() < 0.06, "{}", heard.seconds());
    // 0.3 s of sound are begun again until the end, where they fade.
    assert!(heard.loudness(0.5, 0.7) > 0.1 && heard.loudness(0.97, 1.0) < 0.05);
}

#[test]
fn tiny_pictures_work_and_wrong_wishes_are_refused() {
    let one = RgbaImage::from_pixel(1, 1, Rgba([40, 90, 160, 255]));
    let film =
        seen(&job("dust", json!({"aspect_ratio": "9:16"}), vec![("start_frame", png(&one))]));
    assert_eq!(film.size, (480, 854));
    let (tools, _dir) = tools();
    for (job, says) in [
        (job("", json!({}), vec![]), "start frame"),
        (job("sea", json!({"duration": 90}), vec![]), "from 1 to 15"),
        (job("sea", json!({}), vec![("audio", png(&one))]), "neither"),
    ] {
        let error = compute(&job, &tools, &Control::none()).unwrap_err();
        assert!(matches!(error, WorkError::Refused(_)), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let broken = job("", json!({}), vec![("start_frame", b"\x89PNG\r\n\x1a\nno".to_vec())]);
    assert!(matches!(compute(&broken, &tools, &Control::none()), Err(WorkError::Media(_))));
}

#[test]
fn a_stop_stops() {
    let (tools, _dir) = tools();
    let stop = AtomicBool::new(false);
    let progress = |part: f32| stop.store(part > 0.5, Ordering::Relaxed);
    let cancelled = || stop.load(Ordering::Relaxed);
    let control = Control { progress: &progress, cancelled: &cancelled };
    let job = job("", json!({"duration": 15}), vec![("start_frame", png(&still(64, 64, 0.5)))]);
    assert!(matches!(compute(&job, &tools, &control), Err(WorkError::Cancelled)));
}
