//! Everything a node ever made, newest first, with exactly what made it.

use std::collections::BTreeMap;

use gesso_protocol::api::GenerationBody;
use gesso_protocol::graph::shown_generation;
use gesso_protocol::pricing::value_key;
use gesso_protocol::schema::Generation;
use leptos::prelude::*;
use serde_json::Value;

use crate::core::differences::own_text;
use crate::core::price::credits;
use crate::core::results;
use crate::core::words::{choice, sentence};
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::run;
use crate::web::canvas::panels::compare;
use crate::web::canvas::parts::face::face;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::overlays::Compared;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::Showing;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// So many are shown at first, and more at a click.
const STEP: usize = 40;
/// So many are shown under the settings.
const RECENT: usize = 6;

/// One entry.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    /// Number among all of the node, from 1.
    n: usize,
    made: Generation,
    label: String,
}

fn entries(page: Page, id: &str, known: &[GenerationBody]) -> Vec<Entry> {
    page.read(|c| {
        let held = c.generations.get(id).map(Vec::as_slice).unwrap_or_default();
        // The server knows all of them; the document has the newest a moment sooner.
        let mut all: Vec<Generation> = known.iter().map(|g| g.generation.clone()).collect();
        let seen: std::collections::BTreeSet<String> = all.iter().map(|g| g.id.clone()).collect();
        all.extend(held.iter().filter(|g| !seen.contains(&g.id)).cloned());
        all.into_iter()
            .enumerate()
            .map(|(at, made)| Entry { n: at + 1, label: results::label(c, &made.key), made })
            .collect()
    })
}

/// The newest results as pictures; a click shows and passes on another one.
#[component]
pub fn Recent(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let made = Memo::new(move |_| {
        view.track();
        entries(page, &id.get_value(), &[])
    });
    let some = Memo::new(move |_| made.with(|m| !m.is_empty()));
    let grid = move || {
        let all = made.get();
        let first = all.len().saturating_sub(RECENT);
        all.into_iter().skip(first).map(|entry| thumb(page, id, entry)).collect_view()
    };
    move || {
        some.get().then(|| {
            view! {
                <div class="panel-sec">
                    <div class="row head"><span class="label grow">"History"</span><span class="label num">{move || made.with(Vec::len)}</span></div>
                    <div class="thumbs" style="padding:0;--cols:3">{grid}</div>
                </div>
            }
        })
    }
}

fn is_shown(page: Page, id: &str, made: &Generation) -> bool {
    page.revision.track();
    page.read(|c| shown_generation(c, id, &made.key).is_some_and(|g| g.id == made.id))
}

fn showing(made: &Generation) -> Showing {
    match (made.asset_ref(), &made.text) {
        (Some(asset), _) => Showing::Asset(asset),
        (None, Some(text)) => Showing::Text(text.clone()),
        (None, None) => Showing::Nothing,
    }
}

fn thumb(page: Page, id: StoredValue<String>, entry: Entry) -> impl IntoView {
    let Entry { n, made, label } = entry;
    let (pick, here) = (made.clone(), made.clone());
    let picked = Memo::new(move |_| is_shown(page, &id.get_value(), &here));
    let name =
        if label.is_empty() { format!("Result {n}") } else { format!("Result {n}, {label}") };
    view! {
        <button class="thumb" class:is-picked=move || picked.get() aria-pressed=move || picked.get().to_string()
            aria-label=name on:click=move |_| edit::choose(page, &id.get_value(), &pick.key, &pick.id)>
            {face(&showing(&made), "", 320)}<span class="n">{n}</span>
        </button>
    }
}

/// State of one open history.
#[derive(Clone, Copy)]
struct Past {
    page: Page,
    id: StoredValue<String>,
    details: RwSignal<BTreeMap<String, GenerationBody>>,
    picked: RwSignal<Vec<String>>,
    open: RwSignal<Option<String>>,
}

