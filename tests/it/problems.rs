//! Every answer that is no success is a problem with a stable code; every list has the same pages.

use reqwest::header::{ALLOW, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, RANGE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tests::{Database, TestServer, databases};

/// Sends a request that must be answered by a problem of this status and code; answers it and its headers.
async fn problem(request: RequestBuilder, status: u16, code: &str) -> (Value, Response) {
    let asked = format!("{request:?}");
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), status, "{asked}");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json", "{asked}");
    let (parts, body) = axum::http::Response::from(response).into_parts();
    let bytes = Response::from(axum::http::Response::new(body)).bytes().await.unwrap();
    let told: Value = serde_json::from_slice(&bytes).unwrap_or_else(|why| {
        panic!("{asked}: {why}: {}", String::from_utf8_lossy(&bytes));
    });
    assert_eq!((&told["code"], &told["status"]), (&json!(code), &json!(status)), "{asked}: {told}");
    assert_eq!(told["type"], format!("/problems/{code}"));
    for text in ["title", "detail"] {
        assert!(!told[text].as_str().unwrap().is_empty(), "{asked}: {told}");
    }
    (told, Response::from(axum::http::Response::from_parts(parts, "")))
}

fn to(server: &TestServer, method: Method, path: &str) -> RequestBuilder {
    server.client.request(method, format!("{}{path}", server.url))
}

fn get(server: &TestServer, path: &str) -> RequestBuilder {
    to(server, Method::GET, path)
}

