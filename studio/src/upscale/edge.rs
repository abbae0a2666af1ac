//! Enlarging along edges: doubled by directional cubic convolution (Zhou, Shen and Dong, "Image zooming using directional
//! cubic convolution interpolation", 2012) as often as needed, then held to the source by back-projection (Irani and
//! Peleg, 1991). Tile by tile, so that memory stays small; tiles overlap by more than anything reaches.

use image::RgbaImage;

use gesso_media::{Control, WorkError};

/// Side of a tile of the source, in pixels, without its margin.
const TILE: u32 = 96;
/// Border that a tile takes of its neighbours on each side, in source pixels.
const MARGIN: i32 = 10;
/// Number of times the result is compared with the source.
const ROUNDS: usize = 3;

/// Four planes: red, green, blue, each multiplied by alpha, and alpha; 0 to 255.
struct Planes {
    w: usize,
    h: usize,
    data: [Vec<f32>; 4],
}

/// Enlarges a picture 2, 4 or 8 times.
pub(super) fn enlarge(
    image: &RgbaImage,
    scale: u32,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = image.dimensions();
    let mut out = RgbaImage::new(w * scale, h * scale);
    let row_bytes = (w * scale * 4) as usize;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(4);
    let mut done = 0;
    // Each thread has bands of its own: the result does not depend on how many there are.
    for bands in out.chunks_mut(row_bytes * (TILE * scale) as usize * threads) {
        let rows = (bands.len() / row_bytes) as u32 / scale;
        std::thread::scope(|scope| {
            for (n, band) in bands.chunks_mut(row_bytes * (TILE * scale) as usize).enumerate() {
                let top = done + n as u32 * TILE;
                scope.spawn(move || {
                    for left in (0..w).step_by(TILE as usize) {
                        if (control.cancelled)() {
                            return;
                        }
                        tile(image, scale, (left, top), band, row_bytes);
                    }
                });
            }
        });
        done += rows;
        control.at(done as f32 / h as f32)?;
    }
    Ok(out)
}

/// Enlarges one tile into the band of rows it belongs to.
fn tile(image: &RgbaImage, scale: u32, (left, top): (u32, u32), band: &mut [u8], row_bytes: usize) {
    let (w, h) = (image.width() as i32, image.height() as i32);
    let (tw, th) = (TILE.min(w as u32 - left), TILE.min(h as u32 - top));
    let (pw, ph) = (tw as usize + 2 * MARGIN as usize, th as usize + 2 * MARGIN as usize);
    let mut source = Planes::new(pw, ph);
    for y in 0..ph {
        for x in 0..pw {
            let sx = (left as i32 + x as i32 - MARGIN).clamp(0, w - 1) as u32;
            let sy = (top as i32 + y as i32 - MARGIN).clamp(0, h - 1) as u32;
            let p = image.get_pixel(sx, sy);
            let alpha = f32::from(p[3]) / 255.0;
            for c in 0..3 {
                source.data[c][y * pw + x] = f32::from(p[c]) * alpha;
            }
            source.data[3][y * pw + x] = f32::from(p[3]);
        }
    }
    let large = grown(&source, scale);
    let skip = MARGIN as usize * scale as usize;
    for y in 0..(th * scale) as usize {
        for x in 0..(tw * scale) as usize {
            let at = (y + skip) * large.w + x + skip;
            let alpha = large.data[3][at].clamp(0.0, 255.0);
            let to = y * row_bytes + ((left * scale) as usize + x) * 4;
            for c in 0..3 {
                let value = if alpha > 0.5 { large.data[c][at] * 255.0 / alpha } else { 0.0 };
                band[to + c] = (value.clamp(0.0, 255.0) + 0.5) as u8;
            }
            band[to + 3] = (alpha + 0.5) as u8;
        }
    }
}

impl Planes {
    fn new(w: usize, h: usize) -> Self {
        Self { w, h, data: std::array::from_fn(|_| vec![0.0; w * h]) }
    }

