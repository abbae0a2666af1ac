//! Cost of a unit: the most before it is called, and the actual one after (R-GRAPH-48, R-GRAPH-49, R-RUN-18).

use super::facts::Facts;
use super::facts::milliseconds;
use super::model::{InputBinding, Step, Unit};
use crate::invocation::Invocation;
use crate::nodes::{self, Makes, NodeKind};
use crate::pricing::{Milli, Money, Price, Unit as Per};
use crate::schema::ItemContent;
use crate::steps;

/// Measurements of one delivered result.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// Length in seconds, where it has one.
    pub duration_s: Option<f64>,
    /// Width and height in pixels, where it has them.
    pub size_px: Option<(u32, u32)>,
}

/// An input as far as it is known: `None` where something of it has yet to be made.
type Input<'a> = (&'a str, Option<Facts>);

/// Facts about an input before the run, and whether they are exact or only bounds.
pub(super) type Expected = Option<(Facts, bool)>;

/// What arrives at the inputs of a unit.
pub(super) struct UnitInputs<'a> {
    inputs: Vec<Input<'a>>,
    exact: bool,
}

impl<'a> UnitInputs<'a> {
    /// Takes together what `facts` tells of each pick; nothing where no price depends on it.
    pub(super) fn of(
        step: &'a Step,
        unit: &Unit,
        facts: &dyn Fn(&InputBinding) -> Expected,
    ) -> Self {
        let mut exact = true;
        let mut inputs = Vec::new();
        // What a fixed price is paid for needs no look at the inputs.
        if step.price.as_ref().is_none_or(|price| price.unit == Per::Generation) {
            return Self { inputs, exact };
        }
        let mut picks = unit.picks.iter();
        for input in &step.inputs {
            let mut content = Some(Facts::default());
            for pick in picks.by_ref().take(input.sources.len()) {
                steps::note(1);
                let arriving = facts(pick);
                exact &= arriving.is_none_or(|(_, exact)| exact);
                content = content.zip(arriving).map(|(mut all, (more, _))| {
                    all.add(more);
                    all
                });
            }
            inputs.push((input.port.as_str(), content));
        }
        Self { inputs, exact }
    }
}

/// The most a unit can cost, and whether that is also what it will cost.
pub(super) fn hold(step: &Step, arriving: &UnitInputs<'_>) -> (Money, bool) {
    let Some(price) = &step.price else { return (Money::ZERO, true) };
    let (quantity, exact) = match quantity(price, step, &arriving.inputs) {
        Some(quantity) => (quantity, arriving.exact || price.told(&step.params).is_some()),
        None => (most(price), false),
    };
    (price.of(&step.params, quantity, step.factor) * i64::from(step.count), exact)
}

/// What a unit will have made, as far as prices behind it need to know: the length is the most it can be. `None` where
/// nobody can tell.
pub(super) fn expected(step: &Step, arriving: &UnitInputs<'_>) -> Option<Facts> {
    let file = |longest_ms| Facts { count: 1, filled: true, longest_ms, ..Facts::default() };
    let told = || {
        let duration = step.params.get("duration").and_then(Money::from_json)?;
        Some(file(Some(duration.0)))
    };
    let longest = || {
        let mut longest = None;
        for (_, facts) in &arriving.inputs {
            longest = longest.max((*facts)?.longest_ms);
        }
        longest.map(|longest| file(Some(longest)))
    };
    match nodes::spec(&step.kind)?.makes {
        Makes::Lasting => told(),
        Makes::AsLongAsInputs => longest(),
        Makes::Spoken => {
            let each = step.seconds_per_character?.0;
            let speed = step.params.get("speed").and_then(Money::from_json).map_or(1000, |s| s.0);
            let characters = characters(step, &arriving.inputs)?.0;
            Some(file(Some(characters.saturating_mul(each) / speed.max(1) + SPEECH_REST_MS)))
        }
        Makes::File => Some(file(None)),
        Makes::Unknown => None,
    }
}

/// Silence before and after a spoken text, at most, in ms.
const SPEECH_REST_MS: i64 = 1_000;

/// Characters of the own text and of all that arrives, in thousandths.
fn characters(step: &Step, inputs: &[Input<'_>]) -> Option<Milli> {
    let mut characters = step.own_text.trim().chars().count();
    for (_, facts) in inputs {
        characters = characters.saturating_add((*facts)?.characters);
    }
    Some(thousands(characters))
}

/// Returns the cost of each delivered result: of its actual quantity, never above its share of the `hold`.
pub fn charge(step: &Step, call: &Invocation, hold: Money, made: &[Made]) -> Vec<Money> {
    let Some(price) = &step.price else { return vec![Money::ZERO; made.len()] };
    let together = |items: &[ItemContent]| Facts::of_all(items.iter().map(Facts::of));
    let inputs: Vec<Input<'_>> =
        call.inputs.iter().map(|(port, items)| (port.as_str(), Some(together(items)))).collect();
    let share = Money(hold.0 / i64::from(step.count.max(1)));
    let each = |made: &Made| {
        let measured = match price.unit {
            Per::Second => made.duration_s.map(seconds),
            Per::Megapixel => made.size_px.map(|(w, h)| megapixels(w, h, 1)),
            Per::Generation | Per::Character | Per::Track => None,
        };
        let quantity = measured.or_else(|| quantity(price, step, &inputs));
        price.of(&step.params, quantity.unwrap_or_else(|| most(price)), step.factor).min(share)
    };
    made.iter().map(each).collect()
}

fn most(price: &Price) -> Milli {
    price.maximum.unwrap_or(Milli(1000))
}

fn seconds(duration_s: f64) -> Milli {
    Milli(milliseconds(duration_s))
}

fn megapixels(width: u32, height: u32, scale: i64) -> Milli {
    let pixels = i64::from(width).saturating_mul(i64::from(height));
    let pixels = pixels.saturating_mul(scale.max(0)).saturating_mul(scale.max(0));
    Milli(pixels.saturating_add(999) / 1000)
}

fn thousands(count: usize) -> Milli {
    Milli(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// Returns the quantity that one result is paid for, in thousandths of a unit; `None` where it is not known yet.
fn quantity(price: &Price, step: &Step, inputs: &[Input<'_>]) -> Option<Milli> {
    if let Some(told) = price.told(&step.params) {
        return Some(told);
    }
    let on = |port: &str| inputs.iter().find(|(name, _)| *name == port);
    match price.unit {
        Per::Generation => None,
        Per::Second => {
            let mut longest = None;
            for (_, facts) in inputs {
                longest = longest.max((*facts)?.longest_ms);
            }
            longest.map(Milli)
        }
        Per::Megapixel if step.kind == NodeKind::ImageUpscaler.spec().id => {
            let scale = step.params.get("scale").and_then(serde_json::Value::as_i64).unwrap_or(1);
            let (_, facts) = on("image")?;
            let (width, height) = (*facts)?.size_px?;
            Some(megapixels(width, height, scale))
        }
        Per::Megapixel => None,
        Per::Character => characters(step, inputs),
        Per::Track => {
            let tracks = match on("audio") {
                Some((_, facts)) => (*facts)?.count,
                None => 0,
            };
            Some(thousands(tracks))
        }
    }
}
