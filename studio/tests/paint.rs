//! The painter and the upscaler as their callers see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gesso_media::{Control, WorkError};
use gesso_studio::{PaintRequest, UpscaleRequest, paint, upscale};
use image::{Rgba, RgbaImage};

fn request(prompt: &str, width: u32, height: u32, seed: u64) -> PaintRequest {
    PaintRequest {
        prompt: prompt.to_owned(),
        negative: String::new(),
        width,
        height,
        seed,
        references: Vec::new(),
    }
}

fn painted(prompt: &str, width: u32, height: u32, seed: u64) -> RgbaImage {
    paint(&request(prompt, width, height, seed), &Control::none()).expect("paints")
}

/// Mean difference of a channel, 0 to 255.
fn difference(a: &RgbaImage, b: &RgbaImage) -> f64 {
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.as_raw().len() as f64
}

fn mean(picture: &RgbaImage) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for p in picture.pixels() {
        for c in 0..3 {
            sum[c] += f64::from(p[c]);
        }
    }
    sum.map(|s| s / f64::from(picture.width() * picture.height()))
}

const PROMPTS: [&str; 20] = [
    "A lighthouse on a cliff at dawn, calm sea, warm lamp",
    "mountains at night, a tent",
    "dunes, a fox",
    "forest in fog",
    "city skyline with a bridge",
    "street in the rain, neon",
    "a cat in a room by the window",
    "balloons in the sky",
    "a rocket in space",
    "a river with a boat",
    "palms on an island",
    "field of flowers in spring, watercolour",
    "snow, a cabin, pines",
    "garden with a dog",
    "fish under water, reef",
    "perfume bottle on a pedestal",
    "portrait, line drawing",
    "leaves, poster",
    "quixotic zeitgeist",
    "",
];

#[test]
fn the_same_request_gives_the_same_bytes_and_another_seed_another_picture() {
    for prompt in ["a lighthouse at dawn", "hjkl", "forest"] {
        let first = painted(prompt, 200, 150, 42);
        assert_eq!(first.as_raw(), painted(prompt, 200, 150, 42).as_raw(), "{prompt}");
        assert!(difference(&first, &painted(prompt, 200, 150, 43)) > 2.0, "{prompt}");
    }
}

#[test]
fn every_scene_paints_every_shape_and_is_opaque() {
    for (i, prompt) in PROMPTS.iter().enumerate() {
        for (w, h) in [(64, 64), (160, 90), (90, 160), (210, 90), (64, 400)] {
            let picture = painted(prompt, w, h, i as u64);
            assert_eq!(picture.dimensions(), (w, h), "{prompt}");
            assert!(picture.pixels().all(|p| p[3] == 255), "{prompt}");
            let spread: std::collections::BTreeSet<_> =
                picture.pixels().map(|p| [p[0] / 8, p[1] / 8, p[2] / 8]).collect();
            assert!(spread.len() > 20, "{prompt} at {w}×{h} has {} colours", spread.len());
        }
    }
}

#[test]
fn wares_food_and_animals_fit_sheets_of_every_shape() {
    for prompt in [
        "a red sneaker and a watch",
        "headphones, a smartphone and a laptop in a room",
        "a burger, donuts and ice cream at night",
        "an elephant and a deer on a street",
        "a bear in a snowy forest",
        "a robot in the sky, a gift",
    ] {
        for (w, h) in [(64, 64), (64, 400), (400, 64)] {
            let picture = painted(prompt, w, h, 4);
            assert!(picture.pixels().all(|p| p[3] == 255), "{prompt} at {w}×{h}");
        }
    }
}

#[test]
fn snow_whitens_a_forest() {
    let plain = mean(&painted("a forest, day", 96, 96, 2));
    let snowy = mean(&painted("a snowy forest, day", 96, 96, 2));
    assert!(snowy.iter().sum::<f64>() > plain.iter().sum::<f64>() + 30.0, "{plain:?} {snowy:?}");
}

