//! How a card stands: its state with shape, colour and word, and what needs saying about it in sentences.

use crate::web::canvas::shown::Shown;
use gesso_protocol::nodes;
use gesso_protocol::schema::{Failure, NodeResult, NodeState};
use leptos::prelude::*;

use crate::core::results::Standing;
use crate::core::words::{listed, many, ordinal, sentence};
use crate::web::canvas::card_context::Card;
use crate::web::canvas::page::{NodeView, Page};
use crate::web::canvas::running;
use crate::web::icons::icon;

/// The place in the queue of the run that has a node in hand.
pub fn queue_place(page: Page, id: &str) -> Option<u64> {
    let run = page.read(|canvas| canvas.results.get(id).and_then(|r| r.run.clone()))?;
    page.server.with(|s| s.queue.get(&run).copied())
}

/// The state of a card.
pub fn shown_state(page: Page, id: &str) -> Shown {
    let Some(signals) = page.node(id) else { return Shown::new("idle", "") };
    let view = signals.view.get();
    let state = view.state();
    let mut shown = Shown::new(state.id(), "");
    shown.word = match state {
        NodeState::Idle => {
            if code(&view) == "blocked" {
                shown.mark = "blocked";
                "Blocked".to_owned()
            } else {
                String::new()
            }
        }
        NodeState::Pending => match queue_place(page, id) {
            Some(place) => format!("Queued, {}", ordinal(place)),
            None => "Pending".to_owned(),
        },
        NodeState::Running => {
            shown.progress = page.server.with(|s| s.progress.get(id).copied());
            if only_item(&view) == Some(Standing::Retrying) {
                shown.mark = "retrying";
                "Trying again".to_owned()
            } else {
                "Running".to_owned()
            }
        }
        NodeState::Completed => completed(&view, &mut shown),
        NodeState::Failed => "Failed".to_owned(),
        NodeState::Cancelled => "Cancelled".to_owned(),
        NodeState::Paused => "Review needed".to_owned(),
    };
    let runs = nodes::spec(&view.node.kind).is_some_and(nodes::NodeSpec::runs);
    if view.node.locked && runs && !state.is_active() {
        return Shown::new("locked", "Locked");
    }
    if state == NodeState::Completed {
        shown.reasons = running::stale(page, id);
        if !shown.reasons.is_empty() {
            (shown.state, shown.mark) = ("outdated", "outdated");
            shown.word = "Outdated".to_owned();
        }
    }
    shown
}

fn code(view: &NodeView) -> &str {
    view.result.as_ref().and_then(|r| r.error.as_ref()).map_or("", |e| e.code.as_str())
}

fn only_item(view: &NodeView) -> Option<Standing> {
    let items = &view.result.as_ref()?.items;
    items.values().next().filter(|_| items.len() == 1).map(Standing::of)
}

fn completed(view: &NodeView, shown: &mut Shown) -> String {
    let items = view.result.iter().flat_map(|r| r.items.values());
    let standings: Vec<Standing> = items.map(Standing::of).collect();
    let failed = standings.iter().filter(|s| **s == Standing::Failed).count();
    if failed > 0 {
        shown.mark = "failed";
        return format!("{failed} failed");
    }
    if !standings.is_empty() && standings.iter().all(|s| *s == Standing::Reused) {
        shown.mark = "reused";
        return Standing::Reused.word().to_owned();
    }
    "Completed".to_owned()
}

/// A state as shape, colour and a word.
pub fn state_mark(shown: &Shown, word: String) -> AnyView {
    let shape = match shown.mark {
        "pending" | "queued" => view! {
            <svg class="ring dotted" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5"></circle></svg>
        }
        .into_any(),
        "running" | "retrying" => {
            let percent = shown.progress.map_or(30.0, |p| (p * 100.0).round());
            let class = if shown.progress.is_some() { "ring" } else { "ring spins" };
            view! {
                <svg class=class viewBox="0 0 16 16" style=format!("--pct:{percent}") aria-hidden="true">
                    <circle class="track" cx="8" cy="8" r="6.5"></circle>
                    <circle class="arc" cx="8" cy="8" r="6.5"></circle>
                </svg>
            }
            .into_any()
        }
        "blocked" => view! {
            <svg class="i" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" aria-hidden="true">
                <circle cx="8" cy="8" r="6"></circle><path d="M5.5 8h5"></path>
            </svg>
        }
        .into_any(),
        "completed" | "succeeded" => icon("check").into_any(),
        "reused" => icon("reset").into_any(),
        "failed" => icon("warn").into_any(),
        "paused" => icon("hand").into_any(),
        "cancelled" => icon("struck").into_any(),
        "outdated" => view! { <i class="dot"></i> }.into_any(),
        "locked" => icon("lock").into_any(),
        _ => ().into_any(),
    };
    view! { <span class="st" data-s=shown.mark>{shape}{word}</span> }.into_any()
}

