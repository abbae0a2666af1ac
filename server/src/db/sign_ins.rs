//! Sign-in with other providers: who somebody is there, and sign-ins under way.

use super::{Db, DbError, with_read, with_tx, with_write};

/// Who somebody is at a provider.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct IdentityRow {
    /// Id.
    pub id: String,
    /// The person here.
    pub person: String,
    /// Address of the provider.
    pub issuer: String,
    /// Id of the person there.
    pub subject: String,
    /// Their address there; empty where the provider did not check it.
    pub email: String,
    /// When it was connected, in ms since 1970.
    pub created_at: i64,
}

/// A sign-in under way.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SignInRow {
    /// Hash of what the provider sends back.
    pub state: String,
    /// Hash of what the browser keeps meanwhile.
    pub browser: String,
    /// Id of the provider.
    pub provider: String,
    /// What the provider puts into what it signs.
    pub nonce: String,
    /// What proves that whoever ends it began it.
    pub verifier: String,
    /// The page that is opened after it.
    pub next: String,
    /// The secret of a link that somebody new comes with.
    pub link: Option<String>,
    /// The person who connects it with their account.
    pub person: Option<String>,
    /// When it began, in ms since 1970.
    pub created_at: i64,
}

/// Time a sign-in may take, in ms.
const SIGN_IN_MS: i64 = 10 * 60 * 1000;

pub(super) const ADD_IDENTITY: &str = "INSERT INTO identities \
     (id, person, issuer, subject, email, created_at) VALUES ($1, $2, $3, $4, $5, $6)";

impl Db {
    /// Notes that a sign-in began, and forgets those that took too long.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_sign_in(&self, row: &SignInRow) -> Result<(), DbError> {
        const ADD: &str = "INSERT INTO sign_ins (state, browser, provider, nonce, verifier, next, link, \
             person, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        const FORGET: &str = "DELETE FROM sign_ins WHERE created_at <= $1";
        with_tx!(self, tx => async {
            sqlx::query(FORGET).bind(row.created_at - SIGN_IN_MS).execute(&mut *tx).await?;
            sqlx::query(ADD)
                .bind(&row.state)
                .bind(&row.browser)
                .bind(&row.provider)
                .bind(&row.nonce)
                .bind(&row.verifier)
                .bind(&row.next)
                .bind(row.link.as_deref())
                .bind(row.person.as_deref())
                .bind(row.created_at)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(())
        }
        .await)
    }

    /// Takes a sign-in that the same browser began; once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_sign_in(
        &self,
        state: &str,
        browser: &str,
        now_ms: i64,
    ) -> Result<Option<SignInRow>, DbError> {
        const TAKE: &str = "DELETE FROM sign_ins WHERE state = $1 AND browser = $2 AND created_at > $3 \
             RETURNING state, browser, provider, nonce, verifier, next, link, person, created_at";
        Ok(with_write!(self, on => sqlx::query_as(TAKE)
            .bind(state)
            .bind(browser)
            .bind(now_ms - SIGN_IN_MS)
            .fetch_optional(on)
            .await)?)
    }

    /// The person here who is somebody at a provider.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identified(&self, issuer: &str, subject: &str) -> Result<Option<String>, DbError> {
        const SQL: &str = "SELECT person FROM identities WHERE issuer = $1 AND subject = $2";
        let row: Option<(String,)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(issuer)
            .bind(subject)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(person,)| person))
    }

    /// Who a person is at providers, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identities(&self, person: &str) -> Result<Vec<IdentityRow>, DbError> {
        const SQL: &str = "SELECT id, person, issuer, subject, email, created_at FROM identities \
             WHERE person = $1 ORDER BY created_at, id LIMIT 1000";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(person).fetch_all(pool).await)?)
    }

    /// Connects an account with somebody at a provider.
    ///
    /// # Errors
    /// A unique violation where they are connected with another account.
    pub async fn add_identity(&self, row: &IdentityRow) -> Result<(), DbError> {
        with_write!(self, on => sqlx::query(ADD_IDENTITY)
            .bind(&row.id)
            .bind(&row.person)
            .bind(&row.issuer)
            .bind(&row.subject)
            .bind(&row.email)
            .bind(row.created_at)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Disconnects an account from a provider, unless that is the only way to sign in; answers whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_identity(&self, person: &str, id: &str) -> Result<bool, DbError> {
        const SQL: &str = "DELETE FROM identities WHERE person = $1 AND id = $2 AND (\
             EXISTS (SELECT 1 FROM accounts WHERE person = $1 AND password IS NOT NULL) \
             OR (SELECT COUNT(*) FROM identities WHERE person = $1) > 1)";
        let removed = with_write!(self, on => sqlx::query(SQL)
            .bind(person)
            .bind(id)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(removed > 0)
    }
}
