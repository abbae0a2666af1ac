//! How deep the shared types of an update would sit, counted from their root type.

use super::{Content, GuardError, Id, Kind, Parent, Scan, TYPE_MAX_DEPTH};

/// What the replica knows about what it holds. A root type has depth 0.
pub trait Held {
    /// The depth of a held shared type; `None` when it is deleted or no type.
    fn type_depth(&self, id: Id) -> Option<u32>;
    /// The depth of the type that a held element is in; `None` when it is collected.
    fn parent_depth(&self, id: Id) -> Option<u32>;
    /// The clock after the last held element of a client.
    fn clock(&self, client: u64) -> u32;
}

/// The shared types an update creates, each with its depth (a type in a root type has 1).
///
/// The update has to [`fit`](super::order::fit) first: that makes its references acyclic.
///
/// # Errors
/// [`GuardError::TypeTooDeep`] above [`TYPE_MAX_DEPTH`].
pub fn new_types(scan: &Scan<'_>, held: &impl Held) -> Result<Vec<(Id, u32)>, GuardError> {
    let mut types = Vec::new();
    let mut memo: Vec<Option<u32>> = Vec::new();
    for (at, found) in scan.structs.iter().enumerate() {
        let Kind::Item { content: Content::Type(_), .. } = found.kind else { continue };
        if found.end() <= held.clock(found.id.client) {
            continue;
        }
        if memo.is_empty() {
            memo.resize(scan.structs.len(), None);
        }
        let depth = parent_depth(scan, held, &mut memo, at) + 1;
        if depth > TYPE_MAX_DEPTH {
            return Err(GuardError::TypeTooDeep);
        }
        types.push((found.id, depth));
    }
    Ok(types)
}

/// Where a struct's parent is to be looked up.
enum Step {
    Known(u32),
    /// The same parent as another struct of the update.
    Same(usize),
    /// One below the parent of another struct of the update.
    Below(usize),
}

fn parent_depth(scan: &Scan<'_>, held: &impl Held, memo: &mut [Option<u32>], at: usize) -> u32 {
    let mut chain: Vec<(usize, u32)> = Vec::new();
    let mut current = at;
    let mut depth = loop {
        if let Some(known) = memo[current] {
            break known;
        }
        match step(scan, held, current) {
            Step::Known(depth) => {
                memo[current] = Some(depth);
                break depth;
            }
            Step::Same(other) => {
                chain.push((current, 0));
                current = other;
            }
            Step::Below(other) => {
                chain.push((current, 1));
                current = other;
            }
        }
        if chain.len() > memo.len() {
            // Only an update that does not fit can go in circles.
            break TYPE_MAX_DEPTH;
        }
    };
    for (index, add) in chain.into_iter().rev() {
        depth = depth.saturating_add(add);
        memo[index] = Some(depth);
    }
    depth
}

fn step(scan: &Scan<'_>, held: &impl Held, at: usize) -> Step {
    let Kind::Item { origin, right_origin, parent, .. } = scan.structs[at].kind else {
        return Step::Known(0);
    };
    match parent {
        Parent::Root(_) => Step::Known(0),
        Parent::Item(id) => {
            if let Some(depth) = held.type_depth(id) {
                return Step::Known(depth);
            }
            match inside(scan, held, id) {
                Some(other) if is_type(scan, other) => Step::Below(other),
                // Deleted or no type: what is put into it is collected at once.
                Some(_) | None => Step::Known(0),
            }
        }
        Parent::Sibling => {
            for id in [origin, right_origin].into_iter().flatten() {
                if let Some(other) = inside(scan, held, id) {
                    if matches!(scan.structs[other].kind, Kind::Item { .. }) {
                        return Step::Same(other);
                    }
                } else if let Some(depth) = held.parent_depth(id) {
                    return Step::Known(depth);
                }
            }
            Step::Known(0)
        }
    }
}

fn inside(scan: &Scan<'_>, held: &impl Held, id: Id) -> Option<usize> {
    if id.clock < held.clock(id.client) { None } else { scan.find(id) }
}

fn is_type(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.structs[at].kind, Kind::Item { content: Content::Type(_), .. })
}
