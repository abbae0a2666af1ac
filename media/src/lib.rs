//! Files of unknown origin: what they are, how large and how long, looked at, cleaned and shown without harm.
//!
//! Pictures are decoded here, within limits and one budget of memory. What needs more than that (films, sounds, HEIC,
//! drawing) is done by programs, which a [`ToolRunner`] bounds, feeds, hears and ends.

#![warn(missing_docs)]

mod boxes;
mod budget;
mod color;
mod control;
mod css;
mod drawing;
mod ebml;
mod error;
mod examine;
mod ffmpeg;
mod glb;
mod heif;
mod jpeg;
mod kind;
mod limits;
mod listen;
mod mpeg;
mod picture;
mod poster;
mod probe;
mod probed;
mod program;
mod runner;
mod scale;
mod sniff;
pub mod streams;
mod strip;
mod svg;
mod svg_names;
mod svg_text;
#[cfg(test)]
mod tests;
mod wave;
mod whole;

pub use control::Control;
pub use drawing::{
    DRAW_ARGUMENT, DRAWING_TIME_MAX, draw as draw_svg, serve_drawing, size as svg_size,
};
pub use error::{MediaError, WorkError};
pub use examine::{Examined, examine};
pub use ffmpeg::demuxer;
pub use image::RgbaImage;
pub use kind::{MediaKind, Sniffed};
pub use limits::DecodeLimits;
pub use picture::{check, decode, decode_within, dimensions, encode_png, small, thumbnail};
pub use poster::poster;
pub use probe::probe;
pub use probed::Probed;
pub use program::{Program, Programs};
pub use runner::{Talk, ToolRunner};
pub use scale::{Part, ScaleFilter, scale, scale_deep};
pub use sniff::{sniff, sniff_file, wav_duration_ms};
pub use svg::clean as clean_svg;
pub use wave::{Waveform, draw as draw_waveform, waveform};
