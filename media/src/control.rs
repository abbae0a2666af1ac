//! Following and stopping work.

use crate::error::WorkError;

/// The caller's means to follow and stop a computation.
pub struct Control<'a> {
    /// Told how far the work is, from 0 to 1, never going back.
    pub progress: &'a (dyn Fn(f32) + Send + Sync),
    /// Asked between layers and rows; true stops the work with [`WorkError::Cancelled`].
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
        work: impl FnOnce(&Control<'_>) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let progress = |part: f32| (self.progress)(from + (to - from) * part.clamp(0.0, 1.0));
        work(&Control { progress: &progress, cancelled: self.cancelled })
    }

    /// Returns an error if the work is to stop.
    ///
    /// # Errors
    /// [`WorkError::Cancelled`].
    pub fn check(&self) -> Result<(), WorkError> {
        if (self.cancelled)() { Err(WorkError::Cancelled) } else { Ok(()) }
    }

    /// Goes on, and tells how far it is.
    ///
    /// # Errors
    /// [`WorkError::Cancelled`].
    pub fn at(&self, progress: f32) -> Result<(), WorkError> {
        self.check()?;
        (self.progress)(progress);
        Ok(())
    }
}
