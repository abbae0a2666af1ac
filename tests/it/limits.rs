//! Canvases made to take the server's memory, its time, or the connection of whoever asks about them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Database, TestServer};

/// More than an answer about a small canvas may have, in bytes.
const ANSWER_MAX: usize = 2 << 20;

fn add(id: &str, kind: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": kind})
}

fn wire(from: (&str, &str), to: (&str, &str)) -> Value {
    json!({"op": "connect", "from": [from.0, from.1], "to": [to.0, to.1]})
}

/// Twenty levels of evaluators, each with twice the candidates of the one before.
fn evaluators() -> Value {
    let mut edits = vec![json!({"op": "add_node", "id": "t", "kind": "text", "text": "hello"})];
    let mut last = ("t".to_owned(), "text");
    for level in 0..20 {
        let [a, b, c] = ["a", "b", "c"].map(|x| format!("e{level}{x}"));
        edits.extend([&a, &b, &c].map(|id| add(id, "evaluator")));
        for to in [&a, &b] {
            edits.push(wire((&last.0, last.1), (to, "candidates")));
        }
        for from in [&a, &b] {
            edits.push(wire((from, "output"), (&c, "candidates")));
        }
        last = (c, "output");
    }
    json!(edits)
}

#[tokio::test]
async fn an_estimate_never_takes_the_memory_of_the_server() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(evaluators()).await;
    for path in ["estimate", "runs"] {
        let path = format!("/api/canvases/{canvas}/{path}");
        let refusal = server.refused(&path, json!({"mode": "workflow"}), "too_large").await;
        assert!(refusal.to_string().len() < ANSWER_MAX);
    }
    server.get("/healthz").await;
    assert_eq!(server.get("/api/credits").await["held"], 0);
}

/// A ring cannot be made by edits: two people close it, each with one harmless wire.
async fn ring(server: &TestServer, nodes: usize) -> String {
    use yrs::{Map as _, MapPrelim, TransactionMut, WriteTxn as _};

    let title = "long ".repeat(160);
    let id = |at: usize| format!("a{:04}", at % nodes);
    let mut edits = Vec::new();
    for at in 0..nodes {
        edits.push(json!({"op": "add_node", "id": id(at), "kind": "assistant", "title": title}));
    }
    edits.extend((1..nodes).map(|at| wire((&id(at - 1), "text"), (&id(at), "prompt"))));
    let canvas = server.canvas(json!(edits)).await;
    let (from, to) = (id(nodes - 1), id(0));
    let ends =
        [("from_node", &*from), ("from_port", "text"), ("to_node", &*to), ("to_port", "prompt")];
    let key = format!("{to}:prompt:{from}:text");
    let write = |txn: &mut TransactionMut<'_>| {
        txn.get_or_insert_map("edges").insert(txn, key, MapPrelim::from(ends));
    };
    server.write(&canvas, write).await;
    canvas
}

#[tokio::test]
async fn answers_about_a_ring_with_long_titles_are_short() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = ring(&server, 1_200).await;
    let written = server.client.get(format!("{}/api/canvases/{canvas}/graph", server.url));
    let written = written.send().await.unwrap().bytes().await.unwrap();
    let graph: Value = serde_json::from_slice(&written).unwrap();
    let (nodes, problems) = (graph["nodes"].as_array().unwrap(), &graph["problems"]);
    assert_eq!((nodes.len(), problems.as_array().unwrap().len()), (1_200, 1_000));
    assert!(problems.to_string().len() < ANSWER_MAX / 2, "{}", problems.to_string().len());
    assert!(problems[0]["detail"].as_str().unwrap().contains("and 1195 more"));
    let estimate = format!("/api/canvases/{canvas}/estimate");
    let refusal = server.refused(&estimate, json!({"mode": "workflow"}), "cycle_detected").await;
    assert!(refusal.to_string().len() < ANSWER_MAX / 2);
}

#[tokio::test]
async fn a_long_chain_of_evaluators_is_read_while_others_are_served() {
    let server = TestServer::start(&Database::Sqlite).await;
    let mut edits = vec![json!({"op": "add_node", "id": "t", "kind": "text", "text": "hello"})];
    let mut last = ("t".to_owned(), "text");
    for at in 0..3_000 {
        let id = format!("e{at:04}");
        edits.push(add(&id, "evaluator"));
        edits.push(wire((&last.0, last.1), (&id, "candidates")));
        last = (id, "output");
    }
    let canvas = server.canvas(json!(edits)).await;
    let path = format!("/api/canvases/{canvas}/estimate");
    let estimate = server.post(&path, json!({"mode": "workflow"})).await;
    assert_eq!(estimate["steps"].as_array().unwrap().len(), 3_000);
    assert_eq!(estimate["cost"], 0);
    // More at once than are read at once: all of them are answered.
    let asking = (0..4).map(|_| server.call(Method::GET, "/api/canvases", None));
    let all = futures_util::future::join(
        futures_util::future::join_all(
            (0..4).map(|_| server.call(Method::POST, &path, Some(json!({"mode": "workflow"})))),
        ),
        futures_util::future::join_all(asking),
    );
    let (estimates, lists) = all.await;
    assert!(estimates.iter().chain(&lists).all(|(status, _)| *status == StatusCode::OK));
}
