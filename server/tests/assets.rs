//! The asset routes over a real folder and a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use axum::{Extension, Router};
use gesso_media::{Control, Programs, RgbaImage, ToolRunner};
use gesso_media::{decode, encode_png};
use gesso_protocol::api::Me;
use gesso_protocol::ids::{AssetId, WorkspaceId};
use gesso_server::assets::{AssetLimits, Assets, Blobs, Incoming};
use gesso_server::db::Db;
use gesso_server::db::assets::AssetKey;
use gesso_server::http::assets::routes;
use gesso_studio::{PaintRequest, paint};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[path = "assets/cases.rs"]
mod cases;

fn key(id: &str) -> AssetKey {
    AssetKey { workspace: WorkspaceId::default(), id: AssetId::new(id) }
}

fn ivy() -> Me {
    Me {
        id: "ivy".to_owned(),
        name: "Ivy".to_owned(),
        color: "#8a63d2".to_owned(),
        favourites: Vec::new(),
        account: None,
    }
}

struct Server {
    folder: std::path::PathBuf,
    router: Router,
    assets: Assets,
    tools: ToolRunner,
}

impl Server {
    async fn new(limits: AssetLimits) -> Self {
        // Vector pictures are drawn as a server draws them.
        let programs = Programs::find().with_own(env!("CARGO_BIN_EXE_gesso").into());
        Self::with(programs, limits).await
    }

    async fn with(programs: Programs, limits: AssetLimits) -> Self {
        Self::patient(programs, limits, std::time::Duration::from_secs(60)).await
    }

    async fn patient(
        programs: Programs,
        limits: AssetLimits,
        patience: std::time::Duration,
    ) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gesso-assets-{:032x}", rand::random::<u128>()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open(None, &folder).await.unwrap();
        let tools = ToolRunner::new(programs, &folder.join("scratch")).unwrap();
        let tools = tools.with_patience(patience);
        let blobs = Blobs::open(&folder.join("assets"), tools.clone(), limits).unwrap();
        let assets = Assets::new(blobs, db);
        let router = routes::<Assets>().layer(Extension(ivy())).with_state(assets.clone());
        Self { folder, router, assets, tools }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, uri: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = Request::post(uri).header("content-type", kind).body(body.into()).unwrap();
        let response = self.send(request).await;
        (response.status(), serde_json::from_slice(&content(response).await).unwrap())
    }

    /// Files under the assets folder that are no thumbnails.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.folder.join("assets")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path)
                } else {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned())
                }
            }
        }
        found
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
        }
    }
}

async fn content(response: Response<Body>) -> Vec<u8> {
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
}

