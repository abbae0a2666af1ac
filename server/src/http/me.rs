//! Who one is.

use axum::Json;
use axum::extract::State;
use gesso_protocol::api::{Me, MeChange};
use gesso_protocol::names;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json as Body, Person};
use super::guard;
use crate::app::App;
use crate::error::ApiError;

/// The most favourites.
const FAVOURITES_MAX: usize = 1_000;

/// `GET·PATCH /api/me`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, change))
}

/// Who one is.
#[utoipa::path(
    get, path = "/me", tag = "people",
    responses((status = 200, description = "This person.", body = Me)),
)]
async fn show(Person(me): Person) -> Json<Me> {
    Json(me)
}

/// Chooses another name, colour or favourites.
#[utoipa::path(
    patch, path = "/me", tag = "people",
    request_body = Option<MeChange>,
    responses((status = 200, description = "This person as they are now.", body = Me)),
)]
async fn change(
    State(app): State<App>,
    Person(mut me): Person,
    Body(change): Body<MeChange>,
) -> Result<Json<Me>, ApiError> {
    if let Some(name) = change.name {
        me.name = names::person(&name)?;
    }
    if let Some(color) = change.color {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ApiError::bad_request("A colour is written #rrggbb."));
        }
        me.color = color;
    }
    if let Some(favourites) = change.favourites {
        if favourites.len() > FAVOURITES_MAX {
            let detail = format!("At most {FAVOURITES_MAX} favourites.");
            return Err(ApiError::bad_request(detail));
        }
        me.favourites = favourites;
    }
    guard::keep(&app, &me).await?;
    Ok(Json(me))
}
