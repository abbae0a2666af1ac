//! Where the keyboard is.

use crate::core::textdiff;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast as _;

/// Focuses a card once it is in the DOM.
pub fn focus_card(id: String) {
    crate::web::dom::after_frames(2, move || {
        if let Some(card) = crate::web::dom::query(&format!("[data-node=\"{id}\"]")) {
            crate::web::dom::focus(&card);
        }
    });
}

/// Leaves whatever text field has focus.
pub fn blur() {
    if let Some(element) = document().active_element()
        && let Some(element) = element.dyn_ref::<web_sys::HtmlElement>()
        && element.tag_name() == "TEXTAREA"
    {
        // Nothing else to do where it does not lose focus.
        let _left = element.blur();
    }
}

/// Puts the caret at the end of a card's text and focuses it.
pub fn focus_text(node: &str) {
    let node = node.to_owned();
    set_timeout(
        move || {
            let area = crate::web::dom::query(&format!("[data-node=\"{node}\"] textarea"));
            if let Some(area) = area.and_then(|a| a.dyn_into::<web_sys::HtmlTextAreaElement>().ok())
            {
                crate::web::dom::focus(&area);
                let end = textdiff::utf16_len(&area.value());
                // Where the caret cannot be placed, focus is enough.
                let _placed = area.set_selection_range(end, end);
            }
        },
        Duration::from_millis(30),
    );
}
