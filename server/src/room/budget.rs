//! Memory that waiting messages may hold: by connection, by person and by process, counted before it is taken.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::RoomLimits;
use super::time::now_ms;

/// Bytes that a waiting message costs besides its own: its place in a queue and its allocation.
const MESSAGE_BYTES: usize = 128;

/// Time somebody counts as waiting after they tried, in ms; a room tries several times a second.
const WANTED_MS: u64 = 1_000;

/// Bytes of which everybody who takes some waits for its turn.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: Arc<Semaphore>,
    max: usize,
    /// When somebody last did not get what they tried to take, in ms of the server's clock; 0: never.
    wanted_ms: Arc<AtomicU64>,
}

impl Budget {
    pub(crate) fn new(max: usize) -> Self {
        // A permit counts in 32 bits.
        let max = max.min(u32::MAX as usize);
        Self { left: Arc::new(Semaphore::new(max)), max, wanted_ms: Arc::default() }
    }

    /// More than all there is counts as all there is.
    fn amount(&self, bytes: usize) -> u32 {
        bytes.min(self.max) as u32
    }

    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.left).acquire_many_owned(self.amount(bytes)).await.ok()
    }

    /// Takes so many bytes if they are to be had now.
    pub(crate) fn try_take(&self, bytes: usize) -> Option<Share> {
        match Arc::clone(&self.left).try_acquire_many_owned(self.amount(bytes)) {
            Ok(permit) => Some(Share { permit }),
            Err(_) => {
                self.wanted_ms.store(now_ms(), Ordering::Relaxed);
                None
            }
        }
    }

    /// True if somebody waits for a part.
    pub(crate) fn is_wanted(&self) -> bool {
        match self.wanted_ms.load(Ordering::Relaxed) {
            0 => false,
            at => now_ms().saturating_sub(at) < WANTED_MS,
        }
    }

    /// Returns the number of bytes taken.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        self.max - self.left.available_permits()
    }
}

/// A part of a [`Budget`], given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    permit: OwnedSemaphorePermit,
}

impl Share {
    /// Bytes that give the share back with the last of their clones; what is more than their size is given back now.
    pub(crate) fn hold(self, bytes: Vec<u8>) -> Bytes {
        self.wrap(bytes.into())
    }

    /// The same for bytes that somebody else may hold too.
    pub(crate) fn wrap(mut self, bytes: Bytes) -> Bytes {
        struct Held {
            bytes: Bytes,
            _share: Share,
        }
        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                &self.bytes
            }
        }
        let more = self.permit.num_permits().saturating_sub(bytes.len());
        drop(self.permit.split(more));
        Bytes::from_owner(Held { bytes, _share: self })
    }
}

/// Memory of what one connection sent and the room has not taken yet, counted with its connection, person and process.
#[derive(Debug)]
pub(crate) struct Hold {
    permits: [OwnedSemaphorePermit; 3],
}

/// Where what one connection sends is counted.
#[derive(Debug, Clone)]
pub(crate) struct Inflow {
    levels: [Budget; 3],
}

impl Inflow {
    /// Waits until one more message of so many bytes fits; `None` only when the server has ended.
    pub(crate) async fn message(&self, bytes: usize) -> Option<Hold> {
        self.take(bytes + MESSAGE_BYTES).await
    }

    /// Waits until so many bytes more fit to a message.
    pub(crate) async fn grow(&self, hold: &mut Hold, bytes: usize) -> Option<()> {
        let more = self.take(bytes).await?;
        for (held, more) in hold.permits.iter_mut().zip(more.permits) {
            held.merge(more);
        }
        Some(())
    }

    async fn take(&self, bytes: usize) -> Option<Hold> {
        let [connection, person, process] = &self.levels;
        // The smallest first: whoever is at their own bound takes nothing from others while they wait.
        let permits =
            [connection.take(bytes).await?, person.take(bytes).await?, process.take(bytes).await?];
        Some(Hold { permits })
    }
}

/// Bytes that wait to be sent, of a person or of all.
#[derive(Debug)]
pub(crate) struct Outflow {
    waiting: AtomicUsize,
    max: usize,
}

impl Outflow {
    fn new(max: usize) -> Self {
        Self { waiting: AtomicUsize::new(0), max }
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.waiting.load(Ordering::Relaxed) + bytes <= self.max
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The sockets of one person, and the memory that all their connections hold.
#[derive(Debug)]
struct Person {
    sockets: AtomicUsize,
    inflow: Budget,
    outflow: Arc<Outflow>,
}

/// The sockets of this process, and the memory they hold.
#[derive(Debug)]
pub(crate) struct Usage {
    sockets: AtomicUsize,
    sockets_max: usize,
    sockets_person_max: usize,
    connection_max_bytes: usize,
    person_max_bytes: usize,
    inflow: Budget,
    outflow: Arc<Outflow>,
    /// Answers to a step 1 that are encoded and not sent to everybody they are for.
    pub(crate) answers: Budget,
    /// Large answers over HTTP that are not sent.
    pub(crate) sent: Budget,
    /// Turns for what reads whole documents: loading and compacting.
    pub(crate) heavy: Semaphore,
    /// Turns for parts of large updates. One core is left to everybody else.
    pub(crate) parts: Arc<Semaphore>,
    people: DashMap<String, Arc<Person>>,
}

impl Usage {
    pub(crate) fn new(limits: &RoomLimits) -> Arc<Self> {
        // The largest message grows in place: less than two of it would make it wait for itself.
        let least = 2 * limits.frame_max_bytes + MESSAGE_BYTES;
        let process_max_bytes = limits.process_max_bytes.max(least);
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Arc::new(Self {
            sockets: AtomicUsize::new(0),
            sockets_max: limits.sockets_max,
            sockets_person_max: limits.sockets_person_max,
            connection_max_bytes: limits.connection_max_bytes.max(least),
            person_max_bytes: limits.person_max_bytes.max(least),
            inflow: Budget::new(process_max_bytes),
            outflow: Arc::new(Outflow::new(process_max_bytes)),
            answers: Budget::new(limits.answers_max_bytes),
            sent: Budget::new(limits.answers_max_bytes),
            heavy: Semaphore::new(cores),
            parts: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            people: DashMap::new(),
        })
    }

    /// Returns the number of sockets.
    pub(crate) fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Acquire)
    }

