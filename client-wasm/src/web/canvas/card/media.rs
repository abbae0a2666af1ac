//! The content of a card: the picture, sound, text or model that flows from it, or what is in its place.

use crate::web::canvas::store::showing::item_key;
use crate::web::canvas::store::showing::showing;
use crate::web::canvas::store::showing::thumbnail;
use crate::web::canvas::store::showing::thumbnail_width;
use gesso_protocol::nodes::NodeSpec;
use gesso_protocol::plan::model_of;
use gesso_protocol::schema::NodeState;
use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

use crate::core::icons::of_kind;
use crate::core::results::{self, Counts};
use crate::core::status::NodeStatus;
use crate::core::words::ordinal;
use crate::web::canvas::card::status;
use crate::web::canvas::store::card_context::Card;
use crate::web::ui::icons::icon;

pub use crate::core::results::Showing;

/// The aspect of the media box: that of what is shown, else that of what is asked for.
fn aspect(card: &Card, showing: &Showing) -> String {
    if let Showing::Asset(AssetRef { width: Some(w), height: Some(h), .. }) = showing
        && *h > 0
    {
        let ratio = (f64::from(*w) / f64::from(*h)).clamp(0.56, 3.0);
        return format!("{ratio:.4}");
    }
    let asked = card.signals.view.with(|v| {
        let catalog = card.page.catalog.get();
        let model = model_of(&catalog, &v.node.kind, &v.node.settings, &card.page.usable()).ok()?;
        let value = model.resolve(&v.node.settings).ok()?.get("aspect_ratio")?.as_str()?.to_owned();
        let (w, h) = value.split_once(':')?;
        Some(w.parse::<f64>().ok()? / h.parse::<f64>().ok()?)
    });
    match asked {
        Some(ratio) if ratio.is_finite() && ratio > 0.0 => format!("{:.4}", ratio.clamp(0.56, 3.0)),
        _ => "16 / 10".to_owned(),
    }
}

/// The media part of a card.
#[component]
pub fn MediaBody(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let page = card.page;
    let what = {
        let card = card.clone();
        Memo::new(move |_| {
            card.signals.view.track();
            showing(page, &card.id())
        })
    };
    let width = Memo::new(move |_| thumbnail_width(page, 264.0));
    let style = {
        let card = card.clone();
        move || format!("--ar:{}", aspect(&card, &what.get()))
    };
    let state = {
        let card = card.clone();
        Memo::new(move |_| card.signals.view.with(|v| v.state()))
    };
    let stale = move || matches!(state.get(), NodeState::Failed | NodeState::Cancelled);
    // A batch at work shows what is there already.
    let made = made(&card);
    let working = move || state.get() == NodeState::Running && !made.get();
    let empty = move || what.get() == Showing::Nothing && !working();
    let content = {
        let card = card.clone();
        move || content(&card, spec, &what.get(), width)
    };
    let progress = {
        let card = card.clone();
        move || working().then(|| progress(&card))
    };
    let waiting = {
        let card = card.clone();
        move || empty().then(|| placeholder(&card, spec))
    };
    let counts = batch_counts(&card);
    let stacked = Memo::new(move |_| counts.with(Option::is_some));
    let review = spec.id == "evaluator";
    let open = {
        let id = card.id;
        move |e: web_sys::MouseEvent| {
            if what.get_untracked() != Showing::Nothing || stacked.get_untracked() {
                e.stop_propagation();
                crate::web::canvas::actions::open::shown(page, &id.get_value());
            }
        }
    };
    let plain = move || matches!(what.get(), Showing::Text(_));
    let sound = move || {
        matches!(what.get(), Showing::Asset(AssetRef { ty: Some(DataType::Audio), .. }))
            && !working()
    };
    let id = card.id;
    if review {
        return view! { <crate::web::canvas::card::candidates::Candidates card=card /> }.into_any();
    }
    view! {
        <div class:stack=move || stacked.get()>
            <div
                class="media"
                class:is-empty=empty
                class:is-working=working
                class:is-stale=stale
                class:is-text=plain
                class:is-sound=sound
                class:is-bare=move || what.get() == Showing::Nothing
                style=style
                on:dblclick=open
            >
                {content}
                {waiting}
                {progress}
                <crate::web::canvas::transfer::progress::Progress page=page id=id />
                {move || stacked.get().then(|| view! { <crate::web::canvas::card::batch_badge::Badge page=page id=id counts=counts /> })}
            </div>
        </div>
        <crate::web::canvas::transfer::progress::Refused page=page id=id />
        {move || counts.get().filter(|c| c.total > 1).map(|counts| crate::web::canvas::card::batch_badge::summary(&counts))}
    }
    .into_any()
}

/// True if the item shown is done.
fn made(card: &Card) -> Memo<bool> {
    let page = card.page;
    let card = card.clone();
    Memo::new(move |_| {
        card.signals.view.track();
        let id = card.id();
        let key = item_key(page, &id);
        page.read(|c| {
            let item = c.results.get(&id).and_then(|r| r.items.get(&key).cloned());
            !key.is_empty() && item.is_some_and(|i| NodeStatus::of_item(&i).is_done())
        })
    })
}

/// Returns the counts of the items of a batch; `None` outside a batch.
fn batch_counts(card: &Card) -> Memo<Option<Counts>> {
    let page = card.page;
    let card = card.clone();
    Memo::new(move |_| {
        card.signals.view.track();
        let id = card.id();
        page.read(|c| {
            let batch = results::result_refs(c, &id).len() > 1;
            batch.then(|| Counts::of(c, &id))
        })
    })
}

