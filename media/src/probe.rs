//! Examination of a video or a sound of unknown origin: asked of ffprobe, and tried by ffmpeg, both told what kind of
//! file it is and kept from opening any other. Without them a library reads sounds, and what the containers of videos
//! say.

use crate::ffmpeg::{VIDEO_PIXELS_MAX, damaged, demuxer, ffmpeg, thing, told};
use crate::probed::Probed;
use std::ffi::OsString;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::control::Control;
use crate::error::WorkError;
use crate::kind::Sniffed;
use crate::listen;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;
use crate::streams;

/// Longest side of a video, in pixels.
const VIDEO_SIDE_MAX_PX: u32 = 8192;
/// Longest video or sound, in seconds.
const DURATION_MAX_S: f64 = 24.0 * 60.0 * 60.0;
/// Most of a part of an MP4 that is no media and is searched, in bytes.
const DESCRIPTION_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Looks at a video or sound in a file: what is in it, and that its beginning and its end can be decoded.
///
/// # Errors
/// [`WorkError::Refused`] for what does not play, has no length or is absurdly large, and those of
/// [`ToolRunner::run`].
pub fn probe(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Probed, WorkError> {
    let programs = tools.programs();
    if !programs.has(Program::Ffprobe) || !programs.has(Program::Ffmpeg) {
        let probed = listen::probe(path, sniffed)?;
        check(&probed)?;
        return Ok(probed);
    }
    let found = streams::look(path, sniffed, tools, control)?;
    let probed = Probed {
        sniffed: found.sniffed,
        size_px: found.pictures.as_ref().map(|pictures| pictures.size_px),
        duration_s: found.seconds,
        has_audio: found.sound.is_some(),
        has_location: found.has_location,
    };
    let kind = probed.sniffed.kind;
    if probed.duration_s.is_none() {
        return Err(damaged(kind, "it has no length"));
    }
    check(&probed)?;
    let seconds = probed.duration_s.unwrap_or_default();
    let decodes = |from: f64, streams: &[Option<usize>]| -> Result<bool, WorkError> {
        let is_seen = |index: usize| found.pictures.as_ref().is_some_and(|p| p.index == index);
        for stream in streams.iter().copied().flatten() {
            if decodes(path, sniffed, (from, stream, is_seen(stream)), tools, control)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let seen = found.pictures.as_ref().map(|pictures| pictures.index);
    let main = seen.or(found.sound);
    if !decodes(0.0, &[main])? {
        return Err(damaged(kind, "it cannot be decoded"));
    }
    // Sound and picture need not end together, so either will do.
    let end = seconds - (seconds * 0.05).max(1.5);
    if end > 0.0 && !decodes(end, &[main, found.sound])? {
        return Err(damaged(kind, "it ends before its end, as if it had been cut off"));
    }
    Ok(probed)
}

fn check(probed: &Probed) -> Result<(), WorkError> {
    let kind = probed.sniffed.kind;
    if let Some((width, height)) = probed.size_px {
        if width == 0 || height == 0 {
            return Err(damaged(kind, "its picture has no size"));
        }
        if width.max(height) > VIDEO_SIDE_MAX_PX
            || u64::from(width) * u64::from(height) > VIDEO_PIXELS_MAX
        {
            return Err(WorkError::Refused(format!(
                "This video is {width} × {height} px; the limit is {VIDEO_SIDE_MAX_PX} px a side and {} megapixels. \
                 Export it smaller.",
                VIDEO_PIXELS_MAX / 1_000_000
            )));
        }
    }
    match probed.duration_s {
        Some(seconds) if seconds <= 0.0 => Err(damaged(kind, "it has no length")),
        Some(seconds) if seconds > DURATION_MAX_S => Err(WorkError::Refused(format!(
            "This {} says that it is {:.0} hours long; the limit is 24. Cut it and upload the part.",
            thing(kind),
            seconds / 3600.0
        ))),
        _ => Ok(()),
    }
}

/// Returns true if anything comes out of one stream from the second `from` on.
fn decodes(
    path: &Path,
    sniffed: Sniffed,
    (from, stream, is_seen): (f64, usize, bool),
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<bool, WorkError> {
    let (from, stream) = (format!("{from:.3}"), format!("0:{stream}"));
    let small = ["-frames:v", "1", "-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "-"];
    let short = ["-t", "1", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"];
    let rest = if is_seen { &small[..] } else { &short[..] };
    let after = [&["-map", &stream][..], rest].concat();
    let command = ffmpeg(tools, sniffed.mime, path, &["-ss", &from], &after)?;
    let mut heard = false;
    let mut bytes = |piece: Vec<u8>| {
        heard |= !piece.is_empty();
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    match tools.run(Program::Ffmpeg, command, talk, control) {
        Ok(()) | Err(WorkError::Program { .. }) => Ok(heard),
        Err(error) => Err(error),
    }
}

/// True if an MP4 or MOV file says where it was made, read from its own description: whatever lies beside its pictures
/// and sounds is searched for the names under which cameras write places.
///
/// # Errors
/// Those of reading.
pub(super) fn tells_place(path: &Path, sniffed: Sniffed) -> Result<bool, WorkError> {
    const NAMES: [&[u8]; 8] = [
        b"\xa9xyz",
        b"loci",
        b"location.",
        b"gpmd",
        b"mebx",
        b"camm",
        b"GPSLatitude",
        b"GPSCoordinates",
    ];
    if demuxer(sniffed.mime) != Some("mov") {
        return Ok(false);
    }
    let mut file = std::io::BufReader::new(std::fs::File::open(path)?);
    let len = std::fs::metadata(path)?.len();
    let mut at = 0_u64;
    while at + 8 <= len {
        let mut head = [0_u8; 16];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head[..8])?;
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let size = match short {
            0 => len - at,
            1 if at + 16 <= len => {
                file.read_exact(&mut head[8..])?;
                u64::from_be_bytes([
                    head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
                ])
            }
            size => u64::from(size),
        };
        if size < 8 {
            break;
        }
        if !matches!(&head[4..8], b"mdat" | b"free" | b"skip" | b"wide" | b"ftyp") {
            file.seek(SeekFrom::Start(at))?;
            let mut description = Vec::new();
            let most = size.min(DESCRIPTION_BYTES_MAX);
            file.by_ref().take(most).read_to_end(&mut description)?;
            let found = NAMES.iter().any(|name| memmem(&description, name));
            if found {
                return Ok(true);
            }
        }
        at = at.saturating_add(size);
    }
    Ok(false)
}

fn memmem(bytes: &[u8], name: &[u8]) -> bool {
    bytes.windows(name.len()).any(|window| window == name)
}

/// Writes the same pictures and sounds into another file without a word of where, when and by whom they were made.
///
/// # Errors
/// Those of [`ToolRunner::run`].
pub(super) fn remux(
    path: &Path,
    sniffed: Sniffed,
    to: &Path,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let muxer = match sniffed.mime {
        "video/quicktime" => "mov",
        "video/webm" | "audio/webm" => "webm",
        "video/x-matroska" => "matroska",
        // It marks the file as sound.
        "audio/mp4" => "ipod",
        "video/mp4" => "mp4",
        // What sounds carry is no place.
        _ => return Ok(std::fs::copy(path, to).map(drop)?),
    };
    let mut after = vec![
        "-map",
        "0:v?",
        "-map",
        "0:a?",
        "-c",
        "copy",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
    ];
    after.extend(["-fflags", "+bitexact", "-f", muxer]);
    if matches!(muxer, "mov" | "mp4" | "ipod") {
        after.extend(["-movflags", "+faststart"]);
    }
    let mut command = ffmpeg(tools, sniffed.mime, path, &[], &after)?;
    let mut name = OsString::from("file:");
    name.push(to);
    command.args(["-y"]).arg(name);
    tools
        .run(Program::Ffmpeg, command, Talk::default(), control)
        .map_err(|error| told(error, sniffed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MediaKind;

    const MP4: Sniffed = Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" };

    #[test]
    fn absurd_facts_are_refused() {
        let fine = Probed {
            sniffed: MP4,
            size_px: Some((640, 480)),
            duration_s: Some(1.0),
            has_audio: false,
            has_location: false,
        };
        assert!(check(&fine).is_ok());
        assert!(check(&Probed { duration_s: None, ..fine }).is_ok());
        for absurd in [
            Probed { duration_s: Some(0.0), ..fine },
            Probed { duration_s: Some(1e9), ..fine },
            Probed { size_px: Some((0, 480)), ..fine },
            Probed { size_px: Some((100_000, 2)), ..fine },
            Probed { size_px: Some((8192, 8192)), ..fine },
        ] {
            assert!(check(&absurd).is_err(), "{absurd:?}");
        }
    }
}
