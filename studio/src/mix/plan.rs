//! The plan of a mix: its tracks with their wishes, its length, and the filter graph that ffmpeg runs.

use std::fmt::Write as _;

use crate::Job;
use crate::film::Probe;
use gesso_media::WorkError;

/// A track as measured, before its wishes are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Track {
    /// The number of the stream of its sound.
    pub(super) stream: usize,
    pub(super) seconds: f64,
    pub(super) is_voice: bool,
}

/// A track with its wishes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Laid {
    stream: usize,
    volume: f64,
    offset_s: f64,
    fade_in_s: f64,
    fade_out_s: f64,
    /// Length of its sound in the mix, in seconds.
    lasts_s: f64,
    is_voice: bool,
}

/// A mix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    laid: Vec<Laid>,
    /// Volume of the video's own sound, and the number of its stream; 0 where it has none.
    original: f64,
    own: usize,
    /// Strength by which everything else steps back while somebody speaks, 0 to 1.
    ducking: f64,
    /// Length of the film, in seconds.
    pub(super) seconds: f64,
    /// Time that its last picture is held, in seconds.
    pub(super) held_s: f64,
    /// True if tracks begin again where they end.
    pub(super) loops: bool,
    /// True if the picture can be copied.
    pub(super) copies: bool,
    /// True if it is brought to an even loudness.
    pub(super) levelled: bool,
}

impl Plan {
    /// Reads the wishes.
    ///
    /// # Errors
    /// [`WorkError::Refused`] with a sentence for a list that fits no tracks or a number out of range.
    pub(super) fn of(job: &Job, video: &Probe, tracks: Vec<Track>) -> Result<Self, WorkError> {
        let count = tracks.len();
        let volumes = list(job, "volumes", "Volumes", count, 1.0, (0.0, 4.0))?;
        let offsets = list(job, "offsets", "Offsets", count, 0.0, (0.0, 3600.0))?;
        let ins = list(job, "fade_in", "Fade in", count, 0.0, (0.0, 60.0))?;
        let outs = list(job, "fade_out", "Fade out", count, 0.3, (0.0, 60.0))?;
        let loops = job.text("fit") == "loop";
        // A voice is not cut unless somebody says so.
        let is_heard_out = |track: &Track| match job.text("length") {
            "longest" => true,
            "voice" => track.is_voice,
            _ => false,
        };
        let ends = tracks.iter().zip(&offsets).filter(|(track, _)| !loops && is_heard_out(track));
        let seconds = ends.map(|(t, o)| t.seconds + o).fold(video.duration_s, f64::max);
        if seconds <= 0.0 {
            return Err(WorkError::Refused(
                "How long this video is cannot be told. Export it again as MP4 and replace it."
                    .to_owned(),
            ));
        }
        let held_s = (seconds - video.duration_s).max(0.0);
        let laid = tracks.iter().enumerate().map(|(i, track)| {
            let room_s = (seconds - offsets[i]).max(0.0);
            Laid {
                stream: track.stream,
                volume: volumes[i],
                offset_s: offsets[i],
                fade_in_s: ins[i],
                fade_out_s: outs[i],
                lasts_s: if loops { room_s } else { track.seconds.min(room_s) },
                is_voice: track.is_voice,
            }
        });
        Ok(Self {
            laid: laid.collect(),
            original: if video.has_sound { job.number("keep_original", 1.0) } else { 0.0 },
            own: video.sound.unwrap_or_default(),
            ducking: job.number("ducking", 0.6).clamp(0.0, 1.0),
            seconds,
            held_s,
            loops,
            copies: held_s < 0.05 && plays_everywhere(video),
            levelled: job.params.get("loudness").and_then(serde_json::Value::as_bool)
                != Some(false),
        })
    }

    /// The filter graph; `finish` is what the whole mix passes at its end, whose output is `[mix]`.
    pub(super) fn graph(&self, finish: &str) -> String {
        let shape = "aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo";
        let whole = format!("apad=whole_dur={0:.4},atrim=0:{0:.4}", self.seconds);
        let mut graph = String::new();
        let (mut voices, mut beds) = (Vec::new(), Vec::new());
        for (i, track) in self.laid.iter().enumerate() {
            let mut part = format!(
                "[{}:{}]{shape},atrim=0:{:.4},asetpts=PTS-STARTPTS",
                i + 1,
                track.stream,
                track.lasts_s
            );
            let fade_in = track.fade_in_s.min(track.lasts_s);
            if fade_in > 0.0 {
                write!(part, ",afade=t=in:d={fade_in:.3}")
                    .expect("writing to a String cannot fail");
            }
            let fade_out = track.fade_out_s.min(track.lasts_s);
            if fade_out > 0.0 {
                let from = track.lasts_s - fade_out;
                write!(part, ",afade=t=out:st={from:.4}:d={fade_out:.3}")
                    .expect("writing to a String cannot fail");
            }
            write!(
                part,
                ",volume={:.3},adelay={:.0}:all=1,{whole}[t{i}];",
                track.volume,
                track.offset_s * 1000.0
            )
            .expect("writing to a String cannot fail");
            graph.push_str(&part);
            if track.is_voice { &mut voices } else { &mut beds }.push(format!("[t{i}]"));
        }
        if self.original > 0.0 {
            let part = format!("[0:{}]{shape},volume={:.3},{whole}[own];", self.own, self.original);
            graph.push_str(&part);
            beds.push("[own]".to_owned());
        }
        let sum = |names: &[String], out: &str| {
            let (all, n) = (names.concat(), names.len());
            format!("{all}amix=inputs={n}:normalize=0:dropout_transition=0[{out}];")
        };
        let ducked = self.ducking > 0.0 && !voices.is_empty() && !beds.is_empty();
        if ducked {
            graph.push_str(&sum(&voices, "said"));
            graph.push_str(&sum(&beds, "bed"));
            let ratio = 1.0 + self.ducking * 11.0;
            let part = format!(
                "[said]asplit=2[voice][key];[bed][key]sidechaincompress=threshold=0.02:ratio={ratio:.2}:attack=25:release=450[under];\
                 [voice][under]amix=inputs=2:normalize=0:dropout_transition=0[all];"
            );
            graph.push_str(&part);
        } else {
            let everything: Vec<String> = voices.into_iter().chain(beds).collect();
            graph.push_str(&sum(&everything, "all"));
        }
        write!(graph, "[all]{finish}[mix]").expect("writing to a String cannot fail");
        graph
    }
}

