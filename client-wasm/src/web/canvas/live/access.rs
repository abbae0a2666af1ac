//! A canvas that could not be opened opens by itself once its owner lets this person in.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::core::sync::{Ending, Saving};
use crate::web::canvas::live::socket;
use crate::web::canvas::store::page::Page;

/// An open stream of the server's events.
type Stream = (web_sys::EventSource, Closure<dyn Fn(web_sys::MessageEvent)>);

/// True while the canvas is closed to a person who may ask for access; tracked.
pub fn is_shut(page: Page) -> bool {
    let is_ended = page
        .saving
        .with(|saving| matches!(saving, Saving::Ended(Ending::Missing | Ending::NoRight)));
    is_ended && page.session.has_account()
}

/// Listens for as long as the canvas is closed.
pub fn watch(page: Page) {
    let held = StoredValue::new_local(None::<Stream>);
    let close = move || {
        if let Some((events, _)) = held.try_update_value(Option::take).flatten() {
            events.close();
        }
    };
    let waits = Memo::new(move |_| is_shut(page));
    Effect::new(move |_| {
        close();
        if waits.get() {
            held.set_value(listen(page));
        }
    });
    on_cleanup(close);
}

fn listen(page: Page) -> Option<Stream> {
    let events = web_sys::EventSource::new("/api/events").ok()?;
    let told = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |e: web_sys::MessageEvent| {
        let canvas = e.data().as_string().unwrap_or_default();
        if page.try_core().is_some() && canvas.trim_matches('"') == page.id.get_value() {
            socket::reopen(page);
        }
    });
    let heard = told.as_ref().unchecked_ref();
    if let Err(cause) = events.add_event_listener_with_callback("access", heard) {
        web_sys::console::warn_1(&cause);
    }
    Some((events, told))
}
