//! Status of a card: its state with shape, colour and word, and notes about it in sentences.

use crate::core::status::{CardStatus, NodeStatus};
use crate::web::canvas::parts::status_mark::banner;
use gesso_protocol::graph::shown_generation;
use gesso_protocol::schema::{Failure, NodeResult, NodeState};
use leptos::prelude::*;

use crate::core::words::{listed, many, sentence};
use crate::web::canvas::actions::run;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::{NodeView, Page};
use crate::web::canvas::store::showing::item_key;
use crate::web::ui::icons::icon;

/// The place in the queue of the run that has a node in hand.
pub fn queue_place(page: Page, id: &str) -> Option<u64> {
    let run = page.read(|canvas| canvas.results.get(id).and_then(|r| r.run.clone()))?;
    page.server.with(|s| s.queue.get(&run).copied())
}

/// Returns the status of a card.
pub fn status_of(page: Page, id: &str) -> CardStatus {
    let Some(signals) = page.node(id) else { return CardStatus::default() };
    let view = signals.view.get();
    let (queued, progress) = match view.state() {
        NodeState::Pending => (queue_place(page, id), None),
        NodeState::Running => (None, page.server.with(|s| s.progress.get(id).copied())),
        NodeState::Idle
        | NodeState::Completed
        | NodeState::Failed
        | NodeState::Cancelled
        | NodeState::Paused => (None, None),
    };
    let outdated = || run::stale(page, id);
    CardStatus::of(&view.node, view.result.as_ref(), queued, progress, outdated)
}

/// Notes about the state of a card, in sentences.
pub fn notes(card: &Card) -> AnyView {
    let page = card.page;
    let id = card.id();
    let view = card.view();
    if let Some(complaint) = page.complaints.with(|c| c.get(&id).cloned()) {
        return banner("It cannot run yet", &complaint, "").into_any();
    }
    let result = view.result.clone().unwrap_or_default();
    let retrying = result.items.values().find(|i| NodeStatus::of_item(i) == NodeStatus::Retrying);
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
    let shown = card.status.get();
    let outdated = (!shown.reasons.is_empty()).then(|| {
        let what = sentence(&listed(&shown.reasons));
        view! { <div class="reason" data-reason>{format!("{what} changed since this result")}</div> }
    });
    let holes = holes(card, result);
    let kept = (shown.status == NodeStatus::Locked && !view.generations.is_empty()).then(
        || view! { <div class="reason quiet">"Never run again. This result flows on, free."</div> },
    );
    let note = shown_note(card.page, &card.id());
    let note = note.map(|note| view! { <div class="reason" data-note>{note}</div> });
    view! { {holes}{outdated}{note}{kept} }.into_any()
}

/// What of the request the shown result leaves out.
fn shown_note(page: Page, id: &str) -> Option<String> {
    let key = item_key(page, id);
    page.read(|canvas| shown_generation(canvas, id, &key)?.note.clone())
}

/// The banner of a batch with holes.
fn holes(card: &Card, result: &NodeResult) -> Option<AnyView> {
    let page = card.page;
    let id = card.id;
    let of = |wanted: NodeStatus| {
        let items = result.items.iter().filter(move |(_, i)| NodeStatus::of_item(i) == wanted);
        items.map(|(key, item)| (key.clone(), item.error.clone())).collect::<Vec<_>>()
    };
    let failed = of(NodeStatus::Failed);
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
        page.slow_revision.track();
        run::retry_price(page, Some(&id.get_value()), &priced)
            .and_then(crate::web::canvas::parts::price::price_tag)
    };
    let retry = move |_| {
        if let Some(run) = &run {
            run::retry(page, run, Some(&id.get_value()), &keys);
        }
    };
    let open = move |_| page.overlays.grid.set(Some(id.get_value()));
    Some(
        view! {
            <div class="banner" role="alert" data-code="partial">
                {icon("warn")}
                <div>
                    <b>{title}</b><p>{why}</p>
                    <div class="acts">
                        <button data-needs="run" class="btn s" on:click=retry>{icon("reset")}"Retry failed "{price}</button>
                        <button class="btn s" on:click=open>{icon("grid")}"Show"</button>
                    </div>
                </div>
            </div>
        }
        .into_any(),
    )
}
