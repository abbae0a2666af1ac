//! Committing what was written, and what follows from it: what goes out, what may not be and is undone, what new nodes
//! lack.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gesso_protocol::schema::{self, Outcome};
use gesso_protocol::wire::guard::Scan;
use gesso_protocol::wire::guard::pieces::Piece;
use yrs::updates::encoder::Encode as _;
use yrs::{Transact as _, TransactionMut};

use super::Core;
use super::authors;
use super::effect::{ConnId, Effect};
use super::guards::{Guards, SERVER_ORIGIN};
use super::node_changes::NodeChange;

/// What a transaction did, as it is told to others.
#[derive(Debug)]
pub(super) enum Told {
    /// It applied updates: their structs go on as they came. The document would have to be searched through all its
    /// client ids for them.
    AsItCame(Vec<Bytes>),
    /// As the document encodes it: the room wrote, or what came was held in part.
    Encoded,
}

impl Told {
    /// A transaction that applies updates, none yet.
    pub(super) fn nothing() -> Self {
        Self::AsItCame(Vec::new())
    }

    /// It applied this one too.
    pub(super) fn add(&mut self, piece: Piece) {
        match self {
            Self::AsItCame(_) if piece.is_overlapping => *self = Self::Encoded,
            Self::AsItCame(updates) => updates.extend(piece.insertions().map(Bytes::from)),
            Self::Encoded => {}
        }
    }
}

/// Under this name the document is watched while something is undone.
const UNDONE: &str = "undone";

impl Core {
    /// Leaves a transaction that panicked as it is: dropping it would commit it.
    pub(super) fn give_up(&mut self, txn: TransactionMut<'_>, why: String) {
        std::mem::forget(txn);
        self.broken = Some(why);
    }

    /// Commits a transaction; `false` if the library panicked over it. Whoever calls it says what it did, and of whom.
    pub(super) fn commit(
        &mut self,
        mut txn: TransactionMut<'_>,
        told: Told,
        from: Option<ConnId>,
    ) -> bool {
        let committed = catch_unwind(AssertUnwindSafe(|| {
            txn.commit();
            self.measured.has_deleted |= !txn.delete_set().is_empty();
            match told {
                Told::AsItCame(updates) => (updates, deletions(&txn)),
                Told::Encoded if txn.has_changes() => {
                    (Vec::new(), Some(txn.encode_update_v1().into()))
                }
                Told::Encoded => (Vec::new(), None),
            }
        }));
        let Ok((updates, rest)) = committed else {
            self.give_up(txn, "the CRDT library panicked while committing".to_owned());
            return false;
        };
        // Where their elements are is known since they were applied.
        for update in updates {
            self.send_out(from, update);
        }
        if let Some(update) = rest {
            self.absorb(from, update);
        }
        self.broken.is_none()
    }

