//! From a canvas and a target to a plan.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::toposort;
use serde_json::Value;

use super::{Mode, Plan, PlannedInput, Source, Step, Target, model_of};
use crate::catalog::{Catalog, Model};
use crate::graph::{Graph, flow};
use crate::nodes::{Need, NodeSpec, PortSpec};
use crate::pricing::{Milli, Money, Unit};
use crate::problem::{ErrorCode, NodeProblem, Refusal};
use crate::schema::{Canvas, Node};

/// The most results one invocation may be asked for.
const COUNT_MAX: i64 = 10;

struct Planner<'a> {
    canvas: &'a Canvas,
    graph: &'a Graph,
    catalog: &'a Catalog,
    usable: &'a dyn Fn(&Model) -> bool,
    included: BTreeSet<String>,
    problems: Vec<NodeProblem>,
}

/// Plans a run of `target`. `usable` tells which models can run here.
///
/// # Errors
/// Everything that is wrong with it at once, cycles first; `bad_request` where there is nothing to run and
/// `not_found` where the node does not exist.
pub fn plan(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    target: &Target,
    usable: &dyn Fn(&Model) -> bool,
) -> Result<Plan, Refusal> {
    let included = included(canvas, graph, target)?;
    let mut planner = Planner { canvas, graph, catalog, usable, included, problems: Vec::new() };
    planner.check_cycles();
    let order = planner.order();
    let steps: Vec<Step> = order.iter().filter_map(|id| planner.step(id)).collect();
    if let Some(refusal) = Refusal::of_nodes(planner.problems) {
        return Err(refusal);
    }
    Ok(Plan { mode: target.mode, node: target.node.clone(), steps })
}

