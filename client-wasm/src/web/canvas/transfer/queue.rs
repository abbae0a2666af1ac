//! Files on their way to the server: a few at once, the others wait.

use crate::core::rights::Right;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::overlays::{Upload, UploadState};
use crate::web::canvas::store::page::Page;
use crate::web::http::ApiError;
use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use serde_json::Value;
use std::cell::RefCell;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

thread_local! {
    /// In the order in which they were asked for.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// More at once would leave no connection for everything else.
pub const AT_ONCE: usize = 3;

/// An upload's parts that only the browser can hold.
pub struct Held {
    node: String,
    file: web_sys::File,
    request: Option<web_sys::XmlHttpRequest>,
}

pub fn forget(node: &str) -> Option<Held> {
    HELD.with_borrow_mut(|held| {
        let at = held.iter().position(|h| h.node == node)?;
        Some(held.remove(at))
    })
}

/// Shows nothing of a file any more.
pub fn clear(page: Page, node: &str) {
    let _shown = page.uploads.try_update(|all| {
        if let Some(Upload { picture: Some(url), .. }) = all.remove(node) {
            // The browser frees it with the page otherwise.
            let _freed = web_sys::Url::revoke_object_url(&url);
        }
    });
}

/// Sends a file for a node; `fresh` where the node was made for it.
pub fn send(page: Page, node: &str, file: &web_sys::File, fresh: bool) {
    if !page.demand(Right::Edit) {
        return;
    }
    drop_request(forget(node));
    clear(page, node);
    let shown = file.type_().starts_with("image/") && file.size() <= SHOWN_BYTES_MAX;
    let picture = web_sys::Url::create_object_url_with_blob(file).ok().filter(|_| shown);
    let upload = Upload { name: file.name(), state: UploadState::Waiting, picture, fresh };
    page.uploads.update(|all| {
        all.insert(node.to_owned(), upload);
    });
    let held = Held { node: node.to_owned(), file: file.clone(), request: None };
    HELD.with_borrow_mut(|all| all.push(held));
    pump(page);
}

pub fn drop_request(held: Option<Held>) {
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
        edit::delete(page, &[node.to_owned()]);
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
pub fn pump(page: Page) {
    loop {
        let next = HELD.with_borrow(|all| {
            let busy = all.iter().filter(|h| h.request.is_some()).count();
            let waits = |h: &&Held| {
                let state =
                    page.uploads.with_untracked(|u| u.get(&h.node).map(|s| s.state.clone()));
                h.request.is_none() && state == Some(UploadState::Waiting)
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

pub fn set_state(page: Page, node: &str, state: UploadState) {
    let _shown = page.uploads.try_update(|all| {
        if let Some(upload) = all.get_mut(node) {
            upload.state = state;
        }
    });
}

pub fn fail(page: Page, node: &str, why: String) {
    HELD.with_borrow_mut(|all| {
        if let Some(held) = all.iter_mut().find(|h| h.node == node) {
            held.request = None;
        }
    });
    set_state(page, node, UploadState::Failed(why));
}

pub fn begin(page: Page, node: &str, file: &web_sys::File) -> Option<()> {
    let request = web_sys::XmlHttpRequest::new().ok()?;
    request.open("POST", &page.at("/api/assets")).ok()?;
    // A form carries the file's name; a bare body would not.
    let form = web_sys::FormData::new().ok()?;
    form.append_with_blob_and_filename("file", file, &file.name()).ok()?;
    let name = node.to_owned();
    let progress =
        Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |e: web_sys::ProgressEvent| {
            set_state(page, &name, UploadState::Under(100.0 * e.loaded() / e.total().max(1.0)));
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
    set_state(page, node, UploadState::Under(0.0));
    Some(())
}

pub fn ended(page: Page, node: &str, request: &web_sys::XmlHttpRequest) {
    let own = |h: &Held| h.node == node && h.request.as_ref() == Some(request);
    let held = HELD.with_borrow(|all| all.iter().any(own));
    // Stopped, or sent anew: nobody waits for this answer.
    if !held || page.try_core().is_none() {
        return;
    }
    let status = request.status().unwrap_or_default();
    let text = request.response_text().ok().flatten().unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let name = page.uploads.with_untracked(|u| u.get(node).map(|s| s.name.clone()));
    let name = name.unwrap_or_default();
    match AssetRef::from_value(&body).filter(|_| (200..300).contains(&status)) {
        Some(mut asset) => {
            forget(node);
            clear(page, node);
            if asset.name.is_empty() {
                asset.name = name;
            }
            edit::put(page, node, &asset);
        }
        None if status == 0 => {
            let why = "The connection broke off before it was stored. It may be larger than this server takes, or the server is away.";
            fail(page, node, why.to_owned());
        }
        None => fail(page, node, ApiError::of(status, &text).detail),
    }
    pump(page);
}

/// Larger pictures are not shown before they are stored.
pub const SHOWN_BYTES_MAX: f64 = 40e6;
