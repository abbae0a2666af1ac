//! The parts of a scene, chosen from the words.

use crate::math::{Rng, lerp};
use crate::paint::brush::Brush;
use crate::paint::color::Rgb;
use crate::paint::facts::Facts;
use crate::paint::finish::FinishNotes;
use crate::paint::palette::{Palette, Reference};
use crate::paint::subjects::{self, Look};
use crate::paint::words::{Air, Intent, Mood, Motif, Place, Time};

/// One planned picture.
pub(crate) struct Scene<'i> {
    pub(super) intent: &'i Intent,
    pub(super) pal: Palette,
    pub(super) rng: Rng,
    pub(super) place: Place,
    pub(super) time: Time,
    /// y of the horizon in pixels.
    pub(super) horizon: f32,
    /// Centre of sun or moon in pixels.
    pub(super) light: (f32, f32),
    /// Radius in pixels.
    pub(super) disc: f32,
    /// Which side the light is on: -1 left, 1 right.
    pub(super) side: f32,
    /// The subjects, most important first, at most three.
    pub(super) cast: Vec<Motif>,
}

/// True if a city is to be seen whole.
fn from_afar(intent: &Intent) -> bool {
    intent.words.iter().any(|word| matches!(word.as_str(), "skyline" | "cityscape" | "aerial"))
}

/// The place a prompt without one is set in.
fn place_of(intent: &Intent, rng: &mut Rng) -> Place {
    use Motif as M;
    let lake = |place: &Place| matches!(place, Place::Sea | Place::River);
    // "A minimalist poster with mountains" shows mountains.
    let concrete = intent.places.iter().copied().find(|place| *place != Place::Abstract);
    let named = concrete.or_else(|| intent.places.first().copied());
    // A portrait is about the face; where it is set is told by its colours.
    if intent.motifs.first() == Some(&Motif::Portrait) && named != Some(Place::Underwater) {
        return Place::Studio;
    }
    if intent.shows(M::Lighthouse)
        && named.is_none_or(|place| lake(&place) || place == Place::Coast || place == Place::Island)
    {
        return Place::Coast;
    }
    if let Some(place) = named {
        // "snowy mountains", "a street in the city", "a room over the sea": the more telling one.
        let others = &intent.places;
        return match place {
            Place::Snow | Place::Sky if others.len() > 1 => others[1],
            Place::Sea if others.contains(&Place::Coast) => Place::Coast,
            Place::City if others.contains(&Place::Street) && !from_afar(intent) => Place::Street,
            Place::Field if others.contains(&Place::Mountains) => Place::Mountains,
            other if others.contains(&Place::Room) && other != Place::Studio => Place::Room,
            other => other,
        };
    }
    let pick = |rng: &mut Rng, list: &[Place]| {
        let wanted = |place: &&Place| !intent.without.places.contains(place);
        let list: Vec<Place> = list.iter().filter(wanted).copied().collect();
        list.get(rng.below(list.len())).copied().unwrap_or(Place::Field)
    };
    match intent.motifs.first() {
        Some(M::Lighthouse) => Place::Coast,
        Some(M::Boat) => Place::Sea,
        Some(M::House) => pick(rng, &[Place::Field, Place::Mountains]),
        Some(M::Pine) => Place::Forest,
        Some(M::Tree) => Place::Field,
        Some(M::Palm) => Place::Island,
        Some(M::Person) => pick(rng, &[Place::Dunes, Place::Field, Place::Mountains]),
        Some(M::Bird) => Place::Sky,
        Some(M::Fish) => Place::Underwater,
        Some(M::Car) => Place::Street,
        Some(M::Balloon) => pick(rng, &[Place::Field, Place::Mountains]),
        Some(M::Castle | M::Tent) => Place::Mountains,
        Some(M::Bridge) => Place::River,
        Some(M::Planet | M::Rocket) => Place::Space,
        Some(
            M::Portrait
            | M::Cat
            | M::Dog
            | M::Fox
            | M::Flower
            | M::Leaves
            | M::Bottle
            | M::Chair
            | M::Lamp
            | M::Lantern
            | M::Fruit
            | M::Cup
            | M::Rabbit
            | M::Robot
            | M::Guitar
            | M::Umbrella,
        ) => Place::Studio,
        Some(M::Bear | M::Deer) => Place::Forest,
        Some(M::Elephant) => Place::Field,
        Some(_) => Place::Studio,
        None if intent.time.is_some() || !intent.air.is_empty() => {
            pick(rng, &[Place::Mountains, Place::Sea, Place::Field, Place::Dunes, Place::River])
        }
        None => Place::Abstract,
    }
}

fn time_of(intent: &Intent, place: Place, rng: &mut Rng) -> Time {
    let time = likely_time(intent, place, rng);
    let others = [Time::Day, Time::Sunset, Time::Night, Time::Dawn];
    let banned = |time: &Time| intent.without.times.contains(time);
    if banned(&time) { others.into_iter().find(|t| !banned(t)).unwrap_or(time) } else { time }
}

