//! `cargo xtask bench studio`: what each built-in model takes on this machine: seconds of wall clock, the most memory this
//! process held meanwhile, and the time as a multiple of a yardstick measured in the same run: the bare program or
//! library call that does the least of the same work (one PNG, ffmpeg's own scaler, ffmpeg encoding a test picture,
//! espeak-ng alone). Memory of programs it starts is not counted.
#![expect(clippy::print_stdout, reason = "a command line tool")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gesso_media::{Control, Programs, RgbaImage, ToolRunner};
use gesso_protocol::catalog::Catalog;
use gesso_studio::{Content, Input, Job, models};
use serde_json::{Value, json};

/// Number of times each figure is measured; the best counts, because other work on the machine only ever adds.
const ROUNDS: usize = 3;

/// A thousand words a minute's read long, for the voice and the assistant.
const STORY: &str = "The harbour wakes before the town does. Ropes creak, a bell answers, and somebody laughs. \
    By seven the mist has gone and the boats go out in a line, each with its own small cloud of gulls. ";

struct Bench {
    catalog: Catalog,
    tools: ToolRunner,
    folder: tempfile::TempDir,
}

impl Bench {
    fn job(&self, model: &str, prompt: &str, settings: Value, inputs: &[(&str, &[u8])]) -> Job {
        let settings: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
        let entry = self.catalog.model(model).unwrap_or_else(|| panic!("no model {model}"));
        let mut params = entry.resolve(&settings).unwrap();
        if let Some(angles) = settings.get("angles") {
            params.insert("angles".to_owned(), angles.clone());
        }
        let inputs = inputs.iter().map(|(port, bytes)| Input::new(*port, bytes.to_vec()));
        Job {
            model: model.to_owned(),
            prompt: prompt.to_owned(),
            negative: String::new(),
            params,
            inputs: inputs.collect(),
            seed: 1,
        }
    }

    /// Runs a job, prints its line and answers the bytes of its first result.
    fn line(&self, name: &str, job: &Job, yardstick_s: f64, yardstick: &str) -> Vec<u8> {
        let mut best = f64::MAX;
        let mut first = Vec::new();
        forget_peak();
        let before = peak_mb();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let made = models::compute(job, &self.tools, &Control::none()).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            if let Some(Content::File { bytes, .. }) = made.into_iter().next().map(|m| m.content) {
                first = bytes;
            }
        }
        let grown = peak_mb().saturating_sub(before);
        println!(
            "{name:<34} {best:>7.2} s   {:>6.1} × {yardstick:<28} +{grown} MB",
            best / yardstick_s
        );
        first
    }

    /// The seconds a program takes.
    fn program(&self, name: &str, args: &[&str]) -> f64 {
        let out = self.folder.path().join("yardstick");
        let args = args.iter().map(|arg| arg.replace("OUT", out.to_str().unwrap()));
        let args: Vec<String> = args.collect();
        let once = || {
            let start = Instant::now();
            let status = Command::new(name).args(&args).status().unwrap();
            assert!(status.success(), "{name}");
            start.elapsed().as_secs_f64()
        };
        (0..ROUNDS).map(|_| once()).fold(f64::MAX, f64::min)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Lets the kernel measure the peak anew, where it can.
fn forget_peak() {
    if let Err(error) = std::fs::write("/proc/self/clear_refs", "5") {
        println!("the peak of memory is that of the whole run: {error}");
    }
}

/// The most memory this process held, in MB.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    kb.unwrap_or_default() / 1024
}

fn png_s(side_px: u32) -> f64 {
    let noise = |x: u32, y: u32| {
        let v = (x.wrapping_mul(73) ^ y.wrapping_mul(151)) as u8;
        [v, v / 2, 255 - v, 255].into()
    };
    let picture = RgbaImage::from_fn(side_px, side_px, noise);
    let start = Instant::now();
    gesso_media::encode_png(&picture).unwrap();
    start.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(Programs::find(), folder.path()).unwrap();
    let bench = Bench {
        catalog: Catalog::read(models::CATALOG).expect("the studio's own catalogue"),
        tools,
        folder,
    };
    let picture = pictures(&bench);
    let voice = sounds(&bench);
    films(&bench, &picture, &voice);
    let bench = &bench;
    let png = png_s(1024);
    let job = bench.job("studio-solid", "", json!({}), &[("image", &picture)]);
    bench.line("3D relief of a picture", &job, png, "a PNG of 1 MP");
    let job = bench.job("studio-solid", "a castle with a red roof", json!({}), &[]);
    bench.line("3D from words", &job, png, "a PNG of 1 MP");
    let job = bench.job("studio-assistant", "Describe it.", json!({}), &[("images", &picture)]);
    bench.line("assistant describes a picture", &job, png, "a PNG of 1 MP");
    let job = bench.job("studio-assistant", &STORY.repeat(40), json!({}), &[]);
    bench.line("assistant reads 8,000 characters", &job, png, "a PNG of 1 MP");
}

