//! Bodies from pictures: a sheet as thick as the picture is bright, closed by sides and a back.

use std::collections::BTreeMap;

use super::glb::{Material, Piece};
use super::mesh::{Mesh, Pose};
use crate::math::{lerp, smoothstep};
use crate::paint::decode_channel;
use gesso_media::{Control, RgbaImage, WorkError};

/// Form of the body that is made of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A rectangular plate.
    Plate,
    /// A round medal with a rim.
    Medal,
    /// The figure before a plain or transparent ground, cut out.
    Figure,
}

/// Numbers on a grid of `w × h` points.
struct Grid {
    w: usize,
    h: usize,
    values: Vec<f32>,
}

impl Grid {
    fn new(w: usize, h: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let values = (0..w * h).map(|i| value(i % w, i / w)).collect();
        Self { w, h, values }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y.min(self.h - 1) * self.w + x.min(self.w - 1)]
    }

    /// Between the points.
    fn between(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, self.w as f32 - 1.0), y.clamp(0.0, self.h as f32 - 1.0));
        let (ix, iy) = (x as usize, y as usize);
        let (tx, ty) = (x - ix as f32, y - iy as f32);
        let top = lerp(self.at(ix, iy), self.at(ix + 1, iy), tx);
        lerp(top, lerp(self.at(ix, iy + 1), self.at(ix + 1, iy + 1), tx), ty)
    }

    fn mean(&self, reach: usize) -> Self {
        let line = |n: usize, i: usize, at: &dyn Fn(usize) -> f32| {
            let (a, b) = (i.saturating_sub(reach), (i + reach).min(n - 1));
            (a..=b).map(at).sum::<f32>() / (b - a + 1) as f32
        };
        let across = Self::new(self.w, self.h, |x, y| line(self.w, x, &|i| self.at(i, y)));
        Self::new(self.w, self.h, |x, y| line(self.h, y, &|i| across.at(x, i)))
    }

    /// Smooth where there is no edge: the guided filter (He, Sun, Tang 2010), guided by itself.
    fn guided(&self, reach: usize, tolerance: f32) -> Self {
        let mean = self.mean(reach);
        let square = Self::new(self.w, self.h, |x, y| self.at(x, y) * self.at(x, y)).mean(reach);
        let a = Self::new(self.w, self.h, |x, y| {
            let variance = (square.at(x, y) - mean.at(x, y) * mean.at(x, y)).max(0.0);
            variance / (variance + tolerance)
        });
        let b = Self::new(self.w, self.h, |x, y| (1.0 - a.at(x, y)) * mean.at(x, y));
        let (a, b) = (a.mean(reach), b.mean(reach));
        Self::new(self.w, self.h, |x, y| a.at(x, y) * self.at(x, y) + b.at(x, y))
    }
}

/// The colour of a plain ground around the picture; `None` where the border is no single colour.
fn plain_ground(picture: &RgbaImage) -> Option<[f32; 3]> {
    let (w, h) = picture.dimensions();
    let border =
        (0..w).flat_map(|x| [(x, 0), (x, h - 1)]).chain((0..h).flat_map(|y| [(0, y), (w - 1, y)]));
    let pixels: Vec<[u8; 4]> = border.map(|(x, y)| picture.get_pixel(x, y).0).collect();
    let count = pixels.len() as f32;
    let mean: [f32; 3] =
        std::array::from_fn(|c| pixels.iter().map(|p| f32::from(p[c])).sum::<f32>() / count);
    let off = |p: &&[u8; 4]| (0..3).any(|c| (f32::from(p[c]) - mean[c]).abs() > 22.0);
    (pixels.iter().filter(off).count() as f32 / count < 0.04).then_some(mean)
}

/// Returns the share of each pixel that belongs to the figure, from 0 to 1; `None` where there is none to cut out.
pub(super) fn figure(picture: &RgbaImage) -> Option<Vec<f32>> {
    let clear = picture.pixels().filter(|p| p[3] < 128).count();
    let total = picture.pixels().len();
    let mask: Vec<f32> = if clear * 50 > total {
        picture.pixels().map(|p| f32::from(p[3]) / 255.0).collect()
    } else {
        let ground = plain_ground(picture)?;
        let far = |p: &image::Rgba<u8>| {
            let distance = (0..3).map(|c| (f32::from(p[c]) - ground[c]).abs()).fold(0.0, f32::max);
            smoothstep(14.0, 46.0, distance)
        };
        picture.pixels().map(far).collect()
    };
    let share = mask.iter().sum::<f32>() / total as f32;
    (0.01..0.97).contains(&share).then_some(mask)
}

fn luma(p: &image::Rgba<u8>) -> f32 {
    let [r, g, b] = [p[0], p[1], p[2]].map(f32::from);
    let alpha = f32::from(p[3]) / 255.0;
    (0.299 * r + 0.587 * g + 0.114 * b) / 255.0 * alpha
}

