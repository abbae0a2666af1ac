//! The library: everything uploaded, made or brought along, to look through, choose from and drag onto the canvas.

use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::focus;
use crate::web::canvas::actions::place_asset::DRAGGED;
use crate::web::canvas::actions::place_asset::place;
use std::time::Duration;

use gesso_protocol::api::{AssetMeta, Page as Listed};
use gesso_protocol::nodes::{self, PortType};
use gesso_protocol::values::DataType;
use leptos::prelude::*;

use crate::core::library::{self, Scope, Search};
use crate::web::canvas::parts::face::{asset_face, live_face};
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::Showing;
use crate::web::canvas::transfer::upload;
use crate::web::dom::arrows;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;

/// Somebody who types is waited for.
const PAUSE: Duration = Duration::from_millis(220);
/// More is fetched when so little is left below, in px.
const AHEAD: i32 = 480;
/// Types to choose from.
const TYPES: [(Option<DataType>, &str); 6] = [
    (None, "All"),
    (Some(DataType::Image), "Images"),
    (Some(DataType::Video), "Videos"),
    (Some(DataType::Audio), "Sounds"),
    (Some(DataType::Svg), "SVG"),
    (Some(DataType::Model3d), "3D"),
];

/// State of one open library.
#[derive(Clone, Copy)]
struct Shelf {
    search: RwSignal<Search>,
    items: RwSignal<Vec<AssetMeta>>,
    next: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    problem: RwSignal<String>,
    picked: RwSignal<Option<AssetMeta>>,
    /// Counts searches, so that a late answer to an older one is dropped.
    turn: StoredValue<u64>,
    list: NodeRef<leptos::html::Div>,
    /// Nothing of another type can be chosen.
    only: Option<DataType>,
    choose: Callback<AssetMeta>,
    /// The canvas whose workspace's files these are.
    canvas: StoredValue<String>,
}

impl Shelf {
    fn new(page: Page, only: Option<DataType>, choose: Callback<AssetMeta>) -> Self {
        Self {
            search: RwSignal::new(Search { ty: only, ..Search::default() }),
            items: RwSignal::default(),
            next: RwSignal::new(None),
            busy: RwSignal::new(false),
            problem: RwSignal::default(),
            picked: RwSignal::new(None),
            turn: StoredValue::new(0),
            list: NodeRef::new(),
            only,
            choose,
            canvas: page.id,
        }
    }

    /// Begins anew.
    fn look(self) {
        self.turn.update_value(|t| *t += 1);
        self.next.set(None);
        self.fetch(None);
    }

    fn fetch(self, cursor: Option<String>) {
        let turn = self.turn.get_value();
        let path =
            self.search.with_untracked(|s| s.path(&self.canvas.get_value(), cursor.as_deref()));
        self.busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = http::get::<Listed<AssetMeta>>(&path).await;
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(more) => {
                    self.problem.set(String::new());
                    self.next.set(more.next);
                    self.items.update(|items| {
                        if cursor.is_none() {
                            items.clear();
                        }
                        items.extend(more.items);
                    });
                    // A tall window is not filled by one answer.
                    crate::web::dom::after_frames(2, move || self.more());
                }
                Err(why) => self.problem.set(why.detail),
            }
        });
    }

    /// Fetches what follows, where the end is near.
    fn more(self) {
        if self.busy.try_get_untracked() != Some(false) {
            return;
        }
        let Some(list) = self.list.get_untracked() else { return };
        let left = list.scroll_height() - list.scroll_top() - list.client_height();
        if left < AHEAD
            && let Some(cursor) = self.next.get_untracked()
        {
            self.fetch(Some(cursor));
        }
    }
}

/// The library for a node, as a dialog.
#[component]
pub fn Library(page: Page) -> impl IntoView {
    move || page.overlays.library.get().map(|id| view! { <Picker page=page id=id /> })
}

/// Returns the data type of files that a node takes; `None` for any.
fn wanted(page: Page, id: &str) -> Option<DataType> {
    let kind = page.read(|c| c.nodes.get(id).map(|n| n.kind.clone()))?;
    match nodes::spec(&kind)?.outputs.first()?.ty {
        PortType::Fixed(ty) => Some(ty),
        PortType::OfAsset | PortType::OfItems | PortType::OfCandidates => None,
    }
}

