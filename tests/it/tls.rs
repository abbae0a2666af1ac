//! TLS without a proxy in front.

use std::path::PathBuf;

use reqwest::{Certificate, Client, StatusCode};
use serde_json::json;
use tests::{TestServer, databases};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/tls").join(name)
}

#[tokio::test]
async fn a_server_with_a_certificate_speaks_tls_and_nothing_else() {
    let database = databases().remove(0);
    let (certificate, key) = (file("localhost.pem"), file("localhost.key"));
    let server = TestServer::start_tuned(&database, |options| {
        options.accounts = true;
        options.tls_cert = Some(certificate.clone());
        options.tls_key = Some(key);
    })
    .await;
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();

    let root = Certificate::from_pem(&std::fs::read(&certificate).unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([root]).build().unwrap();
    let url = format!("https://localhost:{port}");
    let health = client.get(format!("{url}/healthz")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    let out = client.delete(format!("{url}/api/session")).send().await.unwrap();
    let header = |name: &str| out.headers()[name].to_str().unwrap().to_owned();
    assert!(header("set-cookie").contains("Secure"), "{out:?}");
    assert!(header("strict-transport-security").contains("max-age"));
    let wrong = json!({"email": "nobody@example.org", "password": "a long enough password"});
    let refused = client.post(format!("{url}/api/session")).json(&wrong).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);

    // Whoever speaks plainly is let go, and nobody else is the worse for it.
    let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // It may be cut off as well as closed.
    let _read = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    assert!(client.get(format!("{url}/healthz")).send().await.unwrap().status().is_success());
    server.stop().await;
}
