//! One call of a model: retried where that may help, its bytes durable before anybody records them. What arrives
//! after it was stopped is kept aside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gesso_protocol::ids::AssetId;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::plan::{Made, Step, Unit, UnitIndex, charge};
use gesso_protocol::problem::{ErrorCode, brief};
use gesso_protocol::schema::{Failure, Generation, ItemContent};
use gesso_protocol::values::file_ending;
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::context::RunContext;
use super::event::Event;
use super::late::late_row;
use super::outcome::{InvocationOutput, Outcome, unknown_fate};
use super::scheduler::Slot;
use crate::assets::{AssetError, Told};
use crate::clock::{fresh_id, now_ms};
use crate::db::assets::AssetRow;
use crate::db::generations::MadeWith;
use crate::db::runs::Changes;
use crate::failpoint;
use crate::providers::{Call, Content, InputFile, Produced, Provider, ProviderError, Repeat};

/// The most characters of what a provider says about a failure.
const DETAIL_CHARS_MAX: usize = 2_000;
/// The most characters of a text that a provider made: the document holds it, and everybody loads it.
const TEXT_CHARS_MAX: usize = 1_000_000;
/// The most characters of a prompt that name a file.
const STEM_CHARS_MAX: usize = 48;

/// Everything one call needs.
pub(super) struct Attempt {
    pub(super) run: Arc<RunContext>,
    pub(super) unit: UnitIndex,
    pub(super) invocation: Invocation,
    pub(super) fingerprint: String,
    pub(super) seed: u64,
    /// Number of times it was tried before.
    pub(super) attempts: u32,
    /// The job that is known of it.
    pub(super) job: Option<String>,
    pub(super) abort: CancellationToken,
    pub(super) slot: Slot,
}

impl Attempt {
    fn planned(&self) -> (&Step, &Unit) {
        let unit = &self.run.units.all[self.unit.at()];
        (&self.run.plan.steps[unit.step.at()], unit)
    }

    /// The same for every repetition of this call, also by another server.
    fn key(&self) -> String {
        let (step, unit) = self.planned();
        let name = format!("{}\n{}\n{}", self.run.row.id, step.node, unit.key);
        blake3::hash(name.as_bytes()).to_hex()[..32].to_owned()
    }

    /// Returns the span of its log while it is under way.
    pub(super) fn span(&self) -> tracing::Span {
        let (step, unit) = self.planned();
        tracing::info_span!(
            "invocation",
            node = step.node.as_str(),
            item = unit.key,
            model = step.model
        )
    }

    /// Calls the model and tells the driver how it ended; leaves everything where it stands when the server
    /// stops.
    pub(super) async fn call(mut self) {
        let shutdown = self.run.services.shutdown.clone();
        let outcome = tokio::select! {
            outcome = self.outcome() => outcome,
            () = shutdown.cancelled() => return,
        };
        let Some(outcome) = outcome else { return };
        self.run.progress.ended(&self.run.room, self.unit);
        let Self { run, unit, abort, slot, attempts, .. } = self;
        let attempts = attempts + 1;
        // The next one may go in before the driver hears of this end: both are one record then.
        drop(slot);
        let is_stopped = abort.is_cancelled();
        let refused = match outcome {
            Outcome::Completed(output) if is_stopped => Some(Outcome::Completed(output)),
            Outcome::Completed(_) | Outcome::Failed(_) | Outcome::Cancelled => {
                match run.mailbox.push(Event::Ended { unit, attempts, outcome }) {
                    Some(Event::Ended { outcome, .. }) => Some(outcome),
                    _ => None,
                }
            }
        };
        let Some(Outcome::Completed(late)) = refused else { return };
        let changes =
            Changes { late: late_row(&run, unit, *late).into_iter().collect(), ..run.no_changes() };
        run.persist(changes).await;
    }

