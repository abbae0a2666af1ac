//! The assistant: a set of rules, no language model. It describes what can be measured in pictures and films, writes
//! prompts out of the words it is given, proposes directions, points at what a prompt leaves open, and picks the
//! telling sentences of a text. What it cannot do it says.

mod look;
mod request;
mod seen;
mod summary;
mod tell;
mod write;

use crate::film::{Rate, Source};
use crate::math::{Rng, hash, mix64};
use crate::{Job, Made};
use gesso_media::{Control, Program, ToolRunner, WorkError};
use look::{Look, Motion};
use request::{Request, Task};
use seen::{Length, Seen};

/// The longest text that is read, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 200_000;
/// The most films that are looked at.
const FILMS_MAX: usize = 4;
/// Most pixels of a picture as it is looked at.
const PICTURE_PIXELS_MAX: u64 = 4_000_000;

/// The model `studio-assistant`.
pub(crate) fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let seen = look_at(job, tools, control)?;
    control.at(0.8)?;
    let text = job.prompt.as_str();
    let request = Request::read(text, job.text("instructions"), job.text("mode"), &seen);
    let length = match job.text("length") {
        "short" => Length::Short,
        "long" => Length::Long,
        _ => Length::Medium,
    };
    let rng = Rng::new(mix64(job.seed) ^ hash(text.as_bytes()));
    let answer = match request.task {
        Task::Describe => tell::describe(&request, &seen, length),
        Task::Expand => write::expand(&request, &seen, length, &rng),
        Task::Variations => write::variations(&request, &seen, length, &rng),
        Task::Ideas => write::ideas(&request, &rng),
        Task::Refine => write::refine(&request, &seen, length, &rng),
        Task::Summarise => summary::summarise(&request.content, length, control)?,
        Task::Decline => write::decline(),
    };
    control.at(1.0)?;
    Ok(vec![Made::text(answer)])
}

fn look_at(job: &Job, tools: &ToolRunner, control: &Control<'_>) -> Result<Seen, WorkError> {
    let mut seen = Seen::default();
    for looked in job.small_pictures("images", PICTURE_PIXELS_MAX) {
        control.check()?;
        let (picture, size_px) = looked?;
        seen.pictures.push(Look { size_px, ..Look::of(&picture) });
    }
    control.at(0.3)?;
    let programs = tools.programs();
    let able = programs.has(Program::Ffmpeg) && programs.has(Program::Ffprobe);
    for film in job.files("videos").take(FILMS_MAX) {
        if able {
            seen.films.push(watch(film, tools, control)?);
        } else {
            seen.unseen += 1;
        }
    }
    Ok(seen)
}

/// Looks at two small frames of every second of a film.
fn watch(
    film: &[u8],
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(Look, Motion), WorkError> {
    const SIZE: (u32, u32) = (96, 54);
    const FRAMES_MAX: u32 = 600;
    let source = Source::open(film, tools, control)?;
    let probe = source.about();
    let mut motion = Motion::new(probe.duration_s, probe.size_px, probe.has_sound);
    let mut middle = None;
    let wanted = ((probe.duration_s * 2.0) as u32 / 2).min(FRAMES_MAX / 2);
    let mut n = 0;
    source.frames(SIZE, Rate::whole(2), FRAMES_MAX, tools, control, &mut |frame| {
        motion.frame(&frame);
        if n == wanted || middle.is_none() {
            middle = Some(frame);
        }
        n += 1;
        Ok(())
    })?;
    let Some(middle) = middle else {
        return Err(WorkError::Refused(
            "There is no picture in this video. Connect another one.".to_owned(),
        ));
    };
    let picture = image::RgbImage::from_raw(SIZE.0, SIZE.1, middle)
        .map(|rgb| image::DynamicImage::ImageRgb8(rgb).into_rgba8())
        .ok_or_else(|| WorkError::Internal("a frame of another size".to_owned()))?;
    Ok((Look::of(&picture), motion))
}

#[cfg(test)]
mod tests;
