//! What a run will do: which steps, in which order, with what, at which price; or why not (DESIGN §4, §5).
//! The browser's preview and the server's execution are the same plan.

mod build;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Catalog, Model};
use crate::graph::{Graph, flow};
use crate::invocation::Invocation;
use crate::pricing::{Money, Quote};
use crate::problem::{ErrorCode, Refusal};
use crate::schema::{Canvas, ItemContent};

pub use build::plan;

/// What a run covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One node, from what is on its inputs.
    Node,
    /// The connected component of a node, or the whole canvas.
    Workflow,
    /// A node and everything after it.
    Downstream,
}

impl Mode {
    /// Its name in requests, rows and documents.
    pub fn id(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Workflow => "workflow",
            Self::Downstream => "downstream",
        }
    }
}

/// What somebody asks to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What it covers.
    pub mode: Mode,
    /// The node it is about; needed by `node` and `downstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// Where a value on an input comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// It is there already.
    Ready(PlannedContent),
    /// A step of this plan makes it.
    Step {
        /// The node of the step.
        node: String,
        /// The output.
        port: String,
    },
}

/// [`ItemContent`] as it is kept in a run's snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlannedContent {
    /// A text.
    Text(String),
    /// A file.
    Asset(crate::values::AssetRef),
}

impl From<ItemContent> for PlannedContent {
    fn from(content: ItemContent) -> Self {
        match content {
            ItemContent::Text(text) => Self::Text(text),
            ItemContent::Asset(asset) => Self::Asset(asset),
        }
    }
}

impl From<PlannedContent> for ItemContent {
    fn from(content: PlannedContent) -> Self {
        match content {
            PlannedContent::Text(text) => Self::Text(text),
            PlannedContent::Asset(asset) => Self::Asset(asset),
        }
    }
}

/// An input of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedInput {
    /// The input.
    pub port: String,
    /// What arrives there, in edge order.
    pub sources: Vec<Source>,
}

/// One node's part in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The node.
    pub node: String,
    /// Its kind.
    pub kind: String,
    /// Its title when the run was asked for.
    pub title: String,
    /// The model.
    pub model: String,
    /// The model's version.
    pub version: String,
    /// Who computes it.
    pub provider: String,
    /// The model's parameters, defaults filled in.
    pub params: BTreeMap<String, Value>,
    /// How many results each invocation gives.
    pub count: u32,
    /// The node's own text.
    pub own_text: String,
    /// The negative prompt.
    pub negative: String,
    /// Its inputs.
    pub inputs: Vec<PlannedInput>,
    /// How often the model is called.
    pub invocations: u32,
    /// The most it can cost.
    pub cost: Money,
    /// Whether that is also what it will cost.
    pub exact: bool,
}

impl Step {
    /// The nodes of the steps it waits for.
    pub fn waits_for(&self) -> BTreeSet<&str> {
        self.inputs
            .iter()
            .flat_map(|input| &input.sources)
            .filter_map(|source| match source {
                Source::Step { node, .. } => Some(node.as_str()),
                Source::Ready(_) => None,
            })
            .collect()
    }

    /// The invocation, once what it waits for is there: `made` gives the results of a step's output.
    pub fn invocation(&self, made: impl Fn(&str, &str) -> Vec<ItemContent>) -> Invocation {
        let mut inputs: BTreeMap<String, Vec<ItemContent>> = BTreeMap::new();
        for input in &self.inputs {
            let arriving = inputs.entry(input.port.clone()).or_default();
            for source in &input.sources {
                match source {
                    Source::Ready(content) => arriving.push(content.clone().into()),
                    Source::Step { node, port } => arriving.extend(made(node, port)),
                }
            }
        }
        Invocation {
            kind: self.kind.clone(),
            model: self.model.clone(),
            version: self.version.clone(),
            params: self.params.clone(),
            own_text: self.own_text.clone(),
            negative: self.negative.clone(),
            inputs,
        }
    }
}

