//! What a card shows: the picture, sound, text or model that flows from it, or what is in its place.

use gesso_protocol::graph::shown_generation;
use gesso_protocol::nodes::NodeSpec;
use gesso_protocol::plan::model_of;
use gesso_protocol::schema::{Chosen, NodeState};
use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

use super::card::Card;
use super::page::Page;
use crate::web::icons::{icon, of_kind};

/// What there is to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Showing {
    /// A file.
    Asset(AssetRef),
    /// A text.
    Text(String),
    /// Nothing.
    Nothing,
}

/// What a node shows now.
pub fn showing(page: Page, id: &str) -> Showing {
    page.read(|canvas| {
        let Some(node) = canvas.nodes.get(id) else { return Showing::Nothing };
        if let Some(asset) = &node.asset {
            return Showing::Asset(asset.clone());
        }
        if let Some(choice) = node.output.get("")
            && let Chosen::Asset(asset) = &choice.chosen
        {
            let newest =
                gesso_protocol::graph::newest_generation(canvas, id, "").map(|g| g.id.as_str());
            if choice.after.as_deref() == newest {
                return Showing::Asset(asset.clone());
            }
        }
        let shown = shown_generation(canvas, id, "").or_else(|| {
            // Of a batch, the newest of its items.
            canvas.generations.get(id)?.last().filter(|g| !g.key.is_empty())
        });
        match shown {
            Some(g) => match (g.asset_ref(), &g.text) {
                (Some(asset), _) => Showing::Asset(asset),
                (None, Some(text)) => Showing::Text(text.clone()),
                (None, None) => Showing::Nothing,
            },
            None => Showing::Nothing,
        }
    })
}

/// A thumbnail's address, for how large it is on screen.
pub fn thumbnail(asset: &AssetRef, width: u32) -> String {
    format!("/api/assets/{}/thumbnail?w={width}", asset.id)
}

/// The width of thumbnails that fits the zoom, in steps, so that zooming fetches rarely.
pub fn thumbnail_width(page: Page, units: f64) -> u32 {
    let ratio = window().device_pixel_ratio().clamp(1.0, 3.0);
    let pixels = units * page.camera.with(|c| c.zoom) * ratio;
    match pixels {
        p if p <= 320.0 => 320,
        p if p <= 640.0 => 640,
        p if p <= 1280.0 => 1280,
        _ => 2048,
    }
}

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
    let working = move || state.get() == NodeState::Running;
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
    let uploading = {
        let id = card.id;
        move || {
            let percent = page.uploads.with(|u| u.get(&id.get_value()).copied())?;
            Some(view! {
                <div class="big"><b>{format!("{percent:.0} %")}</b><span>"Uploading"</span></div>
                <div class="progress" style=format!("--pct:{percent}")><i></i></div>
            })
        }
    };
    let open = {
        let id = card.id;
        move |e: web_sys::MouseEvent| {
            if what.get_untracked() != Showing::Nothing {
                e.stop_propagation();
                page.preview.set(Some(id.get_value()));
            }
        }
    };
    let plain = move || matches!(what.get(), Showing::Text(_));
    view! {
        <div
            class="media"
            class:is-empty=empty
            class:is-working=working
            class:is-stale=stale
            class:is-text=plain
            class:is-bare=move || what.get() == Showing::Nothing
            style=style
            on:dblclick=open
        >
            {content}
            {waiting}
            {progress}
            {uploading}
        </div>
    }
}

fn content(card: &Card, spec: &'static NodeSpec, what: &Showing, width: Memo<u32>) -> AnyView {
    let title = card.signals.view.with_untracked(|v| v.node.shown_title().to_owned());
    match what {
        Showing::Nothing => ().into_any(),
        Showing::Text(text) => {
            view! { <div class="answer" data-scroll>{text.clone()}</div> }.into_any()
        }
        Showing::Asset(asset) => match asset.ty {
            Some(DataType::Video) => {
                let src = format!("/api/assets/{}", asset.id);
                view! { <video class="art" src=src controls preload="metadata"></video> }.into_any()
            }
            Some(DataType::Audio) => {
                let src = format!("/api/assets/{}", asset.id);
                view! { <audio class="sound" src=src controls preload="metadata"></audio> }
                    .into_any()
            }
            Some(DataType::Model3d) => view! {
                <div class="plain">{icon(of_kind(spec.id))}{asset.name.clone()}</div>
            }
            .into_any(),
            Some(DataType::Image | DataType::Svg | DataType::Text) | None => {
                let asset = asset.clone();
                let src = move || thumbnail(&asset, width.get());
                view! { <img class="art" src=src alt=title draggable="false" decoding="async" /> }
                    .into_any()
            }
        },
    }
}

/// What stands where nothing is yet.
fn placeholder(card: &Card, spec: &'static NodeSpec) -> AnyView {
    let page = card.page;
    let id = card.id;
    if matches!(spec.id, "upload" | "media") {
        let pick = move |_| super::upload::pick_for(page, &id.get_value());
        return view! {
            <div>
                {icon("upload")}
                <button class="btn s" on:click=pick>"Choose a file"</button>
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

/// What a pending node waits for.
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
    let run = page.read(|canvas| canvas.results.get(&id).and_then(|r| r.run.clone()))?;
    let place = page.server.with(|s| s.queue.get(&run).copied())?;
    Some(format!("Number {place} in the queue"))
}

fn progress(card: &Card) -> impl IntoView + use<> {
    let shown = card.shown;
    let percent = move || shown.get().progress.map(|p| (p * 100.0).clamp(0.0, 100.0));
    move || match percent() {
        Some(p) => view! {
            <div class="big"><b>{format!("{p:.0} %")}</b></div>
            <div class="progress" style=format!("--pct:{p:.0}")><i></i></div>
        }
        .into_any(),
        None => view! { <div class="big"><span>"Working…"</span></div> }.into_any(),
    }
}