    fn get(&self, c: usize, x: isize, y: isize) -> f32 {
        let x = x.clamp(0, self.w as isize - 1) as usize;
        let y = y.clamp(0, self.h as isize - 1) as usize;
        self.data[c][y * self.w + x]
    }
}

fn grown(source: &Planes, scale: u32) -> Planes {
    let mut large = doubled(source);
    let mut factor = 2;
    while factor < scale {
        large = doubled(&large);
        factor *= 2;
    }
    let mut large = centred(&large, factor as usize);
    for _ in 0..ROUNDS {
        hold(&mut large, source, factor as usize);
    }
    bound(&mut large, source, factor as usize);
    large
}

/// Weight of the direction whose change is `own` against `other`, after the paper's fifth powers.
fn share(own: f32, other: f32) -> f32 {
    let (own, other) = (1.0 + own.powi(5), 1.0 + other.powi(5));
    (1.0 / own) / (1.0 / own + 1.0 / other)
}

/// The value between four in a row (cubic convolution at the middle, Keys 1981).
fn between([a, b, c, d]: [f32; 4]) -> f32 {
    (9.0 * (b + c) - (a + d)) / 16.0
}

/// One value of two directions: the one along which less changes, or both where neither stands out.
fn along(first: [f32; 4], second: [f32; 4], change: (f32, f32)) -> f32 {
    const RATIO: f32 = 1.15;
    let (one, two) = change;
    if (1.0 + one) / (1.0 + two) > RATIO {
        between(second)
    } else if (1.0 + two) / (1.0 + one) > RATIO {
        between(first)
    } else {
        let share = share(one / 64.0, two / 64.0);
        share * between(first) + (1.0 - share) * between(second)
    }
}

/// Twice as large: source pixels on even places, the others between them.
fn doubled(source: &Planes) -> Planes {
    let mut out = Planes::new(source.w * 2, source.h * 2);
    let w2 = out.w;
    for c in 0..4 {
        for y in 0..source.h {
            for x in 0..source.w {
                out.data[c][y * 2 * w2 + x * 2] = source.data[c][y * source.w + x];
            }
        }
        // Pixels in the middle of four, along one diagonal or the other.
        for y in 0..source.h as isize {
            for x in 0..source.w as isize {
                let s = |dx: isize, dy: isize| source.get(c, x + dx, y + dy);
                let (mut falls, mut rises) = (0.0, 0.0);
                for dy in -1..=1 {
                    for dx in -1..=1 {
                        falls += (s(dx, dy) - s(dx + 1, dy + 1)).abs();
                        rises += (s(dx + 1, dy) - s(dx, dy + 1)).abs();
                    }
                }
                let falling = [s(-1, -1), s(0, 0), s(1, 1), s(2, 2)];
                let rising = [s(2, -1), s(1, 0), s(0, 1), s(-1, 2)];
                let value = along(falling, rising, (falls, rises));
                out.data[c][(y as usize * 2 + 1) * w2 + x as usize * 2 + 1] = value;
            }
        }
        for y in 0..out.h as isize {
            // The places left over: odd on even rows, even on odd ones.
            let from = if y % 2 == 0 { 1 } else { 0 };
            for x in (from..w2 as isize).step_by(2) {
                let o = |dx: isize, dy: isize| out.get_known(c, x + dx, y + dy);
                let mut across = 0.0;
                let mut down = 0.0;
                for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)] {
                    across += (o(dx - 1, dy) - o(dx + 1, dy)).abs();
                    down += (o(dx, dy - 1) - o(dx, dy + 1)).abs();
                }
                let horizontal = [o(-3, 0), o(-1, 0), o(1, 0), o(3, 0)];
                let vertical = [o(0, -3), o(0, -1), o(0, 1), o(0, 3)];
                let value = along(horizontal, vertical, (across, down));
                out.data[c][y as usize * w2 + x as usize] = value;
            }
        }
    }
    out
}

