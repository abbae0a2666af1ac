//! The built-in models: computed on this machine by `gesso_studio`, a bounded number at once, off the async
//! threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use gesso_media::{Control, MediaKind, Program, ToolRunner, WorkError};
use gesso_protocol::catalog::Model;
use gesso_protocol::values::DataType;
use gesso_studio::models::{self, Weight};
use gesso_studio::{Input, Job};
use tokio::sync::Semaphore;

use super::provider::{Call, Content, Lane, Produced, Provider, ProviderError, Repeat};

/// The most results computed at once, whatever the machine: each takes some hundred megabytes at most.
const AT_ONCE_MAX: usize = 4;
/// Slots of each lane beyond those, for people who hold none.
const SPARE: usize = 1;

/// The lane of a kind of work.
const fn name(weight: Weight) -> &'static str {
    match weight {
        Weight::Slow => "studio",
        Weight::Quick => "studio/quick",
        Weight::Sound => "studio/sound",
    }
}

/// The provider.
pub struct Studio {
    tools: ToolRunner,
    at_once: usize,
    /// One permit for each computation that may be under way, also one that nobody waits for any more.
    permits: BTreeMap<Weight, Arc<Semaphore>>,
}

impl Studio {
    /// With as many slots in each lane as the machine has cores, within limits.
    pub fn new(tools: ToolRunner) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = cores.clamp(1, AT_ONCE_MAX);
        let permits =
            Weight::ALL.map(|weight| (weight, Arc::new(Semaphore::new(at_once + SPARE)))).into();
        Self { tools, at_once, permits }
    }
}

impl Provider for Studio {
    fn id(&self) -> &str {
        "studio"
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn lanes(&self) -> Vec<Lane<'_>> {
        let lane = |weight| Lane { name: name(weight), at_once: self.at_once, spare: SPARE };
        Weight::ALL.map(lane).to_vec()
    }

    fn lane(&self, model: &str) -> &str {
        name(models::weight(model))
    }

    fn missing(&self, model: &Model) -> Vec<String> {
        let has = |name: &str| {
            Program::from_name(name).is_some_and(|program| self.tools.programs().has(program))
        };
        model.needs.iter().filter(|name| !has(name)).cloned().collect()
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(async move {
            let permits = Arc::clone(&self.permits[&models::weight(&call.invocation.model)]);
            let permit = tokio::select! {
                permit = permits.acquire_owned() => permit,
                () = call.cancel.cancelled() => return Err(ProviderError::Cancelled),
            };
            let permit = permit.map_err(|closed| ProviderError::Transient {
                detail: closed.to_string(),
                retry_after_ms: None,
            })?;
            let tools = self.tools.clone();
            // A server that stops drops this future: then nobody waits for the work either.
            let stop = call.cancel.child_token();
            let unwanted = stop.clone().drop_guard();
            let work = tokio::task::spawn_blocking(move || {
                let made = compute(&call, &tools, &|| stop.is_cancelled());
                drop(permit);
                made
            });
            let made = work.await;
            drop(unwanted);
            made.unwrap_or_else(|panic| Err(permanent(format!("The model failed: {panic}."))))
        })
    }
}

fn permanent(detail: String) -> ProviderError {
    let hint =
        "Change the settings or the input and run again. Nothing was charged for it.".to_owned();
    ProviderError::Permanent { detail, hint }
}

fn told(error: &WorkError) -> ProviderError {
    let detail = error.to_string();
    match error {
        WorkError::Cancelled => ProviderError::Cancelled,
        WorkError::Missing(program) => {
            ProviderError::Permanent { detail, hint: program.how_to_get() }
        }
        WorkError::DiskFull => ProviderError::Permanent {
            detail,
            hint: "Tell whoever runs it; then run again. Nothing was charged for it.".to_owned(),
        },
        WorkError::Program { .. } => ProviderError::Permanent {
            detail,
            hint: "A file on its inputs may be damaged: open it, replace it where it does not play, and run again. \
                   Nothing was charged for it."
                .to_owned(),
        },
        WorkError::Refused(_)
        | WorkError::Media(_)
        | WorkError::Internal(_) => permanent(detail),
    }
}

/// The results of a call, one after the other; each has its own seed, in the order of the first.
fn compute(
    call: &Call,
    tools: &ToolRunner,
    cancelled: &(dyn Fn() -> bool + Send + Sync),
) -> Result<Vec<Produced>, ProviderError> {
    let inputs = call.files.iter();
    let inputs = inputs.map(|file| Input::new(&file.port, file.bytes.clone())).collect();
    let mut job = Job {
        model: call.invocation.model.clone(),
        prompt: call.invocation.prompt(),
        negative: call.invocation.negative.clone(),
        params: call.invocation.params.clone(),
        inputs,
        seed: call.seed,
    };
    let note = models::unread(&job);
    let mut produced = Vec::new();
    for n in 0..call.count {
        job.seed = call.seed.wrapping_add(u64::from(n)) & u64::from(u32::MAX);
        let progress = |part: f32| (call.progress)((n as f32 + part) / call.count as f32);
        let control = Control { progress: &progress, cancelled };
        let made = models::compute(&job, tools, &control).map_err(|error| told(&error))?;
        let seed = models::is_seeded(&job.model).then_some(job.seed);
        produced.extend(made.into_iter().map(|made| delivered(made, seed, note.clone())));
    }
    Ok(produced)
}

fn delivered(made: gesso_studio::Made, seed: Option<u64>, note: Option<String>) -> Produced {
    let port = made.port.to_owned();
    match made.content {
        gesso_studio::Content::Text(text) => Produced {
            port,
            ty: DataType::Text,
            content: Content::Text(text),
            duration_s: None,
            seed,
            note,
        },
        gesso_studio::Content::File { kind, mime, bytes, size_px, duration_s } => Produced {
            port,
            ty: data_type(kind),
            content: Content::File { mime: mime.to_owned(), bytes: bytes.into(), size_px },
            duration_s,
            seed,
            note,
        },
    }
}

const fn data_type(kind: MediaKind) -> DataType {
    match kind {
        MediaKind::Image => DataType::Image,
        MediaKind::Video => DataType::Video,
        MediaKind::Audio => DataType::Audio,
        MediaKind::Svg => DataType::Svg,
        MediaKind::Model3d => DataType::Model3d,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quick_waits_neither_for_films_nor_for_long_texts() {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolRunner::new(gesso_media::Programs::default(), folder.path()).unwrap();
        let studio = Studio::new(tools);
        let lanes = ["studio-motion", "studio-assistant", "studio-voice"];
        let lanes = lanes.map(|model| studio.lane(model));
        assert_eq!(lanes, ["studio", "studio/quick", "studio/sound"]);
        for lane in studio.lanes() {
            assert!(lanes.contains(&lane.name) && lane.spare > 0, "{lane:?}");
        }
    }
}
