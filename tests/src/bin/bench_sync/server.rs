//! A server that is measured: Gesso in a process of its own, or any other by its address and process id.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command as TokioCommand};

/// Resources that a process used so far.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// CPU time.
    pub(crate) cpu: Duration,
    /// Memory now, in bytes.
    pub(crate) rss: u64,
    /// The most since [`Server::forget_peak`], in bytes.
    pub(crate) peak: u64,
}

/// A server.
pub(crate) struct Server {
    /// Name.
    pub(crate) name: String,
    url: String,
    pid: u32,
    is_pinned: bool,
    own: Option<Own>,
}

struct Own {
    binary: PathBuf,
    data: TempDir,
    child: Child,
}

/// Keeps a process and its threads on one core, where that is possible.
pub(crate) fn pin(pid: u32, core: usize) -> bool {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores < 2 {
        return false;
    }
    let mut taskset = Command::new("taskset");
    taskset.args(["-a", "-p", "-c", &core.to_string(), &pid.to_string()]);
    taskset.stdout(Stdio::null()).stderr(Stdio::null());
    taskset.status().is_ok_and(|status| status.success())
}

/// Returns the load average of the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

impl Server {
    /// Starts Gesso on a new folder.
    pub(crate) async fn gesso(binary: Option<&Path>, is_pinned: bool) -> Self {
        let beside = || std::env::current_exe().unwrap().with_file_name("gesso");
        let binary = binary.map_or_else(beside, Path::to_owned);
        let data = TempDir::new().unwrap();
        let (child, url) = start(&binary, data.path(), is_pinned).await;
        let pid = child.id().unwrap();
        let own = Some(Own { binary, data, child });
        Self { name: "gesso".to_owned(), url, pid, is_pinned, own }
    }

    /// One that runs already.
    pub(crate) fn peer(text: &str, pinned: bool) -> Result<Self, String> {
        let wrong = || "write NAME=ws://HOST:PORT,PID".to_owned();
        let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (url, pid) = rest.rsplit_once(',').ok_or_else(wrong)?;
        let pid = pid.trim().parse().ok().ok_or_else(wrong)?;
        if !Path::new(&format!("/proc/{pid}/stat")).exists() {
            return Err(format!("there is no process {pid} to read"));
        }
        let is_pinned = pinned && pin(pid, 0);
        Ok(Self { name: name.to_owned(), url: url.to_owned(), pid, is_pinned, own: None })
    }

    /// True if it can be killed and started again.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The address of a room's socket; the room is made where rooms have to be.
    pub(crate) async fn room(&self, room: &str) -> String {
        if self.own.is_none() {
            if let Some(url) = self.url.strip_prefix("hocuspocus+") {
                return format!("{url}#{room}");
            }
            if !self.url.contains("{room}") {
                return format!("{}/{room}", self.url.trim_end_matches('/'));
            }
            // y-sweet wants a document to be made before it is joined.
            let host = self.url.split_once("/d/").map_or(&*self.url, |(host, _)| host);
            let make = format!("{}/doc/new", host.replacen("ws", "http", 1));
            let body = serde_json::json!({"docId": room});
            reqwest::Client::new().post(make).json(&body).send().await.unwrap();
            return self.url.replace("{room}", room);
        }
        let body = serde_json::json!({"id": room, "name": "Bench"});
        let made = reqwest::Client::new().post(format!("{}/api/canvases", self.url)).json(&body);
        let made = made.send().await.unwrap();
        assert!(made.status().is_success(), "{:?}", made.text().await);
        format!("{}/sync/{room}", self.url.replacen("http", "ws", 1))
    }

    /// Kills it and starts it again on the same folder; answers the address of a room that was there.
    pub(crate) async fn kill(&mut self, room: &str) -> String {
        let own = self.own.as_mut().unwrap();
        own.child.kill().await.unwrap();
        let (child, url) = start(&own.binary, own.data.path(), self.is_pinned).await;
        (self.pid, self.url, own.child) = (child.id().unwrap(), url, child);
        format!("{}/sync/{room}", self.url.replacen("http", "ws", 1))
    }

    /// Starts a fresh process, so that what went before counts for nothing.
    pub(crate) async fn renew(&mut self) {
        if self.own.is_some() {
            self.kill("").await;
        }
    }

    /// Lets [`Usage::peak`] begin anew.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid), "5").ok();
    }

    /// Returns the resources it used so far.
    pub(crate) fn usage(&self) -> Usage {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let kib = |name: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        // Linux counts CPU time in hundredths of a second.
        Usage {
            cpu: Duration::from_millis(ticks * 10),
            rss: kib("VmRSS") * 1024,
            peak: kib("VmHWM") * 1024,
        }
    }
}

async fn start(binary: &Path, data: &Path, is_pinned: bool) -> (Child, String) {
    let mut command = if is_pinned {
        let mut taskset = TokioCommand::new("taskset");
        taskset.args(["-c", "0"]).arg(binary);
        taskset
    } else {
        TokioCommand::new(binary)
    };
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it listens");
    let url = line.strip_prefix("listening on ").expect("an address").to_owned();
    (child, url)
}
