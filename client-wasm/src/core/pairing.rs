//! The three ways to pair batches of different lengths, in words, with an example and what would come out.

use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::graph::Graph;
use gesso_protocol::lineage::Pairing;
use gesso_protocol::plan::{Mode, Target, plan};
use gesso_protocol::problem::ErrorCode;
use gesso_protocol::schema::Canvas;

use super::price::Price;

/// One way to pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The value of the setting `batch`.
    pub id: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// The pairs it makes of two lists, A of three and B of two.
    pub example: &'static str,
    /// Price of a run of the node, where that can be told.
    pub price: Option<Price>,
}

fn words(pairing: Pairing) -> (&'static str, &'static str) {
    match pairing {
        Pairing::PairRepeatLast => ("Pair, repeat the last", "A1 B1, A2 B2, A3 B2"),
        Pairing::PairShortest => ("Pair, stop at the shortest", "A1 B1, A2 B2"),
        Pairing::AllCombinations => ("Every combination", "A1 B1, A1 B2, A2 B1, …"),
    }
}

/// True if a run of the node is refused because its batches differ in length.
pub fn mismatched(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    node: &str,
    usable: &dyn Fn(&Model) -> bool,
) -> bool {
    // Planning is dear; two batches on one node are rare.
    if graph.incoming(node).filter(|edge| edge.batch && !edge.edge.items_all).count() < 2 {
        return false;
    }
    [Mode::Node, Mode::Workflow].into_iter().any(|mode| {
        let target = Target::of(mode, Some(node));
        plan(canvas, graph, catalog, &target, usable).is_err_and(|refusal| {
            refusal.nodes.iter().any(|n| n.node == node && n.code == ErrorCode::BatchMismatch)
        })
    })
}

/// The ways, each with what a run of the node would then be.
pub fn ways(
    canvas: &Canvas,
    graph: &Graph,
    catalog: &Catalog,
    node: &str,
    usable: &dyn Fn(&Model) -> bool,
) -> Vec<Way> {
    let mut tried = canvas.clone();
    Pairing::ALL
        .into_iter()
        .map(|pairing| {
            if let Some(node) = tried.nodes.get_mut(node) {
                node.settings.insert("batch".to_owned(), pairing.id().into());
            }
            let of = |mode| {
                let plan =
                    plan(&tried, graph, catalog, &Target::of(mode, Some(node)), usable).ok()?;
                let step = plan.step(node)?.clone();
                Some(Price::of(&gesso_protocol::plan::Plan { steps: vec![step], ..plan }))
            };
            let (title, example) = words(pairing);
            let price = of(Mode::Node).or_else(|| of(Mode::Workflow));
            Way { id: pairing.id(), title, example, price }
        })
        .collect()
}
