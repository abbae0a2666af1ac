//! Events for a run's driver. Bounded by what is under way: a unit has a grant, a job, some retries and an end.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::UnitIndex;
use gesso_protocol::problem::Refusal;
use gesso_protocol::schema::Failure;
use tokio::sync::{Notify, oneshot};

use super::outcome::Outcome;

/// Somebody's decision about the candidates of an evaluator.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The evaluator.
    pub node: NodeId,
    /// Ids of the accepted candidates.
    pub accept: Vec<String>,
    /// True if none is.
    pub reject: bool,
    /// Why.
    pub note: String,
    /// Who.
    pub person: String,
    /// Their name.
    pub person_name: String,
}

/// Answered once it is durable.
pub(super) type Reply = oneshot::Sender<Result<(), Refusal>>;

pub(super) enum Event {
    /// It is the turn of a unit.
    Granted(UnitIndex),
    /// A call failed for the moment and is tried again.
    Retrying { unit: UnitIndex, attempts: u32, failure: Option<Failure> },
    /// A provider has accepted a job.
    Submitted { unit: UnitIndex, job: String, recorded: oneshot::Sender<bool> },
    /// A call ended, after so many tries in all.
    Ended { unit: UnitIndex, attempts: u32, outcome: Outcome },
    /// Somebody decided.
    Review { decision: Decision, reply: Reply },
    /// Somebody stopped the run.
    Cancel,
}

#[derive(Default)]
struct Inside {
    events: VecDeque<Event>,
    is_closed: bool,
}

#[derive(Default)]
pub(super) struct Mailbox {
    inside: Mutex<Inside>,
    news: Notify,
}

impl Mailbox {
    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        // Nothing panics while it is held.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event; gives it back when nobody listens any more.
    pub(super) fn push(&self, event: Event) -> Option<Event> {
        let mut inside = self.inside();
        if inside.is_closed {
            return Some(event);
        }
        inside.events.push_back(event);
        drop(inside);
        self.news.notify_one();
        None
    }

    /// Takes up to `most` events.
    pub(super) fn take(&self, most: usize) -> Vec<Event> {
        let events = &mut self.inside().events;
        let count = events.len().min(most);
        events.drain(..count).collect()
    }

    /// Waits until there is something.
    pub(super) async fn wait(&self) {
        while self.inside().events.is_empty() {
            self.news.notified().await;
        }
    }

    /// Nobody listens from here on; answers what was not taken.
    pub(super) fn close(&self) -> VecDeque<Event> {
        let mut inside = self.inside();
        inside.is_closed = true;
        std::mem::take(&mut inside.events)
    }
}
