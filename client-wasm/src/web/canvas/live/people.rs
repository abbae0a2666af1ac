//! Who else is here: cursors, outlines, avatars, following.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use crate::core::geometry::{Camera, Point};
use crate::core::presence::{Presence, ServerPresence, User};
use crate::web::canvas::store::page::{Page, now_ms};
use crate::web::people::initials;

/// A pointer that rested for so long fades, in ms.
const IDLE_MS: f64 = 8_000.0;

/// A person's colour as CSS.
pub fn color(user: &User) -> String {
    let hex = user
        .color
        .strip_prefix('#')
        .is_some_and(|h| matches!(h.len(), 3 | 6) && h.bytes().all(|b| b.is_ascii_hexdigit()));
    if hex {
        return user.color.clone();
    }
    let n = user.id.bytes().fold(0u32, |n, b| n.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("var(--p-{})", n % 5 + 1)
}

/// The colour of a person, by their id: theirs where they are here, else one that goes with the id.
pub fn color_of(page: Page, id: &str) -> String {
    let own = page.me.with(|me| me.as_ref().filter(|me| me.id == id).map(|_| page.user()));
    let here =
        || page.people.with(|people| Some(people.values().find(|p| p.user.id == id)?.user.clone()));
    let gone = || User { id: id.to_owned(), ..User::default() };
    color(&own.or_else(here).unwrap_or_else(gone))
}

/// Returns the name by which somebody is called here; oneself on another page is no stranger.
fn shown_name(page: Page, user: &User) -> String {
    let is_own = page.me.with(|me| me.as_ref().is_some_and(|me| me.id == user.id));
    match &*user.name {
        _ if is_own => "You, elsewhere".to_owned(),
        "" => "Somebody".to_owned(),
        name => name.to_owned(),
    }
}

/// People or the server's progress changed.
pub fn changed(page: Page, people: BTreeMap<u64, Presence>, server: ServerPresence) {
    if page.people.with_untracked(|old| **old != people) {
        page.people.set(Arc::new(people));
    }
    if page.server.with_untracked(|old| *old != server) {
        page.server.set(server);
    }
    follow(page);
}

/// Looks where the followed person looks.
fn follow(page: Page) {
    let Some(client) = page.following.get_untracked() else { return };
    let people = page.people.get_untracked();
    let Some(person) = people.get(&client) else {
        page.following.set(None);
        return;
    };
    if let Some(v) = person.viewport {
        let (w, h) = page.screen.get_untracked();
        page.set_camera(Camera::centred(Point::new(v.x, v.y), v.zoom, w, h));
    }
}

/// Others' pointers.
#[component]
pub fn Cursors(page: Page) -> impl IntoView {
    let clients = Memo::new(move |_| page.people.with(|p| p.keys().copied().collect::<Vec<_>>()));
    view! {
        <div class="cursors" aria-hidden="true">
            <For each=move || clients.get() key=|c| *c children=move |c| view! { <Cursor page=page client=c /> } />
        </div>
    }
}

#[component]
fn Cursor(page: Page, client: u64) -> impl IntoView {
    let person = Memo::new(move |_| page.people.with(|p| p.get(&client).cloned()));
    let spot = Memo::new(move |_| person.with(|p| p.as_ref().and_then(|p| p.cursor)));
    let moved_ms = StoredValue::new(now_ms());
    let idle = RwSignal::new(false);
    Effect::new(move |_| {
        spot.track();
        moved_ms.set_value(now_ms());
        idle.set(false);
    });
    let clock = set_interval_with_handle(
        move || {
            if moved_ms.try_get_value().is_some_and(|at| now_ms() - at > IDLE_MS) {
                // Gone with its owner when the person left.
                let _faded = idle.try_set(true);
            }
        },
        std::time::Duration::from_secs(2),
    );
    on_cleanup(move || {
        if let Ok(clock) = clock {
            clock.clear();
        }
    });
    let style = move || {
        let user = person.with(|p| p.as_ref().map(|p| p.user.clone()).unwrap_or_default());
        match spot.get() {
            Some(s) => {
                let p = page.camera.get().to_screen(Point::new(s.x, s.y));
                format!("--pc:{};transform:translate({:.1}px,{:.1}px)", color(&user), p.x, p.y)
            }
            None => "display:none".to_owned(),
        }
    };
    let name = Signal::derive(move || {
        person.with(|p| p.as_ref().map(|p| shown_name(page, &p.user)).unwrap_or_default())
    });
    view! {
        <div class="cursor" data-p="x" class:is-idle=move || idle.get() style=style>
            <svg viewBox="0 0 18 20">
                <path
                    d="M2 1.5l13.5 6.8c1 .5.9 1.9-.1 2.2l-5.2 1.7-2.6 5c-.5 1-1.9.8-2.2-.2z"
                    fill="currentColor"
                    stroke="rgb(0 0 0 / .35)"
                    stroke-width=".8"
                ></path>
            </svg>
            <crate::web::canvas::live::chat::Said page=page person=person name=name />
        </div>
    }
}

/// Who has a node selected: name and colour of the first of them.
pub fn holder(page: Page, id: &str) -> Option<(String, String)> {
    page.people.with(|people| {
        people
            .values()
            .find(|p| p.selection.iter().any(|s| s == id))
            .map(|p| (shown_name(page, &p.user), color(&p.user)))
    })
}

/// Who types in a node.
pub fn typist(page: Page, id: &str) -> Option<String> {
    page.people.with(|people| {
        people
            .values()
            .find(|p| p.typing && p.caret.as_ref().is_some_and(|c| c.node == id))
            .map(|p| shown_name(page, &p.user))
    })
}

/// The avatars in the top bar; a click follows.
#[component]
pub fn Avatars(page: Page) -> impl IntoView {
    let others = Memo::new(move |_| {
        page.people.with(|p| p.iter().map(|(c, p)| (*c, p.user.clone())).collect::<Vec<_>>())
    });
    let avatar = move |(client, user): (u64, User)| {
        let name = shown_name(page, &user);
        let label = format!("Follow {name}");
        let toggle = move |_| {
            let now = page.following.get_untracked();
            page.following.set(if now == Some(client) { None } else { Some(client) });
            page.core().borrow_mut().tell_due = true;
            follow(page);
        };
        view! {
            <button
                class="av"
                data-p="x"
                class:is-followed=move || page.following.get() == Some(client)
                aria-pressed=move || (page.following.get() == Some(client)).to_string()
                style=format!("--pc:{}", color(&user))
                title=label.clone()
                aria-label=label
                data-initials=initials(&name)
                on:click=toggle
            ></button>
        }
    };
    view! {
        <div class="avs" role="group" aria-label="People here">
            {move || {
                let all = others.get();
                let more = all.len().saturating_sub(5);
                let shown = all.into_iter().take(5).map(avatar).collect_view();
                view! { {shown} {(more > 0).then(|| view! { <span class="av me">{format!("+{more}")}</span> })} }
            }}
            <crate::web::people::OwnAvatar me=page.me />
        </div>
    }
}

/// The frame around the canvas while one follows somebody.
#[component]
pub fn Following(page: Page) -> impl IntoView {
    move || {
        let client = page.following.get()?;
        let person = page.people.with(|p| p.get(&client).cloned())?;
        let name = shown_name(page, &person.user);
        Some(view! {
            <div class="follow-frame" data-p="x" style=format!("--pc:{}", color(&person.user))>
                <span class="fl" role="status">
                    <span class="av s" data-p="x" data-initials=initials(&name)></span>
                    {format!("Following {name}")}
                    <button class="btn s" data-floating on:click=move |_| page.following.set(None)>"Stop"</button>
                </span>
            </div>
        })
    }
}
