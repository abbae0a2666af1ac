//! Assets: one row for each (workspace, content). A row is the right to read the bytes.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::api::AssetMeta;
use gesso_protocol::fold::fold;
use gesso_protocol::ids::{AssetId, CanvasId, WorkspaceId};
use gesso_protocol::schema::Canvas;
use gesso_protocol::values::{AssetRef, DataType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::generations::{LISTED_MAX, list};
use super::ids::IdText;
use super::{Db, DbError, with_read, with_tx, with_write};

const INSERT: &str = "INSERT INTO assets (workspace, id, mime, type, bytes, width, height, \
     duration_ms, name, origin, person, created_at, words, folded, own, stock) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15) \
     ON CONFLICT (workspace, id) DO UPDATE SET \
     own = CASE WHEN excluded.own = 1 THEN 1 ELSE assets.own END, \
     stock = CASE WHEN excluded.stock = 1 THEN 1 ELSE assets.stock END";

/// Number of rows that get their words anew at once.
const FOLDED_AT_ONCE: i64 = 500;

/// The most words of a search that count.
const WORDS_MAX: usize = 6;

const COLUMNS: &str =
    "id, mime, type, bytes, width, height, duration_ms, name, origin, person, created_at";

/// An asset's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct AssetRow {
    /// BLAKE3 of the content, in hex.
    #[sqlx(try_from = "IdText")]
    pub id: AssetId,
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

/// An asset of a workspace: each that has the same content has a record of its own, with its own name and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The content.
    pub id: AssetId,
}

#[derive(sqlx::FromRow)]
struct UnfoldedRow {
    workspace: String,
    #[sqlx(flatten)]
    asset: AssetRow,
}

impl AssetRow {
    /// As a reference for documents.
    pub fn reference(&self) -> AssetRef {
        let px = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        AssetRef {
            id: self.id.to_string(),
            ty: DataType::from_id(&self.ty),
            mime: self.mime.clone(),
            width: px(self.width),
            height: px(self.height),
            duration: self.duration_ms.map(|ms| ms as f64 / 1000.0),
            name: self.name.clone(),
        }
    }

    /// Returns the words it is found by: name, prompt and tags, folded.
    pub fn words(&self) -> String {
        let origin: Value = serde_json::from_str(&self.origin).unwrap_or_default();
        let tags = origin["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let said = [Some(self.name.as_str()), origin["prompt"].as_str()];
        let all: Vec<&str> = said.into_iter().flatten().chain(tags).collect();
        fold(&all.join(" "))
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

/// Which part of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Assets that anybody of the workspace uploaded or made.
    #[default]
    Workspace,
    /// Assets of this person.
    Of(String),
    /// Assets that every server brings.
    Stock,
}

/// A search in the library.
#[derive(Clone, Debug, Default)]
pub struct AssetQuery {
    /// Whose library.
    pub workspace: WorkspaceId,
    /// Where.
    pub scope: Scope,
    /// Only this data type.
    pub ty: Option<String>,
    /// Only what has all these words, or parts of words, in its name, prompt or tags, as people see them: whatever
    /// the case, the accents and the width.
    pub q: Option<String>,
    /// Only what comes after this `(created_at, id)`, newest first.
    pub after: Option<(i64, String)>,
    /// Most entries to return.
    pub limit: i64,
}

impl Db {
    /// Adds an asset to a workspace; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_asset(
        &self,
        workspace: &WorkspaceId,
        asset: &AssetRow,
    ) -> Result<(), DbError> {
        self.insert_asset(workspace, asset, false).await
    }

    /// Adds an asset of the stock to a workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_stock_asset(
        &self,
        workspace: &WorkspaceId,
        asset: &AssetRow,
    ) -> Result<(), DbError> {
        self.insert_asset(workspace, asset, true).await
    }

