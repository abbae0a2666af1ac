//! Invariants that hold whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gesso_protocol::plan::{InputBinding, Plan, Unit, Units};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Generation, ItemContent};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::play::{Play, is_terminal};
use super::world::World;

/// Longest time until the document shows what is recorded.
const SHOWN_MAX: Duration = Duration::from_secs(3);
/// The note of a capture that no run made.
const TAKEN_LATE: &str = "taken over after its cancellation";

/// Everything terminal that was seen, to be the same for ever.
#[derive(Default)]
pub(super) struct Seen {
    /// Run, step or item → what it was.
    ended: BTreeMap<(String, String, Option<String>), Value>,
}

impl Seen {
    /// True if a run was seen to have ended.
    pub(super) fn has_ended(&self, run: &str) -> bool {
        self.ended.contains_key(&(run.to_owned(), String::new(), None))
    }

    pub(super) fn look(&mut self, run: &Value) {
        let id = text(&run["id"]);
        if is_terminal(run) {
            let mut whole = run.clone();
            whole["late"] = Value::Null;
            for step in whole["steps"].as_array_mut().expect("steps") {
                // A late result that is taken over was made by this run.
                step["outputs"] = Value::Null;
            }
            assert_eq!(whole["held"], 0, "nothing is held for a run that has ended: {run}");
            self.keep((id.clone(), String::new(), None), whole);
        }
        for step in list(&run["steps"]) {
            let node = text(&step["node"]);
            let ended = !step["finished_at"].is_null();
            assert_eq!(ended, !is_active(&step["state"]), "{step}");
            if ended {
                let names = ["state", "finished_at", "started_at", "cost", "error", "review"];
                let part: BTreeMap<&str, &Value> =
                    names.iter().map(|name| (*name, &step[*name])).collect();
                self.keep((id.clone(), node.clone(), None), json!(part));
            }
            for item in list(&step["items"]) {
                if !is_active(&item["state"]) {
                    let key = text(&item["key"]);
                    self.keep((id.clone(), node.clone(), Some(key)), item.clone());
                }
            }
        }
    }

