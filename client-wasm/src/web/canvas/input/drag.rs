//! Nodes on the move, and the groups that they come to lie in.

use crate::core::card_layout;
use crate::core::geometry::{Point, Rect};
use crate::core::grouping::{self, Groups};
use crate::core::rights::Right;
use crate::core::suggest;
use crate::web::canvas::actions::settle::settle_parents;
use crate::web::canvas::store::page::{Drag, Page, now_ms};
use gesso_protocol::schema;
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// While nodes are dragged their places are written at most so often, in ms.
pub const WRITE_MS: f64 = 60.0;

pub fn drag_start(page: Page, copy: bool) {
    if !page.demand(Right::Edit) {
        return;
    }
    if copy {
        crate::web::canvas::actions::edit::duplicate(page, [0.0, 0.0]);
    }
    let selection = page.core().borrow().editor.selection.clone();
    let all =
        page.read(|canvas| Groups::of(canvas).with_members(&grouping::free(canvas, selection)));
    let core = page.core();
    let mut core = core.borrow_mut();
    let from = all
        .into_iter()
        .filter_map(|id| core.index.get(&id).map(|r| (id, Point::new(r.x, r.y))))
        .collect();
    if !copy {
        core.replica.stop_undo();
    }
    core.drag = Some(Drag { from, written_ms: now_ms(), dirty: false });
}

pub fn drag_to(page: Page, dx: f64, dy: f64) {
    let core = page.core();
    let mut guard = core.borrow_mut();
    let core = &mut *guard;
    let Some(drag) = &mut core.drag else { return };
    drag.dirty = true;
    for (id, from) in &drag.from {
        let to = Point::new((from.x + dx).round(), (from.y + dy).round());
        if let Some(rect) = core.index.get(id) {
            core.index.set(id, Rect { x: to.x, y: to.y, ..rect });
        }
        if let Some(signals) = core.nodes.get(id) {
            signals.pos.set(to);
        }
    }
    drop(guard);
    page.frame();
}

/// Writes the places of what is dragged, at intervals, so that others see it move.
pub fn write_drag(page: Page, last: bool) {
    let places: Vec<(String, [f64; 2])> = {
        let core = page.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        let Some(drag) = &mut core.drag else { return };
        let now = now_ms();
        if !drag.dirty || (!last && now - drag.written_ms < WRITE_MS) {
            return;
        }
        drag.written_ms = now;
        drag.dirty = false;
        drag.from
            .keys()
            .filter_map(|id| core.index.get(id).map(|r| (id.clone(), [r.x, r.y])))
            .collect()
    };
    page.edit_more(|txn| {
        for (id, pos) in places {
            schema::set_pos(txn, &id, pos);
        }
    });
}

pub fn drag_end(page: Page) {
    write_drag(page, true);
    let moved: BTreeSet<String> = page
        .core()
        .borrow_mut()
        .drag
        .take()
        .map(|d| d.from.into_keys().collect())
        .unwrap_or_default();
    settle_parents(page, &moved);
    page.core().borrow_mut().replica.stop_undo();
    if let (Some(id), 1) = (moved.first(), moved.len()) {
        suggest_wires(page, id);
    }
    page.core().borrow_mut().view_due = true;
    page.frame();
}

/// Suggests the wires of a card that was put down.
fn suggest_wires(page: Page, id: &str) {
    let graph = page.graph.get_untracked();
    let found = {
        let core = page.core();
        let core = core.borrow();
        suggest::suggest(core.replica.canvas(), &graph, &core.index, id)
    };
    page.overlays.suggestion.set(found);
}

pub fn drag_cancel(page: Page) {
    let from = page.core().borrow_mut().drag.take().map(|d| d.from).unwrap_or_default();
    if from.is_empty() {
        return;
    }
    page.edit_more(|txn| {
        for (id, p) in &from {
            schema::set_pos(txn, id, [p.x, p.y]);
        }
    });
    let core = page.core();
    let mut core = core.borrow_mut();
    core.replica.stop_undo();
    for (id, p) in from {
        if let Some(rect) = core.index.get(&id) {
            core.index.set(&id, Rect { x: p.x, y: p.y, ..rect });
        }
        if let Some(signals) = core.nodes.get(&id) {
            signals.pos.set(p);
        }
    }
    core.view_due = true;
    drop(core);
    page.frame();
}

pub fn resize(page: Page, id: &str, dx: f64, dy: f64) {
    let (start, kind) = {
        let core = page.core();
        let mut core = core.borrow_mut();
        let Some(rect) = core.index.get(id) else { return };
        let Some(kind) = core.replica.canvas().nodes.get(id).map(|n| n.kind.clone()) else {
            return;
        };
        if core.drag.is_none() {
            core.replica.stop_undo();
            // The session remembers the size it began with in place of a position.
            let from = BTreeMap::from([(String::new(), Point::new(rect.w, rect.h))]);
            core.drag = Some(Drag { from, written_ms: 0.0, dirty: false });
        }
        let start = core.drag.as_ref().and_then(|d| d.from.get("").copied());
        (start.unwrap_or_else(|| Point::new(rect.w, rect.h)), kind)
    };
    let least = if kind == "sticker" { 32.0 } else { 160.0 };
    let w = (start.x + dx).max(least).min(2400.0).round();
    let h = (start.y + dy)
        .max(if card_layout::tall(&kind) { least.min(80.0) } else { 40.0 })
        .min(2400.0)
        .round();
    page.edit_more(|txn| schema::set_node_value(txn, id, "size", &serde_json::json!([w, h])));
}
