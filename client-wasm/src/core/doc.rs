//! The page's replica of the canvas: the document, a plain copy of it to draw from, and undo.
//!
//! Observers run inside transactions, where nothing may be read or written; they only note what changed. After each
//! transaction what they noted is drained: the plain copy is brought up to date and the caller learns which nodes,
//! wires and results to draw again. All writes go through [`Replica::edit`], with this page's origin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use gesso_protocol::doc as document;
use gesso_protocol::schema::{self, Canvas, Content, Piece, Shown};
use yrs::types::{DeepObservable as _, Event, PathSegment};
use yrs::undo::UndoManager;
use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{
    Any, Assoc, Doc, IndexedSequence as _, Map as _, MapRef, ReadTxn as _, StateVector,
    StickyIndex, Transact as _, Update,
};

pub use yrs::TransactionMut;

use super::rich::Step;
use super::textdiff::Edit;

/// Origin of this page's own writes.
const HERE: &str = "here";
/// Origin of what arrives from the server.
const REMOTE: &str = "remote";
/// Undo steps are ended explicitly, by [`Replica::stop_undo`]; this only keeps one from growing for ever.
const CAPTURE_MS: u64 = 3_600_000;

/// The time in ms since 1970, given by whoever has a clock.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The keys of the edges at each node, incoming and outgoing.
pub type EdgesByNode = BTreeMap<String, BTreeSet<String>>;

/// Why bytes from elsewhere could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// They are no update.
    #[error("the update cannot be read: {0}")]
    Malformed(String),
    /// A transaction is open: a fault of this page.
    #[error("the document is being written to")]
    Busy(#[source] yrs::TransactionAcqError),
}

/// The changes of a transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The name or the description.
    pub meta: bool,
    /// Nodes that came, went or changed.
    pub nodes: BTreeSet<String>,
    /// Those of them of which nothing changed but their place.
    pub moved: BTreeSet<String>,
    /// Edges that came, went or changed.
    pub edges: BTreeSet<String>,
    /// Nodes whose results or generations changed.
    pub outcome: BTreeSet<String>,
    /// Some run changed.
    pub runs: bool,
    /// Some thread of comments changed.
    pub comments: bool,
    /// Nodes that went, with what they were.
    pub removed: Vec<schema::Node>,
    /// Edges that went, with what they were.
    pub cut: Vec<schema::Edge>,
    /// True if the graph may have changed: nodes or edges came or went, or what a node gives did.
    pub structure: bool,
    /// True if this page did it (undo included).
    pub local: bool,
}

impl Changes {
    /// True if nothing changed but nodes themselves.
    fn is_of_nodes_alone(&self) -> bool {
        !self.meta
            && !self.runs
            && !self.comments
            && self.edges.is_empty()
            && self.outcome.is_empty()
    }

    /// True if nothing changed but places of nodes.
    pub fn is_of_places_alone(&self) -> bool {
        self.is_of_nodes_alone() && self.moved.len() == self.nodes.len()
    }

    /// True if something changed that is no comment.
    fn is_beyond_comments(&self) -> bool {
        self.meta
            || self.runs
            || !self.nodes.is_empty()
            || !self.edges.is_empty()
            || !self.outcome.is_empty()
    }

    /// True if there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.is_of_nodes_alone() && self.nodes.is_empty()
    }
}

#[derive(Default)]
struct Noted {
    roots: BTreeMap<&'static str, BTreeSet<String>>,
    /// Nodes of which more than the place changed.
    rewritten: BTreeSet<String>,
    updates: Vec<Vec<u8>>,
}

/// True if an event of an entry of `nodes` tells that its place changed and nothing else.
fn is_of_place(event: &Event, txn: &TransactionMut<'_>) -> bool {
    match event {
        Event::Map(map) if event.path().len() == 1 => {
            map.keys(txn).keys().all(|key| &**key == "pos")
        }
        Event::Map(_)
        | Event::Text(_)
        | Event::Array(_)
        | Event::XmlFragment(_)
        | Event::XmlText(_) => false,
    }
}

/// The document as this page has it.
pub struct Replica {
    doc: Doc,
    undo: UndoManager<()>,
    noted: Arc<Mutex<Noted>>,
    outgoing: Vec<Vec<u8>>,
    canvas: Canvas,
    threads: BTreeMap<String, schema::Thread>,
    ends: EdgesByNode,
    client: u32,
    /// True if this page wrote something that is no comment since that was last asked.
    is_beyond_comments: bool,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").field("client", &self.client).finish_non_exhaustive()
    }
}

