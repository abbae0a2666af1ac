//! Actions of people, called by input and views alike.

pub mod arrange;
pub mod camera;
pub mod chat;
pub mod comment;
pub mod edit;
pub mod focus;
pub mod open;
pub mod place_asset;
pub mod run;
pub mod settle;
