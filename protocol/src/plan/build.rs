//! From a canvas and a target to a plan.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;
use serde_json::Value;

use super::check;
use super::index::StepIndex;
use super::known::Known;
use super::model::{
    ExistingOutput, InputBinding, InputSource, LINKS_MAX, Mode, Plan, PlannedInput, ReadyItem,
    ReusedItem, Source, Step, TEXT_BYTES_MAX, TITLE_CHARS_MAX, Target, UNITS_MAX, Unit,
};
use super::units::{Units, UnitsError};
use crate::catalog::{Catalog, Model};
use crate::graph::{Graph, History, camera_angles, flow};
use crate::ids::NodeId;
use crate::lineage::{JoinError, Pairing};
use crate::names;
use crate::nodes::{NodeKind, NodeSpec, PortSpec};
use crate::pricing::Money;
use crate::problem::{ErrorCode, NodeProblem, Refusal, quoted};
use crate::schema::{Canvas, Generation, Node, NodeState};
use crate::steps;
use crate::values::DataType;

/// The most results one invocation may be asked for.
const COUNT_MAX: i64 = 10;
/// Number of lengths of lists a sentence tells.
const LENGTHS_TOLD_MAX: usize = 4;

pub(super) struct Planner<'a> {
    pub(super) canvas: &'a Canvas,
    graph: &'a Graph,
    catalog: &'a Catalog,
    usable: &'a dyn Fn(&Model) -> bool,
    /// The nodes that may get a step.
    covered: BTreeSet<String>,
    problems: Vec<NodeProblem>,
    steps: Vec<Step>,
    units: Units,
    ready: Vec<ExistingOutput>,
    step_of: BTreeMap<NodeId, StepIndex>,
    /// The place of what is on an output, where anything is.
    ready_of: BTreeMap<(String, String), Option<u32>>,
    /// For each of `ready` the data types on it, with the position of the first item of each.
    ready_types: Vec<BTreeMap<DataType, usize>>,
}

/// Plans a run of `target`. `usable` tells which models can run here.
///
/// # Errors
/// Everything that is wrong with it at once, cycles first; `bad_request` where there is nothing to run and
/// `not_found` where a node does not exist.
pub fn plan(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    target: &Target,
    usable: &dyn Fn(&Model) -> bool,
) -> Result<Plan, Refusal> {
    let covered = covered(canvas, graph, target)?;
    let mut planner = Planner::new(canvas, graph, catalog, usable, covered);
    planner.check_cycles(target.mode);
    for id in planner.order() {
        if target.mode == Mode::Outdated {
            planner.add_outdated(&id);
        } else {
            planner.add(&id);
        }
    }
    if let Some(refusal) = Refusal::of_nodes(planner.problems) {
        return Err(refusal);
    }
    if planner.steps.is_empty() {
        let detail = "Everything is up to date. There is nothing to run.";
        return Err(Refusal::new(ErrorCode::BadRequest, detail));
    }
    Ok(Plan {
        mode: target.mode,
        node: target.node.clone(),
        nodes: target.nodes.clone(),
        steps: planner.steps,
        ready: planner.ready,
        reuses: target.mode == Mode::Outdated,
    })
}

/// The nodes that may get a step.
fn covered(canvas: &Canvas, graph: &Graph, target: &Target) -> Result<BTreeSet<String>, Refusal> {
    let unknown =
        target.node.iter().chain(&target.nodes).find(|node| !graph.has_node(node.as_str()));
    if let Some(node) = unknown {
        return Err(Refusal::new(ErrorCode::NotFound, format!("There is no node {node}.")));
    }
    let node = target.node.as_ref().map(NodeId::as_str);
    let covered: BTreeSet<String> = match (target.mode, node) {
        (Mode::Node | Mode::Downstream, None) => {
            let detail = format!("A run of mode {} needs a node.", target.mode.id());
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        (Mode::Selection, _) if target.nodes.is_empty() => {
            let detail = "A run of mode selection needs nodes. Select some.";
            return Err(Refusal::new(ErrorCode::BadRequest, detail));
        }
        (Mode::Selection, _) => target.nodes.iter().map(NodeId::to_string).collect(),
        (Mode::Node, Some(node)) => [node.to_owned()].into(),
        (Mode::Downstream, Some(node)) => graph.downstream_of([node].into_iter()),
        (Mode::Workflow | Mode::Outdated, Some(node)) => graph.component(node),
        (Mode::Workflow | Mode::Outdated, None) => graph.node_ids().map(str::to_owned).collect(),
    };
    let runnable = |id: &String| {
        let locked = canvas.nodes.get(id).is_some_and(|node| node.locked);
        !locked && graph.spec(id).is_some_and(NodeSpec::runs)
    };
    let included: BTreeSet<String> = covered.into_iter().filter(runnable).collect();
    if included.is_empty() {
        let asked = node.or(match target.nodes.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        });
        return Err(nothing_to_run(asked.and_then(|id| canvas.nodes.get(id))));
    }
    Ok(included)
}

