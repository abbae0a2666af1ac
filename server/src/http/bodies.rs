//! Bodies of requests as they come in: how fast they must come, and how many bytes of them are held in memory at once.
//! What counts is what has arrived, never what somebody announces.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::app::App;
use crate::error::ApiError;

/// What is counted in: memory is given out in pieces of so many bytes.
const PIECE_BYTES: usize = 16 * 1024;
/// Above how many bytes of memory a body is a large one, which waits for its turn.
const LARGE_BYTES: usize = 16 * 1024 * 1024;
/// Large bodies leave one part in so many of all memory to small ones.
const SMALL_PART: usize = 8;
/// How large a body is at most where its route says nothing, in bytes.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long a refused body is listened to, and how much of it, in bytes, so that its sender hears the answer.
const THROWN: Duration = Duration::from_secs(2);
const THROWN_BYTES_MAX: usize = 128 * 1024 * 1024;
/// After how many seconds somebody who was refused for want of memory is told to come again.
const AGAIN_S: u32 = 2;

/// How bodies may come in, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// How many bytes of all bodies together are held in memory at once.
    pub held_bytes_max: usize,
    /// How many of one person's.
    pub person_bytes_max: usize,
    /// How long a body waits for memory before it is refused.
    pub wait: Duration,
    /// How long a body may stand still.
    pub stall: Duration,
    /// The least speed over a body's whole way, in bytes a second, counted once [`Self::stall`] has passed.
    pub bytes_per_second_min: u64,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            held_bytes_max: 384 * 1024 * 1024,
            person_bytes_max: 160 * 1024 * 1024,
            wait: Duration::from_secs(5),
            stall: Duration::from_secs(20),
            bytes_per_second_min: 8 * 1024,
        }
    }
}

impl BodyLimits {
    /// When the next bytes of a body must have come that began at `since`: a wait from now on, and never later than the
    /// least speed allows for the `bytes` that have.
    fn deadline(&self, since: Instant, bytes: u64, now: Instant) -> Instant {
        let at_least_s = bytes / self.bytes_per_second_min.max(1);
        (now + self.stall).min(since + self.stall + Duration::from_secs(at_least_s))
    }
}

/// The memory that bodies of requests may take. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: BodyLimits,
    all: Arc<Semaphore>,
    /// What large bodies may take of it: small ones find room however many large ones come.
    large: Arc<Semaphore>,
    /// How many large ones come in at once: as many as surely find room beside each other.
    turns: Arc<Semaphore>,
    people: Mutex<HashMap<String, Weak<Share>>>,
}

/// What one person may have under way.
#[derive(Debug)]
struct Share {
    memory: Arc<Semaphore>,
    /// Large bodies of one person come one after the other: beside each other, none might get what it needs.
    turn: Arc<Semaphore>,
}

fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE_BYTES).max(1)
}

impl Bodies {
    /// With these limits.
    #[must_use]
    pub fn new(limits: BodyLimits) -> Self {
        let all = Arc::new(Semaphore::new(pieces(limits.held_bytes_max)));
        let large = limits.held_bytes_max - limits.held_bytes_max / SMALL_PART;
        let turns = Arc::new(Semaphore::new((large / limits.person_bytes_max.max(1)).max(1)));
        let large = Arc::new(Semaphore::new(pieces(large)));
        Self(Arc::new(Inner { limits, all, large, turns, people: Mutex::new(HashMap::new()) }))
    }

    /// What one request of a person takes; it is given back when the last clone of the lease goes.
    fn lease(&self, person: &str) -> Lease {
        let mut people = self.0.people.lock().unwrap_or_else(PoisonError::into_inner);
        let known = people.get(person).and_then(Weak::upgrade);
        let of_person = known.unwrap_or_else(|| {
            // Those who ask for nothing any more leave nothing behind.
            people.retain(|_, theirs| theirs.strong_count() > 0);
            let memory = Arc::new(Semaphore::new(pieces(self.0.limits.person_bytes_max)));
            let theirs = Arc::new(Share { memory, turn: Arc::new(Semaphore::new(1)) });
            people.insert(person.to_owned(), Arc::downgrade(&theirs));
            theirs
        });
        let held = Mutex::new(Held::default());
        Lease(Arc::new(LeaseInner { bodies: self.clone(), of_person, held }))
    }
}

