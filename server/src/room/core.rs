//! The heart of a room, without I/O: what arrives goes in, what is to be done comes out as [`Effect`]s.
//!
//! The core owns the document. Time and randomness are arguments. Every call either leaves the document
//! whole or marks the core broken ([`Core::broken`]); a broken core does nothing any more, is thrown away, and
//! the room loads anew. (Its document may be locked for ever by a transaction that panicked.)

mod answers;
mod apply;
mod aside;
mod authors;
mod commit;
mod conn;
mod effect;
mod guards;
mod id_spread;
mod ids;
mod index;
mod list_sizes;
mod measured;
mod node_changes;
mod opening;
mod presence;
mod roles;
mod size;
#[cfg(test)]
mod tests;
mod waiting;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::ids::{NodeId, RunId};
use gesso_protocol::wire::awareness;
use gesso_protocol::wire::guard::{Scan, read_state_vector};
use gesso_protocol::wire::merge::merge;
use gesso_protocol::wire::{Frame, close};
use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{ClientID, Doc, ReadTxn as _, StateVector, Transact as _, Update};

pub use effect::Refusal;
pub(crate) use effect::{ConnId, Covers, Effect, Part};
pub(crate) use work::{excess_us, thread_cpu_us};

use super::budget::Budget;
use super::limits::RoomLimits;
use answers::Answers;
use authors::Authors;
use conn::{Conn, is_ready};
use guards::Guards;
pub(crate) use ids::Claim;
use ids::Ids;
use index::Index;
use measured::Measured;
use node_changes::NodeChanges;
use opening::Opening;
use presence::Presence;
use waiting::Waiting;
use work::Work;

/// The most entries of one awareness message.
const AWARENESS_ENTRIES_MAX: usize = 1_000;
/// Most time a connection may take to ask for what it lacks before it is taken for one that never asks, in ms.
const STEP_1_MAX_MS: u64 = 2_000;
/// One minute, in ms.
const MINUTE_MS: u64 = 60_000;

