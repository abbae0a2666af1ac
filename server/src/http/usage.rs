//! Who spent which credits, where, on what and when.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::UsageRow;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv;
use super::gate::check_accounts;
use super::rights::{In, Whose};
use crate::app::App;
use crate::clock::now_ms;
use crate::db::usage::Grouping;
use crate::error::ApiError;

/// Time that is told of where nobody says: 30 days, in ms.
const SPAN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// `GET /api/usage`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(usage))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wish {
    /// From this moment, in ms since 1970; 30 days ago where nothing is said.
    from: Option<i64>,
    /// To before this moment; now where nothing is said.
    to: Option<i64>,
    /// What it is grouped by: some of `person`, `canvas`, `model`, `day`, with commas between; `person` where nothing is
    /// said.
    by: Option<String>,
}

fn grouping(by: &str) -> Result<Grouping, ApiError> {
    let mut grouping = Grouping::default();
    for part in by.split(',').map(str::trim) {
        match part {
            "person" => grouping.person = true,
            "canvas" => grouping.canvas = true,
            "model" => grouping.model = true,
            "day" => grouping.day = true,
            other => {
                let detail = format!("by “{other}” is none of person, canvas, model, day.");
                return Err(ApiError::bad_request(detail));
            }
        }
    }
    Ok(grouping)
}

/// What was paid, most first; as a table where `Accept: text/csv` is sent.
#[utoipa::path(
    get, path = "/usage", tag = "workspaces",
    params(Whose, Wish),
    responses((status = 200, description = "All of it.", body = Page<UsageRow>)),
)]
async fn usage(
    State(app): State<App>,
    In(workspace): In,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    let to = wish.to.unwrap_or_else(now_ms);
    let from = wish.from.unwrap_or_else(|| to.saturating_sub(SPAN_MS));
    let by = grouping(wish.by.as_deref().unwrap_or("person"))?;
    let rows = app.db.usage(&workspace, from, to, by).await?;
    if csv::is_wanted(&headers) {
        let cells = |row: &UsageRow| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            vec![
                text(&row.person),
                text(&row.name),
                text(&row.canvas),
                text(&row.canvas_name),
                text(&row.model),
                row.day.map(|day| day.to_string()).unwrap_or_default(),
                row.items.to_string(),
                row.credits.to_string(),
            ]
        };
        let head = ["person", "name", "canvas", "canvas_name", "model", "day", "items", "credits"];
        return Ok(csv::table(&head, rows.iter().map(cells)));
    }
    Ok(Json(Page { items: rows, next: None }).into_response())
}
