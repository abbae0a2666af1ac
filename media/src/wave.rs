//! The waveform of a sound: how loud it gets along its length, as numbers and as a picture.

use std::path::Path;

use image::RgbaImage;
use serde::{Deserialize, Serialize};
use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, Transform};

use crate::control::Control;
use crate::error::WorkError;
use crate::ffmpeg;
use crate::kind::Sniffed;
use crate::listen;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;
use crate::streams;

/// Most peaks of a waveform.
const PEAKS_MAX: usize = 400;
/// Peaks that are kept while the length is unknown; pairs of them become one when there are more.
const KEPT_MAX: usize = 8192;
/// Frames a second that are looked at.
const RATE_HZ: u32 = 16_000;
/// Height of the picture as a part of its width.
const HEIGHT: f32 = 0.5;
/// A grey that stands out from white and from black.
const INK: (u8, u8, u8) = (0x8b, 0x8f, 0x9c);

/// Loudness of a sound along its length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waveform {
    /// Length in seconds.
    pub duration: f64,
    /// The highest sample of each of at most 400 equal parts, 255 for the loudest there can be.
    pub peaks: Vec<u8>,
}

/// Peaks of equal parts of a sound whose length is not known before its end.
struct Meter {
    peaks: Vec<f32>,
    /// Samples that make a peak.
    part: u64,
    heard: u64,
    peak: f32,
}

impl Meter {
    fn new() -> Self {
        Self { peaks: Vec::with_capacity(KEPT_MAX), part: 40, heard: 0, peak: 0.0 }
    }

    fn hear(&mut self, sample: f32) {
        self.peak = self.peak.max(sample.abs());
        self.heard += 1;
        if self.heard.is_multiple_of(self.part) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.peaks.push(self.peak);
        self.peak = 0.0;
        if self.peaks.len() == KEPT_MAX {
            self.peaks = self.peaks.chunks(2).map(|pair| pair[0].max(pair[1])).collect();
            self.part *= 2;
        }
    }

    fn done(mut self, rate_hz: u32) -> Option<Waveform> {
        if self.heard == 0 || rate_hz == 0 {
            return None;
        }
        if !self.heard.is_multiple_of(self.part) {
            self.peaks.push(self.peak);
        }
        let count = self.peaks.len().min(PEAKS_MAX);
        let edge = |part: usize| part * self.peaks.len() / count;
        let loudest = |part: usize| {
            self.peaks[edge(part)..edge(part + 1)].iter().copied().fold(0.0, f32::max)
        };
        let peaks = (0..count).map(|part| (loudest(part).min(1.0) * 255.0).round() as u8).collect();
        Some(Waveform { duration: self.heard as f64 / f64::from(rate_hz), peaks })
    }
}

