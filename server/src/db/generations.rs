//! What nodes made, for ever, with exactly what made it; and the outcome as it stands in documents.

use std::collections::BTreeMap;

use gesso_protocol::api::GenerationBody;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation, NodeResult, NodeState, Outcome, RUNS_KEPT};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Db, DbError, with_read};

/// What a generation was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeWith {
    /// The model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Its parameters.
    pub settings: Value,
    /// The prompt as it got it.
    pub prompt: String,
    /// The negative prompt.
    pub negative: String,
    /// What arrived, by input.
    pub inputs: Value,
}

#[derive(sqlx::FromRow)]
struct ResultRow {
    node: String,
    run: Option<String>,
    state: String,
    error: Option<String>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    cost: i64,
    fingerprint: Option<String>,
    items: String,
}

impl ResultRow {
    fn read(self) -> Result<(String, NodeResult), DbError> {
        let error: Option<Failure> = self
            .error
            .map(|error| serde_json::from_str(&error))
            .transpose()
            .map_err(DbError::row("node_results"))?;
        let result = NodeResult {
            state: NodeState::from_id(&self.state).unwrap_or_default(),
            error,
            run: self.run,
            started_at: self.started_at,
            finished_at: self.finished_at,
            cost: Money(self.cost),
            fingerprint: self.fingerprint,
            items: serde_json::from_str(&self.items).map_err(DbError::row("node_results"))?,
        };
        Ok((self.node, result))
    }
}

impl Db {
    /// The history of a node, oldest first, after the `seq` given; each with the `seq` to go on from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(
        &self,
        canvas: &str,
        node: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, GenerationBody)>, DbError> {
        const SQL: &str = "SELECT seq, body, made_with FROM generations \
             WHERE canvas = $1 AND node = $2 AND seq > $3 ORDER BY seq LIMIT $4";
        let rows: Vec<(i64, String, String)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas)
            .bind(node)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await)?;
        let read = |(seq, body, made_with): (i64, String, String)| {
            let made: MadeWith =
                serde_json::from_str(&made_with).map_err(DbError::row("generations"))?;
            let body = GenerationBody {
                generation: serde_json::from_str(&body).map_err(DbError::row("generations"))?,
                model: made.model,
                version: made.version,
                settings: made.settings,
                prompt: made.prompt,
                negative: made.negative,
                inputs: made.inputs,
            };
            Ok((seq, body))
        };
        rows.into_iter().map(read).collect()
    }

    /// The outcome of a canvas: all results, everything its nodes made, the newest runs and all that have not
    /// ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outcome(&self, canvas: &str) -> Result<Outcome, DbError> {
        const RESULTS: &str = "SELECT node, run, state, error, started_at, finished_at, cost, \
             fingerprint, items FROM node_results WHERE canvas = $1";
        const GENERATIONS: &str =
            "SELECT node, body FROM generations WHERE canvas = $1 ORDER BY seq";
        let rows: Vec<ResultRow> =
            with_read!(self, pool => sqlx::query_as(RESULTS).bind(canvas).fetch_all(pool).await)?;
        let results: BTreeMap<String, NodeResult> =
            rows.into_iter().map(ResultRow::read).collect::<Result<_, _>>()?;
        let rows: Vec<(String, String)> = with_read!(self, pool =>
            sqlx::query_as(GENERATIONS).bind(canvas).fetch_all(pool).await)?;
        let mut generations: BTreeMap<String, Vec<Generation>> = BTreeMap::new();
        for (node, body) in rows {
            let made = serde_json::from_str(&body).map_err(DbError::row("generations"))?;
            generations.entry(node).or_default().push(made);
        }
        let newest = self.runs_of(canvas, None, RUNS_KEPT as i64).await?;
        let unfinished = self.unfinished_runs_of(canvas).await?;
        let runs = newest.into_iter().chain(unfinished).map(|run| {
            let info = run.info();
            (info.id.clone(), info)
        });
        Ok(Outcome { results, generations, runs: runs.collect() })
    }
}
