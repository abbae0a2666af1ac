//! The readable rest of an update whose bytes were damaged, and the part of an update that can be integrated where
//! something it builds on is lost.
//!
//! A replica holds of each client everything up to a clock. So of a damaged state the structs of a client up to the first
//! that cannot be read can be taken, of those the ones that build on nothing lost, and what lies behind waits.

use super::guard::{Deletion, GuardError, Id, Kind, Parent, Scan, Struct, read_struct};
use super::merge::write_deletions;
use super::read::{Reader, write_var};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Most structs that may be read for each byte of a damaged state while its sections are looked for.
const READS_PER_BYTE: usize = 16;

/// Structs of one client that follow each other.
#[derive(Debug, Clone)]
struct Run<'a> {
    client: u64,
    structs: Vec<Struct<'a>>,
    /// Where the first struct begins, and where each ends, in the bytes.
    from: usize,
    ends: Vec<usize>,
}

impl Run<'_> {
    /// Leaves the structs that are sound and end before a place.
    fn cut(&mut self, before: usize, sound: impl Fn(Range<usize>) -> bool) {
        let starts = std::iter::once(self.from).chain(self.ends.iter().copied());
        let is_kept = |(end, start): &(usize, usize)| *end <= before && sound(*start..*end);
        let kept = self.ends.iter().copied().zip(starts).take_while(is_kept).count();
        self.ends.truncate(kept);
        self.structs.truncate(kept);
    }

    /// Where a struct begins.
    fn start_of(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(self.from, |before| self.ends[before])
    }
}

/// Readable part of an update.
#[derive(Debug, Clone)]
pub struct Salvage<'a> {
    bytes: &'a [u8],
    runs: Vec<Run<'a>>,
    deletions: Vec<Deletion>,
    is_whole: bool,
}

/// An update divided by what a replica holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// The part that can be integrated whole, as an update.
    pub fits: Option<Vec<u8>>,
    /// The part that builds on something that is not held, as an update.
    pub rest: Option<Vec<u8>>,
    /// Elements that the rest waits for: clients, each with the clock of an element that is not held.
    pub waits: Vec<(u64, u32)>,
}

impl<'a> Salvage<'a> {
    /// An update that is not damaged.
    ///
    /// # Errors
    /// [`GuardError`], as [`Scan::read`].
    pub fn of_update(bytes: &'a [u8]) -> Result<Self, GuardError> {
        let scan = Scan::read(bytes)?;
        let mut runs = Vec::with_capacity(scan.sections.len());
        for section in &scan.sections {
            let mut reader = Reader::new(&bytes[..section.bytes.end]);
            reader.take(section.bytes.start)?;
            let count = section.structs.len();
            let (mut structs, mut ends) = (Vec::with_capacity(count), Vec::with_capacity(count));
            let mut clock = section.start;
            for _ in 0..count {
                let (len, kind) = read_struct(&mut reader)?;
                structs.push(Struct { id: Id { client: section.client, clock }, len, kind });
                clock = clock.saturating_add(len);
                ends.push(reader.position());
            }
            runs.push(Run { client: section.client, structs, from: section.bytes.start, ends });
        }
        Ok(Self { bytes, runs, deletions: scan.deletions, is_whole: true })
    }

    /// Reads as much as can be read of the state of a whole document. Where it is damaged so that it cannot be read
    /// to its end: the structs of each client up to the first that cannot be read or is not `sound`, a range of the
    /// bytes of which it is not known that they are what was written. Deletions are left out then, for a wrong one
    /// would be taken over by every replica; what is deleted says so itself, once it is collected.
    #[must_use]
    pub fn of_state(bytes: &'a [u8], sound: impl Fn(Range<usize>) -> bool) -> Self {
        Self::of_update(bytes).unwrap_or_else(|_| Self::of_damaged_state(bytes, sound))
    }

    /// The same of a state that can be read to its end, but not as what was written: its sections are looked for as if it
    /// could not.
    #[must_use]
    pub fn of_damaged_state(bytes: &'a [u8], sound: impl Fn(Range<usize>) -> bool) -> Self {
        Search::new(bytes, sound).run()
    }

    /// True if all of it could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The same without its deletions.
    #[must_use]
    pub fn without_deletions(mut self) -> Self {
        self.deletions.clear();
        self
    }

    /// Each client's structs alone, without deletions.
    pub fn by_client(&self) -> impl Iterator<Item = Self> {
        self.runs.iter().map(|run| Self {
            bytes: self.bytes,
            runs: vec![run.clone()],
            deletions: Vec::new(),
            is_whole: self.is_whole,
        })
    }

    /// Divides it: `held(client)` is the clock after the last element of a client that is held.
    #[must_use]
    pub fn split(&self, held: impl Fn(u64) -> u32) -> Split {
        Walk::new(self, &held).run()
    }
}

/// Looks for what can be read of a damaged state.
struct Search<'a, F> {
    bytes: &'a [u8],
    sound: F,
    runs: Vec<Run<'a>>,
    /// Number of damaged sections: so many clients may be unknown.
    damaged: usize,
    reads: usize,
}