/// Numbers separated by commas: one for all tracks, or one for each.
fn list(
    job: &Job,
    key: &str,
    title: &str,
    count: usize,
    default: f64,
    (least, most): (f64, f64),
) -> Result<Vec<f64>, WorkError> {
    let text = job.text(key).trim();
    if text.is_empty() {
        return Ok(vec![default; count]);
    }
    let mut values = Vec::new();
    for word in text.split([',', ';']).map(str::trim) {
        if word.is_empty() {
            values.push(default);
            continue;
        }
        let value = word.parse::<f64>().ok().filter(|v| (least..=most).contains(v));
        values.push(value.ok_or_else(|| {
            WorkError::Refused(format!(
                "“{word}” is no value for {title}. Give numbers from {least} to {most}, separated by commas."
            ))
        })?);
    }
    // A sound connected after the values were written has the default; values without a sound do not count.
    let rest = if values.len() == 1 { values[0] } else { default };
    values.resize(count, rest);
    Ok(values)
}

/// True if every browser plays these pictures inside an MP4.
pub(super) fn plays_everywhere(about: &Probe) -> bool {
    matches!(about.codec.as_str(), "h264" | "av1")
        && matches!(about.pixels.as_str(), "yuv420p" | "yuvj420p")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn video() -> Probe {
        Probe {
            duration_s: 5.0,
            size_px: Some((320, 180)),
            rate: None,
            has_sound: true,
            sound: Some(1),
            codec: "h264".to_owned(),
            pixels: "yuv420p".to_owned(),
        }
    }

    fn plan(settings: serde_json::Value) -> Result<Plan, WorkError> {
        let job = Job { params: serde_json::from_value(settings).unwrap(), ..Job::default() };
        let track = |seconds, is_voice| Track { stream: 0, seconds, is_voice };
        Plan::of(&job, &video(), vec![track(2.0, true), track(9.0, false)])
    }

    #[test]
    fn lists_fit_the_tracks_or_say_why_not() {
        let laid = plan(json!({"volumes": "0.5, 2", "offsets": "1"})).unwrap().laid;
        assert_eq!((laid[0].volume, laid[1].volume), (0.5, 2.0));
        assert_eq!((laid[0].offset_s, laid[1].offset_s), (1.0, 1.0));
        assert_eq!((laid[0].lasts_s, laid[1].lasts_s), (2.0, 4.0), "cut to the picture");
        let volumes = |text| {
            plan(json!({"volumes": text}))
                .unwrap()
                .laid
                .iter()
                .map(|l| l.volume)
                .collect::<Vec<_>>()
        };
        assert_eq!(volumes("0.5,"), [0.5, 1.0], "a sound connected later has the default");
        assert_eq!(volumes(",2,3"), [1.0, 2.0], "values of sounds that are gone do not count");
        for (key, text, says) in [
            ("volumes", "loud", "“loud” is no value"),
            ("offsets", "-1", "“-1” is no value"),
            ("fade_in", "1,,x", "“x” is no value"),
        ] {
            let error = plan(json!({ key: text })).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_picture_is_copied_unless_it_has_to_last_longer() {
        assert!(plan(json!({})).unwrap().copies);
        let longer = plan(json!({"length": "longest", "offsets": "0,1"})).unwrap();
        assert_eq!((longer.seconds, longer.held_s, longer.copies), (10.0, 5.0, false));
        // The voice lasts two seconds, the music nine.
        let spoken = |offset| plan(json!({"length": "voice", "offsets": offset})).unwrap();
        assert_eq!((spoken("0").seconds, spoken("0").copies), (5.0, true));
        assert_eq!((spoken("4.5").seconds, spoken("4.5").held_s), (6.5, 1.5));
        let looped = plan(json!({"fit": "loop", "length": "longest"})).unwrap();
        assert_eq!((looped.seconds, looped.laid[0].lasts_s), (5.0, 5.0));
    }

    #[test]
    fn voices_push_the_rest_back_only_where_that_is_wished() {
        assert!(plan(json!({})).unwrap().graph("anull").contains("sidechaincompress"));
        assert!(!plan(json!({"ducking": 0})).unwrap().graph("anull").contains("sidechain"));
    }
}
