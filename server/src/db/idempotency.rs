//! Answers kept so that a repeated request is answered, not repeated (`Idempotency-Key`, 24 hours).

use super::{Db, DbError, with_read};

/// Time an answer is kept, in ms.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) const FORGET: &str = "DELETE FROM idempotency WHERE at <= $1";
pub(super) const KEEP: &str = "INSERT INTO idempotency \
     (person, route, key, body_hash, status, answer, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// The key under which the answer to a request is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Who asks.
    pub person: String,
    /// Method and path.
    pub route: String,
    /// The key they gave.
    pub key: String,
    /// The hash of the body.
    pub body_hash: String,
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    /// The hash of the request's body.
    pub body_hash: String,
    /// The status of the answer.
    pub status: i64,
    /// Body.
    pub answer: String,
}

impl Db {
    /// The answer to an earlier request of the same person, route and key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_answer(
        &self,
        person: &str,
        route: &str,
        key: &str,
        now_ms: i64,
    ) -> Result<Option<Kept>, DbError> {
        const SQL: &str = "SELECT body_hash, status, answer FROM idempotency \
             WHERE person = $1 AND route = $2 AND key = $3 AND at > $4";
        Ok(with_read!(self, pool => sqlx::query_as(SQL)
            .bind(person)
            .bind(route)
            .bind(key)
            .bind(now_ms - KEPT_MS)
            .fetch_optional(pool)
            .await)?)
    }
}