/// A section as far as it can be read.
struct Found<'a> {
    run: Run<'a>,
    is_complete: bool,
    /// Where reading ended.
    end: usize,
}

impl<'a, F: Fn(Range<usize>) -> bool> Search<'a, F> {
    fn new(bytes: &'a [u8], sound: F) -> Self {
        Self {
            bytes,
            sound,
            runs: Vec::new(),
            damaged: 0,
            reads: bytes.len().saturating_mul(READS_PER_BYTE),
        }
    }

    fn run(mut self) -> Salvage<'a> {
        let mut reader = Reader::new(self.bytes);
        // The number of sections may be what is wrong: where they end is seen by what follows.
        let mut at = reader.var_u32().map_or(1, |_| reader.position()).min(self.bytes.len());
        // Whether everything from here on can be read to the very end.
        let mut is_clear = false;
        while self.deletions(at, &[]).is_none() {
            let found = self.section(at, self.last_client());
            let complete = found.as_ref().filter(|found| found.is_complete).map(|found| found.end);
            let mut run = found.map(|found| found.run);
            if let Some(end) = complete
                && (is_clear || (self.sound)(at..end))
            {
                at = end;
                self.runs.extend(run);
                continue;
            }
            self.damaged += 1;
            let from = run.as_ref().map_or(at, |run| run.from);
            let clear = self.next_section(from);
            is_clear = clear.is_some();
            let next = clear.or(complete);
            run = run.filter(|run| (self.sound)(at..run.from));
            if let Some(run) = &mut run {
                // Where the number of structs is what is wrong, the next section was read as structs of this one.
                run.cut(next.unwrap_or(self.bytes.len()), &self.sound);
            }
            self.runs.extend(run.filter(|run| !run.structs.is_empty()));
            let Some(next) = next else { break };
            at = next;
        }
        Salvage { bytes: self.bytes, runs: self.runs, deletions: Vec::new(), is_whole: false }
    }

    fn last_client(&self) -> Option<u64> {
        self.runs.last().map(|run| run.client)
    }

    /// The section at a place. A state has everything from clock 0 on, and its clients in falling order.
    fn section(&mut self, at: usize, before: Option<u64>) -> Option<Found<'a>> {
        let mut reader = Reader::new(self.bytes);
        reader.take(at).ok()?;
        let count = reader.var_u32().ok().filter(|count| *count > 0)?;
        let client = reader.var_u64().ok()?;
        let start = reader.var_u32().ok()?;
        if start != 0 || before.is_some_and(|before| client >= before) {
            return None;
        }
        let from = reader.position();
        let mut run = Run { client, structs: Vec::new(), from, ends: Vec::new() };
        let (mut clock, mut end) = (0_u32, from);
        for _ in 0..count {
            self.reads = self.reads.saturating_sub(1);
            let read = read_struct(&mut reader).ok().filter(|_| self.reads > 0);
            let next = read.and_then(|(len, _)| clock.checked_add(len));
            let (Some((len, kind)), Some(next)) =
                (read, next.filter(|next| *next <= i32::MAX as u32))
            else {
                return Some(Found { run, is_complete: false, end });
            };
            let found = Struct { id: Id { client, clock }, len, kind };
            clock = next;
            end = reader.position();
            run.structs.push(found);
            run.ends.push(end);
        }
        Some(Found { run, is_complete: true, end })
    }

    /// Checks that the deletions are here: they reach to the very end and delete of known clients, as far as sections
    /// can be read.
    fn deletions(&self, at: usize, more: &[u64]) -> Option<()> {
        let mut reader = Reader::new(self.bytes);
        reader.take(at).ok()?;
        let mut unknown = 0;
        for _ in 0..reader.var_u32().ok()? {
            let client = reader.var_u64().ok()?;
            if !more.contains(&client) && self.runs.iter().all(|run| run.client != client) {
                unknown += 1;
            }
            if unknown > self.damaged {
                return None;
            }
            for _ in 0..reader.var_u32().ok()? {
                let (start, len) = (reader.var_u32().ok()?, reader.var_u32().ok()?);
                start.checked_add(len).filter(|_| len > 0)?;
            }
        }
        (reader.remaining() == 0).then_some(())
    }

    /// The next place from which everything to the very end can be read again. Nothing shorter is believed: a text may
    /// look like a section.
    fn next_section(&mut self, from: usize) -> Option<usize> {
        let before = self.last_client();
        (from..self.bytes.len()).find(|at| self.reads > 0 && self.leads_to_end(*at, before))
    }

    fn leads_to_end(&mut self, start: usize, client: Option<u64>) -> bool {
        let mut at = start;
        let mut clients = Vec::new();
        loop {
            let before = clients.last().copied().or(client);
            match self.section(at, before) {
                Some(found) if found.is_complete => {
                    clients.push(found.run.client);
                    at = found.end;
                }
                Some(_) | None => {
                    return !clients.is_empty() && self.deletions(at, &clients).is_some();
                }
            }
        }
    }
}

