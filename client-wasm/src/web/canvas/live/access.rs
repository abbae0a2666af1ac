//! A canvas that could not be opened opens by itself once its owner lets this person in.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::core::sync::{Ending, Saving};
use crate::web::canvas::live::socket;
use crate::web::canvas::store::page::Page;

/// An open stream of the server's events.
type Stream = (web_sys::EventSource, Closure<dyn Fn(web_sys::MessageEvent)>);

/// A stream that is open or not; it ends with the owner of the reactive scope.
#[derive(Clone, Copy)]
struct Held(StoredValue<Option<Stream>, LocalStorage>);

impl Held {
    fn new() -> Self {
        let held = Self(StoredValue::new_local(None));
        on_cleanup(move || held.put(None));
        held
    }

    /// Closes the one of before and holds another one.
    fn put(self, stream: Option<Stream>) {
        let before = self.0.try_update_value(|held| std::mem::replace(held, stream));
        if let Some((events, _)) = before.flatten() {
            events.close();
        }
    }
}

/// True while the canvas is closed to a person who may ask for access; tracked.
pub fn is_shut(page: Page) -> bool {
    let is_ended = page
        .saving
        .with(|saving| matches!(saving, Saving::Ended(Ending::Missing | Ending::NoRight)));
    is_ended && page.session.has_account()
}

/// Listens for as long as the canvas is closed.
pub fn watch(page: Page) {
    let held = Held::new();
    let waits = Memo::new(move |_| is_shut(page));
    Effect::new(move |_| held.put(waits.get().then(|| listen(page)).flatten()));
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
    Held::new().put(hear(&["access", "notifications"], move |_| changed()));
}

/// Runs `noticed` when there are new notifications, while the page is seen and when somebody comes back to it: a browser
/// has few streams for all of its pages. Until the owner of the reactive scope goes.
pub fn on_notices(noticed: impl Fn() + Copy + 'static) {
    let held = Held::new();
    let listen = move || held.put(hear(&["notifications"], move |_| noticed()));
    listen();
    let turned = window_event_listener(leptos::ev::visibilitychange, move |_| {
        if document().hidden() {
            held.put(None);
        } else {
            listen();
            noticed();
        }
    });
    on_cleanup(move || turned.remove());
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
