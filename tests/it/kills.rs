//! A server killed at every place where that could lose or double something: the end is as if it had not happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gesso_protocol::ids::{CanvasId, RunId};
use gesso_server::failpoint::{self, Failpoints};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Database, Remains, TestServer, databases};
use tokio_util::sync::CancellationToken;

/// Longest time a run may take, in s.
const PATIENCE_S: u64 = 20;
/// Time between two looks at a run, in ms.
const LOOK_MS: u64 = 5;
/// The last step: what is bought twice if it is asked for twice.
const UNSAFE: &str = "h";

/// A list of three → keyed → safe → evaluator → unsafe.
fn canvas(second: &str) -> Value {
    json!([
        {"op": "add_node", "id": "l", "kind": "list", "items": ["one", second, "three"]},
        {"op": "add_node", "id": "g", "kind": "image_generator", "settings": {"model": "keyed-image"}},
        {"op": "add_node", "id": "u", "kind": "image_upscaler", "settings": {"model": "fake-upscale"}},
        {"op": "add_node", "id": "e", "kind": "evaluator"},
        {"op": "add_node", "id": UNSAFE, "kind": "image_generator", "text": "again",
         "settings": {"model": "unsafe-image"}},
        {"op": "connect", "from": ["l", "items"], "to": ["g", "prompt"]},
        {"op": "connect", "from": ["g", "image"], "to": ["u", "image"]},
        {"op": "connect", "from": ["u", "image"], "to": ["e", "candidates"]},
        {"op": "connect", "from": ["e", "output"], "to": [UNSAFE, "references"]},
    ])
}

fn step<'a>(run: &'a Value, node: &str) -> &'a Value {
    run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node).unwrap()
}

fn items(step: &Value) -> &Vec<Value> {
    step["items"].as_array().unwrap()
}

fn has_ended(run: &Value) -> bool {
    ["succeeded", "failed", "cancelled"].iter().any(|status| run["status"] == *status)
}

fn milli(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 1000.0).round() as i64
}

/// Asks for the run, as a client does that repeats what got no answer. `None` where the server died over it.
async fn ask(server: &TestServer, canvas: &str) -> Option<String> {
    let url = format!("{}/api/canvases/{canvas}/runs", server.url);
    let request = server.client.post(url).header("idempotency-key", "once");
    let answer = request.json(&json!({"mode": "workflow"})).send().await.ok()?;
    let answer: Value = answer.json().await.ok()?;
    Some(answer["id"].as_str().unwrap_or_else(|| panic!("a run: {answer}")).to_owned())
}

/// The person's part in a run.
#[derive(Clone, Copy, PartialEq)]
enum Person {
    /// Accepts the first and the last candidate.
    Reviews,
    /// Stops the run when only the endless call is left.
    Stops,
}