#[component]
fn Picker(page: Page, id: String) -> impl IntoView {
    let only = wanted(page, &id);
    let id = StoredValue::new(id);
    let close = Callback::new(move |()| {
        page.overlays.library.set(None);
        focus::focus_card(&id.get_value());
    });
    let choose = Callback::new(move |meta: AssetMeta| {
        edit::put(page, &id.get_value(), &meta.asset);
        close.run(());
    });
    let shelf = Shelf::new(page, only, choose);
    let from_disk = move |_| {
        close.run(());
        upload::pick_for(page, &id.get_value());
    };
    view! {
        <Dialog title="Library" on_close=close width=1080>
            <div class="lib is-dialog">
                <div class="lib-main">
                    <Finder shelf=shelf />
                    <Found shelf=shelf />
                </div>
                <div class="lib-side">
                    <About shelf=shelf act="Use this" />
                    <button class="btn block" on:click=from_disk>{icon("upload")}"Upload a file instead"</button>
                </div>
            </div>
        </Dialog>
    }
}

/// The library beside the canvas: files are dragged out of it.
#[component]
pub fn Beside(page: Page) -> impl IntoView {
    move || page.overlays.shelf.get().then(|| view! { <Panel page=page /> })
}

#[component]
fn Panel(page: Page) -> impl IntoView {
    let choose = Callback::new(move |meta: AssetMeta| place(page, meta.asset, None));
    let shelf = Shelf::new(page, None, choose);
    let close = move || page.overlays.shelf.set(false);
    let keys = move |e: web_sys::KeyboardEvent| {
        if e.key() == "Escape" && !crate::web::dom::is_composing(&e) {
            e.prevent_default();
            close();
        }
        // Letters are words to look for, not shortcuts.
        e.stop_propagation();
    };
    view! {
        <aside class="panel shelf" data-floating data-scroll aria-label="Library" on:keydown=keys
            aria-hidden=move || crate::web::canvas::panels::inspector::behind(page)>
            <div class="panel-head">
                <h2 class="grow">"Library"</h2>
                <button class="ib s" aria-label="Close" on:click=move |_| close()>{icon("x")}</button>
            </div>
            <div class="lib">
                <Finder shelf=shelf />
                <Found shelf=shelf />
                <About shelf=shelf act="Add to canvas" />
            </div>
        </aside>
    }
}

/// Tabs, types and the search field.
#[component]
fn Finder(shelf: Shelf) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    shelf.look();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            crate::web::dom::after_frames(2, move || crate::web::dom::focus(&input));
        }
    });
    let scopes = Scope::ALL
        .into_iter()
        .map(|(scope, name)| {
            let on = move || shelf.search.with(|s| s.scope == scope);
            let pick = move |_| {
                shelf.search.update(|s| s.scope = scope);
                shelf.look();
            };
            view! { <button role="tab" class:is-on=on aria-selected=move || on().to_string() on:click=pick>{name}</button> }
        })
        .collect_view();
    let types = shelf.only.is_none().then(|| {
        let chips = TYPES
            .into_iter()
            .map(|(ty, name)| {
                let on = move || shelf.search.with(|s| s.ty == ty);
                let pick = move |_| {
                    shelf.search.update(|s| s.ty = ty);
                    shelf.look();
                };
                view! { <button class="chip" class:is-on=on aria-pressed=move || on().to_string() on:click=pick>{name}</button> }
            })
            .collect_view();
        view! { <div class="lib-types" role="group" aria-label="Type">{chips}</div> }
    });
    let typed = StoredValue::new(0u32);
    let words = move |e: web_sys::Event| {
        let value = crate::web::dom::value(&e);
        shelf.search.update(|s| s.words = value);
        typed.update_value(|n| *n += 1);
        let now = typed.get_value();
        set_timeout(
            move || {
                if typed.try_get_value() == Some(now) {
                    shelf.look();
                }
            },
            PAUSE,
        );
    };
    view! {
        <div class="seg" role="tablist" aria-label="Whose files">{scopes}</div>
        <label class="field">
            {icon("search")}
            <input node_ref=input type="search" aria-label="Search the library" placeholder="Name or prompt" autocomplete="off"
                spellcheck="false" prop:value=move || shelf.search.with(|s| s.words.clone()) on:input=words />
        </label>
        {types}
    }
}

/// The files that were found, and more of them while one scrolls.
#[component]
fn Found(shelf: Shelf) -> impl IntoView {
    let keyed = move || shelf.items.get();
    let empty = move || {
        let none = shelf.items.with(Vec::is_empty) && !shelf.busy.get();
        (none && shelf.problem.with(String::is_empty)).then(|| nothing(shelf))
    };
    let problem = move || {
        let why = shelf.problem.get();
        (!why.is_empty()).then(|| {
            view! {
                <div class="lib-none" role="alert">{icon("warn")}<p>{why}</p>
                    <button class="btn s" on:click=move |_| shelf.look()>"Try again"</button>
                </div>
            }
        })
    };
    let said = move || {
        let n = shelf.items.with(Vec::len);
        if shelf.busy.get() {
            "Looking…".to_owned()
        } else if shelf.next.with(Option::is_some) {
            format!("{n} files shown, more below")
        } else {
            crate::core::words::many(n, "file")
        }
    };
    view! {
        <div class="lib-list" node_ref=shelf.list on:scroll=move |_| shelf.more() aria-busy=move || shelf.busy.get().to_string()>
            <div class="lib-cells" role="listbox" aria-label="Files"
                on:keydown=move |e| arrows(&e, ".lib-cells", ".lib-cell")>
                <For each=keyed key=|m| m.asset.id.clone() children=move |meta| view! { <Cell shelf=shelf meta=meta /> } />
            </div>
            {empty}{problem}
            <p class="sr" role="status">{said}</p>
        </div>
    }
}

