//! The CPU time that opening a document takes. Each update has a budget, but its cost comes again whenever the document is
//! opened, for as long as the canvas lives: ten thousand people who wrote at one place at the same time are walked over
//! one by one. It is added up while updates are applied, measured when it is much, and above a limit only ordinary
//! updates are taken.

/// The part of the limit at which the time is measured for the first time.
const MEASURE_PART: u64 = 2;

/// CPU time beyond the ordinary, in us; see the module.
#[derive(Debug)]
pub(super) struct Opening {
    /// As measured, and what was added since.
    us: u64,
    /// What it was when the measurement under way began.
    measuring: Option<u64>,
    /// From here on it is measured.
    due_us: u64,
    most_us: u64,
    is_costly: bool,
}

impl Opening {
    /// A document that took so long to open; more than `most_us` is too much.
    pub(super) fn new(us: u64, most_us: u64) -> Self {
        let due_us = most_us / MEASURE_PART;
        Self { us, measuring: None, due_us, most_us, is_costly: false }
    }

    /// Applying updates took so much.
    pub(super) fn add(&mut self, us: u64) {
        self.us = self.us.saturating_add(us);
    }

    /// True if it is time to measure.
    pub(super) fn is_due(&self) -> bool {
        self.measuring.is_none() && self.us >= self.due_us
    }

    pub(super) fn begin(&mut self) {
        self.measuring = Some(self.us);
    }

    /// A measurement ended, with nothing if it failed. The next one is due at double the time, as each takes that time.
    pub(super) fn end(&mut self, measured_us: Option<u64>) {
        let Some(before) = self.measuring.take() else { return };
        if let Some(measured) = measured_us {
            self.us = measured + (self.us - before);
            self.is_costly = measured > self.most_us;
        }
        let base = measured_us.unwrap_or(self.us);
        self.due_us = base + base.max(self.most_us / MEASURE_PART);
    }

    /// True if it was measured to take too long.
    pub(super) fn is_costly(&self) -> bool {
        self.is_costly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_up_is_measured_and_what_is_true_counts() {
        let mut opening = Opening::new(0, 1_000);
        opening.add(499);
        assert!(!opening.is_due());
        opening.add(1);
        assert!(opening.is_due());
        opening.begin();
        assert!(!opening.is_due());
        opening.add(400);
        // Most of it was the order in which it came.
        opening.end(Some(100));
        assert!(!opening.is_costly() && !opening.is_due());
        opening.add(100);
        assert!(opening.is_due());
    }

    #[test]
    fn a_document_that_is_slow_to_open_is_costly_until_it_is_not() {
        let mut opening = Opening::new(2_000, 1_000);
        assert!(opening.is_due() && !opening.is_costly());
        opening.begin();
        opening.end(Some(1_500));
        assert!(opening.is_costly() && !opening.is_due());
        opening.add(1_500);
        assert!(opening.is_due());
        opening.begin();
        opening.end(Some(10));
        assert!(!opening.is_costly());
    }

    #[test]
    fn a_failed_measurement_is_not_repeated_at_once() {
        let mut opening = Opening::new(600, 1_000);
        opening.begin();
        opening.end(None);
        assert!(!opening.is_costly() && !opening.is_due());
        opening.add(600);
        assert!(opening.is_due());
    }
}
