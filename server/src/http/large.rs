//! Answers that grow with a canvas or a run: written away from the threads that serve connections, and counted for as long
//! as they are not sent.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::problem::ErrorCode;
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::readers::Place;

/// After so many seconds somebody may ask again who found no room for an answer.
const AGAIN_S: u32 = 2;
/// So much memory has to be left for an answer to be begun.
const LEAST_BYTES: usize = 64 << 10;
const FULL: &str = "Too many large answers are on their way. Ask again in a moment; what this request changes is done.";

/// A reader's place, for whoever asks for something that may be large: it is not even begun while answers that nobody
/// takes hold the memory there is for them.
///
/// # Errors
/// `rate_limited` where too many wait for a place, `unavailable` where there is no memory.
pub(super) async fn place(app: &App) -> Result<Place, ApiError> {
    let place = app.rooms.readers().place().await?;
    if !app.rooms.may_answer(LEAST_BYTES) {
        return Err(ApiError::later(ErrorCode::Unavailable, FULL, AGAIN_S));
    }
    Ok(place)
}

/// Something as JSON, in a reader's place.
///
/// # Errors
/// `unavailable` while answers that nobody takes hold too much memory.
pub(super) async fn json<T: Serialize + Send + 'static>(
    app: &App,
    place: Place,
    value: T,
) -> Result<Response, ApiError> {
    let (place, written) = place.run(move || serde_json::to_vec(&value)).await?;
    answer(app, place, written.map_err(|error| ApiError::Internal(error.to_string()))?)
}

/// JSON that was written in a reader's place.
///
/// # Errors
/// As [`json`].
pub(super) fn answer(app: &App, place: Place, written: Vec<u8>) -> Result<Response, ApiError> {
    let Some(bytes) = app.rooms.hold_answer(written) else {
        return Err(ApiError::later(ErrorCode::Unavailable, FULL, AGAIN_S));
    };
    drop(place);
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response())
}
