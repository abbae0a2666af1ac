//! The picture generator: a scene composed in layers from the words of a prompt.
//!
//! Words choose place, subjects, hour, weather, colours, mood and style ([`words`]); the hour and
//! the place choose a small palette ([`palette`]); a scene lays out depth and light ([`scene`]) and
//! sets the subjects into it ([`motifs`]); the finish gives it grain and the look of its style.
//! It is procedural: it knows what it was taught to draw and nothing else, and words it does not
//! know steer colour and composition only.

mod brush;
pub(crate) mod color;
mod finish;
mod layers;
mod motifs;
pub(crate) mod palette;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a scene names the few subjects it treats in its own way"
)]
mod scene;
pub(crate) mod words;

use image::RgbaImage;

use crate::math::{Rng, mix64};
use crate::{Control, Job, Made, StudioError, Workshop};
use brush::Brush;
pub(crate) use color::{encoded as encode_channel, linear as decode_channel};
pub use layers::{Facts, Layer, Layers, paint_layers};

/// Smallest side that can be painted, in pixels.
pub const SIDE_MIN_PX: u32 = 64;
/// Largest side that can be painted, in pixels.
pub const SIDE_MAX_PX: u32 = 4096;

/// What to paint.
#[derive(Clone, Debug)]
pub struct PaintRequest {
    /// What the picture shows, in words.
    pub prompt: String,
    /// What it must not show.
    pub negative: String,
    /// Width in pixels, from [`SIDE_MIN_PX`] to [`SIDE_MAX_PX`].
    pub width: u32,
    /// Height in pixels, from [`SIDE_MIN_PX`] to [`SIDE_MAX_PX`].
    pub height: u32,
    /// Varies layout and detail.
    pub seed: u64,
    /// Pictures whose colours (and, a little, whose horizon) the painting takes up.
    pub references: Vec<RgbaImage>,
}

/// The model `studio-painter`.
pub(crate) fn compute(
    job: &Job,
    _workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Vec<Made>, StudioError> {
    let (width, height) = job.size_px();
    let request = PaintRequest {
        prompt: job.prompt.clone(),
        negative: job.negative.clone(),
        width,
        height,
        seed: job.seed,
        references: job.pictures("references")?,
    };
    Ok(vec![Made::picture("image", &paint(&request, control)?)?])
}

/// The asked size, when it can be painted.
fn size(request: &PaintRequest) -> Result<(u32, u32), StudioError> {
    let (width, height) = (request.width, request.height);
    let sides = SIDE_MIN_PX..=SIDE_MAX_PX;
    if sides.contains(&width) && sides.contains(&height) {
        Ok((width, height))
    } else {
        Err(StudioError::Size { width, height })
    }
}

/// Paints a picture; the same request gives the same bytes.
///
/// # Errors
/// [`StudioError::Size`] for a side out of range and [`StudioError::Cancelled`].
pub fn paint(request: &PaintRequest, control: &Control<'_>) -> Result<RgbaImage, StudioError> {
    let (width, height) = size(request)?;
    control.at(0.0)?;
    let intent = words::read(&request.prompt, &request.negative);
    let reference = palette::study(&request.references);
    let rng = Rng::new(mix64(request.seed) ^ intent.hash);
    let mut brush = Brush::new(width, height, control)?;
    let scene = scene::Scene::plan(&intent, reference.as_ref(), &rng, &brush);
    scene.paint(&mut brush)?;
    control.at(0.85)?;
    let picture = finish::finish(
        brush.sheet,
        &intent,
        scene.finish_notes(),
        reference.as_ref(),
        &rng,
        control,
    )?;
    control.at(1.0)?;
    Ok(picture)
}
