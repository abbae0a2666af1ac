//! Whose Yjs client ids are whose. A replica numbers what it writes under an id of its own; were somebody else to write
//! under it, what its owner writes next would count as known already, and be lost without a word.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::effect::ConnId;

/// Most ids that one connection may claim. A page has one, and a new one when it takes a fresh replica.
const CLAIMS_MAX: usize = 64;
/// Most ids of people who are away that are remembered.
const AWAY_MAX: usize = 16_384;

#[derive(Debug)]
struct Owner {
    conn: Option<ConnId>,
    person: Arc<str>,
}

/// The owners of client ids, while the room is loaded.
#[derive(Debug, Default)]
pub(super) struct Ids {
    owners: BTreeMap<u64, Owner>,
    claims: BTreeMap<ConnId, Vec<u64>>,
}

/// True if nobody can come back as this person: they came without an id of their own.
pub(super) fn is_nameless(person: &str) -> bool {
    person.starts_with("conn ")
}

impl Ids {
    /// True if an id belongs to somebody else.
    pub(super) fn is_foreign(
        &self,
        client: u64,
        conn: Option<ConnId>,
        person: Option<&str>,
    ) -> bool {
        self.owners.get(&client).is_some_and(|owner| {
            let is_own = conn.is_some() && owner.conn == conn
                || person.is_some_and(|person| *owner.person == *person);
            !is_own
        })
    }

    /// A connection writes under an id that is nobody else's.
    pub(super) fn claim(&mut self, client: u64, conn: ConnId, person: &Arc<str>) {
        if self.owners.get(&client).is_some_and(|owner| owner.conn == Some(conn)) {
            return;
        }
        let claims = self.claims.entry(conn).or_default();
        if claims.len() >= CLAIMS_MAX {
            return;
        }
        claims.push(client);
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
            if is_nameless(&owner.person) || self.owners.len() > AWAY_MAX {
                self.owners.remove(&client);
            }
        }
    }
}