/// The memory that one request takes.
#[derive(Clone, Debug)]
pub struct Lease(Arc<LeaseInner>);

#[derive(Debug)]
struct LeaseInner {
    bodies: Bodies,
    of_person: Arc<Share>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    pieces: usize,
    /// Whether it has the turn of a large body.
    is_large: bool,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Lease {
    /// Takes what is missing to `bytes`, waiting a while for others to be done.
    ///
    /// # Errors
    /// `rate_limited` where this person has too much in hand, `unavailable` where the server has.
    pub async fn grow(&self, bytes: usize) -> Result<(), ApiError> {
        let Self(inner) = self;
        let wanted = pieces(bytes);
        let missing = wanted.saturating_sub(inner.held().pieces);
        let Ok(count) = u32::try_from(missing) else { return Err(too_much()) };
        if count == 0 {
            return Ok(());
        }
        if bytes > LARGE_BYTES {
            self.take_turn().await?;
        }
        let Bodies(bodies) = &inner.bodies;
        let own = take(&inner.of_person.memory, count, bodies.limits.wait).await;
        let own = own.ok_or_else(yours)?;
        let is_large = inner.held().is_large;
        let large = match is_large {
            true => {
                Some(take(&bodies.large, count, bodies.limits.wait).await.ok_or_else(too_much)?)
            }
            false => None,
        };
        let all = take(&bodies.all, count, bodies.limits.wait).await.ok_or_else(too_much)?;
        let mut held = inner.held();
        held.pieces += missing;
        held.add([Some(own), large, Some(all)]);
        Ok(())
    }

    /// Waits for the turn of a large body. What it took while it was small counts as of a large one from here on.
    ///
    /// # Errors
    /// Those of [`Self::grow`].
    async fn take_turn(&self) -> Result<(), ApiError> {
        let Self(inner) = self;
        if inner.held().is_large {
            return Ok(());
        }
        let Bodies(bodies) = &inner.bodies;
        let Ok(count) = u32::try_from(inner.held().pieces) else { return Err(too_much()) };
        let own = take(&inner.of_person.turn, 1, bodies.limits.wait).await.ok_or_else(yours)?;
        let turn = take(&bodies.turns, 1, bodies.limits.wait).await.ok_or_else(too_much)?;
        let large = take(&bodies.large, count, bodies.limits.wait).await.ok_or_else(too_much)?;
        let mut held = inner.held();
        held.is_large = true;
        held.add([Some(own), Some(turn), Some(large)]);
        Ok(())
    }
}

impl Held {
    /// Keeps permits; of each kind it is one, so that a body of many small frames takes no list of them.
    fn add(&mut self, permits: [Option<OwnedSemaphorePermit>; 3]) {
        for permit in permits.into_iter().flatten() {
            let same = |held: &&mut OwnedSemaphorePermit| {
                Arc::ptr_eq(held.semaphore(), permit.semaphore())
            };
            match self.permits.iter_mut().find(same) {
                Some(of_kind) => of_kind.merge(permit),
                None => self.permits.push(permit),
            }
        }
    }
}

async fn take(of: &Arc<Semaphore>, count: u32, wait: Duration) -> Option<OwnedSemaphorePermit> {
    let taken = Arc::clone(of).acquire_many_owned(count);
    tokio::time::timeout(wait, taken).await.ok()?.ok()
}

fn yours() -> ApiError {
    let detail =
        "You have too much under way to this server at once. Wait until some of it has arrived.";
    ApiError::later(ErrorCode::RateLimited, detail, AGAIN_S)
}

impl Lease {
    /// Gives back what was taken, where it comes to nothing.
    fn give_back(&self) {
        *self.0.held() = Held::default();
    }
}

impl LeaseInner {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_much() -> ApiError {
    let detail = "The server has too much coming in at once. Try again in a moment.";
    ApiError::later(ErrorCode::Unavailable, detail, AGAIN_S)
}

/// Gives every request its lease, and lets no body stand still.
pub async fn watch(State(app): State<App>, request: Request, next: Next) -> Response {
    let limits = app.bodies.0.limits;
    let person = request.extensions().get::<Me>().map(|me| me.id.clone()).unwrap_or_default();
    let lease = app.bodies.lease(&person);
    let stalled = Arc::new(AtomicBool::new(false));
    let (mut parts, body) = request.into_parts();
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

/// How large the body of a route may be, in bytes; put there by a layer of the route.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(held: usize, person: usize) -> Bodies {
        Bodies::new(BodyLimits {
            held_bytes_max: held * PIECE_BYTES,
            person_bytes_max: person * PIECE_BYTES,
            wait: Duration::from_millis(10),
            ..BodyLimits::default()
        })
    }

