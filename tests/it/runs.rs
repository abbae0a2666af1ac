//! Runs: what they do, what they cost, and that nothing is ever held or charged wrongly.

use gesso_protocol::values::json_to_any;
use serde_json::{Value, json};
use tests::{TestServer, databases};
use yrs::{Map as _, MapRef, TransactionMut, WriteTxn as _};

/// Two branches behind one text: `a` → `up` and `b`, with these prompts.
fn branches(a: &str, b: &str) -> Value {
    json!([
        {"op": "add_node", "id": "a", "kind": "image_generator", "text": a,
         "settings": {"model": "fake-image"}},
        {"op": "add_node", "id": "b", "kind": "image_generator", "text": b,
         "settings": {"model": "fake-image"}},
        {"op": "add_node", "id": "up", "kind": "image_upscaler", "settings": {"model": "fake-upscale"}},
        {"op": "connect", "from": ["a", "image"], "to": ["up", "image"]},
    ])
}

async fn run(server: &TestServer, canvas: &str, body: Value) -> Value {
    let run = server.post(&format!("/api/canvases/{canvas}/runs"), body).await;
    server.ended(run["id"].as_str().unwrap()).await
}

fn step<'a>(run: &'a Value, node: &str) -> &'a Value {
    run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node).unwrap()
}

/// The ledger's sums are the balance, and nothing is held.
async fn settled(server: &TestServer) -> Value {
    let credits = server.get("/api/credits").await;
    let ledger = server.get("/api/credits/ledger?limit=1000").await;
    let sum = |kind: &str| -> f64 {
        let entries = ledger["items"].as_array().unwrap().iter();
        entries.filter(|entry| entry["kind"] == kind).map(|e| e["amount"].as_f64().unwrap()).sum()
    };
    assert_eq!(credits["held"], 0);
    assert_eq!(sum("hold"), sum("capture") + sum("release"));
    assert_eq!(credits["balance"].as_f64().unwrap(), sum("grant") - sum("capture"));
    credits["balance"].clone()
}

#[tokio::test]
async fn nobody_pays_for_a_failure_and_other_branches_finish() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(branches("fail", "fine")).await;
        let run = run(&server, &canvas, json!({"mode": "workflow"})).await;
        assert_eq!(run["status"], "failed");
        assert_eq!(run["error"]["node"], "a");
        assert_eq!(run["error"]["detail"], "The prompt was rejected.");
        assert_eq!(run["error"]["hint"], "Write another one.");
        assert_eq!(step(&run, "a")["state"], "failed");
        assert_eq!(step(&run, "b")["state"], "completed");
        assert_eq!(step(&run, "up")["state"], "idle");
        assert_eq!(step(&run, "up")["error"]["detail"], "blocked by “Image Generator”");
        assert_eq!(run["cost"], 10);
        assert_eq!(settled(&server).await, 9990);
    }
}

#[tokio::test]
async fn a_busy_provider_is_tried_again() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let canvas = server.canvas(branches("flaky", "wrong")).await;
    let run = run(&server, &canvas, json!({"mode": "workflow"})).await;
    assert_eq!(step(&run, "a")["state"], "completed");
    assert_eq!(step(&run, "b")["state"], "failed", "a provider that gives nothing has failed");
    assert_eq!(server.fake.calls(), 3 + 1 + 1);
    assert_eq!(settled(&server).await, 9985);
}

