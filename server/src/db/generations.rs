//! Results that nodes made, for ever, with exactly what made them; and the outcome as it stands in documents.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::api::GenerationBody;
use gesso_protocol::ids::{CanvasId, NodeId};
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{
    Canvas, Failure, GENERATIONS_KEPT, Generation, NodeResult, NodeState, Outcome, RUNS_KEPT,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::runs::InvocationRow;
use super::{Db, DbError, with_read, with_write};

/// The model, settings and inputs that made a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeWith {
    /// The model.
    pub model: String,
    /// Version.
    pub version: String,
    /// Parameters.
    pub settings: Value,
    /// The prompt as it got it.
    pub prompt: String,
    /// The negative prompt.
    pub negative: String,
    /// The contents that arrived, by input.
    pub inputs: Value,
}

/// The kind of evaluators.
const EVALUATOR: &str = "evaluator";
/// Of a batch, the items below this position keep all they name in the document.
const ITEMS_NAMED: i64 = 200;
/// The most text that is read beside what a document holds, in bytes: more cannot be given to a run.
const COMPLETED_BYTES_MAX: usize = gesso_protocol::plan::TEXT_BYTES_MAX;
/// The most values of one statement's list.
pub(super) const LISTED_MAX: usize = 512;

#[derive(sqlx::FromRow)]
struct ResultRow {
    node: String,
    run: String,
    kind: String,
    state: String,
    error: Option<String>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    cost: i64,
    fingerprint: Option<String>,
}

impl ResultRow {
    fn read(self) -> Result<NodeResult, DbError> {
        let error: Option<Failure> = self
            .error
            .map(|error| serde_json::from_str(&error))
            .transpose()
            .map_err(DbError::row("steps"))?;
        Ok(NodeResult {
            state: NodeState::from_id(&self.state).unwrap_or_default(),
            error,
            run: Some(self.run),
            kind: Some(self.kind),
            started_at: self.started_at,
            finished_at: self.finished_at,
            cost: Money(self.cost),
            fingerprint: self.fingerprint,
            items: BTreeMap::new(),
        })
    }
}

/// True if an item of an evaluator stands in the document: a candidate that was not accepted does not.
pub fn is_candidate(state: NodeState) -> bool {
    match state {
        NodeState::Pending | NodeState::Running | NodeState::Paused | NodeState::Completed => true,
        NodeState::Idle | NodeState::Failed | NodeState::Cancelled => false,
    }
}

fn read(body: &str) -> Result<Generation, DbError> {
    serde_json::from_str(body).map_err(DbError::row("generations"))
}

/// What came of [completing](Db::complete) a canvas.
#[derive(Debug, Default)]
pub struct Completed {
    /// True if a choice named a generation that was taken in.
    pub has_chosen: bool,
    /// Ids of assets on it that the server does not have.
    pub unknown_assets: BTreeSet<String>,
}

