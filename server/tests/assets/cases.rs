//! Files of the real world, through the door they come in by: what each of them is, how large, how long, and what is
//! seen of it.

use super::*;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/tests/files");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FILES}/{name}")).unwrap()
}

async fn stored(server: &Server, name: &str, bytes: Vec<u8>) -> Value {
    let uri = format!("/assets?name={name}");
    let (status, meta) = server.post(&uri, "application/octet-stream", bytes).await;
    assert_eq!(status, StatusCode::CREATED, "{name}: {meta}");
    meta
}

async fn thumbnail(server: &Server, meta: &Value, width: u32) -> RgbaImage {
    let uri = format!("/assets/{}/thumbnail?w={width}", meta["id"].as_str().unwrap());
    let got = server.get(&uri, &[]).await;
    assert_eq!(got.status(), StatusCode::OK, "{meta}");
    decode(&content(got).await, Default::default()).unwrap()
}

fn is_near(pixel: &image::Rgba<u8>, expected: [u8; 3], off: u8) -> bool {
    pixel.0.iter().zip(expected).all(|(is, wanted)| is.abs_diff(wanted) <= off)
}

#[tokio::test]
async fn sounds_and_films_are_what_is_in_them_and_as_long() {
    let server = Server::new(AssetLimits::default()).await;
    for (name, mime, size, seconds) in [
        ("quiet-first.mp3", "audio/mpeg", None, 8.1),
        ("loud-first.mp3", "audio/mpeg", None, 10.08),
        ("starts-inside-a-frame.mp3", "audio/mpeg", None, 3.06),
        ("id3-flac.flac", "audio/flac", None, 3.0),
        ("rf64.wav", "audio/wav", None, 1.0),
        ("song-with-unmarked-cover.m4a", "audio/mp4", None, 5.0),
        ("cover-first-sound.mp4", "video/mp4", Some((160, 90)), 2.0),
        ("quicktime-free-first.mov", "video/quicktime", Some((160, 90)), 2.0),
        ("pixels-not-square.mp4", "video/mp4", Some((524, 288)), 3.0),
        ("mdhd-all-ones.mp4", "video/mp4", Some((64, 36)), 2.0),
        ("1fps-3s.mp4", "video/mp4", Some((64, 64)), 3.0),
        ("starts-at-1.2s.webm", "video/webm", Some((160, 90)), 2.0),
    ] {
        let meta = stored(&server, name, file(name)).await;
        assert_eq!(meta["mime"], mime, "{name}");
        let (width, height) = size.unzip();
        assert_eq!((&meta["width"], &meta["height"]), (&json!(width), &json!(height)), "{name}");
        let is = meta["duration"].as_f64().unwrap();
        assert!((is - seconds).abs() < 0.03, "{name}: {is}");
        let small = thumbnail(&server, &meta, 160).await;
        if let Some((width, height)) = size {
            let (own, shown) = (
                small.width() as f64 / small.height() as f64,
                f64::from(width) / f64::from(height),
            );
            assert!((own - shown).abs() < 0.05, "{name}: {own} and {shown}");
        }
        if name == "cover-first-sound.mp4" {
            assert!(is_near(small.get_pixel(80, 45), [2, 0, 251], 60), "the film, not its cover");
        }
    }
}

#[tokio::test]
async fn pictures_have_the_colours_that_they_mean_and_keep_their_shape() {
    let server = Server::new(AssetLimits::default()).await;
    for (name, size, color) in [
        ("profile-red-is-blue.png", (64, 40), [30, 30, 220]),
        ("profile-display-p3.png", (64, 40), [216, 69, 50]),
    ] {
        let meta = stored(&server, name, file(name)).await;
        let small = thumbnail(&server, &meta, 160).await;
        assert_eq!(small.dimensions(), size);
        assert!(
            is_near(small.get_pixel(20, 20), color, 6),
            "{name}: {:?}",
            small.get_pixel(20, 20)
        );
        let id = meta["id"].as_str().unwrap();
        let whole = server.assets.picture(&key(id)).await.unwrap();
        assert!(
            is_near(whole.get_pixel(20, 20), color, 3),
            "{name}: {:?}",
            whole.get_pixel(20, 20)
        );
    }
    let tall = stored(&server, "tall.png", file("tall-400x9000.png")).await;
    let small = thumbnail(&server, &tall, 320).await;
    assert_eq!(small.dimensions(), (320, 7200));
    let cut = file("no-end-marker.jpg");
    let meta = stored(&server, "no-end-marker.jpg", cut.clone()).await;
    let uri = format!("/assets/{}", meta["id"].as_str().unwrap());
    let served = content(server.get(&uri, &[]).await).await;
    assert!(!cut.ends_with(&[0xff, 0xd9]) && served.ends_with(&[0xff, 0xd9]));
    thumbnail(&server, &meta, 160).await;
}

