//! Batches: lineage, pairing, holes, `items: all`, what is kept and what is tried again.

use crate::pricing::Money;
use crate::problem::ErrorCode;
use crate::schema::Canvas;
use crate::schema::ItemContent;
use serde_json::Value;
use serde_json::json;

use super::{made_item, planned};
use crate::fixture::{canvas, edge};
use crate::graph::{Graph, flow};
use crate::ids::NodeId;
use crate::plan::*;
use crate::schema::{ListItem, NodeState};

fn list(canvas: &mut Canvas, node: &str, items: &[&str]) {
    let entry = |id: &&str| ListItem {
        id: (*id).to_owned(),
        z: (*id).to_owned(),
        content: ItemContent::Text(format!("text {id}")),
    };
    canvas.nodes.get_mut(node).unwrap().items = items.iter().map(entry).collect();
}

fn set(canvas: &mut Canvas, node: &str, key: &str, value: Value) {
    canvas.nodes.get_mut(node).unwrap().settings.insert(key.to_owned(), value);
}

fn keys(plan: &Plan, node: &str) -> Vec<String> {
    let at = plan.steps.iter().position(|step| step.node.as_str() == node).unwrap();
    plan.units().step(StepIndex::new(at as u32)).iter().map(|unit| unit.key.clone()).collect()
}

/// list → generator → upscaler.
fn batch(items: &[&str]) -> Canvas {
    let mut canvas = canvas("l:list, g:image_generator, u:image_upscaler");
    list(&mut canvas, "l", items);
    edge(&mut canvas, "l.items", "g.prompt");
    edge(&mut canvas, "g.image", "u.image");
    canvas
}

#[test]
fn a_list_runs_everything_after_it_once_per_item() {
    let plan = planned(&batch(&["a", "b", "c"]), Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "u"), ["l=a", "l=b", "l=c"]);
    assert_eq!((plan.steps[0].invocations, plan.quote().cost), (3, Money::credits(9)));
    let units = plan.units();
    assert_eq!(
        units.step(StepIndex::new(1))[2].picks,
        [InputBinding::Unit { unit: UnitIndex::new(2), nth: None }],
        "item by item"
    );
    let one = planned(&batch(&["a"]), Mode::Workflow, None).unwrap();
    assert_eq!(keys(&one, "u"), [""], "one item is no batch");
}

#[test]
fn an_empty_list_completes_with_nothing_and_an_empty_item_is_told() {
    let plan = planned(&batch(&[]), Mode::Workflow, None).unwrap();
    assert_eq!((plan.steps.len(), plan.quote().cost), (2, Money::ZERO));
    let mut canvas = batch(&["a", "b"]);
    canvas.nodes.get_mut("l").unwrap().items[1].content = ItemContent::Text(" ".to_owned());
    let refusal = planned(&canvas, Mode::Workflow, None).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::MissingInput);
    assert!(refusal.detail.contains("item 2 of 2"), "{}", refusal.detail);
}

#[test]
fn lists_of_different_length_need_a_word() {
    let mut canvas = batch(&["a", "b", "c"]);
    let other = crate::fixture::canvas("m:list");
    canvas.nodes.extend(other.nodes);
    list(&mut canvas, "m", &["x", "y"]);
    edge(&mut canvas, "m.items", "g.prompt");
    let refusal = planned(&canvas, Mode::Workflow, None).unwrap_err();
    assert_eq!((refusal.code, refusal.nodes[0].node.as_str()), (ErrorCode::BatchMismatch, "g"));
    for (pairing, count, last) in [
        ("pair_repeat_last", 3, "l=c,m=y"),
        ("pair_shortest", 2, "l=b,m=y"),
        ("all_combinations", 6, "l=c,m=y"),
    ] {
        set(&mut canvas, "g", "batch", json!(pairing));
        let keys = keys(&planned(&canvas, Mode::Workflow, None).unwrap(), "u");
        assert_eq!((keys.len(), keys.last().unwrap().as_str()), (count, last), "{pairing}");
    }
    set(&mut canvas, "g", "batch", json!("nonsense"));
    assert_eq!(planned(&canvas, Mode::Workflow, None).unwrap_err().code, ErrorCode::BadRequest);
}

