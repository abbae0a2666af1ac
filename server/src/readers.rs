//! Work that grows with a canvas (reading its graph, planning, pricing, writing it as JSON), away from the threads that
//! serve connections: a few at once, and a bounded number that waits its turn.

use std::sync::Arc;

use gesso_protocol::problem::{ErrorCode, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fair_limiter::{FairLimiter, Permit};

/// Number of readers at work at once; one more for somebody who has none at work.
const AT_ONCE: usize = 2;
/// Most further ones of one person that may wait.
const WAITING_PERSON_MAX: usize = 128;
/// Most of all people.
const WAITING_MAX: usize = 1_024;

/// Why nothing was read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// Too many wait already.
    #[error("too many graphs are being read")]
    Busy,
    /// The server is ending, or the work failed.
    #[error("a graph could not be read: {0}")]
    Failed(String),
}

impl ReadError {
    /// As a refusal, where it is the caller's turn to wait.
    pub fn refusal(&self) -> Option<Refusal> {
        let detail = "The server is busy with other canvases. Try again in a moment.";
        match self {
            Self::Busy => Some(Refusal::new(ErrorCode::RateLimited, detail)),
            Self::Failed(_) => None,
        }
    }
}

/// Where such work is done. Clones are the same.
#[derive(Clone, Debug)]
pub struct Readers {
    work: FairLimiter,
    queue: Arc<Semaphore>,
}

/// A place at work. It is held until what was begun in it has ended, also where nobody waits for that any more.
#[derive(Debug)]
pub struct Place {
    _work: Permit,
    _queue: Option<OwnedSemaphorePermit>,
}

impl Default for Readers {
    fn default() -> Self {
        Self {
            work: FairLimiter::new(AT_ONCE),
            queue: Arc::new(Semaphore::new(AT_ONCE + WAITING_MAX)),
        }
    }
}

impl Readers {
    /// Waits for a place for this person. What is large is asked for after that.
    ///
    /// # Errors
    /// [`ReadError::Busy`] where too many wait already.
    pub async fn place(&self, person: &str) -> Result<Place, ReadError> {
        if self.work.waiting(person) >= WAITING_PERSON_MAX {
            return Err(ReadError::Busy);
        }
        let queue = Arc::clone(&self.queue).try_acquire_owned().or(Err(ReadError::Busy))?;
        Ok(Place { _work: self.work.take(person).await, _queue: Some(queue) })
    }

    /// Waits for a place however many wait already: what was asked for is done, and only to be told.
    pub async fn place_afterwards(&self, person: &str) -> Place {
        Place { _work: self.work.take(person).await, _queue: None }
    }
}

impl Place {
    /// Does something that takes its time; gives the place back for what comes next.
    ///
    /// # Errors
    /// [`ReadError::Failed`] where it panicked.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Self, T), ReadError> {
        let done = tokio::task::spawn_blocking(move || {
            let value = work();
            (self, value)
        });
        done.await.map_err(|error| ReadError::Failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_few_are_at_work_and_a_bounded_number_waits() {
        let readers = Readers::default();
        let (end, ended) = mpsc::sync_channel::<()>(0);
        let first = readers.place("ada").await.unwrap();
        // Nobody waits for this work any more; its place is taken all the same.
        let work = first.run(move || ended.recv().is_err());
        drop(tokio::time::timeout(std::time::Duration::ZERO, work).await);
        let second = readers.place("ada").await.unwrap();
        let mut waiting: Vec<_> =
            (0..WAITING_PERSON_MAX).map(|_| Box::pin(readers.place("ada"))).collect();
        for place in &mut waiting {
            let soon = futures_util::poll!(place.as_mut());
            assert!(soon.is_pending());
        }
        assert!(matches!(readers.place("ada").await, Err(ReadError::Busy)));
        // Others neither wait for them nor are turned away.
        drop(readers.place("bob").await.unwrap());
        drop(second);
        assert!(waiting.remove(0).await.is_ok());
        drop(end);
        assert!(waiting.remove(0).await.is_ok(), "the first place is free once its work has ended");
    }
}