/// What needs saying about the state of a card, in sentences.
pub fn notes(card: &Card) -> AnyView {
    let page = card.page;
    let id = card.id();
    let view = card.view();
    if let Some(complaint) = page.complaints.with(|c| c.get(&id).cloned()) {
        return banner("It cannot run yet", &complaint, "").into_any();
    }
    let result = view.result.clone().unwrap_or_default();
    let retrying = result.items.values().find(|i| Standing::of(i) == Standing::Retrying);
    if let Some(error) = retrying.and_then(|item| item.error.as_ref()) {
        return view! { <div class="reason quiet" role="status">{error.detail.clone()}</div> }
            .into_any();
    }
    match (result.state, &result.error) {
        (NodeState::Failed, Some(error)) => {
            let hint = if error.hint.is_empty() { "No credits were spent." } else { &error.hint };
            banner(&error.detail, hint, &error.code).into_any()
        }
        (NodeState::Idle, Some(error)) if !error.detail.is_empty() => {
            let detail = sentence(&error.detail);
            view! { <div class="reason quiet">{detail}</div> }.into_any()
        }
        (NodeState::Cancelled, _) => {
            view! { <div class="reason quiet">"Stopped. Nothing was charged for it."</div> }
                .into_any()
        }
        (NodeState::Completed, _) => finished(card, &view, &result),
        _ => ().into_any(),
    }
}

fn finished(card: &Card, view: &NodeView, result: &NodeResult) -> AnyView {
    let shown = card.shown.get();
    let outdated = (!shown.reasons.is_empty()).then(|| {
        let what = sentence(&listed(&shown.reasons));
        view! { <div class="reason" data-reason>{format!("{what} changed since this result")}</div> }
    });
    let holes = holes(card, result);
    let kept = (shown.state == "locked" && !view.generations.is_empty()).then(
        || view! { <div class="reason quiet">"Never run again. This result flows on, free."</div> },
    );
    view! { {holes}{outdated}{kept} }.into_any()
}

/// The banner of a batch with holes.
fn holes(card: &Card, result: &NodeResult) -> Option<AnyView> {
    let page = card.page;
    let id = card.id;
    let of = |wanted: Standing| {
        let items = result.items.iter().filter(move |(_, i)| Standing::of(i) == wanted);
        items.map(|(key, item)| (key.clone(), item.error.clone())).collect::<Vec<_>>()
    };
    let failed = of(Standing::Failed);
    if failed.is_empty() {
        return None;
    }
    let first: Option<Failure> = failed.iter().find_map(|(_, error)| error.clone());
    let total = result.items.len();
    let title = format!("{} of {} failed", failed.len(), many(total, "item"));
    let why = first.map(|e| e.detail).unwrap_or_default();
    let run = result.run.clone();
    let keys: Vec<String> = failed.into_iter().map(|(key, _)| key).collect();
    let priced = keys.clone();
    let price = move || {
        page.beat.track();
        running::retry_price(page, Some(&id.get_value()), &priced)
            .map(|q| view! { <span class="price">{format!("· {}", q.label())}</span> })
    };
    let retry = move |_| {
        if let Some(run) = &run {
            running::retry(page, run, Some(&id.get_value()), &keys);
        }
    };
    let open = move |_| page.open.grid.set(Some(id.get_value()));
    Some(
        view! {
            <div class="banner" role="alert" data-code="partial">
                {icon("warn")}
                <div>
                    <b>{title}</b><p>{why}</p>
                    <div class="acts">
                        <button class="btn s" on:click=retry>{icon("reset")}"Retry failed "{price}</button>
                        <button class="btn s" on:click=open>{icon("grid")}"Show"</button>
                    </div>
                </div>
            </div>
        }
        .into_any(),
    )
}

/// What went wrong, and what to do.
pub fn banner(title: &str, hint: &str, code: &str) -> impl IntoView + use<> {
    let (title, hint) = (title.to_owned(), hint.to_owned());
    view! {
        <div class="banner" role="alert" data-code=code.to_owned()>
            {icon("warn")}
            <div><b>{title}</b><p>{hint}</p></div>
        </div>
    }
}
