//! `/api/canvases/{id}/archive`: results as a ZIP file that is written while it is sent.
#![expect(unused_qualifications, reason = "the macro that describes routes writes them")]

use std::collections::BTreeSet;
use std::io;

use async_zip::tokio::write::ZipFileWriter;
use async_zip::{Compression, ZipDateTime, ZipEntryBuilder};
use axum::BoxError;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use bytes::Bytes;
use chrono::DateTime;
use futures_util::{AsyncWriteExt as _, StreamExt as _, stream};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_protocol::problem::ErrorCode;
use serde::Deserialize;
use tokio::io::DuplexStream;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::canvases::{existing, whole};
use super::extract::Person;
use super::large;
use crate::app::App;
use crate::archive::{ArchiveFile, FileContent, files};
use crate::assets::Assets;
use crate::assets::serve::attachment;
use crate::clock::now_ms;
use crate::db::assets::AssetKey;
use crate::error::ApiError;

/// Bytes of an archive that wait for whoever takes it.
const HELD_BYTES: usize = 64 * 1024;
/// The most files of an archive.
const FILES_MAX: usize = 20_000;
/// The file that names what could not be read.
const MISSING: &str = "Missing files.txt";

/// The routes of this resource.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(archive))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArchiveQuery {
    /// Only what these nodes show: ids, with commas between them.
    nodes: Option<String>,
}

/// What nodes show, as files of a ZIP archive: every result of every item, what people put into uploads, texts that
/// models wrote.
#[utoipa::path(
    get, path = "/canvases/{id}/archive", tag = "canvases",
    params(("id" = String, Path, description = "A canvas."), ArchiveQuery),
    responses(
        (status = 200, description = "The files.", body = Vec<u8>, content_type = "application/zip"),
        (status = 413, description = "They are too many for one archive."),
    ),
)]
async fn archive(
    State(app): State<App>,
    Person(me): Person,
    Path(id): Path<CanvasId>,
    Query(ArchiveQuery { nodes }): Query<ArchiveQuery>,
) -> Result<Response<Body>, ApiError> {
    let row = existing(&app, &id).await?;
    let nodes: Option<BTreeSet<String>> =
        nodes.map(|nodes| nodes.split(',').map(str::to_owned).collect());
    let (place, canvas) = whole(&app, &id, &me.id).await?;
    let (_, files) = place.run(move || files(&canvas, nodes.as_ref())).await?;
    if files.is_empty() {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "There is no file to save: nothing was made or uploaded here. Run a node first.",
        ));
    }
    if files.len() > FILES_MAX {
        return Err(ApiError::new(
            ErrorCode::TooLarge,
            format!(
                "These are {} files, and an archive holds {FILES_MAX}. Save some of the nodes at a time.",
                files.len()
            ),
        ));
    }
    let files = files
        .into_iter()
        .map(|file| waiting(&app, &row.workspace, file))
        .collect::<Result<_, _>>()?;
    let (reader, writer) = tokio::io::duplex(HELD_BYTES);
    let writing = tokio::spawn(write(app.assets.clone(), files, writer));
    // An archive that could not be written to its end must not look whole: the connection breaks off then.
    let end = stream::once(async move {
        match writing.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(io::Error::other(error))),
            Err(error) => Some(Err(io::Error::other(error))),
        }
    });
    let body = ReaderStream::new(reader).chain(end.filter_map(async |end| end));
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_DISPOSITION, attachment(&format!("{}.zip", row.name)));
    Ok(response)
}

/// The content of a file that waits for being written.
enum Waiting {
    Asset(AssetKey),
    /// A text, counted as an answer that nobody took yet.
    Text(Bytes),
}

fn waiting(
    app: &App,
    workspace: &WorkspaceId,
    file: ArchiveFile,
) -> Result<(String, Waiting), ApiError> {
    let content = match file.content {
        FileContent::Asset(id) => Waiting::Asset(AssetKey { workspace: workspace.clone(), id }),
        FileContent::Text(text) => Waiting::Text(large::hold(app, text.into_bytes())?),
    };
    Ok((file.path, content))
}

/// Writes an archive. What cannot be read is named in a file of its own at the end.
async fn write(
    assets: Assets,
    files: Vec<(String, Waiting)>,
    writer: DuplexStream,
) -> Result<(), BoxError> {
    let mut zip = ZipFileWriter::with_tokio(writer);
    let mut missing = Vec::new();
    for (path, content) in files {
        let entry = stored(&path);
        match content {
            Waiting::Text(text) => zip.write_entry_whole(entry, &text).await?,
            Waiting::Asset(key) => match assets.content(&key).await {
                Ok(mut content) => {
                    let mut file = zip.write_entry_stream(entry).await?;
                    while let Some(bytes) = content.next().await {
                        file.write_all(&bytes?).await?;
                    }
                    file.close().await?;
                }
                Err(error) => missing.push(format!("{path}: {}", error.detail())),
            },
        }
    }
    if !missing.is_empty() {
        zip.write_entry_whole(stored(MISSING), missing.join("\n").as_bytes()).await?;
    }
    zip.close().await?;
    Ok(())
}

/// An entry of this moment. Pictures and videos are packed already.
fn stored(path: &str) -> ZipEntryBuilder {
    let entry = ZipEntryBuilder::new(path.to_owned().into(), Compression::Stored);
    match DateTime::from_timestamp_millis(now_ms()) {
        Some(now) => entry.last_modification_date(ZipDateTime::from_chrono(&now)),
        None => entry,
    }
}
