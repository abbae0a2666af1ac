mod batches;
mod limits;

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::pricing::Money;
use crate::pricing::Quote;
use crate::problem::ErrorCode;
use crate::problem::Refusal;
use crate::schema::Canvas;
use crate::schema::ItemContent;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fixture::{any_canvas, canvas, edge};
use crate::schema::{Chosen, Generation, ItemResult, ListItem, NodeState, OutputChoice};
use crate::values::{AssetRef, DataType};
use std::collections::BTreeSet;

fn target(mode: Mode, node: Option<&str>) -> Target {
    Target::of(mode, node)
}

fn planned(canvas: &Canvas, mode: Mode, node: Option<&str>) -> Result<Plan, Refusal> {
    let graph = Graph::materialize(canvas);
    plan(canvas, &graph, &crate::fixture::catalog(), &target(mode, node), &|_| true)
}

/// The fingerprint of a unit, with what is known of its inputs.
fn fingerprint(plan: &Plan, unit: usize) -> String {
    let units = plan.units();
    let known = known::Known { units: &units, earlier: &plan.steps, ready: &plan.ready };
    let unit = &units.all[unit];
    let step = &plan.steps[unit.step.at()];
    let call = step.invocation(unit, |pick| known.contents(pick).unwrap_or_default());
    call.fingerprint().to_string()
}

fn chain() -> Canvas {
    let mut canvas = canvas("t:text, g:image_generator, u:image_upscaler");
    edge(&mut canvas, "t.text", "g.prompt");
    edge(&mut canvas, "g.image", "u.image");
    canvas
}

/// Puts a completed item with one generation on a node; answers the generation.
fn made_item(
    canvas: &mut Canvas,
    node: &str,
    key: &str,
    n: u32,
    id: &str,
    fingerprint: &str,
) -> Generation {
    let item = ItemResult {
        n,
        state: NodeState::Completed,
        generations: vec![id.to_owned()],
        ..ItemResult::default()
    };
    let result = canvas.results.entry(node.to_owned()).or_default();
    result.state = NodeState::Completed;
    result.items.insert(key.to_owned(), item);
    let made = Generation {
        id: id.to_owned(),
        key: key.to_owned(),
        port: "image".to_owned(),
        asset: Some(blake3::hash(id.as_bytes()).to_hex().to_string()),
        ty: Some(DataType::Image),
        fingerprint: fingerprint.to_owned(),
        ..Generation::default()
    };
    canvas.generations.entry(node.to_owned()).or_default().push(made.clone());
    made
}

fn made(canvas: &mut Canvas, node: &str, generation: &str) {
    made_item(canvas, node, "", 0, generation, "");
}

/// R-RUN-5.
#[test]
fn steps_that_could_change_places_are_in_the_order_of_their_nodes() {
    let mut canvas = canvas(
        "t:text, a:image_generator, b:image_upscaler, c:image_generator, d:image_upscaler, e:image_generator",
    );
    for picture in ["a", "c", "e"] {
        edge(&mut canvas, "t.text", &format!("{picture}.prompt"));
    }
    edge(&mut canvas, "e.image", "b.image");
    edge(&mut canvas, "a.image", "d.image");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    let order: Vec<&str> = plan.steps.iter().map(|step| step.node.as_str()).collect();
    assert_eq!(order, ["a", "c", "d", "e", "b"]);
}

#[test]
fn a_workflow_runs_in_order_and_costs_the_sum() {
    let plan = planned(&chain(), Mode::Workflow, None).unwrap();
    let order: Vec<&str> = plan.steps.iter().map(|step| step.node.as_str()).collect();
    assert_eq!(order, ["g", "u"]);
    assert_eq!(plan.quote(), Quote { cost: Money::credits(3), exact: true });
    assert_eq!(plan.steps[1].waits_for(), [StepIndex::new(0)].into());
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan, "a plan is a snapshot");
}

