//! The interfaces that others rely on change on purpose only, and whatever is added is added everywhere.

use std::collections::BTreeSet;

use gesso_protocol::nodes::SPECS;
use gesso_protocol::wire::Frame;
use serde_json::Value;
use tests::{Database, TestServer};

/// Requests that a client may make, one line a route.
const ROUTES: &str = include_str!("../data/routes.txt");
const SPEC_HTTP: &str = include_str!("../../docs/spec/http.md");
const SPEC_ACCOUNTS: &str = include_str!("../../docs/spec/accounts.md");
const SPEC_GRAPH: &str = include_str!("../../docs/spec/graph.md");
const SPEC_DOCUMENT: &str = include_str!("../../docs/spec/document.md");
const MODELS: &str = include_str!("../../docs/models.md");

#[tokio::test]
async fn the_routes_are_those_that_were_agreed_and_each_is_in_the_specification() {
    let server = TestServer::start(&Database::Sqlite).await;
    let document = format!("{}/api/openapi.json", server.url);
    let document: Value = server.client.get(document).send().await.unwrap().json().await.unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let agreed: BTreeSet<String> = ROUTES.lines().map(str::to_owned).collect();
    assert_eq!(routes, agreed, "tests/data/routes.txt holds the routes that clients rely on");
    for route in &routes {
        let (method, path) = route.split_once(' ').unwrap();
        let mut lines = SPEC_HTTP.lines().chain(SPEC_ACCOUNTS.lines());
        let is_told = lines.any(|line| line.contains(method) && line.contains(path));
        assert!(is_told, "neither docs/spec/http.md nor accounts.md tells of {route}");
    }
}

/// The text of a rule.
fn rule<'a>(spec: &'a str, name: &str) -> &'a str {
    let (_, rest) = spec.split_once(&format!("**{name}**")).unwrap_or_else(|| panic!("no {name}"));
    rest.split("\n**R-").next().unwrap_or(rest)
}

#[test]
fn every_kind_is_documented() {
    let count = format!("The catalogue has {} node kinds", SPECS.len());
    assert!(SPEC_GRAPH.contains(&count), "docs/spec/graph.md, R-GRAPH-1: {count}");
    let table = rule(SPEC_GRAPH, "R-GRAPH-1");
    for spec in SPECS {
        let is_in = |text: &str| text.contains(&format!("`{}`", spec.id));
        let row = table.lines().find(|line| line.starts_with('|') && is_in(line));
        let row =
            row.unwrap_or_else(|| panic!("docs/spec/graph.md, R-GRAPH-1: no row of {}", spec.id));
        let ports = spec.inputs.iter().map(|port| port.name);
        for port in ports.chain(spec.outputs.iter().map(|port| port.name)) {
            assert!(row.contains(&format!("`{port}`")), "R-GRAPH-1: {} has {port}", spec.id);
        }
        let counted = is_in(rule(SPEC_GRAPH, "R-GRAPH-42"));
        assert_eq!(counted, spec.counted, "docs/spec/graph.md, R-GRAPH-42: {}", spec.id);
        let texts =
            rule(SPEC_DOCUMENT, "R-DOC-14").split("`items` exists").next().unwrap_or_default();
        assert_eq!(is_in(texts), spec.has_text, "docs/spec/document.md, R-DOC-14: {}", spec.id);
    }
    for spec in SPECS {
        assert!(SPEC_GRAPH.contains(&format!("`{}`", spec.id)), "docs/spec/graph.md: {}", spec.id);
        // An evaluator chooses among what others made.
        if spec.runs() && spec.id != "evaluator" {
            let row = format!("| {} |", spec.title);
            assert!(MODELS.contains(&row), "docs/models.md has no row for {}", spec.title);
        }
    }
}

#[test]
fn frames_are_the_bytes_that_stock_clients_know() {
    let frames = [
        (Frame::SyncStep1(&[0]), "00000100"),
        (Frame::SyncStep2(&[0, 0]), "0001020000"),
        (Frame::Update(&[0, 0]), "0002020000"),
        (Frame::Awareness(&[0]), "010100"),
        (Frame::Denied("no"), "0200026e6f"),
        (Frame::QueryAwareness, "03"),
        (Frame::Saved(300), "64ac02"),
        (Frame::Role("owner"), "65056f776e6572"),
    ];
    for (frame, hex) in frames {
        let bytes: String = frame.encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes, hex, "{frame:?}");
        assert_eq!(Frame::decode(&frame.encode()).unwrap(), frame);
    }
}
