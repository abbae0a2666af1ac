//! The thread of comments that the address names: it opens with the canvas, and whenever somebody goes there.

use leptos::prelude::*;

use crate::web::canvas::actions::comment;
use crate::web::canvas::store::page::Page;
use crate::web::nav::use_nav;

/// Opens it as soon as the canvas is here.
pub fn watch(page: Page) {
    let nav = use_nav();
    let wanted = RwSignal::new(None::<String>);
    Effect::new(move |_| wanted.set(nav.comment()));
    Effect::new(move |_| {
        let Some(id) = wanted.get().filter(|_| page.loaded.get()) else { return };
        wanted.set(None);
        if !comment::show(page, &id) {
            page.toasts.say("comment", "This comment is not on the canvas any more.");
        }
    });
}
