//! Reviews: the candidates of an evaluator that waits for a person, on its card and large in a dialog.

use crate::core::rights::Right;
use crate::web::canvas::card::candidates::candidates;
use std::collections::BTreeSet;

use gesso_protocol::api::{ReviewBody, RunBody};
use gesso_protocol::schema::NodeState;
use leptos::prelude::*;
use serde_json::json;

use crate::core::results::Item;
use crate::core::status::NodeStatus;
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::face::live_face;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::Showing;
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// Tells everybody when an evaluator begins to wait.
pub fn waiting_changed(page: Page, changed: &BTreeSet<String>) {
    for id in changed {
        let waits = page.read(|c| {
            c.results.get(id).is_some_and(|r| r.state == NodeState::Paused)
                && c.nodes.contains_key(id)
        });
        let known = page.overlays.waiting.with_value(|w| w.get(id).copied());
        match (waits, known) {
            (false, Some(message)) => {
                page.toasts.dismiss(message);
                page.overlays.waiting.update_value(|w| {
                    w.remove(id);
                });
            }
            (true, None) => tell(page, id),
            (true, Some(_)) | (false, None) => {}
        }
    }
}

fn tell(page: Page, id: &str) {
    let title = page.read(|c| c.nodes.get(id).map(|n| n.shown_title().to_owned()));
    let text = format!("“{}” waits for a person to choose", title.unwrap_or_default());
    let evaluator = id.to_owned();
    let open = Callback::new(move |()| page.overlays.review.set(Some(evaluator.clone())));
    let message = page.toasts.act("hand", &text, "Review", open);
    page.overlays.waiting.update_value(|w| {
        w.insert(id.to_owned(), message);
    });
    page.live.set(text);
}

/// The dialog.
#[component]
pub fn Review(page: Page) -> impl IntoView {
    move || page.overlays.review.get().map(|id| view! { <Open page=page id=id /> })
}

/// State of one review.
#[derive(Clone, Copy)]
struct Reviewing {
    page: Page,
    id: StoredValue<String>,
    items: Memo<Vec<Item>>,
    picked: RwSignal<BTreeSet<String>>,
    note: RwSignal<String>,
    problem: RwSignal<String>,
    busy: RwSignal<bool>,
    decided: RwSignal<Option<(ReviewBody, usize)>>,
}

#[component]
fn Open(page: Page, id: String) -> impl IntoView {
    let Some(signals) = page.node(&id) else { return ().into_any() };
    let title = signals.view.with_untracked(|v| v.node.shown_title().to_owned());
    let id = StoredValue::new(id);
    let view = signals.view.clone();
    let items = Memo::new(move |_| {
        view.track();
        candidates(page, &id.get_value())
    });
    let view = signals.view.clone();
    let paused = Memo::new(move |_| view.with(|v| v.state() == NodeState::Paused));
    let review = Reviewing {
        page,
        id,
        items,
        picked: RwSignal::default(),
        note: RwSignal::default(),
        problem: RwSignal::default(),
        busy: RwSignal::new(false),
        decided: RwSignal::new(None),
    };
    Effect::new(move |_| {
        if !paused.get() {
            fetch_decision(review);
        }
    });
    let close = Callback::new(move |()| page.overlays.review.set(None));
    let after = move || {
        page.graph.with(|g| {
            let id = id.get_value();
            let names: Vec<String> =
                g.outgoing(&id).map(|e| g.title(&e.edge.to_node).to_owned()).collect();
            names.join(", ")
        })
    };
    let lead = move || {
        if !paused.get() {
            return String::new();
        }
        let after = after();
        let flows = if after.is_empty() {
            String::new()
        } else {
            format!(" What you accept flows on to {after}.")
        };
        format!("The run waits for a decision.{flows}")
    };
    let picked = review.picked;
    let status = move || {
        let n = picked.with(BTreeSet::len);
        paused.get().then(|| view! {
            <span class="st" data-s="paused" role="status">{icon("hand")}{format!("{n} of {} picked", items.with(Vec::len))}</span>
        })
    };
    let cells = move || {
        let all = items.get();
        let last = all.len();
        all.into_iter().map(|item| candidate(review, item, last, paused)).collect_view()
    };
    view! {
        <Dialog title=format!("Review: {title}") on_close=close width=1040>
            {move || paused.get().then(|| view! { <div class="row"><p class="grow">{lead}</p>{status}</div> })}
            {move || decision(review)}
            <div class="cells large" role="listbox" aria-label="Candidates" aria-multiselectable="true">{cells}</div>
            {move || (!review.problem.get().is_empty()).then(|| view! {
                <div class="banner" role="alert">{icon("warn")}<div><b>{review.problem.get()}</b></div></div>
            })}
            {move || paused.get().then(|| view! { <Decide review=review /> })}
        </Dialog>
    }
    .into_any()
}

