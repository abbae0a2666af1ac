//! The home page: the canvases of this place, live, and ways to begin one.

mod account;
mod card;
mod dialogs;
mod model;
mod switcher;
mod workspaces;

use std::time::Duration;

use gesso_protocol::api::{CanvasBody, Me, TemplateBody};
use gesso_protocol::fold::has_all_words;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use self::card::Card;
use self::dialogs::{Dialogs, TemplateCard};
use self::model::{Home, Open, Sort};
use self::switcher::Switcher;
use crate::core::price::grouped;
use crate::web::dom;
use crate::web::http;
use crate::web::nav::set_title;
use crate::web::ui::icons::{icon, logo};
use crate::web::ui::menu::{Menu, MenuItem};
use crate::web::ui::notices::Notices;
use crate::web::ui::theme::ThemeSwitch;

/// The server tells of changes; how many are in a canvas, and changes while it could not be reached, are asked for.
const REFRESH: Duration = Duration::from_secs(5);
/// Templates offered above the list; all of them are in the dialog.
const TEMPLATES_SHOWN: usize = 3;

/// The list of canvases.
#[component]
pub fn HomePage() -> impl IntoView {
    set_title("Canvases · Gesso");
    let home = Home::new();
    let search = RwSignal::new(String::new());
    let sort = RwSignal::new(Sort::Changed);
    let notices = Notices::new();
    provide_context(notices);
    provide_context(home.workspaces);
    keep_fresh(home, notices);
    // A sign-in that was to be connected to one's account and was not.
    Effect::new(move |_| {
        if home.session.has_account()
            && let Some(words) = home.session.take_ending()
        {
            home.toasts.bad(words);
        }
    });
    spawn_local(async move {
        if let Ok(list) = http::list::<TemplateBody>("/api/templates").await {
            let _gone = home.templates.try_set(list);
        }
    });

    let shown = Memo::new(move |_| {
        let wanted = search.get();
        let fits = |canvas: &CanvasBody| {
            has_all_words(&format!("{} {}", canvas.name, canvas.description), &wanted)
        };
        let mut list = home.canvases.get().unwrap_or_default();
        list.retain(fits);
        sort.get().apply(&mut list);
        list
    });
    view! {
        <TopBar home search />
        <main class="wrap">
            <div class="head">
                <div class="titled"><h1>"Canvases"</h1><Switcher home /></div>
                <div class="grow"></div>
                {move || home.makes.get().then(|| view! { <div class="row acts">
                    <button class="btn l hide-s" on:click=move |_| home.open.set(Some(Open::Templates))>
                        {icon("template")} "Templates"
                    </button>
                    <button class="btn primary l" disabled=move || home.busy.get() on:click=move |_| home.create()>
                        {icon("plus")} "New canvas"
                    </button>
                </div> })}
            </div>
            <TemplateRow home />
            {move || {
                let some = home.canvases.with(|list| list.as_ref().is_some_and(|list| !list.is_empty()));
                some.then(|| view! { <Tools shown search sort /> })
            }}
            <Stale home />
            <section class="cards" aria-label="Canvases" aria-busy=move || home.canvases.with(Option::is_none).to_string()>
                <For each=move || shown.get() key=|canvas| canvas.id.clone() let:canvas>
                    <Card home first=canvas />
                </For>
                {move || nothing_shown(home, shown, search)}
            </section>
        </main>
        <Dialogs home />
    }
}

