//! Ready workflows.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use gesso_protocol::api::{CanvasBody, NewCanvas, Page, TemplateBody};
use gesso_protocol::template;

use super::canvases;
use crate::app::App;
use crate::error::ApiError;

/// `GET /api/templates`, `POST /api/templates/{id}/use`.
pub fn routes() -> Router<App> {
    Router::new().route("/templates", get(list)).route("/templates/{id}/use", post(use_one))
}

async fn list() -> Json<Page<TemplateBody>> {
    let body = |template: template::Template| TemplateBody {
        id: template.id,
        name: template.name,
        description: template.description,
        kinds: template.kinds,
    };
    Json(Page { items: template::all().into_iter().map(body).collect(), next: None })
}

async fn use_one(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<CanvasBody>), ApiError> {
    let new = NewCanvas { template: Some(id), ..NewCanvas::default() };
    let made = canvases::create(&app, new).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
