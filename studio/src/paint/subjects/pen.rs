//! The look of a subject, and the pen it is drawn with.

use crate::math::Rng;
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use tiny_skia::{Point, Transform};

/// Colours of a subject in the light of its picture.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Darkest ink.
    pub(crate) ink: Rgb,
    /// Lit side.
    pub(crate) body: Rgb,
    /// Shaded side.
    pub(crate) shade: Rgb,
    /// Details.
    pub(crate) accent: Rgb,
    /// Lamps and windows.
    pub(crate) lamp: Rgb,
    /// True if they are lit.
    pub(crate) lit: bool,
    /// Where the light comes from: -1 left, 1 right.
    pub(crate) side: f32,
}

impl Look {
    /// The same with everything drawn towards one colour, as distance does.
    pub(crate) fn veiled(&self, air: Rgb, t: f32) -> Self {
        Self {
            ink: self.ink.mix(air, t),
            body: self.body.mix(air, t),
            shade: self.shade.mix(air, t),
            accent: self.accent.mix(air, t),
            ..self.clone()
        }
    }
}

/// A brush that draws in the space of a subject.
pub(crate) struct Pen<'b, 'a> {
    pub(crate) b: &'b mut Brush<'a>,
    pub(crate) place: Transform,
    pub(crate) scale: f32,
    /// Side of the light in the subject's own space.
    pub(crate) side: f32,
    pub(crate) look: Look,
    pub(crate) rng: Rng,
}

impl Pen<'_, '_> {
    /// A colour of its own in the light of the picture: the darker it is there, the nearer to the ink.
    pub(crate) fn tone(&self, hex: u32) -> Rgb {
        let (ink, full) = (self.look.ink.lightness(), 0.93);
        let lit = (self.look.body.lightness() - ink) / (full - ink).max(0.1);
        self.look.ink.mix(Rgb::hex(hex), lit.clamp(0.0, 1.0))
    }

    pub(crate) fn fill(&mut self, data: &str, ink: &Ink) {
        self.b.fill_at(Shape::svg(data), ink, self.place);
    }

    pub(crate) fn shape(&mut self, shape: Shape, ink: &Ink) {
        self.b.fill_at(shape, ink, self.place);
    }

    pub(crate) fn turned(
        &mut self,
        shape: Shape,
        ink: &Ink,
        x: f32,
        y: f32,
        degrees: f32,
        scale: f32,
    ) {
        let local = Transform::from_scale(scale, scale)
            .post_concat(Transform::from_rotate(degrees))
            .post_concat(Transform::from_translate(x, y));
        self.b.fill_at(shape, ink, local.post_concat(self.place));
    }

    pub(crate) fn stroke(&mut self, data: &str, ink: &Ink, width: f32) {
        self.b.stroke_at(Shape::svg(data), ink, width, self.place);
    }

    pub(crate) fn line(&mut self, points: &[(f32, f32)], ink: &Ink, width: f32) {
        self.b.stroke_at(Shape::curve(points), ink, width, self.place);
    }

    /// From the lit to the shaded side of a body between two x.
    pub(crate) fn round(&self, x0: f32, x1: f32, color: Rgb) -> Ink {
        let dark = color.mix(self.look.ink, 0.62);
        let bright = color.mix(Rgb::WHITE, 0.16);
        if self.side < 0.0 {
            Ink::across(x0, x1, &[bright, color, dark])
        } else {
            Ink::across(x0, x1, &[dark, color, bright])
        }
    }

    pub(crate) fn glow(&mut self, x: f32, y: f32, radius: f32, light: Rgb, strength: f32) {
        let mut point = Point::from_xy(x, y);
        self.place.map_point(&mut point);
        self.b.glow(point.x, point.y, radius * self.scale, light, strength);
    }

    /// A window: lit, or a dark reflection of the sky.
    pub(crate) fn window(&mut self, x: f32, y: f32, w: f32, h: f32) {
        let ink = if self.look.lit {
            Ink::down(y, y + h, &[self.look.lamp.mix(Rgb::WHITE, 0.45), self.look.lamp])
        } else {
            Ink::flat(self.look.ink.mix(self.look.body, 0.2))
        };
        self.shape(Shape::rect(x, y, w, h), &ink);
        if self.look.lit {
            self.glow(x + w / 2.0, y + h / 2.0, w.max(h) * 2.4, self.look.lamp, 0.5);
        }
    }
}
