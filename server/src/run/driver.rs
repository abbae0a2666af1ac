//! One task a run. Each turn takes everything that happened, asks [`super::engine`] what follows and records all of it
//! in one transaction; only then does it start the calls and show it in the document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{Plan, StepIndex, UnitIndex, Units};
use gesso_protocol::problem::{ErrorCode, Refusal};
use gesso_protocol::schema::{Failure, Generation, NodeState, RunInfo, RunStatus};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempt::Attempt;
use super::changes::ChangeSet;
use super::context::{RunContext, Services};
use super::engine::{Core, Effect, End};
use super::event::{Decision, Event, Mailbox, Reply};
use super::late::late_row;
use super::outcome::{InvocationOutput, Outcome, unknown_fate};
use super::progress::Progress;
use super::state::RunState;
use crate::clock::now_ms;
use crate::db::DbError;
use crate::db::runs::{Changes, InvocationRow, NewInvocation, ReviewRow, RunRow, StatusChange};
use crate::failpoint;
use crate::providers::Repeat;
use crate::room::RoomHandle;

/// The most events of one changes.
const BATCH_EVENTS_MAX: usize = 256;
/// The shortest time between two writes into the document for which nobody waits: one frame of a screen.
const SHOWN: Duration = Duration::from_millis(16);
/// Interval at which the cost of a running run is told, in ms.
const COST_TOLD_MS: i64 = 200;

/// Somebody who waits for a turn to be durable.
enum Waiter {
    Review(Reply),
    Submitted(tokio::sync::oneshot::Sender<bool>),
}

/// Drives one run.
pub(super) struct Driver {
    run: Arc<RunContext>,
    core: Core,
    state: RunState,
    info: RunInfo,
    cost_told_at: i64,
    /// Changes that are recorded and not shown yet, and when something was shown.
    unshown: ChangeSet,
    shown_at: Instant,
    aborts: BTreeMap<UnitIndex, CancellationToken>,
    /// Units whose turn has come and that are not started yet.
    granted: Vec<UnitIndex>,
    starting: Vec<Attempt>,
    waiters: Vec<Waiter>,
}

/// The parts with which a run is taken up.
pub(super) struct Opened {
    pub(super) run: RunContext,
    pub(super) core: Core,
    pub(super) state: RunState,
}

impl Driver {
    pub(super) fn new(opened: Opened) -> Self {
        let Opened { run, core, state } = opened;
        let mut info = run.row.info();
        info.cost = state.cost();
        Self {
            info,
            run: Arc::new(run),
            core,
            state,
            cost_told_at: 0,
            unshown: ChangeSet::default(),
            shown_at: Instant::now() - SHOWN,
            aborts: BTreeMap::new(),
            granted: Vec::new(),
            starting: Vec::new(),
            waiters: Vec::new(),
        }
    }

    /// Drives the run to its end, until the server stops, or until another one takes it over.
    pub(super) async fn drive(mut self) {
        let shutdown = self.run.services.shutdown.clone();
        loop {
            match self.advance().await {
                Some(true) => {}
                Some(false) => break,
                None => return,
            }
            let due = self.shown_at + SHOWN;
            let is_due = tokio::select! {
                () = self.run.mailbox.wait() => false,
                () = tokio::time::sleep_until(due), if !self.unshown.is_empty() => true,
                () = shutdown.cancelled() => return,
            };
            if is_due && self.show_now().await.is_none() {
                return;
            }
        }
        self.leave().await;
    }

    /// One changes: `Some(false)` when the run has ended, `None` when it is left where it stands.
    async fn advance(&mut self) -> Option<bool> {
        let mut changes = ChangeSet::default();
        loop {
            self.effects(&mut changes);
            let events = self.run.mailbox.take(BATCH_EVENTS_MAX);
            let is_quiet = events.is_empty();
            for event in events {
                self.event(event, &mut changes);
            }
            let follows = self.start_granted(&mut changes).await;
            if (is_quiet && !follows) || self.starting.len() >= BATCH_EVENTS_MAX {
                break;
            }
        }
        self.effects(&mut changes);
        self.status(&mut changes);
        if !changes.is_empty() {
            self.record(&changes).await?;
        }
        for attempt in self.starting.drain(..) {
            let span = attempt.span();
            self.run.services.tasks.spawn(attempt.call().instrument(span));
        }
        self.show(changes).await?;
        for waiter in self.waiters.drain(..) {
            match waiter {
                Waiter::Review(reply) => reply.send(Ok(())).is_ok(),
                Waiter::Submitted(recorded) => recorded.send(true).is_ok(),
            };
        }
        Some(!self.info.status.is_terminal())
    }

