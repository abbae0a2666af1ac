//! Workspaces, their people, and invitations.

use gesso_protocol::api::accounts::{InvitationBody, LinkKind, MemberBody, WorkspaceRole};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::pricing::Money;

use super::ids::IdText;
use super::{Db, DbError, ledger, with_read, with_tx, with_write};

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WorkspaceRow {
    /// Id.
    #[sqlx(try_from = "IdText")]
    pub id: WorkspaceId,
    /// Name.
    pub name: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// Number of its people.
    pub members: i64,
}

/// An invitation, by its secret.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InvitationRow {
    /// Id.
    pub id: String,
    /// [`LinkKind`] by its name here.
    pub kind: String,
    /// The workspace.
    #[sqlx(try_from = "IdText")]
    pub workspace: WorkspaceId,
    /// Role by its name.
    pub role: String,
    /// The only address that may take it.
    pub email: Option<String>,
    /// Whose password it resets.
    pub person: Option<String>,
    /// Who invited; none for the command line.
    pub by_person: Option<String>,
    /// Name of who invited.
    pub by_name: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
}

/// Names of kinds of invitations in rows; the link of a canvas has a table of its own.
const KINDS: [(LinkKind, &str); 3] = [
    (LinkKind::FirstOwner, "first_owner"),
    (LinkKind::Invitation, "invitation"),
    (LinkKind::Reset, "reset"),
];

impl InvitationRow {
    /// Kind.
    #[must_use]
    pub fn kind(&self) -> LinkKind {
        let kind = KINDS.iter().find(|(_, name)| *name == self.kind);
        kind.map_or(LinkKind::Invitation, |(kind, _)| *kind)
    }

    /// Role of whoever takes it.
    #[must_use]
    pub fn role(&self) -> WorkspaceRole {
        WorkspaceRole::from_id(&self.role).unwrap_or(WorkspaceRole::Guest)
    }