    fn keep(&mut self, what: (String, String, Option<String>), now: Value) {
        match self.ended.get(&what) {
            None => {
                self.ended.insert(what, now);
            }
            Some(before) => assert_eq!(*before, now, "a terminal state changed: {what:?}"),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn is_active(state: &Value) -> bool {
    ["pending", "running", "paused"].iter().any(|active| state == *active)
}

fn money(value: &Value) -> i64 {
    Money::from_json(value).unwrap_or_else(|| panic!("no money: {value}")).0
}

/// An entry of the ledger as the database has it.
#[derive(sqlx::FromRow)]
struct Entry {
    kind: String,
    amount: i64,
    run: Option<String>,
    node: Option<String>,
    item: Option<String>,
    note: String,
}

/// Everything, at the end of a seed.
pub(super) fn all(play: &mut Play) {
    let violations = play.world.market.violations();
    assert!(violations.is_empty(), "{violations:#?}");
    let mut ids = BTreeSet::new();
    let canvases = play.canvases();
    for canvas in &canvases {
        for run in play.world.pages(&format!("/api/canvases/{canvas}/runs"), 7) {
            assert!(ids.insert(text(&run["id"])), "a run is listed once: {run}");
        }
    }
    assert_eq!(ids, play.runs.keys().cloned().collect(), "every run was asked for");
    let runs = play.ended();
    let items = runs.iter().flat_map(|run| list(&run["steps"])).flat_map(|s| list(&s["items"]));
    let called = items.filter(|item| item["attempts"].as_u64() > Some(0)).count();
    let bought = play.world.market.units();
    assert!(bought <= called, "{called} items were called, under {bought} keys");
    let mut database = play.world.block_on(open(&play.world));
    let entries = ledger(&play.world, &mut database);
    let made: BTreeMap<&String, Histories> =
        canvases.iter().map(|canvas| (canvas, histories(&play.world, canvas, &runs))).collect();
    for run in &runs {
        let told = play.world.block_on(told(&mut database, &text(&run["id"])));
        let made = &made[&text(&run["canvas"])];
        credits_of(run, &entries);
        outcome_of(run, &told, &entries);
        generations_of(run, made);
        flow_of(run, &told.plan, made);
        let steps = list(&run["steps"]).iter();
        play.tally.items += steps.map(|step| list(&step["items"]).len()).sum::<usize>();
    }
    drop(database);
    let shown: Vec<Value> =
        canvases.iter().map(|canvas| document(&play.world, canvas, &runs)).collect();
    play.note(format_args!("the last kill"));
    play.world.kill(None);
    for (canvas, shown) in canvases.iter().zip(shown) {
        let again = graph(&play.world, canvas);
        assert_eq!(shown.to_string(), again.to_string(), "the document is built from the database");
    }
    for run in play.ended() {
        play.look_again(&run);
    }
}

async fn open(world: &World) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(world.data().join("gesso.db"));
    SqliteConnection::connect_with(&options.read_only(true)).await.expect("the database")
}

/// Plan of a run, with `stops` where its first failure stops it and `cancelled` where somebody did.
struct Told {
    plan: Plan,
    stops: bool,
    cancelled: bool,
}

async fn told(database: &mut SqliteConnection, run: &str) -> Told {
    const SQL: &str = "SELECT s.body, r.on_error, r.cancel_requested \
         FROM run_snapshots s JOIN runs r ON r.id = s.run WHERE s.run = ?";
    let (body, on_error, cancelled): (String, String, i64) =
        sqlx::query_as(SQL).bind(run).fetch_one(database).await.expect("a run has a snapshot");
    let plan = serde_json::from_str(&body).expect("a plan");
    Told { plan, stops: on_error == "stop", cancelled: cancelled != 0 }
}

/// The ledger, whose sums are the balance.
fn ledger(world: &World, database: &mut SqliteConnection) -> Vec<Entry> {
    const SQL: &str = "SELECT kind, amount, run, node, item, note FROM ledger ORDER BY id DESC";
    let entries: Vec<Entry> = world
        .block_on(async { sqlx::query_as(SQL).fetch_all(database).await })
        .expect("the ledger");
    let told = world.pages("/api/credits/ledger", 53);
    assert_eq!(told.len(), entries.len());
    for (told, entry) in told.iter().zip(&entries) {
        let run = entry.run.as_deref();
        let row = json!([entry.kind, Money(entry.amount), run, entry.node, entry.note]);
        let told = json!([told["kind"], told["amount"], told["run"], told["node"], told["note"]]);
        assert_eq!(told, row, "the ledger that is told is the ledger");
        assert!(entry.amount >= 0);
    }
    let credits = world.get("/api/credits");
    let sum = |kind: &str| -> i64 {
        entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum()
    };
    assert_eq!(credits["held"], 0, "nothing is held after the end");
    assert_eq!(money(&credits["balance"]), sum("grant") - sum("capture"), "balance");
    assert!(money(&credits["balance"]) >= 0);
    entries
}

/// Checks that everything held for a run was captured or given back, and that its cost is what was captured.
fn credits_of(run: &Value, entries: &[Entry]) {
    let id = text(&run["id"]);
    let mine = || entries.iter().filter(|entry| entry.run.as_deref() == Some(&id));
    let own = || mine().filter(|entry| entry.note != TAKEN_LATE);
    let sum = |kind: &str| -> i64 {
        own().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum()
    };
    assert_eq!(own().filter(|entry| entry.kind == "hold").count(), 1, "{run}");
    assert_eq!(sum("hold"), sum("capture") + sum("release"), "hold of {run}");
    assert_eq!(money(&run["cost"]), sum("capture"), "cost of {run}");
    let steps: i64 = list(&run["steps"]).iter().map(|step| money(&step["cost"])).sum();
    assert_eq!(steps, sum("capture"), "steps of {run}");
    let mut bought: BTreeMap<(String, String), i64> = BTreeMap::new();
    for step in list(&run["steps"]) {
        let items = list(&step["items"]);
        let cost: i64 = items.iter().map(|item| money(&item["cost"])).sum();
        assert_eq!(cost, money(&step["cost"]), "a step costs what its items cost: {step}");
        for item in items {
            if is_bought(step, item) {
                bought.insert((text(&step["node"]), text(&item["key"])), money(&item["cost"]));
            }
        }
    }
    let mut captured: BTreeMap<(String, String), i64> = BTreeMap::new();
    for entry in own().filter(|entry| entry.kind == "capture") {
        let unit = (entry.node.clone().unwrap_or_default(), entry.item.clone().unwrap_or_default());
        let before = captured.insert(unit, entry.amount);
        assert_eq!(before, None, "captured twice: {:?} of {run}", entry.item);
    }
    assert_eq!(captured, bought, "every finished invocation is charged exactly once: {run}");
}

/// True if a run called a provider for an item, and got something.
fn is_bought(step: &Value, item: &Value) -> bool {
    item["state"] == "completed" && item["reused"] == false && step["kind"] != "evaluator"
}

/// Checks that the outcome of each unit follows from the outcomes of those it depends on.
fn outcome_of(run: &Value, told: &Told, entries: &[Entry]) {
    let plan = &told.plan;
    let units = plan.units();
    let steps = list(&run["steps"]);
    let nodes: Vec<String> = steps.iter().map(|step| text(&step["node"])).collect();
    let planned: Vec<&str> = plan.steps.iter().map(|step| step.node.as_str()).collect();
    assert_eq!(nodes.iter().collect::<Vec<_>>(), planned, "a run executes its snapshot");
    let items: BTreeMap<(&str, &str), &Value> = steps
        .iter()
        .flat_map(|step| {
            let node = step["node"].as_str().unwrap_or_default();
            list(&step["items"])
                .iter()
                .map(move |item| ((node, item["key"].as_str().unwrap_or_default()), item))
        })
        .collect();
    let item = |unit: &Unit| {
        let node = plan.steps[unit.step.at()].node.as_str();
        items.get(&(node, unit.key.as_str())).copied()
    };
    let state = |unit: &Unit| item(unit).and_then(|item| item["state"].as_str()).unwrap_or("idle");
    let holds = entries
        .iter()
        .find(|entry| entry.kind == "hold" && entry.run.as_deref() == run["id"].as_str());
    let hold: i64 = units.all.iter().map(|unit| unit.hold.0).sum();
    assert_eq!(holds.map(|entry| entry.amount), Some(hold), "the hold is that of its units");
    let keys: BTreeSet<(&str, &str)> = units
        .all
        .iter()
        .map(|unit| (plan.steps[unit.step.at()].node.as_str(), unit.key.as_str()))
        .collect();
    assert_eq!(keys.len(), units.all.len(), "no two units have one key: {run}");
    assert!(items.keys().all(|key| keys.contains(key)), "items are units: {run}");
    let mut failed = 0;
    for unit in &units.all {
        let step = &plan.steps[unit.step.at()];
        let what = || format!("{} {} of {run}", step.node, unit.key);
        if unit.kept {
            assert!(item(unit).is_some_and(|item| item["reused"] == true), "{}", what());
            continue;
        }
        assert!(step.is_review() || item(unit).is_some(), "{}", what());
        let arrived = unit.picks.iter().all(|pick| match *pick {
            InputBinding::Ready { .. } | InputBinding::AllReady(_) => true,
            InputBinding::Unit { unit, nth } => {
                let unit = &units.all[unit.at()];
                let made = item(unit).map_or(0, |item| list(&item["generations"]).len());
                state(unit) == "completed" && (nth.unwrap_or(0) as usize) < made.max(1)
            }
            InputBinding::AllOf(at) => {
                let all = units.step(at);
                let done = |unit: &Unit| state(unit) == "completed";
                // What nobody accepted is no hole: the batch is what is left of it.
                let lost = |unit: &Unit| {
                    state(unit) == "failed"
                        || item(unit).is_some_and(|item| !item["error"].is_null())
                };
                all.is_empty() || (all.iter().any(done) && !all.iter().any(lost))
            }
        });
        failed += usize::from(state(unit) == "failed");
        match state(unit) {
            "completed" | "failed" => assert!(arrived, "called without its inputs: {}", what()),
            "cancelled" => {
                let rejected = unit.picks.iter().any(|pick| match *pick {
                    InputBinding::Ready { .. } | InputBinding::AllReady(_) => false,
                    InputBinding::Unit { unit, .. } => {
                        let unit = &units.all[unit.at()];
                        // Not accepted, or after something that was not.
                        ["idle", "cancelled"].contains(&state(unit))
                    }
                    InputBinding::AllOf(at) => {
                        let mut all = units.step(at).iter();
                        all.all(|unit| ["idle", "cancelled"].contains(&state(unit)))
                    }
                });
                assert!(told.cancelled || rejected, "nobody stopped {}", what());
            }
            // Whether a candidate was asked about is not known afterwards.
            "idle" if step.is_review() => {}
            "idle" => {
                let halted = told.stops && run["status"] == "failed";
                assert!(!arrived || halted, "never called: {}", what());
                let error = &item(unit).expect("checked above")["error"];
                assert_eq!(error["code"], "blocked", "{}", what());
            }
            other => panic!("{other}: {}", what()),
        }
        if let Some(item) = item(unit) {
            assert!(money(&item["cost"]) <= unit.hold.0, "{}", what());
            let attempts = item["attempts"].as_u64().unwrap_or_default();
            assert!(attempts > 0 || !is_bought(&steps[unit.step.at()], item), "{}", what());
        }
    }
    assert_eq!(run["status"] == "failed", failed > 0, "a run with a failed item has failed: {run}");
}

/// The history of every node that runs had: generation id → its node, and itself.
type Histories = BTreeMap<String, (String, Generation)>;

fn histories(world: &World, canvas: &str, runs: &[Value]) -> Histories {
    let mine = runs.iter().filter(|run| run["canvas"] == canvas);
    let steps = mine.flat_map(|run| list(&run["steps"]));
    let nodes: BTreeSet<String> = steps.map(|step| text(&step["node"])).collect();
    let mut all = Histories::new();
    for node in nodes {
        let path = format!("/api/canvases/{canvas}/nodes/{node}/generations");
        for made in world.pages(&path, 11) {
            let generation: Generation =
                serde_json::from_value(made.clone()).expect("a generation");
            let before = all.insert(generation.id.clone(), (node.clone(), generation));
            assert!(before.is_none(), "a generation stands in one history, once: {made}");
        }
    }
    all
}

/// Checks that everything a run bought was made from exactly the contents of the items that it depends on.
fn flow_of(run: &Value, plan: &Plan, made: &Histories) {
    let units = plan.units();
    for unit in &units.all {
        let step = &plan.steps[unit.step.at()];
        let Some(item) = item_of(run, plan, unit) else { continue };
        if !is_bought(&list(&run["steps"])[unit.step.at()], item) {
            continue;
        }
        let call = step.invocation(unit, |pick| contents(run, plan, &units, pick, made));
        for id in list(&item["generations"]).iter().map(text) {
            let (_, generation) = &made[&id];
            let same = generation.fingerprint == call.fingerprint().to_string();
            assert!(same, "{} {} was made from something else: {run}", step.node, unit.key);
        }
    }
}

fn item_of<'a>(run: &'a Value, plan: &Plan, unit: &Unit) -> Option<&'a Value> {
    let node = &plan.steps[unit.step.at()].node;
    let step = list(&run["steps"]).iter().find(|step| step["node"] == node.as_str())?;
    list(&step["items"]).iter().find(|item| item["key"] == *unit.key)
}

