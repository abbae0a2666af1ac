//! The built-in models: everything a canvas can make on this machine alone.
//!
//! A model is a function of a [`Job`] ([`models`] lists them): the same job gives the same result, no clock and no
//! random device is read. Most compute in memory; those that speak or encode video run programs, in a [`Workshop`]
//! that bounds, stops and cleans up after them. [`media`] looks at bytes of unknown origin before anybody trusts them.

#![warn(missing_docs)]

mod assistant;
mod camera;
mod film;
mod foley;
pub mod job;
mod lips;
mod math;
pub mod media;
mod mix;
pub mod models;
mod music;
pub mod paint;
pub mod program;
pub mod solid;
mod sound;
pub mod stock;
mod upscale;
mod vector;
mod video;
mod voice;
pub mod workshop;

pub use image::RgbaImage;
pub use job::{Content, Input, Job, Made};
pub use media::{DecodeLimits, MediaError, MediaKind, Sniffed};
pub use paint::{
    Facts, Layer, Layers, PaintRequest, SIDE_MAX_PX, SIDE_MIN_PX, paint, paint_layers,
};
pub use program::{Program, Programs};
pub use upscale::{UPSCALED_PIXELS_MAX, UPSCALED_SIDE_MAX_PX, UpscaleRequest, upscale};
pub use workshop::{Talk, Workshop};

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

    /// Does a part of the work, whose progress from 0 to 1 is that of the whole between `from` and `to`.
    ///
    /// # Errors
    /// Those of the work.
    pub fn part<T>(
        &self,
        from: f32,
        to: f32,
        work: impl FnOnce(&Control<'_>) -> Result<T, StudioError>,
    ) -> Result<T, StudioError> {
        let progress = |part: f32| (self.progress)(from + (to - from) * part.clamp(0.0, 1.0));
        work(&Control { progress: &progress, cancelled: self.cancelled })
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`StudioError::Cancelled`].
    pub fn check(&self) -> Result<(), StudioError> {
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
    /// There is no such model.
    #[error("The studio has no model “{0}”.")]
    Model(String),
    /// An input or a setting does not do; the sentence says which and why.
    #[error("{0}")]
    Refused(String),
    /// An input cannot be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A program is not on this machine.
    #[error("{} is not installed on the server.", .0.name())]
    Missing(Program),
    /// A program failed.
    #[error("{} could not do this: {detail}", program.name())]
    Program {
        /// Which.
        program: Program,
        /// Its own words.
        detail: String,
    },
    /// No room is left for what is on the way.
    #[error("The server's disk is full.")]
    DiskFull,
    /// A library refused what should have been fine.
    #[error("It could not be computed: {0}")]
    Internal(String),
}

impl From<std::io::Error> for StudioError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        if matches!(error.kind(), E::StorageFull | E::QuotaExceeded) {
            Self::DiskFull
        } else {
            Self::Internal(error.to_string())
        }
    }
}
