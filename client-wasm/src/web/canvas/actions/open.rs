//! Opening what lies above the canvas.

use crate::core::card_layout;
use crate::core::editor::PortRef;
use crate::core::editor::Side;
use crate::core::geometry::Point;
use crate::core::results;
use crate::core::rights::Right;
use crate::web::canvas::actions::focus;
use crate::web::canvas::store::overlays::Previewed;
use crate::web::canvas::store::page::Asked;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::Showing;
use crate::web::canvas::store::showing::showing_item;
use gesso_protocol::nodes;
use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

/// Opens what a node shows: the grid of a batch, else the preview.
pub fn shown(page: Page, id: &str) {
    if page.read(|c| results::result_refs(c, id).len() < 2) {
        preview(page, id);
    } else if page.read(|c| c.nodes.get(id).is_some_and(|n| n.kind == "evaluator")) {
        page.overlays.review.set(Some(id.to_owned()));
    } else {
        page.overlays.grid.set(Some(id.to_owned()));
    }
}

/// Opens the preview of what a card shows.
pub fn preview(page: Page, id: &str) {
    let key = crate::web::canvas::store::showing::item_key(page, id);
    let result = page.read(|c| {
        let gallery = results::gallery(c, id);
        let is_shown = |r: &&results::ResultRef| r.key == key && results::is_shown(c, id, r);
        gallery.iter().find(is_shown).or_else(|| gallery.iter().find(|r| r.key == key)).cloned()
    });
    let result = result.unwrap_or(results::ResultRef { n: 1, key, one: None });
    page.overlays.preview.set(Some(Previewed { node: id.to_owned(), result }));
}

/// Opens the library for a node that takes a file.
pub fn library(page: Page, id: &str) {
    if !page.demand(Right::Edit) {
        return;
    }
    page.overlays.library.set(Some(id.to_owned()));
}

/// True if what a node shows can be edited here.
pub fn can_edit(page: Page, id: &str) -> bool {
    let runs = page.read(|c| c.nodes.get(id).is_some_and(|n| n.kind != "evaluator"));
    runs && page.can(Right::Edit)
        && matches!(
            showing_item(page, id, &crate::web::canvas::store::showing::item_key(page, id)),
            Showing::Asset(AssetRef { ty: Some(DataType::Image), .. })
        )
}

/// Opens the editor for what a card shows.
pub fn image_editor(page: Page, id: &str) {
    if can_edit(page, id) {
        let key = crate::web::canvas::store::showing::item_key(page, id);
        page.overlays.preview.set(None);
        page.overlays.image_editor.set(Some((id.to_owned(), key)));
    }
}

/// Opens Spotlight for a port, as if a wire had been dropped beside its card.
pub fn spotlight_at_port(page: Page, port: &PortRef) {
    if !page.demand(Right::Edit) {
        return;
    }
    let rect = page.core().borrow().index.get(&port.node);
    let Some(rect) = rect else { return };
    let x = if port.side == Side::Out { rect.right() + 72.0 } else { rect.x - 72.0 };
    let kind = page.read(|c| c.nodes.get(&port.node).map(|n| n.kind.clone())).unwrap_or_default();
    let y = rect.y + card_layout::port_y(&kind, port.side, &port.port);
    let wire = Some((port.clone(), None));
    page.spotlight.set(Some(Asked { at: Some(Point::new(x, y)), wire, ..Asked::default() }));
}

/// Gives a placed node with text the caret, opens the library for one that takes a file, and focuses any other card.
pub fn after_adding(page: Page, kind: &str, id: String) {
    if !page.may(Right::Edit) {
        return;
    }
    match kind {
        "media" => library(page, &id),
        kind if nodes::spec(kind).is_some_and(|spec| spec.has_text) => focus::focus_text(&id),
        _ => focus::focus_card(&id),
    }
}
