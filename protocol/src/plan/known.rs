//! Contents of a plan's items, as far as they are known.

use crate::plan::model::{ExistingOutput, InputBinding, Step, Unit};
use crate::plan::units::Units;
use crate::schema::ItemContent;

/// Plan so far, which tells the content of picks before the run.
pub(super) struct Known<'a> {
    pub(super) units: &'a Units,
    pub(super) earlier: &'a [Step],
    pub(super) ready: &'a [ExistingOutput],
}

impl<'a> Known<'a> {
    /// The content of a pick: `None` where a unit of the run has yet to make it.
    pub(super) fn contents(&self, pick: &InputBinding) -> Option<Vec<ItemContent>> {
        match *pick {
            InputBinding::Ready { ready, item } => {
                let items = &self.ready.get(ready as usize)?.items;
                Some(vec![items.get(item as usize)?.content.clone()])
            }
            InputBinding::AllReady(ready) => {
                let items = &self.ready.get(ready as usize)?.items;
                Some(items.iter().map(|item| item.content.clone()).collect())
            }
            InputBinding::Unit { unit, nth } => {
                let unit = self.units.all.get(unit.at())?;
                Some(
                    self.kept(unit)?
                        .get(nth.unwrap_or(0) as usize)?
                        .content()
                        .into_iter()
                        .collect(),
                )
            }
            InputBinding::AllOf(step) => {
                let mut all = Vec::new();
                for unit in self.units.step(step) {
                    let made = self.kept(unit)?;
                    let send_all = self.earlier.get(step.at()).is_some_and(|s| s.send_all);
                    let flowing = if send_all { made } else { made.get(..1).unwrap_or_default() };
                    all.extend(flowing.iter().filter_map(crate::schema::Generation::content));
                }
                Some(all)
            }
        }
    }

    fn kept(&self, unit: &Unit) -> Option<&'a [crate::schema::Generation]> {
        let step = self.earlier.get(unit.step.at())?;
        Some(step.kept.get(&unit.key)?.generations.as_slice())
    }
}