/// Adds the Y types that a node lacks; given ids of nodes that are new.
pub(crate) type Repair = fn(&mut yrs::TransactionMut<'_>, &str) -> bool;

/// See the module.
pub(crate) struct Core {
    doc: Doc,
    own: u64,
    limits: RoomLimits,
    repair: Repair,
    index: Index,
    node_changes: NodeChanges,
    nodes: usize,
    /// Nodes that were gone, or of another kind, at some time: nothing was written for them meanwhile.
    forgotten: BTreeSet<String>,
    /// Upper bound of the document's size, in encoded bytes, and what was measured of it.
    document_bytes: usize,
    measured: Measured,
    /// Whose client ids are whose.
    ids: Ids,
    /// CPU time that opening the document takes.
    opening: Opening,
    /// CPU time of updates that came over HTTP.
    posted: Work,
    /// CPU time of this thread, in us; only differences count.
    meter: fn() -> u64,
    /// Undoes what clients write to the server's roots, and commenters outside of comments.
    guards: Option<Guards>,
    /// Whose comments are whose, where people sign in.
    authors: Option<Authors>,
    conns: BTreeMap<ConnId, Conn>,
    presence: Presence,
    /// Updates that stand aside until the document holds what they build on.
    aside: Vec<Waiting>,
    /// Committed since the last flush, with whom it came from.
    out: Vec<(Option<ConnId>, Bytes)>,
    effects: Vec<Effect>,
    persisted: u64,
    durable: u64,
    /// Updates came that may have to be told as saved.
    has_news: bool,
    /// Whose updates wait for their turn alone: more than was applied at once.
    unfinished: BTreeSet<ConnId>,
    /// Whose turn it was last of those.
    last_unfinished: Option<ConnId>,
    /// Since when others in the room wait for what is under way, by the CPU clock, in us.
    turn_began_us: u64,
    /// True if incoming updates wait for their turn.
    is_deferring: bool,
    /// Who asked for something that need not wait for a flush.
    asked: Vec<ConnId>,
    answers: Answers,
    broken: Option<String>,
}

/// Why a stored document could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored document cannot be read: {0}")]
pub(crate) struct OpenError(String);

impl Core {
    /// Opens a document from its stored updates, oldest first, with the owners of its client ids. `own` is the room's
    /// fresh random client id.
    pub(crate) fn open(
        stored: &[Bytes],
        claims: Vec<Claim>,
        own: u32,
        limits: RoomLimits,
        repair: Repair,
        now_ms: u64,
    ) -> Result<Self, OpenError> {
        let began = thread_cpu_us();
        let (doc, mut index) = catch_unwind(AssertUnwindSafe(|| load(stored, own)))
            .unwrap_or_else(|_| Err(OpenError("the CRDT library gave up on it".to_owned())))?;
        index.shrink();
        if index.clock(u64::from(own)) > 0 {
            return Err(OpenError("the room's id is in use already".to_owned()));
        }
        let (node_changes, count) = node_changes::watch(&doc);
        let mut answers = Answers::new(Budget::new(limits.answers_max_bytes), now_ms);
        if let [whole] = stored {
            // A log that was just compacted is the document as it is to be sent.
            answers.keep_whole(whole);
        }
        let guards = Guards::new(&doc);
        let authors = limits.has_accounts.then(|| Authors::new(&doc));
        let opening = excess_us(thread_cpu_us() - began, stored, &limits);
        let opening = Opening::new(opening, limits.opening_max_us);
        Ok(Self {
            opening,
            guards: Some(guards),
            authors,
            own: u64::from(own),
            limits,
            repair,
            index,
            node_changes,
            nodes: count,
            forgotten: BTreeSet::new(),
            // What the log takes is the most that the document can; it is measured when that matters.
            document_bytes: stored.iter().map(Bytes::len).sum(),
            measured: Measured::default(),
            ids: Ids::stored(claims),
            posted: Work::default(),
            meter: thread_cpu_us,
            conns: BTreeMap::new(),
            presence: Presence::new(u64::from(own), now_ms),
            aside: Vec::new(),
            out: Vec::new(),
            effects: Vec::new(),
            persisted: 0,
            durable: 0,
            has_news: false,
            unfinished: BTreeSet::new(),
            last_unfinished: None,
            turn_began_us: 0,
            is_deferring: false,
            asked: Vec::new(),
            answers,
            broken: None,
            doc,
        })
    }

    /// The client id that it writes under: another each time a document is opened.
    pub(crate) fn id(&self) -> u64 {
        self.own
    }

    /// Why the core can no longer be used, if so.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The log could not take an update: what was fanned out is not what is stored.
    pub(crate) fn give_up_on_log(&mut self, why: &str) {
        self.broken = Some(format!("the log could not be written: {why}"));
    }

    /// Counts the people who are here, each once.
    pub(crate) fn people(&self) -> usize {
        self.conns.values().map(|state| &state.person).collect::<BTreeSet<_>>().len()
    }

    /// About how large the document is, encoded.
    pub(crate) fn document_bytes(&self) -> usize {
        self.document_bytes
    }

    /// Returns the number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.conns.len()
    }

    /// True if what updates took adds up to so much that opening the document is to be measured.
    pub(crate) fn is_opening_to_be_measured(&self) -> bool {
        self.opening.is_due()
    }

    /// Opening the document is being measured.
    pub(crate) fn begin_measuring(&mut self) {
        self.opening.begin();
    }

    /// A measurement ended: CPU time beyond the ordinary, in us; nothing if it failed.
    pub(crate) fn measured(&mut self, opening_us: Option<u64>) {
        self.opening.end(opening_us);
    }

    /// The number of the last persist effect.
    pub(crate) fn persisted(&self) -> u64 {
        self.persisted
    }

    /// Takes the claims of client ids that are to be stored with the next update.
    pub(crate) fn take_claims(&mut self) -> Vec<Claim> {
        self.ids.take_fresh()
    }

    /// Takes the effects that are to be carried out; empties the list.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A connection came.
    ///
    /// # Errors
    /// When the room is full.
    pub(crate) fn join(
        &mut self,
        conn: ConnId,
        role: CanvasRole,
        person: &str,
        wants_saved: bool,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        if self.conns.len() >= self.limits.clients_max {
            return Err(Refusal::new(close::TRY_LATER, "the room is full"));
        }
        if let Some(guards) = &mut self.guards {
            guards.include(conn, role);
        }
        self.conns.insert(
            conn,
            Conn {
                role,
                person: Arc::from(person),
                wants_saved,
                received: 0,
                pending: BTreeMap::new(),
                pending_bytes: 0,
                promises: VecDeque::new(),
                promised: 0,
                wants_everybody: true,
                wants: None,
                answering: false,
                is_open: false,
                joined_ms: now_ms,
                work: Work::default(),
                heard: Work::default(),
                violations: VecDeque::new(),
            },
        );
        self.asked.push(conn);
        self.tell_role(conn);
        let step1 = Frame::SyncStep1(&self.index.state_vector().encode_v1()).encode();
        self.effects.push(Effect::Send { conn, frame: step1.into(), covers: None });
        Ok(())
    }

    /// A connection went.
    pub(crate) fn leave(&mut self, conn: ConnId, now_ms: u64) {
        if self.conns.remove(&conn).is_some() {
            if let Some(guards) = &mut self.guards {
                guards.exclude(conn);
            }
            self.ids.leave(conn);
            self.presence.leave(conn, now_ms);
        }
    }

    /// Frames of several connections that arrived together.
    pub(crate) fn batch(&mut self, batch: &[(ConnId, Vec<Bytes>)], now_ms: u64) {
        self.turn_began_us = (self.meter)();
        for (conn, frames) in batch {
            self.frames_of(*conn, frames, now_ms);
        }
    }

    /// The same for connections that sent much: their updates wait for their turn ([`Core::go_on`]).
    pub(crate) fn defer(&mut self, batch: &[(ConnId, Vec<Bytes>)], now_ms: u64) {
        self.is_deferring = true;
        for (conn, frames) in batch {
            self.frames_of(*conn, frames, now_ms);
        }
        self.is_deferring = false;
    }

    /// Frames of one connection, in arrival order; their updates share one transaction.
    #[cfg(test)]
    pub(crate) fn frames(&mut self, conn: ConnId, frames: &[Bytes], now_ms: u64) {
        self.turn_began_us = (self.meter)();
        self.frames_of(conn, frames, now_ms);
    }

    fn frames_of(&mut self, conn: ConnId, frames: &[Bytes], now_ms: u64) {
        if self.broken.is_some() {
            return;
        }
        let mut updates = Vec::new();
        let malformed = |reason: String| Some(Refusal::new(close::MALFORMED, reason));
        let mut refused = None;
        for bytes in frames {
            let Some(state) = self.conns.get_mut(&conn) else { return };
            match Frame::decode(bytes) {
                Ok(Frame::SyncStep1(vector)) => {
                    let asks = |core: &mut Self| core.ask(conn, vector);
                    if let Err(refusal) = self.within_time(conn, now_ms, asks) {
                        refused = Some(refusal);
                        break;
                    }
                }
                Ok(frame @ (Frame::SyncStep2(update) | Frame::Update(update))) => {
                    state.received += 1;
                    let is_answer = matches!(frame, Frame::SyncStep2(_));
                    updates.push((state.received, bytes.slice_ref(update), is_answer));
                }
                Ok(Frame::Awareness(payload)) => {
                    let hears = |core: &mut Self| core.hear(conn, payload, now_ms);
                    if let Err(refusal) = self.within_time(conn, now_ms, hears) {
                        refused = Some(refusal);
                        break;
                    }
                }
                Ok(Frame::QueryAwareness) => {
                    state.wants_everybody = true;
                    self.asked.push(conn);
                }
                Ok(
                    Frame::Denied(_)
                    | Frame::Granted
                    | Frame::Saved(_)
                    | Frame::Role(_)
                    | Frame::Unknown(_),
                ) => {}
                Err(error) => {
                    refused = malformed(error.to_string());
                    break;
                }
            }
        }
        if !updates.is_empty() {
            self.has_news = true;
            self.updates(conn, updates, now_ms);
        }
        if let Some(refusal) = refused {
            self.refuse(conn, refusal, now_ms);
        }
    }

    /// Reads what a connection says besides updates, as long as that takes no more time than it may.
    fn within_time(
        &mut self,
        conn: ConnId,
        now_ms: u64,
        read: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let Some(state) = self.conns.get(&conn) else { return Ok(()) };
        let spending = state.heard.hear(now_ms, (self.meter)(), &self.limits);
        read(self)?;
        let now = (self.meter)();
        if let Some(state) = self.conns.get_mut(&conn) {
            state.heard = spending.end(now, false);
        }
        if spending.is_over(now) {
            let why = "its awareness and state vectors take the server more time than a connection may take; send less";
            return Err(Refusal::new(close::REFUSED, why));
        }
        Ok(())
    }

    /// Takes what a connection says it holds, to give it what it lacks.
    fn ask(&mut self, conn: ConnId, vector: &[u8]) -> Result<(), Refusal> {
        let mut held = read_state_vector(vector)
            .map_err(|error| Refusal::new(close::MALFORMED, error.to_string()))?;
        // What the room does not hold makes no difference to the answer.
        held.retain(|(client, _)| self.index.clock(*client) > 0);
        held.shrink_to_fit();
        if let Some(state) = self.conns.get_mut(&conn) {
            state.wants = Some(held);
            self.asked.push(conn);
        }
        Ok(())
    }

    /// Takes what a connection says of awareness.
    fn hear(&mut self, conn: ConnId, payload: &[u8], now_ms: u64) -> Result<(), Refusal> {
        let Some(state) = self.conns.get(&conn) else { return Ok(()) };
        let entries = awareness::decode(payload, AWARENESS_ENTRIES_MAX)
            .map_err(|error| Refusal::new(close::MALFORMED, error.to_string()))?;
        for entry in &entries {
            // Under somebody's name their next update would count as somebody else's.
            if self.ids.is_foreign(entry.client, Some(conn), Some(&state.person)) {
                continue;
            }
            let ids_max = self.limits.awareness_ids_max;
            self.presence.take(conn, &state.person, ids_max, entry, now_ms);
        }
        Ok(())
    }

    /// Tells a connection why and closes it.
    fn refuse(&mut self, conn: ConnId, refusal: Refusal, now_ms: u64) {
        if !self.conns.contains_key(&conn) {
            return;
        }
        self.deny(conn, &refusal.reason);
        self.leave(conn, now_ms);
        self.effects.push(Effect::Close { conn, code: refusal.code, reason: refusal.reason });
    }

    fn deny(&mut self, conn: ConnId, reason: &str) {
        let frame = Frame::Denied(reason).encode().into();
        self.effects.push(Effect::Send { conn, frame, covers: None });
    }

    /// Has the outcome of the canvas looked up.
    pub(crate) fn check_outcome(&mut self) {
        self.effects.push(Effect::CheckOutcome);
    }

    /// The server's participant: how far a node is.
    pub(crate) fn set_progress(&mut self, node: &NodeId, progress: Option<f32>) {
        self.presence.set_progress(node, progress);
    }

    /// The server's participant: where a run waits.
    pub(crate) fn set_queue(&mut self, run: &RunId, position: Option<u32>) {
        self.presence.set_queue(run, position);
    }

    /// Handles everything that time brings: awareness that expired, gaps that were not filled.
    pub(crate) fn tick(&mut self, now_ms: u64) {
        if self.broken.is_some() {
            return;
        }
        self.take_back();
        self.presence.tick(
            now_ms,
            self.limits.awareness_expires_ms,
            self.limits.awareness_renew_ms,
        );
        self.answers.tick(now_ms);
        for state in self.conns.values_mut() {
            state.is_open |= state.joined_ms + STEP_1_MAX_MS <= now_ms;
        }
        let waiting: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, state)| !state.pending.is_empty())
            .map(|(conn, _)| *conn)
            .filter(|conn| !self.unfinished.contains(conn))
            .collect();
        self.turn_began_us = (self.meter)();
        for conn in waiting {
            self.updates(conn, Vec::new(), now_ms);
            let gap_max_ms = self.limits.gap_max_ms;
            let is_late = self.conns.get(&conn).is_some_and(|state| {
                let mut gaps = state.pending.iter().filter(|(at, _)| !is_ready(at));
                gaps.any(|(_, pending)| pending.since_ms + gap_max_ms <= now_ms)
            });
            if is_late {
                self.refuse(
                    conn,
                    Refusal::new(close::REFUSED, "an update builds on what never came"),
                    now_ms,
                );
            }
        }
    }

    /// Fans out and persists what was committed, and sends all that is due.
    pub(crate) fn flush(&mut self, now_ms: u64) {
        self.flush_presence(now_ms);
        self.flush_edits();
        self.answer_asked(now_ms);
    }

    /// Tells everybody what changed of others' awareness.
    pub(crate) fn flush_presence(&mut self, now_ms: u64) {
        if self.broken.is_some() {
            return;
        }
        if let Some((frame, sole)) = self.presence.flush(now_ms) {
            for conn in self.conns.keys().filter(|conn| Some(**conn) != sole) {
                self.effects.push(Effect::Send { conn: *conn, frame: frame.clone(), covers: None });
            }
        }
    }

    /// True if there is anything for [`Core::go_on`].
    pub(crate) fn is_unfinished(&self) -> bool {
        !self.unfinished.is_empty() && self.broken.is_none()
    }

    /// True if updates of a connection wait for their turn.
    pub(crate) fn is_unfinished_of(&self, conn: ConnId) -> bool {
        self.unfinished.contains(&conn) && self.broken.is_none()
    }

    /// Applies more of what one connection sent and waits for its turn; they take turns. Others have theirs in between.
    pub(crate) fn go_on(&mut self, now_ms: u64) {
        if self.broken.is_some() {
            return;
        }
        let after = self.last_unfinished.map_or(Unbounded, Excluded);
        let next = self.unfinished.range((after, Unbounded)).next();
        let Some(conn) = next.or_else(|| self.unfinished.first()).copied() else { return };
        self.unfinished.remove(&conn);
        self.last_unfinished = Some(conn);
        self.turn_began_us = (self.meter)();
        self.has_news = true;
        self.updates(conn, Vec::new(), now_ms);
    }

    /// True if there is anything for [`Core::flush_edits`].
    pub(crate) fn has_edits(&self) -> bool {
        self.has_news || !self.out.is_empty()
    }

    /// True if there is anything for [`Core::flush_presence`].
    pub(crate) fn is_stirred(&self) -> bool {
        self.presence.is_stirred()
    }

    /// Fans out and persists what was committed, and tells what is durable.
    pub(crate) fn flush_edits(&mut self) {
        if self.broken.is_some() {
            return;
        }
        self.has_news = false;
        let out = std::mem::take(&mut self.out);
        if !out.is_empty() {
            self.fan_out(&out);
        }
        let (persisted, durable) = (self.persisted, self.durable);
        for (conn, state) in &mut self.conns {
            let settled = state.settled();
            if !state.wants_saved || settled <= state.promised {
                continue;
            }
            state.promised = settled;
            if persisted <= durable {
                let frame = Frame::Saved(settled).encode().into();
                self.effects.push(Effect::Send { conn: *conn, frame, covers: None });
            } else {
                state.promises.push_back((persisted, settled));
            }
        }
    }

    /// Gives those who asked what they lack and who is here. It waits for no flush: what a diff holds before it was
    /// fanned out comes once more and changes nothing. Whoever has to wait for a place is asked for again later.
    pub(crate) fn answer_asked(&mut self, now_ms: u64) {
        if self.broken.is_some() || self.asked.is_empty() {
            return;
        }
        let asked = std::mem::take(&mut self.asked);
        let mut everybody = None;
        for conn in asked {
            let Some(state) = self.conns.get_mut(&conn) else { continue };
            if std::mem::take(&mut state.wants_everybody) {
                let frame = everybody.get_or_insert_with(|| self.presence.everybody(now_ms));
                self.effects.push(Effect::Send { conn, frame: frame.clone(), covers: None });
            }
            // One answer at a time: the next goes when the one before was sent.
            if state.wants.is_some() && !state.answering && !self.answer(conn, now_ms) {
                self.asked.push(conn);
            }
        }
    }

    fn fan_out(&mut self, out: &[(Option<ConnId>, Bytes)]) {
        let parts: Vec<&[u8]> = out.iter().map(|(_, update)| &update[..]).collect();
        let update: Bytes = match merge(&parts) {
            Ok(std::borrow::Cow::Borrowed(_)) => out[0].1.clone(),
            Ok(std::borrow::Cow::Owned(merged)) => merged.into(),
            Err(error) => {
                self.broken =
                    Some(format!("updates of one room do not follow each other: {error}"));
                return;
            }
        };
        let sole = out[0].0.filter(|first| out.iter().all(|(from, _)| *from == Some(*first)));
        let covers: Covers = Scan::read(&update)
            .map(|scan| {
                scan.sections.iter().map(|section| (section.client, section.start)).collect()
            })
            .unwrap_or_default();
        let frame: Bytes = Frame::Update(&update).encode().into();
        // A replica takes updates in order: before the answer to its step 1 there is nothing to build on.
        let open = self.conns.iter().filter(|(_, state)| state.is_open).map(|(conn, _)| conn);
        for conn in open.filter(|conn| Some(**conn) != sole) {
            let covers = Some(Arc::clone(&covers));
            self.effects.push(Effect::Send { conn: *conn, frame: frame.clone(), covers });
        }
        self.document_bytes += update.len();
        self.persisted += 1;
        self.effects.push(Effect::Persist { number: self.persisted, update });
    }

    /// Answers a step 1; `false`: it has to wait until others have taken theirs.
    fn answer(&mut self, conn: ConnId, now_ms: u64) -> bool {
        let Some(state) = self.conns.get_mut(&conn) else { return true };
        let Some(wants) = &state.wants else { return true };
        let held = wants
            .iter()
            .map(|(client, clock)| (*client, (*clock).min(self.index.clock(*client))))
            .filter(|(_, clock)| *clock > 0)
            .collect();
        let Some(frame) = self.answers.get(held, &self.doc, self.document_bytes, now_ms) else {
            return false;
        };
        state.wants = None;
        state.answering = true;
        state.is_open = true;
        self.effects.push(Effect::Answer { conn, frame });
        true
    }

    /// Where answers of all rooms are counted together.
    pub(crate) fn count_answers_in(&mut self, budget: &Budget) {
        self.answers.count_in(budget);
    }

    /// True if a diff of the document may be encoded now, or has to wait until others have taken theirs.
    pub(crate) fn may_resync(&self) -> bool {
        self.answers.have_room(self.document_bytes)
    }

    /// The answer to a connection's step 1 was sent.
    pub(crate) fn answered(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.answering = false;
            if state.wants.is_some() {
                self.asked.push(conn);
            }
        }
    }

    /// A connection that lost its queue has drained: it gets one fresh diff from where the lost frames began.
    pub(crate) fn resync(&mut self, conn: ConnId, missed: &BTreeMap<u64, u32>) {
        if self.broken.is_some() {
            return;
        }
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let saved =
            state.promises.front().map_or(state.promised, |(_, first)| first.saturating_sub(1));
        let wants_saved = state.wants_saved && state.promises.is_empty();
        let mut held = self.index.state_vector();
        for (client, start) in missed {
            held.set_min(ClientID::new(*client), *start);
        }
        let diff = Frame::Update(&self.doc.transact().encode_diff_v1(&held)).encode();
        let frame = self.answers.count(diff);
        self.effects.push(Effect::Answer { conn, frame });
        if let Some(state) = self.conns.get_mut(&conn) {
            state.wants_everybody = true;
            self.asked.push(conn);
        }
        if wants_saved && saved > 0 {
            let frame = Frame::Saved(saved).encode().into();
            self.effects.push(Effect::Send { conn, frame, covers: None });
        }
    }

    /// The log is durable up to this persist effect.
    pub(crate) fn durable(&mut self, number: u64) {
        self.durable = self.durable.max(number);
        for (conn, state) in &mut self.conns {
            let mut saved = None;
            while let Some((_, count)) = state.promises.pop_front_if(|(due, _)| *due <= number) {
                saved = Some(count);
            }
            if let Some(count) = saved {
                let frame = Frame::Saved(count).encode().into();
                self.effects.push(Effect::Send { conn: *conn, frame, covers: None });
            }
        }
    }

    /// Reads the document as it is.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&yrs::Transaction<'_>) -> T) -> T {
        f(&self.doc.transact())
    }

    /// The whole document as one update.
    pub(crate) fn encode_state(&self) -> Bytes {
        self.doc.transact().encode_diff_v1(&StateVector::default()).into()
    }

    /// The whole document as one update, shared; `None` while too much of others waits to be sent.
    pub(crate) fn share_state(&mut self, now_ms: u64) -> Option<Bytes> {
        let frame = self.answers.get(Vec::new(), &self.doc, self.document_bytes, now_ms)?;
        Some(answers::update_of(&frame))
    }

    /// Closes every connection.
    pub(crate) fn close_all(&mut self, code: u16, reason: &str, now_ms: u64) {
        let conns: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in conns {
            self.leave(conn, now_ms);
            self.effects.push(Effect::Close { conn, code, reason: reason.to_owned() });
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // A transaction that was left as it was keeps the document locked; the guards would wait for it and give up
        // in a destructor, which ends the process. Forgetting them costs the memory of one document.
        if self.broken.is_some() && self.doc.try_transact_mut().is_err() {
            std::mem::forget(self.guards.take());
        }
    }
}

fn load(stored: &[Bytes], own: u32) -> Result<(Doc, Index), OpenError> {
    let doc = gesso_protocol::doc::open(own, "");
    let mut index = Index::default();
    for bytes in stored {
        let scan = Scan::read(bytes).map_err(|error| OpenError(error.to_string()))?;
        let update = Update::decode_v1(bytes).map_err(|error| OpenError(error.to_string()))?;
        // A transaction each, as when they were written: what one deletes is collected before the next.
        let mut txn = doc.transact_mut();
        txn.apply_update(update).map_err(|error| OpenError(error.to_string()))?;
        drop(txn);
        index.absorb(&scan);
    }
    if doc.transact().has_missing_updates() {
        return Err(OpenError("its log has a gap".to_owned()));
    }
    Ok((doc, index))
}
