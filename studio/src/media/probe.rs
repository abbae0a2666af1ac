//! What a video or a sound of unknown origin holds: asked of ffprobe, and tried by ffmpeg, both told what kind of file
//! it is and kept from opening any other. Without them a library reads sounds, and what the containers of videos say.

use std::ffi::OsString;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{MediaKind, Sniffed, listen};
use crate::{Control, Program, StudioError, Talk, Workshop};

/// Longest side of a video, in pixels.
const VIDEO_SIDE_MAX_PX: u32 = 8192;
/// Most pixels of a video's picture.
const VIDEO_PIXELS_MAX: u64 = 8192 * 4608;
/// Longest video or sound, in seconds.
const DURATION_MAX_S: f64 = 24.0 * 60.0 * 60.0;
/// Most of ffprobe's answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most of a part of an MP4 that is no media and is searched, in bytes.
const DESCRIPTION_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a video or sound holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// What it really is: a container of video may hold sound alone.
    pub sniffed: Sniffed,
    /// Width and height in pixels as it is shown, turned where the file says so.
    pub size_px: Option<(u32, u32)>,
    /// Its length in seconds, where it can be known here.
    pub duration_s: Option<f64>,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Whether it says where it was made.
    pub has_location: bool,
}

fn thing(kind: MediaKind) -> &'static str {
    if kind == MediaKind::Video { "video" } else { "sound" }
}

fn damaged(kind: MediaKind, why: &str) -> StudioError {
    let thing = thing(kind);
    StudioError::Refused(format!(
        "This {thing} cannot be played: {why}. Check that it plays on your computer, export it again and upload that."
    ))
}

/// The name by which ffmpeg knows the container of a media type.
#[must_use]
pub(super) fn demuxer(mime: &str) -> Option<&'static str> {
    match mime {
        "video/mp4" | "video/quicktime" | "audio/mp4" => Some("mov"),
        "video/webm" | "video/x-matroska" | "audio/webm" => Some("matroska"),
        "audio/mpeg" => Some("mp3"),
        "audio/wav" => Some("wav"),
        "audio/ogg" => Some("ogg"),
        "audio/flac" => Some("flac"),
        _ => None,
    }
}

/// What keeps a program to one file of one known kind: the options before its input, and the input.
pub(super) fn input(
    mime: &str,
    path: &Path,
    before: &[&str],
) -> Result<Vec<OsString>, StudioError> {
    let demuxer = demuxer(mime).ok_or_else(|| {
        StudioError::Refused(format!("This file is {mime}, which does not play."))
    })?;
    let mut name = OsString::from("file:");
    name.push(path);
    let mut args: Vec<OsString> =
        ["-protocol_whitelist", "file,pipe", "-threads", "1"].map(Into::into).into();
    args.extend(["-f", demuxer].map(OsString::from));
    args.extend(before.iter().map(OsString::from));
    args.extend([OsString::from("-i"), name]);
    Ok(args)
}

pub(super) fn ffmpeg(
    workshop: &Workshop,
    mime: &str,
    path: &Path,
    before: &[&str],
    after: &[&str],
) -> Result<Command, StudioError> {
    let mut command = workshop.command(Program::Ffmpeg)?;
    let pixels = (VIDEO_PIXELS_MAX + 1).to_string();
    let before = [&["-max_pixels", &pixels], before].concat();
    command.args(["-nostdin", "-hide_banner", "-v", "error"]);
    command.args(input(mime, path, &before)?).args(after);
    Ok(command)
}

