//! Pictures in the boxes of a film, HEIC and AVIF: opened by libheif's own program and stored as what every browser and
//! every model here opens.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

use crate::control::Control;
use crate::error::WorkError;
use crate::kind::MediaKind;
use crate::kind::Sniffed;
use crate::limits::DecodeLimits;
use crate::picture::decode;
use crate::picture::encode_png;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;

/// Most address space while one is opened, in bytes.
const MEMORY_MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Most time for one.
const TIME_MAX: Duration = Duration::from_secs(60);
/// A photo that would be larger than this without loss, in bytes, is stored as JPEG.
const LOSSLESS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Quality of a JPEG, of 100.
const QUALITY: u8 = 95;

/// True if it is one of these.
pub(super) fn is(sniffed: Sniffed) -> bool {
    matches!(sniffed.mime, "image/heic" | "image/avif")
}

/// Name among people.
fn name(sniffed: Sniffed) -> &'static str {
    if sniffed.mime == "image/avif" { "AVIF" } else { "HEIC" }
}

/// Replaces the picture in a file by the same as PNG or JPEG, upright, in sRGB; answers what it is now.
///
/// # Errors
/// [`WorkError::Refused`] for what cannot be opened, and where there is no program for it.
pub(super) fn convert(
    path: &Path,
    sniffed: Sniffed,
    limits: DecodeLimits,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Sniffed, WorkError> {
    let name = name(sniffed);
    if !tools.programs().has(Program::Heif) {
        return Err(WorkError::Refused(format!(
            "{name} pictures can only be opened with libheif, which is not installed on the server. Save it as PNG, JPEG \
             or WebP and upload that."
        )));
    }
    let folder = tools.folder()?;
    let (from, to) =
        (folder.path().join(format!("in.{}", sniffed.ext)), folder.path().join("out.png"));
    std::fs::copy(path, &from)?;
    let mut command = tools.command_within(Program::Heif, MEMORY_MAX_BYTES)?;
    command.arg(&from).arg(&to);
    let damaged = || {
        WorkError::Refused(format!(
            "This {name} picture cannot be opened: it is damaged, moves, or is of a kind that libheif does not know. Save it \
             as PNG or JPEG, what moves as WebP or MP4, and upload that."
        ))
    };
    let talk = Talk { within: Some(TIME_MAX), ..Talk::default() };
    tools.run(Program::Heif, command, talk, control).map_err(|error| {
        if matches!(error, WorkError::Program { .. }) { damaged() } else { error }
    })?;
    // Of several pictures in one file each is written under a name of its own.
    let written = [to, folder.path().join("out-1.png")].into_iter().find(|path| path.is_file());
    let picture = decode(&std::fs::read(written.ok_or_else(damaged)?)?, limits)?;
    let mut bytes = encode_png(&picture)?;
    let is_opaque = picture.pixels().all(|pixel| pixel[3] == 255);
    let mut now = Sniffed { mime: "image/png", kind: MediaKind::Image, ext: "png" };
    if is_opaque && bytes.len() > LOSSLESS_BYTES_MAX {
        let (width, height) = picture.dimensions();
        let rgb: Vec<u8> = picture.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
        let mut jpeg = Cursor::new(Vec::new());
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .write_image(&rgb, width, height, ExtendedColorType::Rgb8)
            .map_err(|error| WorkError::Internal(error.to_string()))?;
        bytes = jpeg.into_inner();
        now = Sniffed { mime: "image/jpeg", kind: MediaKind::Image, ext: "jpg" };
    }
    std::fs::write(path, bytes)?;
    Ok(now)
}
