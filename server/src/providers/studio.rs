//! The built-in models: computed on this machine by `gesso_studio`, a bounded number at once, off the async
//! threads.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gesso_media::{Control, MediaKind, Program, ToolRunner, WorkError};
use gesso_protocol::catalog::Model;
use gesso_protocol::values::DataType;
use gesso_studio::models::{self, Lane};
use gesso_studio::{Input, Job};
use tokio::sync::Semaphore;

use super::provider::{Call, Content, Produced, Provider, ProviderError, Repeat};

/// The most results computed at once, whatever the machine: each takes some hundred megabytes at most.
const AT_ONCE_MAX: usize = 4;

/// The lane of models that take seconds to minutes.
const SLOW: &str = "studio";
/// The lane of voices, music and effects.
const SOUND: &str = "studio/sound";
/// The lane of all others.
const QUICK: &str = "studio/quick";
/// The provider.
pub struct Studio {
    tools: ToolRunner,
    slow: Arc<Semaphore>,
    quick: Arc<Semaphore>,
    sound: Arc<Semaphore>,
    at_once: usize,
}

impl Studio {
    /// With as many slots in each lane as the machine has cores, within limits.
    pub fn new(tools: ToolRunner) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = cores.clamp(1, AT_ONCE_MAX);
        let slots = || Arc::new(Semaphore::new(at_once));
        Self { tools, slow: slots(), quick: slots(), sound: slots(), at_once }
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

    fn lanes(&self) -> Vec<(&str, usize)> {
        [SLOW, QUICK, SOUND].map(|lane| (lane, self.at_once)).to_vec()
    }

    fn lane(&self, model: &str) -> &str {
        match models::lane(model) {
            Lane::Slow => SLOW,
            Lane::Quick => QUICK,
            Lane::Sound => SOUND,
        }
    }

    fn missing(&self, model: &Model) -> Vec<String> {
        let has = |name: &str| {
            Program::from_name(name).is_some_and(|program| self.tools.programs().has(program))
        };
        model.needs.iter().filter(|name| !has(name)).cloned().collect()
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(async move {
            let slots = match models::lane(&call.invocation.model) {
                Lane::Slow => &self.slow,
                Lane::Quick => &self.quick,
                Lane::Sound => &self.sound,
            };
            let slot = tokio::select! {
                slot = Arc::clone(slots).acquire_owned() => slot,
                () = call.cancel.cancelled() => return Err(ProviderError::Cancelled),
            };
            let slot = slot.map_err(|closed| ProviderError::Transient {
                detail: closed.to_string(),
                retry_after_ms: None,
            })?;
            let tools = self.tools.clone();
            // A server that stops drops this future: then nobody waits for the work either.
            let stop = call.cancel.child_token();
            let unwanted = stop.clone().drop_guard();
            let work = tokio::task::spawn_blocking(move || {
                let made = compute(&call, &tools, &|| stop.is_cancelled());
                drop(slot);
                made
            });
            let made = work.await;
            drop(unwanted);
            made.unwrap_or_else(|panic| Err(permanent(format!("The model failed: {panic}."))))
        })
    }
}

fn permanent(detail: String) -> ProviderError {
    let hint = "Change the settings or the input and run again. Nothing was charged.".to_owned();
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
            hint: "Tell whoever runs it; then run again. Nothing was charged.".to_owned(),
        },
        WorkError::Program { .. } => ProviderError::Permanent {
            detail,
            hint: "A file on its inputs may be damaged: open it, replace it where it does not play, and run again. \
                   Nothing was charged."
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
    let inputs =
        inputs.map(|file| Input { port: file.port.clone(), bytes: file.bytes.clone() }).collect();
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
        let lanes: Vec<&str> = studio.lanes().into_iter().map(|(lane, _)| lane).collect();
        assert_eq!(lanes, [SLOW, QUICK, SOUND]);
        assert_eq!(studio.lane("studio-motion"), SLOW);
        assert_eq!(studio.lane("studio-assistant"), QUICK);
        assert_eq!(studio.lane("studio-voice"), SOUND);
    }
}
