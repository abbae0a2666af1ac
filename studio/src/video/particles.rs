//! Particles that float, fall and shine between camera and scene. Everything returns to its beginning with the film's
//! end, so that any film can be a loop.

use super::shot::{Moment, Shot};
use crate::camera::lens::{Camera, DISTANCE};
use crate::camera::raster::rows;
use crate::math::{Rng, cos, lerp, noise, sin, smoothstep};

const TAU: f32 = std::f32::consts::TAU;
/// Pixels between two places where haze and rays are computed.
const STEP: usize = 8;

/// Kind of a mote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Snow,
    Rain,
    Ember,
    Firefly,
    Star,
    Dust,
    Leaf,
    Petal,
    Bubble,
}

/// One thing in the air.
#[derive(Clone, Copy, Debug)]
struct Mote {
    kind: Kind,
    x: f32,
    y: f32,
    /// 0 far, 1 near.
    near: f32,
    /// Where in its cycle it begins.
    phase: f32,
    /// Own measure of size, speed or colour, 0 to 1.
    own: f32,
    spin: f32,
}

/// Everything in the air of a film.
#[derive(Clone, Debug)]
pub(crate) struct Particles {
    motes: Vec<Mote>,
}

impl Particles {
    /// For a shot; the amount of each thing follows the words.
    pub(crate) fn new(shot: &Shot, aspect: f32, rng: &Rng) -> Self {
        let weather = &shot.weather;
        let wide = aspect.clamp(0.5, 2.5);
        let mut motes = Vec::new();
        for (kind, tag, strength, count) in [
            (Kind::Star, "star", weather.stars, 110.0),
            (Kind::Snow, "snow", weather.snow, 230.0),
            (Kind::Rain, "rain", weather.rain, 240.0),
            (Kind::Ember, "ember", weather.embers, 70.0),
            (Kind::Firefly, "firefly", weather.fireflies, 34.0),
            (Kind::Dust, "dust", weather.dust, 46.0),
            (Kind::Leaf, "leaf", weather.leaves, 20.0),
            (Kind::Petal, "petal", weather.petals, 34.0),
            (Kind::Bubble, "bubble", weather.bubbles, 36.0),
        ] {
            let mut rng = rng.fork(tag);
            for _ in 0..(count * strength * wide) as usize {
                let deep = rng.unit();
                let mote = Mote {
                    kind,
                    x: rng.unit(),
                    y: rng.unit(),
                    // Few things are close to the lens.
                    near: deep * deep,
                    phase: rng.unit(),
                    own: rng.unit(),
                    spin: rng.unit(),
                };
                let hidden = kind == Kind::Star
                    && (mote.y > (shot.place.horizon - 0.08).max(0.25)
                        || shot.place.sky.at(mote.x, mote.y) < 0.8
                        || bright(shot, mote.x, mote.y) > 0.42);
                if !hidden {
                    motes.push(mote);
                }
            }
        }
        motes.sort_by(|a, b| a.near.total_cmp(&b.near));
        Self { motes }
    }

    /// Paints the air over a frame.
    pub(crate) fn paint(
        &self,
        shot: &Shot,
        camera: &Camera,
        moment: &Moment,
        (w, h): (usize, usize),
        out: &mut [u8],
    ) {
        if moment.life <= 0.0 {
            return;
        }
        veil(shot, camera, moment, (w, h), out);
        let mut sheet = Sheet { w: w as f32, h: h as f32, columns: w, lines: h, out };
        for mote in &self.motes {
            Afloat::new(mote, shot, camera, moment).draw(&mut sheet);
        }
    }
}

fn bright(shot: &Shot, u: f32, v: f32) -> f32 {
    let level = shot.layers.last().map(|layer| layer.light_at(u, v));
    level.unwrap_or(0.5)
}

fn part(x: f32) -> f32 {
    x - libm::floorf(x)
}

/// A mote at a moment, as the camera sees it.
struct Afloat<'a> {
    mote: &'a Mote,
    shot: &'a Shot,
    camera: &'a Camera,
    moment: &'a Moment,
    /// Factor by which the sound brightens what shines.
    beat: f32,
    /// Nearness, never so low that the mote stands still.
    deep: f32,
    aside: [f32; 2],
}

impl<'a> Afloat<'a> {
    fn new(mote: &'a Mote, shot: &'a Shot, camera: &'a Camera, moment: &'a Moment) -> Self {
        let deep = 0.35 + 0.65 * mote.near;
        // The camera's own way moves near things more than far ones.
        let aside = [camera.eye[0] / DISTANCE * deep * 0.7, camera.eye[1] / DISTANCE * deep * 0.7];
        Self { mote, shot, camera, moment, beat: 0.75 + 0.5 * moment.beat, deep, aside }
    }

