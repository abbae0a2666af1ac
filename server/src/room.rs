//! Rooms: one task a canvas owns its document; everybody else talks to it through a [`RoomHandle`].
//!
//! `core` is the room without I/O, `driver` its task, `outbox` the bounded queue of a connection,
//! `store` the document log. [`Rooms`] is the registry: two openings at once share one load, and a load that
//! failed serves nobody an empty document.

mod arrivals;
pub(crate) mod budget;
mod compact;
pub(crate) mod core;
mod driver;
mod error;
mod hooks;
mod large;
mod limits;
pub(crate) mod mend;
pub(crate) mod outbox;
mod store;
#[cfg(test)]
mod tests;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dashmap::DashMap;
use futures_util::future::join_all;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::edit::{self, Edit};
use gesso_protocol::ids::{CanvasId, NodeId, RunId};
use gesso_protocol::problem;
use gesso_protocol::schema::{self, Canvas};
use gesso_protocol::values::AssetRef;
use gesso_protocol::wire::guard::cut;
use gesso_protocol::wire::{Frame, close};
use tokio::sync::{OnceCell, mpsc, oneshot};
use tracing::Instrument as _;
use yrs::{Transaction, TransactionMut};

use crate::clock::fresh_id;
use crate::db::Db;
use crate::readers::Readers;
use arrivals::Arrivals;
use budget::{Hold, Inflow, Ticket, Usage};
use driver::{Call, Driver, Inbox, Message, Setup, Waiter};
use outbox::{Next, Outbox};
use store::{Append, Store, spawn_log_writer};

use self::core::Part;
pub use self::core::Refusal;
pub use error::RoomError;
pub use hooks::RoomHooks;
pub use limits::RoomLimits;
pub use store::StoreError;
pub(crate) use time::now_ms;

/// Up to how many nodes and edges a document is read by its room, which is quicker then.
const READ_HERE_MAX: u32 = 1_000;
/// Up to how many bytes.
const READ_HERE_BYTES: usize = 1 << 20;

/// A document from its state as one Yjs v1 update, to read. Takes its time, as [`Copy::canvas`].
///
/// # Errors
/// [`RoomError::Load`] where it cannot be read.
fn open_state(state: &Bytes) -> Result<yrs::Doc, RoomError> {
    Ok(compact::open(std::slice::from_ref(state))?)
}

/// The first state of a document: everything people wrote in another one, given as its state, and what these edits make
/// of that; written by `client`. Takes its time, as [`Copy::canvas`].
///
/// # Errors
/// [`RoomError::Load`] where the other one cannot be read; within, the refusal of an edit.
pub fn first_state(
    of: Option<&Bytes>,
    edits: &[Edit],
    assets: &BTreeMap<String, AssetRef>,
    nodes_max: usize,
    client: u32,
) -> Result<Result<Vec<u8>, problem::Refusal>, RoomError> {
    let doc = gesso_protocol::doc::open(client, "");
    let mut txn = yrs::Transact::transact_mut(&doc);
    if let Some(state) = of {
        schema::copy_canvas(&yrs::Transact::transact(&open_state(state)?)).paste(&mut txn);
    }
    let canvas = schema::read_canvas(&txn);
    // What is there already counts as it is: a copy is never larger than what it is of.
    let nodes_max = nodes_max.max(canvas.nodes.len());
    Ok(edit::check(&canvas, edits, assets, nodes_max, &mut fresh_id).map(|checked| {
        checked.apply(&mut txn);
        schema::mark_schema(&mut txn);
        txn.encode_update_v1()
    }))
}

/// A document as it was at one moment, out of its room's hands.
#[derive(Debug)]
pub enum Copy {
    /// A small one, read already.
    Read(Box<Canvas>),
    /// As one Yjs v1 update.
    Encoded(Bytes),
}

impl Copy {
    /// The canvas. Takes its time: call it where nobody waits for the thread.
    ///
    /// # Errors
    /// [`RoomError::Load`] where it cannot be read.
    pub fn canvas(self) -> Result<Canvas, RoomError> {
        match self {
            Self::Read(canvas) => Ok(*canvas),
            Self::Encoded(update) => {
                let doc = open_state(&update)?;
                let canvas = schema::read_canvas(&yrs::Transact::transact(&doc));
                Ok(canvas)
            }
        }
    }
}

/// Interval at which the end of the last connections is looked for, in ms.
const FAREWELL_POLL_MS: u64 = 5;

