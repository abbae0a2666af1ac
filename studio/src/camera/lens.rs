//! A pinhole camera before a picture. The picture's height is 1; it lies in the plane z = 0 around the origin, x goes
//! right, y down, z towards the viewer. The camera that sees exactly the picture stands at [`DISTANCE`].

use super::relief::Relief;
use crate::math::{cos, sin};

/// Distance of the viewer, in heights of the picture: about 39° from top to bottom, a normal lens.
pub(crate) const DISTANCE: f32 = 1.42;

type Vector = [f32; 3];

/// Where a camera stands and looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Camera {
    pub(crate) eye: Vector,
    right: Vector,
    down: Vector,
    forward: Vector,
    /// Focal length in heights of the frame.
    focal: f32,
}

/// Placement of a camera relative to the picture's middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    /// Degrees around the picture, to the right.
    pub(crate) yaw: f32,
    /// Degrees above the picture.
    pub(crate) pitch: f32,
    /// Degrees the camera is turned clockwise around its own axis.
    pub(crate) roll: f32,
    /// Magnification of everything.
    pub(crate) zoom: f32,
    /// Moved sideways and down, in heights of the picture.
    pub(crate) shift: [f32; 2],
    /// Moved towards the picture, in heights of it.
    pub(crate) dolly: f32,
    /// Turned in place to the right and down, in degrees.
    pub(crate) turn: [f32; 2],
}

impl Default for Pose {
    fn default() -> Self {
        let none = [0.0; 2];
        Self { yaw: 0.0, pitch: 0.0, roll: 0.0, zoom: 1.0, shift: none, dolly: 0.0, turn: none }
    }
}

fn add(a: Vector, b: Vector, t: f32) -> Vector {
    std::array::from_fn(|i| a[i] + b[i] * t)
}

impl Camera {
    pub(crate) fn new(pose: &Pose) -> Self {
        let (yaw, pitch) = (pose.yaw.to_radians(), pose.pitch.to_radians());
        // From the middle to the eye.
        let back = [sin(yaw) * cos(pitch), -sin(pitch), cos(yaw) * cos(pitch)];
        let mut right = [cos(yaw), 0.0, -sin(yaw)];
        let mut forward = back.map(|v| -v);
        let mut down = cross(right, forward);
        let distance = (DISTANCE - pose.dolly).max(0.05);
        let mut eye = back.map(|v| v * distance);
        eye = add(add(eye, right, pose.shift[0]), down, pose.shift[1]);
        let (turn, tilt) = (pose.turn[0].to_radians(), pose.turn[1].to_radians());
        (forward, right) = spun(forward, right, turn);
        (forward, down) = spun(forward, down, tilt);
        (right, down) = spun(right, down, pose.roll.to_radians());
        Self { eye, right, down, forward, focal: DISTANCE * pose.zoom.max(0.01) }
    }

    /// The direction of the ray through a place of the frame, in heights of the frame from its middle.
    pub(crate) fn ray(&self, x: f32, y: f32) -> Vector {
        add(add(self.forward.map(|v| v * self.focal), self.right, x), self.down, y)
    }

    /// Where a point of the picture of this nearness is seen in the frame; nothing where it lies behind the camera.
    pub(crate) fn sees(&self, u: f32, v: f32, near: f32, depth: f32) -> Option<[f32; 2]> {
        let scale = 1.0 - depth * (near - 0.5);
        let point = [u * scale, v * scale, DISTANCE * (1.0 - scale)];
        let to = add(point, self.eye, -1.0);
        let along = |axis: Vector| to[0] * axis[0] + to[1] * axis[1] + to[2] * axis[2];
        let far = along(self.forward);
        (far > 1e-3)
            .then(|| [along(self.right) * self.focal / far, along(self.down) * self.focal / far])
    }

