//! A small software rasteriser: a picture of a scene from three quarters, lit by one key and one fill light.

use super::mesh::{V3, add, bounds, cross, dot, sub, times, unit};
use super::read::{Look, Part, Read, damaged};
use crate::math::{cos, lerp, pow, sin, smoothstep};
use crate::paint::{decode_channel, encode_channel};
use gesso_media::{RgbaImage, WorkError};

/// Samples per pixel and direction.
const FINE: usize = 2;
/// Pixels that may be tested; a hostile model may cover the picture millions of times.
const TESTS_MAX: u64 = 400_000_000;
/// Clear pixels that may be lit.
const CLEAR_MAX: u64 = 24_000_000;
const NOBODY: u32 = u32::MAX;
const YAW: f32 = -0.56;
const PITCH: f32 = 0.38;
/// Distance of the camera, in radii of the scene.
const DISTANCE: f32 = 5.0;
/// Part of the side that the model fills.
const FILL: f32 = 0.80;

/// Where the camera stands and how it is turned.
struct Camera {
    middle: V3,
    right: V3,
    up: V3,
    /// Towards the camera.
    back: V3,
    radius: f32,
    /// Of projected space to samples: scale and shift.
    zoom: f32,
    shift: [f32; 2],
}

impl Camera {
    fn new(points: &[V3], side: usize) -> Option<Self> {
        let (low, high) = bounds(points)?;
        let middle = times(add(low, high), 0.5);
        let radius = times(sub(high, low), 0.5);
        let radius = dot(radius, radius).sqrt();
        if !(radius.is_finite() && radius > 1e-20) {
            return None;
        }
        let back = unit([sin(YAW) * cos(PITCH), sin(PITCH), cos(YAW) * cos(PITCH)]);
        let right = unit(cross([0.0, 1.0, 0.0], back));
        let up = cross(back, right);
        let mut camera = Self { middle, right, up, back, radius, zoom: 1.0, shift: [0.0; 2] };
        let flat: Vec<V3> = points.iter().map(|p| camera.project(*p)).collect();
        let (low, high) = bounds(&flat)?;
        let extent = (high[0] - low[0]).max(high[1] - low[1]).max(1e-6);
        camera.zoom = side as f32 * FILL / extent;
        let half = side as f32 / 2.0;
        camera.shift = [
            half - (low[0] + high[0]) / 2.0 * camera.zoom,
            half - (low[1] + high[1]) / 2.0 * camera.zoom,
        ];
        Some(camera)
    }

    /// Samples to the right and down, and one over the distance, which is straight on the screen.
    fn project(&self, p: V3) -> V3 {
        let p = times(sub(p, self.middle), 1.0 / self.radius);
        let near = 1.0 / (DISTANCE - dot(p, self.back)).max(0.05);
        [
            dot(p, self.right) * near * self.zoom + self.shift[0],
            -dot(p, self.up) * near * self.zoom + self.shift[1],
            near,
        ]
    }
}

/// Goes over the samples inside a triangle with their weights. Answers how many were tested.
fn scan(t: [V3; 3], side: usize, mut sample: impl FnMut(usize, [f32; 3], f32)) -> u64 {
    let [a, b, c] = t;
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    if !area.is_finite() || area.abs() < 1e-9 {
        return 1;
    }
    let most = side as f32 - 1.0;
    let span = |k: usize| {
        let low = a[k].min(b[k]).min(c[k]).max(0.0).floor();
        let high = a[k].max(b[k]).max(c[k]).min(most).ceil();
        (low as usize, (high.max(-1.0) + 1.0) as usize)
    };
    let ((x0, x1), (y0, y1)) = (span(0), span(1));
    let (x1, y1) = (x1.min(side), y1.min(side));
    let over = 1.0 / area;
    for y in y0..y1 {
        let py = y as f32 + 0.5;
        for x in x0..x1 {
            let px = x as f32 + 0.5;
            let wb = ((px - a[0]) * (c[1] - a[1]) - (py - a[1]) * (c[0] - a[0])) * over;
            let wc = ((b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])) * over;
            let wa = 1.0 - wb - wc;
            if wa >= -1e-5 && wb >= -1e-5 && wc >= -1e-5 {
                sample(y * side + x, [wa, wb, wc], wa * a[2] + wb * b[2] + wc * c[2]);
            }
        }
    }
    1 + (x1.saturating_sub(x0) * y1.saturating_sub(y0)) as u64
}

