//! The address bar: which page is shown, and how to go elsewhere without loading the page again.

use crate::core::sign_in;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// A page of the address bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Home,
    /// `/c/{id}`
    Canvas(String),
    /// `/join/{secret}`
    Join(String),
    /// Anything else.
    Unknown,
}

impl Route {
    /// Reads a path.
    pub fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Self::Home,
            ["join", secret] => Self::Join((*secret).to_owned()),
            ["c", id] => Self::Canvas((*id).to_owned()),
            _ => Self::Unknown,
        }
    }
}

/// Where we are and how to go elsewhere without loading the page again.
#[derive(Clone, Copy)]
pub struct Nav {
    route: RwSignal<Route>,
    /// What follows the `#`; told each time somebody goes there.
    fragment: RwSignal<String>,
}

impl Nav {
    /// At the page that the address bar names.
    pub fn here() -> Self {
        let route = RwSignal::new(Route::of(&location_path()));
        Self { route, fragment: RwSignal::new(location_fragment()) }
    }

    /// The page shown.
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// The thread of comments that the address names; tracked, and told again each time somebody goes there.
    pub fn comment(self) -> Option<String> {
        self.fragment.with(|fragment| Some(fragment.strip_prefix(COMMENT)?.to_owned()))
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

    /// Shows the page that the address bar names.
    pub fn sync(self) {
        let route = Route::of(&location_path());
        if self.route.get_untracked() != route {
            self.route.set(route);
        }
        self.fragment.set(location_fragment());
    }
}

/// How an address names a thread of comments after its `#`.
const COMMENT: &str = "comment=";

/// The path of a thread of comments on a canvas.
pub fn comment_path(canvas: &str, thread: &str) -> String {
    format!("/c/{canvas}#{COMMENT}{thread}")
}

/// The address of the page that is open, without what its query tells.
pub fn this_address() -> String {
    match location_fragment() {
        fragment if fragment.is_empty() => location_path(),
        fragment => format!("{}#{fragment}", location_path()),
    }
}

/// The sentence about a sign-in with a provider that did not work, where the address tells of one; it does so no more
/// then.
pub fn take_sign_in_ending() -> Option<&'static str> {
    let location = window().location();
    let (words, rest) = sign_in::ending(&location.search().ok()?)?;
    let path = format!("{}{rest}{}", location_path(), location.hash().unwrap_or_default());
    let history = window().history().ok()?;
    if let Err(cause) = history.replace_state_with_url(&JsValue::NULL, "", Some(&path)) {
        web_sys::console::warn_1(&cause);
    }
    Some(words)
}

fn location_fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
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
