//! The vocabulary of a canvas: nodes, edges, results and runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pricing::Money;
use crate::values::{AssetRef, DataType};

/// The kind of an entry of `nodes` that is no node: a plain value, or a Y type without a kind. No catalogue has it:
/// it is shown, counted and can be removed, nothing else.
pub const UNREADABLE: &str = "unreadable";

/// `meta`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// The canvas's name.
    pub name: String,
    /// The canvas's description.
    pub description: String,
}

/// Content of an entry of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ItemContent {
    /// A text.
    Text(String),
    /// A file.
    Asset(AssetRef),
}

impl ItemContent {
    /// Data type, if known.
    pub fn ty(&self) -> Option<DataType> {
        match self {
            Self::Text(_) => Some(DataType::Text),
            Self::Asset(asset) => asset.ty,
        }
    }
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListItem {
    /// Id within the list.
    pub id: String,
    /// Place.
    pub z: String,
    /// Content.
    #[serde(flatten)]
    pub content: ItemContent,
}

/// Somebody's choice of the result that an item shows and passes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutputChoice {
    /// Result in the place of the newest.
    #[serde(rename = "use")]
    pub chosen: Chosen,
    /// It counts while this is the item's newest generation.
    pub after: Option<String>,
}

/// The `use` of an [`OutputChoice`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Chosen {
    /// This generation.
    Generation(String),
    /// A replaced creation.
    Asset(AssetRef),
    /// Nothing: the creation was reset.
    Nothing,
}

/// An entry of `nodes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// Id.
    pub id: String,
    /// The catalogue's id of its kind, or one that this version does not know.
    pub kind: String,
    /// Top left corner in canvas units.
    pub pos: [f64; 2],
    /// Width and height in canvas units, where somebody set them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[f64; 2]>,
    /// Place in the stacking order.
    pub z: String,
    /// The group it sits in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Title, where somebody gave it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// True if its output is kept and it is never run.
    pub locked: bool,
    /// True if clients keep it where it is.
    pub fixed: bool,
    /// Settings.
    pub settings: BTreeMap<String, Value>,
    /// Text, without formatting and trailing newlines.
    pub text: String,
    /// Negative prompt, likewise.
    pub negative: String,
    /// The entries of a list, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ListItem>,
    /// Asset of an upload or media node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetRef>,
    /// Choices by item key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub output: BTreeMap<String, OutputChoice>,
    /// Favourites among its generations.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub stars: BTreeSet<String>,
}

impl Node {
    /// The title people see: its own, or that of its kind.
    pub fn shown_title(&self) -> &str {
        match self.title.as_deref().map(str::trim) {
            Some(title) if !title.is_empty() => title,
            _ => crate::nodes::spec(&self.kind).map_or(self.kind.as_str(), |spec| spec.title),
        }
    }
}

/// An entry of `edges`, as written; [`crate::graph`] decides whether it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    /// Key.
    pub key: String,
    /// The node it comes from.
    pub from_node: String,
    /// The output it comes from.
    pub from_port: String,
    /// The node it goes to.
    pub to_node: String,
    /// The input it goes to.
    pub to_port: String,
    /// Place among the sources of one port.
    pub z: String,
    /// True if a port that takes several gets the whole batch at once.
    pub items_all: bool,
    /// True if a plain value stands where a Y.Map belongs; then it does not count.
    #[serde(skip)]
    pub is_plain: bool,
}

/// The state of a node, a step or an item of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// Not yet run, or not part of a run.
    #[default]
    Idle,
    /// Waits for its inputs or its turn.
    Pending,
    /// Being computed.
    Running,
    /// Has results.
    Completed,
    /// Failed.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Waits for a person.
    Paused,
}

impl NodeState {
    /// Name in the document.
    pub fn id(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Paused => "paused",
        }
    }

    /// The state named `id`.
    pub fn from_id(id: &str) -> Option<Self> {
        [
            Self::Idle,
            Self::Pending,
            Self::Running,
            Self::Completed,
            Self::Failed,
            Self::Cancelled,
            Self::Paused,
        ]
        .into_iter()
        .find(|state| state.id() == id)
    }

    /// True if a run has it in hand.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Paused)
    }
}

/// Why a node, an item or a run failed: what happened and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// The node at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// A stable code.
    #[serde(default)]
    pub code: String,
    /// Description of what happened.
    #[serde(default)]
    pub detail: String,
    /// Advice on what to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

/// The state of one item of a node (`""` outside a batch).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemResult {
    /// Position in the batch.
    #[serde(default)]
    pub n: u32,
    /// State.
    #[serde(default)]
    pub state: NodeState,
    /// The generations of its newest invocation that has any.
    #[serde(default)]
    pub generations: Vec<String>,
    /// True if they were taken over from an earlier run, free.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// An entry of `results`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeResult {
    /// The node's state.
    pub state: NodeState,
    /// Why it failed, or how many items did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The run it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The kind of node it was made for: under the id of a node that is gone there may be one of another kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When its first invocation started, in ms since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended, in ms since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<i64>,
    /// Cost in that run.
    pub cost: Money,
    /// Fingerprint of what its newest results depended on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Items.
    pub items: BTreeMap<String, ItemResult>,
}

