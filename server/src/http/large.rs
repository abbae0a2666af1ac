//! Answers that grow with a canvas or a run: written away from the threads that serve connections, and counted for as long
//! as they are not sent.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use gesso_protocol::problem::ErrorCode;
use serde::Serialize;
use tokio::runtime::Handle;

use crate::app::App;
use crate::error::ApiError;
use crate::readers::Place;

/// After so many seconds somebody may ask again who found no room for an answer.
const AGAIN_S: u32 = 2;
/// So much memory has to be left for an answer to be begun.
const LEAST_BYTES: usize = 64 << 10;
const FULL: &str = "Too many large answers are on their way. Ask again in a moment; what this request changes is done.";

/// A reader's place for a person, for whoever asks for something that may be large: it is not even begun while answers that nobody
/// takes hold the memory there is for them.
///
/// # Errors
/// `rate_limited` where too many wait for a place, `unavailable` where there is no memory.
pub(super) async fn place(app: &App, person: &str) -> Result<Place, ApiError> {
    let place = app.rooms.readers().place(person).await?;
    if !app.rooms.may_answer(LEAST_BYTES) {
        return Err(ApiError::later(ErrorCode::Unavailable, FULL, AGAIN_S));
    }
    Ok(place)
}

/// Something as JSON that is read and written in a reader's place: what a database answers is put together by whoever
/// waits for it, and must not be a thread that serves connections.
///
/// # Errors
/// Those of reading; `unavailable` while answers that nobody takes hold too much memory.
pub(super) async fn read<T: Serialize>(
    app: &App,
    place: Place,
    reading: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<Response, ApiError> {
    let runtime = Handle::current();
    let written = place.run(move || {
        let value = runtime.block_on(reading)?;
        serde_json::to_vec(&value).map_err(|error| ApiError::Internal(error.to_string()))
    });
    let (place, written) = written.await?;
    answer(app, place, written?)
}

/// JSON that was written in a reader's place.
///
/// # Errors
/// As [`read`].
pub(super) fn answer(app: &App, place: Place, written: Vec<u8>) -> Result<Response, ApiError> {
    let bytes = hold(app, written)?;
    drop(place);
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response())
}

/// A part of an answer, counted until it is sent.
///
/// # Errors
/// `unavailable` while answers that nobody takes hold too much memory.
pub(super) fn hold(app: &App, written: Vec<u8>) -> Result<Bytes, ApiError> {
    app.rooms
        .hold_answer(written)
        .ok_or_else(|| ApiError::later(ErrorCode::Unavailable, FULL, AGAIN_S))
}