    fn event(&mut self, event: Event, changes: &mut ChangeSet) {
        match event {
            Event::Granted(unit) => self.granted.push(unit),
            Event::Retrying { unit, attempts, failure } => {
                if self.core.is_running(unit) {
                    let note = &mut self.state.units[unit.at()];
                    (note.attempts, note.error) = (attempts, failure);
                    changes.units.insert(unit);
                }
            }
            Event::Submitted { unit, job, recorded } => {
                // A stopped call's job is noted all the same, where its row can still change.
                if self.core.is_running(unit) {
                    self.state.units[unit.at()].job = Some(job);
                    changes.units.insert(unit);
                    self.waiters.push(Waiter::Submitted(recorded));
                } else {
                    recorded.send(true).ok();
                }
            }
            Event::Ended { unit, attempts, outcome } => {
                if self.core.is_running(unit) {
                    self.state.units[unit.at()].attempts = attempts;
                }
                self.call_ended(unit, outcome, changes);
            }
            Event::Review { decision, reply } => self.decide(decision, reply, changes),
            Event::Cancel => self.core.cancel(),
        }
        self.effects(changes);
    }

    fn call_ended(&mut self, unit: UnitIndex, outcome: Outcome, changes: &mut ChangeSet) {
        self.aborts.remove(&unit);
        match outcome {
            Outcome::Completed(output) if self.core.has_ended(unit) => {
                changes.late.extend(late_row(&self.run, unit, *output));
            }
            Outcome::Completed(output) => self.completed(unit, *output, changes),
            Outcome::Failed(failure) => self.end_unit(unit, End::Failed(failure), changes),
            Outcome::Cancelled => self.end_unit(unit, End::Cancelled, changes),
        }
    }

    fn completed(&mut self, unit: UnitIndex, output: InvocationOutput, changes: &mut ChangeSet) {
        let made: Arc<[Generation]> = output.generations.into();
        let note = &mut self.state.units[unit.at()];
        note.generations = made.iter().map(|made| made.id.clone()).collect();
        note.fingerprint = Some(output.fingerprint.clone());
        note.cost = output.cost;
        let with = serde_json::to_string(&output.made_with).unwrap_or_default();
        let count = made.len() as u32;
        self.state.set_made(unit, Arc::clone(&made));
        changes.generations.push((unit, made, with.into()));
        changes.assets.extend(output.assets);
        self.end_unit(unit, End::Completed { made: count }, changes);
    }

    /// Ends a unit in the state and in the core; the first end counts.
    fn end_unit(&mut self, unit: UnitIndex, end: End, changes: &mut ChangeSet) {
        if self.core.has_ended(unit) {
            return;
        }
        self.note_end(unit, &end, changes);
        self.core.ended(unit, end);
    }

    fn note_end(&mut self, unit: UnitIndex, end: &End, changes: &mut ChangeSet) {
        let step = self.core.units().all[unit.at()].step;
        let note = &mut self.state.units[unit.at()];
        note.state = end.state();
        note.error = end.failure().cloned();
        note.finished_at = Some(now_ms());
        let (cost, fingerprint) = (note.cost, note.fingerprint.clone());
        changes.units.insert(unit);
        let note = &mut self.state.steps[step.at()];
        note.cost += cost;
        if note.fingerprint.is_none() {
            note.fingerprint = fingerprint;
        }
        if cost.0 != 0 {
            changes.steps.insert(step);
        }
    }

