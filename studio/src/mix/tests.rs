use crate::film::Probe;
use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::film::{Rate, Reel, encode};
use crate::{Content, Input};
use gesso_media::Programs;

struct Desk {
    tools: ToolRunner,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { tools: ToolRunner::new(Programs::find(), folder.path()).unwrap(), _folder: folder }
    }

    /// Returns the file that ffmpeg makes with these arguments.
    fn file(&self, args: &[&str], ending: &str) -> Vec<u8> {
        let out = self._folder.path().join(format!("made.{ending}"));
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-y"])
            .args(args)
            .arg(&out)
            .status()
            .unwrap();
        assert!(status.success());
        std::fs::read(out).unwrap()
    }

    fn film(&self) -> Vec<u8> {
        let reel = Reel { width: 64, height: 48, rate: Rate::whole(12), frames: 36 };
        encode(&reel, None, &self.tools, &Control::none(), &mut |n, frame| {
            frame.fill(n as u8 * 5);
            Ok(())
        })
        .unwrap()
    }

    fn tone(&self, hz: u32, seconds: f32) -> Vec<u8> {
        let source = format!("sine=frequency={hz}:duration={seconds}");
        self.file(&["-f", "lavfi", "-i", &source, "-ac", "2"], "wav")
    }

    fn mix(&self, settings: Value, video: &[u8], tracks: &[&[u8]]) -> Result<Vec<u8>, WorkError> {
        let input = |port: &str, bytes: &[u8]| Input::new(port, bytes.to_vec());
        let mut inputs = vec![input("video", video)];
        inputs.extend(tracks.iter().map(|t| input("audio", t)));
        let params = serde_json::from_value(settings).unwrap();
        let job = Job { params, inputs, ..Job::default() };
        let made = compute(&job, &self.tools, &Control::none())?.remove(0);
        let Content::File { bytes, .. } = made.content else { panic!("a file") };
        Ok(bytes)
    }

    fn heard(&self, film: &[u8]) -> (Probe, crate::film::Sound) {
        let source = Source::open(film, &self.tools, &Control::none()).unwrap();
        (source.about(), source.sound(60.0, &self.tools, &Control::none()).unwrap())
    }

    fn picture_md5(&self, film: &[u8]) -> String {
        let path = self._folder.path().join("md5.mp4");
        std::fs::write(&path, film).unwrap();
        let out = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(&path)
            .args(["-map", "0:v", "-c", "copy", "-f", "md5", "-"])
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    }
}

#[test]
fn tracks_sound_when_and_as_loud_as_wished_under_the_same_picture() {
    let desk = Desk::new();
    let film = desk.film();
    let (low, high) = (desk.tone(300, 1.0), desk.tone(1200, 4.0));
    let settings = json!({"offsets": "2,0", "volumes": "1,0", "loudness": false, "fade_out": "0"});
    let mixed = desk.mix(settings, &film, &[&low, &high]).unwrap();
    assert_eq!(desk.picture_md5(&film), desk.picture_md5(&mixed), "not encoded again");
    let (about, sound) = desk.heard(&mixed);
    assert!((about.duration_s - 3.0).abs() < 0.1, "{about:?}");
    assert!(sound.loudness(0.2, 1.8) < 0.001, "the second is silenced, the first waits");
    assert!(sound.loudness(2.2, 2.8) > 0.03, "{}", sound.loudness(2.2, 2.8));
    let again = json!({"offsets": "2,0", "volumes": "1,0", "loudness": false, "fade_out": "0"});
    assert_eq!(mixed, desk.mix(again, &film, &[&low, &high]).unwrap(), "the same bytes");
}

#[test]
fn a_mix_is_brought_to_one_loudness_without_clipping() {
    let desk = Desk::new();
    let film = desk.film();
    let quiet =
        desk.file(&["-f", "lavfi", "-i", "sine=frequency=500:duration=4,volume=-10dB"], "mp3");
    let mixed = desk.mix(json!({}), &film, &[&quiet]).unwrap();
    let (_, sound) = desk.heard(&mixed);
    // A sine of −16 LUFS has about −16 dB in each channel, so this root mean square.
    let level = sound.loudness(0.5, 2.2);
    assert!((0.08..0.25).contains(&level), "{level}");
    assert!(sound.samples.iter().all(|[l, r]| l.abs().max(r.abs()) < 32_000));
}