/// Goes on with a run to its end.
async fn finish(server: &TestServer, run: &str, person: Person) -> Value {
    let at = format!("/api/runs/{run}");
    let until = Instant::now() + Duration::from_secs(PATIENCE_S);
    loop {
        let body = server.get(&at).await;
        if has_ended(&body) {
            return body;
        }
        assert!(Instant::now() < until, "the run never ends: {body:#}");
        match person {
            Person::Reviews if step(&body, "e")["state"] == "paused" => {
                let candidates: Vec<&Value> =
                    items(step(&body, "e")).iter().map(|item| &item["generations"][0]).collect();
                assert_eq!(candidates.len(), 3, "a step that waits has its candidates: {body:#}");
                let accept = json!({"node": "e", "accept": [candidates[0], candidates[2]]});
                // A server that dies over it may refuse; what counts is what the run says afterwards.
                server.call(Method::POST, &format!("{at}/review"), Some(accept)).await;
            }
            Person::Stops if step(&body, "u")["state"] == "running" => {
                let done = items(step(&body, "u")).iter().filter(|i| i["state"] == "completed");
                if done.count() == 2 && server.fake.purchases().iter().all(|bought| bought.known) {
                    server.call(Method::POST, &format!("{at}/cancel"), None).await;
                }
            }
            Person::Reviews | Person::Stops => {}
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// State of everything once a run has ended, without what differs from run to run anyway.
#[derive(Debug, PartialEq)]
struct Standing {
    status: Value,
    /// Node → its state, error and cost, and what stands in the history of the canvas.
    steps: BTreeMap<String, Value>,
    /// Node and position → state, cost, error, number of generations.
    items: BTreeMap<(String, u64), Value>,
    accepted: u64,
    balance: i64,
    /// Sums of the ledger by kind.
    ledger: BTreeMap<String, i64>,
    bought: Vec<(String, String, u32)>,
}

/// Reads it, and checks what holds for every run.
async fn standing(server: &TestServer, canvas: &str, run: &str) -> Standing {
    let body = server.get(&format!("/api/runs/{run}")).await;
    let runs = server.get(&format!("/api/canvases/{canvas}/runs")).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "one run, however often asked for");
    check_document(server, canvas, &body).await;
    let mut steps = BTreeMap::new();
    let mut by_item = BTreeMap::new();
    let mut cost = 0;
    for step in body["steps"].as_array().unwrap() {
        let node = step["node"].as_str().unwrap().to_owned();
        let history = server.get(&format!("/api/canvases/{canvas}/nodes/{node}/generations")).await;
        let history = history["items"].as_array().unwrap();
        let made: u64 = items(step)
            .iter()
            .map(|item| {
                let count = item["generations"].as_array().unwrap().len() as u64;
                let facts = json!([
                    item["state"],
                    item["cost"],
                    item["error"]["code"],
                    item["reused"],
                    count
                ]);
                by_item.insert((node.clone(), item["n"].as_u64().unwrap()), facts);
                let seeds: Vec<&Value> = step["outputs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|made| made["key"] == item["key"] && made["run"] == body["id"])
                    .map(|made| &made["seed"])
                    .collect();
                assert!(
                    seeds.iter().all(|seed| **seed == item["seed"]),
                    "{node}: {item} {seeds:?}"
                );
                count
            })
            .sum();
        if step["kind"] != "evaluator" {
            assert_eq!(history.len() as u64, made, "{node}: the history and the items");
        }
        let sum: i64 = items(step).iter().map(|item| milli(&item["cost"])).sum();
        assert_eq!(milli(&step["cost"]), sum, "{node}: the sum of its items");
        cost += sum;
        steps.insert(
            node,
            json!([step["state"], step["error"]["code"], step["cost"], history.len()]),
        );
    }
    assert_eq!(milli(&body["cost"]), cost, "the sum of its steps");
    assert_eq!(milli(&body["held"]), 0);
    let credits = server.get("/api/credits").await;
    assert_eq!(credits["held"], 0);
    assert_eq!(milli(&credits["balance"]), 10_000_000 - cost, "what it cost and nothing else");
    let ledger = ledger(server, run).await;
    let entry = |kind: &str| ledger.get(kind).copied().unwrap_or_default();
    assert_eq!(entry("hold"), entry("capture") + entry("release"), "{ledger:?}");
    assert_eq!(entry("capture"), cost);
    assert_eq!(server.fake.bought_twice(), Vec::<String>::new());
    let mut bought: Vec<_> = server
        .fake
        .purchases()
        .into_iter()
        .map(|bought| (bought.model, bought.prompt, bought.count))
        .collect();
    bought.sort();
    let accepted = step(&body, "e")["review"]["accepted"].as_array().map_or(0, Vec::len) as u64;
    Standing {
        status: body["status"].clone(),
        steps,
        items: by_item,
        accepted,
        balance: milli(&credits["balance"]),
        ledger,
        bought,
    }
}

/// The sums of a run's entries by kind, in millicredits.
async fn ledger(server: &TestServer, run: &str) -> BTreeMap<String, i64> {
    let ledger = server.get("/api/credits/ledger?limit=1000").await;
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for entry in ledger["items"].as_array().unwrap().iter().filter(|entry| entry["run"] == run) {
        let kind = entry["kind"].as_str().unwrap().to_owned();
        *sums.entry(kind).or_default() += milli(&entry["amount"]);
    }
    sums
}

/// The document says what the database says.
async fn check_document(server: &TestServer, canvas: &str, run: &Value) {
    let at = format!("/api/canvases/{canvas}/graph");
    let graph = server.get(&at).await;
    for step in run["steps"].as_array().unwrap() {
        let name = &step["node"];
        let node =
            graph["nodes"].as_array().unwrap().iter().find(|node| node["id"] == *name).unwrap();
        let result = &node["result"];
        for key in ["state", "error", "cost", "started_at", "finished_at"] {
            assert_eq!(result[key], step[key], "{name}.{key} in the document and in the run");
        }
        assert_eq!(result["run"], run["id"], "{name}");
        let shown = result["items"].as_object().unwrap();
        let is_review = step["kind"] == "evaluator";
        let recorded: BTreeMap<&str, &Value> = items(step)
            .iter()
            .filter(|item| !is_review || item["state"] == "completed")
            .map(|item| (item["key"].as_str().unwrap(), item))
            .collect();
        assert_eq!(
            shown.keys().map(String::as_str).collect::<Vec<_>>(),
            recorded.keys().copied().collect::<Vec<_>>(),
            "{name}: its items in the document and in the run"
        );
        let or =
            |value: &Value, default: Value| if value.is_null() { default } else { value.clone() };
        for (key, item) in recorded {
            let shown = &shown[key];
            for (field, default) in [
                ("n", json!(0)),
                ("state", json!("idle")),
                ("generations", json!([])),
                ("error", Value::Null),
                ("reused", json!(false)),
            ] {
                let (shown, item) = (or(&shown[field], default.clone()), or(&item[field], default));
                assert_eq!(shown, item, "{name} {key}: {field} in the document and in the run");
            }
        }
        let ids = |made: &Value| -> BTreeSet<String> {
            let made = made.as_array().unwrap().iter();
            made.map(|made| made["id"].as_str().unwrap().to_owned()).collect()
        };
        if !is_review {
            assert_eq!(ids(&node["generations"]), ids(&step["outputs"]), "{name}");
            assert_eq!(
                node["generations"].as_array().unwrap().len(),
                ids(&node["generations"]).len(),
                "{name}: no generation twice"
            );
        }
    }
}

/// The same run without any kill.
async fn undisturbed(database: &Database, person: Person, failpoints: Failpoints) -> Standing {
    let server = TestServer::start_with(database, failpoints).await;
    let canvas = server.canvas(canvas(second(person))).await;
    let run = ask(&server, &canvas).await.unwrap();
    finish(&server, &run, person).await;
    standing(&server, &canvas, &run).await
}

fn second(person: Person) -> &'static str {
    match person {
        Person::Reviews => "two",
        Person::Stops => "two forever",
    }
}

/// Calls of the unsafe step that were under way without a known job when the server died.
async fn in_doubt(remains: &Remains, canvas: &str) -> BTreeSet<u64> {
    let db = remains.db().await;
    let mut in_doubt = BTreeSet::new();
    for run in db.unfinished_runs_of(&CanvasId::new(canvas)).await.unwrap() {
        for row in db.invocations(&run.id).await.unwrap() {
            if row.node.as_str() == UNSAFE && row.state == "running" && row.job.is_none() {
                in_doubt.insert(row.n as u64);
            }
        }
    }
    db.close().await;
    in_doubt
}

/// Kills a server at a place, goes on with another one, and compares the end with that of an undisturbed run.
async fn kill_at(
    database: &Database,
    name: &'static str,
    nth: u32,
    person: Person,
    wanted: &Standing,
) {
    let hit = CancellationToken::new();
    let failpoints = {
        let hit = hit.clone();
        Failpoints::at(name, nth, move || hit.cancel())
    };
    let server = TestServer::start_mortal(database, failpoints).await;
    let canvas = server.canvas(canvas(second(person))).await;
    let play = async {
        let run = ask(&server, &canvas).await?;
        Some(finish(&server, &run, person).await)
    };
    tokio::select! {
        biased;
        () = hit.cancelled() => {}
        _ = play => {
            // The answer may be on its way when the server dies.
            let late = tokio::time::timeout(Duration::from_secs(1), hit.cancelled()).await;
            assert!(late.is_ok(), "the run never passed {name}:{nth}");
        }
    }
    let remains = server.kill().await;
    let in_doubt = in_doubt(&remains, &canvas).await;
    let server = remains.restart().await;
    let run = ask(&server, &canvas).await.expect("an answer");
    finish(&server, &run, person).await;
    let stands = standing(&server, &canvas, &run).await;
    let what = format!("killed at {name}:{nth} on {database:?}");
    if in_doubt.is_empty() {
        assert_eq!(&stands, wanted, "{what}");
        return;
    }
    for (key, facts) in &wanted.items {
        if key.0 == UNSAFE && in_doubt.contains(&key.1) {
            let failed = json!(["failed", 0, "unknown_fate", false, 0]);
            assert_eq!(stands.items[key], failed, "{what}: {key:?}");
        } else {
            assert_eq!(&stands.items[key], facts, "{what}: {key:?}");
        }
    }
    assert_eq!(stands.items.len(), wanted.items.len(), "{what}");
    assert_eq!((&stands.status, stands.accepted), (&json!("failed"), 2), "{what}");
    for (node, facts) in wanted.steps.iter().filter(|(node, _)| *node != UNSAFE) {
        assert_eq!(&stands.steps[node], facts, "{what}: {node}");
    }
}

/// Which passings of a place are tried: the first, and later ones where there are any.
fn passings(name: &str) -> &'static [u32] {
    match name {
        // Three keyed calls, then two unsafe ones.
        failpoint::UNIT_SUBMITTED | failpoint::UNIT_JOB_RECORDED => &[1, 3, 4, 5],
        // Three, three, and two after the review.
        failpoint::UNIT_PRODUCED | failpoint::UNIT_STORED => &[1, 5, 7],
        // Once a turn; each of the three steps needs at least one.
        failpoint::UNIT_RECORDED | failpoint::UNIT_SETTLED => &[1, 2, 3],
        _ => &[1],
    }
}

async fn kill_everywhere(names: impl Iterator<Item = &'static str>) {
    let names: Vec<&str> = names.collect();
    for database in databases() {
        let wanted = undisturbed(&database, Person::Reviews, Failpoints::default()).await;
        assert_eq!(wanted.status, "succeeded", "{wanted:?}");
        assert_eq!(wanted.accepted, 2);
        // 3 × 10, 3 × 5 and 2 × 20 credits.
        assert_eq!(wanted.balance, 9_915_000);
        assert_eq!(wanted.bought.len(), 5);
        for name in &names {
            let all = passings(name);
            // What a passing leaves is the same on both; databases are slower to make there.
            let tried = match database {
                Database::Sqlite => all,
                Database::Postgres(_) => &all[all.len() - 1..],
            };
            for nth in tried {
                kill_at(&database, name, *nth, Person::Reviews, &wanted).await;
            }
        }
    }
}

fn is_of_call(name: &str) -> bool {
    [failpoint::UNIT_SUBMITTED, failpoint::UNIT_JOB_RECORDED, failpoint::UNIT_PRODUCED]
        .contains(&name)
}

/// Of all places that there are, also of ones to come; stopping has a test of its own.
#[tokio::test]
async fn a_kill_while_a_run_is_recorded_changes_nothing() {
    let names = failpoint::NAMES.iter().copied();
    kill_everywhere(names.filter(|n| !is_of_call(n) && *n != failpoint::CANCEL_RECORDED)).await;
}

#[tokio::test]
async fn a_kill_during_a_call_changes_nothing() {
    kill_everywhere(failpoint::NAMES.iter().copied().filter(|name| is_of_call(name))).await;
}

#[tokio::test]
async fn a_kill_while_a_run_is_stopped_changes_nothing() {
    for database in databases() {
        let wanted = undisturbed(&database, Person::Stops, Failpoints::default()).await;
        assert_eq!(wanted.status, "cancelled", "{wanted:?}");
        // Two pictures of 10 and two of 5 credits were done.
        assert_eq!(wanted.balance, 9_970_000);
        for name in [failpoint::CANCEL_RECORDED, failpoint::RUN_FINISHED] {
            kill_at(&database, name, 1, Person::Stops, &wanted).await;
        }
    }
}

/// A commit whose answer was lost is repeated.
#[tokio::test]
async fn a_record_written_twice_counts_once() {
    for database in databases() {
        for person in [Person::Reviews, Person::Stops] {
            let wanted = undisturbed(&database, person, Failpoints::default()).await;
            let doubled = undisturbed(&database, person, Failpoints::doubled()).await;
            assert_eq!(doubled, wanted);
        }
    }
}

/// A server that lost a run to another one changes nothing of it any more, whatever still comes back to it.
#[tokio::test]
async fn a_server_that_lost_a_run_writes_nothing() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server
            .canvas(json!([
                {"op": "add_node", "id": "a", "kind": "image_generator", "text": "slow",
                 "settings": {"model": "keyed-image"}},
                {"op": "add_node", "id": "b", "kind": "image_upscaler",
                 "settings": {"model": "fake-upscale"}},
                {"op": "connect", "from": ["a", "image"], "to": ["b", "image"]},
            ]))
            .await;
        let run = ask(&server, &canvas).await.unwrap();
        let at = format!("/api/runs/{run}");
        server.until(&at, |_| server.fake.purchases().iter().any(|bought| bought.known)).await;
        // Another one takes it over. Its lease has run out at once, so that yet another may follow.
        let fence = server
            .app
            .db
            .take_run(&RunId::new(run.as_str()), "another", 0, i64::MAX, true)
            .await
            .unwrap();
        assert!(fence.is_some());
        let before = server.get(&at).await;
        server.fake.release();
        let until = Instant::now() + Duration::from_secs(PATIENCE_S);
        while server.app.runs.active() > 0 {
            assert!(Instant::now() < until, "its driver goes on");
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        assert_eq!(server.get(&at).await, before, "nothing was recorded");
        assert_eq!(step(&before, "a")["state"], "running");
        let credits = server.get("/api/credits").await;
        assert_eq!(credits, json!({"balance": 10_000, "held": 15}));
        let history = server.get(&format!("/api/canvases/{canvas}/nodes/a/generations")).await;
        assert_eq!(history["items"], json!([]));
        let server = server.restart().await;
        let ended = server.ended(&run).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
        check_document(&server, &canvas, &ended).await;
        for node in ["a", "b"] {
            assert_eq!(step(&ended, node)["outputs"].as_array().unwrap().len(), 1);
        }
        assert_eq!(server.fake.purchases().len(), 1, "the job was asked for, not bought again");
        assert_eq!(server.get("/api/credits").await, json!({"balance": 9985, "held": 0}));
        let sums = ledger(&server, &run).await;
        assert_eq!(sums["hold"], sums["capture"] + sums.get("release").copied().unwrap_or(0));
    }
}

