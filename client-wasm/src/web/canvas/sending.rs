//! Files on their way to the server: a few at a time, each with its progress, stopped by a click, tried again by another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

use super::net::Problem;
use super::page::Page;
use super::{commands, upload};
use crate::core::words::many;
use crate::web::icons::icon;

/// More at once would leave no connection for everything else.
const AT_ONCE: usize = 3;
/// Larger pictures are not shown before they are stored.
const SHOWN_BYTES_MAX: f64 = 40e6;

/// A file on its way, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub stand: Stand,
    /// The picture itself, out of the page's own memory.
    pub picture: Option<String>,
    /// The node was made for it.
    fresh: bool,
}

/// Where a file is on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    /// Others go first.
    Waiting,
    /// So many percent are there.
    Under(f64),
    /// It was refused, and why.
    Failed(String),
}

/// What only the browser can hold.
struct Held {
    node: String,
    file: web_sys::File,
    request: Option<web_sys::XmlHttpRequest>,
}

thread_local! {
    /// In the order in which they were asked for.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

fn forget(node: &str) -> Option<Held> {
    HELD.with_borrow_mut(|held| {
        let at = held.iter().position(|h| h.node == node)?;
        Some(held.remove(at))
    })
}

/// Shows nothing of a file any more.
fn clear(page: Page, node: &str) {
    let _shown = page.uploads.try_update(|all| {
        if let Some(Sending { picture: Some(url), .. }) = all.remove(node) {
            // The browser frees it with the page otherwise.
            let _freed = web_sys::Url::revoke_object_url(&url);
        }
    });
}

/// Sends a file for a node; `fresh` where the node was made for it.
pub fn send(page: Page, node: &str, file: &web_sys::File, fresh: bool) {
    drop_request(forget(node));
    clear(page, node);
    let shown = file.type_().starts_with("image/") && file.size() <= SHOWN_BYTES_MAX;
    let picture = web_sys::Url::create_object_url_with_blob(file).ok().filter(|_| shown);
    let sending = Sending { name: file.name(), stand: Stand::Waiting, picture, fresh };
    page.uploads.update(|all| {
        all.insert(node.to_owned(), sending);
    });
    let held = Held { node: node.to_owned(), file: file.clone(), request: None };
    HELD.with_borrow_mut(|all| all.push(held));
    pump(page);
}

fn drop_request(held: Option<Held>) {
    if let Some(request) = held.and_then(|h| h.request) {
        // One that ended already has nothing to abort.
        let _stopped = request.abort();
    }
}

/// Gives up a file; a node that was made for it goes with it.
pub fn cancel(page: Page, node: &str) {
    let fresh = page.uploads.with_untracked(|all| all.get(node).is_some_and(|s| s.fresh));
    drop_request(forget(node));
    clear(page, node);
    let bare = page.read(|c| c.nodes.get(node).is_some_and(|n| n.asset.is_none()));
    if fresh && bare {
        commands::delete(page, &[node.to_owned()]);
    }
    page.live.set("Upload stopped".to_owned());
    pump(page);
}

/// Sends a refused file once more.
pub fn retry(page: Page, node: &str) {
    let fresh = page.uploads.with_untracked(|all| all.get(node).is_some_and(|s| s.fresh));
    let file = HELD.with_borrow(|all| all.iter().find(|h| h.node == node).map(|h| h.file.clone()));
    if let Some(file) = file {
        send(page, node, &file, fresh);
    }
}

/// Starts what may start.
fn pump(page: Page) {
    loop {
        let next = HELD.with_borrow(|all| {
            let busy = all.iter().filter(|h| h.request.is_some()).count();
            let waits = |h: &&Held| {
                let stand =
                    page.uploads.with_untracked(|u| u.get(&h.node).map(|s| s.stand.clone()));
                h.request.is_none() && stand == Some(Stand::Waiting)
            };
            all.iter()
                .find(waits)
                .filter(|_| busy < AT_ONCE)
                .map(|h| (h.node.clone(), h.file.clone()))
        });
        let Some((node, file)) = next else { return };
        if begin(page, &node, &file).is_none() {
            fail(page, &node, "The file could not be read. Choose it again.".to_owned());
        }
    }
}

fn stand(page: Page, node: &str, stand: Stand) {
    let _shown = page.uploads.try_update(|all| {
        if let Some(sending) = all.get_mut(node) {
            sending.stand = stand;
        }
    });
}

fn fail(page: Page, node: &str, why: String) {
    HELD.with_borrow_mut(|all| {
        if let Some(held) = all.iter_mut().find(|h| h.node == node) {
            held.request = None;
        }
    });
    stand(page, node, Stand::Failed(why));
}

fn begin(page: Page, node: &str, file: &web_sys::File) -> Option<()> {
    let request = web_sys::XmlHttpRequest::new().ok()?;
    request.open("POST", "/api/assets").ok()?;
    // A form carries the file's name; a bare body would not.
    let form = web_sys::FormData::new().ok()?;
    form.append_with_blob_and_filename("file", file, &file.name()).ok()?;
    let name = node.to_owned();
    let progress =
        Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |e: web_sys::ProgressEvent| {
            stand(page, &name, Stand::Under(100.0 * e.loaded() / e.total().max(1.0)));
        });
    if let Ok(upload) = request.upload() {
        upload.set_onprogress(Some(progress.as_ref().unchecked_ref()));
    }
    let (done, name) = (request.clone(), node.to_owned());
    let finished = Closure::once_into_js(move || {
        drop(progress);
        ended(page, &name, &done);
    });
    request.set_onloadend(Some(finished.unchecked_ref()));
    request.send_with_opt_form_data(Some(&form)).ok()?;
    HELD.with_borrow_mut(|all| {
        if let Some(held) = all.iter_mut().find(|h| h.node == node) {
            held.request = Some(request);
        }
    });
    stand(page, node, Stand::Under(0.0));
    Some(())
}

