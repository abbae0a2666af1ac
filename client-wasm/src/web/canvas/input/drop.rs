//! Files and library items dropped on the canvas.

use crate::core::editor::Target;
use crate::core::rights::Right;
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::edit::holds_file;
use crate::web::canvas::actions::edit::put;
use crate::web::canvas::input::target::{at, target_at};
use crate::web::canvas::store::page::Page;
use crate::web::canvas::transfer::queue::send;
use crate::web::canvas::transfer::upload::files_of;
use crate::web::canvas::transfer::upload::place_files;
use gesso_protocol::schema::NewNode;
use gesso_protocol::values::AssetRef;
use leptos::ev;
use leptos::prelude::*;
use serde_json::Value;

use crate::web::dom;

/// Lets files be dropped, by whoever may edit.
pub fn drag_over(page: Page, e: &web_sys::DragEvent) {
    e.prevent_default();
    if !page.may(Right::Edit)
        && let Some(data) = e.data_transfer()
    {
        data.set_drop_effect("none");
    }
}

/// Takes files that are dropped beside the canvas, on its bars and panels: the browser would leave the page for them.
pub fn listen(page: Page) {
    let over = window_event_listener(ev::dragover, move |e| {
        if let Some(data) = e.data_transfer().filter(dom::has_files) {
            e.prevent_default();
            data.set_drop_effect(if page.may(Right::Edit) { "copy" } else { "none" });
        }
    });
    let drop = window_event_listener(ev::drop, move |e| {
        let Some(data) = e.data_transfer().filter(dom::has_files) else { return };
        if dom::came_from(&e, ".canvas") {
            return;
        }
        e.prevent_default();
        if !dom::came_from(&e, "dialog") {
            place_files(page, &files_of(data.files()), None);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Files, or text, dropped on the canvas.
pub fn dropped(page: Page, e: &web_sys::DragEvent) {
    e.prevent_default();
    let Some(data) = e.data_transfer().filter(|_| page.demand(Right::Edit)) else { return };
    let p = at(e);
    let c = page.camera.get_untracked().to_canvas(p);
    let shelved =
        data.get_data(crate::web::canvas::actions::place_asset::DRAGGED).unwrap_or_default();
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
            | Target::Own => crate::web::canvas::actions::place_asset::place(page, asset, Some(c)),
        }
        return;
    }
    let files = files_of(data.files());
    if files.is_empty() {
        let text = data.get_data("text/plain").unwrap_or_default();
        if !text.trim().is_empty() {
            edit::add(
                page,
                NewNode { text: text.trim().to_owned(), ..edit::blank("text") },
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

pub fn takes_file(page: Page, id: &str) -> bool {
    page.read(|canvas| canvas.nodes.get(id).is_some_and(|n| holds_file(&n.kind)))
}
