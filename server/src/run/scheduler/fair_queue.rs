//! The fair queue (R-RUN-70): a free slot of a provider goes to the next person in turn, there to the first of
//! their runs, there to the first unit that waits. Spare slots go only to people who hold none of that provider, so
//! that nobody alone can keep others waiting. Pure: no clock, no input or output.
//!
//! Invariant: a provider's lanes name exactly the runs that are not held and have units waiting for it. A lane with
//! nothing behind it would take its person's turn for ever.

#[cfg(test)]
mod tests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use gesso_protocol::ids::RunId;
use gesso_protocol::plan::UnitIndex;

/// The turn of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Run.
    pub run: RunId,
    /// The unit.
    pub unit: UnitIndex,
}

#[derive(Debug)]
struct Run {
    person: Arc<str>,
    place: i64,
    is_held: bool,
    /// True if a unit of it ever had a turn.
    has_started: bool,
    /// Units that wait, by provider and ticket; no line is empty.
    lines: BTreeMap<Arc<str>, BTreeMap<u64, UnitIndex>>,
    /// Where each waiting unit stands.
    tickets: BTreeMap<UnitIndex, (Arc<str>, u64)>,
}

/// Runs of one person that wait for one provider, in their order.
type Lane = BTreeSet<(i64, RunId)>;

#[derive(Debug, Default)]
struct Provider {
    at_once: Option<usize>,
    /// Slots beyond `at_once`, for people who hold none.
    spare: usize,
    busy: usize,
    /// Slots by who holds them; no count is 0.
    holders: BTreeMap<Arc<str>, usize>,
    /// People with something that may start, with their runs; no lane is empty.
    lanes: BTreeMap<Arc<str>, Lane>,
    /// Who had the last turn.
    last: Option<Arc<str>>,
}

impl Provider {
    fn has_room(&self) -> bool {
        self.at_once.is_none_or(|most| self.busy < most)
    }

    /// Who has the next turn, where there is a slot for them.
    fn next(&self) -> Option<(&Arc<str>, &Lane)> {
        if self.has_room() {
            return self.circle().next();
        }
        let has_spare = self.at_once.is_some_and(|most| self.busy < most + self.spare);
        let mut circle = self.circle();
        if has_spare {
            circle.find(|(person, _)| !self.holders.contains_key(*person))
        } else {
            None
        }
    }

    /// People in the order of their turns: in a circle, from the one after the last.
    fn circle(&self) -> impl Iterator<Item = (&Arc<str>, &Lane)> {
        let after = self.last.as_ref().map_or(Unbounded, Excluded);
        let until = self.last.iter().flat_map(|last| self.lanes.range(..=Arc::clone(last)));
        self.lanes.range::<Arc<str>, _>((after, Unbounded)).chain(until)
    }

    fn unlist(&mut self, person: &Arc<str>, spot: &(i64, RunId)) {
        if let Some(lane) = self.lanes.get_mut(person) {
            lane.remove(spot);
            if lane.is_empty() {
                self.lanes.remove(person);
            }
        }
    }
}

/// Everything that waits, and who has how many slots.
#[derive(Debug)]
pub struct FairQueue {
    at_once: usize,
    busy: usize,
    providers: BTreeMap<Arc<str>, Provider>,
    runs: BTreeMap<RunId, Run>,
    /// Providers in the order in which they are asked next.
    turn: VecDeque<Arc<str>>,
    last_ticket: u64,
}

impl FairQueue {
    /// With this many slots in all.
    pub fn new(at_once: usize) -> Self {
        Self {
            at_once,
            busy: 0,
            providers: BTreeMap::new(),
            runs: BTreeMap::new(),
            turn: VecDeque::new(),
            last_ticket: 0,
        }
    }

    /// Sets the slots of a provider, and those beyond them that only people who hold none may take. Without this it
    /// has as many as there are in all.
    pub fn limit(&mut self, provider: &str, at_once: usize, spare: usize) {
        let name = self.name(provider);
        let limited = self.providers.entry(name).or_default();
        (limited.at_once, limited.spare) = (Some(at_once), spare);
    }

