//! A plan: its steps, their inputs and their items.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::index::{StepIndex, UnitIndex};
use crate::graph::Graph;
use crate::ids::NodeId;
use crate::invocation::Invocation;
use crate::lineage::{Lineage, Pairing};
use crate::nodes::NodeKind;
use crate::pricing::{Milli, Money, Price, Quote};
use crate::problem::{ErrorCode, NODES_TOLD_MAX, NodeProblem, Refusal, listed, quoted};
use crate::schema::{Failure, Generation, ItemContent};

/// The most invocations of one run.
pub const UNITS_MAX: usize = 20_000;
/// The most that the invocations of one run may hang together by: the items that are looked at on connections, those
/// that each invocation gets, and the origins of each.
pub const LINKS_MAX: usize = 600_000;
/// The most text that is given to the invocations of one run together, as far as it is known before, in bytes.
pub const TEXT_BYTES_MAX: usize = 128 << 20;
/// The longest title of a step, in characters.
pub(super) const TITLE_CHARS_MAX: usize = 200;

/// Scope of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One node, from what is on its inputs.
    Node,
    /// The connected component of a node, or the whole canvas.
    Workflow,
    /// A node and everything after it.
    Downstream,
    /// The nodes named.
    Selection,
    /// The nodes whose results no longer match what they depend on, and everything after them.
    Outdated,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Node, Self::Workflow, Self::Downstream, Self::Selection, Self::Outdated];

    /// Name in requests, rows and documents.
    pub fn id(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Workflow => "workflow",
            Self::Downstream => "downstream",
            Self::Selection => "selection",
            Self::Outdated => "outdated",
        }
    }

    /// The mode named `id`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.id() == id)
    }
}

/// Request for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Scope.
    pub mode: Mode,
    /// The node it is about; needed by `node` and `downstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The nodes it is about; needed by `selection`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeId>,
}

impl Target {
    /// About one node, or about none.
    pub fn of(mode: Mode, node: Option<&str>) -> Self {
        Self { mode, node: node.map(NodeId::new), nodes: Vec::new() }
    }
}

/// Where what is on an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputSource {
    /// An output that is there already: its place in [`Plan::ready`].
    Ready(u32),
    /// A step of this plan makes it: its place in [`Plan::steps`].
    Step(StepIndex),
}

/// One connection of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where it comes from.
    pub from: InputSource,
    /// The output.
    pub port: String,
    /// True if one invocation gets the whole batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// An input of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedInput {
    /// The input.
    pub port: String,
    /// Sources of what arrives there, in edge order.
    pub sources: Vec<Source>,
}

/// Content of an output before the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExistingOutput {
    /// The node.
    pub node: NodeId,
    /// The output.
    pub port: String,
    /// Items on it.
    pub items: Vec<ReadyItem>,
}

/// An item of a [`ExistingOutput`] output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadyItem {
    /// Key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Text or asset.
    pub content: ItemContent,
    /// Id by which an evaluator names it.
    pub id: String,
}

/// An item that this run does not make anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReusedItem {
    /// Generations it consists of; none where it is a hole that nobody asked to fill.
    pub generations: Vec<Generation>,
    /// Why it is a hole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// As how many items it flows, where that is not as many as it has: a run that is tried again keeps its items,
    /// also where a call gave fewer than asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<u32>,
}

impl ReusedItem {
    /// As how many items it flows where all of it does.
    pub fn flows(&self) -> u32 {
        self.flows.unwrap_or(self.generations.len() as u32)
    }
}

/// One node's part in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The node.
    pub node: NodeId,
    /// Kind.
    pub kind: String,
    /// Title when the run was asked for.
    pub title: String,
    /// The model; empty for an evaluator.
    pub model: String,
    /// The model's version.
    pub version: String,
    /// Who computes it.
    pub provider: String,
    /// The model's parameters, defaults filled in.
    pub params: BTreeMap<String, Value>,
    /// Price; nothing for an evaluator.
    pub price: Option<Price>,
    /// The multiplier of the workspace's price plan.
    pub factor: Milli,
    /// The longest that one character is spoken, in seconds, where the model tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_per_character: Option<Milli>,
    /// Number of results of each invocation.
    pub count: u32,
    /// True if all of them flow, each as an item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub send_all: bool,
    /// Pairing of inputs of different lengths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Pairing>,
    /// The camera angles, where there are several: one item each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub angles: Vec<(String, Value)>,
    /// The node's own text.
    pub own_text: String,
    /// The negative prompt.
    pub negative: String,
    /// Inputs.
    pub inputs: Vec<PlannedInput>,
    /// The items that are taken over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, ReusedItem>,
    /// Seeds that an earlier run recorded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seeds: BTreeMap<String, i64>,
    /// Number of times the model is called; once for an evaluator.
    pub invocations: u32,
    /// The most it can cost.
    pub cost: Money,
    /// True if that is also what it will cost.
    pub exact: bool,
}

