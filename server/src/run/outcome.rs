//! The outcome of a call of a model.

use gesso_protocol::plan::Step;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Failure, Generation};

use crate::db::assets::AssetRow;
use crate::db::generations::MadeWith;

/// The results of a call, their bytes durable.
pub(super) struct InvocationOutput {
    pub(super) generations: Vec<Generation>,
    pub(super) assets: Vec<AssetRow>,
    pub(super) made_with: MadeWith,
    pub(super) fingerprint: String,
    pub(super) cost: Money,
}

/// The outcome of a call.
pub(super) enum Outcome {
    Completed(Box<InvocationOutput>),
    Failed(Failure),
    Cancelled,
}

/// Nobody knows whether a provider was paid for this, and asking again might buy it twice.
pub(super) fn unknown_fate(step: &Step, detail: &str) -> Failure {
    Failure {
        node: Some(step.node.to_string()),
        code: "unknown_fate".to_owned(),
        detail: format!(
            "{} Whether {} took the request is not known, and asking again might buy it twice.",
            detail.trim_end(),
            step.model
        ),
        hint: "Look at the provider's own list of jobs, then retry it. Nothing was charged here."
            .to_owned(),
    }
}
