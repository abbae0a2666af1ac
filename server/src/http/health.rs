//! Health of the server, its readiness for work, and gauges of the work in hand.

use std::path::Path;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use gesso_protocol::api::Health;
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::Db;
use crate::error::ApiError;

/// Time a database may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// So much room on the disk is too little to go on with, in bytes.
const FREE_MIN_BYTES: u64 = 4 << 20;
/// After how many seconds a server that is not ready is asked again.
const NOT_READY_S: u32 = 5;

/// `GET /healthz`, `GET /readyz`, `GET /metrics`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// True for the paths of this file, which are asked by programs.
pub(super) fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | METRICS)
}

/// The path of the gauges.
pub(super) const METRICS: &str = "/metrics";

/// Returns gauges of the work the server has in hand, in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "Gauges.", body = String, content_type = "text/plain")),
)]
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

/// Answers that the server is alive.
#[utoipa::path(
    get, path = "/healthz", tag = "server",
    responses((status = 200, description = "It does.", body = Health)),
)]
async fn alive() -> Json<Health> {
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    Json(Health { status: "ok".to_owned(), version })
}

/// Checks that the server can work.
#[utoipa::path(
    get, path = "/readyz", tag = "server",
    responses(
        (status = 200, description = "It can.", body = Health),
        (status = 503, description = "It cannot now."),
    ),
)]
async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    let not_ready = |why: &str| Err(ApiError::later(ErrorCode::Unavailable, why, NOT_READY_S));
    if app.shutdown.is_cancelled() {
        return not_ready("The server is stopping.");
    }
    if let Err(error) = answers(&app.db).await {
        tracing::error!(error, "the database does not answer");
        return not_ready("The database does not answer.");
    }
    if is_full(&app.options.data) {
        return not_ready("The disk with the data folder is full.");
    }
    Ok(Json(Health { status: "ready".to_owned(), version: None }))
}

async fn answers(db: &Db) -> Result<(), String> {
    match tokio::time::timeout(ANSWER_MAX, db.ping()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(elapsed) => Err(elapsed.to_string()),
    }
}

/// True if nothing can be written to a folder any more, as far as its file system says.
fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder)
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < FREE_MIN_BYTES)
}
