use std::sync::atomic::{AtomicBool, Ordering};

use image::Rgba;
use serde_json::{Value, json};

use super::*;
use crate::{Content, Input};
use gesso_media::Programs;

/// Squares of 20 px, with colours that tell where they are.
fn board(w: u32, h: u32) -> RgbaImage {
    RgbaImage::from_fn(w, h, |x, y| {
        let dark = (x / 20 + y / 20) % 2 == 0;
        let base = if dark { 20 } else { 230 };
        Rgba([base, base, (x * 255 / w) as u8, 255])
    })
}

fn pose(value: Value) -> Angle {
    let params = [("angles".to_owned(), json!([value]))].into();
    angle::of(&Job { params, ..Job::default() }).unwrap().remove(0)
}

fn seen(picture: &RgbaImage, value: Value, strength: f32) -> RgbaImage {
    view(picture.clone(), &pose(value), strength, Fill::Extend, &Control::none()).unwrap()
}

fn job(angles: Value, picture: &RgbaImage) -> Job {
    let bytes = gesso_media::encode_png(picture).unwrap();
    Job {
        model: "studio-camera".to_owned(),
        params: [("angles".to_owned(), angles)].into(),
        inputs: vec![Input::new("image", bytes)],
        ..Job::default()
    }
}

fn tools() -> (ToolRunner, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (ToolRunner::new(Programs::default(), dir.path()).unwrap(), dir)
}

/// Where a point of a flat picture is seen, from the textbook: turn the world, divide by the depth.
fn projected(x: f64, y: f64, w: f64, h: f64, yaw: f64, pitch: f64, zoom: f64) -> (f64, f64) {
    let d = f64::from(lens::DISTANCE);
    let (px, py) = ((x - w / 2.0) / h, (y - h / 2.0) / h);
    let (sy, cy) = (libm::sin(yaw.to_radians()), libm::cos(yaw.to_radians()));
    let (sp, cp) = (libm::sin(pitch.to_radians()), libm::cos(pitch.to_radians()));
    let (x1, z1) = (px * cy, px * sy);
    let (y2, z2) = (py * cp + z1 * sp, -py * sp + z1 * cp);
    let scale = d * zoom / (d - z2);
    (x1 * scale * h + w / 2.0, y2 * scale * h + h / 2.0)
}

#[test]
fn corners_of_a_board_lie_where_the_homography_puts_them() {
    let (w, h) = (320_u32, 240_u32);
    let picture = board(w, h);
    for (yaw, pitch, zoom) in [(30.0, 0.0, 1.0), (-35.0, 20.0, 1.2), (0.0, -40.0, 0.9)] {
        let out = seen(&picture, json!({"yaw": yaw, "pitch": pitch, "zoom": zoom}), 0.0);
        let mut checked = 0;
        for (cx, cy) in [(60, 60), (160, 120), (260, 180), (100, 200), (240, 60)] {
            let at = |x: f64, y: f64| projected(x, y, f64::from(w), f64::from(h), yaw, pitch, zoom);
            let (x, y) = at(f64::from(cx), f64::from(cy));
            // A saddle: one and a half pixels into each of the four squares the colour is theirs.
            for (sx, sy) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
                let (qx, qy) = at(f64::from(cx) + sx * 6.0, f64::from(cy) + sy * 6.0);
                let long = libm::hypot(qx - x, qy - y);
                let (qx, qy) = (x + (qx - x) / long * 1.6, y + (qy - y) / long * 1.6);
                if qx < 1.0 || qy < 1.0 || qx > f64::from(w) - 1.0 || qy > f64::from(h) - 1.0 {
                    continue;
                }
                let square =
                    ((cx as f64 + sx * 6.0) as u32 / 20 + (cy as f64 + sy * 6.0) as u32 / 20) % 2;
                let got = out.get_pixel(qx as u32, qy as u32)[0];
                assert_eq!(got < 125, square == 0, "{yaw} {pitch}: corner {cx} {cy}, {got}");
                checked += 1;
            }
        }
        assert!(checked > 12, "{checked}");
    }
}

#[test]
fn the_front_of_a_picture_is_the_picture() {
    let picture = board(90, 70);
    let (tools, _dir) = tools();
    for angles in [json!([]), json!(["front"]), json!("front"), Value::Null] {
        let made = compute(&job(angles, &picture), &tools, &Control::none()).unwrap();
        let [Made { port: "image", content: Content::File { bytes, .. } }] = made.as_slice() else {
            panic!("{made:?}");
        };
        assert_eq!(gesso_media::decode(bytes, DecodeLimits::default()).unwrap(), picture);
    }
    let nearly = seen(&picture, json!({"zoom": 1.0001}), 1.0);
    let off = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
    let sum: u64 = nearly.as_raw().iter().zip(picture.as_raw()).map(off).sum();
    assert!(sum < 90 * 70 * 4, "{sum}");
}

