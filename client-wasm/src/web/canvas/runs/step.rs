//! A step of a run in the panel, and its items.

use gesso_protocol::api::{ItemBody, RunBody, StepBody};
use gesso_protocol::nodes;
use gesso_protocol::schema::{ItemResult, NodeState};
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::icons::of_kind;
use crate::core::results;
use crate::core::status::{CardStatus, NodeStatus};
use crate::core::words::{sentence, took};
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::status_mark::{card_mark, item_mark};
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// Items shown of an opened step.
const ITEMS: usize = 50;

fn lasted(from: Option<i64>, to: Option<i64>) -> Option<String> {
    Some(took(to? - from?))
}

/// The state, word and progress of a step.
fn step_status(page: Page, step: &StepBody) -> CardStatus {
    let waits = step.state == NodeState::Idle;
    let mut told = CardStatus::new(NodeStatus::from(step.state), "");
    told.word = match step.state {
        NodeState::Completed => {
            let holes = step.items.iter().filter(|i| i.state == NodeState::Failed).count();
            if holes > 0 {
                told.mark = NodeStatus::Failed;
                format!("{holes} failed")
            } else if !step.items.is_empty() && step.items.iter().all(|i| i.reused) {
                told.mark = NodeStatus::Reused;
                "Reused".to_owned()
            } else {
                lasted(step.started_at, step.finished_at).unwrap_or_else(|| "Done".to_owned())
            }
        }
        NodeState::Running => {
            told.progress = page.server.with(|s| s.progress.get(&step.node).copied());
            match told.progress {
                Some(p) => format!("{:.0} %", p * 100.0),
                None => "Running".to_owned(),
            }
        }
        NodeState::Pending => "Pending".to_owned(),
        NodeState::Failed => "Failed".to_owned(),
        NodeState::Cancelled => "Cancelled".to_owned(),
        NodeState::Paused => "Review".to_owned(),
        NodeState::Idle if step.error.is_some() => "Blocked".to_owned(),
        NodeState::Idle => "Not run".to_owned(),
    };
    if waits && step.error.is_some() {
        told.mark = NodeStatus::Blocked;
    }
    told
}

/// One step.
#[component]
pub fn StepRow(page: Page, body: Memo<Option<RunBody>>, node: String) -> impl IntoView {
    let name = node.clone();
    let step = Memo::new(move |_| {
        body.with(|b| b.as_ref().and_then(|b| b.steps.iter().find(|s| s.node == name)).cloned())
    });
    let Some(first) = step.get_untracked() else { return ().into_any() };
    let ty = nodes::spec(&first.kind).map_or("any", |s| {
        let probe = gesso_protocol::schema::Node { kind: s.id.to_owned(), ..Default::default() };
        card_layout::main_type(&probe)
    });
    let open = RwSignal::new(false);
    let mark = move || step.get().map(|step| card_mark(&step_status(page, &step)));
    let waits = move || {
        step.with(|s| {
            s.as_ref().is_some_and(|s| matches!(s.state, NodeState::Pending | NodeState::Idle))
        })
    };
    let cost = move || {
        step.with(|s| {
            let s = s.as_ref()?;
            let told = !matches!(s.state, NodeState::Pending | NodeState::Idle)
                && (s.state != NodeState::Running || s.cost.0 > 0);
            told.then(|| s.cost.to_string())
        })
    };
    let many = move || {
        let n = step.with(|s| s.as_ref().map_or(0, |s| s.items.len()));
        (n > 1).then(|| view! { <span class="items-n num">{format!("× {n}")}</span> })
    };
    let id = StoredValue::new(node.clone());
    let unfold = move |_| {
        open.update(|o| *o = !*o);
    };
    view! {
        <li data-type=ty data-step=node class:is-wait=waits class="step">
            <button class="step-row" aria-expanded=move || open.get().to_string() on:click=unfold>
                {icon(of_kind(&first.kind))}
                <span class="nm">{first.title.clone()}</span>
                {many}
                {mark}
                <span class="cost">{cost}</span>
            </button>
            {move || open.get().then(|| step.get().map(|step| more(page, body, &step, id)))}
        </li>
    }
    .into_any()
}

