//! Moving what is selected: by steps, into line, and above or below each other.

use crate::core::arrange::{self, Axis, Block, Move};
use crate::core::geometry::Point;
use crate::core::grouping::{self, Groups};
use crate::core::keymap::Side;
use crate::core::stacking::{self, Layer, Shift};
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::{Page, rect_of};
use gesso_protocol::schema;
use leptos::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// Returns the selected cards as blocks, groups as one with everything in them.
fn blocks(page: Page) -> Vec<Block> {
    let ids = page.selection.get_untracked();
    let outermost = page.read(|canvas| Groups::of(canvas).outermost(&ids));
    let core = page.core();
    let core = core.borrow();
    outermost.into_iter().filter_map(|id| Some((id.clone(), core.index.get(&id)?))).collect()
}

/// Moves nodes, each with everything in it, in one step of undo. What is fixed stays, and others are lined up with it.
fn shift(page: Page, moves: &[Move]) {
    let moves: Vec<(BTreeSet<String>, Point)> = page.read(|canvas| {
        let groups = Groups::of(canvas);
        let free = grouping::free(canvas, moves.iter().map(|(id, _)| id.clone()));
        let free = moves.iter().filter(|(id, _)| free.contains(id));
        free.map(|(id, by)| (groups.with_members(&BTreeSet::from([id.clone()])), *by)).collect()
    });
    if moves.is_empty() {
        edit::tell_fixed(page);
        return;
    }
    page.edit(|txn| {
        for (ids, by) in &moves {
            for id in ids {
                if let Some(node) = schema::read_node(txn, id) {
                    schema::set_pos(txn, id, [node.pos[0] + by.x, node.pos[1] + by.y]);
                }
            }
        }
    });
}

/// Moves the selected nodes by so many canvas units.
pub fn nudge(page: Page, dx: f64, dy: f64) {
    let by = Point::new(dx, dy);
    let moves: Vec<Move> = blocks(page).into_iter().map(|(id, _)| (id, by)).collect();
    shift(page, &moves);
}

/// Lines the selected nodes up at a side of theirs.
pub fn align(page: Page, side: Side) {
    shift(page, &arrange::align(&blocks(page), side));
}

/// Gives the selected nodes the same spaces between them.
pub fn distribute(page: Page, axis: Axis) {
    shift(page, &arrange::distribute(&blocks(page), axis));
}

/// Moves the selected nodes into columns without overlaps.
pub fn tidy(page: Page) {
    shift(page, &arrange::tidy(&blocks(page)));
}

/// Moves the selected nodes in the order in which cards lie on each other; groups lie below cards and move among
/// themselves.
pub fn restack(page: Page, shift: Shift) {
    let keys: Vec<(String, String)> = {
        let selected = page.selection.get_untracked();
        let core = page.core();
        let core = core.borrow();
        let nodes = || core.replica.canvas().nodes.values();
        let stack = |are_groups: bool| {
            let layer = |node: &schema::Node| Layer {
                id: node.id.clone(),
                z: node.z.clone(),
                rect: rect_of(&core, node),
                is_moved: selected.contains(&node.id),
            };
            nodes().filter(|node| (node.kind == "group") == are_groups).map(layer).collect()
        };
        let groups = stacking::restack(stack(true), shift);
        groups.into_iter().chain(stacking::restack(stack(false), shift)).collect()
    };
    if keys.is_empty() {
        return;
    }
    page.edit(|txn| {
        for (id, z) in &keys {
            schema::set_node_value(txn, id, "z", &json!(z));
        }
    });
}
