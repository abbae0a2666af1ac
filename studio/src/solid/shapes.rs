//! Simple bodies about 1 in size, in the middle of space, closed, with smooth or flat normals.

use super::mesh::{Mesh, V3, add, cross, sub, times, unit};
use crate::math::{cos, sin};

const ROUND: usize = 48;
const TURN: f32 = std::f32::consts::TAU;

/// A flat polygon, counter-clockwise from outside, of three or four corners.
fn facet(mesh: &mut Mesh, corners: &[V3]) {
    const UVS: [[f32; 2]; 4] = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
    let normal = unit(cross(sub(corners[1], corners[0]), sub(corners[2], corners[0])));
    let ids: Vec<u32> = corners.iter().zip(UVS).map(|(p, uv)| mesh.push(*p, normal, uv)).collect();
    for i in 2..ids.len() {
        mesh.triangles.push([ids[0], ids[i - 1], ids[i]]);
    }
}

/// A box of these sides whose edges are rounded a little, so that they catch light.
pub(super) fn block(size: V3) -> Mesh {
    let half = times(size, 0.5);
    let least = half[0].min(half[1]).min(half[2]);
    let r = (least * 0.22).min(0.05);
    rounded(size, r)
}

/// A box with edges of radius `r`: the corners of a small sphere pulled apart.
pub(super) fn rounded(size: V3, r: f32) -> Mesh {
    let inner = size.map(|s| (s / 2.0 - r).max(0.0));
    let mut mesh = Mesh::default();
    // Each of the six sides is a grid whose outer cells bend over the edges.
    const STEPS: [(f32, f32); 6] =
        [(-1.0, 1.0), (-1.0, 0.5), (-1.0, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0)];
    for axis in 0..3 {
        for side in [-1.0_f32, 1.0] {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            let mut ids = [[0_u32; 6]; 6];
            for (i, (su, bu)) in STEPS.iter().enumerate() {
                for (j, (sv, bv)) in STEPS.iter().enumerate() {
                    let mut normal = [0.0; 3];
                    normal[axis] = side;
                    normal[u] = su * bu;
                    normal[v] = sv * bv;
                    let normal = unit(normal);
                    let mut point = times(normal, r);
                    point[axis] += side * inner[axis];
                    point[u] += su * inner[u];
                    point[v] += sv * inner[v];
                    let uv = [i as f32 / 5.0, 1.0 - j as f32 / 5.0];
                    ids[i][j] = mesh.push(point, normal, uv);
                }
            }
            for i in 0..5 {
                for j in 0..5 {
                    let quad = [ids[i][j], ids[i + 1][j], ids[i + 1][j + 1], ids[i][j + 1]];
                    mesh.quad(if side > 0.0 { quad } else { [quad[0], quad[3], quad[2], quad[1]] });
                }
            }
        }
    }
    mesh
}

/// A body turned around the y axis from its outline: radius and height, from below to above. A corner in the outline
/// is said by giving its point twice.
pub(super) fn lathe(outline: &[(f32, f32)], around: usize) -> Mesh {
    let mut mesh = Mesh::default();
    let slope = |i: usize| -> (f32, f32) {
        let one = |a: (f32, f32), b: (f32, f32)| {
            let (dr, dy) = (b.0 - a.0, b.1 - a.1);
            let length = (dr * dr + dy * dy).sqrt();
            if length > 1e-7 { Some((dy / length, -dr / length)) } else { None }
        };
        let before = i.checked_sub(1).and_then(|j| one(outline[j], outline[i]));
        let after = outline.get(i + 1).and_then(|next| one(outline[i], *next));
        let (a, b) = (before.or(after), after.or(before));
        let (a, b) = (a.unwrap_or((1.0, 0.0)), b.unwrap_or((1.0, 0.0)));
        (a.0 + b.0, a.1 + b.1)
    };
    let total = (outline.len().max(2) - 1) as f32;
    let mut rings = Vec::new();
    for (i, (radius, height)) in outline.iter().enumerate() {
        let (out, up) = slope(i);
        let ring: Vec<u32> = (0..=around)
            .map(|k| {
                let turn = TURN * (k % around) as f32 / around as f32;
                let (s, c) = (sin(turn), cos(turn));
                let uv = [k as f32 / around as f32, 1.0 - i as f32 / total];
                mesh.push([radius * s, *height, radius * c], [out * s, up, out * c], uv)
            })
            .collect();
        rings.push(ring);
    }
    for i in 1..outline.len() {
        let (a, b) = (outline[i - 1], outline[i]);
        if (a.0 - b.0).abs() + (a.1 - b.1).abs() < 1e-7 {
            continue;
        }
        for k in 0..around {
            let (l0, l1, h0, h1) =
                (rings[i - 1][k], rings[i - 1][k + 1], rings[i][k], rings[i][k + 1]);
            if a.0 > 0.0 {
                mesh.triangles.push([l0, l1, h1]);
            }
            if b.0 > 0.0 {
                mesh.triangles.push([l0, h1, h0]);
            }
        }
    }
    mesh
}

/// An outline with every corner but the ends doubled: flat steps between them.
pub(super) fn edged(outline: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let mut out = Vec::new();
    for (i, point) in outline.iter().enumerate() {
        out.push(*point);
        if i > 0 && i + 1 < outline.len() {
            out.push(*point);
        }
    }
    out
}

pub(super) fn ball(radius: f32) -> Mesh {
    let steps = 28;
    let outline: Vec<(f32, f32)> = (0..=steps)
        .map(|i| {
            let turn = TURN / 2.0 * i as f32 / steps as f32;
            let r = if i == 0 || i == steps { 0.0 } else { sin(turn) };
            (radius * r, -radius * cos(turn))
        })
        .collect();
    lathe(&outline, ROUND)
}

