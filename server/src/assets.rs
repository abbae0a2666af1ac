//! The asset store: bytes by their content, facts about them in the database.
//!
//! Order is blob, row, reference: bytes are on the disk (fsync) before a row names them, and a row
//! is there before a document does. A crash in between leaves garbage, never a dangling reference.
//! Types are told from the content; what a client says about them counts for nothing.
//! Deliberately absent: removal. Deleting a node never deletes media.

mod blobs;
mod intake;
pub mod serve;
mod stock;
mod thumbnail;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gesso_protocol::api::AssetMeta;
use gesso_protocol::problem::ErrorCode;
use gesso_studio::media::{self, DecodeLimits, MediaError};
use gesso_studio::{Control, RgbaImage, StudioError, Workshop};
use tokio::sync::OnceCell;

use crate::db::assets::{AssetQuery, AssetRow, Scope};
use crate::db::{Db, DbError};

use blobs::Turn;
pub use blobs::{Blobs, Kept, Told};
pub use intake::Incoming;

/// Limits of the asset store, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct AssetLimits {
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// How many pictures are decoded at once.
    pub decoders_max: usize,
    /// How many videos and sounds are looked at once.
    pub programs_max: usize,
    /// How many vector pictures are drawn at once.
    pub drawings_max: usize,
    /// Largest picture that is decoded.
    pub picture: DecodeLimits,
}

impl Default for AssetLimits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 256 * 1024 * 1024,
            decoders_max: 2,
            programs_max: 2,
            drawings_max: 2,
            picture: DecodeLimits::default(),
        }
    }
}

/// Why an asset could not be stored or given.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// Nothing was sent.
    #[error("This file is empty. Choose a file that has something in it.")]
    Empty,
    /// More was sent than is taken.
    #[error("This file is larger than {} MiB, which is the limit here.", .bytes_max / (1024 * 1024))]
    TooLarge {
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The content is none of the known types.
    #[error(
        "This type of file is not taken. Pictures (PNG, JPEG, WebP, GIF, BMP, HEIC, AVIF, SVG), videos (MP4, MOV, \
         WebM, MKV), sounds (MP3, WAV, OGG, FLAC, M4A, AAC) and 3D models (GLB) are."
    )]
    Unsupported,
    /// A file that cannot be used, or work on it that failed.
    #[error(transparent)]
    Studio(StudioError),
    /// The request is not one.
    #[error("{0}")]
    Request(String),
    /// There is no such asset here, or no such form of it.
    #[error("{0}")]
    NotFound(String),
    /// The disk or the object store failed.
    #[error("the asset store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The folder for assets cannot be used.
    #[error("the folder for assets cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Work on a picture panicked or was stopped.
    #[error("work on a picture broke off: {0}")]
    Work(String),
}

impl AssetError {
    /// The stable code of it.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty | Self::Request(_) => ErrorCode::BadRequest,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Unsupported => ErrorCode::UnsupportedMedia,
            Self::Studio(error) => studio_code(error),
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Store(_) | Self::Folder(_) | Self::Db(_) | Self::Work(_) => ErrorCode::Internal,
        }
    }

    /// What people are told: of the server's own failures no more than that.
    #[must_use]
    pub fn detail(&self) -> String {
        if self.code() != ErrorCode::Internal {
            return self.to_string();
        }
        let full = if let Self::Store(error) = self {
            is_full(error)
        } else if let Self::Folder(error) = self {
            is_full(error)
        } else {
            matches!(self, Self::Studio(StudioError::DiskFull))
        };
        let detail = if full {
            DISK_FULL
        } else {
            "The server could not read or write the file. Try again; its log says why."
        };
        detail.to_owned()
    }
}

/// Whose fault it is that work on a file gave nothing.
fn studio_code(error: &StudioError) -> ErrorCode {
    use StudioError as E;
    if matches!(error, E::Media(MediaError::TooLarge { .. } | MediaError::TooHeavy { .. })) {
        ErrorCode::TooLarge
    } else if matches!(error, E::Media(MediaError::Unsupported)) {
        ErrorCode::UnsupportedMedia
    } else if matches!(
        error,
        E::Media(MediaError::Empty | MediaError::Damaged(_)) | E::Refused(_) | E::Program { .. }
    ) {
        ErrorCode::BadRequest
    } else if matches!(error, E::Missing(_)) {
        // A form of the asset that this server cannot make.
        ErrorCode::NotFound
    } else {
        ErrorCode::Internal
    }
}

/// What people are told where no room is left on the server.
pub(crate) const DISK_FULL: &str =
    "The server's disk is full, so nothing was stored. Tell whoever runs it.";

