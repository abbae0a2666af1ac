//! Applying what people and the server write, and undoing what people may not write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::wire::close;
use gesso_protocol::wire::guard::cut::Cut;
use gesso_protocol::wire::guard::order::Need;
use gesso_protocol::wire::guard::pieces::Pieces;
use gesso_protocol::wire::guard::{GuardError, Id, Scan};
use yrs::updates::decoder::Decode as _;
use yrs::{Doc, Origin, Transact as _, TransactionMut, Update};

use super::commit::Told;
use super::conn::{Conn, PendingAt, PendingUpdate, READY};
use super::effect::{ConnId, Effect, Part, Refusal};
use super::guards::{HTTP_ORIGIN, SERVER_ORIGIN, origin};
use super::index::{Admitted, Spans, Verdict};
use super::work::{Spending, Work};
use super::{Core, MINUTE_MS};

/// Structs and deletions of the first piece of an update; the next ones grow while they are quick.
const PIECE_FIRST: usize = 4;
/// The most of one piece.
const PIECE_MOST: usize = 4_096;
/// A piece that took less CPU time than this is followed by a larger one, in us.
const PIECE_QUICK_US: u64 = 2_000;
/// A piece that took more CPU time than this is followed by a smaller one, in us.
const PIECE_SLOW_US: u64 = 8_000;
/// CPU time for which updates are applied before others have their turn, in us.
const PART_US: u64 = 20_000;

const COMMENTS_ALONE: &str = "a commenter writes comments and nothing else";
const OWN_ID: &str = "it carries the room's own id";
const FULL: &str = "the canvas is full: take large texts or nodes away, or duplicate it to begin anew with what it \
     holds";
const CROWDED: &str =
    "too many client ids of this canvas end in the same bits; a client id is random";
const GAP: &str = "the update builds on what the canvas does not hold";

/// Why an update was not applied.
enum Stop {
    Gap(Need),
    /// The rest of it waits for its next turn.
    Unfinished,
    Refused(Refusal),
    /// The document is locked or unsound; nothing can be done with it any more.
    Broken(String),
}

impl From<GuardError> for Stop {
    fn from(error: GuardError) -> Self {
        let code = if error.is_policy() { close::REFUSED } else { close::MALFORMED };
        Stop::Refused(Refusal::new(code, error.to_string()))
    }
}

const TOO_MUCH_WORK: &str =
    "these updates take the server more time than a connection may take; write less at once";
const COSTLY: &str = "too much was written at one place of this canvas at the same time, so that it takes long to open; \
     duplicate it to begin anew with what it holds";
/// CPU time beyond the ordinary that an update may still take where opening the document takes too long, in us.
const COSTLY_MORE_US: u64 = 5_000;

/// The means to apply one writer's updates: one transaction for small ones, one a piece for large ones.
struct Writing<'d> {
    doc: &'d Doc,
    from: Option<ConnId>,
    /// Who writes without a connection; nobody: ids of others are closed to it.
    person: Option<&'d str>,
    origin: Origin,
    txn: Option<TransactionMut<'d>>,
    /// Of the open transaction.
    told: Told,
    work: Spending,
    /// True if a large update may be applied in parts, others in between.
    is_divisible: bool,
}

impl<'d> Writing<'d> {
    fn txn(&mut self) -> &mut TransactionMut<'d> {
        self.txn.get_or_insert_with(|| self.doc.transact_mut_with(self.origin.clone()))
    }
}

