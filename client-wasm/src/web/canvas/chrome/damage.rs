//! The banner that says that a part of the canvas could not be read.

use gesso_protocol::api::{CanvasBody, Damage};
use leptos::prelude::*;

use crate::core::damage::{Told, told};
use crate::core::sync::Saving;
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::ui::icons::icon;
use crate::web::ui::theme::storage;

/// Where the browser remembers what was read.
fn key(page: Page) -> String {
    format!("gesso.damage.{}", page.id.get_value())
}

/// Asks what is damaged whenever the page has connected, for what others bring back is told no more.
#[component]
pub fn DamageBanner(page: Page) -> impl IntoView {
    let damage = RwSignal::new(Vec::<Damage>::new());
    let read = RwSignal::new(storage().and_then(|kept| kept.get_item(&key(page)).ok().flatten()));
    let connected = Memo::new(move |_| {
        page.saving.with(|saving| matches!(saving, Saving::Saved | Saving::Unsaved))
    });
    Effect::new(move |_| {
        if !connected.get() {
            return;
        }
        let path = format!("/api/canvases/{}", page.id.get_value());
        leptos::task::spawn_local(async move {
            if let Ok(canvas) = http::get::<CanvasBody>(&path).await {
                // The page may have gone meanwhile.
                damage.try_set(canvas.damage);
            }
        });
    });
    let close = move |mark: String| {
        if let Some(kept) = storage()
            && kept.set_item(&key(page), &mark).is_err()
        {
            web_sys::console::warn_1(&"the browser will not remember that this was read".into());
        }
        read.set(Some(mark));
    };
    move || {
        let Told { title, text, mark } = damage.with(|all| told(all))?;
        if read.with(|read| read.as_ref() == Some(&mark)) {
            return None;
        }
        Some(view! {
            <div class="obn is-damage" role="alert" data-floating>
                {icon("warn")}
                <span><b>{title}</b>" "{text}</span>
                <button class="ib" aria-label="Dismiss" title="Dismiss" on:click=move |_| close(mark.clone())>{icon("x")}</button>
            </div>
        })
    }
}
