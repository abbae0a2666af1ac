//! The connection to the room as a state machine without sockets or clocks.
//!
//! The page gives it what happened ([`Event`]) with the time, and does what it says ([`Action`]). Edits never wait for
//! it: while there is no connection they stay in the replica, and the next handshake carries whatever the server
//! lacks. Nothing is called saved but what the server counted as durable.

use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::wire::{Frame, awareness};

use super::doc::{Changes, Replica};
use super::presence::{RENEW_MS, Room};
use super::rights::{self, Right};

/// Longest wait between two attempts, in ms.
const RETRY_MS_MAX: u64 = 30_000;
/// First wait, in ms; doubled after each failure.
const RETRY_MS_MIN: u64 = 500;
/// A handshake that takes longer is given up.
const HANDSHAKE_MS_MAX: u64 = 20_000;
/// Most bytes of a step 2 in a frame, with room for the header; larger ones go over HTTP (R-SYNC-15).
const STEP2_BYTES_MAX: usize = 4 * 1024 * 1024 - 64;

/// Something happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The page is ready, somebody asked to try now, or the network came back.
    Wake,
    /// The socket is open.
    Opened,
    /// A binary frame arrived.
    Frame(&'a [u8]),
    /// The socket is closed.
    Closed {
        /// Close code.
        code: u16,
        /// The server's reason.
        reason: &'a str,
    },
    /// A replica too large for a frame was posted (or could not be).
    Posted(bool),
    /// A canvas that could not be opened may be open to this person by now.
    Reopen,
    /// Time passed; at least once a second, and once an animation frame while there are updates to send.
    Tick,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a socket.
    Connect,
    /// Close the socket.
    Disconnect,
    /// Send bytes.
    Send(Vec<u8>),
    /// Post this update to `…/doc` and answer with [`Event::Posted`].
    Post(Vec<u8>),
    /// Draw what changed.
    Draw(Changes),
    /// People, progress or queue changed.
    Presence,
    /// The server refused something but goes on: tell.
    Told(String),
    /// The replica is of no more use: keep it aside, take a fresh one, tell why.
    Fresh(String),
    /// The role of this person is told, or changed: before, where it was known, and now.
    Role(Option<CanvasRole>, CanvasRole),
}

/// Why a connection will not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nobody is signed in.
    SignedOut,
    /// The right to see the canvas ended.
    NoRight,
    /// There is no such canvas, or none that this person may see.
    Missing,
    /// The canvas was deleted while it was open.
    Deleted,
}

impl Ending {
    /// Returns the meaning of a final close code; `None` for one after which it is worth trying again.
    fn of(code: u16) -> Option<Self> {
        match code {
            4401 => Some(Self::SignedOut),
            4403 => Some(Self::NoRight),
            4404 => Some(Self::Missing),
            4409 => Some(Self::Deleted),
            _ => None,
        }
    }

    /// The sentence for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::SignedOut => "You are not signed in any more. Reload the page to sign in.",
            Self::NoRight => {
                "You may not open this canvas any more. Ask its owner to share it with you."
            }
            Self::Missing => "There is no canvas at this address. It may have been deleted.",
            Self::Deleted => {
                "This canvas was deleted. What this page still shows is kept nowhere else: copy what you need."
            }
        }
    }
}

/// Where the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting to try again.
    Waiting {
        /// When, in ms since 1970.
        until_ms: u64,
    },
    /// A socket is being opened.
    Connecting,
    /// The socket is open and the server has not told what it has yet.
    Handshake,
    /// Everything flows.
    Live,
    /// It is over.
    Ended(Ending),
}

/// The state of saving, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// Not connected for the first time yet.
    Opening,
    /// Some changes are not durable yet.
    Unsaved,
    /// Everything is durable.
    Saved,
    /// Not connected.
    Offline {
        /// Changes that are only here.
        kept: u64,
    },
    /// It will not come back.
    Ended(Ending),
}

