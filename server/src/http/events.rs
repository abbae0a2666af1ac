//! Server-sent events: which canvases changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;

/// How often a silent connection is told that it lives.
const KEEP_ALIVE_S: u64 = 15;

/// `GET /api/events`.
pub fn routes() -> Router<App> {
    Router::new().route("/events", get(listen))
}

async fn listen(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listener = app.events.listen();
    let events = stream::unfold((listener, app.shutdown), async |(mut listener, shutdown)| {
        let received = tokio::select! {
            received = listener.recv() => received,
            () = shutdown.cancelled() => return None,
        };
        let event = match received {
            Ok(canvas) => Event::default().event("canvas").data(canvas),
            // Too slow to hear everything: read the list anew.
            Err(RecvError::Lagged(_)) => Event::default().event("reload").data(""),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (listener, shutdown)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_S)))
}
