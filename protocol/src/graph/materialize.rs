//! The graph of a canvas, read from its document.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::Serialize;

use crate::nodes::{self, NodeKind, NodeSpec, PortType};
use crate::problem::{ErrorCode, NodeProblem, brief, listed, quoted};
use crate::schema::{Canvas, Edge, Node, UNREADABLE};
use crate::steps;
use crate::values::DataType;

/// An edge that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphEdge {
    /// The edge as written.
    #[serde(flatten)]
    pub edge: Edge,
    /// The data type it carries, once known.
    #[serde(rename = "type")]
    pub ty: Option<DataType>,
    /// True if the type no longer matches the input: shown broken, refused at a run.
    pub broken: bool,
    /// True if it carries a batch.
    pub batch: bool,
}

/// Where an edge stands at its node: port, `z`, key.
type Place = (String, String, String);

/// Longest part that is told of a key that is no id, in characters.
const KEY_CHARS_MAX: usize = 4_096;
/// The longest title that is kept for sentences and lists, in characters.
const TITLE_CHARS_MAX: usize = 200;

/// A canvas's graph. Everything about it takes time linear in the canvas (times a logarithm), or in the part that is
/// asked about.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    kinds: BTreeMap<String, Option<&'static NodeSpec>>,
    titles: BTreeMap<String, String>,
    edges: BTreeMap<String, GraphEdge>,
    /// Node → the edges into it, by port and in order.
    incoming: BTreeMap<String, BTreeSet<Place>>,
    /// Node → the keys of the edges out of it.
    outgoing: BTreeMap<String, BTreeSet<String>>,
    /// Output types of the nodes whose type depends on what they hold.
    held: BTreeMap<String, Option<DataType>>,
    /// Output types of the nodes that pass on the type of their first connection, where it is known.
    passed: BTreeMap<String, DataType>,
    cycles: Vec<BTreeSet<String>>,
    /// Node → its place in `cycles`.
    cyclic: BTreeMap<String, usize>,
    problems: Vec<NodeProblem>,
}

impl Graph {
    /// Reads a canvas as a graph. Dangling edges are left out; edges whose ends contradict their key, name
    /// no port or join a node to itself are left out and reported; cycles are reported with their nodes.
    pub fn materialize(canvas: &Canvas) -> Self {
        let mut graph = Self::default();
        for node in canvas.nodes.values() {
            graph.hold(node);
        }
        graph.tell_unreadable(canvas);
        let mut ordered: Vec<&Edge> = canvas.edges.values().collect();
        ordered.sort_by(|a, b| (&a.z, &a.key).cmp(&(&b.z, &b.key)));
        for edge in ordered {
            steps::note(1);
            let dangles = !graph.has_node(&edge.from_node) || !graph.has_node(&edge.to_node);
            if dangles && !edge.is_plain {
                continue;
            }
            match graph.validity(edge) {
                Ok(()) => graph.index(edge.clone()),
                Err(why) => {
                    let detail = graph.refused_edge(edge, &why);
                    let (node, port) = (&edge.to_node, Some(edge.to_port.as_str()));
                    let problem = NodeProblem::new(node, port, ErrorCode::InvalidEdge, &detail);
                    graph.problems.push(problem);
                }
            }
        }
        graph.settle(canvas);
        graph
    }

    /// Takes in a node, new or changed.
    fn hold(&mut self, node: &Node) {
        let title = brief(node.shown_title(), TITLE_CHARS_MAX);
        steps::note(1 + title.len());
        self.kinds.insert(node.id.clone(), nodes::spec(&node.kind));
        self.titles.insert(node.id.clone(), title.into_owned());
        self.held.insert(node.id.clone(), held_type(node));
    }

