//! Credits.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use gesso_protocol::api::{Credits, LedgerEntry, Page};

use super::extract::PageQuery;
use crate::app::App;
use crate::error::ApiError;

/// `GET /api/credits`, `GET /api/credits/ledger`.
pub fn routes() -> Router<App> {
    Router::new().route("/credits", get(balance)).route("/credits/ledger", get(ledger))
}

async fn balance(State(app): State<App>) -> Result<Json<Credits>, ApiError> {
    Ok(Json(app.db.credits().await?))
}

async fn ledger(
    State(app): State<App>,
    page: PageQuery,
) -> Result<Json<Page<LedgerEntry>>, ApiError> {
    let before = page.number()?.unwrap_or(i64::MAX);
    let items = app.db.ledger(before, page.limit()).await?;
    let full = items.len() as i64 == page.limit();
    let next = items.last().filter(|_| full).map(|entry| entry.id.to_string());
    Ok(Json(Page { items, next }))
}
