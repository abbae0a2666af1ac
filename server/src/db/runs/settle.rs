//! Ending a step: state, results, assets and credits in one transaction, once.

use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation, NodeResult, NodeState};

use super::{Db, DbError, RunRow, with_tx};
use crate::db::assets::AssetRow;
use crate::db::generations::MadeWith;
use crate::db::{WORKSPACE, assets, ledger};

pub(super) const READ_RESULT: &str = "SELECT run, state, error, started_at, finished_at, cost, \
     fingerprint, items FROM node_results WHERE canvas = $1 AND node = $2";
pub(super) const WRITE_RESULT: &str = "INSERT INTO node_results (canvas, node, run, state, error, \
     started_at, finished_at, cost, fingerprint, items) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
     ON CONFLICT (canvas, node) DO UPDATE SET run = excluded.run, state = excluded.state, \
     error = excluded.error, started_at = excluded.started_at, finished_at = excluded.finished_at, \
     cost = excluded.cost, fingerprint = excluded.fingerprint, items = excluded.items";

#[derive(sqlx::FromRow)]
pub(super) struct ResultState {
    run: Option<String>,
    state: String,
    error: Option<String>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    cost: i64,
    fingerprint: Option<String>,
    items: String,
}

impl ResultState {
    pub(super) fn result(row: Option<Self>) -> Result<NodeResult, DbError> {
        let Some(row) = row else { return Ok(NodeResult::default()) };
        let error = row.error.map(|error| serde_json::from_str(&error)).transpose();
        Ok(NodeResult {
            state: NodeState::from_id(&row.state).unwrap_or_default(),
            error: error.map_err(DbError::row("node_results"))?,
            run: row.run,
            started_at: row.started_at,
            finished_at: row.finished_at,
            cost: Money(row.cost),
            fingerprint: row.fingerprint,
            items: serde_json::from_str(&row.items).map_err(DbError::row("node_results"))?,
        })
    }
}

/// A result as the columns of its row.
pub(super) struct ResultWrite {
    pub(super) run: Option<String>,
    pub(super) state: &'static str,
    pub(super) error: Option<String>,
    pub(super) started_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    pub(super) cost: i64,
    pub(super) fingerprint: Option<String>,
    pub(super) items: String,
}

impl ResultWrite {
    pub(super) fn of(result: &NodeResult) -> Result<Self, DbError> {
        let error = result.error.as_ref().map(serde_json::to_string).transpose();
        Ok(Self {
            run: result.run.clone(),
            state: result.state.id(),
            error: error.map_err(DbError::row("node_results"))?,
            started_at: result.started_at,
            finished_at: result.finished_at,
            cost: result.cost.0,
            fingerprint: result.fingerprint.clone(),
            items: serde_json::to_string(&result.items).map_err(DbError::row("node_results"))?,
        })
    }
}

/// Writes what stands at `results` for a node, in a transaction of either database.
macro_rules! write_result {
    ($tx:ident, $canvas:expr, $node:expr, $result:expr) => {
        let write = $crate::db::runs::settle::ResultWrite::of($result)?;
        sqlx::query($crate::db::runs::settle::WRITE_RESULT)
            .bind($canvas)
            .bind($node)
            .bind(&write.run)
            .bind(write.state)
            .bind(&write.error)
            .bind(write.started_at)
            .bind(write.finished_at)
            .bind(write.cost)
            .bind(&write.fingerprint)
            .bind(&write.items)
            .execute(&mut *$tx)
            .await?;
    };
}
pub(super) use write_result;

/// How a step ended.
#[derive(Clone, Debug)]
pub enum SettledState {
    /// With results: what it cost, what they depended on, what was made and stored.
    Completed {
        /// What is captured; never above the step's hold.
        cost: Money,
        /// The fingerprint.
        fingerprint: String,
        /// What was made, in order.
        generations: Vec<Generation>,
        /// With what.
        made_with: MadeWith,
        /// The assets that hold it, already durable.
        assets: Vec<AssetRow>,
    },
    /// It failed.
    Failed(Failure),
    /// Somebody stopped it.
    Cancelled,
    /// It never started, because something it depends on did not give a result.
    Blocked(Failure),
}

/// The end of a step.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The node.
    pub node: String,
    /// How it ended.
    pub state: SettledState,
}

impl SettledState {
    fn step_state(&self) -> NodeState {
        match self {
            Self::Completed { .. } => NodeState::Completed,
            Self::Failed(_) => NodeState::Failed,
            Self::Cancelled => NodeState::Cancelled,
            Self::Blocked(_) => NodeState::Idle,
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Blocked(failure) => Some(failure),
            Self::Completed { .. } | Self::Cancelled => None,
        }
    }

    fn cost(&self) -> Money {
        match self {
            Self::Completed { cost, .. } => *cost,
            Self::Failed(_) | Self::Cancelled | Self::Blocked(_) => Money::ZERO,
        }
    }