/// The waveform of the first sound in a file; `None` where there is none.
///
/// # Errors
/// [`WorkError::Missing`] without ffmpeg for what no library here decodes, and those of [`ToolRunner::run`].
pub fn waveform(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Option<Waveform>, WorkError> {
    let mut meter = Meter::new();
    if !tools.programs().has(Program::Ffmpeg) {
        let mut rate_hz = 0;
        listen::decode(path, sniffed, control, &mut |samples, channels, rate| {
            rate_hz = rate;
            for frame in samples.chunks(channels) {
                meter.hear(frame.iter().copied().fold(0.0, |peak, sample| sample.abs().max(peak)));
            }
        })?;
        return Ok(meter.done(rate_hz));
    }
    let found = streams::glance(path, sniffed, tools, control)?;
    let Some(stream) = found.sound else { return Ok(None) };
    let (rate, stream) = (RATE_HZ.to_string(), format!("0:{stream}"));
    // As many channels as there are: mixed, what is opposite in them would vanish. A WAV says how many.
    let after = ["-map", &stream, "-ar", &rate, "-c:a", "pcm_s16le", "-bitexact", "-f", "wav", "-"];
    let command = ffmpeg::ffmpeg(tools, sniffed.mime, path, &[], &after)?;
    let mut rest: Vec<u8> = Vec::new();
    let mut frame_bytes = 0;
    let mut bytes = |piece: Vec<u8>| {
        rest.extend(piece);
        if frame_bytes == 0 {
            let Some(data) = rest.windows(4).position(|name| name == b"data") else {
                return Ok(());
            };
            if rest.len() < data + 8 || data < 24 {
                return Ok(());
            }
            frame_bytes = 2 * usize::from(u16::from_le_bytes([rest[22], rest[23]])).max(1);
            rest.drain(..data + 8);
        }
        let whole = rest.len() / frame_bytes * frame_bytes;
        for frame in rest[..whole].chunks_exact(frame_bytes) {
            let levels = frame.chunks_exact(2).map(|sample| {
                f32::from(i16::from_le_bytes([sample[0], sample[1]]).saturating_abs()) / 32_767.0
            });
            meter.hear(levels.fold(0.0, f32::max));
        }
        rest.drain(..whole);
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    tools
        .run(Program::Ffmpeg, command, talk, control)
        .map_err(|error| ffmpeg::told(error, sniffed))?;
    Ok(meter.done(RATE_HZ))
}

/// A picture of a waveform on nothing, `width` pixels wide, that can be read on light and on dark.
///
/// # Errors
/// [`WorkError::Internal`] when there is no room for it.
pub fn draw(waveform: &Waveform, width: u32) -> Result<RgbaImage, WorkError> {
    let failed = || WorkError::Internal("the waveform cannot be drawn".to_owned());
    let height = ((width as f32 * HEIGHT) as u32).max(8);
    let mut pixmap = Pixmap::new(width, height).ok_or_else(failed)?;
    let (w, h) = (width as f32, height as f32);
    let margin = w * 0.05;
    let bars = ((w - 2.0 * margin) / (w / 64.0).max(3.0)) as usize;
    let bars = bars.clamp(1, waveform.peaks.len().max(1));
    let step = (w - 2.0 * margin) / bars as f32;
    let thick = (step * 0.6).max(1.0);
    // Quiet sounds have a shape as well.
    let loudest = waveform.peaks.iter().copied().max().unwrap_or_default().max(8);
    let mut path = PathBuilder::new();
    for bar in 0..bars {
        let edge = |bar: usize| bar * waveform.peaks.len() / bars;
        let part = waveform.peaks.get(edge(bar)..edge(bar + 1)).unwrap_or_default();
        let peak = part.iter().copied().max().unwrap_or_default();
        let level = f32::from(peak) / f32::from(loudest);
        let tall = (level * h * 0.84).max(thick);
        let left = margin + step * bar as f32 + (step - thick) / 2.0;
        capsule(&mut path, left, (h - tall) / 2.0, thick, tall);
    }
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(INK.0, INK.1, INK.2, 255);
    let path = path.finish().ok_or_else(failed)?;
    pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    let straight = pixmap.pixels().iter().flat_map(|pixel| {
        let color = pixel.demultiply();
        [color.red(), color.green(), color.blue(), color.alpha()]
    });
    RgbaImage::from_raw(width, height, straight.collect()).ok_or_else(failed)
}

/// An upright bar with round ends.
fn capsule(path: &mut PathBuilder, x: f32, y: f32, width: f32, height: f32) {
    // How far the handles of a quarter of a circle reach.
    const ROUND: f32 = 0.552_285;
    let r = width / 2.0;
    let (k, right, bottom) = (r * ROUND, x + width, y + height);
    path.move_to(x, y + r);
    path.cubic_to(x, y + r - k, x + r - k, y, x + r, y);
    path.cubic_to(x + r + k, y, right, y + r - k, right, y + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - r + k, x + r + k, bottom, x + r, bottom);
    path.cubic_to(x + r - k, bottom, x, bottom - r + k, x, bottom - r);
    path.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_stand_where_it_is_loud_whatever_the_length() {
        for len in [1_u64, 39, 400, 16_000, 1_000_000] {
            let mut meter = Meter::new();
            for n in 0..len {
                meter.hear(if n * 2 < len { 0.25 } else { -1.5 });
            }
            let wave = meter.done(16_000).unwrap();
            assert!((wave.duration - len as f64 / 16_000.0).abs() < 1e-9);
            assert!((1..=400).contains(&wave.peaks.len()));
            if len >= 400 {
                assert_eq!(
                    (wave.peaks.first(), wave.peaks.last()),
                    (Some(&64), Some(&255)),
                    "{len}"
                );
            }
        }
        assert_eq!(Meter::new().done(16_000), None);
    }

    #[test]
    fn the_picture_is_taller_where_it_is_loud_and_never_empty() {
        let wave = Waveform { duration: 1.0, peaks: [[20; 200], [200; 200]].concat() };
        for width in [160, 320, 1280] {
            let drawn = draw(&wave, width).unwrap();
            let (w, h) = drawn.dimensions();
            let ink = |from: u32, to: u32| {
                (from..to)
                    .flat_map(|x| (0..h).map(move |y| (x, y)))
                    .filter(|(x, y)| drawn.get_pixel(*x, *y)[3] > 128)
                    .count()
            };
            assert!(ink(w / 2, w) > 4 * ink(0, w / 2), "{width}");
        }
        let silence = Waveform { duration: 1.0, peaks: vec![0; 400] };
        assert!(draw(&silence, 320).unwrap().pixels().any(|pixel| pixel[3] > 128));
    }
}