    /// Entries that are no nodes and no connections: they count as what they were meant for, and can be removed.
    fn tell_unreadable(&mut self, canvas: &Canvas) {
        let unreadable = canvas.nodes.values().filter(|node| node.kind == UNREADABLE);
        let nodes = unreadable.map(|node| &node.id).chain(&canvas.odd_nodes).map(|id| {
            let detail = format!("{} is no node that can be read. Remove it.", quoted(id));
            (id.as_str(), ErrorCode::BadRequest, detail)
        });
        let edges = canvas.odd_edges.iter().map(|key| {
            let detail = format!("{} is no connection that can be read. Delete it.", quoted(key));
            (key.split(':').next().unwrap_or_default(), ErrorCode::InvalidEdge, detail)
        });
        // Whole, as far as anybody may need it to remove what stands there.
        let problem = |(node, code, detail): (&str, ErrorCode, String)| NodeProblem {
            node: brief(node, KEY_CHARS_MAX).into_owned(),
            port: None,
            code,
            detail,
        };
        self.problems.extend(nodes.chain(edges).map(problem));
    }

    fn index(&mut self, edge: Edge) {
        let place = (edge.to_port.clone(), edge.z.clone(), edge.key.clone());
        self.incoming.entry(edge.to_node.clone()).or_default().insert(place);
        self.outgoing.entry(edge.from_node.clone()).or_default().insert(edge.key.clone());
        let key = edge.key.clone();
        self.edges.insert(key, GraphEdge { edge, ty: None, broken: false, batch: false });
    }

