//! The built-in models: everything a canvas can make on this machine alone.
//!
//! A model is a function of a [`Job`] ([`models`] lists them): the same job gives the same result, no clock and no
//! random device is read. Most compute in memory; those that speak or encode video run programs, by a
//! [`ToolRunner`](gesso_media::ToolRunner) that bounds, stops and cleans up after them.

#![warn(missing_docs)]

mod assistant;
mod camera;
mod colors;
mod film;
pub mod job;
mod lip_sync;
mod math;
mod mix;
pub mod models;
mod music;
pub mod paint;
pub mod solid;
mod sound;
mod sound_effects;
pub mod stock;
mod unread;
mod upscale;
mod vector;
mod video;
mod voice;
mod words;

pub use job::{Content, Input, Job, Made};
pub use paint::{
    Facts, Layer, Layers, PaintRequest, SIDE_MAX_PX, SIDE_MIN_PX, paint, paint_layers,
};
pub use upscale::{Engine, UPSCALED_PIXELS_MAX, UPSCALED_SIDE_MAX_PX, UpscaleRequest, upscale};
