//! The invocations of a plan: which item of which input meets which (DESIGN §4, Batches). A function of the plan
//! alone, so that a server that takes a run up finds the same ones.

use std::ops::Range;

use super::{From, Kept, Plan, Ready, Step, UNITS_MAX};
use crate::lineage::{JoinError, Lineage, Row, join};
use crate::pricing::Money;
use crate::schema::ItemContent;

/// What one invocation gets over one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// An item that is there: places in [`Plan::ready`] and in its items.
    Ready {
        /// The output.
        ready: u32,
        /// The item.
        item: u32,
    },
    /// What another unit makes: the nth of it, or the one that flows.
    Unit {
        /// Its place in [`Units::all`].
        unit: u32,
        /// Which of what it makes, where all flow.
        nth: Option<u32>,
    },
    /// The whole batch of an output that is there.
    AllReady(u32),
    /// The whole batch that a step makes: its place in [`Plan::steps`].
    AllOf(u32),
}

/// One item of one step: a call of a model, or a candidate of an evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The step's place in the plan.
    pub step: u32,
    /// Its position in the batch.
    pub n: u32,
    /// Where it comes from.
    pub lineage: Lineage,
    /// Its item key: the lineage as text.
    pub key: String,
    /// Which of the step's camera angles.
    pub angle: Option<u32>,
    /// What it gets, connection by connection, in the order of the step's inputs.
    pub picks: Vec<Pick>,
    /// Whether it is taken over instead of called.
    pub kept: bool,
    /// The most it can cost.
    pub hold: Money,
    /// Whether that is also what it will cost.
    pub exact: bool,
}

/// All units of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Step by step.
    pub all: Vec<Unit>,
    /// The units of each step.
    pub of_step: Vec<Range<u32>>,
}

/// Why the units of a step cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UnitsError {
    /// Inputs do not go together.
    Join(JoinError),
    /// More than [`UNITS_MAX`].
    TooMany,
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
    pub fn step(&self, step: u32) -> &[Unit] {
        let range = self.of_step.get(step as usize).cloned().unwrap_or_default();
        self.all.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Adds the units of the next step.
    pub(super) fn push(&mut self, earlier: &[Step], ready: &[Ready], step: &Step, rows: Vec<Unit>) {
        let start = self.all.len() as u32;
        for mut unit in rows {
            unit.kept = step.kept.contains_key(&unit.key);
            if !unit.kept {
                let known = Known { units: self, earlier, ready };
                (unit.hold, unit.exact) = super::cost::hold(step, &unit, &known);
            }
            self.all.push(unit);
        }
        self.of_step.push(start..self.all.len() as u32);
    }

    /// The items of the step that comes next, unpriced.
    pub(super) fn rows(
        &self,
        earlier: &[Step],
        ready: &[Ready],
        step: &Step,
    ) -> Result<Vec<Unit>, UnitsError> {
        let sources: Vec<&super::Source> =
            step.inputs.iter().flat_map(|input| &input.sources).collect();
        let mut flowing: Vec<Vec<(Lineage, Pick)>> = Vec::with_capacity(sources.len());
        for source in &sources {
            flowing.push(if source.all && !step.is_review() {
                let pick = match source.from {
                    From::Ready(at) => Pick::AllReady(at),
                    From::Step(at) => Pick::AllOf(at),
                };
                vec![(Lineage::none(), pick)]
            } else {
                self.flowing(earlier, ready, source)
            });
        }
        let place = self.of_step.len() as u32;
        if step.is_review() {
            return Ok(candidates(step, place, earlier, ready, &sources, flowing));
        }
        let room = UNITS_MAX.saturating_sub(self.all.len());
        let rows = if flowing.iter().all(|items| items.len() == 1 && items[0].0.is_none()) {
            let picks = vec![0; flowing.len()];
            vec![Row { lineage: Lineage::none(), picks }]
        } else {
            let lineages: Vec<Vec<Lineage>> = flowing
                .iter()
                .map(|items| items.iter().map(|(lineage, _)| lineage.clone()).collect())
                .collect();
            let lineages: Vec<&[Lineage]> = lineages.iter().map(Vec::as_slice).collect();
            join(&lineages, step.batch, room).map_err(|error| match error {
                JoinError::TooMany => UnitsError::TooMany,
                JoinError::Lengths(_) => UnitsError::Join(error),
            })?
        };
        let angles = step.angles.len().max(1);
        if rows.len().saturating_mul(angles) > room {
            return Err(UnitsError::TooMany);
        }
        let mut units = Vec::with_capacity(rows.len() * angles);
        for row in rows {
            let picks: Vec<Pick> = flowing
                .iter()
                .zip(&row.picks)
                .map(|(items, pick)| items[*pick as usize].1)
                .collect();
            if step.angles.is_empty() {
                units.push(Unit::new(place, units.len(), row.lineage, None, picks));
                continue;
            }
            for (angle, (id, _)) in (0_u32..).zip(&step.angles) {
                let lineage = row.lineage.with(&step.node, id.as_str());
                units.push(Unit::new(place, units.len(), lineage, Some(angle), picks.clone()));
            }
        }
        Ok(units)
    }

    /// What is on a connection, item by item.
    fn flowing(
        &self,
        earlier: &[Step],
        ready: &[Ready],
        source: &super::Source,
    ) -> Vec<(Lineage, Pick)> {
        let at = match source.from {
            From::Ready(at) => {
                let items = ready.get(at as usize).map(|r| r.items.as_slice()).unwrap_or_default();
                return (0_u32..)
                    .zip(items)
                    .map(|(item, held)| {
                        (Lineage::parse(&held.key), Pick::Ready { ready: at, item })
                    })
                    .collect();
            }
            From::Step(at) => at,
        };
        let Some(step) = earlier.get(at as usize) else { return Vec::new() };
        let range = self.of_step.get(at as usize).cloned().unwrap_or_default();
        let units = range.clone().zip(self.step(at));
        let one = |unit| Pick::Unit { unit, nth: None };
        if !step.angles.is_empty() && source.port.ends_with("_frame") {
            let first = source.port == "start_frame";
            let wanted = if first { 0 } else { step.angles.len() as u32 - 1 };
            return units
                .filter(|(_, unit)| unit.angle == Some(wanted))
                .map(|(at, unit)| (unit.lineage.without(&step.node), one(at)))
                .collect();
        }
        units
            .flat_map(|(at, unit)| {
                // What was taken over has as many as it has; what is made anew gives as many as are asked for.
                let made = step.kept.get(&unit.key).map_or(step.count, Kept::flows);
                let each = step.send_all && made > 1;
                let single = (!each).then(|| (unit.lineage.clone(), one(at)));
                let all = (0..if each { made } else { 0 }).map(move |nth| {
                    let lineage = unit.lineage.with(&step.node, nth.to_string());
                    (lineage, Pick::Unit { unit: at, nth: Some(nth) })
                });
                single.into_iter().chain(all)
            })
            .collect()
    }
}

