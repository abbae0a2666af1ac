//! The socket of `GET /sync/{canvas}`: it carries frames between a WebSocket and a room and decides nothing.

mod frames;
mod upgrade;

use std::time::Duration;

use axum::response::Response;
use bytes::{Buf, Bytes};
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::wire::close;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout};
use tungstenite::protocol::frame::coding::{Control, Data};

use crate::access::{Access, AccessChange, Caller};
use crate::room::outbox::Next;
use crate::room::{Connection, RoomError, RoomLimits, Rooms};
use frames::{Broken, Event, Heard, Reader};

pub use upgrade::Upgrade;

/// Time after which a role that could not be looked up is tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The longest close reason, in bytes (RFC 6455: 125 with the code).
const REASON_MAX_BYTES: usize = 123;
/// Frames up to this size are gathered into one write, in bytes; larger ones are sent from where all share them.
const GATHER_MAX_BYTES: usize = 16 * 1024;
/// Most bytes gathered for one write.
const WRITE_BYTES: usize = 64 * 1024;
/// Large messages go in frames of this size, in bytes: between two of them a socket can still be closed, and one of
/// them has to go out in [`RoomLimits::slow_max_ms`].
const PIECE_BYTES: usize = 128 * 1024;

/// Who connects, and how.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Their role.
    pub role: CanvasRole,
    /// Who they are; empty: nobody in particular.
    pub person: String,
    /// True if they asked to be told what is saved (`?saved=1`).
    pub wants_saved: bool,
    /// What their role follows from, where it may change.
    pub rights: Option<Rights>,
}

/// The source of a role while a socket is open.
#[derive(Debug, Clone)]
pub struct Rights {
    /// The roles of people.
    pub access: Access,
    /// Who connects.
    pub caller: Caller,
}

/// Why a socket is closed as soon as it is open: a browser can read a close code, where the status of a refused upgrade
/// is hidden from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Nobody is signed in.
    Anonymous,
    /// There is no such canvas, or none that they may know of.
    Hidden,
    /// Their role could not be looked up.
    Later,
}

/// Upgrades a request and serves the canvas's room on it, or closes it with the reason at once.
pub fn serve(
    rooms: Rooms,
    canvas: CanvasId,
    visitor: Result<Visitor, Denied>,
    upgrade: Upgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| async move { run(&rooms, &canvas, visitor, socket).await })
}

async fn run(
    rooms: &Rooms,
    canvas: &CanvasId,
    visitor: Result<Visitor, Denied>,
    mut socket: TokioIo<Upgraded>,
) {
    let limits = rooms.limits();
    let rights = visitor.as_ref().ok().and_then(|visitor| visitor.rights.clone());
    let role = visitor.as_ref().ok().map(|visitor| visitor.role);
    // Changes from here on are heard, also those that come before the room has let it in.
    let changes = rights.as_ref().map(|rights| rights.access.listen());
    let joined = match visitor {
        Ok(visitor) => join(rooms, canvas, visitor).await.map_err(|error| refusal(&error)),
        Err(denied) => Err(denial(denied)),
    };
    let connection = match joined {
        Ok(connection) => connection,
        Err((code, reason)) => {
            let farewell = async {
                socket.write_all(&farewell(code, &reason)).await.ok();
                socket.shutdown().await.ok();
                // The close frame is lost if the socket goes before the other side has read it.
                let mut rest = tokio::io::sink();
                tokio::io::copy(&mut socket, &mut rest).await.ok();
            };
            timeout(Duration::from_millis(limits.close_ms), farewell).await.ok();
            return;
        }
    };
    let (from, to) = tokio::io::split(socket);
    let patience = Duration::from_millis(limits.slow_max_ms);
    let heard = Heard::now();
    let inflow = connection.inflow().clone();
    let reader = Reader::new(from, &heard, inflow, limits.frame_max_bytes, patience);
    let writer = Writer { io: to, pending: Vec::new(), limits };
    let watch = async {
        if let (Some(rights), Some(changes)) = (rights, changes) {
            rights.follow(canvas, role, changes, &connection).await;
        }
        // The room closes the socket; that is for the writer to see.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = write(&connection, writer, &heard) => {}
        () = read(&connection, reader, limits) => {}
        () = watch => {}
    }
    connection.leave().await;
}