impl Db {
    /// The history of a node, oldest first, after the `seq` given; each with the `seq` to go on from. At most `limit` of
    /// them, and fewer where more would be larger than `bytes_max`; but one. Says also whether there are more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(
        &self,
        canvas: &CanvasId,
        node: &NodeId,
        after: i64,
        limit: i64,
        bytes_max: i64,
    ) -> Result<(Vec<(i64, GenerationBody)>, bool), DbError> {
        const SIZES: &str = "SELECT seq, CAST(OCTET_LENGTH(body) + OCTET_LENGTH(made_with) AS BIGINT) FROM generations \
             WHERE canvas = $1 AND node = $2 AND seq > $3 ORDER BY seq LIMIT $4";
        const SQL: &str = "SELECT seq, body, made_with FROM generations \
             WHERE canvas = $1 AND node = $2 AND seq > $3 AND seq <= $4 ORDER BY seq";
        let sizes: Vec<(i64, i64)> = with_read!(self, pool => sqlx::query_as(SIZES)
            .bind(canvas.as_str())
            .bind(node.as_str())
            .bind(after)
            .bind(limit + 1)
            .fetch_all(pool)
            .await)?;
        let mut bytes = 0;
        let fits = |(at, (_, size)): &(usize, &(i64, i64))| {
            bytes += *size;
            *at == 0 || bytes <= bytes_max
        };
        let count = usize::try_from(limit).unwrap_or_default();
        let taken = sizes.iter().take(count).enumerate().take_while(fits);
        let Some((_, (last, _))) = taken.last() else { return Ok((Vec::new(), false)) };
        let last = *last;
        let is_more = sizes.last().is_some_and(|(seq, _)| *seq > last);
        let rows: Vec<(i64, String, String)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .bind(node.as_str())
            .bind(after)
            .bind(last)
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
        let made = rows.into_iter().map(read).collect::<Result<_, DbError>>()?;
        Ok((made, is_more))
    }

    /// One generation of a node with exactly what made it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn generation_of(
        &self,
        canvas: &CanvasId,
        node: &NodeId,
        id: &str,
    ) -> Result<Option<GenerationBody>, DbError> {
        const SQL: &str = "SELECT seq FROM generations WHERE canvas = $1 AND node = $2 AND id = $3";
        let seq: Option<(i64,)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .bind(node.as_str())
            .bind(id)
            .fetch_optional(pool)
            .await)?;
        let Some((seq,)) = seq else { return Ok(None) };
        let (found, _) = self.history(canvas, node, seq - 1, 1, 0).await?;
        Ok(found.into_iter().next().map(|(_, made)| made))
    }

    /// The outcome of a canvas: all results, of what its nodes made the newest and what results or choices (`chosen`)
    /// name, the newest runs and all that have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outcome(&self, canvas: &CanvasId, chosen: &[String]) -> Result<Outcome, DbError> {
        let (results, mut named) = self.results(canvas).await?;
        named.extend(chosen.iter().cloned());
        let mut made = self.newest_generations(canvas).await?;
        let loaded: BTreeSet<&str> = made.values().map(|(_, made)| made.id.as_str()).collect();
        let named: Vec<String> =
            named.into_iter().filter(|id| !loaded.contains(id.as_str())).collect();
        made.extend(self.generations_named(canvas, &named).await?);
        let kinds = self.kinds_made_for(&made).await?;
        let mut generations: BTreeMap<String, Vec<Generation>> = BTreeMap::new();
        for (node, generation) in made.into_values() {
            generations.entry(node).or_default().push(generation);
        }
        let newest = self.runs_of(canvas, None, RUNS_KEPT as i64).await?;
        let unfinished = self.unfinished_runs_of(canvas).await?;
        let runs = newest.into_iter().chain(unfinished).map(|run| {
            let info = run.info();
            (info.id.clone(), info)
        });
        Ok(Outcome { results, generations, kinds, runs: runs.collect() })
    }

    /// The kinds of the nodes that these were made for, by their ids, as the runs tell that made them. One that somebody
    /// edited is of the kind of the one that its node made before it.
    async fn kinds_made_for(
        &self,
        made: &BTreeMap<i64, (String, Generation)>,
    ) -> Result<BTreeMap<String, String>, DbError> {
        let runs: BTreeSet<&String> =
            made.values().map(|(_, made)| &made.run).filter(|run| !run.is_empty()).collect();
        let runs: Vec<&String> = runs.into_iter().collect();
        let mut of_step: BTreeMap<(String, String), String> = BTreeMap::new();
        for runs in runs.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT run, node, kind FROM steps WHERE run IN ({})",
                list(1, runs.len())
            ));
            let rows: Vec<(String, String, String)> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql);
                for run in runs {
                    query = query.bind(*run);
                }
                query.fetch_all(pool).await
            })?;
            of_step.extend(rows.into_iter().map(|(run, node, kind)| ((run, node), kind)));
        }
        let kind = |(node, made): &(String, Generation)| {
            let kind = of_step.get(&(made.run.clone(), node.clone()))?;
            Some((made.id.clone(), kind.clone()))
        };
        let mut kinds: BTreeMap<String, String> = made.values().filter_map(kind).collect();
        let edited = made.values().map(|(_, made)| &made.id).filter(|id| !kinds.contains_key(*id));
        let edited: Vec<&String> = edited.collect();
        for ids in edited.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT g.id, (SELECT s.kind FROM generations b \
                 JOIN steps s ON s.run = b.run AND s.node = b.node \
                 WHERE b.canvas = g.canvas AND b.node = g.node AND b.seq < g.seq \
                 ORDER BY b.seq DESC LIMIT 1) FROM generations g WHERE g.id IN ({})",
                list(1, ids.len())
            ));
            let rows: Vec<(String, Option<String>)> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql);
                for id in ids {
                    query = query.bind(*id);
                }
                query.fetch_all(pool).await
            })?;
            kinds.extend(rows.into_iter().filter_map(|(id, kind)| Some((id, kind?))));
        }
        Ok(kinds)
    }

    /// Reads the rows for the document's `results`, and the ids of the generations that they name.
    async fn results(
        &self,
        canvas: &CanvasId,
    ) -> Result<(BTreeMap<String, NodeResult>, BTreeSet<String>), DbError> {
        const STEPS: &str = "SELECT r.node, r.run, s.kind, s.state, s.error, s.started_at, \
             s.finished_at, s.cost, s.fingerprint FROM node_results r \
             JOIN steps s ON s.run = r.run AND s.node = r.node WHERE r.canvas = $1";
        const UNITS: &str = "SELECT i.node, i.item, i.n, i.state, i.attempts, i.provider, i.job, i.seed, \
             i.hold, i.cost, i.error, i.generations, i.reused, i.fingerprint, i.started_at, \
             i.finished_at FROM node_results r \
             JOIN invocations i ON i.run = r.run AND i.node = r.node WHERE r.canvas = $1";
        let steps: Vec<ResultRow> = with_read!(self, pool => sqlx::query_as(STEPS).bind(canvas.as_str()).fetch_all(pool).await)?;
        let units: Vec<InvocationRow> = with_read!(self, pool => sqlx::query_as(UNITS).bind(canvas.as_str()).fetch_all(pool).await)?;
        let mut results = BTreeMap::new();
        let mut evaluators = BTreeSet::new();
        for step in steps {
            if step.kind == EVALUATOR {
                evaluators.insert(step.node.clone());
            }
            results.insert(step.node.clone(), step.read()?);
        }
        let mut named = BTreeSet::new();
        for unit in units {
            let Some(result) = results.get_mut(unit.node.as_str()) else { continue };
            let dropped = unit.state() == NodeState::Idle && unit.error.is_none();
            let candidate = is_candidate(unit.state());
            if dropped || (evaluators.contains(unit.node.as_str()) && !candidate) {
                continue;
            }
            let item = unit.item_result();
            if unit.n < ITEMS_NAMED {
                named.extend(item.generations.iter().cloned());
            }
            result.items.insert(unit.item, item);
        }
        Ok((results, named))
    }

    /// The newest that each node of a canvas made, by their order.
    async fn newest_generations(
        &self,
        canvas: &CanvasId,
    ) -> Result<BTreeMap<i64, (String, Generation)>, DbError> {
        const SQL: &str = "SELECT g.seq, g.node, g.body FROM \
             (SELECT DISTINCT node FROM generations WHERE canvas = $1) d \
             JOIN generations g ON g.canvas = $1 AND g.node = d.node AND g.seq >= COALESCE( \
             (SELECT x.seq FROM generations x WHERE x.canvas = $1 AND x.node = d.node \
             ORDER BY x.seq DESC LIMIT 1 OFFSET $2), 0)";
        let rows: Vec<(i64, String, String)> = with_read!(self, pool => sqlx::query_as(SQL)
            .bind(canvas.as_str())
            .bind(GENERATIONS_KEPT as i64 - 1)
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(|(seq, node, body)| Ok((seq, (node, read(&body)?)))).collect()
    }

    async fn generations_named(
        &self,
        canvas: &CanvasId,
        ids: &[String],
    ) -> Result<BTreeMap<i64, (String, Generation)>, DbError> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT seq, node, body FROM generations WHERE canvas = $1 AND id IN ({})",
                list(2, ids.len())
            ));
            let rows: Vec<(i64, String, String)> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql).bind(canvas.as_str());
                for id in ids {
                    query = query.bind(id);
                }
                query.fetch_all(pool).await
            })?;
            for (seq, node, body) in rows {
                found.insert(seq, (node, read(&body)?));
            }
        }
        Ok(found)
    }

    /// The generations of a canvas with these ids, with their nodes, oldest first. Ids it does not have are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn generations_by_id(
        &self,
        canvas: &CanvasId,
        ids: &[String],
    ) -> Result<Vec<(NodeId, Generation)>, DbError> {
        let found = self.generations_named(canvas, ids).await?.into_values();
        Ok(found.map(|(node, made)| (NodeId::new(node), made)).collect())
    }

    /// The files that were made on a canvas.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assets_made_on(&self, canvas: &CanvasId) -> Result<Vec<String>, DbError> {
        const SQL: &str = "SELECT body FROM generations WHERE canvas = $1";
        let rows: Vec<(String,)> = with_read!(self, pool => sqlx::query_as(SQL).bind(canvas.as_str()).fetch_all(pool).await)?;
        let mut ids = Vec::new();
        for (body,) in rows {
            ids.extend(read(&body)?.asset);
        }
        Ok(ids)
    }

    /// Brings a canvas, as its document has it, in line with what the server knows: facts of assets are those of its
    /// records (R-RUN-7), and what results and choices name and the document does not hold is taken in (R-DOC-30): it
    /// flows all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete(&self, id: &CanvasId, canvas: &mut Canvas) -> Result<Completed, DbError> {
        let unknown_assets = self.own_facts(id, canvas).await?;
        let unheld = canvas.unheld_generations();
        let chosen: BTreeSet<String> = canvas
            .chosen_generations()
            .filter(|id| unheld.contains(*id))
            .map(str::to_owned)
            .collect();
        let ids: Vec<String> = unheld.into_iter().collect();
        let (mut bytes, mut has_chosen) = (0, false);
        for ids in ids.chunks(LISTED_MAX) {
            let named = self.generations_named(id, ids).await?;
            let kinds = self.kinds_made_for(&named).await?;
            for (node, made) in named.into_values() {
                // What was made for a node of another kind, whose id this one has, is not its result (R-DOC-28).
                let kind = canvas.nodes.get(&node).map(|node| &node.kind);
                if kind.zip(kinds.get(&made.id)).is_some_and(|(kind, made_for)| kind != made_for) {
                    continue;
                }
                bytes += made.text.as_ref().map_or(0, String::len);
                has_chosen |= chosen.contains(&made.id);
                canvas.take_in(&node, made);
            }
            if bytes > COMPLETED_BYTES_MAX {
                break;
            }
        }
        Ok(Completed { has_chosen, unknown_assets })
    }

    /// For each of these fingerprints what the newest invocation on the canvas made that had it, with its node, in
    /// order. Pictures that people edited were made by no invocation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reusable(
        &self,
        canvas: &CanvasId,
        fingerprints: &[String],
    ) -> Result<BTreeMap<String, Vec<(NodeId, Generation)>>, DbError> {
        let mut found: BTreeMap<String, Vec<(NodeId, Generation)>> = BTreeMap::new();
        let wanted: BTreeSet<&String> =
            fingerprints.iter().filter(|fingerprint| !fingerprint.is_empty()).collect();
        let wanted: Vec<&String> = wanted.into_iter().collect();
        for wanted in wanted.chunks(LISTED_MAX) {
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT g.fingerprint, g.node, g.body FROM \
                 (SELECT MAX(seq) AS seq FROM generations \
                 WHERE canvas = $1 AND fingerprint IN ({}) GROUP BY fingerprint) m \
                 JOIN generations l ON l.seq = m.seq \
                 JOIN generations g ON g.run = l.run AND g.node = l.node AND g.item = l.item \
                 AND g.canvas = l.canvas AND g.fingerprint = l.fingerprint ORDER BY g.seq",
                list(2, wanted.len())
            ));
            let rows: Vec<(String, String, String)> = with_read!(self, pool => {
                let mut query = sqlx::query_as(sql).bind(canvas.as_str());
                for fingerprint in wanted {
                    query = query.bind(*fingerprint);
                }
                query.fetch_all(pool).await
            })?;
            for (fingerprint, node, body) in rows {
                found.entry(fingerprint).or_default().push((NodeId::new(node), read(&body)?));
            }
        }
        Ok(found)
    }

    /// Adds a picture that somebody edited to what a node made. No run made it, so none takes it over.
    ///
    /// # Errors
    /// When the database fails, or the generation is there already.
    pub async fn add_generation(
        &self,
        canvas: &CanvasId,
        node: &NodeId,
        generation: &Generation,
        made_with: &MadeWith,
    ) -> Result<(), DbError> {
        const SQL: &str = "INSERT INTO generations \
             (id, canvas, node, item, run, body, made_with, fingerprint) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '')";
        let body = serde_json::to_string(generation).map_err(DbError::row("generations"))?;
        let made_with = serde_json::to_string(made_with).map_err(DbError::row("generations"))?;
        with_write!(self, on => sqlx::query(SQL)
            .bind(&generation.id)
            .bind(canvas.as_str())
            .bind(node.as_str())
            .bind(&generation.key)
            .bind(&generation.run)
            .bind(body)
            .bind(made_with)
            .execute(on)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}

/// `$from, …`, as many as said.
pub(super) fn list(from: usize, count: usize) -> String {
    let numbers: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    numbers.join(", ")
}
