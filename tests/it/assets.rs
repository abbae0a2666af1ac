//! The library as people and programs use it: what comes in, what is found again, and how it goes out.

use std::time::Duration;

use gesso_server::config::DoctorOptions;
use gesso_server::doctor;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Database, TestServer, databases};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// A file made by ffmpeg.
fn film(name: &str, args: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let done = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-threads", "1"])
        .args(args)
        .arg(&path)
        .status()
        .expect("these tests need ffmpeg");
    assert!(done.success(), "{name}");
    std::fs::read(path).unwrap()
}

async fn upload(server: &TestServer, by: &Client, name: &str, bytes: Vec<u8>) -> Value {
    let request = by.post(format!("{}/api/assets?name={name}", server.url)).body(bytes);
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body
}

/// A picture that is like no other.
fn picture(n: u8) -> Vec<u8> {
    let pixel = |x: u32, y: u32| [n, x as u8, y as u8, 255].into();
    gesso_media::encode_png(&gesso_media::RgbaImage::from_fn(16, 8, pixel)).unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_the_disk_changed_is_told_and_comes_back_with_its_original() {
    let server = TestServer::start(&Database::Sqlite).await;
    let [flipped, gone] = [picture(41), picture(42)];
    let mut ids = Vec::new();
    for bytes in [&flipped, &gone] {
        let asset = upload(&server, &server.client, "kept.png", bytes.clone()).await;
        ids.push(asset["id"].as_str().unwrap().to_owned());
    }
    let file = |id: &str| server.app.options.data.join("assets").join(&id[..2]).join(id);
    let mut spoiled = flipped.clone();
    spoiled[20] ^= 1;
    std::fs::write(file(&ids[0]), spoiled).unwrap();
    std::fs::remove_file(file(&ids[1])).unwrap();

    let options = DoctorOptions {
        data: server.app.options.data.clone(),
        catalog: None,
        database: None,
        save_damaged: None,
    };
    let report = doctor::examine(&options).await.unwrap();
    assert!(!report.well && report.text.contains("its file is gone"), "{}", report.text);
    assert!(report.text.contains("is not what was stored"), "{}", report.text);

    for (id, says) in ids.iter().zip(["damaged", "gone"]) {
        for path in [String::new(), "/thumbnail?w=64".to_owned()] {
            let url = format!("{}/api/assets/{id}{path}", server.url);
            let answer = server.client.get(url).send().await.unwrap();
            let status = answer.status();
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
            assert_eq!(problem["code"], "storage_damaged", "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        }
    }
    for (id, bytes) in ids.iter().zip([flipped, gone]) {
        let answer = server.client.post(format!("{}/api/assets?name=again.png", server.url));
        assert!(answer.body(bytes.clone()).send().await.unwrap().status().is_success());
        let url = format!("{}/api/assets/{id}", server.url);
        let back = server.client.get(url).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(back, bytes);
    }
    assert!(doctor::examine(&options).await.unwrap().text.contains("2 are sound"));
}

#[tokio::test]
async fn a_search_without_end_is_refused() {
    let server = TestServer::start(&Database::Sqlite).await;
    for (chars, status) in [
        (1_000, StatusCode::OK),
        (1_001, StatusCode::BAD_REQUEST),
        (50_100, StatusCode::BAD_REQUEST),
    ] {
        let url = format!("{}/api/assets?q={}", server.url, "a".repeat(chars));
        assert_eq!(server.client.get(url).send().await.unwrap().status(), status, "{chars}");
    }
}

#[tokio::test]
async fn everything_is_found_by_its_words_and_by_who_brought_it() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server
            .canvas(json!([
                {"op": "add_node", "id": "g", "kind": "image_generator",
                 "text": "A Lighthouse, at dawn", "settings": {"resolution": "0.5K", "seed": 7}},
                {"op": "add_node", "id": "n", "kind": "image_generator", "title": "Cover",
                 "text": "quiet hills", "settings": {"resolution": "0.5K", "seed": 7}},
            ]))
            .await;
        let run = json!({"mode": "workflow"});
        let run = server.post(&format!("/api/canvases/{canvas}/runs"), run).await;
        let run = server.ended(run["id"].as_str().unwrap()).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let other = Client::builder().cookie_store(true).build().unwrap();
        for person in [&server.client, &other] {
            // Scripts are one person; who has looked at the page is a person of their own.
            person.get(format!("{}/api/me", server.url)).send().await.unwrap();
        }
        let mine = upload(&server, &server.client, "Ärmel_100%25.png", picture(1)).await;
        let theirs = upload(&server, &other, "brief.png", picture(2)).await;

        let found = async |query: &str| server.get(&format!("/api/assets?{query}")).await;
        let lighthouse = found("q=LIGHTHOUSE").await;
        assert_eq!(lighthouse["items"].as_array().unwrap().len(), 1);
        let item = &lighthouse["items"][0];
        assert_eq!(item["origin"]["kind"], "run");
        assert_eq!(item["origin"]["prompt"], "A Lighthouse, at dawn");
        assert_eq!(item["name"], "A Lighthouse at dawn.png");
        assert_eq!(found("q=hills").await["items"][0]["name"], "Cover.png");
        assert_eq!(found("q=dawn+light").await["items"].as_array().unwrap().len(), 1);
        assert_eq!(found("q=dawn+hills").await["items"], json!([]));
        assert_eq!(ids(&found("q=%C3%A4rmel").await), [mine["id"].as_str().unwrap()]);
        assert_eq!(ids(&found("q=0%25").await), [mine["id"].as_str().unwrap()]);
        // The signs of a pattern stand for themselves.
        assert_eq!(found("q=_brief").await["items"], json!([]));
        assert_eq!(ids(&found("q=brief").await), [theirs["id"].as_str().unwrap()]);
        assert_eq!(found("q=brief&scope=mine").await["items"], json!([]));
        assert_eq!(found("scope=mine").await["items"].as_array().unwrap().len(), 1);
        assert_eq!(found("scope=workspace").await["items"].as_array().unwrap().len(), 4);
        assert_eq!(found("type=video").await["items"], json!([]));
        for wrong in ["scope=all", "type=teapot", "limit=0", "cursor=x"] {
            let (status, body) =
                server.call(Method::GET, &format!("/api/assets?{wrong}"), None).await;
            assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
        }
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_whatever_comes_in_meanwhile() {
    let server = TestServer::start(&Database::Sqlite).await;
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(upload(&server, &server.client, "p.png", picture(n)).await);
    }
    let first = server.get("/api/assets?limit=3").await;
    upload(&server, &server.client, "new.png", picture(100)).await;
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/api/assets?limit=3&cursor={next}")).await;
    let next = second["next"].as_str().unwrap();
    let third = server.get(&format!("/api/assets?limit=3&cursor={next}")).await;
    assert_eq!(third["next"], Value::Null);
    let mut seen: Vec<String> = [first, second, third].iter().flat_map(ids).collect();
    assert_eq!(seen.len(), 7);
    seen.sort();
    let mut expected: Vec<_> =
        all.iter().map(|meta| meta["id"].as_str().unwrap().to_owned()).collect();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_piece_of_the_stock_can_be_used_before_anybody_looked_at_the_stock() {
    let Some(piece) = gesso_studio::stock::all().first() else { return };
    for database in databases() {
        let server = TestServer::start(&database).await;
        let uses = json!([{"op": "add_node", "id": "m", "kind": "media", "asset": piece.id}]);
        server.canvas(uses).await;
        let url = format!("{}/api/assets/{}", server.url, piece.id);
        assert_eq!(
            server.client.get(url).send().await.unwrap().bytes().await.unwrap(),
            piece.bytes
        );
        assert_eq!(server.get("/api/assets").await["items"], json!([]), "it is not the team's own");
        let stock = server.get("/api/assets?scope=stock&limit=1000").await;
        let expected: Vec<_> =
            gesso_studio::stock::all().iter().map(|item| item.id.clone()).collect();
        assert_eq!(ids(&stock), expected);
        let item = &stock["items"][0];
        assert_eq!((&item["origin"]["kind"], &item["name"]), (&json!("stock"), &json!(piece.name)));
        let tag = &piece.tags[0];
        let found = server.get(&format!("/api/assets?scope=stock&q={tag}")).await;
        assert!(ids(&found).contains(&piece.id));
        // Uploaded by somebody it is the team's as well.
        upload(&server, &server.client, "found.png", piece.bytes.to_vec()).await;
        assert_eq!(ids(&server.get("/api/assets").await), std::slice::from_ref(&piece.id));
        assert_eq!(ids(&server.get("/api/assets?scope=stock&limit=1000").await), expected);
    }
}

#[tokio::test]
async fn every_piece_of_the_stock_is_what_its_list_says_and_has_a_picture() {
    let server = TestServer::start(&Database::Sqlite).await;
    let fresh = TestServer::start(&Database::Sqlite).await;
    let stock = server.get("/api/assets?scope=stock&limit=1000").await;
    for (item, listed) in gesso_studio::stock::all().iter().zip(stock["items"].as_array().unwrap())
    {
        let looked = upload(&fresh, &fresh.client, "x", item.bytes.to_vec()).await;
        for fact in ["id", "mime", "type", "width", "height", "bytes"] {
            assert_eq!(looked[fact], listed[fact], "{}: {fact}", item.name);
        }
        let seconds = |meta: &Value| meta["duration"].as_f64().unwrap_or_default();
        assert!((seconds(&looked) - seconds(listed)).abs() < 0.1, "{}", item.name);
        let url = format!("{}/api/assets/{}/thumbnail?w=160", server.url, item.id);
        let picture = server.client.get(url).send().await.unwrap();
        assert_eq!(picture.status(), StatusCode::OK, "{}", item.name);
        gesso_media::dimensions(&picture.bytes().await.unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_video_can_be_sought_in_and_saved_under_its_name() {
    let server = TestServer::start(&Database::Sqlite).await;
    let bytes = film(
        "a.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x240:r=10:d=4",
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
        ],
    );
    let meta = upload(&server, &server.client, "Walk%20%231.mp4", bytes.clone()).await;
    let url = format!("{}/api/assets/{}", server.url, meta["id"].as_str().unwrap());
    let head = server.client.head(&url).send().await.unwrap();
    let header = |response: &reqwest::Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(header(&head, "content-length"), Some(bytes.len().to_string()));
    assert_eq!(header(&head, "accept-ranges"), Some("bytes".to_owned()));
    let etag = header(&head, "etag").unwrap();
    let disposition = header(&head, "content-disposition").unwrap();
    assert!(disposition.starts_with("inline; filename=\"Walk #1.mp4\""), "{disposition}");
    assert!(head.bytes().await.unwrap().is_empty());
    let middle = bytes.len() / 2;
    let range = format!("bytes={middle}-");
    for if_range in [Some(&*etag), None] {
        let mut request = server.client.get(&url).header("range", &range);
        if let Some(tag) = if_range {
            request = request.header("if-range", tag);
        }
        let part = request.send().await.unwrap();
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        let told = format!("bytes {middle}-{}/{}", bytes.len() - 1, bytes.len());
        assert_eq!(header(&part, "content-range"), Some(told));
        assert_eq!(part.bytes().await.unwrap(), bytes[middle..]);
    }
    let changed = server.client.get(&url).header("range", &range).header("if-range", "\"old\"");
    let whole = changed.send().await.unwrap();
    assert_eq!((whole.status(), whole.bytes().await.unwrap().len()), (StatusCode::OK, bytes.len()));
    let saved = server.client.get(format!("{url}?download")).send().await.unwrap();
    assert!(header(&saved, "content-disposition").unwrap().starts_with("attachment"));
}

#[tokio::test]
async fn thirty_uploads_at_once_arrive_and_leave_nothing_behind() {
    let server = TestServer::start(&Database::Sqlite).await;
    let sound = film("a.wav", &["-f", "lavfi", "-i", "sine=440:d=20"]);
    let all = (0..30_u8).map(|n| {
        let mut bytes = sound.clone();
        // Another sample each, so that each is another sound.
        let last = bytes.len() - 1;
        bytes[last] = n;
        let server = &server;
        async move { upload(server, &server.client, "a.wav", bytes).await }
    });
    let metas = futures_util::future::join_all(all).await;
    assert!(metas.iter().all(|meta| meta["duration"] == 20.0));
    assert_eq!(server.get("/api/assets").await["items"].as_array().unwrap().len(), 30);
    let staging = server.folder().join("assets/staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

#[tokio::test]
async fn a_client_that_goes_mid_way_leaves_nothing() {
    let server = TestServer::start(&Database::Sqlite).await;
    let folder = server.folder().join("assets/staging");
    let staged = || std::fs::read_dir(&folder).unwrap().count();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /api/assets HTTP/1.1\r\nhost: {address}\r\ncontent-length: 99999\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&picture(3)[..60]).await.unwrap();
    let until = async |count: usize| {
        let waiting = async {
            while staged() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("staging changes");
    };
    until(1).await;
    drop(socket);
    until(0).await;
    assert_eq!(server.get("/api/assets").await["items"], json!([]));
}