impl Core {
    /// Applies a connection's updates (number, bytes, whether it is a step 2), then what it has waiting.
    pub(super) fn updates(&mut self, conn: ConnId, updates: Vec<(u64, Bytes, bool)>, now_ms: u64) {
        let Some(role) = self.conns.get(&conn).map(|state| state.role) else { return };
        if role == CanvasRole::Viewer {
            self.decline(conn, &updates, now_ms);
            return;
        }
        self.measured.heard_ms = now_ms;
        let doc = self.doc.clone();
        if let Some(guards) = self.guards.as_mut().filter(|_| role == CanvasRole::Commenter) {
            guards.cover(&doc);
        }
        let work = self.conns.get(&conn).map(|state| state.work).unwrap_or_default();
        let work = work.begin(now_ms, (self.meter)(), &self.limits);
        let mut writing = Writing {
            doc: &doc,
            from: Some(conn),
            person: None,
            origin: origin(conn),
            txn: None,
            told: Told::nothing(),
            work,
            is_divisible: true,
        };
        let mut stopped = self.take_all(conn, &mut writing, updates, now_ms).err();
        if stopped.is_none() {
            stopped = self.retry(conn, &mut writing).err();
        }
        let has_violated = self.end_writing(&mut writing, &mut stopped);
        let now = (self.meter)();
        if let Some(state) = self.conns.get_mut(&conn) {
            let is_unfinished = state.is_unfinished();
            state.work = writing.work.end(now, is_unfinished);
            if is_unfinished {
                self.unfinished.insert(conn);
            }
        }
        match stopped {
            Some(Stop::Broken(why)) => self.broken = Some(why),
            Some(Stop::Refused(refusal)) => self.refuse(conn, refusal, now_ms),
            Some(Stop::Gap(_) | Stop::Unfinished) | None if has_violated => {
                self.count_violation(conn, now_ms);
            }
            Some(Stop::Gap(_) | Stop::Unfinished) | None => {}
        }
    }

