//! The asset store: bytes by their content, facts about them in the database.
//!
//! Order is blob, row, reference: bytes are on the disk (fsync) before a row names them, and a row
//! is there before a document does. A crash in between leaves garbage, never a dangling reference.
//! Types are told from the content; what a client says about them counts for nothing.
//! Deliberately absent: removal. Deleting a node never deletes media.

mod intake;
pub mod serve;
mod thumbnail;

use std::path::Path as FsPath;
use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::api::AssetMeta;
use gesso_protocol::problem::ErrorCode;
use gesso_studio::RgbaImage;
use gesso_studio::media::{self, DecodeLimits, MediaError};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ObjectStore, ObjectStoreExt as _, PutMode};
use tokio::sync::Semaphore;

use crate::db::assets::{AssetQuery, AssetRow};
use crate::db::{Db, DbError};

pub use intake::Incoming;

/// Where bytes wait for their name.
const STAGING: &str = "staging";

/// Limits of the asset store, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct AssetLimits {
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// How many pictures are decoded at once.
    pub decoders_max: usize,
    /// Largest picture that is decoded.
    pub picture: DecodeLimits,
}

impl Default for AssetLimits {
    fn default() -> Self {
        Self {
            upload_bytes_max: 256 * 1024 * 1024,
            decoders_max: 2,
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
        "This type of file is not taken. Pictures (PNG, JPEG, WebP, GIF, BMP, AVIF, SVG), videos (MP4, MOV, WebM, MKV), \
         sounds (MP3, WAV, OGG, FLAC, M4A) and 3D models (GLB) are."
    )]
    Unsupported,
    /// A picture that cannot be read, or may not for its size.
    #[error(transparent)]
    Media(MediaError),
    /// The request is not one.
    #[error("{0}")]
    Request(String),
    /// There is no such asset here, or no such form of it.
    #[error("{0}")]
    NotFound(String),
    /// The disk or the object store failed.
    #[error("the asset store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The folder for assets cannot be made.
    #[error("the folder for assets cannot be made: {0}")]
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
            Self::TooLarge { .. } | Self::Media(MediaError::TooLarge { .. }) => ErrorCode::TooLarge,
            Self::Unsupported | Self::Media(MediaError::Unsupported) => ErrorCode::UnsupportedMedia,
            Self::Media(MediaError::Empty | MediaError::Damaged(_)) => ErrorCode::BadRequest,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Media(MediaError::Encode(_))
            | Self::Store(_)
            | Self::Folder(_)
            | Self::Db(_)
            | Self::Work(_) => ErrorCode::Internal,
        }
    }

    /// What people are told: of the server's own failures no more than that.
    #[must_use]
    pub fn detail(&self) -> String {
        if self.code() != ErrorCode::Internal {
            return self.to_string();
        }
        let full = if let Self::Store(error) = self { is_full(error) } else { false };
        let detail = if full {
            "The server's disk is full, so nothing was stored. Tell whoever runs it."
        } else {
            "The server could not read or write the file. Try again; its log says why."
        };
        detail.to_owned()
    }
}