    /// The cycles gone by of what happens about so often a second.
    fn turns(&self, per_s: f32) -> f32 {
        self.moment.times(per_s) * self.moment.phase
    }

    fn swing(&self, per_s: f32, salt: f32) -> f32 {
        sin(TAU * (self.turns(per_s) + self.mote.phase + salt))
    }

    fn fall(&self, per_s: f32) -> f32 {
        part(self.mote.y + self.turns(per_s)) * 1.16 - 0.08
    }

    fn draw(&self, sheet: &mut Sheet<'_>) {
        match self.mote.kind {
            Kind::Snow => self.snow(sheet),
            Kind::Rain => self.rain(sheet),
            Kind::Ember => self.ember(sheet),
            Kind::Firefly => self.firefly(sheet),
            Kind::Star => self.star(sheet),
            Kind::Dust => self.dust(sheet),
            Kind::Leaf | Kind::Petal => self.leaf(sheet),
            Kind::Bubble => self.bubble(sheet),
        }
    }

    fn snow(&self, sheet: &mut Sheet<'_>) {
        let y = self.fall(lerp(0.07, 0.3, self.deep) * (0.8 + 0.4 * self.mote.own));
        let x = across(
            self.mote.x + 0.02 * self.swing(0.25, 0.0) * self.deep + 0.05 * y - self.aside[0],
        );
        let size = lerp(0.0014, 0.0052, self.mote.near) * (0.7 + 0.6 * self.mote.own);
        let soft = smoothstep(0.75, 1.0, self.mote.near);
        let alpha = lerp(0.85, 0.32, soft) * self.moment.life * lerp(0.55, 1.0, self.deep);
        sheet.disc(
            x,
            y - self.aside[1],
            size * (1.0 + 1.6 * soft),
            alpha,
            [246.0, 249.0, 255.0],
            false,
        );
    }

    fn rain(&self, sheet: &mut Sheet<'_>) {
        let y = self.fall(lerp(1.1, 2.1, self.deep) * (0.85 + 0.3 * self.mote.own)) * 1.2 - 0.1;
        let x = across(self.mote.x - 0.05 * y - self.aside[0]);
        let long = lerp(0.03, 0.12, self.mote.near);
        let color = self.shot.place.haze.map(|c| c * 0.45 + 140.0);
        sheet.streak(
            [x, y],
            [-0.05 * long, long],
            lerp(0.0007, 0.0016, self.mote.near),
            self.moment.life * lerp(0.16, 0.34, self.deep),
            color,
        );
    }

    fn ember(&self, sheet: &mut Sheet<'_>) {
        let way = part(self.mote.y + self.turns(lerp(0.1, 0.3, self.mote.own)));
        let y = 1.06 - way * 1.15;
        let x = across(
            self.mote.x + 0.03 * self.swing(0.3, 0.2) + 0.05 * way * sin(TAU * self.mote.phase)
                - self.aside[0],
        );
        let flicker = 0.65 + 0.35 * self.swing(2.6, self.mote.own);
        let fade = smoothstep(1.0, 0.45, way) * smoothstep(0.0, 0.08, way);
        let size = lerp(0.0013, 0.0036, self.mote.near);
        let hot =
            [255.0, lerp(120.0, 205.0, self.mote.own * fade), 50.0 + 60.0 * fade * self.mote.own];
        sheet.disc(
            x,
            y,
            size * 4.5,
            0.2 * flicker * fade * self.moment.life * self.beat,
            hot,
            true,
        );
        sheet.disc(x, y, size, 0.95 * flicker * fade * self.moment.life * self.beat, hot, true);
    }

    fn firefly(&self, sheet: &mut Sheet<'_>) {
        let x = self.mote.x + 0.04 * self.swing(0.13, 0.0) + 0.015 * self.swing(0.37, 0.4)
            - self.aside[0];
        let y =
            0.35 + 0.6 * self.mote.y + 0.04 * self.swing(0.17, 0.6) + 0.012 * self.swing(0.4, 0.1)
                - self.aside[1];
        let glow = smoothstep(-0.2, 0.9, self.swing(lerp(0.25, 0.6, self.mote.own), 0.8));
        let size = lerp(0.0016, 0.0034, self.mote.near);
        let color = [255.0, 226.0, lerp(90.0, 150.0, self.mote.own)];
        sheet.disc(x, y, size * 7.0, 0.22 * glow * self.moment.life * self.beat, color, true);
        sheet.disc(x, y, size, glow * self.moment.life * self.beat, color, true);
    }

