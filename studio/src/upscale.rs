//! The upscaler in precision mode: nothing is invented, edges stay clean.

use fast_image_resize as fir;
use image::RgbaImage;

use crate::math::lerp;
use crate::paint::{decode_channel, encode_channel};
use crate::{Control, Job, Made, StudioError, Workshop};

/// Longest side of an enlarged picture, in pixels.
pub const UPSCALED_SIDE_MAX_PX: u32 = 8192;
/// Most pixels of an enlarged picture.
pub const UPSCALED_PIXELS_MAX: u64 = 64_000_000;

/// What to enlarge.
#[derive(Clone, Debug)]
pub struct UpscaleRequest {
    /// The picture.
    pub image: RgbaImage,
    /// 2 or 4.
    pub scale: u32,
    /// How much edges are sharpened, 0 (not at all) to 1.
    pub sharpen: f32,
}

/// The model `studio-upscaler`.
pub(crate) fn compute(
    job: &Job,
    _workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Vec<Made>, StudioError> {
    let image = job.pictures("image")?.into_iter().next().ok_or(StudioError::Empty)?;
    let (scale, sharpen) = (job.whole("scale", 2), job.number("sharpen", 0.35));
    let request = UpscaleRequest { image, scale: scale as u32, sharpen: sharpen as f32 };
    Ok(vec![Made::picture("image", &upscale(&request, control)?)?])
}

/// Enlarges a picture exactly `scale` times: Lanczos3 in linear light with premultiplied alpha, then
/// a sharpening that never leaves the range of the neighbouring pixels.
///
/// # Errors
/// [`StudioError::Scale`], [`StudioError::Empty`], [`StudioError::TooLarge`] and [`StudioError::Cancelled`].
pub fn upscale(request: &UpscaleRequest, control: &Control<'_>) -> Result<RgbaImage, StudioError> {
    let scale = request.scale;
    if !matches!(scale, 2 | 4) {
        return Err(StudioError::Scale(scale));
    }
    let (w, h) = request.image.dimensions();
    if w == 0 || h == 0 {
        return Err(StudioError::Empty);
    }
    let (width, height) = (u64::from(w) * u64::from(scale), u64::from(h) * u64::from(scale));
    if width.max(height) > u64::from(UPSCALED_SIDE_MAX_PX) || width * height > UPSCALED_PIXELS_MAX {
        return Err(StudioError::TooLarge { width, height, scale });
    }
    control.at(0.0)?;
    let (width, height) = (width as u32, height as u32);
    let mut out = RgbaImage::new(width, height);
    // Bands keep the memory of the 16-bit copies small and let a caller stop in between.
    let rows = (2_000_000 / width.max(1)).clamp(16, 512) / scale * scale;
    let mut top = 0;
    while top < height {
        let low = (top + rows).min(height);
        band(&request.image, scale, (top, low), &mut out)?;
        control.at(0.8 * low as f32 / height as f32)?;
        top = low;
    }
    sharpen(&mut out, request.sharpen.clamp(0.0, 1.0), scale, control)?;
    control.at(1.0)?;
    Ok(out)
}

/// Enlarges the rows from `top` to `low` of the result, with the source rows around them that Lanczos3 reaches.
fn band(
    image: &RgbaImage,
    scale: u32,
    (top, low): (u32, u32),
    out: &mut RgbaImage,
) -> Result<(), StudioError> {
    const REACH: u32 = 4;
    let fail = |e: &dyn std::fmt::Display| StudioError::Internal(e.to_string());
    let (w, h) = image.dimensions();
    let first = (top / scale).saturating_sub(REACH);
    let last = (low.div_ceil(scale) + REACH).min(h);
    let linear: Vec<u16> = (0..=255_u8)
        .map(|c| (decode_channel(f32::from(c) / 255.0) * 65_535.0 + 0.5) as u16)
        .collect();
    let mut source = Vec::with_capacity((last - first) as usize * w as usize * 8);
    for y in first..last {
        for x in 0..w {
            let p = image.get_pixel(x, y);
            let alpha = u32::from(p[3]);
            for c in 0..3 {
                let value = (u32::from(linear[usize::from(p[c])]) * alpha + 127) / 255;
                source.extend_from_slice(&(value as u16).to_ne_bytes());
            }
            source.extend_from_slice(&((alpha * 257) as u16).to_ne_bytes());
        }
    }
    let source = fir::images::Image::from_vec_u8(w, last - first, source, fir::PixelType::U16x4)
        .map_err(|e| fail(&e))?;
    let (width, rows) = (w * scale, (last - first) * scale);
    let mut target = fir::images::Image::new(width, rows, fir::PixelType::U16x4);
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3))
        .use_alpha(false);
    fir::Resizer::new().resize(&source, &mut target, &options).map_err(|e| fail(&e))?;
    let bytes = target.buffer();
    let encoded: Vec<u8> =
        (0..=4095_u32).map(|i| (encode_channel(i as f32 / 4095.0) * 255.0 + 0.5) as u8).collect();
    let skip = top - first * scale;
    for y in top..low {
        let line = &bytes[(y - top + skip) as usize * width as usize * 8..];
        for x in 0..width {
            let at = |c: usize| {
                u32::from(u16::from_ne_bytes([
                    line[x as usize * 8 + c * 2],
                    line[x as usize * 8 + c * 2 + 1],
                ]))
            };
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

/// Unsharp masking of the luma, held inside the range of the 3 × 3 pixels around, so that it has no halos.
fn sharpen(
    image: &mut RgbaImage,
    amount: f32,
    scale: u32,
    control: &Control<'_>,
) -> Result<(), StudioError> {
    if amount <= 0.0 {
        return Ok(());
    }
    let (w, h) = (image.width() as usize, image.height() as usize);
    let reach = if scale == 4 { 2 } else { 1 };
    let luma: Vec<u8> = image
        .pixels()
        .map(|p| ((77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2])) >> 8) as u8)
        .collect();
    let at = |x: usize, y: usize| i32::from(luma[y.min(h - 1) * w + x.min(w - 1)]);
    for y in 0..h {
        if y % 64 == 0 {
            control.at(lerp(0.8, 0.99, y as f32 / h as f32))?;
        }
        let (y0, y1) = (y.saturating_sub(reach), y + reach);
        for x in 0..w {
            let (x0, x1) = (x.saturating_sub(reach), x + reach);
            let near = [
                at(x0, y0),
                at(x, y0),
                at(x1, y0),
                at(x0, y),
                at(x1, y),
                at(x0, y1),
                at(x, y1),
                at(x1, y1),
            ];
            let here = at(x, y);
            let mean = (near[0]
                + near[2]
                + near[5]
                + near[7]
                + 2 * (near[1] + near[3] + near[4] + near[6])
                + 4 * here) as f32
                / 16.0;
            let (low, high) = near.iter().fold((here, here), |(l, g), v| (l.min(*v), g.max(*v)));
            let target =
                (here as f32 + (here as f32 - mean) * amount * 1.2).clamp(low as f32, high as f32);
            let change = (target - here as f32).round() as i32;
            if change == 0 {
                continue;
            }
            let p = image.get_pixel_mut(x as u32, y as u32);
            // One step for all three channels keeps the hue; it stops where the first would clip.
            let (least, most) = (
                p.0[..3].iter().min().copied().unwrap_or(0),
                p.0[..3].iter().max().copied().unwrap_or(255),
            );
            let change = change.clamp(-i32::from(least), 255 - i32::from(most));
            for c in 0..3 {
                p[c] = (i32::from(p[c]) + change).clamp(0, 255) as u8;
            }
        }
    }
    Ok(())
}
