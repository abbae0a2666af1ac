//! A painted scene as a shot: its layers shift against each other as the camera moves, and what the painter knows of
//! the place says what moves in it.

use image::imageops;

use super::moves::{Move, Path, Rest};
use super::place::Place;
use super::shot::{Layer, Shot};
use super::wish::{DEPTH, Wish};
use super::words::Weather;
use crate::camera::raster::Texture;
use crate::camera::relief::{Relief, Study};
use crate::math::{Rng, smoothstep};
use crate::paint::brushed;
use crate::{Facts, Job, Layers, PaintRequest, SIDE_MAX_PX, SIDE_MIN_PX, paint, paint_layers};
use gesso_media::{Control, RgbaImage, WorkError};

/// Resolution at which a scene is painted, as a multiple of the frame's.
const FINER: f32 = 1.2;

/// The scene the words describe.
pub(super) fn painted(
    job: &Job,
    wish: &Wish,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<Shot, WorkError> {
    let larger = |side: u32| ((side as f32 * FINER) as u32).clamp(SIDE_MIN_PX, SIDE_MAX_PX);
    let request = PaintRequest {
        prompt: job.prompt.clone(),
        negative: job.negative.clone(),
        width: larger(wish.size.0),
        height: larger(wish.size.1),
        seed: job.seed,
        references: job.pictures("references")?,
    };
    let kind = wish.camera.unwrap_or_else(|| Move::chosen(&job.prompt, 0, rng));
    let path = Path {
        kind,
        amount: wish.motion,
        rest: Rest::Free,
        returns: wish.returns,
        seconds: wish.reel.seconds() as f32,
        seed: job.seed,
        focus: [0.0; 2],
    };
    if brushed(&job.prompt) {
        let picture = control.part(0.0, 0.9, |c| paint(&request, c))?;
        return Ok(flat(picture, path, wish, job.seed));
    }
    let scene = control.part(0.0, 0.9, |c| paint_layers(&request, c))?;
    let shot = standing(scene, path, wish, job.seed);
    control.at(1.0)?;
    Ok(shot)
}

/// One picture with a guessed relief.
fn flat(picture: RgbaImage, mut path: Path, wish: &Wish, seed: u64) -> Shot {
    let texture = Texture::new(picture);
    let study = Study::new(&texture);
    let (relief, place) = (Relief::guess(&study), Place::guess(&study));
    path.focus = place.focus;
    Shot {
        layers: vec![Layer::new(texture, relief.clone(), true)],
        depth: DEPTH * wish.motion.max(0.15),
        relief,
        place,
        path,
        weather: wish.weather,
        seed,
    }
}

/// Layers, each at its own distance.
fn standing(scene: Layers, mut path: Path, wish: &Wish, seed: u64) -> Shot {
    let mut whole: Option<RgbaImage> = None;
    for layer in &scene.layers {
        match &mut whole {
            Some(whole) => imageops::overlay(whole, &layer.picture, 0, 0),
            None => whole = Some(layer.picture.clone()),
        }
    }
    let study = Study::new(&Texture::new(whole.unwrap_or_else(|| RgbaImage::new(1, 1))));
    let mut place = Place::guess(&study);
    path.focus = place.focus;
    let mut layers = Vec::with_capacity(scene.layers.len());
    for (n, layer) in scene.layers.into_iter().enumerate() {
        let texture = Texture::new(layer.picture);
        if n == 0 {
            // The farthest layer is all sky: its clouds drift behind everything.
            place.drift = Place::guess(&Study::new(&texture)).sky;
        }
        layers.push(Layer::new(texture, Relief::level(layer.depth), n == 0));
    }
    layers.reverse();
    let weather = told(&scene.facts, wish.weather, &mut place);
    let relief = Relief::guess(&study);
    let depth = 1.5 * DEPTH * wish.motion.max(0.15);
    Shot { layers, depth, relief, place, path, weather, seed }
}

/// Puts what the painter knows of the place over what was guessed.
fn told(facts: &Facts, mut weather: Weather, place: &mut Place) -> Weather {
    for word in &facts.weather {
        match *word {
            "snow" => weather.snow = weather.snow.max(0.8),
            "rain" => weather.rain = 1.0,
            "fog" => weather.fog = weather.fog.max(0.8),
            "stars" => weather.stars = 1.0,
            "clouds" | "storm" => weather.clouds = weather.clouds.max(0.8),
            "wind" => weather.sway = 1.0,
            _ => {}
        }
    }
    match facts.water_line {
        Some(line) => {
            place.horizon = line;
            weather.water = 1.0;
        }
        None => weather.water = 0.0,
    }
    if !facts.weather.contains(&"stars") {
        weather.stars = 0.0;
    }
    if let Some((x, y)) = facts.light {
        place.light = [x, y];
        let low = smoothstep(0.1, 0.5, y);
        place.shine = match facts.hour {
            "dawn" | "sunset" => 1.0,
            "night" => 0.3,
            _ => 0.45 + 0.4 * low,
        };
    }
    weather
}
