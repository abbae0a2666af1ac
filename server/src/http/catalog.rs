//! What can be built and run here.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use gesso_protocol::api::{CatalogBody, KindBody, ModelBody};
use gesso_protocol::catalog::Model;
use gesso_protocol::nodes::SPECS;

use crate::app::App;
use crate::providers::how_to_get;

/// `GET /api/catalog`.
pub fn routes() -> Router<App> {
    Router::new().route("/catalog", get(catalog))
}

async fn catalog(State(app): State<App>) -> Json<CatalogBody> {
    let model = |model: &Model| {
        let missing = app.providers.missing(model);
        let hints = missing.iter().map(|name| how_to_get(name)).collect();
        ModelBody { model: model.clone(), usable: missing.is_empty(), missing, hints }
    };
    Json(CatalogBody {
        kinds: SPECS.iter().map(|spec| KindBody::of(spec)).collect(),
        models: app.catalog.models().iter().map(model).collect(),
        plan: app.catalog.plan().cloned(),
    })
}
