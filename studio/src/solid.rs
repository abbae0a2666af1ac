//! Three dimensions: real GLB files from pictures and words, and pictures of any GLB.

mod glb;
mod mesh;
mod read;
mod render;
mod shapes;

use crate::{RgbaImage, StudioError};

/// A picture of a GLB of unknown origin: `side_px` pixels square (16 to 1024), from three quarters on a soft neutral
/// ground. What cannot be shown in full (too many pixels to draw, textures that cannot be opened) is left out.
///
/// # Errors
/// [`StudioError::Refused`] for what is no GLB, damaged, too large or without surfaces.
pub fn preview(glb: &[u8], side_px: u32) -> Result<RgbaImage, StudioError> {
    render::render(&read::read(glb)?, side_px)
}

#[cfg(test)]
mod tests;
