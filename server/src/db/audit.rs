//! The audit log, and notifications of people.

use gesso_protocol::api::accounts::{AuditEntry, NotificationBody, NotificationKind};
use gesso_protocol::ids::{CanvasId, WorkspaceId};

use super::{Db, DbError, with_read, with_tx, with_write};

/// Something that was done, to be noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEvent {
    /// What: `session.created`, `canvas.deleted`, …
    pub action: &'static str,
    /// Who; none for somebody unknown and for the command line.
    pub person: Option<String>,
    /// Their name then.
    pub name: String,
    /// The canvas it was done to.
    pub canvas: Option<CanvasId>,
    /// Whatever else it was done to.
    pub target: String,
    /// Words.
    pub detail: String,
    /// Network address it came from.
    pub address: String,
    /// The workspace whose log it is in: that of a canvas is found by itself, and what belongs to none is in that of the
    /// server's own.
    pub workspace: Option<WorkspaceId>,
}

/// A wish of the audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Whose log.
    pub workspace: WorkspaceId,
    /// Only of this canvas.
    pub canvas: Option<String>,
    /// Only of this person.
    pub person: Option<String>,
    /// Only of this action, or of those that begin with it and a dot.
    pub action: Option<String>,
    /// Only before this entry.
    pub before: Option<i64>,
    /// Most entries.
    pub limit: i64,
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    at: i64,
    action: String,
    person: Option<String>,
    name: String,
    canvas: Option<String>,
    target: String,
    detail: String,
    address: String,
}

#[derive(sqlx::FromRow)]
struct NotificationRow {
    id: i64,
    at: i64,
    kind: String,
    canvas: Option<String>,
    canvas_name: String,
    node: Option<String>,
    request: Option<String>,
    by_name: String,
    text: String,
    seen_at: Option<i64>,
}

/// A notification to be.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// Whom it is for.
    pub person: String,
    /// Reason.
    pub kind: NotificationKind,
    /// The canvas it is about.
    pub canvas: Option<CanvasId>,
    /// Its name now; empty for somebody who may not know it.
    pub canvas_name: String,
    /// The node it is about.
    pub node: Option<String>,
    /// The request that waits for an answer.
    pub request: Option<String>,
    /// Name of who caused it.
    pub by_name: String,
    /// Words.
    pub text: String,
}

/// Names of reasons in rows.
const KINDS: [(NotificationKind, &str); 3] = [
    (NotificationKind::Mention, "mention"),
    (NotificationKind::AccessRequest, "access_request"),
    (NotificationKind::Role, "role"),
];
/// The most notifications of a person that are listed.
const NOTIFICATIONS_MAX: i64 = 200;

