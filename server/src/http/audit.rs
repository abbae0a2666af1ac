//! The audit log.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Page;
use gesso_protocol::api::accounts::AuditEntry;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Paging};
use super::gate::check_accounts;
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
    params(Filter, Paging),
    responses((status = 200, description = "A page of the log.", body = Page<AuditEntry>)),
)]
async fn audit(
    State(app): State<App>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
    page: PageQuery,
) -> Result<Response, ApiError> {
    check_accounts(&app)?;
    let query = AuditQuery {
        canvas: filter.canvas,
        person: filter.person,
        action: filter.action,
        before: page.number()?,
        limit: page.rows(),
    };
    let rows = app.db.audit(&query).await?;
    let page = page.cut(rows, |entry| entry.id.to_string());
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepts.into_iter().any(|accept| accept.contains("text/csv")) {
        let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((headers, table(&page.items)).into_response());
    }
    Ok(Json(page).into_response())
}

/// Entries as CSV (RFC 4180).
fn table(entries: &[AuditEntry]) -> String {
    let mut text = "id,at,action,person,name,canvas,target,detail,address\r\n".to_owned();
    for entry in entries {
        let cells = [
            &entry.id.to_string(),
            &entry.at.to_string(),
            &entry.action,
            entry.person.as_deref().unwrap_or_default(),
            &entry.name,
            entry.canvas.as_deref().unwrap_or_default(),
            &entry.target,
            &entry.detail,
            &entry.address,
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        text += &cells.join(",");
        text += "\r\n";
    }
    text
}

/// A cell. What a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("plain"), "\"plain\"");
    }
}
