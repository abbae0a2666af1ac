//! One task a room: it feeds the core, performs its effects, and keeps the log.

mod compacting;

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::ids::{CanvasId, NodeId, RunId};
use gesso_protocol::schema::{self, Meta, Outcome};
use gesso_protocol::wire::close;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::PollSemaphore;

use super::arrivals::{Arrivals, Arrived};
use super::budget::{Hold, Usage};
use super::compact::Compacted;
use super::core::{ConnId, Core, Effect, Refusal, Repair};
use super::error::RoomError;
use super::hooks::RoomHooks;
use super::large::{LARGE_BYTES, beside_others, work_of};
use super::limits::RoomLimits;
use super::mend::{self, Stored};
use super::outbox::Outbox;
use super::store::{Append, Store};
use super::time::now_ms;
use crate::clock;

/// Interval at which a room looks at the clock, in ms.
const TICK_MS: u64 = 250;
/// Most time a request over HTTP waits for updates that came before it.
const BEFORE_CALL: Duration = Duration::from_millis(300);
/// Most messages that one drain takes before it fans out.
const DRAIN_MAX: usize = 4_096;
/// For how long messages are performed before what they did is told and stored.
const DRAIN_MOST: Duration = Duration::from_millis(10);
/// Most time that changes are gathered when the server itself waits for them.
const WAITED_FOR: Duration = Duration::from_millis(4);
/// Waits between attempts to load a room anew, in ms.
const RELOAD_WAITS_MS: [u64; 5] = [0, 100, 500, 2_000, 5_000];

/// Runs on the core inside the room's task.
pub(crate) struct Call {
    /// Answers who waits until it is durable; nobody where it wrote nothing.
    pub(super) run: Box<dyn FnOnce(&mut Core) -> Option<Waiter> + Send>,
    /// About so many bytes are worked on.
    pub(super) bytes: usize,
}
/// Told once what a call wrote is durable, or why it will not be.
pub(crate) type Waiter = Box<dyn FnOnce(Result<(), RoomError>) + Send>;

