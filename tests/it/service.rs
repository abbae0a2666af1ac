//! Behaviour of a remote service in a run, and its costs.

use serde_json::{Value, json};
use tests::{TestServer, databases};

/// One node; answers its run at its end.
async fn run(server: &TestServer, kind: &str, model: &str, text: &str, count: u32) -> Value {
    let settings = json!({"model": model, "count": count});
    let node =
        json!([{"op": "add_node", "id": "a", "kind": kind, "text": text, "settings": settings}]);
    let canvas = server.canvas(node).await;
    let at = format!("/api/canvases/{canvas}/runs");
    let run = server.post(&at, json!({"mode": "workflow"})).await;
    server.ended(run["id"].as_str().unwrap()).await
}

fn item(run: &Value) -> &Value {
    &run["steps"][0]["items"][0]
}

async fn balance(server: &TestServer) -> f64 {
    let credits = server.get("/api/credits").await;
    assert_eq!(credits["held"], 0);
    credits["balance"].as_f64().unwrap()
}

#[tokio::test]
async fn refused_twice_and_then_taken() {
    for model in ["fake-image", "keyed-image"] {
        let server = TestServer::start(&tests::Database::Sqlite).await;
        let ended = run(&server, "image_generator", model, "busy", 1).await;
        assert_eq!((&ended["status"], &item(&ended)["attempts"]), (&json!("succeeded"), &json!(3)));
        assert!(server.fake.purchases().len() <= 1, "what is refused is not bought");
        assert_eq!(balance(&server).await, 9990.0);
    }
}

/// Results that are not delivered are not paid.
#[tokio::test]
async fn fewer_results_than_asked_for() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let ended = run(&server, "image_generator", "keyed-image", "short", 3).await;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        assert_eq!(item(&ended)["generations"].as_array().unwrap().len(), 2);
        assert_eq!(ended["cost"], 20);
        assert_eq!(balance(&server).await, 9980.0);
    }
}

#[tokio::test]
async fn an_answer_that_got_lost() {
    for (model, status, purchases, cost) in [
        ("fake-image", "succeeded", 0, 10.0),
        ("keyed-image", "succeeded", 1, 10.0),
        ("unsafe-image", "failed", 1, 0.0),
    ] {
        let server = TestServer::start(&tests::Database::Sqlite).await;
        let ended = run(&server, "image_generator", model, "lost", 1).await;
        assert_eq!(ended["status"], status, "{model}: {ended:#}");
        if status == "failed" {
            assert_eq!(item(&ended)["error"]["code"], "unknown_fate");
        }
        assert_eq!(server.fake.purchases().len(), purchases, "{model}");
        assert_eq!(balance(&server).await, 10_000.0 - cost, "{model}");
    }
}

/// Held at the most it can cost, paid by what came.
#[tokio::test]
async fn paid_by_what_was_delivered() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let mut left = 10_000.0;
    for (kind, model, text, cost) in [
        // Four words are two seconds.
        ("voiceover", "fake-voice", "one two three four", 4.0),
        ("voiceover", "fake-reader", "eight ch", 2.0),
        ("assistant", "fake-assistant", "say it", 1.0),
    ] {
        let ended = run(&server, kind, model, text, 1).await;
        assert_eq!(ended["status"], "succeeded", "{model}: {ended:#}");
        assert_eq!(ended["cost"].as_f64().unwrap(), cost, "{model}");
        left -= cost;
        assert_eq!(balance(&server).await, left, "{model}");
        let made = &ended["steps"][0]["outputs"][0];
        match kind {
            "assistant" => assert_eq!(made["text"], "SAY IT"),
            _ => {
                assert_eq!(made["duration"].as_f64().unwrap(), text.split(' ').count() as f64 / 2.0)
            }
        }
    }
    let edits = json!([
        {"op": "add_node", "id": "a", "kind": "image_generator", "text": "fine",
         "settings": {"model": "fake-image"}},
        {"op": "add_node", "id": "b", "kind": "image_upscaler", "settings": {"model": "fake-megapixel"}},
        {"op": "connect", "from": ["a", "image"], "to": ["b", "image"]},
    ]);
    let canvas = server.canvas(edits).await;
    let at = format!("/api/canvases/{canvas}/runs");
    let started = server.post(&at, json!({"mode": "workflow"})).await;
    let ended = server.ended(started["id"].as_str().unwrap()).await;
    // 8 × 4 pixels are a thousandth of a megapixel, rounded up: a tenth of a credit.
    assert_eq!(ended["steps"][1]["cost"].as_f64().unwrap(), 0.1, "{ended:#}");
    assert_eq!(balance(&server).await, left - 10.1);
}

/// Stopping is heard where the service hears it, and waited for nowhere.
#[tokio::test]
async fn a_stopped_call_that_answers_all_the_same() {
    for database in databases() {
        for (word, is_late) in [("forever", false), ("late", true)] {
            let server = TestServer::start(&database).await;
            let node = json!([{"op": "add_node", "id": "a", "kind": "image_generator", "text": word,
                               "settings": {"model": "keyed-image"}}]);
            let canvas = server.canvas(node).await;
            let at = format!("/api/canvases/{canvas}/runs");
            let started = server.post(&at, json!({"mode": "workflow"})).await;
            let shown = format!("/api/runs/{}", started["id"].as_str().unwrap());
            server.until(&shown, |_| server.fake.purchases().iter().any(|p| p.known)).await;
            server.post(&format!("{shown}/cancel"), json!({})).await;
            let ended = server.ended(started["id"].as_str().unwrap()).await;
            assert_eq!(ended["status"], "cancelled");
            assert_eq!(balance(&server).await, 10_000.0);
            if !is_late {
                server.until(&shown, |_| server.fake.purchases()[0].stopped).await;
                continue;
            }
            server.fake.release();
            let is_there = |run: &Value| !run["late"].as_array().unwrap().is_empty();
            let run = server.until(&shown, is_there).await;
            assert_eq!(run["late"][0]["cost"], 10);
            assert_eq!(balance(&server).await, 10_000.0, "kept aside, not paid");
            let late = format!("{shown}/late/{}", run["late"][0]["id"].as_str().unwrap());
            server.post(&late, json!({})).await;
            assert_eq!(balance(&server).await, 9990.0);
            server.refused(&late, json!({}), "not_found").await;
            assert_eq!(balance(&server).await, 9990.0, "taken over once");
            let history = server.get(&format!("/api/canvases/{canvas}/nodes/a/generations")).await;
            assert_eq!(history["items"].as_array().unwrap().len(), 1);
        }
    }
}
