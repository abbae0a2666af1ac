//! Editing a picture: what was done to it as values, so that it can be undone, shown small and made large.
//!
//! Three systems: the *source* (pixels of the picture as it is stored), the *frame* (pixels after flips and quarter
//! turns, in which straightening and cropping happen) and the *output* (pixels of the crop). Strokes are kept in source
//! pixels, so that they stay on the picture whatever is turned afterwards.

use std::sync::Arc;

use super::geometry::{Point, Rect};

pub mod crop;
pub mod tone;

#[cfg(test)]
mod tests;

use tone::Tone;

/// The most the picture is straightened, in degrees.
pub const STRAIGHTEN_MAX: f64 = 45.0;
/// So many steps can be taken back.
const STEPS_MAX: usize = 100;

/// The effect of a stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brush {
    /// Paints with a colour.
    Paint,
    /// Takes paint away; the picture stays.
    Erase,
    /// Makes the picture transparent.
    Mask,
    /// Takes the mask away.
    Unmask,
}

/// A line drawn with one brush.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// The brush it is drawn with.
    pub brush: Brush,
    /// CSS colour, for paint.
    pub color: String,
    /// Width, in source pixels.
    pub size: f64,
    /// Where it goes, in source pixels.
    pub points: Vec<Point>,
}

/// Flips and quarter turns: mirrored left to right first, then turned clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orient {
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
    /// True if it is mirrored.
    pub mirrored: bool,
}

impl Orient {
    fn turned(self, quarters: u8) -> Self {
        Self { turns: (self.turns + quarters) % 4, ..self }
    }

    fn flipped(self, sideways: bool) -> Self {
        // A mirror turns the sense of what was turned before it.
        let turns = (if sideways { 4 } else { 6 } - self.turns) % 4;
        Self { turns, mirrored: !self.mirrored }
    }

    /// True if width and height change places.
    pub fn is_sideways(self) -> bool {
        self.turns % 2 == 1
    }
}

/// `x' = a·x + c·y + e`, `y' = b·x + d·y + f`, in the order the canvas takes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// As the canvas names them.
    pub a: f64,
    /// As the canvas names them.
    pub b: f64,
    /// As the canvas names them.
    pub c: f64,
    /// As the canvas names them.
    pub d: f64,
    /// As the canvas names them.
    pub e: f64,
    /// As the canvas names them.
    pub f: f64,
}

impl Affine {
    const SAME: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    /// First this, then `next`.
    pub fn then(self, next: Self) -> Self {
        let (s, n) = (self, next);
        Self {
            a: n.a * s.a + n.c * s.b,
            b: n.b * s.a + n.d * s.b,
            c: n.a * s.c + n.c * s.d,
            d: n.b * s.c + n.d * s.d,
            e: n.a * s.e + n.c * s.f + n.e,
            f: n.b * s.e + n.d * s.f + n.f,
        }
    }

    fn moved(x: f64, y: f64) -> Self {
        Self { e: x, f: y, ..Self::SAME }
    }

    /// Enlarged from the origin.
    pub fn scaled(k: f64) -> Self {
        Self { a: k, d: k, ..Self::SAME }
    }

    fn rotated(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self { a: cos, b: sin, c: -sin, d: cos, ..Self::SAME }
    }

    /// Where a point comes to lie.
    pub fn apply(self, p: Point) -> Point {
        Point::new(self.a * p.x + self.c * p.y + self.e, self.b * p.x + self.d * p.y + self.f)
    }

    /// The way back; the same where there is none.
    pub fn inverse(self) -> Self {
        let det = self.a * self.d - self.b * self.c;
        if det.abs() < 1e-12 {
            return self;
        }
        let (a, b, c, d) = (self.d / det, -self.b / det, -self.c / det, self.a / det);
        Self { a, b, c, d, e: -(a * self.e + c * self.f), f: -(b * self.e + d * self.f) }
    }
}

/// Everything that was done to a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Width and height of the source.
    pub source: (f64, f64),
    /// Flips and quarter turns.
    pub orient: Orient,
    /// Turned clockwise by so many degrees and enlarged until the frame is full again.
    pub straighten: f64,
    /// The part that is kept, in frame pixels.
    pub crop: Rect,
    /// Light and colour.
    pub tone: Tone,
    /// Strokes that were drawn, first to last.
    pub strokes: Vec<Arc<Stroke>>,
}

impl Look {
    /// The picture as it is.
    pub fn new(width: f64, height: f64) -> Self {
        let (w, h) = (width.max(1.0), height.max(1.0));
        Self {
            source: (w, h),
            orient: Orient::default(),
            straighten: 0.0,
            crop: Rect::new(0.0, 0.0, w, h),
            tone: Tone::default(),
            strokes: Vec::new(),
        }
    }

    /// Width and height of the frame.
    pub fn frame(&self) -> (f64, f64) {
        let (w, h) = self.source;
        if self.orient.is_sideways() { (h, w) } else { (w, h) }
    }

    /// Width and height of the output in whole pixels, at least 1.
    pub fn output(&self) -> (u32, u32) {
        (self.crop.w.round().max(1.0) as u32, self.crop.h.round().max(1.0) as u32)
    }

