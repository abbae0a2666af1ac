//! `GET /sync/{canvas}`: the WebSocket of a canvas.

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::ids::CanvasId;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Person;
use super::guard::is_known;
use crate::app::App;
use crate::error::ApiError;
use crate::room::Role;
use crate::ws::{self, Upgrade, Visitor};

/// The socket of every canvas.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(connect))
}

#[derive(Deserialize)]
struct Wishes {
    #[serde(default)]
    saved: String,
}

/// The WebSocket of a canvas: y-protocols, as `y-websocket` clients speak it.
#[utoipa::path(
    get, path = "/sync/{canvas}", tag = "canvases",
    params(
        ("canvas" = String, Path, description = "A canvas."),
        ("saved" = Option<String>, Query, description = "`1`: be told how many updates are saved."),
    ),
    responses((status = 101, description = "The socket is open.")),
)]
async fn connect(
    State(app): State<App>,
    Person(me): Person,
    Path(canvas): Path<CanvasId>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
    upgrade: Result<Upgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let said = rejection.body_text();
            let detail = format!("This address speaks WebSocket: {}.", said.trim_end_matches('.'));
            let mut response = ApiError::bad_request(detail).into_response();
            // What would be right (RFC 6455 §4.2.2, RFC 9110 §7.8).
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            return Ok(response);
        }
    };
    // Somebody without a cookie got an id just now, under which nobody can come back.
    let person = if is_known(&headers) { me.id } else { String::new() };
    let visitor = Visitor { role: Role::Editor, person, wants_saved: wishes.saved == "1" };
    Ok(ws::serve(app.rooms.clone(), canvas, visitor, upgrade))
}
