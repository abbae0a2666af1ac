//! Bodies of requests as they come in: the least speed at which they must come, and the most bytes of them that are
//! held in memory at once. Only bytes that have arrived count, never a length that somebody announces.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use gesso_protocol::api::Me;
use gesso_protocol::problem::ErrorCode;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::body_budget::{BodyLimits, LARGE_BYTES, Lease};
use super::rights::Standing;
use crate::app::App;
use crate::error::ApiError;

/// Most bytes of a body where its route says nothing.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A body that took longer to come is judged by the rights of that moment.
const SLOW: Duration = Duration::from_millis(200);
/// Most time a refused body is listened to, and most of its bytes, so that its sender hears the answer.
const THROWN: Duration = Duration::from_secs(2);
const THROWN_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Gives every request its lease, and lets no body stand still.
pub async fn watch(State(app): State<App>, request: Request, next: Next) -> Response {
    let limits = app.bodies.0.limits;
    let person = request.extensions().get::<Me>().map(|me| me.id.clone()).unwrap_or_default();
    let lease = app.bodies.lease(&person);
    let stalled = Arc::new(AtomicBool::new(false));
    let (mut parts, body) = request.into_parts();
    if let Some(encoding) = parts.headers.get(header::CONTENT_ENCODING).filter(|e| *e != "identity")
    {
        let detail = format!(
            "Bodies are taken as they are, and this one says that it is packed ({}). Send it without Content-Encoding.",
            String::from_utf8_lossy(encoding.as_bytes())
        );
        return ApiError::new(ErrorCode::UnsupportedMedia, detail).into_response();
    }
    parts.extensions.insert(lease.clone());
    let body = if body.is_end_stream() {
        body
    } else {
        Body::new(Paced::new(body, limits, Arc::clone(&stalled)))
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    drop(lease);
    if stalled.load(Ordering::Relaxed) && !response.status().is_success() {
        let detail = "The body of the request stopped on its way. Send it again.";
        let mut response = ApiError::new(ErrorCode::Timeout, detail).into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    response
}

/// Most bytes of the body of a route; put there by a layer of the route.
#[derive(Clone, Copy, Debug)]
pub struct BodyMax(pub usize);

/// Reads a whole body into memory as far as its route takes it. `weight` is how many bytes of memory a byte of it takes
/// once it is read.
///
/// # Errors
/// `too_large`, `bad_request` for what breaks off, and those of [`Lease::grow`].
pub(super) async fn whole(request: Request, weight: usize) -> Result<Bytes, ApiError> {
    let lease = request.extensions().get::<Lease>().cloned();
    let max = request.extensions().get::<BodyMax>().map_or(BODY_BYTES_MAX, |max| max.0);
    let asks_first = request.headers().contains_key(header::EXPECT);
    let standing = request.extensions().get::<Standing>().cloned();
    let began = Instant::now();
    let body = request.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut body = body.into_data_stream();
    let read = if announced > max {
        Err(too_large(max))
    } else {
        // Who says that a large body comes waits for its turn before anything is held.
        let turn = match &lease {
            Some(lease) if announced.saturating_mul(weight) > LARGE_BYTES => {
                lease.take_turn().await
            }
            _ => Ok(()),
        };
        match turn {
            Ok(()) => read(&mut body, &lease, max, weight).await,
            Err(refused) => Err(refused),
        }
    };
    let read = match (read, standing) {
        (Ok(bytes), Some(standing)) if began.elapsed() > SLOW => {
            standing.still().await.map(|()| bytes)
        }
        (read, _) => read,
    };
    if read.is_err()
        && let Some(lease) = &lease
    {
        lease.give_back();
    }
    if matches!(read, Err(ApiError::Refused(_) | ApiError::Later { .. })) && !asks_first {
        // An answer to somebody who is still sending is lost with the connection: what comes is thrown away for a while.
        let thrown = async {
            let mut bytes = 0;
            while let Some(Ok(chunk)) = body.next().await
                && bytes < THROWN_BYTES_MAX
            {
                bytes += chunk.len();
            }
        };
        if tokio::time::timeout(THROWN, thrown).await.is_err() {
            tracing::debug!("a refused body is longer than it is listened to");
        }
    }
    read
}

async fn read(
    body: &mut BodyDataStream,
    lease: &Option<Lease>,
    max: usize,
    weight: usize,
) -> Result<Bytes, ApiError> {
    let mut read = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            ApiError::bad_request(format!(
                "The body of the request broke off before its end: {error}."
            ))
        })?;
        if read.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        if let Some(lease) = lease {
            lease.grow((read.len() + chunk.len()).saturating_mul(weight)).await?;
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

fn too_large(max: usize) -> ApiError {
    let detail =
        format!("The body of the request is larger than the {max} bytes that this address takes.");
    ApiError::new(ErrorCode::TooLarge, detail)
}

/// A body that ends in an error when nothing of it arrives for a while, or too little over its whole way.
struct Paced {
    body: Body,
    limits: BodyLimits,
    since: Instant,
    bytes: u64,
    /// When it has stood still too long.
    stall: Pin<Box<Sleep>>,
    stalled: Arc<AtomicBool>,
}

#[derive(Debug, thiserror::Error)]
#[error("nothing arrived for too long")]
struct Stalled;

impl Paced {
    fn new(body: Body, limits: BodyLimits, stalled: Arc<AtomicBool>) -> Self {
        let stall = Box::pin(tokio::time::sleep(limits.stall));
        Self { body, limits, since: Instant::now(), bytes: 0, stall, stalled }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                if let Some(Ok(frame)) = &frame {
                    self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                    let deadline = self.limits.deadline(self.since, self.bytes, Instant::now());
                    self.stall.as_mut().reset(deadline);
                }
                Poll::Ready(frame)
            }
            Poll::Pending if self.stall.as_mut().poll(cx).is_ready() => {
                self.stalled.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(axum::Error::new(Stalled))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