/// The history.
#[component]
pub fn History(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let known = RwSignal::new(Vec::<GenerationBody>::new());
    let problem = RwSignal::new(String::new());
    let past = Past {
        page,
        id,
        details: RwSignal::default(),
        picked: RwSignal::default(),
        open: RwSignal::new(None),
    };
    let view = card.signals.view.clone();
    let newest = Memo::new(move |_| view.with(|v| v.generations.last().map(|g| g.id.clone())));
    Effect::new(move |_| {
        newest.track();
        leptos::task::spawn_local(async move {
            let answer = compare::history(page, &id.get_value()).await;
            match answer {
                Ok(all) => {
                    let by_id = all.iter().map(|g| (g.generation.id.clone(), g.clone())).collect();
                    let _kept = past.details.try_set(by_id);
                    let _shown = known.try_set(all);
                }
                Err(why) => {
                    let _told = problem.try_set(why.detail);
                }
            }
        });
    });
    let view = card.signals.view.clone();
    let all = Memo::new(move |_| {
        view.track();
        let mut all = known.with(|known| entries(page, &id.get_value(), known));
        all.reverse();
        all
    });
    let shown = RwSignal::new(STEP);
    let rows = move || all.with(|a| a.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let left = move || all.with(Vec::len).saturating_sub(shown.get());
    let compare_now = move |_| {
        let mut generations = past.picked.get_untracked();
        // Older on the left.
        generations.sort();
        page.overlays.compare.set(Some(Compared { node: id.get_value(), generations }));
    };
    let more = move || {
        (left() > 0).then(|| {
            let click = move |_| shown.update(|n| *n += STEP);
            view! { <button class="btn block" on:click=click>{move || format!("Show {} older", left().min(STEP))}</button> }
        })
    };
    let n = move || past.picked.with(Vec::len);
    view! {
        <div class="panel-sec history">
            <div class="row head">
                <span class="label grow">"Everything it made"</span>
                <span class="label num">{move || all.with(Vec::len)}</span>
                <button class="btn s" disabled={move || n() < 2} title="Pick two or more below" on:click=compare_now>
                    {icon("compare")}"Compare"
                </button>
            </div>
            {move || (!problem.get().is_empty()).then(|| view! { <p class="hint" role="alert">{problem.get()}</p> })}
            {move || all.with(Vec::is_empty).then(|| view! { <p class="hint">"Nothing yet. What this node makes is kept here for ever, with everything that made it."</p> })}
            <ol class="made">
                <For each=rows key=|e| (e.made.id.clone(), e.n) children=move |entry| view! { <Row past=past entry=entry /> } />
            </ol>
            {more}
        </div>
    }
}

#[component]
fn Row(past: Past, entry: Entry) -> impl IntoView {
    let Past { page, id, picked, open, .. } = past;
    let Entry { n, made, label } = entry;
    let Some(signals) = page.node(&id.get_value()) else { return ().into_any() };
    let made = StoredValue::new(made);
    let gen_id = StoredValue::new(made.with_value(|g| g.id.clone()));
    let on_card = Memo::new(move |_| made.with_value(|g| is_shown(page, &id.get_value(), g)));
    let starred =
        Memo::new(move |_| signals.view.with(|v| v.node.stars.contains(&gen_id.get_value())));
    let is_open = Memo::new(move |_| open.with(|o| o.as_deref() == Some(&gen_id.get_value())));
    let is_picked = Memo::new(move |_| picked.with(|p| p.contains(&gen_id.get_value())));
    let (at, by, cost) = made.with_value(|g| (g.at, g.by.clone(), g.cost));
    let by = if by.is_empty() { String::new() } else { format!(" · {by}") };
    let title = if label.is_empty() { format!("Result {n}") } else { format!("{n} · {label}") };
    let choose = move |_| made.with_value(|g| edit::choose(page, &id.get_value(), &g.key, &g.id));
    let star =
        move |_| edit::star(page, &id.get_value(), &gen_id.get_value(), !starred.get_untracked());
    let unfold = move |_| {
        let here = gen_id.get_value();
        open.update(|o| *o = if o.as_deref() == Some(&here) { None } else { Some(here) });
    };
    let pick = move |_| {
        picked.update(|p| {
            let here = gen_id.get_value();
            if let Some(i) = p.iter().position(|g| *g == here) {
                p.remove(i);
            } else {
                p.push(here);
            }
        });
    };
    view! {
        <li data-generation=gen_id.get_value() class:is-open=move || is_open.get()>
            <div class="row">
                <button class="thumb" class:is-picked=move || on_card.get() aria-pressed=move || on_card.get().to_string()
                    aria-label=format!("Show result {n}") title="Show this one and pass it on" on:click=choose>
                    {made.with_value(|g| face(&showing(g), "", 320))}
                </button>
                <button class="about-made grow" aria-expanded=move || is_open.get().to_string() on:click=unfold>
                    <b>{title.clone()}</b>
                    <span class="muted">{format!("{}{by}", when::told(at))}</span>
                    <span class="muted num">{move || if on_card.get() { format!("{} · shown", credits(cost)) } else { credits(cost) }}</span>
                </button>
                <span class="made-acts">
                    <button data-needs="edit" class="ib s" aria-label=format!("Star result {n}") aria-pressed=move || starred.get().to_string() on:click=star>
                        {move || if starred.get() { icon("star-on") } else { icon("star") }}
                    </button>
                    <button class="ib s" class:is-on=move || is_picked.get() aria-label=format!("Pick result {n} to compare")
                        title="Pick to compare" aria-pressed=move || is_picked.get().to_string() on:click=pick>{icon("compare")}</button>
                </span>
            </div>
            {move || is_open.get().then(|| details(past, gen_id))}
        </li>
    }
    .into_any()
}

fn details(past: Past, id: StoredValue<String>) -> AnyView {
    let Past { page, id: node, .. } = past;
    let Some(made) = past.details.with(|d| d.get(&id.get_value()).cloned()) else {
        return view! { <p class="hint">"Fetching what made it…"</p> }.into_any();
    };
    let mut rows = vec![
        ("Model".to_owned(), run::model_name(page, &made.model)),
        ("Version".to_owned(), made.version.clone()),
    ];
    if let Some(seed) = made.generation.seed {
        rows.push(("Seed".to_owned(), seed.to_string()));
    }
    for (key, value) in made.settings.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "seed" | "model") && !value.is_null() {
            rows.push((sentence(&key.replace('_', " ")), choice(&value_key(value))));
        }
    }
    for (port, values) in made.inputs.as_object().into_iter().flatten() {
        let n = values.as_array().map_or(1, Vec::len);
        if n > 0 && port != "prompt" {
            rows.push((sentence(&port.replace('_', " ")), format!("{n} connected")));
        }
    }
    let rows = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
        .collect_view();
    let prompt = (!made.prompt.is_empty())
        .then(|| view! { <p class="made-prompt">{made.prompt.clone()}</p> });
    let note = made.generation.note.clone();
    let note = note.map(|note| view! { <p class="made-prompt warned">{note}</p> });
    let negative = (!made.negative.is_empty())
        .then(|| view! { <p class="made-prompt muted">{format!("Not: {}", made.negative)}</p> });
    let showing = showing(&made.generation);
    let file = match &showing {
        Showing::Asset(asset) => Some(asset.clone()),
        Showing::Text(_) | Showing::Nothing => None,
    };
    let download = file.map(|asset| {
        let click = move |_| {
            crate::web::canvas::transfer::download::download_asset(
                page,
                &node.get_value(),
                &asset,
                "",
            )
        };
        view! { <button class="btn s" on:click=click>{icon("download")}"Download"</button> }
    });
    let restore = move |_| use_settings(page, &node.get_value(), &made);
    view! {
        <div class="made-more">
            {prompt}{negative}{note}
            <dl class="kv">{rows}</dl>
            <div class="row">
                <button data-needs="edit" class="btn s" on:click=restore>{icon("reset")}"Use these settings"</button>
                {download}
            </div>
        </div>
    }
    .into_any()
}

