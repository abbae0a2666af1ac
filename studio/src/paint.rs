//! The picture generator: a scene composed in layers from the words of a prompt.
//!
//! Words choose place, subjects, hour, weather, colours, mood and style ([`words`]); the hour and
//! the place choose a small palette ([`palette`]); a scene lays out depth and light ([`scene`]) and
//! sets the subjects into it ([`subjects`]); the finish gives it grain and the look of its style.
//! It is procedural: it knows what it was taught to draw and nothing else, and words it does not
//! know steer colour and composition only.

mod brush;
pub(crate) mod color;
mod facts;
mod finish;
mod layers;
pub(crate) mod palette;
mod request;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a scene names the few subjects it treats in its own way"
)]
mod scene;
mod style;
mod subjects;
pub(crate) mod words;

use image::RgbaImage;

use crate::math::{Rng, mix64};
use crate::unread::Vocabulary;
use crate::{Job, Made};
use brush::Brush;
pub(crate) use color::{encoded as encode_channel, linear as decode_channel};
pub use facts::Facts;
use finish::Grade;
use gesso_media::{Control, ToolRunner, WorkError};
pub use layers::{Layer, Layers, paint_layers};
use request::size;
pub use request::{PaintRequest, SIDE_MAX_PX, SIDE_MIN_PX};

/// The words it understands.
pub(crate) const VOCABULARY: Vocabulary =
    Vocabulary { lack: "Not drawn", words: words::words, knows: words::knows };

/// The model `studio-painter`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let (width, height) = job.size_px();
    let request = PaintRequest {
        prompt: job.prompt.clone(),
        negative: job.negative.clone(),
        width,
        height,
        seed: job.seed,
        references: job.pictures("references")?,
    };
    let options = Options {
        style: words::Style::named(job.text("style")),
        reference_weight: job.number("reference_weight", 0.5).clamp(0.0, 1.0) as f32,
    };
    Ok(vec![Made::picture("image", &paint_with(&request, &options, control)?)?])
}

/// Options of painting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The technique, instead of the one the words name.
    style: Option<words::Style>,
    /// From 0, where references are not looked at, over their palette to 1, where they are repainted.
    reference_weight: f32,
}

/// From here on references give the forms too.
const LAYOUT_WEIGHT: f32 = 0.35;
/// From here on nothing but the references' forms is painted.
const REPAINT_WEIGHT: f32 = 0.7;

/// True if the words name a technique whose brushwork lies over the whole picture, so that its layers cannot be painted
/// one by one.
pub(crate) fn brushed(prompt: &str) -> bool {
    use words::Style::{Film, Illustration};
    !matches!(words::read(prompt, "").settle(None), Illustration | Film)
}

/// Paints a picture; the same request gives the same bytes.
///
/// # Errors
/// [`WorkError::Refused`] for a side out of range and [`WorkError::Cancelled`].
pub fn paint(request: &PaintRequest, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    paint_with(request, &Options { style: None, reference_weight: 0.3 }, control)
}

fn paint_with(
    request: &PaintRequest,
    options: &Options,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    size(request)?;
    control.at(0.0)?;
    let mut intent = words::read(&request.prompt, &request.negative);
    let style = intent.settle(options.style);
    let rng = Rng::new(mix64(request.seed) ^ intent.hash);
    let share = if style::renders(style) { 0.4 } else { 1.0 };
    let picture = control.part(0.0, share, |control| {
        compose(request, &intent, options.reference_weight, &rng, control)
    })?;
    let picture = control.part(share, 1.0, |c| style::render(style, picture, &rng, c))?;
    control.at(1.0)?;
    Ok(picture)
}

/// The picture before its technique: painted from the words, or from the references.
fn compose(
    request: &PaintRequest,
    intent: &words::Intent,
    weight: f32,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let (width, height) = (request.width, request.height);
    let shown: Vec<&RgbaImage> = request
        .references
        .iter()
        .map(|r| &**r)
        .filter(|r| r.width() > 0 && r.height() > 0)
        .collect();
    let reference = if weight > 0.0 { palette::study(&request.references) } else { None };
    let mut brush = Brush::new(width, height, control)?;
    brush.without.clone_from(&intent.without.motifs);
    let scene = scene::Scene::plan(intent, reference.as_ref(), rng, &brush);
    let grade = match shown.split_first().filter(|_| weight >= LAYOUT_WEIGHT && reference.is_some())
    {
        Some((first, others)) => {
            repaint(&mut brush, first, weight, control)?;
            scene.restage(&mut brush, weight < REPAINT_WEIGHT)?;
            let colors = others.first().map(|_| {
                let all: Vec<_> = others.iter().map(|r| palette::statistics(r)).collect();
                let mean = |k: usize, c: usize| {
                    all.iter().map(|s| s[k][c]).sum::<f32>() / all.len() as f32
                };
                let wanted = [0, 1].map(|k| [0, 1, 2].map(|c| mean(k, c)));
                [palette::statistics(first), wanted]
            });
            Grade::of(intent, [0.0; 3]).repainting(intent, colors)
        }
        None => {
            scene.paint(&mut brush)?;
            let lean = (weight / 0.3).min(1.1);
            Grade::of(intent, finish::shift(&brush.sheet, reference.as_ref(), lean))
        }
    };
    control.at(0.85)?;
    finish::finish(brush.sheet, intent, scene.finish_notes(), &grade, rng, control)
}

/// Puts a reference on the sheet: cut to its shape, and with the less detail the less it weighs.
fn repaint(
    brush: &mut Brush<'_>,
    reference: &RgbaImage,
    weight: f32,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let (w, h) = (brush.sheet.width(), brush.sheet.height());
    let (rw, rh) = (reference.width() as f32, reference.height() as f32);
    let scale = (rw / w as f32).min(rh / h as f32);
    let (cw, ch) = ((w as f32 * scale).max(1.0), (h as f32 * scale).max(1.0));
    let (x, y) = ((rw - cw) / 2.0, (rh - ch) / 2.0);
    let radius = w.min(h) as f32 * (REPAINT_WEIGHT - weight).max(0.0) * 0.045;
    let soft = style::pixels::Soft::new(reference, (radius * scale).max(scale * 0.7), control)?;
    let pixels = brush.sheet.data_mut();
    for row in 0..h {
        if row % 32 == 0 {
            control.at(0.4 * row as f32 / h as f32)?;
        }
        for column in 0..w {
            let c = soft
                .at(x + (column as f32 + 0.5) * scale - 0.5, y + (row as f32 + 0.5) * scale - 0.5);
            let at = (row as usize * w as usize + column as usize) * 4;
            for k in 0..3 {
                pixels[at + k] = (c[k] + 0.5).clamp(0.0, 255.0) as u8;
            }
            pixels[at + 3] = 255;
        }
    }
    Ok(())
}
