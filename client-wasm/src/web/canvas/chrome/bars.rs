//! Bars at the edges: place and saving, people and money, tools, zoom, map.

use crate::web::canvas::actions::camera;
use std::time::Duration;

use gesso_protocol::{names, schema};
use leptos::html;
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::keymap::Command;
use crate::core::rights::{self, Right};
use crate::core::stickers::STICKERS;
use crate::core::sync::{Ending, Saving};
use crate::web::canvas::actions::chat;
use crate::web::canvas::actions::comment;
use crate::web::canvas::actions::edit;
use crate::web::canvas::live::access::on_notices;
use crate::web::canvas::live::people::Avatars;
use crate::web::canvas::store::page::{Asked, Page};
use crate::web::dom;
use crate::web::ui::icons::{icon, icon_l, logo};
use crate::web::ui::menu::Menu;
use crate::web::ui::notices::{Bell, Notices};
use crate::web::ui::theme::ThemeSwitch;

/// The two islands at the top.
#[component]
pub fn TopBar(page: Page) -> impl IntoView {
    let credits = move || {
        page.credits.get().map(|c| {
            view! {
                <i class="sep-v hide-s"></i>
                <span class="credits hide-s" title="Credits left">{icon("credit")}<span class="num">{c}</span></span>
            }
        })
    };
    let has_account = Memo::new(move |_| page.session.has_account());
    view! {
        <header class="bar-top">
            <div class="island tl" data-floating>
                <a class="ib" href="/" aria-label="All canvases" title="All canvases">{logo()}</a>
                <Name page=page />
                <RoleMark page=page />
                <i class="sep-v hide-s"></i>
                <SavingMark page=page />
            </div>
            <div class="grow"></div>
            <div class="island tr" data-floating>
                <button data-needs="comment" class="ib hide-s" aria-label="Say something" title=move || titled(page, "Say something at your pointer", Some(Command::Chat))
                    on:click=move |_| chat::open(page)>{icon("say")}</button>
                <Avatars page=page />
                {credits}
                <span class="hide-s"><ThemeSwitch /></span>
                {move || has_account.get().then(|| view! { <OwnBell /> })}
                <button class="btn primary" on:click=move |_| share(page)>"Share"</button>
            </div>
        </header>
    }
}

/// Notifications, where people have accounts.
#[component]
fn OwnBell() -> impl IntoView {
    let notices = Notices::new();
    on_notices(move || notices.refresh());
    view! { <Bell notices=notices /> }
}

/// Says what one may do here, where that is not everything.
#[component]
fn RoleMark(page: Page) -> impl IntoView {
    move || {
        let role = page.role.get().filter(|role| !rights::allows(*role, Right::Edit))?;
        let word = if rights::allows(role, Right::Comment) { "Comment only" } else { "View only" };
        let words = rights::refusal(role);
        let open = move |_| page.overlays.sharing.set(true);
        Some(view! {
            <button class="btn s ghost role-mark" title=words aria-label=word on:click=open>{icon("eye")}<span>{word}</span></button>
        })
    }
}

/// Opens the dialog that says who may come in; where nobody has an account whoever has the link may.
fn share(page: Page) {
    if page.session.has_account() {
        page.overlays.sharing.set(true);
    } else {
        copy_link(page);
    }
}

/// Copies the link and says so.
fn copy_link(page: Page) {
    let Ok(href) = window().location().href() else { return };
    let copied = window().navigator().clipboard().write_text(&href);
    leptos::task::spawn_local(async move {
        match wasm_bindgen_futures::JsFuture::from(copied).await {
            Ok(_) => {
                page.toasts.good("Link copied. Whoever opens it works on this canvas with you.")
            }
            Err(_) => {
                page.toasts.say("link", &format!("Copy this link to share the canvas: {href}"))
            }
        }
    });
}