    /// Sets the kind.
    #[must_use]
    pub fn of_kind(mut self, kind: LinkKind) -> Self {
        let name = KINDS.iter().find(|(each, _)| *each == kind);
        self.kind = name.map_or_else(String::new, |(_, name)| (*name).to_owned());
        self
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: String,
    name: String,
    color: String,
    email: String,
    role: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

const INVITATION: &str = "SELECT id, kind, workspace, role, email, person, by_person, by_name, \
     created_at, expires_at FROM invitations";
/// True where a workspace has another owner than a person, who can sign in.
pub(super) const ANOTHER_OWNER: &str = "EXISTS (SELECT 1 FROM members m \
     JOIN accounts a ON a.person = m.person AND a.disabled_at IS NULL \
     WHERE m.workspace = $1 AND m.role = 'owner' AND m.person <> $2)";
/// Uses an invitation up, unless it was meanwhile.
pub(super) const TAKE: &str =
    "UPDATE invitations SET taken_at = $2 WHERE id = $1 AND taken_at IS NULL";
/// Ends the links that set a new password for a person.
pub(super) const END_RESETS: &str = "DELETE FROM invitations WHERE kind = 'reset' AND person = $1";
/// Has those who change the people of a workspace wait for one another: two owners who take the role from each other
/// at once would leave none.
const LOCK: &str = "UPDATE workspaces SET name = name WHERE id = $1";

const WORKSPACE: &str = "SELECT w.id, w.name, w.created_at, \
     (SELECT COUNT(*) FROM members m WHERE m.workspace = w.id) AS members FROM workspaces w";
/// Gives somebody a role in a workspace, who is not in it.
const ADD_MEMBER: &str = "INSERT INTO members (workspace, person, role, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, person) DO NOTHING";

impl Db {
    /// A workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Option<WorkspaceRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{WORKSPACE} WHERE w.id = $1"));
        Ok(
            with_read!(self, pool => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(pool).await)?,
        )
    }

    /// The workspaces that a person is in, the server's own first, then by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspaces_of(&self, person: &str) -> Result<Vec<WorkspaceRow>, DbError> {
        let sql = format!(
            "{WORKSPACE} WHERE w.id IN (SELECT o.workspace FROM members o WHERE o.person = $1) \
             ORDER BY CASE WHEN w.id = $2 THEN 0 ELSE 1 END, w.name, w.id"
        );
        let sql = sqlx::AssertSqlSafe(sql);
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(person)
            .bind(WorkspaceId::default().as_str())
            .fetch_all(pool)
            .await)?)
    }

    /// Number of workspaces.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workspace_count(&self) -> Result<i64, DbError> {
        const SQL: &str = "SELECT COUNT(*) FROM workspaces";
        let (count,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL).fetch_one(pool).await)?;
        Ok(count)
    }

    /// Adds a workspace with its owner and its first credits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_workspace(
        &self,
        id: &WorkspaceId,
        name: &str,
        owner: &str,
        credits: Money,
        now_ms: i64,
    ) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3)";
        with_tx!(self, tx => async {
            sqlx::query(ADD).bind(id.as_str()).bind(name).bind(now_ms).execute(&mut *tx).await?;
            sqlx::query(ADD_MEMBER)
                .bind(id.as_str())
                .bind(owner)
                .bind(WorkspaceRole::Owner.id())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            sqlx::query(ledger::OPEN).bind(id.as_str()).bind(credits.0).execute(&mut *tx).await?;
            ledger::note_grant!(tx, id, credits, ledger::FIRST_NOTE, now_ms);
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Renames a workspace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_workspace(&self, id: &WorkspaceId, name: &str) -> Result<(), DbError> {
        const SQL: &str = "UPDATE workspaces SET name = $2 WHERE id = $1";
        with_write!(self, on => sqlx::query(SQL).bind(id.as_str()).bind(name).execute(on).await.map(|_| ()))?;
        Ok(())
    }

    /// Role of a person in a workspace; none where they are not in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn member_role(
        &self,
        workspace: &WorkspaceId,
        person: &str,
    ) -> Result<Option<WorkspaceRole>, DbError> {
        const SQL: &str = "SELECT role FROM members WHERE workspace = $1 AND person = $2";
        let row: Option<(String,)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(workspace.as_str())
            .bind(person)
            .fetch_optional(pool)
            .await)?;
        Ok(row.and_then(|(role,)| WorkspaceRole::from_id(&role)))
    }

    /// The people of a workspace by name, after the person `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<MemberBody>, DbError> {
        const SQL: &str = "SELECT m.person AS id, p.name, p.color, a.email, m.role, m.created_at, a.disabled_at \
             FROM members m JOIN people p ON p.id = m.person JOIN accounts a ON a.person = m.person \
             WHERE m.workspace = $1 AND m.person > $2 ORDER BY m.person LIMIT $3";
        let rows: Vec<MemberRow> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(workspace.as_str())
            .bind(after.unwrap_or_default())
            .bind(limit)
            .fetch_all(pool)
            .await)?;
        let body = |row: MemberRow| MemberBody {
            id: row.id,
            name: row.name,
            color: row.color,
            email: Some(row.email),
            role: WorkspaceRole::from_id(&row.role).unwrap_or(WorkspaceRole::Guest),
            joined_at: row.created_at,
            disabled: row.disabled_at.is_some(),
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Gives somebody a role in a workspace, new or another. Answers `false` where that would take away the last owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_member(
        &self,
        workspace: &WorkspaceId,
        person: &str,
        role: WorkspaceRole,
        now_ms: i64,
    ) -> Result<bool, DbError> {
        let change = sqlx::AssertSqlSafe(format!(
            "UPDATE members SET role = $3 WHERE workspace = $1 AND person = $2 AND \
             (role <> 'owner' OR $3 = 'owner' OR {ANOTHER_OWNER})"
        ));
        let changed = with_tx!(self, tx => async {
            let added = sqlx::query(ADD_MEMBER)
                .bind(workspace.as_str())
                .bind(person)
                .bind(role.id())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            if added.rows_affected() > 0 {
                return Ok(1);
            }
            sqlx::query(LOCK).bind(workspace.as_str()).execute(&mut *tx).await?;
            let changed = sqlx::query(change)
                .bind(workspace.as_str())
                .bind(person)
                .bind(role.id())
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(changed.rows_affected())
        }
        .await)?;
        Ok(changed > 0)
    }

    /// Takes somebody out of a workspace, off its canvases too. Answers `false` where they are its last owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_member(
        &self,
        workspace: &WorkspaceId,
        person: &str,
    ) -> Result<bool, DbError> {
        let remove = sqlx::AssertSqlSafe(format!(
            "DELETE FROM members WHERE workspace = $1 AND person = $2 AND \
             (role <> 'owner' OR {ANOTHER_OWNER})"
        ));
        const OFF: &str = "DELETE FROM canvas_people WHERE person = $1 AND canvas IN \
             (SELECT id FROM canvases WHERE workspace = $2)";
        with_tx!(self, tx => async {
            sqlx::query(LOCK).bind(workspace.as_str()).execute(&mut *tx).await?;
            let removed =
                sqlx::query(remove).bind(workspace.as_str()).bind(person).execute(&mut *tx).await?;
            if removed.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(OFF).bind(person).bind(workspace.as_str()).execute(&mut *tx).await?;
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Adds an invitation; `hash` is that of its secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_invitation(&self, new: &InvitationRow, hash: &str) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO invitations (id, hash, kind, workspace, role, email, person, \
             by_name, created_at, expires_at, by_person) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        with_write!(self, on => sqlx::query(ADD)
            .bind(&new.id)
            .bind(hash)
            .bind(&new.kind)
            .bind(new.workspace.as_str())
            .bind(&new.role)
            .bind(new.email.as_deref())
            .bind(new.person.as_deref())
            .bind(&new.by_name)
            .bind(new.created_at)
            .bind(new.expires_at)
            .bind(new.by_person.as_deref())
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The invitation of a secret, by its hash, that can still be taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation(
        &self,
        hash: &str,
        now_ms: i64,
    ) -> Result<Option<InvitationRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{INVITATION} WHERE hash = $1 AND taken_at IS NULL AND expires_at > $2"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(hash)
            .bind(now_ms)
            .fetch_optional(pool)
            .await)?)
    }

    /// Marks an invitation as taken by somebody who has an account; answers whether it could still be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_invitation(&self, id: &str, now_ms: i64) -> Result<bool, DbError> {
        let took = with_write!(self, on => sqlx::query(TAKE)
            .bind(id)
            .bind(now_ms)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(took > 0)
    }

    /// The invitations of a workspace that can still be taken, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations(
        &self,
        workspace: &WorkspaceId,
        now_ms: i64,
    ) -> Result<Vec<InvitationBody>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{INVITATION} WHERE workspace = $1 AND kind = 'invitation' AND taken_at IS NULL \
             AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT 1000"
        ));
        let rows: Vec<InvitationRow> = with_read!(self, pool => sqlx::query_as(sql)
            .bind(workspace.as_str())
            .bind(now_ms)
            .fetch_all(pool)
            .await)?;
        let body = |row: InvitationRow| InvitationBody {
            role: row.role(),
            id: row.id,
            email: row.email,
            by: row.by_name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            url: None,
            token: None,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Takes an invitation of a workspace back; answers whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_invitation(&self, workspace: &WorkspaceId, id: &str) -> Result<bool, DbError> {
        const SQL: &str =
            "DELETE FROM invitations WHERE workspace = $1 AND id = $2 AND taken_at IS NULL";
        let ended = with_write!(self, on => sqlx::query(SQL)
            .bind(workspace.as_str())
            .bind(id)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }

    /// Takes back all links of the first owner: of several only the last counts, and none once somebody has an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_links_of_owner(&self) -> Result<(), DbError> {
        const SQL: &str = "DELETE FROM invitations WHERE kind = 'first_owner'";
        with_write!(self, on => sqlx::query(SQL).execute(on).await.map(|_| ()))?;
        Ok(())
    }

    /// Takes back all links that set a new password for a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_reset_links(&self, person: &str) -> Result<(), DbError> {
        with_write!(self, on => sqlx::query(END_RESETS)
            .bind(person)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
