//! One run in the panel: how far it is, what it cost, its place in the queue, what arrived late; and those before it.

use gesso_protocol::api::{LateBody, Page as Listed, RunBody};
use gesso_protocol::schema::{NodeState, RunInfo, RunStatus};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::core::price::credits;
use crate::core::words::{many, ordinal, took};
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::status_mark::state_mark;
use crate::web::canvas::runs::step::StepRow;
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// Runs asked for at once.
const PAGE: usize = 20;

/// A run's status as shape, colour and a word.
pub fn status_mark(status: RunStatus) -> AnyView {
    let (state, word) = match status {
        RunStatus::Queued => ("queued", "Queued"),
        RunStatus::Running => ("running", "Running"),
        RunStatus::Paused => ("paused", "Review needed"),
        RunStatus::Succeeded => ("succeeded", "Succeeded"),
        RunStatus::Failed => ("failed", "Failed"),
        RunStatus::Cancelled => ("cancelled", "Cancelled"),
    };
    state_mark(state, None, word.to_owned())
}

fn clock(ms: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms as f64));
    let (h, m, s) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    format!("{h:02}:{m:02}:{s:02}")
}

fn by(run: &RunInfo) -> String {
    if run.by.is_empty() { String::new() } else { format!(" by {}", run.by) }
}

/// Returns the document's entry of a run.
fn info(body: &RunBody) -> RunInfo {
    RunInfo {
        id: body.id.clone(),
        number: body.number,
        status: body.status,
        mode: body.mode.clone(),
        node: body.node.clone(),
        by: body.by.clone(),
        created_at: body.created_at,
        started_at: body.started_at,
        finished_at: body.finished_at,
        cost: body.cost,
        error: body.error.clone(),
        retry_of: body.retry_of.clone(),
    }
}

fn ms_now() -> i64 {
    crate::web::canvas::store::page::now_ms() as i64
}

/// One run.
#[component]
pub fn OneRun(page: Page, run: RunInfo, details: RwSignal<Option<RunBody>>) -> impl IntoView {
    let id = run.id.clone();
    let body = Memo::new(move |_| details.get().filter(|d| d.id == id));
    let live = !run.status.is_terminal();
    let second = RwSignal::new(0u32);
    if live {
        let clock = set_interval_with_handle(
            move || {
                // Gone with the panel.
                let _counted = second.try_update(|n| *n += 1);
            },
            std::time::Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(clock) = clock {
                clock.clear();
            }
        });
    }
    let started = match run.started_at {
        Some(at) => format!("{}{}", clock(at), by(&run)),
        None if run.by.is_empty() => "Not yet".to_owned(),
        None => format!("Not yet, asked{}", by(&run)),
    };
    let finished = run.finished_at.map_or_else(|| "—".to_owned(), clock);
    let (from, to) = (run.started_at, run.finished_at);
    let lasted = move || {
        second.track();
        from.map_or_else(|| "—".to_owned(), |from| took(to.unwrap_or_else(ms_now) - from))
    };
    let cost = run.cost;
    let spent = move || {
        let cost = body.with(|b| b.as_ref().map_or(cost, |b| b.cost.max(cost)));
        credits(cost)
    };
    let held = move || body.with(|b| b.as_ref().map(|b| b.held).filter(|h| h.0 > 0));
    let held = move || held().map(|h| view! { <dt>"Held"</dt><dd>{credits(h)}</dd> });
    let tries = run.retry_of.as_ref().and_then(|id| {
        let of = page.runs.with_untracked(|r| r.iter().find(|r| r.id == *id).map(|r| r.number));
        of.map(|n| view! { <p class="muted tries">{format!("Tries run {n} again")}</p> })
    });
    let error = run.error.clone().map(|e| {
        view! {
            <div class="banner" role="alert">{icon("warn")}<div><b>{e.detail}</b><p>{e.hint}</p></div></div>
        }
    });
    let count = move || {
        body.with(|b| {
            let steps = b.as_ref().map(|b| b.steps.as_slice()).unwrap_or_default();
            let done = steps.iter().filter(|s| s.state == NodeState::Completed).count();
            format!("{done} of {}", steps.len())
        })
    };
    let nodes = Memo::new(move |_| {
        body.with(|b| {
            b.as_ref()
                .map(|b| b.steps.iter().map(|s| s.node.clone()).collect::<Vec<_>>())
                .unwrap_or_default()
        })
    });
    let queued = run.status == RunStatus::Queued;
    let ended = run.status.is_terminal();
    let (queue_run, retry_run) = (run.id.clone(), run.id.clone());
    view! {
        <div class="panel-sec" data-run=run.id.clone() data-status=run.status.id()>
            <div class="row run-head"><b class="grow">{format!("Run {}", run.number)}</b>{status_mark(run.status)}</div>
            {tries}
            {live.then(|| view! { <div class="bar"><i style=move || bar(page, body)></i></div> })}
            <dl class="kv">
                <dt>"Started"</dt><dd>{started}</dd>
                <dt>"Finished"</dt><dd>{finished}</dd>
                <dt>"Duration"</dt><dd>{lasted}</dd>
                <dt>"Cost"</dt><dd>{spent}</dd>
                {held}
            </dl>
            {error}
            {ended.then(|| view! { <RetryFailed page=page run=retry_run body=body /> })}
            {queued.then(|| view! { <Queue page=page run=queue_run body=body /> })}
            {move || body.with(|b| b.as_ref().map(|b| b.late.clone())).map(|late| late_results(page, body, late))}
        </div>
        <div class="panel-sec">
            <div class="row head"><span class="label grow">"Steps"</span><span class="label num">{count}</span></div>
            <ol class="steps">
                <For each=move || nodes.get() key=|n| n.clone() children=move |node| view! { <StepRow page=page body=body node=node /> } />
            </ol>
        </div>
    }
}

