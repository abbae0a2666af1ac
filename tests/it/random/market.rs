//! Two providers that do as the prompt says, and that outlive the servers that call them: what was bought stays
//! bought. They note what a server must never do: call twice at once for one unit, or ask for something else under
//! a key that it used before.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gesso_media::RgbaImage;
use gesso_protocol::values::DataType;
use gesso_server::providers::{Call, Content, Produced, Provider, ProviderError, Repeat};
use tokio::sync::watch;

/// Their models.
pub(super) const CATALOG: &str = r#"
[[models]]
id = "safe-image"
version = "1"
provider = "random-safe"
kind = "image_generator"
name = "Safe"
max_references = 40
[models.params.seed]
type = "integer"
[models.price]
unit = "generation"
base = 2

[[models]]
id = "keyed-image"
version = "1"
provider = "random-keyed"
kind = "image_generator"
name = "Keyed"
max_references = 40
[models.price]
unit = "generation"
base = 3.125

[[models]]
id = "safe-upscale"
version = "1"
provider = "random-safe"
kind = "image_upscaler"
name = "Safe"
[models.price]
unit = "generation"
base = 0.5

[[models]]
id = "shaky-upscale"
version = "1"
provider = "random-keyed"
kind = "image_upscaler"
name = "Fails once for every picture"
[models.price]
unit = "generation"
base = 1

[[models]]
id = "keyed-words"
version = "1"
provider = "random-keyed"
kind = "assistant"
name = "Words"
max_references = 40
[models.price]
unit = "generation"
base = 0.25
"#;

#[derive(Default)]
struct Books {
    /// Key → what was asked for under it.
    asked: BTreeMap<String, String>,
    /// Keys of the calls that are being computed.
    under_way: BTreeSet<String>,
    tries: BTreeMap<String, u32>,
    jobs: BTreeSet<String>,
    violations: Vec<String>,
    calls: usize,
}

/// State that all providers share over the life of a seed.
pub(super) struct Market {
    books: Mutex<Books>,
    /// Slow calls wait until this grows; at the largest number nothing waits.
    released: watch::Sender<u64>,
}

impl Market {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { books: Mutex::default(), released: watch::channel(0).0 })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics holding it")
    }

    /// Lets the slow calls finish that wait now.
    pub(super) fn release(&self) {
        self.released.send_modify(|released| *released = released.saturating_add(1));
    }

    /// Lets all slow calls finish from here on.
    pub(super) fn release_all(&self) {
        self.released.send_replace(u64::MAX);
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.books().violations.clone()
    }

    /// For how many units it was called: each has one key, however often it is called.
    pub(super) fn units(&self) -> usize {
        self.books().asked.len()
    }

    pub(super) fn calls(&self) -> usize {
        self.books().calls
    }

    /// Counts up; answers the number before.
    fn tried(&self, what: String) -> u32 {
        let mut books = self.books();
        let tries = books.tries.entry(what).or_default();
        *tries += 1;
        *tries - 1
    }

    async fn wait(&self) {
        let mut released = self.released.subscribe();
        let now = *released.borrow_and_update();
        if now < u64::MAX {
            // It ends with the seed at the latest, when nobody waits any more.
            released.wait_for(|released| *released > now).await.map(|_| ()).unwrap_or_default();
        }
    }
}

/// A call under way; dropped when it ends or its server dies.
struct UnderWay {
    market: Arc<Market>,
    key: String,
}

impl UnderWay {
    fn enter(market: &Arc<Market>, call: &Call) -> Self {
        let digest = format!("{} {} {}", call.invocation.fingerprint(), call.count, call.seed);
        let mut books = market.books();
        books.calls += 1;
        let key = call.key.clone();
        if !books.under_way.insert(key.clone()) {
            books.violations.push(format!("two calls at once under the key {key}: {digest}"));
        }
        let before = books.asked.entry(key.clone()).or_insert_with(|| digest.clone()).clone();
        if before != digest {
            books.violations.push(format!("under the key {key} first {before}, then {digest}"));
        }
        if let Some(job) = &call.job
            && !books.jobs.contains(job)
        {
            books.violations.push(format!("asked for a job that was never submitted: {job}"));
        }
        drop(books);
        Self { market: Arc::clone(market), key }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.market.books().under_way.remove(&self.key);
    }
}