    fn star(&self, sheet: &mut Sheet<'_>) {
        let near = 0.0;
        let (u, v) = ((self.mote.x - 0.5) * sheet.w / sheet.h, self.mote.y - 0.5);
        let Some([x, y]) = self.camera.sees(u, v, near, self.shot.depth) else { return };
        let (x, y) = (x * sheet.h / sheet.w + 0.5, y + 0.5);
        let glint = 0.5 + 0.5 * self.swing(lerp(0.3, 1.1, self.mote.own), 0.0);
        let glint = glint * glint;
        let size = lerp(0.0009, 0.0019, self.mote.spin * self.mote.spin);
        let color = [235.0 + 20.0 * self.mote.own, 240.0, 255.0 - 25.0 * self.mote.own];
        sheet.disc(x, y, size, (0.15 + 0.85 * glint) * self.moment.life, color, true);
        if self.mote.spin > 0.9 && self.shot.weather.stars >= 1.0 {
            let ray = size * (3.0 + 4.0 * glint);
            sheet.streak(
                [x - ray, y],
                [ray * 2.0, 0.0],
                size * 0.35,
                0.3 * glint * self.moment.life,
                color,
            );
            sheet.streak(
                [x, y - ray * sheet.w / sheet.h],
                [0.0, ray * 2.0 * sheet.w / sheet.h],
                size * 0.35,
                0.3 * glint * self.moment.life,
                color,
            );
        }
    }

    fn dust(&self, sheet: &mut Sheet<'_>) {
        let x = across(self.mote.x + 0.02 * self.swing(0.1, 0.0) - self.aside[0]);
        let rise = if self.moment.returns { 0.0 } else { self.moment.times(0.02) * self.deep };
        let y = part(self.mote.y - rise * self.moment.phase + 0.012 * self.swing(0.12, 0.3)) * 1.1
            - 0.05;
        let glint = 0.55 + 0.45 * self.swing(lerp(0.12, 0.3, self.mote.own), 0.5);
        let soft = smoothstep(0.3, 1.0, self.mote.near);
        let size = lerp(0.0016, 0.02, soft * (0.4 + 0.6 * self.mote.own));
        let edge = smoothstep(-0.03, 0.05, y) * smoothstep(1.03, 0.95, y);
        let alpha = lerp(0.55, 0.085, soft) * glint * self.moment.life * self.beat * edge;
        sheet.disc(x, y - self.aside[1], size, alpha, self.shot.place.light_color, true);
    }

    fn leaf(&self, sheet: &mut Sheet<'_>) {
        let petal = self.mote.kind == Kind::Petal;
        let y = self.fall(lerp(0.07, 0.17, self.deep));
        let x = across(
            self.mote.x + 0.05 * self.swing(0.22, 0.0) * self.deep + 0.18 * y - self.aside[0],
        );
        let size = lerp(0.004, 0.013, self.mote.near) * if petal { 0.7 } else { 1.0 };
        let turn = TAU * (self.mote.spin + self.turns(0.25) * sign(self.mote.own - 0.5));
        let flat = 0.25 + 0.75 * self.swing(0.4, self.mote.spin).abs();
        let shade = 0.8 + 0.2 * self.swing(0.4, 0.25);
        let color = if petal {
            [255.0, lerp(190.0, 225.0, self.mote.own), lerp(205.0, 232.0, self.mote.spin)]
        } else {
            [lerp(170.0, 226.0, self.mote.own), lerp(70.0, 140.0, self.mote.spin), 36.0]
        };
        sheet.leaf(
            [x, y - self.aside[1]],
            size,
            flat,
            turn,
            0.92 * self.moment.life,
            color.map(|c| c * shade),
        );
    }

    fn bubble(&self, sheet: &mut Sheet<'_>) {
        let way = part(self.mote.y + self.turns(lerp(0.1, 0.22, self.mote.own)));
        let x = across(self.mote.x + 0.012 * self.swing(0.6, 0.0) - self.aside[0]);
        let y = 1.08 - way * 1.18;
        let size = lerp(0.002, 0.009, self.mote.near);
        sheet.ring(x, y, size, 0.6 * self.moment.life, [220.0, 244.0, 255.0]);
    }
}

/// Beyond the edge comes back in at the other one.
fn across(x: f32) -> f32 {
    part(x) * 1.12 - 0.06
}

fn sign(x: f32) -> f32 {
    if x < 0.0 { -1.0 } else { 1.0 }
}

