//! Check that the invocations of a step get what the kind needs.

use super::known::Known;
use super::model::{Step, Unit};
use crate::catalog::Model;
use crate::nodes::{Need, NodeSpec, PortSpec, PortType};
use crate::problem::{ErrorCode, NodeProblem, quoted};
use crate::steps;

/// Content that arrives on an input of one unit.
struct Arriving<'a> {
    port: &'a str,
    /// Number of pictures, sounds or texts that are known; `None` counts as one that has yet to be made.
    count: usize,
    filled: bool,
}

fn arriving<'a>(step: &'a Step, unit: &Unit, known: &Known<'_>) -> Vec<Arriving<'a>> {
    let mut picks = unit.picks.iter();
    let mut inputs = Vec::with_capacity(step.inputs.len());
    for input in &step.inputs {
        let mut on = Arriving { port: &input.port, count: 0, filled: false };
        for pick in picks.by_ref().take(input.sources.len()) {
            steps::note(1);
            match known.units.facts(pick) {
                None => (on.count, on.filled) = (on.count + 1, true),
                Some(facts) => {
                    on.count += facts.count;
                    on.filled |= facts.filled;
                }
            }
        }
        inputs.push(on);
    }
    inputs
}

/// Returns the problems of the first unit of a step that lacks something or has too many references.
pub(super) fn problems(
    step: &Step,
    spec: &NodeSpec,
    model: Option<&Model>,
    units: &[Unit],
    known: &Known<'_>,
) -> Vec<NodeProblem> {
    let problem = |port: &str, code, detail: &str| {
        NodeProblem::new(step.node.as_str(), Some(port), code, detail)
    };
    let title = quoted(&step.title);
    let own = !step.own_text.trim().is_empty();
    for unit in units.iter().filter(|unit| !unit.kept) {
        let inputs = arriving(step, unit, known);
        let missing = missing(own, spec, &inputs);
        if !missing.is_empty() {
            let of_item = match units.len() {
                1 => String::new(),
                n => format!(" for item {} of {n}", unit.n + 1),
            };
            let sentence = |(port, advice): (&str, String)| {
                let detail = format!("{title} needs {}{of_item}. {advice}", named(port));
                problem(port, ErrorCode::MissingInput, &detail)
            };
            return missing.into_iter().map(sentence).collect();
        }
        let given = inputs.iter().find(|on| on.port == "references").map_or(0, |on| on.count);
        let Some(model) = model.filter(|model| given > model.max_references as usize) else {
            continue;
        };
        let detail = format!(
            "{title} has {given} references; {} takes at most {}. Delete some of the connections.",
            model.name, model.max_references
        );
        return vec![problem("references", ErrorCode::BadRequest, &detail)];
    }
    Vec::new()
}

/// Returns the problems with nothing on the inputs at all, for a step without units.
pub(super) fn missing_inputs(step: &Step, spec: &NodeSpec) -> Vec<NodeProblem> {
    let sentence = |(port, advice): (&'static str, String)| {
        let detail = format!("{} needs {}. {advice}", quoted(&step.title), named(port));
        NodeProblem::new(step.node.as_str(), Some(port), ErrorCode::MissingInput, &detail)
    };
    let own = !step.own_text.trim().is_empty();
    missing(own, spec, &[]).into_iter().map(sentence).collect()
}

/// The inputs that lack something, with what to do; `own` tells whether the node has a text of its own.
fn missing(own: bool, spec: &NodeSpec, inputs: &[Arriving<'_>]) -> Vec<(&'static str, String)> {
    let filled = |port: &str| {
        inputs.iter().any(|on| on.port == port && on.filled) || (spec.own_text == Some(port) && own)
    };
    let mut missing = Vec::new();
    for port in spec.inputs {
        let empty = matches!(port.need, Need::Required | Need::OrOwnText) && !filled(port.name);
        // Pictures alone are enough for a generator: it works from words, pictures, or both.
        let is_shown = ["references", "start_frame", "end_frame"].into_iter().any(filled);
        let referenced = port.need == Need::OrOwnText && is_shown;
        if empty && !referenced {
            missing.push((port.name, what_to_do(port, spec.own_text == Some(port.name))));
        }
    }
    let one_of: Vec<&'static str> =
        spec.inputs.iter().filter(|p| p.need == Need::OneOf).map(|p| p.name).collect();
    if let Some(first) = one_of.first().copied()
        && !one_of.iter().any(|port| filled(port))
    {
        missing.push((first, format!("Connect {}.", one_of.join(" or "))));
    }
    missing
}

/// An input in a sentence: "an image", "a start frame", "candidates".
fn named(port: &str) -> String {
    let words = port.replace('_', " ");
    match words.as_bytes() {
        [.., b's'] => words,
        [b'a' | b'e' | b'i' | b'o' | b'u', ..] => format!("an {words}"),
        _ => format!("a {words}"),
    }
}

fn what_to_do(port: &PortSpec, own_text: bool) -> String {
    if own_text {
        "Write one, or connect a text.".to_owned()
    } else if let PortType::Fixed(ty) = port.ty {
        format!("Connect {} that has something on it.", ty.article_label())
    } else {
        "Connect something to it.".to_owned()
    }
}
