//! Changes that a run's driver records in one turn: states, results, assets and credits in one transaction. All values
//! are absolute and the first terminal state wins, so that writing the same again changes nothing.

use std::collections::BTreeMap;

use gesso_protocol::ids::{CanvasId, NodeId, RunId, WorkspaceId};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, NodeState, RunStatus};
use sqlx::error::ErrorKind;

use super::made::{NewGeneration, add_assets, add_generations};
use super::{Db, DbError, ReviewRow, RunRow, with_read};
use crate::db::assets::AssetRow;
use crate::db::late::LateRow;
use crate::db::script::{Arg, Script, args};

/// Why changes were not recorded; nothing of the call was written then.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Somebody else has this run in hand.
    #[error("the run {0} is in other hands")]
    Fenced(RunId),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The changes of one turn of a run's driver.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The run.
    pub run: RunId,
    /// Canvas.
    pub canvas: CanvasId,
    /// The workspace that pays and gets the assets.
    pub workspace: WorkspaceId,
    /// The fence that [`Db::take_run`] gave, 0 for the server that started it.
    pub fence: i64,
    /// The run's own state.
    pub status: Option<StatusChange>,
    /// Steps.
    pub steps: Vec<StepChange>,
    /// Units; of two with the same key the last counts.
    pub units: Vec<UnitChange>,
    /// The generations that were made.
    pub generations: Vec<NewGeneration>,
    /// The assets that hold it, already durable.
    pub assets: Vec<AssetRow>,
    /// The decision of a person.
    pub review: Option<ReviewRow>,
    /// Results that came after its cancellation.
    pub late: Vec<LateRow>,
}

/// The state of a run. A terminal one frees all its nodes.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The status.
    pub status: RunStatus,
    /// When its first step started; the first one written stays.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// The state of a step. A terminal one frees its node.
#[derive(Clone, Debug)]
pub struct StepChange {
    /// The node.
    pub node: NodeId,
    /// The state.
    pub state: NodeState,
    /// When its first unit started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Cost of its units.
    pub cost: Money,
    /// Why it failed, or how many items did.
    pub error: Option<Failure>,
    /// Fingerprint of everything its results depended on.
    pub fingerprint: Option<String>,
}

/// The state of a unit. A completed one captures its cost, never more than its hold; any terminal one releases the
/// rest.
#[derive(Clone, Debug)]
pub struct UnitChange {
    /// The node.
    pub node: NodeId,
    /// The item key.
    pub item: String,
    /// The position in the batch.
    pub n: u32,
    /// The state.
    pub state: NodeState,
    /// Number of times its provider was called.
    pub attempts: u32,
    /// Who computes it; empty where nobody is called.
    pub provider: String,
    /// The provider's id of the job.
    pub job: Option<String>,
    /// The seed.
    pub seed: i64,
    /// Credits held at the start. Credits move by what the row says; a unit without a row has nothing held.
    pub hold: Money,
    /// Cost of the unit.
    pub cost: Money,
    /// Why it failed or waits.
    pub error: Option<Failure>,
    /// Generations, or the candidate it is.
    pub generations: Vec<String>,
    /// True if they were taken over from an earlier run.
    pub reused: bool,
    /// Fingerprint of everything its results depend on.
    pub fingerprint: Option<String>,
    /// When it began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

impl UnitChange {
    /// True if there is something to pay for. A candidate of an evaluator was computed by nobody, and what was taken
    /// over was paid in an earlier run.
    fn is_bought(&self) -> bool {
        self.state == NodeState::Completed && !self.provider.is_empty() && !self.reused
    }

