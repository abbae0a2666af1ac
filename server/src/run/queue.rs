//! The fair queue (DESIGN §5.12): a free slot of a provider goes to the next person in turn, there to the first of
//! their runs, there to the first unit that waits. Pure: no clock, no input or output.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The turn of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its run.
    pub run: Arc<str>,
    /// The unit.
    pub unit: u32,
}

#[derive(Debug)]
struct Run {
    person: Arc<str>,
    place: i64,
    is_held: bool,
    /// Whether a unit of it ever had a turn.
    has_started: bool,
    /// Units that wait, by provider.
    waiting: BTreeMap<Arc<str>, VecDeque<u32>>,
}

/// Runs of one person that wait for one provider, in their order.
type Lane = BTreeSet<(i64, Arc<str>)>;

#[derive(Debug, Default)]
struct Provider {
    at_once: Option<usize>,
    busy: usize,
    /// People with something that may start, with their runs.
    lanes: BTreeMap<Arc<str>, Lane>,
    /// Who had the last turn.
    last: Option<Arc<str>>,
}

impl Provider {
    fn has_room(&self) -> bool {
        self.at_once.is_none_or(|most| self.busy < most)
    }

    /// Whose turn it is: the next person after the last one, in a circle.
    fn next_person(&self) -> Option<Arc<str>> {
        let after = self.last.as_ref().and_then(|last| {
            let rest = (std::ops::Bound::Excluded(Arc::clone(last)), std::ops::Bound::Unbounded);
            self.lanes.range(rest).next()
        });
        after.or_else(|| self.lanes.first_key_value()).map(|(person, _)| Arc::clone(person))
    }
}

/// Everything that waits, and who has how many slots.
#[derive(Debug)]
pub struct Queue {
    at_once: usize,
    busy: usize,
    providers: BTreeMap<Arc<str>, Provider>,
    runs: BTreeMap<Arc<str>, Run>,
    /// Providers in the order in which they are asked next.
    turn: VecDeque<Arc<str>>,
}

impl Queue {
    /// With this many slots in all.
    pub fn new(at_once: usize) -> Self {
        Self {
            at_once,
            busy: 0,
            providers: BTreeMap::new(),
            runs: BTreeMap::new(),
            turn: VecDeque::new(),
        }
    }

    /// Sets the slots of a provider.
    pub fn limit(&mut self, provider: &str, at_once: usize) {
        self.provider(provider).at_once = Some(at_once);
    }

    fn provider(&mut self, provider: &str) -> &mut Provider {
        if !self.providers.contains_key(provider) {
            self.turn.push_back(Arc::from(provider));
        }
        self.providers.entry(Arc::from(provider)).or_default()
    }

    /// A run joins; nothing of it waits yet. The smaller its `place`, the sooner among its person's.
    pub fn enter(&mut self, run: &str, person: &str, place: i64, is_held: bool) {
        let person = Arc::from(person);
        let waiting = BTreeMap::new();
        let entry = Run { person, place, is_held, has_started: false, waiting };
        self.runs.insert(Arc::from(run), entry);
    }

    /// These units of a run are ready and wait for a slot, in this order.
    pub fn wait(&mut self, run: &str, provider: &str, units: &[u32]) {
        self.provider(provider);
        let Some((id, entry)) =
            self.runs.get_key_value(run).map(|(id, _)| Arc::clone(id)).zip(self.runs.get_mut(run))
        else {
            return;
        };
        let (name, known) = self
            .providers
            .get_key_value(provider)
            .map_or_else(|| (Arc::from(provider), false), |(name, _)| (Arc::clone(name), true));
        entry.waiting.entry(name).or_default().extend(units);
        if known && !entry.is_held && !units.is_empty() {
            let lane = (entry.place, id);
            let person = Arc::clone(&entry.person);
            self.provider(provider).lanes.entry(person).or_default().insert(lane);
        }
    }

    /// A unit waits no more.
    pub fn withdraw(&mut self, run: &str, unit: u32) {
        let Some(entry) = self.runs.get_mut(run) else { return };
        let mut emptied = Vec::new();
        for (provider, units) in &mut entry.waiting {
            units.retain(|other| *other != unit);
            if units.is_empty() {
                emptied.push(Arc::clone(provider));
            }
        }
        for provider in emptied {
            self.drop_lane(run, &provider);
            if let Some(entry) = self.runs.get_mut(run) {
                entry.waiting.remove(&provider);
            }
        }
    }

    fn drop_lane(&mut self, run: &str, provider: &str) {
        let Some(entry) = self.runs.get(run) else { return };
        let Some(provider) = self.providers.get_mut(provider) else { return };
        if let Some(lane) = provider.lanes.get_mut(&entry.person) {
            lane.retain(|(_, other)| **other != *run);
            if lane.is_empty() {
                provider.lanes.remove(&entry.person);
            }
        }
    }

    /// Everything that may start now; its slots are taken from here on.
    pub fn grant(&mut self) -> Vec<Grant> {
        let mut grants = Vec::new();
        let mut refused = 0;
        while self.busy < self.at_once && refused < self.turn.len() {
            let Some(name) = self.turn.pop_front() else { break };
            match self.grant_of(&name) {
                Some(grant) => {
                    refused = 0;
                    self.busy += 1;
                    grants.push(grant);
                }
                None => refused += 1,
            }
            self.turn.push_back(name);
        }
        grants
    }

