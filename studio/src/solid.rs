//! Three dimensions: real GLB files from pictures and words, and pictures of any GLB.

mod compose;
mod glb;
mod kinds;
mod mesh;
mod read;
mod relief;
mod render;
mod shapes;
mod things;
mod words;

use self::glb::Piece;
use self::mesh::{Pose, bounds};
use self::relief::{Recipe, Shape};
use crate::unread::{self, Vocabulary};
use crate::{Job, Made};
use gesso_media::{Control, RgbaImage, ToolRunner, WorkError};

/// Most pictures of one model.
const PICTURES_MAX: usize = 6;
/// A picture on a model is no larger than this.
const TEXTURE_MAX_PX: u32 = 2048;

/// The words it understands.
pub(crate) const VOCABULARY: Vocabulary =
    Vocabulary { lack: "Not built", words: unread::plain_words, knows: words::knows };

/// The model `studio-solid`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let count = job.files("image").count();
    if count > PICTURES_MAX {
        return Err(WorkError::Refused(format!(
            "A 3D model is made of at most {PICTURES_MAX} pictures, not {count}. Remove some of the wires."
        )));
    }
    let pictures = job.pictures("image")?;
    control.at(0.1)?;
    if pictures.is_empty() {
        if job.prompt.trim().is_empty() {
            return Err(WorkError::Refused(
                "There is nothing to build yet. Connect a picture or write what to build."
                    .to_owned(),
            ));
        }
        let pieces = compose::compose(&job.prompt, job.seed);
        control.at(0.7)?;
        return Ok(vec![Made::model3d(glb::write(&pieces, &[])?)]);
    }
    let points = match job.text("detail") {
        "low" => 96,
        "high" => 288,
        _ => 176,
    };
    let (mut pieces, mut images, mut right) = (Vec::new(), Vec::new(), 0.0_f32);
    for (index, picture) in pictures.iter().enumerate() {
        let depth = job.number("depth", 0.4).clamp(0.0, 1.0) as f32;
        let shape = match job.text("shape") {
            "relief" => Shape::Plate,
            "medallion" => Shape::Medal,
            "silhouette" => Shape::Figure,
            _ if relief::figure(&small(picture, 256)).is_some() => Shape::Figure,
            _ => Shape::Plate,
        };
        let recipe = Recipe { shape, depth, points, image: index };
        let part = |i: usize| 0.1 + 0.8 * i as f32 / pictures.len() as f32;
        let made = control.part(part(index), part(index + 1), |control| {
            relief::body(picture, &recipe, control)
        })?;
        if let Some((low, high)) = bounds(made.iter().flat_map(|p| &p.mesh.points)) {
            let gap = if index == 0 { 0.0 } else { 0.2 };
            let pose = Pose::at([right + gap - low[0], 0.0, 0.0]);
            right += gap + high[0] - low[0];
            let posed = |piece: Piece| Piece { mesh: piece.mesh.posed(&pose), ..piece };
            pieces.extend(made.into_iter().map(posed));
        }
        images.push(("image/jpeg", texture(picture)?));
    }
    let pose = Pose::at([-right / 2.0, 0.0, 0.0]);
    let pieces: Vec<Piece> =
        pieces.into_iter().map(|p| Piece { mesh: p.mesh.posed(&pose), ..p }).collect();
    control.at(0.95)?;
    Ok(vec![Made::model3d(glb::write(&pieces, &images)?)])
}

/// A picture whose longer side is at most `most` pixels.
fn small(picture: &RgbaImage, most: u32) -> RgbaImage {
    let (w, h) = picture.dimensions();
    let long = w.max(h);
    if long <= most {
        return picture.clone();
    }
    let side = |v: u32| (u64::from(v) * u64::from(most) / u64::from(long)).max(1) as u32;
    image::imageops::thumbnail(picture, side(w), side(h))
}

/// A picture as the JPEG that lies on its model; what is clear becomes the mean of what is not, so that outlines show
/// no foreign colour.
fn texture(picture: &RgbaImage) -> Result<Vec<u8>, WorkError> {
    let picture = small(picture, TEXTURE_MAX_PX);
    let mean = relief::mean_color(&picture)
        .map(|v| crate::paint::encode_channel(v.clamp(0.0, 1.0)) * 255.0);
    let rgb = image::RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let p = picture.get_pixel(x, y);
        // Half clear pixels keep their own colour: the outline runs through them.
        let own = (f32::from(p[3]) / 64.0).min(1.0);
        let mix = |c: usize| (crate::math::lerp(mean[c], f32::from(p[c]), own) + 0.5) as u8;
        image::Rgb([mix(0), mix(1), mix(2)])
    });
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 90)
        .encode_image(&rgb)
        .map_err(|e| WorkError::Internal(e.to_string()))?;
    Ok(out)
}

/// A picture of a GLB of unknown origin: `side_px` pixels square (16 to 1024), from three quarters on a soft neutral
/// ground. What cannot be shown in full (too many pixels to draw, textures that cannot be opened) is left out.
///
/// # Errors
/// [`WorkError::Refused`] for what is no GLB, damaged, too large or without surfaces.
pub fn preview(glb: &[u8], side_px: u32) -> Result<RgbaImage, WorkError> {
    render::render(&read::read(glb)?, side_px)
}

#[cfg(test)]
mod tests;