fn likely_time(intent: &Intent, place: Place, rng: &mut Rng) -> Time {
    if let Some(time) = intent.time {
        return time;
    }
    if intent.air(Air::Moon) || intent.air(Air::Stars) || place == Place::Space {
        return Time::Night;
    }
    if intent.has(Mood::Neon) || intent.has(Mood::Dark) {
        return Time::Night;
    }
    if intent.has(Mood::Bright)
        || intent.has(Mood::Spring)
        || matches!(place, Place::Studio | Place::Underwater | Place::Garden)
    {
        return Time::Day;
    }
    let warm: &[Time] = match place {
        Place::City | Place::Street => &[Time::Dusk, Time::Night, Time::Sunset],
        Place::Dunes => &[Time::Sunset, Time::Dawn],
        Place::Snow | Place::Forest => &[Time::Dawn, Time::Day, Time::Dusk],
        Place::Sea
        | Place::Coast
        | Place::Mountains
        | Place::Room
        | Place::Sky
        | Place::River
        | Place::Island
        | Place::Field
        | Place::Space
        | Place::Garden
        | Place::Underwater
        | Place::Studio
        | Place::Abstract => &[Time::Dawn, Time::Sunset, Time::Day, Time::Dusk],
    };
    if intent.has(Mood::Warm) { Time::Sunset } else { warm[rng.below(warm.len())] }
}

impl<'i> Scene<'i> {
    pub(crate) fn plan(
        intent: &'i Intent,
        reference: Option<&Reference>,
        rng: &Rng,
        b: &Brush<'_>,
    ) -> Self {
        // What a prompt is set in is the words' choice alone, so that another seed is another
        // picture of the same thing.
        let mut words = Rng::new(intent.hash).fork("scene");
        let place = place_of(intent, &mut words);
        let time = time_of(intent, place, &mut words);
        let colors = reference.map_or(&[][..], |r| &r.colors);
        let pal = Palette::choose(intent, place, time, colors, rng);
        let mut layout = rng.fork("layout");
        let tall = (b.h / b.w).clamp(0.4, 2.0);
        let mut level = match place {
            Place::Sea | Place::Coast | Place::Island => 0.62,
            Place::Mountains => 0.66,
            Place::Dunes => 0.5,
            Place::City => 0.72,
            Place::Street => 0.56,
            Place::River => 0.56,
            Place::Field | Place::Garden | Place::Snow => 0.58,
            Place::Sky => 0.9,
            Place::Forest
            | Place::Room
            | Place::Space
            | Place::Underwater
            | Place::Studio
            | Place::Abstract => 0.64,
        };
        level += layout.bell() * 0.03 + (tall - 1.0) * 0.03;
        if let Some(reference) = reference {
            level = lerp(level, reference.horizon.clamp(level - 0.1, level + 0.1), 0.5);
        }
        let horizon = b.h * level;
        let side = layout.sign();
        let away = layout.range(0.17, 0.3);
        let x = b.w * (0.5 + side * away * if tall > 1.3 { 0.75 } else { 1.0 });
        let rise = match time {
            Time::Dawn | Time::Sunset => layout.range(0.01, 0.11),
            Time::Dusk => layout.range(-0.03, 0.03),
            Time::Day => layout.range(0.6, 0.78),
            Time::Night => layout.range(0.58, 0.76),
        };
        let light = (x, horizon * (1.0 - rise));
        let disc = b.u
            * match time {
                Time::Night => 0.047,
                Time::Day => 0.042,
                Time::Dawn | Time::Sunset | Time::Dusk => 0.06,
            };
        let cast: Vec<Motif> = intent.motifs.iter().copied().take(3).collect();
        Self { intent, pal, rng: rng.clone(), place, time, horizon, light, disc, side, cast }
    }

    pub(crate) fn finish_notes(&self) -> FinishNotes {
        let vignette = match self.place {
            Place::Studio | Place::Abstract => 0.1,
            Place::Sea
            | Place::Coast
            | Place::Mountains
            | Place::Dunes
            | Place::Forest
            | Place::City
            | Place::Street
            | Place::Room
            | Place::Sky
            | Place::Space
            | Place::River
            | Place::Island
            | Place::Field
            | Place::Snow
            | Place::Garden
            | Place::Underwater => 0.2,
        };
        FinishNotes { vignette, paper: self.pal.sky[3].mix(Rgb::hex(0xf6f0e4), 0.7) }
    }

