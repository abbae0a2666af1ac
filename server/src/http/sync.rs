//! `GET /sync/{canvas}`: the WebSocket of a canvas.

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::extract::Person;
use super::guard::is_known;
use crate::app::App;
use crate::error::ApiError;
use crate::room::Role;
use crate::ws::{self, Visitor};

/// The socket of every canvas.
pub fn routes() -> Router<App> {
    Router::new().route("/sync/{canvas}", get(connect))
}

#[derive(Deserialize)]
struct Wishes {
    #[serde(default)]
    saved: String,
}

async fn connect(
    State(app): State<App>,
    Person(me): Person,
    Path(canvas): Path<String>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|rejection| {
        ApiError::bad_request(format!("This address speaks WebSocket: {}.", rejection.body_text()))
    })?;
    // Somebody without a cookie got an id just now, under which nobody can come back.
    let person = if is_known(&headers) { me.id } else { String::new() };
    let visitor = Visitor { role: Role::Editor, person, wants_saved: wishes.saved == "1" };
    Ok(ws::serve(app.rooms.clone(), canvas, visitor, upgrade))
}
