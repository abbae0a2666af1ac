//! Server-sent events: which canvases changed, and what one may do on them.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::problem::ErrorCode;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{AccessChange, Caller};
use crate::app::App;
use crate::error::ApiError;
use crate::events::{Notice, StreamTicket};

/// Number of times a silent connection is told that it lives.
const KEEP_ALIVE_S: u64 = 15;

/// `GET /api/events`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// Somebody who listens.
struct Listener {
    app: App,
    caller: Caller,
    notices: Receiver<Notice>,
    changes: Receiver<AccessChange>,
    _ticket: StreamTicket,
}

impl Listener {
    /// The next event that this person may know of; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        let shutdown = self.app.shutdown.clone();
        let caller = self.caller.clone();
        let mut expired = std::pin::pin!(caller.expired());
        loop {
            let event = tokio::select! {
                notice = self.notices.recv() => match notice {
                    Ok(notice) => self.noticed(notice).await,
                    // Too slow to hear everything: read the list anew.
                    Err(RecvError::Lagged(_)) => Some(reload()),
                    Err(RecvError::Closed) => return None,
                },
                change = self.changes.recv() => match change {
                    Ok(change) => self.changed(change).await?,
                    Err(RecvError::Lagged(_)) => self.changed(AccessChange::default()).await?,
                    Err(RecvError::Closed) => return None,
                },
                () = shutdown.cancelled() => return None,
                () = &mut expired => return None,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    async fn noticed(&self, notice: Notice) -> Option<Event> {
        match notice {
            Notice::Canvas(canvas) => {
                let event = || Event::default().event("canvas").data(canvas.as_str());
                self.sees(&canvas).await.then(event)
            }
            Notice::Notified(person) => (person == self.caller.me.id)
                .then(|| Event::default().event("notifications").data("")),
        }
    }

    /// What a change of rights means to this person; the outer `None` where they are no longer signed in.
    async fn changed(&self, change: AccessChange) -> Option<Option<Event>> {
        if change.person.as_ref().is_some_and(|person| *person != self.caller.me.id) {
            return Some(self.owned(&change).await);
        }
        match &change.canvas {
            Some(canvas) if self.sees(canvas).await => {
                Some(Some(Event::default().event("access").data(canvas.as_str())))
            }
            // Of a canvas that was shared with others alone, no more is told than that the list may have changed.
            Some(_) => Some(Some(reload())),
            None if self.app.access.lives(&self.caller).await.unwrap_or(true) => {
                Some(Some(reload()))
            }
            None => None,
        }
    }

    /// What a change for others means to somebody who shares the canvas.
    async fn owned(&self, change: &AccessChange) -> Option<Event> {
        let canvas = change.canvas.as_ref()?;
        let role = self.app.access.role(&self.caller, canvas).await;
        let owns = matches!(role, Ok(Some(CanvasRole::Owner)));
        owns.then(|| Event::default().event("access").data(canvas.as_str()))
    }

    async fn sees(&self, canvas: &CanvasId) -> bool {
        // A canvas that was deleted just now is told of as well where nobody signs in.
        matches!(self.app.access.role(&self.caller, canvas).await, Ok(Some(_)))
    }
}

fn reload() -> Event {
    Event::default().event("reload").data("")
}

/// Server-sent events: `canvas` with the id of one that changed, `access` with the id of one on which this person's
/// role, or for its owners somebody's, changed, `notifications`, and `reload` where the list is to be read anew.
#[utoipa::path(
    get, path = "/events", tag = "canvases",
    responses(
        (
            status = 200,
            description = "A stream without an end.",
            body = String,
            content_type = "text/event-stream",
        ),
        (status = 429, description = "This person listens in too many places."),
    ),
)]
async fn listen(
    State(app): State<App>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let ticket = app.events.admit(&caller.me.id).ok_or_else(|| {
        let detail = "You listen to events in too many places. Close some pages.";
        ApiError::new(ErrorCode::RateLimited, detail)
    })?;
    let listener = Listener {
        notices: app.events.listen(),
        changes: app.access.listen(),
        app,
        caller,
        _ticket: ticket,
    };
    let events = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_S));
    Ok(Sse::new(events).keep_alive(alive))
}
