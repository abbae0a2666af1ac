//! Awareness: the newest state of everybody in the room, and who may speak for whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::ids::{NodeId, RunId};
use gesso_protocol::wire::Frame;
use gesso_protocol::wire::awareness::{Entry, encode};
use serde_json::Value;

use super::effect::ConnId;
use super::ids::{is_nameless, is_own};

/// Most ids that are remembered, of people here and gone; above it new ones are not heard.
const TABLE_MAX: usize = 16_384;
/// Time the clock of somebody who left is remembered, so that a late echo does not bring them back, in ms.
const GONE_KEPT_MS: u64 = 60_000;

#[derive(Debug)]
struct Participant {
    clock: u32,
    /// `None`: gone.
    state: Option<Arc<str>>,
    /// Who speaks for it; `None` for the server's own and for those who left.
    owner: Option<ConnId>,
    person: Arc<str>,
    seen_ms: u64,
}

/// The table of awareness states.
#[derive(Debug)]
pub(super) struct Presence {
    own: u64,
    table: BTreeMap<u64, Participant>,
    /// The ids each connection ever spoke for.
    introduced: BTreeMap<ConnId, BTreeSet<u64>>,
    /// Changed since the last flush, by whom.
    dirty: BTreeMap<u64, Option<ConnId>>,
    progress: BTreeMap<NodeId, f32>,
    queue: BTreeMap<RunId, u32>,
    own_clock: u32,
    own_changed: bool,
    renewed_ms: u64,
}

/// True for a state that pages take for the server's (R-SYNC-52): nobody else tells how far a run is.
fn claims_to_be_the_server(state: &str) -> bool {
    // Letters of a key can be written as escapes.
    let may = state.contains("server") || state.contains("\\u");
    may && serde_json::from_str::<Value>(state)
        .is_ok_and(|state| state.get("server") == Some(&Value::Bool(true)))
}

impl Presence {
    pub(super) fn new(own: u64, now_ms: u64) -> Self {
        Self {
            own,
            table: BTreeMap::new(),
            introduced: BTreeMap::new(),
            dirty: BTreeMap::new(),
            progress: BTreeMap::new(),
            queue: BTreeMap::new(),
            own_clock: 0,
            own_changed: true,
            renewed_ms: now_ms,
        }
    }

    /// True if somebody else, who can come back, is shown under a client id.
    pub(super) fn is_foreign(
        &self,
        client: u64,
        conn: Option<ConnId>,
        person: Option<&str>,
    ) -> bool {
        self.table.get(&client).is_some_and(|known| {
            !is_own((known.owner, &known.person), conn, person) && !is_nameless(&known.person)
        })
    }

    /// Takes one entry a connection sent; what it may not say is ignored.
    pub(super) fn take(
        &mut self,
        conn: ConnId,
        person: &Arc<str>,
        ids_max: usize,
        entry: &Entry<'_>,
        now_ms: u64,
    ) {
        if entry.client == self.own || claims_to_be_the_server(entry.state) {
            return;
        }
        let is_table_full = self.table.len() >= TABLE_MAX;
        match self.table.get_mut(&entry.client) {
            Some(known) => {
                let is_theirs = match known.owner {
                    Some(owner) => owner == conn || known.person == *person,
                    // Somebody who left, unless nobody can come back as them.
                    None => known.person == *person || is_nameless(&known.person),
                };
                if !is_theirs {
                    return;
                }
                // Every `y-websocket` client echoes what it hears, with the same clock: an echo says nothing, and
                // least of all brings somebody back.
                let is_newer = entry.clock > known.clock
                    || (entry.clock == known.clock
                        && entry.is_gone()
                        && known.state.is_some()
                        && known.owner == Some(conn));
                if !is_newer {
                    // Somebody whose old connection is not known to be lost yet says who they are before all else.
                    let is_return = entry.clock == known.clock
                        && known.state.as_deref() == Some(entry.state)
                        && !self.introduced.contains_key(&conn);
                    if is_return {
                        known.owner = Some(conn);
                        known.seen_ms = now_ms;
                        self.introduced.entry(conn).or_default().insert(entry.client);
                    }
                    return;
                }
            }
            None if entry.is_gone() || is_table_full => return,
            None => {}
        }
        let introduced = self.introduced.entry(conn).or_default();
        if !introduced.contains(&entry.client) {
            if introduced.len() >= ids_max {
                return;
            }
            introduced.insert(entry.client);
        }
        let participant = Participant {
            clock: entry.clock,
            state: (!entry.is_gone()).then(|| Arc::from(entry.state)),
            owner: (!entry.is_gone()).then_some(conn),
            person: Arc::clone(person),
            seen_ms: now_ms,
        };
        self.table.insert(entry.client, participant);
        self.dirty.insert(entry.client, Some(conn));
    }

