//! The entries of a list, each a text of its own: Enter makes the next one, a paste of lines makes one of each, and they
//! are dragged into order by their numbers.

use gesso_protocol::schema::{self, ItemContent, NewItem};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::core::entries;
use crate::core::textdiff;
use crate::web::canvas::actions::focus;
use crate::web::canvas::card::text::{TextField, offsets};
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::{Page, fresh_id};
use crate::web::dom;
use crate::web::ui::icons::icon;

/// A list on the canvas.
#[derive(Clone, Copy)]
struct List {
    page: Page,
    node: StoredValue<String>,
    /// Ids of its entries, in order.
    items: Memo<Vec<String>>,
    /// The entry that is dragged, and the one it is over.
    drag: RwSignal<Option<(String, String)>>,
}

/// The body of a list card.
pub fn list_body(card: &Card) -> impl IntoView + use<> {
    let view = card.signals.view.clone();
    let items = Memo::new(move |_| {
        view.with(|v| v.node.items.iter().map(|i| i.id.clone()).collect::<Vec<_>>())
    });
    let list = List { page: card.page, node: card.id, items, drag: RwSignal::new(None) };
    let view = card.signals.view.clone();
    let row = move |item: String| {
        let content = view.with_untracked(|v| {
            v.node.items.iter().find(|i| i.id == item).map(|i| i.content.clone())
        });
        list.row(item, content)
    };
    let add = move |_| list.insert(usize::MAX, vec![String::new()]);
    view! {
        <ol class="items" data-scroll>
            <For each=move || items.get() key=|i| i.clone() children=row />
        </ol>
        <button data-needs="edit" class="item-add" on:click=add>
            <span class="n">{icon("plus")}</span>
            <span class="tx muted">"Add an entry"</span>
        </button>
    }
}

impl List {
    fn place(self, item: &str) -> Option<usize> {
        self.items.with_untracked(|all| all.iter().position(|i| i == item))
    }

    fn row(self, item: String, content: Option<ItemContent>) -> impl IntoView {
        let id = StoredValue::new(item);
        let number = move || {
            let place = self.items.with(|all| id.with_value(|id| all.iter().position(|i| i == id)));
            place.map_or(0, |place| place + 1)
        };
        let body = match content {
            Some(ItemContent::Asset(asset)) => {
                let src = format!("/api/assets/{}/thumbnail?w=320", asset.id);
                let name = if asset.name.is_empty() { "File".to_owned() } else { asset.name };
                view! { <img class="item-pic" src=src alt="" draggable="false" /><span class="tx">{name}</span> }
                    .into_any()
            }
            Some(ItemContent::Text(_)) | None => {
                let keys = Callback::new(move |e| self.key(&id.get_value(), &e));
                let pasted = Callback::new(move |e| self.pasted(&id.get_value(), &e));
                view! {
                    <TextField page=self.page node=self.node.get_value() field=format!("items/{}", id.get_value())
                        label="List item" placeholder="Write an entry…" keys=keys pasted=pasted />
                }
                .into_any()
            }
        };
        let remove = move |_| self.remove(&id.get_value());
        let is_over = move || {
            let over =
                |(from, over): &(String, String)| id.with_value(|id| id == over && id != from);
            self.drag.with(|drag| drag.as_ref().is_some_and(over))
        };
        let is_dragged = move || {
            self.drag
                .with(|drag| drag.as_ref().is_some_and(|(from, _)| id.with_value(|id| id == from)))
        };
        view! {
            <li data-item=id.get_value() class:is-over=is_over class:is-dragged=is_dragged>
                <span class="n" title="Drag to another place" on:pointerdown=move |e| self.begin_drag(&id.get_value(), &e)
                    on:pointermove=move |e| self.drag_over(&e) on:pointerup=move |e| self.drop(&e)
                    on:pointercancel=move |_| self.drag.set(None)>{number}</span>
                {body}
                <button data-needs="edit" class="ib s item-x" aria-label="Remove entry" on:click=remove>{icon("x")}</button>
            </li>
        }
    }

    /// Puts entries in at a place, and the caret into the last of them.
    fn insert(self, at: usize, texts: Vec<String>) {
        let items = new_items(texts);
        let node = self.node.get_value();
        self.page.edit(|txn| schema::insert_items(txn, &node, at, &items));
        if let Some(last) = items.last() {
            focus_entry(&node, &last.id, true);
        }
    }

    fn remove(self, item: &str) {
        self.page.edit(|txn| schema::remove_item(txn, &self.node.get_value(), item));
    }

    fn text(self, item: &str) -> String {
        let core = self.page.core();
        let core = core.borrow();
        core.replica.text(&self.node.get_value(), &format!("items/{item}")).unwrap_or_default()
    }

