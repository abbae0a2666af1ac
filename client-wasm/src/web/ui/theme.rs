//! Light, dark, or what the system says.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// A person's choice of theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As the system says, also when it changes.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Choice {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Name in storage.
    pub fn id(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::System => "Like the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// The theme of this page; kept in the browser.
#[derive(Clone, Copy)]
pub struct Theme {
    choice: RwSignal<Choice>,
    system_light: RwSignal<bool>,
}

/// `static/theme.js` reads the same key before the first paint.
const KEY: &str = "gesso.theme";

impl Theme {
    /// Takes up what was chosen before, and follows the system from now on.
    pub fn new() -> Self {
        let stored = storage().and_then(|s| s.get_item(KEY).ok().flatten());
        let choice = Choice::ALL.into_iter().find(|c| Some(c.id()) == stored.as_deref());
        let query = window().match_media("(prefers-color-scheme: light)").ok().flatten();
        let theme = Self {
            choice: RwSignal::new(choice.unwrap_or_default()),
            system_light: RwSignal::new(
                query.as_ref().is_some_and(web_sys::MediaQueryList::matches),
            ),
        };
        if let Some(query) = query {
            let seen = query.clone();
            let changed = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
                theme.system_light.set(seen.matches());
            });
            query.set_onchange(Some(changed.as_ref().unchecked_ref()));
            // The page has one theme for as long as it lives.
            changed.forget();
        }
        // Another tab of ours may switch it.
        let other = window_event_listener(ev::storage, move |event| {
            if event.key().as_deref() == Some(KEY) {
                let now = event.new_value();
                let choice = Choice::ALL.into_iter().find(|c| Some(c.id()) == now.as_deref());
                theme.choice.set(choice.unwrap_or_default());
            }
        });
        on_cleanup(move || other.remove());
        Effect::new(move |_| {
            if let Some(root) = document().document_element()
                && root.set_attribute("data-theme", theme.shown()).is_err()
            {
                web_sys::console::warn_1(&"the theme could not be set".into());
            }
        });
        theme
    }

    /// Returns the choice.
    pub fn choice(self) -> Choice {
        self.choice.get()
    }

    /// `light` or `dark`, as shown.
    pub fn shown(self) -> &'static str {
        match self.choice.get() {
            Choice::Light => "light",
            Choice::Dark => "dark",
            Choice::System if self.system_light.get() => "light",
            Choice::System => "dark",
        }
    }

    /// Chooses.
    pub fn choose(self, choice: Choice) {
        self.choice.set(choice);
        // Without storage the choice lasts as long as the page.
        if let Some(storage) = storage()
            && storage.set_item(KEY, choice.id()).is_err()
        {
            web_sys::console::warn_1(&"the theme will not be remembered".into());
        }
    }

    /// To the other one of light and dark.
    pub fn toggle(self) {
        let dark = untrack(|| self.shown()) == "dark";
        self.choose(if dark { Choice::Light } else { Choice::Dark });
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the browser's local storage for this server; `None` where there is none.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// The button that switches between light and dark.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = expect_context::<Theme>();
    let name =
        Signal::derive(
            move || {
                if theme.shown() == "dark" { "sun".to_owned() } else { "moon".to_owned() }
            },
        );
    view! {
        <button class="ib" aria-label="Switch theme" title="Switch theme" on:click=move |_| theme.toggle()>
            <super::icons::Icon name />
        </button>
    }
}
