use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Circles, diagonals and a soft ground.
fn drawing(side: u32) -> RgbaImage {
    RgbaImage::from_fn(side, side, |x, y| {
        let (fx, fy) = (x as f32 / side as f32, y as f32 / side as f32);
        // Sixteen samples a pixel: edges as a camera sees them.
        let mut sum = [0.0; 3];
        for i in 0..16 {
            let (u, v) =
                (fx + (i % 4) as f32 / 4.0 / side as f32, fy + (i / 4) as f32 / 4.0 / side as f32);
            let disc = (u - 0.4).hypot(v - 0.45) < 0.27;
            let stripe = ((u * 0.9 + v * 0.5) * 9.0).fract() < 0.4 && u + v > 1.05;
            let c = if disc {
                [210.0, 90.0, 60.0]
            } else if stripe {
                [30.0, 40.0, 80.0]
            } else {
                [200.0 - 60.0 * v, 210.0, 190.0 + 50.0 * u]
            };
            for (s, c) in sum.iter_mut().zip(c) {
                *s += c / 16.0;
            }
        }
        [sum[0] as u8, sum[1] as u8, sum[2] as u8, 255].into()
    })
}

fn small(image: &RgbaImage, factor: u32) -> RgbaImage {
    let area = factor * factor;
    RgbaImage::from_fn(image.width() / factor, image.height() / factor, |x, y| {
        let mut sum = [0_u32; 4];
        for dy in 0..factor {
            for dx in 0..factor {
                let p = image.get_pixel(x * factor + dx, y * factor + dy);
                for c in 0..4 {
                    sum[c] += u32::from(p[c]);
                }
            }
        }
        sum.map(|s| ((s + area / 2) / area) as u8).into()
    })
}

/// Peak signal to noise ratio in dB.
fn psnr(a: &RgbaImage, b: &RgbaImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: f64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (255.0_f64.powi(2) / (sum / a.as_raw().len() as f64).max(1e-9)).log10()
}

fn enlarged(image: &RgbaImage, change: impl Fn(&mut UpscaleRequest)) -> RgbaImage {
    let mut request =
        UpscaleRequest { image: image.clone(), scale: 2, ..UpscaleRequest::default() };
    change(&mut request);
    upscale(&request, &Control::none()).unwrap()
}

/// Energy of differences between neighbours.
fn fineness(image: &RgbaImage) -> f64 {
    let mut sum = 0.0;
    for y in 0..image.height() {
        for x in 1..image.width() {
            sum += (f64::from(image.get_pixel(x, y)[1]) - f64::from(image.get_pixel(x - 1, y)[1]))
                .powi(2);
        }
    }
    sum / f64::from(image.width() * image.height())
}

#[test]
fn both_engines_come_nearer_to_the_original_than_bicubic() {
    for factor in [2, 4] {
        let original = drawing(192);
        let source = small(&original, factor);
        let plain =
            image::imageops::resize(&source, 192, 192, image::imageops::FilterType::CatmullRom);
        let bicubic = psnr(&plain, &original);
        let lanczos = psnr(&enlarged(&source, |r| r.scale = factor), &original);
        let edge =
            psnr(&enlarged(&source, |r| (r.scale, r.engine) = (factor, Engine::Edge)), &original);
        assert!(edge > bicubic + 0.3, "×{factor}: edge {edge:.2} dB, bicubic {bicubic:.2} dB");
        assert!(
            lanczos > bicubic - 0.3,
            "×{factor}: lanczos {lanczos:.2} dB, bicubic {bicubic:.2} dB"
        );
        assert!(edge > lanczos + 0.2, "×{factor}: edge {edge:.2} dB, lanczos {lanczos:.2} dB");
    }
}

#[test]
fn sizes_are_exact_and_tiles_leave_no_seam() {
    let odd = RgbaImage::from_fn(211, 103, |x, y| [(x % 256) as u8, (y * 2) as u8, 90, 255].into());
    for scale in [2, 4, 8] {
        for engine in [Engine::Lanczos, Engine::Edge] {
            let large = enlarged(&odd, |r| (r.scale, r.engine) = (scale, engine));
            assert_eq!(large.dimensions(), (211 * scale, 103 * scale));
            // A ramp goes on over the border of two tiles as it went before.
            for x in 95 * scale..97 * scale {
                let step =
                    i32::from(large.get_pixel(x, 50)[0]) - i32::from(large.get_pixel(x - 1, 50)[0]);
                assert!((0..=1).contains(&step), "{engine:?} ×{scale} at {x}: {step}");
            }
            let back = small(&large, scale);
            assert!(psnr(&back, &odd) > 38.0, "{engine:?} ×{scale}: {}", psnr(&back, &odd));
        }
    }
}

