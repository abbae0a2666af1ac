//! The node types and models of this server.

use axum::Json;
use axum::extract::State;
use gesso_protocol::api::{CatalogBody, KindBody, ModelBody};
use gesso_protocol::catalog::Model;
use gesso_protocol::nodes::SPECS;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::providers::how_to_get;

/// `GET /api/catalog`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(catalog))
}

/// The kinds, the models, their prices, and what is usable here.
#[utoipa::path(
    get, path = "/catalog", tag = "catalog",
    responses((status = 200, description = "The catalogue.", body = CatalogBody)),
)]
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
