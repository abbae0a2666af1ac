//! Where a mouth may be: a patch of skin in the shape of a face, and what is redder and darker in its lower half. It is a
//! guess; where there is neither, there is no face. A white beard that divides the mouth from the skin hides it half of the time.

use super::mouth::Mouth;
use crate::camera::relief::Plane;
use crate::math::smoothstep;
use gesso_media::RgbaImage;

/// Longest side of the picture that is searched.
const SIDE: f32 = 192.0;

/// How much redder and darker than the skin around it a mouth is at least.
const MOUTH_MIN: f32 = 0.42;
/// How much darker than the bridge of the nose eyes are at least, in parts of the brightness of the skin.
const EYES_MIN: f32 = 0.15;
/// The least that both are together: painted faces have 1.36 and more, sunsets and dunes up to 1.02.
const BOTH_MIN: f32 = 1.15;
/// The least part of the box around a patch of skin that a face fills.
const FILLED_MIN: f32 = 0.4;
/// Height of a face, with what is bare below it, in its widths.
const SHAPES: std::ops::RangeInclusive<f32> = 0.75..=2.8;

/// A guessed mouth in an RGB frame; `None` where no face is seen.
pub(crate) fn guess(frame: &[u8], (w, h): (u32, u32)) -> Option<Mouth> {
    by_skin(&shrunk(frame, w, h))
}

fn shrunk(frame: &[u8], w: u32, h: u32) -> RgbaImage {
    let scale = (SIDE / w.max(h) as f32).min(1.0);
    let side = |s: u32| ((s as f32 * scale) as u32).max(1);
    let (sw, sh) = (side(w), side(h));
    // The mean of all pixels that fall into one.
    RgbaImage::from_fn(sw, sh, |x, y| {
        let range = |i: u32, small: u32, large: u32| {
            let from = i * large / small;
            from..((i + 1) * large / small).max(from + 1)
        };
        let (mut sum, mut n) = ([0_u64; 3], 0);
        for py in range(y, sh, h) {
            for px in range(x, sw, w) {
                let at = (py as usize * w as usize + px as usize) * 3;
                for c in 0..3 {
                    sum[c] += u64::from(frame[at + c]);
                }
                n += 1;
            }
        }
        let channel = |c: usize| (sum[c] / n.max(1)) as u8;
        image::Rgba([channel(0), channel(1), channel(2), 255])
    })
}

/// Brightness and the two colour differences (ITU-R BT.601), 0 to 255.
fn ycc(p: &image::Rgba<u8>) -> [f32; 3] {
    let [r, g, b] = [f32::from(p[0]), f32::from(p[1]), f32::from(p[2])];
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        128.0 - 0.169 * r - 0.331 * g + 0.5 * b,
        128.0 + 0.5 * r - 0.419 * g - 0.081 * b,
    ]
}

/// How far apart neighbours of one patch are at most, in brightness and both colour differences: what is behind a face and has
/// the colours of skin, too, is divided from it by its outline.
const STEP_MAX: f32 = 14.0;

/// The patches of skin that are large enough for a face, each as its pixels.
fn patches(colors: &[[f32; 3]], (w, h): (usize, usize)) -> Vec<Vec<usize>> {
    // The range of skin of all tones in these colours (Chai and Ngan, 1999), a little wider for drawings.
    let skin = |[y, cb, cr]: [f32; 3]| {
        y > 45.0 && (74.0..=130.0).contains(&cb) && (134.0..=178.0).contains(&cr)
    };
    let near =
        |a: [f32; 3], b: [f32; 3]| (0..3).map(|c| (a[c] - b[c]).abs()).sum::<f32>() <= STEP_MAX;
    let mut seen = vec![false; w * h];
    let mut found = Vec::new();
    for start in 0..w * h {
        if seen[start] || !skin(colors[start]) {
            continue;
        }
        let mut list = vec![start];
        seen[start] = true;
        let mut next = 0;
        while let Some(at) = list.get(next).copied() {
            next += 1;
            let (x, y) = (at % w, at / w);
            let around = [
                (x > 0).then(|| at - 1),
                (x + 1 < w).then_some(at + 1),
                (y > 0).then(|| at - w),
                (y + 1 < h).then_some(at + w),
            ];
            for to in around.into_iter().flatten() {
                if !seen[to] && skin(colors[to]) && near(colors[at], colors[to]) {
                    seen[to] = true;
                    list.push(to);
                }
            }
        }
        // A whole picture in the colours of skin is sand or wood.
        if list.len() * 100 >= w * h && list.len() * 100 <= w * h * 74 {
            found.push(list);
        }
    }
    found
}

