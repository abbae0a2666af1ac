//! Files as people upload them, whole, broken and meant to harm, through the look before they are stored.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::control::Control;
use crate::error::WorkError;
use crate::program::Programs;
use crate::runner::ToolRunner;

struct Bench {
    tools: ToolRunner,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(Programs::find())
    }

    fn with(programs: Programs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolRunner::new(programs, &folder.path().join("scratch")).unwrap();
        Self { tools, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// A file made by ffmpeg.
    fn film(&self, name: &str, args: &[&str]) -> PathBuf {
        let done = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y", "-threads", "1"])
            .args(args)
            .arg(self.path(name))
            .status()
            .expect("these tests need ffmpeg");
        assert!(done.success(), "{name}");
        self.path(name)
    }

    fn examine(&self, path: &Path) -> Result<Examined, String> {
        let head = std::fs::read(path).unwrap();
        let sniffed = sniff(&head).ok_or("unknown")?;
        examine(path, sniffed, DecodeLimits::default(), &self.tools, &Control::none())
            .map_err(|error| error.to_string())
    }

    fn probed(&self, path: &Path) -> Probed {
        let sniffed = sniff(&std::fs::read(path).unwrap()).unwrap();
        probe(path, sniffed, &self.tools, &Control::none()).unwrap()
    }
}

const PICTURES: [&str; 4] = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=3"];
const SOUND: [&str; 4] = ["-f", "lavfi", "-i", "sine=440:d=3"];
const H264: [&str; 6] = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

fn mp4(bench: &Bench, name: &str, more: &[&str]) -> PathBuf {
    bench.film(name, &[&PICTURES[..], &SOUND, &H264, &["-c:a", "aac", "-shortest"], more].concat())
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 0.15)
}

#[test]
fn videos_and_sounds_are_measured_with_and_without_ffmpeg() {
    let (with, without) = (Bench::new(), Bench::with(Programs::default()));
    let webm = [&PICTURES[..], &["-c:v", "libvpx", "-deadline", "realtime"]].concat();
    let of = |codec: &'static str| [&SOUND[..], &["-c:a", codec]].concat();
    for (path, kind, size) in [
        (mp4(&with, "a.mp4", &["-movflags", "+faststart"]), MediaKind::Video, true),
        (mp4(&with, "a.mov", &[]), MediaKind::Video, true),
        (with.film("a.webm", &webm), MediaKind::Video, true),
        (with.film("a.wav", &SOUND), MediaKind::Audio, false),
        (with.film("a.mp3", &of("libmp3lame")), MediaKind::Audio, false),
        (with.film("a.flac", &of("flac")), MediaKind::Audio, false),
        (with.film("a.ogg", &of("libvorbis")), MediaKind::Audio, false),
        (with.film("a.m4a", &of("aac")), MediaKind::Audio, false),
    ] {
        let found = with.examine(&path).unwrap();
        assert_eq!(found.sniffed.kind, kind, "{path:?}");
        assert_eq!(found.size_px, size.then_some((64, 48)), "{path:?}");
        assert!(close(found.duration_s, 3.0), "{path:?}: {:?}", found.duration_s);
        let alone = without.examine(&path).unwrap();
        assert_eq!((alone.sniffed.kind, alone.size_px), (kind, None), "{path:?}");
        assert!(close(alone.duration_s, 3.0), "{path:?}: {:?}", alone.duration_s);
    }
    let opus = with.film("opus.ogg", &of("libopus"));
    assert!(close(with.examine(&opus).unwrap().duration_s, 3.0));
    let sound_only = with.film("b.mp4", &of("aac"));
    assert_eq!(with.examine(&sound_only).unwrap().sniffed.mime, "audio/mp4");
}

#[test]
fn a_recording_of_a_browser_has_a_length_though_it_does_not_say_so() {
    let bench = Bench::new();
    let args = [&SOUND[..], &["-c:a", "libopus", "-f", "webm", "-live", "1"]].concat();
    let path = bench.film("live.webm", &args);
    let found = bench.examine(&path).unwrap();
    assert_eq!(found.sniffed.mime, "audio/webm");
    assert!(close(found.duration_s, 3.0), "{:?}", found.duration_s);
}

