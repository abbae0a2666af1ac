//! The limits of the asset store.

use gesso_media::DecodeLimits;

/// Limits of the asset store, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct AssetLimits {
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// How many pictures are decoded at once.
    pub decoders_max: usize,
    /// How many videos and sounds are looked at once.
    pub programs_max: usize,
    /// How many vector pictures are drawn at once.
    pub drawings_max: usize,
    /// Largest picture that is decoded.
    pub picture: DecodeLimits,
}

impl Default for AssetLimits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 256 * 1024 * 1024,
            decoders_max: 2,
            programs_max: 2,
            drawings_max: 2,
            picture: DecodeLimits::default(),
        }
    }
}