impl Step {
    /// True if a person decides instead of a model.
    pub fn is_review(&self) -> bool {
        self.kind == NodeKind::Evaluator.spec().id
    }

    /// The steps it waits for, as places in the plan.
    pub fn waits_for(&self) -> BTreeSet<StepIndex> {
        let sources = self.inputs.iter().flat_map(|input| &input.sources);
        sources
            .filter_map(|source| match source.from {
                InputSource::Step(step) => Some(step),
                InputSource::Ready(_) => None,
            })
            .collect()
    }

    /// True if a connection from it carries the first or last of its angles alone.
    pub(super) fn is_frame(&self, source: &Source) -> bool {
        !self.angles.is_empty() && source.port.ends_with("_frame")
    }

    /// The bytes of text that each of its invocations is given for itself.
    pub(super) fn text_bytes(&self) -> usize {
        let params = self.params.iter().map(|(name, value)| name.len() + weight(value));
        self.own_text.len() + self.negative.len() + params.sum::<usize>()
    }

    /// The seed that its settings ask for.
    pub fn wished_seed(&self) -> Option<i64> {
        self.params.get("seed").and_then(Value::as_i64)
    }

    /// The call of one unit, once what it picks is there: `arriving` gives it for the nth connection.
    pub fn invocation(
        &self,
        unit: &Unit,
        mut arriving: impl FnMut(&InputBinding) -> Vec<ItemContent>,
    ) -> Invocation {
        let mut picks = unit.picks.iter();
        let mut inputs: BTreeMap<String, Vec<ItemContent>> = BTreeMap::new();
        for input in &self.inputs {
            let values = inputs.entry(input.port.clone()).or_default();
            for pick in picks.by_ref().take(input.sources.len()) {
                values.extend(arriving(pick));
            }
        }
        let mut params = self.params.clone();
        if let Some((_, angle)) = unit.angle.and_then(|at| self.angles.get(at as usize)) {
            params.insert("angles".to_owned(), Value::Array(vec![angle.clone()]));
        }
        Invocation {
            kind: self.kind.clone(),
            model: self.model.clone(),
            version: self.version.clone(),
            params,
            own_text: self.own_text.clone(),
            negative: self.negative.clone(),
            inputs,
        }
    }
}

/// About how many bytes a value has as JSON, counted without writing it.
fn weight(value: &Value) -> usize {
    let mut weight = 0;
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        weight += match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 8,
            Value::String(text) => text.len() + 2,
            Value::Array(values) => {
                left.extend(values);
                2
            }
            Value::Object(values) => {
                left.extend(values.values());
                values.keys().map(|key| key.len() + 4).sum()
            }
        };
    }
    weight
}

/// A run before it starts; also its snapshot, since it holds everything the run will use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Scope.
    pub mode: Mode,
    /// The node it was asked for.
    pub node: Option<NodeId>,
    /// The nodes it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeId>,
    /// The steps, each after those it waits for.
    pub steps: Vec<Step>,
    /// Outputs that are there already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<ExistingOutput>,
    /// True if results of earlier runs with the same fingerprint are taken instead of made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reuses: bool,
}

impl Plan {
    /// The price of the whole.
    pub fn quote(&self) -> Quote {
        Quote {
            cost: self.steps.iter().map(|step| step.cost).sum(),
            exact: self.steps.iter().all(|step| step.exact),
        }
    }

