//! The stickers there are.

/// The stickers there are.
pub const STICKERS: [&str; 5] = ["approved", "star", "heart", "question", "go"];