/// Noise that drifts sideways and is back where it was when the film ends.
fn drifting(x: f32, y: f32, way: f32, t: f32, seed: u64) -> f32 {
    let (a, b) = (noise(x - way * t, y, seed), noise(x - way * (t - 1.0), y, seed));
    let (ka, kb) = (1.0 - t, t);
    (a * ka + b * kb) / libm::sqrtf(ka * ka + kb * kb)
}

/// Haze and rays of light: a colour to add and how much is covered, on a coarse grid.
fn veil(shot: &Shot, camera: &Camera, moment: &Moment, (w, h): (usize, usize), out: &mut [u8]) {
    let weather = &shot.weather;
    let fog = (weather.fog * 0.55 + weather.rain * 0.22 + weather.snow * 0.14) * moment.life;
    let rays = weather.rays * moment.life * shot.place.shine * (0.8 + 0.5 * moment.beat);
    if fog <= 0.0 && rays <= 0.0 {
        return;
    }
    let aspect = w as f32 / h as f32;
    let (across, down) = (w.div_ceil(STEP) + 1, h.div_ceil(STEP) + 1);
    let light = [(shot.place.light[0] - 0.5) * aspect, shot.place.light[1] - 0.5];
    let source = camera.sees(light[0], light[1], 0.0, shot.depth).unwrap_or(light);
    let mut grid = vec![[0.0_f32; 4]; across * down];
    let way = moment.times(0.12);
    rows(&mut grid, across, |gy, row| {
        for (gx, cell) in row.iter_mut().enumerate() {
            let x = ((gx * STEP) as f32 - w as f32 / 2.0) / h as f32;
            let y = (gy * STEP) as f32 / h as f32 - 0.5;
            let [u, v] = camera.meets(x, y, aspect, &shot.relief, shot.depth);
            let mut covered = 0.0;
            if fog > 0.0 {
                let (pu, pv) = (u / aspect + 0.5, v + 0.5);
                let near = shot.relief.at(pu, pv);
                let low = smoothstep(0.55, 0.05, (pv - shot.place.horizon - 0.05).abs());
                let far = drifting(u * 1.7, v * 3.6, way * 0.55, moment.phase, shot.seed ^ 5);
                let fine =
                    drifting(u * 4.1 + far * 0.6, v * 7.5, way * 1.1, moment.phase, shot.seed ^ 6);
                let dense = smoothstep(-0.55, 0.85, far * 0.75 + fine * 0.35);
                covered = (fog * dense * (0.25 + 0.75 * low) * lerp(1.0, 0.45, near)).min(0.9);
            }
            let mut glow = 0.0;
            if rays > 0.0 {
                let (dx, dy) = (x - source[0], y - source[1]);
                let away = libm::sqrtf(dx * dx + dy * dy);
                let angle = libm::atan2f(dy, dx);
                // Noise on a circle has no seam.
                let (cx, cy) = (cos(angle), sin(angle));
                let beams = drifting(cx * 5.0 + 3.0, cy * 5.0, 0.9, moment.phase, shot.seed ^ 8)
                    + 0.6 * drifting(cx * 11.0, cy * 11.0 + 5.0, -1.3, moment.phase, shot.seed ^ 9);
                let beam = smoothstep(-0.15, 1.0, beams);
                glow = rays
                    * (0.2 * beam * libm::expf(-away * 1.25) * smoothstep(0.02, 0.3, away)
                        + 0.09 * libm::expf(-away * 4.5));
            }
            let tint = |c: usize| shot.place.haze[c] * covered + shot.place.light_color[c] * glow;
            *cell = [tint(0), tint(1), tint(2), 1.0 - covered];
        }
    });
    rows(out, w * 3, |y, row| {
        let (gy, ty) = (y / STEP, (y % STEP) as f32 / STEP as f32);
        for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (gx, tx) = (x / STEP, (x % STEP) as f32 / STEP as f32);
            let at = gy * across + gx;
            let mix = |c: usize| {
                let top = lerp(grid[at][c], grid[at + 1][c], tx);
                let low = lerp(grid[at + across][c], grid[at + across + 1][c], tx);
                lerp(top, low, ty)
            };
            let left = mix(3);
            // A finer step than one eighth of a bit hides the grid's own steps.
            let dither = ((x * 7 + y * 13) % 16) as f32 / 16.0;
            for (c, value) in pixel.iter_mut().enumerate() {
                *value = (f32::from(*value) * left + mix(c) + dither).clamp(0.0, 255.0) as u8;
            }
        }
    });
}

