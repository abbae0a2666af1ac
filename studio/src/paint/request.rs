//! The request for a picture.

use std::sync::Arc;

use gesso_media::WorkError;
use image::RgbaImage;

/// Smallest side that can be painted, in pixels.
pub const SIDE_MIN_PX: u32 = 64;

/// Largest side that can be painted, in pixels.
pub const SIDE_MAX_PX: u32 = 4096;

/// A picture to paint.
#[derive(Clone, Debug)]
pub struct PaintRequest {
    /// The prompt: the picture in words.
    pub prompt: String,
    /// The prompt of things that must not be shown.
    pub negative: String,
    /// Width in pixels, from [`SIDE_MIN_PX`] to [`SIDE_MAX_PX`].
    pub width: u32,
    /// Height in pixels, from [`SIDE_MIN_PX`] to [`SIDE_MAX_PX`].
    pub height: u32,
    /// Varies layout and detail.
    pub seed: u64,
    /// Pictures whose colours (and, a little, whose horizon) the painting takes up.
    pub references: Vec<Arc<RgbaImage>>,
}

/// Why a size cannot be painted.
fn size_error(width: u32, height: u32) -> WorkError {
    WorkError::Refused(format!(
        "A picture of {width} × {height} px cannot be painted; each side is from {SIDE_MIN_PX} to {SIDE_MAX_PX} px."
    ))
}

/// The asked size, when it can be painted.
pub(super) fn size(request: &PaintRequest) -> Result<(u32, u32), WorkError> {
    let (width, height) = (request.width, request.height);
    let sides = SIDE_MIN_PX..=SIDE_MAX_PX;
    if sides.contains(&width) && sides.contains(&height) {
        Ok((width, height))
    } else {
        Err(size_error(width, height))
    }
}
