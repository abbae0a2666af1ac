//! One task a run. Each turn takes everything that happened, asks [`super::core`] what follows and records all of it
//! in one transaction; only then does it start the calls and show it in the document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gesso_protocol::api::ItemBody;
use gesso_protocol::plan::{Plan, Units};
use gesso_protocol::problem::{ErrorCode, Refusal};
use gesso_protocol::schema::{Failure, Generation, NodeState, RunInfo, RunStatus};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::book::Book;
use super::core::{Core, Effect, End};
use super::invoke::{Calling, Delivered, Outcome, late_row, unknown_fate};
use super::mailbox::{Decision, Event, Mailbox, Reply};
use super::progress::Progress;
use super::turn::Turn;
use crate::clock::now_ms;
use crate::db::DbError;
use crate::db::runs::{
    Changes, InvocationRow, NewInvocation, RecordError, ReviewRow, RunRow, StatusChange,
};
use crate::failpoint;
use crate::providers::Repeat;
use crate::room::RoomHandle;

/// How long to wait before a failed write to the database is tried again, in ms.
const DB_RETRY_MS: u64 = 1_000;
/// The most events of one turn.
const TURN_EVENTS_MAX: usize = 256;
/// The shortest time between two writes into the document for which nobody waits: one frame of a screen.
const SHOWN: Duration = Duration::from_millis(16);
/// How often the cost of a running run is told, in ms.
const COST_TOLD_MS: i64 = 200;

/// A run in hand, as its calls see it.
pub(super) struct Driven {
    pub(super) inner: Arc<Inner>,
    pub(super) row: RunRow,
    pub(super) room: RoomHandle,
    pub(super) plan: Arc<Plan>,
    pub(super) units: Arc<Units>,
    pub(super) fence: i64,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) progress: Progress,
}

impl Driven {
    /// Passes a failpoint; `false` when this server is dead from here on.
    pub(super) fn pass(&self, name: &'static str) -> bool {
        self.inner.failpoints.pass(name);
        !self.inner.failpoints.is_dead()
    }

