//! Interiors and subjects on their own.

use tiny_skia::BlendMode;

use super::plan::Scene;
use super::sky;
use crate::math::lerp;
use crate::paint::brush::{Brush, Ink, Shape};
use crate::paint::color::Rgb;
use crate::paint::subjects::{self, Look};
use crate::paint::words::{Air, Mood, Motif, Place, Time};
use gesso_media::WorkError;

/// Pairs for a backdrop: wall above, table or floor below, disc.
const BACKDROPS: [(u32, u32, u32); 7] = [
    (0xe9cfc2, 0xc08f7d, 0xf9e6d4),
    (0xd5dcdc, 0x7f9496, 0xf2efe4),
    (0xe8dfc9, 0xb98f5e, 0xe9835b),
    (0xcfd8c8, 0x7d9478, 0xf3e8cb),
    (0xd9cfe0, 0x8a7a9c, 0xf6dcd0),
    (0xc8d9e2, 0x6f90a4, 0xfbe7c4),
    (0xf0d9b0, 0xc88a4e, 0xf7efdc),
];

/// A subject against a plain backdrop.
pub(super) fn studio(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let hero = s.cast.first().copied().unwrap_or(Motif::Bottle);
    let mut rng = s.rng.fork("studio");
    let dark = s.pal.dim && s.time != Time::Day
        || matches!(hero, Motif::Lantern | Motif::Lamp)
        || s.intent.has(Mood::Dark);
    let (wall, floor, disc) = backdrop(s, dark, &mut rng);
    if hero == Motif::Portrait {
        return portrait(s, b);
    }
    b.wash(&Ink::Line {
        from: (w * (0.5 + s.side * 0.3), 0.0),
        to: (w * (0.5 - s.side * 0.3), h),
        stops: vec![
            (0.0, wall.lift(0.035), 1.0),
            (0.5, wall, 1.0),
            (1.0, wall.mix(floor, 0.6), 1.0),
        ],
    });
    b.at(0.2)?;
    if hero == Motif::Leaves && !s.intent.places.contains(&Place::Room) {
        return plate(s, b, disc);
    }
    b.cut(0.0);
    let ground = h * if h > w * 1.3 { 0.72 } else { 0.76 };
    set(s, b, ground, (wall, floor, disc));
    b.cut(0.2);
    b.at(0.35)?;
    let product = s.intent.places.contains(&Place::Studio)
        || matches!(hero, Motif::Bottle | Motif::Cup | Motif::Fruit | Motif::Planet)
        || hero.is_ware();
    let mut foot = ground + u * 0.03;
    if product {
        foot = pedestal(s, b, foot, wall, floor);
    } else {
        light_patch(s, b, ground, floor);
    }
    b.at(0.5)?;
    cast_shadow(s, b, foot, floor);
    show(s, b, hero, foot, floor, dark);
    b.glow(w * (0.5 + s.side * 0.55), 0.0, u * 1.1, s.pal.glow, 0.16);
    sky::weather(s, b);
    b.at(0.8)
}

/// The disc on the wall and the floor.
fn set(s: &Scene<'_>, b: &mut Brush<'_>, ground: f32, (wall, floor, disc): (Rgb, Rgb, Rgb)) {
    let (w, h, u) = (b.w, b.h, b.u);
    let (dx, dy) = (w * 0.5 + s.side * u * 0.17, ground - u * 0.36);
    let r = u * 0.29;
    b.fill(
        Shape::circle(dx, dy, r),
        &Ink::Line {
            from: (dx, dy - r),
            to: (dx, dy + r),
            stops: vec![(0.0, disc, 0.95), (1.0, disc.mix(wall, 0.3), 0.85)],
        },
    );
    b.fill(
        Shape::rect(0.0, ground - u * 0.045, w, h),
        &Ink::down(ground - u * 0.05, h, &[floor.lift(0.05), floor, floor.lift(-0.1)]),
    );
    sky::veil(b, ground - u * 0.045, u * 0.012, floor.mix(wall, 0.5), 0.6);
}