#[tokio::test]
async fn of_vector_pictures_only_what_is_bad_goes() {
    let server = Server::new(AssetLimits::default()).await;
    for name in [
        "css-import.svg",
        "css-comment-url.svg",
        "style-one-bad-declaration.svg",
        "doctype-namespace-entity.svg",
        "doctype-empty-subset.svg",
    ] {
        let meta = stored(&server, name, file(name)).await;
        assert_eq!((&meta["type"], &meta["width"]), (&json!("svg"), &json!(10)), "{name}");
        let small = thumbnail(&server, &meta, 160).await;
        assert!(
            is_near(small.get_pixel(80, 80), [0xee, 0x11, 0x11], 12),
            "{name}: {:?}",
            small.get_pixel(80, 80)
        );
    }
    let bomb = "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><svg xmlns=\"http://www.w3.org/2000/svg\">&b;</svg>";
    let (status, problem) = server.post("/assets", "image/svg+xml", bomb).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn pictures_of_phones_become_what_everything_opens() {
    let server = Server::new(AssetLimits::default()).await;
    for name in ["photo.heic", "photo.avif"] {
        let meta = stored(&server, name, file(name)).await;
        assert_eq!(
            (&meta["type"], &meta["width"], &meta["height"]),
            (&json!("image"), &json!(400), &json!(300))
        );
        let small = thumbnail(&server, &meta, 160).await;
        assert!(
            is_near(small.get_pixel(80, 60), [220, 80, 90], 8),
            "{name}: {:?}",
            small.get_pixel(80, 60)
        );
    }
    let bare = Server::with(Programs::default(), AssetLimits::default()).await;
    for (name, called) in [("photo.heic", "HEIC"), ("photo.avif", "AVIF")] {
        let (status, problem) = bare.post("/assets", "image/heic", file(name)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(called) && detail.contains("libheif"), "{detail}");
    }
}

#[tokio::test]
async fn what_lacks_its_last_second_is_found_out() {
    let server = Server::new(AssetLimits::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let sound = ["-f", "lavfi", "-i", "anoisesrc=d=10:a=0.2:r=44100"];
    let film = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=10"];
    let h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    let both = [&film[..], &sound, &h264].concat();
    let fast = [&both[..], &["-movflags", "+faststart"]].concat();
    let pieces = [&both[..], &["-movflags", "+frag_keyframe+empty_moov", "-g", "10"]].concat();
    let vp8 = [&film[..], &sound, &["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"]]
        .concat();
    for (name, args) in [
        ("a.mp4", &fast),
        ("b.mp4", &pieces),
        ("a.webm", &vp8),
        ("a.mkv", &both),
        ("a.mp3", &sound.to_vec()),
        ("a.wav", &sound.to_vec()),
        ("a.flac", &sound.to_vec()),
        ("a.ogg", &[&sound[..], &["-c:a", "libvorbis"]].concat()),
        ("a.opus", &[&sound[..], &["-c:a", "libopus"]].concat()),
    ] {
        let path = folder.path().join(name);
        let done = std::process::Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y", "-threads", "1"])
            .args(args)
            .arg(&path)
            .status()
            .expect("these tests need ffmpeg");
        assert!(done.success(), "{name}");
        let whole = std::fs::read(path).unwrap();
        let meta = stored(&server, name, whole.clone()).await;
        let is = meta["duration"].as_f64().unwrap();
        assert!((is - 10.0).abs() < 0.1, "{name}: {is}");
        let cut = whole[..whole.len() - whole.len() / 9].to_vec();
        let (status, problem) = server.post("/assets", "video/mp4", cut).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("cut off") || detail.contains("cannot be played"), "{detail}");
    }
}

#[tokio::test]
async fn a_vector_picture_that_asks_for_too_much_ends_and_holds_nobody_up() {
    let server = Server::new(AssetLimits::default()).await;
    for name in ["hostile/turbulence.svg", "hostile/layers.svg"] {
        let meta = stored(&server, "hostile.svg", file(name)).await;
        for width in [160, 1280] {
            let uri = format!("/assets/{}/thumbnail?w={width}", meta["id"].as_str().unwrap());
            let got = server.get(&uri, &[]).await;
            assert!(matches!(got.status(), StatusCode::OK | StatusCode::BAD_REQUEST), "{name}");
        }
    }
    // So long a drawing is not waited for: its answer comes all at once.
    let programs = Programs::find().with_own(env!("CARGO_BIN_EXE_gesso").into());
    let patience = std::time::Duration::from_secs(8);
    let server = Server::patient(programs, AssetLimits::default(), patience).await;
    // Each of forty noises is a minute of work for a wide drawing; a hundred rectangles ask for all of them.
    let mut filters = String::new();
    for n in 0..40 {
        filters.push_str(&format!(
            "<feTurbulence type='turbulence' baseFrequency='0.{n}7' numOctaves='10' result='t{n}'/>\
             <feMorphology operator='dilate' radius='400' in='t{n}'/>"
        ));
    }
    let rects = "<rect width='4000' height='4000' filter='url(#f)'/>".repeat(100);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4000 4000'><filter id='f' x='0' y='0' width='1' height='1'>{filters}</filter>{rects}</svg>"
    );
    let (server, hostile) = (&server, stored(&server, "hostile.svg", svg.into()).await);
    let uri = format!("/assets/{}/thumbnail?w=1280", hostile["id"].as_str().unwrap());
    let drawing = async {
        let all = (0..3).map(|_| server.get(&uri, &[]));
        for got in futures_util::future::join_all(all).await {
            assert_eq!(got.status(), StatusCode::BAD_REQUEST);
            let problem: Value = serde_json::from_slice(&content(got).await).unwrap();
            assert!(problem["detail"].as_str().unwrap().contains("more work"), "{problem}");
        }
    };
    let others = async {
        let meta = stored(server, "a.png", picture(200, 100, 3)).await;
        thumbnail(server, &meta, 160).await;
    };
    futures_util::pin_mut!(drawing);
    let first = futures_util::future::select(drawing, Box::pin(others)).await;
    let futures_util::future::Either::Right(((), drawing)) = first else {
        panic!("others waited for it")
    };
    drawing.await;
    // It is known now, and nobody tries again.
    assert_eq!(server.get(&uri, &[]).await.status(), StatusCode::BAD_REQUEST);
}