impl Db {
    /// Notes what was done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&self, event: &AuditEvent, now_ms: i64) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO audit \
             (at, action, person, name, canvas, target, detail, address, workspace) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \
             COALESCE((SELECT c.workspace FROM canvases c WHERE c.id = $5), $9))";
        with_write!(self, on => sqlx::query(ADD)
            .bind(now_ms)
            .bind(event.action)
            .bind(event.person.as_deref())
            .bind(&event.name)
            .bind(event.canvas.as_ref().map(CanvasId::as_str))
            .bind(&event.target)
            .bind(&event.detail)
            .bind(&event.address)
            .bind(event.workspace.clone().unwrap_or_default().as_str())
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The number of the last entry of the audit log; 0 where it is empty.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_audit_event(&self) -> Result<i64, DbError> {
        const SQL: &str = "SELECT COALESCE(MAX(id), 0) FROM audit";
        let (last,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL).fetch_one(pool).await)?;
        Ok(last)
    }

    /// True if the command line did something after this entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_command(&self, after: i64) -> Result<bool, DbError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM audit WHERE id > $1 AND person IS NULL AND address = ''";
        let (count,): (i64,) =
            with_read!(self, pool => sqlx::query_as(SQL).bind(after).fetch_one(pool).await)?;
        Ok(count > 0)
    }

    /// Entries of the audit log, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, DbError> {
        const SQL: &str = "SELECT id, at, action, person, name, canvas, target, detail, address \
             FROM audit WHERE workspace = $6 AND id < $1 AND ($2 = '' OR canvas = $2) AND ($3 = '' OR person = $3) \
             AND ($4 = '' OR action = $4 OR substr(action, 1, length($4) + 1) = $4 || '.') \
             ORDER BY id DESC LIMIT $5";
        let rows: Vec<AuditRow> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(query.before.unwrap_or(i64::MAX))
            .bind(query.canvas.as_deref().unwrap_or_default())
            .bind(query.person.as_deref().unwrap_or_default())
            .bind(query.action.as_deref().unwrap_or_default())
            .bind(query.limit)
            .bind(query.workspace.as_str())
            .fetch_all(pool)
            .await)?;
        let entry = |row: AuditRow| AuditEntry {
            id: row.id,
            at: row.at,
            action: row.action,
            person: row.person,
            name: row.name,
            canvas: row.canvas,
            target: row.target,
            detail: row.detail,
            address: row.address,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Leaves a notification for a person. Of each kind so many stay as are listed, and of roles on one canvas the last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify(&self, new: &NewNotification, now_ms: i64) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO notifications \
             (person, at, kind, canvas, node, by_name, text, request, canvas_name) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        const FORGET: &str = "DELETE FROM notifications WHERE person = $1 AND kind = $2 AND id <= \
             (SELECT id FROM notifications WHERE person = $1 AND kind = $2 \
             ORDER BY id DESC LIMIT 1 OFFSET $3)";
        const REPLACE: &str = "DELETE FROM notifications \
             WHERE person = $1 AND kind = $2 AND kind = 'role' AND canvas = $3";
        let kind = KINDS.iter().find(|(kind, _)| *kind == new.kind).map_or("", |(_, name)| *name);
        with_tx!(self, tx => async {
            sqlx::query(REPLACE)
                .bind(&new.person)
                .bind(kind)
                .bind(new.canvas.as_ref().map(CanvasId::as_str))
                .execute(&mut *tx)
                .await?;
            sqlx::query(ADD)
                .bind(&new.person)
                .bind(now_ms)
                .bind(kind)
                .bind(new.canvas.as_ref().map(CanvasId::as_str))
                .bind(new.node.as_deref())
                .bind(&new.by_name)
                .bind(&new.text)
                .bind(new.request.as_deref())
                .bind(&new.canvas_name)
                .execute(&mut *tx)
                .await?;
            sqlx::query(FORGET)
                .bind(&new.person)
                .bind(kind)
                .bind(NOTIFICATIONS_MAX)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// The newest notifications of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notifications(&self, person: &str) -> Result<Vec<NotificationBody>, DbError> {
        const SQL: &str = "SELECT id, at, kind, canvas, canvas_name, node, request, by_name, text, seen_at \
             FROM notifications WHERE person = $1 ORDER BY id DESC LIMIT $2";
        let rows: Vec<NotificationRow> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(person)
            .bind(NOTIFICATIONS_MAX)
            .fetch_all(pool)
            .await)?;
        let kind = |name: &str| KINDS.iter().find(|(_, each)| *each == name).map(|(kind, _)| *kind);
        let body = |row: NotificationRow| {
            Some(NotificationBody {
                kind: kind(&row.kind)?,
                id: row.id,
                at: row.at,
                canvas: row.canvas,
                canvas_name: row.canvas_name,
                node: row.node,
                request: row.request,
                by: row.by_name,
                text: row.text,
                seen: row.seen_at.is_some(),
            })
        };
        Ok(rows.into_iter().filter_map(body).collect())
    }

    /// Marks all notifications of a person as seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_notifications(&self, person: &str, now_ms: i64) -> Result<(), DbError> {
        const SQL: &str =
            "UPDATE notifications SET seen_at = $2 WHERE person = $1 AND seen_at IS NULL";
        with_write!(self, on => sqlx::query(SQL)
            .bind(person)
            .bind(now_ms)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
