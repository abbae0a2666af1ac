//! The model `studio-lips`: opens and closes a mouth with the loudness of a sound. It hears how loud and how bright the
//! sound is, not which words are said, and it says so.

mod face;
mod mouth;
mod talk;

use std::sync::mpsc::sync_channel;

use crate::film::{Probe, Rate, Reel, Sound, Source, encode};
use crate::{Job, Made};
use face::Track;
use gesso_media::{Control, RgbaImage, ToolRunner, WorkError};
use mouth::Mouth;
use talk::Talk;

/// Longest sound that is spoken, in seconds.
const SECONDS_MAX: f64 = 180.0;
/// Longest side of the film, in pixels.
const SIDE_MAX: f64 = 1920.0;
/// Of films made from one picture.
const RATE: Rate = Rate::whole(25);

/// The model `studio-lips`.
pub(crate) fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let Some(voice) = job.file("audio") else {
        return Err(WorkError::Refused("Connect the voice to be spoken.".to_owned()));
    };
    let voice = Source::open(voice, tools, control)?;
    let sound = control.part(0.0, 0.05, |c| voice.sound(SECONDS_MAX + 1.0, tools, c))?;
    if sound.seconds() > SECONDS_MAX {
        return Err(WorkError::Refused(format!(
            "This sound is longer than {SECONDS_MAX} seconds. Cut it into parts and speak them one by one."
        )));
    }
    let (bytes, size, seconds) = match (job.file("video"), job.file("image")) {
        (Some(video), _) => {
            let source = Source::open(video, tools, control)?;
            filmed(job, &source, &sound, tools, control)?
        }
        (None, Some(_)) => {
            let picture = job.pictures("image")?.swap_remove(0);
            still(job, &picture, &sound, tools, control)?
        }
        (None, None) => {
            return Err(WorkError::Refused(
                "Connect a picture or a video of the one who speaks.".to_owned(),
            ));
        }
    };
    Ok(vec![Made::video(bytes, size, seconds)])
}

/// A film of somebody who speaks: bytes, width and height in pixels, length in seconds.
type Spoken = (Vec<u8>, (u32, u32), f64);

fn reel((width, height): (u32, u32), rate: Rate, sound: &Sound) -> Reel {
    Reel { width, height, rate, frames: rate.frames(sound.seconds()) }
}

/// Even sides, none longer than the limit.
fn size((w, h): (u32, u32)) -> (u32, u32) {
    let scale = (SIDE_MAX / f64::from(w.max(h).max(1))).min(1.0);
    let even = |side: u32| ((f64::from(side) * scale / 2.0) as u32).max(8) * 2;
    (even(w), even(h))
}

/// The mouth the settings say, or the guessed one.
fn placed(job: &Job, guess: impl FnOnce() -> Option<Mouth>) -> Result<Mouth, WorkError> {
    if job.flag("auto") {
        let none = "There is no face to be seen in this picture. Connect one that shows a face from the front, or switch \
                    “Look for the mouth” off and say where it is.";
        return guess().ok_or_else(|| WorkError::Refused(none.to_owned()));
    }
    let part = |key: &str, default: f64| job.number(key, default).clamp(0.0, 1.0) as f32;
    Ok(Mouth {
        x: part("mouth_x", 0.5),
        y: part("mouth_y", 0.62),
        width: part("mouth_width", 0.14).clamp(0.02, 0.9),
    })
}

fn strength(job: &Job) -> f32 {
    job.number("strength", 0.7).clamp(0.0, 1.0) as f32
}

