//! The home page.
use leptos::prelude::*;

/// The list of canvases.
#[component]
pub fn HomePage() -> impl IntoView {
    view! { <main class="lone"><h1>"Canvases"</h1></main> }
}
