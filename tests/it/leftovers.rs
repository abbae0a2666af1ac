//! Leftovers after a client goes away, a node is replaced or a canvas is deleted: nothing that is under way for ever,
//! nothing held, nothing shown where it does not belong, no rows.

use axum::body::Body;
use axum::http::{Request, header};
use gesso_protocol::ids::CanvasId;
use gesso_protocol::plan::{Mode, Target};
use gesso_server::room::RoomError;
use gesso_server::run::StartRequest;
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tests::{Database, TestServer, databases, dropped_after};
use tower::ServiceExt as _;
use yrs::{Map as _, MapRef, TransactionMut, WriteTxn as _};

fn image(id: &str, text: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "image_generator", "text": text,
           "settings": {"model": "fake-image"}})
}

fn asked() -> StartRequest {
    StartRequest {
        person: "ann".to_owned(),
        person_name: "Ann".to_owned(),
        target: Target::of(Mode::Workflow, None),
        max_cost: None,
        stop_on_error: false,
        keep: None,
    }
}

/// Waits until every run of a canvas has ended and nothing is held.
async fn all_ended(server: &TestServer, canvas: &str) {
    let is_ended = |run: &Value| {
        ["succeeded", "failed", "cancelled"].iter().any(|status| run["status"] == *status)
    };
    let runs = format!("/api/canvases/{canvas}/runs?limit=1000");
    server.until(&runs, |list| list["items"].as_array().unwrap().iter().all(is_ended)).await;
    server.until("/api/credits", |credits| credits["held"] == 0).await;
}

/// A run that is recorded and that nobody drives.
async fn lost_run(server: &TestServer, canvas: &str) -> String {
    for polls in 1..10_000 {
        let started =
            dropped_after(polls, server.app.runs.start(&CanvasId::new(canvas), asked())).await;
        let open = server.app.db.open_runs().await.unwrap();
        if let Some(run) = open.into_iter().find(|run| run.canvas.as_str() == canvas) {
            return run.id.to_string();
        }
        assert!(!matches!(started, Some(Ok(_))), "there is no place where a run can be lost");
    }
    panic!("a start never ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_at_any_await_leaves_no_run_behind() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("a", "fine")])).await;
        let router = gesso_server::http::router(server.app.clone());
        for polls in 1..12 {
            let request = Request::builder()
                .method("POST")
                .uri(format!("/api/canvases/{canvas}/runs"))
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(r#"{"mode": "workflow"}"#))
                .unwrap();
            drop(dropped_after(polls, router.clone().oneshot(request)).await);
            all_ended(&server, &canvas).await;
        }
        let at = format!("/api/canvases/{canvas}/runs");
        let last = server.post(&at, json!({"mode": "workflow"})).await["id"].clone();
        assert_eq!(server.ended(last.as_str().unwrap()).await["status"], "succeeded");
        all_ended(&server, &canvas).await;
        let runs = server.get(&format!("/api/canvases/{canvas}/runs")).await;
        let runs = runs["items"].as_array().unwrap();
        assert!(!runs.is_empty() && runs.iter().all(|run| run["status"] == "succeeded"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_nobody_drives_is_found_and_goes_on() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("a", "fine")])).await;
        let run = lost_run(&server, &canvas).await;
        server.app.runs.sweep().await.unwrap();
        assert_eq!(server.ended(&run).await["status"], "succeeded");
        all_ended(&server, &canvas).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_nobody_drives_can_be_stopped() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([image("a", "slow")])).await;
    let run = lost_run(&server, &canvas).await;
    server.post(&format!("/api/runs/{run}/cancel"), json!({})).await;
    assert_eq!(server.ended(&run).await["status"], "cancelled");
    all_ended(&server, &canvas).await;
    server.fake.release();
    let runs = format!("/api/canvases/{canvas}/runs");
    let again = server.post(&runs, json!({"mode": "workflow"})).await;
    assert_eq!(server.ended(again["id"].as_str().unwrap()).await["status"], "succeeded");
}