/// The canvas's name, edited in place.
#[component]
fn Name(page: Page) -> impl IntoView {
    let editing = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let name = Memo::new(move |_| page.meta.with(|m| m.name.clone()));
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            dom::begin(&input, &name.get_untracked());
        }
    });
    let shown = move || if name.get().is_empty() { "Untitled".to_owned() } else { name.get() };
    Effect::new(move |_| crate::web::nav::set_title(&format!("{} · Gesso", shown())));
    let done = move |value: &str| {
        if !editing.get_untracked() {
            return;
        }
        editing.set(false);
        let value = names::shortened(value, names::NAME_CHARS_MAX);
        if !value.is_empty() && value != name.get_untracked() {
            page.edit(|txn| schema::set_meta(txn, "name", &value));
        }
    };
    move || {
        if editing.get() {
            let keys = move |e: web_sys::KeyboardEvent| {
                e.stop_propagation();
                match e.key().as_str() {
                    "Enter" if !dom::is_composing(&e) => done(&dom::value(&e)),
                    "Escape" if !dom::is_composing(&e) => editing.set(false),
                    _ => {}
                }
            };
            view! {
                <input node_ref=input class="name-in" aria-label="Canvas name"
                    on:keydown=keys on:blur=move |e| done(&dom::value(&e)) />
            }
            .into_any()
        } else {
            view! {
                <button class="btn ghost name" title=move || page.can(Right::Edit).then_some("Rename")
                    on:click=move |_| editing.set(page.demand(Right::Edit))>
                    <span>{shown}</span>
                </button>
            }
            .into_any()
        }
    }
}

/// The honest state of saving.
#[component]
fn SavingMark(page: Page) -> impl IntoView {
    let words = move || page.saving.with(Saving::words);
    let offline =
        move || page.saving.with(|s| matches!(s, Saving::Offline { .. } | Saving::Ended(_)));
    let mark = move || {
        page.saving.with(|s| match s {
            Saving::Saved => icon("check").into_any(),
            Saving::Offline { .. } | Saving::Ended(_) => icon("offline").into_any(),
            Saving::Unsaved | Saving::Opening => view! {
                <svg class="ring dotted" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5"></circle></svg>
            }
            .into_any(),
        })
    };
    view! { <span class="saved" role="status" aria-live="polite" class:is-off=offline>{mark}<span>{words}</span></span> }
}

/// The banner while there is no connection, or when there will be none.
#[component]
pub fn OfflineBanner(page: Page) -> impl IntoView {
    // A hiccup needs no banner.
    let long = RwSignal::new(false);
    let offline = Memo::new(move |_| page.saving.with(|s| matches!(s, Saving::Offline { .. })));
    Effect::new(move |_| {
        if offline.get() {
            set_timeout(
                move || {
                    if offline.try_get_untracked() == Some(true) {
                        long.set(true);
                    }
                },
                Duration::from_secs(3),
            );
        } else {
            long.set(false);
        }
    });
    let ended = move || {
        let ending =
            page.saving.with(|s| if let Saving::Ended(why) = s { Some(*why) } else { None });
        // Who has an account is offered more than a sentence.
        let is_asked = matches!(ending, Some(Ending::Missing | Ending::NoRight));
        ending.filter(|_| !(is_asked && page.session.has_account())).map(Ending::words)
    };
    move || {
        if let Some(why) = ended() {
            return Some(
                view! {
                    <div class="obn" role="alert" data-floating>
                        {icon("offline")}<span>{why}</span>
                        <a class="btn s" href="/">"All canvases"</a>
                    </div>
                }
                .into_any(),
            );
        }
        (offline.get() && long.get()).then(|| {
            view! {
                <div class="obn" data-floating>
                    {icon("offline")}
                    <span><b>"You are offline."</b>" Keep working: everything is kept on this page and merges when you return. Runs wait."</span>
                    <button class="btn s" on:click=move |_| crate::web::canvas::live::socket::try_now(page)>"Try now"</button>
                </div>
            }
            .into_any()
        })
    }
}

/// Returns the tooltip of a button: its words and the keys of its command.
fn titled(page: Page, label: &str, keys: Option<Command>) -> String {
    let keys = keys.map(|command| page.keys.with(|keys| keys.shown(command))).unwrap_or_default();
    if keys.is_empty() { label.to_owned() } else { dom::keys(&format!("{label}  {keys}")) }
}

