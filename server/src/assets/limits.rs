//! The limits of the asset store.

use crate::defaults;
use gesso_media::DecodeLimits;

/// Limits of the asset store, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct AssetLimits {
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// Number of pictures that are decoded at once.
    pub decoders_max: usize,
    /// Number of videos and sounds that are examined at once.
    pub programs_max: usize,
    /// Number of vector pictures that are drawn at once.
    pub drawings_max: usize,
    /// Largest picture that is decoded.
    pub picture: DecodeLimits,
}

impl Default for AssetLimits {
    fn default() -> Self {
        Self {
            upload_bytes_max: defaults::assets::UPLOAD_BYTES_MAX,
            decoders_max: defaults::assets::DECODERS_MAX,
            programs_max: defaults::assets::PROGRAMS_MAX,
            drawings_max: defaults::assets::DRAWINGS_MAX,
            picture: DecodeLimits::default(),
        }
    }
}