/// Returns the size of a subject shown alone, in units of the picture.
fn shown_size(hero: Motif) -> f32 {
    match hero {
        Motif::Chair | Motif::Cat | Motif::Dog | Motif::Fox | Motif::Flower | Motif::Lamp => 0.6,
        Motif::Rabbit | Motif::Bear | Motif::Robot | Motif::Guitar => 0.58,
        Motif::Bottle | Motif::Can | Motif::Tube | Motif::Watch | Motif::Phone => 0.5,
        Motif::IceCream | Motif::Book | Motif::Headphones | Motif::Handbag => 0.48,
        Motif::Fruit | Motif::Cup => 0.36,
        Motif::Car | Motif::Carton | Motif::Donut | Motif::Heart | Motif::Gift => 0.44,
        Motif::Burger | Motif::Cake | Motif::Deer => 0.46,
        Motif::Crown | Motif::Noodles => 0.42,
        Motif::Sneaker | Motif::Pizza => 0.39,
        Motif::Camera | Motif::Laptop | Motif::Elephant => 0.42,
        _ => 0.52,
    }
}

/// Puts the hero and what goes with it on its spot.
fn show(s: &Scene<'_>, b: &mut Brush<'_>, hero: Motif, foot: f32, floor: Rgb, dark: bool) {
    let (w, u) = (b.w, b.u);
    let mut look = studio_look(s, hero, floor);
    if matches!(
        hero,
        Motif::Boat
            | Motif::House
            | Motif::Castle
            | Motif::Tree
            | Motif::Pine
            | Motif::Car
            | Motif::Lighthouse
    ) {
        look.lit = dark;
    }
    let size = (u * shown_size(hero)).min(w * 0.62);
    let mut x = w * 0.5 - s.side * u * 0.02;
    let extras: Vec<Motif> = s.cast.iter().copied().skip(1).collect();
    if !extras.is_empty() {
        x -= s.side * u * 0.1;
    }
    for (i, extra) in extras.into_iter().enumerate() {
        let ratio =
            (subjects::natural_size(extra) / subjects::natural_size(hero)).clamp(0.45, 0.95);
        let ex = x + s.side * u * (0.34 + 0.2 * i as f32).min(w / u * 0.36);
        subjects::draw(
            b,
            extra,
            ex,
            foot - u * 0.012,
            size * ratio,
            s.side > 0.0,
            &studio_look(s, extra, floor),
            &s.rng.fork("extra"),
        );
    }
    let flip = s.side < 0.0;
    if hero == Motif::Flower {
        vase(b, x, foot, size, &look);
        let y = foot - size * 0.2;
        subjects::draw(b, hero, x, y, size * 0.9, flip, &look, &s.rng.fork("hero"));
    } else {
        subjects::draw(b, hero, x, foot, size, flip, &look, &s.rng.fork("hero"));
    }
}

fn backdrop(s: &Scene<'_>, dark: bool, rng: &mut crate::math::Rng) -> (Rgb, Rgb, Rgb) {
    let pick = BACKDROPS[rng.below(BACKDROPS.len())];
    let (mut wall, mut floor, mut disc) = (Rgb::hex(pick.0), Rgb::hex(pick.1), Rgb::hex(pick.2));
    if let Some(first) = s.intent.colors.first() {
        let second = s.intent.colors.get(1).copied().unwrap_or(*first);
        wall = wall.mix(*first, 0.6).lift(0.06);
        floor = floor.mix(*first, 0.7);
        disc = disc.mix(second, if s.intent.colors.len() > 1 { 0.7 } else { 0.2 });
    }
    // What moods and references did to the palette holds here too.
    let lean = |c: Rgb, t: f32| c.tint(s.pal.sky[2], t);
    let lean_by = if s.intent.has(Mood::Cold) || s.intent.has(Mood::Neon) || s.time != Time::Day {
        0.6
    } else {
        0.16
    };
    (wall, floor, disc) = (lean(wall, lean_by), lean(floor, lean_by), lean(disc, lean_by * 0.6));
    if dark {
        wall = wall.with_lightness(0.33).mix(s.pal.sky[0], 0.35);
        floor = floor.with_lightness(0.24).mix(s.pal.near, 0.35);
        disc = disc.with_lightness(0.5).mix(s.pal.glow, 0.15);
    }
    if s.intent.has(Mood::Pastel) {
        (wall, floor) = (wall.lift(0.04), floor.lift(0.12));
    }
    (wall, floor, disc)
}

