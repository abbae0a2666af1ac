//! Files on their way to the disk.

use std::collections::BTreeSet;

use crate::core::grouping::Groups;
use crate::core::results::ResultRef;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, showing_result};
use gesso_protocol::schema::{Canvas, Node};
use gesso_protocol::values::{AssetRef, file_ending};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// Starts the download of what a node shows.
pub fn download(page: Page, id: &str) {
    let key = crate::web::canvas::store::showing::item_key(page, id);
    download_result(page, id, &ResultRef { key, ..ResultRef::default() });
}

/// Starts the download of one result of a node.
pub fn download_result(page: Page, id: &str, result: &ResultRef) {
    let Showing::Asset(asset) = showing_result(page, id, result) else { return };
    let item = page.read(|c| crate::core::results::label(c, &result.key));
    let nth = result.one.as_ref().map(|(nth, _)| nth.to_string());
    let label: Vec<String> =
        [item].into_iter().chain(nth).filter(|part| !part.is_empty()).collect();
    download_asset(page, id, &asset, &label.join(", "));
}

/// Starts the download of a file a node made; `label` tells items of a batch apart.
pub fn download_asset(page: Page, id: &str, asset: &AssetRef, label: &str) {
    let title =
        page.read(|c| c.nodes.get(id).map(|n| n.shown_title().to_owned())).unwrap_or_default();
    let ending = file_ending(&asset.mime);
    let name = if label.is_empty() { title } else { format!("{title}, {label}") };
    save(&format!("/api/assets/{}", asset.id), &format!("{name}.{ending}"));
}

/// Starts the download of all that these nodes show, with what sits in groups among them, or of all on the canvas, as
/// one archive.
pub fn download_archive(page: Page, ids: Option<&BTreeSet<String>>) {
    let path = format!("/api/canvases/{}/archive", page.id.get_value());
    match ids {
        // The server gives it its name.
        None => save(&path, ""),
        Some(ids) => {
            let all = page.read(|canvas| Groups::of(canvas).with_members(ids));
            let all: Vec<String> =
                all.iter().map(|id| js_sys::encode_uri_component(id).into()).collect();
            save(&format!("{path}?nodes={}", all.join(",")), "");
        }
    }
}

/// True if there is a file among what these nodes, or all, show.
pub fn has_files(canvas: &Canvas, ids: Option<&BTreeSet<String>>) -> bool {
    let has_file = |node: &Node| {
        let made = canvas.generations.get(&node.id).is_some_and(|made| !made.is_empty());
        made || node.asset.is_some()
    };
    match ids {
        None => canvas.nodes.values().any(has_file),
        Some(ids) => ids.iter().filter_map(|id| canvas.nodes.get(id)).any(has_file),
    }
}

pub fn save(href: &str, name: &str) {
    let Ok(element) = document().create_element("a") else { return };
    let Ok(link) = element.dyn_into::<web_sys::HtmlAnchorElement>() else { return };
    link.set_href(href);
    link.set_download(name);
    link.click();
}

/// Starts the download of bytes the page holds.
pub fn download_bytes(bytes: &[u8], name: &str) {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let Ok(blob) = web_sys::Blob::new_with_u8_array_sequence(&parts) else { return };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    save(&url, name);
}
