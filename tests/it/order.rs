//! The order of one's own waiting runs.

use gesso_protocol::ids::RunId;
use serde_json::{Value, json};
use tests::{TestServer, databases};

/// Fills every slot of the provider, and queues three more runs; answers these.
async fn queued(server: &TestServer) -> Vec<String> {
    let slots = server.app.providers.get("fake").unwrap().at_once();
    let items: Vec<Value> =
        (0..slots).map(|n| json!({"id": format!("i{n}"), "text": format!("slow {n}")})).collect();
    let mut edits = vec![json!({"op": "add_node", "id": "list", "kind": "list", "items": items})];
    edits.extend(["busy", "a", "b", "c"].map(|id| {
        json!({"op": "add_node", "id": id, "kind": "image_generator", "text": "a fox",
            "settings": {"model": "fake-image"}})
    }));
    edits.push(json!({"op": "connect", "from": ["list", "items"], "to": ["busy", "prompt"]}));
    let canvas = server.canvas(Value::Array(edits)).await;
    let mut runs = Vec::new();
    for node in ["busy", "a", "b", "c"] {
        let body = json!({"mode": "node", "node": node});
        let run = server.post(&format!("/api/canvases/{canvas}/runs"), body).await;
        let path = format!("/api/runs/{}", run["id"].as_str().unwrap());
        if node == "busy" {
            let is_running = |item: &Value| item["state"] == "running";
            let items = |run: &Value| run["steps"][0]["items"].as_array().unwrap().clone();
            server.until(&path, |run| items(run).iter().all(is_running)).await;
        }
        runs.push(run["id"].as_str().unwrap().to_owned());
    }
    runs.split_off(1)
}

/// Places are whole numbers: a few moves between the same neighbours, and there is no room left between them.
#[tokio::test]
async fn runs_can_be_moved_as_often_as_one_likes() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let runs = queued(&server).await;
        let [a, b, c] = runs.as_slice() else { panic!("three runs") };
        for (moved, other) in [(c, b), (b, c)].into_iter().cycle().take(30) {
            let path = format!("/api/runs/{moved}");
            let body = json!({"after": a});
            let (status, answer) = server.call(reqwest::Method::PATCH, &path, Some(body)).await;
            assert_eq!(status, 200, "{answer}");
            let mut shown = Vec::new();
            let mut recorded = Vec::new();
            for run in &runs {
                let body = server.get(&format!("/api/runs/{run}")).await;
                shown.push((body["queue"].as_u64().unwrap(), run));
                recorded.push((
                    server.app.db.run(&RunId::new(run.as_str())).await.unwrap().unwrap().place,
                    run,
                ));
            }
            shown.sort();
            recorded.sort();
            let expected = [a, moved, other];
            assert!(shown.iter().map(|(_, run)| *run).eq(expected), "{shown:?}");
            assert!(
                recorded.iter().map(|(_, run)| *run).eq(expected),
                "a restart finds {recorded:?}"
            );
        }
        server.fake.release();
        for run in &runs {
            assert_eq!(server.ended(run).await["status"], "succeeded");
        }
    }
}