    async fn outcome(&mut self) -> Option<Outcome> {
        let produced = match self.attempts().await {
            Ok(produced) => produced,
            Err(ProviderError::Cancelled) => return Some(Outcome::Cancelled),
            Err(ProviderError::Permanent { detail, hint }) => {
                return Some(Outcome::Failed(self.failure("rejected", detail, hint)));
            }
            Err(ProviderError::Transient { detail, .. }) => {
                let hint = "It was tried several times. Retry it later; nothing was charged.";
                return Some(Outcome::Failed(self.failure("unavailable", detail, hint.to_owned())));
            }
            Err(ProviderError::Unknown { detail }) => {
                return Some(Outcome::Failed(unknown_fate(self.planned().0, &detail)));
            }
        };
        if produced.is_empty() {
            let detail = "The model answered without a result.".to_owned();
            let hint = "Retry it, or choose another model. Nothing was charged for it.".to_owned();
            return Some(Outcome::Failed(self.failure("rejected", detail, hint)));
        }
        if !self.run.pass(failpoint::UNIT_PRODUCED) {
            return None;
        }
        let stored = self.store(produced).await;
        self.run.pass(failpoint::UNIT_STORED).then_some(stored)
    }

    fn failure(&self, code: &str, detail: String, hint: String) -> Failure {
        let node = Some(self.planned().0.node.to_string());
        // Providers say what they like, and it is told at everything that waits for this.
        let detail = brief(&detail, DETAIL_CHARS_MAX).into_owned();
        Failure { node, code: code.to_owned(), detail, hint }
    }

