//! Files on their way to the server: a few at a time, each with its progress, stopped by a click, tried again by another.

use crate::web::canvas::store::overlays::{Upload, UploadState};
use crate::web::canvas::transfer::queue::cancel;
use crate::web::canvas::transfer::queue::retry;
use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::core::words::many;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::transfer::upload;
use crate::web::ui::icons::icon;

/// On a card: how far its file is, and the way to stop it.
#[component]
pub fn Progress(page: Page, id: StoredValue<String>) -> impl IntoView {
    let upload = Memo::new(move |_| page.uploads.with(|u| u.get(&id.get_value()).cloned()));
    let under = Memo::new(move |_| {
        upload.with(|s| match s.as_ref().map(|s| &s.state) {
            Some(UploadState::Under(p)) => Some(Some(*p)),
            Some(UploadState::Waiting) => Some(None),
            Some(UploadState::Failed(_)) | None => None,
        })
    });
    let active = Memo::new(move |_| under.with(Option::is_some));
    let picture = Memo::new(move |_| upload.with(|s| s.as_ref().and_then(|s| s.picture.clone())));
    let stop = move |_| cancel(page, &id.get_value());
    let words = move || match under.get().flatten() {
        None => "Waits for its turn".to_owned(),
        Some(p) if p >= 100.0 => "Looking at it…".to_owned(),
        Some(_) => "Uploading".to_owned(),
    };
    let percent = move || under.get().flatten().unwrap_or(0.0);
    move || {
        active.get().then(|| {
            view! {
                <div class="upload" role="status">
                    {move || picture.get().map(|src| view! { <img src=src alt="" draggable="false" /> })}
                    <div class="big">
                        <b>{move || under.get().flatten().map(|p| format!("{p:.0} %"))}</b>
                        <span>{words}</span>
                        <button class="btn s" on:click=stop>{icon("x")}"Cancel"</button>
                    </div>
                    <div class="progress" style=move || format!("--pct:{:.1}", percent())><i></i></div>
                </div>
            }
        })
    }
}

/// On a card: why its file was refused, and what to do.
#[component]
pub fn Refused(page: Page, id: StoredValue<String>) -> impl IntoView {
    let failed = Memo::new(move |_| {
        page.uploads.with(|u| match u.get(&id.get_value()) {
            Some(Upload { name, state: UploadState::Failed(why), .. }) => {
                Some((name.clone(), why.clone()))
            }
            Some(_) | None => None,
        })
    });
    move || {
        failed.get().map(|(name, why)| {
            view! {
                <div class="banner" role="alert" data-code="upload">
                    {icon("warn")}
                    <div>
                        <b>{format!("{name} was not stored")}</b><p>{why}</p>
                        <div class="acts">
                            <button data-needs="edit" class="btn s" on:click=move |_| retry(page, &id.get_value())>{icon("reset")}"Retry"</button>
                            <button data-needs="edit" class="btn s" on:click=move |_| upload::pick_for(page, &id.get_value())>"Choose another"</button>
                            <button class="btn s" on:click=move |_| cancel(page, &id.get_value())>"Dismiss"</button>
                        </div>
                    </div>
                </div>
            }
        })
    }
}

/// Above the canvas while several files are on their way.
#[component]
pub fn All(page: Page) -> impl IntoView {
    let state = Memo::new(move |_| {
        page.uploads.with(|all| {
            let parts: Vec<f64> = all
                .values()
                .filter_map(|s| match s.state {
                    UploadState::Under(p) => Some(p),
                    UploadState::Waiting => Some(0.0),
                    UploadState::Failed(_) => None,
                })
                .collect();
            let n = parts.len();
            (n, if n == 0 { 0.0 } else { parts.iter().sum::<f64>() / n as f64 })
        })
    });
    let several = Memo::new(move |_| state.get().0 > 1);
    let stop = move |_| {
        let all: BTreeMap<String, Upload> = page.uploads.get_untracked();
        for (node, upload) in all {
            if !matches!(upload.state, UploadState::Failed(_)) {
                cancel(page, &node);
            }
        }
    };
    move || {
        several.get().then(|| {
            view! {
                <div class="island sendings" role="status" data-floating>
                    {icon("upload")}
                    <span class="num">{move || { let (n, p) = state.get(); format!("Uploading {}, {p:.0} %", many(n, "file")) }}</span>
                    <span class="bar"><i style=move || format!("width:{:.1}%", state.get().1)></i></span>
                    <button class="btn s" on:click=stop>"Cancel all"</button>
                </div>
            }
        })
    }
}
