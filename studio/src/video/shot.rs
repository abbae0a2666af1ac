//! One shot: a picture, or its layers, seen by a moving camera, with what moves in it.

use super::moves::Path;
use super::place::Place;
use super::words::Weather;
use crate::camera::lens::{Camera, Pose};
use crate::camera::raster::{Texture, rows};
use crate::camera::relief::Relief;
use crate::math::{lerp, noise, sin, smoothstep};

/// Pixels between two places that are computed; those between them are interpolated.
pub(crate) const STEP: usize = 4;
/// Side of the blocks in which a layer is known to be empty, in its pixels.
const BLOCK: usize = 16;
/// Up to so opaque, of 255, a place is a veil.
const VEIL: u8 = 96;
const TAU: f32 = std::f32::consts::TAU;

/// A layer of a shot, which holds the nearest one first.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    texture: Texture,
    relief: Relief,
    /// True if every pixel is opaque.
    solid: bool,
    /// Which blocks hold anything.
    holds: Vec<bool>,
    columns: usize,
}

impl Layer {
    pub(crate) fn new(texture: Texture, relief: Relief, solid: bool) -> Self {
        let (w, h) = (texture.width(), texture.height());
        let (columns, lines) = (w.div_ceil(BLOCK), h.div_ceil(BLOCK));
        let mut holds = vec![solid; columns * lines];
        if !solid {
            for y in 0..h {
                for x in 0..w {
                    if texture.whole().alpha(x, y) > 0 {
                        // The neighbours too: a sample reaches two pixels far.
                        for by in (y.saturating_sub(3) / BLOCK)..=((y + 3) / BLOCK).min(lines - 1) {
                            for bx in
                                (x.saturating_sub(3) / BLOCK)..=((x + 3) / BLOCK).min(columns - 1)
                            {
                                holds[by * columns + bx] = true;
                            }
                        }
                    }
                }
            }
        }
        Self { texture, relief, solid, holds, columns }
    }

    /// Returns the brightness of a place, 0 to 1.
    pub(crate) fn light_at(&self, u: f32, v: f32) -> f32 {
        let level = self.texture.small(192);
        let [r, g, b, _] = level.soft(u * level.width as f32 - 0.5, v * level.height as f32 - 0.5);
        (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255.0
    }

    /// True if the block of a place, in pixels, or one beside it holds anything: nothing stirs farther than a block.
    fn is_near(&self, x: f32, y: f32) -> bool {
        let lines = self.holds.len() / self.columns.max(1);
        let (bx, by) = (x.max(0.0) as usize / BLOCK, y.max(0.0) as usize / BLOCK);
        let beside = |at: usize, most: usize| at.saturating_sub(1).min(most)..=(at + 1).min(most);
        beside(by, lines.saturating_sub(1)).any(|by| {
            beside(bx, self.columns.saturating_sub(1)).any(|bx| self.holds[by * self.columns + bx])
        })
    }

    /// Premultiplied, each channel 0 to 255.
    fn sample(&self, x: f32, y: f32) -> [f32; 4] {
        let (w, h) = (self.texture.width() as f32, self.texture.height() as f32);
        if x >= -1.0 && y >= -1.0 && x <= w && y <= h {
            let (bx, by) = (x.max(0.0) as usize / BLOCK, y.max(0.0) as usize / BLOCK);
            let full = self.holds.get(by * self.columns + bx.min(self.columns - 1));
            let whole = self.texture.whole();
            if !full.copied().unwrap_or(self.solid) {
                return [0.0; 4];
            }
            // Most of a layer that does not cover is a veil of light or haze: nobody sees how sharp that is.
            let nearest = |at: f32, most: usize| ((at + 0.5).max(0.0) as usize).min(most - 1);
            let faint = !self.solid
                && whole.alpha(nearest(x, whole.width), nearest(y, whole.height)) < VEIL;
            return if faint { whole.linear(x, y) } else { whole.sharp(x, y) };
        }
        if self.solid {
            self.texture.beyond(x, y, 0.0)
        } else {
            self.texture.whole().sharp(x.clamp(0.0, w - 1.0), y.clamp(0.0, h - 1.0))
        }
    }
}

/// A place that is looked at: where, and how the clouds drift there.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    x: f32,
    y: f32,
    drift: f32,
    /// True if there is nothing of the layer there, nor near it.
    empty: bool,
}

