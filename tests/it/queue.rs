//! The queue, disjoint runs, stopping, and what comes too late.

use serde_json::{Value, json};
use tests::{Database, TestServer};

fn image(id: &str, text: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "image_generator", "text": text,
        "settings": {"model": "fake-image"}})
}

async fn start(server: &TestServer, canvas: &str, node: &str) -> String {
    let body = json!({"mode": "node", "node": node});
    let run = server.post(&format!("/api/canvases/{canvas}/runs"), body).await;
    run["id"].as_str().unwrap().to_owned()
}

async fn patch(server: &TestServer, run: &str, body: Value) -> (u16, Value) {
    let path = format!("/api/runs/{run}");
    let (status, answer) = server.call(reqwest::Method::PATCH, &path, Some(body)).await;
    (status.as_u16(), answer)
}

/// Fills every slot of the provider with calls that wait, and queues three more runs.
async fn crowded(server: &TestServer) -> (String, Vec<String>) {
    let slots = server.app.providers.get("fake").unwrap().at_once();
    let mut edits = vec![
        json!({"op": "add_node", "id": "l", "kind": "list", "items":
        (0..slots).map(|n| json!({"id": format!("i{n}"), "text": format!("slow {n}")})).collect::<Vec<_>>()}),
        image("busy", ""),
        json!({"op": "connect", "from": ["l", "items"], "to": ["busy", "prompt"]}),
    ];
    edits.extend(["a", "b", "c"].map(|id| image(id, "a fox")));
    let canvas = server.canvas(Value::Array(edits)).await;
    let first = start(server, &canvas, "busy").await;
    server
        .until(&format!("/api/runs/{first}"), |run| {
            let items = run["steps"][0]["items"].as_array().unwrap();
            items.iter().all(|item| item["state"] == "running")
        })
        .await;
    let mut runs = vec![first];
    for node in ["a", "b", "c"] {
        runs.push(start(server, &canvas, node).await);
    }
    (canvas, runs)
}

#[tokio::test]
async fn ones_own_waiting_runs_are_held_moved_and_dropped() {
    let server = TestServer::start(&Database::Sqlite).await;
    let (canvas, runs) = crowded(&server).await;
    let [busy, a, b, c] = runs.as_slice() else { panic!("four runs") };
    let position = async |run: &str| server.get(&format!("/api/runs/{run}")).await["queue"].clone();
    assert_eq!(
        (position(a).await, position(b).await, position(c).await),
        (json!(1), json!(2), json!(3))
    );
    assert_eq!(patch(&server, c, json!({"after": null})).await.0, 200);
    assert_eq!((position(c).await, position(a).await), (json!(1), json!(2)));
    assert_eq!(patch(&server, c, json!({"after": a})).await.0, 200);
    assert_eq!(
        (position(a).await, position(c).await, position(b).await),
        (json!(1), json!(2), json!(3))
    );
    let (_, held) = patch(&server, a, json!({"hold": true})).await;
    assert_eq!((&held["waiting"], &held["status"]), (&json!(true), &json!("queued")));
    assert_eq!(position(a).await, 3, "held back behind the others");
    assert_eq!(patch(&server, busy, json!({"hold": true})).await.1["code"], "conflict");
    assert_eq!(patch(&server, b, json!({})).await.1["code"], "bad_request");
    let other = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let me: Value =
        other.get(format!("{}/", server.url)).send().await.map(|_| Value::Null).unwrap();
    assert!(me.is_null());
    server.post(&format!("/api/runs/{b}/cancel"), json!({})).await;
    assert_eq!(server.ended(b).await["status"], "cancelled");
    server.fake.release();
    assert_eq!(server.ended(c).await["status"], "succeeded");
    assert_eq!(server.get(&format!("/api/runs/{a}")).await["status"], "queued", "still held back");
    assert_eq!(patch(&server, a, json!({"hold": false})).await.0, 200);
    assert_eq!(server.ended(a).await["status"], "succeeded");
    let credits = server.get("/api/credits").await;
    assert_eq!(credits["held"], 0, "{canvas}");
}

#[tokio::test]
async fn disjoint_runs_share_a_canvas_and_the_same_node_does_not() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([image("a", "slow fox"), image("b", "a hare"),
            {"op": "add_node", "id": "u", "kind": "image_upscaler", "settings": {"model": "fake-upscale"}},
            {"op": "connect", "from": ["a", "image"], "to": ["u", "image"]}]))
        .await;
    let slow = start(&server, &canvas, "a").await;
    let quick = start(&server, &canvas, "b").await;
    assert_eq!(server.ended(&quick).await["status"], "succeeded", "while the other goes on");
    let runs = format!("/api/canvases/{canvas}/runs");
    for body in [
        json!({"mode": "node", "node": "a"}),
        json!({"mode": "downstream", "node": "a"}),
        json!({"mode": "workflow", "node": "a"}),
    ] {
        let refusal = server.refused(&runs, body, "upstream_in_progress").await;
        assert_eq!(refusal["nodes"][0]["node"], "a");
    }
    server.fake.release();
    assert_eq!(server.ended(&slow).await["status"], "succeeded");
}

#[tokio::test]
async fn what_comes_after_a_stop_is_kept_aside_and_can_be_taken_over() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([image("a", "late fox")])).await;
    let id = start(&server, &canvas, "a").await;
    let path = format!("/api/runs/{id}");
    server.until(&path, |run| run["status"] == "running").await;
    server.post(&format!("{path}/cancel"), json!({})).await;
    let run = server.ended(&id).await;
    assert_eq!((run["status"].as_str(), run["cost"].as_i64()), (Some("cancelled"), Some(0)));
    server.post(&format!("{path}/cancel"), json!({})).await;
    server.fake.release();
    let run = server.until(&path, |run| !run["late"].as_array().unwrap().is_empty()).await;
    assert_eq!(run["late"][0]["cost"], 10);
    let history = format!("/api/canvases/{canvas}/nodes/a/generations");
    assert_eq!(server.get(&history).await["items"], json!([]), "not applied");
    assert_eq!(server.get("/api/assets").await["items"], json!([]), "not in the library");
    assert_eq!(server.get("/api/credits").await, json!({"balance": 10_000, "held": 0}));
    let late = format!("{path}/late/{}", run["late"][0]["id"].as_str().unwrap());
    server.post(&late, json!({})).await;
    server.refused(&late, json!({}), "not_found").await;
    assert_eq!(server.get(&history).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/api/credits").await, json!({"balance": 9_990, "held": 0}));
}

#[tokio::test]
async fn attempts_are_shown_while_a_provider_is_busy() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([image("a", "busy fox")])).await;
    let id = start(&server, &canvas, "a").await;
    let run = server.ended(&id).await;
    assert_eq!(run["status"], "succeeded");
    assert_eq!(run["steps"][0]["items"][0]["attempts"], 3);
    assert_eq!(run["cost"], 10, "one charge for all of them");
}
