//! Brush strokes: oil and pastel, after Hertzmann, "Painterly rendering with curved brush strokes of multiple sizes"
//! (SIGGRAPH 1998).

use image::RgbaImage;
use tiny_skia::{LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, Transform};

use super::pixels::{Soft, blend, rows, whole};
use crate::math::{Rng, noise, smoothstep};
use crate::paint::color::Rgb;
use gesso_media::{Control, WorkError};

/// A painting medium.
struct Medium {
    /// Brushes, as parts of the shorter side, wide ones first.
    brushes: &'static [f32],
    /// Difference from the picture, 0..255, from which a place is painted again.
    tolerance: f32,
    /// Longest stroke in brush widths.
    length: usize,
    opacity: f32,
    /// Factor of the random change of a stroke's colour; 1 is normal.
    jitter: f32,
}

struct Mark {
    points: Vec<(f32, f32)>,
    color: [f32; 3],
    order: u64,
}

/// Thick paint with the relief of its bristles.
pub(super) fn oil(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let medium = Medium {
        brushes: &[34.0, 70.0, 150.0],
        tolerance: 15.0,
        length: 7,
        opacity: 0.96,
        jitter: 1.0,
    };
    let canvas = control.part(0.0, 0.8, |control| paint(picture, &medium, None, rng, control))?;
    let (w, h) = canvas.dimensions();
    let unit = w.min(h) as f32;
    let seed = rng.fork("canvas").bits();
    let relief = Soft::new(&canvas, unit / 900.0, control)?;
    let reach = (unit / 800.0).max(1.0);
    control.part(0.8, 1.0, |control| {
        rows(w, h, control, |x, y| {
            let p = canvas.get_pixel(x, y);
            let (dx, dy) = relief.slope(x as f32, y as f32, reach);
            let weave = noise(x as f32 / unit * 330.0, y as f32 / unit * 330.0, seed) * 2.2;
            let lift = (-(dx + dy) * 0.16).clamp(-22.0, 22.0) + weave;
            std::array::from_fn(|c| f32::from(p[c]) + lift)
        })
    })
}

/// Soft chalk on toned paper, whose tooth shows through.
pub(super) fn pastel(
    picture: &RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let medium = Medium {
        brushes: &[42.0, 85.0, 170.0],
        tolerance: 17.0,
        length: 5,
        opacity: 0.72,
        jitter: 1.6,
    };
    let paper = Rgb::hex(0xe9dfd2);
    let canvas = control.part(0.0, 0.8, |c| paint(picture, &medium, Some(paper), rng, c))?;
    let (w, h) = canvas.dimensions();
    let unit = w.min(h) as f32;
    let seed = rng.fork("tooth").bits();
    let ground = paper.bytes().map(f32::from);
    control.part(0.8, 1.0, |control| {
        rows(w, h, control, |x, y| {
            let p = canvas.get_pixel(x, y);
            let [l, a, b] = Rgb::from_bytes([p[0], p[1], p[2]]).lab();
            let chalk = Rgb::from_lab([l * 0.74 + 0.25, a * 1.02, b * 1.02]).bytes().map(f32::from);
            let (px, py) = (x as f32 / unit, y as f32 / unit);
            let tooth = noise(px * 300.0, py * 300.0, seed) * 0.55
                + noise((px + py) * 70.0, (px - py) * 420.0, seed ^ 1) * 0.55;
            blend(chalk, ground, smoothstep(0.2, 0.9, tooth) * 0.3)
        })
    })
}

fn paint(
    picture: &RgbaImage,
    medium: &Medium,
    paper: Option<Rgb>,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (w, h) = picture.dimensions();
    let unit = w.min(h) as f32;
    let mut sheet = Pixmap::new(w, h).ok_or_else(crate::paint::brush::no_sheet)?;
    if let Some(paper) = paper {
        let [r, g, b] = paper.bytes();
        sheet.fill(tiny_skia::Color::from_rgba8(r, g, b, 255));
    }
    let mut rng = rng.fork("strokes");
    let parts = medium.brushes.len() as f32;
    for (i, part) in medium.brushes.iter().enumerate() {
        let radius = (unit / part).max(1.2);
        let view = Soft::new(picture, radius * 0.5, control)?;
        let first = i == 0;
        let mut marks = plan(picture, &sheet, &view, radius, medium, first, &mut rng, control)?;
        marks.sort_by_key(|mark| mark.order);
        let count = marks.len().max(1) as f32;
        for (n, mark) in marks.iter().enumerate() {
            if n % 32 == 0 {
                control.at((i as f32 + n as f32 / count) / parts)?;
            }
            lay(&mut sheet, mark, radius, if first { 1.0 } else { medium.opacity });
        }
    }
    whole(w, h, sheet.take())
}

