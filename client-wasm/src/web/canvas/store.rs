//! State that all parts of the page share: the replica, signals of nodes, the view and the overlays. It knows no
//! feature.

pub mod card_context;
pub mod heights;
pub mod keys;
pub mod node_signals;
pub mod offline_store;
pub mod overlays;
pub mod page;
pub mod session;
pub mod showing;
pub mod writing;
