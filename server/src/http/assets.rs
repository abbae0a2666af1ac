//! `/api/assets` (nested under `/api`): store, browse, read.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{
    DefaultBodyLimit, FromRef, FromRequest as _, Multipart, Path, Query, Request, State,
};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, Json, Router};
use gesso_media::Waveform;
use gesso_protocol::api::{AssetMeta, Me, Page, WaveformBody};
use gesso_protocol::ids::{AssetId, WorkspaceId};
use gesso_protocol::values::DataType;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::body_budget::Lease;
use super::extract::{PageQuery, Paging};
use super::multipart::file_name;
use super::rights::{In, KnownAs, Standing, Whose};
use crate::assets::serve::{guard, is_known};
use crate::assets::{AssetError, Assets, Incoming, clean_name};
use crate::clock::now_ms;
use crate::db::assets::{AssetKey, AssetQuery, Scope};
use crate::error::ApiError;

/// Most bytes of an upload that wait in memory while it goes to its file.
const UPLOAD_HELD_BYTES: usize = 1024 * 1024;

/// The routes of this resource, for any state that holds [`Assets`].
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Assets: FromRef<S>,
{
    described().into()
}

/// The same with their description.
pub fn described<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Assets: FromRef<S>,
{
    OpenApiRouter::new()
        // Uploads are counted while they stream; the framework's own limit would cut them at 2 MiB.
        .routes(routes!(list, upload).layer(DefaultBodyLimit::disable()))
        .routes(routes!(bytes))
        .routes(routes!(meta))
        .routes(routes!(thumbnail))
        .routes(routes!(waveform))
}

impl IntoResponse for AssetError {
    fn into_response(self) -> Response<Body> {
        ApiError::from(self).into_response()
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// The file's name; of a form, where the form says none.
    #[serde(default)]
    name: String,
}

/// A form with a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only says how a form looks; forms are read as they stream")]
struct FileForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Stores a file: as the body, or as the field `file` of a form. Its type is told by its content.
#[utoipa::path(
    post, path = "/assets", tag = "assets",
    params(Whose, UploadQuery),
    request_body(
        content((Vec<u8> = "application/octet-stream"), (FileForm = "multipart/form-data")),
    ),
    responses((status = 201, description = "What is known of it.", body = AssetMeta)),
)]
async fn upload(
    State(assets): State<Assets>,
    query: Query<UploadQuery>,
    uploader: Option<Extension<Me>>,
    standing: Option<Extension<Standing>>,
    lease: Option<Extension<Lease>>,
    within: Option<Extension<In>>,
    request: Request,
) -> Result<(StatusCode, Json<AssetMeta>), ApiError> {
    let about = Incoming {
        workspace: workspace_of(within),
        name: query.0.name,
        origin: json!({ "kind": "upload" }),
        person: id_of(uploader),
        now_ms: now_ms(),
    };
    let (name, mut meta) = take(&assets, about, lease, request).await?;
    let name = clean_name(&name);
    // It may have taken an hour.
    if let Some(Extension(standing)) = standing
        && standing.brought(&AssetId::new(meta.asset.id.as_str()), &name).await?
    {
        // Somebody may have made the very same file: how is nothing to a guest.
        meta.origin = json!({"kind": "upload"});
        meta.asset.name = name;
    }
    Ok((StatusCode::CREATED, Json(meta)))
}

