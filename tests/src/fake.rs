//! A provider that behaves as the prompt asks: `fail`, `flaky` (fails twice, then works), `slow` (works once
//! released), `wrong` (gives nothing). Everything else is a tiny picture at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use gesso_protocol::values::DataType;
use gesso_server::providers::{Call, Content, Produced, Provider, ProviderError, Repeat};
use gesso_studio::{RgbaImage, media};
use tokio_util::sync::CancellationToken;

/// Models of the provider, for `--catalog`.
pub(crate) const CATALOG: &str = r#"
[[models]]
id = "fake-image"
version = "1"
provider = "fake"
kind = "image_generator"
name = "Fake"
max_references = 2
[models.params.seed]
type = "integer"
[models.price]
unit = "generation"
base = 10

[[models]]
id = "fake-upscale"
version = "1"
provider = "fake"
kind = "image_upscaler"
name = "Fake"
[models.price]
unit = "generation"
base = 5

[[models]]
id = "elsewhere"
version = "1"
provider = "absent"
kind = "image_generator"
name = "Elsewhere"
needs = ["ELSEWHERE_KEY"]
[models.price]
unit = "generation"
base = 1
"#;

/// The provider.
#[derive(Clone, Default)]
pub struct Fake {
    calls: Arc<AtomicUsize>,
    tries: Arc<Mutex<BTreeMap<String, usize>>>,
    released: CancellationToken,
}

impl Fake {
    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Lets slow calls finish.
    pub fn release(&self) {
        self.released.cancel();
    }

    async fn answer(&self, call: Call) -> Result<Vec<Produced>, ProviderError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let prompt = call.invocation.prompt();
        if prompt.contains("fail") {
            return Err(ProviderError::Permanent {
                detail: "The prompt was rejected.".to_owned(),
                hint: "Write another one.".to_owned(),
            });
        }
        if prompt.contains("wrong") {
            return Ok(Vec::new());
        }
        if prompt.contains("flaky") {
            let mut tries = self.tries.lock().expect("nobody panics holding it");
            let tried = tries.entry(prompt.clone()).or_default();
            *tried += 1;
            if *tried < 3 {
                let detail = "Too busy.".to_owned();
                return Err(ProviderError::Transient { detail, retry_after_ms: Some(5) });
            }
        }
        if prompt.contains("slow") {
            (call.progress)(0.5);
            tokio::select! {
                () = self.released.cancelled() => {}
                () = call.cancel.cancelled() => return Err(ProviderError::Cancelled),
            }
        }
        Ok((0..u64::from(call.count)).map(|n| picture(call.seed + n)).collect())
    }
}

fn picture(seed: u64) -> Produced {
    let [a, b, c, ..] = seed.to_le_bytes();
    let picture = RgbaImage::from_fn(8, 4, |x, y| [a ^ x as u8, b ^ y as u8, c, 255].into());
    Produced {
        port: "image",
        ty: DataType::Image,
        content: Content::File {
            mime: "image/png",
            bytes: media::encode_png(&picture).expect("a small picture").into(),
            size_px: Some((8, 4)),
        },
        duration_s: None,
        seed: Some(seed),
    }
}

impl Provider for Fake {
    fn id(&self) -> &'static str {
        "fake"
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn at_once(&self) -> usize {
        4
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(self.answer(call))
    }
}
