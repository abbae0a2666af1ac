use serde_json::json;

use super::*;
use crate::{Content, Input};
use gesso_media::{DecodeLimits, Programs};

/// A drawn face: skin on blue, two dark eyes, a red mouth at (0.5, 0.68) a quarter of the picture wide.
fn drawn(w: u32, h: u32) -> RgbaImage {
    RgbaImage::from_fn(w, h, |x, y| {
        let (u, v) = ((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
        let within = |cx: f32, cy: f32, rx: f32, ry: f32| {
            let (a, b) = ((u - cx) / rx, (v - cy) / ry);
            a * a + b * b < 1.0
        };
        let color = if within(0.5, 0.68, 0.125, 0.03) {
            [186, 62, 66]
        } else if within(0.38, 0.4, 0.04, 0.025) || within(0.62, 0.4, 0.04, 0.025) {
            [40, 28, 26]
        } else if within(0.5, 0.5, 0.32, 0.4) {
            [224, 178, 150]
        } else {
            [70, 110, 160]
        };
        image::Rgba([color[0], color[1], color[2], 255])
    })
}

/// Half a second of silence, then swelling and fading syllables.
fn voice(seconds: f64) -> Vec<u8> {
    let count = (seconds * 48_000.0) as usize;
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend(48_000_u32.to_le_bytes());
    wav.extend(96_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((count as u32 * 2).to_le_bytes());
    for i in 0..count {
        let at = i as f64 / 48_000.0;
        let level = if at < 0.5 { 0.0 } else { level(at) };
        let wave = libm::sin(at * 190.0 * std::f64::consts::TAU)
            + 0.4 * libm::sin(at * 1140.0 * std::f64::consts::TAU);
        wav.extend(((wave * level * 9000.0) as i16).to_le_bytes());
    }
    let size = wav.len() as u32 - 8;
    wav[4..8].copy_from_slice(&size.to_le_bytes());
    wav
}

fn level(at: f64) -> f64 {
    let swell = 0.5 - 0.5 * libm::cos(at * 2.5 * std::f64::consts::TAU);
    swell * swell
}

fn job(inputs: Vec<(&str, Vec<u8>)>, auto: bool) -> Job {
    let params = json!({"auto": auto, "mouth_x": 0.5, "mouth_y": 0.68, "mouth_width": 0.25, "strength": 0.8});
    let params = params.as_object().unwrap().clone().into_iter().collect();
    let input = |(port, bytes): (&str, Vec<u8>)| Input::new(port, bytes);
    let inputs = inputs.into_iter().map(input).collect();
    Job { model: "studio-lips".to_owned(), params, inputs, ..Job::default() }
}

fn tools() -> (ToolRunner, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (ToolRunner::new(Programs::find(), dir.path()).unwrap(), dir)
}

fn made(job: &Job) -> (Vec<u8>, (u32, u32), f64) {
    let (tools, _dir) = tools();
    let made = compute(job, &tools, &Control::none()).unwrap();
    let [Made { port: "video", content: Content::File { bytes, size_px, duration_s, .. } }] =
        made.as_slice()
    else {
        panic!("{made:?}");
    };
    (bytes.clone(), size_px.unwrap(), duration_s.unwrap())
}

fn frames(bytes: &[u8], size: (u32, u32), rate: Rate) -> Vec<Vec<u8>> {
    let (tools, _dir) = tools();
    let mut list = Vec::new();
    let mut take = |frame: Vec<u8>| {
        list.push(frame);
        Ok(())
    };
    let source = Source::open(bytes, &tools, &Control::none()).unwrap();
    source.frames(size, rate, 1000, &tools, &Control::none(), &mut take).unwrap();
    list
}

/// Returns the number of dark pixels around the mouth of a frame.
fn openness(frame: &[u8], (w, h): (u32, u32)) -> f64 {
    let mut dark = 0.0;
    for y in (h as f32 * 0.62) as u32..(h as f32 * 0.84) as u32 {
        for x in (w as f32 * 0.38) as u32..(w as f32 * 0.62) as u32 {
            let at = (y * w + x) as usize * 3;
            dark += f64::from(frame[at] < 120);
        }
    }
    dark
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    ab / libm::sqrt(aa * bb)
}

#[test]
fn a_picture_speaks_with_the_sound() {
    let picture = drawn(240, 240);
    let png = gesso_media::encode_png(&picture).unwrap();
    let (bytes, size, seconds) = made(&job(vec![("image", png), ("audio", voice(2.2))], false));
    assert_eq!(size, (240, 240));
    assert!((seconds - 2.2).abs() < 0.021, "{seconds}");
    let (tools, _dir) = tools();
    let probe = Source::open(&bytes, &tools, &Control::none()).unwrap().about();
    assert!(probe.has_sound && probe.size_px == Some((240, 240)) && probe.rate == Some(RATE));
    assert!((probe.duration_s - 2.2).abs() < 0.06, "{}", probe.duration_s);

    let list = frames(&bytes, size, RATE);
    assert_eq!(list.len(), 55);
    let opened: Vec<f64> = list.iter().map(|frame| openness(frame, size)).collect();
    assert!(opened[..11].iter().all(|dark| *dark < 3.0), "{opened:?}");
    let loud: Vec<f64> = (0..55)
        .map(|n| (f64::from(n) + 0.5) / 25.0)
        .map(|at| if at < 0.5 { 0.0 } else { level(at) })
        .collect();
    let alike = correlation(&opened, &loud);
    assert!(alike > 0.8, "{alike}: {opened:?}");

    // What is not near the mouth is the picture in every frame.
    let mouth = Mouth { x: 0.5, y: 0.68, width: 0.25 };
    let [left, top, right, bottom] = mouth.region(size, [0.0; 2]);
    let near = |v: usize, from: usize, to: usize| v + 10 > from && v < to + 10;
    for frame in &list {
        let pairs = frame.chunks(3).zip(list[0].chunks(3)).enumerate();
        let outside =
            pairs.filter(|(i, _)| !near(i % 240, left, right) || !near(i / 240, top, bottom));
        // Hard edges of a drawing are coded a little differently in each frame.
        let other = outside.filter(|(_, (now, first))| now[1].abs_diff(first[1]) > 14).count();
        assert!(other < 60, "{other}");
    }
    let own = flattened(&picture, size);
    let off: u64 = own.iter().zip(&list[0]).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(off / (own.len() as u64) < 3, "{off}");
}

#[test]
fn nothing_but_the_region_is_touched_and_a_closed_mouth_nothing() {
    let size = (200, 160);
    let base = flattened(&drawn(200, 160), size);
    let mouth = Mouth { x: 0.5, y: 0.68, width: 0.25 };
    let mut out = base.clone();
    mouth.speak(talk::Shape { open: 0.0, round: 1.0 }, 1.0, size, [0.0; 2], &mut out);
    assert_eq!(out, base);
    mouth.speak(talk::Shape { open: 1.0, round: 0.5 }, 1.0, size, [0.0; 2], &mut out);
    let [left, top, right, bottom] = mouth.region(size, [0.0; 2]);
    let mut changed = 0;
    for (i, (a, b)) in out.chunks(3).zip(base.chunks(3)).enumerate() {
        let (x, y) = (i % 200, i / 200);
        if a != b {
            changed += 1;
            assert!((left..right).contains(&x) && (top..bottom).contains(&y), "{x} {y}");
        }
    }
    assert!(changed > 200, "{changed}");
    // At its rim the region goes over into the picture.
    for (x, y) in [(left, top), (right - 1, bottom - 1), (100, bottom - 1), (left, 110)] {
        let at = (y * 200 + x) * 3;
        assert!(out[at].abs_diff(base[at]) < 6, "{x} {y}");
    }
}

#[test]
fn the_mouth_of_a_face_is_found() {
    for (w, h) in [(240, 240), (400, 300), (150, 190)] {
        let found = face::guess(&flattened(&drawn(w, h), (w, h)), (w, h)).unwrap();
        assert!(
            (found.x - 0.5).abs() < 0.05 && (found.y - 0.68).abs() < 0.05,
            "{w} {h}: {found:?}"
        );
        assert!((0.12..0.4).contains(&found.width), "{w} {h}: {found:?}");
    }
    assert_eq!(face::guess(&[90; 64 * 64 * 3], (64, 64)), None);
}

/// Nobody wants a mouth on a lake.
#[test]
fn a_picture_without_a_face_is_refused_and_a_portrait_speaks() {
    let (tools, _dir) = tools();
    let size = (384, 384);
    let mut wrong = Vec::new();
    for (prompt, is_face) in [
        ("a portrait of a woman", true),
        ("a portrait of a man", true),
        ("a portrait of a girl with red hair and a hat", true),
        ("portrait of a man with glasses", true),
        ("a lake", false),
        ("a lake at sunset", false),
        ("a lighthouse by the sea at sunset", false),
        ("a forest in autumn", false),
        ("desert dunes", false),
        ("a red house at night", false),
        ("a bowl of oranges on a table", false),
        ("misty mountains at dawn", false),
    ] {
        // Women stand in front of what has the colours of skin, too, under hair that has them.
        for seed in if prompt.ends_with("woman") { 1..13 } else { 1..3 } {
            let (aspect, resolution) = (serde_json::json!("1:1"), serde_json::json!("0.5K"));
            let job = Job {
                model: "studio-painter".into(),
                prompt: prompt.into(),
                seed,
                params: [("aspect_ratio".into(), aspect), ("resolution".into(), resolution)].into(),
                ..Job::default()
            };
            let made = crate::models::compute(&job, &tools, &Control::none()).unwrap();
            let Content::File { bytes, .. } = &made[0].content else { panic!("no picture") };
            let picture = gesso_media::decode(bytes, DecodeLimits::default()).unwrap();
            let mouth = face::guess(&flattened(&picture, size), size);
            if mouth.is_some() != is_face || mouth.is_some_and(|mouth| mouth.y < 0.5) {
                wrong.push((prompt, seed));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_short_video_goes_on_until_the_voice_ends() {
    let (tools, _dir) = tools();
    let reel = Reel { width: 96, height: 96, rate: Rate::whole(15), frames: 8 };
    let base = flattened(&drawn(96, 96), (96, 96));
    let mut draw = |_: u32, out: &mut [u8]| {
        out.copy_from_slice(&base);
        Ok(())
    };
    let video = encode(&reel, None, &tools, &Control::none(), &mut draw).unwrap();
    let (bytes, size, seconds) =
        made(&job(vec![("video", video.clone()), ("audio", voice(1.4))], true));
    assert_eq!(size, (96, 96));
    assert!((seconds - 1.4).abs() < 1.0 / 15.0, "{seconds}");
    assert_eq!(frames(&bytes, size, Rate::whole(15)).len(), 21);
    let again = made(&job(vec![("video", video), ("audio", voice(1.4))], true)).0;
    assert_eq!(bytes, again);
}

#[test]
fn what_does_not_do_is_refused() {
    let (tools, _dir) = tools();
    let png = gesso_media::encode_png(&drawn(32, 32)).unwrap();
    for inputs in [
        vec![("image", png.clone())],
        vec![("audio", voice(1.0))],
        vec![("image", png.clone()), ("audio", png.clone())],
        vec![("video", voice(1.0)), ("audio", voice(1.0))],
    ] {
        let error = compute(&job(inputs, true), &tools, &Control::none()).unwrap_err();
        assert!(matches!(error, WorkError::Refused(_)), "{error:?}");
    }
    let tiny = gesso_media::encode_png(&drawn(1, 1)).unwrap();
    let (_, size, _) = made(&job(vec![("image", tiny), ("audio", voice(0.6))], false));
    assert_eq!(size, (16, 16));
}