/// Asks again when the server tells of a change, every few seconds, and whenever somebody comes back to the page.
fn keep_fresh(home: Home, notices: Notices) {
    let refresh = move || home.refresh();
    refresh();
    Effect::new(move |before: Option<Option<String>>| {
        let now = home.workspaces.current.with(|one| one.as_ref().map(|one| one.id.clone()));
        if before.flatten().is_some_and(|before| now.as_ref() != Some(&before)) {
            home.moved();
        }
        now
    });
    dom::while_seen(REFRESH, refresh);
    let seen = move || {
        if !document().hidden() {
            refresh();
        }
    };
    match web_sys::EventSource::new("/api/events") {
        Ok(events) => {
            let told = Closure::<dyn Fn()>::new(seen);
            let again = Closure::<dyn Fn()>::new(move || {
                spawn_local(async move {
                    if untrack(|| home.session.has_account()) {
                        home.workspaces.look().await;
                    }
                    seen();
                });
            });
            let noticed = Closure::<dyn Fn()>::new(move || notices.refresh());
            let heard = [
                ("canvas", &told),
                ("reload", &again),
                ("access", &told),
                ("notifications", &noticed),
            ];
            for (name, told) in heard {
                let heard = told.as_ref().unchecked_ref();
                if let Err(error) = events.add_event_listener_with_callback(name, heard) {
                    web_sys::console::warn_1(&error);
                }
            }
            let held = StoredValue::new_local((events, told, again, noticed));
            on_cleanup(move || held.with_value(|(events, ..)| events.close()));
        }
        Err(error) => web_sys::console::warn_1(&error),
    }
}

