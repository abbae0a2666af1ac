//! Pixels out of bytes of unknown origin, without harm, and back.

use crate::budget;
use crate::color;
use crate::error::MediaError;
use crate::limits::DecodeLimits;
use crate::scale::{ScaleFilter, scale};
use crate::sniff::sniff;
use std::io::{Cursor, Read as _};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{
    ColorType, DynamicImage, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader,
    RgbaImage,
};

/// Largest color profile, in bytes.
const PROFILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

pub(crate) fn format(bytes: &[u8]) -> Result<ImageFormat, MediaError> {
    if bytes.is_empty() {
        return Err(MediaError::Empty);
    }
    match sniff(bytes).map(|s| s.mime) {
        Some("image/png") => png_profile(bytes).map(|()| ImageFormat::Png),
        Some("image/jpeg") => Ok(ImageFormat::Jpeg),
        Some("image/webp") => Ok(ImageFormat::WebP),
        Some("image/gif") => Ok(ImageFormat::Gif),
        Some("image/bmp") => Ok(ImageFormat::Bmp),
        _ => Err(MediaError::Unsupported),
    }
}

/// Checks that the color profile of a PNG is of a size that profiles have: it is compressed, and the decoder would
/// take all of it.
fn png_profile(bytes: &[u8]) -> Result<(), MediaError> {
    let damaged = || MediaError::Damaged("its color profile is too large".to_owned());
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        let body = after.get(..len).unwrap_or(after);
        if kind == *b"IDAT" {
            break;
        }
        if kind == *b"iCCP" {
            // Its name, a zero, and the method.
            let name = body.iter().position(|byte| *byte == 0).unwrap_or(body.len());
            let packed = body.get(name + 2..).unwrap_or_default();
            let mut unpacked = flate2::read::ZlibDecoder::new(packed).take(PROFILE_BYTES_MAX + 1);
            let copied = std::io::copy(&mut unpacked, &mut std::io::sink());
            if copied.is_ok_and(|bytes| bytes > PROFILE_BYTES_MAX) {
                return Err(damaged());
            }
            break;
        }
        // Its checksum follows.
        rest = after.get(len.saturating_add(4)..).unwrap_or_default();
    }
    Ok(())
}

pub(crate) fn damaged(error: &image::ImageError) -> MediaError {
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

/// The pixels of a picture, upright and in sRGB. Its size is checked before room is made for them, and that room is
/// waited for where other pictures take it; of an animation it is the first frame.
///
/// # Errors
/// All of [`MediaError`] but `Encode`.
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<RgbaImage, MediaError> {
    Ok(pixels(bytes, limits)?.0)
}

/// Decodes a picture for nothing but its size.
///
/// # Errors
/// Those of [`decode`].
pub fn check(bytes: &[u8], limits: DecodeLimits) -> Result<(u32, u32), MediaError> {
    let (picture, held) = pixels(bytes, limits)?;
    let size = picture.dimensions();
    drop(picture);
    drop(held);
    Ok(size)
}

/// The same pixels where no more than `pixels_max` of them are wanted: a larger picture is made smaller.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_within(bytes: &[u8], pixels_max: u64) -> Result<RgbaImage, MediaError> {
    let (picture, held) = pixels(bytes, DecodeLimits::default())?;
    let (w, h) = picture.dimensions();
    let factor = (pixels_max as f64 / (f64::from(w) * f64::from(h))).sqrt();
    if factor >= 1.0 {
        return Ok(picture);
    }
    let side = |side: u32| ((f64::from(side) * factor) as u32).max(1);
    let small = scale(&picture, (side(w), side(h)), ScaleFilter::CatmullRom, None);
    drop(picture);
    drop(held);
    small
}

fn pixels(bytes: &[u8], limits: DecodeLimits) -> Result<(RgbaImage, budget::Held), MediaError> {
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
    let is_turned = orientation.is_some_and(|o| o != image::metadata::Orientation::NoTransforms);
    let count = u64::from(width) * u64::from(height);
    let aside = count * beside(format, bytes) + if is_turned { count * 4 } else { 0 };
    let needed = decoder.total_bytes().max(count * 4) + aside;
    let bytes_max = budget::DECODED_BYTES_MAX;
    let held = budget::take(needed).ok_or(MediaError::TooHeavy { bytes: needed, bytes_max })?;
    let profile = decoder.icc_profile().ok().flatten();
    let profile = color::profile(bytes, format, profile.as_deref());
    let (kind, total) = (decoder.color_type(), decoder.total_bytes() as usize);
    let mut content = vec![0; total.max(count as usize * 4)];
    decoder.read_image(&mut content[..total]).map_err(|e| damaged(&e))?;
    to_rgba(&mut content, count as usize, kind)?;
    let mut picture = RgbaImage::from_raw(width, height, content)
        .ok_or_else(|| MediaError::Damaged("it has no pixels".to_owned()))?;
    if let Some(profile) = profile {
        color::to_srgb(&mut picture, &profile);
    }
    if let Some(orientation) = orientation.filter(|_| is_turned) {
        let mut turned = DynamicImage::ImageRgba8(picture);
        turned.apply_orientation(orientation);
        picture = turned.into_rgba8();
    }
    Ok((picture, held))
}

