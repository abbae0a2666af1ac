//! A stored canvas is damaged while no server runs: it opens, says so, and goes on.

use gesso_protocol::wire::guard::Scan;
use gesso_server::config::DoctorOptions;
use gesso_server::doctor;
use gesso_server::failpoint::Failpoints;
use serde_json::json;
use tests::{Database, TestServer, databases};

/// Spoils the first bytes of a stored change.
fn spoil(bytes: usize, canvas: &str, seq: usize, is_postgres: bool) -> String {
    let (hex, rest) = ("7f".repeat(bytes), bytes + 1);
    let data = if is_postgres {
        format!("decode('{hex}', 'hex') || substr(data, {rest})")
    } else {
        format!("CAST(x'{hex}' || substr(data, {rest}) AS BLOB)")
    };
    format!("UPDATE doc_updates SET data = {data} WHERE canvas = '{canvas}' AND seq = {seq}")
}

fn note(id: &str) -> serde_json::Value {
    json!([{"op": "add_node", "id": id, "kind": "sticky_note", "pos": [0, 0]}])
}

#[tokio::test]
async fn a_flipped_byte_is_told_and_the_canvas_goes_on() {
    for database in databases() {
        let is_postgres = matches!(database, Database::Postgres(_));
        let server = TestServer::start_mortal(&database, Failpoints::default()).await;
        let id = server.canvas(json!([])).await;
        let other = server.canvas(note("elsewhere")).await;
        let flipped = server.canvas(json!([])).await;
        for node in ["one", "two", "three"] {
            server.post(&format!("/api/canvases/{id}/edits"), note(node)).await;
            server.post(&format!("/api/canvases/{flipped}/edits"), note(node)).await;
        }
        let remains = server.kill().await;
        remains.execute(&spoil(3, &id, 4, is_postgres)).await;
        remains.execute(&spoil(1, &flipped, 4, is_postgres)).await;

        // The doctor sees it before anybody opens it, and changes nothing.
        let save = tempfile::tempdir().unwrap();
        let options = DoctorOptions {
            data: remains.folder().to_owned(),
            catalog: None,
            database: remains.database().map(str::to_owned),
            save_damaged: Some(save.path().to_owned()),
        };
        let report = doctor::examine(&options).await.unwrap();
        assert!(report.text.contains("will be set aside"), "{}", report.text);
        assert!(report.text.contains(&id) && report.text.contains(" 0 files"), "{}", report.text);

        let server = remains.restart().await;
        let canvas = server.get(&format!("/api/canvases/{id}")).await;
        assert_eq!(canvas["damage"][0]["reason"], "altered", "{canvas}");
        assert_eq!(canvas["damage"][0]["rows"], 1);
        assert!(canvas["damage"][0]["bytes"].as_i64().unwrap() > 0);
        // A single byte is put right, and that is told.
        let right = server.get(&format!("/api/canvases/{flipped}")).await;
        assert_eq!(right["damage"][0]["reason"], "repaired", "{right}");
        let graph = server.get(&format!("/api/canvases/{flipped}/graph")).await;
        assert_eq!(graph["nodes"].as_array().unwrap().len(), 3);
        let untouched = server.get(&format!("/api/canvases/{other}")).await;
        assert!(untouched.get("damage").is_none(), "{untouched}");
        let graph = server.get(&format!("/api/canvases/{other}/graph")).await;
        assert_eq!(graph["nodes"].as_array().unwrap().len(), 1);
        let answer = server
            .client
            .get(format!("{}/api/canvases/{id}/doc", server.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert!(Scan::read(&answer.bytes().await.unwrap()).is_ok());

        // It is worked on, and that is durable.
        server.post(&format!("/api/canvases/{id}/edits"), note("after")).await;
        let server = server.restart().await;
        let graph = server.get(&format!("/api/canvases/{id}/graph")).await;
        let ids: Vec<&str> = graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|node| node["id"].as_str())
            .collect();
        assert!(ids.contains(&"after"), "{ids:?}");
        let again = server.get(&format!("/api/canvases/{id}")).await;
        assert_eq!(again["damage"], canvas["damage"]);

        let options = DoctorOptions { data: server.folder().to_owned(), ..options };
        let report = doctor::examine(&options).await.unwrap();
        assert!(report.text.contains("is damaged; set aside") && !report.well, "{}", report.text);
        let saved = std::fs::read_dir(save.path().join(&id)).unwrap();
        assert_eq!(saved.count(), canvas["damage"].as_array().unwrap().len());
    }
}
