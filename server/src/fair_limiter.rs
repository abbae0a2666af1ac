//! A limiter of work that is fair between people: what one sends by the dozen holds up nobody else.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Further permits for people who have none, so that they need not wait for the end of what others do.
const SPARE: usize = 1;

/// After so many who began to wait, those who went away meanwhile are forgotten.
const FORGET_AFTER: usize = 1_024;

/// So many permits at once, and those who wait for one. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct FairLimiter(Arc<Mutex<State>>);

/// Leave to work, until this goes.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: FairLimiter,
    person: Arc<str>,
}

#[derive(Debug)]
struct State {
    at_once: usize,
    busy: usize,
    /// Number of permits of people who have some.
    at_work: BTreeMap<Arc<str>, usize>,
    /// Who waits, by person; no line is empty.
    waiting: BTreeMap<Arc<str>, VecDeque<oneshot::Sender<Permit>>>,
    /// Number of those who began to wait since the last look for who went away.
    came: usize,
    /// Who had the last permit of those who waited.
    last: Option<Arc<str>>,
}

impl State {
    fn has_room(&self, person: &str) -> bool {
        let spare = if self.at_work.contains_key(person) { 0 } else { SPARE };
        self.busy < self.at_once + spare
    }

    fn begin(&mut self, person: &Arc<str>) {
        self.busy += 1;
        *self.at_work.entry(Arc::clone(person)).or_default() += 1;
    }

    fn end(&mut self, person: &str) {
        self.busy -= 1;
        if let Some(count) = self.at_work.get_mut(person) {
            *count -= 1;
            if *count == 0 {
                self.at_work.remove(person);
            }
        }
    }

    /// The next person in a circle from the one after the last who may begin something; those first who have nothing at
    /// work.
    fn next(&self) -> Option<Arc<str>> {
        let after = self.last.as_ref().map_or(Unbounded, Excluded);
        let circle = || {
            let behind = self.waiting.range::<Arc<str>, _>((after, Unbounded));
            behind.chain(self.waiting.iter()).map(|(person, _)| person)
        };
        let may = |person: &&Arc<str>| self.has_room(person);
        let is_idle = |person: &&Arc<str>| !self.at_work.contains_key(*person);
        circle().filter(is_idle).find(may).or_else(|| circle().find(may)).cloned()
    }

    fn wait(&mut self, person: &str) -> oneshot::Receiver<Permit> {
        self.came += 1;
        if self.came > FORGET_AFTER {
            self.came = 0;
            self.waiting.retain(|_, line| {
                line.retain(|waiter| !waiter.is_closed());
                !line.is_empty()
            });
        }
        let (sender, waiter) = oneshot::channel();
        self.waiting.entry(Arc::from(person)).or_default().push_back(sender);
        waiter
    }

    /// Whose turn it is, begun; those who no longer wait are left out.
    fn grant(&mut self) -> Option<(Arc<str>, oneshot::Sender<Permit>)> {
        while let Some(person) = self.next() {
            let line = self.waiting.get_mut(&person)?;
            let waiter = line.pop_front();
            if line.is_empty() {
                self.waiting.remove(&person);
            }
            if let Some(waiter) = waiter.filter(|waiter| !waiter.is_closed()) {
                self.begin(&person);
                self.last = Some(Arc::clone(&person));
                return Some((person, waiter));
            }
        }
        None
    }
}