#[test]
fn prompts_differ_from_each_other() {
    let all: Vec<RgbaImage> = PROMPTS.iter().map(|p| painted(p, 160, 120, 1)).collect();
    for a in 0..all.len() {
        for b in 0..a {
            let gap = difference(&all[a], &all[b]);
            assert!(gap > 6.0, "“{}” and “{}” differ by {gap} only", PROMPTS[a], PROMPTS[b]);
        }
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    for (w, h) in [(63, 64), (64, 4097), (0, 0), (u32::MAX, 100)] {
        let refused = paint(&request("sea", w, h, 0), &Control::none());
        let told = refused.unwrap_err().to_string();
        assert!(told.contains(&format!("{w} × {h} px cannot be painted")), "{told}");
    }
}

#[test]
fn references_draw_the_colours_towards_them() {
    for prompt in ["a lighthouse at dawn", "armchair", "quixotic zeitgeist", "city at night"] {
        let plain = mean(&painted(prompt, 160, 120, 5));
        for color in [[30, 140, 70], [190, 60, 90]] {
            let reference = RgbaImage::from_fn(80, 60, |x, y| {
                let t = (x + y) as u8 / 6;
                Rgba([color[0] + t, color[1] + t, color[2] + t, 255])
            });
            let target = mean(&reference);
            let mut request = request(prompt, 160, 120, 5);
            request.references = vec![Arc::new(reference)];
            let steered = mean(&paint(&request, &Control::none()).expect("paints"));
            let gap = |m: [f64; 3]| (0..3).map(|c| (m[c] - target[c]).abs()).sum::<f64>();
            assert!(
                gap(steered) < gap(plain) * 0.75,
                "{prompt}: {plain:?} → {steered:?}, towards {target:?}"
            );
        }
    }
}

#[test]
fn references_of_any_size_are_fine() {
    let mut request = request("sea", 80, 80, 5);
    request.references = [
        RgbaImage::new(0, 0),
        RgbaImage::new(1, 1),
        RgbaImage::from_pixel(3, 500, Rgba([1, 2, 3, 255])),
    ]
    .map(Arc::new)
    .into();
    paint(&request, &Control::none()).expect("paints");
}

#[test]
fn what_is_not_wanted_changes_the_picture() {
    let with = painted("a red boat on the sea", 160, 120, 5);
    let mut request = request("a red boat on the sea", 160, 120, 5);
    request.negative = "boat".to_owned();
    assert_ne!(with, paint(&request, &Control::none()).expect("paints"));
}

#[test]
fn cancelling_stops_at_any_check() {
    let total = AtomicUsize::new(0);
    let count = || {
        total.fetch_add(1, Ordering::Relaxed);
        false
    };
    let wanted = request("forest with a fox", 160, 120, 1);
    paint(&wanted, &Control { progress: &|_| {}, cancelled: &count }).expect("paints");
    let total = total.load(Ordering::Relaxed);
    assert!(total > 8, "asked {total} times only");
    for stop in [0, 1, total / 2, total - 1] {
        let asked = AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= stop;
        let result = paint(&wanted, &Control { progress: &|_| {}, cancelled: &cancelled });
        assert_eq!(result.unwrap_err(), WorkError::Cancelled);
        assert_eq!(asked.load(Ordering::Relaxed), stop + 1);
    }
}

#[test]
fn progress_only_goes_forward_and_ends_at_one() {
    for prompt in PROMPTS {
        let seen = std::sync::Mutex::new(vec![0.0_f32]);
        let progress = |p: f32| seen.lock().unwrap().push(p);
        paint(&request(prompt, 96, 96, 1), &Control { progress: &progress, cancelled: &|| false })
            .expect("paints");
        let seen = seen.into_inner().unwrap();
        assert!(seen.windows(2).all(|p| p[0] <= p[1]), "{prompt}: {seen:?}");
        assert_eq!(seen.last(), Some(&1.0));
    }
}

fn enlarged(image: &RgbaImage, scale: u32, sharpen: f32) -> RgbaImage {
    upscale(
        &UpscaleRequest { image: image.clone(), scale, sharpen, ..UpscaleRequest::default() },
        &Control::none(),
    )
    .expect("enlarges")
}

#[test]
fn enlarging_keeps_size_and_mean_colour() {
    let picture = painted("a lighthouse at dawn", 131, 77, 3);
    for (scale, sharpen) in [(2, 0.0), (2, 0.5), (4, 1.0)] {
        let large = enlarged(&picture, scale, sharpen);
        assert_eq!(large.dimensions(), (131 * scale, 77 * scale));
        let (a, b) = (mean(&picture), mean(&large));
        assert!((0..3).all(|c| (a[c] - b[c]).abs() < 1.5), "{a:?} {b:?}");
    }
}

#[test]
fn enlarging_in_bands_leaves_no_seams() {
    let ramp = RgbaImage::from_fn(1500, 700, |x, y| Rgba([(x / 6) as u8, (y / 3) as u8, 90, 255]));
    let large = enlarged(&ramp, 2, 0.0);
    for y in 1..large.height() {
        let step =
            i32::from(large.get_pixel(700, y)[1]) - i32::from(large.get_pixel(700, y - 1)[1]);
        assert!((0..=1).contains(&step), "row {y} steps by {step}");
    }
}

#[test]
fn edges_do_not_ring() {
    let edge = RgbaImage::from_fn(40, 40, |x, _| {
        if x < 20 { Rgba([60, 60, 60, 255]) } else { Rgba([200, 200, 200, 255]) }
    });
    let large = enlarged(&edge, 4, 1.0);
    assert!(large.pixels().all(|p| (60..=200).contains(&p[0])));
    let row: Vec<u8> = (0..160).map(|x| large.get_pixel(x, 80)[0]).collect();
    assert!(row.windows(2).all(|p| p[0] <= p[1]), "{row:?}");
}

#[test]
fn transparent_pixels_bleed_no_colour() {
    let half = RgbaImage::from_fn(20, 20, |x, _| {
        if x < 10 { Rgba([0, 255, 0, 0]) } else { Rgba([250, 10, 10, 255]) }
    });
    for p in enlarged(&half, 4, 0.6).pixels().filter(|p| p[3] > 40) {
        assert!(p[1] < 30, "{p:?}");
    }
}

#[test]
fn what_cannot_be_enlarged_is_refused() {
    let ask = |w, h, scale| {
        upscale(
            &UpscaleRequest {
                image: RgbaImage::new(w, h),
                scale,
                sharpen: 0.3,
                ..UpscaleRequest::default()
            },
            &Control::none(),
        )
        .unwrap_err()
    };
    assert!(ask(4, 4, 3).to_string().contains("not 3 times"));
    assert_eq!(ask(0, 4, 2).to_string(), "This picture has no pixels.");
    assert!(
        ask(3000, 10, 4)
            .to_string()
            .contains("12000 × 40 px; the limit is 8192 px a side and 64 megapixels")
    );
    let stopped = upscale(
        &UpscaleRequest {
            image: RgbaImage::new(9, 9),
            scale: 2,
            sharpen: 0.5,
            ..UpscaleRequest::default()
        },
        &Control { progress: &|_| {}, cancelled: &|| true },
    );
    assert_eq!(stopped.unwrap_err(), WorkError::Cancelled);
}
