//! Parts that somebody put into the canvas that are neither nodes nor wires and have no place to be drawn at: they are
//! told of, and one click takes them away.

use gesso_protocol::schema;
use leptos::prelude::*;

use crate::core::rights::Right;
use crate::core::words::many;
use crate::web::canvas::store::page::Page;

/// Tells when there is more of it than before.
pub fn watch(page: Page) {
    Effect::new(move |told: Option<usize>| {
        page.revision.track();
        let count = page.read(|canvas| canvas.odd_nodes.len() + canvas.odd_edges.len());
        if count > told.unwrap_or_default() && page.may(Right::Edit) {
            let text = format!("{} of this canvas cannot be read.", many(count, "part"));
            let remove = Callback::new(move |()| remove(page));
            page.toasts.act("warn", &text, "Remove", remove);
        }
        count
    });
}

fn remove(page: Page) {
    let (nodes, edges) = page.read(|canvas| {
        let nodes: Vec<String> = canvas.odd_nodes.iter().cloned().collect();
        (nodes, canvas.odd_edges.clone())
    });
    page.edit(|txn| {
        schema::remove_nodes(txn, &nodes);
        for key in &edges {
            schema::disconnect(txn, key);
        }
    });
}