    /// Returns the bytes that all connections sent and that were not taken yet.
    #[cfg(test)]
    pub(crate) fn received(&self) -> usize {
        self.inflow.taken()
    }

    /// Takes a socket in; somebody without a name is nobody else.
    ///
    /// # Errors
    /// The reason of the refusal, when the server or the person has as many as may be.
    pub(crate) fn admit(self: &Arc<Self>, name: &str) -> Result<Ticket, &'static str> {
        if self.sockets.fetch_add(1, Ordering::AcqRel) >= self.sockets_max {
            self.sockets.fetch_sub(1, Ordering::AcqRel);
            return Err("the server has as many connections as it takes");
        }
        let fresh = || {
            Arc::new(Person {
                sockets: AtomicUsize::new(0),
                inflow: Budget::new(self.person_max_bytes),
                outflow: Arc::new(Outflow::new(self.person_max_bytes)),
            })
        };
        let person = if name.is_empty() {
            fresh()
        } else {
            // Counted while the entry is locked: nobody forgets it in between.
            let entry = self.people.entry(name.to_owned()).or_insert_with(fresh);
            entry.sockets.fetch_add(1, Ordering::AcqRel);
            Arc::clone(&entry)
        };
        let ticket = Ticket {
            usage: Arc::downgrade(self),
            name: name.to_owned(),
            inflow: Inflow {
                levels: [
                    Budget::new(self.connection_max_bytes),
                    person.inflow.clone(),
                    self.inflow.clone(),
                ],
            },
            outflow: [Arc::clone(&person.outflow), Arc::clone(&self.outflow)],
            answers: self.answers.clone(),
            person,
        };
        if ticket.person.sockets.load(Ordering::Acquire) > self.sockets_person_max {
            return Err("you have as many connections open as one person may");
        }
        Ok(ticket)
    }
}

/// A socket's place among all; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    usage: Weak<Usage>,
    name: String,
    person: Arc<Person>,
    /// Where what it sends is counted.
    pub(crate) inflow: Inflow,
    /// Where what waits for it is counted besides its own queue: with its person and with all.
    pub(crate) outflow: [Arc<Outflow>; 2],
    /// Memory that answers hold.
    pub(crate) answers: Budget,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(usage) = self.usage.upgrade() else { return };
        usage.sockets.fetch_sub(1, Ordering::AcqRel);
        if !self.name.is_empty() {
            self.person.sockets.fetch_sub(1, Ordering::AcqRel);
            usage
                .people
                .remove_if(&self.name, |_, person| person.sockets.load(Ordering::Acquire) == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RoomLimits {
        RoomLimits {
            sockets_max: 3,
            sockets_person_max: 2,
            connection_max_bytes: 1_000,
            person_max_bytes: 1_500,
            process_max_bytes: 10_000,
            frame_max_bytes: 400,
            ..RoomLimits::default()
        }
    }

    #[test]
    fn sockets_are_counted_by_person_and_by_process() {
        let usage = Usage::new(&limits());
        let a = usage.admit("a").unwrap();
        let again = usage.admit("a").unwrap();
        assert!(usage.admit("a").unwrap_err().contains("person"));
        assert_eq!(usage.sockets(), 2, "who was refused is not counted");
        let b = usage.admit("b").unwrap();
        assert!(usage.admit("c").unwrap_err().contains("server"));
        drop(a);
        assert!(usage.admit("").is_ok());
        drop((again, b));
        assert_eq!((usage.sockets(), usage.people.len()), (0, 0), "nobody is remembered");
    }

    #[tokio::test]
    async fn who_is_at_their_bound_waits_and_holds_nobody_else_up() {
        let usage = Usage::new(&limits());
        let (a, again, b) =
            (usage.admit("a").unwrap(), usage.admit("a").unwrap(), usage.admit("b").unwrap());
        let first = a.inflow.message(800).await.unwrap();
        let held = usage.inflow.taken();
        assert_eq!(held, 800 + MESSAGE_BYTES);
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), async {
            a.inflow.message(800).await
        });
        assert!(waits.await.is_err(), "the connection's own bound");
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), async {
            again.inflow.message(800).await
        });
        assert!(waits.await.is_err(), "the person's bound");
        let other = b.inflow.message(800).await.unwrap();
        drop(first);
        let mut second = again.inflow.message(800).await.unwrap();
        again.inflow.grow(&mut second, 72).await.unwrap();
        drop((second, other));
        assert_eq!(usage.inflow.taken(), 0);
    }

    #[test]
    fn a_share_is_held_as_long_as_any_clone_of_its_bytes() {
        let budget = Budget::new(100);
        let bytes = budget.try_take(80).unwrap().hold(vec![7; 50]);
        assert_eq!(budget.taken(), 50);
        let clone = bytes.clone();
        drop(bytes);
        assert!(budget.try_take(60).is_none());
        assert_eq!(&clone[..2], [7, 7]);
        drop(clone);
        // A document larger than all there is has its turn alone.
        assert!(budget.try_take(1_000).is_some());
    }
}
