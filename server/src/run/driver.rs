//! One task a run: asks [`super::core`] what to do, does it, and records every change in the database before
//! it shows it in the document.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use gesso_protocol::plan::Plan;
use gesso_protocol::schema::{self, Failure, Generation, NodeResult, NodeState};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::core::{Action, Progress};
use super::invoke::{Ended, invoke};
use crate::clock::now_ms;
use crate::db::DbError;
use crate::db::runs::{RunRow, Settled, SettledState};
use crate::room::RoomHandle;

/// How long to wait before a failed write to the database is tried again, in ms.
const DB_RETRY_MS: u64 = 1_000;

/// A run in hand.
pub(super) struct Driven {
    pub(super) inner: Arc<Inner>,
    pub(super) run: RunRow,
    pub(super) room: RoomHandle,
}

impl Driven {
    /// Repeats a write until the database takes it: a full disk or a lost connection must not decide how a
    /// paid run ends. `None` when the server stops meanwhile; the run is taken up after the restart.
    pub(super) async fn persist<T, F>(&self, write: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        loop {
            match write().await {
                Ok(value) => return Some(value),
                Err(error) => {
                    tracing::error!(%error, run = self.run.id, "a run cannot be recorded, trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(DB_RETRY_MS)) => {}
                () = self.inner.shutdown.cancelled() => return None,
            }
        }
    }

    /// Shows the run, and what became of a node, in the document.
    pub(super) async fn show(&self, node: Option<(String, NodeResult, Vec<Generation>)>) {
        let row = match self.inner.db.run(&self.run.id).await {
            Ok(Some(row)) => row,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, run = self.run.id, "a run cannot be read");
                return;
            }
        };
        let info = row.info();
        let written = self.room.write(move |txn| {
            schema::put_run(txn, &info);
            if let Some((node, result, generations)) = &node {
                // What a deleted node made stays in the library and its history.
                if schema::node_map(txn, node).is_none() {
                    return;
                }
                show_result(txn, node, result);
                schema::put_generations(txn, node, generations);
            }
        });
        if let Err(error) = written.await {
            // The database has it; the document is brought in line when its room loads.
            tracing::error!(%error, run = self.run.id, "a run cannot be shown");
        }
        self.inner.events.changed(&self.run.canvas);
    }

    /// Ends a step; answers its state as it stands then.
    pub(super) async fn settle(&self, node: &str, state: SettledState) -> Option<()> {
        let settled = Settled { node: node.to_owned(), state };
        let result =
            self.persist(|| self.inner.db.settle_step(&self.run, &settled, now_ms())).await?;
        if let Some(result) = result {
            let made = match settled.state {
                SettledState::Completed { generations, .. } => generations,
                SettledState::Failed(_) | SettledState::Cancelled | SettledState::Blocked(_) => {
                    Vec::new()
                }
            };
            self.show(Some((node.to_owned(), result, made))).await;
        }
        Some(())
    }
}

/// Writes the keys of a result that differ; a missing entry is laid anew.
fn show_result(txn: &mut yrs::TransactionMut<'_>, node: &str, result: &NodeResult) {
    let Some(shown) = schema::read_result(txn, node) else {
        schema::put_result(txn, node, result);
        return;
    };
    if shown == *result {
        return;
    }
    let json = |value: Option<i64>| value.map_or(serde_json::Value::Null, Into::into);
    let text = |value: &Option<String>| value.clone().map_or(serde_json::Value::Null, Into::into);
    let error = serde_json::to_value(&result.error).unwrap_or_default();
    let keys = [
        ("state", result.state.id().into()),
        ("error", error),
        ("run", text(&result.run)),
        ("started_at", json(result.started_at)),
        ("finished_at", json(result.finished_at)),
        ("cost", result.cost.to_json()),
        ("fingerprint", text(&result.fingerprint)),
    ];
    schema::set_result_keys(txn, node, &keys);
    for (key, item) in &result.items {
        schema::set_item(txn, node, key, item);
    }
}