    async fn attempts(&mut self) -> Result<Vec<Produced>, ProviderError> {
        let provider = self.run.services.providers.get(&self.planned().0.provider);
        let provider = provider.ok_or_else(|| ProviderError::Permanent {
            detail: format!("The provider “{}” is not there any more.", self.planned().0.provider),
            hint: "Choose another model.".to_owned(),
        })?;
        let files = self.input_files().await?;
        let mut tried = 1;
        loop {
            let error = match self.attempt(&*provider, files.clone()).await {
                Ok(produced) => return Ok(produced),
                Err(error) => error,
            };
            let (detail, retry_after_ms) = match &error {
                ProviderError::Transient { detail, retry_after_ms } => {
                    (detail.clone(), *retry_after_ms)
                }
                // With the same key, or where it is simply computed, asking again buys nothing twice.
                ProviderError::Unknown { detail } if provider.repeat() != Repeat::Unsafe => {
                    (detail.clone(), None)
                }
                ProviderError::Unknown { .. }
                | ProviderError::Permanent { .. }
                | ProviderError::Cancelled => return Err(error),
            };
            let limits = self.run.services.limits;
            if tried >= limits.attempts_max || self.abort.is_cancelled() {
                return Err(error);
            }
            let backoff_ms = limits.backoff_ms << (tried - 1).min(16);
            let backoff = backoff_ms + rand::random::<u64>() % (limits.backoff_ms / 2).max(1);
            let wait_ms = retry_after_ms.unwrap_or(backoff).min(limits.retry_after_max_ms);
            self.tell_retry(tried, &detail, wait_ms);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                () = self.abort.cancelled() => return Err(ProviderError::Cancelled),
            }
            self.tell_attempt(None);
            tried += 1;
            self.attempts += 1;
        }
    }

    /// Shows everybody that a call is going to be tried again, and why.
    fn tell_retry(&self, tried: u32, detail: &str, wait_ms: u64) {
        let detail = format!(
            "{} Attempt {} of {} in {} s.",
            detail.trim_end(),
            tried + 1,
            self.run.services.limits.attempts_max,
            wait_ms.div_ceil(1000)
        );
        let failure = self.failure("retrying", detail, String::new());
        self.tell_attempt(Some(failure));
    }

    /// Tells which attempt comes next, and why there has to be one.
    fn tell_attempt(&self, failure: Option<Failure>) {
        let event = Event::Retrying { unit: self.unit, attempts: self.attempts + 2, failure };
        self.run.mailbox.push(event);
    }

    async fn attempt(
        &mut self,
        provider: &dyn Provider,
        files: Vec<InputFile>,
    ) -> Result<Vec<Produced>, ProviderError> {
        let (run, unit) = (Arc::clone(&self.run), self.unit);
        let submitted = move |job: String| -> BoxFuture<'static, bool> {
            let run = Arc::clone(&run);
            Box::pin(async move {
                if !run.pass(failpoint::UNIT_SUBMITTED) {
                    return false;
                }
                let (recorded, answer) = oneshot::channel();
                run.mailbox.push(Event::Submitted { unit, job, recorded });
                answer.await.unwrap_or(false) && run.pass(failpoint::UNIT_JOB_RECORDED)
            })
        };
        let told = Arc::clone(&self.run);
        let call = Call {
            invocation: self.invocation.clone(),
            files,
            count: self.planned().0.count,
            seed: self.seed,
            key: self.key(),
            job: self.job.take(),
            submitted: Arc::new(submitted),
            progress: Arc::new(move |part| told.progress.set(&told.room, unit, part)),
            cancel: self.abort.clone(),
        };
        let deadline = Duration::from_millis(self.run.services.limits.call_max_ms);
        match tokio::time::timeout(deadline, provider.invoke(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ProviderError::Unknown {
                detail: format!("{} did not answer in time.", self.planned().0.model),
            }),
        }
    }

    async fn input_files(&self) -> Result<Vec<InputFile>, ProviderError> {
        let mut files = Vec::new();
        for (port, items) in &self.invocation.inputs {
            for item in items {
                let ItemContent::Asset(asset) = item else { continue };
                let bytes = self.run.services.blobs.read(&AssetId::new(asset.id.as_str())).await;
                let bytes = bytes.map_err(|error| {
                    if matches!(error, AssetError::Damaged) {
                        ProviderError::Permanent {
                            detail: format!("The file on the input “{port}” is damaged."),
                            hint: "Upload it again and connect it.".to_owned(),
                        }
                    } else {
                        ProviderError::Transient { detail: error.to_string(), retry_after_ms: None }
                    }
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

    /// Makes the bytes durable and describes what was made.
    async fn store(&self, produced: Vec<Produced>) -> Outcome {
        let (step, unit) = self.planned();
        let facts: Vec<Made> = produced
            .iter()
            .map(|made| Made {
                duration_s: made.duration_s,
                size_px: match made.content {
                    Content::File { size_px, .. } => size_px,
                    Content::Text(_) => None,
                },
            })
            .collect();
        let costs = charge(step, &self.invocation, unit.hold, &facts);
        let prompt = self.invocation.prompt();
        let mut generations = Vec::with_capacity(produced.len());
        let mut assets = Vec::new();
        for (made, cost) in produced.into_iter().zip(&costs) {
            let mut generation = Generation {
                id: fresh_id(),
                run: self.run.row.id.to_string(),
                key: unit.key.clone(),
                port: made.port,
                at: now_ms(),
                by: self.run.row.person_name.clone(),
                ty: Some(made.ty),
                duration: made.duration_s.map(whole_ms),
                cost: *cost,
                seed: made.seed,
                fingerprint: self.fingerprint.clone(),
                note: made.note,
                ..Generation::default()
            };
            match made.content {
                Content::Text(text) => {
                    let (text, note) = bounded(text);
                    generation.note = generation.note.or(note);
                    generation.text = Some(text);
                }
                Content::File { mime, bytes, size_px } => {
                    let told = Told { size_px, duration_s: made.duration_s };
                    let kept = match self
                        .run
                        .services
                        .blobs
                        .write_made(bytes, told, &self.run.row.person)
                        .await
                    {
                        Ok(kept) => kept,
                        Err(error) => return Outcome::Failed(self.not_stored(&error)),
                    };
                    let looked = kept.found.and_then(|found| found.size_px);
                    (generation.width, generation.height) = looked.or(size_px).unzip();
                    let looked = kept.found.and_then(|found| found.duration_s);
                    generation.duration = made.duration_s.or(looked).map(whole_ms);
                    let mime = kept.found.map_or(mime, |found| found.sniffed.mime.to_owned());
                    generation.mime = Some(mime);
                    generation.asset = Some(kept.id.to_string());
                    let bytes = kept.bytes as i64;
                    assets.push(self.asset(kept.id, &generation, bytes, &prompt));
                }
            }
            generations.push(generation);
        }
        Outcome::Completed(Box::new(InvocationOutput {
            cost: costs.into_iter().sum(),
            fingerprint: self.fingerprint.clone(),
            generations,
            assets,
            made_with: self.made_with(prompt),
        }))
    }

    fn not_stored(&self, error: &AssetError) -> Failure {
        if error.code() != ErrorCode::Internal {
            let detail = format!("The model made a file that cannot be used. {error}");
            let hint =
                "Run it again, or choose another model. Nothing was charged for it.".to_owned();
            return self.failure("rejected", detail, hint);
        }
        tracing::error!(%error, run = self.run.row.id.as_str(), "a result cannot be stored");
        let hint = "Ask whoever runs the server to look at its disk. Nothing was charged for it.";
        let detail = format!("The result could not be stored: {error}.");
        self.failure("internal", detail, hint.to_owned())
    }

    fn made_with(&self, prompt: String) -> MadeWith {
        let (step, _) = self.planned();
        let inputs: BTreeMap<&String, serde_json::Value> =
            self.invocation.inputs.iter().map(|(port, items)| (port, json!(items))).collect();
        MadeWith {
            model: step.model.clone(),
            version: step.version.clone(),
            settings: json!(self.invocation.params),
            prompt,
            negative: self.invocation.negative.clone(),
            inputs: json!(inputs),
        }
    }

    fn asset(&self, id: AssetId, made: &Generation, bytes: i64, prompt: &str) -> AssetRow {
        let (step, _) = self.planned();
        let row = &self.run.row;
        let mime = made.mime.clone().unwrap_or_default();
        let origin = json!({
            "kind": "run", "canvas": row.canvas, "run": row.id, "node": step.node,
            "model": step.model, "prompt": prompt,
        });
        AssetRow {
            id,
            ty: made.ty.map_or("", gesso_protocol::values::DataType::id).to_owned(),
            bytes,
            width: made.width.map(i64::from),
            height: made.height.map(i64::from),
            duration_ms: made.duration.map(|seconds| (seconds * 1000.0).round() as i64),
            name: format!("{}.{}", file_stem(step, prompt), file_ending(&mime)),
            origin: origin.to_string(),
            person: row.person.clone(),
            created_at: now_ms(),
            mime,
        }
    }
}

/// A text as it is kept, and what to say of it where it is longer. It is paid for: better its beginning than nothing.
fn bounded(text: String) -> (String, Option<String>) {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => (text, None),
        Some((end, _)) => {
            let whole = text.chars().count();
            let note = format!("Kept of {whole} characters: the first {TEXT_CHARS_MAX}.");
            (text[..end].to_owned(), Some(note))
        }
    }
}

/// Names a result: as its node, where somebody named that, else by the first words of the prompt.
fn file_stem(step: &Step, prompt: &str) -> String {
    let usual = gesso_protocol::nodes::spec(&step.kind).map_or("", |spec| spec.title);
    if step.title != usual {
        return step.title.clone();
    }
    let mut stem = String::new();
    for word in prompt.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if stem.chars().count() + word.chars().count() > STEM_CHARS_MAX {
            break;
        }
        if !stem.is_empty() && !word.is_empty() {
            stem.push(' ');
        }
        stem.push_str(word);
    }
    if stem.is_empty() { step.title.clone() } else { stem }
}

/// A length in whole milliseconds, as assets have it: what has more digits is not always read back as it was written.
fn whole_ms(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_end_is_kept_in_part_and_says_so() {
        assert_eq!(bounded("é".to_owned()), ("é".to_owned(), None));
        let most = "é".repeat(TEXT_CHARS_MAX);
        assert_eq!(bounded(most.clone()), (most.clone(), None));
        let (kept, note) = bounded(format!("{most}and more"));
        assert_eq!(kept, most);
        assert_eq!(note.unwrap(), "Kept of 1000008 characters: the first 1000000.");
    }
}