/// A cylinder or a cut cone whose edges are broken a little.
pub(super) fn drum(low: f32, high: f32, height: f32) -> Mesh {
    let (y, e) = (height / 2.0, (height.min(low.max(high)) * 0.05).min(0.03));
    let mut outline = vec![(0.0, -y)];
    if low > e {
        outline.extend([(low - e, -y), (low - e, -y), (low, e - y), (low, e - y)]);
    }
    if high > e {
        outline.extend([(high, y - e), (high, y - e), (high - e, y), (high - e, y)]);
    }
    outline.push((0.0, y));
    lathe(&outline, ROUND)
}

pub(super) fn cone(radius: f32, height: f32) -> Mesh {
    drum(radius, 0.0, height)
}

/// A ring around the y axis.
pub(super) fn ring(radius: f32, tube: f32) -> Mesh {
    let steps = 24;
    let outline: Vec<(f32, f32)> = (0..=steps)
        .map(|i| {
            let turn = TURN * (i % steps) as f32 / steps as f32;
            (radius + tube * cos(turn), tube * sin(turn))
        })
        .collect();
    let mut mesh = lathe(&outline, 64);
    // The outline meets itself, where both ends have the same normal.
    let (first, last) = (65, mesh.points.len() - 65);
    for k in 0..first {
        let normal = unit(add(mesh.normals[k], mesh.normals[last + k]));
        mesh.normals[k] = normal;
        mesh.normals[last + k] = normal;
    }
    mesh
}

/// A pipe along points, with round ends.
pub(super) fn tube(path: &[V3], radius: f32) -> Mesh {
    let around = 20;
    let mut mesh = Mesh::default();
    let mut rings: Vec<Vec<u32>> = Vec::new();
    let mut across = [0.0; 3];
    for (i, point) in path.iter().enumerate() {
        let before = path[i.saturating_sub(1)];
        let after = path[(i + 1).min(path.len() - 1)];
        let along = unit(sub(after, before));
        // The frame is carried along, so that the pipe does not twist.
        let seed = if i == 0 {
            if along[1].abs() < 0.9 { [0.0, 1.0, 0.0] } else { [1.0, 0.0, 0.0] }
        } else {
            across
        };
        let side = unit(cross(along, seed));
        across = unit(cross(side, along));
        let caps: &[(f32, f32)] = if i == 0 {
            &[(0.0, -1.0), (0.7, -0.7), (1.0, 0.0)]
        } else if i + 1 == path.len() {
            &[(1.0, 0.0), (0.7, 0.7), (0.0, 1.0)]
        } else {
            &[(1.0, 0.0)]
        };
        for (out, ahead) in caps {
            let ring = (0..=around)
                .map(|k| {
                    let turn = TURN * (k % around) as f32 / around as f32;
                    let out = add(times(side, out * cos(turn)), times(across, out * sin(turn)));
                    let normal = add(out, times(along, *ahead));
                    let uv = [k as f32 / around as f32, i as f32];
                    mesh.push(add(*point, times(normal, radius)), normal, uv)
                })
                .collect();
            rings.push(ring);
        }
    }
    for i in 1..rings.len() {
        for k in 0..around {
            let (l0, l1, h0, h1) =
                (rings[i - 1][k], rings[i - 1][k + 1], rings[i][k], rings[i][k + 1]);
            if i > 1 {
                mesh.triangles.push([l0, l1, h1]);
            }
            if i + 1 < rings.len() {
                mesh.triangles.push([l0, h1, h0]);
            }
        }
    }
    mesh
}

/// A straight body with a polygon as its floor plan: `plan` counter-clockwise from above in x and −z, flat sides.
pub(super) fn prism(plan: &[(f32, f32)], low: f32, high: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let at = |i: usize, y: f32| {
        let (x, z) = plan[i % plan.len()];
        [x, y, -z]
    };
    for i in 0..plan.len() {
        facet(&mut mesh, &[at(i, low), at(i + 1, low), at(i + 1, high), at(i, high)]);
    }
    for i in 2..plan.len() {
        facet(&mut mesh, &[at(0, high), at(i - 1, high), at(i, high)]);
        facet(&mut mesh, &[at(0, low), at(i, low), at(i - 1, low)]);
    }
    mesh
}

/// A pyramid over a square.
pub(super) fn pyramid(side: f32, height: f32) -> Mesh {
    let (s, y) = (side / 2.0, height / 2.0);
    let mut mesh = Mesh::default();
    let corners = [[-s, -y, s], [s, -y, s], [s, -y, -s], [-s, -y, -s]];
    for i in 0..4 {
        facet(&mut mesh, &[corners[i], corners[(i + 1) % 4], [0.0, y, 0.0]]);
    }
    facet(&mut mesh, &[corners[3], corners[2], corners[1], corners[0]]);
    mesh
}

/// A regular body of 20 triangles.
pub(super) fn gem(radius: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let ring = |i: usize, y: f32, turn: f32| {
        let angle = TURN * (i as f32 + turn) / 5.0;
        let r = (1.0 - y * y).sqrt();
        times([r * sin(angle), y, r * cos(angle)], radius)
    };
    let y = 0.447_213_6;
    for i in 0..5 {
        let (a, b) = (ring(i, y, 0.0), ring(i + 1, y, 0.0));
        let (c, d) = (ring(i, -y, 0.5), ring(i + 1, -y, 0.5));
        facet(&mut mesh, &[a, b, [0.0, radius, 0.0]]);
        facet(&mut mesh, &[a, c, b]);
        facet(&mut mesh, &[b, c, d]);
        facet(&mut mesh, &[d, c, [0.0, -radius, 0.0]]);
    }
    mesh
}
