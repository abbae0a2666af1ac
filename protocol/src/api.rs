//! The bodies of the HTTP API (docs/spec/http.md (R-HTTP-36 to R-HTTP-67)), shared by server and browser.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Model, PricePlan};
use crate::graph::GraphEdge;
use crate::ids::NodeId;
use crate::nodes::{self, Need, NodeSpec, PortType};
use crate::plan::{Plan, Target};
use crate::pricing::Money;
use crate::problem::{ErrorCode, NodeProblem};
use crate::schema::{Failure, Generation, Node, NodeResult, NodeState, RunStatus};
use crate::values::{AssetRef, DataType};

pub mod accounts;

use accounts::{Account, CanvasRole};

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Value of `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

/// An error: RFC 9457 `application/problem+json` with our stable `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/{code}`.
    #[serde(rename = "type", default)]
    pub ty: String,
    /// A short title.
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// The stable code.
    pub code: ErrorCode,
    /// Description of what happened, and advice on what to do.
    #[serde(default)]
    pub detail: String,
    /// The nodes at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeProblem>,
}

/// A port of a kind. `type` is null where it depends on what the node holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortBody {
    /// Name.
    pub name: &'static str,
    /// Data type.
    #[serde(rename = "type")]
    pub ty: Option<DataType>,
    /// Need of a run, for inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
    /// True if the node will not run without it.
    pub required: bool,
    /// True if it takes several connections.
    pub many: bool,
}

/// A node kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KindBody {
    /// Name in documents.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// One sentence of what it does.
    pub description: &'static str,
    /// Where menus list it.
    pub family: nodes::Family,
    /// Inputs.
    pub inputs: Vec<PortBody>,
    /// Outputs.
    pub outputs: Vec<PortBody>,
    /// True if a run can have a step of it.
    pub runs: bool,
    /// True if the number of generations can be chosen.
    pub counted: bool,
}

impl KindBody {
    /// From what is known of a kind.
    pub fn of(spec: &'static NodeSpec) -> Self {
        let fixed = |ty: PortType| match ty {
            PortType::Fixed(ty) => Some(ty),
            PortType::OfAsset | PortType::OfItems | PortType::OfCandidates => None,
        };
        let input = |port: &nodes::PortSpec| PortBody {
            name: port.name,
            ty: fixed(port.ty),
            need: Some(port.need),
            required: port.need != Need::Optional,
            many: port.many,
        };
        let output = |port: &nodes::OutputSpec| PortBody {
            name: port.name,
            ty: fixed(port.ty),
            need: None,
            required: false,
            many: true,
        };
        Self {
            id: spec.id,
            title: spec.title,
            description: spec.description,
            family: spec.family,
            inputs: spec.inputs.iter().map(input).collect(),
            outputs: spec.outputs.iter().map(output).collect(),
            runs: spec.runs(),
            counted: spec.counted,
        }
    }
}

/// A model and whether it can run here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelBody {
    /// The model.
    #[serde(flatten)]
    pub model: Model,
    /// True if it can run here.
    pub usable: bool,
    /// Credentials or programs it still needs, where it cannot.
    pub missing: Vec<String>,
    /// Sentences that tell whoever runs the server how to get them.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// `GET /api/catalog`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CatalogBody {
    /// All kinds.
    pub kinds: Vec<KindBody>,
    /// All models.
    pub models: Vec<ModelBody>,
    /// The workspace's price plan, where it is on one.
    #[serde(default)]
    pub plan: Option<PricePlan>,
}

/// The part of `GET /api/catalog` that the browser does not know by itself.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CatalogModels {
    /// All models.
    pub models: Vec<ModelBody>,
    /// The workspace's price plan, where it is on one.
    #[serde(default)]
    pub plan: Option<PricePlan>,
}

/// The last run of a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastRun {
    /// Id.
    pub id: String,
    /// Status.
    pub status: RunStatus,
    /// When its first step started, in ms since 1970.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// The picture of a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The asset.
    pub asset: String,
    /// Media type.
    pub mime: String,
}

/// A canvas in the workflow list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanvasBody {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// The workspace it belongs to.
    pub workspace: String,
    /// Role of this person in it.
    pub role: CanvasRole,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last changed, in ms since 1970.
    pub updated_at: i64,
    /// Last run.
    pub last_run: Option<LastRun>,
    /// The newest of its results that can be looked at; where there is none, the newest sound.
    pub preview: Option<Preview>,
    /// Number of people who have it open.
    pub online: usize,
    /// Stored changes that could not be read when it was opened and did not come back since; only where one canvas is
    /// asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<Damage>,
}

/// Stored changes of a canvas that could not be read. Their bytes are kept aside until the canvas is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Damage {
    /// When it was found, in ms since 1970.
    pub at: i64,
    /// Number of stored changes.
    pub rows: i64,
    /// Size of those kept aside, in bytes; 0 where nothing was there to keep.
    pub bytes: i64,
    /// Kind of the damage.
    pub reason: DamageReason,
    /// Number of the first of them in the canvas's log.
    pub first: i64,
}

/// Kind of damage to stored changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DamageReason {
    /// They are not what was written: left out.
    Altered,
    /// They cannot be read: left out.
    Unreadable,
    /// They are not there.
    Missing,
    /// They are sound, but build on changes that are lost: left out until those come back.
    BuildsOnLost,
    /// They are not what was written, but can be read: in the canvas, which may differ from what it was.
    Doubtful,
    /// They were not what was written, and were put right by their checksum: in the canvas.
    Repaired,
}

impl DamageReason {
    /// Name.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::BuildsOnLost => "builds_on_lost",
            Self::Doubtful => "doubtful",
            Self::Repaired => "repaired",
        }
    }

    /// The reason of a name; of one that is unknown, [`DamageReason::Unreadable`].
    #[must_use]
    pub fn from_id(id: &str) -> Self {
        let all =
            [Self::Altered, Self::Missing, Self::BuildsOnLost, Self::Doubtful, Self::Repaired];
        all.into_iter().find(|reason| reason.id() == id).unwrap_or(Self::Unreadable)
    }
}

/// `POST /api/canvases`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCanvas {
    /// Id; made up where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The template it starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The workspace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
}

/// `PATCH /api/canvases/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CanvasChange {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A node of `GET …/graph`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphNode {
    /// The node.
    #[serde(flatten)]
    pub node: Node,
    /// State.
    pub state: NodeState,
    /// Results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<NodeResult>,
    /// Generations it made, as far as the document holds them.
    pub generations: Vec<Generation>,
}

/// `GET …/graph`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphBody {
    /// The canvas's name.
    pub name: String,
    /// The canvas's description.
    pub description: String,
    /// All nodes, by id.
    pub nodes: Vec<GraphNode>,
    /// The edges that count.
    pub edges: Vec<GraphEdge>,
    /// Problems of the graph as it stands.
    pub problems: Vec<NodeProblem>,
}