struct Stage<'a> {
    read: &'a Read,
    camera: Camera,
    /// Projected points of each part.
    flat: Vec<Vec<V3>>,
    /// Part and triangle behind each number.
    list: Vec<(u32, u32)>,
    side: usize,
    near: Vec<f32>,
    who: Vec<u32>,
}

impl Stage<'_> {
    fn part(&self, id: u32) -> (&Part, [u32; 3], &[V3]) {
        let (part, triangle) = self.list[id as usize];
        let flat = &self.flat[part as usize];
        let part = &self.read.parts[part as usize];
        (part, part.mesh.triangles[triangle as usize], flat)
    }

    fn look(&self, id: u32) -> &Look {
        let (part, _) = self.list[id as usize];
        &self.read.looks[self.read.parts[part as usize].look]
    }

    /// Finds which triangle each sample shows.
    fn cover(&mut self) {
        let mut tests = 0;
        let (mut near, mut who) = (std::mem::take(&mut self.near), std::mem::take(&mut self.who));
        for id in 0..self.list.len() as u32 {
            let look = self.look(id);
            if look.clear || tests > TESTS_MAX {
                continue;
            }
            let cut = look.cutoff > 0.0;
            let (_, t, flat) = self.part(id);
            tests += scan(t.map(|i| flat[i as usize]), self.side, |at, weights, depth| {
                if depth > near[at] && !(cut && self.base(id, weights, depth)[3] < look.cutoff) {
                    near[at] = depth;
                    who[at] = id;
                }
            });
        }
        (self.near, self.who) = (near, who);
    }

    /// Weights of the corners in space from those on the screen.
    fn true_weights(&self, id: u32, weights: [f32; 3], depth: f32) -> [f32; 3] {
        let (_, t, flat) = self.part(id);
        let mut out = [0.0; 3];
        for k in 0..3 {
            out[k] = weights[k] * flat[t[k] as usize][2] / depth;
        }
        out
    }

    /// Linear colour and opacity of a surface.
    fn base(&self, id: u32, weights: [f32; 3], depth: f32) -> [f32; 4] {
        let (part, t, _) = self.part(id);
        let look = &self.read.looks[part.look];
        let w = self.true_weights(id, weights, depth);
        let mut color = look.color;
        if !part.colors.is_empty() {
            for (c, value) in color.iter_mut().enumerate() {
                let mixed: f32 = (0..3).map(|k| w[k] * part.colors[t[k] as usize][c]).sum();
                *value *= if mixed.is_finite() { mixed.clamp(0.0, 1.0) } else { 1.0 };
            }
        }
        let texture = look.texture.and_then(|i| self.read.textures.get(i)?.as_ref());
        if let (Some(texture), false) = (texture, part.mesh.uvs.is_empty()) {
            let at = |axis: usize| (0..3).map(|k| w[k] * part.mesh.uvs[t[k] as usize][axis]).sum();
            for (value, texel) in color.iter_mut().zip(texel(texture, at(0), at(1))) {
                *value *= texel;
            }
        }
        color
    }

    /// The light a sample sends to the camera, linear, and its opacity.
    fn light(&self, id: u32, weights: [f32; 3], depth: f32) -> [f32; 4] {
        let (part, t, _) = self.part(id);
        let look = &self.read.looks[part.look];
        let w = self.true_weights(id, weights, depth);
        let points = t.map(|i| part.mesh.points[i as usize]);
        let mix = |v: [V3; 3]| add(add(times(v[0], w[0]), times(v[1], w[1])), times(v[2], w[2]));
        let face = unit(cross(sub(points[1], points[0]), sub(points[2], points[0])));
        let normals = &part.mesh.normals;
        let normal =
            if normals.is_empty() { face } else { unit(mix(t.map(|i| normals[i as usize]))) };
        let camera = &self.camera;
        let eye = add(camera.middle, times(camera.back, DISTANCE * camera.radius));
        let view = unit(sub(eye, mix(points)));
        // Seen from behind, a surface is lit from behind.
        let normal = if dot(normal, view) < 0.0 { times(normal, -1.0) } else { normal };
        let base = self.base(id, weights, depth);
        let color = shade(look, [base[0], base[1], base[2]], normal, view, camera);
        let facing = dot(normal, view).clamp(0.0, 1.0);
        // Glass is seen at its rims and where it shines.
        let alpha = if look.clear {
            let shine = color.iter().fold(0.0_f32, |m, v| m.max(*v - 0.7)).clamp(0.0, 0.6);
            (base[3] + (1.0 - base[3]) * (0.55 * pow(1.0 - facing, 3.0) + shine)).min(1.0)
        } else {
            1.0
        };
        [color[0], color[1], color[2], alpha]
    }
}

