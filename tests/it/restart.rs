//! The server killed where it stands, with the real program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::http;

struct Program {
    child: Child,
    url: String,
    client: Client,
}

/// The program beside the test's own binary.
fn binary() -> PathBuf {
    let exe = std::env::current_exe().expect("the test's path");
    let folder = exe.parent().and_then(|deps| deps.parent()).expect("target/<profile>/deps");
    let path = folder.join("gesso");
    assert!(
        path.exists(),
        "{} is missing: build it with `cargo build -p gesso-server`",
        path.display()
    );
    path
}

impl Program {
    fn start(data: &TempDir) -> Self {
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("the address").to_owned();
        Self { child, url, client: http() }
    }

    fn kill(self) {
        drop(self);
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.url);
        self.client.get(url).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn ended(&self, run: &str) -> Value {
        for _ in 0..600 {
            let run = self.get(&format!("/api/runs/{run}")).await;
            if !["queued", "running"].iter().any(|status| run["status"] == *status) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the run never ended");
    }
}

/// A test that fails leaves no server behind either.
impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is gone");
    }
}

/// Killed at different moments of a paid run: the same end as without it, charged once.
#[tokio::test]
async fn a_killed_server_loses_no_run() {
    for wait_ms in [0, 30, 150, 600] {
        let data = TempDir::new().unwrap();
        let program = Program::start(&data);
        let canvas = program.post("/api/canvases", json!({"template": "first-image"})).await;
        let id = canvas["id"].as_str().unwrap().to_owned();
        let run =
            program.post(&format!("/api/canvases/{id}/runs"), json!({"mode": "workflow"})).await;
        let run = run["id"].as_str().expect("a run").to_owned();
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        program.kill();
        let program = Program::start(&data);
        let ended = program.ended(&run).await;
        assert_eq!(ended["status"], "succeeded", "killed after {wait_ms} ms: {ended}");
        let credits = program.get("/api/credits").await;
        assert_eq!(credits, json!({"balance": 9997, "held": 0}), "killed after {wait_ms} ms");
        let graph = program.get(&format!("/api/canvases/{id}/graph")).await;
        for node in graph["nodes"].as_array().unwrap().iter().filter(|n| n["kind"] != "text") {
            assert_eq!(node["state"], "completed");
            assert_eq!(node["generations"].as_array().unwrap().len(), 1);
        }
        program.kill();
    }
}

/// Everything that an answer confirmed is there after a kill.
#[tokio::test]
async fn a_confirmed_edit_survives_a_kill() {
    let data = TempDir::new().unwrap();
    let program = Program::start(&data);
    let canvas = program.post("/api/canvases", json!({"name": "Kept"})).await;
    let id = canvas["id"].as_str().unwrap().to_owned();
    for n in 0..20 {
        let edit =
            json!([{"op": "add_node", "id": format!("n{n}"), "kind": "text", "text": "kept"}]);
        let answer = program.post(&format!("/api/canvases/{id}/edits"), edit).await;
        assert_eq!(answer["ids"][0], format!("n{n}"));
    }
    let renamed = json!([{"op": "set_meta", "name": "Renamed", "description": "Why"}]);
    program.post(&format!("/api/canvases/{id}/edits"), renamed).await;
    program.kill();
    let program = Program::start(&data);
    // The list too, which is told of edits later.
    let canvas = program.get(&format!("/api/canvases/{id}")).await;
    assert_eq!((&canvas["name"], &canvas["description"]), (&json!("Renamed"), &json!("Why")));
    let graph = program.get(&format!("/api/canvases/{id}/graph")).await;
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 20);
    assert_eq!(graph["name"], "Renamed");
    program.kill();
}

/// The processes that work on behalf of this data folder, beside the server.
fn helpers(data: &TempDir) -> Vec<String> {
    let folder = data.path().to_str().unwrap();
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.flatten().filter_map(|p| p.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| *id != std::process::id())
        .filter_map(|id| {
            // A program works in the scratch folder, whatever its arguments name.
            let place = std::fs::read_link(format!("/proc/{id}/cwd")).ok()?;
            let line = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
            let at_work = place.starts_with(data.path().join("scratch"));
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            (at_work || line.contains(&format!("{folder}/scratch"))).then_some(line)
        })
        .collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} never came");
}

