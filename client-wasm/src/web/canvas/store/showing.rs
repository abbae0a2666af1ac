//! The content that a node shows, and the address of its thumbnail.

use crate::core::results;
use crate::core::results::ResultRef;
pub use crate::core::results::Showing;
use crate::core::status::NodeStatus;
use crate::web::canvas::store::page::Page;
use gesso_protocol::graph::shown_generation;
use gesso_protocol::values::AssetRef;
use leptos::prelude::*;

/// The item a card shows: the one somebody picked, else the first that is there; `""` outside a batch.
pub fn item_key(page: Page, id: &str) -> String {
    let picked = page.overlays.items.with(|items| items.get(id).cloned());
    page.read(|canvas| {
        let keys = results::batch_keys(canvas, id);
        if let Some(picked) = picked.filter(|p| keys.contains(p)) {
            return picked;
        }
        let items = canvas.results.get(id).map(|r| &r.items);
        let shows = |key: &&String| {
            items.is_some_and(|i| i.get(*key).is_some_and(|i| NodeStatus::of_item(i).is_done()))
                || shown_generation(canvas, id, key).is_some()
        };
        keys.iter().find(shows).or_else(|| keys.first()).cloned().unwrap_or_default()
    })
}

/// Returns the content that a node shows now.
pub fn showing(page: Page, id: &str) -> Showing {
    showing_item(page, id, &item_key(page, id))
}

/// Returns the content that an item of a node shows.
pub fn showing_item(page: Page, id: &str, key: &str) -> Showing {
    showing_result(page, id, &ResultRef { key: key.to_owned(), ..ResultRef::default() })
}

/// Returns the content of one result of a node; that of a node that holds a file is the file.
pub fn showing_result(page: Page, id: &str, result: &ResultRef) -> Showing {
    page.read(|canvas| {
        let Some(node) = canvas.nodes.get(id) else { return Showing::Nothing };
        if let Some(asset) = &node.asset {
            return Showing::Asset(asset.clone());
        }
        results::shown_as(canvas, id, result)
    })
}

/// A thumbnail's address, for how large it is on screen.
pub fn thumbnail(asset: &AssetRef, width: u32) -> String {
    format!("/api/assets/{}/thumbnail?w={width}", asset.id)
}

/// The width of thumbnails that fits the zoom, in steps, so that zooming fetches rarely.
pub fn thumbnail_width(page: Page, units: f64) -> u32 {
    let ratio = window().device_pixel_ratio().clamp(1.0, 3.0);
    let pixels = units * page.camera.with(|c| c.zoom) * ratio;
    match pixels {
        p if p <= 320.0 => 320,
        p if p <= 640.0 => 640,
        p if p <= 1280.0 => 1280,
        _ => 2048,
    }
}

/// Returns the place of the shown result among those of the item a card shows, from 1, and their number.
pub fn history_place(page: Page, id: &str) -> (usize, usize) {
    let key = item_key(page, id);
    page.read(|c| {
        let made = c.generations.get(id).map(Vec::as_slice).unwrap_or_default();
        let of_item: Vec<&gesso_protocol::schema::Generation> =
            made.iter().filter(|g| g.key == key).collect();
        let shown = shown_generation(c, id, &key);
        let at = shown.and_then(|s| of_item.iter().position(|g| g.id == s.id));
        (at.map_or(0, |at| at + 1), of_item.len())
    })
}
