//! The library's items as they come to the canvas.

use crate::core::geometry::Point;
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::focus;
use crate::web::canvas::store::page::Page;
use gesso_protocol::schema::NewNode;
use gesso_protocol::values::AssetRef;

/// MIME type of a dragged file.
pub const DRAGGED: &str = "application/x-gesso-asset";

/// Puts a file from the library on the canvas, as a node of its own.
pub fn place(page: Page, asset: AssetRef, at: Option<Point>) {
    let mut node = NewNode { asset: Some(asset.clone()), ..edit::blank("media") };
    let stem = asset.name.rsplit_once('.').map_or(asset.name.as_str(), |(stem, _)| stem);
    node.title = (!stem.is_empty()).then(|| stem.to_owned());
    let id = edit::add(page, node, at);
    focus::focus_card(&id);
}
