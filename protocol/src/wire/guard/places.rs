//! Into which lists the elements of an update go, and the rules that keep yrs 0.28.1 sound and equal to Yjs.
//!
//! A *list* is the sequence of a shared type, or the values that one of its keys has had. yrs links an item into the
//! lists of its neighbours without asking whether they agree, takes the key from the wrong one, and leaves halves of
//! keyed items behind; deleting the type then frees memory that such items still point to. So an update is refused
//! when one of its new items
//!
//! 1. is a subdocument ([`GuardError::Subdocument`]),
//! 2. holds several elements under a key and the same update does not delete all of them ([`GuardError::KeyedRun`]),
//! 3. has neighbours in different lists ([`GuardError::TwoLists`]), also where only one of them was collected: Yjs
//!    collects such an item, yrs does not; or has one element on both sides: the two put it in different places,
//! 4. goes on, where its head is held already, in another list than the head ([`GuardError::OtherList`]),
//! 5. is inside of something that is no shared type ([`GuardError::NoType`]): yrs stops in the middle of the update,
//! 6. puts text into an array ([`GuardError::StrayText`]): reading that never ends in yrs, or
//! 7. puts a formatting under a key ([`GuardError::UnknownContent`]): telling what changed panics in yrs.
//!
//! `docs/yrs-reports.md` has the mechanisms behind these rules.

use super::{Content, Deletion, GuardError, Id, Kind, Parent, Scan, Struct, TYPE_MAX_DEPTH};

/// Yjs type references of the types that hold text.
const TEXT_TYPES: [u8; 2] = [2, 6];

/// Whose lists: a root type, by a hash of its name, or the item that holds a shared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A root type, by [`Held::hash`] of its name.
    Root(u32),
    /// A shared type, by its item.
    Item(Id),
}

/// The list an element is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct List {
    /// The type it belongs to.
    pub owner: Owner,
    /// [`Held::hash`] of the key; 0 for the type's sequence.
    pub key: u32,
}

/// Where an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The list.
    pub list: List,
    /// Depth of the list's type below its root type, which has 0.
    pub depth: u8,
}

/// A shared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedType {
    /// Depth; 1 in a root type.
    pub depth: u8,
    /// Yjs type reference.
    pub type_ref: u8,
}

/// Role of a held element for those that say they are inside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// A shared type, also where it is deleted: a replica that can undo keeps it.
    Type(SharedType),
    /// Collected, or deleted and forgotten: what is put into it is collected.
    Gone,
    /// A value: nothing can be inside of it.
    Value,
}

/// Knowledge of a replica about what it holds.
pub trait Held {
    /// The clock after the last held element of a client.
    fn clock(&self, client: u64) -> u32;
    /// Where a held element is or was; `None` when it came as collected.
    fn place(&self, id: Id) -> Option<Place>;
    /// Returns the role of a held element for those inside of it.
    fn inside(&self, id: Id) -> Inside;
    /// True if a held element is deleted.
    fn is_deleted(&self, id: Id) -> bool;
    /// Hashes the name of a root type or a key, never to 0. Whoever writes updates must not be able to find two names
    /// with one hash.
    fn hash(&self, name: &str) -> u32;
}

/// New elements of an update and where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The first that is not held yet.
    pub id: Id,
    /// Number of elements.
    pub len: u32,
    /// Where they go; `None` where they are collected at once.
    pub place: Option<Place>,
    /// The Yjs type reference, where it is a shared type.
    pub type_ref: Option<u8>,
    /// True if they are deleted as they come.
    pub is_deleted: bool,
    /// True if they are written as tombstones: several under a key, all of which the same update deletes. Were they
    /// alive for a moment, they could be cut in halves of which one is forgotten (rule 2).
    pub is_stillborn: bool,
}

/// Strictness towards an update: the rules are asked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// An update of somebody else.
    Apply,
    /// An update that this replica wrote or stored itself: only where its elements are is of interest.
    Trust,
}