/// A sheet over the part of a grid where `inside` is positive: front, sides and back.
fn sheet(
    inside: &Grid,
    front: &dyn Fn(f32, f32) -> f32,
    back: &dyn Fn(f32, f32) -> f32,
    place: &dyn Fn(f32, f32) -> ([f32; 2], [f32; 2]),
) -> [Mesh; 3] {
    let [mut face, mut side, mut rear] = [Mesh::default(), Mesh::default(), Mesh::default()];
    // Points by twice their place along both axes, so that those between two grid points have a name of their own.
    let mut known: BTreeMap<(usize, usize), (u32, u32)> = BTreeMap::new();
    let mut walls: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    let mut point = |x: usize, y: usize, face: &mut Mesh, rear: &mut Mesh| {
        *known.entry((x, y)).or_insert_with(|| {
            let part = |n: usize, along: bool| {
                if n.is_multiple_of(2) {
                    return n as f32 / 2.0;
                }
                let (a, b) = if along {
                    (inside.at(n / 2, y / 2), inside.at(n / 2 + 1, y / 2))
                } else {
                    (inside.at(x / 2, n / 2), inside.at(x / 2, n / 2 + 1))
                };
                // Not quite to the grid points, or triangles would have no area.
                (n / 2) as f32 + (a / (a - b)).clamp(0.02, 0.98)
            };
            let (gx, gy) = (part(x, true), part(y, false));
            let ([px, py], uv) = place(gx, gy);
            let one = face.push([px, py, front(gx, gy)], [0.0, 0.0, 1.0], uv);
            (one, rear.push([px, py, back(gx, gy)], [0.0, 0.0, -1.0], uv))
        })
    };
    for y in 0..inside.h - 1 {
        for x in 0..inside.w - 1 {
            // Counter-clockwise on the screen, where y runs down: down the left, then up the right.
            let corners = [(x, y), (x, y + 1), (x + 1, y + 1), (x + 1, y)];
            let within = corners.map(|(x, y)| inside.at(x, y) > 0.0);
            let mut loops: Vec<Vec<(usize, usize, bool)>> = vec![Vec::new()];
            for k in 0..4 {
                let ((ax, ay), (bx, by)) = (corners[k], corners[(k + 1) % 4]);
                if within[k] {
                    loops[0].push((2 * ax, 2 * ay, false));
                }
                if within[k] != within[(k + 1) % 4] {
                    loops[0].push((ax + bx, ay + by, true));
                }
            }
            // Two opposite corners inside: two triangles rather than a bridge.
            if within[0] == within[2] && within[1] == within[3] && within[0] != within[1] {
                let all = std::mem::take(&mut loops[0]);
                let first = all.iter().position(|p| !p.2).unwrap_or(0);
                let turn = |i: usize| all[(first + 5 + i) % 6];
                loops = vec![(0..3).map(turn).collect(), (3..6).map(turn).collect()];
            }
            for outline in loops.iter().filter(|l| l.len() > 2) {
                let ids: Vec<(u32, u32)> =
                    outline.iter().map(|(x, y, _)| point(*x, *y, &mut face, &mut rear)).collect();
                for i in 2..ids.len() {
                    face.triangles.push([ids[0].0, ids[i - 1].0, ids[i].0]);
                    rear.triangles.push([ids[0].1, ids[i].1, ids[i - 1].1]);
                }
                for i in 0..ids.len() {
                    let j = (i + 1) % ids.len();
                    if outline[i].2 && outline[j].2 {
                        let mut wall = |(f, r): (u32, u32)| {
                            *walls.entry(f).or_insert_with(|| {
                                let at = |mesh: &Mesh, i: u32| {
                                    (mesh.points[i as usize], mesh.uvs[i as usize])
                                };
                                let ((pf, uv), (pr, _)) = (at(&face, f), at(&rear, r));
                                (side.push(pf, [0.0; 3], uv), side.push(pr, [0.0; 3], uv))
                            })
                        };
                        let ((af, ar), (bf, br)) = (wall(ids[i]), wall(ids[j]));
                        side.quad([af, ar, br, bf]);
                    }
                }
            }
        }
    }
    [face, side, rear].map(|mut mesh| {
        mesh.smooth();
        mesh
    })
}

/// Recipe of a body made of a picture.
pub(super) struct Recipe {
    pub(super) shape: Shape,
    /// Height of the relief, 0 to 1.
    pub(super) depth: f32,
    /// Grid points along the longer side.
    pub(super) points: usize,
    /// Which image is the picture itself.
    pub(super) image: usize,
}