impl Unit {
    fn new(step: u32, n: usize, lineage: Lineage, angle: Option<u32>, picks: Vec<Pick>) -> Self {
        let key = lineage.to_string();
        let (kept, hold, exact) = (false, Money::ZERO, true);
        Self { step, n: n as u32, lineage, key, angle, picks, kept, hold, exact }
    }
}

/// The candidates of an evaluator: everything on its connections. With several connections the candidates of each
/// carry an origin of their own, named after the node they come from.
fn candidates(
    step: &Step,
    place: u32,
    earlier: &[Step],
    ready: &[Ready],
    sources: &[&super::Source],
    flowing: Vec<Vec<(Lineage, Pick)>>,
) -> Vec<Unit> {
    let node_of = |source: &super::Source| match source.from {
        From::Ready(at) => ready.get(at as usize).map_or("", |ready| ready.node.as_str()),
        From::Step(at) => earlier.get(at as usize).map_or("", |step| step.node.as_str()),
    };
    let several = sources.len() > 1;
    let mut units: Vec<Unit> = Vec::new();
    for (source, items) in sources.iter().zip(flowing) {
        let node = node_of(source);
        let twice = sources.iter().filter(|other| node_of(other) == node).count() > 1;
        let origin = if twice { format!("{node}-{}", source.port) } else { node.to_owned() };
        for (lineage, pick) in items {
            let lineage = if several { lineage.with(&step.node, origin.as_str()) } else { lineage };
            units.push(Unit::new(place, units.len(), lineage, None, vec![pick]));
        }
    }
    units
}

/// What is known of picks before the run.
pub(super) struct Known<'a> {
    pub(super) units: &'a Units,
    pub(super) earlier: &'a [Step],
    pub(super) ready: &'a [Ready],
}

impl<'a> Known<'a> {
    /// The content of a pick: `None` where a unit of the run has yet to make it.
    pub(super) fn contents(&self, pick: &Pick) -> Option<Vec<ItemContent>> {
        match *pick {
            Pick::Ready { ready, item } => {
                let items = &self.ready.get(ready as usize)?.items;
                Some(vec![items.get(item as usize)?.content.clone()])
            }
            Pick::AllReady(ready) => {
                let items = &self.ready.get(ready as usize)?.items;
                Some(items.iter().map(|item| item.content.clone()).collect())
            }
            Pick::Unit { unit, nth } => {
                let unit = self.units.all.get(unit as usize)?;
                Some(
                    self.kept(unit)?
                        .get(nth.unwrap_or(0) as usize)?
                        .content()
                        .into_iter()
                        .collect(),
                )
            }
            Pick::AllOf(step) => {
                let mut all = Vec::new();
                for unit in self.units.step(step) {
                    let made = self.kept(unit)?;
                    let send_all = self.earlier.get(step as usize).is_some_and(|s| s.send_all);
                    let flowing = if send_all { made } else { made.get(..1).unwrap_or_default() };
                    all.extend(flowing.iter().filter_map(crate::schema::Generation::content));
                }
                Some(all)
            }
        }
    }

    fn kept(&self, unit: &Unit) -> Option<&'a [crate::schema::Generation]> {
        let step = self.earlier.get(unit.step as usize)?;
        Some(step.kept.get(&unit.key)?.generations.as_slice())
    }
}