#[tokio::test]
async fn unknown_routes_and_methods() {
    let server = TestServer::start(&Database::Sqlite).await;
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/canvases/a/nothing",
        "/api//canvases",
        "/assets/none.js",
        "/c",
        "/healthz/",
        "/sync",
        "/sync/",
        "/c/a/b",
        "/api/canvases/",
        "/favicon.ico",
        "/api/published/x",
        "/api/canvases/a/versions",
    ] {
        problem(get(&server, path), 404, "not_found").await;
    }
    problem(to(&server, Method::POST, "/nothing"), 404, "not_found").await;
    for (method, path, allow) in [
        (Method::DELETE, "/api/canvases", "GET,HEAD,POST"),
        (Method::PUT, "/api/canvases/any", "GET,HEAD,PATCH,DELETE"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::GET, "/api/canvases/any/edits", "POST"),
        (Method::OPTIONS, "/api/me", "GET,HEAD,PATCH"),
        (Method::TRACE, "/api/assets/any", "GET,HEAD"),
        (Method::POST, "/", "GET,HEAD"),
        (Method::POST, "/sync/any", "GET,HEAD"),
        (Method::from_bytes(b"QUERY").unwrap(), "/api/assets", "GET,HEAD,POST"),
    ] {
        let (_, response) = problem(to(&server, method, path), 405, "method_not_allowed").await;
        assert_eq!(response.headers()[ALLOW], allow, "{path}");
    }
    let head = to(&server, Method::HEAD, "/api/nothing").send().await.unwrap();
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
    assert_eq!(head.headers()[CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn addresses_that_make_no_sense() {
    let server = TestServer::start(&Database::Sqlite).await;
    for path in
        ["/api/canvases/%FF", "/api/runs/%C3%28", "/api/assets/%80/meta", "/sync/%FF", "/c/%FF/%FF"]
    {
        let response = get(&server, path).send().await.unwrap();
        let code = if path.starts_with("/c/") { "not_found" } else { "bad_request" };
        let told: Value = response.json().await.unwrap();
        assert_eq!(told["code"], code, "{path}");
    }
    for path in [
        "/api/assets?q=%FF",
        "/api/canvases?limit=%FF",
        "/healthz?%C3%28",
        "/api/assets?scope=elsewhere",
        "/api/assets?type=teapot",
        "/api/assets?q=a&q=b",
        "/api/canvases?limit=1&limit=2",
    ] {
        problem(get(&server, path), 400, "bad_request").await;
    }
    let asset = format!("/api/assets/{}/thumbnail?w=", "a".repeat(64));
    for wish in ["x", "-1", "1.5", "99999999999"] {
        problem(get(&server, &format!("{asset}{wish}")), 400, "bad_request").await;
    }
    problem(get(&server, "/sync/any"), 400, "bad_request").await;
    let shake = |version: &str| {
        get(&server, "/sync/any")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", version)
    };
    let (_, response) = problem(shake("12"), 400, "bad_request").await;
    assert_eq!(response.headers()["sec-websocket-version"], "13");
    problem(shake("13"), 400, "bad_request").await;
    problem(get(&server, "/api/me").header("origin", "http://evil.example"), 403, "forbidden")
        .await;
    problem(get(&server, "/sync/any").header("host", "evil.example"), 403, "forbidden").await;
}

#[tokio::test]
async fn bodies_that_make_no_sense() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([])).await;
    let at = format!("/api/canvases/{canvas}");
    let post = |path: &str| to(&server, Method::POST, path);
    let json = |path: &str, body: &'static [u8]| {
        post(path).header(CONTENT_TYPE, "application/json").body(body)
    };
    for body in [
        &b"[]"[..],
        b" [\"id\"]",
        b"null",
        b"5",
        b"\"name\"",
        b"",
        b"  ",
        b"{",
        b"{}}",
        b"{\"name\":1}",
        b"{\"name\":\"\xFF\"}",
        b"{\"nome\":\"a\"}",
        b"{\"name\":\"a\",\"name\":\"b\"}",
        b"\xEF\xBB\xBF",
        b"\xFE\xFF\0{\0}",
        b"{\"name\":\"a\\u0000b\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{name:1}",
    ] {
        problem(json("/api/canvases", body), 400, "bad_request").await;
    }
    assert_eq!(
        server.get("/api/canvases").await["items"].as_array().unwrap().len(),
        1,
        "nothing was made"
    );
    for path in ["/estimate", "/runs"] {
        problem(json(&format!("{at}{path}"), b"[\"workflow\"]"), 400, "bad_request").await;
    }
    let me = to(&server, Method::PATCH, "/api/me").header(CONTENT_TYPE, "application/json");
    problem(me.body("[\"Mara\"]"), 400, "bad_request").await;
    for body in
        [&b"{}"[..], b"null", b"[1]", b"[{}]", b"[", b"", b"[{\"op\":\"set_meta\",\"nome\":\"a\"}]"]
    {
        problem(json(&format!("{at}/edits"), body), 400, "bad_request").await;
    }
    let deep: &'static [u8] =
        Box::leak([b"[".repeat(5_000), b"]".repeat(5_000)].concat().into_boxed_slice());
    problem(json(&format!("{at}/edits"), deep), 400, "bad_request").await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "json", ""] {
        let request = post("/api/canvases").header(CONTENT_TYPE, kind).body("{}");
        problem(request, 415, "unsupported_media").await;
    }
    problem(post("/api/canvases").body("{}"), 415, "unsupported_media").await;
    let packed = json("/api/canvases", b"{}").header(CONTENT_ENCODING, "gzip");
    problem(packed, 415, "unsupported_media").await;
    problem(post(&format!("{at}/edits")).body("[]"), 415, "unsupported_media").await;
    let large: &'static [u8] = Box::leak(vec![b' '; 3 * 1024 * 1024].into_boxed_slice());
    problem(json("/api/canvases", large), 413, "too_large").await;
    problem(post(&format!("{at}/doc")).body("no update"), 400, "bad_request").await;
    let form = post("/api/assets").header(CONTENT_TYPE, "multipart/form-data").body("x");
    problem(form, 400, "bad_request").await;
    let field = "--e\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n\r\n";
    let file = "--e\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n<svg/>\r\n--e--\r\n";
    let form = post("/api/assets").header(CONTENT_TYPE, "multipart/form-data; boundary=e");
    problem(form.body(field.repeat(64) + file), 400, "bad_request").await;
    problem(post("/api/assets").body("what is this"), 415, "unsupported_media").await;
}

