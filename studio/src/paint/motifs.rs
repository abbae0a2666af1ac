//! The subjects a picture can show. Each is drawn in a space of its own: it stands on (0, 0), is
//! about 100 high and `y` grows downwards.

mod creatures;
mod face;
mod objects;
mod places;
mod plants;

use tiny_skia::{Point, Transform};

use super::brush::{Brush, Ink, Shape};
use super::color::Rgb;
use super::words::Motif;
use crate::math::Rng;
pub(crate) use face::Traits;

/// How a subject meets the light of its picture.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Its darkest ink.
    pub(crate) ink: Rgb,
    /// Its lit side.
    pub(crate) body: Rgb,
    /// Its shaded side.
    pub(crate) shade: Rgb,
    /// Details.
    pub(crate) accent: Rgb,
    /// Its lamps and windows.
    pub(crate) lamp: Rgb,
    /// Whether they are lit.
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
    b: &'b mut Brush<'a>,
    place: Transform,
    scale: f32,
    /// Side of the light in the subject's own space.
    side: f32,
    pub(crate) look: Look,
    pub(crate) rng: Rng,
}

impl Pen<'_, '_> {
    fn fill(&mut self, data: &str, ink: &Ink) {
        self.b.fill_at(Shape::svg(data), ink, self.place);
    }

    fn shape(&mut self, shape: Shape, ink: &Ink) {
        self.b.fill_at(shape, ink, self.place);
    }

    fn turned(&mut self, shape: Shape, ink: &Ink, x: f32, y: f32, degrees: f32, scale: f32) {
        let local = Transform::from_scale(scale, scale)
            .post_concat(Transform::from_rotate(degrees))
            .post_concat(Transform::from_translate(x, y));
        self.b.fill_at(shape, ink, local.post_concat(self.place));
    }

    fn stroke(&mut self, data: &str, ink: &Ink, width: f32) {
        self.b.stroke_at(Shape::svg(data), ink, width, self.place);
    }

    fn line(&mut self, points: &[(f32, f32)], ink: &Ink, width: f32) {
        self.b.stroke_at(Shape::curve(points), ink, width, self.place);
    }

    /// From the lit to the shaded side of a body between two x.
    fn round(&self, x0: f32, x1: f32, color: Rgb) -> Ink {
        let dark = color.mix(self.look.ink, 0.62);
        let bright = color.mix(Rgb::WHITE, 0.16);
        if self.side < 0.0 {
            Ink::across(x0, x1, &[bright, color, dark])
        } else {
            Ink::across(x0, x1, &[dark, color, bright])
        }
    }

    fn glow(&mut self, x: f32, y: f32, radius: f32, light: Rgb, strength: f32) {
        let mut point = Point::from_xy(x, y);
        self.place.map_point(&mut point);
        self.b.glow(point.x, point.y, radius * self.scale, light, strength);
    }

    /// A window: lit, or a dark reflection of the sky.
    fn window(&mut self, x: f32, y: f32, w: f32, h: f32) {
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

/// Draws a subject standing on (`x`, `y`), `size` pixels for its 100 units, facing right unless `flip`.
pub(crate) fn draw(
    b: &mut Brush<'_>,
    motif: Motif,
    x: f32,
    y: f32,
    size: f32,
    flip: bool,
    look: &Look,
    rng: &Rng,
) {
    let scale = size / 100.0;
    let way = if flip { -1.0 } else { 1.0 };
    let place = Transform::from_row(scale * way, 0.0, 0.0, scale, x, y);
    with(b, motif, place, scale, look.side * way, look, rng);
}

/// Draws a face from the front, its shoulders on (`x`, `y`), `size` pixels for its 100 units.
pub(crate) fn draw_face(
    b: &mut Brush<'_>,
    (x, y): (f32, f32),
    size: f32,
    look: &Look,
    traits: Traits,
    rng: &Rng,
) {
    let scale = size / 100.0;
    let place = Transform::from_row(scale, 0.0, 0.0, scale, x, y);
    let mut pen =
        Pen { b, place, scale, side: look.side, look: look.clone(), rng: rng.fork("face") };
    face::face(&mut pen, traits);
}

/// The same upside down and flattened, as water shows it.
pub(crate) fn mirror(
    b: &mut Brush<'_>,
    motif: Motif,
    x: f32,
    y: f32,
    size: f32,
    flip: bool,
    look: &Look,
    rng: &Rng,
) {
    let scale = size / 100.0;
    let way = if flip { -1.0 } else { 1.0 };
    let place = Transform::from_row(scale * way, 0.0, 0.0, -scale * 0.7, x, y);
    with(b, motif, place, scale, look.side * way, look, rng);
}

fn with(
    b: &mut Brush<'_>,
    motif: Motif,
    place: Transform,
    scale: f32,
    side: f32,
    look: &Look,
    rng: &Rng,
) {
    if b.without.contains(&motif) {
        return;
    }
    let mut pen = Pen { b, place, scale, side, look: look.clone(), rng: rng.fork("motif") };
    match motif {
        Motif::Lighthouse => places::lighthouse(&mut pen),
        Motif::House => places::house(&mut pen),
        Motif::Castle => places::castle(&mut pen),
        Motif::Bridge => places::arch(&mut pen),
        Motif::Tent => places::tent(&mut pen),
        Motif::Boat => objects::boat(&mut pen),
        Motif::Bottle => objects::bottle(&mut pen),
        Motif::Chair => objects::chair(&mut pen),
        Motif::Lamp => objects::lamp(&mut pen),
        Motif::Lantern => objects::lantern(&mut pen),
        Motif::Car => objects::car(&mut pen),
        Motif::Balloon => objects::balloon(&mut pen),
        Motif::Cup => objects::cup(&mut pen),
        Motif::Planet => objects::planet(&mut pen),
        Motif::Rocket => objects::rocket(&mut pen),
        Motif::Tree => plants::tree(&mut pen),
        Motif::Pine => plants::pine(&mut pen),
        Motif::Palm => plants::palm(&mut pen),
        Motif::Flower => plants::flowers(&mut pen),
        Motif::Leaves => plants::potted(&mut pen),
        Motif::Fruit => plants::fruit(&mut pen),
        Motif::Person => creatures::person(&mut pen),
        Motif::Portrait => creatures::portrait(&mut pen),
        Motif::Cat => creatures::cat(&mut pen),
        Motif::Dog => creatures::dog(&mut pen),
        Motif::Fox => creatures::fox(&mut pen),
        Motif::Bird => creatures::bird(&mut pen),
        Motif::Fish => creatures::fish(&mut pen),
    }
}

/// How high a subject is against a standing person in the same picture.
pub(crate) fn natural_size(motif: Motif) -> f32 {
    match motif {
        Motif::Lighthouse | Motif::Castle => 9.0,
        Motif::Bridge => 4.0,
        Motif::Rocket | Motif::Balloon | Motif::Planet => 7.0,
        Motif::Tree | Motif::Pine | Motif::Palm => 4.5,
        Motif::House => 3.6,
        Motif::Boat => 2.8,
        Motif::Tent | Motif::Car => 1.6,
        Motif::Person | Motif::Portrait => 1.0,
        Motif::Dog | Motif::Fox | Motif::Chair | Motif::Lamp => 0.9,
        Motif::Cat | Motif::Bird | Motif::Fish | Motif::Flower | Motif::Leaves => 0.7,
        Motif::Bottle | Motif::Lantern | Motif::Fruit | Motif::Cup => 0.6,
    }
}