#[test]
fn items_of_one_list_meet_again_and_a_whole_batch_goes_at_once() {
    let mut canvas = batch(&["a", "b"]);
    let more = crate::fixture::canvas("v:video_generator, s:assistant");
    canvas.nodes.extend(more.nodes);
    edge(&mut canvas, "u.image", "v.start_frame");
    edge(&mut canvas, "l.items", "v.prompt");
    let mut all = edge(&mut canvas, "g.image", "s.images");
    all.items_all = true;
    canvas.edges.insert(all.key.clone(), all);
    canvas.nodes.get_mut("s").unwrap().text = "compare".to_owned();
    let graph = Graph::materialize(&canvas);
    let mut catalog = crate::fixture::catalog();
    let models = r#"
        [[models]]
        id = "v"
        version = "1"
        provider = "p"
        kind = "video_generator"
        name = "V"
        [models.price]
        unit = "generation"
        base = 1
        [[models]]
        id = "s"
        version = "1"
        provider = "p"
        kind = "assistant"
        name = "S"
        [models.price]
        unit = "generation"
        base = 1
    "#;
    catalog.add_toml(models).unwrap();
    let target = Target::of(Mode::Workflow, None);
    let plan = plan(&canvas, &graph, &catalog, &target, &|_| true).unwrap();
    assert_eq!(keys(&plan, "v"), ["l=a", "l=b"], "not four");
    assert_eq!(keys(&plan, "s"), [""]);
    let at = plan.steps.iter().position(|step| step.node.as_str() == "s").unwrap();
    assert_eq!(
        plan.units().step(StepIndex::new(at as u32))[0].picks,
        [InputBinding::AllOf(StepIndex::new(0))]
    );
}

#[test]
fn sending_all_makes_items_and_a_count_alone_does_not() {
    let mut canvas = batch(&["a", "b"]);
    set(&mut canvas, "g", "count", json!(3));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!((keys(&plan, "u").len(), plan.quote().cost), (2, Money::credits(14)));
    set(&mut canvas, "g", "send_all", json!(true));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "g"), ["l=a", "l=b"]);
    assert_eq!(keys(&plan, "u")[..4], ["g=0,l=a", "g=1,l=a", "g=2,l=a", "g=0,l=b"]);
    assert_eq!(plan.quote().cost, Money::credits(18));
}

#[test]
fn camera_angles_are_items_and_frames() {
    let mut canvas =
        canvas("i:image_generator, c:camera_angles, a:image_upscaler, b:image_upscaler");
    canvas.nodes.get_mut("i").unwrap().text = "a fox".to_owned();
    set(&mut canvas, "c", "angles", json!(["front", "side", {"id": "mine", "yaw": 20}]));
    edge(&mut canvas, "i.image", "c.image");
    edge(&mut canvas, "c.image", "a.image");
    edge(&mut canvas, "c.end_frame", "b.image");
    let graph = Graph::materialize(&canvas);
    let mut catalog = crate::fixture::catalog();
    let model = r#"
        [[models]]
        id = "c"
        version = "1"
        provider = "p"
        kind = "camera_angles"
        name = "C"
        [models.price]
        unit = "generation"
        base = 1
    "#;
    catalog.add_toml(model).unwrap();
    let target = Target::of(Mode::Workflow, None);
    let plan = plan(&canvas, &graph, &catalog, &target, &|_| true).unwrap();
    assert_eq!(keys(&plan, "c"), ["c=front", "c=side", "c=mine"]);
    assert_eq!(keys(&plan, "a"), ["c=front", "c=side", "c=mine"]);
    assert_eq!(keys(&plan, "b"), [""]);
    let units = plan.units();
    let frame = plan.steps.iter().position(|step| step.node.as_str() == "b").unwrap();
    let InputBinding::Unit { unit, .. } = units.step(StepIndex::new(frame as u32))[0].picks[0]
    else {
        panic!("no unit")
    };
    assert_eq!(units.all[unit.at()].key, "c=mine");
}

#[test]
fn an_evaluator_has_a_candidate_for_everything_on_its_wires() {
    let mut canvas =
        canvas("l:list, g:image_generator, h:image_generator, e:evaluator, u:image_upscaler");
    list(&mut canvas, "l", &["a", "b"]);
    edge(&mut canvas, "l.items", "g.prompt");
    canvas.nodes.get_mut("h").unwrap().text = "a fox".to_owned();
    edge(&mut canvas, "g.image", "e.candidates");
    edge(&mut canvas, "e.output", "u.image");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "u"), ["l=a", "l=b"]);
    edge(&mut canvas, "h.image", "e.candidates");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "e"), ["e=g,l=a", "e=g,l=b", "e=h"]);
    assert_eq!(keys(&plan, "u"), keys(&plan, "e"));
    let step = plan.step("e").unwrap();
    assert_eq!((step.cost, step.invocations), (Money::ZERO, 1));
}

