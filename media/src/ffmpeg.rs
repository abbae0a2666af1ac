//! Calls of ffmpeg on a file of a known kind, and what its complaints mean.

use crate::error::WorkError;
use crate::kind::MediaKind;
use crate::kind::Sniffed;
use crate::program::Program;
use crate::runner::ToolRunner;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

pub(crate) fn thing(kind: MediaKind) -> &'static str {
    if kind == MediaKind::Video { "video" } else { "sound" }
}

pub(super) fn damaged(kind: MediaKind, why: &str) -> WorkError {
    let thing = thing(kind);
    WorkError::Refused(format!(
        "This {thing} cannot be played: {why}. Check that it plays on your computer, export it again and upload that."
    ))
}

/// Most pixels of a video's picture.
pub(crate) const VIDEO_PIXELS_MAX: u64 = 8192 * 4608;

/// The name by which ffmpeg knows the container of a media type.
#[must_use]
pub fn demuxer(mime: &str) -> Option<&'static str> {
    match mime {
        "video/mp4" | "video/quicktime" | "audio/mp4" => Some("mov"),
        "video/webm" | "video/x-matroska" | "audio/webm" => Some("matroska"),
        "audio/mpeg" => Some("mp3"),
        "audio/wav" => Some("wav"),
        "audio/ogg" => Some("ogg"),
        "audio/flac" => Some("flac"),
        "audio/aac" => Some("aac"),
        _ => None,
    }
}

/// Returns the options that keep a program to one file of one known kind: those before its input, and the input.
pub(super) fn input(mime: &str, path: &Path, before: &[&str]) -> Result<Vec<OsString>, WorkError> {
    let demuxer = demuxer(mime)
        .ok_or_else(|| WorkError::Refused(format!("This file is {mime}, which does not play.")))?;
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
    tools: &ToolRunner,
    mime: &str,
    path: &Path,
    before: &[&str],
    after: &[&str],
) -> Result<Command, WorkError> {
    let mut command = tools.command(Program::Ffmpeg)?;
    let pixels = (VIDEO_PIXELS_MAX + 1).to_string();
    let before = [&["-max_pixels", &pixels], before].concat();
    command.args(["-nostdin", "-hide_banner", "-v", "error"]);
    command.args(input(mime, path, &before)?).args(after);
    Ok(command)
}

/// A program's complaint about a file as a sentence about the file.
pub(super) fn told(error: WorkError, sniffed: Sniffed) -> WorkError {
    let WorkError::Program { detail, .. } = error else { return error };
    let why = detail.trim_end_matches('.').replace("file:", "");
    // The rest would name where the server keeps it.
    let why = if why.contains('/') { "it is damaged or cut off" } else { why.as_str() };
    damaged(sniffed.kind, why)
}
