//! The address bar: which page is shown, and how to go elsewhere without loading the page again.

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
}

impl Nav {
    /// At the page that the address bar names.
    pub fn here() -> Self {
        Self { route: RwSignal::new(Route::of(&location_path())) }
    }

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

    /// Shows the page that the address bar names.
    pub fn sync(self) {
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