/// `POST …/estimate`, and the first part of `POST …/runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EstimateRequest {
    /// Scope: `node`, `workflow`, `downstream`, `selection` or `outdated`.
    pub mode: String,
    /// The node it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The nodes it is about, for `selection`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
}

/// A step of an estimate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepEstimate {
    /// The node.
    pub node: String,
    /// Kind.
    pub kind: String,
    /// The model.
    pub model: String,
    /// Number of times it is called.
    pub invocations: u32,
    /// The most it can cost.
    pub cost: Money,
}

/// The answer of `POST …/estimate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// The most that can be charged.
    pub cost: Money,
    /// True if that is also what will be charged.
    pub exact: bool,
    /// The steps, in order.
    pub steps: Vec<StepEstimate>,
}

impl Estimate {
    /// The price of a plan.
    pub fn of(plan: &Plan) -> Self {
        let quote = plan.quote();
        let step = |step: &crate::plan::Step| StepEstimate {
            node: step.node.to_string(),
            kind: step.kind.clone(),
            model: step.model.clone(),
            invocations: step.invocations,
            cost: step.cost,
        };
        Self { cost: quote.cost, exact: quote.exact, steps: plan.steps.iter().map(step).collect() }
    }
}

/// `POST …/runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// Scope: `node`, `workflow`, `downstream`, `selection` or `outdated`.
    pub mode: String,
    /// The node it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The nodes it is about, for `selection`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// Refuse it where it could cost more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Money>,
    /// `continue` (independent branches finish, the default) or `stop` (nothing new starts).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

impl From<Target> for EstimateRequest {
    fn from(target: Target) -> Self {
        let text = |node: NodeId| node.to_string();
        Self {
            mode: target.mode.id().to_owned(),
            node: target.node.map(text),
            nodes: target.nodes.into_iter().map(text).collect(),
        }
    }
}

/// The answer of `POST …/runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStarted {
    /// The run's id.
    pub id: String,
    /// Status.
    pub status: RunStatus,
    /// Credits held for it.
    pub cost: Money,
    /// Steps, in order.
    pub steps: Vec<StepEstimate>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepBody {
    /// The node.
    pub node: String,
    /// Kind.
    pub kind: String,
    /// Title when the run was asked for.
    pub title: String,
    /// The model.
    pub model: String,
    /// State.
    pub state: NodeState,
    /// When it started, in ms since 1970.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Cost.
    pub cost: Money,
    /// Why it failed or did not start.
    pub error: Option<Failure>,
    /// Number of times the model is called.
    pub invocations: u32,
    /// Items, in order.
    pub items: Vec<ItemBody>,
    /// The decision, for an evaluator.
    pub review: Option<ReviewBody>,
    /// Generations it made.
    pub outputs: Vec<Generation>,
}

/// One item of a step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemBody {
    /// Key; empty outside a batch.
    pub key: String,
    /// Position in the batch.
    pub n: u32,
    /// State.
    pub state: NodeState,
    /// Number of times its provider was asked.
    pub attempts: u32,
    /// Cost.
    pub cost: Money,
    /// Seed, once it is known.
    pub seed: Option<i64>,
    /// Why it failed or did not start.
    pub error: Option<Failure>,
    /// Ids of what it consists of.
    pub generations: Vec<String>,
    /// True if that was taken over from an earlier run, free.
    pub reused: bool,
    /// When it started, in ms since 1970.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// Somebody's decision about the candidates of an evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewBody {
    /// When, in ms since 1970.
    pub at: i64,
    /// Who.
    pub by: String,
    /// Ids of the accepted candidates; none where all were rejected.
    pub accepted: Vec<String>,
    /// Their note.
    pub note: String,
}

