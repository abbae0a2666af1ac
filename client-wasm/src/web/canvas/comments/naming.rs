//! Naming people in a comment: a list of those who may be meant, where an `@` was typed.

use gesso_protocol::api::accounts::AccessBody;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::mentions::{self, Person};
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use crate::web::http;
use crate::web::people::{initials, tint};

/// Id of the list in the page; one comment is written at a time.
const LIST: &str = "mention-list";

/// The handle of one field.
#[derive(Clone, Copy)]
pub struct Naming {
    page: Page,
    field: NodeRef<html::Input>,
    /// Those with a role of their own on the canvas.
    with_access: RwSignal<Vec<Person>>,
    /// Those who were chosen, the last one first: of several with one name they are meant.
    picked: RwSignal<Vec<Person>>,
    /// Those who are offered.
    offered: RwSignal<Vec<Person>>,
    /// The one that Enter takes.
    chosen: RwSignal<usize>,
}

impl Naming {
    /// Nobody is offered yet. Where nobody has an account nobody ever is.
    pub fn new(page: Page, field: NodeRef<html::Input>) -> Self {
        let naming = Self {
            page,
            field,
            with_access: RwSignal::default(),
            picked: RwSignal::default(),
            offered: RwSignal::default(),
            chosen: RwSignal::new(0),
        };
        if naming.is_possible() {
            let path = format!("/api/canvases/{}/access", page.id.get_value());
            spawn_local(async move {
                // Without an answer those who are here can be named.
                if let Ok(body) = http::get::<AccessBody>(&path).await {
                    let all = body.people.into_iter();
                    let all =
                        all.map(|one| Person { id: one.id, name: one.name, color: one.color });
                    naming.with_access.try_set(all.collect());
                }
            });
        }
        naming
    }

    fn is_possible(self) -> bool {
        untrack(|| self.page.session.has_account())
    }

    /// Everybody who may be meant, each once: those who were chosen, those who are here, those with access.
    fn people(self) -> Vec<Person> {
        let own = self.page.user().id;
        let here = self.page.people.with_untracked(|people| {
            let users = people.values().map(|one| &one.user);
            let people = users.map(|user| Person {
                id: user.id.clone(),
                name: user.name.clone(),
                color: user.color.clone(),
            });
            people.collect::<Vec<_>>()
        });
        let mut all: Vec<Person> = Vec::new();
        let known = [self.picked.get_untracked(), here, self.with_access.get_untracked()];
        for person in known.into_iter().flatten() {
            let is_new = all.iter().all(|known| known.id != person.id);
            if is_new && person.id != own && !person.name.trim().is_empty() {
                all.push(person);
            }
        }
        all
    }

    /// Something was typed, or the caret moved.
    pub fn changed(self) {
        let Some(field) = self.field.get_untracked().filter(|_| self.is_possible()) else { return };
        let typed = field.selection_start().ok().flatten().and_then(|caret| {
            let typed = mentions::typed(&field.value(), caret)?;
            Some(typed.name)
        });
        let now = typed.map(|name| mentions::offered(&self.people(), &name)).unwrap_or_default();
        if self.offered.with_untracked(|before| *before != now) {
            self.chosen.set(0);
            self.offered.set(now);
        }
    }

    /// A key of the list; `false` for any other, and where there is no list.
    pub fn key(self, key: &str) -> bool {
        let count = self.offered.with_untracked(Vec::len);
        if count == 0 {
            return false;
        }
        match key {
            "ArrowDown" => self.chosen.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.chosen.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" => self.take(self.chosen.get_untracked()),
            "Escape" => self.offered.set(Vec::new()),
            _ => return false,
        }
        true
    }

    fn take(self, at: usize) {
        let person = self.offered.with_untracked(|offered| offered.get(at).cloned());
        self.offered.set(Vec::new());
        let (Some(field), Some(person)) = (self.field.get_untracked(), person) else { return };
        let text = field.value();
        let caret = field.selection_start().ok().flatten();
        let Some(typed) = caret.and_then(|caret| mentions::typed(&text, caret)) else { return };
        let (text, caret) = mentions::named(&text, &typed, &person);
        field.set_value(&text);
        self.picked.update(|picked| picked.insert(0, person));
        dom::focus(&field);
        // Where the caret cannot be placed it is at the end.
        let _placed = field.set_selection_range(caret, caret);
    }

    /// Ids of the people whom a text names.
    pub fn mentioned(self, text: &str) -> Vec<String> {
        if self.is_possible() { mentions::mentioned(text, &self.people()) } else { Vec::new() }
    }

    /// The id of the list in the page while there is one; tracked.
    pub fn list_id(self) -> Option<&'static str> {
        self.offered.with(|offered| (!offered.is_empty()).then_some(LIST))
    }

    /// The id of the person in the list that Enter takes; tracked.
    pub fn chosen_id(self) -> Option<String> {
        self.list_id().map(|list| format!("{list}-{}", self.chosen.get()))
    }
}

/// Those who are offered.
#[component]
pub fn Offered(naming: Naming) -> impl IntoView {
    let row = move |(at, person): (usize, Person)| {
        // The field keeps the keyboard.
        let take = move |e: web_sys::PointerEvent| {
            e.prevent_default();
            naming.take(at);
        };
        let is_on = move || naming.chosen.get() == at;
        view! {
            <li class="menu-item" class:is-hover=is_on role="option" id=format!("{LIST}-{at}") aria-selected=move || is_on().to_string()
                on:pointerdown=take>
                <span class="av s" data-p="x" style=tint(&person.color) data-initials=initials(&person.name)></span><span>{person.name.clone()}</span>
            </li>
        }
    };
    move || {
        let all = naming.offered.get();
        (!all.is_empty()).then(|| {
            let rows = all.into_iter().enumerate().map(row).collect_view();
            view! { <ul class="offered" id=LIST role="listbox" aria-label="People">{rows}</ul> }
                .into_any()
        })
    }
}
