//! Texture for the creative mode, out of the picture itself: what is fine in the source around a place is laid over that
//! place at the size it has there, since textures look alike on several scales (Glasner et al., 2009); and a little
//! grain. Within every source pixel it adds up to nothing.

use image::RgbaImage;

use crate::math::mix64;
use gesso_media::{Control, WorkError};

/// Side of the patches that are laid, in pixels of the result; they overlap by half.
const PATCH: i64 = 16;
/// Greatest distance of a patch from its place, in source pixels.
const STRAY: i64 = 3;

/// Adds the texture.
pub(super) fn add(
    out: &mut RgbaImage,
    source: &RgbaImage,
    scale: u32,
    amount: f32,
    seed: u64,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let (w, h) = (source.width() as usize, source.height() as usize);
    let fine = fine(source);
    control.at(0.2)?;
    let hann: Vec<f32> = (0..PATCH)
        .map(|i| 0.5 - 0.5 * libm::cosf(std::f32::consts::TAU * (i as f32 + 0.5) / PATCH as f32))
        .collect();
    let width = w * scale as usize;
    let mut rows = vec![0.0_f32; width * scale as usize];
    for sy in 0..h {
        if sy % 8 == 0 {
            control.at(0.2 + 0.8 * sy as f32 / h as f32)?;
        }
        for row in 0..scale as usize {
            let y = (sy * scale as usize + row) as i64;
            for x in 0..width {
                let texture = laid(&fine, (w, h), (x as i64, y), i64::from(scale), &hann, seed);
                rows[row * width + x] = texture * 1.6 + grain(x as u64, y as u64, seed) * 2.2;
            }
        }
        for sx in 0..w {
            balance(&mut rows, width, sx * scale as usize, scale as usize);
            for row in 0..scale as usize {
                for column in 0..scale as usize {
                    let x = sx * scale as usize + column;
                    let add = rows[row * width + x] * amount;
                    let y = (sy * scale as usize + row) as u32;
                    let p = out.get_pixel_mut(x as u32, y);
                    // The same for all three channels; it stops where one would clip, so that hues stay.
                    let (least, most) = (p[0].min(p[1]).min(p[2]), p[0].max(p[1]).max(p[2]));
                    let add = add.clamp(-f32::from(least), 255.0 - f32::from(most));
                    for c in 0..3 {
                        p[c] = (f32::from(p[c]) + add + 0.5) as u8;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns the part of the lightness that is finer than its surroundings, strong edges held back.
fn fine(source: &RgbaImage) -> Vec<f32> {
    let (w, h) = (source.width() as usize, source.height() as usize);
    let luma: Vec<f32> = source
        .pixels()
        .map(|p| {
            (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]))
                * f32::from(p[3])
                / 255.0
        })
        .collect();
    let mut fine = vec![0.0; w * h];
    for y in 0..h {
        for x in 0..w {
            let mut sum = 0.0;
            for dy in [-1_isize, 0, 1] {
                for dx in [-1_isize, 0, 1] {
                    let sx = (x as isize + dx).clamp(0, w as isize - 1) as usize;
                    let sy = (y as isize + dy).clamp(0, h as isize - 1) as usize;
                    sum += luma[sy * w + sx];
                }
            }
            // Strong edges are drawn already; repeated beside themselves they would be ghosts.
            fine[y * w + x] = (luma[y * w + x] - sum / 9.0).clamp(-18.0, 18.0);
        }
    }
    fine
}

/// The texture at a place of the result: four patches that overlap there.
fn laid(
    fine: &[f32],
    (w, h): (usize, usize),
    (x, y): (i64, i64),
    scale: i64,
    hann: &[f32],
    seed: u64,
) -> f32 {
    const STEP: i64 = PATCH / 2;
    let mut sum = 0.0;
    for by in [y / STEP - 1, y / STEP] {
        for bx in [x / STEP - 1, x / STEP] {
            let (px, py) = (x - bx * STEP, y - by * STEP);
            let chance = mix64(seed ^ (bx as u64).wrapping_mul(0x9e37_79b9) ^ ((by as u64) << 32));
            let stray = |bits: u64| (bits % (2 * STRAY as u64 + 1)) as i64 - STRAY;
            let (mut ox, mut oy) = (px - STEP, py - STEP);
            if chance & 1 == 1 {
                ox = -ox;
            }
            if chance & 2 == 2 {
                oy = -oy;
            }
            let sx = (bx * STEP + STEP) / scale + stray(chance >> 8) + ox;
            let sy = (by * STEP + STEP) / scale + stray(chance >> 24) + oy;
            let sx = mirrored(sx, w as i64);
            let sy = mirrored(sy, h as i64);
            sum += fine[sy * w + sx] * hann[px as usize] * hann[py as usize];
        }
    }
    sum
}

fn mirrored(v: i64, n: i64) -> usize {
    let period = 2 * n;
    let v = v.rem_euclid(period);
    (if v < n { v } else { period - 1 - v }) as usize
}

/// From about −1 to 1.
fn grain(x: u64, y: u64, seed: u64) -> f32 {
    let bits = mix64(seed.wrapping_add(0x5bd1) ^ (x << 32) ^ y);
    let part = |shift: u32| ((bits >> shift) & 0xffff) as f32 / 65_535.0;
    part(0) + part(16) - 1.0
}

/// Takes the mean of a source pixel's share away.
fn balance(rows: &mut [f32], width: usize, from: usize, scale: usize) {
    let mut sum = 0.0;
    for row in 0..scale {
        sum += rows[row * width + from..row * width + from + scale].iter().sum::<f32>();
    }
    let mean = sum / (scale * scale) as f32;
    for row in 0..scale {
        for value in &mut rows[row * width + from..row * width + from + scale] {
            *value -= mean;
        }
    }
}