/// A linear colour out of a texture that repeats.
fn texel(texture: &RgbaImage, u: f32, v: f32) -> [f32; 4] {
    let (w, h) = texture.dimensions();
    let place = |at: f32, n: u32| {
        let at = if at.is_finite() { at - at.floor() } else { 0.0 };
        let at = at * n as f32 - 0.5;
        let low = at.floor();
        let wrap = |i: f32| (i as i64).rem_euclid(i64::from(n)) as u32;
        (wrap(low), wrap(low + 1.0), at - low)
    };
    let ((x0, x1, tx), (y0, y1, ty)) = (place(u, w), place(v, h));
    let at = |x: u32, y: u32| texture.get_pixel(x, y).0.map(f32::from);
    let (a, b, c, d) = (at(x0, y0), at(x1, y0), at(x0, y1), at(x1, y1));
    let mut out = [0.0; 4];
    for (i, value) in out.iter_mut().enumerate() {
        let mixed = lerp(lerp(a[i], b[i], tx), lerp(c[i], d[i], tx), ty) / 255.0;
        *value = if i < 3 { decode_channel(mixed) } else { mixed };
    }
    out
}

/// Returns the light that a shining surface mirrors: a studio with a bright ceiling panel, pale walls and a darker
/// floor.
fn studio_light(direction: V3, camera: &Camera) -> f32 {
    let sky = smoothstep(-0.15, 0.9, direction[1]);
    let panel =
        add(times(camera.right, -0.45), add(times(camera.up, 0.75), times(camera.back, 0.5)));
    let panel = smoothstep(0.80, 0.90, dot(direction, unit(panel)));
    let strip = add(times(camera.right, 0.95), times(camera.back, -0.1));
    let strip = smoothstep(0.90, 0.97, dot(direction, unit(strip)));
    lerp(0.22, 0.75, sky) + 1.6 * panel + 0.6 * strip
        - 0.16 * (1.0 - smoothstep(0.0, 0.12, direction[1].abs()))
}

fn shade(look: &Look, base: V3, normal: V3, view: V3, camera: &Camera) -> V3 {
    let key =
        unit(add(times(camera.right, -0.55), add(times(camera.up, 0.8), times(camera.back, 0.75))));
    let fill =
        unit(add(times(camera.right, 0.9), add(times(camera.up, 0.15), times(camera.back, 0.45))));
    let diffuse = 0.30
        + 0.16 * normal[1]
        + 0.78 * dot(normal, key).max(0.0)
        + 0.20 * dot(normal, fill).max(0.0);
    let mirror = sub(times(normal, 2.0 * dot(normal, view)), view);
    let facing = dot(normal, view).clamp(0.0, 1.0);
    let fresnel = 0.04 + 0.96 * pow(1.0 - facing, 5.0) * (1.0 - look.rough);
    let gloss = 1.0 - look.rough;
    let shine = {
        let half = unit(add(key, view));
        let power = 4.0 + 240.0 * gloss * gloss;
        pow(dot(normal, half).max(0.0), power) * (0.08 + 0.9 * gloss)
    };
    let around = lerp(0.5, studio_light(mirror, camera), 0.25 + 0.75 * gloss);
    let mut out = [0.0; 3];
    for c in 0..3 {
        let plain = base[c] * diffuse + fresnel * around * gloss + 0.6 * shine;
        let metal = base[c] * (around + 0.25 * diffuse) + base[c].max(0.25) * 1.2 * shine;
        out[c] = lerp(plain, metal, look.metal) + look.glow[c];
    }
    out
}

