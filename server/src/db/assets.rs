//! Assets: one row for each (workspace, content). A row is the right to read the bytes.

use gesso_protocol::api::AssetMeta;
use gesso_protocol::values::{AssetRef, DataType};
use serde::{Deserialize, Serialize};

use super::{Db, DbError, WORKSPACE, with_read, with_write};

const INSERT: &str = "INSERT INTO assets (workspace, id, mime, type, bytes, width, height, \
     duration_ms, name, origin, person, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (workspace, id) DO NOTHING";

const COLUMNS: &str =
    "id, mime, type, bytes, width, height, duration_ms, name, origin, person, created_at";

/// An asset's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct AssetRow {
    /// BLAKE3 of the content, in hex.
    pub id: String,
    /// The media type, sniffed.
    pub mime: String,
    /// The data type's id.
    #[sqlx(rename = "type")]
    pub ty: String,
    /// The size.
    pub bytes: i64,
    /// Width in pixels.
    pub width: Option<i64>,
    /// Height in pixels.
    pub height: Option<i64>,
    /// Duration in ms.
    pub duration_ms: Option<i64>,
    /// The name people gave it.
    pub name: String,
    /// Where it came from, as JSON.
    pub origin: String,
    /// Who brought or made it.
    pub person: String,
    /// When it was stored, in ms since 1970.
    pub created_at: i64,
}

impl AssetRow {
    /// As a reference for documents.
    pub fn reference(&self) -> AssetRef {
        let px = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        AssetRef {
            id: self.id.clone(),
            ty: DataType::from_id(&self.ty),
            mime: self.mime.clone(),
            width: px(self.width),
            height: px(self.height),
            duration: self.duration_ms.map(|ms| ms as f64 / 1000.0),
            name: self.name.clone(),
        }
    }

    /// As `/meta` answers.
    pub fn meta(&self) -> AssetMeta {
        AssetMeta {
            asset: self.reference(),
            bytes: self.bytes,
            origin: serde_json::from_str(&self.origin).unwrap_or_default(),
            created_at: self.created_at,
        }
    }
}

/// What the library is asked for.
#[derive(Clone, Debug, Default)]
pub struct AssetQuery {
    /// Only this data type.
    pub ty: Option<String>,
    /// Only what has this in its name or origin (such as a prompt), whatever the case.
    pub q: Option<String>,
    /// Only what comes after this `(created_at, id)`, newest first.
    pub after: Option<(i64, String)>,
    /// How many.
    pub limit: i64,
}

impl Db {
    /// Adds an asset; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_asset(&self, asset: &AssetRow) -> Result<(), DbError> {
        with_write!(self, on => sqlx::query(INSERT)
            .bind(WORKSPACE)
            .bind(&asset.id)
            .bind(&asset.mime)
            .bind(&asset.ty)
            .bind(asset.bytes)
            .bind(asset.width)
            .bind(asset.height)
            .bind(asset.duration_ms)
            .bind(&asset.name)
            .bind(&asset.origin)
            .bind(&asset.person)
            .bind(asset.created_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// An asset of the workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asset(&self, id: &str) -> Result<Option<AssetRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM assets WHERE workspace = $1 AND id = $2"
        ));
        Ok(with_read!(self, pool =>
            sqlx::query_as(sql).bind(WORKSPACE).bind(id).fetch_optional(pool).await)?)
    }

    /// The library, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assets(&self, query: &AssetQuery) -> Result<Vec<AssetRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM assets WHERE workspace = $1 \
             AND ($2 = '' OR type = $2) \
             AND ($3 = '' OR LOWER(name) LIKE $3 ESCAPE '!' OR LOWER(origin) LIKE $3 ESCAPE '!') \
             AND (created_at < $4 OR (created_at = $4 AND id < $5)) \
             ORDER BY created_at DESC, id DESC LIMIT $6"
        ));
        let like = match query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            Some(q) => {
                let mut like = String::from("%");
                for c in q.to_lowercase().chars() {
                    if matches!(c, '%' | '_' | '!') {
                        like.push('!');
                    }
                    like.push(c);
                }
                like.push('%');
                like
            }
            None => String::new(),
        };
        let (at, id) = query.after.clone().unwrap_or((i64::MAX, String::new()));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(WORKSPACE)
            .bind(query.ty.clone().unwrap_or_default())
            .bind(&like)
            .bind(at)
            .bind(&id)
            .bind(query.limit)
            .fetch_all(pool)
            .await)?)
    }
}
