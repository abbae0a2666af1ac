//! Applying what people and the server write, and undoing what people may not write.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use gesso_protocol::doc::{PEOPLE_ROOTS, SERVER_ROOTS};
use gesso_protocol::wire::close;
use gesso_protocol::wire::guard::{GuardError, Scan};
use yrs::undo::{Options, UndoManager};
use yrs::updates::decoder::Decode as _;
use yrs::{Doc, Origin, Transact as _, TransactionMut, Update};

use super::index::Verdict;
use super::{
    ConnId, Core, HTTP_ORIGIN, MINUTE_MS, NodeChange, Parked, Refusal, Role, SERVER_ORIGIN,
};

/// How often undoing may uncover more to undo before the rest is left to the database's truth.
const UNDO_ROUNDS: usize = 64;

fn origin(conn: ConnId) -> Origin {
    Origin::from(format!("conn {}", conn.0))
}

fn undoing(doc: &Doc, roots: &[&str]) -> UndoManager<()> {
    let mut manager = UndoManager::with_options(Options {
        capture_timeout_millis: 0,
        tracked_origins: Default::default(),
        capture_transaction: None,
        // Nothing is ever joined by time, so time stands still.
        timestamp: Arc::new(|| 0),
        init_undo_stack: Vec::new(),
        init_redo_stack: Vec::new(),
    });
    for root in roots {
        manager.expand_scope(doc, &doc.get_or_insert_map(*root));
    }
    manager
}

/// What undoes writes that are not permitted: one manager a set of roots, tracking whom they are closed to.
pub(super) struct Guards {
    /// The server's roots, closed to everybody.
    server: UndoManager<()>,
    /// What people write except comments, closed to commenters.
    content: UndoManager<()>,
}

impl Guards {
    pub(super) fn new(doc: &Doc) -> Self {
        let mut server = undoing(doc, &SERVER_ROOTS);
        server.include_origin(HTTP_ORIGIN);
        let content: Vec<&str> =
            PEOPLE_ROOTS.into_iter().filter(|root| *root != "comments").collect();
        Self { server, content: undoing(doc, &content) }
    }

    pub(super) fn include(&mut self, conn: ConnId, role: Role) {
        self.server.include_origin(origin(conn));
        if role == Role::Commenter {
            self.content.include_origin(origin(conn));
        }
    }

    pub(super) fn exclude(&mut self, conn: ConnId) {
        self.server.exclude_origin(origin(conn));
        self.content.exclude_origin(origin(conn));
    }

    /// Undoes what was written where it may not be; says whether there was anything.
    fn compensate(&mut self) -> bool {
        let mut found = false;
        for manager in [&mut self.server, &mut self.content] {
            if !manager.can_undo() {
                continue;
            }
            found = true;
            for _ in 0..UNDO_ROUNDS {
                if !manager.undo_blocking() {
                    break;
                }
            }
            // Nothing is ever redone, and what is kept for it would never be collected.
            manager.clear_all();
        }
        found
    }
}

/// Why an update was not applied.
enum Stop {
    Gap(u64),
    Refused(Refusal),
    Broken(String),
}

impl From<GuardError> for Stop {
    fn from(error: GuardError) -> Self {
        let code = match error {
            GuardError::ValueTooDeep | GuardError::TypeTooDeep | GuardError::Entangled => {
                close::REFUSED
            }
            GuardError::Malformed(_)
            | GuardError::Json
            | GuardError::UnknownContent
            | GuardError::Empty
            | GuardError::RepeatedClient => close::MALFORMED,
        };
        Stop::Refused(Refusal::new(code, error.to_string()))
    }
}

