//! The Gesso server: rooms, runs, assets and the HTTP API. It touches the world; what things mean is decided
//! in `gesso_protocol`.

pub mod access;
pub mod accounts;
pub mod app;
pub mod archive;
pub mod assets;
pub mod canvas_assets;
pub mod clock;
pub mod config;
pub mod db;
pub mod defaults;
pub mod doctor;
pub mod error;
pub mod events;
pub mod failpoint;
mod fair_limiter;
pub mod http;
pub mod mentions;
pub mod newcomers;
pub mod outgoing;
pub mod providers;
pub mod quotas;
pub mod readers;
pub mod room;
pub mod run;
pub mod serve;
pub mod ws;

pub use serve::serve;