/// Interval at which it is tried whether a whole document may be encoded, in ms.
const TURN_POLL_MS: u64 = 100;

/// All rooms of this server. Clones are the same registry.
#[derive(Clone)]
pub struct Rooms {
    registry: Arc<Registry>,
}

struct Registry {
    store: Arc<dyn Store>,
    log: mpsc::Sender<Append>,
    limits: RoomLimits,
    hooks: Arc<dyn RoomHooks>,
    repair: core::Repair,
    rooms: DashMap<CanvasId, Arc<Slot>>,
    is_ending: AtomicBool,
    readers: Readers,
    usage: Arc<Usage>,
}

#[derive(Default)]
struct Slot {
    room: OnceCell<RoomHandle>,
    online: Arc<AtomicUsize>,
}

impl Rooms {
    /// Rooms over a database. Call it inside a tokio runtime: it starts the task that writes the log.
    #[must_use]
    pub fn new(db: Db, limits: RoomLimits, hooks: Arc<dyn RoomHooks>) -> Self {
        Self::over(Arc::new(db), limits, hooks)
    }

    pub(crate) fn over(
        store: Arc<dyn Store>,
        limits: RoomLimits,
        hooks: Arc<dyn RoomHooks>,
    ) -> Self {
        let log = spawn_log_writer(Arc::clone(&store));
        let usage = Usage::new(&limits);
        let registry = Registry {
            store,
            log,
            limits,
            hooks,
            repair: schema::repair,
            rooms: DashMap::new(),
            is_ending: AtomicBool::new(false),
            readers: Readers::default(),
            usage,
        };
        Self { registry: Arc::new(registry) }
    }

    /// The limits rooms are run with.
    #[must_use]
    pub fn limits(&self) -> &RoomLimits {
        &self.registry.limits
    }

    /// Where work that grows with a document is done.
    #[must_use]
    pub fn readers(&self) -> &Readers {
        &self.registry.readers
    }

    /// Counts an answer over HTTP for as long as anybody holds it; `None` while others hold too much.
    pub fn hold_answer(&self, answer: Vec<u8>) -> Option<Bytes> {
        let share = self.registry.usage.sent.try_take(answer.len())?;
        Some(share.hold(answer))
    }

    /// True if there is room for an answer over HTTP of so many bytes.
    pub fn may_answer(&self, bytes: usize) -> bool {
        self.registry.usage.sent.try_take(bytes).is_some()
    }

    /// Takes in somebody who connects.
    ///
    /// # Errors
    /// [`RoomError::Refused`] when they, or the server, have as many connections as may be.
    pub(crate) fn admit(&self, person: &str) -> Result<Ticket, RoomError> {
        self.registry.usage.admit(person).map_err(|reason| {
            RoomError::Refused(Refusal { code: close::TRY_LATER, reason: reason.to_owned() })
        })
    }

    /// Opens a room, or joins the load that is under way. The handle keeps the room in memory.
    ///
    /// # Errors
    /// When there is no such canvas, it was deleted or its document cannot be loaded.
    pub async fn open(&self, canvas: &CanvasId) -> Result<RoomHandle, RoomError> {
        if self.registry.is_ending.load(Ordering::Acquire) {
            return Err(RoomError::Closed);
        }
        let slot = Arc::clone(&*self.registry.rooms.entry(canvas.clone()).or_default());
        let opened = slot.room.get_or_try_init(|| self.start(canvas, &slot)).await.cloned();
        let room = match opened {
            Ok(room) => room,
            Err(error) => {
                drop(slot);
                // Nobody else waits for this load: forget it, so that unknown ids leave nothing behind.
                self.registry.rooms.remove_if(canvas, |_, slot| {
                    Arc::strong_count(slot) == 1 && slot.room.get().is_none()
                });
                return Err(error);
            }
        };
        let is_current =
            self.registry.rooms.get(canvas).is_some_and(|now| Arc::ptr_eq(&now, &slot));
        if !is_current {
            // It was closed for good while it loaded.
            room.end(close::RESTART, "the room was closed").await;
            return Err(RoomError::Closed);
        }
        Ok(room)
    }