fn studio_look(s: &Scene<'_>, motif: Motif, floor: Rgb) -> Look {
    let mut look = s.look(motif);
    let own = match motif {
        Motif::Chair | Motif::Bottle | Motif::Cup | Motif::Leaves => Some(s.pal.accent),
        Motif::Sneaker
        | Motif::Handbag
        | Motif::Can
        | Motif::Carton
        | Motif::Tube
        | Motif::Gift
        | Motif::Book
        | Motif::Umbrella
        | Motif::Headphones
        | Motif::Phone
        | Motif::Laptop
        | Motif::Robot
        | Motif::Noodles => Some(s.pal.accent),
        _ => None,
    };
    if let Some(color) = s.intent.worn(motif).or(own) {
        look.accent = color;
    }
    look.ink = floor.with_lightness(0.2).saturate(0.7);
    look.body = Rgb::hex(0xf4ebe0);
    look.shade = floor.with_lightness(0.5);
    look
}

/// A round pedestal; answers where things stand on it.
fn pedestal(s: &Scene<'_>, b: &mut Brush<'_>, y: f32, wall: Rgb, floor: Rgb) -> f32 {
    let (w, u) = (b.w, b.u);
    let (x, half, thick, deep) = (w * 0.5, (u * 0.36).min(w * 0.44), u * 0.06, u * 0.11);
    b.soft(u * 0.02, BlendMode::SourceOver, 0.5, |b| {
        b.fill(
            Shape::oval(x - s.side * u * 0.08, y + deep, half * 1.12, thick * 0.9),
            &Ink::flat(floor.with_lightness(0.24)),
        );
    });
    let top = wall.mix(Rgb::WHITE, 0.35);
    let (a, c) = (floor.mix(wall, 0.45), floor.lift(-0.12));
    let side = if s.side > 0.0 { [c, a, a.lift(0.05)] } else { [a.lift(0.05), a, c] };
    b.fill(Shape::oval(x, y + deep, half, thick), &Ink::across(x - half, x + half, &side));
    b.fill(Shape::rect(x - half, y, half * 2.0, deep), &Ink::across(x - half, x + half, &side));
    b.fill(
        Shape::oval(x, y, half, thick),
        &Ink::down(y - thick, y + thick, &[top.lift(-0.04), top]),
    );
    b.stroke(Shape::oval(x, y, half, thick), &Ink::Flat(Rgb::WHITE, 0.35), u * 0.002);
    y + thick * 0.15
}

fn cast_shadow(s: &Scene<'_>, b: &mut Brush<'_>, y: f32, floor: Rgb) {
    let (w, u) = (b.w, b.u);
    let tone = floor.with_lightness(0.22);
    b.soft(u * 0.012, BlendMode::SourceOver, 0.5, |b| {
        let x = w * 0.5;
        b.fill(Shape::oval(x, y, u * 0.17, u * 0.018), &Ink::flat(tone));
        let far = -s.side * u * 0.4;
        let ink = Ink::Line {
            from: (x, y),
            to: (x + far, y),
            stops: vec![(0.0, tone, 0.7), (1.0, tone, 0.0)],
        };
        b.fill(
            Shape::polygon(&[
                (x - u * 0.08, y - u * 0.01),
                (x + u * 0.08, y + u * 0.01),
                (x + far, y + u * 0.05),
                (x + far, y - u * 0.005),
            ]),
            &ink,
        );
    });
}

