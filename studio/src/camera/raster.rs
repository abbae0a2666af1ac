//! Pictures that are looked at from anywhere: a pyramid of ever smaller copies, sampled smoothly inside and continued
//! softly outside.

use crate::math::{lerp, smoothstep};
use gesso_media::RgbaImage;

/// Bands that are computed beside each other. Each pixel depends on its place alone, so their number changes nothing.
const BANDS: usize = 2;

/// Fills rows of `length` values: `row` gets the row's number and its values.
pub(crate) fn rows<T: Send>(out: &mut [T], length: usize, row: impl Fn(usize, &mut [T]) + Sync) {
    let count = out.len() / length.max(1);
    let band = count.div_ceil(BANDS).max(1);
    std::thread::scope(|scope| {
        for (n, part) in out.chunks_mut(band * length.max(1)).enumerate() {
            let row = &row;
            scope.spawn(move || {
                for (y, values) in part.chunks_mut(length.max(1)).enumerate() {
                    row(n * band + y, values);
                }
            });
        }
    });
}

/// One copy: pixels with their colour multiplied by their alpha.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pixels: Vec<u8>,
}

/// Weights of the Catmull-Rom cubic (Keys 1981, a = -0.5) for the four neighbours.
fn sharp(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

/// Weights of the cubic B-spline, which blurs and never rings.
fn soft(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    let u = 1.0 - t;
    let (first, last) = (u * u * u / 6.0, t3 / 6.0);
    let second = (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0;
    [first, second, 1.0 - first - second - last, last]
}

impl Level {
    fn texel(&self, x: usize, y: usize) -> [f32; 4] {
        let at = (y * self.width + x) * 4;
        let p = &self.pixels[at..at + 4];
        [f32::from(p[0]), f32::from(p[1]), f32::from(p[2]), f32::from(p[3])]
    }

    /// A part of an RGB frame: left, top, right, bottom in pixels.
    pub(crate) fn of_rgb(frame: &[u8], columns: usize, part: [usize; 4]) -> Self {
        let [left, top, right, bottom] = part;
        let (width, height) = (right - left, bottom - top);
        let mut pixels = Vec::with_capacity(width * height * 4);
        for y in top..bottom {
            let row = &frame[(y * columns + left) * 3..(y * columns + right) * 3];
            for p in row.as_chunks::<3>().0 {
                pixels.extend([p[0], p[1], p[2], 255]);
            }
        }
        Self { width, height, pixels }
    }

    /// Returns the opacity of a pixel, 0 to 255.
    pub(crate) fn alpha(&self, x: usize, y: usize) -> u8 {
        self.pixels[(y * self.width + x) * 4 + 3]
    }

    fn weighed(&self, x: f32, y: f32, weights: impl Fn(f32) -> [f32; 4]) -> [f32; 4] {
        let (fx, fy) = (libm::floorf(x), libm::floorf(y));
        let (wx, wy) = (weights(x - fx), weights(y - fy));
        let (ix, iy) = (fx as i64 - 1, fy as i64 - 1);
        let mut sum = [0.0; 4];
        let inside =
            ix >= 0 && iy >= 0 && ix + 4 <= self.width as i64 && iy + 4 <= self.height as i64;
        for (j, wy) in wy.iter().enumerate() {
            let mut line = [0.0; 4];
            if inside {
                let at = ((iy as usize + j) * self.width + ix as usize) * 4;
                let (four, _) = self.pixels[at..at + 16].as_chunks::<4>();
                for (p, w) in four.iter().zip(wx) {
                    for c in 0..4 {
                        line[c] += f32::from(p[c]) * w;
                    }
                }
            } else {
                let row = (iy + j as i64).clamp(0, self.height as i64 - 1) as usize;
                for (i, w) in wx.iter().enumerate() {
                    let column = (ix + i as i64).clamp(0, self.width as i64 - 1) as usize;
                    let p = self.texel(column, row);
                    for c in 0..4 {
                        line[c] += p[c] * w;
                    }
                }
            }
            for c in 0..4 {
                sum[c] += line[c] * wy;
            }
        }
        sum
    }

    /// The colour at a place in pixels (the first pixel's middle is 0, 0), edges held, each channel 0 to 255.
    pub(crate) fn sharp(&self, x: f32, y: f32) -> [f32; 4] {
        self.weighed(x, y, sharp).map(|c| c.clamp(0.0, 255.0))
    }

    /// The same, blurred over the neighbours.
    pub(crate) fn soft(&self, x: f32, y: f32) -> [f32; 4] {
        self.weighed(x, y, soft)
    }

    /// The same between the four nearest pixels only: quicker, and enough for what is faint.
    pub(crate) fn linear(&self, x: f32, y: f32) -> [f32; 4] {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (tx, ty) = (x - x0 as f32, y - y0 as f32);
        let (a, b) = (self.texel(x0, y0), self.texel(x1, y0));
        let (c, d) = (self.texel(x0, y1), self.texel(x1, y1));
        std::array::from_fn(|n| lerp(lerp(a[n], b[n], tx), lerp(c[n], d[n], tx), ty))
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut pixels = vec![0; width * height * 4];
        rows(&mut pixels, width * 4, |y, row| {
            for x in 0..width {
                let (x0, y0) = (x * 2, y * 2);
                let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
                for c in 0..4 {
                    let value =
                        |x: usize, y: usize| u32::from(self.pixels[(y * self.width + x) * 4 + c]);
                    let sum = value(x0, y0) + value(x1, y0) + value(x0, y1) + value(x1, y1);
                    row[x * 4 + c] = ((sum + 2) / 4) as u8;
                }
            }
        });
        Self { width, height, pixels }
    }
}

/// A picture and its smaller copies.
#[derive(Clone, Debug)]
pub(crate) struct Texture {
    levels: Vec<Level>,
}

impl Texture {
    pub(crate) fn new(picture: RgbaImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut pixels = picture.into_raw();
        for p in pixels.as_chunks_mut::<4>().0 {
            if p[3] < 255 {
                let alpha = u32::from(p[3]);
                for c in &mut p[..3] {
                    *c = ((u32::from(*c) * alpha + 127) / 255) as u8;
                }
            }
        }
        let mut levels = vec![Level { width, height, pixels }];
        while let Some(last) = levels.last().filter(|last| last.width > 1 || last.height > 1) {
            levels.push(last.halved());
        }
        Self { levels }
    }

    pub(crate) fn width(&self) -> usize {
        self.levels[0].width
    }

    pub(crate) fn height(&self) -> usize {
        self.levels[0].height
    }

    /// The full size.
    pub(crate) fn whole(&self) -> &Level {
        &self.levels[0]
    }

    /// The largest copy whose longer side is at most `side`.
    pub(crate) fn small(&self, side: usize) -> &Level {
        let fits = |level: &&Level| level.width.max(level.height) <= side;
        self.levels.iter().find(fits).unwrap_or(&self.levels[self.levels.len() - 1])
    }

    fn at_level(&self, level: usize, x: f32, y: f32, blurred: bool) -> [f32; 4] {
        let level = level.min(self.levels.len() - 1);
        let scale = 1.0 / (1_u64 << level) as f32;
        let (x, y) = ((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5);
        let level = &self.levels[level];
        if blurred { level.soft(x, y) } else { level.sharp(x, y) }
    }

    /// The colour of a stretch of about `2^lod` pixels around a place.
    pub(crate) fn at(&self, x: f32, y: f32, lod: f32) -> [f32; 4] {
        if lod <= 0.0 {
            return self.levels[0].sharp(x, y);
        }
        self.between(x, y, lod, false)
    }

    fn between(&self, x: f32, y: f32, lod: f32, blurred: bool) -> [f32; 4] {
        let low = libm::floorf(lod);
        let part = lod - low;
        let a = self.at_level(low as usize, x, y, blurred);
        if part < 0.01 {
            return a;
        }
        let b = self.at_level(low as usize + 1, x, y, blurred);
        std::array::from_fn(|c| lerp(a[c], b[c], part))
    }

    /// The colour at a place that may lie outside: there the picture is mirrored at its edge, ever softer and ever more
    /// stretched, until only the colours near that edge are left.
    pub(crate) fn beyond(&self, x: f32, y: f32, lod: f32) -> [f32; 4] {
        let (w, h) = (self.width() as f32, self.height() as f32);
        let (mx, dx) = folded(x + 0.5, w);
        let (my, dy) = folded(y + 0.5, h);
        let away = libm::sqrtf(dx * dx + dy * dy);
        if away <= 0.0 {
            return self.at(x, y, lod);
        }
        let side = w.min(h);
        let blur = away / side;
        let (x, y) = (mx - 0.5, my - 0.5);
        // A stretch of a sixth of the way that one has gone, so that the mirror is not recognised.
        let wide = libm::log2f((away * 0.16).max(1.0)).min(libm::log2f(side * 0.14).max(0.0));
        let far = self.between(x, y, wide.max(lod).max(0.0), true);
        let t = smoothstep(0.0, 0.02, blur);
        if t >= 1.0 {
            return far;
        }
        let near = self.at(x, y, lod);
        std::array::from_fn(|c| lerp(near[c], far[c], t))
    }
}

/// A coordinate brought inside by a mirror whose depth ends a seventh of the side in, and how far out it was.
fn folded(x: f32, side: f32) -> (f32, f32) {
    let limit = side * 0.15;
    let deep = |out: f32| limit * (1.0 - libm::expf(-out / limit));
    if x < 0.0 {
        (deep(-x), -x)
    } else if x > side {
        (side - deep(x - side), x - side)
    } else {
        (x, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn samples_are_the_pixels_and_beyond_is_never_empty() {
        let picture = RgbaImage::from_fn(37, 21, |x, y| Rgba([x as u8 * 5, y as u8 * 9, 77, 255]));
        let texture = Texture::new(picture.clone());
        for (x, y, p) in picture.enumerate_pixels() {
            let seen = texture.at(x as f32, y as f32, 0.0).map(|c| (c + 0.5) as u8);
            assert_eq!(seen, p.0);
        }
        for (x, y) in [(-1e9, 3.0), (50.0, -20.0), (1e12, 1e12), (-0.4, -0.4), (36.9, 20.9)] {
            let seen = texture.beyond(x, y, 0.0);
            assert!(seen[3] > 254.0 && seen[2] > 76.0 && seen[2] < 78.0, "{x} {y}: {seen:?}");
        }
        // No step where the picture ends.
        let (inside, outside) = (texture.beyond(36.49, 9.0, 0.0), texture.beyond(36.51, 9.0, 0.0));
        assert!((inside[0] - outside[0]).abs() < 1.0);
    }

    #[test]
    fn rows_know_their_number() {
        let mut out = vec![0; 7 * 3];
        rows(&mut out, 3, |y, row| row.fill(y));
        assert_eq!(out, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]);
    }
}
