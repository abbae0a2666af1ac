//! The upscaler. Precision invents nothing: one of two resampling engines, restoration of what noise and compression did,
//! sharpening that never leaves the range of its surroundings. Creative lays texture over that, taken from the
//! picture itself, which cancels out within every source pixel: made small again it is the source.

mod detail;
mod edge;
mod lanczos;
mod restore;
mod sharpen;

use image::RgbaImage;

use crate::{Job, Made};
use gesso_media::{Control, ToolRunner, WorkError};

/// Longest side of an enlarged picture, in pixels.
pub const UPSCALED_SIDE_MAX_PX: u32 = 8192;
/// Most pixels of an enlarged picture.
pub const UPSCALED_PIXELS_MAX: u64 = 64_000_000;

/// Method of finding the pixels between pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Lanczos3 in linear light: even and faithful.
    #[default]
    Lanczos,
    /// Along edges instead of across them: diagonals and curves stay clean.
    Edge,
}

/// A picture to enlarge, and the way to do it.
#[derive(Clone, Debug, Default)]
pub struct UpscaleRequest {
    /// The picture.
    pub image: RgbaImage,
    /// 2, 4 or 8.
    pub scale: u32,
    /// Method of finding the pixels between.
    pub engine: Engine,
    /// Strength of sharpening edges, 0 (not at all) to 1.
    pub sharpen: f32,
    /// Strength of smoothing noise before, 0 (not at all) to 1.
    pub denoise: f32,
    /// True if the borders of JPEG's 8 × 8 blocks are smoothed before; without effect where `denoise` is 0.
    pub deblock: bool,
    /// Amount of texture added, 0 (none) to 1.
    pub creativity: f32,
    /// Varies that texture.
    pub seed: u64,
}

/// The model `studio-upscaler`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let bytes = job.file("image").ok_or_else(no_pixels)?;
    let image = gesso_media::decode(bytes, gesso_media::DecodeLimits::default())?;
    let creative = job.text("mode") == "creative";
    let denoise = job.number("denoise", 0.0) as f32;
    let request = UpscaleRequest {
        image,
        scale: job.whole("scale", 2) as u32,
        engine: if job.text("engine") == "edge" { Engine::Edge } else { Engine::Lanczos },
        sharpen: job.number("sharpen", 0.35) as f32,
        denoise,
        deblock: denoise > 0.0 && gesso_media::sniff(bytes).is_some_and(|s| s.mime == "image/jpeg"),
        creativity: if creative { job.number("creativity", 0.5) as f32 } else { 0.0 },
        seed: job.seed,
    };
    let larger = control.part(0.0, 0.95, |control| upscale(&request, control))?;
    let made = Made::picture("image", &larger)?;
    control.at(1.0)?;
    Ok(vec![made])
}

fn no_pixels() -> WorkError {
    WorkError::Refused("This picture has no pixels.".to_owned())
}

/// Enlarges a picture exactly `scale` times. The same request gives the same pixels.
///
/// # Errors
/// [`WorkError::Refused`] and [`WorkError::Cancelled`].
pub fn upscale(request: &UpscaleRequest, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    let scale = request.scale;
    if !matches!(scale, 2 | 4 | 8) {
        let detail = format!("A picture can be enlarged 2, 4 or 8 times, not {scale} times.");
        return Err(WorkError::Refused(detail));
    }
    let (w, h) = request.image.dimensions();
    if w == 0 || h == 0 {
        return Err(no_pixels());
    }
    let (width, height) = (u64::from(w) * u64::from(scale), u64::from(h) * u64::from(scale));
    if width.max(height) > u64::from(UPSCALED_SIDE_MAX_PX) || width * height > UPSCALED_PIXELS_MAX {
        return Err(WorkError::Refused(format!(
            "Enlarged {scale} times, this picture would be {width} × {height} px; the limit is {UPSCALED_SIDE_MAX_PX} px a side and {} megapixels.",
            UPSCALED_PIXELS_MAX / 1_000_000
        )));
    }
    control.at(0.0)?;
    let restored = restore::restore(&request.image, request.denoise, request.deblock, control)?;
    let source = restored.as_ref().unwrap_or(&request.image);
    let mut out = control.part(0.1, 0.7, |control| match request.engine {
        Engine::Lanczos => banded(source, scale, control),
        Engine::Edge => edge::enlarge(source, scale, control),
    })?;
    let sharpen = request.sharpen.clamp(0.0, 1.0);
    control.part(0.7, 0.85, |c| sharpen::sharpen(&mut out, sharpen, scale, c))?;
    let creativity = request.creativity.clamp(0.0, 1.0);
    if creativity > 0.0 {
        control.part(0.85, 1.0, |c| {
            detail::add(&mut out, source, scale, creativity, request.seed, c)
        })?;
    }
    control.at(1.0)?;
    Ok(out)
}

/// Bands keep the memory of the 16-bit copies small and let a caller stop in between.
fn banded(source: &RgbaImage, scale: u32, control: &Control<'_>) -> Result<RgbaImage, WorkError> {
    let (width, height) = (source.width() * scale, source.height() * scale);
    let mut out = RgbaImage::new(width, height);
    let rows = ((2_000_000 / width.max(1)).clamp(16, 512) / scale).max(1) * scale;
    let mut top = 0;
    while top < height {
        let low = (top + rows).min(height);
        lanczos::band(source, scale, (top, low), &mut out)?;
        control.at(low as f32 / height as f32)?;
        top = low;
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
