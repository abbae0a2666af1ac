//! The invocations of a plan: which item of which input meets which (R-GRAPH-30, R-GRAPH-33). A function of the plan
//! alone, so that a server that takes a run up finds the same ones.

use std::collections::BTreeMap;
use std::ops::Range;

use super::cost::{self, Expected, UnitInputs};
use super::facts::{Facts, ReadyFacts};
use super::index::{StepIndex, UnitIndex};
use super::model::{
    ExistingOutput, InputBinding, InputSource, LINKS_MAX, Plan, ReusedItem, Step, TEXT_BYTES_MAX,
    UNITS_MAX, Unit,
};
use crate::lineage::{JoinError, KEY_BYTES_MAX, Lineage, Most, join};
use crate::steps;

/// All units of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Step by step.
    pub all: Vec<Unit>,
    /// The units of each step, by the numbers of their places.
    pub of_step: Vec<Range<u32>>,
    /// Used parts of [`LINKS_MAX`] and [`TEXT_BYTES_MAX`].
    links: usize,
    text_bytes: usize,
    /// Facts about [`Plan::ready`].
    ready: Vec<ReadyFacts>,
    /// Facts about the results of steps.
    steps: Vec<StepFacts>,
    /// Facts about the generations of kept units; `None` for content that nobody can read.
    kept: BTreeMap<UnitIndex, Vec<Option<Facts>>>,
    /// What each unit that is not kept will have made, as far as that can be told.
    expected: Vec<Option<Facts>>,
}

/// Facts about the results of a step, as far as they are known before the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct StepFacts {
    /// Number of items that flow out of it, and of those out of a port of frames.
    flows: (usize, usize),
    /// All of it together, where all its units are kept.
    all: Option<Facts>,
    /// The same of what they will have made, where that can be told.
    expected: Option<Facts>,
}

/// Items on a connection: the lineage of each, and the pick that gets it.
type Flowing = (Vec<Lineage>, Vec<InputBinding>);

/// Why the units of a step cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UnitsError {
    /// Inputs do not go together.
    Join(JoinError),
    /// More than [`UNITS_MAX`] or [`LINKS_MAX`].
    TooMany,
    /// More than [`TEXT_BYTES_MAX`].
    TooLong,
    /// More batches meet than the key of an item can name.
    TooDeep,
}

impl From<JoinError> for UnitsError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::TooMany => Self::TooMany,
            JoinError::TooDeep => Self::TooDeep,
            JoinError::Lengths(_) => Self::Join(error),
        }
    }
}

