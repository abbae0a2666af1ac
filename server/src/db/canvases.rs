//! Canvases: the rows behind the workflow list. Names are copies of what the documents say.

use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::api::{LastRun, Preview};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_protocol::schema::{Generation, RunStatus};

use super::access::{PUT_PERSON, RoleRow};
use super::ids::IdText;
use super::log::{FIRST_SEQ, PUT_SNAPSHOT};
use super::{Db, DbError, checksum, with_read, with_tx, with_write};

/// A canvas's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CanvasRow {
    /// Id.
    #[sqlx(try_from = "IdText")]
    pub id: CanvasId,
    /// The workspace it belongs to, for ever.
    #[sqlx(try_from = "IdText")]
    pub workspace: WorkspaceId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// When it was deleted; the id is never used again.
    pub deleted_at: Option<i64>,
}

/// For how long after its deletion something may still come for a canvas, in ms.
const LATE_MS: i64 = 60 * 60 * 1000;

const COLUMNS: &str = "id, workspace, name, description, created_at, updated_at, deleted_at";

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    canvas: CanvasRow,
    #[sqlx(flatten)]
    role: RoleRow,
}

#[derive(sqlx::FromRow)]
struct LastRunRow {
    id: String,
    status: String,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl Db {
    /// Adds a canvas and, at once, what its document begins with, a Yjs v1 update, and its owner.
    ///
    /// # Errors
    /// A unique violation where the id was ever used.
    pub async fn add_canvas(
        &self,
        canvas: &CanvasRow,
        state: Option<&[u8]>,
        owner: Option<&str>,
    ) -> Result<(), DbError> {
        const CANVAS: &str = "INSERT INTO canvases \
             (id, workspace, name, description, created_at, updated_at, runs_started) \
             VALUES ($1, $2, $3, $4, $5, $6, 0)";
        with_tx!(self, tx => async {
            sqlx::query(CANVAS)
                .bind(canvas.id.as_str())
                .bind(canvas.workspace.as_str())
                .bind(&canvas.name)
                .bind(&canvas.description)
                .bind(canvas.created_at)
                .bind(canvas.updated_at)
                .execute(&mut *tx)
                .await?;
            if let Some(state) = state {
                sqlx::query(PUT_SNAPSHOT)
                    .bind(canvas.id.as_str())
                    .bind(FIRST_SEQ)
                    .bind(state)
                    .bind(&checksum::of_state(&canvas.id, FIRST_SEQ, state)[..])
                    .execute(&mut *tx)
                    .await?;
            }
            if let Some(owner) = owner {
                sqlx::query(PUT_PERSON)
                    .bind(canvas.id.as_str())
                    .bind(owner)
                    .bind(CanvasRole::Owner.id())
                    .bind(canvas.created_at)
                    .execute(&mut *tx)
                    .await?;
            }
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// A canvas, also a deleted one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas(&self, id: &CanvasId) -> Result<Option<CanvasRow>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM canvases WHERE id = $1");
        let sql = sqlx::AssertSqlSafe(sql);
        Ok(
            with_read!(self, pool => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(pool).await)?,
        )
    }

    /// Canvases that are not deleted, last changed first, after `(updated_at, id)`: those on which a person has a role,
    /// with it; all where nobody is named, as if they were theirs. `workspace`: only those of one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvases(
        &self,
        person: Option<&str>,
        workspace: Option<&WorkspaceId>,
        after: Option<(i64, String)>,
        limit: i64,
    ) -> Result<Vec<(CanvasRow, CanvasRole)>, DbError> {
        let columns = COLUMNS.split(", ").map(|column| format!("c.{column}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {columns}, c.workspace_role, m.role AS member, p.role AS own FROM canvases c \
             LEFT JOIN members m ON m.workspace = c.workspace AND m.person = $5 \
             LEFT JOIN canvas_people p ON p.canvas = c.id AND p.person = $5 \
             WHERE ($1 = '' OR c.workspace = $1) AND c.deleted_at IS NULL \
             AND (c.updated_at < $2 OR (c.updated_at = $2 AND c.id < $3)) \
             AND ($5 = '' OR p.role IS NOT NULL OR m.role = 'owner' \
                  OR (m.role IN ('member', 'admin') AND c.workspace_role <> 'none')) \
             ORDER BY c.updated_at DESC, c.id DESC LIMIT $4"
        );
        let sql = sqlx::AssertSqlSafe(sql);
        let (at, id) = after.unwrap_or((i64::MAX, String::new()));
        let rows: Vec<ListedRow> = with_read!(self, pool => sqlx::query_as(sql)
            .bind(workspace.map(WorkspaceId::as_str).unwrap_or_default())
            .bind(at)
            .bind(&id)
            .bind(limit)
            .bind(person.unwrap_or_default())
            .fetch_all(pool)
            .await)?;
        let with_role = |row: ListedRow| {
            let role = match person {
                Some(_) => row.role.role().unwrap_or(CanvasRole::Viewer),
                None => CanvasRole::Owner,
            };
            (row.canvas, role)
        };
        Ok(rows.into_iter().map(with_role).collect())
    }

    /// The workspace of a canvas, also of a deleted one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspace_of(&self, canvas: &CanvasId) -> Result<Option<WorkspaceId>, DbError> {
        const SQL: &str = "SELECT workspace FROM canvases WHERE id = $1";
        let row: Option<(IdText,)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(id,)| id.into()))
    }