#[test]
fn one_node_uses_what_is_on_its_inputs() {
    let mut canvas = chain();
    let refusal = planned(&canvas, Mode::Node, Some("u")).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::MissingInput);
    assert_eq!(refusal.nodes[0].port.as_deref(), Some("image"));
    assert!(refusal.detail.starts_with("“Image Upscaler” needs an image."), "{}", refusal.detail);
    made(&mut canvas, "g", "g1");
    let plan = planned(&canvas, Mode::Node, Some("u")).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].inputs[0].sources[0].from, InputSource::Ready(0));
    assert!(matches!(plan.ready[0].items[0].content, ItemContent::Asset(_)));
    let plan = planned(&canvas, Mode::Downstream, Some("g")).unwrap();
    assert_eq!(plan.steps.len(), 2);
}

#[test]
fn refusals_name_the_nodes() {
    let mut canvas = chain();
    canvas.nodes.get_mut("t").unwrap().text = " \n ".to_owned();
    assert_eq!(planned(&canvas, Mode::Workflow, None).unwrap_err().code, ErrorCode::MissingInput);
    canvas.nodes.get_mut("g").unwrap().text = "a fox".to_owned();
    assert!(planned(&canvas, Mode::Workflow, None).is_ok());
    canvas.nodes.get_mut("g").unwrap().settings.insert("model".to_owned(), json!("nope"));
    let refusal = planned(&canvas, Mode::Workflow, None).unwrap_err();
    assert_eq!((refusal.code, refusal.nodes[0].node.as_str()), (ErrorCode::ModelUnavailable, "g"));
    for (mode, node, code) in [
        (Mode::Node, Some("t"), ErrorCode::BadRequest),
        (Mode::Node, None, ErrorCode::BadRequest),
        (Mode::Node, Some("nope"), ErrorCode::NotFound),
    ] {
        assert_eq!(planned(&canvas, mode, node).unwrap_err().code, code);
    }
}

#[test]
fn a_cycle_refuses_only_what_depends_on_it() {
    let mut canvas = chain();
    for (id, kind) in [("a", "image_upscaler"), ("b", "image_upscaler"), ("c", "image_upscaler")] {
        let node = crate::schema::Node { id: id.into(), kind: kind.into(), ..Default::default() };
        canvas.nodes.insert(id.into(), node);
    }
    for (from, to) in [("a.image", "b.image"), ("b.image", "a.image"), ("b.image", "c.image")] {
        edge(&mut canvas, from, to);
    }
    assert_eq!(planned(&canvas, Mode::Workflow, None).unwrap_err().code, ErrorCode::CycleDetected);
    assert_eq!(planned(&canvas, Mode::Node, Some("c")).unwrap_err().code, ErrorCode::CycleDetected);
    assert!(planned(&canvas, Mode::Workflow, Some("g")).is_ok());
}

#[test]
fn locked_nodes_are_skipped_and_their_output_flows() {
    let mut canvas = chain();
    canvas.nodes.get_mut("g").unwrap().locked = true;
    assert_eq!(planned(&canvas, Mode::Node, Some("g")).unwrap_err().code, ErrorCode::BadRequest);
    assert_eq!(planned(&canvas, Mode::Workflow, None).unwrap_err().code, ErrorCode::MissingInput);
    made(&mut canvas, "g", "g1");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.node.as_str()).collect::<Vec<_>>(), ["u"]);
}

#[test]
fn number_of_generations_multiplies_the_price() {
    let mut canvas = chain();
    let settings = &mut canvas.nodes.get_mut("g").unwrap().settings;
    settings.insert("count".to_owned(), json!(4.0));
    settings.insert("resolution".to_owned(), json!("2K"));
    let plan = planned(&canvas, Mode::Node, Some("g")).unwrap();
    assert_eq!(plan.quote().cost, Money::credits(16));
    canvas.nodes.get_mut("g").unwrap().settings.insert("count".to_owned(), json!(11));
    assert_eq!(planned(&canvas, Mode::Node, Some("g")).unwrap_err().code, ErrorCode::BadRequest);
}

fn asset(id: &str, ty: DataType) -> AssetRef {
    AssetRef {
        id: id.to_owned(),
        ty: Some(ty),
        mime: String::new(),
        width: None,
        height: None,
        duration: None,
        name: String::new(),
    }
}