#[test]
fn where_a_video_was_made_is_taken_out_and_how_it_is_turned_stays() {
    let bench = Bench::new();
    for ending in ["mp4", "mov"] {
        let upright = mp4(&bench, &format!("upright.{ending}"), &[]);
        let turned = bench.film(
            &format!("turned.{ending}"),
            &[
                "-i",
                upright.to_str().unwrap(),
                "-c",
                "copy",
                "-metadata:s:v:0",
                "rotate=90",
                "-metadata",
                "location=+52.5200+013.4050/",
            ],
        );
        assert_eq!(bench.probed(&turned).size_px, Some((48, 64)));
        // MP4 writes places as numbers, MOV as text.
        let has_place = |path: &Path| {
            let bytes = std::fs::read(path).unwrap();
            ["+52.52", "loci"]
                .iter()
                .any(|name| bytes.windows(name.len()).any(|at| at == name.as_bytes()))
        };
        assert!(has_place(&turned));
        let found = bench.examine(&turned).unwrap();
        assert!(!has_place(&turned), "{ending}");
        assert_eq!(found.size_px, Some((48, 64)));
        let after = bench.probed(&turned);
        assert_eq!(
            (after.size_px, after.has_audio, after.has_location),
            (Some((48, 64)), true, false)
        );
        assert!(close(after.duration_s, 3.0));
        let alone = Bench::with(Programs::default());
        let again = bench.film(
            &format!("again.{ending}"),
            &[
                "-i",
                upright.to_str().unwrap(),
                "-c",
                "copy",
                "-metadata",
                "location=+52.5200+013.4050/",
            ],
        );
        assert!(alone.examine(&again).unwrap_err().contains("says where it was recorded"));
    }
}

#[test]
fn what_is_broken_is_refused_in_a_sentence() {
    let bench = Bench::new();
    let whole = std::fs::read(mp4(&bench, "whole.mp4", &["-movflags", "+faststart"])).unwrap();
    let late = std::fs::read(mp4(&bench, "late.mp4", &[])).unwrap();
    let mut zeroed = whole.clone();
    let mdat = whole.windows(4).position(|w| w == b"mdat").unwrap();
    zeroed[mdat + 4..].fill(0);
    let mut page = b"\0\0\0\x18ftypisom\0\0\0\0isommp42".to_vec();
    page.extend(b"<html><script>alert(1)</script></html>".repeat(50));
    let (mut jpeg, mut png) = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
    let noise = RgbaImage::from_fn(64, 64, |x, y| {
        image::Rgba([(x * y * 7 % 251) as u8, x as u8, y as u8, 255])
    });
    let noise = DynamicImage::ImageRgba8(noise).into_rgb8();
    noise.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    noise.write_to(&mut png, ImageFormat::Png).unwrap();
    let (jpeg, png) = (jpeg.into_inner(), png.into_inner());
    let mut huge = img_parts::png::Png::from_bytes(png.clone().into()).unwrap();
    let header = vec![0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0, 8, 2, 0, 0, 0];
    huge.chunks_mut()[0] = img_parts::png::PngChunk::new(*b"IHDR", header.into());
    let huge = huge.encoder().bytes();
    for (name, bytes, says) in [
        ("cut.mp4", &whole[..whole.len() * 2 / 5], "cannot be played"),
        ("head.mp4", &late[..late.len() / 2], "cannot be played"),
        ("zeroed.mp4", &zeroed, "cannot be decoded"),
        ("page.mp4", &page, "cannot be played"),
        ("empty.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\0\0\0\0", "cannot be played"),
        ("cut.jpg", &jpeg[..jpeg.len() * 2 / 3], "damaged"),
        ("cut.png", &png[..png.len() * 2 / 3], "damaged"),
        ("huge.png", &huge, "the limit is"),
        ("x.avif", b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "AVIF picture cannot be opened"),
    ] {
        let error = bench.examine(&bench.write(name, bytes)).unwrap_err();
        assert!(error.contains(says) && error.ends_with('.'), "{name}: {error}");
        assert!(!error.contains("/tmp") && !error.contains("scratch"), "{name}: {error}");
    }
    let mut one = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(1, 1).write_to(&mut one, ImageFormat::Png).unwrap();
    assert_eq!(bench.examine(&bench.write("1.png", one.get_ref())).unwrap().size_px, Some((1, 1)));
}

