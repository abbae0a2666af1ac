//! Starting a run: the run with its snapshot, its steps and units, the hold and the nodes it takes in hand, in one
//! transaction.

use std::collections::BTreeSet;

use gesso_protocol::ids::{CanvasId, NodeId, RunId, WorkspaceId};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, NodeState, RunStatus};

use super::record::{ended, ids};
use super::{Db, DbError, RunRow, with_tx};
use crate::db::idempotency::{FORGET, KEEP, KEPT_MS, Keep};
use crate::db::ids::IdText;
use crate::db::ledger;
use crate::db::script::{Script, args};

/// A run to be.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Id.
    pub id: RunId,
    /// Canvas.
    pub canvas: CanvasId,
    /// Who starts it.
    pub person: String,
    /// Their name.
    pub person_name: String,
    /// Mode.
    pub mode: String,
    /// The node it is asked for.
    pub node: Option<NodeId>,
    /// The nodes it is asked for.
    pub nodes: Vec<NodeId>,
    /// True if nothing new starts after a failure.
    pub stop_on_error: bool,
    /// The run it tries again.
    pub retry_of: Option<RunId>,
    /// The server that has it in hand.
    pub owner: String,
    /// Until when, in ms since 1970, unless renewed.
    pub lease_until: i64,
    /// Credits held for it.
    pub hold: Money,
    /// The answer to keep for a repeated request, with the body to answer.
    pub keep: Option<(Keep, String)>,
}

/// A step of a run to be.
#[derive(Clone, Debug)]
pub struct NewStep<'a> {
    /// The node.
    pub node: NodeId,
    /// Kind.
    pub kind: &'a str,
    /// Title.
    pub title: &'a str,
    /// The model.
    pub model: &'a str,
    /// Pending, or completed where all its units are kept.
    pub state: NodeState,
    /// Number of its units.
    pub invocations: u32,
    /// Credits held for it.
    pub hold: Money,
    /// Fingerprint of everything its results depend on, where it is completed.
    pub fingerprint: Option<&'a str>,
}

