//! Files: from a drop, the clipboard or a picker to the server, and from there into nodes.

use gesso_protocol::schema::NewNode;
use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

use crate::core::geometry::Point;
use crate::core::rights::Right;
use crate::web::canvas::actions::camera;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::transfer::queue::send;
use crate::web::http::{self, ApiError};

/// Types of files that the picker offers.
const ACCEPT: &str = "image/*,video/*,audio/*,.svg,.glb,.gltf";

/// Makes a node of each file, side by side.
pub fn place_files(page: Page, files: &[web_sys::File], at: Option<Point>) {
    if !page.demand(Right::Edit) {
        return;
    }
    let first = at.unwrap_or_else(|| camera::free_view(page).center());
    for (n, file) in files.iter().enumerate() {
        let title = file.name();
        let title = (!title.is_empty()).then_some(title);
        let spot = Point::new(first.x + 300.0 * n as f64, first.y);
        let id = edit::add(page, NewNode { title, ..edit::blank("upload") }, Some(spot));
        send(page, &id, file, true);
    }
}

/// Opens the picker and makes nodes of what is chosen.
pub fn pick(page: Page) {
    if !page.demand(Right::Edit) {
        return;
    }
    pick_files(true, move |files| place_files(page, &files, None));
}

/// Opens the picker for an upload node.
pub fn pick_for(page: Page, id: &str) {
    if !page.demand(Right::Edit) {
        return;
    }
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

/// Stores bytes the page made, among the files of the canvas's workspace.
///
/// # Errors
/// The problem the server answered with, or that its answer did not come or cannot be read.
pub async fn store(page: Page, blob: &web_sys::Blob, name: &str) -> Result<AssetRef, ApiError> {
    let gone = |cause: JsValue| ApiError::unreachable(&cause);
    let form = web_sys::FormData::new().map_err(gone)?;
    form.append_with_blob_and_filename("file", blob, name).map_err(gone)?;
    let body = http::post_form::<serde_json::Value>(&page.at("/api/assets"), &form).await?;
    let asset = AssetRef::from_value(&body).ok_or_else(ApiError::unreadable)?;
    let name = if asset.name.is_empty() { name.to_owned() } else { asset.name };
    Ok(AssetRef { name, ..asset })
}

pub fn files_of(list: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    list.map(|l| (0..l.length()).filter_map(|i| l.get(i)).collect()).unwrap_or_default()
}