fn ended(page: Page, node: &str, request: &web_sys::XmlHttpRequest) {
    let own = |h: &Held| h.node == node && h.request.as_ref() == Some(request);
    let held = HELD.with_borrow(|all| all.iter().any(own));
    // Stopped, or sent anew: nobody waits for this answer.
    if !held || page.try_core().is_none() {
        return;
    }
    let status = request.status().unwrap_or_default();
    let body: Value = request
        .response_text()
        .ok()
        .flatten()
        .and_then(|t| serde_json::from_str(&t).ok())
        .unwrap_or(Value::Null);
    let name = page.uploads.with_untracked(|u| u.get(node).map(|s| s.name.clone()));
    let name = name.unwrap_or_default();
    match AssetRef::from_value(&body).filter(|_| (200..300).contains(&status)) {
        Some(mut asset) => {
            forget(node);
            clear(page, node);
            if asset.name.is_empty() {
                asset.name = name;
            }
            upload::put(page, node, &asset);
        }
        None if status == 0 => {
            let why = "The connection broke off before it was stored. It may be larger than this server takes, or the server is away.";
            fail(page, node, why.to_owned());
        }
        None => fail(page, node, Problem::of(status, &body).detail),
    }
    pump(page);
}

/// On a card: how far its file is, and the way to stop it.
#[component]
pub fn Progress(page: Page, id: StoredValue<String>) -> impl IntoView {
    let sending = Memo::new(move |_| page.uploads.with(|u| u.get(&id.get_value()).cloned()));
    let under = Memo::new(move |_| {
        sending.with(|s| match s.as_ref().map(|s| &s.stand) {
            Some(Stand::Under(p)) => Some(Some(*p)),
            Some(Stand::Waiting) => Some(None),
            Some(Stand::Failed(_)) | None => None,
        })
    });
    let active = Memo::new(move |_| under.with(Option::is_some));
    let picture = Memo::new(move |_| sending.with(|s| s.as_ref().and_then(|s| s.picture.clone())));
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
                <div class="sending" role="status">
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
            Some(Sending { name, stand: Stand::Failed(why), .. }) => {
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
                            <button class="btn s" on:click=move |_| retry(page, &id.get_value())>{icon("reset")}"Retry"</button>
                            <button class="btn s" on:click=move |_| upload::pick_for(page, &id.get_value())>"Choose another"</button>
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
                .filter_map(|s| match s.stand {
                    Stand::Under(p) => Some(p),
                    Stand::Waiting => Some(0.0),
                    Stand::Failed(_) => None,
                })
                .collect();
            let n = parts.len();
            (n, if n == 0 { 0.0 } else { parts.iter().sum::<f64>() / n as f64 })
        })
    });
    let several = Memo::new(move |_| state.get().0 > 1);
    let stop = move |_| {
        let all: BTreeMap<String, Sending> = page.uploads.get_untracked();
        for (node, sending) in all {
            if !matches!(sending.stand, Stand::Failed(_)) {
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