/// A frame that things are drawn on, places from 0 to 1 on both axes, sizes in frame heights.
struct Sheet<'a> {
    w: f32,
    h: f32,
    columns: usize,
    lines: usize,
    out: &'a mut [u8],
}

impl Sheet<'_> {
    /// Calls `alpha` for each pixel within `reach` pixels of a place and lays the colour over it, or adds it.
    fn touch(
        &mut self,
        x: f32,
        y: f32,
        reach: [f32; 2],
        color: [f32; 3],
        adds: bool,
        alpha: impl Fn(f32, f32) -> f32,
    ) {
        let (cx, cy) = (x * self.w - 0.5, y * self.h - 0.5);
        let range = |centre: f32, reach: f32, end: usize| {
            let from = libm::ceilf(centre - reach).max(0.0) as usize;
            let to = libm::floorf(centre + reach).min(end as f32 - 1.0);
            from..(to + 1.0).max(0.0) as usize
        };
        for py in range(cy, reach[1], self.lines) {
            for px in range(cx, reach[0], self.columns) {
                let a = alpha(px as f32 - cx, py as f32 - cy).clamp(0.0, 1.0);
                if a <= 0.002 {
                    continue;
                }
                let at = (py * self.columns + px) * 3;
                for (value, color) in self.out[at..at + 3].iter_mut().zip(color) {
                    let under = f32::from(*value);
                    // Added light is screened, so that it never burns out to a flat patch.
                    let over = if adds {
                        under + color * a * (1.0 - under / 255.0)
                    } else {
                        lerp(under, color, a)
                    };
                    *value = (over + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }

    fn disc(&mut self, x: f32, y: f32, size: f32, alpha: f32, color: [f32; 3], adds: bool) {
        // What is smaller than a pixel is fainter instead.
        let radius = (size * self.h).max(0.7);
        let alpha = alpha * (size * self.h / radius).clamp(0.25, 1.0);
        let reach = radius * 1.6;
        self.touch(x, y, [reach, reach], color, adds, |dx, dy| {
            let far = libm::sqrtf(dx * dx + dy * dy) / radius;
            alpha * smoothstep(1.5, 0.35, far)
        });
    }

    fn ring(&mut self, x: f32, y: f32, size: f32, alpha: f32, color: [f32; 3]) {
        let radius = (size * self.h).max(1.2);
        let reach = radius + 2.0;
        self.touch(x, y, [reach, reach], color, true, |dx, dy| {
            let far = libm::sqrtf(dx * dx + dy * dy);
            let rim = smoothstep(1.4, 0.2, (far - radius).abs());
            let (hx, hy) = (dx / radius + 0.35, dy / radius + 0.4);
            let glint = smoothstep(0.3, 0.05, libm::sqrtf(hx * hx + hy * hy));
            alpha * (0.55 * rim + 0.1 * smoothstep(radius, 0.0, far) + 0.8 * glint)
        });
    }

    fn leaf(&mut self, at: [f32; 2], size: f32, flat: f32, turn: f32, alpha: f32, color: [f32; 3]) {
        let radius = (size * self.h).max(1.5);
        let (s, c) = (sin(turn), cos(turn));
        let reach = radius * 1.2;
        self.touch(at[0], at[1], [reach, reach], color, false, |dx, dy| {
            let (along, side) = ((dx * c + dy * s) / radius, (dy * c - dx * s) / radius);
            // Two arcs that meet in two points.
            let wide = 0.55 * flat * (1.0 - along * along).max(0.0);
            let inside = (wide - side.abs()) * radius;
            alpha * smoothstep(-0.6, 0.6, inside) * smoothstep(1.05, 0.98, along.abs())
        });
    }

    /// A soft line from a place along a way, both in parts of the frame.
    fn streak(&mut self, from: [f32; 2], way: [f32; 2], thick: f32, alpha: f32, color: [f32; 3]) {
        let (wx, wy) = (way[0] * self.w, way[1] * self.h);
        let long = libm::sqrtf(wx * wx + wy * wy).max(1.0);
        let thick = (thick * self.h).max(0.6);
        let middle = [from[0] + way[0] / 2.0, from[1] + way[1] / 2.0];
        let reach = [wx.abs() / 2.0 + thick * 2.0, wy.abs() / 2.0 + thick * 2.0];
        self.touch(middle[0], middle[1], reach, color, true, |dx, dy| {
            let along = (dx * wx + dy * wy) / long;
            let side = (dx * wy - dy * wx).abs() / long;
            let end = smoothstep(0.5, 0.2, along.abs() / long);
            alpha * end * smoothstep(thick * 1.6, thick * 0.3, side)
        });
    }
}