/// Whether a store failed because no room is left.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            );
        }
        next = error.source();
    }
    false
}

/// The asset store: bytes and what is known of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    blobs: Blobs,
    db: Db,
    /// Whether the stock has its rows.
    stock: OnceCell<()>,
    /// Vector pictures that cannot be drawn, with the reason, so that nobody tries again and again.
    undrawable: Mutex<VecDeque<(String, String)>>,
}

impl Assets {
    /// A store of these bytes and rows.
    #[must_use]
    pub fn new(blobs: Blobs, db: Db) -> Self {
        Self(Arc::new(Inner { blobs, db, stock: OnceCell::new(), undrawable: Mutex::default() }))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &AssetLimits {
        self.0.blobs.limits()
    }

    /// Stores bytes and their row. Storing the same content again answers the row that is there.
    ///
    /// # Errors
    /// All but `NotFound`.
    pub async fn store(&self, bytes: Bytes, about: Incoming) -> Result<AssetMeta, AssetError> {
        let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        self.receive(stream, about).await
    }

    /// The row of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, and those of storing for what is of the stock.
    pub async fn row(&self, id: &str) -> Result<AssetRow, AssetError> {
        let missing = || AssetError::NotFound("There is no such asset.".to_owned());
        self.known(id).await?.ok_or_else(missing)
    }

    /// The row of an asset, if there is such an asset.
    ///
    /// # Errors
    /// `Db`, and those of storing for what is of the stock.
    pub async fn known(&self, id: &str) -> Result<Option<AssetRow>, AssetError> {
        if !is_content_id(id) {
            return Ok(None);
        }
        let found = self.0.db.asset(id).await?;
        if found.is_some() || !stock::has(id) {
            return Ok(found);
        }
        self.enter_stock().await?;
        Ok(self.0.db.asset(id).await?)
    }

    /// What is known of an asset.
    ///
    /// # Errors
    /// Those of [`Self::row`].
    pub async fn meta(&self, id: &str) -> Result<AssetMeta, AssetError> {
        Ok(self.row(id).await?.meta())
    }

    /// The library, newest first.
    ///
    /// # Errors
    /// `Db`, and those of storing for the stock.
    pub async fn list(&self, query: &AssetQuery) -> Result<Vec<AssetRow>, AssetError> {
        if query.scope == Scope::Stock {
            self.enter_stock().await?;
        }
        Ok(self.0.db.assets(query).await?)
    }

    /// The whole content of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, `Store`.
    pub async fn load(&self, id: &str) -> Result<Bytes, AssetError> {
        self.row(id).await?;
        let found = self.0.blobs.read(id).await?;
        found.ok_or_else(|| AssetError::NotFound("The content of this asset is gone.".to_owned()))
    }

    /// The pixels of a picture.
    ///
    /// # Errors
    /// All of reading, and `Studio` for what is no picture or too large a one.
    pub async fn picture(&self, id: &str) -> Result<RgbaImage, AssetError> {
        self.row(id).await?;
        let limits = self.limits().picture;
        let file = self.0.blobs.local(id).await?;
        let work = move |_: &Workshop, _: &Control<'_>| {
            Ok(media::decode(&std::fs::read(file.path())?, limits)?)
        };
        self.0.blobs.work(Turn::Picture, work).await
    }
}

/// Whether it is the hex of a BLAKE3 hash; nothing else ever becomes part of a path.
fn is_content_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_so_and_other_faults_keep_their_secrets() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let in_store = object_store::Error::Generic { store: "folder", source: Box::new(full()) };
        for error in [
            AssetError::Folder(full()),
            AssetError::Store(in_store),
            AssetError::Studio(full().into()),
        ] {
            assert_eq!(error.code(), ErrorCode::Internal);
            assert!(error.detail().contains("disk is full"), "{}", error.detail());
        }
        let other = AssetError::Folder(std::io::Error::other("/srv/data/assets is gone"));
        assert!(!other.detail().contains("/srv"), "{}", other.detail());
    }

    #[test]
    fn whose_fault_it_is_decides_the_code() {
        for (error, code) in [
            (StudioError::Refused(String::new()), ErrorCode::BadRequest),
            (StudioError::Media(MediaError::Damaged(String::new())), ErrorCode::BadRequest),
            (StudioError::Media(MediaError::Unsupported), ErrorCode::UnsupportedMedia),
            (StudioError::Missing(gesso_studio::Program::Ffmpeg), ErrorCode::NotFound),
            (StudioError::Cancelled, ErrorCode::Internal),
        ] {
            assert_eq!(AssetError::Studio(error).code(), code);
        }
    }
}
