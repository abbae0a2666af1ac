//! Notifications of a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::NotificationBody;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Paging};
use super::gate::check_accounts;
use crate::access::Caller;
use crate::app::App;
use crate::clock::now_ms;
use crate::error::ApiError;

/// `/api/notifications`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(notifications)).routes(routes!(see_notifications))
}

/// One's notifications, newest first.
#[utoipa::path(
    get, path = "/notifications", tag = "people",
    params(Paging),
    responses((status = 200, description = "The newest.", body = Page<NotificationBody>)),
)]
async fn notifications(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<Page<NotificationBody>>, ApiError> {
    check_accounts(&app)?;
    page.id()?;
    Ok(Json(Page { items: app.db.notifications(&caller.me.id).await?, next: None }))
}

/// Marks all of them as seen.
#[utoipa::path(
    post, path = "/notifications/seen", tag = "people",
    responses((status = 204, description = "They are seen.")),
)]
async fn see_notifications(State(app): State<App>, caller: Caller) -> Result<StatusCode, ApiError> {
    check_accounts(&app)?;
    app.db.see_notifications(&caller.me.id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