/// A message to a room.
pub(crate) enum Message {
    Join {
        conn: ConnId,
        role: CanvasRole,
        person: String,
        wants_saved: bool,
        outbox: Arc<Outbox>,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// A frame that asks for something and waits for no tick.
    Asked(Arrived),
    Answered(ConnId),
    Drained(ConnId),
    Leave(ConnId),
    Call(Call),
    Progress(NodeId, Option<f32>),
    Queue(RunId, Option<u32>),
    /// Close everybody and end; the registry has forgotten the room.
    End {
        code: u16,
        reason: String,
        done: oneshot::Sender<()>,
    },
}

/// The sources that a room's task receives from.
pub(crate) struct Inbox {
    pub(crate) messages: mpsc::Receiver<Message>,
    /// Frames that connections sent: taken before any message that was sent after them, and else together with what
    /// else comes before the next fan-out, so that dense traffic does not wake the room for every frame.
    pub(crate) frames: Arc<Arrivals>,
}

/// The things that a room's task needs from outside.
pub(crate) struct Setup {
    pub(crate) canvas: CanvasId,
    pub(crate) limits: RoomLimits,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: mpsc::Sender<Append>,
    pub(crate) hooks: Arc<dyn RoomHooks>,
    pub(crate) repair: Repair,
    /// People on the canvas, each counted once, for the list of canvases.
    pub(crate) online: Arc<AtomicUsize>,
    /// The sockets of this process, and the memory they hold.
    pub(crate) usage: Arc<Usage>,
    /// Asks the registry whether the room may end; true when it has forgotten it.
    pub(crate) evict: Box<dyn Fn() -> bool + Send + Sync>,
}

/// A room that is loaded.
pub(crate) struct Loaded {
    core: Core,
    seq: i64,
    tail: (u64, u64),
}

/// Loads a canvas's document and lays the database's truth of outcome over it. What of it is damaged is set aside and
/// the rest is opened.
pub(crate) async fn load(setup: &Setup) -> Result<Loaded, RoomError> {
    let mut doubt = false;
    let (mut core, chosen, seq, tail) = loop {
        let stored = match mend::load(&*setup.store, &setup.canvas, doubt).await? {
            mend::Loaded::Nothing => return Err(RoomError::NotFound),
            mend::Loaded::Deleted => return Err(RoomError::Deleted),
            mend::Loaded::Document(stored) => stored,
        };
        let Stored { updates, seq, tail, waiting, claims, .. } = stored;
        let (limits, repair) = (setup.limits.clone(), setup.repair);
        // Many rooms at once take turns: each would otherwise have a thread and its memory.
        let turn = setup.usage.heavy.acquire().await;
        // Decoding a large document takes long enough to be in the way of others on this thread.
        let opened = tokio::task::spawn_blocking(move || {
            let mut core = Core::open(&updates, claims, rand::random(), limits, repair, now_ms())
                .map_err(|error| RoomError::Load(error.to_string()))?;
            core.wait_for(waiting);
            let chosen = core.read(|txn| schema::chosen_generations(txn));
            Ok::<_, RoomError>((core, chosen))
        });
        let opened = opened.await.unwrap_or_else(|error| Err(RoomError::Load(error.to_string())));
        drop(turn);
        match opened {
            Ok((core, chosen)) => break (core, chosen, seq, tail),
            Err(error) if doubt => return Err(error),
            Err(error) => {
                tracing::error!(canvas = %setup.canvas, %error, "a document's log is looked through");
                doubt = true;
            }
        }
    };
    core.count_answers_in(&setup.usage.answers);
    let outcome = setup
        .hooks
        .outcome(&setup.canvas, chosen)
        .await
        .map_err(|error| RoomError::Load(error.to_string()))?;
    let laid = tokio::task::spawn_blocking(move || {
        core.lay_outcome(&outcome)
            .ok_or_else(|| RoomError::Load("the outcome could not be written".to_owned()))?;
        core.forget_nodes();
        Ok::<Core, RoomError>(core)
    });
    let core = laid.await.map_err(|error| RoomError::Load(error.to_string()))??;
    Ok(Loaded { core, seq, tail })
}

/// A room's task.
pub(crate) struct Driver {
    setup: Setup,
    inbox: Inbox,
    core: Core,
    outboxes: BTreeMap<ConnId, Arc<Outbox>>,
    seq: i64,
    /// Rows and bytes in the log since the last snapshot.
    tail: (u64, u64),
    appends: FuturesOrdered<BoxFuture<'static, (u64, Result<(), RoomError>)>>,
    /// Waiters whose write was not flushed yet, then those that wait for a persist to be durable.
    fresh: Vec<Waiter>,
    /// Nobody comes any more: what is left is stored at once.
    is_ending: bool,
    waiters: Vec<(u64, Waiter)>,
    durable: u64,
    is_dirty: bool,
    flushed_at: Instant,
    /// Awareness changed since it was last told.
    is_stirred: bool,
    stirred_at: Instant,
    /// Connections that drained and wait for a place for their diff.
    drained: Vec<ConnId>,
    /// Places of frames whose updates are not all applied: until they are, no more is read than fits.
    held: BTreeMap<ConnId, Vec<Hold>>,
    /// Connections that left before all of their updates were applied.
    leaving: BTreeSet<ConnId>,
    /// Turns for parts of large updates.
    parts: PollSemaphore,
    outcome: Option<JoinHandle<Result<Outcome, String>>>,
    outcome_again: bool,
    /// Somebody chose what a node shows since the choices were looked at.
    choices_changed: bool,
    /// The chosen generations that the document did not hold then: they are looked up once.
    unheld: BTreeSet<String>,
    /// Writes of the server so far, and how many there were when the outcome was asked for.
    writes: u64,
    writes_at_outcome: u64,
    /// Name and description as the list has them, once they were written there.
    listed: Option<Meta>,
    /// The last persist that the list was told of, and when.
    told: (u64, Instant),
    compacting: Option<JoinHandle<Compacted>>,
    idle_since: Option<Instant>,
}

/// Why the task's loop ended.
enum End {
    Retired,
    Asked { code: u16, reason: String, done: oneshot::Sender<()> },
}

impl Driver {
    pub(crate) fn new(setup: Setup, inbox: Inbox, loaded: Loaded) -> Self {
        let parts = PollSemaphore::new(Arc::clone(&setup.usage.parts));
        Self {
            setup,
            inbox,
            core: loaded.core,
            outboxes: BTreeMap::new(),
            seq: loaded.seq,
            tail: loaded.tail,
            appends: FuturesOrdered::new(),
            fresh: Vec::new(),
            is_ending: false,
            waiters: Vec::new(),
            durable: 0,
            // What loading wrote over the document is to be flushed.
            is_dirty: true,
            flushed_at: Instant::now(),
            is_stirred: true,
            stirred_at: Instant::now(),
            drained: Vec::new(),
            held: BTreeMap::new(),
            leaving: BTreeSet::new(),
            parts,
            outcome: None,
            outcome_again: false,
            choices_changed: false,
            unheld: BTreeSet::new(),
            writes: 0,
            writes_at_outcome: 0,
            listed: None,
            told: (0, Instant::now()),
            compacting: None,
            idle_since: None,
        }
    }

