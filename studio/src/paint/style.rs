//! Techniques: the same picture, painted or referred to, in oil, watercolour, ink, flat shapes, pixels and more.

mod graphic;
pub(super) mod pixels;
mod strokes;
mod wet;

use image::RgbaImage;

use super::words::Style;
use crate::math::Rng;
use gesso_media::{Control, WorkError};

/// Renders a finished picture in a technique. Those that are made while painting or finishing change nothing here.
pub(super) fn render(
    style: Style,
    picture: RgbaImage,
    rng: &Rng,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let rng = rng.fork("style");
    match style {
        Style::Illustration | Style::Line => Ok(picture),
        Style::Film => wet::photograph(&picture, &rng, control),
        Style::Watercolour => wet::watercolour(&picture, &rng, control),
        Style::Oil => strokes::oil(&picture, &rng, control),
        Style::Pastel => strokes::pastel(&picture, &rng, control),
        Style::Flat => graphic::flat(&picture, control),
        Style::Pixel => graphic::pixel(&picture, control),
        Style::LowPoly => graphic::low_poly(&picture, &rng, control),
        Style::Poster => graphic::riso(&picture, &rng, control),
        Style::Neon => graphic::neon(&picture, control),
        Style::Comic => graphic::comic(&picture, control),
        Style::Mosaic => graphic::mosaic(&picture, &rng, control),
    }
}

/// True if [`render`] has something to do.
pub(super) fn renders(style: Style) -> bool {
    !matches!(style, Style::Illustration | Style::Line)
}
