//! The field in which one says something beside one's pointer, and what others say and hold up beside theirs.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::presence::{Emote, Presence, SAYS_CHARS_MAX};
use crate::core::stickers::STICKERS;
use crate::web::canvas::actions::chat;
use crate::web::canvas::store::page::Page;
use crate::web::dom;
use crate::web::people::tint;

/// A held up sticker is seen for so long.
const EMOTE: Duration = Duration::from_millis(2_400);
/// Words that do not change for so long are read out.
const SAID: Duration = Duration::from_millis(1_200);

/// The field, where it is open.
#[component]
pub fn ChatField(page: Page) -> impl IntoView {
    move || page.overlays.chat.get().map(|at| view! { <Field page=page at=at /> })
}

#[component]
fn Field(page: Page, at: crate::core::geometry::Point) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            dom::begin(&input, "");
        }
    });
    let style = move || {
        let (w, h) = page.screen.get();
        let p = page.camera.get().to_screen(at);
        let (left, top) =
            (p.x.clamp(8.0, (w - 260.0).max(8.0)), p.y.clamp(64.0, (h - 110.0).max(64.0)));
        let tint = page.me.with(|me| me.as_ref().map(|me| tint(&me.color))).unwrap_or_default();
        format!("left:{left:.0}px;top:{top:.0}px;{tint}")
    };
    let keys = move |e: web_sys::KeyboardEvent| {
        e.stop_propagation();
        match e.key().as_str() {
            _ if dom::is_composing(&e) => return,
            "Enter" if dom::typing() => chat::done(page),
            "Escape" => chat::cancel(page),
            _ => return,
        }
        if let Some(canvas) = dom::query(".canvas") {
            dom::focus(&canvas);
        }
    };
    let left = move |e: web_sys::FocusEvent| {
        // Going to the stickers by Tab does not close it; a press on one leaves the focus where it is.
        let to = e.related_target().map(wasm_bindgen::JsCast::unchecked_into::<web_sys::Element>);
        let stays = to.and_then(|to| to.closest(".chat").ok().flatten()).is_some();
        if !stays && page.overlays.chat.get_untracked().is_some() {
            chat::done(page);
        }
    };
    let stickers = STICKERS
        .map(|sticker| {
            let label = card_layout::port_label(sticker);
            view! {
                <button class="ib" aria-label=label.clone() title=label on:click=move |_| chat::emote(page, sticker)>
                    <svg class="stk" viewBox="0 0 64 64" aria-hidden="true"><use href=format!("#k-{sticker}")></use></svg>
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="chat" role="group" aria-label="Say something" data-floating data-p="" style=style on:focusout=left on:keydown=keys>
            <input node_ref=input class="chat-in" aria-label="Say something to everybody here" placeholder="Say something…"
                maxlength=SAYS_CHARS_MAX.to_string() on:input=move |e| chat::say(page, &event_target_value(&e)) />
            <div class="chat-emotes" on:pointerdown=|e| e.prevent_default() on:mousedown=|e| e.prevent_default()>{stickers}</div>
        </div>
    }
}

/// What one of the others says and holds up; its words are read out once they rest.
#[component]
pub fn Said(page: Page, person: Memo<Option<Presence>>, name: Signal<String>) -> impl IntoView {
    let says = Memo::new(move |_| person.with(|p| p.as_ref()?.says.clone()));
    let emote = Memo::new(move |_| person.with(|p| p.as_ref()?.emote.clone()));
    Effect::new(move |_| {
        let Some(words) = says.get() else { return };
        let read_out = move || {
            if says.try_get_untracked().flatten().as_ref() == Some(&words) {
                page.live.set(format!("{}: {words}", name.get_untracked()));
            }
        };
        set_timeout(read_out, SAID);
    });
    // What was held up before one came is over.
    let held = RwSignal::new(None::<Emote>);
    Effect::new(move |before: Option<Option<Emote>>| {
        let now = emote.get();
        if before.is_some_and(|before| before != now) && now.is_some() {
            held.set(now.clone());
            let shown = now.clone();
            set_timeout(
                move || {
                    if held.try_get_untracked().is_some_and(|held| held == shown) {
                        held.set(None);
                    }
                },
                EMOTE,
            );
        }
        now
    });
    view! {
        {move || match says.get() {
            Some(words) => view! { <span class="say"><small>{name}</small>{words}</span> }.into_any(),
            None => view! { <span class="who">{name}</span> }.into_any(),
        }}
        {move || held.get().filter(|emote| STICKERS.contains(&&*emote.sticker)).map(|emote| view! {
            <svg class="stk emote" viewBox="0 0 64 64"><use href=format!("#k-{}", emote.sticker)></use></svg>
        })}
    }
}