/// Light falling through a window we do not see.
fn light_patch(s: &Scene<'_>, b: &mut Brush<'_>, ground: f32, floor: Rgb) {
    let (w, u) = (b.w, b.u);
    let tone = floor.mix(Rgb::WHITE, 0.4).tint(s.pal.glow, 0.4);
    b.soft(u * 0.008, BlendMode::Screen, 0.35, |b| {
        for i in 0..2 {
            let x = w * 0.5 + s.side * u * (0.06 + 0.3 * i as f32) - u * 0.2;
            b.fill(
                Shape::polygon(&[
                    (x, ground - u * 0.6),
                    (x + u * 0.24, ground - u * 0.66),
                    (x + u * 0.24 - s.side * u * 0.16, ground - u * 0.05),
                    (x - s.side * u * 0.16, ground - u * 0.05),
                ]),
                &Ink::Flat(tone, 0.35),
            );
        }
    });
}

fn vase(b: &mut Brush<'_>, x: f32, y: f32, size: f32, look: &Look) {
    let tone = look.body;
    let half = size * 0.15;
    let (bright, dark) = (tone.mix(Rgb::WHITE, 0.3), look.shade.mix(look.ink, 0.2));
    let ink = Ink::across(
        x - half,
        x + half,
        &if look.side < 0.0 { [bright, tone, dark] } else { [dark, tone, bright] },
    );
    let s = size / 100.0;
    let place = tiny_skia::Transform::from_row(s, 0.0, 0.0, s, x, y);
    let local = match ink {
        Ink::Line { stops, .. } => Ink::Line { from: (-15.0, 0.0), to: (15.0, 0.0), stops },
        other @ (Ink::Flat(..) | Ink::Round { .. }) => other,
    };
    b.fill_at(Shape::svg("M-6 -38 C-6 -30 -16 -26 -16 -14 C-16 -4 -11 0 -7 0 L7 0 C11 0 16 -4 16 -14 C16 -26 6 -30 6 -38 Z"), &local, place);
}

/// A face before a great sun, or a head in profile where a silhouette is asked for.
fn portrait(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let p = &s.pal;
    let (from, to) = if s.time == Time::Day && s.intent.colors.is_empty() {
        let sets = [
            (0xd94f3d, 0xf2a65a),
            (0x2f6f7f, 0xe8b98a),
            (0x8a3f5f, 0xf0a07a),
            (0x3a4a7a, 0xd99a9a),
            (0x4a6a58, 0xe8c27a),
        ];
        let set = sets[s.rng.fork("portrait").below(sets.len())];
        let lean = |c: u32| Rgb::hex(c).tint(p.accent, 0.15);
        (lean(set.0), lean(set.1))
    } else {
        (p.sky[1].mix(p.accent, 0.35), p.sky[3])
    };
    b.wash(&Ink::Line {
        from: (0.0, 0.0),
        to: (w, h),
        stops: (0..=6).map(|i| (i as f32 / 6.0, from.mix(to, i as f32 / 6.0), 1.0)).collect(),
    });
    b.at(0.3)?;
    let flip = s.side < 0.0;
    let (x, y, r) = (w * 0.5 + s.side * u * 0.13, h * 0.44, u * 0.34);
    let sun = to.mix(Rgb::hex(0xfff0cc), 0.7);
    b.glow(x, y, r * 1.9, sun, 0.4);
    b.fill(Shape::circle(x, y, r), &Ink::down(y - r, y + r, &[sun.lift(0.02), sun.mix(to, 0.3)]));
    if s.intent.shows(Motif::Leaves) || s.intent.shows(Motif::Flower) {
        for (i, extra) in [-0.42, 0.42].into_iter().enumerate() {
            s.put(
                b,
                if i == 0 { Motif::Leaves } else { Motif::Flower },
                w * 0.5 + extra * w * 0.8,
                h * 1.02,
                u * 0.5,
                0.2,
            );
        }
    }
    b.cut(0.4);
    b.at(0.5)?;
    let mut look = s.look(Motif::Portrait);
    look.ink = from.with_lightness(0.19).saturate(0.6);
    look.accent = from.with_lightness(0.4);
    look.lamp = sun;
    let size = (h * 0.84).min(u * 1.02);
    let dark = |w: &String| matches!(w.as_str(), "silhouette" | "profile" | "outline");
    if !s.intent.words.iter().any(dark) {
        look.accent =
            s.intent.worn(Motif::Portrait).unwrap_or_else(|| from.lift(-0.12).saturate(1.1));
        let traits = subjects::Traits::of(&s.intent.words);
        subjects::draw_face(
            b,
            (w * 0.5, h * 1.01),
            size * 0.98,
            &look,
            traits,
            &s.rng.fork("hero"),
        );
        sky::weather(s, b);
        return b.at(0.8);
    }
    subjects::draw(
        b,
        Motif::Portrait,
        w * 0.5 - s.side * u * 0.02,
        h + size * 0.06 - (h * 0.86 - size).max(0.0) * 0.02,
        size,
        flip,
        &look,
        &s.rng.fork("hero"),
    );
    sky::weather(s, b);
    b.at(0.8)
}

