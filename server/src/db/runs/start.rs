//! Starting a run: the run with its snapshot, its steps, the hold and the nodes it takes in hand, in one
//! transaction.

use gesso_protocol::plan::Plan;
use gesso_protocol::schema::{NodeResult, NodeState};

use super::settle::{READ_RESULT, ResultState, write_result};
use super::{Db, DbError, RunRow, with_tx};
use crate::db::idempotency::{FORGET, KEEP, KEPT_MS, Keep};
use crate::db::{WORKSPACE, ledger};

/// A run to be.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id.
    pub id: String,
    /// Its canvas.
    pub canvas: String,
    /// Who starts it.
    pub person: String,
    /// Their name.
    pub person_name: String,
    /// Whether nothing new starts after a failure.
    pub stop_on_error: bool,
    /// The run it tries again.
    pub retry_of: Option<String>,
    /// The answer to keep for a repeated request, with the body to answer.
    pub keep: Option<(Keep, String)>,
}

/// Why a run did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The canvas is gone.
    #[error("there is no such canvas")]
    NoCanvas,
    /// The balance is too small.
    #[error("the balance is too small")]
    InsufficientCredits,
    /// A node is in the hands of another run.
    #[error("the node {0} is in another run")]
    Busy(String),
    /// The same request came twice at once; its answer is kept.
    #[error("the request was repeated")]
    Repeated,
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// A run that has started.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its row.
    pub run: RunRow,
    /// The new results of its nodes, all pending.
    pub results: Vec<(String, NodeResult)>,
}

impl Db {
    /// Starts a run of `plan`.
    ///
    /// # Errors
    /// See [`StartError`]; nothing was written then.
    pub async fn start_run(
        &self,
        new: &NewRun,
        plan: &Plan,
        now_ms: i64,
    ) -> Result<Started, StartError> {
        const NUMBER: &str = "UPDATE canvases SET runs_started = runs_started + 1, updated_at = $2 \
             WHERE id = $1 AND deleted_at IS NULL RETURNING runs_started";
        const HOLD: &str = "UPDATE balances SET held = held + $2 \
             WHERE workspace = $1 AND balance - held >= $2";
        const RUN: &str = "INSERT INTO runs (id, workspace, canvas, number, status, mode, node, person, \
             person_name, on_error, snapshot, hold, captured, released, cancel_requested, created_at, \
             retry_of) VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12, $13)";
        const STEP: &str = "INSERT INTO steps (run, position, node, kind, title, model, state, hold, cost) \
             VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, 0)";
        const ACTIVE: &str = "INSERT INTO active_nodes (canvas, node, run) VALUES ($1, $2, $3) \
             ON CONFLICT (canvas, node) DO NOTHING";
        let snapshot = serde_json::to_string(plan).map_err(DbError::row("runs"))?;
        let hold = plan.quote().cost.0;
        let results = with_tx!(self, tx => async {
            if let Some((keep, answer)) = &new.keep {
                sqlx::query(FORGET).bind(now_ms - KEPT_MS).execute(&mut *tx).await?;
                let kept = sqlx::query(KEEP)
                    .bind(&keep.person)
                    .bind(&keep.route)
                    .bind(&keep.key)
                    .bind(&keep.body_hash)
                    .bind(202_i64)
                    .bind(answer)
                    .bind(now_ms)
                    .execute(&mut *tx)
                    .await;
                if let Err(sqlx::Error::Database(error)) = &kept
                    && error.is_unique_violation()
                {
                    return Err(StartError::Repeated);
                }
                kept?;
            }
            let number: Option<(i64,)> =
                sqlx::query_as(NUMBER).bind(&new.canvas).bind(now_ms).fetch_optional(&mut *tx).await?;
            let Some((number,)) = number else { return Err(StartError::NoCanvas) };
            let held = sqlx::query(HOLD).bind(WORKSPACE).bind(hold).execute(&mut *tx).await?;
            if held.rows_affected() == 0 {
                return Err(StartError::InsufficientCredits);
            }
            sqlx::query(ledger::ENTRY)
                .bind(WORKSPACE)
                .bind(now_ms)
                .bind("hold")
                .bind(hold)
                .bind(&new.id)
                .bind(None::<&str>)
                .bind(None::<&str>)
                .bind(format!("run {number}"))
                .execute(&mut *tx)
                .await?;
            sqlx::query(RUN)
                .bind(&new.id)
                .bind(WORKSPACE)
                .bind(&new.canvas)
                .bind(number)
                .bind(plan.mode.id())
                .bind(&plan.node)
                .bind(&new.person)
                .bind(&new.person_name)
                .bind(if new.stop_on_error { "stop" } else { "continue" })
                .bind(&snapshot)
                .bind(hold)
                .bind(now_ms)
                .bind(&new.retry_of)
                .execute(&mut *tx)
                .await?;
            let mut results = Vec::with_capacity(plan.steps.len());
            for (position, step) in (0_i64..).zip(&plan.steps) {
                let taken = sqlx::query(ACTIVE)
                    .bind(&new.canvas)
                    .bind(&step.node)
                    .bind(&new.id)
                    .execute(&mut *tx)
                    .await?;
                if taken.rows_affected() == 0 {
                    return Err(StartError::Busy(step.node.clone()));
                }
                sqlx::query(STEP)
                    .bind(&new.id)
                    .bind(position)
                    .bind(&step.node)
                    .bind(&step.kind)
                    .bind(&step.title)
                    .bind(&step.model)
                    .bind(step.cost.0)
                    .execute(&mut *tx)
                    .await?;
                let row: Option<ResultState> = sqlx::query_as(READ_RESULT)
                    .bind(&new.canvas)
                    .bind(&step.node)
                    .fetch_optional(&mut *tx)
                    .await?;
                let result = pending(ResultState::result(row)?, &new.id);
                write_result!(tx, &new.canvas, &step.node, &result);
                results.push((step.node.clone(), result));
            }
            Ok::<_, StartError>(results)
        }
        .await)?;
        let run = self.run(&new.id).await?.ok_or(StartError::NoCanvas)?;
        Ok(Started { run, results })
    }
}

/// The result of a node that a run has just taken in hand. What it made before stays named, so that it goes
/// on to be shown and to flow until something newer comes.
fn pending(before: NodeResult, run: &str) -> NodeResult {
    let mut items = before.items;
    let single = items.entry(String::new()).or_default();
    single.state = NodeState::Pending;
    single.error = None;
    single.reused = false;
    NodeResult {
        state: NodeState::Pending,
        run: Some(run.to_owned()),
        fingerprint: before.fingerprint,
        items,
        ..NodeResult::default()
    }
}