/// Placement of a body's grid on its picture.
struct Layout {
    shape: Shape,
    /// Width and height of the body.
    size: [f32; 2],
    /// Grid points along both axes; one ring of points around lies outside.
    grid: [usize; 2],
    /// Between two grid points.
    step: [f32; 2],
    /// Pixels of the picture, and how many of them are shown.
    pixels: [f32; 2],
    shown: [f32; 2],
}

impl Layout {
    fn new(picture: &RgbaImage, recipe: &Recipe) -> Self {
        let pixels = [picture.width() as f32, picture.height() as f32];
        let (long, short) = (pixels[0].max(pixels[1]), pixels[0].min(pixels[1]));
        // A medal shows the middle square of its picture.
        let (size, shown) = if recipe.shape == Shape::Medal {
            ([2.0; 2], [short; 2])
        } else {
            (pixels.map(|side| 2.0 * side / long), pixels)
        };
        let grid = size.map(|s| ((s / 2.0 * recipe.points as f32) as usize).max(8) + 3);
        let step = [0, 1].map(|axis| size[axis] / (grid[axis] - 3) as f32);
        Self { shape: recipe.shape, size, grid, step, pixels, shown }
    }

    /// The place in the picture, from 0 to 1.
    fn uv(&self, gx: f32, gy: f32) -> [f32; 2] {
        let place = [gx, gy];
        [0, 1].map(|axis| {
            let part = (place[axis] - 1.0) / (self.grid[axis] - 3) as f32;
            (0.5 + (part - 0.5) * self.shown[axis] / self.pixels[axis]).clamp(0.0, 1.0)
        })
    }

    /// The place on the body and in the picture.
    fn place(&self, gx: f32, gy: f32) -> ([f32; 2], [f32; 2]) {
        let x = (gx - 1.0) * self.step[0] - self.size[0] / 2.0;
        ([x, self.size[1] - (gy - 1.0) * self.step[1]], self.uv(gx, gy))
    }

    /// Returns the distance from the middle of a medal, whose rim is at 1.
    fn radius(&self, gx: f32, gy: f32) -> f32 {
        let (x, y) = ((gx - 1.0) * self.step[0] - 1.0, (gy - 1.0) * self.step[1] - 1.0);
        (x * x + y * y).sqrt()
    }

    /// A value of a small picture's `w × h` pixels around a grid point.
    fn sample(
        &self,
        (x, y): (usize, usize),
        (w, h): (u32, u32),
        value: &dyn Fn(u32, u32) -> f32,
    ) -> f32 {
        let [u, v] = self.uv(x as f32, y as f32);
        let (x, y) = ((u * w as f32 - 1.0).max(0.0) as u32, (v * h as f32 - 1.0).max(0.0) as u32);
        let (x1, y1) = ((x + 1).min(w - 1), (y + 1).min(h - 1));
        (value(x, y) + value(x1, y) + value(x, y1) + value(x1, y1)) / 4.0
    }

    /// Positive where the body is.
    fn inside(&self, small: &RgbaImage) -> Grid {
        let [gw, gh] = self.grid;
        match self.shape {
            Shape::Plate => Grid::new(gw, gh, |x, y| {
                let near =
                    |i: usize, n: usize| (i as f32 - 1.0).min(n as f32 - 2.0 - i as f32) + 0.02;
                near(x, gw).min(near(y, gh))
            }),
            Shape::Medal => Grid::new(gw, gh, |x, y| 1.0 - self.radius(x as f32, y as f32)),
            Shape::Figure => {
                let mask = figure(small);
                let (w, h) = small.dimensions();
                let value = |x: u32, y: u32| mask.as_ref().map_or(1.0, |m| m[(y * w + x) as usize]);
                let cut = Grid::new(gw, gh, |x, y| {
                    if x == 0 || y == 0 || x == gw - 1 || y == gh - 1 {
                        return -0.5;
                    }
                    self.sample((x, y), (w, h), &value) - 0.5
                });
                cut.mean(1)
            }
        }
    }
}

/// Heights of a body's front and back.
struct Heights<'a> {
    layout: &'a Layout,
    light: Grid,
    pillow: Grid,
    depth: f32,
}

impl Heights<'_> {
    fn front(&self, gx: f32, gy: f32) -> f32 {
        let (bright, depth) = (self.light.between(gx, gy), self.depth);
        match self.layout.shape {
            Shape::Plate => 0.04 + depth * bright,
            Shape::Medal => {
                let r = self.layout.radius(gx, gy);
                let rim = smoothstep(0.86, 0.90, r) * (1.0 - 0.5 * smoothstep(0.95, 1.0, r));
                lerp(0.08 + 0.55 * depth * bright, 0.12 + 0.6 * depth, rim)
            }
            Shape::Figure => {
                let round = self.pillow.between(gx, gy);
                0.06 + depth * (0.75 * round + 0.3 * round * bright)
            }
        }
    }

    fn back(&self, gx: f32, gy: f32) -> f32 {
        if self.layout.shape == Shape::Figure {
            -0.06 - 0.5 * self.depth * self.pillow.between(gx, gy)
        } else {
            -0.06
        }
    }
}

