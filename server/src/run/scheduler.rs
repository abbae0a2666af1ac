//! The fair queue of all runs: who may call a provider next.

pub mod fair_queue;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use gesso_protocol::ids::RunId;
use gesso_protocol::plan::UnitIndex;

use super::event::{Event, Mailbox};
use crate::providers::Providers;
use crate::room::RoomHandle;
use fair_queue::FairQueue;

/// The most calls at once, of all providers.
const AT_ONCE_MAX: usize = 512;

struct Member {
    mailbox: Arc<Mailbox>,
    room: RoomHandle,
}

struct Inside {
    queue: FairQueue,
    members: BTreeMap<RunId, Member>,
    /// Runs whose position was told.
    told: BTreeMap<RunId, u32>,
    is_dirty: bool,
}

/// The queue, shared by all drivers.
#[derive(Clone)]
pub(super) struct Scheduler {
    inside: Arc<Mutex<Inside>>,
}

/// A slot that a call holds; dropping it lets the next one in.
pub(super) struct Slot {
    scheduler: Scheduler,
    lane: String,
    person: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut inside = self.scheduler.inside();
        inside.queue.release(&self.lane, &self.person);
        inside.grant();
    }
}

impl Inside {
    fn grant(&mut self) {
        for grant in self.queue.grant() {
            self.is_dirty = true;
            let Some(member) = self.members.get(&grant.run) else { continue };
            // A driver that listens no more gives its slots back when it leaves.
            member.mailbox.push(Event::Granted(grant.unit));
        }
    }
}

impl Scheduler {
    pub(super) fn new(providers: &Providers) -> Self {
        let mut queue = FairQueue::new(AT_ONCE_MAX);
        for provider in providers.all() {
            for lane in provider.lanes() {
                queue.limit(lane.name, lane.at_once, lane.spare);
            }
        }
        let inside =
            Inside { queue, members: BTreeMap::new(), told: BTreeMap::new(), is_dirty: false };
        Self { inside: Arc::new(Mutex::new(inside)) }
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        // Nothing panics while it is held.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(
        &self,
        run: &RunId,
        person: &str,
        (place, held): (i64, bool),
        mailbox: &Arc<Mailbox>,
        room: &RoomHandle,
    ) {
        let mut inside = self.inside();
        inside.queue.enter(run, person, place, held);
        let member = Member { mailbox: Arc::clone(mailbox), room: room.clone() };
        inside.members.insert(run.clone(), member);
        inside.is_dirty = true;
    }

    /// These units are ready; those whose turn it is are told through the mailbox at once.
    pub(super) fn wait(&self, run: &RunId, lane: &str, units: &[UnitIndex]) {
        let mut inside = self.inside();
        inside.queue.wait(run, lane, units);
        inside.grant();
        inside.is_dirty = true;
    }

    pub(super) fn withdraw(&self, run: &RunId, unit: UnitIndex) {
        self.inside().queue.withdraw(run, unit);
    }

    /// The slot that a grant to this person has taken.
    pub(super) fn slot(&self, lane: &str, person: &str) -> Slot {
        Slot { scheduler: self.clone(), lane: lane.to_owned(), person: person.to_owned() }
    }

    pub(super) fn leave(&self, run: &RunId) {
        let mut inside = self.inside();
        inside.queue.leave(run);
        inside.is_dirty = true;
        if let Some(member) = inside.members.remove(run)
            && inside.told.remove(run).is_some()
        {
            member.room.set_queue(run, None);
        }
    }

    pub(super) fn hold(&self, run: &RunId, held: bool) {
        let mut inside = self.inside();
        inside.queue.hold(run, held);
        inside.grant();
        inside.is_dirty = true;
    }

    /// Puts a run after another of the same person that has not started; answers the new places of all that moved.
    pub(super) fn place_after(
        &self,
        run: &RunId,
        after: Option<&RunId>,
    ) -> Option<Vec<(RunId, i64)>> {
        let mut inside = self.inside();
        inside.is_dirty = true;
        inside.queue.place_after(run, after)
    }

    /// Where a run waits, from 1.
    pub(super) fn position(&self, run: &RunId) -> Option<u32> {
        let positions = self.inside().queue.positions();
        positions.into_iter().find(|(other, _)| other == run).map(|(_, position)| position)
    }

    /// Shows positions that changed since the last time.
    pub(super) fn tell(&self) {
        let mut inside = self.inside();
        if !std::mem::take(&mut inside.is_dirty) {
            return;
        }
        let now: BTreeMap<RunId, u32> = inside.queue.positions().into_iter().collect();
        let before = std::mem::take(&mut inside.told);
        let runs: BTreeSet<&RunId> = now.keys().chain(before.keys()).collect();
        for run in runs {
            let (was, is) = (before.get(run).copied(), now.get(run).copied());
            if was != is
                && let Some(member) = inside.members.get(run)
            {
                member.room.set_queue(run, is);
            }
        }
        inside.told = now;
    }
}