/// Bytes a pixel that a decoder needs beside the pixels.
fn beside(format: ImageFormat, bytes: &[u8]) -> u64 {
    // A progressive JPEG is held as coefficients until its last scan.
    let is_progressive =
        || bytes.windows(2).any(|at| matches!(at, [0xff, 0xc2 | 0xc6 | 0xca | 0xce]));
    if format == ImageFormat::Jpeg && is_progressive() {
        6
    } else if matches!(format, ImageFormat::WebP | ImageFormat::Gif) {
        4
    } else {
        0
    }
}

/// Makes RGBA of 8 bits of the pixels at the beginning of `content`, in the same place.
fn to_rgba(content: &mut Vec<u8>, count: usize, kind: ColorType) -> Result<(), MediaError> {
    let step = usize::from(kind.bytes_per_pixel());
    let channels = usize::from(kind.channel_count());
    let wide = match step / channels {
        1 => false,
        2 => true,
        _ => return Err(MediaError::Unsupported),
    };
    if kind == ColorType::Rgba8 {
        return Ok(());
    }
    let mut one = |n: usize| {
        let mut pixel = [0_u8; 8];
        pixel[..step].copy_from_slice(&content[n * step..(n + 1) * step]);
        let value = |channel: usize| {
            if wide {
                let value = u16::from_ne_bytes([pixel[channel * 2], pixel[channel * 2 + 1]]);
                ((u32::from(value) + 128) / 257) as u8
            } else {
                pixel[channel]
            }
        };
        let rgba = match channels {
            1 => [value(0), value(0), value(0), 255],
            2 => [value(0), value(0), value(0), value(1)],
            3 => [value(0), value(1), value(2), 255],
            _ => [value(0), value(1), value(2), value(3)],
        };
        content[n * 4..n * 4 + 4].copy_from_slice(&rgba);
    };
    // Where pixels grow the last come first, so that none is written over before it is read.
    if step < 4 {
        (0..count).rev().for_each(&mut one);
    } else {
        (0..count).for_each(&mut one);
    }
    content.truncate(count * 4);
    content.shrink_to_fit();
    Ok(())
}

/// Most pixels of a small copy.
const SMALL_PIXELS_MAX: f64 = 12e6;
/// Longest side of a small copy, in pixels: all that WebP takes.
const SMALL_SIDE_MAX: f64 = 16_383.0;

/// A small copy, at most `width` pixels wide and never larger than the picture, in its proportions: JPEG, or WebP where
/// there is transparency. Answers the bytes and their MIME type.
///
/// # Errors
/// Those of [`decode`] and [`MediaError::Encode`].
pub fn thumbnail(bytes: &[u8], width: u32) -> Result<(Vec<u8>, &'static str), MediaError> {
    let (picture, held) = pixels(bytes, DecodeLimits::default())?;
    let small = small(picture, width);
    drop(held);
    small
}

/// The same of pixels.
///
/// # Errors
/// [`MediaError::Encode`].
pub fn small(picture: RgbaImage, width: u32) -> Result<(Vec<u8>, &'static str), MediaError> {
    let (w, h) = picture.dimensions();
    let (own_w, own_h) = (f64::from(w), f64::from(h));
    let factor = (f64::from(width.max(1)) / own_w)
        .min((SMALL_PIXELS_MAX / (own_w * own_h)).sqrt())
        .min(SMALL_SIDE_MAX / own_w.max(own_h))
        .min(1.0);
    let side = |own: f64| (own * factor).round().max(1.0) as u32;
    let (width, height) = (side(own_w), side(own_h));
    let small = if (width, height) == (w, h) {
        picture
    } else {
        scale(&picture, (width, height), ScaleFilter::CatmullRom, None)?
    };
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