fn nothing_to_run(asked: Option<&Node>) -> Refusal {
    let detail = match asked {
        Some(node) if node.locked => {
            let name = quoted(node.shown_title());
            format!("{name} is locked and keeps its output. Unlock it to run it.")
        }
        Some(node) => {
            format!("{} does not run, and nothing after it does.", quoted(node.shown_title()))
        }
        None => "There is nothing to run. Add a generator and give it a prompt.".to_owned(),
    };
    Refusal::new(ErrorCode::BadRequest, detail)
}

/// The batches on a step's inputs have no item in common.
fn unmatched(step: &Step) -> NodeProblem {
    let detail = format!(
        "{} gets batches that have no item in common: the list changed since they were made. Run what comes before it again.",
        quoted(&step.title)
    );
    NodeProblem::new(step.node.as_str(), None, ErrorCode::MissingInput, &detail)
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        canvas: &'a Canvas,
        graph: &'a Graph,
        catalog: &'a Catalog,
        usable: &'a dyn Fn(&Model) -> bool,
        covered: BTreeSet<String>,
    ) -> Self {
        Self {
            canvas,
            graph,
            catalog,
            usable,
            covered,
            problems: Vec::new(),
            steps: Vec::new(),
            units: Units::default(),
            ready: Vec::new(),
            step_of: BTreeMap::new(),
            ready_of: BTreeMap::new(),
            ready_types: Vec::new(),
        }
    }

    fn check_cycles(&mut self, mode: Mode) {
        if self.graph.cycles().is_empty() {
            return;
        }
        let needed = self.graph.upstream_of(self.covered.iter().map(String::as_str));
        let made = |node: &str| self.canvas.generations.contains_key(node);
        let on_cycle = |problem: &&NodeProblem| {
            problem.code == ErrorCode::CycleDetected
                && needed.contains(&problem.node)
                // A cycle that never ran has nothing that could be outdated.
                && (mode != Mode::Outdated || made(&problem.node))
        };
        self.problems.extend(self.graph.problems().iter().filter(on_cycle).cloned());
    }

    /// The covered nodes in topological order, ties by id, without those on a cycle.
    fn order(&self) -> Vec<String> {
        let (graph, ids) = self.graph.petgraph();
        let id = |node: NodeIndex| &ids[node.index()];
        let mut waits_for: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        for node in graph.node_indices() {
            steps::note(1);
            if self.covered.contains(id(node)) && self.graph.cycle_of(id(node)).is_none() {
                waits_for.insert(node, 0);
            }
        }
        for edge in graph.edge_references() {
            steps::note(1);
            if waits_for.contains_key(&edge.source())
                && let Some(count) = waits_for.get_mut(&edge.target())
            {
                *count += 1;
            }
        }
        // Nodes of the graph are in the order of their ids.
        let is_free = |(node, count): (&NodeIndex, &usize)| (*count == 0).then_some(*node);
        let mut free: BTreeSet<NodeIndex> = waits_for.iter().filter_map(is_free).collect();
        let mut order = Vec::with_capacity(waits_for.len());
        while let Some(node) = free.pop_first() {
            order.push(id(node).clone());
            for next in graph.neighbors(node) {
                steps::note(1);
                if let Some(count) = waits_for.get_mut(&next) {
                    *count -= 1;
                    if *count == 0 {
                        free.insert(next);
                    }
                }
            }
        }
        order
    }

    fn problem(&mut self, node: &str, port: Option<&str>, code: ErrorCode, detail: &str) {
        self.problems.push(NodeProblem::new(node, port, code, detail));
    }

    /// Adds the step of a node, or what is wrong with it.
    fn add(&mut self, id: &str) {
        match self.draft(id) {
            Some((step, units)) => self.push(step, units),
            // What comes after it is still looked at, so that everything wrong is told at once.
            None => self.refuse(id),
        }
    }

    /// Notes that a node would have a step if nothing were wrong.
    fn refuse(&mut self, id: &str) {
        self.step_of.insert(NodeId::new(id), StepIndex::new(u32::MAX));
    }

    /// Adds the step of a node where some of its items no longer match what they depend on.
    fn add_outdated(&mut self, id: &str) {
        let before = self.problems.len();
        let draft = self.draft(id);
        let made_something = self.canvas.generations.contains_key(id);
        let after_step = self
            .graph
            .incoming(id)
            .any(|edge| self.step_of.contains_key(edge.edge.from_node.as_str()));
        if !made_something && !after_step {
            // Never run and nothing before it changed: not outdated, whatever is wrong with it.
            self.problems.truncate(before);
            return;
        }
        let Some((mut step, units)) = draft else {
            self.refuse(id);
            return;
        };
        step.kept = self.unchanged(&step, &units);
        if step.is_review() && step.kept.len() < units.len() {
            // A decision was about all candidates.
            step.kept.clear();
        }
        if step.kept.len() == units.len() {
            return;
        }
        self.push(step, units);
    }

    /// The items of a drafted step whose result still is what would be made.
    fn unchanged(&self, step: &Step, units: &[Unit]) -> BTreeMap<String, ReusedItem> {
        let known = self.known();
        let history = History::of(self.canvas, step.node.as_str());
        let mut kept = BTreeMap::new();
        for unit in units {
            let mut all_known = true;
            let call = step.invocation(unit, |pick| match known.contents(pick) {
                Some(contents) => contents,
                None => {
                    all_known = false;
                    Vec::new()
                }
            });
            if !all_known {
                continue;
            }
            let generations = if step.is_review() {
                self.decided(step, unit)
            } else if let Some(asset) = history.replaced(&unit.key) {
                // Somebody put a picture of their own there: no generation flows that could be outdated.
                Some(vec![Generation::of_asset(asset)])
            } else {
                self.shown(step, &history, &unit.key, &call.fingerprint().to_string())
            };
            if let Some(generations) = generations {
                kept.insert(unit.key.clone(), ReusedItem { generations, error: None, flows: None });
            }
        }
        kept
    }

    /// Returns the results that flow of an item, where it has this fingerprint.
    fn shown(
        &self,
        step: &Step,
        history: &History<'_>,
        key: &str,
        fingerprint: &str,
    ) -> Option<Vec<Generation>> {
        let shown = history.shown(key).filter(|shown| shown.fingerprint == fingerprint)?;
        if !step.send_all {
            return Some(vec![shown.clone()]);
        }
        let item = self.canvas.results.get(step.node.as_str())?.items.get(key)?;
        let each = item.generations.iter();
        let all: Vec<Generation> = each.filter_map(|id| history.made(id)).cloned().collect();
        (all.len() >= step.count as usize).then_some(all)
    }

    /// Returns the candidate of a unit, where it was accepted and is still the same.
    fn decided(&self, step: &Step, unit: &Unit) -> Option<Vec<Generation>> {
        let result = self.canvas.results.get(step.node.as_str())?;
        if result.state != NodeState::Completed {
            return None;
        }
        let id = self.candidate_id(unit)?;
        let accepted = result.items.get(&unit.key)?;
        (accepted.generations.first() == Some(&id))
            .then(|| vec![Generation { id, ..Default::default() }])
    }

    fn candidate_id(&self, unit: &Unit) -> Option<String> {
        match *unit.picks.first()? {
            InputBinding::Ready { ready, item } => {
                let ready = self.ready.get(ready as usize)?;
                Some(ready.items.get(item as usize)?.id.clone())
            }
            InputBinding::Unit { .. } | InputBinding::AllReady(_) | InputBinding::AllOf(_) => None,
        }
    }

    pub(super) fn known(&self) -> Known<'_> {
        Known { units: &self.units, earlier: &self.steps, ready: &self.ready }
    }

    fn push(&mut self, mut step: Step, units: Vec<Unit>) {
        let at = StepIndex::new(self.steps.len() as u32);
        self.units.push(&self.steps, &self.ready, &step, units);
        let mine = self.units.step(at);
        let called = mine.iter().filter(|unit| !unit.kept).count();
        step.invocations = if step.is_review() { 1 } else { called as u32 };
        step.cost = mine.iter().map(|unit| unit.hold).sum();
        step.exact = mine.iter().all(|unit| unit.exact);
        self.step_of.insert(step.node.clone(), at);
        self.steps.push(step);
    }

    /// The step of a node with its units, unless something is wrong with it.
    pub(super) fn draft(&mut self, id: &str) -> Option<(Step, Vec<Unit>)> {
        let before = self.problems.len();
        let node = self.canvas.nodes.get(id)?;
        let spec = self.graph.spec(id)?;
        let inputs = self.inputs(node, spec);
        let mut step = Step {
            node: NodeId::new(id),
            kind: spec.id.to_owned(),
            title: names::shortened(node.shown_title(), TITLE_CHARS_MAX),
            model: String::new(),
            version: String::new(),
            provider: String::new(),
            params: BTreeMap::new(),
            price: None,
            factor: self.catalog.factor(),
            seconds_per_character: None,
            count: self.count(node, spec),
            send_all: self.graph.sends_all(node),
            batch: self.pairing(node),
            angles: Vec::new(),
            own_text: if spec.has_text { node.text.clone() } else { String::new() },
            negative: if spec.has_negative { node.negative.clone() } else { String::new() },
            inputs,
            kept: BTreeMap::new(),
            seeds: BTreeMap::new(),
            invocations: 1,
            cost: Money::ZERO,
            exact: true,
        };
        let model = self.model(&mut step, node, spec);
        if spec.kind == NodeKind::CameraAngles {
            let mut angles = camera_angles(node);
            if let [(_, only)] = angles.as_slice() {
                let only = Value::Array(vec![only.clone()]);
                step.params.insert("angles".to_owned(), only);
                angles.clear();
            }
            step.angles = angles;
        }
        let sources = step.inputs.iter().flat_map(|input| &input.sources);
        let after_trouble = sources
            .clone()
            .any(|source| source.from == InputSource::Step(StepIndex::new(u32::MAX)));
        if after_trouble || self.problems.len() > before {
            return None;
        }
        let is_empty = |source: &Source| match source.from {
            InputSource::Ready(at) => self.ready[at as usize].items.is_empty(),
            InputSource::Step(at) => self.units.step(at).is_empty(),
        };
        let empty = step.inputs.is_empty() || sources.clone().any(is_empty);
        let units = self.rows(&step)?;
        let found = match (units.is_empty(), empty) {
            (true, _) if step.inputs.is_empty() => check::missing_inputs(&step, spec),
            (true, false) => vec![unmatched(&step)],
            (true, true) | (false, _) => check::problems(&step, spec, model, &units, &self.known()),
        };
        if !found.is_empty() {
            self.problems.extend(found);
            return None;
        }
        Some((step, units))
    }

    fn rows(&mut self, step: &Step) -> Option<Vec<Unit>> {
        let title = quoted(&step.title);
        let (code, detail) = match self.units.rows(&self.steps, &self.ready, step) {
            Ok(units) => return Some(units),
            Err(UnitsError::TooMany) => (
                ErrorCode::TooLarge,
                format!(
                    "With {title} the run would have more than {UNITS_MAX} calls or choices, or pass on more than {LINKS_MAX} items. Shorten the lists, pair them otherwise or run less at once."
                ),
            ),
            Err(UnitsError::TooLong) => (
                ErrorCode::TooLarge,
                format!(
                    "With {title} the calls of the run would be given more than {} MB of text. Shorten the texts or run less at once.",
                    TEXT_BYTES_MAX >> 20
                ),
            ),
            Err(UnitsError::TooDeep) => (
                ErrorCode::TooLarge,
                format!("Too many batches meet in {title}. Take some of the lists before it away."),
            ),
            Err(UnitsError::Join(JoinError::Lengths(lengths))) => {
                let more = lengths.len().saturating_sub(LENGTHS_TOLD_MAX);
                let told = lengths.iter().take(LENGTHS_TOLD_MAX).map(usize::to_string);
                let mut told: Vec<String> = told.collect();
                if more > 0 {
                    told.push(format!("{more} more lengths"));
                }
                let detail = format!(
                    "{title} gets batches of {} items. Choose how to pair them: repeat the last, use the shortest, or all combinations.",
                    told.join(" and ")
                );
                (ErrorCode::BatchMismatch, detail)
            }
            Err(UnitsError::Join(JoinError::TooMany | JoinError::TooDeep)) => return None,
        };
        self.problem(step.node.as_str(), None, code, &detail);
        None
    }

    fn model(&mut self, step: &mut Step, node: &Node, spec: &NodeSpec) -> Option<&'a Model> {
        if step.is_review() {
            return None;
        }
        let model = match model_of(self.catalog, spec.id, &node.settings, self.usable) {
            Ok(model) => model,
            Err(why) => {
                let detail = format!("{} cannot run. {why}", quoted(&step.title));
                self.problem(&node.id, None, ErrorCode::ModelUnavailable, &detail);
                return None;
            }
        };
        step.model.clone_from(&model.id);
        step.version.clone_from(&model.version);
        step.provider.clone_from(&model.provider);
        step.price = Some(model.price.clone());
        step.seconds_per_character = model.seconds_per_character;
        match model.resolve(&node.settings) {
            Ok(params) => step.params = params,
            Err(wrong) => {
                let detail = format!("{}: {}", quoted(&step.title), wrong.join(" "));
                self.problem(&node.id, None, ErrorCode::BadRequest, &detail);
            }
        }
        Some(model)
    }

    /// The connections of a node that bring something.
    fn inputs(&mut self, node: &Node, spec: &NodeSpec) -> Vec<PlannedInput> {
        let mut inputs = Vec::new();
        for port in spec.inputs {
            let mut sources = Vec::new();
            for edge in self.graph.sources(&node.id, port.name) {
                let (from, out) = (edge.edge.from_node.as_str(), edge.edge.from_port.as_str());
                if edge.broken {
                    let detail = self.mismatch(node, port, from, edge.ty);
                    self.problem(&node.id, Some(port.name), ErrorCode::TypeMismatch, &detail);
                    continue;
                }
                let all = edge.edge.items_all && port.many;
                let from = match self.step_of.get(from) {
                    Some(step) => InputSource::Step(*step),
                    None => match self.ready(from, out) {
                        Some(at) => {
                            if let Some(detail) = self.item_mismatch(node, port, from, at) {
                                let code = ErrorCode::TypeMismatch;
                                self.problem(&node.id, Some(port.name), code, &detail);
                                continue;
                            }
                            InputSource::Ready(at)
                        }
                        None => continue,
                    },
                };
                sources.push(Source { from, port: out.to_owned(), all });
            }
            if !sources.is_empty() {
                inputs.push(PlannedInput { port: port.name.to_owned(), sources });
            }
        }
        inputs
    }

    /// The place of what is on an output already. An empty list counts as something, a node that has
    /// nothing on its output does not.
    fn ready(&mut self, from: &str, out: &str) -> Option<u32> {
        let key = (from.to_owned(), out.to_owned());
        if let Some(at) = self.ready_of.get(&key) {
            return *at;
        }
        let all = self.canvas.nodes.get(from).is_some_and(|node| self.graph.sends_all(node));
        let items: Vec<ReadyItem> = flow(self.canvas, from, out, all)
            .into_iter()
            .map(|item| ReadyItem { key: item.key, content: item.content, id: item.id })
            .collect();
        steps::note(1 + items.len());
        let is_list = self.graph.spec(from).is_some_and(|spec| spec.has_items);
        let at = if items.is_empty() && !is_list {
            None
        } else {
            let mut types = BTreeMap::new();
            for (position, item) in items.iter().enumerate() {
                if let Some(ty) = item.content.ty() {
                    types.entry(ty).or_insert(position);
                }
            }
            self.ready_types.push(types);
            self.ready.push(ExistingOutput {
                node: NodeId::new(from),
                port: out.to_owned(),
                items,
            });
            Some(self.ready.len() as u32 - 1)
        };
        self.ready_of.insert(key, at);
        at
    }

    /// Names the first item of an output that an input does not take, where there is one: a connection has the type
    /// of its first item, and others may differ (R-GRAPH-10).
    fn item_mismatch(
        &self,
        node: &Node,
        port: &PortSpec,
        from: &str,
        ready: u32,
    ) -> Option<String> {
        let wanted = self.graph.input_type(&node.id, port.name)?;
        let types = self.ready_types.get(ready as usize)?;
        let (given, position) =
            types.iter().filter(|(ty, _)| **ty != wanted).min_by_key(|(_, position)| **position)?;
        Some(format!(
            "Item {} of {} is {}, and the input “{}” of {} takes {}. Take it out, or connect another source.",
            position + 1,
            quoted(self.graph.title(from)),
            given.article_label(),
            port.name,
            quoted(node.shown_title()),
            wanted.article_label(),
        ))
    }

    fn mismatch(&self, node: &Node, port: &PortSpec, from: &str, ty: Option<DataType>) -> String {
        let given = ty.map_or("What", |ty| ty.label());
        format!(
            "{given} from {} does not fit the input “{}” of {}. Delete the connection or change its source.",
            quoted(self.graph.title(from)),
            port.name,
            quoted(node.shown_title())
        )
    }

    fn pairing(&mut self, node: &Node) -> Option<Pairing> {
        let named = match node.settings.get("batch") {
            None | Some(Value::Null) => return None,
            Some(value) => value.as_str().map(str::to_owned).unwrap_or_default(),
        };
        let pairing = Pairing::from_id(&named);
        if pairing.is_none() {
            let detail = format!(
                "{}: batch must be one of pair_repeat_last, pair_shortest, all_combinations.",
                quoted(node.shown_title())
            );
            self.problem(&node.id, None, ErrorCode::BadRequest, &detail);
        }
        pairing
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
                    "{}: Number of generations must be from 1 to {COUNT_MAX}.",
                    quoted(node.shown_title())
                );
                self.problem(&node.id, None, ErrorCode::BadRequest, &detail);
                1
            }
        }
    }
}

