//! The canvas page.

use leptos::prelude::*;

/// The page of one canvas.
#[component]
pub fn CanvasPage(
    /// The canvas.
    id: String,
) -> impl IntoView {
    view! {
        <main class="lone">
            <h1>{id}</h1>
            <a class="btn" href="/">"All canvases"</a>
        </main>
    }
}
