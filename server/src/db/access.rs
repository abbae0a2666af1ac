//! Roles on canvases, links to them and requests for a role.

use gesso_protocol::api::accounts::{
    AccessPerson, AccessRequestBody, CanvasRole, OpenRole, WorkspaceRole,
};
use gesso_protocol::ids::{CanvasId, RunId, WorkspaceId};

use super::ids::IdText;
use super::{Db, DbError, with_read, with_tx, with_write};

/// The things that a person's role on a canvas follows from.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct RoleRow {
    /// The canvas's workspace.
    #[sqlx(try_from = "IdText")]
    pub workspace: WorkspaceId,
    /// Role of every member on the canvas, by name.
    pub workspace_role: String,
    /// Role of the person in the canvas's workspace.
    pub member: Option<String>,
    /// Role of their own on the canvas.
    pub own: Option<String>,
}

impl RoleRow {
    /// The role that follows: the highest of one's own and, for members, the workspace's. Owners of a workspace own
    /// its canvases (R-ACC-21).
    #[must_use]
    pub fn role(&self) -> Option<CanvasRole> {
        let own = self.own.as_deref().and_then(CanvasRole::from_id);
        let of_workspace = match self.member.as_deref().and_then(WorkspaceRole::from_id) {
            Some(WorkspaceRole::Owner) => Some(CanvasRole::Owner),
            Some(WorkspaceRole::Admin | WorkspaceRole::Member) => {
                CanvasRole::from_id(&self.workspace_role)
            }
            Some(WorkspaceRole::Guest) | None => None,
        };
        own.max(of_workspace)
    }
}

/// The link of a canvas.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRow {
    /// The canvas.
    #[sqlx(try_from = "IdText")]
    pub canvas: CanvasId,
    /// Its secret.
    pub secret: String,
    /// Role by its name.
    pub role: String,
    /// Name of who made it.
    pub by_name: String,
    /// Hash of its password (PHC).
    pub password: Option<String>,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: Option<i64>,
}

impl LinkRow {
    /// Role of whoever takes it.
    #[must_use]
    pub fn role(&self) -> CanvasRole {
        CanvasRole::from_id(&self.role).unwrap_or(CanvasRole::Viewer)
    }
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: String,
    name: String,
    color: String,
    role: String,
}

#[derive(sqlx::FromRow)]
struct RequestRow {
    id: String,
    person: String,
    name: String,
    role: String,
    note: String,
    created_at: i64,
}

const ROLES: &str = "SELECT c.workspace, c.workspace_role, m.role AS member, p.role AS own FROM canvases c \
     LEFT JOIN members m ON m.workspace = c.workspace AND m.person = $2 \
     LEFT JOIN canvas_people p ON p.canvas = c.id AND p.person = $2";
const LINK: &str =
    "SELECT canvas, secret, role, by_name, password, created_at, expires_at FROM canvas_links";
pub(super) const PUT_PERSON: &str = "INSERT INTO canvas_people (canvas, person, role, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (canvas, person) DO UPDATE SET role = excluded.role";

/// Has those who change the people of a canvas wait for one another.
macro_rules! lock_canvas {
    ($tx:ident, $canvas:ident) => {
        sqlx::query("UPDATE canvases SET workspace_role = workspace_role WHERE id = $1")
            .bind($canvas.as_str())
            .execute(&mut *$tx)
            .await?
    };
}

/// True if a person is the only owner that a canvas has.
macro_rules! is_last_owner {
    ($tx:ident, $canvas:ident, $person:ident) => {{
        let owners: Vec<(String,)> =
            sqlx::query_as("SELECT person FROM canvas_people WHERE canvas = $1 AND role = 'owner'")
                .bind($canvas.as_str())
                .fetch_all(&mut *$tx)
                .await?;
        matches!(owners.as_slice(), [(only,)] if only == $person)
    }};
}

