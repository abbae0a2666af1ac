//! The banner for somebody whose role became lower while the canvas was open.

use leptos::prelude::*;

use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// Says what one can still do, until it was read.
#[component]
pub fn RoleBanner(page: Page) -> impl IntoView {
    let news = page.overlays.role_news;
    let ask = move |_| {
        news.set(None);
        page.overlays.sharing.set(true);
    };
    move || {
        let words = news.get()?;
        Some(view! {
            <div class="obn" role="alert" data-floating>
                {icon("eye")}<span><b>{words}</b></span>
                <button class="btn s" on:click=ask>"Ask to edit"</button>
                <button class="ib s" aria-label="Dismiss" title="Dismiss" on:click=move |_| news.set(None)>{icon("x")}</button>
            </div>
        })
    }
}