    /// The name of a provider, which is known from here on.
    fn name(&mut self, provider: &str) -> Arc<str> {
        if let Some((name, _)) = self.providers.get_key_value(provider) {
            return Arc::clone(name);
        }
        let name: Arc<str> = Arc::from(provider);
        self.providers.insert(Arc::clone(&name), Provider::default());
        self.turn.push_back(Arc::clone(&name));
        name
    }

    /// A run joins; nothing of it waits yet. The smaller its `place`, the sooner among its person's.
    pub fn enter(&mut self, run: &RunId, person: &str, place: i64, is_held: bool) {
        self.leave(run);
        let entry = Run {
            person: Arc::from(person),
            place,
            is_held,
            has_started: false,
            lines: BTreeMap::new(),
            tickets: BTreeMap::new(),
        };
        self.runs.insert(run.clone(), entry);
    }

    /// These units of a run are ready and wait for a slot, in this order. One that waits already keeps its turn.
    pub fn wait(&mut self, run: &RunId, provider: &str, units: &[UnitIndex]) {
        let name = self.name(provider);
        let Some(entry) = self.runs.get_mut(run) else { return };
        for unit in units {
            let Entry::Vacant(free) = entry.tickets.entry(*unit) else { continue };
            self.last_ticket += 1;
            free.insert((Arc::clone(&name), self.last_ticket));
            let line = entry.lines.entry(Arc::clone(&name)).or_default();
            line.insert(self.last_ticket, *unit);
        }
        self.list(run);
    }