/// An entry of `generations`: something a node made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Generation {
    /// Id.
    pub id: String,
    /// The run that made it.
    pub run: String,
    /// The item it belongs to.
    #[serde(default)]
    pub key: String,
    /// The output it came out of.
    #[serde(default)]
    pub port: String,
    /// When, in ms since 1970.
    #[serde(default)]
    pub at: i64,
    /// Who started the run.
    #[serde(default)]
    pub by: String,
    /// Data type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<DataType>,
    /// The asset, unless it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// The text, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The media type of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Duration in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Cost.
    #[serde(default)]
    pub cost: Money,
    /// The seed that makes it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Fingerprint of what it depended on.
    #[serde(default)]
    pub fingerprint: String,
    /// What of the request the model did not do, as a sentence: "Not drawn: dragon".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Generation {
    /// An asset that no run made, in the place of one.
    pub fn of_asset(asset: &AssetRef) -> Self {
        Self {
            id: asset.id.clone(),
            ty: asset.ty,
            asset: Some(asset.id.clone()),
            mime: Some(asset.mime.clone()),
            width: asset.width,
            height: asset.height,
            duration: asset.duration,
            ..Self::default()
        }
    }

    /// Returns its text or its asset; nothing for one that a foreign writer made up.
    pub fn content(&self) -> Option<ItemContent> {
        match &self.text {
            Some(text) => Some(ItemContent::Text(text.clone())),
            None => self.asset_ref().map(ItemContent::Asset),
        }
    }

    /// Asset as a reference, unless it is text.
    pub fn asset_ref(&self) -> Option<AssetRef> {
        Some(AssetRef {
            id: self.asset.clone()?,
            ty: self.ty,
            mime: self.mime.clone().unwrap_or_default(),
            width: self.width,
            height: self.height,
            duration: self.duration,
            name: String::new(),
        })
    }
}

/// The status of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Waits for its turn.
    #[default]
    Queued,
    /// Has a step in hand.
    Running,
    /// Waits for a person and nothing else can go on.
    Paused,
    /// Everything it planned has results.
    Succeeded,
    /// Something it planned failed.
    Failed,
    /// A person stopped it.
    Cancelled,
}

impl RunStatus {
    /// Name in documents, rows and answers.
    pub fn id(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status named `id`.
    pub fn from_id(id: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Paused, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|status| status.id() == id)
    }

    /// True if it has ended; such a status never changes again.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// An entry of `runs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// Id.
    pub id: String,
    /// Number on this canvas, from 1.
    pub number: i64,
    /// Status.
    pub status: RunStatus,
    /// Mode.
    pub mode: String,
    /// The node it was asked for, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The name of who started it.
    pub by: String,
    /// When it was asked for, in ms since 1970.
    pub created_at: i64,
    /// When its first step started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<i64>,
    /// Cost so far.
    pub cost: Money,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The run it tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
}

/// A whole canvas, read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Canvas {
    /// `meta`.
    pub meta: Meta,
    /// `nodes`.
    pub nodes: BTreeMap<String, Node>,
    /// `edges`.
    pub edges: BTreeMap<String, Edge>,
    /// Keys of `nodes` that are no ids: nothing there can be named, only removed.
    #[serde(skip)]
    pub odd_nodes: BTreeSet<String>,
    /// Keys of `edges` whose entries lack an end.
    #[serde(skip)]
    pub odd_edges: BTreeSet<String>,
    /// `results`.
    pub results: BTreeMap<String, NodeResult>,
    /// `generations`, oldest first.
    pub generations: BTreeMap<String, Vec<Generation>>,
    /// `runs`.
    pub runs: BTreeMap<String, RunInfo>,
}

impl Chosen {
    /// The generation, where it is one.
    #[must_use]
    pub fn generation(&self) -> Option<&str> {
        match self {
            Self::Generation(id) => Some(id),
            Self::Asset(_) | Self::Nothing => None,
        }
    }
}

impl Canvas {
    /// The generations that results and choices name and that the document does not hold (R-DOC-30); the database has
    /// those that there are.
    #[must_use]
    pub fn unheld_generations(&self) -> BTreeSet<String> {
        let held: BTreeSet<&str> =
            self.generations.values().flatten().map(|made| made.id.as_str()).collect();
        let items = self.results.values().flat_map(|result| result.items.values());
        let named = items.flat_map(|item| item.generations.iter().map(String::as_str));
        let chosen = self.chosen_generations();
        let unheld = named.chain(chosen).filter(|id| !held.contains(id));
        unheld.map(str::to_owned).collect()
    }

    /// The assets that people put into nodes, lists and the place of results.
    pub fn assets_mut(&mut self) -> impl Iterator<Item = &mut AssetRef> {
        self.nodes.values_mut().flat_map(|node| {
            let listed = node.items.iter_mut().filter_map(|item| match &mut item.content {
                ItemContent::Asset(asset) => Some(asset),
                ItemContent::Text(_) => None,
            });
            let chosen = node.output.values_mut().filter_map(|choice| match &mut choice.chosen {
                Chosen::Asset(asset) => Some(asset),
                Chosen::Generation(_) | Chosen::Nothing => None,
            });
            node.asset.iter_mut().chain(listed).chain(chosen)
        })
    }

    /// The generations that choices name.
    pub fn chosen_generations(&self) -> impl Iterator<Item = &str> {
        let choices = self.nodes.values().flat_map(|node| node.output.values());
        choices.filter_map(|choice| choice.chosen.generation())
    }

    /// Takes in a generation of a node, before those that were made after it.
    pub fn take_in(&mut self, node: &str, made: Generation) {
        let held = self.generations.entry(node.to_owned()).or_default();
        let place = held.iter().position(|other| other.at > made.at).unwrap_or(held.len());
        held.insert(place, made);
    }
}