/// Whether a store failed because no room is left.
fn is_full(error: &object_store::Error) -> bool {
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

/// Bytes under the hash of their content, without a word of what they are.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the store in a folder, making it where it is missing, and removes what an earlier
    /// process left half-written.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &FsPath) -> Result<Self, AssetError> {
        let staging = folder.join(STAGING);
        match std::fs::remove_dir_all(&staging) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        std::fs::create_dir_all(&staging)?;
        // Without it a put is renamed into place before its bytes are on the disk.
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store) })
    }

    /// Stores bytes and answers their id, the BLAKE3 hash of them in hex. They are durable when this returns.
    ///
    /// # Errors
    /// When the store fails; nothing half-written stays.
    pub async fn write(&self, bytes: Bytes) -> Result<String, AssetError> {
        let hashed = bytes.clone();
        let id = tokio::task::spawn_blocking(move || blake3::hash(&hashed).to_hex().to_string())
            .await
            .map_err(std::io::Error::other)?;
        match self.store.put_opts(&blob(&id), bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(id),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of an asset; `None` where there are none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(&self, id: &str) -> Result<Option<Bytes>, AssetError> {
        match self.store.get(&blob(id)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The asset store: bytes and what is known of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn ObjectStore>,
    db: Db,
    limits: AssetLimits,
    decoders: Semaphore,
}

impl Assets {
    /// A store of these bytes and rows.
    #[must_use]
    pub fn new(blobs: &Blobs, db: Db, limits: AssetLimits) -> Self {
        let decoders = Semaphore::new(limits.decoders_max.max(1));
        Self(Arc::new(Inner { store: Arc::clone(&blobs.store), db, limits, decoders }))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &AssetLimits {
        &self.0.limits
    }

    /// Stores bytes and their row. Storing the same content again answers the row that is there.
    ///
    /// # Errors
    /// All but `NotFound`.
    pub async fn store(&self, bytes: Bytes, about: Incoming) -> Result<AssetMeta, AssetError> {
        let row = self.keep(bytes, about).await?;
        self.enter(row).await
    }

    /// Makes bytes durable and answers the row they need, for a caller whose transaction inserts it.
    ///
    /// # Errors
    /// All but `NotFound` and `Db`.
    pub async fn keep(&self, bytes: Bytes, about: Incoming) -> Result<AssetRow, AssetError> {
        let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        self.take_in(stream, about).await
    }

    async fn enter(&self, row: AssetRow) -> Result<AssetMeta, AssetError> {
        self.0.db.add_asset(&row).await?;
        self.meta(&row.id).await
    }

    /// The row of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`.
    pub async fn row(&self, id: &str) -> Result<AssetRow, AssetError> {
        let found = if is_content_id(id) { self.0.db.asset(id).await? } else { None };
        found.ok_or_else(|| AssetError::NotFound("There is no such asset.".to_owned()))
    }

    /// What is known of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`.
    pub async fn meta(&self, id: &str) -> Result<AssetMeta, AssetError> {
        Ok(self.row(id).await?.meta())
    }

    /// The library, newest first.
    ///
    /// # Errors
    /// `Db`.
    pub async fn list(&self, query: &AssetQuery) -> Result<Vec<AssetRow>, AssetError> {
        Ok(self.0.db.assets(query).await?)
    }

    /// The whole content of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, `Store`.
    pub async fn load(&self, id: &str) -> Result<Bytes, AssetError> {
        self.row(id).await?;
        Ok(self.0.store.get(&blob(id)).await?.bytes().await?)
    }

    /// The content or a part of it, as a stream.
    async fn open_blob(&self, id: &str, options: GetOptions) -> Result<GetResult, AssetError> {
        Ok(self.0.store.get_opts(&blob(id), options).await?)
    }

    /// The pixels of a picture.
    ///
    /// # Errors
    /// All of reading, and `Media` for what is no picture or too large a one.
    pub async fn picture(&self, id: &str) -> Result<RgbaImage, AssetError> {
        let bytes = self.load(id).await?;
        let limits = self.0.limits.picture;
        self.work(move || media::decode(&bytes, limits)).await
    }

    /// Runs work on pixels away from the async threads, a few at a time.
    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
    ) -> Result<T, AssetError> {
        let _turn =
            self.0.decoders.acquire().await.map_err(|error| AssetError::Work(error.to_string()))?;
        let done = tokio::task::spawn_blocking(task)
            .await
            .map_err(|error| AssetError::Work(error.to_string()))?;
        done.map_err(AssetError::Media)
    }
}

/// Whether it is the hex of a BLAKE3 hash; nothing else ever becomes part of a path.
fn is_content_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where the content of an asset is: spread over folders, so that no folder grows without end.
fn blob(id: &str) -> Path {
    Path::from_iter([id.get(..2).unwrap_or("xx"), id])
}
