//! The run panel: what runs, what it costs, how far it is, and what ran before.

use gesso_protocol::api::{RunBody, StepBody};
use gesso_protocol::graph::Graph;
use gesso_protocol::nodes;
use gesso_protocol::plan::{self, Mode};
use gesso_protocol::schema::{NodeState, RunInfo, RunStatus};
use leptos::prelude::*;

use super::card::state_mark;
use super::layout;
use super::net;
use super::page::Page;
use super::running::{self, Shown};
use crate::web::icons::{icon, of_kind};

/// So many planned steps are listed.
const LISTED: usize = 50;

/// The panel with nothing selected.
#[component]
pub fn RunPanel(page: Page) -> impl IntoView {
    let chosen = RwSignal::new(None::<String>);
    let run = Memo::new(move |_| {
        let runs = page.runs.get();
        match chosen.get() {
            Some(id) => runs.iter().find(|r| r.id == id).cloned(),
            None => runs.first().cloned(),
        }
    });
    let details = RwSignal::new(None::<RunBody>);
    fetch_details(page, run, details);
    // A run that starts is what one wants to see.
    let newest = Memo::new(move |_| page.runs.with(|r| r.first().map(|r| r.id.clone())));
    Effect::new(move |_| {
        newest.track();
        chosen.set(None);
    });
    let name = move || {
        page.meta.with(|m| if m.name.is_empty() { "Untitled".to_owned() } else { m.name.clone() })
    };
    let description =
        move || page.meta.with(|m| (!m.description.is_empty()).then(|| m.description.clone()));
    let hidden = move || !page.run_panel.get();
    view! {
        <section class="panel right" id="runpanel" role="region" aria-label="Run" data-floating data-scroll class:is-folded=hidden>
            <div class="panel-head">
                <h2 class="grow">{name}</h2>
                <button class="ib s" aria-label=move || if page.run_panel.get() { "Fold" } else { "Unfold" }
                    aria-expanded=move || page.run_panel.get().to_string()
                    on:click=move |_| page.run_panel.update(|o| *o = !*o)>
                    {move || if page.run_panel.get() { icon("minus").into_any() } else { icon("down").into_any() }}
                </button>
            </div>
            {move || page.run_panel.get().then(|| view! {
                {move || description().map(|d| view! { <p class="muted about">{d}</p> })}
                <div class="panel-body">
                    {move || match run.get() {
                        Some(run) => view! { <OneRun page=page run=run details=details /> }.into_any(),
                        None => view! { <Planned page=page /> }.into_any(),
                    }}
                    <Earlier page=page run=run chosen=chosen />
                </div>
                <Foot page=page />
            })}
        </section>
    }
}

/// Keeps the steps of the shown run fresh: they are asked for again whenever the document says something moved.
fn fetch_details(page: Page, run: Memo<Option<RunInfo>>, details: RwSignal<Option<RunBody>>) {
    let due = RwSignal::new(0u32);
    let waiting = StoredValue::new(false);
    let key = Memo::new(move |_| run.with(|r| r.as_ref().map(|r| (r.id.clone(), r.status))));
    let progress = Memo::new(move |_| {
        // Only while it runs does every change matter.
        let live = run.with(|r| r.as_ref().is_some_and(|r| !r.status.is_terminal()));
        if live { page.revision.get() } else { 0 }
    });
    Effect::new(move |_| {
        due.track();
        progress.track();
        let Some((id, _)) = key.get() else {
            details.set(None);
            return;
        };
        if waiting.get_value() {
            return;
        }
        waiting.set_value(true);
        set_timeout(
            move || {
                let asked = move || async move {
                    let answer = net::request("GET", &format!("/api/runs/{id}"), None, None).await;
                    let body = answer.ok().and_then(|b| serde_json::from_value::<RunBody>(b).ok());
                    if waiting.try_get_value().is_none() {
                        return;
                    }
                    waiting.set_value(false);
                    let ended = body.as_ref().is_some_and(|b| b.status.is_terminal());
                    let shown_ended =
                        run.with_untracked(|r| r.as_ref().is_some_and(|r| r.status.is_terminal()));
                    details.set(body);
                    // The answer may be older than what the document said meanwhile.
                    if shown_ended && !ended {
                        due.update(|n| *n += 1);
                    }
                };
                leptos::task::spawn_local(asked());
            },
            std::time::Duration::from_millis(250),
        );
    });
}

fn status_mark(status: RunStatus) -> AnyView {
    let (state, word) = match status {
        RunStatus::Queued => ("queued", "Queued"),
        RunStatus::Running => ("running", "Running"),
        RunStatus::Paused => ("paused", "Review needed"),
        RunStatus::Succeeded => ("succeeded", "Succeeded"),
        RunStatus::Failed => ("failed", "Failed"),
        RunStatus::Cancelled => ("cancelled", "Cancelled"),
    };
    state_mark(
        &Shown { state, word: word.to_owned(), reasons: Vec::new(), progress: None },
        word.to_owned(),
    )
}