/// Puts back what made a generation, as one step of undo.
fn use_settings(page: Page, node: &str, made: &GenerationBody) {
    use gesso_protocol::schema;
    let text = own_text(made);
    let has_text = page.read(|c| {
        c.nodes
            .get(node)
            .and_then(|n| gesso_protocol::nodes::spec(&n.kind))
            .is_some_and(|s| s.has_text)
    });
    let old: Vec<String> = page.read(|c| {
        let keep = ["count", "send_all", "batch", "model"];
        let settings = c.nodes.get(node).map(|n| n.settings.keys().cloned().collect::<Vec<_>>());
        settings.unwrap_or_default().into_iter().filter(|k| !keep.contains(&k.as_str())).collect()
    });
    page.edit(|txn| {
        for key in &old {
            schema::set_setting(txn, node, key, &Value::Null);
        }
        schema::set_setting(txn, node, "model", &Value::from(made.model.clone()));
        for (key, value) in made.settings.as_object().into_iter().flatten() {
            schema::set_setting(txn, node, key, value);
        }
        if let Some(seed) = made.generation.seed {
            schema::set_setting(txn, node, "seed", &Value::from(seed));
        }
        for (field, wanted) in [("text", text.as_str()), ("negative", made.negative.as_str())] {
            let target = schema::text_of(txn, node, field);
            if let Some(target) = target.filter(|_| has_text) {
                schema::splice_text(txn, &target, wanted);
            }
        }
    });
    page.toasts.act(
        "reset",
        "Settings and prompt are as they were then",
        "Undo",
        Callback::new(move |()| page.undo()),
    );
}