    async fn insert_asset(
        &self,
        workspace: &WorkspaceId,
        asset: &AssetRow,
        is_stock: bool,
    ) -> Result<(), DbError> {
        let words = asset.words();
        with_write!(self, on => sqlx::query(INSERT)
            .bind(workspace.as_str())
            .bind(asset.id.as_str())
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
            .bind(&words)
            .bind(i64::from(!is_stock))
            .bind(i64::from(is_stock))
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// An asset of a workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asset(&self, key: &AssetKey) -> Result<Option<AssetRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM assets WHERE workspace = $1 AND id = $2"
        ));
        Ok(with_read!(self, pool =>
            sqlx::query_as(sql).bind(key.workspace.as_str()).bind(key.id.as_str()).fetch_optional(pool).await)?)
    }

    /// The workspaces that have an asset.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspaces_with(&self, id: &AssetId) -> Result<Vec<WorkspaceId>, DbError> {
        const SQL: &str = "SELECT a.workspace FROM assets a \
             WHERE a.workspace IN (SELECT id FROM workspaces) AND a.id = $1 ORDER BY a.workspace";
        let rows: Vec<(IdText,)> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(id.as_str()).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }

    /// A workspace that has a file as a piece of the stock, or as one that this person brought or made; with the name they
    /// gave it, where somebody had brought or made it before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_or_stock(
        &self,
        id: &AssetId,
        person: &str,
    ) -> Result<Option<(WorkspaceId, Option<String>)>, DbError> {
        const SQL: &str = "SELECT a.workspace, \
             CASE WHEN a.stock = 1 OR a.person = $2 THEN NULL ELSE (SELECT p.name FROM asset_people p \
             WHERE p.workspace = a.workspace AND p.asset = $1 AND p.person = $2) END AS name \
             FROM assets a WHERE a.workspace IN (SELECT id FROM workspaces) AND a.id = $1 \
             AND (a.stock = 1 OR a.person = $2 OR EXISTS (SELECT 1 FROM asset_people p \
             WHERE p.workspace = a.workspace AND p.asset = $1 AND p.person = $2)) \
             ORDER BY CASE WHEN a.person = $2 THEN 0 ELSE 1 END, a.workspace LIMIT 1";
        let row: Option<(IdText, Option<String>)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(id.as_str())
            .bind(person)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(id, name)| (id.into(), name)))
    }

    /// Number of files that a person brought to all workspaces since a moment, in ms since 1970.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn uploads_since(&self, person: &str, since_ms: i64) -> Result<i64, DbError> {
        const SQL: &str = "SELECT COUNT(*) FROM assets \
             WHERE workspace IN (SELECT id FROM workspaces) AND created_at >= $1 AND own = 1 \
             AND person = $2 AND stock = 0 AND origin LIKE '{\"kind\":\"upload\"%'";
        let (count,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(since_ms)
            .bind(person)
            .fetch_one(pool)
            .await)?;
        Ok(count)
    }

    /// Bytes of all files of a workspace together.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stored_bytes(&self, workspace: &WorkspaceId) -> Result<i64, DbError> {
        const SQL: &str =
            "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM assets WHERE workspace = $1";
        let (bytes,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL).bind(workspace.as_str()).fetch_one(pool).await)?;
        Ok(bytes)
    }

    /// Notes that a person brought a file, which may have been there already, and what they call it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_asset_person(
        &self,
        key: &AssetKey,
        person: &str,
        name: &str,
    ) -> Result<(), DbError> {
        const SQL: &str = "INSERT INTO asset_people (workspace, asset, person, name) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, asset, person) DO UPDATE SET name = excluded.name";
        with_write!(self, on => sqlx::query(SQL)
            .bind(key.workspace.as_str())
            .bind(key.id.as_str())
            .bind(person)
            .bind(name)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Of these files, those of the stock and those that somebody brought or made who has a role on a canvas. A document
    /// alone proves nothing: whoever may write in it may name any file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn brought_to(
        &self,
        canvas: &CanvasId,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, DbError> {
        let ids: Vec<&String> = ids.iter().collect();
        let mut found = BTreeSet::new();
        for ids in ids.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT a.id FROM canvases c JOIN assets a ON a.workspace = c.workspace \
                 WHERE c.id = $1 AND a.id IN ({}) AND (a.stock = 1 OR EXISTS \
                 (SELECT 1 FROM (SELECT a.person AS person UNION ALL SELECT p.person FROM asset_people p \
                 WHERE p.workspace = a.workspace AND p.asset = a.id) b WHERE b.person IN \
                 (SELECT person FROM canvas_people WHERE canvas = $1) OR (b.person IN (SELECT m.person FROM members m \
                 WHERE m.workspace = a.workspace AND m.role <> 'guest') AND c.workspace_role <> 'none')))",
                list(2, ids.len())
            ));
            let rows: Vec<(String,)> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql).bind(canvas.as_str());
                for id in ids {
                    query = query.bind(*id);
                }
                query.fetch_all(pool).await
            })?;
            found.extend(rows.into_iter().map(|(id,)| id));
        }
        Ok(found)
    }

    /// Replaces what a document says of assets, but their names, by the server's own records: types, prices and files follow
    /// from them (R-RUN-7), those of the canvas's workspace. Answers the ids of assets without a record, which stay as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_facts(
        &self,
        of: &CanvasId,
        canvas: &mut Canvas,
    ) -> Result<BTreeSet<String>, DbError> {
        let ids: BTreeSet<String> = canvas.assets_mut().map(|asset| asset.id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let mut records: BTreeMap<String, AssetRow> = BTreeMap::new();
        for ids in ids.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM assets \
                 WHERE workspace = (SELECT c.workspace FROM canvases c WHERE c.id = $1) AND id IN ({})",
                list(2, ids.len())
            ));
            let rows: Vec<AssetRow> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql).bind(of.as_str());
                for id in ids {
                    query = query.bind(id);
                }
                query.fetch_all(pool).await
            })?;
            records.extend(rows.into_iter().map(|row| (row.id.to_string(), row)));
        }
        let mut unknown = BTreeSet::new();
        for asset in canvas.assets_mut() {
            match records.get(&asset.id) {
                Some(record) => {
                    let name = std::mem::take(&mut asset.name);
                    *asset = AssetRef { name, ..record.reference() };
                }
                None => drop(unknown.insert(asset.id.clone())),
            }
        }
        Ok(unknown)
    }

    /// Gives rows that an earlier version wrote the words they are found by now.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn fold_words(&self) -> Result<(), DbError> {
        const SET: &str =
            "UPDATE assets SET words = $3, folded = 1 WHERE workspace = $1 AND id = $2";
        let sql = format!(
            "SELECT workspace, {COLUMNS} FROM assets WHERE folded = 0 ORDER BY workspace, id LIMIT $1"
        );
        loop {
            let sql = sqlx::AssertSqlSafe(sql.clone());
            let rows: Vec<UnfoldedRow> = with_read!(self, pool =>
                sqlx::query_as(sql).bind(FOLDED_AT_ONCE).fetch_all(pool).await)?;
            if rows.is_empty() {
                return Ok(());
            }
            with_tx!(self, tx => async {
                for row in &rows {
                    sqlx::query(SET)
                        .bind(&row.workspace)
                        .bind(row.asset.id.as_str())
                        .bind(row.asset.words())
                        .execute(&mut *tx)
                        .await?;
                }
                Ok::<_, DbError>(())
            }
            .await)?;
        }
    }

    /// The library, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assets(&self, query: &AssetQuery) -> Result<Vec<AssetRow>, DbError> {
        let (scope, person) = match &query.scope {
            Scope::Workspace => ("own = 1", ""),
            Scope::Of(person) => ("own = 1 AND person = $3", person.as_str()),
            Scope::Stock => ("stock = 1", ""),
        };
        let of_type = if query.ty.is_some() { "AND type = $2" } else { "" };
        let wanted = query.q.as_deref().map(fold).unwrap_or_default();
        let words: Vec<String> = wanted.split_whitespace().take(WORDS_MAX).map(pattern).collect();
        let search: String =
            (0..words.len()).map(|n| format!("AND words LIKE ${} ESCAPE '!' ", n + 7)).collect();
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM assets WHERE workspace = $1 AND {scope} {of_type} {search} \
             AND $2 = $2 AND $3 = $3 \
             AND (created_at < $4 OR (created_at = $4 AND id < $5)) \
             ORDER BY created_at DESC, id DESC LIMIT $6"
        ));
        let (at, id) = query.after.clone().unwrap_or((i64::MAX, String::new()));
        Ok(with_read!(self, pool => {
            let mut select = sqlx::query_as(sql)
                .bind(query.workspace.as_str())
                .bind(query.ty.clone().unwrap_or_default())
                .bind(person)
                .bind(at)
                .bind(&id)
                .bind(query.limit);
            for word in &words {
                select = select.bind(word);
            }
            select.fetch_all(pool).await
        })?)
    }
}

impl Db {
    /// Ids and names of assets of all workspaces, in the order of workspace and id, after one of them; at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asset_names(
        &self,
        after: Option<&AssetKey>,
        limit: i64,
    ) -> Result<Vec<(AssetKey, String)>, DbError> {
        const SQL: &str = "SELECT workspace, id, name FROM assets \
             WHERE (workspace, id) > ($1, $2) ORDER BY workspace, id LIMIT $3";
        let (workspace, id) = after.map(|key| (key.workspace.as_str(), key.id.as_str())).unzip();
        let rows: Vec<(IdText, IdText, String)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(workspace.unwrap_or_default())
            .bind(id.unwrap_or_default())
            .bind(limit)
            .fetch_all(pool)
            .await)?;
        let key =
            |workspace: IdText, id: IdText| AssetKey { workspace: workspace.into(), id: id.into() };
        Ok(rows.into_iter().map(|(workspace, id, name)| (key(workspace, id), name)).collect())
    }
}

/// Returns the `LIKE` pattern that finds a part of a folded word.
fn pattern(word: &str) -> String {
    let mut like = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '!') {
            like.push('!');
        }
        like.push(c);
    }
    like.push('%');
    like
}
