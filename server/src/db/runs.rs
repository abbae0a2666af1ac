//! Runs: their snapshots, steps and invocations. Each change of state is one transaction that moves the
//! credits with it; a terminal state is written once and never changed.

mod settle;
mod start;

use gesso_protocol::plan::Plan;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation, NodeResult, NodeState, RunInfo, RunStatus};

pub use settle::{Settled, SettledState};
pub use start::{NewRun, StartError, Started};

use super::{Db, DbError, with_read, with_tx, with_write};

/// A run's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// Its canvas.
    pub canvas: String,
    /// Its number on the canvas.
    pub number: i64,
    /// Its status.
    pub status: String,
    /// Its mode.
    pub mode: String,
    /// The node it was asked for.
    pub node: Option<String>,
    /// Who started it.
    pub person: String,
    /// Their name then.
    pub person_name: String,
    /// `continue` or `stop`.
    pub on_error: String,
    /// The plan, as JSON.
    pub snapshot: String,
    /// What was held for it at the start, in millicredits.
    pub hold: i64,
    /// What was captured of that.
    pub captured: i64,
    /// What was released of that.
    pub released: i64,
    /// Whether somebody asked to stop it.
    pub cancel_requested: i64,
    /// When it was asked for.
    pub created_at: i64,
    /// When its first step started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Why it failed, as JSON.
    pub error: Option<String>,
    /// The run it tries again.
    pub retry_of: Option<String>,
}

impl RunRow {
    /// Its status.
    pub fn status(&self) -> RunStatus {
        RunStatus::from_id(&self.status).unwrap_or_default()
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Failure> {
        self.error.as_deref().and_then(|error| serde_json::from_str(error).ok())
    }

    /// The plan it executes.
    ///
    /// # Errors
    /// When an older version wrote what this one cannot read.
    pub fn plan(&self) -> Result<Plan, DbError> {
        serde_json::from_str(&self.snapshot).map_err(DbError::row("runs"))
    }

    /// As it stands in the document.
    pub fn info(&self) -> RunInfo {
        RunInfo {
            id: self.id.clone(),
            number: self.number,
            status: self.status(),
            mode: self.mode.clone(),
            node: self.node.clone(),
            by: self.person_name.clone(),
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            cost: Money(self.captured),
            error: self.failure(),
            retry_of: self.retry_of.clone(),
        }
    }
}

/// A step's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StepRow {
    /// The node.
    pub node: String,
    /// Its kind.
    pub kind: String,
    /// Its title when the run was asked for.
    pub title: String,
    /// The model.
    pub model: String,
    /// Its state.
    pub state: String,
    /// When it started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// What is held for it, in millicredits.
    pub hold: i64,
    /// What it cost.
    pub cost: i64,
    /// Why it failed, as JSON.
    pub error: Option<String>,
    /// What its results depended on.
    pub fingerprint: Option<String>,
}

impl StepRow {
    /// Its state.
    pub fn state(&self) -> NodeState {
        NodeState::from_id(&self.state).unwrap_or_default()
    }

    /// Why it failed or did not start.
    pub fn failure(&self) -> Option<Failure> {
        self.error.as_deref().and_then(|error| serde_json::from_str(error).ok())
    }
}

const RUN_COLUMNS: &str = "id, canvas, number, status, mode, node, person, person_name, on_error, \
     snapshot, hold, captured, released, cancel_requested, created_at, started_at, finished_at, \
     error, retry_of";

