//! The HTTP API as a stranger with `curl` uses it.

use gesso_server::failpoint::Failpoints;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{TestServer, databases};

fn chain() -> Value {
    json!([
        {"op": "add_node", "id": "t", "kind": "text", "text": "a lighthouse at dawn"},
        {"op": "add_node", "id": "g", "kind": "image_generator",
         "settings": {"aspect_ratio": "16:9", "resolution": "0.5K", "seed": 7}},
        {"op": "add_node", "id": "u", "kind": "image_upscaler", "settings": {"scale": 2}},
        {"op": "connect", "from": ["t", "text"], "to": ["g", "prompt"]},
        {"op": "connect", "from": ["g", "image"], "to": ["u", "image"]},
    ])
}

#[tokio::test]
async fn a_picture_with_curl_alone() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(chain()).await;
        let at = format!("/api/canvases/{canvas}");
        let estimate = server.post(&format!("{at}/estimate"), json!({"mode": "workflow"})).await;
        assert_eq!(estimate["cost"], 2);
        assert_eq!(estimate["exact"], true);
        let run = server.post(&format!("{at}/runs"), json!({"mode": "workflow"})).await;
        assert_eq!(run["cost"], 2);
        let run = server.ended(run["id"].as_str().unwrap()).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!((&run["cost"], &run["held"]), (&json!(2), &json!(0)));
        let painted = &run["steps"][0]["outputs"][0];
        let enlarged = &run["steps"][1]["outputs"][0];
        assert_eq!(painted["seed"], 7);
        for side in ["width", "height"] {
            assert_eq!(enlarged[side], json!(painted[side].as_u64().unwrap() * 2));
        }
        let asset = enlarged["asset"].as_str().unwrap();
        let bytes = server.client.get(format!("{}/api/assets/{asset}", server.url)).send().await;
        let bytes = bytes.unwrap().bytes().await.unwrap();
        let (width, height) = gesso_media::dimensions(&bytes).unwrap();
        assert_eq!(json!([width, height]), json!([enlarged["width"], enlarged["height"]]));
        let graph = server.get(&format!("{at}/graph")).await;
        let node =
            graph["nodes"].as_array().unwrap().iter().find(|node| node["id"] == "u").unwrap();
        assert_eq!(node["state"], "completed");
        assert_eq!(node["generations"][0]["asset"], asset);
        let history = server.get(&format!("{at}/nodes/g/generations")).await;
        let made = &history["items"][0];
        assert_eq!(made["prompt"], "a lighthouse at dawn");
        assert_eq!(made["settings"]["aspect_ratio"], "16:9");
        assert_eq!(made["model"], "studio-painter");
        let list = server.get("/api/canvases").await;
        assert_eq!(list["items"][0]["last_run"]["status"], "succeeded");
        assert_eq!(list["items"][0]["preview"]["asset"], asset);
        let credits = server.get("/api/credits").await;
        assert_eq!(credits, json!({"balance": 9998, "held": 0}));
    }
}

