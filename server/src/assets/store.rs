//! The store: bytes and what is known of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gesso_media::{self};
use gesso_media::{Control, RgbaImage, ToolRunner};
use gesso_protocol::api::AssetMeta;
use gesso_protocol::ids::AssetId;
use tokio::sync::OnceCell;

use super::blobs::{Blobs, Turn};
use super::error::AssetError;
use super::limits::AssetLimits;
use crate::db::Db;
use crate::db::assets::{AssetQuery, AssetRow, Scope};

/// The asset store: bytes and what is known of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Assets(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) blobs: Blobs,
    pub(super) db: Db,
    /// Set once the stock has its rows.
    pub(super) stock: OnceCell<()>,
    /// Vector pictures that cannot be drawn, with the reason, so that nobody tries again and again.
    pub(super) undrawable: Mutex<VecDeque<(AssetId, String)>>,
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

    /// The row of an asset.
    ///
    /// # Errors
    /// `NotFound`, `Db`, and those of storing for what is of the stock.
    pub async fn row(&self, id: &AssetId) -> Result<AssetRow, AssetError> {
        let missing = || AssetError::NotFound("There is no such asset.".to_owned());
        self.known(id).await?.ok_or_else(missing)
    }

    /// The row of an asset, if there is such an asset.
    ///
    /// # Errors
    /// `Db`, and those of storing for what is of the stock.
    pub async fn known(&self, id: &AssetId) -> Result<Option<AssetRow>, AssetError> {
        if !is_content_id(id) {
            return Ok(None);
        }
        let found = self.0.db.asset(id).await?;
        if found.is_some() || !is_stock(id) {
            return Ok(found);
        }
        self.enter_stock().await?;
        Ok(self.0.db.asset(id).await?)
    }

    /// Returns the metadata of an asset.
    ///
    /// # Errors
    /// Those of [`Self::row`].
    pub async fn meta(&self, id: &AssetId) -> Result<AssetMeta, AssetError> {
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
    pub async fn load(&self, id: &AssetId) -> Result<Bytes, AssetError> {
        self.row(id).await?;
        let found = self.0.blobs.read(id).await?;
        found.ok_or_else(|| AssetError::NotFound("The content of this asset is gone.".to_owned()))
    }

    /// The pixels of a picture.
    ///
    /// # Errors
    /// All of reading, and `Studio` for what is no picture or too large a one.
    pub async fn picture(&self, id: &AssetId) -> Result<RgbaImage, AssetError> {
        self.row(id).await?;
        let limits = self.limits().picture;
        let file = self.0.blobs.local(id).await?;
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
