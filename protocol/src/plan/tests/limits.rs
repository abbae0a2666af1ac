//! Limits to the things that a small canvas can make large: counts are refused before anything of their size is
//! built, work is linear in the canvas, and what is told is short. Proved by counting steps.

use super::*;
use crate::graph::Graph;
use crate::ids::NodeId;
use crate::pricing::Money;
use crate::problem::ErrorCode;
use crate::problem::NODES_TOLD_MAX;
use crate::problem::Refusal;
use crate::schema::Canvas;
use crate::schema::ItemContent;
use crate::schema::{ListItem, Node};
use crate::steps::{self, assert_linear};
use crate::values::{AssetRef, DataType};
use serde_json::Value;
use std::collections::BTreeSet;

/// More steps than a plan of any canvas of some thousand parts may take, whatever it asks for.
const STEPS_MAX: u64 = 20 * LINKS_MAX as u64;

fn add(canvas: &mut Canvas, id: &str, kind: &str) -> String {
    let node = Node { id: id.to_owned(), kind: kind.to_owned(), ..Node::default() };
    canvas.nodes.insert(id.to_owned(), node);
    id.to_owned()
}

fn add_list(canvas: &mut Canvas, id: &str, items: usize) {
    add(canvas, id, "list");
    let item = |n: usize| ListItem {
        id: format!("i{n:05}"),
        z: String::new(),
        content: ItemContent::Text(format!("item {n}")),
    };
    canvas.nodes.get_mut(id).unwrap().items = (0..items).map(item).collect();
}

fn text(canvas: &mut Canvas, id: &str, text: String) {
    add(canvas, id, "text");
    canvas.nodes.get_mut(id).unwrap().text = text;
}

/// Reads and plans the whole canvas; answers what came of it and the steps it took.
fn work(canvas: &Canvas) -> (Result<Plan, Refusal>, u64) {
    steps::of(|| planned(canvas, Mode::Workflow, None))
}

fn chain_of_evaluators(length: usize) -> Canvas {
    let mut canvas = canvas("t:text");
    let mut last = "t.text".to_owned();
    for at in 0..length {
        // The last of them comes first in the order of ids.
        let id = add(&mut canvas, &format!("e{:06}", length - at), "evaluator");
        edge(&mut canvas, &last, &format!("{id}.candidates"));
        last = format!("{id}.output");
    }
    canvas
}

/// A ring of assistants with titles of so many characters.
fn ring(nodes: usize, title: usize) -> Canvas {
    let mut canvas = Canvas::default();
    for at in 0..nodes {
        let id = add(&mut canvas, &format!("a{at:06}"), "assistant");
        canvas.nodes.get_mut(&id).unwrap().title = Some("long ".repeat(title / 5));
    }
    for at in 0..nodes {
        let next = (at + 1) % nodes;
        edge(&mut canvas, &format!("a{at:06}.text"), &format!("a{next:06}.prompt"));
    }
    canvas
}

#[test]
fn evaluators_that_double_are_refused_before_they_are_built() {
    let mut canvas = canvas("t:text");
    let mut last = "t.text".to_owned();
    for level in 0..40 {
        let [a, b, c] =
            ["a", "b", "c"].map(|x| add(&mut canvas, &format!("e{level}{x}"), "evaluator"));
        for (from, to) in [(&last, &a), (&last, &b)] {
            edge(&mut canvas, from, &format!("{to}.candidates"));
        }
        for from in [&a, &b] {
            edge(&mut canvas, &format!("{from}.output"), &format!("{c}.candidates"));
        }
        last = format!("{c}.output");
    }
    let (refused, steps) = work(&canvas);
    let refusal = refused.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::TooLarge, "{}", refusal.detail);
    assert!(steps < STEPS_MAX, "{steps}");
}

