//! The mixer: any number of sounds laid under a video by ffmpeg. The picture is copied as it is wherever a browser can
//! play it in an MP4 and its length stays; only then is nothing lost and the work quick.

mod plan;
mod speech;

use std::path::Path;

use crate::film::{Probe, Source};
use crate::workshop::Talk;
use crate::{Control, Job, Made, Program, StudioError, Workshop};
use plan::{Plan, Track};

/// The most tracks of one mix; each is decoded at the same time.
const TRACKS_MAX: usize = 16;
/// The longest film that is made, in seconds.
const SECONDS_MAX: f64 = 60.0 * 60.0;
/// How loud a finished mix is, in LUFS (EBU R 128 s2, for streaming).
const LOUDNESS_LUFS: f64 = -16.0;
/// How much of a track tells whether somebody speaks in it, in seconds.
const LISTEN_S: f64 = 40.0;

/// The model `studio-mixer`.
pub(crate) fn compute(
    job: &Job,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Vec<Made>, StudioError> {
    control.at(0.0)?;
    let refused = |why: &str| StudioError::Refused(why.to_owned());
    let video = job.file("video").ok_or_else(|| refused("Connect a video."))?;
    let video = Source::open(video, workshop)?;
    let about = video.probe(workshop, control)?;
    let Some(size_px) = about.size_px else {
        return Err(refused("There is no picture in this video. Connect another one."));
    };
    let sources: Vec<Source> =
        job.files("audio").map(|b| Source::open(b, workshop)).collect::<Result<_, _>>()?;
    if sources.is_empty() {
        return Err(refused("Connect a sound to lay under the video."));
    }
    if sources.len() > TRACKS_MAX {
        return Err(StudioError::Refused(format!(
            "{} sounds are connected; {TRACKS_MAX} can be mixed at once. Mix some of them first.",
            sources.len()
        )));
    }
    let tracks = listen(job, &sources, workshop, control)?;
    let plan = Plan::of(job, &about, tracks)?;
    if plan.seconds > SECONDS_MAX {
        return Err(refused("The film would be longer than an hour. Shorten what is connected."));
    }
    let gain_db = if plan.levelled {
        control.part(0.15, 0.4, |c| measure(&plan, &video, &sources, workshop, c))?
    } else {
        0.0
    };
    let folder = workshop.folder()?;
    let out = folder.path().join("mix.mp4");
    control.part(0.4, 0.98, |c| {
        let finish =
            format!("volume={gain_db:.2}dB,alimiter=limit=0.8:attack=3:release=60:level=0");
        render(&plan, &finish, &video, &sources, &out, workshop, c)
    })?;
    let bytes = std::fs::read(&out)?;
    control.at(1.0)?;
    Ok(vec![Made::video(bytes, size_px, plan.seconds)])
}

/// What is known of each track: how long it is, and whether somebody speaks in it.
fn listen(
    job: &Job,
    sources: &[Source],
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<Vec<Track>, StudioError> {
    let named = job.whole("voice_track", 0);
    let ducks = job.number("ducking", 0.6) > 0.0;
    let mut tracks = Vec::new();
    for (n, source) in sources.iter().enumerate() {
        control.at(0.15 * n as f32 / sources.len() as f32)?;
        let about = source.probe(workshop, control)?;
        if !about.has_sound {
            return Err(StudioError::Refused(format!(
                "Sound {} has no sound in it. Connect another file.",
                n + 1
            )));
        }
        let is_voice = match named {
            0 if ducks && sources.len() > 1 || about_keeps(job) => {
                speech::is_likely(&source.sound(LISTEN_S, workshop, control)?)
            }
            0 => false,
            named => named == n as i64 + 1,
        };
        tracks.push(Track { seconds: about.duration_s, is_voice });
    }
    Ok(tracks)
}

/// Whether the video's own sound may have to step back.
fn about_keeps(job: &Job) -> bool {
    job.number("ducking", 0.6) > 0.0 && job.number("keep_original", 1.0) > 0.0
}

fn inputs(command: &mut std::process::Command, plan: &Plan, video: &Source, sources: &[Source]) {
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-threads", "2"]);
    video.input(command);
    for source in sources {
        if plan.loops {
            command.args(["-stream_loop", "-1"]);
        }
        source.input(command);
    }
}

/// How many dB the mix has to be raised to be as loud as it should.
fn measure(
    plan: &Plan,
    video: &Source,
    sources: &[Source],
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<f64, StudioError> {
    let mut command = workshop.command(Program::Ffmpeg)?;
    inputs(&mut command, plan, video, sources);
    let graph = plan.graph("ebur128=metadata=1,ametadata=mode=print:file=-");
    command.args([
        "-filter_complex",
        &graph,
        "-map",
        "[mix]",
        "-t",
        &format!("{:.4}", plan.seconds),
    ]);
    command.args(["-f", "null", "-"]);
    let mut loudness = None;
    let mut line = |line: &str| {
        if let Some(value) = line.strip_prefix("lavfi.r128.I=") {
            loudness = value.parse::<f64>().ok().or(loudness);
        } else if let Some((_, at)) = line.split_once("pts_time:") {
            let at = at.split_whitespace().next().and_then(|t| t.parse::<f64>().ok());
            (control.progress)((at.unwrap_or(0.0) / plan.seconds).clamp(0.0, 1.0) as f32);
        }
    };
    let talk = Talk { line: Some(&mut line), ..Talk::default() };
    workshop.run(Program::Ffmpeg, command, talk, control)?;
    // Below the gate of the measurement there is nothing to make louder.
    let heard = loudness.filter(|lufs| *lufs > -60.0);
    Ok(heard.map_or(0.0, |lufs| (LOUDNESS_LUFS - lufs).clamp(-30.0, 20.0)))
}

fn render(
    plan: &Plan,
    finish: &str,
    video: &Source,
    sources: &[Source],
    out: &Path,
    workshop: &Workshop,
    control: &Control<'_>,
) -> Result<(), StudioError> {
    let mut command = workshop.command(Program::Ffmpeg)?;
    inputs(&mut command, plan, video, sources);
    command.args(["-filter_complex", &plan.graph(finish), "-map", "0:v:0", "-map", "[mix]"]);
    if plan.copies {
        command.args(["-c:v", "copy"]);
    } else {
        let longer = format!("tpad=stop_mode=clone:stop_duration={:.3}", plan.held_s);
        let even = "scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p";
        command.args(["-vf", &format!("{longer},{even}"), "-c:v", "libx264", "-preset", "fast"]);
        command.args(["-crf", "18", "-threads:v", "2", "-flags:v", "+bitexact"]);
    }
    command.args(["-c:a", "aac", "-b:a", "192k", "-flags:a", "+bitexact", "-fflags", "+bitexact"]);
    command.args(["-map_metadata", "-1", "-movflags", "+faststart"]);
    command.args(["-t", &format!("{:.4}", plan.seconds), "-progress", "pipe:1", "-f", "mp4"]);
    command.arg(out);
    let mut line = |line: &str| {
        if let Some(at) = line.strip_prefix("out_time_us=").and_then(|us| us.parse::<f64>().ok()) {
            (control.progress)((at / 1e6 / plan.seconds).clamp(0.0, 1.0) as f32);
        }
    };
    let talk = Talk { line: Some(&mut line), ..Talk::default() };
    workshop.run(Program::Ffmpeg, command, talk, control)
}

/// Whether every browser plays these pictures inside an MP4.
fn plays_everywhere(about: &Probe) -> bool {
    matches!(about.codec.as_str(), "h264" | "av1")
        && matches!(about.pixels.as_str(), "yuv420p" | "yuvj420p")
}

#[cfg(test)]
mod tests;
