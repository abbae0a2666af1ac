//! The heights of cards, as the browser measures them.

use crate::web::canvas::store::page::Page;
use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

thread_local! {
    static HEIGHTS: RefCell<Option<web_sys::ResizeObserver>> = const { RefCell::new(None) };
}

/// Reports an element's height from now on.
pub fn observe(element: &web_sys::Element) {
    HEIGHTS.with_borrow(|observer| {
        if let Some(observer) = observer {
            observer.observe(element);
        }
    });
}

/// Watches the heights of cards for as long as the page is there.
pub fn watch_heights(page: Page) {
    let report = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        if page.try_core().is_none() {
            return;
        }
        for entry in entries.iter() {
            let Ok(entry) = entry.dyn_into::<web_sys::ResizeObserverEntry>() else { continue };
            let Ok(element) = entry.target().dyn_into::<web_sys::HtmlElement>() else { continue };
            // A plain box has the height it is given.
            if element.class_list().contains("is-far") {
                continue;
            }
            let height = f64::from(element.offset_height());
            if let Some(id) = element.get_attribute("data-node")
                && height > 0.0
            {
                page.measured(&id, height);
            }
        }
    });
    let observer = web_sys::ResizeObserver::new(report.as_ref().unchecked_ref()).ok();
    HEIGHTS.set(observer);
    let kept = StoredValue::new_local(report);
    on_cleanup(move || {
        if let Some(observer) = HEIGHTS.take() {
            observer.disconnect();
        }
        kept.dispose();
    });
}