/// Great leaves before a disc, as a botanical plate.
fn plate(s: &Scene<'_>, b: &mut Brush<'_>, disc: Rgb) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let mut rng = s.rng.fork("plate");
    let paper = Rgb::hex(0xf0e6d3).tint(s.pal.sky[3], 0.2);
    let paper = s.intent.colors.first().map_or(paper, |c| paper.tint(*c, 0.4));
    b.wash(&Ink::down(0.0, h, &[paper.lift(0.015), paper.lift(-0.03)]));
    let sun =
        if s.intent.colors.is_empty() { Rgb::hex(0xe9835b).mix(s.pal.accent, 0.35) } else { disc };
    b.fill(
        Shape::circle(w * 0.5 + s.side * u * 0.03, h * 0.43, u * 0.29),
        &Ink::down(h * 0.43 - u * 0.29, h * 0.43 + u * 0.29, &[sun.lift(0.05), sun]),
    );
    b.at(0.4)?;
    let usual = if s.intent.has(Mood::Autumn) { Rgb::hex(0xb5652f) } else { Rgb::hex(0x3a7a58) };
    let green = s.intent.worn(Motif::Leaves).unwrap_or(usual);
    let green = green.tint(s.pal.shade, 0.2);
    const LEAF: &str = "M0 0C-34-30-30-78 0-112 30-78 34-30 0 0z";
    const VEINS: &str =
        "M0 0V-104M0-24l16-15M0-24l-16-15M0-46l18-17M0-46l-18-17M0-68l13-13M0-68l-13-13";
    let spread = w / u;
    let count = (4.0 + spread * 3.2) as usize | 1;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|i| std::cmp::Reverse(i.abs_diff(count / 2)));
    for i in order {
        b.check()?;
        let f = if count > 1 { i as f32 / (count - 1) as f32 * 2.0 - 1.0 } else { 0.0 };
        let tone = green.lift(0.1 * f.abs() + rng.bell() * 0.06 - 0.04).turn(rng.bell() * 16.0);
        let scale = u / 100.0 * lerp(0.84, 0.42, f.abs()) * rng.range(0.9, 1.1);
        let turn = f * 44.0 + rng.bell() * 7.0;
        let place = tiny_skia::Transform::from_scale(scale, scale)
            .post_concat(tiny_skia::Transform::from_rotate(turn))
            .post_concat(tiny_skia::Transform::from_translate(
                w * 0.5 + f * w * 0.46,
                h * (0.97 + 0.05 * f.abs()),
            ));
        b.soft(u * 0.012, BlendMode::SourceOver, 0.22, |b| {
            b.fill_at(
                Shape::svg(LEAF),
                &Ink::flat(green.with_lightness(0.2)),
                place.post_concat(tiny_skia::Transform::from_translate(
                    -s.side * u * 0.014,
                    u * 0.012,
                )),
            );
        });
        b.fill_at(
            Shape::svg(LEAF),
            &Ink::across(-28.0, 28.0, &[tone.lift(0.045), tone, tone.lift(-0.045)]),
            place,
        );
        b.stroke_at(Shape::svg(VEINS), &Ink::Flat(paper, 0.55), 1.1, place);
    }
    b.at(0.8)
}