/// A unit as it is when its run starts: pending, or kept (completed in an earlier run, with its generations named and
/// nothing held).
#[derive(Clone, Debug)]
pub struct NewInvocation {
    /// The node.
    pub node: NodeId,
    /// The item key.
    pub item: String,
    /// The position in the batch.
    pub n: u32,
    /// State.
    pub state: NodeState,
    /// Who computes it.
    pub provider: String,
    /// The seed.
    pub seed: i64,
    /// Credits held for it.
    pub hold: Money,
    /// Generations it has to show: kept, or of before.
    pub generations: Vec<String>,
    /// True if they are taken over.
    pub reused: bool,
    /// Fingerprint of everything its results depend on.
    pub fingerprint: Option<String>,
    /// Why it is a hole, where it is one that nobody asks to fill.
    pub error: Option<Failure>,
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
    Busy(NodeId),
    /// The same request came twice at once; its answer is kept.
    #[error("the request was repeated")]
    Repeated,
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl NewRun {
    /// Row once it has started.
    fn row(
        &self,
        (workspace, number): (WorkspaceId, i64),
        nodes: String,
        snapshot: &str,
        now_ms: i64,
    ) -> RunRow {
        RunRow {
            id: self.id.clone(),
            canvas: self.canvas.clone(),
            workspace,
            number,
            status: RunStatus::Queued.id().to_owned(),
            mode: self.mode.clone(),
            node: self.node.clone(),
            nodes,
            person: self.person.clone(),
            person_name: self.person_name.clone(),
            on_error: if self.stop_on_error { "stop" } else { "continue" }.to_owned(),
            snapshot: snapshot.to_owned(),
            hold: self.hold.0,
            captured: 0,
            released: 0,
            cancel_requested: 0,
            created_at: now_ms,
            started_at: None,
            finished_at: None,
            error: None,
            retry_of: self.retry_of.clone(),
            fence: 0,
            owner: self.owner.clone(),
            lease_until: self.lease_until,
            waiting: 0,
            place: now_ms,
        }
    }
}

impl Db {
    /// Starts a run.
    ///
    /// # Errors
    /// See [`StartError`]; nothing was written then.
    pub async fn start_run(
        &self,
        new: &NewRun,
        snapshot: &str,
        steps: &[NewStep<'_>],
        units: &[NewInvocation],
        now_ms: i64,
    ) -> Result<RunRow, StartError> {
        // Locks the canvas's row: whether a node is taken cannot change below.
        const NUMBER: &str = "UPDATE canvases SET runs_started = runs_started + 1, updated_at = $2 \
             WHERE id = $1 AND deleted_at IS NULL RETURNING runs_started, workspace";
        const HOLD: &str = "UPDATE balances SET held = held + $2 \
             WHERE workspace = $1 AND balance - held >= $2";
        const ACTIVE: &str = "SELECT node FROM active_nodes WHERE canvas = $1";
        let nodes = serde_json::to_string(&new.nodes).map_err(DbError::row("runs"))?;
        let pending = rows(new, steps, units, now_ms)?;
        let (number, workspace) = with_tx!(self, tx => async {
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
            let number: Option<(i64, IdText)> =
                sqlx::query_as(NUMBER).bind(new.canvas.as_str()).bind(now_ms).fetch_optional(&mut *tx).await?;
            let Some((number, workspace)) = number else { return Err(StartError::NoCanvas) };
            let workspace = WorkspaceId::from(workspace);
            let taken: Vec<(IdText,)> =
                sqlx::query_as(ACTIVE).bind(new.canvas.as_str()).fetch_all(&mut *tx).await?;
            let taken: BTreeSet<NodeId> =
                taken.into_iter().map(|(node,)| node.into()).collect();
            let busy = steps.iter().find(|step| !ended(step.state) && taken.contains(&step.node));
            if let Some(step) = busy {
                return Err(StartError::Busy(step.node.clone()));
            }
            let held =
                sqlx::query(HOLD).bind(workspace.as_str()).bind(new.hold.0).execute(&mut *tx).await?;
            if held.rows_affected() == 0 {
                return Err(StartError::InsufficientCredits);
            }
            sqlx::query(ledger::ENTRY)
                .bind(workspace.as_str())
                .bind(now_ms)
                .bind("hold")
                .bind(new.hold.0)
                .bind(new.id.as_str())
                .bind(None::<&str>)
                .bind(None::<&str>)
                .bind(format!("run {number}"))
                .execute(&mut *tx)
                .await?;
            let mut script = Script::default();
            insert_run(&mut script, new, &nodes, snapshot, (&workspace, number), now_ms);
            script.run(&mut *tx).await?;
            pending.run(&mut *tx).await?;
            Ok::<_, StartError>((number, workspace))
        }
        .await)?;
        Ok(new.row((workspace, number), nodes, snapshot, now_ms))
    }
}

fn insert_run(
    script: &mut Script,
    new: &NewRun,
    nodes: &str,
    snapshot: &str,
    (workspace, number): (&WorkspaceId, i64),
    now_ms: i64,
) {
    const RUN: &str = "INSERT INTO runs (id, workspace, canvas, number, status, mode, node, nodes, \
         person, person_name, on_error, hold, captured, released, cancel_requested, \
         created_at, retry_of, owner, lease_until, place) \
         VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?)";
    const SNAPSHOT: &str = "INSERT INTO run_snapshots (run, body) VALUES (?, ?)";
    let row = args![
        &new.id,
        workspace,
        &new.canvas,
        number,
        &new.mode,
        new.node.as_ref(),
        nodes,
        &new.person,
        &new.person_name,
        if new.stop_on_error { "stop" } else { "continue" },
        new.hold.0,
        now_ms,
        new.retry_of.as_ref(),
        &new.owner,
        new.lease_until,
        now_ms,
    ];
    script.push(RUN, row);
    script.push(SNAPSHOT, args![&new.id, snapshot]);
}

/// The rows of the run's steps and units.
fn rows(
    new: &NewRun,
    steps: &[NewStep<'_>],
    units: &[NewInvocation],
    now_ms: i64,
) -> Result<Script, DbError> {
    const ACTIVE: &str = "INSERT INTO active_nodes (canvas, node, run) VALUES ";
    const STEP: &str = "INSERT INTO steps (run, position, node, kind, title, model, state, \
         invocations, hold, cost, fingerprint, finished_at) VALUES ";
    const UNIT: &str = "INSERT INTO invocations (run, node, item, n, state, attempts, provider, seed, \
         hold, cost, generations, reused, fingerprint, error, finished_at) VALUES ";
    const RESULT: &str = "INSERT INTO node_results (canvas, node, run) VALUES ";
    const RESULT_OF: &str = " ON CONFLICT (canvas, node) DO UPDATE SET run = excluded.run";
    let run = &new.id;
    let ended_at = |state| ended(state).then_some(now_ms);
    let taken = steps.iter().filter(|step| !ended(step.state));
    let active: Vec<_> = taken.map(|step| args![&new.canvas, &step.node, run]).collect();
    let step_row = |(position, step): (i64, &NewStep<'_>)| {
        args![
            run,
            position,
            &step.node,
            step.kind,
            step.title,
            step.model,
            step.state.id(),
            i64::from(step.invocations),
            step.hold.0,
            0_i64,
            step.fingerprint,
            ended_at(step.state),
        ]
    };
    let step_rows: Vec<_> = (0_i64..).zip(steps).map(step_row).collect();
    let mut unit_rows = Vec::with_capacity(units.len());
    for unit in units {
        let error = unit.error.as_ref().map(serde_json::to_string).transpose();
        let error = error.map_err(DbError::row("invocations"))?;
        unit_rows.push(args![
            run,
            &unit.node,
            &unit.item,
            i64::from(unit.n),
            unit.state.id(),
            0_i64,
            &unit.provider,
            unit.seed,
            unit.hold.0,
            0_i64,
            ids(&unit.generations)?,
            i64::from(unit.reused),
            unit.fingerprint.as_deref(),
            error,
            ended_at(unit.state),
        ]);
    }
    // A step that is taken over whole changes nothing of what stands at its node.
    let taken = steps.iter().filter(|step| !ended(step.state));
    let results: Vec<_> = taken.map(|step| args![&new.canvas, &step.node, run]).collect();
    let mut script = Script::default();
    script.rows(ACTIVE, active, "");
    script.rows(STEP, step_rows, "");
    script.rows(UNIT, unit_rows, "");
    script.rows(RESULT, results, RESULT_OF);
    Ok(script)
}
