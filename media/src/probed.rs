//! Facts about a film or a sound.

use crate::kind::Sniffed;

/// Facts about a video or sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// Type by its contents: a container of video may hold sound alone.
    pub sniffed: Sniffed,
    /// Width and height in pixels as it is shown: its pixels square, turned where the file says so.
    pub size_px: Option<(u32, u32)>,
    /// Length in seconds as measured, where it can be known here.
    pub duration_s: Option<f64>,
    /// True if there is sound.
    pub has_audio: bool,
    /// True if it says where it was made.
    pub has_location: bool,
}
