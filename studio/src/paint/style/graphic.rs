//! Printed and drawn on screens: flat shapes, pixels, triangles, risograph, neon, comic, mosaic.

use std::f32::consts::TAU;

use delaunator::{Point, triangulate};
use image::RgbaImage;
use tiny_skia::{Paint, PathBuilder, Pixmap, Stroke, Transform};

use super::pixels::{Few, Soft, blend, light, rows, vivid, whole};
use crate::math::{Rng, cos, mix64, noise, sin, smoothstep};
use crate::paint::color::Rgb;
use gesso_media::{Control, WorkError};

/// A few plain colours with clean borders.
pub(super) fn flat(picture: &RgbaImage, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let soft = Soft::new(picture, (unit / 210.0).max(1.0), control)?;
    let few = Few::of(picture, 9, |c| c.saturate(1.16));
    // Four looks a pixel: borders between two colours are smooth.
    let around = [(-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375)];
    rows(w, h, control, |x, y| {
        let mut sum = [0.0; 3];
        for (dx, dy) in around {
            let c = few.color(few.index(soft.at(x as f32 + dx, y as f32 + dy)));
            for k in 0..3 {
                sum[k] += c[k] / 4.0;
            }
        }
        sum
    })
}

/// Square pixels of a small palette, dithered.
pub(super) fn pixel(picture: &RgbaImage, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    const BAYER: [f32; 16] =
        [0.0, 8.0, 2.0, 10.0, 12.0, 4.0, 14.0, 6.0, 3.0, 11.0, 1.0, 9.0, 15.0, 7.0, 13.0, 5.0];
    let (w, h) = picture.dimensions();
    let cell = (w.min(h) as f32 / 112.0).max(2.0);
    let soft = Soft::new(picture, cell * 0.7, control)?;
    let few = Few::of(picture, 18, |c| c.saturate(1.2));
    rows(w, h, control, |x, y| {
        let (cx, cy) = ((x as f32 / cell) as usize, (y as f32 / cell) as usize);
        let (px, py) = ((cx as f32 + 0.5) * cell, (cy as f32 + 0.5) * cell);
        let here = soft.at(px, py);
        let shift = (BAYER[cy % 4 * 4 + cx % 4] / 15.0 - 0.5) * 15.0;
        let color = few.color(few.index(here.map(|c| c + shift)));
        let below = light(soft.at(px, py + cell)) - light(here);
        let right = light(soft.at(px + cell, py)) - light(here);
        // Things keep a dark outline.
        if below.max(right) > 44.0 { color.map(|c| c * 0.62) } else { color }
    })
}

/// Triangles, small where there is something to see.
pub(super) fn low_poly(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let (fw, fh, unit) = (w as f32, h as f32, w.min(h) as f32);
    let mut rng = rng.fork("triangles");
    let soft = Soft::new(picture, unit / 160.0, control)?;
    let mut points = Vec::new();
    let mut add = |x: f32, y: f32| points.push(Point { x: f64::from(x), y: f64::from(y) });
    let (columns, lines) = ((fw / unit * 15.0) as usize + 1, (fh / unit * 15.0) as usize + 1);
    for j in 0..=lines {
        for i in 0..=columns {
            let inner = |k: usize, n: usize| if k == 0 || k == n { 0.0 } else { 0.42 };
            let (jx, jy) = (rng.bell() * inner(i, columns), rng.bell() * inner(j, lines));
            add((i as f32 + jx) / columns as f32 * fw, (j as f32 + jy) / lines as f32 * fh);
        }
    }
    let reach = unit / 130.0;
    let wanted = (fw * fh / (unit * unit) * 1500.0) as usize;
    let mut left = wanted;
    for n in 0..wanted * 30 {
        if n % 4096 == 0 {
            control.check()?;
        }
        let (x, y) = (rng.unit() * fw, rng.unit() * fh);
        let keep = rng.unit();
        if left > 0 && soft.edge(x, y, reach) > 10.0 + keep * 62.0 {
            add(x, y);
            left -= 1;
        }
    }
    control.at(0.3)?;
    let mesh = triangulate(&points);
    let mut sheet = Pixmap::new(w, h).ok_or_else(crate::paint::brush::no_sheet)?;
    let count = mesh.triangles.len().max(1) as f32;
    for (n, corner) in mesh.triangles.chunks_exact(3).enumerate() {
        if n % 64 == 0 {
            control.at(0.3 + 0.7 * (n * 3) as f32 / count)?;
        }
        let [a, b, c] =
            [corner[0], corner[1], corner[2]].map(|i| (points[i].x as f32, points[i].y as f32));
        let mean = ((a.0 + b.0 + c.0) / 3.0, (a.1 + b.1 + c.1) / 3.0);
        let mut color = [0.0; 3];
        for p in [a, b, c, mean, mean] {
            let at = soft.at(mean.0 + (p.0 - mean.0) * 0.55, mean.1 + (p.1 - mean.1) * 0.55);
            for k in 0..3 {
                color[k] += at[k] / 5.0;
            }
        }
        // Every facet leans another way into the light.
        let facet = (mix64(n as u64) >> 40) as f32 / 16_777_216.0 - 0.5;
        let tone = color.map(|c| (c * (1.0 + facet * 0.14)).clamp(0.0, 255.0) as u8);
        let mut path = PathBuilder::new();
        path.move_to(a.0, a.1);
        path.line_to(b.0, b.1);
        path.line_to(c.0, c.1);
        path.close();
        let Some(path) = path.finish() else { continue };
        let mut paint = Paint::default();
        paint.set_color_rgba8(tone[0], tone[1], tone[2], 255);
        let rule = tiny_skia::FillRule::Winding;
        sheet.fill_path(&path, &paint, rule, Transform::identity(), None);
        let seam = Stroke { width: 1.0, ..Stroke::default() };
        sheet.stroke_path(&path, &paint, &seam, Transform::identity(), None);
    }
    whole(w, h, sheet.take())
}