    /// Returns the facts about the scene that an animation needs, on a sheet of `w` × `h` pixels.
    pub(crate) fn facts(&self, w: f32, h: f32) -> Facts {
        let water = matches!(self.place, Place::Sea | Place::Coast | Place::Island | Place::River);
        let open = !matches!(
            self.place,
            Place::Room | Place::Space | Place::Underwater | Place::Studio | Place::Abstract
        );
        let weather = [
            (Air::Storm, "storm"),
            (Air::Fog, "fog"),
            (Air::Rain, "rain"),
            (Air::Snowfall, "snow"),
            (Air::Stars, "stars"),
            (Air::Clouds, "clouds"),
            (Air::Wind, "wind"),
        ];
        let p = &self.pal;
        let colors = [p.sky[0], p.sky[2], p.sky[3], p.light, p.glow, p.land, p.shade, p.near];
        Facts {
            place: self.place.name(),
            weather: weather.iter().filter(|w| self.intent.air(w.0)).map(|w| w.1).collect(),
            hour: self.time.name(),
            water_line: water.then_some((self.horizon / h).clamp(0.0, 1.0)),
            light: open.then_some((self.light.0 / w, self.light.1 / h)),
            palette: colors.into_iter().chain([p.accent]).map(Rgb::bytes).collect(),
        }
    }

    /// The air in front of everything far away.
    pub(super) fn haze(&self) -> Rgb {
        self.pal.sky[3].mix(self.pal.sky[2], 0.45)
    }

    /// The colour of something at a distance: 0 near, 1 at the horizon.
    pub(super) fn far(&self, near: Rgb, distance: f32) -> Rgb {
        let reach = if self.intent.air(Air::Fog) { 0.97 } else { 0.86 };
        near.mix(self.haze(), crate::math::pow(distance.clamp(0.0, 1.0), 0.75) * reach)
    }

    pub(super) fn night(&self) -> bool {
        self.time == Time::Night
    }

    /// Returns the look of subjects in the light of this scene.
    pub(super) fn look(&self, motif: Motif) -> Look {
        let p = &self.pal;
        let day = match self.time {
            Time::Day => 0.9,
            Time::Dawn | Time::Sunset => 0.62,
            Time::Dusk => 0.45,
            Time::Night => 0.34,
        };
        let lit = |c: Rgb| p.near.mix(c, day).tint(p.glow, 0.12);
        let green = if self.intent.has(Mood::Autumn) {
            Rgb::hex(0xd9822f)
        } else {
            p.shade.tint(Rgb::hex(0x4f8a5a), 0.6)
        };
        let own = match motif {
            Motif::Tree if self.intent.has(Mood::Spring) => Rgb::hex(0xf0b8c4),
            Motif::Tree | Motif::Palm => green.mix(p.shade, 0.35),
            Motif::Pine => p.shade.tint(Rgb::hex(0x2f5f50), 0.5),
            Motif::Fox => Rgb::hex(0xe07a34),
            Motif::Dog => Rgb::hex(0xb98a58),
            Motif::Cat => Rgb::hex(0x8a7a74),
            Motif::Bird => Rgb::hex(0xe8e6e0),
            Motif::Lighthouse => Rgb::hex(0xb4483a),
            Motif::House | Motif::Castle => p.accent.mix(p.near, 0.3),
            Motif::Fruit => Rgb::hex(0xe0562f),
            Motif::Fish => Rgb::hex(0xf08a3a),
            Motif::Burger => Rgb::hex(0xd98a3c),
            Motif::Donut => Rgb::hex(0xee7fa8),
            Motif::Cake => Rgb::hex(0xf29ab0),
            Motif::Pizza => Rgb::hex(0xe0a458),
            Motif::IceCream => Rgb::hex(0xee8aa6),
            Motif::Heart => Rgb::hex(0xd8324a),
            Motif::Crown => Rgb::hex(0xe6b23e),
            Motif::Guitar => Rgb::hex(0xc87a38),
            Motif::Camera => Rgb::hex(0x3a322e),
            Motif::Watch => Rgb::hex(0x8a5430),
            Motif::Rabbit => Rgb::hex(0xc9b49c),
            Motif::Bear if self.intent.words.iter().any(|w| w == "polar") => Rgb::hex(0xf4f1ea),
            Motif::Bear => Rgb::hex(0x8a5a38),
            Motif::Elephant => Rgb::hex(0x939aa4),
            Motif::Deer => Rgb::hex(0xa9703f),
            _ => p.accent,
        };
        Look {
            ink: p.near,
            body: lit(Rgb::hex(0xf2e8da)),
            shade: lit(p.shade),
            accent: lit(self.intent.worn(motif).unwrap_or(own)),
            lamp: p.lamp,
            lit: p.dim,
            side: self.side,
        }
    }

    /// Draws a subject with the look it has here.
    pub(super) fn put(
        &self,
        b: &mut Brush<'_>,
        motif: Motif,
        x: f32,
        y: f32,
        size: f32,
        distance: f32,
    ) {
        let look = self.look(motif).veiled(self.haze(), distance);
        let flip = x > b.w * 0.5;
        subjects::draw(b, motif, x, y, size, flip, &look, &self.rng.fork("subject"));
    }
}