    /// Undoes what may not be of what somebody, or the server, wrote, completes new nodes. Says whether anything was
    /// undone.
    pub(super) fn settle(&mut self, writer: Option<&str>) -> bool {
        let has_violated = self.compensate() | self.check_authors(writer);
        if self.broken.is_some() {
            return has_violated;
        }
        let changes = std::mem::take(&mut *self.node_changes.lock().expect("no holder panics"));
        if changes.is_empty() {
            return has_violated;
        }
        self.follow_nodes(&changes);
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
            return has_violated;
        }
        if self.commit(txn, Told::Encoded, None) {
            // The repair changed nodes, never which there are.
            self.node_changes.lock().expect("no holder panics").clear();
        }
        has_violated
    }

    /// Takes comments out that somebody wrote in the name of others. Says whether there were any.
    fn check_authors(&mut self, writer: Option<&str>) -> bool {
        let news = self.authors.as_mut().filter(|authors| authors.has_news());
        let Some(authors) = news.filter(|_| self.broken.is_none()) else { return false };
        let doc = self.doc.clone();
        let judged = authors.judge(&doc.transact(), writer);
        let said = judged.said.into_iter();
        self.effects.extend(said.map(|(thread, message)| Effect::Said { thread, message }));
        if judged.forged.is_empty() {
            return false;
        }
        let mut txn = doc.transact_mut_with(SERVER_ORIGIN);
        let done = catch_unwind(AssertUnwindSafe(|| authors::take_out(&mut txn, &judged.forged)));
        if done.is_err() {
            self.give_up(txn, "taking a comment out panicked".to_owned());
            return true;
        }
        if self.commit(txn, Told::Encoded, None)
            && let Some(authors) = &self.authors
        {
            authors.forget();
        }
        true
    }

    /// Counts the nodes, and has the outcome of those looked up that came back: nothing was written for them while they
    /// were gone, or while their id was another kind's.
    fn follow_nodes(&mut self, changes: &[(String, NodeChange)]) {
        let mut has_come_back = false;
        for (id, change) in changes {
            // Also where nothing stands under its id: the database may have what was made for another kind.
            if *change != NodeChange::Inserted {
                self.forgotten.insert(id.clone());
            }
            match change {
                NodeChange::Inserted => self.nodes += 1,
                NodeChange::Removed => self.nodes = self.nodes.saturating_sub(1),
                NodeChange::Replaced => {}
            }
            // It stays noted: it may be of another kind now, and of the first one later.
            has_come_back |= *change != NodeChange::Removed && self.forgotten.contains(id);
        }
        if has_come_back {
            self.effects.push(Effect::CheckOutcome);
        }
    }

    /// Takes what belongs to nodes that are gone out of the document. Should one come back, by an undo, the database's
    /// truth brings it again.
    pub(crate) fn forget_nodes(&mut self) {
        let forgotten = self.write(schema::forget_nodes).unwrap_or_default();
        self.forgotten.extend(forgotten);
    }

    /// Brings the document in line with the database; `None` when the room is broken. Nodes that are gone and that the
    /// database has something for are noted, so that it is looked up when they come back.
    pub(crate) fn lay_outcome(&mut self, outcome: &Outcome) -> Option<()> {
        let absent = self.write(|txn| {
            outcome.lay(txn);
            outcome.absent_nodes(txn)
        })?;
        self.forgotten.extend(absent);
        Some(())
    }

    /// Takes over an update that the document encoded.
    fn absorb(&mut self, from: Option<ConnId>, update: Bytes) {
        match Scan::read(&update) {
            Ok(scan) => self.index.absorb(&scan),
            Err(error) => {
                self.broken = Some(format!("the room wrote what it would refuse: {error}"));
            }
        }
        self.send_out(from, update);
    }

    fn send_out(&mut self, from: Option<ConnId>, update: Bytes) {
        self.out.push((from, update));
        self.answers.forget();
    }

    /// Undoes what may not be; says whether there was anything.
    fn compensate(&mut self) -> bool {
        if !self.guards.as_ref().is_some_and(Guards::has_violations) {
            return false;
        }
        let updates = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&updates);
        let compensated = catch_unwind(AssertUnwindSafe(|| {
            let watched = self.doc.observe_update_v1(UNDONE, move |_, event| {
                sink.lock().expect("no holder panics").push(Bytes::copy_from_slice(&event.update));
            });
            if let Some(guards) = &mut self.guards {
                guards.compensate();
            }
            watched.and_then(|()| self.doc.unobserve_update_v1(UNDONE))
        }));
        match compensated {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.broken = Some(error.to_string()),
            Err(_) => self.broken = Some("the CRDT library panicked while undoing".to_owned()),
        }
        let updates = std::mem::take(&mut *updates.lock().expect("no holder panics"));
        for update in updates {
            self.absorb(None, update);
        }
        self.effects.push(Effect::CheckOutcome);
        true
    }
}

/// What a transaction deleted, as an update; `None` if it deleted nothing.
fn deletions(txn: &TransactionMut<'_>) -> Option<Bytes> {
    if txn.delete_set().is_empty() {
        return None;
    }
    let mut update = vec![0];
    update.extend(txn.delete_set().encode_v1());
    Some(update.into())
}