    /// Where the picture is seen at a place of the frame, in heights of the picture from its middle. `aspect` is the
    /// picture's. Each point of the relief lies on its own ray of the frontal camera, so that this one sees the picture
    /// unchanged; `depth` says how much nearer the nearest is than the farthest, as part of the distance.
    pub(crate) fn meets(
        &self,
        x: f32,
        y: f32,
        aspect: f32,
        relief: &Relief,
        depth: f32,
    ) -> [f32; 2] {
        let ray = self.ray(x, y);
        let long = libm::sqrtf(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]);
        let falls = -long * grazing(-ray[2] / long);
        let hit = |scale: f32| {
            let z = DISTANCE * (1.0 - scale);
            let t = ((z - self.eye[2]) / falls).max(0.0);
            [(self.eye[0] + ray[0] * t) / scale, (self.eye[1] + ray[1] * t) / scale]
        };
        if depth <= 0.0 {
            return hit(1.0);
        }
        if let Some(near) = relief.same() {
            return hit(1.0 - depth * (near - 0.5));
        }
        let mut scale = 1.0;
        let mut place = hit(scale);
        for _ in 0..5 {
            let near = relief.at(place[0] / aspect + 0.5, place[1] + 0.5);
            let wanted = 1.0 - depth * (near - 0.5);
            // Half a step keeps steep places from swinging.
            scale += (wanted - scale) * 0.7;
            place = hit(scale);
        }
        place
    }
}

/// Returns the steepness with which a ray falls towards the plane, never less than a little: rays along the horizon
/// and above it meet the plane far away instead of nowhere. Those that meet the picture itself are steeper than that.
fn grazing(fall: f32) -> f32 {
    const LEAST: f32 = 0.09;
    if fall >= LEAST {
        return fall;
    }
    LEAST * (0.5 + 0.5 * libm::expf(2.0 * (fall - LEAST) / LEAST))
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Turns `a` towards `b`.
fn spun(a: Vector, b: Vector, angle: f32) -> (Vector, Vector) {
    let (s, c) = (sin(angle), cos(angle));
    (add(a.map(|v| v * c), b, s), add(b.map(|v| v * c), a, -s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frontal_camera_sees_the_picture_whatever_its_relief() {
        let relief = Relief::given(2, 2, vec![0.0, 1.0, 0.3, 0.7]);
        let camera = Camera::new(&Pose::default());
        for (x, y) in [(0.0, 0.0), (0.7, -0.5), (-0.31, 0.42)] {
            let [u, v] = camera.meets(x, y, 1.5, &relief, 0.4);
            assert!((u - x).abs() < 1e-4 && (v - y).abs() < 1e-4, "{x} {y}: {u} {v}");
        }
    }

    #[test]
    fn a_point_is_seen_where_its_ray_meets_it() {
        let camera =
            Camera::new(&Pose { yaw: 20.0, pitch: -8.0, shift: [0.1, 0.0], ..Pose::default() });
        let relief = Relief::given(1, 2, vec![0.8, 0.8]);
        let [u, v] = camera.meets(0.2, -0.1, 1.6, &relief, 0.3);
        let [x, y] = camera.sees(u, v, 0.8, 0.3).unwrap();
        assert!((x - 0.2).abs() < 5e-3 && (y + 0.1).abs() < 5e-3, "{x} {y}");
    }

    #[test]
    fn who_goes_right_sees_the_right_side_larger_and_near_things_move_left() {
        let right = Camera::new(&Pose { yaw: 30.0, ..Pose::default() });
        let flat = Relief::flat();
        let left = right.meets(-0.2, 0.0, 1.0, &flat, 0.0)[0];
        let near = right.meets(0.2, 0.0, 1.0, &flat, 0.0)[0];
        assert!(
            near < -left,
            "{left} {near}: a step on the nearer side covers less of the picture"
        );
        let aside = Camera::new(&Pose { shift: [0.1, 0.0], ..Pose::default() });
        let seen = |n: f32| aside.meets(0.0, 0.0, 1.0, &Relief::given(1, 2, vec![n, n]), 0.4)[0];
        assert!(seen(1.0) > seen(0.0), "what is near is overtaken sooner");
        let above = Camera::new(&Pose { pitch: 30.0, ..Pose::default() });
        let upper = above.meets(0.0, -0.2, 1.0, &flat, 0.0)[1];
        let lower = above.meets(0.0, 0.2, 1.0, &flat, 0.0)[1];
        assert!(-upper < lower, "from above the upper edge is nearer: {upper} {lower}");
    }
}
