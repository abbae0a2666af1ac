//! Players of what nodes hold.

pub mod model_viewer;
pub mod player;
pub mod video;
