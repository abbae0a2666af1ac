//! Every kind of node on one canvas, run whole with the built-in models; every output is decoded, not merely seen.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gesso_media::{DecodeLimits, decode};
use serde_json::{Value, json};
use tests::{Database, TestServer};

/// Words that are spoken in a few seconds.
const SCRIPT: &str = "Morning comes to the harbour. The boats are still asleep.";

/// A canvas that holds every kind there is.
fn every_kind(portrait: &str, tone: &str) -> Value {
    let small = json!({"aspect_ratio": "16:9", "resolution": "0.5K", "seed": 7});
    json!([
        {"op": "add_node", "id": "words", "kind": "text", "text": "A harbour at dawn, small boats, mist"},
        {"op": "add_node", "id": "portrait", "kind": "upload", "asset": portrait},
        {"op": "add_node", "id": "tone", "kind": "media", "asset": tone},
        {"op": "add_node", "id": "looks", "kind": "list",
         "items": [{"id": "ink", "text": "in ink"}, {"id": "oil", "text": "in oil"}]},
        {"op": "add_node", "id": "image", "kind": "image_generator", "settings": small},
        {"op": "add_node", "id": "many", "kind": "image_generator", "text": "a lighthouse",
         "settings": {"aspect_ratio": "1:1", "resolution": "0.5K", "seed": 3}},
        {"op": "add_node", "id": "choice", "kind": "evaluator"},
        {"op": "add_node", "id": "assistant", "kind": "assistant", "text": "Describe this picture."},
        {"op": "add_node", "id": "larger", "kind": "image_upscaler", "settings": {"scale": 2}},
        {"op": "add_node", "id": "svg", "kind": "svg_generator", "settings": {"seed": 5}},
        {"op": "add_node", "id": "angles", "kind": "camera_angles", "settings": {"angles":
            ["front", {"name": "over the shoulder", "yaw": 25, "pitch": -10, "roll": 0, "zoom": 1.1}]}},
        {"op": "add_node", "id": "video", "kind": "video_generator", "text": "slow move", "settings":
            {"duration": 2, "resolution": "480p", "aspect_ratio": "16:9", "fps": 12, "seed": 2}},
        {"op": "add_node", "id": "voice", "kind": "voiceover", "text": SCRIPT},
        {"op": "add_node", "id": "effect", "kind": "sound_effects", "text": "gentle waves",
         "settings": {"duration": 2, "seed": 4}},
        {"op": "add_node", "id": "music", "kind": "music_generator", "text": "calm piano",
         "settings": {"duration": 6, "seed": 4}},
        // As long as the video, so that its picture is copied; by itself it would wait for the voice.
        {"op": "add_node", "id": "mix", "kind": "video_audio_mix", "settings": {"length": "video"}},
        {"op": "add_node", "id": "lips", "kind": "lip_sync"},
        {"op": "add_node", "id": "solid", "kind": "model3d_generator"},
        {"op": "add_node", "id": "note", "kind": "sticky_note", "text": "look"},
        {"op": "add_node", "id": "star", "kind": "sticker"},
        {"op": "add_node", "id": "frame", "kind": "group"},
        {"op": "connect", "from": ["words", "text"], "to": ["image", "prompt"]},
        {"op": "connect", "from": ["words", "text"], "to": ["svg", "prompt"]},
        {"op": "connect", "from": ["looks", "items"], "to": ["many", "prompt"]},
        {"op": "connect", "from": ["many", "image"], "to": ["choice", "candidates"]},
        {"op": "connect", "from": ["choice", "output"], "to": ["solid", "image"]},
        {"op": "connect", "from": ["image", "image"], "to": ["assistant", "images"]},
        {"op": "connect", "from": ["image", "image"], "to": ["larger", "image"]},
        {"op": "connect", "from": ["image", "image"], "to": ["angles", "image"]},
        {"op": "connect", "from": ["angles", "start_frame"], "to": ["video", "start_frame"]},
        {"op": "connect", "from": ["angles", "end_frame"], "to": ["video", "end_frame"]},
        {"op": "connect", "from": ["tone", "asset"], "to": ["video", "audio"]},
        {"op": "connect", "from": ["video", "video"], "to": ["mix", "video"]},
        {"op": "connect", "from": ["voice", "audio"], "to": ["mix", "audio"]},
        {"op": "connect", "from": ["effect", "audio"], "to": ["mix", "audio"]},
        {"op": "connect", "from": ["music", "audio"], "to": ["mix", "audio"]},
        {"op": "connect", "from": ["portrait", "asset"], "to": ["lips", "image"]},
        {"op": "connect", "from": ["voice", "audio"], "to": ["lips", "audio"]},
    ])
}