/// Where the new elements of an update go, in the order of `order` (of [`super::order`]).
///
/// # Errors
/// The rules above, and [`GuardError::TypeTooDeep`] above [`TYPE_MAX_DEPTH`].
pub fn places(
    scan: &Scan<'_>,
    order: &[usize],
    held: &impl Held,
    rules: Rules,
) -> Result<Vec<Placed>, GuardError> {
    let deleted = Deleted::of(&scan.deletions);
    let mut survey =
        Survey { scan, held, deleted, is_judged: rules == Rules::Apply, known: Vec::new() };
    survey.known.resize(scan.len(), Known::Unseen);
    let mut placed = Vec::with_capacity(order.len());
    for at in order {
        placed.push(survey.add(*at)?);
    }
    Ok(placed)
}

/// Deletions of an update, in order and without overlaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted(Vec<Deletion>);

impl Deleted {
    /// Sorts and joins deletions.
    #[must_use]
    pub fn of(deletions: &[Deletion]) -> Self {
        let mut all = deletions.to_vec();
        all.sort_unstable();
        let mut joined: Vec<Deletion> = Vec::with_capacity(all.len());
        for next in all {
            match joined.last_mut() {
                Some(last) if last.client == next.client && next.start <= last.end => {
                    last.end = last.end.max(next.end);
                }
                Some(_) | None => joined.push(next),
            }
        }
        Self(joined)
    }

    /// The ranges, by client and clock.
    #[must_use]
    pub fn ranges(&self) -> &[Deletion] {
        &self.0
    }

    /// True if all elements of a range are among them.
    #[must_use]
    pub fn covers(&self, client: u64, start: u32, end: u32) -> bool {
        let after = self.0.partition_point(|range| (range.client, range.start) <= (client, start));
        after
            .checked_sub(1)
            .map(|at| &self.0[at])
            .is_some_and(|range| range.client == client && end <= range.end)
    }
}

/// Knowledge about a struct of the update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Unseen,
    At(Option<Place>),
}

struct Survey<'s, 'a, H> {
    scan: &'s Scan<'a>,
    held: &'s H,
    deleted: Deleted,
    is_judged: bool,
    known: Vec<Known>,
}

impl<H: Held> Survey<'_, '_, H> {
    /// Where an element is that is held or was added before; `None` where it is collected.
    fn place(&self, id: Id) -> Option<Place> {
        if id.clock < self.held.clock(id.client) {
            return self.held.place(id);
        }
        match self.known[self.scan.find(id)?] {
            Known::At(place) => place,
            Known::Unseen => None,
        }
    }

    fn inside(&self, id: Id) -> Inside {
        if id.clock < self.held.clock(id.client) {
            return self.held.inside(id);
        }
        let Some(at) = self.scan.find(id) else { return Inside::Gone };
        match (self.scan.get(at).kind, self.known[at]) {
            (Kind::Item { content: Content::Type(type_ref), .. }, Known::At(Some(place))) => {
                Inside::Type(SharedType { depth: place.depth + 1, type_ref })
            }
            (Kind::Item { content: Content::Deleted, .. } | Kind::Gc | Kind::Skip, _)
            | (_, Known::At(None) | Known::Unseen) => Inside::Gone,
            (Kind::Item { .. }, Known::At(Some(_))) => Inside::Value,
        }
    }

    fn refuse(&self, error: GuardError) -> Result<(), GuardError> {
        if self.is_judged { Err(error) } else { Ok(()) }
    }

    fn add(&mut self, at: usize) -> Result<Placed, GuardError> {
        let found = self.scan.get(at);
        let start = found.id.clock.max(self.held.clock(found.id.client));
        let id = Id { client: found.id.client, clock: start };
        let mut placed = Placed {
            id,
            len: found.end().saturating_sub(start),
            place: None,
            type_ref: None,
            is_deleted: true,
            is_stillborn: false,
        };
        if let Kind::Item { content, .. } = found.kind {
            placed.place = self.place_of_item(&found)?;
            placed.is_deleted = content == Content::Deleted;
            if let Some(place) = placed.place {
                self.judge(&found, content, place)?;
                placed.is_stillborn = place.list.key != 0
                    && found.len > 1
                    && content != Content::Deleted
                    && self.deletes(&found);
                if let Content::Type(type_ref) = content {
                    if u32::from(place.depth) + 1 > TYPE_MAX_DEPTH {
                        self.refuse(GuardError::TypeTooDeep)?;
                    }
                    placed.type_ref = Some(type_ref);
                }
            }
            if content == Content::Doc {
                self.refuse(GuardError::Subdocument)?;
            }
        }
        self.known[at] = Known::At(placed.place);
        Ok(placed)
    }