/// Takes a file in; answers the name it was sent with and what is known of it.
async fn take(
    assets: &Assets,
    mut about: Incoming,
    lease: Option<Extension<Lease>>,
    request: Request,
) -> Result<(String, AssetMeta), ApiError> {
    if let Some(Extension(lease)) = &lease {
        lease.grow(UPLOAD_HELD_BYTES).await?;
    }
    let bytes_max = assets.limits().upload_bytes_max;
    let (multipart, announced) = announcement(request.headers());
    // A form's own text is a few hundred bytes: what is over by more is over for sure.
    if announced > bytes_max + if multipart { 64 * 1024 } else { 0 } {
        return Err(AssetError::TooLarge { bytes_max }.into());
    }
    if !multipart {
        let name = about.name.clone();
        let meta = assets.receive(request.into_body().into_data_stream(), about).await?;
        return Ok((name, meta));
    }
    let broken = |why: String| AssetError::Request(format!("The form could not be read: {why}"));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error: MultipartRejection| broken(error.body_text()))?;
    for _ in 0..FIELDS_MAX {
        let next = form.next_field().await.map_err(|error| broken(error.body_text()))?;
        let Some(field) = next else { break };
        if field.name() != Some("file") {
            continue;
        }
        if about.name.is_empty() {
            about.name = file_name(field.headers()).unwrap_or_default();
        }
        let name = about.name.clone();
        let meta = assets.receive(field, about).await?;
        return Ok((name, meta));
    }
    let detail = format!(
        "The form has no field named “file” among its first {FIELDS_MAX}. Put the file there."
    );
    Err(ApiError::bad_request(detail))
}

/// Fields of a form that are looked at.
const FIELDS_MAX: usize = 64;

/// True if a form is sent, and how many bytes are announced.
fn announcement(headers: &HeaderMap) -> (bool, u64) {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let multipart = text(CONTENT_TYPE)
        .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"));
    (multipart, text(CONTENT_LENGTH).and_then(|n| n.parse().ok()).unwrap_or_default())
}

/// The most characters that are searched for.
const SEARCH_CHARS_MAX: usize = 1_000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `workspace`, `mine` or `stock`.
    #[param(pattern = "^(workspace|mine|stock)?$")]
    scope: Option<String>,
    /// Only this data type.
    #[serde(rename = "type")]
    #[param(pattern = "^(image|text|video|audio|svg|model3d)?$")]
    ty: Option<String>,
    /// Only what has all these words in its name, prompt or tags, whatever their case and accents; at most 1,000
    /// characters.
    #[param(max_length = 1_000)]
    q: Option<String>,
}

/// The library, newest first.
#[utoipa::path(
    get, path = "/assets", tag = "assets",
    params(Whose, ListQuery, Paging),
    responses((status = 200, description = "A page of the library.", body = Page<AssetMeta>)),
)]
async fn list(
    State(assets): State<Assets>,
    asker: Option<Extension<Me>>,
    within: Option<Extension<In>>,
    query: Query<ListQuery>,
    page: PageQuery,
) -> Result<Json<Page<AssetMeta>>, ApiError> {
    let wrong = |detail: String| Err(ApiError::bad_request(detail));
    let ListQuery { scope, ty, q } = query.0;
    let workspace = workspace_of(within);
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
    if q.as_ref().is_some_and(|q| q.chars().count() > SEARCH_CHARS_MAX) {
        return wrong(format!("Search for at most {SEARCH_CHARS_MAX} characters."));
    }
    let after = page.time_and_id()?;
    let rows =
        assets.list(&AssetQuery { workspace, scope, ty, q, after, limit: page.rows() }).await?;
    let Page { items, next } = page.cut(rows, |row| format!("{}.{}", row.created_at, row.id));
    Ok(Json(Page { items: items.iter().map(|row| row.meta()).collect(), next }))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BytesQuery {
    /// Anything but `0` and `false`: to be saved, not shown.
    download: Option<String>,
}

/// The content of an asset.
#[utoipa::path(
    get, path = "/assets/{id}", tag = "assets",
    params(
        ("id" = String, Path, description = "An asset: BLAKE3 of its content, in hex."),
        BytesQuery,
        ("range" = Option<String>, Header, description = "One range of bytes."),
        (
            "if-none-match" = Option<String>,
            Header,
            description = "The ETag of what is there already.",
        ),
    ),
    responses(
        (status = 200, description = "All of it.", body = Vec<u8>, content_type = "*/*"),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "*/*"),
        (status = 304, description = "It is there already."),
        (status = 416, description = "It has no such part."),
    ),
)]
async fn bytes(
    State(assets): State<Assets>,
    within: Option<Extension<In>>,
    Path(id): Path<AssetId>,
    known_as: Option<Extension<KnownAs>>,
    query: Query<BytesQuery>,
    method: Method,
    mut headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    if method == Method::HEAD {
        // Ranges are a matter of GET alone (RFC 9110 §14.2).
        headers.remove(RANGE);
    }
    let download = query.0.download.is_some_and(|wish| !matches!(wish.as_str(), "0" | "false"));
    let name = known_as.map(|Extension(KnownAs(name))| name);
    assets.respond(&key(within, id), name, &headers, download).await
}