#[tokio::test]
async fn stop_on_error_starts_nothing_new() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let edits = json!([
        {"op": "add_node", "id": "bad", "kind": "image_generator", "text": "fail",
         "settings": {"model": "fake-image"}},
        {"op": "add_node", "id": "good", "kind": "image_generator", "text": "slow",
         "settings": {"model": "fake-image"}},
        {"op": "add_node", "id": "after", "kind": "image_upscaler", "settings": {"model": "fake-upscale"}},
        {"op": "connect", "from": ["good", "image"], "to": ["after", "image"]},
    ]);
    let canvas = server.canvas(edits).await;
    let at = format!("/api/canvases/{canvas}/runs");
    let started = server.post(&at, json!({"mode": "workflow", "on_error": "stop"})).await;
    let id = started["id"].as_str().unwrap();
    let shown = format!("/api/runs/{id}");
    server.until(&shown, |run| step(run, "bad")["state"] == "failed").await;
    server.fake.release();
    let run = server.ended(id).await;
    assert_eq!(step(&run, "good")["state"], "completed", "what runs may finish");
    assert_eq!(step(&run, "after")["state"], "idle");
    settled(&server).await;
}

#[tokio::test]
async fn stopping_keeps_what_is_done_and_charges_nothing_else() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(branches("slow", "fine")).await;
        let at = format!("/api/canvases/{canvas}/runs");
        let started = server.post(&at, json!({"mode": "workflow"})).await;
        let id = started["id"].as_str().unwrap();
        let shown = format!("/api/runs/{id}");
        server
            .until(&shown, |run| {
                step(run, "b")["state"] == "completed" && step(run, "a")["state"] == "running"
            })
            .await;
        assert_eq!(server.get("/api/credits").await["held"], 15);
        server.refused(&at, json!({"mode": "node", "node": "a"}), "upstream_in_progress").await;
        server.post(&format!("{shown}/cancel"), json!({})).await;
        let run = server.ended(id).await;
        assert_eq!(run["status"], "cancelled");
        assert_eq!(step(&run, "a")["state"], "cancelled");
        assert_eq!(step(&run, "up")["state"], "cancelled");
        assert_eq!(step(&run, "b")["state"], "completed");
        server.post(&format!("{shown}/cancel"), json!({})).await;
        assert_eq!(
            server.get(&shown).await["status"],
            "cancelled",
            "stopping twice changes nothing"
        );
        assert_eq!(settled(&server).await, 9990);
    }
}

#[tokio::test]
async fn a_repeated_request_is_one_run() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(branches("fine", "fine")).await;
        let url = format!("{}/api/canvases/{canvas}/runs", server.url);
        let send = |body: Value| {
            let request = server.client.post(&url).header("idempotency-key", "once").json(&body);
            async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
        };
        server.get("/api/me").await;
        let workflow = json!({"mode": "workflow"});
        let (one, two) = tokio::join!(send(workflow.clone()), send(workflow.clone()));
        assert_eq!(one["id"], two["id"]);
        server.ended(one["id"].as_str().unwrap()).await;
        assert_eq!(send(workflow).await["id"], one["id"]);
        let other = send(json!({"mode": "node", "node": "a"})).await;
        assert_eq!(other["code"], "conflict");
        assert_eq!(
            server.get(&format!("/api/canvases/{canvas}/runs")).await["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(settled(&server).await, 9975);
    }
}

#[tokio::test]
async fn a_run_dearer_than_the_balance_does_not_start() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let ten = json!({"model": "fake-image", "count": 10});
        let nodes: Vec<Value> = (0..101)
            .map(|n| {
                json!({"op": "add_node", "id": format!("n{n}"), "kind": "image_generator",
                       "text": "x", "settings": ten})
            })
            .collect();
        let canvas = server.canvas(json!(nodes)).await;
        let at = format!("/api/canvases/{canvas}/runs");
        server.refused(&at, json!({"mode": "workflow"}), "insufficient_credits").await;
        assert_eq!(server.get(&at).await["items"], json!([]));
        let run = run(&server, &canvas, json!({"mode": "node", "node": "n0"})).await;
        assert_eq!(run["steps"][0]["outputs"].as_array().unwrap().len(), 10);
        assert_eq!(settled(&server).await, 9900);
    }
}