fn pictures(bench: &Bench) -> Vec<u8> {
    let scene = "a lighthouse on a cliff at dawn, calm sea";
    let mut kept = Vec::new();
    for (resolution, side) in [("1K", 1024), ("4K", 4096)] {
        let settings = json!({"resolution": resolution, "aspect_ratio": "1:1"});
        let job = bench.job("studio-painter", scene, settings, &[]);
        let made =
            bench.line(&format!("painter {resolution}"), &job, png_s(side), "a PNG of that size");
        if kept.is_empty() {
            kept = made;
        }
    }
    let reference = [("references", kept.as_slice())];
    let job = bench.job("studio-painter", scene, json!({"resolution": "1K"}), &reference);
    bench.line("painter 1K with a reference", &job, png_s(1024), "a PNG of that size");
    let job = bench.job("studio-vector", scene, json!({}), &[]);
    bench.line("SVG", &job, png_s(1024), "a PNG of 1 MP");
    let source = bench.keep("source.png", &kept);
    for (mode, engine) in [("precision", 0), ("precision", 1), ("creative", 0)] {
        let entry = bench.catalog.model("studio-upscaler").unwrap();
        let engine = entry.params["engine"].values[engine].clone();
        let scaler = [
            "-v",
            "error",
            "-y",
            "-i",
            &source,
            "-vf",
            "scale=iw*2:ih*2:flags=lanczos",
            "-f",
            "image2",
            "-c:v",
            "png",
            "OUT",
        ];
        let floor = bench.program("ffmpeg", &scaler);
        let settings = json!({"scale": 2, "mode": mode, "engine": engine});
        let job = bench.job("studio-upscaler", "", settings, &[("image", &kept)]);
        bench.line(&format!("upscaler ×2 {mode} {engine}"), &job, floor, "ffmpeg's Lanczos");
    }
    let angle = json!({"angles": [{"name": "a", "yaw": 30, "pitch": -10, "roll": 0, "zoom": 1}]});
    let job = bench.job("studio-camera", "", angle, &[("image", &kept)]);
    bench.line("camera angle of 1 MP", &job, png_s(1024), "a PNG of that size");
    kept
}

fn sounds(bench: &Bench) -> Vec<u8> {
    let text = STORY.repeat(6);
    let file = bench.keep("story.txt", text.as_bytes());
    let floor = bench.program("espeak-ng", &["-f", &file, "-w", "OUT"]);
    let voice = bench.line(
        "voice of 1,200 characters",
        &bench.job("studio-voice", &text, json!({}), &[]),
        floor,
        "espeak-ng alone",
    );
    for (model, prompt) in [
        ("studio-foley", "rain, distant thunder and footsteps on gravel"),
        ("studio-music", "uplifting synthwave with drums and bass"),
    ] {
        let job = bench.job(model, prompt, json!({"duration": 30}), &[]);
        bench.line(&format!("{model}, 30 s"), &job, 30.0, "its own length");
    }
    voice
}

fn films(bench: &Bench, picture: &[u8], voice: &[u8]) {
    let floor = |size: &str, fps: u32| {
        let source = format!("testsrc2=size={size}:rate={fps}:duration=4");
        bench.program(
            "ffmpeg",
            &[
                "-v", "error", "-y", "-f", "lavfi", "-i", &source, "-c:v", "libx264", "-pix_fmt",
                "yuv420p", "-f", "mp4", "OUT",
            ],
        )
    };
    let small = floor("1280x720", 24);
    let settings = json!({"duration": 4, "resolution": "720p", "aspect_ratio": "16:9", "fps": 24});
    let job = bench.job("studio-motion", "rain over a lake, mist", settings.clone(), &[]);
    let film = bench.line("video of 4 s 720p from words", &job, small, "ffmpeg's test picture");
    let job = bench.job("studio-motion", "slow push in", settings, &[("start_frame", picture)]);
    bench.line("video of 4 s 720p from a picture", &job, small, "ffmpeg's test picture");
    let source = bench.keep("film.mp4", &film);
    let copy = bench
        .program("ffmpeg", &["-v", "error", "-y", "-i", &source, "-c", "copy", "-f", "mp4", "OUT"]);
    let job = bench.job(
        "studio-mixer",
        "",
        json!({}),
        &[("video", &film), ("audio", voice), ("audio", voice)],
    );
    bench.line("mix of two tracks", &job, copy, "ffmpeg copying the file");
    let job = bench.job("studio-lips", "", json!({}), &[("image", picture), ("audio", voice)]);
    bench.line("lip sync of a picture", &job, small, "ffmpeg's test picture");
}
