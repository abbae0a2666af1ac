//! The groups that moved nodes come to lie in.

use crate::core::geometry::Rect;
use crate::web::canvas::store::page::{Page, rect_of};
use gesso_protocol::schema;
use std::collections::BTreeSet;

/// Makes nodes that were dropped into a group members of it, and nodes that were dragged out members no longer.
pub fn settle_parents(page: Page, moved: &BTreeSet<String>) {
    let changes: Vec<(String, Option<String>)> = {
        let core = page.core();
        let core = core.borrow();
        let canvas = core.replica.canvas();
        let groups: Vec<(&String, Rect)> = canvas
            .nodes
            .values()
            .filter(|n| n.kind == "group" && !moved.contains(&n.id))
            .map(|n| (&n.id, rect_of(&core, n)))
            .collect();
        moved
            .iter()
            .filter_map(|id| canvas.nodes.get(id))
            .filter(|n| n.parent.as_ref().is_none_or(|p| !moved.contains(p)))
            .filter(|n| n.kind != "group")
            .filter_map(|n| {
                let middle = core.index.get(&n.id)?.center();
                let inside = groups
                    .iter()
                    .filter(|(_, r)| r.holds(middle))
                    .min_by(|a, b| (a.1.w * a.1.h).total_cmp(&(b.1.w * b.1.h)))
                    .map(|(id, _)| (*id).clone());
                (inside != n.parent).then(|| (n.id.clone(), inside))
            })
            .collect()
    };
    if changes.is_empty() {
        return;
    }
    page.edit_more(|txn| {
        for (id, parent) in changes {
            let value = parent.map_or(serde_json::Value::Null, serde_json::Value::String);
            schema::set_node_value(txn, &id, "parent", &value);
        }
    });
}
