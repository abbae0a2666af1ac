//! `cargo xtask bench runs`: how fast runs are when the provider does nothing, with every step durable. One line a
//! figure; the floor is one SQLite commit with fsync a step, measured in the same run on the same folder.
#![expect(clippy::print_stdout, reason = "a command line tool")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use futures_util::future::BoxFuture;
use gesso_protocol::graph::Graph;
use gesso_protocol::ids::{CanvasId, RunId};
use gesso_protocol::plan::{Mode, Target, plan};
use gesso_protocol::schema::{self, Canvas, Edge, Node, NodeState};
use gesso_protocol::values::DataType;
use gesso_server::app::App;
use gesso_server::config::Cli;
use gesso_server::failpoint::Failpoints;
use gesso_server::providers::{
    Call, Content, Produced, Provider, ProviderError, Providers, Repeat,
};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::net::TcpListener;

const CATALOG: &str = r#"
[[models]]
id = "noop"
version = "1"
provider = "noop"
kind = "assistant"
name = "No-op"
[models.price]
unit = "generation"
base = 0.001
"#;

/// Number of times each figure is measured; the best counts, because other work on the machine only ever adds.
const ROUNDS: usize = 5;

struct Noop;

impl Provider for Noop {
    fn id(&self) -> &str {
        "noop"
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn at_once(&self) -> usize {
        256
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        let made = Produced {
            port: "text".to_owned(),
            ty: DataType::Text,
            content: Content::Text("done".to_owned()),
            duration_s: None,
            seed: Some(call.seed),
            note: None,
        };
        Box::pin(async move { Ok(vec![made]) })
    }
}

struct Bench {
    url: String,
    app: App,
    client: Client,
    data: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let catalog = data.path().join("catalog");
        std::fs::create_dir_all(&catalog).unwrap();
        std::fs::write(catalog.join("noop.toml"), CATALOG).unwrap();
        let mut options = Cli::parse_from(["gesso"]).serve;
        options.data = data.path().to_owned();
        options.catalog = Some(catalog);
        let providers = Providers::of(vec![Arc::new(Noop)]);
        let app = App::start_with(options, providers, Failpoints::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = gesso_server::serve(app.clone(), listener, std::future::pending());
        tokio::spawn(async move { serving.await.unwrap() });
        let client = Client::builder().cookie_store(true).build().unwrap();
        Self { url, app, client, data }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).json(body);
        let response = request.send().await.unwrap();
        let ok = response.status().is_success();
        let body: Value = response.json().await.unwrap();
        assert!(ok, "{path}: {body}");
        body
    }

    async fn canvas(&self, edits: &Value) -> String {
        let made = self.post("/api/canvases", &json!({"name": "Bench"})).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.post(&format!("/api/canvases/{id}/edits"), edits).await;
        id
    }

    async fn start_run(&self, canvas: &str) -> String {
        let path = format!("/api/canvases/{canvas}/runs");
        let run = self.post(&path, &json!({"mode": "workflow"})).await;
        run["id"].as_str().unwrap().to_owned()
    }

    /// From the request to the end in the database.
    async fn run(&self, canvas: &str) -> Duration {
        let begun = Instant::now();
        let run = self.start_run(canvas).await;
        while self.app.runs.active() > 0 {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let took = begun.elapsed();
        let row = self.app.db.run(&RunId::new(run.as_str())).await.unwrap().unwrap();
        assert_eq!(row.status, "succeeded", "{:?}", row.error);
        took
    }

    async fn best(&self, edits: &Value) -> Duration {
        let canvas = self.canvas(edits).await;
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            best = best.min(self.run(&canvas).await);
        }
        best
    }

    /// From the request to the first `running` in the document.
    async fn first_running(&self, edits: &Value) -> Duration {
        let canvas = self.canvas(edits).await;
        let room = self.app.rooms.open(&CanvasId::new(canvas.as_str())).await.unwrap();
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let before = room.read(|txn| schema::read_result(txn, "n0")).await.unwrap();
            let before = before.and_then(|result| result.run);
            let watch = async {
                loop {
                    let now = room.read(|txn| schema::read_result(txn, "n0")).await.unwrap();
                    let begins = now.is_some_and(|result| {
                        result.run != before && result.state != NodeState::Pending
                    });
                    if begins {
                        return begun.elapsed();
                    }
                    tokio::task::yield_now().await;
                }
            };
            let (elapsed, run) = tokio::join!(watch, self.start_run(&canvas));
            best = best.min(elapsed);
            while self.app.runs.active() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(
                self.app.db.run(&RunId::new(run.as_str())).await.unwrap().unwrap().status,
                "succeeded"
            );
        }
        best
    }
}

fn node(id: &str, text: &str) -> Value {
    json!({"op": "add_node", "id": id, "kind": "assistant", "text": text})
}

fn connect(from: &str, to: &str) -> Value {
    json!({"op": "connect", "from": [from, "text"], "to": [to, "prompt"]})
}

fn chain(steps: usize) -> Value {
    let mut edits: Vec<Value> = (0..steps).map(|n| node(&format!("n{n}"), "go on")).collect();
    edits.extend((1..steps).map(|n| connect(&format!("n{}", n - 1), &format!("n{n}"))));
    Value::Array(edits)
}

fn fan(steps: usize) -> Value {
    let mut edits: Vec<Value> = (0..=steps).map(|n| node(&format!("n{n}"), "go on")).collect();
    edits.extend((1..=steps).map(|n| connect("n0", &format!("n{n}"))));
    Value::Array(edits)
}

