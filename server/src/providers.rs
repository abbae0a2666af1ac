//! Providers: who computes a model. The only list of them is [`Providers::built_in`].

pub mod studio;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use gesso_protocol::catalog::Model;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::values::DataType;
use tokio_util::sync::CancellationToken;

/// What a repeated submission does, when nobody knows whether the first arrived (DESIGN §5.8).
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
    /// Its content.
    pub bytes: Bytes,
}

/// One call of a model.
pub struct Call {
    /// What with.
    pub invocation: Invocation,
    /// The files on its inputs, in order.
    pub files: Vec<InputFile>,
    /// How many results are wanted.
    pub count: u32,
    /// The seed of the first; the others follow from it.
    pub seed: u64,
    /// Told how far it is, from 0 to 1.
    pub progress: Arc<dyn Fn(f32) + Send + Sync>,
    /// Tells that somebody stopped it.
    pub cancel: CancellationToken,
}

/// One thing a model made.
#[derive(Clone, Debug)]
pub struct Produced {
    /// The output it belongs to.
    pub port: &'static str,
    /// Its data type.
    pub ty: DataType,
    /// The media type of its bytes.
    pub mime: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
    /// Width and height in pixels, where it has them.
    pub size_px: Option<(u32, u32)>,
    /// The seed that makes it again, where there is one.
    pub seed: Option<u64>,
}

/// Why a provider gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may work in a moment.
    #[error("{detail}")]
    Transient {
        /// What happened.
        detail: String,
        /// How long to wait, in ms, if it said so.
        retry_after_ms: Option<u64>,
    },
    /// It will not work like this.
    #[error("{detail}")]
    Permanent {
        /// What happened, in the provider's own words.
        detail: String,
        /// What to do.
        hint: String,
    },
    /// Somebody stopped it.
    #[error("stopped")]
    Cancelled,
}

/// Somebody who computes models.
pub trait Provider: Send + Sync {
    /// Its name in the catalogue.
    fn id(&self) -> &'static str;
    /// What a repeated submission does.
    fn repeat(&self) -> Repeat;
    /// Computes.
    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>>;
}

/// All providers of this server.
#[derive(Clone)]
pub struct Providers {
    by_id: Arc<BTreeMap<&'static str, Arc<dyn Provider>>>,
}

impl Providers {
    /// The providers that every server has.
    pub fn built_in() -> Self {
        Self::of(vec![Arc::new(studio::Studio::new())])
    }

    /// These providers.
    pub fn of(providers: Vec<Arc<dyn Provider>>) -> Self {
        let by_id = providers.into_iter().map(|provider| (provider.id(), provider)).collect();
        Self { by_id: Arc::new(by_id) }
    }

    /// The provider of that name.
    pub fn get(&self, id: &str) -> Option<Arc<dyn Provider>> {
        self.by_id.get(id).cloned()
    }

    /// What a model still needs to run here; empty when it can.
    pub fn missing(&self, model: &Model) -> Vec<String> {
        if self.by_id.contains_key(model.provider.as_str()) {
            return Vec::new();
        }
        let mut missing = vec![format!("the provider “{}”", model.provider)];
        missing.extend(model.needs.iter().cloned());
        missing
    }

    /// Whether a model can run here.
    pub fn usable(&self, model: &Model) -> bool {
        self.missing(model).is_empty()
    }
}
