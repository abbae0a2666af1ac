//! The contents of a file, as far as a model asks.

use super::rate::Rate;
use gesso_media::streams::Streams;

/// Facts about a file before it is decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    /// Seconds as measured; 0 where there are none.
    pub(crate) duration_s: f64,
    /// As it is to be shown, with square pixels, turned upright, where there is a picture.
    pub(crate) size_px: Option<(u32, u32)>,
    /// Of the pictures, where there are any.
    pub(crate) rate: Option<Rate>,
    pub(crate) has_sound: bool,
    /// The number of the stream of its sound.
    pub(crate) sound: Option<usize>,
    /// The name of the pictures' codec; empty without pictures.
    pub(crate) codec: String,
    /// Format of their pixels, in ffmpeg's words (`yuv420p`).
    pub(crate) pixels: String,
}

impl Probe {
    pub(super) fn of(streams: &Streams) -> Self {
        let pictures = streams.pictures.as_ref();
        let rate = pictures.and_then(|pictures| pictures.rate);
        Self {
            duration_s: streams.seconds.unwrap_or(0.0),
            size_px: pictures.map(|pictures| pictures.size_px),
            rate: rate.map(|(pictures, seconds)| Rate { pictures, seconds }),
            has_sound: streams.sound.is_some(),
            sound: streams.sound,
            codec: pictures.map(|pictures| pictures.codec.clone()).unwrap_or_default(),
            pixels: pictures.map(|pictures| pictures.pixels.clone()).unwrap_or_default(),
        }
    }
}
