//! Pixels as the styles work on them.

use crate::paint::color::Rgb;
use crate::paint::palette::clusters;
use gesso_media::{Control, WorkError};
use image::RgbaImage;

/// A picture made smaller and softer, looked up between its pixels: a blur of any radius in little memory.
pub(crate) struct Soft {
    data: Vec<[f32; 3]>,
    w: usize,
    h: usize,
    reduce: f32,
}

impl Soft {
    /// Blurs by about `radius` pixels. Channels are 0..255.
    pub(crate) fn new(
        picture: &RgbaImage,
        radius: f32,
        control: &Control<'_>,
    ) -> Result<Self, WorkError> {
        let step = ((radius / 1.5) as usize).max(1);
        let (pw, ph) = (picture.width() as usize, picture.height() as usize);
        let (w, h) = (pw.div_ceil(step), ph.div_ceil(step));
        let mut data = vec![[0.0_f32; 3]; w * h];
        let bytes = picture.as_raw();
        for y in 0..h {
            if y * step % 64 < step {
                control.check()?;
            }
            let rows = y * step..((y + 1) * step).min(ph);
            for x in 0..w {
                let mut sum = [0_u32; 3];
                let columns = x * step..((x + 1) * step).min(pw);
                let count = (rows.len() * columns.len()) as f32;
                for sy in rows.clone() {
                    for p in
                        bytes[(sy * pw + columns.start) * 4..][..columns.len() * 4].chunks_exact(4)
                    {
                        // What is transparent lies on white paper.
                        let alpha = u32::from(p[3]);
                        for c in 0..3 {
                            sum[c] += (u32::from(p[c]) * alpha + 255 * (255 - alpha)) / 255;
                        }
                    }
                }
                data[y * w + x] = sum.map(|s| s as f32 / count);
            }
        }
        let mut soft = Self { data, w, h, reduce: step as f32 };
        soft.smooth();
        if radius < 1.5 {
            return Ok(soft);
        }
        soft.smooth();
        Ok(soft)
    }

    /// One binomial blur over three pixels both ways.
    fn smooth(&mut self) {
        let (w, h) = (self.w, self.h);
        let mut out = self.data.clone();
        for y in 0..h {
            for x in 0..w {
                let (l, r) = (x.saturating_sub(1), (x + 1).min(w - 1));
                let (a, m, b) = (self.data[y * w + l], self.data[y * w + x], self.data[y * w + r]);
                out[y * w + x] = std::array::from_fn(|c| (a[c] + m[c] * 2.0 + b[c]) / 4.0);
            }
        }
        for y in 0..h {
            let (t, b) = (y.saturating_sub(1), (y + 1).min(h - 1));
            for x in 0..w {
                let (a, m, z) = (out[t * w + x], out[y * w + x], out[b * w + x]);
                self.data[y * w + x] = std::array::from_fn(|c| (a[c] + m[c] * 2.0 + z[c]) / 4.0);
            }
        }
    }

    /// The colour at a point of the full picture.
    pub(crate) fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let fx = ((x + 0.5) / self.reduce - 0.5).clamp(0.0, self.w as f32 - 1.0);
        let fy = ((y + 0.5) / self.reduce - 0.5).clamp(0.0, self.h as f32 - 1.0);
        let (ix, iy) = (fx as usize, fy as usize);
        let (jx, jy) = ((ix + 1).min(self.w - 1), (iy + 1).min(self.h - 1));
        let (tx, ty) = (fx - ix as f32, fy - iy as f32);
        let (a, b) = (&self.data[iy * self.w + ix], &self.data[iy * self.w + jx]);
        let (c, d) = (&self.data[jy * self.w + ix], &self.data[jy * self.w + jx]);
        std::array::from_fn(|k| {
            let top = a[k] + (b[k] - a[k]) * tx;
            let low = c[k] + (d[k] - c[k]) * tx;
            top + (low - top) * ty
        })
    }

    /// Lightness at a point, 0..255.
    pub(super) fn light(&self, x: f32, y: f32) -> f32 {
        let [r, g, b] = self.at(x, y);
        r * 0.3 + g * 0.59 + b * 0.11
    }

    /// Returns the change of lightness from `reach` pixels before a place to `reach` after it, to the right and down.
    pub(super) fn slope(&self, x: f32, y: f32, reach: f32) -> (f32, f32) {
        (
            self.light(x + reach, y) - self.light(x - reach, y),
            self.light(x, y + reach) - self.light(x, y - reach),
        )
    }

    /// Returns the change of colour from `reach` pixels before a place to `reach` pixels after it, both ways together.
    pub(super) fn edge(&self, x: f32, y: f32, reach: f32) -> f32 {
        let (l, r) = (self.at(x - reach, y), self.at(x + reach, y));
        let (t, b) = (self.at(x, y - reach), self.at(x, y + reach));
        let sum = (0..3).map(|c| (l[c] - r[c]).powi(2) + (t[c] - b[c]).powi(2)).sum::<f32>();
        libm::sqrtf(sum / 3.0)
    }
}

