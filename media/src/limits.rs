//! The limits of pictures.

/// Limits of what is decoded.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Longest side, in pixels.
    pub side_max_px: u32,
    /// Most pixels.
    pub pixels_max: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { side_max_px: 16_384, pixels_max: 100_000_000 }
    }
}