/// A byte order mark, which some programs put in front of a text in UTF-8, is no part of it.
#[tokio::test]
async fn byte_order_marks_are_skipped() {
    let server = TestServer::start(&Database::Sqlite).await;
    let canvas = server.canvas(json!([])).await;
    let at = format!("/api/canvases/{canvas}");
    for (method, path, body) in [
        (Method::POST, "/api/canvases".to_owned(), r#"{"name": "marked"}"#),
        (Method::PATCH, "/api/me".to_owned(), r#"{"name": "Mara"}"#),
        (
            Method::POST,
            format!("{at}/edits"),
            r#"[{"op": "add_node", "kind": "text", "text": "marked"}]"#,
        ),
        (Method::PATCH, at.clone(), r#"{"name": "marked"}"#),
    ] {
        let body = [b"\xEF\xBB\xBF", body.as_bytes()].concat();
        let request =
            to(&server, method, &path).header(CONTENT_TYPE, "application/json; charset=utf-8");
        let response = request.body(body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
    }
}

#[tokio::test]
async fn parts_of_files() {
    let server = TestServer::start(&Database::Sqlite).await;
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>"#;
    let stored = to(&server, Method::POST, "/api/assets").body(svg).send().await.unwrap();
    let meta: Value = stored.json().await.unwrap();
    let path = format!("/api/assets/{}", meta["id"].as_str().unwrap());
    let (_, response) =
        problem(get(&server, &path).header(RANGE, "bytes=99999-"), 416, "range_not_satisfiable")
            .await;
    assert_eq!(response.headers()[CONTENT_RANGE], format!("bytes */{}", meta["bytes"]));
    for range in ["bytes=0-3", "bytes=99999-"] {
        let head = to(&server, Method::HEAD, &path).header(RANGE, range).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{range}");
        assert_eq!(head.headers()["content-length"], meta["bytes"].to_string());
        assert!(head.headers().get(CONTENT_RANGE).is_none());
    }
    let part = get(&server, &path).header(RANGE, "bytes=0-3").send().await.unwrap();
    assert_eq!(
        (part.status(), part.text().await.unwrap().as_str()),
        (StatusCode::PARTIAL_CONTENT, "<svg")
    );
}

/// One rule for every list: what a page may be, and what a cursor is.
#[tokio::test]
async fn pages_of_lists() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let nodes: Vec<Value> = (0..3)
            .map(|n| json!({"op": "add_node", "id": format!("n{n}"), "kind": "image_generator", "text": "fine",
                            "settings": {"model": "fake-image"}}))
            .collect();
        let canvas = server.canvas(json!(nodes)).await;
        for _ in 0..2 {
            server.canvas(json!([])).await;
        }
        let at = format!("/api/canvases/{canvas}");
        for n in [0, 0, 0, 1, 2] {
            let run = json!({"mode": "node", "node": format!("n{n}")});
            let run = server.post(&format!("{at}/runs"), run).await;
            server.ended(run["id"].as_str().unwrap()).await;
        }
        let lists = [
            "/api/canvases".to_owned(),
            format!("{at}/runs"),
            format!("{at}/nodes/n0/generations"),
            "/api/assets".to_owned(),
            "/api/assets?scope=stock".to_owned(),
            "/api/credits/ledger".to_owned(),
            "/api/templates".to_owned(),
        ];
        for list in lists {
            let with = |query: &str| {
                format!("{list}{}{query}", if list.contains('?') { '&' } else { '?' })
            };
            for wrong in [
                "limit=0",
                "limit=1001",
                "limit=-1",
                "limit=x",
                "limit=",
                "limit=1.0",
                "limit=1e2",
                "limit=+5",
                "limit=99999999999999999999",
                "limit=%00",
                "cursor=",
                "cursor=x%00",
                "cursor=%20",
                "cursor=-1",
                "cursor=1.%00",
                "cursor=😀",
                "cursor='",
                "limit=1&limit=1",
                "cursor=1&cursor=1",
            ] {
                problem(get(&server, &with(wrong)), 400, "bad_request").await;
            }
            let whole = server.get(&with("limit=1000")).await;
            assert_eq!(whole["next"], Value::Null, "{list}");
            let whole = whole["items"].as_array().unwrap();
            assert_eq!(
                server.get(&list).await["items"].as_array().unwrap().len(),
                whole.len().min(100)
            );
            let exact = server.get(&with(&format!("limit={}", whole.len()))).await;
            assert_eq!(exact["next"], Value::Null, "{list}: there is nothing on a next page");
            // One by one they are the same list. What is known of an entry may change meanwhile, but not its id.
            let ids =
                |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
            let mut walked = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = server.get(&with(&format!("limit=1{cursor}"))).await;
                walked.extend(page["items"].as_array().unwrap().iter().cloned());
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(ids(&walked), ids(whole), "{list}");
        }
    }
}

#[tokio::test]
async fn somebody_with_too_much_under_way_is_told_when_to_come_again() {
    let server = TestServer::start_tuned(&Database::Sqlite, |options| {
        options.bodies_person_max_bytes = 256 * 1024;
    })
    .await;
    let canvas = server.canvas(json!([])).await;
    let doc =
        to(&server, Method::POST, &format!("/api/canvases/{canvas}/doc")).body(vec![0; 512 * 1024]);
    let (_, response) = problem(doc, 429, "rate_limited").await;
    assert_eq!(response.headers()[RETRY_AFTER], "2");
    server.get("/healthz").await;
    let small = to(&server, Method::POST, &format!("/api/canvases/{canvas}/doc")).body(vec![0, 0]);
    assert_eq!(small.send().await.unwrap().status(), StatusCode::NO_CONTENT);
}