/// Returns the progress of a run, by items.
fn bar(page: Page, body: Memo<Option<RunBody>>) -> String {
    let progress = page.server.with(|s| s.progress.clone());
    body.with(|b| {
        let steps = b.as_ref().map(|b| b.steps.as_slice()).unwrap_or_default();
        let share = |s: &gesso_protocol::api::StepBody| {
            let done = s
                .items
                .iter()
                .filter(|i| !i.state.is_active() && i.state != NodeState::Idle)
                .count();
            match s.state {
                NodeState::Completed | NodeState::Failed | NodeState::Cancelled => 1.0,
                _ if s.items.len() > 1 => done as f64 / s.items.len() as f64,
                NodeState::Running => progress.get(&s.node).copied().unwrap_or(0.1),
                NodeState::Idle | NodeState::Pending | NodeState::Paused => 0.0,
            }
        };
        let sum: f64 = steps.iter().map(share).sum();
        format!("width:{:.0}%", 100.0 * sum / steps.len().max(1) as f64)
    })
}

/// Everything of it that failed or was blocked, again.
#[component]
fn RetryFailed(page: Page, run: String, body: Memo<Option<RunBody>>) -> impl IntoView {
    let open = Memo::new(move |_| {
        body.with(|b| {
            let steps = b.as_ref().map(|b| b.steps.as_slice()).unwrap_or_default();
            // What was stopped in a completed step hung on a candidate that was not accepted.
            steps.iter().any(|s| {
                matches!(s.state, NodeState::Failed | NodeState::Cancelled)
                    || s.items.iter().any(|i| i.state == NodeState::Failed)
            })
        })
    });
    let newest = run.clone();
    let price = move || {
        page.slow_revision.track();
        let is_newest = page.runs.with(|r| r.first().is_some_and(|r| r.id == newest));
        let quote = is_newest.then(|| run::retry_price(page, None, &[])).flatten();
        quote.and_then(crate::web::canvas::parts::price::price_tag)
    };
    let price = StoredValue::new(price);
    let run = StoredValue::new(run);
    move || {
        open.get().then(|| {
            let retry = move |_| run::retry(page, &run.get_value(), None, &[]);
            let stopped = body.with(|b| b.as_ref().is_some_and(|b| b.status == RunStatus::Cancelled));
            let word = if stopped { "Go on with the rest" } else { "Retry failed" };
            view! {
                <div class="run-acts">
                    <button data-needs="run" class="btn s" on:click=retry>{icon("reset")}{word}" "{move || price.with_value(|p| p())}</button>
                </div>
            }
        })
    }
}

