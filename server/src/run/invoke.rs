//! One call of a model: recorded before the provider is called, retried where that may help, its bytes durable
//! before its record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gesso_protocol::invocation::Invocation;
use gesso_protocol::plan::Step;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation, ItemContent, NodeState};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::driver::Driven;
use crate::clock::{fresh_id, now_ms};
use crate::db::assets::AssetRow;
use crate::db::generations::MadeWith;
use crate::db::runs::SettledState;
use crate::providers::{Call, InputFile, Produced, ProviderError};

/// How often a call is tried.
const ATTEMPTS_MAX: u32 = 3;
/// The wait before the second try, doubled for each further one, in ms.
const BACKOFF_MS: u64 = 1_000;
/// The longest wait a provider may ask for, in ms.
const RETRY_AFTER_MAX_MS: u64 = 60_000;
/// How long one call may take, in ms.
const DEADLINE_MS: u64 = 15 * 60 * 1000;
/// Progress is told in steps of this many percent.
const PROGRESS_STEP: u32 = 2;

/// How a call ended, as it is recorded.
pub(super) enum Ended {
    Completed(Vec<Generation>),
    Failed(Failure),
    Cancelled,
}

impl Ended {
    pub(super) fn state(self) -> (NodeState, Option<Failure>) {
        match self {
            Self::Completed(_) => (NodeState::Completed, None),
            Self::Failed(failure) => (NodeState::Failed, Some(failure)),
            Self::Cancelled => (NodeState::Cancelled, None),
        }
    }
}

/// Calls the model of a step. `None` when the server stops before the end is recorded.
pub(super) async fn invoke(
    driven: Arc<Driven>,
    step: Step,
    made: BTreeMap<String, Vec<Generation>>,
    abort: CancellationToken,
) -> Option<Ended> {
    let invocation = step.invocation(|node, port| arriving(&made, node, port));
    let wished = invocation.params.get("seed").and_then(serde_json::Value::as_i64);
    let seed = wished.unwrap_or_else(|| i64::from(rand::random::<u32>()));
    let (db, run) = (&driven.inner.db, &driven.run);
    let begun = driven
        .persist(|| db.begin_invocation(run, &step.node, &step.provider, seed, now_ms()))
        .await?;
    let Some((seed, result)) = begun else { return Some(Ended::Cancelled) };
    driven.show(Some((step.node.clone(), result, Vec::new()))).await;
    let call = tokio::select! {
        outcome = attempts(&driven, &step, &invocation, seed.unsigned_abs(), &abort) => outcome,
        () = driven.inner.shutdown.cancelled() => return None,
    };
    let settled = match call {
        Ok(produced) => store(&driven, &step, &invocation, produced).await,
        Err(ProviderError::Cancelled) => SettledState::Cancelled,
        Err(ProviderError::Permanent { detail, hint }) => {
            SettledState::Failed(failure(&step, "rejected", detail, hint))
        }
        Err(ProviderError::Transient { detail, .. }) => {
            let hint = "It was tried several times. Run again later; nothing was charged.";
            SettledState::Failed(failure(&step, "unavailable", detail, hint.to_owned()))
        }
    };
    let ended = match &settled {
        SettledState::Completed { generations, .. } => Ended::Completed(generations.clone()),
        SettledState::Failed(failure) | SettledState::Blocked(failure) => {
            Ended::Failed(failure.clone())
        }
        SettledState::Cancelled => Ended::Cancelled,
    };
    driven.settle(&step.node, settled).await?;
    Some(ended)
}

/// What a step of this run put on one of its outputs: the first of what it made for that port.
fn arriving(made: &BTreeMap<String, Vec<Generation>>, node: &str, port: &str) -> Vec<ItemContent> {
    let first = made.get(node).into_iter().flatten().find(|made| made.port == port);
    first
        .and_then(|made| match &made.text {
            Some(text) => Some(ItemContent::Text(text.clone())),
            None => made.asset_ref().map(ItemContent::Asset),
        })
        .into_iter()
        .collect()
}

fn failure(step: &Step, code: &str, detail: String, hint: String) -> Failure {
    Failure { node: Some(step.node.clone()), code: code.to_owned(), detail, hint }
}