impl Units {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut units = Self::default();
        for (at, step) in plan.steps.iter().enumerate() {
            // A plan that was built has units: what could be wrong with them was refused then.
            let rows = units.rows(&plan.steps[..at], &plan.ready, step).unwrap_or_default();
            units.push(&plan.steps[..at], &plan.ready, step, rows);
        }
        units
    }

    /// The units of a step.
    pub fn step(&self, step: StepIndex) -> &[Unit] {
        let range = self.of_step.get(step.at()).cloned().unwrap_or_default();
        self.all.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The places of a step's units.
    pub fn places(&self, step: StepIndex) -> impl Iterator<Item = UnitIndex> + use<> {
        let range = self.of_step.get(step.at()).cloned().unwrap_or_default();
        range.map(UnitIndex::new)
    }

    /// Adds the units of the next step.
    pub(super) fn push(
        &mut self,
        _earlier: &[Step],
        _ready: &[ExistingOutput],
        step: &Step,
        rows: Vec<Unit>,
    ) {
        let start = self.all.len() as u32;
        let (mut flows, mut frames) = (0_usize, 0_usize);
        let mut all = Some(Facts::default());
        let mut all_expected = Some(Facts::default());
        for mut unit in rows {
            let kept = step.kept.get(&unit.key);
            unit.kept = kept.is_some();
            let mut expected = None;
            if !unit.kept {
                let known = |binding: &InputBinding| self.expected(binding);
                let arriving = UnitInputs::of(step, &unit, &known);
                (unit.hold, unit.exact) = cost::hold(step, &arriving);
                // An evaluator makes nothing: what it lets through is what arrives.
                expected = match unit.picks.first() {
                    Some(candidate) if step.is_review() => known(candidate).map(|(facts, _)| facts),
                    _ => cost::expected(step, &arriving),
                };
            }
            let made = kept.map_or(step.count, ReusedItem::flows).max(1);
            flows = flows.saturating_add(if step.send_all { made as usize } else { 1 });
            frames += usize::from(unit.angle == Some(0));
            let facts = kept
                .map(|kept| kept.generations.iter().map(Facts::of_generation).collect::<Vec<_>>());
            all = all.zip(facts.as_ref()).map(|(mut all, facts)| {
                let flowing = if step.send_all { facts.len() } else { facts.len().min(1) };
                all.add(Facts::of_all(facts[..flowing].iter().flatten().copied()));
                all
            });
            let flowing = if step.send_all { made as usize } else { 1 };
            all_expected = all_expected.zip(expected).map(|(mut all, one)| {
                (0..flowing).for_each(|_| all.add(one));
                all
            });
            self.expected.push(expected);
            if let Some(facts) = facts {
                self.kept.insert(UnitIndex::new(self.all.len() as u32), facts);
            }
            self.all.push(unit);
        }
        self.of_step.push(start..self.all.len() as u32);
        self.steps.push(StepFacts { flows: (flows, frames), all, expected: all_expected });
    }

    /// The items of the step that comes next, unpriced. Nothing is built before it is known to be within what one run
    /// may have, and all of it takes time in proportion to that.
    pub(super) fn rows(
        &mut self,
        earlier: &[Step],
        ready: &[ExistingOutput],
        step: &Step,
    ) -> Result<Vec<Unit>, UnitsError> {
        self.learn(ready);
        let sources: Vec<&super::Source> =
            step.inputs.iter().flat_map(|input| &input.sources).collect();
        let is_whole = |source: &super::Source| source.all && !step.is_review();
        let mut looked_at = sources.len();
        for source in sources.iter().filter(|source| !is_whole(source)) {
            looked_at = looked_at.saturating_add(self.count_flowing(earlier, source));
        }
        self.spend(looked_at)?;
        let mut flowing: Vec<Flowing> = Vec::with_capacity(sources.len());
        for source in &sources {
            flowing.push(if is_whole(source) {
                let pick = match source.from {
                    InputSource::Ready(at) => InputBinding::AllReady(at),
                    InputSource::Step(at) => InputBinding::AllOf(at),
                };
                (vec![Lineage::none()], vec![pick])
            } else {
                self.flowing(earlier, source)
            });
        }
        let place = StepIndex::new(self.of_step.len() as u32);
        let room = UNITS_MAX.saturating_sub(self.all.len());
        if step.is_review() {
            if flowing.iter().map(|(_, picks)| picks.len()).sum::<usize>() > room {
                return Err(UnitsError::TooMany);
            }
            let units = candidates(step, place, earlier, ready, &sources, flowing);
            return self.within(step, units);
        }
        let lineages: Vec<&[Lineage]> =
            flowing.iter().map(|(lineages, _)| lineages.as_slice()).collect();
        let most = Most { rows: room, links: LINKS_MAX.saturating_sub(self.links) };
        let rows = join(&lineages, step.batch, most)?;
        let angles = step.angles.len().max(1);
        let links = rows.iter().map(|row| row.picks.len() + row.lineage.count() + 1).sum::<usize>();
        if rows.len().saturating_mul(angles) > room
            || links.saturating_mul(angles) > LINKS_MAX.saturating_sub(self.links)
        {
            return Err(UnitsError::TooMany);
        }
        let mut units = Vec::with_capacity(rows.len() * angles);
        for row in rows {
            let picks: Vec<InputBinding> = flowing
                .iter()
                .zip(&row.picks)
                .map(|((_, picks), pick)| picks[*pick as usize])
                .collect();
            if step.angles.is_empty() {
                units.push(Unit::new(place, units.len(), row.lineage, None, picks));
                continue;
            }
            for (angle, (id, _)) in (0_u32..).zip(&step.angles) {
                let lineage = row.lineage.with(step.node.as_str(), id.as_str());
                units.push(Unit::new(place, units.len(), lineage, Some(angle), picks.clone()));
            }
        }
        self.within(step, units)
    }

    /// Takes note of outputs that are there.
    fn learn(&mut self, ready: &[ExistingOutput]) {
        let known = self.ready.len();
        self.ready.extend(ready.iter().skip(known).map(ReadyFacts::of));
    }

    /// Uses up links.
    fn spend(&mut self, links: usize) -> Result<(), UnitsError> {
        self.links = self.links.saturating_add(links).min(LINKS_MAX + 1);
        if self.links > LINKS_MAX { Err(UnitsError::TooMany) } else { Ok(()) }
    }

    /// Counts the links and texts of a step's units towards the limits of one run, and returns the units where they
    /// fit.
    fn within(&mut self, step: &Step, units: Vec<Unit>) -> Result<Vec<Unit>, UnitsError> {
        if units.iter().any(|unit| unit.key.len() > KEY_BYTES_MAX) {
            return Err(UnitsError::TooDeep);
        }
        let own = step.text_bytes();
        let (mut links, mut bytes) = (0_usize, 0_usize);
        for unit in &units {
            links = links.saturating_add(1 + unit.lineage.count());
            bytes = bytes.saturating_add(if step.is_review() { 0 } else { own });
            for pick in &unit.picks {
                steps::note(1);
                let facts = self.facts(pick).unwrap_or_default();
                // What a step of this run makes counts as often, though nobody knows it yet.
                let count = match *pick {
                    InputBinding::AllOf(step) => self.steps.get(step.at()).map_or(0, |s| s.flows.0),
                    InputBinding::AllReady(_)
                    | InputBinding::Ready { .. }
                    | InputBinding::Unit { .. } => facts.count,
                };
                links = links.saturating_add(count.max(1));
                bytes = bytes.saturating_add(if step.is_review() { 0 } else { facts.bytes });
            }
        }
        self.spend(links)?;
        self.text_bytes = self.text_bytes.saturating_add(bytes);
        if self.text_bytes > TEXT_BYTES_MAX { Err(UnitsError::TooLong) } else { Ok(units) }
    }

    /// Returns the facts about a pick: `None` where a unit of the run has yet to make it.
    pub(super) fn facts(&self, pick: &InputBinding) -> Option<Facts> {
        match *pick {
            InputBinding::Ready { ready, item } => {
                self.ready.get(ready as usize)?.each.get(item as usize).copied()
            }
            InputBinding::AllReady(ready) => Some(self.ready.get(ready as usize)?.all),
            InputBinding::Unit { unit, nth } => {
                let made = self.kept.get(&unit)?.get(nth.unwrap_or(0) as usize)?;
                Some(made.unwrap_or_default())
            }
            InputBinding::AllOf(step) => self.steps.get(step.at())?.all,
        }
    }

    /// The facts about a pick where they are known, else what can be told of them before the run.
    fn expected(&self, pick: &InputBinding) -> Expected {
        let known = self.facts(pick).map(|facts| (facts, true));
        known.or_else(|| {
            let facts = match *pick {
                InputBinding::Unit { unit, .. } => *self.expected.get(unit.at())?,
                InputBinding::AllOf(step) => self.steps.get(step.at())?.expected,
                InputBinding::Ready { .. } | InputBinding::AllReady(_) => None,
            };
            facts.map(|facts| (facts, false))
        })
    }

    /// Returns the number of items on a connection, without looking at them.
    fn count_flowing(&self, earlier: &[Step], source: &super::Source) -> usize {
        match source.from {
            InputSource::Ready(at) => {
                self.ready.get(at as usize).map_or(0, |ready| ready.each.len())
            }
            InputSource::Step(at) => {
                let facts = self.steps.get(at.at()).cloned().unwrap_or_default();
                let is_frame = earlier.get(at.at()).is_some_and(|step| step.is_frame(source));
                if is_frame { facts.flows.1 } else { facts.flows.0 }
            }
        }
    }

    /// Returns the items on a connection.
    fn flowing(&self, earlier: &[Step], source: &super::Source) -> Flowing {
        let at = match source.from {
            InputSource::Ready(at) => {
                let lineages = self.ready.get(at as usize).map(|ready| ready.lineages.clone());
                let lineages = lineages.unwrap_or_default();
                let pick = |(item, _)| InputBinding::Ready { ready: at, item };
                let picks = (0_u32..).zip(&lineages).map(pick).collect();
                steps::note(lineages.len());
                return (lineages, picks);
            }
            InputSource::Step(at) => at,
        };
        let Some(step) = earlier.get(at.at()) else { return Flowing::default() };
        let units = self.places(at).zip(self.step(at));
        let one = |unit: UnitIndex| InputBinding::Unit { unit, nth: None };
        if step.is_frame(source) {
            let first = source.port == "start_frame";
            let wanted = if first { 0 } else { step.angles.len() as u32 - 1 };
            return units
                .filter(|(_, unit)| unit.angle == Some(wanted))
                .map(|(at, unit)| (unit.lineage.without(step.node.as_str()), one(at)))
                .collect();
        }
        units
            .flat_map(|(at, unit)| {
                // What was taken over has as many as it has; what is made anew gives as many as are asked for.
                let made = step.kept.get(&unit.key).map_or(step.count, ReusedItem::flows);
                let each = step.send_all && made > 1;
                let single = (!each).then(|| (unit.lineage.clone(), one(at)));
                let all = (0..if each { made } else { 0 }).map(move |nth| {
                    let lineage = unit.lineage.with(step.node.as_str(), nth.to_string());
                    (lineage, InputBinding::Unit { unit: at, nth: Some(nth) })
                });
                single.into_iter().chain(all)
            })
            .collect()
    }
}

