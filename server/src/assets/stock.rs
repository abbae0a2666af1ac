//! The collection that every server brings. Its rows are made when somebody first looks at it or uses a piece of it,
//! so that a start stays fast.

use std::collections::BTreeSet;

use bytes::Bytes;
use gesso_protocol::ids::{AssetId, WorkspaceId};
use gesso_studio::stock::{self, StockItem};
use serde_json::json;

use super::error::AssetError;
use super::store::Assets;
use crate::clock::now_ms;
use crate::db::assets::{AssetQuery, AssetRow, Scope};

fn row(item: &StockItem, created_at: i64) -> AssetRow {
    AssetRow {
        id: AssetId::new(item.id.as_str()),
        mime: item.sniffed.mime.to_owned(),
        ty: item.sniffed.kind.as_str().to_owned(),
        bytes: item.bytes.len() as i64,
        width: item.width.map(i64::from),
        height: item.height.map(i64::from),
        duration_ms: item.duration_ms,
        name: item.name.clone(),
        origin: json!({ "kind": "stock", "tags": item.tags }).to_string(),
        person: String::new(),
        created_at,
    }
}

impl Assets {
    /// Makes sure that the stock has its rows in a workspace.
    pub(super) async fn enter_stock(&self, workspace: &WorkspaceId) -> Result<(), AssetError> {
        // Held meanwhile, so that it is done once.
        let mut stocked = self.0.stocked.lock().await;
        if !stocked.contains(workspace) {
            self.enter_missing(workspace).await?;
            stocked.insert(workspace.clone());
        }
        Ok(())
    }

    async fn enter_missing(&self, workspace: &WorkspaceId) -> Result<(), AssetError> {
        let query = AssetQuery {
            workspace: workspace.clone(),
            scope: Scope::Stock,
            limit: 10_000,
            ..AssetQuery::default()
        };
        let there = self.0.db.assets(&query).await?;
        let there: BTreeSet<&str> = there.iter().map(|row| row.id.as_str()).collect();
        let now = now_ms();
        for (at, item) in stock::all().iter().enumerate() {
            if there.contains(item.id.as_str()) {
                continue;
            }
            self.0.blobs.write(Bytes::from_static(item.bytes)).await?;
            // The newest come first: the collection's own order, from its first piece on.
            self.0.db.add_stock_asset(workspace, &row(item, now - at as i64)).await?;
        }
        Ok(())
    }
}