/// A room with a window, and the light that comes in by it.
pub(super) fn room(s: &Scene<'_>, b: &mut Brush<'_>) -> Result<(), WorkError> {
    let (w, h, u) = (b.w, b.h, b.u);
    let day = matches!(s.time, Time::Day);
    let floor_y = h * 0.77;
    let wall = if day {
        s.pal.land.mix(Rgb::hex(0xf1e6d6), 0.5)
    } else {
        s.pal.land.with_lightness(0.42).tint(s.pal.sky[1], 0.3)
    };
    let floor = if day {
        Rgb::hex(0xa9794f).tint(s.pal.shade, 0.3)
    } else {
        Rgb::hex(0x4a3328).tint(s.pal.near, 0.2)
    };
    b.wash(&Ink::Line {
        from: (w * (0.5 + s.side * 0.4), 0.0),
        to: (w * (0.5 - s.side * 0.5), h),
        stops: vec![(0.0, wall.lift(0.05), 1.0), (1.0, wall.lift(-0.1), 1.0)],
    });
    b.fill(
        Shape::rect(0.0, floor_y, w, h),
        &Ink::down(floor_y, h, &[floor.lift(0.03), floor.lift(-0.06)]),
    );
    for i in 1..7 {
        let t = i as f32 / 7.0;
        b.stroke(
            Shape::open(&[(0.0, lerp(floor_y, h, t * t)), (w, lerp(floor_y, h, t * t))]),
            &Ink::Flat(floor.lift(-0.12), 0.35),
            u * 0.0016,
        );
    }
    b.fill(Shape::rect(0.0, floor_y - u * 0.022, w, u * 0.022), &Ink::flat(wall.lift(-0.06)));
    b.at(0.25)?;
    let (ww, wh) = ((u * 0.52).min(w * 0.58), u * 0.56);
    let (wx, wy) = (w * 0.5 + s.side * w * 0.13 - ww / 2.0, (floor_y - u * 0.2 - wh).max(h * 0.05));
    outside(s, b, (wx, wy, ww, wh));
    b.at(0.45)?;
    let frame = wall.mix(Rgb::WHITE, if day { 0.6 } else { 0.12 });
    let bar = u * 0.014;
    for (x, y, a, c) in [
        (wx - bar, wy - bar, ww + bar * 2.0, bar),
        (wx - bar, wy + wh, ww + bar * 2.0, bar),
        (wx - bar, wy, bar, wh),
        (wx + ww, wy, bar, wh),
        (wx + ww / 2.0 - bar * 0.35, wy, bar * 0.7, wh),
        (wx, wy + wh * 0.42, ww, bar * 0.7),
    ] {
        b.fill(Shape::rect(x, y, a, c), &Ink::flat(frame));
    }
    b.fill(
        Shape::rect(wx - bar * 3.0, wy + wh + bar, ww + bar * 6.0, bar * 1.3),
        &Ink::down(wy + wh + bar, wy + wh + bar * 2.3, &[frame.lift(0.03), frame.lift(-0.12)]),
    );
    window_light(s, b, (wx, wy, ww, wh), floor_y);
    b.glow(wx + ww / 2.0, wy + wh / 2.0, u * 0.95, s.pal.glow, 0.42);
    b.cut(0.5);
    b.at(0.6)?;
    furnish(s, b, (wx, wy, ww, wh), floor_y);
    b.at(0.8)
}