/// One's own queued runs, first to last.
fn own_queue(page: Page) -> Vec<String> {
    let me = page.me.with(|m| m.as_ref().map(|m| m.name.clone())).unwrap_or_default();
    let places = page.server.with(|s| s.queue.clone());
    let mut own: Vec<(u64, i64, String)> = page.runs.with(|runs| {
        runs.iter()
            .filter(|r| r.status == RunStatus::Queued && r.by == me)
            .map(|r| (places.get(&r.id).copied().unwrap_or(u64::MAX), r.number, r.id.clone()))
            .collect()
    });
    own.sort();
    own.into_iter().map(|(_, _, id)| id).collect()
}

/// Where it waits, and what its owner can do about that.
#[component]
fn Queue(page: Page, run: String, body: Memo<Option<RunBody>>) -> impl IntoView {
    let run = StoredValue::new(run);
    let place = move || {
        let told = page.server.with(|s| s.queue.get(&run.get_value()).copied());
        told.or_else(|| body.with(|b| b.as_ref().and_then(|b| b.queue).map(u64::from)))
    };
    // What was asked for counts until the server says otherwise.
    let held = RwSignal::new(None::<bool>);
    let waiting =
        move || held.get().unwrap_or_else(|| body.with(|b| b.as_ref().is_some_and(|b| b.waiting)));
    let words = move || match place() {
        _ if waiting() => "Held back until you resume it".to_owned(),
        Some(n) => format!("{} in the queue", ordinal(n)),
        None => "Waits for its turn".to_owned(),
    };
    let change = move |body: Value| {
        run::change(page, &run.get_value(), body);
    };
    let hold = move |_| {
        let next = !waiting();
        held.set(Some(next));
        change(json!({"hold": next}));
    };
    let own = Memo::new(move |_| own_queue(page));
    let at = move || own.with(|o| o.iter().position(|r| *r == run.get_value()));
    let up = move |_| {
        let after = own.with_untracked(|o| {
            let at = o.iter().position(|r| *r == run.get_value())?;
            at.checked_sub(2).and_then(|before| o.get(before).cloned())
        });
        change(json!({"after": after}));
    };
    let down = move |_| {
        let after = own.with_untracked(|o| {
            let at = o.iter().position(|r| *r == run.get_value())?;
            o.get(at + 1).cloned()
        });
        if let Some(after) = after {
            change(json!({"after": after}));
        }
    };
    let is_own = move || at().is_some();
    let first = move || at() == Some(0);
    let last = move || at().is_some_and(|at| own.with(|o| at + 1 == o.len()));
    view! {
        <div class="queue">
            <p role="status" class="muted">{icon("clock")}{words}</p>
            <div class="row run-acts">
                <Show when=is_own>
                    <button data-needs="run" class="btn s" on:click=hold>{move || if waiting() { "Resume" } else { "Hold" }}</button>
                    <button data-needs="run" class="ib s" disabled=first title="Move up" aria-label="Move up" on:click=up>{icon("up")}</button>
                    <button data-needs="run" class="ib s" disabled=last title="Move down" aria-label="Move down" on:click=down>{icon("down")}</button>
                </Show>
                <button data-needs="run" class="btn s danger" on:click=move |_| run::stop(page, &run.get_value())>"Drop"</button>
            </div>
        </div>
    }
}

