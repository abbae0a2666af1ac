//! Assets: bytes under the hash of their content, durable before any row or document names them.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};

/// What can go wrong with stored bytes.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// The store failed: the disk is full, a file is unreadable.
    #[error("the asset store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The folder for assets cannot be made.
    #[error("the folder for assets cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}

/// The store of bytes.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Opens the store in a folder, making it where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> Result<Self, AssetError> {
        std::fs::create_dir_all(folder)?;
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
        match self.store.put_opts(&key(&id), bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(id),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of an asset; `None` where there are none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(&self, id: &str) -> Result<Option<Bytes>, AssetError> {
        match self.store.get(&key(id)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Spread over folders, so that no folder grows without end.
fn key(id: &str) -> Key {
    let fan = id.get(..2).unwrap_or("xx");
    Key::from(format!("{fan}/{id}"))
}