#[test]
fn music_steps_back_while_somebody_speaks() {
    let desk = Desk::new();
    let film = desk.film();
    let voice = desk.tone(300, 1.2);
    let music = desk.tone(1200, 3.0);
    let at = |ducking: f64| {
        let settings = json!({"ducking": ducking, "voice_track": 1, "volumes": "1,1", "loudness": false, "fade_out": "0"});
        let (_, sound) = desk.heard(&desk.mix(settings, &film, &[&voice, &music]).unwrap());
        // What is left of 1200 Hz while the voice is there: by correlation with it.
        let part = |from_s: f64| {
            let (mut re, mut im) = (0.0_f64, 0.0_f64);
            let from = (from_s * 48_000.0) as usize;
            for i in from..from + 24_000 {
                let turn = i as f64 / 40.0 * std::f64::consts::TAU;
                re += f64::from(sound.mono(i)) * turn.cos();
                im += f64::from(sound.mono(i)) * turn.sin();
            }
            re.hypot(im)
        };
        part(0.5) / part(2.2)
    };
    let (plain, ducked) = (at(0.0), at(1.0));
    assert!(plain > 0.9, "{plain}");
    assert!(ducked < 0.6 * plain, "{ducked} against {plain}");
}

#[test]
fn a_short_track_is_looped_and_a_long_one_can_hold_the_picture() {
    let desk = Desk::new();
    let film = desk.film();
    let short = desk.tone(400, 0.5);
    let looped = json!({"fit": "loop", "loudness": false});
    let (about, sound) = desk.heard(&desk.mix(looped, &film, &[&short]).unwrap());
    assert!((about.duration_s - 3.0).abs() < 0.1);
    assert!(sound.loudness(2.0, 2.5) > 0.03);
    let long = desk.tone(400, 5.0);
    let held = desk.mix(json!({"length": "longest"}), &film, &[&long]).unwrap();
    let (about, _) = desk.heard(&held);
    assert!((about.duration_s - 5.0).abs() < 0.15, "{about:?}");
}

#[test]
fn a_film_of_few_pictures_is_held_under_a_sound_that_is_read_at_once() {
    let desk = Desk::new();
    let film = include_bytes!("../../../media/tests/files/1fps-3s.mp4");
    // So small a file is read to its end while the first picture is still on its way.
    for rate in ["8000", "11025", "44100"] {
        let source = format!("sine=frequency=440:duration=6:sample_rate={rate}");
        let sound = desk.file(&["-f", "lavfi", "-i", &source], "wav");
        let mixed = desk.mix(json!({"length": "longest"}), film, &[&sound]).unwrap();
        let (about, heard) = desk.heard(&mixed);
        assert!((about.duration_s - 6.0).abs() < 0.05, "{about:?}");
        assert!((heard.seconds() - 6.0).abs() < 0.05 && heard.loudness(5.0, 5.5) > 0.03);
    }
}

#[test]
fn pixels_that_are_not_square_are_shown_in_their_shape() {
    let desk = Desk::new();
    let film = include_bytes!("../../../media/tests/files/pixels-not-square.mp4");
    for (seconds, settings) in [(2.0, json!({})), (5.0, json!({"length": "longest"}))] {
        let tone = desk.tone(400, seconds);
        let inputs = [("video", &film[..]), ("audio", &tone)]
            .map(|(port, bytes)| Input::new(port, bytes.to_vec()));
        let params = serde_json::from_value(settings).unwrap();
        let job = Job { params, inputs: inputs.into(), ..Job::default() };
        let made = compute(&job, &desk.tools, &Control::none()).unwrap().remove(0);
        let Content::File { bytes, size_px, .. } = made.content else { panic!("a file") };
        assert_eq!(size_px, Some((524, 288)));
        assert_eq!(desk.heard(&bytes).0.size_px, Some((524, 288)));
    }
}

#[test]
fn what_cannot_be_mixed_is_said() {
    let desk = Desk::new();
    let film = desk.film();
    let tone = desk.tone(400, 0.5);
    let says = |video: &[u8], tracks: &[&[u8]]| {
        desk.mix(json!({}), video, tracks).unwrap_err().to_string()
    };
    assert!(says(&film, &[]).contains("Connect a sound"));
    assert!(says(&tone, &[&tone]).contains("no picture"));
    assert!(says(&film, &[&film]).contains("has no sound"));
    assert!(says(b"nonsense", &[&tone]).contains("neither a video nor a sound"));
    assert!(says(&film[..film.len() / 3], &[&tone]).contains("cannot be played"));
    let silent = desk.file(&["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=2"], "wav");
    let (about, _) = desk.heard(&desk.mix(json!({}), &film, &[&silent]).unwrap());
    assert!(about.has_sound, "silence is a track like any other");
}
