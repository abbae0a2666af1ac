//! Guessed nearness of the parts of a picture, by measurements: parts that differ from the border, are low, sharp and
//! full of colour are taken to be nearer. It is a guess, kept smooth so that nothing tears.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::raster::Texture;
use crate::math::smoothstep;

/// Longest side of the map.
const SIDE: usize = 192;

/// Nearness from 0 (far) to 1 (near) over a picture.
#[derive(Clone, Debug)]
pub(crate) struct Relief(Plane);

/// A small grey plane.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

impl Plane {
    pub(crate) fn new(width: usize, height: usize, f: impl Fn(usize, usize) -> f32) -> Self {
        let values = (0..width * height).map(|i| f(i % width, i / width)).collect();
        Self { width, height, values }
    }

    pub(crate) fn map(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| f(*a, *b)).collect();
        Self { width: self.width, height: self.height, values }
    }

    /// Three boxes in a row: close to a Gaussian of this radius.
    pub(crate) fn blurred(&self, radius: usize) -> Self {
        let mut plane = self.clone();
        for _ in 0..3 {
            plane = plane.boxed(radius);
        }
        plane
    }

    /// The mean over a square of `2 · radius + 1`, edges held.
    pub(crate) fn boxed(&self, radius: usize) -> Self {
        let pass =
            |from: &[f32], to: &mut [f32], count: usize, step: usize, lines: usize, next: usize| {
                let r = radius as i64;
                let last = count as i64 - 1;
                for line in 0..lines {
                    let value = |i: i64| from[line * next + i.clamp(0, last) as usize * step];
                    let mut sum: f64 = (-r..=r).map(|i| f64::from(value(i))).sum();
                    for i in 0..count as i64 {
                        to[line * next + i as usize * step] = (sum / (2 * r + 1) as f64) as f32;
                        sum += f64::from(value(i + r + 1)) - f64::from(value(i - r));
                    }
                }
            };
        let (w, h) = (self.width, self.height);
        let (mut across, mut out) = (vec![0.0; w * h], vec![0.0; w * h]);
        pass(&self.values, &mut across, w, 1, h, w);
        pass(&across, &mut out, h, w, w, 1);
        Self { width: w, height: h, values: out }
    }

    /// Stretched so that the values run from 0 to 1; all 0 where they are one.
    pub(crate) fn stretched(mut self) -> Self {
        let low = self.values.iter().copied().fold(f32::MAX, f32::min);
        let high = self.values.iter().copied().fold(f32::MIN, f32::max);
        let range = high - low;
        for value in &mut self.values {
            *value = if range > 1e-6 { (*value - low) / range } else { 0.0 };
        }
        self
    }

    /// Bilinear, at a place from 0 to 1 on both axes, edges held.
    pub(crate) fn at(&self, u: f32, v: f32) -> f32 {
        let x = (u * self.width as f32 - 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (v * self.height as f32 - 0.5).clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (tx, ty) = (x - x0 as f32, y - y0 as f32);
        let value = |x: usize, y: usize| self.values[y * self.width + x];
        let top = value(x0, y0) + (value(x1, y0) - value(x0, y0)) * tx;
        let low = value(x0, y1) + (value(x1, y1) - value(x0, y1)) * tx;
        top + (low - top) * ty
    }
}

/// `values` made smooth where `guide` is, keeping the guide's edges (He, Sun and Tang, "Guided Image Filtering", 2010).
pub(crate) fn guided(guide: &Plane, values: &Plane, radius: usize, epsilon: f32) -> Plane {
    let mean_g = guide.boxed(radius);
    let mean_v = values.boxed(radius);
    let both = guide.map(values, |g, v| g * v).boxed(radius);
    let square = guide.map(guide, |g, _| g * g).boxed(radius);
    let cross = both.map(&mean_g.map(&mean_v, |g, v| g * v), |b, m| b - m);
    let variance = square.map(&mean_g, |s, g| s - g * g);
    let slope = cross.map(&variance, |c, v| c / (v + epsilon));
    let offset = mean_v.map(&slope.map(&mean_g, |s, g| s * g), |v, sg| v - sg);
    let (slope, offset) = (slope.boxed(radius), offset.boxed(radius));
    slope.map(guide, |s, g| s * g).map(&offset, |sg, o| sg + o)
}