    async fn start(&self, canvas: &CanvasId, slot: &Arc<Slot>) -> Result<RoomHandle, RoomError> {
        let registry = Arc::downgrade(&self.registry);
        let evicted = canvas.clone();
        let setup = Setup {
            canvas: canvas.clone(),
            limits: self.registry.limits.clone(),
            store: Arc::clone(&self.registry.store),
            log: self.registry.log.clone(),
            hooks: Arc::clone(&self.registry.hooks),
            repair: self.registry.repair,
            online: Arc::clone(&slot.online),
            usage: Arc::clone(&self.registry.usage),
            evict: Box::new(move || {
                registry.upgrade().is_none_or(|registry| registry.evict(&evicted))
            }),
        };
        let loaded = driver::load(&setup).await?;
        let (sender, messages) = mpsc::channel(self.registry.limits.inbox_max_messages);
        let frames = Arc::new(Arrivals::new(&self.registry.limits));
        let inbox = Inbox { messages, frames: Arc::clone(&frames) };
        let inner = Inner {
            canvas: canvas.clone(),
            sender,
            frames,
            next_conn: AtomicU64::new(1),
            limits: self.registry.limits.clone(),
        };
        let span = tracing::info_span!("canvas", canvas = inner.canvas.as_str());
        tokio::spawn(Driver::new(setup, inbox, loaded).run().instrument(span));
        Ok(RoomHandle { inner: Arc::new(inner) })
    }

    /// Counts the people on a canvas, each once, without opening it.
    #[must_use]
    pub fn online(&self, canvas: &CanvasId) -> usize {
        self.registry.rooms.get(canvas).map_or(0, |slot| slot.online.load(Ordering::Relaxed))
    }

    /// Returns the number of canvases in memory, and of their people, each counted once a canvas.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let rooms = &self.registry.rooms;
        let people = rooms.iter().map(|slot| slot.online.load(Ordering::Relaxed)).sum();
        (rooms.len(), people)
    }

    /// Closes everybody in a room with this code and forgets it; what was written is durable when it returns.
    pub async fn close(&self, canvas: &CanvasId, code: u16, reason: &str) {
        if let Some((_, slot)) = self.registry.rooms.remove(canvas)
            && let Some(room) = slot.room.get()
        {
            room.end(code, reason).await;
        }
    }

    /// Ends all rooms: everybody is told to connect again (1012), and all is durable when it returns. Waits at most
    /// [`RoomLimits::close_ms`] for sockets to take their farewell.
    pub async fn shutdown(&self) {
        self.registry.is_ending.store(true, Ordering::Release);
        let mut names: Vec<CanvasId> =
            self.registry.rooms.iter().map(|entry| entry.key().clone()).collect();
        names.sort_unstable();
        join_all(
            names.iter().map(|canvas| self.close(canvas, close::RESTART, "the server restarts")),
        )
        .await;
        let farewells = async {
            while self.registry.usage.sockets() > 0 {
                tokio::time::sleep(Duration::from_millis(FAREWELL_POLL_MS)).await;
            }
        };
        tokio::time::timeout(Duration::from_millis(self.registry.limits.close_ms), farewells)
            .await
            .ok();
    }
}

impl Registry {
    /// Forgets a room that nobody holds. While the entry is locked nobody can take hold of it.
    fn evict(&self, canvas: &CanvasId) -> bool {
        self.rooms
            .remove_if(canvas, |_, slot| {
                Arc::strong_count(slot) == 1
                    && slot.room.get().is_some_and(|room| Arc::strong_count(&room.inner) == 1)
            })
            .is_some()
    }
}

struct Inner {
    canvas: CanvasId,
    sender: mpsc::Sender<Message>,
    frames: Arc<Arrivals>,
    next_conn: AtomicU64,
    limits: RoomLimits,
}

/// A hold on a room. Clones are the same room.
#[derive(Clone)]
pub struct RoomHandle {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for RoomHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomHandle").field("canvas", &self.inner.canvas).finish_non_exhaustive()
    }
}

impl RoomHandle {
    /// The canvas.
    #[must_use]
    pub fn canvas(&self) -> &CanvasId {
        &self.inner.canvas
    }

    async fn send(&self, message: Message) -> Result<(), RoomError> {
        self.inner.sender.send(message).await.or(Err(RoomError::Closed))
    }