    /// Runs until the room retires or is told to end.
    pub(crate) async fn run(mut self) {
        let end = self.turn().await;
        let (code, reason, done) = match end {
            End::Retired => (close::RESTART, String::new(), None),
            End::Asked { code, reason, done } => (code, reason, Some(done)),
        };
        self.is_ending = true;
        self.core.close_all(code, &reason, now_ms());
        self.flush().await;
        while let Some((number, result)) = self.appends.next().await {
            self.appended(number, result);
        }
        self.perform().await;
        for waiter in self.fresh.drain(..).chain(self.waiters.drain(..).map(|(_, waiter)| waiter)) {
            waiter(Err(RoomError::Closed));
        }
        self.setup.online.store(0, Ordering::Relaxed);
        if let Some(done) = done {
            done.send(()).ok();
        }
    }

    async fn turn(&mut self) -> End {
        let mut tick = tokio::time::interval(Duration::from_millis(TICK_MS));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let interval = Duration::from_millis(self.setup.limits.flush_interval_ms);
        let awareness = Duration::from_millis(self.setup.limits.awareness_interval_ms);
        loop {
            self.is_dirty |= self.core.has_edits() || !self.fresh.is_empty();
            self.is_stirred |= self.core.is_stirred();
            let gathering = if self.fresh.is_empty() { interval } else { interval.min(WAITED_FOR) };
            let edits_due = self.flushed_at + gathering;
            let awareness_due = self.stirred_at + awareness;
            let due = match (self.is_dirty, self.is_stirred) {
                (true, true) => edits_due.min(awareness_due),
                (true, false) => edits_due,
                (false, _) => awareness_due,
            };
            let is_gathering = self.is_dirty && Instant::now() < edits_due;
            tokio::select! {
                message = self.inbox.messages.recv() => match message {
                    None => return End::Retired,
                    Some(message) => {
                        if let Some(end) = self.drain(message).await {
                            return end;
                        }
                    }
                },
                () = self.inbox.frames.some(), if !is_gathering => self.take_frames(),
                Some((number, result)) = self.appends.next(), if !self.appends.is_empty() => {
                    self.appended(number, result);
                }
                () = tokio::time::sleep_until(due.into()), if self.is_dirty || self.is_stirred => {}
                turn = poll_fn(|cx| self.parts.poll_acquire(cx)), if self.core.is_unfinished() => {
                    self.go_on();
                    drop(turn);
                }
                _ = tick.tick() => {
                    self.tick();
                    self.resync().await;
                    if self.may_retire().await {
                        return End::Retired;
                    }
                }
                found = wait_for(&mut self.outcome) => self.reconcile(found),
            }
            self.is_dirty |= self.core.has_edits() || !self.fresh.is_empty();
            self.is_stirred |= self.core.is_stirred();
            let now = Instant::now();
            if self.is_dirty && now >= edits_due {
                self.take_frames();
                self.flush_edits().await;
            }
            if self.is_stirred && now >= awareness_due {
                self.is_stirred = false;
                self.stirred_at = now;
                self.core.flush_presence(now_ms());
            }
            self.core.answer_asked(now_ms());
            self.perform().await;
            if let Some(why) = self.core.broken().map(str::to_owned)
                && let Some(end) = self.reload(&why).await
            {
                return end;
            }
        }
    }