impl Db {
    /// What a person's role on a canvas that is not deleted follows from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn role(&self, canvas: &CanvasId, person: &str) -> Result<Option<RoleRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{ROLES} WHERE c.id = $1 AND c.deleted_at IS NULL"));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(canvas.as_str())
            .bind(person)
            .fetch_optional(pool)
            .await)?)
    }

    /// The canvas of a run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas_of_run(&self, run: &RunId) -> Result<Option<CanvasId>, DbError> {
        const SQL: &str = "SELECT canvas FROM runs WHERE id = $1";
        let row: Option<(IdText,)> = with_read!(self, pool => sqlx::query_as(SQL).bind(run.as_str()).fetch_optional(pool).await)?;
        Ok(row.map(|(id,)| id.into()))
    }

    /// The canvases on which a person has a role of their own, and their workspaces, last changed first; at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvases_shared_with(
        &self,
        person: &str,
        limit: i64,
    ) -> Result<Vec<(CanvasId, WorkspaceId)>, DbError> {
        const SQL: &str = "SELECT c.id, c.workspace FROM canvas_people p JOIN canvases c ON c.id = p.canvas \
             WHERE p.person = $1 AND c.deleted_at IS NULL ORDER BY c.updated_at DESC LIMIT $2";
        let rows: Vec<(IdText, IdText)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(person)
            .bind(limit)
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(|(id, workspace)| (id.into(), workspace.into())).collect())
    }

    /// People with a role of their own on a canvas, by name; a thousand at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canvas_people(&self, canvas: &CanvasId) -> Result<Vec<AccessPerson>, DbError> {
        const SQL: &str = "SELECT p.id, p.name, p.color, c.role FROM canvas_people c \
             JOIN people p ON p.id = c.person WHERE c.canvas = $1 ORDER BY p.name, p.id LIMIT 1000";
        let rows: Vec<PersonRow> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
        let person = |row: PersonRow| AccessPerson {
            id: row.id,
            name: row.name,
            color: row.color,
            role: CanvasRole::from_id(&row.role).unwrap_or(CanvasRole::Viewer),
        };
        Ok(rows.into_iter().map(person).collect())
    }

    /// Gives somebody a role of their own on a canvas. Answers `false` where the last owner would lose it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_canvas_person(
        &self,
        canvas: &CanvasId,
        person: &str,
        role: CanvasRole,
        now_ms: i64,
    ) -> Result<bool, DbError> {
        with_tx!(self, tx => async {
            lock_canvas!(tx, canvas);
            if role != CanvasRole::Owner && is_last_owner!(tx, canvas, person) {
                return Ok(false);
            }
            sqlx::query(PUT_PERSON)
                .bind(canvas.as_str())
                .bind(person)
                .bind(role.id())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Takes somebody's own role on a canvas away. Answers `false` where they are its last owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_canvas_person(
        &self,
        canvas: &CanvasId,
        person: &str,
    ) -> Result<bool, DbError> {
        const REMOVE: &str = "DELETE FROM canvas_people WHERE canvas = $1 AND person = $2";
        with_tx!(self, tx => async {
            lock_canvas!(tx, canvas);
            if is_last_owner!(tx, canvas, person) {
                return Ok(false);
            }
            sqlx::query(REMOVE).bind(canvas.as_str()).bind(person).execute(&mut *tx).await?;
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Makes `to` the owner of a canvas; the owners before become editors.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn transfer(&self, canvas: &CanvasId, to: &str, now_ms: i64) -> Result<(), DbError> {
        const BEFORE: &str =
            "UPDATE canvas_people SET role = 'editor' WHERE canvas = $1 AND role = 'owner'";
        with_tx!(self, tx => async {
            lock_canvas!(tx, canvas);
            sqlx::query(BEFORE).bind(canvas.as_str()).execute(&mut *tx).await?;
            sqlx::query(PUT_PERSON)
                .bind(canvas.as_str())
                .bind(to)
                .bind(CanvasRole::Owner.id())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Role of every member of the workspace on a canvas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspace_role(&self, canvas: &CanvasId) -> Result<Option<CanvasRole>, DbError> {
        const SQL: &str = "SELECT workspace_role FROM canvases WHERE id = $1";
        let row: Option<(String,)> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_optional(pool).await)?;
        Ok(row.and_then(|(role,)| CanvasRole::from_id(&role)))
    }

    /// Changes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_workspace_role(
        &self,
        canvas: &CanvasId,
        role: OpenRole,
    ) -> Result<(), DbError> {
        const SQL: &str = "UPDATE canvases SET workspace_role = $2 WHERE id = $1";
        let role = role.role().map_or("none", CanvasRole::id);
        with_write!(self, on => sqlx::query(SQL)
            .bind(canvas.as_str())
            .bind(role)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The link of a canvas, also one that has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link(&self, canvas: &CanvasId) -> Result<Option<LinkRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{LINK} WHERE canvas = $1"));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(canvas.as_str())
            .fetch_optional(pool)
            .await)?)
    }

    /// The link of a secret that has not ended, on a canvas that is not deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_by_secret(
        &self,
        secret: &str,
        now_ms: i64,
    ) -> Result<Option<LinkRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{LINK} WHERE secret = $1 AND (expires_at IS NULL OR expires_at > $2) AND EXISTS \
             (SELECT 1 FROM canvases c WHERE c.id = canvas_links.canvas AND c.deleted_at IS NULL)"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(secret)
            .bind(now_ms)
            .fetch_optional(pool)
            .await)?)
    }

    /// Sets the link of a canvas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_link(&self, link: &LinkRow) -> Result<(), DbError> {
        const PUT: &str = "INSERT INTO canvas_links \
             (canvas, secret, role, by_name, password, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (canvas) DO UPDATE SET \
             secret = excluded.secret, role = excluded.role, by_name = excluded.by_name, \
             password = excluded.password, created_at = excluded.created_at, \
             expires_at = excluded.expires_at";
        with_write!(self, on => sqlx::query(PUT)
            .bind(link.canvas.as_str())
            .bind(&link.secret)
            .bind(&link.role)
            .bind(&link.by_name)
            .bind(link.password.as_deref())
            .bind(link.created_at)
            .bind(link.expires_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Takes the link of a canvas back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_link(&self, canvas: &CanvasId) -> Result<(), DbError> {
        const SQL: &str = "DELETE FROM canvas_links WHERE canvas = $1";
        with_write!(self, on => sqlx::query(SQL).bind(canvas.as_str()).execute(on).await.map(|_| ()))?;
        Ok(())
    }

    /// Notes a request for a role on a canvas; a newer one of the same person takes its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_access_request(
        &self,
        canvas: &CanvasId,
        request: &AccessRequestBody,
    ) -> Result<(), DbError> {
        const PUT: &str = "INSERT INTO access_requests (id, canvas, person, role, note, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (canvas, person) DO UPDATE SET \
             role = excluded.role, note = excluded.note";
        with_write!(self, on => sqlx::query(PUT)
            .bind(&request.id)
            .bind(canvas.as_str())
            .bind(&request.person)
            .bind(request.role.id())
            .bind(&request.note)
            .bind(request.created_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Requests on a canvas that wait for an answer, oldest first; a thousand at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_requests(
        &self,
        canvas: &CanvasId,
    ) -> Result<Vec<AccessRequestBody>, DbError> {
        const SQL: &str = "SELECT r.id, r.person, p.name, r.role, r.note, r.created_at \
             FROM access_requests r JOIN people p ON p.id = r.person \
             WHERE r.canvas = $1 ORDER BY r.created_at, r.id LIMIT 1000";
        let rows: Vec<RequestRow> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
        let body = |row: RequestRow| AccessRequestBody {
            id: row.id,
            person: row.person,
            name: row.name,
            role: CanvasRole::from_id(&row.role).unwrap_or(CanvasRole::Viewer),
            note: row.note,
            created_at: row.created_at,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Takes a request off the list; answers who asked, where it was on it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_access_request(
        &self,
        canvas: &CanvasId,
        id: &str,
    ) -> Result<Option<String>, DbError> {
        const SQL: &str =
            "DELETE FROM access_requests WHERE canvas = $1 AND id = $2 RETURNING person";
        let row: Option<(String,)> = with_write!(self, on => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .bind(id)
            .fetch_optional(on)
            .await)?;
        Ok(row.map(|(person,)| person))
    }

    /// The people who own a canvas: they are told of requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owners(&self, canvas: &CanvasId) -> Result<Vec<String>, DbError> {
        const OWN: &str = "SELECT person FROM canvas_people WHERE canvas = $1 AND role = 'owner'";
        const OF_WORKSPACE: &str = "SELECT m.person FROM members m JOIN canvases c \
             ON c.workspace = m.workspace WHERE c.id = $1 AND m.role = 'owner'";
        let mut rows: Vec<(String,)> = with_read!(self, pool => sqlx::query_as(OWN).bind(canvas.as_str()).fetch_all(pool).await)?;
        if rows.is_empty() {
            rows = with_read!(self, pool => sqlx::query_as(OF_WORKSPACE)
                .bind(canvas.as_str())
                .fetch_all(pool)
                .await)?;
        }
        Ok(rows.into_iter().map(|(person,)| person).collect())
    }
}