impl Core {
    /// Applies a connection's updates (number, bytes, whether it is a step 2), then what it has waiting.
    pub(super) fn updates(&mut self, conn: ConnId, updates: Vec<(u64, Bytes, bool)>, now_ms: u64) {
        let Some(role) = self.conns.get(&conn).map(|state| state.role) else { return };
        if role == Role::Viewer {
            self.decline(conn, &updates, now_ms);
            return;
        }
        let doc = self.doc.clone();
        let mut txn = doc.transact_mut_with(origin(conn));
        let mut refusal = None;
        for (number, bytes, _) in updates {
            match self.try_apply(&mut txn, &bytes, self.limits.frame_max_bytes) {
                Ok(()) => {}
                Err(Stop::Gap(client)) => {
                    let waits_for = (client, self.index.clock(client));
                    let Some(state) = self.conns.get_mut(&conn) else { break };
                    state.parked_bytes += bytes.len();
                    state.parked.push(Parked { number, bytes, since_ms: now_ms, waits_for });
                    if state.parked_bytes > self.limits.gap_max_bytes {
                        refusal = Some(Refusal::new(
                            close::REFUSED,
                            "too much builds on what never came",
                        ));
                        break;
                    }
                }
                Err(Stop::Refused(found)) => {
                    refusal = Some(found);
                    break;
                }
                Err(Stop::Broken(why)) => {
                    self.give_up(txn, why);
                    return;
                }
            }
        }
        if refusal.is_none() {
            match self.retry(conn, &mut txn) {
                Ok(()) => {}
                Err(Stop::Refused(found)) => refusal = Some(found),
                Err(Stop::Gap(_)) => {}
                Err(Stop::Broken(why)) => {
                    self.give_up(txn, why);
                    return;
                }
            }
        }
        if !self.commit(txn) {
            return;
        }
        let forged = self.settle(Some(conn));
        if let Some(refusal) = refusal {
            self.refuse(conn, refusal, now_ms);
        } else if forged {
            self.count_forgery(conn, now_ms);
        }
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

    /// Tries what waits, again and again while one of them fits.
    fn retry(&mut self, conn: ConnId, txn: &mut TransactionMut<'_>) -> Result<(), Stop> {
        loop {
            let Some(state) = self.conns.get_mut(&conn) else { return Ok(()) };
            let waiting = std::mem::take(&mut state.parked);
            let before = waiting.len();
            if before == 0 {
                return Ok(());
            }
            let (mut left, mut bytes_left) = (Vec::new(), 0);
            for mut parked in waiting {
                let (client, clock) = parked.waits_for;
                if self.index.clock(client) == clock {
                    bytes_left += parked.bytes.len();
                    left.push(parked);
                    continue;
                }
                match self.try_apply(txn, &parked.bytes, self.limits.frame_max_bytes) {
                    Ok(()) => {}
                    Err(Stop::Gap(client)) => {
                        parked.waits_for = (client, self.index.clock(client));
                        bytes_left += parked.bytes.len();
                        left.push(parked);
                    }
                    Err(stop) => return Err(stop),
                }
            }
            let is_done = left.len() == before;
            if let Some(state) = self.conns.get_mut(&conn) {
                state.parked = left;
                state.parked_bytes = bytes_left;
            }
            if is_done {
                return Ok(());
            }
        }
    }

    fn try_apply(
        &mut self,
        txn: &mut TransactionMut<'_>,
        bytes: &[u8],
        max: usize,
    ) -> Result<(), Stop> {
        if bytes.len() > max {
            return Err(Stop::Refused(Refusal::new(close::TOO_LARGE, "the update is too large")));
        }
        let scan = Scan::read(bytes)?;
        if scan.is_empty() {
            return Ok(());
        }
        if scan.section(self.own).is_some_and(|section| section.end > self.index.clock(self.own)) {
            return Err(Stop::Refused(Refusal::new(
                close::REFUSED,
                "it carries the room's own id",
            )));
        }
        let admitted = match self.index.admit(&scan, txn)? {
            Verdict::Gap(client) => return Err(Stop::Gap(client)),
            Verdict::Fits(admitted) => admitted,
        };
        if self.nodes + admitted.nodes > self.limits.nodes_max && admitted.nodes > 0 {
            let reason = format!("a canvas holds at most {} nodes", self.limits.nodes_max);
            return Err(Stop::Refused(Refusal::new(close::DOCUMENT_LIMIT, reason)));
        }
        if admitted.is_news && self.document_bytes + bytes.len() > self.limits.document_max_bytes {
            return Err(Stop::Refused(Refusal::new(
                close::DOCUMENT_LIMIT,
                "the document is at its limit",
            )));
        }
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let update = Update::decode_v1(bytes).map_err(|error| error.to_string())?;
            Ok::<bool, String>(txn.apply_update(update).is_ok())
        }));
        match applied {
            Ok(Ok(true)) => {
                self.index.commit(admitted);
                Ok(())
            }
            Ok(Ok(false)) => {
                // A struct names something as its parent that is no type: yrs stops there. What it took is sound.
                self.index.commit_part(admitted, txn);
                Err(Stop::Refused(Refusal::new(
                    close::MALFORMED,
                    "malformed update: a parent is no type",
                )))
            }
            Ok(Err(reason)) => Err(Stop::Refused(Refusal::new(
                close::MALFORMED,
                format!("malformed update: {reason}"),
            ))),
            Err(_) => Err(Stop::Broken("the CRDT library panicked on an update".to_owned())),
        }
    }

    /// Leaves a transaction that panicked as it is: dropping it would commit it.
    fn give_up(&mut self, txn: TransactionMut<'_>, why: String) {
        std::mem::forget(txn);
        self.broken = Some(why);
    }

    fn commit(&mut self, mut txn: TransactionMut<'_>) -> bool {
        if catch_unwind(AssertUnwindSafe(|| txn.commit())).is_err() {
            self.give_up(txn, "the CRDT library panicked while committing".to_owned());
            return false;
        }
        true
    }

    /// Takes over what was committed, undoes what may not be, completes new nodes. Says whether anything was undone.
    fn settle(&mut self, from: Option<ConnId>) -> bool {
        self.absorb(from);
        let compensated =
            catch_unwind(AssertUnwindSafe(|| self.guards.as_mut().is_some_and(Guards::compensate)));
        let Ok(forged) = compensated else {
            self.broken = Some("the CRDT library panicked while undoing".to_owned());
            return false;
        };
        if forged {
            self.absorb(None);
            self.effects.push(super::Effect::CheckOutcome);
        }
        let changes = std::mem::take(&mut *self.node_changes.lock().expect("no holder panics"));
        if changes.is_empty() {
            return forged;
        }
        for (_, change) in &changes {
            match change {
                NodeChange::Inserted => self.nodes += 1,
                NodeChange::Removed => self.nodes = self.nodes.saturating_sub(1),
                NodeChange::Replaced => {}
            }
        }
        let doc = self.doc.clone();
        let mut txn = doc.transact_mut_with(SERVER_ORIGIN);
        let repair = self.repair;
        let done = catch_unwind(AssertUnwindSafe(|| {
            for (id, _) in changes.iter().filter(|(_, change)| *change != NodeChange::Removed) {
                repair(&mut txn, id);
            }
        }));
        if done.is_err() {
            self.give_up(txn, "completing a node panicked".to_owned());
            return forged;
        }
        if self.commit(txn) {
            self.absorb(None);
            // The repair changed nodes, never which there are.
            self.node_changes.lock().expect("no holder panics").clear();
        }
        forged
    }

    fn absorb(&mut self, from: Option<ConnId>) {
        let committed = std::mem::take(&mut *self.committed.lock().expect("no holder panics"));
        for update in committed {
            match Scan::read(&update) {
                Ok(scan) => {
                    let doc = self.doc.clone();
                    self.index.absorb(&scan, &doc.transact());
                }
                Err(error) => {
                    self.broken = Some(format!("the room wrote what it would refuse: {error}"))
                }
            }
            self.out.push((from, update));
        }
    }

    fn count_forgery(&mut self, conn: ConnId, now_ms: u64) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.forgeries.push_back(now_ms);
        while state.forgeries.pop_front_if(|at| *at + MINUTE_MS <= now_ms).is_some() {}
        let too_many = state.forgeries.len() > self.limits.forgeries_per_minute;
        if too_many {
            let reason = "too many writes to what is not yours";
            self.refuse(conn, Refusal::new(close::NOT_ALLOWED, reason), now_ms);
        }
    }

    /// The server's own write, in one transaction.
    pub(crate) fn write<T>(&mut self, f: impl FnOnce(&mut TransactionMut<'_>) -> T) -> Option<T> {
        self.transact(SERVER_ORIGIN, f)
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
        if !self.commit(txn) {
            return None;
        }
        self.settle(None);
        self.broken.is_none().then_some(value)
    }

    /// An update that came over HTTP; the same rules as a connection's, a gap is refused at once.
    pub(crate) fn post(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let doc = self.doc.clone();
        let mut txn = doc.transact_mut_with(HTTP_ORIGIN);
        let applied = self.try_apply(&mut txn, bytes, self.limits.post_max_bytes);
        match applied {
            Ok(()) => {
                if self.commit(txn) {
                    self.settle(None);
                }
                Ok(())
            }
            Err(Stop::Gap(_)) => Err(Refusal::new(
                close::REFUSED,
                "the update builds on what the canvas does not hold",
            )),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Broken(why)) => {
                self.give_up(txn, why);
                Err(Refusal::new(close::RESTART, "the room had to be reloaded"))
            }
        }
    }
}
