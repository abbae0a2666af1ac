//! Sharpening without halos.

use image::RgbaImage;

use gesso_media::{Control, WorkError};

/// Unsharp masking of the luma, held inside the range of the 3 × 3 pixels around, so that it has no halos.
pub(super) fn sharpen(
    image: &mut RgbaImage,
    amount: f32,
    scale: u32,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    if amount <= 0.0 {
        return Ok(());
    }
    let (w, h) = (image.width() as usize, image.height() as usize);
    let reach = (scale / 2).max(1) as usize;
    let luma: Vec<u8> = image
        .pixels()
        .map(|p| ((77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2])) >> 8) as u8)
        .collect();
    let at = |x: usize, y: usize| i32::from(luma[y.min(h - 1) * w + x.min(w - 1)]);
    for y in 0..h {
        if y % 64 == 0 {
            control.at(y as f32 / h as f32)?;
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
