//! Ready workflows that run as they are.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A workflow to start from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Id.
    pub id: String,
    /// Name, and that of the canvas made from it.
    pub name: String,
    /// One sentence of what it makes.
    pub description: String,
    /// The kinds it uses, for its picture.
    pub kinds: Vec<String>,
    /// The edits that build it on an empty canvas.
    pub edits: Value,
}

/// All templates, in the order in which they are shown.
pub fn all() -> Vec<Template> {
    const FILES: [&str; 9] = [
        include_str!("../templates/first-image.json"),
        include_str!("../templates/first-video.json"),
        include_str!("../templates/batch-and-choose.json"),
        include_str!("../templates/two-looks.json"),
        include_str!("../templates/narrated-film.json"),
        include_str!("../templates/every-angle.json"),
        include_str!("../templates/brand-kit.json"),
        include_str!("../templates/talking-picture.json"),
        include_str!("../templates/from-reference.json"),
    ];
    FILES
        .iter()
        .map(|file| {
            serde_json::from_str(file).expect("the embedded templates are checked by a test")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use yrs::Transact as _;

    use super::*;

    use crate::graph::Graph;
    use crate::plan::{Mode, Target, plan};
    use crate::{edit, schema};

    #[test]
    fn every_template_runs_as_it_is() {
        let templates = all();
        assert_eq!(templates[0].name, "Your first image");
        for template in templates {
            let doc = crate::doc::open(1, "test");
            let mut txn = doc.transact_mut();
            let edits = edit::parse(&template.edits).unwrap();
            let canvas = schema::read_canvas(&txn);
            let mut fresh = || "fresh".to_owned();
            let checked = edit::check(&canvas, &edits, &BTreeMap::new(), 100, &mut fresh).unwrap();
            checked.apply(&mut txn);
            let canvas = schema::read_canvas(&txn);
            let graph = Graph::materialize(&canvas);
            assert!(graph.problems().is_empty(), "{}", template.id);
            let target = Target::of(Mode::Workflow, None);
            let plan =
                plan(&canvas, &graph, &crate::fixture::catalog(), &target, &|_| true).unwrap();
            assert!(plan.steps.len() >= 2, "{}", template.id);
            assert!(
                template.kinds.iter().all(|kind| canvas.nodes.values().any(|n| n.kind == *kind))
            );
        }
    }
}