/// Three inks on paper, screened, grainy and a little out of register.
pub(super) fn riso(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let seed = rng.fork("riso").bits();
    let soft = Soft::new(picture, (unit / 480.0).max(1.0), control)?;
    let few = Few::of(picture, 6, |c| c);
    let strength = |c: &[f32; 3]| {
        let [_, a, b] = Rgb::from_bytes(c.map(|v| v as u8)).lab();
        libm::hypotf(a, b)
    };
    let main = few
        .colors
        .iter()
        .fold(few.colors[0], |best, c| if strength(c) > strength(&best) { *c } else { best });
    let hue = Rgb::from_bytes(main.map(|v| v as u8));
    let [_, ha, hb] = hue.lab();
    let (bright, cool) = (
        Rgb::from_bytes(vivid(main, 0.19, 0.66).map(|v| v as u8)),
        hue.turn(165.0).with_lightness(0.6).saturate(1.1),
    );
    let inks = [bright.bytes(), cool.bytes(), hue.turn(200.0).with_lightness(0.26).bytes()]
        .map(|c| c.map(|v| f32::from(v) / 255.0));
    let length = libm::hypotf(ha, hb).max(0.03);
    let paper = [246.0, 240.0, 226.0];
    let cell = (unit / 190.0).max(2.5);
    let shifts =
        [(0.0, 0.0), (0.0028, -0.002), (-0.002, 0.0024)].map(|(x, y)| (x * unit, y * unit));
    let angles = [0.26_f32, 1.31, 0.785];
    rows(w, h, control, |x, y| {
        let mut c = paper;
        for i in 0..3 {
            let (sx, sy) = (x as f32 + shifts[i].0, y as f32 + shifts[i].1);
            let seen = soft.at(sx, sy);
            let [l, a, b] = Rgb::from_bytes(seen.map(|v| v as u8)).lab();
            let along = (a * ha + b * hb) / length;
            let share = match i {
                0 => along * 7.0 + (0.8 - l) * 0.25,
                1 => (0.86 - l) * 1.05 - along * 4.5,
                _ => (0.5 - l) * 2.7,
            };
            let (ca, sa) = (cos(angles[i]), sin(angles[i]));
            let (u, v) = ((sx * ca + sy * sa) / cell, (sy * ca - sx * sa) / cell);
            let dot = (cos(u * TAU) + cos(v * TAU)) * 0.25 + 0.5;
            let rough = noise(sx / unit * 420.0, sy / unit * 420.0, seed ^ i as u64) * 0.05;
            let cover = smoothstep(-0.13, 0.13, share.clamp(-0.1, 1.1) - dot * 0.86 - 0.05 + rough);
            let worn = 0.95
                + 0.03 * noise(sx / unit * 9.0, sy / unit * 9.0, seed ^ 77)
                + 0.02 * noise(sx / unit * 230.0, sy / unit * 230.0, seed ^ 78);
            for k in 0..3 {
                c[k] *= 1.0 - (1.0 - inks[i][k]) * cover * worn;
            }
        }
        c
    })
}