#[test]
fn a_playlist_opens_nothing() {
    let bench = Bench::new();
    let secret = mp4(&bench, "secret.mp4", &[]);
    let list = format!("#EXTM3U\n#EXTINF:1,\nfile:{}\n", secret.display());
    let path = bench.write("list.mp4", list.as_bytes());
    let as_video = Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" };
    let tried = examine(&path, as_video, DecodeLimits::default(), &bench.tools, &Control::none());
    assert!(matches!(tried, Err(WorkError::Refused(_))), "{tried:?}");
}

#[test]
fn a_stop_is_heeded() {
    let bench = Bench::new();
    let path = bench.film("a.wav", &SOUND);
    let stop = AtomicBool::new(true);
    let cancelled = || stop.load(Ordering::Relaxed);
    let control = Control { progress: &|_| {}, cancelled: &cancelled };
    let sniffed = sniff(&std::fs::read(&path).unwrap()).unwrap();
    let tried = examine(&path, sniffed, DecodeLimits::default(), &bench.tools, &control);
    assert_eq!(tried, Err(WorkError::Cancelled));
    assert!(matches!(waveform(&path, sniffed, &bench.tools, &control), Err(WorkError::Cancelled)));
}

#[test]
fn waveforms_are_the_same_with_and_without_ffmpeg() {
    let (with, without) = (Bench::new(), Bench::with(Programs::default()));
    let fading = ["-f", "lavfi", "-i", "sine=440:d=4", "-af", "volume=8,afade=in:d=4"];
    let path = with.film("fading.wav", &fading);
    let sniffed = sniff(&std::fs::read(&path).unwrap()).unwrap();
    let of =
        |bench: &Bench| waveform(&path, sniffed, &bench.tools, &Control::none()).unwrap().unwrap();
    for wave in [of(&with), of(&without)] {
        assert!((wave.duration - 4.0).abs() < 0.1, "{}", wave.duration);
        assert_eq!(wave.peaks.len(), 400);
        assert!(wave.peaks[20] < 40 && wave.peaks[380] > 200, "{:?}", wave.peaks);
    }
    let silent = with.film("silent.mp4", &[&PICTURES[..], &H264].concat());
    let sniffed = sniff(&std::fs::read(&silent).unwrap()).unwrap();
    assert_eq!(waveform(&silent, sniffed, &with.tools, &Control::none()), Ok(None));
    let opus = with.film("o.ogg", &[&SOUND[..], &["-c:a", "libopus"]].concat());
    let sniffed = sniff(&std::fs::read(&opus).unwrap()).unwrap();
    let tried = waveform(&opus, sniffed, &without.tools, &Control::none());
    assert_eq!(tried, Err(WorkError::Missing(Program::Ffmpeg)));
}

#[test]
fn posters_show_something() {
    let bench = Bench::new();
    let film = "color=black:s=64x48:r=10:d=2[a];testsrc2=s=64x48:r=10:d=2[b];[a][b]concat";
    let path = bench.film("dark.mp4", &[&["-f", "lavfi", "-i", film], &H264[..]].concat());
    let sniffed = sniff(&std::fs::read(&path).unwrap()).unwrap();
    for duration_s in [Some(4.0), Some(400.0)] {
        let poster = poster(&path, sniffed, duration_s, &bench.tools, &Control::none());
        // With a wrong length only the black start is found.
        let bright = poster.unwrap().pixels().filter(|pixel| pixel[0] > 100).count();
        assert_eq!(bright > 100, duration_s == Some(4.0));
    }
    let alone = Bench::with(Programs::default());
    let tried = poster(&path, sniffed, None, &alone.tools, &Control::none());
    assert_eq!(tried, Err(WorkError::Missing(Program::Ffmpeg)));
}

