//! The graph as everybody reads it: materialized from a document, total on any document (DESIGN §4).

mod connect;
mod flow;

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::Serialize;

pub use connect::{Drag, Fit, fitting_input, fitting_output};
pub use flow::{FlowItem, flow, newest_generation, replaced, sends_all, shown_generation};

use crate::nodes::{self, NodeKind, NodeSpec, PortType};
use crate::problem::{ErrorCode, NodeProblem};
use crate::schema::{Canvas, Edge, Node};
use crate::values::DataType;

/// An edge that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphEdge {
    /// The edge as written.
    #[serde(flatten)]
    pub edge: Edge,
    /// The data type it carries, once known.
    #[serde(rename = "type")]
    pub ty: Option<DataType>,
    /// Whether the type no longer matches the input: shown broken, refused at a run.
    pub broken: bool,
    /// Whether it carries a batch.
    pub batch: bool,
}

/// A canvas's graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    kinds: BTreeMap<String, Option<&'static NodeSpec>>,
    titles: BTreeMap<String, String>,
    edges: BTreeMap<String, GraphEdge>,
    incoming: BTreeMap<String, Vec<String>>,
    outgoing: BTreeMap<String, Vec<String>>,
    /// Output types of the nodes whose type depends on what they hold.
    held: BTreeMap<String, Option<DataType>>,
    cycles: Vec<BTreeSet<String>>,
    problems: Vec<NodeProblem>,
}

impl Graph {
    /// Reads a canvas as a graph. Dangling edges are left out; edges whose ends contradict their key, name
    /// no port or join a node to itself are left out and reported; cycles are reported with their nodes.
    pub fn materialize(canvas: &Canvas) -> Self {
        let mut graph = Self::default();
        for (id, node) in &canvas.nodes {
            graph.kinds.insert(id.clone(), nodes::spec(&node.kind));
            graph.titles.insert(id.clone(), node.shown_title().to_owned());
            graph.held.insert(id.clone(), held_type(node));
        }
        let mut ordered: Vec<&Edge> = canvas.edges.values().collect();
        ordered.sort_by(|a, b| (&a.z, &a.key).cmp(&(&b.z, &b.key)));
        for edge in ordered {
            if !graph.has_node(&edge.from_node) || !graph.has_node(&edge.to_node) {
                continue;
            }
            match graph.validity(edge) {
                Ok(()) => graph.index(edge.clone()),
                Err(detail) => graph.problems.push(NodeProblem {
                    node: edge.to_node.clone(),
                    port: Some(edge.to_port.clone()),
                    code: ErrorCode::InvalidEdge,
                    detail,
                }),
            }
        }
        graph.settle(canvas);
        graph
    }

    fn index(&mut self, edge: Edge) {
        self.incoming.entry(edge.to_node.clone()).or_default().push(edge.key.clone());
        self.outgoing.entry(edge.from_node.clone()).or_default().push(edge.key.clone());
        let key = edge.key.clone();
        self.edges.insert(key, GraphEdge { edge, ty: None, broken: false, batch: false });
    }

    /// Types, cycles and batches, once all edges are in.
    fn settle(&mut self, canvas: &Canvas) {
        let typed: Vec<(String, Option<DataType>, bool)> = self
            .edges
            .values()
            .map(|edge| {
                let ty = self.output_type(&edge.edge.from_node, &edge.edge.from_port);
                let wanted = self.input_type(&edge.edge.to_node, &edge.edge.to_port);
                let broken = matches!((ty, wanted), (Some(ty), Some(wanted)) if ty != wanted);
                (edge.edge.key.clone(), ty, broken)
            })
            .collect();
        for (key, ty, broken) in typed {
            if let Some(edge) = self.edges.get_mut(&key) {
                (edge.ty, edge.broken) = (ty, broken);
            }
        }
        self.find_cycles();
        self.mark_batches(canvas);
    }

    fn validity(&self, edge: &Edge) -> Result<(), String> {
        let from = self.titles.get(&edge.from_node).map_or("?", String::as_str);
        let to = self.titles.get(&edge.to_node).map_or("?", String::as_str);
        let name = format!("The connection from “{from}” to “{to}”");
        if edge.from_node == edge.to_node {
            return Err(format!("{name} joins a node to itself and is ignored. Delete it."));
        }
        let (Some(source), Some(target)) = (self.spec(&edge.from_node), self.spec(&edge.to_node))
        else {
            return Err(format!("{name} touches a node of an unknown kind and is ignored."));
        };
        if source.output(&edge.from_port).is_none() {
            return Err(format!(
                "{name} names an output “{}” that does not exist.",
                edge.from_port
            ));
        }
        let key = crate::schema::edge_key(
            target.id,
            (&edge.from_node, &edge.from_port),
            (&edge.to_node, &edge.to_port),
        );
        match key {
            None => Err(format!("{name} names an input “{}” that does not exist.", edge.to_port)),
            Some(key) if key != edge.key => {
                Err(format!("{name} contradicts its key and is ignored. Connect them again."))
            }
            Some(_) => Ok(()),
        }
    }

