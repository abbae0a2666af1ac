//! The page in the browser: views and everything that touches it.
//!
//! Invariant: only here is `web_sys` known. What can be decided without a browser is in [`crate::core`].

pub mod app;
pub mod canvas;
pub mod caret;
pub mod dom;
pub mod entry;
pub mod home;
pub mod http;
pub mod nav;
pub mod people;
pub mod sign_out;
pub mod ui;

use leptos::prelude::{document, mount_to_body};
use wasm_bindgen::JsValue;

/// Takes over the page.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&JsValue::from_str(&panic.to_string()));
        say_broken();
    }));
    if let Some(boot) = document().get_element_by_id("boot") {
        boot.remove();
    }
    mount_to_body(app::App);
}

/// A panic ends the module: nothing on the page would answer any more, so it says that, in plain DOM.
fn say_broken() {
    let Some(body) = document().body() else { return };
    if document().get_element_by_id("broken").is_some() {
        return;
    }
    let html = r#"<div id="broken" class="toasts" role="alert"><div class="toast"><span class="txt"><b>Something went wrong on this page.</b> What was saved is safe. Reload to go on.</span><a class="btn s" href="">Reload</a></div></div>"#;
    if body.insert_adjacent_html("beforeend", html).is_err() {
        body.set_text_content(Some("Something went wrong on this page. Reload to go on."));
    }
}
