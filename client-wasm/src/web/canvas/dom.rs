//! Small things the browser is asked for.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// The first element that matches.
pub fn query(selector: &str) -> Option<web_sys::Element> {
    document().query_selector(selector).ok().flatten()
}

/// Moves keyboard focus without scrolling the page.
pub fn focus(element: &web_sys::Element) {
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        // What cannot take focus stays as it is.
        let _focused = element.focus_with_options(&options);
    }
}

/// Runs something some animation frames from now.
pub fn after_frames(frames: u8, f: impl FnOnce() + 'static) {
    request_animation_frame(move || {
        if frames <= 1 {
            f();
        } else {
            after_frames(frames - 1, f);
        }
    });
}

/// Puts a value into a field and selects all of it, ready to be typed over.
pub fn begin(input: &web_sys::HtmlInputElement, value: &str) {
    input.set_value(value);
    focus(input);
    input.select();
}

/// Whether keys go into a text field.
pub fn typing() -> bool {
    document().active_element().is_some_and(|e| {
        let tag = e.tag_name();
        tag == "TEXTAREA"
            || tag == "SELECT"
            || (tag == "INPUT" && e.get_attribute("type").as_deref() != Some("range"))
    })
}

/// Whether keys go to a slider.
pub fn on_slider() -> bool {
    document().active_element().is_some_and(|e| {
        e.get_attribute("type").as_deref() == Some("range")
            || e.get_attribute("role").as_deref() == Some("slider")
    })
}

/// The value of the input an event came from.
pub fn value(e: &web_sys::Event) -> String {
    let target = e.target();
    let input = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlInputElement>());
    if let Some(input) = input {
        return input.value();
    }
    if let Some(area) = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlTextAreaElement>()) {
        return area.value();
    }
    let select = target.as_ref().and_then(|t| t.dyn_ref::<web_sys::HtmlSelectElement>());
    select.map(web_sys::HtmlSelectElement::value).unwrap_or_default()
}

/// Shortcuts as this machine's keyboard has them: "Mod K" is "Ctrl K", and "⌘ K" on a Mac.
pub fn keys(text: &str) -> String {
    let platform = window().navigator().platform().unwrap_or_default();
    let apple = ["Mac", "iPhone", "iPad"].iter().any(|name| platform.starts_with(name));
    text.replace("Mod", if apple { "⌘" } else { "Ctrl" })
}

/// Words for people in the place of what the browser said, which goes to the console.
pub fn because(cause: &wasm_bindgen::JsValue, words: &'static str) -> &'static str {
    web_sys::console::warn_1(cause);
    words
}
