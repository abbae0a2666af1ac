//! The built-in models: computed on this machine by `gesso_studio`, a bounded number at once, off the async
//! threads.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::values::DataType;
use gesso_studio::{
    Control, MediaError, PaintRequest, RgbaImage, StudioError, UpscaleRequest, media,
};
use tokio::sync::Semaphore;

use super::{Call, Content, Produced, Provider, ProviderError, Repeat};

/// The most pictures computed at once, whatever the machine: each takes some hundred megabytes at most.
const AT_ONCE_MAX: usize = 4;

/// The provider.
pub struct Studio {
    slots: Arc<Semaphore>,
    at_once: usize,
}

impl Studio {
    /// With as many slots as the machine has cores, within limits.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = cores.clamp(1, AT_ONCE_MAX);
        Self { slots: Arc::new(Semaphore::new(at_once)), at_once }
    }
}

impl Default for Studio {
    fn default() -> Self {
        Self::new()
    }
}

impl Provider for Studio {
    fn id(&self) -> &'static str {
        "studio"
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(async move {
            let slot = tokio::select! {
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
                () = call.cancel.cancelled() => return Err(ProviderError::Cancelled),
            };
            let slot = slot.map_err(|closed| transient(closed.to_string()))?;
            let work = tokio::task::spawn_blocking(move || {
                let made = compute(&call);
                drop(slot);
                made
            });
            work.await.unwrap_or_else(|panic| Err(permanent(format!("The model failed: {panic}."))))
        })
    }
}

fn transient(detail: String) -> ProviderError {
    ProviderError::Transient { detail, retry_after_ms: None }
}

fn permanent(detail: String) -> ProviderError {
    let hint = "Change the settings or the input and run again. Nothing was charged.".to_owned();
    ProviderError::Permanent { detail, hint }
}

fn compute(call: &Call) -> Result<Vec<Produced>, ProviderError> {
    match call.invocation.model.as_str() {
        "studio-painter" => paint(call),
        "studio-lanczos" => upscale(call).map(|made| vec![made]),
        other => Err(permanent(format!("The studio has no model “{other}”."))),
    }
}

fn from_studio(error: StudioError) -> ProviderError {
    if error == StudioError::Cancelled {
        return ProviderError::Cancelled;
    }
    permanent(error.to_string())
}

fn from_media(error: MediaError) -> ProviderError {
    permanent(error.to_string())
}

/// The size in pixels of an aspect ratio: a square of the resolution's side, kept at that many pixels, each
/// side a multiple of 8.
fn size_px(invocation: &Invocation) -> (u32, u32) {
    let text = |key: &str, default: &str| -> String {
        let value = invocation.params.get(key).and_then(serde_json::Value::as_str);
        value.unwrap_or(default).to_owned()
    };
    let side = match text("resolution", "1K").as_str() {
        "0.5K" => 512.0,
        "2K" => 2048.0,
        _ => 1024.0_f64,
    };
    let aspect = text("aspect_ratio", "1:1");
    let (w, h) = aspect.split_once(':').unwrap_or(("1", "1"));
    let ratio = w.parse().unwrap_or(1.0_f64) / h.parse().unwrap_or(1.0_f64);
    let round = |side: f64| ((side / 8.0).round() * 8.0) as u32;
    (round(side * ratio.sqrt()), round(side / ratio.sqrt()))
}

fn paint(call: &Call) -> Result<Vec<Produced>, ProviderError> {
    let mut references: Vec<RgbaImage> = Vec::new();
    for file in call.files.iter().filter(|file| file.port == "references") {
        let picture =
            media::decode(&file.bytes, media::DecodeLimits::default()).map_err(from_media)?;
        references.push(picture);
    }
    let (width, height) = size_px(&call.invocation);
    let cancelled = || call.cancel.is_cancelled();
    let mut made = Vec::new();
    for n in 0..call.count {
        let progress = |part: f32| (call.progress)((n as f32 + part) / call.count as f32);
        let seed = (call.seed + u64::from(n)) & u64::from(u32::MAX);
        let request = PaintRequest {
            prompt: call.invocation.prompt(),
            negative: call.invocation.negative.clone(),
            width,
            height,
            seed,
            references: references.clone(),
        };
        let control = Control { progress: &progress, cancelled: &cancelled };
        let picture = gesso_studio::paint(&request, &control).map_err(from_studio)?;
        made.push(produced(&picture, Some(seed))?);
    }
    Ok(made)
}

fn upscale(call: &Call) -> Result<Produced, ProviderError> {
    let file = call.files.iter().find(|file| file.port == "image");
    let file = file.ok_or_else(|| permanent("There is no picture to enlarge.".to_owned()))?;
    let picture = media::decode(&file.bytes, media::DecodeLimits::default()).map_err(from_media)?;
    let number = |key: &str| call.invocation.params.get(key).and_then(serde_json::Value::as_f64);
    let request = UpscaleRequest {
        image: picture,
        scale: number("scale").unwrap_or(2.0) as u32,
        sharpen: number("sharpen").unwrap_or(0.35) as f32,
    };
    let progress = |part: f32| (call.progress)(part);
    let cancelled = || call.cancel.is_cancelled();
    let control = Control { progress: &progress, cancelled: &cancelled };
    let larger = gesso_studio::upscale(&request, &control).map_err(from_studio)?;
    produced(&larger, None)
}

fn produced(picture: &RgbaImage, seed: Option<u64>) -> Result<Produced, ProviderError> {
    let bytes = media::encode_png(picture).map_err(from_media)?;
    Ok(Produced {
        port: "image",
        ty: DataType::Image,
        content: Content::File {
            mime: "image/png",
            bytes: bytes.into(),
            size_px: Some(picture.dimensions()),
        },
        duration_s: None,
        seed,
    })
}