/// A list of a text and a sound, wired to an assistant directly and through an evaluator.
fn mixed_list() -> Canvas {
    let mut canvas = canvas("l:list, a:assistant, e:evaluator, b:assistant");
    let item = |id: &str, content| ListItem { id: id.to_owned(), z: id.to_owned(), content };
    canvas.nodes.get_mut("l").unwrap().items = vec![
        item("1", ItemContent::Text("words".to_owned())),
        item("2", ItemContent::Asset(asset("s", DataType::Audio))),
    ];
    edge(&mut canvas, "l.items", "a.prompt");
    edge(&mut canvas, "l.items", "e.candidates");
    edge(&mut canvas, "e.output", "b.prompt");
    canvas
}

#[test]
fn every_item_of_a_list_must_fit_the_input() {
    let mut canvas = mixed_list();
    for (node, port) in [("a", "prompt"), ("e", "candidates")] {
        let refusal = planned(&canvas, Mode::Node, Some(node)).unwrap_err();
        let [problem] = refusal.nodes.as_slice() else { panic!("{refusal:?}") };
        assert_eq!((problem.code, problem.port.as_deref()), (ErrorCode::TypeMismatch, Some(port)));
        assert!(problem.detail.starts_with("Item 2 of “List” is an audio, and the"), "{problem:?}");
    }
    assert!(planned(&canvas, Mode::Workflow, None).is_err());
    canvas.nodes.get_mut("l").unwrap().items.truncate(1);
    assert!(planned(&canvas, Mode::Workflow, None).is_ok());
}

#[test]
fn what_several_evaluators_in_a_row_accepted_flows_on() {
    let mut canvas = canvas("l:list, e1:evaluator, e2:evaluator, e3:evaluator, g:image_generator");
    let item = |id: &str, asset_id: &str| ListItem {
        id: id.to_owned(),
        z: id.to_owned(),
        content: ItemContent::Asset(asset(asset_id, DataType::Image)),
    };
    canvas.nodes.get_mut("l").unwrap().items = vec![item("1", "x"), item("2", "y")];
    edge(&mut canvas, "l.items", "e1.candidates");
    edge(&mut canvas, "e1.output", "e2.candidates");
    edge(&mut canvas, "e2.output", "e3.candidates");
    edge(&mut canvas, "e3.output", "g.references");
    for evaluator in ["e1", "e2", "e3"] {
        let result = canvas.results.entry(evaluator.to_owned()).or_default();
        result.state = NodeState::Completed;
        for (n, (key, id)) in [("l=1", "x"), ("l=2", "y")].into_iter().enumerate() {
            let generations = vec![id.to_owned()];
            let state = NodeState::Completed;
            let n = n as u32;
            let item = ItemResult { n, state, generations, ..ItemResult::default() };
            result.items.insert(key.to_owned(), item);
        }
    }
    let plan = planned(&canvas, Mode::Node, Some("g")).unwrap();
    let ids: Vec<&str> = plan.ready[0].items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["x", "y"]);
    assert_eq!(plan.steps[0].invocations, 2);
}

#[test]
fn files_chosen_for_items_flow_before_a_first_run() {
    let mut canvas = canvas("g:image_generator, u:image_upscaler");
    edge(&mut canvas, "g.image", "u.image");
    for (key, id) in [("l=a", "x"), ("l=b", "y")] {
        let chosen = Chosen::Asset(asset(id, DataType::Image));
        let choice = OutputChoice { chosen, after: None };
        canvas.nodes.get_mut("g").unwrap().output.insert(key.to_owned(), choice);
    }
    let plan = planned(&canvas, Mode::Node, Some("u")).unwrap();
    assert_eq!(plan.steps[0].invocations, 2);
}

#[test]
fn a_choice_of_a_file_of_another_type_does_not_count() {
    let mut canvas = canvas("g:image_generator, u:image_upscaler, a:assistant, v:voiceover");
    edge(&mut canvas, "g.image", "u.image");
    edge(&mut canvas, "a.text", "v.script");
    for (node, ty) in [("g", DataType::Audio), ("a", DataType::Image)] {
        let chosen = Chosen::Asset(asset("x", ty));
        let choice = OutputChoice { chosen, after: None };
        canvas.nodes.get_mut(node).unwrap().output.insert(String::new(), choice);
    }
    for node in ["u", "v"] {
        let refusal = planned(&canvas, Mode::Node, Some(node)).unwrap_err();
        assert_eq!(refusal.nodes[0].code, ErrorCode::MissingInput, "{refusal:?}");
    }
    let picture = Chosen::Asset(asset("x", DataType::Image));
    canvas.nodes.get_mut("g").unwrap().output.get_mut("").unwrap().chosen = picture;
    let plan = planned(&canvas, Mode::Node, Some("u")).unwrap();
    assert_eq!(plan.check_assets(&BTreeSet::new()), Ok(()));
    assert_eq!(plan.check_assets(&["y".to_owned()].into()), Ok(()));
    let refusal = plan.check_assets(&["x".to_owned()].into()).unwrap_err();
    assert_eq!((refusal.code, &*refusal.nodes[0].node), (ErrorCode::NotFound, "u"));
}

