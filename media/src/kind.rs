//! The types of files.

/// Kind of thing that a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A raster picture.
    Image,
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// A vector picture.
    Svg,
    /// A model in three dimensions.
    Model3d,
}

impl MediaKind {
    /// The data type's name on a canvas.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Svg => "svg",
            Self::Model3d => "model3d",
        }
    }
}

/// Type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sniffed {
    /// MIME type.
    pub mime: &'static str,
    /// Kind.
    pub kind: MediaKind,
    /// Usual ending of a file name, without the dot.
    pub ext: &'static str,
}

pub(super) const fn found(
    mime: &'static str,
    kind: MediaKind,
    ext: &'static str,
) -> Option<Sniffed> {
    Some(Sniffed { mime, kind, ext })
}
