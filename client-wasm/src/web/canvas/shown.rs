//! A node's state as people are shown it.

use crate::core::results::Standing;

/// A node's state as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// `data-state`.
    pub state: &'static str,
    /// The shape and colour.
    pub mark: &'static str,
    /// The word.
    pub word: String,
    /// Why it is out of date.
    pub reasons: Vec<&'static str>,
    /// 0 to 1 while it runs and the server told.
    pub progress: Option<f64>,
}

impl Shown {
    /// A state with its own mark.
    pub fn new(state: &'static str, word: impl Into<String>) -> Self {
        Self { state, mark: state, word: word.into(), ..Self::default() }
    }

    /// An item's.
    pub fn of_item(standing: Standing) -> Self {
        Self::new(standing.id(), standing.word())
    }
}
