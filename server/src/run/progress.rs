//! Progress of the steps of a run, told through awareness in increments that people can see.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{Plan, StepIndex, UnitIndex, Units};

use crate::room::RoomHandle;

/// Progress is told in steps of this many percent.
const STEP_PERCENT: u32 = 2;

struct OfStep {
    node: NodeId,
    total: u32,
    ended: u32,
    /// Units under way, with how far they are from 0 to 1.
    parts: BTreeMap<UnitIndex, f32>,
    /// The progress that was told last, in percent.
    told: Option<u32>,
}

/// The progress of all steps of a run.
pub(super) struct Progress {
    step_of: Vec<StepIndex>,
    steps: Mutex<Vec<OfStep>>,
}

impl Progress {
    pub(super) fn of(plan: &Plan, units: &Units) -> Self {
        let steps = plan.steps.iter().zip(&units.of_step).map(|(step, range)| OfStep {
            node: step.node.clone(),
            total: range.len() as u32,
            ended: 0,
            parts: BTreeMap::new(),
            told: None,
        });
        let step_of = units.all.iter().map(|unit| unit.step).collect();
        Self { step_of, steps: Mutex::new(steps.collect()) }
    }

    /// A unit is this far.
    pub(super) fn set(&self, room: &RoomHandle, unit: UnitIndex, part: f32) {
        self.change(room, unit, |step| {
            step.parts.insert(unit, part.clamp(0.0, 1.0));
        });
    }

    /// The call of a unit has ended.
    pub(super) fn ended(&self, room: &RoomHandle, unit: UnitIndex) {
        self.change(room, unit, |step| {
            step.parts.remove(&unit);
            step.ended += 1;
        });
    }

    fn change(&self, room: &RoomHandle, unit: UnitIndex, change: impl FnOnce(&mut OfStep)) {
        // Nothing panics while it is held.
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(step) = self.step_of.get(unit.at()).and_then(|at| steps.get_mut(at.at())) else {
            return;
        };
        change(step);
        if step.ended >= step.total {
            if step.told.take().is_some() {
                room.set_progress(&step.node, None);
            }
            return;
        }
        let done: f32 = step.parts.values().sum::<f32>() + step.ended as f32;
        let percent = (done / step.total.max(1) as f32 * 100.0) as u32;
        if step.told.is_none_or(|told| percent >= told + STEP_PERCENT) && percent > 0 {
            step.told = Some(percent);
            room.set_progress(&step.node, Some(percent as f32 / 100.0));
        }
    }

    /// Nothing of the run is shown any more.
    pub(super) fn clear(&self, room: &RoomHandle) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        for step in steps.iter_mut().filter(|step| step.told.is_some()) {
            step.told = None;
            room.set_progress(&step.node, None);
        }
    }
}