fn content(card: &Card, spec: &'static NodeSpec, what: &Showing, width: Memo<u32>) -> AnyView {
    let title = card.signals.view.with_untracked(|v| v.node.shown_title().to_owned());
    match what {
        Showing::Nothing => ().into_any(),
        Showing::Text(text) => view! { <Answer text=text.clone() /> }.into_any(),
        Showing::Asset(asset) => match asset.ty {
            Some(DataType::Video) => {
                view! { <crate::web::canvas::media::video::VideoPlayer asset=asset.clone() name=title width=width /> }
                    .into_any()
            }
            Some(DataType::Audio) => {
                view! { <crate::web::canvas::media::player::Player asset=asset.clone() name=title /> }.into_any()
            }
            Some(DataType::Model3d) => solid_poster(card, spec, asset, title, width),
            // As sharp as the screen at every zoom.
            Some(DataType::Svg) => {
                let src = format!("/api/assets/{}", asset.id);
                view! { <img class="art is-vector" src=src alt=title draggable="false" decoding="async" /> }
                    .into_any()
            }
            Some(DataType::Image | DataType::Text) | None => {
                let clear = asset.mime == "image/png" || asset.mime == "image/webp";
                let asset = asset.clone();
                let src = move || thumbnail(&asset, width.get());
                view! { <img class="art" class:is-clear=clear src=src alt=title draggable="false" decoding="async" /> }
                    .into_any()
            }
        },
    }
}

/// A picture of a 3D model, and the way to turn it.
fn solid_poster(
    card: &Card,
    spec: &'static NodeSpec,
    asset: &AssetRef,
    title: String,
    width: Memo<u32>,
) -> AnyView {
    let (page, id) = (card.page, card.id);
    let bare = RwSignal::new(false);
    let kept = asset.clone();
    let src = move || thumbnail(&kept, width.get());
    let name = asset.name.clone();
    let picture = move || {
        if bare.get() {
            let name = name.clone();
            view! { <div class="plain">{icon(of_kind(spec.id))}{name}</div> }.into_any()
        } else {
            view! {
                <img class="art is-solid" src=src.clone() alt=title.clone() draggable="false" decoding="async"
                    on:error=move |_| bare.set(true) />
            }
            .into_any()
        }
    };
    let open = move |_| crate::web::canvas::actions::open::shown(page, &id.get_value());
    view! {
        {picture}
        <span class="badge tl">"3D"</span>
        <button class="badge br is-open" on:click=open>{icon("model3d")}"Open preview"</button>
    }
    .into_any()
}

/// A text somebody may want elsewhere.
#[component]
fn Answer(text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let kept = text.clone();
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&kept);
        leptos::task::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
                let _shown = copied.try_set(true);
                set_timeout(
                    move || {
                        let _shown = copied.try_set(false);
                    },
                    std::time::Duration::from_secs(2),
                );
            }
        });
    };
    let word = move || if copied.get() { "Copied" } else { "Copy text" };
    view! {
        <div class="answer" data-scroll>{text}</div>
        <button class="ib s answer-copy" class:is-done=copied aria-label=word title=word on:click=copy>
            {move || if copied.get() { icon("check") } else { icon("duplicate") }}
        </button>
    }
}

/// The view in the place of a result where none is yet.
fn placeholder(card: &Card, spec: &'static NodeSpec) -> AnyView {
    let page = card.page;
    let id = card.id;
    if matches!(spec.id, "upload" | "media") {
        let pick = move |_| crate::web::canvas::transfer::upload::pick_for(page, &id.get_value());
        if spec.id == "media" {
            let open = move |_| crate::web::canvas::actions::open::library(page, &id.get_value());
            return view! {
                <div>
                    {icon("library")}
                    <button data-needs="edit" class="btn s" on:click=open>"Choose from the library"</button>
                    <span>"or drop a file here"</span>
                </div>
            }
            .into_any();
        }
        return view! {
            <div>
                {icon("upload")}
                <button data-needs="edit" class="btn s" on:click=pick>"Choose a file"</button>
                <span>"or drop one here"</span>
            </div>
        }
        .into_any();
    }
    let pending = card.signals.view.with(|v| v.state()) == NodeState::Pending;
    if pending {
        let words = waits_for(card).unwrap_or_else(|| "Waits for its turn".to_owned());
        return view! { <div>{icon("clock")}{words}</div> }.into_any();
    }
    view! { <div>{icon(of_kind(spec.id))}"No result yet"</div> }.into_any()
}

/// Returns the words that say what a pending node waits for.
fn waits_for(card: &Card) -> Option<String> {
    let page = card.page;
    page.revision.track();
    let graph = page.graph.get();
    let id = card.id();
    let before: Vec<String> = page.read(|canvas| {
        graph
            .incoming(&id)
            .filter(|e| canvas.results.get(&e.edge.from_node).is_some_and(|r| r.state.is_active()))
            .map(|e| graph.title(&e.edge.from_node).to_owned())
            .collect()
    });
    if let Some(first) = before.first() {
        return Some(format!("Waits for {first}"));
    }
    Some(format!("{} in the queue", ordinal(status::queue_place(page, &id)?)))
}

fn progress(card: &Card) -> impl IntoView + use<> {
    let status = card.status;
    let percent = move || status.get().progress.map(|p| (p * 100.0).clamp(0.0, 100.0));
    move || match percent() {
        Some(p) => view! {
            <div class="big"><b>{format!("{p:.0} %")}</b></div>
            <div class="progress" style=format!("--pct:{p:.0}")><i></i></div>
        }
        .into_any(),
        None => view! { <div class="big"><span>"Working…"</span></div> }.into_any(),
    }
}