impl FairLimiter {
    /// At least one at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            at_once: at_once.max(1),
            busy: 0,
            at_work: BTreeMap::new(),
            waiting: BTreeMap::new(),
            came: 0,
            last: None,
        })))
    }

    /// Number of those of this person who wait.
    pub(crate) fn waiting(&self, person: &str) -> usize {
        let state = self.lock();
        let line = state.waiting.get(person);
        line.map_or(0, |line| line.iter().filter(|waiter| !waiter.is_closed()).count())
    }

    /// Waits for a permit for this person.
    pub(crate) async fn take(&self, person: &str) -> Permit {
        loop {
            let waiter = {
                let mut state = self.lock();
                if state.has_room(person) {
                    let person = Arc::from(person);
                    state.begin(&person);
                    return Permit { limiter: self.clone(), person };
                }
                state.wait(person)
            };
            // A sender that is dropped without a word was left out by mistake: whoever still waits waits anew.
            if let Ok(permit) = waiter.await {
                return permit;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing in here stops half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let granted = {
            let mut state = self.limiter.lock();
            state.end(&self.person);
            state.grant()
        };
        if let Some((person, waiter)) = granted {
            // Whoever went away in this moment gives the permit back by dropping it.
            drop(waiter.send(Self { limiter: self.limiter.clone(), person }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a permit that is free.
    async fn now(limiter: &FairLimiter, person: &str) -> Permit {
        let taking = std::pin::pin!(limiter.take(person));
        match futures_util::poll!(taking) {
            std::task::Poll::Ready(permit) => permit,
            std::task::Poll::Pending => panic!("{person} has to wait"),
        }
    }

    #[tokio::test]
    async fn whoever_has_nothing_at_work_waits_for_nobody_who_has_much() {
        let limiter = FairLimiter::new(2);
        let first = now(&limiter, "ada").await;
        let _second = now(&limiter, "ada").await;
        let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(limiter.take("ada"))).collect();
        for taking in &mut waiting {
            assert!(futures_util::poll!(taking.as_mut()).is_pending());
        }
        let bob = now(&limiter, "bob").await;
        let mut more = Box::pin(limiter.take("bob"));
        assert!(futures_util::poll!(more.as_mut()).is_pending());
        // The spare permit is for those who have none at work.
        drop(first);
        assert!(futures_util::poll!(waiting[0].as_mut()).is_pending());
        drop(bob);
        assert!(futures_util::poll!(more.as_mut()).is_ready(), "bob is next, who has none");
    }

    #[tokio::test]
    async fn people_who_wait_take_turns() {
        let limiter = FairLimiter::new(1);
        let mut held = vec![now(&limiter, "ada").await, now(&limiter, "bob").await];
        let mut waiting = Vec::new();
        for person in ["ada", "ada", "bob", "cleo", "bob"] {
            let mut taking = Box::pin(limiter.take(person));
            assert!(futures_util::poll!(taking.as_mut()).is_pending());
            waiting.push((person, Some(taking)));
        }
        let mut order = Vec::new();
        while !held.is_empty() {
            drop(held.remove(0));
            for (person, taking) in &mut waiting {
                let Some(pending) = taking else { continue };
                if let std::task::Poll::Ready(permit) = futures_util::poll!(pending.as_mut()) {
                    order.push(*person);
                    held.push(permit);
                    *taking = None;
                }
            }
        }
        assert_eq!(order, ["ada", "bob", "cleo", "ada", "bob"]);
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_permit_to_others() {
        let limiter = FairLimiter::new(1);
        let held = now(&limiter, "ada").await;
        let mut gone = Box::pin(limiter.take("ada"));
        let mut stays = Box::pin(limiter.take("ada"));
        assert!(futures_util::poll!(gone.as_mut()).is_pending());
        assert!(futures_util::poll!(stays.as_mut()).is_pending());
        drop(gone);
        drop(held);
        let permit = stays.await;
        drop(permit);
        drop(now(&limiter, "ada").await);
        assert!(limiter.lock().at_work.is_empty());
        // Nor do those who ask and go away by the thousand stay in the line.
        let held = [now(&limiter, "ada").await, now(&limiter, "bob").await];
        for n in 0..4 * FORGET_AFTER {
            let name = format!("person {n}");
            assert!(futures_util::poll!(std::pin::pin!(limiter.take(&name))).is_pending());
        }
        assert!(limiter.lock().waiting.len() <= FORGET_AFTER + 1);
        drop(held);
    }
}