/// A provider.
pub(super) struct Trader {
    pub(super) id: &'static str,
    pub(super) repeat: Repeat,
    pub(super) market: Arc<Market>,
}

impl Trader {
    async fn answer(&self, call: Call) -> Result<Vec<Produced>, ProviderError> {
        let under_way = UnderWay::enter(&self.market, &call);
        let market = &under_way.market;
        let prompt = call.invocation.prompt();
        let wants = |word: &str| prompt.split_whitespace().any(|w| w == word);
        if self.repeat == Repeat::Keyed && call.job.is_none() && !wants("jobless") {
            let job = format!("job-{}", call.key);
            market.books().jobs.insert(job.clone());
            if !(call.submitted)(job).await {
                return Err(ProviderError::Cancelled);
            }
        }
        if wants("fail") {
            return Err(permanent("The prompt was rejected."));
        }
        let same = call.invocation.fingerprint().to_string();
        let shaky = wants("once") || call.invocation.model.starts_with("shaky");
        if shaky && market.tried(format!("once {same}")) == 0 {
            return Err(permanent("Not the first time."));
        }
        if wants("busy") && market.tried(format!("busy {}", call.key)) < 2 {
            let detail = "Too busy.".to_owned();
            return Err(ProviderError::Transient { detail, retry_after_ms: Some(1) });
        }
        if wants("broken") && market.tried(format!("broken {}", call.key)) == 0 {
            return Err(ProviderError::Unknown { detail: "The line went dead.".to_owned() });
        }
        if wants("nap") {
            tokio::time::sleep(Duration::from_millis(1 + call.seed % 3)).await;
        }
        if wants("slow") {
            (call.progress)(0.5);
            tokio::select! {
                () = market.wait() => {}
                () = call.cancel.cancelled() => {
                    // Some deliver what was stopped all the same.
                    if !wants("stubborn") {
                        return Err(ProviderError::Cancelled);
                    }
                }
            }
        }
        let count = match wants("few") {
            true => call.count / 2,
            false => call.count,
        };
        let is_text = call.invocation.kind == "assistant";
        Ok((0..u64::from(count)).map(|n| produced(is_text, &same, call.seed + n)).collect())
    }
}

fn permanent(detail: &str) -> ProviderError {
    let hint = "Write another one.".to_owned();
    ProviderError::Permanent { detail: detail.to_owned(), hint }
}

fn produced(is_text: bool, same: &str, seed: u64) -> Produced {
    let mut hasher = DefaultHasher::new();
    (same, seed).hash(&mut hasher);
    let hash = hasher.finish();
    let content = if is_text {
        Content::Text(format!("words {hash:x}"))
    } else {
        let [a, b, c, d, ..] = hash.to_le_bytes();
        let picture =
            RgbaImage::from_fn(4, 2, |x, y| [a ^ x as u8, b ^ y as u8, c ^ d, 255].into());
        Content::File {
            mime: "image/png".to_owned(),
            bytes: gesso_media::encode_png(&picture).expect("a small picture").into(),
            size_px: Some((4, 2)),
        }
    };
    Produced {
        port: if is_text { "text" } else { "image" }.to_owned(),
        ty: if is_text { DataType::Text } else { DataType::Image },
        content,
        duration_s: None,
        seed: Some(seed),
        note: None,
    }
}

impl Provider for Trader {
    fn id(&self) -> &str {
        self.id
    }

    fn repeat(&self) -> Repeat {
        self.repeat
    }

    fn at_once(&self) -> usize {
        2
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(self.answer(call))
    }
}
