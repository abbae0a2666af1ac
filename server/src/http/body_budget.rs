//! The memory that bodies of requests may take at once.

use crate::defaults;
use crate::error::ApiError;
use gesso_protocol::problem::ErrorCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Limits of incoming bodies, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Most bytes of all bodies together that are held in memory at once.
    pub held_bytes_max: usize,
    /// Most bytes of one person's bodies.
    pub person_bytes_max: usize,
    /// Time a body waits for memory before it is refused.
    pub wait: Duration,
    /// Most time a body may stand still.
    pub stall: Duration,
    /// The least speed over a body's whole way, in bytes a second, counted once [`Self::stall`] has passed.
    pub bytes_per_second_min: u64,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            held_bytes_max: defaults::bodies::HELD_BYTES_MAX,
            person_bytes_max: defaults::bodies::PERSON_BYTES_MAX,
            wait: defaults::bodies::WAIT,
            stall: defaults::bodies::STALL,
            bytes_per_second_min: defaults::bodies::BYTES_PER_SECOND_MIN,
        }
    }
}

impl BodyLimits {
    /// When the next bytes of a body must have come that began at `since`: a wait from now on, and never later than the
    /// least speed allows for the `bytes` that have.
    pub(super) fn deadline(&self, since: Instant, bytes: u64, now: Instant) -> Instant {
        let at_least_s = bytes / self.bytes_per_second_min.max(1);
        (now + self.stall).min(since + self.stall + Duration::from_secs(at_least_s))
    }
}

/// The memory that bodies of requests may take. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bodies(pub(super) Arc<Inner>);

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

    /// Leases memory to one request of a person; it is given back when the last clone of the lease goes.
    pub(super) fn lease(&self, person: &str) -> Lease {
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

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) limits: BodyLimits,
    pub(super) all: Arc<Semaphore>,
    /// The part of it that large bodies may take: small ones find room however many large ones come.
    pub(super) large: Arc<Semaphore>,
    /// Number of large ones that come in at once: as many as surely find room beside each other.
    pub(super) turns: Arc<Semaphore>,
    pub(super) people: Mutex<HashMap<String, Weak<Share>>>,
}

/// The memory and the turn of one person's bodies.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) memory: Arc<Semaphore>,
    /// Large bodies of one person come one after the other: beside each other, none might get what it needs.
    pub(super) turn: Arc<Semaphore>,
}

pub(super) fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE_BYTES).max(1)
}

/// The memory that one request takes.
#[derive(Clone, Debug)]
pub struct Lease(Arc<LeaseInner>);

#[derive(Debug)]
pub(super) struct LeaseInner {
    pub(super) bodies: Bodies,
    pub(super) of_person: Arc<Share>,
    pub(super) held: Mutex<Held>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) pieces: usize,
    /// True if it has the turn of a large body.
    pub(super) is_large: bool,
    pub(super) permits: Vec<OwnedSemaphorePermit>,
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
    pub(super) async fn take_turn(&self) -> Result<(), ApiError> {
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
    pub(super) fn add(&mut self, permits: [Option<OwnedSemaphorePermit>; 3]) {
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

pub(super) fn yours() -> ApiError {
    let detail =
        "You have too much under way to this server at once. Wait until some of it has arrived.";
    ApiError::later(ErrorCode::RateLimited, detail, AGAIN_S)
}

impl Lease {
    /// Gives back what was taken, where it comes to nothing.
    pub(super) fn give_back(&self) {
        *self.0.held() = Held::default();
    }
}

impl LeaseInner {
    pub(super) fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn too_much() -> ApiError {
    let detail = "The server has too much coming in at once. Try again in a moment.";
    ApiError::later(ErrorCode::Unavailable, detail, AGAIN_S)
}

/// Unit of the memory that is counted, in bytes: it is given out in pieces of so many.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// Above how many bytes of memory a body is a large one, which waits for its turn.
pub(super) const LARGE_BYTES: usize = 16 * 1024 * 1024;

/// Large bodies leave one part in so many of all memory to small ones.
pub(super) const SMALL_PART: usize = 8;

/// After how many seconds somebody who was refused for want of memory is told to come again.
pub(super) const AGAIN_S: u32 = 2;

async fn take(of: &Arc<Semaphore>, count: u32, wait: Duration) -> Option<OwnedSemaphorePermit> {
    let taken = Arc::clone(of).acquire_many_owned(count);
    tokio::time::timeout(wait, taken).await.ok()?.ok()
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