fn clock(ms: i64, seconds: bool) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms as f64));
    let (h, m, s) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    if seconds { format!("{h:02}:{m:02}:{s:02}") } else { format!("{h:02}:{m:02}") }
}

fn took(from: Option<i64>, to: Option<i64>) -> Option<String> {
    let ms = to? - from?;
    Some(match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{:.1} s", ms as f64 / 1000.0),
        10_000..120_000 => format!("{} s", ms / 1000),
        _ => format!("{} min", ms / 60_000),
    })
}

#[component]
fn OneRun(page: Page, run: RunInfo, details: RwSignal<Option<RunBody>>) -> impl IntoView {
    let id = run.id.clone();
    let body = move || details.get().filter(|d| d.id == id);
    let steps = {
        let body = body.clone();
        move || body().map(|b| b.steps).unwrap_or_default()
    };
    let done = |steps: &[StepBody]| {
        steps.iter().filter(|s| matches!(s.state, NodeState::Completed)).count()
    };
    let started = match run.started_at {
        Some(at) => format!("{}{}", clock(at, true), by(&run)),
        None => format!("waits{}", by(&run)),
    };
    let finished = match run.finished_at {
        Some(at) => clock(at, true),
        None => "—".to_owned(),
    };
    let cost = run.cost.to_string();
    let held = {
        let body = body.clone();
        move || match body() {
            Some(b) if b.held.0 > 0 => {
                format!("{cost} of {}", running::credits(&(b.cost + b.held).to_string()))
            }
            _ => running::credits(&cost),
        }
    };
    let bar = {
        let steps = steps.clone();
        move || {
            let all = steps();
            let progress = page.server.with(|s| s.progress.clone());
            let sum: f64 = all
                .iter()
                .map(|s| match s.state {
                    NodeState::Completed => 1.0,
                    NodeState::Running => progress.get(&s.node).copied().unwrap_or(0.1),
                    NodeState::Idle
                    | NodeState::Pending
                    | NodeState::Failed
                    | NodeState::Cancelled
                    | NodeState::Paused => 0.0,
                })
                .sum();
            format!("width:{:.0}%", 100.0 * sum / (all.len().max(1) as f64))
        }
    };
    let live = !run.status.is_terminal();
    let error = run.error.clone().map(|e| {
        view! {
            <div class="banner" role="alert">{icon("warn")}<div><b>{e.detail}</b><p>{e.hint}</p></div></div>
        }
    });
    let count = {
        let steps = steps.clone();
        move || {
            let all = steps();
            format!("{} of {}", done(&all), all.len())
        }
    };
    let rows = move || steps().into_iter().map(|s| step_row(page, s)).collect_view();
    view! {
        <div class="panel-sec" data-run=run.id.clone() data-status=run.status.id()>
            <div class="row run-head"><b class="grow">{format!("Run {}", run.number)}</b>{status_mark(run.status)}</div>
            {live.then(|| view! { <div class="bar"><i style=bar></i></div> })}
            <dl class="kv">
                <dt>"Started"</dt><dd>{started}</dd>
                <dt>"Finished"</dt><dd>{finished}</dd>
                <dt>"Cost"</dt><dd>{held}</dd>
            </dl>
            {error}
        </div>
        <div class="panel-sec">
            <div class="row head"><span class="label grow">"Steps"</span><span class="label num">{count}</span></div>
            <ol class="steps">{rows}</ol>
        </div>
    }
}

fn by(run: &RunInfo) -> String {
    if run.by.is_empty() { String::new() } else { format!(" by {}", run.by) }
}

fn step_row(page: Page, step: StepBody) -> impl IntoView {
    let ty = nodes::spec(&step.kind).map_or("any", |s| {
        let probe = gesso_protocol::schema::Node { kind: s.id.to_owned(), ..Default::default() };
        layout::main_type(&probe)
    });
    let progress = page.server.with(|s| s.progress.get(&step.node).copied());
    let (word, progress) = match step.state {
        NodeState::Completed => {
            (took(step.started_at, step.finished_at).unwrap_or_else(|| "Done".to_owned()), None)
        }
        NodeState::Running => match progress {
            Some(p) => (format!("{:.0} %", p * 100.0), Some(p)),
            None => ("Running".to_owned(), None),
        },
        NodeState::Pending => ("Pending".to_owned(), None),
        NodeState::Failed => ("Failed".to_owned(), None),
        NodeState::Cancelled => ("Cancelled".to_owned(), None),
        NodeState::Paused => ("Review".to_owned(), None),
        NodeState::Idle => {
            (if step.error.is_some() { "Blocked" } else { "Not run" }.to_owned(), None)
        }
    };
    let shown = Shown { state: step.state.id(), word: word.clone(), reasons: Vec::new(), progress };
    let why = step.error.map(|e| e.detail).unwrap_or_default();
    let waits = matches!(step.state, NodeState::Pending | NodeState::Idle);
    let node = step.node.clone();
    let go = move |_| super::commands::show(page, &node);
    view! {
        <li data-type=ty data-step=step.node class:is-wait=waits title=why on:click=go>
            {icon(of_kind(&step.kind))}
            <span class="nm">{step.title}</span>
            {state_mark(&shown, word)}
            <span class="cost">{(!waits && step.state != NodeState::Running).then(|| step.cost.to_string())}</span>
        </li>
    }
}

