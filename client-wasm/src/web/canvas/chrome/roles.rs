//! The banner for somebody whose role became lower while the canvas was open.

use leptos::prelude::*;

use crate::web::canvas::live::socket;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// The button that hands out the changes that could not be saved any more, where there are some.
#[component]
pub fn Aside(page: Page) -> impl IntoView {
    let is_any = Memo::new(move |_| page.overlays.aside.get() > 0);
    let download = move |_| socket::download_aside(page);
    move || {
        is_any.get().then(|| {
            view! { <button class="btn s" type="button" on:click=download>{icon("download")}"Download your changes"</button> }
        })
    }
}

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
                <Aside page=page />
                <button class="btn s" on:click=ask>"Ask to edit"</button>
                <button class="ib s" aria-label="Dismiss" title="Dismiss" on:click=move |_| news.set(None)>{icon("x")}</button>
            </div>
        })
    }
}