    /// Performs all messages that have arrived, each after the frames that came before it.
    async fn drain(&mut self, first: Message) -> Option<End> {
        let began = Instant::now();
        let mut next = Some(first);
        let mut count = 0;
        while let Some(message) = next {
            self.take_frames();
            if matches!(message, Message::Call(_)) {
                // What somebody asks for may build on what was sent before; but not everybody waits for the longest.
                self.finish(began + BEFORE_CALL).await;
            }
            if let Some(end) = self.message(message).await {
                return Some(end);
            }
            count += 1;
            let goes_on = count < DRAIN_MAX && began.elapsed() < DRAIN_MOST;
            next = if goes_on { self.inbox.messages.try_recv().ok() } else { None };
        }
        self.idle_since = None;
        None
    }

    /// Takes all frames that have arrived.
    fn take_frames(&mut self) {
        let arrived = self.inbox.frames.take();
        if !arrived.is_empty() {
            self.apply(arrived);
        }
    }

    /// Applies frames connection by connection, those of connections that sent little first.
    fn apply(&mut self, arrived: Vec<Arrived>) {
        let mut frames: BTreeMap<ConnId, Vec<Bytes>> = BTreeMap::new();
        // Held until the frames are applied.
        let mut places: BTreeMap<ConnId, Vec<Hold>> = BTreeMap::new();
        for Arrived { conn, bytes, place: (_, hold) } in arrived {
            frames.entry(conn).or_default().push(bytes);
            places.entry(conn).or_default().push(hold);
        }
        let is_small =
            |frames: &Vec<Bytes>| frames.iter().map(Bytes::len).sum::<usize>() < LARGE_BYTES;
        let (small, large): (Vec<_>, Vec<_>) =
            frames.into_iter().partition(|(_, frames)| is_small(frames));
        beside_others(work_of(0, &self.core), || self.core.batch(&small, now_ms()));
        self.core.defer(&large, now_ms());
        for (conn, holds) in places {
            if self.core.is_unfinished_of(conn) {
                self.held.entry(conn).or_default().extend(holds);
            }
        }
        self.idle_since = None;
    }

    /// Applies what waits for its turn, until a time. A timer around it would starve: turns may come at once, for ever.
    async fn finish(&mut self, until: Instant) {
        while self.core.is_unfinished() && Instant::now() < until {
            let turn = poll_fn(|cx| self.parts.poll_acquire(cx)).await;
            self.go_on();
            drop(turn);
        }
    }

    /// Applies more of what waits for its turn.
    fn go_on(&mut self) {
        beside_others(usize::MAX, || self.core.go_on(now_ms()));
        let core = &self.core;
        self.held.retain(|conn, _| core.is_unfinished_of(*conn));
        let left = self.leaving.extract_if(.., |conn| !core.is_unfinished_of(*conn));
        for conn in left.collect::<Vec<_>>() {
            self.forget(conn);
        }
    }

