//! Accounts: how people sign in, on which devices they are signed in, and their API tokens.

use std::collections::BTreeMap;

use gesso_protocol::api::Me;
use gesso_protocol::api::accounts::{Account, Scope, SessionBody, TokenBody, WorkspaceRole};
use gesso_protocol::ids::WorkspaceId;

use super::ids::MaybeIdText;
use super::members::{ANOTHER_OWNER, END_RESETS, TAKE};
use super::people::PERSON;
use super::sign_ins::{ADD_IDENTITY, IdentityRow};
use super::{Db, DbError, with_read, with_tx, with_write};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountRow {
    /// The person.
    pub person: String,
    /// Their name.
    pub name: String,
    /// Address as it was typed.
    pub email: String,
    /// Hash of the password (PHC); none where they sign in elsewhere.
    pub password: Option<String>,
    /// When it was disabled, in ms since 1970.
    pub disabled_at: Option<i64>,
    /// 1 where it is known that the address is theirs.
    pub email_checked: i64,
}

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The person, who has no account yet.
    pub me: Me,
    /// Address as it was typed.
    pub email: String,
    /// Address as it is compared.
    pub email_key: String,
    /// Hash of the password (PHC).
    pub password: Option<String>,
    /// True if it is known that the address is theirs.
    pub is_email_checked: bool,
    /// Who they are at a provider.
    pub identity: Option<IdentityRow>,
    /// The workspace they begin in.
    pub workspace: WorkspaceId,
    /// Role in it.
    pub role: WorkspaceRole,
}

/// The workspaces that a person is in, with their role.
pub type Memberships = BTreeMap<WorkspaceId, WorkspaceRole>;

/// A session or token that was presented, and whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Presented {
    /// Id of the session or token.
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// Rights of a token, as its row has them; empty for a session.
    pub scopes: String,
    /// When it was last used.
    pub used_at: Option<i64>,
    /// When it ends.
    pub expires_at: Option<i64>,
}

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Id.
    pub id: String,
    /// Hash of its secret.
    pub hash: String,
    /// Whose it is.
    pub person: String,
    /// Name that the browser gave itself.
    pub device: String,
    /// Network address.
    pub address: String,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    device: String,
    address: String,
    created_at: i64,
    used_at: i64,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: String,
    name: String,
    scopes: String,
    created_at: i64,
    used_at: Option<i64>,
    expires_at: Option<i64>,
}

/// Rights as a row has them: names with commas between.
pub fn scopes_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.id()).collect::<Vec<_>>().join(",")
}

/// Reads what [`scopes_text`] wrote.
pub fn scopes_of(text: &str) -> Vec<Scope> {
    text.split(',').filter_map(Scope::from_id).collect()
}

const ACCOUNT: &str = "SELECT a.person, p.name, a.email, a.password, a.disabled_at, a.email_checked \
     FROM accounts a JOIN people p ON p.id = a.person";