    fn find_cycles(&mut self) {
        let (graph, ids) = self.petgraph();
        let mut cycles: Vec<BTreeSet<String>> = kosaraju_scc(&graph)
            .into_iter()
            .filter(|component| component.len() > 1)
            .map(|component| component.iter().map(|i| ids[i.index()].clone()).collect())
            .collect();
        cycles.sort();
        for cycle in &cycles {
            let names: Vec<String> =
                cycle.iter().map(|id| format!("“{}”", self.title(id))).collect();
            let detail = format!(
                "Cycle detected: {} feed each other. Delete one of the connections between them.",
                names.join(", ")
            );
            self.problems.extend(cycle.iter().map(|node| NodeProblem {
                node: node.clone(),
                port: None,
                code: ErrorCode::CycleDetected,
                detail: detail.clone(),
            }));
        }
        self.cycles = cycles;
    }

    /// The graph for petgraph's algorithms; indexes follow the order of ids.
    pub(crate) fn petgraph(&self) -> (DiGraph<(), ()>, Vec<String>) {
        let ids: Vec<String> = self.kinds.keys().cloned().collect();
        let at: BTreeMap<&str, NodeIndex> =
            ids.iter().enumerate().map(|(i, id)| (id.as_str(), NodeIndex::new(i))).collect();
        let mut graph = DiGraph::with_capacity(ids.len(), self.edges.len());
        for _ in &ids {
            graph.add_node(());
        }
        for edge in self.edges.values() {
            let ends = (at.get(edge.edge.from_node.as_str()), at.get(edge.edge.to_node.as_str()));
            if let (Some(from), Some(to)) = ends {
                graph.add_edge(*from, *to, ());
            }
        }
        (graph, ids)
    }

    fn mark_batches(&mut self, canvas: &Canvas) {
        let lists: Vec<String> = canvas
            .nodes
            .values()
            .filter(|node| self.begins_batch(node))
            .map(|node| node.id.clone())
            .collect();
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut queue = lists;
        while let Some(id) = queue.pop() {
            if !reached.insert(id.clone()) {
                continue;
            }
            for key in self.outgoing.get(&id).cloned().unwrap_or_default() {
                let Some(edge) = self.edges.get_mut(&key) else { continue };
                edge.batch = true;
                if !edge.edge.items_all {
                    queue.push(edge.edge.to_node.clone());
                }
            }
        }
    }

    /// Whether a node gives several items though none of its inputs does.
    fn begins_batch(&self, node: &Node) -> bool {
        let Some(spec) = self.spec(&node.id) else { return false };
        let count = node.settings.get("count").and_then(serde_json::Value::as_f64);
        let angles = spec.kind == NodeKind::CameraAngles && camera_angles(node).len() > 1;
        let edges = spec.kind == NodeKind::Evaluator && self.incoming(&node.id).nth(1).is_some();
        let all = sends_all(node, spec) && count.is_some_and(|count| count > 1.0);
        angles || edges || all || (spec.has_items && node.items.len() > 1)
    }

    /// Whether there is a node of that id.
    pub fn has_node(&self, id: &str) -> bool {
        self.kinds.contains_key(id)
    }

