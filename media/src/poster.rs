//! One frame that stands for a video.

use std::path::Path;

use image::RgbaImage;

use crate::control::Control;
use crate::error::WorkError;
use crate::ffmpeg;
use crate::kind::Sniffed;
use crate::limits::DecodeLimits;
use crate::picture::decode;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;
use crate::streams;

/// Longest side of a poster, in pixels.
const SIDE_MAX_PX: u32 = 1280;
/// Where it is looked for, as parts of the length.
const PLACES: [f64; 4] = [0.1, 0.5, 0.8, 0.0];
/// A picture whose brightness varies by less shows nothing: a black start, a white flash.
const CONTRAST_MIN: f32 = 8.0;
/// Most bytes of a poster.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// A frame of a video that shows something, the most usual of those around it. `duration_s` is its length, where that
/// is known.
///
/// # Errors
/// [`WorkError::Missing`] without ffmpeg, [`WorkError::Refused`] for what cannot be decoded, and those of
/// [`ToolRunner::run`].
pub fn poster(
    path: &Path,
    sniffed: Sniffed,
    duration_s: Option<f64>,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    if !tools.programs().has(Program::Ffmpeg) {
        return Err(WorkError::Missing(Program::Ffmpeg));
    }
    let found = streams::glance(path, sniffed, tools, control)?;
    let nothing = || WorkError::Refused("No picture could be read from this video.".to_owned());
    let stream = found.pictures.ok_or_else(nothing)?.index;
    let mut best: Option<(f32, RgbaImage)> = None;
    let mut last = None;
    for place in PLACES {
        let Some(from) =
            duration_s.map(|seconds| seconds * place).or_else(|| (place == 0.0).then_some(0.0))
        else {
            continue;
        };
        let frame = match frame(path, sniffed, (from, stream), tools, control) {
            Ok(Some(frame)) => frame,
            Ok(None) => continue,
            Err(error @ WorkError::Program { .. }) => {
                last = Some(ffmpeg::told(error, sniffed));
                continue;
            }
            Err(error) => return Err(error),
        };
        let seen = contrast(&frame);
        if seen >= CONTRAST_MIN {
            return Ok(frame);
        }
        if best.as_ref().is_none_or(|(before, _)| seen > *before) {
            best = Some((seen, frame));
        }
    }
    best.map(|(_, frame)| frame).ok_or_else(|| last.unwrap_or_else(nothing))
}

fn frame(
    path: &Path,
    sniffed: Sniffed,
    (from, stream): (f64, usize),
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Option<RgbaImage>, WorkError> {
    let (from, stream) = (format!("{from:.3}"), format!("0:{stream}"));
    // Small before any are compared: two dozen large frames would not fit.
    let filter = format!(
        "scale=iw*sar:ih,setsar=1,scale='min({SIDE_MAX_PX},iw)':'min({SIDE_MAX_PX},ih)':force_original_aspect_ratio=decrease,\
         thumbnail=n=24"
    );
    let after =
        ["-map", &stream, "-vf", &filter, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"];
    let command = ffmpeg::ffmpeg(tools, sniffed.mime, path, &["-ss", &from], &after)?;
    let mut png = Vec::new();
    let mut bytes = |piece: Vec<u8>| {
        png.extend(piece);
        if png.len() > BYTES_MAX {
            Err(WorkError::Internal("a poster without end".to_owned()))
        } else {
            Ok(())
        }
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    tools.run(Program::Ffmpeg, command, talk, control)?;
    if png.is_empty() { Ok(None) } else { Ok(Some(decode(&png, DecodeLimits::default())?)) }
}

/// Returns the variation of a picture's brightness: the standard deviation of its luma, 0 to 127.
fn contrast(picture: &RgbaImage) -> f32 {
    let (mut sum, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0_f64);
    for pixel in picture.pixels().step_by(7) {
        let [r, g, b, _] = pixel.0.map(f64::from);
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        sum += luma;
        squares += luma * luma;
        count += 1.0;
    }
    let mean = sum / count.max(1.0);
    (squares / count.max(1.0) - mean * mean).max(0.0).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_picture_has_no_contrast() {
        let plain = RgbaImage::from_pixel(64, 64, image::Rgba([9, 9, 9, 255]));
        assert!(contrast(&plain) < 0.01);
        let striped =
            RgbaImage::from_fn(64, 64, |x, _| image::Rgba([if x % 2 == 0 { 0 } else { 255 }; 4]));
        assert!(contrast(&striped) > 100.0);
    }
}
