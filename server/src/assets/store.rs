//! The store: bytes and what is known of them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gesso_media::{self};
use gesso_media::{Control, RgbaImage, ToolRunner};
use gesso_protocol::api::AssetMeta;
use gesso_protocol::ids::{AssetId, WorkspaceId};

use super::blobs::{Blobs, Turn};
use super::error::AssetError;
use super::limits::AssetLimits;
use crate::db::Db;
use crate::db::assets::{AssetKey, AssetQuery, AssetRow, Scope};

/// The asset store: bytes and what is known of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) blobs: Blobs,
    pub(super) db: Db,
    /// The workspaces in which the stock has its rows.
    pub(super) stocked: tokio::sync::Mutex<BTreeSet<WorkspaceId>>,
    /// Vector pictures that cannot be drawn, with the reason, so that nobody tries again and again.
    pub(super) undrawable: Mutex<VecDeque<(AssetId, String)>>,
}

impl Assets {
    /// A store of these bytes and rows.
    #[must_use]
    pub fn new(blobs: Blobs, db: Db) -> Self {
        Self(Arc::new(Inner {
            blobs,
            db,
            stocked: tokio::sync::Mutex::default(),
            undrawable: Mutex::default(),
        }))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &AssetLimits {
        self.0.blobs.limits()
    }

    /// The row of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, and those of storing for what is of the stock.
    pub async fn row(&self, key: &AssetKey) -> Result<AssetRow, AssetError> {
        let missing = || AssetError::NotFound("There is no such asset.".to_owned());
        self.known(key).await?.ok_or_else(missing)
    }

    /// The row of an asset, if there is such an asset.
    ///
    /// # Errors
    /// `Db`, and those of storing for what is of the stock.
    pub async fn known(&self, key: &AssetKey) -> Result<Option<AssetRow>, AssetError> {
        if !is_content_id(&key.id) {
            return Ok(None);
        }
        let found = self.0.db.asset(key).await?;
        if found.is_some() || !is_stock(&key.id) {
            return Ok(found);
        }
        self.enter_stock(&key.workspace).await?;
        Ok(self.0.db.asset(key).await?)
    }

    /// Returns the metadata of an asset.
    ///
    /// # Errors
    /// Those of [`Self::row`].
    pub async fn meta(&self, key: &AssetKey) -> Result<AssetMeta, AssetError> {
        Ok(self.row(key).await?.meta())
    }

    /// The library, newest first.
    ///
    /// # Errors
    /// `Db`, and those of storing for the stock.
    pub async fn list(&self, query: &AssetQuery) -> Result<Vec<AssetRow>, AssetError> {
        if query.scope == Scope::Stock {
            self.enter_stock(&query.workspace).await?;
        }
        Ok(self.0.db.assets(query).await?)
    }

    /// The whole content of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, `Store`.
    pub async fn load(&self, key: &AssetKey) -> Result<Bytes, AssetError> {
        self.row(key).await?;
        let found = self.0.blobs.read(&key.id).await?;
        found.ok_or_else(|| AssetError::NotFound("The content of this asset is gone.".to_owned()))
    }

    /// The pixels of a picture.
    ///
    /// # Errors
    /// All of reading, and `Studio` for what is no picture or too large a one.
    pub async fn picture(&self, key: &AssetKey) -> Result<RgbaImage, AssetError> {
        self.row(key).await?;
        let limits = self.limits().picture;
        let file = self.0.blobs.local(&key.id).await?;
        let work = move |_: &ToolRunner, _: &Control<'_>| {
            Ok(gesso_media::decode(&std::fs::read(file.path())?, limits)?)
        };
        self.0.blobs.work(Turn::Picture, "", work).await
    }
}

/// True if it is the hex of a BLAKE3 hash; nothing else ever becomes part of a path.
fn is_content_id(id: &AssetId) -> bool {
    let id = id.as_str();
    id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// True if an id is that of a piece of the stock.
fn is_stock(id: &AssetId) -> bool {
    gesso_studio::stock::all().iter().any(|item| item.id == id.as_str())
}
