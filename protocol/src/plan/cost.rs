//! What a unit can cost before it is called, and what it did cost after (DESIGN §3, prices and quotes).

use super::units::Known;
use super::{Step, Unit};
use crate::invocation::Invocation;
use crate::nodes::NodeKind;
use crate::pricing::{Milli, Money, Price, Unit as Per};
use crate::schema::ItemContent;

/// What is known of one delivered result.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// Its length in seconds, where it has one.
    pub duration_s: Option<f64>,
    /// Its width and height in pixels, where it has them.
    pub size_px: Option<(u32, u32)>,
}

/// An input as far as it is known: `None` where something of it has yet to be made.
type Input<'a> = (&'a str, Option<Vec<ItemContent>>);

/// The most a unit can cost, and whether that is also what it will cost.
pub(super) fn hold(step: &Step, unit: &Unit, known: &Known<'_>) -> (Money, bool) {
    let Some(price) = &step.price else { return (Money::ZERO, true) };
    let mut picks = unit.picks.iter();
    let mut inputs: Vec<Input<'_>> = Vec::new();
    // What a fixed price is paid for needs no look at the inputs.
    if price.unit != Per::Generation {
        for input in &step.inputs {
            let mut content = Some(Vec::new());
            for pick in picks.by_ref().take(input.sources.len()) {
                content = content.zip(known.contents(pick)).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
            }
            inputs.push((&input.port, content));
        }
    }
    let (quantity, exact) = match quantity(price, step, &inputs) {
        Some(quantity) => (quantity, true),
        None => (most(price), false),
    };
    (price.of(&step.params, quantity, step.factor) * i64::from(step.count), exact)
}

/// What each delivered result costs: its actual quantity, never above its share of the `hold`.
pub fn charge(step: &Step, call: &Invocation, hold: Money, made: &[Made]) -> Vec<Money> {
    let Some(price) = &step.price else { return vec![Money::ZERO; made.len()] };
    let inputs: Vec<Input<'_>> =
        call.inputs.iter().map(|(port, items)| (port.as_str(), Some(items.clone()))).collect();
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
    Milli((duration_s.max(0.0) * 1000.0).ceil() as i64)
}

fn megapixels(width: u32, height: u32, scale: i64) -> Milli {
    let pixels = i64::from(width) * i64::from(height) * scale * scale;
    Milli(pixels.saturating_add(999) / 1000)
}

/// How many units (in thousandths) one result is paid for; `None` where that is not known yet.
fn quantity(price: &Price, step: &Step, inputs: &[Input<'_>]) -> Option<Milli> {
    if let Some(told) = price.told(&step.params) {
        return Some(told);
    }
    let on = |port: &str| inputs.iter().find(|(name, _)| *name == port);
    match price.unit {
        Per::Generation => None,
        Per::Second => {
            let mut longest = None;
            for (_, items) in inputs {
                for item in items.as_ref()? {
                    let ItemContent::Asset(asset) = item else { continue };
                    longest = longest.max(asset.duration.map(seconds).map(|milli| milli.0));
                }
            }
            longest.map(Milli)
        }
        Per::Megapixel if step.kind == NodeKind::ImageUpscaler.spec().id => {
            let scale = step.params.get("scale").and_then(serde_json::Value::as_i64).unwrap_or(1);
            let (_, items) = on("image")?;
            let Some(ItemContent::Asset(asset)) = items.as_ref()?.first() else { return None };
            Some(megapixels(asset.width?, asset.height?, scale))
        }
        Per::Megapixel => None,
        Per::Character => {
            let mut characters = step.own_text.trim().chars().count();
            for (_, items) in inputs {
                for item in items.as_ref()? {
                    if let ItemContent::Text(text) = item {
                        characters += text.trim().chars().count();
                    }
                }
            }
            Some(Milli(i64::try_from(characters).unwrap_or(i64::MAX / 1000) * 1000))
        }
        Per::Track => {
            let tracks = match on("audio") {
                Some((_, items)) => items.as_ref()?.len() as i64,
                None => 0,
            };
            Some(Milli(tracks * 1000))
        }
    }
}
