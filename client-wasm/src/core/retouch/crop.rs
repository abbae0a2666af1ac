//! The crop: moved and resized by its handles within the frame, freely or with a fixed aspect.

use super::super::geometry::{Point, Rect};

/// No side of a crop is shorter, in frame pixels.
pub const SIDE_MIN: f64 = 8.0;

/// The part of a crop that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// −1 the left edge, 1 the right one, 0 neither.
    pub x: i8,
    /// −1 the top edge, 1 the bottom one, 0 neither.
    pub y: i8,
}

impl Handle {
    /// The inside: all of it moves.
    pub const INSIDE: Self = Self { x: 0, y: 0 };
    /// Corners and edges, clockwise from the top left.
    pub const ALL: [Self; 8] = [
        Self { x: -1, y: -1 },
        Self { x: 0, y: -1 },
        Self { x: 1, y: -1 },
        Self { x: 1, y: 0 },
        Self { x: 1, y: 1 },
        Self { x: 0, y: 1 },
        Self { x: -1, y: 1 },
        Self { x: -1, y: 0 },
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match (self.x, self.y) {
            (-1, -1) => "Top left corner",
            (0, -1) => "Top edge",
            (1, -1) => "Top right corner",
            (1, 0) => "Right edge",
            (1, 1) => "Bottom right corner",
            (0, 1) => "Bottom edge",
            (-1, 1) => "Bottom left corner",
            (-1, 0) => "Left edge",
            _ => "Crop",
        }
    }
}

/// Shapes of a crop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Aspect {
    /// Any.
    #[default]
    Free,
    /// That of the frame.
    Original,
    /// Width to height.
    Ratio(f64, f64),
}

impl Aspect {
    /// The aspects on offer, with names.
    pub const ALL: [(&'static str, Self); 9] = [
        ("Free", Self::Free),
        ("Original", Self::Original),
        ("1:1", Self::Ratio(1.0, 1.0)),
        ("4:3", Self::Ratio(4.0, 3.0)),
        ("3:4", Self::Ratio(3.0, 4.0)),
        ("3:2", Self::Ratio(3.0, 2.0)),
        ("16:9", Self::Ratio(16.0, 9.0)),
        ("9:16", Self::Ratio(9.0, 16.0)),
        ("4:5", Self::Ratio(4.0, 5.0)),
    ];

    /// Width by height; `None` for any.
    pub fn ratio(self, frame: (f64, f64)) -> Option<f64> {
        match self {
            Self::Free => None,
            Self::Original => Some(frame.0 / frame.1),
            Self::Ratio(w, h) => Some(w / h),
        }
    }
}

/// The largest crop of that shape around the middle of `crop` that stays within what `crop` spans, or the frame where
/// it was all of it.
pub fn shaped(crop: Rect, frame: (f64, f64), aspect: Aspect) -> Rect {
    let Some(ratio) = aspect.ratio(frame) else { return crop };
    let (mut w, mut h) = (crop.w, crop.w / ratio);
    if h > crop.h {
        (w, h) = (crop.h * ratio, crop.h);
    }
    let c = crop.center();
    inside(Rect::new(c.x - w / 2.0, c.y - h / 2.0, w, h), frame)
}

/// Moved, not resized, until it lies in the frame.
fn inside(r: Rect, frame: (f64, f64)) -> Rect {
    let (w, h) = (r.w.min(frame.0), r.h.min(frame.1));
    Rect::new(r.x.clamp(0.0, frame.0 - w), r.y.clamp(0.0, frame.1 - h), w, h)
}

/// The crop after a handle of it was moved by so much.
pub fn dragged(crop: Rect, frame: (f64, f64), handle: Handle, by: Point, aspect: Aspect) -> Rect {
    if handle == Handle::INSIDE {
        return inside(Rect::new(crop.x + by.x, crop.y + by.y, crop.w, crop.h), frame);
    }
    let (min_w, min_h) = (SIDE_MIN.min(frame.0), SIDE_MIN.min(frame.1));
    let (mut left, mut right) = (crop.x, crop.x + crop.w);
    let (mut top, mut bottom) = (crop.y, crop.y + crop.h);
    match handle.x {
        -1 => left = (left + by.x).max(0.0).min(right - min_w),
        1 => right = (right + by.x).min(frame.0).max(left + min_w),
        _ => {}
    }
    match handle.y {
        -1 => top = (top + by.y).max(0.0).min(bottom - min_h),
        1 => bottom = (bottom + by.y).min(frame.1).max(top + min_h),
        _ => {}
    }
    let free = Rect::new(left, top, right - left, bottom - top);
    match aspect.ratio(frame) {
        None => free,
        Some(ratio) => kept(crop, free, frame, handle, ratio),
    }
}

/// The crop with its shape kept: what lies opposite of the handle stays, and it grows as far as the frame lets it.
fn kept(crop: Rect, free: Rect, frame: (f64, f64), handle: Handle, ratio: f64) -> Rect {
    // An edge sets its own side; a corner follows the side that was pulled further, in or out.
    let (by_w, by_h) = (free.w - crop.w, (free.h - crop.h) * ratio);
    let wanted = match (handle.x, handle.y) {
        (0, _) => free.h * ratio,
        (_, 0) => free.w,
        _ if by_w.abs() >= by_h.abs() => crop.w + by_w,
        _ => crop.w + by_h,
    };
    // The fixed point: the opposite corner, or the middle of the opposite edge.
    let anchor = Point::new(
        crop.x + crop.w * f64::from(1 - handle.x) / 2.0,
        crop.y + crop.h * f64::from(1 - handle.y) / 2.0,
    );
    let room = |at: f64, side: i8, end: f64| match side {
        -1 => at,
        1 => end - at,
        _ => 2.0 * at.min(end - at),
    };
    let room_w = room(anchor.x, handle.x, frame.0);
    let room_h = room(anchor.y, handle.y, frame.1);
    let least = SIDE_MIN.max(SIDE_MIN * ratio);
    let w = wanted.max(least).min(room_w).min(room_h * ratio);
    let h = w / ratio;
    let x = anchor.x - w * f64::from(1 - handle.x) / 2.0;
    let y = anchor.y - h * f64::from(1 - handle.y) / 2.0;
    inside(Rect::new(x, y, w, h), frame)
}
