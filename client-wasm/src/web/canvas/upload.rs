//! Files: from a drop, the clipboard or a picker to the server, and from there into nodes.

use gesso_protocol::nodes;
use gesso_protocol::schema::{self, NewNode};
use gesso_protocol::values::{AssetRef, file_ending};
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

use super::commands;
use super::gestures::{at, target_at};
use super::media::{Showing, showing_item};
use super::net::Problem;
use super::page::Page;
use super::sending::send;
use crate::core::editor::Target;
use crate::core::geometry::Point;

/// What the picker offers.
const ACCEPT: &str = "image/*,video/*,audio/*,.svg,.glb,.gltf";

/// Lets files be dropped.
pub fn drag_over(e: web_sys::DragEvent) {
    e.prevent_default();
}

fn files_of(list: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    list.map(|l| (0..l.length()).filter_map(|i| l.get(i)).collect()).unwrap_or_default()
}

/// Files, or text, dropped on the canvas.
pub fn dropped(page: Page, e: &web_sys::DragEvent) {
    e.prevent_default();
    let Some(data) = e.data_transfer() else { return };
    let p = at(e);
    let c = page.camera.get_untracked().to_canvas(p);
    let shelved = data.get_data(super::library::DRAGGED).unwrap_or_default();
    if let Some(asset) =
        serde_json::from_str::<Value>(&shelved).ok().as_ref().and_then(AssetRef::from_value)
    {
        match target_at(page, p) {
            Target::Node(id) if takes_file(page, &id) => put(page, &id, &asset),
            Target::Canvas
            | Target::Node(_)
            | Target::Port(_)
            | Target::Edge(_)
            | Target::Corner(_)
            | Target::Own => super::library::place(page, asset, Some(c)),
        }
        return;
    }
    let files = files_of(data.files());
    if files.is_empty() {
        let text = data.get_data("text/plain").unwrap_or_default();
        if !text.trim().is_empty() {
            commands::add(
                page,
                NewNode { text: text.trim().to_owned(), ..commands::blank("text") },
                Some(c),
            );
        }
        return;
    }
    // Onto an upload: it takes the first file.
    if let (Target::Node(id), [file]) = (target_at(page, p), files.as_slice())
        && takes_file(page, &id)
    {
        send(page, &id, file, false);
        return;
    }
    place_files(page, &files, Some(c));
}

fn takes_file(page: Page, id: &str) -> bool {
    page.read(|canvas| canvas.nodes.get(id).is_some_and(|n| holds_file(&n.kind)))
}

/// Makes a node of each file, side by side.
pub fn place_files(page: Page, files: &[web_sys::File], at: Option<Point>) {
    let first = at.unwrap_or_else(|| {
        page.camera.get_untracked().to_canvas(super::gestures::free_screen(page).center())
    });
    for (n, file) in files.iter().enumerate() {
        let title = file.name();
        let title = (!title.is_empty()).then_some(title);
        let spot = Point::new(first.x + 300.0 * n as f64, first.y);
        let id = commands::add(page, NewNode { title, ..commands::blank("upload") }, Some(spot));
        send(page, &id, file, true);
    }
}

/// Opens the picker and makes nodes of what is chosen.
pub fn pick(page: Page) {
    pick_files(true, move |files| place_files(page, &files, None));
}

/// Opens the picker for an upload node.
pub fn pick_for(page: Page, id: &str) {
    let id = id.to_owned();
    pick_files(false, move |files| {
        if let Some(file) = files.first() {
            send(page, &id, file, false);
        }
    });
}

fn pick_files(several: bool, then: impl Fn(Vec<web_sys::File>) + 'static) {
    let Ok(element) = document().create_element("input") else { return };
    let Ok(input) = element.dyn_into::<web_sys::HtmlInputElement>() else { return };
    input.set_type("file");
    input.set_accept(ACCEPT);
    input.set_multiple(several);
    let chosen = input.clone();
    let change = Closure::once_into_js(move || then(files_of(chosen.files())));
    input.set_onchange(Some(change.unchecked_ref()));
    input.click();
}

/// Puts a stored file into a node: what it holds, or in the place of what it made.
pub fn put(page: Page, id: &str, asset: &AssetRef) {
    let value = asset.to_value();
    let kind = page.read(|c| c.nodes.get(id).map(|n| n.kind.clone())).unwrap_or_default();
    if holds_file(&kind) {
        page.edit(|txn| schema::set_node_value(txn, id, "asset", &value));
        return;
    }
    let made = nodes::spec(&kind).and_then(|s| s.outputs.first()).map(|o| o.ty);
    if made != asset.ty.map(nodes::PortType::Fixed) {
        let what = asset.ty.map_or("That file", |ty| ty.label());
        page.toasts
            .bad(&format!("{what} does not fit here. Choose a file of the kind this node makes."));
        return;
    }
    commands::replace_creation(page, id, &value);
}

/// Starts the download of what a node shows.
pub fn download(page: Page, id: &str) {
    download_item(page, id, &super::media::item_key(page, id));
}

/// Starts the download of what an item of a node shows.
pub fn download_item(page: Page, id: &str, key: &str) {
    let Showing::Asset(asset) = showing_item(page, id, key) else { return };
    let label = page.read(|c| crate::core::results::label(c, key));
    download_asset(page, id, &asset, &label);
}

/// Starts the download of a file a node made; `label` tells items of a batch apart.
pub fn download_asset(page: Page, id: &str, asset: &AssetRef, label: &str) {
    let title =
        page.read(|c| c.nodes.get(id).map(|n| n.shown_title().to_owned())).unwrap_or_default();
    let ending = file_ending(&asset.mime);
    let name = if label.is_empty() { title } else { format!("{title}, {label}") };
    save(&format!("/api/assets/{}", asset.id), &format!("{name}.{ending}"));
}

fn save(href: &str, name: &str) {
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

/// Whether a node kind holds a file.
pub fn holds_file(kind: &str) -> bool {
    nodes::spec(kind).is_some_and(|s| matches!(s.id, "upload" | "media"))
}

/// Stores bytes the page made.
///
/// # Errors
/// What the server said, or that it said nothing.
pub async fn store(blob: &web_sys::Blob, name: &str) -> Result<AssetRef, Problem> {
    let unreadable = || Problem {
        detail: "The server's answer could not be read. Reload the page and try again.".to_owned(),
        ..Problem::default()
    };
    let form = web_sys::FormData::new().map_err(Problem::unreachable)?;
    form.append_with_blob_and_filename("file", blob, name).map_err(Problem::unreachable)?;
    let body = super::net::post_form("/api/assets", &form).await?;
    let asset = AssetRef::from_value(&body).ok_or_else(unreadable)?;
    let name = if asset.name.is_empty() { name.to_owned() } else { asset.name };
    Ok(AssetRef { name, ..asset })
}
