//! Groups and what belongs to them, at any depth.

use std::collections::{BTreeMap, BTreeSet};

use gesso_protocol::schema::Canvas;

/// Which group each node is in. A parent that is missing, that is no group, or that lies on a circle of parents counts as
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups<'c> {
    parents: BTreeMap<&'c str, &'c str>,
}

impl<'c> Groups<'c> {
    /// Reads them off a canvas, in one pass over its nodes.
    pub fn of(canvas: &'c Canvas) -> Self {
        let is_group = |id: &str| canvas.nodes.get(id).is_some_and(|node| node.kind == "group");
        let mut parents: BTreeMap<&str, &str> = canvas
            .nodes
            .iter()
            .filter_map(|(id, node)| Some((&**id, node.parent.as_deref()?)))
            .filter(|(_, parent)| is_group(parent))
            .collect();
        for id in on_circles(&parents) {
            parents.remove(id);
        }
        Self { parents }
    }

    /// The group a node is in.
    pub fn parent(&self, id: &str) -> Option<&'c str> {
        self.parents.get(id).copied()
    }

    /// These nodes, and everything in the groups among them: what moves, is copied and is duplicated as one.
    pub fn with_members(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, parent) in &self.parents {
            members.entry(parent).or_default().push(id);
        }
        let mut all = ids.clone();
        let mut open: Vec<&str> = ids.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            for member in members.get(id).into_iter().flatten() {
                if all.insert((*member).to_owned()) {
                    open.push(member);
                }
            }
        }
        all
    }

    /// Those of some nodes that are in no group among them, at any depth.
    pub fn outermost(&self, ids: &BTreeSet<String>) -> Vec<String> {
        let is_inside = |id: &str| {
            std::iter::successors(self.parent(id), |group| self.parent(group))
                .any(|group| ids.contains(group))
        };
        ids.iter().filter(|id| !is_inside(id)).cloned().collect()
    }

    /// The group that all of some nodes are in.
    pub fn common_parent(&self, ids: &[String]) -> Option<&'c str> {
        let parent = self.parent(ids.first()?)?;
        ids.iter().all(|id| self.parent(id) == Some(parent)).then_some(parent)
    }
}

/// Those of some nodes that may be moved, resized and deleted by hand: nobody fixed them where they are.
pub fn free(canvas: &Canvas, ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let is_fixed = |id: &String| canvas.nodes.get(id).is_some_and(|node| node.fixed);
    ids.into_iter().filter(|id| !is_fixed(id)).collect()
}

/// The nodes that come back to themselves when one goes from parent to parent.
fn on_circles<'c>(parents: &BTreeMap<&'c str, &'c str>) -> Vec<&'c str> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in parents.keys() {
        let mut path = Vec::new();
        let mut next = Some(*start);
        while let Some(id) = next
            && seen.insert(id)
        {
            path.push(id);
            next = parents.get(id).copied();
        }
        if let Some(again) = next
            && let Some(at) = path.iter().position(|id| *id == again)
        {
            found.extend_from_slice(&path[at..]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_protocol::schema::Node;

    /// A canvas of nodes: id, kind, parent.
    fn canvas(nodes: &[(&str, &str, &str)]) -> Canvas {
        let node = |(id, kind, parent): &(&str, &str, &str)| {
            let node = Node {
                id: (*id).to_owned(),
                kind: (*kind).to_owned(),
                parent: (!parent.is_empty()).then(|| (*parent).to_owned()),
                ..Node::default()
            };
            ((*id).to_owned(), node)
        };
        Canvas { nodes: nodes.iter().map(node).collect(), ..Canvas::default() }
    }

    fn ids(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn what_is_three_groups_deep_belongs_to_the_outermost() {
        // The innermost sort before their parents: one pass in the order of ids misses them.
        let canvas = canvas(&[
            ("z_outer", "group", ""),
            ("y_middle", "group", "z_outer"),
            ("x_inner", "group", "y_middle"),
            ("a", "text", "x_inner"),
            ("b", "text", "y_middle"),
            ("c", "text", ""),
        ]);
        let groups = Groups::of(&canvas);
        let all = groups.with_members(&ids(&["z_outer"]));
        assert_eq!(all, ids(&["a", "b", "x_inner", "y_middle", "z_outer"]));
        assert_eq!(groups.with_members(&ids(&["c"])), ids(&["c"]));
        assert_eq!(groups.outermost(&all), ["z_outer"]);
        assert_eq!(groups.outermost(&ids(&["a", "z_outer", "c"])), ["c", "z_outer"]);
    }

    #[test]
    fn what_is_no_group_or_goes_round_in_a_circle_holds_nothing() {
        let canvas = canvas(&[
            ("a", "group", "b"),
            ("b", "group", "a"),
            ("c", "text", "a"),
            ("d", "text", "c"),
            ("e", "text", "gone"),
            ("f", "group", "f"),
        ]);
        let groups = Groups::of(&canvas);
        assert_eq!(groups.parent("c"), Some("a"));
        for id in ["a", "b", "d", "e", "f"] {
            assert_eq!(groups.parent(id), None, "{id}");
        }
        assert_eq!(groups.with_members(&ids(&["a"])), ids(&["a", "c"]));
        assert_eq!(groups.with_members(&ids(&["c"])), ids(&["c"]));
    }

    #[test]
    fn what_is_fixed_stays_unless_its_group_moves() {
        let mut canvas = canvas(&[("g", "group", ""), ("a", "text", "g"), ("b", "text", "")]);
        for id in ["a", "b"] {
            canvas.nodes.get_mut(id).unwrap().fixed = true;
        }
        let movable = free(&canvas, ids(&["g", "b"]));
        assert_eq!(movable, ids(&["g"]));
        assert_eq!(Groups::of(&canvas).with_members(&movable), ids(&["a", "g"]));
    }

    #[test]
    fn a_group_around_members_of_one_group_is_in_it() {
        let canvas = canvas(&[
            ("g", "group", ""),
            ("a", "text", "g"),
            ("b", "text", "g"),
            ("c", "text", ""),
        ]);
        let groups = Groups::of(&canvas);
        assert_eq!(groups.common_parent(&["a".to_owned(), "b".to_owned()]), Some("g"));
        assert_eq!(groups.common_parent(&["a".to_owned(), "c".to_owned()]), None);
        assert_eq!(groups.common_parent(&[]), None);
    }
}
