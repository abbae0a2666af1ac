//! Why work on media gave nothing.

use crate::program::Program;

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
    /// More memory than there is for pictures.
    #[error("This picture takes {} MB of memory while it is opened; the limit is {}. Save it smaller, with 8 bits a channel or as a plain JPEG.", .bytes / 1_000_000, .bytes_max / 1_000_000)]
    TooHeavy {
        /// Memory that decoding takes, in bytes.
        bytes: u64,
        /// Memory that there is for it, in bytes.
        bytes_max: u64,
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

/// Why work on media gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// The caller asked to stop.
    #[error("The work was cancelled.")]
    Cancelled,
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
        /// Own words.
        detail: String,
    },
    /// No room is left for what is on the way.
    #[error("The server's disk is full.")]
    DiskFull,
    /// A library refused what should have been fine.
    #[error("It could not be computed: {0}")]
    Internal(String),
}

impl From<std::io::Error> for WorkError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        if matches!(error.kind(), E::StorageFull | E::QuotaExceeded) {
            Self::DiskFull
        } else {
            Self::Internal(error.to_string())
        }
    }
}
