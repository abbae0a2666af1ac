//! The audit log.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::AuditEntry;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::csv;
use super::extract::{PageQuery, Paging};
use super::gate::check_accounts;
use super::rights::{In, Whose};
use crate::app::App;
use crate::db::audit::AuditQuery;
use crate::error::ApiError;

/// `GET /api/audit`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(audit))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only of this canvas.
    canvas: Option<String>,
    /// Only of this person.
    person: Option<String>,
    /// Only this action, or all that begin with it: `session` for `session.created` and others.
    action: Option<String>,
}

/// Who did what, newest first; as a table where `Accept: text/csv` is sent.
#[utoipa::path(
    get, path = "/audit", tag = "workspaces",
    params(Whose, Filter, Paging),
    responses((status = 200, description = "A page of the log.", body = Page<AuditEntry>)),
)]
async fn audit(
    State(app): State<App>,
    In(workspace): In,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
    page: PageQuery,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    let query = AuditQuery {
        workspace,
        canvas: filter.canvas,
        person: filter.person,
        action: filter.action,
        before: page.number()?,
        limit: page.rows(),
    };
    let rows = app.db.audit(&query).await?;
    let page = page.cut(rows, |entry| entry.id.to_string());
    if csv::is_wanted(&headers) {
        let head =
            ["id", "at", "action", "person", "name", "canvas", "target", "detail", "address"];
        return Ok(csv::table(&head, page.items.iter().map(cells)));
    }
    Ok(Json(page).into_response())
}

fn cells(entry: &AuditEntry) -> Vec<String> {
    vec![
        entry.id.to_string(),
        entry.at.to_string(),
        entry.action.clone(),
        entry.person.clone().unwrap_or_default(),
        entry.name.clone(),
        entry.canvas.clone().unwrap_or_default(),
        entry.target.clone(),
        entry.detail.clone(),
        entry.address.clone(),
    ]
}