/// Returns the share of light that each place on the ground loses, softly, from 0 to 1.
fn ground_shadow(stage: &Stage<'_>, ground: f32) -> Vec<f32> {
    let side = stage.side;
    let mut dark = vec![0.0_f32; side * side];
    let mut tests = 0;
    for (part, _) in stage.read.parts.iter().zip(&stage.flat) {
        let down: Vec<V3> = part
            .mesh
            .points
            .iter()
            .map(|p| {
                let height = (p[1] - ground).max(0.0);
                stage.camera.project([p[0] + 0.32 * height, ground, p[2] - 0.22 * height])
            })
            .collect();
        let strength = if stage.read.looks[part.look].clear { 0.35 } else { 1.0 };
        for t in &part.mesh.triangles {
            if tests > TESTS_MAX {
                break;
            }
            tests += scan(t.map(|i| down[i as usize]), side, |at, _, _| {
                dark[at] = dark[at].max(strength);
            });
        }
    }
    for _ in 0..3 {
        blur(&mut dark, side, (side / 42).max(1));
    }
    dark
}

/// A mean over `2 × reach + 1` samples in both directions.
fn blur(values: &mut [f32], side: usize, reach: usize) {
    let mut line = vec![0.0; side];
    for (start, step) in (0..side).map(|y| (y * side, 1)).chain((0..side).map(|x| (x, side))) {
        for (i, v) in line.iter_mut().enumerate() {
            *v = values[start + i * step];
        }
        let at = |i: usize| line[i.clamp(reach, side - 1 + reach) - reach];
        let mut sum: f32 = (0..=2 * reach).map(at).sum();
        for i in 0..side {
            values[start + i * step] = sum / (2 * reach + 1) as f32;
            sum += at(i + 2 * reach + 1) - at(i);
        }
    }
}

/// Returns the openness of a sample to light from around: nearer neighbours darken.
fn openness(stage: &Stage<'_>, at: usize) -> f32 {
    let side = stage.side as i64;
    let (x, y) = (at as i64 % side, at as i64 / side);
    let here = 1.0 / stage.near[at];
    let mut hidden = 0.0;
    for ring in [1_i64, 2, 4] {
        let reach = (side * ring / 110).max(1);
        for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
            let (sx, sy) = (x + dx * reach, y + dy * reach);
            let (ox, oy) = (x - dx * reach, y - dy * reach);
            if !(0..side).contains(&sx)
                || !(0..side).contains(&sy)
                || !(0..side).contains(&ox)
                || !(0..side).contains(&oy)
            {
                continue;
            }
            let depth = |x: i64, y: i64| stage.near[(y * side + x) as usize];
            let (one, two) = (depth(sx, sy), depth(ox, oy));
            if one <= 0.0 {
                continue;
            }
            // On a plane the two sides of a point are as much nearer as farther.
            let other = if two > 0.0 { (1.0 / two - here).clamp(-0.3, 0.3) } else { 0.0 };
            let nearer = here - 1.0 / one - other.max(0.0);
            if nearer > 0.004 && nearer < 0.5 {
                hidden += smoothstep(0.004, 0.08, nearer) * (1.0 - nearer / 0.5);
            }
        }
    }
    1.0 - 0.5 * (hidden / 14.0_f32).min(1.0)
}

