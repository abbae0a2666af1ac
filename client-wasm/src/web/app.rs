//! Which page is shown: a router over the address bar, and what every page shares.

use crate::web::nav::set_title;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::web::canvas::CanvasPage;
use crate::web::dom;
use crate::web::entry::join::JoinPage;
use crate::web::entry::sign_in::SignInPage;
use crate::web::home::HomePage;
use crate::web::nav::{Nav, Route};
use crate::web::ui::icons::{ART, SPRITE};
use crate::web::ui::session::{Door, Session};
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
    (Route::of(&path) != Route::Unknown).then(|| path + &link.hash())
}

/// What stands in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing, until it is known whether somebody is signed in.
    Nothing,
    /// The page that asks who one is. The address stays as it is: afterwards the page that was asked for opens.
    SignIn,
    /// A page.
    Page(Route),
}

impl Shown {
    fn of(route: Route, door: Door) -> Self {
        match (&route, door) {
            (Route::Join(_) | Route::Unknown, _) | (Route::Home | Route::Canvas(_), Door::In) => {
                Self::Page(route)
            }
            (Route::Home | Route::Canvas(_), Door::Asking) => Self::Nothing,
            (Route::Home | Route::Canvas(_), Door::Out) => Self::SignIn,
        }
    }
}

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let nav = Nav::here();
    let toasts = Toasts::new();
    provide_context(nav);
    provide_context(Theme::new());
    provide_context(toasts);
    let session = Session::new();
    provide_context(session);

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

    let shown = Memo::new(move |_| Shown::of(nav.route(), session.door()));
    let page = move || match shown.get() {
        Shown::Nothing => ().into_any(),
        Shown::SignIn => view! { <SignInPage /> }.into_any(),
        Shown::Page(Route::Home) => view! { <HomePage /> }.into_any(),
        Shown::Page(Route::Canvas(id)) => view! { <CanvasPage id /> }.into_any(),
        Shown::Page(Route::Join(secret)) => view! { <JoinPage secret /> }.into_any(),
        Shown::Page(Route::Unknown) => view! { <NotFound /> }.into_any(),
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
