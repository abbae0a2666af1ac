//! Where the keyboard is.

use crate::core::textdiff;
use crate::web::{caret, dom};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// Focuses a card once it is in the DOM, unless somebody writes somewhere else by then.
pub fn focus_card(id: &str) {
    let left = document().active_element();
    dom::once_there(format!("[data-node=\"{id}\"]"), move |card| {
        let now = document().active_element().filter(|now| Some(now) != left.as_ref());
        if !now.is_some_and(|now| dom::is_written(&now)) {
            dom::focus(&card);
        }
    });
}

/// Leaves whatever text field has focus.
pub fn blur() {
    if let Some(element) = document().active_element()
        && let Some(element) = element.dyn_ref::<web_sys::HtmlElement>()
        && dom::is_written(element)
    {
        // Nothing else to do where it does not lose focus.
        let _left = element.blur();
    }
}

/// Puts the caret at the end of a card's text and focuses it.
pub fn focus_text(node: &str) {
    let [area, rich] =
        ["textarea", "[contenteditable]"].map(|of| format!("[data-node=\"{node}\"] {of}"));
    dom::once_there(format!("{area}, {rich}"), |field| caret_into(field, true));
}

/// Focuses a text and puts the caret at its end or its beginning.
pub fn caret_into(area: web_sys::Element, is_at_end: bool) {
    dom::focus(&area);
    let area = match area.dyn_into::<web_sys::HtmlTextAreaElement>() {
        Ok(area) => area,
        Err(rich) => return caret::put_into(&rich, is_at_end),
    };
    let at = if is_at_end { textdiff::utf16_len(&area.value()) } else { 0 };
    // Where the caret cannot be placed, focus is enough.
    let _placed = area.set_selection_range(at, at);
}
