//! The price of a run, in the words on its button, and when it is worth a question.

use gesso_protocol::plan::Plan;
use gesso_protocol::pricing::{Money, Quote};

/// More invocations than these are asked about.
const CALLS_UNASKED: u32 = 50;
/// More than this part of the balance is asked about.
const BALANCE_PART: i64 = 4;

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
        let price = self.quote.label();
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
