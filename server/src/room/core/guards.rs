//! Undo managers over what a role may not write.

use super::effect::ConnId;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::doc::{PEOPLE_ROOTS, SERVER_ROOTS};
use std::sync::Arc;
use yrs::undo::{Options, UndoManager};
use yrs::{Doc, Origin, ReadTxn as _, Transact as _};

/// Origin of what the server writes.
pub(super) const SERVER_ORIGIN: &str = "server";
/// Origin of people's edits that came over HTTP.
pub(super) const HTTP_ORIGIN: &str = "http";
/// Number of times undoing may uncover more to undo before the rest is left to the database's truth.
pub(super) const UNDO_ROUNDS: usize = 100_000;

pub(super) fn origin(conn: ConnId) -> Origin {
    Origin::from(format!("conn {}", conn.0))
}

pub(super) fn undoing(doc: &Doc, roots: &[&str]) -> UndoManager<()> {
    let mut manager = UndoManager::with_options(Options {
        capture_timeout_millis: 1,
        tracked_origins: Default::default(),
        capture_transaction: None,
        // Time stands still, so that all pieces of what one writer sent are undone as one; then the stack is emptied.
        timestamp: Arc::new(|| 1),
        init_undo_stack: Vec::new(),
        init_redo_stack: Vec::new(),
    });
    for root in roots {
        manager.expand_scope(doc, &doc.get_or_insert_map(*root));
    }
    manager
}

/// Undoes writes that are not permitted: one manager a set of roots, tracking whom they are closed to.
pub(super) struct Guards {
    /// The server's roots, closed to everybody.
    server: UndoManager<()>,
    /// Roots that people write except comments, closed to commenters.
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

    pub(super) fn include(&mut self, conn: ConnId, role: CanvasRole) {
        self.server.include_origin(origin(conn));
        if role == CanvasRole::Commenter {
            self.content.include_origin(origin(conn));
        }
    }

    /// Closes whatever roots the document has by now to commenters: other programs keep theirs beside ours. As what they
    /// use them is not known and does not matter: a root without a type is watched by nobody, so it gets one here.
    pub(super) fn cover(&mut self, doc: &Doc) {
        let is_foreign =
            |name: &str| !PEOPLE_ROOTS.contains(&name) && !SERVER_ROOTS.contains(&name);
        let names: Vec<String> = {
            let txn = doc.transact();
            let names = txn.root_refs().map(|(name, _)| name.to_owned());
            names.filter(|name| is_foreign(name)).collect()
        };
        for name in names {
            self.content.expand_scope(doc, &doc.get_or_insert_map(name.as_str()));
        }
    }

    pub(super) fn exclude(&mut self, conn: ConnId) {
        self.server.exclude_origin(origin(conn));
        self.content.exclude_origin(origin(conn));
    }

    /// True if something was written where it may not be.
    pub(super) fn has_violations(&self) -> bool {
        self.server.can_undo() || self.content.can_undo()
    }

    /// Undoes what was written where it may not be.
    pub(super) fn compensate(&mut self) {
        for manager in [&mut self.server, &mut self.content] {
            if !manager.can_undo() {
                continue;
            }
            for _ in 0..UNDO_ROUNDS {
                if !manager.undo_blocking() {
                    break;
                }
            }
            // Nothing is ever redone, and what is kept for it would never be collected.
            manager.clear_all();
        }
    }
}
