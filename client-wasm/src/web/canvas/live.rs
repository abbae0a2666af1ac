//! The connection to the room, and who else is there.

pub mod access;
pub mod chat;
pub mod people;
pub mod socket;