impl Planes {
    /// A value that is known while the last places are filled in: where x and y are both even or both odd. Places
    /// beside those (asked for by differences alone) answer with the known one next to them.
    fn get_known(&self, c: usize, x: isize, y: isize) -> f32 {
        let (w, h) = (self.w as isize, self.h as isize);
        let y = if y < 0 {
            -y
        } else if y >= h {
            2 * h - 2 - y
        } else {
            y
        };
        let mut x = if x < 0 {
            -x
        } else if x >= w {
            2 * w - 2 - x
        } else {
            x
        };
        if (x + y) % 2 != 0 {
            x = if x + 1 < w { x + 1 } else { x - 1 };
        }
        self.get(c, x, y)
    }
}

/// Doubling leaves source pixels on the corners of theirs; this moves the picture so that they lie in the middle.
fn centred(large: &Planes, factor: usize) -> Planes {
    // The middle of a source pixel is (factor − 1) / 2 large pixels from its corner, always a half at the end.
    let whole = (factor / 2) as isize;
    let mut across = Planes::new(large.w, large.h);
    let mut out = Planes::new(large.w, large.h);
    for c in 0..4 {
        for y in 0..large.h as isize {
            for x in 0..large.w as isize {
                let l = |dx: isize| large.get(c, x - whole + dx, y);
                across.data[c][y as usize * large.w + x as usize] =
                    between([l(-1), l(0), l(1), l(2)]);
            }
        }
        for y in 0..large.h as isize {
            for x in 0..large.w as isize {
                let a = |dy: isize| across.get(c, x, y - whole + dy);
                out.data[c][y as usize * large.w + x as usize] = between([a(-1), a(0), a(1), a(2)]);
            }
        }
    }
    out
}

/// Moves the large picture to where its means are those of the source.
fn hold(large: &mut Planes, source: &Planes, factor: usize) {
    let area = (factor * factor) as f32;
    for c in 0..4 {
        let mut missing = Planes::new(source.w, source.h);
        for y in 0..source.h {
            for x in 0..source.w {
                let mut sum = 0.0;
                for row in 0..factor {
                    let from = (y * factor + row) * large.w + x * factor;
                    sum += large.data[c][from..from + factor].iter().sum::<f32>();
                }
                missing.data[0][y * source.w + x] = source.data[c][y * source.w + x] - sum / area;
            }
        }
        for y in 0..large.h {
            for x in 0..large.w {
                let at = |v: usize| (v as f32 + 0.5) / factor as f32 - 0.5;
                let (fx, fy) = (at(x), at(y));
                let (ix, iy) = (libm::floorf(fx), libm::floorf(fy));
                let (tx, ty) = (fx - ix, fy - iy);
                let m = |dx: isize, dy: isize| missing.get(0, ix as isize + dx, iy as isize + dy);
                let upper = m(0, 0) + (m(1, 0) - m(0, 0)) * tx;
                let lower = m(0, 1) + (m(1, 1) - m(0, 1)) * tx;
                large.data[c][y * large.w + x] += upper + (lower - upper) * ty;
            }
        }
    }
}

/// Nothing outside what the source has around: no ringing.
fn bound(large: &mut Planes, source: &Planes, factor: usize) {
    for c in 0..4 {
        for y in 0..source.h as isize {
            for x in 0..source.w as isize {
                let (mut low, mut high) = (f32::MAX, f32::MIN);
                for dy in -1..=1 {
                    for dx in -1..=1 {
                        let value = source.get(c, x + dx, y + dy);
                        low = low.min(value);
                        high = high.max(value);
                    }
                }
                for row in 0..factor {
                    let from = (y as usize * factor + row) * large.w + x as usize * factor;
                    for value in &mut large.data[c][from..from + factor] {
                        *value = value.clamp(low, high);
                    }
                }
            }
        }
    }
}
