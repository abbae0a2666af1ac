//! Batches, reviews, history and reuse, over HTTP as a script sees them.

use serde_json::{Value, json};
use tests::{Database, TestServer, databases};

fn list(id: &str, texts: &[&str]) -> Value {
    let items: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| json!({"id": format!("i{n}"), "text": text}))
        .collect();
    json!({"op": "add_node", "id": id, "kind": "list", "items": items})
}

fn image(id: &str, text: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "image_generator", "text": text,
        "settings": {"model": "fake-image"}})
}

fn upscaler(id: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "image_upscaler",
        "settings": {"model": "fake-upscale"}})
}

fn assistant(id: &str, text: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "assistant", "text": text,
        "settings": {"model": "fake-assistant"}})
}

fn wire(from: &str, to: &str) -> Value {
    let end = |end: &str| -> Value {
        let (node, port) = end.split_once('.').unwrap();
        json!([node, port])
    };
    json!({"op": "connect", "from": end(from), "to": end(to)})
}

/// list → generator → upscaler.
fn batch(texts: &[&str]) -> Value {
    json!([
        list("l", texts),
        image("g", ""),
        upscaler("u"),
        wire("l.items", "g.prompt"),
        wire("g.image", "u.image")
    ])
}

async fn start(server: &TestServer, canvas: &str, body: Value) -> String {
    let run = server.post(&format!("/api/canvases/{canvas}/runs"), body).await;
    run["id"].as_str().unwrap().to_owned()
}

async fn run(server: &TestServer, canvas: &str, body: Value) -> Value {
    server.ended(&start(server, canvas, body).await).await
}

fn step<'a>(run: &'a Value, node: &str) -> &'a Value {
    run["steps"].as_array().unwrap().iter().find(|step| step["node"] == node).unwrap()
}

fn items<'a>(run: &'a Value, node: &str) -> Vec<(&'a str, &'a str)> {
    let items = step(run, node)["items"].as_array().unwrap().iter();
    items.map(|item| (item["key"].as_str().unwrap(), item["state"].as_str().unwrap())).collect()
}

async fn result(server: &TestServer, canvas: &str, node: &str) -> Value {
    let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
    let nodes = graph["nodes"].as_array().unwrap();
    nodes.iter().find(|found| found["id"] == node).unwrap().clone()
}

async fn balance(server: &TestServer) -> f64 {
    let credits = server.get("/api/credits").await;
    assert_eq!(credits["held"], 0);
    credits["balance"].as_f64().unwrap()
}

#[tokio::test]
async fn a_hole_is_filled_by_a_retry_of_that_item() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(batch(&["one", "hole", "three"])).await;
        let first = run(&server, &canvas, json!({"mode": "workflow"})).await;
        assert_eq!(first["status"], "failed");
        let expected = [("l=i0", "completed"), ("l=i1", "failed"), ("l=i2", "completed")];
        assert_eq!(items(&first, "g"), expected);
        assert_eq!(items(&first, "u")[1], ("l=i1", "idle"));
        assert_eq!(step(&first, "g")["state"], "completed");
        assert_eq!(step(&first, "g")["error"]["code"], "partial");
        assert_eq!(first["cost"], 30);
        let shown = result(&server, &canvas, "g").await;
        assert_eq!(shown["result"]["items"]["l=i1"]["state"], "failed");
        assert_eq!(shown["result"]["items"]["l=i0"]["n"], 0);
        // The snapshot fails again; the list mended, only what changed runs.
        let path = format!("/api/runs/{}/retry", first["id"].as_str().unwrap());
        let again = server.post(&path, json!({"node": "g", "items": ["l=i1"]})).await;
        let again = server.ended(again["id"].as_str().unwrap()).await;
        assert_eq!((again["status"].as_str(), again["cost"].as_i64()), (Some("failed"), Some(0)));
        assert_eq!(again["retry_of"], first["id"]);
        let refused = json!({"node": "g", "items": ["l=i0"]});
        server.refused(&path, refused, "bad_request").await;
        let mended = json!([
            {"op": "set", "node": "l", "items": [{"id": "i0", "text": "one"},
                {"id": "i1", "text": "two"}, {"id": "i2", "text": "three"}]},
        ]);
        server.post(&format!("/api/canvases/{canvas}/edits"), mended).await;
        let last = run(&server, &canvas, json!({"mode": "outdated"})).await;
        assert_eq!(last["status"], "succeeded");
        assert_eq!((last["cost"].as_i64(), items(&last, "u").len()), (Some(15), 3));
        assert_eq!(balance(&server).await, 10_000.0 - 45.0);
        server
            .refused(
                &format!("/api/canvases/{canvas}/runs"),
                json!({"mode": "outdated"}),
                "bad_request",
            )
            .await;
    }
}