    /// Where an item goes: where its left neighbour is, else its right one, else where it says (Yjs, `Item.getMissing`).
    fn place_of_item(&self, found: &Struct<'_>) -> Result<Option<Place>, GuardError> {
        let Kind::Item { origin, right_origin, parent, key, .. } = found.kind else {
            return Ok(None);
        };
        let left = origin.map(|id| self.place(id));
        let right = right_origin.map(|id| self.place(id));
        let place = match (left, right) {
            (Some(left), Some(right)) => {
                let is_one_list = origin != right_origin
                    && match (left, right) {
                        (None, None) => true,
                        (Some(left), Some(right)) => left.list == right.list,
                        (Some(only), None) | (None, Some(only)) => self.is_dying(only),
                    };
                if !is_one_list {
                    self.refuse(GuardError::TwoLists)?;
                }
                left.and(right)
            }
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => self.place_written(parent, key)?,
        };
        let is_held_in_part = self.held.clock(found.id.client) > found.id.clock;
        if is_held_in_part {
            let last = self.held.clock(found.id.client) - 1;
            let head = self.held.place(Id { client: found.id.client, clock: last });
            if let (Some(head), Some(place)) = (head, place)
                && head.list != place.list
            {
                self.refuse(GuardError::OtherList)?;
            }
        }
        Ok(place)
    }

    /// True if the type a list belongs to is deleted, or will be by this very update: then all in it is collected.
    fn is_dying(&self, place: Place) -> bool {
        match place.list.owner {
            Owner::Root(_) => false,
            Owner::Item(id) => {
                self.deleted.covers(id.client, id.clock, id.clock + 1)
                    || (id.clock < self.held.clock(id.client) && self.held.is_deleted(id))
            }
        }
    }

    /// True if the update deletes all of a struct.
    fn deletes(&self, found: &Struct<'_>) -> bool {
        self.deleted.covers(found.id.client, found.id.clock, found.end())
    }

    fn place_written(
        &self,
        parent: Parent<'_>,
        key: Option<&str>,
    ) -> Result<Option<Place>, GuardError> {
        let key = key.map_or(0, |key| self.held.hash(key));
        Ok(match parent {
            Parent::Sibling => None,
            Parent::Root(name) => {
                let owner = Owner::Root(self.held.hash(name));
                Some(Place { list: List { owner, key }, depth: 0 })
            }
            Parent::Item(id) => match self.inside(id) {
                Inside::Gone => None,
                Inside::Type(SharedType { depth, .. }) => {
                    Some(Place { list: List { owner: Owner::Item(id), key }, depth })
                }
                Inside::Value => {
                    self.refuse(GuardError::NoType)?;
                    None
                }
            },
        })
    }

    fn judge(&self, found: &Struct<'_>, content: Content, place: Place) -> Result<(), GuardError> {
        let is_keyed = place.list.key != 0;
        let is_text = matches!(content, Content::String | Content::Embed | Content::Format);
        if is_keyed && content == Content::Format {
            self.refuse(GuardError::UnknownContent)?;
        }
        if is_keyed && found.len > 1 && content != Content::Deleted && !self.deletes(found) {
            self.refuse(GuardError::KeyedRun)?;
        }
        if !is_keyed
            && is_text
            && let Owner::Item(owner) = place.list.owner
        {
            match self.inside(owner) {
                Inside::Type(shared) if !TEXT_TYPES.contains(&shared.type_ref) => {
                    self.refuse(GuardError::StrayText)?;
                }
                Inside::Type(_) | Inside::Gone | Inside::Value => {}
            }
        }
        Ok(())
    }
}