/// By skin: the patch that looks most like a face is one.
fn by_skin(picture: &RgbaImage) -> Option<Mouth> {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let colors: Vec<[f32; 3]> = picture.pixels().map(ycc).collect();
    patches(&colors, (w, h))
        .iter()
        .filter_map(|patch| in_patch(&colors, (w, h), patch))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, mouth)| mouth)
}

/// The widest stretch that is redder and darker in the lower half of a patch of skin, and how much this looks like a face.
fn in_patch(colors: &[[f32; 3]], (w, h): (usize, usize), list: &[usize]) -> Option<(f32, Mouth)> {
    let count = list.len();
    let (left, right) = spread(list.iter().map(|at| at % w));
    let (top, end) = spread(list.iter().map(|at| at / w));
    let wide = (right - left) as f32;
    let high = ((end - top) as f32).min(wide * 1.35);
    let filled = count as f32 / (wide * (end - top) as f32).max(1.0);
    let shape = (end - top) as f32 / wide.max(1.0);
    if wide < 8.0 || high < 8.0 || filled < FILLED_MIN || !SHAPES.contains(&shape) {
        return None;
    }
    let mean = |c: usize| list.iter().map(|at| colors[*at][c]).sum::<f32>() / count as f32;
    let (light, red) = (mean(0), mean(2));
    let odd = Plane::new(w, h, |x, y| {
        let [l, _, r] = colors[y * w + x];
        ((r - red) / 16.0).clamp(0.0, 1.5) + ((light - l) / 110.0).clamp(0.0, 0.5)
    });
    let (cx, reach) = ((left + right) as f32 / 2.0, (wide * 0.13).max(1.0));
    let mut found = (cx, top as f32 + high * 0.78, 0.0_f32);
    for y in (top as f32 + high * 0.58) as usize..((top as f32 + high * 0.94) as usize).min(h) {
        for x in (cx - wide * 0.22) as usize..((cx + wide * 0.22) as usize).min(w) {
            let stretch = |x: f32, y: f32| odd.at((x + 0.5) / w as f32, (y + 0.5) / h as f32);
            let mut sum = 0.0;
            let taps = 9;
            for i in 0..taps {
                let t = i as f32 / (taps - 1) as f32 * 2.0 - 1.0;
                sum += stretch(x as f32 + t * reach, y as f32) / taps as f32;
            }
            let off = (x as f32 - cx) / wide;
            let depth = (y as f32 - top as f32) / high - 0.77;
            let value = sum * (1.0 - 1.6 * off * off - 6.0 * depth * depth);
            if value > found.2 {
                found = (x as f32, y as f32, value);
            }
        }
    }
    let dark = Plane::new(w, h, |x, y| (light - colors[y * w + x][0]) / light.max(1.0));
    let gap = eyes(&dark, (cx, top as f32), (wide, high));
    if found.2 < MOUTH_MIN || gap < EYES_MIN || found.2 + gap < BOTH_MIN {
        return None;
    }
    // How far the stretch goes to both sides.
    let level = odd.at((found.0 + 0.5) / w as f32, (found.1 + 0.5) / h as f32) * 0.45;
    let run = |step: f32| {
        let mut d = 0.0;
        while d < wide * 0.35
            && odd.at((found.0 + step * d + 0.5) / w as f32, (found.1 + 0.5) / h as f32) > level
        {
            d += 1.0;
        }
        d
    };
    let (a, b) = (run(-1.0), run(1.0));
    found.0 += (b - a) / 2.0;
    let width = (a + b).clamp(wide * 0.22, wide * 0.55);
    let mouth = Mouth {
        x: (found.0 + 0.5) / w as f32,
        y: (found.1 + 0.5) / h as f32,
        width: width / w as f32,
    };
    // Hair has darker places than eyes are, and is not as round as a face.
    Some((filled * (found.2 + gap.min(1.0)), mouth))
}

/// How much darker than what is between them the two places are that look most like eyes, one on each side of `cx`, in parts of
/// the brightness of the skin. A sky or a dune that darkens downwards is as dark in between.
fn eyes(dark: &Plane, (cx, top): (f32, f32), (wide, high): (f32, f32)) -> f32 {
    let (w, h) = (dark.width as f32, dark.height as f32);
    let at = |x: f32, y: f32| dark.at((x + 0.5) / w, (y + 0.5) / h);
    let mut best = 0.0_f32;
    for row in 0..=12 {
        let y = top + high * (0.2 + 0.4 * row as f32 / 12.0);
        for middle in -2..=2 {
            let middle = cx + wide * 0.04 * middle as f32;
            for apart in 0..=8 {
                let apart = wide * (0.12 + 0.2 * apart as f32 / 8.0);
                let both = at(middle - apart, y).min(at(middle + apart, y));
                best = best.max(both - at(middle, y));
            }
        }
    }
    best
}

