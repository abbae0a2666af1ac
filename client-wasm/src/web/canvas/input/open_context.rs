//! Opening the menu under the pointer.

use crate::core::editor::Target;
use crate::core::geometry::Point;
use crate::web::canvas::input::target;
use crate::web::canvas::input::target::at;
use crate::web::canvas::store::overlays::Context;
use crate::web::canvas::store::page::Page;
use leptos::prelude::*;

/// Opens the menu for what a right click hit.
pub fn open(page: Page, e: &web_sys::MouseEvent) {
    let own = target::target_of(
        document().element_from_point(e.client_x() as f32, e.client_y() as f32).as_ref(),
    );
    if own == Target::Own && crate::web::dom::typing() {
        return;
    }
    e.prevent_default();
    open_at(page, at(e));
}

/// Opens the menu of a wire.
pub fn open_edge(page: Page, key: &str, p: Point) {
    page.context.set(Some(Context { target: Target::Edge(key.to_owned()), at: p }));
}

/// Opens the menu at a screen point.
pub fn open_at(page: Page, p: Point) {
    let target = match target::target_at(page, p) {
        Target::Port(port) => Target::Node(port.node),
        Target::Corner(id) => Target::Node(id),
        Target::Own => Target::Canvas,
        other @ (Target::Canvas | Target::Node(_) | Target::Edge(_)) => other,
    };
    if let Target::Node(id) = &target
        && !page.selection.with_untracked(|s| s.contains(id))
    {
        page.select([id.clone()]);
    }
    page.context.set(Some(Context { target, at: p }));
}
