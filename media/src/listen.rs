//! Sounds read by a library, for machines without ffmpeg.

use std::fs::File;
use std::path::Path;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::{Duration, TimeBase};

use crate::control::Control;
use crate::error::WorkError;
use crate::kind::MediaKind;
use crate::kind::Sniffed;
use crate::probed::Probed;
use crate::program::Program;

fn open(path: &Path, sniffed: Sniffed) -> Result<Box<dyn FormatReader>, WorkError> {
    let stream =
        MediaSourceStream::new(Box::new(File::open(path)?), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(sniffed.ext).mime_type(sniffed.mime);
    symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| unread(sniffed, &error))
}

fn unread(sniffed: Sniffed, error: &Error) -> WorkError {
    let thing = if sniffed.kind == MediaKind::Video { "video" } else { "sound" };
    WorkError::Refused(format!(
        "This {thing} cannot be played: {error}. Check that it plays on your computer, export it again and upload that."
    ))
}

fn seconds(base: Option<TimeBase>, duration: Option<Duration>) -> Option<f64> {
    let time = base?.calc_duration(duration?)?;
    Some(time.as_secs_f64()).filter(|seconds| *seconds > 0.0)
}

/// Reads what a file says of itself: no size of a picture, and a length only where it is written down.
pub(super) fn probe(path: &Path, sniffed: Sniffed) -> Result<Probed, WorkError> {
    let format = open(path, sniffed)?;
    let tracks = format.tracks();
    let is = |track: &Track, audio: bool| match track.codec_params {
        Some(CodecParameters::Audio(_)) => audio,
        Some(CodecParameters::Video(_)) => !audio,
        _ => false,
    };
    let whole = format.media_info();
    let duration_s = tracks
        .iter()
        .filter_map(|track| seconds(track.time_base, track.duration))
        .chain(seconds(whole.time_base, whole.duration))
        .reduce(f64::max);
    let has_audio = tracks.iter().any(|track| is(track, true));
    if sniffed.kind == MediaKind::Audio && !has_audio {
        return Err(WorkError::Refused(
            "There is no sound in this file that can be played. Export it again and upload that."
                .to_owned(),
        ));
    }
    Ok(Probed { sniffed, size_px: None, duration_s, has_audio, has_location: false })
}

/// Decodes a sound to its end, telling the samples of all channels (interleaved, −1 to 1) and how many channels and
/// frames a second there are.
pub(super) fn decode(
    path: &Path,
    sniffed: Sniffed,
    control: &Control<'_>,
    take: &mut dyn FnMut(&[f32], usize, u32),
) -> Result<(), WorkError> {
    let mut format = open(path, sniffed)?;
    let missing = || WorkError::Missing(Program::Ffmpeg);
    let track = format.default_track(TrackType::Audio).ok_or_else(missing)?;
    let id = track.id;
    let params =
        track.codec_params.as_ref().and_then(CodecParameters::audio).ok_or_else(missing)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(|_unknown_codec| missing())?;
    let mut samples: Vec<f32> = Vec::new();
    loop {
        control.check()?;
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            // What is broken in the middle is heard up to there.
            Ok(None) | Err(_) => return Ok(()),
        };
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(decoded) => {
                decoded.copy_to_vec_interleaved(&mut samples);
                let spec = decoded.spec();
                take(&samples, spec.channels().count().max(1), spec.rate());
            }
            Err(Error::IoError(_) | Error::DecodeError(_)) => {}
            Err(_) => return Ok(()),
        }
    }
}