    /// From source to frame pixels.
    pub fn to_frame(&self) -> Affine {
        let (w, h) = self.source;
        let (fw, fh) = self.frame();
        let mirror =
            if self.orient.mirrored { Affine { a: -1.0, ..Affine::SAME } } else { Affine::SAME };
        let middle = Affine::moved(-w / 2.0, -h / 2.0).then(mirror);
        // Quarter turns exactly: a sine of 90° is not quite 1.
        let (sin, cos) =
            [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][usize::from(self.orient.turns % 4)];
        let turned = Affine { a: cos, b: sin, c: -sin, d: cos, ..Affine::SAME };
        middle
            .then(turned)
            .then(Affine::rotated(self.straighten))
            .then(Affine::scaled(cover(fw, fh, self.straighten)))
            .then(Affine::moved(fw / 2.0, fh / 2.0))
    }

    /// From source to output pixels.
    pub fn to_output(&self) -> Affine {
        self.to_frame().then(Affine::moved(-self.crop.x, -self.crop.y))
    }

    /// Turns everything a quarter clockwise, or counter-clockwise.
    pub fn turn(&mut self, clockwise: bool) {
        let (w, h) = self.frame();
        let c = self.crop;
        self.orient = self.orient.turned(if clockwise { 1 } else { 3 });
        self.crop = if clockwise {
            Rect::new(h - c.y - c.h, c.x, c.h, c.w)
        } else {
            Rect::new(c.y, w - c.x - c.w, c.h, c.w)
        };
    }

    /// Mirrors everything left to right (`sideways`), or top to bottom.
    pub fn flip(&mut self, sideways: bool) {
        let (w, h) = self.frame();
        self.orient = self.orient.flipped(sideways);
        self.straighten = -self.straighten;
        if sideways {
            self.crop.x = w - self.crop.x - self.crop.w;
        } else {
            self.crop.y = h - self.crop.y - self.crop.h;
        }
    }

    /// True if nothing was done.
    pub fn is_plain(&self) -> bool {
        *self == Self::new(self.source.0, self.source.1)
    }

    /// True if the output has transparent places because of a mask.
    pub fn has_mask(&self) -> bool {
        self.strokes.iter().any(|s| s.brush == Brush::Mask)
    }
}

/// Returns the factor by which a picture turned by so many degrees is enlarged to fill its frame again.
pub fn cover(w: f64, h: f64, degrees: f64) -> f64 {
    let (sin, cos) = degrees.to_radians().sin_cos();
    cos.abs() + sin.abs() * (w / h).max(h / w)
}

/// An edit with its history.
#[derive(Clone, Debug)]
pub struct Edits {
    now: Look,
    past: Vec<Look>,
    future: Vec<Look>,
    /// A slider or handle is being moved: all of it is one step.
    moving: bool,
}

impl Edits {
    /// Nothing done yet.
    pub fn new(width: f64, height: f64) -> Self {
        Self { now: Look::new(width, height), past: Vec::new(), future: Vec::new(), moving: false }
    }

    /// The picture as it stands.
    pub fn now(&self) -> &Look {
        &self.now
    }

    /// One step.
    pub fn edit(&mut self, change: impl FnOnce(&mut Look)) {
        self.settle();
        self.adjust(change);
        self.settle();
    }

    /// A part of a step that goes on until [`Self::settle`].
    pub fn adjust(&mut self, change: impl FnOnce(&mut Look)) {
        let mut next = self.now.clone();
        change(&mut next);
        if next == self.now {
            return;
        }
        if !self.moving {
            self.past.push(self.now.clone());
            if self.past.len() > STEPS_MAX {
                self.past.remove(0);
            }
            self.moving = true;
        }
        self.future.clear();
        self.now = next;
    }

    /// Ends the step that is under way: the slider or handle is let go.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.moving) && self.past.last() == Some(&self.now) {
            // It came back to where it was.
            self.past.pop();
        }
    }

    /// Takes a step back. `false` at the beginning.
    pub fn undo(&mut self) -> bool {
        self.settle();
        let Some(before) = self.past.pop() else { return false };
        self.future.push(std::mem::replace(&mut self.now, before));
        true
    }

    /// Does it again. `false` at the end.
    pub fn redo(&mut self) -> bool {
        self.settle();
        let Some(after) = self.future.pop() else { return false };
        self.past.push(std::mem::replace(&mut self.now, after));
        true
    }

    /// Back to the picture as it is, as one step.
    pub fn reset(&mut self) {
        let (w, h) = self.now.source;
        self.edit(|look| *look = Look::new(w, h));
    }

    /// True if there is a step to take back.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// True if there is a step to do again.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// True if saving would make something else.
    pub fn is_changed(&self) -> bool {
        !self.now.is_plain()
    }
}

/// Returns the scale at which a picture is worked on, at most 1, so that neither side is longer than `side_max` pixels.
pub fn preview_scale(width: f64, height: f64, side_max: f64) -> f64 {
    (side_max / width.max(height).max(1.0)).min(1.0)
}

/// True if a browser can be trusted with a picture of that size in one piece: as long as neither side nor the number
/// of pixels is above what all current ones take.
pub fn fits_in_memory(width: u32, height: u32) -> bool {
    width <= 16_384 && height <= 16_384 && u64::from(width) * u64::from(height) <= 120_000_000
}
