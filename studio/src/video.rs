//! The model `studio-motion`: short films from words and pictures. A camera moves through the scene, near things shift
//! against far ones, and what the words name moves: water, snow, clouds, light. No neural network.

mod frame;
mod layered;
mod morph;
mod moves;
mod particles;
mod place;
mod shot;
mod wish;
mod words;

use std::sync::Arc;

use crate::camera::raster::Texture;
use crate::camera::relief::{Relief, Study};
use crate::film::{Reel, Sound, Source, encode};
use crate::math::{Rng, lerp, mix64, smoothstep};
use crate::unread::Vocabulary;
use crate::{Job, Made};
use gesso_media::{Control, RgbaImage, ToolRunner, WorkError};
use morph::Morph;
use moves::{Move, Path, Rest};
use particles::Particles;
use place::Place;
use shot::{Layer, Moment, Shot};
use wish::{DEPTH, Role, Wish};

/// Seconds that one shot goes over into the next.
const CROSSING_S: f32 = 0.9;

/// The words it understands: those of the painter, of what moves, and of the camera.
pub(crate) const VOCABULARY: Vocabulary = Vocabulary {
    lack: "Not shown",
    words: crate::paint::words::words,
    knows: |word| crate::paint::words::knows(word) || words::knows(word) || moves::knows(word),
};

/// The model `studio-motion`.
pub(crate) fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let mut pictures = Vec::new();
    for (port, role) in
        [("start_frame", Role::Start), ("references", Role::Shot), ("end_frame", Role::End)]
    {
        let as_colors = role == Role::Shot && job.text("reference_use") == "colours";
        if !as_colors {
            pictures.extend(job.pictures(port)?.into_iter().map(|picture| (role, picture)));
        }
    }
    if pictures.is_empty() && job.prompt.trim().is_empty() {
        return Err(WorkError::Refused(
            "Say what the video shows, or connect a start frame.".to_owned(),
        ));
    }
    let wish = Wish::read(job, &pictures)?;
    let sound = match job.file("audio") {
        Some(bytes) => {
            let source = Source::open(bytes, tools, control)?;
            let own = source.sound(wish.reel.seconds() + 1.0, tools, control)?;
            Some(own.fitted(wish.reel.seconds()))
        }
        None => None,
    };
    let film = control.part(0.02, 0.12, |c| Film::plan(job, &wish, pictures, c))?;
    let beats = sound.as_ref().map(|sound| beats(sound, &wish.reel));
    let mut draw = |n: u32, out: &mut [u8]| {
        let beat = beats.as_ref().and_then(|beats| beats.get(n as usize)).copied().unwrap_or(0.0);
        film.draw(n, beat, out);
        Ok(())
    };
    let bytes =
        control.part(0.12, 1.0, |c| encode(&wish.reel, sound.as_ref(), tools, c, &mut draw))?;
    Ok(vec![Made::video(bytes, wish.size, wish.reel.seconds())])
}

/// Returns the loudness of each frame, 0 to 1, smoothed: quick to rise and slow to fall.
fn beats(sound: &Sound, reel: &Reel) -> Vec<f32> {
    let step = 1.0 / reel.rate.per_second();
    let raw: Vec<f32> = (0..reel.frames)
        .map(|n| sound.loudness((f64::from(n) - 1.0) * step, (f64::from(n) + 1.0) * step))
        .collect();
    let most = raw.iter().copied().fold(1e-3, f32::max);
    let mut level = 0.0;
    raw.into_iter()
        .map(|loud| {
            let loud = loud / most;
            level = lerp(level, loud, if loud > level { 0.5 } else { 0.15 });
            level
        })
        .collect()
}

/// Everything that is needed to draw any frame.
struct Film {
    shots: Vec<(Shot, Particles)>,
    /// Where the first and the last picture show the same.
    morph: Option<(Morph, Texture, Texture)>,
    reel: Reel,
    returns: bool,
    life: f32,
    starts: bool,
    ends: bool,
}