fn batch(items: usize) -> Value {
    let entries: Vec<Value> =
        (0..items).map(|n| json!({"id": format!("i{n}"), "text": format!("text {n}")})).collect();
    json!([
        {"op": "add_node", "id": "l", "kind": "list", "items": entries},
        node("n0", "first"), node("n1", "second"), node("n2", "third"),
        {"op": "connect", "from": ["l", "items"], "to": ["n0", "prompt"]},
        connect("n0", "n1"), connect("n1", "n2"),
    ])
}

/// One commit with fsync for each of so many steps, and nothing else.
async fn floor(folder: &Path, steps: usize) -> Duration {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
    };
    let options = SqliteConnectOptions::new()
        .filename(folder.join("floor.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE IF NOT EXISTS t (n BIGINT)").execute(&mut connection).await.unwrap();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for n in 0..steps as i64 {
            sqlx::query("INSERT INTO t VALUES (?)").bind(n).execute(&mut connection).await.unwrap();
        }
        best = best.min(begun.elapsed());
    }
    best
}

/// CPU time of this process so far, and the most memory it held.
fn usage() -> (Duration, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    // Linux counts CPU time in hundredths of a second.
    (Duration::from_millis(ticks * 10), kib)
}

fn line(what: &str, value: String, bar: &str) {
    println!("{what:<46} {value:>12}   {bar}");
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

fn planning() -> Duration {
    let mut canvas = Canvas::default();
    for n in 0_u32..2_000 {
        let (id, text) = (format!("n{n}"), "go on".to_owned());
        let node = Node { id: id.clone(), kind: "assistant".to_owned(), text, ..Node::default() };
        canvas.nodes.insert(id.clone(), node);
        let Some(from) = n.checked_sub(1).map(|before| format!("n{before}")) else { continue };
        let key = format!("{id}:prompt:{from}:text");
        let edge = Edge {
            key: key.clone(),
            from_node: from,
            from_port: "text".to_owned().to_owned(),
            to_node: id,
            to_port: "prompt".to_owned().to_owned(),
            z: String::new(),
            items_all: false,
            is_plain: false,
        };
        canvas.edges.insert(key, edge);
    }
    let mut catalog = gesso_protocol::catalog::Catalog::default();
    catalog.add_toml(CATALOG).unwrap();
    let target = Target::of(Mode::Workflow, None);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let graph = Graph::materialize(&canvas);
        let planned = plan(&canvas, &graph, &catalog, &target, &|_| true).unwrap();
        assert_eq!(planned.units().all.len(), 2_000);
        best = best.min(begun.elapsed());
    }
    best
}

#[tokio::main]
async fn main() {
    let only = std::env::args().nth(1);
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wanted("plan") {
        line("plan of 2,000 nodes", ms(planning()), "below 10 ms");
    }
    let bench = Bench::start().await;
    if wanted("idle") {
        let (_, kib) = usage();
        line("idle server", format!("{:.1} MB", kib as f64 / 1024.0), "below 40 MB");
    }
    if wanted("chain") {
        for (steps, bar) in [(100, "below 30 ms"), (1_000, "below 300 ms")] {
            let floor = floor(bench.data.path(), steps).await;
            let took = bench.best(&chain(steps)).await;
            line(&format!("chain of {steps} steps"), ms(took), bar);
            let ratio = took.as_secs_f64() / floor.as_secs_f64();
            line(&format!("  to {steps} commits with fsync"), format!("{ratio:.2} x"), &ms(floor));
        }
    }
    if wanted("fan") {
        line("fan of 1,000 steps", ms(bench.best(&fan(1_000)).await), "below 300 ms");
    }
    if wanted("first") {
        for (steps, bar) in [(3, "below 5 ms"), (300, "below 15 ms")] {
            let took = bench.first_running(&chain(steps)).await;
            line(&format!("request to first running, {steps} nodes"), ms(took), bar);
        }
    }
    if wanted("batch") {
        batches(&bench).await;
    }
}

async fn batches(bench: &Bench) {
    let canvas = bench.canvas(&batch(1_000)).await;
    let room = bench.app.rooms.open(&CanvasId::new(canvas.as_str())).await.unwrap();
    let size = async || room.encode_state().await.unwrap().len();
    bench.run(&canvas).await;
    let first = size().await;
    let (cpu_before, kib_before) = usage();
    let mut took = Duration::MAX;
    for _ in 0..ROUNDS {
        took = took.min(bench.run(&canvas).await);
    }
    let (cpu, kib) = usage();
    let cpu = (cpu - cpu_before) / (3_000 * ROUNDS as u32);
    line("batch of 1,000 items through 3 steps", ms(took), "");
    line("  CPU a step", format!("{:.3} ms", cpu.as_secs_f64() * 1e3), "below 1 ms");
    let grown = kib.saturating_sub(kib_before) as f64 / 1024.0;
    line(&format!("  memory after {ROUNDS} more such runs"), format!("{grown:+.1} MB"), "bounded");
    let grown = (size().await as f64 - first as f64) / 1024.0 / ROUNDS as f64;
    line("  document, results of one run", format!("{:.0} KB", first as f64 / 1024.0), "");
    line(
        "  document, growth by each further run",
        format!("{grown:+.1} KB"),
        "its newest results only",
    );
}
