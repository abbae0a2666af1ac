//! The asset store: bytes by their content, facts about them in the database.
//!
//! Order is blob, row, reference: bytes are on the disk (fsync) before a row names them, and a row
//! is there before a document does. A crash in between leaves garbage, never a dangling reference.
//! Types are told from the content; what a client says about them counts for nothing.
//! Deliberately absent: removal. Deleting a node never deletes media.

pub mod audit;
mod blobs;
mod error;
mod intake;
mod limits;
pub mod serve;
mod stock;
mod store;
mod thumbnail;

pub use blobs::{Blobs, Kept, Told};
pub use error::AssetError;
pub(crate) use error::{DISK_FULL, WRITE_REFUSED};
pub use intake::Incoming;
pub(crate) use intake::clean_name;
pub use limits::AssetLimits;
pub use store::Assets;
