//! The thread of a comment, beside its pin.

use gesso_protocol::schema::{MESSAGE_CHARS_MAX, Message, Place, Thread};
use leptos::html;
use leptos::prelude::*;

use super::naming::{Naming, Offered};
use super::pins::spot;
use crate::web::canvas::actions::comment;
use crate::web::canvas::live::people::color_of;
use crate::web::canvas::store::overlays::Commenting;
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use crate::web::people::initials;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// Width of the panel, and the height that it is given room for, in px.
const SIZE: (f64, f64) = (300.0, 380.0);

/// The thread, where it is one already, and its place.
type Subject = (Option<String>, Place);

/// The open thread, or the one that is being begun.
#[component]
pub fn OpenThread(page: Page) -> impl IntoView {
    // A thread that somebody took away stays open for what is in its field.
    let subject =
        Memo::new(move |before: Option<&Option<Subject>>| match page.overlays.commenting.get() {
            Commenting::No | Commenting::Choosing => None,
            Commenting::Fresh(place) => Some((None, place)),
            Commenting::Open(id) => {
                let place =
                    page.overlays.threads.with(|threads| Some(threads.get(&id)?.place.clone()));
                let kept =
                    || before.cloned().flatten().filter(|(open, _)| open.as_ref() == Some(&id));
                place.map(|place| (Some(id.clone()), place)).or_else(kept)
            }
        });
    move || subject.get().map(|(id, place)| view! { <Panel page=page id=id place=place /> })
}

#[component]
fn Panel(page: Page, id: Option<String>, place: Place) -> impl IntoView {
    let id = StoredValue::new(id);
    let thread = Memo::new(move |_| {
        let id = id.get_value()?;
        page.overlays.threads.with(|threads| threads.get(&id).cloned())
    });
    let field = NodeRef::<html::Input>::new();
    let naming = Naming::new(page, field);
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::begin(&field, "");
        }
    });
    let style = move || {
        let (w, h) = page.screen.get();
        let at = spot(page, &place).unwrap_or_default();
        let beside = at.x + 44.0;
        let left = if beside + SIZE.0 > w - 8.0 { at.x - SIZE.0 - 12.0 } else { beside };
        let (left, top) = (
            left.clamp(8.0, (w - SIZE.0 - 8.0).max(8.0)),
            (at.y - 32.0).clamp(64.0, (h - SIZE.1).max(64.0)),
        );
        format!("left:{left:.0}px;top:{top:.0}px;width:{}px", SIZE.0)
    };
    let send = move || {
        let Some(input) = field.get_untracked() else { return };
        let text = input.value();
        if comment::send(page, &text, naming.mentioned(&text)) {
            input.set_value("");
        }
    };
    let leave = move || {
        let pin = id.get_value().and_then(|id| dom::query(&format!("[data-thread=\"{id}\"]")));
        comment::close(page);
        if let Some(back) = pin.or_else(|| dom::query(".canvas")) {
            dom::focus(&back);
        }
    };
    let keys = move |e: web_sys::KeyboardEvent| {
        e.stop_propagation();
        if e.key() == "Escape" && !dom::is_composing(&e) {
            leave();
        }
    };
    let enter = move |e: web_sys::KeyboardEvent| {
        if !dom::is_composing(&e) && naming.key(&e.key()) {
            e.prevent_default();
            e.stop_propagation();
        } else if e.key() == "Enter" && !dom::is_composing(&e) {
            send();
        }
    };
    let said = move || {
        let Thread { id, messages, .. } = thread.get()?;
        let rows = messages.into_iter().map(|message| row(page, &id, message)).collect_view();
        Some(view! { <ol>{rows}</ol> })
    };
    let resolve = move || {
        let Thread { id, resolved, .. } = thread.get()?;
        let word = if resolved { "Open again" } else { "Resolve" };
        Some(
            view! { <button data-needs="comment" class="btn s" on:click=move |_| comment::resolve(page, &id, !resolved)>{icon("check")}{word}</button> },
        )
    };
    let words = if id.with_value(Option::is_some) { "Reply" } else { "Say what you see here" };
    view! {
        <section class="panel thread" role="dialog" aria-label="Comment" data-floating style=style on:keydown=keys>
            <div class="panel-head">
                <h2>"Comment"</h2><span class="grow"></span>
                {resolve}
                <button class="ib s" aria-label="Close" on:click=move |_| leave()>{icon("x")}</button>
            </div>
            {said}
            <div data-needs="comment" class="thread-foot">
                <Offered naming=naming />
                <div class="field">
                    <input node_ref=field placeholder=words aria-label=words maxlength=MESSAGE_CHARS_MAX.to_string() autocomplete="off"
                        aria-autocomplete="list" aria-controls=move || naming.list_id() aria-activedescendant=move || naming.chosen_id()
                        on:keydown=enter on:input=move |_| naming.changed() on:click=move |_| naming.changed() />
                    <button class="ib s" aria-label="Send" on:click=move |_| send()>{icon("send")}</button>
                </div>
            </div>
        </section>
    }
}

fn row(page: Page, thread: &str, message: Message) -> impl IntoView + use<> {
    let is_own = page.user().id == message.by;
    let name = if message.name.is_empty() { "Somebody".to_owned() } else { message.name.clone() };
    let (thread, gone) = (thread.to_owned(), message.clone());
    let remove = move |_| comment::remove(page, &thread, &gone);
    view! {
        <li>
            <span class="av s" data-p="x" data-initials=initials(&name) style=format!("--pc:{}", color_of(page, &message.by))></span>
            <div>
                <b>{name}</b>" "<span class="muted">{when::told(message.at)}</span>
                {is_own.then(|| view! { <button data-needs="comment" class="ib s" aria-label="Delete this message" title="Delete" on:click=remove>{icon("trash")}</button> })}
                <p>{message.text}</p>
            </div>
        </li>
    }
}
