//! Health of the server, its readiness for work, and gauges of the work in hand.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use gesso_protocol::api::Health;
use gesso_protocol::problem::ErrorCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::ApiError;

/// After how many seconds a server that is not ready is asked again.
const NOT_READY_S: u32 = 5;

/// `GET /healthz`, `GET /readyz`, `GET /metrics`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// True for the paths of this file, which are asked by programs.
pub(super) fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

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
    match app.db.ping().await {
        Ok(()) if app.shutdown.is_cancelled() => not_ready("The server is stopping."),
        Ok(()) => Ok(Json(Health { status: "ready".to_owned(), version: None })),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            not_ready("The database does not answer.")
        }
    }
}