impl Saving {
    /// The words in the top bar.
    pub fn words(&self) -> String {
        match self {
            Self::Opening => "Opening…".to_owned(),
            Self::Unsaved => "Saving…".to_owned(),
            Self::Saved => "Saved".to_owned(),
            Self::Offline { kept: 0 } => "Offline".to_owned(),
            Self::Offline { kept: 1 } => "Offline, 1 change kept".to_owned(),
            Self::Offline { kept } => format!("Offline, {kept} changes kept"),
            Self::Ended(_) => "Not connected".to_owned(),
        }
    }
}

/// The connection.
#[derive(Debug)]
pub struct SyncClient {
    phase: Phase,
    failures: u32,
    since_ms: u64,
    /// True if the document arrived at least once.
    loaded: bool,
    /// Update messages sent over this connection.
    sent: u64,
    /// Of those, durable.
    durable: u64,
    /// (message number, edits it completes), oldest first.
    marks: Vec<(u64, u64)>,
    /// Edits ever made on this page, and those known durable.
    edits: u64,
    edits_durable: u64,
    /// True if there is more among the edits that are not durable than comments.
    is_beyond_comments: bool,
    /// Updates not sent yet.
    queue: Vec<Vec<u8>>,
    /// The role that was told last.
    role: Option<CanvasRole>,
    /// True if it was told over this connection.
    is_role_told: bool,
    /// What the server has, where it asked before it told the role.
    asked: Option<Vec<u8>>,
    /// True if the socket is closed for a fresh replica's sake.
    is_renewing: bool,
    /// Everybody's awareness.
    pub room: Room,
    own_state: Option<String>,
    own_clock: u32,
    own_sent_ms: u64,
    own_dirty: bool,
}

impl Default for SyncClient {
    fn default() -> Self {
        Self {
            // Until the page says it is ready.
            phase: Phase::Waiting { until_ms: u64::MAX },
            failures: 0,
            since_ms: 0,
            loaded: false,
            sent: 0,
            durable: 0,
            marks: Vec::new(),
            edits: 0,
            edits_durable: 0,
            is_beyond_comments: false,
            queue: Vec::new(),
            role: None,
            is_role_told: false,
            asked: None,
            is_renewing: false,
            room: Room::default(),
            own_state: None,
            own_clock: 0,
            own_sent_ms: 0,
            own_dirty: false,
        }
    }
}

/// The most awareness states in one frame; a room holds fewer people.
const STATES_MAX: usize = 10_000;

fn awareness_frame(client: u32, clock: u32, state: &str) -> Vec<u8> {
    let own = awareness::Entry { client: u64::from(client), clock, state };
    Frame::Awareness(&awareness::encode([own].into_iter())).encode()
}

/// Returns the reason why the server will never take this replica again; `None` where it may.
fn spoiled(code: u16) -> Option<&'static str> {
    match code {
        1007 => Some("The server could not read a change of yours."),
        1008 => Some("The server refused a change of yours."),
        1009 => Some("A change of yours is too large for the server."),
        4413 => Some("The canvas is full: the server could not take your last changes."),
        _ => None,
    }
}

impl SyncClient {
    /// Where the connection is.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// True if the document arrived at least once.
    pub fn loaded(&self) -> bool {
        self.loaded
    }

    /// Returns the state of saving to show.
    pub fn saving(&self) -> Saving {
        let kept = self.edits - self.edits_durable;
        match &self.phase {
            Phase::Ended(ending) => Saving::Ended(*ending),
            Phase::Live if kept == 0 => Saving::Saved,
            Phase::Live => Saving::Unsaved,
            // A connection that is only being made says nothing about being offline yet.
            Phase::Connecting | Phase::Handshake | Phase::Waiting { .. } if self.failures == 0 => {
                if self.loaded {
                    Saving::Unsaved
                } else {
                    Saving::Opening
                }
            }
            Phase::Connecting | Phase::Handshake | Phase::Waiting { .. } => {
                Saving::Offline { kept }
            }
        }
    }