/// One client's structs while an update is divided.
struct Lane {
    next: usize,
    progress: u32,
    held: u32,
}

struct Walk<'s, 'a, F> {
    salvage: &'s Salvage<'a>,
    held: &'s F,
    lanes: Vec<Lane>,
    by_client: BTreeMap<u64, usize>,
    /// Lanes that wait for an element of a client, by that client.
    waiting: BTreeMap<u64, Vec<(u32, usize)>>,
}

impl<'s, 'a, F: Fn(u64) -> u32> Walk<'s, 'a, F> {
    fn new(salvage: &'s Salvage<'a>, held: &'s F) -> Self {
        let lane = |run: &Run<'_>| {
            let held = held(run.client);
            Lane { next: 0, progress: held, held }
        };
        let by_client = salvage.runs.iter().enumerate().map(|(at, run)| (run.client, at)).collect();
        let lanes = salvage.runs.iter().map(lane).collect();
        Self { salvage, held, lanes, by_client, waiting: BTreeMap::new() }
    }

    fn progress(&self, client: u64) -> u32 {
        self.by_client
            .get(&client)
            .map_or_else(|| (self.held)(client), |at| self.lanes[*at].progress)
    }

    /// Returns the element that a struct builds on and that is not there.
    fn misses(&self, found: &Struct<'_>) -> Option<Id> {
        let Kind::Item { origin, right_origin, parent, .. } = found.kind else { return None };
        let parent = match parent {
            Parent::Item(id) => Some(id),
            Parent::Sibling | Parent::Root(_) => None,
        };
        let all = [origin, right_origin, parent];
        all.into_iter().flatten().find(|id| id.clock >= self.progress(id.client))
    }

    fn run(mut self) -> Split {
        let mut due: VecDeque<usize> = (0..self.lanes.len()).collect();
        while let Some(at) = due.pop_front() {
            self.advance(at);
            let client = self.salvage.runs[at].client;
            let progress = self.lanes[at].progress;
            if let Some(waiting) = self.waiting.get_mut(&client) {
                due.extend(
                    waiting.extract_if(.., |(clock, _)| *clock < progress).map(|(_, lane)| lane),
                );
            }
        }
        self.divide()
    }

    /// Takes structs of a client until one waits.
    fn advance(&mut self, at: usize) {
        let run = &self.salvage.runs[at];
        while let Some(found) = run.structs.get(self.lanes[at].next) {
            let progress = self.lanes[at].progress;
            if found.end() > progress {
                if matches!(found.kind, Kind::Skip) || found.id.clock > progress {
                    return;
                }
                if let Some(id) = self.misses(found) {
                    self.waiting.entry(id.client).or_default().push((id.clock, at));
                    return;
                }
                self.lanes[at].progress = found.end();
            }
            self.lanes[at].next += 1;
        }
    }

    fn divide(&self) -> Split {
        let (mut fits, mut rest) = (Writer::default(), Writer::default());
        let mut waits = Vec::new();
        for (run, lane) in self.salvage.runs.iter().zip(&self.lanes) {
            let count = run.structs.len();
            if lane.progress > lane.held {
                fits.run(self.salvage.bytes, run, 0..lane.next);
            }
            if lane.next < count {
                rest.run(self.salvage.bytes, run, lane.next..count);
                let missing = self.misses(&run.structs[lane.next]);
                let own = (run.client, lane.progress);
                waits.push(missing.map_or(own, |id| (id.client, id.clock)));
            }
        }
        for deletion in &self.salvage.deletions {
            let Deletion { client, start, end } = *deletion;
            let held = self.progress(client).clamp(start, end);
            if start < held {
                fits.deletions.push(Deletion { client, start, end: held });
            }
            if held < end {
                rest.deletions.push(Deletion { client, start: held, end });
                waits.push((client, held));
            }
        }
        waits.sort_unstable();
        waits.dedup();
        Split { fits: fits.finish(), rest: rest.finish(), waits }
    }
}

/// An update that is put together from parts of another.
#[derive(Default)]
struct Writer {
    sections: usize,
    body: Vec<u8>,
    deletions: Vec<Deletion>,
}

impl Writer {
    fn run(&mut self, bytes: &[u8], run: &Run<'_>, structs: Range<usize>) {
        self.sections += 1;
        write_var(&mut self.body, structs.len() as u64);
        write_var(&mut self.body, run.client);
        write_var(&mut self.body, u64::from(run.structs[structs.start].id.clock));
        self.body.extend_from_slice(&bytes[run.start_of(structs.start)..run.ends[structs.end - 1]]);
    }

    fn finish(self) -> Option<Vec<u8>> {
        if self.sections == 0 && self.deletions.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(self.body.len() + 16);
        write_var(&mut out, self.sections as u64);
        out.extend_from_slice(&self.body);
        write_deletions(&mut out, self.deletions);
        Some(out)
    }
}

#[cfg(test)]
mod tests;