#[test]
fn everything_that_multiplies_is_refused() {
    // Each doubles, triples or multiplies by ten what comes before it.
    let mut kinds: Vec<(&str, Canvas)> = Vec::new();
    let mut all = canvas("t:text");
    let mut last = "t.text".to_owned();
    for level in 0..30 {
        let id = add(&mut all, &format!("s{level:02}"), "assistant");
        let settings = [("count", json!(10)), ("send_all", json!(true))];
        all.nodes.get_mut(&id).unwrap().settings =
            settings.map(|(key, value)| (key.to_owned(), value)).into();
        edge(&mut all, &last, &format!("{id}.prompt"));
        last = format!("{id}.text");
    }
    kinds.push(("send_all", all));
    let mut angles = canvas("g:image_generator");
    angles.nodes.get_mut("g").unwrap().text = "a fox".to_owned();
    let mut last = "g.image".to_owned();
    for level in 0..30 {
        let id = add(&mut angles, &format!("c{level:02}"), "camera_angles");
        let asked: Vec<Value> = (0..40).map(|n| json!({"id": format!("a{n}"), "yaw": n})).collect();
        angles.nodes.get_mut(&id).unwrap().settings = [("angles".to_owned(), json!(asked))].into();
        edge(&mut angles, &last, &format!("{id}.image"));
        last = format!("{id}.image");
    }
    kinds.push(("camera angles", angles));
    let mut combined = Canvas::default();
    add(&mut combined, "g", "assistant");
    combined.nodes.get_mut("g").unwrap().settings =
        [("batch".to_owned(), json!("all_combinations"))].into();
    for n in 0..12 {
        add_list(&mut combined, &format!("l{n:02}"), 300);
        edge(&mut combined, &format!("l{n:02}.items"), "g.prompt");
    }
    kinds.push(("all_combinations", combined));
    let mut lists = Canvas::default();
    add_list(&mut lists, "l", 15_000);
    for n in 0..40 {
        let id = add(&mut lists, &format!("g{n:02}"), "assistant");
        edge(&mut lists, "l.items", &format!("{id}.prompt"));
    }
    kinds.push(("a long list at many nodes", lists));
    for (what, canvas) in kinds {
        let (refused, steps) = work(&canvas);
        let refusal = refused.expect_err(what);
        assert_eq!(refusal.code, ErrorCode::TooLarge, "{what}: {}", refusal.detail);
        assert!(steps < STEPS_MAX, "{what}: {steps}");
    }
}

#[test]
fn looking_at_long_batches_again_and_again_is_refused_too() {
    // Each has two calls only, and looks at five thousand items for them.
    let mut canvas = Canvas::default();
    add_list(&mut canvas, "long", 5_000);
    add_list(&mut canvas, "short", 2);
    for n in 0..1_000 {
        let id = add(&mut canvas, &format!("g{n:04}"), "assistant");
        canvas.nodes.get_mut(&id).unwrap().settings =
            [("batch".to_owned(), json!("pair_shortest"))].into();
        edge(&mut canvas, "long.items", &format!("{id}.prompt"));
        edge(&mut canvas, "short.items", &format!("{id}.prompt"));
    }
    let (refused, steps) = work(&canvas);
    assert_eq!(refused.unwrap_err().code, ErrorCode::TooLarge);
    assert!(steps < STEPS_MAX, "{steps}");
    // The whole batch for each call.
    let mut canvas = Canvas::default();
    add_list(&mut canvas, "all", 3_000);
    add_list(&mut canvas, "each", 3_000);
    add(&mut canvas, "g", "assistant");
    edge(&mut canvas, "each.items", "g.prompt");
    let whole = edge(&mut canvas, "all.items", "g.prompt").key;
    canvas.edges.get_mut(&whole).unwrap().items_all = true;
    let (refused, steps) = work(&canvas);
    assert_eq!(refused.unwrap_err().code, ErrorCode::TooLarge);
    assert!(steps < STEPS_MAX, "{steps}");
}

#[test]
fn one_text_for_very_many_calls_is_refused_and_read_once() {
    let mut canvas = Canvas::default();
    text(&mut canvas, "t", "word ".repeat(200_000));
    for n in 0..200 {
        let id = add(&mut canvas, &format!("g{n:03}"), "assistant");
        edge(&mut canvas, "t.text", &format!("{id}.prompt"));
    }
    let (refused, steps) = work(&canvas);
    assert_eq!(refused.unwrap_err().code, ErrorCode::TooLarge);
    assert!(steps < 2_000_000, "{steps}");
}

#[test]
fn keys_of_items_stay_short_however_many_lists_meet() {
    let mut canvas = Canvas::default();
    let mut last: Option<String> = None;
    for level in 0..1_000 {
        add_list(&mut canvas, &format!("l{level:04}"), 2);
        let id = add(&mut canvas, &format!("s{level:04}"), "assistant");
        edge(&mut canvas, &format!("l{level:04}.items"), &format!("{id}.prompt"));
        if let Some(last) = &last {
            edge(&mut canvas, last, &format!("{id}.prompt"));
        }
        last = Some(format!("{id}.text"));
    }
    let (refused, steps) = work(&canvas);
    assert_eq!(refused.unwrap_err().code, ErrorCode::TooLarge);
    assert!(steps < STEPS_MAX, "{steps}");
    canvas.nodes.retain(|id, _| id[1..] < *"0020");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert!(plan.units().all.iter().all(|unit| unit.key.len() <= crate::lineage::KEY_BYTES_MAX));
}