/// Returns the contents of a pick, as the items of the run tell.
fn contents(
    run: &Value,
    plan: &Plan,
    units: &Units,
    pick: &InputBinding,
    made: &Histories,
) -> Vec<ItemContent> {
    let of_unit = |unit: &Unit, nth: Option<usize>| -> Vec<ItemContent> {
        let item = item_of(run, plan, unit).filter(|item| item["state"] == "completed");
        if plan.steps[unit.step.at()].is_review() {
            let through = item.and_then(|_| unit.picks.first());
            return through.map(|pick| contents(run, plan, units, pick, made)).unwrap_or_default();
        }
        let ids = item.map(|item| list(&item["generations"]).as_slice()).unwrap_or_default();
        let ids: Vec<String> = match nth {
            Some(nth) => ids.get(nth).map(text).into_iter().collect(),
            None => ids.iter().map(text).collect(),
        };
        ids.iter().filter_map(|id| made[id].1.content()).collect()
    };
    match *pick {
        InputBinding::Ready { ready, item } => {
            vec![plan.ready[ready as usize].items[item as usize].content.clone()]
        }
        InputBinding::AllReady(ready) => {
            plan.ready[ready as usize].items.iter().map(|item| item.content.clone()).collect()
        }
        InputBinding::Unit { unit, nth } => {
            of_unit(&units.all[unit.at()], Some(nth.unwrap_or(0) as usize))
        }
        InputBinding::AllOf(step) => {
            let all = plan.steps[step.at()].send_all;
            units.step(step).iter().flat_map(|unit| of_unit(unit, (!all).then_some(0))).collect()
        }
    }
}

