//! Clients that stop in the middle of what they do hold nothing up: neither others, nor the end of the server.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tests::{Database, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// The head of a request whose body does not come.
fn head_of_body(path: &str, kind: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 5000\r\n\r\n"
    )
}

async fn started(server: &TestServer, text: &str) -> TcpStream {
    let mut stream = server.raw().await;
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything until the other side ends it.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    if let Err(error) = stream.read_to_end(&mut all).await {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn code(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{head}");
    serde_json::from_str::<Value>(body).unwrap()["code"].clone()
}

#[tokio::test]
async fn heads_and_bodies_that_do_not_come_to_an_end() {
    let server = TestServer::start_tuned(&Database::Sqlite, |options| {
        options.head_ms = 200;
        options.body_stall_ms = 200;
    })
    .await;
    let canvas = server.canvas(json!([])).await;
    for head in [
        "",
        "GET",
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: a",
    ] {
        assert_eq!(rest(&mut started(&server, head).await).await, "", "{head:?}");
    }
    // One that waits for its next request is ended too.
    let mut idle = started(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(rest(&mut idle).await.starts_with("HTTP/1.1 200"));
    for (path, kind) in [
        (format!("/api/canvases/{canvas}/doc"), "application/octet-stream"),
        (format!("/api/canvases/{canvas}/edits"), "application/json"),
        ("/api/canvases".to_owned(), "application/json"),
        ("/api/assets".to_owned(), "image/png"),
        ("/api/assets".to_owned(), "multipart/form-data; boundary=edge"),
    ] {
        for begun in ["", "["] {
            let mut stream = started(&server, &(head_of_body(&path, kind) + begun)).await;
            let answer = rest(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{path} {kind}: {answer}");
            assert_eq!(code(&answer), "timeout");
        }
    }
    assert_eq!(server.get("/api/assets").await["items"], json!([]));
}

/// Bytes that are no request at all are answered by a problem too.
#[tokio::test]
async fn what_is_no_request() {
    let server = TestServer::start(&Database::Sqlite).await;
    let long = "a".repeat(100_000);
    for (text, status, told) in [
        ("hello\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX Y: z\r\n\r\n".to_owned(), 400, "bad_request"),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_owned(),
            400,
            "bad_request",
        ),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"), 431, "too_large"),
    ] {
        let answer = rest(&mut started(&server, &text).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(code(&answer), told);
    }
}

#[tokio::test]
async fn others_are_served_however_many_begin_and_stop() {
    let server =
        TestServer::start_tuned(&Database::Sqlite, |options| options.connections_max = 8).await;
    let mut begun = Vec::new();
    for _ in 0..40 {
        begun.push(started(&server, "GET /healthz HTTP/1.1\r\nHost: lo").await);
        server.get("/healthz").await;
    }
    // The oldest had to make room.
    assert_eq!(rest(&mut begun[0]).await, "");
    drop(begun);
    // Those that have a request under way are not ended: there is no room then, and that is said.
    let mut busy = Vec::new();
    for _ in 0..8 {
        let mut stream =
            started(&server, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_ne!(stream.read(&mut [0; 16]).await.unwrap(), 0);
        busy.push(stream);
    }
    let mut refused = started(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = rest(&mut refused).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    assert_eq!(code(&answer), "unavailable");
    busy.pop();
    server.until("/healthz", |health| health["status"] == "ok").await;
}

/// A server that is told to stop ends, whatever is open.
#[tokio::test]
async fn it_stops_whatever_clients_do() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([])).await;
    let mut open = vec![
        started(&server, "GET /healthz HTTP/1.1\r\nHo").await,
        started(&server, &head_of_body("/api/assets", "image/png")).await,
        started(
            &server,
            &(head_of_body("/api/assets", "multipart/form-data; boundary=e") + "--e\r\n"),
        )
        .await,
        started(&server, &(head_of_body("/api/canvases", "application/json") + "{")).await,
        started(
            &server,
            &head_of_body(&format!("/api/canvases/{canvas}/doc"), "application/octet-stream"),
        )
        .await,
        started(&server, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await,
        started(&server, "GET /api/catalog HTTP/1.1\r\nHost: localhost\r\n\r\n").await,
    ];
    let url = format!("{}/sync/{canvas}", server.url.replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket.next().await.unwrap().unwrap();
    // Open as well, and it answers nothing, not even to a close frame.
    let (silent, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    let stopping = tokio::spawn(server.stop());
    let farewell = loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => break frame.unwrap().code,
            Some(Ok(_)) => {}
            other => panic!("no close frame but {other:?}"),
        }
    };
    assert_eq!(u16::from(farewell), 1012);
    stopping.await.unwrap();
    for stream in &mut open {
        rest(stream).await;
    }
    drop(silent);
}

#[tokio::test]
async fn a_request_of_several_hosts_is_refused() {
    let server = TestServer::start(&Database::Sqlite).await;
    for head in [
        "GET /api/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        "GET http://evil.example/api/me HTTP/1.1\r\nHost: localhost\r\n",
    ] {
        let mut stream = started(&server, &format!("{head}Connection: close\r\n\r\n")).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert_eq!(code(&answer), "bad_request");
    }
    let one =
        "GET http://localhost/api/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut stream = started(&server, one).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

fn var(out: &mut Vec<u8>, mut n: usize) {
    while n > 0x7f {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A frame with an update.
fn frame(update: &[u8]) -> Message {
    let mut frame = vec![0, 2];
    var(&mut frame, update.len());
    frame.extend_from_slice(update);
    Message::Binary(frame.into())
}

/// A text of so many letters in the root `text`, by client 7.
fn letters(count: usize) -> Vec<u8> {
    let mut update = vec![1, 1, 7, 0, 4, 1, 4];
    update.extend(b"text");
    var(&mut update, count);
    update.extend(std::iter::repeat_n(b'x', count));
    update.push(0);
    update
}

/// Deletes every second one of them.
fn every_second(count: usize) -> Vec<u8> {
    let mut update = vec![0, 1, 7];
    var(&mut update, count / 2);
    for at in (0..count).step_by(2) {
        var(&mut update, at);
        update.push(1);
    }
    update
}

/// Who asks for something waits a moment for what others sent before, and not for the end of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_does_not_wait_for_the_end_of_a_long_update() {
    const LETTERS: usize = 400_000;
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([])).await;
    let url = format!("{}/sync/{canvas}?saved=1", server.url.replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket.send(frame(&letters(LETTERS))).await.unwrap();
    let saved = |message: &Message| matches!(message, Message::Binary(bytes) if bytes[0] == 100);
    while !saved(&socket.next().await.unwrap().unwrap()) {}
    socket.send(frame(&every_second(LETTERS))).await.unwrap();
    // It is saved in the end, or stopped for its cost.
    let end = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if saved(&message) || matches!(message, Message::Close(_)) {
                break;
            }
        }
    });
    let mut answered = 0;
    while !end.is_finished() {
        let edit = json!([{"op": "set_meta", "description": format!("{answered}")}]);
        server.post(&format!("/api/canvases/{canvas}/edits"), edit).await;
        answered += 1;
    }
    // The first may be answered before the update is begun.
    assert!(answered > 1, "{answered} edits were answered while the update was applied");
}