/// Drives a run to its end, or until the server stops.
pub(super) async fn drive(
    inner: Arc<Inner>,
    run: RunRow,
    plan: Plan,
    room: RoomHandle,
    cancel: CancellationToken,
) {
    let stop_on_error = run.on_error == "stop";
    let driven = Arc::new(Driven { inner, run, room });
    let Some((states, made)) = records(&driven).await else { return };
    let mut progress = Progress::new(plan, states, stop_on_error);
    let mut made = made;
    let mut calls: JoinSet<(String, Option<Ended>)> = JoinSet::new();
    let mut aborts: BTreeMap<String, CancellationToken> = BTreeMap::new();
    if cancel.is_cancelled() {
        progress.cancel();
    }
    loop {
        let actions = progress.next();
        let mut settled = false;
        for action in actions {
            match action {
                Action::Start(node) => {
                    progress.set(&node, NodeState::Running, None);
                    let abort = CancellationToken::new();
                    aborts.insert(node.clone(), abort.clone());
                    let Some(step) = progress.plan().step(&node).cloned() else { continue };
                    let call = invoke(Arc::clone(&driven), step, made.clone(), abort);
                    calls.spawn(async move { (node, call.await) });
                }
                Action::Abort(node) => {
                    if let Some(abort) = aborts.get(&node) {
                        abort.cancel();
                    }
                }
                Action::Cancel(node) => {
                    if driven.settle(&node, SettledState::Cancelled).await.is_none() {
                        return;
                    }
                    progress.set(&node, NodeState::Cancelled, None);
                    settled = true;
                }
                Action::Block { node, by } => {
                    let failure = blocked(progress.plan(), &by);
                    if driven.settle(&node, SettledState::Blocked(failure)).await.is_none() {
                        return;
                    }
                    progress.set(&node, NodeState::Idle, None);
                    settled = true;
                }
                Action::Finish(status, error) => {
                    let ended = driven.persist(|| {
                        driven.inner.db.finish_run(&driven.run.id, status, error.as_ref(), now_ms())
                    });
                    if ended.await.is_some() {
                        driven.show(None).await;
                    }
                    return;
                }
            }
        }
        if settled {
            continue;
        }
        tokio::select! {
            ended = calls.join_next(), if !calls.is_empty() => {
                let Some(ended) = ended else { continue };
                let (node, ended) = match ended {
                    Ok((node, Some(ended))) => (node, ended),
                    // The server stops.
                    Ok((_, None)) => return,
                    Err(panic) => {
                        tracing::error!(%panic, run = driven.run.id, "a call failed to report");
                        return;
                    }
                };
                driven.room.set_progress(&node, None);
                if let Ended::Completed(generations) = &ended {
                    made.insert(node.clone(), generations.clone());
                }
                let (state, failure) = ended.state();
                progress.set(&node, state, failure);
            }
            () = cancel.cancelled(), if !progress.is_cancelled() => progress.cancel(),
            () = driven.inner.shutdown.cancelled() => return,
        }
    }
}

fn blocked(plan: &Plan, by: &str) -> Failure {
    let title = plan.step(by).map_or(by, |step| step.title.as_str());
    Failure {
        node: Some(by.to_owned()),
        code: "blocked".to_owned(),
        detail: format!("blocked by “{title}”"),
        hint: format!("Fix “{title}” and run again. Nothing was charged for this node."),
    }
}

type Records = (BTreeMap<String, NodeState>, BTreeMap<String, Vec<Generation>>);

/// Where the run's records stand.
async fn records(driven: &Driven) -> Option<Records> {
    let (db, run) = (&driven.inner.db, &driven.run);
    let steps = driven.persist(|| db.steps(&run.id)).await?;
    let made = driven.persist(|| db.made_by(&run.id, &run.canvas)).await?;
    let mut states = BTreeMap::new();
    let mut by_node: BTreeMap<String, Vec<Generation>> = BTreeMap::new();
    for step in steps {
        states.insert(step.node.clone(), step.state());
    }
    for (node, generation) in made {
        by_node.entry(node).or_default().push(generation);
    }
    Some((states, by_node))
}
