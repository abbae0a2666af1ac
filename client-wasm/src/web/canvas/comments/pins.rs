//! Pins of comments on the canvas.

use gesso_protocol::schema::{Place, Thread};
use leptos::prelude::*;

use crate::core::geometry::Point;
use crate::web::canvas::actions::comment;
use crate::web::canvas::live::people::color_of;
use crate::web::canvas::store::overlays::Commenting;
use crate::web::canvas::store::page::Page;
use crate::web::people::initials;
use crate::web::ui::icons::icon;

/// Pins at one card stand side by side, so many px apart.
const BESIDE: f64 = 38.0;

/// Where a thread is pinned, in px of the screen; `None` where its card is gone. Tracks camera and card.
pub fn spot(page: Page, place: &Place) -> Option<Point> {
    let at = match place {
        Place::Pos([x, y]) => Point::new(*x, *y),
        Place::Node(id) => {
            page.revision.track();
            let signals = page.node(id)?;
            let (pos, (w, _)) = (signals.pos.get(), signals.size.get());
            Point::new(pos.x + w, pos.y)
        }
    };
    Some(page.camera.get().to_screen(at))
}

/// All pins.
#[component]
pub fn Pins(page: Page) -> impl IntoView {
    let ids = Memo::new(move |_| {
        page.overlays.threads.with(|threads| threads.keys().cloned().collect::<Vec<_>>())
    });
    let hint = move || {
        let is_choosing = page.overlays.commenting.with(|c| *c == Commenting::Choosing);
        is_choosing.then(|| view! {
            <p class="obn comment-hint" role="status">{icon("comment")}<span>"Click where the comment belongs. Escape leaves it."</span></p>
        })
    };
    view! {
        <div class="pins">
            <For each=move || ids.get() key=String::clone children=move |id| view! { <Pin page=page id=id /> } />
            {move || match page.overlays.commenting.get() {
                Commenting::Fresh(place) => fresh(page, place),
                Commenting::No | Commenting::Choosing | Commenting::Open(_) => None,
            }}
        </div>
        {hint}
    }
}

/// The pin of a thread that has no message yet.
fn fresh(page: Page, place: Place) -> Option<AnyView> {
    let style = move || {
        let at = spot(page, &place);
        let shown = at.map(|at| format!("--x:{:.1}px;--y:{:.1}px", at.x, at.y - 32.0));
        shown.unwrap_or_else(|| "display:none".to_owned())
    };
    Some(view! { <div class="pin is-open" style=style>{icon("comment")}</div> }.into_any())
}

#[component]
fn Pin(page: Page, id: String) -> impl IntoView {
    let id = StoredValue::new(id);
    let thread = Memo::new(move |_| {
        page.overlays.threads.with(|threads| threads.get(&id.get_value()).cloned())
    });
    // Of the threads at a card, how many stand before this one.
    let before = Memo::new(move |_| {
        let place = thread.with(|thread| thread.as_ref().map(|thread| thread.place.clone()));
        page.overlays.threads.with(|threads| {
            let is_here = |other: &&Thread| {
                Some(&other.place) == place.as_ref() && matches!(other.place, Place::Node(_))
            };
            threads.values().take_while(|other| other.id != id.get_value()).filter(is_here).count()
        })
    });
    let is_open = Memo::new(move |_| {
        page.overlays
            .commenting
            .with(|c| matches!(c, Commenting::Open(open) if *open == id.get_value()))
    });
    move || {
        let Thread { place, resolved, messages, .. } = thread.get()?;
        let first = messages.first()?.clone();
        let style = move || match spot(page, &place) {
            Some(at) => {
                let x = at.x + before.get() as f64 * BESIDE;
                format!("--x:{x:.1}px;--y:{:.1}px;--pc:{}", at.y - 32.0, color_of(page, &first.by))
            }
            None => "display:none".to_owned(),
        };
        let first = messages.first()?.clone();
        let count = messages.len();
        let many = if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        let state = if resolved { ", resolved" } else { "" };
        let label = format!("Comment by {}, {many}{state}", first.name);
        let inside = if resolved {
            view! { <span class="pin-done">{icon("check")}</span> }.into_any()
        } else {
            view! { <span class="av" data-p="x" data-initials=initials(&first.name)></span> }
                .into_any()
        };
        Some(view! {
            <button class="pin" class:is-open=move || is_open.get() class:is-done=resolved data-floating data-thread=id.get_value()
                aria-label=label title=first.text aria-expanded=move || is_open.get().to_string() style=style
                on:click=move |_| comment::open(page, &id.get_value())>
                {inside}
                {(count > 1 && !resolved).then(|| view! { <span class="count" data-initials=count.to_string()></span> })}
            </button>
        })
    }
}