fn lay(sheet: &mut Pixmap, mark: &Mark, radius: f32, opacity: f32) {
    let mut path = PathBuilder::new();
    let Some((first, rest)) = mark.points.split_first() else { return };
    path.move_to(first.0, first.1);
    for pair in rest.windows(2) {
        let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
        path.quad_to(pair[0].0, pair[0].1, middle.0, middle.1);
    }
    let last = rest.last().unwrap_or(first);
    path.line_to(last.0 + 0.01, last.1);
    let Some(path) = path.finish() else { return };
    let [r, g, b] = mark.color.map(|c| c.clamp(0.0, 255.0) as u8);
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (opacity * 255.0) as u8);
    let stroke = Stroke {
        width: radius * 2.0,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    sheet.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
}

/// The strokes of one brush: one for every cell of its grid that is still wrong.
fn plan(
    picture: &RgbaImage,
    sheet: &Pixmap,
    view: &Soft,
    radius: f32,
    medium: &Medium,
    all: bool,
    rng: &mut Rng,
    control: &Control<'_>,
) -> Result<Vec<Mark>, WorkError> {
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    let step = radius * 1.05;
    let mut marks = Vec::new();
    let (columns, lines) = ((w / step) as usize + 2, (h / step) as usize + 2);
    for j in 0..lines {
        control.check()?;
        for i in 0..columns {
            let x = (i as f32 + 0.5 + rng.bell() * 0.4) * step;
            let y = (j as f32 + 0.5 + rng.bell() * 0.4) * step;
            let (x, y) = (x.clamp(0.0, w - 1.0), y.clamp(0.0, h - 1.0));
            let wanted = view.at(x, y);
            let wrong = |dx: f32, dy: f32| {
                let (sx, sy) = ((x + dx).clamp(0.0, w - 1.0), (y + dy).clamp(0.0, h - 1.0));
                let at = (sy as usize * sheet.width() as usize + sx as usize) * 4;
                let (is, view) = (&sheet.data()[at..at + 3], view.at(sx, sy));
                (0..3).map(|c| (f32::from(is[c]) - view[c]).abs()).sum::<f32>() / 3.0
            };
            let half = radius * 0.5;
            let gap = wrong(0.0, 0.0).max(
                (wrong(-half, -half) + wrong(half, half) + wrong(half, -half) + wrong(-half, half))
                    / 3.0,
            );
            let order = rng.bits();
            let shade = rng.bell() * 9.0 * medium.jitter;
            let tilt =
                [rng.bell(), rng.bell(), rng.bell()].map(|t| t * 5.0 * medium.jitter + shade);
            if !all && gap < medium.tolerance {
                continue;
            }
            let points = follow(view, (x, y), wanted, radius, medium.length, (w, h), rng);
            let color = std::array::from_fn(|c| wanted[c] + tilt[c]);
            marks.push(Mark { points, color, order });
        }
    }
    Ok(marks)
}

/// Along the contours, until the colour is another.
fn follow(
    view: &Soft,
    start: (f32, f32),
    color: [f32; 3],
    radius: f32,
    length: usize,
    (w, h): (f32, f32),
    rng: &mut Rng,
) -> Vec<(f32, f32)> {
    let mut points = vec![start];
    let drift = rng.range(-0.5, 0.5);
    let (mut x, mut y) = start;
    let (mut lx, mut ly) = (0.0_f32, 0.0_f32);
    for n in 0..length {
        let (gx, gy) = view.slope(x, y, radius * 0.6);
        let strength = libm::hypotf(gx, gy);
        let (mut dx, mut dy) = if strength > 3.0 {
            (-gy / strength, gx / strength)
        } else if n == 0 {
            (crate::math::cos(drift), crate::math::sin(drift))
        } else {
            (lx, ly)
        };
        if dx * lx + dy * ly < 0.0 {
            (dx, dy) = (-dx, -dy);
        }
        if n > 0 {
            (dx, dy) = (dx * 0.6 + lx * 0.4, dy * 0.6 + ly * 0.4);
        }
        let len = libm::hypotf(dx, dy).max(1e-3);
        (lx, ly) = (dx / len, dy / len);
        (x, y) = (x + lx * radius, y + ly * radius);
        if x < 0.0 || y < 0.0 || x >= w || y >= h {
            break;
        }
        let here = view.at(x, y);
        let gap = (0..3).map(|c| (here[c] - color[c]).abs()).sum::<f32>();
        if n > 1 && gap > 42.0 {
            break;
        }
        points.push((x, y));
    }
    points
}
