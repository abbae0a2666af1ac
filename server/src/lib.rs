//! The Gesso server.
