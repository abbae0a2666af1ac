//! Which pictures and which sound of a file are meant: chosen once, by what ffprobe says of its streams and what its
//! packets show, and named by their numbers to everything that decodes. The same packets tell the length.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::boxes;
use crate::control::Control;
use crate::ebml;
use crate::error::WorkError;
use crate::ffmpeg::{damaged, input, told};
use crate::kind::MediaKind;
use crate::kind::Sniffed;
use crate::mpeg;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;
use crate::whole;

/// Most of ffprobe's answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most packets of a file.
const PACKETS_MAX: u64 = 20_000_000;
/// Streams beyond this number are not looked at.
const STREAMS_MAX: usize = 64;
/// Longest piece that may lack at the end of what plays, in seconds.
const LACK_MAX_S: f64 = 0.5;
/// By how much pictures and sound may differ and be called the same, in seconds.
const SAME_S: f64 = 0.1;
/// Codecs of still pictures, which in a sound's file are its cover.
const STILLS: [&str; 7] = ["mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpegls"];

/// The pictures of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The number of the stream.
    pub index: usize,
    /// Width and height in pixels as they are shown: square pixels, upright.
    pub size_px: (u32, u32),
    /// Frame rate: a number of pictures, and the seconds that these take.
    pub rate: Option<(u32, u32)>,
    /// The name of their codec.
    pub codec: String,
    /// Format of their pixels, in ffmpeg's words (`yuv420p`).
    pub pixels: String,
}

/// Streams of a file that are meant to be seen and heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Streams {
    /// Type by its contents: a container of video may hold sound alone.
    pub sniffed: Sniffed,
    /// The pictures, where it is a film.
    pub pictures: Option<Pictures>,
    /// The number of the stream of its sound.
    pub sound: Option<usize>,
    /// Length in seconds from its first picture or sound to the end of the last; `None` where it has none.
    pub seconds: Option<f64>,
    /// True if it says where it was made.
    pub has_location: bool,
}

/// Packets of one stream: their number, and their times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    count: u64,
    from: f64,
    to: f64,
    /// The latest beginning of a packet.
    last: f64,
    /// Length that all packets claim together.
    told: f64,
}

impl Span {
    const EMPTY: Self =
        Self { count: 0, from: f64::INFINITY, to: f64::NEG_INFINITY, last: 0.0, told: 0.0 };

    fn add(&mut self, at: f64, lasts: f64) {
        self.count += 1;
        self.from = self.from.min(at);
        self.last = self.last.max(at);
        self.to = self.to.max(at + lasts);
        self.told += lasts;
    }

    /// From zero on, where a player begins: what is before that an encoder needs and nobody hears.
    fn ends(&self) -> Option<(f64, f64)> {
        if self.count == 0 {
            return None;
        }
        let mut to = self.to;
        if self.told <= 0.0 && self.count > 1 {
            // None says how long it is: the last is as long as the others.
            to = self.last + (self.last - self.from) / (self.count - 1) as f64;
        }
        let from = self.from.max(0.0);
        (to > from).then_some((from, to))
    }
}

