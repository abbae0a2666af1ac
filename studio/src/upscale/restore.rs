//! Repair of noise and of traces of compression, as far as that is possible without guessing.

use image::RgbaImage;

use gesso_media::{Control, WorkError};

/// The cleaned picture, or nothing where there is nothing to do.
pub(super) fn restore(
    image: &RgbaImage,
    denoise: f32,
    deblock: bool,
    control: &Control<'_>,
) -> Result<Option<RgbaImage>, WorkError> {
    let denoise = denoise.clamp(0.0, 1.0);
    if denoise <= 0.0 {
        return Ok(None);
    }
    let mut out = image.clone();
    if deblock {
        control.part(0.0, 0.03, |c| smooth_blocks(&mut out, denoise, c))?;
    }
    let before = out.clone();
    control.part(0.03, 0.1, |c| bilateral(&before, &mut out, denoise, c))?;
    Ok(Some(out))
}

/// Steps across the borders of JPEG's blocks that are too small to be edges are spread over four pixels.
pub(super) fn smooth_blocks(
    image: &mut RgbaImage,
    strength: f32,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let (w, h) = image.dimensions();
    let limit = (6.0 + 18.0 * strength) as i32;
    let spread = |image: &mut RgbaImage, at: [(u32, u32); 4]| {
        for c in 0..3 {
            let v = at.map(|(x, y)| i32::from(image.get_pixel(x, y)[c]));
            let step = v[2] - v[1];
            let inner = (v[1] - v[0]).abs().max((v[3] - v[2]).abs());
            // A step that goes on to both sides is a slope of the picture, not a border of blocks.
            if step == 0 || step.abs() > limit || inner * 2 > step.abs() {
                continue;
            }
            for (i, share) in [(0, 1), (1, 3), (2, -3), (3, -1)] {
                let (x, y) = at[i];
                let value = (v[i] + step * share / 8).clamp(0, 255) as u8;
                image.get_pixel_mut(x, y)[c] = value;
            }
        }
    };
    for y in 0..h {
        if y % 256 == 0 {
            control.at(0.5 * y as f32 / h as f32)?;
        }
        for x in (8..w.saturating_sub(1)).step_by(8) {
            spread(image, [(x - 2, y), (x - 1, y), (x, y), (x + 1, y)]);
        }
    }
    for y in (8..h.saturating_sub(1)).step_by(8) {
        if y % 64 == 0 {
            control.at(0.5 + 0.5 * y as f32 / h as f32)?;
        }
        for x in 0..w {
            spread(image, [(x, y - 2), (x, y - 1), (x, y), (x, y + 1)]);
        }
    }
    Ok(())
}

/// Neighbours count by how near they are and how alike (Tomasi and Manduchi, 1998): noise goes, edges stay.
fn bilateral(
    image: &RgbaImage,
    out: &mut RgbaImage,
    strength: f32,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    const REACH: i32 = 2;
    let (w, h) = (image.width() as i32, image.height() as i32);
    let sigma = 6.0 + 26.0 * strength;
    let like: Vec<f32> =
        (0..766).map(|d| libm::expf(-((d * d) as f32) / (2.0 * 3.0 * sigma * sigma))).collect();
    let near = |dx: i32, dy: i32| libm::expf(-((dx * dx + dy * dy) as f32) / 4.5);
    let weights: Vec<(i32, i32, f32)> = (-REACH..=REACH)
        .flat_map(|dy| (-REACH..=REACH).map(move |dx| (dx, dy, near(dx, dy))))
        .collect();
    for y in 0..h {
        if y % 32 == 0 {
            control.at(y as f32 / h as f32)?;
        }
        for x in 0..w {
            let here = image.get_pixel(x as u32, y as u32).0;
            let (mut sum, mut total) = ([0.0_f32; 3], 0.0_f32);
            for (dx, dy, weight) in &weights {
                let (sx, sy) = ((x + dx).clamp(0, w - 1), (y + dy).clamp(0, h - 1));
                let there = image.get_pixel(sx as u32, sy as u32).0;
                let apart: u32 = (0..3).map(|c| u32::from(here[c].abs_diff(there[c]))).sum();
                // What is transparent has a colour nobody sees.
                let weight = weight * like[apart as usize] * f32::from(there[3]);
                total += weight;
                for c in 0..3 {
                    sum[c] += weight * f32::from(there[c]);
                }
            }
            if total > 0.0 {
                let pixel = out.get_pixel_mut(x as u32, y as u32);
                for c in 0..3 {
                    pixel[c] = (sum[c] / total + 0.5) as u8;
                }
            }
        }
    }
    Ok(())
}
