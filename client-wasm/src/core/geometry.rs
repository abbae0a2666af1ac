//! Points, rectangles, the camera and the curve of a wire.
//!
//! Two systems: *canvas units* (where nodes live) and *screen pixels* (relative to the top left of the canvas
//! element). The camera is the only place that turns one into the other.

/// A point or a vector, in whichever system the caller says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Point {
    /// A point.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Straight distance to another point.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

impl std::ops::Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl std::ops::Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

/// An axis-parallel rectangle with a width and height that are never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// A rectangle from its top left and size.
    pub const fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    /// The rectangle two opposite corners span, whichever they are.
    pub fn spanned(a: Point, b: Point) -> Self {
        Self::new(a.x.min(b.x), a.y.min(b.y), (a.x - b.x).abs(), (a.y - b.y).abs())
    }

    /// Right edge.
    pub fn right(self) -> f64 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(self) -> f64 {
        self.y + self.h
    }

    /// The middle.
    pub fn center(self) -> Point {
        Point::new(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// True if the two share any point, edges included.
    pub fn touches(self, other: Self) -> bool {
        self.x <= other.right()
            && other.x <= self.right()
            && self.y <= other.bottom()
            && other.y <= self.bottom()
    }

    /// True if `other` lies inside completely.
    pub fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }

    /// True if the point lies inside.
    pub fn holds(self, p: Point) -> bool {
        p.x >= self.x && p.x <= self.right() && p.y >= self.y && p.y <= self.bottom()
    }

    /// The smallest rectangle around both.
    pub fn union(self, other: Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self::new(x, y, self.right().max(other.right()) - x, self.bottom().max(other.bottom()) - y)
    }

    /// The same rectangle with `by` more on every side.
    pub fn grown(self, by: f64) -> Self {
        Self::new(self.x - by, self.y - by, self.w + 2.0 * by, self.h + 2.0 * by)
    }

    /// The smallest rectangle around all, `None` for none.
    pub fn around(rects: impl IntoIterator<Item = Self>) -> Option<Self> {
        rects.into_iter().reduce(Self::union)
    }
}

/// The smallest zoom the canvas offers.
pub const ZOOM_MIN: f64 = 0.05;
/// The largest zoom the canvas offers.
pub const ZOOM_MAX: f64 = 8.0;
/// Below this zoom cards are drawn as plain boxes.
pub const ZOOM_FAR: f64 = 0.25;

/// Where one looks from: `x`, `y` are the screen pixels of the canvas origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Screen pixel of canvas x = 0.
    pub x: f64,
    /// Screen pixel of canvas y = 0.
    pub y: f64,
    /// Screen pixels a canvas unit.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

impl Camera {
    /// Screen → canvas.
    pub fn to_canvas(self, p: Point) -> Point {
        Point::new((p.x - self.x) / self.zoom, (p.y - self.y) / self.zoom)
    }

    /// Canvas → screen.
    pub fn to_screen(self, p: Point) -> Point {
        Point::new(p.x * self.zoom + self.x, p.y * self.zoom + self.y)
    }

    /// The part of the canvas a screen of that size shows.
    pub fn view(self, w: f64, h: f64) -> Rect {
        let a = self.to_canvas(Point::default());
        Rect::new(a.x, a.y, w / self.zoom, h / self.zoom)
    }

    /// Moved by screen pixels.
    pub fn panned(self, dx: f64, dy: f64) -> Self {
        Self { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// Zoomed to `zoom` with the canvas point under the screen point `at` staying where it is.
    pub fn zoomed(self, at: Point, zoom: f64) -> Self {
        let zoom = zoom.clamp(ZOOM_MIN, ZOOM_MAX);
        let p = self.to_canvas(at);
        Self { x: at.x - p.x * zoom, y: at.y - p.y * zoom, zoom }
    }

    /// The camera that shows all of `rect` in the free part of a screen, never closer than `most`.
    pub fn fitting(rect: Rect, screen: Rect, most: f64) -> Self {
        let zoom = (screen.w / rect.w.max(1.0))
            .min(screen.h / rect.h.max(1.0))
            .clamp(ZOOM_MIN, most.min(ZOOM_MAX));
        let c = rect.center();
        let s = screen.center();
        Self { x: s.x - c.x * zoom, y: s.y - c.y * zoom, zoom }
    }

    /// The camera that shows what somebody with another screen size has in the middle of theirs.
    pub fn centred(center: Point, zoom: f64, w: f64, h: f64) -> Self {
        let zoom = zoom.clamp(ZOOM_MIN, ZOOM_MAX);
        Self { x: w / 2.0 - center.x * zoom, y: h / 2.0 - center.y * zoom, zoom }
    }
}

/// Returns the factor of a zoom by a wheel or a pinch that moved down by `dy` pixels: a notch of a wheel sends about a
/// hundred at once, a pinch a few with every frame.
pub fn wheel_zoom(dy: f64) -> f64 {
    const NOTCH: f64 = 14.0;
    (-dy.clamp(-NOTCH, NOTCH) * 0.01).exp()
}

/// Returns the reach of the handles of a wire: half the horizontal distance, 40 to 180 canvas units.
fn reach(a: Point, b: Point) -> f64 {
    ((b.x - a.x).abs() * 0.5).clamp(40.0, 180.0)
}

/// The SVG path of a wire from an output at `a` to an input at `b`.
pub fn wire_path(a: Point, b: Point) -> String {
    let k = reach(a, b);
    format!(
        "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        a.x,
        a.y,
        a.x + k,
        a.y,
        b.x - k,
        b.y,
        b.x,
        b.y
    )
}

/// The box a wire stays inside.
pub fn wire_bounds(a: Point, b: Point) -> Rect {
    let k = reach(a, b);
    Rect::spanned(a, b).union(Rect::spanned(Point::new(a.x + k, a.y), Point::new(b.x - k, b.y)))
}

/// The point that `wire_near` found on a wire, and its distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The point of the wire.
    pub at: Point,
    /// Distance to the point asked about, in canvas units.
    pub distance: f64,
    /// 0 at the output's end, 1 at the input's.
    pub t: f64,
}

/// Part of a wire at each of its ends by which that end is taken.
const END: f64 = 0.2;

/// An end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where it comes from.
    Output,
    /// Where it goes.
    Input,
}

