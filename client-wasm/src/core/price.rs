//! The price of a run, in the words on its button, and when it is worth a question.

use gesso_protocol::plan::Plan;
use gesso_protocol::pricing::{Money, Quote};

/// More invocations than these are asked about.
const CALLS_UNASKED: u32 = 50;
/// More than this part of the balance is asked about.
const BALANCE_PART: i64 = 4;

/// A number with commas between thousands.
pub fn grouped(number: &str) -> String {
    let (whole, rest) = match number.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (number, String::new()),
    };
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) && c.is_ascii_digit() && !out.ends_with('-')
        {
            out.push(',');
        }
        out.push(c);
    }
    out + &rest
}

/// "1 credit", "1,200.5 credits".
pub fn credits(amount: Money) -> String {
    let word = if amount == Money::credits(1) { "credit" } else { "credits" };
    format!("{} {word}", grouped(&amount.to_string()))
}

/// Whole credits, rounded up: "12", "1,200"; "<1" for less than one.
fn whole(amount: Money) -> String {
    match amount.0 {
        1..1000 => "<1".to_owned(),
        milli => grouped(
            &Money::credits(milli.div_euclid(1000) + i64::from(milli % 1000 > 0)).to_string(),
        ),
    }
}

/// A price on a button: "12", or "up to 12".
pub fn label(quote: &Quote) -> String {
    let bound = if quote.exact || quote.cost.0 < 1000 { "" } else { "up to " };
    format!("{bound}{}", whole(quote.cost))
}

/// The exact price: "11.6 credits", or "up to 11.6 credits".
pub fn exactly(quote: &Quote) -> String {
    format!("{}{}", if quote.exact { "" } else { "up to " }, credits(quote.cost))
}

/// Why a balance does not reach; `None` where it does or is not known.
pub fn shortage(quote: &Quote, balance: Option<Money>) -> Option<String> {
    let left = balance.filter(|left| quote.cost > *left)?;
    Some(format!("Needs {}, {} left", exactly(quote), grouped(&left.to_string())))
}

/// The work and the price of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The most it can cost.
    pub quote: Quote,
    /// Items of the one step it is about; 1 for a run of several steps.
    pub items: u32,
    /// Results of each.
    pub each: u32,
    /// Number of times models are called, in all steps.
    pub calls: u32,
    /// Steps that call a model.
    pub steps: usize,
}

impl Price {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let working: Vec<_> = plan.steps.iter().filter(|step| !step.is_review()).collect();
        let (items, each) = match working.as_slice() {
            [one] => (one.invocations.max(1), one.count.max(1)),
            _ => (1, 1),
        };
        Self {
            quote: plan.quote(),
            items,
            each,
            calls: working.iter().map(|step| step.invocations).sum(),
            steps: working.len(),
        }
    }

    /// "10", "up to 12"; with a batch the whole sum: "12 × 2 = 24 · 240".
    pub fn label(&self) -> String {
        let price = label(&self.quote);
        if self.items > 1 {
            let (items, each) = (self.items, self.each);
            format!("{items} × {each} = {} · {price}", items * each)
        } else {
            price
        }
    }

    /// True if somebody should say yes first: it is much work, or much of the balance.
    pub fn asks(&self, balance: Option<Money>) -> bool {
        let much = balance.is_some_and(|b| self.quote.cost.0.saturating_mul(BALANCE_PART) > b.0);
        self.calls > CALLS_UNASKED || (much && self.quote.cost.0 > 0)
    }

    /// True if the balance does not reach.
    pub fn beyond(&self, balance: Option<Money>) -> bool {
        balance.is_some_and(|b| self.quote.cost > b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(items: u32, each: u32, cost: i64, exact: bool) -> Price {
        let quote = Quote { cost: Money::credits(cost), exact };
        Price { quote, items, each, calls: items, steps: 1 }
    }

    #[test]
    fn the_button_says_the_whole_sum() {
        assert_eq!(price(1, 1, 10, true).label(), "10");
        assert_eq!(price(1, 4, 40, true).label(), "40");
        assert_eq!(price(12, 2, 240, true).label(), "12 × 2 = 24 · 240");
        assert_eq!(price(3, 1, 12, false).label(), "3 × 1 = 3 · up to 12");
    }

    #[test]
    fn buttons_say_whole_credits() {
        let told = |milli, exact| label(&Quote { cost: Money(milli), exact });
        assert_eq!(told(11_600, true), "12");
        assert_eq!(told(11_600, false), "up to 12");
        assert_eq!(told(12_000, true), "12");
        assert_eq!(told(1, false), "<1");
        assert_eq!(told(0, true), "0");
        assert_eq!(told(1_234_500, true), "1,235");
        assert_eq!(
            exactly(&Quote { cost: Money(1_234_500), exact: false }),
            "up to 1,234.5 credits"
        );
        assert_eq!(exactly(&Quote { cost: Money::credits(1), exact: true }), "1 credit");
        let quote = Quote { cost: Money(11_600), exact: true };
        assert_eq!(shortage(&quote, Some(Money::credits(12))), None);
        assert_eq!(shortage(&quote, None), None);
        let short = shortage(&quote, Some(Money(1_000)));
        assert_eq!(short.as_deref(), Some("Needs 11.6 credits, 1 left"));
        assert_eq!(grouped("-1234567.5"), "-1,234,567.5");
    }

    #[test]
    fn much_work_and_much_money_are_asked_about() {
        let balance = Some(Money::credits(1_000));
        assert!(!price(50, 1, 250, true).asks(balance));
        assert!(price(51, 1, 51, true).asks(balance));
        assert!(price(1, 1, 251, true).asks(balance));
        assert!(!price(1, 1, 0, true).asks(Some(Money::ZERO)), "what is free is not asked about");
        assert!(price(2, 1, 1_001, true).beyond(balance));
        assert!(!price(2, 1, 1_001, true).beyond(None));
    }
}