impl Db {
    /// True if somebody has an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_accounts(&self) -> Result<bool, DbError> {
        const SQL: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM accounts LIMIT 1) a";
        let (count,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL).fetch_one(pool).await)?;
        Ok(count > 0)
    }

    /// The account of an address, as it is compared.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_email(&self, key: &str) -> Result<Option<AccountRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE a.email_key = $1"));
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(key).fetch_optional(pool).await)?)
    }

    /// The account of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, person: &str) -> Result<Option<AccountRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} WHERE a.person = $1"));
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(person).fetch_optional(pool).await)?)
    }

    /// All accounts, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACCOUNT} ORDER BY a.email_key"));
        Ok(with_read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?)
    }

    /// A person as they are told of themselves, with their account, and the workspaces they are in; none where the
    /// account was disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_in(&self, person: &str) -> Result<Option<(Me, Memberships)>, DbError> {
        const SQL: &str = "SELECT a.email, m.workspace, m.role, \
             CASE WHEN a.password IS NULL THEN 0 ELSE 1 END AS has_password FROM accounts a \
             LEFT JOIN members m ON m.person = a.person \
             WHERE a.person = $1 AND a.disabled_at IS NULL";
        let rows: Vec<(String, MaybeIdText, Option<String>, i32)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(person)
            .fetch_all(pool)
            .await)?;
        let first = rows.first().map(|(email, .., has)| (email.clone(), *has != 0));
        let Some((email, has_password)) = first else { return Ok(None) };
        let Some(me) = self.person(person).await? else { return Ok(None) };
        let membership = |(_, workspace, role, _): (String, MaybeIdText, Option<String>, i32)| {
            let role = role.as_deref().and_then(WorkspaceRole::from_id);
            Option::<WorkspaceId>::from(workspace).zip(role)
        };
        let memberships: Memberships = rows.into_iter().filter_map(membership).collect();
        let own = memberships.get(&WorkspaceId::default());
        let own = own.or_else(|| memberships.values().max());
        let role = own.copied().unwrap_or(WorkspaceRole::Guest);
        Ok(Some((Me { account: Some(Account { email, role, has_password }), ..me }, memberships)))
    }

    /// Makes an account with a place in a workspace. `taken`: the id of the invitation that is used up by it, and
    /// must not have been.
    ///
    /// # Errors
    /// A unique violation where the address has an account; `Ok(false)` where the invitation was taken meanwhile.
    pub async fn add_account(
        &self,
        new: &NewAccount,
        taken: Option<&str>,
        now_ms: i64,
    ) -> Result<bool, DbError> {
        const ADD: &str = "INSERT INTO accounts \
             (person, email, email_key, password, created_at, email_checked) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        const MEMBER: &str = "INSERT INTO members (workspace, person, role, created_at) \
             VALUES ($1, $2, $3, $4)";
        let favourites =
            serde_json::to_string(&new.me.favourites).map_err(DbError::row("people"))?;
        with_tx!(self, tx => async {
            if let Some(invitation) = taken {
                let took = sqlx::query(TAKE)
                    .bind(invitation)
                    .bind(now_ms)
                    .execute(&mut *tx)
                    .await?;
                if took.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            sqlx::query(PERSON)
                .bind(&new.me.id)
                .bind(&new.me.name)
                .bind(&new.me.color)
                .bind(&favourites)
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            sqlx::query(ADD)
                .bind(&new.me.id)
                .bind(&new.email)
                .bind(&new.email_key)
                .bind(new.password.as_deref())
                .bind(now_ms)
                .bind(i64::from(new.is_email_checked))
                .execute(&mut *tx)
                .await?;
            if let Some(identity) = &new.identity {
                sqlx::query(ADD_IDENTITY)
                    .bind(&identity.id)
                    .bind(&identity.person)
                    .bind(&identity.issuer)
                    .bind(&identity.subject)
                    .bind(&identity.email)
                    .bind(identity.created_at)
                    .execute(&mut *tx)
                    .await?;
            }
            sqlx::query(MEMBER)
                .bind(new.workspace.as_str())
                .bind(&new.me.id)
                .bind(new.role.id())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Sets another password and ends all sessions and reset links, so that whoever had one is out. `taken` as in
    /// [`Self::add_account`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(
        &self,
        person: &str,
        password: &str,
        taken: Option<&str>,
        now_ms: i64,
    ) -> Result<bool, DbError> {
        with_tx!(self, tx => async {
            if let Some(invitation) = taken {
                let took = sqlx::query(TAKE)
                    .bind(invitation)
                    .bind(now_ms)
                    .execute(&mut *tx)
                    .await?;
                if took.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            sqlx::query("UPDATE accounts SET password = $2 WHERE person = $1")
                .bind(person)
                .bind(password)
                .execute(&mut *tx)
                .await?;
            for sql in ["DELETE FROM sessions WHERE person = $1", END_RESETS] {
                sqlx::query(sql).bind(person).execute(&mut *tx).await?;
            }
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Disables an account, and ends its sessions and tokens; or enables it again. Answers `false` where it is that of the
    /// server's last owner who can sign in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_disabled(
        &self,
        person: &str,
        disabled_at: Option<i64>,
    ) -> Result<bool, DbError> {
        const END: [&str; 2] =
            ["DELETE FROM sessions WHERE person = $1", "DELETE FROM tokens WHERE person = $1"];
        let disable = sqlx::AssertSqlSafe(format!(
            "UPDATE accounts SET disabled_at = $3 WHERE person = $2 AND (NOT EXISTS \
             (SELECT 1 FROM members WHERE workspace = $1 AND person = $2 AND role = 'owner') \
             OR {ANOTHER_OWNER})"
        ));
        const ENABLE: &str = "UPDATE accounts SET disabled_at = NULL WHERE person = $1";
        with_tx!(self, tx => async {
            let Some(at) = disabled_at else {
                sqlx::query(ENABLE).bind(person).execute(&mut *tx).await?;
                return Ok(true);
            };
            let done = sqlx::query(disable)
                .bind(WorkspaceId::default().as_str())
                .bind(person)
                .bind(at)
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            for sql in END {
                sqlx::query(sql).bind(person).execute(&mut *tx).await?;
            }
            Ok::<_, DbError>(true)
        }
        .await)
    }

    /// Signs a device in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_session(
        &self,
        new: &NewSession,
        now_ms: i64,
        expires_at: i64,
    ) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO sessions \
             (id, hash, person, device, address, created_at, used_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
        with_write!(self, on => sqlx::query(ADD)
            .bind(&new.id)
            .bind(&new.hash)
            .bind(&new.person)
            .bind(&new.device)
            .bind(&new.address)
            .bind(now_ms)
            .bind(expires_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The session of a secret, by its hash, that has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, hash: &str, now_ms: i64) -> Result<Option<Presented>, DbError> {
        const SQL: &str = "SELECT id, person, '' AS scopes, used_at, expires_at FROM sessions \
             WHERE hash = $1 AND expires_at > $2";
        Ok(with_read!(self, pool => sqlx::query_as(SQL)
            .bind(hash)
            .bind(now_ms)
            .fetch_optional(pool)
            .await)?)
    }

    /// The token of a secret, likewise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, hash: &str, now_ms: i64) -> Result<Option<Presented>, DbError> {
        const SQL: &str = "SELECT id, person, scopes, used_at, expires_at FROM tokens \
             WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)";
        Ok(with_read!(self, pool => sqlx::query_as(SQL)
            .bind(hash)
            .bind(now_ms)
            .fetch_optional(pool)
            .await)?)
    }

    /// True while a session or token of this id has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_presentable(&self, id: &str, now_ms: i64) -> Result<bool, DbError> {
        const SQL: &str = "SELECT \
             (SELECT COUNT(*) FROM sessions WHERE id = $1 AND expires_at > $2) \
             + (SELECT COUNT(*) FROM tokens WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2))";
        let (count,): (i64,) = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(id)
            .bind(now_ms)
            .fetch_one(pool)
            .await)?;
        Ok(count > 0)
    }

    /// Notes that a session was used, from where and until when it lasts now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_session(
        &self,
        id: &str,
        address: &str,
        now_ms: i64,
        expires_at: i64,
    ) -> Result<(), DbError> {
        const SQL: &str =
            "UPDATE sessions SET used_at = $2, address = $3, expires_at = $4 WHERE id = $1";
        with_write!(self, on => sqlx::query(SQL)
            .bind(id)
            .bind(now_ms)
            .bind(address)
            .bind(expires_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_token(&self, id: &str, now_ms: i64) -> Result<(), DbError> {
        const SQL: &str = "UPDATE tokens SET used_at = $2 WHERE id = $1";
        with_write!(self, on => sqlx::query(SQL)
            .bind(id)
            .bind(now_ms)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The devices of a person, last used first; `current` is the id of the one that asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(
        &self,
        person: &str,
        current: &str,
        now_ms: i64,
    ) -> Result<Vec<SessionBody>, DbError> {
        const SQL: &str = "SELECT id, device, address, created_at, used_at FROM sessions \
             WHERE person = $1 AND expires_at > $2 ORDER BY used_at DESC, id LIMIT 1000";
        let rows: Vec<SessionRow> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(person)
            .bind(now_ms)
            .fetch_all(pool)
            .await)?;
        let body = |row: SessionRow| SessionBody {
            current: row.id == current,
            id: row.id,
            device: row.device,
            address: row.address,
            created_at: row.created_at,
            used_at: row.used_at,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Ends a session of a person; answers whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, person: &str, id: &str) -> Result<bool, DbError> {
        const SQL: &str = "DELETE FROM sessions WHERE person = $1 AND id = $2";
        let ended = with_write!(self, on => sqlx::query(SQL)
            .bind(person)
            .bind(id)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }

    /// Forgets sessions, invitations and links that have ended long ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_ended(&self, before_ms: i64) -> Result<(), DbError> {
        for sql in [
            "DELETE FROM sessions WHERE expires_at <= $1",
            "DELETE FROM tokens WHERE expires_at <= $1",
            "DELETE FROM invitations WHERE expires_at <= $1",
        ] {
            with_write!(self, on => sqlx::query(sql).bind(before_ms).execute(on).await.map(|_| ()))?;
        }
        Ok(())
    }

    /// Adds a token; `hash` is that of its secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_token(
        &self,
        person: &str,
        hash: &str,
        token: &TokenBody,
    ) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO tokens \
             (id, hash, person, name, scopes, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        with_write!(self, on => sqlx::query(ADD)
            .bind(&token.id)
            .bind(hash)
            .bind(person)
            .bind(&token.name)
            .bind(scopes_text(&token.scopes))
            .bind(token.created_at)
            .bind(token.expires_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The tokens of a person, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self, person: &str) -> Result<Vec<TokenBody>, DbError> {
        const SQL: &str = "SELECT id, name, scopes, created_at, used_at, expires_at FROM tokens \
             WHERE person = $1 ORDER BY created_at DESC, id LIMIT 1000";
        let rows: Vec<TokenRow> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(person).fetch_all(pool).await)?;
        let body = |row: TokenRow| TokenBody {
            id: row.id,
            name: row.name,
            scopes: scopes_of(&row.scopes),
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
            secret: None,
        };
        Ok(rows.into_iter().map(body).collect())
    }

    /// Ends a token; of this person where one is named. Answers whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_token(&self, person: Option<&str>, id: &str) -> Result<bool, DbError> {
        const SQL: &str = "DELETE FROM tokens WHERE id = $1 AND ($2 = '' OR person = $2)";
        let ended = with_write!(self, on => sqlx::query(SQL)
            .bind(id)
            .bind(person.unwrap_or_default())
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }
}
