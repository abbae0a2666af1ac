//! The mixer: any number of sounds laid under a video by ffmpeg. The picture is copied as it is wherever a browser can
//! play it in an MP4 and its length stays; only then is nothing lost and the work quick.

mod plan;
mod speech;

use std::path::Path;

use crate::film::Source;
use crate::{Job, Made};
use gesso_media::Talk;
use gesso_media::{Control, Program, ToolRunner, WorkError};
use plan::{Plan, Track};

/// The most tracks of one mix; each is decoded at the same time.
const TRACKS_MAX: usize = 16;
/// The longest film that is made, in seconds.
const SECONDS_MAX: f64 = 60.0 * 60.0;
/// Loudness of a finished mix, in LUFS (EBU R 128 s2, for streaming).
const LOUDNESS_LUFS: f64 = -16.0;
/// Length of the beginning of a track that tells whether somebody speaks in it, in seconds.
const LISTEN_S: f64 = 40.0;

/// The model `studio-mixer`.
pub(crate) fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let refused = |why: &str| WorkError::Refused(why.to_owned());
    let video = job.file("video").ok_or_else(|| refused("Connect a video."))?;
    let video = Source::open(video, tools, control)?;
    let about = video.about();
    let Some(shown) = about.size_px else {
        return Err(refused("There is no picture in this video. Connect another one."));
    };
    let count = job.files("audio").count();
    if count == 0 {
        return Err(refused("Connect a sound to lay under the video."));
    }
    if count > TRACKS_MAX {
        return Err(WorkError::Refused(format!(
            "{count} sounds are connected; {TRACKS_MAX} can be mixed at once. Mix some of them first."
        )));
    }
    let sources: Vec<Source> =
        job.files("audio").map(|b| Source::open(b, tools, control)).collect::<Result<_, _>>()?;
    let tracks = listen(job, &sources, tools, control)?;
    let plan = Plan::of(job, &about, tracks)?;
    if plan.seconds > SECONDS_MAX {
        return Err(refused("The film would be longer than an hour. Shorten what is connected."));
    }
    let gain_db = if plan.levelled {
        control.part(0.15, 0.4, |c| measure(&plan, &video, &sources, tools, c))?
    } else {
        0.0
    };
    let folder = tools.folder()?;
    let [sound, picture, out] =
        ["sound.mp4", "picture.mp4", "mix.mp4"].map(|name| folder.path().join(name));
    // One after the other: a program that reads all files at once can wait for ever for the end of one of them.
    control.part(0.4, 0.6, |c| {
        let finish =
            format!("volume={gain_db:.2}dB,alimiter=limit=0.8:attack=3:release=60:level=0");
        lay(&plan, &finish, &video, &sources, &sound, tools, c)
    })?;
    let even = |side: u32| (side / 2 * 2).max(2);
    let size_px = if plan.copies { shown } else { (even(shown.0), even(shown.1)) };
    if !plan.copies {
        control.part(0.6, 0.95, |c| hold(&plan, size_px, &video, &picture, tools, c))?;
    }
    let picture = (!plan.copies).then_some(picture.as_path());
    control.part(0.95, 0.99, |c| join(&plan, &video, picture, &sound, &out, tools, c))?;
    let bytes = std::fs::read(&out)?;
    control.at(1.0)?;
    Ok(vec![Made::video(bytes, size_px, plan.seconds)])
}

