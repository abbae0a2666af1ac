use super::*;
use crate::fixture::{canvas, edge};
use crate::problem::ErrorCode;
use crate::values::DataType;

#[test]
fn edges_are_typed_ordered_and_checked() {
    let mut canvas = canvas("t:text, g:image_generator, u:image_upscaler, l:list, s:sticky_note");
    for (from, to) in [("t.text", "g.prompt"), ("g.image", "u.image")] {
        edge(&mut canvas, from, to);
    }
    let graph = Graph::materialize(&canvas);
    assert!(graph.problems().is_empty());
    assert_eq!(graph.edge("g:prompt:t:text").unwrap().ty, Some(DataType::Text));
    assert_eq!(graph.edge("u:image").unwrap().ty, Some(DataType::Image));
    assert_eq!(graph.descendants("t"), ["g", "u"].map(str::to_owned).into());
    assert_eq!(graph.component("u"), ["g", "t", "u"].map(str::to_owned).into());
}

#[test]
fn what_does_not_count_is_left_out_and_reported() {
    let mut canvas = canvas("t:text, g:image_generator, x:from_the_future");
    edge(&mut canvas, "t.text", "gone.prompt");
    edge(&mut canvas, "t.text", "x.prompt");
    let mut forged = edge(&mut canvas, "t.text", "g.prompt");
    canvas.edges.clear();
    forged.key = "g:prompt".to_owned();
    canvas.edges.insert(forged.key.clone(), forged);
    let graph = Graph::materialize(&canvas);
    assert_eq!(graph.edges().count(), 0);
    assert_eq!(graph.problems().len(), 1);
    assert_eq!(graph.problems()[0].code, ErrorCode::InvalidEdge);
}

#[test]
fn a_cycle_names_its_nodes() {
    let mut canvas = canvas("a:assistant, b:assistant, c:assistant, d:assistant");
    for (from, to) in [("a.text", "b.prompt"), ("b.text", "a.prompt"), ("b.text", "c.prompt")] {
        edge(&mut canvas, from, to);
    }
    let graph = Graph::materialize(&canvas);
    assert_eq!(graph.cycles(), [["a", "b"].map(str::to_owned).into()]);
    assert!(graph.problems().iter().all(|p| p.code == ErrorCode::CycleDetected));
}

#[test]
fn a_dragged_wire_is_refused_with_a_sentence() {
    let mut canvas = canvas(
        "t:text, g:image_generator, u:image_upscaler, v:video_generator, m:video_audio_mix, \
         e:evaluator, l:list",
    );
    edge(&mut canvas, "g.image", "u.image");
    let graph = Graph::materialize(&canvas);
    let says = |from: (&str, &str), to: (&str, &str)| {
        let drag = Drag::from_output(&graph, from.0, from.1);
        let forward = drag.fits(&graph, to.0, to.1).map_err(|refusal| refusal.detail);
        let drag = Drag::from_input(&graph, to.0, to.1);
        let backward = drag.fits(&graph, from.0, from.1).map_err(|refusal| refusal.detail);
        assert_eq!(forward, backward, "{from:?} {to:?}");
        forward.err()
    };
    let image = "Video does not fit an image input";
    assert_eq!(says(("v", "video"), ("u", "image")).as_deref(), Some(image));
    let loops = "This would close a loop";
    assert_eq!(says(("u", "image"), ("g", "references")).as_deref(), Some(loops));
    assert_eq!(
        says(("g", "image"), ("g", "references")).as_deref(),
        Some("A node cannot feed itself")
    );
    assert_eq!(says(("t", "text"), ("g", "prompt")), None);
    assert_eq!(says(("l", "items"), ("u", "image")), None, "an empty list fits any input");
    assert_eq!(says(("v", "video"), ("e", "candidates")), None);
    assert!(says(("t", "nothing"), ("g", "prompt")).is_some());
}

#[test]
fn an_evaluator_takes_the_type_of_its_first_connection() {
    let mut canvas = canvas("g:image_generator, v:video_generator, e:evaluator, f:evaluator");
    edge(&mut canvas, "g.image", "e.candidates");
    edge(&mut canvas, "e.output", "f.candidates");
    edge(&mut canvas, "v.video", "f.candidates");
    let graph = Graph::materialize(&canvas);
    assert_eq!(graph.output_type("f", "output"), Some(DataType::Image));
    assert!(graph.edge("f:candidates:v:video").unwrap().broken);
}
