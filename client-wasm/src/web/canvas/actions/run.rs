//! Runs: prices before the click, starting, stopping, and telling how they end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{self, Mode, Target};
use gesso_protocol::pricing::{Money, Quote, Unit};
use gesso_protocol::problem::Refusal;
use gesso_protocol::schema::{RunInfo, RunStatus};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::core::angles;
use crate::core::price::{self, Price};
use crate::core::rights::Right;
use crate::web::canvas::store::overlays::Confirming;
use crate::web::canvas::store::page::{Page, fresh_id, now_ms};
use crate::web::http;
use gesso_protocol::api::Credits;
use gesso_protocol::problem::NodeProblem;

/// The sentence on a Run button while something before it runs.
pub const UPSTREAM: &str = "Upstream task in progress";

/// Returns the target of a run.
pub fn target(mode: Mode, node: Option<&str>) -> Target {
    Target::of(mode, node)
}

/// Returns the price of a run, as the server would say.
///
/// # Errors
/// Why it would be refused.
pub fn price_of(page: Page, target: &Target) -> Result<Price, Refusal> {
    let graph = page.graph.get();
    let catalog = page.catalog.get();
    let usable = page.usable();
    page.read(|canvas| {
        let plan = plan::plan(canvas, &graph, &catalog, target, &usable)?;
        plan.check_idle(&graph, &plan::active_nodes(canvas))?;
        Ok(Price::of(&plan))
    })
}

/// A price as it stands on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPrice {
    /// The words.
    pub label: String,
    /// The amount.
    pub quote: Quote,
}

impl CardPrice {
    fn of(quote: Quote) -> Self {
        Self { label: price::label(&quote), quote }
    }
}

/// The price on a card's Run button: that of a run of it alone; where something is missing still, that of its model.
pub fn card_price(page: Page, id: &str) -> Option<CardPrice> {
    let graph = page.graph.get();
    let catalog = page.catalog.get();
    let usable = page.usable();
    let plain = page.read(|canvas| {
        let node = canvas.nodes.get(id)?;
        let model = plan::model_of(&catalog, &node.kind, &node.settings, &usable).ok()?;
        let params = model.resolve(&node.settings).ok()?;
        let told = model.price.told(&params);
        let one = model.price.of(&params, told.or(model.price.maximum)?, catalog.factor());
        // Each camera position is a result of its own.
        let positions = match node.kind.as_str() {
            "camera_angles" => angles::read(node.settings.get("angles")).len() as i64,
            _ => 1,
        };
        let cost = one * count(&node.settings) * positions;
        Some((Quote { cost, exact: told.is_some() }, model.price.unit))
    });
    // Paid per result and outside a batch, the price is the node's own: no need to plan over the whole canvas,
    // once for each card.
    let batch = graph.incoming(id).any(|edge| edge.batch);
    match plain {
        Some((quote, Unit::Generation)) if !batch => Some(CardPrice::of(quote)),
        _ => page
            .read(|canvas| {
                let target = target(Mode::Node, Some(id));
                plan::plan(canvas, &graph, &catalog, &target, &usable)
                    .map(|p| Price::of(&p))
                    .map(|p| CardPrice { label: p.label(), quote: p.quote })
            })
            .ok()
            // How many items there will be is not known: better no price than a wrong one.
            .or_else(|| plain.filter(|_| !batch).map(|(quote, _)| CardPrice::of(quote))),
    }
}

/// Number of generations a node asks for.
pub fn count(settings: &BTreeMap<String, Value>) -> i64 {
    settings.get("count").and_then(Value::as_i64).unwrap_or(1).clamp(1, 10)
}

/// True if something before this node is in a run.
pub fn upstream_active(page: Page, id: &str) -> bool {
    let graph = page.graph.get();
    page.slow_revision.track();
    let before = graph.ancestors(id);
    page.read(|canvas| {
        before.iter().any(|n| canvas.results.get(n).is_some_and(|r| r.state.is_active()))
    })
}

/// Why what a node shows is out of date; empty when it is not.
pub fn stale(page: Page, id: &str) -> Vec<&'static str> {
    // Every item of a batch is looked at: not at every letter somebody types.
    page.slow_revision.track();
    let graph = page.graph.get();
    let catalog = page.catalog.get();
    let usable = page.usable();
    page.read(|canvas| plan::outdated(canvas, &graph, &catalog, id, &usable)).unwrap_or_default()
}

/// A second click so soon after the one that asked for a run belongs to it, in ms: it neither runs the same once more nor
/// stops what has just begun.
const DOUBLE_MS: f64 = 500.0;