/// A picture of `side_px` pixels on a soft neutral ground.
pub(super) fn render(read: &Read, side_px: u32) -> Result<RgbaImage, WorkError> {
    let side = side_px.clamp(16, 1024) as usize * FINE;
    let mut used: Vec<V3> = Vec::new();
    for part in &read.parts {
        used.extend(part.mesh.triangles.iter().flatten().map(|i| part.mesh.points[*i as usize]));
    }
    let camera = Camera::new(&used, side).ok_or_else(|| damaged("it has no extent"))?;
    let ground = used.iter().fold(f32::MAX, |low, p| low.min(p[1]));
    drop(used);
    let flat: Vec<Vec<V3>> = read
        .parts
        .iter()
        .map(|p| p.mesh.points.iter().map(|v| camera.project(*v)).collect())
        .collect();
    let mut list = Vec::new();
    for (part, p) in read.parts.iter().enumerate() {
        list.extend((0..p.mesh.triangles.len()).map(|t| (part as u32, t as u32)));
    }
    let (near, who) = (vec![0.0; side * side], vec![NOBODY; side * side]);
    let mut stage = Stage { read, camera, flat, list, side, near, who };
    stage.cover();
    let dark = ground_shadow(&stage, ground);
    let mut light: Vec<V3> = Vec::with_capacity(side * side);
    for (at, dark) in dark.iter().enumerate() {
        let id = stage.who[at];
        light.push(if id == NOBODY {
            backdrop(at, side, *dark)
        } else {
            let (_, t, flat) = stage.part(id);
            let [a, b, c] = t.map(|i| flat[i as usize]);
            let (x, y) = ((at % side) as f32 + 0.5, (at / side) as f32 + 0.5);
            let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
            let wb = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area;
            let wc = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area;
            let seen = stage.light(id, [1.0 - wb - wc, wb, wc], stage.near[at]);
            times([seen[0], seen[1], seen[2]], openness(&stage, at))
        });
    }
    draw_clear(&stage, &mut light);
    Ok(develop(&light, side))
}

/// The ground behind, pale and a little darker outwards and in the shadow.
fn backdrop(at: usize, side: usize, dark: f32) -> V3 {
    let half = side as f32 / 2.0;
    let (x, y) = ((at % side) as f32 / half - 1.0, (at / side) as f32 / half - 1.0);
    let far = (x * x + (y - 0.1) * (y - 0.1)).sqrt();
    let tone = lerp(0.86, 0.60, smoothstep(0.1, 1.5, far)) * (1.0 - 0.55 * dark);
    [tone * 0.985, tone, tone * 1.01]
}

/// Clear surfaces over what is there, the farthest first.
fn draw_clear(stage: &Stage<'_>, light: &mut [V3]) {
    let depth = |id: &u32| {
        let (_, t, flat) = stage.part(*id);
        t.iter().map(|i| flat[*i as usize][2]).sum::<f32>()
    };
    let mut clear: Vec<u32> =
        (0..stage.list.len() as u32).filter(|id| stage.look(*id).clear).collect();
    clear.sort_by(|a, b| depth(a).total_cmp(&depth(b)));
    let (mut tests, mut lit) = (0, 0);
    for id in clear {
        if tests > TESTS_MAX || lit > CLEAR_MAX {
            break;
        }
        let (_, t, flat) = stage.part(id);
        tests += scan(t.map(|i| flat[i as usize]), stage.side, |at, weights, depth| {
            if depth > stage.near[at] {
                lit += 1;
                let seen = stage.light(id, weights, depth);
                for c in 0..3 {
                    light[at][c] = lerp(light[at][c], seen[c], seen[3]);
                }
            }
        });
    }
}

/// Means of the samples, as sRGB.
fn develop(light: &[V3], side: usize) -> RgbaImage {
    let small = (side / FINE) as u32;
    RgbaImage::from_fn(small, small, |x, y| {
        let mut sum = [0.0; 3];
        for dy in 0..FINE {
            for dx in 0..FINE {
                let at = (y as usize * FINE + dy) * side + x as usize * FINE + dx;
                // Bright samples are bent below white first, or the rims of highlights would be jagged.
                sum = add(sum, light[at].map(soft));
            }
        }
        let [r, g, b] = sum.map(|v| {
            (encode_channel((v / (FINE * FINE) as f32).clamp(0.0, 1.0)) * 255.0 + 0.5) as u8
        });
        image::Rgba([r, g, b, 255])
    })
}

/// Leaves what is dark as it is and lets what is bright come near white slowly.
fn soft(v: f32) -> f32 {
    const KNEE: f32 = 0.72;
    if !v.is_finite() {
        return 0.0;
    }
    if v <= KNEE {
        v
    } else {
        KNEE + (1.0 - KNEE) * (1.0 - 1.0 / (1.0 + (v - KNEE) / (1.0 - KNEE)))
    }
}