    /// The step of a node.
    pub fn step(&self, node: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.node.as_str() == node)
    }

    /// Refuses the plan where a step gets, or goes on from, one of these assets, which the server does not have.
    ///
    /// # Errors
    /// `not_found`, naming the steps.
    pub fn check_assets(&self, unknown: &BTreeSet<String>) -> Result<(), Refusal> {
        if unknown.is_empty() {
            return Ok(());
        }
        let is_unknown = |item: &ReadyItem| match &item.content {
            ItemContent::Asset(asset) => unknown.contains(&asset.id),
            ItemContent::Text(_) => false,
        };
        let lacking: Vec<bool> =
            self.ready.iter().map(|ready| ready.items.iter().any(is_unknown)).collect();
        let of_ready = |source: &Source| match source.from {
            InputSource::Ready(at) => lacking.get(at as usize) == Some(&true),
            InputSource::Step(_) => false,
        };
        let problem = |step: &Step, port: Option<&str>| {
            let detail = format!(
                "{} gets a file that this server does not have. Upload it again.",
                quoted(&step.title)
            );
            NodeProblem::new(step.node.as_str(), port, ErrorCode::NotFound, &detail)
        };
        let mut problems = Vec::new();
        for step in &self.steps {
            let inputs = step.inputs.iter().filter(|input| input.sources.iter().any(of_ready));
            problems.extend(inputs.map(|input| problem(step, Some(&input.port))));
            let mut kept = step.kept.values().flat_map(|kept| &kept.generations);
            if kept.any(|made| made.asset.as_ref().is_some_and(|id| unknown.contains(id))) {
                problems.push(problem(step, None));
            }
        }
        Refusal::of_nodes(problems).map_or(Ok(()), Err)
    }

    /// Refuses the plan where a node of it, or (for all but `workflow`) something upstream of it, is in the
    /// hands of a run already.
    ///
    /// # Errors
    /// `upstream_in_progress`, naming the nodes that are active.
    pub fn check_idle(&self, graph: &Graph, active: &BTreeSet<NodeId>) -> Result<(), Refusal> {
        if active.is_empty() {
            return Ok(());
        }
        let nodes = self.steps.iter().map(|step| step.node.as_str());
        let concerned: BTreeSet<String> = if self.mode == Mode::Workflow {
            nodes.map(str::to_owned).collect()
        } else {
            graph.upstream_of(nodes)
        };
        let busy: BTreeSet<String> =
            concerned.into_iter().filter(|node| active.contains(node.as_str())).collect();
        if busy.is_empty() {
            return Ok(());
        }
        let names = listed(busy.iter().map(|node| graph.title(node)));
        let detail = format!("Upstream task in progress: {names}. Wait for it or stop it.");
        let code = ErrorCode::UpstreamInProgress;
        let told = busy.iter().take(NODES_TOLD_MAX);
        let nodes = told.map(|node| NodeProblem::new(node, None, code, &detail)).collect();
        Err(Refusal { nodes, ..Refusal::new(code, detail) })
    }
}

/// Content that one invocation gets over one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputBinding {
    /// An item that is there: places in [`Plan::ready`] and in its items.
    Ready {
        /// The output.
        ready: u32,
        /// The item.
        item: u32,
    },
    /// A result of another unit: the nth of it, or the one that flows.
    Unit {
        /// Place in [`Units::all`](super::Units::all).
        unit: UnitIndex,
        /// Which of what it makes, where all flow.
        nth: Option<u32>,
    },
    /// The whole batch of an output that is there.
    AllReady(u32),
    /// The whole batch that a step makes: its place in [`Plan::steps`].
    AllOf(StepIndex),
}

/// One item of one step: a call of a model, or a candidate of an evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The step's place in the plan.
    pub step: StepIndex,
    /// Position in the batch.
    pub n: u32,
    /// Where it comes from.
    pub lineage: Lineage,
    /// Item key: the lineage as text.
    pub key: String,
    /// Which of the step's camera angles.
    pub angle: Option<u32>,
    /// Inputs, connection by connection, in the order of the step's.
    pub picks: Vec<InputBinding>,
    /// True if it is taken over instead of called.
    pub kept: bool,
    /// The most it can cost.
    pub hold: Money,
    /// True if that is also what it will cost.
    pub exact: bool,
}

impl Unit {
    pub(super) fn new(
        step: StepIndex,
        n: usize,
        lineage: Lineage,
        angle: Option<u32>,
        picks: Vec<InputBinding>,
    ) -> Self {
        let key = lineage.to_string();
        let (kept, hold, exact) = (false, Money::ZERO, true);
        Self { step, n: n as u32, lineage, key, angle, picks, kept, hold, exact }
    }
}
