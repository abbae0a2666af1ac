//! Opening Spotlight for a wire.

use crate::core::editor::{PortRef, Side};
use crate::core::geometry::Point;
use crate::web::canvas::layout;
use crate::web::canvas::page::{Asked, Page};
use leptos::prelude::*;

/// Opens Spotlight for a port, as if a wire had been dropped beside its card.
pub fn for_port(page: Page, port: &PortRef) {
    let rect = page.core().borrow().index.get(&port.node);
    let Some(rect) = rect else { return };
    let x = if port.side == Side::Out { rect.right() + 72.0 } else { rect.x - 72.0 };
    let kind = page.read(|c| c.nodes.get(&port.node).map(|n| n.kind.clone())).unwrap_or_default();
    let y = rect.y + layout::port_y(&kind, port.side, &port.port);
    let wire = Some((port.clone(), None));
    page.spotlight.set(Some(Asked { at: Some(Point::new(x, y)), wire, query: String::new() }));
}