/// The nodes that get a step.
fn included(canvas: &Canvas, graph: &Graph, target: &Target) -> Result<BTreeSet<String>, Refusal> {
    let asked = match (&target.node, target.mode) {
        (Some(node), _) if !graph.has_node(node) => {
            return Err(Refusal::new(ErrorCode::NotFound, format!("There is no node {node}.")));
        }
        (None, Mode::Node | Mode::Downstream) => {
            let detail = format!("A run of mode {} needs a node.", target.mode.id());
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        (node, _) => node.as_deref(),
    };
    let covered: BTreeSet<String> = match (target.mode, asked) {
        (Mode::Node, Some(node)) => [node.to_owned()].into(),
        (Mode::Downstream, Some(node)) => {
            let mut covered = graph.descendants(node);
            covered.insert(node.to_owned());
            covered
        }
        (Mode::Workflow, Some(node)) => graph.component(node),
        (_, None) => graph.node_ids().map(str::to_owned).collect(),
    };
    let runnable = |id: &String| {
        let locked = canvas.nodes.get(id).is_some_and(|node| node.locked);
        !locked && graph.spec(id).is_some_and(NodeSpec::runs)
    };
    let included: BTreeSet<String> = covered.into_iter().filter(runnable).collect();
    if included.is_empty() {
        let detail = match asked.and_then(|id| canvas.nodes.get(id)) {
            Some(node) if node.locked => {
                format!(
                    "“{}” is locked and keeps its output. Unlock it to run it.",
                    node.shown_title()
                )
            }
            Some(node) => {
                format!("“{}” does not run, and nothing after it does.", node.shown_title())
            }
            None => "There is nothing to run. Add a generator and give it a prompt.".to_owned(),
        };
        return Err(Refusal::new(ErrorCode::BadRequest, detail));
    }
    Ok(included)
}

impl Planner<'_> {
    fn check_cycles(&mut self) {
        let mut needed: BTreeSet<String> = self.included.clone();
        for id in &self.included {
            needed.extend(self.graph.ancestors(id));
        }
        let on_cycle = |problem: &&NodeProblem| {
            problem.code == ErrorCode::CycleDetected && needed.contains(&problem.node)
        };
        self.problems.extend(self.graph.problems().iter().filter(on_cycle).cloned());
    }

    /// The steps' nodes in topological order, ties by id; empty where there is a cycle among them.
    fn order(&self) -> Vec<String> {
        let (graph, ids) = self.graph.petgraph();
        let kept = graph.filter_map(
            |index, ()| self.included.contains(&ids[index.index()]).then_some(index.index()),
            |_, ()| Some(()),
        );
        let Ok(order) = toposort(&kept, None) else { return Vec::new() };
        order.into_iter().map(|index| ids[kept[index]].clone()).collect()
    }

    fn problem(&mut self, node: &str, port: Option<&str>, code: ErrorCode, detail: String) {
        let port = port.map(str::to_owned);
        self.problems.push(NodeProblem { node: node.to_owned(), port, code, detail });
    }

    fn step(&mut self, id: &str) -> Option<Step> {
        let node = self.canvas.nodes.get(id)?;
        let spec = self.graph.spec(id)?;
        let title = node.shown_title().to_owned();
        let inputs = self.inputs(node, spec);
        self.check_needs(node, spec, &inputs);
        let model = match model_of(self.catalog, spec.id, &node.settings, self.usable) {
            Ok(model) => model,
            Err(why) => {
                let detail = format!("“{title}” cannot run. {why}");
                self.problem(id, None, ErrorCode::ModelUnavailable, detail);
                return None;
            }
        };
        let params = match model.resolve(&node.settings) {
            Ok(params) => params,
            Err(wrong) => {
                let detail = format!("“{title}”: {}", wrong.join(" "));
                self.problem(id, None, ErrorCode::BadRequest, detail);
                return None;
            }
        };
        self.check_references(node, model, &inputs);
        let count = self.count(node, spec);
        let (quantity, exact) = quantity(model, &params, node, &inputs);
        let cost = model.price.of(&params, quantity) * i64::from(count);
        Some(Step {
            node: id.to_owned(),
            kind: spec.id.to_owned(),
            title,
            model: model.id.clone(),
            version: model.version.clone(),
            provider: model.provider.clone(),
            params,
            count,
            own_text: if spec.has_text { node.text.clone() } else { String::new() },
            negative: if spec.has_negative { node.negative.clone() } else { String::new() },
            inputs,
            invocations: 1,
            cost,
            exact,
        })
    }

    fn inputs(&mut self, node: &Node, spec: &NodeSpec) -> Vec<PlannedInput> {
        let mut inputs = Vec::new();
        for port in spec.inputs {
            let mut sources = Vec::new();
            for edge in self.graph.sources(&node.id, port.name) {
                let (from, out) = (edge.edge.from_node.as_str(), edge.edge.from_port.as_str());
                if edge.broken {
                    let detail = self.mismatch(node, port, from, edge.ty);
                    self.problem(&node.id, Some(port.name), ErrorCode::TypeMismatch, detail);
                } else if self.included.contains(from) {
                    sources.push(Source::Step { node: from.to_owned(), port: out.to_owned() });
                } else {
                    sources.extend(self.ready(node, port, from, out));
                }
            }
            if !sources.is_empty() {
                inputs.push(PlannedInput { port: port.name.to_owned(), sources });
            }
        }
        inputs
    }

    /// What is on a wire already.
    fn ready(&mut self, node: &Node, port: &PortSpec, from: &str, out: &str) -> Vec<Source> {
        let items = flow(self.canvas, from, out);
        if items.len() > 1 {
            let detail = format!(
                "“{}” gets {} items from “{}”, and this version runs one at a time. \
                 Leave one item in the list.",
                node.shown_title(),
                items.len(),
                self.graph.title(from)
            );
            self.problem(&node.id, Some(port.name), ErrorCode::BatchMismatch, detail);
            return Vec::new();
        }
        items.into_iter().map(|item| Source::Ready(item.content.into())).collect()
    }

    fn mismatch(
        &self,
        node: &Node,
        port: &PortSpec,
        from: &str,
        ty: Option<crate::values::DataType>,
    ) -> String {
        let given = ty.map_or("What", |ty| ty.label());
        format!(
            "{given} from “{}” does not fit the input “{}” of “{}”. Delete the connection or change its source.",
            self.graph.title(from),
            port.name,
            node.shown_title()
        )
    }

    fn check_needs(&mut self, node: &Node, spec: &NodeSpec, inputs: &[PlannedInput]) {
        let filled = |port: &str| {
            let wired = inputs.iter().find(|input| input.port == port).is_some_and(|input| {
                input.sources.iter().any(|source| match source {
                    Source::Ready(super::PlannedContent::Text(text)) => !text.trim().is_empty(),
                    Source::Ready(super::PlannedContent::Asset(_)) | Source::Step { .. } => true,
                })
            });
            wired || (spec.own_text == Some(port) && !node.text.trim().is_empty())
        };
        let mut missing = Vec::new();
        for port in spec.inputs {
            let empty = matches!(port.need, Need::Required | Need::OrOwnText) && !filled(port.name);
            // Pictures alone are enough for a generator: it works from words, references, or both.
            let referenced = port.need == Need::OrOwnText && filled("references");
            if empty && !referenced {
                missing.push((port.name, what_to_do(port, spec.own_text == Some(port.name))));
            }
        }
        let one_of: Vec<&str> =
            spec.inputs.iter().filter(|p| p.need == Need::OneOf).map(|p| p.name).collect();
        if let Some(first) = one_of.first().copied()
            && !one_of.iter().any(|port| filled(port))
        {
            missing.push((first, format!("Connect {}.", one_of.join(" or "))));
        }
        for (port, advice) in missing {
            let detail = format!("“{}” needs {}. {advice}", node.shown_title(), named(port));
            self.problem(&node.id, Some(port), ErrorCode::MissingInput, detail);
        }
    }

    fn check_references(&mut self, node: &Node, model: &Model, inputs: &[PlannedInput]) {
        let given = inputs
            .iter()
            .find(|input| input.port == "references")
            .map_or(0, |input| input.sources.len());
        let most = model.max_references as usize;
        if given > most {
            let detail = format!(
                "“{}” has {given} references; {} takes at most {most}. Delete some of the connections.",
                node.shown_title(),
                model.name
            );
            self.problem(&node.id, Some("references"), ErrorCode::BadRequest, detail);
        }
    }

    fn count(&mut self, node: &Node, spec: &NodeSpec) -> u32 {
        let count = match node.settings.get("count") {
            None | Some(Value::Null) => return 1,
            Some(value) => crate::values::canonical(value).as_i64(),
        };
        match count {
            _ if !spec.counted => 1,
            Some(count) if (1..=COUNT_MAX).contains(&count) => count as u32,
            _ => {
                let detail = format!(
                    "“{}”: Number of generations must be from 1 to {COUNT_MAX}.",
                    node.shown_title()
                );
                self.problem(&node.id, None, ErrorCode::BadRequest, detail);
                1
            }
        }
    }
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
    } else if let crate::nodes::PortType::Fixed(ty) = port.ty {
        format!("Connect {} that has something on it.", ty.article_label())
    } else {
        "Connect something to it.".to_owned()
    }
}

/// How many units (in thousandths) one generation is paid for, and whether that is certain.
fn quantity(
    model: &Model,
    params: &BTreeMap<String, Value>,
    node: &Node,
    inputs: &[PlannedInput],
) -> (Milli, bool) {
    let most = (model.price.maximum.unwrap_or(Milli(1000)), false);
    match model.price.unit {
        Unit::Generation => (Milli(1000), true),
        Unit::Second => match params.get("duration").and_then(Money::from_json) {
            Some(seconds) => (Milli(seconds.0), true),
            None => most,
        },
        Unit::Megapixel => most,
        Unit::Character => {
            let mut characters = node.text.trim().chars().count() as i64;
            for source in inputs.iter().flat_map(|input| &input.sources) {
                match source {
                    Source::Ready(super::PlannedContent::Text(text)) => {
                        characters += text.trim().chars().count() as i64;
                    }
                    Source::Ready(super::PlannedContent::Asset(_)) => {}
                    Source::Step { .. } => return most,
                }
            }
            (Milli(characters * 1000), true)
        }
        Unit::Track => {
            let tracks = inputs.iter().find(|input| input.port == "audio");
            (Milli(tracks.map_or(0, |input| input.sources.len() as i64) * 1000), true)
        }
    }
}
