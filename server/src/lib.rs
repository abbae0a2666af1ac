//! The Gesso server: rooms, runs, assets and the HTTP API. It touches the world; what things mean is decided
//! in `gesso_protocol`.

pub mod db;
pub mod room;
pub mod ws;