/// Measures the tracks: the length of each, and whether somebody speaks in it.
fn listen(
    job: &Job,
    sources: &[Source],
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Track>, WorkError> {
    let named = job.whole("voice_track", 0);
    let ducks = job.number("ducking", 0.6) > 0.0;
    let mut tracks = Vec::new();
    for (n, source) in sources.iter().enumerate() {
        control.at(0.15 * n as f32 / sources.len() as f32)?;
        let about = source.about();
        let Some(stream) = about.sound else {
            return Err(WorkError::Refused(format!(
                "Sound {} has no sound in it. Connect another file.",
                n + 1
            )));
        };
        let is_voice = match named {
            0 if ducks && sources.len() > 1
                || about_keeps(job)
                || job.text("length") == "voice" =>
            {
                speech::is_likely(&source.sound(LISTEN_S, tools, control)?)
            }
            0 => false,
            named => named == n as i64 + 1,
        };
        tracks.push(Track { stream, seconds: about.duration_s, is_voice });
    }
    Ok(tracks)
}

/// True if the video's own sound may have to step back.
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

/// Returns the gain, in dB, that brings the mix to [`LOUDNESS_LUFS`]; 0 where it is too quiet to be measured.
fn measure(
    plan: &Plan,
    video: &Source,
    sources: &[Source],
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<f64, WorkError> {
    let mut command = tools.command(Program::Ffmpeg)?;
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
    tools.run(Program::Ffmpeg, command, talk, control)?;
    // Below the gate of the measurement there is nothing to make louder.
    let heard = loudness.filter(|lufs| *lufs > -60.0);
    Ok(heard.map_or(0.0, |lufs| (LOUDNESS_LUFS - lufs).clamp(-30.0, 20.0)))
}

/// Runs a program that tells how far it is.
fn told(
    command: std::process::Command,
    plan: &Plan,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let mut line = |line: &str| {
        if let Some(at) = line.strip_prefix("out_time_us=").and_then(|us| us.parse::<f64>().ok()) {
            (control.progress)((at / 1e6 / plan.seconds).clamp(0.0, 1.0) as f32);
        }
    };
    let talk = Talk { line: Some(&mut line), ..Talk::default() };
    tools.run(Program::Ffmpeg, command, talk, control)
}

/// Adds the options at the end of every command here: reproducible, without metadata, cut to the length, and the
/// output file.
fn to(command: &mut std::process::Command, plan: &Plan, out: &Path) {
    command.args(["-fflags", "+bitexact", "-map_metadata", "-1", "-map_chapters", "-1"]);
    command.args(["-movflags", "+faststart", "-t", &format!("{:.4}", plan.seconds)]);
    command.args(["-progress", "pipe:1", "-f", "mp4"]).arg(out);
}

/// The sound of the mix.
fn lay(
    plan: &Plan,
    finish: &str,
    video: &Source,
    sources: &[Source],
    out: &Path,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let mut command = tools.command(Program::Ffmpeg)?;
    inputs(&mut command, plan, video, sources);
    command.args(["-filter_complex", &plan.graph(finish), "-map", "[mix]"]);
    command.args(["-c:a", "aac", "-b:a", "192k", "-flags:a", "+bitexact"]);
    to(&mut command, plan, out);
    told(command, plan, tools, control)
}

/// The picture of the mix, where it cannot be copied: held at its end, in square pixels.
fn hold(
    plan: &Plan,
    (width, height): (u32, u32),
    video: &Source,
    out: &Path,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let mut command = tools.command(Program::Ffmpeg)?;
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y", "-threads", "2"]);
    video.input(&mut command);
    let longer = format!("tpad=stop_mode=clone:stop_duration={:.3}", plan.held_s);
    let shape = format!("scale={width}:{height},setsar=1,format=yuv420p");
    command.args(["-map", &video.pictures(0)?, "-an", "-vf", &format!("{longer},{shape}")]);
    command.args(["-c:v", "libx264", "-preset", "fast", "-crf", "18", "-threads:v", "2"]);
    command.args(["-flags:v", "+bitexact"]);
    to(&mut command, plan, out);
    told(command, plan, tools, control)
}

/// Picture and sound in one film, neither encoded again; the picture is the video's own where no other is given.
fn join(
    plan: &Plan,
    video: &Source,
    picture: Option<&Path>,
    sound: &Path,
    out: &Path,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(), WorkError> {
    let mut command = tools.command(Program::Ffmpeg)?;
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]);
    let stream = match picture {
        Some(picture) => {
            command.args(["-f", "mov", "-i"]).arg(picture);
            "0:v:0".to_owned()
        }
        None => {
            video.input(&mut command);
            video.pictures(0)?
        }
    };
    command.args(["-f", "mov", "-i"]).arg(sound);
    command.args(["-map", &stream, "-map", "1:a:0", "-c", "copy"]);
    to(&mut command, plan, out);
    told(command, plan, tools, control)
}

#[cfg(test)]
mod tests;