#[test]
fn every_pixel_is_filled_at_every_angle() {
    let picture = RgbaImage::from_fn(120, 90, |x, y| {
        Rgba([120 + (x % 100) as u8, 100 + (y % 90) as u8, 140, 255])
    });
    let mut angles: Vec<Value> = angle::NAMES.iter().map(|name| json!(name)).collect();
    for (yaw, pitch) in [(80, 0), (-80, 0), (0, 80), (0, -80), (80, 80), (-80, 80)] {
        angles.push(json!({"yaw": yaw, "pitch": pitch}));
    }
    angles.push(json!({"zoom": 0.5, "roll": 180}));
    angles.push(json!({"zoom": 3, "roll": -45}));
    for value in angles {
        for strength in [0.0, 1.0] {
            let out = seen(&picture, value.clone(), strength);
            assert_eq!(out.dimensions(), picture.dimensions());
            for p in out.pixels() {
                // The picture has no darker pixel than that; overshoot of the filter aside.
                assert!(p[3] == 255 && p[2] > 120 && p[0] > 95, "{value}: {p:?}");
            }
        }
    }
}

#[test]
fn a_camera_on_the_right_sees_the_right_side_larger() {
    // A white stripe at each side, equally wide.
    let picture = RgbaImage::from_fn(300, 200, |x, _| {
        let stripe = (40..60).contains(&x) || (240..260).contains(&x);
        if stripe { Rgba([255; 4]) } else { Rgba([0, 0, 0, 255]) }
    });
    let out = seen(&picture, json!({"yaw": 30}), 0.0);
    let white = |from: u32, to: u32| (from..to).filter(|x| out.get_pixel(*x, 100)[0] > 128).count();
    let (left, right) = (white(30, 150), white(150, 270));
    assert!(left > 5 && right > left + 3, "{left} {right}");
    let mirrored = seen(&picture, json!({"yaw": -30}), 0.0);
    assert_eq!(
        image::imageops::flip_horizontal(&mirrored).get_pixel(60, 50),
        out.get_pixel(60, 50)
    );
}

#[test]
fn one_pixel_and_very_wide_pictures_work() {
    let one = RgbaImage::from_pixel(1, 1, Rgba([9, 200, 30, 255]));
    let out = seen(&one, json!("three_quarter"), 1.0);
    assert_eq!(out.get_pixel(0, 0).0, [9, 200, 30, 255]);
    let wide = RgbaImage::from_pixel(7680, 8, Rgba([9, 200, 30, 255]));
    let out = seen(&wide, json!("left"), 1.0);
    assert!(out.pixels().all(|p| p[3] == 255 && p[1].abs_diff(200) < 2));
}

#[test]
fn the_same_angle_gives_the_same_bytes_and_a_stop_stops() {
    let picture = board(200, 160);
    let angle = json!({"yaw": 25, "pitch": 10, "zoom": 1.1});
    assert_eq!(seen(&picture, angle.clone(), 0.7), seen(&picture, angle.clone(), 0.7));
    let stop = AtomicBool::new(false);
    let progress = |part: f32| stop.store(part > 0.4, Ordering::Relaxed);
    let cancelled = || stop.load(Ordering::Relaxed);
    let control = Control { progress: &progress, cancelled: &cancelled };
    let ended = view(picture, &pose(angle), 0.7, Fill::Extend, &control);
    assert_eq!(ended, Err(WorkError::Cancelled));
}

#[test]
fn what_lies_beyond_can_be_plain_or_nothing() {
    let picture = board(100, 100);
    let far = pose(json!({"zoom": 0.5}));
    let with = |fill| view(picture.clone(), &far, 0.0, fill, &Control::none()).unwrap();
    assert_eq!(with(Fill::Plain([0.0; 4])).get_pixel(5, 5).0, [0; 4]);
    assert_eq!(with(Fill::Plain([0.0; 4])).get_pixel(50, 50)[3], 255);
    let red = Fill::Plain([200.0, 10.0, 20.0, 255.0]);
    assert_eq!(with(red).get_pixel(5, 95).0, [200, 10, 20, 255]);
}

#[test]
fn wrong_angles_are_refused_with_what_there_is() {
    let (tools, _dir) = tools();
    for (angles, says) in [
        (json!(["upside"]), "three_quarter"),
        (json!([7]), "three_quarter"),
        (json!([{"name": "my own"}]), "yaw, pitch, roll"),
        (json!([{"yaw": 95}]), "from -80 to 80 degrees"),
        (json!([{"zoom": "big"}]), "from 0.5 to 3"),
    ] {
        let job = job(angles.clone(), &board(20, 20));
        let error = compute(&job, &tools, &Control::none()).unwrap_err();
        assert!(matches!(error, WorkError::Refused(_)), "{angles}: {error:?}");
        assert!(error.to_string().contains(says), "{angles}: {error}");
    }
    let mut job = job(json!(["left"]), &board(20, 20));
    job.params.insert("fill".to_owned(), json!("plain"));
    job.params.insert("fill_color".to_owned(), json!("greenish"));
    let error = compute(&job, &tools, &Control::none()).unwrap_err();
    assert!(error.to_string().contains("hexadecimal"), "{error}");
    job.inputs[0] = Input::new("image", b"not a picture".to_vec());
    job.params.remove("fill");
    let error = compute(&job, &tools, &Control::none()).unwrap_err();
    assert!(matches!(error, WorkError::Media(_)), "{error:?}");
}