fn observe(doc: &Doc, root: &'static str, noted: &Arc<Mutex<Noted>>) {
    let noted = Arc::clone(noted);
    let map: MapRef = doc.get_or_insert_map(root);
    map.observe_deep("page", move |txn, events| {
        let mut noted = noted.lock().expect("nobody panics while noting");
        let Noted { roots, rewritten, .. } = &mut *noted;
        let touched = roots.entry(root).or_default();
        for event in events.iter() {
            match (event.path().front(), event) {
                (Some(PathSegment::Key(key)), _) => {
                    touched.insert(key.to_string());
                    if root == "nodes" && !is_of_place(event, txn) {
                        rewritten.insert(key.to_string());
                    }
                }
                (_, Event::Map(map)) => {
                    // A set: the order of the event's keys does not show.
                    let keys: BTreeSet<&str> = map.keys(txn).keys().map(AsRef::as_ref).collect();
                    if root == "nodes" {
                        rewritten.extend(keys.iter().map(|key| (*key).to_owned()));
                    }
                    touched.extend(keys.into_iter().map(str::to_owned));
                }
                _ => {}
            }
        }
    });
}

impl Replica {
    /// An empty replica. `client` must be random and fresh for every page and every reload (R-DOC-6).
    pub fn new(client: u32, guid: &str, now: Now) -> Self {
        let doc = document::open(client, guid);
        let noted = Arc::new(Mutex::new(Noted::default()));
        for root in document::PEOPLE_ROOTS.into_iter().chain(document::SERVER_ROOTS) {
            observe(&doc, root, &noted);
        }
        let sink = Arc::clone(&noted);
        doc.observe_update_v1("page", move |txn, event| {
            if txn.origin().is_none_or(|origin| *origin != REMOTE.into()) {
                sink.lock().expect("nobody panics while noting").updates.push(event.update.clone());
            }
        })
        .expect("no transaction is open on a new document");
        let mut undo = UndoManager::with_options(yrs::undo::Options {
            capture_timeout_millis: CAPTURE_MS,
            tracked_origins: [HERE.into()].into(),
            capture_transaction: None,
            timestamp: Arc::new(move || now()),
            init_undo_stack: Vec::new(),
            init_redo_stack: Vec::new(),
        });
        for root in document::PEOPLE_ROOTS {
            undo.expand_scope(&doc, &doc.get_or_insert_map(root));
        }
        Self {
            doc,
            undo,
            noted,
            outgoing: Vec::new(),
            canvas: Canvas::default(),
            threads: BTreeMap::new(),
            ends: BTreeMap::new(),
            client,
            is_beyond_comments: false,
        }
    }

    /// The plain copy.
    pub fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    /// The threads of comments, by id.
    pub fn threads(&self) -> &BTreeMap<String, schema::Thread> {
        &self.threads
    }

    /// This replica's client id.
    pub fn client(&self) -> u32 {
        self.client
    }

    /// The keys of the edges at each node, incoming and outgoing.
    pub fn edges_by_node(&self) -> &EdgesByNode {
        &self.ends
    }