    async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut core::Core, oneshot::Sender<Result<T, RoomError>>) -> Option<Waiter>
        + Send
        + 'static,
    ) -> Result<T, RoomError> {
        self.call_of(0, f).await
    }

    /// As [`RoomHandle::call`], for what works on about so many bytes.
    async fn call_of<T: Send + 'static>(
        &self,
        bytes: usize,
        f: impl FnOnce(&mut core::Core, oneshot::Sender<Result<T, RoomError>>) -> Option<Waiter>
        + Send
        + 'static,
    ) -> Result<T, RoomError> {
        let (reply, answer) = oneshot::channel();
        let call = Call { run: Box::new(move |core| f(core, reply)), bytes };
        self.send(Message::Call(call)).await?;
        answer.await.unwrap_or(Err(RoomError::Closed))
    }

    /// Reads the document as it is now, inside the room's task.
    ///
    /// # Errors
    /// [`RoomError::Closed`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        self.call(move |core, reply| {
            reply.send(Ok(core.read(f))).ok();
            None
        })
        .await
    }

    /// Has the outcome looked up and put right where it differs from the database's.
    ///
    /// # Errors
    /// [`RoomError::Closed`].
    pub async fn check_outcome(&self) -> Result<(), RoomError> {
        self.call(|core, reply| {
            core.check_outcome();
            reply.send(Ok(())).ok();
            None
        })
        .await
    }

    /// The document as it is now, for whoever wants to read all of it: the room hands out no more than it has to, and
    /// is free for others while it is read.
    ///
    /// # Errors
    /// [`RoomError::Closed`].
    pub async fn copy(&self) -> Result<Copy, RoomError> {
        self.call(|core, reply| {
            let count = |txn: &Transaction<'_>, root| {
                yrs::ReadTxn::get_map(txn, root).map_or(0, |map| yrs::Map::len(&map, txn))
            };
            let is_short = core.document_bytes() <= READ_HERE_BYTES;
            let small = core.read(|txn| {
                let parts = count(txn, "nodes").saturating_add(count(txn, "edges"));
                (is_short && parts <= READ_HERE_MAX).then(|| Box::new(schema::read_canvas(txn)))
            });
            let copy = small.map_or_else(|| Copy::Encoded(core.encode_state()), Copy::Read);
            reply.send(Ok(copy)).ok();
            None
        })
        .await
    }

    /// The server's own write, in one transaction; returns once it is durable (fsync).
    ///
    /// # Errors
    /// [`RoomError::Closed`] when the room ended or was loaded anew before that: the write may not have happened.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut TransactionMut<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        self.call(move |core, reply| after_write(core.write(f), reply)).await
    }

    /// The server's own write, as [`RoomHandle::write`], without waiting until it happened: for what the database
    /// holds already. Writes of one caller happen in their order.
    ///
    /// # Errors
    /// [`RoomError::Closed`] when the room has ended; the next room reads it from the database.
    pub async fn post(
        &self,
        f: impl FnOnce(&mut TransactionMut<'_>) + Send + 'static,
    ) -> Result<(), RoomError> {
        let run = Box::new(move |core: &mut core::Core| -> Option<Waiter> {
            core.write(f)?;
            Some(Box::new(|_| {}))
        });
        let call = Call { run, bytes: 0 };
        self.send(Message::Call(call)).await
    }

    /// A person's edit that came over HTTP: as [`RoomHandle::write`], but what it does to the server's roots is undone.
    ///
    /// # Errors
    /// As [`RoomHandle::write`].
    pub async fn edit<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut TransactionMut<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        self.call(move |core, reply| after_write(core.edit(f), reply)).await
    }

    /// As [`RoomHandle::edit`], for an edit that adds about so many bytes and works on about so many more.
    ///
    /// # Errors
    /// As [`RoomHandle::write`]; [`RoomError::Refused`] when the document is at its limit.
    pub async fn edit_of<T: Send + 'static>(
        &self,
        bytes: usize,
        work: usize,
        f: impl FnOnce(&mut TransactionMut<'_>) -> T + Send + 'static,
    ) -> Result<T, RoomError> {
        self.call_of(bytes + work, move |core, reply| match core.has_room_for(bytes) {
            Ok(()) => after_write(core.edit(f), reply),
            Err(refusal) => {
                reply.send(Err(RoomError::Refused(refusal))).ok();
                None
            }
        })
        .await
    }

    /// Applies one Yjs v1 update of a person with the rules of a connection; returns once it is durable.
    ///
    /// # Errors
    /// [`RoomError::Refused`] with why (the code is the close code a connection would get). Of a large update what was
    /// applied before that stays.
    pub async fn apply_update(&self, update: Bytes, person: &str) -> Result<(), RoomError> {
        let person: Arc<str> = Arc::from(person);
        if update.len() <= cut::PART_BYTES {
            return self.apply_part(update, &person, true).await;
        }
        let whole = update.clone();
        let cutting = tokio::task::spawn_blocking(move || cut::cut(&whole));
        // Nothing in it panics; if it did, nothing was applied.
        let Ok(cut) = cutting.await else { return Err(RoomError::Closed) };
        let cut = match cut {
            Ok(Some(cut)) => cut,
            Ok(None) => return self.apply_part(update, &person, true).await,
            Err(error) => {
                let reason = error.to_string();
                return Err(RoomError::Refused(Refusal { code: close::MALFORMED, reason }));
            }
        };
        drop(update);
        let by = Arc::clone(&person);
        let checked = self.call(move |core, reply| {
            let checked = core.check_parts(&cut, &by).map(|()| cut.parts);
            reply.send(checked.map_err(RoomError::Refused)).ok();
            None
        });
        let parts = checked.await?;
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.into_iter().enumerate() {
            self.apply_part(part.into(), &person, at == last).await?;
        }
        Ok(())
    }

    /// Applies an update in turns with what others write; `is_last`: returns once it is durable.
    async fn apply_part(
        &self,
        update: Bytes,
        person: &Arc<str>,
        is_last: bool,
    ) -> Result<(), RoomError> {
        let mut is_first = true;
        loop {
            let (update, person) = (update.clone(), Arc::clone(person));
            let part = self.call(move |core, reply| {
                let post = || core.post(&update, &person, is_first, now_ms());
                match large::beside_others(update.len(), post) {
                    Ok(Part::Last) if is_last => after_write(Some(Part::Last), reply),
                    Ok(part) => {
                        reply.send(Ok(part)).ok();
                        None
                    }
                    Err(refusal) => {
                        reply.send(Err(RoomError::Refused(refusal))).ok();
                        None
                    }
                }
            });
            if part.await? == Part::Last {
                return Ok(());
            }
            is_first = false;
        }
    }

    /// The whole document as one Yjs v1 update, shared with all who get it. Waits its turn while what others are
    /// sent holds too much memory.
    ///
    /// # Errors
    /// [`RoomError::Closed`]; [`RoomError::Refused`] (1013) when its turn did not come in time.
    pub async fn encode_state(&self) -> Result<Bytes, RoomError> {
        let until = Instant::now() + Duration::from_millis(self.inner.limits.slow_max_ms);
        loop {
            let encoded = self.call(|core, reply| {
                reply.send(Ok(core.share_state(now_ms()))).ok();
                None
            });
            if let Some(update) = encoded.await? {
                return Ok(update);
            }
            if Instant::now() > until {
                let reason = "the server has too much to send".to_owned();
                return Err(RoomError::Refused(Refusal { code: close::TRY_LATER, reason }));
            }
            tokio::time::sleep(Duration::from_millis(TURN_POLL_MS)).await;
        }
    }

    /// Shows how far a node is (0 to 1) in the server's awareness state; `None` takes it out. Never waits: when the
    /// room is too busy for it, this one is left out and the next one counts.
    pub fn set_progress(&self, node: &NodeId, progress: Option<f32>) {
        self.inner.sender.try_send(Message::Progress(node.clone(), progress)).ok();
    }

    /// Shows where a run waits in the queue in the server's awareness state; `None` takes it out.
    pub fn set_queue(&self, run: &RunId, position: Option<u32>) {
        self.inner.sender.try_send(Message::Queue(run.clone(), position)).ok();
    }

    async fn end(&self, code: u16, reason: &str) {
        let (done, ended) = oneshot::channel();
        if self.send(Message::End { code, reason: reason.to_owned(), done }).await.is_ok() {
            ended.await.ok();
        }
    }

    /// Joins the room as a connection.
    ///
    /// # Errors
    /// [`RoomError::Refused`] when the room is full.
    pub(crate) async fn connect(
        &self,
        role: CanvasRole,
        person: &str,
        wants_saved: bool,
        ticket: Ticket,
    ) -> Result<Connection, RoomError> {
        let conn = core::ConnId(self.inner.next_conn.fetch_add(1, Ordering::Relaxed));
        let outflow = ticket.outflow.clone();
        let outbox = Arc::new(Outbox::new(self.inner.limits.queue_max_bytes, outflow));
        let (reply, joined) = oneshot::channel();
        // A person without a name is nobody else.
        let person = if person.is_empty() { format!("conn {}", conn.0) } else { person.to_owned() };
        let room = self.clone();
        let connection = Connection { room, conn, outbox: Arc::clone(&outbox), ticket };
        self.send(Message::Join { conn, role, person, wants_saved, outbox, reply }).await?;
        match joined.await {
            Ok(Ok(())) => Ok(connection),
            Ok(Err(refusal)) => Err(RoomError::Refused(refusal)),
            Err(_) => Err(RoomError::Closed),
        }
    }
}

