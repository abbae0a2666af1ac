//! Strongly connected files, by Tarjan's algorithm.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// For each file, relative to the folder of the crate's root, the files it imports from.
pub type Graph = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// The groups of files that import one another, directly or by way of others; each sorted, the largest first.
#[must_use]
pub fn circles(graph: &Graph) -> Vec<Vec<PathBuf>> {
    let mut search = Search::of(graph);
    for file in graph.keys() {
        if !search.found.contains_key(file.as_path()) {
            search.visit(file);
        }
    }
    let mut circles = search.circles;
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

struct Search<'a> {
    graph: &'a Graph,
    /// For each file that was met: when it was met, and the earliest file on the stack it reaches.
    found: BTreeMap<&'a Path, (usize, usize)>,
    stack: Vec<&'a Path>,
    circles: Vec<Vec<PathBuf>>,
}

impl<'a> Search<'a> {
    fn of(graph: &'a Graph) -> Self {
        Search { graph, found: BTreeMap::new(), stack: Vec::new(), circles: Vec::new() }
    }

    fn visit(&mut self, file: &'a Path) -> usize {
        let order = self.found.len();
        self.found.insert(file, (order, order));
        self.stack.push(file);
        let mut low = order;
        for next in self.graph.get(file).into_iter().flatten() {
            if !self.found.contains_key(next.as_path()) {
                low = low.min(self.visit(next));
            } else if self.stack.contains(&next.as_path()) {
                low = low.min(self.found[next.as_path()].0);
            }
        }
        self.found.insert(file, (order, low));
        if low == order {
            let at = self.stack.iter().position(|other| *other == file).unwrap_or(0);
            let mut circle: Vec<PathBuf> =
                self.stack.split_off(at).into_iter().map(Path::to_path_buf).collect();
            if circle.len() > 1 {
                circle.sort();
                self.circles.push(circle);
            }
        }
        low
    }
}
