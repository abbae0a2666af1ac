//! What handlers take out of requests, with errors that say what to do.

use axum::body::HttpBody as _;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::api::Me;
use gesso_protocol::ids::is_id;
use gesso_protocol::problem::ErrorCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The most entries of one page.
const LIMIT_MAX: i64 = 1_000;
/// The entries of a page where nobody says.
const LIMIT_DEFAULT: i64 = 100;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        // Nothing at all is an object without keys: `curl -X POST` need not say `-d '{}'`.
        let empty = request.headers().get(header::CONTENT_TYPE).is_none()
            && request.body().size_hint().exact() == Some(0);
        if empty && let Ok(body) = serde_json::from_str("{}") {
            return Ok(Self(body));
        }
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(json_error(&rejection).into_response()),
        }
    }
}

fn json_error(rejection: &JsonRejection) -> ApiError {
    let code = match rejection.status().as_u16() {
        413 => ErrorCode::TooLarge,
        415 => ErrorCode::UnsupportedMedia,
        _ => ErrorCode::BadRequest,
    };
    ApiError::new(code, format!("{}.", rejection.body_text().trim_end_matches('.')))
}

/// `limit` and `cursor` of a list.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    limit: Option<i64>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// How many entries.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }

    /// The cursor as a number.
    ///
    /// # Errors
    /// `bad_request` where it is none.
    pub fn number(&self) -> Result<Option<i64>, ApiError> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        cursor.parse().ok().map(Some).ok_or_else(foreign_cursor)
    }

    /// The cursor as a time and an id.
    ///
    /// # Errors
    /// `bad_request` where it is none.
    pub fn time_and_id(&self) -> Result<Option<(i64, String)>, ApiError> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let parts =
            cursor.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        parts.map(Some).ok_or_else(foreign_cursor)
    }
}

fn foreign_cursor() -> ApiError {
    ApiError::bad_request("cursor is not one that this list gave.")
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let query: Result<Query<Self>, QueryRejection> =
            Query::from_request_parts(parts, state).await;
        match query {
            Ok(Query(query)) => Ok(query),
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text()).into_response()),
        }
    }
}

/// Who asks; put there by [`super::guard::person`].
pub struct Person(pub Me);

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        match parts.extensions.get::<Me>() {
            Some(person) => Ok(Self(person.clone())),
            None => Err(ApiError::Internal("a route without a person".to_owned()).into_response()),
        }
    }
}

/// An id in a path.
///
/// # Errors
/// `not_found`, since nothing can have such an id.
pub fn known_id(id: &str, what: &str) -> Result<(), ApiError> {
    if is_id(id) { Ok(()) } else { Err(ApiError::not_found(what)) }
}