fn after_write<T: Send + 'static>(
    written: Option<T>,
    reply: oneshot::Sender<Result<T, RoomError>>,
) -> Option<Waiter> {
    match written {
        Some(value) => Some(Box::new(move |durable| {
            reply.send(durable.map(|()| value)).ok();
        })),
        None => {
            reply.send(Err(RoomError::Closed)).ok();
            None
        }
    }
}

/// A connection in a room. Dropping it leaves.
pub(crate) struct Connection {
    room: RoomHandle,
    conn: core::ConnId,
    outbox: Arc<Outbox>,
    ticket: Ticket,
}

impl Connection {
    /// Where what arrives is counted.
    pub(crate) fn inflow(&self) -> &Inflow {
        &self.ticket.inflow
    }

    /// Hands a frame to the room; waits while too much waits for it already.
    pub(crate) async fn frame(&self, bytes: Bytes, hold: Hold) -> Result<(), RoomError> {
        let inner = &self.room.inner;
        let is_question =
            matches!(Frame::decode(&bytes), Ok(Frame::SyncStep1(_) | Frame::QueryAwareness));
        let arrived = inner.frames.admit(self.conn, bytes, hold).await;
        if is_question {
            return self.room.send(Message::Asked(arrived)).await;
        }
        if inner.sender.is_closed() {
            return Err(RoomError::Closed);
        }
        inner.frames.push(arrived);
        Ok(())
    }