    /// Edits that are only on this page.
    pub fn unsaved(&self) -> u64 {
        self.edits - self.edits_durable
    }

    /// True if nothing is unsaved but comments.
    pub fn is_of_comments_alone(&self) -> bool {
        !self.is_beyond_comments
    }

    /// Edits of an earlier page were taken into the replica: they count as unsaved until the server says otherwise.
    pub fn restored(&mut self, edits: u64, are_comments: bool) {
        self.edits += edits;
        self.is_beyond_comments |= edits > 0 && !are_comments;
    }

    /// Sets this page's awareness state; it goes out with the next tick.
    pub fn set_state(&mut self, json: String) {
        if self.own_state.as_deref() != Some(&json) {
            self.own_state = Some(json);
            self.own_dirty = true;
        }
    }

    /// The frame that says good-bye, for when the page is left.
    pub fn farewell(&mut self, client: u32) -> Vec<u8> {
        self.own_clock += 1;
        awareness_frame(client, self.own_clock, "null")
    }

    /// Takes one event. `jitter` is a random number from 0 to 1.
    pub fn handle(
        &mut self,
        event: &Event<'_>,
        replica: &mut Replica,
        now_ms: u64,
        jitter: f64,
    ) -> Vec<Action> {
        let mut out = Vec::new();
        self.collect(replica);
        match event {
            Event::Wake => self.wake(now_ms, &mut out),
            Event::Opened => {
                self.phase = Phase::Handshake;
                self.since_ms = now_ms;
                self.is_role_told = false;
                self.asked = None;
                out.push(Action::Send(Frame::SyncStep1(&replica.state_vector()).encode()));
                self.send_state(replica, now_ms, &mut out);
            }
            Event::Frame(bytes) => {
                if let Ok(frame) = Frame::decode(bytes) {
                    self.frame(frame, replica, now_ms, &mut out);
                }
            }
            Event::Closed { code, reason } => self.closed(*code, reason, now_ms, jitter, &mut out),
            Event::Posted(true) => {
                // The socket's count does not cover what went over HTTP; its answer does.
                self.edits_durable =
                    self.marks.pop().map_or(self.edits_durable, |(_, edits)| edits);
                self.marks.clear();
                self.phase = Phase::Live;
                self.failures = 0;
                self.settle();
            }
            Event::Reopen => {
                if matches!(self.phase, Phase::Ended(Ending::NoRight | Ending::Missing)) {
                    self.phase = Phase::Waiting { until_ms: now_ms };
                    self.wake(now_ms, &mut out);
                }
            }
            Event::Posted(false) => out.push(Action::Disconnect),
            Event::Tick => self.tick(replica, now_ms, &mut out),
        }
        out
    }

    fn collect(&mut self, replica: &mut Replica) {
        let updates = replica.take_updates();
        self.edits += updates.len() as u64;
        self.is_beyond_comments |= replica.take_beyond_comments();
        // Without a connection they are part of the next handshake instead.
        if self.phase == Phase::Live || matches!(self.phase, Phase::Handshake) {
            self.queue.extend(updates);
        }
    }