impl Film {
    fn plan(
        job: &Job,
        wish: &Wish,
        pictures: Vec<(Role, Arc<RgbaImage>)>,
        control: &Control<'_>,
    ) -> Result<Self, WorkError> {
        let (w, h) = wish.size;
        let rng = Rng::new(mix64(job.seed ^ 0x6d6f_7469_6f6e));
        let starts = pictures.first().is_some_and(|(role, _)| *role == Role::Start);
        let ends = pictures.last().is_some_and(|(role, _)| *role == Role::End);
        let pair = starts && ends && pictures.len() == 2;
        let count = pictures.len().max(1);
        let mut shots = Vec::with_capacity(count);
        if pictures.is_empty() {
            let shot = control.part(0.0, 0.95, |c| layered::painted(job, wish, &rng, c))?;
            let air = Particles::new(&shot, w as f32 / h as f32, &rng.fork("air 0"));
            shots.push((shot, air));
        }
        let mut looked = Vec::new();
        for (n, (role, picture)) in pictures.into_iter().enumerate() {
            control.at(0.7 + 0.3 * n as f32 / count as f32)?;
            let texture = Texture::new(frame::cut(&picture, w, h)?);
            let study = Study::new(&texture);
            let kind = wish.camera.unwrap_or_else(|| Move::chosen(&job.prompt, n, &rng));
            let place = Place::guess(&study);
            let path = Path {
                focus: place.focus,
                kind,
                amount: wish.motion,
                rest: match role {
                    Role::Start => Rest::Begin,
                    Role::End => Rest::End,
                    Role::Shot => Rest::Free,
                },
                returns: wish.returns && count == 1,
                seconds: wish.reel.seconds() as f32,
                seed: job.seed,
            };
            let relief = Relief::guess(&study);
            let shot = Shot {
                layers: vec![Layer::new(texture.clone(), relief.clone(), true)],
                depth: DEPTH * wish.motion.max(0.15),
                relief,
                place,
                path,
                weather: wish.weather,
                seed: job.seed ^ (n as u64 + 1).wrapping_mul(0x9e37_79b9),
            };
            let air = Particles::new(&shot, w as f32 / h as f32, &rng.fork(&format!("air {n}")));
            shots.push((shot, air));
            if pair {
                looked.push((study, texture));
            }
        }
        let morph = match looked.as_slice() {
            [(a, first), (b, last)] => {
                Morph::find(a, b).map(|morph| (morph, first.clone(), last.clone()))
            }
            _ => None,
        };
        control.at(1.0)?;
        let life = (wish.motion * 1.7).min(1.0);
        Ok(Self { shots, morph, reel: wish.reel, returns: wish.returns, life, starts, ends })
    }

    /// Draws a frame as RGB.
    fn draw(&self, n: u32, beat: f32, out: &mut [u8]) {
        let (w, h) = (self.reel.width as usize, self.reel.height as usize);
        let frames = self.reel.frames as f32;
        // A loop's last frame is followed by its first, so it must not be the same.
        let phase = n as f32 / if self.returns { frames } else { (frames - 1.0).max(1.0) };
        let mut life = self.life;
        if self.starts {
            life *= smoothstep(0.0, 0.14, phase);
        }
        if self.ends || (self.returns && self.starts) {
            life *= smoothstep(1.0, 0.86, phase);
        }
        let seconds = self.reel.seconds() as f32;
        let moment = |at: f32, rush: f32| Moment {
            at,
            phase,
            seconds,
            beat,
            life,
            returns: self.returns,
            rush,
        };
        if let Some((morph, first, last)) = &self.morph {
            let way = if self.returns { 1.0 - (2.0 * phase - 1.0).abs() } else { phase };
            let way = lerp(way, smoothstep(0.0, 1.0, way), 0.7);
            morph.show(first, last, way, w, h, out);
            let (shot, air) = &self.shots[usize::from(way > 0.5)];
            let now = moment(0.0, 0.0);
            let still = Shot::still();
            air.paint(shot, &still, &now, (w, h), out);
            return;
        }
        let count = self.shots.len();
        if count == 1 {
            self.one(0, &moment(phase, 0.0), out);
            return;
        }
        let share = 1.0 / count as f32;
        let crossing = if count == 2 && self.starts && self.ends {
            0.5
        } else {
            (CROSSING_S / seconds).min(share * 0.6)
        };
        let position = phase / share;
        let here = (position as usize).min(count - 1);
        // The nearest cut, and how far through its crossing this frame is.
        let cut = libm::roundf(position);
        let through = (phase - cut * share) / crossing + 0.5;
        let real_cut = self.returns || (cut > 0.5 && cut < count as f32 - 0.5);
        let local = |shot: usize| {
            let begin = shot as f32 * share;
            let (mut before, mut after) = (crossing * 0.5, crossing * 0.5);
            if !self.returns {
                before = if shot == 0 { 0.0 } else { before };
                after = if shot + 1 == count { 0.0 } else { after };
            }
            let mut from = phase - begin;
            if self.returns && from > 0.5 + share {
                from -= 1.0;
            } else if self.returns && from < -0.5 {
                from += 1.0;
            }
            ((from + before) / (share + before + after)).clamp(0.0, 1.0)
        };
        if !real_cut || !(0.0..1.0).contains(&through) {
            self.one(here, &moment(local(here), 0.0), out);
            return;
        }
        let (old, new) = ((cut as usize + count - 1) % count, cut as usize % count);
        self.one(old, &moment(local(old), through * through), out);
        let mut next = vec![0; out.len()];
        let left = 1.0 - through;
        self.one(new, &moment(local(new), left * left), &mut next);
        frame::cross(out, &next, through, w);
    }

    fn one(&self, n: usize, moment: &Moment, out: &mut [u8]) {
        let (w, h) = (self.reel.width as usize, self.reel.height as usize);
        let (shot, air) = &self.shots[n];
        let camera = shot.camera(moment, w as f32 / h as f32);
        shot.show(&camera, moment, w, h, out);
        air.paint(shot, &camera, moment, (w, h), out);
    }
}

#[cfg(test)]
mod tests;
