//! Comparison of the results that a node shows with those it would make now (R-GRAPH-52).

use std::collections::BTreeSet;

use super::build::Planner;
use crate::catalog::{Catalog, Model};
use crate::graph::{Graph, History};
use crate::nodes::NodeSpec;
use crate::schema::Canvas;

/// Names of the differences, in the order in which they are told.
const REASONS: [&str; 5] = ["model", "settings", "prompt", "input", "items"];

/// Why a node's results are outdated: what would differ if it ran now from what is on its inputs. `None` where
/// nothing would, there is no result, or it could not run.
pub fn outdated(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    node: &str,
    usable: &dyn Fn(&Model) -> bool,
) -> Option<Vec<&'static str>> {
    graph.spec(node).filter(|spec: &&NodeSpec| spec.runs())?;
    canvas.generations.get(node).filter(|made| !made.is_empty())?;
    let mut planner =
        Planner::new(canvas, graph, catalog, usable, BTreeSet::from([node.to_owned()]));
    let (step, units) = planner.draft(node)?;
    if step.is_review() {
        return None;
    }
    let known = planner.known();
    let history = History::of(canvas, node);
    let mut changed = BTreeSet::new();
    for unit in &units {
        if history.replaced(&unit.key).is_some() {
            continue;
        }
        let Some(shown) = history.shown(&unit.key) else {
            // A hole is a failure, not a change; an item that nobody ran is one.
            let item = canvas.results.get(node).and_then(|result| result.items.get(&unit.key));
            if item.is_none() {
                changed.insert("items");
            }
            continue;
        };
        let call = step.invocation(unit, |pick| known.contents(pick).unwrap_or_default());
        changed.extend(call.fingerprint().changed_since(&shown.fingerprint));
    }
    let told: Vec<&'static str> =
        REASONS.into_iter().filter(|reason| changed.contains(reason)).collect();
    (!told.is_empty()).then_some(told)
}