#[tokio::test]
async fn pairing_sending_all_and_whole_batches() {
    let server = TestServer::start(&Database::Sqlite).await;
    let mut edits = batch(&["a", "b", "c"]);
    let more = json!([list("m", &["x", "y"]), wire("m.items", "g.prompt"), assistant("s", "sum"),
        {"op": "connect", "from": ["u", "image"], "to": ["s", "images"], "items": "all"}]);
    edits.as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
    let canvas = server.canvas(edits).await;
    let runs = format!("/api/canvases/{canvas}/runs");
    let refusal = server.refused(&runs, json!({"mode": "workflow"}), "batch_mismatch").await;
    assert_eq!(refusal["nodes"][0]["node"], "g");
    for (pairing, rows) in [("pair_repeat_last", 3), ("pair_shortest", 2), ("all_combinations", 6)]
    {
        let set = json!([{"op": "set", "node": "g", "settings": {"batch": pairing}}]);
        server.post(&format!("/api/canvases/{canvas}/edits"), set).await;
        let estimate = server
            .post(&format!("/api/canvases/{canvas}/estimate"), json!({"mode": "workflow"}))
            .await;
        assert_eq!(estimate["cost"], rows * 15 + 1, "{pairing}");
        let run = run(&server, &canvas, json!({"mode": "workflow"})).await;
        assert_eq!(
            (run["status"].as_str(), run["cost"].as_i64()),
            (Some("succeeded"), Some(rows * 15 + 1))
        );
        assert_eq!(step(&run, "s")["invocations"], 1);
    }
    let set = json!([{"op": "set", "node": "g", "settings": {"count": 2, "send_all": true}}]);
    server.post(&format!("/api/canvases/{canvas}/edits"), set).await;
    let run = run(&server, &canvas, json!({"mode": "downstream", "node": "g"})).await;
    assert_eq!((items(&run, "g").len(), items(&run, "u").len()), (6, 12));
    assert_eq!(run["cost"], 6 * 2 * 10 + 12 * 5 + 1);
}

#[tokio::test]
async fn an_empty_list_costs_nothing() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(batch(&[])).await;
    let run = run(&server, &canvas, json!({"mode": "workflow"})).await;
    assert_eq!((run["status"].as_str(), run["cost"].as_i64()), (Some("succeeded"), Some(0)));
    assert_eq!(step(&run, "u")["state"], "completed");
}

#[tokio::test]
async fn a_review_waits_survives_a_restart_and_is_decided_once() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let mut edits = batch(&["a", "b", "c"]);
        edits.as_array_mut().unwrap().truncate(2);
        let more = json!([{"op": "add_node", "id": "e", "kind": "evaluator"}, upscaler("u"),
            wire("l.items", "g.prompt"), wire("g.image", "e.candidates"), wire("e.output", "u.image")]);
        edits.as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
        let canvas = server.canvas(edits).await;
        let id = start(&server, &canvas, json!({"mode": "workflow"})).await;
        let path = format!("/api/runs/{id}");
        server.until(&path, |run| run["status"] == "paused").await;
        let server = server.restart().await;
        let paused = server.until(&path, |run| run["status"] == "paused").await;
        let candidates: Vec<Value> = step(&paused, "e")["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["generations"][0].clone())
            .collect();
        assert_eq!(candidates.len(), 3);
        let shown = result(&server, &canvas, "e").await;
        assert_eq!(shown["result"]["state"], "paused");
        let review = format!("{path}/review");
        server.refused(&review, json!({"node": "e", "accept": ["nonsense"]}), "bad_request").await;
        server.refused(&review, json!({"node": "e"}), "bad_request").await;
        server.refused(&review, json!({"node": "u", "reject": true}), "not_found").await;
        let accept = json!({"node": "e", "accept": [candidates[0], candidates[2], candidates[0]]});
        server.post(&review, accept.clone()).await;
        server.refused(&review, accept, "conflict").await;
        let run = server.ended(&id).await;
        assert_eq!(run["status"], "succeeded");
        assert_eq!(run["cost"], 3 * 10 + 2 * 5);
        assert_eq!(items(&run, "u")[1], ("l=i1", "cancelled"));
        assert_eq!(step(&run, "e")["review"]["accepted"].as_array().unwrap().len(), 2);
        assert!(!step(&run, "e")["review"]["by"].as_str().unwrap().is_empty());
        let shown = result(&server, &canvas, "e").await;
        let accepted = shown["result"]["items"].as_object().unwrap();
        assert_eq!(accepted.keys().collect::<Vec<_>>(), ["l=i0", "l=i2"]);
        // What was accepted flows on by itself.
        let again = self::run(&server, &canvas, json!({"mode": "node", "node": "u"})).await;
        assert_eq!(items(&again, "u").len(), 2);
        let id = start(&server, &canvas, json!({"mode": "workflow"})).await;
        server.until(&format!("/api/runs/{id}"), |run| run["status"] == "paused").await;
        let no = json!({"node": "e", "reject": true, "note": "too dark"});
        server.post(&format!("/api/runs/{id}/review"), no).await;
        let run = server.ended(&id).await;
        assert_eq!((run["status"].as_str(), run["cost"].as_i64()), (Some("succeeded"), Some(30)));
        assert_eq!(step(&run, "u")["state"], "cancelled");
        assert_eq!(step(&run, "e")["review"]["note"], "too dark");
    }
}

