//! Check that an update can be integrated whole on what a replica holds.
//!
//! This walks the structs in the very order in which yrs 0.28.1 integrates them, so that "whole" here
//! is whole there: yrs keeps nothing pending and integrates around no gap.

use super::{GuardError, Id, Kind, Parent, Scan, Struct};

/// Most searching through waiting structs that one update may cost (yrs searches its stack linearly).
const MAX_SEARCH: usize = 4_000_000;
/// Number of used-up clients yrs may step over in one go: it recurses over them.
const MAX_EMPTY_RUN: usize = 256;

/// Outcome of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Everything it builds on is held or inside it. The structs that are not held yet, as indices of
    /// [`Scan::structs`], each after all that it builds on.
    Whole(Vec<usize>),
    /// It builds on something that is not held yet.
    Gap(Need),
}

/// Something an update builds on: a client's elements below a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Whose elements.
    pub client: u64,
    /// The clock after the last element it needs.
    pub clock: u32,
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
    walk(scan, held, true)
}

/// The order of an update that this replica made or stored itself: as [`fit`], without its limits. `None` for a gap.
pub fn order(scan: &Scan<'_>, held: impl Fn(u64) -> u32) -> Option<Vec<usize>> {
    match walk(scan, held, false) {
        Ok(Fit::Whole(order)) => Some(order),
        Ok(Fit::Gap(_)) | Err(_) => None,
    }
}

fn walk(scan: &Scan<'_>, held: impl Fn(u64) -> u32, is_limited: bool) -> Result<Fit, GuardError> {
    let mut walk = Walk::new(scan, &held, is_limited);
    if let Some(need) = walk.run()? {
        return Ok(Fit::Gap(need));
    }
    for deletion in &scan.deletions {
        if deletion.end > walk.progress(deletion.client) {
            return Ok(Fit::Gap(Need { client: deletion.client, clock: deletion.end }));
        }
    }
    Ok(Fit::Whole(walk.order))
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
    order: Vec<usize>,
    is_limited: bool,
}

impl<'s, 'a, F: Fn(u64) -> u32> Walk<'s, 'a, F> {
    fn new(scan: &'s Scan<'a>, held: &'s F, is_limited: bool) -> Self {
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
        Self {
            scan,
            held,
            lanes,
            todo,
            latest: None,
            stack: Vec::new(),
            searched: 0,
            order: Vec::with_capacity(scan.len()),
            is_limited,
        }
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

    /// Returns the clock that a struct waits for.
    fn waits_for(&self, found: &Struct<'_>) -> Option<Need> {
        let Kind::Item { origin, right_origin, parent, .. } = found.kind else { return None };
        let parent = match parent {
            Parent::Item(id) => Some(id),
            Parent::Sibling | Parent::Root(_) => None,
        };
        [origin, right_origin, parent]
            .into_iter()
            .flatten()
            .find(|id| self.missing(*id))
            .map(|id| Need { client: id.client, clock: id.clock + 1 })
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
            if empty > MAX_EMPTY_RUN && self.is_limited {
                return Err(GuardError::Entangled);
            }
        }
    }

    /// The first gap, if there is one.
    fn run(&mut self) -> Result<Option<Need>, GuardError> {
        let mut next = self.next()?;
        while let Some((at, lane)) = next {
            let found = &self.scan.get(at);
            let progress = self.lanes[lane].progress;
            let known = found.end() <= progress || matches!(found.kind, Kind::Skip);
            if !known {
                if found.id.clock > progress {
                    return Ok(Some(Need { client: found.id.client, clock: found.id.clock }));
                }
                if let Some(need) = self.waits_for(found) {
                    self.searched += self.stack.len() + 1;
                    if self.searched > MAX_SEARCH && self.is_limited {
                        return Err(GuardError::Entangled);
                    }
                    self.lanes[lane].waiting = true;
                    self.stack.push((at, lane));
                    let other = self.lane(need.client);
                    let Some(found) = other
                        .filter(|other| !self.lanes[*other].taken && !self.lanes[*other].waiting)
                        .and_then(|other| self.pop_lane(other))
                    else {
                        return Ok(Some(need));
                    };
                    next = Some(found);
                    continue;
                }
                self.lanes[lane].progress = found.end();
                self.order.push(at);
            }
            next = self.next()?;
        }
        Ok(None)
    }
}
