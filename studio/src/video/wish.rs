//! The wishes for a film.

use std::sync::Arc;

use crate::film::{Rate, Reel};
use crate::video::moves::Move;
use crate::video::words::Weather;
use crate::{Job, job};
use gesso_media::{RgbaImage, WorkError};

/// Depth of a shot at full motion: its nearest part is nearer than its farthest by this share of the distance.
pub(super) const DEPTH: f32 = 0.26;

/// The settings of a film, read.
pub(super) struct Wish {
    pub(super) size: (u32, u32),
    pub(super) reel: Reel,
    pub(super) motion: f32,
    pub(super) camera: Option<Move>,
    pub(super) returns: bool,
    pub(super) weather: Weather,
}

impl Wish {
    pub(super) fn read(job: &Job, pictures: &[(Role, Arc<RgbaImage>)]) -> Result<Self, WorkError> {
        let seconds = job.number("duration", 4.0);
        if !(1.0..=15.0).contains(&seconds) {
            return Err(WorkError::Refused(format!(
                "A video of {seconds} seconds cannot be made; choose from 1 to 15."
            )));
        }
        let rate = Rate::whole(job.whole("fps", 24).clamp(1, 60) as u32);
        let size = size(job, pictures);
        let reel =
            Reel { width: size.0, height: size.1, rate, frames: rate.frames(seconds).max(2) };
        Ok(Self {
            size,
            reel,
            motion: job.number("motion", 0.5).clamp(0.0, 1.0) as f32,
            camera: Move::named(job.text("camera")),
            returns: job.flag("loop"),
            weather: Weather::read(&job.prompt, &job.negative),
        })
    }
}

/// Where a picture of the film comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Start,
    Shot,
    End,
}

/// Width and height in pixels: the shorter side is the resolution, both are even.
fn size(job: &Job, pictures: &[(Role, Arc<RgbaImage>)]) -> (u32, u32) {
    let short = match job.text("resolution") {
        "480p" => 480.0,
        "1080p" => 1080.0,
        _ => 720.0,
    };
    let own = || pictures.first().map(|(_, p)| f64::from(p.width()) / f64::from(p.height()));
    let aspect = job::ratio(job.text("aspect_ratio")).or_else(own).unwrap_or(16.0 / 9.0);
    let aspect = aspect.clamp(0.4, 2.5);
    let even = |side: f64| (libm::round(side / 2.0) as u32) * 2;
    if aspect >= 1.0 {
        (even(short * aspect), even(short))
    } else {
        (even(short), even(short / aspect))
    }
}
