//! Which page is shown: a router over the address bar, and what every page shares.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use super::canvas::CanvasPage;
use super::home::HomePage;
use super::icons::{ART, SPRITE};
use super::theme::Theme;
use super::toast::{ToastStack, Toasts};

/// A page of the address bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Home,
    /// `/c/{id}`
    Canvas(String),
    /// Anything else.
    Unknown,
}

impl Route {
    /// Reads a path.
    pub fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Self::Home,
            ["c", id] => Self::Canvas((*id).to_owned()),
            _ => Self::Unknown,
        }
    }
}

/// Where we are and how to go elsewhere without loading the page again.
#[derive(Clone, Copy)]
pub struct Nav {
    route: RwSignal<Route>,
}

impl Nav {
    /// The page shown.
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// Opens a path of ours and adds it to the history.
    pub fn go(self, path: &str) {
        let Ok(history) = window().history() else { return };
        if history.push_state_with_url(&JsValue::NULL, "", Some(path)).is_err() {
            return;
        }
        self.sync();
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    fn sync(self) {
        let route = Route::of(&location_path());
        if self.route.get_untracked() != route {
            self.route.set(route);
        }
    }
}

fn location_path() -> String {
    window().location().pathname().unwrap_or_else(|_| "/".to_owned())
}

/// The navigation of this page.
pub fn use_nav() -> Nav {
    expect_context::<Nav>()
}

/// Names the page in the browser's tab.
pub fn set_title(title: &str) {
    document().set_title(title);
}

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
    let nav = Nav { route: RwSignal::new(Route::of(&location_path())) };
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
    on_cleanup(move || {
        pops.remove();
        clicks.remove();
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