impl Rights {
    /// Keeps the role of a connection what it should be, until there is none. The first look is at once: the role may
    /// have changed since it was found.
    async fn follow(
        &self,
        canvas: &CanvasId,
        mut role: Option<CanvasRole>,
        mut changes: Receiver<AccessChange>,
        connection: &Connection,
    ) {
        loop {
            let now = match self.access.role_synced(&self.caller, canvas).await {
                Ok(now) => now,
                Err(error) => {
                    tracing::warn!(%error, "the role of a connection cannot be looked up");
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
            };
            if now != role {
                role = now;
                connection.set_role(now).await;
            }
            if now.is_none() {
                return;
            }
            self.changed(canvas, &mut changes).await;
        }
    }

    /// Waits until the role may be another one.
    async fn changed(&self, canvas: &CanvasId, changes: &mut Receiver<AccessChange>) {
        let change = async {
            loop {
                match changes.recv().await {
                    Ok(change) if change.concerns(canvas, &self.caller.me.id) => return,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = self.caller.expired() => {}
            () = change => {}
        }
    }
}

async fn join(rooms: &Rooms, canvas: &CanvasId, visitor: Visitor) -> Result<Connection, RoomError> {
    let ticket = rooms.admit(&visitor.person)?;
    let room = rooms.open(canvas).await?;
    room.connect(visitor.role, &visitor.person, visitor.wants_saved, ticket).await
}

fn denial(denied: Denied) -> (u16, String) {
    let (code, reason) = match denied {
        Denied::Anonymous => (close::NOT_SIGNED_IN, "sign in first"),
        Denied::Hidden => (close::NOT_FOUND, "there is no such canvas"),
        Denied::Later => (close::TRY_LATER, "the canvas cannot be opened now"),
    };
    (code, reason.to_owned())
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

/// A close frame.
fn farewell(code: u16, reason: &str) -> Vec<u8> {
    let end =
        (0..=REASON_MAX_BYTES.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..end.unwrap_or(0)]);
    let mut frame = Vec::new();
    frames::control(Control::Close, &payload, &mut frame);
    frame
}

/// Why a socket takes nothing more.
enum Lost {
    Gone,
    /// It did not take one piece in [`RoomLimits::slow_max_ms`].
    Stalled,
}

/// The sending half of a socket.
struct Writer<'a, W> {
    io: W,
    /// Whole frames that go out with the next write.
    pending: Vec<u8>,
    limits: &'a RoomLimits,
}

impl<W: AsyncWrite + Unpin> Writer<'_, W> {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.limits.slow_max_ms)
    }

    async fn put(&mut self, piece: &mut impl Buf) -> Result<(), Lost> {
        match timeout(self.patience(), self.io.write_all_buf(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Gone),
            Err(_) => {
                // A close frame may only follow a whole frame.
                self.pending = piece.copy_to_bytes(piece.remaining()).into();
                Err(Lost::Stalled)
            }
        }
    }

    /// Sends what was gathered. A silent socket holds no buffer.
    async fn flush(&mut self) -> Result<(), Lost> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.pending);
        self.put(&mut &gathered[..]).await
    }

    /// Sends a message with the next write, or now where that is enough for one.
    async fn message(&mut self, message: &Bytes, is_wanted: impl Fn() -> bool) -> Result<(), Lost> {
        if message.len() <= GATHER_MAX_BYTES {
            frames::header(Data::Binary, true, message.len(), &mut self.pending);
            self.pending.extend_from_slice(message);
            return if self.pending.len() >= WRITE_BYTES { self.flush().await } else { Ok(()) };
        }
        let began = Instant::now();
        let mut kind = Data::Binary;
        let mut rest = &message[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(PIECE_BYTES));
            frames::header(kind, after.is_empty(), piece.len(), &mut self.pending);
            let gathered = std::mem::take(&mut self.pending);
            self.put(&mut (&gathered[..]).chain(piece)).await?;
            (kind, rest) = (Data::Continue, after);
            // Others wait for the memory of what is sent here, and not for ever.
            if began.elapsed() > self.patience() && is_wanted() {
                return Err(Lost::Stalled);
            }
        }
        Ok(())
    }

    async fn close(&mut self, code: u16, reason: &str, patience: Duration) {
        self.pending.extend_from_slice(&farewell(code, reason));
        let gathered = std::mem::take(&mut self.pending);
        let last = async {
            self.io.write_all(&gathered).await.ok();
            self.io.shutdown().await.ok();
        };
        timeout(patience, last).await.ok();
    }
}