    /// Types, cycles and batches, once all edges are in.
    fn settle(&mut self, canvas: &Canvas) {
        self.pass_on_types();
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
        if edge.is_plain {
            return Err("was written as a plain value and is ignored. Delete it.".to_owned());
        }
        if edge.from_node == edge.to_node {
            return Err("joins a node to itself and is ignored. Delete it.".to_owned());
        }
        let (Some(source), Some(target)) = (self.spec(&edge.from_node), self.spec(&edge.to_node))
        else {
            return Err("touches a node of an unknown kind and is ignored.".to_owned());
        };
        if source.output(&edge.from_port).is_none() {
            let port = quoted(&edge.from_port);
            return Err(format!("names an output {port} that does not exist."));
        }
        let key = crate::schema::edge_key(
            target.id,
            (&edge.from_node, &edge.from_port),
            (&edge.to_node, &edge.to_port),
        );
        match key {
            None => {
                let port = quoted(&edge.to_port);
                Err(format!("names an input {port} that does not exist."))
            }
            Some(key) if key != edge.key => {
                Err("contradicts its key and is ignored. Connect them again.".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    fn refused_edge(&self, edge: &Edge, why: &str) -> String {
        let (from, to) = (quoted(self.title(&edge.from_node)), quoted(self.title(&edge.to_node)));
        format!("The connection from {from} to {to} {why}")
    }

    /// An evaluator passes on the type of its first connection, which may come from another evaluator. Each is followed
    /// once.
    fn pass_on_types(&mut self) {
        let evaluators: Vec<String> = self
            .kinds
            .iter()
            .filter(|(_, spec)| spec.is_some_and(passes_on))
            .map(|(id, _)| id.clone())
            .collect();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for first in &evaluators {
            let mut path: Vec<&str> = Vec::new();
            let mut at = first.as_str();
            let ty = loop {
                steps::note(1);
                // Where it was before, also on this path: then it is a circle, and nothing is known.
                if !done.insert(at) {
                    break self.passed.get(at).copied();
                }
                path.push(at);
                let Some(edge) = self.first_source(at) else { break None };
                if self.spec(&edge.from_node).is_some_and(passes_on) {
                    let next = evaluators.binary_search(&edge.from_node);
                    at = evaluators[next.expect("all of them are listed")].as_str();
                } else {
                    break self.output_type(&edge.from_node, &edge.from_port);
                }
            };
            if let Some(ty) = ty {
                self.passed.extend(path.into_iter().map(|id| (id.to_owned(), ty)));
            }
        }
    }

    fn first_source(&self, id: &str) -> Option<&Edge> {
        self.incoming(id).next().map(|edge| &edge.edge)
    }

    /// Brings the types that depend on this node's up to date, after its connections changed.
    fn pass_on_from(&mut self, id: &str) {
        let mut queue = vec![id.to_owned()];
        while let Some(id) = queue.pop() {
            steps::note(1);
            if !self.spec(&id).is_some_and(passes_on) {
                continue;
            }
            let ty =
                self.first_source(&id).and_then(|e| self.output_type(&e.from_node, &e.from_port));
            if self.passed.get(&id).copied() == ty {
                continue;
            }
            match ty {
                Some(ty) => self.passed.insert(id.clone(), ty),
                None => self.passed.remove(&id),
            };
            queue.extend(self.outgoing(&id).map(|edge| edge.edge.to_node.clone()));
        }
    }

    /// Finds the cycles anew.
    pub(crate) fn find_cycles(&mut self) {
        self.cyclic.clear();
        let (graph, ids) = self.petgraph();
        let mut cycles: Vec<BTreeSet<String>> = kosaraju_scc(&graph)
            .into_iter()
            .filter(|component| component.len() > 1)
            .map(|component| component.iter().map(|i| ids[i.index()].clone()).collect())
            .collect();
        cycles.sort();
        for (at, cycle) in cycles.iter().enumerate() {
            let names = listed(cycle.iter().map(|id| self.title(id)));
            let detail = format!(
                "Cycle detected: {names} feed each other. Delete one of the connections between them."
            );
            for node in cycle {
                steps::note(detail.len());
                let problem = NodeProblem::new(node, None, ErrorCode::CycleDetected, &detail);
                self.problems.push(problem);
                self.cyclic.insert(node.clone(), at);
            }
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
            for key in self.outgoing.get(&id).into_iter().flatten() {
                steps::note(1);
                let Some(edge) = self.edges.get_mut(key) else { continue };
                edge.batch = true;
                if !edge.edge.items_all {
                    queue.push(edge.edge.to_node.clone());
                }
            }
        }
    }

    /// True if a node gives several items though none of its inputs does.
    fn begins_batch(&self, node: &Node) -> bool {
        let Some(spec) = self.spec(&node.id) else { return false };
        let count = node.settings.get("count").and_then(serde_json::Value::as_f64);
        let angles = spec.kind == NodeKind::CameraAngles && camera_angles(node).len() > 1;
        let edges = spec.kind == NodeKind::Evaluator && self.incoming(&node.id).nth(1).is_some();
        let all = self.sends_all(node) && count.is_some_and(|count| count > 1.0);
        angles || edges || all || (spec.has_items && node.items.len() > 1)
    }

    /// True if a node passes on everything an invocation made, each as an item of its own: where it is set to, and,
    /// where it is not set, if nothing but evaluators gets it, which are there to choose (R-GRAPH-43).
    pub fn sends_all(&self, node: &Node) -> bool {
        if !self.spec(&node.id).is_some_and(|spec| spec.counted) {
            return false;
        }
        if let Some(set) = node.settings.get("send_all").and_then(serde_json::Value::as_bool) {
            return set;
        }
        let is_evaluator = |edge: &GraphEdge| {
            self.spec(&edge.edge.to_node).is_some_and(|spec| spec.kind == NodeKind::Evaluator)
        };
        let mut after = self.outgoing(&node.id).peekable();
        after.peek().is_some() && after.all(is_evaluator)
    }

    /// True if there is a node of that id.
    pub fn has_node(&self, id: &str) -> bool {
        self.kinds.contains_key(id)
    }

    /// The ids of all nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Returns the specification of a node's kind; `None` for unknown kinds and missing nodes.
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

    /// The edges into a node, port by port, in order.
    pub fn incoming(&self, id: &str) -> impl Iterator<Item = &GraphEdge> {
        let places = self.incoming.get(id).into_iter().flatten();
        places.inspect(|_| steps::note(1)).filter_map(|(_, _, key)| self.edges.get(key))
    }

    /// The edges into one input of a node, in order.
    pub fn sources(&self, id: &str, port: &str) -> impl DoubleEndedIterator<Item = &GraphEdge> {
        let from = (port.to_owned(), String::new(), String::new());
        // The very next port there could be.
        let to = (format!("{port}\0"), String::new(), String::new());
        let places = self.incoming.get(id).map(|places| places.range(from..to));
        let places = places.into_iter().flatten();
        places.inspect(|_| steps::note(1)).filter_map(|(_, _, key)| self.edges.get(key))
    }

    /// The edges out of a node.
    pub fn outgoing(&self, id: &str) -> impl Iterator<Item = &GraphEdge> {
        let keys = self.outgoing.get(id).into_iter().flatten();
        keys.inspect(|_| steps::note(1)).filter_map(|key| self.edges.get(key))
    }

    /// Returns the problems of the graph as it stands: edges that do not count, and cycles.
    pub fn problems(&self) -> &[NodeProblem] {
        &self.problems
    }

    /// The cycles, each as its nodes.
    pub fn cycles(&self) -> &[BTreeSet<String>] {
        &self.cycles
    }

    /// Which of the [cycles](Self::cycles) a node is on.
    pub fn cycle_of(&self, id: &str) -> Option<usize> {
        self.cyclic.get(id).copied()
    }

    /// The data type of an output, once known.
    pub fn output_type(&self, id: &str, port: &str) -> Option<DataType> {
        steps::note(1);
        match self.spec(id)?.output(port)?.ty {
            PortType::Fixed(ty) => Some(ty),
            PortType::OfAsset | PortType::OfItems => self.held.get(id).copied().flatten(),
            PortType::OfCandidates => self.passed.get(id).copied(),
        }
    }

    /// The data type an input takes, once known.
    pub fn input_type(&self, id: &str, port: &str) -> Option<DataType> {
        steps::note(1);
        match self.spec(id)?.input(port)?.ty {
            PortType::Fixed(ty) => Some(ty),
            PortType::OfAsset | PortType::OfItems => None,
            PortType::OfCandidates => self.passed.get(id).copied(),
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

    /// Adds an edge that [`Drag`](super::Drag) found to fit, replacing one of the same key, so that the next one can be
    /// asked for. What is shown of edges (their types, batches) and cycles are not brought up to date, here and below.
    pub(crate) fn add_fitting_edge(&mut self, edge: Edge) {
        let to = edge.to_node.clone();
        self.drop_edge(&edge.key);
        self.index(edge);
        self.pass_on_from(&to);
    }

    /// Adds a node, or takes note of what it holds now.
    pub(crate) fn change_node(&mut self, node: &Node) {
        let before = self.held.get(&node.id).copied();
        self.hold(node);
        if before != self.held.get(&node.id).copied() {
            let after: Vec<String> =
                self.outgoing(&node.id).map(|edge| edge.edge.to_node.clone()).collect();
            for id in after {
                self.pass_on_from(&id);
            }
        }
    }

    /// Removes a node with its edges; answers their keys.
    pub(crate) fn remove_node(&mut self, id: &str) -> Vec<String> {
        let around = self.incoming(id).chain(self.outgoing(id));
        let keys: Vec<String> = around.map(|edge| edge.edge.key.clone()).collect();
        for key in &keys {
            self.remove_edge(key);
        }
        self.kinds.remove(id);
        self.titles.remove(id);
        self.held.remove(id);
        self.passed.remove(id);
        keys
    }

    /// Removes an edge.
    pub(crate) fn remove_edge(&mut self, key: &str) {
        if let Some(to) = self.drop_edge(key) {
            self.pass_on_from(&to);
        }
    }

    /// Takes an edge out of all indexes; answers the node that it led to.
    fn drop_edge(&mut self, key: &str) -> Option<String> {
        let Edge { key, from_node, to_node, to_port, z, .. } = self.edges.remove(key)?.edge;
        if let Some(keys) = self.outgoing.get_mut(&from_node) {
            keys.remove(&key);
        }
        if let Some(places) = self.incoming.get_mut(&to_node) {
            places.remove(&(to_port, z, key));
        }
        Some(to_node)
    }
}

/// True if a node gives what its first connection gives.
fn passes_on(spec: &NodeSpec) -> bool {
    spec.outputs.iter().any(|output| output.ty == PortType::OfCandidates)
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
