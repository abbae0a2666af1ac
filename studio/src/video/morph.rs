//! From one picture to another. Where the two show the same things, every part travels from its place in the first to
//! its place in the second; where they do not, the camera passes from one into the other.

use crate::camera::raster::{Texture, rows};
use crate::camera::relief::{Plane, Study};
use crate::math::{lerp, smoothstep};

/// Where everything of one picture is in another, in parts of the picture's sides.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    dx: Plane,
    dy: Plane,
}

/// A way between two pictures of the same size.
#[derive(Clone, Debug)]
pub(crate) struct Morph {
    there: Flow,
    back: Flow,
}

/// Least correlation at which two pictures laid over each other count as alike.
const ALIKE: f32 = 0.72;

impl Morph {
    /// The way between two pictures, where they show the same.
    pub(crate) fn find(a: &Study, b: &Study) -> Option<Self> {
        if a.light.width != b.light.width || a.light.height != b.light.height {
            return None;
        }
        let (first, second) = (features(a), features(b));
        let (pass, found) = aligned(&first, &second);
        if found < 0.3 {
            return None;
        }
        let there = refined(&first, &second, |u, v| pass.at(u, v));
        let turned = pass.back();
        let back = refined(&second, &first, |u, v| turned.at(u, v));
        let fits = correlation(&first, &warped(&second, &there))
            .min(correlation(&second, &warped(&first, &back)));
        (fits > ALIKE).then_some(Self { there, back })
    }