#[tokio::test]
async fn history_keeps_what_made_each_result_and_edits_join_it() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([image("g", "a fox"), upscaler("u"), wire("g.image", "u.image")]))
        .await;
    run(&server, &canvas, json!({"mode": "workflow"})).await;
    run(&server, &canvas, json!({"mode": "node", "node": "g"})).await;
    let path = format!("/api/canvases/{canvas}/nodes/g/generations");
    let history = server.get(&path).await;
    let made = history["items"].as_array().unwrap();
    assert_eq!(made.len(), 2, "for ever");
    assert_eq!(
        (made[0]["prompt"].as_str(), made[0]["model"].as_str()),
        (Some("a fox"), Some("fake-image"))
    );
    assert!(made[0]["seed"].is_number() && made[0]["cost"] == 10 && made[0]["at"].is_number());
    let edited = json!({"asset": made[0]["asset"], "from": made[1]["id"]});
    let edited = server.post(&path, edited).await;
    assert_eq!((edited["cost"].as_i64(), edited["key"].as_str()), (Some(0), Some("")));
    assert_eq!(server.get(&path).await["items"].as_array().unwrap().len(), 3);
    let unknown = json!({"asset": made[0]["asset"], "from": "nonsense"});
    server.refused(&path, unknown, "not_found").await;
    // A choice decides what flows, also after a restart.
    let choose = json!([{"op": "set", "node": "g", "output": {"": {
        "use": {"generation": made[0]["id"]}, "after": edited["id"]}}}]);
    server.post(&format!("/api/canvases/{canvas}/edits"), choose).await;
    let server = server.restart().await;
    let run = run(&server, &canvas, json!({"mode": "node", "node": "u"})).await;
    let last = server.get(&format!("/api/canvases/{canvas}/nodes/u/generations")).await;
    let last = last["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["inputs"]["image"][0]["asset"]["id"], made[0]["asset"], "{run}");
}

#[tokio::test]
async fn what_the_document_does_not_hold_flows_all_the_same() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([assistant("a", "tell"), assistant("b", ""), wire("a.text", "b.prompt")]))
        .await;
    for _ in 0..52 {
        run(&server, &canvas, json!({"mode": "node", "node": "a"})).await;
    }
    let path = |node: &str| format!("/api/canvases/{canvas}/nodes/{node}/generations?limit=1000");
    let history = server.get(&path("a")).await;
    let made = history["items"].as_array().unwrap();
    let (oldest, newest) = (&made[0], made.last().unwrap());
    let choose = json!([{"op": "set", "node": "a", "output": {"": {
        "use": {"generation": oldest["id"]}, "after": newest["id"]}}}]);
    server.post(&format!("/api/canvases/{canvas}/edits"), choose).await;
    let held = |node: &Value| {
        node["generations"].as_array().unwrap().iter().any(|made| made["id"] == oldest["id"])
    };
    assert!(held(&result(&server, &canvas, "a").await), "it is told");
    run(&server, &canvas, json!({"mode": "node", "node": "b"})).await;
    let given = server.get(&path("b")).await;
    assert_eq!(given["items"][0]["inputs"]["prompt"][0]["text"], oldest["text"], "{given}");

    // Of a large batch the document holds the first items only.
    let texts: Vec<String> = (0..215).map(|n| format!("word {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let nodes = json!([
        list("l", &texts),
        assistant("a", ""),
        assistant("b", ""),
        wire("l.items", "a.prompt"),
        wire("a.text", "b.prompt")
    ]);
    let canvas = server.canvas(nodes).await;
    run(&server, &canvas, json!({"mode": "node", "node": "a"})).await;
    // Nothing that ran is told as never run.
    let estimate = format!("/api/canvases/{canvas}/estimate");
    server.refused(&estimate, json!({"mode": "outdated"}), "bad_request").await;
    let all = run(&server, &canvas, json!({"mode": "node", "node": "b"})).await;
    assert_eq!(items(&all, "b").len(), 215);
}