/// A server that has begun to encode a film, and the run of it.
async fn filming(data: &TempDir, seconds: u32, resolution: &str) -> (Program, String) {
    let program = Program::start(data);
    let canvas = program.post("/api/canvases", json!({"name": "Film"})).await;
    let id = canvas["id"].as_str().unwrap().to_owned();
    let settings = json!({"duration": seconds, "resolution": resolution, "fps": 24, "seed": 1});
    let film = json!([{"op": "add_node", "id": "film", "kind": "video_generator", "text": "rain on a lake",
                       "settings": settings}]);
    program.post(&format!("/api/canvases/{id}/edits"), film).await;
    let start = json!({"mode": "node", "node": "film"});
    let run = program.post(&format!("/api/canvases/{id}/runs"), start).await;
    let run = run["id"].as_str().expect("a run").to_owned();
    until("an encoder", || !helpers(data).is_empty()).await;
    (program, run)
}

/// Killed while a program encodes for it: the program goes too, the restart cleans up and makes the film once.
#[tokio::test]
async fn a_killed_server_leaves_no_program_behind() {
    let data = TempDir::new().unwrap();
    let (program, run) = filming(&data, 4, "480p").await;
    program.kill();
    until("its end", || helpers(&data).is_empty()).await;

    let program = Program::start(&data);
    let ended = program.ended(&run).await;
    assert_eq!(ended["status"], "succeeded", "{}", ended["error"]);
    assert_eq!(ended["steps"][0]["items"][0]["generations"].as_array().unwrap().len(), 1);
    let credits = program.get("/api/credits").await;
    assert_eq!(credits["held"], 0);
    assert_eq!(credits["balance"].as_f64().unwrap(), 10_000.0 - ended["cost"].as_f64().unwrap());
    assert_eq!(std::fs::read_dir(data.path().join("scratch")).unwrap().count(), 0);
    program.kill();
}

/// Stopped while a program encodes: it ends, leaves nothing and costs nothing.
#[tokio::test]
async fn a_stopped_film_leaves_no_program_behind() {
    let data = TempDir::new().unwrap();
    let (program, run) = filming(&data, 15, "1080p").await;
    program.post(&format!("/api/runs/{run}/cancel"), json!({})).await;
    let ended = program.ended(&run).await;
    assert_eq!(ended["status"], "cancelled");
    until("the encoder's end", || helpers(&data).is_empty()).await;
    until("an empty folder", || {
        std::fs::read_dir(data.path().join("scratch")).unwrap().count() == 0
    })
    .await;
    assert_eq!(program.get("/api/credits").await, json!({"balance": 10000, "held": 0}));
    program.kill();
}

/// Two servers in one data folder would drive the same runs.
#[tokio::test]
async fn a_second_server_is_refused_the_folder() {
    let data = TempDir::new().unwrap();
    let program = Program::start(&data);
    let second = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another Gesso"));
    program.kill();
}

#[tokio::test]
async fn on_a_public_address_people_sign_in() {
    let data = TempDir::new().unwrap();
    let child = Command::new(binary())
        .args(["serve", "--listen", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Killed(child);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let url = line().replace("listening on ", "").replace("0.0.0.0", "127.0.0.1");
    assert!(line().contains("/join/"), "the owner's link is printed");
    let me = http().get(format!("{url}/api/me")).send().await.unwrap();
    assert_eq!(me.status(), 401);
    // Accounts by the command line count at once.
    let add = Command::new(binary())
        .args(["user", "add", "ada@example.org", "--name", "Ada", "--role", "admin"])
        .args(["--password-stdin", "--data"])
        .arg(data.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    let mut add = add.unwrap();
    add.stdin.take().unwrap().write_all(b"a good password\nmore\n").unwrap();
    assert!(add.wait().unwrap().success());
    let token = Command::new(binary())
        .args(["token", "create", "--user", "ADA@example.org", "--name", "test", "--scope", "read"])
        .arg("--data")
        .arg(data.path())
        .output()
        .unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let me = |client: Client| client.get(format!("{url}/api/me")).bearer_auth(&token).send();
    let answer: Value = me(http()).await.unwrap().json().await.unwrap();
    assert_eq!(answer["account"]["role"], "admin");
    let disabled = Command::new(binary())
        .args(["user", "disable", "ada@example.org", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(disabled.status.success(), "{disabled:?}");
    assert_eq!(me(http()).await.unwrap().status(), 401);
}

/// A program that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}
