//! Whoever computes: the models of this machine, and others.

mod provider;
mod registry;
pub mod studio;

pub use provider::{
    Call, Content, InputFile, Lane, Produced, Provider, ProviderError, Repeat, Submitted,
};
pub use registry::{Providers, how_to_get};