/// The tools on the left.
#[component]
pub fn Rail(page: Page) -> impl IntoView {
    let stickers = RwSignal::new(false);
    let sticker = NodeRef::<html::Button>::new();
    let add = move |kind: &'static str| {
        let id = edit::add(page, edit::blank(kind), None);
        crate::web::canvas::actions::open::after_adding(page, kind, id);
    };
    let tool = move |name: &'static str,
                     label: &'static str,
                     keys: Option<Command>,
                     run: Callback<()>| {
        let title = move || titled(page, label, keys);
        let needs = if label == "Comment" { "comment" } else { "edit" };
        view! { <button class="ib" data-needs=needs title=title aria-label=label on:click=move |_| run.run(())>{icon_l(name)}</button> }
    };
    let kind = move |name: &'static str, label: &'static str, id: &'static str| {
        tool(name, label, Some(Command::Add(id)), Callback::new(move |()| add(id)))
    };
    let ask = move |query: &'static str| {
        Callback::new(move |()| {
            page.spotlight.set(Some(Asked { query: query.to_owned(), ..Asked::default() }))
        })
    };
    let sticker_menu = move || {
        let anchor = sticker.get_untracked().filter(|_| stickers.get())?;
        let rows = STICKERS
            .map(|s| {
                let place = move |_| {
                    stickers.set(false);
                    let mut node = edit::blank("sticker");
                    node.settings.push(("sticker".to_owned(), serde_json::Value::from(s)));
                    let id = edit::add(page, node, None);
                    crate::web::canvas::actions::open::after_adding(page, "sticker", id);
                };
                view! {
                    <button class="ib" role="menuitem" aria-label=card_layout::port_label(s) on:click=place>
                        <svg class="stk" viewBox="0 0 64 64" aria-hidden="true"><use href=format!("#k-{s}")></use></svg>
                    </button>
                }
            })
            .collect_view();
        let close = Callback::new(move |()| stickers.set(false));
        Some(view! {
            <Menu label="Stickers" anchor=anchor.into() is_beside=true class="sticker-menu" on_close=close>{rows}</Menu>
        })
    };
    view! {
        <nav data-needs="comment" class="island rail" aria-label="Add to canvas" data-floating>
            <button class="ib is-add" data-needs="edit" title=move || titled(page, "Add anything", Some(Command::Spotlight)) aria-label="Add anything"
                on:click=move |_| page.spotlight.set(Some(Asked::default()))>{icon_l("plus")}</button>
            <i class="sep-h" data-needs="edit"></i>
            {kind("text", "Text", "text")}
            {kind("image", "Image", "image_generator")}
            {kind("video", "Video", "video_generator")}
            {tool("audio", "Audio", None, ask("audio"))}
            {tool("upload", "Upload", None, Callback::new(move |()| crate::web::canvas::transfer::upload::pick(page)))}
            {tool("library", "Library", None, Callback::new(move |()| page.overlays.shelf.update(|s| *s = !*s)))}
            {kind("list", "List", "list")}
            <i class="sep-h" data-needs="edit"></i>
            {kind("note", "Sticky note", "sticky_note")}
            <button class="ib" data-needs="edit" title="Sticker" aria-label="Sticker" aria-haspopup="menu" node_ref=sticker
                aria-expanded=move || stickers.get().to_string() on:click=move |_| stickers.set(true)>{icon_l("sticker")}</button>
            {kind("group", "Group", "group")}
            <i class="sep-h" data-needs="edit"></i>
            {tool("comment", "Comment", Some(Command::Comment), Callback::new(move |()| comment::begin(page)))}
            {sticker_menu}
        </nav>
    }
}

/// Zoom, fit, and the switch of the map.
/// Shows or hides the run panel on a narrow screen, where a selected card's takes its place.
fn open_runs(page: Page) {
    page.select([]);
    page.run_panel.update(|open| *open = !*open);
}

#[component]
pub fn ZoomBar(page: Page) -> impl IntoView {
    let percent = move || format!("{:.0} %", page.camera.with(|c| c.zoom * 100.0));
    view! {
        <div class="island zoom" data-floating>
            <button class="ib" aria-label="Zoom out" title=move || titled(page, "Zoom out", Some(Command::ZoomOut)) on:click=move |_| camera::zoom_by(page, 0.8)>{icon("minus")}</button>
            <button class="btn ghost num pc" title=move || titled(page, "To 100 %", Some(Command::ZoomToActualSize)) on:click=move |_| camera::zoom_to(page, 1.0)>{percent}</button>
            <button class="ib" aria-label="Zoom in" title=move || titled(page, "Zoom in", Some(Command::ZoomIn)) on:click=move |_| camera::zoom_by(page, 1.25)>{icon("plus")}</button>
            <i class="sep-v"></i>
            <button class="ib" aria-label="Fit all" title=move || titled(page, "Fit all", Some(Command::FitAll)) on:click=move |_| camera::fit_all(page)>{icon("fit")}</button>
            <button class="ib" class:is-on=move || page.minimap.get() aria-pressed=move || page.minimap.get().to_string()
                aria-label="Minimap" title=move || titled(page, "Minimap", Some(Command::ToggleMinimap)) on:click=move |_| page.minimap.update(|m| *m = !*m)>{icon("map")}</button>
            <button class="btn ghost only-s" aria-controls="runpanel" aria-expanded=move || page.run_panel.get().to_string()
                on:click=move |_| open_runs(page)>{icon("play")}"Runs"</button>
        </div>
    }
}
