//! The pages for whoever is not in yet: signing in, and what a link opens.

pub mod join;
mod providers;
pub mod sign_in;

use leptos::prelude::*;

use crate::web::ui::icons::{icon, logo};

/// A page of one column with a heading.
#[component]
fn Porch(
    /// Heading.
    #[prop(into)]
    title: Signal<String>,
    /// Words below it.
    #[prop(into, default = Signal::stored(String::new()))]
    text: Signal<String>,
    /// What one does here.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="porch">
            <div class="porch-in">
                <div class="row brand" aria-hidden="true">{logo()}<span>"Gesso"</span></div>
                <h1>{move || title.get()}</h1>
                {move || text.with(|text| (!text.is_empty()).then(|| view! { <p class="lead">{text.clone()}</p> }))}
                {children()}
            </div>
        </main>
    }
    .into_any()
}

/// What went wrong with a form as a whole.
fn trouble(what: RwSignal<Option<String>>) -> impl IntoView {
    view! {
        <div role="alert">
            {move || what.get().map(|why| view! { <div class="banner">{icon("warn")}<p>{why}</p></div> })}
        </div>
    }
    .into_any()
}