    /// A connection went: so do the states it spoke for.
    pub(super) fn leave(&mut self, conn: ConnId, now_ms: u64) {
        for client in self.introduced.remove(&conn).unwrap_or_default() {
            if let Some(participant) = self.table.get_mut(&client)
                && participant.owner == Some(conn)
            {
                participant.state = None;
                participant.owner = None;
                participant.seen_ms = now_ms;
                self.dirty.insert(client, None);
            }
        }
    }

    /// States that were not renewed go; the server's own is renewed.
    pub(super) fn tick(&mut self, now_ms: u64, expires_ms: u64, renew_ms: u64) {
        for (client, participant) in &mut self.table {
            if participant.state.is_some() && participant.seen_ms + expires_ms < now_ms {
                participant.state = None;
                participant.owner = None;
                participant.seen_ms = now_ms;
                self.dirty.insert(*client, None);
            }
        }
        self.table
            .retain(|_, known| known.state.is_some() || known.seen_ms + GONE_KEPT_MS >= now_ms);
        if self.renewed_ms + renew_ms <= now_ms {
            self.renewed_ms = now_ms;
            self.own_changed = true;
        }
    }

    /// The server's own state: how far a node is; `None` takes it out.
    pub(super) fn set_progress(&mut self, node: &NodeId, progress: Option<f32>) {
        match progress {
            Some(progress) => drop(self.progress.insert(node.clone(), progress.clamp(0.0, 1.0))),
            None => drop(self.progress.remove(node)),
        }
        self.own_changed = true;
    }

    /// The server's own state: where a run waits in the queue; `None` takes it out.
    pub(super) fn set_queue(&mut self, run: &RunId, position: Option<u32>) {
        match position {
            Some(position) => drop(self.queue.insert(run.clone(), position)),
            None => drop(self.queue.remove(run)),
        }
        self.own_changed = true;
    }

    fn renew_own(&mut self, now_ms: u64) {
        if !std::mem::take(&mut self.own_changed) {
            return;
        }
        self.own_clock += 1;
        let state =
            serde_json::json!({"server": true, "progress": self.progress, "queue": self.queue});
        self.table.insert(
            self.own,
            Participant {
                clock: self.own_clock,
                state: Some(Arc::from(state.to_string())),
                owner: None,
                person: Arc::from(""),
                seen_ms: now_ms,
            },
        );
        self.dirty.insert(self.own, None);
    }

    /// Everybody here, as one frame. Those who left a moment ago are told as gone: one of them who comes back hears it
    /// and says again, with a higher clock, that they are here; without that, nobody would hear them until their
    /// next renewal.
    pub(super) fn everybody(&mut self, now_ms: u64) -> Bytes {
        self.renew_own(now_ms);
        let clients: Vec<u64> = self.table.keys().copied().collect();
        self.frame(&clients)
    }

    /// True if anything changed since the last flush.
    pub(super) fn is_stirred(&self) -> bool {
        self.own_changed || !self.dirty.is_empty()
    }

    /// Returns the changes since the last flush, as one frame, and the one connection that need not be told.
    pub(super) fn flush(&mut self, now_ms: u64) -> Option<(Bytes, Option<ConnId>)> {
        self.renew_own(now_ms);
        if self.dirty.is_empty() {
            return None;
        }
        let dirty = std::mem::take(&mut self.dirty);
        let sources: BTreeSet<Option<ConnId>> = dirty.values().copied().collect();
        let sole = if sources.len() == 1 { sources.into_iter().next().flatten() } else { None };
        let clients: Vec<u64> = dirty.into_keys().collect();
        Some((self.frame(&clients), sole))
    }

    /// Returns the number of ids remembered, here and gone.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns the awareness state of somebody who is here.
    #[cfg(test)]
    pub(super) fn state(&self, client: u64) -> Option<String> {
        self.table.get(&client)?.state.as_deref().map(str::to_owned)
    }

    fn frame(&self, clients: &[u64]) -> Bytes {
        let entries: Vec<Entry<'_>> = clients
            .iter()
            .filter_map(|client| {
                let known = self.table.get(client)?;
                let state = known.state.as_deref().unwrap_or("null");
                Some(Entry { client: *client, clock: known.clock, state })
            })
            .collect();
        Frame::Awareness(&encode(entries.into_iter())).encode().into()
    }
}