/// True if a run was asked for just now; with a target, that run.
fn is_double(page: Page, target: Option<&Target>) -> bool {
    let core = page.core();
    let core = core.borrow();
    core.asked.as_ref().is_some_and(|(asked, at)| {
        now_ms() - at < DOUBLE_MS && target.is_none_or(|target| target == asked)
    })
}

/// Runs, after a question where it is much.
pub fn start(page: Page, target: Target) {
    if is_double(page, Some(&target)) || !page.demand(Right::Run) {
        return;
    }
    match price_now(page, &target) {
        Err(refusal) => {
            complain(page, &refusal.detail, &refusal.nodes);
        }
        Ok(price) if price.asks(page.overlays.balance.get_untracked()) => {
            page.overlays.confirming.set(Some(Confirming { target, price }));
        }
        Ok(price) => go(page, &target, price.quote.cost),
    }
}

/// Asks the server to run. Nobody pays more than the button said.
pub fn go(page: Page, target: &Target, most: Money) {
    page.core().borrow_mut().asked = Some((target.clone(), now_ms()));
    page.complaints.set(Arc::default());
    page.run_panel.set(true);
    let path = format!("/api/canvases/{}/runs", page.id.get_value());
    let mut body = json!({"mode": target.mode.id(), "max_cost": most.to_json()});
    if let Some(node) = &target.node {
        body["node"] = json!(node);
    }
    if !target.nodes.is_empty() {
        body["nodes"] = json!(target.nodes);
    }
    ask(page, path, body);
}

/// Sends what somebody asked for; a refusal is shown, and what it costs is looked up again.
pub fn ask(page: Page, path: String, body: Value) {
    if !page.demand(Right::Run) {
        return;
    }
    leptos::task::spawn_local(async move {
        match http::post_once::<Value>(&path, &body, &fresh_id()).await {
            Ok(_) => refresh_credits(page),
            Err(error) => complain(page, &error.detail, &error.nodes),
        }
    });
}

/// Sends a change of a run; as [`ask`].
pub fn change(page: Page, run: &str, change: Value) {
    if !page.demand(Right::Run) {
        return;
    }
    let path = format!("/api/runs/{run}");
    leptos::task::spawn_local(async move {
        match http::patch::<Value>(&path, &change).await {
            Ok(_) => refresh_credits(page),
            Err(error) => complain(page, &error.detail, &error.nodes),
        }
    });
}

/// Tries again what failed or was blocked in a run: all of it, of one node, or only some of its items.
pub fn retry(page: Page, run: &str, node: Option<&str>, items: &[String]) {
    let mut body = json!({});
    if let Some(node) = node {
        body["node"] = json!(node);
    }
    if !items.is_empty() {
        body["items"] = json!(items);
    }
    ask(page, format!("/api/runs/{run}/retry"), body);
}

/// Returns the price of a retry if it were asked for now, and the canvas is as it was when the run began.
pub fn retry_price(page: Page, node: Option<&str>, items: &[String]) -> Option<Quote> {
    let graph = page.graph.get();
    let catalog = page.catalog.get();
    let usable = page.usable();
    page.read(|canvas| {
        let target = target(Mode::Workflow, node);
        let plan = plan::plan(canvas, &graph, &catalog, &target, &usable).ok()?;
        let past = plan.steps.iter().filter_map(|step| {
            let result = canvas.results.get(step.node.as_str())?;
            let made =
                canvas.generations.get(step.node.as_str()).map(Vec::as_slice).unwrap_or_default();
            let items = result.items.iter().map(|(key, item)| {
                let generations =
                    made.iter().filter(|g| item.generations.contains(&g.id)).cloned().collect();
                let (state, error) = (item.state, item.error.clone());
                (key.clone(), plan::PastItem { state, generations, error, seed: None })
            });
            Some((step.node.clone(), items.collect()))
        });
        let which = plan::Retry { node: node.map(NodeId::new), items: items.to_vec() };
        plan.retry(&past.collect(), &which).ok().map(|plan| plan.quote())
    })
}

fn price_now(page: Page, target: &Target) -> Result<Price, Refusal> {
    // The graph may be a frame behind the document: what is run is what is there now.
    let catalog = page.catalog.get_untracked();
    let usable = page.usable();
    page.read(|canvas| {
        let graph = gesso_protocol::graph::Graph::materialize(canvas);
        plan::plan(canvas, &graph, &catalog, target, &usable).map(|p| Price::of(&p))
    })
}

