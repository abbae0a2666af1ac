//! Whether an update can be integrated whole on what a replica holds.
//!
//! This walks the structs in the very order in which yrs 0.28.1 integrates them, so that "whole" here
//! is whole there: yrs keeps nothing pending and integrates around no gap.

use super::{GuardError, Id, Kind, Parent, Scan, Struct};

/// How much searching through waiting structs one update may cost (yrs searches its stack linearly).
const MAX_SEARCH: usize = 4_000_000;
/// How many used-up clients yrs may step over in one go: it recurses over them.
const MAX_EMPTY_RUN: usize = 256;

/// What became of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Everything it builds on is held or inside it.
    Whole,
    /// It builds on something of this client that is not held yet.
    Gap(u64),
}

struct Lane {
    client: u64,
    /// Index of the next struct.
    next: usize,
    end: usize,
    /// The clock up to which this client's elements are held or were integrated.
    progress: u32,
    /// Taken out of the set of clients that may be switched to.
    taken: bool,
    waiting: bool,
}

/// Walks an update over what is held: `held(client)` is the clock after the last held element.
///
/// # Errors
/// [`GuardError::Entangled`] where yrs would take too long or recurse too deep.
pub fn fit(scan: &Scan<'_>, held: impl Fn(u64) -> u32) -> Result<Fit, GuardError> {
    let mut walk = Walk::new(scan, &held);
    if let Some(client) = walk.run()? {
        return Ok(Fit::Gap(client));
    }
    for deletion in &scan.deletions {
        if deletion.end > walk.progress(deletion.client) {
            return Ok(Fit::Gap(deletion.client));
        }
    }
    Ok(Fit::Whole)
}

struct Walk<'s, 'a, F> {
    scan: &'s Scan<'a>,
    held: &'s F,
    lanes: Vec<Lane>,
    /// Lanes by client; taken from the end, as yrs does.
    todo: Vec<usize>,
    latest: Option<usize>,
    /// Structs that wait for another client, with their lanes.
    stack: Vec<(usize, usize)>,
    searched: usize,
}

impl<'s, 'a, F: Fn(u64) -> u32> Walk<'s, 'a, F> {
    fn new(scan: &'s Scan<'a>, held: &'s F) -> Self {
        let mut lanes: Vec<Lane> = scan
            .sections
            .iter()
            .map(|section| Lane {
                client: section.client,
                next: section.structs.start,
                end: section.structs.end,
                progress: held(section.client),
                taken: false,
                waiting: false,
            })
            .collect();
        lanes.sort_unstable_by_key(|lane| lane.client);
        let todo = (0..lanes.len()).collect();
        Self { scan, held, lanes, todo, latest: None, stack: Vec::new(), searched: 0 }
    }

    /// The lane of a client: they are sorted.
    fn lane(&self, client: u64) -> Option<usize> {
        self.lanes.binary_search_by_key(&client, |lane| lane.client).ok()
    }

    fn progress(&self, client: u64) -> u32 {
        self.lane(client).map_or_else(|| (self.held)(client), |at| self.lanes[at].progress)
    }

    fn missing(&self, id: Id) -> bool {
        id.clock >= self.progress(id.client)
    }

    /// The client on which a struct waits.
    fn waits_for(&self, found: &Struct<'_>) -> Option<u64> {
        let Kind::Item { origin, right_origin, parent, .. } = found.kind else { return None };
        let parent = match parent {
            Parent::Item(id) => Some(id),
            Parent::Sibling | Parent::Root(_) => None,
        };
        [origin, right_origin, parent]
            .into_iter()
            .flatten()
            .find(|id| self.missing(*id))
            .map(|id| id.client)
    }

    fn pop_lane(&mut self, lane: usize) -> Option<(usize, usize)> {
        let found = &mut self.lanes[lane];
        (found.next < found.end).then(|| {
            found.next += 1;
            (found.next - 1, lane)
        })
    }

    fn next(&mut self) -> Result<Option<(usize, usize)>, GuardError> {
        if let Some((at, lane)) = self.stack.pop() {
            self.lanes[lane].waiting = false;
            return Ok(Some((at, lane)));
        }
        let mut empty = 0;
        loop {
            if let Some(found) = self.latest.and_then(|lane| self.pop_lane(lane)) {
                return Ok(Some(found));
            }
            let Some(lane) = self.todo.pop() else { return Ok(None) };
            self.lanes[lane].taken = true;
            self.latest = Some(lane);
            empty += 1;
            if empty > MAX_EMPTY_RUN {
                return Err(GuardError::Entangled);
            }
        }
    }

    /// The client of the first gap, if there is one.
    fn run(&mut self) -> Result<Option<u64>, GuardError> {
        let mut next = self.next()?;
        while let Some((at, lane)) = next {
            let found = &self.scan.structs[at];
            let progress = self.lanes[lane].progress;
            let known = found.end() <= progress || matches!(found.kind, Kind::Skip);
            if !known {
                if found.id.clock > progress {
                    return Ok(Some(found.id.client));
                }
                if let Some(client) = self.waits_for(found) {
                    self.searched += self.stack.len() + 1;
                    if self.searched > MAX_SEARCH {
                        return Err(GuardError::Entangled);
                    }
                    self.lanes[lane].waiting = true;
                    self.stack.push((at, lane));
                    let other = self.lane(client);
                    let Some(found) = other
                        .filter(|other| !self.lanes[*other].taken && !self.lanes[*other].waiting)
                        .and_then(|other| self.pop_lane(other))
                    else {
                        return Ok(Some(client));
                    };
                    next = Some(found);
                    continue;
                }
                self.lanes[lane].progress = found.end();
            }
            next = self.next()?;
        }
        Ok(None)
    }
}
