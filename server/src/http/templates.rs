//! Ready workflows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use gesso_protocol::api::{CanvasBody, NewCanvas, Page, TemplateBody};
use gesso_protocol::template;
use include_dir::{Dir, include_dir};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::canvases;
use super::extract::{Json as Body, PageQuery, Paging, foreign_cursor};
use crate::access::Caller;
use crate::app::App;
use crate::error::ApiError;

/// Pictures of the results of templates, each a JPEG of 288 × 192 pixels named by the template's id.
static PREVIEWS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/previews");
/// They change with the program only.
const PREVIEW_CACHE: &str = "public, max-age=3600";

/// `GET /api/templates`, `GET /api/templates/{id}/preview`, `POST /api/templates/{id}/use`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(preview)).routes(routes!(use_one))
}

/// Ready workflows.
#[utoipa::path(
    get, path = "/templates", tag = "templates",
    params(Paging),
    responses((status = 200, description = "A page of the list.", body = Page<TemplateBody>)),
)]
async fn list(page: PageQuery) -> Result<Json<Page<TemplateBody>>, ApiError> {
    let body = |template: template::Template| TemplateBody {
        preview: format!("/api/templates/{}/preview", template.id),
        id: template.id,
        name: template.name,
        description: template.description,
        kinds: template.kinds,
    };
    let mut all: Vec<TemplateBody> = template::all().into_iter().map(body).collect();
    if let Some(last) = page.id()? {
        let at = all.iter().position(|template| template.id == last).ok_or_else(foreign_cursor)?;
        all.drain(..=at);
    }
    Ok(Json(page.cut(all, |template| template.id.clone())))
}

/// Returns a small picture of the results of a template.
#[utoipa::path(
    get, path = "/templates/{id}/preview", tag = "templates",
    params(("id" = String, Path, description = "A template.")),
    responses(
        (status = 200, description = "A picture.", body = Vec<u8>, content_type = "image/jpeg"),
    ),
)]
async fn preview(Path(id): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let file = PREVIEWS.get_file(format!("{id}.jpg"));
    let Some(file) = file else {
        return Err(ApiError::not_found("template"));
    };
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, PREVIEW_CACHE)];
    Ok((headers, file.contents()))
}

/// Makes a canvas of a template.
#[utoipa::path(
    post, path = "/templates/{id}/use", tag = "templates",
    params(("id" = String, Path, description = "A template.")),
    request_body = Option<NewCanvas>,
    responses(
        (status = 201, description = "The new canvas.", body = CanvasBody),
        (status = 404, description = "There is no such template."),
        (status = 409, description = "The id is or was used."),
    ),
)]
async fn use_one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<NewCanvas>,
) -> Result<(StatusCode, Json<CanvasBody>), ApiError> {
    if new.template.as_ref().is_some_and(|other| *other != id) {
        return Err(ApiError::bad_request("The body names another template than the address."));
    }
    let made = canvases::create(&app, &caller, NewCanvas { template: Some(id), ..new }).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_picture_and_every_picture_a_template() {
        let mut named: Vec<String> =
            template::all().into_iter().map(|template| format!("{}.jpg", template.id)).collect();
        let mut there: Vec<String> =
            PREVIEWS.files().map(|file| file.path().display().to_string()).collect();
        named.sort_unstable();
        there.sort_unstable();
        assert_eq!(named, there);
    }
}
