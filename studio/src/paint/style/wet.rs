//! Watercolour, and the look of a lens.

use image::RgbaImage;

use super::pixels::{Soft, blend, rows};
use crate::math::{Rng, fbm, noise, smoothstep};
use gesso_media::{Control, WorkError};

const PAPER: [f32; 3] = [250.0, 247.0, 239.0];

/// Washes that run into each other, dry darker at their edges and leave the paper's border white.
pub(super) fn watercolour(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let seed = rng.fork("wet").bits();
    let fine = Soft::new(picture, unit / 340.0, control)?;
    let wide = Soft::new(picture, unit / 55.0, control)?;
    rows(w, h, control, |x, y| {
        let (px, py) = (x as f32 / unit, y as f32 / unit);
        // The brush wobbles and the wash runs.
        let (dx, dy) = (noise(px * 26.0, py * 26.0, seed), noise(px * 26.0, py * 26.0, seed ^ 1));
        let (sx, sy) = (x as f32 + dx * unit * 0.006, y as f32 + dy * unit * 0.006);
        let run = smoothstep(-0.1, 0.7, noise(px * 5.0, py * 5.0, seed ^ 2));
        let clear = fine.at(sx, sy);
        let mut c = blend(clear, wide.at(sx, sy), 0.15 + 0.6 * run);
        // Tones fall into a few washes.
        let value = super::pixels::light(c) / 255.0;
        let step =
            (libm::floorf(value * 6.0) + smoothstep(0.35, 0.65, (value * 6.0).fract())) / 6.0;
        let change = 1.0 + (step - value) * 0.55;
        c = c.map(|v| v * change);
        // Pigment: thin in the lights, granular in the darks.
        let flow = fbm(px * 4.0, py * 4.0, 3, seed ^ 3);
        let grain = noise(px * 210.0, py * 210.0, seed ^ 4) * 0.6
            + noise(px * 90.0, py * 90.0, seed ^ 5) * 0.4;
        let rim = (fine.edge(sx, sy, unit / 260.0) / 60.0).min(1.0);
        // Darks are many layers of pigment, or they would all be grey.
        let layered = 0.5 + 0.5 * smoothstep(0.08, 0.45, value);
        let thin = (0.26 + 0.16 * flow) * layered - 0.3 * rim - 0.05 * grain * (1.4 - value);
        c = blend(c, PAPER, thin.clamp(0.0, 0.8));
        let tooth = grain * 7.0 * (1.2 - value);
        // The border stays paper.
        let near = [x as f32, y as f32, (w - x) as f32, (h - y) as f32]
            .into_iter()
            .fold(f32::MAX, f32::min)
            / unit;
        let ragged = near + 0.028 * fbm(px * 9.0, py * 9.0, 3, seed ^ 6);
        let inside = smoothstep(0.03, 0.042, ragged);
        let dried = smoothstep(0.075, 0.04, ragged) * inside * 0.2;
        c = c.map(|v| v * (1.0 - dried) + tooth);
        blend(PAPER.map(|p| p + grain * 2.5), c, inside)
    })
}

/// The look of a lens: a plane in focus, light that spreads on the film, surfaces that are never quite even, grain.
pub(super) fn photograph(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let seed = rng.fork("lens").bits();
    let (near, wide) =
        (Soft::new(picture, unit / 150.0, control)?, Soft::new(picture, unit / 24.0, control)?);
    let bytes = picture.as_raw();
    rows(w, h, control, |x, y| {
        let at = (y as usize * w as usize + x as usize) * 4;
        let sharp: [f32; 3] = std::array::from_fn(|c| f32::from(bytes[at + c]));
        let (fx, fy) = (x as f32 / w as f32 - 0.5, y as f32 / h as f32 - 0.6);
        let away = smoothstep(0.16, 0.58, libm::hypotf(fx * 0.75, fy));
        let mut c = blend(sharp, near.at(x as f32, y as f32), away);
        let spread = wide.at(x as f32, y as f32);
        let (px, py) = (x as f32 / unit, y as f32 / unit);
        let uneven = 1.0
            + 0.05 * fbm(px * 11.0, py * 11.0, 3, seed)
            + 0.025 * noise(px * 160.0, py * 160.0, seed ^ 2);
        for k in 0..3 {
            let halo = (spread[k] - 128.0).max(0.0) * 0.3;
            c[k] *= uneven;
            c[k] += halo * (1.0 - c[k] / 255.0);
        }
        c
    })
}
