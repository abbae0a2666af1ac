//! The page without the browser: document replica, sync, undo, gestures and geometry.
//!
//! Invariant: nothing in here knows `web_sys`; it builds and is tested natively. Time, randomness and ids come in as
//! arguments, bytes to send and things to redraw go out as values.

pub mod angles;
pub mod clip;
pub mod damage;
pub mod differences;
pub mod doc;
pub mod editor;
pub mod geometry;
pub mod grouping;
pub mod icons;
pub mod index;
pub mod library;
pub mod pairing;
pub mod presence;
pub mod price;
pub mod results;
pub mod retouch;
pub mod sync;
pub mod textdiff;
pub mod tracks;
pub mod wave;
pub mod words;
