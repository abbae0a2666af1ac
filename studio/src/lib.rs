//! The built-in models: pictures computed on this machine, as pure functions.
//!
//! Nothing here reads a clock, a file or a random device: the same request gives the same bytes.
//! [`paint()`] composes a picture from the words of a prompt, [`upscale()`] enlarges one without
//! inventing anything, [`media`] looks at bytes of unknown origin before anybody trusts them.

#![warn(missing_docs)]

mod math;
pub mod media;
pub mod paint;
mod upscale;

pub use image::RgbaImage;
pub use media::{MediaError, MediaKind, Sniffed};
pub use paint::{PaintRequest, SIDE_MAX_PX, SIDE_MIN_PX, paint};
pub use upscale::{UPSCALED_PIXELS_MAX, UPSCALED_SIDE_MAX_PX, UpscaleRequest, upscale};

/// How a caller follows and stops a computation.
pub struct Control<'a> {
    /// Told how far the work is, from 0 to 1, never going back.
    pub progress: &'a (dyn Fn(f32) + Send + Sync),
    /// Asked between layers and rows; true stops the work with [`StudioError::Cancelled`].
    pub cancelled: &'a (dyn Fn() -> bool + Send + Sync),
}

impl Control<'_> {
    /// A control that reports to nobody and never cancels.
    #[must_use]
    pub fn none() -> Control<'static> {
        Control { progress: &|_| {}, cancelled: &|| false }
    }

    fn check(&self) -> Result<(), StudioError> {
        if (self.cancelled)() { Err(StudioError::Cancelled) } else { Ok(()) }
    }

    fn at(&self, progress: f32) -> Result<(), StudioError> {
        self.check()?;
        (self.progress)(progress);
        Ok(())
    }
}

/// Why a built-in model made nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StudioError {
    /// The caller asked to stop.
    #[error("The work was cancelled.")]
    Cancelled,
    /// The asked size is outside what the painter makes.
    #[error(
        "A picture of {width} × {height} px cannot be painted; each side is from {SIDE_MIN_PX} to {SIDE_MAX_PX} px."
    )]
    Size {
        /// Asked width in pixels.
        width: u32,
        /// Asked height in pixels.
        height: u32,
    },
    /// The upscaler knows 2 and 4.
    #[error("A picture can be enlarged 2 or 4 times, not {0} times.")]
    Scale(u32),
    /// There is nothing to enlarge.
    #[error("This picture has no pixels.")]
    Empty,
    /// The enlarged picture would not be of use to anybody and would eat the memory of all.
    #[error(
        "Enlarged {scale} times, this picture would be {width} × {height} px; the limit is {UPSCALED_SIDE_MAX_PX} px a side and {} megapixels.",
        UPSCALED_PIXELS_MAX / 1_000_000
    )]
    TooLarge {
        /// Width it would have, in pixels.
        width: u64,
        /// Height it would have, in pixels.
        height: u64,
        /// Asked scale.
        scale: u32,
    },
    /// A library refused what should have been fine.
    #[error("The picture could not be computed: {0}")]
    Internal(String),
}