/// Shows why a run was refused: a message, and a banner on each node it names.
fn complain(page: Page, detail: &str, nodes: &[NodeProblem]) {
    let Some(_) = page.try_core() else { return };
    page.toasts.bad(detail);
    let complaints: BTreeMap<String, String> =
        nodes.iter().map(|problem| (problem.node.clone(), problem.detail.clone())).collect();
    if let Some(id) = complaints.keys().next() {
        crate::web::canvas::actions::edit::show(page, id);
    }
    page.complaints.set(Arc::new(complaints));
}

/// The run that has a node in hand.
fn run_of(page: Page, node: &str) -> Option<String> {
    page.read(|canvas| canvas.results.get(node).and_then(|r| r.run.clone()))
}

/// Stops the run a node is in.
pub fn stop_node(page: Page, node: &str) {
    if let Some(run) = run_of(page, node) {
        stop(page, &run);
    }
}

/// Stops a run.
pub fn stop(page: Page, run: &str) {
    if !is_double(page, None) {
        cancel(page, run);
    }
}

fn cancel(page: Page, run: &str) {
    if !page.demand(Right::Run) {
        return;
    }
    let path = format!("/api/runs/{run}/cancel");
    leptos::task::spawn_local(async move {
        if let Err(error) = http::post::<Value>(&path, &http::nothing()).await {
            complain(page, &error.detail, &error.nodes);
        }
    });
}

/// Stops whatever runs.
pub fn stop_all(page: Page) {
    let runs: Vec<String> = page.runs.with_untracked(|runs| {
        runs.iter().filter(|r| !r.status.is_terminal()).map(|r| r.id.clone()).collect()
    });
    for run in runs {
        cancel(page, &run);
    }
}

/// A run changed in the document: its end is told.
pub fn runs_changed(page: Page) {
    let runs = page.runs.get_untracked();
    let active: BTreeMap<String, i64> =
        runs.iter().filter(|r| !r.status.is_terminal()).map(|r| (r.id.clone(), r.number)).collect();
    let known = page.active_runs.get_value();
    let ended: Vec<RunInfo> =
        runs.iter().filter(|r| r.status.is_terminal() && known.contains(&r.id)).cloned().collect();
    for (id, number) in &active {
        if !known.contains(id) {
            page.live.set(format!("Run {number} started"));
            refresh_credits(page);
        }
    }
    page.active_runs.set_value(active.into_keys().collect::<BTreeSet<_>>());
    for run in ended {
        tell_end(page, &run);
    }
}

fn tell_end(page: Page, run: &RunInfo) {
    refresh_credits(page);
    let name = format!("Run {}", run.number);
    match run.status {
        RunStatus::Succeeded => {
            page.toasts.good(&format!("{name} finished, {}", price::credits(run.cost)));
            page.live.set(format!("{name} succeeded"));
        }
        RunStatus::Failed => {
            let why = run.error.as_ref().map(|e| e.detail.clone()).unwrap_or_default();
            let text = if why.is_empty() {
                format!("{name} failed")
            } else {
                format!("{name} failed: {why}")
            };
            page.live.set(text.clone());
            match run.error.as_ref().and_then(|e| e.node.clone()) {
                Some(node) => {
                    let go = Callback::new(move |()| {
                        page.select([node.clone()]);
                        crate::web::canvas::actions::edit::show(page, &node);
                    });
                    page.toasts.bad_act(&text, "Go there", go);
                }
                None => page.toasts.bad(&text),
            }
        }
        RunStatus::Cancelled => {
            page.toasts.say("struck", &format!("{name} was stopped"));
            page.live.set(format!("{name} was stopped"));
        }
        RunStatus::Queued | RunStatus::Running | RunStatus::Paused => {}
    }
}

/// A model's name, or its id where it is not known here.
pub fn model_name(page: Page, id: &str) -> String {
    page.catalog.with_untracked(|c| c.model(id).map_or_else(|| id.to_owned(), |m| m.name.clone()))
}

/// The balance is asked for again so often while the page is seen: runs of other canvases spend it too, in ms.
const BALANCE_MS: u64 = 20_000;

/// Keeps the balance true.
pub fn keep_credits_fresh(page: Page) {
    let every = std::time::Duration::from_millis(BALANCE_MS);
    crate::web::dom::while_seen(every, move || refresh_credits(page));
}

/// Fetches the credits that are free: what runs hold is spoken for.
pub fn refresh_credits(page: Page) {
    if page.try_core().is_none() {
        return;
    }
    let path = page.at("/api/credits");
    leptos::task::spawn_local(async move {
        let Ok(credits) = http::get::<Credits>(&path).await else { return };
        let free = credits.balance - credits.held;
        if page.try_core().is_some() {
            page.credits.set(Some(price::grouped(&free.to_string())));
            page.overlays.balance.set(Some(free));
        }
    });
}
