//! Canvases: the rows behind the workflow list. Names are copies of what the documents say.

use gesso_protocol::api::{LastRun, Preview};
use gesso_protocol::schema::{Generation, RunStatus};

use super::{Db, DbError, WORKSPACE, with_read, with_tx, with_write};

/// A canvas's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CanvasRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// When it was deleted; the id is never used again.
    pub deleted_at: Option<i64>,
}

const COLUMNS: &str = "id, name, description, created_at, updated_at, deleted_at";

#[derive(sqlx::FromRow)]
struct LastRunRow {
    id: String,
    status: String,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl Db {
    /// Adds a canvas.
    ///
    /// # Errors
    /// A unique violation where the id was ever used.
    pub async fn add_canvas(&self, canvas: &CanvasRow) -> Result<(), DbError> {
        const SQL: &str = "INSERT INTO canvases \
             (id, workspace, name, description, created_at, updated_at, runs_started) \
             VALUES ($1, $2, $3, $4, $5, $6, 0)";
        with_write!(self, pool => sqlx::query(SQL)
            .bind(&canvas.id)
            .bind(WORKSPACE)
            .bind(&canvas.name)
            .bind(&canvas.description)
            .bind(canvas.created_at)
            .bind(canvas.updated_at)
            .execute(pool)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// A canvas, also a deleted one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas(&self, id: &str) -> Result<Option<CanvasRow>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM canvases WHERE id = $1");
        let sql = sqlx::AssertSqlSafe(sql);
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await)?)
    }

    /// Canvases that are not deleted, last changed first, after `(updated_at, id)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvases(
        &self,
        after: Option<(i64, String)>,
        limit: i64,
    ) -> Result<Vec<CanvasRow>, DbError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM canvases WHERE workspace = $1 AND deleted_at IS NULL \
             AND (updated_at < $2 OR (updated_at = $2 AND id < $3)) \
             ORDER BY updated_at DESC, id DESC LIMIT $4"
        );
        let sql = sqlx::AssertSqlSafe(sql);
        let (at, id) = after.unwrap_or((i64::MAX, String::new()));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(WORKSPACE)
            .bind(at)
            .bind(&id)
            .bind(limit)
            .fetch_all(pool)
            .await)?)
    }

    /// Copies what the document says into the row and notes that it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_canvas(
        &self,
        id: &str,
        name: &str,
        description: &str,
        now_ms: i64,
    ) -> Result<(), DbError> {
        const SQL: &str = "UPDATE canvases SET name = $2, description = $3, updated_at = $4 \
             WHERE id = $1 AND deleted_at IS NULL";
        with_write!(self, pool => sqlx::query(SQL)
            .bind(id)
            .bind(name)
            .bind(description)
            .bind(now_ms)
            .execute(pool)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Deletes a canvas with its runs, results, history and document; the media stay. Answers whether there
    /// was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_canvas(&self, id: &str, now_ms: i64) -> Result<bool, DbError> {
        const MARK: &str =
            "UPDATE canvases SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
        const BY_RUN: [&str; 2] = [
            "DELETE FROM steps WHERE run IN (SELECT id FROM runs WHERE canvas = $1)",
            "DELETE FROM invocations WHERE run IN (SELECT id FROM runs WHERE canvas = $1)",
        ];
        const BY_CANVAS: [&str; 6] = [
            "DELETE FROM runs WHERE canvas = $1",
            "DELETE FROM active_nodes WHERE canvas = $1",
            "DELETE FROM node_results WHERE canvas = $1",
            "DELETE FROM generations WHERE canvas = $1",
            "DELETE FROM doc_updates WHERE canvas = $1",
            "DELETE FROM doc_snapshots WHERE canvas = $1",
        ];
        with_tx!(self, tx => async {
            let marked = sqlx::query(MARK).bind(id).bind(now_ms).execute(&mut *tx).await?;
            if marked.rows_affected() == 0 {
                return Ok(false);
            }
            for sql in BY_RUN.into_iter().chain(BY_CANVAS) {
                sqlx::query(sql).bind(id).execute(&mut *tx).await?;
            }
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// The last run of a canvas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_run(&self, canvas: &str) -> Result<Option<LastRun>, DbError> {
        const SQL: &str = "SELECT id, status, started_at, finished_at FROM runs \
             WHERE canvas = $1 ORDER BY number DESC LIMIT 1";
        let row: Option<LastRunRow> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(canvas).fetch_optional(pool).await)?;
        Ok(row.map(|row| LastRun {
            id: row.id,
            status: RunStatus::from_id(&row.status).unwrap_or_default(),
            started_at: row.started_at,
            finished_at: row.finished_at,
        }))
    }

    /// The newest thing to look at that a canvas made; where there is none, the newest sound.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn preview(&self, canvas: &str) -> Result<Option<Preview>, DbError> {
        const SQL: &str =
            "SELECT body FROM generations WHERE canvas = $1 ORDER BY seq DESC LIMIT 24";
        let rows: Vec<(String,)> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(canvas).fetch_all(pool).await)?;
        let mut sound = None;
        for (body,) in rows {
            let made: Generation =
                serde_json::from_str(&body).map_err(DbError::row("generations"))?;
            let (Some(asset), Some(mime)) = (made.asset, made.mime) else { continue };
            let heard = mime.starts_with("audio/");
            let preview = Preview { asset, mime };
            if !heard {
                return Ok(Some(preview));
            }
            sound = sound.or(Some(preview));
        }
        Ok(sound)
    }
}