fn candidate(review: Reviewing, item: Item, last: usize, paused: Memo<bool>) -> impl IntoView {
    let Some(made) = item.generation.clone() else { return ().into_any() };
    let made = StoredValue::new(made);
    let on = Memo::new(move |_| review.picked.with(|p| p.contains(&made.get_value())));
    let accepted = item.status == NodeStatus::Completed;
    let toggle = move || {
        if !paused.get_untracked() {
            return;
        }
        review.picked.update(|p| {
            let made = made.get_value();
            if !p.remove(&made) {
                p.insert(made);
            }
        });
    };
    let n = item.n;
    let keys = move |e: web_sys::KeyboardEvent| {
        match e.key().as_str() {
            " " => toggle(),
            "Enter" => {
                if review.picked.with_untracked(BTreeSet::is_empty) {
                    toggle();
                } else {
                    decide(review, true);
                }
            }
            "ArrowRight" | "ArrowDown" => go_to(if n == last { 1 } else { n + 1 }),
            "ArrowLeft" | "ArrowUp" => go_to(if n == 1 { last } else { n - 1 }),
            "Home" => go_to(1),
            "End" => go_to(last),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    };
    let sound = matches!(&item.showing, Showing::Asset(a) if matches!(a.ty, Some(gesso_protocol::values::DataType::Audio | gesso_protocol::values::DataType::Video)));
    let label = if item.label.is_empty() {
        format!("Candidate {n}")
    } else {
        format!("Candidate {n}, {}", item.label)
    };
    let name = item.label.clone();
    view! {
        <div class="cell" class:has-sound=sound data-item=item.key.clone()>
            <div class="thumb" role="option" tabindex=if n == 1 { "0" } else { "-1" } id=format!("candidate-{n}") autofocus=n == 1
                aria-label=label aria-selected=move || (on.get() || accepted).to_string()
                class:is-picked=move || on.get() class:is-accepted=accepted
                on:click=move |_| toggle() on:keydown=keys>
                {live_face(&item.showing, &item.label, 1280)}
                <span class="n">{n}</span>
                {move || (on.get() || accepted).then(|| view! { <span class="tick">{icon("check")}</span> })}
            </div>
            {(!name.is_empty()).then(|| view! { <div class="row cell-cap"><span class="grow tx">{name}</span></div> })}
        </div>
    }
    .into_any()
}

fn go_to(n: usize) {
    if let Some(next) = crate::web::dom::query(&format!("#candidate-{n}")) {
        crate::web::dom::focus(&next);
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        next.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Note, Reject, Accept.
#[component]
fn Decide(review: Reviewing) -> impl IntoView {
    let Reviewing { picked, note, busy, .. } = review;
    let n = move || picked.with(BTreeSet::len);
    let accept = move || if n() == 0 { "Accept".to_owned() } else { format!("Accept {}", n()) };
    view! {
        <textarea class="field area" rows="2" aria-label="Note" placeholder="Say why, for the record"
            on:input=move |e| note.set(crate::web::dom::value(&e))
            on:keydown=|e: web_sys::KeyboardEvent| if e.key() != "Escape" { e.stop_propagation() }></textarea>
        <div class="acts">
            <span class="muted grow keys-hint">"Arrows move, Space picks, Enter accepts"</span>
            <button data-needs="run" class="btn danger" type="button" disabled=move || busy.get() on:click=move |_| decide(review, false)>"Reject all"</button>
            <button data-needs="run" class="btn primary" type="button" disabled={move || busy.get() || n() == 0} on:click=move |_| decide(review, true)>
                {icon("check")}{accept}
            </button>
        </div>
    }
}

fn run_of(review: Reviewing) -> Option<String> {
    let id = review.id.get_value();
    review.page.read(|c| c.results.get(&id).and_then(|r| r.run.clone()))
}

fn decide(review: Reviewing, accept: bool) {
    let Some(run) = run_of(review) else { return };
    if review.busy.get_untracked() {
        return;
    }
    review.busy.set(true);
    let mut body = json!({"node": review.id.get_value()});
    if accept {
        // In the order in which they are shown.
        let picked = review.picked.get_untracked();
        let ids: Vec<String> = review.items.with_untracked(|items| {
            items
                .iter()
                .filter_map(|i| i.generation.clone())
                .filter(|g| picked.contains(g))
                .collect()
        });
        body["accept"] = json!(ids);
    } else {
        body["reject"] = json!(true);
    }
    let note = review.note.get_untracked();
    if !note.trim().is_empty() {
        body["note"] = json!(note.trim());
    }
    let page = review.page;
    if !page.demand(Right::Run) {
        review.busy.set(false);
        return;
    }
    leptos::task::spawn_local(async move {
        let answer =
            http::post::<serde_json::Value>(&format!("/api/runs/{run}/review"), &body).await;
        if review.busy.try_set(false).is_some() {
            return;
        }
        match answer {
            Ok(_) => {
                page.live.set(if accept { "Accepted".to_owned() } else { "Rejected".to_owned() });
                page.overlays.review.set(None);
            }
            Err(problem) => {
                review.problem.set(problem.detail);
                fetch_decision(review);
            }
        }
        run::refresh_credits(page);
    });
}

/// Who decided, and what.
fn fetch_decision(review: Reviewing) {
    let Some(run) = run_of(review) else { return };
    leptos::task::spawn_local(async move {
        let body = http::get::<RunBody>(&format!("/api/runs/{run}")).await.ok();
        let Some(id) = review.id.try_get_value() else { return };
        let step = body.and_then(|b| b.steps.into_iter().find(|s| s.node == id));
        let decided = step.and_then(|s| Some((s.review?, s.items.len())));
        let _shown = review.decided.try_set(decided);
    });
}

fn decision(review: Reviewing) -> Option<AnyView> {
    let (made, of) = review.decided.get()?;
    let who = if made.by.is_empty() { "Somebody".to_owned() } else { made.by };
    let what = match made.accepted.len() {
        0 => "rejected all of them".to_owned(),
        n if of >= n => format!("accepted {n} of {of}"),
        n => format!("accepted {n}"),
    };
    let note = (!made.note.is_empty()).then(|| format!("“{}”", made.note));
    Some(
        view! {
            <div class="decision" role="status">
                {icon("evaluator")}<div><b>{format!("{who} {what}")}</b><span class="muted">{when::told(made.at)}</span>{note.map(|n| view! { <p>{n}</p> })}</div>
            </div>
        }
        .into_any(),
    )
}
