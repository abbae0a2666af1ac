//! Which page is shown: a router over the address bar, and what every page shares.

use crate::web::nav::set_title;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::web::canvas::CanvasPage;
use crate::web::dom;
use crate::web::home::HomePage;
use crate::web::nav::{Nav, Route};
use crate::web::ui::icons::{ART, SPRITE};
use crate::web::ui::theme::Theme;
use crate::web::ui::toast::{ToastStack, Toasts};

/// A plain click on a link to one of our pages; anything else is the browser's.
fn own_link(event: &web_sys::MouseEvent) -> Option<String> {
    if event.default_prevented()
        || event.button() != 0
        || event.meta_key()
        || event.ctrl_key()
        || event.shift_key()
        || event.alt_key()
    {
        return None;
    }
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    let link: web_sys::HtmlAnchorElement = target.closest("a[href]").ok()??.dyn_into().ok()?;
    let away = !link.target().is_empty() || link.has_attribute("download");
    if away || link.origin() != window().location().origin().ok()? {
        return None;
    }
    let path = link.pathname();
    (Route::of(&path) != Route::Unknown).then_some(path)
}

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let nav = Nav::here();
    let toasts = Toasts::new();
    provide_context(nav);
    provide_context(Theme::new());
    provide_context(toasts);

    let pops = window_event_listener(ev::popstate, move |_| nav.sync());
    let clicks = window_event_listener(ev::click, move |event| {
        if let Some(path) = own_link(&event) {
            event.prevent_default();
            nav.go(&path);
        }
    });
    // A file that is dropped where nothing takes it would replace the page.
    let over = window_event_listener(ev::dragover, move |event| {
        if let Some(data) = event.data_transfer().filter(dom::has_files)
            && !matches!(nav.route(), Route::Canvas(_))
        {
            event.prevent_default();
            data.set_drop_effect("none");
        }
    });
    on_cleanup(move || {
        pops.remove();
        clicks.remove();
        over.remove();
    });

    let page = move || match nav.route() {
        Route::Home => view! { <HomePage /> }.into_any(),
        Route::Canvas(id) => view! { <CanvasPage id /> }.into_any(),
        Route::Unknown => view! { <NotFound /> }.into_any(),
    };
    view! {
        <div inner_html=SPRITE></div>
        <div inner_html=ART></div>
        {page}
        <ToastStack toasts />
    }
}

#[component]
fn NotFound() -> impl IntoView {
    set_title("Not found · Gesso");
    view! {
        <main class="lone">
            <h1>"There is no page here"</h1>
            <p>"The address may be mistyped, or what it led to is gone."</p>
            <a class="btn primary l" href="/">"All canvases"</a>
        </main>
    }
}