/// The nodes that a run has in hand, as the document tells.
pub fn active_nodes(canvas: &Canvas) -> BTreeSet<NodeId> {
    canvas
        .results
        .iter()
        .filter(|(_, result)| result.state.is_active())
        .map(|(node, _)| NodeId::new(node.as_str()))
        .collect()
}

/// The model a node would run with: the one it names, or the first of its kind that can run here.
///
/// # Errors
/// A sentence, where it names one that is unknown, of another kind or unusable, or there is none.
pub fn model_of<'a>(
    catalog: &'a Catalog,
    kind: &str,
    settings: &BTreeMap<String, Value>,
    usable: &dyn Fn(&Model) -> bool,
) -> Result<&'a Model, String> {
    let named = match settings.get("model") {
        None | Some(Value::Null) => None,
        Some(value) => Some(crate::pricing::value_key(value)),
    };
    match named {
        None => catalog.models_of(kind).find(|model| usable(model)).ok_or_else(|| {
            match catalog.models_of(kind).next() {
                None => "No model for it is installed here. Add one to the catalogue.".to_owned(),
                Some(first) => unusable(first),
            }
        }),
        Some(id) => match catalog.model(&id).filter(|model| model.kind == kind) {
            None => Err(format!("There is no model {} for it. Choose another one.", quoted(&id))),
            Some(model) if !usable(model) => Err(unusable(model)),
            Some(model) => Ok(model),
        },
    }
}

fn unusable(model: &Model) -> String {
    let needs =
        if model.needs.is_empty() { "its provider".to_owned() } else { model.needs.join(" and ") };
    format!(
        "“{}” cannot run here; it needs {needs} on the server. Whoever runs the server sees with “gesso doctor” how to get it.",
        model.name
    )
}