/// A result that arrived after its call was stopped: kept aside, uncharged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LateBody {
    /// Id.
    pub id: String,
    /// The node.
    pub node: String,
    /// The item.
    pub item: String,
    /// Cost of taking it over.
    pub cost: Money,
    /// When it arrived, in ms since 1970.
    pub at: i64,
    /// When it is thrown away.
    pub expires_at: i64,
    /// Data type.
    #[serde(rename = "type")]
    pub ty: Option<DataType>,
    /// Number of its results.
    pub count: u32,
}

/// `POST /api/runs/{id}/retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Only this node, and what depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Only these items of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
}

/// `POST /api/runs/{id}/review`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// The evaluator.
    pub node: String,
    /// Ids of the candidates that flow on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// True if none does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reject: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `PATCH /api/runs/{id}`: one's own run while it waits in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QueueChange {
    /// The run of the same person that it comes after; null puts it first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub after: Option<Option<String>>,
    /// True if it is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}

/// A value that is there, null or not.
fn some<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(de).map(Some)
}

/// `POST …/nodes/{node}/generations`: an edited picture becomes the node's newest result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditedGeneration {
    /// The stored picture.
    pub asset: String,
    /// The generation that was edited.
    pub from: String,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunBody {
    /// Id.
    pub id: String,
    /// Canvas.
    pub canvas: String,
    /// Number on that canvas.
    pub number: i64,
    /// Status.
    pub status: RunStatus,
    /// Mode.
    pub mode: String,
    /// The node it was asked for.
    pub node: Option<String>,
    /// Who started it.
    pub by: String,
    /// When it was asked for, in ms since 1970.
    pub created_at: i64,
    /// When its first step started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Cost so far.
    pub cost: Money,
    /// Credits still held for it.
    pub held: Money,
    /// Why it failed.
    pub error: Option<Failure>,
    /// The run it tries again.
    pub retry_of: Option<String>,
    /// Position in the queue, from 1, while it waits.
    pub queue: Option<u32>,
    /// True if its owner holds it back.
    pub waiting: bool,
    /// Results that arrived after it was stopped.
    pub late: Vec<LateBody>,
    /// Steps, in order.
    pub steps: Vec<StepBody>,
}

/// A generation with exactly what made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GenerationBody {
    /// The generation.
    #[serde(flatten)]
    pub generation: Generation,
    /// The model.
    pub model: String,
    /// The model's version.
    pub version: String,
    /// The parameters it was called with.
    pub settings: Value,
    /// The prompt as the model got it.
    pub prompt: String,
    /// The negative prompt.
    pub negative: String,
    /// Contents that arrived, by input.
    pub inputs: Value,
}

/// `GET /api/credits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credits {
    /// Grants minus captures.
    pub balance: Money,
    /// Held and neither captured nor released.
    pub held: Money,
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerEntry {
    /// Number.
    pub id: i64,
    /// When, in ms since 1970.
    pub at: i64,
    /// `grant`, `hold`, `capture` or `release`.
    pub kind: String,
    /// Amount.
    pub amount: Money,
    /// The run it belongs to.
    pub run: Option<String>,
    /// The node it belongs to.
    pub node: Option<String>,
    /// Why.
    pub note: String,
}

/// `GET /api/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// This person's id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their colour, `#rrggbb`.
    pub color: String,
    /// Ids of models they starred.
    pub favourites: Vec<String>,
    /// Their account; none where the server is open to whoever reaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
}

/// `PATCH /api/me`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The new favourites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourites: Option<Vec<String>>,
}

/// `GET /api/assets/{id}/meta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetMeta {
    /// Id and facts.
    #[serde(flatten)]
    pub asset: AssetRef,
    /// Size.
    pub bytes: i64,
    /// Where it came from: `{"kind": "upload"}` or `{"kind": "run", "run": …, "node": …, "prompt": …}`.
    pub origin: Value,
    /// When it was stored, in ms since 1970.
    pub created_at: i64,
}

/// `GET /api/assets/{id}/waveform`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaveformBody {
    /// Length in seconds.
    pub duration: f64,
    /// The highest sample of each of at most 400 equal parts, 255 for the loudest there can be.
    pub peaks: Vec<u8>,
}

/// The answer of `POST …/edits`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditsDone {
    /// Ids of the nodes or connections that the edits made or changed: one an edit, or null.
    pub ids: Vec<Option<String>>,
}

/// `GET /healthz` and `GET /readyz`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` or `ready`.
    pub status: String,
    /// The server's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A template in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateBody {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// One sentence of what it makes.
    pub description: String,
    /// The kinds it uses.
    pub kinds: Vec<String>,
    /// Where a picture of what it makes is.
    pub preview: String,
}
