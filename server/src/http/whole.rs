//! Requests that change something are carried out whole: in a task of their own that ends when it is done, not when
//! whoever asked for it goes away. A handler that is dropped at any of its awaits could leave a run that is recorded
//! and that nobody drives.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;

/// Runs handlers of requests that change something to their end. An upload whose sender is gone ends with the error
/// that its body gives.
pub(super) async fn whole(request: Request, next: Next) -> Response {
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if is_read {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => ApiError::Internal(error.to_string()).into_response(),
    }
}