/// The moment that is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Part of the shot, 0 to 1.
    pub(crate) at: f32,
    /// Part of the whole film, 0 to 1.
    pub(crate) phase: f32,
    /// The film's length.
    pub(crate) seconds: f32,
    /// Loudness of the sound, 0 to 1.
    pub(crate) beat: f32,
    /// Share of the motions that is let through, 0 to 1.
    pub(crate) life: f32,
    /// True if everything that moves by itself must be back where it was at the end.
    pub(crate) returns: bool,
    /// Progress of the camera in the rush from one shot to the next, 0 to 1.
    pub(crate) rush: f32,
}

impl Moment {
    /// Returns the number of times in the film of something that happens so often a second: a whole number in a loop.
    pub(crate) fn times(&self, per_s: f32) -> f32 {
        let times = per_s * self.seconds;
        if self.returns { libm::roundf(times).max(1.0) } else { times }
    }
}

/// A shot.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) layers: Vec<Layer>,
    pub(crate) depth: f32,
    /// Nearness over the whole picture, for what does not belong to one layer.
    pub(crate) relief: Relief,
    pub(crate) place: Place,
    pub(crate) path: Path,
    pub(crate) weather: Weather,
    pub(crate) seed: u64,
}

impl Shot {
    /// The camera at a moment.
    pub(crate) fn camera(&self, moment: &Moment, aspect: f32) -> Camera {
        let beat = moment.beat * moment.life;
        let near =
            |layer: &Layer| self.path.pose(moment.at, aspect, &layer.relief, self.depth, beat);
        // Each layer must reach beyond the frame's edges.
        let mut poses = self.layers.iter().map(near);
        let first = poses.next().unwrap_or_default();
        let mut pose = poses.fold(first, |a, b| if b.zoom > a.zoom { b } else { a });
        pose.dolly += 0.3 * moment.rush;
        Camera::new(&pose)
    }

    /// The camera that sees exactly the picture.
    pub(crate) fn still() -> Camera {
        Camera::new(&Pose::default())
    }

