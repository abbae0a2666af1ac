//! The subjects a picture can show. Each is drawn in a space of its own: it stands on (0, 0), is
//! about 100 high and `y` grows downwards.

mod beasts;
mod creatures;
mod face;
mod food;
mod gadgets;
mod objects;
mod pen;
mod places;
mod plants;
mod products;

use tiny_skia::Transform;

use super::brush::Brush;
use super::words::Motif;
use crate::math::Rng;
pub(crate) use face::Traits;
pub(crate) use pen::Look;
use pen::Pen;

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
        Motif::Sneaker => products::sneaker(&mut pen),
        Motif::Handbag => products::handbag(&mut pen),
        Motif::Can => products::can(&mut pen),
        Motif::Carton => products::carton(&mut pen),
        Motif::Tube => products::tube(&mut pen),
        Motif::Gift => products::gift(&mut pen),
        Motif::Crown => products::crown(&mut pen),
        Motif::Book => products::book(&mut pen),
        Motif::Umbrella => products::umbrella(&mut pen),
        Motif::Heart => products::heart(&mut pen),
        Motif::Watch => gadgets::watch(&mut pen),
        Motif::Headphones => gadgets::headphones(&mut pen),
        Motif::Phone => gadgets::phone(&mut pen),
        Motif::Laptop => gadgets::laptop(&mut pen),
        Motif::Camera => gadgets::camera(&mut pen),
        Motif::Robot => gadgets::robot(&mut pen),
        Motif::Guitar => gadgets::guitar(&mut pen),
        Motif::Burger => food::burger(&mut pen),
        Motif::Noodles => food::noodles(&mut pen),
        Motif::Donut => food::donut(&mut pen),
        Motif::Cake => food::cake(&mut pen),
        Motif::Pizza => food::pizza(&mut pen),
        Motif::IceCream => food::ice_cream(&mut pen),
        Motif::Rabbit => beasts::rabbit(&mut pen),
        Motif::Bear => beasts::bear(&mut pen),
        Motif::Elephant => beasts::elephant(&mut pen),
        Motif::Deer => beasts::deer(&mut pen),
    }
}

/// Returns the height of a subject, as a multiple of a standing person's in the same picture.
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
        Motif::Elephant => 2.4,
        Motif::Deer => 1.3,
        Motif::Bear => 1.2,
        Motif::Robot | Motif::Guitar | Motif::Umbrella => 0.9,
        Motif::Gift | Motif::Cake | Motif::Carton | Motif::Handbag => 0.62,
        Motif::Rabbit | Motif::Tube | Motif::Can | Motif::Headphones | Motif::Book => 0.55,
        Motif::Laptop | Motif::Heart | Motif::Phone | Motif::Watch | Motif::IceCream => 0.5,
        Motif::Sneaker | Motif::Camera | Motif::Crown | Motif::Pizza => 0.42,
        Motif::Burger | Motif::Noodles | Motif::Donut => 0.4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::brush::Ink;
    use crate::paint::color::Rgb;
    use gesso_media::Control;

    const LATEST: [Motif; 27] = [
        Motif::Sneaker,
        Motif::Handbag,
        Motif::Can,
        Motif::Carton,
        Motif::Tube,
        Motif::Gift,
        Motif::Crown,
        Motif::Book,
        Motif::Umbrella,
        Motif::Heart,
        Motif::Watch,
        Motif::Headphones,
        Motif::Phone,
        Motif::Laptop,
        Motif::Camera,
        Motif::Robot,
        Motif::Guitar,
        Motif::Burger,
        Motif::Noodles,
        Motif::Donut,
        Motif::Cake,
        Motif::Pizza,
        Motif::IceCream,
        Motif::Rabbit,
        Motif::Bear,
        Motif::Elephant,
        Motif::Deer,
    ];

    fn drawn(motif: Option<Motif>, side: f32) -> Vec<u8> {
        let control = Control::none();
        let mut brush = Brush::new(96, 96, &control).expect("a sheet");
        brush.wash(&Ink::flat(Rgb::hex(0x9aa0a8)));
        let look = Look {
            ink: Rgb::hex(0x201a18),
            body: Rgb::hex(0xf2e8da),
            shade: Rgb::hex(0x807870),
            accent: Rgb::hex(0x2f9a6a),
            lamp: Rgb::hex(0xffd58a),
            lit: true,
            side,
        };
        if let Some(motif) = motif {
            draw(&mut brush, motif, 48.0, 80.0, 64.0, side < 0.0, &look, &Rng::new(3));
        }
        brush.sheet.data().to_vec()
    }

    #[test]
    fn every_subject_fills_the_middle_and_is_its_own() {
        let empty = drawn(None, 1.0);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for motif in LATEST {
            for side in [-1.0, 1.0] {
                let sheet = drawn(Some(motif), side);
                let changed = (0..96 * 96)
                    .filter(|i| (24..72).contains(&(i % 96)) && (16..80).contains(&(i / 96)))
                    .filter(|i| sheet[i * 4..i * 4 + 3] != empty[i * 4..i * 4 + 3])
                    .count();
                assert!(changed > 48 * 64 / 6, "{motif:?} covers {changed} pixels");
                assert!(!seen.contains(&sheet), "{motif:?} looks like another");
                seen.push(sheet);
            }
        }
    }

    #[test]
    fn own_colours_follow_the_light() {
        let control = Control::none();
        let mut brush = Brush::new(64, 64, &control).expect("a sheet");
        let mut tone = |body: u32| {
            let ink = Rgb::hex(0x0a0c14);
            let body = Rgb::hex(body);
            let look =
                Look { ink, body, shade: ink, accent: ink, lamp: body, lit: false, side: 1.0 };
            let pen = Pen {
                b: &mut brush,
                place: Transform::identity(),
                scale: 1.0,
                side: 1.0,
                look,
                rng: Rng::new(1),
            };
            pen.tone(0xf7b733).lightness()
        };
        let (day, night) = (tone(0xf2e8da), tone(0x404050));
        assert!(day > 0.75 && night < day - 0.25, "{day} {night}");
    }
}