/// Makes a picture row by row, stopping when asked to.
pub(super) fn rows(
    w: u32,
    h: u32,
    control: &Control<'_>,
    mut color: impl FnMut(u32, u32) -> [f32; 3],
) -> Result<RgbaImage, WorkError> {
    let mut out = Vec::with_capacity(w as usize * h as usize * 4);
    for y in 0..h {
        if y % 16 == 0 {
            control.at(y as f32 / h as f32)?;
        }
        for x in 0..w {
            out.extend(color(x, y).map(|c| (c + 0.5).clamp(0.0, 255.0) as u8));
            out.push(255);
        }
    }
    whole(w, h, out)
}

pub(super) fn whole(w: u32, h: u32, bytes: Vec<u8>) -> Result<RgbaImage, WorkError> {
    RgbaImage::from_raw(w, h, bytes)
        .ok_or_else(|| WorkError::Internal("the picture's buffer has the wrong length".to_owned()))
}

/// A few colours of a picture, and a table that finds the nearest of them.
pub(super) struct Few {
    pub(crate) colors: Vec<[f32; 3]>,
    table: Vec<u8>,
}

/// Points a side of the table.
pub(super) const SIDE: usize = 32;

impl Few {
    pub(crate) fn of(picture: &RgbaImage, count: usize, change: impl Fn(Rgb) -> Rgb) -> Self {
        let pixels = (picture.width() * picture.height()) as usize;
        let step = (pixels / 4000).max(1);
        let list: Vec<[f32; 3]> = picture
            .pixels()
            .step_by(step)
            .map(|p| Rgb::from_bytes([p[0], p[1], p[2]]).lab())
            .collect();
        let found = clusters(&list, count);
        let labs: Vec<[f32; 3]> = found.iter().map(|c| c.lab()).collect();
        let colors = found.into_iter().map(|c| change(c).bytes().map(f32::from)).collect();
        let mut table = Vec::with_capacity(SIDE * SIDE * SIDE);
        let level = |i: usize| (i as f32 + 0.5) / SIDE as f32;
        for r in 0..SIDE {
            for g in 0..SIDE {
                for b in 0..SIDE {
                    let lab = Rgb { r: level(r), g: level(g), b: level(b) }.lab();
                    let gap = |c: &[f32; 3]| (0..3).map(|i| (c[i] - lab[i]).powi(2)).sum::<f32>();
                    let best = (0..labs.len())
                        .fold(0, |best, i| if gap(&labs[i]) < gap(&labs[best]) { i } else { best });
                    table.push(best as u8);
                }
            }
        }
        Self { colors, table }
    }

    pub(crate) fn index(&self, color: [f32; 3]) -> u8 {
        let [r, g, b] = color.map(|c| (c.clamp(0.0, 255.0) as usize * SIDE) / 256);
        self.table[(r * SIDE + g) * SIDE + b]
    }

    pub(crate) fn color(&self, index: u8) -> [f32; 3] {
        self.colors.get(usize::from(index)).copied().unwrap_or([0.0; 3])
    }
}

/// Returns a colour made at least this strong and this light, channels 0..255.
pub(super) fn vivid(color: [f32; 3], saturation: f32, lightness: f32) -> [f32; 3] {
    let [l, a, b] = Rgb::from_bytes(color.map(|c| c as u8)).lab();
    let strength = libm::hypotf(a, b).max(0.02);
    let wanted = strength.max(saturation);
    Rgb::from_lab([l.max(lightness), a / strength * wanted, b / strength * wanted])
        .bytes()
        .map(f32::from)
}

pub(super) fn blend(a: [f32; 3], b: [f32; 3], t: f32) -> [f32; 3] {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t)
}

pub(super) fn light([r, g, b]: [f32; 3]) -> f32 {
    r * 0.3 + g * 0.59 + b * 0.11
}
