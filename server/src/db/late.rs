//! Results that arrived after their cancellation: kept aside for a while, uncharged, and taken over for their price.

use std::sync::Arc;

use gesso_protocol::ids::{CanvasId, NodeId, RunId, WorkspaceId};
use gesso_protocol::schema::Generation;
use serde::{Deserialize, Serialize};

use super::assets::AssetRow;
use super::generations::MadeWith;
use super::ids::IdText;
use super::runs::{NewGeneration, add_assets, add_generations};
use super::script::{Script, args};
use super::{Db, DbError, ledger, with_read, with_tx, with_write};

/// A result that came too late.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LateRow {
    /// Id.
    pub id: String,
    /// The canvas.
    #[sqlx(try_from = "IdText")]
    pub canvas: CanvasId,
    /// The canvas's workspace.
    #[sqlx(try_from = "IdText")]
    pub workspace: WorkspaceId,
    /// The run it was made in.
    #[sqlx(try_from = "IdText")]
    pub run: RunId,
    /// The node.
    #[sqlx(try_from = "IdText")]
    pub node: NodeId,
    /// The item key.
    pub item: String,
    /// Who started the run.
    pub person: String,
    /// Price of taking it over, in millicredits.
    pub cost: i64,
    /// When it came, in ms since 1970.
    pub at: i64,
    /// Until when it is kept.
    pub expires_at: i64,
    /// JSON of [`LateBody`].
    pub body: String,
}

/// The content of a late result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateBody {
    /// The generations, in order.
    pub generations: Vec<Generation>,
    /// The model, settings and inputs that made them.
    pub made_with: MadeWith,
    /// The assets that hold them, already durable.
    pub assets: Vec<AssetRow>,
}

/// Why a late result was not taken over; nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It was taken over before, has expired, or never was.
    #[error("there is no such late result")]
    Gone,
    /// The balance is too small.
    #[error("the balance is too small")]
    InsufficientCredits,
}

impl From<sqlx::Error> for TakeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl LateRow {
    /// Reads the content of the late result.
    ///
    /// # Errors
    /// When an older version wrote what this one cannot read.
    pub fn read(&self) -> Result<LateBody, DbError> {
        serde_json::from_str(&self.body).map_err(DbError::row("late_results"))
    }

    /// Adds it, once, unless its run was deleted with its canvas.
    pub(super) fn add(&self, script: &mut Script) {
        const SQL: &str = "INSERT INTO late_results (id, workspace, canvas, run, node, item, person, \
             cost, at, expires_at, body) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? \
             WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?) ON CONFLICT (id) DO NOTHING";
        let row = args![
            &self.id,
            &self.workspace,
            &self.canvas,
            &self.run,
            &self.node,
            &self.item,
            &self.person,
            self.cost,
            self.at,
            self.expires_at,
            &self.body,
            &self.run,
        ];
        script.push(SQL, row);
    }
}

impl LateBody {
    /// As it stands in its row.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DbError> {
        serde_json::to_string(self).map_err(DbError::row("late_results"))
    }
}

impl Db {
    /// The late results of a run, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late_of(&self, run: &RunId) -> Result<Vec<LateRow>, DbError> {
        const SQL: &str = "SELECT id, workspace, canvas, run, node, item, person, cost, at, expires_at, body \
             FROM late_results WHERE run = $1 ORDER BY at, id";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(run.as_str()).fetch_all(pool).await)?)
    }

    /// A late result.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late(&self, id: &str) -> Result<Option<LateRow>, DbError> {
        const SQL: &str = "SELECT id, workspace, canvas, run, node, item, person, cost, at, expires_at, body \
             FROM late_results WHERE id = $1";
        Ok(with_read!(self, pool => sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// Takes a late result over: its price is captured, its assets enter the library and its generations the history of
    /// its node. The run it came from stays as it ended.
    ///
    /// # Errors
    /// See [`TakeError`]; nothing was written then.
    pub async fn take_late(&self, id: &str, now_ms: i64) -> Result<(LateRow, LateBody), TakeError> {
        const TAKE: &str = "DELETE FROM late_results WHERE id = $1 AND expires_at > $2 \
             RETURNING id, workspace, canvas, run, node, item, person, cost, at, expires_at, body";
        const PAY: &str = "UPDATE balances SET balance = balance - $2 \
             WHERE workspace = $1 AND balance - held >= $2";
        with_tx!(self, tx => async {
            let row: Option<LateRow> =
                sqlx::query_as(TAKE).bind(id).bind(now_ms).fetch_optional(&mut *tx).await?;
            let row = row.ok_or(TakeError::Gone)?;
            let body = row.read()?;
            let paid = sqlx::query(PAY).bind(row.workspace.as_str()).bind(row.cost).execute(&mut *tx).await?;
            if paid.rows_affected() == 0 {
                return Err(TakeError::InsufficientCredits);
            }
            sqlx::query(ledger::ENTRY)
                .bind(row.workspace.as_str())
                .bind(now_ms)
                .bind("capture")
                .bind(row.cost)
                .bind(row.run.as_str())
                .bind(row.node.as_str())
                .bind(&row.item)
                .bind("taken over after its cancellation")
                .execute(&mut *tx)
                .await?;
            let made_with = serde_json::to_string(&body.made_with);
            let made_with: Arc<str> = made_with.map_err(DbError::row("late_results"))?.into();
            let made = |generation: &Generation| NewGeneration {
                node: row.node.clone(),
                generation: generation.clone(),
                made_with: Arc::clone(&made_with),
            };
            let made: Vec<_> = body.generations.iter().map(made).collect();
            let mut script = Script::default();
            add_assets(&mut script, &row.workspace, &body.assets);
            add_generations(&mut script, &row.canvas, &made)?;
            script.run(&mut *tx).await?;
            Ok::<_, TakeError>((row, body))
        }
        .await)
    }

    /// Forgets what nobody took over in time. Answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_late(&self, now_ms: i64) -> Result<u64, DbError> {
        const SQL: &str = "DELETE FROM late_results WHERE expires_at <= $1";
        Ok(with_write!(self, on => sqlx::query(SQL)
            .bind(now_ms)
            .execute(on)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
