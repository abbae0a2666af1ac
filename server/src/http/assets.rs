//! `/api/assets` (nested under `/api`): store, browse, read.

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{
    DefaultBodyLimit, FromRef, FromRequest as _, Multipart, Path, Query, Request, State,
};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};
use gesso_protocol::api::{AssetMeta, Me, Page};
use gesso_protocol::values::DataType;
use gesso_studio::media::Waveform;
use serde::Deserialize;

use crate::assets::serve::{guard, is_known};
use crate::assets::{AssetError, Assets, Incoming};
use crate::clock::now_ms;
use crate::db::assets::{AssetQuery, Scope};
use crate::error::ApiError;

/// The most entries of one page.
const PAGE_MAX: i64 = 1000;
/// The entries of a page without a wish.
const PAGE_DEFAULT: i64 = 100;

/// The routes of this resource, for any state that holds [`Assets`].
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Assets: FromRef<S>,
{
    Router::new()
        // Uploads are counted while they stream; the framework's own limit would cut them at 2 MiB.
        .route("/assets", get(list).post(upload).layer(DefaultBodyLimit::disable()))
        .route("/assets/{id}", get(bytes))
        .route("/assets/{id}/meta", get(meta))
        .route("/assets/{id}/thumbnail", get(thumbnail))
        .route("/assets/{id}/waveform", get(waveform))
}

impl IntoResponse for AssetError {
    fn into_response(self) -> Response<Body> {
        ApiError::from(self).into_response()
    }
}

#[derive(Debug, Default, Deserialize)]
struct UploadQuery {
    #[serde(default)]
    name: String,
}

async fn upload(
    State(assets): State<Assets>,
    query: Query<UploadQuery>,
    uploader: Option<Extension<Me>>,
    request: Request,
) -> Result<(StatusCode, Json<AssetMeta>), AssetError> {
    let bytes_max = assets.limits().upload_bytes_max;
    let (multipart, announced) = announcement(request.headers());
    // A form's own text is a few hundred bytes: what is over by more is over for sure.
    if announced > bytes_max + if multipart { 64 * 1024 } else { 0 } {
        return Err(AssetError::TooLarge { bytes_max });
    }
    let mut about = Incoming {
        name: query.0.name,
        origin: serde_json::json!({ "kind": "upload" }),
        person: uploader.map(|Extension(me)| me.id).unwrap_or_default(),
        now_ms: now_ms(),
    };
    if !multipart {
        let meta = assets.receive(request.into_body().into_data_stream(), about).await?;
        return Ok((StatusCode::CREATED, Json(meta)));
    }
    let broken = |why: String| AssetError::Request(format!("The form could not be read: {why}"));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error: MultipartRejection| broken(error.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|error| broken(error.body_text()))? {
        if field.name() != Some("file") {
            continue;
        }
        if about.name.is_empty() {
            about.name = field.file_name().unwrap_or_default().to_owned();
        }
        let meta = assets.receive(field, about).await?;
        return Ok((StatusCode::CREATED, Json(meta)));
    }
    Err(AssetError::Request("The form has no field named “file”. Put the file there.".to_owned()))
}

/// Whether a form is sent, and how many bytes are announced.
fn announcement(headers: &HeaderMap) -> (bool, u64) {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let multipart = text(CONTENT_TYPE)
        .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"));
    (multipart, text(CONTENT_LENGTH).and_then(|n| n.parse().ok()).unwrap_or_default())
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    scope: Option<String>,
    #[serde(rename = "type")]
    ty: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

async fn list(
    State(assets): State<Assets>,
    asker: Option<Extension<Me>>,
    query: Query<ListQuery>,
) -> Result<Json<Page<AssetMeta>>, AssetError> {
    let wrong = |detail: String| Err(AssetError::Request(detail));
    let ListQuery { scope, ty, q, cursor, limit } = query.0;
    let scope = match scope.as_deref().unwrap_or_default() {
        "" | "workspace" => Scope::Workspace,
        "mine" => Scope::Of(asker.map(|Extension(me)| me.id).unwrap_or_default()),
        "stock" => Scope::Stock,
        other => {
            return wrong(format!("“{other}” is no scope. Use workspace, mine or stock."));
        }
    };
    let ty = ty.filter(|ty| !ty.is_empty());
    if let Some(ty) = &ty
        && DataType::from_id(ty).is_none()
    {
        return wrong(format!(
            "“{ty}” is no type. Use one of {}.",
            DataType::ALL.map(DataType::id).join(", ")
        ));
    }
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return wrong(format!("limit is {limit}; it can be 1 to {PAGE_MAX}."));
    }
    let after = match cursor.as_deref().filter(|c| !c.is_empty()) {
        None => None,
        Some(cursor) => match cursor
            .split_once('.')
            .and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())))
        {
            Some(after) => Some(after),
            None => {
                return wrong(
                    "This cursor is not one. Take the last answer's “next” as it is.".to_owned(),
                );
            }
        },
    };
    let mut rows = assets.list(&AssetQuery { scope, ty, q, after, limit: limit + 1 }).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next =
        if more { rows.last().map(|row| format!("{}.{}", row.created_at, row.id)) } else { None };
    Ok(Json(Page { items: rows.iter().map(|row| row.meta()).collect(), next }))
}

#[derive(Debug, Default, Deserialize)]
struct BytesQuery {
    download: Option<String>,
}

async fn bytes(
    State(assets): State<Assets>,
    Path(id): Path<String>,
    query: Query<BytesQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    let download = query.0.download.is_some_and(|wish| !matches!(wish.as_str(), "0" | "false"));
    assets.respond(&id, &headers, download).await
}

async fn meta(
    State(assets): State<Assets>,
    Path(id): Path<String>,
) -> Result<Json<AssetMeta>, AssetError> {
    Ok(Json(assets.meta(&id).await?))
}

#[derive(Debug, Default, Deserialize)]
struct ThumbnailQuery {
    w: Option<u32>,
}

async fn thumbnail(
    State(assets): State<Assets>,
    Path(id): Path<String>,
    query: Query<ThumbnailQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    let small = assets.thumbnail(&id, query.0.w).await?;
    let etag = format!("\"{id}-{}\"", small.width);
    let mut response = Response::new(Body::empty());
    guard(response.headers_mut(), &etag);
    if is_known(&headers, &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(small.mime));
    *response.body_mut() = Body::from(small.bytes);
    Ok(response)
}

async fn waveform(
    State(assets): State<Assets>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    let waveform: Waveform = assets.waveform(&id).await?;
    let etag = format!("\"{id}-waveform\"");
    if is_known(&headers, &etag) {
        let mut response = Response::new(Body::empty());
        guard(response.headers_mut(), &etag);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let mut response = Json(waveform).into_response();
    guard(response.headers_mut(), &etag);
    Ok(response)
}