/// Advice where nothing was found.
fn nothing(shelf: Shelf) -> impl IntoView {
    let (scope, words) = shelf.search.with(|s| (s.scope, s.words.trim().to_owned()));
    let text = match scope {
        _ if !words.is_empty() => format!("Nothing here is called or was made from “{words}”."),
        Scope::Mine => "What you upload and what your runs make is kept here.".to_owned(),
        Scope::Workspace => {
            "Nobody here has uploaded or made anything of this kind yet.".to_owned()
        }
        Scope::Stock => "Nothing of this kind comes with Gesso.".to_owned(),
    };
    let stock = (scope != Scope::Stock).then(|| {
        let go = move |_| {
            shelf.search.update(|s| s.scope = Scope::Stock);
            shelf.look();
        };
        view! { <button class="btn s" on:click=go>"Look at what comes with Gesso"</button> }
    });
    view! { <div class="lib-none">{icon("library")}<p>{text}</p>{stock}</div> }
}

#[component]
fn Cell(shelf: Shelf, meta: AssetMeta) -> impl IntoView {
    let id = meta.asset.id.clone();
    let on =
        Memo::new(move |_| shelf.picked.with(|p| p.as_ref().is_some_and(|p| p.asset.id == id)));
    let title = library::title(&meta);
    let what = meta.asset.ty.map_or("File", DataType::label);
    let name = format!("{title}, {what}, {}", library::facts(&meta));
    let kept = StoredValue::new(meta);
    let pick = move || shelf.picked.set(Some(kept.get_value()));
    let take = move || shelf.choose.run(kept.get_value());
    let keys = move |e: web_sys::KeyboardEvent| {
        if e.key() == "Enter" {
            e.prevent_default();
            e.stop_propagation();
            take();
        }
    };
    let drag = move |e: web_sys::DragEvent| {
        if let Some(data) = e.data_transfer() {
            data.set_effect_allowed("copy");
            // A browser that takes no types of ours drags nothing.
            let _set = data.set_data(DRAGGED, &kept.with_value(|m| m.asset.to_value().to_string()));
        }
    };
    let face = kept.with_value(|m| asset_face(&m.asset, "", 320));
    let ty = kept.with_value(|m| m.asset.ty.map_or("any", |t| t.id()));
    view! {
        <button class="lib-cell" role="option" class:is-on=on aria-selected=move || on.get().to_string() aria-label=name
            data-asset=kept.with_value(|m| m.asset.id.clone()) data-type=ty draggable="true"
            on:click=move |_| pick() on:focus=move |_| pick() on:dblclick=move |_| take() on:keydown=keys on:dragstart=drag>
            <span class="thumb">{face}</span>
            <span class="tx">{title}</span>
        </button>
    }
}

/// The file in hand: larger, playable, with what is known of it.
#[component]
fn About(shelf: Shelf, act: &'static str) -> impl IntoView {
    move || {
        let Some(meta) = shelf.picked.get() else {
            let hint = "Choose a file to see it here. Double-click or Enter takes it at once.";
            return view! { <p class="hint lib-hint">{hint}</p> }.into_any();
        };
        let prompt = library::prompt(&meta);
        let tags = library::tags(&meta).join(", ");
        let title = library::title(&meta);
        let face = live_face(&Showing::Asset(meta.asset.clone()), &title, 640);
        let facts = library::facts(&meta);
        let origin = library::origin(&meta);
        let sound = meta.asset.ty == Some(DataType::Audio);
        let take = move |_| shelf.choose.run(meta.clone());
        view! {
            <div class="lib-about">
                <div class="thumb" class:is-sound=sound>{face}</div>
                <div><b>{title}</b><p class="muted num">{facts}</p><p class="muted">{origin}</p></div>
                {(!prompt.is_empty()).then(|| view! { <p class="lib-prompt">{prompt}</p> })}
                {(!tags.is_empty()).then(|| view! { <p class="muted">{tags}</p> })}
                <button class="btn primary block" on:click=take>{icon("check")}{act}</button>
            </div>
        }
        .into_any()
    }
}
