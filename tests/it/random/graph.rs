//! Random graphs, as the edits that build them.

use serde_json::{Value, json};

use super::rng::Rng;

/// A node as the test knows it.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) kind: &'static str,
    /// The output and its type, where something may come of it.
    out: Option<(&'static str, &'static str)>,
}

impl Made {
    /// True if a run can have a step of it.
    pub(super) fn runs(&self) -> bool {
        !["text", "list"].contains(&self.kind)
    }
}

/// A prompt: mostly harmless, sometimes one that a provider has trouble with.
pub(super) fn words(rng: &mut Rng) -> String {
    let how = rng.weighted(&[
        (52, ""),
        (6, " fail"),
        (10, " once"),
        (8, " busy"),
        (7, " slow"),
        (5, " slow stubborn"),
        (6, " few"),
        (7, " nap"),
        (3, " jobless nap"),
    ]);
    // Seldom, since a broken line is tried again a second later at the soonest.
    let broken = if rng.below(2000) == 0 { " broken" } else { "" };
    format!("w{}{how}{broken}", rng.below(1000))
}

/// Entries of a list.
pub(super) fn items(rng: &mut Rng) -> Value {
    let count = rng.weighted(&[(6, 0), (12, 1), (27, 2), (30, 3), (15, 4), (10, 5)]);
    let some: Vec<Value> =
        (0..count).map(|n| json!({"id": format!("i{n}"), "text": words(rng)})).collect();
    json!(some)
}

/// The `batch` setting.
pub(super) fn pairing(rng: &mut Rng) -> Value {
    json!(rng.weighted(&[
        (22, None),
        (30, Some("pair_repeat_last")),
        (23, Some("pair_shortest")),
        (25, Some("all_combinations")),
    ]))
}

/// The settings that a kind has, at random.
pub(super) fn settings(rng: &mut Rng, kind: &str) -> Value {
    let models: &[&str] = match kind {
        "image_generator" => &["safe-image", "keyed-image"],
        "image_upscaler" => &["safe-upscale", "safe-upscale", "shaky-upscale"],
        "assistant" => &["keyed-words"],
        _ => return json!({}),
    };
    let mut settings = json!({"model": rng.pick(models), "batch": pairing(rng)});
    if kind != "image_upscaler" {
        settings["count"] = json!(rng.weighted(&[(60, 1), (25, 2), (15, 3)]));
        settings["send_all"] = json!(rng.chance(30));
    }
    if kind == "image_generator" && settings["model"] == "safe-image" && rng.chance(20) {
        settings["seed"] = json!(rng.below(50));
    }
    settings
}

/// A graph of 1 to 12 nodes without cycles: its nodes, and the edits that build it.
pub(super) fn build(rng: &mut Rng) -> (Vec<Made>, Vec<Value>) {
    let count = rng.range(1, 12);
    let mut nodes: Vec<Made> = Vec::new();
    let mut edits = Vec::new();
    for n in 0..count {
        let last = n + 1 == count && !nodes.iter().any(Made::runs);
        let wanted = rng.weighted(&[
            (12, "text"),
            (20, "list"),
            (34, "image_generator"),
            (14, "image_upscaler"),
            (9, "assistant"),
            (11, "evaluator"),
        ]);
        // Without anything that runs there is nothing to test.
        let wanted = if last { "image_generator" } else { wanted };
        add(rng, &mut nodes, &mut edits, wanted, n);
    }
    (nodes, edits)
}

fn sources(nodes: &[Made], ty: &str) -> Vec<(String, &'static str)> {
    let fits = |node: &Made| Some((node.id.clone(), node.out.filter(|(_, t)| *t == ty)?.0));
    nodes.iter().filter_map(fits).collect()
}

fn add(
    rng: &mut Rng,
    nodes: &mut Vec<Made>,
    edits: &mut Vec<Value>,
    wanted: &'static str,
    n: usize,
) {
    let id = format!("n{n}");
    let (images, texts) = (sources(nodes, "image"), sources(nodes, "text"));
    // What has nothing to work on becomes something that needs nothing.
    let kind = match wanted {
        "image_upscaler" if images.is_empty() => "image_generator",
        "evaluator" if images.is_empty() && texts.is_empty() => "list",
        other => other,
    };
    let mut node = json!({"op": "add_node", "id": id, "kind": kind});
    let mut wires: Vec<(&(String, &'static str), &str, bool)> = Vec::new();
    let mut out = None;
    match kind {
        "text" => {
            node["text"] = json!(words(rng));
            out = Some(("text", "text"));
        }
        "list" => {
            node["items"] = items(rng);
            out = Some(("items", "text"));
        }
        "image_upscaler" => {
            wires.push((rng.pick(&images), "image", false));
            out = Some(("image", "image"));
        }
        "evaluator" => {
            let pictures = !images.is_empty() && (texts.is_empty() || rng.chance(75));
            let (from, ty) = if pictures { (&images, "image") } else { (&texts, "text") };
            for _ in 0..rng.weighted(&[(65, 1), (35, 2)]) {
                wires.push((rng.pick(from), "candidates", true));
            }
            out = Some(("output", ty));
        }
        _ => {
            if texts.is_empty() || rng.chance(70) {
                node["text"] = json!(words(rng));
            }
            let needed = node["text"].is_null();
            for _ in 0..rng.weighted(&[(25, usize::from(needed)), (55, 1), (20, 2)]) {
                if !texts.is_empty() {
                    wires.push((rng.pick(&texts), "prompt", true));
                }
            }
            let port = if kind == "assistant" { "images" } else { "references" };
            if !images.is_empty() && rng.chance(35) {
                wires.push((rng.pick(&images), port, true));
            }
            out = out.or(Some(match kind {
                "assistant" => ("text", "text"),
                _ => ("image", "image"),
            }));
        }
    }
    if kind != "text" && kind != "list" {
        node["settings"] = settings(rng, kind);
        if rng.chance(5) {
            node["locked"] = json!(true);
        }
    }
    edits.push(node);
    wires.sort();
    wires.dedup_by_key(|(from, port, _)| (*from, *port));
    for ((from, out), port, many) in wires {
        let mut edge = json!({"op": "connect", "from": [from, out], "to": [id, port]});
        if many && kind != "evaluator" && rng.chance(20) {
            edge["items"] = json!("all");
        }
        edits.push(edge);
    }
    nodes.push(Made { id, kind, out });
}