/// Counts the rows of each table that are left of a canvas and its runs.
async fn rows(server: &TestServer, canvas: &str, runs: &[String]) -> Vec<(&'static str, i64)> {
    let options = SqliteConnectOptions::new().filename(server.folder().join("gesso.db"));
    let mut database = SqliteConnection::connect_with(&options.read_only(true)).await.unwrap();
    let of_canvas = [
        "runs",
        "active_nodes",
        "node_results",
        "generations",
        "late_results",
        "doc_updates",
        "doc_snapshots",
    ];
    let of_run = ["steps", "invocations", "reviews", "run_snapshots", "late_results"];
    let mut left = Vec::new();
    for table in of_canvas {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE canvas = ?"));
        let (count,) = sqlx::query_as(sql).bind(canvas).fetch_one(&mut database).await.unwrap();
        left.push((table, count));
    }
    for table in of_run {
        let mut all = 0;
        for run in runs {
            let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE run = ?"));
            let (count,): (i64,) =
                sqlx::query_as(sql).bind(run).fetch_one(&mut database).await.unwrap();
            all += count;
        }
        left.push((table, all));
    }
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_canvas_leaves_nothing_whoever_comes_back_meanwhile() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([
            image("a", "late fox"),
            image("b", "fine"),
            {"op": "add_node", "id": "e", "kind": "evaluator"},
            {"op": "connect", "from": ["b", "image"], "to": ["e", "candidates"]},
            image("c", "late hen"),
        ]))
        .await;
    let at = format!("/api/canvases/{canvas}/runs");
    let first = server.post(&at, json!({"mode": "selection", "nodes": ["a", "b", "e"]})).await;
    let first = first["id"].as_str().unwrap().to_owned();
    let path = format!("/api/runs/{first}");
    let step = |run: &Value, node: &str| {
        run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node).cloned().unwrap()
    };
    let run = server.until(&path, |run| step(run, "e")["state"] == "paused").await;
    let candidate = step(&run, "e")["items"][0]["generations"][0].clone();
    server.post(&format!("{path}/review"), json!({"node": "e", "accept": [candidate]})).await;
    server.post(&format!("{path}/cancel"), json!({})).await;
    server.ended(&first).await;
    // One is under way, and does not care about being stopped.
    let second = server.post(&at, json!({"mode": "node", "node": "c"})).await;
    let second = second["id"].as_str().unwrap().to_owned();
    server.until(&format!("/api/runs/{second}"), |run| run["status"] == "running").await;
    let lost = {
        let start = StartRequest { target: Target::of(Mode::Node, Some("b")), ..asked() };
        drop(
            dropped_after(20, server.app.runs.start(&CanvasId::new(canvas.as_str()), start)).await,
        );
        server.app.db.open_runs().await.unwrap().into_iter().map(|run| run.id.to_string())
    };
    let mut runs = vec![first, second];
    runs.extend(lost);
    let (app, id) = (server.app.clone(), CanvasId::new(canvas.as_str()));
    let coming_back = tokio::spawn(async move {
        loop {
            match app.rooms.open(&id).await {
                Ok(room) => drop(room.encode_state().await),
                Err(RoomError::NotFound | RoomError::Deleted) => return,
                Err(_) => {}
            }
            tokio::task::yield_now().await;
        }
    });
    let url = format!("{}/api/canvases/{canvas}", server.url);
    let deleted = server.client.delete(&url).send().await.unwrap();
    assert_eq!(deleted.status().as_u16(), 204);
    coming_back.await.unwrap();
    assert!(matches!(
        server.app.rooms.open(&CanvasId::new(canvas.as_str())).await,
        Err(RoomError::Deleted)
    ));
    // What came late comes now.
    server.fake.release();
    server.until("/api/credits", |credits| credits["held"] == 0).await;
    server.app.runs.sweep().await.unwrap();
    let left = rows(&server, &canvas, &runs).await;
    assert!(left.iter().all(|(_, count)| *count == 0), "{left:?}");
    let (status, _) = server.call(reqwest::Method::GET, &path, None).await;
    assert_eq!(status.as_u16(), 404);
    let ledger = server.get("/api/credits/ledger?limit=1000").await;
    let sum = |kind: &str| -> f64 {
        let entries = ledger["items"].as_array().unwrap().iter();
        entries.filter(|entry| entry["kind"] == kind).map(|e| e["amount"].as_f64().unwrap()).sum()
    };
    assert_eq!(sum("hold"), sum("capture") + sum("release"), "what was paid stays written");
}