/// Measurements of a picture, on a small copy.
pub(crate) struct Study {
    /// Encoded brightness, 0 to 1.
    pub(crate) light: Plane,
    /// Colourfulness, 0 to 1.
    pub(crate) chroma: Plane,
    /// Amount of finer detail, 0 to 1.
    pub(crate) detail: Plane,
    /// Change of colour along the easiest way from the border, 0 to 1: a figure before a backdrop is far from it.
    pub(crate) apart: Plane,
    /// Encoded colours and alpha, 0 to 1.
    pub(crate) colors: Vec<[f32; 4]>,
}

impl Study {
    pub(crate) fn new(texture: &Texture) -> Self {
        let level = texture.small(SIDE);
        let (w, h) = (level.width, level.height);
        let mut colors = Vec::with_capacity(w * h);
        for y in 0..h {
            for x in 0..w {
                colors.push(level.soft(x as f32, y as f32).map(|c| c / 255.0));
            }
        }
        let light = Plane::new(w, h, |x, y| {
            let [r, g, b, _] = colors[y * w + x];
            0.2126 * r + 0.7152 * g + 0.0722 * b
        });
        let chroma = Plane::new(w, h, |x, y| {
            let [r, g, b, _] = colors[y * w + x];
            r.max(g).max(b) - r.min(g).min(b)
        });
        let smooth = light.blurred(2);
        let detail = light.map(&smooth, |l, s| (l - s).abs()).blurred(4);
        // The lower edge is often the subject's own.
        let ways = ways(&colors, w, h, |x, y| x == 0 || x + 1 == w || y == 0);
        let most = ways.iter().copied().fold(0.0, f32::max);
        let scale = if most < 0.08 { 0.0 } else { 1.0 / most };
        let apart = Plane::new(w, h, |x, y| ways[y * w + x] * scale);
        Self { light, chroma, detail: detail.stretched(), apart, colors }
    }

    /// Where the subject may be: 0 to 1, smooth.
    pub(crate) fn saliency(&self) -> Plane {
        let (w, h) = (self.light.width, self.light.height);
        let middle = Plane::new(w, h, |x, y| {
            let (u, v) = ((x as f32 + 0.5) / w as f32 - 0.5, (y as f32 + 0.5) / h as f32 - 0.52);
            (1.0 - 2.2 * (u * u + v * v)).max(0.0)
        });
        let strong = self.apart.map(&self.detail, |a, d| a + 0.35 * d);
        let strong = strong.map(&self.chroma, |s, c| s + 0.25 * c);
        strong.map(&middle, |s, m| s * (0.35 + 0.65 * m)).blurred(3).stretched()
    }
}

/// Returns the change of colour along the easiest way from the nearest seed to each pixel ("geodesic saliency", Wei
/// et al. 2012).
pub(crate) fn ways(
    colors: &[[f32; 4]],
    w: usize,
    h: usize,
    seed: impl Fn(usize, usize) -> bool,
) -> Vec<f32> {
    const UNIT: f32 = 100_000.0;
    let mut cost = vec![u32::MAX; w * h];
    let mut heap = BinaryHeap::new();
    for at in (0..w * h).filter(|at| seed(at % w, at / w)) {
        cost[at] = 0;
        heap.push(Reverse((0, at)));
    }
    while let Some(Reverse((so_far, at))) = heap.pop() {
        if so_far > cost[at] {
            continue;
        }
        let (x, y) = (at % w, at / w);
        let next = [
            (x > 0).then(|| at - 1),
            (x + 1 < w).then_some(at + 1),
            (y > 0).then(|| at - w),
            (y + 1 < h).then_some(at + w),
        ];
        for to in next.into_iter().flatten() {
            let change: f32 = (0..4).map(|c| (colors[at][c] - colors[to][c]).abs()).sum();
            // Small changes are shades of one thing.
            let step = ((change - 0.02).max(0.0) * UNIT) as u32 + 20;
            if so_far + step < cost[to] {
                cost[to] = so_far + step;
                heap.push(Reverse((so_far + step, to)));
            }
        }
    }
    cost.into_iter().map(|cost| cost as f32 / UNIT).collect()
}