#[tokio::test]
async fn an_outdated_run_takes_what_was_made_before() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([image("g", "a fox"), upscaler("u"), wire("g.image", "u.image")]))
        .await;
    let edits = format!("/api/canvases/{canvas}/edits");
    run(&server, &canvas, json!({"mode": "workflow"})).await;
    let calls = server.fake.calls();
    for (text, cost, reused) in [("a hare", 15, false), ("a fox", 0, true)] {
        server.post(&edits, json!([{"op": "set", "node": "g", "text": text}])).await;
        let run = run(&server, &canvas, json!({"mode": "outdated"})).await;
        assert_eq!((run["status"].as_str(), run["cost"].as_i64()), (Some("succeeded"), Some(cost)));
        for node in ["g", "u"] {
            assert_eq!(step(&run, node)["items"][0]["reused"], reused, "{node} of {text}");
        }
        let shown = result(&server, &canvas, "g").await;
        assert_eq!(shown["result"]["items"][""].get("reused").is_some(), reused);
    }
    assert_eq!(server.fake.calls(), calls + 2);
    // Whoever asks for a node gets a new one.
    let run = run(&server, &canvas, json!({"mode": "node", "node": "g"})).await;
    assert_eq!(run["cost"], 10);
}

#[tokio::test]
async fn prices_follow_what_is_delivered() {
    let server = TestServer::start(&Database::Sqlite).await;
    let voice = |id: &str, model: &str, text: &str| {
        json!({"op": "add_node", "id": id, "kind": "voiceover", "text": text,
            "settings": {"model": model}})
    };
    let canvas = server
        .canvas(json!([voice("v", "fake-voice", "four words of text"), voice("r", "fake-reader", "12345678"),
            image("g", "a fox"),
            {"op": "add_node", "id": "m", "kind": "image_upscaler", "settings": {"model": "fake-megapixel"}},
            wire("g.image", "m.image")]))
        .await;
    let estimate = format!("/api/canvases/{canvas}/estimate");
    for (node, cost, exact, actual) in [
        // Two seconds are delivered of the thirty that are possible.
        ("v", json!(60), false, json!(4)),
        ("r", json!(2), true, json!(2)),
        ("g", json!(10), true, json!(10)),
    ] {
        let quote = server.post(&estimate, json!({"mode": "node", "node": node})).await;
        assert_eq!((&quote["cost"], &quote["exact"]), (&cost, &json!(exact)), "{node}");
        let run = run(&server, &canvas, json!({"mode": "node", "node": node})).await;
        assert_eq!(run["cost"], actual, "{node}");
    }
    // Once there is a picture, its size is known.
    let quote = server.post(&estimate, json!({"mode": "node", "node": "m"})).await;
    assert_eq!(quote["exact"], true);
    let low = json!({"mode": "node", "node": "g", "max_cost": 9.5});
    server.refused(&format!("/api/canvases/{canvas}/runs"), low, "cost_exceeded").await;
}

#[tokio::test]
async fn selections_run_what_is_selected() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server
        .canvas(json!([image("a", "a fox"), image("b", "a hare"), image("c", "an owl")]))
        .await;
    let body = json!({"mode": "selection", "nodes": ["a", "c"]});
    let run = run(&server, &canvas, body).await;
    assert_eq!(
        (run["mode"].as_str(), run["steps"].as_array().unwrap().len()),
        (Some("selection"), 2)
    );
    let runs = format!("/api/canvases/{canvas}/runs");
    server.refused(&runs, json!({"mode": "selection", "nodes": ["a", "gone"]}), "not_found").await;
    server.refused(&runs, json!({"mode": "selection"}), "bad_request").await;
    server.refused(&runs, json!({"mode": "sideways"}), "bad_request").await;
}