/// Returns a node as `GET …/graph` shows it.
async fn shown(server: &TestServer, canvas: &str, node: &str) -> Value {
    let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
    let nodes = graph["nodes"].as_array().unwrap();
    nodes.iter().find(|shown| shown["id"] == node).cloned().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_land_on_the_node_they_were_made_for_alone() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("a", "fine"), image("b", "slow")])).await;
        let at = format!("/api/canvases/{canvas}/runs");
        let edits = format!("/api/canvases/{canvas}/edits");
        let made = server.post(&at, json!({"mode": "node", "node": "a"})).await;
        server.ended(made["id"].as_str().unwrap()).await;
        let slow = server.post(&at, json!({"mode": "node", "node": "b"})).await;
        let slow = slow["id"].as_str().unwrap().to_owned();
        server.until(&format!("/api/runs/{slow}"), |run| run["status"] == "running").await;
        for node in ["a", "b"] {
            let other = json!([
                {"op": "remove_node", "node": node},
                {"op": "add_node", "id": node, "kind": "text", "text": "hello"},
            ]);
            server.post(&edits, other).await;
        }
        let nothing = |node: &Value| node["result"].is_null() && node["generations"] == json!([]);
        for node in ["a", "b"] {
            let node = shown(&server, &canvas, node).await;
            assert!(nothing(&node), "what the picture was shows at the text: {node}");
        }
        server.fake.release();
        assert_eq!(server.ended(&slow).await["status"], "succeeded");
        for node in ["a", "b"] {
            let node = shown(&server, &canvas, node).await;
            assert!(nothing(&node), "a picture at a text: {node}");
        }
        let library = server.get("/api/assets").await;
        assert!(!library["items"].as_array().unwrap().is_empty(), "it is in the library");
        let server = server.restart().await;
        for node in ["a", "b"] {
            let node = shown(&server, &canvas, node).await;
            assert!(nothing(&node), "a picture at a text after a restart: {node}");
        }
        let back = json!([{"op": "remove_node", "node": "b"}, image("b", "slow")]);
        server.post(&edits, back).await;
        // It comes back although the room never had what was made for it.
        let graph = format!("/api/canvases/{canvas}/graph");
        let is_back = |graph: &Value| {
            let mut nodes = graph["nodes"].as_array().unwrap().iter();
            let node = nodes.find(|node| node["id"] == "b").unwrap();
            node["state"] == "completed" && node["generations"].as_array().unwrap().len() == 1
        };
        server.until(&graph, is_back).await;
        let server = server.restart().await;
        let node = shown(&server, &canvas, "b").await;
        assert_eq!(node["generations"].as_array().unwrap().len(), 1, "{node}");
    }
}

/// A result of the picture that a node was before is no result of the assistant that it is now, although the assistant
/// says that it shows that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_of_what_another_kind_made_flows_nowhere() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("x", "fine")])).await;
        let at = format!("/api/canvases/{canvas}/runs");
        let edits = format!("/api/canvases/{canvas}/edits");
        let made = server.post(&at, json!({"mode": "node", "node": "x"})).await;
        server.ended(made["id"].as_str().unwrap()).await;
        let old = shown(&server, &canvas, "x").await["generations"][0]["id"].clone();
        let other = json!([
            {"op": "remove_node", "node": "x"},
            {"op": "add_node", "id": "x", "kind": "assistant", "text": "hello",
                "output": {"": {"use": {"generation": old}, "after": null}}},
            {"op": "add_node", "id": "p", "kind": "image_generator", "settings": {"model": "fake-image"}},
            {"op": "connect", "from": ["x", "text"], "to": ["p", "prompt"]},
        ]);
        server.post(&edits, other).await;
        let x = shown(&server, &canvas, "x").await;
        assert_eq!(x["generations"], json!([]), "{x}");
        let run = json!({"mode": "node", "node": "p"});
        server.refused(&at, run, "missing_input").await;
    }
}