/// A run before it starts; also its snapshot, since it holds everything the run will use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What it covers.
    pub mode: Mode,
    /// The node it was asked for.
    pub node: Option<String>,
    /// The steps, each after those it waits for.
    pub steps: Vec<Step>,
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
        self.steps.iter().find(|step| step.node == node)
    }

    /// Refuses the plan where a node of it, or (for `node` and `downstream`) something upstream of it, is
    /// in the hands of a run already.
    ///
    /// # Errors
    /// `upstream_in_progress`, naming the nodes that are active.
    pub fn check_idle(&self, graph: &Graph, active: &BTreeSet<String>) -> Result<(), Refusal> {
        let mut busy: BTreeSet<String> = BTreeSet::new();
        for step in &self.steps {
            if active.contains(&step.node) {
                busy.insert(step.node.clone());
            }
            if self.mode != Mode::Workflow {
                busy.extend(graph.ancestors(&step.node).intersection(active).cloned());
            }
        }
        if busy.is_empty() {
            return Ok(());
        }
        let names: Vec<String> =
            busy.iter().map(|node| format!("“{}”", graph.title(node))).collect();
        let detail =
            format!("Upstream task in progress: {}. Wait for it or stop it.", names.join(", "));
        let nodes = busy.into_iter().map(|node| crate::problem::NodeProblem {
            node,
            port: None,
            code: ErrorCode::UpstreamInProgress,
            detail: detail.clone(),
        });
        Err(Refusal {
            code: ErrorCode::UpstreamInProgress,
            nodes: nodes.collect(),
            detail: detail.clone(),
        })
    }
}

/// The nodes that a run has in hand, as the document tells.
pub fn active_nodes(canvas: &Canvas) -> BTreeSet<String> {
    canvas
        .results
        .iter()
        .filter(|(_, result)| result.state.is_active())
        .map(|(node, _)| node.clone())
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
            "No model for it is installed here. Add one to the catalogue.".to_owned()
        }),
        Some(id) => match catalog.model(&id).filter(|model| model.kind == kind) {
            None => Err(format!("There is no model “{id}” for it. Choose another one.")),
            Some(model) if !usable(model) => Err(format!(
                "“{}” cannot run here; it needs {}.",
                model.name,
                if model.needs.is_empty() {
                    "its provider".to_owned()
                } else {
                    model.needs.join(", ")
                }
            )),
            Some(model) => Ok(model),
        },
    }
}

/// The fingerprint a node would have if it ran now from what is on its inputs, and why that differs from the
/// result that flows. `None` where there is no result, or it could not run.
pub fn outdated(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    node: &str,
    usable: &dyn Fn(&Model) -> bool,
) -> Option<Vec<&'static str>> {
    let spec = graph.spec(node).filter(|spec| spec.runs())?;
    let shown = crate::graph::shown_generation(canvas, node, "")?;
    let held = canvas.nodes.get(node)?;
    let model = model_of(catalog, spec.id, &held.settings, usable).ok()?;
    let mut inputs: BTreeMap<String, Vec<ItemContent>> = BTreeMap::new();
    for port in spec.inputs {
        let mut arriving = Vec::new();
        for edge in graph.sources(node, port.name) {
            let items = flow(canvas, &edge.edge.from_node, &edge.edge.from_port);
            arriving.extend(items.into_iter().map(|item| item.content));
        }
        if !arriving.is_empty() {
            inputs.insert(port.name.to_owned(), arriving);
        }
    }
    let now = Invocation {
        kind: spec.id.to_owned(),
        model: model.id.clone(),
        version: model.version.clone(),
        params: model.resolve(&held.settings).ok()?,
        own_text: held.text.clone(),
        negative: held.negative.clone(),
        inputs,
    };
    let changed = now.fingerprint().changed_since(&shown.fingerprint);
    (!changed.is_empty()).then_some(changed)
}

#[cfg(test)]
mod tests;