    /// The picture at a part of the way, from 0 to 1. At both ends it is the picture itself.
    pub(crate) fn show(
        &self,
        a: &Texture,
        b: &Texture,
        t: f32,
        w: usize,
        h: usize,
        out: &mut [u8],
    ) {
        let mix = smoothstep(0.2, 0.8, t);
        rows(out, w * 3, |y, row| {
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (u, v) = ((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
                let there = [self.there.dx.at(u, v), self.there.dy.at(u, v)];
                let back = [self.back.dx.at(u, v), self.back.dy.at(u, v)];
                // The flow from a place in between, from those at both ends (Jiang et al., "Super SloMo", 2018).
                let from = |c: usize| -(1.0 - t) * t * there[c] + t * t * back[c];
                let to = |c: usize| (1.0 - t) * (1.0 - t) * there[c] - t * (1.0 - t) * back[c];
                let (au, av) = (u + from(0), v + from(1));
                let (bu, bv) = (u + to(0), v + to(1));
                let (ka, kb) = ((1.0 - mix) * inside(au, av), mix * inside(bu, bv));
                let (ka, kb) = (ka + 1e-4 * (1.0 - mix), kb + 1e-4 * mix);
                let share = kb / (ka + kb);
                let color = match share {
                    s if s < 0.002 => seen(a, au, av),
                    s if s > 0.998 => seen(b, bu, bv),
                    s => {
                        let (ca, cb) = (seen(a, au, av), seen(b, bu, bv));
                        std::array::from_fn(|c| lerp(ca[c], cb[c], s))
                    }
                };
                for c in 0..3 {
                    pixel[c] = (color[c] + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        });
    }
}

fn seen(texture: &Texture, u: f32, v: f32) -> [f32; 4] {
    texture.beyond(u * texture.width() as f32 - 0.5, v * texture.height() as f32 - 0.5, 0.0)
}

fn inside(u: f32, v: f32) -> f32 {
    let edge = |x: f32| smoothstep(-0.03, 0.02, x) * smoothstep(1.03, 0.98, x);
    edge(u) * edge(v)
}

/// Brightness without its slow changes, so that another exposure is no other thing.
fn features(study: &Study) -> Plane {
    let wide = (study.light.width.max(study.light.height) / 5).max(2);
    let slow = study.light.blurred(wide);
    study.light.map(&slow, |l, s| l - 0.6 * s).blurred(1)
}

fn correlation(a: &Plane, b: &Plane) -> f32 {
    let count = a.values.len() as f32;
    let mean = |p: &Plane| p.values.iter().sum::<f32>() / count;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 1e-6, 1e-6);
    for (x, y) in a.values.iter().zip(&b.values) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    ab / libm::sqrtf(aa * bb)
}

/// A projective map of places from -0.5 to 0.5 on both axes, row by row.
#[derive(Clone, Copy, Debug)]
struct Pass([f32; 9]);

impl Pass {
    const SAME: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);

    /// Where a place from 0 to 1 on both axes goes.
    fn at(&self, u: f32, v: f32) -> (f32, f32) {
        let m = &self.0;
        let (x, y) = (u - 0.5, v - 0.5);
        let w = (m[6] * x + m[7] * y + m[8]).max(0.05);
        ((m[0] * x + m[1] * y + m[2]) / w + 0.5, (m[3] * x + m[4] * y + m[5]) / w + 0.5)
    }

    /// The way back: the matrix of cofactors, whose scale does not matter.
    fn back(&self) -> Self {
        let m = &self.0;
        let minor = |a: usize, b: usize, c: usize, d: usize| m[a] * m[d] - m[b] * m[c];
        let inverse = [
            minor(4, 5, 7, 8),
            -minor(1, 2, 7, 8),
            minor(1, 2, 4, 5),
            -minor(3, 5, 6, 8),
            minor(0, 2, 6, 8),
            -minor(0, 2, 3, 5),
            minor(3, 4, 6, 7),
            -minor(0, 1, 6, 7),
            minor(0, 1, 3, 4),
        ];
        let scale = if inverse[8].abs() > 1e-6 { 1.0 / inverse[8] } else { 1.0 };
        Self(inverse.map(|value| value * scale))
    }
}

/// Returns the correlation of two planes, from -1 to 1, once the first is laid over the second; -1 where they overlap
/// too little.
fn alike(a: &Plane, b: &Plane, pass: &Pass, step: usize) -> f32 {
    let (mut ab, mut aa, mut bb, mut sa, mut sb, mut n) = (0.0, 1e-6, 1e-6, 0.0, 0.0, 0.0_f32);
    for y in (0..a.height).step_by(step) {
        for x in (0..a.width).step_by(step) {
            let (u, v) = ((x as f32 + 0.5) / a.width as f32, (y as f32 + 0.5) / a.height as f32);
            let (bu, bv) = pass.at(u, v);
            if !(0.0..=1.0).contains(&bu) || !(0.0..=1.0).contains(&bv) {
                continue;
            }
            let (p, q) = (a.values[y * a.width + x], b.at(bu, bv));
            ab += p * q;
            aa += p * p;
            bb += q * q;
            sa += p;
            sb += q;
            n += 1.0;
        }
    }
    let all = (a.width.div_ceil(step) * a.height.div_ceil(step)) as f32;
    if n < all * 0.35 {
        return -1.0;
    }
    let (va, vb) = (aa - sa * sa / n, bb - sb * sb / n);
    // Little overlap is little proof.
    (ab - sa * sb / n) / libm::sqrtf((va * vb).max(1e-9)) * lerp(0.85, 1.0, n / all)
}

/// The projective map that lays the first picture best over the second, and how alike they are then.
fn aligned(a: &Plane, b: &Plane) -> (Pass, f32) {
    let step = (a.width.max(a.height) / 40).max(1);
    let (wide_a, wide_b) = (a.blurred(step), b.blurred(step));
    let mut best = (Pass::SAME, alike(&wide_a, &wide_b, &Pass::SAME, step));
    for scale in [0.62, 0.72, 0.83, 0.91, 1.0, 1.1, 1.2, 1.38, 1.6] {
        for j in -6_i32..=6 {
            for i in -6_i32..=6 {
                let (dx, dy) = (i as f32 * 0.05, j as f32 * 0.05);
                let pass = Pass([scale, 0.0, dx, 0.0, scale, dy, 0.0, 0.0, 1.0]);
                let found = alike(&wide_a, &wide_b, &pass, step);
                if found > best.1 + 1e-4 {
                    best = (pass, found);
                }
            }
        }
    }
    for (reach, fine) in
        [(0.08, false), (0.05, false), (0.03, false), (0.02, true), (0.01, true), (0.005, true)]
    {
        let (pa, pb, step) =
            if fine { (a, b, (step / 2).max(1)) } else { (&wide_a, &wide_b, step) };
        best.1 = alike(pa, pb, &best.0, step);
        for _ in 0..6 {
            let before = best.1;
            for k in 0..8 {
                for sign in [-1.0, 1.0] {
                    let mut next = best.0;
                    // A change of perspective weighs less at the same number.
                    next.0[k] += sign * reach * if k > 5 { 2.0 } else { 1.0 };
                    let found = alike(pa, pb, &next, step);
                    if found > best.1 {
                        best = (next, found);
                    }
                }
            }
            if best.1 - before < 1e-4 {
                break;
            }
        }
    }
    best
}

fn warped(plane: &Plane, flow: &Flow) -> Plane {
    Plane::new(plane.width, plane.height, |x, y| {
        let (u, v) =
            ((x as f32 + 0.5) / plane.width as f32, (y as f32 + 0.5) / plane.height as f32);
        let at = y * plane.width + x;
        plane.at(u + flow.dx.values[at], v + flow.dy.values[at])
    })
}

/// A smooth flow that lays the second picture over the first: Horn and Schunck's, coarse to fine, each step from the
/// pictures laid over each other so far.
fn refined(a: &Plane, b: &Plane, start: impl Fn(f32, f32) -> (f32, f32)) -> Flow {
    let (w, h) = (a.width, a.height);
    let place = |x: usize, y: usize| ((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
    let begin = |x: usize, y: usize| {
        let (u, v) = place(x, y);
        let (to_u, to_v) = start(u, v);
        (to_u - u, to_v - v)
    };
    let mut flow = Flow {
        dx: Plane::new(w, h, |x, y| begin(x, y).0),
        dy: Plane::new(w, h, |x, y| begin(x, y).1),
    };
    for blur in [5_usize, 3, 2, 1] {
        let (sa, sb) = (a.blurred(blur), b.blurred(blur));
        let gain = strength(&sa);
        for _ in 0..3 {
            let moved = warped(&sb, &flow);
            step(&sa, &moved, gain, &mut flow);
        }
        flow.dx = flow.dx.blurred(blur.max(3));
        flow.dy = flow.dy.blurred(blur.max(3));
    }
    flow
}

fn strength(plane: &Plane) -> f32 {
    let mean = plane.values.iter().sum::<f32>() / plane.values.len() as f32;
    let spread = plane.values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>()
        / plane.values.len() as f32;
    1.0 / libm::sqrtf(spread.max(1e-6))
}

/// One round: the increment that fits the pictures best and changes smoothly, added to the flow.
fn step(a: &Plane, moved: &Plane, gain: f32, flow: &mut Flow) {
    const SMOOTH: f32 = 0.5;
    let (w, h) = (a.width, a.height);
    let slope = |p: &Plane, x: usize, y: usize| {
        let at = |x: usize, y: usize| p.values[y * w + x];
        let gx = at((x + 1).min(w - 1), y) - at(x.saturating_sub(1), y);
        let gy = at(x, (y + 1).min(h - 1)) - at(x, y.saturating_sub(1));
        (gx * 0.5, gy * 0.5)
    };
    let mut known = Vec::with_capacity(w * h);
    for y in 0..h {
        for x in 0..w {
            let ((ax, ay), (mx, my)) = (slope(a, x, y), slope(moved, x, y));
            let (gx, gy) = ((ax + mx) * 0.5 * gain, (ay + my) * 0.5 * gain);
            let change = (moved.values[y * w + x] - a.values[y * w + x]) * gain;
            known.push((gx, gy, change));
        }
    }
    let (mut u, mut v) = (vec![0.0_f32; w * h], vec![0.0_f32; w * h]);
    for _ in 0..24 {
        let (old_u, old_v) = (u.clone(), v.clone());
        for y in 0..h {
            for x in 0..w {
                let at = y * w + x;
                let mean = |p: &[f32]| {
                    (p[y * w + x.saturating_sub(1)]
                        + p[y * w + (x + 1).min(w - 1)]
                        + p[y.saturating_sub(1) * w + x]
                        + p[(y + 1).min(h - 1) * w + x])
                        * 0.25
                };
                let (mu, mv) = (mean(&old_u), mean(&old_v));
                let (gx, gy, change) = known[at];
                let k = (gx * mu + gy * mv + change) / (SMOOTH + gx * gx + gy * gy);
                u[at] = (mu - gx * k).clamp(-3.0, 3.0);
                v[at] = (mv - gy * k).clamp(-3.0, 3.0);
            }
        }
    }
    for at in 0..w * h {
        flow.dx.values[at] += u[at] / w as f32;
        flow.dy.values[at] += v[at] / h as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_media::RgbaImage;
    use image::Rgba;

    fn scene(shift: f32, scale: f32) -> RgbaImage {
        RgbaImage::from_fn(160, 120, |x, y| {
            let (u, v) = ((x as f32 - 80.0) / scale - shift, (y as f32 - 60.0) / scale);
            let ball = |cx: f32, cy: f32, r: f32| (u - cx) * (u - cx) + (v - cy) * (v - cy) < r * r;
            if ball(-20.0, 5.0, 18.0) {
                Rgba([220, 60, 40, 255])
            } else if ball(30.0, -12.0, 12.0) {
                Rgba([30, 60, 160, 255])
            } else {
                Rgba([200, 205, (120.0 + v) as u8, 255])
            }
        })
    }

    #[test]
    fn the_same_scene_moved_is_found_and_travels() {
        let (a, b) = (Texture::new(scene(0.0, 1.0)), Texture::new(scene(14.0, 1.1)));
        let morph = Morph::find(&Study::new(&a), &Study::new(&b)).expect("the same scene");
        let mut frame = vec![0; 160 * 120 * 3];
        let show = |t: f32, frame: &mut Vec<u8>| morph.show(&a, &b, t, 160, 120, frame);
        // The red ball's middle wanders from one place to the other.
        let middle = |frame: &[u8]| {
            let (mut sum, mut n) = (0.0, 0.0);
            for (i, p) in frame.chunks_exact(3).enumerate() {
                if p[0] > 180 && p[1] < 90 {
                    sum += (i % 160) as f32;
                    n += 1.0;
                }
            }
            sum / n
        };
        let mut seen = Vec::new();
        for t in [0.0, 0.5, 1.0] {
            show(t, &mut frame);
            seen.push(middle(&frame));
        }
        assert!((seen[0] - 60.0).abs() < 1.0 && (seen[2] - 73.4).abs() < 1.5, "{seen:?}");
        assert!((seen[1] - 66.7).abs() < 3.0, "{seen:?}");
        show(0.0, &mut frame);
        let first: Vec<u8> = scene(0.0, 1.0).pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
        assert_eq!(frame, first);
        show(1.0, &mut frame);
        let last: Vec<u8> = scene(14.0, 1.1).pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
        assert_eq!(frame, last);
    }

    #[test]
    fn other_scenes_are_not_taken_for_the_same() {
        let stripes = RgbaImage::from_fn(160, 120, |x, y| {
            if (x / 11 + y / 23) % 2 == 0 {
                Rgba([250, 250, 250, 255])
            } else {
                Rgba([10, 30, 10, 255])
            }
        });
        let (a, b) = (Texture::new(scene(0.0, 1.0)), Texture::new(stripes));
        assert!(Morph::find(&Study::new(&a), &Study::new(&b)).is_none());
    }
}
