//! Whether the server lives and can work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;

/// `GET /healthz`, `GET /readyz`.
pub fn routes() -> Router<App> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": why})));
    match app.db.ping().await {
        Ok(()) if app.shutdown.is_cancelled() => not_ready("stopping"),
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            not_ready("the database does not answer")
        }
    }
}
