//! A run's rows as they are read.

use gesso_protocol::ids::{CanvasId, NodeId, RunId, WorkspaceId};
use gesso_protocol::plan::Plan;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, ItemResult, NodeState, RunInfo, RunStatus};

use super::super::DbError;
use super::super::ids::{IdText, MaybeIdText};

/// A run's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunRow {
    /// Id.
    #[sqlx(try_from = "IdText")]
    pub id: RunId,
    /// Canvas.
    #[sqlx(try_from = "IdText")]
    pub canvas: CanvasId,
    /// The canvas's workspace.
    #[sqlx(try_from = "IdText")]
    pub workspace: WorkspaceId,
    /// Number on the canvas.
    pub number: i64,
    /// Status.
    pub status: String,
    /// Mode.
    pub mode: String,
    /// The node it was asked for.
    #[sqlx(try_from = "MaybeIdText")]
    pub node: Option<NodeId>,
    /// The nodes it was asked for, as a JSON array.
    pub nodes: String,
    /// Who started it.
    pub person: String,
    /// Their name then.
    pub person_name: String,
    /// `continue` or `stop`.
    pub on_error: String,
    /// The plan, as JSON; empty in lists of a canvas's runs.
    pub snapshot: String,
    /// Credits held for it at the start, in millicredits.
    pub hold: i64,
    /// Part of the hold that was captured, in millicredits.
    pub captured: i64,
    /// Part of the hold that was released, in millicredits.
    pub released: i64,
    /// Not 0 if somebody asked to stop it.
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
    #[sqlx(try_from = "MaybeIdText")]
    pub retry_of: Option<RunId>,
    /// Counts who has had it in hand: only who knows it may write to the run.
    pub fence: i64,
    /// The server that has it in hand.
    pub owner: String,
    /// Until when, in ms since 1970, unless renewed.
    pub lease_until: i64,
    /// Not 0 if its owner holds it back in the queue.
    pub waiting: i64,
    /// Place among its owner's runs in the queue.
    pub place: i64,
}

impl RunRow {
    /// Status.
    pub fn status(&self) -> RunStatus {
        RunStatus::from_id(&self.status).unwrap_or_default()
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Failure> {
        failure(self.error.as_deref())
    }

    /// The nodes it was asked for.
    pub fn selection(&self) -> Vec<NodeId> {
        serde_json::from_str(&self.nodes).unwrap_or_default()
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
            id: self.id.to_string(),
            number: self.number,
            status: self.status(),
            mode: self.mode.clone(),
            node: self.node.as_ref().map(NodeId::to_string),
            by: self.person_name.clone(),
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            cost: Money(self.captured),
            error: self.failure(),
            retry_of: self.retry_of.as_ref().map(RunId::to_string),
        }
    }
}

/// A step's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StepRow {
    /// The node.
    #[sqlx(try_from = "IdText")]
    pub node: NodeId,
    /// Kind.
    pub kind: String,
    /// Title when the run was asked for.
    pub title: String,
    /// The model.
    pub model: String,
    /// State.
    pub state: String,
    /// Number of its invocations.
    pub invocations: i64,
    /// When it started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Credits held for it, in millicredits.
    pub hold: i64,
    /// Cost of the step, in millicredits.
    pub cost: i64,
    /// Why it failed, as JSON.
    pub error: Option<String>,
    /// Fingerprint of everything its results depended on.
    pub fingerprint: Option<String>,
}

impl StepRow {
    /// State.
    pub fn state(&self) -> NodeState {
        NodeState::from_id(&self.state).unwrap_or_default()
    }

    /// Why it failed or did not start.
    pub fn failure(&self) -> Option<Failure> {
        failure(self.error.as_deref())
    }
}

/// A unit's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InvocationRow {
    /// The node.
    #[sqlx(try_from = "IdText")]
    pub node: NodeId,
    /// Item key; empty outside a batch.
    pub item: String,
    /// Position in the batch.
    pub n: i64,
    /// State.
    pub state: String,
    /// Number of times its provider was called.
    pub attempts: i64,
    /// Who computes it.
    pub provider: String,
    /// The provider's id of the job.
    pub job: Option<String>,
    /// The seed it is made with, also when it is repeated.
    pub seed: i64,
    /// Credits held for it, in millicredits.
    pub hold: i64,
    /// Cost of the invocation, in millicredits.
    pub cost: i64,
    /// Why it failed or waits, as JSON.
    pub error: Option<String>,
    /// The ids of its generations, as a JSON array.
    pub generations: String,
    /// Not 0 if they were taken over from an earlier run.
    pub reused: i64,
    /// Fingerprint of everything its results depend on.
    pub fingerprint: Option<String>,
    /// When it began, in ms since 1970.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

impl InvocationRow {
    /// State.
    pub fn state(&self) -> NodeState {
        NodeState::from_id(&self.state).unwrap_or_default()
    }

    /// Why it failed, did not start, or is tried again.
    pub fn failure(&self) -> Option<Failure> {
        failure(self.error.as_deref())
    }

    /// Generations.
    pub fn generation_ids(&self) -> Vec<String> {
        serde_json::from_str(&self.generations).unwrap_or_default()
    }

    /// As it stands in the document.
    pub fn item_result(&self) -> ItemResult {
        ItemResult {
            n: u32::try_from(self.n).unwrap_or_default(),
            state: self.state(),
            generations: self.generation_ids(),
            reused: self.reused != 0,
            error: self.failure(),
        }
    }
}

/// A person's decision at an evaluator.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReviewRow {
    /// The evaluator.
    #[sqlx(try_from = "IdText")]
    pub node: NodeId,
    /// Who decided.
    pub person: String,
    /// Their name then.
    pub person_name: String,
    /// When, in ms since 1970.
    pub at: i64,
    /// The accepted candidates, as a JSON array of ids.
    pub accepted: String,
    /// Not 0 if all were rejected.
    pub rejected: i64,
    /// Why.
    pub note: String,
}

impl ReviewRow {
    /// The accepted candidates.
    pub fn accepted_ids(&self) -> Vec<String> {
        serde_json::from_str(&self.accepted).unwrap_or_default()
    }
}

fn failure(error: Option<&str>) -> Option<Failure> {
    error.and_then(|error| serde_json::from_str(error).ok())
}