    /// Writes in one transaction with this page's origin.
    pub fn edit<R>(&mut self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> (R, Changes) {
        let answer = {
            let mut txn = self.doc.transact_mut_with(HERE);
            write(&mut txn)
        };
        (answer, self.drain(true))
    }

    /// Ends the current step of undo: what follows is a step of its own.
    pub fn stop_undo(&mut self) {
        self.undo.reset();
    }

    /// Takes back this page's last step. `None` when there is none.
    pub fn undo(&mut self) -> Option<Changes> {
        let done = self.undo.undo_blocking();
        let changes = self.drain(true);
        done.then_some(changes)
    }

    /// Does again what was taken back last. `None` when there is none.
    pub fn redo(&mut self) -> Option<Changes> {
        let done = self.undo.redo_blocking();
        let changes = self.drain(true);
        done.then_some(changes)
    }

    /// True if there is something to take back.
    pub fn can_undo(&self) -> bool {
        self.undo.can_undo()
    }

    /// True if there is something to do again.
    pub fn can_redo(&self) -> bool {
        self.undo.can_redo()
    }

    /// Takes in an update of others, or what this device kept of an earlier visit.
    ///
    /// # Errors
    /// When the bytes are no update; the document is as it was.
    pub fn apply(&mut self, update: &[u8]) -> Result<Changes, ReplicaError> {
        let update =
            Update::decode_v1(update).map_err(|e| ReplicaError::Malformed(e.to_string()))?;
        {
            let mut txn = self.doc.try_transact_mut_with(REMOTE).map_err(ReplicaError::Busy)?;
            txn.apply_update(update).map_err(|e| ReplicaError::Malformed(e.to_string()))?;
        }
        Ok(self.drain(false))
    }

    /// Returns the state vector of this replica, for step 1.
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// Encodes everything this replica has and `vector` does not, for step 2.
    ///
    /// # Errors
    /// When the bytes are no state vector.
    pub fn diff(&self, vector: &[u8]) -> Result<Vec<u8>, ReplicaError> {
        let vector =
            StateVector::decode_v1(vector).map_err(|e| ReplicaError::Malformed(e.to_string()))?;
        Ok(self.doc.transact().encode_state_as_update_v1(&vector))
    }

    /// The whole document as one update.
    pub fn encode(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// True if this page wrote something that is no comment since this was last asked.
    pub fn take_beyond_comments(&mut self) -> bool {
        std::mem::take(&mut self.is_beyond_comments)
    }

    /// Updates of this page that were not taken yet.
    pub fn take_updates(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outgoing)
    }

    /// Returns the shown text of a node's `text`, `negative` or `items/{id}`, trailing newlines included. Offsets in
    /// texts count this shown text, in UTF-16 units.
    pub fn text(&self, node: &str, field: &str) -> Option<String> {
        let txn = self.doc.transact();
        Some(Shown::of(&txn, &schema::text_of(&txn, node, field)?).into_text())
    }

    /// Replaces a stretch of a text; embeds in it stay.
    pub fn edit_text(&mut self, node: &str, field: &str, edit: &Edit) -> Changes {
        let (_, changes) = self.edit(|txn| {
            let Some(text) = schema::text_of(txn, node, field) else { return };
            schema::edit_text(txn, &text, edit.at, edit.delete, &edit.insert);
        });
        changes
    }

    /// The pieces of a text with their formats.
    pub fn pieces(&self, node: &str, field: &str) -> Option<Vec<Piece>> {
        let txn = self.doc.transact();
        Some(schema::read_pieces(&txn, &schema::text_of(&txn, node, field)?))
    }

    /// Does the steps of an edit of a formatted text.
    pub fn edit_rich(&mut self, node: &str, field: &str, steps: &[Step]) -> Changes {
        let (_, changes) = self.edit(|txn| do_steps(txn, node, field, steps));
        changes
    }

    /// A place in a text that stays where it is while others type, as JSON for awareness.
    pub fn place(&self, node: &str, field: &str, offset: u32) -> Option<serde_json::Value> {
        let txn = self.doc.transact();
        let text = schema::text_of(&txn, node, field)?;
        let offset = Shown::of(&txn, &text).within(offset);
        serde_json::to_value(text.sticky_index(&txn, offset, Assoc::Before)?).ok()
    }

    /// Where such a place in a text is now.
    pub fn find_place(&self, node: &str, field: &str, place: &serde_json::Value) -> Option<u32> {
        let place: StickyIndex = serde_json::from_value(place.clone()).ok()?;
        let txn = self.doc.transact();
        let within = place.get_offset(&txn)?.index;
        Some(Shown::of(&txn, &schema::text_of(&txn, node, field)?).shown(within))
    }

    /// Reads everything people wrote of a node, or of an edge, apart from this canvas.
    pub fn content(&self, root: &str, key: &str) -> Option<Content> {
        let txn = self.doc.transact();
        Content::read(&txn, &txn.get_map(root)?.get(&txn, key)?)
    }

    fn drain(&mut self, local: bool) -> Changes {
        let noted = {
            let mut noted = self.noted.lock().expect("nobody panics while noting");
            std::mem::take(&mut *noted)
        };
        self.outgoing.extend(noted.updates);
        let mut changes = Changes { local, ..Changes::default() };
        let doc = self.doc.clone();
        let txn = doc.transact();
        for (root, keys) in noted.roots {
            match root {
                "meta" => {
                    self.canvas.meta = schema::read_meta(&txn);
                    changes.meta = true;
                }
                "nodes" => {
                    for id in &keys {
                        match schema::read_node(&txn, id) {
                            Some(node) => {
                                let old = self.canvas.nodes.get(id);
                                changes.structure |= old.is_none_or(|old| gives_other(old, &node));
                                self.canvas.nodes.insert(id.clone(), node);
                            }
                            None => {
                                if schema::stands(&txn, root, id) {
                                    self.canvas.odd_nodes.insert(id.clone());
                                } else {
                                    self.canvas.odd_nodes.remove(id);
                                }
                                changes.structure = true;
                                changes.removed.extend(self.canvas.nodes.remove(id));
                            }
                        }
                    }
                    changes.moved = keys.difference(&noted.rewritten).cloned().collect();
                    changes.nodes = keys;
                }
                "edges" => {
                    for key in &keys {
                        let edge = schema::read_edge(&txn, key);
                        let gone = edge.is_none();
                        if gone && schema::stands(&txn, root, key) {
                            self.canvas.odd_edges.insert(key.clone());
                        } else {
                            self.canvas.odd_edges.remove(key);
                        }
                        let old = self.put_edge(key, edge);
                        changes.cut.extend(old.filter(|_| gone));
                    }
                    changes.edges = keys;
                    changes.structure = true;
                }
                "results" | "generations" => {
                    for id in keys {
                        self.read_outcome(&txn, &id);
                        changes.outcome.insert(id);
                    }
                }
                "runs" => {
                    for id in &keys {
                        match schema::read_run(&txn, id) {
                            Some(run) => {
                                self.canvas.runs.insert(id.clone(), run);
                            }
                            None => {
                                self.canvas.runs.remove(id);
                            }
                        }
                    }
                    changes.runs = true;
                }
                "comments" => {
                    for id in keys {
                        match schema::read_thread(&txn, &id) {
                            Some(thread) => self.threads.insert(id, thread),
                            None => self.threads.remove(&id),
                        };
                    }
                    changes.comments = true;
                }
                _ => {}
            }
        }
        self.is_beyond_comments |= local && changes.is_beyond_comments();
        changes
    }

    fn read_outcome(&mut self, txn: &yrs::Transaction<'_>, id: &str) {
        match schema::read_result(txn, id) {
            Some(result) => {
                self.canvas.results.insert(id.to_owned(), result);
            }
            None => {
                self.canvas.results.remove(id);
            }
        }
        let generations = schema::read_generations(txn, id);
        if generations.is_empty() {
            self.canvas.generations.remove(id);
        } else {
            self.canvas.generations.insert(id.to_owned(), generations);
        }
    }

    fn put_edge(&mut self, key: &str, edge: Option<schema::Edge>) -> Option<schema::Edge> {
        let old = self.canvas.edges.remove(key);
        if let Some(old) = &old {
            for node in [&old.from_node, &old.to_node] {
                if let Some(keys) = self.ends.get_mut(node) {
                    keys.remove(key);
                }
            }
        }
        if let Some(edge) = edge {
            for node in [&edge.from_node, &edge.to_node] {
                self.ends.entry(node.clone()).or_default().insert(key.to_owned());
            }
            self.canvas.edges.insert(key.to_owned(), edge);
        }
        old
    }
}

/// Does the steps of an edit of a formatted text, within a transaction.
pub fn do_steps(txn: &mut TransactionMut<'_>, node: &str, field: &str, steps: &[Step]) {
    let Some(text) = schema::text_of(txn, node, field) else { return };
    let mut shown = Shown::of(txn, &text);
    for step in steps {
        let (range, key, value) = match step {
            Step::Replace(at, delete, pieces) => {
                schema::replace_with_pieces(txn, &text, (*at, *delete), pieces);
                shown = Shown::of(txn, &text);
                continue;
            }
            Step::Block(at, block) => {
                let id = Some(block.id()).filter(|id| !id.is_empty());
                ((*at, 1), "block", id.map_or(Any::Null, Any::from))
            }
            Step::Mark(at, count, mark) => {
                let (key, value) = mark.attribute();
                ((*at, *count), key, value)
            }
        };
        schema::format_text(txn, (&text, &shown), range, key, &value);
    }
}

/// True if the graph reads the two differently.
fn gives_other(old: &schema::Node, new: &schema::Node) -> bool {
    let first = |node: &schema::Node| node.items.first().and_then(|item| item.content.ty());
    old.kind != new.kind
        || old.title != new.title
        || old.asset != new.asset
        || old.items.len() != new.items.len()
        || first(old) != first(new)
}

#[cfg(test)]
mod tests;
