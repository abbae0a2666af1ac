//! Pictures a second.

/// Pictures a second, as a fraction: 29.97 is 30000/1001.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) pictures: u32,
    pub(crate) seconds: u32,
}

impl Rate {
    pub(crate) const fn whole(pictures: u32) -> Self {
        Self { pictures, seconds: 1 }
    }

    pub(crate) fn per_second(self) -> f64 {
        f64::from(self.pictures) / f64::from(self.seconds)
    }

    /// Returns the number of pictures that fill `seconds`, at least one.
    pub(crate) fn frames(self, seconds: f64) -> u32 {
        libm::round(seconds * self.per_second()).clamp(1.0, 1e7) as u32
    }

    pub(crate) fn text(self) -> String {
        format!("{}/{}", self.pictures, self.seconds)
    }
}