#[test]
fn reading_and_planning_are_linear() {
    assert_linear("a chain of evaluators", 400, |length| {
        let (planned, steps) = work(&chain_of_evaluators(length));
        assert!(planned.is_ok());
        steps
    });
    assert_linear("a ring", 400, |nodes| work(&ring(nodes, 300)).1);
    assert_linear("pairs that feed each other", 400, |pairs| {
        let mut canvas = Canvas::default();
        for at in 0..pairs {
            let [a, b] = ["a", "b"].map(|x| add(&mut canvas, &format!("{x}{at:04}"), "assistant"));
            edge(&mut canvas, &format!("{a}.text"), &format!("{b}.prompt"));
            edge(&mut canvas, &format!("{b}.text"), &format!("{a}.prompt"));
        }
        work(&canvas).1
    });
    assert_linear("many wires into one input", 400, |wires| {
        let mut canvas = canvas("l:list, g:assistant");
        add_list(&mut canvas, "l", 2);
        edge(&mut canvas, "l.items", "g.prompt");
        for at in 0..wires {
            text(&mut canvas, &format!("t{at:05}"), "word".to_owned());
            edge(&mut canvas, &format!("t{at:05}.text"), "g.prompt");
        }
        let (planned, steps) = work(&canvas);
        assert!(planned.is_ok());
        steps
    });
    assert_linear("many candidates", 400, |wires| {
        let mut canvas = canvas("e:evaluator");
        for at in 0..wires {
            text(&mut canvas, &format!("t{at:05}"), "word".to_owned());
            edge(&mut canvas, &format!("t{at:05}.text"), "e.candidates");
        }
        let (planned, steps) = work(&canvas);
        assert!(planned.is_ok());
        steps
    });
    assert_linear("a long list", 400, |items| {
        let mut canvas = canvas("g:assistant");
        add_list(&mut canvas, "l", items);
        edge(&mut canvas, "l.items", "g.prompt");
        let (planned, steps) = work(&canvas);
        assert!(planned.is_ok());
        steps
    });
    assert_linear("wires that do not count, at a long title", 400, |wires| {
        let mut canvas = canvas("g:assistant");
        canvas.nodes.get_mut("g").unwrap().title = Some("long ".repeat(200_000));
        for at in 0..wires {
            let id = add(&mut canvas, &format!("t{at:05}"), "text");
            let mut wire = edge(&mut canvas, &format!("{id}.nothing"), "g.prompt");
            wire.from_port = "nothing ".repeat(100);
            canvas.edges.insert(wire.key.clone(), wire);
        }
        let graph = Graph::materialize(&canvas);
        assert_eq!(graph.problems().len(), wires);
        let told: usize = graph.problems().iter().map(|problem| problem.detail.len()).sum();
        work(&canvas).1 + told as u64 / 100
    });
}

#[test]
fn outdated_results_are_found_in_linear_time() {
    assert_linear("a batch that was made", 200, |items| {
        let mut canvas = canvas("g:assistant");
        add_list(&mut canvas, "l", items);
        edge(&mut canvas, "l.items", "g.prompt");
        for n in 0..items {
            made_item(&mut canvas, "g", &format!("l=i{n:05}"), n as u32, &format!("x{n}"), "");
        }
        let (planned, steps) = steps::of(|| planned(&canvas, Mode::Outdated, None));
        assert!(planned.is_ok());
        steps
    });
    assert_linear("what evaluators accepted", 200, |items| {
        let mut canvas = canvas("e:evaluator, f:evaluator, g:assistant");
        add_list(&mut canvas, "l", items);
        edge(&mut canvas, "l.items", "e.candidates");
        edge(&mut canvas, "e.output", "f.candidates");
        edge(&mut canvas, "f.output", "g.prompt");
        for node in ["e", "f"] {
            for n in 0..items {
                let id = format!("i{n:05}");
                made_item(&mut canvas, node, &format!("l={id}"), n as u32, &id, "");
            }
            canvas.generations.remove(node);
        }
        let (planned, steps) = steps::of(|| planned(&canvas, Mode::Node, Some("g")));
        assert!(planned.is_ok());
        steps
    });
}

#[test]
fn what_is_told_of_a_ring_is_short() {
    let canvas = ring(2_000, 100_000);
    let graph = Graph::materialize(&canvas);
    assert_eq!((graph.cycles().len(), graph.problems().len()), (1, 2_000));
    let (refused, _) = work(&canvas);
    let refusal = refused.unwrap_err();
    assert_eq!((refusal.code, refusal.nodes.len()), (ErrorCode::CycleDetected, NODES_TOLD_MAX));
    let told = serde_json::to_string(&refusal.nodes).unwrap();
    assert!(told.len() < NODES_TOLD_MAX * 1_000, "{}", told.len());
    assert!(refusal.detail.contains("and 1995 more"), "{}", refusal.detail);
    let busy: BTreeSet<NodeId> = canvas.nodes.keys().map(|id| NodeId::new(id.as_str())).collect();
    let mut free = canvas;
    free.edges.clear();
    for node in free.nodes.values_mut() {
        node.text = "a fox".to_owned();
    }
    let refusal = planned(&free, Mode::Workflow, None)
        .unwrap()
        .check_idle(&Graph::materialize(&free), &busy)
        .unwrap_err();
    assert_eq!(refusal.nodes.len(), NODES_TOLD_MAX);
    assert!(serde_json::to_string(&refusal.nodes).unwrap().len() < NODES_TOLD_MAX * 1_000);
}