    async fn message(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Join { conn, role, person, wants_saved, outbox, reply } => {
                let joined = self.core.join(conn, role, &person, wants_saved, now_ms());
                if joined.is_ok() {
                    self.outboxes.insert(conn, outbox);
                }
                self.count_online();
                reply.send(joined).ok();
            }
            Message::Asked(frame) => self.apply(vec![frame]),
            Message::Answered(conn) => self.core.answered(conn),
            Message::Drained(conn) => {
                self.drained.push(conn);
                self.resync().await;
            }
            Message::Leave(conn) => self.forget(conn),
            Message::Call(_) if self.core.broken().is_some() => {}
            Message::Call(call) => self.call(call).await,
            Message::Progress(node, progress) => self.core.set_progress(&node, progress),
            Message::Queue(run, position) => self.core.set_queue(&run, position),
            Message::End { code, reason, done } => return Some(End::Asked { code, reason, done }),
        }
        None
    }

    /// Does what somebody asks for; much of it in a turn of its own, of which the process has few at once.
    async fn call(&mut self, Call { run, bytes }: Call) {
        let bytes = work_of(bytes, &self.core);
        let turn = if bytes >= LARGE_BYTES {
            poll_fn(|cx| self.parts.poll_acquire(cx)).await
        } else {
            None
        };
        let waiter = beside_others(bytes, || run(&mut self.core));
        drop(turn);
        if let Some(waiter) = waiter {
            self.writes += 1;
            self.fresh.push(waiter);
        }
    }

    /// Gives those who drained what they missed, as far as there is room for it.
    async fn resync(&mut self) {
        while let Some(conn) = self.drained.last().copied() {
            if self.outboxes.contains_key(&conn) && !self.core.may_resync() {
                return;
            }
            self.drained.pop();
            // What is committed but not flushed is in the diff: flushing first keeps it from coming again.
            self.flush().await;
            if let Some(outbox) = self.outboxes.get(&conn) {
                let missed = outbox.resume();
                self.core.resync(conn, &missed);
                self.perform().await;
            }
        }
    }

    /// A connection is gone. What it wrote before counts.
    fn forget(&mut self, conn: ConnId) {
        if self.core.is_unfinished_of(conn) {
            self.leaving.insert(conn);
            return;
        }
        self.core.leave(conn, now_ms());
        self.outboxes.remove(&conn);
        self.count_online();
    }

    fn count_online(&self) {
        self.setup.online.store(self.core.people(), Ordering::Relaxed);
    }

    fn tick(&mut self) {
        let now = now_ms();
        let gone: Vec<ConnId> = self
            .outboxes
            .iter()
            .filter(|(_, outbox)| outbox.is_gone())
            .map(|(conn, _)| *conn)
            .collect();
        if !gone.is_empty() {
            // What they wrote before they went counts.
            self.take_frames();
        }
        for conn in gone {
            self.forget(conn);
        }
        let slow_max_ms = self.setup.limits.slow_max_ms;
        let slow: Vec<ConnId> = self
            .outboxes
            .iter()
            .filter(|(_, outbox)| {
                outbox.lagging_since_ms().is_some_and(|since| since + slow_max_ms <= now)
            })
            .map(|(conn, _)| *conn)
            .collect();
        for conn in slow {
            if let Some(outbox) = self.outboxes.get(&conn) {
                outbox.close(close::TRY_LATER, "too slow for what it is sent".to_owned());
            }
            self.forget(conn);
        }
        self.look_after_compacting();
        self.look_up_choices();
        if self.outcome.is_none() && std::mem::take(&mut self.outcome_again) {
            self.check_outcome();
        }
        self.core.tick(now);
        self.tell();
    }

    /// Tells the list that the document changed, once that is stored: the list is read from the database.
    fn tell(&mut self) {
        let (told, at) = self.told;
        if self.durable == told
            || at.elapsed() < Duration::from_millis(self.setup.limits.tell_ms)
            || self.core.broken().is_some()
        {
            return;
        }
        self.told = (self.durable, Instant::now());
        self.setup.hooks.edited(&self.setup.canvas);
    }

    /// Sends all that is due, and persists.
    async fn flush(&mut self) {
        self.core.flush(now_ms());
        self.flushed().await;
    }