    fn code(refused: Result<(), ApiError>) -> ErrorCode {
        match refused {
            Err(ApiError::Later { refusal, .. }) => refusal.code,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let bodies = bodies(6, 4);
        let first = bodies.lease("ivy");
        for bytes in [1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            first.grow(bytes).await.unwrap();
        }
        let second = bodies.lease("ivy");
        second.grow(1).await.unwrap();
        assert_eq!(code(second.grow(PIECE_BYTES + 1).await), ErrorCode::RateLimited);
        let other = bodies.lease("sam");
        other.grow(2 * PIECE_BYTES).await.unwrap();
        assert_eq!(code(other.grow(3 * PIECE_BYTES).await), ErrorCode::Unavailable);
        assert_eq!(first.0.held().permits.len(), 2, "a permit of each kind, however often it grew");
        drop(first);
        other.grow(4 * PIECE_BYTES).await.unwrap();
        second.grow(2 * PIECE_BYTES).await.unwrap();
        drop((second, other));
        assert_eq!(bodies.0.all.available_permits(), 6);
        drop(bodies.lease("kim"));
        drop(bodies.lease("lee"));
        assert_eq!(bodies.0.people.lock().unwrap().len(), 1, "people who are gone are forgotten");
    }

    #[tokio::test]
    async fn large_bodies_come_one_after_the_other_and_leave_room() {
        let mib = 1024 * 1024;
        let bodies = Bodies::new(BodyLimits {
            held_bytes_max: 64 * mib,
            person_bytes_max: 32 * mib,
            wait: Duration::from_millis(10),
            ..BodyLimits::default()
        });
        let first = bodies.lease("ivy");
        first.grow(mib).await.unwrap();
        first.grow(20 * mib).await.unwrap();
        let second = bodies.lease("ivy");
        second.grow(3 * mib).await.unwrap();
        assert_eq!(code(second.grow(17 * mib).await), ErrorCode::RateLimited, "not its turn");
        assert_eq!(code(second.take_turn().await), ErrorCode::RateLimited);
        let other = bodies.lease("sam");
        assert_eq!(code(other.take_turn().await), ErrorCode::Unavailable, "nobody else's either");
        other.grow(16 * mib).await.unwrap();
        drop(first);
        other.take_turn().await.unwrap();
        other.grow(30 * mib).await.unwrap();
        second.grow(16 * mib).await.unwrap();
        drop((second, other));
        let Bodies(bodies) = &bodies;
        assert_eq!(bodies.large.available_permits(), pieces(56 * mib));
        assert_eq!(bodies.all.available_permits(), pieces(64 * mib));
        assert_eq!(bodies.turns.available_permits(), 1);
    }

    #[tokio::test]
    async fn who_waits_gets_what_others_give_back() {
        let bodies = Bodies::new(BodyLimits {
            held_bytes_max: PIECE_BYTES,
            wait: Duration::from_secs(60),
            ..BodyLimits::default()
        });
        let first = bodies.lease("ivy");
        first.grow(1).await.unwrap();
        let second = bodies.lease("sam");
        let waiting = tokio::spawn(async move { second.grow(1).await.map(|()| second) });
        drop(first);
        waiting.await.unwrap().unwrap();
    }

    #[test]
    fn a_body_must_come_on() {
        let (stall, least) = (Duration::from_secs(20), 1024);
        let limits = BodyLimits { stall, bytes_per_second_min: least, ..BodyLimits::default() };
        let since = Instant::now();
        let at = |s: u64| since + Duration::from_secs(s);
        // After so many seconds so many bytes have come: until when the next ones must.
        for (now, bytes, until) in [
            (0, 0, 20),
            (5, 0, 20),
            (5, 1, 20),
            (5, 5 * least, 25),
            (5, 1_000_000, 25),
            (100, 100 * least, 120),
            (100, 60 * least, 80),
            (100, 90 * least, 110),
        ] {
            assert_eq!(limits.deadline(since, bytes, at(now)), at(until), "{bytes} after {now} s");
        }
    }
}
