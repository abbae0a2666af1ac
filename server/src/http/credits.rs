//! Credits.

use axum::Json;
use axum::extract::State;
use gesso_protocol::api::{Credits, LedgerEntry, Page};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Paging};
use super::rights::{In, Whose};
use crate::app::App;
use crate::error::ApiError;

/// `GET /api/credits`, `GET /api/credits/ledger`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(balance)).routes(routes!(ledger))
}

/// The balance, and what of it is held.
#[utoipa::path(
    get, path = "/credits", tag = "credits",
    params(Whose),
    responses((status = 200, description = "The balance.", body = Credits)),
)]
async fn balance(State(app): State<App>, In(workspace): In) -> Result<Json<Credits>, ApiError> {
    Ok(Json(app.db.credits(&workspace).await?))
}

/// The entries of the ledger, newest first.
#[utoipa::path(
    get, path = "/credits/ledger", tag = "credits",
    params(Whose, Paging),
    responses((status = 200, description = "A page of the ledger.", body = Page<LedgerEntry>)),
)]
async fn ledger(
    State(app): State<App>,
    In(workspace): In,
    page: PageQuery,
) -> Result<Json<Page<LedgerEntry>>, ApiError> {
    let before = page.number()?.unwrap_or(i64::MAX);
    let entries = app.db.ledger(&workspace, before, page.rows()).await?;
    Ok(Json(page.cut(entries, |entry| entry.id.to_string())))
}
