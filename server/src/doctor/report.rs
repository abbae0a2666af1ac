//! The findings of the doctor.

use std::fmt::Write as _;

/// The findings of the doctor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// For people, line by line.
    pub text: String,
    /// True if everything is usable.
    pub well: bool,
}

impl Report {
    pub(super) fn line(&mut self, good: bool, what: &str, told: &str) {
        self.well &= good;
        let mark = if good { "ok" } else { "--" };
        writeln!(self.text, "{mark}  {what:<20} {told}").expect("writing to a String cannot fail");
    }

    pub(super) fn title(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        writeln!(self.text, "{gap}{title}").expect("writing to a String cannot fail");
    }
}
