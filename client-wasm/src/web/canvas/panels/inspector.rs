//! The panel on the right: the selected node's settings and history, or the run.

use gesso_protocol::catalog::{Param, ParamType};
use gesso_protocol::nodes::{self, NodeKind, NodeSpec};
use gesso_protocol::plan::model_of;
use leptos::prelude::*;
use serde_json::json;

use crate::core::card_layout;
use crate::core::icons::of_kind;
use crate::core::rights::Right;
use crate::web::canvas::actions::edit;
use crate::web::canvas::card::footer::RunButton;
use crate::web::canvas::card::rich::RichField;
use crate::web::canvas::card::status;
use crate::web::canvas::card::text::TextField;
use crate::web::canvas::panels::controls::field;
use crate::web::canvas::panels::history::History;
use crate::web::canvas::parts::status_mark::card_mark;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// The panel.
#[component]
pub fn RightPanel(
    page: Page,
    /// Content of the panel while no node that runs is selected.
    otherwise: fn(Page) -> AnyView,
) -> impl IntoView {
    let about = Memo::new(move |_| {
        let selection = page.selection.get();
        let id = selection.first().filter(|_| selection.len() == 1)?.clone();
        page.graph.track();
        let kind = page.read(|c| c.nodes.get(&id).map(|n| n.kind.clone()))?;
        let spec = nodes::spec(&kind)?;
        spec.runs().then_some((id, kind))
    });
    move || match about.get() {
        Some((id, kind)) => match nodes::spec(&kind) {
            Some(spec) => view! { <Inspector page=page id=id spec=spec /> }.into_any(),
            None => ().into_any(),
        },
        None => otherwise(page),
    }
}

/// While Spotlight is open, everything else is behind it for assistive technology too.
pub fn behind(page: Page) -> Option<&'static str> {
    page.spotlight.with(Option::is_some).then_some("true")
}

#[derive(Clone, Copy, PartialEq)]
enum Tab {
    Settings,
    History,
}

#[component]
fn Inspector(page: Page, id: String, spec: &'static NodeSpec) -> impl IntoView {
    let Some(signals) = page.node(&id) else { return ().into_any() };
    let tab = RwSignal::new(Tab::Settings);
    let name = id.clone();
    let status = Memo::new(move |_| status::status_of(page, &name));
    let selected = Memo::new(|_| true);
    let card = Card {
        page,
        id: StoredValue::new(id),
        signals,
        status,
        selected,
        far: Memo::new(|_| false),
    };
    let unfolded = page.overlays.sheet;
    let view = card.signals.view.clone();
    let title = Memo::new(move |_| view.with(|v| v.node.shown_title().to_owned()));
    let ty = {
        let card = card.clone();
        move || card.signals.view.with(|v| card_layout::main_type(&v.node))
    };
    let mark = move || {
        let status = status.get();
        (!status.word.is_empty()).then(|| card_mark(&status))
    };
    let seg = move |which: Tab, label: &'static str| {
        view! {
            <button class:is-on=move || tab.get() == which role="tab"
                aria-selected=move || (tab.get() == which).to_string()
                on:click=move |_| tab.set(which)>{label}</button>
        }
    };
    let body = {
        let card = card.clone();
        move || match tab.get() {
            Tab::Settings => view! { <Settings card=card.clone() spec=spec /> }.into_any(),
            Tab::History => view! { <History card=card.clone() /> }.into_any(),
        }
    };
    view! {
        <aside class="panel right" class:is-unfolded=move || unfolded.get() data-floating data-scroll aria-label=title aria-hidden=move || behind(page)>
            <div class="panel-head" data-type=ty>
                <span class="mark">{icon(of_kind(spec.id))}</span>
                <h2 class="grow">{title}</h2>
                {mark}
                <button class="ib s only-s" aria-label=move || if unfolded.get() { "Fold" } else { "Settings and history" }
                    aria-expanded=move || unfolded.get().to_string() on:click=move |_| unfolded.update(|open| *open = !*open)>
                    {move || if unfolded.get() { icon("down").into_any() } else { icon("up").into_any() }}
                </button>
                <button class="ib s" aria-label="Close" on:click=move |_| page.select([])>{icon("x")}</button>
            </div>
            <div class="panel-tabs">
                <div class="seg" role="tablist">{seg(Tab::Settings, "Settings")}{seg(Tab::History, "History")}</div>
            </div>
            <div class="panel-body">{body}</div>
            <div class="panel-foot" data-needs="run"><RunButton card=card /></div>
        </aside>
    }
    .into_any()
}