/// The view: the hour's sky and a few hills, clipped by painting it apart.
fn outside(s: &Scene<'_>, b: &mut Brush<'_>, (x, y, ww, wh): (f32, f32, f32, f32)) {
    b.fill(Shape::rect(x, y, ww, wh), &Ink::down(y, y + wh * 0.86, &s.pal.sky));
    let (lx, ly) = (x + ww * (0.5 + s.side * 0.2), y + wh * if s.night() { 0.26 } else { 0.52 });
    let r = ww * 0.07;
    b.fill(Shape::circle(lx, ly, r), &Ink::flat(s.pal.light));
    b.glow(lx, ly, ww * 0.26, s.pal.glow, 0.6);
    let seed = s.rng.fork("view").bits();
    for i in 0..3 {
        let t = i as f32 / 2.0;
        let base = y + wh * (0.72 + 0.1 * t);
        let points: Vec<(f32, f32)> = (0..=24)
            .map(|k| {
                let f = k as f32 / 24.0;
                (
                    x + f * ww,
                    base - wh * 0.1 * (0.5 + 0.5 * crate::math::fbm(f * 2.6 + t * 9.0, t, 3, seed)),
                )
            })
            .collect();
        b.fill(Shape::hill(&points, y + wh), &Ink::flat(s.far(s.pal.shade, 0.75 - 0.5 * t)));
    }
    if s.intent.air(Air::Rain) {
        let mut rng = s.rng.fork("drops");
        for _ in 0..90 {
            let (dx, dy) = (rng.unit() * ww, rng.unit() * wh * 0.9);
            b.stroke(
                Shape::open(&[(x + dx, y + dy), (x + dx - ww * 0.008, y + dy + wh * 0.06)]),
                &Ink::Flat(Rgb::WHITE, 0.22),
                b.u * 0.0014,
            );
        }
    }
}

fn window_light(
    s: &Scene<'_>,
    b: &mut Brush<'_>,
    (x, y, ww, wh): (f32, f32, f32, f32),
    floor_y: f32,
) {
    let (h, u) = (b.h, b.u);
    let tone = s.pal.glow.mix(s.pal.light, 0.3);
    let shift = -s.side * u * 0.3;
    b.soft(u * 0.008, BlendMode::Screen, if s.night() { 0.2 } else { 0.42 }, |b| {
        for (f0, f1) in [(0.02, 0.47), (0.53, 0.98)] {
            let (near, far) = (h * 0.985, floor_y + (h - floor_y) * 0.12);
            b.fill(
                Shape::polygon(&[
                    (x + ww * f0 + shift * 0.4, far),
                    (x + ww * f1 + shift * 0.4, far),
                    (x + ww * f1 + shift, near),
                    (x + ww * f0 + shift, near),
                ]),
                &Ink::Flat(tone, 0.6),
            );
        }
    });
    let _ = (y, wh);
}

fn furnish(s: &Scene<'_>, b: &mut Brush<'_>, (wx, wy, ww, wh): (f32, f32, f32, f32), floor_y: f32) {
    let (w, h, u) = (b.w, b.h, b.u);
    let y = floor_y + (h - floor_y) * 0.5;
    let far = w * 0.5 - s.side * (w * 0.2).max(u * 0.2);
    let sill = wy + wh + u * 0.008;
    let mut floor = vec![far, w * 0.5 + s.side * w * 0.3, w * 0.5 - s.side * w * 0.02];
    let mut sills = vec![wx + ww * 0.26, wx + ww * 0.76];
    let mut cast = s.cast.clone();
    for usual in [Motif::Chair, Motif::Leaves] {
        if cast.len() < 3 && !cast.contains(&usual) {
            cast.push(usual);
        }
    }
    for motif in cast {
        let small = motif.is_ware()
            || matches!(
                motif,
                Motif::Cat
                    | Motif::Cup
                    | Motif::Bottle
                    | Motif::Fruit
                    | Motif::Flower
                    | Motif::Lantern
                    | Motif::Bird
            );
        let spot = if small { sills.pop().map(|x| (x, sill, 0.21)) } else { None };
        let (x, y, size) =
            match spot.or_else(|| (!floor.is_empty()).then(|| (floor.remove(0), y, 0.42))) {
                Some(found) => found,
                None => return,
            };
        let size = u * match motif {
            Motif::Person | Motif::Portrait => 0.5,
            Motif::Lamp if !small => 0.48,
            Motif::Leaves => 0.36,
            _ => size,
        };
        if !small {
            b.soft(u * 0.012, BlendMode::SourceOver, 0.45, |b| {
                b.fill(
                    Shape::oval(x - s.side * u * 0.03, y, size * 0.52, size * 0.05),
                    &Ink::flat(s.pal.near),
                );
            });
        }
        let mut look = s.look(motif);
        look.accent = s.intent.worn(motif).unwrap_or(look.accent);
        subjects::draw(b, motif, x, y, size, x > w * 0.5, &look, &s.rng.fork("furnish"));
    }
}