    /// Fans out and persists.
    async fn flush_edits(&mut self) {
        self.core.flush_edits();
        self.flushed().await;
    }

    /// Performs what was flushed; then every waiter knows for which persist it waits.
    async fn flushed(&mut self) {
        self.is_dirty = false;
        self.flushed_at = Instant::now();
        self.perform().await;
        if self.core.is_opening_to_be_measured() {
            self.start_measuring();
        }
        let number = self.core.persisted();
        for waiter in std::mem::take(&mut self.fresh) {
            if number <= self.durable {
                waiter(Ok(()));
            } else {
                self.waiters.push((number, waiter));
            }
        }
    }

    /// Does what the core asked for.
    async fn perform(&mut self) {
        for effect in self.core.take_effects() {
            match effect {
                Effect::Send { conn, frame, covers } => {
                    if let Some(outbox) = self.outboxes.get(&conn) {
                        outbox.push(frame, covers, now_ms());
                    }
                }
                Effect::Answer { conn, frame } => {
                    if let Some(outbox) = self.outboxes.get(&conn) {
                        outbox.push_answer(frame);
                    }
                }
                Effect::Close { conn, code, reason } => {
                    if let Some(outbox) = self.outboxes.remove(&conn) {
                        outbox.close(code, reason);
                    }
                    self.count_online();
                }
                Effect::Persist { number, update } => self.persist(number, update).await,
                Effect::CheckOutcome => self.check_outcome(),
                Effect::ChoicesChanged => self.choices_changed = true,
                Effect::Said { thread, message } => {
                    self.setup.hooks.said(&self.setup.canvas, thread, message);
                }
                Effect::Recovered(ids) => self.recovered(ids),
            }
        }
    }

    async fn persist(&mut self, number: u64, update: Bytes) {
        self.seq += 1;
        self.tail.0 += 1;
        self.tail.1 += update.len() as u64;
        let (done, durable) = oneshot::channel();
        let meta = self.core.read(|txn| schema::read_meta(txn));
        let is_new = self.listed.as_ref() != Some(&meta);
        let append = Append {
            room: self.core.id(),
            claims: self.core.take_claims(),
            listed: is_new.then(|| self.listed.insert(meta).clone()),
            canvas: self.setup.canvas.clone(),
            seq: self.seq,
            data: update,
            at: clock::now_ms(),
            is_awaited: self.is_ending || !self.fresh.is_empty(),
            done,
        };
        let sent = self.setup.log.send(append).await.is_ok();
        self.appends.push_back(Box::pin(async move {
            let result = match durable.await {
                Ok(result) if sent => result.map_err(RoomError::from),
                Ok(_) | Err(_) => Err(RoomError::Closed),
            };
            (number, result)
        }));
        if self.is_compaction_due() {
            self.start_compacting();
        }
    }

    fn appended(&mut self, number: u64, result: Result<(), RoomError>) {
        match result {
            Ok(()) => {
                self.durable = number;
                self.core.durable(number);
                let due = self.waiters.partition_point(|(waits_for, _)| *waits_for <= number);
                for (_, waiter) in self.waiters.drain(..due) {
                    waiter(Ok(()));
                }
            }
            Err(error) => {
                // Whoever waits is told why; nothing that comes after it can be stored before the room is loaded anew.
                let waiting =
                    std::mem::take(&mut self.waiters).into_iter().map(|(_, waiter)| waiter);
                for waiter in waiting.chain(std::mem::take(&mut self.fresh)) {
                    waiter(Err(error.clone()));
                }
                self.core.give_up_on_log(&error.to_string());
            }
        }
    }

    fn check_outcome(&mut self) {
        if self.outcome.is_some() {
            self.outcome_again = true;
            return;
        }
        self.writes_at_outcome = self.writes;
        let (hooks, canvas) = (Arc::clone(&self.setup.hooks), self.setup.canvas.clone());
        let chosen = self.core.read(|txn| schema::chosen_generations(txn));
        self.outcome = Some(tokio::spawn(async move {
            hooks.outcome(&canvas, chosen).await.map_err(|error| error.to_string())
        }));
    }

