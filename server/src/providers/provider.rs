//! The interface of a provider: somebody who computes models.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use gesso_protocol::catalog::Model;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::values::DataType;
use tokio_util::sync::CancellationToken;

/// The effect of a repeated submission, when nobody knows whether the first arrived (R-RUN-62, R-RUN-63).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It is simply computed again.
    Safe,
    /// The same idempotency key makes it one.
    Keyed,
    /// It might be bought twice.
    Unsafe,
}

/// A file that arrives with an invocation.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// The input.
    pub port: String,
    /// Content.
    pub bytes: Bytes,
}

/// Records the id of a job that a provider has accepted, durably before it returns; `false` when that was not
/// possible and the call must end.
pub type Submitted = Arc<dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync>;

/// One call of a model.
pub struct Call {
    /// Model, parameters and texts, and the contents on its inputs.
    pub invocation: Invocation,
    /// The files on its inputs, in order.
    pub files: Vec<InputFile>,
    /// Number of results wanted.
    pub count: u32,
    /// The seed of the first; the others follow from it.
    pub seed: u64,
    /// The same for every repetition of this call and for no other.
    pub key: String,
    /// A job that was submitted before: it is asked for, not submitted again.
    pub job: Option<String>,
    /// To be called as soon as there is a job.
    pub submitted: Submitted,
    /// Told how far it is, from 0 to 1.
    pub progress: Arc<dyn Fn(f32) + Send + Sync>,
    /// Tells that somebody stopped it. The provider stops its side where that is possible; what it delivers all
    /// the same is kept aside.
    pub cancel: CancellationToken,
}

/// The content of one result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File {
        /// The media type of its bytes.
        mime: String,
        /// Bytes.
        bytes: Bytes,
        /// Width and height in pixels, where it has them.
        size_px: Option<(u32, u32)>,
    },
    /// A text.
    Text(String),
}

/// One thing a model made.
#[derive(Clone, Debug)]
pub struct Produced {
    /// The output it belongs to.
    pub port: String,
    /// Data type.
    pub ty: DataType,
    /// The content.
    pub content: Content,
    /// Length in seconds, where it has one.
    pub duration_s: Option<f64>,
    /// The seed that makes it again, where there is one.
    pub seed: Option<u64>,
    /// What of the request was not done, as a sentence for people.
    pub note: Option<String>,
}

/// Why a provider gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may work in a moment.
    #[error("{detail}")]
    Transient {
        /// Description of the failure.
        detail: String,
        /// Time to wait, in ms, if the provider said so.
        retry_after_ms: Option<u64>,
    },
    /// Nobody knows whether the provider took it: the connection broke after it was sent.
    #[error("{detail}")]
    Unknown {
        /// Description of the failure.
        detail: String,
    },
    /// It will not work like this.
    #[error("{detail}")]
    Permanent {
        /// Description of the failure, in the provider's own words.
        detail: String,
        /// Advice on what to do.
        hint: String,
    },
    /// Somebody stopped it.
    #[error("stopped")]
    Cancelled,
}

/// Calls of a provider that wait for each other's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane<'a> {
    /// Unique among all providers.
    pub name: &'a str,
    /// Number of slots.
    pub at_once: usize,
    /// Slots beyond those, each for somebody who holds none in this lane.
    pub spare: usize,
}

/// Somebody who computes models.
pub trait Provider: Send + Sync {
    /// Name in the catalogue.
    fn id(&self) -> &str;
    /// The effect of a repeated submission.
    fn repeat(&self) -> Repeat;
    /// Number of calls it takes at once.
    fn at_once(&self) -> usize;
    /// The lanes that calls wait in: what is quick need not wait for what is slow.
    fn lanes(&self) -> Vec<Lane<'_>> {
        vec![Lane { name: self.id(), at_once: self.at_once(), spare: 0 }]
    }
    /// The lane of a model.
    fn lane(&self, model: &str) -> &str {
        let _ = model;
        self.id()
    }
    /// Returns the names of the programs or credentials that a model of it still needs to run here.
    fn missing(&self, model: &Model) -> Vec<String> {
        let _ = model;
        Vec::new()
    }
    /// Computes.
    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>>;
}