/// Looks at a file: its description, and every packet of it.
///
/// # Errors
/// [`WorkError::Refused`] for what does not play or is cut off, and those of [`ToolRunner::run`].
pub fn look(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Streams, WorkError> {
    let answer = ask(path, sniffed, tools, control)?;
    let spans = packets(path, sniffed, tools, control)?;
    let mut streams = choose(&answer, &spans, sniffed)?;
    if streams.seconds.is_none() {
        // A single picture that does not say how long it stands.
        let told = answer["format"]["duration"].as_str().and_then(|told| told.parse().ok());
        streams.seconds = told.filter(|seconds: &f64| seconds.is_finite());
    }
    if is_cut_off(path, &answer, &spans, &streams)? {
        return Err(damaged(
            streams.sniffed.kind,
            "it ends before its end, as if it had been cut off",
        ));
    }
    Ok(streams)
}

/// The same without its packets, for what is known to play: no length, and covers only where they are marked.
///
/// # Errors
/// Those of [`look`].
pub(crate) fn glance(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Streams, WorkError> {
    choose(&ask(path, sniffed, tools, control)?, &BTreeMap::new(), sniffed)
}

fn ask(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Value, WorkError> {
    let mut command = tools.command(Program::Ffprobe)?;
    command.args(["-hide_banner", "-v", "error"]);
    command.args(input(sniffed.mime, path, &[])?);
    command.args(["-of", "json=compact=1", "-show_entries"]).arg(
        "format=duration:format_tags:stream=index,codec_type,codec_name,codec_tag_string,width,height,duration,\
         duration_ts,nb_frames,pix_fmt,avg_frame_rate,r_frame_rate,sample_aspect_ratio:stream_tags:\
         stream_disposition=attached_pic,timed_thumbnails:stream_side_data=rotation",
    );
    let mut answer = Vec::new();
    let mut bytes = |piece: Vec<u8>| {
        answer.extend(piece);
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(damaged(sniffed.kind, "it describes itself at absurd length"));
        }
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    tools.run(Program::Ffprobe, command, talk, control).map_err(|error| told(error, sniffed))?;
    serde_json::from_slice(&answer).map_err(|error| WorkError::Internal(error.to_string()))
}

/// Reads a file to its end without decoding it.
fn packets(
    path: &Path,
    sniffed: Sniffed,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<BTreeMap<usize, Span>, WorkError> {
    let mut command = tools.command(Program::Ffprobe)?;
    command.args(["-hide_banner", "-v", "error"]);
    command.args(input(sniffed.mime, path, &[])?);
    command.args(["-of", "compact=p=0", "-show_entries"]);
    command.arg("packet=stream_index,pts_time,dts_time,duration_time,flags");
    let mut spans = BTreeMap::new();
    let (mut rest, mut count) = (Vec::new(), 0);
    let mut bytes = |piece: Vec<u8>| {
        rest.extend(piece);
        let Some(end) = rest.iter().rposition(|b| *b == b'\n') else { return Ok(()) };
        for line in String::from_utf8_lossy(&rest[..end]).lines() {
            packet(line, &mut spans);
            count += 1;
        }
        rest.drain(..=end);
        if count > PACKETS_MAX || rest.len() > ANSWER_BYTES_MAX {
            return Err(damaged(sniffed.kind, "it is in absurdly many pieces"));
        }
        Ok(())
    };
    let talk = Talk { bytes: Some(&mut bytes), ..Talk::default() };
    tools.run(Program::Ffprobe, command, talk, control).map_err(|error| told(error, sniffed))?;
    Ok(spans)
}

fn packet(line: &str, spans: &mut BTreeMap<usize, Span>) {
    let (mut index, mut at, mut before, mut lasts, mut is_dropped) =
        (None, None, None, None, false);
    for part in line.split('|') {
        let Some((key, value)) = part.split_once('=') else { continue };
        let seconds = || value.parse::<f64>().ok().filter(|s| s.is_finite());
        match key {
            "stream_index" => index = value.parse::<usize>().ok(),
            "pts_time" => at = seconds(),
            "dts_time" => before = seconds(),
            "duration_time" => lasts = seconds(),
            // Outside of what is shown, as an edit says.
            "flags" => is_dropped = value.contains('D'),
            _ => {}
        }
    }
    let Some(index) = index.filter(|index| *index < STREAMS_MAX) else { return };
    let span = spans.entry(index).or_insert(Span::EMPTY);
    match at.or(before) {
        Some(at) if !is_dropped => span.add(at, lasts.unwrap_or_default().max(0.0)),
        Some(_) | None => span.count += 1,
    }
}

fn index(stream: &Value) -> usize {
    stream["index"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX)
}

/// Makes sense of ffprobe's answer.
fn choose(
    answer: &Value,
    spans: &BTreeMap<usize, Span>,
    sniffed: Sniffed,
) -> Result<Streams, WorkError> {
    let no_streams = Vec::new();
    let streams = answer["streams"].as_array().unwrap_or(&no_streams);
    let of = |kind: &'static str| {
        streams
            .iter()
            .filter(move |stream| stream["codec_type"] == kind && index(stream) < STREAMS_MAX)
    };
    let is_known = |stream: &&Value| {
        !matches!(stream["codec_name"].as_str(), None | Some("" | "none" | "unknown"))
    };
    let sound = of("audio").find(is_known).or_else(|| of("audio").next());
    let lasts = |stream: &Value| {
        let span = spans.get(&index(stream))?;
        span.ends().map(|(from, to)| (span.count, to - from))
    };
    let heard_s = sound.and_then(lasts).map_or(0.0, |(_, seconds)| seconds);
    let is_marked = |stream: &Value| {
        stream["disposition"]["attached_pic"] == 1 || stream["disposition"]["timed_thumbnails"] == 1
    };
    // One picture beside a sound that it does not last through is the sound's cover, marked or not.
    let is_cover = |stream: &Value| {
        let is_still = stream["codec_name"].as_str().is_some_and(|name| STILLS.contains(&name));
        let count = spans.get(&index(stream)).map_or(0, |span| span.count);
        let seconds = lasts(stream).map_or(0.0, |(_, seconds)| seconds);
        sound.is_some() && count == 1 && (is_still || heard_s > 0.0 && seconds < heard_s * 0.5)
    };
    let video = of("video").filter(is_known).find(|stream| !is_marked(stream) && !is_cover(stream));
    let sniffed = really(sniffed, video.is_some(), sound.is_some())?;
    let ends = |stream: Option<&Value>| stream.and_then(|s| spans.get(&index(s))?.ends());
    let seconds = length(ends(video), ends(sound));
    let places = ["location", "gps", "xyz", "geo"];
    let tells = |tags: &Value| {
        let keys = tags.as_object().into_iter().flat_map(|tags| tags.keys());
        keys.map(|key| key.to_ascii_lowercase())
            .any(|key| places.iter().any(|place| key.contains(place)))
    };
    // Cameras write where they are beside the pictures, as a stream of its own.
    let telemetry = |stream: &Value| {
        matches!(
            stream["codec_tag_string"].as_str(),
            Some("gpmd" | "mebx" | "camm" | "djmd" | "dbgi")
        )
    };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Streams {
        sniffed,
        pictures: video.map(|stream| Pictures {
            index: index(stream),
            size_px: shown_size(stream),
            rate: rate(&stream["avg_frame_rate"]).or_else(|| rate(&stream["r_frame_rate"])),
            codec: word(&stream["codec_name"]),
            pixels: word(&stream["pix_fmt"]),
        }),
        sound: sound.map(index),
        seconds,
        has_location: tells(&answer["format"]["tags"])
            || streams.iter().any(|stream| tells(&stream["tags"]) || telemetry(stream)),
    })
}

/// The length of what is seen and heard: that of the pictures, unless the sound goes on.
fn length(seen: Option<(f64, f64)>, heard: Option<(f64, f64)>) -> Option<f64> {
    let (from, to) = match (seen, heard) {
        (Some(seen), Some(heard)) => (
            if heard.0 < seen.0 - SAME_S { heard.0 } else { seen.0 },
            if heard.1 > seen.1 + SAME_S { heard.1 } else { seen.1 },
        ),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return None,
    };
    Some(to - from)
}

/// Returns the type of a file by the streams in it.
fn really(sniffed: Sniffed, is_seen: bool, is_heard: bool) -> Result<Sniffed, WorkError> {
    Ok(match (sniffed.mime, is_seen, is_heard) {
        (_, false, false) => {
            return Err(damaged(sniffed.kind, "there is neither picture nor sound in it"));
        }
        ("video/mp4" | "video/quicktime" | "audio/mp4", false, true) => {
            Sniffed { mime: "audio/mp4", kind: MediaKind::Audio, ext: "m4a" }
        }
        ("video/webm" | "video/x-matroska", false, true) => {
            Sniffed { mime: "audio/webm", kind: MediaKind::Audio, ext: "webm" }
        }
        ("audio/mp4", true, _) => Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" },
        ("audio/ogg", true, _) => {
            return Err(WorkError::Refused(
                "Videos as OGG are not taken. Save it as MP4 or WebM and upload that.".to_owned(),
            ));
        }
        _ => sniffed,
    })
}

fn rate(text: &Value) -> Option<(u32, u32)> {
    let (pictures, seconds) = text.as_str()?.split_once('/')?;
    let rate = (pictures.parse().ok()?, seconds.parse().ok()?);
    (rate.0 > 0 && rate.1 > 0).then_some(rate)
}

/// Width and height as a player shows them.
pub(crate) fn shown_size(stream: &Value) -> (u32, u32) {
    let px =
        |key: &str| stream[key].as_u64().and_then(|px| u32::try_from(px).ok()).unwrap_or_default();
    let (mut width, height) = (px("width"), px("height"));
    let aspect = stream["sample_aspect_ratio"].as_str().and_then(|text| text.split_once(':'));
    if let Some((w, h)) =
        aspect.and_then(|(w, h)| Some((w.parse::<f64>().ok()?, h.parse::<f64>().ok()?)))
        && w > 0.0
        && h > 0.0
        && (0.1..10.0).contains(&(w / h))
    {
        width = (f64::from(width) * w / h).round() as u32;
    }
    let side_data = stream["side_data_list"].as_array();
    let turns = side_data.and_then(|list| list.iter().find_map(|data| data["rotation"].as_f64()));
    let tagged = || stream["tags"]["rotate"].as_str().and_then(|turns| turns.parse().ok());
    let turns = turns.or_else(tagged).unwrap_or_default();
    let is_upright = (turns / 90.0).round().rem_euclid(2.0) == 0.0;
    if is_upright { (width, height) } else { (height, width) }
}

/// True if what plays ends before the file says that it does. A description alone is no proof, as many are only nearly
/// right: what it promises has to lie behind the end of the file, too.
fn is_cut_off(
    path: &Path,
    answer: &Value,
    spans: &BTreeMap<usize, Span>,
    streams: &Streams,
) -> Result<bool, WorkError> {
    let number = |value: &Value| {
        value.as_str().and_then(|text| text.parse::<f64>().ok()).filter(|n| n.is_finite())
    };
    let chosen = [streams.pictures.as_ref().map(|pictures| pictures.index), streams.sound];
    let described = |wanted: usize| {
        let all = answer["streams"].as_array()?;
        let stream = all.iter().find(|stream| index(stream) == wanted)?;
        Some((stream, spans.get(&wanted)?))
    };
    let of_chosen = || chosen.into_iter().flatten().filter_map(described);
    let lacks = |promised: Option<f64>| {
        promised.zip(streams.seconds).is_some_and(|(promised, is)| promised > is + LACK_MAX_S)
    };
    let stream_s = || of_chosen().next().and_then(|(stream, _)| number(&stream["duration"]));
    Ok(match demuxer_of(streams.sniffed) {
        "mov" => boxes::lacks_media(path)?.is_some_and(|in_fragments| {
            in_fragments
                || of_chosen().any(|(stream, span)| {
                    let count = number(&stream["nb_frames"]).unwrap_or_default();
                    let told = number(&stream["duration"]).unwrap_or_default();
                    // All ones stand for a length that is not known.
                    let is_known = stream["duration_ts"].as_u64() != Some(u64::from(u32::MAX));
                    let is = span.ends().map_or(0.0, |(from, to)| to - from);
                    count > span.count as f64 && (!is_known || told > is + LACK_MAX_S)
                })
        }),
        "matroska" => {
            let end = spans.values().filter_map(Span::ends).map(|(_, to)| to).fold(0.0, f64::max);
            let told = number(&answer["format"]["duration"]).unwrap_or(f64::INFINITY);
            ebml::lacks_media(path)? && told > end + LACK_MAX_S
        }
        "flac" => lacks(stream_s()),
        "mp3" => lacks(mpeg::promised_s(&whole::head(path)?)),
        "wav" => whole::wav_lacks_s(path)?.is_some_and(|lack| lack > LACK_MAX_S),
        "ogg" => whole::ogg_is_cut(path)?,
        _ => false,
    })
}

fn demuxer_of(sniffed: Sniffed) -> &'static str {
    crate::ffmpeg::demuxer(sniffed.mime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MP4: Sniffed = Sniffed { mime: "video/mp4", kind: MediaKind::Video, ext: "mp4" };

    fn spans(lines: &[&str]) -> BTreeMap<usize, Span> {
        let mut spans = BTreeMap::new();
        for line in lines {
            packet(line, &mut spans);
        }
        spans
    }

    #[test]
    fn sizes_are_those_that_are_shown() {
        for (stream, expected) in [
            (json!({"width": 1920, "height": 1080}), (1920, 1080)),
            (
                json!({"width": 1920, "height": 1080, "side_data_list": [{"rotation": -90}]}),
                (1080, 1920),
            ),
            (
                json!({"width": 1920, "height": 1080, "side_data_list": [{}, {"rotation": 180}]}),
                (1920, 1080),
            ),
            (json!({"width": 1920, "height": 1080, "tags": {"rotate": "270"}}), (1080, 1920)),
            (json!({"width": 1440, "height": 1080, "sample_aspect_ratio": "4:3"}), (1920, 1080)),
            (json!({"width": 360, "height": 288, "sample_aspect_ratio": "16:11"}), (524, 288)),
            (json!({"width": 1440, "height": 1080, "sample_aspect_ratio": "0:1"}), (1440, 1080)),
            (json!({"width": -5}), (0, 0)),
        ] {
            assert_eq!(shown_size(&stream), expected, "{stream}");
        }
    }

    #[test]
    fn covers_are_no_film_and_places_are_noticed() {
        let sound = json!({"streams": [
            {"index": 0, "codec_type": "audio", "codec_name": "aac"},
            {"index": 1, "codec_type": "video", "codec_name": "png", "width": 600, "height": 600,
             "disposition": {"attached_pic": 1}},
        ], "format": {}});
        let heard = spans(&["stream_index=0|pts_time=0.0|duration_time=3.5"]);
        let found = choose(&sound, &heard, MP4).unwrap();
        assert_eq!(
            (found.sniffed.mime, found.pictures, found.seconds),
            ("audio/mp4", None, Some(3.5))
        );
        assert!(!found.has_location);
        let film = json!({"streams": [
            {"index": 0, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}},
            {"index": 1, "codec_type": "video", "codec_name": "h264", "width": 6, "height": 4},
            {"index": 2, "codec_type": "audio", "codec_name": "none"},
            {"index": 3, "codec_type": "audio", "codec_name": "aac"}]});
        let found = choose(&film, &BTreeMap::new(), MP4).unwrap();
        assert_eq!((found.pictures.unwrap().index, found.sound), (1, Some(3)));
        let phone = json!({"streams": [{"index": 0, "codec_type": "video", "codec_name": "h264"}],
            "format": {"tags": {"com.apple.quicktime.location.ISO6709": "+52+13/"}}});
        assert!(choose(&phone, &BTreeMap::new(), MP4).unwrap().has_location);
        let data = json!({"streams": [{"codec_type": "data"}]});
        assert!(choose(&data, &BTreeMap::new(), MP4).is_err());
        assert!(choose(&json!({}), &BTreeMap::new(), MP4).is_err());
    }

    #[test]
    fn one_picture_beside_a_sound_is_a_cover_unless_it_stands_as_long() {
        let file = json!({"streams": [
            {"index": 0, "codec_type": "video", "codec_name": "h264", "width": 6, "height": 4},
            {"index": 1, "codec_type": "audio", "codec_name": "aac"}]});
        let of = |lasts: &str| {
            let picture = format!("stream_index=0|pts_time=0.0|duration_time={lasts}");
            let seen = spans(&[&picture, "stream_index=1|pts_time=0.0|duration_time=5.0"]);
            choose(&file, &seen, MP4).unwrap().sniffed.kind
        };
        assert_eq!((of("0.000011"), of("5.0")), (MediaKind::Audio, MediaKind::Video));
    }

    #[test]
    fn a_length_is_from_the_first_to_the_last() {
        let one = |lines: &[&str]| spans(lines).get(&0).and_then(Span::ends);
        assert_eq!(
            one(&[
                "stream_index=0|pts_time=1.2|duration_time=1.0",
                "stream_index=0|pts_time=2.2|duration_time=1.0"
            ]),
            Some((1.2, 3.2))
        );
        assert_eq!(one(&["stream_index=0|pts_time=-0.1|duration_time=0.6"]), Some((0.0, 0.5)));
        assert_eq!(
            one(&["stream_index=0|pts_time=0.0|duration_time=N/A", "stream_index=0|pts_time=1.0"]),
            Some((0.0, 2.0))
        );
        assert_eq!(one(&["stream_index=0|pts_time=9.0|duration_time=1|flags=_D"]), None);
        assert_eq!(length(Some((1.2, 3.2)), Some((1.186, 3.227))), Some(2.0));
        assert_eq!(length(Some((1.0, 3.0)), Some((0.0, 6.0))), Some(6.0));
        assert_eq!(length(None, None), None);
    }
}
