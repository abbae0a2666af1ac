//! Trying again what failed in a run that has ended.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::api::RunStarted;
use gesso_protocol::graph::Graph;
use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{Past, PastItem, Plan, Retry};
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::{Generation, NodeState};

use super::error::{RunError, refuse};
use super::runs::{Planned, Runs};
use super::start::{StartRequest, reviews};
use crate::db::DbError;
use crate::db::runs::RunRow;

impl Runs {
    /// Starts a new run of what failed or was blocked in one that has ended.
    ///
    /// # Errors
    /// See [`RunError`]; nothing happened then.
    pub async fn retry(
        &self,
        run: &RunRow,
        which: &Retry,
        asked: StartRequest,
    ) -> Result<RunStarted, RunError> {
        if !run.status().is_terminal() {
            return refuse(ErrorCode::Conflict, "The run has not ended. Wait for it or stop it.");
        }
        let room = self.inner.rooms.open(&run.canvas).await?;
        let place = self.inner.rooms.readers().place(&asked.person).await?;
        let copy = room.copy().await?;
        let Some(row) = self.inner.services.db.run(&run.id).await? else {
            return refuse(ErrorCode::NotFound, "There is no such run any more.");
        };
        let (place, plan) = place.run(move || row.plan()).await?;
        let plan = plan?;
        let past = self.past(run, &plan).await?;
        let which = which.clone();
        let planning = move || {
            let canvas = copy.canvas()?;
            let graph = Graph::materialize(&canvas);
            let plan = plan.retry(&past, &which)?;
            Ok::<_, RunError>(Planned { canvas, graph, plan })
        };
        let (place, planned) = place.run(planning).await?;
        self.begin(&run.canvas, asked, (place, planned?), Some(run.id.clone())).await
    }

    /// Returns the outcome of a run, item by item.
    async fn past(&self, run: &RunRow, plan: &Plan) -> Result<Past, DbError> {
        let rows = self.inner.services.db.invocations(&run.id).await?;
        let decided: BTreeSet<NodeId> = self
            .inner
            .services
            .db
            .review_of(&run.id)
            .await?
            .into_iter()
            .map(|review| review.node)
            .collect();
        let ids: Vec<String> = rows.iter().flat_map(|row| row.generation_ids()).collect();
        let made = self.inner.services.db.generations_by_id(&run.canvas, &ids).await?;
        let made: BTreeMap<String, Generation> =
            made.into_iter().map(|(_, made)| (made.id.clone(), made)).collect();
        let mut past = Past::new();
        for node in &decided {
            past.entry(node.clone()).or_default();
        }
        let reviews = reviews(plan);
        for row in rows {
            let is_review = reviews.contains(&row.node);
            if is_review && !decided.contains(&row.node) && row.state() != NodeState::Completed {
                continue;
            }
            let generation = |id: String| match made.get(&id) {
                Some(made) => made.clone(),
                None => Generation { id, ..Generation::default() },
            };
            let item = PastItem {
                state: row.state(),
                generations: row.generation_ids().into_iter().map(generation).collect(),
                error: row.failure(),
                seed: Some(row.seed),
            };
            past.entry(row.node.clone()).or_default().insert(row.item.clone(), item);
        }
        Ok(past)
    }
}
