//! Every answer that is no success is a problem (RFC 9457) with a stable code: also what the framework, a layer or a
//! panic answered, and also where there is no route.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gesso_protocol::problem::ErrorCode;

use super::client;
use crate::error::ApiError;

/// The longest sentence of the framework that is passed on, in bytes.
const SAID_BYTES_MAX: usize = 1024;

/// Makes a problem of every other answer that is no success, and a page of it where a person opens one; headers that tell more (`Allow`, `Content-Range`) stay.
pub async fn told(request: Request, next: Next) -> Response {
    let route = format!("{} {}", request.method(), request.uri().path());
    let is_lost = client::is_lost_page(request.uri().path(), request.headers());
    let headers = is_lost.then(|| request.headers().clone());
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    if let Some(headers) = headers.filter(|_| status == StatusCode::NOT_FOUND) {
        return client::lost(headers).await;
    }
    let (mut parts, body) = response.into_parts();
    let said = said(body, &parts.headers).await;
    let mut problem = of_status(status, said, &route).into_response();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    for (name, value) in &parts.headers {
        problem.headers_mut().append(name, value.clone());
    }
    problem
}

/// Returns the answer where a handler panicked; the panic's own words are in the log.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::Internal("a handler panicked".to_owned()).into_response()
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}

/// The sentence that a plain answer carries.
async fn said(body: Body, headers: &axum::http::HeaderMap) -> Option<String> {
    let plain = headers.get(header::CONTENT_TYPE)?.as_bytes().starts_with(b"text/plain");
    let bytes = to_bytes(body, SAID_BYTES_MAX).await.ok().filter(|_| plain)?;
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let text = text.trim().trim_end_matches('.');
    (!text.is_empty()).then(|| format!("{text}."))
}

fn of_status(status: StatusCode, said: Option<String>, route: &str) -> ApiError {
    let code = match status.as_u16() {
        401 => ErrorCode::Unauthorized,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        405 => ErrorCode::MethodNotAllowed,
        408 => ErrorCode::Timeout,
        409 => ErrorCode::Conflict,
        413 => ErrorCode::TooLarge,
        415 => ErrorCode::UnsupportedMedia,
        416 => ErrorCode::RangeNotSatisfiable,
        429 => ErrorCode::RateLimited,
        503 => ErrorCode::Unavailable,
        400..=499 => ErrorCode::BadRequest,
        _ => return ApiError::Internal(format!("{route} answered {status}")),
    };
    let own = match status {
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not take that method. Allow names those it takes."
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            "The file has no such bytes. Content-Range tells how many it has."
        }
        _ => code.title(),
    };
    let detail = said.unwrap_or_else(|| own.to_owned());
    ApiError::new(code, detail)
}
