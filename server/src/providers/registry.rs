//! The providers of this server. The only list of them is [`Providers::built_in`].

use super::provider::Provider;
use super::studio;
use gesso_media::{Program, ToolRunner};
use gesso_protocol::catalog::Model;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All providers of this server.
#[derive(Clone)]
pub struct Providers {
    by_id: Arc<BTreeMap<String, Arc<dyn Provider>>>,
}

impl Providers {
    /// The providers that every server has.
    pub fn built_in(tools: ToolRunner) -> Self {
        Self::of(vec![Arc::new(studio::Studio::new(tools))])
    }

    /// These providers.
    pub fn of(providers: Vec<Arc<dyn Provider>>) -> Self {
        let by_id =
            providers.into_iter().map(|provider| (provider.id().to_owned(), provider)).collect();
        Self { by_id: Arc::new(by_id) }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.by_id.values()
    }

    /// The provider of that name.
    pub fn get(&self, id: &str) -> Option<Arc<dyn Provider>> {
        self.by_id.get(id).cloned()
    }

    /// Returns the names of everything a model still needs to run here; empty when it can.
    pub fn missing(&self, model: &Model) -> Vec<String> {
        if let Some(provider) = self.by_id.get(model.provider.as_str()) {
            return provider.missing(model);
        }
        let mut missing = vec![format!("the provider “{}”", model.provider)];
        missing.extend(model.needs.iter().cloned());
        missing
    }

    /// True if a model can run here.
    pub fn usable(&self, model: &Model) -> bool {
        self.missing(model).is_empty()
    }
}

/// Tells whoever runs the server how to get what a model is missing, in a sentence.
#[must_use]
pub fn how_to_get(missing: &str) -> String {
    match Program::from_name(missing) {
        Some(program) => format!("{missing}: {}", program.how_to_get()),
        None => format!("{missing}: the catalogue names it and this server does not have it."),
    }
}
