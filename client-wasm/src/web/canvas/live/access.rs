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
    let told = move |canvas: &str| {
        if page.try_core().is_some() && canvas == page.id.get_value() {
            socket::reopen(page);
        }
    };
    hear(&["access"], told)
}

/// Runs `changed` when the people of the canvas, or requests for a role on it, may be others; until the owner of the
/// reactive scope goes.
pub fn on_change(changed: impl Fn() + 'static) {
    let held = StoredValue::new_local(hear(&["access", "notifications"], move |_| changed()));
    on_cleanup(move || {
        if let Some((events, _)) = held.try_update_value(Option::take).flatten() {
            events.close();
        }
    });
}

/// Listens to events of the server by these names; `heard` gets their data.
fn hear(names: &[&str], heard: impl Fn(&str) + 'static) -> Option<Stream> {
    let events = web_sys::EventSource::new("/api/events").ok()?;
    let told = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |e: web_sys::MessageEvent| {
        heard(e.data().as_string().unwrap_or_default().trim_matches('"'));
    });
    for name in names {
        let listener = told.as_ref().unchecked_ref();
        if let Err(cause) = events.add_event_listener_with_callback(name, listener) {
            web_sys::console::warn_1(&cause);
        }
    }
    Some((events, told))
}