#[test]
fn an_evaluator_gets_every_result_to_choose_from() {
    let mut canvas = canvas("l:list, g:image_generator, e:evaluator, u:image_upscaler");
    list(&mut canvas, "l", &["a", "b"]);
    edge(&mut canvas, "l.items", "g.prompt");
    edge(&mut canvas, "g.image", "e.candidates");
    edge(&mut canvas, "e.output", "u.image");
    set(&mut canvas, "g", "count", json!(2));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    let every = ["g=0,l=a", "g=1,l=a", "g=0,l=b", "g=1,l=b"];
    assert_eq!(keys(&plan, "e"), every);
    // Where it is set otherwise, or something else gets them too, one of each flows.
    set(&mut canvas, "g", "send_all", json!(false));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "e"), ["l=a", "l=b"]);
    canvas.nodes.get_mut("g").unwrap().settings.remove("send_all");
    edge(&mut canvas, "g.image", "u.image");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(keys(&plan, "e"), ["l=a", "l=b"]);
}

/// As if the plan had run: every unit made one thing, except those of the keys given.
fn ran(canvas: &mut Canvas, plan: &Plan, holes: &[&str]) -> Past {
    let mut past = Past::new();
    let units = plan.units();
    for (at, unit) in units.all.iter().enumerate() {
        let step = &plan.steps[unit.step.at()];
        let item = past.entry(step.node.clone()).or_default().entry(unit.key.clone()).or_default();
        item.seed = Some(at as i64);
        if holes.contains(&unit.key.as_str()) {
            item.state = NodeState::Failed;
            continue;
        }
        let known = known::Known { units: &units, earlier: &plan.steps, ready: &plan.ready };
        let call = step.invocation(unit, |pick| match pick {
            InputBinding::Ready { .. } | InputBinding::AllReady(_) | InputBinding::AllOf(_) => {
                known.contents(pick).unwrap_or_default()
            }
            InputBinding::Unit { unit, .. } => {
                let from = &plan.steps[units.all[unit.at()].step.at()].node;
                let items = flow(canvas, from.as_str(), "image", false);
                let key = &units.all[unit.at()].key;
                items.into_iter().filter(|i| i.key == *key).map(|i| i.content).collect()
            }
        });
        let fingerprint = call.fingerprint().to_string();
        let made = made_item(
            canvas,
            step.node.as_str(),
            &unit.key,
            unit.n,
            &format!("m{at}"),
            &fingerprint,
        );
        item.state = NodeState::Completed;
        item.generations = vec![made];
    }
    past
}

#[test]
fn only_the_items_that_changed_are_outdated() {
    let mut canvas = batch(&["a", "b", "c"]);
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    ran(&mut canvas, &plan, &[]);
    let refusal = planned(&canvas, Mode::Outdated, None).unwrap_err();
    assert!(refusal.detail.starts_with("Everything is up to date"), "{}", refusal.detail);
    let why = |canvas: &Canvas, node: &str| {
        outdated(canvas, &Graph::materialize(canvas), &crate::fixture::catalog(), node, &|_| true)
    };
    assert_eq!(why(&canvas, "g"), None);
    canvas.nodes.get_mut("l").unwrap().items[1].content = ItemContent::Text("new".to_owned());
    assert_eq!(why(&canvas, "g"), Some(vec!["input"]));
    let plan = planned(&canvas, Mode::Outdated, None).unwrap();
    assert_eq!(plan.quote().cost, Money::credits(3), "one item through two steps");
    for step in &plan.steps {
        let kept: Vec<&str> = step.kept.keys().map(String::as_str).collect();
        assert_eq!(kept, ["l=a", "l=c"], "{}", step.node);
    }
    // A new entry is a new item; one that is gone makes nothing outdated.
    let mut canvas = batch(&["a", "b", "c"]);
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    ran(&mut canvas, &plan, &[]);
    list(&mut canvas, "l", &["a", "c"]);
    assert!(planned(&canvas, Mode::Outdated, None).is_err());
    list(&mut canvas, "l", &["a", "c", "d"]);
    assert_eq!(why(&canvas, "g"), Some(vec!["items"]));
    let plan = planned(&canvas, Mode::Outdated, None).unwrap();
    assert_eq!(plan.quote().cost, Money::credits(3));
}

