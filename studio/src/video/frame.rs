//! Pictures cut to a frame, and one frame going over into the next.

use crate::camera::raster::{Texture, rows};
use crate::camera::relief::Study;
use crate::math::{lerp, smoothstep};
use gesso_media::{Part, RgbaImage, ScaleFilter, WorkError, scale};

/// Largest resolution of a shot's picture, as a multiple of the frame's, so that coming closer shows more.
const FINER: f32 = 1.25;

/// The part of a picture that a frame of `w` × `h` shows best, in about its size. Cut rather than given bars: where the
/// subject seems to be stays in.
pub(crate) fn cut(picture: &RgbaImage, w: u32, h: u32) -> Result<RgbaImage, WorkError> {
    let (pw, ph) = picture.dimensions();
    let aspect = f64::from(w) / f64::from(h);
    let own = f64::from(pw) / f64::from(ph);
    let (cw, ch) = if own > aspect {
        ((f64::from(ph) * aspect).clamp(1.0, f64::from(pw)), f64::from(ph))
    } else {
        (f64::from(pw), (f64::from(pw) / aspect).clamp(1.0, f64::from(ph)))
    };
    let free = (f64::from(pw) - cw, f64::from(ph) - ch);
    let (mut left, mut top) = (free.0 / 2.0, free.1 / 2.0);
    if free.0 > 1.0 || free.1 > 1.0 {
        let small = shrunk(picture)?;
        let part = (cw / f64::from(pw), ch / f64::from(ph));
        let (u, v) = best(&Study::new(&Texture::new(small)), (part.0 as f32, part.1 as f32));
        (left, top) = (free.0 * f64::from(u), free.1 * f64::from(v));
    }
    let scale = (cw as f32 / w as f32).clamp(1.0, FINER);
    let (tw, th) = ((w as f32 * scale) as u32, (h as f32 * scale) as u32);
    resized(picture, (tw, th), Some(Part { x: left, y: top, width: cw, height: ch }))
}

fn shrunk(picture: &RgbaImage) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let scale = (256.0 / w.max(h) as f32).min(1.0);
    let side = |s: u32| ((s as f32 * scale) as u32).max(1);
    resized(picture, (side(w), side(h)), None)
}

fn resized(
    picture: &RgbaImage,
    size: (u32, u32),
    part: Option<Part>,
) -> Result<RgbaImage, WorkError> {
    scale(picture, size, ScaleFilter::Lanczos3, part)
        .map_err(|error| WorkError::Internal(error.to_string()))
}

/// Where to put a window of this part of the picture, as parts of the room it has.
fn best(study: &Study, part: (f32, f32)) -> (f32, f32) {
    let saliency = study.saliency();
    let (w, h) = (saliency.width, saliency.height);
    let (ww, wh) = (((w as f32 * part.0) as usize).max(1), ((h as f32 * part.1) as usize).max(1));
    let mut found = (0.5, 0.5, f32::MIN);
    let steps = 16;
    for step in 0..=steps {
        let t = step as f32 / steps as f32;
        let (u, v) = if part.0 < part.1 { (t, 0.5) } else { (0.5, t) };
        let (x0, y0) =
            (((w - ww.min(w)) as f32 * u) as usize, ((h - wh.min(h)) as f32 * v) as usize);
        let mut sum = 0.0;
        for y in y0..(y0 + wh).min(h) {
            for x in x0..(x0 + ww).min(w) {
                // What is cut through at the edge counts less than what is whole inside.
                let edge = ((x - x0).min(x0 + ww - 1 - x) as f32 / ww as f32)
                    .min((y - y0).min(y0 + wh - 1 - y) as f32 / wh as f32);
                sum += saliency.values[y * w + x] * smoothstep(-0.02, 0.12, edge);
            }
        }
        let value = sum * (1.0 - 0.1 * (t - 0.5).abs());
        if value > found.2 {
            found = (u, v, value);
        }
    }
    (found.0, found.1)
}

/// Lays the next frame over one: a soft edge wanders across, and bright parts come a little before it.
pub(crate) fn cross(out: &mut [u8], next: &[u8], through: f32, w: usize) {
    const SOFT: f32 = 0.5;
    let h = (out.len() / (w * 3)).max(1) as f32;
    let front = through.clamp(0.0, 1.0) * (1.0 + SOFT);
    rows(out, w * 3, |y, row| {
        let new = &next[y * w * 3..(y + 1) * w * 3];
        let slant = 0.15 * y as f32 / h;
        let pairs = row.as_chunks_mut::<3>().0.iter_mut().zip(new.as_chunks::<3>().0);
        for (x, (old, new)) in pairs.enumerate() {
            let light = (f32::from(new[0]) + 2.0 * f32::from(new[1]) + f32::from(new[2])) / 1020.0;
            let late = 0.65 * x as f32 / w as f32 + slant + 0.2 * (1.0 - light);
            let share = smoothstep(0.0, SOFT, front - late);
            for c in 0..3 {
                old[c] = (lerp(f32::from(old[c]), f32::from(new[c]), share) + 0.5) as u8;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn the_subject_stays_in_a_narrower_frame() {
        let picture = RgbaImage::from_fn(320, 120, |x, y| {
            let inside = (40..90).contains(&x) && (30..110).contains(&y);
            if inside { Rgba([190, 40, 30, 255]) } else { Rgba([210, 214, 220, 255]) }
        });
        let cut = cut(&picture, 100, 100).unwrap();
        let red = cut.pixels().filter(|p| p[0] > 150 && p[1] < 90).count() as f32;
        let whole = 50.0 * 80.0 / (120.0 * 120.0);
        let share = red / (cut.width() * cut.height()) as f32;
        assert!(share > whole * 0.97, "{share} of {whole}");
    }

    #[test]
    fn any_picture_fills_the_frame() {
        for (w, h) in [(1, 1), (1, 900), (3000, 2), (64, 64)] {
            let picture = RgbaImage::from_pixel(w, h, Rgba([7, 80, 160, 255]));
            let cut = cut(&picture, 90, 64).unwrap();
            assert!(cut.width() >= 90 && cut.height() >= 64);
            assert!(cut.pixels().all(|p| p.0 == [7, 80, 160, 255]));
        }
    }
}
