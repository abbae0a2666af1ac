//! A mouth that opens: the lower lip and the chin go down, the upper lip a little up, and between them it is dark.

use super::talk::Shape;
use crate::camera::raster::Level;
use crate::math::{lerp, pow, smoothstep};

/// Where a mouth is, in parts of the picture's width and height; its width in parts of the picture's width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mouth {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
}

/// Reach of the region that moves, in half widths of the mouth: to the sides, up and down.
const REACH: [f32; 3] = [1.9, 1.1, 2.5];

/// A place in the region: whether it is inside the mouth, and where it was before the mouth opened.
struct Seen {
    from: [f32; 2],
    /// 0 on the lips, 1 in the mouth.
    inside: f32,
    /// Across the mouth from -1 to 1, and from its upper lip to its lower one, 0 to 1.
    across: f32,
    down: f32,
}

impl Mouth {
    /// The rectangle outside of which nothing changes: left, top, right, bottom, in pixels.
    pub(crate) fn region(&self, (w, h): (u32, u32), aside: [f32; 2]) -> [usize; 4] {
        let (w, h) = (w as f32, h as f32);
        let half = self.width * w / 2.0;
        let (cx, cy) = (self.x * w + aside[0], self.y * h + aside[1]);
        let low = |v: f32| v.max(0.0) as usize;
        let high = |v: f32, end: f32| libm::ceilf(v.clamp(0.0, end)) as usize;
        [
            low(cx - REACH[0] * half),
            low(cy - REACH[1] * half),
            high(cx + REACH[0] * half, w),
            high(cy + REACH[2] * half, h),
        ]
    }

    /// Opens the mouth in an RGB frame; `aside` is how far the face has moved, in pixels.
    pub(crate) fn speak(
        &self,
        shape: Shape,
        gain: f32,
        size: (u32, u32),
        aside: [f32; 2],
        out: &mut [u8],
    ) {
        let open = shape.open * gain;
        let [left, top, right, bottom] = self.region(size, aside);
        if open < 0.01 || right <= left || bottom <= top {
            return;
        }
        let w = size.0 as usize;
        let half = (self.width * size.0 as f32 / 2.0).max(1.0);
        let (cx, cy) = (self.x * size.0 as f32 + aside[0], self.y * size.1 as f32 + aside[1]);
        let before = Level::of_rgb(out, w, [left, top, right, bottom]);
        for y in top..bottom {
            for x in left..right {
                let (dx, dy) = ((x as f32 + 0.5 - cx) / half, (y as f32 + 0.5 - cy) / half);
                let seen = opened(dx, dy, open, shape.round * shape.open, 2.0 / half);
                let sx = seen.from[0] * half + cx - 0.5 - left as f32;
                let sy = seen.from[1] * half + cy - 0.5 - top as f32;
                let skin = before.sharp(sx, sy);
                let deep = interior(&seen, open);
                let at = (y * w + x) * 3;
                for c in 0..3 {
                    out[at + c] = (lerp(skin[c], deep[c], seen.inside) + 0.5) as u8;
                }
            }
        }
    }
}

/// Returns the place that shows at (`dx`, `dy`) from the middle of the mouth when it is open, everything in half
/// widths of the mouth.
fn opened(dx: f32, dy: f32, open: f32, round: f32, pixel: f32) -> Seen {
    // At most two fifths of the mouth's width, as mouths do.
    let height = 0.8 * open;
    let fade = smoothstep(REACH[0], 0.9, dx.abs())
        * smoothstep(REACH[2], 1.0, dy)
        * smoothstep(-REACH[1], -0.4, dy);
    // Rounding draws the corners in.
    let narrow = 1.0 - 0.3 * round * fade;
    let wide = 0.9 * (1.0 - 0.3 * round);
    let across = dx / wide;
    let gap = height * pow((1.0 - across * across).max(0.0), 0.95);
    let (upper, lower) = (0.24 * gap, 0.76 * gap);
    let jaw = 0.42 * height * smoothstep(REACH[0], 0.35, dx.abs());
    let moved = if dy >= 0.0 {
        let below = (dy - lower).max(0.0);
        let skin = lerp(lower, jaw, smoothstep(0.0, 1.0, below));
        dy - (skin * smoothstep(REACH[2], 0.9, dy)).min(dy)
    } else {
        let above = (-dy - upper).max(0.0);
        (dy + upper * smoothstep(0.8, 0.0, above)).min(0.0)
    };
    let inside = ((lower - dy).min(dy + upper) / pixel + 0.5).clamp(0.0, 1.0);
    let inside = if gap > pixel { inside } else { 0.0 };
    let down = if gap > 0.0 { ((dy + upper) / gap).clamp(0.0, 1.0) } else { 0.0 };
    Seen { from: [dx / narrow, moved], inside, across, down }
}

/// The colour in the mouth: dark, with teeth above and the tongue below where it is wide open.
fn interior(seen: &Seen, open: f32) -> [f32; 3] {
    let depth = smoothstep(0.0, 0.5, seen.down) * smoothstep(1.15, 0.75, seen.down);
    let mut color = [lerp(104.0, 44.0, depth), lerp(44.0, 17.0, depth), lerp(44.0, 19.0, depth)];
    let mix = |color: &mut [f32; 3], other: [f32; 3], share: f32| {
        for (own, other) in color.iter_mut().zip(other) {
            *own = lerp(*own, other, share);
        }
    };
    let bend = 0.30 - 0.14 * seen.across * seen.across;
    let tongue = smoothstep(0.62, 0.9, seen.down + 0.25 * (1.0 - seen.across * seen.across) - 0.2);
    mix(
        &mut color,
        [158.0, 74.0, 76.0],
        0.75 * tongue * smoothstep(0.35, 0.7, open) * smoothstep(0.95, 0.5, seen.across.abs()),
    );
    let teeth =
        smoothstep(bend + 0.05, bend - 0.04, seen.down) * smoothstep(0.88, 0.6, seen.across.abs());
    let shade =
        lerp(0.82, 1.0, smoothstep(0.0, 0.2, seen.down)) * (1.0 - 0.25 * seen.across * seen.across);
    mix(
        &mut color,
        [226.0 * shade, 218.0 * shade, 206.0 * shade],
        0.85 * teeth * smoothstep(0.12, 0.3, open),
    );
    color
}
