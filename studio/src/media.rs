//! Bytes of unknown origin: what they are, how large, and pixels out of them without harm.

mod examine;
mod glb;
mod listen;
mod poster;
mod probe;
mod sniff;
mod strip;
mod svg;
#[cfg(test)]
mod tests;
mod wave;

use std::io::Cursor;

use fast_image_resize as fir;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{
    DynamicImage, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader, RgbaImage,
};

pub use examine::{Examined, examine};
pub use poster::poster;
pub use probe::{Probed, probe};
pub use sniff::{MediaKind, Sniffed, sniff, wav_duration_ms};
pub use svg::{clean as clean_svg, draw as draw_svg};
pub use wave::{Waveform, draw as draw_waveform, waveform};

/// Limits of what is decoded.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Longest side, in pixels.
    pub side_max_px: u32,
    /// Most pixels.
    pub pixels_max: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { side_max_px: 16_384, pixels_max: 100_000_000 }
    }
}

/// Why bytes gave no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Nothing was sent.
    #[error("This file is empty.")]
    Empty,
    /// The content is none of the types known here.
    #[error("This is not a picture that can be opened here (PNG, JPEG, WebP, GIF and BMP can).")]
    Unsupported,
    /// More pixels than are allowed.
    #[error("This picture is {width} × {height} px; the limit is {side_max_px} px a side and {} megapixels.", .pixels_max / 1_000_000)]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Allowed side in pixels.
        side_max_px: u32,
        /// Allowed number of pixels.
        pixels_max: u64,
    },
    /// It begins like a picture and is broken.
    #[error(
        "This picture is damaged and cannot be opened ({0}). Save it again where it opens and upload that."
    )]
    Damaged(String),
    /// It could not be written as the asked format.
    #[error("The picture could not be encoded: {0}")]
    Encode(String),
}

fn format(bytes: &[u8]) -> Result<ImageFormat, MediaError> {
    if bytes.is_empty() {
        return Err(MediaError::Empty);
    }
    match sniff(bytes).map(|s| s.mime) {
        Some("image/png") => Ok(ImageFormat::Png),
        Some("image/jpeg") => Ok(ImageFormat::Jpeg),
        Some("image/webp") => Ok(ImageFormat::WebP),
        Some("image/gif") => Ok(ImageFormat::Gif),
        Some("image/bmp") => Ok(ImageFormat::Bmp),
        _ => Err(MediaError::Unsupported),
    }
}

fn damaged(error: &image::ImageError) -> MediaError {
    MediaError::Damaged(error.to_string())
}

/// Width and height in pixels as the picture is to be shown (EXIF orientation applied), from its header alone.
///
/// # Errors
/// [`MediaError::Empty`], [`MediaError::Unsupported`] and [`MediaError::Damaged`].
pub fn dimensions(bytes: &[u8]) -> Result<(u32, u32), MediaError> {
    let reader = ImageReader::with_format(Cursor::new(bytes), format(bytes)?);
    let mut decoder = reader.into_decoder().map_err(|e| damaged(&e))?;
    let (width, height) = decoder.dimensions();
    let turned = decoder.orientation().is_ok_and(|o| {
        use image::metadata::Orientation as O;
        matches!(o, O::Rotate90 | O::Rotate270 | O::Rotate90FlipH | O::Rotate270FlipH)
    });
    Ok(if turned { (height, width) } else { (width, height) })
}

/// The pixels of a picture, upright. Its size is checked before room is made for them; of an
/// animation it is the first frame.
///
/// # Errors
/// All of [`MediaError`] but `Encode`.
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<RgbaImage, MediaError> {
    let format = format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allowed = image::Limits::default();
    // Some formats hold the picture twice while they read it, at up to 8 bytes a pixel.
    allowed.max_alloc = Some(limits.pixels_max.saturating_mul(16));
    reader.limits(allowed);
    let mut decoder = reader.into_decoder().map_err(|e| damaged(&e))?;
    let (width, height) = decoder.dimensions();
    if width > limits.side_max_px
        || height > limits.side_max_px
        || u64::from(width) * u64::from(height) > limits.pixels_max
    {
        return Err(MediaError::TooLarge {
            width,
            height,
            side_max_px: limits.side_max_px,
            pixels_max: limits.pixels_max,
        });
    }
    if width == 0 || height == 0 {
        return Err(MediaError::Damaged("it has no pixels".to_owned()));
    }
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|e| damaged(&e))?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture.into_rgba8())
}

/// A small copy, at most `width` pixels wide and never larger than the picture: JPEG, or WebP where
/// there is transparency. Answers the bytes and their MIME type.
///
/// # Errors
/// Those of [`decode`] and [`MediaError::Encode`].
pub fn thumbnail(bytes: &[u8], width: u32) -> Result<(Vec<u8>, &'static str), MediaError> {
    small(decode(bytes, DecodeLimits::default())?, width)
}

/// The same of pixels.
///
/// # Errors
/// [`MediaError::Encode`].
pub fn small(picture: RgbaImage, width: u32) -> Result<(Vec<u8>, &'static str), MediaError> {
    let (w, h) = picture.dimensions();
    let width = width.clamp(1, w);
    let height =
        ((u64::from(h) * u64::from(width) + u64::from(w) / 2) / u64::from(w)).clamp(1, 4096) as u32;
    let small = if (width, height) == (w, h) { picture } else { shrink(&picture, width, height)? };
    let mut out = Cursor::new(Vec::new());
    if small.pixels().any(|p| p[3] < 255) {
        small
            .write_to(&mut out, ImageFormat::WebP)
            .map_err(|e| MediaError::Encode(e.to_string()))?;
        return Ok((out.into_inner(), "image/webp"));
    }
    let rgb = DynamicImage::ImageRgba8(small).into_rgb8();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 84)
        .encode_image(&rgb)
        .map_err(|e| MediaError::Encode(e.to_string()))?;
    Ok((out.into_inner(), "image/jpeg"))
}

fn shrink(picture: &RgbaImage, width: u32, height: u32) -> Result<RgbaImage, MediaError> {
    let fail = |e: &dyn std::fmt::Display| MediaError::Encode(e.to_string());
    let (w, h) = picture.dimensions();
    let source = fir::images::ImageRef::new(w, h, picture.as_raw(), fir::PixelType::U8x4)
        .map_err(|e| fail(&e))?;
    let mut target = fir::images::Image::new(width, height, fir::PixelType::U8x4);
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::CatmullRom));
    fir::Resizer::new().resize(&source, &mut target, &options).map_err(|e| fail(&e))?;
    RgbaImage::from_raw(width, height, target.into_vec())
        .ok_or_else(|| MediaError::Encode("wrong length".to_owned()))
}

/// A PNG, fast and decently small; without an alpha channel where every pixel is opaque.
///
/// # Errors
/// [`MediaError::Encode`].
pub fn encode_png(picture: &RgbaImage) -> Result<Vec<u8>, MediaError> {
    let fail = |e: image::ImageError| MediaError::Encode(e.to_string());
    let (w, h) = picture.dimensions();
    let mut out = Vec::with_capacity(w as usize * h as usize);
    let encoder =
        PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive);
    if picture.pixels().all(|p| p[3] == 255) {
        let rgb: Vec<u8> = picture.pixels().flat_map(|p| [p[0], p[1], p[2]]).collect();
        encoder.write_image(&rgb, w, h, image::ExtendedColorType::Rgb8).map_err(fail)?;
    } else {
        encoder
            .write_image(picture.as_raw(), w, h, image::ExtendedColorType::Rgba8)
            .map_err(fail)?;
    }
    Ok(out)
}
