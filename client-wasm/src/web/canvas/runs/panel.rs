//! The run panel: what runs, what it costs, how far it is, and what ran before.

use gesso_protocol::api::RunBody;
use gesso_protocol::graph::Graph;
use gesso_protocol::plan::{self, Mode};
use gesso_protocol::pricing::Quote;
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::{NodeState, RunInfo, RunStatus};
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::icons::of_kind;
use crate::core::price;
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::price::labelled;
use crate::web::canvas::runs::list::{Earlier, OneRun};
use crate::web::canvas::store::page::Page;
use crate::web::http;
use crate::web::ui::icons::icon;

/// A run's steps are asked for again so long after something moved, in ms.
const DELAY_MS: u64 = 250;
/// The same for a run of more items than [`MANY_ITEMS`]: its answer is long.
const MANY_DELAY_MS: u64 = 2_000;
/// See [`MANY_DELAY_MS`].
const MANY_ITEMS: usize = 200;
/// So many planned steps are listed.
const LISTED: usize = 50;

/// The panel with nothing selected.
#[component]
pub fn RunPanel(page: Page) -> impl IntoView {
    let chosen = RwSignal::new(None::<String>);
    let older = RwSignal::new(Vec::<RunInfo>::new());
    let run = Memo::new(move |_| {
        let runs = page.runs.get();
        match chosen.get() {
            Some(id) => {
                let known = runs.iter().find(|r| r.id == id).cloned();
                known.or_else(|| older.with(|o| o.iter().find(|r| r.id == id).cloned()))
            }
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
                    <Earlier page=page run=run chosen=chosen older=older />
                </div>
                <Foot page=page run=run />
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
        let items: usize = details.with_untracked(|d| {
            d.as_ref().map_or(0, |d| d.steps.iter().map(|s| s.items.len()).sum())
        });
        let delay = if items > MANY_ITEMS { MANY_DELAY_MS } else { DELAY_MS };
        set_timeout(
            move || {
                let asked = move || async move {
                    let body = http::get::<RunBody>(&format!("/api/runs/{id}")).await.ok();
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
            std::time::Duration::from_millis(delay),
        );
    });
}

/// Before the first run: what Run would do.
#[component]
fn Planned(page: Page) -> impl IntoView {
    let steps = move || {
        page.slow_revision.track();
        let graph: std::sync::Arc<Graph> = page.graph.get();
        let catalog = page.catalog.get();
        let usable = page.usable();
        page.read(|canvas| {
            plan::plan(canvas, &graph, &catalog, &run::target(Mode::Workflow, None), &usable).map(
                |p| {
                    p.steps
                        .into_iter()
                        .map(|s| (s.kind, s.title, s.cost.to_string()))
                        .collect::<Vec<_>>()
                },
            )
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
                        <li data-type=card_layout::main_type(&probe)>
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

/// What Run would do.
#[derive(Clone, PartialEq)]
enum Offer {
    /// It runs, at this price.
    Run(String, Quote),
    /// It cannot be pressed, and why.
    Off(String),
    /// Something is missing: pressed, it tells what.
    Ask,
}

#[component]
fn Foot(page: Page, run: Memo<Option<RunInfo>>) -> impl IntoView {
    // A queued one is dropped where its place in the queue is told.
    let live = Memo::new(move |_| {
        run.with(|r| {
            let at_work = |r: &&RunInfo| matches!(r.status, RunStatus::Running | RunStatus::Paused);
            r.as_ref().filter(at_work).map(|r| r.id.clone())
        })
    });
    // Busy: something of it is in the hands of a run that is not the one shown.
    let offer = Memo::new(move |_| {
        page.slow_revision.track();
        match run::price_of(page, &run::target(Mode::Workflow, None)) {
            Ok(price) => match price::shortage(&price.quote, page.overlays.balance.get()) {
                Some(why) => Offer::Off(why),
                None => Offer::Run(price.label(), price.quote),
            },
            Err(refusal) if refusal.code == ErrorCode::UpstreamInProgress => {
                Offer::Off(run::UPSTREAM.to_owned())
            }
            Err(_) => Offer::Ask,
        }
    });
    let waits = Memo::new(move |_| {
        page.slow_revision.track();
        page.read(|c| {
            let paused =
                |id: &&String| c.results.get(*id).is_some_and(|r| r.state == NodeState::Paused);
            c.nodes.keys().find(paused).cloned()
        })
    });
    let start = move |_| run::start(page, run::target(Mode::Workflow, None));
    move || {
        let first = match live.get() {
            Some(id) => view! {
                <button class="btn grow" on:click=move |_| run::stop(page, &id)>{icon("stop")}"Stop"</button>
            }
            .into_any(),
            None => {
                let tag = move || match offer.get() {
                    Offer::Run(label, quote) => labelled(&label, quote),
                    Offer::Off(_) | Offer::Ask => None,
                };
                let off = move || match offer.get() {
                    Offer::Off(why) => Some(why),
                    Offer::Run(..) | Offer::Ask => None,
                };
                let ready = move || offer.with(|offer| matches!(offer, Offer::Run(..)));
                let why = move || off().unwrap_or_else(|| "Run the whole canvas".to_owned());
                view! {
                    <button class="btn grow" class:primary=move || ready() && waits.with(Option::is_none) disabled=move || off().is_some() title=why on:click=start>
                        {icon("play")}"Run "{tag}
                    </button>
                }
                .into_any()
            }
        };
        let review = waits.get().map(|id| {
            let open = move |_| page.overlays.review.set(Some(id.clone()));
            view! { <button class="btn primary grow" on:click=open>{icon("hand")}"Review"</button> }
        });
        let off = move || match (live.get(), offer.get()) {
            (None, Offer::Off(why)) => Some(view! { <p class="muted">{why}</p> }),
            _ => None,
        };
        view! { <div data-needs="run" class="panel-foot">{off}{first}{review}</div> }
    }
}