#[tokio::test]
async fn the_same_seed_paints_the_same_picture() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let canvas = server.canvas(chain()).await;
    let at = format!("/api/canvases/{canvas}/runs");
    let mut made = Vec::new();
    for _ in 0..2 {
        let run = server.post(&at, json!({"mode": "node", "node": "g"})).await;
        let run = server.ended(run["id"].as_str().unwrap()).await;
        made.push(run["steps"][0]["outputs"][0]["asset"].clone());
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let canvas = server.canvas(chain()).await;
    let at = format!("/api/canvases/{canvas}");
    let (edits, runs) = (format!("{at}/edits"), format!("{at}/runs"));
    for (edit, code) in [
        (
            json!({"op": "connect", "from": ["u", "image"], "to": ["g", "references"]}),
            "cycle_detected",
        ),
        (json!({"op": "connect", "from": ["t", "text"], "to": ["u", "image"]}), "type_mismatch"),
        (
            json!({"op": "connect", "from": ["g", "image"], "to": ["g", "references"]}),
            "invalid_edge",
        ),
        (json!({"op": "connect", "from": ["g", "image"], "to": ["x", "image"]}), "not_found"),
        (json!({"op": "add_node", "kind": "teapot"}), "bad_request"),
        (json!({"op": "add_node", "kind": "upload", "asset": "a".repeat(64)}), "not_found"),
    ] {
        server.refused(&edits, json!([edit]), code).await;
    }
    let two = json!([{"op": "add_node", "id": "new", "kind": "text"}, {"op": "remove_node", "node": "x"}]);
    server.refused(&edits, two, "not_found").await;
    let graph = server.get(&format!("{at}/graph")).await;
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 3, "all or nothing");
    let mode = |mode: &str, node: Value| json!({"mode": mode, "node": node});
    server.refused(&runs, mode("sideways", Value::Null), "bad_request").await;
    server.refused(&runs, mode("node", json!("t")), "bad_request").await;
    server.refused(&runs, mode("node", json!("nowhere")), "not_found").await;
    let missing = server.refused(&runs, mode("node", json!("u")), "missing_input").await;
    assert_eq!(
        (&missing["nodes"][0]["node"], &missing["nodes"][0]["port"]),
        (&json!("u"), &json!("image"))
    );
    server.refused(&runs, json!({"mode": "workflow", "max_cost": 1.999}), "cost_exceeded").await;
    for (model, code) in [("nope", "model_unavailable"), ("elsewhere", "model_unavailable")] {
        server
            .post(&edits, json!([{"op": "set", "node": "g", "settings": {"model": model}}]))
            .await;
        server.refused(&runs, mode("node", json!("g")), code).await;
    }
    for path in ["/api/canvases/none/graph", "/api/runs/none", "/api/nothing", "/api/canvases/A B"]
    {
        let (status, body) = server.call(Method::GET, path, None).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{path}");
    }
    let (status, made) = server.call(Method::POST, "/api/canvases", None).await;
    assert_eq!((status, &made["name"]), (StatusCode::CREATED, &json!("Untitled")));
    for name in [json!(5), json!(""), json!(" \u{200b}\u{2028}")] {
        server.refused("/api/canvases", json!({"name": name}), "bad_request").await;
    }
    server.refused("/api/canvases", json!({"id": canvas}), "conflict").await;
    server.refused("/api/canvases", json!({"template": "none"}), "not_found").await;
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("host", "evil.example"),
        ("x-forwarded-for", "1.2.3.4"),
        ("via", "1.1 proxy"),
        ("sec-fetch-site", "cross-site"),
    ] {
        for path in ["/api/canvases", "/healthz", "/", "/sync/any"] {
            let request = server.client.get(format!("{}{path}", server.url)).header(name, value);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value} {path}");
        }
    }
    server.get("/healthz").await;
    server.get("/readyz").await;
    let metrics = server.client.get(format!("{}/metrics", server.url)).send().await.unwrap();
    assert!(metrics.text().await.unwrap().contains("gesso_runs_active 0"));
}