/// Before the first run: what Run would do.
#[component]
fn Planned(page: Page) -> impl IntoView {
    let steps = move || {
        page.beat.track();
        let graph: std::sync::Arc<Graph> = page.graph.get();
        let catalog = page.catalog.get();
        let usable = page.usable();
        page.read(|canvas| {
            plan::plan(canvas, &graph, &catalog, &running::target(Mode::Workflow, None), &usable)
                .map(|p| {
                    p.steps
                        .into_iter()
                        .map(|s| (s.kind, s.title, s.cost.to_string()))
                        .collect::<Vec<_>>()
                })
        })
    };
    move || match steps() {
        Ok(steps) if !steps.is_empty() => {
            let n = steps.len();
            let more = (n > LISTED).then(|| format!("and {} more", n - LISTED));
            let rows = steps
                .into_iter()
                .take(LISTED)
                .map(|(kind, title, cost)| {
                    let probe = gesso_protocol::schema::Node { kind: kind.clone(), ..Default::default() };
                    view! {
                        <li data-type=layout::main_type(&probe)>
                            {icon(of_kind(&kind))}<span class="nm">{title}</span><span class="cost">{cost}</span>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <div class="panel-sec">
                    <div class="row head"><span class="label grow">"Steps to run"</span><span class="label num">{n}</span></div>
                    <ol class="steps">{rows}</ol>
                    {more.map(|more| view! { <p class="muted">{more}</p> })}
                </div>
            }
            .into_any()
        }
        Ok(_) => nothing("Nothing to run yet. Add a node that makes something.").into_any(),
        Err(refusal) => nothing(&refusal.detail).into_any(),
    }
}

fn nothing(text: &str) -> impl IntoView + use<> {
    view! { <div class="panel-sec"><p class="muted">{text.to_owned()}</p></div> }
}

#[component]
fn Earlier(
    page: Page,
    run: Memo<Option<RunInfo>>,
    chosen: RwSignal<Option<String>>,
) -> impl IntoView {
    let others = Memo::new(move |_| {
        let shown = run.with(|r| r.as_ref().map(|r| r.id.clone()));
        page.runs.with(|runs| {
            runs.iter().filter(|r| Some(&r.id) != shown.as_ref()).cloned().collect::<Vec<_>>()
        })
    });
    move || {
        let others = others.get();
        (!others.is_empty()).then(|| {
            let rows = others
                .into_iter()
                .map(|r| {
                    let id = r.id.clone();
                    view! {
                        <li>
                            <button class="run-row" on:click=move |_| chosen.set(Some(id.clone()))>
                                <span class="nm">{format!("Run {}", r.number)}</span>
                                <span class="muted num">{clock(r.created_at, false)}</span>
                                {status_mark(r.status)}
                            </button>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <div class="panel-sec">
                    <div class="row head"><span class="label grow">"Earlier runs"</span></div>
                    <ol class="steps runs">{rows}</ol>
                </div>
            }
        })
    }
}

#[component]
fn Foot(page: Page) -> impl IntoView {
    let live = Memo::new(move |_| running::current(page).map(|r| r.id));
    let price = Memo::new(move |_| {
        page.beat.track();
        running::quote(page, &running::target(Mode::Workflow, None))
            .map(|q| q.label())
            .unwrap_or_default()
    });
    let start = move |_| running::start(page, running::target(Mode::Workflow, None));
    move || {
        let first = match live.get() {
            Some(id) => view! {
                <button class="btn grow" on:click=move |_| running::stop(page, &id)>{icon("stop")}"Stop"</button>
            }
            .into_any(),
            None => {
                let tag = move || (!price.get().is_empty()).then(|| view! { <span class="price">{format!("· {}", price.get())}</span> });
                view! {
                    <button class="btn primary grow" title="Run the whole canvas" on:click=start>{icon("play")}"Run "{tag}</button>
                }
                .into_any()
            }
        };
        view! { <div class="panel-foot">{first}</div> }
    }
}