/// The details of an opened step: why it failed, what was decided, every item.
fn more(
    page: Page,
    body: Memo<Option<RunBody>>,
    step: &StepBody,
    id: StoredValue<String>,
) -> AnyView {
    let run = body.with_untracked(|b| b.as_ref().map(|b| b.id.clone())).unwrap_or_default();
    let why = step.error.as_ref().filter(|e| !e.detail.is_empty());
    let why = why.map(|e| view! { <p class="step-why">{sentence(&e.detail)}</p> });
    let review = step.review.as_ref().map(|r| {
        let who = if r.by.is_empty() { "Somebody" } else { &r.by };
        let what = match r.accepted.len() {
            0 => "rejected all".to_owned(),
            n => format!("accepted {n} of {}", step.items.len().max(n)),
        };
        let note = if r.note.is_empty() { String::new() } else { format!(": “{}”", r.note) };
        view! { <p class="muted">{format!("{who} {what}{note}")}</p> }
    });
    let attempts: u32 = step.items.iter().map(|i| i.attempts).sum();
    let calls = if step.invocations == 1 {
        "1 call".to_owned()
    } else {
        format!("{} calls", step.invocations)
    };
    let tries =
        if attempts > step.invocations { format!("{calls}, {attempts} attempts") } else { calls };
    let model = if step.model.is_empty() {
        String::new()
    } else {
        format!("{} · ", run::model_name(page, &step.model))
    };
    let rest = step.items.len().saturating_sub(ITEMS);
    let items = (step.items.len() > 1).then(|| {
        let rows = step
            .items
            .iter()
            .take(ITEMS)
            .map(|i| item_row(page, &run, id, i, left_out(step, i)))
            .collect_view();
        view! { <ol class="step-items">{rows}</ol> }
    });
    let rest = (rest > 0).then(|| {
        let open = move |_| page.overlays.grid.set(Some(id.get_value()));
        view! { <button class="btn s" on:click=open>{format!("and {rest} more")}</button> }
    });
    let there = page.read(|c| c.nodes.contains_key(&id.get_value()));
    let go = there.then(|| {
        let go = move |_| {
            page.select([id.get_value()]);
            crate::web::canvas::actions::edit::show(page, &id.get_value());
        };
        let retry_run = run.clone();
        let retry = matches!(step.state, NodeState::Failed).then(|| {
            let click = move |_| run::retry(page, &retry_run, Some(&id.get_value()), &[]);
            view! { <button data-needs="run" class="btn s" on:click=click>{icon("reset")}"Retry"</button> }
        });
        let review = matches!(step.state, NodeState::Paused).then(|| {
            let click = move |_| page.overlays.review.set(Some(id.get_value()));
            view! { <button data-needs="run" class="btn s" on:click=click>{icon("hand")}"Review"</button> }
        });
        view! { <div class="row run-acts"><button class="btn s" on:click=go>"Go there"</button>{retry}{review}</div> }
    });
    view! {
        <div class="step-more">
            {why}{review}
            <p class="muted num">{format!("{model}{tries}")}</p>
            {items}{rest}{go}
        </div>
    }
    .into_any()
}

/// True if an item was left out, or hung on one that was.
fn left_out(step: &StepBody, item: &ItemBody) -> bool {
    step.state == NodeState::Completed
        && (item.state == NodeState::Cancelled
            || item.state == NodeState::Idle && item.error.is_none())
}

fn item_status(item: &ItemBody) -> NodeStatus {
    NodeStatus::of_item(&ItemResult {
        n: item.n,
        state: item.state,
        generations: Vec::new(),
        reused: item.reused,
        error: item.error.clone(),
    })
}

fn item_row(
    page: Page,
    run: &str,
    node: StoredValue<String>,
    item: &ItemBody,
    left_out: bool,
) -> impl IntoView + use<> {
    let status = item_status(item);
    let label = page.read(|c| results::label(c, &item.key));
    let n = item.n + 1;
    let name = if label.is_empty() { format!("Item {n}") } else { label };
    let time = lasted(item.started_at, item.finished_at);
    let word = match (status, time) {
        (NodeStatus::Completed, Some(time)) => time,
        (NodeStatus::Completed, None) => "Done".to_owned(),
        _ if left_out => "Not accepted".to_owned(),
        (other, _) => other.word().to_owned(),
    };
    let word = if item.attempts > 1 { format!("{word}, attempt {}", item.attempts) } else { word };
    let why = item.error.as_ref().map(|e| sentence(&e.detail)).unwrap_or_default();
    let (run, key) = (run.to_owned(), item.key.clone());
    let retry = (status.can_retry() && !left_out).then(|| {
        let click = move |_| run::retry(page, &run, Some(&node.get_value()), std::slice::from_ref(&key));
        view! { <button data-needs="run" class="ib s" aria-label=format!("Retry item {n}") title="Retry" on:click=click>{icon("reset")}</button> }
    });
    let cost = status.is_done().then(|| item.cost.to_string());
    let told = (!why.is_empty()).then(|| view! { <span class="step-why">{why.clone()}</span> });
    view! {
        <li data-item=item.key.clone()>
            <div class="row"><span class="n num">{n}</span><span class="nm">{name}</span>{item_mark(status, word)}<span class="cost">{cost}</span>{retry}</div>
            {told}
        </li>
    }
}