/// Looks at a video or sound in a file: what is in it, and that its beginning and its end can be decoded.
///
/// # Errors
/// [`StudioError::Refused`] for what does not play, has no length or is absurdly large, and those of
/// [`Workshop::run`].
pub fn probe(
    path: &Path,
    sniffed: Sniffed,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Probed, StudioError> {
    let programs = workshop.programs();
    if !programs.has(Program::Ffprobe) || !programs.has(Program::Ffmpeg) {
        let probed = listen::probe(path, sniffed)?;
        check(&probed)?;
        return Ok(probed);
    }
    let answer = ask(path, sniffed, workshop, control)?;
    let mut probed = read(&answer, sniffed)?;
    if probed.duration_s.is_none() {
        probed.duration_s = walk(path, sniffed, workshop, control)?;
    }
    check(&probed)?;
    let seconds = probed.duration_s.unwrap_or_default();
    let stream = if probed.sniffed.kind == MediaKind::Video { "0:v:0" } else { "0:a:0" };
    let decodes = |from: f64, streams: &[&str]| -> Result<bool, StudioError> {
        for stream in streams {
            if decodes(path, sniffed, (from, stream), workshop, control)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    if !decodes(0.0, &[stream])? {
        return Err(damaged(probed.sniffed.kind, "it cannot be decoded"));
    }
    // Sound and picture need not end together, so either will do.
    let end = seconds - (seconds * 0.05).max(1.5);
    if end > 0.0 && !decodes(end, &[stream, "0:a:0"])? {
        return Err(damaged(
            probed.sniffed.kind,
            "it ends before its end, as if it had been cut off",
        ));
    }
    Ok(probed)
}

fn check(probed: &Probed) -> Result<(), StudioError> {
    let kind = probed.sniffed.kind;
    if let Some((width, height)) = probed.size_px {
        if width == 0 || height == 0 {
            return Err(damaged(kind, "its picture has no size"));
        }
        if width.max(height) > VIDEO_SIDE_MAX_PX
            || u64::from(width) * u64::from(height) > VIDEO_PIXELS_MAX
        {
            return Err(StudioError::Refused(format!(
                "This video is {width} × {height} px; the limit is {VIDEO_SIDE_MAX_PX} px a side and {} megapixels. \
                 Export it smaller.",
                VIDEO_PIXELS_MAX / 1_000_000
            )));
        }
    }
    match probed.duration_s {
        Some(seconds) if seconds <= 0.0 => Err(damaged(kind, "it has no length")),
        Some(seconds) if seconds > DURATION_MAX_S => Err(StudioError::Refused(format!(
            "This {} says that it is {:.0} hours long; the limit is 24. Cut it and upload the part.",
            thing(kind),
            seconds / 3600.0
        ))),
        _ => Ok(()),
    }
}

fn ask(
    path: &Path,
    sniffed: Sniffed,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Value, StudioError> {
    let mut command = workshop.command(Program::Ffprobe)?;
    command.args(["-hide_banner", "-v", "error"]);
    command.args(input(sniffed.mime, path, &[])?);
    command.args(["-of", "json=compact=1", "-show_entries"]).arg(
        "format=duration:format_tags:stream=codec_type,codec_name,codec_tag_string,width,height,duration,\
         sample_aspect_ratio:stream_tags:stream_disposition=attached_pic:stream_side_data=rotation",
    );
    let mut answer = Vec::new();
    let mut bytes = |piece: Vec<u8>| {
        answer.extend(piece);
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(damaged(sniffed.kind, "it describes itself at absurd length"));
        }
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    workshop.run(Program::Ffprobe, command, talk, control).map_err(|error| told(error, sniffed))?;
    serde_json::from_slice(&answer).map_err(|error| StudioError::Internal(error.to_string()))
}

/// A program's complaint about a file as a sentence about the file.
pub(super) fn told(error: StudioError, sniffed: Sniffed) -> StudioError {
    let StudioError::Program { detail, .. } = error else { return error };
    let why = detail.trim_end_matches('.').replace("file:", "");
    // The rest would name where the server keeps it.
    let why = if why.contains('/') { "it is damaged or cut off" } else { why.as_str() };
    damaged(sniffed.kind, why)
}

/// Makes sense of ffprobe's answer.
fn read(answer: &Value, sniffed: Sniffed) -> Result<Probed, StudioError> {
    let seconds = |value: &Value| {
        let seconds = value["duration"].as_str()?.parse::<f64>().ok()?;
        seconds.is_finite().then_some(seconds)
    };
    let no_streams = Vec::new();
    let streams = answer["streams"].as_array().unwrap_or(&no_streams);
    let is_cover = |stream: &Value| stream["disposition"]["attached_pic"] == 1;
    let of = |kind: &'static str| streams.iter().filter(move |stream| stream["codec_type"] == kind);
    let video = of("video").find(|stream| !is_cover(stream));
    let audio = of("audio").next();
    let sniffed = match (sniffed.mime, video, audio) {
        (_, None, None) => {
            return Err(damaged(sniffed.kind, "there is neither picture nor sound in it"));
        }
        ("video/mp4" | "video/quicktime" | "audio/mp4", None, Some(_)) => {
            Sniffed { mime: "audio/mp4", kind: MediaKind::Audio, ext: "m4a" }
        }
        ("video/webm" | "video/x-matroska", None, Some(_)) => {
            Sniffed { mime: "audio/webm", kind: MediaKind::Audio, ext: "webm" }
        }
        ("audio/mp4", Some(_), _) => {
            Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" }
        }
        ("audio/ogg", Some(_), _) => {
            return Err(StudioError::Refused(
                "Videos as OGG are not taken. Save it as MP4 or WebM and upload that.".to_owned(),
            ));
        }
        _ => sniffed,
    };
    let duration_s = seconds(&answer["format"]).or_else(|| streams.iter().find_map(seconds));
    let places = ["location", "gps", "xyz", "geo"];
    let tells = |tags: &Value| {
        let keys = tags.as_object().into_iter().flat_map(|tags| tags.keys());
        keys.map(|key| key.to_ascii_lowercase())
            .any(|key| places.iter().any(|place| key.contains(place)))
    };
    // Cameras write where they are beside the pictures, as a stream of its own.
    let telemetry = |stream: &Value| {
        matches!(
            stream["codec_tag_string"].as_str(),
            Some("gpmd" | "mebx" | "camm" | "djmd" | "dbgi")
        )
    };
    Ok(Probed {
        sniffed,
        size_px: video.map(shown_size),
        duration_s,
        has_audio: audio.is_some(),
        has_location: tells(&answer["format"]["tags"])
            || streams.iter().any(|stream| tells(&stream["tags"]) || telemetry(stream)),
    })
}

/// Width and height as a player shows them.
fn shown_size(stream: &Value) -> (u32, u32) {
    let px =
        |key: &str| stream[key].as_u64().and_then(|px| u32::try_from(px).ok()).unwrap_or_default();
    let (mut width, height) = (px("width"), px("height"));
    let aspect = stream["sample_aspect_ratio"].as_str().and_then(|text| text.split_once(':'));
    if let Some((w, h)) =
        aspect.and_then(|(w, h)| Some((w.parse::<f64>().ok()?, h.parse::<f64>().ok()?)))
        && w > 0.0
        && h > 0.0
        && (0.1..10.0).contains(&(w / h))
    {
        width = (f64::from(width) * w / h).round() as u32;
    }
    let side_data = stream["side_data_list"].as_array();
    let turns = side_data.and_then(|list| list.iter().find_map(|data| data["rotation"].as_f64()));
    let tagged = || stream["tags"]["rotate"].as_str().and_then(|turns| turns.parse().ok());
    let turns = turns.or_else(tagged).unwrap_or_default();
    let is_upright = (turns / 90.0).round().rem_euclid(2.0) == 0.0;
    if is_upright { (width, height) } else { (height, width) }
}

/// The length of what does not say it, by reading it to its end.
fn walk(
    path: &Path,
    sniffed: Sniffed,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Option<f64>, StudioError> {
    let after = ["-map", "0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"];
    let command = ffmpeg(workshop, sniffed.mime, path, &[], &after)?;
    let mut last = None;
    let mut line = |line: &str| {
        if let Some(us) = line.strip_prefix("out_time_us=").and_then(|us| us.parse::<f64>().ok()) {
            last = Some(us / 1e6);
        }
    };
    let talk = Talk { line: Some(&mut line), ..Talk::default() };
    workshop.run(Program::Ffmpeg, command, talk, control).map_err(|error| told(error, sniffed))?;
    Ok(last)
}

/// Whether anything comes out of one stream from a second on.
fn decodes(
    path: &Path,
    sniffed: Sniffed,
    (from, stream): (f64, &str),
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<bool, StudioError> {
    let from = format!("{from:.3}");
    let after: &[&str] = if stream.contains('v') {
        &[
            "-map",
            stream,
            "-frames:v",
            "1",
            "-vf",
            "scale=16:16",
            "-pix_fmt",
            "gray",
            "-f",
            "rawvideo",
            "-",
        ]
    } else {
        &["-map", stream, "-t", "1", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]
    };
    let command = ffmpeg(workshop, sniffed.mime, path, &["-ss", &from], after)?;
    let mut heard = false;
    let mut bytes = |piece: Vec<u8>| {
        heard |= !piece.is_empty();
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    match workshop.run(Program::Ffmpeg, command, talk, control) {
        Ok(()) | Err(StudioError::Program { .. }) => Ok(heard),
        Err(error) => Err(error),
    }
}

/// Whether an MP4 or MOV file says where it was made, read from its own description: whatever lies beside its pictures
/// and sounds is searched for the names under which cameras write places.
///
/// # Errors
/// Those of reading.
pub(super) fn tells_place(path: &Path, sniffed: Sniffed) -> Result<bool, StudioError> {
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
/// Those of [`Workshop::run`].
pub(super) fn remux(
    path: &Path,
    sniffed: Sniffed,
    to: &Path,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<(), StudioError> {
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
    let mut command = ffmpeg(workshop, sniffed.mime, path, &[], &after)?;
    let mut name = OsString::from("file:");
    name.push(to);
    command.args(["-y"]).arg(name);
    workshop
        .run(Program::Ffmpeg, command, Talk::default(), control)
        .map_err(|error| told(error, sniffed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MP4: Sniffed = Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" };

    #[test]
    fn sizes_are_those_that_are_shown() {
        for (stream, expected) in [
            (json!({"width": 1920, "height": 1080}), (1920, 1080)),
            (
                json!({"width": 1920, "height": 1080, "side_data_list": [{"rotation": -90}]}),
                (1080, 1920),
            ),
            (
                json!({"width": 1920, "height": 1080, "side_data_list": [{}, {"rotation": 180}]}),
                (1920, 1080),
            ),
            (json!({"width": 1920, "height": 1080, "tags": {"rotate": "270"}}), (1080, 1920)),
            (json!({"width": 1440, "height": 1080, "sample_aspect_ratio": "4:3"}), (1920, 1080)),
            (json!({"width": 1440, "height": 1080, "sample_aspect_ratio": "0:1"}), (1440, 1080)),
            (json!({"width": -5}), (0, 0)),
        ] {
            assert_eq!(shown_size(&stream), expected, "{stream}");
        }
    }

    #[test]
    fn covers_are_no_video_and_places_are_noticed() {
        let sound = json!({"streams": [
            {"codec_type": "audio", "duration": "3.5"},
            {"codec_type": "video", "width": 600, "height": 600, "disposition": {"attached_pic": 1}},
        ], "format": {}});
        let probed = read(&sound, MP4).unwrap();
        assert_eq!(
            (probed.sniffed.mime, probed.size_px, probed.duration_s),
            ("audio/mp4", None, Some(3.5))
        );
        assert!(!probed.has_location);
        let phone = json!({"streams": [{"codec_type": "video", "width": 6, "height": 4}],
            "format": {"duration": "2.0", "tags": {"com.apple.quicktime.location.ISO6709": "+52+13/"}}});
        assert!(read(&phone, MP4).unwrap().has_location);
        assert!(read(&json!({"streams": [{"codec_type": "data"}]}), MP4).is_err());
        assert!(read(&json!({}), MP4).is_err());
    }

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