/// Checks that all generations that items name are in the history, and that all that a run made are named by their
/// items.
fn generations_of(run: &Value, made: &Histories) {
    let id = text(&run["id"]);
    let mut named: BTreeSet<String> = BTreeSet::new();
    for step in list(&run["steps"]).iter().filter(|step| step["kind"] != "evaluator") {
        let node = text(&step["node"]);
        for item in list(&step["items"]) {
            for generation in list(&item["generations"]).iter().map(text) {
                let (of_node, of) = made
                    .get(&generation)
                    .unwrap_or_else(|| panic!("{generation} is in no history: {run}"));
                assert_eq!(*of_node, node, "an item names what its own node made: {run}");
                if is_bought(step, item) {
                    let own = (&id, &text(&item["key"]));
                    assert_eq!((&of.run, &of.key), own, "an item names what it made: {run}");
                    assert!(named.insert(generation), "two items name one generation: {run}");
                }
            }
            let empty = list(&item["generations"]).is_empty();
            assert!(
                item["state"] != "completed" || !empty,
                "something completed is something: {run}"
            );
        }
    }
    // Late results that were taken over belong to items that did not complete.
    let items: BTreeSet<(String, String)> = list(&run["steps"])
        .iter()
        .flat_map(|step| {
            let bought = list(&step["items"]).iter().filter(|item| is_bought(step, item));
            bought.map(|item| (text(&step["node"]), text(&item["key"])))
        })
        .collect();
    for (generation, (node, of)) in made {
        if of.run == id && items.contains(&(node.clone(), of.key.clone())) {
            assert!(named.contains(generation), "made and named by no item: {generation} of {run}");
        }
    }
}

