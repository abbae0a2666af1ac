//! Lanczos resampling in linear light with premultiplied alpha, band by band.

use image::RgbaImage;

use crate::paint::{decode_channel, encode_channel};
use gesso_media::{ScaleFilter, WorkError, scale_deep};

/// Enlarges the rows from `top` to `low` of the result, with the source rows around them that Lanczos3 reaches.
pub(super) fn band(
    image: &RgbaImage,
    scale: u32,
    (top, low): (u32, u32),
    out: &mut RgbaImage,
) -> Result<(), WorkError> {
    const REACH: u32 = 4;
    let (w, h) = image.dimensions();
    let first = (top / scale).saturating_sub(REACH);
    let last = (low.div_ceil(scale) + REACH).min(h);
    let linear: Vec<u16> = (0..=255_u8)
        .map(|c| (decode_channel(f32::from(c) / 255.0) * 65_535.0 + 0.5) as u16)
        .collect();
    let mut source = Vec::with_capacity((last - first) as usize * w as usize);
    for y in first..last {
        for x in 0..w {
            let p = image.get_pixel(x, y);
            let alpha = u32::from(p[3]);
            let light =
                |c: usize| ((u32::from(linear[usize::from(p[c])]) * alpha + 127) / 255) as u16;
            source.push([light(0), light(1), light(2), (alpha * 257) as u16]);
        }
    }
    let (width, rows) = (w * scale, (last - first) * scale);
    let enlarged = scale_deep(source, (w, last - first), (width, rows), ScaleFilter::Lanczos3)
        .map_err(|error| WorkError::Internal(error.to_string()))?;
    let encoded: Vec<u8> =
        (0..=4095_u32).map(|i| (encode_channel(i as f32 / 4095.0) * 255.0 + 0.5) as u8).collect();
    let skip = top - first * scale;
    for y in top..low {
        let line = &enlarged[(y - top + skip) as usize * width as usize..];
        for x in 0..width {
            let at = |c: usize| u32::from(line[x as usize][c]);
            let alpha = at(3);
            let mut pixel = [0, 0, 0, ((alpha + 128) / 257) as u8];
            if alpha > 0 {
                for (c, value) in pixel.iter_mut().enumerate().take(3) {
                    let straight = (f64::from(at(c)) * 65_535.0 / f64::from(alpha)).min(65_535.0)
                        as f32
                        / 65_535.0;
                    // The table is too coarse where sRGB is steepest.
                    *value = if straight < 0.03 {
                        (encode_channel(straight) * 255.0 + 0.5) as u8
                    } else {
                        encoded[(straight * 4095.0 + 0.5) as usize]
                    };
                }
            }
            clamp_to_source(image, x / scale, y / scale, &mut pixel);
            out.put_pixel(x, y, image::Rgba(pixel));
        }
    }
    Ok(())
}

/// Takes the overshoot of the negative lobes away: no value outside what the 3 × 3 source pixels around hold.
fn clamp_to_source(image: &RgbaImage, x: u32, y: u32, pixel: &mut [u8; 4]) {
    let (w, h) = image.dimensions();
    let (mut low, mut high) = ([255_u8; 4], [0_u8; 4]);
    for sy in y.saturating_sub(1)..=(y + 1).min(h - 1) {
        for sx in x.saturating_sub(1)..=(x + 1).min(w - 1) {
            let p = image.get_pixel(sx, sy);
            for c in 0..4 {
                low[c] = low[c].min(p[c]);
                high[c] = high[c].max(p[c]);
            }
        }
    }
    for c in 0..4 {
        pixel[c] = pixel[c].clamp(low[c], high[c]);
    }
}