    fn wake(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.phase = Phase::Connecting;
            self.since_ms = now_ms;
            out.push(Action::Connect);
        }
    }

    fn tick(&mut self, replica: &mut Replica, now_ms: u64, out: &mut Vec<Action>) {
        match self.phase {
            Phase::Waiting { until_ms } if now_ms >= until_ms => self.wake(now_ms, out),
            Phase::Connecting | Phase::Handshake
                if now_ms.saturating_sub(self.since_ms) > HANDSHAKE_MS_MAX =>
            {
                out.push(Action::Disconnect);
            }
            Phase::Live => {
                self.flush(out);
                let due = now_ms.saturating_sub(self.own_sent_ms) >= RENEW_MS;
                if self.own_dirty || due {
                    self.send_state(replica, now_ms, out);
                }
            }
            Phase::Waiting { .. } | Phase::Connecting | Phase::Handshake | Phase::Ended(_) => {}
        }
        if self.room.expire(now_ms) {
            out.push(Action::Presence);
        }
    }

    /// Sends what is queued as one message.
    fn flush(&mut self, out: &mut Vec<Action>) {
        let queue = std::mem::take(&mut self.queue);
        let merged = match queue.as_slice() {
            [] => return,
            [one] => vec![one.clone()],
            // Each is a message of its own where merging fails: nothing is held back.
            many => yrs::merge_updates_v1(many).map_or_else(|_| many.to_vec(), |one| vec![one]),
        };
        for update in merged {
            self.sent += 1;
            out.push(Action::Send(Frame::Update(&update).encode()));
        }
        self.marks.push((self.sent, self.edits));
    }

    fn send_state(&mut self, replica: &Replica, now_ms: u64, out: &mut Vec<Action>) {
        let Some(state) = &self.own_state else { return };
        self.own_clock += 1;
        self.own_sent_ms = now_ms;
        self.own_dirty = false;
        out.push(Action::Send(awareness_frame(replica.client(), self.own_clock, state)));
    }

    /// Compares this page's own state with what others hold of it. A newer clock than its own is passed over with the
    /// next one; that it was taken for gone, because a connection of it ended late or it was silent too long, is
    /// contradicted at once.
    fn own_told(
        &mut self,
        states: &[awareness::Entry<'_>],
        replica: &Replica,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let own = u64::from(replica.client());
        let Some(told) = states.iter().rfind(|told| told.client == own) else { return };
        if told.clock < self.own_clock {
            return;
        }
        let is_newer = told.clock > self.own_clock;
        self.own_clock = told.clock;
        if told.is_gone() || is_newer {
            self.send_state(replica, now_ms, out);
        }
    }

    fn frame(
        &mut self,
        frame: Frame<'_>,
        replica: &mut Replica,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        match frame {
            Frame::SyncStep1(vector) if self.is_role_told => self.answer(vector, replica, out),
            // Nothing is sent before it is known whether it may be.
            Frame::SyncStep1(vector) => self.asked = Some(vector.to_vec()),
            Frame::SyncStep2(update) => {
                self.take(update, replica, out);
                self.loaded = true;
            }
            Frame::Update(update) => self.take(update, replica, out),
            Frame::Awareness(payload) => {
                // What cannot be read tells nothing of anybody.
                let states = awareness::decode(payload, STATES_MAX).unwrap_or_default();
                self.own_told(&states, replica, now_ms, out);
                if self.room.receive(u64::from(replica.client()), &states, now_ms) {
                    out.push(Action::Presence);
                }
            }
            Frame::Denied(reason) => out.push(Action::Told(reason.to_owned())),
            Frame::Role(name) => self.role(name, replica, out),
            Frame::Granted | Frame::Unknown(_) => {}
            Frame::QueryAwareness => self.send_state(replica, now_ms, out),
            Frame::Saved(count) => {
                self.durable = self.durable.max(count);
                let durable = self.durable;
                for (_, edits) in self.marks.iter().filter(|(message, _)| *message <= durable) {
                    self.edits_durable = self.edits_durable.max(*edits);
                }
                self.marks.retain(|(message, _)| *message > durable);
                self.settle();
            }
        }
    }

    /// Nothing that is unsaved is left to be judged.
    fn settle(&mut self) {
        if self.unsaved() == 0 {
            self.is_beyond_comments = false;
        }
    }

    /// The role is told. Edits that it does not allow are of no more use with this replica.
    fn role(&mut self, name: &str, replica: &Replica, out: &mut Vec<Action>) {
        // A role that this page does not know is more than none.
        let role = CanvasRole::from_id(name).unwrap_or(CanvasRole::Viewer);
        let before = self.role.replace(role);
        self.is_role_told = true;
        if before != Some(role) {
            out.push(Action::Role(before, role));
        }
        let needed = if self.is_beyond_comments { Right::Edit } else { Right::Comment };
        if self.unsaved() > 0 && !rights::allows(role, needed) {
            let why = rights::kept_aside(role, self.unsaved());
            self.give_up();
            self.is_renewing = true;
            out.push(Action::Fresh(why));
            out.push(Action::Disconnect);
        } else if let Some(vector) = self.asked.take() {
            self.answer(&vector, replica, out);
        }
    }

    /// No edit is waited for any more.
    fn give_up(&mut self) {
        self.queue.clear();
        self.marks.clear();
        self.asked = None;
        self.edits_durable = self.edits;
        self.is_beyond_comments = false;
        self.phase = Phase::Waiting { until_ms: u64::MAX };
    }

    fn answer(&mut self, vector: &[u8], replica: &Replica, out: &mut Vec<Action>) {
        if !self.role.is_some_and(|role| rights::allows(role, Right::Comment)) {
            // Who may only look has nothing to give.
            self.queue.clear();
            self.phase = Phase::Live;
            self.failures = 0;
            return;
        }
        let Ok(update) = replica.diff(vector) else {
            out.push(Action::Disconnect);
            return;
        };
        // The difference holds whatever was queued so far.
        self.queue.clear();
        if update.len() > STEP2_BYTES_MAX {
            self.marks.push((u64::MAX, self.edits));
            out.push(Action::Post(update));
            return;
        }
        self.sent += 1;
        self.marks.push((self.sent, self.edits));
        out.push(Action::Send(Frame::SyncStep2(&update).encode()));
        self.phase = Phase::Live;
        self.failures = 0;
    }

    fn take(&mut self, update: &[u8], replica: &mut Replica, out: &mut Vec<Action>) {
        match replica.apply(update) {
            Ok(changes) => out.push(Action::Draw(changes)),
            Err(_) => out.push(Action::Disconnect),
        }
        self.collect(replica);
    }

    fn closed(&mut self, code: u16, reason: &str, now_ms: u64, jitter: f64, out: &mut Vec<Action>) {
        self.queue.clear();
        self.marks.clear();
        self.sent = 0;
        self.durable = 0;
        self.own_dirty = true;
        self.room.clear();
        out.push(Action::Presence);
        if let Some(ending) = Ending::of(code) {
            self.end(ending, out);
            return;
        }
        if std::mem::take(&mut self.is_renewing) {
            self.phase = Phase::Waiting { until_ms: now_ms };
            return;
        }
        if let Some(why) = spoiled(code) {
            let detail = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            self.give_up();
            self.phase = Phase::Waiting { until_ms: now_ms + RETRY_MS_MIN };
            out.push(Action::Fresh(format!("{why}{detail}")));
            return;
        }
        let wait = RETRY_MS_MIN.saturating_mul(1 << self.failures.min(6)).min(RETRY_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        // Half to all of the wait, so that a restarted server is not met by everybody at once.
        let wait = (wait as f64 * (0.5 + 0.5 * jitter.clamp(0.0, 1.0))) as u64;
        self.phase = Phase::Waiting { until_ms: now_ms + wait };
    }

    /// The connection will not come back by itself.
    fn end(&mut self, ending: Ending, out: &mut Vec<Action>) {
        self.is_renewing = false;
        let unsaved = self.unsaved();
        // Whoever signs in again may send them; a canvas that is not theirs any more takes none.
        if ending == Ending::NoRight {
            self.give_up();
            self.loaded = false;
            self.role = None;
            if unsaved > 0 {
                let count = rights::not_saved(unsaved);
                out.push(Action::Fresh(format!("You may not open this canvas any more. {count}")));
            } else {
                out.push(Action::Fresh(String::new()));
            }
        }
        self.phase = Phase::Ended(ending);
    }
}

#[cfg(test)]
mod tests;