/// A face as a child draws it, so that there is a mouth to move.
fn portrait() -> Vec<u8> {
    let mut face = gesso_media::RgbaImage::from_pixel(320, 320, [120, 160, 190, 255].into());
    let mut disc = |(cx, cy): (i32, i32), (rx, ry): (i32, i32), color: [u8; 4]| {
        for (x, y, pixel) in face.enumerate_pixels_mut() {
            let (dx, dy) = ((x as i32 - cx) as f32 / rx as f32, (y as i32 - cy) as f32 / ry as f32);
            if dx * dx + dy * dy <= 1.0 {
                pixel.0 = color;
            }
        }
    };
    disc((160, 160), (95, 120), [224, 178, 150, 255]);
    disc((125, 130), (12, 9), [40, 30, 30, 255]);
    disc((195, 130), (12, 9), [40, 30, 30, 255]);
    disc((160, 222), (34, 9), [170, 60, 60, 255]);
    gesso_media::encode_png(&face).unwrap()
}

/// A second of 440 Hz as a WAV, mono, 16 bits.
fn tone() -> Vec<u8> {
    let rate = 22_050_u32;
    let samples = (0..rate)
        .map(|n| (8000.0 * (n as f32 * 440.0 * std::f32::consts::TAU / rate as f32).sin()) as i16);
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

async fn upload(server: &TestServer, name: &str, bytes: Vec<u8>) -> String {
    let to = format!("{}/api/assets?name={name}", server.url);
    let answer = server.client.post(to).body(bytes).send().await.unwrap();
    assert!(answer.status().is_success(), "{name}: {}", answer.status());
    let meta: Value = answer.json().await.unwrap();
    meta["id"].as_str().unwrap().to_owned()
}

/// Returns the output of a program, both of its streams.
fn told(program: &str, args: &[&str], file: &Path) -> String {
    let args = args.iter().map(|arg| arg.replace("FILE", file.to_str().unwrap()));
    let out = Command::new(program).args(args).output().expect("the program is installed");
    assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The streams of a file by kind, after every frame of it was decoded.
fn streams(file: &Path) -> (Value, Vec<Value>, Vec<Value>) {
    let errors = told("ffmpeg", &["-v", "error", "-i", "FILE", "-f", "null", "-"], file);
    assert_eq!(errors, "", "it decodes without a complaint");
    let args =
        ["-v", "error", "-of", "json", "-show_streams", "-show_format", "-count_frames", "FILE"];
    let about: Value = serde_json::from_str(&told("ffprobe", &args, file)).unwrap();
    let all = about["streams"].as_array().unwrap();
    let of = |kind: &str| all.iter().filter(|s| s["codec_type"] == kind).cloned().collect();
    (about["format"].clone(), of("video"), of("audio"))
}

/// Integrated loudness in LUFS and true peak in dBTP, as EBU R128 measures them.
fn loudness(file: &Path) -> (f64, f64) {
    let args =
        ["-hide_banner", "-nostats", "-i", "FILE", "-af", "ebur128=peak=true", "-f", "null", "-"];
    let said = told("ffmpeg", &args, file);
    let number = |after: &str| -> f64 {
        let at = said.rfind(after).unwrap_or_else(|| panic!("no {after} in {said}")) + after.len();
        said[at..].split_whitespace().next().unwrap().parse().unwrap()
    };
    (number("I:"), number("Peak:"))
}

fn seconds(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Results of nodes, and the folder in which they lie for programs to look at.
struct Results {
    graph: Value,
    folder: tempfile::TempDir,
}

impl Results {
    fn node(&self, id: &str) -> &Value {
        node(&self.graph, id)
    }

    /// The generations of a node, one an item.
    fn of(&self, node: &str) -> Vec<Value> {
        let node = self.node(node);
        assert_eq!(node["state"], "completed", "{node}");
        let shown: Vec<&str> = node["result"]["items"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item["generations"].as_array().unwrap())
            .map(|id| id.as_str().unwrap())
            .collect();
        let all = node["generations"].as_array().unwrap();
        all.iter().filter(|g| shown.contains(&g["id"].as_str().unwrap())).cloned().collect()
    }

    /// The files of a node: its record and where its bytes are.
    async fn files(&self, server: &TestServer, node: &str) -> Vec<(Value, std::path::PathBuf)> {
        let mut files = Vec::new();
        for (n, made) in self.of(node).into_iter().enumerate() {
            let url = format!("{}/api/assets/{}", server.url, made["asset"].as_str().unwrap());
            let answer = server.client.get(&url).send().await.unwrap();
            assert_eq!(answer.headers()["content-type"], made["mime"].as_str().unwrap(), "{node}");
            let path = self.folder.path().join(format!("{node}-{n}"));
            std::fs::write(&path, answer.bytes().await.unwrap()).unwrap();
            // There is a picture of everything.
            let small = server.client.get(format!("{url}/thumbnail?w=160")).send().await.unwrap();
            assert!(small.status().is_success(), "no thumbnail of {node}: {}", small.status());
            let small = decode(&small.bytes().await.unwrap(), DecodeLimits::default()).unwrap();
            assert!(small.width() <= 320 && small.height() > 0, "{node}");
            files.push((made, path));
        }
        files
    }

    async fn file(&self, server: &TestServer, node: &str) -> (Value, std::path::PathBuf) {
        let mut files = self.files(server, node).await;
        assert_eq!(files.len(), 1, "{node}");
        files.remove(0)
    }
}

fn node<'a>(graph: &'a Value, id: &str) -> &'a Value {
    graph["nodes"].as_array().unwrap().iter().find(|node| node["id"] == id).unwrap()
}

/// Returns the number of colours in a picture, counted coarsely: nothing painted is one flat area.
fn colors(picture: &gesso_media::RgbaImage) -> usize {
    let coarse = picture.pixels().map(|p| [p[0] >> 4, p[1] >> 4, p[2] >> 4]);
    coarse.collect::<std::collections::BTreeSet<_>>().len()
}

async fn pictures(server: &TestServer, made: &Results) {
    for (node, count, size) in [
        ("image", 1, (680, 384)),
        ("many", 2, (512, 512)),
        ("larger", 1, (1360, 768)),
        ("angles", 2, (680, 384)),
    ] {
        let files = made.files(server, node).await;
        assert_eq!(files.len(), count, "{node}");
        for (about, path) in files {
            let picture = decode(&std::fs::read(path).unwrap(), DecodeLimits::default()).unwrap();
            assert_eq!(picture.dimensions(), size, "{node}");
            assert_eq!((&about["width"], &about["height"]), (&json!(size.0), &json!(size.1)));
            assert!(colors(&picture) > 24, "{node} is nearly empty: {}", colors(&picture));
        }
    }
    let (about, path) = made.file(server, "svg").await;
    let text = std::fs::read_to_string(path).unwrap();
    let tree = usvg::Tree::from_str(&text, &usvg::Options::default()).unwrap();
    assert!(tree.root().children().len() + tree.root().abs_bounding_box().width() as usize > 1);
    assert_eq!(tree.size().width().round(), about["width"].as_f64().unwrap() as f32);
    assert!(!text.contains("<script") && text.len() < 64 * 1024);
}

async fn sounds(server: &TestServer, made: &Results) {
    for (node, length, level) in [
        ("voice", 2.0..8.0, -21.0..-15.0),
        ("effect", 1.95..2.05, -26.0..-12.0),
        ("music", 5.95..6.05, -18.0..-14.0),
    ] {
        let (about, path) = made.file(server, node).await;
        let (format, video, audio) = streams(&path);
        assert_eq!((video.len(), audio.len()), (0, 1), "{node}");
        let duration = seconds(&format["duration"]);
        assert!(length.contains(&duration), "{node} lasts {duration} s");
        assert!((about["duration"].as_f64().unwrap() - duration).abs() < 0.05, "{node}: {about}");
        let (loud, peak) = loudness(&path);
        assert!(level.contains(&loud), "{node} has {loud} LUFS");
        assert!(peak <= -0.5, "{node} peaks at {peak} dBTP");
    }
}

async fn videos(server: &TestServer, made: &Results) {
    let (_, voice) = made.file(server, "voice").await;
    let spoken = seconds(&streams(&voice).0["duration"]);
    for (node, length, size) in
        [("video", 2.0, Some((854, 480))), ("mix", 2.0, Some((854, 480))), ("lips", spoken, None)]
    {
        let (about, path) = made.file(server, node).await;
        let (format, video, audio) = streams(&path);
        assert_eq!((video.len(), audio.len()), (1, 1), "{node}");
        assert_eq!(
            (&video[0]["codec_name"], &video[0]["pix_fmt"]),
            (&json!("h264"), &json!("yuv420p"))
        );
        assert_eq!(audio[0]["codec_name"], "aac", "{node}");
        let duration = seconds(&format["duration"]);
        assert!((duration - length).abs() < 0.15, "{node} lasts {duration} s, not {length}");
        assert!((about["duration"].as_f64().unwrap() - duration).abs() < 0.15, "{node}: {about}");
        let frame = (video[0]["width"].as_u64().unwrap(), video[0]["height"].as_u64().unwrap());
        assert_eq!(
            (about["width"].as_u64(), about["height"].as_u64()),
            (Some(frame.0), Some(frame.1))
        );
        if let Some(size) = size {
            assert_eq!(frame, size, "{node}");
        }
        // Frames differ: something moves.
        let args = ["-v", "error", "-i", "FILE", "-an", "-f", "framemd5", "-"];
        let sums = told("ffmpeg", &args, &path);
        let sums: std::collections::BTreeSet<&str> = sums
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(|l| l.rsplit(',').next())
            .collect();
        assert!(sums.len() > 8, "{node} has {} different frames", sums.len());
        assert!(loudness(&path).0 > -40.0, "{node} is silent");
    }
    // The picture under the mix is the very same stream.
    let video = |node: &str| made.folder.path().join(format!("{node}-0"));
    let args = ["-v", "error", "-i", "FILE", "-map", "0:v", "-c", "copy", "-f", "md5", "-"];
    assert_eq!(told("ffmpeg", &args, &video("video")), told("ffmpeg", &args, &video("mix")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_canvas_with_every_kind_runs_whole() {
    let server = TestServer::start(&Database::Sqlite).await;
    let portrait = upload(&server, "face.png", portrait()).await;
    let tone = upload(&server, "tone.wav", tone()).await;
    let edits = every_kind(&portrait, &tone);
    for kind in gesso_protocol::nodes::SPECS {
        let there = edits.as_array().unwrap().iter().any(|edit| edit["kind"] == kind.id);
        assert!(there, "{} is missing from the canvas of every kind", kind.id);
    }
    let canvas = server.canvas(edits).await;
    let estimate =
        server.post(&format!("/api/canvases/{canvas}/estimate"), json!({"mode": "workflow"})).await;
    let run =
        server.post(&format!("/api/canvases/{canvas}/runs"), json!({"mode": "workflow"})).await;
    let path = format!("/api/runs/{}", run["id"].as_str().unwrap());
    let patience = Duration::from_secs(150);
    let paused = server.until_within(&path, patience, |run| {
        run["status"] != "running" && run["status"] != "queued"
    });
    let paused = paused.await;
    assert_eq!(paused["status"], "paused", "{}", paused["error"]);

    let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
    let candidates = node(&graph, "choice")["result"]["items"].as_object().unwrap();
    assert_eq!(candidates.len(), 2);
    let first = candidates.values().next().unwrap()["generations"][0].clone();
    server.post(&format!("{path}/review"), json!({"node": "choice", "accept": [first]})).await;
    let ended = server.ended(run["id"].as_str().unwrap()).await;
    assert_eq!(ended["status"], "succeeded", "{}", ended["error"]);
    assert!(ended["cost"].as_f64().unwrap() <= estimate["cost"].as_f64().unwrap());
    assert!(ended["cost"].as_f64().unwrap() > 0.0);

    let graph = server.get(&format!("/api/canvases/{canvas}/graph")).await;
    let made = Results { graph, folder: tempfile::tempdir().unwrap() };
    pictures(&server, &made).await;
    sounds(&server, &made).await;
    videos(&server, &made).await;

    let answer = made.of("assistant");
    let text = answer[0]["text"].as_str().unwrap();
    assert!(text.split_whitespace().count() > 15, "{text}");
    let (_, path) = made.file(&server, "solid").await;
    let (document, buffers, images) = gltf::import_slice(std::fs::read(path).unwrap()).unwrap();
    assert!(!images.is_empty(), "the relief wears its picture");
    let triangles: usize = document
        .meshes()
        .flat_map(|mesh| mesh.primitives().collect::<Vec<_>>())
        .map(|part| {
            let reader = part.reader(|buffer| buffers.get(buffer.index()).map(|data| &data[..]));
            let corners = reader.read_positions().unwrap().count();
            let indices: Vec<u32> = reader.read_indices().unwrap().into_u32().collect();
            assert!(indices.iter().all(|index| (*index as usize) < corners));
            indices.len() / 3
        })
        .sum();
    assert!(triangles > 500, "{triangles} triangles");
    assert_eq!(server.get("/api/credits").await["held"], 0);
    let scratch = server.folder().join("scratch");
    assert_eq!(
        std::fs::read_dir(scratch).unwrap().count(),
        0,
        "nothing stays in the scratch folder"
    );
}