    fn apply(&self, result: &mut NodeResult, now_ms: i64) {
        result.state = self.step_state();
        result.error = self.failure().cloned();
        result.finished_at = Some(now_ms);
        result.cost = self.cost();
        let item = result.items.entry(String::new()).or_default();
        item.state = result.state;
        item.error = self.failure().cloned();
        if let Self::Completed { fingerprint, generations, .. } = self {
            result.fingerprint = Some(fingerprint.clone());
            item.generations = generations.iter().map(|made| made.id.clone()).collect();
        }
    }
}

impl Db {
    /// Ends a step. Answers the node's new result, or `None` when the step had ended before: the first
    /// terminal state written wins.
    ///
    /// # Errors
    /// When the database fails; nothing was written then.
    pub async fn settle_step(
        &self,
        run: &RunRow,
        settled: &Settled,
        now_ms: i64,
    ) -> Result<Option<NodeResult>, DbError> {
        const STEP: &str = "UPDATE steps SET state = $3, finished_at = $4, cost = $5, error = $6, \
             fingerprint = $7 WHERE run = $1 AND node = $2 AND state IN ('pending', 'running') \
             RETURNING hold";
        const INVOCATION: &str = "UPDATE invocations SET state = $3, finished_at = $4, cost = $5, \
             error = $6 WHERE run = $1 AND node = $2 AND item = '' AND state = 'running'";
        const BALANCE: &str = "UPDATE balances SET balance = balance - $2, held = held - $3 \
             WHERE workspace = $1";
        const RUN: &str = "UPDATE runs SET captured = captured + $2, released = released + $3 \
             WHERE id = $1";
        const ACTIVE: &str =
            "DELETE FROM active_nodes WHERE canvas = $1 AND node = $2 AND run = $3";
        const GENERATION: &str = "INSERT INTO generations (id, canvas, node, item, run, body, made_with) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let Settled { node, state } = settled;
        let id = state.step_state().id();
        let cost = state.cost().0;
        let failure = state.failure().map(serde_json::to_string).transpose();
        let failure = failure.map_err(DbError::row("steps"))?;
        let (fingerprint, generations, made_with, assets) = match state {
            SettledState::Completed { fingerprint, generations, made_with, assets, .. } => {
                let made_with =
                    serde_json::to_string(made_with).map_err(DbError::row("generations"));
                (Some(fingerprint), generations.as_slice(), made_with?, assets.as_slice())
            }
            SettledState::Failed(_) | SettledState::Cancelled | SettledState::Blocked(_) => {
                (None, [].as_slice(), String::new(), [].as_slice())
            }
        };
        with_tx!(self, tx => async {
            let hold: Option<(i64,)> = sqlx::query_as(STEP)
                .bind(&run.id)
                .bind(node)
                .bind(id)
                .bind(now_ms)
                .bind(cost)
                .bind(&failure)
                .bind(fingerprint)
                .fetch_optional(&mut *tx)
                .await?;
            let Some((hold,)) = hold else { return Ok(None) };
            let cost = cost.min(hold);
            sqlx::query(INVOCATION)
                .bind(&run.id)
                .bind(node)
                .bind(id)
                .bind(now_ms)
                .bind(cost)
                .bind(&failure)
                .execute(&mut *tx)
                .await?;
            sqlx::query(BALANCE).bind(WORKSPACE).bind(cost).bind(hold).execute(&mut *tx).await?;
            sqlx::query(RUN).bind(&run.id).bind(cost).bind(hold - cost).execute(&mut *tx).await?;
            for (kind, amount) in [("capture", cost), ("release", hold - cost)] {
                let finished = matches!(state, SettledState::Completed { .. });
                if amount == 0 && !(kind == "capture" && finished) {
                    continue;
                }
                sqlx::query(ledger::ENTRY)
                    .bind(WORKSPACE)
                    .bind(now_ms)
                    .bind(kind)
                    .bind(amount)
                    .bind(&run.id)
                    .bind(node)
                    .bind("")
                    .bind(format!("run {}, {id}", run.number))
                    .execute(&mut *tx)
                    .await?;
            }
            for asset in assets {
                assets::insert!(&mut *tx, asset)
                    .await?;
            }
            for made in generations {
                let body = serde_json::to_string(made).map_err(DbError::row("generations"))?;
                sqlx::query(GENERATION)
                    .bind(&made.id)
                    .bind(&run.canvas)
                    .bind(node)
                    .bind(&made.key)
                    .bind(&run.id)
                    .bind(body)
                    .bind(&made_with)
                    .execute(&mut *tx)
                    .await?;
            }
            let row: Option<ResultState> = sqlx::query_as(READ_RESULT)
                .bind(&run.canvas)
                .bind(node)
                .fetch_optional(&mut *tx)
                .await?;
            let mut result = ResultState::result(row)?;
            state.apply(&mut result, now_ms);
            write_result!(tx, &run.canvas, node, &result);
            sqlx::query(ACTIVE)
                .bind(&run.canvas)
                .bind(node)
                .bind(&run.id)
                .execute(&mut *tx)
                .await?;
            Ok::<_, DbError>(Some(result))
        }
        .await)
    }
}
