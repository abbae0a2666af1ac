//! Scaling of pictures. The library's own entry compiles every kind of pixel into whatever calls it; here are the two that
//! there are, once.

use fast_image_resize as fir;
use fir::images::{TypedImage, TypedImageRef};
use fir::pixels::{InnerPixel, U8x4, U16x4};
use image::RgbaImage;

use crate::MediaError;

/// A filter to scale with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleFilter {
    /// Four taps a direction: soft, without visible rings.
    CatmullRom,
    /// Six taps a direction: sharp.
    Lanczos3,
}

/// A part of a picture, in its pixels; may begin and end between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width, above 0.
    pub width: f64,
    /// Height, above 0.
    pub height: f64,
}

/// Scales a picture, or a part of it, to this width and height. Colours are weighted by their alpha.
///
/// # Errors
/// [`MediaError::Encode`] where the part reaches beyond the picture.
pub fn scale(
    picture: &RgbaImage,
    (width, height): (u32, u32),
    filter: ScaleFilter,
    part: Option<Part>,
) -> Result<RgbaImage, MediaError> {
    let (from_width, from_height) = picture.dimensions();
    let source = TypedImageRef::<U8x4>::from_buffer(from_width, from_height, picture.as_raw())
        .map_err(|error| fail(&error))?;
    let mut scaled = RgbaImage::new(width, height);
    let target = TypedImage::<U8x4>::from_buffer(width, height, &mut scaled)
        .map_err(|error| fail(&error))?;
    resize(&source, target, &options(filter, part, true))?;
    Ok(scaled)
}

/// Scales pixels of four channels of 16 bits, row by row, each channel for itself.
///
/// # Errors
/// [`MediaError::Encode`] where there are not as many pixels as that size has.
pub fn scale_deep(
    pixels: Vec<[u16; 4]>,
    (from_width, from_height): (u32, u32),
    (width, height): (u32, u32),
    filter: ScaleFilter,
) -> Result<Vec<[u16; 4]>, MediaError> {
    let pixels: Vec<U16x4> = pixels.into_iter().map(U16x4::new).collect();
    let source =
        TypedImageRef::new(from_width, from_height, &pixels[..]).map_err(|error| fail(&error))?;
    let mut scaled = vec![U16x4::default(); width as usize * height as usize];
    let target =
        TypedImage::from_pixels_slice(width, height, &mut scaled).map_err(|error| fail(&error))?;
    resize(&source, target, &options(filter, None, false))?;
    Ok(scaled.into_iter().map(|pixel| pixel.0).collect())
}

fn options(filter: ScaleFilter, part: Option<Part>, has_alpha: bool) -> fir::ResizeOptions {
    let filter = match filter {
        ScaleFilter::CatmullRom => fir::FilterType::CatmullRom,
        ScaleFilter::Lanczos3 => fir::FilterType::Lanczos3,
    };
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(filter))
        .use_alpha(has_alpha);
    match part {
        Some(Part { x, y, width, height }) => options.crop(x, y, width, height),
        None => options,
    }
}

fn resize<P: InnerPixel + fir::PixelTrait>(
    source: &TypedImageRef<'_, P>,
    mut target: TypedImage<'_, P>,
    options: &fir::ResizeOptions,
) -> Result<(), MediaError> {
    fir::Resizer::new().resize_typed(source, &mut target, options).map_err(|error| fail(&error))
}

fn fail(error: &dyn std::fmt::Display) -> MediaError {
    MediaError::Encode(error.to_string())
}