fn picture(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let request = PaintRequest {
        prompt: "a boat at dusk".to_owned(),
        negative: String::new(),
        width,
        height,
        seed,
        references: Vec::new(),
    };
    encode_png(&paint(&request, &Control::none()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_picture_is_stored_by_its_content_and_comes_back_the_same() {
    let server = Server::new(AssetLimits::default()).await;
    let bytes = picture(300, 200, 1);
    let (status, meta) = server.post("/assets?name=dusk.png", "image/png", bytes.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!(
        (meta["id"].as_str(), meta["mime"].as_str(), meta["type"].as_str()),
        (Some(&*id), Some("image/png"), Some("image"))
    );
    assert_eq!(
        (meta["width"].clone(), meta["height"].clone(), meta["bytes"].clone()),
        (json!(300), json!(200), json!(bytes.len()))
    );
    assert_eq!(
        (meta["name"].clone(), meta["origin"].clone()),
        (json!("dusk.png"), json!({"kind": "upload"}))
    );
    assert_eq!(server.files(), std::slice::from_ref(&id));
    assert_eq!(server.assets.row(&key(id.as_str())).await.unwrap().person, "ivy");

    let got = server.get(&format!("/assets/{id}"), &[]).await;
    assert_eq!(got.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", &*bytes.len().to_string()),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        ("etag", &*format!("\"{id}\"")),
        ("content-disposition", "inline; filename=\"dusk.png\"; filename*=UTF-8''dusk.png"),
    ] {
        assert_eq!(header(&got, name), value, "{name}");
    }
    assert!(header(&got, "content-security-policy").contains("sandbox"));
    assert_eq!(content(got).await, bytes);
    let saved = server.get(&format!("/assets/{id}?download"), &[]).await;
    assert!(header(&saved, "content-disposition").starts_with("attachment; filename=\"dusk.png\""));
    let known: Value = serde_json::from_slice(
        &content(server.get(&format!("/assets/{id}/meta"), &[]).await).await,
    )
    .unwrap();
    assert_eq!(known, meta);

    let (status, again) = server.post("/assets?name=other.png", "text/plain", bytes).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &meta));
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn forms_are_taken_and_their_file_name_kept() {
    let server = Server::new(AssetLimits::default()).await;
    let form = |field: &str| {
        let mut body = format!("--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--X\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"../see.gif\"\r\nContent-Type: text/html\r\n\r\n").into_bytes();
        body.extend(picture(64, 64, 2));
        body.extend(b"\r\n--X--\r\n");
        body
    };
    let (status, meta) =
        server.post("/assets", "multipart/form-data; boundary=X", form("file")).await;
    assert_eq!(
        (status, meta["name"].clone(), meta["mime"].clone()),
        (StatusCode::CREATED, json!("see.gif"), json!("image/png"))
    );
    let id = meta["id"].as_str().unwrap();
    assert!(
        header(&server.get(&format!("/assets/{id}"), &[]).await, "content-disposition")
            .contains("see.png")
    );
    let (status, problem) =
        server.post("/assets", "multipart/form-data; boundary=X", form("other")).await;
    assert_eq!((status, problem["code"].clone()), (StatusCode::BAD_REQUEST, json!("bad_request")));
    let (status, _) = server.post("/assets", "multipart/form-data", form("file")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_leaves_nothing() {
    let limits = AssetLimits { upload_bytes_max: 20_000, ..AssetLimits::default() };
    let server = Server::new(limits).await;
    let (status, problem) = server.post("/assets", "image/png", Vec::new()).await;
    assert_eq!((status, problem["code"].clone()), (StatusCode::BAD_REQUEST, json!("bad_request")));
    assert!(problem["detail"].as_str().unwrap().contains("empty"));
    for page in ["<!DOCTYPE html><script>1</script>", "hello", "PK\u{3}\u{4}"] {
        let (status, problem) = server.post("/assets", "image/png", page).await;
        assert_eq!(
            (status, problem["code"].clone()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, json!("unsupported_media"))
        );
    }
    let avif = b"\0\0\0\x18ftypavif\0\0\0\0avifmif1".to_vec();
    let (status, problem) = server.post("/assets", "image/avif", avif).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("This AVIF picture"), "{problem}");
    let large = picture(400, 400, 3);
    assert!(large.len() > 20_000);
    // Announced, and only found out on the way.
    let (status, problem) = server.post("/assets", "image/png", large.clone()).await;
    assert_eq!(
        (status, problem["code"].clone()),
        (StatusCode::PAYLOAD_TOO_LARGE, json!("too_large"))
    );
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
        large.chunks(7000).map(|c| Ok(c.to_vec())).collect();
    let (status, problem) = server
        .post("/assets", "image/png", Body::from_stream(futures_util::stream::iter(chunks)))
        .await;
    assert_eq!(
        (status, problem["code"].clone()),
        (StatusCode::PAYLOAD_TOO_LARGE, json!("too_large"))
    );
    let broken = vec![Ok(large[..9000].to_vec()), Err(std::io::Error::other("gone"))];
    let (status, _) = server
        .post("/assets", "image/png", Body::from_stream(futures_util::stream::iter(broken)))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, problem) =
        server.post("/assets", "image/png", picture(64, 64, 1)[..20].to_vec()).await;
    assert_eq!((status, problem["code"].clone()), (StatusCode::BAD_REQUEST, json!("bad_request")));
    for _ in 0..50 {
        if server.files().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(server.files(), Vec::<String>::new());
    let list: Value =
        serde_json::from_slice(&content(server.get("/assets", &[]).await).await).unwrap();
    assert_eq!(list, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn parts_and_conditions_are_answered_as_http_says() {
    let server = Server::new(AssetLimits::default()).await;
    let bytes = picture(120, 80, 4);
    let (_, meta) = server.post("/assets", "image/png", bytes.clone()).await;
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    let etag = format!("\"{}\"", meta["id"].as_str().unwrap());
    for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let got = server.get(&uri, &[("if-none-match", &tag)]).await;
        assert_eq!(got.status(), StatusCode::NOT_MODIFIED, "{tag}");
        assert!(content(got).await.is_empty());
    }
    assert_eq!(server.get(&uri, &[("if-none-match", "\"x\"")]).await.status(), StatusCode::OK);

    let got = server.get(&uri, &[("range", "bytes=10-19")]).await;
    assert_eq!(got.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&got, "content-range"), format!("bytes 10-19/{}", bytes.len()));
    assert_eq!(header(&got, "content-length"), "10");
    assert_eq!(content(got).await, bytes[10..20]);
    let got = server.get(&uri, &[("range", "bytes=-7")]).await;
    assert_eq!(content(got).await, bytes[bytes.len() - 7..]);
    let got = server.get(&uri, &[("range", &*format!("bytes={}-", bytes.len()))]).await;
    assert_eq!(got.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&got, "content-range"), format!("bytes */{}", bytes.len()));
    let got = server.get(&uri, &[("range", "bytes=0-4"), ("if-range", "\"old\"")]).await;
    assert_eq!((got.status(), content(got).await.len()), (StatusCode::OK, bytes.len()));
    let head = server.send(Request::head(&uri).body(Body::empty()).unwrap()).await;
    assert_eq!(
        (head.status(), header(&head, "content-length").to_owned()),
        (StatusCode::OK, bytes.len().to_string())
    );
    assert!(content(head).await.is_empty());
}

#[tokio::test]
async fn vectors_are_cleaned_drawn_and_shown() {
    let server = Server::new(AssetLimits::default()).await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='40'><script>alert(1)</script>\
               <rect width='80' height='40' fill='red' onload='alert(1)'/></svg>";
    let (status, meta) = server.post("/assets", "image/png", svg).await;
    assert_eq!((status, meta["type"].clone()), (StatusCode::CREATED, json!("svg")));
    assert_eq!((&meta["width"], &meta["height"]), (&json!(80), &json!(40)));
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    let got = server.get(&uri, &[]).await;
    assert!(header(&got, "content-disposition").starts_with("inline"));
    assert!(header(&got, "content-security-policy").contains("sandbox"));
    assert_eq!(header(&got, "x-content-type-options"), "nosniff");
    let served = content(got).await;
    assert_eq!(blake3::hash(&served).to_hex().to_string(), meta["id"].as_str().unwrap());
    let served = String::from_utf8(served).unwrap();
    assert!(served.contains("<rect") && !served.contains("alert"), "{served}");
    let small = server.get(&format!("{uri}/thumbnail?w=160"), &[]).await;
    let drawn = decode(&content(small).await, Default::default()).unwrap();
    assert_eq!((drawn.dimensions(), drawn.get_pixel(80, 40).0[0] > 240), ((160, 80), true));
}

#[tokio::test]
async fn thumbnails_are_small_cached_and_conditional() {
    let server = Server::new(AssetLimits::default()).await;
    let (_, meta) = server.post("/assets", "image/png", picture(900, 600, 5)).await;
    let uri = format!("/assets/{}/thumbnail", meta["id"].as_str().unwrap());
    let size = |bytes: Vec<u8>| decode(&bytes, Default::default()).unwrap().dimensions();
    let got = server.get(&uri, &[]).await;
    assert_eq!(
        (got.status(), header(&got, "content-type").to_owned()),
        (StatusCode::OK, "image/jpeg".to_owned())
    );
    let etag = header(&got, "etag").to_owned();
    assert_eq!(size(content(got).await), (320, 213));
    assert_eq!(server.files().len(), 2);
    assert_eq!(
        server.get(&uri, &[("if-none-match", &etag)]).await.status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(size(content(server.get(&format!("{uri}?w=500"), &[]).await).await), (640, 427));
    assert_eq!(size(content(server.get(&format!("{uri}?w=9999"), &[]).await).await), (900, 600));
    assert_eq!(server.files().len(), 4);
    let wrong = server.get(&format!("/assets/{}/thumbnail", "0".repeat(64)), &[]).await;
    assert_eq!(wrong.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_library_is_listed_newest_first_in_pages() {
    let server = Server::new(AssetLimits::default()).await;
    for n in 0..5_u8 {
        let bytes = encode_png(&RgbaImage::from_pixel(4, 4, image_pixel(n))).unwrap();
        let about = Incoming {
            workspace: WorkspaceId::default(),
            name: format!("n{n}"),
            origin: json!({"kind": "run", "prompt": format!("Fox {n}")}),
            person: "ivy".to_owned(),
            now_ms: i64::from(n) / 2,
        };
        server.assets.store(bytes.into(), about).await.unwrap();
    }
    let mut wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend([0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]);
    wav.extend(b"data\x80\x3e\0\0");
    wav.extend(vec![0; 16_000]);
    let (_, meta) = server.post("/assets?name=tone", "audio/wav", wav).await;
    assert_eq!((meta["type"].clone(), meta["duration"].clone()), (json!("audio"), json!(1.0)));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Value = serde_json::from_slice(
            &content(server.get(&format!("/assets?limit=2{cursor}"), &[]).await).await,
        )
        .unwrap();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| (i["created_at"].as_i64().unwrap(), i["id"].as_str().unwrap().to_owned())),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.windows(2).all(|p| p[0] > p[1]), "{seen:?}");
    let count = async |uri: &str| {
        let page: Value =
            serde_json::from_slice(&content(server.get(uri, &[]).await).await).unwrap();
        page["items"].as_array().map(Vec::len)
    };
    assert_eq!(count("/assets?type=audio").await, Some(1));
    assert_eq!(count("/assets?q=fox").await, Some(5));
    assert_eq!(count("/assets?q=fox%203").await, Some(1));
    for wrong in
        ["/assets?type=spreadsheet", "/assets?limit=0", "/assets?limit=1001", "/assets?cursor=zzz"]
    {
        assert_eq!(server.get(wrong, &[]).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

fn image_pixel(n: u8) -> image::Rgba<u8> {
    image::Rgba([n * 40, 10, 10, 255])
}

#[tokio::test]
async fn ids_that_are_no_hashes_reach_no_path() {
    let server = Server::new(AssetLimits::default()).await;
    for id in ["..%2f..%2fgesso.db", "gesso.db", "%00", &"A".repeat(64), "staging"] {
        for tail in ["", "/meta", "/thumbnail"] {
            assert_eq!(
                server.get(&format!("/assets/{id}{tail}"), &[]).await.status(),
                StatusCode::NOT_FOUND,
                "{id}{tail}"
            );
        }
    }
}

#[tokio::test]
async fn a_new_start_removes_what_was_half_written() {
    let server = Server::new(AssetLimits::default()).await;
    let (_, meta) = server.post("/assets", "image/png", picture(64, 64, 6)).await;
    let staging = server.folder.join("assets/staging");
    std::fs::create_dir_all(&staging).unwrap();
    std::fs::write(staging.join("left#1"), b"half").unwrap();
    let limits = AssetLimits::default();
    Blobs::open(&server.folder.join("assets"), server.tools.clone(), limits).unwrap();
    assert_eq!(server.files(), [meta["id"].as_str().unwrap()]);
}

#[tokio::test]
async fn many_uploads_of_one_content_at_once_are_one_asset() {
    let server = Server::new(AssetLimits::default()).await;
    let bytes = picture(200, 200, 7);
    let all = (0..8).map(|_| server.post("/assets", "image/png", bytes.clone()));
    for (status, _) in futures_util::future::join_all(all).await {
        assert_eq!(status, StatusCode::CREATED);
    }
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn pixels_of_a_stored_picture_can_be_had() {
    let server = Server::new(AssetLimits::default()).await;
    let (_, meta) = server.post("/assets", "image/png", picture(70, 90, 8)).await;
    assert_eq!(
        server.assets.picture(&key(meta["id"].as_str().unwrap())).await.unwrap().dimensions(),
        (70, 90)
    );
}

/// A short film with sound, made by ffmpeg.
fn film() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let done = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-threads", "1"])
        .args([
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=96x64:r=10:d=3",
            "-f",
            "lavfi",
            "-i",
            "sine=440:d=3",
        ])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"])
        .args(["-movflags", "+faststart"])
        .arg(&path)
        .status()
        .expect("these tests need ffmpeg");
    assert!(done.success());
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn films_are_measured_and_have_a_poster_and_a_waveform() {
    let server = Server::new(AssetLimits::default()).await;
    let bytes = film();
    let (status, meta) = server.post("/assets?name=walk.mp4", "video/mp4", bytes.clone()).await;
    assert_eq!((status, &meta["type"]), (StatusCode::CREATED, &json!("video")), "{meta}");
    assert_eq!((&meta["width"], &meta["height"]), (&json!(96), &json!(64)));
    let seconds = meta["duration"].as_f64().unwrap();
    assert!((2.9..3.2).contains(&seconds), "{seconds}");
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    for width in [160, 320] {
        let got = server.get(&format!("{uri}/thumbnail?w={width}"), &[]).await;
        assert_eq!(got.status(), StatusCode::OK);
        let poster = decode(&content(got).await, Default::default()).unwrap();
        assert_eq!(poster.dimensions(), (96, 64));
    }
    let got = server.get(&format!("{uri}/waveform"), &[]).await;
    let etag = header(&got, "etag").to_owned();
    let wave: Value = serde_json::from_slice(&content(got).await).unwrap();
    assert_eq!(wave["peaks"].as_array().unwrap().len(), 400);
    assert!((wave["duration"].as_f64().unwrap() - 3.0).abs() < 0.2);
    let again = server.get(&format!("{uri}/waveform"), &[("if-none-match", &etag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let part = server.get(&uri, &[("range", "bytes=100-199")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(content(part).await, bytes[100..200]);
    let cut = bytes[..bytes.len() / 2].to_vec();
    let before = server.files().len();
    let (status, problem) = server.post("/assets", "video/mp4", cut).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("cannot be played"), "{problem}");
    assert_eq!(server.files().len(), before);
}

#[tokio::test]
async fn without_ffmpeg_films_are_taken_and_a_sentence_stands_for_their_poster() {
    let server = Server::with(Programs::default(), AssetLimits::default()).await;
    let (status, meta) = server.post("/assets", "video/mp4", film()).await;
    assert_eq!(status, StatusCode::CREATED, "{meta}");
    assert_eq!(
        (meta["width"].clone(), meta["duration"].as_f64().unwrap() > 2.9),
        (Value::Null, true)
    );
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    let got = server.get(&format!("{uri}/thumbnail"), &[]).await;
    assert_eq!(got.status(), StatusCode::NOT_FOUND);
    let problem: Value = serde_json::from_slice(&content(got).await).unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("with ffmpeg"), "{problem}");
    // AAC is read by the library.
    let got = server.get(&format!("{uri}/waveform"), &[]).await;
    assert_eq!(got.status(), StatusCode::OK);
}

#[tokio::test]
async fn sounds_have_a_picture_of_their_waveform() {
    let server = Server::new(AssetLimits::default()).await;
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data"
            .to_vec();
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend((0..8000_i16).flat_map(|n| (n % 100 * 200).to_le_bytes()));
    let (status, meta) = server.post("/assets", "audio/wav", wav).await;
    assert_eq!((status, &meta["duration"]), (StatusCode::CREATED, &json!(1.0)), "{meta}");
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    let got = server.get(&format!("{uri}/thumbnail?w=320"), &[]).await;
    let drawn = decode(&content(got).await, Default::default()).unwrap();
    assert_eq!(drawn.dimensions(), (320, 160));
    let clear = drawn.pixels().filter(|pixel| pixel[3] == 0).count();
    assert!(clear > 1000 && clear < 320 * 160 - 1000, "bars on nothing");
    let (_, picture) = server.post("/assets", "image/png", picture(64, 64, 1)).await;
    let uri = format!("/assets/{}/waveform", picture["id"].as_str().unwrap());
    assert_eq!(server.get(&uri, &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_photo_is_served_without_its_place_and_stands_upright_everywhere() {
    let server = Server::new(AssetLimits::default()).await;
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(400, 200).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let mut exif =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPSLatitude 52.5 N");
    let mut photo = jpeg[..2].to_vec();
    photo.extend([0xff, 0xe1]);
    photo.extend((exif.len() as u16 + 2).to_be_bytes());
    photo.extend(exif);
    photo.extend(&jpeg[2..]);
    let (status, meta) = server.post("/assets", "image/jpeg", photo).await;
    assert_eq!(status, StatusCode::CREATED, "{meta}");
    assert_eq!((&meta["width"], &meta["height"]), (&json!(200), &json!(400)));
    let id = meta["id"].as_str().unwrap();
    let served = content(server.get(&format!("/assets/{id}"), &[]).await).await;
    assert!(!served.windows(3).any(|window| window == b"GPS"));
    assert_eq!(blake3::hash(&served).to_hex().to_string(), id);
    assert_eq!(served.len() as i64, meta["bytes"]);
    assert_eq!(decode(&served, Default::default()).unwrap().dimensions(), (200, 400));
    let small = content(server.get(&format!("/assets/{id}/thumbnail?w=160"), &[]).await).await;
    assert_eq!(decode(&small, Default::default()).unwrap().dimensions(), (160, 320));
    assert_eq!(server.assets.picture(&key(id)).await.unwrap().dimensions(), (200, 400));
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_leaves_nothing() {
    let server = Server::new(AssetLimits::default()).await;
    let begun = Ok::<_, std::io::Error>(picture(200, 200, 2)[..9000].to_vec());
    let start = futures_util::stream::iter([begun]);
    let body = futures_util::StreamExt::chain(start, futures_util::stream::pending());
    let request = Request::post("/assets").body(Body::from_stream(body)).unwrap();
    let sending = tokio::spawn(server.router.clone().oneshot(request));
    let until = async |is_empty: bool| {
        while server.files().is_empty() != is_empty {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    until(false).await;
    sending.abort();
    assert!(sending.await.is_err());
    until(true).await;
}

#[tokio::test]
async fn a_store_elsewhere_works_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(Programs::find(), &folder.path().join("scratch")).unwrap();
    let db = Db::open(None, folder.path()).await.unwrap();
    let store = std::sync::Arc::new(object_store::memory::InMemory::new());
    let staging = folder.path().join("staging");
    let blobs = Blobs::elsewhere(store, &staging, tools, AssetLimits::default()).unwrap();
    let assets = Assets::new(blobs, db);
    let about = |name: &str| Incoming {
        workspace: WorkspaceId::default(),
        name: name.to_owned(),
        origin: json!({"kind": "upload"}),
        person: "ivy".to_owned(),
        now_ms: 1,
    };
    let bytes = film();
    let meta = assets.store(bytes.clone().into(), about("a.mp4")).await.unwrap();
    assert_eq!(assets.load(&key(meta.asset.id.as_str())).await.unwrap(), bytes);
    let poster = assets.thumbnail(&key(meta.asset.id.as_str()), Some(160), "").await.unwrap();
    assert_eq!(decode(&poster.bytes, Default::default()).unwrap().dimensions(), (96, 64));
    assert_eq!(assets.waveform(&key(meta.asset.id.as_str()), "").await.unwrap().peaks.len(), 400);
    assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 0, "copies go");
}

#[tokio::test]
async fn models_are_checked_and_broken_ones_refused() {
    let server = Server::new(AssetLimits::default()).await;
    let glb = |json: &str| {
        let mut json = json.as_bytes().to_vec();
        json.resize(json.len().next_multiple_of(4), b' ');
        let mut out = b"glTF\x02\0\0\0".to_vec();
        out.extend((20 + json.len() as u32).to_le_bytes());
        out.extend((json.len() as u32).to_le_bytes());
        out.extend(b"JSON");
        out.extend(json);
        out
    };
    let fine = glb(r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[]}]}"#);
    let (status, meta) = server.post("/assets", "application/octet-stream", fine.clone()).await;
    assert_eq!((status, &meta["type"]), (StatusCode::CREATED, &json!("model3d")), "{meta}");
    let linked = glb(r#"{"asset":{"version":"2.0"},"meshes":[{}],"buffers":[{"uri":"a.bin"}]}"#);
    for broken in [fine[..fine.len() - 4].to_vec(), linked] {
        let (status, problem) = server.post("/assets", "model/gltf-binary", broken).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
        assert!(problem["detail"].as_str().unwrap().contains("Export it"), "{problem}");
    }
}