/// Contours as glowing tubes on a dark wall.
pub(super) fn neon(picture: &RgbaImage, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let soft = Soft::new(picture, (unit / 420.0).max(1.0), control)?;
    let wide = Soft::new(picture, unit / 60.0, control)?;
    let reach = (unit / 420.0).max(1.0);
    let tubes = control.part(0.0, 0.6, |control| {
        rows(w, h, control, |x, y| {
            let edge = soft.edge(x as f32, y as f32, reach);
            let on = smoothstep(16.0, 52.0, edge);
            if on <= 0.0 {
                [0.0; 3]
            } else {
                vivid(wide.at(x as f32, y as f32), 0.2, 0.72).map(|c| c * on)
            }
        })
    })?;
    let (near, far) =
        (Soft::new(&tubes, unit / 130.0, control)?, Soft::new(&tubes, unit / 32.0, control)?);
    control.part(0.6, 1.0, |control| {
        rows(w, h, control, |x, y| {
            let (fx, fy) = (x as f32, y as f32);
            let p = tubes.get_pixel(x, y);
            let (a, b, wall) = (near.at(fx, fy), far.at(fx, fy), soft.at(fx, fy));
            let core = f32::from(p[0].max(p[1]).max(p[2])) / 255.0;
            let ground = [10.0, 7.0, 22.0];
            std::array::from_fn(|c| {
                ground[c]
                    + wall[c] * 0.1
                    + f32::from(p[c]) * 0.92
                    + a[c] * 0.8
                    + b[c] * 0.75
                    + core * core * 46.0
            })
        })
    })
}

/// Outlines, plain colours, and dots in the shade.
pub(super) fn comic(picture: &RgbaImage, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let soft = Soft::new(picture, (unit / 300.0).max(1.0), control)?;
    let wide = Soft::new(picture, unit / 130.0, control)?;
    let few = Few::of(picture, 12, |c| c.saturate(1.4).lift(0.05));
    let cell = (unit / 105.0).max(3.0);
    rows(w, h, control, |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let c = soft.at(fx, fy);
        let mut color = few.color(few.index(c));
        let value = light(c) / 255.0;
        let (u, v) = ((fx + fy) / cell * 0.707, (fx - fy) / cell * 0.707);
        let (du, dv) = (u - libm::roundf(u), v - libm::roundf(v));
        let size = (0.5 * smoothstep(0.62, 0.22, value)).min(0.42);
        let dot = smoothstep(0.09, -0.09, libm::hypotf(du, dv) - size) * 0.34;
        color = color.map(|k| k * (1.0 - dot));
        let valley = light(wide.at(fx, fy)) - light(c);
        let line = smoothstep(9.0, 17.0, valley).max(smoothstep(
            46.0,
            74.0,
            soft.edge(fx, fy, unit / 420.0),
        ));
        blend(color, [22.0, 18.0, 26.0], line * 0.94)
    })
}

/// Tiles in grout.
pub(super) fn mosaic(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let cell = (unit / 58.0).max(4.0);
    let seed = rng.fork("tiles").bits();
    let soft = Soft::new(picture, cell * 0.6, control)?;
    let chance = |x: i64, y: i64, k: u64| {
        (mix64(seed ^ k ^ (x as u64) << 32 ^ (y as u64 & 0xffff_ffff)) >> 40) as f32 / 16_777_216.0
    };
    rows(w, h, control, |x, y| {
        let (fx, fy) = (x as f32 / cell, y as f32 / cell);
        let (ix, iy) = (fx as i64, fy as i64);
        let (mut first, mut second) = (f32::MAX, f32::MAX);
        let mut best = (0, 0, 0.0, 0.0);
        for j in iy - 1..=iy + 1 {
            for i in ix - 1..=ix + 1 {
                let cx = i as f32 + 0.22 + 0.56 * chance(i, j, 1);
                let cy = j as f32 + 0.22 + 0.56 * chance(i, j, 2);
                let gap = libm::hypotf(fx - cx, fy - cy);
                if gap < first {
                    second = first;
                    first = gap;
                    best = (i, j, cx, cy);
                } else if gap < second {
                    second = gap;
                }
            }
        }
        let tone = chance(best.0, best.1, 3) * 26.0 - 13.0;
        let bevel = ((best.2 - fx) + (best.3 - fy)) * 15.0;
        let color = soft.at(best.2 * cell, best.3 * cell).map(|c| c * 1.06 + tone + bevel);
        let grout = smoothstep(0.15, 0.07, second - first);
        blend(color, [52.0, 49.0, 47.0], grout)
    })
}