#[test]
fn a_retry_fills_holes_and_keeps_what_is_there() {
    let mut canvas = batch(&["a", "b", "c"]);
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    let past = ran(&mut canvas, &plan, &["l=b", "l=c"]);
    let again = plan.retry(&past, &Retry::default()).unwrap();
    assert_eq!(again.quote().cost, Money::credits(6));
    assert_eq!(again.steps[0].kept.len(), 1);
    assert_eq!(again.steps[0].seeds, [("l=b".to_owned(), 1), ("l=c".to_owned(), 2)].into());
    let which = Retry { node: Some(NodeId::new("g")), items: vec!["l=b".to_owned()] };
    let one = plan.retry(&past, &which).unwrap();
    assert_eq!(one.quote().cost, Money::credits(3), "that item, and what depends on it");
    assert!(one.steps[0].kept["l=c"].generations.is_empty(), "a hole that nobody asked for");
    let nothing = Retry { node: Some(NodeId::new("g")), items: vec!["l=a".to_owned()] };
    assert_eq!(plan.retry(&past, &nothing).unwrap_err().code, ErrorCode::BadRequest);
    let units = one.units();
    assert_eq!(serde_json::from_value::<Plan>(json!(one)).unwrap().units(), units);
}

#[test]
fn a_retry_has_the_items_of_its_run() {
    let mut canvas = batch(&["a", "b", "c"]);
    set(&mut canvas, "g", "count", json!(2));
    set(&mut canvas, "g", "send_all", json!(true));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    // “a” gave one of two, “b” and “c” nothing.
    let mut past = ran(&mut canvas, &plan, &["l=b", "l=c"]);
    for (key, item) in past.get_mut("u").unwrap() {
        if key != "g=0,l=a" {
            *item = PastItem { state: NodeState::Idle, ..PastItem::default() };
        }
    }
    let which = Retry { node: Some(NodeId::new("g")), items: vec!["l=b".to_owned()] };
    let again = plan.retry(&past, &which).unwrap();
    assert_eq!(keys(&again, "u"), keys(&plan, "u"));
    let units = again.units();
    let called: Vec<&str> =
        units.all.iter().filter(|unit| !unit.kept).map(|unit| unit.key.as_str()).collect();
    assert_eq!(called, ["l=b", "g=0,l=b", "g=1,l=b"]);
}

#[test]
fn a_batch_of_what_was_accepted_can_be_tried_again() {
    let mut canvas = batch(&["a", "b"]);
    canvas.nodes.extend(crate::fixture::canvas("e:evaluator, v:image_generator").nodes);
    edge(&mut canvas, "g.image", "e.candidates");
    edge(&mut canvas, "e.output", "u.image");
    canvas.nodes.get_mut("v").unwrap().text = "a fox".to_owned();
    let key = edge(&mut canvas, "u.image", "v.references").key;
    canvas.edges.get_mut(&key).unwrap().items_all = true;
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    // One of two was accepted, and what gets all that came of it failed.
    let mut past = ran(&mut canvas, &plan, &[""]);
    for (node, state) in [("e", NodeState::Idle), ("u", NodeState::Cancelled)] {
        let item = past.get_mut(node).unwrap().get_mut("l=b").unwrap();
        *item = PastItem { state, ..PastItem::default() };
    }
    let again = plan.retry(&past, &Retry::default()).unwrap();
    let called: Vec<String> =
        again.units().all.iter().filter(|unit| !unit.kept).map(|unit| unit.key.clone()).collect();
    assert_eq!(called, [""], "the failed one alone");
    assert!(again.step("v").unwrap().kept.is_empty());
}

#[test]
fn too_many_invocations_are_refused_before_they_are_made() {
    let ids: Vec<String> = (0..200).map(|i| format!("i{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut canvas = batch(&ids);
    canvas.nodes.extend(crate::fixture::canvas("m:list").nodes);
    list(&mut canvas, "m", &ids);
    edge(&mut canvas, "m.items", "g.prompt");
    set(&mut canvas, "g", "batch", json!("all_combinations"));
    assert_eq!(planned(&canvas, Mode::Workflow, None).unwrap_err().code, ErrorCode::TooLarge);
}

#[test]
fn a_selection_takes_its_rest_from_what_is_there() {
    let mut canvas = batch(&["a", "b"]);
    let target = Target { mode: Mode::Selection, node: None, nodes: vec![NodeId::new("u")] };
    let graph = Graph::materialize(&canvas);
    let catalog = crate::fixture::catalog();
    let refusal = plan(&canvas, &graph, &catalog, &target, &|_| true).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::MissingInput);
    let first = planned(&canvas, Mode::Workflow, None).unwrap();
    ran(&mut canvas, &first, &["l=b"]);
    let plan = plan(&canvas, &graph, &catalog, &target, &|_| true).unwrap();
    assert_eq!(keys(&plan, "u"), ["l=a"], "a hole has nothing to go on with");
    let nothing = Target { nodes: Vec::new(), ..target };
    let refusal = super::super::plan(&canvas, &graph, &catalog, &nothing, &|_| true).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::BadRequest);
}