#[test]
fn numbers_of_any_size_are_priced() {
    let mut canvas =
        canvas("p:media, u:image_upscaler, s:media, m:video_audio_mix, v:media, w:voiceover");
    let asset = |ty, width, height, duration| AssetRef {
        id: "x".to_owned(),
        ty: Some(ty),
        mime: "x/x".to_owned(),
        width,
        height,
        duration,
        name: String::new(),
    };
    use crate::values::DataType;
    let huge = Some(u32::MAX);
    canvas.nodes.get_mut("p").unwrap().asset = Some(asset(DataType::Image, huge, huge, None));
    canvas.nodes.get_mut("s").unwrap().asset =
        Some(asset(DataType::Audio, None, None, Some(f64::INFINITY)));
    canvas.nodes.get_mut("v").unwrap().asset =
        Some(asset(DataType::Video, huge, huge, Some(f64::MAX)));
    canvas.nodes.get_mut("w").unwrap().text = "word".to_owned();
    edge(&mut canvas, "p.asset", "u.image");
    edge(&mut canvas, "v.asset", "m.video");
    edge(&mut canvas, "s.asset", "m.audio");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert!(plan.quote().cost > Money::ZERO);
}

#[test]
fn lengths_of_what_is_yet_to_be_made_bound_the_price() {
    // A portrait made here speaks 60 characters: up to 16 s at 1 credit, not the 180 s of the longest film.
    let mut canvas = canvas("w:voiceover, g:image_generator, l:lip_sync");
    canvas.nodes.get_mut("w").unwrap().text = "x".repeat(60);
    canvas.nodes.get_mut("g").unwrap().text = "a portrait of a woman".to_owned();
    edge(&mut canvas, "w.audio", "l.audio");
    edge(&mut canvas, "g.image", "l.image");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    let step = plan.step("l").unwrap();
    assert_eq!((step.cost, step.exact), (Money::credits(16), false));
    // Faster is shorter.
    let node = canvas.nodes.get_mut("w").unwrap();
    node.settings.insert("speed".to_owned(), json!(2));
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(plan.step("l").unwrap().cost, Money(8_500));
    // A film of a set length, through an evaluator.
    let mut canvas = self::canvas("v:video_generator, e:evaluator, w:media, l:lip_sync");
    let node = canvas.nodes.get_mut("v").unwrap();
    node.text = "a face".to_owned();
    node.settings.insert("duration".to_owned(), json!(8));
    canvas.nodes.get_mut("w").unwrap().asset = Some(AssetRef {
        id: "x".to_owned(),
        ty: Some(DataType::Audio),
        mime: "audio/wav".to_owned(),
        width: None,
        height: None,
        duration: Some(3.0),
        name: String::new(),
    });
    edge(&mut canvas, "v.video", "e.candidates");
    edge(&mut canvas, "e.output", "l.video");
    edge(&mut canvas, "w.asset", "l.audio");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    let step = plan.step("l").unwrap();
    assert_eq!((step.cost, step.exact), (Money::credits(8), false));
    // Nobody knows how long what an assistant writes is.
    let mut canvas = self::canvas("a:assistant, w:voiceover, g:image_generator, l:lip_sync");
    canvas.nodes.get_mut("a").unwrap().text = "a speech".to_owned();
    canvas.nodes.get_mut("g").unwrap().text = "a portrait".to_owned();
    edge(&mut canvas, "a.text", "w.text");
    edge(&mut canvas, "w.audio", "l.audio");
    edge(&mut canvas, "g.image", "l.image");
    let plan = planned(&canvas, Mode::Workflow, None).unwrap();
    assert_eq!(plan.step("l").unwrap().cost, Money::credits(180));
}

#[test]
fn a_picture_alone_is_enough_for_a_film() {
    for port in ["start_frame", "end_frame", "references"] {
        let mut canvas = canvas("p:media, v:video_generator");
        canvas.nodes.get_mut("p").unwrap().asset = Some(AssetRef {
            id: "x".to_owned(),
            ty: Some(DataType::Image),
            mime: "image/png".to_owned(),
            width: Some(64),
            height: Some(64),
            duration: None,
            name: String::new(),
        });
        let refused = planned(&canvas, Mode::Node, Some("v")).unwrap_err();
        assert_eq!(refused.nodes[0].port.as_deref(), Some("prompt"));
        edge(&mut canvas, "p.asset", &format!("v.{port}"));
        assert!(planned(&canvas, Mode::Node, Some("v")).is_ok(), "{port}");
    }
}