/// The pieces of a body, its longer side 2 long, standing on y = 0 in the middle of x.
pub(super) fn body(
    picture: &RgbaImage,
    recipe: &Recipe,
    control: &Control<'_>,
) -> Result<Vec<Piece>, WorkError> {
    let layout = Layout::new(picture, recipe);
    let [gw, gh] = layout.grid;
    let small = image::imageops::thumbnail(picture, gw as u32 * 2, gh as u32 * 2);
    control.at(0.2)?;
    let bright = |x: u32, y: u32| luma(small.get_pixel(x, y));
    let light = Grid::new(gw, gh, |x, y| layout.sample((x, y), small.dimensions(), &bright));
    let light = light.guided((recipe.points / 40).max(2), 0.006).guided(2, 0.002);
    control.at(0.4)?;
    let inside = layout.inside(&small);
    let pillow = pillow(&inside, recipe.points);
    control.at(0.6)?;
    let heights = Heights { layout: &layout, light, pillow, depth: 0.04 + 0.5 * recipe.depth };
    let sides = sheet(
        &inside,
        &|gx, gy| heights.front(gx, gy),
        &|gx, gy| heights.back(gx, gy),
        &|gx, gy| layout.place(gx, gy),
    );
    if sides[0].triangles.is_empty() {
        return Err(WorkError::Refused(
            "This picture shows no figure that could be cut out. Choose “relief” as the shape."
                .to_owned(),
        ));
    }
    control.at(0.9)?;
    Ok(clothed(sides, picture, recipe))
}

/// Front, sides and back with what they show.
fn clothed([face, side, rear]: [Mesh; 3], picture: &RgbaImage, recipe: &Recipe) -> Vec<Piece> {
    let picture_look = Material {
        color: [1.0; 4],
        metal: 0.0,
        rough: 0.6,
        glow: [0.0; 3],
        image: Some(recipe.image),
    };
    let mut edge = Material::plain(mean_color(picture).map(|v| v * 0.55));
    edge.rough = 0.7;
    let name = format!("picture {}", recipe.image + 1);
    let piece = |mesh: Mesh, material: &Material| Piece {
        name: name.clone(),
        mesh: mesh.posed(&Pose::HERE),
        material: material.clone(),
    };
    let figure = recipe.shape == Shape::Figure;
    let rest = if figure { &picture_look } else { &edge };
    vec![piece(face, &picture_look), piece(side, rest), piece(rear, rest)]
}

/// Returns the depth of each point inside the outline, rounded like a pillow: 0 at the outline, 1 far inside.
fn pillow(inside: &Grid, points: usize) -> Grid {
    let mut far =
        Grid::new(inside.w, inside.h, |x, y| if inside.at(x, y) > 0.0 { 1e6 } else { 0.0 });
    let (w, h) = (inside.w, inside.h);
    // Distances by two passes over the neighbours (Borgefors 1986).
    for pass in 0..2 {
        for i in 0..w * h {
            let i = if pass == 0 { i } else { w * h - 1 - i };
            let (x, y) = (i % w, i / w);
            let mut best = far.values[i];
            for (dx, dy, cost) in
                [(-1_i64, 0_i64, 1.0_f32), (0, -1, 1.0), (-1, -1, 1.414), (1, -1, 1.414)]
            {
                let sign = if pass == 0 { 1 } else { -1 };
                let (nx, ny) = (x as i64 + sign * dx, y as i64 + sign * dy);
                if nx >= 0 && ny >= 0 && nx < w as i64 && ny < h as i64 {
                    best = best.min(far.values[ny as usize * w + nx as usize] + cost);
                }
            }
            far.values[i] = best;
        }
    }
    let reach = (points as f32 * 0.09).max(2.0);
    let round = Grid::new(w, h, |x, y| {
        let t = 1.0 - (far.at(x, y) / reach).min(1.0);
        (1.0 - t * t).max(0.0).sqrt()
    });
    round.mean((points / 90).max(1))
}

/// The mean of what is opaque, linear.
pub(super) fn mean_color(picture: &RgbaImage) -> [f32; 3] {
    let (mut sum, mut weight) = ([0.0_f64; 3], 0.0_f64);
    for p in picture.pixels() {
        for c in 0..3 {
            sum[c] += f64::from(p[c]) * f64::from(p[3]);
        }
        weight += f64::from(p[3]);
    }
    sum.map(|v| decode_channel((v / weight.max(1.0) / 255.0) as f32))
}