#[test]
fn one_pixel_and_transparency_stay_what_they_are() {
    for engine in [Engine::Lanczos, Engine::Edge] {
        let dot = RgbaImage::from_pixel(1, 1, [10, 200, 30, 255].into());
        let large = enlarged(&dot, |r| (r.scale, r.engine) = (8, engine));
        assert!(large.pixels().all(|p| p.0 == [10, 200, 30, 255]), "{engine:?}");
        let half = RgbaImage::from_fn(24, 24, |x, _| {
            if x < 12 { [250, 40, 40, 255] } else { [0, 0, 0, 0] }.into()
        });
        let large = enlarged(&half, |r| r.engine = engine);
        assert_eq!((large.get_pixel(2, 20)[3], large.get_pixel(44, 20)[3]), (255, 0));
        // The invisible black bleeds into nothing.
        assert!(
            large.pixels().filter(|p| p[3] > 40).all(|p| p[0] > 235 && p[1] < 60),
            "{engine:?}"
        );
    }
}

#[test]
fn creative_adds_texture_that_cancels_out() {
    let source = small(&drawing(192), 2);
    let plain = enlarged(&source, |r| r.sharpen = 0.2);
    let creative = |seed| {
        enlarged(&source, |r| {
            (r.sharpen, r.creativity, r.seed) = (0.2, 1.0, seed);
        })
    };
    let made = creative(1);
    assert!(fineness(&made) > 1.15 * fineness(&plain), "{} {}", fineness(&made), fineness(&plain));
    let (back, before) = (small(&made, 2), small(&plain, 2));
    assert!(psnr(&back, &before) > 42.0, "{}", psnr(&back, &before));
    assert_eq!(made, creative(1));
    assert_ne!(made, creative(2));
}

#[test]
fn noise_is_smoothed_and_edges_stay() {
    let clean = drawing(96);
    let mut noisy = clean.clone();
    for (i, p) in noisy.pixels_mut().enumerate() {
        let add = (crate::math::mix64(i as u64) % 25) as i32 - 12;
        for c in 0..3 {
            p[c] = (i32::from(p[c]) + add).clamp(0, 255) as u8;
        }
    }
    let target = enlarged(&clean, |_| {});
    let plain = psnr(&enlarged(&noisy, |_| {}), &target);
    let restored = psnr(&enlarged(&noisy, |r| r.denoise = 0.4), &target);
    assert!(restored > plain + 2.0, "{restored:.2} dB against {plain:.2} dB");
}

#[test]
fn borders_of_blocks_are_smoothed_and_edges_are_not() {
    // A ramp in steps of eight pixels, as strong compression leaves it, and one edge of the picture.
    let level = |x: u32| (80 + x / 8 * 6 + if x >= 32 { 90 } else { 0 }) as u8;
    let blocks = RgbaImage::from_fn(64, 64, |x, _| [level(x), level(x), level(x), 255].into());
    let mut smooth = blocks.clone();
    restore::smooth_blocks(&mut smooth, 0.5, &Control::none()).unwrap();
    let step = |image: &RgbaImage, x: u32| {
        image.get_pixel(x, 40)[0].abs_diff(image.get_pixel(x - 1, 40)[0])
    };
    assert_eq!((step(&blocks, 16), step(&blocks, 32)), (6, 96));
    assert!(step(&smooth, 16) <= 3, "{}", step(&smooth, 16));
    assert_eq!(step(&smooth, 32), 96);
}

#[test]
fn it_stops_when_told_and_says_what_it_cannot() {
    let image = drawing(256);
    for engine in [Engine::Lanczos, Engine::Edge] {
        let asked = AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) > 3;
        let control = Control { progress: &|_| {}, cancelled: &cancelled };
        let request =
            UpscaleRequest { image: image.clone(), scale: 8, engine, ..UpscaleRequest::default() };
        assert_eq!(upscale(&request, &control), Err(WorkError::Cancelled));
    }
    let wrong = UpscaleRequest { image: image.clone(), scale: 3, ..UpscaleRequest::default() };
    assert_eq!(
        upscale(&wrong, &Control::none()),
        Err(WorkError::Refused(
            "A picture can be enlarged 2, 4 or 8 times, not 3 times.".to_owned()
        ))
    );
    let empty = UpscaleRequest { scale: 2, ..UpscaleRequest::default() };
    assert_eq!(
        upscale(&empty, &Control::none()),
        Err(WorkError::Refused("This picture has no pixels.".to_owned()))
    );
    let huge =
        UpscaleRequest { image: RgbaImage::new(2000, 10), scale: 8, ..UpscaleRequest::default() };
    assert!(matches!(upscale(&huge, &Control::none()), Err(WorkError::Refused(_))));
}
