//! Frames and sound out of a file of unknown origin. What reads it is told what the content is, follows no address
//! written in it, and is bounded in pixels.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::probe::Probe;
use super::rate::Rate;
use super::sound::Sound;
use gesso_media::Talk;
use gesso_media::streams::Streams;
use gesso_media::{Control, Program, ToolRunner, WorkError};

/// Most pixels of a frame that is decoded: a little more than 8K.
const PIXELS_MAX: &str = "36000000";

/// A file that is to be read, in a folder of its own; it goes with the value. What of it is seen and heard was chosen
/// when it was opened.
pub(crate) struct Source {
    demuxer: &'static str,
    streams: Streams,
    path: PathBuf,
    _folder: TempDir,
}

impl Source {
    /// Puts the bytes where programs can read them, and looks at them.
    ///
    /// # Errors
    /// [`WorkError::Refused`] for what is neither film nor sound or does not play, and when the disk refuses.
    pub(crate) fn open(
        bytes: &[u8],
        tools: &ToolRunner,
        control: &Control<'_>,
    ) -> Result<Self, WorkError> {
        let known = gesso_media::sniff(bytes)
            .and_then(|sniffed| Some((sniffed, gesso_media::demuxer(sniffed.mime)?)));
        let Some((sniffed, demuxer)) = known else {
            return Err(WorkError::Refused(
                "This is neither a video nor a sound that can be opened here. Use MP4, WebM, MOV, MP3, WAV, OGG or FLAC."
                    .to_owned(),
            ));
        };
        let folder = tools.folder()?;
        let path = folder.path().join("source");
        std::fs::write(&path, bytes)?;
        let quiet = Control { progress: &|_| {}, cancelled: control.cancelled };
        let streams = gesso_media::streams::look(&path, sniffed, tools, &quiet)?;
        Ok(Self { demuxer, streams, path, _folder: folder })
    }

    /// Returns the facts about the file.
    pub(crate) fn about(&self) -> Probe {
        Probe::of(&self.streams)
    }

    /// Returns ffmpeg's specifier of the stream of pictures, where this is its input `n`.
    ///
    /// # Errors
    /// [`WorkError::Refused`] where there are none.
    pub(crate) fn pictures(&self, n: usize) -> Result<String, WorkError> {
        let none = || {
            WorkError::Refused("There is no picture in this video. Connect another one.".to_owned())
        };
        Ok(format!("{n}:{}", self.streams.pictures.as_ref().ok_or_else(none)?.index))
    }

    /// Names it as the next input of a program.
    pub(crate) fn input(&self, command: &mut Command) {
        command.args(["-protocol_whitelist", "file,pipe", "-max_pixels", PIXELS_MAX]);
        command.args(["-f", self.demuxer, "-i"]).arg(&self.path);
    }

    fn ffmpeg(&self, tools: &ToolRunner) -> Result<Command, WorkError> {
        let mut command = tools.command(Program::Ffmpeg)?;
        command.args(["-nostdin", "-hide_banner", "-v", "error", "-threads", "2"]);
        self.input(&mut command);
        Ok(command)
    }

    /// Gives at most `most` frames to `take`, as 8-bit sRGB of this size and rate.
    ///
    /// # Errors
    /// The errors of `take`, [`WorkError::Refused`] for a damaged file and those of the program.
    pub(crate) fn frames(
        &self,
        (width, height): (u32, u32),
        rate: Rate,
        most: u32,
        tools: &ToolRunner,
        control: &Control<'_>,
        take: &mut dyn FnMut(Vec<u8>) -> Result<(), WorkError>,
    ) -> Result<(), WorkError> {
        let mut command = self.ffmpeg(tools)?;
        let filter = format!(
            "fps={},scale={width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int+bitexact",
            rate.text()
        );
        command.args(["-map", &self.pictures(0)?, "-an", "-vf", &filter, "-filter_threads", "1"]);
        command.args(["-frames:v", &most.to_string()]);
        command.args(["-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]);
        let length = width as usize * height as usize * 3;
        let mut frame = Vec::with_capacity(length);
        let mut bytes = |piece: Vec<u8>| {
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(length - frame.len()));
                frame.extend_from_slice(now);
                rest = later;
                if frame.len() == length {
                    take(std::mem::replace(&mut frame, Vec::with_capacity(length)))?;
                }
            }
            Ok(())
        };
        let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
        tools.run(Program::Ffmpeg, command, talk, control).map_err(damaged)
    }

    /// The sound, at most `seconds` of it.
    ///
    /// # Errors
    /// [`WorkError::Refused`] for a file without sound or a damaged one; those of the program.
    pub(crate) fn sound(
        &self,
        seconds: f64,
        tools: &ToolRunner,
        control: &Control<'_>,
    ) -> Result<Sound, WorkError> {
        let none = || {
            WorkError::Refused(
                "There is no sound in this file. Connect a file that holds sound.".to_owned(),
            )
        };
        let stream = self.streams.sound.ok_or_else(none)?;
        let mut command = self.ffmpeg(tools)?;
        command.args(["-map", &format!("0:{stream}"), "-vn", "-ac", "2", "-ar", "48000"]);
        command.args(["-t", &format!("{seconds:.6}")]);
        command.args(["-f", "s16le", "-fflags", "+bitexact", "-flags", "+bitexact", "pipe:1"]);
        let mut samples = Vec::new();
        let mut odd: Vec<u8> = Vec::new();
        let mut bytes = |piece: Vec<u8>| {
            odd.extend(piece);
            let whole = odd.len() / 4 * 4;
            samples.extend(
                odd[..whole]
                    .chunks_exact(4)
                    .map(|s| [i16::from_le_bytes([s[0], s[1]]), i16::from_le_bytes([s[2], s[3]])]),
            );
            odd.drain(..whole);
            Ok(())
        };
        let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
        tools.run(Program::Ffmpeg, command, talk, control).map_err(damaged)?;
        if samples.is_empty() {
            return Err(none());
        }
        Ok(Sound { samples })
    }
}

/// A program that fails on a file says that the file is broken.
fn damaged(error: WorkError) -> WorkError {
    if let WorkError::Program { detail, .. } = &error {
        return WorkError::Refused(format!(
            "This file cannot be read ({}). Export it again, as MP4 or WAV, and replace it.",
            detail.trim_end_matches('.')
        ));
    }
    error
}
