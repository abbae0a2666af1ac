//! Leases: which server has a run, and the place of a run in the queue.

use gesso_protocol::ids::RunId;

use super::{Db, DbError, RUN_COLUMNS, RunRow, SNAPSHOT, with_read, with_write};

impl Db {
    /// Takes a run that has not ended: where this server is alone, where its lease has ended, or where it is this
    /// server's already. Answers the new fence, which everybody who had it before does not know.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_run(
        &self,
        run: &RunId,
        owner: &str,
        lease_until: i64,
        now_ms: i64,
        alone: bool,
    ) -> Result<Option<i64>, DbError> {
        const SQL: &str = "UPDATE runs SET fence = fence + 1, owner = $2, lease_until = $3 \
             WHERE id = $1 AND status IN ('queued', 'running', 'paused') \
             AND ($4 = 1 OR owner = $2 OR lease_until <= $5) RETURNING fence";
        Ok(with_write!(self, on => sqlx::query_scalar(SQL)
            .bind(run.as_str())
            .bind(owner)
            .bind(lease_until)
            .bind(i64::from(alone))
            .bind(now_ms)
            .fetch_optional(on)
            .await)?)
    }

    /// Renews the leases of all runs that a server has in hand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_leases(&self, owner: &str, lease_until: i64) -> Result<(), DbError> {
        const SQL: &str = "UPDATE runs SET lease_until = $2 \
             WHERE owner = $1 AND status IN ('queued', 'running', 'paused')";
        with_write!(self, on => sqlx::query(SQL)
            .bind(owner)
            .bind(lease_until)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// The runs that have not ended and whose lease has, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expired_runs(&self, now_ms: i64) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {SNAPSHOT} FROM runs WHERE status IN ('queued', 'running', 'paused') \
             AND lease_until <= $1 ORDER BY created_at, id"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(now_ms).fetch_all(pool).await)?)
    }

    /// Holds a queued run back, or lets it go on. Answers whether it was queued.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_waiting(&self, run: &RunId, waiting: bool) -> Result<bool, DbError> {
        const SQL: &str = "UPDATE runs SET waiting = $2 WHERE id = $1 AND status = 'queued'";
        self.set_queued(SQL, run, i64::from(waiting)).await
    }

    /// Gives a queued run its place among its owner's. Answers whether it was queued.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_place(&self, run: &RunId, place: i64) -> Result<bool, DbError> {
        const SQL: &str = "UPDATE runs SET place = $2 WHERE id = $1 AND status = 'queued'";
        self.set_queued(SQL, run, place).await
    }

    async fn set_queued(
        &self,
        sql: &'static str,
        run: &RunId,
        value: i64,
    ) -> Result<bool, DbError> {
        let changed = with_write!(self, on => sqlx::query(sql)
            .bind(run.as_str())
            .bind(value)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed > 0)
    }
}
