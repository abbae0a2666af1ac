//! The look at a file before it is stored: that it is whole, what it holds, and nothing in it but that.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use image::{ImageDecoder as _, ImageReader};

use crate::check;
use crate::control::Control;
use crate::drawing;
use crate::error::MediaError;
use crate::error::WorkError;
use crate::glb;
use crate::heif;
use crate::jpeg;
use crate::kind::MediaKind;
use crate::kind::Sniffed;
use crate::limits::DecodeLimits;
use crate::probe::{self, probe};
use crate::probed::Probed;
use crate::program::Program;
use crate::runner::ToolRunner;
use crate::strip;
use crate::svg;

/// Most bytes of a picture's file, which is read as a whole.
const PICTURE_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Said of a file its decoder gave up on.
const BROKEN: &str =
    "This file is damaged. Open it in the program it comes from, save it again and upload that.";

/// Findings about a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Examined {
    /// Media type and kind.
    pub sniffed: Sniffed,
    /// Width and height in pixels as it is shown, where it has them and they can be known here.
    pub size_px: Option<(u32, u32)>,
    /// Length in seconds, where it has one and it can be known here.
    pub duration_s: Option<f64>,
}

/// Looks at a file whose beginning was sniffed. Pictures are decoded, videos and sounds in part; where the file tells
/// of a place or acts by itself it is replaced by one that does not.
///
/// # Errors
/// [`WorkError::Media`] and [`WorkError::Refused`] for what cannot be used, and those of [`ToolRunner::run`].
pub fn examine(
    path: &Path,
    sniffed: Sniffed,
    limits: DecodeLimits,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Examined, WorkError> {
    control.check()?;
    // The decoders of other people's formats are other people's: one that panics on a broken file has refused it.
    catch_unwind(AssertUnwindSafe(|| look(path, sniffed, limits, tools, control)))
        .unwrap_or_else(|_| Err(WorkError::Refused(BROKEN.to_owned())))
}

fn look(
    path: &Path,
    sniffed: Sniffed,
    limits: DecodeLimits,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Examined, WorkError> {
    let len = std::fs::metadata(path)?.len();
    // What came in was seen only at its beginning.
    let unknown = || WorkError::Refused(BROKEN.to_owned());
    let sniffed = if sniffed.kind == MediaKind::Audio {
        crate::sniff::sniff_file(path)?.ok_or_else(unknown)?
    } else {
        sniffed
    };
    match sniffed.kind {
        MediaKind::Image => {
            if len > PICTURE_BYTES_MAX {
                return Err(WorkError::Refused(format!(
                    "This picture's file is larger than {} MiB. Save it smaller, for instance as JPEG.",
                    PICTURE_BYTES_MAX / (1024 * 1024)
                )));
            }
            let sniffed = if heif::is(sniffed) {
                heif::convert(path, sniffed, limits, tools, control)?
            } else {
                sniffed
            };
            let size_px = Some(picture(path, sniffed, limits)?);
            Ok(Examined { sniffed, size_px, duration_s: None })
        }
        MediaKind::Svg => {
            if len > svg::SVG_BYTES_MAX {
                return Err(WorkError::Refused(
                    "This SVG is larger than 8 MiB. Simplify it, or save it as PNG and upload that.".to_owned(),
                ));
            }
            let clean = svg::clean(&std::fs::read(path)?)?;
            let size_px = drawing::size(clean.as_bytes(), tools, control)?;
            std::fs::write(path, clean)?;
            Ok(Examined { sniffed, size_px: Some(size_px), duration_s: None })
        }
        MediaKind::Model3d => {
            glb::check(BufReader::new(File::open(path)?), len)?;
            Ok(Examined { sniffed, size_px: None, duration_s: None })
        }
        MediaKind::Video | MediaKind::Audio => {
            let probed = probe(path, sniffed, tools, control)?;
            if probed.has_location || probe::tells_place(path, sniffed)? {
                without_place(path, probed.sniffed, tools, control)?;
            }
            let Probed { sniffed, size_px, duration_s, .. } = probed;
            Ok(Examined { sniffed, size_px, duration_s })
        }
    }
}

/// Decodes a picture and takes out of its file what is none of its pixels; answers its size.
fn picture(path: &Path, sniffed: Sniffed, limits: DecodeLimits) -> Result<(u32, u32), WorkError> {
    let bytes = strip::completed(Bytes::from(std::fs::read(path)?), sniffed.mime);
    if sniffed.mime == "image/jpeg" {
        jpeg::check(&bytes)?;
    }
    let (width, height) = check(&bytes, limits)?;
    let kept = strip::strip(bytes.clone(), sniffed.mime, orientation(&bytes)?)?;
    if kept.len() as u64 != std::fs::metadata(path)?.len() || kept != bytes {
        std::fs::write(path, &kept)?;
    }
    Ok((width, height))
}

fn orientation(bytes: &[u8]) -> Result<u8, MediaError> {
    let reader =
        ImageReader::with_format(std::io::Cursor::new(bytes), crate::picture::format(bytes)?);
    let mut decoder = reader.into_decoder().map_err(|error| crate::picture::damaged(&error))?;
    Ok(decoder.orientation().map_or(1, image::metadata::Orientation::to_exif))
}

/// Replaces a video by one that does not say where it was made.
fn without_place(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    if !tools.programs().has(Program::Ffmpeg) {
        return Err(WorkError::Refused(
            "This video says where it was recorded, and only ffmpeg can take that out, which is not installed on the \
             server. Export the video without its location, or ask whoever runs the server to install ffmpeg."
                .to_owned(),
        ));
    }
    let folder = tools.folder()?;
    let clean = folder.path().join("clean");
    probe::remux(path, sniffed, &clean, tools, control)?;
    std::fs::copy(&clean, path)?;
    Ok(())
}
