//! The socket of `GET /sync/{canvas}`: it carries frames between a WebSocket and a room and decides nothing.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use gesso_protocol::wire::close;
use tokio::time::{Instant, timeout};

use crate::room::outbox::Next;
use crate::room::{Connection, Role, RoomError, RoomLimits, Rooms};

/// The longest close reason, in bytes (RFC 6455: 125 with the code).
const REASON_MAX_BYTES: usize = 123;

/// How many times the frame limit a frame may be before its socket is cut off without a word.
const READ_MAX_FRAMES: usize = 4;

/// Who connects, and how.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// What they may do.
    pub role: Role,
    /// Who they are; empty: nobody in particular.
    pub person: String,
    /// Whether they asked to be told what is saved (`?saved=1`).
    pub wants_saved: bool,
}

/// Upgrades a request and serves the canvas's room on it. Who may ask was decided before; an unknown canvas is
/// told by its close code, which a browser can read, where the status of a refused upgrade is hidden from it.
pub fn serve(
    rooms: Rooms,
    canvas: String,
    visitor: Visitor,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Above the frame limit a frame is still read, so that its sender can be told; above this it is cut off.
    let max = rooms.limits().frame_max_bytes.saturating_mul(READ_MAX_FRAMES);
    upgrade
        .max_message_size(max)
        .max_frame_size(max)
        .on_upgrade(move |socket| async move { run(&rooms, &canvas, visitor, socket).await })
}

async fn run(rooms: &Rooms, canvas: &str, visitor: Visitor, mut socket: WebSocket) {
    let limits = rooms.limits().clone();
    let joined = match rooms.open(canvas).await {
        Ok(room) => room.connect(visitor.role, &visitor.person, visitor.wants_saved).await,
        Err(error) => Err(error),
    };
    let connection = match joined {
        Ok(connection) => connection,
        Err(error) => {
            let (code, reason) = refusal(&error);
            let farewell = async {
                socket.send(farewell(code, &reason)).await.ok();
                // The close frame is lost if the socket goes before the other side has read it.
                while let Some(Ok(_)) = socket.recv().await {}
            };
            timeout(Duration::from_millis(limits.close_ms), farewell).await.ok();
            return;
        }
    };
    let (sink, stream) = socket.split();
    tokio::select! {
        () = write(&connection, sink, &limits) => {}
        () = read(&connection, stream, &limits) => {}
    }
    connection.leave().await;
}

fn refusal(error: &RoomError) -> (u16, String) {
    match error {
        RoomError::NotFound => (close::NOT_FOUND, "there is no such canvas".to_owned()),
        RoomError::Deleted => (close::DELETED, "the canvas was deleted".to_owned()),
        RoomError::Refused(refusal) => (refusal.code, refusal.reason.clone()),
        RoomError::Closed => (close::RESTART, "the server restarts".to_owned()),
        RoomError::Load(_) | RoomError::Store(_) => {
            tracing::error!(%error, "a room could not be opened");
            (close::TRY_LATER, "the canvas cannot be opened now".to_owned())
        }
    }
}

fn farewell(code: u16, reason: &str) -> Message {
    let end =
        (0..=REASON_MAX_BYTES.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
    Message::Close(Some(CloseFrame { code, reason: reason[..end.unwrap_or(0)].into() }))
}

/// Sends what the room queues, and pings a silent socket. Ends when the socket failed or the room closed it.
async fn write(
    connection: &Connection,
    mut sink: SplitSink<WebSocket, Message>,
    limits: &RoomLimits,
) {
    let mut ping = tokio::time::interval(Duration::from_millis(limits.ping_ms));
    ping.tick().await;
    loop {
        let next = tokio::select! {
            next = connection.next() => next,
            _ = ping.tick() => {
                if sink.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let mut next = Some(next);
        // Everything that waits goes into one write to the socket.
        while let Some(item) = next {
            let sent = match item {
                Next::Frame(frame) => sink.feed(Message::Binary(frame)).await,
                Next::Answer(frame) => {
                    let sent = sink.send(Message::Binary(frame)).await;
                    connection.answered().await;
                    sent
                }
                Next::Drained => {
                    let sent = sink.flush().await;
                    connection.drained().await;
                    sent
                }
                Next::Close(code, reason) => {
                    let farewell = sink.send(farewell(code, &reason));
                    timeout(Duration::from_millis(limits.close_ms), farewell).await.ok();
                    // The other half waits for the answer to the close frame.
                    tokio::time::sleep(Duration::from_millis(limits.close_ms)).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
            next = connection.try_next();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Hands frames to the room. Ends when the socket ended or stayed silent although it was pinged.
async fn read(connection: &Connection, mut stream: SplitStream<WebSocket>, limits: &RoomLimits) {
    let mut bucket = Bucket::new(limits.messages_per_second, limits.messages_burst);
    let silence = Duration::from_millis(limits.ping_ms * 2 + limits.close_ms);
    loop {
        let Ok(Some(message)) = timeout(silence, stream.next()).await else { return };
        if connection.is_closing() {
            // Only the answer to the close frame is of interest now.
            if message.is_err() {
                return;
            }
            continue;
        }
        match message {
            Ok(Message::Binary(bytes)) if bytes.len() > limits.frame_max_bytes => {
                connection.close(close::TOO_LARGE, "the frame is too large");
            }
            Ok(Message::Binary(bytes)) => {
                if let Some(wait) = bucket.take(Instant::now()) {
                    tokio::time::sleep(wait).await;
                }
                if connection.frame(bytes).await.is_err() {
                    connection.close(close::RESTART, "the room was closed");
                }
            }
            Ok(Message::Text(_)) => connection.close(close::TEXT_FRAME, "frames are binary"),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => return,
            Err(_) => return,
        }
    }
}

/// A token bucket: how long to wait before the next message.
struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_second: u32, burst: u32) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second: f64::from(per_second.max(1)), burst, tokens: burst, at: Instant::now() }
    }

    fn take(&mut self, now: Instant) -> Option<Duration> {
        let earned = now.duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + earned).min(self.burst) - 1.0;
        self.at = now;
        (self.tokens < 0.0).then(|| Duration::from_secs_f64(-self.tokens / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_the_rate_counts() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 5);
        bucket.at = start;
        assert!((0..5).all(|_| bucket.take(start).is_none()));
        let wait = bucket.take(start).unwrap();
        assert!((wait.as_secs_f64() - 0.1).abs() < 1e-6);
        assert!(bucket.take(start + Duration::from_secs(1)).is_none());
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let Message::Close(Some(frame)) = farewell(1008, &"é".repeat(100)) else {
            panic!("no close frame")
        };
        assert_eq!(frame.reason.len(), 122);
    }
}