    /// Repeats a write until the database takes it: a full disk or a lost connection must not decide how a
    /// paid run ends. `false` when the server stops meanwhile or another one has taken the run over.
    pub(super) async fn persist(&self, changes: Changes) -> bool {
        loop {
            if self.inner.failpoints.is_dead() {
                return false;
            }
            match self.inner.recorder.record(changes.clone()).await {
                Ok(()) => return true,
                Err(RecordError::Fenced(run)) => {
                    tracing::warn!(run, "another server has taken the run over");
                    return false;
                }
                Err(RecordError::Db(error)) => {
                    tracing::error!(%error, run = self.row.id, "a run cannot be recorded, trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(DB_RETRY_MS)) => {}
                () = self.inner.shutdown.cancelled() => return false,
            }
        }
    }
}

/// Somebody who waits for a turn to be durable.
enum Waiter {
    Review(Reply),
    Submitted(tokio::sync::oneshot::Sender<bool>),
}

/// Drives one run.
pub(super) struct Driver {
    run: Arc<Driven>,
    core: Core,
    book: Book,
    info: RunInfo,
    cost_told_at: i64,
    /// What is recorded and not shown yet, and when something was shown.
    unshown: Turn,
    shown_at: Instant,
    aborts: BTreeMap<u32, CancellationToken>,
    /// Units whose turn has come and that are not started yet.
    granted: Vec<u32>,
    starting: Vec<Calling>,
    waiters: Vec<Waiter>,
}

/// What a run is taken up with.
pub(super) struct Opened {
    pub(super) run: Driven,
    pub(super) core: Core,
    pub(super) book: Book,
}

impl Driver {
    pub(super) fn new(opened: Opened) -> Self {
        let Opened { run, core, book } = opened;
        let mut info = run.row.info();
        info.cost = book.cost();
        Self {
            info,
            run: Arc::new(run),
            core,
            book,
            cost_told_at: 0,
            unshown: Turn::default(),
            shown_at: Instant::now() - SHOWN,
            aborts: BTreeMap::new(),
            granted: Vec::new(),
            starting: Vec::new(),
            waiters: Vec::new(),
        }
    }

    /// Drives the run to its end, until the server stops, or until another one takes it over.
    pub(super) async fn drive(mut self) {
        let inner = Arc::clone(&self.run.inner);
        loop {
            match self.turn().await {
                Some(true) => {}
                Some(false) => break,
                None => return,
            }
            let due = self.shown_at + SHOWN;
            let is_due = tokio::select! {
                () = self.run.mailbox.wait() => false,
                () = tokio::time::sleep_until(due), if !self.unshown.is_empty() => true,
                () = inner.shutdown.cancelled() => return,
            };
            if is_due && self.show_now().await.is_none() {
                return;
            }
        }
        self.leave().await;
    }

    /// One turn: `Some(false)` when the run has ended, `None` when it is left where it stands.
    async fn turn(&mut self) -> Option<bool> {
        let mut turn = Turn::default();
        loop {
            self.effects(&mut turn);
            let events = self.run.mailbox.take(TURN_EVENTS_MAX);
            let is_quiet = events.is_empty();
            for event in events {
                self.event(event, &mut turn);
            }
            let follows = self.start_granted(&mut turn).await;
            if (is_quiet && !follows) || self.starting.len() >= TURN_EVENTS_MAX {
                break;
            }
        }
        self.effects(&mut turn);
        self.status(&mut turn);
        if !turn.is_empty() {
            self.record(&turn).await?;
        }
        for calling in self.starting.drain(..) {
            self.run.inner.tasks.spawn(calling.call());
        }
        self.show(turn).await?;
        for waiter in self.waiters.drain(..) {
            match waiter {
                Waiter::Review(reply) => reply.send(Ok(())).is_ok(),
                Waiter::Submitted(recorded) => recorded.send(true).is_ok(),
            };
        }
        Some(!self.info.status.is_terminal())
    }

    fn event(&mut self, event: Event, turn: &mut Turn) {
        match event {
            Event::Granted(unit) => self.granted.push(unit),
            Event::Retrying { unit, attempts, failure } => {
                if self.core.is_running(unit) {
                    let note = &mut self.book.units[unit as usize];
                    (note.attempts, note.error) = (attempts, failure);
                    turn.units.insert(unit);
                }
            }
            Event::Submitted { unit, job, recorded } => {
                // A stopped call's job is noted all the same, where its row can still change.
                if self.core.is_running(unit) {
                    self.book.units[unit as usize].job = Some(job);
                    turn.units.insert(unit);
                    self.waiters.push(Waiter::Submitted(recorded));
                } else {
                    recorded.send(true).ok();
                }
            }
            Event::Ended { unit, attempts, outcome } => {
                if self.core.is_running(unit) {
                    self.book.units[unit as usize].attempts = attempts;
                }
                self.call_ended(unit, outcome, turn);
            }
            Event::Review { decision, reply } => self.decide(decision, reply, turn),
            Event::Cancel => self.core.cancel(),
        }
        self.effects(turn);
    }

    fn call_ended(&mut self, unit: u32, outcome: Outcome, turn: &mut Turn) {
        self.aborts.remove(&unit);
        match outcome {
            Outcome::Completed(delivered) if self.core.has_ended(unit) => {
                turn.late.extend(late_row(&self.run, unit, *delivered));
            }
            Outcome::Completed(delivered) => self.completed(unit, *delivered, turn),
            Outcome::Failed(failure) => self.end_unit(unit, End::Failed(failure), turn),
            Outcome::Cancelled => self.end_unit(unit, End::Cancelled, turn),
        }
    }

    fn completed(&mut self, unit: u32, delivered: Delivered, turn: &mut Turn) {
        let made: Arc<[Generation]> = delivered.generations.into();
        let note = &mut self.book.units[unit as usize];
        note.generations = made.iter().map(|made| made.id.clone()).collect();
        note.fingerprint = Some(delivered.fingerprint.clone());
        note.cost = delivered.cost;
        let with = serde_json::to_string(&delivered.made_with).unwrap_or_default();
        let count = made.len() as u32;
        self.book.set_made(unit, Arc::clone(&made));
        turn.generations.push((unit, made, with.into()));
        turn.assets.extend(delivered.assets);
        self.end_unit(unit, End::Completed { made: count }, turn);
    }

    /// Ends a unit in the book and in the core; the first end counts.
    fn end_unit(&mut self, unit: u32, end: End, turn: &mut Turn) {
        if self.core.has_ended(unit) {
            return;
        }
        self.note_end(unit, &end, turn);
        self.core.ended(unit, end);
    }

    fn note_end(&mut self, unit: u32, end: &End, turn: &mut Turn) {
        let step = self.core.units().all[unit as usize].step;
        let note = &mut self.book.units[unit as usize];
        note.state = end.state();
        note.error = end.failure().cloned();
        note.finished_at = Some(now_ms());
        let (cost, fingerprint) = (note.cost, note.fingerprint.clone());
        turn.units.insert(unit);
        let note = &mut self.book.steps[step as usize];
        note.cost += cost;
        if note.fingerprint.is_none() {
            note.fingerprint = fingerprint;
        }
        if cost.0 != 0 {
            turn.steps.insert(step);
        }
    }

    /// Does what the core asks for.
    fn effects(&mut self, turn: &mut Turn) {
        let mut ready: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        loop {
            let effects = self.core.take_effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                match effect {
                    Effect::Ready(unit) => {
                        let step = self.core.units().all[unit as usize].step;
                        let provider = &self.run.plan.steps[step as usize].provider;
                        ready.entry(provider.clone()).or_default().push(unit);
                    }
                    Effect::Withdraw(unit) => {
                        for units in ready.values_mut() {
                            units.retain(|other| *other != unit);
                        }
                        self.run.inner.turnstile.withdraw(&self.run.row.id, unit);
                    }
                    Effect::Abort(unit) => {
                        if let Some(abort) = self.aborts.remove(&unit) {
                            abort.cancel();
                        }
                        // The call may take its time to hear of it; the run does not wait for it.
                        self.end_unit(unit, End::Cancelled, turn);
                    }
                    Effect::Ended(unit, end) => self.note_end(unit, &end, turn),
                    Effect::Review { step, units } => self.ask(step, &units, turn),
                    Effect::StepEnded { step, state, error } => {
                        let note = &mut self.book.steps[step as usize];
                        (note.state, note.error) = (state, error);
                        note.finished_at = Some(now_ms());
                        turn.steps.insert(step);
                    }
                }
            }
        }
        for (provider, units) in ready {
            self.run.inner.turnstile.wait(&self.run.row.id, &provider, &units);
        }
    }

    fn ask(&mut self, step: u32, units: &[u32], turn: &mut Turn) {
        for unit in units {
            let id = self.book.candidate_id(*unit);
            let note = &mut self.book.units[*unit as usize];
            note.state = NodeState::Paused;
            note.generations = vec![id];
            turn.units.insert(*unit);
        }
        let note = &mut self.book.steps[step as usize];
        note.state = NodeState::Paused;
        note.started_at.get_or_insert_with(now_ms);
        turn.steps.insert(step);
    }

    fn decide(&mut self, decision: Decision, reply: Reply, turn: &mut Turn) {
        let refuse = |code, detail: String| Err(Refusal::new(code, detail));
        let steps = &self.run.plan.steps;
        let step = steps.iter().position(|step| step.node == decision.node && step.is_review());
        let Some(step) = step.map(|at| at as u32) else {
            let detail = format!("The run has no evaluator {}.", decision.node);
            reply.send(refuse(ErrorCode::NotFound, detail)).ok();
            return;
        };
        let candidates = self.core.candidates(step);
        if candidates.is_empty() || turn.review.is_some() {
            let detail =
                "Nothing waits for a review here: it was decided already, or it is not its turn.";
            reply.send(refuse(ErrorCode::Conflict, detail.to_owned())).ok();
            return;
        }
        let ids: Vec<(u32, String)> =
            candidates.iter().map(|unit| (*unit, self.book.candidate_id(*unit))).collect();
        let known: BTreeSet<&String> = ids.iter().map(|(_, id)| id).collect();
        let unknown = decision.accept.iter().find(|id| !known.contains(id));
        if let Some(id) = unknown {
            let detail = format!("{id} is none of the candidates.");
            reply.send(refuse(ErrorCode::BadRequest, detail)).ok();
            return;
        }
        if decision.accept.is_empty() != decision.reject {
            let detail = "Accept at least one candidate, or reject them all.".to_owned();
            reply.send(refuse(ErrorCode::BadRequest, detail)).ok();
            return;
        }
        let accept: BTreeSet<&String> = decision.accept.iter().collect();
        let accepted: Vec<u32> =
            ids.iter().filter(|(_, id)| accept.contains(id)).map(|(unit, _)| *unit).collect();
        for (unit, end) in self.core.decided(step, &accepted) {
            let id = self.book.candidate_id(unit);
            let is_accepted = matches!(end, End::Completed { .. });
            let stub = Generation { id: id.clone(), ..Generation::default() };
            self.book.units[unit as usize].generations = Vec::new();
            if is_accepted {
                self.book.units[unit as usize].generations = vec![id];
                self.book.set_made(unit, Arc::from([stub]));
            }
            self.note_end(unit, &end, turn);
        }
        turn.review = Some(ReviewRow {
            node: decision.node,
            person: decision.person,
            person_name: decision.person_name,
            at: now_ms(),
            accepted: serde_json::to_string(&decision.accept).unwrap_or_default(),
            rejected: i64::from(decision.reject),
            note: decision.note,
        });
        self.waiters.push(Waiter::Review(reply));
    }

    /// Prepares the calls whose turn has come. `true` where something more follows from that at once.
    async fn start_granted(&mut self, turn: &mut Turn) -> bool {
        let granted = std::mem::take(&mut self.granted);
        let mut follows = false;
        let mut prepared = Vec::with_capacity(granted.len());
        for unit in granted {
            let step = self.core.units().all[unit as usize].step;
            let provider = &self.run.plan.steps[step as usize].provider;
            let slot = self.run.inner.turnstile.slot(provider);
            if !self.core.begin(unit) {
                continue;
            }
            let planned = &self.core.units().all[unit as usize];
            let step = &self.run.plan.steps[step as usize];
            let invocation = step.invocation(planned, |pick| self.book.contents(pick));
            let fingerprint = invocation.fingerprint().to_string();
            prepared.push((unit, slot, invocation, fingerprint));
        }
        let reusable = self.reusable(prepared.iter().map(|(_, _, _, print)| print)).await;
        for (unit, slot, invocation, fingerprint) in prepared {
            let step = self.core.units().all[unit as usize].step;
            let planned = &self.run.plan.steps[step as usize];
            let again = self.book.units[unit as usize].state == NodeState::Running;
            let found = reusable.get(&fingerprint).filter(|(node, made)| {
                *node == planned.node && made.len() >= planned.count as usize && !again
            });
            if let Some((_, made)) = found {
                self.reuse(unit, made.clone(), fingerprint, turn);
                follows = true;
                continue;
            }
            if let Some(failure) = self.lost_submission(unit) {
                self.end_unit(unit, End::Failed(failure), turn);
                follows = true;
                continue;
            }
            self.begin(unit, turn);
            let abort = CancellationToken::new();
            self.aborts.insert(unit, abort.clone());
            let note = &self.book.units[unit as usize];
            self.starting.push(Calling {
                run: Arc::clone(&self.run),
                unit,
                invocation,
                fingerprint,
                seed: note.seed.unsigned_abs(),
                attempts: note.attempts - 1,
                job: note.job.clone(),
                abort,
                slot,
            });
        }
        follows
    }

    fn begin(&mut self, unit: u32, turn: &mut Turn) {
        let step = self.core.units().all[unit as usize].step;
        let note = &mut self.book.units[unit as usize];
        note.state = NodeState::Running;
        note.attempts += 1;
        note.error = None;
        note.started_at.get_or_insert_with(now_ms);
        turn.units.insert(unit);
        let note = &mut self.book.steps[step as usize];
        if note.state != NodeState::Running {
            note.state = NodeState::Running;
            note.started_at.get_or_insert_with(now_ms);
            turn.steps.insert(step);
        }
    }

    /// Why a call that a dead server had under way is not repeated, where that might buy it twice.
    fn lost_submission(&self, unit: u32) -> Option<Failure> {
        let note = &self.book.units[unit as usize];
        let step = &self.run.plan.steps[self.core.units().all[unit as usize].step as usize];
        let was_under_way = note.state == NodeState::Running && note.job.is_none();
        let provider = self.run.inner.providers.get(&step.provider)?;
        (was_under_way && provider.repeat() == Repeat::Unsafe)
            .then(|| unknown_fate(step, "The server stopped while it was being sent."))
    }

    /// What this canvas made before with one of these fingerprints, where the run takes that.
    async fn reusable(
        &self,
        fingerprints: impl Iterator<Item = &String>,
    ) -> BTreeMap<String, (String, Vec<Generation>)> {
        if !self.run.plan.reuses {
            return BTreeMap::new();
        }
        let fingerprints: Vec<String> = fingerprints.cloned().collect();
        if fingerprints.is_empty() {
            return BTreeMap::new();
        }
        let found = self.run.inner.db.reusable(&self.run.row.canvas, &fingerprints).await;
        let found = found.unwrap_or_else(|error| {
            tracing::warn!(%error, run = self.run.row.id, "earlier results cannot be looked up");
            BTreeMap::new()
        });
        let whole = |(print, made): (String, Vec<(String, Generation)>)| {
            let node = made.first()?.0.clone();
            Some((print, (node, made.into_iter().map(|(_, made)| made).collect())))
        };
        found.into_iter().filter_map(whole).collect()
    }

    fn reuse(&mut self, unit: u32, made: Vec<Generation>, fingerprint: String, turn: &mut Turn) {
        let note = &mut self.book.units[unit as usize];
        note.generations = made.iter().map(|made| made.id.clone()).collect();
        note.fingerprint = Some(fingerprint);
        note.reused = true;
        note.started_at.get_or_insert_with(now_ms);
        let count = made.len() as u32;
        self.book.set_made(unit, made.into());
        self.end_unit(unit, End::Completed { made: count }, turn);
    }

    fn status(&mut self, turn: &mut Turn) {
        let status = self.core.status();
        if status == self.info.status {
            return;
        }
        self.info.status = status;
        if status != RunStatus::Queued {
            self.info.started_at.get_or_insert_with(now_ms);
        }
        if status.is_terminal() {
            self.info.finished_at = Some(now_ms());
            self.info.error = self.core.error();
        }
        turn.status = Some(StatusChange {
            status,
            started_at: self.info.started_at,
            finished_at: self.info.finished_at,
            error: self.info.error.clone(),
        });
    }

    async fn record(&mut self, turn: &Turn) -> Option<()> {
        let row = &self.run.row;
        let changes = turn.changes(&row.id, &row.canvas, self.run.fence, &self.core, &self.book);
        if !self.run.persist(changes).await {
            return None;
        }
        let mut passed = Vec::new();
        if turn.review.is_some() {
            passed.push(failpoint::REVIEW_RECORDED);
        }
        if self.core.is_cancelled() {
            passed.push(failpoint::CANCEL_RECORDED);
        }
        if !turn.generations.is_empty() {
            passed.push(failpoint::UNIT_SETTLED);
        }
        if !self.starting.is_empty() {
            passed.push(failpoint::UNIT_RECORDED);
        }
        if self.info.status.is_terminal() {
            passed.push(failpoint::RUN_FINISHED);
        }
        passed.into_iter().all(|name| self.run.pass(name)).then_some(())
    }

    /// Shows a turn: at once where somebody waits for it or nothing was shown for a while, else soon, together with
    /// what follows. A room tells its watchers no more often than that.
    async fn show(&mut self, turn: Turn) -> Option<()> {
        // Once a step has ended another run may take its node: what was made first has to stand there first.
        let frees =
            turn.steps.iter().any(|step| !self.book.steps[*step as usize].state.is_active());
        let is_urgent = frees || turn.status.is_some() || !self.waiters.is_empty();
        self.unshown.units.extend(turn.units);
        self.unshown.steps.extend(turn.steps);
        self.unshown.generations.extend(turn.generations);
        if turn.status.is_some() {
            self.unshown.status = turn.status;
        }
        if is_urgent || self.shown_at.elapsed() >= SHOWN {
            self.show_now().await?;
        }
        Some(())
    }

    async fn show_now(&mut self) -> Option<()> {
        let turn = std::mem::take(&mut self.unshown);
        if turn.is_empty() {
            return Some(());
        }
        self.shown_at = Instant::now();
        self.info.cost = self.book.cost();
        let now = now_ms();
        let told = turn.status.is_some();
        let due = told || now >= self.cost_told_at + COST_TOLD_MS;
        if due {
            self.cost_told_at = now;
        }
        let shown = turn.shown(due.then(|| self.info.clone()), &self.core, &self.book);
        let id = self.run.row.id.clone();
        let posted = self.run.room.post(move |txn| shown.write(&id, txn)).await;
        if let Err(error) = posted {
            // The database has it; the document is brought in line when its room loads.
            tracing::debug!(%error, run = self.run.row.id, "a run cannot be shown");
        }
        if told {
            self.run.inner.events.changed(&self.run.row.canvas);
        }
        (turn.generations.is_empty() || self.run.pass(failpoint::UNIT_SHOWN)).then_some(())
    }

    /// The run has ended: what still comes is late.
    async fn leave(self) {
        self.run.inner.turnstile.leave(&self.run.row.id);
        self.run.progress.clear(&self.run.room);
        let mut late = Vec::new();
        for event in self.run.mailbox.close() {
            match event {
                Event::Granted(unit) => {
                    let step = self.core.units().all[unit as usize].step;
                    drop(
                        self.run.inner.turnstile.slot(&self.run.plan.steps[step as usize].provider),
                    );
                }
                Event::Ended { unit, outcome: Outcome::Completed(delivered), .. } => {
                    late.extend(late_row(&self.run, unit, *delivered));
                }
                Event::Review { reply, .. } => {
                    let detail = "The run has ended.";
                    reply.send(Err(Refusal::new(ErrorCode::Conflict, detail))).ok();
                }
                Event::Submitted { .. }
                | Event::Retrying { .. }
                | Event::Ended { .. }
                | Event::Cancel => {}
            }
        }
        if !late.is_empty() {
            let row = &self.run.row;
            let changes = Changes {
                run: row.id.clone(),
                canvas: row.canvas.clone(),
                fence: self.run.fence,
                late,
                ..Changes::default()
            };
            self.run.persist(changes).await;
        }
    }
}

impl Opened {
    fn of(
        inner: &Arc<Inner>,
        (row, room, fence): (RunRow, RoomHandle, i64),
        (plan, units): (Arc<Plan>, Arc<Units>),
        book: Book,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let ended: Vec<bool> = book.steps.iter().map(|step| !step.state.is_active()).collect();
        let stop = row.on_error == "stop";
        let core = Core::new(Arc::clone(&plan), Arc::clone(&units), &book.recorded(), &ended, stop);
        let progress = Progress::of(&plan, &units);
        let inner = Arc::clone(inner);
        let run = Driven { inner, row, room, plan, units, fence, mailbox, progress };
        Self { run, core, book }
    }

