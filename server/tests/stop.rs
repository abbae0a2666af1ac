//! The program as a whole: its log, and told to stop while clients are in the middle of something.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
    _data: TempDir,
}

impl Server {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(args: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_gesso"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(args)
            .env("GESSO_LOG", "gesso=info,gesso_server=info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, log, address, _data: data }
    }

    fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    /// A file that is on its way, which the server waits for, and that does not come on.
    fn half_a_file(&self) -> TcpStream {
        let mut stream = self.send(
            "POST /api/assets HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\
             Expect: 100-continue\r\n\r\n",
        );
        let mut word = [0; 12];
        stream.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"HTTP/1.1 100");
        stream
    }

    fn tell(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn log_says(&mut self, text: &str) {
        let mut line = String::new();
        while self.log.read_line(&mut line).unwrap() > 0 {
            if line.contains(text) {
                return;
            }
            line.clear();
        }
        panic!("the log never says “{text}”");
    }

    /// The way the program ended.
    fn end(mut self) -> Option<i32> {
        // The log ends when the program does.
        self.log.read_to_end(&mut Vec::new()).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn it_ends_in_order_whatever_is_open() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start();
        let open = [server.half_a_file(), server.send("GET / HTTP/1.1\r\nHo"), server.send("")];
        server.tell(signal);
        assert_eq!(server.end(), Some(0));
        for mut stream in open {
            // Ended by the other side, with or without a word.
            drop(stream.read_to_end(&mut Vec::new()));
        }
    }
}

#[test]
fn told_twice_it_ends_at_once() {
    let mut server = Server::start();
    let open = server.half_a_file();
    server.tell(Signal::TERM);
    server.log_says("stopping");
    server.tell(Signal::TERM);
    server.log_says("told to stop twice");
    assert_eq!(server.end(), Some(130));
    drop(open);
}

#[test]
fn the_log_is_json_a_line_if_wanted() {
    let mut server = Server::start_with(&["--log-format", "json"]);
    server.tell(Signal::TERM);
    let mut log = String::new();
    server.log.read_to_string(&mut log).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(!lines.is_empty());
    for line in lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line[key].is_string(), "{key} of {line}");
        }
    }
}

#[test]
fn a_log_filter_that_cannot_be_read_is_told() {
    let run = Command::new(env!("CARGO_BIN_EXE_gesso"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "/nonexistent"])
        .env("GESSO_LOG", "gesso_server=loud")
        .output()
        .unwrap();
    assert!(!run.status.success());
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("GESSO_LOG") && said.contains("gesso_server=info"), "{said}");
}