/// The range that holds all but the outermost hundredth at both ends.
fn spread(values: impl Iterator<Item = usize>) -> (usize, usize) {
    let mut sorted: Vec<usize> = values.collect();
    sorted.sort_unstable();
    let at = |part: usize| sorted.get(sorted.len() * part / 100).copied().unwrap_or(0);
    (at(1), at(98))
}

/// Follows the face around a mouth from frame to frame by its brightness in the first one.
pub(crate) struct Track {
    template: Vec<f32>,
    left: f32,
    top: f32,
    step: f32,
    at: [f32; 2],
}

/// Samples across the template.
const TEMPLATE: usize = 20;

impl Track {
    pub(crate) fn new(first: &[u8], size: (u32, u32), mouth: &Mouth) -> Self {
        let half = mouth.width * size.0 as f32 / 2.0;
        // From the nose to the upper lip: it moves with the head and does not speak.
        let left = mouth.x * size.0 as f32 - 1.5 * half;
        let top = mouth.y * size.1 as f32 - 2.6 * half;
        let step = 3.0 * half / TEMPLATE as f32;
        let mut track = Self { template: Vec::new(), left, top, step, at: [0.0; 2] };
        track.template = track.read(first, size, [0.0; 2]);
        track
    }

    fn read(&self, frame: &[u8], (w, h): (u32, u32), aside: [f32; 2]) -> Vec<f32> {
        let mut values = Vec::with_capacity(TEMPLATE * TEMPLATE);
        for j in 0..TEMPLATE {
            for i in 0..TEMPLATE {
                let x = (self.left + aside[0] + i as f32 * self.step).clamp(0.0, w as f32 - 1.0);
                let y =
                    (self.top + aside[1] + j as f32 * self.step * 0.8).clamp(0.0, h as f32 - 1.0);
                let at = (y as usize * w as usize + x as usize) * 3;
                values.push(
                    f32::from(frame[at])
                        + 2.0 * f32::from(frame[at + 1])
                        + f32::from(frame[at + 2]),
                );
            }
        }
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        values.iter().map(|v| v - mean).collect()
    }

    /// Follows the face into this frame, and returns its shift from where it was first, in pixels to the right and
    /// down.
    pub(crate) fn find(&mut self, frame: &[u8], size: (u32, u32)) -> [f32; 2] {
        let cost = |track: &Self, aside: [f32; 2]| -> f32 {
            let now = track.read(frame, size, aside);
            let off: f32 = now.iter().zip(&track.template).map(|(a, b)| (a - b) * (a - b)).sum();
            // Rather where it was than anywhere that is as good.
            let far = (aside[0] - track.at[0]).abs() + (aside[1] - track.at[1]).abs();
            off * (1.0 + 0.004 * far) + far * 400.0
        };
        let mut best = (cost(self, self.at), self.at);
        for reach in [self.step * 1.6, self.step * 0.8, self.step * 0.4, 1.0] {
            let centre = best.1;
            for j in -2_i32..=2 {
                for i in -2_i32..=2 {
                    let aside =
                        [centre[0] + i as f32 * reach / 2.0, centre[1] + j as f32 * reach / 2.0];
                    let found = cost(self, aside);
                    if found < best.0 {
                        best = (found, aside);
                    }
                }
            }
        }
        // Half the way takes the trembling out.
        let ease = smoothstep(
            0.0,
            self.step,
            (best.1[0] - self.at[0]).abs() + (best.1[1] - self.at[1]).abs(),
        );
        for c in 0..2 {
            self.at[c] += (best.1[c] - self.at[c]) * (0.5 + 0.5 * ease);
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_face_is_followed() {
        let face = |shift: i64| -> Vec<u8> {
            (0..120 * 100)
                .flat_map(|i: i64| {
                    let (x, y) = (i % 120 - shift, i / 120);
                    let v = 120.0 + 60.0 * libm::sin(x as f64 * 0.21) * libm::cos(y as f64 * 0.17);
                    [v as u8; 3]
                })
                .collect()
        };
        let mouth = Mouth { x: 0.5, y: 0.7, width: 0.25 };
        let mut track = Track::new(&face(0), (120, 100), &mouth);
        let mut at = [0.0; 2];
        for shift in 0..8 {
            at = track.find(&face(shift), (120, 100));
        }
        assert!((at[0] - 7.0).abs() < 2.0 && at[1].abs() < 1.5, "{at:?}");
    }
}