    /// Waits for what is to be sent or done next; [`Connection::answered`] and [`Connection::drained`] tell the room
    /// what came of it.
    pub(crate) async fn next(&self) -> Next {
        self.outbox.next().await
    }

    /// As [`Connection::next`], without waiting.
    pub(crate) fn try_next(&self) -> Option<Next> {
        self.outbox.try_next()
    }

    /// Gives it another role; `None`: it is closed with 4403.
    pub(crate) async fn set_role(&self, role: Option<CanvasRole>) {
        let conn = self.conn;
        let changed = self.room.call(move |core, reply| {
            match role {
                Some(role) => core.set_role(conn, role, now_ms()),
                None => core.end_access(conn, now_ms()),
            }
            reply.send(Ok(())).ok();
            None
        });
        // A room that is gone has closed it.
        changed.await.ok();
    }

    /// The answer to a step 1 was sent.
    pub(crate) async fn answered(&self) {
        self.room.send(Message::Answered(self.conn)).await.ok();
    }

    /// The queue was lost and has drained.
    pub(crate) async fn drained(&self) {
        self.room.send(Message::Drained(self.conn)).await.ok();
    }

    /// Closes after what is queued.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        self.outbox.close(code, reason.to_owned());
    }

    /// Gives up everything that waits to be sent to it, and closes it.
    pub(crate) fn give_up(&self, code: u16, reason: &str) {
        self.outbox.give_up(code, reason.to_owned());
    }

    /// True if others wait for the memory that answers hold.
    pub(crate) fn is_wanted(&self) -> bool {
        self.ticket.answers.is_wanted()
    }

    /// Answers a ping.
    pub(crate) fn pong(&self, payload: Bytes) {
        self.outbox.pong(payload);
    }

    /// The other side closes.
    pub(crate) fn hang_up(&self, code: u16) {
        self.outbox.hang_up(code);
    }

    /// True if the other side closes.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.outbox.is_hung_up()
    }

    /// True if the room has closed it.
    pub(crate) fn is_closing(&self) -> bool {
        self.outbox.is_closing()
    }

    /// Leaves the room at once.
    pub(crate) async fn leave(self) {
        self.room.send(Message::Leave(self.conn)).await.ok();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The room looks for it within its next tick where `leave` was not heard.
        self.outbox.mark_gone();
    }
}