    /// Returns its charge, in millicredits: nobody pays for what did not complete, nor more than was held.
    fn charged(&self) -> i64 {
        let completed = self.state == NodeState::Completed;
        if completed { self.cost.0.clamp(0, self.hold.0.max(0)) } else { 0 }
    }
}

/// True if nothing follows this state.
pub(super) fn ended(state: NodeState) -> bool {
    match state {
        NodeState::Completed | NodeState::Failed | NodeState::Cancelled | NodeState::Idle => true,
        NodeState::Pending | NodeState::Running | NodeState::Paused => false,
    }
}

fn run_ended(status: RunStatus) -> bool {
    match status {
        RunStatus::Succeeded | RunStatus::Failed | RunStatus::Cancelled => true,
        RunStatus::Queued | RunStatus::Running | RunStatus::Paused => false,
    }
}

/// Units that end (`v`) with their rows as they were (`i`, absent for one that had none).
macro_rules! ending {
    () => {
        " LEFT JOIN invocations i ON i.run = v.run AND i.node = v.node AND i.item = v.item \
         WHERE v.node IS NOT NULL \
         AND (i.state IS NULL OR i.state IN ('pending', 'running', 'paused'))"
    };
}
macro_rules! hold {
    () => {
        "COALESCE(i.hold, 0)"
    };
}
macro_rules! captured {
    () => {
        "CASE WHEN v.cost < COALESCE(i.hold, 0) THEN v.cost ELSE COALESCE(i.hold, 0) END"
    };
}
// A column that may not be NULL: a fence that is another's fails the whole transaction.
const FENCE: &str = "UPDATE runs SET fence = CASE WHEN fence = ? THEN fence END WHERE id = ?";
const TOTALS: &str = concat!(
    ") UPDATE runs SET fence = CASE WHEN fence = ? THEN fence END, \
     (captured, released) = (SELECT runs.captured + COALESCE(SUM(",
    captured!(),
    "), 0), runs.released + COALESCE(SUM(",
    hold!(),
    " - ",
    captured!(),
    "), 0) FROM v",
    ending!(),
    ") WHERE id = ?"
);
const STATUS: &str = "UPDATE runs SET status = ?, started_at = COALESCE(started_at, ?), \
     finished_at = ?, error = ? WHERE id = ? AND status IN ('queued', 'running', 'paused')";
const FREE_ALL: &str = "DELETE FROM active_nodes WHERE canvas = ? AND run = ?";
const ENDING: &str = "WITH v (run, node, item, state, bought, cost) AS (VALUES ";
const LEDGER: &str = concat!(
    ") INSERT INTO ledger (workspace, at, kind, amount, run, node, item, note) \
     SELECT ?, ?, k.kind, CASE WHEN k.kind = 'release' THEN ",
    hold!(),
    " ELSE 0 END + CASE WHEN k.kind = 'release' THEN -1 ELSE 1 END * ",
    captured!(),
    ", v.run, v.node, v.item, 'run ' || (SELECT number FROM runs WHERE id = v.run) || ', ' || v.state \
     FROM v CROSS JOIN (SELECT 'capture' AS kind UNION ALL SELECT 'release') k",
    ending!(),
    " AND CASE WHEN k.kind = 'release' THEN ",
    hold!(),
    " > v.cost ELSE v.bought = 1 END"
);
const BALANCE: &str = concat!(
    ") UPDATE balances SET (balance, held) = (SELECT balances.balance - COALESCE(SUM(",
    captured!(),
    "), 0), balances.held - COALESCE(SUM(",
    hold!(),
    "), 0) FROM v",
    ending!(),
    ") WHERE workspace = ?"
);
const UNIT: &str = "WITH v (run, node, item, n, state, attempts, provider, job, seed, cost, error, \
     generations, reused, fingerprint, started_at, finished_at) AS (VALUES ";
macro_rules! upsert {
    ($state:literal) => {
        concat!(
            ") INSERT INTO invocations (run, node, item, n, state, attempts, provider, job, \
             seed, hold, cost, error, generations, reused, fingerprint, started_at, finished_at) \
             SELECT run, node, item, n, state, attempts, provider, job, seed, 0, cost, error, \
             generations, reused, fingerprint, started_at, finished_at FROM v \
             WHERE node IS NOT NULL ON CONFLICT (run, node, item) DO UPDATE SET n = excluded.n, \
             attempts = excluded.attempts, provider = excluded.provider, job = excluded.job, \
             seed = excluded.seed, cost = CASE WHEN excluded.cost < invocations.hold \
             THEN excluded.cost ELSE invocations.hold END, error = excluded.error, \
             generations = excluded.generations, reused = excluded.reused, \
             fingerprint = excluded.fingerprint, started_at = excluded.started_at, \
             finished_at = excluded.finished_at, ",
            $state
        )
    };
}
const UNIT_ROW: &str =
    upsert!("state = excluded.state WHERE invocations.state IN ('pending', 'running', 'paused')");
const PLAIN_UNIT_ROW: &str = upsert!(
    "state = CASE WHEN invocations.state IN ('pending', 'running', 'paused') THEN excluded.state END"
);
// As with the fence: a unit that has ended already fails the whole transaction.
const UNIT_SINGLE: &str = "UPDATE invocations SET \
     state = CASE WHEN state IN ('pending', 'running', 'paused') THEN ? END, attempts = ?, job = ?, cost = ?, error = ?, \
     generations = ?, reused = ?, fingerprint = ?, started_at = ?, finished_at = ? \
     WHERE run = ? AND node = ? AND item = ?";
const PLAIN_TOTALS: &str = "UPDATE runs SET fence = CASE WHEN fence = ? THEN fence END, \
     captured = captured + ?, released = released + ? WHERE id = ?";
const PLAIN_BALANCE: &str =
    "UPDATE balances SET balance = balance - ?, held = held - ? WHERE workspace = ?";
const PLAIN_ENTRY: &str = "INSERT INTO ledger (workspace, at, kind, amount, run, node, item, note) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const PLAIN_LEDGER: &str = "INSERT INTO ledger (workspace, at, kind, amount, run, node, item, note) \
     SELECT * FROM (VALUES ";
const PLAIN_LEDGER_OF: &str = ") AS v WHERE column1 IS NOT NULL";
const STEP: &str = "UPDATE steps SET state = ?, started_at = ?, finished_at = ?, cost = ?, error = ?, \
     fingerprint = ? WHERE run = ? AND node = ? AND state IN ('pending', 'running', 'paused')";
const STEPS: &str =
    "WITH v (node, state, started_at, finished_at, cost, error, fingerprint) AS (VALUES ";
const STEPS_SET: &str = ") UPDATE steps SET state = v.state, started_at = v.started_at, \
     finished_at = v.finished_at, cost = v.cost, error = v.error, fingerprint = v.fingerprint \
     FROM v WHERE steps.run = ? AND steps.node = v.node \
     AND steps.state IN ('pending', 'running', 'paused')";
const FREE: &str = "DELETE FROM active_nodes WHERE canvas = ? AND node = ? AND run = ?";
const FREE_SOME: &str = "WITH v (node) AS (VALUES ";
const FREE_SOME_OF: &str =
    ") DELETE FROM active_nodes WHERE canvas = ? AND run = ? AND node IN (SELECT node FROM v)";
const REVIEW: &str = "INSERT INTO reviews (run, node, person, person_name, at, accepted, rejected, note) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, node) DO NOTHING";

/// Up to how many rows are changed one by one, which is faster than together for few.
const SINGLES_MAX: usize = 3;

impl Changes {
    /// Nothing yet of a run, by whoever has it in hand under this fence.
    pub fn of(run: &RunRow, fence: i64) -> Self {
        Self::none(run.id.clone(), run.canvas.clone(), run.workspace.clone(), fence)
    }

    /// Nothing yet, of a run of this canvas and its workspace, by whoever has it in hand under this fence.
    pub fn none(run: RunId, canvas: CanvasId, workspace: WorkspaceId, fence: i64) -> Self {
        Self {
            run,
            canvas,
            workspace,
            fence,
            status: None,
            steps: Vec::new(),
            units: Vec::new(),
            generations: Vec::new(),
            assets: Vec::new(),
            review: None,
            late: Vec::new(),
        }
    }

    /// Everything as statements. The first time a change is recorded, `plainly`, its amounts are as the driver has
    /// them; the credits of a unit that was settled before fail that, and are then told from its row.
    fn script(&self, now_ms: i64, plainly: bool) -> Result<Script, DbError> {
        let mut script = Script::default();
        let run = &self.run;
        if plainly {
            self.settle_plainly(&mut script, run, now_ms);
        } else {
            self.settle(&mut script, run, now_ms);
        }
        self.change_units(&mut script, run, plainly)?;
        self.change_steps(&mut script, run)?;
        add_assets(&mut script, &self.workspace, &self.assets);
        add_generations(&mut script, &self.canvas, &self.generations)?;
        if let Some(review) = &self.review {
            let row = args![
                run,
                &review.node,
                &review.person,
                &review.person_name,
                review.at,
                &review.accepted,
                review.rejected,
                &review.note,
            ];
            script.push(REVIEW, row);
        }
        for late in &self.late {
            late.add(&mut script);
        }
        if let Some(status) = &self.status {
            let id = status.status.id();
            let error = json(status.error.as_ref(), "runs")?;
            let row = args![id, status.started_at, status.finished_at, error, run];
            script.push(STATUS, row);
            if run_ended(status.status) {
                script.push(FREE_ALL, args![&self.canvas, run]);
            }
        }
        Ok(script)
    }

    /// The units, each once.
    fn units(&self) -> impl Iterator<Item = &UnitChange> {
        let keyed = self.units.iter().map(|unit| ((unit.node.as_str(), unit.item.as_str()), unit));
        keyed.collect::<BTreeMap<_, _>>().into_values()
    }

    /// Moves the credits of the units that end, by their rows as they are before.
    fn settle(&self, script: &mut Script, run: &RunId, now_ms: i64) {
        let row = |unit: &UnitChange| {
            let bought = i64::from(unit.is_bought());
            args![run, &unit.node, &unit.item, unit.state.id(), bought, unit.charged()]
        };
        let ending: Vec<_> = self.units().filter(|unit| ended(unit.state)).map(row).collect();
        if ending.is_empty() {
            script.push(FENCE, args![self.fence, run]);
            return;
        }
        // The rows of all its units are read below: nobody may change them meanwhile.
        script.lock(FENCE, args![self.fence, run]);
        script.padded(ENDING, ending.clone(), TOTALS, &args![self.fence, run]);
        script.padded(ENDING, ending.clone(), LEDGER, &args![&self.workspace, now_ms]);
        script.padded(ENDING, ending, BALANCE, &args![&self.workspace]);
    }

    /// The same from what the driver has in hand, in a third of the time.
    fn settle_plainly(&self, script: &mut Script, run: &RunId, now_ms: i64) {
        let (mut captured, mut released) = (0, 0);
        let mut entries = Vec::new();
        for unit in self.units().filter(|unit| ended(unit.state)) {
            let (cost, state) = (unit.charged(), unit.state.id());
            let rest = unit.hold.0 - cost;
            captured += cost;
            released += rest;
            let kinds = [("capture", cost, unit.is_bought()), ("release", rest, rest > 0)];
            for (kind, amount, _) in kinds.into_iter().filter(|(_, _, counts)| *counts) {
                let (node, item) = (&unit.node, &unit.item);
                entries.push(args![&self.workspace, now_ms, kind, amount, run, node, item, state]);
            }
        }
        if captured == 0 && released == 0 {
            script.push(FENCE, args![self.fence, run]);
        } else {
            script.push(PLAIN_TOTALS, args![self.fence, captured, released, run]);
            script.push(PLAIN_BALANCE, args![captured, captured + released, &self.workspace]);
        }
        if entries.len() <= SINGLES_MAX {
            for entry in entries {
                script.push(PLAIN_ENTRY, entry);
            }
        } else {
            script.padded(PLAIN_LEDGER, entries, PLAIN_LEDGER_OF, &[]);
        }
    }

    fn change_units(&self, script: &mut Script, run: &RunId, plainly: bool) -> Result<(), DbError> {
        let mut rows = Vec::with_capacity(self.units.len());
        let single = plainly && self.units.len() <= SINGLES_MAX;
        for unit in self.units() {
            if single && !unit.provider.is_empty() {
                let row = args![
                    unit.state.id(),
                    i64::from(unit.attempts),
                    unit.job.as_deref(),
                    unit.charged(),
                    json(unit.error.as_ref(), "invocations")?,
                    ids(&unit.generations)?,
                    i64::from(unit.reused),
                    unit.fingerprint.as_deref(),
                    unit.started_at,
                    unit.finished_at,
                    run,
                    &unit.node,
                    &unit.item,
                ];
                script.push(UNIT_SINGLE, row);
                continue;
            }
            rows.push(args![
                run,
                &unit.node,
                &unit.item,
                i64::from(unit.n),
                unit.state.id(),
                i64::from(unit.attempts),
                &unit.provider,
                unit.job.as_deref(),
                unit.seed,
                unit.charged(),
                json(unit.error.as_ref(), "invocations")?,
                ids(&unit.generations)?,
                i64::from(unit.reused),
                unit.fingerprint.as_deref(),
                unit.started_at,
                unit.finished_at,
            ]);
        }
        script.padded(UNIT, rows, if plainly { PLAIN_UNIT_ROW } else { UNIT_ROW }, &[]);
        Ok(())
    }

    fn change_steps(&self, script: &mut Script, run: &RunId) -> Result<(), DbError> {
        let keyed = self.steps.iter().map(|step| (&step.node, step));
        let steps: BTreeMap<_, _> = keyed.collect();
        let freed: Vec<_> = steps.values().filter(|step| ended(step.state)).collect();
        if freed.len() <= SINGLES_MAX {
            for step in &freed {
                script.push(FREE, args![&self.canvas, &step.node, run]);
            }
        } else {
            let nodes = freed.iter().map(|step| args![&step.node]).collect();
            script.padded(FREE_SOME, nodes, FREE_SOME_OF, &args![&self.canvas, run]);
        }
        let mut rows = Vec::with_capacity(steps.len());
        for (node, step) in &steps {
            let row = args![
                step.state.id(),
                step.started_at,
                step.finished_at,
                step.cost.0,
                json(step.error.as_ref(), "steps")?,
                step.fingerprint.as_deref(),
            ];
            rows.push((*node, row));
        }
        if rows.len() <= SINGLES_MAX {
            for (node, row) in rows {
                script.push(STEP, row.into_iter().chain(args![run, node]));
            }
        } else {
            let row = |(node, row): (&NodeId, [Arg; 6])| {
                let [state, started_at, finished_at, cost, error, fingerprint] = row;
                [Arg::from(node), state, started_at, finished_at, cost, error, fingerprint]
            };
            let rows = rows.into_iter().map(row).collect();
            script.padded(STEPS, rows, STEPS_SET, &args![run]);
        }
        Ok(())
    }
}

pub(super) fn json(
    failure: Option<&Failure>,
    table: &'static str,
) -> Result<Option<String>, DbError> {
    failure.map(serde_json::to_string).transpose().map_err(DbError::row(table))
}

pub(super) fn ids(ids: &[String]) -> Result<String, DbError> {
    serde_json::to_string(ids).map_err(DbError::row("invocations"))
}

impl Db {
    /// Records changes of any number of runs in one transaction, durable when it returns.
    ///
    /// # Errors
    /// See [`RecordError`]; nothing was written then.
    pub async fn record(&self, changes: &[Changes], now_ms: i64) -> Result<(), RecordError> {
        if changes.is_empty() {
            return Ok(());
        }
        let scripts = |plainly| -> Result<Vec<Script>, DbError> {
            changes.iter().map(|changes| changes.script(now_ms, plainly)).collect()
        };
        let Err(error) = self.commit(scripts(true)?).await else { return Ok(()) };
        let is_refused = error.as_database_error().is_some_and(|refused| {
            matches!(
                refused.kind(),
                ErrorKind::NotNullViolation
                    | ErrorKind::UniqueViolation
                    | ErrorKind::CheckViolation
            )
        });
        if !is_refused {
            return Err(RecordError::Db(error.into()));
        }
        if let Some(run) = self.fenced(changes).await? {
            return Err(RecordError::Fenced(run));
        }
        // Some of it was recorded before: what is left of it is told from the rows as they are.
        let Err(error) = self.commit(scripts(false)?).await else { return Ok(()) };
        match self.fenced(changes).await? {
            Some(run) => Err(RecordError::Fenced(run)),
            None => Err(RecordError::Db(error.into())),
        }
    }

    /// The first run that is in other hands.
    async fn fenced(&self, changes: &[Changes]) -> Result<Option<RunId>, DbError> {
        const SQL: &str = "SELECT fence FROM runs WHERE id = $1";
        for change in changes {
            let fence: Option<i64> = with_read!(self, pool => sqlx::query_scalar(SQL)
                .bind(change.run.as_str())
                .fetch_optional(pool)
                .await)?;
            if fence.is_some_and(|fence| fence != change.fence) {
                return Ok(Some(change.run.clone()));
            }
        }
        Ok(None)
    }
}
