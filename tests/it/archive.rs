//! Results saved as one archive.

use async_zip::base::read1::seek::ZipArchiveReader;
use futures_util::AsyncReadExt as _;
use futures_util::io::Cursor;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{TestServer, databases};

fn image(id: &str, y: i64) -> Value {
    json!({"op": "add_node", "id": id, "kind": "image_generator", "text": format!("fine {id}"),
           "title": "Shot", "pos": [0, y], "settings": {"model": "fake-image", "count": 2}})
}

/// The names and contents of the files of an archive.
async fn unpacked(server: &TestServer, path: &str) -> Vec<(String, Vec<u8>)> {
    let answer = server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let saved = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(saved.starts_with("attachment; filename=\"Test.zip\""), "{saved}");
    let bytes = answer.bytes().await.unwrap();
    let mut archive = ZipArchiveReader::open(Cursor::new(bytes)).await.unwrap();
    let mut files = Vec::new();
    for n in 0..archive.cdrs().len() {
        let name = archive.cdrs()[n].insecure_file_name.as_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        archive.file(n).await.unwrap().read_to_end(&mut bytes).await.unwrap();
        files.push((name, bytes));
    }
    files
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nodes_show_is_saved_as_one_archive() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let canvas = server.canvas(json!([image("b", 100), image("a", 0)])).await;
        let archive = format!("/api/canvases/{canvas}/archive");
        let (status, answer) = server.call(reqwest::Method::GET, &archive, None).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
        let run =
            server.post(&format!("/api/canvases/{canvas}/runs"), json!({"mode": "workflow"})).await;
        let run = server.ended(run["id"].as_str().unwrap()).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let files = unpacked(&server, &archive).await;
        let all = [
            "Shot/Shot 01.png",
            "Shot/Shot 02.png",
            "Shot (2)/Shot 01.png",
            "Shot (2)/Shot 02.png",
        ];
        assert_eq!(names(&files), all);
        let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
        let nodes = graph["nodes"].as_array().unwrap();
        let made = |id: &str| {
            nodes.iter().find(|node| node["id"] == id).unwrap()["generations"].as_array().unwrap()
        };
        let assets: Vec<&str> =
            made("a").iter().chain(made("b")).map(|made| made["asset"].as_str().unwrap()).collect();
        for ((name, bytes), asset) in files.iter().zip(&assets) {
            let url = format!("{}/api/assets/{asset}", server.url);
            let whole = server.client.get(url).send().await.unwrap().bytes().await.unwrap();
            assert_eq!(&whole[..], &bytes[..], "{name}");
        }
        let some = unpacked(&server, &format!("{archive}?nodes=b,gone")).await;
        assert_eq!(names(&some), ["Shot/Shot 01.png", "Shot/Shot 02.png"]);
        // A file that is lost is named, and the others are there.
        let lost = assets[0];
        let blob = server.folder().join("assets").join(&lost[..2]).join(lost);
        std::fs::remove_file(blob).unwrap();
        let files = unpacked(&server, &archive).await;
        assert_eq!(names(&files)[..3], all[1..]);
        let (name, told) = files.last().unwrap();
        assert_eq!(name, "Missing files.txt");
        assert!(String::from_utf8_lossy(told).starts_with("Shot/Shot 01.png: "), "{told:?}");
    }
}
