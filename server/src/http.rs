//! The HTTP API: one file a resource, merged here under one order of middleware. Handlers read the request,
//! ask the rest of the server, and write the answer; they decide nothing about graphs, runs or money.

pub mod assets;
pub mod canvases;
pub mod catalog;
pub mod client;
pub mod credits;
pub mod events;
pub mod extract;
pub mod guard;
pub mod health;
pub mod me;
pub mod runs;
pub mod sync;
pub mod templates;
mod whole;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::error::ApiError;

/// All routes of the server.
pub fn router(app: App) -> Router {
    let api = Router::new()
        .merge(catalog::routes())
        .merge(canvases::routes())
        .merge(runs::routes())
        .merge(assets::routes())
        .merge(credits::routes())
        .merge(events::routes())
        .merge(me::routes())
        .merge(templates::routes());
    Router::new()
        .nest("/api", api.fallback(async || ApiError::not_found("route")))
        .merge(health::routes())
        .merge(sync::routes())
        .merge(client::routes())
        .layer(middleware::from_fn(whole::whole))
        .layer(middleware::from_fn_with_state(app.clone(), guard::person))
        .layer(middleware::from_fn_with_state(app.clone(), guard::foreign))
        .layer(CatchPanicLayer::new())
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ))
        .with_state(app)
}
