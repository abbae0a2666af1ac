//! Money, prices and quotes. A price is data; this is the only code that evaluates one (R-GRAPH-47).
//! Everything is integer arithmetic: money in millicredits, quantities and multipliers in thousandths.
#![deny(clippy::float_arithmetic, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An amount in millicredits. In JSON and in the document it is credits, a number with at most three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = f64))]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole credits.
    pub const fn credits(credits: i64) -> Self {
        Self(credits * 1000)
    }

    /// Reads credits written as a decimal number, such as `12`, `0.5` or `1.234`.
    /// `None` when it is not one or has more than three decimals.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) || fraction.len() > 3 {
            return None;
        }
        let thousandths: i64 = format!("{fraction:0<3}").parse().ok()?;
        let amount = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(thousandths)?;
        Some(Self(if negative { -amount } else { amount }))
    }

    /// Reads a JSON number of credits.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::Null
            | Value::Bool(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }

    /// As a JSON number of credits.
    pub fn to_json(self) -> Value {
        if self.0 % 1000 == 0 {
            Value::from(self.0 / 1000)
        } else {
            self.to_string().parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
        }
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            write!(f, "{sign}{whole}")
        } else {
            let fraction = format!("{rest:03}");
            write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).ok_or_else(|| {
            serde::de::Error::custom("credits are a number with at most three decimals")
        })
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<i64> for Money {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Unit that a price is paid per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// One result.
    Generation,
    /// A second of video or sound.
    Second,
    /// A million pixels.
    Megapixel,
    /// A character of text.
    Character,
    /// A sound track.
    Track,
}

/// A multiplier or quantity in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = f64))]
pub struct Milli(pub i64);

impl Milli {
    /// Once.
    pub const ONE: Self = Self(1000);
}

impl<'de> Deserialize<'de> for Milli {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Money::deserialize(deserializer).map(|money| Self(money.0))
    }
}

impl Serialize for Milli {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Money(self.0).serialize(serializer)
    }
}

/// Price of a model: `base` for each `unit`, times the multipliers of the chosen parameter values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Credits for one unit.
    pub base: Money,
    /// Unit that is counted.
    pub unit: Unit,
    /// The most that can be counted where the quantity is not known before the run, in units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Milli>,
    /// Parameter → value (as text) → multiplier.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub multipliers: BTreeMap<String, BTreeMap<String, Milli>>,
}

impl Price {
    /// Returns the quantity that one result is paid for, in thousandths of a unit, where the settings alone tell.
    #[must_use]
    pub fn told(&self, params: &BTreeMap<String, Value>) -> Option<Milli> {
        match self.unit {
            Unit::Generation => Some(Milli::ONE),
            Unit::Second => {
                params.get("duration").and_then(Money::from_json).map(|wished| Milli(wished.0))
            }
            Unit::Megapixel | Unit::Character | Unit::Track => None,
        }
    }

    /// The price of one generation with these parameters and `quantity` units in thousandths, times the
    /// `factor` of the workspace's price plan, rounded up to whole millicredits.
    pub fn of(&self, params: &BTreeMap<String, Value>, quantity: Milli, factor: Milli) -> Money {
        let quantity = i128::from(quantity.0.max(0)) * i128::from(factor.0.max(0));
        let mut amount = i128::from(self.base.0).saturating_mul(quantity);
        let mut divisor: i128 = 1_000_000;
        for (param, by_value) in &self.multipliers {
            let factor = params.get(param).and_then(|value| by_value.get(&value_key(value)));
            if let Some(factor) = factor {
                amount = amount.saturating_mul(i128::from(factor.0.max(0)));
                divisor = divisor.saturating_mul(1000);
            }
        }
        let rounded_up = amount.saturating_add(divisor - 1) / divisor;
        Money(i64::try_from(rounded_up).unwrap_or(i64::MAX))
    }
}

/// A parameter value as the key of a multiplier: strings bare, everything else as JSON.
pub fn value_key(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            crate::values::canonical(value).to_string()
        }
    }
}

/// The most that can be charged, which is what is held; `exact` when it is also what will be charged if
/// everything succeeds and nothing is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The most that can be charged.
    pub cost: Money,
    /// True if every quantity is known.
    pub exact: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn money_reads_and_writes_credits() {
        for (text, milli) in [("12", 12_000), ("0.5", 500), ("1.234", 1_234), ("-3.1", -3_100)] {
            assert_eq!(Money::parse(text), Some(Money(milli)), "{text}");
            assert_eq!(Money(milli).to_string(), text);
        }
        for text in ["", "1.2345", "1e3", "+1", ".5", "1.x", "99999999999999999999"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
        assert_eq!(serde_json::to_string(&Money(1_250)).unwrap(), "1.25");
        assert_eq!(serde_json::from_str::<Money>("2.0").unwrap(), Money(2_000));
    }

    #[test]
    fn price_multiplies_and_rounds_up() {
        let price: Price = serde_json::from_value(json!({
            "base": 2, "unit": "generation",
            "multipliers": {"resolution": {"2K": 2, "0.5K": 0.333}, "scale": {"4": 1.5}},
        }))
        .unwrap();
        let params = |value: Value| -> BTreeMap<String, Value> {
            value.as_object().unwrap().clone().into_iter().collect()
        };
        let one = Milli::ONE;
        assert_eq!(price.of(&params(json!({})), one, Milli::ONE), Money(2_000));
        assert_eq!(
            price.of(&params(json!({"resolution": "2K", "scale": 4})), one, Milli::ONE),
            Money(6_000)
        );
        assert_eq!(price.of(&params(json!({"scale": 4.0})), one, Milli::ONE), Money(3_000));
        assert_eq!(
            price.of(&params(json!({"resolution": "0.5K"})), Milli(1), Milli::ONE),
            Money(1)
        );
        assert_eq!(price.of(&params(json!({})), one, Milli(750)), Money(1_500));
    }
}