#[test]
fn busy_nodes_refuse_a_second_run() {
    let canvas = chain();
    let graph = Graph::materialize(&canvas);
    let busy = |mode, node: &str, active: &str| {
        let plan = planned(&canvas, mode, Some(node)).unwrap();
        plan.check_idle(&graph, &[NodeId::new(active)].into()).is_err()
    };
    assert!(busy(Mode::Workflow, "u", "g"));
    assert!(!busy(Mode::Node, "g", "u"));
    let mut canvas = chain();
    made(&mut canvas, "g", "g1");
    let plan = planned(&canvas, Mode::Node, Some("u")).unwrap();
    assert!(plan.check_idle(&graph, &[NodeId::new("g")].into()).is_err(), "its upstream runs");
}

#[test]
fn a_result_is_outdated_once_what_it_depends_on_changed() {
    let mut canvas = chain();
    let plan = planned(&canvas, Mode::Node, Some("g")).unwrap();
    let fingerprint = fingerprint(&plan, 0);
    made(&mut canvas, "g", "g1");
    canvas.generations.get_mut("g").unwrap()[0].fingerprint = fingerprint;
    let why = |canvas: &Canvas| {
        let graph = Graph::materialize(canvas);
        outdated(canvas, &graph, &crate::fixture::catalog(), "g", &|_| true)
    };
    assert_eq!(why(&canvas), None);
    canvas.nodes.get_mut("g").unwrap().pos = [5.0, 5.0];
    canvas.nodes.get_mut("g").unwrap().title = Some("New".to_owned());
    assert_eq!(why(&canvas), None);
    canvas.nodes.get_mut("t").unwrap().text = "another".to_owned();
    assert_eq!(why(&canvas), Some(vec!["input"]));
    canvas.nodes.get_mut("g").unwrap().settings.insert("aspect_ratio".to_owned(), json!("16:9"));
    assert_eq!(why(&canvas), Some(vec!["settings", "input"]));
}

proptest! {
    #[test]
    fn planning_is_total_ordered_and_priced(canvas in any_canvas(), at in 0_usize..12) {
        let node = format!("n{at}");
        for (mode, node) in [
            (Mode::Workflow, None),
            (Mode::Workflow, Some(node.as_str())),
            (Mode::Node, Some(node.as_str())),
            (Mode::Downstream, Some(node.as_str())),
        ] {
            let Ok(plan) = planned(&canvas, mode, node) else { continue };
            prop_assert!(!plan.steps.is_empty());
            for (at, step) in StepIndex::each().zip(&plan.steps) {
                prop_assert!(step.waits_for().iter().all(|earlier| *earlier < at));
            }
            let units = plan.units();
            prop_assert_eq!(plan.units(), units.clone(), "the same after a restart");
            let held: i64 = units.all.iter().map(|unit| unit.hold.0).sum();
            prop_assert_eq!(plan.quote().cost.0, held);
            let sum: i64 = plan.steps.iter().map(|step| step.cost.0).sum();
            prop_assert_eq!(plan.quote().cost.0, sum);
        }
    }

    /// Edges are read by their place, whatever order the replicas met them in.
    #[test]
    fn plans_do_not_depend_on_insertion_order(canvas in any_canvas()) {
        let mut reversed = Canvas::default();
        reversed.nodes.extend(canvas.nodes.clone().into_iter().rev());
        reversed.edges.extend(canvas.edges.clone().into_iter().rev());
        prop_assert_eq!(planned(&canvas, Mode::Workflow, None), planned(&reversed, Mode::Workflow, None));
    }
}