/// Returns state, result and generations of every node, as the document shows them.
fn graph(world: &World, canvas: &str) -> Value {
    let graph = world.get(&format!("/api/canvases/{canvas}/graph"));
    let nodes: BTreeMap<String, Value> = list(&graph["nodes"])
        .iter()
        .map(|node| {
            let shown = json!([node["state"], node["result"], node["generations"]]);
            (text(&node["id"]), shown)
        })
        .collect();
    json!(nodes)
}

/// Checks that the document shows what the runs that it names say of themselves, and returns what it shows.
fn document(world: &World, canvas: &str, runs: &[Value]) -> Value {
    let runs: BTreeMap<String, &Value> = runs.iter().map(|run| (text(&run["id"]), run)).collect();
    let begun = Instant::now();
    loop {
        let shown = graph(world, canvas);
        let nodes = shown.as_object().expect("nodes");
        let differs = nodes.iter().find_map(|(node, shown)| {
            let result = &shown[1];
            if result.is_null() {
                return None;
            }
            let run = runs.get(result["run"].as_str()?)?;
            let steps = list(&run["steps"]);
            let step = steps.iter().find(|step| step["node"] == *node).expect("a step");
            let recorded = recorded(step);
            let shown = part_of(result);
            (recorded != shown).then(|| format!("{node}: {shown}\nrecorded: {recorded}"))
        });
        match differs {
            None => return shown,
            // What is recorded is shown right after.
            Some(_) if begun.elapsed() < SHOWN_MAX => std::thread::sleep(Duration::from_millis(2)),
            Some(differs) => panic!("the document differs from the records: {differs}"),
        }
    }
}

fn part_of(result: &Value) -> Value {
    let items: BTreeMap<&String, Value> = result["items"]
        .as_object()
        .expect("items")
        .iter()
        .map(|(key, item)| (key, item_part(item)))
        .collect();
    json!([
        result["state"],
        result["error"],
        result["cost"],
        result["started_at"],
        result["finished_at"],
        items
    ])
}

/// A step as the document should show it.
fn recorded(step: &Value) -> Value {
    let is_review = step["kind"] == "evaluator";
    let items: BTreeMap<String, Value> = list(&step["items"])
        .iter()
        .filter(|item| {
            let idle = item["state"] == "idle";
            let kept = item["state"] == "completed" || is_active(&item["state"]);
            !(idle && item["error"].is_null()) && (!is_review || kept)
        })
        .map(|item| (text(&item["key"]), item_part(item)))
        .collect();
    json!([
        step["state"],
        step["error"],
        step["cost"],
        step["started_at"],
        step["finished_at"],
        items
    ])
}

fn item_part(item: &Value) -> Value {
    let reused = item["reused"] == true;
    json!([item["n"], item["state"], item["generations"], reused, item["error"]])
}