/// Sends what the room queues, and pings a silent socket. Ends when the socket failed or the room closed it.
async fn write<W: AsyncWrite + Unpin>(
    connection: &Connection,
    mut writer: Writer<'_, W>,
    heard: &Heard,
) {
    let (ping_ms, close_ms) = (writer.limits.ping_ms, writer.limits.close_ms);
    let silence_ms = ping_ms * 2 + close_ms;
    let mut ping = tokio::time::interval(Duration::from_millis(ping_ms));
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ping.tick().await;
    let close = Duration::from_millis(close_ms);
    loop {
        let next = tokio::select! {
            next = connection.next() => Some(next),
            _ = ping.tick() => None,
        };
        let sent = match next {
            Some(Next::Close(code, reason)) => {
                writer.close(code, &reason, close).await;
                if !connection.is_hung_up() {
                    // The other half waits for the answer to the close frame.
                    tokio::time::sleep(close).await;
                }
                return;
            }
            Some(next) => send(connection, &mut writer, next).await,
            None if heard.silent_ms() > silence_ms => return,
            None => {
                frames::control(Control::Ping, &[], &mut writer.pending);
                writer.flush().await
            }
        };
        match sent {
            Ok(()) => {}
            Err(Lost::Gone) => return,
            Err(Lost::Stalled) => {
                // What waited is given up; should it read again, it is told why it goes.
                let reason = "too slow for what it is sent";
                connection.give_up(close::TRY_LATER, reason);
                writer.close(close::TRY_LATER, reason, writer.patience()).await;
                tokio::time::sleep(close).await;
                return;
            }
        }
    }
}

/// Sends this and everything else that waits, up to a close, in as few writes as can be.
async fn send<W: AsyncWrite + Unpin>(
    connection: &Connection,
    writer: &mut Writer<'_, W>,
    first: Next,
) -> Result<(), Lost> {
    let mut next = Some(first);
    while let Some(item) = next {
        match item {
            Next::Frame(frame) => writer.message(&frame, || false).await?,
            Next::Pong(payload) => frames::control(Control::Pong, &payload, &mut writer.pending),
            Next::Answer(frame) => {
                writer.message(&frame, || connection.is_wanted()).await?;
                drop(frame);
                writer.flush().await?;
                connection.answered().await;
            }
            Next::Drained => {
                writer.flush().await?;
                connection.drained().await;
            }
            Next::Close(..) => break,
        }
        next = connection.try_next();
    }
    writer.flush().await
}

/// Hands frames to the room. Ends when the socket ended, or closed in answer to the room.
async fn read<R: AsyncRead + Unpin>(
    connection: &Connection,
    mut reader: Reader<'_, R>,
    limits: &RoomLimits,
) {
    let mut bucket = Bucket::new(limits.messages_per_second, limits.messages_burst);
    loop {
        let event = reader.next().await;
        let is_closing = connection.is_closing();
        if is_closing {
            reader.be_deaf();
        }
        match event {
            Ok(Event::Close(_)) if is_closing => return,
            Ok(Event::Close(code)) => {
                // The other half answers and ends.
                connection.hang_up(code);
                reader.drain().await;
                return;
            }
            _ if is_closing && event.is_ok() => {}
            Ok(Event::Binary(bytes, hold)) => {
                if let Some(wait) = bucket.take(Instant::now()) {
                    tokio::time::sleep(wait).await;
                }
                if connection.frame(bytes, hold).await.is_err() {
                    connection.close(close::RESTART, "the room was closed");
                }
            }
            Ok(Event::TooLarge) => connection.close(close::TOO_LARGE, "the frame is too large"),
            Ok(Event::Text) => connection.close(close::TEXT_FRAME, "frames are binary"),
            Ok(Event::Ping(payload)) => connection.pong(payload),
            Ok(Event::Pong) => {}
            Err(Broken::Gone) => return,
            Err(broken) => {
                let (code, reason) = match broken {
                    Broken::Malformed(why) => (close::MALFORMED, why),
                    Broken::Slow | Broken::Gone => {
                        (close::TRY_LATER, "a message did not come to its end")
                    }
                };
                connection.close(code, reason);
                reader.drain().await;
                return;
            }
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
        let frame = farewell(1008, &"é".repeat(100));
        assert_eq!(frame[..4], [0x88, 124, 0x03, 0xf0]);
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), "é".repeat(61));
    }
}