/// Results that arrived after the run was stopped.
fn late_results(page: Page, body: Memo<Option<RunBody>>, late: Vec<LateBody>) -> impl IntoView {
    let rows = late
        .into_iter()
        .map(|one| {
            let run = body.with_untracked(|b| b.as_ref().map(|b| b.id.clone())).unwrap_or_default();
            let path = format!("/api/runs/{run}/late/{}", one.id);
            let node = page.read(|c| c.nodes.get(&one.node).map(|n| n.shown_title().to_owned()));
            let title = node.unwrap_or_else(|| "A deleted node".to_owned());
            let what = one.ty.map_or("A result", |ty| ty.label());
            let text = format!("{what} of “{title}” arrived after it was stopped");
            let days = ((one.expires_at - ms_now()).max(0) / 86_400_000 + 1) as usize;
            let kept = format!("Kept aside, uncharged, for {} more", many(days, "day"));
            let take = move |_| run::ask(page, path.clone(), http::nothing());
            view! {
                <div class="late" data-late=one.id.clone()>
                    {icon("clock")}
                    <div class="grow"><b>{text}</b><span class="muted">{kept}</span>
                        <button data-needs="run" class="btn s" on:click=take>"Take over "<span class="price">{format!("for {}", credits(one.cost))}</span></button>
                    </div>
                </div>
            }
        })
        .collect_view();
    view! { {rows} }
}

/// The runs before the one shown; the document has the newest, the server all.
#[component]
pub fn Earlier(
    page: Page,
    run: Memo<Option<RunInfo>>,
    chosen: RwSignal<Option<String>>,
    older: RwSignal<Vec<RunInfo>>,
) -> impl IntoView {
    let cursor = RwSignal::new(Some(String::new()));
    let busy = RwSignal::new(false);
    let others = Memo::new(move |_| {
        let shown = run.with(|r| r.as_ref().map(|r| r.id.clone()));
        let mut all = page.runs.with(|runs| runs.to_vec());
        older.with(|older| {
            for run in older {
                if !all.iter().any(|r| r.id == run.id) {
                    all.push(run.clone());
                }
            }
        });
        all.retain(|r| Some(&r.id) != shown.as_ref());
        all.sort_by_key(|r| std::cmp::Reverse(r.number));
        all
    });
    let fetch = move |_| {
        let Some(from) = cursor.get_untracked() else { return };
        busy.set(true);
        let from = if from.is_empty() { lowest(page) } else { from };
        let path = format!("/api/canvases/{}/runs?limit={PAGE}&cursor={from}", page.id.get_value());
        leptos::task::spawn_local(async move {
            let answer = http::get::<Listed<RunBody>>(&path).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(list) => {
                    older.update(|o| o.extend(list.items.iter().map(info)));
                    cursor.set(list.next);
                }
                Err(error) => page.toasts.bad(&error.detail),
            }
        });
    };
    // The document forgets runs above its limit: only then may there be more.
    let more = move || {
        let full = page.runs.with(|r| r.last().is_some_and(|r| r.number > 1));
        full && cursor.with(Option::is_some)
    };
    move || {
        let others = others.get();
        (!others.is_empty() || more()).then(|| {
            let rows = others
                .into_iter()
                .map(|r| {
                    let id = r.id.clone();
                    let label = if r.status.is_terminal() { when::told(r.created_at) } else { clock(r.created_at) };
                    view! {
                        <li>
                            <button class="run-row" on:click=move |_| chosen.set(Some(id.clone()))>
                                <span class="nm">{format!("Run {}", r.number)}</span>
                                <span class="muted num">{label}</span>
                                {status_mark(r.status)}
                            </button>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <div class="panel-sec">
                    <div class="row head">
                        <span class="label grow">{if chosen.get().is_some() { "Other runs" } else { "Earlier runs" }}</span>
                        {move || chosen.get().is_some().then(|| view! {
                            <button class="btn s ghost" on:click=move |_| chosen.set(None)>"Newest"</button>
                        })}
                    </div>
                    <ol class="steps runs">{rows}</ol>
                    {move || more().then(|| view! {
                        <button class="btn s block" disabled=move || busy.get() on:click=fetch>"Show earlier runs"</button>
                    })}
                </div>
            }
        })
    }
}

/// The number of the oldest run the document has.
fn lowest(page: Page) -> String {
    page.runs.with_untracked(|r| r.last().map_or(0, |r| r.number)).to_string()
}
