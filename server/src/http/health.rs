//! Whether the server lives and can work, and how much it has in hand.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::app::App;

/// `GET /healthz`, `GET /readyz`, `GET /metrics`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// In the text format of Prometheus.
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let (rooms, people) = app.rooms.counts();
    let gauges = [
        ("gesso_rooms_open", "Canvases in memory.", rooms),
        ("gesso_people_online", "People connected, counted once a canvas.", people),
        ("gesso_runs_active", "Runs in hand.", app.runs.active()),
    ];
    let mut text = String::new();
    for (name, help, value) in gauges {
        text += &format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    }
    let version = env!("CARGO_PKG_VERSION");
    text += "# HELP gesso_build_info The version that runs.\n# TYPE gesso_build_info gauge\n";
    text += &format!("gesso_build_info{{version=\"{version}\"}} 1\n");
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
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