    /// Does what the core asks for.
    fn effects(&mut self, changes: &mut ChangeSet) {
        let mut ready: BTreeMap<String, Vec<UnitIndex>> = BTreeMap::new();
        loop {
            let effects = self.core.take_effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                match effect {
                    Effect::Ready(unit) => {
                        let step = self.core.units().all[unit.at()].step;
                        ready.entry(self.run.lane(step)).or_default().push(unit);
                    }
                    Effect::Withdraw(unit) => {
                        for units in ready.values_mut() {
                            units.retain(|other| *other != unit);
                        }
                        self.run.services.scheduler.withdraw(&self.run.row.id, unit);
                    }
                    Effect::Abort(unit) => {
                        if let Some(abort) = self.aborts.remove(&unit) {
                            abort.cancel();
                        }
                        // The call may take its time to hear of it; the run does not wait for it.
                        self.end_unit(unit, End::Cancelled, changes);
                    }
                    Effect::Ended(unit, end) => self.note_end(unit, &end, changes),
                    Effect::Review { step, units } => self.ask(step, &units, changes),
                    Effect::StepEnded { step, state, error } => {
                        let note = &mut self.state.steps[step.at()];
                        (note.state, note.error) = (state, error);
                        note.finished_at = Some(now_ms());
                        changes.steps.insert(step);
                    }
                }
            }
        }
        for (lane, units) in ready {
            self.run.services.scheduler.wait(&self.run.row.id, &lane, &units);
        }
    }

    fn ask(&mut self, step: StepIndex, units: &[UnitIndex], changes: &mut ChangeSet) {
        for unit in units {
            let id = self.state.candidate_id(*unit);
            let note = &mut self.state.units[unit.at()];
            note.state = NodeState::Paused;
            note.generations = vec![id];
            changes.units.insert(*unit);
        }
        let note = &mut self.state.steps[step.at()];
        note.state = NodeState::Paused;
        note.started_at.get_or_insert_with(now_ms);
        changes.steps.insert(step);
    }

    fn decide(&mut self, decision: Decision, reply: Reply, changes: &mut ChangeSet) {
        let refuse = |code, detail: String| Err(Refusal::new(code, detail));
        let steps = &self.run.plan.steps;
        let step = steps.iter().position(|step| step.node == decision.node && step.is_review());
        let Some(step) = step.map(|at| StepIndex::new(at as u32)) else {
            let detail = format!("The run has no evaluator {}.", decision.node);
            reply.send(refuse(ErrorCode::NotFound, detail)).ok();
            return;
        };
        let candidates = self.core.candidates(step);
        if candidates.is_empty() || changes.review.is_some() {
            let detail = "Nothing waits for a review here: it was decided already, or its candidates are not made yet.";
            reply.send(refuse(ErrorCode::Conflict, detail.to_owned())).ok();
            return;
        }
        let ids: Vec<(UnitIndex, String)> =
            candidates.iter().map(|unit| (*unit, self.state.candidate_id(*unit))).collect();
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
        let accepted: Vec<UnitIndex> =
            ids.iter().filter(|(_, id)| accept.contains(id)).map(|(unit, _)| *unit).collect();
        for (unit, end) in self.core.decided(step, &accepted) {
            let id = self.state.candidate_id(unit);
            let is_accepted = matches!(end, End::Completed { .. });
            let stub = Generation { id: id.clone(), ..Generation::default() };
            self.state.units[unit.at()].generations = Vec::new();
            if is_accepted {
                self.state.units[unit.at()].generations = vec![id];
                self.state.set_made(unit, Arc::from([stub]));
            }
            self.note_end(unit, &end, changes);
        }
        changes.review = Some(ReviewRow {
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
    async fn start_granted(&mut self, changes: &mut ChangeSet) -> bool {
        let granted = std::mem::take(&mut self.granted);
        let mut follows = false;
        let mut prepared = Vec::with_capacity(granted.len());
        for unit in granted {
            let step = self.core.units().all[unit.at()].step;
            let slot = self.run.slot(step);
            if !self.core.begin(unit) {
                continue;
            }
            let planned = &self.core.units().all[unit.at()];
            let step = &self.run.plan.steps[step.at()];
            let invocation = step.invocation(planned, |pick| self.state.contents(pick));
            let fingerprint = invocation.fingerprint().to_string();
            prepared.push((unit, slot, invocation, fingerprint));
        }
        let reusable = self.reusable(prepared.iter().map(|(_, _, _, print)| print)).await;
        for (unit, slot, invocation, fingerprint) in prepared {
            let step = self.core.units().all[unit.at()].step;
            let planned = &self.run.plan.steps[step.at()];
            let again = self.state.units[unit.at()].state == NodeState::Running;
            let found = reusable.get(&fingerprint).filter(|(node, made)| {
                *node == planned.node && made.len() >= planned.count as usize && !again
            });
            if let Some((_, made)) = found {
                self.reuse(unit, made.clone(), fingerprint, changes);
                follows = true;
                continue;
            }
            if let Some(failure) = self.lost_submission(unit) {
                self.end_unit(unit, End::Failed(failure), changes);
                follows = true;
                continue;
            }
            self.begin(unit, changes);
            let abort = CancellationToken::new();
            self.aborts.insert(unit, abort.clone());
            let note = &self.state.units[unit.at()];
            self.starting.push(Attempt {
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

    fn begin(&mut self, unit: UnitIndex, changes: &mut ChangeSet) {
        let step = self.core.units().all[unit.at()].step;
        let note = &mut self.state.units[unit.at()];
        note.state = NodeState::Running;
        note.attempts += 1;
        note.error = None;
        note.started_at.get_or_insert_with(now_ms);
        changes.units.insert(unit);
        let note = &mut self.state.steps[step.at()];
        if note.state != NodeState::Running {
            note.state = NodeState::Running;
            note.started_at.get_or_insert_with(now_ms);
            changes.steps.insert(step);
        }
    }

    /// Why a call that a dead server had under way is not repeated, where that might buy it twice.
    fn lost_submission(&self, unit: UnitIndex) -> Option<Failure> {
        let note = &self.state.units[unit.at()];
        let step = &self.run.plan.steps[self.core.units().all[unit.at()].step.at()];
        let was_under_way = note.state == NodeState::Running && note.job.is_none();
        let provider = self.run.services.providers.get(&step.provider)?;
        (was_under_way && provider.repeat() == Repeat::Unsafe)
            .then(|| unknown_fate(step, "The server stopped while it was being sent."))
    }

    /// Returns the generations this canvas made before with one of these fingerprints, where the run takes them.
    async fn reusable(
        &self,
        fingerprints: impl Iterator<Item = &String>,
    ) -> BTreeMap<String, (NodeId, Vec<Generation>)> {
        if !self.run.plan.reuses {
            return BTreeMap::new();
        }
        let fingerprints: Vec<String> = fingerprints.cloned().collect();
        if fingerprints.is_empty() {
            return BTreeMap::new();
        }
        let found = self.run.services.db.reusable(&self.run.row.canvas, &fingerprints).await;
        let found = found.unwrap_or_else(|error| {
            tracing::warn!(%error, run = self.run.row.id.as_str(), "earlier results cannot be looked up");
            BTreeMap::new()
        });
        let whole = |(print, made): (String, Vec<(NodeId, Generation)>)| {
            let node = made.first()?.0.clone();
            Some((print, (node, made.into_iter().map(|(_, made)| made).collect())))
        };
        found.into_iter().filter_map(whole).collect()
    }

    fn reuse(
        &mut self,
        unit: UnitIndex,
        made: Vec<Generation>,
        fingerprint: String,
        changes: &mut ChangeSet,
    ) {
        let note = &mut self.state.units[unit.at()];
        note.generations = made.iter().map(|made| made.id.clone()).collect();
        note.fingerprint = Some(fingerprint);
        note.reused = true;
        note.started_at.get_or_insert_with(now_ms);
        let count = made.len() as u32;
        self.state.set_made(unit, made.into());
        self.end_unit(unit, End::Completed { made: count }, changes);
    }

    fn status(&mut self, changes: &mut ChangeSet) {
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
        changes.status = Some(StatusChange {
            status,
            started_at: self.info.started_at,
            finished_at: self.info.finished_at,
            error: self.info.error.clone(),
        });
    }

    async fn record(&mut self, changes: &ChangeSet) -> Option<()> {
        let record = changes.for_database(&self.run.row, self.run.fence, &self.core, &self.state);
        if !self.run.persist(record).await {
            return None;
        }
        let mut passed = Vec::new();
        if changes.review.is_some() {
            passed.push(failpoint::REVIEW_RECORDED);
        }
        if self.core.is_cancelled() {
            passed.push(failpoint::CANCEL_RECORDED);
        }
        if !changes.generations.is_empty() {
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

    /// Shows a changes: at once where somebody waits for it or nothing was shown for a while, else soon, together with
    /// what follows. A room tells its watchers no more often than that.
    async fn show(&mut self, changes: ChangeSet) -> Option<()> {
        // Once a step has ended another run may take its node: what was made first has to stand there first.
        let frees = changes.steps.iter().any(|step| !self.state.steps[step.at()].state.is_active());
        let is_urgent = frees || changes.status.is_some() || !self.waiters.is_empty();
        self.unshown.units.extend(changes.units);
        self.unshown.steps.extend(changes.steps);
        self.unshown.generations.extend(changes.generations);
        if changes.status.is_some() {
            self.unshown.status = changes.status;
        }
        if is_urgent || self.shown_at.elapsed() >= SHOWN {
            self.show_now().await?;
        }
        Some(())
    }

    async fn show_now(&mut self) -> Option<()> {
        let changes = std::mem::take(&mut self.unshown);
        if changes.is_empty() {
            return Some(());
        }
        self.shown_at = Instant::now();
        self.info.cost = self.state.cost();
        let now = now_ms();
        let told = changes.status.is_some();
        let due = told || now >= self.cost_told_at + COST_TOLD_MS;
        if due {
            self.cost_told_at = now;
        }
        let shown = changes.shown(due.then(|| self.info.clone()), &self.core, &self.state);
        let id = self.run.row.id.clone();
        let posted = self.run.room.post(move |txn| shown.write(&id, txn)).await;
        if let Err(error) = posted {
            // The database has it; the document is brought in line when its room loads.
            tracing::debug!(%error, run = self.run.row.id.as_str(), "a run cannot be shown");
        }
        if told {
            self.run.services.events.changed(&self.run.row.canvas);
        }
        (changes.generations.is_empty() || self.run.pass(failpoint::UNIT_SHOWN)).then_some(())
    }

    /// The run has ended: what still comes is late.
    async fn leave(self) {
        self.run.services.scheduler.leave(&self.run.row.id);
        // What was taken over may be older than what the document holds.
        if self.state.units.iter().any(|unit| unit.reused)
            && let Err(error) = self.run.room.check_outcome().await
        {
            tracing::debug!(%error, run = self.run.row.id.as_str(), "its room has ended");
        }
        self.run.progress.clear(&self.run.room);
        let mut late = Vec::new();
        for event in self.run.mailbox.close() {
            match event {
                Event::Granted(unit) => {
                    let step = self.core.units().all[unit.at()].step;
                    drop(self.run.slot(step));
                }
                Event::Ended { unit, outcome: Outcome::Completed(output), .. } => {
                    late.extend(late_row(&self.run, unit, *output));
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
            let changes = Changes { late, ..self.run.no_changes() };
            self.run.persist(changes).await;
        }
    }
}

impl Opened {
    fn of(
        services: &Services,
        (row, room, fence): (RunRow, RoomHandle, i64),
        (plan, units): (Arc<Plan>, Arc<Units>),
        state: RunState,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let ended: Vec<bool> = state.steps.iter().map(|step| !step.state.is_active()).collect();
        let stop = row.on_error == "stop";
        let core =
            Core::new(Arc::clone(&plan), Arc::clone(&units), &state.recorded(), &ended, stop);
        let progress = Progress::of(&plan, &units);
        let services = services.clone();
        let run = RunContext { services, row, room, plan, units, fence, mailbox, progress };
        Self { run, core, state }
    }

    /// A run that was just recorded.
    pub(super) fn fresh(
        services: &Services,
        run: (RunRow, RoomHandle, i64),
        plan: Plan,
        units: Units,
        invocations: &[NewInvocation],
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let (plan, units) = (Arc::new(plan), Arc::new(units));
        let state = RunState::fresh(&plan, &units, invocations);
        Self::of(services, run, (plan, units), state, mailbox)
    }

    /// A run as its records tell.
    ///
    /// # Errors
    /// When the database fails or its snapshot cannot be read.
    pub(super) async fn read(
        services: &Services,
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
        let steps = services.db.steps(&row.id).await?;
        let invocations = services.db.invocations(&row.id).await?;
        let ids: Vec<String> = invocations
            .iter()
            .filter(|row| row.state() == NodeState::Completed)
            .flat_map(InvocationRow::generation_ids)
            .collect();
        let made = services.db.generations_by_id(&row.canvas, &ids).await?;
        let made: BTreeMap<String, Generation> =
            made.into_iter().map(|(_, made)| (made.id.clone(), made)).collect();
        let state = RunState::open(&plan, &units, &steps, &invocations, |id| made.get(id).cloned());
        Ok(Self::of(services, (row, room, fence), (plan, units), state, Arc::default()))
    }

    /// Where it is told what happens.
    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.run.mailbox
    }

    /// Row.
    pub(super) fn row(&self) -> &RunRow {
        &self.run.row
    }

    /// The room it is shown in.
    pub(super) fn room(&self) -> &RoomHandle {
        &self.run.room
    }
}