impl Nearest {
    /// The end that is near.
    pub fn end(&self) -> Option<End> {
        match self.t {
            t if t <= END => Some(End::Output),
            t if t >= 1.0 - END => Some(End::Input),
            _ => None,
        }
    }
}

/// The point of a wire that is nearest to `p`, by sampling (a wire is at most a screen long where it matters).
pub fn wire_near(a: Point, b: Point, p: Point) -> Nearest {
    let k = reach(a, b);
    let (c, d) = (Point::new(a.x + k, a.y), Point::new(b.x - k, b.y));
    let mut best = Nearest { at: a, distance: f64::MAX, t: 0.0 };
    for i in 0..=48 {
        let t = f64::from(i) / 48.0;
        let u = 1.0 - t;
        let (w0, w1, w2, w3) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
        let at = Point::new(
            w0 * a.x + w1 * c.x + w2 * d.x + w3 * b.x,
            w0 * a.y + w1 * c.y + w2 * d.y + w3 * b.y,
        );
        let distance = at.distance(p);
        if distance < best.distance {
            best = Nearest { at, distance, t };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_notch_zooms_by_a_sixth_and_a_pinch_smoothly() {
        for notch in [100.0, 120.0, 53.0, 1_000.0] {
            assert!((1.1..=1.2).contains(&wheel_zoom(-notch)), "{notch}");
            assert!((wheel_zoom(-notch) * wheel_zoom(notch) - 1.0).abs() < 1e-9);
        }
        assert!((wheel_zoom(-2.0) - 1.02).abs() < 0.001);
    }

    proptest! {
        #[test]
        fn zooming_keeps_the_point_under_the_pointer(
            x in -1e4..1e4, y in -1e4..1e4, zoom in 0.05..8.0, to in 0.01..20.0, px in 0.0..2e3, py in 0.0..2e3
        ) {
            let camera = Camera { x, y, zoom };
            let at = Point::new(px, py);
            let before = camera.to_canvas(at);
            let after = camera.zoomed(at, to);
            prop_assert!(after.zoom >= ZOOM_MIN && after.zoom <= ZOOM_MAX);
            let back = after.to_screen(before);
            prop_assert!(back.distance(at) < 1e-6 * (1.0 + before.x.abs() + before.y.abs()) * 8.0);
        }

        #[test]
        fn fitting_shows_all_of_it(x in -1e4..1e4, y in -1e4..1e4, w in 1.0..9e3, h in 1.0..9e3) {
            let screen = Rect::new(60.0, 60.0, 1000.0, 700.0);
            let camera = Camera::fitting(Rect::new(x, y, w, h), screen, 1.0);
            let a = camera.to_screen(Point::new(x, y));
            let b = camera.to_screen(Point::new(x + w, y + h));
            prop_assert!(screen.grown(1e-6).contains(Rect::spanned(a, b)));
        }

        #[test]
        fn a_wire_stays_inside_its_bounds(ax in -1e3..1e3, ay in -1e3..1e3, bx in -1e3..1e3, by in -1e3..1e3, i in 0u8..=48) {
            let (a, b) = (Point::new(ax, ay), Point::new(bx, by));
            let probe = wire_near(a, b, Point::new(f64::from(i) * 10.0, 0.0));
            prop_assert!(wire_bounds(a, b).grown(1e-6).holds(probe.at));
        }
    }

    #[test]
    fn rectangles_know_what_they_touch() {
        let a = Rect::new(0.0, 0.0, 10.0, 10.0);
        assert!(a.touches(Rect::new(10.0, 10.0, 5.0, 5.0)));
        assert!(!a.touches(Rect::new(11.0, 0.0, 5.0, 5.0)));
        assert!(a.contains(Rect::new(1.0, 1.0, 9.0, 9.0)));
        assert_eq!(
            Rect::around([a, Rect::new(20.0, -5.0, 1.0, 1.0)]),
            Some(Rect::new(0.0, -5.0, 21.0, 15.0))
        );
    }
}