    /// Keys in an entry that concern the list; true where one was used.
    fn key(self, item: &str, e: &web_sys::KeyboardEvent) -> bool {
        let (Some(area), Some(at)) = (area_of(e), self.place(item)) else { return false };
        let (start, end) = offsets(&area);
        let length = textdiff::utf16_len(&area.value());
        let has_modifier = e.ctrl_key() || e.meta_key() || e.shift_key();
        let neighbour = |step: isize| {
            let to = at.checked_add_signed(step)?;
            self.items.with_untracked(|all| all.get(to).cloned())
        };
        let node = self.node.get_value();
        match e.key().as_str() {
            "Enter" if !has_modifier && !e.alt_key() => self.split(item, at, start, end),
            "Backspace" if !has_modifier && length == 0 => {
                let to = neighbour(-1).or_else(|| neighbour(1));
                self.remove(item);
                if let Some(to) = to {
                    focus_entry(&node, &to, true);
                }
            }
            "ArrowUp" if e.alt_key() && at > 0 => self.put(item, at - 1),
            "ArrowDown" if e.alt_key() => self.put(item, at + 1),
            "ArrowUp" if !has_modifier && (start, end) == (0, 0) => {
                let Some(to) = neighbour(-1) else { return false };
                focus_entry(&node, &to, true);
            }
            "ArrowDown" if !has_modifier && start == length => {
                let Some(to) = neighbour(1) else { return false };
                focus_entry(&node, &to, false);
            }
            _ => return false,
        }
        true
    }

    /// Begins the next entry with what stands behind the caret.
    fn split(self, item: &str, at: usize, start: u32, end: u32) {
        let (kept, behind) = entries::split(&self.text(item), start, end);
        self.divide(item, at, &kept, "", vec![behind], false);
    }

    /// Makes entries of several lines; a single one is the field's.
    fn pasted(self, item: &str, e: &web_sys::ClipboardEvent) {
        let text = e.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
        let mut lines = entries::of_paste(&text.unwrap_or_default());
        let (Some(area), Some(at)) = (area_of(e), self.place(item)) else { return };
        if lines.is_empty() {
            return;
        }
        e.prevent_default();
        let (start, end) = offsets(&area);
        let (kept, behind) = entries::split(&self.text(item), start, end);
        let first = lines.remove(0);
        if let Some(last) = lines.last_mut() {
            last.push_str(&behind);
        }
        self.divide(item, at, &kept, &first, lines, true);
    }

    /// Leaves of an entry what is kept of it and some text behind that, puts new entries after it, and the caret into the
    /// last of them. One step of undo.
    fn divide(
        self,
        item: &str,
        at: usize,
        kept: &str,
        more: &str,
        next: Vec<String>,
        is_caret_at_end: bool,
    ) {
        let node = self.node.get_value();
        let (begin, all) = (textdiff::utf16_len(kept), textdiff::utf16_len(&self.text(item)));
        let items = new_items(next);
        self.page.edit(|txn| {
            if let Some(text) = schema::text_of(txn, &node, &format!("items/{item}")) {
                schema::edit_text(txn, &text, begin, all - begin, more);
            }
            schema::insert_items(txn, &node, at + 1, &items);
        });
        if let Some(last) = items.last() {
            focus_entry(&node, &last.id, is_caret_at_end);
        }
    }

    /// Moves an entry to a place among the others, with the caret.
    fn put(self, item: &str, at: usize) {
        let node = self.node.get_value();
        self.page.edit(|txn| schema::move_item(txn, &node, item, at));
        focus_entry(&node, item, true);
    }

    fn begin_drag(self, item: &str, e: &web_sys::PointerEvent) {
        // The card stays where it is.
        e.stop_propagation();
        e.prevent_default();
        let handle = e.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if let Some(handle) = handle {
            // Without it the drag ends where the pointer leaves the number.
            let _captured = handle.set_pointer_capture(e.pointer_id());
        }
        self.drag.set(Some((item.to_owned(), item.to_owned())));
    }

    fn drag_over(self, e: &web_sys::PointerEvent) {
        if self.drag.with_untracked(Option::is_none) {
            return;
        }
        let (x, y) = (e.client_x() as f32, e.client_y() as f32);
        let under = document().element_from_point(x, y);
        let row = under.and_then(|element| element.closest("[data-item]").ok().flatten());
        let over = row.and_then(|row| row.get_attribute("data-item"));
        if let Some(over) = over.filter(|over| self.place(over).is_some()) {
            self.drag.update(|drag| {
                if let Some((_, at)) = drag {
                    *at = over;
                }
            });
        }
    }

    fn drop(self, e: &web_sys::PointerEvent) {
        e.stop_propagation();
        let Some((item, over)) = self.drag.get_untracked() else { return };
        self.drag.set(None);
        if let Some(at) = self.place(&over).filter(|_| item != over) {
            self.page.edit(|txn| schema::move_item(txn, &self.node.get_value(), &item, at));
        }
    }
}

fn new_items(texts: Vec<String>) -> Vec<NewItem> {
    let new = |text| NewItem { id: fresh_id(), content: ItemContent::Text(text) };
    texts.into_iter().map(new).collect()
}

fn area_of(e: &web_sys::Event) -> Option<web_sys::HtmlTextAreaElement> {
    e.target()?.dyn_into().ok()
}

/// Puts the caret into an entry once it is in the DOM, at its end or its beginning.
fn focus_entry(node: &str, item: &str, is_at_end: bool) {
    let selector = format!("[data-node=\"{node}\"] [data-item=\"{item}\"] textarea");
    dom::once_there(selector, move |area| {
        area.scroll_into_view_with_scroll_into_view_options(&dom::nearest());
        focus::caret_into(area, is_at_end);
    });
}