    /// Has what somebody chose and the document does not hold looked up (R-DOC-30), as seldom as the room ticks.
    fn look_up_choices(&mut self) {
        if !std::mem::take(&mut self.choices_changed) {
            return;
        }
        let unheld = self.core.read(|txn| schema::unheld_choices(txn));
        if unheld.difference(&self.unheld).next().is_some() {
            self.check_outcome();
        }
        self.unheld = unheld;
    }

    fn reconcile(&mut self, found: Result<Outcome, String>) {
        // What the server wrote since may be newer than what was read; the database always is first.
        let is_stale = self.writes != self.writes_at_outcome;
        match found {
            // A run may write for minutes without a pause in which it could be read: what lasts is not to wait for one.
            Ok(outcome) if is_stale => drop(self.core.write(|txn| outcome.add_lasting(txn))),
            Ok(outcome) => drop(self.core.lay_outcome(&outcome)),
            Err(error) => {
                tracing::error!(canvas = %self.setup.canvas, %error, "the outcome could not be read")
            }
        }
        self.is_dirty = true;
        if is_stale {
            // At the next tick: reading without a pause would come to no end either.
            self.outcome_again = true;
        } else if std::mem::take(&mut self.outcome_again) {
            self.check_outcome();
        }
    }

    /// A room that nobody needs for a while is compacted and forgotten.
    async fn may_retire(&mut self) -> bool {
        if self.core.connections() > 0
            || !self.appends.is_empty()
            || self.is_dirty && !self.fresh.is_empty()
        {
            self.idle_since = None;
            return false;
        }
        let since = *self.idle_since.get_or_insert_with(Instant::now);
        if since.elapsed() < Duration::from_millis(self.setup.limits.idle_ms) {
            return false;
        }
        self.flush().await;
        if !self.appends.is_empty() {
            return false;
        }
        if self.tail.0 > 0 {
            self.start_compacting();
            return false;
        }
        if self.is_compacting() {
            return false;
        }
        (self.setup.evict)()
    }

    /// The last net: everybody is told to connect again and the room is loaded anew from its log.
    async fn reload(&mut self, why: &str) -> Option<End> {
        tracing::error!(canvas = %self.setup.canvas, why, "a room is loaded anew");
        for outbox in std::mem::take(&mut self.outboxes).into_values() {
            outbox.close(close::RESTART, "the room is loaded anew".to_owned());
        }
        for waiter in self.fresh.drain(..).chain(self.waiters.drain(..).map(|(_, waiter)| waiter)) {
            waiter(Err(RoomError::Closed));
        }
        // What is on its way into the log has to be there, or have failed, before the log is read.
        while self.appends.next().await.is_some() {}
        for wait_ms in RELOAD_WAITS_MS.into_iter().chain(std::iter::repeat(5_000)) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            match load(&self.setup).await {
                Ok(loaded) => {
                    self.core = loaded.core;
                    self.seq = loaded.seq;
                    self.tail = loaded.tail;
                    self.durable = 0;
                    self.is_dirty = true;
                    self.count_online();
                    return None;
                }
                Err(RoomError::NotFound | RoomError::Deleted) => {
                    let (done, _) = oneshot::channel();
                    return Some(End::Asked {
                        code: close::DELETED,
                        reason: "deleted".to_owned(),
                        done,
                    });
                }
                Err(error) => {
                    tracing::error!(canvas = %self.setup.canvas, %error, "a room could not be loaded anew")
                }
            }
        }
        None
    }
}

async fn wait_for(
    task: &mut Option<JoinHandle<Result<Outcome, String>>>,
) -> Result<Outcome, String> {
    match task {
        None => std::future::pending().await,
        Some(running) => {
            let result = running.await.unwrap_or_else(|error| Err(error.to_string()));
            *task = None;
            result
        }
    }
}