/// Returns the metadata of an asset.
#[utoipa::path(
    get, path = "/assets/{id}/meta", tag = "assets",
    params(("id" = String, Path, description = "An asset: BLAKE3 of its content, in hex.")),
    responses((status = 200, description = "Its facts.", body = AssetMeta)),
)]
async fn meta(
    State(assets): State<Assets>,
    within: Option<Extension<In>>,
    known_as: Option<Extension<KnownAs>>,
    Path(id): Path<AssetId>,
) -> Result<Json<AssetMeta>, AssetError> {
    let mut meta = assets.meta(&key(within, id)).await?;
    if let Some(Extension(KnownAs(name))) = known_as {
        meta.asset.name = name;
        meta.origin = json!({"kind": "upload"});
    }
    Ok(Json(meta))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ThumbnailQuery {
    /// Wanted width in pixels.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    w: Option<u32>,
}

/// A small picture of an asset.
#[utoipa::path(
    get, path = "/assets/{id}/thumbnail", tag = "assets",
    params(
        ("id" = String, Path, description = "An asset: BLAKE3 of its content, in hex."),
        ThumbnailQuery,
        (
            "if-none-match" = Option<String>,
            Header,
            description = "The ETag of what is there already.",
        ),
    ),
    responses(
        (status = 200, description = "A picture.", body = Vec<u8>, content_type = "image/*"),
        (status = 304, description = "It is there already."),
        (status = 413, description = "It is too large to be drawn."),
    ),
)]
async fn thumbnail(
    State(assets): State<Assets>,
    within: Option<Extension<In>>,
    Path(id): Path<AssetId>,
    query: Query<ThumbnailQuery>,
    me: Option<Extension<Me>>,
    headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    let key = key(within, id);
    let small = assets.thumbnail(&key, query.0.w, &id_of(me)).await?;
    let etag = format!("\"{}-{}\"", key.id, small.width);
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

/// The workspace that a request is about; the server's own where these routes stand alone.
fn workspace_of(within: Option<Extension<In>>) -> WorkspaceId {
    within.map(|Extension(In(workspace))| workspace).unwrap_or_default()
}

/// The file that a request is about.
fn key(within: Option<Extension<In>>, id: AssetId) -> AssetKey {
    AssetKey { workspace: workspace_of(within), id }
}

/// The id of whoever asks.
fn id_of(me: Option<Extension<Me>>) -> String {
    me.map(|Extension(me)| me.id).unwrap_or_default()
}

/// Returns the loudness of a sound along its length.
#[utoipa::path(
    get, path = "/assets/{id}/waveform", tag = "assets",
    params(
        ("id" = String, Path, description = "An asset: BLAKE3 of its content, in hex."),
        (
            "if-none-match" = Option<String>,
            Header,
            description = "The ETag of what is there already.",
        ),
    ),
    responses(
        (status = 200, description = "Its peaks.", body = WaveformBody),
        (status = 304, description = "It is there already."),
    ),
)]
async fn waveform(
    State(assets): State<Assets>,
    within: Option<Extension<In>>,
    Path(id): Path<AssetId>,
    me: Option<Extension<Me>>,
    headers: HeaderMap,
) -> Result<Response<Body>, AssetError> {
    let key = key(within, id);
    let waveform: Waveform = assets.waveform(&key, &id_of(me)).await?;
    let etag = format!("\"{}-waveform\"", key.id);
    if is_known(&headers, &etag) {
        let mut response = Response::new(Body::empty());
        guard(response.headers_mut(), &etag);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let Waveform { duration, peaks } = waveform;
    let mut response = Json(WaveformBody { duration, peaks }).into_response();
    guard(response.headers_mut(), &etag);
    Ok(response)
}