/// A film of one picture that speaks.
fn still(
    job: &Job,
    picture: &RgbaImage,
    sound: &Sound,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Spoken, WorkError> {
    let size = size(picture.dimensions());
    let base = flattened(picture, size);
    let mouth = placed(job, || face::guess(&base, size))?;
    let reel = reel(size, RATE, sound);
    let talk = Talk::hear(sound, &reel);
    let gain = strength(job);
    let mut draw = |n: u32, out: &mut [u8]| {
        out.copy_from_slice(&base);
        mouth.speak(talk.at(n), gain, size, [0.0; 2], out);
        Ok(())
    };
    let bytes = control.part(0.1, 1.0, |c| encode(&reel, Some(sound), tools, c, &mut draw))?;
    Ok((bytes, size, reel.seconds()))
}

/// The picture on white in its own or a smaller size, as RGB.
fn flattened(picture: &RgbaImage, (w, h): (u32, u32)) -> Vec<u8> {
    let own = picture.dimensions();
    let fitted;
    let picture = if own == (w, h) {
        picture
    } else if own.0 / 2 * 2 == w && own.1 / 2 * 2 == h {
        fitted = image::imageops::crop_imm(picture, 0, 0, w, h).to_image();
        &fitted
    } else {
        fitted = image::imageops::resize(picture, w, h, image::imageops::FilterType::CatmullRom);
        &fitted
    };
    let mut out = Vec::with_capacity(w as usize * h as usize * 3);
    for p in picture.pixels() {
        let alpha = u32::from(p[3]);
        let over = |c: u8| ((u32::from(c) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        out.extend([over(p[0]), over(p[1]), over(p[2])]);
    }
    out
}

/// The film itself, begun again where the sound is longer, speaking.
fn filmed(
    job: &Job,
    source: &Source,
    sound: &Sound,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Spoken, WorkError> {
    control.at(0.05)?;
    let Probe { size_px: Some(own), rate, .. } = source.about() else {
        return Err(WorkError::Refused(
            "There is no picture in this video. Connect one that shows who speaks.".to_owned(),
        ));
    };
    let rate = rate.filter(|rate| (1.0..=60.0).contains(&rate.per_second())).unwrap_or(RATE);
    let size = size(own);
    let reel = reel(size, rate, sound);
    let quiet = Control { progress: &|_| {}, cancelled: control.cancelled };
    let mut first = None;
    let mut take = |frame: Vec<u8>| {
        first = Some(frame);
        Ok(())
    };
    source.frames(size, rate, 1, tools, &quiet, &mut take)?;
    let Some(first) = first else {
        return Err(WorkError::Refused(
            "This video has no frames. Export it again as MP4 and replace it.".to_owned(),
        ));
    };
    let mouth = placed(job, || face::guess(&first, size))?;
    let mut track = Track::new(&first, size, &mouth);
    let talk = Talk::hear(sound, &reel);
    let gain = strength(job);
    let (to, from) = sync_channel::<Vec<u8>>(2);
    let bytes = std::thread::scope(|scope| {
        let reader = scope.spawn(move || -> Result<(), WorkError> {
            let mut left = reel.frames;
            while left > 0 {
                let before = left;
                let mut give = |frame: Vec<u8>| {
                    left -= 1;
                    // Nobody takes it any more once the encoder has ended.
                    to.send(frame).map_err(|_gone| WorkError::Cancelled)
                };
                source.frames(size, rate, before, tools, &quiet, &mut give)?;
                if left == before {
                    break;
                }
            }
            Ok(())
        });
        let mut last = first;
        let mut draw = |n: u32, out: &mut [u8]| {
            // A reader that failed is asked why after the end.
            if let Ok(frame) = from.recv() {
                last = frame;
            }
            out.copy_from_slice(&last);
            let aside = track.find(out, size);
            mouth.speak(talk.at(n), gain, size, aside, out);
            Ok(())
        };
        let encoded = control.part(0.08, 1.0, |c| encode(&reel, Some(sound), tools, c, &mut draw));
        drop(from);
        let read =
            reader.join().map_err(|_panic| WorkError::Internal("reading failed".to_owned()))?;
        let bytes = encoded?;
        read.map(|()| bytes)
    })?;
    Ok((bytes, size, reel.seconds()))
}

#[cfg(test)]
mod tests;