/// Small files of every kind that is read without a program.
fn seeds() -> Vec<Vec<u8>> {
    let picture =
        RgbaImage::from_fn(9, 7, |x, y| image::Rgba([x as u8 * 20, y as u8 * 30, 7, 200]));
    let rgb = DynamicImage::ImageRgba8(picture.clone()).into_rgb8();
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ];
    let mut all: Vec<Vec<u8>> = formats
        .iter()
        .map(|format| {
            let mut out = Cursor::new(Vec::new());
            if *format == ImageFormat::Gif {
                picture.write_to(&mut out, *format).unwrap();
            } else {
                rgb.write_to(&mut out, *format).unwrap();
            }
            out.into_inner()
        })
        .collect();
    all.push(
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><style>a{}</style><g id=\"a\"><path d=\"M0 0L9 9z\"/></g>\
          <use href=\"#a\"/><text>a &amp; b</text></svg>"
            .to_vec(),
    );
    let model =
        r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[]}],"buffers":[{"byteLength":4}]}"#;
    all.push(glb::tests::glb(model, &[4, 0, 0, 0, b'B', b'I', b'N', 0, 1, 2, 3, 4]));
    let mut wav =
        b"RIFF\x30\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data"
            .to_vec();
    wav.extend(400_u32.to_le_bytes());
    wav.extend([7; 400]);
    all.push(wav);
    all.push(b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x10moov\0\0\0\x08udta".to_vec());
    all
}

#[test]
fn letters_are_drawn_where_there_is_a_font() {
    let ink = |text: &str| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 60\"><text x=\"10\" y=\"45\" \
             font-family=\"Nobody has this\" font-size=\"40\">{text}</text></svg>"
        );
        let clean = clean_svg(svg.as_bytes()).unwrap();
        svg::draw(clean.as_bytes(), 200).unwrap().pixels().filter(|p| p[3] > 0).count()
    };
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_system_fonts();
    assert_eq!(ink("Gesso") > 100, !fonts.is_empty());
    assert_eq!(ink(""), 0);
    assert_eq!(ink(&"long ".repeat(3_000)), 0, "a book is not set");
    assert_eq!(ink("</text><use href=\"#a\"/><text>x"), 0, "nor what may be shown a million times");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_files_are_refused_or_taken_and_never_panic(
        which in 0_usize..9,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        doubled in any::<bool>(),
    ) {
        let mut bytes = seeds().swap_remove(which);
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if doubled {
            bytes.extend(bytes.clone());
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        thread_local!(static BENCH: Bench = Bench::with(Programs::default()));
        BENCH.with(|bench| {
            let path = bench.write("file", &bytes);
            if let Ok(found) = bench.examine(&path) {
                // What was taken can be taken again, and is the same.
                let kept = std::fs::read(&path).unwrap();
                assert_eq!(bench.examine(&path), Ok(found));
                assert_eq!(std::fs::read(&path).unwrap(), kept);
                if found.sniffed.kind == MediaKind::Svg {
                    svg::draw(&kept, 16).unwrap();
                }
            }
        });
    }
}

/// A PNG of one pixel with a color profile of so many zeros.
fn png_with_profile(zeros: usize) -> Vec<u8> {
    let plain = encode_png(&RgbaImage::new(1, 1)).unwrap();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![0; zeros]).unwrap();
    let body = [b"p\0\0".as_slice(), &packed.finish().unwrap()].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&[b"iCCP".as_slice(), &body].concat());
    let (len, sum) = ((body.len() as u32).to_be_bytes(), crc.sum().to_be_bytes());
    let chunk = [&len[..], b"iCCP", &body, &sum].concat();
    // Behind the signature and the header.
    [&plain[..33], &chunk, &plain[33..]].concat()
}

#[test]
fn a_profile_that_unpacks_to_very_much_is_refused_before_it_is() {
    assert_eq!(dimensions(&png_with_profile(3_000)).unwrap(), (1, 1));
    for read in [
        dimensions(&png_with_profile(20_000_000)).map(drop),
        decode(&png_with_profile(20_000_000), DecodeLimits::default()).map(drop),
    ] {
        assert!(matches!(read, Err(MediaError::Damaged(_))), "{read:?}");
    }
}