/// A disk that refuses costs nothing, and says so.
#[tokio::test]
async fn a_result_that_cannot_be_stored_is_not_paid() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([
            {"op": "add_node", "id": "a", "kind": "image_generator", "text": "fine",
             "settings": {"model": "keyed-image"}},
            {"op": "add_node", "id": "b", "kind": "image_upscaler",
             "settings": {"model": "fake-upscale"}},
            {"op": "connect", "from": ["a", "image"], "to": ["b", "image"]},
        ]))
        .await;
    let folder: PathBuf = server.folder().join("assets");
    let aside = server.folder().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    let run = ask(&server, &canvas).await.unwrap();
    let ended = server.ended(&run).await;
    assert_eq!(ended["status"], "failed", "{ended:#}");
    let error = &step(&ended, "a")["error"];
    assert_eq!(error["code"], "internal", "{error}");
    assert!(error["detail"].as_str().unwrap().starts_with("The result could not be stored"));
    assert!(error["hint"].as_str().unwrap().contains("Nothing was charged"));
    assert_eq!(step(&ended, "b")["error"]["code"], "blocked");
    check_document(&server, &canvas, &ended).await;
    assert_eq!(server.get("/api/credits").await, json!({"balance": 10_000, "held": 0}));
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    let again = server.post(&format!("/api/runs/{run}/retry"), json!({})).await;
    let ended = server.ended(again["id"].as_str().unwrap()).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    assert_eq!(server.get("/api/credits").await, json!({"balance": 9985, "held": 0}));
}
