//! State that all parts of one card share.

use crate::core::status::CardStatus;
use crate::web::canvas::store::page::{NodeSignals, NodeView, Page};
use leptos::prelude::*;
use std::sync::Arc;

/// State that all parts of one card share.
#[derive(Clone)]
pub struct Card {
    /// The page.
    pub page: Page,
    /// The node's id.
    pub id: StoredValue<String>,
    /// Signals.
    pub signals: NodeSignals,
    /// Status of the card.
    pub status: Memo<CardStatus>,
    /// True if it is selected.
    pub selected: Memo<bool>,
    /// True if it is a plain box.
    pub far: Memo<bool>,
}

impl Card {
    /// The node's id.
    pub fn id(&self) -> String {
        self.id.get_value()
    }

    /// Reads the content.
    pub fn view(&self) -> Arc<NodeView> {
        self.signals.view.get()
    }
}