    /// A unit waits no more.
    pub fn withdraw(&mut self, run: &RunId, unit: UnitIndex) {
        let Some((id, entry)) =
            self.runs.get_key_value(run).map(|(id, _)| id.clone()).zip(self.runs.get_mut(run))
        else {
            return;
        };
        let Some((name, ticket)) = entry.tickets.remove(&unit) else { return };
        let Some(line) = entry.lines.get_mut(&name) else { return };
        line.remove(&ticket);
        if line.is_empty() {
            entry.lines.remove(&name);
            if let Some(provider) = self.providers.get_mut(&name) {
                provider.unlist(&entry.person, &(entry.place, id));
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
        let provider = self.providers.get_mut(name)?;
        let (person, lane) = provider.next()?;
        let (person, spot) = (Arc::clone(person), lane.first()?.clone());
        let entry = self.runs.get_mut(&spot.1)?;
        let line = entry.lines.get_mut(name)?;
        let (_, unit) = line.pop_first()?;
        entry.tickets.remove(&unit);
        if line.is_empty() {
            entry.lines.remove(name);
            provider.unlist(&person, &spot);
        }
        entry.has_started = true;
        provider.busy += 1;
        *provider.holders.entry(Arc::clone(&person)).or_default() += 1;
        provider.last = Some(person);
        Some(Grant { run: spot.1, unit })
    }

    /// A call of this person ended.
    pub fn release(&mut self, provider: &str, person: &str) {
        let Some(provider) = self.providers.get_mut(provider) else { return };
        let Some(count) = provider.holders.get_mut(person) else { return };
        *count -= 1;
        if *count == 0 {
            provider.holders.remove(person);
        }
        provider.busy -= 1;
        self.busy -= 1;
    }

    /// A run has ended: nothing of it waits any more. Slots that it holds are released one by one.
    pub fn leave(&mut self, run: &RunId) {
        self.unlist(run);
        self.runs.remove(run);
    }

    /// Takes a run out of all lanes.
    fn unlist(&mut self, run: &RunId) {
        let Some((id, entry)) = self.runs.get_key_value(run) else { return };
        let spot = (entry.place, id.clone());
        for name in entry.lines.keys() {
            if let Some(provider) = self.providers.get_mut(name) {
                provider.unlist(&entry.person, &spot);
            }
        }
    }

    /// Puts a run into the lanes of what it waits for.
    fn list(&mut self, run: &RunId) {
        let Some((id, entry)) = self.runs.get_key_value(run).filter(|(_, entry)| !entry.is_held)
        else {
            return;
        };
        for name in entry.lines.keys() {
            let Some(provider) = self.providers.get_mut(name) else { continue };
            let lane = provider.lanes.entry(Arc::clone(&entry.person)).or_default();
            lane.insert((entry.place, id.clone()));
        }
    }

    /// Holds a run back: it is granted nothing new; or lets it go on.
    pub fn hold(&mut self, run: &RunId, is_held: bool) {
        self.unlist(run);
        if let Some(entry) = self.runs.get_mut(run) {
            entry.is_held = is_held;
        }
        self.list(run);
    }

    /// Puts a run that has not started after another of the same person that has not either, or before all of
    /// them. Answers the new places of all runs that had to move, this one last: where places are neighbours, the
    /// ones behind make room. Recorded in this order, the places are in the right order after each of them, too.
    /// `None` where it makes no sense.
    pub fn place_after(&mut self, run: &RunId, after: Option<&RunId>) -> Option<Vec<(RunId, i64)>> {
        let (id, moved) = self.runs.get_key_value(run).filter(|(_, entry)| !entry.has_started)?;
        let mut others: Vec<(i64, RunId)> = self
            .runs
            .iter()
            .filter(|(other, entry)| {
                entry.person == moved.person && !entry.has_started && *other != id
            })
            .map(|(other, entry)| (entry.place, other.clone()))
            .collect();
        others.sort();
        let at = match after {
            None => 0,
            Some(after) => others.iter().position(|(_, other)| other == after)? + 1,
        };
        let before = at.checked_sub(1).map(|before| others[before].0);
        let place = match (before, others.get(at)) {
            (None, None) => moved.place,
            (None, Some((next, _))) => next - 1,
            (Some(before), Some((next, _))) if next - before > 1 => before + (next - before) / 2,
            (Some(before), _) => before + 1,
        };
        let mut moves = vec![(id.clone(), place)];
        let mut taken = place;
        for (old, other) in others.split_off(at) {
            if old > taken {
                break;
            }
            taken += 1;
            moves.push((other, taken));
        }
        moves.reverse();
        for (run, place) in &moves {
            self.unlist(run);
            if let Some(entry) = self.runs.get_mut(run) {
                entry.place = *place;
            }
            self.list(run);
        }
        Some(moves)
    }

    /// The runs of which nothing had a turn yet, in the order in which they will, from 1; held ones last. Between
    /// runs for different providers it is an estimate: that all calls take equally long.
    pub fn positions(&self) -> Vec<(RunId, u32)> {
        let mut first: BTreeMap<&RunId, (usize, usize)> = BTreeMap::new();
        for (name, provider) in &self.providers {
            let slots = provider.at_once.unwrap_or(self.at_once).min(self.at_once).max(1);
            for (turn, run) in self.turns(name, provider) {
                let soon = (turn / slots, turn);
                first.entry(run).and_modify(|first| *first = soon.min(*first)).or_insert(soon);
            }
        }
        let mut order: Vec<_> = self
            .runs
            .iter()
            .filter(|(_, run)| !run.has_started)
            .filter_map(|(id, run)| {
                let soon =
                    first.get(id).copied().or_else(|| run.is_held.then_some((usize::MAX, 0)))?;
                Some((soon, run.place, id))
            })
            .collect();
        order.sort_unstable();
        (1_u32..).zip(order).map(|(at, (_, _, id))| (id.clone(), at)).collect()
    }

    /// The number of the turn at which each run gets its first slot of a provider if nothing new arrives, from 0.
    fn turns<'a>(&'a self, name: &Arc<str>, provider: &'a Provider) -> Vec<(usize, &'a RunId)> {
        // Everybody has one turn in each round, so a run's first is in the round that has the number of its
        // person's units before it.
        let mut first = Vec::new();
        let mut people = Vec::new();
        for (at, (_, lane)) in provider.circle().enumerate() {
            let mut units = 0;
            for (_, run) in lane {
                first.push((units, at, run));
                units +=
                    self.runs.get(run).and_then(|run| run.lines.get(name)).map_or(0, BTreeMap::len);
            }
            people.push((at, units));
        }
        first.sort_unstable();
        let (mut round, mut past) = (0, 0);
        let mut turns = Vec::with_capacity(first.len());
        for (units, at, run) in first {
            if units > round {
                past += people.iter().map(|(_, all)| units.min(*all) - round).sum::<usize>();
                people.retain(|(_, all)| *all > units);
                round = units;
            }
            turns.push((past + people.partition_point(|(other, _)| *other < at), run));
        }
        turns
    }
}