#[tokio::test]
async fn an_orderly_restart_takes_the_run_up_again() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(branches("slow", "fine")).await;
        let at = format!("/api/canvases/{canvas}/runs");
        let started = server.post(&at, json!({"mode": "workflow"})).await;
        let id = started["id"].as_str().unwrap().to_owned();
        let shown = format!("/api/runs/{id}");
        let running = |run: &Value| {
            step(run, "b")["state"] == "completed" && step(run, "a")["state"] == "running"
        };
        server.until(&shown, running).await;
        let server = server.restart().await;
        server.fake.release();
        let run = server.ended(&id).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(settled(&server).await, 9975);
        let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
        for node in graph["nodes"].as_array().unwrap() {
            assert_eq!(node["state"], "completed");
        }
    }
}

#[tokio::test]
async fn a_locked_node_keeps_its_output() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let canvas = server.canvas(branches("fine", "fine")).await;
    run(&server, &canvas, json!({"mode": "workflow"})).await;
    let edits = format!("/api/canvases/{canvas}/edits");
    server.post(&edits, json!([{"op": "set", "node": "a", "locked": true}])).await;
    let calls = server.fake.calls();
    let run = run(&server, &canvas, json!({"mode": "workflow", "node": "up"})).await;
    assert_eq!(run["status"], "succeeded");
    assert_eq!(run["steps"].as_array().unwrap().len(), 1);
    assert_eq!(server.fake.calls(), calls + 1);
}

#[tokio::test]
async fn deleting_a_canvas_ends_its_runs() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let canvas = server.canvas(branches("slow", "slow")).await;
    server.post(&format!("/api/canvases/{canvas}/runs"), json!({"mode": "workflow"})).await;
    let (status, _) =
        server.call(reqwest::Method::DELETE, &format!("/api/canvases/{canvas}"), None).await;
    assert_eq!(status.as_u16(), 204);
    assert_eq!(settled(&server).await, 10_000);
}

/// R-RUN-7: what a document says of a file moves no credits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_follows_from_the_servers_own_records() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let picture =
            gesso_media::RgbaImage::from_fn(32, 16, |x, y| [x as u8, y as u8, 9, 255].into());
        let picture = gesso_media::encode_png(&picture).unwrap();
        let stored = server.client.post(format!("{}/api/assets", server.url)).body(picture);
        let stored: Value = stored.send().await.unwrap().json().await.unwrap();
        let canvas = server
            .canvas(json!([
                {"op": "add_node", "id": "in", "kind": "upload", "asset": stored["id"]},
                {"op": "add_node", "id": "u", "kind": "image_upscaler",
                 "settings": {"model": "fake-megapixel"}},
                {"op": "connect", "from": ["in", "asset"], "to": ["u", "image"]},
            ]))
            .await;
        let at = format!("/api/canvases/{canvas}");
        let asked = json!({"mode": "workflow"});
        let honest = server.post(&format!("{at}/estimate"), asked.clone()).await;
        let id = stored["id"].as_str().unwrap();
        let told = |ty: &str, side: Value| json!({"id": id, "type": ty, "mime": "image/png", "width": side, "height": side});
        for lie in [
            told("image", json!(9_000)),
            told("image", json!(1)),
            told("image", json!(null)),
            told("audio", json!(null)),
        ] {
            let write = |txn: &mut TransactionMut<'_>| {
                let nodes = txn.get_or_insert_map("nodes");
                let node: MapRef = nodes.get(txn, "in").unwrap().cast().unwrap();
                node.insert(txn, "asset", json_to_any(&lie));
            };
            server.write(&canvas, write).await;
            assert_eq!(
                server.post(&format!("{at}/estimate"), asked.clone()).await,
                honest,
                "{lie}"
            );
            let run = server.post(&format!("{at}/runs"), asked.clone()).await;
            assert_eq!(run["cost"], honest["cost"], "{lie}");
            let run = server.ended(run["id"].as_str().unwrap()).await;
            assert_eq!((&run["status"], &run["held"]), (&json!("succeeded"), &json!(0)), "{run}");
            server.until("/api/credits", |credits| credits["held"] == 0).await;
        }
    }
}