    fn grant_of(&mut self, name: &Arc<str>) -> Option<Grant> {
        let provider = self.providers.get_mut(name).filter(|provider| provider.has_room())?;
        let person = provider.next_person()?;
        let lane = provider.lanes.get_mut(&person)?;
        let (place, run) = lane.first()?.clone();
        let entry = self.runs.get_mut(&run)?;
        let units = entry.waiting.get_mut(name)?;
        let unit = units.pop_front()?;
        if units.is_empty() {
            entry.waiting.remove(name);
            lane.remove(&(place, Arc::clone(&run)));
            if lane.is_empty() {
                provider.lanes.remove(&person);
            }
        }
        entry.has_started = true;
        provider.busy += 1;
        provider.last = Some(person);
        Some(Grant { run, unit })
    }

    /// A call ended.
    pub fn release(&mut self, provider: &str) {
        let provider = self.provider(provider);
        provider.busy = provider.busy.saturating_sub(1);
        self.busy = self.busy.saturating_sub(1);
    }

    /// A run has ended: nothing of it waits any more. Slots that it holds are released one by one.
    pub fn leave(&mut self, run: &str) {
        self.unlist(run);
        self.runs.remove(run);
    }

    /// Takes a run out of all lanes.
    fn unlist(&mut self, run: &str) {
        let Some(entry) = self.runs.get(run) else { return };
        let providers: Vec<Arc<str>> = entry.waiting.keys().cloned().collect();
        for provider in providers {
            self.drop_lane(run, &provider);
        }
    }

    /// Puts a run into the lanes of what it waits for.
    fn list(&mut self, run: &str) {
        let Some((id, entry)) = self.runs.get_key_value(run) else { return };
        if entry.is_held {
            return;
        }
        for name in entry.waiting.keys() {
            let Some(provider) = self.providers.get_mut(name) else { continue };
            let lane = provider.lanes.entry(Arc::clone(&entry.person)).or_default();
            lane.insert((entry.place, Arc::clone(id)));
        }
    }

    /// Holds a run back: it is granted nothing new; or lets it go on.
    pub fn hold(&mut self, run: &str, is_held: bool) {
        self.unlist(run);
        if let Some(entry) = self.runs.get_mut(run) {
            entry.is_held = is_held;
        }
        self.list(run);
    }

    /// Puts a run that has not started after another of the same person that has not either, or before all of
    /// them. Answers its new place; `None` where that makes no sense.
    pub fn place_after(&mut self, run: &str, after: Option<&str>) -> Option<i64> {
        let moved = self.runs.get(run).filter(|entry| !entry.has_started)?;
        let mut others: Vec<(i64, &Arc<str>)> = self
            .runs
            .iter()
            .filter(|(id, other)| {
                other.person == moved.person && !other.has_started && ***id != *run
            })
            .map(|(id, other)| (other.place, id))
            .collect();
        others.sort();
        let at = match after {
            None => 0,
            Some(after) => others.iter().position(|(_, id)| ***id == *after)? + 1,
        };
        let place = match (at.checked_sub(1).map(|before| others[before].0), others.get(at)) {
            (None, None) => moved.place,
            (None, Some((next, _))) => next - 1,
            (Some(before), None) => before + 1,
            (Some(before), Some((next, _))) => before + (next - before) / 2,
        };
        self.unlist(run);
        self.runs.get_mut(run)?.place = place;
        self.list(run);
        Some(place)
    }

    /// The runs of which nothing had a turn yet, in the order in which they will, from 1; held ones last.
    pub fn positions(&self) -> Vec<(Arc<str>, u32)> {
        let mut people: BTreeMap<&Arc<str>, VecDeque<(bool, i64, &Arc<str>)>> = BTreeMap::new();
        let mut waiting: Vec<(bool, i64, &Arc<str>, &Run)> = self
            .runs
            .iter()
            .filter(|(_, run)| !run.has_started && (run.is_held || !run.waiting.is_empty()))
            .map(|(id, run)| (run.is_held, run.place, id, run))
            .collect();
        waiting.sort_by_key(|(held, place, id, _)| (*held, *place, *id));
        for (held, place, id, run) in waiting {
            people.entry(&run.person).or_default().push_back((held, place, id));
        }
        let last = self.providers.values().filter_map(|provider| provider.last.as_ref()).next();
        let mut order: VecDeque<&Arc<str>> = people.keys().copied().collect();
        if let Some(last) = last {
            let split = order.iter().filter(|person| **person <= last).count();
            order.rotate_left(split.min(order.len()));
        }
        let mut positions = Vec::new();
        let mut held = Vec::new();
        while let Some(person) = order.pop_front() {
            let Some(runs) = people.get_mut(person) else { continue };
            let Some((is_held, _, id)) = runs.pop_front() else { continue };
            if is_held {
                held.push(id)
            } else {
                positions.push(id)
            }
            order.push_back(person);
        }
        let all = positions.into_iter().chain(held);
        (1_u32..).zip(all).map(|(at, id)| (Arc::clone(id), at)).collect()
    }
}
