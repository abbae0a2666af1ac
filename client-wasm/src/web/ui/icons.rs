//! The one icon set: a sprite in the page, used by name.

use leptos::prelude::*;

/// Icons (`i-…`) and stickers (`k-…`); the app puts it into the page once.
pub const SPRITE: &str = include_str!("sprite.svg");
/// Small pictures (`a-…`) for templates and empty pages.
pub const ART: &str = include_str!("art.svg");

/// An icon, 16 px unless `large` (20 px), in the colour of the text around it.
#[component]
pub fn Icon(
    /// Name in the sprite, without `i-`.
    #[prop(into)]
    name: Signal<String>,
    /// 20 px instead of 16.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let class = if large { "i i-l" } else { "i" };
    view! { <svg class=class aria-hidden="true"><use href=move || format!("#i-{}", name.get())></use></svg> }
}

/// An icon that never changes.
pub fn icon(name: &str) -> impl IntoView + use<> {
    sized(name, "i")
}

/// A large icon that never changes.
pub fn icon_l(name: &str) -> impl IntoView + use<> {
    sized(name, "i i-l")
}

fn sized(name: &str, class: &'static str) -> impl IntoView + use<> {
    let href = format!("#i-{name}");
    view! { <svg class=class aria-hidden="true"><use href=href></use></svg> }
}

/// The mark.
pub fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
            <rect x="2" y="2" width="20" height="20" rx="6" fill="var(--ink)"></rect>
            <path
                d="M6.5 14.8c2.2-5.6 4.3-7 6-6.1 2 1.1-.6 4.9.9 5.7 1 .5 2.3-.9 4.1-3.6"
                fill="none"
                stroke="var(--on-ink)"
                stroke-width="2.2"
                stroke-linecap="round"
            ></path>
        </svg>
    }
}
