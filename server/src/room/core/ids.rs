//! Whose Yjs client ids are whose. A replica numbers what it writes under an id of its own; were somebody else to write
//! under it, what its owner writes next would count as known already, and be lost without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::effect::ConnId;

/// Most ids that one connection may claim. A page has one, and a new one when it takes a fresh replica.
const CLAIMS_MAX: usize = 64;

#[derive(Debug)]
struct Owner {
    conn: Option<ConnId>,
    person: Arc<str>,
}

/// A client id and the person it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The Yjs client id.
    pub(crate) client: u64,
    /// Id of the person.
    pub(crate) person: Arc<str>,
}

/// The owners of client ids. Those of people who can come back are stored with the document.
#[derive(Debug, Default)]
pub(super) struct Ids {
    owners: BTreeMap<u64, Owner>,
    claims: BTreeMap<ConnId, Vec<u64>>,
    /// Claims that are not stored yet.
    fresh: Vec<Claim>,
}

/// True if nobody can come back as this person: they came without an id of their own.
pub(super) fn is_nameless(person: &str) -> bool {
    person.starts_with("conn ")
}

/// True if what belongs to an owner is a connection's, or its person's.
pub(super) fn is_own(
    (owner, owner_person): (Option<ConnId>, &str),
    conn: Option<ConnId>,
    person: Option<&str>,
) -> bool {
    conn.is_some() && owner == conn || person == Some(owner_person)
}

impl Ids {
    /// The owners that are stored with a document; nobody of them is here.
    pub(super) fn stored(claims: Vec<Claim>) -> Self {
        let mut people: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut owners = BTreeMap::new();
        for Claim { client, person } in claims {
            // A person has an id for each of their pages: one text for all of them.
            let person = match people.get(&person) {
                Some(known) => Arc::clone(known),
                None => {
                    people.insert(Arc::clone(&person));
                    person
                }
            };
            owners.insert(client, Owner { conn: None, person });
        }
        Self { owners, ..Self::default() }
    }

    /// Takes the claims that are to be stored with the next update.
    pub(super) fn take_fresh(&mut self) -> Vec<Claim> {
        std::mem::take(&mut self.fresh)
    }

    /// True if somebody has written under an id.
    pub(super) fn has_owner(&self, client: u64) -> bool {
        self.owners.contains_key(&client)
    }

    /// True if an id belongs to somebody else.
    pub(super) fn is_foreign(
        &self,
        client: u64,
        conn: Option<ConnId>,
        person: Option<&str>,
    ) -> bool {
        self.owners
            .get(&client)
            .is_some_and(|owner| !is_own((owner.conn, &owner.person), conn, person))
    }

    /// A connection has written under an id that is nobody else's.
    pub(super) fn claim(&mut self, client: u64, conn: ConnId, person: &Arc<str>) {
        let owner = self.owners.get(&client);
        if owner.is_some_and(|owner| owner.conn == Some(conn)) {
            return;
        }
        let is_known = owner.is_some_and(|owner| owner.person == *person);
        let claims = self.claims.entry(conn).or_default();
        if claims.len() >= CLAIMS_MAX {
            return;
        }
        claims.push(client);
        if !is_known && !is_nameless(person) {
            self.fresh.push(Claim { client, person: Arc::clone(person) });
        }
        self.owners.insert(client, Owner { conn: Some(conn), person: Arc::clone(person) });
    }

    /// A connection went. Its ids stay with its person, who may come back with what they wrote meanwhile.
    pub(super) fn leave(&mut self, conn: ConnId) {
        for client in self.claims.remove(&conn).unwrap_or_default() {
            let Some(owner) = self.owners.get_mut(&client) else { continue };
            if owner.conn != Some(conn) {
                continue;
            }
            owner.conn = None;
            if is_nameless(&owner.person) {
                self.owners.remove(&client);
            }
        }
    }
}
