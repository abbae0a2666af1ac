//! How deep the shared types of an update would sit, counted from their root type.

use super::{Content, GuardError, Id, Kind, Parent, Scan, TYPE_MAX_DEPTH};

/// Where an element is: how deep the type is that it is in, and whether it is there under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The depth of the type it is in; a root type has 0.
    pub depth: u32,
    /// Whether it is the value of a key (or was), not an element of a sequence.
    pub is_keyed: bool,
}

/// What the replica knows about what it holds. A root type has depth 0.
pub trait Held {
    /// The depth of a held shared type; `None` when it is deleted or no type.
    fn type_depth(&self, id: Id) -> Option<u32>;
    /// Where a held element is; `None` when it is collected.
    fn place(&self, id: Id) -> Option<Place>;
    /// The clock after the last held element of a client.
    fn clock(&self, client: u64) -> u32;
}

/// A shared type an update creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewType {
    /// Its id.
    pub id: Id,
    /// Its depth; in a root type it has 1.
    pub depth: u32,
    /// Whether it is the value of a key.
    pub is_keyed: bool,
}

/// The shared types an update creates.
///
/// The update has to [`fit`](super::order::fit) first: that makes its references acyclic.
///
/// # Errors
/// [`GuardError::TypeTooDeep`] above [`TYPE_MAX_DEPTH`]; [`GuardError::UnknownContent`] for a formatting under a key,
/// which nobody writes and over which yrs 0.28.1 panics when it tells what changed.
pub fn new_types(scan: &Scan<'_>, held: &impl Held) -> Result<Vec<NewType>, GuardError> {
    let mut types = Vec::new();
    let mut memo: Vec<Option<Place>> = Vec::new();
    for (at, found) in scan.structs.iter().enumerate() {
        let Kind::Item { content: content @ (Content::Type(_) | Content::Format), .. } = found.kind
        else {
            continue;
        };
        if found.end() <= held.clock(found.id.client) {
            continue;
        }
        if memo.is_empty() {
            memo.resize(scan.structs.len(), None);
        }
        let place = place(scan, held, &mut memo, at);
        if content == Content::Format {
            if place.is_keyed {
                return Err(GuardError::UnknownContent);
            }
            continue;
        }
        let depth = place.depth + 1;
        if depth > TYPE_MAX_DEPTH {
            return Err(GuardError::TypeTooDeep);
        }
        types.push(NewType { id: found.id, depth, is_keyed: place.is_keyed });
    }
    Ok(types)
}

/// Where a struct's place is to be looked up.
enum Step {
    Known(Place),
    /// The same place as another struct of the update.
    Same(usize),
    /// Inside of another struct of the update, under a key or not.
    Inside(usize, bool),
}

fn place(scan: &Scan<'_>, held: &impl Held, memo: &mut [Option<Place>], at: usize) -> Place {
    let mut chain: Vec<(usize, Option<bool>)> = Vec::new();
    let mut current = at;
    let mut place = loop {
        if let Some(known) = memo[current] {
            break known;
        }
        match step(scan, held, current) {
            Step::Known(known) => {
                memo[current] = Some(known);
                break known;
            }
            Step::Same(other) => {
                chain.push((current, None));
                current = other;
            }
            Step::Inside(other, is_keyed) => {
                chain.push((current, Some(is_keyed)));
                current = other;
            }
        }
        if chain.len() > memo.len() {
            // Only an update that does not fit can go in circles.
            break Place { depth: TYPE_MAX_DEPTH, is_keyed: true };
        }
    };
    for (index, inside) in chain.into_iter().rev() {
        if let Some(is_keyed) = inside {
            place = Place { depth: place.depth.saturating_add(1), is_keyed };
        }
        memo[index] = Some(place);
    }
    place
}

fn step(scan: &Scan<'_>, held: &impl Held, at: usize) -> Step {
    let nowhere = Step::Known(Place { depth: 0, is_keyed: false });
    let Kind::Item { origin, right_origin, parent, key, .. } = scan.structs[at].kind else {
        return nowhere;
    };
    let is_keyed = key.is_some();
    match parent {
        Parent::Root(_) => Step::Known(Place { depth: 0, is_keyed }),
        Parent::Item(id) => {
            if let Some(depth) = held.type_depth(id) {
                return Step::Known(Place { depth, is_keyed });
            }
            match inside(scan, held, id) {
                Some(other) if is_type(scan, other) => Step::Inside(other, is_keyed),
                // Deleted or no type: what is put into it is collected at once.
                Some(_) | None => Step::Known(Place { depth: 0, is_keyed }),
            }
        }
        Parent::Sibling => {
            for id in [origin, right_origin].into_iter().flatten() {
                if let Some(other) = inside(scan, held, id) {
                    if matches!(scan.structs[other].kind, Kind::Item { .. }) {
                        return Step::Same(other);
                    }
                } else if let Some(place) = held.place(id) {
                    return Step::Known(place);
                }
            }
            nowhere
        }
    }
}

fn inside(scan: &Scan<'_>, held: &impl Held, id: Id) -> Option<usize> {
    if id.clock < held.clock(id.client) { None } else { scan.find(id) }
}

fn is_type(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.structs[at].kind, Kind::Item { content: Content::Type(_), .. })
}