    /// A run that was just recorded.
    pub(super) fn fresh(
        inner: &Arc<Inner>,
        run: (RunRow, RoomHandle, i64),
        plan: Plan,
        units: Units,
        invocations: &[NewInvocation],
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let (plan, units) = (Arc::new(plan), Arc::new(units));
        let book = Book::fresh(&plan, &units, invocations);
        Self::of(inner, run, (plan, units), book, mailbox)
    }

    /// A run as its records tell.
    ///
    /// # Errors
    /// When the database fails or its snapshot cannot be read.
    pub(super) async fn read(
        inner: &Arc<Inner>,
        row: RunRow,
        room: RoomHandle,
        fence: i64,
    ) -> Result<Self, DbError> {
        let reading = row.clone();
        let read = tokio::task::spawn_blocking(move || {
            let plan = reading.plan()?;
            let units = plan.units();
            Ok::<_, DbError>((Arc::new(plan), Arc::new(units)))
        });
        // Otherwise the server is ending, and the next one takes it up.
        let (plan, units) = read.await.unwrap_or(Err(DbError::Closed))?;
        let steps = inner.db.steps(&row.id).await?;
        let invocations = inner.db.invocations(&row.id).await?;
        let ids: Vec<String> = invocations
            .iter()
            .filter(|row| row.state() == NodeState::Completed)
            .flat_map(InvocationRow::generation_ids)
            .collect();
        let made = inner.db.generations_by_id(&row.canvas, &ids).await?;
        let made: BTreeMap<String, Generation> =
            made.into_iter().map(|(_, made)| (made.id.clone(), made)).collect();
        let book = Book::open(&plan, &units, &steps, &invocations, |id| made.get(id).cloned());
        Ok(Self::of(inner, (row, room, fence), (plan, units), book, Arc::default()))
    }

    /// Where it is told what happens.
    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.run.mailbox
    }

    /// Its row.
    pub(super) fn row(&self) -> &RunRow {
        &self.run.row
    }

    /// The room it is shown in.
    pub(super) fn room(&self) -> &RoomHandle {
        &self.run.room
    }
}

/// An item of a step, as the API tells it.
pub fn item_body(row: &InvocationRow) -> ItemBody {
    ItemBody {
        key: row.item.clone(),
        n: u32::try_from(row.n).unwrap_or_default(),
        state: row.state(),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        cost: gesso_protocol::pricing::Money(row.cost),
        seed: Some(row.seed),
        error: row.failure(),
        generations: row.generation_ids(),
        reused: row.reused != 0,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}
