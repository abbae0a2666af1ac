//! `GET /sync/{canvas}`: the WebSocket of a canvas.

use std::sync::Arc;

use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::ids::CanvasId;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guard::is_known;
use super::refused::Refused;
use super::rights::Granted;
use crate::access::Caller;
use crate::app::App;
use crate::error::ApiError;
use crate::ws::{self, Denied, Rights, Upgrade, Visitor};

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
    caller: Option<Extension<Caller>>,
    granted: Option<Extension<Granted>>,
    refused: Option<Extension<Arc<Refused>>>,
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
    let visitor = match (caller, granted, refused) {
        (Some(Extension(caller)), Some(Extension(Granted(role))), _) => {
            let needs_accounts = app.access.needs_accounts();
            // In open mode somebody without a cookie got an id just now, under which nobody can come back.
            let is_somebody = needs_accounts || is_known(&headers);
            let person = if is_somebody { caller.me.id.clone() } else { String::new() };
            let role = caller.synced(role);
            let rights = Rights { access: app.access.clone(), caller };
            let rights = needs_accounts.then_some(rights);
            Ok(Visitor { role, person, wants_saved: wishes.saved == "1", rights })
        }
        (_, _, Some(Extension(refused))) => Err(match &*refused {
            Refused::Anonymous => Denied::Anonymous,
            Refused::Hidden(_) | Refused::Forbidden(_) => Denied::Hidden,
            Refused::Failed(error) => {
                tracing::error!(%error, "the role on a canvas cannot be looked up");
                Denied::Later
            }
        }),
        _ => Err(Denied::Anonymous),
    };
    Ok(ws::serve(app.rooms.clone(), canvas, visitor, upgrade))
}
