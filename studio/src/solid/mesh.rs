//! Vectors and triangle meshes: what is built, written, read and drawn.

use crate::math::{cos, sin};

/// A point or a direction; y is up, z comes towards the viewer.
pub(super) type V3 = [f32; 3];

pub(super) fn add(a: V3, b: V3) -> V3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: V3, b: V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn times(a: V3, k: f32) -> V3 {
    a.map(|v| v * k)
}

pub(super) fn dot(a: V3, b: V3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: V3, b: V3) -> V3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The direction of a vector; up where it has none.
pub(super) fn unit(a: V3) -> V3 {
    let length = dot(a, a).sqrt();
    if length > 1e-20 && length.is_finite() { times(a, 1.0 / length) } else { [0.0, 1.0, 0.0] }
}

pub(super) fn finite(a: V3) -> bool {
    a.iter().all(|v| v.is_finite())
}

/// Least and greatest of each coordinate; `None` without points.
pub(super) fn bounds<'a>(points: impl IntoIterator<Item = &'a V3>) -> Option<(V3, V3)> {
    points.into_iter().fold(None, |bounds, p| {
        let (low, high) = bounds.unwrap_or((*p, *p));
        Some((
            [low[0].min(p[0]), low[1].min(p[1]), low[2].min(p[2])],
            [high[0].max(p[0]), high[1].max(p[1]), high[2].max(p[2])],
        ))
    })
}

/// A move in space that keeps lines straight: the columns of a 3 × 3 matrix and a shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    pub(super) columns: [V3; 3],
    pub(super) shift: V3,
}

impl Pose {
    pub(super) const HERE: Self =
        Self { columns: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], shift: [0.0; 3] };

    pub(super) fn at(shift: V3) -> Self {
        Self { shift, ..Self::HERE }
    }

    pub(super) fn scale(by: V3) -> Self {
        let columns = [[by[0], 0.0, 0.0], [0.0, by[1], 0.0], [0.0, 0.0, by[2]]];
        Self { columns, shift: [0.0; 3] }
    }

    /// Turned around x, then y, then z, by radians.
    pub(super) fn turned(by: V3) -> Self {
        let (sx, cx, sy, cy, sz, cz) =
            (sin(by[0]), cos(by[0]), sin(by[1]), cos(by[1]), sin(by[2]), cos(by[2]));
        let turn = |v: V3| {
            let v = [v[0], v[1] * cx - v[2] * sx, v[1] * sx + v[2] * cx];
            let v = [v[0] * cy + v[2] * sy, v[1], -v[0] * sy + v[2] * cy];
            [v[0] * cz - v[1] * sz, v[0] * sz + v[1] * cz, v[2]]
        };
        Self { columns: Self::HERE.columns.map(turn), shift: [0.0; 3] }
    }

    pub(super) fn direction(&self, v: V3) -> V3 {
        let [a, b, c] = self.columns;
        add(add(times(a, v[0]), times(b, v[1])), times(c, v[2]))
    }

    pub(super) fn point(&self, p: V3) -> V3 {
        add(self.direction(p), self.shift)
    }

    /// Returns the normal of a surface in this pose, not of length 1.
    pub(super) fn normal(&self, n: V3) -> V3 {
        let [a, b, c] = self.columns;
        let sign = if dot(cross(a, b), c) < 0.0 { -1.0 } else { 1.0 };
        let by =
            add(add(times(cross(b, c), n[0]), times(cross(c, a), n[1])), times(cross(a, b), n[2]));
        times(by, sign)
    }

    /// `self`, then `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        Self { columns: self.columns.map(|c| next.direction(c)), shift: next.point(self.shift) }
    }

    pub(super) fn mirrors(&self) -> bool {
        let [a, b, c] = self.columns;
        dot(cross(a, b), c) < 0.0
    }
}

/// Triangles, seen counter-clockwise from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    pub(super) points: Vec<V3>,
    /// One each point, of length 1.
    pub(super) normals: Vec<V3>,
    /// One each point, or none at all.
    pub(super) uvs: Vec<[f32; 2]>,
    pub(super) triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Adds a point and answers its index.
    pub(super) fn push(&mut self, point: V3, normal: V3, uv: [f32; 2]) -> u32 {
        self.points.push(point);
        self.normals.push(unit(normal));
        self.uvs.push(uv);
        self.points.len() as u32 - 1
    }

    /// Two triangles over four points, counter-clockwise.
    pub(super) fn quad(&mut self, [a, b, c, d]: [u32; 4]) {
        self.triangles.extend([[a, b, c], [a, c, d]]);
    }

    pub(super) fn append(&mut self, other: &Self) {
        let base = self.points.len() as u32;
        self.points.extend(&other.points);
        self.normals.extend(&other.normals);
        self.uvs.extend(&other.uvs);
        self.triangles.extend(other.triangles.iter().map(|t| t.map(|i| i + base)));
    }

    pub(super) fn posed(mut self, pose: &Pose) -> Self {
        for point in &mut self.points {
            *point = pose.point(*point);
        }
        for normal in &mut self.normals {
            *normal = unit(pose.normal(*normal));
        }
        if pose.mirrors() {
            for t in &mut self.triangles {
                t.swap(1, 2);
            }
        }
        self
    }

    /// Normals from the triangles around each point, weighed by their area.
    pub(super) fn smooth(&mut self) {
        let mut sums = vec![[0.0; 3]; self.points.len()];
        for t in &self.triangles {
            let [a, b, c] = t.map(|i| self.points[i as usize]);
            let n = cross(sub(b, a), sub(c, a));
            for i in t {
                sums[*i as usize] = add(sums[*i as usize], n);
            }
        }
        self.normals = sums.into_iter().map(unit).collect();
    }
}