/// The candidates of an evaluator: everything on its connections. With several connections the candidates of each
/// carry an origin of their own, named after the node they come from.
fn candidates(
    step: &Step,
    place: StepIndex,
    earlier: &[Step],
    ready: &[ExistingOutput],
    sources: &[&super::Source],
    flowing: Vec<Flowing>,
) -> Vec<Unit> {
    let node_of = |source: &super::Source| match source.from {
        InputSource::Ready(at) => ready.get(at as usize).map_or("", |ready| ready.node.as_str()),
        InputSource::Step(at) => earlier.get(at.at()).map_or("", |step| step.node.as_str()),
    };
    let several = sources.len() > 1;
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources {
        *times.entry(node_of(source)).or_default() += 1;
    }
    let mut units: Vec<Unit> = Vec::new();
    for (source, (lineages, picks)) in sources.iter().zip(flowing) {
        let node = node_of(source);
        let twice = times.get(node).is_some_and(|times| *times > 1);
        let origin = if twice { format!("{node}-{}", source.port) } else { node.to_owned() };
        for (lineage, pick) in lineages.into_iter().zip(picks) {
            let lineage =
                if several { lineage.with(step.node.as_str(), origin.as_str()) } else { lineage };
            units.push(Unit::new(place, units.len(), lineage, None, vec![pick]));
        }
    }
    units
}

impl Plan {
    /// Invocations, in the order of the steps.
    #[must_use]
    pub fn units(&self) -> Units {
        Units::of(self)
    }
}
