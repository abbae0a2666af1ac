//! Behind the very nginx that docs/hosting.md describes.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt as _;
use gesso_protocol::api::accounts::WorkspaceRole;
use gesso_protocol::wire::Frame;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Database, TestServer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::rights::sign_up;

const GUIDE: &str = include_str!("../../docs/hosting.md");

/// The configuration of the guide, without its certificate, from this address to that one.
fn configuration(folder: &Path, listen: u16, server: &str) -> String {
    let begin = GUIDE.find("map $http_upgrade").expect("the guide configures nginx");
    let block = GUIDE[begin..].split("\n```").next().unwrap_or_default();
    let block = block
        .lines()
        .filter(|line| !line.contains("ssl_certificate") && !line.contains("server_name"))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{listen}"))
        .replace("http://127.0.0.1:8787", server);
    assert!(block.contains(server) && block.contains("Upgrade"), "{block}");
    let at = folder.display();
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {at}/{name};\n"))
        .collect();
    // Whoever starts it as root has its workers be root too: the folder is theirs alone.
    let user = if is_root() { "user root;" } else { "" };
    format!(
        "{user}\ndaemon off;\npid {at}/pid;\nerror_log {at}/errors;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{block}\n}}\n"
    )
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

/// A proxy that ends with its test.
struct Proxy {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Proxy {
    fn start(listen: u16, server: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), listen, server)).unwrap();
        let program = ["/usr/sbin/nginx", "nginx"]
            .into_iter()
            .find(|at| !at.contains('/') || Path::new(at).exists());
        let child = Command::new(program.unwrap())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is there: cargo xtask test installs it");
        Self { child, url: format!("http://127.0.0.1:{listen}"), _folder: folder }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its workers end with it only when it is asked.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|done| done.success()) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn the_nginx_of_the_guide_lets_a_team_work() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = TestServer::start_tuned(&Database::Sqlite, |options| {
        options.accounts = true;
        options.public_url = Some(format!("http://127.0.0.1:{port}"));
        options.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let ada = sign_up(&server, "ada", WorkspaceRole::Owner).await;
    let (name, cookie) = ada.header.clone().unwrap();
    let proxy = Proxy::start(port, &server.url);
    let call = async |method: Method, path: &str, body: Option<Value>| {
        let request = Client::new()
            .request(method, format!("{}{path}", proxy.url))
            .header(name, &cookie)
            .header("origin", &proxy.url)
            .header("x-forwarded-for", "198.51.100.7");
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await
    };
    // It takes a moment to listen.
    while call(Method::GET, "/healthz", None).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let made = call(Method::POST, "/api/canvases", Some(json!({"name": "Film"}))).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let canvas = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    // A link is told by the name that people know.
    let link = format!("/api/canvases/{canvas}/access/link");
    let link = call(Method::PUT, &link, Some(json!({"role": "viewer"}))).await.unwrap();
    let url = link.json::<Value>().await.unwrap()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("{}/join/", proxy.url)), "{url}");
    // Sockets go through, and large bodies.
    let sync = format!("{}/sync/{canvas}?saved=1", proxy.url.replace("http://", "ws://"));
    let mut request = sync.into_client_request().unwrap();
    request.headers_mut().insert(name, cookie.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let Some(Ok(Message::Binary(first))) = socket.next().await else { panic!("no frame") };
    assert_eq!(Frame::decode(&first), Ok(Frame::Role("owner")));
    let text = "word ".repeat(300_000);
    let edits = json!([{"op": "add_node", "kind": "text", "text": text}]);
    let edited = call(Method::POST, &format!("/api/canvases/{canvas}/edits"), Some(edits)).await;
    assert_eq!(edited.unwrap().status(), StatusCode::OK);
    // Of the addresses that are told the last counts that is no proxy's; all others here are of this machine.
    let wrong = json!({"email": "nobody@example.org", "password": "a wrong password"});
    let refused = call(Method::POST, "/api/session", Some(wrong)).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let audit = call(Method::GET, "/api/audit?action=session.refused", None).await.unwrap();
    let audit: Value = audit.json().await.unwrap();
    assert_eq!(audit["items"][0]["address"], "198.51.100.7", "{audit}");
    drop(socket);
    server.stop().await;
}
