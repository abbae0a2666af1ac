//! Runs: their snapshots, steps and units. Each change of state is one transaction that moves the credits with it; a
//! terminal state is written once and never changed.

mod leases;
mod made;
mod record;
mod rows;
mod start;

use gesso_protocol::ids::{CanvasId, NodeId, RunId};
use gesso_protocol::schema::Generation;

pub use made::NewGeneration;
pub(super) use made::{add_assets, add_generations};
pub use record::{Changes, RecordError, StatusChange, StepChange, UnitChange};

pub use rows::{InvocationRow, ReviewRow, RunRow, StepRow};
pub use start::{NewInvocation, NewRun, NewStep, StartError};

use super::ids::IdText;
use super::{Db, DbError, with_read, with_tx, with_write};

const RUN_COLUMNS: &str = "id, canvas, workspace, number, status, mode, node, nodes, person, person_name, \
     on_error, hold, captured, released, cancel_requested, created_at, started_at, \
     finished_at, error, retry_of, fence, owner, lease_until, waiting, place";
/// With the plan, where it is needed.
const SNAPSHOT: &str =
    "COALESCE((SELECT body FROM run_snapshots WHERE run = runs.id), '') AS snapshot";
/// Without the plan, which can be large, in lists.
const NO_SNAPSHOT: &str = "'' AS snapshot";

impl Db {
    /// A run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&self, id: &RunId) -> Result<Option<RunRow>, DbError> {
        self.run_with(id, SNAPSHOT).await
    }

    /// A run without its plan.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_without_plan(&self, id: &RunId) -> Result<Option<RunRow>, DbError> {
        self.run_with(id, NO_SNAPSHOT).await
    }

    async fn run_with(&self, id: &RunId, snapshot: &str) -> Result<Option<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {snapshot} FROM runs WHERE id = $1"
        ));
        Ok(
            with_read!(self, pool => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(pool).await)?,
        )
    }

    /// The runs of a canvas, newest first, below the number given; without their plans.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs_of(
        &self,
        canvas: &CanvasId,
        below: Option<i64>,
        limit: i64,
    ) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {NO_SNAPSHOT} FROM runs WHERE canvas = $1 AND number < $2 \
             ORDER BY number DESC LIMIT $3"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(canvas.as_str())
            .bind(below.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(pool)
            .await)?)
    }

    /// The runs of a canvas that have not ended; without their plans.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unfinished_runs_of(&self, canvas: &CanvasId) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {NO_SNAPSHOT} FROM runs WHERE canvas = $1 \
             AND status IN ('queued', 'running', 'paused') ORDER BY number"
        ));
        Ok(
            with_read!(self, pool => sqlx::query_as(sql).bind(canvas.as_str()).fetch_all(pool).await)?,
        )
    }

    /// All runs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unfinished_runs(&self) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {SNAPSHOT} FROM runs WHERE status IN ('queued', 'running', 'paused') \
             ORDER BY created_at, id"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?)
    }

    /// All runs that have not ended, oldest first; without their plans.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_runs(&self) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS}, {NO_SNAPSHOT} FROM runs WHERE status IN ('queued', 'running', 'paused') \
             ORDER BY created_at, id"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?)
    }

    /// The steps of a run, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn steps(&self, run: &RunId) -> Result<Vec<StepRow>, DbError> {
        const SQL: &str = "SELECT node, kind, title, model, state, invocations, started_at, \
             finished_at, hold, cost, error, fingerprint FROM steps WHERE run = $1 ORDER BY position";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(run.as_str()).fetch_all(pool).await)?)
    }

    /// The units of a run, by node and position.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invocations(&self, run: &RunId) -> Result<Vec<InvocationRow>, DbError> {
        const SQL: &str = "SELECT node, item, n, state, attempts, provider, job, seed, hold, cost, \
             error, generations, reused, fingerprint, started_at, finished_at \
             FROM invocations WHERE run = $1 ORDER BY node, n, item";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(run.as_str()).fetch_all(pool).await)?)
    }

    /// Returns people's decisions at the evaluators of a run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review_of(&self, run: &RunId) -> Result<Vec<ReviewRow>, DbError> {
        const SQL: &str = "SELECT node, person, person_name, at, accepted, rejected, note \
             FROM reviews WHERE run = $1 ORDER BY node";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(run.as_str()).fetch_all(pool).await)?)
    }

    /// The generations that a run made, by node, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn made_by(
        &self,
        run: &RunId,
        canvas: &CanvasId,
    ) -> Result<Vec<(NodeId, Generation)>, DbError> {
        const SQL: &str =
            "SELECT node, body FROM generations WHERE canvas = $1 AND run = $2 ORDER BY seq";
        let rows: Vec<(IdText, String)> = with_read!(self, pool =>
            sqlx::query_as(SQL).bind(canvas.as_str()).bind(run.as_str()).fetch_all(pool).await)?;
        let read = |(node, body): (IdText, String)| {
            Ok((node.into(), serde_json::from_str(&body).map_err(DbError::row("generations"))?))
        };
        rows.into_iter().map(read).collect()
    }

    /// The nodes of a canvas that a run has in hand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_nodes(&self, canvas: &CanvasId) -> Result<Vec<NodeId>, DbError> {
        const SQL: &str = "SELECT node FROM active_nodes WHERE canvas = $1 ORDER BY node";
        let rows: Vec<(IdText,)> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(node,)| node.into()).collect())
    }

    /// Notes that somebody asked to stop a run. Answers whether it had not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request_cancel(&self, run: &RunId) -> Result<bool, DbError> {
        const SQL: &str = "UPDATE runs SET cancel_requested = 1 \
             WHERE id = $1 AND status IN ('queued', 'running', 'paused')";
        let done = with_write!(self, pool => sqlx::query(SQL)
            .bind(run.as_str())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }
}