async fn attempts(
    driven: &Arc<Driven>,
    step: &Step,
    invocation: &Invocation,
    seed: u64,
    abort: &CancellationToken,
) -> Result<Vec<Produced>, ProviderError> {
    let provider =
        driven.inner.providers.get(&step.provider).ok_or_else(|| ProviderError::Permanent {
            detail: format!("The provider “{}” is not there any more.", step.provider),
            hint: "Choose another model.".to_owned(),
        })?;
    let files = input_files(driven, invocation).await?;
    let mut attempt = 1;
    loop {
        let call = Call {
            invocation: invocation.clone(),
            files: files.clone(),
            count: step.count,
            seed,
            progress: progress(driven, &step.node),
            cancel: abort.clone(),
        };
        let deadline = Duration::from_millis(DEADLINE_MS);
        let outcome = tokio::time::timeout(deadline, provider.invoke(call)).await;
        let error = match outcome {
            Ok(Ok(produced)) if produced.is_empty() => ProviderError::Permanent {
                detail: format!("{} gave no result.", step.model),
                hint: "Change the prompt or the model and run again.".to_owned(),
            },
            Ok(Ok(produced)) => return Ok(produced),
            Ok(Err(error)) => error,
            Err(_) => ProviderError::Transient {
                detail: format!("{} did not answer in time.", step.model),
                retry_after_ms: None,
            },
        };
        let ProviderError::Transient { retry_after_ms, detail } = &error else { return Err(error) };
        if attempt >= ATTEMPTS_MAX {
            return Err(error);
        }
        tracing::warn!(
            run = driven.run.id,
            node = step.node,
            attempt,
            detail,
            "a call failed, trying again"
        );
        let jitter = rand::random::<u64>() % (BACKOFF_MS / 2);
        let backoff = (BACKOFF_MS << (attempt - 1)) + jitter;
        let wait = retry_after_ms.unwrap_or(backoff).min(RETRY_AFTER_MAX_MS);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            () = abort.cancelled() => return Err(ProviderError::Cancelled),
        }
        attempt += 1;
    }
}

async fn input_files(
    driven: &Driven,
    invocation: &Invocation,
) -> Result<Vec<InputFile>, ProviderError> {
    let mut files = Vec::new();
    for (port, items) in &invocation.inputs {
        for item in items {
            let ItemContent::Asset(asset) = item else { continue };
            let bytes = driven.inner.blobs.read(&asset.id).await.map_err(|error| {
                ProviderError::Transient { detail: error.to_string(), retry_after_ms: None }
            })?;
            let bytes = bytes.ok_or_else(|| ProviderError::Permanent {
                detail: format!("The file on the input “{port}” is gone."),
                hint: "Upload it again and connect it.".to_owned(),
            })?;
            files.push(InputFile { port: port.clone(), bytes });
        }
    }
    Ok(files)
}

fn progress(driven: &Arc<Driven>, node: &str) -> Arc<dyn Fn(f32) + Send + Sync> {
    let told = AtomicU32::new(0);
    let room = driven.room.clone();
    let node = node.to_owned();
    Arc::new(move |part| {
        let percent = (part.clamp(0.0, 1.0) * 100.0) as u32;
        if percent >= told.load(Ordering::Relaxed) + PROGRESS_STEP {
            told.store(percent, Ordering::Relaxed);
            room.set_progress(&node, Some(part.clamp(0.0, 1.0)));
        }
    })
}

/// Makes the bytes durable and describes what was made.
async fn store(
    driven: &Driven,
    step: &Step,
    invocation: &Invocation,
    produced: Vec<Produced>,
) -> SettledState {
    let fingerprint = invocation.fingerprint().to_string();
    let prompt = invocation.prompt();
    let each = Money(step.cost.0 / i64::from(step.count.max(1)));
    let mut generations = Vec::new();
    let mut assets = Vec::new();
    for made in produced {
        let bytes = made.bytes.len() as i64;
        let id = match driven.inner.blobs.write(made.bytes).await {
            Ok(id) => id,
            Err(error) => {
                tracing::error!(%error, run = driven.run.id, "a result cannot be stored");
                let hint = "Ask whoever runs the server to look at its disk. Nothing was charged.";
                let detail = format!("The result could not be stored: {error}.");
                return SettledState::Failed(failure(step, "internal", detail, hint.to_owned()));
            }
        };
        let (width, height) = made.size_px.unzip();
        let origin = json!({
            "kind": "run", "canvas": driven.run.canvas, "run": driven.run.id, "node": step.node,
            "model": step.model, "prompt": prompt,
        });
        assets.push(AssetRow {
            id: id.clone(),
            mime: made.mime.to_owned(),
            ty: made.ty.id().to_owned(),
            bytes,
            width: width.map(i64::from),
            height: height.map(i64::from),
            duration_ms: None,
            name: format!("{}.{}", step.title, made.mime.rsplit('/').next().unwrap_or("bin")),
            origin: origin.to_string(),
            person: driven.run.person.clone(),
            created_at: now_ms(),
        });
        generations.push(Generation {
            id: fresh_id(),
            run: driven.run.id.clone(),
            key: String::new(),
            port: made.port.to_owned(),
            at: now_ms(),
            by: driven.run.person_name.clone(),
            ty: Some(made.ty),
            asset: Some(id),
            text: None,
            mime: Some(made.mime.to_owned()),
            width,
            height,
            duration: None,
            cost: each,
            seed: made.seed,
            fingerprint: fingerprint.clone(),
        });
    }
    let inputs: BTreeMap<&String, serde_json::Value> =
        invocation.inputs.iter().map(|(port, items)| (port, json!(items))).collect();
    SettledState::Completed {
        cost: each * generations.len() as i64,
        fingerprint,
        generations,
        made_with: MadeWith {
            model: step.model.clone(),
            version: step.version.clone(),
            settings: json!(invocation.params),
            prompt,
            negative: invocation.negative.clone(),
            inputs: json!(inputs),
        },
        assets,
    }
}