    /// Paints the picture as the camera sees it into RGB rows, without what floats in the air.
    pub(crate) fn show(
        &self,
        camera: &Camera,
        moment: &Moment,
        w: usize,
        h: usize,
        out: &mut [u8],
    ) {
        let across = w.div_ceil(STEP) + 1;
        let down = h.div_ceil(STEP) + 1;
        let grids: Vec<Vec<Look>> = self
            .layers
            .iter()
            .map(|layer| {
                let mut grid = vec![Look::default(); across * down];
                rows(&mut grid, across, |gy, row| {
                    for (gx, look) in row.iter_mut().enumerate() {
                        *look = self.look(layer, camera, moment, (gx * STEP, gy * STEP), (w, h));
                    }
                });
                grid
            })
            .collect();
        // Two ways through the clouds, half a turn apart, so that neither is seen to jump back.
        let turns = moment.times(0.2);
        let first = libm::modff(moment.phase * turns).0;
        let second = libm::modff(first + 0.5).0;
        let weight = 1.0 - (2.0 * first - 1.0).abs();
        let drift = Drift { first: first - 0.5, second: second - 0.5, weight };
        rows(out, w * 3, |y, row| {
            let (gy, ty) = (y / STEP, (y % STEP) as f32 / STEP as f32);
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (gx, tx) = (x / STEP, (x % STEP) as f32 / STEP as f32);
                let mut seen = [0.0_f32; 4];
                for (layer, grid) in self.layers.iter().zip(&grids) {
                    let at = gy * across + gx;
                    if grid[at].empty {
                        continue;
                    }
                    let look = between(grid, at, across, tx, ty);
                    let under = drift.sample(layer, look);
                    let left = 1.0 - seen[3] / 255.0;
                    for c in 0..4 {
                        seen[c] += under[c] * left;
                    }
                    if seen[3] > 253.0 {
                        break;
                    }
                }
                for c in 0..3 {
                    pixel[c] = (seen[c] + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        });
    }

    /// Returns the point of a layer that a place of the frame shows, in pixels of the layer.
    fn look(
        &self,
        layer: &Layer,
        camera: &Camera,
        moment: &Moment,
        (x, y): (usize, usize),
        (w, h): (usize, usize),
    ) -> Look {
        let (fw, fh) = (w as f32, h as f32);
        let aspect = fw / fh;
        let (fx, fy) = ((x as f32 + 0.5 - fw / 2.0) / fh, (y as f32 + 0.5) / fh - 0.5);
        let [mut u, mut v] = camera.meets(fx, fy, aspect, &layer.relief, self.depth);
        let (pu, pv) = (u / aspect + 0.5, v + 0.5);
        let (tw, th) = (layer.texture.width() as f32, layer.texture.height() as f32);
        if !layer.solid && !layer.is_near(pu * tw, pv * th) {
            return Look { x: pu * tw - 0.5, y: pv * th - 0.5, drift: 0.0, empty: true };
        }
        let (du, dv) = self.stirred(pu, pv, moment);
        u += du;
        v += dv;
        let drift = self.weather.clouds * moment.life * self.path.amount.max(0.3);
        let drift = if drift > 0.0 { drift * self.place.drift.at(pu, pv) } else { 0.0 };
        let (x, y) = ((u / aspect + 0.5) * tw - 0.5, (v + 0.5) * th - 0.5);
        Look { x, y, drift: drift * 0.05 * tw, empty: false }
    }

    /// Returns the shift that water and wind give a place, in heights of the picture.
    fn stirred(&self, u: f32, v: f32, moment: &Moment) -> (f32, f32) {
        let life = moment.life * (0.6 + 0.6 * moment.beat);
        let (mut dx, mut dy) = (0.0, 0.0);
        let water = self.weather.water * life;
        if water > 0.0 && v > self.place.horizon - 0.01 {
            let wet = self.place.water.at(u, v);
            if wet > 0.01 {
                // Waves are shorter and smaller towards the horizon.
                let near =
                    ((v - self.place.horizon) / (1.0 - self.place.horizon).max(0.1)).max(0.02);
                let line = libm::logf(near * 12.0 + 0.4) * 11.0;
                let cycle = |per_s: f32| moment.times(per_s) * moment.phase * TAU;
                let swing = noise(u * 7.0, line * 0.35, self.seed) * 5.0;
                let wave = sin(line - cycle(0.45) + swing)
                    + 0.5 * sin(line * 2.3 - cycle(0.8) - swing * 1.3 + u * 9.0);
                dy += wet * water * 0.0042 * wave * (0.25 + near);
                dx += wet * water * 0.006 * sin(line * 1.4 - cycle(0.6) + swing) * (0.2 + near);
            }
        }
        let sway = self.weather.sway * life;
        if sway > 0.0 {
            let loose = self.place.sway.at(u, v);
            if loose > 0.01 {
                let gust = noise(u * 2.5, v * 2.0, self.seed ^ 91) * 4.0 + u * 5.0;
                let cycle = |per_s: f32| moment.times(per_s) * moment.phase * TAU;
                let wave = sin(cycle(0.35) - gust) + 0.45 * sin(cycle(0.9) - gust * 2.7 + v * 8.0);
                dx += loose * sway * 0.0045 * wave;
                dy += loose * sway * 0.0012 * sin(cycle(0.5) - gust * 1.6);
            }
        }
        (dx, dy)
    }
}

struct Drift {
    first: f32,
    second: f32,
    weight: f32,
}

impl Drift {
    fn sample(&self, layer: &Layer, look: Look) -> [f32; 4] {
        if look.drift < 0.5 || !layer.solid {
            return layer.sample(look.x, look.y);
        }
        let a = layer.sample(look.x - look.drift * self.first, look.y);
        let b = layer.sample(look.x - look.drift * self.second, look.y);
        let moved: [f32; 4] = std::array::from_fn(|c| lerp(b[c], a[c], self.weight));
        // A thin drift at the sky's edge is faded in, so that nothing doubles there.
        let still = smoothstep(6.0, 0.5, look.drift);
        if still <= 0.0 {
            return moved;
        }
        let calm = layer.sample(look.x, look.y);
        std::array::from_fn(|c| lerp(moved[c], calm[c], still))
    }
}

fn between(grid: &[Look], at: usize, across: usize, tx: f32, ty: f32) -> Look {
    let (a, b, c, d) = (grid[at], grid[at + 1], grid[at + across], grid[at + across + 1]);
    let mix = |a: f32, b: f32, c: f32, d: f32| {
        let (top, low) = (a + (b - a) * tx, c + (d - c) * tx);
        top + (low - top) * ty
    };
    Look {
        x: mix(a.x, b.x, c.x, d.x),
        y: mix(a.y, b.y, c.y, d.y),
        drift: mix(a.drift, b.drift, c.drift, d.drift),
        empty: false,
    }
}