impl Db {
    /// A run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&self, id: &str) -> Result<Option<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {RUN_COLUMNS} FROM runs WHERE id = $1"));
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await)?)
    }

    /// The runs of a canvas, newest first, below the number given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs_of(
        &self,
        canvas: &str,
        below: Option<i64>,
        limit: i64,
    ) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS} FROM runs WHERE canvas = $1 AND number < $2 \
             ORDER BY number DESC LIMIT $3"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql)
            .bind(canvas)
            .bind(below.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(pool)
            .await)?)
    }

    /// The runs of a canvas that have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unfinished_runs_of(&self, canvas: &str) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS} FROM runs WHERE canvas = $1 \
             AND status IN ('queued', 'running', 'paused') ORDER BY number"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql).bind(canvas).fetch_all(pool).await)?)
    }

    /// All runs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unfinished_runs(&self) -> Result<Vec<RunRow>, DbError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {RUN_COLUMNS} FROM runs WHERE status IN ('queued', 'running', 'paused') \
             ORDER BY created_at, id"
        ));
        Ok(with_read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?)
    }

    /// The steps of a run, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn steps(&self, run: &str) -> Result<Vec<StepRow>, DbError> {
        const SQL: &str = "SELECT node, kind, title, model, state, started_at, finished_at, hold, \
             cost, error, fingerprint FROM steps WHERE run = $1 ORDER BY position";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(run).fetch_all(pool).await)?)
    }

    /// The generations that a run made, by node, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn made_by(
        &self,
        run: &str,
        canvas: &str,
    ) -> Result<Vec<(String, Generation)>, DbError> {
        const SQL: &str =
            "SELECT node, body FROM generations WHERE canvas = $1 AND run = $2 ORDER BY seq";
        let rows: Vec<(String, String)> = with_read!(self, pool =>
            sqlx::query_as(SQL).bind(canvas).bind(run).fetch_all(pool).await)?;
        let read = |(node, body): (String, String)| {
            Ok((node, serde_json::from_str(&body).map_err(DbError::row("generations"))?))
        };
        rows.into_iter().map(read).collect()
    }

    /// The nodes of a canvas that a run has in hand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_nodes(&self, canvas: &str) -> Result<Vec<String>, DbError> {
        const SQL: &str = "SELECT node FROM active_nodes WHERE canvas = $1 ORDER BY node";
        let rows: Vec<(String,)> =
            with_read!(self, pool => sqlx::query_as(SQL).bind(canvas).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(node,)| node).collect())
    }

    /// Notes that somebody asked to stop a run. Answers whether it had not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request_cancel(&self, run: &str) -> Result<bool, DbError> {
        const SQL: &str = "UPDATE runs SET cancel_requested = 1 \
             WHERE id = $1 AND status IN ('queued', 'running', 'paused')";
        let done = with_write!(self, pool => sqlx::query(SQL)
            .bind(run)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done > 0)
    }

    /// Records an invocation before its provider is called, and its step and run as running. Answers the
    /// seed recorded first, so that a repetition after a crash makes the same, and the node's new result;
    /// `None` when the step has ended already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_invocation(
        &self,
        run: &RunRow,
        node: &str,
        provider: &str,
        seed: i64,
        now_ms: i64,
    ) -> Result<Option<(i64, NodeResult)>, DbError> {
        const STEP: &str = "UPDATE steps SET state = 'running', started_at = COALESCE(started_at, $3) \
             WHERE run = $1 AND node = $2 AND state IN ('pending', 'running')";
        const RUN: &str = "UPDATE runs SET status = 'running', \
             started_at = COALESCE(started_at, $2) WHERE id = $1 AND status IN ('queued', 'running')";
        const INVOCATION: &str = "INSERT INTO invocations (run, node, item, state, attempts, provider, \
             seed, hold, cost, started_at) \
             SELECT $1, $2, '', 'running', 1, $3, $4, hold, 0, $5 FROM steps WHERE run = $1 AND node = $2 \
             ON CONFLICT (run, node, item) DO UPDATE SET attempts = invocations.attempts + 1 \
             RETURNING seed";
        with_tx!(self, tx => async {
            let step =
                sqlx::query(STEP).bind(&run.id).bind(node).bind(now_ms).execute(&mut *tx).await?;
            if step.rows_affected() == 0 {
                return Ok(None);
            }
            sqlx::query(RUN).bind(&run.id).bind(now_ms).execute(&mut *tx).await?;
            let (seed,): (i64,) = sqlx::query_as(INVOCATION)
                .bind(&run.id)
                .bind(node)
                .bind(provider)
                .bind(seed)
                .bind(now_ms)
                .fetch_one(&mut *tx)
                .await?;
            let row: Option<settle::ResultState> = sqlx::query_as(settle::READ_RESULT)
                .bind(&run.canvas)
                .bind(node)
                .fetch_optional(&mut *tx)
                .await?;
            let mut result = settle::ResultState::result(row)?;
            result.state = NodeState::Running;
            result.run = Some(run.id.clone());
            result.started_at = result.started_at.or(Some(now_ms));
            result.items.entry(String::new()).or_default().state = NodeState::Running;
            settle::write_result!(tx, &run.canvas, node, &result);
            Ok::<_, DbError>(Some((seed, result)))
        }
        .await)
    }

    /// Ends a run: nothing stays held for it and no node stays in its hands. Answers its row, or `None`
    /// when it had ended already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_run(
        &self,
        run: &str,
        status: RunStatus,
        error: Option<&Failure>,
        now_ms: i64,
    ) -> Result<Option<RunRow>, DbError> {
        const SQL: &str = "UPDATE runs SET status = $2, finished_at = $3, error = $4 \
             WHERE id = $1 AND status IN ('queued', 'running', 'paused')";
        const ACTIVE: &str = "DELETE FROM active_nodes WHERE run = $1";
        let error = error.map(serde_json::to_string).transpose().map_err(DbError::row("runs"))?;
        let ended = with_tx!(self, tx => async {
            let done = sqlx::query(SQL)
                .bind(run)
                .bind(status.id())
                .bind(now_ms)
                .bind(&error)
                .execute(&mut *tx)
                .await?;
            sqlx::query(ACTIVE).bind(run).execute(&mut *tx).await?;
            Ok::<_, DbError>(done.rows_affected() > 0)
        }
        .await)?;
        if ended { self.run(run).await } else { Ok(None) }
    }
}