    fn take_all(
        &mut self,
        conn: ConnId,
        writing: &mut Writing<'_>,
        updates: Vec<(u64, Bytes, bool)>,
        now_ms: u64,
    ) -> Result<(), Stop> {
        for (number, bytes, is_answer) in updates {
            writing.work.allow(bytes.len());
            let is_live = !is_answer;
            let waits = self.conns.get(&conn).is_some_and(Conn::is_unfinished);
            let tried = if waits || self.is_turn_over() {
                Err(Stop::Unfinished)
            } else {
                self.try_apply(writing, &bytes, self.limits.frame_max_bytes, is_live)
            };
            let pending = PendingUpdate { number, bytes, since_ms: now_ms, is_live };
            match tried {
                Ok(()) => {}
                Err(Stop::Gap(need)) => self.hold_back(conn, need, pending)?,
                Err(Stop::Unfinished) => {
                    if let Some(state) = self.conns.get_mut(&conn) {
                        state.hold_back(READY.0, READY.1, pending);
                    }
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Checks the CPU time that a writer's updates took so far.
    fn check_work(&self, writing: &Writing<'_>, now_us: u64) -> Result<(), Stop> {
        if writing.work.is_over(now_us) {
            return Err(Stop::Refused(Refusal::new(close::REFUSED, TOO_MUCH_WORK)));
        }
        let is_costly = self.opening.is_costly();
        if is_costly && writing.work.excess_us(now_us) > COSTLY_MORE_US {
            return Err(Stop::Refused(Refusal::new(close::DOCUMENT_LIMIT, COSTLY)));
        }
        Ok(())
    }

    /// True if others in the room have waited long enough for what is under way.
    fn is_turn_over(&self) -> bool {
        self.is_deferring || (self.meter)().saturating_sub(self.turn_began_us) > PART_US
    }

    /// Keeps an update until what it builds on is there.
    fn hold_back(
        &mut self,
        conn: ConnId,
        waits_for: Need,
        mut pending: PendingUpdate,
    ) -> Result<(), Stop> {
        let Some(state) = self.conns.get_mut(&conn) else { return Ok(()) };
        // A copy: the update is a part of its frame, which may be far larger than what is counted here.
        pending.bytes = Bytes::copy_from_slice(&pending.bytes);
        state.hold_back(waits_for.client, waits_for.clock, pending);
        if state.pending_bytes > self.limits.gap_max_bytes {
            let refusal = Refusal::new(close::REFUSED, "too much builds on what never came");
            return Err(Stop::Refused(refusal));
        }
        Ok(())
    }

    /// Commits what is open, and undoes what may not be; says whether there was any such.
    fn end_writing(&mut self, writing: &mut Writing<'_>, stopped: &mut Option<Stop>) -> bool {
        if let Some(Stop::Broken(why)) = stopped {
            if let Some(txn) = writing.txn.take() {
                self.give_up(txn, std::mem::take(why));
            }
            return false;
        }
        if !self.commit_open(writing) {
            return false;
        }
        let writer = match writing.from {
            Some(conn) => self.conns.get(&conn).map(|state| Arc::clone(&state.person)),
            None => writing.person.map(Arc::from),
        };
        let has_violated = self.settle(writer.as_deref());
        let now = (self.meter)();
        if stopped.is_none() {
            *stopped = self.check_work(writing, now).err();
        }
        self.opening.add(writing.work.excess_us(now));
        has_violated
    }

    /// A viewer's updates: not applied; told, unless it is the answer to the room's own step 1 with nothing new.
    fn decline(&mut self, conn: ConnId, updates: &[(u64, Bytes, bool)], now_ms: u64) {
        for (_, bytes, is_answer) in updates {
            match Scan::read(bytes) {
                Ok(scan) => {
                    let is_news = scan
                        .sections
                        .iter()
                        .any(|section| section.end > self.index.clock(section.client));
                    if is_news || (!*is_answer && !scan.is_empty()) {
                        self.deny(conn, "you may look, but not change this canvas");
                    }
                }
                Err(error) => {
                    self.refuse(conn, Refusal::new(close::MALFORMED, error.to_string()), now_ms);
                    return;
                }
            }
        }
    }

    /// Applies what waits while one of them fits. A long row of them is applied in parts ([`Core::go_on`]).
    fn retry(&mut self, conn: ConnId, writing: &mut Writing<'_>) -> Result<(), Stop> {
        let mut last = None;
        while let Some(at) = self.fitting(conn, last) {
            self.check_work(writing, (self.meter)())?;
            if self.is_turn_over() {
                self.unfinished.insert(conn);
                return Ok(());
            }
            let Some(state) = self.conns.get_mut(&conn) else { return Ok(()) };
            let Some(pending) = state.take_pending(&at) else { return Ok(()) };
            let max = self.limits.frame_max_bytes;
            match self.try_apply(writing, &pending.bytes, max, pending.is_live) {
                Ok(()) => {}
                Err(Stop::Gap(need)) => self.hold_back(conn, need, pending)?,
                Err(Stop::Unfinished) => {
                    if let Some(state) = self.conns.get_mut(&conn) {
                        state.hold_back(READY.0, READY.1, pending);
                    }
                    return Ok(());
                }
                Err(stop) => return Err(stop),
            }
            last = Some(at.0);
        }
        Ok(())
    }

    /// Returns a pending update that has what it waited for, first of all one that waited for this client. Only the
    /// least that is waited for of each client is looked at.
    fn fitting(&self, conn: ConnId, client: Option<u64>) -> Option<PendingAt> {
        let pending = &self.conns.get(&conn)?.pending;
        let first = |client: u64| pending.range((client, 0, 0)..).next().map(|(at, _)| *at);
        let fits = |at: &PendingAt| self.index.clock(at.0) >= at.1;
        if let Some(at) = client.and_then(first).filter(|at| Some(at.0) == client && fits(at)) {
            return Some(at);
        }
        let mut from = 0;
        loop {
            let at = first(from)?;
            if fits(&at) {
                return Some(at);
            }
            from = at.0.checked_add(1)?;
        }
    }

    /// Applies one update. `is_live`: it was written just now, so its ids are the writer's own.
    fn try_apply(
        &mut self,
        writing: &mut Writing<'_>,
        bytes: &[u8],
        max: usize,
        is_live: bool,
    ) -> Result<(), Stop> {
        if bytes.len() > max {
            return Err(Stop::Refused(Refusal::new(close::TOO_LARGE, "the update is too large")));
        }
        let began = (self.meter)();
        let scan = Scan::read(bytes)?;
        if scan.is_empty() {
            return Ok(());
        }
        if scan.section(self.own).is_some_and(|section| section.end > self.index.clock(self.own)) {
            return Err(Stop::Refused(Refusal::new(close::REFUSED, OWN_ID)));
        }
        let admitted = match self.index.admit(&scan)? {
            Verdict::Gap(need) => return Err(Stop::Gap(need)),
            Verdict::Fits(admitted) => admitted,
        };
        if admitted.is_known() {
            return Ok(());
        }
        let claimed = self.check_ids(writing, &scan, is_live)?;
        self.check_limits(writing.txn.as_ref(), &admitted, bytes.len())?;
        let role = writing.from.and_then(|conn| self.conns.get(&conn)).map(|state| state.role);
        if role == Some(CanvasRole::Commenter) && self.index.founds_root(&admitted.placed) {
            // What is founded in this very update, nobody watches yet: it could not be undone.
            return Err(Stop::Refused(Refusal::new(close::NOT_ALLOWED, COMMENTS_ALONE)));
        }
        if let Some((client, conn, person)) = claimed {
            self.ids.claim(client, conn, &person);
        }
        // What is applied in a part takes at least as long as finding out where it goes on.
        let found = (self.meter)();
        let until = found + found.saturating_sub(began).max(PART_US);
        self.apply(writing, &scan, &admitted, until)
    }

    /// Ids belong to the connection that writes under them and to its person. What somebody else brings of them
    /// waits until their owner has brought it: then it is held, or was never true. Returns the id that the update
    /// claims, if it does.
    fn check_ids(
        &self,
        writing: &Writing<'_>,
        scan: &Scan<'_>,
        is_live: bool,
    ) -> Result<Option<(u64, ConnId, Arc<str>)>, Stop> {
        let mut news = scan
            .sections
            .iter()
            .filter(|section| section.end > self.index.clock(section.client))
            .peekable();
        let state = writing.from.and_then(|conn| Some((conn, self.conns.get(&conn)?)));
        let (conn, person) = match state {
            Some((conn, state)) => (Some(conn), Some(Arc::clone(&state.person))),
            None => (None, writing.person.map(Arc::from)),
        };
        let sole = news.peek().map(|section| section.client);
        let mut count = 0;
        for section in news {
            count += 1;
            if self.is_foreign(section.client, conn, person.as_deref()) {
                let need = Need { client: section.client, clock: section.end };
                return Err(Stop::Gap(need));
            }
        }
        // What a page relays of others comes with their ids; what it writes itself has one.
        match (sole, count, is_live, conn, person) {
            (Some(client), 1, true, Some(conn), Some(person)) => Ok(Some((client, conn, person))),
            _ => Ok(None),
        }
    }

    /// True if a client id is somebody else's: they have written under it, or nobody has and they are shown under it.
    fn is_foreign(&self, client: u64, conn: Option<ConnId>, person: Option<&str>) -> bool {
        if self.ids.has_owner(client) {
            self.ids.is_foreign(client, conn, person)
        } else {
            self.presence.is_foreign(client, conn, person)
        }
    }

    /// `open`: what was admitted before and is not committed yet.
    fn check_limits(
        &mut self,
        open: Option<&TransactionMut<'_>>,
        admitted: &Admitted,
        bytes: usize,
    ) -> Result<(), Stop> {
        let limit = |reason: String| Stop::Refused(Refusal::new(close::DOCUMENT_LIMIT, reason));
        self.check_nodes(admitted.nodes).map_err(Stop::Refused)?;
        if !admitted.order.is_empty() && self.is_full(open, bytes) {
            return Err(limit(FULL.to_owned()));
        }
        if self.is_too_heavy(open, admitted) {
            return Err(limit(FULL.to_owned()));
        }
        let Some(clients) = self.index.clients_with(&admitted.placed) else {
            return Err(Stop::Refused(Refusal::new(close::REFUSED, CROWDED)));
        };
        // Who only writes on may go on.
        if clients > self.limits.client_ids_max.max(self.index.clients()) {
            let reason = format!(
                "with this {clients} pages would have written to this canvas, and {} may; duplicate it to begin anew \
                 with what it holds",
                self.limits.client_ids_max
            );
            return Err(limit(reason));
        }
        if self.index.roots_with(&admitted.placed) > self.limits.roots_max {
            let reason = format!(
                "a document has at most {} root types; put further ones into a Y.Map",
                self.limits.roots_max
            );
            return Err(limit(reason));
        }
        if self.is_list_full(open, admitted) {
            let reason = format!(
                "a text, list or value of this canvas would be made of more than {} pieces; duplicate the canvas to \
                 begin anew with what it holds",
                self.limits.list_items_max
            );
            return Err(limit(reason));
        }
        Ok(())
    }

    fn check_nodes(&self, new: usize) -> Result<(), Refusal> {
        if new == 0 || self.nodes + new <= self.limits.nodes_max {
            return Ok(());
        }
        let reason = format!("a canvas holds at most {} nodes", self.limits.nodes_max);
        Err(Refusal::new(close::DOCUMENT_LIMIT, reason))
    }

    /// Gives an admitted update to the document, piece by piece, and stops when it takes too long; at `until`, by the CPU
    /// clock, where it may be divided.
    fn apply(
        &mut self,
        writing: &mut Writing<'_>,
        scan: &Scan<'_>,
        admitted: &Admitted,
        until: u64,
    ) -> Result<(), Stop> {
        let Admitted { order, placed, deletions, .. } = admitted;
        let mut pieces = Pieces::new(scan, order, placed, deletions);
        let mut most = PIECE_FIRST;
        loop {
            let spans = Spans { index: &self.index, scan };
            let Some(piece) = pieces.next(most, &spans) else { return Ok(()) };
            let began = (self.meter)();
            let placed = &placed[piece.placed.clone()];
            let applied = catch_unwind(AssertUnwindSafe(|| {
                let update = Update::decode_v1(&piece.bytes).map_err(|error| error.to_string())?;
                writing.txn().apply_update(update).map_err(|error| error.to_string())
            }));
            match applied {
                Ok(Ok(())) => {
                    // What was made for the kind that it was is not its result, and nothing was written for the one it is.
                    if placed.iter().any(|new| self.index.is_kind_of_held(new)) {
                        self.effects.push(Effect::CheckOutcome);
                    }
                    self.index.commit(placed);
                    if placed.iter().any(|new| self.index.is_choice(new)) {
                        self.effects.push(Effect::ChoicesChanged);
                    }
                    writing.told.add(piece);
                }
                Ok(Err(reason)) => {
                    // What yrs took before it stopped is sound.
                    self.index.commit_part(placed, writing.txn());
                    writing.told = Told::Encoded;
                    let reason = format!("malformed update: {reason}");
                    return Err(Stop::Refused(Refusal::new(close::MALFORMED, reason)));
                }
                Err(_) => {
                    let why = "the CRDT library panicked on an update".to_owned();
                    return Err(Stop::Broken(why));
                }
            }
            if pieces.is_done() {
                return Ok(());
            }
            if !self.commit_open(writing) {
                let why = self.broken.clone().unwrap_or_default();
                return Err(Stop::Broken(why));
            }
            let now = (self.meter)();
            self.check_work(writing, now)?;
            if writing.is_divisible && now > until {
                return Err(Stop::Unfinished);
            }
            most = match now.saturating_sub(began) {
                quick if quick < PIECE_QUICK_US => (most * 2).min(PIECE_MOST),
                slow if slow > PIECE_SLOW_US => (most / 2).max(1),
                _ => most,
            };
        }
    }

    /// Commits the open transaction, if there is one.
    fn commit_open(&mut self, writing: &mut Writing<'_>) -> bool {
        let told = std::mem::replace(&mut writing.told, Told::nothing());
        writing.txn.take().is_none_or(|txn| self.commit(txn, told, writing.from))
    }

    fn count_violation(&mut self, conn: ConnId, now_ms: u64) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.violations.push_back(now_ms);
        while state.violations.pop_front_if(|at| *at + MINUTE_MS <= now_ms).is_some() {}
        let too_many = state.violations.len() > self.limits.violations_per_minute;
        if too_many {
            let reason = "too many writes to what is not yours";
            self.refuse(conn, Refusal::new(close::NOT_ALLOWED, reason), now_ms);
        }
    }

    /// The server's own write, in one transaction.
    pub(crate) fn write<T>(&mut self, f: impl FnOnce(&mut TransactionMut<'_>) -> T) -> Option<T> {
        self.transact(SERVER_ORIGIN, f)
    }

    /// Checks that an edit may add so many bytes, by the same limit as updates.
    ///
    /// # Errors
    /// The refusal that an update would get.
    pub(crate) fn has_room_for(&mut self, bytes: usize) -> Result<(), Refusal> {
        if bytes > 0 && self.is_full(None, bytes) {
            return Err(Refusal::new(close::DOCUMENT_LIMIT, FULL));
        }
        Ok(())
    }

    /// A person's edit that did not come as an update; the server's roots are closed to it.
    pub(crate) fn edit<T>(&mut self, f: impl FnOnce(&mut TransactionMut<'_>) -> T) -> Option<T> {
        self.transact(HTTP_ORIGIN, f)
    }

    fn transact<T>(
        &mut self,
        origin: &str,
        f: impl FnOnce(&mut TransactionMut<'_>) -> T,
    ) -> Option<T> {
        if self.broken.is_some() {
            return None;
        }
        let doc = self.doc.clone();
        let mut txn = doc.transact_mut_with(origin);
        let Ok(value) = catch_unwind(AssertUnwindSafe(|| f(&mut txn))) else {
            self.give_up(txn, "a write panicked".to_owned());
            return None;
        };
        if !self.commit(txn, Told::Encoded, None) {
            return None;
        }
        self.settle(None);
        self.broken.is_none().then_some(value)
    }

    /// Checks that the parts of an update that a person sent can be applied, as far as that can be told before the
    /// first.
    ///
    /// # Errors
    /// Why not: it builds on what is not held, brings what is somebody else's, or too much.
    pub(crate) fn check_parts(&mut self, cut: &Cut, person: &str) -> Result<(), Refusal> {
        let is_held = |need: &Need| self.index.clock(need.client) >= need.clock;
        let is_new = |need: &&Need| !is_held(need);
        if cut.brings.iter().filter(is_new).any(|need| need.client == self.own) {
            return Err(Refusal::new(close::REFUSED, OWN_ID));
        }
        let is_foreign = |need: &Need| self.is_foreign(need.client, None, Some(person));
        if !cut.needs.iter().all(is_held) || cut.brings.iter().filter(is_new).any(is_foreign) {
            return Err(Refusal::new(close::REFUSED, GAP));
        }
        let is_new = |id: &&Id| self.index.clock(id.client) <= id.clock;
        self.check_nodes(cut.nodes.iter().filter(is_new).count())?;
        let bytes = cut.parts.iter().map(Vec::len).sum();
        if !cut.brings.iter().all(is_held) && self.is_full(None, bytes) {
            return Err(Refusal::new(close::DOCUMENT_LIMIT, FULL));
        }
        Ok(())
    }

    /// An update that a person sent over HTTP; the same rules as a connection's, a gap is refused at once. A large one
    /// goes in in parts: whoever posts it comes again until it is [`Part::Last`].
    pub(crate) fn post(
        &mut self,
        bytes: &[u8],
        person: &str,
        is_first: bool,
        now_ms: u64,
    ) -> Result<Part, Refusal> {
        self.measured.heard_ms = now_ms;
        let mut work = self.posted.begin(now_ms, (self.meter)(), &self.limits);
        if is_first {
            work.allow(bytes.len());
        }
        let (done, work) = self.post_as(HTTP_ORIGIN, Some(person), bytes, work, true);
        self.posted = work;
        done
    }

    /// An update of nobody's connection.
    pub(super) fn post_as(
        &mut self,
        origin: &str,
        person: Option<&str>,
        bytes: &[u8],
        work: Spending,
        is_divisible: bool,
    ) -> (Result<Part, Refusal>, Work) {
        let doc = self.doc.clone();
        let mut writing = Writing {
            doc: &doc,
            from: None,
            person,
            origin: Origin::from(origin),
            txn: None,
            told: Told::nothing(),
            work,
            is_divisible,
        };
        let mut stopped =
            self.try_apply(&mut writing, bytes, self.limits.post_max_bytes, false).err();
        self.end_writing(&mut writing, &mut stopped);
        let is_unfinished = matches!(stopped, Some(Stop::Unfinished));
        let work = writing.work.end((self.meter)(), is_unfinished);
        let reloaded = || Refusal::new(close::RESTART, "the room had to be reloaded");
        let done = match stopped {
            None if self.broken.is_some() => Err(reloaded()),
            None => Ok(Part::Last),
            Some(Stop::Unfinished) => Ok(Part::Further),
            Some(Stop::Gap(_)) => Err(Refusal::new(close::REFUSED, GAP)),
            Some(Stop::Refused(refusal)) => Err(refusal),
            Some(Stop::Broken(why)) => {
                self.broken.get_or_insert(why);
                Err(reloaded())
            }
        };
        (done, work)
    }
}
