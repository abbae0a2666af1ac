//! The page without the browser: document replica, sync, undo, gestures and geometry.
//!
//! Invariant: nothing in here knows `web_sys`; it builds and is tested natively. Time, randomness and ids come in as
//! arguments, bytes to send and things to redraw go out as values.

pub mod angles;
pub mod arrange;
pub mod card_layout;
pub mod clip;
pub mod cull;
pub mod damage;
pub mod differences;
pub mod doc;
pub mod editor;
pub mod entries;
pub mod find;
pub mod geometry;
pub mod grouping;
pub mod hit_test;
pub mod icons;
pub mod index;
pub mod keymap;
pub mod library;
pub mod mentions;
pub mod pairing;
pub mod placement;
pub mod presence;
pub mod price;
pub mod reading_order;
pub mod results;
pub mod retouch;
pub mod rich;
pub mod rights;
pub mod sign_in;
pub mod stacking;
pub mod status;
pub mod stickers;
pub mod suggest;
pub mod sync;
pub mod textdiff;
pub mod tracks;
pub mod wave;
pub mod wire_order;
pub mod words;