    /// The ids of all nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// What is known of a node's kind; `None` for unknown kinds and missing nodes.
    pub fn spec(&self, id: &str) -> Option<&'static NodeSpec> {
        self.kinds.get(id).copied().flatten()
    }

    /// The title people see.
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        self.titles.get(id).map_or(id, String::as_str)
    }

    /// All edges that count, by key.
    pub fn edges(&self) -> impl Iterator<Item = &GraphEdge> {
        self.edges.values()
    }

    /// An edge that counts.
    pub fn edge(&self, key: &str) -> Option<&GraphEdge> {
        self.edges.get(key)
    }

    /// The edges into a node, in order.
    pub fn incoming(&self, id: &str) -> impl Iterator<Item = &GraphEdge> {
        self.incoming.get(id).into_iter().flatten().filter_map(|key| self.edges.get(key))
    }

    /// The edges into one input of a node, in order.
    pub fn sources<'a>(&'a self, id: &str, port: &'a str) -> impl Iterator<Item = &'a GraphEdge> {
        self.incoming(id).filter(move |edge| edge.edge.to_port == port)
    }

    /// The edges out of a node.
    pub fn outgoing(&self, id: &str) -> impl Iterator<Item = &GraphEdge> {
        self.outgoing.get(id).into_iter().flatten().filter_map(|key| self.edges.get(key))
    }

    /// What is wrong with the graph as it stands: edges that do not count, and cycles.
    pub fn problems(&self) -> &[NodeProblem] {
        &self.problems
    }

    /// The cycles, each as its nodes.
    pub fn cycles(&self) -> &[BTreeSet<String>] {
        &self.cycles
    }

    /// The data type of an output, once known.
    pub fn output_type(&self, id: &str, port: &str) -> Option<DataType> {
        let mut id = id.to_owned();
        let mut port = port.to_owned();
        let mut seen = BTreeSet::new();
        // An evaluator passes on the type of its first connection, which may be another evaluator.
        while seen.insert(id.clone()) {
            match self.spec(&id)?.output(&port)?.ty {
                PortType::Fixed(ty) => return Some(ty),
                PortType::OfAsset | PortType::OfItems => {
                    return self.held.get(&id).copied().flatten();
                }
                PortType::OfCandidates => {
                    let first = &self.incoming(&id).next()?.edge;
                    (id, port) = (first.from_node.clone(), first.from_port.clone());
                }
            }
        }
        None
    }

    /// The data type an input takes, once known.
    pub fn input_type(&self, id: &str, port: &str) -> Option<DataType> {
        match self.spec(id)?.input(port)?.ty {
            PortType::Fixed(ty) => Some(ty),
            PortType::OfAsset | PortType::OfItems => None,
            PortType::OfCandidates => {
                let first = &self.incoming(id).next()?.edge;
                self.output_type(&first.from_node, &first.from_port)
            }
        }
    }

    /// The nodes upstream of `id`, without it (unless it is on a cycle).
    pub fn ancestors(&self, id: &str) -> BTreeSet<String> {
        self.reach(id, |graph, id| graph.incoming(id).map(|e| e.edge.from_node.clone()).collect())
    }

    /// These nodes and everything upstream of any of them.
    pub fn upstream_of<'a>(&self, ids: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut queue: Vec<String> = ids.map(str::to_owned).collect();
        while let Some(id) = queue.pop() {
            if reached.insert(id.clone()) {
                queue.extend(self.incoming(&id).map(|edge| edge.edge.from_node.clone()));
            }
        }
        reached
    }

    /// These nodes and everything downstream of any of them.
    pub fn downstream_of<'a>(&self, ids: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut queue: Vec<String> = ids.map(str::to_owned).collect();
        while let Some(id) = queue.pop() {
            if reached.insert(id.clone()) {
                queue.extend(self.outgoing(&id).map(|edge| edge.edge.to_node.clone()));
            }
        }
        reached
    }

    /// The nodes downstream of `id`, without it (unless it is on a cycle).
    pub fn descendants(&self, id: &str) -> BTreeSet<String> {
        self.reach(id, |graph, id| graph.outgoing(id).map(|e| e.edge.to_node.clone()).collect())
    }

    /// The connected component of `id`, with it, whatever the direction of its edges.
    pub fn component(&self, id: &str) -> BTreeSet<String> {
        let mut all = self.reach(id, |graph, id| {
            let up = graph.incoming(id).map(|e| e.edge.from_node.clone());
            up.chain(graph.outgoing(id).map(|e| e.edge.to_node.clone())).collect()
        });
        all.insert(id.to_owned());
        all
    }

    fn reach(&self, id: &str, next: impl Fn(&Self, &str) -> Vec<String>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut queue = next(self, id);
        while let Some(id) = queue.pop() {
            if reached.insert(id.clone()) {
                queue.extend(next(self, &id));
            }
        }
        reached
    }

    /// Adds an edge that [`Drag`] found to fit, replacing one of the same key, so that the next one can be
    /// asked for. It closes no cycle; what is shown of edges (their types, batches) is not brought up to date.
    pub(crate) fn add_fitting_edge(&mut self, edge: Edge) {
        self.drop_edge(&edge.key);
        self.index(edge);
    }

    fn drop_edge(&mut self, key: &str) {
        if let Some(old) = self.edges.remove(key) {
            let forget = |keys: Option<&mut Vec<String>>| {
                if let Some(keys) = keys {
                    keys.retain(|other| other != key);
                }
            };
            forget(self.incoming.get_mut(&old.edge.to_node));
            forget(self.outgoing.get_mut(&old.edge.from_node));
        }
    }
}

/// The angles that a camera is asked for, each with the id it gives its item: its name, or its place where it has
/// none or one that was there before.
pub fn camera_angles(node: &Node) -> Vec<(String, serde_json::Value)> {
    use serde_json::Value;
    let asked = match node.settings.get("angles") {
        Some(Value::Array(angles)) => angles.as_slice(),
        Some(one @ (Value::String(_) | Value::Object(_))) => std::slice::from_ref(one),
        _ => &[],
    };
    let mut seen = BTreeSet::new();
    let mut angles = Vec::new();
    for (at, angle) in asked.iter().enumerate() {
        let name = match angle {
            Value::String(name) => Some(name.as_str()),
            Value::Object(custom) => custom.get("id").and_then(Value::as_str),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => continue,
        };
        let name = name.filter(|name| crate::ids::is_id(name)).map(str::to_owned);
        let mut id = name.unwrap_or_else(|| at.to_string());
        if !seen.insert(id.clone()) {
            id = at.to_string();
            seen.insert(id.clone());
        }
        angles.push((id, angle.clone()));
    }
    angles
}

fn held_type(node: &Node) -> Option<DataType> {
    if node.kind == "list" {
        return node.items.first().and_then(|item| item.content.ty());
    }
    node.asset.as_ref().and_then(|asset| asset.ty)
}

#[cfg(test)]
mod tests;
