//! Server-sent events: which canvases changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// Number of times a silent connection is told that it lives.
const KEEP_ALIVE_S: u64 = 15;

/// `GET /api/events`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// Server-sent events: `canvas` with the id of one that changed, `reload` where the list is to be read anew.
#[utoipa::path(
    get, path = "/events", tag = "canvases",
    responses(
        (
            status = 200,
            description = "A stream without an end.",
            body = String,
            content_type = "text/event-stream",
        ),
    ),
)]
async fn listen(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listener = app.events.listen();
    let events = stream::unfold((listener, app.shutdown), async |(mut listener, shutdown)| {
        let received = tokio::select! {
            received = listener.recv() => received,
            () = shutdown.cancelled() => return None,
        };
        let event = match received {
            Ok(canvas) => Event::default().event("canvas").data(canvas.as_str()),
            // Too slow to hear everything: read the list anew.
            Err(RecvError::Lagged(_)) => Event::default().event("reload").data(""),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (listener, shutdown)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_S)))
}