impl Relief {
    /// A flat picture.
    pub(crate) fn flat() -> Self {
        Self::level(0.5)
    }

    /// All at one nearness.
    pub(crate) fn level(near: f32) -> Self {
        Self(Plane { width: 1, height: 1, values: vec![near] })
    }

    /// Guessed.
    pub(crate) fn guess(study: &Study) -> Self {
        let (w, h) = (study.light.width, study.light.height);
        let mut near =
            study.apart.map(&study.detail, |a, d| 0.55 * smoothstep(0.05, 0.75, a) + 0.12 * d);
        near = near.map(&study.chroma, |n, c| n + 0.08 * c);
        let ground = Plane::new(w, h, |_, y| {
            let v = (y as f32 + 0.5) / h as f32;
            0.42 * smoothstep(0.25, 1.05, v)
        });
        near = near.map(&ground, |n, g| n + g);
        // Haze and sky: bright and pale high up is far.
        let sky = Plane::new(w, h, |_, y| 1.0 - smoothstep(0.0, 0.6, (y as f32 + 0.5) / h as f32));
        let pale = study.light.map(&study.chroma, |l, c| (l - c).max(0.0));
        near = near.map(&sky.map(&pale, |s, p| s * p), |n, far| n - 0.2 * far);
        let radius = (w.max(h) / 16).max(1);
        let shaped = guided(&study.light, &near, radius, 0.004);
        let soft = (w.max(h) / 26).max(1);
        Self(shaped.blurred(soft).stretched())
    }

    /// As given, 0 to 1.
    #[cfg(test)]
    pub(crate) fn given(width: usize, height: usize, values: Vec<f32>) -> Self {
        Self(Plane { width, height, values })
    }

    /// Bilinear, at a place from 0 to 1 on both axes, edges held.
    /// The nearness of a relief that is the same everywhere.
    pub(crate) fn same(&self) -> Option<f32> {
        if let [near] = self.0.values.as_slice() { Some(*near) } else { None }
    }

    pub(crate) fn at(&self, u: f32, v: f32) -> f32 {
        if self.0.values.len() == 1 { self.0.values[0] } else { self.0.at(u, v) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_media::RgbaImage;
    use image::Rgba;

    #[test]
    fn what_stands_before_a_backdrop_is_near_and_salient() {
        let picture = RgbaImage::from_fn(160, 120, |x, y| {
            let inside = (60..100).contains(&x) && (35..100).contains(&y);
            if inside { Rgba([180, 60, 30, 255]) } else { Rgba([220, 222, 226, 255]) }
        });
        let study = Study::new(&Texture::new(picture));
        let relief = Relief::guess(&study);
        assert!(relief.at(0.5, 0.55) > relief.at(0.1, 0.55) + 0.3);
        assert!(relief.at(0.5, 0.55) > relief.at(0.5, 0.1) + 0.4);
        let saliency = study.saliency();
        assert!(saliency.at(0.5, 0.55) > saliency.at(0.08, 0.2) + 0.5);
    }

    #[test]
    fn one_pixel_and_one_colour_have_a_relief() {
        for (w, h) in [(1, 1), (1, 50), (64, 64)] {
            let picture = RgbaImage::from_pixel(w, h, Rgba([90, 90, 90, 255]));
            let relief = Relief::guess(&Study::new(&Texture::new(picture)));
            let near = relief.at(0.5, 0.5);
            assert!((0.0..=1.0).contains(&near), "{near}");
        }
    }
}