    /// Number of canvases of a workspace that are not deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas_count(&self, workspace: &WorkspaceId) -> Result<i64, DbError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM canvases WHERE workspace = $1 AND deleted_at IS NULL";
        let (count,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL).bind(workspace.as_str()).fetch_one(pool).await)?;
        Ok(count)
    }

    /// Marks a canvas as deleted: from here on nothing opens it or starts a run on it. Answers whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_deleted(&self, id: &CanvasId, now_ms: i64) -> Result<bool, DbError> {
        const MARK: &str =
            "UPDATE canvases SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
        let marked = with_write!(self, on => sqlx::query(MARK)
            .bind(id.as_str())
            .bind(now_ms)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(marked > 0)
    }

    /// Removes the runs, results, history and document of a deleted canvas; the media and what was paid stay. Runs that
    /// have not ended stay too, and all else with them: what is held for them has to be released first. A run at a time,
    /// so that others can write in between; what is left when the server ends goes later.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, id: &CanvasId) -> Result<(), DbError> {
        const BY_CANVAS: [&str; 12] = [
            "active_nodes",
            "node_results",
            "generations",
            "late_results",
            "doc_updates",
            "doc_snapshots",
            "doc_aside",
            "doc_clients",
            "canvas_people",
            "canvas_links",
            "access_requests",
            "runs",
        ];
        const OPEN: &str = "SELECT COUNT(*) FROM runs WHERE canvas = $1 \
             AND status IN ('queued', 'running', 'paused')";
        const RUNS: &str = "SELECT id FROM runs WHERE canvas = $1";
        let (open,): (i64,) = with_read!(self, pool => sqlx::query_as(OPEN)
            .bind(id.as_str())
            .fetch_one(pool)
            .await)?;
        if open > 0 {
            return Ok(());
        }
        let runs: Vec<(String,)> = with_read!(self, pool => sqlx::query_as(RUNS)
            .bind(id.as_str())
            .fetch_all(pool)
            .await)?;
        for (run,) in runs {
            self.purge_run(&run).await?;
        }
        with_tx!(self, tx => async {
            for table in BY_CANVAS {
                let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE canvas = $1"));
                sqlx::query(sql).bind(id.as_str()).execute(&mut *tx).await?;
            }
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Removes a run of a deleted canvas, and what it made.
    async fn purge_run(&self, run: &str) -> Result<(), DbError> {
        const BY_RUN: [&str; 5] =
            ["steps", "invocations", "reviews", "run_snapshots", "generations"];
        with_tx!(self, tx => async {
            for table in BY_RUN {
                let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE run = $1"));
                sqlx::query(sql).bind(run).execute(&mut *tx).await?;
            }
            sqlx::query("DELETE FROM runs WHERE id = $1").bind(run).execute(&mut *tx).await?;
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Purges canvases that have something left though they are deleted: a server was killed meanwhile, or something
    /// came late. With a time, only those that were deleted within [`LATE_MS`] before it are looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_deleted(&self, now_ms: Option<i64>) -> Result<(), DbError> {
        const LEFT: &str = "SELECT c.id FROM canvases c WHERE c.deleted_at >= $1 AND ( \
             EXISTS (SELECT 1 FROM runs t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM active_nodes t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM node_results t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM generations t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM late_results t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM doc_updates t WHERE t.canvas = c.id) \
             OR EXISTS (SELECT 1 FROM doc_snapshots t WHERE t.canvas = c.id))";
        let since = now_ms.map_or(0, |now_ms| now_ms - LATE_MS);
        let left: Vec<(IdText,)> =
            with_read!(self, pool => sqlx::query_as(LEFT).bind(since).fetch_all(pool).await)?;
        for (id,) in left {
            self.purge(&id.into()).await?;
        }
        Ok(())
    }

    /// The last run of a canvas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_run(&self, canvas: &CanvasId) -> Result<Option<LastRun>, DbError> {
        const SQL: &str = "SELECT id, status, started_at, finished_at FROM runs \
             WHERE canvas = $1 ORDER BY number DESC LIMIT 1";
        let row: Option<LastRunRow> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_optional(pool).await)?;
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
    pub async fn preview(&self, canvas: &CanvasId) -> Result<Option<Preview>, DbError> {
        const SQL: &str =
            "SELECT body FROM generations WHERE canvas = $1 ORDER BY seq DESC LIMIT 24";
        let rows: Vec<(String,)> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
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