#[component]
fn TopBar(home: Home, search: RwSignal<String>) -> impl IntoView {
    let me = home.session.me;
    spawn_local(async move {
        if let Ok(who) = http::get::<Me>("/api/me").await {
            me.set(Some(who));
        }
    });
    let field = NodeRef::<leptos::html::Input>::new();
    let keys = window_event_listener(ev::keydown, move |event| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if event.key() == "/" && plain && !typing(&event) {
            event.prevent_default();
            if let Some(field) = field.get_untracked()
                && field.focus().is_err()
            {
                web_sys::console::warn_1(&"focus was refused".into());
            }
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <header class="hb">
            <a class="row brand" href="/">{logo()}<span>"Gesso"</span></a>
            <label class="field hsearch hide-s">
                {icon("search")}
                <input
                    node_ref=field
                    type="search"
                    placeholder="Search canvases"
                    aria-label="Search canvases"
                    bind:value=search
                />
                <kbd>"/"</kbd>
            </label>
            <div class="row hr">
                {move || home.credits.get().map(|now| {
                    let free = grouped(&(now.balance - now.held).to_string());
                    let label = format!("{free} credits");
                    view! {
                        <span class="credits" aria-label=label.clone() title=label>
                            {icon("credit")}<span class="num">{free}</span>
                        </span>
                    }
                })}
                <ThemeSwitch />
                <account::Own />
            </div>
        </header>
    }
}

/// True if a key belongs to a field or an open dialog.
fn typing(event: &web_sys::KeyboardEvent) -> bool {
    let Some(Ok(target)) = event.target().map(|target| target.dyn_into::<web_sys::Element>())
    else {
        return false;
    };
    matches!(target.closest("input, textarea, select, dialog, [contenteditable]"), Ok(Some(_)))
}

#[component]
fn TemplateRow(home: Home) -> impl IntoView {
    let card = move |template: TemplateBody| {
        view! { <TemplateCard home template /> }
    };
    move || {
        let list = home.templates.get();
        (!list.is_empty() && home.makes.get()).then(|| {
            let cards = list.into_iter().take(TEMPLATES_SHOWN).map(card).collect_view();
            view! { <section class="tpls" aria-label="Start from a template">{cards}</section> }
        })
    }
}

#[component]
fn Tools(
    shown: Memo<Vec<CanvasBody>>,
    search: RwSignal<String>,
    sort: RwSignal<Sort>,
) -> impl IntoView {
    let anchor = RwSignal::new_local(None::<web_sys::HtmlElement>);
    let close = Callback::new(move |()| anchor.set(None));
    let count = move || match shown.with(Vec::len) {
        1 => "1 canvas".to_owned(),
        n => format!("{n} canvases"),
    };
    let choose = move |order: Sort| {
        Callback::new(move |()| {
            sort.set(order);
            anchor.set(None);
        })
    };
    view! {
        <div class="tools">
            <span class="muted count">{count}</span>
            <label class="field msearch">
                {icon("search")}
                <input type="search" placeholder="Search" aria-label="Search canvases" bind:value=search />
            </label>
            <span class="grow"></span>
            <button
                class="btn ghost"
                aria-haspopup="menu"
                aria-expanded=move || anchor.with(Option::is_some).to_string()
                aria-label=move || format!("Sort: {}", sort.get().title())
                on:click=move |event| anchor.set(Some(card::button_of(&event)))
            >
                {icon("sort")}
                <span>{move || sort.get().title()}</span>
                {icon("down")}
            </button>
        </div>
        {move || anchor.get().map(|anchor| view! {
            <Menu label="Sort" anchor on_close=close>
                {Sort::ALL.into_iter().map(|order| view! {
                    <MenuItem name="sort" label=order.title() on={sort.get_untracked() == order} run=choose(order) />
                }).collect_view()}
            </Menu>
        })}
    }
}

/// Says that the list may be old, and why.
#[component]
fn Stale(home: Home) -> impl IntoView {
    move || {
        home.stale.get().map(|why| {
            view! {
                <div class="banner" role="status" style="margin:0 0 16px">
                    {icon("offline")}
                    <div><b>"This list may be out of date"</b><p>{why}</p></div>
                </div>
            }
        })
    }
}

/// The view in the place of cards where none is: nothing yet, nothing found, or nothing there.
fn nothing_shown(
    home: Home,
    shown: Memo<Vec<CanvasBody>>,
    search: RwSignal<String>,
) -> Option<AnyView> {
    let Some(count) = home.canvases.with(|list| list.as_ref().map(Vec::len)) else {
        let waiting = home.stale.with(Option::is_none);
        let cards = (0..4).map(|_| view! { <div class="cv is-loading" aria-hidden="true"></div> });
        return waiting.then(|| cards.collect_view().into_any());
    };
    if shown.with(|list| !list.is_empty()) {
        return None;
    }
    if count > 0 {
        return Some(
            view! {
                <div class="start">
                    <h2>{move || format!("No canvas is called “{}”", search.get().trim())}</h2>
                    <p>"Names and descriptions are searched."</p>
                    <button class="btn l" on:click=move |_| search.set(String::new())>"Show all"</button>
                </div>
            }
            .into_any(),
        );
    }
    if !home.makes.get() {
        return Some(
            view! {
                <div class="start">
                    <h2>"Nothing is shared with you yet"</h2>
                    <p>"A canvas comes up here as soon as somebody shares it with you."</p>
                </div>
            }
            .into_any(),
        );
    }
    Some(view! { <FirstSteps home /> }.into_any())
}

#[component]
fn FirstSteps(home: Home) -> impl IntoView {
    let steps = [
        "Open a template, or an empty canvas",
        "Change the words in the text card",
        "Press Run and watch the picture appear",
    ];
    let first =
        move || home.templates.with(|list| list.first().map(|template| template.id.clone()));
    let begin = move |_| match first() {
        Some(id) => home.use_template(&id),
        None => home.create(),
    };
    view! {
        <div class="start">
            <svg class="art" aria-hidden="true"><use href="#a-lighthouse"></use></svg>
            <h2>"Make your first picture in a minute"</h2>
            <p>
                "A canvas holds cards and the wires between them. Everybody "
                {move || if home.session.has_account() { "you share it with" } else { "with this address" }}
                " sees the same one, live."
            </p>
            <ol>
                {steps.into_iter().enumerate().map(|(i, step)| view! {
                    <li><span class="n">{i + 1}</span>{step}</li>
                }).collect_view()}
            </ol>
            <div class="acts">
                <button class="btn primary l" disabled=move || home.busy.get() on:click=begin>
                    {icon("play")}
                    {move || if first().is_some() { "Start with a template" } else { "Start" }}
                </button>
                <button class="btn l" disabled=move || home.busy.get() on:click=move |_| home.create()>
                    "Empty canvas"
                </button>
            </div>
        </div>
    }
}