#[tokio::test]
async fn canvases_come_and_go() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let templates = server.get("/api/templates").await;
        let first = templates["items"][0]["id"].as_str().unwrap();
        for template in templates["items"].as_array().unwrap() {
            let url = format!("{}{}", server.url, template["preview"].as_str().unwrap());
            let picture = server.client.get(url).send().await.unwrap();
            assert_eq!(picture.headers()["content-type"], "image/jpeg", "{template}");
        }
        let unknown = server.call(Method::GET, "/api/templates/none/preview", None).await;
        assert_eq!((unknown.0, &unknown.1["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
        let made = server.post(&format!("/api/templates/{first}/use"), json!({})).await;
        assert_eq!(made["name"], "Your first image");
        let used = format!("/api/templates/{first}/use");
        let named = server.post(&used, json!({"id": "mine", "name": "Mine"})).await;
        assert_eq!((&named["id"], &named["name"]), (&json!("mine"), &json!("Mine")));
        server.refused(&used, json!({"template": "another"}), "bad_request").await;
        server.call(Method::DELETE, "/api/canvases/mine", None).await;
        let at = format!("/api/canvases/{}", made["id"].as_str().unwrap());
        let renamed = server.call(Method::PATCH, &at, Some(json!({"name": "Renamed"}))).await;
        assert_eq!((renamed.0, &renamed.1["name"]), (StatusCode::OK, &json!("Renamed")));
        assert_eq!(server.get(&format!("{at}/graph")).await["name"], "Renamed");
        let copy = server.post(&format!("{at}/duplicate"), json!({})).await;
        let copied = format!("/api/canvases/{}/graph", copy["id"].as_str().unwrap());
        let copied = server.get(&copied).await;
        assert_eq!(copied["edges"].as_array().unwrap().len(), 2);
        assert_eq!(server.get("/api/canvases").await["items"].as_array().unwrap().len(), 2);
        assert_eq!(server.call(Method::DELETE, &at, None).await.0, StatusCode::NO_CONTENT);
        assert_eq!(server.call(Method::GET, &at, None).await.0, StatusCode::NOT_FOUND);
        server.refused("/api/canvases", json!({"id": made["id"]}), "conflict").await;
        let page = server.get("/api/canvases?limit=1").await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    }
}

/// The list is in order the moment an edit is answered, and so it is after a crash.
#[tokio::test]
async fn what_was_edited_last_is_first_in_the_list() {
    for database in databases() {
        let server = TestServer::start_mortal(&database, Failpoints::default()).await;
        let first = server.canvas(json!([])).await;
        let second = server.canvas(json!([])).await;
        let order = async |server: &TestServer| {
            let list = server.get("/api/canvases").await;
            list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone())
                .collect::<Vec<_>>()
        };
        for n in 0..3 {
            for canvas in [&first, &second] {
                let note = json!([{"op": "add_node", "kind": "text", "text": n.to_string()}]);
                server.post(&format!("/api/canvases/{canvas}/edits"), note).await;
                assert_eq!(order(&server).await[0], **canvas, "after edit {n}");
            }
        }
        let server = server.kill().await.restart().await;
        assert_eq!(order(&server).await, [json!(second), json!(first)]);
    }
}

#[tokio::test]
async fn people_choose_their_name() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    let me = server.get("/api/me").await;
    assert_eq!(server.get("/api/me").await["id"], me["id"], "the cookie tells who it is");
    let named = server.call(Method::PATCH, "/api/me", Some(json!({"name": "Mara"}))).await;
    assert_eq!(named.1["name"], "Mara");
    assert_eq!(server.get("/api/me").await["name"], "Mara");
    let two_lines =
        server.call(Method::PATCH, "/api/me", Some(json!({"name": "Ma\nra\u{2028}"}))).await;
    assert_eq!(two_lines.1["name"], "Ma ra");
    let nothing = server.call(Method::PATCH, "/api/me", Some(json!({"name": "\u{200b}"}))).await;
    assert_eq!(nothing.1["code"], "bad_request");
    let wrong = server.call(Method::PATCH, "/api/me", Some(json!({"color": "red"}))).await;
    assert_eq!(wrong.1["code"], "bad_request");
}

/// Whoever only asks whether the server is alive is nobody, and waits for no database.
#[tokio::test]
async fn programs_that_ask_for_its_health_are_given_no_name() {
    let server = TestServer::start(&tests::Database::Sqlite).await;
    for (path, is_person) in [
        ("/healthz", false),
        ("/readyz", false),
        ("/metrics", false),
        ("/", true),
        ("/api/me", true),
    ] {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers().contains_key("set-cookie"), is_person, "{path}");
    }
}
