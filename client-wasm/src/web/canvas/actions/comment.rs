//! Threads of comments: beginning, answering, resolving.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::schema::{self, MESSAGE_CHARS_MAX, Message, Place, Thread};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::doc::Changes;
use crate::core::geometry::{Point, Rect};
use crate::core::rights::Right;
use crate::web::canvas::actions::camera;
use crate::web::canvas::store::overlays::Commenting;
use crate::web::canvas::store::page::{Page, fresh_id, now_ms};
use crate::web::dom;

/// What is brought into view of the place around a pin, in px.
const SHOWN: (f64, f64) = (320.0, 240.0);

/// Begins a comment: on the card that is selected alone, else where one clicks next.
pub fn begin(page: Page) {
    if !page.demand(Right::Comment) {
        return;
    }
    let selected = page.selection.with_untracked(|s| (s.len() == 1).then(|| s.first().cloned()));
    page.overlays.commenting.set(match selected.flatten() {
        Some(node) => Commenting::Fresh(Place::Node(node)),
        None => Commenting::Choosing,
    });
}

/// The place of a comment was chosen: on a card, or a point of the canvas.
pub fn place(page: Page, node: Option<String>, at: Point) {
    let place = match node {
        Some(node) => Place::Node(node),
        None => Place::Pos([at.x.round(), at.y.round()]),
    };
    page.overlays.commenting.set(Commenting::Fresh(place));
}

/// Opens a thread.
pub fn open(page: Page, id: &str) {
    page.overlays.commenting.set(Commenting::Open(id.to_owned()));
}

/// Opens a thread and brings its pin into view; `false` where there is none.
pub fn show(page: Page, id: &str) -> bool {
    let Some(place) = page.overlays.threads.with_untracked(|all| Some(all.get(id)?.place.clone()))
    else {
        return false;
    };
    let corner = match &place {
        Place::Pos([x, y]) => Some(Point::new(*x, *y)),
        Place::Node(node) => {
            let rect = page.core().borrow().index.get(node);
            rect.map(|rect| Point::new(rect.right(), rect.y))
        }
    };
    if let Some(at) = corner {
        let zoom = page.camera.get_untracked().zoom;
        let (w, h) = (SHOWN.0 / zoom, SHOWN.1 / zoom);
        page.following.set(None);
        camera::bring_into_view(page, Rect::new(at.x - w / 2.0, at.y - h / 2.0, w, h));
    }
    open(page, id);
    true
}

/// True if something was typed that was not sent.
pub fn has_draft() -> bool {
    dom::query(".thread input")
        .and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok())
        .is_some_and(|field| !field.value().trim().is_empty())
}

/// Closes what is open of comments.
pub fn close(page: Page) {
    page.overlays.commenting.set(Commenting::No);
}

fn message(page: Page, text: &str, mentions: Vec<String>) -> Option<Message> {
    let text: String = text.trim().chars().take(MESSAGE_CHARS_MAX).collect();
    let user = page.user();
    (!text.is_empty()).then(|| Message {
        by: user.id,
        name: user.name,
        at: now_ms() as i64,
        text,
        mentions,
    })
}

/// Writes a message that mentions people by their ids: the first of a thread to be, or an answer. `false` for an empty
/// one.
pub fn send(page: Page, text: &str, mentions: Vec<String>) -> bool {
    let Some(message) = message(page, text, mentions).filter(|_| page.demand(Right::Comment))
    else {
        return false;
    };
    match page.overlays.commenting.get_untracked() {
        Commenting::Fresh(place) => {
            let id = fresh_id();
            page.comment(|txn| schema::add_thread(txn, &id, &place, &message));
            open(page, &id);
        }
        Commenting::Open(id) => {
            let is_there = page.comment(|txn| schema::reply(txn, &id, &message));
            if !is_there {
                // Somebody took it away meanwhile: what was written is not lost.
                page.toasts
                    .bad("This comment was deleted meanwhile. Your answer is still in the field.");
                return false;
            }
        }
        Commenting::No | Commenting::Choosing => return false,
    }
    true
}

/// Calls a thread done, or open again.
pub fn resolve(page: Page, id: &str, resolved: bool) {
    page.comment(|txn| schema::set_resolved(txn, id, resolved));
    page.live.set(if resolved { "Resolved" } else { "Open again" }.to_owned());
}

/// Takes one's own message back.
pub fn remove(page: Page, id: &str, gone: &Message) {
    page.comment(|txn| schema::remove_message(txn, id, gone));
}

/// Threads changed: brings the signal up to date, and says what others wrote.
pub fn changed(page: Page, changes: &Changes) {
    if !changes.comments {
        return;
    }
    let now: BTreeMap<String, Thread> = page.core().borrow().replica.threads().clone();
    let before = page.overlays.threads.get_untracked();
    let own = page.user().id;
    let news = now.values().find_map(|thread| {
        let known = before.get(&thread.id).map_or(0, |known| known.messages.len());
        let last = thread.messages.last()?;
        (thread.messages.len() > known && last.by != own).then(|| last.clone())
    });
    if let Some(message) = news.filter(|_| !changes.local && page.loaded.get_untracked()) {
        page.live.set(format!("{} commented: {}", message.name, message.text));
    }
    let is_gone = |open: &Commenting| matches!(open, Commenting::Open(id) if !now.contains_key(id));
    // What was typed and not sent to a thread that somebody took away stays in its field.
    if page.overlays.commenting.with_untracked(is_gone) && !has_draft() {
        close(page);
    }
    page.overlays.threads.set(Arc::new(now));
}