/// The same where somebody changes the kind in place, which the document's rules forbid and nothing keeps them from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_kind_has_no_results_of_the_first() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("x", "fine")])).await;
        let at = format!("/api/canvases/{canvas}");
        let made = server.post(&format!("{at}/runs"), json!({"mode": "node", "node": "x"})).await;
        server.ended(made["id"].as_str().unwrap()).await;
        let becomes = |kind: &'static str| {
            move |txn: &mut TransactionMut<'_>| {
                let nodes = txn.get_or_insert_map("nodes");
                nodes.get(txn, "x").unwrap().cast::<MapRef>().unwrap().insert(txn, "kind", kind);
            }
        };
        let shows = |kind: &'static str, count: usize| {
            move |graph: &Value| {
                let node = &graph["nodes"][0];
                node["kind"] == kind && node["generations"].as_array().unwrap().len() == count
            }
        };
        let graph = format!("{at}/graph");
        server.write(&canvas, becomes("assistant")).await;
        server.until(&graph, shows("assistant", 0)).await;
        server.write(&canvas, becomes("image_generator")).await;
        server.until(&graph, shows("image_generator", 1)).await;
    }
}

/// What a node made comes back with it, also when the canvas was closed and opened twice meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_gone_for_long_shows_what_it_made() {
    for database in databases() {
        let mut server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("b", "fine"), image("other", "fine")])).await;
        let edits = format!("/api/canvases/{canvas}/edits");
        let graph = format!("/api/canvases/{canvas}/graph");
        let runs = format!("/api/canvases/{canvas}/runs");
        let run = server.post(&runs, json!({"mode": "node", "node": "b"})).await;
        server.ended(run["id"].as_str().unwrap()).await;
        server.post(&edits, json!([{"op": "remove_node", "node": "b"}])).await;
        for _ in 0..2 {
            server = server.restart().await;
            let held = server.get(&graph).await;
            assert_eq!(held["nodes"].as_array().unwrap().len(), 1);
        }
        server.post(&edits, json!([image("b", "fine")])).await;
        let is_whole = |graph: &Value| {
            let mut nodes = graph["nodes"].as_array().unwrap().iter();
            let node = nodes.find(|node| node["id"] == "b").unwrap();
            node["state"] == "completed" && node["generations"].as_array().unwrap().len() == 1
        };
        server.until(&graph, is_whole).await;
    }
}

/// Undone, or made anew under its id: what was paid for is there, also for those who never left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_shows_what_was_made_meanwhile() {
    for database in databases() {
        for between in [json!([]), json!([{"op": "add_node", "id": "b", "kind": "text"}])] {
            let server = TestServer::start(&database).await;
            let canvas = server.canvas(json!([image("b", "slow")])).await;
            let edits = format!("/api/canvases/{canvas}/edits");
            let runs = format!("/api/canvases/{canvas}/runs");
            let run = server.post(&runs, json!({"mode": "workflow"})).await;
            let run = run["id"].as_str().unwrap().to_owned();
            server.until(&format!("/api/runs/{run}"), |run| run["status"] == "running").await;
            let gone = json!([{"op": "remove_node", "node": "b"}]);
            server.post(&edits, gone.clone()).await;
            server.post(&edits, between.clone()).await;
            server.fake.release();
            assert_eq!(server.ended(&run).await["status"], "succeeded");
            if between != json!([]) {
                server.post(&edits, gone).await;
            }
            server.post(&edits, json!([image("b", "slow")])).await;
            let graph = format!("/api/canvases/{canvas}/graph");
            let is_whole = |graph: &Value| {
                let node = &graph["nodes"][0];
                node["state"] == "completed"
                    && node["generations"].as_array().is_some_and(|made| made.len() == 1)
            };
            server.until(&graph, is_whole).await;
        }
    }
}
