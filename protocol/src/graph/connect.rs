//! Check of a connection before it is made: the ports that a dragged wire fits, and the sentence beside the pointer
//! where it does not. Browser and server ask the same question.

use std::collections::BTreeSet;

use super::materialize::Graph;
use crate::nodes::{NodeSpec, PortType};
use crate::problem::{ErrorCode, Refusal, quoted};
use crate::values::DataType;

/// Answer to that question.
pub type Fit = Result<(), Refusal>;

/// A wire in somebody's hand: one end is fixed, the other looks for a port.
#[derive(Clone, Debug)]
pub struct Drag {
    node: String,
    port: String,
    /// True if the fixed end is an output.
    from_output: bool,
    ty: Option<DataType>,
    /// Nodes that would close a loop: those upstream of a fixed output, those downstream of a fixed input.
    looping: BTreeSet<String>,
    exists: bool,
}

impl Drag {
    /// A wire pulled out of an output.
    pub fn from_output(graph: &Graph, node: &str, port: &str) -> Self {
        Self {
            node: node.to_owned(),
            port: port.to_owned(),
            from_output: true,
            ty: graph.output_type(node, port),
            looping: graph.ancestors(node),
            exists: graph.spec(node).is_some_and(|spec| spec.output(port).is_some()),
        }
    }

    /// A wire pulled out of an input.
    pub fn from_input(graph: &Graph, node: &str, port: &str) -> Self {
        Self { looping: graph.descendants(node), ..Self::between_ports(graph, node, port) }
    }

    /// A wire into an input of which only the ports are looked at, not whether it would close a loop: that takes time
    /// that grows with what is downstream, and whoever asks about many wires asks that once, in the end.
    pub(crate) fn between_ports(graph: &Graph, node: &str, port: &str) -> Self {
        Self {
            node: node.to_owned(),
            port: port.to_owned(),
            from_output: false,
            ty: graph.input_type(node, port),
            looping: BTreeSet::new(),
            exists: graph.spec(node).is_some_and(|spec| spec.input(port).is_some()),
        }
    }

    /// Why a wire that closes a loop does not fit.
    pub(crate) fn loops() -> Refusal {
        Refusal::new(ErrorCode::CycleDetected, "This would close a loop")
    }

    /// The data type at the fixed end, once known.
    pub fn ty(&self) -> Option<DataType> {
        self.ty
    }

    /// Checks that the wire may end at `port` of `node`: an input where the fixed end is an output, and the other way
    /// round.
    ///
    /// # Errors
    /// The code and the sentence to show.
    pub fn fits(&self, graph: &Graph, node: &str, port: &str) -> Fit {
        let spec = graph.spec(node);
        let exists = spec.is_some_and(|spec| {
            if self.from_output { spec.input(port).is_some() } else { spec.output(port).is_some() }
        });
        if !self.exists || !exists {
            let (node, port) = if exists {
                (&self.node, &self.port)
            } else {
                (&node.to_owned(), &port.to_owned())
            };
            return Err(missing_port(graph, node, port));
        }
        if node == self.node {
            return Err(Refusal::new(ErrorCode::InvalidEdge, "A node cannot feed itself"));
        }
        if self.looping.contains(node) {
            return Err(Self::loops());
        }
        let other = if self.from_output {
            graph.input_type(node, port)
        } else {
            graph.output_type(node, port)
        };
        let (given, taken) = if self.from_output { (self.ty, other) } else { (other, self.ty) };
        match (given, taken) {
            (Some(given), Some(taken)) if given != taken => Err(Refusal::new(
                ErrorCode::TypeMismatch,
                format!("{} does not fit {} input", given.label(), taken.article_label()),
            )),
            _ => Ok(()),
        }
    }
}

fn missing_port(graph: &Graph, node: &str, port: &str) -> Refusal {
    let detail = if graph.has_node(node) {
        format!("{} has no such port: {port}", quoted(graph.title(node)))
    } else {
        format!("There is no node {node}")
    };
    Refusal::new(ErrorCode::InvalidEdge, detail)
}

fn fits(port: PortType, ty: Option<DataType>) -> bool {
    match (port, ty) {
        (PortType::Fixed(port), Some(ty)) => port == ty,
        _ => true,
    }
}

/// The first input of a new node of this kind that takes `ty` (`None`: not known yet, fits any).
pub fn fitting_input(spec: &NodeSpec, ty: Option<DataType>) -> Option<&'static str> {
    spec.inputs.iter().find(|port| fits(port.ty, ty)).map(|port| port.name)
}

/// The first output of a new node of this kind that gives `ty` (`None`: the input takes any).
pub fn fitting_output(spec: &NodeSpec, ty: Option<DataType>) -> Option<&'static str> {
    spec.outputs.iter().find(|port| fits(port.ty, ty)).map(|port| port.name)
}