#[component]
fn Settings(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let page = card.page;
    let prompt = spec.has_text.then(|| {
        view! {
            <div class="panel-sec">
                <div class="label">"Prompt"</div>
                <div class="field area">
                    <RichField page=card.page node=card.id() field="text" label="Prompt, in the panel"
                        placeholder="Describe it…" />
                </div>
                <Arriving card=card.clone() spec=spec />
            </div>
        }
    });
    let negative = spec.has_negative.then(|| {
        view! {
            <div class="label" style="margin-top:12px">"Not in the picture"</div>
            <div class="field area short">
                <TextField page=card.page node=card.id() field="negative" label="Negative prompt"
                    placeholder="What to leave out" />
            </div>
        }
    });
    let fields = {
        let card = card.clone();
        (spec.kind != NodeKind::Evaluator).then(move || {
            view! {
            <div class="panel-sec">
                <crate::web::canvas::card::requirements::Requirements card=card.clone() />
                <Fields card=card.clone() spec=spec />
                {(spec.id == "camera_angles").then(|| view! { <crate::web::canvas::card::angles::Angles card=card.clone() /> })}
                {negative}
                <crate::web::canvas::card::pairing::Pairing card=card.clone() />
            </div>
                }
        })
    };
    view! {
        {prompt}
        {(spec.kind == NodeKind::Evaluator).then(|| view! {
            <div class="panel-sec">
                <p class="hint">"A run stops here until somebody chooses. What is accepted flows on; what is rejected does not. It costs nothing."</p>
            </div>
        })}
        <fieldset class="plain" disabled=move || !page.can(Right::Edit)>
            {fields}
            <crate::web::canvas::panels::arrivals::Arrivals card=card.clone() spec=spec />
        </fieldset>
        <crate::web::canvas::panels::history::Recent card=card />
    }
}

/// Which texts come in before the node's own.
#[component]
fn Arriving(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let page = card.page;
    move || {
        let port = spec.own_text?;
        let graph = page.graph.get();
        let titles: Vec<String> = graph
            .sources(&card.id(), port)
            .map(|e| graph.title(&e.edge.from_node).to_owned())
            .collect();
        (!titles.is_empty()).then(|| {
            let verb = if titles.len() == 1 { "comes" } else { "come" };
            view! {
                <div class="row muted arriving" data-type="text">
                    <span class="mark">{icon("text")}</span>{format!("{} {verb} first, then this", titles.join(", "))}
                </div>
            }
        })
    }
}

/// The model and its parameters.
#[component]
fn Fields(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let model = Memo::new(move |_| {
        let catalog = page.catalog.get();
        let usable = page.usable();
        view.with(|v| model_of(&catalog, spec.id, &v.node.settings, &usable).ok().cloned())
    });
    let choose = move |e: web_sys::Event| {
        let value = crate::web::dom::value(&e);
        edit::set_setting(page, &id.get_value(), "model", &json!(value));
    };
    let models = move || {
        page.catalog.with(|catalog| {
            catalog
                .models_of(spec.id)
                .map(|m| {
                    let missing = page.unusable.with(|u| u.get(&m.id).cloned());
                    let label = match &missing {
                        Some(missing) => format!("{} (needs {missing})", m.name),
                        None => m.name.clone(),
                    };
                    let here = m.id.clone();
                    let chosen = move || model.with(|c| c.as_ref().is_some_and(|c| c.id == here));
                    view! { <option value=m.id.clone() disabled=missing.is_some() selected=chosen>{label}</option> }
                })
                .collect_view()
        })
    };
    let about = move || model.with(|m| m.as_ref().map(|m| m.description.clone()));
    let sounds = (spec.id == "video_audio_mix")
        .then(|| view! { <crate::web::canvas::panels::tracks::Tracks card=card.clone() /> });
    let signals = card.signals.clone();
    let rows = move || {
        let model = model.get()?;
        let rows = model
            .params_in_order()
            .into_iter()
            .filter(|(key, _)| !crate::web::canvas::panels::tracks::shows(spec.id, key))
            .map(|(key, param)| field(page, id, key, param, signals.clone()))
            .collect_view();
        Some(rows)
    };
    let count = spec.counted.then(|| {
        let param = Param {
            ty: ParamType::Integer,
            title: "Results".to_owned(),
            description: "How many results one run gives; each is paid for.".to_owned(),
            values: Vec::new(),
            minimum: Some(1.0),
            maximum: Some(10.0),
            step: Some(1.0),
            default: Some(json!(1)),
            unit: String::new(),
            zero: String::new(),
        };
        let signals = card.signals.clone();
        field(page, id, "count", &param, signals)
    });
    view! {
        <label class="frow is-tall" data-setting="model">
            <span class="label">"Model"</span>
            <span class="field pick"><select aria-label="Model" on:change=choose>{models}</select>{icon("down")}</span>
        </label>
        <p class="hint">{about}</p>
        {sounds}
        {rows}
        {count}
    }
}
